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

// UnusedGroupings are the ways in which unused fields can be grouped; each is a filter of the list of fields.
var UnusedGroupings = []string{"application", "dataset", "category", "flag", "owner", "verdict"}

// UnusedVerdicts are the verdicts that flag a field for deletion.
var UnusedVerdicts = []string{string(VerdictDelete), string(VerdictDormant)}

// UnusedRegister is the list of fields that are flagged for deletion, with what was decided about them.
var UnusedRegister = Register{
	Name: "unused",
	Sort: "application",
	Columns: []RegisterColumn{
		{Key: "application", Kind: CellText},
		{Key: "dataset", Kind: CellText},
		{Key: "field", Kind: CellCode, Fixed: true},
		{Key: "label", Kind: CellText},
		{Key: "category", Kind: CellText},
		{Key: "gdpr_class", Kind: CellEnum, Enum: "class"},
		{Key: "verdict", Kind: CellEnum, Enum: "verdict"},
		{Key: "flags", Kind: CellEnums, Enum: "flag", NoSort: true},
		{Key: "evidence", Kind: CellEnum, Enum: "grade"},
		{Key: "last_read", Kind: CellTime},
		{Key: "fill", Kind: CellPercent},
		{Key: "owner", Kind: CellText},
		{Key: "decision", Kind: CellEnum, Enum: "decision"},
		{Key: "decision_until", Kind: CellDate},
		{Key: "reason", Kind: CellText, NoSort: true},
		{Key: "decided_by", Kind: CellText},
		{Key: "decided_at", Kind: CellTime},
	},
	Filters: []RegisterFilter{
		{Key: "verdict", Enum: "verdict", Facet: true, Values: UnusedVerdicts},
		{Key: "flag", Enum: "flag", Facet: true, Values: FlagCodes()},
		{Key: "application", Facet: true, Ref: true},
		{Key: "dataset", Ref: true},
		{Key: "gdpr_class", Enum: "class", Facet: true, Values: GDPRClasses},
		{Key: "category", Ref: true},
		{Key: "decision", Enum: "decision", Facet: true, Values: DecisionKinds},
		{Key: "owner", Facet: true, Ref: true},
	},
	NoArchive: true,
}
