// The script of the pages. It only adds comfort: everything it does can be done without it.
(() => {
const doc = document, root = doc.documentElement;
const one = (selector, from = doc) => from.querySelector(selector);
const all = (selector, from = doc) => [...from.querySelectorAll(selector)];
const on = (event, act) => doc.addEventListener(event, act);
const typing = 'input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable]';

// Theme: painted at once and kept in a cookie, so that the server paints the right one next time.
on('submit', (e) => {
	const theme = e.submitter?.name === 'theme' && e.submitter.value;
	if (!theme) return;
	e.preventDefault();
	root.dataset.theme = theme;
	doc.cookie = 'theme=' + theme + ';path=/;max-age=31536000;samesite=lax' + (location.protocol === 'https:' ? ';secure' : '');
	one(theme === 'dark' ? '.to-light' : '.to-dark')?.focus();
});

// Selection: count, tick all, tick a range with shift. The bar is shown by a class, which costs less than :has().
const boxes = (form) => all('tbody .chk', form);
const plural = new Intl.PluralRules(root.lang);
let lastBox;
const count = (form) => {
	const list = boxes(form), n = list.filter((b) => b.checked).length;
	const every = one('[data-all]', form), shown = one('[data-count]', form), noun = one('[data-one]', form);
	if (every) {
		every.checked = n && n === list.length;
		every.indeterminate = n && n < list.length;
	}
	if (shown) shown.textContent = n.toLocaleString(root.lang);
	if (noun) noun.textContent = plural.select(n) === 'one' ? noun.dataset.one : noun.dataset.other;
	form.classList.toggle('has-sel', n > 0);
};
const tick = (form, value) => {
	boxes(form).forEach((b) => { b.checked = value; });
	count(form);
};
on('change', (e) => {
	const form = e.target.closest('[data-bulk]');
	if (!form) return;
	if (e.target.matches('[data-all]')) tick(form, e.target.checked);
	else count(form);
});
on('click', (e) => {
	const box = e.target, form = box.closest('[data-bulk]');
	if (!form) return;
	if (box.closest('[data-clear]')) {
		e.preventDefault();
		tick(form, false);
	}
	if (!box.matches('tbody .chk')) return;
	const list = boxes(form), from = list.indexOf(lastBox), to = list.indexOf(box);
	if (e.shiftKey && from >= 0) list.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((b) => { b.checked = box.checked; });
	lastBox = box;
});

// What can be copied is copied by a button, which is not there without this script.
const copies = () => all('[data-copy][hidden]').forEach((b) => { b.hidden = false; });
on('click', (e) => {
	const button = e.target.closest('[data-copy]');
	if (!button) return;
	const box = doc.getElementById(button.dataset.copy);
	box.focus();
	box.select();
	const done = () => { one('[data-copied]', button.parentNode).textContent = button.dataset.done; };
	const old = () => doc.execCommand('copy') && done();
	navigator.clipboard?.writeText(box.value).then(done, old) || old();
});

// Menus close with a click elsewhere.
const menus = () => all('details.menu[open]');
on('click', (e) => menus().forEach((m) => { if (!m.contains(e.target)) m.open = false; }));

// Filters and short lists apply as soon as they change; the filter that was touched keeps the focus on the next page.
const kept = 'focus:' + location.pathname;
on('change', (e) => {
	const form = e.target.form;
	if (!form || !(form.matches('[data-auto]') || e.target.matches('[data-submit]'))) return;
	sessionStorage.setItem(kept, JSON.stringify([e.target.name, e.target.value, scrollY]));
	form.requestSubmit();
});

// Buttons: dismissing a message, adding a ready phrase.
on('click', (e) => {
	e.target.closest('[data-dismiss]')?.closest('.flash').remove();
	const phrase = e.target.closest('.phrase');
	if (!phrase) return;
	const box = doc.getElementById(phrase.parentNode.dataset.phrases);
	box.value = (box.value.trim() + ' ' + phrase.textContent).trim();
	box.focus();
	box.dispatchEvent(new Event('input', { bubbles: true }));
});

// Keys. Single letters are off while typing, and everywhere where the account says so.
const press = (key) => {
	// The answers of a row are for the row that has the focus; nothing else is answered unseen.
	const fits = (x) => x.dataset.key.toLowerCase() === key && x.checkVisibility(), row = doc.activeElement.closest('[data-row]');
	const el = (row && all('[data-key]', row).find(fits)) || all('[data-key]').find((x) => fits(x) && !x.closest('[data-row]'));
	if (el) {
		el.focus();
		el.click();
		// What is typed next goes into the first box of what was opened, before any ready phrase that stands above it.
		const inside = el.matches('summary') && el.nextElementSibling;
		if (inside) (one('textarea,select,input:not([type=hidden])', inside) || one('button,a', inside))?.focus();
	}
	return el;
};
// The form that has the focus is sent by its own button, where it has no more than one.
const send = (form) => {
	const buttons = form?.matches('[method=post]') ? all('button:not([type=button])', form) : [];
	if (buttons.length === 1) buttons[0].click();
	return buttons.length === 1;
};
const move = (step) => {
	const list = all('[data-bulk] tbody .chk,[data-rows] .c-name');
	if (!list[0]) return press(step > 0 ? 'j' : 'k');
	const row = doc.activeElement.closest('[data-row]'), at = list.indexOf(row ? one('.c-name', row) : doc.activeElement);
	(list[Math.max(0, at + step)] || list.at(-1)).focus();
	return true;
};
const escape = () => {
	menus().forEach((m) => {
		m.open = false;
		one('summary', m).focus();
	});
	all('[data-bulk].has-sel').forEach((f) => tick(f, false));
};
let going = false, came;
const letter = (e) => {
	const key = e.key.toLowerCase();
	if (going) {
		going = false;
		const el = one('[data-go=' + CSS.escape(key) + ']');
		el?.click();
		return el;
	}
	switch (key) {
	case '/':
		came = doc.activeElement;
		one('#q')?.focus();
		return one('#q');
	case '?': one('#keys')?.showModal(); return true;
	case 'g': going = true; return true;
	case 'j': return move(1);
	case 'k': return move(-1);
	case 'x':
		if (!doc.activeElement.matches('tbody .chk')) return press('x');
		doc.activeElement.click();
		return true;
	}
	return press(key);
};
const grid = (e) => {
	const cell = e.target.closest('.mx'), step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[e.key];
	if (!cell || !step) return;
	const row = cell.closest('table').rows[cell.parentNode.rowIndex + step[0]];
	one('.mxb', row?.cells[cell.cellIndex + step[1]] || cell)?.focus();
	return true;
};
on('keydown', (e) => {
	if (e.defaultPrevented || e.altKey) return;
	let done;
	if (e.ctrlKey || e.metaKey) {
		if (e.key === 'k') {
			done = one('[data-goto]');
			done?.select();
		} else if (e.key === 'Enter') done = send(doc.activeElement.form) || press('ctrl ↵');
	} else if (e.key === 'Escape') {
		escape();
		if (e.target.id === 'q') { // back to where the search was called from
			e.target.blur();
			came?.focus();
		}
	} else if (e.key === 'F8') {
		done = one('.flash a,.flash button');
		done?.focus();
	} else if (e.key.startsWith('Arrow')) done = grid(e);
	else if (e.key.length === 1 && !e.target.matches(typing) && !one('dialog[open]') && root.dataset.keys !== 'off') done = letter(e);
	if (done) e.preventDefault();
});

// A grid copied from a sheet is sent with the cell where it starts; the server answers with a preview.
on('paste', (e) => {
	const cell = e.target.closest?.('.mx .mxb'), form = cell?.closest('[data-matrix]');
	if (!form) return;
	e.preventDefault();
	form.elements.grid.value = e.clipboardData.getData('text/plain');
	form.elements.at.value = cell.value;
	form.submit();
});

// A message leaves after ten seconds without the pointer or the focus on it. A failure stays.
const expire = (flash) => {
	if (flash.dataset.timed || flash.dataset.flash === 'danger') return;
	flash.dataset.timed = '1';
	let left = 10;
	const timer = setInterval(() => {
		if (flash.matches(':hover,:focus-within') || doc.hidden) left = 10;
		else if (!--left) {
			clearInterval(timer);
			flash.remove();
		}
	}, 1000);
};

// Hours are those of UTC and say so. Whoever lives by another clock reads their own, with that of UTC behind it.
const local = (t) => {
	const at = new Date(t.dateTime);
	if (t.title || !at.getTimezoneOffset()) return;
	t.title = t.textContent;
	t.textContent = at.toLocaleString(root.lang.replace('en', 'en-GB'), { dateStyle: 'medium', timeStyle: 'short' });
};
const start = () => {
	copies();
	all('time[datetime*=T]').forEach(local);
	all('[data-bulk]').forEach(count);
	all('.flash').forEach(expire);
};
// Filters are folded where they stand above the list, and open where they stand beside it, also when the window changes.
const narrow = matchMedia('(max-width:60rem)');
const fold = () => all('[data-fold]').forEach((f) => { f.open = !narrow.matches; });
narrow.addEventListener('change', fold);
if (narrow.matches) fold();
const held = JSON.parse(sessionStorage.getItem(kept));
if (held) {
	sessionStorage.removeItem(kept);
	all('[name="' + CSS.escape(held[0]) + '"]:not([type=hidden])').find((x) => x.value === held[1] || x.matches('select'))?.focus({ preventScroll: true });
	scrollTo(0, held[2]);
}
// What is wrong with a form comes before what the page is about.
const meet = () => (one('#main .summary[data-focus]') || one('#main [data-focus]') || one('[data-focus]'))?.focus();
meet();
start();

// Who leaves a question lets others have it.
addEventListener('pagehide', () => {
	const held = one('[data-release]');
	if (held?.dataset.release) navigator.sendBeacon(held.dataset.release, new URLSearchParams({ question: held.dataset.question }));
});

// Where a row was answered, the row that took its place gets the focus.
let answered = -1;
on('submit', (e) => {
	const row = e.target.closest('[data-row]');
	if (row) answered = all('[data-row]').indexOf(row);
});
// Of details that share a name one is open: those that go must not close those that come while both are there.
on('htmx:before:swap', () => all('#main details[name][open]').forEach((d) => d.removeAttribute('name')));
on('htmx:after:swap', () => {
	start();
	meet();
	if (answered < 0) return;
	const rows = all('[data-rows] .c-name');
	(rows[answered] || rows.at(-1))?.focus();
});
})();
