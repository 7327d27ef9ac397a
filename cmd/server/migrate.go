package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"utile/internal/store"
)

var migrateCommand = command{
	name: "migrate", summary: "bring the database's schema up to date",
	help: "Several processes may migrate at once: one works, the others wait. A schema made by a newer version is refused.",
	flags: func(*flag.FlagSet) func(context.Context, *program, []string) error {
		return func(ctx context.Context, p *program, args []string) error {
			if err := noArgs(args); err != nil {
				return err
			}
			db, err := p.locate(ctx)
			if err != nil {
				return err
			}
			defer db.close(ctx)
			if err := db.migrate(ctx); err != nil {
				return err
			}
			s, err := store.SchemaOf(ctx, db.dsn)
			if err == nil {
				fmt.Fprintf(p.stdout, "The database is up to date: schema %d.\n", s.Has)
			}
			return err
		}
	},
}

var checkCommand = command{
	name: "check", args: "[-history [-workspace SLUG] [-anchor FILE] [-head FILE]]", summary: "show the configuration and whether the database is ready",
	help: `With -health it asks the server that runs on this machine whether it answers, for the health check of a container.

With -history it hashes every entry of the history again and compares it with the seals (see docs/history.md). It names
the seals and entries that were altered, removed or slipped in, and fails where there are any.`,
	flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
		health := fs.Bool("health", false, "ask the running server whether it answers, and nothing else")
		history := fs.Bool("history", false, "check that nobody changed the history")
		var o historyOptions
		fs.StringVar(&o.workspace, "workspace", "", "slug of the only workspace whose history is checked (all)")
		fs.StringVar(&o.anchor, "anchor", "", "file with a head that was kept: the chain must have grown from it")
		fs.StringVar(&o.head, "head", "", "file to write the head of the chain to, - for standard output")
		return func(ctx context.Context, p *program, args []string) error {
			switch err := noArgs(args); {
			case err != nil:
				return err
			case *health:
				return p.checkHealth(ctx)
			case *history:
				return p.checkHistory(ctx, o)
			case o != historyOptions{}:
				return usagef("-workspace, -anchor and -head go with -history.")
			}
			return p.check(ctx)
		}
	},
}

func (p *program) check(ctx context.Context) error {
	fmt.Fprint(p.stdout, p.config.String())
	db, err := p.locate(ctx)
	if err != nil {
		return err
	}
	defer db.close(ctx)
	s, err := store.SchemaOf(ctx, db.dsn)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "The database answers; its schema is %d, this program's %d.\n", s.Has, s.Knows)
	if db.private != nil && s.Has <= s.Knows {
		return nil // the next start brings it up to date
	}
	return db.checkSchema(ctx)
}

// checkHealth asks the server on this machine, at the port that it listens on.
func (p *program) checkHealth(ctx context.Context) error {
	host, port, err := net.SplitHostPort(p.config.Addr)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // nothing is left to read
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, 1<<10)); err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s", response.Status)
	}
	fmt.Fprintln(p.stdout, "ok")
	return nil
}

// version is set when a release is built; otherwise the version of the source tells which program this is.
var version string

var versionCommand = command{
	name: "version", summary: "print the version",
	flags: func(*flag.FlagSet) func(context.Context, *program, []string) error {
		return func(_ context.Context, p *program, args []string) error {
			if err := noArgs(args); err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "utile %s %s %s/%s\n", versionText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		}
	},
}

func versionText() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	text := strings.Trim(info.Main.Version, "()")
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && text == "devel" {
			text += " " + s.Value[:min(12, len(s.Value))]
		}
	}
	return text
}
