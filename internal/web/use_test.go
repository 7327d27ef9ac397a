package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// usedWorld is a record of every kind, each referred to by others, archived ones among them.
func usedWorld(t *testing.T, s *webtest.Site) map[string]string {
	t.Helper()
	by := s.Admin()
	ws := by.Workspace
	one := func(sql string, args ...any) int64 { return insert(t, s, sql, append([]any{ws}, args...)...) }
	team := one(`insert into team (workspace_id, name) values ($1, 'Data') returning id`)
	app := int64(s.Application(t, by, "CRM"))
	other := int64(s.Application(t, by, "Shop"))
	s.Exec(t, `update application set team_id = $2, owner_id = $3 where id = $1`, app, team, s.Acme[domain.RoleFacilitator].User)
	ds := s.Dataset(t, by, domain.ApplicationID(app), "contacts")
	s.Dataset(t, by, domain.ApplicationID(app), "orders")
	field := int64(s.Field(t, by, ds, "email", "ident.contact.email"))
	gone := int64(s.Field(t, by, ds, "fax", "ident.contact.email"))
	s.Exec(t, `update field set state = 'gone' where id = $1`, gone)
	category := int64(s.Category(t, by, "ident.contact.email"))
	s.Exec(t, `update data_category set builtin = false where id = $1`, category)
	objective := one(`insert into objective (workspace_id, name) values ($1, 'Loyalty') returning id`)
	stage := one(`insert into journey_stage (workspace_id, code, name) values ($1, 'know', 'Know') returning id`)
	purpose := int64(s.Purpose(t, by, "MKT", true))
	for _, code := range []string{"p1", "p2"} {
		program := s.Program(t, by, code, "live")
		s.Exec(t, `update program set objective_id = $2, stage_id = $3 where id = $1`, program, objective, stage)
		s.Exec(t, `insert into program_purpose (workspace_id, program_id, purpose_id) values ($1, $2, $3)`, ws, program, purpose)
		s.Exec(t, `insert into requirement (workspace_id, program_id, category_id, level) values ($1, $2, $3, 'essential')`, ws, program, category)
		s.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level) values ($1, $2, $3, 'essential')`, ws, field, program)
	}
	s.Exec(t, `update program set archived_at = now() where code = 'p2'`)
	s.Exec(t, `insert into purpose_mapping (workspace_id, field_id, purpose_id) values ($1, $2, $3)`, ws, field, purpose)
	s.Exec(t, `insert into decision (workspace_id, field_id, kind, reason, decided_by_name) values ($1, $2, 'to_dpo', 'Why?', 'Léa')`, ws, field)
	for _, name := range []string{"Kick-off", "Last year"} {
		workshop := one(`insert into workshop (workspace_id, name) values ($1, $2) returning id`, name)
		s.Exec(t, `insert into workshop_card (workspace_id, workshop_id, field_id, position) values ($1, $2, $3, 1)`, ws, workshop, field)
	}
	s.Exec(t, `update workshop set archived_at = now() where name = 'Last year'`)
	point := one(`insert into collection_point (workspace_id, name) values ($1, 'Form') returning id`)
	for _, id := range []int64{field, gone} {
		s.Exec(t, `insert into field_collection (workspace_id, field_id, collection_point_id) values ($1, $2, $3)`, ws, id, point)
	}
	for _, name := range []string{"Nightly", "Old"} {
		flow := one(`insert into flow (workspace_id, name, source_application_id, source_dataset_id, target_application_id, purpose_id)
			values ($1, $2, $3, $4, $5, $6) returning id`, name, app, ds, other, purpose)
		s.Exec(t, `insert into flow_field (workspace_id, flow_id, source_field_id) values ($1, $2, $3)`, ws, flow, field)
	}
	s.Exec(t, `update flow set archived_at = now() where name = 'Old'`)
	return map[string]string{"teams": itoa(team), "applications": itoa(app), "datasets": itoa(ds), "fields": itoa(field), "categories": itoa(category),
		"objectives": itoa(objective), "stages": itoa(stage), "purposes": itoa(purpose), "collection-points": itoa(point)}
}

var leadingNumber = regexp.MustCompile(`^\d+`)

// Whoever is refused to remove something is told what uses it, and led to lists of just that.
func TestRefusalsLeadToWhatUses(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	records := usedWorld(t, s)
	v := s.As(t, s.Acme[domain.RoleAdmin])
	want := map[string]int{"teams": 1, "applications": 2, "datasets": 2, "fields": 5, "categories": 2, "objectives": 1, "stages": 1, "purposes": 3, "collection-points": 1}
	for register, id := range records {
		page := v.Post("/w/acme/" + register + "/" + id + "/remove")
		if page.Status != http.StatusConflict {
			t.Errorf("%s: removed, or refused with %d: %s", register, page.Status, page.Text("main"))
			continue
		}
		lines := page.Doc().Find("main .bullets li")
		if lines.Length() != want[register] {
			t.Errorf("%s: told %d kinds of use, want %d: %s", register, lines.Length(), want[register], page.Text("main"))
		}
		lines.Each(func(_ int, li *goquery.Selection) {
			text := strings.TrimSpace(li.Text())
			href, linked := li.Find("a").Attr("href")
			if !linked {
				t.Errorf("%s: %q leads nowhere", register, text)
				return
			}
			if strings.Contains(href, "#history") {
				return
			}
			list := v.Get(href)
			if list.Status != http.StatusOK {
				t.Errorf("%s: %s answers %d %s", register, href, list.Status, list.Location)
				return
			}
			rows := list.Doc().Find("main tbody tr").Length()
			if n := leadingNumber.FindString(text); n != itoa(int64(rows)) {
				t.Errorf("%s: %q leads to a list of %d: %s", register, text, rows, href)
			}
		})
	}
	field := v.Get("/w/acme/fields/" + records["fields"]).Want(http.StatusOK)
	for card, rows := range map[string]int{"#usage": 2, "#flows": 1} { // archived flows carry nothing
		href := field.Doc().Find(".cardh:has("+card+") a").AttrOr("href", "")
		if n := v.Get(href).Want(http.StatusOK).Doc().Find("main tbody tr").Length(); n != rows {
			t.Errorf("%s leads to a list of %d, want %d: %s", card, n, rows, href)
		}
	}
}
