package web_test

import (
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// TestImportPagesInABrowser looks at every state of an import as people do: no fault of accessibility, nothing refused by
// the policy, nothing wider than the window, in both languages.
func TestImportPagesInABrowser(t *testing.T) {
	t.Parallel()
	tab := webtest.Browser(t)
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

	tab.Cookie(s.URL, "utile", s.Token(t, editor))
	for _, lang := range []string{"fr", "en"} {
		tab.Cookie(s.URL, "lang", lang)
		for _, width := range []int{1440, 390} {
			tab.Width(width)
			for _, path := range []string{"/w/acme/imports/new", mapping, second + "?tab=renamed", second + "?tab=problems", first + "/undo", failed} {
				tab.Open(s.URL + path)
				tab.Axe(t)
				if n := tab.Overflow(); n > 0 {
					t.Errorf("%s in %s at %d: %d pixels too wide, by %s", path, lang, width, n, tab.Widest())
				}
				if faults := tab.Faults(); len(faults) > 0 {
					t.Errorf("%s: %v", path, faults)
				}
			}
		}
	}
}
