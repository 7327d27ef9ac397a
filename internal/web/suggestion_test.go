package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// suggestionSite is a site with the same names in several datasets, none of them classified.
type suggestionSite struct {
	*webtest.Site
	fields []domain.FieldID
}

func newSuggestionSite(t testing.TB, names ...string) *suggestionSite {
	t.Helper()
	s := &suggestionSite{Site: webtest.New(t)}
	by := s.Admin()
	app := s.Application(t, by, "Orion")
	for i, name := range names {
		ds := s.Dataset(t, by, app, "contact_"+string(rune('a'+i)))
		f, err := domain.NewField(domain.Field{Dataset: ds, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		id, err := s.Store.AddField(t.Context(), by, f)
		if err != nil {
			t.Fatal(err)
		}
		s.fields = append(s.fields, id)
	}
	return s
}

// category is the code of a field's category as it is stored; empty for none.
func (s *suggestionSite) category(t testing.TB, i int) (code string) {
	t.Helper()
	if err := s.Owner.QueryRow(t.Context(), `select coalesce(c.code, '') from field f left join data_category c
		on c.workspace_id = f.workspace_id and c.id = f.category_id where f.id = $1`, s.fields[i]).Scan(&code); err != nil {
		t.Fatal(err)
	}
	return code
}

// rowOf is the row of a name on the page of suggestions, as a form.
func rowOf(t testing.TB, p *webtest.Page, name string) (row *goquery.Selection, form []string) {
	t.Helper()
	row = p.Doc().Find("[data-row]").FilterFunction(func(_ int, r *goquery.Selection) bool { return r.Find(".c-name").Text() == name })
	if row.Length() != 1 {
		t.Fatalf("%d rows of %q in %s", row.Length(), name, p.Text("main"))
	}
	row.Find(`input[type="hidden"]`).Each(func(_ int, in *goquery.Selection) {
		form = append(form, in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	return row, form
}

func TestSuggestionsAreAcceptedByNameAndUndone(t *testing.T) {
	t.Parallel()
	s := newSuggestionSite(t, "email", "e_mail", "zzqx")
	v := s.As(t, s.Acme[domain.RoleEditor])
	page := v.Get("/w/acme/suggestions").Want(http.StatusOK)
	row, form := rowOf(t, page, "e_mail")
	for _, want := range []string{"in 2 datasets", "ident.contact.email", "Accept all 2", "%"} {
		if !strings.Contains(row.Text(), want) {
			t.Errorf("the row lacks %q: %s", want, row.Text())
		}
	}
	if got := page.Text(".sug-s"); !strings.Contains(got, "3 fields without category, 2 with a suggestion") {
		t.Errorf("how far it is: %q", got)
	}
	if got := page.Text(".subnav [aria-current]"); got != "Suggestions 2" {
		t.Errorf("the navigation says %q", got)
	}

	done := v.Follow(v.Post("/w/acme/suggestions", append(form, "act", "accept")...).Want(http.StatusSeeOther))
	if got := done.Text(".flash"); !strings.Contains(got, "2 fields classified.") {
		t.Errorf("message %q", got)
	}
	if got := s.category(t, 0) + s.category(t, 1) + s.category(t, 2); got != "ident.contact.emailident.contact.email" {
		t.Errorf("categories %q", got)
	}
	undo, _ := done.Doc().Find(".flash form").Attr("action")
	v.Post(undo).Want(http.StatusSeeOther)
	if got := s.category(t, 0); got != "" {
		t.Errorf("after the undo it is %q", got)
	}

	// The same answer again, of what was seen before somebody else answered.
	v.Post("/w/acme/suggestions", append(form, "act", "accept")...).Want(http.StatusSeeOther)
	late := v.Post("/w/acme/suggestions", append(form, "act", "accept")...).Want(http.StatusConflict)
	if got := late.Text(".note"); !strings.Contains(got, "no longer the ones") {
		t.Errorf("a late answer gets %q", got)
	}
}

func TestSuggestionsAreRefusedAndReplaced(t *testing.T) {
	t.Parallel()
	s := newSuggestionSite(t, "email", "e_mail", "mail_pro")
	v := s.As(t, s.Acme[domain.RoleEditor])

	// One by one: the other field of the name keeps its suggestion.
	_, form := rowOf(t, v.Get("/w/acme/suggestions?way=one").Want(http.StatusOK), "email")
	v.Post("/w/acme/suggestions", append(form, "act", "refuse")...).Want(http.StatusSeeOther)
	if got := v.Get("/w/acme/suggestions?way=one").Text(".sugs"); strings.Contains(got, "contact_a") || !strings.Contains(got, "contact_b") {
		t.Errorf("after a refusal: %q", got)
	}
	history := v.Get("/w/acme/fields/" + itoa(s.fields[0])).Want(http.StatusOK)
	if got := history.Text(".tl"); !strings.Contains(got, "Suggestion refused for “email”") || !strings.Contains(got, "ident.contact.email") {
		t.Errorf("the history of the field: %q", got)
	}

	// Another category: asked for, then taken.
	row, form := rowOf(t, v.Get("/w/acme/suggestions").Want(http.StatusOK), "e_mail")
	href, _ := row.Find(".menulist a").Attr("href")
	choose := v.Get(href).Want(http.StatusOK)
	values := hidden(choose, ".formpage")
	refused := v.Post("/w/acme/suggestions", append(values, "act", "choose")...).Want(http.StatusUnprocessableEntity)
	if got := refused.Problem("choice"); got == "" {
		t.Error("no category was chosen, and nothing says so")
	}
	v.Post("/w/acme/suggestions", append(values, "act", "choose", "choice", "999999")...).Want(http.StatusUnprocessableEntity)
	v.Post("/w/acme/suggestions", append(values, "act", "choose", "choice", itoa(s.Category(t, s.Admin(), "art9.health")))...).Want(http.StatusSeeOther)
	if got := s.category(t, 1); got != "art9.health" {
		t.Errorf("the field is now %q", got)
	}

	for name, c := range map[string]struct {
		form   []string
		status int
	}{
		"an act that is none":        {append(form, "act", "delete"), http.StatusUnprocessableEntity},
		"a category that is none":    {append(form, "act", "take:x"), http.StatusUnprocessableEntity},
		"nothing":                    {nil, http.StatusUnprocessableEntity},
		"a field of another's":       {[]string{"act", "accept", "category", "1", "field", "999999"}, http.StatusConflict},
		"what nobody suggests":       {[]string{"act", "accept", "category", "999999", "key", "email", "seen", "1-0"}, http.StatusConflict},
		"a mangled list of the past": {[]string{"act", "accept", "category", "1", "query", "%zz"}, http.StatusUnprocessableEntity},
	} {
		if got := v.Post("/w/acme/suggestions", c.form...).Status; got != c.status {
			t.Errorf("%s: %d, want %d", name, got, c.status)
		}
	}
}

func TestEverythingOverAConfidenceLeavesCareToPeople(t *testing.T) {
	t.Parallel()
	s := newSuggestionSite(t, "email", "zone_a", "zone_b", "cle_x", "cle_y")
	by := s.Admin()
	for i, code := range map[int]string{1: "art9.health", 3: "tech.key"} { // answers that teach the other field of the name
		s.Exec(t, `update field set name = $2 where id = $1`, s.fields[i+1], map[int]string{1: "ZoneA", 3: "CleX"}[i])
		if _, _, err := s.Store.ApplyBulk(t.Context(), by, domain.Bulk{Act: domain.BulkCategorise, Category: s.Category(t, by, code)}, []int64{int64(s.fields[i])}, ""); err != nil {
			t.Fatal(err)
		}
	}
	s.Exec(t, `insert into suggestion_due (workspace_id) values ($1)`, by.Workspace)
	if err := s.Store.WorkOffSuggestions(t.Context(), by); err != nil {
		t.Fatal(err)
	}
	v := s.As(t, s.Acme[domain.RoleEditor])
	page := v.Get("/w/acme/suggestions?way=over&confidence=1").Want(http.StatusOK)
	ticked, all := page.Doc().Find("input[name=pick][checked]"), page.Doc().Find("input[name=pick]")
	if all.Length() != 3 || ticked.Length() != 1 || ticked.AttrOr("aria-label", "") != "ident.contact.email" {
		t.Fatalf("%d of %d are ticked: %s", ticked.Length(), all.Length(), page.Text("main"))
	}
	form := hidden(page, "form.stack")
	none := v.Post("/w/acme/suggestions", append(form, "act", "accept")...).Want(http.StatusUnprocessableEntity)
	if got := none.Text(".note"); got != "Tick at least one category." {
		t.Errorf("nothing ticked: %q", got)
	}
	v.Post("/w/acme/suggestions", append(form, "act", "accept", "pick", ticked.AttrOr("value", ""))...).Want(http.StatusSeeOther)
	if got := s.category(t, 0) + "," + s.category(t, 2) + "," + s.category(t, 4); got != "ident.contact.email,," {
		t.Errorf("categories %q", got)
	}
}

func TestWhoSeesAndWhoAnswersSuggestions(t *testing.T) {
	t.Parallel()
	s := newSuggestionSite(t, "email")
	viewer := s.As(t, s.Acme[domain.RoleViewer])
	page := viewer.Get("/w/acme/suggestions").Want(http.StatusOK)
	if page.Doc().Find(".sug").Length() != 1 || page.Doc().Find(".sug form").Length() != 0 {
		t.Errorf("a viewer sees %q", page.Text("main"))
	}
	viewer.Post("/w/acme/suggestions", "act", "accept", "category", "1", "field", itoa(s.fields[0])).Want(http.StatusForbidden)
	s.As(t, s.Other[domain.RoleAdmin]).Get("/w/acme/suggestions").Want(http.StatusNotFound)

	field := viewer.Get("/w/acme/fields/" + itoa(s.fields[0])).Want(http.StatusOK)
	if got := field.Text("main"); !strings.Contains(got, "Suggested category") || field.Doc().Find(".sug form").Length() != 0 {
		t.Errorf("the page of the field shows %q", got)
	}
	editor := s.As(t, s.Acme[domain.RoleEditor])
	if got := editor.Get("/w/acme/fields/" + itoa(s.fields[0]) + "/edit").Want(http.StatusOK).Doc().Find(".sug form").Length(); got != 1 {
		t.Errorf("%d forms on the form of the field", got)
	}
	list := editor.Get("/w/acme/fields?suggestion=yes&confidence=50&col=suggestion,confidence&sort=-confidence").Want(http.StatusOK)
	if got := list.Text("tbody"); !strings.Contains(got, "email") || !strings.Contains(got, "ident.contact.email") || !strings.Contains(got, "%") {
		t.Errorf("the list of fields shows %q", got)
	}
	if got := editor.Get("/w/acme/fields?suggestion=no").Text("tbody"); strings.Contains(got, "email") {
		t.Errorf("fields without a suggestion: %q", got)
	}
	if got := string(editor.Get("/w/acme/suggestions.csv").Want(http.StatusOK).Body); !strings.Contains(got, "email") {
		t.Errorf("the export holds %q", got)
	}
}

func TestSuggestionsInFrench(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Other[domain.RoleAdmin] // works in French
	app := s.Application(t, by, "Orion")
	for _, name := range []string{"email", "e_mail"} {
		f, err := domain.NewField(domain.Field{Dataset: s.Dataset(t, by, app, "client_"+name), Name: name})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Store.AddField(t.Context(), by, f); err != nil {
			t.Fatal(err)
		}
	}
	row, _ := rowOf(t, s.As(t, by).Get("/w/other/suggestions").Want(http.StatusOK), "e_mail")
	for _, want := range []string{"dans 2 jeux de données", "Accepter les 2", "Refuser"} {
		if !strings.Contains(row.Text(), want) {
			t.Errorf("the row lacks %q: %s", want, row.Text())
		}
	}
}

// Without any field there is nothing to praise: the page leads to an import, and says so only to who may bring one in.
func TestSuggestionsOfAnEmptyWorkspace(t *testing.T) {
	t.Parallel()
	s := newSuggestionSite(t)
	for _, role := range []domain.Role{domain.RoleEditor, domain.RoleViewer} {
		page := s.As(t, s.Acme[role]).Get("/w/acme/suggestions").Want(http.StatusOK)
		if text := page.Text(".empty"); !strings.Contains(text, "no field yet") {
			t.Errorf("%s reads %q", role, text)
		}
		want := 0
		if role == domain.RoleEditor {
			want = 1
		}
		if got := page.Doc().Find(`.empty a[href="/w/acme/imports/new"]`).Length(); got != want {
			t.Errorf("%s finds %d ways to an import, want %d", role, got, want)
		}
	}
}
