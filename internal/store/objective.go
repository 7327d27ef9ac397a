package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type objectiveRow struct {
	ID          domain.ObjectiveID `db:"id"`
	Name        string             `db:"name"`
	KPI         string             `db:"kpi"`
	Target      string             `db:"target"`
	Description string             `db:"description"`
	Version     int                `db:"version"`
	CreatedAt   time.Time          `db:"created_at"`
	UpdatedAt   time.Time          `db:"updated_at"`
	ArchivedAt  *time.Time         `db:"archived_at"`
}

const objectiveCols = `id, name, kpi, target, description, version, created_at, updated_at, archived_at`

func objectiveArgs(by domain.Actor, o domain.Objective) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"ws": by.Workspace, "name": o.Name, "kpi": o.KPI, "target": o.Target, "description": o.Description}
}

// ObjectiveByID returns NotFound where the workspace has no such objective.
func (s *Store) ObjectiveByID(ctx context.Context, by domain.Actor, id domain.ObjectiveID) (o domain.Objective, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		o, err = s.objective(ctx, by, id, "")
		return err
	})
	return o, err
}

// objective reads one, in the transaction of the caller; lock is forUpdate or nothing.
func (s *Store) objective(ctx context.Context, by domain.Actor, id domain.ObjectiveID, lock string) (domain.Objective, error) {
	r, err := one[objectiveRow](ctx, s, "objective", `select `+objectiveCols+` from objective where workspace_id = @ws and id = @id`+lock,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return domain.Objective(r), err
}

// AddObjective registers an objective. Invalid where the name is taken.
func (s *Store) AddObjective(ctx context.Context, by domain.Actor, o domain.Objective) (id domain.ObjectiveID, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		o.ID, err = one[domain.ObjectiveID](ctx, s, "objective", `insert into objective (workspace_id, name, kpi, target, description)
			values (@ws, @name, @kpi, @target, @description) returning id`, objectiveArgs(by, o))
		if err != nil {
			return err
		}
		id = o.ID
		return s.record(ctx, by, domain.Event{Verb: "objective.added", Subject: o.Subject(), After: o.Facts()})
	})
	return id, err
}

// ChangeObjective saves what decide makes of the objective. Conflict where somebody changed it since it was seen.
func (s *Store) ChangeObjective(ctx context.Context, by domain.Actor, id domain.ObjectiveID, seen int,
	decide func(domain.Objective) (domain.Objective, error)) error {
	return change(ctx, s, by, id, seen, (*Store).objective, decide, func(s *Store, _, next domain.Objective) error {
		args := objectiveArgs(by, next)
		args["id"] = id
		_, err := s.exec(ctx, "objective", `update objective set name = @name, kpi = @kpi, target = @target, description = @description,
			version = version + 1, updated_at = clock_timestamp() where workspace_id = @ws and id = @id`, args)
		return err
	}, nil)
}

// ObjectiveUses tells what holds an objective in place.
func (s *Store) ObjectiveUses(ctx context.Context, by domain.Actor, id domain.ObjectiveID) (uses []domain.Use, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		uses, err = s.uses(ctx, by, int64(id), objectiveUses+` and archived_at is null`)
		return err
	})
	return uses, err
}

const objectiveUses = `select 'programs' as register, 'objective&state=active,archived' as filter, count(*) as n from program where workspace_id = @ws and objective_id = @id`

// objectiveHolds are its uses, and the archived programs that refer to it too.
func (s *Store) objectiveHolds(ctx context.Context, by domain.Actor, id domain.ObjectiveID) ([]domain.Use, error) {
	return s.uses(ctx, by, int64(id), objectiveUses)
}

// ArchiveObjective takes an objective out of the lists; Conflict, with what uses it, while a program serves it.
func (s *Store) ArchiveObjective(ctx context.Context, by domain.Actor, id domain.ObjectiveID) error {
	return archiveRecord(ctx, s, by, "objective", id, (*Store).ObjectiveByID, (*Store).ObjectiveUses)
}

// RestoreObjective brings an archived objective back.
func (s *Store) RestoreObjective(ctx context.Context, by domain.Actor, id domain.ObjectiveID) error {
	return restoreRecord(ctx, s, by, "objective", id, (*Store).ObjectiveByID)
}

// RemoveObjective deletes a mistaken entry; Conflict, with what uses it, while anything refers to it.
func (s *Store) RemoveObjective(ctx context.Context, by domain.Actor, id domain.ObjectiveID) error {
	return removeRecord(ctx, s, by, "objective", id, (*Store).ObjectiveByID, (*Store).objectiveHolds)
}

// ObjectiveOptions returns the id and name of every objective that is not archived, by name, for forms.
func (s *Store) ObjectiveOptions(ctx context.Context, by domain.Actor) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		options, err = s.options(ctx, by, `select id, name from objective where workspace_id = @ws and archived_at is null order by fold(name), id`)
		return err
	})
	return options, err
}

var _ = addRegister(registerSQL{
	register: domain.ObjectiveRegister,
	from: `objective r
		left join lateral (select count(*) as n, count(*) filter (where p.status = 'live') as live from program p
			where p.workspace_id = r.workspace_id and p.objective_id = r.id and p.archived_at is null) ps on true`,
	cells: map[string]string{"name": "r.name", "kpi": "r.kpi", "target": "r.target", "programs": "ps.n", "live_programs": "ps.live",
		"description": "r.description", "updated": "r.updated_at"},
	filters: map[string]filterSQL{
		"state":    {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
		"programs": {expr: "case when ps.n > 0 then 'some' else 'none' end"},
	},
	search:   "fold(r.name || ' ' || r.kpi || ' ' || r.target || ' ' || r.description)",
	archived: "r.archived_at is not null",
})
