package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type stageRow struct {
	ID          domain.StageID `db:"id"`
	Code        string         `db:"code"`
	Name        string         `db:"name"`
	Description string         `db:"description"`
	Position    int            `db:"position"`
	Version     int            `db:"version"`
	CreatedAt   time.Time      `db:"created_at"`
	UpdatedAt   time.Time      `db:"updated_at"`
	ArchivedAt  *time.Time     `db:"archived_at"`
}

const stageCols = `id, code, name, description, position, version, created_at, updated_at, archived_at`

// StageByID returns NotFound where the workspace has no such stage.
func (s *Store) StageByID(ctx context.Context, by domain.Actor, id domain.StageID) (g domain.Stage, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		g, err = s.stage(ctx, by, id, "")
		return err
	})
	return g, err
}

// stage reads one, in the transaction of the caller; lock is forUpdate or nothing.
func (s *Store) stage(ctx context.Context, by domain.Actor, id domain.StageID, lock string) (domain.Stage, error) {
	r, err := one[stageRow](ctx, s, "stage", `select `+stageCols+` from journey_stage where workspace_id = @ws and id = @id`+lock,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return domain.Stage(r), err
}

// AddStage registers a stage at the end of the journey. Invalid where the code is taken.
func (s *Store) AddStage(ctx context.Context, by domain.Actor, g domain.Stage) (id domain.StageID, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		if g.Position, err = s.lastPlace(ctx, by); err != nil {
			return err
		}
		g.Position++
		g.ID, err = one[domain.StageID](ctx, s, "stage", `insert into journey_stage (workspace_id, code, name, description, position)
			values (@ws, @code, @name, @description, @position) returning id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "code": g.Code, "name": g.Name, "description": g.Description, "position": g.Position})
		if err != nil {
			return err
		}
		id = g.ID
		return s.record(ctx, by, domain.Event{Verb: "stage.added", Subject: g.Subject(), After: g.Facts()})
	})
	return id, err
}

func (s *Store) lastPlace(ctx context.Context, by domain.Actor) (int, error) {
	return one[int](ctx, s, "stage", `select coalesce(max(position), 0) from journey_stage where workspace_id = @ws`,
		pgx.StrictNamedArgs{"ws": by.Workspace})
}

// ChangeStage saves what decide makes of the stage. Conflict where somebody changed it since it was seen.
func (s *Store) ChangeStage(ctx context.Context, by domain.Actor, id domain.StageID, seen int, decide func(domain.Stage) (domain.Stage, error)) error {
	return change(ctx, s, by, id, seen, (*Store).stage, decide, func(s *Store, _, next domain.Stage) error {
		_, err := s.exec(ctx, "stage", `update journey_stage set code = @code, name = @name, description = @description,
			version = version + 1, updated_at = clock_timestamp() where workspace_id = @ws and id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "code": next.Code, "name": next.Name, "description": next.Description})
		return err
	}, nil)
}

// MoveStage exchanges a stage with the one before it, or after it, among those that are not archived. The first stays
// first and the last stays last. Places are numbered anew, so that they stay whole whatever they were.
func (s *Store) MoveStage(ctx context.Context, by domain.Actor, id domain.StageID, earlier bool) error {
	return s.Write(ctx, by, func(s *Store) error {
		rows, err := many[stageRow](ctx, s, "stage", `select `+stageCols+` from journey_stage
			where workspace_id = @ws and archived_at is null order by position, id for update`, pgx.StrictNamedArgs{"ws": by.Workspace})
		if err != nil {
			return err
		}
		at := slices.IndexFunc(rows, func(r stageRow) bool { return r.ID == id })
		if at < 0 {
			return domain.Errorf(domain.NotFound, "error.not_found", "noun", "stage")
		}
		to := at + 1
		if earlier {
			to = at - 1
		}
		if to < 0 || to >= len(rows) {
			return nil
		}
		moved := domain.Stage(rows[at])
		rows[at], rows[to] = rows[to], rows[at]
		ids := mapSlice(rows, func(r stageRow) int64 { return int64(r.ID) })
		if _, err := s.exec(ctx, "stage", `update journey_stage g set position = o.place, updated_at = clock_timestamp()
			from unnest(@ids::bigint[]) with ordinality o (id, place)
			where g.workspace_id = @ws and g.id = o.id and g.position <> o.place`, pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids}); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "stage.moved", Subject: moved.Subject(),
			Before: map[string]any{"position": at + 1}, After: map[string]any{"position": to + 1}})
	})
}

// StageUses tells what holds a stage in place.
func (s *Store) StageUses(ctx context.Context, by domain.Actor, id domain.StageID) (uses []domain.Use, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		uses, err = s.uses(ctx, by, int64(id), stageUses+` and archived_at is null`)
		return err
	})
	return uses, err
}

const stageUses = `select 'programs' as register, 'stage&state=active,archived' as filter, count(*) as n from program where workspace_id = @ws and stage_id = @id`

// stageHolds are its uses, and the archived programs that refer to it too.
func (s *Store) stageHolds(ctx context.Context, by domain.Actor, id domain.StageID) ([]domain.Use, error) {
	return s.uses(ctx, by, int64(id), stageUses)
}

// ArchiveStage takes a stage out of the journey; Conflict, with what uses it, while a program serves it.
func (s *Store) ArchiveStage(ctx context.Context, by domain.Actor, id domain.StageID) error {
	return archiveRecord(ctx, s, by, "journey_stage", id, (*Store).StageByID, (*Store).StageUses)
}

// RestoreStage brings an archived stage back.
func (s *Store) RestoreStage(ctx context.Context, by domain.Actor, id domain.StageID) error {
	return restoreRecord(ctx, s, by, "journey_stage", id, (*Store).StageByID)
}

// RemoveStage deletes a mistaken entry; Conflict, with what uses it, while anything refers to it.
func (s *Store) RemoveStage(ctx context.Context, by domain.Actor, id domain.StageID) error {
	return removeRecord(ctx, s, by, "journey_stage", id, (*Store).StageByID, (*Store).stageHolds)
}

// StageOptions returns the id and name of every stage that is not archived, in the journey's order, for forms.
func (s *Store) StageOptions(ctx context.Context, by domain.Actor) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		options, err = s.options(ctx, by, `select id, name from journey_stage where workspace_id = @ws and archived_at is null order by position, id`)
		return err
	})
	return options, err
}

var _ = addRegister(registerSQL{
	register: domain.StageRegister,
	from: `journey_stage r
		left join lateral (select count(*) as n, count(*) filter (where p.status = 'live') as live from program p
			where p.workspace_id = r.workspace_id and p.stage_id = r.id and p.archived_at is null) ps on true`,
	cells: map[string]string{"name": "r.name", "position": "r.position", "code": "r.code", "programs": "ps.n", "live_programs": "ps.live",
		"description": "r.description", "updated": "r.updated_at"},
	filters: map[string]filterSQL{
		"state":    {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
		"programs": {expr: "case when ps.n > 0 then 'some' else 'none' end"},
	},
	search:   "fold(r.code || ' ' || r.name || ' ' || r.description)",
	archived: "r.archived_at is not null",
})

// StageByCode returns the stage of a code that is not archived, zero where there is none.
func (s *Store) StageByCode(ctx context.Context, by domain.Actor, code string) (id domain.StageID, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		ids, err := many[domain.StageID](ctx, s, "stage", `select id from journey_stage where workspace_id = @ws and lower(code) = lower(@code) and archived_at is null`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "code": code})
		if len(ids) > 0 {
			id = ids[0]
		}
		return err
	})
	return id, err
}
