package domain

import (
	"strings"
	"time"
	"unicode/utf8"
)

// DecisionKind is the answer that a person gives to a flag.
type DecisionKind string

// The kinds of decisions; DecisionKinds lists them in the order in which they are shown.
const (
	KeepUntil       DecisionKind = "keep_until"       // keep the field until a day, for a reason
	SendToDPO       DecisionKind = "to_dpo"           // the DPO must decide
	ProposeDeletion DecisionKind = "propose_deletion" // the field may go
)

// Limits of a decision to keep: long enough for a program to start, short enough for somebody to ask again.
const (
	MaxKeepYears  = 3
	MinKeepReason = 10 // characters
)

// Decision is a person's answer to the flags of a field. The computed verdict stays visible beside it.
type Decision struct {
	ID            DecisionID
	Field         FieldID
	Kind          DecisionKind
	Reason        string
	Until         *time.Time // last day for which a field is kept; nil for the other kinds
	DecidedBy     UserID
	DecidedByName string
	DecidedAt     time.Time
	WithdrawnAt   *time.Time // when it was replaced, withdrawn or had run out
	Batch         BatchID
}

// NewDecision checks and cleans what was typed on that day.
func NewDecision(d Decision, today time.Time) (Decision, error) {
	d.Reason = strings.TrimSpace(d.Reason)
	var p Problems
	p.OneOf("decision", string(d.Kind), DecisionKinds...)
	p.Text("reason", d.Reason, MaxText)
	switch {
	case d.Reason == "":
		p.Add("reason", "error.required")
	case d.Kind == KeepUntil && utf8.RuneCountInString(d.Reason) < MinKeepReason:
		p.Add("reason", "decision.reason_short", "least", MinKeepReason)
	}
	if d.Kind != KeepUntil {
		d.Until = nil
		return d, p.Err()
	}
	switch {
	case d.Until == nil:
		p.Add("decision_until", "error.required")
	case !Day(*d.Until).After(Day(today)):
		p.Add("decision_until", "decision.until_past")
	case Day(*d.Until).After(Day(today).AddDate(MaxKeepYears, 0, 0)):
		p.Add("decision_until", "decision.until_far", "years", MaxKeepYears)
	}
	return d, p.Err()
}

// InForce tells whether the decision counts on that day: the last day of a field that is kept still belongs to it.
func (d Decision) InForce(today time.Time) bool {
	return d.WithdrawnAt == nil && !passed(d.Until, dayOf(today))
}
