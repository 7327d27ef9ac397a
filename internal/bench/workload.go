package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
	"utile/internal/store"
)

// workload is one thing that is measured.
type workload struct {
	name string
	run  func(ctx context.Context, b *bench) error
}

var workloads = []workload{
	{"list", measureList}, {"counted", measureCounted}, {"search", measureSearch}, {"field", measureField}, {"matrix", measureMatrix}, {"home", measureHome}, {"plan", measurePlan},
	{"gzip", measureCompressed}, {"sql", measureSQL}, {"link", measureLink}, {"judge", measureJudge}, {"asof", measureAsOf}, {"start", measureStart}, {"import", measureImport}, {"review", measureReview}, {"workshop", measureWorkshop}, {"crowd", measureCrowd},
}

// clients are the numbers of clients at once with which pages are asked for.
var clients = []int{1, 16}

// pages compares pages of the server and of the floor, both asked in turn for each of the questions.
func (b *bench) pages(ctx context.Context, name string, app, floor []string, headers ...string) (map[int]comparison, error) {
	out := map[int]comparison{}
	for _, c := range clients {
		compared, err := b.compare(ctx, c, b.side(b.app, b.db.cookie, app, headers...), b.side(b.floor, "", floor, headers...))
		if err != nil {
			return nil, err
		}
		out[c] = compared
		b.report.loads = append(b.report.loads, loadRow{name, c, compared})
	}
	return out, nil
}

func (b *bench) side(p *program, cookie string, paths []string, headers ...string) side {
	return side{processes: p.processes(), do: func(ctx context.Context, n int) error {
		_, err := p.get(ctx, paths[n%len(paths)], cookie, headers...)
		return err
	}}
}

// agree makes sure that both answer the same question: with as many rows.
func (b *bench) agree(ctx context.Context, app, floor []string) error {
	for i := range app {
		ours, err := b.app.get(ctx, app[i], b.db.cookie)
		if err != nil {
			return err
		}
		theirs, err := b.floor.get(ctx, floor[i], "")
		if err != nil {
			return err
		}
		if n, m := bytes.Count(ours, []byte("<tr")), bytes.Count(theirs, []byte("<tr")); n != m || n < 2 {
			return fmt.Errorf("%s has %d rows, the floor has %d", app[i], n, m)
		}
	}
	return nil
}

// lists compares the list of fields for some queries.
func (b *bench) lists(ctx context.Context, name string, queries []string, headers ...string) (map[int]comparison, error) {
	var app, floor []string
	for _, q := range queries {
		app, floor = append(app, "/w/bench/fields?"+q), append(floor, "/fields?"+q)
	}
	if err := b.agree(ctx, app, floor); err != nil {
		return nil, err
	}
	return b.pages(ctx, name, app, floor, headers...)
}

// listQueries are lists whose totals the stored counters know.
func (b *bench) listQueries() []string {
	application := func(n int64) string { return fmt.Sprint(b.db.firstApplication + n) }
	return []string{"verdict=delete", "verdict=dormant,delete", "gdpr_class=personal", "verdict=delete&application=" + application(3),
		"application=" + application(41), "verdict=keep", "gdpr_class=personal&verdict=regularise,delete", "verdict=delete&application=" + application(77)}
}

func measureList(ctx context.Context, b *bench) error {
	out, err := b.lists(ctx, "list of fields: filter, order, 50 rows, total", b.listQueries())
	if err != nil {
		return err
	}
	b.report.atMost("list p50, 1 client", out[1].p50, "×", 1.5)
	b.report.atLeast("list requests a second, 16 clients", out[16].rate, "×", 0.6)
	b.report.atMost("list CPU a request, 1 client", out[1].cpu, "×", 1.7)
	return nil
}

// measureCounted asks for lists whose total and facets no counter knows.
func measureCounted(ctx context.Context, b *bench) error {
	program := func(n int64) string { return fmt.Sprint(b.db.firstProgram + n) }
	_, err := b.lists(ctx, "list by program: total and facets counted", []string{"program=" + program(2), "program=" + program(9) + "&verdict=delete", "program=" + program(17)})
	return err
}

var fragments = []string{"email", "birth", "loyal", "postc", "consent_s", "iban", "amount", "wish", "household", "points"}

func measureSearch(ctx context.Context, b *bench) error {
	var queries []string
	for _, f := range fragments {
		queries = append(queries, "q="+f)
	}
	out, err := b.lists(ctx, "search by fragment: 50 rows, total", queries)
	if err != nil {
		return err
	}
	b.report.atMost("search p95, 1 client", out[1].p95, "×", 1.6)
	b.report.atLeast("search requests a second, 16 clients", out[16].rate, "×", 0.6)
	b.report.atMost("search CPU a request, 1 client", out[1].cpu, "×", 1.7)
	return nil
}

func measureField(ctx context.Context, b *bench) error {
	var app, floor []string
	for i := range 500 {
		id := b.db.firstField + int64(i)*7919%int64(b.db.fields)
		app, floor = append(app, fmt.Sprintf("/w/bench/fields/%d", id)), append(floor, fmt.Sprintf("/fields/%d", id))
	}
	if _, err := b.app.get(ctx, app[0], b.db.cookie); err != nil {
		return err
	}
	out, err := b.pages(ctx, "page of a field", app, floor)
	if err != nil {
		return err
	}
	b.report.atMost("field page p50, 1 client", out[1].p50, "×", 3)
	b.report.atLeast("field page requests a second, 16 clients", out[16].rate, "×", 0.35)
	b.report.atMost("field page CPU a request, 1 client", out[1].cpu, "×", 3)
	return nil
}

// measureMatrix asks for the matrix of fields and programs, whole and narrowed, with the margins that it counts.
func measureMatrix(ctx context.Context, b *bench) error {
	application := fmt.Sprintf("?application=%d", b.db.firstApplication+3)
	_, err := b.pages(ctx, "matrix of fields and programs", []string{"/w/bench/matrix", "/w/bench/matrix" + application}, []string{"/matrix", "/matrix" + application})
	return err
}

func measureHome(ctx context.Context, b *bench) error {
	_, err := b.pages(ctx, "front page", []string{"/w/bench"}, []string{"/"})
	return err
}

// measureCompressed shows what compression costs: the server compresses where a browser asks for it, the floor never does.
func measureCompressed(ctx context.Context, b *bench) error {
	_, err := b.lists(ctx, "list of fields, compressed by the server only", b.listQueries(), "Accept-Encoding", "gzip")
	return err
}

// measureSQL compares the whole page with nothing but its SQL, asked by this program over the owner's pool.
func measureSQL(ctx context.Context, b *bench) error {
	var paths []string
	var questions []floorQuery
	for _, q := range b.listQueries() {
		values, err := url.ParseQuery(q)
		if err != nil {
			return err
		}
		paths, questions = append(paths, "/w/bench/fields?"+q), append(questions, newFloorQuery(int64(b.db.by.Workspace), values.Get))
	}
	bare := side{do: func(ctx context.Context, n int) error {
		_, _, err := questions[n%len(questions)].run(ctx, b.db.owner)
		return err
	}}
	compared, err := b.compare(ctx, 1, b.side(b.app, b.db.cookie, paths), bare)
	if err != nil {
		return err
	}
	b.report.loads = append(b.report.loads, loadRow{"list of fields against its SQL alone", 1, compared})
	b.report.atMost(fmt.Sprintf("list page out of %d against its SQL", b.fields), compared.p50, "×", 2)
	return nil
}

// measureLink ties 5,000 fields to a program: planned, locked, written, told in the history, judged; against one insert.
func measureLink(ctx context.Context, b *bench) error {
	const many = 5_000
	var whole, bare []time.Duration
	for round := range b.rounds {
		ids := make([]int64, many)
		for i := range ids {
			ids[i] = b.db.firstField + int64(i)*11%int64(b.db.fields)
		}
		var program [2]int64
		for i := range program {
			if err := b.db.owner.QueryRow(ctx, `insert into program (workspace_id, code, name, status) values ($1, $2, $2, 'live') returning id`,
				int64(b.db.by.Workspace), fmt.Sprintf("bulk %d %d", round, i)).Scan(&program[i]); err != nil {
				return err
			}
		}
		began := time.Now()
		if _, err := b.db.owner.Exec(ctx, `insert into program_link (workspace_id, field_id, program_id, level) select $1, id, $2, 'essential' from unnest($3::bigint[]) id`,
			int64(b.db.by.Workspace), program[0], ids); err != nil {
			return err
		}
		bare = append(bare, time.Since(began))
		began = time.Now()
		_, plan, err := b.db.store.ApplyBulk(ctx, b.db.by, domain.Bulk{Act: domain.BulkLink, Program: domain.ProgramID(program[1]), Level: domain.LinkEssential}, ids, "")
		if err != nil {
			return err
		}
		if plan.Changed != many {
			return fmt.Errorf("%d of %d fields were linked", plan.Changed, many)
		}
		whole = append(whole, time.Since(began))
	}
	b.report.note("link 5,000 fields: planned, written, told, judged / bare insert", "%.0f / %.0f ms, %.1f ×",
		ms(median(whole)), ms(median(bare)), median(whole).Seconds()/median(bare).Seconds())
	return b.clean(ctx)
}

// clean gives back the room of what earlier work rewrote: the private PostgreSQL of a measurement does not do it by itself.
func (b *bench) clean(ctx context.Context) error {
	if err := b.db.store.FoldTally(ctx, b.db.by); err != nil {
		return err
	}
	for _, sql := range []string{"vacuum (analyze) field", "vacuum (analyze) field_tally", "vacuum (analyze) program_link"} {
		if _, err := b.db.owner.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// measureJudge judges every field again, against reading the very same rows by the owner without judging.
func measureJudge(ctx context.Context, b *bench) error {
	if err := b.db.store.JudgeAll(ctx, b.db.by); err != nil { // what earlier workloads changed is stored outside the measurement
		return err
	}
	if err := b.clean(ctx); err != nil {
		return err
	}
	var judged, read []time.Duration
	for range 3 {
		began := time.Now()
		if err := b.db.store.JudgeAll(ctx, b.db.by); err != nil {
			return err
		}
		judged = append(judged, time.Since(began))
		began = time.Now()
		if err := b.readJudged(ctx); err != nil {
			return err
		}
		read = append(read, time.Since(began))
	}
	ratio := median(judged).Seconds() / median(read).Seconds()
	b.report.note(fmt.Sprintf("judge %d fields again / read the same rows", b.fields), "%.2f / %.2f s, %.2f ×", median(judged).Seconds(), median(read).Seconds(), ratio)
	b.report.atMost(fmt.Sprintf("judging %d fields against reading them", b.fields), ratio, "×", 3)
	return nil
}

func (b *bench) readJudged(ctx context.Context) error {
	tx, err := b.db.owner.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it only read
	rows, err := tx.Query(ctx, store.JudgedSQL, pgx.StrictNamedArgs{"ws": b.db.by.Workspace})
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if n != b.db.fields {
		return errors.Join(fmt.Errorf("%d rows of %d were read", n, b.db.fields), rows.Err())
	}
	return rows.Err()
}

// linked finds what a page makes a browser fetch.
var linked = regexp.MustCompile(`/static/[^"'() ]+`)

// measureStart looks at the real program as a whole.
func measureStart(ctx context.Context, b *bench) error {
	if b.profile != "" {
		return nil // the program under measurement is not the real one
	}
	_, loaded, err := b.app.processes().memory()
	if err != nil {
		return err
	}
	_, floorLoaded, err := b.floor.processes().memory()
	if err != nil {
		return err
	}
	var starts []time.Duration
	var idle int64
	for range 7 {
		p, err := startProgram(ctx, b.app.binary, nil, serverEnv(b.dsn))
		if err != nil {
			return err
		}
		starts = append(starts, p.started)
		if idle == 0 {
			if err := pause(ctx, 2*time.Second); err != nil {
				return errors.Join(err, p.stop())
			}
			idle, _, err = p.processes().memory()
		}
		if err := errors.Join(err, p.stop()); err != nil {
			return err
		}
	}
	binary, err := os.Stat(b.app.binary)
	if err != nil {
		return err
	}
	bytesOf, files, err := b.firstVisit(ctx)
	if err != nil {
		return err
	}
	b.report.note("start to first answer, with DATABASE_URL", "%.0f ms (median of %d)", ms(median(starts)), len(starts))
	b.report.note("memory idle / highest under load (floor under load)", "%d / %d MiB (%d MiB)", idle>>20, loaded>>20, floorLoaded>>20)
	b.report.note("size of the program", "%.1f MiB", float64(binary.Size())/(1<<20))
	b.report.note("first visit of the list, compressed", "%.1f KiB in %d files", float64(bytesOf)/1024, files)
	b.report.atMost("start", median(starts).Seconds(), "s", 0.3)
	b.report.atMost("memory under load", float64(loaded)/(1<<20), "MiB", 128)
	return nil
}

// firstVisit adds up the list and every file that it makes a browser fetch, as they travel.
func (b *bench) firstVisit(ctx context.Context) (total, files int, err error) {
	waiting, seen := []string{"/w/bench/fields"}, map[string]bool{}
	for len(waiting) > 0 {
		path := waiting[0]
		waiting = waiting[1:]
		plain, err := b.app.get(ctx, path, b.db.cookie)
		if err != nil {
			return 0, 0, err
		}
		compressed, err := b.app.get(ctx, path, b.db.cookie, "Accept-Encoding", "gzip")
		if err != nil {
			return 0, 0, err
		}
		total, files = total+len(compressed), files+1
		for _, found := range linked.FindAllString(string(plain), -1) {
			if !seen[found] {
				seen[found] = true
				waiting = append(waiting, found)
			}
		}
	}
	return total, files, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
