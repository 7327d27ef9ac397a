package web_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

func TestPlanOfScenarios(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	populate(t, s)
	by := s.Admin()
	v := s.As(t, by)
	stage := insert(t, s, `insert into journey_stage (workspace_id, code, name, position) values ($1, 'fresh', 'Fresh buyers', 1) returning id`, by.Workspace)
	program := insert(t, s, `insert into program (workspace_id, code, name, status, stage_id) values ($1, 'NURT', 'Nurture', 'live', $2) returning id`, by.Workspace, stage)
	purpose := insert(t, s, `select min(id) from purpose where workspace_id = $1`, by.Workspace)

	segment := v.Post("/w/acme/segments", "name", "Web buyers", "definition", "First purchase on the web", "volume", "12 400").Want(http.StatusSeeOther).Location
	if text := v.Get(segment).Text("main"); !strings.Contains(text, "12,400") {
		t.Errorf("the segment: %s", text)
	}
	v.Post("/w/acme/segments", "name", "web buyers").Want(http.StatusUnprocessableEntity)
	v.Post("/w/acme/segments", "name", "Others", "volume", "many").Want(http.StatusUnprocessableEntity)

	form := v.Get("/w/acme/scenarios/new?program=" + itoa(program)).Want(http.StatusOK)
	if picked, _ := form.Doc().Find(`select[name=program] option[selected]`).Attr("value"); picked != itoa(program) {
		t.Errorf("the form of a program begins with program %q", picked)
	}
	typed := []string{"program", itoa(program), "name", "Second order", "scenario_kind", "sequence", "nature", "promotional", "trigger_kind", "event",
		"trigger", "First order delivered", "segment", segment[strings.LastIndex(segment, "/")+1:], "channels", "email", "cap_messages", "3", "cap_days", "7", "status", "live"}
	v.Post("/w/acme/scenarios", append(typed, "purpose", itoa(purpose))...).Want(http.StatusUnprocessableEntity) // not one of the program's
	s.Exec(t, `insert into program_purpose (workspace_id, program_id, purpose_id) values ($1, $2, $3)`, by.Workspace, program, purpose)
	path := v.Post("/w/acme/scenarios", append(typed, "purpose", itoa(purpose))...).Want(http.StatusSeeOther).Location
	v.Post("/w/acme/scenarios", typed...).Want(http.StatusUnprocessableEntity) // the program has one of that name
	if text := v.Get(path).Want(http.StatusOK).Text("main"); !strings.Contains(text, "At most 3 messages in 7 d") || !strings.Contains(text, "Web buyers") || !strings.Contains(text, "P1 · P1") {
		t.Errorf("the scenario: %s", text)
	}
	if text := v.Get("/w/acme/programs/" + itoa(program)).Text("#messages"); text == "" {
		t.Error("the page of the program does not know its scenarios")
	}
	v.Post(segment + "/archive").Want(http.StatusConflict)
	v.Post("/w/acme/programs/" + itoa(program) + "/remove").Want(http.StatusConflict)

	// The plan draws it, and says what one person may receive.
	if text := v.Get("/w/acme/plan").Want(http.StatusOK).Text("main"); !strings.Contains(text, "Fresh buyers") || !strings.Contains(text, "Nurture") ||
		!strings.Contains(text, "1 scenario, 1 live or planned") || !strings.Contains(text, "No rule") {
		t.Errorf("the plan: %s", text)
	}
	v.Post("/w/acme/plan/pressure", "most_email", "a lot", "days_email", "7").Want(http.StatusUnprocessableEntity)
	v.Post("/w/acme/plan/pressure", "most_email", "2", "days_email", "").Want(http.StatusUnprocessableEntity)
	v.Post("/w/acme/plan/pressure", "most_email", "2", "days_email", "7").Want(http.StatusSeeOther)
	if text := v.Get("/w/acme/plan").Text("main"); !strings.Contains(text, "Over the rule") {
		t.Errorf("three messages where two are allowed: %s", text)
	}
	v.Post("/w/acme/plan/pressure", "most_email", "3", "days_email", "7").Want(http.StatusSeeOther)
	if text := v.Get("/w/acme/plan").Text("main"); !strings.Contains(text, "Within the rule") {
		t.Errorf("three messages where three are allowed: %s", text)
	}
	if text := v.Get("/w/acme/history").Text("main"); !strings.Contains(text, "Pressure rules changed") || !strings.Contains(text, "2 / 7") {
		t.Errorf("the history: %s", text)
	}

	// A purpose that the program leaves is the scenario's no longer.
	s.Exec(t, `delete from program_purpose where program_id = $1`, program)
	if text := v.Get(path).Text("#facts ~ *, dl"); strings.Contains(text, "P1 · P1") {
		t.Error("the scenario still runs under a purpose that its program has left")
	}
	viewer := s.As(t, s.Acme[domain.RoleViewer])
	viewer.Get("/w/acme/plan").Want(http.StatusOK)
	viewer.Post("/w/acme/plan/pressure", "most_email", "9", "days_email", "1").Want(http.StatusForbidden)
	if text := s.As(t, s.Other[domain.RoleAdmin]).Get("/w/other/plan").Text("main"); strings.Contains(text, "Nurture") {
		t.Error("another workspace sees the plan")
	}
}

// TestNeedsOfAScenario says which data the whole program needs and which one scenario alone, and reads it on the page of each.
func TestNeedsOfAScenario(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	program := s.Program(t, by, "LOYALTY", "live")
	path := "/w/acme/programs/" + itoa(program)
	add := func(program domain.ProgramID, name string) int64 {
		return insert(t, s, `insert into scenario (workspace_id, program_id, name, status) values ($1, $2, $3, 'live') returning id`, by.Workspace, program, name)
	}
	statement, expiry := add(program, "Statement"), add(program, "Expiry")
	other := add(s.Program(t, by, "OTHER", "live"), "Elsewhere")
	email, diet := s.Category(t, by, "ident.contact.email"), s.Category(t, by, "art9.health")
	field := s.Field(t, by, s.Dataset(t, by, s.Application(t, by, "CRM"), "contacts"), "allergies", "art9.health")
	s.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level) values ($1, $2, $3, 'useful')`, by.Workspace, field, program)
	v := s.As(t, s.Acme[domain.RoleEditor])

	v.Post(path+"/requirements", "category", itoa(email), "level", "essential", "role", "reach").Want(http.StatusSeeOther)
	scenario := "/w/acme/scenarios/" + itoa(expiry)
	form, _ := v.Get(scenario).Doc().Find(`section:has(#needs) a.btn`).Attr("href")
	if ticked := v.Get(form).Doc().Find(`#need input[name=scenarios][checked]`); ticked.Length() != 1 || ticked.AttrOr("value", "") != itoa(expiry) {
		t.Fatalf("the form that the scenario leads to (%s) has %d scenarios ticked", form, ticked.Length())
	}
	needed := []string{"category", itoa(diet), "level", "useful", "role", "reach", "note", "A menu that fits"}
	v.Post(path+"/requirements", append(needed, "scenarios", itoa(other))...).Want(http.StatusUnprocessableEntity)
	if to := v.Post(path+"/requirements", append(needed, "scenarios", itoa(expiry), "from", itoa(expiry))...).Want(http.StatusSeeOther).Location; to != scenario+"#needs" {
		t.Errorf("whoever comes from a scenario is led to %s", to)
	}
	// A need that somebody did not look at is not replaced, and one that is said twice alike is one.
	v.Post(path+"/requirements", append(needed, "scenarios", itoa(expiry))...).Want(http.StatusSeeOther)
	if page := v.Post(path+"/requirements", append(needed, "scenarios", itoa(statement))...).Want(http.StatusUnprocessableEntity); !strings.Contains(page.Problem("category"), "already") {
		t.Errorf("another need of the same data: %q", page.Problem("category"))
	}
	edit, _ := v.Get(scenario).Doc().Find(`section:has(#needs) tr:contains("art9.health") a[href*="need="]`).Attr("href")
	if seen := v.Get(edit).Doc().Find(`#need input[name=seen]`).AttrOr("value", ""); seen != itoa(diet) {
		t.Errorf("the form that %q opens is about %q", edit, seen)
	}
	v.Post(path+"/requirements", append(needed, "scenarios", itoa(expiry), "scenarios", itoa(statement), "seen", itoa(diet))...).Want(http.StatusSeeOther)
	v.Post(path+"/requirements", append(needed, "scenarios", itoa(expiry), "seen", itoa(diet))...).Want(http.StatusSeeOther)

	if text := v.Get(scenario).Text("section:has(#needs)"); !strings.Contains(text, "ident.contact.email") || !strings.Contains(text, "For Expiry") || !strings.Contains(text, "allergies") {
		t.Errorf("the needs of the scenario: %s", text)
	}
	if text := v.Get("/w/acme/scenarios/" + itoa(statement)).Text("section:has(#needs)"); !strings.Contains(text, "ident.contact.email") || strings.Contains(text, "art9.health") {
		t.Errorf("the needs of the other scenario: %s", text)
	}
	for scenario, want := range map[int64]string{expiry: "2", statement: "1"} {
		if count := v.Get("/w/acme/requirements?scenario=" + itoa(scenario)).Doc().Find("tbody tr").Length(); strconv.Itoa(count) != want {
			t.Errorf("the list narrowed to the scenario %d has %d rows", scenario, count)
		}
	}
	if value := v.Get(path+"?need="+itoa(diet)).Doc().Find(`#need input[name=note]`).AttrOr("value", ""); value != "A menu that fits" {
		t.Errorf("the form of the need there is says %q", value)
	}

	// Only who may change a need is led to its form.
	if n := s.As(t, s.Acme[domain.RoleViewer]).Get(scenario).Doc().Find(`section:has(#needs) a[href*="need="]`).Length(); n != 0 {
		t.Errorf("a viewer is led to %d forms", n)
	}
	// Neither does a scenario leave with the need, nor is it removed under it.
	typed := []string{"version", "1", "program", itoa(s.Program(t, by, "THIRD", "live")), "name", "Expiry", "scenario_kind", "sequence", "nature", "promotional", "trigger_kind", "event", "status", "live"}
	if page := v.Post(scenario, typed...).Want(http.StatusUnprocessableEntity); !strings.Contains(page.Problem("program"), "name this scenario") {
		t.Errorf("a scenario that a need names went to another program: %q", page.Problem("program"))
	}
	v.Post(scenario + "/remove").Want(http.StatusConflict)
	v.Post(path+"/requirements", append(needed, "seen", itoa(diet))...).Want(http.StatusSeeOther)
	if text := v.Get(path).Text(".tl"); !strings.Contains(text, "Expiry") {
		t.Errorf("the history does not say for which scenario the need was: %s", text)
	}
	v.Post(scenario + "/remove").Want(http.StatusSeeOther)
}
