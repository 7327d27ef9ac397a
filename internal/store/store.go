// Package store keeps domain values in PostgreSQL. It is the only package that knows SQL and pgx; it knows neither HTTP
// nor templates nor message texts.
package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"utile/internal/domain"
)

// AppRole is the database role under which the application works: it owns no table, so row-level security binds it.
const AppRole = "utile_app"

// DB is what a pool and a transaction have in common.
type DB interface {
	Begin(ctx context.Context) (pgx.Tx, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, src pgx.CopyFromSource) (int64, error)
}

// Store reads and writes one database. Inside a transaction it is a new value bound to that transaction.
type Store struct {
	db   DB
	pool *pgxpool.Pool // nil inside a transaction
	// scope is the workspace whose rows the transaction may see; zero outside a scoped transaction.
	scope domain.WorkspaceID
	// asOf is the moment that the transaction shows; zero for now.
	asOf time.Time
	now  func() time.Time
	// batch is the act on many fields as whose changes events are told that follow from it; zero for none.
	batch domain.BatchID
	// tallies are the counters read before; nil in a transaction that may have changed them.
	tallies *tallyCache
	// landscapes and flows are what was read before of the workspaces around their fields; nil as tallies are.
	landscapes *landKept[*landscape]
	flows      *landKept[landFlows]
}

// Open connects a pool that works under AppRole. The pool keeps connections warm, since one that churns costs
// PostgreSQL several times the processor.
func Open(ctx context.Context, dsn string) (*Store, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	if config.MaxConns < 16 {
		config.MaxConns = 16
	}
	if !strings.Contains(dsn, "pool_min_conns") {
		config.MinConns = 2
	}
	config.MaxConnIdleTime = 30 * time.Minute
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["datestyle"] = "ISO" // as cursors hold days and moments
	config.ConnConfig.RuntimeParams["application_name"] = "utile"
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID,
			Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
		_, err := conn.Exec(ctx, "set role "+AppRole)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("database: %w", err)
	}
	return &Store{db: pool, pool: pool, now: func() time.Time { return time.Now().UTC() }, tallies: &tallyCache{}, landscapes: &landKept[*landscape]{}, flows: &landKept[landFlows]{}}, nil
}

// Close waits for queries under way and closes every connection.
func (s *Store) Close() {
	if s.pool != nil {
		s.pool.Close()
	}
}

// Pool is the pool under the store, for the job runner, which needs its own transactions.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// WithClock returns a store that takes the time from now.
func (s *Store) WithClock(now func() time.Time) *Store {
	c := *s
	c.now = func() time.Time { return now().UTC() }
	return &c
}

// InTx returns a store bound to an open transaction of somebody else: tests that roll back, jobs that complete in it.
func (s *Store) InTx(tx pgx.Tx) *Store {
	return &Store{db: tx, now: s.now}
}

// Today is the day that it is.
func (s *Store) Today() time.Time { return domain.Day(s.now().UTC()) }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.db.QueryRow(ctx, "select 1").Scan(&one)
}

// Write runs f in a transaction that sees the actor's workspace. Nested calls become savepoints, so that a refused
// change inside a larger one can be given up alone. A serialisation failure or deadlock is tried again, f with it.
//
// It holds the row of the workspace for share, before anything else: what all fields are judged by stays as it is until it ends.
func (s *Store) Write(ctx context.Context, by domain.Actor, f func(*Store) error) error {
	return s.write(ctx, by, forShare, f)
}

// writeAlone is Write of what fields are judged by wherever they are (the thresholds, the day, what retention rules say and which
// categories have them), or of all fields: nobody else writes in the workspace meanwhile. It is called outside of any other.
func (s *Store) writeAlone(ctx context.Context, by domain.Actor, f func(*Store) error) error {
	return s.write(ctx, by, forUpdate, f)
}

func (s *Store) write(ctx context.Context, by domain.Actor, lock string, f func(*Store) error) error {
	if !by.AsOf.IsZero() {
		return domain.Errorf(domain.Conflict, "as_of.refused")
	}
	err := s.Prove(ctx)
	if err != nil {
		return err
	}
	for attempt := 0; attempt < 4; attempt++ {
		err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
			inner := &Store{db: tx, scope: by.Workspace, now: s.now, batch: s.batch}
			var begin pgx.Batch
			entered := s.scope == by.Workspace && s.scope != 0
			if !entered {
				begin.Queue("select set_config('app.workspace', $1, true), set_config('app.member', $2, true), set_config('app.lang', $3, true)",
					settingID(int64(by.Workspace)), settingID(int64(by.User)), settingLang(by.Lang))
			}
			if by.Workspace != 0 && (!entered || lock == forUpdate) {
				begin.Queue("select from workspace where id = $1"+lock, by.Workspace)
			}
			if err := tx.SendBatch(ctx, &begin).Close(); err != nil {
				return err
			}
			return f(inner)
		})
		if !retryable(err) || s.pool == nil {
			break
		}
	}
	return translate("", err)
}

// Read runs f in a read-only transaction that sees the actor's workspace: all its queries show one moment. A page that
// reads several things does so inside one Read, so that it pays for one transaction.
//
// An actor who looks at the past sees the rows of that moment: the same queries run on the views of the schema asof.
func (s *Store) Read(ctx context.Context, by domain.Actor, f func(*Store) error) error {
	if s.scope == by.Workspace && s.scope != 0 && s.asOf.Equal(by.AsOf) {
		return f(s)
	}
	if s.pool == nil {
		return s.Write(ctx, by, f)
	}
	return translate("", s.readOnPool(ctx, by, f))
}

// settled is after how long a moment is the same for good: a change counts from the beginning of its transaction, and none
// takes as long.
const settled = 2 * time.Hour

// isOver tells whether nothing that counts for a moment can still be written; now, which is zero, is known by its stamps.
func (s *Store) isOver(moment time.Time) bool {
	return moment.IsZero() || s.now().Sub(moment) >= settled
}

// lookedAt is the moment that an actor sees.
func (s *Store) lookedAt(by domain.Actor) time.Time {
	if !by.AsOf.IsZero() {
		return by.AsOf
	}
	return s.now()
}

// readOnPool opens the transaction and names the workspace in one round trip.
func (s *Store) readOnPool(ctx context.Context, by domain.Actor, f func(*Store) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	inner := &Store{db: conn, scope: by.Workspace, now: s.now, tallies: s.tallies, landscapes: s.landscapes, flows: s.flows}
	if !by.AsOf.IsZero() {
		inner.asOf, inner.now = by.AsOf, func() time.Time { return by.AsOf }
		if !s.isOver(by.AsOf) {
			inner.tallies, inner.landscapes, inner.flows = nil, nil, nil
		}
	}
	var begin pgx.Batch
	along := s.begin(ctx, &begin, by)
	if err := conn.SendBatch(ctx, &begin).Close(); err != nil {
		return err
	}
	if err = along.take(); err == nil {
		err = f(inner)
	}
	// The end must reach the server even when the request was given up, or the connection would be lost to the pool.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, endErr := conn.Conn().PgConn().Exec(end, "rollback").ReadAll(); endErr != nil && err == nil {
		err = endErr
	}
	return err
}

// begin asks for a transaction that shows one moment of the workspace, and for what the request asks along.
func (s *Store) begin(ctx context.Context, b *pgx.Batch, by domain.Actor) *Along {
	b.Queue("begin isolation level repeatable read read only")
	b.Queue("select set_config('app.workspace', $1, true), set_config('app.member', $2, true), set_config('app.lang', $3, true)",
		settingID(int64(by.Workspace)), settingID(int64(by.User)), settingLang(by.Lang))
	if !by.AsOf.IsZero() {
		b.Queue("select set_config('search_path', 'asof, public', true), set_config('app.as_of', $1, true)", settingMoment(by.AsOf))
	}
	a := alongOf(ctx)
	if !a.goes(s, by) {
		return &Along{}
	}
	a.queue(b, by, s.now())
	return a
}

// glance runs the queries of a batch as Read does, with one round trip where no transaction is open yet: for what every
// page asks.
func (s *Store) glance(ctx context.Context, by domain.Actor, b *pgx.Batch) error {
	if s.pool == nil || !by.AsOf.IsZero() {
		return s.Read(ctx, by, func(s *Store) error { return translate("", s.db.SendBatch(ctx, b).Close()) })
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return translate("", err)
	}
	defer conn.Release() // closes a connection whose transaction a failed batch has left open
	var whole pgx.Batch
	along := s.begin(ctx, &whole, by)
	whole.QueuedQueries = append(whole.QueuedQueries, b.QueuedQueries...)
	whole.Queue("rollback")
	if err := conn.SendBatch(ctx, &whole).Close(); err != nil {
		return translate("", err)
	}
	return along.take()
}

// settingID formats an id for a setting; zero, which is no workspace, becomes empty and shows no row.
func settingID(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// settingMoment formats a moment for a setting.
func settingMoment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z07:00") }

// settingLang lets nothing but a known language into a setting.
func settingLang(lang string) string {
	if lang == "fr" {
		return "fr"
	}
	return "en"
}

func retryable(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01")
}

// one reads exactly one row into T by the names of its db tags; no row is NotFound.
func one[T any](ctx context.Context, s *Store, noun, sql string, args pgx.StrictNamedArgs) (T, error) {
	rows, err := s.db.Query(ctx, sql, arguments(args))
	if err != nil {
		var zero T
		return zero, translate(noun, err)
	}
	list, err := collect[T](rows)
	switch {
	case err != nil:
	case len(list) == 0:
		err = pgx.ErrNoRows
	case len(list) > 1:
		err = pgx.ErrTooManyRows
	default:
		return list[0], nil
	}
	var zero T
	return zero, translate(noun, err)
}

// many reads all rows into values of T by the names of its db tags.
func many[T any](ctx context.Context, s *Store, noun, sql string, args pgx.StrictNamedArgs) ([]T, error) {
	rows, err := s.db.Query(ctx, sql, arguments(args))
	if err != nil {
		return nil, translate(noun, err)
	}
	v, err := collect[T](rows)
	return v, translate(noun, err)
}

// exec runs a statement and returns how many rows it touched.
func (s *Store) exec(ctx context.Context, noun, sql string, args pgx.StrictNamedArgs) (int64, error) {
	tag, err := s.db.Exec(ctx, sql, arguments(args))
	return tag.RowsAffected(), translate(noun, err)
}
