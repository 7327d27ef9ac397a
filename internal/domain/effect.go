package domain

import "time"

// Effect is what a change would do to the verdicts of fields, told before it is made.
type Effect struct {
	Moves []VerdictMove // the largest first
	// From is the day from which it would be so, where that is not at once: a pause counts for a while.
	From *time.Time
	// Reopened is how many approvals would go back to the DPO.
	Reopened int64
}

// VerdictMove is how many fields would go from one verdict to another, with some of them.
type VerdictMove struct {
	Was, Is Verdict
	N       int64
	Fields  []PlacedField
}

// PlacedField is a field with the place that holds it.
type PlacedField struct {
	ID                         FieldID
	Name, Dataset, Application string
}

// Loses tells whether the move takes a reason to exist away.
func (m VerdictMove) Loses() bool { return standing[m.Is] < standing[m.Was] }

// standing ranks verdicts by how many of the two questions they answer with yes.
var standing = map[Verdict]int{VerdictKeep: 2, VerdictRegularise: 1, VerdictDormant: 1}

// Loses tells whether any field would lose a reason to exist.
func (e Effect) Loses() bool { return e.Lost() > 0 }

// NeedsConfirming tells whether somebody must see the effect before the change is made.
func (e Effect) NeedsConfirming() bool { return e.Loses() || e.Reopened > 0 }

// Lost is how many fields would lose a reason to exist.
func (e Effect) Lost() (n int64) {
	for _, m := range e.Moves {
		if m.Loses() {
			n += m.N
		}
	}
	return n
}
