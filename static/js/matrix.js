// The matrix of fields and programs: cells change by mouse, keys and paste, and are saved at once.
(() => {
const form = document.querySelector('[data-grid]');
if (!form || !form.querySelector('button.mxb')) return;
const words = JSON.parse(form.dataset.words), classes = { essential: 'mx-full', useful: 'mx-half', avoid: 'mx-no' };
const said = document.querySelector('[data-said]'), undo = document.querySelector('[data-undo]');
const more = document.querySelector('[data-more]')?.content.firstElementChild;
const rows = [...form.querySelectorAll('tr[data-f]')], grid = rows.map((r) => [...r.querySelectorAll('.mx')]);
const place = new Map(), byId = new Map();
grid.forEach((line, y) => line.forEach((cell, x) => {
	place.set(cell, [y, x]);
	byId.set(rows[y].dataset.f + ':' + cell.dataset.p, cell);
	cell.level = Object.keys(classes).find((l) => cell.firstElementChild.classList.contains(classes[l])) || '';
	cell.firstElementChild.tabIndex = y + x ? -1 : 0;
}));
let at = grid[0][0], anchor = at, range = [];

const paint = (cell, level) => {
	const b = cell.firstElementChild;
	cell.level = level;
	b.className = 'mxb ' + (classes[level] || '');
	b.textContent = words[level].mark;
	b.ariaLabel = words[level].word;
};
const select = () => {
	range.forEach((c) => { c.classList.remove('mx-sel'); c.removeAttribute('aria-selected'); });
	const [y1, x1] = place.get(anchor), [y2, x2] = place.get(at);
	range = grid.slice(Math.min(y1, y2), Math.max(y1, y2) + 1).flatMap((l) => l.slice(Math.min(x1, x2), Math.max(x1, x2) + 1));
	if (range.length > 1) range.forEach((c) => { c.classList.add('mx-sel'); c.ariaSelected = 'true'; });
};
const go = (cell, extend) => {
	at.firstElementChild.tabIndex = -1;
	at = cell;
	if (!extend) anchor = cell;
	at.firstElementChild.tabIndex = 0;
	at.firstElementChild.focus();
	select();
};

// Changes are sent one after the other, so that the last one on a cell is the last one saved.
let queue = Promise.resolve();
const send = (changes, over = 0) => {
	const before = changes.map(([c]) => [c, c.level]), body = changes.map(([c, level]) => c.parentNode.dataset.f + ':' + c.dataset.p + ':' + level).join('\n');
	changes.forEach(([c, level]) => {
		c.classList.remove('mx-bad');
		c.removeAttribute('title');
		if (level in words) paint(c, level);
		c.ariaBusy = 'true';
	});
	const fail = (c, why) => { c.classList.add('mx-bad'); c.title = why; };
	const tell = (text, path) => {
		said.textContent = text;
		if (more && over) said.append(' ', more);
		undo.hidden = !path;
		if (path) { undo.action = path; said.append(' ', undo); }
	};
	queue = queue.then(async () => {
		const answer = await fetch(form.action, { method: 'POST', headers: { Accept: 'application/json' }, body: new URLSearchParams({ cells: body, over }) });
		if (!answer.ok) throw answer.status;
		const out = await answer.json();
		const bad = [];
		out.cells.forEach((a) => {
			const c = byId.get(a.f + ':' + a.p), was = before.find(([b]) => b === c);
			if (!c) return;
			paint(c, a.level ?? was[1]);
			if (a.refused) { fail(c, a.refused); bad.push(a.refused); }
		});
		for (const f in out.fields) {
			const row = rows.find((r) => r.dataset.f === f), none = out.fields[f] === '0';
			row.classList.toggle('mxnone', none);
			row.querySelector('[data-sum]').textContent = none ? form.dataset.none : out.fields[f];
		}
		for (const p in out.programs) {
			const head = form.querySelector('.mxn[data-p="' + p + '"]');
			if (!head) continue;
			head.querySelector('[data-e]').textContent = out.programs[p][0];
			head.querySelector('[data-u]').textContent = out.programs[p][1];
		}
		tell([out.said, ...new Set(bad)].join(' '), out.undo);
	}).catch(() => {
		before.forEach(([c, level]) => { paint(c, level); fail(c, form.dataset.failed); });
		tell(form.dataset.failed);
	}).finally(() => changes.forEach(([c]) => c.removeAttribute('aria-busy')));
};
const set = (level) => send(range.map((c) => [c, level]));
const next = (c) => c.level === '' ? 'essential' : c.level === 'essential' && !('special' in c.parentNode.dataset) ? 'useful' : '';

form.addEventListener('click', (e) => {
	const cell = e.target.closest('.mx');
	if (!cell) return;
	e.preventDefault();
	if (e.shiftKey) return go(cell, true);
	go(cell);
	send([[cell, next(cell)]]);
});
const keys = { e: 'essential', i: 'essential', u: 'useful', x: 'avoid', Delete: '', Backspace: '' };
const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -1e4], End: [0, 1e4], PageUp: [-10, 0], PageDown: [10, 0] };
form.addEventListener('keydown', (e) => {
	if (!e.target.matches('.mxb') || e.ctrlKey || e.metaKey || e.altKey) return;
	const step = steps[e.key], key = e.key.length === 1 ? e.key.toLowerCase() : e.key;
	if (step) {
		const [y, x] = place.get(at), clamp = (n, most) => Math.max(0, Math.min(most, n));
		go(grid[clamp(y + step[0], grid.length - 1)][clamp(x + step[1], grid[0].length - 1)], e.shiftKey);
	} else if (key in keys) set(keys[key]);
	else if (key === 'Escape') go(at);
	else return;
	e.preventDefault();
});
form.addEventListener('focusin', (e) => {
	const cell = e.target.closest('.mx');
	if (cell && cell !== at) go(cell);
});
const inGrid = () => document.activeElement?.closest?.('[data-grid] .mx');
document.addEventListener('copy', (e) => {
	if (!inGrid() || String(getSelection())) return;
	const lines = new Map();
	(range.length ? range : [at]).forEach((c) => {
		const y = place.get(c)[0];
		lines.set(y, [...(lines.get(y) || []), c.level && words[c.level].mark]);
	});
	e.clipboardData.setData('text/plain', [...lines.values()].map((l) => l.join('\t')).join('\n'));
	e.preventDefault();
});
// A spreadsheet puts a cell that holds a tab or a line break in quotes, and doubles the quotes in it.
const cellsOf = (text) => {
	const block = [[]], cell = /(?:"([^"]*(?:""[^"]*)*)"(?=[\t\n]|$)|([^\t\n]*))([\t\n]?)/y;
	for (let end = false; !end;) {
		const [, quoted, plain, mark] = cell.exec(text);
		block.at(-1).push((quoted?.replaceAll('""', '"') ?? plain).replace(/\s+/g, ' ').trim());
		if (mark === '\n') block.push([]);
		end = !mark;
	}
	return block;
};
form.addEventListener('paste', (e) => {
	if (!inGrid()) return;
	e.preventDefault();
	const block = cellsOf(e.clipboardData.getData('text/plain').replace(/\r\n?/g, '\n').replace(/\n$/, ''));
	if (block.length === 1 && block[0].length === 1) return send(range.map((c) => [c, block[0][0]]));
	const [y0, x0] = place.get(range[0] || at), all = block.flatMap((l, y) => l.map((text, x) => [grid[y0 + y]?.[x0 + x], text]));
	const changes = all.filter(([cell]) => cell);
	send(changes, all.length - changes.length);
});
select();
})();
