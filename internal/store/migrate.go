package store

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"utile/migrations"
)

// RiverVersion is the version of the job queue's tables that this program works with. They live in their own schema and
// are migrated after ours: their migrations cannot run inside another transaction.
const RiverVersion = "8"

const (
	riverSchema        = "river"
	riverTargetVersion = 8
)

// Migrate brings the schema of the database up to date, as the owner of the tables. Several processes may call it at
// once: one works, the others wait.
func Migrate(ctx context.Context, dsn string) error {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return fmt.Errorf("database address: %w", err)
	}
	defer pool.Close()
	if err := pool.Ping(ctx); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	provider, err := provider(pool)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return migrateRiver(ctx, pool)
}

func provider(pool *pgxpool.Pool) (*goose.Provider, error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, stdlib.OpenDBFromPool(pool), migrations.FS,
		goose.WithSessionLocker(locker), goose.WithSlog(slog.New(slog.DiscardHandler)))
}

func migrateRiver(ctx context.Context, pool *pgxpool.Pool) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(727002)"); err != nil {
		return err
	}
	defer func() { _, _ = conn.Exec(ctx, "select pg_advisory_unlock(727002)") }()
	if _, err := conn.Exec(ctx, "create schema if not exists "+riverSchema); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: riverSchema, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: riverTargetVersion}); err != nil {
		return fmt.Errorf("migrating the job queue: %w", err)
	}
	for _, sql := range []string{
		"grant usage on schema river to " + AppRole,
		"grant select, insert, update, delete on all tables in schema river to " + AppRole,
		"grant usage, select on all sequences in schema river to " + AppRole,
		"grant execute on all functions in schema river to " + AppRole,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("migrating the job queue: %w", err)
		}
	}
	return nil
}

// SchemaState tells the version of the database's schema and the one that this program knows; they must be equal.
func SchemaState(ctx context.Context, dsn string) (database, program int64, err error) {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return 0, 0, fmt.Errorf("database address: %w", err)
	}
	defer pool.Close()
	p, err := provider(pool)
	if err != nil {
		return 0, 0, err
	}
	sources := p.ListSources()
	program = sources[len(sources)-1].Version
	database, err = p.GetDBVersion(ctx)
	return database, program, err
}
