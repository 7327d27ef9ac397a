package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"utile/internal/domain"
)

// judgeContext is what the fields of a workspace share when they are judged: thresholds, day, programs, purposes, masters.
type judgeContext struct {
	thresholds domain.Thresholds
	today      time.Time
	programs   map[int64]*domain.ProgramFacts
	purposes   map[int64]*domain.PurposeFacts
	rules      map[int64]*domain.RetentionFacts
	// categories are, by category, the rule of it or of the nearest category above it.
	categories map[int64]*domain.RetentionFacts
	ruled      []ruledCategory
	// masters are, by dataset, the declared masters of the same people that no flow ties to it; held is what these hold.
	masters map[int64][]int64
	held    map[masterCategory]bool
	// suppose, where it is set, makes of a field what it would be, before it is judged.
	suppose func(*judgeRow)
}

type masterCategory struct{ master, category int64 }

// copied tells whether a declared master holds that category too, with no flow between it and the dataset.
func (c *judgeContext) copied(dataset, category int64) bool {
	for _, master := range c.masters[dataset] {
		if c.held[masterCategory{master, category}] {
			return true
		}
	}
	return false
}

// judged is what is stored of a verdict.
type judged struct {
	ID           int64
	Finding      domain.Finding
	Grade        domain.Grade
	Completeness int16
	Programs     int32
	Purposes     int32
}

// VerdictChange is a field whose verdict would become another.
type VerdictChange struct {
	Field    domain.FieldID
	Was, Is  domain.Verdict
	Findings domain.Finding // what it would be, with its reasons
}

// judge recomputes the verdicts of those fields and stores the ones that changed. It must be called in the transaction
// of every change of a verdict's input, so that the next page shows what is true.
func (s *Store) judge(ctx context.Context, by domain.Actor, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	if err := s.takeTurn(ctx, by, ids); err != nil {
		return err
	}
	c, err := s.judgeContext(ctx, by)
	if err != nil {
		return err
	}
	if err := s.judgeWith(ctx, by, c, ids); err != nil {
		return err
	}
	return s.judgeCopies(ctx, by, c, ids)
}

// takeTurn lets two transactions that change what the same fields are judged by follow each other: who comes second reads what the
// first has written, and judges both. What fields are tied to, and those programs, cannot become another meanwhile, and may be tied
// to others. It comes before the fields, these in the order of their ids, as wherever both are locked: who changes a program locks
// it first, too. A change begins with it, and judge repeats it for what the fields are tied to by then.
func (s *Store) takeTurn(ctx context.Context, by domain.Actor, ids []int64, programs ...int64) error {
	var b pgx.Batch
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids}
	b.Queue(`select from program where workspace_id = @ws and (id = any(@programs)
			or id in (select program_id from program_link where workspace_id = @ws and field_id = any(@ids))) order by id for share`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids, "programs": programs})
	for _, sql := range []string{
		`select from purpose where workspace_id = @ws
			and id in (select purpose_id from purpose_mapping where workspace_id = @ws and field_id = any(@ids)) order by id for share`,
		// What a declared master holds of a category decides about the fields of that category elsewhere: see holdCopied.
		`select from data_category where workspace_id = @ws and id in (select f.category_id from field f
			join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id and d.is_master
			where f.workspace_id = @ws and f.id = any(@ids)) order by id for no key update`,
		`select from data_category where workspace_id = @ws
			and id in (select category_id from field where workspace_id = @ws and id = any(@ids)) order by id for share`,
		`select from field where workspace_id = @ws and id = any(@ids) order by id for update`,
	} {
		b.Queue(sql, args)
	}
	return translate("field", s.db.SendBatch(ctx, &b).Close())
}

// holdCopied lets no field elsewhere take a category that those datasets hold until the transaction ends: one of them is a declared
// master, or becomes one or none, or flows begin or end to tie it to others. The condition, on a dataset d, comes from the caller's code.
func (s *Store) holdCopied(ctx context.Context, by domain.Actor, which string, args pgx.StrictNamedArgs) error {
	args["ws"] = by.Workspace
	_, err := s.exec(ctx, "category", `select from data_category where workspace_id = @ws and id in (select f.category_id from field f
		join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
		where f.workspace_id = @ws and `+which+`) order by id for no key update`, args)
	return err
}

// judgeCopies judges what is marked as a copy and is none any more, or the other way round, where those fields are of a declared
// master: what it holds decides about fields of others.
func (s *Store) judgeCopies(ctx context.Context, by domain.Actor, c *judgeContext, ids []int64) error {
	if len(c.masters) == 0 {
		return nil
	}
	of, err := many[int64](ctx, s, "dataset", `select distinct f.dataset_id from field f
		join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id and d.is_master
		where f.workspace_id = @ws and f.id = any(@ids)`, pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids})
	if err != nil {
		return err
	}
	return s.judgeCopiesOf(ctx, by, c, of)
}

// judgeGone judges what was a copy of fields that were removed from those datasets.
func (s *Store) judgeGone(ctx context.Context, by domain.Actor, datasets []int64) error {
	c, err := s.judgeContext(ctx, by)
	if err != nil {
		return err
	}
	return s.judgeCopiesOf(ctx, by, c, datasets)
}

// judgeCopiesOf is judgeCopies for all that declared masters hold.
func (s *Store) judgeCopiesOf(ctx context.Context, by domain.Actor, c *judgeContext, masters []int64) error {
	holds := map[int64][]int64{} // categories, by master
	for held := range c.held {
		holds[held.master] = append(holds[held.master], held.category)
	}
	var of, datasets, categories []int64 // the datasets, and what is a copy in each
	for dataset, its := range c.masters {
		if !slices.ContainsFunc(its, func(master int64) bool { return slices.Contains(masters, master) }) {
			continue
		}
		of = append(of, dataset)
		for _, master := range its {
			for _, category := range holds[master] {
				datasets, categories = append(datasets, dataset), append(categories, category)
			}
		}
	}
	if len(of) == 0 {
		return nil
	}
	ids, err := many[int64](ctx, s, "field", `select id from field where workspace_id = @ws and dataset_id = any(@of) and verdict <> 'exempt'
			and (flags & @duplicate <> 0) <> (category_id is not null
				and (dataset_id, category_id) in (select dataset, category from unnest(@datasets::bigint[], @categories::bigint[]) x (dataset, category)))
		order by id`, pgx.StrictNamedArgs{"ws": by.Workspace, "of": of, "datasets": datasets, "categories": categories,
		"duplicate": int32(domain.FlagDuplicate)})
	if err != nil || len(ids) == 0 {
		return err
	}
	if err := s.takeTurn(ctx, by, ids); err != nil {
		return err
	}
	if c, err = s.judgeContext(ctx, by); err != nil { // what they are tied to may have become another meanwhile
		return err
	}
	return s.judgeWith(ctx, by, c, ids)
}

// judgeAll recomputes every verdict of the workspace, in which nobody else writes.
func (s *Store) judgeAll(ctx context.Context, by domain.Actor) error {
	c, err := s.judgeContext(ctx, by)
	if err != nil {
		return err
	}
	return s.judgeWith(ctx, by, c, nil)
}

// judgeWith judges those fields, or all of the workspace where ids is nil. What fields were given for may have changed as
// well: of those that are named, approvals that no longer hold are sent back to the DPO first, and
// what waits for one takes its place in the queue.
func (s *Store) judgeWith(ctx context.Context, by domain.Actor, c *judgeContext, ids []int64) error {
	if ids != nil {
		if _, err := s.reopenChanged(ctx, by, ids); err != nil {
			return err
		}
	}
	var changed []judged
	err := s.eachJudged(ctx, by, c, ids, func(_, is judged) { changed = append(changed, is) })
	if err != nil {
		return err
	}
	if err := s.makeKnown(ctx, by, len(changed)); err != nil {
		return err
	}
	for chunk := range slices.Chunk(changed, 20_000) {
		if err := s.byKey(ctx, func() error { return s.storeJudged(ctx, by, chunk) }); err != nil {
			return err
		}
	}
	if ids != nil {
		return s.lineUp(ctx, by, ids)
	}
	return nil
}

// whatIf tells which verdicts would change if the facts were as change makes them. Nothing is stored.
func (s *Store) whatIf(ctx context.Context, by domain.Actor, ids []int64, change func(*judgeContext)) ([]VerdictChange, error) {
	c, err := s.judgeContext(ctx, by)
	if err != nil {
		return nil, err
	}
	change(c)
	var changes []VerdictChange
	err = s.eachJudged(ctx, by, c, ids, func(was, is judged) {
		if was.Finding.Verdict != is.Finding.Verdict {
			changes = append(changes, VerdictChange{domain.FieldID(is.ID), was.Finding.Verdict, is.Finding.Verdict, is.Finding})
		}
	})
	return changes, err
}

// JudgementDue tells whether a day has passed since the verdicts of a workspace were computed.
func (s *Store) JudgementDue(w domain.Workspace) bool {
	return w.JudgedOn == nil || w.JudgedOn.Before(domain.Day(s.now().UTC()))
}

// JudgeIfDue recomputes the verdicts of a workspace where a day has passed since they were: dates decide too.
func (s *Store) JudgeIfDue(ctx context.Context, by domain.Actor, w domain.Workspace) error {
	if !s.JudgementDue(w) {
		return nil
	}
	today := domain.Day(s.now().UTC())
	return s.writeAlone(ctx, by, func(s *Store) error {
		// Whoever comes first works; the others wait and find it done.
		on, err := one[*time.Time](ctx, s, "workspace", `select judged_on from workspace where id = @ws`,
			pgx.StrictNamedArgs{"ws": by.Workspace})
		if err != nil || on != nil && !on.Before(today) {
			return err
		}
		if err := s.expireDecisions(ctx, by); err != nil {
			return err
		}
		if err := s.reviewDay(ctx, by, on == nil); err != nil {
			return err
		}
		if err := s.judgeAll(ctx, by); err != nil {
			return err
		}
		if err := s.keepDay(ctx, by, today); err != nil {
			return err
		}
		_, err = s.exec(ctx, "workspace", `update workspace set judged_on = @today where id = @ws`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "today": today})
		return err
	})
}

// JudgeAll recomputes every verdict of the workspace in one transaction.
func (s *Store) JudgeAll(ctx context.Context, by domain.Actor) error {
	return s.writeAlone(ctx, by, func(s *Store) error { return s.judgeAll(ctx, by) })
}

func (s *Store) judgeContext(ctx context.Context, by domain.Actor) (*judgeContext, error) {
	ws := pgx.StrictNamedArgs{"ws": by.Workspace}
	c := &judgeContext{today: s.now().UTC(), programs: map[int64]*domain.ProgramFacts{}, purposes: map[int64]*domain.PurposeFacts{}}
	if err := s.readRetention(ctx, by, c); err != nil {
		return nil, err
	}
	type thresholds struct {
		WindowDays      int     `db:"window_days"`
		GraceDays       int     `db:"grace_days"`
		FillRateMin     float64 `db:"fill_rate_min"`
		ConstantMinRows int64   `db:"constant_min_rows"`
		StaleDays       int     `db:"stale_days"`
	}
	th, err := one[thresholds](ctx, s, "workspace", `select window_days, grace_days, fill_rate_min::double precision, constant_min_rows, stale_days
		from workspace where id = @ws`, ws)
	if err != nil {
		return nil, err
	}
	c.thresholds = domain.Thresholds(th)
	type program struct {
		ID       int64      `db:"id"`
		Status   string     `db:"status"`
		StartsOn *time.Time `db:"starts_on"`
		EndsOn   *time.Time `db:"ends_on"`
		PausedOn *time.Time `db:"paused_on"`
	}
	// An archived program is one that nobody runs any more.
	programs, err := many[program](ctx, s, "program", `select id, case when archived_at is null then status else 'ended' end as status,
		starts_on, ends_on, paused_on from program where workspace_id = @ws`, ws)
	if err != nil {
		return nil, err
	}
	for _, p := range programs {
		c.programs[p.ID] = &domain.ProgramFacts{Status: domain.ProgramStatus(p.Status), StartsOn: p.StartsOn, EndsOn: p.EndsOn, PausedOn: p.PausedOn}
	}
	type purpose struct {
		ID           int64      `db:"id"`
		State        string     `db:"state"`
		NeedsProgram bool       `db:"needs_program"`
		StartsOn     *time.Time `db:"starts_on"`
		EndsOn       *time.Time `db:"ends_on"`
		Art9         bool       `db:"art9"`
		LegalText    bool       `db:"legal_text"`
		Rule         *int64     `db:"retention_rule_id"`
	}
	purposes, err := many[purpose](ctx, s, "purpose", `select id, case when archived_at is null then state else 'retired' end as state,
		needs_program, starts_on, ends_on, art9_condition <> '' as art9, legal_reference <> '' as legal_text, retention_rule_id
		from purpose where workspace_id = @ws`, ws)
	if err != nil {
		return nil, err
	}
	for _, p := range purposes {
		c.purposes[p.ID] = &domain.PurposeFacts{State: domain.PurposeState(p.State), NeedsProgram: p.NeedsProgram,
			StartsOn: p.StartsOn, EndsOn: p.EndsOn, Art9Condition: p.Art9, LegalText: p.LegalText, Retention: c.rules[deref(p.Rule)]}
	}
	return c, s.wide(ctx, wideRows, func() error { return s.readMasters(ctx, by, c) })
}

// readMasters finds what the declared masters hold, and for every other dataset the masters of the same people that no
// flow ties to it or to its application. Both lists are short; every dataset with every category of its masters is not.
func (s *Store) readMasters(ctx context.Context, by domain.Actor, c *judgeContext) error {
	type held struct {
		Master   int64 `db:"dataset_id"`
		Category int64 `db:"category_id"`
	}
	masters, err := many[int64](ctx, s, "dataset", `select id from dataset
		where workspace_id = @ws and is_master and state = 'active' and archived_at is null`, pgx.StrictNamedArgs{"ws": by.Workspace})
	if err != nil || len(masters) == 0 {
		return err
	}
	// Given by their ids, so that their fields are looked up and not looked for among all.
	categories, err := many[held](ctx, s, "dataset", `
		select distinct f.dataset_id, f.category_id from field f
		where f.workspace_id = @ws and f.category_id is not null and f.state = 'active' and f.dataset_id = any(@masters)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "masters": masters})
	if err != nil {
		return err
	}
	c.held, c.masters = make(map[masterCategory]bool, len(categories)), map[int64][]int64{}
	for _, h := range categories {
		c.held[masterCategory{h.Master, h.Category}] = true
	}
	type pair struct {
		Dataset int64 `db:"dataset_id"`
		Master  int64 `db:"master_id"`
	}
	pairs, err := many[pair](ctx, s, "dataset", `
		select d.id as dataset_id, m.id as master_id
		from dataset m
		join dataset d on d.workspace_id = m.workspace_id and d.id <> m.id and not d.is_master and d.subjects && m.subjects
		where m.workspace_id = @ws and m.is_master and m.state = 'active' and m.archived_at is null
			and not exists (select from flow w where w.workspace_id = @ws and w.archived_at is null
				and w.source_application_id = m.application_id and coalesce(w.source_dataset_id, m.id) = m.id
				and w.target_application_id = d.application_id and coalesce(w.target_dataset_id, d.id) = d.id)
			and not exists (select from flow w where w.workspace_id = @ws and w.archived_at is null
				and w.target_application_id = m.application_id and coalesce(w.target_dataset_id, m.id) = m.id
				and w.source_application_id = d.application_id and coalesce(w.source_dataset_id, d.id) = d.id)`,
		pgx.StrictNamedArgs{"ws": by.Workspace})
	for _, p := range pairs {
		c.masters[p.Dataset] = append(c.masters[p.Dataset], p.Master)
	}
	return err
}

// Links and mappings travel as one number each, so that a million fields are read without a million small objects.
const (
	packedLinks    = `array_agg(program_id * 4 + case level when 'essential' then 0 when 'useful' then 1 else 2 end)`
	packedMappings = `array_agg(purpose_id * 4 + case state when 'approved' then 0 when 'proposed' then 1 else 2 end)`
)

var (
	linkLevels    = [...]domain.LinkLevel{domain.LinkEssential, domain.LinkUseful, domain.LinkAvoid, domain.LinkAvoid}
	mappingStates = [...]domain.MappingState{domain.MappingApproved, domain.MappingProposed, domain.MappingRejected, domain.MappingRejected}
)

// byKey runs f with nothing but look-ups by key: a chunk of a large table is changed without reading the whole of it, and
// of a table that was just filled, which the planner takes for empty, each row is not compared with each other.
func (s *Store) byKey(ctx context.Context, f func() error) error {
	const others = `select set_config('enable_seqscan', $1, true), set_config('enable_hashjoin', $1, true), set_config('enable_mergejoin', $1, true)`
	if _, err := s.db.Exec(ctx, others, "off"); err != nil {
		return translate("", err)
	}
	tx := s.db.(pgx.Tx)
	s.db = plannedAfresh{tx}
	defer func() { s.db = tx }()
	if err := f(); err != nil {
		return err
	}
	_, err := s.db.Exec(ctx, others, "on")
	return translate("", err)
}

// plannedAfresh has every statement planned for what it is asked with: chunk after chunk with one statement, a plan for
// any chunk would take the place of the plan for this one. Foreign keys must keep their plans, so this is no setting of the
// transaction (plan_cache_mode): under that, PostgreSQL plans the check of each key of each row anew, which takes longer
// than all else.
type plannedAfresh struct{ pgx.Tx }

// Exec runs a statement that no plan is kept of.
func (t plannedAfresh) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return t.Tx.Exec(ctx, sql, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
}

// Query reads with a statement that no plan is kept of.
func (t plannedAfresh) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return t.Tx.Query(ctx, sql, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
}

// knownRows is from how many rows on it is asked whether the planner knows of them: ten times as many as it takes for granted.
const knownRows = 2_000

// makeKnown refreshes the statistics of fields where the planner takes the workspace, of which so many are about to be written by
// key, for next to empty, as it does with one that is newer than its statistics: any index that begins with the workspace would be
// as good as the key to it, and all fields were read for each of them.
func (s *Store) makeKnown(ctx context.Context, by domain.Actor, rows int) error {
	if rows < knownRows {
		return nil
	}
	plan, err := one[[]byte](ctx, s, "field", `explain (format json) select from field where workspace_id = @ws`, pgx.StrictNamedArgs{"ws": by.Workspace})
	if err != nil {
		return err
	}
	var told []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	if err := json.Unmarshal(plan, &told); err != nil || len(told) != 1 {
		return fmt.Errorf("plan of the fields of a workspace: %w", err)
	}
	if told[0].Plan.Rows >= float64(rows)/10 {
		return nil
	}
	_, err = s.exec(ctx, "field", `select refresh_statistics('field')`, pgx.StrictNamedArgs{})
	return err
}

// wideRows is from how many rows on a statement must not trust the planner's idea of how few they are.
const wideRows = 500

// wide runs f without nested loops where so many rows are at stake. What is known of a table that was just filled is
// that it is empty, and a nested loop over thousands of rows that the planner takes for none costs their square.
func (s *Store) wide(ctx context.Context, rows int, f func() error) error {
	if rows < wideRows {
		return f()
	}
	if _, err := s.db.Exec(ctx, "set local enable_nestloop = off"); err != nil {
		return translate("", err)
	}
	if err := f(); err != nil {
		return err
	}
	_, err := s.db.Exec(ctx, "set local enable_nestloop = on")
	return translate("", err)
}

// JudgedSQL reads everything that the verdicts of a workspace (@ws) are made of.
var JudgedSQL = judgedSQL(func(string) string { return "" })

// judgedSQL is JudgedSQL for the fields that of leaves: a condition on the column that holds a field's id.
func judgedSQL(of func(column string) string) string {
	return `
		select f.id, f.dataset_id, coalesce(f.category_id, 0), f.gdpr_class, f.verdict, f.lawful, f.used, f.used_why, f.flags, f.grade,
			f.completeness, f.programs, f.purposes, coalesce(f.effective_rule_id, 0), coalesce(f.retention_rule_id, 0), coalesce(d.retention_rule_id, 0),
			f.label <> '' or f.description <> '' or f.comment <> '', f.origin, f.owner_id is not null, fc.field_id is not null,
			l.packed, m.packed, ` + oldestRecord + `,
			e.reads, e.window_days, e.last_read_at, e.last_read_measured_at, e.reads_measured_at, e.last_write_at, e.write_measured_at,
			e.row_count, e.non_null_count, e.distinct_count
		from field f
		join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
		left join (select field_id, ` + packedLinks + ` as packed from program_link where workspace_id = @ws` + of("field_id") + ` group by field_id) l
			on l.field_id = f.id
		left join (select field_id, ` + packedMappings + ` as packed from purpose_mapping where workspace_id = @ws` + of("field_id") + ` group by field_id) m
			on m.field_id = f.id
		left join (select distinct field_id from field_collection where workspace_id = @ws` + of("field_id") + `) fc on fc.field_id = f.id
		left join field_evidence e on e.workspace_id = f.workspace_id and e.field_id = f.id` + of("e.field_id") + `
		where f.workspace_id = @ws` + of("f.id")
}

// eachJudged judges fields (all of the workspace where ids is nil) and calls f for each whose stored judgement differs.
func (s *Store) eachJudged(ctx context.Context, by domain.Actor, c *judgeContext, ids []int64, f func(was, is judged)) error {
	if ids == nil {
		return s.wide(ctx, wideRows, func() error {
			return s.eachJudgedRow(ctx, c, JudgedSQL, pgx.StrictNamedArgs{"ws": by.Workspace}, f)
		})
	}
	some := judgedSQL(func(column string) string { return " and " + column + " = any(@ids)" })
	return s.wide(ctx, len(ids), func() error {
		return s.eachJudgedRow(ctx, c, some, pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids}, f)
	})
}

func (s *Store) eachJudgedRow(ctx context.Context, c *judgeContext, sql string, args pgx.StrictNamedArgs, f func(was, is judged)) error {
	rows, err := s.db.Query(ctx, sql, args)
	if err != nil {
		return translate("field", err)
	}
	defer rows.Close()
	var r judgeRow
	targets := r.targets()
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return translate("field", err)
		}
		if was, is := r.was(), r.is(c); was != is {
			f(was, is)
		}
	}
	return translate("field", rows.Err())
}

// judgeRow is one row of eachJudged, read into the same memory again and again.
type judgeRow struct {
	id, dataset, category           int64
	class, verdict, why             string
	lawful, used                    bool
	flags                           int32
	grade, completeness             int16
	programs, purposes              int32
	meaning, owned, collected       bool
	origin                          string
	links, mappings                 []int64
	effective, ownRule, datasetRule int64
	oldest                          *time.Time
	evidence                        domain.EvidenceFacts
	linkFacts                       []domain.LinkFact
	mappingFacts                    []domain.MappingFact
}

func (r *judgeRow) targets() []any {
	e := &r.evidence
	return []any{&r.id, &r.dataset, &r.category, &r.class, &r.verdict, &r.lawful, &r.used, &r.why, &r.flags, &r.grade,
		&r.completeness, &r.programs, &r.purposes, &r.effective, &r.ownRule, &r.datasetRule, &r.meaning, &r.origin, &r.owned, &r.collected, &r.links, &r.mappings, &r.oldest,
		&e.Reads, &e.WindowDays, &e.LastReadAt, &e.LastReadMeasuredAt, &e.ReadsMeasuredAt, &e.LastWriteAt, &e.WriteMeasuredAt,
		&e.RowCount, &e.NonNullCount, &e.DistinctCount}
}

func (r *judgeRow) was() judged {
	return judged{ID: r.id, Grade: domain.Grade(r.grade), Completeness: r.completeness, Programs: r.programs, Purposes: r.purposes,
		Finding: domain.Finding{Verdict: domain.Verdict(r.verdict), Lawful: r.lawful, Used: r.used, Why: domain.UsedWhy(r.why), Flags: domain.FlagSet(r.flags), Rule: domain.RetentionRuleID(r.effective)}}
}

func (r *judgeRow) is(c *judgeContext) judged {
	if c.suppose != nil {
		c.suppose(r)
	}
	r.linkFacts, r.mappingFacts = r.linkFacts[:0], r.mappingFacts[:0]
	out := judged{ID: r.id}
	for _, packed := range r.links {
		level := linkLevels[packed&3]
		r.linkFacts = append(r.linkFacts, domain.LinkFact{Level: level, Program: c.programs[packed>>2]})
		if level != domain.LinkAvoid {
			out.Programs++
		}
	}
	for _, packed := range r.mappings {
		state := mappingStates[packed&3]
		r.mappingFacts = append(r.mappingFacts, domain.MappingFact{State: state, Purpose: c.purposes[packed>>2]})
		if state != domain.MappingRejected {
			out.Purposes++
		}
	}
	facts := domain.FieldFacts{Class: domain.GDPRClass(r.class), Links: r.linkFacts, Mappings: r.mappingFacts, Evidence: r.evidence,
		Retention:    domain.FieldRetention{Field: c.rules[r.ownRule], Dataset: c.rules[r.datasetRule], Category: c.categories[r.category], OldestRecordOn: r.oldest},
		HasDuplicate: c.copied(r.dataset, r.category)}
	out.Finding = domain.Judge(&facts, c.thresholds, c.today)
	out.Grade = domain.EvidenceGrade(&r.evidence, c.thresholds, c.today)
	known := domain.FieldKnown{Class: facts.Class, Meaning: r.meaning, Origin: r.origin, Collected: r.collected, Owned: r.owned,
		Mapped: len(r.mappings) > 0, Measured: r.evidence.ReadsMeasuredAt != nil}
	out.Completeness = int16(known.Percent())
	return out
}

func (s *Store) storeJudged(ctx context.Context, by domain.Actor, list []judged) error {
	n := len(list)
	ids, verdicts, lawful, used, why := make([]int64, n), make([]string, n), make([]bool, n), make([]bool, n), make([]string, n)
	flags, grades, completeness := make([]int32, n), make([]int16, n), make([]int16, n)
	programs, purposes, rules := make([]int32, n), make([]int32, n), make([]*int64, n)
	for i, j := range list {
		ids[i], verdicts[i], lawful[i], used[i], why[i] = j.ID, string(j.Finding.Verdict), j.Finding.Lawful, j.Finding.Used, string(j.Finding.Why)
		flags[i], grades[i], completeness[i] = int32(j.Finding.Flags), int16(j.Grade), j.Completeness
		programs[i], purposes[i], rules[i] = j.Programs, j.Purposes, zeroNull(int64(j.Finding.Rule))
	}
	_, err := s.exec(ctx, "field", `
		update field f set verdict = u.verdict, lawful = u.lawful, used = u.used, used_why = u.why, flags = u.flags, grade = u.grade,
			completeness = u.completeness, programs = u.programs, purposes = u.purposes, effective_rule_id = u.rule
		from unnest(@ids::bigint[], @verdicts::text[], @lawful::boolean[], @used::boolean[], @why::text[], @flags::integer[],
			@grades::smallint[], @completeness::smallint[], @programs::integer[], @purposes::integer[],
			@rules::bigint[]) u (id, verdict, lawful, used, why, flags, grade, completeness, programs, purposes, rule)
		where f.workspace_id = @ws and f.id = u.id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids, "verdicts": verdicts, "lawful": lawful, "used": used, "why": why, "flags": flags,
			"grades": grades, "completeness": completeness, "programs": programs, "purposes": purposes, "rules": rules})
	return err
}
