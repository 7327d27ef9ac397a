package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// TestNoticeGoesOutOfDate publishes a notice, changes a fact behind it, reads what differs and publishes it again.
func TestNoticeGoesOutOfDate(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	by := s.Admin()
	point := insert(t, s, `insert into collection_point (workspace_id, name, kind, notice) values ($1, 'Till', 'store', 'yes') returning id`, by.Workspace)
	s.Exec(t, `insert into field_collection (workspace_id, field_id, collection_point_id) values ($1, $2, $3)`, by.Workspace, g.field, point)
	rule := s.Rule(t, by, "R36", 36)
	s.Exec(t, `update purpose set interest = 'To keep them', recipients = '[{"kind": "processor", "name": "Braze"}]', retention_rule_id = $1`, rule)
	v := s.As(t, s.Acme[domain.RoleDPO])
	path := "/w/acme/collection-points/" + itoa(point) + "/notice"
	page := v.Get(path).Want(http.StatusOK).Text("main")
	for _, want := range []string{"Never published", "Braze (processor)", "for 3 years", "in our legitimate interest (To keep them)", "Objection:", "the controller", "CNIL"} {
		if !strings.Contains(page, want) {
			t.Errorf("page lacks %q: %s", want, page)
		}
	}
	s.Exec(t, `update application set country = 'US', vendor = 'Prisme', processor = 'yes'`)
	for address, no := range map[string]string{path: "not transferred outside", path + "?in=fr": "ne sont pas transférées"} {
		if got := v.Get(address).Want(http.StatusOK).Text("main"); strings.Contains(got, no) {
			t.Errorf("%s denies a transfer that the inventory shows: %s", address, got)
		}
	}
	if got := v.Get(path).Text("main"); !strings.Contains(got, "the transfers outside the European Union that the inventory shows") || !strings.Contains(got, "the processors that the inventory shows") {
		t.Errorf("what the inventory shows is no gap: %s", got)
	}
	s.Exec(t, `update application set country = '', vendor = '', processor = 'unknown'`)
	if got := v.Get(path).Text("main"); !strings.Contains(got, "not transferred outside") {
		t.Errorf("nothing goes abroad, and the notice says %s", got)
	}
	// A rule of the data itself that is shorter than that of the purpose is what people and the record are told.
	s.Exec(t, `update field set effective_rule_id = $1 where id = $2`, s.Rule(t, by, "R12", 12), g.field)
	if got := v.Get(path).Text("main"); !strings.Contains(got, "for 1 year") || strings.Contains(got, "for 3 years") {
		t.Errorf("the data is kept for a year, and the notice says %s", got)
	}
	if got := v.Get("/w/acme/record/" + itoa(g.purpose)).Want(http.StatusOK).Text("main"); !strings.Contains(got, "1 field: 1 year") {
		t.Errorf("the data is kept for a year, and the record says %s", got)
	}
	s.Exec(t, `update purpose set retention_rule_id = null where id = $1`, g.purpose)
	if got := v.Get(path).Text("main"); !strings.Contains(got, "for 1 year") || strings.Contains(got, "a retention period") {
		t.Errorf("the data is kept for a year, whatever its purpose says, and the notice says %s", got)
	}
	s.Exec(t, `update purpose set retention_rule_id = $1 where id = $2`, rule, g.purpose)
	s.Exec(t, `update field set effective_rule_id = $1 where id = $2`, rule, g.field)
	if got := v.Get(path + "?in=fr&level=short").Want(http.StatusOK).Text("section:has(#text)"); !strings.Contains(got, "utilise vos données pour") {
		t.Errorf("short in French = %s", got)
	}
	v.Post(path, "seen", "0").Want(http.StatusConflict) // incomplete, and nobody said that it may be
	s.As(t, s.Acme[domain.RoleViewer]).Post(path, "seen", "0", "incomplete", "1").Want(http.StatusForbidden)
	v.Post(path, "seen", "0", "incomplete", "1").Want(http.StatusSeeOther)
	v.Post(path, "seen", "0", "incomplete", "1").Want(http.StatusConflict) // somebody has published since
	if got := v.Get(path).Want(http.StatusOK).Text("main"); !strings.Contains(got, "Up to date (version 1)") || strings.Contains(got, "Publish version") {
		t.Errorf("published = %s", got)
	}
	s.Exec(t, `update retention_rule set active_months = 60 where id = $1`, rule)
	got := v.Get(path).Want(http.StatusOK)
	for _, want := range []string{"Out of date since version 1", "for 3 years", "for 5 years", "Publish version 2"} {
		if !strings.Contains(got.Text("main"), want) {
			t.Errorf("out of date: lacks %q: %s", want, got.Text("main"))
		}
	}
	v.Post(path, "seen", "1", "incomplete", "1").Want(http.StatusSeeOther)
	if old := v.Get(path + "?version=1").Want(http.StatusOK).Text("section:has(#text)"); !strings.Contains(old, "for 3 years") {
		t.Errorf("version 1 has changed: %s", old)
	}
	// The text is there to be pasted elsewhere, as a fragment in which nothing of ours is markup.
	s.Exec(t, `update purpose set interest = 'To <b>keep</b> them & theirs'`)
	file := v.Get(path + ".html?in=en&level=full&version=1").Want(http.StatusOK)
	if got := file.Body; !strings.HasPrefix(got, `<section lang="en">`) || !strings.Contains(got, "for 3 years") || !strings.Contains(file.Header.Get("Content-Disposition"), "till-en-full.html") {
		t.Errorf("file = %s %s", file.Header, got)
	}
	if got := file.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a file of the workspace may be kept: %q", got)
	}
	if got := v.Get(path + ".html?in=en").Body; !strings.Contains(got, "To &lt;b&gt;keep&lt;/b&gt; them &amp; theirs") {
		t.Errorf("file of now = %s", got)
	}
	if got := v.Get(path).Doc().Find("#notice-html").Text(); !strings.Contains(got, "&lt;b&gt;keep") || !strings.Contains(got, "<h2>") {
		t.Errorf("to be copied = %s", got)
	}
	if _, err := s.Owner.Exec(t.Context(), `set role utile_app; update notice_version set number = 9`); err == nil {
		t.Error("the application can change what was published")
	}
}

// TestExampleShowsNotices: whoever opens the worked example finds a notice that is up to date, one that says what it lacks by
// now, and the public page of its record; in both languages.
func TestExampleShowsNotices(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	for lang, asked := range map[string]string{"fr": "Réponses obligatoires : Adresse e-mail. Sans réponse : La newsletter", "en": "Mandatory answers: E-mail address. Without an answer: The newsletter"} {
		dpo := exampleDPO(t, s, "lumiere-"+lang, lang)
		v := s.As(t, dpo)
		point := func(kind, like string) string {
			var id int64
			if err := s.Owner.QueryRow(t.Context(), `select id from collection_point where workspace_id = $1 and kind = $2 and name like $3`, dpo.Workspace, kind, like).Scan(&id); err != nil {
				t.Fatal(err)
			}
			return "/w/lumiere-" + lang + "/collection-points/" + itoa(id)
		}
		current := v.Get(point("web_form", "%ewsletter%") + "/notice?in=" + lang).Want(http.StatusOK)
		if got := current.Text("main"); !strings.Contains(got, "Up to date (version 1)") || current.Doc().Find("#gaps, #differences").Length() > 0 || !strings.Contains(got, asked) {
			t.Errorf("newsletter = %s", got)
		}
		account := point("account", "%")
		old := v.Get(account + "/notice?in=" + lang).Want(http.StatusOK)
		rows := old.Text("section:has(#differences) tbody")
		if got := old.Text("main"); !strings.Contains(got, "Out of date since version 1") || old.Doc().Find("#gaps").Length() > 0 || !strings.Contains(rows, "Orion Software") || !strings.Contains(rows, "Prisme Data") {
			t.Errorf("account = %s", got)
		}
		if n := old.Doc().Find("section:has(#differences) tbody tr").Length(); n != 2 {
			t.Errorf("%d paragraphs differ, not those of recipients and transfers: %s", n, rows)
		}
		if got := s.Nobody(t).Get("/public/lumiere-" + lang).Want(http.StatusOK).Text("body"); !strings.Contains(got, "Maison Lumière") {
			t.Errorf("public page = %s", got)
		}
		if lang == "fr" {
			inBrowser(t, s, dpo, shownPage{"example-notice", account + "/notice"})
		}
	}
}
