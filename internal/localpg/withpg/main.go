// Command withpg runs a command beside an ephemeral PostgreSQL, whose address the command finds in
// UTILE_TEST_DATABASE_URL:
//
//	go run ./internal/localpg/withpg -- go test ./...
//
// An address that is already set is passed on as it is, and no server is started. Else the address is the same each time that the
// same folder asks: go test, to which it is an input like any other, then answers what it knows of packages that nothing has
// changed for.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"utile/internal/localpg"
)

const variable = "UTILE_TEST_DATABASE_URL"

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: withpg -- command arguments…")
		os.Exit(2)
	}
	status, err := run(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "withpg:", err)
	}
	os.Exit(status)
}

func run(args []string) (status int, err error) {
	// Caught from the start, so that an interrupted start leaves nothing behind either.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	environ := os.Environ()
	if os.Getenv(variable) == "" {
		log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
		server, err := localpg.Start(context.Background(), localpg.Options{Ephemeral: true, Log: log})
		if err != nil {
			return 1, err
		}
		defer server.Stop()
		dsn, free := steady(server.DSN("postgres"))
		defer free()
		environ = append(environ, variable+"="+dsn)
	}
	return runCommand(args, environ, signals)
}

// steady is the address of a server by way of a link that has the same name each time, until free is called. It is the address
// as given where the name is taken, by a command beside this one, or cannot be had.
func steady(dsn string) (_ string, free func()) {
	name, err := linkName()
	if err != nil {
		return dsn, func() {}
	}
	lock, err := os.OpenFile(name+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return dsn, func() {}
	}
	free = func() { _ = lock.Close() } // nothing was written
	u, err := url.Parse(dsn)
	if err != nil || syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return dsn, free
	}
	q := u.Query()
	_ = os.Remove(name) // that of a command that was killed; where it stays there is no new one
	if err := os.Symlink(q.Get("host"), name); err != nil {
		return dsn, free
	}
	q.Set("host", name)
	u.RawQuery = q.Encode()
	return u.String(), func() {
		_ = os.Remove(name) // leads nowhere from now on
		_ = lock.Close()
	}
}

// linkName is where this user's link for the working directory stands, out of other users' reach.
func linkName() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	wd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "utile-test")
	name := filepath.Join(dir, fmt.Sprintf("%x", sha256.Sum256([]byte(wd)))[:12])
	const longest = 80 // bytes: with the name of the socket, what every system takes
	if len(name) > longest {
		return "", fmt.Errorf("%s is too long for a socket", name)
	}
	return name, os.MkdirAll(dir, 0o700)
}

// runCommand passes signals on and returns the command's exit status, as a shell would.
func runCommand(args, environ []string, signals <-chan os.Signal) (int, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = environ, os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 127, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			if typed := sig == syscall.SIGINT || sig == syscall.SIGQUIT; !typed || !onTerminal() {
				_ = cmd.Process.Signal(sig) // fails only for one that has exited
			}
		case err := <-done:
			return exitStatus(err)
		}
	}
}

// onTerminal tells whether a key such as Ctrl-C has reached the command already: twice is once too often, since the
// second one ends go test without its tests.
func onTerminal() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	_ = tty.Close() // only its presence matters
	return true
}

func exitStatus(err error) (int, error) {
	exit, ok := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return 0, nil
	case !ok:
		return 1, err
	}
	if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal()), nil
	}
	return exit.ExitCode(), nil
}
