// Command withpg runs a command beside an ephemeral PostgreSQL, whose address the command finds in
// UTILE_TEST_DATABASE_URL:
//
//	go run ./internal/localpg/withpg -- go test ./...
//
// An address that is already set is passed on as it is, and no server is started.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
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
		environ = append(environ, variable+"="+server.DSN("postgres"))
	}
	return runCommand(args, environ, signals)
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
