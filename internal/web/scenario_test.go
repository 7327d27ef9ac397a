package web_test

import (
	"net/http"
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
	if text := v.Get("/w/acme/programs/" + itoa(program)).Text("#scenarios"); text == "" {
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
