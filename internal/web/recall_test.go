package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// A visit is remembered from one request to the next, and still nothing is shown to somebody who has no right to it any more:
// whatever another server or a hand in the database has changed counts for the very next page.
func TestRememberedVisitIsProved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change string // for the person $1 and the workspace $2
		status int    // of every page after it
	}{
		"session ended":    {`delete from auth_session where user_id = $1 and $2 > 0`, http.StatusSeeOther},
		"session too old":  {`update auth_session set expires_at = now() - interval '1 second' where user_id = $1 and $2 > 0`, http.StatusSeeOther},
		"session too idle": {`update auth_session set last_seen_at = now() - interval '2 hours' where user_id = $1 and $2 > 0`, http.StatusSeeOther},
		"person shut out":  {`update app_user set disabled_at = now() where id = $1 and $2 > 0`, http.StatusSeeOther},
		"member no more":   {`delete from membership where user_id = $1 and workspace_id = $2`, http.StatusNotFound},
		"workspace moved":  {`update workspace set slug = 'elsewhere' where id = $2 and $1 > 0`, http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.New(t)
			populate(t, s)
			by := s.Acme[domain.RoleEditor]
			v := s.As(t, by)
			pages := []string{"/w/acme", "/w/acme/fields", "/w/acme/fields?q=mail", "/w/acme/fields/new", "/w/acme/fields.csv", "/w/acme/targets", "/w/acme/work", "/w/acme/settings"}
			for range 2 {
				for _, path := range pages {
					v.Get(path).Want(http.StatusOK)
				}
			}
			s.Exec(t, c.change, int64(by.User), int64(by.Workspace))
			for _, path := range append(pages, "/w/acme?lang=fr", "/w/acme/fields/999999") {
				p := v.Get(path)
				if p.Status != c.status && !(path == "/w/acme?lang=fr" && p.Status == http.StatusSeeOther) {
					t.Errorf("%s answers %d, want %d", path, p.Status, c.status)
				}
				if strings.Contains(p.Body, "Acme") && c.status == http.StatusNotFound {
					t.Errorf("%s names the workspace", path)
				}
			}
		})
	}
}

// What has changed of the visit is on the next page.
func TestRememberedVisitChanges(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Acme[domain.RoleEditor]
	v := s.As(t, by)
	for range 2 {
		v.Get("/w/acme/fields/new").Want(http.StatusOK)
	}
	s.Exec(t, `update app_user set name = 'Zoé Quint', theme = 'dark' where id = $1`, int64(by.User))
	p := v.Get("/w/acme/fields/new").Want(http.StatusOK)
	if got := p.Text(".who strong"); got != "Zoé Quint" {
		t.Errorf("the person is %q", got)
	}
	if theme, _ := p.Doc().Find("html").Attr("data-theme"); theme != "dark" {
		t.Errorf("the theme is %q", theme)
	}
	s.Exec(t, `update membership set role = 'viewer' where user_id = $1 and workspace_id = $2`, int64(by.User), int64(by.Workspace))
	if denied := v.Get("/w/acme/fields/new").Want(http.StatusForbidden); len(denied.Header.Values("Content-Type")) != 1 {
		t.Errorf("headers of two answers: %v", denied.Header)
	}

	// A message is shown once, though the visit that has it is remembered.
	admin := s.As(t, s.Admin())
	admin.Get("/w/acme/teams").Want(http.StatusOK)
	admin.Post("/w/acme/teams", "name", "Loyalty").Want(http.StatusSeeOther)
	if said := admin.Get("/w/acme").Want(http.StatusOK).Text("#flashes"); said == "" {
		t.Error("no message")
	}
	for range 2 {
		if said := admin.Get("/w/acme").Want(http.StatusOK).Text("#flashes"); said != "" {
			t.Errorf("said again: %q", said)
		}
	}
}
