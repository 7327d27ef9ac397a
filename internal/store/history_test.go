package store_test

import (
	"fmt"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// A person's own view is theirs: neither its name nor what it looks for is told to others.
func TestHistoryDoesNotTellOfOwnViews(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	for _, shared := range []bool{false, true} {
		id, err := w.Store.AddView(t.Context(), by, domain.View{Register: "fields", Name: fmt.Sprint("shared ", shared), Query: "q=dupont", Shared: shared})
		if err == nil {
			err = w.Store.RemoveView(t.Context(), by, id)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := texts(t, w.Owner, "select verb || ' ' || subject_name from event order by id"); len(got) != 2 || got[0] != "view.added shared true" || got[1] != "view.removed shared true" {
		t.Errorf("the history tells %q", got)
	}
}

func TestHistoryTellsEveryEventOnce(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, dpo := w.Admin(), w.Acme[domain.RoleDPO]
	var batch int64
	if err := w.Owner.QueryRow(t.Context(), `insert into batch (workspace_id, kind, changed) values ($1, 'link', 120) returning id`, by.Workspace).Scan(&batch); err != nil {
		t.Fatal(err)
	}
	event := func(actor domain.Actor, kind string, day int, batch *int64) {
		w.Exec(t, `insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, at, batch_id)
			values ($1, $2, $3, $4 || '.changed', $4, 1, 'x', '2026-01-01'::timestamptz + $5 * interval '1 day', $6)`, actor.Workspace, actor.User, actor.Name, kind, day, batch)
	}
	for day := range 40 {
		event(by, "field", day, nil)
	}
	for range 120 {
		event(by, "field", 40, &batch)
	}
	event(dpo, "purpose", 41, nil)
	event(w.Other[domain.RoleAdmin], "field", 41, nil)

	walk := func(q store.HistoryQuery) (events []domain.Event) {
		for range 100 {
			page, err := w.Store.History(t.Context(), by, q, 7)
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, page.Events...)
			if page.Next == nil {
				return events
			}
			q = *page.Next
		}
		t.Fatal("the history does not end")
		return nil
	}
	day := func(d int) *time.Time { t := time.Date(2026, 1, 1+d, 0, 0, 0, 0, time.UTC); return &t }
	for name, c := range map[string]struct {
		q    store.HistoryQuery
		want int
	}{
		"all":            {store.HistoryQuery{}, 42}, // 40, the act once, and the purpose
		"fields":         {store.HistoryQuery{Kind: "field"}, 41},
		"one person":     {store.HistoryQuery{Actor: dpo.User}, 1},
		"from a day":     {store.HistoryQuery{From: day(39)}, 3},
		"until a day":    {store.HistoryQuery{To: day(2)}, 3},
		"between":        {store.HistoryQuery{From: day(3), To: day(5)}, 3},
		"nobody's":       {store.HistoryQuery{Actor: w.Other[domain.RoleAdmin].User}, 0},
		"unknown kind":   {store.HistoryQuery{Kind: "nonsense"}, 0},
		"from the third": {store.HistoryQuery{Kind: "purpose", To: day(50)}, 1},
	} {
		events := walk(c.q)
		seen := map[domain.EventID]bool{}
		for i, e := range events {
			if seen[e.ID] || i > 0 && events[i-1].ID < e.ID {
				t.Errorf("%s: event %d comes twice or out of order", name, e.ID)
			}
			seen[e.ID] = true
		}
		if len(events) != c.want {
			t.Errorf("%s: %d events, want %d", name, len(events), c.want)
		}
	}
	page, err := w.Store.History(t.Context(), by, store.HistoryQuery{}, 7)
	if err != nil || page.Acts[domain.BatchID(batch)] != 120 {
		t.Errorf("size of the act: %v, %v", page.Acts, err)
	}
}
