package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

const (
	importColumns = 50  // fields of each dataset of the inventory
	importTables  = 100 // datasets of each of its applications
	// importClients is how many people read lists while an import runs.
	importClients = 4
	// importPatience bounds one step of an import, which takes minutes for a million fields.
	importPatience = 20 * time.Minute
)

// inventory is a CSV file of so many fields. Files of different systems have no field in common.
type inventory struct {
	system string
	rows   int
}

func (f inventory) application(n int) string {
	return fmt.Sprintf("%s%03d", f.system, n/importColumns/importTables)
}
func (f inventory) dataset(n int) string { return fmt.Sprintf("table_%05d", n/importColumns) }
func (f inventory) field(n int) string {
	return words[(n*7+n/importColumns)%len(words)] + fmt.Sprintf("_%02d", n%importColumns)
}
func (f inventory) dataType(n int) string {
	return fmt.Sprintf("varchar(%d)", 10+n%importColumns)
}
func (f inventory) isKey(n int) bool     { return n%importColumns == 0 }
func (f inventory) comment(n int) string { return fmt.Sprintf("what column %d holds", n%importColumns) }

func (f inventory) csv() []byte {
	var b bytes.Buffer
	b.WriteString("system,table,column,data_type,is_primary_key,comment\n")
	for n := range f.rows {
		fmt.Fprintf(&b, "%s,%s,%s,%s,%t,%s\n", f.application(n), f.dataset(n), f.field(n), f.dataType(n), f.isKey(n), f.comment(n))
	}
	return b.Bytes()
}

// importing is what the import workload measures with: a workspace that files are imported into and one that the same
// rows are copied into.
type importing struct {
	*bench
	client      *http.Client
	into, floor domain.Actor
}

// measureImport sends an inventory to the server as a person does, against a bare copy of the same rows, sends it once
// more, against reading and joining it, and reads lists beside.
func measureImport(ctx context.Context, b *bench) error {
	if b.profile != "" {
		return nil // the program under measurement does no work in the background
	}
	m := importing{bench: b, client: &http.Client{CheckRedirect: newClient().CheckRedirect}}
	var err error
	if m.into, err = m.workspace(ctx, "import"); err != nil {
		return err
	}
	if m.floor, err = m.workspace(ctx, "floor"); err != nil {
		return err
	}
	if err := b.app.processes().forgetHighest(); err != nil {
		return err
	}
	began := time.Now()
	if err := m.speed(ctx); err != nil {
		return err
	}
	if err := m.settled(ctx); err != nil {
		return err
	}
	b.report.note("imports above with all their suggestions made", "%.1f s", time.Since(began).Seconds())
	_, highest, err := b.app.processes().memory()
	if err != nil {
		return err
	}
	b.report.atMost(fmt.Sprintf("memory of the server, imports of %d fields and their suggestions", b.fields), float64(highest)/(1<<20), "MiB", 300)
	return m.beside(ctx)
}

func (m importing) workspace(ctx context.Context, slug string) (domain.Actor, error) {
	by := m.db.by
	w, err := m.db.store.AddWorkspace(ctx, by, domain.Workspace{Slug: slug, Name: slug, Locale: "en", Thresholds: domain.DefaultThresholds()})
	if err != nil {
		return by, err
	}
	by.Workspace, by.Slug = w.ID, w.Slug
	return by, m.db.suggested(ctx, by)
}

// speed compares whole imports with their floors, in turn. A million fields are imported once.
func (m importing) speed(ctx context.Context) error {
	var first, suggested, copied, again, compared []time.Duration
	rounds := 3
	if m.fields > 200_000 {
		rounds = 1
	}
	for round := range rounds {
		file := inventory{fmt.Sprintf("system%d_", round), m.fields}
		content := file.csv()
		for _, step := range []struct {
			do   func(context.Context, inventory, []byte) error
			took *[]time.Duration
		}{{m.copyBare, &copied}, {m.importNew, &first}, {m.compareBare, &compared}, {m.importSame, &again}} {
			if err := m.settled(ctx); err != nil { // suggestions of an earlier step are no part of this one
				return err
			}
			began := time.Now()
			if err := step.do(ctx, file, content); err != nil {
				return err
			}
			*step.took = append(*step.took, time.Since(began))
			if step.took == &first {
				began = time.Now()
				if err := m.settled(ctx); err != nil {
					return err
				}
				suggested = append(suggested, time.Since(began))
			}
		}
	}
	ratio := func(a, b []time.Duration) float64 {
		var list []float64
		for i := range a {
			list = append(list, a[i].Seconds()/b[i].Seconds())
		}
		return median(list)
	}
	whole, same := ratio(first, copied), ratio(again, compared)
	m.report.note(fmt.Sprintf("import %d fields: sent, read, compared, applied / bare COPY", m.fields), "%.1f / %.1f s, %.1f ×", median(first).Seconds(), median(copied).Seconds(), whole)
	m.report.note(fmt.Sprintf("suggestions of %d fields, made once they are imported", m.fields), "%.1f s", median(suggested).Seconds())
	m.report.note(fmt.Sprintf("the same %d fields again / read and joined", m.fields), "%.1f / %.1f s, %.1f ×", median(again).Seconds(), median(compared).Seconds(), same)
	m.report.atMost(fmt.Sprintf("import of %d fields against a bare COPY", m.fields), whole, "×", 3)
	m.report.atMost(fmt.Sprintf("import of the same %d fields again against reading and joining", m.fields), same, "×", 5)
	return nil
}

func (m importing) importNew(ctx context.Context, file inventory, content []byte) error {
	return m.imported(ctx, content, fmt.Sprintf(`"new": %d`, file.rows))
}

func (m importing) importSame(ctx context.Context, file inventory, content []byte) error {
	return m.imported(ctx, content, fmt.Sprintf(`"unchanged": %d`, file.rows))
}

// imported sends a file, has it applied, and makes sure that the import counted what it should.
func (m importing) imported(ctx context.Context, content []byte, counted string) error {
	id, err := m.send(ctx, content)
	if err != nil {
		return err
	}
	counts, err := m.await(ctx, id, domain.ImportPreviewed)
	if err != nil {
		return err
	}
	if !strings.Contains(counts, counted) {
		return fmt.Errorf("the import counted %s, not %s", counts, counted)
	}
	if _, err := m.post(ctx, fmt.Sprintf("/w/import/imports/%d/apply", id), "application/x-www-form-urlencoded", nil); err != nil {
		return err
	}
	_, err = m.await(ctx, id, domain.ImportApplied)
	return err
}

// send uploads a file as the form does, and returns the number of its import.
func (m importing) send(ctx context.Context, content []byte) (int64, error) {
	head, tail := &bytes.Buffer{}, &bytes.Buffer{}
	form := multipart.NewWriter(head)
	if _, err := form.CreateFormFile("files", "inventory.csv"); err != nil {
		return 0, err
	}
	fmt.Fprintf(tail, "\r\n--%s--\r\n", form.Boundary())
	to, err := m.post(ctx, "/w/import/imports", form.FormDataContentType(), io.MultiReader(head, bytes.NewReader(content), tail))
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(to[strings.LastIndexByte(to, '/')+1:], 10, 64)
}

// post sends a form and returns where its answer leads.
func (m importing) post(ctx context.Context, path, kind string, body io.Reader) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.app.base+path, body)
	if err != nil {
		return "", err
	}
	r.Header.Set("Cookie", m.db.cookie)
	r.Header.Set("Content-Type", kind)
	answer, err := m.client.Do(r)
	if err != nil {
		return "", err
	}
	_ = answer.Body.Close() // where it leads is in its head
	if answer.StatusCode != http.StatusSeeOther {
		return "", fmt.Errorf("POST %s answered %s", path, answer.Status)
	}
	return answer.Header.Get("Location"), nil
}

// await waits until an import is in a state, and returns its counts.
func (m importing) await(ctx context.Context, id int64, want domain.ImportState) (counts string, err error) {
	err = m.until(ctx, func() (bool, error) {
		var state, problem string
		err := m.db.owner.QueryRow(ctx, `select state, counts::text, coalesce(problem::text, '') from import where workspace_id = $1 and id = $2`,
			int64(m.into.Workspace), id).Scan(&state, &counts, &problem)
		if err == nil && domain.ImportState(state) == domain.ImportFailed {
			err = fmt.Errorf("the import failed: %s", problem)
		}
		return domain.ImportState(state) == want, err
	})
	return counts, err
}

// settled waits until no suggestion is due and no job is left.
func (m importing) settled(ctx context.Context) error {
	return m.until(ctx, func() (done bool, err error) {
		err = m.db.owner.QueryRow(ctx, `select not exists (select from suggestion_due)
			and not exists (select from river.river_job where state in ('available', 'pending', 'retryable', 'running', 'scheduled'))`).Scan(&done)
		return done, err
	})
}

func (m importing) until(ctx context.Context, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, importPatience)
	defer cancel()
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}

// copyBare is the floor of an import: COPY of the same fields by the owner of the table, into datasets that are there, with
// the table's own indexes, keys and triggers.
func (m importing) copyBare(ctx context.Context, file inventory, _ []byte) error {
	rows, err := m.db.owner.Query(ctx, `
		with a as (
			insert into application (workspace_id, name) select $1, $2 || n from generate_series(0, $3::integer - 1) n returning id
		), d as (
			insert into dataset (workspace_id, application_id, name)
			select $1, a.id, 'table_' || n from a, generate_series(0, $4::integer - 1) n returning id, application_id
		)
		select id, application_id from d order by id`, int64(m.floor.Workspace), file.system,
		(file.rows+importColumns*importTables-1)/(importColumns*importTables), importTables)
	if err != nil {
		return err
	}
	type place struct{ Dataset, Application int64 }
	places, err := pgx.CollectRows(rows, pgx.RowToStructByPos[place])
	if err != nil {
		return err
	}
	n, err := m.db.owner.CopyFrom(ctx, pgx.Identifier{"field"},
		[]string{"workspace_id", "dataset_id", "application_id", "name", "data_type", "is_key", "comment", "flags", "position"},
		pgx.CopyFromSlice(file.rows, func(n int) ([]any, error) {
			at := places[n/importColumns]
			return []any{int64(m.floor.Workspace), at.Dataset, at.Application, file.field(n), file.dataType(n), file.isKey(n), file.comment(n), 8192, n}, nil
		}))
	if err == nil && n != int64(file.rows) {
		err = fmt.Errorf("%d of %d rows were copied", n, file.rows)
	}
	return err
}

// compareBare is the floor of an import that changes nothing: the file is read, copied into a bare table, and joined once
// with what the register says.
func (m importing) compareBare(ctx context.Context, file inventory, content []byte) (err error) {
	tx, err := m.db.owner.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tx.Rollback(context.WithoutCancel(ctx))) }()
	if _, err := tx.Exec(ctx, `create temporary table seen (application text, dataset text, name text, data_type text, is_key boolean, comment text) on commit drop`); err != nil {
		return err
	}
	table := csv.NewReader(bytes.NewReader(content))
	table.ReuseRecord = true
	if _, err := table.Read(); err != nil {
		return err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"seen"}, []string{"application", "dataset", "name", "data_type", "is_key", "comment"},
		pgx.CopyFromFunc(func() ([]any, error) {
			r, err := table.Read()
			if errors.Is(err, io.EOF) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			return []any{r[0], r[1], r[2], r[3], r[4] == "true", r[5]}, nil
		}))
	if err != nil {
		return err
	}
	var same int
	err = tx.QueryRow(ctx, `select count(*) from seen s
		join application a on a.workspace_id = $1 and a.name = s.application
		join dataset d on d.workspace_id = $1 and d.application_id = a.id and d.name = s.dataset
		join field f on f.workspace_id = $1 and f.dataset_id = d.id and f.name = s.name
		where (f.data_type, f.is_key, f.comment) = (s.data_type, s.is_key, s.comment)`, int64(m.into.Workspace)).Scan(&same)
	if err == nil && same != file.rows {
		err = fmt.Errorf("%d of %d rows are the same", same, file.rows)
	}
	return err
}

// beside reads lists of another workspace alone, and then while an inventory of 100,000 fields is imported.
func (m importing) beside(ctx context.Context) error {
	if err := m.settled(ctx); err != nil {
		return err
	}
	var paths []string
	for _, q := range m.listQueries() {
		paths = append(paths, "/w/bench/fields?"+q)
	}
	lists := m.side(m.app, m.db.cookie, paths)
	if _, err := m.drive(ctx, importClients, lists, m.window); err != nil { // caches fill
		return err
	}
	alone, err := m.drive(ctx, importClients, lists, time.Duration(m.rounds)*m.window)
	if err != nil {
		return err
	}
	file := inventory{"beside_", min(m.fields, 100_000)}
	content, done := file.csv(), make(chan error, 1)
	go func() { done <- m.importNew(ctx, file, content) }()
	var busy window
	for imported := false; !imported; {
		w, err := m.drive(ctx, importClients, lists, 200*time.Millisecond)
		if err != nil {
			return errors.Join(err, <-done)
		}
		busy.latencies = append(busy.latencies, w.latencies...)
		select {
		case err := <-done:
			if err != nil {
				return err
			}
			imported = true
		default:
		}
	}
	slices.Sort(busy.latencies)
	ratio := busy.at(0.95).Seconds() / alone.at(0.95).Seconds()
	m.report.note(fmt.Sprintf("list p95 while %d fields are imported / alone, %d clients", file.rows, importClients), "%.1f / %.1f ms, %.2f × (p50 %.1f / %.1f ms)",
		ms(busy.at(0.95)), ms(alone.at(0.95)), ratio, ms(busy.at(0.5)), ms(alone.at(0.5)))
	m.report.atMost("list p95 while an import runs against alone", ratio, "×", 1.5)
	return nil
}

// forgetHighest makes the highest resident size so far the one of now: "5" in clear_refs, see proc(5).
func (p processes) forgetHighest() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.root), []byte("5"), 0)
}
