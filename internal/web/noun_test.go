package web_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

func TestOvertakenFormIsShownAgain(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	dataset := s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "CRM"), "contacts")
	field := s.Field(t, s.Admin(), dataset, "mail", "")
	purpose := s.Purpose(t, s.Admin(), "welcome", true)
	thresholds := []string{"window_days", "90", "grace_days", "30", "fill_rate_min", "1", "constant_min_rows", "100", "stale_days", "730", "confirmed", "true"}
	for _, c := range []struct {
		as           domain.Role
		path         string
		version      string // that both saw
		theirs, mine []string
		box, now     string // what they wrote where I wrote something else
		kept, typed  string // what only I wrote
	}{
		{domain.RoleEditor, "/w/acme/fields/" + itoa(field), "1", []string{"name", "mail", "origin", "unknown", "nullable", "unknown", "label", "Theirs"},
			[]string{"name", "mail", "origin", "unknown", "nullable", "unknown", "label", "Mine", "description", "Typed"}, "label", "Theirs", "description", "Typed"},
		{domain.RoleEditor, v.Post("/w/acme/applications", "name", "Lyra", "hosting", "unknown", "processor", "unknown", "lifecycle", "live").Want(http.StatusSeeOther).Location, "1",
			[]string{"name", "Lyra", "hosting", "unknown", "processor", "unknown", "lifecycle", "live", "vendor", "Theirs"},
			[]string{"name", "Lyra", "hosting", "unknown", "processor", "unknown", "lifecycle", "live", "vendor", "Mine", "description", "Typed"}, "vendor", "Theirs", "description", "Typed"},
		{domain.RoleEditor, v.Post("/w/acme/programs", "name", "Welcome", "code", "welcome", "status", "idea").Want(http.StatusSeeOther).Location, "1",
			[]string{"name", "Welcome", "code", "welcome", "status", "idea", "kpi", "Theirs"},
			[]string{"name", "Welcome", "code", "welcome", "status", "idea", "kpi", "Mine", "description", "Typed"}, "kpi", "Theirs", "description", "Typed"},
		{domain.RoleDPO, "/w/acme/organisation", "0", []string{"parties.0.role", "controller", "parties.0.name", "Theirs", "introduction", "Theirs"},
			[]string{"parties.0.role", "controller", "parties.0.name", "Typed", "introduction", "Mine"}, "introduction", "Theirs", "parties.0.name", "Typed"},
		{domain.RoleDPO, "/w/acme/countries", "0", []string{"country", "US", "adequacy", "none", "country_note", "Theirs"},
			[]string{"country", "US", "adequacy", "partial", "country_note", "Typed"}, "adequacy", "No adequacy", "country_note", "Typed"},
		{domain.RoleAdmin, "/w/acme/settings", "1", append([]string{"name", "Theirs", "locale", "en"}, thresholds...),
			append([]string{"name", "Mine", "locale", "fr"}, thresholds...), "name", "Theirs", "locale", "fr"},
		{domain.RoleDPO, "/w/acme/record/" + itoa(purpose) + "/screening", "1", []string{"dpia", "required", "dpia_reason", "Theirs"},
			[]string{"dpia", "required", "dpia_reason", "Mine", "dpia_document", "Typed"}, "dpia_reason", "Theirs", "dpia_document", "Typed"},
	} {
		v := s.As(t, s.Acme[c.as])
		v.Post(c.path, append(c.theirs, "version", c.version)...).Want(http.StatusSeeOther)
		form := v.Post(c.path, append(c.mine, "version", c.version)...).Want(http.StatusConflict)
		if got := form.Text("#summary-title"); !strings.Contains(got, "Somebody changed this record") {
			t.Errorf("%s: the form says %q", c.path, got)
		}
		if got := form.Problem(c.box); !strings.Contains(got, "Recorded now: "+c.now) {
			t.Errorf("%s: beside %s stands %q", c.path, c.box, got)
		}
		if got := form.Value(c.kept); got != c.typed {
			t.Errorf("%s: %s = %q, want what was typed", c.path, c.kept, got)
		}
		version := form.Value("version")
		if seen, err := strconv.Atoi(c.version); err != nil || version != strconv.Itoa(seen+1) {
			t.Errorf("%s: the form is for version %q", c.path, version)
		}
		v.Post(c.path, append(c.mine, "version", version)...).Want(http.StatusSeeOther)
	}
}

func TestRefusalLeadsBack(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleAdmin])
	application := "/w/acme/applications/" + itoa(s.Application(t, s.Admin(), "CRM"))
	s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "Mailing"), "contacts")
	used := v.Get("/w/acme/applications?q=mailing").Doc().Find("tbody a").AttrOr("href", "")
	for _, c := range []struct {
		from, path string
		form       []string
		status     int
		back       string
	}{
		{used, used + "/archive", nil, http.StatusConflict, used},
		{"", used + "/archive", nil, http.StatusConflict, used}, // a browser that does not say where it was
		{"//elsewhere.example/x", used + "/archive", nil, http.StatusConflict, used},
		{"/w/acme/applications?q=crm", "/w/acme/applications/bulk", []string{"act", "archive"}, http.StatusUnprocessableEntity, "/w/acme/applications?q=crm"},
		{"/w/acme/fields?q=mail&sort=name", "/w/acme/fields/bulk", []string{"act", "link"}, http.StatusUnprocessableEntity, "/w/acme/fields?q=mail&sort=name"},
		{"/w/acme/fields?q=mail", "/w/acme/views", []string{"register", "fields", "name", " ", "query", "q=mail"}, http.StatusUnprocessableEntity, "/w/acme/fields?q=mail"},
		{application + "/edit", application + "/nowhere", nil, http.StatusNotFound, "/w/acme"},
	} {
		v.From = c.from
		page := v.Post(c.path, c.form...).Want(c.status)
		if got, _ := page.Doc().Find("main a.btn").Last().Attr("href"); got != c.back {
			t.Errorf("%s %v, from %q: leads to %q, want %q", c.path, c.form, c.from, got, c.back)
		}
	}
	v.From = ""
	sheet := "/w/acme/record/" + itoa(s.Purpose(t, s.Admin(), "welcome", true))
	stale := s.As(t, s.Acme[domain.RoleDPO]).Post(sheet+"/publication", "version", "7", "published", "true").Want(http.StatusConflict)
	if got, _ := stale.Doc().Find("main a.btn").First().Attr("href"); got != sheet {
		t.Errorf("a sheet that somebody changed: leads to %q", got)
	}
}

// An answer to a form is shown in another language and other colours with nothing lost, and no switch leads nowhere.
func TestSwitchesOfAnAnsweredForm(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	field := s.Field(t, s.Admin(), s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "CRM"), "contacts"), "mail", "")
	program := s.Program(t, s.Admin(), "Welcome", "live")
	v.From = "/w/acme/fields?q=mail"
	chosen := []string{"act", "link", "id", itoa(field), "program", itoa(program), "level", "useful", "note", "Typed", "back", "/w/acme/fields?q=mail"}
	for _, c := range []struct {
		path   string
		form   []string
		status int
		back   string
		typed  string // name of a box that holds Typed
	}{
		{"/w/acme/fields/bulk", chosen, http.StatusOK, "/w/acme/fields?q=mail", "note"},
		{"/w/acme/fields/bulk/preview", chosen, http.StatusOK, "/w/acme/fields?q=mail", "note"},
		{"/w/acme/applications", []string{"name", "", "vendor", "Typed"}, http.StatusUnprocessableEntity, "/w/acme/fields?q=mail", "vendor"},
	} {
		page := v.Post(c.path, c.form...).Want(c.status)
		if got := page.Doc().Find(`form[data-themes] [name=back]`).AttrOr("value", ""); got != c.back {
			t.Errorf("%s: colours lead back to %q", c.path, got)
		}
		again := page.Doc().Find(`body:has(button[form=resent][lang=fr]) form#resent`)
		to := again.AttrOr("action", "")
		if !strings.HasPrefix(to, c.path+"?") {
			t.Fatalf("%s: the other language is asked for at %q", c.path, to)
		}
		var sent []string
		again.Find("input").Each(func(_ int, in *goquery.Selection) {
			sent = append(sent, in.AttrOr("name", ""), in.AttrOr("value", ""))
		})
		french := v.Post(to, sent...).Want(c.status)
		if got := french.Doc().Find("html").AttrOr("lang", ""); got != "fr" {
			t.Errorf("%s: still in %q", c.path, got)
		}
		if !strings.Contains(french.Body, "Typed") || french.Doc().Find(`main [name=`+c.typed+`]`).Length() == 0 {
			t.Errorf("%s: what was typed is gone", c.path)
		}
	}
	v.From = ""
	refused := v.Post("/w/acme/fields/bulk/preview", "act", "link").Want(http.StatusUnprocessableEntity)
	if to := refused.Doc().Find("a[hreflang=fr]").AttrOr("href", ""); to != "" {
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		v.Follow(v.Get(u.RequestURI()).Want(http.StatusSeeOther))
	} else {
		t.Error("a refusal has no switch of language")
	}
}

// What is archived is restored before it is changed: by its form and by what its form sends.
func TestArchivedRecordIsNotChanged(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Admin())
	dataset := s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "Used"), "contacts")
	made := func(path string, form ...string) string {
		return v.Post("/w/acme/"+path, form...).Want(http.StatusSeeOther).Location
	}
	client := []string{"code", "ST-01", "client", "Typed", "processing_categories", "Mailings", "contract", "unknown"}
	rule := []string{"code", "OLD", "name", "Old", "triggers", "last_contact", "active_months", "12", "fate", "delete"}
	shop := []string{"name", "Spring", "workshop_template", "short", "programs", itoa(s.Program(t, s.Admin(), "Spring", "idea")), "voter_roles", "crm", "votes", "secret", "weight", "person"}
	for path, form := range map[string][]string{
		"/w/acme/applications/" + itoa(s.Application(t, s.Admin(), "CRM")):                                                         {"name", "Renamed", "hosting", "unknown", "processor", "unknown", "lifecycle", "live"},
		"/w/acme/fields/" + itoa(s.Field(t, s.Admin(), dataset, "mail", "")):                                                       {"name", "renamed", "origin", "unknown", "nullable", "unknown"},
		made("categories", "code", "own", "label_fr", "Typed", "label_en", "Typed", "gdpr_class", "personal", "default_risk", "1"): {"label_fr", "Renamed", "label_en", "Renamed", "gdpr_class", "personal", "default_risk", "1"},
		made("client-processings", client...):                                                                                      client,
		made("retention", rule...):                                                                                                 rule,
		made("workshops", shop...):                                                                                                 shop,
		"/w/acme/programs/" + itoa(s.Program(t, s.Admin(), "Welcome", "idea")):                                                     {"name", "Renamed", "code", "welcome", "status", "idea"},
	} {
		v.Post(path+"/archive", "confirmed", "1").Want(http.StatusSeeOther)
		refused := v.Get(path + "/edit").Want(http.StatusConflict)
		if got, _ := refused.Doc().Find("main a.btn").First().Attr("href"); got != path || !strings.Contains(refused.Text("main"), "is archived") {
			t.Errorf("%s: its form leads to %q: %s", path, got, refused.Text("main"))
		}
		var version int
		for version = 1; version < 4; version++ { // archiving may count as a change
			if page := v.Post(path, append(form, "version", itoa(int64(version)))...); page.Status != http.StatusConflict {
				t.Errorf("%s: version %d answered with %d", path, version, page.Status)
			}
		}
		v.Post(path + "/restore").Want(http.StatusSeeOther)
		v.Get(path + "/edit").Want(http.StatusOK)
	}
}
