package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"utile/internal/domain"
	"utile/internal/example"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// texts runs a query of one text column as the owner of the tables.
func texts(t *testing.T, conn *pgx.Conn, sql string, args ...any) []string {
	t.Helper()
	rows, err := conn.Query(context.Background(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return list
}

// workspaceTables are the tables whose rows belong to a workspace.
func workspaceTables(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	tables := texts(t, conn, `select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped
		where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`)
	if len(tables) < 25 {
		t.Fatalf("only %d tables of workspaces: %q", len(tables), tables)
	}
	return tables
}

// TestCatalogueKeepsWorkspacesApart reads from PostgreSQL's own catalogue that no table, key or role was forgotten.
func TestCatalogueKeepsWorkspacesApart(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	for _, table := range workspaceTables(t, w.Owner) {
		var secured bool
		var policies []string
		err := w.Owner.QueryRow(t.Context(), `select relrowsecurity,
				array(select coalesce(pg_get_expr(polqual, polrelid), '') || ' check ' || coalesce(pg_get_expr(polwithcheck, polrelid), '')
					from pg_policy where polrelid = c.oid and polpermissive and polcmd = '*' and 'utile_app'::regrole = any(polroles))
			from pg_class c where c.oid = ('public.' || quote_ident($1))::regclass`, table).Scan(&secured, &policies)
		if err != nil {
			t.Fatal(err)
		}
		const apart = "(workspace_id = current_workspace()) check (workspace_id = current_workspace())"
		want := []string{apart}
		if table == "membership" { // a person sees which workspaces they are in
			want = []string{"((workspace_id = current_workspace()) OR (user_id = (NULLIF(current_setting('app.member'::text, true), ''::text))::bigint)) check (workspace_id = current_workspace())"}
		}
		if !secured || !slices.Equal(policies, want) {
			t.Errorf("%s: row-level security %v, policies %q, want %q", table, secured, policies, want)
		}
	}

	var super, bypass, login, inherits bool
	if err := w.Owner.QueryRow(t.Context(), `select rolsuper, rolbypassrls, rolcanlogin, exists(select from pg_auth_members where member = r.oid)
		from pg_roles r where rolname = 'utile_app'`).Scan(&super, &bypass, &login, &inherits); err != nil || super || bypass || login || inherits {
		t.Errorf("the application's role: superuser %v, bypasses %v, signs in %v, is member of another %v (%v)", super, bypass, login, inherits, err)
	}
	if owned := texts(t, w.Owner, `select relname::text from pg_class where relowner = 'utile_app'::regrole
		union all select proname::text from pg_proc where proowner = 'utile_app'::regrole`); len(owned) > 0 {
		t.Errorf("the application owns %q", owned)
	}

	// What the application may touch without a workspace is a short list, and so is what sees through the security.
	if diff := cmp.Diff([]string{"app_user", "auth_session", "setup_token", "sign_in_failure", "workspace"},
		texts(t, w.Owner, `select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
			and has_table_privilege('utile_app', c.oid, 'select, insert, update, delete') and not c.relrowsecurity order by 1`)); diff != "" {
		t.Errorf("tables without row-level security that the application may touch (- reviewed, + now):\n%s", diff)
	}
	if diff := cmp.Diff(seeThrough, texts(t, w.Owner, `select proname::text from pg_proc where pronamespace = 'public'::regnamespace and prosecdef order by 1`)); diff != "" {
		t.Errorf("functions that see through row-level security (- reviewed, + now):\n%s", diff)
	}
	if diff := cmp.Diff(seeThroughViews, texts(t, w.Owner, `select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')
		and not coalesce(reloptions::text like '%security_invoker=true%', false) order by 1`)); diff != "" {
		t.Errorf("views that see through row-level security (- reviewed, + now):\n%s", diff)
	}
	for _, view := range seeThroughViews { // and that show the workspace of the transaction only
		for _, schema := range []string{"public", "asof"} {
			if bound := texts(t, w.Owner, `select 'yes' from pg_views where schemaname = $1 and viewname = $2
				and definition like '%workspace_id = (NULLIF(current_setting(''app.workspace''::text, true), ''''::text))::bigint%'`, schema, view); len(bound) != 1 {
				t.Errorf("%s.%s is not bound to the workspace of the transaction", schema, view)
			}
		}
	}
	for _, function := range seeThrough {
		if fixed := texts(t, w.Owner, `select 'yes' from pg_proc where proname = $1 and proconfig::text like '%search_path=public, pg_temp%'`, function); len(fixed) != 1 {
			t.Errorf("%s runs as its owner with a search path that others can set", function)
		}
	}
	for _, table := range []string{"event", "event_seal", "carried_event"} {
		if changes := texts(t, w.Owner, `select privilege from unnest(array['update', 'delete', 'truncate']) privilege where has_table_privilege('utile_app', $1, privilege)`, table); len(changes) > 0 {
			t.Errorf("the application may %q %s", changes, table)
		}
	}

	// A reference between two records of workspaces carries the workspace, or it could cross.
	if crossing := texts(t, w.Owner, `select k.conname::text from pg_constraint k
		join pg_attribute a on a.attrelid = k.conrelid and a.attname = 'workspace_id' join pg_attribute b on b.attrelid = k.confrelid and b.attname = 'workspace_id'
		where k.contype = 'f' and k.connamespace = 'public'::regnamespace and not (a.attnum = any(k.conkey) and b.attnum = any(k.confkey)) order by 1`); len(crossing) > 0 {
		t.Errorf("foreign keys that could cross workspaces: %q", crossing)
	}
}

// asApp runs f as the application in a workspace (zero for none), and rolls back.
func asApp(t *testing.T, conn *pgx.Conn, ws domain.WorkspaceID, f func(tx pgx.Tx)) {
	t.Helper()
	ctx := context.Background()
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	setting := ""
	if ws != 0 {
		setting = fmt.Sprint(ws)
	}
	if _, err := tx.Exec(ctx, `set local role utile_app`); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `select set_config('app.workspace', $1, true)`, setting); err != nil {
		t.Fatal(err)
	}
	f(tx)
}

// withExample is a world with the worked example, which has rows in nearly every table, and who made it.
func withExample(t *testing.T) (*storetest.World, domain.Actor) {
	t.Helper()
	w := storetest.NewWorld(t)
	by := w.Admin()
	ws, err := example.Create(context.Background(), w.Store, by, example.Slug, "en", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	by.Workspace, by.Slug, by.Role = ws.ID, ws.Slug, domain.RoleAdmin
	return w, by
}

func TestRowsOfAnotherWorkspaceAreNotThere(t *testing.T) {
	t.Parallel()
	w, full := withExample(t)
	filled := 0
	for _, table := range workspaceTables(t, w.Owner) {
		var there int64
		if err := w.Owner.QueryRow(t.Context(), `select count(*) from `+table+` where workspace_id = $1`, full.Workspace).Scan(&there); err != nil {
			t.Fatal(err)
		}
		if there > 0 {
			filled++
		}
		for name, ws := range map[string]domain.WorkspaceID{"no workspace": 0, "another workspace": w.Other[domain.RoleAdmin].Workspace} {
			asApp(t, w.Owner, ws, func(tx pgx.Tx) {
				var seen int64
				if err := tx.QueryRow(t.Context(), `select count(*) from `+table+` where workspace_id = $1`, full.Workspace).Scan(&seen); err != nil || seen != 0 {
					t.Errorf("%s: %d of %d rows seen from %s (%v)", table, seen, there, name, err)
				}
				for _, change := range []string{`update ` + table + ` set workspace_id = workspace_id`, `delete from ` + table} {
					if tag, err := tx.Exec(t.Context(), `savepoint s`); err != nil {
						t.Fatal(tag, err)
					}
					tag, err := tx.Exec(t.Context(), change+` where workspace_id = $1`, full.Workspace)
					if err == nil && tag.RowsAffected() != 0 {
						t.Errorf("%s: %q changed %d rows from %s", table, change, tag.RowsAffected(), name)
					}
					if _, err := tx.Exec(t.Context(), `rollback to s`); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
	if filled < 20 {
		t.Errorf("the example fills only %d tables: this test shows little", filled)
	}
}

func TestRowsCannotBePutIntoAnotherWorkspace(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	acme, other := w.Admin(), w.Other[domain.RoleAdmin]
	for table, columns := range map[string]string{
		"team": "name", "application": "name", "objective": "name", "event": "actor_name, verb, subject_kind, subject_name, subject_id",
		"membership": "role, user_id", "invitation": "token_hash, email, role, expires_at", "saved_view": "register, name, query",
	} {
		values := map[string]string{
			"team": "'x'", "application": "'x'", "objective": "'x'", "event": "'x', 'x.y', 'x', 'x', 1",
			"membership": "'admin', " + fmt.Sprint(other.User), "invitation": "'x', 'x@example.com', 'admin', now()", "saved_view": "'fields', 'x', ''",
		}[table]
		asApp(t, w.Owner, other.Workspace, func(tx pgx.Tx) {
			_, err := tx.Exec(t.Context(), fmt.Sprintf(`insert into %s (workspace_id, %s) values (%d, %s)`, table, columns, acme.Workspace, values))
			if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "42501" {
				t.Errorf("%s: a row was put into another workspace: %v", table, err)
			}
		})
	}
}

func TestHistoryIsOnlyAddedTo(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	w.Application(t, w.Admin(), "Braze")
	for _, change := range []string{`update event set actor_name = 'nobody'`, `delete from event`, `truncate event`} {
		asApp(t, w.Owner, w.Admin().Workspace, func(tx pgx.Tx) {
			if _, err := tx.Exec(t.Context(), change); err == nil {
				t.Errorf("the application may: %s", change)
			}
		})
		if _, err := w.Owner.Exec(t.Context(), change); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("the owner may: %s (%v)", change, err)
		}
	}
	asApp(t, w.Owner, w.Admin().Workspace, func(tx pgx.Tx) {
		// The switch by which a whole workspace is removed does not help the application.
		if _, err := tx.Exec(t.Context(), `select set_config('app.removing_workspace', 'yes', true)`); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), `delete from event`); err == nil {
			t.Error("the application may delete history once it says that it removes the workspace")
		}
	})
	asApp(t, w.Owner, w.Admin().Workspace, func(tx pgx.Tx) {
		if _, err := tx.Exec(t.Context(), `select remove_workspace($1)`, w.Other[domain.RoleAdmin].Workspace); err == nil {
			t.Error("removed a workspace from another one")
		}
	})
}

func TestReferencesDoNotCrossWorkspaces(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	acme, other := w.Admin(), w.Other[domain.RoleAdmin]
	app := w.Application(t, acme, "Braze")
	dataset := w.Dataset(t, acme, app, "users")
	field := w.Field(t, acme, dataset, "email", "ident.contact.email")
	program, purpose := w.Program(t, acme, "welcome", "live"), w.Purpose(t, acme, "P1", true)
	mine := w.Application(t, other, "Mine")
	myField := w.Field(t, other, w.Dataset(t, other, mine, "mine"), "mine", "")
	for name, sql := range map[string]string{
		"dataset of an application": fmt.Sprintf(`insert into dataset (workspace_id, application_id, name) values (%d, %d, 'x')`, other.Workspace, app),
		"field of a dataset":        fmt.Sprintf(`insert into field (workspace_id, dataset_id, application_id, name) values (%d, %d, %d, 'x')`, other.Workspace, dataset, app),
		"category of a field":       fmt.Sprintf(`update field set category_id = %d where id = %d`, w.Category(t, acme, "ident.contact.email"), myField),
		"link to a program":         fmt.Sprintf(`insert into program_link (workspace_id, field_id, program_id, level) values (%d, %d, %d, 'useful')`, other.Workspace, myField, program),
		"link of a field":           fmt.Sprintf(`insert into program_link (workspace_id, field_id, program_id, level) values (%d, %d, %d, 'useful')`, other.Workspace, field, w.Program(t, other, "mine", "live")),
		"mapping to a purpose":      fmt.Sprintf(`insert into purpose_mapping (workspace_id, field_id, purpose_id) values (%d, %d, %d)`, other.Workspace, myField, purpose),
		"member of a team":          fmt.Sprintf(`insert into team_member (workspace_id, team_id, user_id) values (%d, 1, %d)`, other.Workspace, acme.User),
		"flow between applications": fmt.Sprintf(`insert into flow (workspace_id, name, source_application_id, target_application_id) values (%d, 'x', %d, %d)`, other.Workspace, mine, app),
	} {
		_, err := w.Owner.Exec(t.Context(), sql)
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "23503" {
			t.Errorf("%s crosses workspaces: %v", name, err)
		}
	}
}

func TestConnectionForgetsItsWorkspace(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := storetest.NewWorld(t)
	by := w.Admin()
	refused := errors.New("refused")
	for range 20 { // enough to have used every warm connection
		if err := w.Store.Write(ctx, by, func(*store.Store) error { return refused }); !errors.Is(err, refused) {
			t.Fatal(err)
		}
		if err := w.Store.Read(ctx, by, func(*store.Store) error { return refused }); !errors.Is(err, refused) {
			t.Fatal(err)
		}
		if err := w.Store.Write(ctx, by, func(*store.Store) error { return nil }); err != nil {
			t.Fatal(err)
		}
		cancelled, cancel := context.WithCancel(ctx)
		if err := w.Store.Read(cancelled, by, func(*store.Store) error { cancel(); return cancelled.Err() }); err == nil {
			t.Fatal("a read that was given up succeeded")
		}
	}
	for _, conn := range w.Store.Pool().AcquireAllIdle(ctx) {
		var workspace, member, role string
		if err := conn.QueryRow(ctx, `select coalesce(current_setting('app.workspace', true), ''), coalesce(current_setting('app.member', true), ''), current_user`).
			Scan(&workspace, &member, &role); err != nil || workspace != "" || member != "" || role != store.AppRole {
			t.Errorf("a connection at rest is in workspace %q, of member %q, as %q (%v)", workspace, member, role, err)
		}
		conn.Release()
	}
}

// TestReadsStayInTheirWorkspace reads everything that the store can list or find, with the ids of one workspace and the
// eyes of another.
func TestReadsStayInTheirWorkspace(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w, full := withExample(t)
	stranger := w.Other[domain.RoleAdmin]
	ids := map[string][]int64{}
	for _, r := range store.Registers() {
		mine, err := w.Store.IDs(ctx, full, r.Name, domain.ListQuery{})
		if err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
		theirs, err := w.Store.IDs(ctx, stranger, r.Name, domain.ListQuery{})
		if err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
		ids[r.Name] = mine
		if r.Name != "links" { // a link is known by the ids of two records, and its number is only a place in the list
			for _, id := range theirs {
				if slices.Contains(mine, id) {
					t.Errorf("%s: record %d is in two workspaces", r.Name, id)
				}
			}
		}
		readsWithForeignFilters(t, w, stranger, r, mine, len(theirs))
	}
	if len(ids["fields"]) == 0 || len(ids["members"]) == 0 || len(ids["teams"]) == 0 {
		t.Errorf("the example lists too little for this test to show much: %v", slices.Sorted(maps.Keys(ids)))
	}
	for register, find := range finders(w.Store) {
		for _, id := range ids[register] {
			if err := find(ctx, full, id); err != nil {
				t.Errorf("%s %d is not there for its own workspace: %v", register, id, err)
				break
			}
			if err := find(ctx, stranger, id); !errors.Is(err, domain.NotFound) {
				t.Errorf("%s %d is there for another workspace: %v", register, id, err)
				break
			}
		}
	}
}

// readsWithForeignFilters narrows a list by ids of another workspace's records: it must find nothing, and name nothing.
func readsWithForeignFilters(t *testing.T, w *storetest.World, stranger domain.Actor, r domain.Register, foreign []int64, own int) {
	t.Helper()
	ctx := context.Background()
	values := []string{"1", "2", "3"}
	for _, id := range foreign[:min(len(foreign), 20)] {
		values = append(values, fmt.Sprint(id))
	}
	for _, f := range r.Filters {
		if !f.Ref {
			continue
		}
		q := domain.ListQuery{Filters: map[string][]string{f.Key: values}, Size: 50, At: 1}
		list, err := w.Store.Rows(ctx, stranger, r.Name, q)
		if err != nil {
			t.Errorf("%s by %s: %v", r.Name, f.Key, err)
		}
		if len(list.Rows) > own {
			t.Errorf("%s by %s: %d rows of %d", r.Name, f.Key, len(list.Rows), own)
		}
		if r.Name == "fields" || r.Name == "unused" { // these lists have a reader of their own
			if page, err := w.Store.Fields(ctx, stranger, q); err != nil || len(page.Lines) > own {
				t.Errorf("%s by %s: %d rows of %d, %v", r.Name, f.Key, len(page.Lines), own, err)
			}
			continue
		}
		facets, err := w.Store.Facets(ctx, stranger, r.Name, q)
		if err != nil {
			t.Errorf("%s by %s: %v", r.Name, f.Key, err)
		}
		for _, facet := range facets {
			for _, v := range facet.Values {
				if facet.Filter.Key == f.Key && slices.Contains(values, v.Value) && v.N == 0 && v.Label != "" {
					t.Errorf("%s by %s: names %q of another workspace", r.Name, f.Key, v.Label)
				}
			}
		}
	}
}

// finders find a record by its id, by the register that lists it.
func finders(s *store.Store) map[string]func(context.Context, domain.Actor, int64) error {
	return map[string]func(context.Context, domain.Actor, int64) error{
		"applications": func(ctx context.Context, by domain.Actor, id int64) error {
			_, err := s.ApplicationByID(ctx, by, domain.ApplicationID(id))
			return err
		},
		"fields": func(ctx context.Context, by domain.Actor, id int64) error {
			_, err := s.FieldByID(ctx, by, domain.FieldID(id))
			return err
		},
		"programs": func(ctx context.Context, by domain.Actor, id int64) error {
			_, err := s.ProgramByID(ctx, by, domain.ProgramID(id))
			return err
		},
		"purposes": func(ctx context.Context, by domain.Actor, id int64) error {
			_, err := s.PurposeByID(ctx, by, domain.PurposeID(id))
			return err
		},
		"objectives": func(ctx context.Context, by domain.Actor, id int64) error {
			_, err := s.ObjectiveByID(ctx, by, domain.ObjectiveID(id))
			return err
		},
		"stages": func(ctx context.Context, by domain.Actor, id int64) error {
			_, err := s.StageByID(ctx, by, domain.StageID(id))
			return err
		},
		"teams": func(ctx context.Context, by domain.Actor, id int64) error {
			_, err := s.TeamByID(ctx, by, domain.TeamID(id))
			return err
		},
	}
}

// seeThroughViews are the views that do, of now and of a moment.
var seeThroughViews = []string{"field_sought"}

// seeThrough are the functions that run as the owner of the tables; docs/adr/0002 says why each must.
var seeThrough = []string{
	"analyze_datasets", "field_search_alike", "fold_field_tally", "fold_link_tally", "fold_mapping_tally",
	"fold_review_tally", "forget_landscape", "forget_review", "forget_seals", "forget_suggestions", "forget_tally_changes", "invitation_by_token", "landscape_changed", "member_renamed", "member_workspace", "note_landscape", "note_unsealed",
	"refresh_statistics", "remove_workspace", "reserve_ids", "seal_events", "seal_transaction", "tally_fields", "tally_links", "tally_mappings", "tally_review",
	"workshop_by_key", "workshop_by_seat",
}
