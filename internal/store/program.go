package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type programRow struct {
	ID          domain.ProgramID    `db:"id"`
	Code        string              `db:"code"`
	Name        string              `db:"name"`
	Description string              `db:"description"`
	ObjectiveID *domain.ObjectiveID `db:"objective_id"`
	StageID     *domain.StageID     `db:"stage_id"`
	Trigger     string              `db:"trigger"`
	Channels    []string            `db:"channels"`
	KPI         string              `db:"kpi"`
	OwnerID     *domain.UserID      `db:"owner_id"`
	Status      string              `db:"status"`
	StartsOn    *time.Time          `db:"starts_on"`
	EndsOn      *time.Time          `db:"ends_on"`
	PausedOn    *time.Time          `db:"paused_on"`
	Template    string              `db:"template"`
	Purposes    []int64             `db:"purposes"`
	Version     int                 `db:"version"`
	CreatedAt   time.Time           `db:"created_at"`
	UpdatedAt   time.Time           `db:"updated_at"`
	ArchivedAt  *time.Time          `db:"archived_at"`
}

const programCols = `id, code, name, description, objective_id, stage_id, trigger, channels, kpi, owner_id, status, starts_on, ends_on,
	paused_on, template, version, created_at, updated_at, archived_at, array(select pp.purpose_id from program_purpose pp
		where pp.workspace_id = program.workspace_id and pp.program_id = program.id order by pp.purpose_id) as purposes`

func (r programRow) program() domain.Program {
	return domain.Program{ID: r.ID, Code: r.Code, Name: r.Name, Description: r.Description, Objective: deref(r.ObjectiveID),
		Stage: deref(r.StageID), Trigger: r.Trigger, Channels: r.Channels, KPI: r.KPI, Owner: deref(r.OwnerID),
		Status: domain.ProgramStatus(r.Status), StartsOn: r.StartsOn, EndsOn: r.EndsOn, PausedOn: r.PausedOn, Template: r.Template,
		Purposes: mapSlice(r.Purposes, func(id int64) domain.PurposeID { return domain.PurposeID(id) }),
		Version:  r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, ArchivedAt: r.ArchivedAt}
}

func programArgs(by domain.Actor, p domain.Program) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"ws": by.Workspace, "code": p.Code, "name": p.Name, "description": p.Description,
		"objective": zeroNull(p.Objective), "stage": zeroNull(p.Stage), "trigger": p.Trigger, "channels": p.Channels, "kpi": p.KPI,
		"owner": zeroNull(p.Owner), "status": string(p.Status), "starts": p.StartsOn, "ends": p.EndsOn, "paused": p.PausedOn}
}

// ProgramByID returns NotFound where the workspace has no such program.
func (s *Store) ProgramByID(ctx context.Context, by domain.Actor, id domain.ProgramID) (p domain.Program, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		r, err := one[programRow](ctx, s, "program", `select `+programCols+` from program where workspace_id = @ws and id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		p = r.program()
		return err
	})
	return p, err
}

// AddProgram registers a program with what it needs. Categories that the workspace does not have are left out, since a
// template may name some that were archived.
func (s *Store) AddProgram(ctx context.Context, by domain.Actor, p domain.Program, needs []domain.TemplateNeed) (id domain.ProgramID, err error) {
	if err := by.Must(domain.EditPlan); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		if err := s.checkOwner(ctx, by, 0, p.Owner); err != nil {
			return err
		}
		if err := s.refer(ctx, by, programRefers(domain.Program{}, p)...); err != nil {
			return err
		}
		if err := s.freeProgramName(ctx, by, p); err != nil {
			return err
		}
		args := programArgs(by, p)
		args["template"] = p.Template
		p.ID, err = one[domain.ProgramID](ctx, s, "program", `insert into program
			(workspace_id, code, name, description, objective_id, stage_id, trigger, channels, kpi, owner_id, status, starts_on, ends_on, paused_on, template)
			values (@ws, @code, @name, @description, @objective, @stage, @trigger, @channels, @kpi, @owner, @status, @starts, @ends, @paused, @template)
			returning id`, args)
		if err != nil {
			return err
		}
		id = p.ID
		if err := s.setProgramPurposes(ctx, by, p); err != nil {
			return err
		}
		if err := s.addNeeds(ctx, by, p.ID, needs); err != nil {
			return err
		}
		facts := p.Facts()
		if p.Template != "" {
			facts["template"] = p.Template
		}
		return s.record(ctx, by, domain.Event{Verb: "program.added", Subject: p.Subject(), After: facts})
	})
	return id, err
}

func programRefers(was, next domain.Program) []reference {
	list := []reference{{"objective", "objective", int64(next.Objective), int64(was.Objective)}, {"stage", "journey_stage", int64(next.Stage), int64(was.Stage)}}
	for _, id := range next.Purposes {
		if !slices.Contains(was.Purposes, id) {
			list = append(list, reference{"purposes", "purpose", int64(id), 0})
		}
	}
	return list
}

func (s *Store) addNeeds(ctx context.Context, by domain.Actor, program domain.ProgramID, needs []domain.TemplateNeed) error {
	var codes, levels, roles, notes []string
	for _, n := range needs {
		codes, levels, roles, notes = append(codes, n.Code), append(levels, string(n.Level)), append(roles, n.Role), append(notes, n.Note(by.Lang))
	}
	_, err := s.exec(ctx, "requirement", `insert into requirement (workspace_id, program_id, category_id, level, role, note)
		select @ws, @program, c.id, n.level, n.role, n.note from unnest(@codes::text[], @levels::text[], @roles::text[], @notes::text[]) n (code, level, role, note)
		join data_category c on c.workspace_id = @ws and c.code = n.code and c.archived_at is null`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "program": program, "codes": codes, "levels": levels, "roles": roles, "notes": notes})
	return err
}

func (s *Store) setProgramPurposes(ctx context.Context, by domain.Actor, p domain.Program) error {
	ids := mapSlice(p.Purposes, func(id domain.PurposeID) int64 { return int64(id) })
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "program": p.ID, "ids": ids}
	if _, err := s.exec(ctx, "program", `delete from program_purpose where workspace_id = @ws and program_id = @program
		and purpose_id <> all(@ids)`, args); err != nil {
		return err
	}
	_, err := s.exec(ctx, "program", `insert into program_purpose (workspace_id, program_id, purpose_id)
		select @ws, @program, unnest(@ids::bigint[]) on conflict do nothing`, args)
	return err
}

// freeProgramName refuses the name of another program that is not archived: lists could not tell them apart. No constraint does,
// since workspaces from before may hold some.
func (s *Store) freeProgramName(ctx context.Context, by domain.Actor, p domain.Program) error {
	taken, err := one[bool](ctx, s, "program", `select exists(select from program where workspace_id = @ws and id <> @id and archived_at is null and fold(name) = fold(@name))`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": p.ID, "name": p.Name})
	if err != nil || !taken {
		return err
	}
	return domain.Problems{"name": {Key: "error.taken"}}.Err()
}

// decideProgram locks a program, checks that it is still as it was seen, and lets decide make another of it.
func (s *Store) decideProgram(ctx context.Context, by domain.Actor, id domain.ProgramID, seen int,
	decide func(domain.Program) (domain.Program, error)) (was, next domain.Program, err error) {
	r, err := one[programRow](ctx, s, "program", `select `+programCols+` from program where workspace_id = @ws and id = @id for update`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	if err != nil {
		return was, next, err
	}
	if r.Version != seen {
		return was, next, stale()
	}
	was = r.program()
	if err := domain.Changeable(was); err != nil {
		return was, next, err
	}
	next, err = decide(was)
	return was, next, err
}

// ProgramPreview tells what a change of a program would do to the verdicts of its fields, and stores nothing. A pause is
// told as it will be once it has lasted longer than the grace period.
func (s *Store) ProgramPreview(ctx context.Context, by domain.Actor, id domain.ProgramID, seen int,
	decide func(domain.Program) (domain.Program, error)) (e domain.Effect, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		was, err := s.ProgramByID(ctx, by, id)
		if err != nil {
			return err
		}
		if was.Version != seen {
			return stale()
		}
		next, err := decide(was)
		if err != nil {
			return err
		}
		if e, err = s.programEffect(ctx, by, was, next); err != nil {
			return err
		}
		e.Reopened, err = s.programReopens(ctx, by, next)
		return err
	})
	return e, err
}

// programReopens counts the approvals that no longer hold once a program is so: they were given for fewer programs or channels.
func (s *Store) programReopens(ctx context.Context, by domain.Actor, next domain.Program) (n int64, err error) {
	fields, err := many[int64](ctx, s, "program_link", `select field_id from program_link where workspace_id = @ws and program_id = @id and level <> 'avoid'`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": next.ID})
	if err != nil || len(fields) == 0 {
		return 0, err
	}
	change := frozenChange{
		shared: func(c *reviewContext) {
			p := c.programs[int64(next.ID)]
			p.Channels = next.Channels
			c.programs[int64(next.ID)] = p
		},
		each: func(r *groundRow) {
			r.Programs = slices.DeleteFunc(r.Programs, func(id int64) bool { return id == int64(next.ID) })
			if slices.Contains(next.Purposes, r.Purpose) {
				r.Programs = append(r.Programs, int64(next.ID))
				slices.Sort(r.Programs)
			}
		},
	}
	err = s.compareFrozen(ctx, by, "m.state = 'approved' and m.field_id = any(@ids)", pgx.StrictNamedArgs{"ids": fields}, &change, func(_ domain.MappingID, because string) {
		if because == "programs" || because == "channels" {
			n++
		}
	})
	return n, err
}

func (s *Store) programEffect(ctx context.Context, by domain.Actor, was, next domain.Program) (e domain.Effect, err error) {
	rules := next.Rules()
	var from *time.Time
	changes, err := s.whatIfProgram(ctx, by, next.ID, func(c *judgeContext) {
		if rules.Status == domain.ProgramPaused && was.Status != domain.ProgramPaused && rules.PausedOn != nil {
			day := rules.PausedOn.AddDate(0, 0, c.thresholds.GraceDays+1)
			from, rules = &day, domain.ProgramFacts{Status: domain.ProgramEnded}
		}
		c.programs[int64(next.ID)] = &rules
	})
	if err != nil {
		return e, err
	}
	e, err = s.effectOf(ctx, by, changes)
	e.From = from
	return e, err
}

func (s *Store) whatIfProgram(ctx context.Context, by domain.Actor, id domain.ProgramID, change func(*judgeContext)) ([]VerdictChange, error) {
	ids, err := s.programFields(ctx, by, id)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return s.whatIf(ctx, by, ids, change)
}

func (s *Store) programFields(ctx context.Context, by domain.Actor, id domain.ProgramID) ([]int64, error) {
	return many[int64](ctx, s, "program_link", `select field_id from program_link where workspace_id = @ws and program_id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
}

// judgeProgram recomputes the verdicts of the fields linked to a program.
func (s *Store) judgeProgram(ctx context.Context, by domain.Actor, id domain.ProgramID) error {
	ids, err := s.programFields(ctx, by, id)
	if err != nil {
		return err
	}
	return s.judge(ctx, by, ids)
}

// ChangeProgram saves what decide makes of the program and judges its fields again. Conflict where somebody changed it
// since it was seen.
func (s *Store) ChangeProgram(ctx context.Context, by domain.Actor, id domain.ProgramID, seen int,
	decide func(domain.Program) (domain.Program, error)) error {
	if err := by.Must(domain.EditPlan); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		was, next, err := s.decideProgram(ctx, by, id, seen, decide)
		if err != nil {
			return err
		}
		if err := s.checkOwner(ctx, by, was.Owner, next.Owner); err != nil {
			return err
		}
		if err := s.refer(ctx, by, programRefers(was, next)...); err != nil {
			return err
		}
		before, after := domain.Diff(was.Facts(), next.Facts())
		if len(after) == 0 {
			return nil
		}
		if was.Name != next.Name {
			if err := s.freeProgramName(ctx, by, next); err != nil {
				return err
			}
		}
		args := programArgs(by, next)
		args["id"] = id
		if _, err := s.exec(ctx, "program", `update program set code = @code, name = @name, description = @description,
			objective_id = @objective, stage_id = @stage, trigger = @trigger, channels = @channels, kpi = @kpi, owner_id = @owner,
			status = @status, starts_on = @starts, ends_on = @ends, paused_on = @paused, version = version + 1,
			updated_at = clock_timestamp() where workspace_id = @ws and id = @id`, args); err != nil {
			return err
		}
		if err := s.setProgramPurposes(ctx, by, next); err != nil {
			return err
		}
		if err := s.record(ctx, by, domain.Event{Verb: "program.changed", Subject: next.Subject(), Before: before, After: after}); err != nil {
			return err
		}
		return s.judgeProgram(ctx, by, id)
	})
}

// ProgramUses tells what holds a program in place.
func (s *Store) ProgramUses(ctx context.Context, by domain.Actor, id domain.ProgramID) (uses []domain.Use, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		uses, err = s.uses(ctx, by, int64(id), `select 'fields' as register, 'program&state=active,gone,archived' as filter, count(*) as n from program_link
			where workspace_id = @ws and program_id = @id
			union all
			select 'scenarios', 'program&state=active,archived', count(*) from scenario where workspace_id = @ws and program_id = @id
			union all
			select 'targets', 'program', count(*) from target where workspace_id = @ws and program_id = @id`)
		return err
	})
	return uses, err
}

// ProgramArchiveEffect tells what archiving a program would do to the verdicts of its fields.
func (s *Store) ProgramArchiveEffect(ctx context.Context, by domain.Actor, id domain.ProgramID) (e domain.Effect, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		p, err := s.ProgramByID(ctx, by, id)
		if err != nil {
			return err
		}
		now, next := s.now(), p
		next.ArchivedAt = &now
		e, err = s.programEffect(ctx, by, p, next)
		return err
	})
	return e, err
}

// ArchiveProgram takes a program out of the lists and judges its fields again. Unless what that does was confirmed, it
// is refused with Conflict while fields would lose their last reason to exist.
func (s *Store) ArchiveProgram(ctx context.Context, by domain.Actor, id domain.ProgramID, confirmed bool) error {
	if err := by.Must(domain.EditPlan); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		if err := s.holdUses(ctx, by, "program", int64(id)); err != nil {
			return err
		}
		p, err := s.ProgramByID(ctx, by, id)
		if err != nil {
			return err
		}
		if !confirmed {
			e, err := s.ProgramArchiveEffect(ctx, by, id)
			if err != nil {
				return err
			}
			if e.Loses() {
				uses, err := s.ProgramUses(ctx, by, id)
				if err != nil {
					return err
				}
				return inUse(p.Subject(), uses)
			}
		}
		if err := s.archive(ctx, by, "program", p.Subject(), nil); err != nil {
			return err
		}
		return s.judgeProgram(ctx, by, id)
	})
}

// RestoreProgram brings an archived program back and judges its fields again.
func (s *Store) RestoreProgram(ctx context.Context, by domain.Actor, id domain.ProgramID) error {
	if err := by.Must(domain.EditPlan); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		p, err := s.ProgramByID(ctx, by, id)
		if err != nil {
			return err
		}
		if err := s.restore(ctx, by, "program", p.Subject()); err != nil {
			return err
		}
		return s.judgeProgram(ctx, by, id)
	})
}

// RemoveProgram deletes a mistaken entry; Conflict, with what uses it, while fields are linked to it.
func (s *Store) RemoveProgram(ctx context.Context, by domain.Actor, id domain.ProgramID) error {
	if err := by.Must(domain.EditPlan); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		p, err := s.ProgramByID(ctx, by, id)
		if err != nil {
			return err
		}
		uses, err := s.ProgramUses(ctx, by, id)
		if err != nil {
			return err
		}
		return s.remove(ctx, by, "program", p.Subject(), uses)
	})
}

// ProgramOptions returns the id and name of every program that is not archived, by name, for forms.
func (s *Store) ProgramOptions(ctx context.Context, by domain.Actor) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		options, err = s.options(ctx, by, `select id, name from program where workspace_id = @ws and archived_at is null order by fold(name), id`)
		return err
	})
	return options, err
}

// programReadiness is one of domain.Readinesses.
const programReadiness = `case when y.ready then 'ready' when not y.ready then 'blocked' else 'unsaid' end`

var _ = addRegister(registerSQL{
	register: domain.ProgramRegister,
	held:     true,
	from: `program r
		left join objective b on b.workspace_id = r.workspace_id and b.id = r.objective_id
		left join journey_stage g on g.workspace_id = r.workspace_id and g.id = r.stage_id
		left join app_user o on o.id = r.owner_id
		left join lateral (select coalesce(sum(l.essential + l.useful), 0)::bigint as n from link_tally l
			where l.workspace_id = r.workspace_id and l.program_id = r.id) ls on true
		left join lateral (select count(*) as n from requirement q
			where q.workspace_id = r.workspace_id and q.program_id = r.id) qs on true
		left join lateral (select bool_and(lawful) as ready, array_agg(label order by label) filter (where not lawful) as blocked_by
			from (` + needsMet(" and q.program_id = r.id") + `) m) y on true`,
	cells: map[string]string{
		"name": "r.name", "code": "r.code", "status": "r.status", "stage": "g.name", "objective": "b.name",
		"purposes": `(select array_agg(u.name order by fold(u.name)) from program_purpose pp
			join purpose u on u.workspace_id = pp.workspace_id and u.id = pp.purpose_id
			where pp.workspace_id = r.workspace_id and pp.program_id = r.id)`,
		"channels": "r.channels", "starts_on": "r.starts_on", "ends_on": "r.ends_on", "owner": "o.name", "fields": "ls.n",
		"requirements": "qs.n", "readiness": programReadiness, "blocked_by": "y.blocked_by", "trigger": "r.trigger", "kpi": "r.kpi", "template": "r.template", "description": "r.description",
		"updated": "r.updated_at",
	},
	orders: map[string]string{
		"stage":     "lpad(coalesce(g.position, 0)::text, 9, '0')",
		"readiness": "array_position(array['ready', 'blocked', 'unsaid'], " + programReadiness + ")::text",
		"status":    "array_position(array['idea', 'planned', 'live', 'paused', 'ended'], r.status)::text",
	},
	filters: map[string]filterSQL{
		"state":     {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
		"status":    {expr: "r.status"},
		"readiness": {expr: programReadiness},
		"stage":     {expr: "r.stage_id::text", none: "r.stage_id is null", label: "g.name", lookup: stageLookup},
		"objective": {expr: "r.objective_id::text", none: "r.objective_id is null", label: "b.name", lookup: objectiveLookup},
		"owner":     {expr: "r.owner_id::text", none: "r.owner_id is null", label: "o.name", lookup: userLookup},
		"channel":   {in: "r.channels && %s::text[]", none: "r.channels = '{}'", many: "r.channels"},
		"purpose": {in: `exists (select from program_purpose pp where pp.workspace_id = r.workspace_id and pp.program_id = r.id
			and pp.purpose_id::text = any(%s))`, none: `not exists (select from program_purpose pp
			where pp.workspace_id = r.workspace_id and pp.program_id = r.id)`, lookup: purposeLookup},
		"category": {in: `exists (select from requirement q where q.workspace_id = r.workspace_id and q.program_id = r.id
			and q.category_id::text = any(%s))`, lookup: categoryLookup},
	},
	search:   "fold(r.code || ' ' || r.name || ' ' || r.trigger || ' ' || r.kpi || ' ' || r.description)",
	archived: "r.archived_at is not null",
})

// ProgramsByTemplate returns, by code of a template, a program that was made from it and is not archived.
func (s *Store) ProgramsByTemplate(ctx context.Context, by domain.Actor) (made map[string]domain.Option, err error) {
	type row struct {
		Template string `db:"template"`
		ID       int64  `db:"id"`
		Name     string `db:"name"`
	}
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[row](ctx, s, "program", `select distinct on (template) template, id, name from program
			where workspace_id = @ws and template <> '' and archived_at is null order by template, id`, pgx.StrictNamedArgs{"ws": by.Workspace})
		made = make(map[string]domain.Option, len(rows))
		for _, r := range rows {
			made[r.Template] = domain.Option{ID: r.ID, Name: r.Name}
		}
		return err
	})
	return made, err
}
