package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// heldField is a field of a dataset, ready to be looked at.
func heldField(t *testing.T, s *webtest.Site) (dataset domain.DatasetID, id domain.FieldID) {
	t.Helper()
	dataset = s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "Salesforce"), "Contact")
	return dataset, s.Field(t, s.Admin(), dataset, "birth_date", "ident.contact.email")
}

func TestFieldSavesAndShows(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	dataset, _ := heldField(t, s)
	s.Exec(t, `insert into collection_point (workspace_id, name) values ($1, 'Web form')`, s.Admin().Workspace)
	v := s.As(t, s.Acme[domain.RoleEditor])

	form := v.Get("/w/acme/fields/new?dataset=" + itoa(dataset)).Want(http.StatusOK)
	if form.Value("dataset") != itoa(dataset) {
		t.Errorf("dataset = %q, want the one of the link", form.Value("dataset"))
	}
	point, _ := form.Doc().Find("[name=collection_points]").Attr("value")
	saved := v.Post("/w/acme/fields", "dataset", itoa(dataset), "name", " fax_number ", "label", "Fax number", "origin", "collected",
		"collection_points", point, "nullable", "yes", "is_key", "1", "category", itoa(s.Category(t, s.Admin(), "art9.health")),
		"owner", itoa(s.Acme[domain.RoleDPO].User)).Want(http.StatusSeeOther)

	page := v.Follow(saved).Want(http.StatusOK)
	if got := page.Text("h1"); got != "Fax number" {
		t.Errorf("title = %q", got)
	}
	for _, want := range []string{"Sensitive (art. 9)", "Salesforce", "Contact", "Web form", "acme dpo", "Collected from the person", "not measured"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("page lacks %q", want)
		}
	}
	if got := page.Text(".badge"); !strings.Contains(got, "To delete") {
		t.Errorf("badges = %q, want the verdict of a field that nothing needs", got)
	}
	if got := page.Text(".reasons"); !strings.Contains(got, "GDPR art. 9(2)") {
		t.Errorf("reasons = %q", got)
	}
	edit := v.Get(saved.Location + "/edit").Want(http.StatusOK)
	for name, want := range map[string]string{"name": "fax_number", "label": "Fax number", "origin": "collected", "nullable": "yes"} {
		if got := edit.Value(name); got != want {
			t.Errorf("form: %s = %q, want %q", name, got, want)
		}
	}
	if edit.Doc().Find("[name=collection_points][checked]").Length() != 1 || edit.Doc().Find("[name=is_key][checked]").Length() != 1 {
		t.Error("the form lost a tick")
	}
}

func TestFieldRefusedKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	dataset, id := heldField(t, s)
	v := s.As(t, s.Acme[domain.RoleEditor])

	page := v.Post("/w/acme/fields", "name", "", "label", "Fax", "origin", "moon").Want(http.StatusUnprocessableEntity)
	for _, name := range []string{"dataset", "name", "origin"} {
		if page.Problem(name) == "" {
			t.Errorf("no problem said for %s", name)
		}
	}
	if page.Value("label") != "Fax" {
		t.Errorf("label = %q, want what was typed", page.Value("label"))
	}
	page = v.Post("/w/acme/fields", "dataset", itoa(dataset), "name", "birth_date").Want(http.StatusUnprocessableEntity)
	if page.Problem("name") == "" {
		t.Error("no problem said for a name that is taken")
	}
	page = v.Post("/w/acme/fields/"+itoa(id), "version", "1", "name", "birth_date", "category", "99999", "owner", itoa(s.Other[domain.RoleAdmin].User)).
		Want(http.StatusUnprocessableEntity)
	if page.Problem("owner") == "" {
		t.Error("no problem said for an owner of another workspace")
	}
	s.Exec(t, `update dataset set archived_at = now() where id = $1`, dataset)
	page = v.Post("/w/acme/fields", "dataset", itoa(dataset), "name", "fax").Want(http.StatusUnprocessableEntity)
	if page.Problem("dataset") == "" {
		t.Error("no problem said for an archived dataset")
	}
}

func TestFieldRefusals(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	_, id := heldField(t, s)
	path := "/w/acme/fields/" + itoa(id)

	s.As(t, s.Acme[domain.RoleViewer]).Post(path, "name", "x").Want(http.StatusForbidden)
	s.As(t, s.Acme[domain.RoleViewer]).Get(path).Want(http.StatusOK)
	for _, p := range []string{"", "/edit"} {
		s.As(t, s.Other[domain.RoleAdmin]).Get("/w/other/fields/" + itoa(id) + p).Want(http.StatusNotFound)
	}
	for _, p := range []string{"", "/archive", "/restore", "/remove", "/remarks"} {
		s.As(t, s.Other[domain.RoleAdmin]).Post("/w/other/fields/"+itoa(id)+p, "name", "x", "body", "x", "version", "1").Want(http.StatusNotFound)
	}
	editor := s.As(t, s.Acme[domain.RoleEditor])
	editor.Post(path, "name", "birth_day", "version", "7").Want(http.StatusConflict)
	editor.Post(path, "name", "birth_day", "version", "1").Want(http.StatusSeeOther)
	editor.Post(path, "name", "birth", "version", "1").Want(http.StatusConflict)
}

func TestFieldCategoryReopensApprovals(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	_, id := heldField(t, s)
	by := s.Admin()
	purpose := s.Purpose(t, by, "newsletter", false)
	approve(t, s, propose(t, s, s.Acme[domain.RoleEditor], purpose, "To write to them", id)...)
	v := s.As(t, s.Acme[domain.RoleEditor])
	path := "/w/acme/fields/" + itoa(id)
	page := v.Get(path).Want(http.StatusOK)
	if !strings.Contains(page.Text(".pagehead"), "Useful") || !strings.Contains(page.Text(".answers"), "Approved for: newsletter.") {
		t.Fatalf("before: %s", page.Text(".pagehead"))
	}

	v.Post(path, "version", "1", "name", "birth_date", "label", "Birthday", "category", itoa(s.Category(t, by, "ident.contact.email"))).Want(http.StatusSeeOther)
	if page = v.Get(path); !strings.Contains(page.Text(".pagehead"), "Useful") {
		t.Errorf("another label reopened the approval: %s", page.Text(".pagehead"))
	}
	v.Post(path, "version", "2", "name", "birth_date", "label", "Birthday", "category", itoa(s.Category(t, by, "art9.health"))).Want(http.StatusSeeOther)
	page = v.Get(path)
	if !strings.Contains(page.Text(".pagehead"), "To delete") {
		t.Errorf("after another category: %s", page.Text(".pagehead"))
	}
	if got := page.Text("main"); !strings.Contains(got, "Reopened: changed since the approval (category)") {
		t.Errorf("the page does not say why the approval was reopened: %s", got)
	}
	if got := page.Text(".tl"); !strings.Contains(got, "reopened") {
		t.Errorf("history = %q", got)
	}
}

func TestFieldInUseStays(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	dataset, id := heldField(t, s)
	by := s.Admin()
	program := s.Program(t, by, "Birthday", "live")
	s.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level) values ($1, $2, $3, 'essential')`, by.Workspace, id, program)
	v := s.As(t, s.Acme[domain.RoleEditor])
	path := "/w/acme/fields/" + itoa(id)

	if got := v.Get(path).Text("#usage"); got == "" || !strings.Contains(v.Get(path).Text("main"), "Birthday") {
		t.Errorf("page does not show the program")
	}
	if page := v.Post(path + "/archive").Want(http.StatusConflict); !strings.Contains(page.Text("main"), "1 program link") {
		t.Errorf("refusal does not say what uses it: %s", page.Text("main"))
	}
	s.Exec(t, `delete from program_link where field_id = $1`, id)
	v.Post(path + "/archive").Want(http.StatusSeeOther)
	if got := v.Get("/w/acme/fields").Text("main"); strings.Contains(got, "birth_date") {
		t.Error("an archived field is still in the list")
	}
	if got := v.Get(path).Text("main"); !strings.Contains(got, "This field is archived") {
		t.Errorf("its page does not say that it is archived")
	}
	s.Exec(t, `update dataset set archived_at = now() where id = $1`, dataset)
	v.Post(path + "/restore").Want(http.StatusConflict)
	s.Exec(t, `update dataset set archived_at = null where id = $1`, dataset)
	v.Post(path + "/restore").Want(http.StatusSeeOther)
	s.Exec(t, `insert into decision (workspace_id, field_id, kind, reason, decided_by_name, withdrawn_at) values ($1, $2, 'to_dpo', 'ask', 'x', now())`, by.Workspace, id)
	if page := v.Post(path + "/remove").Want(http.StatusConflict); !strings.Contains(page.Text("main"), "1 decision") {
		t.Errorf("removed although somebody decided about it: %s", page.Text("main"))
	}
	s.Exec(t, `delete from decision where field_id = $1`, id)
	v.Post(path + "/remove").Want(http.StatusSeeOther)
	v.Get(path).Want(http.StatusNotFound)
}

func TestFieldComments(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	_, id := heldField(t, s)
	v := s.As(t, s.Acme[domain.RoleViewer])
	path := "/w/acme/fields/" + itoa(id)

	page := v.Post(path+"/remarks", "body", "  ").Want(http.StatusUnprocessableEntity)
	if page.Problem("body") == "" {
		t.Error("no problem said for an empty comment")
	}
	page = v.Post(path+"/remarks", "body", strings.Repeat("x", domain.MaxText+1)).Want(http.StatusUnprocessableEntity)
	if got := page.Value("body"); len(got) != domain.MaxText+1 {
		t.Errorf("what was typed is lost: %d characters", len(got))
	}
	v.Post(path+"/remarks", "body", "Who reads this?\n<b>Nobody</b>").Want(http.StatusSeeOther)
	page = v.Get(path)
	if got := page.Text(".remark"); !strings.Contains(got, "acme viewer") || !strings.Contains(got, "<b>Nobody</b>") {
		t.Errorf("comment = %q", got)
	}
}

func TestFieldLeadsOnInTheListItCameFrom(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	dataset, middle := heldField(t, s)
	first := s.Field(t, s.Admin(), dataset, "address", "ident.contact.email")
	last := s.Field(t, s.Admin(), dataset, "city", "ident.contact.email")
	s.Field(t, s.Admin(), dataset, "count", "tech.key")
	v := s.As(t, s.Acme[domain.RoleViewer])

	list := v.Get("/w/acme/fields?verdict=delete").Want(http.StatusOK)
	href, _ := list.Doc().Find("tbody tr").Eq(1).Find("a.c-name").Attr("href")
	page := v.Get(href).Want(http.StatusOK)
	if got := page.Text("h1"); got != "birth_date" {
		t.Fatalf("second of the list = %q", got)
	}
	buttons := page.Doc().Find(".actions a")
	prev, _ := buttons.Eq(0).Attr("href")
	next, _ := buttons.Eq(1).Attr("href")
	if !strings.Contains(prev, "/fields/"+itoa(first)+"?from=") || !strings.Contains(next, "/fields/"+itoa(last)+"?from=") {
		t.Errorf("around %d: %q, %q", middle, prev, next)
	}
	if got, _ := page.Doc().Find(".crumbs a").First().Attr("href"); got != "/w/acme/fields?verdict=delete" {
		t.Errorf("the way back leads to %q", got)
	}
	if got := v.Get(next).Want(http.StatusOK); got.Text("h1") != "city" || strings.Contains(got.Text(".actions"), "Next") {
		t.Errorf("after the last: %s", got.Text(".pagehead"))
	}
}

func TestFieldLinksToAProgram(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	dataset, id := heldField(t, s)
	by := s.Admin()
	program := itoa(s.Program(t, by, "Birthday", "live"))
	path := "/w/acme/fields/" + itoa(id)
	v := s.As(t, s.Acme[domain.RoleEditor])

	if got := v.Get(path).Text("#link"); strings.Contains(got, "Birthday") || got == "" {
		t.Errorf("the form that is not open says %q", got)
	}
	if got := v.Get(path + "?from=q%3Dmail&form=link").Text("#link select"); !strings.Contains(got, "Birthday") {
		t.Errorf("the open form offers %q", got)
	}
	page := v.Post(path+"/links", "program", program, "level", "useful", "note", " ").Want(http.StatusUnprocessableEntity)
	if page.Problem("note") == "" || page.Value("program") != program {
		t.Errorf("note problem %q, program %q kept", page.Problem("note"), page.Value("program"))
	}
	v.Post(path+"/links", "program", "999999", "level", "essential").Want(http.StatusUnprocessableEntity)
	v.Post(path+"/links", "program", program, "level", "essential", "role", "target").Want(http.StatusSeeOther)
	page = v.Get(path)
	if !strings.Contains(page.Text(".pagehead"), "To regularise") {
		t.Errorf("a linked field is %s", page.Text(".pagehead"))
	}
	if got := page.Text(".tl"); !strings.Contains(got, "Essential") || !strings.Contains(got, "Birthday") {
		t.Errorf("history = %q", got)
	}
	v.Post(path+"/links/remove", "program", program).Want(http.StatusSeeOther)
	v.Post(path+"/links/remove", "program", program).Want(http.StatusSeeOther) // once more changes nothing
	if got := v.Get(path).Text(".pagehead"); !strings.Contains(got, "To delete") {
		t.Errorf("an unlinked field is %s", got)
	}

	secret := s.Field(t, by, dataset, "diagnosis", "art9.health")
	page = v.Post("/w/acme/fields/"+itoa(secret)+"/links", "program", program, "level", "useful", "note", "Better mails").Want(http.StatusUnprocessableEntity)
	if page.Problem("level") == "" {
		t.Error("sensitive data was linked as merely useful")
	}
	s.As(t, s.Acme[domain.RoleViewer]).Post(path+"/links", "program", program, "level", "essential").Want(http.StatusForbidden)
	s.As(t, s.Other[domain.RoleAdmin]).Post("/w/other/fields/"+itoa(id)+"/links", "program", program, "level", "essential").Want(http.StatusNotFound)
}

func TestFieldProposesAPurpose(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	_, id := heldField(t, s)
	purpose := itoa(s.Purpose(t, s.Admin(), "newsletter", true))
	path := "/w/acme/fields/" + itoa(id)
	v := s.As(t, s.Acme[domain.RoleEditor])

	page := v.Post(path+"/mappings", "purpose", purpose, "justification", " ").Want(http.StatusUnprocessableEntity)
	if page.Problem("justification") == "" || page.Value("purpose") != purpose {
		t.Errorf("justification problem %q, purpose %q kept", page.Problem("justification"), page.Value("purpose"))
	}
	v.Post(path+"/mappings", "purpose", "999999", "justification", "Needed to send it").Want(http.StatusUnprocessableEntity)
	v.Post(path+"/mappings", "purpose", purpose, "justification", "Needed to send it").Want(http.StatusSeeOther)
	page = v.Get(path)
	for _, want := range []string{"Needed to send it", "Proposed", "Purpose pending"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("page lacks %q", want)
		}
	}
	s.As(t, s.Acme[domain.RoleViewer]).Post(path+"/mappings", "purpose", purpose, "justification", "x").Want(http.StatusForbidden)
	s.As(t, s.Other[domain.RoleAdmin]).Post("/w/other/fields/"+itoa(id)+"/mappings", "purpose", purpose, "justification", "x").Want(http.StatusNotFound)
}

// A measure without reads contradicts every program that counts, and the page says so where a program was too young to read.
func TestSilenceBeforeAProgramBegan(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	_, id := heldField(t, s)
	ws, path := s.Admin().Workspace, "/w/acme/fields/"+itoa(id)
	program := s.Program(t, s.Admin(), "Birthday", "live")
	s.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level) values ($1, $2, $3, 'essential')`, ws, id, program)
	s.Exec(t, `insert into field_evidence (workspace_id, field_id, reads, window_days, reads_measured_at) values ($1, $2, 0, 90, now() - interval '1 day')`, ws, id)
	v := s.As(t, s.Acme[domain.RoleEditor])
	for _, c := range []struct {
		starts string
		lately bool
	}{{"null", false}, {"current_date - 10", true}, {"current_date - 120", false}} {
		s.Exec(t, `update program set starts_on = `+c.starts+` where id = $1`, program)
		if err := s.Store.JudgeAll(t.Context(), s.Admin()); err != nil {
			t.Fatal(err)
		}
		page := v.Get(path).Want(http.StatusOK).Text("main")
		if !strings.Contains(page, "To delete") || !strings.Contains(page, "no read was measured") || strings.Contains(page, "after this measure did") != c.lately {
			t.Errorf("started %q: page = %q", c.starts, page)
		}
	}
}

func TestFieldSaysWhyItIsHeld(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	v := s.As(t, s.Admin())
	path := "/w/acme/fields/" + itoa(g.field)
	quote := func() string { return v.Get(path).Want(http.StatusOK).Text("#verdict ~ * .quote, .quote") }
	if text := quote(); !strings.Contains(text, "We hold “ident.contact.email”") {
		t.Errorf("linked and covered: %q", text)
	}
	s.Exec(t, `insert into requirement (workspace_id, program_id, category_id, level, role) select l.workspace_id, l.program_id, f.category_id, 'essential', 'trigger'
		from program_link l join field f on f.id = l.field_id where l.field_id = $1`, g.field)
	if text := quote(); !strings.Contains(text, "know when to write to you in the program “") {
		t.Errorf("with the role of the program's need: %q", text)
	}
	s.Exec(t, `update program_link set role = 'reach'`)
	if text := quote(); !strings.Contains(text, "reach you in the program “") || !strings.Contains(text, "Legal basis: ") {
		t.Errorf("with a role: %q", text)
	}
	s.Exec(t, `update program set status = 'idea'`)
	s.Exec(t, `update purpose_mapping set state = 'rejected'`)
	if text := quote(); !strings.Contains(text, "Nothing says why we hold “ident.contact.email”") {
		t.Errorf("an idea justifies nothing: %q", text)
	}
	s.Exec(t, `update field set category_id = (select id from data_category where workspace_id = field.workspace_id and code = 'tech.key'), gdpr_class = 'non_personal'`)
	if text := quote(); strings.Contains(text, "We hold") {
		t.Errorf("data of no person needs no reason: %q", text)
	}
}

// What would be refused is not offered: no decision on a field without a flag.
func TestFieldDecisionsThatAreRefusedAreNotOffered(t *testing.T) {
	t.Parallel()
	s := newBulkSite(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	path := "/w/acme/fields/" + itoa(s.fields[0])
	if n := v.Get(path).Want(http.StatusOK).Doc().Find(`section:has(#decide) button[name=act]`).Length(); n != len(domain.DecisionKinds) {
		t.Errorf("%d decisions on a flagged field", n)
	}
	s.Exec(t, `update field set flags = 0 where id = $1`, s.fields[0])
	if n := v.Get(path).Want(http.StatusOK).Doc().Find(`#decide`).Length(); n != 0 {
		t.Error("a field without a flag offers decisions")
	}
	s.Exec(t, `update field set flags = 1, verdict = 'keep' where id = $1`, s.fields[0])
	if n := v.Get(path).Want(http.StatusOK).Doc().Find(`section:has(#decide) [value=propose_deletion]`).Length(); n != 0 {
		t.Error("a field that is used and lawful may be proposed for deletion")
	}
}
