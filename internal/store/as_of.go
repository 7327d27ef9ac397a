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
