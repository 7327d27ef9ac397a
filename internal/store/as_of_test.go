package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/export"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// pastTables are the tables whose past is kept.
func pastTables(t *testing.T, w *storetest.World) []string {
	t.Helper()
	return texts(t, w.Owner, `select relname::text from pg_class where relnamespace = 'past'::regnamespace and relkind = 'r' order by 1`)
}

// withoutPast are the tables of a workspace that no page of the register shows, or that are only added to.
var withoutPast = []string{
	"approval", "batch_work", "carried_event", "category_counted", "category_due", "event", "event_seal", "event_unsealed", "field_suggestion", "field_tally", "field_tally_change",
	"heading_memory", "import_attempt", "import_chunk", "import_file", "import_flow", "import_problem", "import_row", "invitation", "landscape_change", "link_tally", "mapping_tally", "record_import", "review_item",
	"review_lease", "review_question", "review_snooze", "review_tally", "saved_view",
	"suggestion_count", "suggestion_due", "suggestion_refusal", "suggestion_run", "target_frozen", "target_version", "verdict_day",
	"workshop_live", "workshop_objection", "workshop_participant", "workshop_vote",
}

// notCompared are tables whose past is kept and that two compared days do not tell of: measures stand with their dates on
// the page of their field, remarks and threads are conversations, batches, imports and what workshops decide are acts.
var notCompared = []string{"batch", "field_evidence", "import", "remark", "review_thread", "workshop_card", "workshop_need", "workshop_program"}

// A table or a column that a migration adds must be kept too, or be left out on purpose: past.keep does the first.
func TestPastCoversSchema(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	kept := pastTables(t, w)
	all := slices.Sorted(slices.Values(append(slices.Clone(kept), withoutPast...)))
	if diff := cmp.Diff(workspaceTables(t, w.Owner), all); diff != "" {
		t.Errorf("tables of a workspace (-) and those whose past is kept or left out (+):\n%s", diff)
	}
	if compared := store.ComparedKinds(); len(compared) != len(kept)-len(notCompared) {
		t.Errorf("%d tables are kept and not left out of comparisons, %d kinds are compared: %q", len(kept)-len(notCompared), len(compared), compared)
	}
	columns := func(schema, table, without string) []string {
		return texts(t, w.Owner, `select column_name || ' ' || data_type from information_schema.columns where table_schema = $1 and table_name = $2
			and is_generated = 'NEVER' and column_name <> all(string_to_array($3, ' ')) order by column_name`, schema, table, without)
	}
	for _, table := range kept {
		if diff := cmp.Diff(columns("public", table, "valid_from"), columns("past", table, "valid_from valid_to")); diff != "" {
			t.Errorf("columns of %s and of its past:\n%s", table, diff)
		}
		for _, privilege := range texts(t, w.Owner, `select privilege from unnest(array['insert', 'update', 'delete', 'truncate']) privilege where has_table_privilege('utile_app', 'past.' || $1, privilege)`, table) {
			t.Errorf("the application may %s past.%s", privilege, table)
		}
	}
	for _, table := range texts(t, w.Owner, `select relname::text from pg_class where relnamespace = 'asof'::regnamespace and relkind = 'v'`) {
		shown := texts(t, w.Owner, `select column_name from information_schema.columns where table_schema = 'asof' and table_name = $1 order by 1`, table)
		live := texts(t, w.Owner, `select column_name from information_schema.columns where table_schema = 'public' and table_name = $1 and column_name <> 'valid_from' order by 1`, table)
		if diff := cmp.Diff(live, shown); diff != "" {
			t.Errorf("columns of %s and of its view of a moment:\n%s", table, diff)
		}
	}
	if open := texts(t, w.Owner, `select relname::text from pg_class where relnamespace = 'past'::regnamespace and relkind = 'r' and not relrowsecurity
		union all select relname::text from pg_class where relnamespace = 'asof'::regnamespace and relkind = 'v' and not coalesce(reloptions::text like '%security_invoker=true%', false)
			and relname <> all($1::text[])`, seeThroughViews); len(open) > 0 {
		t.Errorf("the past of %q is not kept apart", open)
	}
	for _, f := range texts(t, w.Owner, `select proname || ' ' || coalesce(proconfig::text, '') from pg_proc where pronamespace in ('asof'::regnamespace, 'past'::regnamespace) and prosecdef`) {
		if !strings.Contains(f, "search_path=public, pg_temp") && !strings.Contains(f, "search_path=asof, public, pg_temp") {
			t.Errorf("%s runs as its owner with a search path that others can set", f)
		}
	}
}

// copies are all registers of a workspace as files, in both formats that hold the same bytes for the same rows.
func copies(t *testing.T, st *store.Store, by domain.Actor) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, r := range store.Registers() {
		for _, format := range []string{"csv", "json"} {
			var out bytes.Buffer
			w, err := export.NewWriter(&out, format, "en", r.Name)
			if err != nil {
				t.Fatal(err)
			}
			if err := export.Register(context.Background(), st, by, r, domain.ListQuery{}, nil, w, export.Words{}); err != nil {
				t.Fatalf("%s as of %s: %v", r.Name, by.AsOf, err)
			}
			files[r.Name+"."+format] = out.String()
		}
	}
	return files
}

// moment is when the last change was made, by the clock of the database: it begins before whatever is changed next.
func moment(t *testing.T, w *storetest.World) time.Time {
	t.Helper()
	var now time.Time
	if err := w.Owner.QueryRow(context.Background(), `select clock_timestamp()`).Scan(&now); err != nil {
		t.Fatal(err)
	}
	return now
}

// act changes something of the workspace, whatever it is; what is refused changes nothing.
func act(t *testing.T, w *storetest.World, by domain.Actor, r *rand.Rand, n int) {
	t.Helper()
	ctx, ws := context.Background(), by.Workspace
	pick := func(table string) (id int64) {
		_ = w.Owner.QueryRow(ctx, `select id from `+table+` where workspace_id = $1 order by md5(id::text || $2) limit 1`, ws, fmt.Sprint(n)).Scan(&id)
		return id
	}
	field, application := domain.FieldID(pick("field")), domain.ApplicationID(pick("application"))
	switch r.IntN(9) {
	case 0:
		w.Field(t, by, domain.DatasetID(pick("dataset")), fmt.Sprintf("new_%d", n), "ident.contact.email")
	case 1:
		w.Exec(t, `update field set description = $2, label = $2, version = version + 1 where workspace_id = $1 and id = $3`, ws, fmt.Sprint("text ", n), field)
	case 2:
		w.Exec(t, `delete from program_link where workspace_id = $1 and field_id = $2`, ws, field)
	case 3:
		w.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level) values ($1, $2, $3, 'useful')
			on conflict (workspace_id, field_id, program_id) do update set level = case program_link.level when 'useful' then 'essential' else 'useful' end, note = $4`, ws, field, pick("program"), fmt.Sprint(n))
	case 4:
		w.Exec(t, `insert into purpose_mapping (workspace_id, field_id, purpose_id, state) values ($1, $2, $3, 'proposed')
			on conflict (workspace_id, field_id, purpose_id) do update set state = 'approved', justification = $4`, ws, field, pick("purpose"), fmt.Sprint(n))
	case 5:
		w.Exec(t, `update application set name = $2, updated_at = clock_timestamp() where workspace_id = $1 and id = $3`, ws, fmt.Sprint("App ", n), application)
	case 6:
		w.Exec(t, `delete from field_collection where workspace_id = $1 and field_id = $2`, ws, field)
	case 7:
		w.Exec(t, `update program set status = (array['live', 'ended', 'paused', 'idea'])[1 + $2::int % 4] where workspace_id = $1 and id = $3`, ws, n, pick("program"))
	case 8:
		w.Exec(t, `update purpose set state = (array['in_force', 'draft', 'retired'])[1 + $2::int % 3], archived_at = null where workspace_id = $1 and id = $3`, ws, n, pick("purpose"))
	}
	if err := w.Store.JudgeAll(ctx, by); err != nil {
		t.Fatal(err)
	}
}

// Rows before and after a change have no index: joined one by one they cost their square, also where the statement itself
// runs with nothing but look-ups by key.
func TestPastIsKeptWithoutNestedLoops(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	var kept, slow int
	if err := w.Owner.QueryRow(t.Context(), `select count(*), count(*) filter (where
			coalesce(p.proconfig, '{}') @> array['enable_nestloop=off', 'enable_hashjoin=on', 'enable_mergejoin=on'] is not true)
		from pg_trigger t join pg_proc p on p.oid = t.tgfoid where t.tgname like '%\_past\_update' and not t.tgisinternal`).Scan(&kept, &slow); err != nil {
		t.Fatal(err)
	}
	if kept == 0 || slow > 0 {
		t.Errorf("%d of %d triggers may compare each row with each", slow, kept)
	}
}

// What a register shows of a moment is what it showed at that moment, byte for byte.
func TestRegisterAsItStood(t *testing.T) {
	t.Parallel()
	w := storetest.NewCrowd(t, 60, 0)
	by := w.Admin()
	r := rand.New(rand.NewPCG(11, 7))
	type copied struct {
		at    time.Time
		files map[string]string
	}
	var taken []copied
	for n := range 40 {
		act(t, w, by, r, n)
		if n%8 == 0 {
			taken = append(taken, copied{moment(t, w), copies(t, w.Store, by)})
		}
	}
	if diff := cmp.Diff(taken[0].files, taken[len(taken)-1].files); diff == "" {
		t.Fatal("nothing was changed")
	}
	for _, c := range taken {
		past := by
		past.AsOf = c.at
		again := copies(t, w.Store, past)
		for name, want := range c.files {
			if diff := cmp.Diff(want, again[name]); diff != "" {
				t.Errorf("%s as of %s (- then, + rebuilt):\n%.2000s", name, c.at, diff)
			}
		}
		// Counters and searches too.
		if page, err := w.Store.Chrome(t.Context(), past); err != nil || page.Fields == 0 {
			t.Errorf("the frame as of %s: %+v, %v", c.at, page, err)
		}
	}
	before := by
	before.AsOf = taken[0].at.Add(-time.Hour)
	if files := copies(t, w.Store, before); strings.Count(files["fields.csv"], "\n") != 1 {
		t.Errorf("before everything there are fields:\n%.300s", files["fields.csv"])
	}
	other := w.Other[domain.RoleAdmin]
	other.AsOf = taken[2].at
	if files := copies(t, w.Store, other); strings.Count(files["fields.csv"], "\n") != 1 {
		t.Errorf("another workspace sees the past of this one:\n%.300s", files["fields.csv"])
	}
}

func TestPastCannotBeChanged(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	app := w.Application(t, by, "Orion")
	by.AsOf = moment(t, w)
	if _, err := w.Store.AddTeam(t.Context(), by, domain.Team{Name: "Late"}); !errors.Is(err, domain.Conflict) {
		t.Errorf("a team was added to the past: %v", err)
	}
	if by.Can(domain.EditInventory) || !by.Can(domain.ReadWorkspace) {
		t.Error("an administrator may change the past")
	}
	if a, err := w.Store.ApplicationByID(t.Context(), by, app); err != nil || a.Name != "Orion" {
		t.Errorf("the application as it stood: %+v, %v", a, err)
	}
	w.Exec(t, `update application set name = 'Vega' where id = $1`, app)
	if a, err := w.Store.ApplicationByID(t.Context(), by, app); err != nil || a.Name != "Orion" {
		t.Errorf("the application as it stood, after a change: %+v, %v", a, err)
	}
	// Several changes of one transaction are one version, and a transaction without a change none.
	w.Exec(t, `begin`)
	w.Exec(t, `update application set name = 'Lyra' where id = $1`, app)
	w.Exec(t, `update application set name = 'Deneb' where id = $1`, app)
	w.Exec(t, `commit`)
	w.Exec(t, `update application set name = name where id = $1`, app)
	if versions := texts(t, w.Owner, `select name from past.application order by valid_to`); !slices.Equal(versions, []string{"Orion", "Vega"}) {
		t.Errorf("versions kept: %q", versions)
	}
	if err := w.Store.RemoveWorkspace(t.Context(), w.Admin(), "acme"); err != nil {
		t.Fatal(err)
	}
	if left := texts(t, w.Owner, `select name from past.application`); len(left) > 0 {
		t.Errorf("a removed workspace leaves its past: %q", left)
	}
}
