package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"utile/internal/domain"
	"utile/internal/localpg"
	"utile/internal/store"
)

// databaseName is the database in the private PostgreSQL.
const databaseName = "utile"

// database is the database of the installation, opened for one command.
type database struct {
	dsn     string
	private *localpg.Server   // nil where it is not ours to stop
	shared  *localpg.Attached // the private PostgreSQL that another process runs
	store   *store.Store
}

// locate finds the database: the one that DATABASE_URL names, the private one of a server that runs, or a private one
// started for this command.
func (p *program) locate(ctx context.Context) (*database, error) {
	if p.config.DatabaseURL != "" {
		return &database{dsn: p.config.DatabaseURL}, nil
	}
	for {
		running, ok, err := localpg.Running(ctx, p.config.Data)
		if err != nil {
			return nil, err
		}
		if ok {
			return &database{dsn: running.DSN(databaseName), shared: &running}, nil
		}
		db, err := p.startPrivate(ctx, quiet(p.log))
		if !errors.Is(err, localpg.ErrServed) {
			return db, err
		} // another process was faster: its server is the one to use
	}
}

// startPrivate starts the private PostgreSQL; it refuses a folder that another process serves.
func (p *program) startPrivate(ctx context.Context, log *slog.Logger) (*database, error) {
	server, err := localpg.Start(ctx, localpg.Options{Dir: p.config.Data, Log: log})
	if err != nil {
		return nil, err
	}
	if err := server.EnsureDatabase(ctx, databaseName); err != nil {
		server.Stop()
		return nil, err
	}
	return &database{dsn: server.DSN(databaseName), private: server}, nil
}

// open locates the database and opens the store on it. A private database is brought up to date; one of somebody else
// must be so already.
func (p *program) open(ctx context.Context) (*database, error) {
	db, err := p.locate(ctx)
	if err != nil {
		return nil, err
	}
	if db.private != nil {
		err = db.migrate(ctx)
	} else {
		err = db.checkSchema(ctx)
	}
	if err == nil {
		db.store, err = store.Open(ctx, db.dsn)
	}
	if err == nil {
		err = db.admit()
	}
	if err != nil {
		db.close(ctx)
		return nil, err
	}
	return db, nil
}

// admit lets other commands use a private PostgreSQL that was started here, now that it is ready for them.
func (db *database) admit() error {
	if db.private == nil {
		return nil
	}
	return db.private.Admit()
}

// withStore runs f on the store of the installation.
func (p *program) withStore(ctx context.Context, f func(*store.Store) error) error {
	db, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer db.close(ctx)
	return f(db.store)
}

// withWorkspace runs f as the operator in the workspace of that slug.
func (p *program) withWorkspace(ctx context.Context, slug string, f func(*store.Store, domain.Actor, domain.Workspace) error) error {
	if slug == "" {
		return usagef("Name the workspace with -workspace SLUG.")
	}
	return p.withStore(ctx, func(st *store.Store) error {
		w, err := workspaceBySlug(ctx, st, slug)
		if err != nil {
			return err
		}
		return f(st, domain.Operator(w), w)
	})
}

func workspaceBySlug(ctx context.Context, st *store.Store, slug string) (domain.Workspace, error) {
	w, err := st.WorkspaceBySlug(ctx, slug)
	if errors.Is(err, domain.NotFound) {
		return w, fmt.Errorf("there is no workspace %q: server workspace list shows them", slug)
	}
	return w, err
}

// checkSchema refuses a database whose schema is not the one that this program knows.
func (db *database) checkSchema(ctx context.Context) error {
	s, err := store.SchemaOf(ctx, db.dsn)
	switch {
	case err != nil:
		return err
	case s.Has < s.Knows && db.shared != nil:
		return fmt.Errorf("the server that runs has schema %d and this program needs %d: restart it with this version", s.Has, s.Knows)
	case s.Has > s.Knows:
		return newerSchema(s)
	case s.Has < s.Knows:
		return fmt.Errorf("the database has schema %d and this program needs %d: run “server migrate”", s.Has, s.Knows)
	case !s.Ready:
		return errors.New("somebody broke off the last migration before the job queue had its tables: run “server migrate”")
	}
	return nil
}

func newerSchema(s store.Schema) error {
	return fmt.Errorf("the database has schema %d, made by a newer version, and this program knows %d: install that version or a later one", s.Has, s.Knows)
}

// migrate brings the schema up to date; it refuses one that a newer version made.
func (db *database) migrate(ctx context.Context) error {
	s, err := store.SchemaOf(ctx, db.dsn)
	switch {
	case err != nil:
		return err
	case s.Has > s.Knows:
		return newerSchema(s)
	case s.Ready:
		return nil
	}
	return store.Migrate(ctx, db.dsn)
}

// close gives the database back. A private PostgreSQL that was started here stops once no other command uses it, or when the
// context ends.
func (db *database) close(ctx context.Context) {
	if db.store != nil {
		db.store.Close()
	}
	if db.shared != nil {
		db.shared.Close()
	}
	if db.private != nil {
		_ = db.private.SeeOff(ctx) // whoever breaks off does not wait for others
		db.private.Stop()
	}
}
