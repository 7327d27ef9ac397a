package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// TestTargetsAreDecidedFrozenAndCompared goes the way of a target: decided from a field and for a category, refused where something is
// missing, reached by what the register holds, frozen, changed, compared in words and in a file.
func TestTargetsAreDecidedFrozenAndCompared(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	dataset := s.Dataset(t, by, s.Application(t, by, "CRM"), "contacts")
	field := s.Field(t, by, dataset, "birth_date", "ident.contact.email")
	program := s.Program(t, by, "BDAY", "live")
	health := s.Category(t, by, "art9.health")
	v := s.As(t, s.Acme[domain.RoleFacilitator])

	if page := v.Get("/w/acme/targets/progress").Want(http.StatusOK); !strings.Contains(page.Text("main"), "No target action yet") {
		t.Errorf("an empty page says %q", page.Text("main"))
	}
	form := v.Get("/w/acme/targets/new?field=" + itoa(field)).Want(http.StatusOK)
	if !strings.Contains(form.Text("main"), "birth_date") || form.Doc().Find("select[name=category]").Length() != 0 {
		t.Error("the form of a field asks for a category")
	}
	page := v.Post("/w/acme/targets", "field", itoa(field), "target_action", "replace", "progress", "done").Want(http.StatusUnprocessableEntity)
	for _, name := range []string{"cause", "how", "reason", "progress"} {
		if page.Problem(name) == "" {
			t.Errorf("nothing is said of %s", name)
		}
	}
	saved := v.Post("/w/acme/targets", "field", itoa(field), "target_action", "replace", "cause", "too_precise", "how", "Day and month only", "reason",
		"The year serves nothing", "due_on", "2020-01-31", "progress", "todo").Want(http.StatusSeeOther)
	if got := v.Get(saved.Location).Want(http.StatusOK).Text("main"); !strings.Contains(got, "Too precise") || !strings.Contains(got, "Late") || !strings.Contains(got, "Day and month only") {
		t.Errorf("the target says %q", got)
	}
	collect := v.Post("/w/acme/targets", "category", itoa(health), "program", itoa(program), "target_action", "collect", "reason", "For the menu", "progress", "todo").Want(http.StatusSeeOther)
	if got := v.Get(collect.Location).Text("main"); !strings.Contains(got, "The plan of collection lacks: collection point, due, wording.") {
		t.Errorf("the gaps of the plan of collection: %q", got)
	}
	list := v.Get("/w/acme/targets?target_standing=late").Want(http.StatusOK)
	if got := list.Text("tbody"); !strings.Contains(got, "birth_date") || strings.Contains(got, "art9.health") {
		t.Errorf("late are %q", got)
	}

	if got := v.Post("/w/acme/targets/versions", "name", " ").Want(http.StatusUnprocessableEntity).Problem("name"); got == "" {
		t.Error("a version without a name is frozen")
	}
	v.Post("/w/acme/targets/versions", "name", "First workshop", "note", "With the stores").Want(http.StatusSeeOther)
	s.Exec(t, `update field set state = 'gone' where id = $1`, field)
	v.Post(collect.Location, "version", "1", "target_action", "drop", "reason", "No menu after all", "progress", "todo").Want(http.StatusSeeOther)
	v.Post(collect.Location, "version", "1", "target_action", "keep", "progress", "todo").Want(http.StatusConflict)

	progress := v.Get("/w/acme/targets/progress").Want(http.StatusOK)
	if got := progress.Text("main"); !strings.Contains(got, "“First workshop”: 0 of 2 reached. Today: 2 of 2.") || !strings.Contains(got, "With the stores") {
		t.Errorf("the course is %q", got)
	}
	compare, _ := progress.Doc().Find(`#versions ~ * a[href*="compare"], section:has(#versions) a[href*="compare"]`).First().Attr("href")
	changes := v.Get(compare).Want(http.StatusOK).Text("main")
	for _, want := range []string{"1 decided otherwise, 1 reached", "“Collect” becomes “Drop”.", "No menu after all", "birth_date"} {
		if !strings.Contains(changes, want) {
			t.Errorf("what changed does not say %q: %q", want, changes)
		}
	}
	file := v.Get(strings.Replace(compare, "compare?", "compare.csv?", 1)).Want(http.StatusOK)
	if !strings.Contains(file.Body, "birth_date") || strings.Count(file.Body, "\n") != 3 {
		t.Errorf("the file holds %q", file.Body)
	}
	v.Get("/w/acme/targets/compare?from=999").Want(http.StatusNotFound)
	if got := v.Get("/w/acme/targets/frozen").Want(http.StatusOK).Text("tbody"); strings.Count(got, "First workshop") != 2 {
		t.Errorf("the version lists %q", got)
	}
	if got := v.Get("/w/acme/targets.json").Want(http.StatusOK).Body; !strings.Contains(got, `"target_standing":"reached"`) {
		t.Errorf("the export holds %q", got)
	}
	v.Post(saved.Location + "/remove").Want(http.StatusSeeOther)
	if got := v.Get("/w/acme/history").Text("main"); !strings.Contains(got, "Target action of “birth_date” taken back") || !strings.Contains(got, "Version “First workshop” of the target frozen") {
		t.Errorf("the history says %q", got)
	}
	viewer := s.As(t, s.Acme[domain.RoleViewer])
	viewer.Post("/w/acme/targets/versions", "name", "Mine").Want(http.StatusForbidden)
	if viewer.Get("/w/acme/targets/progress").Doc().Find("form[action$=versions]").Length() != 0 {
		t.Error("a viewer is offered to freeze a version")
	}
}

// TestTargetsOfManyAtOnce decides what is to become of ticked fields, and what is to be collected for ticked needs, and takes both
// back as a whole.
func TestTargetsOfManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newBulkSite(t)
	v := s.As(t, s.Acme[domain.RoleFacilitator])
	v.Post("/w/acme/targets", "field", itoa(s.fields[0]), "target_action", "drop", "reason", "Of no use", "progress", "doing").Want(http.StatusSeeOther)

	panel := v.Post("/w/acme/fields/bulk", append(s.ticked(), "act", "target")...).Want(http.StatusOK)
	if panel.Doc().Find("[name=target_action][value=collect]").Length() != 0 {
		t.Error("what is held is offered to be collected")
	}
	choice := hidden(panel, ".formpage")
	for _, bad := range [][]string{{"target_action", "collect"}, {"target_action", "replace"}, {"target_action", "review", "reason", "Unclear"}, {"target_action", "drop", "due_on", "soon"}, {}} {
		page := v.Post("/w/acme/fields/bulk/preview", append(choice, bad...)...).Want(http.StatusUnprocessableEntity)
		want := map[string]string{"collect": "target_action", "replace": "cause", "review": "owner", "drop": "due_on", "": "target_action"}[append(bad, "", "")[1]]
		if page.Problem(want) == "" {
			t.Errorf("%v: nothing is said of %s", bad, want)
		}
	}
	preview := v.Post("/w/acme/fields/bulk/preview", append(choice, "target_action", "drop", "reason", "Nobody reads it", "due_on", "2099-01-31")...).Want(http.StatusOK)
	for _, want := range []string{"4 fields will have this target action", "1 field had another, which is replaced", "Drop", "31 Jan 2099", "Decide for 5 fields"} {
		if got := preview.Text(".confirm"); !strings.Contains(got, want) {
			t.Errorf("the preview lacks %q: %s", want, got)
		}
	}
	list := v.Follow(v.Post("/w/acme/fields/bulk/apply", hidden(preview, ".confirm")...).Want(http.StatusSeeOther)).Want(http.StatusOK)
	if got := list.Text(".flash"); !strings.Contains(got, "Target decided for 5 fields") {
		t.Errorf("message = %q", got)
	}
	undo, _ := list.Doc().Find(".flash form").Attr("action")
	if got := v.Get("/w/acme/targets?target_action=drop").Text("tbody"); strings.Count(got, "Nobody reads it") != 5 || !strings.Contains(got, "Under way") {
		t.Errorf("targets are %q", got)
	}
	if got := v.Get(strings.TrimSuffix(undo, "/undo")).Text("main"); !strings.Contains(got, "Target actions") || !strings.Contains(got, "field_3") {
		t.Errorf("the batch says %q", got)
	}
	// What somebody changes meanwhile stays.
	var changed int64
	if err := s.Owner.QueryRow(t.Context(), `select id from target where field_id = $1`, s.fields[4]).Scan(&changed); err != nil {
		t.Fatal(err)
	}
	v.Post("/w/acme/targets/"+itoa(changed), "version", "1", "target_action", "keep", "progress", "todo").Want(http.StatusSeeOther)
	s.As(t, s.Acme[domain.RoleViewer]).Post(undo).Want(http.StatusForbidden)
	if got := v.Follow(v.Post(undo).Want(http.StatusSeeOther)).Text("main"); !strings.Contains(got, "1 change stayed") {
		t.Errorf("after undoing: %q", got)
	}
	if got := v.Get("/w/acme/targets").Text("tbody"); !strings.Contains(got, "Of no use") || strings.Contains(got, "Nobody reads it") || !strings.Contains(got, "field_4") || strings.Contains(got, "field_3") {
		t.Errorf("undone targets are %q", got)
	}

	// Of three needs one is held by a field and one is to be avoided: only what is missing is to be collected.
	needs := "/w/acme/requirements"
	for code, level := range map[string]string{"ident.contact.email": "essential", "art9.health": "avoid", "tech.key": "essential", "unk": "essential"} {
		note := ""
		if level == "avoid" {
			note = "Ask at the table"
		}
		v.Post("/w/acme/programs/"+itoa(s.program)+"/requirements", "category", itoa(s.Category(t, s.Admin(), code)), "level", level, "note", note).Want(http.StatusSeeOther)
	}
	taken := v.Follow(v.Post(needs+"/bulk", "scope", "all", "query", "").Want(http.StatusSeeOther)).Want(http.StatusOK)
	if taken.Doc().Find("button[value=collect_needs]").Length() == 0 {
		t.Fatal("nothing offers to collect")
	}
	ask := v.Post(needs+"/bulk", "scope", "all", "query", "", "act", "collect_needs").Want(http.StatusOK)
	if got := ask.Text("main"); !strings.Contains(got, "Collect 1 piece of data") || !strings.Contains(got, "3 other rows are left aside") {
		t.Errorf("the page of a collection says %q", got)
	}
	if v.Post(needs+"/bulk", append(hidden(ask, ".formpage"), "act", "apply")...).Want(http.StatusUnprocessableEntity).Problem("reason") == "" {
		t.Error("data is collected without a reason")
	}
	done := v.Follow(v.Post(needs+"/bulk", append(hidden(ask, ".formpage"), "act", "apply", "reason", "To write in their language", "wording", "Your language")...).Want(http.StatusSeeOther))
	undo, _ = done.Doc().Find(".flash form").Attr("action")
	if got := v.Get("/w/acme/targets?target_action=collect&gaps=some").Text("tbody"); !strings.Contains(got, "Birthday") || strings.Count(got, "To write in their language") != 1 {
		t.Errorf("to collect are %q", got)
	}
	v.Post(undo).Want(http.StatusSeeOther)
	if got := v.Get("/w/acme/targets?target_action=collect").Text("main"); strings.Contains(got, "To write in their language") {
		t.Errorf("still to collect: %q", got)
	}
	s.As(t, s.Acme[domain.RoleViewer]).Post(needs+"/bulk", "scope", "all", "act", "collect_needs").Want(http.StatusForbidden)
}

func TestTargetPagesInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowd(t, 60)
	by := s.Admin()
	program := s.Program(t, by, "ANNIV", "live")
	s.Exec(t, `update program set name = 'Anniversaire client et relances de fidélité' where id = $1`, program)
	s.Exec(t, `insert into target (workspace_id, field_id, program_id, target_action, reason, due_on, owner_id, progress)
		select $1, id, case when id % 3 = 0 then $2::bigint end, (array['keep', 'limit', 'drop', 'archive', 'review'])[1 + id % 5],
			'Aucun programme ne s’en sert depuis deux ans', date '2026-01-31' + (id % 700)::integer, $3, (array['todo', 'doing'])[1 + id % 2] from field`,
		by.Workspace, program, by.User)
	target := insert(t, s, `insert into target (workspace_id, category_id, program_id, target_action, reason) values ($1, $2, $3, 'collect',
		'Pour souhaiter l’anniversaire sans demander l’année') returning id`, by.Workspace, s.Category(t, by, "art9.health"), program)
	for _, name := range []string{"Diagnostic initial", "Après l’atelier avec les magasins"} {
		if _, err := s.Store.FreezeTargets(t.Context(), by, domain.TargetVersion{Name: name, Note: "Comité CRM"}); err != nil {
			t.Fatal(err)
		}
		s.Exec(t, `update target set progress = 'done' where target_action in ('limit', 'archive') and id % 2 = 0`)
		s.Exec(t, `update target set target_action = 'drop', due_on = due_on + 30 where target_action = 'review' and id % 2 = 0`)
	}
	stage := insert(t, s, `insert into journey_stage (workspace_id, code, name, position) values ($1, 'zz', 'Nouveau client', 99) returning id`, by.Workspace)
	journey := insert(t, s, `insert into journey (workspace_id, name, description) values ($1, 'Premier achat sur le site', 'De la commande au deuxième achat') returning id`, by.Workspace)
	s.Exec(t, `insert into journey_moment (workspace_id, journey_id, position, name, stage_id, channel, program_id, note) values
		($1, $2, 1, 'Commande', null, 'web', null, ''), ($1, $2, 2, 'Livraison et prise en main', $3, 'email', $4, 'Avec la notice'), ($1, $2, 3, 'Anniversaire', $3, 'sms', $4, '')`,
		by.Workspace, journey, stage, program)
	inBrowser(t, s, by,
		shownPage{"journeys", "/w/acme/journeys"},
		shownPage{"journey", "/w/acme/journeys/" + itoa(journey)},
		shownPage{"journey-edit", "/w/acme/journeys/" + itoa(journey) + "/edit"},
		shownPage{"targets", "/w/acme/targets?n=10"},
		shownPage{"target", "/w/acme/targets/" + itoa(target)},
		shownPage{"target-edit", "/w/acme/targets/" + itoa(target) + "/edit"},
		shownPage{"target-progress", "/w/acme/targets/progress"},
		shownPage{"target-changes", "/w/acme/targets/compare"},
		shownPage{"target-frozen", "/w/acme/targets/frozen?n=10"})
}
