package store

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// record appends events in the transaction of the change that they tell.
func (s *Store) record(ctx context.Context, by domain.Actor, events ...domain.Event) error {
	batch := &pgx.Batch{}
	for _, e := range events {
		batch.Queue(`insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name,
				before, after, reason, batch_id)
			values (@ws, @actor, @actor_name, @verb, @kind, @id, @name, @before, @after, @reason, @batch)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "actor": zeroNull(by.User), "actor_name": by.Name, "verb": e.Verb,
				"kind": e.Subject.Kind, "id": e.Subject.ID, "name": e.Subject.Name, "before": emptyNull(e.Before),
				"after": emptyNull(e.After), "reason": e.Reason, "batch": zeroNull(cmp.Or(e.Batch, s.batch))})
	}
	return translate("event", s.db.SendBatch(ctx, batch).Close())
}

type eventRow struct {
	ID          domain.EventID  `db:"id"`
	At          time.Time       `db:"at"`
	ActorID     *domain.UserID  `db:"actor_id"`
	ActorName   string          `db:"actor_name"`
	Verb        string          `db:"verb"`
	SubjectKind string          `db:"subject_kind"`
	SubjectID   int64           `db:"subject_id"`
	SubjectName string          `db:"subject_name"`
	Before      map[string]any  `db:"before"`
	After       map[string]any  `db:"after"`
	Reason      string          `db:"reason"`
	BatchID     *domain.BatchID `db:"batch_id"`
}

const eventCols = `id, at, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after, reason, batch_id`

func (r eventRow) event() domain.Event {
	return domain.Event{ID: r.ID, At: r.At, Actor: deref(r.ActorID), ActorName: r.ActorName, Verb: r.Verb,
		Subject: domain.Subject{Kind: r.SubjectKind, ID: r.SubjectID, Name: r.SubjectName},
		Before:  r.Before, After: r.After, Reason: r.Reason, Batch: deref(r.BatchID)}
}

// EventsOf returns the newest events about one subject, newest first, at most so many.
func (s *Store) EventsOf(ctx context.Context, by domain.Actor, kind string, id int64, most int) (events []domain.Event, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[eventRow](ctx, s, "event", `select `+eventCols+` from event
			where workspace_id = @ws and subject_kind = @kind and subject_id = @id order by id desc limit @most`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "kind": kind, "id": id, "most": most})
		events = mapSlice(rows, eventRow.event)
		return err
	})
	return events, err
}

// Events returns the newest events of the workspace older than the given one (zero: from the newest), at most so many.
func (s *Store) Events(ctx context.Context, by domain.Actor, before domain.EventID, most int) (events []domain.Event, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[eventRow](ctx, s, "event", `select `+eventCols+` from event
			where workspace_id = @ws and (@before = 0 or id < @before) order by id desc limit @most`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "before": int64(before), "most": most})
		events = mapSlice(rows, eventRow.event)
		return err
	})
	return events, err
}

func zeroNull[T ~int64](id T) *T {
	if id == 0 {
		return nil
	}
	return &id
}

func emptyNull(m map[string]any) map[string]any {
	if len(m) == 0 {
		return nil
	}
	return m
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func mapSlice[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = f(a)
	}
	return out
}
