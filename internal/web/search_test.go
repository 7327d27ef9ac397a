package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

func TestSearchLeadsToWhatItFinds(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	_, id := heldField(t, s)
	v := s.As(t, s.Acme[domain.RoleViewer])

	page := v.Get("/w/acme/search?q=BIRTH").Want(http.StatusOK)
	if href, _ := page.Doc().Find("#found-fields").Closest("section").Find("a").First().Attr("href"); href != "/w/acme/fields/"+itoa(id) {
		t.Errorf("the hit leads to %q", href)
	}
	if got := page.Text("#count"); got != "1 result" {
		t.Errorf("count = %q", got)
	}
	if got := v.Get("/w/acme/search?q=salesforce").Text("main"); !strings.Contains(got, "Applications") {
		t.Errorf("salesforce finds: %s", got)
	}
	page = v.Get("/w/acme/search?q=birt_date")
	if got := page.Text(".note"); !strings.Contains(got, "Nothing holds “birt_date”") {
		t.Errorf("a typing error: %q", page.Text("main"))
	}
	if got := v.Get("/w/acme/search?q=%3Cscript%3Ezzz").Text(".empty"); !strings.Contains(got, "<script>zzz") {
		t.Errorf("nothing found: %q", got)
	}
	v.Get("/w/acme/search").Want(http.StatusOK)
	s.As(t, s.Other[domain.RoleViewer]).Get("/w/acme/search?q=birth").Want(http.StatusNotFound)
	if got := s.As(t, s.Other[domain.RoleViewer]).Get("/w/other/search?q=birth").Text("main"); strings.Contains(got, "birth_date") {
		t.Error("another workspace's field is found")
	}
}

func TestHistoryPageNarrows(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	heldField(t, s)
	editor := s.As(t, s.Acme[domain.RoleEditor])
	editor.Post("/w/acme/applications", "name", "Braze", "hosting", "saas", "processor", "no", "lifecycle", "live").Want(http.StatusSeeOther)

	page := editor.Get("/w/acme/history").Want(http.StatusOK)
	if got := page.Text(".tl"); !strings.Contains(got, "“Braze” added acme editor") || !strings.Contains(got, "“Salesforce” added acme admin") {
		t.Errorf("history = %q", got)
	}
	if got := page.Text(".tl a"); !strings.Contains(got, "Application: Braze") {
		t.Errorf("links = %q", got)
	}
	if got := editor.Get("/w/acme/history?actor=" + itoa(s.Acme[domain.RoleEditor].User)).Text(".tl"); strings.Contains(got, "Salesforce") || !strings.Contains(got, "Braze") {
		t.Errorf("one person's history = %q", got)
	}
	if got := editor.Get("/w/acme/history?kind=purpose").Text(".empty"); got == "" {
		t.Error("no word where nothing happened")
	}
	page = editor.Get("/w/acme/history?from=31/12/2030&to=nonsense").Want(http.StatusOK)
	if page.Problem("to") == "" || page.Value("to") != "nonsense" {
		t.Errorf("a day that is none: problem %q, value %q", page.Problem("to"), page.Value("to"))
	}
	if got := page.Text(".tl"); got != "" {
		t.Errorf("from a day to come: %q", got)
	}
	if got := s.As(t, s.Other[domain.RoleAdmin]).Get("/w/other/history").Text("main"); strings.Contains(got, "Braze") {
		t.Error("another workspace's history is shown")
	}
}

func TestHistoryPagesLeadOn(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	s.Exec(t, `insert into event (workspace_id, actor_name, verb, subject_kind, subject_id, subject_name)
		select $1, 'x', 'field.changed', 'field', i, 'field-' || i || '-' from generate_series(1, 60) i`, s.Admin().Workspace)
	v := s.As(t, s.Acme[domain.RoleViewer])
	page := v.Get("/w/acme/history?kind=field")
	if got := page.Text(".tl"); !strings.Contains(got, "field-60-") || !strings.Contains(got, "field-11-") || strings.Contains(got, "field-10-") {
		t.Errorf("first page is not the newest fifty: %.200q", got)
	}
	older, _ := page.Doc().Find("main nav.cluster a").Last().Attr("href")
	page = v.Get(older).Want(http.StatusOK)
	if got := page.Text(".tl"); !strings.Contains(got, "field-10-") || !strings.Contains(got, "field-1-") || strings.Contains(got, "field-11-") {
		t.Errorf("second page: %.200q", got)
	}
	if got := page.Doc().Find("main nav.cluster a").Length(); got != 1 {
		t.Errorf("%d ways on from the last page, want the one back", got)
	}
}
