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
	out := t.TempDir()
	// The command notes its address, and where that leads.
	script := `printf %s "$` + variable + `" > "$0/address"; readlink -f "$1" > "$0/folder"; exit 3`
	link, err := linkName()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := run([]string{"sh", "-c", script, out, link}); err != nil || got != 3 {
			t.Fatalf("run() = %d, error %v, want 3", got, err)
		}
		address, err := os.ReadFile(filepath.Join(out, "address"))
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(string(address))
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Query().Get("host"); got != link {
			t.Errorf("the command's address = %q, want it by way of %s each time", address, link)
		}
		folder, err := os.ReadFile(filepath.Join(out, "folder"))
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(strings.TrimSpace(string(folder)))
		if !strings.Contains(dir, "localpg-") {
			t.Fatalf("the link led to %q", folder)
		}
		for _, gone := range []string{dir, link} {
			if _, err := os.Lstat(gone); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s afterwards: %v, want it gone", gone, err)
			}
		}
	}
}

func TestAddressIsSteadyForOneAtATime(t *testing.T) {
	t.Chdir(t.TempDir())
	const first, second = "postgres://postgres@/postgres?host=%2Ffirst&sslmode=disable", "postgres://postgres@/postgres?host=%2Fsecond&sslmode=disable"
	steadily, free := steady(first)
	if steadily == first {
		t.Fatal("steady() of the only command = its own address, want a link")
	}
	beside, freeBeside := steady(second)
	freeBeside()
	if beside != second {
		t.Errorf("steady() of a command beside it = %q, want its own address", beside)
	}
	link, err := linkName()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Remove(link + ".lock") }() // no command comes back to this folder
	if to, err := os.Readlink(link); err != nil || to != "/first" {
		t.Errorf("the link leads to %q, error %v, want the first server", to, err)
	}
	free()
	// A command that was killed leaves its link behind.
	if err := os.Symlink("/dead", link); err != nil {
		t.Fatal(err)
	}
	again, freeAgain := steady(second)
	defer freeAgain()
	if again != steadily {
		t.Errorf("steady() of a later command = %q, want %q as before", again, steadily)
	}
	if to, err := os.Readlink(link); err != nil || to != "/second" {
		t.Errorf("the link leads to %q, error %v, want the later server", to, err)
	}
}

func TestGivenServerIsPassedOn(t *testing.T) {
	const given = "postgres://elsewhere/db"
	t.Setenv(variable, given)
	if got, err := run([]string{"sh", "-c", `test "$` + variable + `" = "` + given + `"`}); err != nil || got != 0 {
		t.Errorf("run() = %d, error %v, want the given address in the command", got, err)
	}
}
