package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

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

// planNeeds are the categories that programs cannot run without, of one program or of all (zero), with whether a linked field
// holds them, and is filled as the workspace asks for (not measured is not empty), and may be used, too.
const planNeeds = `
	with need as (
		select q.program_id, q.category_id, c.code, ` + categoryLabel + ` as label from requirement q
		join data_category c on c.workspace_id = q.workspace_id and c.id = q.category_id
		where q.workspace_id = @ws and q.level = 'essential' and (@program = 0 or q.program_id = @program)
	), met as (
		select n.program_id, n.category_id, n.code, n.label, bool_or(f.id is not null) as held, coalesce(bool_or(x.filled), false) as filled,
			coalesce(bool_or(x.filled and (f.lawful or f.verdict = 'exempt')), false) as lawful
		from need n
		left join (program_link l
			join field f on f.workspace_id = l.workspace_id and f.id = l.field_id and f.state = 'active' and f.archived_at is null
			join data_category fc on fc.workspace_id = f.workspace_id and fc.id = f.category_id
			left join field_evidence e on e.workspace_id = f.workspace_id and e.field_id = f.id
			cross join lateral (select e.row_count is null or e.row_count = 0 or e.non_null_count::float8 / e.row_count >= @fill as filled) x
		) on l.workspace_id = @ws and l.program_id = n.program_id and l.level <> 'avoid' and (fc.code = n.code or starts_with(fc.code, n.code || '.'))
		group by 1, 2, 3, 4
	)`

// planUnmet are those that are not, each with the next thing to do.
const planUnmet = planNeeds + `
	select m.program_id, p.name as program, m.category_id, m.code, m.label, case when m.filled then 'ground' when m.held then 'fill' when exists (
			select from data_category u join field f on f.workspace_id = @ws and f.category_id = u.id and f.state = 'active' and f.archived_at is null
			where u.workspace_id = @ws and (u.code = m.code or starts_with(u.code, m.code || '.'))) then 'link' else 'collect' end as step
	from met m join program p on p.workspace_id = @ws and p.id = m.program_id and p.archived_at is null and p.status <> 'ended'
	where not m.lawful order by fold(p.name), p.id, m.code`

// planPrograms counts the needs of each program, and names those that are not met.
const planPrograms = planNeeds + `, ready as (
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

// Plan reads the whole relational plan: it is as large as what people can keep in mind, some hundred programs at the most.
func (s *Store) Plan(ctx context.Context, by domain.Actor, fillRateMin float64) (plan Plan, err error) {
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
		needs              = pgx.StrictNamedArgs{"ws": by.Workspace, "fill": fillRateMin, "program": int64(0)}
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
func (s *Store) ProgramReadiness(ctx context.Context, by domain.Actor, id domain.ProgramID, fillRateMin float64) (r domain.Readiness, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		p, err := one[PlanProgram](ctx, s, "program", planPrograms, pgx.StrictNamedArgs{"ws": by.Workspace, "fill": fillRateMin, "program": int64(id)})
		r = p.Readiness
		return err
	})
	return r, err
}
