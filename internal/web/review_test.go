package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/web/webtest"
)

// say posts an answer about the question that a page has open.
func say(v *webtest.Visitor, p *webtest.Page, pairs ...string) *webtest.Page {
	return v.Post("/w/acme/review", append(valuesOf(p, ".desk-a", "first", "seen", "next", "query"), pairs...)...)
}

// takeBack posts the form of the page's head that takes back the last act.
func takeBack(v *webtest.Visitor, p *webtest.Page) *webtest.Page {
	return v.Post("/w/acme/review", valuesOf(p, "main header form", "first", "seen", "next", "query", "act")...)
}

// valuesOf are values of a form, each behind its name.
func valuesOf(p *webtest.Page, form string, names ...string) (pairs []string) {
	for _, name := range names {
		pairs = append(pairs, name, p.Doc().Find(form+` [name="`+name+`"]`).First().AttrOr("value", ""))
	}
	return pairs
}

// TestReviewWithoutScript takes a question through every answer by forms and links alone: asked and answered, put off and woken,
// approved until a day, taken back, redirected.
func TestReviewWithoutScript(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	other := s.Purpose(t, s.Admin(), "loyalty", true)
	var fields []domain.FieldID
	for _, name := range []string{"mail_2", "mail_3"} {
		fields = append(fields, s.Field(t, s.Admin(), g.dataset, name, "ident.contact.email"))
	}
	propose(t, s, s.Acme[domain.RoleEditor], g.purpose, "To write to them", fields...)
	dpo, editor := s.As(t, s.Acme[domain.RoleDPO]), s.As(t, s.Acme[domain.RoleEditor])

	page := dpo.Get("/w/acme/review").Want(http.StatusOK)
	say(dpo, page, "act", "ask", "question", " ").Want(http.StatusUnprocessableEntity)
	say(dpo, page, "act", "snooze", "snooze_until", "2001-01-01").Want(http.StatusUnprocessableEntity)
	say(dpo, page, "act", "snooze", "snooze_until", "soon").Want(http.StatusUnprocessableEntity)
	say(dpo, page, "act", "approve", "reason", "Fine", "approved_until", "2001-01-01").Want(http.StatusUnprocessableEntity)
	say(dpo, page, "act", "redirect", "reason", "Fine", "purpose", itoa(g.purpose)).Want(http.StatusUnprocessableEntity)
	say(dpo, page, "act", "sing").Want(http.StatusUnprocessableEntity)

	// A question goes to who proposed, is answered there, and comes back with what was said.
	say(dpo, page, "act", "ask", "question", "Why both addresses?", "suggested_basis", "a_consent").Want(http.StatusSeeOther)
	if got := dpo.Get("/w/acme/review").Text("main"); !strings.Contains(got, "Nothing waits for an answer") {
		t.Errorf("queue after the question: %s", got)
	}
	if got := dpo.Get("/w/acme/review?standing=asked").Text("main"); !strings.Contains(got, "Why both addresses?") {
		t.Errorf("asked: %s", got)
	}
	if got := editor.Get("/w/acme").Text("main"); !strings.Contains(got, "question of the DPO") {
		t.Errorf("the editor's front page does not speak of the question: %s", got)
	}
	asked := editor.Get("/w/acme/review/questions").Want(http.StatusOK)
	if got := asked.Text("main"); !strings.Contains(got, "Why both addresses?") || !strings.Contains(got, "another legal basis: Consent") {
		t.Errorf("questions: %s", got)
	}
	// Who asked can take it back until it is answered, and ask again.
	if page = dpo.Follow(takeBack(dpo, dpo.Get("/w/acme/review")).Want(http.StatusSeeOther)); !strings.Contains(page.Text("main"), "1 question about 2 mappings") {
		t.Fatalf("the question that was taken back does not wait again: %s", page.Text("main"))
	}
	if got := page.Text(".rq"); strings.Contains(got, "Answer received") {
		t.Errorf("a question that was taken back looks answered: %s", got)
	}
	say(dpo, page, "act", "ask", "question", "Why both addresses?", "suggested_basis", "a_consent").Want(http.StatusSeeOther)
	page = dpo.Get("/w/acme/review")
	action, _ := asked.Doc().Find("main form").Attr("action")
	s.As(t, s.Acme[domain.RoleViewer]).Post(action, "body", "Because").Want(http.StatusForbidden)
	s.As(t, s.Other[domain.RoleEditor]).Post(strings.Replace(action, "/acme/", "/other/", 1), "body", "Because").Want(http.StatusNotFound)
	editor.Post(action, "body", " ").Want(http.StatusUnprocessableEntity)
	editor.Post(action, "body", "One is private, one is of the office").Want(http.StatusSeeOther)
	editor.Post(action, "body", "Again").Want(http.StatusConflict)
	takeBack(dpo, page).Want(http.StatusConflict)
	page = dpo.Get("/w/acme/review")
	if got := page.Text("main"); !strings.Contains(got, "one is of the office") || !strings.Contains(got, "1 question about 2 mappings") {
		t.Errorf("the answer did not come back: %s", got)
	}
	if got := page.Text(".rq"); !strings.Contains(got, "Answer received") {
		t.Errorf("the queue does not say that it is answered: %s", got)
	}

	// Put off, woken, put off again until its day comes.
	until := time.Now().AddDate(0, 0, 3).Format(time.DateOnly)
	say(dpo, page, "act", "snooze", "snooze_until", until).Want(http.StatusSeeOther)
	page = dpo.Get("/w/acme/review?standing=snoozed")
	if got := page.Text("main"); !strings.Contains(got, "Put off by acme dpo") {
		t.Errorf("it is not said who put it off, and until when: %s", got)
	}
	say(dpo, page, "act", "wake").Want(http.StatusSeeOther)
	page = dpo.Get("/w/acme/review")
	say(dpo, page, "act", "snooze", "snooze_until", until).Want(http.StatusSeeOther)
	if page = dpo.Follow(takeBack(dpo, dpo.Get("/w/acme/review")).Want(http.StatusSeeOther)); !strings.Contains(page.Text("main"), "1 question about 2 mappings") {
		t.Fatalf("what was put off by mistake does not wait again: %s", page.Text("main"))
	}
	say(dpo, page, "act", "snooze", "snooze_until", until).Want(http.StatusSeeOther)
	s.Exec(t, `update review_snooze set until = current_date`)
	s.Exec(t, `update workspace set judged_on = current_date - 1`)
	page = dpo.Get("/w/acme/review")
	if got := page.Text("main"); !strings.Contains(got, "1 question about 2 mappings") {
		t.Fatalf("what was put off did not come back: %s", got)
	}

	// Approved until a day, taken back, approved again; after the day it comes back by itself and says why.
	say(dpo, page, "act", "approve", "reason", "Fine", "approved_until", until).Want(http.StatusSeeOther)
	undo, _ := dpo.Get("/w/acme/review").Doc().Find(`form[action*="/answers/"]`).Attr("action")
	if page = dpo.Follow(dpo.Post(undo).Want(http.StatusSeeOther)); !strings.Contains(page.Text("main"), "1 question about 2 mappings") {
		t.Fatalf("the undone answer is not open again: %s", page.Text("main"))
	}
	say(dpo, page, "act", "approve", "reason", "Fine", "approved_until", until).Want(http.StatusSeeOther)
	s.Exec(t, `alter table approval disable trigger all`)
	s.Exec(t, `update approval set until = current_date - 1`)
	s.Exec(t, `update workspace set judged_on = current_date - 1`)
	page = dpo.Get("/w/acme/review")
	if got := page.Text("main"); !strings.Contains(got, "held until a day that has passed") || !strings.Contains(got, "Nothing of what was approved has changed") {
		t.Fatalf("the approval did not end with its day: %s", got)
	}
	if got := verdictOf(t, s, fields[0]); got != "delete" {
		t.Errorf("verdict = %s after the last day", got)
	}

	// Another purpose: refused here, proposed there in the DPO's name, undone as one act.
	page = dpo.Follow(say(dpo, page, "act", "redirect", "reason", "That is loyalty", "purpose", itoa(other)).Want(http.StatusSeeOther))
	if got := page.Text("#flashes"); !strings.Contains(got, "3 mappings refused here and proposed for the other purpose") {
		t.Errorf("it is not said that the fields are proposed elsewhere: %s", got)
	}
	if got := page.Text("main"); !strings.Contains(got, "loyalty") || !strings.Contains(got, "somebody else must answer") {
		t.Errorf("the other purpose is not proposed: %s", got)
	}
	undo, _ = page.Doc().Find(`form[action*="/answers/"]`).Attr("action")
	dpo.Post(undo).Want(http.StatusSeeOther)
	if got := dpo.Get("/w/acme/mappings").Text("tbody"); strings.Contains(got, "loyalty") || strings.Contains(got, "Refused") {
		t.Errorf("after the undo: %s", got)
	}
}

// TestWhatChangedSinceTheApproval: a change of what was approved opens the question again, and the card says what was and is.
func TestWhatChangedSinceTheApproval(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	phone := s.Field(t, s.Admin(), g.dataset, "phone", "ident.contact.email")
	id := propose(t, s, s.Acme[domain.RoleEditor], g.purpose, "To call them back", phone)[0]
	approve(t, s, id)
	p, err := s.Store.PurposeByID(t.Context(), s.Admin(), g.purpose)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Store.ChangePurpose(t.Context(), s.Admin(), g.purpose, p.Version, func(p domain.Purpose) (domain.Purpose, error) {
		p.Recipients, p.Transfers = []domain.Recipient{{Kind: "processor", Name: "Orion Cloud"}}, []domain.Transfer{{Recipient: "Orion Inc.", Country: "US", Safeguard: "none"}}
		return p, nil
	}); err != nil {
		t.Fatal(err)
	}
	program := s.Program(t, s.Admin(), "TELE", "live")
	s.Exec(t, `update program set channels = '{phone}', template = 'TELESALES' where id = $1`, program)
	s.Exec(t, `insert into program_purpose (workspace_id, program_id, purpose_id) values ($1, $2, $3)`, s.Admin().Workspace, program, g.purpose)
	if _, err := s.Store.LinkCells(t.Context(), s.Admin(), []store.LinkCell{{Field: phone, Program: program, Level: domain.LinkEssential}}); err != nil {
		t.Fatal(err)
	}
	main := s.As(t, s.Acme[domain.RoleDPO]).Get("/w/acme/review").Text("main")
	for _, want := range []string{"What has changed since the approval", "Recipients:", "Orion Cloud", "Orion Inc.", "without a safeguard", "TELE", "Outside the EU",
		"Calling consumers to sell asks for their consent", "art. L. 223-1", "To weigh"} {
		if !strings.Contains(main, want) {
			t.Errorf("card lacks %q: %s", want, main)
		}
	}
	// The pages of the field and of the purpose say the same, each of its own.
	field := s.As(t, s.Acme[domain.RoleViewer]).Get("/w/acme/fields/" + itoa(phone)).Text("#purposes, main")
	for _, want := range []string{"Approved by", "Orion Cloud", "Recipients:"} {
		if !strings.Contains(field, want) {
			t.Errorf("the page of the field lacks %q: %s", want, field)
		}
	}
	of := s.As(t, s.Acme[domain.RoleViewer]).Get("/w/acme/purposes/" + itoa(g.purpose)).Text("main")
	if !strings.Contains(of, "reopened") || !strings.Contains(of, "recipients") {
		t.Errorf("the page of the purpose: %s", of)
	}
	frozen := s.As(t, s.Acme[domain.RoleViewer]).Get("/w/acme/mappings/" + itoa(id)).Text("main")
	if !strings.Contains(frozen, "Approvals") || !strings.Contains(frozen, "To call them back") {
		t.Errorf("the frozen approval is not shown: %s", frozen)
	}
}

// TestTwoReviewersDoNotCollide: who comes second sees that a question is taken, is led past it, and cannot overwrite an answer.
func TestTwoReviewersDoNotCollide(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	a, b := s.Field(t, s.Admin(), g.dataset, "phone", "ident.contact.email"), s.Field(t, s.Admin(), g.dataset, "fax", "ident.contact.email")
	propose(t, s, s.Acme[domain.RoleEditor], g.purpose, "To call them back", a)
	propose(t, s, s.Acme[domain.RoleEditor], g.purpose, "To write to them", b)
	propose(t, s, s.Acme[domain.RoleEditor], g.purpose, "To reach them abroad", s.Field(t, s.Admin(), g.dataset, "telex", "ident.contact.email"))
	dpo, admin := s.As(t, s.Acme[domain.RoleDPO]), s.As(t, s.Admin())

	mine := dpo.Get("/w/acme/review")
	theirs := admin.Get("/w/acme/review")
	if mine.Value("first") == theirs.Value("first") {
		t.Fatal("both are led to the same question")
	}
	if got := theirs.Text(".rq"); !strings.Contains(got, "With acme dpo") {
		t.Errorf("the queue does not say who has the question: %s", got)
	}
	same := admin.Get("/w/acme/review?card=" + mine.Value("first"))
	if got := same.Text("main"); !strings.Contains(got, "acme dpo has this question before them") {
		t.Errorf("the card does not say that it is taken: %s", got)
	}
	dpo.Follow(say(dpo, mine, "act", "approve", "reason", "Right").Want(http.StatusSeeOther))
	late := say(admin, same, "act", "reject", "reason", "Wrong").Want(http.StatusConflict)
	if got := late.Text("main"); !strings.Contains(got, "acme dpo approved this mapping") || !strings.Contains(got, "theirs stands") || late.Value("first") == "" || strings.Contains(got, "has this question before them") {
		t.Errorf("the conflict does not say who answered what, or does not lead to the next question: %s", got)
	}
	if got := say(dpo, mine, "act", "approve", "reason", "Right").Want(http.StatusConflict).Text("main"); !strings.Contains(got, "answered this question already") {
		t.Errorf("the same answer sent twice: %s", got)
	}
	if got := verdictOf(t, s, a); got != "dormant" {
		t.Errorf("verdict = %s: the second answer overwrote the first", got)
	}
	// Who leaves lets go.
	left := dpo.Get("/w/acme/review")
	question, _ := left.Doc().Find("[data-question]").Attr("data-question")
	dpo.Post("/w/acme/review/release", "question", question).Want(http.StatusNoContent)
	if got := admin.Get("/w/acme/review").Text("main"); strings.Contains(got, "acme dpo has") {
		t.Errorf("what was left is still taken: %s", got)
	}
	// A viewer reads and takes nothing; nobody sees another workspace's queue.
	viewer := s.As(t, s.Acme[domain.RoleViewer]).Get("/w/acme/review").Want(http.StatusOK)
	if viewer.Doc().Find("main form[method=post]").Length() != 0 {
		t.Error("a viewer is offered an answer")
	}
	if got := s.As(t, s.Other[domain.RoleDPO]).Get("/w/other/review?card=" + left.Value("first")).Text("main"); strings.Contains(got, "fax") {
		t.Errorf("another workspace's question is shown: %s", got)
	}
}

// TestApprovalsShownWhereTheyStand: the page of a field says until when its approval holds, that of a purpose which ends first;
// whoever lets a program go beyond what was approved first sees how many approvals fall.
func TestApprovalsShownWhereTheyStand(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	s.Exec(t, `insert into program_purpose (workspace_id, program_id, purpose_id) values ($1, $2, $3)`, s.Admin().Workspace, g.program, g.purpose)
	s.Exec(t, `update program set channels = '{email}' where id = $1`, g.program)
	dpo := s.As(t, s.Acme[domain.RoleDPO])
	mail := s.Field(t, s.Admin(), g.dataset, "mail_9", "ident.contact.email")
	s.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level) values ($1, $2, $3, 'essential')`, s.Admin().Workspace, mail, g.program)
	propose(t, s, s.Acme[domain.RoleEditor], g.purpose, "To write to them", mail)
	say(dpo, dpo.Get("/w/acme/review"), "act", "approve", "reason", "Fine", "approved_until", "2099-12-31").Want(http.StatusSeeOther)
	if got := dpo.Get("/w/acme/fields/" + itoa(mail)).Text("main"); !strings.Contains(got, "Approved until 31 Dec 2099") {
		t.Errorf("field: %s", got)
	}
	if got := dpo.Get("/w/acme/purposes/" + itoa(g.purpose)).Text("main"); !strings.Contains(got, "31 Dec 2099") || !strings.Contains(got, "1 approval ends on a day") {
		t.Errorf("purpose: %s", got)
	}
	path := "/w/acme/programs/" + itoa(g.program)
	editor := s.As(t, s.Acme[domain.RoleEditor])
	edit := editor.Get(path + "/edit").Want(http.StatusOK)
	form := []string{"version", edit.Value("version"), "code", edit.Value("code"), "name", edit.Value("name"), "status", "live", "starts_on", edit.Value("starts_on"), "purposes", itoa(g.purpose), "channels", "email"}
	page := editor.Post(path, append(form, "channels", "phone")...).Want(http.StatusOK)
	if got := page.Text("main"); !strings.Contains(got, "2 approvals would fall") {
		t.Fatalf("the preview: %s", got)
	}
	standing := func() string { return strings.Join(column(t, s, `select state from purpose_mapping order by id`), " ") }
	if got := standing(); got != "approved approved" {
		t.Errorf("the preview changed %s", got)
	}
	editor.Post(path, append(form, "channels", "phone", "confirmed", "1")...).Want(http.StatusSeeOther)
	if got := standing(); got != "proposed proposed" {
		t.Errorf("after the change: %s", got)
	}
	// Another basis is an answer of its own: it leaves for the team with the reason.
	say(dpo, dpo.Get("/w/acme/review"), "act", "redirect", "reason", "Ask before calling", "suggested_basis", "a_consent").Want(http.StatusSeeOther)
	if got := dpo.Get("/w/acme/review?standing=asked").Text("main"); !strings.Contains(got, "Ask before calling") {
		t.Errorf("asked: %s", got)
	}
	list := dpo.Get("/w/acme/mappings?standing=asked&col=field,standing,risk").Want(http.StatusOK)
	if got := list.Text("tbody"); !strings.Contains(got, "With the team") {
		t.Errorf("list: %s", got)
	}
}
