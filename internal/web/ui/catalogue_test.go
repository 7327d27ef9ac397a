package ui_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"utile/internal/browsertest"
	"utile/internal/i18n"
	"utile/internal/web/ui"
	"utile/static"

	"github.com/a-h/templ"
)

// policy is the Content-Security-Policy that every page of the product is served with.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

var pages = map[string]func() templ.Component{
	"catalogue": ui.Catalogue, "bare": ui.CatalogueBare, "confirm": ui.CatalogueConfirm,
}

// catalogueServer serves the sample pages at /p/{language}/{page}.
func catalogueServer(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(static.Prefix, static.Handler())
	mux.HandleFunc("GET /p/{lang}/{page}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		ctx := i18n.WithLang(r.Context(), i18n.Language(r.PathValue("lang")))
		if err := pages[r.PathValue("page")]().Render(ctx, w); err != nil {
			t.Errorf("render: %v", err)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// TestCatalogueInBrowser opens the pages in every language and width: by every rule in one theme, which is the other in the
// other language; then, where every look is asked for, in the other theme by the rules that it decides. The short pages are opened less: their components are all in the catalogue.
func TestCatalogueInBrowser(t *testing.T) {
	t.Parallel()
	url := catalogueServer(t)
	short := map[string]bool{"en1440": true, "fr390": true, "fr320": true}
	for _, lang := range i18n.Languages() {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			tab := browsertest.Still(t)
			for i, width := range []int{1440, 390, 320} {
				themes := []string{"light", "dark"}
				if (lang == i18n.English) != (i == 1) {
					themes[0], themes[1] = themes[1], themes[0] // each language is opened in both, and each width
				}
				for name := range pages {
					if name != "catalogue" && !short[string(lang)+strconv.Itoa(width)] {
						continue
					}
					title := name + "-" + string(lang) + "-" + strconv.Itoa(width) + "-"
					tab.Width(width).Media("prefers-color-scheme", themes[0]).Open(url + "/p/" + string(lang) + "/" + name)
					tab.Shoot("ui/" + title + themes[0])
					tab.Axe(t)
					if n := tab.Overflow(); n > 0 {
						t.Errorf("%s: wider than the window by %d pixels: %s", title, n, tab.Widest())
					}
					if tab.Media("prefers-color-scheme", themes[1]); browsertest.EveryLook() {
						tab.AxeLooks(t)
					}
					tab.Shoot("ui/" + title + themes[1])
				}
			}
		})
	}
}

func TestKeyboardAndSelection(t *testing.T) {
	t.Parallel()
	url := catalogueServer(t)
	p := browsertest.Browser(t).Open(url + "/p/en/catalogue")
	if got := p.Eval(`document.activeElement.className`); got != "summary" {
		t.Errorf("focus at the start is on %q, want the summary of what is wrong", got)
	}
	check := func(what, expression, want string) {
		t.Helper()
		if got := p.Eval(expression); got != want {
			t.Errorf("%s: %s = %q, want %q", what, expression, got, want)
		}
	}
	check("a row ticked by the server", `document.querySelector('[data-count]').textContent + ' ' + document.querySelector('[data-one]').textContent`, "1 field selected")
	p.Press("/")
	check("slash", `document.activeElement.id`, "q")
	p.Press("j")
	check("a letter in a box is text", `document.activeElement.id + document.activeElement.value.at(-1)`, "qj")
	p.Eval(`document.activeElement.blur()`)
	p.Press("j")
	check("j", `document.activeElement.value`, "contact.email")
	p.Press("x")
	check("x", `document.querySelector('[data-count]').textContent + ' ' + document.querySelector('[data-one]').textContent`, "2 fields selected")
	p.Eval(`document.querySelectorAll('tbody .chk')[0].click(); document.querySelectorAll('tbody .chk')[4].dispatchEvent(new MouseEvent('click', {bubbles: true, shiftKey: true}))`)
	check("shift takes the range", `document.querySelectorAll('tbody .chk:checked').length`, "5")
	p.Eval(`document.activeElement.blur()`)
	p.Press("\u001b")
	check("escape clears", `document.querySelectorAll('tbody .chk:checked').length + ' ' + getComputedStyle(document.querySelector('.bulk')).display`, "0 none")
	p.Press("?")
	check("question mark", `document.querySelector('#keys').open`, "true")
	p.Press("\u001b")
	check("escape closes", `document.querySelector('#keys').open`, "false")
	p.Eval(`document.querySelector('.mxb').focus()`)
	p.Eval(`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))`)
	check("arrows in the matrix", `document.activeElement.value`, "0:1")
	p.Click(".phrase")
	check("a ready phrase", `document.querySelector('#reason').value`, "Day and month suffice.")
}

func TestThemeSwitch(t *testing.T) {
	t.Parallel()
	p := browsertest.Browser(t).Light().Open(catalogueServer(t) + "/p/fr/catalogue")
	p.Click(".to-dark")
	if got := p.Eval(`document.documentElement.dataset.theme + ' ' + document.cookie + ' ' + getComputedStyle(document.body).backgroundColor`); got != "dark theme=dark rgb(15, 20, 28)" {
		t.Errorf("after the switch: %q", got)
	}
	if got := p.Eval(`getComputedStyle(document.querySelector('.to-dark')).display + ' ' + document.activeElement.value`); got != "none light" {
		t.Errorf("the way back: %q", got)
	}
}

func TestWithoutScript(t *testing.T) {
	t.Parallel()
	p := browsertest.Browser(t).NoScript().Open(catalogueServer(t) + "/p/fr/catalogue")
	for expression, want := range map[string]string{
		`getComputedStyle(document.querySelector('.bulk')).display`:                   "flex",
		`getComputedStyle(document.querySelector('.fapply')).display`:                 "block",
		`getComputedStyle(document.querySelector('.bulk .scripted')).display`:         "none",
		`document.querySelector('.themes button').form.method`:                        "post",
		`document.querySelector('.facetwrap').open`:                                   "true",
		`getComputedStyle(document.querySelector('.phrases')).display`:                "none",
		`document.querySelectorAll('.mxb:not(button), button.mxb').length > 0`:        "true",
		`[...document.querySelectorAll('button')].every(b => b.form || b.type)`:       "true",
		`document.documentElement.scrollWidth > document.documentElement.clientWidth`: "false",
	} {
		if got := p.Eval(expression); got != want {
			t.Errorf("%s = %q, want %q", expression, got, want)
		}
	}
}

func BenchmarkRows(b *testing.B) {
	ctx := i18n.WithLang(context.Background(), i18n.English)
	row := ui.CatalogueRowForTest()
	b.ReportAllocs()
	for b.Loop() {
		for range 50 {
			if err := row.Render(ctx, discard{}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
