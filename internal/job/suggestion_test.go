package job_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// An import of more fields than one request would wait for leaves their suggestions to a job, which is queued with it.
func TestSuggestionsOfAnImportAreMadeByAJob(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	var csv strings.Builder
	csv.WriteString("application;table;column\n")
	for d := range 30 {
		for _, name := range []string{"email", "e_mail"} {
			fmt.Fprintf(&csv, "Orion;contact_%d;%s\n", d, name)
		}
		for n := range 40 {
			fmt.Fprintf(&csv, "Orion;contact_%d;x_%d\n", d, n)
		}
	}
	i := applied(t, w.Store, by, "columns.csv", csv.String(), domain.ImportPlan{Kind: domain.ImportInventory})
	if n, err := w.Store.ImportSuggested(t.Context(), by, i.ID); err != nil || n != 0 {
		t.Fatalf("%d suggestions before any job ran, %v", n, err)
	}
	run(t, w.Store)
	waitForSuggestions(t, w, by)
	if n, err := w.Store.ImportSuggested(t.Context(), by, i.ID); err != nil || n < 60 {
		t.Errorf("%d suggestions of 60 at least, %v", n, err)
	}
}

// waitForSuggestions waits until nothing is due any more.
func waitForSuggestions(tb testing.TB, w *storetest.World, by domain.Actor) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for count(tb, w, `select count(*) from suggestion_due where workspace_id = $1`, by.Workspace) > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			tb.Fatal("suggestions are due for a minute")
		}
	}
	page, err := w.Store.Suggestions(ctx, by, domain.ListQuery{Size: 1}, store.SuggestionsOver)
	if err != nil || page.Due {
		tb.Fatalf("nothing is due, and the page says %v, %v", page.Due, err)
	}
}

// A worker that is killed amid suggestions leaves its job running in the queue, where it keeps any other from coming in.
// Whoever looks next has the rest made, and each once.
func TestKilledWorkerOfSuggestions(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	var csv strings.Builder
	csv.WriteString("application;table;column\n")
	const fields = 6_000
	for n := range fields {
		fmt.Fprintf(&csv, "Orion;contact_%d;email_%d\n", n/20, n%20)
	}
	applied(t, w.Store, by, "columns.csv", csv.String(), domain.ImportPlan{Kind: domain.ImportInventory})
	killWhen(t, w, "field_suggestion", `workspace_id = $1`, by.Workspace)
	if n := count(t, w, `select count(*) from field_suggestion where workspace_id = $1`, by.Workspace); n == 0 || n == fields {
		t.Fatalf("%d suggestions of %d at the kill, want some", n, fields)
	}
	run(t, w.Store)
	if err := w.Store.RequeueSuggestions(t.Context()); err != nil {
		t.Fatal(err)
	}
	waitForSuggestions(t, w, by)
	if n := count(t, w, `select count(*) from field_suggestion where workspace_id = $1`, by.Workspace); n != fields {
		t.Errorf("%d suggestions of %d", n, fields)
	}
	if n := count(t, w, `select coalesce(sum(suggested + unsuggested), 0)::bigint from suggestion_count where workspace_id = $1`, by.Workspace); n != fields {
		t.Errorf("the counters know of %d suggestions of %d", n, fields)
	}
}

// TestSuggestionsAreMadeOnce: whoever looks for what died meanwhile finds nothing to do where all suggestions are made.
func TestSuggestionsAreMadeOnce(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	for n := range 3 {
		dataset := w.Dataset(t, by, w.Application(t, by, fmt.Sprintf("App %d", n)), "contacts")
		w.Field(t, by, dataset, "email", "")
	}
	if err := w.Store.RequeueSuggestions(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(t, w.Store)
	waitForSuggestions(t, w, by)
	const made = `select coalesce(sum(extract(epoch from ended_at) * 1000000), 0)::bigint from suggestion_run where workspace_id = $1`
	first := count(t, w, made, by.Workspace)
	if first == 0 {
		t.Fatal("nothing says that all suggestions were made")
	}
	if err := w.Store.RequeueSuggestions(t.Context()); err != nil {
		t.Fatal(err)
	}
	if count(t, w, made, by.Workspace) != first || count(t, w, `select count(*) from suggestion_due where workspace_id = $1`, by.Workspace) > 0 {
		t.Error("all suggestions are made again")
	}
}
