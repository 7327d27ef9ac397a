package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// A link has no number of its own: its row in the list is named by its field and program together.
const linkProgramBits = 24 // as in the query below

// LinkField is the field of a row of the list of links.
func LinkField(row int64) domain.FieldID { return domain.FieldID(row >> linkProgramBits) }

var _ = addRegister(registerSQL{
	register: domain.LinkRegister,
	from: `(select workspace_id, field_id, program_id, level, role, note, source, linked_by, linked_at,
			(field_id << 24) + program_id as id from program_link) r`,
	joins: []joinSQL{
		{"f", "join field f on f.workspace_id = r.workspace_id and f.id = r.field_id"},
		{"d", "join dataset d on d.workspace_id = r.workspace_id and d.id = f.dataset_id"},
		{"a", "join application a on a.workspace_id = r.workspace_id and a.id = f.application_id"},
		// Names are folded once for each program, not for each link.
		{"p", "join (select id, name, status, fold(name) as folded from program where workspace_id = @ws offset 0) p on p.id = r.program_id"},
		{"u", "left join app_user u on u.id = r.linked_by"},
	},
	keys:   []string{"field_id", "program_id"},
	cubed:  true,
	apart:  true,
	orders: map[string]string{"program": "p.folded"},
	cells: map[string]string{
		"field": "f.name", "application": "a.name", "dataset": "d.name", "program": "p.name", "level": "r.level", "role": "r.role",
		"note": "r.note", "verdict": "f.verdict", "program_status": "p.status", "source": "r.source", "linked_by": "u.name",
		"linked_at": "r.linked_at",
	},
	filters: map[string]filterSQL{
		"program":     {expr: "r.program_id::text", named: "program", lookup: programLookup},
		"level":       {expr: "r.level"},
		"role":        {expr: "r.role", none: "r.role = ''"},
		"note":        {expr: "case when r.note <> '' or r.level = 'essential' then 'given' else 'missing' end"},
		"application": {expr: "f.application_id::text", named: "application", lookup: applicationLookup},
		"source":      {expr: "r.source"},
		"field":       {expr: "r.field_id::text", label: "f.name", lookup: fieldLookup},
	},
	search:   "fold(f.name || ' ' || f.label || ' ' || p.name || ' ' || r.note)",
	archived: "false",
})

// LinkCell is what one cell of the matrix is to become; an empty level takes the link away.
type LinkCell struct {
	Field   domain.FieldID
	Program domain.ProgramID
	Level   domain.LinkLevel
}

// LinkCellResult is what became of a cell.
type LinkCellResult struct {
	Field   domain.FieldID   `db:"field"`
	Program domain.ProgramID `db:"program"`
	Level   domain.LinkLevel `db:"level"`   // as it is now
	Refused string           `db:"refused"` // key of the reason; empty where the cell is as it was asked
	Changed bool             `db:"changed"`
}

// LinkedCells is what became of the cells of the matrix that somebody set.
type LinkedCells struct {
	Cells    []LinkCellResult
	Batch    domain.BatchID // to undo them as a whole; zero for one that a press brings back
	Reopened int64          // approvals that went back to the DPO
}

// LinkCells sets cells of the matrix in one transaction and judges their fields. What a person wrote about a link stays
// while it still says the same thing: an expected gain is no alternative. A new useful link may lack its gain, which
// is asked for later. Several changes make a batch, and so does one by which approvals fall, which only an undoing gives back.
func (s *Store) LinkCells(ctx context.Context, by domain.Actor, cells []LinkCell) (out LinkedCells, err error) {
	if err := by.Must(domain.EditPlan); err != nil {
		return out, err
	}
	n := len(cells)
	fields, programs, levels := make([]int64, n), make([]int64, n), make([]string, n)
	for i, c := range cells {
		fields[i], programs[i], levels[i] = int64(c.Field), int64(c.Program), string(c.Level)
	}
	args := pgx.NamedArgs{"ws": by.Workspace, "fields": fields, "programs": programs, "levels": levels, "actor": zeroNull(by.User),
		"actor_name": by.Name, "batch": (*domain.BatchID)(nil)}
	err = s.Write(ctx, by, func(s *Store) error {
		out, args["batch"] = LinkedCells{}, (*domain.BatchID)(nil)
		if err := s.takeTurn(ctx, by, fields, programs...); err != nil {
			return err
		}
		if _, err := s.db.Exec(ctx, `select from program_link where workspace_id = @ws and field_id = any(@fields) and program_id = any(@programs)
			order by field_id, program_id for update`, args); err != nil {
			return translate("field", err)
		}
		if out.Cells, err = loose[LinkCellResult](ctx, s, `with plan as (`+cellPlan+`)
			select field, program, case when outcome = 'todo' then level else was end as level, coalesce(refused, '') as refused,
				outcome = 'todo' as changed from plan order by place`, args); err != nil {
			return err
		}
		changed, refused := int64(0), int64(0)
		for _, r := range out.Cells {
			if r.Changed {
				changed++
			}
			if r.Refused != "" {
				refused++
			}
		}
		if changed == 0 {
			return nil
		}
		apply := func(s *Store) error {
			done, err := loose[int64](ctx, s, cellApply, args)
			if err == nil {
				out.Reopened, err = s.judgeTelling(ctx, by, distinct(done))
			}
			return err
		}
		if n == 1 {
			err := s.Write(ctx, by, func(s *Store) error {
				if err := apply(s); err != nil || out.Reopened == 0 {
					return err
				}
				return errApprovalsFall
			})
			if !errors.Is(err, errApprovalsFall) {
				return err
			}
		}
		if out.Batch, err = s.addBatch(ctx, by, domain.BulkMatrix, map[string]any{"cells": n}, changed, refused); err != nil {
			return err
		}
		args["batch"], s.batch = zeroNull(out.Batch), out.Batch
		return apply(s)
	})
	return out, err
}

// errApprovalsFall takes a change back that is made again as a batch.
var errApprovalsFall = errors.New("approvals fall by it")

// cellPlan says of every cell asked for, the last word on each, what it was and what is to be done.
const cellPlan = `
	select o.field, o.program, o.level, o.place, f.name, coalesce(x.level, '') as was, r.refused,
		case when r.refused is not null then 'refused' when coalesce(x.level, '') = o.level then 'same' else 'todo' end as outcome,
		case when x.field_id is not null then jsonb_build_object('program', x.program_id, 'level', x.level, 'role', x.role, 'note', x.note,
			'source', x.source, 'linked_by', x.linked_by, 'linked_at', x.linked_at) end as before,
		coalesce(x.role, '') as role,
		case when (x.level = 'avoid') = (o.level = 'avoid') then x.note else '' end as note
	from (select distinct on (field, program) field, program, level, place from unnest(@fields::bigint[], @programs::bigint[], @levels::text[])
		with ordinality u (field, program, level, place) order by field, program, place desc) o
	join field f on f.workspace_id = @ws and f.id = o.field
	join program p on p.workspace_id = @ws and p.id = o.program
	left join program_link x on x.workspace_id = @ws and x.field_id = o.field and x.program_id = o.program
	cross join lateral (select case
		when o.level <> '' and f.state <> 'active' then f.state
		when o.level <> '' and p.archived_at is not null then 'program_archived'
		when o.level = 'useful' and f.gdpr_class in ('sensitive_art9', 'criminal_art10', 'nir') then 'sensitive' end as refused) r`

const cellApply = `with plan as materialized (` + cellPlan + `),
	todo as materialized (select field, program, level, name, before, role, note from plan where outcome = 'todo'),
	gone as (
		delete from program_link x using todo where x.workspace_id = @ws and x.field_id = todo.field and x.program_id = todo.program
			and todo.level = ''),
	set_now as (
		insert into program_link (workspace_id, field_id, program_id, level, role, note, source, linked_by)
		select @ws, field, program, level, role, coalesce(note, ''), 'matrix', @actor from todo where level <> ''
		on conflict (workspace_id, field_id, program_id) do update set level = excluded.level, note = excluded.note,
			source = excluded.source, linked_by = excluded.linked_by, linked_at = clock_timestamp()),
	told as (
		insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after, batch_id)
		select @ws, @actor, @actor_name, case when level = '' then 'field.unlinked' else 'field.linked' end, 'field', field, name, before,
			case when level <> '' then jsonb_build_object('program', program, 'level', level, 'role', role, 'note', coalesce(note, ''),
				'source', 'matrix') end, @batch
		from todo)
	select field from todo`
