package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"utile/internal/browsertest"
	"utile/internal/config"
	"utile/internal/store/storetest"
)

// binary builds the program once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "utile-server-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "server")
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

func TestMain(m *testing.M) {
	status := browsertest.Main(m)
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path)) // a temporary folder
	}
	os.Exit(status)
}

// installation is a database and the environment of the program on it.
type installation struct {
	t       *testing.T
	environ []string
}

func newInstallation(t *testing.T) installation {
	t.Helper()
	return installation{t, []string{"DATABASE_URL=" + storetest.DSN(t), "UTILE_ADDR=127.0.0.1:0", "UTILE_DATA=" + t.TempDir(),
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}}
}

func (in installation) command(args ...string) *exec.Cmd {
	in.t.Helper()
	path, err := binary()
	if err != nil {
		in.t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = in.environ
	return cmd
}

type outcome struct {
	stdout, stderr string
	status         int
}

func (in installation) run(stdin string, args ...string) outcome {
	in.t.Helper()
	cmd := in.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		in.t.Fatal(err)
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// must runs a command that has to succeed and returns what it printed.
func (in installation) must(stdin string, args ...string) string {
	in.t.Helper()
	o := in.run(stdin, args...)
	if o.status != statusOK || o.stderr != "" {
		in.t.Fatalf("server %s: status %d, said %s", strings.Join(args, " "), o.status, o.stderr)
	}
	return o.stdout
}

const password = "trois petits chats"

func TestHelp(t *testing.T) {
	t.Parallel()
	in := installation{t: t}
	usage := in.must("", "-h")
	for _, c := range commands() {
		if !c.unlisted && !strings.Contains(usage, "\n  "+c.name) {
			t.Errorf("the usage leaves out %s", c.name)
		}
		words := append(strings.Fields(c.name), "-h")
		if help := in.must("", words...); !strings.Contains(help, "Usage: server "+c.name) {
			t.Errorf("server %s says %s", strings.Join(words, " "), help)
		}
	}
	for _, args := range []string{"version", "--version"} {
		if out := in.must("", args); !strings.HasPrefix(out, "utile ") {
			t.Errorf("%s says %q", args, out)
		}
	}
	if out := in.must("", "help", "user", "add"); !strings.Contains(out, "Usage: server user add") {
		t.Errorf("help of one command says %q", out)
	}
}

// What cannot be understood is refused before anything is opened: there is no database here.
func TestUsage(t *testing.T) {
	t.Parallel()
	in := installation{t: t, environ: []string{"HOME=/nonexistent", "UTILE_DATA=/nonexistent"}}
	for _, c := range []struct{ args, says string }{
		{"frobnicate", `There is no command "frobnicate"`},
		{"workspace", "needs another word: server workspace add"},
		{"export", "needs another word: server export workspace"},
		{"export nonsense", "needs another word"},
		{"serve now", `Unexpected argument "now"`},
		{"serve -port 80", "not defined: -port"},
		{"workspace add", "The slug of the workspace is missing"},
		{"user add -workspace x -role admin", "The e-mail address is missing"},
		{"user add nobody -workspace x -role admin", `"nobody" is not an e-mail address`},
		{"user add a@example.com -workspace x -role king", "one of admin, editor, dpo, facilitator, viewer"},
		{"user add a@example.com -role admin", "-workspace SLUG"},
		{"export fields", "-workspace SLUG"},
		{"export fields -workspace x -format pdf", `Unknown format "pdf"`},
		{"export fields -workspace x -sort colour", "cannot be sorted"},
		{"export record -workspace x -at 2099-01-01", "-at takes a day that is over"},
		{"export fields -workspace x -columns colour", `has no column "colour"`},
		{"import -workspace x", "at least one file"},
		{"import evidence -workspace x -measured-on yesterday f.csv", "is not a day"},
		{"import evidence -workspace x -measured-on 2199-01-01 f.csv", "is still to come"},
		{"import workspace f.jsonl", "-as SLUG"},
		{"example x -locale de", "-locale is one of"},
		{"workspace remove x", "-confirm x"},
	} {
		o := in.run("", strings.Fields(c.args)...)
		if o.status != statusUsage || !strings.Contains(o.stderr, c.says) || strings.Count(o.stderr, "\n") != 1 || o.stdout != "" {
			t.Errorf("server %s: status %d, said %q, printed %q; want %q", c.args, o.status, o.stderr, o.stdout, c.says)
		}
	}
	in.environ = []string{"UTILE_ADDR=8080", "UTILE_LOG=loud", "UTILE_DATA=/nonexistent"}
	if o := in.run("", "check"); o.status != statusFailed || !strings.Contains(o.stderr, "UTILE_ADDR") || !strings.Contains(o.stderr, "UTILE_LOG") {
		t.Errorf("a bad configuration: %+v", o)
	}
}

func TestWorkspacesAndUsers(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	in.must("", "workspace", "add", "nord", "-name", "Nord & Cie", "-locale", "en")
	if out := in.must("", "workspace", "list"); !strings.Contains(out, "nord  en      Nord & Cie") {
		t.Errorf("listed %q", out)
	}
	in.must(password+"\n", "user", "add", "anna@example.com", "-workspace", "nord", "-role", "admin", "-name", "Anna")
	if o := in.run("", "user", "add", "Anna@Example.com", "-workspace", "nord", "-role", "dpo"); o.status != statusFailed || !strings.Contains(o.stderr, "Anna is the last administrator") {
		t.Errorf("the last administrator: %+v", o)
	}
	in.must(password+"\n", "user", "add", "boss@example.com", "-workspace", "nord", "-role", "admin", "-name", "Boss")
	if out := in.must("", "user", "add", "Anna@Example.com", "-workspace", "nord", "-role", "dpo"); !strings.Contains(out, "as dpo. The account existed, under the name Anna.") {
		t.Errorf("changing the role said %q", out)
	}
	file := in.must("", "export", "workspace", "nord")
	if out := in.must(file, "import", "workspace", "-", "-as", "moved"); !strings.Contains(out, "anna@example.com has an account here, under the name Anna: dpo.") {
		t.Errorf("importing people who are known said %q", out)
	}
	in.must("", "workspace", "remove", "moved", "-confirm", "moved")
	in.must("", "user", "close", "anna@example.com")
	if out := in.must("", "user", "list"); !strings.Contains(out, "anna@example.com  Anna  closed  nord (dpo)") || !strings.Contains(out, "boss@example.com  Boss  open    nord (admin)") {
		t.Errorf("listed %q", out)
	}
	in.must("quatre petits chats\n", "user", "password", "anna@example.com")
	for _, c := range []struct{ stdin, args, says string }{
		{"", "workspace add nord", "slug: This is already taken"},
		{"", "workspace add Nord!", "slug: "},
		{"short\n", "user add bert@example.com -workspace nord -role viewer", "password: "},
		{"", "user add bert@example.com -workspace nord -role viewer", "password is missing"},
		{password, "user add bert@example.com -workspace sud -role viewer", `no workspace "sud"`},
		{password, "user password nobody@example.com", "no account for nobody@example.com"},
		{"", "user close nobody@example.com", "no account for nobody@example.com"},
		{"", "user close boss@example.com", "Boss is the last administrator"},
		{"", "user add long@example.com -workspace nord -role viewer -name " + strings.Repeat("n", 201), "name: "},
		{"", "export fields -workspace nord -filter verdict=gone", "verdict"},
		{"", "export fields -workspace nord -filter colour=red", "Unknown filter"},
		{"", "export fields -workspace nord -filter application=Nope", "The filter application names “Nope”"},
		{"", `export fields -workspace nord -filter application="A,B;C"`, "names “A,B;C”"},
		{"", "import -workspace nord nodir/x.csv", "nodir/x.csv: nodir/x.csv cannot be read"},
		{"", "import workspace /nonexistent -as sud", "/nonexistent cannot be read"},
		{"nonsense", "import workspace - -as sud", "not a workspace file"},
	} {
		o := in.run(c.stdin, strings.Fields(c.args)...)
		if o.status != statusFailed || !strings.Contains(o.stderr, c.says) || strings.Contains(o.stderr, "⟦") {
			t.Errorf("server %s: status %d, said %q; want %q", c.args, o.status, o.stderr, c.says)
		}
	}
	in.must("", "workspace", "remove", "nord", "-confirm", "nord")
	if out := in.must("", "workspace", "list"); strings.Contains(out, "nord") {
		t.Errorf("still listed: %q", out)
	}
}

func TestExampleExportsAndImports(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	in.must("", "example", "demo", "-locale", "en")
	if o := in.run("", "example", "demo"); o.status != statusFailed || !strings.Contains(o.stderr, "already taken") {
		t.Errorf("a second example: %+v", o)
	}

	out := in.must("", "export", "fields", "-workspace", "demo", "-filter", "verdict=delete,dormant;application=Orion CRM", "-sort", "-field", "-columns", "verdict,field,application")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 20 || strings.Join(rows[0], ",") != "verdict,field,application" {
		t.Fatalf("%d rows under %v", len(rows), rows[0])
	}
	for i, r := range rows[1:] {
		if r[0] != "delete" && r[0] != "dormant" || r[2] != "Orion CRM" || i > 0 && r[1] > rows[i][1] {
			t.Errorf("row %v after %v", r, rows[i])
		}
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(in.must("", "export", "applications", "-workspace", "demo", "-format", "json")), &list); err != nil || len(list) != 12 {
		t.Errorf("%d applications, %v", len(list), err)
	}
	for _, r := range registerNames() {
		if out := in.must("", "export", r, "-workspace", "demo", "-format", "xlsx"); !strings.HasPrefix(out, "PK") {
			t.Errorf("%s as XLSX begins with %.20q", r, out)
		}
	}

	dir := t.TempDir()
	file := filepath.Join(dir, "demo.utile.jsonl.gz")
	in.must("", "export", "workspace", "demo", "-o", file)
	in.must("", "import", "workspace", file, "-as", "copy")
	lines := func(slug string) []string {
		l := slices.DeleteFunc(strings.Split(in.must("", "export", "workspace", slug), "\n"), func(l string) bool { return strings.HasPrefix(l, `{"t":"seal`) })
		return l[1 : len(l)-3] // without header, the event of the import, the seals and the end
	}
	if a, b := lines("demo"), lines("copy"); len(a) > len(b) || strings.Join(a, "\n") != strings.Join(b[:len(a)], "\n") {
		t.Error("the copy differs")
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if o := in.run(string(whole[:len(whole)/2]), "import", "workspace", "-", "-as", "half"); o.status != statusFailed || !strings.Contains(o.stderr, "cut off") {
		t.Errorf("half a file: %+v", o)
	}

	inventory := filepath.Join(dir, "inventaire.csv")
	if err := os.WriteFile(inventory, []byte("Table;Champ;Type\nclient;email;varchar\nclient;nom;varchar\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := in.must("", "import", "-workspace", "demo", "-application", "Nouvelle", inventory); !strings.Contains(out, "2 new") {
		t.Errorf("the import said %q", out)
	}
	if out := in.must("", "import", "-workspace", "demo", "-application", "Nouvelle", inventory); !strings.Contains(out, "2 unchanged") {
		t.Errorf("the second import said %q", out)
	}
	if o := in.run("", "import", "-workspace", "demo", inventory); o.status != statusFailed || !strings.Contains(o.stderr, "name it with -application") {
		t.Errorf("a file of no application: %+v", o)
	}
	measures := filepath.Join(dir, "mesures.csv")
	if err := os.WriteFile(measures, []byte("system,table,column,row_count,non_null_count,seen by\nNouvelle,client,email,200,150,Ada\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := in.run("", "import", "-workspace", "demo", measures); o.status != statusFailed || !strings.Contains(o.stderr, "say it with -measured-on") {
		t.Errorf("measures of no day: %+v", o)
	}
	if o := in.run("", "import", "-workspace", "demo", "-measured-on", "2026-01-31", measures); o.status != 0 || !strings.Contains(o.stdout, "1 new") ||
		!strings.Contains(o.stderr, "1 column left out: seen by.") {
		t.Errorf("measures: %+v", o)
	}
	if out := in.must("", "export", "fields", "-workspace", "demo", "-filter", "application=Nouvelle;q=email", "-columns", "field,fill"); !strings.Contains(out, "email,0.75") {
		t.Errorf("the measured field: %q", out)
	}
	if o := in.run("", "import", "-workspace", "demo", inventory, file); o.status != statusFailed || !strings.Contains(o.stderr, "demo.utile.jsonl.gz") {
		t.Errorf("a file that is no inventory: %+v", o)
	}
}

// What an export is written to stays what it is.
func TestExportKeepsWhatItWritesTo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) error {
		return new(program).writeFile(path(name), func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	for _, name := range []string{"shared.csv", "target.csv"} {
		if err := errors.Join(os.WriteFile(path(name), []byte("old"), 0o600), os.Chmod(path(name), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("target.csv", path("link.csv")), os.Symlink("nothing.csv", path("lost.csv")), syscall.Mkfifo(path("pipe"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, reads string
		mode        os.FileMode
	}{
		{"new.csv", "new.csv", 0o600},
		{"shared.csv", "shared.csv", 0o644},
		{"link.csv", "target.csv", os.ModeSymlink | 0o777},
	} {
		if err := write(c.name, "new"); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		info, err := os.Lstat(path(c.name))
		text, reading := os.ReadFile(path(c.reads))
		if err := errors.Join(err, reading); err != nil || info.Mode() != c.mode || string(text) != "new" {
			t.Errorf("%s became %v and %s holds %q, %v", c.name, info.Mode(), c.reads, text, err)
		}
	}

	reader, err := os.OpenFile(path("pipe"), os.O_RDWR, 0) // so that neither end waits for the other
	if err != nil {
		t.Fatal(err)
	}
	err = write("pipe", "new")
	info, looking := os.Lstat(path("pipe"))
	if err := errors.Join(err, looking); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Fatalf("the pipe became %v, %v", info.Mode(), err)
	}
	got := make([]byte, 3)
	if _, err := io.ReadFull(reader, got); err != nil || string(got) != "new" {
		t.Errorf("the pipe gave %q, %v", got, err)
	}
	if err := errors.Join(reader.Close(), os.Mkdir(path("folder"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lost.csv", "folder", "missing/new.csv"} {
		if err := write(name, "new"); err == nil || !strings.Contains(err.Error(), "cannot be written") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, err := filepath.Glob(path(".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestMigrateAndCheck(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	if out := in.must("", "migrate"); !strings.Contains(out, "up to date") {
		t.Errorf("migrate said %q", out)
	}
	if out := in.must("", "check"); !strings.Contains(out, "The database answers") || !strings.Contains(out, "UTILE_ADDR=127.0.0.1:0") {
		t.Errorf("check said %q", out)
	}
	address := strings.TrimPrefix(in.environ[0], "DATABASE_URL=")
	owner := storetest.Owner(t, address)
	// A user of a database of their own, in a cluster that has the role already.
	cluster := owner.Config()
	limited := "limited_" + cluster.Database
	for _, q := range []string{"create role " + limited + " login", "create database " + limited + " owner " + limited} {
		if _, err := owner.Exec(context.Background(), q); err != nil {
			t.Fatal(err)
		}
	}
	dsn := fmt.Sprintf("host=%s port=%d user=%s dbname=%s sslmode=disable", cluster.Host, cluster.Port, limited, limited)
	theirs := installation{t, append(in.environ[1:len(in.environ):len(in.environ)], "DATABASE_URL="+dsn)}
	if o := theirs.run("", "migrate"); o.status != statusFailed || !strings.Contains(o.stderr, `run “grant utile_app to "`+limited+`"” as an administrator`) {
		t.Errorf("a user who is no member of the role: %+v", o)
	}
	for _, q := range []string{"drop database " + limited, "drop role " + limited} {
		if _, err := owner.Exec(context.Background(), q); err != nil {
			t.Error(err)
		}
	}
	if _, err := owner.Exec(context.Background(), "insert into goose_db_version (version_id, is_applied) values (99999, true)"); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"serve", "migrate", "check", "workspace list"} {
		if o := in.run("", strings.Fields(args)...); o.status != statusFailed || !strings.Contains(o.stderr, "made by a newer version") {
			t.Errorf("server %s on a newer schema: %+v", args, o)
		}
	}
	if _, err := owner.Exec(context.Background(), "delete from goose_db_version where version_id >= 6"); err != nil {
		t.Fatal(err)
	}
	in.environ = append(in.environ, "UTILE_AUTO_MIGRATE=no")
	for _, args := range []string{"serve", "check", "workspace list"} {
		if o := in.run("", strings.Fields(args)...); o.status != statusFailed || !strings.Contains(o.stderr, "server migrate") {
			t.Errorf("server %s on an older schema: %+v", args, o)
		}
	}
}

// served is a server that runs.
type served struct {
	cmd    *exec.Cmd
	url    string
	setup  string
	stderr *bytes.Buffer
}

var (
	readyLine = regexp.MustCompile(`Utile is ready: (http://\S+)`)
	setupLine = regexp.MustCompile(`Set it up: (http://\S+/setup\?token=\S{43})`)
)

// start serves until the end of the test, and returns once the address is printed.
func (in installation) start(lines int) *served {
	in.t.Helper()
	s := &served{cmd: in.command("serve"), stderr: &bytes.Buffer{}}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		in.t.Fatal(err)
	}
	s.cmd.Stderr = s.stderr
	if err := s.cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // gone already in most tests
		_ = s.cmd.Wait()
	})
	var said strings.Builder
	b := make([]byte, 4096)
	for strings.Count(said.String(), "\n") < lines {
		n, err := out.Read(b)
		said.Write(b[:n])
		if err != nil {
			in.t.Fatalf("the server said %q and ended: %s", said.String(), s.stderr)
		}
	}
	m := readyLine.FindStringSubmatch(said.String())
	if m == nil {
		in.t.Fatalf("the server said %q", said.String())
	}
	s.url = m[1]
	if m := setupLine.FindStringSubmatch(said.String()); m != nil {
		s.setup = m[1]
	}
	return s
}

func (s *served) get(t *testing.T, path string) (int, string) {
	t.Helper()
	r, err := http.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }() // read to its end
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// stop asks the server to end and returns its exit status.
func (s *served) stop(t *testing.T, sig os.Signal) int {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	err := s.cmd.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return s.cmd.ProcessState.ExitCode()
}

func TestServe(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	s := in.start(2)
	if s.setup == "" {
		t.Error("an empty installation does not say how to claim it")
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, body := s.get(t, path); status != http.StatusOK {
			t.Errorf("%s answers %d %s", path, status, body)
		}
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	other := installation{t, append(in.environ[:len(in.environ):len(in.environ)], "UTILE_ADDR=127.0.0.1:"+port)}
	if out := other.must("", "check", "-health"); out != "ok\n" {
		t.Errorf("the health check said %q", out)
	}
	if o := other.run("", "serve"); o.status != statusFailed || !strings.Contains(o.stderr, "another program listens on 127.0.0.1:"+port) && !strings.Contains(o.stderr, "Another program listens on 127.0.0.1:"+port) {
		t.Errorf("a second server on the port: %+v", o)
	}
	if status := s.stop(t, syscall.SIGTERM); status != statusOK {
		t.Errorf("status %d after SIGTERM: %s", status, s.stderr)
	}
	if o := other.run("", "check", "-health"); o.status != statusFailed || !strings.Contains(o.stderr, "does not answer") {
		t.Errorf("the health check of a server that is gone: %+v", o)
	}

	in.must("", "workspace", "add", "nord")
	in.must(password, "user", "add", "anna@example.com", "-workspace", "nord", "-role", "admin")
	claimed := in.start(1)
	if claimed.setup != "" {
		t.Error("a claimed installation offers to be set up")
	}
	if status := claimed.stop(t, os.Interrupt); status != statusOK {
		t.Errorf("status %d after an interrupt: %s", status, claimed.stderr)
	}
}

// Without DATABASE_URL the server brings its own PostgreSQL, which commands use while it runs and start while it does not.
func TestServeWithPrivatePostgres(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("/tmp", "utile-serve-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	in := installation{t, []string{"UTILE_ADDR=127.0.0.1:0", "UTILE_DATA=" + dir, "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}}
	s := in.start(2)
	in.must("", "workspace", "add", "nord")
	if o := in.run("", "serve"); o.status != statusFailed || !strings.Contains(o.stderr, "lready running on this folder") {
		t.Errorf("a second server on the folder: %+v", o)
	}
	if out := in.must("", "check"); !strings.Contains(out, "private PostgreSQL in "+dir) {
		t.Errorf("check said %q", out)
	}
	if status, body := s.get(t, "/readyz"); status != http.StatusOK {
		t.Errorf("not ready: %d %s", status, body)
	}
	if status := s.stop(t, syscall.SIGTERM); status != statusOK {
		t.Errorf("status %d: %s", status, s.stderr)
	}
	if out := in.must("", "workspace", "list"); !strings.Contains(out, "nord") {
		t.Errorf("listed %q after the server", out)
	}
	// Commands at once, without a server: one starts PostgreSQL and ends before the others.
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			if o := in.run("", "workspace", "list"); o.status != statusOK || !strings.Contains(o.stdout, "nord") {
				t.Errorf("one of many at once: %+v", o)
			}
			if o := in.run("", "export", "workspace", "nord"); o.status != statusOK || !strings.Contains(o.stdout, `{"t":"end"`) {
				t.Errorf("one of many at once: status %d, said %q", o.status, o.stderr)
			}
		})
	}
	group.Wait()
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	s := &service{}
	h := s.readiness(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	ask := func(path string) int {
		w := &statusWriter{header: http.Header{}}
		r, err := http.NewRequest(http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		h.ServeHTTP(w, r)
		return w.status
	}
	if got := ask("/readyz"); got != http.StatusNoContent {
		t.Errorf("ready answers %d", got)
	}
	s.draining.Store(true)
	if ready, page := ask("/readyz"), ask("/"); ready != http.StatusServiceUnavailable || page != http.StatusNoContent {
		t.Errorf("while it stops, /readyz answers %d and a page %d", ready, page)
	}
}

type statusWriter struct {
	header http.Header
	status int
}

func (w *statusWriter) Header() http.Header         { return w.header }
func (w *statusWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *statusWriter) WriteHeader(status int)      { w.status = status }

func TestUpkeepRunsAtOnceAndAgain(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &service{log: newLog(io.Discard, configForTest())}
	turns := make(chan int)
	n := 0
	s.every(ctx, time.Millisecond, "test", func(ctx context.Context) error {
		n++
		select {
		case turns <- n:
		case <-ctx.Done():
		}
		return errors.New("fails, and is tried again")
	})
	for want := 1; want <= 3; want++ {
		if got := <-turns; got != want {
			t.Errorf("turn %d, want %d", got, want)
		}
	}
	cancel()
	s.wait()
}

func configForTest() config.Config { return config.Config{LogFormat: "text"} }
