package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// TestRetentionFromPresetToSchedule makes a rule of a preset, changes it with a reason, attaches it, and reads the
// conflicts and the schedule that follow.
func TestRetentionFromPresetToSchedule(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	v := s.As(t, s.Acme[domain.RoleDPO])
	if got := v.Get("/w/acme/retention/conflicts").Want(http.StatusOK).Text("main"); !strings.Contains(got, "No rule") || !strings.Contains(got, "1 approved field has no end") {
		t.Errorf("a purpose without a rule is not told: %s", got)
	}
	if got := v.Get("/w/acme/retention/presets").Want(http.StatusOK).Text("tbody"); !strings.Contains(got, "Accounting documents") || !strings.Contains(got, "10 years in archive") {
		t.Errorf("presets = %.300s", got)
	}
	form := v.Get("/w/acme/retention/new?preset=PROSPECT").Want(http.StatusOK)
	if form.Value("active_months") != "36" || form.Value("name") != "Prospect (not a customer)" {
		t.Error("the form does not hold what the preset says")
	}
	typed := []string{"preset", "PROSPECT", "code", "PROSPECT", "name", "Prospects", "triggers", "last_contact_from_person", "triggers", "collection",
		"active_months", "48", "fate", "delete", "retention_source", "recommendation", "legal_reference", "CNIL", "certainty", "quoted", "archive_months", "12"}
	page := v.Post("/w/acme/retention", typed...).Want(http.StatusUnprocessableEntity)
	if !strings.Contains(page.Problem("reason"), "say why") {
		t.Errorf("reason: %q", page.Problem("reason"))
	}
	made := v.Post("/w/acme/retention", append(typed, "reason", "Our customers buy every four years")...).Want(http.StatusSeeOther)
	shown := v.Follow(made).Want(http.StatusOK).Text("main")
	for _, want := range []string{"Prospects", "4 years", "Last contact that the person started", "Quoted by others", "Our customers buy every four years", "Differs from the preset"} {
		if !strings.Contains(shown, want) {
			t.Errorf("page lacks %q: %s", want, shown)
		}
	}
	// Attaching it reopens what was approved under no rule: that is asked first.
	attach := made.Location + "/attach"
	if got := v.Get(attach + "?to=purpose").Want(http.StatusOK).Text("tbody"); !strings.Contains(got, "No rule") {
		t.Errorf("choices = %s", got)
	}
	v.Post(attach, "to", "elsewhere", "id", "1").Want(http.StatusUnprocessableEntity)
	v.Post(attach, "to", "purpose").Want(http.StatusUnprocessableEntity)
	s.Exec(t, `update purpose set interest = 'To keep them', necessity = 'No other way', balance = 'They expect it', subjects = '{customers}',
		recipients = '[{"kind": "internal"}]', security_measures = '{encryption}'`)
	asked := v.Post(attach, "to", "purpose", "id", itoa(g.purpose)).Want(http.StatusOK)
	if !strings.Contains(asked.Text("main"), "1 approved mapping goes back to the DPO") {
		t.Errorf("confirmation = %s", asked.Text("main"))
	}
	done := v.Follow(v.Post(attach, "to", "purpose", "id", itoa(g.purpose), "confirmed", "1").Want(http.StatusSeeOther)).Want(http.StatusOK)
	undo, _ := done.Doc().Find(".flash form").Attr("action")
	s.As(t, s.Acme[domain.RoleViewer]).Post(undo).Want(http.StatusForbidden)
	if got := v.Follow(v.Post(undo).Want(http.StatusSeeOther)).Want(http.StatusOK).Text("main"); !strings.Contains(got, "Retention rule attached") || !strings.Contains(got, "Undone by") {
		t.Errorf("batch = %s", got)
	}
	if got := v.Get(attach + "?to=purpose").Want(http.StatusOK).Text("tbody"); !strings.Contains(got, "No rule") {
		t.Errorf("undone, and yet %s", got)
	}
	v.Post(undo).Want(http.StatusConflict)
	v.Post(attach, "to", "purpose", "id", itoa(g.purpose), "confirmed", "1").Want(http.StatusSeeOther)
	again := v.Follow(v.Post(attach, "to", "purpose", "id", itoa(g.purpose), "confirmed", "1").Want(http.StatusSeeOther))
	if got := again.Text(".flash"); !strings.Contains(got, "There is nothing to change.") {
		t.Errorf("attached twice: %s", got)
	}
	s.Exec(t, `update purpose_mapping set state = 'approved'`)
	judgeAll(t, s)
	got := v.Get("/w/acme/retention/conflicts").Want(http.StatusOK).Text("main")
	for _, want := range []string{"Archive without a ground", "Start not recorded", "Last contact that the person started and Collection"} {
		if !strings.Contains(got, want) {
			t.Errorf("conflicts lack %q: %s", want, got)
		}
	}
	if got := v.Get("/w/acme/fields/" + itoa(g.field)).Want(http.StatusOK).Text("section:has(#kept)"); !strings.Contains(got, "4 years, then 1 year in archive") || !strings.Contains(got, "Applies") {
		t.Errorf("field = %s", got)
	}
	if got := v.Get("/w/acme/retention/schedule").Want(http.StatusOK).Text("tbody"); !strings.Contains(got, "Prospects") || !strings.Contains(got, "48") {
		t.Errorf("schedule = %s", got)
	}
	csv := v.Get("/w/acme/retention/schedule.csv").Want(http.StatusOK)
	if !strings.Contains(csv.Body, "last_contact_from_person") && !strings.Contains(csv.Body, "Last contact") {
		t.Errorf("file = %s", csv.Body)
	}
	s.As(t, s.Acme[domain.RoleViewer]).Post("/w/acme/retention", typed...).Want(http.StatusForbidden)
	s.Exec(t, `update purpose set retention_rule_id = null`)
	judgeAll(t, s)
	if got := v.Get("/w/acme/retention/schedule").Want(http.StatusOK).Text("tbody"); !strings.Contains(got, "No rule") {
		t.Errorf("the schedule does not say that no rule binds: %s", got)
	}
}
