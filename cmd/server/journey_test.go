package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"utile/internal/browsertest"
)

// journey is a person at the browser, in one workspace of the running program.
type journey struct {
	t    *testing.T
	tab  *browsertest.Tab
	base string // of the workspace
}

func (j journey) open(path string) { j.t.Helper(); j.tab.Open(j.base + path) }

// fill puts a value into a control of the page, ticking it where it is a box.
func (j journey) fill(pairs ...string) {
	j.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		name, value := strconv.Quote(pairs[i]), strconv.Quote(pairs[i+1])
		done := j.tab.Eval(`(() => {
			const all = [...document.querySelectorAll('main [name=' + CSS.escape(` + name + `) + ']')].filter(e => e.type !== 'hidden');
			const box = all.find(e => (e.type === 'checkbox' || e.type === 'radio') && e.value === ` + value + `);
			if (box) { box.checked = true; return 'ok' }
			const e = all[0];
			if (!e) return 'no control';
			if (e.tagName === 'SELECT') {
				const o = [...e.options].find(o => o.value === ` + value + ` || o.textContent.includes(` + value + `));
				if (!o) return 'no choice among ' + [...e.options].map(o => o.textContent).join(', ');
				e.value = o.value; return 'ok';
			}
			e.value = ` + value + `; return 'ok';
		})()`)
		if done != "ok" {
			j.t.Fatalf("filling %s with %s: %s on %s", name, value, done, j.tab.Location())
		}
	}
}

// send presses the first button that a selector finds and waits for what the next page has.
func (j journey) send(button, then string) {
	j.t.Helper()
	j.tab.Eval(`document.body.setAttribute('data-left', '')`)
	j.tab.Click(button).Wait("body:not([data-left]) " + then)
}

// take carries out an act on every field that a list shows: ticks one, takes all, fills the form, sees the preview.
func (j journey) take(list, act string, form ...string) {
	j.t.Helper()
	j.open(list)
	j.tab.Click("[data-all]")
	if j.tab.Eval(`!!document.querySelector('.bulk button[name=scope]')`) == "true" {
		j.send(".bulk button[name=scope]", "h1")
	}
	j.send(`button[name=act][value="`+act+`"]`, "form.formpage")
	j.fill(form...)
	j.send("form.formpage .btn-primary", "form .btn-primary")
	j.send("main form .btn-primary", ".flash")
}

// verdicts counts the fields of a filter by verdict, as a script sees them.
func (j journey) verdicts(in installation, filter string) map[string]int {
	j.t.Helper()
	var rows []struct{ Verdict string }
	if err := json.Unmarshal([]byte(in.must("", "export", "fields", "-workspace", "acme", "-filter", filter, "-format", "json")), &rows); err != nil {
		j.t.Fatal(err)
	}
	counts := map[string]int{}
	for _, r := range rows {
		counts[r.Verdict]++
	}
	return counts
}

// TestJourney walks the way of a CRM manager on a fresh installation, in a real browser: set-up, the real inventories of
// fourteen systems, what they hold, what is unused and why, one act that turns flagged fields into kept ones, and the
// list of what remains.
func TestJourney(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	j := journey{t: t, tab: browsertest.Browser(t)}
	s := in.start(2)
	j.base = s.url + "/w/acme"

	// The console's link claims the installation; two doors follow.
	j.tab.Width(1440).Cookie(s.url, "lang", "en")
	j.tab.Open(s.setup)
	j.fill("name", "Ann Field", "email", "ann@example.com", "password", "three small green cats", "workspace", "Acme", "locale", "en")
	j.send("main .btn-primary", `a[href="/w/acme/imports/new"]`)
	if j.tab.Eval(`!!document.querySelector('form[action="/example"]')`) != "true" {
		t.Error("the worked example is not offered")
	}
	j.tab.Shoot("journey/1-doors")

	// The inventories of fourteen real systems, from the command line, twice: the second time changes nothing.
	files, err := filepath.Glob("../../internal/scan/testdata/columns/*.csv")
	if err != nil || len(files) != 14 {
		t.Fatalf("inventories: %v, %v", files, err)
	}
	in.must("", append([]string{"import", "-workspace", "acme"}, files...)...)
	if out := in.must("", append([]string{"import", "-workspace", "acme"}, files...)...); strings.Contains(out, "new") || strings.Contains(out, "changed,") {
		t.Errorf("again: %s", out)
	}
	j.open("")
	if got := j.tab.Text("h1"); got != "19,249 fields to classify" {
		t.Errorf("home after the import says %q", got)
	}
	j.tab.Shoot("journey/2-home")

	// Say what the e-mail addresses are: no purpose, no use, so they are to be deleted.
	j.take("/fields?q=email", "categorise", "category", "E-mail address")
	before := j.verdicts(in, "category=ident.contact.email")
	flagged := before["delete"]
	if flagged < 100 || len(before) != 1 {
		t.Fatalf("e-mail addresses without use or ground: %v", before)
	}

	// A purpose in force, mapped to them and approved: covered on paper, they still serve nothing.
	j.open("/retention/new?preset=PROSPECT")
	j.send("main form .btn-primary", ".flash")
	j.open("/purposes/new")
	j.fill("code", "PROSPECT", "name", "Keep customers informed", "legal_basis", "a_consent", "consent_proof", "Consent log of the CRM",
		"consent_withdrawal", "Link in every message", "retention", "PROSPECT", "needs_program", "true",
		"subjects_other", "customers", "recipients.0.kind", "internal", "security_measures_other", "Access control")
	j.send("main form .btn-primary", ".flash")
	j.send(`form[action$="/state"] button`, ".flash")
	j.take("/fields?category=ident.contact.email", "map", "purpose", "Keep customers informed", "justification", "The address that messages are sent to")
	j.open("/mappings?state=proposed")
	j.tab.Click("[data-all]")
	if j.tab.Eval(`!!document.querySelector('.bulk button[name=scope]')`) == "true" {
		j.send(".bulk button[name=scope]", ".bulk")
	}
	j.send(`button[name=act][value=answer]`, "textarea")
	j.fill("reason", "Needed to reach them")
	j.send("form.formpage .btn-primary", ".flash")
	if got := j.verdicts(in, "category=ident.contact.email"); got["dormant"] != flagged {
		t.Fatalf("after the approval: %v, want %d dormant", got, flagged)
	}

	// The unused list says why, on one screen.
	j.open("/unused")
	if got := j.tab.Text("main"); !strings.Contains(got, "Dormant") || !strings.Contains(got, "No ") {
		t.Errorf("unused data does not say why: %.300s", got)
	}
	j.tab.Shoot("journey/3-unused")

	// One program that needs them, one act: what was flagged is useful at the next page.
	j.open("/programs/new")
	j.fill("code", "NEWSLETTER", "name", "Newsletter", "status", "live")
	j.send("main form .btn-primary", ".flash")
	j.take("/fields?verdict=dormant", "link", "program", "Newsletter", "level", "essential")
	if got := j.tab.Text(".flash"); !strings.Contains(got, fmt.Sprint(flagged)) {
		t.Errorf("the act says %q, want %d fields", got, flagged)
	}
	if got := j.verdicts(in, "category=ident.contact.email"); got["keep"] != flagged {
		t.Errorf("after the link: %v, want %d kept", got, flagged)
	}
	j.open("")
	if got := j.tab.Text(`.square a[href="/w/acme/fields?verdict=keep"]`); !strings.Contains(got, fmt.Sprint(flagged)) {
		t.Errorf("home shows %q, want %d useful", got, flagged)
	}
	j.tab.Shoot("journey/4-home")

	// What remains is taken away, by a script and by the browser alike.
	j.take("/fields?q=phone", "categorise", "category", "Phone")
	remains := j.verdicts(in, "verdict=delete,dormant")
	csv := in.must("", "export", "fields", "-workspace", "acme", "-filter", "verdict=delete,dormant", "-format", "csv")
	if rows := strings.Count(strings.TrimSpace(csv), "\n"); rows != remains["delete"] || rows == 0 {
		t.Errorf("the export has %d rows, want %v", rows, remains)
	}
	if faults := j.tab.Faults(); len(faults) > 0 {
		t.Errorf("the browser refused: %v", faults)
	}
}
