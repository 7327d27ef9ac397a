package localpg

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MinMajor is the oldest major version of PostgreSQL that is used.
const MinMajor = 15

// fetchOnly is the value of UTILE_PG_BIN that passes over what the system has.
const fetchOnly = "npm"

// Install is a PostgreSQL on this machine.
type Install struct {
	Bin     string // folder of postgres and initdb
	Major   int    // such as 15
	Version string // such as 15.18
}

// Find lists the usable installations of PostgreSQL, best first. UTILE_PG_BIN, the folder of the binaries, excludes
// all others and must be right; without it come the one of pg_config, the system's own, highest version first, and
// the one on PATH. Nothing is fetched; no installation is no error.
func Find(ctx context.Context, getenv func(string) string) ([]Install, error) {
	if bin := getenv("UTILE_PG_BIN"); bin == fetchOnly {
		return nil, nil
	} else if bin != "" {
		install, err := inspect(ctx, bin)
		if err != nil {
			return nil, fmt.Errorf("UTILE_PG_BIN=%q: %w", bin, err)
		}
		return []Install{install}, nil
	}
	var found []Install
	seen := map[string]bool{}
	for _, bin := range candidates(ctx) {
		if real, err := filepath.EvalSymlinks(bin); err == nil {
			bin = real
		}
		if seen[bin] {
			continue
		}
		seen[bin] = true
		if install, err := inspect(ctx, bin); err == nil {
			found = append(found, install)
		}
	}
	return found, ctx.Err() // an interrupted look around finds less
}

// candidates are folders that may hold the binaries, best first.
func candidates(ctx context.Context) []string {
	var bins []string
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		bins = append(bins, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                   // the RPMs of postgresql.org
		"/usr/libexec/postgresql*",                           // Alpine
		"/opt/homebrew/opt/postgresql@*/bin",                 // Homebrew
		"/usr/local/opt/postgresql@*/bin",                    // Homebrew on Intel
		"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
	} {
		dirs, _ := filepath.Glob(pattern) // the patterns are well formed
		slices.SortFunc(dirs, func(a, b string) int { return numberIn(b) - numberIn(a) })
		bins = append(bins, dirs...)
	}
	if postgres, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(postgres); err == nil {
			bins = append(bins, filepath.Dir(real))
		}
	}
	return bins
}

var digits = regexp.MustCompile(`\d+`)

func numberIn(path string) int {
	n, err := strconv.Atoi(digits.FindString(path))
	if err != nil {
		return 0
	}
	return n
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) ((\d+)\S*)`)

// inspect asks the binaries of a folder for their version.
func inspect(ctx context.Context, bin string) (Install, error) {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return Install{}, err
	}
	for _, name := range []string{"postgres", "initdb"} {
		if info, err := os.Stat(filepath.Join(bin, name)); err != nil {
			return Install{}, err
		} else if info.IsDir() || info.Mode().Perm()&0o111 == 0 {
			return Install{}, fmt.Errorf("%s is not a program", filepath.Join(bin, name))
		}
	}
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return Install{}, fmt.Errorf("postgres --version: %w", err)
	}
	m := versionLine.FindStringSubmatch(string(out))
	if m == nil {
		return Install{}, fmt.Errorf("postgres --version says %q", strings.TrimSpace(string(out)))
	}
	major, err := strconv.Atoi(m[2])
	if err != nil {
		return Install{}, err
	}
	if major < MinMajor {
		return Install{}, fmt.Errorf("PostgreSQL %s is too old: %d or newer is needed", m[1], MinMajor)
	}
	return Install{Bin: bin, Major: major, Version: m[1]}, nil
}

// choose picks the installation that serves a folder with data of the major version, or any when it is 0, and fetches
// the pinned one when the machine has none that fits.
func choose(ctx context.Context, opts Options, major int) (Install, error) {
	found, err := Find(ctx, opts.Getenv)
	if err != nil {
		return Install{}, err
	}
	for _, install := range found {
		if major == 0 || install.Major == major {
			return install, nil
		}
	}
	pinned := opts.Getenv("UTILE_PG_BIN")
	if (pinned == "" || pinned == fetchOnly) && (major == 0 || major == fetchedMajor) {
		install, err := fetch(ctx, opts.Log)
		if err == nil {
			return install, nil
		}
		if len(found) == 0 {
			return Install{}, fmt.Errorf("no PostgreSQL was found on this machine and none could be fetched (%w): %s", err, advice)
		}
	}
	if len(found) == 0 {
		return Install{}, otherMajor(opts.Dir, major, "no other was found")
	}
	return Install{}, otherMajor(opts.Dir, major, fmt.Sprintf("the one found is PostgreSQL %d (%s)", found[0].Major, found[0].Bin))
}

const advice = "install it (Debian and Ubuntu: apt install postgresql; macOS: brew install postgresql@17), " +
	"or set UTILE_PG_BIN to the folder of its programs, or DATABASE_URL to a server"

func otherMajor(dir string, major int, found string) error {
	data := filepath.Join(dir, "pg"+strconv.Itoa(major))
	return fmt.Errorf("%s holds data of PostgreSQL %d, and %s. Nothing was changed. "+
		"To go on, install PostgreSQL %d or set UTILE_PG_BIN to the folder of its programs. "+
		"To move to another version: run with %d once more and save the databases with pg_dump, "+
		"then move %s away, start with the new version and restore the dump", data, major, found, major, major, data)
}
