package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// targetFactsOf are domain.Target.Facts of a target under an alias.
func targetFactsOf(alias string) string {
	of := func(column string) string { return alias + "." + column }
	number := func(column string) string { return "coalesce(" + of(column) + ", 0)" }
	return `jsonb_build_object('field', ` + number("field_id") + `, 'category', ` + number("category_id") + `, 'program', ` + number("program_id") + `,
		'target_action', ` + of("target_action") + `, 'cause', ` + of("cause") + `, 'how', ` + of("how") + `, 'instead', ` + number("instead_id") + `,
		'collection_point', ` + number("collection_point_id") + `, 'wording', ` + of("wording") + `, 'consent_category', ` + number("consent_category_id") + `,
		'reason', ` + of("reason") + `, 'owner', ` + number("owner_id") + `, 'due_on', ` + of("due_on") + `, 'progress', ` + of("progress") + `, 'source', ` + of("source") + `)`
}

// factsApart are the facts of one value that another has otherwise, as domain.Diff has them.
func factsApart(of, from string) string {
	return `(select jsonb_object_agg(key, value) from jsonb_each(` + of + `) where value is distinct from ` + from + `->key)`
}

// targetSQL says of fields what is to become of them, for one program or for the workspace. Who works on the same action already
// goes on with it.
var targetSQL = bulkSQL{
	with: `left join target x on x.workspace_id = @ws and x.field_id = f.id and coalesce(x.program_id, 0) = @program::bigint
		cross join lateral (select ` + targetFactsOf("x") + ` as facts) w
		cross join lateral (select jsonb_build_object('field', f.id, 'category', 0, 'program', @program::bigint, 'target_action', @target::text,
			'cause', @cause::text, 'how', @how::text, 'instead', coalesce(@instead::bigint, 0), 'collection_point', 0, 'wording', '',
			'consent_category', 0, 'reason', @reason::text, 'owner', coalesce(@owner::bigint, 0), 'due_on', @due::date,
			'progress', case when x.target_action = @target then x.progress else 'todo' end, 'source', 'bulk') as facts) n`,
	refused: `case ` + inactive + ` end`,
	same:    `x.id is not null and w.facts - 'source' = n.facts - 'source'`,
	replace: `x.id is not null`,
	before:  `case when x.id is not null then ` + factsApart("w.facts", "n.facts") + ` end`,
	after:   `case when x.id is null then n.facts else ` + factsApart("n.facts", "w.facts") + ` end`,
	apply: `applied as (
		insert into target (workspace_id, field_id, program_id, target_action, cause, how, instead_id, reason, owner_id, due_on, source)
		select @ws, id, nullif(@program::bigint, 0), @target, @cause, @how, @instead::bigint, @reason, @owner::bigint, @due::date, 'bulk' from todo
		on conflict (workspace_id, coalesce(field_id, 0), coalesce(category_id, 0), coalesce(program_id, 0)) do update set
			target_action = excluded.target_action, cause = excluded.cause, how = excluded.how, instead_id = excluded.instead_id,
			reason = excluded.reason, owner_id = excluded.owner_id, due_on = excluded.due_on, source = excluded.source,
			progress = case when target.target_action = excluded.target_action then target.progress else excluded.progress end,
			version = target.version + 1, updated_at = clock_timestamp()
		returning id, field_id)`,
	told: `select @ws, @actor, @actor_name, case when todo.before is null then 'target.added' else 'target.changed' end, 'target', applied.id, todo.name,
		todo.before, todo.after, @reason, @batch from todo join applied on applied.field_id = todo.id`,
	lock: `select from target where workspace_id = @ws and field_id = any(@ids) and coalesce(program_id, 0) = @program order by id for update`,
}

// undoTargets gives targets the values that they had, or takes them away where there were none, as long as they are as the batch
// made them and what they named is still there.
var undoTargets = undoSQL{
	verbs: []string{"target.added", "target.changed"},
	with: ` join target x on x.workspace_id = @ws and x.id = e.subject_id
		left join field f on f.workspace_id = @ws and f.id = x.field_id
		cross join lateral (select ` + targetFactsOf("x") + ` as is, ` + targetFactsOf("x") + ` || coalesce(e.before, '{}') as was) v`,
	still: `v.is @> e.after and (v.was->>'owner' = '0' or exists (select from membership m where m.workspace_id = @ws and m.user_id = (v.was->>'owner')::bigint))
		and (v.was->>'collection_point' = '0' or exists (select from collection_point p where p.workspace_id = @ws and p.id = (v.was->>'collection_point')::bigint))
		and not exists (select from unnest(array[v.was->>'instead', v.was->>'consent_category']) named (id) where id <> '0'
			and not exists (select from data_category c where c.workspace_id = @ws and c.id = named.id::bigint))`,
	apply: `applied as (
		delete from target x using undoing t where x.workspace_id = @ws and x.id = t.subject and t.before is null),
	restored as (
		update target x set target_action = v.was->>'target_action', cause = v.was->>'cause', how = v.was->>'how',
			instead_id = nullif((v.was->>'instead')::bigint, 0), collection_point_id = nullif((v.was->>'collection_point')::bigint, 0),
			wording = v.was->>'wording', consent_category_id = nullif((v.was->>'consent_category')::bigint, 0), reason = v.was->>'reason',
			owner_id = nullif((v.was->>'owner')::bigint, 0), due_on = (v.was->>'due_on')::date, progress = v.was->>'progress',
			source = v.was->>'source', version = x.version + 1, updated_at = clock_timestamp()
		from undoing t join target y on y.workspace_id = @ws and y.id = t.subject
			cross join lateral (select ` + targetFactsOf("y") + ` || t.before as was) v
		where x.workspace_id = @ws and x.id = t.subject and t.before is not null)`,
	lock: `select from target where workspace_id = @ws and id in (select e.subject_id from event e where ` + changesOf + ` and e.subject_kind = 'target')
		order by id for update`,
}

// NeedToCollect is a row of the list of target data that nothing holds.
type NeedToCollect struct {
	Program  domain.ProgramID  `db:"program_id"`
	Category domain.CategoryID `db:"category_id"`
	Name     string            `db:"program"`
	Label    string            `db:"label"`
	Code     string            `db:"code"`
}

// NeedsToCollect returns, of rows of the list of target data, those that a field of the register does not hold, by program and
// category. Data to avoid and what is held already are left out: nobody has to collect them.
func (s *Store) NeedsToCollect(ctx context.Context, by domain.Actor, rows []int64) (needs []NeedToCollect, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		needs, err = many[NeedToCollect](ctx, s, "requirement", `select r.program_id, r.category_id, p.name as program, `+categoryLabel+` as label, c.code
			from `+requirementTables+` where r.workspace_id = @ws and r.id = any(@rows) and p.archived_at is null and c.archived_at is null
				and `+requirementCoverage+` = 'missing' order by fold(p.name), p.id, c.code`, pgx.StrictNamedArgs{"ws": by.Workspace, "rows": rows})
		return err
	})
	return needs, err
}

// CollectNeeds says of the rows of NeedsToCollect that their data is to be collected: where, when, in which words, by whom, as t
// has it. It is one batch, which is zero where nothing was to be changed.
func (s *Store) CollectNeeds(ctx context.Context, by domain.Actor, rows []int64, t domain.Target) (batch domain.BatchID, n int64, err error) {
	if err := by.Must(domain.BulkNeeds.Action()); err != nil {
		return 0, 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		needs, err := s.NeedsToCollect(ctx, by, rows)
		if err != nil || len(needs) == 0 {
			return err
		}
		label := domain.Bulk{Act: domain.BulkNeeds, Target: t.Action, Point: t.Point, Owner: t.Owner, Due: t.Due, Reason: t.Reason}.Label()
		if batch, err = s.addBatch(ctx, by, domain.BulkNeeds, label, int64(len(needs)), int64(len(rows)-len(needs))); err != nil {
			return err
		}
		s.batch = batch
		for _, need := range needs {
			t.Program, t.Category, t.Source = need.Program, need.Category, "bulk"
			if _, _, err := s.SetTarget(ctx, by, t); err != nil {
				return err
			}
		}
		n = int64(len(needs))
		return nil
	})
	return batch, n, err
}
