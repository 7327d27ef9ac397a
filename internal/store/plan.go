package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// PlanStanding counts the programs of the plan that are neither ended nor archived.
type PlanStanding struct {
	Ready   int64 `db:"ready"`   // to which nothing is lacking
	Blocked int64 `db:"blocked"` // that lack something
	Silent  int64 `db:"silent"`  // that have not said what they need
}

// PlanStanding says how many programs can run today.
func (s *Store) PlanStanding(ctx context.Context, by domain.Actor) (p PlanStanding, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		p, err = one[PlanStanding](ctx, s, "plan", `select count(*) filter (where y.ready) as ready, count(*) filter (where not y.ready) as blocked,
				count(*) filter (where y.ready is null) as silent
			from program p left join (`+programReady+`) y on y.program_id = p.id
			where p.workspace_id = @ws and p.archived_at is null and p.status <> 'ended'`, pgx.StrictNamedArgs{"ws": by.Workspace})
		return err
	})
	return p, err
}

// PlanProgram is a program as the drawing of the plan shows it.
type PlanProgram struct {
	ID        domain.ProgramID   `db:"id"`
	Name      string             `db:"name"`
	Status    string             `db:"status"`
	Stage     domain.StageID     `db:"stage"`     // zero for every stage
	Objective domain.ObjectiveID `db:"objective"` // zero for none
	Channels  []string           `db:"channels"`  // of its scenarios that run, its own where it has none
	Scenarios int64              `db:"scenarios"` // that are not archived
	Running   int64              `db:"running"`   // of them, live or planned
	domain.Readiness
}

// Plan is the relational plan along the life cycle.
type Plan struct {
	Stages     []domain.Option // in their order
	Objectives []domain.Option
	Programs   []PlanProgram
	Scenarios  []domain.StagedScenario // of programs that run
	Rules      []domain.PressureRule
	Unmet      []domain.UnmetNeed // of the programs
}

// kin ties a category under an alias to itself and to those under it.
func kin(of, under string) string {
	return "(" + under + ".id = " + of + ".id or starts_with(" + under + ".code, " + of + ".code || '.'))"
}

// needsMet are the categories that programs cannot run without, as far as the condition lets them through, with whether a linked
// field holds them, and is filled as the workspace asks for (not measured is not empty), and may be used, too.
func needsMet(condition string) string {
	return `select q.program_id, q.category_id, c.code, ` + categoryLabel + ` as label, count(h.category_id) > 0 as held,
			coalesce(bool_or(h.filled), false) as filled, coalesce(bool_or(h.lawful), false) as lawful
		from requirement q
		join data_category c on c.workspace_id = q.workspace_id and c.id = q.category_id
		join data_category u on u.workspace_id = q.workspace_id and ` + kin("c", "u") + `
		left join category_held h on h.workspace_id = q.workspace_id and h.program_id = q.program_id and h.category_id = u.id
		where q.workspace_id = @ws and q.level = 'essential'` + condition + `
		group by 1, 2, 3, 4`
}

// planNeeds are those of one program, or of all (zero).
var planNeeds = `with met as (` + needsMet(` and (@program = 0 or q.program_id = @program)`) + `)`

// programReady is whether each program has what it cannot run without.
var programReady = `select program_id, bool_and(lawful) as ready
	from (` + needsMet("") + `) m group by 1`

// planUnmet are those that are not, each with the next thing to do.
var planUnmet = planNeeds + `
	select m.program_id, p.name as program, m.category_id, m.code, m.label, case when m.filled then 'ground' when m.held then 'fill' when exists (
			select from data_category u join category_held h on h.workspace_id = @ws and h.program_id = 0 and h.category_id = u.id
			where u.workspace_id = @ws and (u.code = m.code or starts_with(u.code, m.code || '.'))) then 'link' else 'collect' end as step
	from met m join program p on p.workspace_id = @ws and p.id = m.program_id and p.archived_at is null and p.status <> 'ended'
	where not m.lawful order by fold(p.name), p.id, m.code`

// planPrograms counts the needs of each program, and names those that are not met.
var planPrograms = planNeeds + `, ready as (
		select program_id, count(*) as essential, count(*) filter (where held) as held, count(*) filter (where filled) as filled,
			count(*) filter (where lawful) as lawful,
			array_agg(label order by label) filter (where not held) as missing,
			array_agg(label order by label) filter (where held and not filled) as empty,
			array_agg(label order by label) filter (where filled and not lawful) as ungrounded
		from met group by 1
	)
	select p.id, p.name, p.status, coalesce(p.stage_id, 0) as stage, coalesce(p.objective_id, 0) as objective,
		case when cs.channels <> '{}' then cs.channels else p.channels end as channels, cs.scenarios, cs.running,
		coalesce(y.essential, 0) as essential, coalesce(y.held, 0) as held, coalesce(y.filled, 0) as filled, coalesce(y.lawful, 0) as lawful,
		coalesce(y.missing, '{}') as missing, coalesce(y.empty, '{}') as empty, coalesce(y.ungrounded, '{}') as ungrounded
	from program p
	left join ready y on y.program_id = p.id
	left join lateral (
		select count(distinct c.id) as scenarios, count(distinct c.id) filter (where c.status in ('live', 'planned')) as running,
			coalesce(array_agg(distinct ch) filter (where ch is not null and c.status in ('live', 'planned')), '{}') as channels
		from scenario c left join unnest(c.channels) ch on true
		where c.workspace_id = p.workspace_id and c.program_id = p.id and c.archived_at is null
	) cs on true
	where p.workspace_id = @ws and (@program = 0 and p.archived_at is null and p.status <> 'ended' or p.id = @program)
	order by array_position(array['live', 'planned', 'paused', 'idea'], p.status), fold(p.name), p.id`

// CountHeld counts again what programs hold of each category, where something was changed since it was last counted. What reads it
// is right without; it is faster after. Within a transaction it does nothing.
func (s *Store) CountHeld(ctx context.Context, by domain.Actor) error {
	if !by.AsOf.IsZero() || s.pool == nil {
		return nil
	}
	var due bool
	err := s.Read(ctx, by, func(s *Store) (err error) {
		due, err = one[bool](ctx, s, "plan", `select exists (select from category_due where workspace_id = @ws)`, pgx.StrictNamedArgs{"ws": by.Workspace})
		return err
	})
	if err != nil || !due {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		_, err := s.exec(ctx, "plan", `select count_categories()`, pgx.StrictNamedArgs{})
		return err
	})
}

// Plan reads the whole relational plan: it is as large as what people can keep in mind, some hundred programs at the most.
func (s *Store) Plan(ctx context.Context, by domain.Actor) (plan Plan, err error) {
	type staged struct {
		scenarioRow
		Stage domain.StageID `db:"stage"`
	}
	type rule struct {
		Channel string `db:"channel"`
		Most    int    `db:"most"`
		Days    int    `db:"days"`
	}
	var (
		b                  pgx.Batch
		stages, objectives []optionRow
		scenarios          []staged
		rules              []rule
		unmet              []unmetRow
		ws                 = pgx.StrictNamedArgs{"ws": by.Workspace}
		needs              = pgx.StrictNamedArgs{"ws": by.Workspace, "program": int64(0)}
	)
	queue(&b, &stages, `select id, name from journey_stage where workspace_id = @ws and archived_at is null order by position, id`, ws)
	queue(&b, &objectives, `select id, name from objective where workspace_id = @ws and archived_at is null order by fold(name), id`, ws)
	queue(&b, &plan.Programs, planPrograms, needs)
	queue(&b, &unmet, planUnmet, needs)
	queue(&b, &scenarios, `select `+scenarioCols+`, stage from scenario
		join lateral (select coalesce(p.stage_id, 0) as stage from program p where p.workspace_id = scenario.workspace_id and p.id = scenario.program_id
			and p.archived_at is null and p.status in ('live', 'planned')) p on true
		where workspace_id = @ws and archived_at is null order by fold(name), id`, ws)
	queue(&b, &rules, `select channel, most, days from pressure_rule where workspace_id = @ws`, ws)
	if err := s.CountHeld(ctx, by); err != nil {
		return plan, err
	}
	err = s.Read(ctx, by, func(s *Store) error { return translate("plan", s.db.SendBatch(ctx, &b).Close()) })
	plan.Stages, plan.Objectives = mapSlice(stages, optionRow.option), mapSlice(objectives, optionRow.option)
	plan.Scenarios = mapSlice(scenarios, func(r staged) domain.StagedScenario {
		return domain.StagedScenario{Scenario: r.scenario(), Stage: r.Stage}
	})
	plan.Unmet = mapSlice(unmet, func(r unmetRow) domain.UnmetNeed { return domain.UnmetNeed(r) })
	plan.Rules = mapSlice(rules, func(r rule) domain.PressureRule { return domain.PressureRule(r) })
	return plan, err
}

type unmetRow struct {
	Program  domain.ProgramID  `db:"program_id"`
	Name     string            `db:"program"`
	Category domain.CategoryID `db:"category_id"`
	Code     string            `db:"code"`
	Label    string            `db:"label"`
	Step     domain.NeedStep   `db:"step"`
}

// ProgramReadiness says of one program what Plan says of all.
func (s *Store) ProgramReadiness(ctx context.Context, by domain.Actor, id domain.ProgramID) (r domain.Readiness, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		p, err := one[PlanProgram](ctx, s, "program", planPrograms, pgx.StrictNamedArgs{"ws": by.Workspace, "program": int64(id)})
		r = p.Readiness
		return err
	})
	return r, err
}
