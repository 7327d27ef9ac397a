// Package storetest gives tests a real PostgreSQL: a store on a database of their own, and builders of valid records.
package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"utile/internal/localpg"
	"utile/internal/store"
	"utile/migrations"
)

// server is the PostgreSQL of this test process: the one that UTILE_TEST_DATABASE_URL names, else one of its own.
var server = sync.OnceValues(func() (string, error) {
	if dsn := os.Getenv("UTILE_TEST_DATABASE_URL"); dsn != "" {
		return dsn, nil
	}
	return localpg.StartForTest()
})

// The databases that those of tests are copied from, each made once per machine for each state of the migrations.
var (
	// plain is the name of a database with all migrations and no row.
	plain = sync.OnceValues(func() (string, error) {
		name, err := templateName()
		if err != nil {
			return "", err
		}
		return name, makeTemplate(name, "", store.Migrate)
	})
	// peopled is the name of a database with the workspaces and members of a World.
	peopled = sync.OnceValues(func() (string, error) {
		from, err := plain()
		if err != nil {
			return "", err
		}
		name := fmt.Sprintf("%s_%x", from, sha256.Sum256(worldSource))[:len(from)+7]
		return name, makeTemplate(name, copyOf(from), people)
	})
)

// copyOf makes a new database a copy of another.
func copyOf(template string) string { return " template " + template + " strategy file_copy" }

// makeTemplate makes a database, with options of "create database", and fills it, unless it is there.
func makeTemplate(name, options string, fill func(ctx context.Context, dsn string) error) error {
	ctx := context.Background()
	admin, err := adminPool()
	if err != nil {
		return err
	}
	// One process builds it; the others wait for the lock and find it done.
	conn, err := admin.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(hashtext($1))", name); err != nil {
		return err
	}
	defer func() { _, _ = conn.Exec(ctx, "select pg_advisory_unlock(hashtext($1))", name) }()
	var ready bool
	if err := conn.QueryRow(ctx, "select exists(select from pg_database where datname = $1 and datistemplate)", name).Scan(&ready); err != nil || ready {
		return err
	}
	for _, sql := range []string{"drop database if exists " + name, "create database " + name + options} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := fill(ctx, dsnOf(name)); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "alter database "+name+" is_template true allow_connections false")
	return err
}

var adminPool = sync.OnceValues(func() (*pgxpool.Pool, error) {
	dsn, err := server()
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.MaxConns = 4
	return pgxpool.NewWithConfig(context.Background(), config)
})

func templateName() (string, error) {
	h := sha256.New()
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return "", err
	}
	for _, f := range files {
		b, err := migrations.FS.ReadFile(f)
		if err != nil {
			return "", err
		}
		h.Write(b)
	}
	h.Write([]byte(store.RiverVersion))
	return "utile_template_" + hex.EncodeToString(h.Sum(nil))[:12], nil
}

// dsnOf is the address of another database of the server.
func dsnOf(database string) string {
	dsn, _ := server() // its error was seen before any database was made
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "host='%s' port=%d user='%s' dbname='%s'", config.Host, config.Port, config.User, database)
	if config.Password != "" {
		fmt.Fprintf(&b, " password='%s'", config.Password)
	}
	b.WriteString(" sslmode=disable pool_max_conns=8 pool_min_conns=0") // each connection costs as much as the database
	return b.String()
}

var sequence atomic.Int64

// DSN makes a fresh database with all migrations, dropped at the end of the test, and returns its address. The user is
// a superuser: stores opened on it work under the application's role all the same.
func DSN(tb testing.TB) string {
	tb.Helper()
	return database(tb, plain)
}

// Blank makes a database without any migration, dropped at the end of the test, and returns its address: for what older versions
// left behind.
func Blank(tb testing.TB) string {
	tb.Helper()
	return database(tb, func() (string, error) { return "template1", nil })
}

// database makes a copy of a template, dropped at the end of the test, and returns its address.
func database(tb testing.TB, template func() (string, error)) string {
	tb.Helper()
	ctx := context.Background()
	from, err := template()
	if err != nil {
		tb.Fatalf("test database: %v", err)
	}
	admin, err := adminPool()
	if err != nil {
		tb.Fatalf("test database: %v", err)
	}
	name := fmt.Sprintf("utile_test_%d_%d", os.Getpid(), sequence.Add(1))
	if _, err := admin.Exec(ctx, "create database "+name+copyOf(from)); err != nil {
		tb.Fatalf("test database: %v", err)
	}
	dsn := dsnOf(name)
	tb.Cleanup(func() {
		if tb.Failed() && os.Getenv("UTILE_KEEP_DATABASE") != "" {
			tb.Logf("kept database: %s", dsn)
			return
		}
		_, _ = admin.Exec(ctx, "drop database if exists "+name+" with (force)") // the server goes away anyway
	})
	return dsn
}

// Owner opens a connection that owns the tables, for what the application may not do.
func Owner(tb testing.TB, dsn string) *pgx.Conn {
	tb.Helper()
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	conn, err := pgx.ConnectConfig(context.Background(), config.ConnConfig)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// DB returns a store on a fresh database of its own.
func DB(tb testing.TB) *store.Store {
	tb.Helper()
	st, _ := DBAndDSN(tb)
	return st
}

// DBAndDSN is DB together with the address of the database.
func DBAndDSN(tb testing.TB) (*store.Store, string) {
	tb.Helper()
	dsn := DSN(tb)
	return open(tb, dsn), dsn
}

// Open opens a store on a database.
func Open(tb testing.TB, dsn string) *store.Store {
	tb.Helper()
	return open(tb, dsn)
}

func open(tb testing.TB, dsn string) *store.Store {
	tb.Helper()
	st, err := store.Open(context.Background(), dsn)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(st.Close)
	return st
}
