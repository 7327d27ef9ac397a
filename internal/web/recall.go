package web

import (
	"context"
	"maps"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"utile/internal/domain"
	"utile/internal/store"
)

const (
	seenEvery  = time.Minute // how exactly a session knows when it was last seen
	recallMost = 1_000       // visits that are remembered
)

// recalled remembers who visited which workspace, as the last request found them. It is a guess: nothing is told and nothing
// written for it before the database has said, in the transaction that reads the page, that it holds.
type recalled struct {
	mu sync.Mutex
	of map[visitKeyOf]store.Visit
}

// visitKeyOf is the session, by the hash of its token, and the workspace.
type visitKeyOf struct{ hash, slug string }

func (k *recalled) get(hash []byte, slug string) (store.Visit, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, known := k.of[visitKeyOf{string(hash), slug}]
	return v, known
}

func (k *recalled) put(slug string, v store.Visit) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil {
		k.of = map[visitKeyOf]store.Visit{}
	}
	key := visitKeyOf{string(v.Session.TokenHash), slug}
	if _, there := k.of[key]; len(k.of) >= recallMost && !there {
		for other := range k.of { // any: a map has no order
			delete(k.of, other)
			break
		}
	}
	k.of[key] = v
}

// recallable tells whether a request asks for a page of a workspace as it is now, and not for the way to another day. Files are
// sent while they are read, so that who asks for them is found out before.
func recallable(r *http.Request) bool {
	slug := slugOf(r.URL.Path)
	return r.Method == http.MethodGet && slug != "" && !strings.Contains(slug, "@") && !strings.Contains(path.Base(r.URL.Path), ".") &&
		!r.URL.Query().Has("as_of")
}

// recall answers for whom the last request of the session found in the workspace, if it still is so. Where it is not, nothing has
// happened, and the request is answered as if nobody were remembered.
func (s *Server) recall(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, slug := s.cookieToken(r), slugOf(r.URL.Path)
		if token == "" || !recallable(r) {
			next.ServeHTTP(w, r)
			return
		}
		found, known := s.recalled.get(hashToken(token), slug)
		if !known || s.now().Sub(found.Session.LastSeenAt) > seenEvery || s.store.JudgementDue(found.Workspace) {
			next.ServeHTTP(w, r)
			return
		}
		v := &visitInfo{token: token}
		v.is(r, found)
		ctx, along := store.WithAlong(r.Context(), found.Workspace.ID)
		along.Expect(found, slug)
		route := chi.RouteContext(ctx)
		before := *route // it has led nowhere yet
		p := &provenWriter{ResponseWriter: w, header: maps.Clone(w.Header()), prove: func() error { return s.store.Prove(ctx) }}
		p.serve(next, r.WithContext(context.WithValue(ctx, visitKey{}, v)))
		if !p.open() {
			*route = before
			next.ServeHTTP(w, r)
		}
	})
}

// provenWriter tells nothing before the visit is proved, and nothing at all where it is not.
type provenWriter struct {
	http.ResponseWriter
	header  http.Header // until it is proved
	prove   func() error
	proved  bool
	refuted bool
}

// serve has the request answered. Whoever breaks off since nothing may be told breaks off nothing but this answer.
func (p *provenWriter) serve(next http.Handler, r *http.Request) {
	defer func() {
		if why := recover(); why != nil && p.open() {
			panic(why)
		}
	}()
	next.ServeHTTP(p, r)
}

// open tells whether something may be told.
func (p *provenWriter) open() bool {
	if !p.proved && !p.refuted {
		p.refuted = p.prove() != nil // a failure is told when the request is answered again
		if p.proved = !p.refuted; p.proved {
			h := p.ResponseWriter.Header()
			clear(h)
			maps.Copy(h, p.header)
		}
	}
	return p.proved
}

// Header implements http.ResponseWriter.
func (p *provenWriter) Header() http.Header {
	if p.proved {
		return p.ResponseWriter.Header()
	}
	return p.header
}

// WriteHeader implements http.ResponseWriter.
func (p *provenWriter) WriteHeader(status int) {
	if p.open() {
		p.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (p *provenWriter) Write(b []byte) (int, error) {
	if !p.open() {
		return 0, store.ErrVisitChanged
	}
	return p.ResponseWriter.Write(b)
}

// Flush implements http.Flusher, which the writer that compresses asks for: without it a stream would stay in the server.
func (p *provenWriter) Flush() {
	if p.open() {
		_ = http.NewResponseController(p.ResponseWriter).Flush() // the next Write says it
	}
}

// Unwrap leads http.ResponseController on.
func (p *provenWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// is takes note of who makes the request.
func (v *visitInfo) is(r *http.Request, found store.Visit) {
	v.Visit, v.theme = found, themeOf(r, found.User)
}

// themeOf is the theme that the visitor chose here, else the one of their account.
func themeOf(r *http.Request, user domain.User) string {
	if c, err := r.Cookie("theme"); err == nil && (c.Value == "light" || c.Value == "dark" || c.Value == "auto") {
		return c.Value
	}
	if user.ID != 0 {
		return user.Theme
	}
	return "auto"
}
