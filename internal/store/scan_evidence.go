package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// MeasureFacts are what a file measured of a field, with the moment and the source of the measure.
type MeasureFacts struct {
	Rows        *int64     `json:"rows,omitempty"`
	NonNull     *int64     `json:"non_null,omitempty"`
	Fill        *float64   `json:"fill,omitempty"`
	Distinct    *int64     `json:"distinct,omitempty"`
	Reads       *int64     `json:"reads,omitempty"`
	WindowDays  *int       `json:"window_days,omitempty"`
	LastReadAt  *time.Time `json:"last_read_at,omitempty"`
	LastWriteAt *time.Time `json:"last_write_at,omitempty"`
	OldestOn    *time.Time `json:"oldest_record_on,omitempty"` // of the field's dataset
	MeasuredAt  time.Time  `json:"measured_at"`
	Source      string     `json:"source"`
}

// evidenceFacts is a row e of field_evidence as a document, by which two states of it are compared.
const evidenceFacts = `jsonb_build_object('reads', e.reads, 'window_days', e.window_days, 'last_read_at', e.last_read_at,
	'reads_measured_at', e.reads_measured_at, 'reads_source', e.reads_source, 'last_write_at', e.last_write_at,
	'write_measured_at', e.write_measured_at, 'write_source', e.write_source, 'row_count', e.row_count,
	'non_null_count', e.non_null_count, 'distinct_count', e.distinct_count, 'fill_measured_at', e.fill_measured_at, 'fill_source', e.fill_source) || ` +
	evidenceLastRead + ` || ` + evidenceOldest

// evidenceLastRead is when and by what the last read was measured, where that was another measure than that of the reads.
const evidenceLastRead = `case when e.last_read_measured_at is null then '{}' else jsonb_build_object(
	'last_read_measured_at', e.last_read_measured_at, 'last_read_source', e.last_read_source) end`

// evidenceOldest is what is known of the oldest record of a field's dataset; nothing where it was not measured, so that the
// documents of imports from before there was such a measure stay the same.
const evidenceOldest = `case when e.oldest_record_on is null then '{}' else jsonb_build_object('oldest_record_on', e.oldest_record_on,
	'oldest_measured_at', e.oldest_measured_at, 'oldest_source', e.oldest_source) end`

// CompareEvidence reads all measures of a file, matches them with fields and keeps, for each, what the register would know
// then. Of reads, writes, filling and the oldest record each is taken where it is not older than what is known.
func (s *Store) CompareEvidence(ctx context.Context, by domain.Actor, id domain.ImportID, plan domain.ImportPlan, h domain.ImportHeadings, source func() (RowSource, error)) error {
	return s.compare(ctx, by, id, plan, h, source, (*Store).compareEvidence)
}

func (s *Store) compareEvidence(ctx context.Context, by domain.Actor, id domain.ImportID, _ domain.ImportPlan) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}
	if _, err := s.exec(ctx, "import", matchMeasures, pgx.StrictNamedArgs{"ws": by.Workspace}); err != nil {
		return err
	}
	for _, sql := range []string{
		`insert into import_problem (workspace_id, import_id, line, heading, key, args)
			select @ws, @id, line, 'field', 'scan.problem.duplicate', jsonb_build_object('line', first)
			from measured where rank > 1 and at = first_at`,
		`insert into import_problem (workspace_id, import_id, line, heading, key)
			select @ws, @id, line, 'fill_rate', 'import.problem.fill_without_rows'
			from measured where rank = 1 and field_id is not null and fill is not null and all_rows is null`,
		`insert into import_problem (workspace_id, import_id, line, heading, key)
			select @ws, @id, min(line), 'oldest_record_on', 'import.problem.oldest_differs'
			from measured where oldest_differs group by dataset_id, at`,
	} {
		if _, err := s.exec(ctx, "import", sql, args); err != nil {
			return err
		}
	}
	args["end"] = domain.MeasuresEnd(s.Today())
	_, err := s.exec(ctx, "import", compareMeasures, args)
	return err
}

// matchMeasures finds the field of every row, whatever the case of its names and by what people or sources call its application and
// dataset, the more exact first. A field measured on
// several rows takes the newest of them. A dataset whose rows of one moment tell different oldest records takes none: the least
// of them may well be the birthday of a customer.
const matchMeasures = `
	create temporary table measured on commit drop as
	with matched as (
		select distinct on (p.line) p.line, coalesce(a.name, p.application) as application, coalesce(d.name, p.dataset) as dataset,
			d.id as dataset_id, coalesce(f.name, p.name) as name, f.id as field_id, f.version, d.row_count, p.facts
		from found p
		left join (select distinct on (app) app, id, name from (
				select lower(name) as app, 0 as rank, id, name from application where workspace_id = @ws
				union all select lower(source_name), 1, id, name from application where workspace_id = @ws and source_name <> '') n
			order by app, rank, id desc) a on a.app = lower(p.application)
		left join dataset d on d.workspace_id = @ws and d.application_id = a.id
			and (lower(d.name) = any (array[lower(p.dataset), lower(p.schema || '.' || p.dataset)])
				or d.source_name <> '' and lower(d.source_name) = lower(p.dataset) and ('' in (p.schema, d.source_schema) or lower(d.source_schema) = lower(p.schema)))
		left join field f on f.workspace_id = @ws and f.dataset_id = d.id and lower(f.name) = lower(p.name) and f.state <> 'archived'
		where not p.refused
		order by p.line, f.id is null, p.schema <> '' and lower(d.source_schema) = lower(p.schema) and lower(d.source_name) = lower(p.dataset) desc,
			lower(d.name) = lower(p.schema || '.' || p.dataset) desc, lower(d.name) = lower(p.dataset) desc, f.name = p.name desc, f.id
	)
	select m.line, m.application, m.dataset, m.dataset_id, m.name, m.field_id, m.version, x.measured_at as at, x.source,
		x.reads, x.window_days, x.last_read_at, x.last_write_at, x."distinct" as values_, x.fill,
		case when min(x.oldest_record_on) over together = max(x.oldest_record_on) over together then x.oldest_record_on end as oldest,
		m.dataset_id is not null and min(x.oldest_record_on) over together <> max(x.oldest_record_on) over together as oldest_differs,
		coalesce(x.rows, case when x.fill is not null or x.non_null <= m.row_count then m.row_count end) as all_rows,
		coalesce(x.non_null, round(x.fill * coalesce(x.rows, m.row_count))::bigint) as filled,
		row_number() over w as rank, first_value(m.line) over w as first, first_value(x.measured_at) over w as first_at
	from matched m
	cross join lateral jsonb_to_record(m.facts) as x (rows bigint, non_null bigint, fill numeric, "distinct" bigint, reads bigint,
		window_days integer, last_read_at timestamptz, last_write_at timestamptz, oldest_record_on date, measured_at timestamptz, source text)
	window w as (partition by m.field_id, case when m.field_id is null then m.line end order by x.measured_at desc, m.line),
		together as (partition by m.dataset_id, x.measured_at)`

// compareMeasures says what the register would know of each field. A newer measure replaces those of its kind together,
// since a count of rows of one day beside one of values of another would be no rate; a last read stays known, as of the
// measure that told of it. What was taken for measured, or read, on a day that is still to come is a mistake, which no real
// measure waits for.
const compareMeasures = `
	insert into import_row (workspace_id, import_id, line, change, application, dataset, dataset_id, name, field_id, version, facts, before)
	select @ws, @id, m.line,
		case when m.field_id is null then 'unmatched'
			when m.rank > 1 then 'older'
			when next.facts = was.facts and (g.reads_old or g.write_old or g.fill_old or g.oldest_old) then 'older'
			when next.facts = was.facts or not (g.reads or g.writes or g.fills or g.oldest) then 'unchanged'
			when was.facts is null then 'new' else 'changed' end,
		m.application, m.dataset, m.dataset_id, m.name, m.field_id, m.version, coalesce(next.facts, jsonb_strip_nulls(jsonb_build_object(
			'reads', m.reads, 'window_days', m.window_days, 'last_read_at', m.last_read_at, 'last_write_at', m.last_write_at,
			'row_count', m.all_rows, 'non_null_count', m.filled, 'distinct_count', m.values_, 'oldest_record_on', m.oldest))), was.facts
	from measured m
	left join field_evidence e on e.workspace_id = @ws and e.field_id = m.field_id
	left join lateral (select ` + evidenceFacts + ` as facts) was on e.field_id is not null
	cross join lateral (select
		(m.reads is not null or m.last_read_at is not null) as reads, m.last_write_at is not null as writes,
		(m.all_rows is not null or m.values_ is not null) as fills) has
	cross join lateral (select case when e.reads_measured_at < @end then e.reads_measured_at end as reads,
		case when e.write_measured_at < @end then e.write_measured_at end as write, case when e.fill_measured_at < @end then e.fill_measured_at end as fill,
		case when e.oldest_measured_at < @end then e.oldest_measured_at end as oldest) known
	cross join lateral (select
		has.reads and m.at >= coalesce(known.reads, '-infinity') as reads,
		has.reads and m.at > coalesce(known.reads, '-infinity') as reads_new,
		has.reads and m.at < known.reads as reads_old,
		has.writes and m.at >= coalesce(known.write, '-infinity') as writes,
		has.writes and m.at < known.write as write_old,
		has.fills and m.at >= coalesce(known.fill, '-infinity') as fills,
		has.fills and m.at > coalesce(known.fill, '-infinity') as fills_new,
		has.fills and m.at < known.fill as fill_old,
		m.oldest is not null and m.at >= coalesce(known.oldest, '-infinity') as oldest,
		m.oldest is not null and m.at < known.oldest as oldest_old) g
	left join lateral (select jsonb_build_object(
		'reads', case when g.reads_new then m.reads when g.reads then coalesce(m.reads, e.reads) else e.reads end,
		'window_days', case when g.reads_new or g.reads and m.reads is not null then m.window_days else e.window_days end,
		'last_read_at', case when g.reads then coalesce(m.last_read_at, case when e.last_read_at < @end then e.last_read_at end) else e.last_read_at end,
		'reads_measured_at', case when g.reads then m.at else e.reads_measured_at end,
		'reads_source', case when g.reads then m.source else coalesce(e.reads_source, '') end,
		'last_write_at', case when g.writes then m.last_write_at else e.last_write_at end,
		'write_measured_at', case when g.writes then m.at else e.write_measured_at end,
		'write_source', case when g.writes then m.source else coalesce(e.write_source, '') end,
		'row_count', case when g.fills_new then m.all_rows when g.fills then coalesce(m.all_rows, e.row_count) else e.row_count end,
		'non_null_count', case when g.fills_new then m.filled when g.fills then coalesce(m.filled, e.non_null_count) else e.non_null_count end,
		'distinct_count', case when g.fills_new then m.values_ when g.fills then coalesce(m.values_, e.distinct_count) else e.distinct_count end,
		'fill_measured_at', case when g.fills then m.at else e.fill_measured_at end,
		'fill_source', case when g.fills then m.source else coalesce(e.fill_source, '') end)
		|| case when not g.reads then ` + evidenceLastRead + ` when m.last_read_at is null and e.last_read_at < @end and g.reads_new
				and coalesce(e.last_read_measured_at, known.reads) is not null
			then jsonb_build_object('last_read_measured_at', coalesce(e.last_read_measured_at, known.reads),
				'last_read_source', case when e.last_read_measured_at is null then e.reads_source else e.last_read_source end)
			when m.last_read_at is null then ` + evidenceLastRead + ` else '{}' end
		|| case when g.oldest then jsonb_build_object('oldest_record_on', m.oldest, 'oldest_measured_at', m.at, 'oldest_source', m.source)
			else ` + evidenceOldest + ` end as facts
	) next on m.field_id is not null
	where m.rank = 1 or m.at < m.first_at
	order by m.line`

const evidenceCols = `reads, window_days, last_read_at, last_read_measured_at, last_read_source, reads_measured_at, reads_source,
	last_write_at, write_measured_at, write_source, row_count, non_null_count, distinct_count, fill_measured_at, fill_source, oldest_record_on, oldest_measured_at, oldest_source`

// writeEvidence stores a document per field, given as the expression doc of import_row r.
func (s *Store) writeEvidence(ctx context.Context, by domain.Actor, id domain.ImportID, doc string) error {
	_, err := s.exec(ctx, "evidence", `
		insert into field_evidence (workspace_id, field_id, `+evidenceCols+`)
		select r.workspace_id, r.field_id, x.reads, x.window_days, x.last_read_at, x.last_read_measured_at, x.last_read_source,
			x.reads_measured_at, x.reads_source, x.last_write_at, x.write_measured_at, x.write_source, x.row_count, x.non_null_count, x.distinct_count, x.fill_measured_at, x.fill_source,
			x.oldest_record_on, x.oldest_measured_at, x.oldest_source
		from import_row r cross join lateral jsonb_populate_record(null::field_evidence, `+doc+`) x
		where r.workspace_id = @ws and r.import_id = @id and r.change in ('new', 'changed') and `+doc+` is not null
		on conflict (workspace_id, field_id) do update set (`+evidenceCols+`) = (excluded.reads, excluded.window_days, excluded.last_read_at,
			excluded.last_read_measured_at, excluded.last_read_source,
			excluded.reads_measured_at, excluded.reads_source, excluded.last_write_at, excluded.write_measured_at, excluded.write_source,
			excluded.row_count, excluded.non_null_count, excluded.distinct_count, excluded.fill_measured_at, excluded.fill_source,
			excluded.oldest_record_on, excluded.oldest_measured_at, excluded.oldest_source)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return err
}

func (s *Store) applyEvidence(ctx context.Context, by domain.Actor, i domain.Import) error {
	if err := s.writeEvidence(ctx, by, i.ID, "r.facts"); err != nil {
		return err
	}
	return s.judgeMeasured(ctx, by, i.ID)
}

// judgeMeasured judges the fields of an import of measures again once they were written or taken back, and with them all of
// the datasets whose oldest record is then another.
func (s *Store) judgeMeasured(ctx context.Context, by domain.Actor, id domain.ImportID) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "end": domain.MeasuresEnd(s.Today())}
	datasets, err := many[int64](ctx, s, "dataset", `
		with touched as (
			select distinct f.dataset_id from import_row r
			join field f on f.workspace_id = r.workspace_id and f.id = r.field_id
			where r.workspace_id = @ws and r.import_id = @id and r.change in ('new', 'changed')
				and (r.facts ? 'oldest_record_on' or r.before ? 'oldest_record_on')
		), newest as (
			select distinct on (f.dataset_id) f.dataset_id, e.oldest_record_on, e.oldest_measured_at, e.oldest_source
			from touched t
			join field f on f.workspace_id = @ws and f.dataset_id = t.dataset_id
			join field_evidence e on e.workspace_id = f.workspace_id and e.field_id = f.id
			where e.oldest_record_on is not null
			order by f.dataset_id, e.oldest_measured_at < @end desc, e.oldest_measured_at desc, e.oldest_record_on
		)
		update dataset d set (measured_oldest_on, oldest_measured_at, oldest_source) = (n.oldest_record_on, n.oldest_measured_at, n.oldest_source)
		from touched t left join newest n using (dataset_id)
		where d.workspace_id = @ws and d.id = t.dataset_id and (d.measured_oldest_on, d.oldest_measured_at, d.oldest_source)
			is distinct from (n.oldest_record_on, n.oldest_measured_at, n.oldest_source)
		returning d.id`, args)
	if err != nil {
		return err
	}
	delete(args, "end")
	args["datasets"] = datasets
	ids, err := many[int64](ctx, s, "field", `
		select field_id from import_row where workspace_id = @ws and import_id = @id and change in ('new', 'changed') and field_id is not null
		union
		select id from field where workspace_id = @ws and dataset_id = any(@datasets::bigint[])`, args)
	if err != nil {
		return err
	}
	return s.judge(ctx, by, ids)
}

// undoEvidence brings back what was known before.
func (s *Store) undoEvidence(ctx context.Context, by domain.Actor, i domain.Import) error {
	if err := s.writeEvidence(ctx, by, i.ID, "r.before"); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "evidence", `delete from field_evidence e using import_row r
		where r.workspace_id = @ws and r.import_id = @id and r.change = 'new' and e.workspace_id = r.workspace_id and e.field_id = r.field_id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID}); err != nil {
		return err
	}
	return s.judgeMeasured(ctx, by, i.ID)
}

func dayOfText(text *string) *time.Time {
	if text == nil {
		return nil
	}
	t, err := time.Parse(time.DateOnly, *text)
	if err != nil {
		return nil
	}
	return &t
}
