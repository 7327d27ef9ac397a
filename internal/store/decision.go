package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type decisionRow struct {
	ID            domain.DecisionID   `db:"id"`
	FieldID       domain.FieldID      `db:"field_id"`
	Kind          domain.DecisionKind `db:"kind"`
	Reason        string              `db:"reason"`
	Until         *time.Time          `db:"until"`
	DecidedBy     *domain.UserID      `db:"decided_by"`
	DecidedByName string              `db:"decided_by_name"`
	DecidedAt     time.Time           `db:"decided_at"`
	WithdrawnAt   *time.Time          `db:"withdrawn_at"`
	BatchID       *domain.BatchID     `db:"batch_id"`
}

const decisionCols = `id, field_id, kind, reason, until, decided_by, decided_by_name, decided_at, withdrawn_at, batch_id`

func (r decisionRow) decision() domain.Decision {
	return domain.Decision{ID: r.ID, Field: r.FieldID, Kind: r.Kind, Reason: r.Reason, Until: r.Until, DecidedBy: deref(r.DecidedBy),
		DecidedByName: r.DecidedByName, DecidedAt: r.DecidedAt, WithdrawnAt: r.WithdrawnAt, Batch: deref(r.BatchID)}
}

// DecisionsOf returns every decision about a field, newest first: the one that counts, where there is one, comes first.
func (s *Store) DecisionsOf(ctx context.Context, by domain.Actor, field domain.FieldID) (list []domain.Decision, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[decisionRow](ctx, s, "decision", `select `+decisionCols+` from decision
			where workspace_id = @ws and field_id = @field order by withdrawn_at is not null, id desc`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "field": field})
		list = mapSlice(rows, decisionRow.decision)
		return err
	})
	return list, err
}

// WithdrawDecision takes back the decision about a field; NotFound where none counts.
func (s *Store) WithdrawDecision(ctx context.Context, by domain.Actor, field domain.FieldID) error {
	return s.Write(ctx, by, func(s *Store) error {
		name, err := one[string](ctx, s, "field", `select name from field where workspace_id = @ws and id = @field for update`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "field": field})
		if err != nil {
			return err
		}
		d, err := one[decisionRow](ctx, s, "decision", `update decision set withdrawn_at = @now
			where workspace_id = @ws and field_id = @field and withdrawn_at is null returning `+decisionCols,
			pgx.StrictNamedArgs{"ws": by.Workspace, "field": field, "now": s.now()})
		if err != nil {
			return err
		}
		if _, err := s.exec(ctx, "field", `update field set decision = '', decision_until = null where workspace_id = @ws and id = @field`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "field": field}); err != nil {
			return err
		}
		before := map[string]any{"decision": string(d.Kind)}
		if d.Until != nil {
			before["decision_until"] = d.Until.Format("2006-01-02")
		}
		return s.record(ctx, by, domain.Event{Verb: "field.decision_withdrawn", Before: before,
			Subject: domain.Subject{Kind: domain.SubjectField, ID: int64(field), Name: name}})
	})
}

// expireDecisions ends the decisions to keep a field whose last day has passed. Nobody did it: the history says so.
func (s *Store) expireDecisions(ctx context.Context, by domain.Actor) error {
	_, err := s.exec(ctx, "decision", `
		with over as (
			update decision set withdrawn_at = @now
			where workspace_id = @ws and withdrawn_at is null and until < @today returning field_id, kind, until),
		cleared as (
			update field f set decision = '', decision_until = null from over where f.workspace_id = @ws and f.id = over.field_id)
		insert into event (workspace_id, actor_name, verb, subject_kind, subject_id, subject_name, before)
		select @ws, 'Utile', 'field.decision_expired', 'field', f.id, f.name,
			jsonb_build_object('decision', over.kind, 'decision_until', over.until)
		from over join field f on f.workspace_id = @ws and f.id = over.field_id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "now": s.now(), "today": domain.Day(s.now().UTC())})
	return err
}
