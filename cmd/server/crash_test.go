package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
	"utile/internal/localpg"
	"utile/internal/store"
)

// How often the server or its PostgreSQL is killed, from where the random moments come, and how many fields the
// inventories have: `make test/crash` asks for more of each than `make test`.
const (
	crashesVar, crashSeedVar, crashFieldsVar = "CRASHES", "CRASH_SEED", "CRASH_FIELDS"
	crashesByDefault, crashFieldsByDefault   = 3, 1500
	crashPatience                            = 2 * time.Minute
)

// crashWorld is an installation with its private PostgreSQL, of which either is killed again and again.
type crashWorld struct {
	t      *testing.T
	in     installation
	server *served
	dir    string
	client *http.Client
	token  string
	by     domain.Actor
	random *rand.Rand
}

// step is something that an import is asked for, and what it becomes by that.
type step struct {
	name string // of the moments in which the kill falls
	want domain.ImportState
}

// steps are the life of an import.
var steps = []step{{"reading and comparing", domain.ImportPreviewed}, {"applying", domain.ImportApplied}, {"undoing", domain.ImportUndone}}

// seen is what can be counted and compared of a workspace: its register as it is, and how often its history and batches
// tell what.
type seen struct {
	Register string           `json:"register"`
	Told     map[string]int64 `json:"told"`
	Import   string           `json:"import"`
	Strays   int64            `json:"strays"` // where counters are not what they count, or one thing is there twice
}

// since leaves of what is told what came after an earlier look.
func (s seen) since(before seen) seen {
	told := maps.Clone(s.Told)
	for key, n := range before.Told {
		if told[key] -= n; told[key] == 0 {
			delete(told, key)
		}
	}
	s.Told = told
	return s
}

func (s seen) equal(o seen) bool {
	return s.Register == o.Register && s.Import == o.Import && s.Strays == o.Strays && maps.Equal(s.Told, o.Told)
}

// look reads everything that must be the same with and without a crash. What is computed later (suggestions) is waited for.
const look = `select jsonb_build_object(
	'register', concat_ws(E'\n',
		(select count(*) || ' applications' from application where workspace_id = $1),
		(select string_agg(state || ' datasets ' || n, ', ' order by state) from (select state, count(*) n from dataset where workspace_id = $1 group by 1) x),
		(select string_agg(state || ' fields ' || n, ', ' order by state) from (select state, count(*) n from field where workspace_id = $1 group by 1) x),
		(select string_agg(verdict || ' ' || n, ', ' order by verdict) from (select verdict, sum(n) n from field_tally where workspace_id = $1 group by 1 having sum(n) <> 0) x),
		(select count(*) || ' flows' from flow where workspace_id = $1),
		(select count(*) || ' suggestions' from field_suggestion where workspace_id = $1),
		(select md5(string_agg(concat_ws('|', a.name, d.name, d.state, f.name, f.state, f.label, f.data_type, f.comment, f.is_key, f.reference,
			f.gdpr_class, f.verdict, f.flags, f.grade, f.completeness), E'\n' order by a.name, d.name, f.name))
			from field f join dataset d on (d.workspace_id, d.id) = (f.workspace_id, f.dataset_id)
			join application a on (a.workspace_id, a.id) = (d.workspace_id, d.application_id) where f.workspace_id = $1),
		(select md5(string_agg(concat_ws('|', w.name, s.name, t.name, w.mechanism), E'\n' order by w.name, s.name, t.name))
			from flow w left join dataset s on (s.workspace_id, s.id) = (w.workspace_id, w.source_dataset_id)
			left join dataset t on (t.workspace_id, t.id) = (w.workspace_id, w.target_dataset_id) where w.workspace_id = $1)),
	'told', (select jsonb_object_agg(key, n) from (
		select verb as key, count(*) n from event where workspace_id = $1 group by 1
		union all select 'batches of ' || kind || case when undone_at is null then '' else ', undone' end, count(*) from batch where workspace_id = $1 group by 1) x),
	'import', (select concat_ws(E'\n', i.state, i.kind, i.counts, 'problem ' || i.problem::text, i.rows_read,
		(select string_agg(change || ' ' || n, ', ' order by change) from (select change, count(*) n from import_row where (workspace_id, import_id) = (i.workspace_id, i.id) group by 1) x),
		(select count(*) || ' problems' from import_problem where (workspace_id, import_id) = (i.workspace_id, i.id)),
		(select count(*) || ' flows' from import_flow where (workspace_id, import_id) = (i.workspace_id, i.id)))
		from import i where i.workspace_id = $1 and i.id = $2),
	'strays', (select count(*) from (
			select application_id, state, verdict, gdpr_class, flags, grade, decision, sum(n) n from field_tally where workspace_id = $1 group by 1, 2, 3, 4, 5, 6, 7 having sum(n) <> 0
		) kept full join (
			select application_id, state, verdict, gdpr_class, flags, grade, count(*) n from field where workspace_id = $1 group by 1, 2, 3, 4, 5, 6
		) is_now using (application_id, state, verdict, gdpr_class, flags, grade) where kept.n is distinct from is_now.n)
		+ (select count(*) from (select from field where workspace_id = $1 group by dataset_id, name having count(*) > 1) x)
		+ (select count(*) from field_suggestion s where workspace_id = $1 and not exists (select from field f where f.workspace_id = $1 and f.id = s.field_id and f.state = 'active')))::text`

// TestCrashes kills the server, or the PostgreSQL behind it, at random moments of an import's life, and holds what came of
// it against an import that nothing disturbed: nothing is lost, nothing is done twice, nothing is half done.
func TestCrashes(t *testing.T) {
	t.Parallel()
	crashes, fields := number(t, crashesVar, crashesByDefault), number(t, crashFieldsVar, crashFieldsByDefault)
	seed := number(t, crashSeedVar, int(time.Now().UnixNano()%1_000_000))
	t.Logf("%d crashes, %d fields, %s=%d", crashes, fields, crashSeedVar, seed)
	w := newCrashWorld(t, uint64(seed))
	w.importUndisturbed("inventory.csv", crashTable(fields, 0))
	files := []struct {
		name    string
		content []byte
	}{{"inventory.csv", crashTable(fields, 1)}, {"lineage.json", crashLineage(fields)}}
	files = files[:min(len(files), (crashes+len(steps)-1)/len(steps))] // no more than there are crashes for
	type expected struct {
		seen []seen
		took []time.Duration
	}
	undisturbed := make([]expected, len(files))
	for n, f := range files {
		e := &undisturbed[n]
		id, before := domain.ImportID(0), w.look(0)
		for k := range steps {
			began := time.Now()
			id = w.ask(k, id, f.name, f.content)
			w.await(id, steps[k].want)
			e.took = append(e.took, time.Since(began))
			e.seen = append(e.seen, w.look(id).since(before))
		}
		if first, last := before.Register, e.seen[2].Register; first != last || e.seen[1].Register == last {
			t.Fatalf("%s undone is not what was there before:\n%s\n%s", f.name, first, last)
		}
	}

	amid := 0
	for n := 0; n < crashes; {
		file := n / len(steps) % len(files)
		id, before := domain.ImportID(0), w.look(0)
		for k := range steps {
			id = w.ask(k, id, files[file].name, files[file].content)
			if n < crashes {
				n++
				at := time.Duration(w.random.Float64() * 1.1 * float64(undisturbed[file].took[k]))
				if w.crash(id, at, w.random.IntN(3) == 0, fmt.Sprintf("crash %d: %s while %s", n, files[file].name, steps[k].name)) {
					amid++
				}
			}
			w.await(id, steps[k].want)
			if got, want := w.look(id).since(before), undisturbed[file].seen[k]; !got.equal(want) {
				t.Fatalf("after crash %d, %s %s:\n%+v\nwithout a crash:\n%+v", n, files[file].name, steps[k].want, got, want)
			}
		}
	}
	t.Logf("%d of %d crashes fell amid the work", amid, crashes)
	if crashes >= 10 && amid < crashes/4 {
		t.Errorf("%d of %d crashes fell amid the work, too few to prove anything", amid, crashes)
	}
	w.in.must("", "check", "-history")
	if status := w.server.stop(t, syscall.SIGTERM); status != statusOK {
		t.Errorf("status %d: %s", status, w.server.stderr)
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s=%q is not a number", name, text)
	}
	return n
}

func newCrashWorld(t *testing.T, seed uint64) *crashWorld {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "utile-crash-") // short enough for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	w := &crashWorld{t: t, dir: dir, random: rand.New(rand.NewPCG(seed, 0)), token: strings.Repeat("c", 43),
		in:     installation{t, []string{"UTILE_ADDR=127.0.0.1:0", "UTILE_DATA=" + dir, "UTILE_LOG_LEVEL=error", "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}},
		client: &http.Client{Timeout: crashPatience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	w.server = w.in.start(2)
	w.in.must("", "workspace", "add", "acme", "-locale", "en")
	w.in.must(password, "user", "add", "anna@example.com", "-workspace", "acme", "-role", "admin")
	w.by.Workspace = domain.WorkspaceID(w.read(`select id from workspace where slug = 'acme'`))
	hash := sha256.Sum256([]byte(w.token))
	w.store(func(st *store.Store) error {
		return st.AddSession(t.Context(), store.AuthSession{TokenHash: hash[:], User: domain.UserID(w.read(`select id from app_user`)), Agent: "crash"})
	})
	return w
}

// dsn is the address of the private PostgreSQL as its superuser.
func (w *crashWorld) dsn() string {
	w.t.Helper()
	running, ok, err := localpg.Running(w.t.Context(), w.dir)
	if err != nil || !ok {
		w.t.Fatalf("no PostgreSQL in %s: %v", w.dir, err)
	}
	defer running.Close() // the server stops when the test says so
	return running.DSN(databaseName)
}

// connected runs f on a connection of its own: those from before a crash are of no use.
func (w *crashWorld) connected(f func(context.Context, *pgx.Conn) error) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.dsn())
	if err == nil {
		err = f(w.t.Context(), conn)
		_ = conn.Close(context.WithoutCancel(w.t.Context())) // what was asked is answered
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *crashWorld) read(sql string, args ...any) (n int64) {
	w.t.Helper()
	w.connected(func(ctx context.Context, c *pgx.Conn) error { return c.QueryRow(ctx, sql, args...).Scan(&n) })
	return n
}

func (w *crashWorld) store(f func(*store.Store) error) {
	w.t.Helper()
	st, err := store.Open(w.t.Context(), w.dsn())
	if err == nil {
		err = f(st)
		st.Close()
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// until asks until an answer is yes. An answer may fail for as long as PostgreSQL comes back.
func (w *crashWorld) until(what string, answer func(context.Context) (bool, error)) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), crashPatience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		yes, err := answer(ctx)
		if yes && err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatalf("%s did not come about: %v; the server said %s", what, err, w.server.stderr)
		}
	}
}

func (w *crashWorld) post(path, kind string, body io.Reader) string {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.server.url+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.AddCookie(&http.Cookie{Name: "utile", Value: w.token})
	answer, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	said, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close() // read to its end
	if err != nil || answer.StatusCode != http.StatusSeeOther {
		w.t.Fatalf("POST %s answers %s, %v: %.400s", path, answer.Status, err, said)
	}
	return answer.Header.Get("Location")
}

// ask asks for the k-th step of an import's life, the way a browser does.
func (w *crashWorld) ask(k int, id domain.ImportID, name string, content []byte) domain.ImportID {
	w.t.Helper()
	path := fmt.Sprintf("/w/acme/imports/%d/", id)
	switch k {
	case 0:
		var b bytes.Buffer
		form := multipart.NewWriter(&b)
		part, err := form.CreateFormFile("files", name)
		if err == nil {
			_, err = part.Write(content)
		}
		if err == nil {
			err = form.Close()
		}
		if err != nil {
			w.t.Fatal(err)
		}
		to := w.post("/w/acme/imports", form.FormDataContentType(), &b)
		n, err := strconv.ParseInt(to[strings.LastIndexByte(to, '/')+1:], 10, 64)
		if err != nil {
			w.t.Fatal(err)
		}
		return domain.ImportID(n)
	case 1:
		w.post(path+"apply", "application/x-www-form-urlencoded", nil)
	default:
		w.post(path+"undo", "application/x-www-form-urlencoded", nil)
	}
	return id
}

func (w *crashWorld) importUndisturbed(name string, content []byte) {
	w.t.Helper()
	id := w.ask(0, 0, name, content)
	w.await(id, steps[0].want)
	w.ask(1, id, "", nil)
	w.await(id, steps[1].want)
}

// await waits until an import is in a state, and what is computed after it is done too.
func (w *crashWorld) await(id domain.ImportID, want domain.ImportState) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.dsn())
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(w.t.Context())) }() // it only read
	w.until("import "+string(want), func(ctx context.Context) (bool, error) {
		var state domain.ImportState
		var due bool
		err := conn.QueryRow(ctx, `select state, exists (select from suggestion_due) from import where workspace_id = $1 and id = $2`,
			w.by.Workspace, id).Scan(&state, &due)
		if err == nil && state != want && !state.Working() {
			w.t.Fatalf("the import is %s instead of %s", state, want)
		}
		return state == want && !due, err
	})
}

func (w *crashWorld) look(id domain.ImportID) (s seen) {
	w.t.Helper()
	w.connected(func(ctx context.Context, c *pgx.Conn) error {
		var text string
		if err := c.QueryRow(ctx, look, w.by.Workspace, id).Scan(&text); err != nil {
			return err
		}
		return json.Unmarshal([]byte(text), &s)
	})
	if s.Strays != 0 {
		w.t.Errorf("%d counters or rows do not agree with the fields", s.Strays)
	}
	return s
}

// crash kills the server or its PostgreSQL a while after an import was asked to go on, and brings both back. It tells
// whether the import was still at work.
func (w *crashWorld) crash(id domain.ImportID, after time.Duration, postgres bool, what string) (amid bool) {
	w.t.Helper()
	victim, pid := "the server", w.server.cmd.Process.Pid
	if postgres {
		victim, pid = "PostgreSQL", w.postmaster()
	}
	select {
	case <-time.After(after): // the moment is the point of the test
	case <-w.t.Context().Done():
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		w.t.Fatal(err)
	}
	if postgres {
		w.until("PostgreSQL again", func(context.Context) (bool, error) { return w.postmaster() != pid, nil })
		w.until("a ready server", w.ready)
	} else {
		_ = w.server.cmd.Wait() // killed, as it should be
		w.server = w.in.start(1)
	}
	// Work is taken for dead when it has said nothing for a minute, which is not waited for.
	var state string
	w.connected(func(ctx context.Context, c *pgx.Conn) error {
		if err := c.QueryRow(ctx, `select state from import where workspace_id = $1 and id = $2`, w.by.Workspace, id).Scan(&state); err != nil {
			return err
		}
		_, err := c.Exec(ctx, `update import set updated_at = now() - interval '1 hour' where workspace_id = $1 and id = $2`, w.by.Workspace, id)
		return err
	})
	w.store(func(st *store.Store) error {
		if err := st.Requeue(w.t.Context()); err != nil {
			return err
		}
		return st.RequeueSuggestions(w.t.Context())
	})
	w.t.Logf("%s: %s killed after %d ms; %s", what, victim, after.Milliseconds(), state)
	return domain.ImportState(state).Working()
}

func (w *crashWorld) ready(ctx context.Context) (bool, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.server.url+"/readyz", nil)
	if err != nil {
		return false, err
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return false, err
	}
	_ = answer.Body.Close() // its status says all
	return answer.StatusCode == http.StatusOK, nil
}

// postmaster is the number of the PostgreSQL of this installation; zero while there is none.
func (w *crashWorld) postmaster() int {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(w.dir, "pg*", "postmaster.pid"))
	if err != nil || len(files) != 1 {
		return 0
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return 0
	}
	return pid
}

// crashTable is an inventory as CSV. A later version of it has new fields, others that are gone, renamed and changed.
func crashTable(fields, version int) []byte {
	var b bytes.Buffer
	b.WriteString("system,table,column,data_type,is_primary_key,comment\n")
	for n := range fields {
		kind, name := "varchar(20)", fmt.Sprintf("%s_%02d", []string{"email", "birth_date", "amount", "city", "status"}[n%5], n%40)
		switch {
		case version == 1 && n%10 == 3:
			continue // gone
		case version == 1 && n%10 == 4:
			kind = "text"
		case version == 1 && n%100 == 11:
			name = strings.ToUpper(strings.ReplaceAll(name, "_", "-")) // says the same
		}
		fmt.Fprintf(&b, "Warehouse,table_%04d,%s,%s,%t,column %d\n", n/40, name, kind, n%40 == 0, n%40)
		if version == 1 && n%2 == 0 {
			fmt.Fprintf(&b, "Warehouse,added_%04d,%s,%s,false,\n", n/40, name, kind)
		}
	}
	return b.Bytes()
}

// crashLineage is a chain of datasets as events of OpenLineage, with a flow from each to the next.
func crashLineage(fields int) []byte {
	type object = map[string]any
	dataset := func(n int) object {
		var list []object
		for k := range 20 {
			list = append(list, object{"name": fmt.Sprintf("customer_%02d", k), "type": "string"})
		}
		return object{"namespace": "lake", "name": fmt.Sprintf("step_%04d", n), "facets": object{"schema": object{"fields": list}}}
	}
	events := []object{}
	for n := range max(fields/20, 2) {
		events = append(events, object{"eventType": "COMPLETE", "eventTime": "2026-01-01T00:00:00Z", "job": object{"namespace": "etl", "name": fmt.Sprint("job", n)},
			"inputs": []object{dataset(n)}, "outputs": []object{dataset(n + 1)}})
	}
	b, _ := json.Marshal(events) // maps, lists and texts alone
	return b
}
