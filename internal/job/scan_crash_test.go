package job_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/job"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// crashDSN, in the environment, makes the test binary a worker that is there to be killed.
const crashDSN = "UTILE_CRASH_DSN"

// TestCrashWorker is not a test of its own: it is what TestKilledWorker starts and kills.
func TestCrashWorker(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv(crashDSN)
	if dsn == "" {
		t.Skip("started by TestKilledWorker")
	}
	st, err := store.Open(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	r, err := job.New(st, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	<-t.Context().Done() // until it is killed
}

// killWhen starts a worker process and kills it, with no chance to tidy up, once a condition holds of a row of that table.
func killWhen(t *testing.T, w *storetest.World, table, condition string, args ...any) {
	t.Helper()
	worker := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashWorker$", "-test.timeout=5m")
	worker.Env = append(os.Environ(), crashDSN+"="+w.DSN)
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	tick, end := time.NewTicker(2*time.Millisecond), time.After(3*time.Minute)
	defer tick.Stop()
	for count(t, w, `select count(*) from `+table+` where `+condition, args...) == 0 {
		select {
		case <-tick.C:
		case <-end:
			t.Error("the worker never came so far")
		}
		if t.Failed() {
			break
		}
	}
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait() // killed, as it should be
}

func TestKilledWorker(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	const fields = 9_000 // three parts of an import
	var b strings.Builder
	b.WriteString("table,column,data_type\n")
	for n := range fields {
		fmt.Fprintf(&b, "table_%d,column_%d,int\n", n/100, n%100)
	}
	id, err := w.Store.ReceiveImport(t.Context(), by, "large.csv", domain.ImportPlan{ApplicationName: "Warehouse"}, strings.NewReader(b.String()), true)
	if err != nil {
		t.Fatal(err)
	}
	registered := func() int64 {
		return count(t, w, `select (select count(*) from field) + (select count(*) from dataset) + (select count(*) from application)
			+ (select count(*) from event where verb = 'import.applied') + (select count(*) from batch)`)
	}

	killWhen(t, w, "import", `id = $1 and rows_read > 0`, id)
	if n := registered(); n != 0 {
		t.Fatalf("reading left %d rows in the register", n)
	}
	takeUp := func() {
		t.Helper()
		w.Exec(t, `update import set updated_at = now() - interval '1 hour' where id = $1`, id)
		if err := w.Store.Requeue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	takeUp()
	killWhen(t, w, "import", `id = $1 and state = 'previewed'`, id)
	if err := w.Store.AskImportApply(t.Context(), by, id, true); err != nil {
		t.Fatal(err)
	}
	killWhen(t, w, "import", `id = $1 and state = 'applying' and rows_read > 0`, id)
	if n := registered(); n != 0 && count(t, w, `select count(*) from import where id = $1 and state = 'applied'`, id) == 0 {
		t.Fatalf("applying left %d rows in the register, half done", n)
	}
	takeUp()
	run(t, w.Store)
	waitFor(t, w.Store, by, id, domain.ImportApplied)
	if n := registered(); n != fields+fields/100+1+1+1 {
		t.Errorf("%d rows in the register, want each once", n)
	}
}

// TestDeadlyImport: what ended every process that took it up is not taken up for ever, whoever queues it again.
func TestDeadlyImport(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	id, err := w.Store.ReceiveImport(t.Context(), by, "crm.csv", domain.ImportPlan{ApplicationName: "CRM"}, strings.NewReader(crm), true)
	if err != nil {
		t.Fatal(err)
	}
	jobs := func() int64 {
		return count(t, w, `select count(*) from river.river_job where args @> jsonb_build_object('Import', $1::bigint)`, id)
	}
	silent := func() {
		t.Helper()
		w.Exec(t, `update import set updated_at = now() - interval '1 hour' where id = $1`, id)
		if err := w.Store.Requeue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if silent(); jobs() != 1 {
		t.Errorf("%d jobs of an import that waits for its turn, want one", jobs())
	}
	for n := range 3 { // workers that begin and are never heard of again
		if deadly, err := w.Store.BeginImportWork(t.Context(), by, id); err != nil || deadly {
			t.Fatalf("worker %d: deadly %v, %v", n, deadly, err)
		}
		w.Exec(t, `update river.river_job set state = 'running', attempt = 1 where args @> jsonb_build_object('Import', $1::bigint)`, id)
		if silent(); jobs() != int64(n)+2 {
			t.Fatalf("%d jobs after %d deaths", jobs(), n+1)
		}
	}
	run(t, w.Store)
	if i := waitFor(t, w.Store, by, id, domain.ImportFailed); i.Problem == nil || i.Problem.Key != "import.error.deadly" {
		t.Errorf("refused with %v", i.Problem)
	}
	again, err := w.Store.ReceiveImport(t.Context(), by, "crm.csv", domain.ImportPlan{ApplicationName: "CRM"}, strings.NewReader(crm), true)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, w.Store, by, again, domain.ImportPreviewed)
	// A worker tells that it came to an end after what it did can be seen.
	for deadline := time.Now().Add(time.Minute); count(t, w, `select count(*) from import_attempt`) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("imports count workers that ended")
		}
	}
}

// TestImportsAreAlive: who works on an import is not taken for dead, and hears that it was given up.
func TestImportsAreAlive(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	id, err := w.Store.ReceiveImport(t.Context(), by, "crm.csv", domain.ImportPlan{ApplicationName: "CRM"}, strings.NewReader(crm), true)
	if err != nil {
		t.Fatal(err)
	}
	w.Exec(t, `update import set updated_at = now() - interval '1 hour' where id = $1`, id)
	alive := func(want bool) {
		t.Helper()
		if wanted, err := w.Store.ImportAlive(t.Context(), by, id); err != nil || wanted != want {
			t.Errorf("wanted %v %v, want %v", wanted, err, want)
		}
	}
	if alive(true); count(t, w, `select count(*) from import where id = $1 and updated_at > now() - interval '1 minute'`, id) != 1 {
		t.Error("work that lives is taken for dead")
	}
	if err := w.Store.CancelImport(t.Context(), by, id); err != nil {
		t.Fatal(err)
	}
	alive(false)
}

func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, plan := w.Admin(), domain.ImportPlan{ApplicationName: "CRM"}
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() {
			i, err := job.Import(t.Context(), w.Store, by, strings.NewReader(crm+fmt.Sprintf("Contact,Own%d,int,no,\n", n)),
				job.ImportRequest{FileName: fmt.Sprintf("crm-%d.csv", n), Plan: plan}, nil)
			if err != nil || i.State != domain.ImportApplied {
				t.Errorf("import %d: %s %v", n, i.State, err)
			}
		})
	}
	wait.Wait()
	// Each file has a field that the others do not: it is kept, as gone, by whichever came after.
	if n := count(t, w, `select count(*) from field where workspace_id = $1`, by.Workspace); n != 9 {
		t.Errorf("%d fields, want 9", n)
	}
	if n := count(t, w, `select count(*) from field where workspace_id = $1 and state = 'active'`, by.Workspace); n != 6 {
		t.Errorf("%d fields that are not gone, want 6", n)
	}
	if n := count(t, w, `select count(*) from application where workspace_id = $1`, by.Workspace); n != 1 {
		t.Errorf("%d applications, want 1", n)
	}
}

func TestCancelWhileApplying(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	id, err := w.Store.ReceiveImport(t.Context(), by, "crm.csv", domain.ImportPlan{ApplicationName: "CRM"}, strings.NewReader(crm), true)
	if err != nil {
		t.Fatal(err)
	}
	run(t, w.Store)
	waitFor(t, w.Store, by, id, domain.ImportPreviewed)
	if err := w.Store.AskImportApply(t.Context(), by, id, false); err != nil { // nobody is told to go on yet
		t.Fatal(err)
	}
	if err := w.Store.CancelImport(t.Context(), by, id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.ApplyImport(t.Context(), by, id, false); err == nil {
		t.Error("an import that was given up was applied")
	}
	if n := count(t, w, `select count(*) from field where workspace_id = $1`, by.Workspace); n != 0 {
		t.Errorf("%d fields of an import that was given up", n)
	}
}
