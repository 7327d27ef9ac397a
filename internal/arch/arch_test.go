// Package arch holds the rules of the tree as tests: which package may import what, and how files are named.
package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layers says what each package may import of ours, and which heavy libraries live in it and nowhere else. A package
// that is not named here must be added, so that its place in the house is decided and not an accident.
var layers = map[string]struct {
	ours  []string
	heavy []string
}{
	"cmd/server":               {ours: []string{"*"}, heavy: []string{"*"}},
	"internal/classify":        {},
	"internal/classify/judge":  {ours: []string{"internal/classify"}},
	"internal/classify/train":  {ours: []string{"internal/classify", "internal/classify/judge"}},
	"internal/config":          {heavy: []string{"github.com/caarlos0/env/v11"}},
	"internal/ddl":             {heavy: []string{"github.com/sqlc-dev/marino", "github.com/wasilibs/go-pgquery"}},
	"internal/domain":          {},
	"internal/export":          {ours: []string{"internal/domain", "internal/sheet", "internal/store"}},
	"internal/browsertest":     {heavy: []string{"github.com/chromedp/chromedp", "github.com/chromedp/cdproto"}},
	"internal/example":         {ours: []string{"internal/domain", "internal/notice", "internal/store"}},
	"internal/i18n":            {heavy: []string{"github.com/BurntSushi/toml"}},
	"internal/job":             {ours: []string{"internal/domain", "internal/scan", "internal/sheet", "internal/store"}, heavy: []string{"github.com/riverqueue/river", "github.com/jackc/pgx/v5"}},
	"internal/localpg":         {heavy: []string{"github.com/jackc/pgx/v5"}},
	"internal/localpg/withpg":  {ours: []string{"internal/localpg"}},
	"internal/notice":          {ours: []string{"internal/domain", "internal/i18n"}},
	"internal/login":           {ours: []string{"internal/domain"}},
	"internal/scan":            {ours: []string{"internal/ddl", "internal/domain", "internal/sheet"}, heavy: []string{"go.yaml.in/yaml/v3"}},
	"internal/sheet":           {heavy: []string{"github.com/xuri/excelize/v2"}},
	"internal/store":           {ours: []string{"internal/classify", "internal/domain", "migrations"}, heavy: []string{"github.com/jackc/pgx/v5", "github.com/pressly/goose/v3", "github.com/riverqueue/river"}},
	"internal/store/storetest": {ours: []string{"internal/domain", "internal/localpg", "internal/store", "migrations"}, heavy: []string{"github.com/jackc/pgx/v5"}},
	"internal/web": {ours: []string{"internal/domain", "internal/example", "internal/export", "internal/i18n", "internal/login", "internal/notice", "internal/scan", "internal/sheet", "internal/store", "internal/web/ui", "static"},
		heavy: []string{"github.com/a-h/templ", "github.com/go-chi/chi/v5", "github.com/gorilla/schema", "github.com/gorilla/sessions"}},
	"internal/web/ui":      {ours: []string{"internal/i18n", "static"}, heavy: []string{"github.com/a-h/templ"}},
	"internal/web/webtest": {ours: []string{"*"}, heavy: []string{"github.com/PuerkitoBio/goquery"}},
	"internal/bench":       {ours: []string{"*"}, heavy: []string{"*"}},
	"internal/arch":        {},
	"migrations":           {},
	"static":               {},
}

// heavyLibraries are those that only their own package may know, so that each can be replaced in one place.
var heavyLibraries = []string{
	"github.com/BurntSushi/toml", "github.com/PuerkitoBio/goquery", "github.com/a-h/templ", "github.com/caarlos0/env/v11",
	"github.com/chromedp/chromedp", "github.com/go-chi/chi/v5", "github.com/gorilla/schema", "github.com/gorilla/sessions",
	"github.com/jackc/pgx/v5", "github.com/pressly/goose/v3", "github.com/riverqueue/river", "github.com/sqlc-dev/marino",
	"github.com/wasilibs/go-pgquery", "github.com/xuri/excelize/v2", "go.yaml.in/yaml/v3",
}

// forbidden are standard packages that a pure layer may not know.
var forbidden = map[string][]string{
	"internal/domain": {"context", "database/sql", "log", "log/slog", "net/http", "os", "math/rand"},
}

type file struct {
	name    string // from the root of the module
	dir     string
	imports []string
	test    bool
}

func TestLayers(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		rule, known := layers[f.dir]
		if !known {
			t.Errorf("%s: package %s has no place in the layers; decide what it may import", f.name, f.dir)
			continue
		}
		if f.test {
			continue
		}
		for _, imported := range f.imports {
			checkImport(t, f, rule.ours, rule.heavy, imported)
		}
	}
}

func checkImport(t *testing.T, f file, ours, heavy []string, imported string) {
	t.Helper()
	if slices.Contains(forbidden[f.dir], imported) {
		t.Errorf("%s: %s must not know %s", f.name, f.dir, imported)
	}
	if own, ok := strings.CutPrefix(imported, "utile/"); ok && !slices.Contains(ours, "*") && !slices.Contains(ours, own) {
		t.Errorf("%s: %s may not import %s", f.name, f.dir, own)
	}
	for _, library := range heavyLibraries {
		if (imported == library || strings.HasPrefix(imported, library+"/")) && !slices.Contains(heavy, "*") && !slices.Contains(heavy, library) {
			t.Errorf("%s: %s lives in another package than %s", f.name, library, f.dir)
		}
	}
}

// TestPureDomain keeps time and chance out of the rules: both are passed in.
func TestPureDomain(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	for _, f := range files(t) {
		if f.dir != "internal/domain" || f.test {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(root, f.name))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"time.Now(", "rand."} {
			if strings.Contains(string(raw), word) {
				t.Errorf("%s: the domain is told the time and leaves nothing to chance, but says %s", f.name, word)
			}
		}
	}
}

// bannedNames are names of files that say nothing of what is in them.
var bannedNames = []string{"helpers.go", "util.go", "utils.go", "common.go", "types.go", "constants.go", "misc.go"}

func TestFileNames(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		base := path.Base(f.name)
		if slices.Contains(bannedNames, base) {
			t.Errorf("%s: name the file after what it is about", f.name)
		}
		if strings.ToLower(base) != base {
			t.Errorf("%s: file names are in lower case", f.name)
		}
	}
}

// TestNoSelectStar keeps columns named where they are read: a new column must not change what an old query means.
func TestNoSelectStar(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	for _, f := range files(t) {
		if f.dir != "internal/store" || f.test {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(root, f.name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(string(raw)), "select * ") {
			t.Errorf("%s: name the columns", f.name)
		}
	}
}

func files(t *testing.T) []file {
	t.Helper()
	root := moduleRoot(t)
	var out []file
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != root && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		f := file{name: filepath.ToSlash(rel), dir: path.Dir(filepath.ToSlash(rel)), test: strings.HasSuffix(name, "_test.go")}
		for _, i := range parsed.Imports {
			f.imports = append(f.imports, strings.Trim(i.Path.Value, `"`))
		}
		out = append(out, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}
