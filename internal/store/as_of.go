package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// PastFrom is the moment from which on the past of the actor's workspace is kept.
func (s *Store) PastFrom(ctx context.Context, by domain.Actor) (from time.Time, err error) {
	return one[time.Time](ctx, s, "workspace", `select past_from from workspace where id = @ws`, pgx.StrictNamedArgs{"ws": by.Workspace})
}

// LookAt lets an actor look at the end of a day; the zero day is now. Invalid for a day before the past was kept.
func (s *Store) LookAt(ctx context.Context, by domain.Actor, day time.Time) (domain.Actor, error) {
	if day.IsZero() {
		return by, nil
	}
	from, err := s.PastFrom(ctx, by)
	if err != nil {
		return by, err
	}
	if domain.EndOfDay(day).Before(from) {
		return by, domain.Errorf(domain.Invalid, "as_of.early", "day", from.UTC())
	}
	by.AsOf = domain.EndOfDay(day)
	return by, nil
}
