package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"utile/internal/job"
	"utile/internal/store"
	"utile/internal/web"
	"utile/static"
)

// Limits of the server. Uploads and long exports ask for more through http.ResponseController.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	drainTimeout  = 20 * time.Second
)

var serveCommand = command{
	name: "serve", summary: "start the server (the default)",
	help: `Without DATABASE_URL a private PostgreSQL is started in UTILE_DATA and stops with the server. While nobody can sign in
yet, an address is printed at which the first person sets the installation up; it works once.`,
	flags: func(*flag.FlagSet) func(context.Context, *program, []string) error {
		return func(ctx context.Context, p *program, args []string) error {
			if err := noArgs(args); err != nil {
				return err
			}
			return p.serve(ctx)
		}
	},
}

func (p *program) serve(ctx context.Context) error {
	go static.Prepare() // the database is waited for meanwhile
	db, err := p.openToServe(ctx)
	if err != nil {
		return stopped(ctx, err)
	}
	defer db.close(ctx) // the context is over then: who still uses its PostgreSQL is not waited for
	listener, err := p.listen(ctx)
	if err != nil {
		return err
	}
	base := p.baseURL(listener)

	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	jobs, err := job.New(db.store, p.log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	spendMemory(work)
	s := service{store: db.store, log: p.log}
	handler := web.New(db.store, web.Options{BaseURL: base, ProxyHops: p.config.ProxyHops, Version: versionText(), Log: p.log})
	server := &http.Server{Handler: s.readiness(handler), ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelDebug)}
	server.RegisterOnShutdown(handler.EndStreams)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if err := jobs.Start(work); err != nil {
		return errors.Join(err, server.Close())
	}
	s.start(work)
	if err := p.announce(work, db.store, base); err != nil {
		return stopped(ctx, errors.Join(err, server.Close()))
	}

	var died <-chan struct{}
	if db.private != nil {
		died = db.private.Done()
	}
	select {
	case <-ctx.Done():
	case err = <-failed:
	case <-died:
		err = db.private.Err()
	}
	s.draining.Store(true)
	p.log.Info("stopping")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if closing := server.Shutdown(drain); closing != nil && err == nil {
		p.log.Warn("requests under way were ended", "error", closing)
		_ = server.Close() // their connections are given up
	}
	if stopping := jobs.Stop(drain); stopping != nil {
		p.log.Warn("imports under way were broken off; the next start takes them up", "error", stopping)
	}
	stopWork()
	s.wait()
	return err
}

// stopped hides the error of a start that was broken off on purpose.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// openToServe opens the database and brings its schema up to date. The private PostgreSQL must be free: two servers on one
// folder are a mistake.
func (p *program) openToServe(ctx context.Context) (db *database, err error) {
	if p.config.DatabaseURL != "" {
		db = &database{dsn: p.config.DatabaseURL}
	} else if db, err = p.startPrivate(ctx, p.log); err != nil {
		return nil, err
	}
	if db.private != nil || p.config.AutoMigrate {
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

func (p *program) listen(ctx context.Context) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.config.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another program listens on %s: stop it, or choose another address with UTILE_ADDR", p.config.Addr)
	}
	if err != nil {
		return nil, fmt.Errorf("UTILE_ADDR=%q cannot be listened on: %w", p.config.Addr, err)
	}
	return listener, nil
}

// baseURL puts in the port that was given out where the configuration leaves it open.
func (p *program) baseURL(listener net.Listener) string {
	if rest, open := strings.CutSuffix(p.config.BaseURL, ":0"); open {
		return fmt.Sprintf("%s:%d", rest, listener.Addr().(*net.TCPAddr).Port)
	}
	return p.config.BaseURL
}

// announce says where the server is, and how to claim it while nobody can sign in. Only the hash of the token is kept; the
// tokens of earlier starts are worth nothing any more.
func (p *program) announce(ctx context.Context, st *store.Store, base string) error {
	claimed, err := st.HasUsers(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Utile is ready: %s\n", base)
	if claimed {
		return nil
	}
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	token := base64.RawURLEncoding.EncodeToString(b[:])
	hash := sha256.Sum256([]byte(token))
	if err := st.ReplaceSetupTokens(ctx, hash[:]); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Set it up: %s/setup?token=%s\n", base, token)
	return nil
}

// service is what runs beside the requests.
type service struct {
	store    *store.Store
	log      *slog.Logger
	draining atomic.Bool
	group    sync.WaitGroup
}

// readiness answers that the server is not ready while it stops, so that a load balancer sends nobody here any more.
func (s *service) readiness(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" && s.draining.Load() {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// start begins the work in the background; it ends with the context.
func (s *service) start(ctx context.Context) {
	s.every(ctx, time.Minute, "upkeep", s.upkeep)
	s.every(ctx, 10*time.Minute, "purge", func(ctx context.Context) error {
		_, err := s.store.PurgeSessions(ctx)
		return err
	})
}

func (s *service) wait() { s.group.Wait() }

// every runs f now and after each interval. A failure is logged and tried again at the next turn.
func (s *service) every(ctx context.Context, interval time.Duration, name string, f func(context.Context) error) {
	s.group.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("background work failed", "work", name, "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
}
