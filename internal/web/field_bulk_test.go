package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"utile/internal/browsertest"
	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// bulkSite is a site with five fields, one of them sensitive, and a live program.
type bulkSite struct {
	*webtest.Site
	fields  []domain.FieldID
	program domain.ProgramID
}

func newBulkSite(t testing.TB) *bulkSite {
	t.Helper()
	s := &bulkSite{Site: webtest.New(t)}
	ds := s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "Salesforce"), "Contact")
	for i, code := range []string{"ident.contact.email", "ident.contact.email", "art9.health", "", "tech.key"} {
		s.fields = append(s.fields, s.Field(t, s.Admin(), ds, fmt.Sprintf("field_%d", i), code))
	}
	s.program = s.Program(t, s.Admin(), "Birthday", "live")
	return s
}

// hidden are the hidden values of a form, for the next step.
func hidden(p *webtest.Page, form string) []string {
	var pairs []string
	p.Doc().Find(form + ` input[type="hidden"]`).Each(func(_ int, in *goquery.Selection) {
		name, _ := in.Attr("name")
		value, _ := in.Attr("value")
		pairs = append(pairs, name, value)
	})
	return pairs
}

func (s *bulkSite) ticked() []string {
	var pairs []string
	for _, id := range s.fields {
		pairs = append(pairs, "id", itoa(id))
	}
	return pairs
}

func TestBulkLinkFromListToUndo(t *testing.T) {
	t.Parallel()
	s := newBulkSite(t)
	v := s.As(t, s.Acme[domain.RoleEditor])

	panel := v.Post("/w/acme/fields/bulk", append(s.ticked(), "act", "link")...).Want(http.StatusOK)
	if got := panel.Text("h1"); got != "Link 5 fields to a program" {
		t.Errorf("title = %q", got)
	}
	choice := hidden(panel, ".formpage")
	refused := v.Post("/w/acme/fields/bulk/preview", append(choice, "program", itoa(s.program), "level", "useful")...).Want(http.StatusUnprocessableEntity)
	if got := refused.Problem("note"); !strings.Contains(got, "gain") {
		t.Errorf("problem of the note = %q", got)
	}
	if got := refused.Value("program"); got != itoa(s.program) {
		t.Errorf("the program that was chosen is lost: %q", got)
	}

	preview := v.Post("/w/acme/fields/bulk/preview", append(choice, "program", itoa(s.program), "level", "useful", "note", "+4 % opened")...).Want(http.StatusOK)
	text := preview.Text(".confirm")
	for _, want := range []string{"4 fields will be linked", "1 refused: sensitive data", "Birthday", "+4 % opened", "Link 4 fields"} {
		if !strings.Contains(text, want) {
			t.Errorf("preview lacks %q: %s", want, text)
		}
	}
	if got := preview.Text(".reg-table, table"); !strings.Contains(got, "field_2") {
		t.Errorf("refused rows = %q", got)
	}
	file := v.Post("/w/acme/fields/bulk/refused", hidden(preview, ".cardh form")...).Want(http.StatusOK)
	if !strings.Contains(file.Body, "field_2") || !strings.Contains(file.Body, "never “useful”") || strings.Contains(file.Body, "field_1") {
		t.Errorf("file of the refused = %q", file.Body)
	}

	done := v.Post("/w/acme/fields/bulk/apply", hidden(preview, ".confirm")...).Want(http.StatusSeeOther)
	list := v.Follow(done).Want(http.StatusOK)
	if got := list.Text(".flash"); !strings.Contains(got, "4 fields changed; 1 refused") {
		t.Errorf("message = %q", got)
	}
	undo, _ := list.Doc().Find(".flash form").Attr("action")
	if !strings.HasSuffix(undo, "/undo") {
		t.Fatalf("no undo in the message: %q", undo)
	}
	batch := v.Get(strings.TrimSuffix(undo, "/undo")).Want(http.StatusOK)
	for _, want := range []string{"Link to a program", "4 fields", "Birthday", "field_0", "1 field had been refused"} {
		if !strings.Contains(batch.Text("main"), want) {
			t.Errorf("batch page lacks %q: %s", want, batch.Text("main"))
		}
	}
	if got := v.Get("/w/acme/batches").Text("main"); !strings.Contains(got, "Link to a program") || !strings.Contains(got, "Undo") {
		t.Errorf("recent activity = %q", got)
	}
	links := v.Get("/w/acme/links?level=useful").Want(http.StatusOK)
	if got := links.Text("tbody"); !strings.Contains(got, "field_0") || !strings.Contains(got, "Birthday") || strings.Contains(got, "field_2") {
		t.Errorf("links = %q", got)
	}

	s.As(t, s.Acme[domain.RoleDPO]).Post(undo).Want(http.StatusForbidden)
	s.As(t, s.Acme[domain.RoleViewer]).Post(undo).Want(http.StatusForbidden)
	s.As(t, s.Other[domain.RoleAdmin]).Post(undo).Want(http.StatusNotFound)
	after := v.Follow(v.Post(undo).Want(http.StatusSeeOther)).Want(http.StatusOK)
	if got := after.Text("main"); !strings.Contains(got, "Undone by") {
		t.Errorf("batch page after the undo = %q", got)
	}
	if got := v.Post(undo).Want(http.StatusConflict).Text("main"); !strings.Contains(got, "already undone by") {
		t.Errorf("undo twice = %q", got)
	}
	if got := v.Get("/w/acme/links").Text("main"); !strings.Contains(got, "No link yet") {
		t.Errorf("links after the undo = %q", got)
	}
}

func TestBulkOnAllThatMatch(t *testing.T) {
	t.Parallel()
	s := newBulkSite(t)
	v := s.As(t, s.Acme[domain.RoleEditor])

	choice := v.Post("/w/acme/fields/bulk", "scope", "all", "query", "verdict=delete").Want(http.StatusOK)
	if got := choice.Text("h1"); got != "What to do with 3 fields?" {
		t.Errorf("title = %q", got)
	}
	panel := v.Post("/w/acme/fields/bulk", append(hidden(choice, "main form"), "act", "propose_deletion")...).Want(http.StatusOK)
	preview := v.Post("/w/acme/fields/bulk/preview", append(hidden(panel, ".formpage"), "reason", "nobody needs it")...).Want(http.StatusOK)
	confirm := hidden(preview, ".confirm")

	// Somebody classifies another field between the preview and the confirmation.
	ds := s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "Braze"), "users")
	s.Field(t, s.Admin(), ds, "latecomer", "ident.contact.email")
	moved := v.Post("/w/acme/fields/bulk/apply", confirm...).Want(http.StatusConflict)
	if got := moved.Text("main"); !strings.Contains(got, "changed since the preview") || !strings.Contains(got, "4 fields will be proposed") {
		t.Errorf("page = %q", got)
	}
	done := v.Follow(v.Post("/w/acme/fields/bulk/apply", hidden(moved, ".confirm")...).Want(http.StatusSeeOther))
	if got := done.Text(".flash"); !strings.Contains(got, "Deletion of 4 fields proposed") {
		t.Errorf("message = %q", got)
	}
	if !strings.Contains(done.Text("main"), "latecomer") {
		t.Error("the list that the person came from is not shown again")
	}
}

func TestBulkRefusals(t *testing.T) {
	t.Parallel()
	s := newBulkSite(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	v.Post("/w/acme/fields/bulk", "act", "link").Want(http.StatusUnprocessableEntity)
	v.Post("/w/acme/fields/bulk", "act", "link", "scope", "all", "query", "q=nothing+like+it").Want(http.StatusUnprocessableEntity)
	v.Post("/w/acme/fields/bulk/preview", append(s.ticked(), "act", "nonsense")...).Want(http.StatusUnprocessableEntity)
	v.Get("/w/acme/fields/bulk").Want(http.StatusSeeOther)
	other := s.As(t, s.Other[domain.RoleAdmin])
	page := other.Post("/w/other/fields/bulk/apply", append(s.ticked(), "act", "origin", "origin", "observed")...)
	if !strings.Contains(other.Follow(page).Text(".flash"), "Il n’y a rien à changer") {
		t.Error("fields of another workspace were found")
	}
	for role, acts := range map[domain.Role][]string{
		domain.RoleViewer:      {"link", "to_dpo"},
		domain.RoleDPO:         {"link", "categorise", "owner"},
		domain.RoleFacilitator: {"categorise", "origin"},
	} {
		for _, act := range acts {
			s.As(t, s.Acme[role]).Post("/w/acme/fields/bulk", append(s.ticked(), "act", act)...).Want(http.StatusForbidden)
		}
	}
	// Every act shows its form, in both languages.
	for _, act := range domain.BulkActs {
		for _, lang := range []string{"en", "fr"} {
			admin := s.As(t, s.Admin())
			admin.Lang = lang
			admin.Post("/w/acme/fields/bulk", append(s.ticked(), "act", string(act))...).Want(http.StatusOK)
		}
	}
}

func TestWithdrawDecision(t *testing.T) {
	t.Parallel()
	s := newBulkSite(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	id := itoa(s.fields[0])
	v.Post("/w/acme/fields/bulk/apply", "id", id, "act", "to_dpo", "reason", "unsure").Want(http.StatusSeeOther)
	s.As(t, s.Acme[domain.RoleViewer]).Post("/w/acme/fields/" + id + "/decision/withdraw").Want(http.StatusForbidden)
	s.As(t, s.Other[domain.RoleAdmin]).Post("/w/other/fields/" + id + "/decision/withdraw").Want(http.StatusNotFound)
	got := v.Post("/w/acme/fields/"+id+"/decision/withdraw", "back", "//elsewhere.example").Want(http.StatusSeeOther)
	if got.Location != "/w/acme/fields/"+id {
		t.Errorf("sent to %q", got.Location)
	}
	v.Post("/w/acme/fields/" + id + "/decision/withdraw").Want(http.StatusNotFound)
}

// day is a date so many days from now, as people type it.
func (s *bulkSite) day(days int) string { return time.Now().AddDate(0, 0, days).Format("02/01/2006") }

func TestBulkPagesInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowd(t, 400)
	var program int64
	if err := s.Owner.QueryRow(t.Context(), `select id from program where name = 'Anniversaire'`).Scan(&program); err != nil {
		t.Fatal(err)
	}
	ids, err := s.Store.IDs(t.Context(), s.Admin(), "fields", domain.ListQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []domain.Bulk{
		{Act: domain.BulkLink, Program: domain.ProgramID(program), Level: domain.LinkUseful, Note: "+4 % de réponses"},
		{Act: domain.BulkOrigin, Origin: "observed"},
	} {
		if _, _, err := s.Store.ApplyBulk(t.Context(), s.Acme[domain.RoleEditor], b, ids[:60], ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.Store.UndoBatch(t.Context(), s.Admin(), 2); err != nil {
		t.Fatal(err)
	}
	working, err := s.Store.AskBulk(t.Context(), s.Acme[domain.RoleEditor], domain.Bulk{Act: domain.BulkOrigin, Origin: "derived"}, ids, "", "/w/acme/fields")
	if err != nil {
		t.Fatal(err)
	}
	s.Exec(t, `update batch_work set rows_done = rows_total / 3`)
	lost, err := s.Store.AskBulk(t.Context(), s.Acme[domain.RoleEditor], domain.Bulk{Act: domain.BulkOrigin, Origin: "received"}, ids, "", "/w/acme/fields")
	if err == nil {
		err = s.Store.FailBatch(t.Context(), s.Admin(), lost, domain.Problem{Key: "batch.problem.moved"})
	}
	if err != nil {
		t.Fatal(err)
	}
	inBrowser(t, s, s.Acme[domain.RoleEditor],
		shownPage{"unused", "/w/acme/unused"},
		shownPage{"unused-flag", "/w/acme/unused?by=flag&verdict=dormant"},
		shownPage{"unused-decided", "/w/acme/unused?show=decided&by=category"},
		shownPage{"batches", "/w/acme/batches"},
		shownPage{"batch", "/w/acme/batches/1"},
		shownPage{"batch-working", "/w/acme/batches/" + itoa(working)},
		shownPage{"batch-failed", "/w/acme/batches/" + itoa(lost)},
		shownPage{"links", "/w/acme/links?note=missing&n=10"})

	tab := browsertest.Browser(t).Cookie(s.URL, "utile", s.Token(t, s.Acme[domain.RoleEditor]))
	// Work that ends while somebody looks on: the page and the first bar say so by themselves.
	tab.Open(s.URL + "/w/acme/batches/" + itoa(working)).Wait("progress").Wait("#work")
	if err := s.Store.WorkBatch(t.Context(), s.Admin(), working); err != nil {
		t.Fatal(err)
	}
	tab.Wait("#main .cardb table, #main tbody tr").Wait("header:not(:has(#work))")
	if left := tab.Eval(`String(document.querySelectorAll("progress").length)`); left != "0" {
		t.Errorf("%s progress bars are left", left)
	}

	// Whoever lives by another clock reads their own hours.
	s.Exec(t, `update batch set created_at = '2026-07-01T22:40:00Z' where id = 1`)
	tab.Zone("Europe/Paris").Prepare(s.URL, "fr").Open(s.URL + "/w/acme/batches/1").Wait("time[title]")
	if got := tab.Eval(`[...document.querySelectorAll("time")].map((t) => t.textContent + " / " + t.title)[0]`); strings.Join(strings.Fields(got), " ") != "2 juil. 2026, 00:40 / 01/07/2026 22:40 UTC" {
		t.Errorf("the hour in Paris: %q", got)
	}
	tab.Zone("")

	// The steps of an act answer forms, so a form leads to them.
	for _, lang := range []string{"fr", "en"} {
		tab.Prepare(s.URL, lang).Open(s.URL + "/w/acme/unused?by=verdict")
		tab.Click(".ugroup .cardh form .btn").Wait(".choices")
		tab.Look(t, lang, "bulk-choice")
		tab.Click(`button[value="link"]`).Wait(".formpage")
		tab.Look(t, lang, "bulk-panel")
		tab.Click(".formpage .btn-primary").Wait(".summary")
		tab.Look(t, lang, "bulk-panel-refused")
		tab.Eval(`document.querySelector('[name=program]').value = '` + itoa(program) + `'; document.querySelector('[value=useful]').checked = true;
			document.querySelector('[name=note]').value = '+4 % de réponses'; ''`)
		tab.Click(".formpage .btn-primary").Wait(".confirm")
		tab.Look(t, lang, "bulk-preview")
	}
}

// An act that is sent twice is told to be done, not that nothing was.
func TestBulkSentTwice(t *testing.T) {
	t.Parallel()
	s := newBulkSite(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	panel := v.Post("/w/acme/fields/bulk", "id", itoa(s.fields[0]), "act", "link").Want(http.StatusOK)
	preview := v.Post("/w/acme/fields/bulk/preview", append(hidden(panel, ".formpage"), "program", itoa(s.program), "level", "essential")...).Want(http.StatusOK)
	form := hidden(preview, ".confirm")
	v.Post("/w/acme/fields/bulk/apply", form...).Want(http.StatusSeeOther)
	again := v.Follow(v.Post("/w/acme/fields/bulk/apply", form...).Want(http.StatusSeeOther)).Want(http.StatusOK)
	if got := again.Text(".flash"); !strings.Contains(got, "1 field already is as you ask") {
		t.Errorf("sent twice: %q", got)
	}
}
