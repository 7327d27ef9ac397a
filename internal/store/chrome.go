package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// Chrome is what the frame of every page counts. The numbers come from stored counters and small indexes, never from
// counting fields.
type Chrome struct {
	Fields  int64 `db:"-"`
	Unused  int64 `db:"-"`
	Pending int64 `db:"pending"` // mappings that wait for a DPO
	// Fields without a category: those for which one is suggested, and the others.
	Suggested   int64 `db:"suggested"`
	Unsuggested int64 `db:"unsuggested"`
	// The running work that the frame shows, an import or a batch; zero for none.
	Import    domain.ImportID `db:"import"`
	Batch     domain.BatchID  `db:"batch"`
	WorkDone  int64           `db:"work_done"`
	WorkTotal int64           `db:"work_total"`
}

// frameQuery is what the frame asks, beside what else a page asks: its counts, and the stamps of what is kept in memory.
type frameQuery struct{ rows []frameRow }

type frameRow struct {
	Chrome
	tallyStamp
	landscapeStamp
}

// around tells the state of the landscape that was asked for with the frame.
func (q *frameQuery) around() landQuery {
	return landQuery{mapSlice(q.rows, func(r frameRow) landscapeStamp { return r.landscapeStamp })}
}

func (q *frameQuery) queue(b *pgx.Batch, by domain.Actor) {
	queue(b, &q.rows, `
		select t.changes, t.fold, (`+landscapeStampSQL+`) as stamp, (select coalesce(sum(n), 0)::bigint from mapping_tally where workspace_id = @ws)
				- (select coalesce(sum(n), 0)::bigint from review_tally where workspace_id = @ws and standing <> 'open') as pending,
			u.suggested, u.unsuggested,
			coalesce(i.id, 0) as import, case when i.id is null then coalesce(b.id, 0) else 0 end as batch,
			coalesce(i.rows_read, b.rows_done, 0) as work_done, coalesce(case when i.id is null then b.rows_total else i.rows_total end, 0) as work_total
		from (`+tallyStampSQL+`) t
		cross join (select coalesce(sum(suggested), 0)::bigint as suggested, coalesce(sum(unsuggested), 0)::bigint as unsuggested
			from suggestion_count where workspace_id = @ws) u
		left join lateral (select id, rows_read, rows_total from import
			where workspace_id = @ws and state in ('reading', 'applying') order by id desc limit 1) i on true
		left join lateral (select batch_id as id, rows_done, rows_total from batch_work
			where workspace_id = @ws and state in ('applying', 'undoing') order by batch_id desc limit 1) b on true`, pgx.StrictNamedArgs{"ws": by.Workspace})
}

// Chrome returns the counts of the frame.
func (s *Store) Chrome(ctx context.Context, by domain.Actor) (c Chrome, err error) {
	if a := alongOf(ctx); a.answered(by) {
		return s.chromeOf(ctx, by, &a.frame)
	}
	var b pgx.Batch
	q := s.frame(ctx, &b, by)
	if err := s.glance(ctx, by, &b); err != nil {
		return c, err
	}
	return s.chromeOf(ctx, by, q)
}

// frame asks for the frame, by a batch that is about to be sent: it goes along with it where the request asks for it anyway.
func (s *Store) frame(ctx context.Context, b *pgx.Batch, by domain.Actor) *frameQuery {
	if a := alongOf(ctx); a.goes(s, by) {
		return &a.frame
	}
	q := &frameQuery{}
	q.queue(b, by)
	return q
}

// chromeOf adds the numbers that are kept in memory to what was read.
func (s *Store) chromeOf(ctx context.Context, by domain.Actor, q *frameQuery) (c Chrome, err error) {
	c = q.rows[0].Chrome
	stamp := q.rows[0].tallyStamp
	if !by.AsOf.IsZero() {
		stamp = tallyStamp{}
	}
	counted, found := s.tallies.get(momentOf(by), stamp)
	if !found {
		err = s.Read(ctx, by, func(s *Store) error {
			counted, err = s.counters(ctx, by)
			return err
		})
		if err != nil {
			return c, err
		}
	}
	c.Fields, c.Unused = counted.fields, counted.unused
	return c, nil
}
