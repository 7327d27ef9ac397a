package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// lockQuestion locks the mappings of the question that a mapping is part of. Conflict where anything in it is not as it was seen.
func (s *Store) lockQuestion(ctx context.Context, by domain.Actor, first domain.MappingID, seen string) ([]mappingRow, error) {
	rows, err := s.lockMappings(ctx, by, `m.state = 'proposed' and m.id in (select mapping_id from review_item
			where workspace_id = @ws and question = (select question from review_item where workspace_id = @ws and mapping_id = @first))`,
		pgx.StrictNamedArgs{"first": first})
	if err == nil && (len(rows) == 0 || seenOf(rows) != seen) {
		err = s.overtaken(ctx, by, first)
	}
	return rows, err
}

// overtaken is the Conflict that says what became of a question while somebody had it before them.
func (s *Store) overtaken(ctx context.Context, by domain.Actor, first domain.MappingID) error {
	rows, err := many[mappingRow](ctx, s, "mapping", mappingSelect+` and m.id = @first`, pgx.StrictNamedArgs{"ws": by.Workspace, "first": first})
	if err != nil {
		return err
	}
	if len(rows) == 0 || rows[0].State == string(domain.MappingProposed) {
		return domain.Errorf(domain.Conflict, "review.overtaken.changed")
	}
	if deref(rows[0].DecidedBy) == by.User {
		return domain.Errorf(domain.Conflict, "review.overtaken.own")
	}
	return domain.Errorf(domain.Conflict, "review.overtaken."+rows[0].State, "name", rows[0].Decider)
}

// onQuestion does something to the mappings of a question, as it was seen, in the name of a reviewer.
func (s *Store) onQuestion(ctx context.Context, by domain.Actor, first domain.MappingID, seen string, do func(*Store, []mappingRow) error) error {
	if err := by.Must(domain.ReviewMapping); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		rows, err := s.lockQuestion(ctx, by, first, seen)
		if err != nil {
			return err
		}
		return do(s, rows)
	})
}

// ReviewGroup answers the question that a mapping is part of, as it was seen. Conflict where anything in it changed since.
func (s *Store) ReviewGroup(ctx context.Context, by domain.Actor, first domain.MappingID, seen string, a Answer) (done Answered, err error) {
	err = s.onQuestion(ctx, by, first, seen, func(s *Store, rows []mappingRow) error {
		done, err = s.reviewRows(ctx, by, rows, a, len(rows) == 1)
		return err
	})
	return done, err
}

// RedirectGroup refuses the mappings of a question and proposes another purpose for their fields, with the same justification and
// in the name of the reviewer: one act, undone as a whole. Who may not approve their own proposals leaves these to another.
func (s *Store) RedirectGroup(ctx context.Context, by domain.Actor, first domain.MappingID, seen string, purpose domain.PurposeID, reason string) (done Answered, err error) {
	err = s.onQuestion(ctx, by, first, seen, func(s *Store, rows []mappingRow) error {
		if purpose == rows[0].PurposeID {
			purpose = 0 // the same is no other
		}
		if err := s.checkOpenPurpose(ctx, by, purpose); err != nil {
			return err
		}
		if done, err = s.reviewRows(ctx, by, rows, Answer{Reason: reason, Purpose: purpose}, len(rows) == 1); err != nil || done.Done == 0 {
			return err
		}
		fields, err := many[int64](ctx, s, "mapping", `with proposed as (
				insert into purpose_mapping (workspace_id, field_id, purpose_id, justification, proposed_by)
				select workspace_id, field_id, @purpose, justification, @by from purpose_mapping
				where workspace_id = @ws and id = any(@ids) and state = 'rejected'
				on conflict (workspace_id, field_id, purpose_id) do nothing returning field_id, justification
			), told as (
				insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, after, reason, batch_id)
				select @ws, @by, @by_name, 'field.mapped', 'field', f.id, f.name, jsonb_build_object('purpose', @purpose::bigint,
					'justification', x.justification, 'mapping', 'proposed'), @reason, @batch
				from proposed x join field f on f.workspace_id = @ws and f.id = x.field_id)
			select field_id from proposed`, pgx.StrictNamedArgs{"ws": by.Workspace, "purpose": purpose, "by": zeroNull(by.User), "by_name": by.Name,
			"reason": reason, "batch": done.Batch, "ids": mapSlice(rows, func(r mappingRow) int64 { return int64(r.ID) })})
		if err != nil {
			return err
		}
		return s.judge(ctx, by, fields)
	})
	return done, err
}

// SnoozeGroup puts a question off until a day, on which it comes back by itself.
func (s *Store) SnoozeGroup(ctx context.Context, by domain.Actor, first domain.MappingID, seen string, until *time.Time) error {
	if err := domain.NewSnooze(until, s.now().UTC()); err != nil {
		return err
	}
	return s.onQuestion(ctx, by, first, seen, func(s *Store, rows []mappingRow) error {
		if _, err := s.exec(ctx, "review", `insert into review_snooze (workspace_id, mapping_id, until, snoozed_by)
			select @ws, id, @until, @by from unnest(@ids::bigint[]) id
			on conflict (workspace_id, mapping_id) do update set until = excluded.until, snoozed_by = excluded.snoozed_by, snoozed_at = clock_timestamp()`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "ids": mapSlice(rows, func(r mappingRow) int64 { return int64(r.ID) }), "until": until,
				"by": zeroNull(by.User)}); err != nil {
			return err
		}
		return s.tellQuestion(ctx, by, rows, "field.mapping_snoozed", map[string]any{"snooze_until": until.Format(time.DateOnly)}, "")
	})
}

// WakeGroup brings back at once what was put off.
func (s *Store) WakeGroup(ctx context.Context, by domain.Actor, first domain.MappingID, seen string) error {
	return s.onQuestion(ctx, by, first, seen, func(s *Store, rows []mappingRow) error {
		if _, err := s.exec(ctx, "review", `delete from review_snooze where workspace_id = @ws and mapping_id = any(@ids)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "ids": mapSlice(rows, func(r mappingRow) int64 { return int64(r.ID) })}); err != nil {
			return err
		}
		return s.tellQuestion(ctx, by, rows, "field.mapping_woken", nil, "")
	})
}

// WithdrawGroup takes back what was asked about a question: it waits for a DPO again. Conflict where it has been answered.
func (s *Store) WithdrawGroup(ctx context.Context, by domain.Actor, first domain.MappingID, seen string) error {
	return s.onQuestion(ctx, by, first, seen, func(s *Store, rows []mappingRow) error {
		done, err := s.exec(ctx, "thread", `update review_thread set answered_at = @now where workspace_id = @ws and id = @id and answered_at is null`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": deref(rows[0].ThreadID), "now": s.now()})
		if err == nil && done == 0 {
			err = domain.Errorf(domain.Conflict, "review.answered_already")
		}
		if err != nil {
			return err
		}
		return s.tellQuestion(ctx, by, rows, "field.mapping_withdrawn", nil, "")
	})
}

// tellQuestion writes in the history of each field what was done to a question, and gives it its new place in the queue.
func (s *Store) tellQuestion(ctx context.Context, by domain.Actor, rows []mappingRow, verb string, after map[string]any, reason string) error {
	fields := make([]int64, len(rows))
	events := make([]domain.Event, len(rows))
	for i, r := range rows {
		fields[i] = int64(r.FieldID)
		named := map[string]any{"purpose": int64(r.PurposeID)}
		for name, value := range after {
			named[name] = value
		}
		events[i] = domain.Event{Verb: verb, Subject: domain.Subject{Kind: domain.SubjectField, ID: int64(r.FieldID), Name: r.FieldName}, After: named, Reason: reason}
	}
	if err := s.record(ctx, by, events...); err != nil {
		return err
	}
	return s.lineUp(ctx, by, fields)
}

// TakeQuestion tells other reviewers for some minutes that the actor has a question before them. Whoever takes another lets go of
// the one before; it is a courtesy, and no lock: what protects an answer is the version that it was given to.
func (s *Store) TakeQuestion(ctx context.Context, by domain.Actor, question string) error {
	return s.Write(ctx, by, func(s *Store) error {
		_, err := s.exec(ctx, "review", `insert into review_lease (workspace_id, user_id, question, until) values (@ws, @me, @question, @until)
			on conflict (workspace_id, user_id) do update set question = excluded.question, until = excluded.until
				where review_lease.question <> excluded.question or review_lease.until < excluded.until - interval '1 minute'`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "me": by.User, "question": question, "until": s.now().Add(domain.LeaseMinutes * time.Minute)})
		return err
	})
}

// ReleaseQuestion lets go of a question that the actor had before them; one that they have taken since stays.
func (s *Store) ReleaseQuestion(ctx context.Context, by domain.Actor, question string) error {
	return s.Write(ctx, by, func(s *Store) error {
		_, err := s.exec(ctx, "review", `delete from review_lease where workspace_id = @ws and user_id = @me and question = @question`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "me": by.User, "question": question})
		return err
	})
}

// reviewKinds are the acts that answer mappings.
var reviewKinds = []string{string(domain.BulkApprove), string(domain.BulkReject), string(domain.BulkRedirect)}

// LastAct is the actor's last act at the desk that can be taken back. Zero where there is none.
type LastAct struct {
	Batch domain.Batch          // that answered mappings; zero where a question was asked or put off
	First domain.MappingID      // of the question that was asked or put off
	Seen  string                // as it is now
	Now   domain.ReviewStanding // where it stands since: asked or snoozed
}

// LastAct returns what the actor last did at the desk within a day and can take back: an answer that is not undone, a question that
// has no answer yet, or what is still put off.
func (s *Store) LastAct(ctx context.Context, by domain.Actor) (last LastAct, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "me": int64(by.User), "kinds": reviewKinds, "since": s.now().AddDate(0, 0, -1)}
		answers, err := many[batchRow](ctx, s, "batch", batchSelect+` where b.workspace_id = @ws and b.actor_id = @me and b.kind = any(@kinds)
			and b.undone_at is null and b.created_at > @since order by b.id desc limit 1`, args)
		if err != nil {
			return err
		}
		args["answered"] = args["since"]
		if len(answers) == 1 {
			last.Batch = answers[0].batch()
			args["answered"] = last.Batch.CreatedAt
		}
		delete(args, "kinds")
		delete(args, "since")
		type act struct {
			First domain.MappingID      `db:"first"`
			Now   domain.ReviewStanding `db:"now"`
			Seen  string                `db:"seen"`
		}
		acts, err := many[act](ctx, s, "review", `with act as (
				(select m.id, t.asked_at as at, 'asked' as now from review_thread t join purpose_mapping m on m.workspace_id = t.workspace_id and m.thread_id = t.id
					where t.workspace_id = @ws and t.asked_by = @me and t.answered_at is null and t.asked_at > @answered order by t.asked_at desc limit 1)
				union all
				(select mapping_id, snoozed_at, 'snoozed' from review_snooze
					where workspace_id = @ws and snoozed_by = @me and snoozed_at > @answered order by snoozed_at desc limit 1)
			)
			select x.first, x.now, (select `+groupSeen+` from review_item i join purpose_mapping m on m.workspace_id = i.workspace_id and m.id = i.mapping_id
				where i.workspace_id = @ws and i.question = x.question) as seen
			from (select i.question, i.standing as now, q.first from act join review_item i on i.workspace_id = @ws and i.mapping_id = act.id and i.standing = act.now
				join review_question q on q.workspace_id = @ws and q.question = i.question order by act.at desc limit 1) x`, args)
		if err == nil && len(acts) == 1 {
			last = LastAct{First: acts[0].First, Seen: acts[0].Seen, Now: acts[0].Now}
		}
		return err
	})
	return last, err
}

// FirstOfAnswer returns a mapping that an answer was about, now that it waits again; zero for none.
func (s *Store) FirstOfAnswer(ctx context.Context, by domain.Actor, id domain.BatchID) (first domain.MappingID, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		first, err = one[domain.MappingID](ctx, s, "mapping", `select coalesce(min(i.mapping_id), 0) from event e
			join purpose_mapping m on m.workspace_id = e.workspace_id and m.field_id = e.subject_id and m.purpose_id = (e.after->>'purpose')::bigint
			join review_item i on i.workspace_id = m.workspace_id and i.mapping_id = m.id
			where e.workspace_id = @ws and e.batch_id = @id and e.verb in ('field.mapping_approved', 'field.mapping_rejected')`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
	return first, err
}
