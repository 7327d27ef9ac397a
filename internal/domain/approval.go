package domain

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Terms are the named values that an approval is about: where one becomes another, the question is open again.
type Terms map[string]any

// MaterialTerms are the names of the values that an approval is about, in the order in which a change is told: what the
// purpose is and about whom (GDPR art. 5(1)(b)), on which ground, for how long, to whom and by which programs. Programs and
// channels may become fewer: what was approved holds for less too.
var MaterialTerms = []string{"name", "description", "sub_purposes", "subjects", "category", "gdpr_class", "legal_basis", "legal_reference",
	"art9_condition", "automated", "needs_program", "retention", "retention_terms", "recipients", "transfers", "programs", "channels"}

// laterTerms were not frozen from the beginning: an approval that came in a file of then says nothing of them.
var laterTerms = []string{"name", "description", "sub_purposes", "subjects", "automated", "needs_program"}

// TermsOf are the terms of a mapping as they are: of its purpose, of the category of its field, and of the programs that use
// the field under the purpose.
func TermsOf(category CategoryID, f CheckFacts) Terms {
	facts, t := f.Purpose.Facts(), Terms{}
	for _, name := range MaterialTerms {
		if value, of := facts[name]; of {
			t[name] = value
		}
	}
	var ids []ProgramID
	var channels []string
	for _, p := range f.Programs {
		ids, channels = append(ids, p.ID), append(channels, p.Channels...)
	}
	slices.Sort(channels)
	t["category"], t["gdpr_class"] = int64(category), string(f.Class)
	t["retention_terms"] = f.Retention.lines()
	t["programs"], t["channels"] = idFact(sortedIDs(ids)), slices.Compact(channels)
	return t
}

// lines are what is material of a rule, in stable codes: one that says something else under the same name is another.
func (r RetentionRule) lines() []string {
	var out []string
	for _, t := range r.Triggers {
		out = append(out, "triggers="+t)
	}
	facts := r.Facts()
	for _, name := range []string{"active_months", "criterion", "archive_months", "fate"} {
		if text := termText(facts[name]); text != "" {
			out = append(out, name+"="+strings.Trim(text, `"`))
		}
	}
	return out
}

// Moved are the names of the terms that no longer are as they were approved.
func (t Terms) Moved(now Terms) []string {
	var moved []string
	for _, name := range MaterialTerms {
		if !t.holds(name, now) {
			moved = append(moved, name)
		}
	}
	return moved
}

func (t Terms) holds(name string, now Terms) bool {
	was, frozen := t[name]
	is := now[name]
	if !frozen && oneOf(laterTerms, name) {
		return true
	}
	if name != "programs" && name != "channels" {
		return termText(was) == termText(is)
	}
	known := termList(was)
	return !slices.ContainsFunc(termList(is), func(x string) bool { return !slices.Contains(known, x) })
}

// termText is the same for the same value, whether it was just made or read from the database. Nothing is the same as empty.
func termText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	switch s := string(b); s {
	case "null", "[]", `""`:
		return ""
	default:
		return s
	}
}

func termList(v any) []string {
	switch list := v.(type) {
	case []string:
		return list
	case []any:
		out := make([]string, 0, len(list))
		for _, x := range list {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// Approval is what a DPO approved, frozen as it was. It is never changed: another approval takes its place.
type Approval struct {
	ID            ApprovalID
	Mapping       MappingID
	Field         FieldID
	Purpose       PurposeID
	FieldName     string
	Place         string // application › dataset
	CategoryName  string // code; empty for none
	PurposeName   string // code · name
	ProgramNames  []string
	Terms         Terms
	Justification string
	Reason        string
	Until         *time.Time // last day on which it holds; nil where it holds until something changes
	By            UserID
	ByName        string
	At            time.Time
	Self          bool
}

// Due names the date that has passed and ends the approval: its own last day, or the day on which the purpose was to be
// reviewed, unless it was given after that. Empty where none has.
func (a Approval) Due(reviewOn *time.Time, today time.Time) string {
	switch day := dayOf(today); {
	case passed(a.Until, day):
		return "approved_until"
	case passed(reviewOn, day) && !passed(reviewOn, dayOf(a.At)):
		return "review_on"
	}
	return ""
}

// newUntil checks the last day of an approval: one to come.
func newUntil(p *Problems, until *time.Time, today time.Time) {
	if until != nil && !Day(*until).After(Day(today)) {
		p.Add("approved_until", "mapping.until_past")
	}
}
