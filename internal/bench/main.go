// Command bench measures the server beside a bare program that answers the same questions on the same database: chi,
// templ and pgx with no session, permission, row-level security or history. Both are driven in alternating windows, so that
// what else the machine does falls on both alike, and every figure is a ratio. docs/benchmarks.md tells what is measured.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"utile/internal/localpg"
	"utile/internal/store"
)

// options is what the command line asks for.
type options struct {
	fields  int           // of all workspaces, or where these are two of the one that is measured: the other has a tenth as many
	spaces  int           // workspaces of equal size; zero for two, of which the smaller is not measured
	window  time.Duration // of load, before it is the other's turn
	rounds  int           // pairs of windows of each workload
	gate    bool          // exit with 1 where a bound is missed
	only    string        // workloads to run, by commas; empty for all
	profile string        // file for a CPU profile of the server, which then runs inside this program
	server  string        // program to measure; empty to build it
	keep    bool          // wait before the database goes away
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 1 && (os.Args[1] == floorCommand || os.Args[1] == profiledCommand) {
		if err := serveChild(ctx, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var o options
	quick := flag.Bool("quick", false, "short windows: a look, not a measurement")
	flag.IntVar(&o.fields, "fields", 100_000, "fields of the workspace that is measured")
	flag.IntVar(&o.spaces, "workspaces", 0, "spread the fields over so many workspaces, of which the last is measured")
	flag.DurationVar(&o.window, "window", 1500*time.Millisecond, "length of a window of load")
	flag.IntVar(&o.rounds, "rounds", 5, "pairs of windows of each workload")
	flag.BoolVar(&o.gate, "gate", false, "exit with 1 where a bound is missed")
	flag.StringVar(&o.only, "only", "", "run these workloads alone, by commas: list, counted, search, field, matrix, home, plan, gzip, sql, link, judge, asof, start, import, review, workshop, crowd")
	flag.StringVar(&o.profile, "cpuprofile", "", "write a CPU profile of the server to this file")
	flag.StringVar(&o.server, "server", "", "measure this program instead of building it")
	flag.BoolVar(&o.keep, "keep", false, "print the addresses of database and server and wait for an interrupt at the end")
	flag.Parse()
	if *quick {
		o.window, o.rounds = 400*time.Millisecond, 3
	}
	missed, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if missed && o.gate {
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	options
	pg       *localpg.Server
	dsn      string
	db       *database
	postgres processes // all processes of PostgreSQL
	app      *program
	floor    *program
	report   report
}

func run(ctx context.Context, o options) (missed bool, err error) {
	b := &bench{options: o}
	dir, err := os.MkdirTemp("", "utile-bench-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.server == "" {
		b.server = filepath.Join(dir, "server")
		say("building the server")
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.server, "./cmd/server")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return false, fmt.Errorf("building the server (run from the root of the module): %w", err)
		}
	}
	if b.pg, err = localpg.Start(ctx, localpg.Options{Ephemeral: true}); err != nil {
		return false, err
	}
	defer b.pg.Stop()
	if err := b.prepare(ctx); err != nil {
		return false, err
	}
	defer b.db.close()
	defer func() { err = errors.Join(err, b.stopPrograms()) }()
	if err := b.startPrograms(ctx); err != nil {
		return false, err
	}
	defer b.report.print(os.Stdout) // what was measured before something failed too
	for _, w := range workloads {
		if o.only != "" && !slices.Contains(strings.Split(o.only, ","), w.name) {
			continue
		}
		say("measuring: " + w.name)
		if err := w.run(ctx, b); err != nil {
			return false, fmt.Errorf("%s: %w", w.name, err)
		}
	}
	if o.keep {
		say("database: " + b.dsn)
		say("server: " + b.app.base + " with the cookie " + b.db.cookie)
		<-ctx.Done()
	}
	return b.report.missed(), nil
}

// prepare migrates and fills a database of its own.
func (b *bench) prepare(ctx context.Context) error {
	const name = "bench"
	if err := b.pg.EnsureDatabase(ctx, name); err != nil {
		return err
	}
	b.dsn = b.pg.DSN(name)
	if err := store.Migrate(ctx, b.dsn); err != nil {
		return err
	}
	postmaster, err := postmasterPID(b.pg.Data())
	if err != nil {
		return err
	}
	b.postgres = processes{root: postmaster, children: true}
	b.report.about = b.machine()
	of := b.options
	if b.only == "import" { // what is imported has a workspace of its own; lists are read beside it
		of.fields = min(of.fields, 20_000)
	}
	b.db, err = seed(ctx, b.dsn, of.sizes(), &b.report)
	return err
}

func (b *bench) startPrograms(ctx context.Context) (err error) {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if b.floor, err = startProgram(ctx, self, []string{floorCommand}, b.childEnv()); err != nil {
		return err
	}
	if b.profile != "" {
		b.app, err = startProgram(ctx, self, []string{profiledCommand}, b.childEnv())
		return err
	}
	b.app, err = startProgram(ctx, b.server, nil, serverEnv(b.dsn))
	return err
}

func (b *bench) stopPrograms() error {
	var errs []error
	for _, p := range []*program{b.app, b.floor} {
		if p != nil {
			errs = append(errs, p.stop())
		}
	}
	return errors.Join(errs...)
}

var began = time.Now()

func say(text string) { fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(began).Seconds(), text) }
