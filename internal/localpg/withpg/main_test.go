package main

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestExitStatus(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args    []string
		signals []os.Signal
		want    int
	}{
		"success":   {[]string{"true"}, nil, 0},
		"failure":   {[]string{"sh", "-c", "exit 7"}, nil, 7},
		"killed":    {[]string{"sh", "-c", "kill -9 $$"}, nil, 137},
		"passed on": {[]string{"sleep", "600"}, []os.Signal{syscall.SIGTERM}, 143},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signals := make(chan os.Signal, 1)
			for _, s := range tt.signals {
				signals <- s
			}
			if got, err := runCommand(tt.args, os.Environ(), signals); err != nil || got != tt.want {
				t.Errorf("runCommand(%v) = %d, error %v, want %d", tt.args, got, err, tt.want)
			}
		})
	}
	if got, err := runCommand([]string{"no-such-command"}, nil, nil); err == nil || got != 127 {
		t.Errorf("runCommand() of a missing command = %d, error %v, want 127 and an error", got, err)
	}
}

// Not parallel: it clears the variable that the whole run may have been given.
func TestServerLastsAsLongAsTheCommand(t *testing.T) {
	t.Setenv(variable, "")
	out := filepath.Join(t.TempDir(), "address")
	script := `printf %s "$` + variable + `" > "$0"; exit 3`
	if got, err := run([]string{"sh", "-c", script, out}); err != nil || got != 3 {
		t.Fatalf("run() = %d, error %v, want 3", got, err)
	}
	address, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(string(address))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(u.Query().Get("host"))
	if !strings.Contains(dir, "localpg-") {
		t.Fatalf("the command's address = %q", address)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the server's folder afterwards: %v, want it gone", err)
	}
}

func TestGivenServerIsPassedOn(t *testing.T) {
	const given = "postgres://elsewhere/db"
	t.Setenv(variable, given)
	if got, err := run([]string{"sh", "-c", `test "$` + variable + `" = "` + given + `"`}); err != nil || got != 0 {
		t.Errorf("run() = %d, error %v, want the given address in the command", got, err)
	}
}
