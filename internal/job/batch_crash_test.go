package job_test

import (
	"context"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// Acts and imports are done in small parts here, by the tests and by the workers that they kill, so that few fields make several.
func init() { store.BulkPart, store.ImportPart = 250, 3_000 }

// settledBatch waits until nobody works on a batch, and returns it.
func settledBatch(tb testing.TB, w *storetest.World, by domain.Actor, id domain.BatchID) domain.Batch {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		b, err := w.Store.BatchByID(ctx, by, id)
		if err != nil {
			tb.Fatal(err)
		}
		if !b.State.Working() {
			return b
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tb.Fatalf("batch is %s for five minutes", b.State)
		}
	}
}

// An act on many fields, and its undoing, whose worker is killed on the way leave nothing half done, and are carried out
// once by whoever takes them up again.
func TestKilledWorkerOfABatch(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	ds := w.Dataset(t, by, w.Application(t, by, "Warehouse"), "everything")
	w.Exec(t, `insert into field (workspace_id, dataset_id, application_id, name, category_id, gdpr_class)
		select d.workspace_id, d.id, d.application_id, 'col_' || n, c.id, c.gdpr_class from dataset d, data_category c, generate_series(1, 3000) n
		where d.id = $1 and c.workspace_id = d.workspace_id and c.code = 'ident.contact.email'`, ds)
	w.Exec(t, `analyze`) // as the database does by itself before long
	program := w.Program(t, by, "Birthday", "live")
	ids, err := w.Store.IDs(t.Context(), by, "fields", domain.ListQuery{})
	if err != nil || len(ids) < 8*store.BulkPart {
		t.Fatalf("%d fields, too few to be done in several parts; %v", len(ids), err)
	}
	act := domain.Bulk{Act: domain.BulkLink, Program: program, Level: domain.LinkEssential}
	plan, err := w.Store.PlanBulk(t.Context(), by, act, ids)
	if err != nil {
		t.Fatal(err)
	}
	id, err := w.Store.AskBulk(t.Context(), by, act, ids, plan.Fingerprint, "")
	if err != nil {
		t.Fatal(err)
	}
	linked := func() int64 { return count(t, w, `select count(*) from program_link where program_id = $1`, program) }
	told := func(verb string) int64 {
		return count(t, w, `select count(*) from event where batch_id = $1 and verb = $2`, id, verb)
	}
	takeUp := func() {
		t.Helper()
		w.Exec(t, `update batch_work set updated_at = now() - interval '1 hour' where batch_id = $1`, id)
		if err := w.Store.Requeue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	killWhen(t, w, "batch_work", `batch_id = $1 and rows_done > 0`, id)
	if n := linked() + told("field.linked"); n != 0 {
		t.Fatalf("a killed worker left %d links and events", n)
	}
	takeUp()
	run(t, w.Store)
	b := settledBatch(t, w, by, id)
	if b.State != domain.BatchApplied || b.Changed != int64(len(ids)) || linked() != int64(len(ids)) || told("field.linked") != int64(len(ids)) {
		t.Fatalf("batch is %s with %d of %d fields, %d links, %d events", b.State, b.Changed, len(ids), linked(), told("field.linked"))
	}

	if err := w.Store.AskUndo(t.Context(), by, id); err != nil {
		t.Fatal(err)
	}
	b = settledBatch(t, w, by, id)
	if b.UndoneAt == nil || linked() != 0 || told("field.undone") != int64(len(ids)) {
		t.Errorf("undone at %v, %d links stay, %d events", b.UndoneAt, linked(), told("field.undone"))
	}
}
