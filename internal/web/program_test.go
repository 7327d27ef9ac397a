package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store/storetest"
	"utile/internal/web"
	"utile/internal/web/webtest"
)

// grounded is a personal field that a live program needs and an approved purpose covers.
type grounded struct {
	application domain.ApplicationID
	dataset     domain.DatasetID
	field       domain.FieldID
	program     domain.ProgramID
	purpose     domain.PurposeID
}

func newGrounded(t *testing.T, s *webtest.Site) grounded {
	t.Helper()
	return newGroundedIn(t, s, "Braze", "BIRTHDAY", "MKT")
}

func newGroundedIn(t *testing.T, s *webtest.Site, application, program, purpose string) grounded {
	t.Helper()
	by := s.Admin()
	g := grounded{application: s.Application(t, by, application)}
	g.dataset = s.Dataset(t, by, g.application, "users")
	g.field = s.Field(t, by, g.dataset, "email", "ident.contact.email")
	g.program = s.Program(t, by, program, "live")
	g.purpose = s.Purpose(t, by, purpose, true)
	s.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level) values ($1, $2, $3, 'essential')`, by.Workspace, g.field, g.program)
	s.Exec(t, `insert into purpose_mapping (workspace_id, field_id, purpose_id, justification, state) values ($1, $2, $3, 'To write to them', 'approved')`,
		by.Workspace, g.field, g.purpose)
	judgeAll(t, s)
	// The approval is older than the keeping of what was approved: the next page keeps it as it is.
	s.Exec(t, `update workspace set judged_on = null`)
	return g
}

func judgeAll(t *testing.T, s *webtest.Site) {
	t.Helper()
	if err := s.Store.JudgeAll(t.Context(), s.Admin()); err != nil {
		t.Fatal(err)
	}
}

func verdictOf(t *testing.T, s *webtest.Site, field domain.FieldID) (verdict string) {
	t.Helper()
	if err := s.Owner.QueryRow(t.Context(), `select verdict from field where id = $1`, field).Scan(&verdict); err != nil {
		t.Fatal(err)
	}
	return verdict
}

func TestProgramSavesAndShows(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	purpose := s.Purpose(t, by, "MKT", true)
	v := s.As(t, s.Acme[domain.RoleEditor])

	saved := v.Post("/w/acme/programs", "code", "BDAY", "name", " Birthday ", "status", "planned", "starts_on", "01/12/2099", "channels", "email",
		"channels_other", "Parrot, email", "purposes", itoa(purpose), "kpi", "Opens").Want(http.StatusSeeOther)
	page := v.Follow(saved).Want(http.StatusOK)
	for _, want := range []string{"BDAY", "E-mail, Parrot", "MKT", "2099", "Opens"} {
		if !strings.Contains(page.Text(".facts"), want) {
			t.Errorf("facts lack %q: %s", want, page.Text(".facts"))
		}
	}
	if got := page.Text("h1"); got != "Birthday" {
		t.Errorf("title = %q", got)
	}
	if got := page.Text("header .badge"); !strings.Contains(got, "Planned") {
		t.Errorf("badge = %q", got)
	}
	for _, filter := range []string{"", "?status=planned", "?channel=Parrot", "?purpose=MKT", "?stage=none", "?sort=status"} {
		if got := v.Get("/w/acme/programs" + filter).Want(http.StatusOK).Text("tbody"); !strings.Contains(got, "Birthday") {
			t.Errorf("list%s = %q", filter, got)
		}
	}
	if got := v.Get("/w/acme/programs?channel=sms").Text("main"); strings.Contains(got, "Birthday") {
		t.Error("the channel filter keeps a program of another channel")
	}
	if got := v.Get("/w/acme/programs.csv").Want(http.StatusOK).Body; !strings.Contains(got, "Birthday") || !strings.Contains(got, "E-mail") {
		t.Errorf("export = %s", got)
	}
}

func TestProgramRefusedKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	s.Program(t, s.Admin(), "BDAY", "live")

	page := v.Post("/w/acme/programs", "code", "bday", "name", "Birthday", "status", "planned", "trigger", "Day of birth", "ends_on", "32/13/2026").
		Want(http.StatusUnprocessableEntity)
	if got := page.Value("trigger"); got != "Day of birth" {
		t.Errorf("trigger = %q, want what was typed", got)
	}
	if page.Problem("starts_on") == "" || page.Problem("ends_on") == "" {
		t.Error("a plan without a start and a day that is none must both be said")
	}
	page = v.Post("/w/acme/programs", "code", "bday", "name", "Birthday", "status", "idea").Want(http.StatusUnprocessableEntity)
	if page.Problem("code") == "" {
		t.Error("no problem said for a code that is taken")
	}
}

func TestProgramRefusals(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	id := s.Program(t, s.Admin(), "BDAY", "idea")
	path := "/w/acme/programs/" + itoa(id)

	for _, post := range []string{path, path + "/status", path + "/archive", path + "/remove", path + "/requirements", path + "/requirements/1/link"} {
		s.As(t, s.Acme[domain.RoleViewer]).Post(post, "name", "X").Want(http.StatusForbidden)
		s.As(t, s.Acme[domain.RoleDPO]).Post(post, "name", "X").Want(http.StatusForbidden)
	}
	s.As(t, s.Other[domain.RoleAdmin]).Get(path).Want(http.StatusNotFound)
	other := s.As(t, s.Other[domain.RoleAdmin])
	other.Get("/w/other/programs/" + itoa(id)).Want(http.StatusNotFound)
	other.Post("/w/other/programs/"+itoa(id)+"/status", "status", "live", "version", "1").Want(http.StatusNotFound)
	editor := s.As(t, s.Acme[domain.RoleEditor])
	editor.Post(path, "code", "B", "name", "B2", "status", "idea", "version", "7").Want(http.StatusConflict)
	editor.Post(path, "code", "B", "name", "B2", "status", "idea", "version", "1").Want(http.StatusSeeOther)
	editor.Post(path+"/status", "status", "live", "version", "1").Want(http.StatusConflict)
}

func TestEndingAProgramShowsWhatIsLostFirst(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	v := s.As(t, s.Acme[domain.RoleEditor])
	path := "/w/acme/programs/" + itoa(g.program)
	if got := verdictOf(t, s, g.field); got != "keep" {
		t.Fatalf("verdict = %s before", got)
	}

	for _, status := range []string{"ended", "paused", "idea"} {
		page := v.Post(path+"/status", "status", status, "version", "1").Want(http.StatusOK)
		text := page.Text("main")
		for _, want := range []string{"1 field loses a reason to exist", "email", "Braze › users", "Useful", "Dormant"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: confirmation lacks %q: %s", status, want, text)
			}
		}
		if got := verdictOf(t, s, g.field); got != "keep" {
			t.Errorf("%s: verdict = %s before it was confirmed", status, got)
		}
		if page.Value("confirmed") != "1" || page.Value("status") != status || page.Value("version") != "1" {
			t.Errorf("%s: the confirmation does not send the form again", status)
		}
	}
	page := v.Post(path + "/archive").Want(http.StatusOK)
	if !strings.Contains(page.Text("main"), "1 field loses") {
		t.Errorf("archiving does not say what is lost: %s", page.Text("main"))
	}

	v.Post(path+"/status", "status", "ended", "version", "1", "confirmed", "1").Want(http.StatusSeeOther)
	if got := verdictOf(t, s, g.field); got != "dormant" {
		t.Errorf("verdict = %s after the program ended", got)
	}
	page = v.Get(path)
	if !strings.Contains(page.Text(".facts"), "Ended") && !strings.Contains(page.Text("header .badge"), "Ended") {
		t.Errorf("the page does not say that it ended: %s", page.Text("main"))
	}
	v.Post(path+"/status", "status", "live", "version", "2").Want(http.StatusSeeOther)
	if got := verdictOf(t, s, g.field); got != "keep" {
		t.Errorf("verdict = %s after the program came back", got)
	}
}

func TestProgramWithFieldsIsNotRemoved(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	v := s.As(t, s.Acme[domain.RoleEditor])
	path := "/w/acme/programs/" + itoa(g.program)

	page := v.Post(path + "/remove").Want(http.StatusConflict)
	href, _ := page.Doc().Find(`main a[href^="/w/acme/fields?"]`).Attr("href")
	if !strings.Contains(page.Text("main"), "1 field") || v.Get(href).Want(http.StatusOK).Doc().Find(`main tbody a[href*="/fields/`+itoa(g.field)+`"]`).Length() == 0 {
		t.Errorf("refusal does not lead to what uses it (%s): %s", href, page.Text("main"))
	}
	// Archiving many at once takes no reason away in silence.
	v.Post("/w/acme/programs/bulk", "act", "archive", "id", itoa(g.program)).Want(http.StatusSeeOther)
	if got := verdictOf(t, s, g.field); got != "keep" {
		t.Errorf("verdict = %s after archiving in bulk", got)
	}
	v.Post(path+"/archive", "confirmed", "1").Want(http.StatusSeeOther)
	if got := verdictOf(t, s, g.field); got != "dormant" {
		t.Errorf("verdict = %s after archiving", got)
	}
	v.Post(path + "/restore").Want(http.StatusSeeOther)
	if got := verdictOf(t, s, g.field); got != "keep" {
		t.Errorf("verdict = %s after restoring", got)
	}
	s.Exec(t, `delete from program_link`)
	v.Post(path + "/remove").Want(http.StatusSeeOther)
	v.Get(path).Want(http.StatusNotFound)
}

func TestProgramTemplateFillsTheForm(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	v := s.As(t, s.Acme[domain.RoleEditor])

	library := v.Get("/w/acme/programs/library").Want(http.StatusOK)
	if got := library.Doc().Find("tbody tr").Length(); got != len(domain.ProgramTemplates()) {
		t.Errorf("library shows %d templates, want %d", got, len(domain.ProgramTemplates()))
	}
	if got := v.Get("/w/acme/programs/library?stage=prospect").Doc().Find("tbody tr").Length(); got == 0 || got >= len(domain.ProgramTemplates()) {
		t.Errorf("one stage shows %d templates", got)
	}
	form := v.Get("/w/acme/programs/new?template=WELCOME").Want(http.StatusOK)
	if got := form.Value("name"); got != "Welcome" {
		t.Errorf("name = %q", got)
	}
	saved := v.Post("/w/acme/programs", "code", "WELCOME", "name", "Welcome", "status", "idea", "template", "WELCOME").Want(http.StatusSeeOther)
	page := v.Follow(saved).Want(http.StatusOK)
	// Of the categories of the template this world has one: the e-mail address.
	if got := page.Text("section:has(#needs) tbody"); !strings.Contains(got, "ident.contact.email") || !strings.Contains(got, "Essential") || !strings.Contains(got, "To collect") {
		t.Errorf("target data = %q", got)
	}
	if got := v.Get("/w/acme/programs/library").Text("tbody"); !strings.Contains(got, "Made: Welcome") {
		t.Error("the library does not say that a program was made from the template")
	}

	dataset := s.Dataset(t, by, s.Application(t, by, "Braze"), "users")
	field := s.Field(t, by, dataset, "mail", "ident.contact.email")
	page = v.Get(saved.Location)
	if got := page.Text("section:has(#needs) tbody"); !strings.Contains(got, "Held, not linked") || !strings.Contains(got, "mail") {
		t.Errorf("target data = %q", got)
	}
	link, ok := page.Doc().Find(`section:has(#needs) form[action$="/link"]`).Attr("action")
	if !ok {
		t.Fatal("no button to link the field")
	}
	v.Post(link, "field", itoa(field)).Want(http.StatusSeeOther)
	page = v.Get(saved.Location)
	if got := page.Text("section:has(#needs) tbody"); !strings.Contains(got, "Covered") {
		t.Errorf("target data = %q", got)
	}
	if got := page.Text("section:has(#links) tbody"); !strings.Contains(got, "mail") || !strings.Contains(got, "Braze") {
		t.Errorf("linked fields = %q", got)
	}
	second := s.Field(t, by, s.Dataset(t, by, s.Application(t, by, "CRM"), "contacts"), "email", "ident.contact.email")
	v.Post(link, "field", itoa(second)).Want(http.StatusSeeOther)
	if got := v.Get(saved.Location).Text("section:has(#needs) tbody"); !strings.Contains(got, "Covered several times") {
		t.Errorf("target data = %q", got)
	}
}

func TestRequirementsOfAProgram(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	id := s.Program(t, by, "BDAY", "live")
	health := s.Category(t, by, "art9.health")
	field := s.Field(t, by, s.Dataset(t, by, s.Application(t, by, "Braze"), "users"), "diet", "art9.health")
	v := s.As(t, s.Acme[domain.RoleEditor])
	path := "/w/acme/programs/" + itoa(id)

	page := v.Post(path+"/requirements", "level", "often", "note", "Kept").Want(http.StatusUnprocessableEntity)
	if page.Problem("category") == "" || page.Problem("level") == "" || page.Value("note") != "Kept" {
		t.Error("the refused need is not shown again with what is wrong")
	}
	v.Post(path+"/requirements", "category", itoa(health), "level", "useful", "role", "personalise", "note", "A menu that fits").Want(http.StatusSeeOther)
	if got := v.Get(path).Text("section:has(#needs) tbody"); !strings.Contains(got, "Personalise") || !strings.Contains(got, "A menu that fits") {
		t.Errorf("target data = %q", got)
	}
	for _, level := range []string{"useful", "avoid"} {
		if page := v.Post(path+"/requirements", "category", itoa(health), "level", level, "role", "guess").Want(http.StatusUnprocessableEntity); page.Problem("note") == "" || page.Problem("role") == "" {
			t.Errorf("%s data without a reason, in a role that there is not, is not refused", level)
		}
	}
	v.Post(path+"/requirements/"+itoa(health)+"/link", "field", itoa(field)).Want(http.StatusConflict)
	v.Post(path+"/requirements", "category", itoa(health), "level", "avoid", "note", "Ask at the table", "seen", itoa(health)).Want(http.StatusSeeOther)
	if got := v.Get(path).Text("section:has(#needs) tbody"); !strings.Contains(got, "Avoided") || !strings.Contains(got, "Ask at the table") {
		t.Errorf("target data = %q", got)
	}
	v.Post(path + "/requirements/" + itoa(health) + "/remove").Want(http.StatusSeeOther)
	v.Post(path + "/requirements/" + itoa(health) + "/remove").Want(http.StatusNotFound)
	foreign := s.Category(t, s.Other[domain.RoleAdmin], "art9.health")
	v.Post(path+"/requirements", "category", itoa(foreign), "level", "essential").Want(http.StatusUnprocessableEntity)
	if got := v.Get(path).Text(".tl"); strings.Count(got, "Target data of") != 3 {
		t.Errorf("history = %q", got)
	}
}

func TestProgramDatesAndStatusAgree(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	at := v.Post("/w/acme/programs", "code", "OLD", "name", "Old", "status", "live", "ends_on", "2020-06-30").Want(http.StatusSeeOther).Location
	if got := v.Get(at).Want(http.StatusOK).Text("main"); !strings.Contains(got, "Its end date has passed (30") || strings.Contains(got, "paused for too long") {
		t.Errorf("a live program whose end has passed: %s", got)
	}
	if got := v.Post("/w/acme/programs", "code", "X", "name", "X", "status", "planned", "starts_on", "32/13/2026").Want(http.StatusUnprocessableEntity).Problem("starts_on"); strings.Contains(got, "planned program") {
		t.Errorf("a start that is no date: %q", got)
	}
	if got := v.Post("/w/acme/programs", "code", "X", "name", "X", "status", "live", "starts_on", "2099-01-01").Want(http.StatusUnprocessableEntity).Problem("starts_on"); !strings.Contains(got, "A live program has begun") {
		t.Errorf("live before it begins: %q", got)
	}
}

// Pages, verdicts and names of files have one day, that of UTC, whatever clock the server goes by.
func TestOneDayWhereverTheServerStands(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	today := time.Now().UTC().Truncate(24 * time.Hour)
	now := func() time.Time { return today.Add(23*time.Hour + 30*time.Minute).In(time.FixedZone("NZDT", 13*3600)) }
	w.Store = w.Store.WithClock(now)
	s := webtest.With(t, w, func(o *web.Options) { o.Now = now })
	id := w.Program(t, w.Admin(), "G1", "live")
	w.Exec(t, `update program set ends_on = $1 where id = $2`, today, id)
	v := s.As(t, w.Admin())
	if got := v.Get("/w/acme/programs/" + fmt.Sprint(id)).Text("main"); strings.Contains(got, "Its end date has passed") {
		t.Errorf("on its last day: %s", got)
	}
	if got := v.Get("/w/acme/fields.csv").Header.Get("Content-Disposition"); !strings.Contains(got, today.Format(time.DateOnly)) {
		t.Errorf("a file of %s is called %s", today.Format(time.DateOnly), got)
	}
}

func TestProgramNameIsTaken(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	first := v.Post("/w/acme/programs", "code", "A", "name", "Newsletter", "status", "idea").Want(http.StatusSeeOther).Location
	if got := v.Post("/w/acme/programs", "code", "B", "name", "newsletter", "status", "idea").Want(http.StatusUnprocessableEntity).Problem("name"); got == "" {
		t.Error("no problem said for a name that is taken")
	}
	second := v.Post("/w/acme/programs", "code", "B", "name", "Other", "status", "idea").Want(http.StatusSeeOther).Location
	if got := v.Post(second, "code", "B", "name", "Néwsletter", "status", "idea", "version", "1").Want(http.StatusUnprocessableEntity).Problem("name"); got == "" {
		t.Error("a program took the name of another")
	}
	v.Post(first+"/archive", "confirmed", "1").Want(http.StatusSeeOther)
	v.Post(second, "code", "B", "name", "Newsletter", "status", "idea", "version", "1").Want(http.StatusSeeOther)
}
