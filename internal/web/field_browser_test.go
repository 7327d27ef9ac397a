package web_test

import (
	"testing"

	"utile/internal/browsertest"
	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// shownPage is a page to be looked at in a browser, in both languages, themes and widths.
type shownPage struct{ name, path string }

// inBrowser opens pages and fails for breaches of accessibility, of the policy, and for pages wider than the window.
func inBrowser(t *testing.T, s *webtest.Site, as domain.Actor, pages ...shownPage) {
	t.Helper()
	inBrowserAs(t, s, s.Token(t, as), pages...)
}

// inBrowserAs is inBrowser with what the cookie says; empty for nobody.
func inBrowserAs(t *testing.T, s *webtest.Site, token string, pages ...shownPage) {
	t.Helper()
	tab := browsertest.Still(t)
	if token != "" {
		tab.Cookie(s.URL, "utile", token)
	}
	for _, p := range pages {
		tab.Looks(t, s.URL, p.path, p.name)
	}
}

func TestFieldPagesInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowd(t, 400)
	busy := itoa(busyField(t, s))
	inBrowser(t, s, s.Acme[domain.RoleEditor],
		shownPage{"field", "/w/acme/fields/" + busy + "?from=verdict%3Ddelete"},
		shownPage{"search", "/w/acme/search?q=relance"},
		shownPage{"search-fields", "/w/acme/search?q=prenom"},
		shownPage{"search-close", "/w/acme/search?q=naisance"},
		shownPage{"history", "/w/acme/history?kind=field"},
		shownPage{"field-edit", "/w/acme/fields/" + busy + "/edit"},
		shownPage{"fields", "/w/acme/fields?n=10"},
		shownPage{"fields-filtered", "/w/acme/fields?n=10&verdict=delete,dormant&origin=derived&col=field,application,category,owner,last_read,verdict"},
		shownPage{"fields-close", "/w/acme/fields?n=10&q=naisance"},
		shownPage{"fields-nothing", "/w/acme/fields?q=zzzzqqqq"})
}

// busyField is a field about which everything is known and much has happened.
func busyField(t *testing.T, s *webtest.Site) (id domain.FieldID) {
	t.Helper()
	ws := s.Admin().Workspace
	scan := func(into any, sql string, args ...any) {
		if err := s.Owner.QueryRow(t.Context(), sql, args...).Scan(into); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	scan(&id, `select f.id from field f join program_link l on l.field_id = f.id join purpose_mapping m on m.field_id = f.id
		where f.workspace_id = $1 and f.label <> '' and f.state = 'active' and f.grade > 0 and f.gdpr_class <> 'non_personal'
		group by f.id order by count(*) desc, f.id limit 1`, ws)
	s.Exec(t, `insert into flow (workspace_id, name, source_application_id, target_application_id, mechanism, frequency, encrypted)
		select $1, 'Synchronisation vers ' || a.name, f.application_id, a.id, 'API', 'daily', 'yes'
		from field f join application a on a.workspace_id = $1 and a.id <> f.application_id where f.id = $2 order by a.id limit 2`, ws, id)
	s.Exec(t, `insert into flow (workspace_id, name, source_application_id, target_application_id, mechanism, encrypted)
		select $1, 'Reprise de ' || a.name, a.id, f.application_id, 'CSV', 'no'
		from field f join application a on a.workspace_id = $1 and a.id <> f.application_id where f.id = $2 order by a.id desc limit 1`, ws, id)
	s.Exec(t, `insert into field_collection (workspace_id, field_id, collection_point_id) select $1, $2, id from collection_point where workspace_id = $1
		on conflict do nothing`, ws, id)
	s.Exec(t, `insert into decision (workspace_id, field_id, kind, reason, until, decided_by_name) values ($1, $2, 'keep_until',
		'La campagne de printemps en dépend encore', current_date + 60, 'Léa Martin')`, ws, id)
	s.Exec(t, `update field set decision = 'keep_until', decision_until = current_date + 60, description = 'Jour, mois et année saisis à l’inscription ou en caisse.' where id = $1`, id)
	by := s.Acme[domain.RoleEditor]
	f, err := s.Store.FieldByID(t.Context(), by, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.ChangeField(t.Context(), by, id, f.Version, func(f domain.Field) (domain.Field, error) {
		f.Origin, f.Owner = "collected", s.Acme[domain.RoleDPO].User
		return f, nil
	}); err != nil {
		t.Fatal(err)
	}
	remark, err := domain.NewRemark("Qui lit encore ce champ ?\nLe service client dit que non.")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.AddFieldRemark(t.Context(), s.Acme[domain.RoleDPO], id, remark); err != nil {
		t.Fatal(err)
	}
	return id
}

// Filters that a narrow window folded stand open again beside the list once the window is wide.
func TestFiltersFollowTheWindowInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	tab := browsertest.Browser(t).Cookie(s.URL, "utile", s.Token(t, s.Admin()))
	tab.Width(390).Open(s.URL + "/w/acme/members").Wait("[data-fold]:not([open])")
	tab.Width(1440).Wait("[data-fold][open]")
}

// A filter that was ticked has the focus on the page that comes: other forms of the page have hidden boxes of its name.
func TestTickedFilterKeepsTheFocus(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	s.Field(t, s.Admin(), s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "CRM"), "contacts"), "mail", "")
	tab := browsertest.Browser(t).Cookie(s.URL, "utile", s.Token(t, s.Acme[domain.RoleEditor]))
	tab.Open(s.URL + "/w/acme/fields").Wait("tbody tr")
	tab.Eval(`document.querySelector('[type=checkbox][name=verdict]').focus()`)
	tab.Press(" ").Wait("body:has([type=hidden][name=verdict])")
	if got := tab.Eval(`[document.activeElement.type, document.activeElement.name, document.activeElement.checked].join(' ')`); got != "checkbox verdict true" {
		t.Errorf("the focus is on %q", got)
	}
}

// Escape leaves the search box for the list, whose keys then work; a long name without a space stays in the window of a telephone.
func TestSearchBoxIsLeftByEscape(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	name := "Export_clients_magasins_definitif_2024_v2_corrige_final_ok.xlsx"
	application := s.Application(t, s.Admin(), name)
	s.Field(t, s.Admin(), s.Dataset(t, s.Admin(), application, "contacts"), "mail", "")
	tab := browsertest.Still(t)
	tab.Cookie(s.URL, "utile", s.Token(t, s.Acme[domain.RoleEditor]))
	tab.Open(s.URL + "/w/acme/fields").Wait("tbody tr")
	tab.Press("/")
	if got := tab.Eval(`document.activeElement.id`); got != "q" {
		t.Fatalf("/ leads to %q", got)
	}
	tab.Press("\x1b").Press("j")
	if got := tab.Eval(`document.activeElement.closest('tbody') ? 'list' : document.activeElement.id`); got != "list" {
		t.Errorf("after Escape and j the focus is on %q", got)
	}
	if got := tab.Eval(`document.querySelector('#q').value`); got != "" {
		t.Errorf("j was typed into the search: %q", got)
	}
	tab.Looks(t, s.URL, "/w/acme/applications/"+itoa(application), "long-name")
}
