package web_test

import (
	"context"
	"net/http"
	"testing"

	"utile/internal/browsertest"
	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// nobodyInBrowser looks at pages that stand alone, as a visitor who is not signed in.
func nobodyInBrowser(t *testing.T, s *webtest.Site, pages ...shownPage) {
	t.Helper()
	inBrowserAs(t, s, "", pages...)
}

func TestSetUpPagesInBrowser(t *testing.T) {
	t.Parallel()
	s, token := empty(t)
	nobodyInBrowser(t, s, shownPage{"setup", "/setup?token=" + token}, shownPage{"setup-code", "/setup?token=wrong"})
}

func TestSetUpInBrowser(t *testing.T) {
	t.Parallel()
	s, token := empty(t)
	tab := browsertest.Browser(t).Language("fr")
	tab.Open(s.URL + "/").Wait("form.sheet")
	tab.Type("#token", token).Type("#name", "Camille Bernard").Type("#email", "camille@example.com").Type("#password", "court").Type("#workspace", "Maison Lumière")
	tab.Click("form.sheet .btn-primary").Wait(".summary")
	tab.Axe(t)
	tab.Shoot("setup-refused")
	tab.Type("#password", password).Click("form.sheet .btn-primary").Wait("a.door")
	tab.Axe(t)
	tab.Shoot("doors")
	tab.Width(390).Shoot("doors-390")
	tab.Width(1440).Click("button.door").Wait(".notice")
	tab.Axe(t)
	tab.Shoot("example")
	tab.Click(".notice .linkbtn").Wait("ul.doors").Wait("#flashes .flash") // the page before has a message too
	if got := tab.Location(); got != s.URL+"/workspaces" {
		t.Errorf("after removing the example at %s", got)
	}
}

func TestSignInPagesInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	withPassword(t, s, s.Other[domain.RoleAdmin])
	admin := s.As(t, s.Admin())
	nobodyInBrowser(t, s, shownPage{"sign-in", "/sign-in"}, shownPage{"sign-in-first", "/sign-in?next=/w/acme/members"}, shownPage{"sign-in-out", "/sign-in?out=1"},
		shownPage{"join-new", invite(t, admin, "anna@example.com", "dpo")}, shownPage{"join-known", invite(t, admin, s.Other[domain.RoleAdmin].Email, "editor")},
		shownPage{"join-closed", "/join/nothing"})
}

func TestSignInRefusedInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	tab := browsertest.Browser(t).Language("fr").Dark()
	tab.Open(s.URL+"/sign-in").Type("#email", "camille@example.com").Type("#password", "faux mot de passe").Click(".sheet .btn-primary").Wait("[role=alert]")
	tab.Axe(t)
	tab.Shoot("sign-in-wrong")
}

func TestPeoplePagesInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	app := s.Application(t, by, "Braze")
	s.Exec(t, `update application set owner_id = $1 where id = $2`, s.Acme[domain.RoleEditor].User, app)
	team, err := s.Store.AddTeam(context.Background(), by, domain.Team{Name: "Marketing relationnel et fidélisation", Members: []domain.UserID{by.User, s.Acme[domain.RoleDPO].User}})
	if err != nil {
		t.Fatal(err)
	}
	admin := s.As(t, by)
	invite(t, admin, "anna@example.com", "dpo")
	s.Exec(t, `update invitation set revoked_at = now()`)
	invite(t, admin, "bert.tres-long-nom@direction.example.com", "facilitator")
	member := "/w/acme/members/" + itoa(s.Acme[domain.RoleEditor].User)
	admin.Post(member, "role", "facilitator", "seen", "editor").Want(http.StatusSeeOther)
	inBrowser(t, s, by,
		shownPage{"workspaces", "/workspaces"}, shownPage{"workspace-new", "/workspaces/new"}, shownPage{"account", "/account"}, shownPage{"start", "/w/acme/start"},
		shownPage{"members", "/w/acme/members"}, shownPage{"member", member}, shownPage{"member-remove", member + "/remove"},
		shownPage{"invitations", "/w/acme/invitations"}, shownPage{"invitation-new", "/w/acme/invitations/new"},
		shownPage{"teams", "/w/acme/teams"}, shownPage{"team", "/w/acme/teams/" + itoa(team)}, shownPage{"team-edit", "/w/acme/teams/" + itoa(team) + "/edit"},
		shownPage{"settings", "/w/acme/settings"}, shownPage{"settings-remove", "/w/acme/settings/remove"})
}

func TestThresholdPreviewInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowd(t, 300)
	tab := browsertest.Browser(t).Cookie(s.URL, "utile", s.Token(t, s.Admin())).Cookie(s.URL, "lang", "fr")
	tab.Open(s.URL + "/w/acme/settings")
	tab.Eval(`document.querySelector('#window_days').value = '7'; document.querySelector('#grace_days').value = '0'; ''`)
	tab.Click("form .formend .btn-primary").Wait(".confirm")
	tab.Axe(t)
	tab.Shoot("settings-preview")
	tab.Width(390).Shoot("settings-preview-390")
}
