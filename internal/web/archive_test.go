package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/web/webtest"
)

// An administrator takes the workspace away as a file, which makes the same workspace elsewhere; nobody else does.
func TestWorkspaceIsTakenAway(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	_, id := heldField(t, s)
	v := s.As(t, s.Acme[domain.RoleAdmin])
	link := v.Get("/w/acme/settings").Want(http.StatusOK).Doc().Find("a[download]").AttrOr("href", "")
	file := v.Get(link).Want(http.StatusOK)
	if name := file.Header.Get("Content-Disposition"); !strings.Contains(name, "acme-") || !strings.HasSuffix(name, `.utile.jsonl.gz"`) {
		t.Errorf("file is called %q", name)
	}
	added, err := s.Store.ImportWorkspace(t.Context(), s.Admin(), strings.NewReader(file.Body), store.ImportOptions{Slug: "copy"})
	if err != nil || added.Slug != "copy" {
		t.Fatalf("brought in again: %+v, %v", added, err)
	}
	var fields int
	if err := s.Owner.QueryRow(t.Context(), `select count(*) from field c join field f on f.name = c.name where c.workspace_id = $1 and f.id = $2`,
		added.ID, id).Scan(&fields); err != nil || fields != 1 {
		t.Errorf("%d fields in the copy, %v", fields, err)
	}
	for _, role := range []domain.Role{domain.RoleEditor, domain.RoleDPO, domain.RoleViewer} {
		s.As(t, s.Acme[role]).Get(link).Want(http.StatusForbidden)
	}
}

// The history of the settings says thresholds in their unit, and names in words who did what nobody did.
func TestHistorySpeaksInWords(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	s.Exec(t, `insert into event (workspace_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after)
		values ($1, 'server', 'workspace.changed', 'workspace', $1, 'Acme', '{"fill_rate_min": 0.05, "window_days": 90}', '{"fill_rate_min": 0.075, "window_days": 30}')`,
		s.Admin().Workspace)
	got := s.As(t, s.Acme[domain.RoleViewer]).Get("/w/acme/history").Want(http.StatusOK).Text("main")
	for _, want := range []string{"5%", "7.50%", "90 days", "30 days", "The server"} {
		if !strings.Contains(got, want) {
			t.Errorf("history lacks %q: %s", want, got)
		}
	}
	if strings.Contains(strings.ReplaceAll(got, "The server", ""), "server") || strings.Contains(got, "0.05") {
		t.Errorf("history = %s", got)
	}
}
