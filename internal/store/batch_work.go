package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"utile/internal/domain"
)

// BatchQueue is the queue of acts on many fields.
const BatchQueue = "batches"

// BatchJob asks a worker to go on with a batch: what is to be done, its state says.
type BatchJob struct {
	Workspace domain.WorkspaceID
	Batch     domain.BatchID
	User      domain.UserID // who asked; zero for the server itself
	Name      string
}

// Actor is who asked for the job.
func (j BatchJob) Actor() domain.Actor {
	return domain.Actor{User: j.User, Name: j.Name, Workspace: j.Workspace, Operator: j.User == 0}
}

// Kind names the job in the queue.
func (BatchJob) Kind() string { return "batch" }

func (s *Store) queueBatch(ctx context.Context, by domain.Actor, id domain.BatchID) error {
	client, err := inserter()
	if err != nil {
		return err
	}
	_, err = client.InsertTx(ctx, s.db.(pgx.Tx), BatchJob{by.Workspace, id, by.User, by.Name}, &river.InsertOpts{Queue: BatchQueue, MaxAttempts: 5})
	return err
}

// Classes of advisory locks: of work on one batch, and of asking for work in one workspace.
const (
	batchLocks = 727012
	askLocks   = 727013
)

// bulkRequest is a domain.Bulk as a batch keeps it until it is carried out.
type bulkRequest struct {
	Act           domain.BulkAct           `json:"act"`
	Program       domain.ProgramID         `json:"program,omitempty"`
	Level         domain.LinkLevel         `json:"level,omitempty"`
	Role          string                   `json:"role,omitempty"`
	Note          string                   `json:"note,omitempty"`
	Category      domain.CategoryID        `json:"category,omitempty"`
	Purpose       domain.PurposeID         `json:"purpose,omitempty"`
	Justification string                   `json:"justification,omitempty"`
	Owner         domain.UserID            `json:"owner,omitempty"`
	Origin        string                   `json:"origin,omitempty"`
	Point         domain.CollectionPointID `json:"point,omitempty"`
	Retention     domain.RetentionRuleID   `json:"retention,omitempty"`
	Until         *time.Time               `json:"until,omitempty"`
	Reason        string                   `json:"reason,omitempty"`
	Name          string                   `json:"name,omitempty"`
	Target        domain.TargetAction      `json:"target,omitempty"`
	Cause         string                   `json:"cause,omitempty"`
	How           string                   `json:"how,omitempty"`
	Instead       domain.CategoryID        `json:"instead,omitempty"`
	Due           *time.Time               `json:"due,omitempty"`
}

// askedOnce is the same for the same act, asked by the same person of the same fields after the same preview.
func askedOnce(by domain.Actor, b domain.Bulk, ids []int64, seen string) ([]byte, error) {
	h := sha256.New()
	err := json.NewEncoder(h).Encode([]any{by.User, bulkRequest(b), seen, ids})
	return h.Sum(nil), err
}

// AskBulk has an act on many fields carried out by a worker. Asked twice, as by a second press of the button, it is still
// one batch. Seen is the fingerprint of the plan that the person confirmed, back where they came from.
func (s *Store) AskBulk(ctx context.Context, by domain.Actor, b domain.Bulk, ids []int64, seen, back string) (id domain.BatchID, err error) {
	if err := by.Must(b.Act.Action()); err != nil {
		return 0, err
	}
	once, err := askedOnce(by, b, ids, seen)
	if err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		if err := s.checkBulk(ctx, by, b, ""); err != nil {
			return err
		}
		// Two requests at the same moment: the second waits here, and finds what the first asked for.
		if _, err := s.exec(ctx, "batch", `select pg_advisory_xact_lock(@class, hashint8(@ws))`,
			pgx.StrictNamedArgs{"class": askLocks, "ws": int64(by.Workspace)}); err != nil {
			return err
		}
		asked, err := many[domain.BatchID](ctx, s, "batch", `select batch_id from batch_work
			where workspace_id = @ws and asked_once = @once and state = 'applying'`, pgx.StrictNamedArgs{"ws": by.Workspace, "once": once})
		if err == nil && len(asked) > 0 {
			id = asked[0]
			return nil
		}
		if id, err = s.addBatch(ctx, by, b.Act, b.Label(), 0, 0); err != nil {
			return err
		}
		if _, err = s.exec(ctx, "batch", `insert into batch_work
				(workspace_id, batch_id, state, request, chosen, seen, asked_once, asked_by, asked_by_name, rows_total, back)
			values (@ws, @id, 'applying', @request, @chosen, @seen, @once, @actor, @name, @total, @back)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "request": bulkRequest(b), "chosen": ids, "seen": seen, "once": once,
				"actor": zeroNull(by.User), "name": by.Name, "total": 2 * len(ids), "back": back}); err != nil {
			return err
		}
		return s.queueBatch(ctx, by, id)
	})
	return id, err
}

// AskUndo has a batch undone by a worker. Conflict where it cannot be undone as a whole.
func (s *Store) AskUndo(ctx context.Context, by domain.Actor, id domain.BatchID) error {
	return s.Write(ctx, by, func(s *Store) error {
		if _, err := s.undoable(ctx, by, id); err != nil {
			return err
		}
		if _, err := s.exec(ctx, "batch", `insert into batch_work (workspace_id, batch_id, state, asked_by, asked_by_name, rows_total)
			select @ws, id, 'undoing', @actor, @name, 2 * changed from batch where workspace_id = @ws and id = @id
			on conflict (workspace_id, batch_id) do update set state = 'undoing', asked_by = excluded.asked_by,
				asked_by_name = excluded.asked_by_name, rows_done = 0, rows_total = excluded.rows_total, problem = null,
				updated_at = clock_timestamp()`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "actor": zeroNull(by.User), "name": by.Name}); err != nil {
			return err
		}
		return s.queueBatch(ctx, by, id)
	})
}

// CancelBatch gives up work on a batch that has not ended: nothing of it stays. Conflict where it has.
func (s *Store) CancelBatch(ctx context.Context, by domain.Actor, id domain.BatchID) error {
	b, err := s.BatchByID(ctx, by, id)
	if err != nil {
		return err
	}
	if err := by.Must(b.Kind.Action()); err != nil {
		return err
	}
	return s.endBatch(ctx, by, id, b.State, domain.BatchCancelled, domain.Problem{Key: "batch.problem.cancelled"})
}

// FailBatch keeps why work on a batch ended: nothing was written. A batch that nobody works on stays as it is.
func (s *Store) FailBatch(ctx context.Context, by domain.Actor, id domain.BatchID, why domain.Problem) error {
	b, err := s.BatchByID(ctx, by, id)
	if err != nil || !b.State.Working() {
		return err
	}
	return s.endBatch(ctx, by, id, b.State, domain.BatchFailed, why)
}

// endBatch ends work without effect. An act that was to be undone stands as before.
func (s *Store) endBatch(ctx context.Context, by domain.Actor, id domain.BatchID, from, to domain.BatchState, why domain.Problem) error {
	if !from.Working() {
		return domain.Errorf(domain.Conflict, "batch.error.state")
	}
	if from == domain.BatchUndoing {
		to = domain.BatchApplied
	}
	return s.Write(ctx, by, func(s *Store) error {
		return s.moveBatch(ctx, by, id, from, `state = @to, problem = @problem, request = null, chosen = null`,
			pgx.StrictNamedArgs{"to": string(to), "problem": problemOf(&why)})
	})
}

// moveBatch changes a batch that is in that state: Conflict where it is in another by now.
func (s *Store) moveBatch(ctx context.Context, by domain.Actor, id domain.BatchID, from domain.BatchState, set string, more pgx.StrictNamedArgs) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "from": string(from)}
	for k, v := range more {
		args[k] = v
	}
	n, err := s.exec(ctx, "batch", `update batch_work set `+set+`, updated_at = clock_timestamp()
		where workspace_id = @ws and batch_id = @id and state = @from`, args)
	if err == nil && n == 0 {
		err = domain.Errorf(domain.Conflict, "batch.error.state")
	}
	return err
}

// WorkBatch does what the state of a batch asks for, in one transaction, exactly once: the state is checked first and
// changed last, and whoever cancels in between wins. A batch that asks for nothing is left alone.
func (s *Store) WorkBatch(ctx context.Context, by domain.Actor, id domain.BatchID) error {
	b, err := s.BatchByID(ctx, by, id)
	if err != nil {
		return err
	}
	err = s.writeBatch(ctx, by, b.Kind, func(in *Store) error {
		p := &progress{tell: func(done, total int64) error { return s.batchProgress(ctx, by, id, b.State, done, total) }}
		if err := in.lockBatch(ctx, by, id, b.State); err != nil {
			return err
		}
		switch b.State {
		case domain.BatchApplying:
			return in.applyAsked(ctx, by, id, p)
		case domain.BatchUndoing:
			return in.undoAsked(ctx, by, b, p)
		case domain.BatchApplied, domain.BatchCancelled, domain.BatchFailed:
		}
		return nil
	})
	refused, ok := errors.AsType[*domain.Error](err)
	switch {
	case ok && refused.Kind == domain.Conflict && refused.Key == "batch.error.state":
		return nil // another process did it, or a person gave it up
	case ok && (refused.Kind == domain.Conflict || refused.Kind == domain.Invalid):
		return s.FailBatch(ctx, by, id, refusedBecause(refused))
	}
	return err
}

// refusedBecause is the reason of a refusal as a batch keeps it: what the act needs may be gone since it was asked for.
func refusedBecause(e *domain.Error) domain.Problem {
	switch {
	case len(e.Fields) > 0:
		return domain.Problem{Key: "batch.problem.reference"}
	case e.Key == "bulk.moved":
		return domain.Problem{Key: "batch.problem.moved"} // there is no preview to show again
	}
	return domain.Problem{Key: e.Key, Args: e.Args}
}

// lockBatch makes sure that one worker at a time goes on with a batch, and that it is still to be done.
func (s *Store) lockBatch(ctx context.Context, by domain.Actor, id domain.BatchID, state domain.BatchState) error {
	if _, err := s.exec(ctx, "batch", `select pg_advisory_xact_lock(@class, hashint8(@id))`,
		pgx.StrictNamedArgs{"class": batchLocks, "id": int64(id)}); err != nil {
		return err
	}
	b, err := s.BatchByID(ctx, by, id)
	if err == nil && b.State != state {
		err = domain.Errorf(domain.Conflict, "batch.error.state")
	}
	return err
}

func (s *Store) applyAsked(ctx context.Context, by domain.Actor, id domain.BatchID, p *progress) error {
	type asked struct {
		Request bulkRequest `db:"request"`
		Chosen  []int64     `db:"chosen"`
		Seen    string      `db:"seen"`
	}
	a, err := one[asked](ctx, s, "batch", `select request, chosen, seen from batch_work where workspace_id = @ws and batch_id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	if err != nil {
		return err
	}
	plan, err := s.planLocked(ctx, by, domain.Bulk(a.Request), a.Chosen, a.Seen)
	if err != nil {
		return err
	}
	if plan.Todo() == 0 {
		return domain.Errorf(domain.Conflict, "bulk.nothing_to_do")
	}
	if err := s.carryOut(ctx, by, domain.Bulk(a.Request), a.Chosen, id, p); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "batch", `update batch set changed = @changed, refused = @refused where workspace_id = @ws and id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "changed": plan.Todo(), "refused": plan.Refused}); err != nil {
		return err
	}
	return s.moveBatch(ctx, by, id, domain.BatchApplying, `state = 'applied', request = null, chosen = null, rows_done = rows_total`, nil)
}

func (s *Store) undoAsked(ctx context.Context, by domain.Actor, b domain.Batch, p *progress) error {
	if _, _, err := s.undoBatch(ctx, by, b, p); err != nil {
		return err
	}
	if err := s.markUndone(ctx, by, b.ID); err != nil {
		return err
	}
	return s.moveBatch(ctx, by, b.ID, domain.BatchUndoing, `state = 'applied', rows_done = rows_total`, nil)
}

// batchProgress notes how far work is. It runs outside the transaction of the work, so that others see it, and its
// Conflict is that somebody gave the work up.
func (s *Store) batchProgress(ctx context.Context, by domain.Actor, id domain.BatchID, state domain.BatchState, done, total int64) error {
	return s.Write(ctx, by, func(s *Store) error {
		return s.moveBatch(ctx, by, id, state, `rows_done = @done, rows_total = @total`, pgx.StrictNamedArgs{"done": done, "total": total})
	})
}

// requeueBatches queues again the batches of a workspace whose worker died.
func (s *Store) requeueBatches(ctx context.Context, by domain.Actor) error {
	type stalled struct {
		ID   domain.BatchID `db:"batch_id"`
		User *domain.UserID `db:"asked_by"`
		Name string         `db:"asked_by_name"`
	}
	dead, err := many[stalled](ctx, s, "batch", `update batch_work set updated_at = clock_timestamp()
		where workspace_id = @ws and state in ('applying', 'undoing') and updated_at < clock_timestamp() - make_interval(secs => @secs)
		returning batch_id, asked_by, asked_by_name`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "secs": workStalled.Seconds()})
	for _, d := range dead {
		asker := domain.Actor{User: deref(d.User), Name: d.Name, Workspace: by.Workspace}
		if err := s.queueBatch(ctx, asker, d.ID); err != nil {
			return err
		}
	}
	return err
}
