// Package web is what people see: routes, handlers, forms and pages. It knows no SQL.
package web

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"utile/internal/login"
	"utile/internal/store"
	"utile/static"
)

// Limits of what a request may send.
const (
	maxForm   = 2 << 20                       // bytes of an ordinary form
	maxUpload = store.MaxImportFile + maxForm // bytes of the files that are sent at once, with their form
)

// Options is what the server is told from outside.
type Options struct {
	BaseURL   string // address that people type, without a slash at the end
	ProxyHops int    // reverse proxies whose X-Forwarded-For is trusted
	Version   string
	Log       *slog.Logger
	Now       func() time.Time
	// Passwords hashes them; nil for the cost of the product.
	Passwords *login.Hasher
	// MaxUpload is the most bytes of a form with files; 0 for the limit of the product.
	MaxUpload int64
	// Wake is called after an import was queued, so that it starts at once; nil where nothing runs jobs.
	Wake func()
}

// Server answers requests.
type Server struct {
	store   *store.Store
	options Options
	log     *slog.Logger
	now     func() time.Time
	secure  bool        // people reach it over HTTPS
	claimed atomic.Bool // somebody can sign in: the installation has been set up
	handler http.Handler
	pages   chi.Routes // of handler, to tell which addresses show something
	routes  []Route
	live    *hub // of workshops
	// recalled is who visited before.
	recalled recalled
}

// New builds the server with all its routes.
func New(st *store.Store, o Options) *Server {
	s := &Server{store: st, options: o, log: o.Log, secure: strings.HasPrefix(o.BaseURL, "https://")}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	s.now = func() time.Time { return now().UTC() } // one day for pages, verdicts and names of files, wherever the server stands
	if s.options.MaxUpload == 0 {
		s.options.MaxUpload = maxUpload
	}
	if s.options.Passwords == nil {
		s.options.Passwords = login.New()
	}
	s.live = newHub(st, s.renderWorkshop, func(text string, err error) { s.log.Warn(text, "error", err) })
	s.handler = s.build()
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) build() http.Handler {
	r := chi.NewRouter()
	s.pages = r
	r.Use(middleware.RequestID, s.clientIP(), s.recoverPanic, s.accessLog, headAsGet, s.securityHeaders, s.crossOrigin(), s.recall)
	r.Get("/healthz", s.health)
	r.Get("/readyz", s.ready)
	r.Handle("/static/*", static.Handler())
	r.Group(func(r chi.Router) {
		r.Use(middleware.Compress(4, "text/html", "text/csv", "application/json"), s.visit, s.chooseLanguage, s.setupFirst)
		r.NotFound(s.do("", s.notFound))
		r.MethodNotAllowed(s.do("", s.methodNotAllowed))
		s.addRoutes(r)
	})
	return r
}

// headAsGet answers HEAD wherever GET is answered, by the same handler (RFC 9110, 9.3.2): net/http leaves the body out.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			get := *r
			get.Method = http.MethodGet
			r = &get
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) clientIP() func(http.Handler) http.Handler {
	if s.options.ProxyHops > 0 {
		return middleware.ClientIPFromXFFTrustedProxies(s.options.ProxyHops)
	}
	return middleware.ClientIPFromRemoteAddr
}

// crossOrigin refuses state-changing requests that another site makes a browser send.
func (s *Server) crossOrigin() func(http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	if u, err := url.Parse(s.options.BaseURL); err == nil && u.Host != "" {
		_ = p.AddTrustedOrigin(u.Scheme + "://" + u.Host) // the origin was checked when the configuration was read
	}
	p.SetDenyHandler(s.visit(s.chooseLanguage(s.do("", s.crossOriginRefused))))
	return p.Handler
}

// policy allows nothing inline and nothing from elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (s *Server) securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) recoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				s.log.ErrorContext(r.Context(), "panic", "value", v, "request", middleware.GetReqID(r.Context()), "path", routePattern(r))
				http.Error(w, "Internal error "+middleware.GetReqID(r.Context()), http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// accessLog writes one line per request, with the route's pattern and never the path: paths may hold names.
func (s *Server) accessLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		started := time.Now()
		next.ServeHTTP(ww, r)
		s.log.DebugContext(r.Context(), "request", "method", r.Method, "route", routePattern(r), "status", ww.Status(),
			"ms", time.Since(started).Milliseconds(), "bytes", ww.BytesWritten(), "request", middleware.GetReqID(r.Context()))
	})
}

func routePattern(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil {
		return c.RoutePattern()
	}
	return ""
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n")) // the other end is gone where this fails
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := s.store.Ping(r.Context()); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("database does not answer\n"))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}
