package domain_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
)

// TestPermissions shows every change of power to a reviewer.
func TestPermissions(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	fmt.Fprintf(&b, "%-17s", "")
	for _, role := range domain.Roles {
		fmt.Fprintf(&b, " %s", role)
	}
	for _, action := range domain.Actions {
		fmt.Fprintf(&b, "\n%-17s", action)
		for _, role := range domain.Roles {
			may := "-"
			if (domain.Actor{User: 1, Workspace: 1, Role: role}).Can(action) {
				may = "yes"
			}
			fmt.Fprintf(&b, " %-*s", len(role), may)
		}
	}
	got := regexp.MustCompile(` +\n`).ReplaceAllString(b.String()+"\n", "\n")
	const path = "testdata/permissions.golden"
	if flag.Lookup("update").Value.String() == "true" { // the flag of all tables of the package
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what was reviewed (- reviewed, + now):\n%s", path, diff)
	}
}

func TestNobodyMayAnythingOutsideTheirWorkspace(t *testing.T) {
	t.Parallel()
	for _, a := range []domain.Actor{{}, {User: 1}, {User: 1, Role: domain.RoleAdmin}, {User: 1, Workspace: 1}, {User: 1, Workspace: 1, Role: "king"}} {
		for _, action := range domain.Actions {
			if a.Can(action) {
				t.Errorf("%+v may %s", a, action)
			}
		}
	}
	if (domain.Actor{}).Can(domain.SignedIn) || !(domain.Actor{}).Can(domain.Public) || !(domain.Actor{User: 1}).Can(domain.SignedIn) {
		t.Error("wrong about who is signed in")
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Maison Lumière": "maison-lumiere", "  Été & Cie  ": "ete-cie", "Ünïcode 42": "unicode-42", "***": "", "": "",
		strings.Repeat("long name ", 20): "long-name-long-name-long-name-long-name-long-name-long-name",
	} {
		got := domain.SlugOf(name)
		if got != want && !(len(want) > 50 && strings.HasPrefix(got, want[:50]) && domain.ValidSlug(got)) {
			t.Errorf("SlugOf(%q) = %q, want %q", name, got, want)
		}
	}
	for _, bad := range []string{"", "-a", "a-", "A", "é", "a b", "a/b", "a.b", "setup", strings.Repeat("a", 64)} {
		if domain.ValidSlug(bad) {
			t.Errorf("%q is taken for a slug", bad)
		}
	}
}

func TestInvitationState(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)
	past := now.Add(-time.Hour)
	for want, i := range map[domain.InvitationState]domain.Invitation{
		domain.InvitationOpen:     {ExpiresAt: now.Add(time.Nanosecond)},
		domain.InvitationExpired:  {ExpiresAt: now},
		domain.InvitationRevoked:  {ExpiresAt: past, RevokedAt: &past},
		domain.InvitationAccepted: {ExpiresAt: past, AcceptedAt: &past},
	} {
		if got := i.State(now); got != want {
			t.Errorf("%+v is %s, want %s", i, got, want)
		}
	}
}

func TestNewUserSaysEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := domain.NewUser(domain.User{Name: " ", Email: "a@b", Locale: "xx", Theme: "pink"})
	e, ok := err.(*domain.Error)
	if !ok || len(e.Fields) != 4 {
		t.Errorf("problems: %v", err)
	}
	u, err := domain.NewUser(domain.User{Name: " Anna  Berg ", Email: " Anna@Example.COM "})
	if err != nil || u.Name != "Anna Berg" || u.Email != "anna@example.com" || u.Theme != "auto" {
		t.Errorf("%+v, %v", u, err)
	}
}
