package job_test

import (
	"context"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/job"
	"utile/internal/store"
)

// run works off the queue until the test ends.
func run(tb testing.TB, st *store.Store) {
	tb.Helper()
	r, err := job.New(st, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if err := r.Start(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			tb.Error(err)
		}
	})
}

// waitFor waits until an import is in a state, and fails the test where it ends in another.
func waitFor(tb testing.TB, st *store.Store, by domain.Actor, id domain.ImportID, want domain.ImportState) domain.Import {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		i, err := st.ImportByID(ctx, by, id)
		if err != nil {
			tb.Fatal(err)
		}
		if i.State == want {
			return i
		}
		if !i.State.Working() {
			tb.Fatalf("import is %s (%v), want %s", i.State, i.Problem, want)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tb.Fatalf("import is %s for a minute, want %s", i.State, want)
		}
	}
}
