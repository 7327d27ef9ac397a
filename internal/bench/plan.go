package main

import (
	"context"
	"fmt"
	"time"
)

// The plan has needs in every program and a target for one field of twenty, as after a year of workshops.
var planRows = []string{
	`insert into requirement (workspace_id, program_id, category_id, level, note)
		select p.workspace_id, p.id, c.id, (array['essential', 'essential', 'useful', 'avoid'])[1 + c.n % 4], case when c.n % 4 < 2 then '' else 'as written down' end
		from program p join (select workspace_id, id, row_number() over (order by id) as n from data_category where workspace_id = $1) c
			on c.workspace_id = p.workspace_id and (c.n * 7 + p.id * 13) % 15 = 0
		where p.workspace_id = $1 on conflict do nothing`,
	`insert into target (workspace_id, field_id, target_action, reason, due_on)
		select workspace_id, id, (array['keep', 'limit', 'replace', 'archive', 'drop', 'review'])[1 + id % 6], 'as decided', date '2026-10-01' + (id % 400)::integer
		from field where workspace_id = $1 and id % 20 = 0 on conflict do nothing`,
	`insert into target (workspace_id, category_id, program_id, target_action, reason)
		select workspace_id, category_id, program_id, 'collect', 'as decided' from requirement where workspace_id = $1 and level = 'essential' on conflict do nothing`,
}

// What a bare program would ask for these pages: what programs hold of each category, from fields and links, and the first targets.
const (
	floorHeld = `select l.program_id, f.category_id, count(*) as fields, count(distinct f.dataset_id) as datasets, bool_or(f.lawful) as lawful
		from program_link l join field f on f.workspace_id = l.workspace_id and f.id = l.field_id and f.state = 'active'
		where l.workspace_id = $1 and l.level <> 'avoid' and exists (select from requirement q where q.workspace_id = l.workspace_id and q.program_id = l.program_id)
		group by 1, 2`
	floorTargets = `select t.id, t.target_action, f.name, d.name, a.name, c.label_en, f.verdict in ('keep', 'exempt') and f.state = 'active' as useful, count(*) over () as total
		from target t left join (field f join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
			join application a on a.workspace_id = f.workspace_id and a.id = f.application_id) on f.workspace_id = t.workspace_id and f.id = t.field_id
		left join data_category c on c.workspace_id = t.workspace_id and c.id = t.category_id
		where t.workspace_id = $1 order by coalesce(f.name, c.label_en), t.id limit 50`
)

// measurePlan asks for the pages of the plan, of target data and of targets, against the SQL that a bare program would ask for
// the same; and counts again what one change and what a judgement of every field make due.
func measurePlan(ctx context.Context, b *bench) error {
	ws := int64(b.db.by.Workspace)
	for _, sql := range planRows {
		if _, err := b.db.owner.Exec(ctx, sql, ws); err != nil {
			return err
		}
	}
	if err := b.measureCounting(ctx); err != nil {
		return err
	}
	// As the database does by itself before long.
	if _, err := b.db.owner.Exec(ctx, "analyze requirement, target, category_counted, category_due"); err != nil {
		return err
	}
	for _, p := range []struct{ name, path, floor string }{
		{"list of programs, readiness included", "/programs", floorHeld},
		{"list of target data", "/requirements", floorHeld},
		{"list of target data, to collect", "/requirements?coverage=missing", floorHeld},
		{"relational plan: coverage and what would unlock", "/plan", floorHeld},
		{"list of targets", "/targets", floorTargets},
		{"list of targets, late", "/targets?target_standing=late", floorTargets},
		{"progress of targets", "/targets/progress", floorTargets},
		{"preparing a workshop", "/workshops/new", floorHeld},
	} {
		bare := side{do: func(ctx context.Context, _ int) error {
			_, err := b.db.owner.Exec(ctx, p.floor, ws)
			return err
		}}
		compared, err := b.compare(ctx, 1, b.side(b.app, b.db.cookie, []string{"/w/bench" + p.path}), bare)
		if err != nil {
			return err
		}
		b.report.loads = append(b.report.loads, loadRow{p.name + " / its SQL alone", 1, compared})
		b.report.atMost(p.name+" against its SQL", compared.p50, "×", 3)
	}
	return nil
}

// measureCounting says what it costs whoever comes first after a change.
func (b *bench) measureCounting(ctx context.Context) error {
	due := func(sql string, args ...any) (time.Duration, error) {
		if _, err := b.db.owner.Exec(ctx, sql, args...); err != nil {
			return 0, err
		}
		began := time.Now()
		err := b.db.store.CountHeld(ctx, b.db.by)
		return time.Since(began), err
	}
	var one, all []time.Duration
	for i := range b.rounds {
		d, err := due(`update program_link set level = case level when 'useful' then 'essential' else 'useful' end where workspace_id = $1 and program_id = $2
			and field_id = (select min(field_id) from program_link where workspace_id = $1 and program_id = $2)`, int64(b.db.by.Workspace), b.db.firstProgram+int64(i))
		if err != nil {
			return err
		}
		one = append(one, d)
		if d, err = due(`insert into category_due (workspace_id) values ($1)`, int64(b.db.by.Workspace)); err != nil {
			return err
		}
		all = append(all, d)
	}
	b.report.note(fmt.Sprintf("counting again what programs hold: after one link, after a change of all %d fields", b.fields), "%.0f ms, %.0f ms", ms(median(one)), ms(median(all)))
	return nil
}
