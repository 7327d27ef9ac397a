package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"utile/internal/browsertest"
	"utile/internal/domain"
	"utile/internal/web"
	"utile/internal/web/webtest"
)

// front is what stands before two servers: it sends requests to one, and to the other once the first is dead.
func front(t *testing.T, first, second string) (address string, kill func()) {
	t.Helper()
	var dead atomic.Bool
	proxies := [2]*httputil.ReverseProxy{}
	for i, target := range []string{first, second} {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		proxies[i] = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u); r.Out.Host = r.In.Host }, FlushInterval: -1,
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if dead.Load() {
			proxies[1].ServeHTTP(w, r)
			return
		}
		proxies[0].ServeHTTP(w, r)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() }) // streams never end by themselves
	return server.URL, func() { dead.Store(true) }
}

// TestWorkshopInBrowser is a workshop from joining to its applied decisions: one projector, eight telephones, two servers of which
// the first is killed in the middle.
func TestWorkshopInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	r := newRoom(t, s)
	s.Exec(t, `update field set label = 'Date de naissance', description = 'Jour, mois et année saisis à l’inscription ou en caisse.' where id = $1`, r.fields["birth_date"])
	s.Exec(t, `update field set label = 'Allergies alimentaires' where id = $1`, r.fields["allergy"])
	s.Exec(t, `insert into field_evidence (workspace_id, field_id, reads, window_days, last_read_at, reads_measured_at, row_count, non_null_count, fill_measured_at)
		values ($1, $2, 412, 90, now() - interval '3 days', now(), 1000, 710, now())`, s.Admin().Workspace, r.fields["birth_date"])
	s.Exec(t, `update workshop set note = 'Garder ce dont un programme a besoin, et rien d’autre' where id = $1`, r.id)
	// Two servers behind one address; both believe to be reached at it.
	first, second := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	address, kill := front(t, "http://"+first.Listener.Addr().String(), "http://"+second.Listener.Addr().String())
	for _, server := range []*httptest.Server{first, second} {
		handler := web.New(s.Store, web.Options{BaseURL: address})
		t.Cleanup(handler.EndStreams)
		server.Config.Handler = handler
		server.Start()
	}
	t.Cleanup(func() { second.CloseClientConnections(); second.Close() })

	r.lead.Post(r.path + "/open").Want(http.StatusSeeOther)
	screen := browsertest.Browser(t).Cookie(address, "utile", s.Token(t, s.Acme[domain.RoleFacilitator])).Cookie(address, "lang", "fr")
	screen.Width(1920).Open(address + r.path + "/screen").Wait(".st-door .qr")
	screen.Axe(t)
	screen.Shoot("workshop-lobby-fr-1920")

	roles := []string{"crm", "data", "store", "crm", "data", "store", "crm", "store"}
	phones := make([]*browsertest.Tab, len(roles))
	for i, role := range roles {
		phones[i] = screen.Beside().Cookie(address, "lang", []string{"fr", "en"}[i%2]).Width(390)
		phones[i].Open(address+"/v").Type("#workshop_code", r.code()).Click("main button").Wait("#voter_role")
		if i < 2 {
			phones[i].Axe(t)
			phones[i].Shoot(fmt.Sprintf("workshop-join-%d-390", i))
		}
		phones[i].Type("#participant_name", fmt.Sprintf("Voix %d", i+1))
		phones[i].Eval(`document.querySelector('#voter_role').value = '` + role + `'`)
		phones[i].Click("main button").Wait(".ph")
	}
	screen.Wait(`[data-n=present]`)
	until(t, screen, `document.querySelector('[data-n=present]').textContent === '8'`)
	r.lead.Post(r.path + "/start").Want(http.StatusSeeOther)
	r.show("birth_date")

	// Everybody votes; the first server dies while half of them have.
	choose := func(tab *browsertest.Tab, levels ...string) {
		for i, level := range levels {
			tab.Eval(`document.querySelector('input[name="level.` + itoa(r.programs[i]) + `"][value="` + level + `"]').click()`)
		}
	}
	for i, tab := range phones {
		until(t, tab, `document.querySelector('h1').textContent.includes('naissance') && !!document.querySelector('[data-ballot]')`)
		if i == 4 {
			kill()
			first.CloseClientConnections()
			first.Close()
		}
		choose(tab, []string{"2", "2", "0", "2", "2", "2", "2", "2"}[i], "0")
		if i < 2 {
			tab.Axe(t)
			tab.Shoot(fmt.Sprintf("workshop-vote-%d-390", i))
		}
		tab.Click(".ph-send button")
		until(t, tab, `/reçu|received/.test(document.querySelector('[data-state]').textContent)`)
	}
	until(t, screen, `document.querySelector('[data-n=voted]').textContent === '8'`)
	if n := r.votes("true"); n != 16 {
		t.Errorf("%d votes of eight people for two programs", n)
	}
	screen.Axe(t)
	screen.Shoot("workshop-voting-fr-1920")
	// A telephone that is opened again shows what was voted.
	phones[0].Open(address + r.vote())
	until(t, phones[0], `document.querySelector('input[value="2"]:checked') !== null && /reçu/.test(document.querySelector('[data-state]').textContent)`)

	// The keys of whoever leads work on the projected screen.
	screen.Press("v")
	until(t, screen, `document.querySelector('main').textContent.includes('7 indispensable')`)
	screen.Axe(t)
	screen.Shoot("workshop-revealed-fr-1920")
	until(t, phones[1], `document.querySelector('main').textContent.includes('7 essential')`)
	phones[1].Axe(t)
	phones[1].Shoot("workshop-revealed-en-390")

	panel := screen.Beside().Cookie(address, "utile", s.Token(t, s.Acme[domain.RoleFacilitator])).Cookie(address, "lang", "en").Width(1440)
	panel.Open(address + r.path + "/run").Wait("#reason")
	panel.Axe(t)
	panel.Shoot("workshop-panel-en-1440")
	panel.Type("#reason", "The birthday message needs the day and the month")
	// Another change does not take away what somebody is typing.
	r.steer("time", "seconds", "90")
	until(t, panel, `document.querySelector('.timer') !== null && document.querySelector('#reason').value.includes('birthday message')`)
	panel.Click(".pn-decide button.btn-primary")
	until(t, panel, `document.querySelector('.pn-decide .st-decision') !== null`)
	until(t, screen, `document.querySelector('[data-n=kept]').textContent === '1'`)

	r.show("allergy")
	until(t, phones[2], `document.querySelector('main').textContent.includes('D’abord l’avis du DPO')`)
	until(t, screen, `document.querySelector('h1').textContent.includes('Allergies')`)
	screen.Axe(t)
	screen.Shoot("workshop-dpo-fr-1920")
	en := screen.Beside().Cookie(address, "utile", s.Token(t, s.Acme[domain.RoleViewer])).Cookie(address, "lang", "en").Width(1920).Dark()
	en.Open(address + r.path + "/screen").Wait(".st-main")
	en.Axe(t)
	en.Shoot("workshop-dpo-en-dark-1920")
	r.show("email")
	until(t, panel, `document.querySelector('h1').textContent.includes('e-mail')`)
	panel.Type("#reason", "Said before the votes were shown")
	r.steer("reveal", "card", itoa(r.cards["email"]))
	until(t, panel, `document.querySelector('.pn-more') !== null && document.querySelector('#reason').value.includes('before the votes')`)
	r.steer("again", "card", itoa(r.cards["email"]))
	until(t, screen, `document.querySelector('main').textContent.includes('Tour 2')`)
	// Nor does it take away what somebody changes on a telephone, or the place where they type.
	gain := `document.querySelector('[name="gain.` + itoa(r.programs[1]) + `"]')`
	until(t, phones[2], `!!document.querySelector('[data-ballot$=".2"]')`)
	choose(phones[2], "2", "1")
	phones[2].Eval(gain + `.focus()`)
	phones[2].Eval(`document.execCommand('insertText', false, 'Plus de clics')`)
	r.steer("time", "seconds", "90")
	until(t, phones[2], `document.querySelector('.timer') !== null && document.activeElement === `+gain+` && `+gain+`.value === 'Plus de clics' && document.querySelectorAll('[data-ballot] input:checked').length === 2`)
	r.steer("stop")
	until(t, en, `document.querySelector('main').textContent.includes('Round 2')`)
	screen.Axe(t)
	screen.Shoot("workshop-round-2-fr-1920")
	en.Shoot("workshop-round-2-en-dark-1920")
	r.steer("park", "card", itoa(r.cards["email"]))
	until(t, screen, `document.querySelector('[data-n=parked]').textContent === '1'`)
	until(t, phones[2], `document.querySelector('h1').textContent.includes('e-mail')`)
	screen.Shoot("workshop-parked-fr-1920")
	phones[2].Shoot("workshop-round-2-390")

	r.lead.Post(r.path+"/close", "confirmed", "1").Want(http.StatusSeeOther)
	until(t, phones[3], `/over/.test(document.querySelector('h1').textContent)`)
	until(t, screen, `/terminé/.test(document.querySelector('h1').textContent)`)
	for _, tab := range []*browsertest.Tab{screen, phones[3]} { // no clock runs any more
		until(t, tab, `document.querySelector('.timer') === null`)
	}
	screen.Shoot("workshop-closed-fr-1920")
	phones[3].Shoot("workshop-closed-en-390")
	pages := screen.Beside().Cookie(address, "utile", s.Token(t, s.Acme[domain.RoleFacilitator]))
	for _, page := range []string{"", "/apply", "/minutes"} {
		pages.Looks(t, address, r.path+page, "workshop"+strings.ReplaceAll(page, "/", "-"))
	}
	pages.Looks(t, address, "/w/acme/workshops", "workshops")
	pages.Looks(t, address, "/w/acme/workshops/new", "workshop-new")
	pages.Cookie(address, "lang", "fr").Open(address + r.path + "/apply").Click("form.confirm .btn-primary").Wait(".flash")
	if n := count(t, s, `select count(*) from program_link where field_id = $1 and level = 'essential' and source = 'workshop'`, r.fields["birth_date"]); n != 1 {
		t.Errorf("%d links were made of the decision", n)
	}
	for i, tab := range append(phones, screen, panel, en, pages) {
		for _, fault := range tab.Faults() {
			if !strings.Contains(fault, "ERR_") && !strings.Contains(fault, "502") { // the server was killed
				t.Errorf("tab %d: %s", i, fault)
			}
		}
	}
}

// until waits for something that the stream brings.
func until(t *testing.T, tab *browsertest.Tab, condition string) {
	t.Helper()
	got := tab.Eval(`new Promise((done) => { const end = Date.now() + 20000; const look = () => { let ok = false; try { ok = ` + condition + `; } catch {} if (ok) done('yes'); else if (Date.now() > end) done(document.body.innerText.slice(0, 600)); else setTimeout(look, 50); }; look(); })`)
	if got != "yes" {
		t.Fatalf("never: %s\n%s", condition, got)
	}
}
