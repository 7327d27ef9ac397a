package ui

import (
	"bytes"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"utile/internal/i18n"

	"github.com/a-h/templ"
)

// banned is what no template of the product may contain: the policy of the pages refuses it, or it evaluates text.
var banned = map[string]*regexp.Regexp{
	"a style attribute":                    regexp.MustCompile(`(?i)[\s"]style\??=|\{\s*style:`),
	"a style element":                      regexp.MustCompile(`(?i)<style\b`),
	"an event attribute":                   regexp.MustCompile(`(?i)\son[a-z]+\??=["{]`),
	"a script in the page":                 regexp.MustCompile(`(?i)<script(\s[^>]*)?>[^<\s]`),
	"a script or css template":             regexp.MustCompile(`(?m)^(script|css) [A-Za-z]`),
	"an hx attribute out of the list":      regexp.MustCompile(`\shx-(?:[a-z-]+)(?::[a-z0-9:-]+)?\??=`),
	"a value that htmx evaluates":          regexp.MustCompile(`["{]\s*(js|javascript):`),
	"a trigger with a filter":              regexp.MustCompile(`hx-trigger="[^"]*\[`),
	"an address of somewhere else, loaded": regexp.MustCompile(`(?i)<(?:script|link|img|iframe)[^>]*(?:src|href)="(?:https?:)?//`),
}

var allowedHX = regexp.MustCompile(`^\shx-(get|post|target|swap|select|select-oob|push-url|trigger|indicator|disable|sync|sse:connect|status:[0-9x]+)\??=$`)

func faultsOf(template string) (found []string) {
	for name, pattern := range banned {
		for _, hit := range pattern.FindAllString(template, -1) {
			if name == "an hx attribute out of the list" && allowedHX.MatchString(hit) {
				continue
			}
			found = append(found, name+": "+strings.TrimSpace(hit))
		}
	}
	return found
}

func TestTemplatesKeepThePolicy(t *testing.T) {
	t.Parallel()
	count := 0
	err := filepath.WalkDir(filepath.Join(".."), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".templ" {
			return err
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		count++
		for _, fault := range faultsOf(string(raw)) {
			t.Errorf("%s: %s", name, fault)
		}
		return nil
	})
	if err != nil || count == 0 {
		t.Errorf("%d templates read, %v", count, err)
	}
}

func TestLintFindsFaults(t *testing.T) {
	t.Parallel()
	for template, want := range map[string]int{
		`<div style="color:red">`:                          1,
		`<div style={ x }>`:                                1,
		`<a onclick="go()">`:                               1,
		`<button onclick={ x }>`:                           1,
		`<script>alert(1)</script>`:                        1,
		`<script src="/a.js" defer></script>`:              0,
		"\nscript hello() {\n":                             1,
		"\ncss red() {\n":                                  1,
		`<a hx-get="/x" hx-target="#y" hx-status:422="z">`: 0,
		`<a hx-on:click="x">`:                              1,
		`<a hx-boost="true">`:                              1,
		`<a hx-get="/x" hx-trigger="click[ctrlKey]">`:      1,
		`<a hx-vals="js:{a:1}">`:                           2,
		`<img src="https://example.org/a.png">`:            1,
		`<p>the icon="x" option="y"</p>`:                   0,
	} {
		if got := faultsOf(template); len(got) != want {
			t.Errorf("%s: found %q, want %d", template, got, want)
		}
	}
}

var iconUse = regexp.MustCompile(`(?:Icon\(|Icon:\s*|(?:Badge|Flagged)\([A-Za-z.]+, )"([a-z0-9-]+)"`)

func TestEveryIconIsDrawn(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_templ.go") || strings.HasSuffix(name, "_test.go") ||
			filepath.Ext(name) != ".templ" && filepath.Ext(name) != ".go" {
			return err
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range iconUse.FindAllSubmatch(raw, -1) {
			if !HasIcon(string(m[1])) {
				t.Errorf("%s uses the icon %q, which is not in the kit", name, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for kind, icon := range kindIcons {
		if !HasIcon(icon) {
			t.Errorf("the icon %q of %s is not in the kit", icon, kind)
		}
	}
}

func TestUnknownIconIsSeen(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := Icon("no<such").Render(t.Context(), &b); err != nil || b.String() != "⟦no&lt;such⟧" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

// TestMessages renders every component in both languages and looks for messages that are missing.
func TestMessages(t *testing.T) {
	t.Parallel()
	for _, lang := range i18n.Languages() {
		var b bytes.Buffer
		ctx := i18n.WithLang(t.Context(), lang)
		for _, page := range []templ.Component{Catalogue(), CatalogueBare(), CatalogueConfirm()} {
			if err := page.Render(ctx, &b); err != nil {
				t.Fatal(err)
			}
		}
		if i := bytes.Index(b.Bytes(), []byte("⟦")); i >= 0 {
			t.Errorf("%s: %s", lang, b.Bytes()[i:min(i+60, b.Len())])
		}
	}
}

func TestFieldsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	field := Field{Name: "name", Label: "Name", Hint: "Short.", Error: `Too "long".`}
	if err := Input(InputSpec{Field: field, Value: `<b>`}).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`aria-invalid="true"`, `aria-describedby="name-error name-hint"`, `id="name-error"`, `id="name-hint"`, `for="name"`,
		`value="&lt;b&gt;"`, `Too &#34;long&#34;.`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in %s", want, b.String())
		}
	}
}

func TestStackedBarLayout(t *testing.T) {
	t.Parallel()
	sum := func(spans []span) (total float64) {
		for _, s := range spans {
			w, err := strconv.ParseFloat(strings.TrimSuffix(s.Width, "%"), 64)
			if err != nil {
				t.Fatal(err)
			}
			total += w
		}
		return total
	}
	full := BarSpec{Segments: []Segment{{Kind: OK, Value: 1}, {Kind: Warn}, {Kind: Danger, Value: 100_000}}}.layout()
	if len(full) != 2 || math.Abs(sum(full)-100) > 0.02 || full[0].Width == "0.00%" {
		t.Errorf("layout = %v", full)
	}
	half := BarSpec{Scale: 200, Segments: []Segment{{Kind: OK, Value: 100}}}.layout()
	if len(half) != 1 || half[0].Width != "50.00%" {
		t.Errorf("layout on a scale = %v", half)
	}
	if empty := (BarSpec{}).layout(); len(empty) != 0 {
		t.Errorf("layout of nothing = %v", empty)
	}
}

// TestNoTextIsTakenForChildren guards against "@Icon(name){ text }", which hands the text to the icon as its children.
func TestNoTextIsTakenForChildren(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := Badge(OK, "check", "Useful").Render(t.Context(), &b); err != nil || !strings.Contains(b.String(), "Useful") {
		t.Errorf("Badge() = %s, %v", b.String(), err)
	}
	swallowed := regexp.MustCompile(`@(?:ui\.)?Icon\([^()]*(?:\([^()]*\))?[^()]*\)\s*\{`)
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".templ" {
			return err
		}
		raw, err := os.ReadFile(name)
		if err == nil && swallowed.Match(raw) {
			t.Errorf("%s: %s", name, swallowed.Find(raw))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
