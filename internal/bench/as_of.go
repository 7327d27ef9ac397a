package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// How much past there is to look through.
const (
	pastMappings = 100_000
	pastEvents   = 1_000_000
	pastChanged  = 10_000 // rows of a statement whose cost is measured
)

// pastPages are pages of a day that is over, each with what one would ask of that day for it and nothing around it: the first rows
// with what they belong to, how many there are, and how many by each value that narrows the list.
var pastPages = []struct {
	name, path string
	bare       []string
}{
	{"fields", "/fields?verdict=delete", []string{
		`select f.id, f.name, f.label, f.verdict, f.flags, f.grade, d.name, a.name, c.label_en
			from (select * from field where workspace_id = $1 and verdict = 'delete' and state = 'active' and archived_at is null order by name, id limit 51) f
			join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
			join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
			left join data_category c on c.workspace_id = f.workspace_id and c.id = f.category_id order by f.name, f.id`,
		`select verdict, gdpr_class, application_id, category_id, owner_id, count(*) from field
			where workspace_id = $1 and state = 'active' and archived_at is null group by 1, 2, 3, 4, 5`,
	}},
	{"mappings", "/mappings?mapping=proposed", listBare},
	{"history", "/history?kind=field", []string{
		`select id, at, actor_name, verb, subject_name, before, after, reason from event
			where workspace_id = $1 and subject_kind = 'field' and at <= current_setting('app.as_of')::timestamptz order by id desc limit 51`,
		`select count(*) from (select from event where workspace_id = $1 and subject_kind = 'field' and at <= current_setting('app.as_of')::timestamptz limit 1001) x`,
	}},
}

// onDay asks of a day that is over what is asked of the tables: the views of past rows have their names.
func (b *bench) onDay(day time.Time, statements []string) side {
	return side{do: func(ctx context.Context, _ int) error {
		return pgx.BeginFunc(ctx, b.db.owner, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "set local search_path = asof, public; set local app.as_of = '"+day.Format(time.RFC3339)+"'"); err != nil {
				return err
			}
			for _, sql := range statements {
				if _, err := tx.Exec(ctx, sql, int64(b.db.by.Workspace)); err != nil {
					return err
				}
			}
			return nil
		})
	}}
}

// measureAsOf asks for pages of a day that is over, against their SQL alone, and against the same pages of today, which run the same
// queries on the tables themselves; and measures what keeping the past and sealing the history add to writing.
func measureAsOf(ctx context.Context, b *bench) error {
	if err := b.age(ctx); err != nil {
		return err
	}
	over := domain.EndOfDay(domain.Day(time.Now().UTC().AddDate(0, 0, -5)))
	day := "/w/bench@" + over.Format(time.DateOnly)
	for _, q := range pastPages {
		for _, path := range []string{day, "/w/bench"} {
			if _, err := b.app.get(ctx, path+q.path, b.db.cookie); err != nil {
				return err
			}
		}
		compared, err := b.compare(ctx, 1, b.side(b.app, b.db.cookie, []string{day + q.path}), b.side(b.app, b.db.cookie, []string{"/w/bench" + q.path}))
		if err != nil {
			return err
		}
		b.report.loads = append(b.report.loads, loadRow{q.name + " of a past day / of today", 1, compared})
		compared, err = b.compare(ctx, 1, b.side(b.app, b.db.cookie, []string{day + q.path}), b.onDay(over, q.bare))
		if err != nil {
			return err
		}
		b.report.loads = append(b.report.loads, loadRow{q.name + " of a past day / its SQL alone", 1, compared})
		b.report.atMost(q.name+" of a past day against its SQL", compared.p50, "×", 3)
	}
	return b.costOfPast(ctx)
}

// age makes everything forty days old, and gives it a past: events of every day, and a fifth of the mappings changed today.
func (b *bench) age(ctx context.Context) error {
	ws := int64(b.db.by.Workspace)
	if err := pgx.BeginFunc(ctx, b.db.owner, func(tx pgx.Tx) error {
		for _, sql := range []string{
			"set local session_replication_role = replica", // no trigger takes this for a change
			fmt.Sprintf(`insert into purpose_mapping (workspace_id, field_id, purpose_id, state)
				select $1, f.id, p.id, (array['proposed', 'approved', 'rejected'])[(f.id + p.id) %% 3 + 1]
				from field f join purpose p on p.workspace_id = f.workspace_id where f.workspace_id = $1
				order by p.id, f.id limit greatest(0, %d - (select count(*) from purpose_mapping where workspace_id = $1)) on conflict do nothing`, pastMappings),
			fmt.Sprintf(`insert into event (workspace_id, at, actor_name, verb, subject_kind, subject_id, subject_name)
				select $1, now() - interval '40 days' + i * interval '40 days' / %[1]d, 'Bench', 'updated', (array['field', 'mapping', 'program'])[i %% 3 + 1], i, 'x' || i
				from generate_series(1, %[1]d) i`, pastEvents),
			"update workspace set past_from = now() - interval '40 days' where id = $1",
		} {
			args := []any{ws}
			if sql[:3] == "set" {
				args = nil
			}
			if _, err := tx.Exec(ctx, sql, args...); err != nil {
				return err
			}
		}
		rows, err := tx.Query(ctx, "select relname::text from pg_class where relnamespace = 'past'::regnamespace and relkind = 'r'")
		if err != nil {
			return err
		}
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, t := range tables {
			if _, err := tx.Exec(ctx, "update "+pgx.Identifier{"public", t}.Sanitize()+" set valid_from = now() - interval '40 days' where workspace_id = $1", ws); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if _, err := b.db.owner.Exec(ctx, "update purpose_mapping set justification = justification || '.' where workspace_id = $1 and id % 5 = 0", ws); err != nil {
		return err
	}
	_, err := b.db.owner.Exec(ctx, "vacuum (analyze)")
	return err
}

// costOfPast measures one statement with the triggers of the product and without those that keep the past, or that seal;
// nothing of it stays.
func (b *bench) costOfPast(ctx context.Context) error {
	ws := int64(b.db.by.Workspace)
	for _, w := range []struct{ name, without, sql string }{
		{"change 10,000 mappings: with their past kept / without", `alter table purpose_mapping disable trigger purpose_mapping_past_update;
			alter table purpose_mapping disable trigger purpose_mapping_past_stamp`,
			`update purpose_mapping set justification = justification || '!' where (workspace_id, id) in (select workspace_id, id from purpose_mapping where workspace_id = $1 order by id limit $2)`},
		{"change 10,000 fields: with their past kept / without", `alter table field disable trigger field_past_update; alter table field disable trigger field_past_stamp`,
			`update field set description = description || '!' where (workspace_id, id) in (select workspace_id, id from field where workspace_id = $1 order by id limit $2)`},
		{"write 10,000 events: sealed / without", `alter table event disable trigger event_note_unsealed`,
			`insert into event (workspace_id, actor_name, verb, subject_kind, subject_id, subject_name) select $1, 'Bench', 'updated', 'field', i, 'x' || i from generate_series(1, $2) i`},
	} {
		var took [2][]time.Duration
		for range b.rounds {
			for i, without := range []string{"", w.without} {
				d, err := b.timed(ctx, without, w.sql, ws, pastChanged)
				if err != nil {
					return fmt.Errorf("%s: %w", w.name, err)
				}
				took[i] = append(took[i], d)
			}
		}
		with, bare := median(took[0]), median(took[1])
		b.report.note(w.name, "%.0f / %.0f ms, %.2f ×", ms(with), ms(bare), with.Seconds()/bare.Seconds())
	}
	return nil
}

// timed runs a statement and what it leaves for the end of its transaction, after a preparation that is not measured.
func (b *bench) timed(ctx context.Context, before, sql string, args ...any) (took time.Duration, err error) {
	undone := errors.New("undone")
	err = pgx.BeginFunc(ctx, b.db.owner, func(tx pgx.Tx) error {
		if before != "" {
			if _, err := tx.Exec(ctx, before); err != nil {
				return err
			}
		}
		began := time.Now()
		if _, err := tx.Exec(ctx, sql, args...); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "set constraints all immediate"); err != nil {
			return err
		}
		took = time.Since(began)
		return undone
	})
	if errors.Is(err, undone) {
		err = nil
	}
	return took, err
}
