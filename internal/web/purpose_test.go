package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// sheet is a purpose typed in full, under a retention rule; more pairs replace or add to it.
func sheet(rule domain.RetentionRuleID, more ...string) []string {
	return append([]string{"code", "MKT", "name", "Write to customers", "legal_basis", "f_legitimate", "interest", "To keep them", "necessity", "No other way",
		"balance", "They expect it", "subjects", "customers", "recipients.0.kind", "internal", "security_measures", "encryption", "retention", itoa(rule),
		"needs_program", "1"}, more...)
}

func TestPurposeSavesAndShows(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	rule := s.Rule(t, s.Admin(), "R36", 36)
	v := s.As(t, s.Acme[domain.RoleDPO])
	saved := v.Post("/w/acme/purposes", sheet(rule, "sub_purposes", "Offers, news\nBirthdays", "subjects_other", "Members", "transfers.0.recipient", "Braze", "transfers.0.country", "US", "transfers.0.safeguard", "scc_c2p", "transfers.0.valid_until", "31/12/2027",
		"art9_condition", "a", "review_on", "01/02/2020")...).Want(http.StatusSeeOther)
	page := v.Follow(saved).Want(http.StatusOK)
	for _, want := range []string{"MKT", "Legitimate interests", "To keep them", "Customers", "Members", "3 years", "Encryption of data", "Braze (United States, Standard clauses 2021/914, controller to processor (art. 46), valid until 31 Dec 2027)",
		"Offers, news", "(a) Explicit consent", "Its review was due", "Draft"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("page lacks %q: %s", want, page.Text("main"))
		}
	}
	for _, filter := range []string{"", "?purpose_state=draft", "?legal_basis=f_legitimate", "?art9_condition=a", "?needs_program=yes", "?transfers=yes", "?review=overdue", "?q=birthdays"} {
		if got := v.Get("/w/acme/purposes" + filter).Want(http.StatusOK).Text("tbody"); !strings.Contains(got, "Write to customers") {
			t.Errorf("list%s = %q", filter, got)
		}
	}
	form := v.Get(saved.Location + "/edit").Want(http.StatusOK)
	if form.Value("sub_purposes") != "Offers, news\nBirthdays" || form.Value("subjects_other") != "Members" || form.Value("retention") != itoa(rule) {
		t.Error("the form does not hold what was saved")
	}
}

func TestPurposeIsRefusedWithAllThatIsMissing(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	rule := s.Rule(t, s.Admin(), "R36", 36)
	v := s.As(t, s.Acme[domain.RoleDPO])
	page := v.Post("/w/acme/purposes", "code", "", "name", "Keep invoices", "review_on", "soon").Want(http.StatusUnprocessableEntity)
	if page.Problem("code") == "" || page.Problem("review_on") == "" || page.Value("name") != "Keep invoices" {
		t.Error("the refused form must say what is wrong and keep what was typed")
	}
	path := v.Post("/w/acme/purposes", "code", "LAW", "name", "Keep invoices", "legal_basis", "c_legal").Want(http.StatusSeeOther).Location
	if got := v.Get(path).Text("section:has(#missing)"); !strings.Contains(got, "art. 6(1)(c)") || !strings.Contains(got, "art. 30(1)(d)") {
		t.Errorf("the page does not say what is missing: %q", got)
	}
	page = v.Post(path+"/state", "state", "in_force", "version", "1").Want(http.StatusUnprocessableEntity)
	for _, name := range []string{"legal_reference", "subjects", "recipients", "retention", "security_measures"} {
		if got := page.Problem(name); !strings.Contains(got, "art.") {
			t.Errorf("%s: %q does not name its article", name, got)
		}
	}
	v.Post(path, sheet(rule, "version", "1")...).Want(http.StatusSeeOther)
	v.Post(path+"/state", "state", "retired", "version", "2").Want(http.StatusConflict)
	v.Post(path+"/state", "state", "in_force", "version", "2").Want(http.StatusSeeOther)
	if got := v.Get(path).Text("header .badge"); !strings.Contains(got, "In force") {
		t.Errorf("badge = %q", got)
	}
	v.Post(path, "version", "3", "code", "LAW", "name", "Keep invoices", "legal_basis", "c_legal").Want(http.StatusUnprocessableEntity)
}

func TestPurposeRefusals(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	rule := s.Rule(t, s.Admin(), "R36", 36)
	g := newGrounded(t, s)
	path := "/w/acme/purposes/" + itoa(g.purpose)
	for _, post := range []string{path, path + "/state", path + "/archive", path + "/restore", path + "/remove"} {
		s.As(t, s.Acme[domain.RoleFacilitator]).Post(post, sheet(rule, "version", "1")...).Want(http.StatusForbidden)
	}
	s.As(t, s.Other[domain.RoleAdmin]).Get("/w/other/purposes/" + itoa(g.purpose)).Want(http.StatusNotFound)
	s.As(t, s.Other[domain.RoleAdmin]).Post("/w/other/purposes/"+itoa(g.purpose), sheet(rule, "version", "1")...).Want(http.StatusNotFound)
	v := s.As(t, s.Acme[domain.RoleDPO])
	v.Post(path, sheet(rule, "version", "8")...).Want(http.StatusConflict)
	for _, do := range []string{"/archive", "/remove"} {
		page := v.Post(path + do).Want(http.StatusConflict)
		if page.Doc().Find(`main a[href="/w/acme/mappings?purpose=`+itoa(g.purpose)+`"]`).Length() == 0 {
			t.Errorf("%s: the refusal does not lead to what uses it: %s", do, page.Text("main"))
		}
	}
	free := v.Post("/w/acme/purposes", "code", "TMP", "name", "Mistake").Want(http.StatusSeeOther).Location
	v.Post("/w/acme/purposes", "code", "tmp", "name", "Again").Want(http.StatusUnprocessableEntity)
	v.Post(free + "/archive").Want(http.StatusSeeOther)
	v.Post(free + "/restore").Want(http.StatusSeeOther)
	v.Post(free + "/remove").Want(http.StatusSeeOther)
	v.Get(free).Want(http.StatusNotFound)
}

func TestChangingTheTermsReopensApprovals(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	rule := s.Rule(t, s.Admin(), "R36", 36)
	g := newGrounded(t, s)
	s.Exec(t, `update purpose set interest = 'To keep them', necessity = 'No other way', balance = 'They expect it', subjects = '{customers}',
		recipients = '[{"kind": "internal"}]', security_measures = '{encryption}', retention_rule_id = $1, code = 'MKT', name = 'Write to customers', description = 'Newsletters'`, rule)
	v := s.As(t, s.Acme[domain.RoleDPO])
	path := "/w/acme/purposes/" + itoa(g.purpose)

	// An argument that is told better reopens nothing and asks nothing.
	v.Post(path, sheet(rule, "version", "1", "description", "Newsletters", "balance", "They expect it and say so")...).Want(http.StatusSeeOther)
	if got := verdictOf(t, s, g.field); got != "keep" {
		t.Fatalf("verdict = %s", got)
	}
	// A day of review that has passed ends what was approved before it: that is shown first as well.
	s.Exec(t, `alter table approval disable trigger all`)
	s.Exec(t, `update approval set approved_at = '2020-01-01'`)
	other := v.Post(path, sheet(rule, "version", "2", "description", "To sell them on")...).Want(http.StatusOK) // another purpose under the same name
	if got := other.Text("main"); !strings.Contains(got, "reopens 1 approved mapping") || !strings.Contains(got, "(description)") {
		t.Errorf("preview of another purpose: %s", got)
	}
	past := v.Post(path, sheet(rule, "version", "2", "description", "Newsletters", "review_on", "2021-01-01")...).Want(http.StatusOK)
	if got := past.Text("main"); !strings.Contains(got, "reopens 1 approved mapping") || !strings.Contains(got, "1 field loses") {
		t.Errorf("preview of a day of review in the past: %s", got)
	}
	page := v.Post(path, sheet(rule, "version", "2", "description", "Newsletters", "recipients.0.kind", "partner")...).Want(http.StatusOK)
	for _, want := range []string{"reopens 1 approved mapping", "recipients", "1 field loses", "To regularise"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("preview lacks %q: %s", want, page.Text("main"))
		}
	}
	if got := verdictOf(t, s, g.field); got != "keep" {
		t.Errorf("verdict = %s before it was confirmed", got)
	}
	v.Post(path, sheet(rule, "version", "2", "description", "Newsletters", "recipients.0.kind", "partner", "confirmed", "1")...).Want(http.StatusSeeOther)
	if got := verdictOf(t, s, g.field); got != "regularise" {
		t.Errorf("verdict = %s after the terms changed", got)
	}
	list := v.Get("/w/acme/mappings?mapping=proposed&reopened_because=recipients").Want(http.StatusOK)
	if got := list.Text("tbody"); !strings.Contains(got, "email") {
		t.Errorf("mappings = %q", got)
	}
	if got := v.Get("/w/acme/review").Text("main"); !strings.Contains(got, "Reopened: changed since the approval (recipients)") {
		t.Errorf("queue = %q", got)
	}
}

func TestRetiringAPurposeShowsWhatLosesItsGround(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	v := s.As(t, s.Acme[domain.RoleDPO])
	path := "/w/acme/purposes/" + itoa(g.purpose)
	page := v.Post(path+"/state", "state", "retired", "version", "1").Want(http.StatusOK)
	for _, want := range []string{"1 field loses", "email", "Useful", "To regularise"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("preview lacks %q: %s", want, page.Text("main"))
		}
	}
	if got := verdictOf(t, s, g.field); got != "keep" {
		t.Errorf("verdict = %s before it was confirmed", got)
	}
	v.Post(path+"/state", "state", "retired", "version", "1", "confirmed", "1").Want(http.StatusSeeOther)
	if got := verdictOf(t, s, g.field); got != "regularise" {
		t.Errorf("verdict = %s after the purpose was retired", got)
	}
}

// Rows are added and taken away without script: a button sends the form, which comes back with what was typed.
func TestPurposeRows(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	rule := s.Rule(t, s.Admin(), "R36", 36)
	v := s.As(t, s.Acme[domain.RoleDPO])
	page := v.Post("/w/acme/purposes", sheet(rule, "recipients.0.kind", "processor", "recipients.0.name", "Braze", "add", "recipients")...).Want(http.StatusOK)
	if page.Value("recipients.0.name") != "Braze" || page.Doc().Find(`[name="recipients.1.kind"]`).Length() != 1 || page.Value("name") != "Write to customers" {
		t.Error("a row was asked for: the form must come back with what was typed and one row more")
	}
	page = v.Post("/w/acme/purposes", sheet(rule, "recipients.0.kind", "processor", "recipients.0.name", "Braze", "recipients.1.kind", "group", "drop", "recipients.0")...).Want(http.StatusOK)
	if page.Doc().Find(`main [name="recipients.1.kind"]`).Length() != 0 || page.Doc().Find(`[name="recipients.0.kind"] [selected]`).AttrOr("value", "") != "group" {
		t.Error("the first row was to go")
	}
	if n := v.Get("/w/acme/purposes").Text("tbody"); strings.Contains(n, "Write to customers") {
		t.Error("a button of rows saved the purpose")
	}
	// Empty rows are dropped; what is wrong is said at the row that is kept.
	page = v.Post("/w/acme/purposes", sheet(rule, "recipients.0.kind", "", "recipients.1.kind", "processor", "recipients.1.contract_until", "soon",
		"transfers.0.recipient", "Braze", "transfers.0.country", "XX", "declared_data.0.description", "Names")...).Want(http.StatusUnprocessableEntity)
	for _, box := range []string{"recipients.0.contract_until", "transfers.0.country", "declared_data.0.kind"} {
		if page.Problem(box) == "" {
			t.Errorf("nothing is said at %s: %s", box, page.Text(".summary"))
		}
	}
	if got := page.Text(".summary"); !strings.Contains(got, "Recipient 1, contract until") {
		t.Errorf("summary = %q", got)
	}
	// A purpose in force names the country and the safeguard of its transfers.
	path := v.Post("/w/acme/purposes", sheet(rule, "transfers.0.recipient", "Braze")...).Want(http.StatusSeeOther).Location
	page = v.Post(path+"/state", "state", "in_force", "version", "1").Want(http.StatusUnprocessableEntity)
	if got := page.Problem("transfers.0.country"); !strings.Contains(got, "art. 30(1)(e)") {
		t.Errorf("country: %q", got)
	}
}

// What a contract says does not change to whom data goes: it reopens nothing.
func TestContractsReopenNothing(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	rule := s.Rule(t, s.Admin(), "R36", 36)
	g := newGrounded(t, s)
	s.Exec(t, `update purpose set interest = 'To keep them', necessity = 'No other way', balance = 'They expect it', subjects = '{customers}',
		recipients = '[{"kind": "processor", "name": "Braze"}]', security_measures = '{encryption}', retention_rule_id = $1, code = 'MKT', name = 'Write to customers'`, rule)
	v := s.As(t, s.Acme[domain.RoleDPO])
	path := "/w/acme/purposes/" + itoa(g.purpose)
	v.Post(path, sheet(rule, "version", "1", "recipients.0.kind", "processor", "recipients.0.name", "Braze", "recipients.0.contract", "signed",
		"recipients.0.contract_until", "31/12/2027")...).Want(http.StatusSeeOther)
	if got := verdictOf(t, s, g.field); got != "keep" {
		t.Errorf("verdict = %s", got)
	}
	if got := v.Get("/w/acme/purposes?contract=signed").Text("tbody"); !strings.Contains(got, "Write to customers") {
		t.Errorf("list = %q", got)
	}
	if got := v.Get(path).Text("section:has(#history)"); !strings.Contains(got, "Braze · Signed · 31 Dec 2027") {
		t.Errorf("history = %q", got)
	}
}
