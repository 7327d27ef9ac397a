package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ReviewStanding says whom a mapping in the queue waits for.
type ReviewStanding string

// The standings of a mapping in the queue.
const (
	ReviewOpen    ReviewStanding = "open"    // for a DPO
	ReviewAsked   ReviewStanding = "asked"   // for an answer to a DPO's question: the clock stands still
	ReviewSnoozed ReviewStanding = "snoozed" // until a day, on which it comes back by itself
)

// ReviewStandings in the order in which they are shown.
var ReviewStandings = []string{string(ReviewOpen), string(ReviewAsked), string(ReviewSnoozed)}

// StandingShown is the one standing that a page of the queue shows.
func StandingShown(q ListQuery) string {
	if v := q.Filters["standing"]; len(v) > 0 && slices.Contains(ReviewStandings, v[0]) {
		return v[0]
	}
	return string(ReviewOpen)
}

// StandingOf is where a mapping stands: a question that waits for its answer comes before what was put off.
func StandingOf(asked bool, snoozedUntil *time.Time, today time.Time) ReviewStanding {
	switch {
	case asked:
		return ReviewAsked
	case ahead(snoozedUntil, dayOf(today)):
		return ReviewSnoozed
	}
	return ReviewOpen
}

// Question names what several mappings ask in common, so that one answer may do for all: they share purpose, category,
// justification and the reason why they are back. Data with a regime of its own is never answered together.
func Question(m PurposeMapping, category CategoryID, class GDPRClass, standing ReviewStanding) string {
	alone := MappingID(0)
	if class.Special() {
		alone = m.ID
	}
	h := sha256.Sum256(fmt.Appendf(nil, "%d|%d|%d|%s|%s|%s", m.Purpose, category, alone, standing, m.ReopenedBecause, m.Justification))
	return hex.EncodeToString(h[:16])
}

// NewSnooze checks until when something is put off: a day to come, and not so far that it is forgotten.
func NewSnooze(until *time.Time, today time.Time) error {
	var p Problems
	switch {
	case until == nil:
		p.Add("snooze_until", "error.required")
	case !Day(*until).After(Day(today)):
		p.Add("snooze_until", "mapping.until_past")
	case Day(*until).After(Day(today).AddDate(0, MaxSnoozeMonths, 0)):
		p.Add("snooze_until", "review.snooze_far", "n", MaxSnoozeMonths)
	}
	return p.Err()
}

// MaxSnoozeMonths is for how long a question can be put off at once.
const MaxSnoozeMonths = 6

// LeaseMinutes is for how long a question that somebody has before them is shown as taken.
const LeaseMinutes = 5

// ReviewThread is a question of a DPO to those who proposed mappings, with what was said about it.
type ReviewThread struct {
	ID          ThreadID
	Basis       string // legal basis that the DPO thinks of; empty for none
	AskedBy     UserID
	AskedByName string
	AskedAt     time.Time
	AnsweredAt  *time.Time // nil while it waits for an answer
	Messages    []Remark
}

// NewQuestion checks and cleans what a DPO asks.
func NewQuestion(text, basis string) (body string, err error) {
	var p Problems
	body = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if body == "" {
		p.Add("question", "error.required")
	}
	p.Text("question", body, MaxText)
	p.OneOf("suggested_basis", basis, append([]string{""}, LegalBases...)...)
	return body, p.Err()
}

// ReviewRegister is how the queue can be narrowed and ordered.
var ReviewRegister = Register{
	Name: "review",
	Sort: "risk",
	Columns: []RegisterColumn{
		{Key: "risk", Kind: CellInt},
		{Key: "since", Kind: CellTime},
		{Key: "purpose", Kind: CellText},
		{Key: "application", Kind: CellText},
	},
	Filters: []RegisterFilter{
		{Key: "standing", Enum: "review.standing", Values: ReviewStandings},
		{Key: "purpose", Facet: true, Ref: true},
		{Key: "application", Facet: true, Ref: true},
		{Key: "gdpr_class", Enum: "class", Facet: true, Values: GDPRClasses},
		{Key: "reopened_because", Enum: "column", Facet: true, Values: ReopeningCauses},
	},
	NoArchive: true,
}
