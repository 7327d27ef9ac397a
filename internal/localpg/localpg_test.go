package localpg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// This test binary is also the program that the tests kill: started with programEnv=folder it serves the folder,
// prints the address and waits. The folder "test" stands for StartForTest, after which it ends by itself.
const programEnv = "LOCALPG_TEST_PROGRAM"

func init() {
	switch dir := os.Getenv(programEnv); dir {
	case "":
	case "test":
		dsn, err := StartForTest()
		announce(dsn, err)
		os.Exit(0)
	default:
		s, err := Start(context.Background(), Options{Dir: dir, Ephemeral: os.Getenv("EPHEMERAL") != ""})
		if err == nil {
			err = s.Admit()
		}
		if err != nil {
			announce("", err)
			os.Exit(1)
		}
		announce(s.DSN("postgres"), nil)
		<-s.Done()
		os.Exit(0)
	}
}

func announce(dsn string, err error) {
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Println(dsn)
}

// startProgram runs the program above, as an ordinary user where the tests run as root and demand it, and returns its
// first line.
func startProgram(t *testing.T, dir string, ordinary bool, environ ...string) (*exec.Cmd, string) {
	t.Helper()
	self, err := selfPath()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append([]string{programEnv + "=" + dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.Getenv("TMPDIR"),
		"UTILE_PG_BIN=" + os.Getenv("UTILE_PG_BIN"), "HOME=" + os.Getenv("HOME")}, environ...)
	cmd.Dir, cmd.Stderr = "/", os.Stderr
	if ordinary && os.Geteuid() == 0 {
		cmd.SysProcAttr = unprivileged().attributes()
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // gone already in most tests
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("program said %q: %v", line, err)
	}
	return cmd, strings.TrimSpace(line)
}

// start serves a folder for the length of the test and returns the log's messages as they come.
func start(t *testing.T, opts Options) (*Server, <-chan string) {
	t.Helper()
	h := make(messages, 1000)
	opts.Log = slog.New(h)
	s, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatalf("Start() error = %v", err)
	}
	t.Cleanup(s.Stop)
	return s, h
}

// messages is a log whose messages a test can wait for.
type messages chan string

func (m messages) Enabled(context.Context, slog.Level) bool { return true }
func (m messages) WithAttrs([]slog.Attr) slog.Handler       { return m }
func (m messages) WithGroup(string) slog.Handler            { return m }
func (m messages) Handle(_ context.Context, r slog.Record) error {
	m <- r.Message
	return nil
}

func await(t *testing.T, log <-chan string, want string) {
	t.Helper()
	for {
		select {
		case got := <-log:
			if strings.Contains(got, want) {
				return
			}
		case <-t.Context().Done():
			t.Fatalf("the log never said %q", want)
		case <-time.After(time.Minute):
			t.Fatalf("the log did not say %q within a minute", want)
		}
	}
}

// eventually polls for what another process does.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// query runs statements and returns the first value of the last one's first row.
func query(t *testing.T, dsn, sql string) string {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	results, err := conn.Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	last := results[len(results)-1]
	if len(last.Rows) == 0 {
		return ""
	}
	return string(last.Rows[0][0])
}

const keepRow = "create table kept (v text); insert into kept values ('still here'); select v from kept"

func wantRow(t *testing.T, dsn string) {
	t.Helper()
	if got := query(t, dsn, "select v from kept"); got != "still here" {
		t.Errorf("the row after it all = %q, want %q", got, "still here")
	}
}

func TestDataOutlivesTheServer(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s, _ := start(t, Options{Dir: dir})
	for range 2 { // the second time it is there
		if err := s.EnsureDatabase(t.Context(), `odd "name"`); err != nil {
			t.Fatalf("EnsureDatabase() error = %v", err)
		}
	}
	query(t, s.DSN(`odd "name"`), keepRow)
	s.Stop()
	s.Stop()
	if err := s.Err(); err != nil {
		t.Errorf("Err() after Stop = %v", err)
	}
	if found, err := postgresIn(s.Data()); err != nil || len(found) > 0 {
		t.Errorf("after Stop %v still run, error %v", found, err)
	}

	again, _ := start(t, Options{Dir: dir})
	wantRow(t, again.DSN(`odd "name"`))
	if want := filepath.Join(dir, "pg"+strconv.Itoa(again.Install().Major)); again.Data() != want {
		t.Errorf("Data() = %s, want %s", again.Data(), want)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	durable, _ := start(t, Options{Dir: tempDir(t)})
	ephemeral, _ := start(t, Options{Dir: tempDir(t), Ephemeral: true})
	for name, want := range map[string][2]string{
		"listen_addresses":     {"", ""},
		"fsync":                {"on", "off"},
		"full_page_writes":     {"on", "off"},
		"synchronous_commit":   {"on", "off"},
		"autovacuum":           {"on", "off"},
		"max_connections":      {"60", "200"},
		"jit":                  {"off", "off"},
		"data_checksums":       {"on", "on"},
		"server_encoding":      {"UTF8", "UTF8"},
		"log_error_verbosity":  {"terse", "terse"},
		"random_page_cost":     {"1.1", "1.1"},
		"effective_cache_size": {"1GB", "4GB"},
	} {
		for i, s := range []*Server{durable, ephemeral} {
			if got := query(t, s.DSN("postgres"), "show "+name); got != want[i] {
				t.Errorf("%s = %q, want %q (durable, ephemeral: %v)", name, got, want[i], want)
			}
		}
	}
	if got := query(t, durable.DSN("postgres"), "select lower('ÉÀ')"); got != "éà" {
		t.Errorf("lower('ÉÀ') = %q, want %q", got, "éà")
	}
	info, err := os.Stat(durable.cluster.socket)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o700 {
		t.Errorf("the socket's folder has mode %v, want 0700", mode)
	}
}

func TestKilledPostgresComesBack(t *testing.T) {
	t.Parallel()
	s, log := start(t, Options{Dir: dataDir(t)})
	query(t, s.DSN("postgres"), keepRow)
	for range 2 {
		kill(t, postmasterPID(s.Data()))
		await(t, log, "is back")
		wantRow(t, s.DSN("postgres"))
	}
}

// A session in the midst of work does not notice that its server was killed, and blocks the next one.
func TestBusySessionDoesNotBlockTheRestart(t *testing.T) {
	t.Parallel()
	s, log := start(t, Options{Dir: dataDir(t)})
	query(t, s.DSN("postgres"), keepRow)
	busy, err := pgconn.Connect(t.Context(), s.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := busy.Exec(context.Background(), "select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b").ReadAll()
		ended <- err
	}()
	eventually(t, "the session works", func() bool {
		return query(t, s.DSN("postgres"), "select count(*) from pg_stat_activity where state = 'active' and query like '%generate_series(1, 100000)%' and pid <> pg_backend_pid()") == "1"
	})
	kill(t, postmasterPID(s.Data()))
	await(t, log, "is back")
	wantRow(t, s.DSN("postgres"))
	if err := <-ended; err == nil {
		t.Error("the session of the killed server ended well")
	}
}

func TestKilledSupervisor(t *testing.T) {
	t.Parallel()
	s, log := start(t, Options{Dir: dataDir(t)})
	query(t, s.DSN("postgres"), keepRow)
	kill(t, parentOf(t, postmasterPID(s.Data())))
	await(t, log, "is back")
	wantRow(t, s.DSN("postgres"))
}

func TestGivesUpAndSaysSo(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	s, _ := start(t, Options{Dir: dir, firstPause: time.Millisecond})
	query(t, s.DSN("postgres"), keepRow)
	pid, away := postmasterPID(s.Data()), filepath.Join(dir, "away")
	if err := os.Rename(s.Data(), away); err != nil {
		t.Fatal(err)
	}
	kill(t, pid)
	<-s.Done()
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "did not come back") {
		t.Errorf("Err() = %v, want that it did not come back", err)
	}
	if err := os.Rename(away, s.Data()); err != nil {
		t.Fatal(err)
	}
	again, _ := start(t, Options{Dir: dir})
	wantRow(t, again.DSN("postgres"))
}

func TestKilledProgram(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), "data")
	cmd, dsn := startProgram(t, dir, false)
	query(t, dsn, keepRow)
	found, err := filepath.Glob(filepath.Join(dir, "pg*", pidFile))
	if err != nil || len(found) != 1 {
		t.Fatalf("pid files = %v, error %v", found, err)
	}
	pid := postmasterPID(filepath.Dir(found[0]))
	kill(t, cmd.Process.Pid)

	lock, err := acquireLock(t.Context(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("the folder after the kill: %v", err)
	}
	if alive(pid) {
		t.Errorf("postgres %d lives on without its program and its supervisor", pid)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ := start(t, Options{Dir: dir})
	wantRow(t, s.DSN("postgres"))
}

// The next start may come before the postgres of the killed program is gone.
func TestStartRightAfterTheKill(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), "data")
	cmd, dsn := startProgram(t, dir, false)
	query(t, dsn, keepRow)
	kill(t, cmd.Process.Pid)
	s, _ := start(t, Options{Dir: dir})
	wantRow(t, s.DSN("postgres"))
}

func TestSecondProgramIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{Dir: dataDir(t)})
	query(t, s.DSN("postgres"), keepRow)
	const want = "already running on this folder"
	if _, err := Start(t.Context(), Options{Dir: s.cluster.dir}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("second Start() error = %v, want %q", err, want)
	}
	if _, said := startProgram(t, s.cluster.dir, false); !strings.Contains(said, want) || !strings.Contains(said, strconv.Itoa(os.Getpid())) {
		t.Errorf("second program said %q, want %q and process %d", said, want, os.Getpid())
	}
	wantRow(t, s.DSN("postgres"))
}

// Where the tests run as root, every other test shows that root works.
func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	if os.Geteuid() == 0 {
		o := unprivileged()
		if err := os.Chown(dir, o.uid, o.gid); err != nil {
			t.Fatal(err)
		}
	}
	cmd, dsn := startProgram(t, dir, true)
	query(t, dsn, keepRow)
	kill(t, cmd.Process.Pid)
	_, dsn = startProgram(t, dir, true)
	wantRow(t, dsn)
}

func TestLongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), strings.Repeat("long", 30))
	s, _ := start(t, Options{Dir: dir})
	query(t, s.DSN("postgres"), keepRow)
	socket := s.cluster.socket
	if strings.HasPrefix(socket, dir) || !fitsSocket(socket) {
		t.Errorf("socket folder = %s", socket)
	}
	s.Stop()
	if _, err := os.Stat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary socket folder after Stop: %v, want it gone", err)
	}
	again, _ := start(t, Options{Dir: dir})
	wantRow(t, again.DSN("postgres"))
}

func TestStalePIDFile(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	s, _ := start(t, Options{Dir: dir})
	query(t, s.DSN("postgres"), keepRow)
	s.Stop()
	for name, content := range map[string]string{
		"unrelated process": strconv.Itoa(os.Getpid()),
		"dead process":      strconv.Itoa(deadProcess(t)),
		"zombie":            strconv.Itoa(zombie(t)),
		"no number":         "nonsense",
		"empty":             "",
	} {
		// One after the other: they share the folder.
		file := filepath.Join(s.Data(), pidFile)
		if err := os.WriteFile(file, []byte(content+"\n"+s.Data()+"\n1\n5432\n\n\n1 1\nready\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := Start(t.Context(), Options{Dir: dir})
		if err != nil {
			t.Errorf("%s: Start() error = %v", name, err)
			continue
		}
		wantRow(t, again.DSN("postgres"))
		again.Stop()
	}
}

// A server that a person runs on the folder, to rescue or to upgrade, is neither stopped nor joined.
func TestServerStartedByHandIsRefused(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	s, _ := start(t, Options{Dir: dir})
	s.Stop()
	c := s.cluster
	cmd := exec.Command(filepath.Join(c.install.Bin, "postgres"), "-D", c.data, "-c", "listen_addresses=", "-k", c.socket)
	cmd.Env, cmd.Dir, cmd.SysProcAttr = c.environment(), "/", c.owner.attributes()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT) // fails only for one that has exited
		_ = cmd.Wait()
	})
	eventually(t, "the server by hand is ready", func() bool { return isReady(c.data, cmd.Process.Pid) })
	_, err := Start(t.Context(), Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "started by hand") {
		t.Errorf("Start() error = %v, want that a server was started by hand", err)
	}
	if !alive(cmd.Process.Pid) {
		t.Error("the server that was started by hand is gone")
	}
}

func TestStrangeFoldersAreRefusedAndKept(t *testing.T) {
	t.Parallel()
	install := installed(t)
	own := "pg" + strconv.Itoa(install.Major)
	for name, tt := range map[string]struct {
		file, content string
		want          []string
	}{
		"data of another version": {"pg99/PG_VERSION", "99\n", []string{"PostgreSQL 99", "PostgreSQL " + strconv.Itoa(install.Major), "pg_dump", "Nothing was changed"}},
		"misnamed data":           {own + "/PG_VERSION", "14\n", []string{"PostgreSQL 14", "pg14", "Nothing was changed"}},
		"no data but not empty":   {own + "/letter.txt", "dear reader", []string{"not a data folder", "Nothing was changed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			file := filepath.Join(dir, tt.file)
			if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Start(t.Context(), Options{Dir: dir, Getenv: only(install.Bin)})
			if err == nil {
				t.Fatal("Start() accepted the folder")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Start() error = %v, want it to say %q", err, want)
				}
			}
			if b, err := os.ReadFile(file); err != nil || string(b) != tt.content {
				t.Errorf("the folder's file afterwards = %q, error %v", b, err)
			}
			if _, err := os.Stat(filepath.Join(dir, own, "PG_VERSION")); tt.file[:4] == "pg99" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a new data folder was made beside the old one")
			}
		})
	}
}

func TestHalfInitialisedFolder(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	half := filepath.Join(dir, "pg"+strconv.Itoa(installed(t).Major)+".init")
	if err := os.Mkdir(half, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(half, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := start(t, Options{Dir: dir})
	query(t, s.DSN("postgres"), keepRow)
}

func TestEphemeralFolderGoes(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s, log := start(t, Options{Dir: dir, Ephemeral: true})
	query(t, s.DSN("postgres"), keepRow)
	kill(t, postmasterPID(s.Data()))
	await(t, log, "is back") // though without the last commits, maybe
	query(t, s.DSN("postgres"), "select 1")
	s.Stop()
	wantEmpty(t, dir)

	cmd, dsn := startProgram(t, dir, false, "EPHEMERAL=1")
	query(t, dsn, keepRow)
	kill(t, cmd.Process.Pid)
	eventually(t, "the folder of the killed program goes", func() bool { return isEmpty(t, dir) })
}

func TestStartForTestEndsWithTheProcess(t *testing.T) {
	t.Parallel()
	_, dsn := startProgram(t, "test", false)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(u.Query().Get("host"))
	if !strings.Contains(dir, "localpg-") {
		t.Fatalf("address = %s", dsn)
	}
	eventually(t, "the folder goes", func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, fs.ErrNotExist)
	})
}

func TestStartRefusesNoFolder(t *testing.T) {
	t.Parallel()
	if _, err := Start(t.Context(), Options{}); err == nil {
		t.Error("Start() without a folder succeeded")
	}
}

func TestStartIsInterruptible(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := tempDir(t)
	if _, err := Start(ctx, Options{Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("Start() error = %v, want canceled", err)
	}
	s, _ := start(t, Options{Dir: dir})
	query(t, s.DSN("postgres"), keepRow)
}

// tempDir is like t.TempDir, but in memory where there is room: what is tested does not depend on the disk, whose
// flushes would take most of the time. Under root the user that postgres runs as may pass through.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(roomyTemp(), "localpg-test-")
	if err != nil {
		t.Fatal(err)
	}
	// A server whose program was killed ends by itself, and writes into its folder until it has.
	t.Cleanup(func() {
		eventually(t, "the folder can be removed", func() bool { return os.RemoveAll(dir) == nil })
	})
	if err := letPass(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// initialised is a folder with data that initdb made, once for the tests that only need some: it takes longer than most of them.
var initialised = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp(roomyTemp(), "localpg-test-"); err != nil {
		return "", err
	}
	forgotten = dir
	if err := letPass(dir); err != nil {
		return "", err
	}
	s, err := Start(context.Background(), Options{Dir: dir})
	if err == nil {
		s.Stop()
	}
	return dir, err
})

// forgotten is the folder that no test removes.
var forgotten string

func TestMain(m *testing.M) {
	status := m.Run()
	_ = os.RemoveAll(forgotten) // a temporary folder, if any
	os.Exit(status)
}

// dataDir is a tempDir in which a server has run before.
func dataDir(t *testing.T) string {
	t.Helper()
	from, err := initialised()
	if err != nil {
		t.Fatal(err)
	}
	dir := tempDir(t)
	data, err := filepath.Glob(filepath.Join(from, "pg*"))
	if err != nil || len(data) != 1 {
		t.Fatalf("data in %s: %v, %v", from, data, err)
	}
	if out, err := exec.Command("cp", "-pR", data[0], dir).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v: %s", err, out)
	}
	return dir
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if pid <= 1 {
		t.Fatalf("process %d is not to be killed", pid)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("kill %d: %v", pid, err)
	}
}

func parentOf(t *testing.T, pid int) int {
	t.Helper()
	out, err := exec.Command("ps", "-o", "ppid=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		t.Fatal(err)
	}
	parent, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return parent
}

func deadProcess(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

// zombie is a process that has ended and is not reaped before the end of the test.
func zombie(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the process is a zombie", func() bool {
		out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(cmd.Process.Pid)).Output()
		return err == nil && strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
	})
	return cmd.Process.Pid
}

func isEmpty(t *testing.T, dir string) bool {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries) == 0
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	if !isEmpty(t, dir) {
		t.Errorf("%s is not empty", dir)
	}
}

// installed is the PostgreSQL that Start would take.
func installed(t *testing.T) Install {
	t.Helper()
	install, err := choose(t.Context(), Options{Log: slog.New(slog.DiscardHandler), Getenv: os.Getenv}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return install
}

// only is an environment that names the binaries and nothing else.
func only(bin string) func(string) string {
	return func(name string) string {
		if name == "UTILE_PG_BIN" {
			return bin
		}
		return ""
	}
}
