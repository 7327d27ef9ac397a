package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"utile/internal/browsertest"
	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// aged is a site whose first workspace has had an application "Orion" and its fields for ten days; three days ago it was
// renamed to "Vega" and a field was added.
func aged(t *testing.T) (s *webtest.Site, day func(ago int) string) {
	t.Helper()
	s = webtest.New(t)
	populate(t, s)
	by := s.Admin()
	app := s.Application(t, by, "Orion")
	s.Dataset(t, by, app, "orders")
	for _, sql := range []string{
		`insert into requirement (workspace_id, program_id, category_id, level) select p.workspace_id, p.id, c.id, 'useful' from program p, data_category c
			where c.workspace_id = p.workspace_id limit 1`,
		`insert into program_purpose select p.workspace_id, p.id, u.id from program p join purpose u using (workspace_id) limit 1`,
		`insert into team (workspace_id, name) values ($1, 'Desk')`,
		`insert into team_member select t.workspace_id, t.id, m.user_id from team t join membership m using (workspace_id) limit 1`,
		`insert into collection_point (workspace_id, name) values ($1, 'Till')`,
		`insert into field_collection select f.workspace_id, f.id, c.id from field f join collection_point c using (workspace_id) limit 1`,
		`insert into flow (workspace_id, name, source_application_id, target_application_id) select workspace_id, 'Nightly', min(id), max(id) from application
			where workspace_id = $1 group by 1`,
		`insert into flow_field (workspace_id, flow_id, source_field_id) select f.workspace_id, w.id, f.id from field f join flow w using (workspace_id) limit 1`,
	} {
		args := []any{by.Workspace}
		s.Exec(t, sql, args[:strings.Count(sql, "$1")]...)
	}
	for _, table := range []string{"application", "dataset", "field", "data_category", "program", "purpose", "program_link", "purpose_mapping", "membership",
		"requirement", "program_purpose", "flow", "flow_field", "collection_point", "field_collection", "team", "team_member", "decision"} {
		s.Exec(t, `alter table `+table+` disable trigger user`)
		s.Exec(t, `update `+table+` set valid_from = now() - interval '10 days'`)
		s.Exec(t, `alter table `+table+` enable trigger user`)
	}
	s.Exec(t, `update workspace set past_from = now() - interval '10 days'`)
	s.Exec(t, `update application set name = 'Vega' where id = $1`, app)
	s.Exec(t, `update past.application set valid_to = now() - interval '3 days'`)
	s.Exec(t, `alter table application disable trigger user`)
	s.Exec(t, `update application set valid_from = now() - interval '3 days' where id = $1`, app)
	s.Exec(t, `alter table application enable trigger user`)
	return s, func(ago int) string { return time.Now().UTC().AddDate(0, 0, -ago).Format(time.DateOnly) }
}

func TestRegisterOfAnotherDay(t *testing.T) {
	t.Parallel()
	s, day := aged(t)
	admin := s.As(t, s.Admin())
	if page := admin.Get("/w/acme/applications").Want(http.StatusOK); !strings.Contains(page.Text("main"), "Vega") || page.Doc().Find(".notice.past").Length() != 0 {
		t.Error("the register of today")
	}

	// The form sends the day and the filters; the answer is the page of that day.
	page := admin.Follow(admin.Get("/w/acme/applications?q=orion&as_of=" + day(5)))
	if page.Status != http.StatusOK || !strings.Contains(page.Text("main"), "Orion") || strings.Contains(page.Text("main"), "Vega") {
		t.Errorf("five days ago: %d %s", page.Status, page.Text("main"))
	}
	if band := page.Text(".notice.past"); !strings.Contains(band, "as it stood") {
		t.Errorf("the band says %q", band)
	}
	if back, _ := page.Doc().Find(".notice.past a").Attr("href"); back != "/w/acme/applications?q=orion" {
		t.Errorf("back leads to %q", back)
	}
	base := "/w/acme@" + day(5)
	page.Doc().Find("main a[href], .nav a[href], .subnav a[href]").Each(func(_ int, a *goquery.Selection) {
		if href, _ := a.Attr("href"); strings.HasPrefix(href, "/w/") && !strings.HasPrefix(href, base) {
			t.Errorf("%s leads out of the day", href)
		}
	})
	if page.Doc().Find(`main a[href$="/new"], main button[formaction]`).Length() != 0 {
		t.Error("the past offers to add to it")
	}
	for _, path := range []string{"", "/fields", "/fields?verdict=delete", "/fields?q=email", "/datasets", "/unused", "/coverage", "/matrix", "/programs", "/purposes", "/mappings",
		"/links", "/flows", "/categories", "/collection-points", "/objectives", "/stages", "/teams", "/members", "/history", "/search?q=ema", "/imports", "/batches", "/settings"} {
		admin.Get(base + path).Want(http.StatusOK)
	}
	// The queue is of today; what waited on that day is a list.
	if waiting := admin.Get(base + "/review").Want(http.StatusSeeOther); !strings.HasPrefix(waiting.Location, base+"/mappings") {
		t.Errorf("the review of that day leads to %q", waiting.Location)
	}
	file := admin.Get(base + "/applications.csv").Want(http.StatusOK)
	if name := file.Header.Get("Content-Disposition"); !strings.Contains(name, `"acme-applications-`+day(5)+`.csv"`) || !strings.Contains(file.Body, "Orion") {
		t.Errorf("the export %s: %s", name, file.Body)
	}

	for path, status := range map[string]int{
		base + "/applications/new": http.StatusConflict, "/w/acme@2026-13-45/fields": http.StatusNotFound, "/w/nowhere@" + day(5) + "/fields": http.StatusNotFound,
		"/w/acme@" + day(40) + "/fields": http.StatusUnprocessableEntity, "/w/acme/fields?as_of=nonsense": http.StatusUnprocessableEntity,
		"/w/other@" + day(5) + "/fields": http.StatusNotFound,
	} {
		admin.Get(path).Want(status)
	}
	if page := admin.Get("/w/acme@" + day(40) + "/fields"); regexp.MustCompile(`\d{4}-\d\d-\d\d`).MatchString(page.Text("main")) || !strings.Contains(page.Text("main"), "is kept from ") {
		t.Errorf("a day too early is refused with %q: a day is written for people", page.Text("main"))
	}
	if page := admin.Post(base+"/applications", "name", "Lyra").Want(http.StatusConflict); !strings.Contains(page.Text("main"), "cannot be changed") {
		t.Errorf("a change of the past: %s", page.Text("main"))
	}
	for from, to := range map[string]string{
		"/w/acme/fields?as_of=":                           "/w/acme/fields",
		base + "/fields?verdict=delete&as_of=":            "/w/acme/fields?verdict=delete",
		base + "/fields?as_of=" + day(7):                  "/w/acme@" + day(7) + "/fields",
		"/w/acme?as_of=" + day(0):                         "/w/acme",
		"/w/acme@" + day(0) + "/fields?verdict=delete":    "/w/acme/fields?verdict=delete",
		"/w/acme%40" + day(0) + "/fields?q=a,b%2Cc":       "/w/acme/fields?q=a,b%2Cc", // as mailers write links
		"/w/acme/fields?as_of=//example.com&as_of=" + "x": "",
	} {
		page := admin.Get(from)
		if got := page.Header.Get("Location"); got != to {
			t.Errorf("%s leads to %q, want %q", from, got, to)
		}
	}
	if role := s.Acme[domain.RoleViewer]; s.As(t, role).Get(base+"/fields").Status != http.StatusOK {
		t.Error("a viewer may not see the past")
	}
}

func TestPastLooks(t *testing.T) {
	t.Parallel()
	s, day := aged(t)
	tab := browsertest.Still(t).Cookie(s.URL, "utile", s.Token(t, s.Admin()))
	for _, lang := range []string{"fr", "en"} {
		tab.Prepare(s.URL, lang).Open(s.URL + "/w/acme@" + day(5) + "/fields")
		tab.Eval(`document.querySelector("#as_of").closest("details").open = true`)
		tab.Look(t, lang, "past")
	}
	// On paper the band is not there: what is printed names the day itself.
	page := s.As(t, s.Admin()).Get("/w/acme@" + day(5) + "/fields").Want(http.StatusOK)
	if note, band := page.Text(".printnote"), page.Text(".notice.past p"); band == "" || !strings.Contains(note, band) || !strings.Contains(note, "Acme") {
		t.Errorf("printed under %q, of %q", note, band)
	}
}
