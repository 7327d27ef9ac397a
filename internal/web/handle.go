package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
)

// handlerFunc answers a request or says why not; fail turns the reason into a page.
type handlerFunc func(w http.ResponseWriter, r *http.Request) error

// Route is one route with the action that it asks for; tests compare all of them with a reviewed table.
type Route struct {
	Method, Pattern string
	Action          domain.Action
}

// Routes lists every route in order of registration.
func (s *Server) Routes() []Route { return s.routes }

// scope is a router together with the pattern under which it is mounted.
type scope struct {
	chi.Router
	s      *Server
	prefix string
}

// get registers a page; no route can be registered without the action that it asks for.
func (c scope) get(pattern string, action domain.Action, h handlerFunc) {
	c.add(http.MethodGet, pattern, action, maxForm, h)
}

// post registers a change.
func (c scope) post(pattern string, action domain.Action, h handlerFunc) {
	c.add(http.MethodPost, pattern, action, maxForm, h)
}

// upload registers a change that carries a file.
func (c scope) upload(pattern string, action domain.Action, h handlerFunc) {
	c.add(http.MethodPost, pattern, action, c.s.options.MaxUpload, h)
}

func (c scope) add(method, pattern string, action domain.Action, most int64, h handlerFunc) {
	if action == "" {
		panic("route without an action: " + method + " " + pattern)
	}
	c.s.routes = append(c.s.routes, Route{method, c.prefix + pattern, action})
	c.Method(method, pattern, c.s.do(action, func(w http.ResponseWriter, r *http.Request) error {
		r.Body = http.MaxBytesReader(w, r.Body, most)
		return h(w, r)
	}))
}

// do adapts a handler: it checks that the visitor may do the action, and turns an error into a page. The empty action
// is for error pages, which anybody may see.
func (s *Server) do(action domain.Action, h handlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := s.allow(r, action)
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	}
}

func (s *Server) allow(r *http.Request, action domain.Action) error {
	by := actor(r)
	switch {
	case action == "" || action == domain.Public:
		return nil
	case by.User == 0:
		return domain.Errorf(domain.Unauthenticated, "error.unauthenticated")
	case action == domain.SignedIn:
		return nil
	case by.Role == "": // whether the workspace exists is confidential
		return domain.Errorf(domain.NotFound, "error.not_found", "noun", "workspace")
	}
	if err := allowMoment(by, r.Method, action); err != nil {
		return err
	}
	return by.Must(action)
}

// statusOf is the HTTP status of each kind of error.
func statusOf(err error) int {
	kinds := []struct {
		kind   domain.Kind
		status int
	}{
		{domain.Invalid, http.StatusUnprocessableEntity}, {domain.Unauthenticated, http.StatusUnauthorized},
		{domain.Denied, http.StatusForbidden}, {domain.NotFound, http.StatusNotFound}, {domain.Conflict, http.StatusConflict},
		{domain.TooLarge, http.StatusRequestEntityTooLarge}, {domain.Limited, http.StatusTooManyRequests},
		{domain.Unavailable, http.StatusServiceUnavailable},
	}
	for _, k := range kinds {
		if errors.Is(err, k.kind) {
			return k.status
		}
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusInternalServerError
}

// fail is the only place that turns an error into an answer, and the only one that logs it.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the visitor has left
	}
	if errors.Is(err, store.ErrVisitChanged) {
		return // the request is answered again, for whom the visit is now
	}
	status := statusOf(err)
	if status == http.StatusUnauthorized && r.Method == http.MethodGet {
		http.Redirect(w, r, signInPath(r.URL), http.StatusSeeOther)
		return
	}
	if status >= 500 {
		s.log.ErrorContext(r.Context(), "request failed", "error", err, "method", r.Method, "route", routePattern(r),
			"request", middleware.GetReqID(r.Context()))
	}
	known, ok := errors.AsType[*domain.Error](err)
	if !ok {
		known = &domain.Error{Key: "error.internal"}
		if status == http.StatusRequestEntityTooLarge {
			known.Key = "error.too_large"
		}
	}
	if limited, ok := known.Args["seconds"].(int); ok && status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", strconv.Itoa(limited))
	}
	if err := s.render(w, r, status, errorPage(s.errorView(r, status, known))); err != nil {
		http.Error(w, http.StatusText(status), status)
	}
}

// signInPath leads to the sign-in page and from there back to where the visitor wanted to go.
func signInPath(u *url.URL) string {
	if u.Path == "/" {
		return "/sign-in"
	}
	return "/sign-in?next=" + url.QueryEscape(u.RequestURI())
}

// localPath accepts only a path of this server, so that a link cannot send a person elsewhere after a form.
func localPath(next, otherwise string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsFunc(next, notInPath) {
		return otherwise
	}
	return next
}

// notInPath tells of a backslash, which browsers read as a slash, and of control characters, which they drop.
func notInPath(r rune) bool { return r == '\\' || unicode.IsControl(r) }

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// render writes a page. It is made in full first, so that a component which fails half-way still becomes a clean error.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := page.Render(i18n.Apart(r.Context()), b); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "HX-Request")
	h.Set("Content-Length", strconv.Itoa(b.Len())) // else it travels in chunks, each written apart; compression takes it away
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the other end is gone where this fails
	return nil
}

// ok renders a page with status 200.
func (s *Server) ok(w http.ResponseWriter, r *http.Request, page templ.Component) error {
	return s.render(w, r, http.StatusOK, page)
}

// formProblems tells whether an error is about fields of a form, which is then shown again with what was typed.
func formProblems(err error) (domain.Problems, bool) {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || len(e.Fields) == 0 {
		return nil, false
	}
	return e.Fields, true
}

func (s *Server) notFound(http.ResponseWriter, *http.Request) error {
	return domain.Errorf(domain.NotFound, "error.not_found", "noun", "page")
}

func (s *Server) methodNotAllowed(http.ResponseWriter, *http.Request) error {
	return domain.Errorf(domain.NotFound, "error.not_found", "noun", "page")
}

func (s *Server) crossOriginRefused(http.ResponseWriter, *http.Request) error {
	return domain.Errorf(domain.Denied, "error.cross_origin")
}

// pathID reads an id from the route; anything that is no number is simply not there.
func pathID[T ~int64](r *http.Request, name string) (T, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, name), 10, 64)
	if err != nil || id <= 0 {
		return 0, domain.Errorf(domain.NotFound, "error.not_found", "noun", name)
	}
	return T(id), nil
}

// recordID is the last id in the route: the record that a request is about.
func recordID(r *http.Request) string {
	c := chi.RouteContext(r.Context())
	if c == nil {
		return ""
	}
	for i := len(c.URLParams.Keys) - 1; i >= 0; i-- {
		if key := c.URLParams.Keys[i]; key != "workspace" && key != "*" {
			return c.URLParams.Values[i]
		}
	}
	return ""
}

func requestID(r *http.Request) string { return middleware.GetReqID(r.Context()) }

// itoa writes an id for a path.
func itoa[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }
