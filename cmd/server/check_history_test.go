package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"utile/internal/store/storetest"
)

// documented are the shell commands of a page of the documentation.
func documented(t *testing.T, page string) (blocks []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split(string(text), "```sh\n") {
		if i > 0 {
			block, _, _ := strings.Cut(part, "```")
			blocks = append(blocks, block)
		}
	}
	return blocks
}

func TestCheckHistory(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	in.must("", "workspace", "add", "nord", "-name", "Nord")
	in.must("", "workspace", "add", "sud", "-name", "Sud")
	owner := storetest.Owner(t, strings.TrimPrefix(in.environ[0], "DATABASE_URL="))
	exec1 := func(sql string) {
		t.Helper()
		if _, err := owner.Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		exec1(`insert into event (workspace_id, actor_name, verb, subject_kind, subject_id, subject_name, reason, after)
			select id, 'Zoë', 'field.changed', 'field', n, 'é', e'a "quoted"\treason', '{"label": "x"}' from workspace, generate_series(1, 4) n where slug = 'nord'`)
	}
	if out := in.must("", "check", "-history"); !strings.Contains(out, "nord: ") || !strings.Contains(out, "sud: ") || strings.Count(out, "nothing was changed") != 2 {
		t.Errorf("check said %q", out)
	}
	in.must("", "check", "-history", "-workspace", "nord", "-head", path("head.json"))
	exec1(`insert into event (workspace_id, actor_name, verb, subject_kind, subject_id, subject_name)
		select id, 'Zoë', 'field.changed', 'field', 9, 'é' from workspace where slug = 'nord'`)
	out := in.must("", "check", "-history", "-anchor", path("head.json"))
	if !strings.Contains(out, "only grown since") || strings.Contains(out, "sud") {
		t.Errorf("check against a head said %q", out)
	}
	head := strings.Fields(out[strings.LastIndex(out, "head: seal "):])

	// What the documentation tells an outsider to do comes to the same head, and sees what is altered.
	in.must("", "export", "workspace", "nord", "-o", path("nord.utile.jsonl"))
	if outside := outsider(t, dir, "history.md"); outside != "head: seal "+head[2]+" "+head[3]+"\n" {
		t.Errorf("an outsider found %q, want %q", outside, head)
	}
	text, err := os.ReadFile(path("nord.utile.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	forged := strings.Replace(string(text), `\"quoted\\\"`, `\"forged\\\"`, 1)
	if forged == string(text) {
		t.Fatal("nothing to forge")
	}
	if err := os.WriteFile(path("nord.utile.jsonl"), []byte(forged), 0o600); err != nil {
		t.Fatal(err)
	}
	if outside := outsider(t, dir, "history.md"); !strings.Contains(outside, "were altered") {
		t.Errorf("an outsider found %q in a forged file", outside)
	}

	in.must("", "export", "evidence", "-workspace", "nord", "-o", path("nord.zip"))
	if pack, err := os.ReadFile(path("nord.zip")); err != nil || !strings.HasPrefix(string(pack), "PK") {
		t.Errorf("the evidence pack begins with %.20q (%v)", pack, err)
	}
	if o := in.run("", "export", "evidence", "-workspace", "nord", "-as-of", "2020-01-31"); o.status != statusFailed || !strings.Contains(o.stderr, "is kept from") {
		t.Errorf("a pack of a day before the past: %+v", o)
	}
	if o := in.run("", "export", "evidence", "-workspace", "nord", "-as-of", "2999-01-31"); o.status != statusUsage {
		t.Errorf("a pack of a day to come: %+v", o)
	}

	exec1(`set session_replication_role = replica`)
	exec1(`update event set actor_name = 'Nobody' where id = (select max(id) - 2 from event)`)
	o := in.run("", "check", "-history", "-workspace", "nord")
	if o.status != statusFailed || !strings.Contains(o.stdout, "was altered") || !strings.Contains(o.stdout, "1 problem was found") || !strings.Contains(o.stderr, "not as it was sealed") {
		t.Errorf("an altered history: %+v", o)
	}
	if o := in.run("", "check", "-history", "-workspace", "sud"); o.status != statusOK {
		t.Errorf("the other workspace: %+v", o)
	}
	if err := os.WriteFile(path("head.json"), []byte(`{"seal":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := in.run("", "check", "-history", "-anchor", path("head.json")); o.status != statusFailed || !strings.Contains(o.stderr, "not the head of a chain") {
		t.Errorf("a head that is none: %+v", o)
	}
	if o := in.run("", "check", "-workspace", "sud"); o.status != statusUsage {
		t.Errorf("-workspace alone: %+v", o)
	}
}

// outsider follows a page of the documentation in a folder and returns what it printed.
func outsider(t *testing.T, dir, page string) string {
	t.Helper()
	for _, tool := range []string{"bash", "jq", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	blocks := documented(t, page)
	if len(blocks) < 2 {
		t.Fatalf("%s has %d blocks of commands", page, len(blocks))
	}
	cmd := exec.Command("bash", "-c", blocks[0]+blocks[1])
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}
