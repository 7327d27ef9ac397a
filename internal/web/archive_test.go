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
