package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"
)

// floorRoom is a workshop with nothing around it: a row and a notification a vote, and the bare count to every screen.
type floorRoom struct {
	mu      sync.Mutex
	counts  map[string]int
	changed chan struct{} // closed at the next vote
}

func (f floor) liveRoutes(ctx context.Context, r chi.Router) error {
	if _, err := f.pool.Exec(ctx, "create table if not exists bench_vote (card text, voter text, level smallint, primary key (card, voter))"); err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, f.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "listen bench_vote"); err != nil {
		return err
	}
	room := &floorRoom{counts: map[string]int{}, changed: make(chan struct{})}
	go func() {
		for {
			n, err := conn.WaitForNotification(ctx)
			if err != nil {
				return // the program ends
			}
			room.mu.Lock()
			room.counts[n.Payload]++
			close(room.changed)
			room.changed = make(chan struct{})
			room.mu.Unlock()
		}
	}()
	r.Post("/vote", func(w http.ResponseWriter, r *http.Request) {
		_, err := f.pool.Exec(r.Context(), `with kept as (insert into bench_vote values ($1, $2, 2)) select pg_notify('bench_vote', $1)`, r.PostFormValue("card"), r.PostFormValue("voter"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	r.Get("/live", room.follow)
	return nil
}

func (room *floorRoom) follow(w http.ResponseWriter, r *http.Request) {
	card, control := r.URL.Query().Get("card"), http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		room.mu.Lock()
		n, changed := room.counts[card], room.changed
		room.mu.Unlock()
		if _, err := fmt.Fprintf(w, "event: tick\ndata: {\"voted\":%d}\n\n", n); err != nil || control.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}
