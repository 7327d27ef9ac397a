package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/login"
	"utile/internal/store"
	"utile/internal/store/storetest"
	"utile/internal/web/webtest"
)

const password = "trois petits chats"

// withPassword gives somebody a password to sign in with.
func withPassword(t *testing.T, s *webtest.Site, who domain.Actor) {
	t.Helper()
	hash, err := login.NewForTest().Hash(context.Background(), password)
	if err != nil {
		t.Fatal(err)
	}
	s.Exec(t, `update app_user set password_hash = $1 where id = $2`, hash, who.User)
}

// empty is a server that nobody has set up, and its token.
func empty(t *testing.T) (*webtest.Site, string) {
	t.Helper()
	st, dsn := storetest.DBAndDSN(t)
	const token = "one-time-token"
	hash := sha256.Sum256([]byte(token))
	if err := st.ReplaceSetupTokens(context.Background(), hash[:]); err != nil {
		t.Fatal(err)
	}
	return webtest.On(t, &storetest.World{Store: st, DSN: dsn, Owner: storetest.Owner(t, dsn)}), token
}

func TestSetUp(t *testing.T) {
	t.Parallel()
	s, token := empty(t)
	v := s.Nobody(t)
	for _, path := range []string{"/", "/sign-in", "/account", "/w/acme", "/join/x", "/nowhere"} {
		if p := v.Get(path).Want(http.StatusSeeOther); p.Location != "/setup" {
			t.Errorf("%s leads to %s, want /setup", path, p.Location)
		}
	}
	if p := v.Post("/sign-in", "email", "a@example.com", "password", password).Want(http.StatusSeeOther); p.Location != "/setup" {
		t.Errorf("signing in leads to %s", p.Location)
	}
	if p := v.Get("/setup").Want(http.StatusOK); p.Value("token") != "" || p.Problem("token") != "" {
		t.Error("the form without a token holds one, or complains")
	}
	if p := v.Get("/setup?token=wrong").Want(http.StatusOK); p.Problem("token") == "" {
		t.Error("no problem said for a wrong token")
	}
	form := func(pairs ...string) []string {
		return append([]string{"token", token, "name", "Camille Bernard", "email", " Camille@Example.com ", "password", password,
			"workspace", "Maison Lumière", "locale", "fr"}, pairs...)
	}
	page := v.Post("/setup", "token", "wrong", "password", "short").Want(http.StatusUnprocessableEntity)
	for _, name := range []string{"token", "name", "email", "password", "workspace", "locale"} {
		if page.Problem(name) == "" {
			t.Errorf("no problem said for %s", name)
		}
	}
	page = v.Post("/setup", "token", token, "name", "Camille", "email", "camille@example.com", "password", "Maison Lumière 1", "workspace", "Maison Lumière", "locale", "fr").Want(http.StatusUnprocessableEntity)
	if page.Problem("password") == "" || page.Value("slug") != "maison-lumiere" || page.Value("email") != "camille@example.com" || page.Value("password") != "" {
		t.Errorf("password %q, slug %q, e-mail %q, password again %q", page.Problem("password"), page.Value("slug"), page.Value("email"), page.Value("password"))
	}

	done := v.Post("/setup", form()...).Want(http.StatusSeeOther)
	if done.Location != "/w/maison-lumiere/start" {
		t.Errorf("leads to %s", done.Location)
	}
	doors := v.Follow(done).Want(http.StatusOK)
	if link, _ := doors.Doc().Find("a.door").Attr("href"); link != "/w/maison-lumiere/imports/new" {
		t.Errorf("first door leads to %q", link)
	}
	if p := v.Get("/").Want(http.StatusSeeOther); p.Location != "/w/maison-lumiere" {
		t.Errorf("home leads to %s", p.Location)
	}
	account, err := s.Store.UserByEmail(context.Background(), "camille@example.com")
	if err != nil || account.Name != "Camille Bernard" {
		t.Errorf("account %+v, %v", account, err)
	}
	late := s.Nobody(t)
	late.Post("/setup", form("email", "late@example.com")...).Want(http.StatusNotFound)
	if p := late.Get("/setup?token=" + token).Want(http.StatusSeeOther); p.Location != "/" {
		t.Errorf("set-up of a claimed installation leads to %s", p.Location)
	}
}

func TestSetUpIsClaimedOnce(t *testing.T) {
	t.Parallel()
	s, token := empty(t)
	results := make(chan int)
	for i := range 6 {
		v := s.Nobody(t)
		go func() {
			results <- v.Post("/setup", "token", token, "name", "Camille", "email", fmt.Sprintf("c%d@example.com", i), "password", password,
				"workspace", fmt.Sprintf("Company %d", i), "locale", "en").Status
		}()
	}
	won := 0
	for range 6 {
		switch status := <-results; status {
		case http.StatusSeeOther:
			won++
		case http.StatusConflict, http.StatusNotFound, http.StatusUnprocessableEntity:
		default:
			t.Errorf("status %d", status)
		}
	}
	if won != 1 {
		t.Errorf("%d claims won", won)
	}
}

// An installation that holds a moved workspace lets its people in again: the operator by the token, the others by links.
func TestSetUpWithAMovedWorkspace(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	from := webtest.New(t)
	var file bytes.Buffer
	if err := from.Store.ExportWorkspace(ctx, from.Admin(), &file); err != nil {
		t.Fatal(err)
	}
	s, token := empty(t)
	if _, err := s.Store.ImportWorkspace(ctx, domain.Operator(domain.Workspace{}), &file, store.ImportOptions{Slug: "moved", Name: "Moved"}); err != nil {
		t.Fatal(err)
	}
	v, admin, editor := s.Nobody(t), from.Admin(), from.Acme[domain.RoleEditor]
	if p := v.Get("/setup?token=wrong").Want(http.StatusOK); strings.Contains(p.Text("main"), "Moved") {
		t.Error("anybody is told which workspaces there are")
	}
	if p := v.Get("/setup?token=" + token).Want(http.StatusOK); !strings.Contains(p.Text("main"), "Moved") {
		t.Errorf("said %q", p.Text("main"))
	}
	form := func(email string, pairs ...string) []string {
		return append([]string{"token", token, "name", "Léa", "email", email, "password", password, "locale", "en"}, pairs...)
	}
	if p := v.Post("/setup", form(editor.Email)...).Want(http.StatusUnprocessableEntity); p.Problem("workspace") == "" {
		t.Error("who administers nothing needs no workspace")
	}
	if p := v.Post("/setup", form(admin.Email)...).Want(http.StatusSeeOther); p.Location != "/w/moved" {
		t.Errorf("leads to %s", p.Location)
	}
	if list := v.Get("/workspaces").Want(http.StatusOK).Text("main"); !strings.Contains(list, "Moved") {
		t.Errorf("workspaces %q", list)
	}

	list := v.Get("/w/moved/members?access=never").Want(http.StatusOK)
	href, _ := list.Doc().Find(`tbody a:contains("` + editor.Name + `")`).Attr("href")
	member := v.Get(href).Want(http.StatusOK)
	if !strings.Contains(member.Text("main"), "cannot sign in yet") {
		t.Errorf("the page of %s says %q", href, member.Text("main"))
	}
	made := v.Post("/w/moved/invitations", "email", member.Value("email"), "role", "admin").Want(http.StatusCreated)
	link := linkPattern.FindString(made.Value("link"))
	them := s.Nobody(t)
	if p := them.Get(link).Want(http.StatusOK); p.Value("name") != editor.Name {
		t.Errorf("the link asks for %q", p.Value("name"))
	}
	them.Post(link, "name", "Élise", "password", password).Want(http.StatusSeeOther)
	if p := v.Get(href).Want(http.StatusOK); p.Text("h1") != "Élise" || !strings.Contains(p.Text(".facts"), "Editor") || !strings.Contains(p.Text(".tl"), "Élise") {
		t.Errorf("%s has the facts %q and the history %q", p.Text("h1"), p.Text(".facts"), p.Text(".tl"))
	}
	s.Nobody(t).Post("/sign-in", "email", editor.Email, "password", password).Want(http.StatusSeeOther)
	if p := v.Post("/w/moved/invitations", "email", editor.Email, "role", "admin").Want(http.StatusUnprocessableEntity); p.Problem("email") == "" {
		t.Error("invited a member who signs in")
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	who := s.Acme[domain.RoleEditor]
	withPassword(t, s, who)
	v := s.Nobody(t)

	sent := v.Get("/w/acme/applications?kind=crm&sort=-name").Want(http.StatusSeeOther)
	page := v.Follow(sent).Want(http.StatusOK)
	next := page.Value("next")
	if next != "/w/acme/applications?kind=crm&sort=-name" {
		t.Errorf("next = %q", next)
	}
	wrong := v.Post("/sign-in", "email", who.Email, "password", "trois petits chiens", "next", next).Want(http.StatusUnprocessableEntity)
	unknown := v.Post("/sign-in", "email", "nobody@example.com", "password", "trois petits chiens", "next", next).Want(http.StatusUnprocessableEntity)
	if wrong.Text("[role=alert]") == "" || wrong.Text("[role=alert]") != unknown.Text("[role=alert]") {
		t.Errorf("answers differ: %q, %q", wrong.Text("[role=alert]"), unknown.Text("[role=alert]"))
	}
	if wrong.Value("email") != who.Email || wrong.Value("password") != "" || wrong.Value("next") != next {
		t.Error("the refused form lost the address or the way, or kept the password")
	}
	empty := v.Post("/sign-in").Want(http.StatusUnprocessableEntity)
	if empty.Problem("email") == "" || empty.Problem("password") == "" {
		t.Error("no problem said for an empty form")
	}
	in := v.Post("/sign-in", "email", "  "+strings.ToUpper(who.Email), "password", password, "next", next).Want(http.StatusSeeOther)
	if in.Location != next {
		t.Errorf("leads to %s", in.Location)
	}
	v.Follow(in).Want(http.StatusOK)
	if p := v.Get("/sign-in").Want(http.StatusSeeOther); p.Location != "/" {
		t.Errorf("signing in again leads to %s", p.Location)
	}
	s.Exec(t, `update app_user set disabled_at = now() where id = $1`, who.User)
	if p := v.Get("/account").Want(http.StatusSeeOther); !strings.HasPrefix(p.Location, "/sign-in") {
		t.Errorf("a disabled account goes on, to %s", p.Location)
	}
	s.Nobody(t).Post("/sign-in", "email", who.Email, "password", password).Want(http.StatusUnprocessableEntity)
}

func TestSignInLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	who := s.Acme[domain.RoleEditor]
	withPassword(t, s, who)
	for _, next := range []string{
		"https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "evil.example",
		"///evil.example", " /account",
	} {
		v := s.Nobody(t)
		if p := v.Get("/sign-in?next=" + url.QueryEscape(next)).Want(http.StatusOK); p.Value("next") != "" {
			t.Errorf("%q: the form keeps %q", next, p.Value("next"))
		}
		if p := v.Post("/sign-in", "email", who.Email, "password", password, "next", next).Want(http.StatusSeeOther); p.Location != "/" {
			t.Errorf("%q: leads to %q", next, p.Location)
		}
		if p := v.Post("/theme", "theme", "dark", "back", next).Want(http.StatusSeeOther); p.Location != "/" {
			t.Errorf("%q: the theme leads to %q", next, p.Location)
		}
	}
}

func TestSignInIsThrottled(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	who := s.Acme[domain.RoleEditor]
	withPassword(t, s, who)
	v := s.Nobody(t)
	for _, email := range []string{who.Email, "nobody@example.com"} {
		for range 10 {
			v.Post("/sign-in", "email", email, "password", "trois petits chiens").Want(http.StatusUnprocessableEntity)
		}
		page := v.Post("/sign-in", "email", email, "password", password).Want(http.StatusTooManyRequests)
		if page.Header.Get("Retry-After") == "" || !strings.Contains(page.Text("[role=alert]"), "15 minutes") {
			t.Errorf("%s: Retry-After %q, said %q", email, page.Header.Get("Retry-After"), page.Text("[role=alert]"))
		}
	}
	var keys []string
	rows, err := s.Owner.Query(context.Background(), `select key from sign_in_failure`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 || strings.Contains(strings.Join(keys, " "), "@") || strings.Contains(strings.Join(keys, " "), "127.0.0.1") {
		t.Errorf("failures are kept under %q", keys)
	}
	s.Exec(t, `update sign_in_failure set at = at - interval '15 minutes'`)
	v.Post("/sign-in", "email", who.Email, "password", password).Want(http.StatusSeeOther)
}

func TestSignInRaisesAnOutdatedHash(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	who := s.Acme[domain.RoleEditor]
	// A hash of the password at twice the cost: another cost than the server's.
	s.Exec(t, `update app_user set password_hash = $1 where id = $2`, outdatedHash, who.User)
	s.Nobody(t).Post("/sign-in", "email", who.Email, "password", password).Want(http.StatusSeeOther)
	account, err := s.Store.UserByEmail(context.Background(), who.Email)
	if err != nil || account.PasswordHash == outdatedHash || login.NewForTest().Outdated(account.PasswordHash) {
		t.Errorf("hash %q, %v", account.PasswordHash, err)
	}
	s.Nobody(t).Post("/sign-in", "email", who.Email, "password", password).Want(http.StatusSeeOther)
}

func TestSessionIsNewAfterSigningIn(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	who := s.Acme[domain.RoleEditor]
	withPassword(t, s, who)
	planted := s.As(t, s.Other[domain.RoleViewer]) // a session that somebody else put in the browser
	victim := planted.Copy()
	victim.Post("/sign-in", "email", who.Email, "password", password).Want(http.StatusSeeOther)
	victim.Get("/w/acme/applications").Want(http.StatusOK)
	if p := planted.Get("/w/acme/applications"); p.Status == http.StatusOK {
		t.Error("the planted session was signed in too")
	}
	if p := planted.Get("/account"); p.Status == http.StatusOK {
		t.Error("the planted session still counts")
	}

	again := victim.Copy()
	again.Post("/sign-in", "email", who.Email, "password", password).Want(http.StatusSeeOther)
	if p := victim.Get("/account"); p.Status == http.StatusOK {
		t.Error("signing in again as the same person kept the old session")
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	stolen := v.Copy()
	out := v.Post("/sign-out").Want(http.StatusSeeOther)
	if got := out.Header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
		t.Errorf("Clear-Site-Data = %q", got)
	}
	if !strings.Contains(out.Header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("cookie after signing out: %q", out.Header.Get("Set-Cookie"))
	}
	if p := v.Follow(out).Want(http.StatusOK); !strings.Contains(p.Text("main"), "signed out") {
		t.Errorf("said %q", p.Text("main"))
	}
	stolen.Get("/account").Want(http.StatusSeeOther)
}

func TestAccount(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	who := s.Acme[domain.RoleEditor]
	withPassword(t, s, who)
	v := s.As(t, who)

	page := v.Post("/account", "name", "", "locale", "xx", "theme", "pink").Want(http.StatusUnprocessableEntity)
	for _, name := range []string{"name", "locale", "theme"} {
		if page.Problem(name) == "" {
			t.Errorf("no problem said for %s", name)
		}
	}
	saved := v.Post("/account", "name", "Éloïse  Martin", "locale", "fr", "theme", "dark").Want(http.StatusSeeOther)
	v.Lang = "en"
	page = v.Follow(saved).Want(http.StatusOK)
	if lang, _ := page.Doc().Find("html").Attr("lang"); lang != "fr" {
		t.Errorf("language %q", lang)
	}
	if theme, _ := page.Doc().Find("html").Attr("data-theme"); theme != "dark" {
		t.Errorf("theme %q", theme)
	}
	if keys, _ := page.Doc().Find("html").Attr("data-keys"); keys != "off" || page.Value("name") != "Éloïse Martin" {
		t.Errorf("shortcuts %q, name %q", keys, page.Value("name"))
	}

	if p := v.Post("/account/email", "email", "eloise@example.com", "email_password", "wrong").Want(http.StatusUnprocessableEntity); p.Problem("email_password") == "" || p.Value("email") != "eloise@example.com" {
		t.Error("another address without the password")
	}
	if p := v.Post("/account/email", "email", s.Admin().Email, "email_password", password).Want(http.StatusUnprocessableEntity); p.Problem("email") == "" {
		t.Error("the address of somebody else")
	}
	v.Post("/account/email", "email", "Eloise@Example.com", "email_password", password).Want(http.StatusSeeOther)

	elsewhere := s.Nobody(t)
	elsewhere.Post("/sign-in", "email", "eloise@example.com", "password", password).Want(http.StatusSeeOther)
	if p := v.Post("/account/password", "current_password", password, "password", "short").Want(http.StatusUnprocessableEntity); p.Problem("password") == "" {
		t.Error("a short password")
	}
	if p := v.Post("/account/password", "current_password", "wrong", "password", "quatre petits chats").Want(http.StatusUnprocessableEntity); p.Problem("current_password") == "" {
		t.Error("a new password without the old one")
	}
	stolen := v.Copy()
	v.Follow(v.Post("/account/password", "current_password", password, "password", "quatre petits chats").Want(http.StatusSeeOther)).Want(http.StatusOK)
	for name, other := range map[string]*webtest.Visitor{"elsewhere": elsewhere, "with the old cookie": stolen} {
		if p := other.Get("/account"); p.Status != http.StatusSeeOther {
			t.Errorf("%s: still signed in", name)
		}
	}
	elsewhere.Post("/sign-in", "email", "eloise@example.com", "password", password).Want(http.StatusUnprocessableEntity)
	elsewhere.Post("/sign-in", "email", "eloise@example.com", "password", "quatre petits chats").Want(http.StatusSeeOther)
}

func TestSessionsPage(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	who := s.Acme[domain.RoleEditor]
	withPassword(t, s, who)
	var visitors []*webtest.Visitor
	for range 3 {
		v := s.Nobody(t)
		v.Post("/sign-in", "email", who.Email, "password", password).Want(http.StatusSeeOther)
		visitors = append(visitors, v)
	}
	page := visitors[0].Get("/account").Want(http.StatusOK)
	forms := page.Doc().Find(`form[action^="/account/sessions/"]`)
	if forms.Length() != 3 || !strings.Contains(page.Text("#sessions ~ *, .table"), "127.0.0.1") {
		t.Errorf("%d forms: %s", forms.Length(), page.Text(".table"))
	}
	first, _ := forms.First().Attr("action")
	visitors[0].Post(first).Want(http.StatusSeeOther)
	s.As(t, s.Other[domain.RoleAdmin]).Post(first).Want(http.StatusNotFound)
	alive := func() (n int) {
		for _, v := range visitors {
			if v.Get("/account").Status == http.StatusOK {
				n++
			}
		}
		return n
	}
	if n := alive(); n != 2 {
		t.Errorf("%d sessions are left, want 2", n)
	}
	visitors[0].Post("/account/sessions/end-others").Want(http.StatusSeeOther)
	if n := alive(); n != 1 || visitors[0].Get("/account").Status != http.StatusOK {
		t.Errorf("%d sessions are left, want one's own", n)
	}
}

func TestWorkspaces(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	admin, editor := s.As(t, s.Admin()), s.As(t, s.Acme[domain.RoleEditor])
	editor.Get("/workspaces/new").Want(http.StatusForbidden)
	editor.Post("/workspaces", "name", "Mine", "locale", "en").Want(http.StatusForbidden)

	page := admin.Post("/workspaces", "name", "", "locale", "xx").Want(http.StatusUnprocessableEntity)
	if page.Problem("name") == "" || page.Problem("locale") == "" || page.Problem("slug") != "" {
		t.Errorf("problems: %s", page.Text(".summary"))
	}
	if p := admin.Post("/workspaces", "name", "Acme", "locale", "en").Want(http.StatusUnprocessableEntity); p.Problem("slug") == "" || p.Value("name") != "Acme" {
		t.Error("a slug that is taken")
	}
	made := admin.Post("/workspaces", "name", "Acme Nord", "locale", "fr").Want(http.StatusSeeOther)
	admin.Follow(made).Want(http.StatusOK)
	list := admin.Get("/").Want(http.StatusOK)
	if got := list.Doc().Find("a.door").Length(); got != 2 {
		t.Errorf("%d workspaces listed", got)
	}
	if p := editor.Get("/").Want(http.StatusSeeOther); p.Location != "/w/acme" {
		t.Errorf("one workspace leads to %s", p.Location)
	}
	if got := editor.Get("/workspaces").Want(http.StatusOK).Doc().Find("a.door").Length(); got != 1 {
		t.Errorf("%d workspaces listed", got)
	}
	s.Exec(t, `delete from membership where user_id = $1`, s.Acme[domain.RoleEditor].User)
	editor.Get("/").Want(http.StatusOK)
	editor.Get("/w/acme/applications").Want(http.StatusNotFound)
}

func TestExampleGoesInOneClick(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Admin())
	v.Post("/w/acme/example/remove").Want(http.StatusConflict)
	s.Exec(t, `update workspace set is_example = true where slug = 'acme'`)
	if p := v.Get("/w/acme/settings").Want(http.StatusOK); p.Doc().Find(`form[action="/w/acme/example/remove"]`).Length() != 2 { // on every page of it, and among the settings
		t.Error("the settings do not offer to remove the example")
	}
	s.As(t, s.Acme[domain.RoleEditor]).Post("/w/acme/example/remove").Want(http.StatusForbidden)
	v.Follow(v.Post("/w/acme/example/remove").Want(http.StatusSeeOther)).Want(http.StatusOK)
	v.Get("/w/acme/settings").Want(http.StatusNotFound)
}

func TestMembers(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Admin())
	editor := s.Acme[domain.RoleEditor]
	path := "/w/acme/members/" + itoa(editor.User)

	if got := v.Get("/w/acme/members?role=editor").Want(http.StatusOK).Text("tbody"); !strings.Contains(got, editor.Name) || strings.Contains(got, "acme viewer") {
		t.Errorf("list = %q", got)
	}
	if p := v.Get(path).Want(http.StatusOK); p.Text("h1") != editor.Name {
		t.Errorf("page of %q", p.Text("h1"))
	}
	if p := v.Post(path, "role", "king", "seen", "editor").Want(http.StatusUnprocessableEntity); p.Problem("role") == "" {
		t.Error("an unknown role")
	}
	v.Post(path, "role", "dpo", "seen", "viewer").Want(http.StatusConflict)
	s.As(t, editor).Post(path, "role", "admin", "seen", "editor").Want(http.StatusForbidden)
	changed := v.Follow(v.Post(path, "role", "dpo", "seen", "editor").Want(http.StatusSeeOther)).Want(http.StatusOK)
	if got := changed.Text(".tl"); !strings.Contains(got, "Editor") || !strings.Contains(got, "DPO") {
		t.Errorf("history = %q", got)
	}
	me := "/w/acme/members/" + itoa(s.Admin().User)
	if p := v.Post(me, "role", "viewer", "seen", "admin").Want(http.StatusConflict); !strings.Contains(p.Text("main"), "last administrator") {
		t.Errorf("said %q", p.Text("main"))
	}

	app := s.Application(t, s.Admin(), "Braze")
	s.Exec(t, `update application set owner_id = $1 where id = $2`, editor.User, app)
	confirm := v.Get(path + "/remove").Want(http.StatusOK)
	if link, _ := confirm.Doc().Find(".impacts a").Attr("href"); link != "/w/acme/applications?owner="+itoa(editor.User)+"&state=active,archived" {
		t.Errorf("what they own: %q", link)
	}
	if p := v.Post(path + "/remove").Want(http.StatusConflict); p.Problem("successor") == "" {
		t.Error("removed without a successor")
	}
	if p := v.Post(path+"/remove", "successor", itoa(s.Other[domain.RoleAdmin].User)).Want(http.StatusUnprocessableEntity); p.Problem("successor") == "" {
		t.Error("a successor from elsewhere")
	}
	v.Post(path+"/remove", "successor", itoa(s.Admin().User)).Want(http.StatusSeeOther)
	v.Get(path).Want(http.StatusNotFound)
	if got := v.Get("/w/acme/applications/" + itoa(app)).Want(http.StatusOK).Text(".facts"); !strings.Contains(got, s.Admin().Name) {
		t.Errorf("owner of the application: %q", got)
	}
	for _, act := range []string{"", "/remove"} {
		if p := v.Get("/w/acme/members/" + itoa(s.Other[domain.RoleAdmin].User) + act); p.Status != http.StatusNotFound {
			t.Errorf("a member of another workspace: status %d", p.Status)
		}
	}
}

var linkPattern = regexp.MustCompile(`/join/[A-Za-z0-9_-]{43}`)

func invite(t *testing.T, v *webtest.Visitor, email, role string) string {
	t.Helper()
	page := v.Post("/w/acme/invitations", "email", email, "role", role).Want(http.StatusCreated)
	link := linkPattern.FindString(page.Value("link"))
	if link == "" {
		t.Fatalf("no link: %q", page.Value("link"))
	}
	if again := v.Get("/w/acme/invitations").Want(http.StatusOK); strings.Contains(again.Body, link) {
		t.Error("the link is shown twice")
	}
	return link
}

func TestInvitationOfSomebodyNew(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	admin := s.As(t, s.Admin())
	page := admin.Post("/w/acme/invitations", "email", "anna", "role", "king").Want(http.StatusUnprocessableEntity)
	if page.Problem("email") == "" || page.Problem("role") == "" || page.Value("email") != "anna" {
		t.Errorf("problems: %s", page.Text(".summary"))
	}
	if p := admin.Post("/w/acme/invitations", "email", s.Admin().Email, "role", "dpo").Want(http.StatusUnprocessableEntity); p.Problem("email") == "" {
		t.Error("invited a member")
	}
	s.As(t, s.Acme[domain.RoleEditor]).Post("/w/acme/invitations", "email", "anna@example.com", "role", "dpo").Want(http.StatusForbidden)
	link := invite(t, admin, "anna@example.com", "dpo")

	v := s.Nobody(t)
	if got := v.Get(link).Want(http.StatusOK).Text("main"); !strings.Contains(got, "Acme") || !strings.Contains(got, "anna@example.com") {
		t.Errorf("page = %q", got)
	}
	page = v.Post(link, "name", "", "password", "anna@example").Want(http.StatusUnprocessableEntity)
	if page.Problem("name") == "" || page.Problem("password") == "" {
		t.Errorf("problems: %s", page.Text(".summary"))
	}
	done := v.Post(link, "name", "Anna", "password", password).Want(http.StatusSeeOther)
	if done.Location != "/w/acme" {
		t.Errorf("leads to %s", done.Location)
	}
	v.Get("/w/acme/applications").Want(http.StatusOK)
	v.Post("/w/acme/applications", "name", "X").Want(http.StatusForbidden)
	s.Nobody(t).Get(link).Want(http.StatusNotFound)
	s.Nobody(t).Post(link, "name", "Bert", "password", password).Want(http.StatusNotFound)
	if got := admin.Get("/w/acme/invitations").Text("tbody"); !strings.Contains(got, "Accepted") {
		t.Errorf("list = %q", got)
	}
}

func TestInvitationOfSomebodyKnown(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	admin, known := s.As(t, s.Admin()), s.Other[domain.RoleEditor]
	withPassword(t, s, known)
	link := invite(t, admin, known.Email, "viewer")

	// Whoever holds the link of a known address must know its password.
	v := s.Nobody(t)
	if p := v.Post(link, "name", "Impostor", "password", "trois petits chiens").Want(http.StatusUnprocessableEntity); p.Text("[role=alert]") == "" {
		t.Error("a wrong password was not refused in words")
	}
	other := s.As(t, s.Other[domain.RoleDPO])
	if p := other.Get(link).Want(http.StatusOK); p.Doc().Find(`[formaction="/sign-out"]`).Length() != 1 {
		t.Error("somebody else is not offered to sign out")
	}
	other.Post(link, "password", password).Want(http.StatusForbidden)
	v.Post(link, "password", password).Want(http.StatusSeeOther)
	v.Get("/w/acme/applications").Want(http.StatusOK)
	v.Get("/w/other/applications").Want(http.StatusOK)
	if got := v.Get("/").Want(http.StatusOK).Doc().Find("a.door").Length(); got != 2 {
		t.Errorf("%d workspaces listed", got)
	}

	signedIn := s.Other[domain.RoleAdmin]
	link = invite(t, admin, signedIn.Email, "editor")
	s.As(t, signedIn).Post(link).Want(http.StatusSeeOther)
}

func TestInvitationRevoked(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	admin := s.As(t, s.Admin())
	link := invite(t, admin, "anna@example.com", "dpo")
	revoke, _ := admin.Get("/w/acme/invitations").Doc().Find(`form[action$="/revoke"]`).Attr("action")
	s.As(t, s.Other[domain.RoleAdmin]).Post(strings.Replace(revoke, "/acme/", "/other/", 1)).Want(http.StatusNotFound)
	admin.Post(revoke).Want(http.StatusSeeOther)
	admin.Post(revoke).Want(http.StatusConflict)
	s.Nobody(t).Get(link).Want(http.StatusNotFound)
	link = invite(t, admin, "anna@example.com", "dpo")
	s.Exec(t, `update invitation set expires_at = now() where revoked_at is null`)
	s.Nobody(t).Get(link).Want(http.StatusNotFound)
}

func TestTeams(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Admin())
	editor := s.Acme[domain.RoleEditor]

	page := v.Post("/w/acme/teams", "name", "", "description", "What they do", "members", itoa(editor.User)).Want(http.StatusUnprocessableEntity)
	if page.Problem("name") == "" || page.Value("description") != "What they do" || page.Doc().Find(`[name=members][checked]`).Length() != 1 {
		t.Error("the refused form lost something, or said nothing")
	}
	saved := v.Post("/w/acme/teams", "name", "CRM", "members", itoa(editor.User), "members", itoa(s.Admin().User)).Want(http.StatusSeeOther)
	page = v.Follow(saved).Want(http.StatusOK)
	if got := page.Text("main"); !strings.Contains(got, editor.Name) || !strings.Contains(got, s.Admin().Name) {
		t.Errorf("page = %q", got)
	}
	if got := page.Text(".tl"); !strings.Contains(got, editor.Name) {
		t.Errorf("history names nobody: %q", got)
	}
	path := saved.Location
	if p := v.Post("/w/acme/teams", "name", "crm").Want(http.StatusUnprocessableEntity); p.Problem("name") == "" {
		t.Error("a name twice")
	}
	s.As(t, editor).Post(path, "name", "X", "version", "1").Want(http.StatusForbidden)
	s.As(t, editor).Get(path).Want(http.StatusOK)
	s.As(t, s.Other[domain.RoleAdmin]).Get(strings.Replace(path, "/acme/", "/other/", 1)).Want(http.StatusNotFound)
	v.Get(path + "/edit").Want(http.StatusOK)
	v.Post(path, "name", "CRM 2", "version", "7").Want(http.StatusConflict)
	v.Post(path, "name", "CRM 2", "version", "1").Want(http.StatusSeeOther)
	if got := v.Get("/w/acme/teams?q=crm").Want(http.StatusOK).Text("tbody"); !strings.Contains(got, "CRM 2") {
		t.Errorf("list = %q", got)
	}
	if p := v.Get("/w/acme/teams.csv").Want(http.StatusOK); !strings.Contains(p.Body, "CRM 2") {
		t.Errorf("export = %q", p.Body)
	}

	app := s.Application(t, s.Admin(), "Braze")
	s.Exec(t, `update application set team_id = (select id from team) where id = $1`, app)
	if p := v.Post(path + "/archive").Want(http.StatusConflict); !strings.Contains(p.Text("main"), "1 application") {
		t.Errorf("said %q", p.Text("main"))
	}
	s.Exec(t, `update application set team_id = null`)
	for _, act := range []string{"archive", "restore", "remove"} {
		v.Post(path + "/" + act).Want(http.StatusSeeOther)
	}
	v.Get(path).Want(http.StatusNotFound)
}

func TestSettingsShowWhatChangesBeforeTheySave(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Admin())
	field := s.Field(t, s.Admin(), s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "Braze"), "users"), "email", "ident.contact.email")
	s.Exec(t, `insert into field_evidence (workspace_id, field_id, last_read_at) values ($1, $2, now() - interval '60 days')`, s.Admin().Workspace, field)
	if err := s.Store.JudgeAll(context.Background(), s.Admin()); err != nil {
		t.Fatal(err)
	}
	form := func(version, window string, pairs ...string) []string {
		return append([]string{"version", version, "name", "Acme", "locale", "en", "window_days", window, "grace_days", "90", "fill_rate_min", "5",
			"constant_min_rows", "100", "stale_days", "730"}, pairs...)
	}
	verdict := func() (got string) {
		if err := s.Owner.QueryRow(context.Background(), `select verdict from field where id = $1`, field).Scan(&got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	if p := v.Get("/w/acme/settings").Want(http.StatusOK); p.Value("fill_rate_min") != "5" || p.Value("window_days") != "90" {
		t.Errorf("fill rate %q, window %q", p.Value("fill_rate_min"), p.Value("window_days"))
	}
	bad := v.Post("/w/acme/settings", "version", "1", "name", "", "locale", "xx", "window_days", "0", "grace_days", "many", "fill_rate_min", "101", "constant_min_rows", "1 000", "stale_days", "").Want(http.StatusUnprocessableEntity)
	for _, name := range []string{"name", "locale", "window_days", "grace_days", "fill_rate_min", "stale_days"} {
		if bad.Problem(name) == "" {
			t.Errorf("no problem said for %s", name)
		}
	}
	if bad.Problem("constant_min_rows") != "" || bad.Value("grace_days") != "many" {
		t.Errorf("rows %q, grace %q", bad.Problem("constant_min_rows"), bad.Value("grace_days"))
	}

	preview := v.Post("/w/acme/settings", form("1", "30")...).Want(http.StatusOK)
	if got := preview.Text(".confirm"); !strings.Contains(got, "To regularise") || !strings.Contains(got, "becomesTo delete") || !strings.Contains(got, "1 field") {
		t.Errorf("preview = %q", got)
	}
	if link, _ := preview.Doc().Find(".confirm .bullets a").Attr("href"); link != "/w/acme/fields/"+itoa(field) {
		t.Errorf("the field is at %q", link)
	}
	if got := verdict(); got != "regularise" {
		t.Errorf("the preview saved: %s", got)
	}
	if p := v.Post("/w/acme/settings", form("1", "60")...).Want(http.StatusOK); !strings.Contains(p.Text("main"), "no field") {
		t.Errorf("preview of no change = %q", p.Text("main"))
	}
	page := v.Follow(v.Post("/w/acme/settings", form("1", "30", "confirmed", "1")...).Want(http.StatusSeeOther)).Want(http.StatusOK)
	if got := verdict(); got != "delete" || page.Value("window_days") != "30" {
		t.Errorf("verdict %s, window %s", got, page.Value("window_days"))
	}
	if got := page.Text(".tl"); !strings.Contains(got, "90") || !strings.Contains(got, "30") {
		t.Errorf("history = %q", got)
	}
	v.Post("/w/acme/settings", form("1", "40")...).Want(http.StatusConflict)
	v.Post("/w/acme/settings", form("1", "40", "confirmed", "1")...).Want(http.StatusConflict)
	if p := v.Post("/w/acme/settings", "version", "2", "name", "Acme 2", "locale", "fr", "window_days", "30", "grace_days", "90", "fill_rate_min", "5 %",
		"constant_min_rows", "100", "stale_days", "730").Want(http.StatusSeeOther); p.Location != "/w/acme/settings" {
		t.Errorf("a change of name asks for more: %s", p.Location)
	}

	editor := s.As(t, s.Acme[domain.RoleEditor])
	if p := editor.Get("/w/acme/settings").Want(http.StatusOK); p.Doc().Find(`[name=window_days]`).Length() != 0 || !strings.Contains(p.Text(".facts"), "30 days") {
		t.Errorf("an editor sees %q", p.Text(".facts"))
	}
	editor.Post("/w/acme/settings", form("3", "40", "confirmed", "1")...).Want(http.StatusForbidden)
}

func TestWorkspaceIsRemovedOnceItsNameIsTyped(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Admin())
	v.Get("/w/acme/settings/remove").Want(http.StatusOK)
	if p := v.Post("/w/acme/settings/remove", "slug", "other").Want(http.StatusUnprocessableEntity); p.Problem("slug") == "" {
		t.Error("removed by another name")
	}
	s.As(t, s.Acme[domain.RoleDPO]).Post("/w/acme/settings/remove", "slug", "acme").Want(http.StatusForbidden)
	v.Follow(v.Post("/w/acme/settings/remove", "slug", "acme").Want(http.StatusSeeOther)).Want(http.StatusOK)
	v.Get("/w/acme/settings").Want(http.StatusNotFound)
	s.As(t, s.Other[domain.RoleAdmin]).Get("/w/other/applications").Want(http.StatusOK)
}

// outdatedHash is that of the password at twice the passes of the tests.
const outdatedHash = "$argon2id$v=19$m=8,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$CYLG57S5rNso8YxLPmb+C49h2FV+tKMPDo3R4GXcZ1w"
