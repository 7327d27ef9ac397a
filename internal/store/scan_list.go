package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// ImportLine is a row of a preview, or of what an import did.
type ImportLine struct {
	Line        int64               `db:"line"`
	Change      domain.ImportChange `db:"change"`
	Application string              `db:"application"`
	Dataset     string              `db:"dataset"`
	Name        string              `db:"name"`
	RenamedFrom string              `db:"renamed_from"`
	Field       *domain.FieldID     `db:"field_id"` // nil where there is no such field in the register
	Facts       map[string]any      `db:"facts"`    // what the file says
	Before      map[string]any      `db:"before"`   // what the register said, of what differs
	Taken       bool                `db:"taken"`
}

const importLineCols = `r.line, r.change, r.application, r.dataset, r.name, r.renamed_from,
	case when f.id is not null then r.field_id end as field_id, r.facts, r.before, r.taken`

// ImportLines returns one page of the rows with a change, in the order of the file, the skip first left out.
func (s *Store) ImportLines(ctx context.Context, by domain.Actor, id domain.ImportID, change domain.ImportChange, skip, most int) (lines []ImportLine, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		lines, err = many[ImportLine](ctx, s, "import", `
			select `+importLineCols+`
			from (select workspace_id, line, change, application, dataset, name, renamed_from, field_id, facts, before, taken
				from import_row where workspace_id = @ws and import_id = @id and change = @change
				order by line, dataset, name offset @skip limit @most) r
			left join field f on f.workspace_id = r.workspace_id and f.id = r.field_id
			order by r.line, r.dataset, r.name`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "change": change, "skip": skip, "most": most})
		return err
	})
	return lines, err
}

type rowProblemRow struct {
	Line    int            `db:"line"`
	Heading string         `db:"heading"`
	Key     string         `db:"key"`
	Args    map[string]any `db:"args"`
	Place   string         `db:"place"`
}

// ImportProblems returns one page of the problems of an import's rows, in the order of the file. Column is the heading.
func (s *Store) ImportProblems(ctx context.Context, by domain.Actor, id domain.ImportID, skip, most int) (problems []domain.RowProblem, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[rowProblemRow](ctx, s, "import", `select line, heading, key, args, place from import_problem
			where workspace_id = @ws and import_id = @id order by line, heading, key offset @skip limit @most`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "skip": skip, "most": most})
		problems = mapSlice(rows, func(r rowProblemRow) domain.RowProblem {
			return domain.RowProblem{Line: r.Line, Column: r.Heading, Key: r.Key, Args: r.Args, Place: r.Place}
		})
		return err
	})
	return problems, err
}

// EachImportProblem calls f for every problem of an import's rows, in the order of the file.
func (s *Store) EachImportProblem(ctx context.Context, by domain.Actor, id domain.ImportID, f func(domain.RowProblem) error) error {
	return s.Read(ctx, by, func(s *Store) error {
		rows, err := s.db.Query(ctx, `select line, heading, key, args, place from import_problem
			where workspace_id = @ws and import_id = @id order by line, heading, key`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err != nil {
			return translate("import", err)
		}
		defer rows.Close()
		for rows.Next() {
			var p domain.RowProblem
			if err := rows.Scan(&p.Line, &p.Column, &p.Key, &p.Args, &p.Place); err != nil {
				return translate("import", err)
			}
			if err := f(p); err != nil {
				return err
			}
		}
		return translate("import", rows.Err())
	})
}

// ImportChange is what an import did to one field.
type ImportChange struct {
	Import      domain.ImportID     `db:"import_id"`
	Kind        domain.ImportKind   `db:"kind"`
	FileName    string              `db:"file_name"`
	Change      domain.ImportChange `db:"change"`
	Line        int64               `db:"line"`
	Name        string              `db:"name"`
	RenamedFrom string              `db:"renamed_from"`
	Facts       map[string]any      `db:"facts"`  // what the file said
	Before      map[string]any      `db:"before"` // what the register said before, of what differed
	ActorName   string              `db:"actor_name"`
	At          time.Time           `db:"at"`
	UndoneAt    *time.Time          `db:"undone_at"`
}

const importChanges = `
	select r.import_id, i.kind, i.file_name, r.change, r.line, r.name, r.renamed_from, r.facts, r.before, i.actor_name,
		i.applied_at as at, i.undone_at
	from import_row r
	join import i on i.workspace_id = r.workspace_id and i.id = r.import_id
	where r.workspace_id = @ws and r.field_id = @field and i.applied_at is not null
		and r.change in ('new', 'changed', 'renamed', 'returned', 'gone')
	order by i.applied_at desc, i.id desc`

// ImportChangesOf returns what imports did to a field, newest first, those undone with them.
func (s *Store) ImportChangesOf(ctx context.Context, by domain.Actor, field domain.FieldID) (changes []ImportChange, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		changes, err = many[ImportChange](ctx, s, "import", importChanges, pgx.StrictNamedArgs{"ws": by.Workspace, "field": field})
		return err
	})
	return changes, err
}

// importChanged counts the fields of which an import changes something.
const importChanged = `(coalesce((r.counts ->> 'changed')::bigint, 0) + coalesce((r.counts ->> 'renamed')::bigint, 0)
	+ coalesce((r.counts ->> 'returned')::bigint, 0))`

var _ = addRegister(registerSQL{
	register: domain.ImportRegister,
	from: `import r
		left join application a on a.workspace_id = r.workspace_id and a.id = r.application_id`,
	cells: map[string]string{
		"file": "r.file_name", "application": "coalesce(a.name, nullif(r.application_name, ''), array_to_string(r.applications[:3], ', ') || case when cardinality(r.applications) > 3 then ', …' else '' end)", "import_kind": "r.kind", "import_state": "r.state",
		"rows_new":     "(r.counts ->> 'new')::bigint",
		"rows_changed": "nullif(" + importChanged + ", 0)",
		"rows_gone":    "(r.counts ->> 'gone')::bigint", "rows_refused": "nullif((r.counts ->> 'problems')::bigint, 0)",
		"author": "r.actor_name", "started": "r.created_at", "applied": "r.applied_at",
	},
	orders: map[string]string{
		"rows_new":     "coalesce((r.counts ->> 'new')::bigint, 0)",
		"rows_changed": importChanged,
		"rows_gone":    "coalesce((r.counts ->> 'gone')::bigint, 0)", "rows_refused": "coalesce((r.counts ->> 'problems')::bigint, 0)",
		"applied": "coalesce(r.applied_at, r.created_at)",
	},
	filters: map[string]filterSQL{
		"import_state": {expr: "r.state"},
		"import_kind":  {expr: "r.kind"},
		"application":  {expr: "r.application_id::text", none: "r.application_id is null", label: "a.name", lookup: applicationLookup},
	},
	search:   "fold(r.file_name || ' ' || coalesce(a.name, r.application_name) || ' ' || array_to_string(r.applications, ' '))",
	archived: "false",
})
