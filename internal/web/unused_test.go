package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

func TestUnusedDecideAGroup(t *testing.T) {
	t.Parallel()
	s := newBulkSite(t)
	v := s.As(t, s.Acme[domain.RoleEditor])

	page := v.Get("/w/acme/unused").Want(http.StatusOK)
	for _, want := range []string{"3 fields flagged", "0 of 3 decided", "Salesforce", "field_0", "No program that is live or dated needs this field"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("page lacks %q: %s", want, page.Text("main"))
		}
	}
	choice := v.Post("/w/acme/fields/bulk", append(hidden(page, ".ugroup .cardh form"), "act", "keep_until")...).Want(http.StatusOK)
	preview := v.Post("/w/acme/fields/bulk/preview", append(hidden(choice, ".formpage"), "decision_until", s.day(200), "reason", "a program starts soon")...).Want(http.StatusOK)
	done := v.Follow(v.Post("/w/acme/fields/bulk/apply", hidden(preview, ".confirm")...).Want(http.StatusSeeOther)).Want(http.StatusOK)
	for _, want := range []string{"3 of 3 decided", "Nothing left to decide"} {
		if !strings.Contains(done.Text("main"), want) {
			t.Errorf("page lacks %q: %s", want, done.Text("main"))
		}
	}
	decided := v.Get("/w/acme/unused?show=decided&by=flag").Want(http.StatusOK)
	for _, want := range []string{"Kept until", "a program starts soon", "acme editor", "Withdraw"} {
		if !strings.Contains(decided.Text("main"), want) {
			t.Errorf("decided page lacks %q: %s", want, decided.Text("main"))
		}
	}
	v.Post("/w/acme/fields/" + itoa(s.fields[0]) + "/decision/withdraw").Want(http.StatusSeeOther)
	if got := v.Get("/w/acme/unused?by=verdict").Text("main"); !strings.Contains(got, "2 of 3 decided") {
		t.Errorf("after the withdrawal: %s", got)
	}
	for tab, n := range map[string]int{"": 1, "?show=decided": 2, "?decision=none&show=decided": 1, "?decision=keep_until": 2} { // each tab's file holds what the tab shows
		page := v.Get("/w/acme/unused" + tab).Want(http.StatusOK)
		flagged := "3 fields flagged"
		if strings.HasPrefix(tab, "?decision=keep") {
			flagged = "2 fields flagged"
		}
		if got := page.Text("main"); !strings.Contains(got, flagged) || !strings.Contains(got, "To decide 1") || !strings.Contains(got, "Decided 2") {
			t.Errorf("tab %q: %s", tab, got)
		}
		href, _ := page.Doc().Find(`a[href*="unused.csv"]`).Attr("href")
		csv := v.Get(href).Want(http.StatusOK).Body
		if rows := strings.Count(strings.TrimSpace(csv), "\n"); rows != n || strings.Contains(csv, "a program starts soon") != (n == 2) || strings.Contains(csv, "field_4") {
			t.Errorf("tab %q: export of %d rows = %q, want %d", tab, rows, csv, n)
		}
	}
	viewer := s.As(t, s.Acme[domain.RoleViewer]).Get("/w/acme/unused").Want(http.StatusOK)
	if n := viewer.Doc().Find(`button[name="act"], .c-chk, .ugroup form`).Length(); n > 1 {
		t.Errorf("a reader is offered %d decisions", n)
	}
}

// What only comes close to a search is said to, and no act takes all of it.
func TestUnusedLookAlikes(t *testing.T) {
	t.Parallel()
	s := newBulkSite(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	for _, path := range []string{"/w/acme/unused", "/w/acme/fields"} {
		page := v.Get(path + "?q=fieldd_0").Want(http.StatusOK)
		if got := page.Text("main"); !strings.Contains(got, "Nothing holds “fieldd_0”") || !strings.Contains(got, "field_0") {
			t.Errorf("%s says %q", path, got)
		}
		if page.Doc().Find(`main [name=scope]`).Length() > 0 {
			t.Errorf("%s offers to take all that only comes close", path)
		}
		if csv := v.Get(path + ".csv?q=fieldd_0").Want(http.StatusOK).Body; !strings.Contains(csv, "field_0") {
			t.Errorf("%s: export = %q, want what the page shows", path, csv)
		}
	}
	v.Post("/w/acme/fields/bulk", "act", "propose_deletion", "scope", "all", "query", "q=fieldd_0").Want(http.StatusUnprocessableEntity)
	v.Post("/w/acme/fields/bulk", "act", "propose_deletion", "scope", "all", "query", "q=field_0").Want(http.StatusOK)
}

func TestUnusedWithNothing(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	if got := v.Get("/w/acme/unused").Want(http.StatusOK).Text("main"); !strings.Contains(got, "Nothing left to decide") {
		t.Errorf("page = %s", got)
	}
	s.Field(t, s.Admin(), s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "Salesforce"), "Contact"), "Mystery__c", "")
	page := v.Get("/w/acme/unused").Want(http.StatusOK)
	if got := page.Text("main"); strings.Contains(got, "Nothing left") || !strings.Contains(got, "1 field is not classified") {
		t.Errorf("with a field that nobody classified: %s", got)
	}
	if href, _ := page.Doc().Find(".empty a").Attr("href"); !strings.Contains(v.Get(href).Want(http.StatusOK).Text("main"), "Mystery__c") {
		t.Errorf("%s does not list the field", href)
	}
	v.Get("/w/acme/unused?show=decided&by=nonsense&group=zzz").Want(http.StatusOK)
	s.As(t, s.Other[domain.RoleAdmin]).Get("/w/acme/unused").Want(http.StatusNotFound)
}
