package i18n

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCataloguesAreWellFormed(t *testing.T) {
	t.Parallel()
	if err := Check(); err != nil {
		t.Error(err)
	}
}

func TestBothLanguagesSayTheSame(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(Keys(French), Keys(English)); diff != "" {
		t.Errorf("keys differ (- French, + English):\n%s", diff)
	}
	for _, key := range Keys(French) {
		en, ok := catalogues().en[key]
		if !ok {
			continue
		}
		fr := catalogues().fr[key]
		if diff := cmp.Diff(fr.placeholders(), en.placeholders()); diff != "" {
			t.Errorf("%s: placeholders differ (- French, + English):\n%s", key, diff)
		}
		if fr.by != "" && en.by != "" && fr.by != en.by {
			t.Errorf("%s: form chosen by %q in French and %q in English", key, fr.by, en.by)
		}
	}
}

// placeholders returns the names used by any form of a message, and checks nothing else: a singular may leave its
// number out ("the field").
func (m *message) placeholders() []string {
	names := map[string]bool{}
	for _, f := range m.forms {
		for _, p := range f {
			if p.name != "" {
				names[p.name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (m *message) texts() (texts []string) {
	for _, f := range m.forms {
		if f == nil {
			continue
		}
		var b strings.Builder
		for _, p := range f {
			if p.name != "" {
				b.WriteString("{" + p.name + "}")
			}
			b.WriteString(p.text)
		}
		texts = append(texts, b.String())
	}
	return texts
}

// typographyFaults are written as patterns of what must not be found.
var (
	commonFaults = map[string]*regexp.Regexp{
		"three dots instead of …":             regexp.MustCompile(`\.\.\.`),
		"straight apostrophe instead of ’":    regexp.MustCompile(`'`),
		"straight quotes instead of “ ” or «": regexp.MustCompile(`"`),
		"space at an end":                     regexp.MustCompile(`^\s|\s$`),
		"two spaces":                          regexp.MustCompile(` {2}`),
	}
	frenchFaults = map[string]*regexp.Regexp{
		"no U+202F before ; ! ?":          regexp.MustCompile(`[^\x{202F};!?(/&]([;!?])(\s|[»).,\x{00A0}]|$)`),
		"no U+00A0 before a colon":        regexp.MustCompile(`[^\x{00A0}\d]:(\s|$)|\d:(\s|$)`),
		"no U+00A0 after «":               regexp.MustCompile(`«[^\x{00A0}]`),
		"no U+00A0 before »":              regexp.MustCompile(`[^\x{00A0}]»`),
		"no U+00A0 before %":              regexp.MustCompile(`[\d}]( |\x{202F})?%`),
		"English quotes outside a quote":  regexp.MustCompile(`[“”]`),
		"narrow space before digits":      regexp.MustCompile(`\d\x{202F}\d`),
		"capital letter after a colon":    regexp.MustCompile(`\x{00A0}: [A-ZÉÀÇ][a-zéèêàâîôûç]`),
		"oe or ae without their ligature": regexp.MustCompile(`\b([Cc]oeur|[Oo]euvre|[Mm]oeurs|[Nn]oeud|[Vv]oeu|[Ss]oeur)`),
		"unaccented capital À or É":       regexp.MustCompile(`^(A (la|supprimer|classer|examiner|regulariser|régulariser)|Etape|Equipe|Etat|Evénement|Ecart|Echéance|Economie)\b`),
	}
	englishFaults = map[string]*regexp.Regexp{
		"space before punctuation": regexp.MustCompile(`[\s\x{00A0}\x{202F}][;!?:,.](\s|$)`),
		"French quotes":            regexp.MustCompile(`[«»]`),
		"space before %":           regexp.MustCompile(`[\d}][\s\x{00A0}]%`),
	}
)

func faults(lang Language, text string) (found []string) {
	own := frenchFaults
	if lang == English {
		own = englishFaults
	}
	for _, set := range []map[string]*regexp.Regexp{commonFaults, own} {
		for name, pattern := range set {
			if pattern.MatchString(text) {
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	return found
}

func TestTypography(t *testing.T) {
	t.Parallel()
	for _, lang := range Languages() {
		for _, key := range Keys(lang) {
			for _, text := range catalogues().of(lang)[key].texts() {
				for _, fault := range faults(lang, text) {
					t.Errorf("%s %s: %s: %q", lang, key, fault, text)
				}
			}
		}
	}
}

func TestTypographyLint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lang  Language
		text  string
		count int
	}{
		"good French":            {French, "« Oui »\u202f; non\u202f? 12\u00a0%\u00a0: à 16:40, l’âge…", 2},
		"good French, no breaks": {French, "«\u00a0Oui\u00a0»\u202f; non\u202f? 12\u00a0%\u00a0: à 16:40, l’âge…", 0},
		"plain space before ?":   {French, "Supprimer ?", 1},
		"no space before ;":      {French, "un; deux", 1},
		"plain space before :":   {French, "Application : toutes", 1},
		"straight apostrophe":    {French, "l'âge", 1},
		"percent":                {French, "12 % des champs, {n}%", 1},
		"address":                {French, "https://exemple.fr/a?b=1", 0},
		"good English":           {English, "“Yes”; no? 12%: the field’s age…", 0},
		"French space":           {English, "Delete ?", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := faults(c.lang, c.text); len(got) != c.count {
				t.Errorf("faults = %q, want %d", got, c.count)
			}
		})
	}
}

// sourceKeys is what the source of the module says about keys.
type sourceKeys struct {
	asked    map[string]string // key → first place that asks for it as a literal
	literals map[string]bool   // every text literal of the source
	dynamic  []string          // prefixes declared with a //i18n:dynamic comment
}

var (
	dynamicComment = regexp.MustCompile(`(?m)//\s?i18n:dynamic ((?:\S+ ?)+)$`)
	templAsk       = regexp.MustCompile(`i18n\.(?:T|TArgs|Split|Has)\(ctx, "([^"]+)"`)
	anyLiteral     = regexp.MustCompile(`"([a-z][a-z0-9_.]*\.[a-z0-9_.]+)"`)
)

func readSource(t *testing.T) *sourceKeys {
	t.Helper()
	root := moduleRoot(t)
	found := &sourceKeys{asked: map[string]string{}, literals: map[string]bool{}}
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
		return found.add(root, name)
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (s *sourceKeys) add(root, name string) error {
	generated := strings.HasSuffix(name, "_templ.go")
	isGo := strings.HasSuffix(name, ".go") && !generated && !strings.HasSuffix(name, "_test.go")
	if !isGo && !strings.HasSuffix(name, ".templ") {
		return nil
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	place, err := filepath.Rel(root, name)
	if err != nil {
		return err
	}
	for _, m := range dynamicComment.FindAllSubmatch(raw, -1) {
		s.dynamic = append(s.dynamic, strings.Fields(string(m[1]))...)
	}
	for _, m := range anyLiteral.FindAllSubmatch(raw, -1) {
		s.literals[string(m[1])] = true
	}
	for _, m := range templAsk.FindAllSubmatch(raw, -1) {
		s.ask(string(m[1]), place)
	}
	if isGo {
		return s.addGo(name, place, raw)
	}
	return nil
}

func (s *sourceKeys) ask(key, place string) {
	if strings.HasSuffix(key, ".") { // the beginning of a key that is put together as the program runs
		return
	}
	if _, known := s.asked[key]; !known {
		s.asked[key] = place
	}
}

// keyArgument says which argument of a call is a message key, for the calls that take one.
var keyArgument = map[string]int{"T": 1, "TArgs": 1, "Split": 1, "Has": 1, "Errorf": 1, "Add": 1}

func (s *sourceKeys) addGo(name, place string, raw []byte) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, raw, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	inDomain := file.Name.Name == "domain"
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if key, ok := callKey(call, inDomain); ok {
			s.ask(key, fmt.Sprintf("%s:%d", place, files.Position(call.Pos()).Line))
		}
		return true
	})
	return nil
}

func callKey(call *ast.CallExpr, inDomain bool) (string, bool) {
	var function, of string
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		function = f.Sel.Name
		if x, ok := f.X.(*ast.Ident); ok {
			of = x.Name
		}
	case *ast.Ident:
		function = f.Name
	}
	index, ok := keyArgument[function]
	if !ok || len(call.Args) <= index {
		return "", false
	}
	switch function {
	case "Errorf":
		ok = of == "domain" || of == "" && inDomain
	case "Add":
		ok = isText(call.Args[0]) // a field of a form, then the key of its problem
	default:
		ok = of == "i18n"
	}
	literal, isLiteral := call.Args[index].(*ast.BasicLit)
	if !ok || !isLiteral || literal.Kind != token.STRING {
		return "", false
	}
	key, err := strconv.Unquote(literal.Value)
	return key, err == nil && strings.Contains(key, ".")
}

func isText(e ast.Expr) bool {
	l, ok := e.(*ast.BasicLit)
	return ok && l.Kind == token.STRING
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
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

func TestEveryKeyAskedForExists(t *testing.T) {
	t.Parallel()
	source := readSource(t)
	for _, key := range slices.Sorted(maps.Keys(source.asked)) {
		for _, lang := range Languages() {
			if _, ok := catalogues().of(lang)[key]; !ok {
				t.Errorf("%s asks for %q, which has no message in %s", source.asked[key], key, lang)
			}
		}
	}
}

// TestNoKeyIsUnused fails on messages that nothing shows. Keys that are put together at run time are declared where that
// happens, by a comment "//i18n:dynamic flag.reason." that names what they start with.
func TestNoKeyIsUnused(t *testing.T) {
	t.Parallel()
	source := readSource(t)
	for _, key := range Keys(Default) {
		if _, asked := source.asked[key]; asked || source.literals[key] {
			continue
		}
		if !slices.ContainsFunc(source.dynamic, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
			t.Errorf("nothing uses %q", key)
		}
	}
	for _, prefix := range source.dynamic {
		if !slices.ContainsFunc(Keys(Default), func(key string) bool { return strings.HasPrefix(key, prefix) }) {
			t.Errorf("no key starts with %q, declared dynamic", prefix)
		}
	}
}

// TestActsHaveNames: acts on many fields are named by keys that are put together, which no other test can find missing.
func TestActsHaveNames(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(moduleRoot(t), "internal", "domain", "batch.go"))
	if err != nil {
		t.Fatal(err)
	}
	acts := regexp.MustCompile(`BulkAct += "(\w+)"`).FindAllStringSubmatch(string(raw), -1)
	if len(acts) < 20 {
		t.Fatalf("found %d acts", len(acts))
	}
	for _, act := range acts {
		if key := "batch.kind." + act[1]; !slices.Contains(Keys(Default), key) {
			t.Errorf("%q is missing", key)
		}
	}
}
