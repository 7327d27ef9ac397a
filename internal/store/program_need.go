package store

import (
	"context"
	"maps"
	"reflect"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// LinkedField is a field of a program with where it is and what it is for.
type LinkedField struct {
	domain.PlacedField
	Label       string
	Application domain.ApplicationID
	Level       domain.LinkLevel
	Role        string
	Note        string
	Verdict     domain.Verdict
}

type linkedFieldRow struct {
	ID              domain.FieldID       `db:"id"`
	Name            string               `db:"name"`
	Label           string               `db:"label"`
	Dataset         string               `db:"dataset"`
	ApplicationID   domain.ApplicationID `db:"application_id"`
	ApplicationName string               `db:"application"`
	Level           string               `db:"level"`
	Role            string               `db:"role"`
	Note            string               `db:"note"`
	Verdict         string               `db:"verdict"`
}

// LinkedFieldsShown is how many fields a program's page lists; the list of fields has them all.
const LinkedFieldsShown = 200

// ProgramLinks returns the fields linked to a program by application and dataset, at most LinkedFieldsShown of them, and
// how many there are.
func (s *Store) ProgramLinks(ctx context.Context, by domain.Actor, id domain.ProgramID) (fields []LinkedField, total int64, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "most": LinkedFieldsShown}
		rows, err := many[linkedFieldRow](ctx, s, "program_link", `
			select f.id, f.name, f.label, d.name as dataset, f.application_id, a.name as application, l.level, l.role, l.note, f.verdict
			from program_link l
			join field f on f.workspace_id = l.workspace_id and f.id = l.field_id
			join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
			join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
			where l.workspace_id = @ws and l.program_id = @id
			order by fold(a.name), a.id, fold(d.name), d.id, array_position(array['essential', 'useful', 'avoid'], l.level), f.name, f.id
			limit @most`, args)
		if err != nil {
			return err
		}
		fields = mapSlice(rows, func(r linkedFieldRow) LinkedField {
			return LinkedField{PlacedField: domain.PlacedField{ID: r.ID, Name: r.Name, Dataset: r.Dataset, Application: r.ApplicationName},
				Label: r.Label, Application: r.ApplicationID, Level: domain.LinkLevel(r.Level), Role: r.Role, Note: r.Note,
				Verdict: domain.Verdict(r.Verdict)}
		})
		if total = int64(len(rows)); total < LinkedFieldsShown {
			return nil
		}
		total, err = one[int64](ctx, s, "program_link", `select count(*) from program_link where workspace_id = @ws and program_id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
	return fields, total, err
}

// Need is a requirement of a program with what the workspace holds of it.
type Need struct {
	domain.Requirement
	Code, Label string
	Class       domain.GDPRClass
	Held        domain.Held
	Coverage    domain.Coverage
	Linked      []domain.PlacedField // some of those linked to the program
	Free        []domain.PlacedField // some of those that could be
}

type needRow struct {
	CategoryID     domain.CategoryID   `db:"category_id"`
	Code           string              `db:"code"`
	Label          string              `db:"label"`
	Class          string              `db:"gdpr_class"`
	Level          string              `db:"level"`
	Role           string              `db:"role"`
	Note           string              `db:"note"`
	Scenarios      []domain.ScenarioID `db:"scenarios"`
	Fields         int64               `db:"fields"`
	Linked         int64               `db:"linked"`
	LinkedDatasets int64               `db:"linked_datasets"`
}

type needFieldRow struct {
	CategoryID  domain.CategoryID `db:"category_id"`
	Linked      bool              `db:"linked"`
	ID          domain.FieldID    `db:"id"`
	Name        string            `db:"name"`
	Dataset     string            `db:"dataset"`
	Application string            `db:"application"`
}

// needFields ties a requirement q to the active fields f of its category and of those under it, with their link l.
const needFields = `requirement q
	join data_category c on c.workspace_id = q.workspace_id and c.id = q.category_id
	left join data_category u on u.workspace_id = q.workspace_id and (u.id = c.id or starts_with(u.code, c.code || '.'))
	left join field f on f.workspace_id = q.workspace_id and f.category_id = u.id and f.state = 'active'
	left join program_link l on l.workspace_id = q.workspace_id and l.field_id = f.id and l.program_id = q.program_id and l.level <> 'avoid'`

// needScenarios are the scenarios that a requirement q is for.
const needScenarios = `array(select n.scenario_id from scenario_need n
	where n.workspace_id = q.workspace_id and n.program_id = q.program_id and n.category_id = q.category_id order by 1)`

// ProgramNeeds returns the requirements of a program with what covers them, the essential first.
func (s *Store) ProgramNeeds(ctx context.Context, by domain.Actor, id domain.ProgramID) (needs []Need, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}
		rows, err := many[needRow](ctx, s, "requirement", `
			select q.category_id, c.code, case when current_setting('app.lang', true) = 'fr' then c.label_fr else c.label_en end as label,
				c.gdpr_class, q.level, q.role, q.note, count(f.id) as fields, count(l.field_id) as linked,
				count(distinct f.dataset_id) filter (where l.field_id is not null) as linked_datasets, `+needScenarios+` as scenarios
			from `+needFields+`
			where q.workspace_id = @ws and q.program_id = @id
			group by q.workspace_id, q.program_id, q.category_id, c.code, c.label_fr, c.label_en, c.gdpr_class, q.level, q.role, q.note
			order by array_position(array['essential', 'useful', 'avoid'], q.level), c.code`, args)
		if err != nil {
			return err
		}
		at := map[domain.CategoryID]int{}
		for i, r := range rows {
			n := Need{Requirement: domain.Requirement{Program: id, Category: r.CategoryID, Level: domain.LinkLevel(r.Level), Role: r.Role, Note: r.Note,
				Scenarios: r.Scenarios},
				Code: r.Code, Label: r.Label, Class: domain.GDPRClass(r.Class), Held: domain.Held{Fields: r.Fields, Linked: r.Linked, LinkedDatasets: r.LinkedDatasets}}
			n.Coverage = n.Requirement.Coverage(n.Held)
			needs, at[r.CategoryID] = append(needs, n), i
		}
		return s.needSamples(ctx, args, needs, at)
	})
	return needs, err
}

// needSamples names a few fields of each requirement: those linked, and those that could be, masters first.
func (s *Store) needSamples(ctx context.Context, args pgx.StrictNamedArgs, needs []Need, at map[domain.CategoryID]int) error {
	rows, err := many[needFieldRow](ctx, s, "requirement", `
		select category_id, linked, id, name, dataset, application from (
			select q.category_id, l.field_id is not null as linked, f.id, f.name, d.name as dataset, a.name as application,
				row_number() over (partition by q.category_id, l.field_id is not null order by d.is_master desc, fold(a.name), f.name, f.id) as place
			from `+needFields+`
			join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
			join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
			where q.workspace_id = @ws and q.program_id = @id
		) x where place <= 4 order by category_id, place`, args)
	for _, r := range rows {
		n, f := &needs[at[r.CategoryID]], domain.PlacedField{ID: r.ID, Name: r.Name, Dataset: r.Dataset, Application: r.Application}
		if r.Linked {
			n.Linked = append(n.Linked, f)
		} else {
			n.Free = append(n.Free, f)
		}
	}
	return err
}

// SetRequirement says how much a program needs a category, and for which of its scenarios. Seen is the category of the need that
// the person changes, zero for a new one: a need that is there and was not looked at is not replaced by another.
func (s *Store) SetRequirement(ctx context.Context, by domain.Actor, q domain.Requirement, seen domain.CategoryID) error {
	if err := by.Must(domain.EditPlan); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		p, err := s.ProgramByID(ctx, by, q.Program)
		if err != nil {
			return err
		}
		// Two who add the same at once come one after the other.
		if _, err := s.exec(ctx, "program", `select from program where workspace_id = @ws and id = @program for update`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "program": q.Program}); err != nil {
			return err
		}
		was, known, err := s.requirement(ctx, by, q.Program, q.Category)
		if err != nil {
			return err
		}
		if known && seen != q.Category && !reflect.DeepEqual(was.Facts(), q.Facts()) {
			var there domain.Problems
			there.Add("category", "requirement.there")
			return there.Err()
		}
		if !known {
			if err := s.refer(ctx, by, reference{"category", "data_category", int64(q.Category), 0}); err != nil {
				return err
			}
		}
		return s.require(ctx, by, p, q, "")
	})
}

// require writes a need and what it was before, in the transaction of the caller.
func (s *Store) require(ctx context.Context, by domain.Actor, p domain.Program, q domain.Requirement, reason string) error {
	was, known, err := s.requirement(ctx, by, q.Program, q.Category)
	if err != nil {
		return err
	}
	var before map[string]any
	if known {
		before = was.Facts()
	}
	if maps.EqualFunc(before, q.Facts(), reflect.DeepEqual) {
		return nil
	}
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "program": q.Program, "category": q.Category, "level": string(q.Level), "role": q.Role, "note": q.Note}
	if _, err := s.exec(ctx, "requirement", `insert into requirement (workspace_id, program_id, category_id, level, role, note)
		values (@ws, @program, @category, @level, @role, @note)
		on conflict (workspace_id, program_id, category_id) do update set level = excluded.level, role = excluded.role, note = excluded.note`, args); err != nil {
		return err
	}
	args = pgx.StrictNamedArgs{"ws": by.Workspace, "program": q.Program, "category": q.Category,
		"scenarios": append([]domain.ScenarioID{}, q.Scenarios...)} // an empty list and not null, which is unlike nothing
	if _, err := s.exec(ctx, "requirement", `delete from scenario_need
		where workspace_id = @ws and program_id = @program and category_id = @category and scenario_id <> all(@scenarios::bigint[])`, args); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "requirement", `insert into scenario_need (workspace_id, program_id, category_id, scenario_id)
		select @ws, @program, @category, unnest(@scenarios::bigint[]) on conflict do nothing`, args); err != nil {
		return err
	}
	return s.record(ctx, by, domain.Event{Verb: "program.required", Subject: p.Subject(), Before: before, After: q.Facts(), Reason: reason})
}

// requirement reads and locks one need of a program, in the transaction of the caller; known is false where there is none.
func (s *Store) requirement(ctx context.Context, by domain.Actor, program domain.ProgramID, category domain.CategoryID) (q domain.Requirement, known bool, err error) {
	type row struct {
		Level     domain.LinkLevel    `db:"level"`
		Role      string              `db:"role"`
		Note      string              `db:"note"`
		Scenarios []domain.ScenarioID `db:"scenarios"`
	}
	rows, err := many[row](ctx, s, "requirement", `select q.level, q.role, q.note, `+needScenarios+` as scenarios from requirement q
		where q.workspace_id = @ws and q.program_id = @program and q.category_id = @category for update`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "program": program, "category": category})
	if err != nil || len(rows) == 0 {
		return q, false, err
	}
	r := rows[0]
	return domain.Requirement{Program: program, Category: category, Level: r.Level, Role: r.Role, Note: r.Note, Scenarios: r.Scenarios}, true, nil
}

// RemoveRequirement takes a need back. NotFound where the program had no such need.
func (s *Store) RemoveRequirement(ctx context.Context, by domain.Actor, program domain.ProgramID, category domain.CategoryID) error {
	if err := by.Must(domain.EditPlan); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		p, err := s.ProgramByID(ctx, by, program)
		if err != nil {
			return err
		}
		level, err := one[string](ctx, s, "requirement", `delete from requirement
			where workspace_id = @ws and program_id = @program and category_id = @category returning level`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "program": program, "category": category})
		if err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "program.unrequired", Subject: p.Subject(),
			Before: map[string]any{"category": int64(category), "level": level}})
	})
}

// LinkNeeded links a field to a program at the level and in the role of the requirement that it meets, and judges it. Special data is
// linked as essential or not at all: "useful" is no ground for it.
func (s *Store) LinkNeeded(ctx context.Context, by domain.Actor, program domain.ProgramID, category domain.CategoryID, field domain.FieldID) (reopened int64, err error) {
	if err := by.Must(domain.EditPlan); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		reopened = 0
		type needed struct {
			Name  string `db:"name"`
			Class string `db:"gdpr_class"`
			Level string `db:"level"`
			Role  string `db:"role"`
			Note  string `db:"note"`
		}
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "program": program, "category": category, "field": field}
		n, err := one[needed](ctx, s, "field", `select f.name, f.gdpr_class, q.level, q.role, q.note from `+needFields+`
			where q.workspace_id = @ws and q.program_id = @program and q.category_id = @category and f.id = @field`, args)
		switch {
		case err != nil:
			return err
		case n.Level == string(domain.LinkAvoid):
			return domain.Errorf(domain.Conflict, "requirement.avoided")
		case n.Level == string(domain.LinkUseful) && domain.GDPRClass(n.Class).Special():
			return domain.Errorf(domain.Conflict, "requirement.special_useful")
		}
		args["level"], args["role"], args["note"], args["by"] = n.Level, n.Role, n.Note, zeroNull(by.User)
		delete(args, "category")
		linked, err := s.exec(ctx, "program_link", `insert into program_link (workspace_id, field_id, program_id, level, role, note, source, linked_by)
			values (@ws, @field, @program, @level, @role, @note, 'hand', @by) on conflict do nothing`, args)
		if err != nil || linked == 0 {
			return err
		}
		if err := s.record(ctx, by, domain.Event{Verb: "field.linked", Subject: domain.Subject{Kind: domain.SubjectField, ID: int64(field), Name: n.Name},
			After: map[string]any{"program": int64(program), "level": n.Level, "role": n.Role, "note": n.Note, "source": "hand"}}); err != nil {
			return err
		}
		reopened, err = s.judgeTelling(ctx, by, []int64{int64(field)})
		return err
	})
	return reopened, err
}

// NeedOptions returns the data categories that are not archived, by code, for forms.
func (s *Store) NeedOptions(ctx context.Context, by domain.Actor) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		options, err = s.options(ctx, by, `select id, case when current_setting('app.lang', true) = 'fr' then label_fr else label_en end
			|| ' (' || code || ')' as name from data_category where workspace_id = @ws and archived_at is null order by code`)
		return err
	})
	return options, err
}

// A requirement has no number of its own: its row in the list is named by its program and category together.
const requirementCategoryBits = 24 // as in the query below

// RequirementProgram is the program of a row of the list of requirements.
func RequirementProgram(row int64) domain.ProgramID {
	return domain.ProgramID(row >> requirementCategoryBits)
}

// requirementTables count what domain.Held counts for all requirements at once, and requirementCoverage answers as
// domain.Requirement.Coverage does, so that the list can be narrowed by it; a test compares them.
var requirementTables = `(select *, (program_id << 24) + category_id as id from requirement) r
		join program p on p.workspace_id = r.workspace_id and p.id = r.program_id
		join data_category c on c.workspace_id = r.workspace_id and c.id = r.category_id
		left join journey_stage g on g.workspace_id = p.workspace_id and g.id = p.stage_id
		left join objective b on b.workspace_id = p.workspace_id and b.id = p.objective_id
		left join (
			select q.program_id, q.category_id, sum(h.fields) filter (where h.program_id = 0)::bigint as held, sum(h.fields) filter (where h.program_id <> 0)::bigint as linked,
				min(h.first_dataset) filter (where h.program_id <> 0) < max(h.last_dataset) filter (where h.program_id <> 0) as twice
			from requirement q
			join data_category c on c.workspace_id = q.workspace_id and c.id = q.category_id
			join data_category u on u.workspace_id = q.workspace_id and ` + kin("c", "u") + `
			join category_held h on h.workspace_id = q.workspace_id and h.category_id = u.id and h.program_id in (0, q.program_id)
			where q.workspace_id = @ws group by 1, 2) h on h.program_id = r.program_id and h.category_id = r.category_id`

// needOf tells whether a scenario o has the need r of its program, as domain.Requirement.Of does.
const needOf = `not exists (select from scenario_need n where n.workspace_id = r.workspace_id and n.program_id = r.program_id and n.category_id = r.category_id)
	or exists (select from scenario_need n where n.workspace_id = r.workspace_id and n.program_id = r.program_id and n.category_id = r.category_id and n.scenario_id = o.id)`

const requirementCoverage = `case when r.level = 'avoid' then case when h.linked > 0 then 'used' else 'avoided' end
		when h.twice then 'twice' when h.linked > 0 then 'linked' when h.held > 0 then 'available' else 'missing' end`

var _ = addRegister(registerSQL{
	register: domain.RequirementRegister,
	held:     true,
	from:     requirementTables,
	cells: map[string]string{"category": categoryLabel, "program": "p.name", "scenarios": `coalesce((select array_agg(o.name order by fold(o.name)) from scenario_need n
			join scenario o on o.workspace_id = n.workspace_id and o.id = n.scenario_id
			where n.workspace_id = r.workspace_id and n.program_id = r.program_id and n.category_id = r.category_id), '{}')`, "program_status": "p.status", "level": "r.level", "role": "r.role",
		"note": "r.note", "coverage": requirementCoverage, "linked_fields": "coalesce(h.linked, 0)", "fields": "coalesce(h.held, 0)", "code": "c.code",
		"gdpr_class": "c.gdpr_class", "stage": "g.name", "objective": "b.name"},
	orders: map[string]string{"level": "array_position(array['essential', 'useful', 'avoid'], r.level)::text"},
	filters: map[string]filterSQL{
		"coverage": {expr: requirementCoverage},
		"level":    {expr: "r.level"},
		"role":     {expr: "r.role", none: "r.role = ''"},
		"program":  {expr: "r.program_id::text", label: "p.name", lookup: programLookup},
		"scenario": {in: `exists (select from scenario o where o.workspace_id = r.workspace_id and o.program_id = r.program_id and o.id::text = any(%s) and (` + needOf + `))`,
			lookup: `select id::text from scenario where workspace_id = @ws and fold(name) = any(%s)`},
		"status":     {expr: "p.status"},
		"note":       {expr: "case when r.note <> '' or r.level = 'essential' then 'given' else 'missing' end"},
		"gdpr_class": {expr: "c.gdpr_class"},
		"category":   {expr: "r.category_id::text", lookup: categoryLookup},
		"state":      {expr: "case when p.archived_at is null then 'active' else 'archived' end"},
	},
	search:   "fold(p.name || ' ' || c.code || ' ' || c.label_fr || ' ' || c.label_en || ' ' || r.note)",
	archived: "p.archived_at is not null",
})
