package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/web/webtest"
)

// propose ties fields to a purpose for the DPO to approve, in the name of somebody.
func propose(t *testing.T, s *webtest.Site, by domain.Actor, purpose domain.PurposeID, why string, fields ...domain.FieldID) (ids []domain.MappingID) {
	t.Helper()
	for _, f := range fields {
		id, err := s.Store.ProposeMapping(t.Context(), by, f, purpose, why)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// approve has the DPO approve mappings that were just proposed.
func approve(t *testing.T, s *webtest.Site, ids ...domain.MappingID) {
	t.Helper()
	for _, id := range ids {
		if _, err := s.Store.ReviewMapping(t.Context(), s.Acme[domain.RoleDPO], id, 1, store.Answer{Approve: true, Reason: "Right"}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMappingIsAnsweredByADPO(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	phone := s.Field(t, s.Admin(), g.dataset, "phone", "ident.contact.email")
	id := propose(t, s, s.Acme[domain.RoleEditor], g.purpose, "To call them back", phone)[0]
	path := "/w/acme/mappings/" + itoa(id)
	if got := verdictOf(t, s, phone); got != "delete" {
		t.Fatalf("verdict = %s while it waits", got)
	}

	for _, role := range []domain.Role{domain.RoleEditor, domain.RoleFacilitator, domain.RoleViewer} {
		v := s.As(t, s.Acme[role])
		v.Post(path, "act", "approve", "reason", "Yes", "version", "1").Want(http.StatusForbidden)
		v.Post("/w/acme/review", "act", "approve", "reason", "Yes", "first", itoa(id)).Want(http.StatusForbidden)
		v.Post("/w/acme/mappings/bulk", "act", "approve", "reason", "Yes", "id", itoa(id)).Want(http.StatusForbidden)
		if page := v.Get(path).Want(http.StatusOK); page.Doc().Find("main form").Length() != 0 {
			t.Errorf("%s is offered an answer that is not theirs to give", role)
		}
	}
	s.As(t, s.Other[domain.RoleDPO]).Get("/w/other/mappings/" + itoa(id)).Want(http.StatusNotFound)
	s.As(t, s.Other[domain.RoleDPO]).Post("/w/other/mappings/"+itoa(id), "act", "approve", "reason", "Yes", "version", "1").Want(http.StatusNotFound)

	dpo := s.As(t, s.Acme[domain.RoleDPO])
	page := dpo.Post(path, "act", "approve", "reason", " ", "version", "1").Want(http.StatusUnprocessableEntity)
	if page.Problem("reason") == "" {
		t.Error("no problem said for a missing reason")
	}
	dpo.Post(path, "act", "approve", "reason", "Fine", "version", "5").Want(http.StatusConflict)
	dpo.Post(path, "act", "approve", "reason", "Expected by customers", "version", "1").Want(http.StatusSeeOther)
	if got := verdictOf(t, s, phone); got != "dormant" {
		t.Errorf("verdict = %s after it was approved", got)
	}
	page = dpo.Get(path)
	for _, want := range []string{"Approved", "acme dpo", "Expected by customers", "To call them back"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("page lacks %q: %s", want, page.Text("main"))
		}
	}
	dpo.Post(path, "act", "approve", "reason", "Again", "version", "2").Want(http.StatusConflict)
	dpo.Post(path, "act", "reject", "reason", "Not any more", "version", "2").Want(http.StatusSeeOther)
	if got := verdictOf(t, s, phone); got != "delete" {
		t.Errorf("verdict = %s after it was refused", got)
	}
}

func TestNobodyApprovesTheirOwn(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	phone := s.Field(t, s.Admin(), g.dataset, "phone", "ident.contact.email")
	id := propose(t, s, s.Acme[domain.RoleDPO], g.purpose, "To call them back", phone)[0]
	path := "/w/acme/mappings/" + itoa(id)
	dpo := s.As(t, s.Acme[domain.RoleDPO])

	if got := dpo.Get(path).Text("main"); !strings.Contains(got, "somebody else must approve it") {
		t.Errorf("the page does not say why it cannot be approved: %s", got)
	}
	dpo.Post(path, "act", "approve", "reason", "Fine", "version", "1").Want(http.StatusConflict)
	dpo.Post("/w/acme/mappings/bulk", "act", "approve", "reason", "Fine", "id", itoa(id)).Want(http.StatusConflict)

	admin := s.As(t, s.Admin())
	if got := admin.Get(path).Text("main"); !strings.Contains(got, "You act as DPO") {
		t.Errorf("the administrator is not told to act as DPO: %s", got)
	}
	s.Exec(t, `update membership set role = 'viewer' where role = 'admin' and workspace_id = $1`, s.Admin().Workspace)
	dpo.Post(path, "act", "approve", "reason", "Nobody else can", "version", "1").Want(http.StatusSeeOther)
	if got := dpo.Get(path).Text("main"); !strings.Contains(got, "Self-approved") {
		t.Errorf("the self-approval is not shown: %s", got)
	}
	if got := dpo.Get("/w/acme/mappings?self_approved=yes").Text("tbody"); !strings.Contains(got, "phone") {
		t.Errorf("list = %q", got)
	}
}

func TestAdministratorIsMarkedAsActingAsDPO(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	phone := s.Field(t, s.Admin(), g.dataset, "phone", "ident.contact.email")
	id := propose(t, s, s.Acme[domain.RoleEditor], g.purpose, "To call them back", phone)[0]
	admin := s.As(t, s.Admin())
	admin.Post("/w/acme/mappings/"+itoa(id), "act", "approve", "reason", "Fine", "version", "1").Want(http.StatusSeeOther)
	if got := admin.Get("/w/acme/mappings/" + itoa(id)).Text(".tl"); !strings.Contains(got, "Acting as DPO") || !strings.Contains(got, "Fine") {
		t.Errorf("history = %q", got)
	}
}

func TestOneQuestionOneAnswer(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	var fields []domain.FieldID
	for _, name := range []string{"mail_2", "mail_3", "mail_4"} {
		fields = append(fields, s.Field(t, s.Admin(), g.dataset, name, "ident.contact.email"))
	}
	editor := s.Acme[domain.RoleEditor]
	propose(t, s, editor, g.purpose, "To write to them", fields...)
	dpo := s.As(t, s.Acme[domain.RoleDPO])

	queue := dpo.Get("/w/acme/review").Want(http.StatusOK)
	if got := queue.Text("main"); !strings.Contains(got, "1 question about 3 mappings") || !strings.Contains(got, "Approve all 3") || !strings.Contains(got, "users.mail_4") {
		t.Fatalf("queue = %s", got)
	}
	form := func(p *webtest.Page, more ...string) []string {
		return append([]string{"first", p.Value("first"), "seen", p.Value("seen")}, more...)
	}
	page := dpo.Post("/w/acme/review", form(queue, "act", "approve", "reason", "")...).Want(http.StatusUnprocessableEntity)
	if page.Problem("reason-"+queue.Value("first")) == "" {
		t.Error("no problem said beside the question that was answered without a reason")
	}
	late := s.Field(t, s.Admin(), g.dataset, "mail_5", "ident.contact.email")
	propose(t, s, editor, g.purpose, "To write to them", late)
	dpo.Post("/w/acme/review", form(queue, "act", "approve", "reason", "Fine")...).Want(http.StatusConflict)

	done := dpo.Post("/w/acme/review", form(dpo.Get("/w/acme/review"), "act", "approve", "reason", "Fine")...).Want(http.StatusSeeOther)
	page = dpo.Follow(done)
	if got := page.Text("main"); !strings.Contains(got, "Nothing waits") {
		t.Errorf("queue = %s", got)
	}
	for _, f := range append(fields, late) {
		if got := verdictOf(t, s, f); got != "dormant" {
			t.Errorf("verdict of %d = %s", f, got)
		}
	}
	undo, ok := page.Doc().Find(`form[action$="/undo"]`).Attr("action")
	if !ok {
		t.Fatal("no way to take the answer back")
	}
	dpo.Post(undo).Want(http.StatusSeeOther)
	if got := verdictOf(t, s, late); got != "delete" {
		t.Errorf("verdict = %s after the answer was taken back", got)
	}
	if got := dpo.Get("/w/acme/review").Text("main"); !strings.Contains(got, "about 4 mappings") {
		t.Errorf("queue = %s", got)
	}
}

func TestSensitiveDataIsExaminedOneByOne(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	diet := s.Field(t, s.Admin(), g.dataset, "diet", "art9.health")
	allergy := s.Field(t, s.Admin(), g.dataset, "allergy", "art9.health")
	mail := s.Field(t, s.Admin(), g.dataset, "mail_2", "ident.contact.email")
	ids := propose(t, s, s.Acme[domain.RoleEditor], g.purpose, "To cook for them", diet, allergy, mail)
	dpo := s.As(t, s.Acme[domain.RoleDPO])

	if got := dpo.Get("/w/acme/review").Text("main"); !strings.Contains(got, "3 questions about 3 mappings") {
		t.Errorf("queue = %s", got)
	}
	ask := dpo.Post("/w/acme/mappings/bulk", "act", "answer", "id", itoa(ids[0]), "id", itoa(ids[2])).Want(http.StatusOK)
	if got := ask.Text("h1"); got != "Answer 2 mappings" {
		t.Errorf("title = %q", got)
	}
	dpo.Post("/w/acme/mappings/bulk", "act", "approve", "reason", "", "id", itoa(ids[2])).Want(http.StatusUnprocessableEntity)
	done := dpo.Post("/w/acme/mappings/bulk", "act", "approve", "reason", "Fine", "scope", "all", "query", "mapping=proposed").Want(http.StatusSeeOther)
	if got := dpo.Follow(done).Text(".flash"); !strings.Contains(got, "1 answered; 2 left waiting") || !strings.Contains(got, "field by field") {
		t.Errorf("message = %q", got)
	}
	if a, b := verdictOf(t, s, diet), verdictOf(t, s, mail); a != "delete" || b != "dormant" {
		t.Errorf("verdicts = %s and %s", a, b)
	}
	page := dpo.Post("/w/acme/mappings/"+itoa(ids[0]), "act", "approve", "reason", "Fine", "version", "1").Want(http.StatusConflict)
	if !strings.Contains(page.Text("main"), "art. 9(2)") {
		t.Errorf("refusal = %s", page.Text("main"))
	}
	s.Exec(t, `update purpose set art9_condition = 'a'`)
	dpo.Post("/w/acme/mappings/"+itoa(ids[0]), "act", "approve", "reason", "Asked at the table", "version", "1").Want(http.StatusSeeOther)
	if got := verdictOf(t, s, diet); got != "dormant" {
		t.Errorf("verdict = %s", got)
	}
}
