package store

import (
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// FoundFacts are what a file says of a field. Nil is what the file does not say: it changes nothing.
type FoundFacts struct {
	Label     *string `json:"label,omitempty"`
	DataType  *string `json:"data_type,omitempty"`
	Nullable  *bool   `json:"nullable,omitempty"`
	IsKey     *bool   `json:"is_key,omitempty"`
	Reference *string `json:"reference,omitempty"`
	Comment   *string `json:"comment,omitempty"`
	Category  *string `json:"category,omitempty"` // code
	Owner     *string `json:"owner,omitempty"`    // e-mail
	// Source is empty, not nil, where the source tells nothing more of the field.
	Source *domain.SourceFacts `json:"source,omitempty"`
}

// FoundRow is a row of a file, ready to be compared with the register. Facts become JSON.
type FoundRow struct {
	Line        int64
	Application string
	Schema      string // the dataset may be named with it or without
	Dataset     string
	Name        string
	Facts       any
	// Refused rows are not taken; their name only keeps the field of that name from being counted as gone.
	Refused bool
}

// RowSource yields the rows of a file in batches, with what is wrong with others; io.EOF with or behind the last batch.
type RowSource interface {
	NextRows() (rows []FoundRow, problems []domain.RowProblem, err error)
}

// CompareInventory reads all rows of an inventory and the flows between its datasets, compares them with the register and
// keeps the differences for a preview. Nothing of the register changes. Conflict where the import was given up meanwhile; errors of the source are
// returned as they are.
func (s *Store) CompareInventory(ctx context.Context, by domain.Actor, id domain.ImportID, plan domain.ImportPlan, h domain.ImportHeadings, source func() (RowSource, error), flows []domain.FoundFlow) error {
	return s.compare(ctx, by, id, plan, h, source, func(s *Store, ctx context.Context, by domain.Actor, id domain.ImportID, plan domain.ImportPlan) error {
		if err := s.compareInventory(ctx, by, id, plan, h); err != nil {
			return err
		}
		return s.compareFlows(ctx, by, id, flows)
	})
}

// compare does in one transaction what both kinds of import share.
func (s *Store) compare(ctx context.Context, by domain.Actor, id domain.ImportID, plan domain.ImportPlan, h domain.ImportHeadings, source func() (RowSource, error),
	differences func(*Store, context.Context, domain.Actor, domain.ImportID, domain.ImportPlan) error) error {
	return s.Write(ctx, by, func(in *Store) error {
		if err := in.lockImport(ctx, by, id, false); err != nil {
			return err
		}
		rows, err := source()
		if err != nil {
			return err
		}
		if err := in.clearComparison(ctx, by, id); err != nil {
			return err
		}
		read, err := in.stageRows(ctx, by, id, rows, func(n int64) error {
			return s.ImportProgress(ctx, by, id, domain.ImportReading, n, 0)
		})
		if err != nil {
			return err
		}
		if err := differences(in, ctx, by, id, plan); err != nil {
			return err
		}
		return in.keepComparison(ctx, by, id, plan, h, read)
	})
}

func (s *Store) clearComparison(ctx context.Context, by domain.Actor, id domain.ImportID) error {
	for _, sql := range []string{
		`delete from import_row where workspace_id = @ws and import_id = @id`,
		`delete from import_problem where workspace_id = @ws and import_id = @id`,
		`delete from import_flow where workspace_id = @ws and import_id = @id`,
	} {
		if _, err := s.exec(ctx, "import", sql, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}); err != nil {
			return err
		}
	}
	return nil
}

// stageRows copies the rows of a file into a temporary table: COPY cannot write to a table under row-level security, and what
// is compared need not outlive the transaction.
func (s *Store) stageRows(ctx context.Context, by domain.Actor, id domain.ImportID, source RowSource, progress func(int64) error) (read int64, err error) {
	if _, err := s.db.Exec(ctx, `create temporary table found (line bigint not null, application text not null, schema text not null,
		dataset text not null, name text not null, facts jsonb not null, refused boolean not null) on commit drop`); err != nil {
		return 0, translate("import", err)
	}
	columns := []string{"line", "application", "schema", "dataset", "name", "facts", "refused"}
	for last := false; !last; {
		rows, wrong, err := source.NextRows()
		if last = errors.Is(err, io.EOF); err != nil && !last {
			return 0, err
		}
		_, err = s.db.CopyFrom(ctx, pgx.Identifier{"found"}, columns, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
			r := &rows[i]
			return []any{r.Line, r.Application, r.Schema, r.Dataset, r.Name, r.Facts, r.Refused}, nil
		}))
		if err != nil {
			return 0, translate("import", err)
		}
		if err := s.addProblems(ctx, by, id, wrong); err != nil {
			return 0, err
		}
		read += int64(len(rows))
		if err := progress(read); err != nil {
			return 0, err
		}
	}
	return read, nil
}

// bulk runs a statement that joins large sets by their names. The planner, which has not seen the rows of this transaction,
// would walk one set for each row of the other.
func (s *Store) bulk(ctx context.Context, sql string, args pgx.StrictNamedArgs) error {
	if _, err := s.db.Exec(ctx, `set local enable_nestloop = off`); err != nil {
		return translate("import", err)
	}
	if _, err := s.exec(ctx, "import", sql, args); err != nil {
		return err
	}
	_, err := s.db.Exec(ctx, `set local enable_nestloop = on`)
	return translate("import", err)
}

func (s *Store) addProblems(ctx context.Context, by domain.Actor, id domain.ImportID, problems []domain.RowProblem) error {
	if len(problems) == 0 {
		return nil
	}
	n := len(problems)
	lines, columns, keys, args := make([]int64, n), make([]string, n), make([]string, n), make([]map[string]any, n)
	places := make([]string, n)
	for i, p := range problems {
		lines[i], columns[i], keys[i], args[i] = int64(p.Line), storableText(p.Column), p.Key, storable(p.Args)
		places[i] = storableText(p.Place)
	}
	_, err := s.exec(ctx, "import", `insert into import_problem (workspace_id, import_id, line, heading, key, args, place)
		select @ws, @id, u.line, u.heading, u.key, u.args, u.place
		from unnest(@lines::bigint[], @columns::text[], @keys::text[], @args::jsonb[], @places::text[]) u (line, heading, key, args, place)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "lines": lines, "columns": columns, "keys": keys, "args": args, "places": places})
	return err
}

// bareTable is the table that a dataset of a file is named after: without the schema that tells it from others.
func bareTable(dataset, schema string) string {
	return `case when ` + schema + ` <> '' and starts_with(lower(` + dataset + `), lower(` + schema + `) || '.') then substr(` + dataset + `, length(` + schema + `) + 2) else ` + dataset + ` end`
}

// place finds the application and dataset of every row, whatever the case: by what people call it, or else by what sources call
// what people renamed. A dataset whose present name is in the file is the one of that name; among several tables of one name,
// each keeps the dataset of its schema. What the register does not have is spelt as in the first of its rows. Rows of an archived
// dataset are refused: somebody put it away.
func (s *Store) place(ctx context.Context, by domain.Actor) error {
	if err := s.bulk(ctx, `
		create temporary table found_dataset on commit drop as
		with told as materialized (
			select app, ds, first_value(application) over (partition by app order by line) as application, dataset, schema,
				`+bareTable("ds", "schema")+` as bare
			from (select lower(application) as app, lower(dataset) as ds, max(schema) as schema, min(line) as line,
				(array_agg(application order by line))[1] as application, (array_agg(dataset order by line))[1] as dataset
				from found group by 1, 2) g
		), apps as (select distinct app from told), known as materialized (
			select t.*, coalesce(n.id, r.id) as application_id
			from told t
			left join application n on n.workspace_id = @ws and lower(n.name) = t.app
			left join (select distinct on (lower(source_name)) lower(source_name) as app, id from application
				where workspace_id = @ws and source_name <> '' and lower(name) not in (select app from apps) order by lower(source_name), id desc) r on r.app = t.app
		), held as materialized (
			select id, application_id, lower(name) as ds, lower(source_name) as bare, lower(source_schema) as schema
			from dataset where workspace_id = @ws and application_id in (select application_id from known)
		), claimed as (
			select distinct on (id) app, ds, id
			from (select distinct on (app, ds) app, ds, id, rank
				from (select k.app, k.ds, h.id, case when k.schema <> '' and h.schema = lower(k.schema) then 0 else 2 end as rank
					from known k join held h on h.application_id = k.application_id and h.bare = k.bare
					where (h.schema = lower(k.schema) or k.bare = k.ds and '' in (h.schema, k.schema))
						and not exists (select from known o where o.application_id = h.application_id and o.ds = h.ds and o.ds <> k.ds)
					union all
					select k.app, k.ds, h.id, 1 from known k join held h on h.application_id = k.application_id and h.ds = k.ds) c
				order by app, ds, rank, id) c
			order by id, rank, ds
		)
		select k.app, k.ds, coalesce(a.name, k.application) as application, coalesce(d.name, k.dataset) as name, k.schema,
			a.id as application_id, d.id as dataset_id, a.archived_at is not null as archived, d.archived_at is not null as shut,
			row_number() over () as place
		from known k
		left join claimed c on c.app = k.app and c.ds = k.ds
		left join held h on h.application_id = k.application_id and h.ds = k.ds
		left join application a on a.workspace_id = @ws and a.id = k.application_id
		left join dataset d on d.workspace_id = @ws and d.id = coalesce(c.id, h.id)`, pgx.StrictNamedArgs{"ws": by.Workspace}); err != nil {
		return err
	}
	archived, err := many[string](ctx, s, "import", `select distinct application from found_dataset where archived order by 1 limit 1`, pgx.StrictNamedArgs{})
	if err != nil {
		return err
	}
	if len(archived) > 0 {
		return domain.Errorf(domain.Invalid, "import.error.application_archived", "name", archived[0])
	}
	for _, sql := range []string{
		`analyze found`, `analyze found_dataset`,
		`create temporary table placed on commit drop as
			select f.line, t.place, t.application, t.name as dataset, t.schema, t.application_id, t.dataset_id, f.name, f.facts, f.refused or t.shut as refused,
				first_value(f.line) over (partition by t.place, f.name order by f.refused, f.line) as first
			from found f
			join found_dataset t on t.app = lower(f.application) and t.ds = lower(f.dataset)`,
		`drop table found`,
		`create index on placed (dataset_id, name)`,
		`analyze placed`,
	} {
		if _, err := s.db.Exec(ctx, sql); err != nil {
			return translate("import", err)
		}
	}
	return nil
}

// heldFacts is what an import may tell of a field f, as the register says it, with its category c and its owner o.
const heldFacts = `jsonb_build_object('label', f.label, 'data_type', f.data_type, 'nullable', f.nullable, 'is_key', f.is_key,
	'reference', f.reference, 'comment', f.comment, 'category', c.code, 'owner', o.email, 'source', coalesce(f.source_facts, '{}'))`

// hold reads what the register knows of the datasets that a file describes into temporary tables: datasets in touched,
// their fields in held. The planner knows how many rows those have, as it does not of tables that were just filled.
func (s *Store) hold(ctx context.Context, by domain.Actor, plan domain.ImportPlan) error {
	if _, err := s.exec(ctx, "import", `
		create temporary table touched on commit drop as
		select d.id as dataset_id, a.name as application, d.name as dataset
		from dataset d
		join application a on a.workspace_id = d.workspace_id and a.id = d.application_id
		where d.workspace_id = @ws and (d.id = any (array(select distinct dataset_id from placed where not refused))
			or @complete and d.application_id = any (array(select distinct application_id from placed where not refused)))`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "complete": plan.Complete}); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "import", `
		create temporary table held on commit drop as
		select f.id, f.dataset_id, f.name, f.state, f.version, f.category_id, f.owner_id, `+heldFacts+` as facts
		from field f
		left join data_category c on c.workspace_id = f.workspace_id and c.id = f.category_id
		left join app_user o on o.id = f.owner_id
		where f.workspace_id = @ws and f.dataset_id = any (array(select dataset_id from touched))`,
		pgx.StrictNamedArgs{"ws": by.Workspace}); err != nil {
		return err
	}
	_, err := s.db.Exec(ctx, `create index on held (dataset_id, name); analyze held; analyze touched`)
	return translate("import", err)
}

// differing compares what a file says (p.facts) with what is held of a field f: diff is what the register says now, want
// what it would say, of what differs. What people decided is left out: a label that somebody wrote, a category or owner
// that is set or was ever changed by hand, unless that was undone. An empty label says nothing.
const differing = `
	left join lateral (
		select jsonb_object_agg(told.key, f.facts -> told.key) as diff, jsonb_object_agg(told.key, told.value) as want
		from jsonb_each(p.facts) told
		where not (f.facts @> p.facts and (f.facts -> 'source' = p.facts -> 'source' or not p.facts ? 'source'))
			and f.facts -> told.key is distinct from told.value
			and not (told.key = 'label' and told.value = '""')
			and not (told.key = 'category' and f.category_id is not null)
			and not (told.key = 'owner' and f.owner_id is not null)
			and not (told.key in ('label', 'category', 'owner') and exists (select from event e
				where e.workspace_id = @ws and e.subject_kind = 'field' and e.subject_id = f.id and e.after ? told.key
					and e.verb not like '%.undone' and ` + keptChange + `))
	) x on f.id is not null`

// lastToldBy is the family of the inventory that told last of the field absent.id; null of one that no inventory ever told of,
// which none takes away: somebody added it. Measures tell of no field: they tell how one is used. One source seldom describes all that another does, an export of some columns beside the description that a tool gives of
// itself: a field is gone where the source that told of it tells of it no more. Were it gone wherever any source is silent,
// two sources imported in turn would take it away and bring it back for ever.
const lastToldBy = `(select case when i.headings ? 'document' then i.headings ->> 'format' else 'table' end
	from import_row r
	join import i on i.workspace_id = r.workspace_id and i.id = r.import_id
	where r.workspace_id = @ws and r.field_id = absent.id and r.change in ('new', 'changed', 'renamed', 'returned')
		and i.kind = 'inventory' and i.state = 'applied'
	order by i.applied_at desc, i.id desc limit 1)`

// sourceFamily is what lastToldBy is for a file with these headings. Tables are one family: people save the same list now
// as a workbook and now as text.
func sourceFamily(h domain.ImportHeadings) string {
	if h.Document {
		return h.Format
	}
	return "table"
}

func (s *Store) compareInventory(ctx context.Context, by domain.Actor, id domain.ImportID, plan domain.ImportPlan, h domain.ImportHeadings) error {
	if err := s.place(ctx, by); err != nil {
		return err
	}
	if err := s.hold(ctx, by, plan); err != nil {
		return err
	}
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}
	for _, sql := range []string{
		`insert into import_problem (workspace_id, import_id, line, heading, key, args)
			select @ws, @id, line, 'field', 'scan.problem.duplicate', jsonb_build_object('line', first)
			from placed where not refused and line <> first`,
		`insert into import_problem (workspace_id, import_id, line, heading, key, args)
			select @ws, @id, min(p.line), 'dataset', 'import.problem.dataset_archived', jsonb_build_object('name', t.name)
			from placed p join found_dataset t using (place) where t.shut group by t.place, t.name`,
		`insert into import_row (workspace_id, import_id, line, change, application, schema, dataset, dataset_id, name, facts, field_id, version, before)
			select @ws, @id, p.line,
				case when f.id is null then 'new' when f.state = 'gone' then 'returned' when x.diff is null then 'unchanged' else 'changed' end,
				p.application, p.schema, p.dataset, p.dataset_id, p.name,
				case when f.id is null then p.facts else coalesce(x.want, '{}') end,
				case when f.id is null then nextval('field_id_seq') else f.id end, f.version, x.diff
			from placed p
			left join held f on f.dataset_id = p.dataset_id and f.name = p.name` + differing + `
			where not p.refused and p.line = p.first
			order by p.line`,
	} {
		if _, err := s.exec(ctx, "import", sql, args); err != nil {
			return err
		}
	}
	args["complete"], args["source"] = plan.Complete, sourceFamily(h)
	gone, err := s.exec(ctx, "import", `
		with absent as materialized (
			select t.application, t.dataset, t.dataset_id, h.name, h.id, h.version
			from held h
			join touched t on t.dataset_id = h.dataset_id
			where h.state = 'active' and not exists (select from placed p where p.dataset_id = h.dataset_id and p.name = h.name)
		)
		insert into import_row (workspace_id, import_id, line, change, application, dataset, dataset_id, name, field_id, version)
		select @ws, @id, 0, 'gone', application, dataset, dataset_id, name, id, version
		from absent
		where @complete or `+lastToldBy+` = @source
		order by dataset, name`, args)
	if err != nil || gone == 0 {
		return err
	}
	return s.pairRenames(ctx, by, id)
}

// pairRenames turns a field that is gone and one that is new in the same dataset into one that was renamed, where their
// names say the same.
func (s *Store) pairRenames(ctx context.Context, by domain.Actor, id domain.ImportID) error {
	type row struct {
		Dataset  int64  `db:"dataset_id"`
		Name     string `db:"name"`
		DataType string `db:"data_type"`
		Change   string `db:"change"`
		Line     int64  `db:"line"`
		Field    int64  `db:"field_id"`
	}
	rows, err := many[row](ctx, s, "import", `
		select r.dataset_id, r.name, coalesce(case r.change when 'new' then r.facts ->> 'data_type' else h.facts ->> 'data_type' end, '') as data_type,
			r.change, r.line, r.field_id
		from import_row r
		left join held h on h.dataset_id = r.dataset_id and h.name = r.name and r.change = 'gone'
		where r.workspace_id = @ws and r.import_id = @id and r.change in ('new', 'gone') and r.dataset_id in (
			select dataset_id from import_row where workspace_id = @ws and import_id = @id and change = 'gone'
			intersect
			select dataset_id from import_row where workspace_id = @ws and import_id = @id and change = 'new')
		order by r.dataset_id, r.line, r.name`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	if err != nil {
		return err
	}
	var gone, added []domain.FoundName
	lines, fields := map[domain.FoundName]int64{}, map[domain.FoundName]int64{}
	for _, r := range rows {
		n := domain.FoundName{Dataset: strconv.FormatInt(r.Dataset, 10), Name: r.Name, DataType: r.DataType}
		if r.Change == "gone" {
			gone, fields[n] = append(gone, n), r.Field
		} else {
			added, lines[n] = append(added, n), r.Line
		}
	}
	var oldIDs, newLines []int64
	for was, is := range domain.ProbableRenames(gone, added) {
		oldIDs, newLines = append(oldIDs, fields[was]), append(newLines, lines[is])
	}
	if len(oldIDs) == 0 {
		return nil
	}
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "old": oldIDs, "lines": newLines}
	if _, err := s.exec(ctx, "import", `
		with paired as (
			select p.line, f.id, f.name, f.version, x.want, x.diff
			from unnest(@old::bigint[], @lines::bigint[]) u (field_id, line)
			join import_row p on p.workspace_id = @ws and p.import_id = @id and p.change = 'new' and p.line = u.line
			join held f on f.id = u.field_id`+differing+`
		)
		update import_row r set change = 'renamed', field_id = paired.id, renamed_from = paired.name, version = paired.version,
			before = jsonb_build_object('name', paired.name) || coalesce(paired.diff, '{}')
		from paired
		where r.workspace_id = @ws and r.import_id = @id and r.change = 'new' and r.line = paired.line`, args); err != nil {
		return err
	}
	delete(args, "lines")
	_, err = s.exec(ctx, "import", `delete from import_row where workspace_id = @ws and import_id = @id and change = 'gone' and field_id = any(@old)`, args)
	return err
}

// keepComparison counts the differences and shows them to people.
func (s *Store) keepComparison(ctx context.Context, by domain.Actor, id domain.ImportID, plan domain.ImportPlan, h domain.ImportHeadings, read int64) error {
	counts, err := s.countComparison(ctx, by, id, plan.Kind)
	if err != nil {
		return err
	}
	args := planArgs(by, plan)
	args["id"], args["kind"], args["headings"], args["read"], args["counts"] = id, string(plan.Kind), storableHeadings(h), read, counts
	n, err := s.exec(ctx, "import", `
		update import set state = 'previewed', kind = @kind, application_id = @application, application_name = @application_name,
			applications = `+namedApplications+`, mapping = @mapping, complete = @complete, measured_on = @measured_on, headings = @headings,
			rows_read = @read, rows_total = @read, updated_at = clock_timestamp(), counts = @counts
		where workspace_id = @ws and id = @id and state = 'reading'`, args)
	if err == nil && n == 0 {
		err = domain.Errorf(domain.Conflict, "import.error.state")
	}
	return err
}

// namedApplications are the applications that the rows name where the import names none.
const namedApplications = `case when @application::bigint is null and @application_name = '' then array(
	select min(r.application) from (select distinct application from import_row
		where workspace_id = @ws and import_id = @id and application <> '') r
	group by fold(r.application) order by fold(r.application) limit 50) else '{}' end`

func (s *Store) countComparison(ctx context.Context, by domain.Actor, id domain.ImportID, kind domain.ImportKind) (map[string]int64, error) {
	type count struct {
		Key string `db:"key"`
		N   int64  `db:"n"`
	}
	sql := `select change as key, count(*) as n from import_row where workspace_id = @ws and import_id = @id group by change
		union all
		select 'problems', count(distinct line) from import_problem where workspace_id = @ws and import_id = @id
		union all
		select 'flows', count(*) from import_flow where workspace_id = @ws and import_id = @id and change = 'new' having count(*) > 0`
	if kind == domain.ImportInventory { // what applying creates beside fields
		sql += `
		union all
		select 'datasets', count(*) from found_dataset t where dataset_id is null and ` + taken + `
		union all
		select 'applications', count(distinct app) from found_dataset t where application_id is null and ` + taken
	}
	list, err := many[count](ctx, s, "import", sql, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	counts := map[string]int64{}
	for _, c := range list {
		counts[c.Key] = c.N
	}
	return counts, err
}

// taken tells whether a row of a dataset of the file is taken.
const taken = `t.place in (select p.place from placed p where not p.refused)`
