package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// floor answers the questions of the server's pages with nothing around them: a pool of the tables' owner, whom row-level
// security does not bind, one round trip a page, exact totals by counting, small pages.
type floor struct {
	pool      *pgxpool.Pool
	workspace int64
}

func newFloor(ctx context.Context, dsn string, workspace int64) (http.Handler, error) {
	pool, err := floorPool(ctx, dsn)
	if err != nil {
		return nil, err
	}
	f := floor{pool: pool, workspace: workspace}
	r := chi.NewRouter()
	r.Get("/readyz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	r.Get("/fields", f.list)
	r.Get("/fields/{field}", f.field)
	r.Get("/matrix", f.matrix)
	r.Get("/", f.home)
	if err := f.liveRoutes(ctx, r); err != nil {
		return nil, err
	}
	return r, nil
}

func floorPool(ctx context.Context, dsn string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.MaxConns, config.MinConns = 16, 2
	return pgxpool.NewWithConfig(ctx, config)
}

type floorLine struct {
	ID          int64    `db:"id"`
	Name        string   `db:"name"`
	Label       string   `db:"label"`
	Application string   `db:"application"`
	Dataset     string   `db:"dataset"`
	Programs    []string `db:"programs"`
	Verdict     string   `db:"verdict"`
	Flags       int32    `db:"flags"`
	Grade       int16    `db:"grade"`
	Fill        *float64 `db:"fill"`
	Reads       *int64   `db:"reads"`
}

const (
	floorLineCols = `r.id, r.name, r.label, a.name as application, d.name as dataset,
		(select array_agg(p.name order by p.name) from program_link l join program p on p.workspace_id = l.workspace_id and p.id = l.program_id
			where l.workspace_id = r.workspace_id and l.field_id = r.id and l.level <> 'avoid') as programs,
		r.verdict, r.flags, r.grade, e.non_null_count::double precision / nullif(e.row_count, 0) as fill, e.reads`
	floorLineJoins = ` join dataset d on d.workspace_id = r.workspace_id and d.id = r.dataset_id
		join application a on a.workspace_id = r.workspace_id and a.id = r.application_id
		left join field_evidence e on e.workspace_id = r.workspace_id and e.field_id = r.id`
)

// floorQuery is the question of a list as SQL: the page's rows, and their total.
type floorQuery struct {
	rows, count string
	args        []any
}

// newFloorQuery understands the filters that the workloads ask for.
func newFloorQuery(workspace int64, get func(string) string) floorQuery {
	q := floorQuery{args: []any{workspace}}
	where := "r.workspace_id = $1 and r.state = 'active'"
	add := func(key, condition string, value any) {
		if get(key) != "" {
			q.args = append(q.args, value)
			where += " and " + fmt.Sprintf(condition, "$"+strconv.Itoa(len(q.args)))
		}
	}
	add("verdict", "r.verdict = any(%s)", strings.Split(get("verdict"), ","))
	add("gdpr_class", "r.gdpr_class = any(%s)", strings.Split(get("gdpr_class"), ","))
	application, _ := strconv.ParseInt(get("application"), 10, 64) // the workloads send numbers
	add("application", "r.application_id = %s", application)
	program, _ := strconv.ParseInt(get("program"), 10, 64)
	add("program", `exists(select from program_link x where x.workspace_id = r.workspace_id and x.field_id = r.id and x.program_id = %s)`, program)
	q.rows = "select " + floorLineCols + " from field r" + floorLineJoins + " where " + where + " order by r.name, r.id limit 50"
	q.count = "select count(*) from field r where " + where
	if text := get("q"); text != "" {
		// One scan finds the hits; counting them and taking the first fifty is then cheap.
		q.args = append(q.args, "%"+text+"%")
		hits := "with hits as materialized (select id, name from field r where " + where + " and r.search like $" + strconv.Itoa(len(q.args)) + ") "
		q.rows = hits + "select " + floorLineCols + ", (select count(*) from hits) as total from (select id from hits order by name, id limit 50) h join field r on r.workspace_id = $1 and r.id = h.id" +
			floorLineJoins + " order by r.name, r.id"
		q.count = ""
	}
	return q
}

// run answers the question in one round trip.
func (q floorQuery) run(ctx context.Context, pool *pgxpool.Pool) (lines []floorLine, total int64, err error) {
	if q.count == "" {
		type hit struct {
			floorLine
			Total int64 `db:"total"`
		}
		rows, err := pool.Query(ctx, q.rows, q.args...)
		if err != nil {
			return nil, 0, err
		}
		hits, err := pgx.CollectRows(rows, pgx.RowToStructByName[hit])
		for _, h := range hits {
			lines, total = append(lines, h.floorLine), h.Total
		}
		return lines, total, err
	}
	var batch pgx.Batch
	batch.Queue(q.rows, q.args...).Query(func(rows pgx.Rows) error {
		lines, err = pgx.CollectRows(rows, pgx.RowToStructByName[floorLine])
		return err
	})
	batch.Queue(q.count, q.args...).QueryRow(func(row pgx.Row) error { return row.Scan(&total) })
	return lines, total, pool.SendBatch(ctx, &batch).Close()
}

func (f floor) list(w http.ResponseWriter, r *http.Request) {
	lines, total, err := newFloorQuery(f.workspace, r.URL.Query().Get).run(r.Context(), f.pool)
	answer(w, r, err, floorList(lines, total))
}

type floorRecord struct {
	Name        string `db:"name"`
	Label       string `db:"label"`
	Description string `db:"description"`
	Application string `db:"application"`
	Dataset     string `db:"dataset"`
	Category    string `db:"category"`
	Verdict     string `db:"verdict"`
	Grade       int16  `db:"grade"`
}

type floorTie struct {
	Name string `db:"name"`
	How  string `db:"how"`
}

func (f floor) field(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(chi.URLParam(r, "field"), 10, 64) // zero finds nothing
	var batch pgx.Batch
	var record floorRecord
	var programs, purposes []floorTie
	batch.Queue(`select r.name, r.label, r.description, a.name as application, d.name as dataset, coalesce(c.label_en, '') as category, r.verdict, r.grade
		from field r`+floorLineJoins+` left join data_category c on c.workspace_id = r.workspace_id and c.id = r.category_id
		where r.workspace_id = $1 and r.id = $2`, f.workspace, id).Query(func(rows pgx.Rows) (err error) {
		record, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[floorRecord])
		return err
	})
	batch.Queue(`select p.name, l.level as how from program_link l join program p on p.workspace_id = l.workspace_id and p.id = l.program_id
		where l.workspace_id = $1 and l.field_id = $2 order by p.name`, f.workspace, id).Query(ties(&programs))
	batch.Queue(`select p.name, m.state as how from purpose_mapping m join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id
		where m.workspace_id = $1 and m.field_id = $2 order by p.name`, f.workspace, id).Query(ties(&purposes))
	err := f.pool.SendBatch(r.Context(), &batch).Close()
	answer(w, r, err, floorField(record, programs, purposes))
}

func ties(into *[]floorTie) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, pgx.RowToStructByName[floorTie])
		return err
	}
}

type floorMargin struct {
	ID     int64  `db:"id"`
	Name   string `db:"name"`
	Fields int64  `db:"fields"`
}

type floorMatrixRow struct {
	ID          int64    `db:"id"`
	Name        string   `db:"name"`
	Application string   `db:"application"`
	Dataset     string   `db:"dataset"`
	Programs    []int64  `db:"programs"`
	Levels      []string `db:"levels"`
}

// matrix shows the first fifty fields by application and dataset against all programs.
func (f floor) matrix(w http.ResponseWriter, r *http.Request) {
	where, args := "r.workspace_id = $1 and r.state = 'active'", []any{f.workspace}
	if application, _ := strconv.ParseInt(r.URL.Query().Get("application"), 10, 64); application > 0 {
		where, args = where+" and r.application_id = $2", append(args, application)
	}
	var batch pgx.Batch
	var rows []floorMatrixRow
	var margins []floorMargin
	var total int64
	batch.Queue(`select r.id, r.name, r.application, r.dataset, l.programs, l.levels
		from (select r.workspace_id, r.id, r.name, a.name as application, d.name as dataset from field r
			join dataset d on d.workspace_id = r.workspace_id and d.id = r.dataset_id
			join application a on a.workspace_id = r.workspace_id and a.id = r.application_id
			where `+where+` order by a.name, d.name, r.position, r.id limit 50) r
		left join lateral (select array_agg(l.program_id) as programs, array_agg(l.level) as levels from program_link l
			where l.workspace_id = r.workspace_id and l.field_id = r.id) l on true`, args...).Query(func(q pgx.Rows) (err error) {
		rows, err = pgx.CollectRows(q, pgx.RowToStructByName[floorMatrixRow])
		return err
	})
	batch.Queue(`select p.id, p.name, count(l.field_id) as fields from program p
		left join program_link l on l.workspace_id = p.workspace_id and l.program_id = p.id
		where p.workspace_id = $1 group by p.id, p.name order by p.name`, f.workspace).Query(func(q pgx.Rows) (err error) {
		margins, err = pgx.CollectRows(q, pgx.RowToStructByName[floorMargin])
		return err
	})
	batch.Queue(`select count(*) from field r where `+where, args...).QueryRow(func(row pgx.Row) error { return row.Scan(&total) })
	err := f.pool.SendBatch(r.Context(), &batch).Close()
	answer(w, r, err, floorMatrix(rows, margins, total))
}

// level is what a program needs of a field; empty for no link.
func (r floorMatrixRow) level(program int64) string {
	for i, id := range r.Programs {
		if id == program {
			return r.Levels[i]
		}
	}
	return ""
}

type floorCount struct {
	Application string `db:"application"`
	Verdict     string `db:"verdict"`
	N           int64  `db:"n"`
}

func (f floor) home(w http.ResponseWriter, r *http.Request) {
	var batch pgx.Batch
	var counts []floorCount
	var events []floorTie
	batch.Queue(`select a.name as application, t.verdict, sum(t.n)::bigint as n from field_tally t
		join application a on a.workspace_id = t.workspace_id and a.id = t.application_id
		where t.workspace_id = $1 and t.state = 'active' group by 1, 2 order by 1, 2`, f.workspace).Query(func(rows pgx.Rows) (err error) {
		counts, err = pgx.CollectRows(rows, pgx.RowToStructByName[floorCount])
		return err
	})
	batch.Queue(`select subject_name as name, verb as how from event where workspace_id = $1 order by id desc limit 10`, f.workspace).Query(ties(&events))
	err := f.pool.SendBatch(r.Context(), &batch).Close()
	answer(w, r, err, floorHome(counts, events))
}

func answer(w http.ResponseWriter, r *http.Request, err error, page templ.Component) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Render(r.Context(), w) // the other end is gone where this fails
}
