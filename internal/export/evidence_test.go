package export_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/export"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// unpack makes an evidence pack of what an actor sees and puts its files into a folder.
func unpack(t *testing.T, st *store.Store, by domain.Actor) (dir string, files map[string]string) {
	t.Helper()
	var out bytes.Buffer
	if err := export.Evidence(context.Background(), st, by, "acme", time.Now(), &out); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	dir, files = t.TempDir(), map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, files
}

func TestEvidencePack(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	field := w.Field(t, by, w.Dataset(t, by, w.Application(t, by, "Orion"), "contact"), "email", "ident.contact.email")
	purpose := w.Purpose(t, by, "P1", false)
	w.Exec(t, `insert into purpose_mapping (workspace_id, field_id, purpose_id, state, justification) values ($1, $2, $3, 'approved', 'needed')`, by.Workspace, field, purpose)
	dir, files := unpack(t, w.Store, by)

	manifest := map[string]string{}
	for line := range strings.Lines(files["SHA256SUMS"]) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		manifest[name] = sum
	}
	if len(manifest) != len(files)-1 || len(files) < 2*len(store.Registers())+6 {
		t.Errorf("%d files, %d of them in the manifest", len(files), len(manifest))
	}
	for name, text := range files {
		if sum := sha256.Sum256([]byte(text)); name != "SHA256SUMS" && manifest[name] != hex.EncodeToString(sum[:]) {
			t.Errorf("the manifest does not know %s", name)
		}
	}
	if !strings.Contains(files["approvals.csv"], "needed") || !strings.Contains(files["registers/fields.csv"], "email") {
		t.Error("the registers are not there")
	}
	var about struct{ Head domain.SealHead }
	if err := json.Unmarshal([]byte(files["pack.json"]), &about); err != nil || about.Head.Number == 0 {
		t.Fatalf("pack.json: %v, %+v", err, about)
	}

	// What the explanations tell an outsider to do comes to the same head, and sees a change.
	for _, lang := range []string{"en", "fr"} {
		out := outsider(t, dir, files["README."+lang+".txt"])
		if !strings.HasSuffix(strings.TrimSpace(out), about.Head.Digest) || strings.Contains(out, "FAILED") || strings.Count(out, ": OK") != len(manifest) {
			t.Errorf("%s: an outsider found %q, want %+v", lang, out, about.Head)
		}
	}
	events := filepath.Join(dir, "history", "events.jsonl")
	if err := os.WriteFile(events, []byte(strings.Replace(files["history/events.jsonl"], "Orion", "Vega", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := outsider(t, dir, files["README.en.txt"]); !strings.Contains(out, "history/events.jsonl: FAILED") || !strings.Contains(out, "were altered") {
		t.Errorf("an outsider found %q after a change", out)
	}
}

// outsider runs the commands of the explanations: the lines that are indented by more than a list is.
func outsider(t *testing.T, dir, readme string) string {
	t.Helper()
	for _, tool := range []string{"bash", "jq", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	var script strings.Builder
	for line := range strings.Lines(readme) {
		if strings.HasPrefix(line, "       ") && !strings.Contains(line, "sed -n") {
			script.WriteString(line)
		}
	}
	cmd := exec.Command("bash", "-c", script.String())
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// A pack of a day that is over holds what a pack made on that day held, and the chain until then.
func TestEvidenceOfAnotherDay(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	app := w.Application(t, by, "Orion")
	w.Dataset(t, by, app, "contact")
	_, then := unpack(t, w.Store, by)
	past := by
	if err := w.Owner.QueryRow(t.Context(), `select clock_timestamp()`).Scan(&past.AsOf); err != nil {
		t.Fatal(err)
	}
	w.Exec(t, `update application set name = 'Vega' where id = $1`, app)
	w.Application(t, by, "Lyra")
	_, today := unpack(t, w.Store, by)
	_, again := unpack(t, w.Store, past)
	for name, text := range then {
		if name == "pack.json" || name == "SHA256SUMS" {
			continue
		}
		if again[name] != text {
			t.Errorf("%s differs:\n%s\n%s", name, text, again[name])
		}
	}
	for _, name := range []string{"registers/applications.csv", "history/events.jsonl", "history/seals.jsonl"} {
		if today[name] == then[name] {
			t.Errorf("%s did not change meanwhile", name)
		}
	}
}
