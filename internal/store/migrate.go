package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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
		if said, ok := errors.AsType[*pgconn.PgError](err); ok && said.Code == "42501" && strings.Contains(said.Message, "utile_app") {
			return fmt.Errorf("the role utile_app is there and this user is no member of it: run “grant utile_app to %s” as an administrator",
				pgx.Identifier{pool.Config().ConnConfig.User}.Sanitize())
		}
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
		"grant execute on all functions in schema river to " + AppRole,
		"grant usage, select on all sequences in schema river to " + AppRole, // last: SchemaOf asks for it
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("migrating the job queue: %w", err)
		}
	}
	return nil
}

// Schema is how far the schema of a database is.
type Schema struct {
	Has, Knows int64 // versions: the one that the database has, and the one that this program needs
	// Ready tells that nothing is left to do, the tables of the job queue and the rights to them included.
	Ready bool
}

// SchemaOf reads how far the schema of a database is. A database without any has version 0.
func SchemaOf(ctx context.Context, dsn string) (s Schema, err error) {
	if s.Knows, err = latestMigration(); err != nil {
		return s, err
	}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return s, fmt.Errorf("database address: %w", err)
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return s, fmt.Errorf("database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it was only read from
	if err := conn.QueryRow(ctx, "select coalesce(max(version_id), 0) from goose_db_version where is_applied").Scan(&s.Has); err != nil {
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42P01" { // no such table yet
			return s, nil
		}
		return s, fmt.Errorf("database: %w", err)
	}
	if s.Has != s.Knows {
		return s, nil
	}
	// The rights to the sequences are given last of all: where they are missing, somebody broke off before.
	var queue int64
	var granted bool
	err = conn.QueryRow(ctx, "select max(version), has_sequence_privilege($1, 'river.river_job_id_seq', 'usage') from river.river_migration",
		AppRole).Scan(&queue, &granted)
	s.Ready = err == nil && queue == riverTargetVersion && granted
	return s, nil // what keeps it from being ready is told by who makes it so
}

// latestMigration is the number of the last migration of this program.
func latestMigration() (int64, error) {
	names, err := fs.Glob(migrations.FS, "*.sql") // in order
	if err != nil {
		return 0, err
	}
	return goose.NumericComponent(names[len(names)-1])
}
