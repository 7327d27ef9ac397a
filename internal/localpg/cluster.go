package localpg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

const (
	socketName = ".s.PGSQL.5432"
	// maxSocketPath is what the tightest system (macOS) stores of a socket's path; Linux takes four bytes more.
	maxSocketPath = 103
)

// cluster is a folder ready to be served: who owns it, by which binaries, over which socket.
type cluster struct {
	install Install
	dir     string   // holds everything below
	data    string   // dir/pg<major>
	socket  string   // folder of the socket
	owner   owner    // the user that postgres runs as
	remove  []string // folders to remove with the server
	options Options
}

// prepare chooses the binaries and makes the data folder and the socket folder where they are missing. The caller
// holds the lock of opts.Dir.
func (c *cluster) prepare(ctx context.Context, opts Options) error {
	c.dir, c.options = opts.Dir, opts
	major, err := dataMajor(c.dir)
	if err != nil {
		return err
	}
	if c.install, err = choose(ctx, opts, major); err != nil {
		return err
	}
	c.data = filepath.Join(c.dir, "pg"+strconv.Itoa(c.install.Major))
	if c.owner, err = ownerOf(c.data); err != nil {
		return err
	}
	for _, path := range []string{c.dir, c.install.Bin} {
		if err := c.owner.mayEnter(path); err != nil {
			return err
		}
	}
	if err := c.initialise(ctx, opts.Log); err != nil {
		return err
	}
	return c.makeSocketFolder()
}

// dataMajor is the highest major version with data in the folder, or 0. Data of a lower one is what a move to a
// newer version left behind.
func dataMajor(dir string) (int, error) {
	found, err := filepath.Glob(filepath.Join(escapeGlob(dir), "pg*", "PG_VERSION"))
	if err != nil {
		return 0, err
	}
	highest := 0
	for _, file := range found {
		name := filepath.Base(filepath.Dir(file))
		major, err := strconv.Atoi(strings.TrimPrefix(name, "pg"))
		if err != nil {
			continue // pg15.init, or a copy that a person made
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return 0, fmt.Errorf("private PostgreSQL: %w", err)
		}
		if written := strings.TrimSpace(string(b)); written != strconv.Itoa(major) {
			return 0, fmt.Errorf("private PostgreSQL: %s holds data of PostgreSQL %s: name the folder pg%s. Nothing was changed",
				filepath.Dir(file), written, written)
		}
		highest = max(highest, major)
	}
	return highest, nil
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// initialise runs initdb on first use. It works aside and renames, so that a killed initdb leaves no half folder that
// looks like data.
func (c cluster) initialise(ctx context.Context, log *slog.Logger) error {
	switch entries, err := os.ReadDir(c.data); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("private PostgreSQL: %w", err)
	case slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == "PG_VERSION" }):
		return nil
	case len(entries) > 0:
		return fmt.Errorf("private PostgreSQL: %s is not a data folder and not empty: move it away. Nothing was changed", c.data)
	}
	log.Info("initialising a private PostgreSQL", "folder", c.data, "version", c.install.Version)
	aside := c.data + ".init"
	if err := os.RemoveAll(aside); err != nil { // what a killed initdb left; never served
		return err
	}
	if err := c.owner.mkdir(aside); err != nil {
		return err
	}
	// C.UTF-8 sorts by code point and knows the letters of all scripts. macOS has no such locale.
	args := []string{"-D", aside, "-U", superuser, "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8",
		"--locale=C.UTF-8", "--no-instructions", "--data-checksums"}
	if runtime.GOOS == "darwin" {
		args = append(args, "--locale=C", "--lc-ctype=UTF-8")
	}
	if c.options.Ephemeral {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(c.install.Bin, "initdb"), args...)
	cmd.Env, cmd.Dir, cmd.SysProcAttr = c.environment(), "/", c.owner.attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("private PostgreSQL: initdb: %w\n%s", err, out)
	}
	if err := os.Rename(aside, c.data); err != nil {
		return err
	}
	return syncDir(c.dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// makeSocketFolder finds a private folder whose path is short enough for a socket: beside the data, else a temporary
// one that goes away with the server.
func (c *cluster) makeSocketFolder() error {
	c.socket = filepath.Join(c.dir, "s")
	if fitsSocket(c.socket) {
		return c.owner.mkdir(c.socket)
	}
	for _, temp := range []string{os.TempDir(), "/tmp"} {
		dir, err := os.MkdirTemp(temp, "localpg-s")
		if err != nil {
			continue
		}
		if !fitsSocket(dir) || c.owner.mayEnter(temp) != nil {
			_ = os.Remove(dir) // just made and empty
			continue
		}
		c.socket, c.remove = dir, append(c.remove, dir)
		return c.owner.mkdir(dir)
	}
	return fmt.Errorf("private PostgreSQL: the path of %s is too long for a socket (%d bytes at most), and so is the temporary folder's: set TMPDIR or choose another folder",
		c.dir, maxSocketPath)
}

func fitsSocket(dir string) bool { return len(filepath.Join(dir, socketName)) <= maxSocketPath }

// environment is all that PostgreSQL's programs see: not the credentials that the environment of this program may hold.
func (c cluster) environment() []string {
	locale := "C.UTF-8"
	if runtime.GOOS == "darwin" {
		locale = "C"
	}
	environ := []string{"LC_ALL=" + locale, "PATH=" + c.install.Bin + ":/usr/bin:/bin", "TZ=UTC"}
	if c.options.Ephemeral {
		// Sessions of tests are short: memory that glibc gives back to the kernel, and asks for again with each statement, costs
		// a quarter of their processor time. They may keep it.
		environ = append(environ, "MALLOC_TOP_PAD_=4194304", "MALLOC_TRIM_THRESHOLD_=268435456", "MALLOC_MMAP_THRESHOLD_=268435456")
	}
	return environ
}

// settings are the server's parameters, as -c arguments: the folder holds no edited configuration file, so a newer
// program brings newer settings to old data.
func (c cluster) settings() []string {
	values := []string{
		"listen_addresses=", // no port: the socket's folder is the only door
		"unix_socket_directories=" + c.socket,
		"unix_socket_permissions=0700",
		"jit=off",              // compiling costs more than it saves on pages of this size
		"random_page_cost=1.1", // solid-state disks
		"work_mem=16MB",
		"logging_collector=off",
		"log_min_messages=log",      // the server's own troubles, not refused statements:
		"log_error_verbosity=terse", // their details hold values that people typed
		"log_checkpoints=off",
		"log_line_prefix=",
		"log_timezone=UTC",
		"timezone=UTC",
		"shared_buffers=128MB",
	}
	if c.options.Ephemeral {
		values = append(values, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal",
			"max_wal_senders=0", "autovacuum=off", "max_connections=200",
			// nothing reads what these would keep, and no table is large enough for another process to help with it
			"wal_init_zero=off", "wal_recycle=off", "bgwriter_lru_maxpages=0", "track_counts=off", "update_process_title=off", "max_parallel_workers_per_gather=0")
	} else {
		values = append(values, "max_connections=60", "effective_cache_size=1GB", "wal_compression=on")
	}
	args := []string{"-D", c.data}
	for _, v := range values {
		args = append(args, "-c", v)
	}
	return args
}

func quoteIdentifier(name string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(name, "\x00", ""), `"`, `""`) + `"`
}
