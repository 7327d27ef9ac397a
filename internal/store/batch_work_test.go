package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"utile/internal/domain"
	"utile/internal/store/storetest"
)

// askWorld is a crowd of fields and an act on all of them that was previewed.
func askWorld(t *testing.T, act domain.Bulk) (w *storetest.World, by domain.Actor, ids []int64, plan domain.BulkPlan) {
	t.Helper()
	w = storetest.NewCrowd(t, 300, 0)
	by = w.Admin()
	ids, err := w.Store.IDs(t.Context(), by, "fields", domain.ListQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if plan, err = w.Store.PlanBulk(t.Context(), by, act, ids); err != nil || plan.Todo() == 0 || plan.Refused == 0 {
		t.Fatalf("plan %+v, %v", plan, err)
	}
	return w, by, ids, plan
}

// got reads one value as the owner of the tables.
func got[T any](t *testing.T, w *storetest.World, sql string, args ...any) (v T) {
	t.Helper()
	if err := w.Owner.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

var askedAct = domain.Bulk{Act: domain.BulkToDPO, Reason: "Who needs this?"}

func batchOf(t *testing.T, w *storetest.World, by domain.Actor, id domain.BatchID) domain.Batch {
	t.Helper()
	b, err := w.Store.BatchByID(t.Context(), by, id)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// However often somebody presses the button and however many workers take the job, an act is carried out once.
func TestAskedTwiceIsDoneOnce(t *testing.T) {
	t.Parallel()
	w, by, ids, plan := askWorld(t, askedAct)
	ctx := context.Background()
	first, err := w.Store.AskBulk(ctx, by, askedAct, ids, plan.Fingerprint, "")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.Store.AskBulk(ctx, by, askedAct, ids, plan.Fingerprint, ""); err != nil || again != first {
		t.Errorf("asked again: batch %d, want %d, %v", again, first, err)
	}
	if n := got[int](t, w, `select count(*) from river.river_job where kind = 'batch'`); n != 1 {
		t.Errorf("%d jobs", n)
	}
	if n := got[int](t, w, `select count(*) from decision where batch_id is not null`); n != 0 {
		t.Errorf("%d decisions before anybody worked", n)
	}
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			if err := w.Store.WorkBatch(ctx, by, first); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	b := batchOf(t, w, by, first)
	if b.State != domain.BatchApplied || b.Changed != plan.Todo() || b.Refused != plan.Refused || b.Percent() != 100 {
		t.Errorf("batch %+v, plan %+v", b, plan)
	}
	if n := got[int64](t, w, `select count(*) from event where batch_id = $1`, first); n != plan.Todo() {
		t.Errorf("%d events for %d changes", n, plan.Todo())
	}
	// The button pressed once more, after the work: what was confirmed is no longer what would be done.
	late, err := w.Store.AskBulk(ctx, by, askedAct, ids, plan.Fingerprint, "")
	if err != nil || late == first {
		t.Fatalf("batch %d, %v", late, err)
	}
	if err := w.Store.WorkBatch(ctx, by, late); err != nil {
		t.Fatal(err)
	}
	if b := batchOf(t, w, by, late); b.State != domain.BatchFailed || b.Problem == nil || b.Problem.Key != "batch.problem.moved" {
		t.Errorf("late batch %+v", b)
	}
	if n := got[int64](t, w, `select count(*) from event where batch_id is not null`); n != plan.Todo() {
		t.Errorf("%d events in all", n)
	}
}

// An act by a worker and its undoing say and leave the same as those that a request waits for.
func TestWorkedBatchIsAsAnyOther(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, act := range []domain.Bulk{askedAct, {Act: domain.BulkCategorise}, {Act: domain.BulkOrigin, Origin: "derived"}} {
		w := storetest.NewCrowd(t, 300, 0)
		by := w.Admin()
		if act.Act == domain.BulkCategorise {
			act.Category = w.Category(t, by, "ident.contact.email")
		}
		ids, err := w.Store.IDs(ctx, by, "fields", domain.ListQuery{})
		if err != nil {
			t.Fatal(err)
		}
		prints := func() string {
			return got[string](t, w, `select coalesce(md5(string_agg(concat_ws('|', f.id, f.category_id, f.gdpr_class, f.origin, f.verdict, f.flags, f.decision,
				(select string_agg(m.state, ',' order by m.id) from purpose_mapping m where m.workspace_id = f.workspace_id and m.field_id = f.id)), ';' order by f.id)), '') from field f`)
		}
		before := prints()
		direct, _, err := w.Store.ApplyBulk(ctx, by, act, ids, "")
		if err != nil {
			t.Fatal(err)
		}
		wantAfter := prints()
		if _, _, err := w.Store.UndoBatch(ctx, by, direct); err != nil {
			t.Fatal(err)
		}
		if act.Act != askedAct.Act && prints() != before {
			t.Fatalf("%s: undoing does not bring back what was", act.Act)
		}
		before = prints()
		id, err := w.Store.AskBulk(ctx, by, act, ids, "", "")
		if err == nil {
			err = w.Store.WorkBatch(ctx, by, id)
		}
		if err != nil || prints() != wantAfter || batchOf(t, w, by, id).Changed != batchOf(t, w, by, direct).Changed {
			t.Errorf("%s: a worker does something else: %v", act.Act, err)
		}
		if err = w.Store.AskUndo(ctx, by, id); err == nil {
			err = w.Store.WorkBatch(ctx, by, id)
		}
		if b := batchOf(t, w, by, id); err != nil || prints() != before || b.UndoneAt == nil || b.State != domain.BatchApplied {
			t.Errorf("%s: undone by a worker, %+v, %v", act.Act, b, err)
		}
	}
}

func TestCancelledBatchDoesNothing(t *testing.T) {
	t.Parallel()
	w, by, ids, plan := askWorld(t, askedAct)
	ctx := context.Background()
	id, err := w.Store.AskBulk(ctx, by, askedAct, ids, plan.Fingerprint, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Store.CancelBatch(ctx, w.Acme[domain.RoleViewer], id); !errors.Is(err, domain.Denied) {
		t.Errorf("a viewer cancels: %v", err)
	}
	if err := w.Store.CancelBatch(ctx, w.Other[domain.RoleAdmin], id); !errors.Is(err, domain.NotFound) {
		t.Errorf("somebody from elsewhere cancels: %v", err)
	}
	if err := w.Store.CancelBatch(ctx, by, id); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.WorkBatch(ctx, by, id); err != nil {
		t.Fatal(err)
	}
	if n := got[int](t, w, `select count(*) from decision where batch_id is not null`); n != 0 {
		t.Errorf("%d decisions of a cancelled batch", n)
	}
	if b := batchOf(t, w, by, id); b.State != domain.BatchCancelled {
		t.Errorf("batch %+v", b)
	}
	for what, err := range map[string]error{"cancel again": w.Store.CancelBatch(ctx, by, id), "undo": w.Store.AskUndo(ctx, by, id)} {
		if !errors.Is(err, domain.Conflict) {
			t.Errorf("%s: %v", what, err)
		}
	}

	// Undoing that is given up leaves the act as it stands, to be undone another time.
	id, err = w.Store.AskBulk(ctx, by, askedAct, ids, plan.Fingerprint, "")
	if err == nil {
		err = w.Store.WorkBatch(ctx, by, id)
	}
	if err == nil {
		err = w.Store.AskUndo(ctx, by, id)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Store.AskUndo(ctx, by, id); !errors.Is(err, domain.Conflict) {
		t.Errorf("undone twice at once: %v", err)
	}
	if err := w.Store.CancelBatch(ctx, by, id); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.WorkBatch(ctx, by, id); err != nil {
		t.Fatal(err)
	}
	if b := batchOf(t, w, by, id); b.State != domain.BatchApplied || b.UndoneAt != nil || b.CheckUndo(b.CreatedAt) != nil {
		t.Errorf("batch %+v", b)
	}
	if n := got[int64](t, w, `select count(*) from decision where batch_id = $1 and withdrawn_at is null`, id); n != plan.Todo() {
		t.Errorf("%d decisions stand of %d", n, plan.Todo())
	}
}

// What an act needs may be gone when a worker comes to it.
func TestBatchWhoseProgramIsGone(t *testing.T) {
	t.Parallel()
	w := storetest.NewCrowd(t, 100, 0)
	by, ctx := w.Admin(), context.Background()
	program := w.Program(t, by, "Birthday", "live")
	ids, err := w.Store.IDs(ctx, by, "fields", domain.ListQuery{})
	if err != nil {
		t.Fatal(err)
	}
	act := domain.Bulk{Act: domain.BulkLink, Program: program, Level: domain.LinkEssential}
	id, err := w.Store.AskBulk(ctx, by, act, ids, "", "")
	if err != nil {
		t.Fatal(err)
	}
	w.Exec(t, `update program set archived_at = now() where id = $1`, program)
	if err := w.Store.WorkBatch(ctx, by, id); err != nil {
		t.Fatal(err)
	}
	if b := batchOf(t, w, by, id); b.State != domain.BatchFailed || b.Problem == nil || b.Problem.Key != "batch.problem.reference" {
		t.Errorf("batch %+v", b)
	}
}
