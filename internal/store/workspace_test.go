package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

func addUser(t *testing.T, st *store.Store, email string) domain.UserID {
	t.Helper()
	id, err := st.AddUser(context.Background(), domain.User{Email: email, Name: email}, "hash")
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestAddWorkspace(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.DB(t)
	user := addUser(t, st, "anna@example.com")
	w, err := domain.NewWorkspace(domain.Workspace{Slug: "nord", Name: "Nord", Locale: "fr"})
	if err != nil {
		t.Fatal(err)
	}
	if w, err = st.AddWorkspace(ctx, domain.Actor{User: user, Name: "Anna"}, w); err != nil {
		t.Fatal(err)
	}
	if found, err := st.WorkspaceBySlug(ctx, "nord"); err != nil || found.ID != w.ID || found.Thresholds != domain.DefaultThresholds() {
		t.Errorf("found %+v, %v", found, err)
	}
	list, err := st.WorkspacesOf(ctx, user)
	if err != nil || len(list) != 1 || list[0].Slug != "nord" {
		t.Errorf("workspaces of the person: %+v, %v", list, err)
	}
	if list, err := st.WorkspacesOf(ctx, addUser(t, st, "bert@example.com")); err != nil || len(list) != 0 {
		t.Errorf("workspaces of a stranger: %+v, %v", list, err)
	}
	_, err = st.AddWorkspace(ctx, domain.Actor{User: user, Name: "Anna"}, w)
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.Fields["slug"].Key != "error.taken" {
		t.Errorf("a second workspace of that slug: %v", err)
	}
}

func TestWorkspaceStartsWithTaxonomyAndStages(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st, dsn := storetest.DBAndDSN(t)
	w, err := st.AddWorkspace(ctx, domain.Operator(domain.Workspace{}), domain.Workspace{Slug: "sud", Name: "Sud", Locale: "en", Thresholds: domain.DefaultThresholds()})
	if err != nil {
		t.Fatal(err)
	}
	owner := storetest.Owner(t, dsn)
	var categories, orphans, unclassified, members, events int
	var stages []string
	err = owner.QueryRow(ctx, `select
		(select count(*) from data_category where workspace_id = $1 and builtin),
		(select count(*) from data_category where workspace_id = $1 and parent_code is null and code like '%.%'),
		(select count(*) from data_category where workspace_id = $1 and gdpr_class = 'unclassified'),
		(select count(*) from membership where workspace_id = $1),
		(select count(*) from event where workspace_id = $1 and verb = 'workspace.added'),
		(select array_agg(name order by position) from journey_stage where workspace_id = $1)`, w.ID).
		Scan(&categories, &orphans, &unclassified, &members, &events, &stages)
	if err != nil {
		t.Fatal(err)
	}
	if categories != 153 || orphans != 0 || unclassified != 1 || members != 0 || events != 1 {
		t.Errorf("categories %d, orphans %d, unclassified %d, members %d, events %d", categories, orphans, unclassified, members, events)
	}
	if len(stages) != 8 || stages[2] != "New customer" {
		t.Errorf("stages are %q", stages)
	}
}

func TestChangeWorkspaceJudgesAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.DB(t)
	w, err := st.AddWorkspace(ctx, domain.Operator(domain.Workspace{}), domain.Workspace{Slug: "est", Name: "Est", Locale: "fr", Thresholds: domain.DefaultThresholds()})
	if err != nil {
		t.Fatal(err)
	}
	by := domain.Operator(w)
	change := func(seen int, f func(*domain.Workspace)) error {
		return st.ChangeWorkspace(ctx, by, seen, func(w domain.Workspace) (domain.Workspace, error) {
			f(&w)
			return domain.ChangedWorkspace(w)
		})
	}
	if err := change(w.Version, func(w *domain.Workspace) { w.Name, w.Thresholds.GraceDays = "Est et Ouest", 10 }); err != nil {
		t.Fatal(err)
	}
	if err := change(w.Version, func(w *domain.Workspace) { w.Name = "Other" }); !errors.Is(err, domain.Conflict) {
		t.Errorf("a stale change: %v", err)
	}
	err = change(w.Version+1, func(w *domain.Workspace) { w.Name, w.Thresholds.FillRateMin = "", 2 })
	if e, ok := errors.AsType[*domain.Error](err); !ok || len(e.Fields) != 2 {
		t.Errorf("bad settings: %v", err)
	}
	got, err := st.WorkspaceBySlug(ctx, "est")
	if err != nil || got.Name != "Est et Ouest" || got.Thresholds.GraceDays != 10 || got.Version != 2 {
		t.Errorf("saved %+v, %v", got, err)
	}
}

func TestRemoveWorkspace(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.DB(t)
	var by [2]domain.Actor
	for i, slug := range []string{"one", "two"} {
		w, err := st.AddWorkspace(ctx, domain.Operator(domain.Workspace{}), domain.Workspace{Slug: slug, Name: slug, Locale: "fr", Thresholds: domain.DefaultThresholds()})
		if err != nil {
			t.Fatal(err)
		}
		by[i] = domain.Operator(w)
	}
	if err := st.RemoveWorkspace(ctx, by[0], "two"); !errors.Is(err, domain.Invalid) {
		t.Errorf("removed one workspace by the name of another: %v", err)
	}
	if err := st.RemoveWorkspace(ctx, by[0], "one"); err != nil {
		t.Fatal(err)
	}
	list, err := st.Workspaces(ctx)
	if err != nil || len(list) != 1 || list[0].Slug != "two" {
		t.Errorf("left: %+v, %v", list, err)
	}
	if err := st.RemoveWorkspace(ctx, by[0], "one"); !errors.Is(err, domain.NotFound) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.DB(t)
	hash := []byte("0123456789abcdef0123456789abcdef")
	if any, err := st.HasUsers(ctx); err != nil || any {
		t.Errorf("an empty installation has users: %v, %v", any, err)
	}
	if err := st.ReplaceSetupTokens(ctx, []byte("an older token")); err != nil {
		t.Fatal(err)
	}
	if err := st.ReplaceSetupTokens(ctx, hash); err != nil {
		t.Fatal(err)
	}
	if known, err := st.SetupTokenKnown(ctx, []byte("an older token")); err != nil || known {
		t.Errorf("an older token still counts: %v, %v", known, err)
	}
	if err := st.TakeSetupToken(ctx, hash); err != nil {
		t.Errorf("the token was refused: %v", err)
	}
	if err := st.TakeSetupToken(ctx, hash); !errors.Is(err, domain.NotFound) {
		t.Errorf("the token was taken twice: %v", err)
	}
	user := addUser(t, st, "anna@example.com")
	if err := st.ReplaceSetupTokens(ctx, hash); err != nil {
		t.Fatal(err)
	}
	if err := st.TakeSetupToken(ctx, hash); !errors.Is(err, domain.NotFound) {
		t.Errorf("an installation with a user was claimed: %v", err)
	}
	if _, err := st.AddUser(ctx, domain.User{Email: "anna@example.com", Name: "Anna"}, "x"); !errors.Is(err, domain.Invalid) {
		t.Errorf("a second account of one address: %v", err)
	}
	if err := st.SetPassword(ctx, domain.Operator(domain.Workspace{}), user, "other"); err != nil {
		t.Fatal(err)
	}
	if a, err := st.UserByEmail(ctx, "anna@example.com"); err != nil || a.PasswordHash != "other" || a.ID != user {
		t.Errorf("account %+v, %v", a, err)
	}
	if err := st.SetPassword(ctx, domain.Operator(domain.Workspace{}), user+99, "x"); !errors.Is(err, domain.NotFound) {
		t.Errorf("password of nobody: %v", err)
	}

	w, err := st.AddWorkspace(ctx, domain.Operator(domain.Workspace{}), domain.Workspace{Slug: "one", Name: "One", Locale: "fr", Thresholds: domain.DefaultThresholds()})
	if err != nil {
		t.Fatal(err)
	}
	by := domain.Operator(w)
	for _, role := range []domain.Role{domain.RoleViewer, domain.RoleDPO, domain.RoleDPO} {
		if err := st.AddMembership(ctx, by, user, role); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.AddMembership(ctx, by, user+99, domain.RoleViewer); !errors.Is(err, domain.NotFound) {
		t.Errorf("nobody became a member: %v", err)
	}
	events, err := st.EventsOf(ctx, by, domain.SubjectMember, int64(user), 10)
	if err != nil {
		t.Fatal(err)
	}
	verbs := make([]string, len(events))
	for i, e := range events {
		verbs[i] = e.Verb
	}
	slices.Sort(verbs)
	if !slices.Equal(verbs, []string{"member.added", "member.changed"}) {
		t.Errorf("events %q", verbs)
	}
}
