package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// TestJourneyFromBeginningToEnd tells a journey in moments, has one more row added without script, and finds it on the plan.
func TestJourneyFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	program := s.Program(t, by, "WELCOME", "live")
	scenario := insert(t, s, `insert into scenario (workspace_id, program_id, name) values ($1, $2, 'Day after') returning id`, by.Workspace, program)
	stage := insert(t, s, `insert into journey_stage (workspace_id, code, name, position) values ($1, 'new', 'New customer', 1) returning id`, by.Workspace)
	v := s.As(t, s.Acme[domain.RoleFacilitator])

	more := v.Post("/w/acme/journeys", "name", "First purchase", "moments.0.name", "Order", "add", "moments").Want(http.StatusOK)
	if more.Value("moments.0.name") != "Order" || more.Doc().Find(`[name="moments.1.name"]`).Length() != 1 {
		t.Error("no row was added, or what was typed is lost")
	}
	bad := v.Post("/w/acme/journeys", "name", "First purchase", "moments.0.channel", "pigeon").Want(http.StatusUnprocessableEntity)
	if bad.Problem("moments.0.name") == "" || bad.Problem("moments.0.channel") == "" {
		t.Error("nothing is said of a moment without a name, by a channel that there is not")
	}
	saved := v.Post("/w/acme/journeys", "name", "First purchase", "moments.0.name", "Order", "moments.0.stage", itoa(stage), "moments.0.channel", "web", "moments.0.speaks", "p"+itoa(program),
		"moments.1.name", "", "moments.2.name", "Delivery", "moments.2.stage", itoa(stage), "moments.2.speaks", "s"+itoa(scenario), "moments.2.note", "With the manual").Want(http.StatusSeeOther)
	page := v.Get(saved.Location).Want(http.StatusOK).Text(".plan")
	for _, want := range []string{"New customer", "1 Order", "WELCOME", "Needs not stated", "2 Delivery", "Day after", "With the manual"} {
		if !strings.Contains(page, want) {
			t.Errorf("the drawing does not say %q: %q", want, page)
		}
	}
	if plan := v.Get("/w/acme/plan").Text("section:has(#journeys)"); !strings.Contains(plan, "First purchase") || !strings.Contains(plan, "Delivery") {
		t.Errorf("the plan says of journeys %q", plan)
	}
	v.Post(saved.Location, "name", "First purchase", "version", "1", "moments.0.name", "Delivery", "moments.1.name", "Order").Want(http.StatusSeeOther)
	v.Post(saved.Location, "name", "First purchase", "version", "1").Want(http.StatusConflict)
	page = v.Get(saved.Location).Text("main")
	if !strings.Contains(page, "1 Delivery") || !strings.Contains(page, "2 Order") || !strings.Contains(page, "Day after") { // the last in its history
		t.Errorf("the journey was not changed: %q", page)
	}
	foreign := s.Program(t, s.Other[domain.RoleAdmin], "THEIRS", "live")
	v.Post("/w/acme/journeys", "name", "Strange", "moments.0.name", "Order", "moments.0.speaks", "p"+itoa(foreign)).Want(http.StatusUnprocessableEntity)
	s.As(t, s.Acme[domain.RoleViewer]).Post(saved.Location, "name", "Mine", "version", "2").Want(http.StatusForbidden)
	if got := v.Get("/w/acme/journeys.json").Want(http.StatusOK).Body; !strings.Contains(got, `"moments":["Delivery","Order"]`) {
		t.Errorf("the export holds %q", got)
	}
	v.Post(saved.Location + "/archive").Want(http.StatusSeeOther)
	v.Post(saved.Location + "/remove").Want(http.StatusSeeOther)
	v.Get(saved.Location).Want(http.StatusNotFound)
}
