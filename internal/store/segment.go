package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type segmentRow struct {
	ID         domain.SegmentID `db:"id"`
	Name       string           `db:"name"`
	Definition string           `db:"definition"`
	Volume     *int64           `db:"volume"`
	Version    int              `db:"version"`
	CreatedAt  time.Time        `db:"created_at"`
	UpdatedAt  time.Time        `db:"updated_at"`
	ArchivedAt *time.Time       `db:"archived_at"`
}

const segmentCols = `id, name, definition, volume, version, created_at, updated_at, archived_at`

// SegmentByID returns NotFound where the workspace has no such segment.
func (s *Store) SegmentByID(ctx context.Context, by domain.Actor, id domain.SegmentID) (g domain.Segment, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		g, err = s.segment(ctx, by, id, "")
		return err
	})
	return g, err
}

// segment reads one, in the transaction of the caller; lock is forUpdate or nothing.
func (s *Store) segment(ctx context.Context, by domain.Actor, id domain.SegmentID, lock string) (domain.Segment, error) {
	r, err := one[segmentRow](ctx, s, "segment", `select `+segmentCols+` from segment where workspace_id = @ws and id = @id`+lock,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return domain.Segment(r), err
}

// AddSegment registers a segment. Invalid where the name is taken.
func (s *Store) AddSegment(ctx context.Context, by domain.Actor, g domain.Segment) (id domain.SegmentID, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		g.ID, err = one[domain.SegmentID](ctx, s, "segment", `insert into segment (workspace_id, name, definition, volume)
			values (@ws, @name, @definition, @volume) returning id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "name": g.Name, "definition": g.Definition, "volume": g.Volume})
		if err != nil {
			return err
		}
		id = g.ID
		return s.record(ctx, by, domain.Event{Verb: "segment.added", Subject: g.Subject(), After: g.Facts()})
	})
	return id, err
}

// ChangeSegment saves what decide makes of the segment. Conflict where somebody changed it since it was seen.
func (s *Store) ChangeSegment(ctx context.Context, by domain.Actor, id domain.SegmentID, seen int, decide func(domain.Segment) (domain.Segment, error)) error {
	return change(ctx, s, by, id, seen, (*Store).segment, decide, func(s *Store, _, next domain.Segment) error {
		_, err := s.exec(ctx, "segment", `update segment set name = @name, definition = @definition, volume = @volume,
			version = version + 1, updated_at = clock_timestamp() where workspace_id = @ws and id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "name": next.Name, "definition": next.Definition, "volume": next.Volume})
		return err
	}, nil)
}

const segmentUses = `select 'scenarios' as register, 'segment&state=active,archived' as filter, count(*) as n from scenario
	where workspace_id = @ws and segment_id = @id`

// SegmentUses tells what holds a segment in place.
func (s *Store) SegmentUses(ctx context.Context, by domain.Actor, id domain.SegmentID) (uses []domain.Use, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		uses, err = s.uses(ctx, by, int64(id), segmentUses+" and archived_at is null")
		return err
	})
	return uses, err
}

// segmentHolds are its uses, and the archived scenarios that refer to it too.
func (s *Store) segmentHolds(ctx context.Context, by domain.Actor, id domain.SegmentID) ([]domain.Use, error) {
	return s.uses(ctx, by, int64(id), segmentUses)
}

// ArchiveSegment takes a segment out of the lists; Conflict, with what uses it, while a scenario addresses it.
func (s *Store) ArchiveSegment(ctx context.Context, by domain.Actor, id domain.SegmentID) error {
	return archiveRecord(ctx, s, by, "segment", id, (*Store).SegmentByID, (*Store).SegmentUses)
}

// RestoreSegment brings an archived segment back.
func (s *Store) RestoreSegment(ctx context.Context, by domain.Actor, id domain.SegmentID) error {
	return restoreRecord(ctx, s, by, "segment", id, (*Store).SegmentByID)
}

// RemoveSegment deletes a mistaken entry; Conflict, with what uses it, while anything refers to it.
func (s *Store) RemoveSegment(ctx context.Context, by domain.Actor, id domain.SegmentID) error {
	return removeRecord(ctx, s, by, "segment", id, (*Store).SegmentByID, (*Store).segmentHolds)
}

// SegmentOptions returns the id and name of every segment that is not archived, by name, for forms.
func (s *Store) SegmentOptions(ctx context.Context, by domain.Actor) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		options, err = s.options(ctx, by, `select id, name from segment where workspace_id = @ws and archived_at is null order by fold(name), id`)
		return err
	})
	return options, err
}

var _ = addRegister(registerSQL{
	register: domain.SegmentRegister,
	from: `segment r
		left join lateral (select count(*) as n from scenario c
			where c.workspace_id = r.workspace_id and c.segment_id = r.id and c.archived_at is null) cs on true`,
	cells: map[string]string{"name": "r.name", "definition": "r.definition", "volume": "r.volume", "scenarios": "cs.n", "updated": "r.updated_at"},
	filters: map[string]filterSQL{
		"state":     {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
		"scenarios": {expr: "case when cs.n > 0 then 'some' else 'none' end"},
	},
	search:   "fold(r.name || ' ' || r.definition)",
	archived: "r.archived_at is not null",
})
