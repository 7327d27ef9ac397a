package store_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/store/storetest"
)

// heldRows are what a table or view says of what programs hold, and the same counted by the simplest of queries.
func heldRows(t *testing.T, w *storetest.World, by domain.Actor, from string) []string {
	t.Helper()
	var rows []string
	tx, err := w.Owner.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(context.Background(), `select set_config('app.workspace', ($1::bigint)::text, true)`, int64(by.Workspace)); err != nil {
		t.Fatal(err)
	}
	if err := tx.QueryRow(context.Background(), `select coalesce(array_agg(x::text order by x::text), '{}') from (`+from+`) x`, by.Workspace).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// After any change what is read of what programs hold is what a count of every field says, before and after it is counted again;
// and what is not touched need not be counted.
func TestHeldIsRightAfterAnyChange(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t)
	ctx := context.Background()
	const stored = `select * from category_counted where workspace_id = $1`
	const read = `select * from category_held where workspace_id = $1`
	const plain = `select $1::bigint, p.id as program_id, c.id as category_id, count(*), min(f.dataset_id), max(f.dataset_id),
			p.id <> 0 and bool_or(filled(f)), p.id <> 0 and bool_or(filled(f) and (f.lawful or f.verdict = 'exempt')), bool_or(f.verdict in ('keep', 'exempt'))
		from (select id from program where workspace_id = $1 union all select 0) p
		cross join data_category c join field f on f.workspace_id = $1 and f.category_id = c.id and f.state = 'active' and f.archived_at is null
		where c.workspace_id = $1 and (p.id = 0 or exists (select from program_link l where l.field_id = f.id and l.program_id = p.id and l.level in ('essential', 'useful')))
		group by 2, 3`
	w.Exec(t, `create function filled(f field) returns boolean language sql as $$
		select not exists (select from field_evidence e join workspace w on w.id = e.workspace_id where e.field_id = f.id and e.row_count > 0
			and coalesce(e.non_null_count < w.fill_rate_min * e.row_count, true)) $$`)
	r := rand.New(rand.NewPCG(5, 1))
	id := func() int64 { return w.fields[r.IntN(len(w.fields))] }
	changes := []func() (string, []any){
		func() (string, []any) {
			return `insert into program_link (workspace_id, field_id, program_id, level) values ($1, $2, $3, $4) on conflict do nothing`,
				[]any{w.by.Workspace, id(), w.programs[r.IntN(2)], domain.LinkLevels[r.IntN(3)]}
		},
		func() (string, []any) {
			return `update program_link set level = $2 where field_id = $1`, []any{id(), domain.LinkLevels[r.IntN(3)]}
		},
		func() (string, []any) { return `delete from program_link where field_id = $1`, []any{id()} },
		func() (string, []any) {
			return `update field set category_id = $2 where id = $1`, []any{id(), w.cats[r.IntN(3)]}
		},
		func() (string, []any) {
			return `update field set state = $2 where id = $1`, []any{id(), []string{"active", "gone"}[r.IntN(2)]}
		},
		func() (string, []any) {
			return `update field set lawful = not lawful, verdict = $2 where id = $1`, []any{id(), []string{"keep", "delete", "exempt"}[r.IntN(3)]}
		},
		func() (string, []any) {
			return `insert into field_evidence (workspace_id, field_id, row_count, non_null_count) values ($1, $2, 100, $3)
				on conflict (workspace_id, field_id) do update set non_null_count = excluded.non_null_count`, []any{w.by.Workspace, id(), r.IntN(20)}
		},
		func() (string, []any) {
			return `update workspace set fill_rate_min = $2 where id = $1`, []any{w.by.Workspace, float64(r.IntN(10)) / 100}
		},
	}
	for step := range 120 {
		sql, args := changes[r.IntN(len(changes))]()
		w.Exec(t, sql, args...)
		want := heldRows(t, w.World, w.by, plain)
		if d := cmp.Diff(want, heldRows(t, w.World, w.by, read)); d != "" {
			t.Fatalf("step %d (%s): read before it is counted (-plain +read):\n%s", step, sql, d)
		}
		if step%3 == 0 {
			if err := w.Store.CountHeld(ctx, w.by); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, heldRows(t, w.World, w.by, stored)); d != "" {
				t.Fatalf("step %d (%s): counted again (-plain +stored):\n%s", step, sql, d)
			}
			if due := heldRows(t, w.World, w.by, `select * from category_due where workspace_id = $1`); len(due) > 0 {
				t.Fatalf("step %d: still due: %q", step, due)
			}
			w.Exec(t, `update field set label = label || 'y'`)
			if due := heldRows(t, w.World, w.by, `select * from category_due where workspace_id = $1`); len(due) > 0 {
				t.Fatalf("step %d: a label makes due: %q", step, due)
			}
		}
	}
}
