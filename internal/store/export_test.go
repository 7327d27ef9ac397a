package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// LandscapeTables are the tables that the landscape is read from, as PostgreSQL locked them.
func (s *Store) LandscapeTables(ctx context.Context, by domain.Actor) (tables []string, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		if _, err := s.readLandscape(ctx, by); err != nil {
			return err
		}
		if _, err := s.readFlows(ctx, by); err != nil {
			return err
		}
		tables, err = many[string](ctx, s, "lock", `select distinct c.relname::text from pg_locks l join pg_class c on c.oid = l.relation
			where l.pid = pg_backend_pid() and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by 1`, pgx.StrictNamedArgs{})
		return err
	})
	return tables, err
}
