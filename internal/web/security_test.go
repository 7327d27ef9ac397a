package web_test

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/login"
	"utile/internal/store"
	"utile/internal/store/storetest"
	"utile/internal/web"
	"utile/internal/web/webtest"
)

func TestEveryAnswerCarriesTheHeaders(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	app := s.Application(t, s.Admin(), "Braze")
	admin, viewer, nobody := s.As(t, s.Admin()), s.As(t, s.Acme[domain.RoleViewer]), s.Nobody(t)
	for name, p := range map[string]*webtest.Page{
		"page":             admin.Get("/w/acme/applications").Want(http.StatusOK),
		"redirect":         nobody.Get("/w/acme").Want(http.StatusSeeOther),
		"sign-in":          nobody.Get("/sign-in").Want(http.StatusOK),
		"refused form":     admin.Post("/w/acme/applications").Want(http.StatusUnprocessableEntity),
		"unauthenticated":  nobody.Post("/w/acme/applications").Want(http.StatusUnauthorized),
		"denied":           viewer.Post("/w/acme/applications").Want(http.StatusForbidden),
		"not found":        admin.Get("/nowhere").Want(http.StatusNotFound),
		"no such record":   admin.Get("/w/acme/applications/999999").Want(http.StatusNotFound),
		"conflict":         admin.Post("/w/acme/applications/"+itoa(app), "name", "X", "version", "9").Want(http.StatusConflict),
		"export":           admin.Get("/w/acme/applications.csv").Want(http.StatusOK),
		"style":            nobody.Get(styleOf(t, nobody)).Want(http.StatusOK),
		"no such file":     nobody.Get("/static/nothing.css").Want(http.StatusNotFound),
		"health":           nobody.Get("/healthz").Want(http.StatusOK),
		"another site":     nobody.Cross("/sign-in").Want(http.StatusForbidden),
		"method not known": admin.Send(http.MethodPut, "/account", nil, "").Want(http.StatusNotFound),
	} {
		policy := p.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %q lacks %s", name, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "http") {
			t.Errorf("%s: policy %q", name, policy)
		}
		for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := p.Header.Get(header); got != want {
				t.Errorf("%s: %s = %q, want %q", name, header, got, want)
			}
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") && p.Header.Get("Cache-Control") != "no-store" && p.Status == http.StatusOK {
			t.Errorf("%s: a page may be kept: %q", name, p.Header.Get("Cache-Control"))
		}
	}
}

func styleOf(t *testing.T, v *webtest.Visitor) string {
	t.Helper()
	href, ok := v.Get("/sign-in").Doc().Find("link[rel=stylesheet]").Attr("href")
	if !ok {
		t.Fatal("no style sheet")
	}
	return href
}

func TestOtherSitesCannotActForAPerson(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	admin := s.As(t, s.Admin())
	for _, route := range s.Server.Routes() {
		if route.Method != http.MethodPost {
			continue
		}
		path := routePath(t, s, route.Pattern, s.Admin())
		if p := admin.Cross(path); p.Status != http.StatusForbidden {
			t.Errorf("POST %s from another site: status %d", route.Pattern, p.Status)
		}
	}
	admin.Get("/account").Want(http.StatusOK) // not even signed out
}

func TestTooLargeAFormIsRefused(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	admin := s.As(t, s.Admin())
	admin.Post("/w/acme/teams", "name", strings.Repeat("x", 3<<20)).Want(http.StatusRequestEntityTooLarge)
	s.Nobody(t).Post("/sign-in", "email", strings.Repeat("x", 3<<20)).Want(http.StatusRequestEntityTooLarge)
	admin.Post("/w/acme/teams", "name", strings.Repeat("x", 1<<20)).Want(http.StatusUnprocessableEntity)
}

// hostile are names that would do something if a page did not escape them.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'><svg/onload=alert(1)>`, `javascript:alert(1)`, `</title><script>alert(1)</script>`,
	`{{constructor.constructor('alert(1)')()}}`, `" autofocus onfocus="alert(1)`, `</textarea><script>alert(1)</script>`, `<!--<script>`, `&lt;script&gt;`, `=HYPERLINK("http://evil","x")`,
}

func TestHostileNamesAreOnlyText(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	v := s.As(t, by)
	for _, name := range hostile {
		s.Exec(t, `update app_user set name = $1 where id = $2`, name, by.User)
		s.Exec(t, `update workspace set name = $1 where id = $2`, name, by.Workspace)
		team := v.Post("/w/acme/teams", "name", name, "description", name, "members", itoa(by.User)).Want(http.StatusSeeOther)
		for _, path := range []string{team.Location, team.Location + "/edit", "/w/acme/teams", "/w/acme/teams?q=" + url.QueryEscape(name), "/w/acme/settings",
			"/w/acme/members/" + itoa(by.User), "/w/acme/members", "/workspaces", "/account", "/w/acme/start", "/w/acme/settings/remove"} {
			page := v.Get(path).Want(http.StatusOK)
			for selector, what := range map[string]string{"script:not([src])": "a script", "img": "an image", "[onerror], [onload], [onfocus]": "an event", `[href^="javascript:"], [src^="javascript:"]`: "a script's address"} {
				if page.Doc().Find(selector).Length() > 0 {
					t.Errorf("%s with the name %s holds %s", path, name, what)
				}
			}
		}
		if got := v.Get(team.Location).Text("h1"); got != strings.Join(strings.Fields(name), " ") {
			t.Errorf("the name %q is shown as %q", name, got)
		}
		v.Post(team.Location + "/remove").Want(http.StatusSeeOther)
	}
}

// overHTTPS is a server that people reach over HTTPS, with a clock that the test moves.
func overHTTPS(t *testing.T) (*storetest.World, *web.Server, *time.Time) {
	t.Helper()
	w := storetest.NewWorld(t)
	at := time.Now()
	now := func() time.Time { return at }
	w.Store = w.Store.WithClock(now)
	return w, web.New(w.Store, web.Options{BaseURL: "https://utile.example.org", Passwords: login.NewForTest(), Now: now}), &at
}

func ask(handler http.Handler, method, path, cookie string, form url.Values) *http.Response {
	r := httptest.NewRequest(method, "https://utile.example.org"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if cookie != "" {
		r.Header.Set("Cookie", "__Host-utile="+cookie)
	}
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, r)
	return rec.Result()
}

func TestCookieOverHTTPS(t *testing.T) {
	t.Parallel()
	w, handler, at := overHTTPS(t)
	hash, err := login.NewForTest().Hash(context.Background(), password)
	if err != nil {
		t.Fatal(err)
	}
	w.Exec(t, `update app_user set password_hash = $1 where id = $2`, hash, w.Admin().User)
	in := ask(handler, http.MethodPost, "/sign-in", "", url.Values{"email": {w.Admin().Email}, "password": {password}})
	if in.StatusCode != http.StatusSeeOther || len(in.Cookies()) != 1 {
		t.Fatalf("status %d, cookies %v", in.StatusCode, in.Cookies())
	}
	c := in.Cookies()[0]
	if c.Name != "__Host-utile" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 43 {
		t.Errorf("cookie %+v", c)
	}
	if got := in.Header.Get("Strict-Transport-Security"); got == "" {
		t.Error("no Strict-Transport-Security")
	}
	var kept int
	if err := w.Owner.QueryRow(t.Context(), `select count(*) from auth_session where position($1::bytea in token_hash) > 0`, []byte(c.Value)).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("the token itself is kept (%d, %v)", kept, err)
	}
	alive := func() bool {
		return ask(handler, http.MethodGet, "/account", c.Value, nil).StatusCode == http.StatusOK
	}
	if !alive() {
		t.Fatal("the cookie does not sign in")
	}
	if ask(handler, http.MethodGet, "/account", strings.Repeat("A", 43), nil).StatusCode == http.StatusOK {
		t.Error("any cookie signs in")
	}
	// In use all the time it ends after a working day; idle, after an hour.
	started := *at
	for at.Sub(started) < store.SessionAbsolute-30*time.Minute {
		*at = at.Add(30 * time.Minute)
		if at.Sub(started) < store.SessionAbsolute && !alive() {
			t.Fatalf("a session in use ended after %s", at.Sub(started))
		}
	}
	*at = started.Add(store.SessionAbsolute)
	if alive() {
		t.Error("a session outlives its day")
	}
}

func TestIdleSessionEnds(t *testing.T) {
	t.Parallel()
	w, handler, at := overHTTPS(t)
	token := strings.Repeat("t", 43)
	if err := w.Store.AddSession(context.Background(), store.AuthSession{TokenHash: hashOf(token), User: w.Admin().User}); err != nil {
		t.Fatal(err)
	}
	*at = at.Add(store.SessionIdle - time.Second)
	if got := ask(handler, http.MethodGet, "/account", token, nil).StatusCode; got != http.StatusOK {
		t.Fatalf("a second before: status %d", got)
	}
	*at = at.Add(store.SessionIdle)
	if got := ask(handler, http.MethodGet, "/account", token, nil).StatusCode; got == http.StatusOK {
		t.Error("an idle session goes on")
	}
}

func hashOf(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}
