package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// Overview is what the stored counters of fields in use add up to. It is kept with them: whoever gets it only reads it.
func (s *Store) Overview(ctx context.Context, by domain.Actor) (o domain.Overview, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		t, err := s.counters(ctx, by)
		if err == nil {
			o = t.overview()
		}
		return err
	})
	return o, err
}

// keepDay notes how many fields have which verdict as a day begins; again on the same day replaces it.
func (s *Store) keepDay(ctx context.Context, by domain.Actor, day time.Time) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "day": day}
	if _, err := s.exec(ctx, "report", `delete from verdict_day where workspace_id = @ws and day = @day`, args); err != nil {
		return err
	}
	_, err := s.exec(ctx, "report", `insert into verdict_day (workspace_id, day, application_id, verdict, n)
		select workspace_id, @day, application_id, verdict, sum(n) from field_tally
		where workspace_id = @ws and state = 'active' group by workspace_id, application_id, verdict having sum(n) > 0`, args)
	return err
}

// Days are the counts of the days since the given one, in order.
func (s *Store) Days(ctx context.Context, by domain.Actor, since time.Time) (days []domain.DayCount, err error) {
	type row struct {
		Day     time.Time      `db:"day"`
		Verdict domain.Verdict `db:"verdict"`
		N       int64          `db:"n"`
	}
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[row](ctx, s, "report", `select day, verdict, sum(n)::bigint as n from verdict_day
			where workspace_id = @ws and day >= @since group by day, verdict order by day`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "since": since})
		for _, r := range rows {
			if n := len(days); n == 0 || !days[n-1].Day.Equal(r.Day) {
				days = append(days, domain.DayCount{Day: r.Day, Verdicts: map[domain.Verdict]int64{}})
			}
			days[len(days)-1].Verdicts[r.Verdict] = r.N
		}
		return err
	})
	return days, err
}

// Waiting is what waits for one person, counted up to 1,000 each.
type Waiting struct {
	Mappings    int64 `db:"mappings"`    // proposed, of others
	Mine        int64 `db:"mine"`        // fields that the person owns and that are flagged for deletion
	Questions   int64 `db:"questions"`   // of a DPO, to be answered by the person
	Rejected    int64 `db:"rejected"`    // the person's proposals refused in the last 30 days
	Ending      int64 `db:"ending"`      // decisions to keep that end within 30 days
	Invitations int64 `db:"invitations"` // not yet accepted
	Suggested   int64 `db:"suggested"`   // fields without a category for which one is suggested
	Unsuggested int64 `db:"unsuggested"` // and those for which none is
}

// Waiting counts what waits for the actor.
func (s *Store) Waiting(ctx context.Context, by domain.Actor) (w Waiting, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		w, err = one[Waiting](ctx, s, "report", `select
			(select count(*) from (select from purpose_mapping m where workspace_id = @ws and state = 'proposed'
				and proposed_by is distinct from @me and not exists (select from review_item i where i.workspace_id = m.workspace_id
					and i.mapping_id = m.id and i.standing <> 'open') limit 1000) x) as mappings,
			(select count(*) from (select from field where workspace_id = @ws and owner_id = @me and state = 'active'
				and verdict in ('dormant', 'delete') and decision = '' limit 1000) x) as mine,
			(select count(*) from (select from review_thread t where t.workspace_id = @ws and `+askedOf+` limit 1000) x) as questions,
			(select count(*) from (select from purpose_mapping where workspace_id = @ws and proposed_by = @me and state = 'rejected'
				and decided_at > @month_ago limit 1000) x) as rejected,
			(select count(*) from (select from decision where workspace_id = @ws and withdrawn_at is null
				and until between @today and @in_a_month limit 1000) x) as ending,
			(select count(*) from (select from invitation where workspace_id = @ws and accepted_at is null and revoked_at is null
				and expires_at > @now limit 1000) x) as invitations,
			u.suggested, u.unsuggested
			from (select coalesce(sum(suggested), 0)::bigint as suggested, coalesce(sum(unsuggested), 0)::bigint as unsuggested
				from suggestion_count where workspace_id = @ws) u`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "me": int64(by.User), "now": s.now(), "today": domain.Day(s.now().UTC()),
				"month_ago": s.now().AddDate(0, -1, 0), "in_a_month": domain.Day(s.now().UTC()).AddDate(0, 0, 30)})
		return err
	})
	return w, err
}

// Lately returns the newest events about programs, purposes, imports, applications and the workspace since a moment:
// what a person should know of, without the changes of single fields.
func (s *Store) Lately(ctx context.Context, by domain.Actor, since time.Time, most int) (events []domain.Event, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[eventRow](ctx, s, "event", `select `+eventCols+` from event
			where workspace_id = @ws and subject_kind = any(@kinds) and at > @since order by id desc limit @most`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "since": since, "most": most, "kinds": []string{domain.SubjectProgram, domain.SubjectPurpose,
				domain.SubjectImport, domain.SubjectApplication, domain.SubjectWorkspace, domain.SubjectFlow}})
		events = mapSlice(rows, eventRow.event)
		return err
	})
	return events, err
}

// Beginnings tell how far a young workspace has come.
type Beginnings struct {
	Fields     bool `db:"fields"`
	Classified bool `db:"classified"`
	Linked     bool `db:"linked"`
	Mapped     bool `db:"mapped"`
	Decided    bool `db:"decided"`
}

// Beginnings tells which of the first steps were taken. Each question is asked in the order of an index: without one PostgreSQL
// expects to meet a row of this workspace soon, and reads those of all others until it does.
func (s *Store) Beginnings(ctx context.Context, by domain.Actor) (b Beginnings, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		b, err = one[Beginnings](ctx, s, "report", `select
			(select true from field where workspace_id = @ws order by workspace_id, id limit 1) is not null as fields,
			(select true from field where workspace_id = @ws and category_id is not null order by workspace_id, category_id limit 1) is not null as classified,
			(select true from program_link where workspace_id = @ws order by workspace_id, field_id limit 1) is not null as linked,
			(select true from purpose_mapping where workspace_id = @ws order by workspace_id, id limit 1) is not null as mapped,
			(select true from decision where workspace_id = @ws order by workspace_id, id limit 1) is not null as decided`, pgx.StrictNamedArgs{"ws": by.Workspace})
		return err
	})
	return b, err
}
