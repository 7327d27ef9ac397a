package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/gorilla/sessions"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
)

// visitKey is the key under which the request's context holds the visit.
type visitKey struct{}

// visitInfo is who makes a request, as found once at its start.
type visitInfo struct {
	store.Visit
	token string // what the cookie says; empty without a session
	theme string
	// asOf is the day at whose end the visitor looks at the register; zero for now.
	asOf time.Time
}

func visitOf(r *http.Request) *visitInfo {
	if v, ok := r.Context().Value(visitKey{}).(*visitInfo); ok {
		return v
	}
	return &visitInfo{}
}

// actor is who makes the request.
func actor(r *http.Request) domain.Actor {
	by := visitOf(r).Actor()
	by.Lang = string(i18n.Lang(r.Context()))
	if day := visitOf(r).asOf; !day.IsZero() {
		by.Slug, by.AsOf = slugAsOf(by.Slug, day), domain.EndOfDay(day)
	}
	return by
}

// visit finds out who makes the request, in one query, and judges verdicts again where a day has passed. Where recall remembers
// it, what the page reads proves it.
func (s *Server) visit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if visitOf(r).Workspace.ID != 0 {
			next.ServeHTTP(w, r)
			return
		}
		v := &visitInfo{token: s.cookieToken(r)}
		v.is(r, store.Visit{})
		slug, asOf := pastOf(slugOf(r.URL.Path))
		if v.token != "" {
			found, err := s.store.VisitByToken(r.Context(), hashToken(v.token), slug)
			switch {
			case err == nil:
				v.is(r, found)
			case !errors.Is(err, domain.NotFound):
				s.fail(w, r, err)
				return
			}
		}
		if v.User.ID != 0 {
			if s.now().Sub(v.Session.LastSeenAt) > seenEvery {
				if err := s.store.TouchSession(r.Context(), v.Session.TokenHash); err != nil {
					s.fail(w, r, err)
					return
				}
			}
		}
		if v.Workspace.ID != 0 {
			if err := s.store.JudgeIfDue(r.Context(), v.Actor(), v.Workspace); err != nil {
				s.fail(w, r, err)
				return
			}
		}
		ctx := r.Context()
		if v.Workspace.ID != 0 && recallable(r) {
			s.recalled.put(slug, v.Visit)
			ctx, _ = store.WithAlong(ctx, v.Workspace.ID)
		}
		r = r.WithContext(context.WithValue(ctx, visitKey{}, v))
		if v.Workspace.ID != 0 && s.toMoment(w, r, asOf) {
			return
		}
		next.ServeHTTP(w, r)
	})
}

// slugOf returns the workspace that a path is in; empty outside workspaces.
func slugOf(path string) string {
	rest, inside := strings.CutPrefix(path, "/w/")
	if !inside {
		return ""
	}
	slug, _, _ := strings.Cut(rest, "/")
	return slug
}

// chooseLanguage takes the language that the person chose, else the one of their account, else the browser's.
func (s *Server) chooseLanguage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var lang i18n.Language
		if c, err := r.Cookie("lang"); err == nil {
			lang = i18n.Language(c.Value)
		}
		if asked := i18n.Language(r.URL.Query().Get("lang")); r.Method == http.MethodGet && asked.Known() {
			http.SetCookie(w, s.preference("lang", string(asked)))
			u := *r.URL
			q := u.Query()
			q.Del("lang")
			u.RawQuery = strings.ReplaceAll(q.Encode(), "%2C", ",")
			http.Redirect(w, r, localPath(u.RequestURI(), "/"), http.StatusSeeOther)
			return
		}
		if asked := i18n.Language(r.URL.Query().Get("lang")); r.Method == http.MethodPost && asked.Known() { // the answer of a form, again
			http.SetCookie(w, s.preference("lang", string(asked)))
			lang = asked
		}
		if !lang.Known() {
			lang = i18n.Language(visitOf(r).User.Locale)
		}
		if !lang.Known() {
			lang = i18n.Match(r.Header.Get("Accept-Language"))
		}
		next.ServeHTTP(w, r.WithContext(i18n.WithLang(r.Context(), lang)))
	})
}

// preference is a cookie that holds no secret and outlives the session.
func (s *Server) preference(name, value string) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: 365 * 24 * 3600, SameSite: http.SameSiteLaxMode, Secure: s.secure}
}

// cookieName carries the __Host- prefix where browsers accept it: only over HTTPS.
func (s *Server) cookieName() string {
	if s.secure {
		return "__Host-utile"
	}
	return "utile"
}

func (s *Server) cookieToken(r *http.Request) string {
	c, err := r.Cookie(s.cookieName())
	if err != nil || len(c.Value) != 43 {
		return ""
	}
	return c.Value
}

func hashToken(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// sessionStore keeps gorilla sessions in PostgreSQL. The cookie holds 32 random bytes, the table only their hash; a
// session whose user changes gets a new token, so that one fixed before sign-in is worth nothing after it.
type sessionStore struct{ s *Server }

var _ sessions.Store = sessionStore{}

const (
	sessionUser  = "user"
	sessionRenew = "renew" // set to get a new token with the next save
)

// Get returns the session of the request, once per request.
func (st sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(st, name)
}

// New returns the session of the request as visit found it, or an empty new one.
func (st sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(st, name)
	session.Options = &sessions.Options{Path: "/", HttpOnly: true, Secure: st.s.secure, SameSite: http.SameSiteLaxMode,
		MaxAge: int(store.SessionAbsolute.Seconds())}
	v := visitOf(r)
	session.IsNew = v.Session.ID == 0
	if !session.IsNew {
		session.ID = v.token
		session.Values[sessionUser] = v.Session.User
		for key, value := range v.Session.Data {
			session.Values[key] = value
		}
	}
	return session, nil
}

// Save writes the session; a negative MaxAge ends it.
func (st sessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	v := visitOf(r)
	ctx := r.Context()
	if session.Options.MaxAge < 0 {
		if session.ID != "" {
			if err := st.s.store.RemoveSession(ctx, hashToken(session.ID)); err != nil {
				return err
			}
		}
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
		return nil
	}
	user, _ := session.Values[sessionUser].(domain.UserID)
	renew := session.Values[sessionRenew] == true
	delete(session.Values, sessionRenew)
	data := map[string]any{}
	for key, value := range session.Values {
		if name, ok := key.(string); ok && name != sessionUser {
			data[name] = value
		}
	}
	if session.ID != "" && user == v.Session.User && !renew {
		return st.s.store.ChangeSession(ctx, hashToken(session.ID), data)
	}
	if session.ID != "" {
		if err := st.s.store.RemoveSession(ctx, hashToken(session.ID)); err != nil {
			return err
		}
	}
	session.ID = newToken()
	session.IsNew = false
	err := st.s.store.AddSession(ctx, store.AuthSession{TokenHash: hashToken(session.ID), User: user, Data: data,
		IP: middleware.GetClientIP(ctx), Agent: truncate(r.UserAgent(), 200)})
	if err != nil {
		return err
	}
	// A second save of the same request, such as that of a message, is one of the new session.
	v.Session.User, v.token = user, session.ID
	http.SetCookie(w, sessions.NewCookie(session.Name(), session.ID, session.Options))
	return nil
}

func truncate(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "")
	}
	return s
}

func (s *Server) session(r *http.Request) *sessions.Session {
	session, _ := sessionStore{s}.Get(r, s.cookieName()) // New never fails
	return session
}

// enter signs a person in. The token is always a new one, so that one planted before is worth nothing after.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, user domain.UserID) error {
	session := s.session(r)
	clear(session.Values)
	session.Values[sessionUser], session.Values[sessionRenew] = user, true
	return session.Save(r, w)
}

// leave signs a person out.
func (s *Server) leave(w http.ResponseWriter, r *http.Request) error {
	session := s.session(r)
	session.Options.MaxAge = -1
	return session.Save(r, w)
}

// flash is a message that the next page shows once.
type flash struct {
	Key   string         // message
	Args  map[string]any // its arguments
	Batch int64          // a batch that the message offers to undo; zero for none
}

const flashKey = "flash"

// seeOther sends the visitor on with a message; pairs are the message's arguments.
func (s *Server) seeOther(w http.ResponseWriter, r *http.Request, path, key string, pairs ...any) error {
	return s.seeOtherBatch(w, r, path, 0, key, pairs...)
}

// seeOtherBatch is seeOther with an offer to undo a batch.
func (s *Server) seeOtherBatch(w http.ResponseWriter, r *http.Request, path string, batch domain.BatchID, key string, pairs ...any) error {
	if key != "" {
		session := s.session(r)
		session.Values[flashKey] = map[string]any{"key": key, "args": domain.Args(pairs...), "batch": int64(batch)}
		if err := session.Save(r, w); err != nil {
			return err
		}
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// takeFlash returns the message that waits for this page, and forgets it.
func (s *Server) takeFlash(w http.ResponseWriter, r *http.Request) (flash, bool) {
	v := visitOf(r)
	waiting, ok := v.Session.Data[flashKey].(map[string]any)
	if !ok {
		return flash{}, false
	}
	session := s.session(r)
	delete(session.Values, flashKey)
	if err := session.Save(r, w); err != nil { // it would only be shown twice
		s.log.WarnContext(r.Context(), "message not cleared", "error", err)
	}
	f := flash{}
	f.Key, _ = waiting["key"].(string)
	f.Args, _ = waiting["args"].(map[string]any)
	if batch, ok := waiting["batch"].(float64); ok {
		f.Batch = int64(batch)
	}
	return f, f.Key != ""
}
