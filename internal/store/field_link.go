package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type linkRow struct {
	Level domain.LinkLevel `db:"level"`
	Role  string           `db:"role"`
	Note  string           `db:"note"`
	From  string           `db:"source"`
}

// linkOf reads and locks a link; found is false where there is none.
func (s *Store) linkOf(ctx context.Context, by domain.Actor, field domain.FieldID, program domain.ProgramID) (l domain.Link, found bool, err error) {
	rows, err := many[linkRow](ctx, s, "link", `select level, role, note, source from program_link
		where workspace_id = @ws and field_id = @field and program_id = @program for update`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "field": field, "program": program})
	if err != nil || len(rows) == 0 {
		return l, false, err
	}
	r := rows[0]
	return domain.Link{Field: field, Program: program, Level: r.Level, Role: r.Role, Note: r.Note, Source: r.From}, true, nil
}

// LinkField ties a field to a program, or changes how, and judges it; reopened is how many of its approvals went back to the DPO.
// Invalid where the program is not there any more, and where the field's class does not allow the level; Conflict where the field
// is archived.
func (s *Store) LinkField(ctx context.Context, by domain.Actor, id domain.FieldID, l domain.Link) (reopened int64, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		reopened = 0
		f, err := s.lockedField(ctx, by, id, int64(l.Program))
		if err != nil {
			return err
		}
		if f.State == "archived" {
			return domain.Errorf(domain.Conflict, "field.archived")
		}
		if !f.Class.AllowsLevel(l.Level) {
			var p domain.Problems
			p.Add("level", "field.level_refused")
			return p.Err()
		}
		was, found, err := s.linkOf(ctx, by, id, l.Program)
		if err != nil {
			return err
		}
		l.Field, l.Source = id, "hand"
		before, after := map[string]any(nil), l.Facts()
		if found {
			l.Source = was.Source
			if before, after = domain.Diff(was.Facts(), l.Facts()); len(after) == 0 {
				return nil
			}
			before["program"], after["program"] = int64(l.Program), int64(l.Program)
		}
		n, err := s.exec(ctx, "link", `insert into program_link (workspace_id, field_id, program_id, level, role, note, source, linked_by)
			select @ws, @field, p.id, @level, @role, @note, @source, @by from program p
			where p.workspace_id = @ws and p.id = @program and p.archived_at is null
			on conflict (workspace_id, field_id, program_id) do update set level = excluded.level, role = excluded.role, note = excluded.note,
				linked_by = excluded.linked_by, linked_at = clock_timestamp()`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "field": id, "program": l.Program, "level": l.Level, "role": l.Role, "note": l.Note,
				"source": l.Source, "by": zeroNull(by.User)})
		if err != nil {
			return err
		}
		if n == 0 {
			var p domain.Problems
			p.Add("program", "error.reference")
			return p.Err()
		}
		if reopened, err = s.judgeTelling(ctx, by, []int64{int64(id)}); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "field.linked", Subject: f.Subject(), Before: before, After: after})
	})
	return reopened, err
}

// UnlinkField takes the tie between a field and a program away and judges the field; nothing happens where there is none.
func (s *Store) UnlinkField(ctx context.Context, by domain.Actor, id domain.FieldID, program domain.ProgramID) error {
	return s.Write(ctx, by, func(s *Store) error {
		f, err := s.lockedField(ctx, by, id)
		if err != nil {
			return err
		}
		was, found, err := s.linkOf(ctx, by, id, program)
		if err != nil || !found {
			return err
		}
		if _, err := s.exec(ctx, "link", `delete from program_link where workspace_id = @ws and field_id = @field and program_id = @program`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "field": id, "program": program}); err != nil {
			return err
		}
		if err := s.judge(ctx, by, []int64{int64(id)}); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "field.unlinked", Subject: f.Subject(), Before: was.Facts()})
	})
}
