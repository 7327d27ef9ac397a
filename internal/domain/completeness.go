package domain

import (
	"cmp"
	"slices"
)

// Check is one thing that a complete record says. A weight of zero means that it does not apply to this record.
type Check struct {
	Key    string // names the thing in messages
	Weight int
	Done   bool
}

// CompletenessOf tells how much of what applies a record says, from 0 to 100 by weight, and what is missing, the
// heaviest first. It is rounded down, so that only a record that lacks nothing reaches 100.
func CompletenessOf(checks ...Check) (percent int, missing []string) {
	left := make([]Check, 0, len(checks))
	for _, c := range checks {
		if c.Weight > 0 && !c.Done {
			left = append(left, c)
		}
	}
	slices.SortStableFunc(left, func(a, b Check) int { return cmp.Compare(b.Weight, a.Weight) })
	for _, c := range left {
		missing = append(missing, c.Key)
	}
	return weighed(checks), missing
}

func weighed(checks []Check) int {
	var done, total int
	for i := range checks {
		total += checks[i].Weight
		if checks[i].Done {
			done += checks[i].Weight
		}
	}
	if total == 0 {
		return 100
	}
	return done * 100 / total
}

// FieldKnown is what is known of a field beside its name.
type FieldKnown struct {
	Class     GDPRClass
	Meaning   bool // it has a label or a description
	Origin    string
	Collected bool // a collection point is named
	Owned     bool // a person answers for it
	Mapped    bool // it has a purpose mapping, whatever the answer
	Measured  bool // its reads were measured
}

// Completeness of a field, see CompletenessOf.
func (k FieldKnown) Completeness() (percent int, missing []string) {
	checks := k.checks()
	return CompletenessOf(checks[:]...)
}

// Percent is Completeness without what is missing; it allocates nothing.
func (k FieldKnown) Percent() int {
	checks := k.checks()
	return weighed(checks[:])
}

// checks weighs what a field says. The class comes first, for nothing can be judged without it; then the purpose (GDPR
// art. 5(1)(b)) and the proof of use, which make the verdict; then where it comes from (art. 13, 14 and 30) and what it
// means. A field that is not personal owes its class, its meaning and its owner only; one that nobody has classified
// owes everything (art. 25).
func (k FieldKnown) checks() [7]Check {
	personal := k.Class != ClassNonPersonal
	return [...]Check{
		{"category", 25, k.Class == ClassNonPersonal || k.Class.Personal()},
		{"purpose", weight(20, personal), k.Mapped},
		{"evidence", weight(20, personal), k.Measured},
		{"origin", weight(10, personal), k.Origin != "" && k.Origin != "unknown"},
		{"collection", weight(10, personal && k.Origin == "collected"), k.Collected},
		{"meaning", 10, k.Meaning},
		{"owner", 5, k.Owned},
	}
}

func weight(w int, applies bool) int {
	if applies {
		return w
	}
	return 0
}
