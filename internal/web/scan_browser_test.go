package web_test

import (
	"testing"

	"utile/internal/domain"
)

// TestImportPagesInABrowser looks at every state of an import as people do: no fault of accessibility, nothing refused by
// the policy, nothing wider than the window, in both languages.
func TestImportPagesInABrowser(t *testing.T) {
	t.Parallel()
	s := working(t)
	editor := s.Acme[domain.RoleEditor]
	v := s.As(t, editor)
	bring := func(name, content string) string {
		path := send(t, v, []string{"application", "CRM"}, name, content).Location
		settled(t, s, v, path)
		return path
	}
	mapping := bring("list.csv", "Truc,Machin,Bidule\nContact,email,text\nContact,phone,text\n")
	first := bring("crm.csv", "table,column,data_type\nContact,Email,varchar(80)\nContact,FirstName,varchar(40)\nContact,BirthDate,date\n")
	v.Post(first + "/apply")
	settled(t, s, v, first)
	second := bring("crm-2.csv", "table,column,data_type,nullable\nContact,EmailAddress,varchar(80),yes\nContact,FirstName,varchar(60),perhaps\nContact,Phone,text,no\n")
	failed := bring("report.pdf", "%PDF-1.7\n")

	inBrowser(t, s, editor,
		shownPage{"import-new", "/w/acme/imports/new"}, shownPage{"import-mapping", mapping}, shownPage{"import-renamed", second + "?tab=renamed"},
		shownPage{"import-problems", second + "?tab=problems"}, shownPage{"import-undo", first + "/undo"}, shownPage{"import-failed", failed})
}
