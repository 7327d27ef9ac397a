package store

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// MatrixProgram is a column of the matrix, with how many fields are linked to the program in the whole workspace.
type MatrixProgram struct {
	ID        domain.ProgramID     `db:"id"`
	Name      string               `db:"name"`
	Status    domain.ProgramStatus `db:"status"`
	Essential int64                `db:"essential"`
	Useful    int64                `db:"useful"`
	Bare      int64                `db:"bare"` // links that lack the gain or the alternative that they should say
}

// MatrixRow is a field in the matrix with its links, by program.
type MatrixRow struct {
	ID          domain.FieldID   `db:"id"`
	Name        string           `db:"name"`
	Label       string           `db:"label"`
	Dataset     domain.DatasetID `db:"dataset_id"`
	DatasetName string           `db:"dataset"`
	Application string           `db:"application"`
	Class       domain.GDPRClass `db:"gdpr_class"`
	Programs    int32            `db:"programs"` // how many programs need the field, shown here or not
	Levels      map[domain.ProgramID]domain.LinkLevel
}

// MatrixPage is one page of fields against programs.
type MatrixPage struct {
	Programs []MatrixProgram // all that are not archived
	Shown    []MatrixProgram
	Rows     []MatrixRow
	Total    domain.Count
	More     bool
	Datasets []domain.Option // of the one application that the filters name
	Bare     int64           // links that lack the gain or the alternative that they should say
}

// Matrix reads a page of the fields that the query leaves, by application, dataset and place in it, from the given row on;
// show chooses the programs, none for those that are planned, live or paused.
func (s *Store) Matrix(ctx context.Context, by domain.Actor, q domain.ListQuery, show []domain.ProgramID, from int) (page MatrixPage, err error) {
	r := registers["fields"]
	err = s.Read(ctx, by, func(s *Store) error {
		if q, err = s.resolve(ctx, by, r, q); err != nil {
			return err
		}
		f, err := s.fieldList(ctx, by, r, q)
		if err != nil {
			return err
		}
		if err := f.find(ctx); err != nil {
			return err
		}
		if page.Total, err = f.total(ctx); err != nil {
			return err
		}
		if page.Programs, err = s.matrixPrograms(ctx, by, nil); err != nil {
			return err
		}
		for _, p := range page.Programs {
			page.Bare += p.Bare
		}
		page.Shown = slices.DeleteFunc(slices.Clone(page.Programs), func(p MatrixProgram) bool {
			if len(show) > 0 {
				return !slices.Contains(show, p.ID)
			}
			return p.Status == domain.ProgramIdea || p.Status == domain.ProgramEnded
		})
		if err := f.matrixRows(ctx, &page, from); err != nil {
			return err
		}
		if apps := q.Filters["application"]; len(apps) == 1 {
			type named struct {
				ID   int64  `db:"id"`
				Name string `db:"name"`
			}
			list, err := many[named](ctx, s, "dataset", `select id, name from dataset where workspace_id = @ws and application_id = @app::text::bigint
				and archived_at is null order by fold(name), id`, pgx.StrictNamedArgs{"ws": by.Workspace, "app": apps[0]})
			if err != nil {
				return err
			}
			page.Datasets = mapSlice(list, func(n named) domain.Option { return domain.Option{ID: n.ID, Name: n.Name} })
		}
		return nil
	})
	return page, err
}

// matrixPrograms returns programs with the stored counters of their links: all, or those named.
func (s *Store) matrixPrograms(ctx context.Context, by domain.Actor, ids []int64) ([]MatrixProgram, error) {
	return many[MatrixProgram](ctx, s, "program", `
		select p.id, p.name, p.status, coalesce(l.essential, 0) as essential, coalesce(l.useful, 0) as useful, coalesce(l.bare, 0) as bare
		from program p
		left join (select program_id, sum(essential)::bigint as essential, sum(useful)::bigint as useful, sum(bare)::bigint as bare
			from link_tally where workspace_id = @ws and (@ids::bigint[] is null or program_id = any(@ids)) group by program_id) l on l.program_id = p.id
		where p.workspace_id = @ws and p.archived_at is null and (@ids::bigint[] is null or p.id = any(@ids))
		order by fold(p.name), p.id`, pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids})
}

// matrixWalk is how long a list must be for its page to be found by walking the datasets in order, which looks at all that a
// short list leaves out.
const matrixWalk = 1_000

// matrixRows orders by the place of the dataset among all. A long list is walked dataset by dataset until the page is full.
func (f *fieldList) matrixRows(ctx context.Context, page *MatrixPage, from int) error {
	type row struct {
		ID          domain.FieldID   `db:"id"`
		Name        string           `db:"name"`
		Label       string           `db:"label"`
		Dataset     domain.DatasetID `db:"dataset_id"`
		DatasetName string           `db:"dataset"`
		Application string           `db:"application"`
		Class       domain.GDPRClass `db:"gdpr_class"`
		Programs    int32            `db:"programs"`
		Position    int32            `db:"position"`
		Place       int64            `db:"place"`
	}
	c := f.conditions("")
	size := max(f.q.Size, 1)
	sql := `with place as materialized (
			select d.id, d.name as dataset, a.name as application, row_number() over (order by a.folded, a.id, fold(d.name), d.id) as place
			from dataset d join (select id, name, fold(name) as folded from application where workspace_id = @ws offset 0) a on a.id = d.application_id
			where d.workspace_id = @ws
		) `
	const cols = "r.id, r.name, r.label, r.dataset_id, r.gdpr_class, r.programs, r.position"
	end, skip := c.arg(max(from, 0)+size+1), c.arg(max(from, 0))
	if page.Total.N < matrixWalk {
		sql += `select ` + cols + `, o.dataset, o.application, o.place from field r join place o on o.id = r.dataset_id where ` + c.sql() + `
			order by o.place, r.position, r.id limit ` + end + `::bigint - ` + skip + `::bigint offset ` + skip
	} else {
		sql += `select id, name, label, dataset_id, gdpr_class, programs, position, dataset, application, place from (
				select ` + cols + `, o.dataset, o.application, o.place from (select id, dataset, application, place from place order by place) o
				cross join lateral (select ` + cols + ` from field r where r.dataset_id = o.id and ` + c.sql() + ` order by r.position, r.id limit ` + end + `) r
				limit ` + end + `::bigint - ` + skip + `::bigint offset ` + skip + `
			) x order by place, position, id`
	}
	rows, err := many[row](ctx, f.s, "field", sql, c.args)
	if err != nil {
		return err
	}
	if page.More = len(rows) > size; page.More {
		rows = rows[:size]
	}
	type link struct {
		Field   domain.FieldID   `db:"field_id"`
		Program domain.ProgramID `db:"program_id"`
		Level   domain.LinkLevel `db:"level"`
	}
	at := make(map[domain.FieldID]map[domain.ProgramID]domain.LinkLevel, len(rows))
	for _, r := range rows {
		at[r.ID] = map[domain.ProgramID]domain.LinkLevel{}
		page.Rows = append(page.Rows, MatrixRow{ID: r.ID, Name: r.Name, Label: r.Label, Dataset: r.Dataset, DatasetName: r.DatasetName,
			Application: r.Application, Class: r.Class, Programs: r.Programs, Levels: at[r.ID]})
	}
	links, err := many[link](ctx, f.s, "link", `select field_id, program_id, level from program_link where workspace_id = @ws and field_id = any(@ids)`,
		pgx.StrictNamedArgs{"ws": f.by.Workspace, "ids": mapSlice(rows, func(r row) int64 { return int64(r.ID) })})
	for _, l := range links {
		at[l.Field][l.Program] = l.Level
	}
	return err
}

// MatrixSums are the margins of the matrix for some of its fields and programs, after a change.
type MatrixSums struct {
	Fields   map[domain.FieldID]int32
	Programs []MatrixProgram
}

// MatrixSums reads the margins of those fields and programs.
func (s *Store) MatrixSums(ctx context.Context, by domain.Actor, fields, programs []int64) (sums MatrixSums, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		type row struct {
			ID       domain.FieldID `db:"id"`
			Programs int32          `db:"programs"`
		}
		rows, err := many[row](ctx, s, "field", `select id, programs from field where workspace_id = @ws and id = any(@ids)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "ids": fields})
		if err != nil {
			return err
		}
		sums.Fields = make(map[domain.FieldID]int32, len(rows))
		for _, r := range rows {
			sums.Fields[r.ID] = r.Programs
		}
		sums.Programs, err = s.matrixPrograms(ctx, by, programs)
		return err
	})
	return sums, err
}
