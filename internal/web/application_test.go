package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

func TestApplicationSavesAndShows(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleEditor])

	saved := v.Post("/w/acme/applications", "name", "  Sales   force ", "kind", "CRM", "vendor", "Salesforce", "hosting", "saas",
		"processor", "yes", "lifecycle", "live", "country", "Ireland").Want(http.StatusSeeOther)

	page := v.Follow(saved).Want(http.StatusOK)
	if got := page.Text("h1"); got != "Sales force" {
		t.Errorf("title = %q", got)
	}
	for _, want := range []string{"Online service (SaaS)", "Ireland", "Salesforce"} {
		if !strings.Contains(page.Text("#facts, .facts"), want) {
			t.Errorf("facts lack %q: %s", want, page.Text(".facts"))
		}
	}
	if got := page.Text(".flash"); !strings.Contains(got, "Sales force") {
		t.Errorf("message = %q", got)
	}
	if got := page.Text(".tl"); !strings.Contains(got, "added") {
		t.Errorf("history = %q", got)
	}
	if got := v.Get("/w/acme/applications").Text("tbody"); !strings.Contains(got, "Sales force") {
		t.Errorf("list = %q", got)
	}
}

func TestApplicationRefusedKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	s.Application(t, s.Admin(), "Braze")

	page := v.Post("/w/acme/applications", "name", "braze", "vendor", "Braze Inc", "hosting", "moon").Want(http.StatusUnprocessableEntity)
	if got := page.Value("vendor"); got != "Braze Inc" {
		t.Errorf("vendor = %q, want what was typed", got)
	}
	if page.Problem("hosting") == "" {
		t.Error("no problem said for the hosting")
	}
	page = v.Post("/w/acme/applications", "name", "braze", "vendor", "Braze Inc").Want(http.StatusUnprocessableEntity)
	if page.Problem("name") == "" {
		t.Error("no problem said for a name that is taken")
	}
}

func TestApplicationRefusals(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	id := s.Application(t, s.Admin(), "Braze")
	path := "/w/acme/applications/" + itoa(id)

	s.As(t, s.Acme[domain.RoleViewer]).Post(path, "name", "X").Want(http.StatusForbidden)
	s.As(t, s.Other[domain.RoleAdmin]).Get(path).Want(http.StatusNotFound)
	s.As(t, s.Other[domain.RoleAdmin]).Get("/w/other/applications/" + itoa(id)).Want(http.StatusNotFound)
	editor := s.As(t, s.Acme[domain.RoleEditor])
	editor.Post(path, "name", "Braze 2", "version", "7").Want(http.StatusConflict)
	editor.Post(path, "name", "Braze 2", "version", "1").Want(http.StatusSeeOther)
	if got := s.Nobody(t).Get(path); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Location, "/sign-in?next=") {
		t.Errorf("nobody: status %d to %s", got.Status, got.Location)
	}
}

func TestApplicationInUseStays(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	id := s.Application(t, s.Admin(), "Braze")
	dataset := s.Dataset(t, s.Admin(), id, "users")
	v := s.As(t, s.Acme[domain.RoleEditor])
	path := "/w/acme/applications/" + itoa(id)

	page := v.Post(path + "/archive").Want(http.StatusConflict)
	if !strings.Contains(page.Text("main"), "1 dataset") {
		t.Errorf("refusal does not say what uses it: %s", page.Text("main"))
	}
	s.Exec(t, `delete from dataset where id = $1`, dataset)
	v.Post(path + "/archive").Want(http.StatusSeeOther)
	v.Post(path + "/restore").Want(http.StatusSeeOther)
	v.Post(path + "/remove").Want(http.StatusSeeOther)
	v.Get(path).Want(http.StatusNotFound)
}

// Taking all rows asks for nothing yet: the list comes back with all taken, and only then is something done to them.
func TestTakingAllRowsDoesNothingByItself(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	for i := range 60 {
		s.Application(t, s.Admin(), "App "+itoa(int64(i)))
	}
	v := s.As(t, s.Acme[domain.RoleEditor])

	taken := v.Follow(v.Post("/w/acme/applications/bulk", "scope", "all", "query", "q=app").Want(http.StatusSeeOther)).Want(http.StatusOK)
	if got := taken.Text(".bulkn"); !strings.Contains(got, "60 applications") {
		t.Errorf("the bar says %q", got)
	}
	if got := taken.Doc().Find(`.bulk input[name=scope][value=all]`).Length(); got != 1 {
		t.Error("the next act would not be about all of them")
	}
	if got := v.Get("/w/acme/applications").Text("#count"); got != "60 applications" {
		t.Errorf("after taking all: %s", got)
	}
	v.Post("/w/acme/applications/bulk", "act", "archive", "scope", "all", "query", "q=app").Want(http.StatusSeeOther)
	if got := v.Get("/w/acme/applications").Text("#count"); got != "0 applications" {
		t.Errorf("after archiving all: %s", got)
	}
}
