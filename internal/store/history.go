package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// HistoryQuery narrows the history of a workspace. The zero value is all of it.
type HistoryQuery struct {
	Kind  string // of the subjects
	Actor domain.UserID
	From  *time.Time // first day
	To    *time.Time // last day
	// Before is the event behind which to go on; zero begins with the newest.
	Before domain.EventID
	// Shown are acts on many records that were told already, so that the rest of their events is left out.
	Shown []domain.BatchID
}

// HistoryPage is a page of the history, the newest first. An act on many records is told once, by its newest event.
type HistoryPage struct {
	Events []domain.Event
	Acts   map[domain.BatchID]int64 // how many records each act changed
	Next   *HistoryQuery            // the page behind; nil on the last
}

// History returns a page of at most so many entries.
func (s *Store) History(ctx context.Context, by domain.Actor, q HistoryQuery, most int) (page HistoryPage, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		told := slices.Clone(q.Shown)
		for more := true; more && page.Next == nil; {
			var rows []eventRow
			if rows, err = s.historyRows(ctx, by, q, told, most+1); err != nil {
				return err
			}
			more = len(rows) > most
			for _, r := range rows {
				if r.BatchID != nil && slices.Contains(told, *r.BatchID) {
					q.Before = r.ID
					continue
				}
				if len(page.Events) == most {
					next := q
					next.Shown = lastTold(page.Events)
					page.Next = &next
					break
				}
				q.Before = r.ID
				page.Events = append(page.Events, r.event())
				if r.BatchID != nil {
					told = append(told, *r.BatchID)
				}
			}
		}
		page.Acts, err = s.actSizes(ctx, by, told)
		return err
	})
	return page, err
}

// lastTold are the acts that a page tells: the events that follow may belong to one of them.
func lastTold(events []domain.Event) []domain.BatchID {
	for _, e := range slices.Backward(events) {
		if e.Batch != 0 {
			return []domain.BatchID{e.Batch}
		}
	}
	return nil
}

func (s *Store) historyRows(ctx context.Context, by domain.Actor, q HistoryQuery, told []domain.BatchID, most int) ([]eventRow, error) {
	c := conditions{args: pgx.StrictNamedArgs{"ws": by.Workspace}}
	c.add("workspace_id = @ws")
	if q.Kind != "" {
		c.add("subject_kind = " + c.arg(q.Kind))
	}
	if q.Actor != 0 {
		c.add("actor_id = " + c.arg(q.Actor))
	}
	if q.From != nil {
		c.add("at >= " + c.arg(*q.From))
	}
	if q.To != nil {
		c.add("at < " + c.arg(q.To.AddDate(0, 0, 1)))
	}
	if q.Before != 0 {
		c.add("id < " + c.arg(int64(q.Before)))
	}
	if len(told) > 0 {
		c.add("(batch_id is null or batch_id <> all(" + c.arg(mapSlice(told, func(b domain.BatchID) int64 { return int64(b) })) + "))")
	}
	return many[eventRow](ctx, s, "event", "select "+eventCols+" from event where "+c.sql()+" order by id desc limit "+c.arg(most), c.args)
}

func (s *Store) actSizes(ctx context.Context, by domain.Actor, ids []domain.BatchID) (map[domain.BatchID]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	type act struct {
		ID      domain.BatchID `db:"id"`
		Changed int64          `db:"changed"`
	}
	rows, err := many[act](ctx, s, "batch", `select id, changed from batch where workspace_id = @ws and id = any(@ids)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "ids": mapSlice(ids, func(b domain.BatchID) int64 { return int64(b) })})
	sizes := map[domain.BatchID]int64{}
	for _, r := range rows {
		sizes[r.ID] = r.Changed
	}
	return sizes, err
}
