package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

func TestObjectiveFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleFacilitator])

	page := v.Post("/w/acme/objectives", "name", "", "kpi", "Active customers").Want(http.StatusUnprocessableEntity)
	if page.Problem("name") == "" || page.Value("kpi") != "Active customers" {
		t.Error("a refused objective must keep what was typed and say what is wrong")
	}
	saved := v.Post("/w/acme/objectives", "name", "Retention", "kpi", "Active customers", "target", "35%").Want(http.StatusSeeOther)
	page = v.Follow(saved).Want(http.StatusOK)
	if got := page.Text(".facts"); !strings.Contains(got, "Active customers") || !strings.Contains(got, "35%") {
		t.Errorf("facts = %q", got)
	}
	path := saved.Location
	v.Post("/w/acme/objectives", "name", "retention").Want(http.StatusUnprocessableEntity)
	v.Post(path, "name", "Retention 2", "version", "9").Want(http.StatusConflict)
	v.Post(path, "name", "Retention 2", "version", "1").Want(http.StatusSeeOther)
	if got := v.Get("/w/acme/objectives?programs=none").Text("tbody"); !strings.Contains(got, "Retention 2") {
		t.Errorf("list = %q", got)
	}
	s.As(t, s.Acme[domain.RoleViewer]).Post(path, "name", "X").Want(http.StatusForbidden)
	s.As(t, s.Other[domain.RoleAdmin]).Get(strings.Replace(path, "/acme/", "/other/", 1)).Want(http.StatusNotFound)

	program := s.Program(t, s.Admin(), "BDAY", "live")
	s.Exec(t, `update program set objective_id = $1 where id = $2`, path[strings.LastIndex(path, "/")+1:], program)
	mail := s.Field(t, s.Admin(), s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "CRM"), "contacts"), "mail_1", "ident.contact.email")
	s.Exec(t, `insert into requirement (workspace_id, program_id, category_id, level, role) values ($1, $2, $3, 'essential', 'reach')`, s.Admin().Workspace, program, s.Category(t, s.Admin(), "ident.contact.email"))
	s.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level) values ($1, $2, $3, 'essential')`, s.Admin().Workspace, mail, program)
	if got := v.Get(path).Text("section:has(#tree)"); !strings.Contains(got, "BDAY") || !strings.Contains(got, "Reach") || !strings.Contains(got, "mail_1") {
		t.Errorf("from the objective down: %q", got)
	}
	for _, do := range []string{"/archive", "/remove"} {
		if got := v.Post(path + do).Want(http.StatusConflict).Text("main"); !strings.Contains(got, "1 program") {
			t.Errorf("%s: refusal does not say what uses it: %s", do, got)
		}
	}
	s.Exec(t, `update program set archived_at = now()`)
	v.Post(path + "/archive").Want(http.StatusSeeOther)
	v.Post(path + "/remove").Want(http.StatusConflict)
	v.Post(path + "/restore").Want(http.StatusSeeOther)
	s.Exec(t, `delete from program_link`)
	s.Exec(t, `delete from program`)
	v.Post(path + "/remove").Want(http.StatusSeeOther)
	v.Get(path).Want(http.StatusNotFound)
}

func TestStagesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	var paths []string
	for _, name := range []string{"Prospect", "Active", "Lost"} {
		paths = append(paths, v.Post("/w/acme/stages", "code", strings.ToLower(name), "name", name).Want(http.StatusSeeOther).Location)
	}
	order := func() string {
		var names []string
		v.Get("/w/acme/stages").Doc().Find("tbody th").Each(func(_ int, th *goquery.Selection) { names = append(names, strings.TrimSpace(th.Text())) })
		return strings.Join(names, " ")
	}
	if got := order(); got != "Prospect Active Lost" {
		t.Fatalf("order = %q", got)
	}
	v.Post(paths[2]+"/move", "to", "earlier").Want(http.StatusSeeOther)
	v.Post(paths[0]+"/move", "to", "earlier").Want(http.StatusSeeOther) // the first stays first
	v.Post(paths[1]+"/move", "to", "later").Want(http.StatusSeeOther)   // the last stays last
	if got := order(); got != "Prospect Lost Active" {
		t.Errorf("order = %q", got)
	}
	v.Post(paths[0]+"/move", "to", "sideways").Want(http.StatusUnprocessableEntity)
	s.As(t, s.Acme[domain.RoleViewer]).Post(paths[0]+"/move", "to", "later").Want(http.StatusForbidden)
	s.As(t, s.Other[domain.RoleAdmin]).Post(strings.Replace(paths[0], "/acme/", "/other/", 1)+"/move", "to", "later").Want(http.StatusNotFound)
	v.Post("/w/acme/stages", "code", "LOST", "name", "Again").Want(http.StatusUnprocessableEntity)

	page := v.Get(paths[0]).Want(http.StatusOK)
	if got := page.Text(".tl"); !strings.Contains(got, "added") {
		t.Errorf("history = %q", got)
	}
	v.Post(paths[0], "code", "prospect", "name", "Prospects", "version", "8").Want(http.StatusConflict)
	v.Post(paths[0] + "/archive").Want(http.StatusSeeOther)
	if got := order(); got != "Lost Active" {
		t.Errorf("order = %q once the first was archived", got)
	}
	v.Post(paths[0] + "/restore").Want(http.StatusSeeOther)
	v.Post("/w/acme/stages/bulk", "act", "archive", "scope", "all", "query", "").Want(http.StatusSeeOther)
	if got := v.Get("/w/acme/stages").Text("tbody"); got != "" {
		t.Errorf("stages left after all were archived: %q", got)
	}
	v.Post(paths[0] + "/remove").Want(http.StatusSeeOther)
	v.Get(paths[0]).Want(http.StatusNotFound)
}

// TestPlanSaysWhatOneStepUnlocks follows a program from data that nobody holds to one that can run.
func TestPlanSaysWhatOneStepUnlocks(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	one, two := s.Program(t, by, "BDAY", "live"), s.Program(t, by, "MENU", "idea")
	s.Program(t, by, "SILENT", "live")
	for program, codes := range map[domain.ProgramID][]string{one: {"ident.contact.email"}, two: {"ident.contact.email", "art9.health"}} {
		for _, code := range codes {
			s.Exec(t, `insert into requirement (workspace_id, program_id, category_id, level) values ($1, $2, $3, 'essential')`, by.Workspace, program, s.Category(t, by, code))
		}
	}
	v := s.As(t, s.Acme[domain.RoleViewer])
	says := func(standing, row, note string) {
		t.Helper()
		page := v.Get("/w/acme/plan").Want(http.StatusOK)
		first := strings.Join(strings.Fields(page.Doc().Find("section:has(#unlocks) tbody tr").First().Text()), " ")
		if text := page.Text("main"); !strings.Contains(text, standing) || !strings.HasPrefix(first, row) {
			t.Errorf("the plan says %q, want %q; the first row says %q, want %q", text, standing, first, row)
		}
		if got := v.Get("/w/acme/programs/" + itoa(one)).Text("section:has(#needs)"); !strings.Contains(got, note) {
			t.Errorf("the program says %q, want %q", got, note)
		}
	}
	says("Ready to run: 0. Blocked: 2. Without essential target data: 1.", "ident.contact.email ident.contact.emailCollectBDAY1 program", "Blocked: 0 of 1")
	field := s.Field(t, by, s.Dataset(t, by, s.Application(t, by, "CRM"), "contacts"), "email", "ident.contact.email")
	says("Ready to run: 0.", "ident.contact.email ident.contact.emailLinkBDAY1 program", "Held, not linked")
	for _, program := range []domain.ProgramID{one, two} {
		s.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level) values ($1, $2, $3, 'essential')`, by.Workspace, field, program)
	}
	s.Exec(t, `insert into field_evidence (workspace_id, field_id, row_count, non_null_count) values ($1, $2, 1000, 1)`, by.Workspace, field)
	says("Ready to run: 0.", "ident.contact.email ident.contact.emailFill betterBDAY1 program", "Blocked: 0 of 1")
	s.Exec(t, `update field_evidence set non_null_count = 990`)
	says("Ready to run: 0.", "ident.contact.email ident.contact.emailHave approvedBDAY1 program", "Blocked: 0 of 1")
	s.Exec(t, `update field set lawful = true where id = $1`, field)
	says("Ready to run: 1. Blocked: 1. Without essential target data: 1.", "art9.health art9.healthCollectMENU", "Ready to run")
}
