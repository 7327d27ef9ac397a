package store

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type threadRow struct {
	ID          domain.ThreadID `db:"id"`
	Basis       string          `db:"basis"`
	AskedBy     *domain.UserID  `db:"asked_by"`
	AskedByName string          `db:"asked_by_name"`
	AskedAt     time.Time       `db:"asked_at"`
	AnsweredAt  *time.Time      `db:"answered_at"`
}

func (r threadRow) thread() domain.ReviewThread {
	return domain.ReviewThread{ID: r.ID, Basis: r.Basis, AskedBy: deref(r.AskedBy), AskedByName: r.AskedByName, AskedAt: r.AskedAt, AnsweredAt: r.AnsweredAt}
}

const threadCols = `t.id, t.basis, t.asked_by, t.asked_by_name, t.asked_at, t.answered_at`

func (s *Store) reviewThread(ctx context.Context, by domain.Actor, id domain.ThreadID) (*domain.ReviewThread, error) {
	r, err := one[threadRow](ctx, s, "thread", `select `+threadCols+` from review_thread t where t.workspace_id = @ws and t.id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	if err != nil {
		return nil, err
	}
	t := r.thread()
	messages, err := many[remarkRow](ctx, s, "remark", remarksOf, pgx.StrictNamedArgs{"ws": by.Workspace, "kind": domain.SubjectThread, "id": id})
	t.Messages = mapSlice(messages, remarkRow.remark)
	return &t, err
}

// AskGroup puts a question about the mappings of a question of the queue to those who proposed them, with the legal basis that
// the reviewer thinks of, where there is one. What was asked about all of them before goes on in the same thread.
func (s *Store) AskGroup(ctx context.Context, by domain.Actor, first domain.MappingID, seen, text, basis string) (err error) {
	if text, err = domain.NewQuestion(text, basis); err != nil {
		return err
	}
	return s.onQuestion(ctx, by, first, seen, func(s *Store, rows []mappingRow) error {
		thread := deref(rows[0].ThreadID)
		for _, r := range rows {
			if deref(r.ThreadID) != thread {
				thread = 0
			}
		}
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "basis": basis, "by": zeroNull(by.User), "by_name": by.Name}
		sql := `insert into review_thread (workspace_id, basis, asked_by, asked_by_name) values (@ws, @basis, @by, @by_name) returning id`
		if thread != 0 {
			args["id"] = thread
			sql = `update review_thread set basis = @basis, asked_by = @by, asked_by_name = @by_name, asked_at = clock_timestamp(), answered_at = null
				where workspace_id = @ws and id = @id returning id`
		}
		if thread, err = one[domain.ThreadID](ctx, s, "thread", sql, args); err != nil {
			return err
		}
		if _, err := s.exec(ctx, "mapping", `update purpose_mapping set thread_id = @thread, version = version + 1 where workspace_id = @ws and id = any(@ids)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "thread": thread, "ids": mapSlice(rows, func(r mappingRow) int64 { return int64(r.ID) })}); err != nil {
			return err
		}
		if err := s.say(ctx, by, thread, text); err != nil {
			return err
		}
		after := map[string]any{}
		if basis != "" {
			after["suggested_basis"] = basis
		}
		return s.tellQuestion(ctx, by, rows, "field.mapping_asked", after, text)
	})
}

// say adds a message to a thread.
func (s *Store) say(ctx context.Context, by domain.Actor, thread domain.ThreadID, text string) error {
	_, err := s.exec(ctx, "remark", `insert into remark (workspace_id, subject_kind, subject_id, author_id, author_name, body)
		values (@ws, @kind, @id, @author, @name, @body)`, pgx.StrictNamedArgs{"ws": by.Workspace, "kind": domain.SubjectThread, "id": int64(thread),
		"author": zeroNull(by.User), "name": by.Name, "body": text})
	return err
}

// AnswerThread answers a question of a DPO: its mappings return to the queue. Conflict where somebody has answered already.
func (s *Store) AnswerThread(ctx context.Context, by domain.Actor, id domain.ThreadID, text string) error {
	if err := by.Must(domain.ProposeMapping); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		t, err := one[threadRow](ctx, s, "thread", `select `+threadCols+` from review_thread t where t.workspace_id = @ws and t.id = @id for update`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err != nil {
			return err
		}
		r, err := domain.NewRemark(text)
		if err != nil {
			return err
		}
		if t.AnsweredAt != nil {
			return domain.Errorf(domain.Conflict, "review.answered_already")
		}
		if err := s.say(ctx, by, id, r.Body); err != nil {
			return err
		}
		if _, err := s.exec(ctx, "thread", `update review_thread set answered_at = @now where workspace_id = @ws and id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "now": s.now()}); err != nil {
			return err
		}
		rows, err := many[mappingRow](ctx, s, "mapping", mappingSelect+` and m.thread_id = @id and m.state = 'proposed' order by m.id for update of m`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err != nil || len(rows) == 0 {
			return err
		}
		return s.tellQuestion(ctx, by, rows, "field.mapping_answered", nil, r.Body)
	})
}

// AskedThread is a question that waits for an answer, with what it is about.
type AskedThread struct {
	domain.ReviewThread
	Purpose       domain.PurposeID
	PurposeName   string
	Justification string
	N             int64
	Fields        []string // some, as application › dataset.field
	First         domain.MappingID
}

// askedOf is true of the threads t that wait for the actor: about what they proposed, or what nobody did who is still here.
const askedOf = `t.answered_at is null and exists (select from purpose_mapping m where m.workspace_id = t.workspace_id and m.thread_id = t.id
	and m.state = 'proposed' and (m.proposed_by = @me or not exists (select from membership b where b.workspace_id = m.workspace_id and b.user_id = m.proposed_by)))`

// AskedThreads returns the questions that wait for an answer, the oldest first, at most so many: those that are the actor's to
// answer, or all of the workspace.
func (s *Store) AskedThreads(ctx context.Context, by domain.Actor, all bool, most int) (list []AskedThread, err error) {
	type row struct {
		threadRow
		Purpose       domain.PurposeID `db:"purpose_id"`
		PurposeName   string           `db:"purpose_name"`
		Justification string           `db:"justification"`
		N             int64            `db:"n"`
		Fields        []string         `db:"fields"`
		First         domain.MappingID `db:"first"`
	}
	err = s.Read(ctx, by, func(s *Store) error {
		condition := askedOf
		if all {
			condition = strings.Replace(askedOf, "m.proposed_by = @me", "@me::bigint is not null", 1)
		}
		rows, err := many[row](ctx, s, "thread", `select `+threadCols+`, g.purpose_id, p.code || ' · ' || p.name as purpose_name, g.justification, g.n, g.first,
				array(select a.name || ' › ' || d.name || '.' || f.name from purpose_mapping m
					join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
					join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
					join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
					where m.workspace_id = @ws and m.thread_id = t.id and m.state = 'proposed' order by m.id limit 8) as fields
			from review_thread t
			join lateral (select min(purpose_id) as purpose_id, min(justification) as justification, count(*) as n, min(id) as first from purpose_mapping m
				where m.workspace_id = @ws and m.thread_id = t.id and m.state = 'proposed') g on g.n > 0
			join purpose p on p.workspace_id = t.workspace_id and p.id = g.purpose_id
			where t.workspace_id = @ws and `+condition+` order by t.asked_at, t.id limit @most`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "me": int64(by.User), "most": most})
		if err != nil {
			return err
		}
		for _, r := range rows {
			t, err := s.reviewThread(ctx, by, r.ID)
			if err != nil {
				return err
			}
			list = append(list, AskedThread{*t, r.Purpose, r.PurposeName, r.Justification, r.N, r.Fields, r.First})
		}
		return nil
	})
	return list, err
}
