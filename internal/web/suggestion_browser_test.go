package web_test

import (
	"testing"

	"utile/internal/browsertest"
	"utile/internal/domain"
)

// TestSuggestionsByKeyboard answers three suggestions without touching the pointer, and looks at each way of the page.
func TestSuggestionsByKeyboard(t *testing.T) {
	t.Parallel()
	s := newSuggestionSite(t, "email", "e_mail", "email_pro", "mail_perso", "courriel")
	editor := s.Acme[domain.RoleEditor]
	tab := browsertest.Browser(t).Cookie(s.URL, "utile", s.Token(t, editor))
	tab.Open(s.URL + "/w/acme/suggestions?way=one").Wait(".sugs")
	const rows, focused = `document.querySelectorAll('[data-row]').length`, `document.activeElement.closest('[data-row]')?.querySelector('.sug-n').textContent || ''`
	before := tab.Eval(rows)
	tab.Press("a") // nothing has the focus, so nothing is answered unseen
	tab.Press("j").Press("j")
	second := tab.Eval(focused)
	tab.Press("c")
	if got := tab.Eval(`document.activeElement.closest('.menulist') ? 'in' : 'out'`); got != "in" {
		t.Error("c does not open the choice")
	}
	tab.Axe(t)
	tab.Press("\x1b").Press("a").Wait(".flash")
	if after := tab.Eval(rows); after == before || tab.Eval(focused) == second {
		t.Errorf("after an answer by key there are %s rows of %s, and the focus is on %q", after, before, tab.Eval(focused))
	}
	if tab.Eval(focused) == "" {
		t.Error("the row that took the place of the answered one has no focus")
	}
	if got := s.category(t, 1); got != "ident.contact.email" {
		t.Errorf("the second field is %q", got)
	}
	tab.Looks(t, s.URL, "/w/acme/suggestions", "suggestions")
	tab.Looks(t, s.URL, "/w/acme/suggestions?way=over&confidence=10", "suggestions-over")
}
