package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"utile/internal/browsertest"
	"utile/internal/domain"
	"utile/internal/web/webtest"
)

func TestTwoDaysCompared(t *testing.T) {
	t.Parallel()
	s, day := aged(t)
	by := s.Admin()
	// Since then: one application was renamed (aged), one added, a field described, a link taken away, a purpose archived.
	s.Application(t, by, "Lyra")
	s.Exec(t, `update field set description = 'Asked in the shop', completeness = 99 where id = (select min(id) from field)`)
	s.Exec(t, `update field set completeness = 98 where id = (select max(id) from field)`)
	s.Exec(t, `delete from program_link where field_id = (select min(field_id) from program_link)`)
	s.Exec(t, `update purpose set archived_at = now()`)
	s.Exec(t, `update field set state = 'gone' where id = (select max(id) from field)`)
	for _, sql := range []string{
		`delete from requirement where (program_id, category_id) = (select program_id, category_id from requirement limit 1)`,
		`delete from program_purpose where (program_id, purpose_id) = (select program_id, purpose_id from program_purpose limit 1)`,
		`delete from flow_field where (flow_id, source_field_id) = (select flow_id, source_field_id from flow_field limit 1)`,
		`delete from field_collection where (field_id, collection_point_id) = (select field_id, collection_point_id from field_collection limit 1)`,
		`delete from team_member where (team_id, user_id) = (select team_id, user_id from team_member limit 1)`,
		`insert into decision (workspace_id, field_id, kind, reason, until, decided_by_name) select workspace_id, id, 'keep_until', 'A program needs it', '2031-05-01', 'Ada' from field order by id limit 1`,
	} {
		s.Exec(t, sql)
	}
	admin := s.As(t, by)
	base := "/w/acme/history/compare?from=" + day(5)

	row := func(page *webtest.Page, kind string) (counts string) {
		for _, tr := range page.Doc().Find("main tbody tr").EachIter() {
			if strings.TrimSpace(tr.Find("th").Text()) != kind {
				continue
			}
			var cells []string
			for _, td := range tr.Find("td").EachIter() {
				cells = append(cells, strings.TrimSpace(td.Text()))
			}
			return strings.Join(cells, " ")
		}
		return ""
	}
	page := admin.Get(base).Want(http.StatusOK)
	// added, changed, archived, restored, removed
	for kind, want := range map[string]string{"Application": "1 1 0 0 0", "Field": "0 2 0 0 0", "Program link": "0 0 0 0 1", "Purpose": "0 0 1 0 0", "Team": "",
		"Target data": "0 0 0 0 1", "Purpose of a program": "0 0 0 0 1", "Field of a flow": "0 0 0 0 1", "Collected field": "0 0 0 0 1", "Member of a team": "0 0 0 0 1",
		"Decision": "1 0 0 0 0"} {
		if got := row(page, kind); got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
	if text := page.Text(".tl"); !strings.Contains(text, "Lyra") || !strings.Contains(text, "Orion") || !strings.Contains(text, "Vega") {
		t.Errorf("the applications: %q", text)
	}
	if text := admin.Get(base + "&kind=field").Text(".tl"); !strings.Contains(text, "Asked in the shop") || strings.Contains(text, "99") ||
		!strings.Contains(text, "Active") || !strings.Contains(text, "Gone from the source") || !strings.Contains(text, "“Salesforce · contact · email”") {
		t.Errorf("the fields: %q", text)
	}
	if text := admin.Get(base + "&kind=link").Text(".tl"); !strings.Contains(text, "email → ") {
		t.Errorf("the links: %q", text)
	}
	// Nothing had changed yet on the day before.
	if page := admin.Get("/w/acme/history/compare?from=" + day(7) + "&to=" + day(5)).Want(http.StatusOK); page.Doc().Find("tbody tr").Length() != 0 {
		t.Errorf("between two days without a change: %s", page.Text("main"))
	}
	for query, status := range map[string]int{"": 200, "?from=" + day(2) + "&to=" + day(5): 422, "?from=nonsense": 422, "?from=" + day(90): 422} {
		admin.Get("/w/acme/history/compare" + query).Want(status)
	}
	file := admin.Get("/w/acme/history/compare.csv?from=" + day(5)).Want(http.StatusOK)
	if lines := strings.Split(strings.TrimSpace(file.Body), "\r\n"); len(lines) != 13 || !strings.Contains(file.Body, "Application,Vega,Changed,Name,Orion,Vega") {
		t.Errorf("the file: %d lines\n%s", len(lines), file.Body)
	}
	if !strings.Contains(file.Body, ",Changed,State,Active,Gone from the source") || !strings.Contains(file.Body, "\r\nField,Magento · contact · notes,") {
		t.Errorf("the file tells no place or a state by its code:\n%s", file.Body)
	}
	admin.Get("/w/acme/history/compare.csv?from=nonsense").Want(http.StatusUnprocessableEntity)
	if text := s.As(t, s.Other[domain.RoleAdmin]).Get("/w/other/history/compare?from=" + day(5)); strings.Contains(text.Body, "Vega") {
		t.Error("another workspace sees what changed here")
	}

	// Many are shown page by page, each once.
	dataset := s.Dataset(t, by, s.Application(t, by, "Many"), "many")
	s.Exec(t, `insert into field (workspace_id, dataset_id, application_id, name) select workspace_id, id, application_id, 'many_' || n from dataset, generate_series(1, 120) n where id = $1`, dataset)
	seen := map[string]int{}
	for path := base + "&kind=field"; path != ""; {
		page := admin.Get(path).Want(http.StatusOK)
		for _, n := range page.Doc().Find(".tli strong").EachIter() {
			seen[n.Text()]++
		}
		path, _ = page.Doc().Find(`nav a[href*="after="]`).Attr("href")
	}
	for n := 1; n <= 120; n++ {
		if title := fmt.Sprintf("“Many · many · many_%d” added", n); seen[title] != 1 {
			t.Fatalf("%s is shown %d times", title, seen[title])
		}
	}
}

func TestCompareLooks(t *testing.T) {
	t.Parallel()
	s, day := aged(t)
	s.Application(t, s.Admin(), "Lyra")
	tab := browsertest.Still(t).Cookie(s.URL, "utile", s.Token(t, s.Admin()))
	for _, lang := range []string{"fr", "en"} {
		tab.Prepare(s.URL, lang).Open(s.URL + "/w/acme/history/compare?from=" + day(5))
		tab.Look(t, lang, "compare")
	}
}
