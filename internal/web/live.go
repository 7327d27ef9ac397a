package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
)

// Screens that show the same of a workshop share what is rendered for them: it is made once for each state of the workshop,
// audience and language, however many screens there are. What happens comes from PostgreSQL, so that any number of server
// processes show one workshop.

// audience is who looks at a stream.
type audience string

const (
	onScreen audience = "screen" // projected, nobody leads from it
	onLead   audience = "lead"   // projected, by somebody who leads from it
	onPanel  audience = "panel"
	onPhone  audience = "phone"
)

// Times of streams.
const (
	livePing     = 15 * time.Second // so that proxies and telephones know that the stream is alive
	liveWrite    = 10 * time.Second // after which a screen that takes nothing is given up
	liveRetry    = time.Second      // until a lost connection to the database is made again
	liveMost     = 20_000           // streams of one process
	listenLinger = 30 * time.Second // for how long the process listens on after the last screen has left
)

type roomKey struct {
	workspace domain.WorkspaceID
	workshop  domain.WorkshopID
}

// renderLive writes what an audience sees of a workshop.
type renderLive func(ctx context.Context, to audience, l store.WorkshopLive) ([]byte, error)

// hub holds the rooms of one server process.
type hub struct {
	store  *store.Store
	warn   func(text string, err error)
	render renderLive
	ended  chan struct{} // closed when the server stops
	end    sync.Once

	mu     sync.Mutex
	rooms  map[roomKey]*room
	count  int
	stop   context.CancelFunc // of the listener; nil where none runs
	linger *time.Timer
}

func newHub(st *store.Store, render renderLive, warn func(string, error)) *hub {
	return &hub{store: st, render: render, warn: warn, ended: make(chan struct{}), rooms: map[roomKey]*room{}}
}

// room is a workshop that somebody in this process looks at.
type room struct {
	key     roomKey
	screens int // guarded by the hub
	leave   context.CancelFunc
	wake    chan struct{} // holds one
	whole   atomic.Bool   // more than the counters changed

	mu      sync.Mutex
	now     *moment
	changed chan struct{} // closed at the next moment
}

// moment is a state of a workshop with what screens are sent of it.
type moment struct {
	seq   int64 // of counters and all
	whole int64 // seq at which more than counters changed
	live  store.WorkshopLive
	tick  []byte
	pages *livePages
}

// livePages are rendered when the first screen asks for them, and shared by moments that differ in counters only.
type livePages struct {
	mu   sync.Mutex
	made map[string][]byte
}

// enter takes a screen into a room; ok is false where the process has as many as it can. The caller leaves it again.
func (h *hub) enter(key roomKey) (r *room, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count >= liveMost {
		return nil, false
	}
	h.count++
	r = h.rooms[key]
	if r == nil {
		ctx, cancel := context.WithCancel(context.Background())
		r = &room{key: key, leave: cancel, wake: make(chan struct{}, 1), changed: make(chan struct{})}
		h.rooms[key] = r
		r.rouse(true)
		go h.follow(ctx, r)
	}
	r.screens++
	if h.linger != nil {
		h.linger.Stop()
		h.linger = nil
	}
	if h.stop == nil {
		ctx, cancel := context.WithCancel(context.Background())
		h.stop = cancel
		go h.listen(ctx)
	}
	return r, true
}

func (h *hub) exit(r *room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count--
	if r.screens--; r.screens == 0 {
		delete(h.rooms, r.key)
		r.leave()
	}
	if len(h.rooms) == 0 && h.stop != nil {
		stop := h.stop
		h.linger = time.AfterFunc(listenLinger, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			if len(h.rooms) == 0 && h.stop != nil {
				h.stop = nil
				stop()
			}
		})
	}
}

// close ends every stream, so that the server can stop.
func (h *hub) close() {
	h.end.Do(func() { close(h.ended) })
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stop != nil {
		h.stop()
		h.stop = nil
	}
}

// listen hears of changes until the context ends. After every loss of the connection all rooms read again: they may have
// missed something, and until it is back they do so every second.
func (h *hub) listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := h.store.ListenWorkshops(ctx, h.rouseAll, func(n store.WorkshopNews) {
			h.mu.Lock()
			r := h.rooms[roomKey{n.Workspace, n.Workshop}]
			h.mu.Unlock()
			if r != nil {
				r.rouse(!n.VoteOnly)
			}
		})
		if ctx.Err() != nil {
			return
		}
		h.warn("workshop news lost", err)
		select {
		case <-ctx.Done():
		case <-time.After(liveRetry):
			h.rouseAll()
		}
	}
}

func (h *hub) rouseAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.rooms {
		r.rouse(true)
	}
}

func (r *room) rouse(whole bool) {
	if whole {
		r.whole.Store(true)
	}
	select {
	case r.wake <- struct{}{}:
	default: // it is awake, and reads what is there then
	}
}

// follow reads the workshop whenever something changed. What changes while it reads is read together after it.
func (h *hub) follow(ctx context.Context, r *room) {
	by := domain.Actor{Workspace: r.key.workspace}
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		whole := r.whole.Swap(false)
		if err := h.look(ctx, r, by, whole); err != nil && ctx.Err() == nil {
			h.warn("workshop not read", err)
			if whole {
				r.whole.Store(true)
			}
			time.AfterFunc(liveRetry, func() { r.rouse(false) })
		}
	}
}

func (h *hub) look(ctx context.Context, r *room, by domain.Actor, whole bool) error {
	was, _ := r.state()
	next := &moment{seq: 1, whole: 1, pages: &livePages{made: map[string][]byte{}}}
	if was != nil {
		next.seq, next.whole = was.seq+1, was.seq+1
	}
	var err error
	if whole || was == nil {
		next.live, err = h.store.LiveWorkshop(ctx, by, r.key.workshop)
	} else {
		next.live, next.whole, next.pages = was.live, was.whole, was.pages
		next.live.Counts, err = h.store.LiveCounts(ctx, by, r.key.workshop)
		if next.live.Counts == was.live.Counts {
			return err
		}
	}
	if err != nil {
		return err
	}
	if next.tick, err = tickEvent(next.live); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = next
	close(r.changed)
	r.changed = make(chan struct{})
	return nil
}

// state is the present moment, nil before the first, and what is closed when it is over.
func (r *room) state() (*moment, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now, r.changed
}

// tickEvent holds the counters that votes move.
func tickEvent(l store.WorkshopLive) ([]byte, error) {
	c := l.Counts
	body, err := json.Marshal(map[string]int{"voted": c.Voted, "voters": c.Voters, "present": c.Present, "cast": c.Cast, "ballots": c.Votable * c.Voters,
		"kept": c.Kept, "dropped": c.Dropped, "collect": c.Collect, "review": c.Review, "left": c.Left, "parked": c.Parked})
	return event("tick", body), err
}

// event writes a server-sent event.
func event(name string, data []byte) []byte {
	var b bytes.Buffer
	b.WriteString("event: " + name + "\n")
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		b.WriteString("data: ")
		b.Write(bytes.TrimRight(line, "\r"))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// page is what an audience is sent of the whole workshop.
func (m *moment) page(h *hub, to audience, lang i18n.Language) ([]byte, error) {
	m.pages.mu.Lock()
	defer m.pages.mu.Unlock()
	name := string(to) + string(lang)
	if made, ok := m.pages.made[name]; ok {
		return made, nil
	}
	// The context of no request: others are sent the same.
	html, err := h.render(i18n.WithLang(context.Background(), lang), to, m.live)
	if err != nil {
		return nil, err
	}
	made := event("page", html)
	m.pages.made[name] = made
	return made, nil
}

// stream sends a workshop to a screen until it leaves. May tells, of each page before it is sent, whether whoever opened the stream
// still sees it: streams are open for hours.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, key roomKey, to audience, may func(store.WorkshopLive) (bool, error)) error {
	room, ok := s.live.enter(key)
	if !ok {
		return domain.Errorf(domain.Unavailable, "error.unavailable")
	}
	defer s.live.exit(room)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // a server without deadlines needs none taken off
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	send := func(parts ...[]byte) error {
		_ = control.SetWriteDeadline(time.Now().Add(liveWrite))
		for _, part := range parts {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return control.Flush()
	}
	lang, ping := i18n.Lang(r.Context()), time.NewTicker(livePing)
	defer ping.Stop()
	hello := event("hello", []byte(strconv.FormatInt(s.now().UnixMilli(), 10)))
	if err := send([]byte("retry: 1000\n"), hello); err != nil {
		return nil // the screen has left
	}
	var seen moment
	for {
		now, changed := room.state()
		if now != nil && now.seq != seen.seq {
			var parts [][]byte
			if now.whole != seen.whole {
				sees, err := may(now.live)
				if err != nil {
					s.log.WarnContext(r.Context(), "workshop visitor not known", "error", err, "request", middleware.GetReqID(r.Context()))
					return nil // the screen asks again
				}
				if !sees {
					_ = send(event("gone", nil)) // the stream ends anyway
					return nil
				}
				page, err := now.page(s.live, to, lang)
				if err != nil {
					s.log.ErrorContext(r.Context(), "workshop page not made", "error", err, "request", middleware.GetReqID(r.Context()))
					return nil // the screen asks again
				}
				parts = append(parts, page)
			}
			if send(append(parts, now.tick)...) != nil {
				return nil
			}
			seen = moment{seq: now.seq, whole: now.whole}
		}
		select {
		case <-changed:
		case <-ping.C:
			if send(event("ping", nil)) != nil {
				return nil
			}
		case <-r.Context().Done():
			return nil
		case <-s.live.ended:
			return nil
		}
	}
}

// wantsStream tells whether a request comes from an event stream, and not from a person who opened its address.
func wantsStream(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Accept"), "text/event-stream")
}

// EndStreams ends every event stream: called when the server stops, which would wait for them otherwise.
func (s *Server) EndStreams() { s.live.close() }
