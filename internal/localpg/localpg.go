// Package localpg runs a private PostgreSQL server for the program that calls it: found or fetched, initialised in a
// folder of its own, reachable by a unix socket alone, stopped when the program ends however it ends. It knows nothing
// of what is stored.
package localpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	superuser = "postgres"

	// maxRestarts bounds how often a server that keeps dying is started again before Done is closed.
	maxRestarts = 5
	// steadyAfter is how long a server must live for its earlier deaths to be forgotten.
	steadyAfter = time.Minute
	// startLimit bounds one start. Recovery after a crash replays the log since the last checkpoint, which takes minutes
	// on a slow disk and never this long.
	startLimit = 10 * time.Minute
)

// Options say which server to run.
type Options struct {
	// Dir is the folder that holds the data (pg15, named after the major version), the socket and the lock. It is made
	// when missing. An ephemeral server makes a folder of its own inside, and may leave Dir empty: it then works in
	// memory when there is room, else in the temporary folder.
	Dir string
	// Ephemeral gives up durability for speed, and the data with the end of the server: for tests.
	Ephemeral bool
	// Log receives what the server does and says; nil discards it.
	Log *slog.Logger
	// Getenv reads the environment, for UTILE_PG_BIN; nil means os.Getenv.
	Getenv func(string) string

	firstPause time.Duration // before the second restart in a row; doubles with each
}

// Server is a running PostgreSQL. All methods may be called from several goroutines.
type Server struct {
	log     *slog.Logger
	cluster cluster
	lock    *os.File
	guests  *os.File // nil of an ephemeral server

	stopOnce sync.Once
	stopping chan struct{}
	done     chan struct{}
	err      error // why done was closed; read after done
}

// Start runs the server of opts.Dir, initialising the folder on first use, and returns once it accepts connections.
// The context bounds the start alone; the server runs until Stop or the end of this process. Start refuses a folder
// that another process serves, and one whose data belongs to a major version that is not installed; it never changes
// or removes data that it did not make in the same call.
func Start(ctx context.Context, opts Options) (_ *Server, err error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Getenv == nil {
		opts.Getenv = os.Getenv
	}
	if opts.firstPause == 0 {
		opts.firstPause = 500 * time.Millisecond
	}
	if opts.Dir, err = folder(opts); err != nil {
		return nil, err
	}
	s := &Server{log: opts.Log, stopping: make(chan struct{}), done: make(chan struct{})}
	if opts.Ephemeral {
		s.cluster.remove = []string{opts.Dir}
	}
	p, err := s.start(ctx, opts)
	if err != nil {
		s.release()
		return nil, err
	}
	go s.keep(p)
	return s, nil
}

func (s *Server) start(ctx context.Context, opts Options) (*process, error) {
	var err error
	if s.lock, err = acquireLock(ctx, opts.Dir, opts.Log); err != nil {
		return nil, err
	}
	if !opts.Ephemeral {
		if s.guests, err = lockGuests(opts.Dir); err != nil {
			return nil, err
		}
	}
	if err := s.cluster.prepare(ctx, opts); err != nil {
		return nil, err
	}
	return s.launch(ctx)
}

// release gives up the folder, and removes what was made to be removed: the supervisor does that only when this
// process ends before postgres does.
func (s *Server) release() {
	for _, dir := range s.cluster.remove {
		if err := os.RemoveAll(dir); err != nil {
			s.log.Warn("private PostgreSQL: folder left behind", "error", err)
		}
	}
	for _, f := range []*os.File{s.lock, s.guests} {
		if f != nil {
			_ = f.Close() // nothing was written that could be lost
		}
	}
}

// folder makes the folder of the server.
func folder(opts Options) (string, error) {
	if opts.Dir == "" && !opts.Ephemeral {
		return "", errors.New("private PostgreSQL: no folder was given")
	}
	dir := opts.Dir
	if dir != "" {
		var err error
		if dir, err = filepath.Abs(dir); err != nil {
			return "", err
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", fmt.Errorf("private PostgreSQL: %w", err)
		}
		if err := letPass(dir); err != nil {
			return "", err
		}
	}
	if !opts.Ephemeral {
		return dir, nil
	}
	if dir == "" {
		dir = roomyTemp()
	}
	dir, err := os.MkdirTemp(dir, "localpg-")
	if err != nil {
		return "", err
	}
	return dir, letPass(dir)
}

// DSN is the address of a database of this server, as its superuser, in the form that pgx and libpq read.
func (s *Server) DSN(database string) string {
	return socketDSN(s.cluster.socket, database)
}

// Install tells which PostgreSQL runs.
func (s *Server) Install() Install { return s.cluster.install }

// Data is the data folder, named after the major version.
func (s *Server) Data() string { return s.cluster.data }

// EnsureDatabase makes the database unless it is there.
func (s *Server) EnsureDatabase(ctx context.Context, name string) error {
	conn, err := pgconn.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }() // the work is done or has failed already
	_, err = conn.Exec(ctx, "create database "+quoteIdentifier(name)).ReadAll()
	const duplicateDatabase = "42P04"
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == duplicateDatabase {
		return nil
	}
	if err != nil {
		return fmt.Errorf("private PostgreSQL: making database %s: %w", name, err)
	}
	return nil
}

// Admit lets other processes of the folder use the server, once what they need is there.
func (s *Server) Admit() error {
	if s.guests == nil {
		return nil
	}
	return syscall.Flock(int(s.guests.Fd()), syscall.LOCK_UN)
}

// SeeOff waits until no other process uses the server, and lets none begin: it can be stopped then.
func (s *Server) SeeOff(ctx context.Context) error { return waitAlone(ctx, s.guests) }

// Stop ends the server, its sessions included, and returns when it is gone. Later calls wait as well.
func (s *Server) Stop() {
	s.stopOnce.Do(func() { close(s.stopping) })
	<-s.done
}

// Done is closed when the server is gone for good: after Stop, or when it died and could not be started again.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err tells why Done was closed: nil after Stop.
func (s *Server) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// keep holds the server up until Stop: one that dies is started again, a bounded number of times in a row.
func (s *Server) keep(p *process) {
	defer close(s.done)
	defer s.release()
	for failures := 0; ; {
		if s.wait(p) {
			return
		}
		if time.Since(p.started) > steadyAfter {
			failures = 0
		}
		s.log.Warn("private PostgreSQL died; starting it again", "said", p.said())
		var err error
		if p, err = s.restart(&failures); p == nil {
			s.err = err
			return
		}
	}
}

// wait returns when the process is gone, and tells whether that was asked for.
func (s *Server) wait(p *process) (asked bool) {
	select {
	case <-p.exited:
		select {
		case <-s.stopping: // a stop of the whole process group reaches postgres first
			return true
		default:
			return false
		}
	case <-s.stopping:
		p.stop()
		return true
	}
}

// restart tries until the server is up, Stop is called (nil, nil) or the tries are used up (nil, error).
func (s *Server) restart(failures *int) (*process, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	go func() {
		select {
		case <-s.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		if *failures >= maxRestarts {
			s.log.Error("private PostgreSQL keeps dying", "restarts", *failures)
			return nil, fmt.Errorf("private PostgreSQL died %d times in a row", *failures+1)
		}
		pause := time.Duration(0)
		if *failures > 0 {
			pause = s.cluster.options.firstPause << (*failures - 1)
		}
		*failures++
		select {
		case <-s.stopping:
			return nil, nil
		case <-time.After(pause):
		}
		p, err := s.launch(ctx)
		switch {
		case err == nil:
			s.log.Info("private PostgreSQL is back", "tries", *failures)
			return p, nil
		case isClosed(s.stopping):
			return nil, nil
		case *failures >= maxRestarts:
			s.log.Error("private PostgreSQL cannot be started again", "error", err)
			return nil, fmt.Errorf("private PostgreSQL died and did not come back: %w", err)
		}
		s.log.Warn("private PostgreSQL did not start", "error", err)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
