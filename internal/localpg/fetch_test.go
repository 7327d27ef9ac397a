package localpg

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pack writes an archive as npm makes them and returns its path and checksum.
func pack(t *testing.T, files map[string]string) (path, checksum string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, content := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "package.tgz")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(b.Bytes())
	return path, base64.StdEncoding.EncodeToString(sum[:])
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	archive, checksum := pack(t, map[string]string{
		"package/native/bin/postgres":      "program",
		"package/native/lib/libpq.so.5.15": "library",
		"package/native/pg-symlinks.json":  `[{"source":"native/lib/libpq.so.5.15","target":"native/lib/libpq.so.5"}]`,
		"package/scripts/hook.js":          "never wanted",
	})
	into := filepath.Join(t.TempDir(), "tree")
	if err := unpackVerified(archive, checksum, into); err != nil {
		t.Fatalf("unpackVerified() error = %v", err)
	}
	info, err := os.Stat(filepath.Join(into, "native/bin/postgres"))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("postgres = %v, error %v, want a program", info, err)
	}
	if b, err := os.ReadFile(filepath.Join(into, "native/lib/libpq.so.5")); err != nil || string(b) != "library" {
		t.Errorf("the linked library = %q, error %v", b, err)
	}
	if _, err := os.Stat(filepath.Join(into, "scripts")); err == nil {
		t.Error("scripts were unpacked")
	}
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		files    map[string]string
		checksum string
		want     string
	}{
		"another archive": {map[string]string{"package/native/bin/postgres": "program"}, "other", "not the expected one"},
		"a way out":       {map[string]string{"package/native/../../outside": "program"}, "", "escapes"},
		"a link out":      {map[string]string{"package/native/pg-symlinks.json": `[{"source":"native/x","target":"../outside"}]`}, "", "native/x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			archive, checksum := pack(t, tt.files)
			if tt.checksum != "" {
				checksum = tt.checksum
			}
			parent := t.TempDir()
			err := unpackVerified(archive, checksum, filepath.Join(parent, "tree"))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("unpackVerified() error = %v, want %q", err, tt.want)
			}
			if _, err := os.Lstat(filepath.Join(parent, "outside")); err == nil {
				t.Error("a file was written outside of the folder")
			}
		})
	}
}
