package localpg

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeInstall is a folder whose programs do nothing but tell a version.
func fakeInstall(t *testing.T, says string) string {
	t.Helper()
	bin := t.TempDir()
	for _, name := range []string{"postgres", "initdb"} {
		script := fmt.Sprintf("#!/bin/sh\necho '%s'\n", says)
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}

func TestFindNamed(t *testing.T) {
	t.Parallel()
	for says, want := range map[string]Install{
		"postgres (PostgreSQL) 17.2":                           {Major: 17, Version: "17.2"},
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)": {Major: 15, Version: "15.18"},
		"postgres (PostgreSQL) 19devel":                        {Major: 19, Version: "19devel"},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			want.Bin = fakeInstall(t, says)
			got, err := Find(t.Context(), only(want.Bin))
			if err != nil || len(got) != 1 || got[0] != want {
				t.Errorf("Find() = %v, error %v, want %v alone", got, err, want)
			}
		})
	}
}

func TestFindRefusesWrongName(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ bin, want string }{
		"nothing there":  {t.TempDir(), "no such file"},
		"too old":        {fakeInstall(t, "postgres (PostgreSQL) 13.4"), "too old"},
		"something else": {fakeInstall(t, "hello"), `says "hello"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Find(t.Context(), only(tt.bin))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "UTILE_PG_BIN") {
				t.Errorf("Find() = %v, error %v, want UTILE_PG_BIN and %q", got, err, tt.want)
			}
		})
	}
}

func TestFindOnThisMachine(t *testing.T) {
	t.Parallel()
	found, err := Find(t.Context(), only(""))
	if err != nil {
		t.Fatalf("Find() error = %v", err)
	}
	seen := map[string]bool{}
	for _, install := range found {
		if seen[install.Bin] || install.Major < MinMajor {
			t.Errorf("Find() lists %v twice, or too old", install)
		}
		seen[install.Bin] = true
	}
	if passed, err := Find(t.Context(), only(fetchOnly)); err != nil || len(passed) > 0 {
		t.Errorf("Find() with UTILE_PG_BIN=%s = %v, error %v, want none", fetchOnly, passed, err)
	}
}

func TestDataMajor(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "odd [name]*")
	for _, folder := range []string{"pg15", "pg17", "pg18.init", "pgadmin", "pg9"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
		version := strings.TrimPrefix(strings.TrimSuffix(folder, ".init"), "pg")
		if err := os.WriteFile(filepath.Join(dir, folder, "PG_VERSION"), []byte(version+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := dataMajor(dir); err != nil || got != 17 {
		t.Errorf("dataMajor() = %d, error %v, want 17", got, err)
	}
	if got, err := dataMajor(t.TempDir()); err != nil || got != 0 {
		t.Errorf("dataMajor() of an empty folder = %d, error %v, want 0", got, err)
	}
}

// Data decides the version: a newer PostgreSQL on the machine must not hide the one that can read it.
func TestChooseRefusesAnotherMajor(t *testing.T) {
	t.Parallel()
	bin := fakeInstall(t, "postgres (PostgreSQL) 17.2")
	opts := Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler), Getenv: only(bin)}
	for major, accepted := range map[int]bool{0: true, 17: true, 16: false, 18: false} {
		got, err := choose(t.Context(), opts, major)
		if accepted != (err == nil) {
			t.Errorf("choose(%d) = %v, error %v, want accepted %v", major, got, err, accepted)
		}
		if !accepted && !strings.Contains(err.Error(), fmt.Sprint("PostgreSQL ", major)) {
			t.Errorf("choose(%d) error = %v, want it to name the version", major, err)
		}
	}
}

func TestMayEnter(t *testing.T) {
	t.Parallel()
	stranger := owner{uid: 4_000_000, gid: 4_000_000, demoted: true}
	closed := filepath.Join(tempDir(t), "closed")
	inner := filepath.Join(closed, "inner")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := stranger.mayEnter(inner); err == nil || !strings.Contains(err.Error(), closed+" ") {
		t.Errorf("mayEnter() error = %v, want it to name %s", err, closed)
	}
	if err := stranger.mayEnter("/usr"); err != nil {
		t.Errorf("mayEnter(/usr) error = %v", err)
	}
	if err := (owner{uid: os.Geteuid()}).mayEnter(inner); err != nil {
		t.Errorf("mayEnter() as oneself: error = %v", err)
	}
}
