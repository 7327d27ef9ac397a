// Package static holds the styles, scripts, fonts and pictures of the pages, and serves them under the hash of their
// content so that a browser keeps them for good. It knows nothing of pages.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

//go:embed css/*.css js/*.js vendor/*.js fonts/*.woff2 *.svg
var files embed.FS

// Names of the assets that every page links to, and of those of the live pages, which have their own.
const (
	LiveStyles = "live.css"
	LiveScript = "js/live.js"

	Styles = "utile.css"
	Script = "js/u.js"
	Font   = "fonts/ahn.woff2"
	Icon   = "favicon.svg"
	HTMX   = "vendor/htmx.min.js"
)

// Prefix starts the path of every asset.
const Prefix = "/static/"

// sheets are the style sheets and their files, in the order of the cascade.
var sheets = map[string][]string{
	Styles:     {"reset", "tokens", "base", "layout", "components", "screens", "print"},
	LiveStyles: {"reset", "tokens", "base", "live"},
}

type asset struct {
	path        string // as served, hash included
	contentType string
	body        []byte
	gzipped     []byte // nil where the body is compressed already
}

// assets is built at first use: it reads and compresses everything once.
var assets = sync.OnceValue(func() map[string]*asset {
	all := map[string]*asset{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Dir(name) == "css" {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if path.Dir(name) == "js" {
			body = trimScript(body)
		}
		all[name] = newAsset(name, body)
		return nil
	})
	if err != nil {
		panic(fmt.Errorf("read embedded assets: %w", err)) // only a broken build gets here
	}
	for name, layers := range sheets {
		all[name] = newAsset(name, styleSheet(all, layers))
	}
	return all
})

func newAsset(name string, body []byte) *asset {
	sum := sha256.Sum256(body)
	a := &asset{
		path:        Prefix + hex.EncodeToString(sum[:6]) + "/" + name,
		contentType: contentType(name),
		body:        body,
	}
	if path.Ext(name) != ".woff2" {
		a.gzipped = compress(body)
	}
	return a
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	}
	return mime.TypeByExtension(path.Ext(name))
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(fmt.Errorf("compress an asset in memory: %w", err))
	}
	return b.Bytes()
}

// Path is the address of an asset, hash included. It panics on an unknown name: that is a mistake in a page.
func Path(name string) string {
	a, ok := assets()[name]
	if !ok {
		panic("static: no asset named " + name)
	}
	return a.path
}

// Prepare makes the assets ready: a start has it done while it waits for something else.
func Prepare() { assets() }

// Handler serves the assets under Prefix, each for good under its own hash, and answers 404 to anything else.
func Handler() http.Handler {
	byPath := make(map[string]*asset, len(assets()))
	for _, a := range assets() {
		byPath[a.path] = a
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := byPath[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		a.serve(w, r)
	})
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	body := a.body
	if a.gzipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = a.gzipped
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the visitor left: nothing to tell anyone
	}
}

// acceptsGzip reads an Accept-Encoding header; "gzip;q=0" refuses it.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding != "gzip" && coding != "*" {
			continue
		}
		q, ok := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
		if !ok {
			return true
		}
		value, err := strconv.ParseFloat(q, 64)
		return err == nil && value > 0
	}
	return false
}

var fileURL = regexp.MustCompile(`url\(asset:([^)]+)\)`)

// styleSheet joins the layers, points at the hashed addresses of what they use, and adds light colours for browsers that
// do not know light-dark().
func styleSheet(all map[string]*asset, layers []string) []byte {
	var b strings.Builder
	b.WriteString("@layer " + strings.Join(layers, ",") + ";")
	for _, layer := range layers {
		raw, err := files.ReadFile("css/" + layer + ".css")
		if err != nil {
			panic(fmt.Errorf("read a layer: %w", err))
		}
		css := trimStyle(string(raw))
		b.WriteString("@layer " + layer + "{" + css + "}")
		if layer == "tokens" {
			b.WriteString("@layer tokens{" + lightFallback(css) + "}")
		}
	}
	return []byte(fileURL.ReplaceAllStringFunc(b.String(), func(use string) string {
		name := fileURL.FindStringSubmatch(use)[1]
		a, ok := all[name]
		if !ok {
			panic("static: the style sheet uses " + name + ", which does not exist")
		}
		return "url(" + a.path + ")"
	}))
}

var themedToken = regexp.MustCompile(`(--[a-z0-9-]+):light-dark\(([^,()]+),[^()]+\)`)

// lightFallback gives every themed colour its light value where light-dark() is unknown.
func lightFallback(css string) string {
	var b strings.Builder
	b.WriteString("@supports not (color:light-dark(#fff,#000)){:root{color-scheme:light;")
	for _, m := range themedToken.FindAllStringSubmatch(css, -1) {
		b.WriteString(m[1] + ":" + m[2] + ";")
	}
	b.WriteString("}}")
	return b.String()
}

var (
	comment      = regexp.MustCompile(`(?s)/\*.*?\*/`)
	space        = regexp.MustCompile(`\s+`)
	aroundSymbol = regexp.MustCompile(` ?([{};,>]) ?| (!)`)
	afterColon   = regexp.MustCompile(`(--?[a-z0-9-]+|[a-z-]+): `)
	lastSemi     = strings.NewReplacer(";}", "}")
)

// trimStyle takes out what only people read. It is safe for our sheets, which have no text with runs of spaces in it.
func trimStyle(css string) string {
	css = comment.ReplaceAllString(css, "")
	css = space.ReplaceAllString(css, " ")
	css = aroundSymbol.ReplaceAllString(css, "$1$2")
	css = afterColon.ReplaceAllString(css, "$1:")
	return strings.TrimSpace(lastSemi.Replace(css))
}

// trimScript takes out whole-line comments and indents, so it is safe for scripts without text that spans lines.
func trimScript(js []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(js) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || bytes.HasPrefix(line, []byte("//")) {
			continue
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.Bytes()
}
