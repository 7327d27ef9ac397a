package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// budgets are the most bytes, gzipped, that a visitor downloads of each kind.
var budgets = map[string]int{Styles: 12 << 10, Script: 3 << 10, LiveStyles: 5 << 10, LiveScript: 3 << 10}

func TestBudgets(t *testing.T) {
	t.Parallel()
	for name, most := range budgets {
		if got := len(assets()[name].gzipped); got > most {
			t.Errorf("%s is %d bytes gzipped, over its budget of %d", name, got, most)
		}
	}
	scripts := 0
	for name, a := range assets() {
		if strings.HasSuffix(name, ".js") && name != LiveScript { // the script of the live pages stands alone there
			scripts += len(a.gzipped)
		}
	}
	if most := 22 << 10; scripts > most {
		t.Errorf("scripts are %d bytes gzipped, over their budget of %d", scripts, most)
	}
}

// Paper is narrow, too: a rule for narrow windows that does not say screen would stack the tables of what is printed.
func TestNarrowRulesAreOfScreens(t *testing.T) {
	t.Parallel()
	for _, name := range []string{Styles, LiveStyles} {
		for _, rule := range regexp.MustCompile(`@media[^{]*width[^{]*`).FindAllString(string(assets()[name].body), -1) {
			if !strings.Contains(rule, "screen and") {
				t.Errorf("%s: %s applies to paper", name, rule)
			}
		}
	}
}

func get(t *testing.T, path, encoding string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestServesUnderItsHash(t *testing.T) {
	t.Parallel()
	for name, contentType := range map[string]string{
		Styles: "text/css; charset=utf-8",
		Script: "text/javascript; charset=utf-8",
		HTMX:   "text/javascript; charset=utf-8",
		Font:   "font/woff2",
		Icon:   "image/svg+xml",
	} {
		res := get(t, Path(name), "")
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusOK || !bytes.Equal(body, assets()[name].body) {
			t.Errorf("%s: status %d, %d bytes", name, res.StatusCode, len(body))
		}
		if got := res.Header.Get("Content-Type"); got != contentType {
			t.Errorf("%s: content type %q, want %q", name, got, contentType)
		}
		if got := res.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: cache control %q", name, got)
		}
	}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	res := get(t, Path(Styles), "br, gzip;q=0.8")
	if got := res.Header.Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("content encoding = %q", got)
	}
	r, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(body, assets()[Styles].body) {
		t.Errorf("unpacked to %d bytes, %v", len(body), err)
	}
	for header, want := range map[string]bool{"": false, "gzip": true, "br": false, "*": true, "gzip;q=0": false, "deflate, gzip; q=1.0": true} {
		if got := acceptsGzip(header); got != want {
			t.Errorf("acceptsGzip(%q) = %v", header, got)
		}
	}
	if got := get(t, Path(Font), "gzip").Header.Get("Content-Encoding"); got != "" {
		t.Errorf("a font is compressed again: %q", got)
	}
}

func TestAnythingElseIsNotFound(t *testing.T) {
	t.Parallel()
	good := Path(Styles)
	for _, path := range []string{
		"/static/", "/static/utile.css", strings.Replace(good, Prefix, Prefix+"0", 1), good + "/", "/static/000000000000/utile.css",
		"/static/css/tokens.css", "/static/../embed.go",
	} {
		if res := get(t, path, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", path, res.StatusCode)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, good, nil)
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d", w.Code)
	}
}

func TestStyleSheetIsWhole(t *testing.T) {
	t.Parallel()
	css := string(assets()[Styles].body)
	if open, closed := strings.Count(css, "{"), strings.Count(css, "}"); open != closed {
		t.Errorf("%d { and %d }", open, closed)
	}
	for _, want := range []string{
		"@layer reset,tokens,base", "url(" + Path(Font) + ")", "@supports not (color:light-dark(#fff,#000))", "--canvas:#f4f5f8;",
	} {
		if !strings.Contains(css, want) {
			t.Errorf("no %q in the style sheet", want)
		}
	}
	for _, unwanted := range []string{"asset:", "/*", "http:", "https:", "data:", "@import"} {
		if strings.Contains(css, unwanted) {
			t.Errorf("%q in the style sheet", unwanted)
		}
	}
}
