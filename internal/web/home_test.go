package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

func TestHomeOfAnEmptyWorkspace(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	page := s.As(t, s.Acme[domain.RoleEditor]).Get("/w/acme").Want(http.StatusOK)
	if got := page.Doc().Find(`a[href="/w/acme/imports/new"]`).Length(); got == 0 {
		t.Error("an empty workspace does not offer to import")
	}
	if got := s.As(t, s.Acme[domain.RoleViewer]).Get("/w/acme").Doc().Find(`main a[href="/w/acme/imports/new"]`).Length(); got != 0 {
		t.Error("a viewer is offered to import")
	}
}

// populate fills the first workspace with fields of every verdict: useful, dormant, to regularise, to delete, out of
// scope and to classify.
func populate(t *testing.T, s *webtest.Site) {
	t.Helper()
	by := s.Admin()
	live, purpose := s.Program(t, by, "WELCOME", "live"), s.Purpose(t, by, "P1", true)
	for _, app := range []string{"Salesforce", "Braze", "Magento"} {
		dataset := s.Dataset(t, by, s.Application(t, by, app), "contact")
		for i, name := range []string{"email", "phone", "fax", "birth", "score", "id", "x1", "notes"} {
			category := map[string]string{"id": "tech.key", "x1": ""}[name]
			if name != "id" && name != "x1" {
				category = "ident.contact.email"
			}
			id := s.Field(t, by, dataset, name, category)
			if i%4 == 0 || i == 1 {
				s.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level) values ($1, $2, $3, 'essential')`, by.Workspace, id, live)
			}
			if i%3 == 0 {
				s.Exec(t, `insert into purpose_mapping (workspace_id, field_id, purpose_id, state) values ($1, $2, $3, 'approved')`, by.Workspace, id, purpose)
			}
		}
	}
	if err := s.Store.JudgeAll(context.Background(), by); err != nil {
		t.Fatal(err)
	}
	s.Exec(t, `insert into verdict_day (workspace_id, day, application_id, verdict, n)
		select workspace_id, current_date - d, application_id, verdict, greatest(sum(n) + d % 5, 1) from field_tally, generate_series(1, 20) d
		where workspace_id = $1 group by 1, 2, 3, 4, d having sum(n) > 0`, by.Workspace)
}

func TestHomeCountsAreThoseOfTheLists(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	populate(t, s)
	v := s.As(t, s.Acme[domain.RoleEditor])
	home := v.Get("/w/acme").Want(http.StatusOK)

	for _, verdict := range []string{"keep", "dormant", "regularise", "delete"} {
		link := home.Doc().Find(`.square a[href="/w/acme/fields?verdict=` + verdict + `"]`)
		shown := strings.TrimSpace(link.Find(".sqn").Text())
		var n int64
		if err := s.Owner.QueryRow(context.Background(), `select count(*) from field where workspace_id = $1 and verdict = $2`,
			s.Admin().Workspace, verdict).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 || shown != fmt.Sprint(n) {
			t.Errorf("%s: home shows %q, the database holds %d", verdict, shown, n)
		}
	}
	s.Exec(t, `insert into field_evidence (workspace_id, field_id, reads, window_days, reads_measured_at)
		select workspace_id, id, 5, 90, now() from field where workspace_id = $1 and name in ('email', 'fax', 'id')`, s.Admin().Workspace)
	for status, name := range map[string]string{"live": "Going", "ended": "Gone"} { // both lack what they need
		s.Exec(t, `insert into requirement (workspace_id, program_id, category_id, level) select $1, $2, id, 'essential' from data_category where workspace_id = $1 and code = 'art9.health'`,
			s.Admin().Workspace, s.Program(t, s.Admin(), name, status))
	}
	if err := s.Store.JudgeAll(context.Background(), s.Admin()); err != nil {
		t.Fatal(err)
	}
	home = v.Get("/w/acme").Want(http.StatusOK)
	measured, _ := home.Doc().Find(`main a[href*="evidence="]`).Attr("href")
	if list := v.Get(measured).Want(http.StatusOK); list.Doc().Find("tbody tr").Length() != 6 || strings.Contains(list.Text("tbody"), "phone") {
		t.Errorf("%s lists %q, want the six personal fields that were measured", measured, list.Text("tbody"))
	}
	blocked, _ := home.Doc().Find(`main a[href*="readiness=blocked"]`).Attr("href")
	if got := v.Get(blocked).Want(http.StatusOK).Text("tbody"); !strings.Contains(got, "Going") || strings.Contains(got, "Gone") {
		t.Errorf("%s lists %q, want what goes on", blocked, got)
	}
	if got := home.Text("#week ~ *, section:has(#week)"); !strings.Contains(got, "+") && !strings.Contains(got, "−") {
		t.Errorf("the week shows no change: %s", got)
	}
	if got := v.Get("/w/acme/coverage").Want(http.StatusOK).Text("tbody"); !strings.Contains(got, "Braze") {
		t.Errorf("coverage = %s", got)
	}
}

// A day that has passed is judged before the first page of the new one, and its counts are kept.
func TestANewDayIsJudgedAndKept(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	populate(t, s)
	by := s.Admin()
	s.Exec(t, `update program set status = 'live', ends_on = current_date - 1`) // it ended yesterday, and nobody touched anything
	s.Exec(t, `delete from verdict_day`)
	s.Exec(t, `update workspace set judged_on = current_date - 1 where id = $1`, by.Workspace)

	page := s.As(t, by).Get("/w/acme").Want(http.StatusOK)
	if got := page.Text(`.square a[href="/w/acme/fields?verdict=keep"] .sqn`); got != "0" {
		t.Errorf("useful after the only program ended = %q, want 0", got)
	}
	days, err := s.Store.Days(context.Background(), by, time.Now().AddDate(0, 0, -1))
	if err != nil || len(days) != 1 || days[0].Verdicts[domain.VerdictKeep] != 0 || days[0].Verdicts[domain.VerdictDormant] == 0 {
		t.Errorf("days kept = %+v, %v", days, err)
	}
}

func TestHomeInABrowser(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	populate(t, s)
	inBrowser(t, s, s.Acme[domain.RoleAdmin], shownPage{"home", "/w/acme"}, shownPage{"coverage", "/w/acme/coverage"}, shownPage{"applications", "/w/acme/applications"})
}
