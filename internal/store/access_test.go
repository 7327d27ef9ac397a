package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func TestSessionEndsFromIdlenessAndAtTheLatest(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := storetest.NewWorld(t)
	c := newClock()
	st := w.Store.WithClock(c.now)
	token := []byte("token")
	if err := st.AddSession(ctx, store.AuthSession{TokenHash: token, User: w.Admin().User}); err != nil {
		t.Fatal(err)
	}
	alive := func() bool {
		_, err := st.VisitByToken(ctx, token, "acme")
		if err != nil && !errors.Is(err, domain.NotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	for elapsed := time.Duration(0); elapsed < store.SessionAbsolute-time.Hour; elapsed += 50 * time.Minute {
		if !alive() {
			t.Fatalf("a session in use ended after %s", elapsed)
		}
		if err := st.TouchSession(ctx, token); err != nil {
			t.Fatal(err)
		}
		c.pass(50 * time.Minute)
	}
	c.pass(store.SessionIdle - 50*time.Minute)
	if alive() {
		t.Error("an idle session goes on")
	}
	if list, err := st.SessionsOf(ctx, w.Admin().User); err != nil || len(list) != 0 {
		t.Errorf("an idle session is listed: %v, %v", list, err)
	}

	c.pass(24 * time.Hour)
	if err := st.AddSession(ctx, store.AuthSession{TokenHash: []byte("other"), User: w.Admin().User}); err != nil {
		t.Fatal(err)
	}
	for range 2*12 + 1 {
		c.pass(30 * time.Minute)
		if err := st.TouchSession(ctx, []byte("other")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := st.VisitByToken(ctx, []byte("other"), "acme"); !errors.Is(err, domain.NotFound) {
		t.Errorf("a session outlives its day: %v", err)
	}
	if n, err := st.PurgeSessions(ctx); err != nil || n < 2 {
		t.Errorf("purged %d, %v", n, err)
	}
}

// TestAccountsLeaveTheirTraceInEveryWorkspaceOfTheirs: an account belongs to no workspace, so all of the person's are told, and
// no other.
func TestAccountsLeaveTheirTraceInEveryWorkspaceOfTheirs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := storetest.NewWorld(t)
	by, other := w.Admin(), w.Other[domain.RoleAdmin]
	me, alone := by.User, w.Acme[domain.RoleViewer].User
	if err := w.Store.AddMembership(ctx, other, me, domain.RoleViewer); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"a", "b", "c"} {
		if err := w.Store.AddSession(ctx, store.AuthSession{TokenHash: []byte(token), User: me}); err != nil {
			t.Fatal(err)
		}
	}
	told := func(in domain.Actor, of domain.UserID) (verbs []string) {
		t.Helper()
		events, err := w.Store.EventsOf(ctx, in, domain.SubjectMember, int64(of), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Verb != "member.added" {
				verbs = append(verbs, e.Verb+" by "+e.ActorName)
			}
		}
		return verbs
	}
	if _, err := w.Store.RemoveOtherSessions(ctx, by, []byte("a")); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Store.RemoveOtherSessions(ctx, by, []byte("a")); err != nil || n != 0 {
		t.Errorf("%d more ended, %v", n, err)
	}
	for _, user := range []domain.UserID{me, alone} {
		if err := w.Store.SetPassword(ctx, domain.Operator(domain.Workspace{}), user, "hash"); err != nil {
			t.Fatal(err)
		}
	}
	renamed := func(in domain.Actor, name, email string) error {
		return w.Store.ChangeUser(ctx, in, domain.User{ID: in.User, Name: name, Email: email, Theme: "dark"})
	}
	if err := errors.Join(renamed(by, by.Name, by.Email), renamed(by, "Claire DPO", by.Email), renamed(by, "Claire DPO", "newboss@example.com")); err != nil {
		t.Fatal(err)
	}
	events, err := w.Store.EventsOf(ctx, other, domain.SubjectMember, int64(me), 2)
	if err != nil || len(events) != 2 || events[0].After["email"] != "newboss@example.com" || events[0].Before["email"] != by.Email || events[1].After["name"] != "Claire DPO" {
		t.Errorf("another name and address left %+v, %v", events, err)
	}
	want := []string{"member.renamed by " + by.Name, "member.renamed by " + by.Name, "member.password_set by " + domain.OperatorName, "member.sessions_ended by " + by.Name} // newest first
	for _, in := range []domain.Actor{by, other} {
		if got := told(in, me); !slices.Equal(got, want) {
			t.Errorf("%s was told %q, want %q", in.Slug, got, want)
		}
	}
	if got := told(by, alone); !slices.Equal(got, want[2:3]) {
		t.Errorf("their own workspace was told %q", got)
	}
	if got := told(other, alone); len(got) != 0 {
		t.Errorf("a workspace that they are not in was told %q", got)
	}
}

func TestSessionsAreTheirOwners(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := storetest.NewWorld(t)
	me, other := w.Admin().User, w.Other[domain.RoleAdmin].User
	for i, user := range []domain.UserID{me, me, me, other} {
		if err := w.Store.AddSession(ctx, store.AuthSession{TokenHash: []byte(fmt.Sprint(i)), User: user, IP: "192.0.2.1", Agent: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	theirs, err := w.Store.SessionsOf(ctx, other)
	if err != nil || len(theirs) != 1 {
		t.Fatalf("sessions of the other: %v, %v", theirs, err)
	}
	if err := w.Store.RemoveSessionOf(ctx, domain.Actor{User: me}, theirs[0].ID); !errors.Is(err, domain.NotFound) {
		t.Errorf("ended the session of somebody else: %v", err)
	}
	mine, err := w.Store.SessionsOf(ctx, me)
	if err != nil || len(mine) != 3 {
		t.Fatalf("my sessions: %v, %v", mine, err)
	}
	if err := w.Store.RemoveSessionOf(ctx, domain.Actor{User: me}, mine[0].ID); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Store.RemoveOtherSessions(ctx, domain.Actor{User: me}, mine[1].TokenHash); err != nil || n != 1 {
		t.Errorf("ended %d others, %v", n, err)
	}
	if left, err := w.Store.SessionsOf(ctx, me); err != nil || len(left) != 1 || left[0].ID != mine[1].ID {
		t.Errorf("left %v, %v", left, err)
	}
	if left, err := w.Store.SessionsOf(ctx, other); err != nil || len(left) != 1 {
		t.Errorf("the other's session went too: %v, %v", left, err)
	}
}

func TestSignInIsThrottledAndNeverLockedForGood(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newClock()
	st := storetest.DB(t).WithClock(c.now)
	start := func(email, address string) (store.SignInAttempt, error) { return st.StartSignIn(ctx, email, address) }
	for range store.SignInPerAccount {
		if _, err := start("anna@example.com", "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		c.pass(time.Second)
	}
	_, err := start("anna@example.com", "198.51.100.7")
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Kind != domain.Limited {
		t.Fatalf("one try too many: %v", err)
	}
	if seconds := e.Args["seconds"].(int); seconds <= 0 || seconds > int(store.SignInWindow/time.Second) {
		t.Errorf("told to wait %d seconds", seconds)
	}
	if _, err := start("bert@example.com", "192.0.2.1"); err != nil {
		t.Errorf("another account of the same office: %v", err)
	}
	// A refused try does not prolong the wait.
	c.pass(time.Duration(e.Args["seconds"].(int)) * time.Second)
	attempt, err := start("anna@example.com", "198.51.100.7")
	if err != nil {
		t.Fatalf("after the wait: %v", err)
	}
	if err := st.FinishSignIn(ctx, attempt); err != nil {
		t.Fatal(err)
	}
	for range store.SignInPerAccount {
		if _, err := start("anna@example.com", "198.51.100.7"); err != nil {
			t.Fatalf("a success did not clear the account's failures: %v", err)
		}
	}
	// A new password is a new beginning: it was asked for since the old one was lost.
	if err := st.SetPassword(ctx, domain.Operator(domain.Workspace{}), addUser(t, st, "anna@example.com"), "hash"); err != nil {
		t.Fatal(err)
	}
	if _, err := start("anna@example.com", "198.51.100.7"); err != nil {
		t.Errorf("with a new password: %v", err)
	}
	for i := range store.SignInPerAddress {
		if _, err := start(fmt.Sprintf("guess%d@example.com", i), "203.0.113.9"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := start("carla@example.com", "203.0.113.9"); !errors.Is(err, domain.Limited) {
		t.Errorf("an address that tries every account: %v", err)
	}
}

func TestManySignInsAtOnceDoNotSlipThrough(t *testing.T) {
	t.Parallel()
	st := storetest.DB(t)
	var mu sync.Mutex
	let := 0
	var group sync.WaitGroup
	for range 3 * store.SignInPerAccount {
		group.Go(func() {
			_, err := st.StartSignIn(context.Background(), "anna@example.com", "192.0.2.1")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				let++
			case !errors.Is(err, domain.Limited):
				t.Error(err)
			}
		})
	}
	group.Wait()
	if let != store.SignInPerAccount {
		t.Errorf("%d tries let through, want %d", let, store.SignInPerAccount)
	}
}

func TestClaimIsWonOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.DB(t)
	token := []byte("0123456789abcdef0123456789abcdef")
	if err := st.ReplaceSetupTokens(ctx, token); err != nil {
		t.Fatal(err)
	}
	claim := func(i int, hash []byte) error {
		w, err := domain.NewWorkspace(domain.Workspace{Name: fmt.Sprintf("Claim %d", i), Locale: "fr"})
		if err != nil {
			return err
		}
		_, _, err = st.Claim(ctx, hash, domain.User{Name: "Anna", Email: fmt.Sprintf("anna%d@example.com", i), Theme: "auto"}, "hash", w)
		return err
	}
	if err := claim(0, []byte("another token")); !errors.Is(err, domain.NotFound) {
		t.Errorf("claimed with an unknown token: %v", err)
	}
	results := make(chan error)
	for i := range 8 {
		go func() { results <- claim(i, token) }()
	}
	won := 0
	for range 8 {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, domain.NotFound):
			t.Error(err)
		}
	}
	list, err := st.Workspaces(ctx)
	if err != nil || won != 1 || len(list) != 1 {
		t.Errorf("%d won, workspaces %v, %v", won, list, err)
	}
}

func TestLastAdministratorStays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := storetest.NewWorld(t)
	by := w.Admin()
	if err := w.Store.ChangeMember(ctx, by, by.User, domain.RoleAdmin, domain.RoleViewer); !errors.Is(err, domain.Conflict) {
		t.Errorf("the last administrator stepped down: %v", err)
	}
	if err := w.Store.RemoveMember(ctx, by, by.User, 0); !errors.Is(err, domain.Conflict) {
		t.Errorf("the last administrator left: %v", err)
	}
	if err := w.Store.AddMembership(ctx, domain.Operator(domain.Workspace{ID: by.Workspace}), by.User, domain.RoleViewer); !errors.Is(err, domain.Conflict) {
		t.Errorf("the operator took the last administrator away: %v", err)
	}
	if err := w.Store.CloseAccount(ctx, by, domain.User{ID: by.User, Name: by.Name}); !errors.Is(err, domain.Conflict) {
		t.Errorf("the account of the last administrator was closed: %v", err)
	}
	second := w.Acme[domain.RoleEditor].User
	if err := w.Store.ChangeMember(ctx, by, second, domain.RoleViewer, domain.RoleAdmin); !errors.Is(err, domain.Conflict) {
		t.Errorf("changed a role that was not the one seen: %v", err)
	}
	if err := w.Store.ChangeMember(ctx, by, second, domain.RoleEditor, domain.RoleAdmin); err != nil {
		t.Fatal(err)
	}
	// Two administrators take the role from each other at the same moment: one keeps it.
	results := make(chan error)
	for _, user := range []domain.UserID{by.User, second} {
		go func() { results <- w.Store.ChangeMember(ctx, by, user, domain.RoleAdmin, domain.RoleViewer) }()
	}
	refused := 0
	for range 2 {
		if err := <-results; errors.Is(err, domain.Conflict) {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if refused != 1 {
		t.Errorf("%d of the two were refused, want 1", refused)
	}
	stranger := w.Other[domain.RoleEditor].User
	if err := w.Store.RemoveMember(ctx, by, stranger, 0); !errors.Is(err, domain.NotFound) {
		t.Errorf("removed somebody from another workspace: %v", err)
	}
}

func TestMemberLeavesWhatTheyOwnToASuccessor(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := storetest.NewWorld(t)
	by, leaves, stays := w.Admin(), w.Acme[domain.RoleEditor].User, w.Acme[domain.RoleDPO].User
	app := w.Application(t, by, "Braze")
	field := w.Field(t, by, w.Dataset(t, by, app, "users"), "email", "ident.contact.email")
	program, purpose := w.Program(t, by, "welcome", "live"), w.Purpose(t, by, "P1", true)
	for table, id := range map[string]int64{"application": int64(app), "field": int64(field), "program": int64(program), "purpose": int64(purpose)} {
		w.Exec(t, `update `+table+` set owner_id = $1 where id = $2`, leaves, id)
	}
	target, _, err := w.Store.SetTarget(ctx, by, domain.Target{Field: field, Action: domain.TargetKeep, Owner: leaves, Source: "hand", Progress: "todo"})
	if err != nil {
		t.Fatal(err)
	}
	var workshop int64
	if err := w.Owner.QueryRow(ctx, `with w as (insert into workshop (workspace_id, name) values ($1, 'Kick-off') returning id)
		insert into workshop_card (workspace_id, workshop_id, field_id, position, owner_id) select $1, id, $2, 1, $3 from w returning workshop_id`,
		by.Workspace, field, leaves).Scan(&workshop); err != nil {
		t.Fatal(err)
	}
	records := map[string]int64{"application": int64(app), "field": int64(field), "program": int64(program), "purpose": int64(purpose),
		"target": int64(target), "workshop": workshop}
	team, err := w.Store.AddTeam(ctx, by, domain.Team{Name: "CRM", Members: []domain.UserID{leaves, stays}})
	if err != nil {
		t.Fatal(err)
	}

	err = w.Store.RemoveMember(ctx, by, leaves, 0)
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Kind != domain.Conflict || len(e.Args["uses"].([]domain.Use)) != len(records) {
		t.Fatalf("left without a successor: %v", err)
	}
	for _, nobody := range []domain.UserID{leaves, w.Other[domain.RoleEditor].User} {
		if err := w.Store.RemoveMember(ctx, by, leaves, nobody); !errors.Is(err, domain.Invalid) {
			t.Errorf("a successor who is no other member: %v", err)
		}
	}
	if err := w.Store.RemoveMember(ctx, by, leaves, stays); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.MemberByID(ctx, by, leaves); !errors.Is(err, domain.NotFound) {
		t.Errorf("still a member: %v", err)
	}
	if uses, err := w.Store.MemberUses(ctx, by, stays); err != nil || len(uses) != len(records) {
		t.Errorf("the successor owns %v, %v", uses, err)
	}
	if got, err := w.Store.TeamByID(ctx, by, team); err != nil || len(got.Members) != 1 || got.Members[0] != stays {
		t.Errorf("team %+v, %v", got, err)
	}
	for kind, id := range records {
		events, err := w.Store.EventsOf(ctx, by, kind, id, 1)
		if err != nil || len(events) != 1 || events[0].After["owner"] != float64(stays) || events[0].Before["owner"] != float64(leaves) {
			t.Errorf("%s: history %+v, %v", kind, events, err)
		}
	}
	if events, err := w.Store.EventsOf(ctx, by, domain.SubjectMember, int64(leaves), 1); err != nil || events[0].Verb != "member.removed" {
		t.Errorf("history of the member %+v, %v", events, err)
	}
}

// Whoever owned a record may be no member any more, as in a workspace that was imported: the rest of it can still be changed.
func TestRecordOfAnOwnerWhoLeftCanBeChanged(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := storetest.NewWorld(t)
	by, st, stranger := w.Admin(), w.Store, w.Other[domain.RoleEditor].User
	app := w.Application(t, by, "Braze")
	field := w.Field(t, by, w.Dataset(t, by, app, "users"), "email", "ident.contact.email")
	program, purpose := w.Program(t, by, "welcome", "live"), w.Purpose(t, by, "P1", true)
	target := domain.Target{Field: field, Action: domain.TargetKeep, Source: "hand", Progress: "todo"}
	id, _, err := st.SetTarget(ctx, by, target)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"application", "program", "purpose", "target"} {
		w.Exec(t, `update `+table+` set owner_id = $1 where workspace_id = $2`, stranger, by.Workspace)
	}
	version := func(table string) int {
		return got[int](t, w, `select version from `+table+` where workspace_id = $1`, by.Workspace)
	}
	target.Owner, target.Reason = stranger, "said again"
	_, _, again := st.SetTarget(ctx, by, target)
	for what, err := range map[string]error{
		"target said again": again,
		"target": st.ChangeTarget(ctx, by, id, version("target"), func(x domain.Target) (domain.Target, error) {
			x.Reason = "another"
			return x, nil
		}),
		"application": st.ChangeApplication(ctx, by, app, version("application"), func(x domain.Application) (domain.Application, error) {
			x.Description = "mails"
			return x, nil
		}),
		"program": st.ChangeProgram(ctx, by, program, version("program"), func(x domain.Program) (domain.Program, error) {
			x.Description = "mails"
			return x, nil
		}),
		"purpose": func() error {
			_, err := st.ChangePurpose(ctx, by, purpose, version("purpose"), func(x domain.Purpose) (domain.Purpose, error) {
				x.Description = "mails"
				return x, nil
			})
			return err
		}(),
	} {
		if err != nil {
			t.Errorf("%s of an owner who left: %v", what, err)
		}
	}
	if err := st.ChangeTarget(ctx, by, id, version("target"), func(x domain.Target) (domain.Target, error) {
		x.Owner = w.Other[domain.RoleDPO].User
		return x, nil
	}); !errors.Is(err, domain.Invalid) {
		t.Errorf("a target is given to somebody who is no member: %v", err)
	}
}

func TestInvitationOpensOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := storetest.NewWorld(t)
	c := newClock()
	st, by := w.Store.WithClock(c.now), w.Admin()
	invite := func(email, token string) domain.InvitationID {
		t.Helper()
		id, err := st.AddInvitation(ctx, by, domain.Invitation{Email: email, Role: domain.RoleDPO}, []byte(token))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	join := func(token string, u domain.User) error {
		_, _, err := st.AcceptInvitation(ctx, []byte(token), u, "hash")
		return err
	}
	anna := domain.User{Name: "Anna", Email: "anna@example.com"}

	invite("anna@example.com", "first")
	invite("anna@example.com", "second")
	if err := join("first", anna); !errors.Is(err, domain.NotFound) {
		t.Errorf("a link that a later one replaced: %v", err)
	}
	if err := join("second", domain.User{Name: "Bert", Email: "bert@example.com"}); !errors.Is(err, domain.Denied) {
		t.Errorf("somebody else's link: %v", err)
	}
	results := make(chan error)
	for range 4 {
		go func() { results <- join("second", anna) }()
	}
	joined := 0
	for range 4 {
		switch err := <-results; {
		case err == nil:
			joined++
		case !errors.Is(err, domain.NotFound) && !errors.Is(err, domain.Invalid):
			t.Error(err)
		}
	}
	if joined != 1 {
		t.Errorf("joined %d times", joined)
	}
	account, err := st.UserByEmail(ctx, "anna@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := st.MemberByID(ctx, by, account.ID); err != nil || m.Role != domain.RoleDPO {
		t.Errorf("member %+v, %v", m, err)
	}
	if _, err := st.AddInvitation(ctx, by, domain.Invitation{Email: "anna@example.com", Role: domain.RoleAdmin}, []byte("third")); !errors.Is(err, domain.Invalid) {
		t.Errorf("invited a member: %v", err)
	}

	revoked := invite("carla@example.com", "revoked")
	if err := st.RevokeInvitation(ctx, w.Other[domain.RoleAdmin], revoked); !errors.Is(err, domain.NotFound) {
		t.Errorf("revoked from another workspace: %v", err)
	}
	if err := st.RevokeInvitation(ctx, by, revoked); err != nil {
		t.Fatal(err)
	}
	if err := st.RevokeInvitation(ctx, by, revoked); !errors.Is(err, domain.Conflict) {
		t.Errorf("revoked twice: %v", err)
	}
	if err := join("revoked", domain.User{Name: "Carla", Email: "carla@example.com"}); !errors.Is(err, domain.NotFound) {
		t.Errorf("a revoked link: %v", err)
	}

	invite("dora@example.com", "late")
	c.pass(domain.InvitationTTL - time.Second)
	if _, err := st.InvitationByToken(ctx, []byte("late")); err != nil {
		t.Errorf("a second before its end: %v", err)
	}
	c.pass(time.Second)
	if err := join("late", domain.User{Name: "Dora", Email: "dora@example.com"}); !errors.Is(err, domain.NotFound) {
		t.Errorf("an expired link: %v", err)
	}
	list, err := st.Invitations(ctx, by)
	if err != nil || len(list) != 4 || list[0].State(c.now()) != domain.InvitationExpired || list[0].InvitedBy != by.Name {
		t.Errorf("list %+v, %v", list, err)
	}
	if list, err := st.Invitations(ctx, w.Other[domain.RoleAdmin]); err != nil || len(list) != 0 {
		t.Errorf("list of the other workspace %+v, %v", list, err)
	}
}

func TestTeam(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := storetest.NewWorld(t)
	by := w.Admin()
	add := func(team domain.Team) (domain.TeamID, error) {
		team, err := domain.NewTeam(team)
		if err != nil {
			return 0, err
		}
		return w.Store.AddTeam(ctx, by, team)
	}
	id, err := add(domain.Team{Name: " CRM  team ", Members: []domain.UserID{by.User, by.User}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := add(domain.Team{Name: "crm TEAM"}); !errors.Is(err, domain.Invalid) {
		t.Errorf("a name twice: %v", err)
	}
	if _, err := add(domain.Team{Name: "Other", Members: []domain.UserID{w.Other[domain.RoleAdmin].User}}); !errors.Is(err, domain.Invalid) {
		t.Errorf("a member of another workspace: %v", err)
	}
	change := func(seen int, f func(*domain.Team)) error {
		return w.Store.ChangeTeam(ctx, by, id, seen, func(team domain.Team) (domain.Team, error) {
			f(&team)
			return domain.NewTeam(team)
		})
	}
	if err := change(1, func(team *domain.Team) { team.Members = []domain.UserID{w.Acme[domain.RoleDPO].User} }); err != nil {
		t.Fatal(err)
	}
	if err := change(1, func(team *domain.Team) { team.Name = "X" }); !errors.Is(err, domain.Conflict) {
		t.Errorf("a stale change: %v", err)
	}
	if err := change(2, func(*domain.Team) {}); err != nil {
		t.Errorf("a change of nothing: %v", err)
	}
	got, err := w.Store.TeamByID(ctx, by, id)
	if err != nil || got.Name != "CRM team" || len(got.Members) != 1 || got.Members[0] != w.Acme[domain.RoleDPO].User || got.Version != 2 {
		t.Errorf("team %+v, %v", got, err)
	}
	app := w.Application(t, by, "Braze")
	w.Exec(t, `update application set team_id = $1 where id = $2`, id, app)
	for name, act := range map[string]func() error{
		"archive": func() error { return w.Store.ArchiveTeam(ctx, by, id) },
		"remove":  func() error { return w.Store.RemoveTeam(ctx, by, id) },
	} {
		if err := act(); !errors.Is(err, domain.Conflict) {
			t.Errorf("%s in use: %v", name, err)
		}
	}
	w.Exec(t, `update application set team_id = null`)
	for _, act := range []func() error{
		func() error { return w.Store.ArchiveTeam(ctx, by, id) },
		func() error { return w.Store.RestoreTeam(ctx, by, id) },
		func() error { return w.Store.RemoveTeam(ctx, by, id) },
	} {
		if err := act(); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.Store.TeamByID(ctx, by, id); !errors.Is(err, domain.NotFound) {
		t.Errorf("still there: %v", err)
	}
	events, err := w.Store.EventsOf(ctx, by, domain.SubjectTeam, int64(id), 10)
	if err != nil || len(events) != 5 {
		t.Errorf("history %+v, %v", events, err)
	}
}

// A link opens an account that nobody opened only where the rights that it has are those of whoever invites to give: else an
// administrator would walk by it into a workspace of others.
func TestInvitationOpensNoWayIntoOtherWorkspaces(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := storetest.NewWorld(t)
	by, other := w.Admin(), w.Other[domain.RoleAdmin]
	named, err := w.Store.AddUser(ctx, domain.User{Email: "named@example.com", Name: "Named"}, "")
	if err != nil {
		t.Fatal(err)
	}
	invite := func(token string) error {
		_, err := w.Store.AddInvitation(ctx, by, domain.Invitation{Email: "named@example.com", Role: domain.RoleViewer}, []byte(token))
		return err
	}
	join := func(token string) error {
		_, _, err := w.Store.AcceptInvitation(ctx, []byte(token), domain.User{Name: "Thief", Email: "named@example.com"}, "hash")
		return err
	}
	if err := invite("before"); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.AddMembership(ctx, other, named, domain.RoleAdmin); err != nil {
		t.Fatal(err)
	}
	if err := join("before"); !errors.Is(err, domain.Invalid) {
		t.Errorf("a link from before the rights opened the account: %v", err)
	}
	if err := invite("after"); !errors.Is(err, domain.Invalid) {
		t.Errorf("invited an administrator of elsewhere: %v", err)
	}
	if a, err := w.Store.UserByEmail(ctx, "named@example.com"); err != nil || !a.NeverOpened() || a.Name != "Named" {
		t.Errorf("the account became %+v, %v", a, err)
	}
	if err := w.Store.AddMembership(ctx, other, by.User, domain.RoleAdmin); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(invite("both"), join("both")); err != nil {
		t.Errorf("an administrator of both workspaces: %v", err)
	}
	if m, err := w.Store.MemberByID(ctx, by, named); err != nil || m.Name != "Thief" || m.Access != domain.AccessOpen || m.Role != domain.RoleViewer {
		t.Errorf("member %+v, %v", m, err)
	}
}

func TestAccessRegistersFilterAndSort(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := storetest.NewWorld(t)
	by := w.Admin()
	if _, err := w.Store.AddTeam(ctx, by, domain.Team{Name: "CRM", Members: []domain.UserID{by.User}}); err != nil {
		t.Fatal(err)
	}
	for name, filters := range map[string]map[string][]string{
		"members": {"role": {"admin"}}, "teams": {"member": {"acme admin"}},
	} {
		register := domain.MemberRegister
		if name == "teams" {
			register = domain.TeamRegister
		}
		q := domain.ListQuery{Filters: filters, Size: 50, At: 1}
		list, err := w.Store.Rows(ctx, by, name, q)
		if err != nil || len(list.Rows) != 1 {
			t.Errorf("%s: %+v, %v", name, list, err)
		}
		facets, err := w.Store.Facets(ctx, by, name, domain.ListQuery{Q: "acme", Filters: map[string][]string{}, Size: 50})
		if err != nil || len(facets) != len(register.Filters) {
			t.Errorf("%s: facets %+v, %v", name, facets, err)
		}
		for _, c := range register.Columns {
			if c.NoSort {
				continue
			}
			for _, sort := range []string{c.Key, "-" + c.Key} {
				if _, err := w.Store.Rows(ctx, by, name, domain.ListQuery{Sort: sort, Filters: map[string][]string{}, Size: 2, At: 1}); err != nil {
					t.Errorf("%s by %s: %v", name, sort, err)
				}
			}
		}
	}
	none := domain.ListQuery{Filters: map[string][]string{"team": {"none"}}, Size: 50, At: 1}
	if list, err := w.Store.Rows(ctx, by, "members", none); err != nil || len(list.Rows) != 4 {
		t.Errorf("members of no team: %d, %v", len(list.Rows), err)
	}
}

func TestThresholdsEffectTellsWhatWouldChange(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := storetest.NewWorld(t)
	by := w.Admin()
	dataset := w.Dataset(t, by, w.Application(t, by, "Braze"), "users")
	field := w.Field(t, by, dataset, "email", "ident.contact.email")
	// Read 60 days ago: in use for a window of 90 days, not for one of 30.
	w.Exec(t, `insert into field_evidence (workspace_id, field_id, last_read_at) values ($1, $2, now() - interval '60 days')`, by.Workspace, field)
	if err := w.Store.JudgeAll(ctx, by); err != nil {
		t.Fatal(err)
	}
	th := domain.DefaultThresholds()
	if e, err := w.Store.ThresholdsEffect(ctx, by, th); err != nil || len(e.Moves) != 0 {
		t.Errorf("the thresholds in force change %+v, %v", e, err)
	}
	th.WindowDays = 30
	e, err := w.Store.ThresholdsEffect(ctx, by, th)
	if err != nil || len(e.Moves) != 1 {
		t.Fatalf("effect %+v, %v", e, err)
	}
	m := e.Moves[0]
	if m.Was != domain.VerdictRegularise || m.Is != domain.VerdictDelete || m.N != 1 || !m.Loses() || m.Fields[0] != (domain.PlacedField{ID: field, Name: "email", Dataset: "users", Application: "Braze"}) {
		t.Errorf("move %+v", m)
	}
}
