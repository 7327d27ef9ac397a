// The script of live pages: it follows the stream, sends ballots until they are kept, and knows the keys of whoever leads.
(() => {
const doc = document, live = doc.getElementById('live');
if (!live || !live.dataset.live) return;
const one = (s, from = doc) => from.querySelector(s), all = (s, from = doc) => [...from.querySelectorAll(s)];
const said = one('[data-said]'), offline = one('[data-offline]'), words = live.dataset, phone = words.as === 'phone';

// Ballots that were not acknowledged stay on the telephone, and are sent again until they are.
const box = 'utile:' + words.live;
const load = () => { try { return JSON.parse(localStorage.getItem(box)) || {}; } catch { return {}; } };
const store = (v) => { try { localStorage.setItem(box, JSON.stringify(v)); } catch { /* private mode: memory has to do */ } };
let pending = load(), sending = false, wait = 1000, timer;
const cast = {}; // what was acknowledged, by card and round
const ballot = () => one('[data-ballot]');
const state = (kind, text) => {
	const p = one('[data-state]');
	if (!p) return;
	p.className = 'ph-sent ' + kind;
	p.textContent = text;
};
// What somebody has changed and not sent is theirs: nothing that comes from elsewhere takes it away.
const touched = new WeakSet();
doc.addEventListener('input', (e) => touched.add(e.target));
const settled = (form) => [...form.elements].forEach((c) => touched.delete(c));
const fill = (form, name, value) => all('[name="' + name + '"]', form).forEach((c) => { if (c.type === 'radio') c.checked = c.value === value; else if (c.type !== 'hidden') c.value = value; });
const remember = (form) => Object.fromEntries([...new FormData(form)].filter(([n]) => /^(level|gain)\./.test(n)));
const restore = () => {
	const form = ballot();
	if (!form) return;
	const key = form.dataset.ballot, known = pending[key]?.values || cast[key];
	if ('sent' in form.dataset && !known) cast[key] = remember(form);
	const mine = new Set([...form.elements].filter((c) => touched.has(c)).map((c) => c.name));
	for (const [name, value] of Object.entries(known || {})) if (!mine.has(name)) fill(form, name, value);
	if (pending[key]) state('wait', words.waiting);
	else state('', cast[key] && !mine.size ? words.received : ''); // what was changed since has not been sent
};
const flush = async () => {
	clearTimeout(timer);
	const key = Object.keys(pending)[0];
	if (!key || sending) return;
	sending = true;
	const sent = pending[key];
	let answer;
	try {
		answer = await fetch(sent.to, { method: 'POST', headers: { Accept: 'text/plain' }, body: new URLSearchParams(sent.body) });
	} catch { /* no network: again below */ }
	sending = false;
	if (!answer || answer.status >= 500 || answer.status === 429) {
		if (ballot()?.dataset.ballot === key) state('wait', words.waiting);
		timer = setTimeout(flush, wait);
		wait = Math.min(wait * 2, 8000);
		return;
	}
	wait = 1000;
	const text = answer.ok ? '' : await answer.text();
	if (pending[key]?.body.sequence === sent.body.sequence) delete pending[key];
	store(pending);
	if (answer.ok) cast[key] = sent.values;
	if (ballot()?.dataset.ballot === key) state(answer.ok ? '' : 'bad', answer.ok ? words.received : text);
	if (answer.ok && one('.ph[data-own]') && !Object.keys(pending).length) { location.replace(sent.to); return; }
	flush();
};
doc.addEventListener('submit', async (e) => {
	const form = e.target;
	if (form.matches('[data-ballot]')) {
		e.preventDefault();
		const values = remember(form), key = form.dataset.ballot;
		if (!Object.keys(values).some((n) => n.startsWith('level.'))) { state('bad', words.incomplete); return; }
		pending[key] = { to: form.action, values, body: { ...Object.fromEntries(new FormData(form)), sequence: String(Date.now()) } };
		store(pending);
		settled(form);
		state('wait', words.sending);
		flush();
	} else if (form.matches('[data-quiet]')) {
		e.preventDefault();
		const body = new URLSearchParams(new FormData(form));
		if (e.submitter?.name) body.set(e.submitter.name, e.submitter.value);
		said.textContent = '';
		try {
			const answer = await fetch(form.action, { method: 'POST', headers: { Accept: 'text/plain' }, body });
			if (!answer.ok) said.textContent = await answer.text();
			else if ('clear' in form.dataset) { settled(form); form.reset(); form.closest('details').open = false; said.textContent = form.dataset.clear; }
		} catch { said.textContent = offline.textContent; }
	}
});

// The stream. State comes whole, so that nothing is missed by whoever was away.
let source, heard = Date.now(), skew = 0, back = 500;
const formKey = (f) => f.dataset.keep || f.dataset.ballot || f.getAttribute('action') + ' ' + (f.elements.card?.value || '');
const keep = () => {
	const at = doc.activeElement, forms = all('form', live).map((f) => ({ key: formKey(f), values: [...f.elements].filter((c) => touched.has(c) && (c.type !== 'radio' || c.checked)).map((c) => [c.name, c.value]) }));
	return { forms: forms.filter((f) => f.values.length), open: all('details[open]', live).map((d) => d.firstElementChild.textContent),
		at: live.contains(at) && at.form && at.name && { key: formKey(at.form), name: at.name, value: at.type === 'radio' && at.value, from: at.selectionStart, to: at.selectionEnd } };
};
const put = ({ forms, open, at }) => {
	const named = (key) => all('form', live).find((f) => formKey(f) === key);
	for (const kept of forms) {
		const form = named(kept.key);
		if (form) for (const [name, value] of kept.values) { fill(form, name, value); all('[name="' + name + '"]', form).forEach((c) => touched.add(c)); }
	}
	all('details', live).forEach((d) => { d.open = open.includes(d.firstElementChild.textContent); });
	const field = at && all('[name="' + at.name + '"]', named(at.key) || doc.createElement('p')).find((c) => !at.value || c.value === at.value);
	if (!field) return;
	field.focus();
	if (at.from != null) try { field.setSelectionRange(at.from, at.to); } catch { /* no text */ }
};
const show = (html) => {
	if (phone) {
		const own = !!one('.ph[data-own]'), next = /<div class="ph"[^>]*data-own/.test(html);
		if (own || next) { if (own !== next || one('.ph').dataset.phase !== /data-phase="(\w+)"/.exec(html)[1]) location.replace(location.pathname); return; }
	}
	const kept = keep(), focus = doc.activeElement?.id, top = one('.pn-list')?.scrollTop;
	live.innerHTML = html;
	put(kept);
	restore();
	if (top) one('.pn-list').scrollTop = top;
	if (focus && focus !== doc.activeElement?.id) doc.getElementById(focus)?.focus();
	tick();
};
const connect = () => {
	source?.close();
	source = new EventSource(words.live);
	const on = (name, act) => source.addEventListener(name, (e) => { heard = Date.now(); act(e.data); });
	on('hello', (now) => { skew = Date.now() - Number(now); back = 500; offline.hidden = true; flush(); });
	on('page', show);
	on('tick', (data) => { for (const [name, n] of Object.entries(JSON.parse(data))) all('[data-n="' + name + '"]').forEach((b) => { b.textContent = n.toLocaleString(doc.documentElement.lang); }); });
	on('ping', () => {});
	on('gone', () => { source.close(); location.replace(location.pathname); });
	source.onerror = () => {
		offline.hidden = false;
		if (source.readyState !== EventSource.CLOSED) return; // the browser comes back by itself
		setTimeout(connect, back + Math.random() * back);
		back = Math.min(back * 2, 8000);
	};
};
const tick = () => all('[data-until]').forEach((el) => {
	const left = Math.max(0, Math.ceil((Number(el.dataset.until) - (Date.now() - skew)) / 1000));
	el.textContent = Math.floor(left / 60) + ':' + String(left % 60).padStart(2, '0');
	el.parentNode.classList.toggle('over', !left);
});
setInterval(() => { tick(); if (Date.now() - heard > 40000) { heard = Date.now(); connect(); } }, 500);
doc.addEventListener('visibilitychange', () => { if (!doc.hidden && Date.now() - heard > 16000) { heard = Date.now(); connect(); } });
addEventListener('online', () => { connect(); flush(); });

// Keys of whoever leads: single letters are off while somebody types.
doc.addEventListener('keydown', (e) => {
	if (e.ctrlKey && e.key === 'Enter') { one('[data-keep]')?.requestSubmit(); return; }
	if (e.ctrlKey || e.altKey || e.metaKey || e.target.matches('input:not([type=radio]),textarea,select,button,a,summary')) return;
	const key = { ArrowLeft: '←', ArrowRight: '→', '=': '+' }[e.key] || (e.key.length === 1 ? e.key.toUpperCase() : e.key);
	const button = all('[data-key]').find((b) => b.dataset.key === key);
	if (!button || (e.target.matches('[type=radio]') && e.key.startsWith('Arrow'))) return;
	e.preventDefault();
	button.form.requestSubmit(button);
});
restore();
flush();
connect();
})();
