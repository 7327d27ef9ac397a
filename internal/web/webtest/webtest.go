// Package webtest gives tests a browser without a window: the real server on a real database, signed in as somebody.
package webtest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"utile/internal/domain"
	"utile/internal/login"
	"utile/internal/store"
	"utile/internal/store/storetest"
	"utile/internal/web"
)

// Site is a running server on a world of its own.
type Site struct {
	*storetest.World
	URL    string
	Server *web.Server
}

// New starts the server on a fresh world.
func New(tb testing.TB) *Site {
	tb.Helper()
	return On(tb, storetest.NewWorld(tb))
}

// NewCrowd starts the server on a fresh world with a crowd of n fields in its first workspace.
func NewCrowd(tb testing.TB, n int) *Site {
	tb.Helper()
	return On(tb, storetest.NewCrowd(tb, n, 0))
}

// On starts the server on a world that a test has prepared.
func On(tb testing.TB, w *storetest.World) *Site {
	tb.Helper()
	return With(tb, w, nil)
}

// With starts the server on a world with options that a test has changed.
func With(tb testing.TB, w *storetest.World, change func(*web.Options)) *Site {
	tb.Helper()
	s := &Site{World: w}
	listener := httptest.NewUnstartedServer(nil)
	s.URL = "http://" + listener.Listener.Addr().String()
	options := web.Options{BaseURL: s.URL, Passwords: login.NewForTest(), Log: slog.New(slog.NewTextHandler(tb.Output(), nil))}
	if change != nil {
		change(&options)
	}
	s.Server = web.New(w.Store, options)
	listener.Config.Handler = s.Server
	listener.Start()
	tb.Cleanup(func() { s.Server.EndStreams(); listener.Close() })
	return s
}

// Token opens a session for somebody and returns what the cookie says.
func (s *Site) Token(tb testing.TB, as domain.Actor) string {
	tb.Helper()
	sum := sha256.Sum256([]byte(tb.Name() + as.Email))
	token := base64.RawURLEncoding.EncodeToString(sum[:])
	hash := sha256.Sum256([]byte(token))
	s.Exec(tb, `delete from auth_session where token_hash = $1`, hash[:])
	if err := s.Store.AddSession(context.Background(), store.AuthSession{TokenHash: hash[:], User: as.User}); err != nil {
		tb.Fatal(err)
	}
	return token
}

// Visitor makes requests as somebody, or as nobody.
type Visitor struct {
	tb     testing.TB
	site   *Site
	client *http.Client
	token  string
	seats  map[string]string // cookies of places in workshops
	Lang   string
	From   string // path of the page that a form is on, as browsers say it; empty for one that does not
	Accept string // what the visitor wants to be answered with; empty for a page
	// fetchSite is what the browser says of where a request comes from.
	fetchSite string
}

// As returns a visitor signed in as that actor.
func (s *Site) As(tb testing.TB, as domain.Actor) *Visitor {
	tb.Helper()
	v := s.Nobody(tb)
	v.token = s.Token(tb, as)
	v.Lang = as.Lang
	return v
}

// Nobody returns a visitor who is not signed in.
func (s *Site) Nobody(tb testing.TB) *Visitor {
	return &Visitor{tb: tb, site: s, Lang: "en", fetchSite: "same-origin", client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Copy returns a visitor with the same cookie, such as somebody who stole it.
func (v *Visitor) Copy() *Visitor {
	c := *v
	return &c
}

// Seat is the cookie of the visitor's place in a workshop.
func (v *Visitor) Seat(workshop string) (name, token string) {
	name = "utile-seat-" + workshop
	return name, v.seats[name]
}

// Page is an answer of the server.
type Page struct {
	tb       testing.TB
	Status   int
	Header   http.Header
	Body     string
	Location string
	doc      *goquery.Document
}

// Get asks for a page.
func (v *Visitor) Get(path string) *Page {
	v.tb.Helper()
	return v.do(http.MethodGet, path, nil, "")
}

// Post sends a form, as a browser on the same site does. Pairs are names and values.
func (v *Visitor) Post(path string, pairs ...string) *Page {
	v.tb.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return v.do(http.MethodPost, path, strings.NewReader(form.Encode()), "application/x-www-form-urlencoded")
}

// Send makes any request.
func (v *Visitor) Send(method, path string, body io.Reader, contentType string) *Page {
	v.tb.Helper()
	return v.do(method, path, body, contentType)
}

// Cross sends a form as a browser does that a page of another site makes send it.
func (v *Visitor) Cross(path string) *Page {
	v.tb.Helper()
	crossing := v.Copy()
	crossing.fetchSite = "cross-site"
	return crossing.do(http.MethodPost, path, strings.NewReader("name=x"), "application/x-www-form-urlencoded")
}

// Follow goes where the answer sends the visitor.
func (v *Visitor) Follow(p *Page) *Page {
	v.tb.Helper()
	if p.Location == "" {
		v.tb.Fatalf("status %d, no redirect to follow: %s", p.Status, p.Text("main"))
	}
	return v.Get(p.Location)
}

func (v *Visitor) do(method, path string, body io.Reader, contentType string) *Page {
	v.tb.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, v.site.URL+path, body)
	if err != nil {
		v.tb.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.Header.Set("Accept-Language", v.Lang)
	r.Header.Set("Sec-Fetch-Site", v.fetchSite)
	if v.token != "" {
		r.AddCookie(&http.Cookie{Name: "utile", Value: v.token})
	}
	for name, value := range v.seats {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if v.From != "" {
		r.Header.Set("Referer", v.site.URL+v.From)
	}
	if v.Accept != "" {
		r.Header.Set("Accept", v.Accept)
	}
	res, err := v.client.Do(r)
	if err != nil {
		v.tb.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.tb.Fatal(err)
	}
	for _, c := range res.Cookies() { // a new session replaces the one that the visitor came with
		if c.Name == "utile" {
			v.token = c.Value
		}
		if strings.HasPrefix(c.Name, "utile-seat-") {
			if v.seats == nil {
				v.seats = map[string]string{}
			}
			v.seats[c.Name] = c.Value
		}
	}
	p := &Page{tb: v.tb, Status: res.StatusCode, Header: res.Header, Body: string(b), Location: res.Header.Get("Location")}
	if strings.Contains(p.Body, "⟦") {
		at := strings.Index(p.Body, "⟦")
		v.tb.Errorf("%s %s: a message is missing: %.60s", method, path, p.Body[at:])
	}
	return p
}

// Doc is the page as a document.
func (p *Page) Doc() *goquery.Document {
	p.tb.Helper()
	if p.doc == nil {
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(p.Body))
		if err != nil {
			p.tb.Fatal(err)
		}
		p.doc = doc
	}
	return p.doc
}

// Text is the text of what a selector finds, with white space folded.
func (p *Page) Text(selector string) string {
	p.tb.Helper()
	return strings.Join(strings.Fields(p.Doc().Find(selector).Text()), " ")
}

// Value is what a control of a form holds.
func (p *Page) Value(name string) string {
	p.tb.Helper()
	c := p.Doc().Find(`main [name="` + name + `"]`) // what a switch sends again is in none
	if c.Length() == 0 {
		c = p.Doc().Find(`[name="` + name + `"]`)
	}
	if c.Is("select") {
		v, _ := c.Find("option[selected]").Attr("value")
		return v
	}
	if c.Is("textarea") {
		return c.Text()
	}
	v, _ := c.Attr("value")
	return v
}

// Problem is what a form says is wrong with one of its controls.
func (p *Page) Problem(name string) string {
	p.tb.Helper()
	return p.Text(`[id="` + name + `-error"]`)
}

// Want fails the test where the status is another.
func (p *Page) Want(status int) *Page {
	p.tb.Helper()
	if p.Status != status {
		p.tb.Fatalf("status %d, want %d: %s", p.Status, status, p.Text("main"))
	}
	return p
}
