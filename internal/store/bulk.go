package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// bulkSQL is how one act on many fields is planned and carried out. Every expression is written here by hand; what people
// typed are arguments. The chosen field has the alias f.
type bulkSQL struct {
	verb    string
	with    string // further tables of the plan: joins after "from field f"
	refused string // text expression: why the field is refused; null where it is not
	same    string // condition: the field already is as the act would make it
	replace string // condition: another value gives way
	before  string // jsonb expression of the values that the act changes
	after   string
	// apply are statements in a with clause that change the rows of todo.
	apply string
	// told are the events; empty for one of each field under the verb.
	told string
	// lock is a query that holds the rows beside the fields that the plan reads.
	lock string
}

// inactive refuses fields that nobody holds any more.
const inactive = `when f.state <> 'active' then f.state`

// special is the condition of a class of data with a regime of its own.
const special = `f.gdpr_class in ('sensitive_art9', 'criminal_art10', 'nir')`

// linkFacts are the values of a program link that undoing an act must be able to restore.
const linkFacts = `jsonb_build_object('program', x.program_id, 'level', x.level, 'role', x.role, 'note', x.note, 'source', x.source,
	'linked_by', x.linked_by, 'linked_at', x.linked_at)`

const linkJoin = `left join program_link x on x.workspace_id = @ws and x.field_id = f.id and x.program_id = @program`

const linkLock = `select from program_link where workspace_id = @ws and field_id = any(@ids) and program_id = @program order by field_id for update`

// categorised gives each field of todo the category that its values after the act name.
const categorised = `applied as (
			update field f set category_id = c.id, gdpr_class = c.gdpr_class, version = f.version + 1, updated_at = clock_timestamp()
			from todo join data_category c on c.workspace_id = @ws and c.id = (todo.after ->> 'category')::bigint
			where f.workspace_id = @ws and f.id = todo.id)`

var bulks = map[domain.BulkAct]bulkSQL{
	domain.BulkLink: {
		verb:    "field.linked",
		with:    linkJoin,
		refused: `case ` + inactive + ` when @level = 'useful' and ` + special + ` then 'sensitive' end`,
		same:    `x.level = @level and x.role = @role and x.note = @note`,
		replace: `x.field_id is not null`,
		before:  `case when x.field_id is not null then ` + linkFacts + ` end`,
		after: `jsonb_build_object('program', @program::bigint, 'level', @level::text, 'role', @role::text, 'note', @note::text,
			'source', 'bulk')`,
		apply: `applied as (
			insert into program_link (workspace_id, field_id, program_id, level, role, note, source, linked_by)
			select @ws, id, @program, @level, @role, @note, 'bulk', @actor from todo
			on conflict (workspace_id, field_id, program_id) do update set level = excluded.level, role = excluded.role,
				note = excluded.note, source = excluded.source, linked_by = excluded.linked_by, linked_at = clock_timestamp())`,
		lock: linkLock,
	},
	domain.BulkTarget: targetSQL,
	domain.BulkUnlink: {
		verb:   "field.unlinked",
		with:   linkJoin,
		same:   `x.field_id is null`,
		before: linkFacts,
		apply: `applied as (
			delete from program_link x using todo where x.workspace_id = @ws and x.field_id = todo.id and x.program_id = @program)`,
		lock: linkLock,
	},
	domain.BulkCategorise: {
		verb:    "field.changed",
		refused: `case when f.state = 'archived' then f.state end`,
		same:    `f.category_id = @category`,
		replace: `f.category_id is not null`,
		before:  `jsonb_build_object('category', coalesce(f.category_id, 0))`,
		after:   `jsonb_build_object('category', @category::bigint)`,
		apply:   categorised,
		lock:    `select from purpose_mapping where workspace_id = @ws and field_id = any(@ids) order by id for update`,
	},
	domain.BulkAccept: acceptSQL,
	domain.BulkRefuse: refuseSQL,
	domain.BulkMap: {
		verb: "field.mapped",
		with: `left join purpose_mapping x on x.workspace_id = @ws and x.field_id = f.id and x.purpose_id = @purpose
			cross join (select art9_condition <> '' as condition, legal_reference <> '' as legal
				from purpose where workspace_id = @ws and id = @purpose) p`,
		refused: `case ` + inactive + ` when x.state = 'rejected' then 'rejected'
			when f.gdpr_class = 'sensitive_art9' and not p.condition then 'condition'
			when f.gdpr_class in ('criminal_art10', 'nir') and not p.legal then 'legal' end`,
		same:   `x.id is not null`,
		before: `null::jsonb`,
		after:  `jsonb_build_object('purpose', @purpose::bigint, 'justification', @justification::text, 'mapping', 'proposed')`,
		apply: `applied as (
			insert into purpose_mapping (workspace_id, field_id, purpose_id, justification, proposed_by)
			select @ws, id, @purpose, @justification, @actor from todo)`,
		lock: `select from purpose_mapping where workspace_id = @ws and field_id = any(@ids) and purpose_id = @purpose order by id for update`,
	},
	domain.BulkOwner: {
		verb:    "field.changed",
		refused: `case when f.state = 'archived' then f.state end`,
		same:    `coalesce(f.owner_id, 0) = coalesce(@owner::bigint, 0)`,
		replace: `f.owner_id is not null`,
		before:  `jsonb_build_object('owner', coalesce(f.owner_id, 0))`,
		after:   `jsonb_build_object('owner', coalesce(@owner::bigint, 0))`,
		apply: `applied as (
			update field f set owner_id = @owner, version = version + 1, updated_at = clock_timestamp()
			from todo where f.workspace_id = @ws and f.id = todo.id)`,
	},
	domain.BulkOrigin: {
		verb:    "field.changed",
		refused: `case when f.state = 'archived' then f.state end`,
		same:    `f.origin = @origin`,
		replace: `f.origin <> 'unknown'`,
		before:  `jsonb_build_object('origin', f.origin)`,
		after:   `jsonb_build_object('origin', @origin::text)`,
		apply: `applied as (
			update field f set origin = @origin, version = version + 1, updated_at = clock_timestamp()
			from todo where f.workspace_id = @ws and f.id = todo.id)`,
	},
	domain.BulkCollect: {
		verb:    "field.collected",
		with:    `left join field_collection x on x.workspace_id = @ws and x.field_id = f.id and x.collection_point_id = @point`,
		refused: `case when f.state = 'archived' then f.state end`,
		same:    `x.field_id is not null`,
		before:  `null::jsonb`,
		after:   `jsonb_build_object('collection_point', @point::bigint)`,
		apply: `applied as (
			insert into field_collection (workspace_id, field_id, collection_point_id) select @ws, id, @point from todo)`,
	},
	domain.BulkRetain: {
		verb:    "field.changed",
		refused: `case when f.state = 'archived' then f.state end`,
		same:    `f.retention_rule_id is not distinct from @retention::bigint`,
		replace: `f.retention_rule_id is not null`,
		before:  `jsonb_build_object('retention', coalesce(f.retention_rule_id, 0))`,
		after:   `jsonb_build_object('retention', coalesce(@retention::bigint, 0))`,
		apply: `applied as (
			update field f set retention_rule_id = @retention, version = version + 1, updated_at = clock_timestamp()
			from todo where f.workspace_id = @ws and f.id = todo.id)`,
	},
	domain.BulkKeep:   decisionSQL,
	domain.BulkToDPO:  decisionSQL,
	domain.BulkDelete: decisionSQL,
}

// decisionSQL: a decision answers flags, so there must be some; what is lawful and in use is not proposed for deletion.
var decisionSQL = bulkSQL{
	verb: "field.decided",
	with: `left join decision x on x.workspace_id = @ws and x.field_id = f.id and x.withdrawn_at is null`,
	refused: `case ` + inactive + ` when f.flags = 0 then 'no_flag'
		when @act = 'propose_deletion' and f.verdict = 'keep' then 'in_use' end`,
	same:    `x.kind = @act and x.reason = @reason and x.until is not distinct from @until::date`,
	replace: `x.id is not null`,
	before:  `case when x.id is not null then jsonb_build_object('decision', x.kind, 'decision_until', x.until, 'decision_id', x.id) end`,
	after:   `jsonb_build_object('decision', @act::text, 'decision_until', @until::date)`,
	// The insert asks for the count of what was withdrawn, so that a field never has two decisions, not even for a moment.
	apply: `replaced as (
		update decision d set withdrawn_at = clock_timestamp() from todo
		where d.workspace_id = @ws and d.field_id = todo.id and d.withdrawn_at is null returning d.id),
	applied as (
		insert into decision (workspace_id, field_id, kind, reason, until, decided_by, decided_by_name, batch_id)
		select @ws, id, @act, @reason, @until::date, @actor, @actor_name, @batch from todo
		where (select count(*) from replaced) >= 0),
	marked as (
		update field f set decision = @act, decision_until = @until::date from todo where f.workspace_id = @ws and f.id = todo.id)`,
	lock: `select from decision where workspace_id = @ws and field_id = any(@ids) and withdrawn_at is null order by id for update`,
}

// acceptSQL gives fields without a category the one that is suggested, or the one that was chosen instead. Whoever decided
// before is never overruled: such a field is refused.
var acceptSQL = bulkSQL{
	verb: "field.changed",
	with: `left join field_suggestion s on s.workspace_id = @ws and s.field_id = f.id
		left join data_category k on k.workspace_id = @ws and k.id = coalesce(nullif(@category::bigint, 0), s.category_id) and k.archived_at is null`,
	refused: `case ` + inactive + ` when f.category_id is not null then 'categorised' when k.id is null then 'no_suggestion' end`,
	same:    `false`,
	before:  `jsonb_build_object('category', 0)`,
	after:   `jsonb_build_object('category', k.id)`,
	apply:   categorised,
	lock:    `select from purpose_mapping where workspace_id = @ws and field_id = any(@ids) order by id for update`,
}

// refuseSQL keeps that a category is wrong for fields, or for their name wherever it stands, so that it is not suggested
// there again.
var refuseSQL = bulkSQL{
	verb: "field.suggestion_refused",
	with: `left join suggestion_refusal x on x.workspace_id = @ws and x.category_id = @category and x.batch_id is distinct from @batch
		and case when @name = '' then x.field_id = f.id else x.field_id is null and x.name = f.name end`,
	refused: `case ` + inactive + ` when f.category_id is not null then 'categorised' end`,
	same:    `x.id is not null`,
	before:  `null::jsonb`,
	after:   `jsonb_build_object('suggestion', @category::bigint)`,
	apply: `applied as (
			insert into suggestion_refusal (workspace_id, category_id, field_id, name, refused_by, refused_by_name, batch_id)
			select distinct @ws::bigint, @category::bigint, case when @name = '' then id end, case when @name = '' then '' else name end,
				@actor::bigint, @actor_name, @batch::bigint from todo
			on conflict do nothing)`,
}

// bulkArgs are the arguments of an act's statements. The statement may not name all of them, so each takes its own.
func bulkArgs(by domain.Actor, b domain.Bulk, ids []int64) pgx.NamedArgs {
	return pgx.NamedArgs{"ws": by.Workspace, "ids": ids, "act": string(b.Act), "program": b.Program, "level": string(b.Level),
		"role": b.Role, "note": b.Note, "category": b.Category, "purpose": b.Purpose, "justification": b.Justification,
		"owner": zeroNull(b.Owner), "origin": b.Origin, "point": b.Point, "retention": zeroNull(b.Retention), "until": b.Until, "reason": b.Reason, "name": b.Name,
		"target": string(b.Target), "cause": b.Cause, "how": b.How, "instead": zeroNull(b.Instead), "due": b.Due,
		"actor": zeroNull(by.User), "actor_name": by.Name}
}

// plan is the query that says of every chosen field what the act would do to it.
func (q bulkSQL) plan() string {
	or := func(expr, otherwise string) string {
		if expr == "" {
			return otherwise
		}
		return expr
	}
	return fmt.Sprintf(`select f.id, f.name, o.refused,
			case when o.refused is not null then 'refused' when o.same then 'same' when o.replaced then 'replaced' else 'changed' end as outcome,
			%[5]s as before, %[6]s as after
		from field f %[1]s
		cross join lateral (select (%[2]s)::text as refused, coalesce(%[3]s, false) as same, coalesce(%[4]s, false) as replaced) o
		where f.workspace_id = @ws and f.id = any(@ids)`,
		q.with, or(q.refused, "null"), q.same, or(q.replace, "false"), or(q.before, "null::jsonb"), or(q.after, "null::jsonb"))
}

// PlanBulk tells what an act would do to those fields. Nothing is written; fields of another workspace are not there.
func (s *Store) PlanBulk(ctx context.Context, by domain.Actor, b domain.Bulk, ids []int64) (plan domain.BulkPlan, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		if err := s.checkBulk(ctx, by, b, ""); err != nil {
			return err
		}
		return s.wide(ctx, len(ids), func() error {
			plan, err = s.planBulk(ctx, by, b, ids)
			return err
		})
	})
	return plan, err
}

func (s *Store) planBulk(ctx context.Context, by domain.Actor, b domain.Bulk, ids []int64) (plan domain.BulkPlan, err error) {
	type row struct {
		Outcome string `db:"outcome"`
		Refused string `db:"refused"`
		N       int64  `db:"n"`
		Print   int64  `db:"print"`
	}
	rows, err := loose[row](ctx, s, `with plan as (`+bulks[b.Act].plan()+`)
		select outcome, coalesce(refused, '') as refused, count(*) as n, bit_xor(hashtextextended(id::text || outcome || coalesce(after::text, ''), 0)) as print
		from plan group by 1, 2 order by n desc, 2`, bulkArgs(by, b, ids))
	var print int64
	for _, r := range rows {
		plan.Total += r.N
		print ^= r.Print
		switch r.Outcome {
		case "changed":
			plan.Changed += r.N
		case "replaced":
			plan.Replaced += r.N
		case "same":
			plan.Same += r.N
		default:
			plan.Refused += r.N
			plan.Reasons = append(plan.Reasons, domain.BulkReason{Key: r.Refused, N: r.N})
		}
	}
	plan.Fingerprint = fmt.Sprintf("%d-%016x", plan.Total, uint64(print))
	if err == nil && b.Act == domain.BulkCategorise {
		plan.Reopened, err = one[int64](ctx, s, "mapping", `select count(*) from purpose_mapping m join field f
			on f.workspace_id = m.workspace_id and f.id = m.field_id
			where m.workspace_id = @ws and m.field_id = any(@ids) and m.state = 'approved' and f.category_id is distinct from @category`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids, "category": b.Category})
	}
	if err == nil && b.Act == domain.BulkLink && plan.Todo() > 0 {
		plan.Reopened, err = s.linkReopens(ctx, by, b, ids)
	}
	return plan, err
}

// linkReopens counts the approvals that no longer hold once the fields are linked so: they were given for other programs.
func (s *Store) linkReopens(ctx context.Context, by domain.Actor, b domain.Bulk, ids []int64) (n int64, err error) {
	todo, err := loose[int64](ctx, s, `with plan as (`+bulks[b.Act].plan()+`) select id from plan where outcome in ('changed', 'replaced')`, bulkArgs(by, b, ids))
	if err != nil {
		return 0, err
	}
	purposes, err := many[domain.PurposeID](ctx, s, "program_purpose", `select purpose_id from program_purpose where workspace_id = @ws and program_id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": b.Program})
	if err != nil || len(purposes) == 0 {
		return 0, err
	}
	change := frozenChange{
		shared: func(*reviewContext) {},
		each: func(r *groundRow) {
			r.Programs = slices.DeleteFunc(r.Programs, func(id int64) bool { return id == int64(b.Program) })
			if b.Level != domain.LinkAvoid && slices.Contains(purposes, r.Purpose) {
				r.Programs = append(r.Programs, int64(b.Program))
				slices.Sort(r.Programs)
			}
		},
	}
	err = s.compareFrozen(ctx, by, "m.state = 'approved' and m.field_id = any(@ids)", pgx.StrictNamedArgs{"ids": todo}, &change, func(_ domain.MappingID, because string) {
		if because != "" {
			n++
		}
	})
	return n, err
}

// BulkRefusal is a field that an act leaves alone, and why.
type BulkRefusal struct {
	ID          int64  `db:"id"`
	Name        string `db:"name"`
	Application string `db:"application"`
	Dataset     string `db:"dataset"`
	Reason      string `db:"reason"` // key of the reason
}

// BulkRefusals lists the fields that an act would refuse, by application, dataset and name, at most so many.
func (s *Store) BulkRefusals(ctx context.Context, by domain.Actor, b domain.Bulk, ids []int64, most int) (list []BulkRefusal, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		args := bulkArgs(by, b, ids)
		args["most"] = most
		return s.wide(ctx, len(ids), func() error {
			list, err = loose[BulkRefusal](ctx, s, `with plan as (`+bulks[b.Act].plan()+`)
			select plan.id, plan.name, a.name as application, d.name as dataset, plan.refused as reason
			from plan join field f on f.workspace_id = @ws and f.id = plan.id
			join dataset d on d.workspace_id = @ws and d.id = f.dataset_id
			join application a on a.workspace_id = @ws and a.id = f.application_id
			where plan.outcome = 'refused' order by fold(a.name), fold(d.name), plan.name, plan.id limit @most`, args)
			return err
		})
	})
	return list, err
}

// ApplyBulk carries out an act on those fields in one transaction, with an event for each, and judges them again. Where
// seen is the fingerprint of another plan, nothing is done: Conflict, with the plan as it now is. The batch is zero where
// there was nothing to do.
func (s *Store) ApplyBulk(ctx context.Context, by domain.Actor, b domain.Bulk, ids []int64, seen string) (batch domain.BatchID, plan domain.BulkPlan, err error) {
	if err := by.Must(b.Act.Action()); err != nil {
		return 0, plan, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		batch = 0
		if plan, err = s.planLocked(ctx, by, b, ids, seen); err != nil {
			return err
		}
		if plan.Todo() == 0 {
			return nil
		}
		batch, err = s.applyBulk(ctx, by, b, ids, plan)
		return err
	})
	return batch, plan, err
}

// planLocked holds the fields and plans the act on them, now that nobody else changes them. Conflict, with the plan as it
// is, where seen is the fingerprint of another; empty for one that nobody saw.
func (s *Store) planLocked(ctx context.Context, by domain.Actor, b domain.Bulk, ids []int64, seen string) (plan domain.BulkPlan, err error) {
	if err := s.checkBulk(ctx, by, b, forShare); err != nil {
		return plan, err
	}
	if err := s.lockBulk(ctx, by, b, ids); err != nil {
		return plan, err
	}
	err = s.wide(ctx, len(ids), func() error {
		plan, err = s.planBulk(ctx, by, b, ids)
		return err
	})
	if err == nil && seen != "" && seen != plan.Fingerprint {
		err = domain.Errorf(domain.Conflict, "bulk.moved")
	}
	return plan, err
}

// lockBulk holds the fields, in one order for everybody, and what the plan reads beside them.
func (s *Store) lockBulk(ctx context.Context, by domain.Actor, b domain.Bulk, ids []int64) error {
	if err := s.takeTurn(ctx, by, ids); err != nil || bulks[b.Act].lock == "" {
		return err
	}
	_, err := s.db.Exec(ctx, bulks[b.Act].lock, bulkArgs(by, b, ids))
	return translate("field", err)
}

func (s *Store) applyBulk(ctx context.Context, by domain.Actor, b domain.Bulk, ids []int64, plan domain.BulkPlan) (domain.BatchID, error) {
	batch, err := s.addBatch(ctx, by, b.Act, b.Label(), plan.Todo(), plan.Refused)
	if err != nil {
		return 0, err
	}
	return batch, s.carryOut(ctx, by, b, ids, batch, nil)
}

// BulkPart is how many fields of an act are changed between two reports of progress: a variable, so that tests see an act in
// several parts without many fields.
var BulkPart = 5_000

// carryOut changes the fields, tells each change as one of the batch, and judges what changed.
func (s *Store) carryOut(ctx context.Context, by domain.Actor, b domain.Bulk, ids []int64, batch domain.BatchID, p *progress) error {
	q := bulks[b.Act]
	var done []int64
	s.batch = batch
	p.of(2 * int64(len(ids))) // to change, and to judge again
	for part := range slices.Chunk(ids, BulkPart) {
		args := bulkArgs(by, b, part)
		args["batch"], args["verb"] = batch, q.verb
		if err := s.wide(ctx, len(part), func() error {
			changed, err := loose[int64](ctx, s, bulkStatement(q), args)
			done = append(done, changed...)
			return err
		}); err != nil {
			return err
		}
		if err := p.add(len(part)); err != nil {
			return err
		}
	}
	if b.Act != domain.BulkRefuse {
		if err := s.judgeParts(ctx, by, done, p); err != nil {
			return err
		}
	}
	if b.Act.Answers() {
		return s.suggestAnswered(ctx, by, done)
	}
	return nil
}

// judgeParts is judge for so many fields that somebody watches.
func (s *Store) judgeParts(ctx context.Context, by domain.Actor, ids []int64, p *progress) error {
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
	for part := range slices.Chunk(ids, BulkPart) {
		if err := s.judgeWith(ctx, by, c, part); err != nil {
			return err
		}
		if err := p.add(len(part)); err != nil {
			return err
		}
	}
	return s.judgeCopies(ctx, by, c, ids)
}

// progress counts the steps of long work and tells them to those who wait. Nil counts nothing.
type progress struct {
	done, total int64
	tell        func(done, total int64) error
}

func (p *progress) of(total int64) {
	if p != nil {
		p.total = total
	}
}

// add notes steps; its error is that nobody wants the work any more.
func (p *progress) add(n int) error {
	if p == nil {
		return nil
	}
	p.done += int64(n)
	return p.tell(p.done, p.total)
}

// bulkStatement plans, changes and tells in one statement.
func bulkStatement(q bulkSQL) string {
	return `with plan as materialized (` + q.plan() + `),
		todo as materialized (select id, name, before, after from plan where outcome in ('changed', 'replaced')),
		` + q.apply + `,
		told as (
			insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after, reason, batch_id)
			` + cmp.Or(q.told, `select @ws, @actor, @actor_name, @verb, 'field', id, name, before, after, @reason, @batch from todo`) + `)
		select id from todo`
}

// checkBulk refuses, as a problem of its form field, a thing that is not there or is no longer in use. What it finds stays in use
// until the transaction ends where lock is forShare.
func (s *Store) checkBulk(ctx context.Context, by domain.Actor, b domain.Bulk, lock string) error {
	check := func(field string, id int64, sql string) error {
		if id == 0 {
			return nil
		}
		known, err := one[bool](ctx, s, field, "select exists("+sql+lock+")", pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err == nil && !known {
			var p domain.Problems
			p.Add(field, "error.reference")
			err = p.Err()
		}
		return err
	}
	// A program that was archived can still be taken off its fields.
	program := `select from program where workspace_id = @ws and id = @id and archived_at is null`
	if b.Act == domain.BulkUnlink {
		program = `select from program where workspace_id = @ws and id = @id`
	}
	for _, c := range []struct {
		field, sql string
		id         int64
	}{
		{"program", program, int64(b.Program)},
		{"category", `select from data_category where workspace_id = @ws and id = @id and archived_at is null`, int64(b.Category)},
		{"purpose", `select from purpose where workspace_id = @ws and id = @id and archived_at is null and state <> 'retired'`, int64(b.Purpose)},
		{"retention", `select from retention_rule where workspace_id = @ws and id = @id and archived_at is null`, int64(b.Retention)},
		{"collection_point", `select from collection_point where workspace_id = @ws and id = @id and archived_at is null`, int64(b.Point)},
		{"instead", `select from data_category where workspace_id = @ws and id = @id and archived_at is null`, int64(b.Instead)},
	} {
		if err := check(c.field, c.id, c.sql); err != nil {
			return err
		}
	}
	return s.checkMember(ctx, by, "owner", b.Owner)
}

// loose is many for statements that take some of the arguments of a common set.
func loose[T any](ctx context.Context, s *Store, sql string, args pgx.NamedArgs) ([]T, error) {
	rows, err := s.db.Query(ctx, sql, args)
	if err != nil {
		return nil, translate("field", err)
	}
	v, err := collect[T](rows)
	return v, translate("field", err)
}

// BulkOptions are the choices of an act's form.
type BulkOptions struct {
	Programs, Categories, Purposes, Owners, Points, Rules []domain.Option
}

// BulkOptions reads what an act's form offers; only the lists that it needs are filled.
func (s *Store) BulkOptions(ctx context.Context, by domain.Actor, act domain.BulkAct) (o BulkOptions, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		switch act {
		case domain.BulkLink:
			o.Programs, err = s.options(ctx, by, `select id, name from program
				where workspace_id = @ws and archived_at is null and status <> 'ended' order by fold(name), id`)
		case domain.BulkTarget:
			if o.Programs, err = s.ProgramOptions(ctx, by); err != nil {
				return err
			}
			if o.Owners, err = s.MemberOptions(ctx, by); err != nil {
				return err
			}
			o.Categories, err = s.CategoryChoices(ctx, by)
		case domain.BulkUnlink:
			o.Programs, err = s.options(ctx, by, `select id, name from program where workspace_id = @ws order by fold(name), id`)
		case domain.BulkCategorise:
			o.Categories, err = s.CategoryChoices(ctx, by)
		case domain.BulkMap:
			o.Purposes, err = s.options(ctx, by, `select id, code || ' · ' || name as name from purpose
				where workspace_id = @ws and archived_at is null and state <> 'retired' order by fold(code), id`)
		case domain.BulkOwner:
			o.Owners, err = s.MemberOptions(ctx, by)
		case domain.BulkCollect:
			o.Points, err = s.options(ctx, by, `select id, name from collection_point
				where workspace_id = @ws and archived_at is null order by fold(name), id`)
		case domain.BulkRetain:
			o.Rules, err = s.RetentionOptions(ctx, by)
		case domain.BulkOrigin, domain.BulkKeep, domain.BulkToDPO, domain.BulkDelete, domain.BulkMatrix, domain.BulkImport,
			domain.BulkApprove, domain.BulkReject, domain.BulkAccept, domain.BulkRefuse, domain.BulkWorkshop, domain.BulkNeeds, domain.BulkAttach:
		}
		return err
	})
	return o, err
}

// CategoryChoices returns the data categories in the actor's language, grouped under the name of their topmost one.
func (s *Store) CategoryChoices(ctx context.Context, by domain.Actor) ([]domain.Option, error) {
	type choice struct {
		ID    int64  `db:"id"`
		Name  string `db:"name"`
		Group string `db:"heading"`
	}
	rows, err := many[choice](ctx, s, "category", `
		select c.id, case when @lang = 'fr' then c.label_fr else c.label_en end as name,
			coalesce(case when @lang = 'fr' then top.label_fr else top.label_en end, '') as heading
		from data_category c
		left join data_category top on top.workspace_id = c.workspace_id and top.code = split_part(c.code, '.', 1)
		where c.workspace_id = @ws and c.archived_at is null
		order by fold(coalesce(top.label_fr, '')), top.code, c.code`, pgx.StrictNamedArgs{"ws": by.Workspace, "lang": by.Lang})
	rows = slices.Clip(rows)
	return mapSlice(rows, func(c choice) domain.Option { return domain.Option(c) }), err
}
