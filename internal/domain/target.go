package domain

import (
	"slices"
	"strings"
	"time"
)

// Target is what is to become of a field, or of a category of data, for one program or for the whole workspace: the target,
// beside which the register says what is there now.
type Target struct {
	ID       TargetID
	Field    FieldID    // zero where it is about a category
	Category CategoryID // zero where it is about a field
	Program  ProgramID  // zero where it holds for the whole workspace
	Name     string     // of the field, or code of the category, as it is read; not stored
	Action   TargetAction
	Cause    string            // of TargetCauses, of data to limit or to replace; may be empty for the former
	How      string            // what is kept of data to limit; what takes the place of data to replace
	Instead  CategoryID        // category that takes its place; zero for none
	Point    CollectionPointID // where data is to be collected; zero where nobody has said
	Wording  string            // what people will read there
	Consent  CategoryID        // consent that is asked there; zero where none is
	Reason   string
	Owner    UserID
	Due      *time.Time
	Progress string // of TargetProgresses: what its owner says
	Source   string // of TargetSources
	Version  int
	// CreatedAt is when it was first decided, UpdatedAt when it last was.
	CreatedAt, UpdatedAt time.Time
}

// TargetAction is what is to become of data.
type TargetAction string

// The actions; TargetActions lists them in the order in which they are shown.
const (
	TargetKeep    TargetAction = "keep"
	TargetLimit   TargetAction = "limit"   // keep less of it: truncated, aggregated, for less long, for fewer readers
	TargetReplace TargetAction = "replace" // something less intrusive, or in the right place, does the job
	TargetCollect TargetAction = "collect" // needed, and not held
	TargetArchive TargetAction = "archive" // of no use from day to day, and due or proof
	TargetDrop    TargetAction = "drop"
	TargetReview  TargetAction = "review" // nobody agrees yet, or the DPO must say
)

// Choices of a target.
var (
	TargetActions = []string{string(TargetKeep), string(TargetLimit), string(TargetReplace), string(TargetCollect), string(TargetArchive),
		string(TargetDrop), string(TargetReview)}
	TargetCauses     = []string{"too_precise", "wrong_place", "duplicated_master"}
	TargetProgresses = []string{"todo", "doing", "done"}
	TargetSources    = []string{"hand", "bulk", "import", "workshop", "example"}
)

// MaxReviewDays is for how long a question may stay open: long enough to ask, short enough to be answered.
const MaxReviewDays = 30

// NewTarget checks and cleans what was typed, on a day. What does not belong to its action is left out.
func NewTarget(t Target, today time.Time) (Target, error) {
	t.How, t.Wording, t.Reason = strings.TrimSpace(t.How), strings.TrimSpace(t.Wording), strings.TrimSpace(t.Reason)
	if t.Progress == "" {
		t.Progress = TargetProgresses[0]
	}
	if t.Action != TargetLimit && t.Action != TargetReplace {
		t.Cause, t.How = "", ""
	}
	if t.Action != TargetReplace {
		t.Instead = 0
	}
	if t.Action != TargetCollect {
		t.Point, t.Wording, t.Consent = 0, "", 0
	}
	var p Problems
	if (t.Field == 0) == (t.Category == 0) {
		p.Add("category", "target.about_one")
	}
	p.OneOf("target_action", string(t.Action), TargetActions...)
	p.OneOf("cause", t.Cause, append([]string{""}, TargetCauses...)...)
	p.OneOf("progress", t.Progress, TargetProgresses...)
	p.OneOf("source", t.Source, TargetSources...)
	for name, text := range map[string]string{"how": t.How, "wording": t.Wording, "reason": t.Reason} {
		p.Text(name, text, MaxText)
	}
	t.fits(&p, today)
	return t, p.Err()
}

// fits checks what an action asks for.
func (t Target) fits(p *Problems, today time.Time) {
	if t.Reason == "" && t.Action != TargetKeep {
		p.Add("reason", "error.required")
	}
	if t.Progress == "done" && !t.Action.Said() {
		p.Add("progress", "target.progress_computed")
	}
	switch t.Action {
	case TargetLimit:
		if t.How == "" {
			p.Add("how", "target.limit_how")
		}
	case TargetReplace:
		if t.Cause == "" {
			p.Add("cause", "error.required")
		}
		if t.How == "" && t.Instead == 0 {
			p.Add("how", "target.replace_how")
		}
		if t.Instead != 0 && t.Instead == t.Category {
			p.Add("instead", "target.instead_itself")
		}
	case TargetCollect:
		if t.Field != 0 {
			p.Add("target_action", "target.collect_held")
		}
	case TargetReview:
		if t.Owner == 0 {
			p.Add("owner", "target.review_owner")
		}
		switch {
		case t.Due == nil:
			p.Add("due_on", "error.required")
		case Day(*t.Due).After(Day(today).AddDate(0, 0, MaxReviewDays)):
			p.Add("due_on", "target.review_far", "days", MaxReviewDays)
		}
	case TargetKeep, TargetArchive, TargetDrop:
	}
}

// Said tells whether a person says that the action is done, since the register cannot tell.
func (a TargetAction) Said() bool { return a == TargetLimit || a == TargetArchive }

// TargetGaps are what a plan of collection has to say and does not: where, by when, in which words.
func (t Target) TargetGaps() []string {
	if t.Action != TargetCollect {
		return nil
	}
	gaps := []string{}
	if t.Point == 0 {
		gaps = append(gaps, "collection_point")
	}
	if t.Due == nil {
		gaps = append(gaps, "due_on")
	}
	if t.Wording == "" {
		gaps = append(gaps, "wording")
	}
	return gaps
}

// TargetStanding says how far a target is.
type TargetStanding string

// The standings; TargetStandings lists them in the order in which they are shown.
const (
	TargetLate    TargetStanding = "late" // not reached, and its day has passed
	TargetTodo    TargetStanding = "todo"
	TargetDoing   TargetStanding = "doing"
	TargetReached TargetStanding = "reached"
)

// TargetStandings in the order in which they are shown.
var TargetStandings = []string{string(TargetLate), string(TargetTodo), string(TargetDoing), string(TargetReached)}

// TargetFacts are what the register says of what a target is about: its field; or the fields of its category and of those under
// it, of one program only those that are linked to it.
type TargetFacts struct {
	Held     bool // an active field holds it
	Useful   bool // one of them is lawful and used, or holds data of no person
	Replaced bool // an active field holds what takes its place; true where the target names none
}

// Reached tells whether the register is as the target has it. A question stays open until something else is decided.
func (t Target) Reached(f TargetFacts) bool {
	switch t.Action {
	case TargetKeep:
		return f.Useful
	case TargetCollect:
		return f.Held
	case TargetDrop:
		return !f.Held
	case TargetReplace:
		return !f.Held && f.Replaced
	case TargetLimit, TargetArchive:
		return t.Progress == "done"
	case TargetReview:
	}
	return false
}

// Standing says how far the target is on a day; the day on which it is due still belongs to it.
func (t Target) Standing(f TargetFacts, today time.Time) TargetStanding {
	switch {
	case t.Reached(f):
		return TargetReached
	case passed(t.Due, dayOf(today)):
		return TargetLate
	case t.Progress != "todo":
		return TargetDoing
	}
	return TargetTodo
}

// Subject names the target in the history.
func (t Target) Subject() Subject { return Subject{SubjectTarget, int64(t.ID), t.Name} }

// Revision is the version that a form carries, so that nobody's change is overwritten unseen.
func (t Target) Revision() int { return t.Version }

// Facts are the named values that the history keeps.
func (t Target) Facts() map[string]any {
	return map[string]any{"field": int64(t.Field), "category": int64(t.Category), "program": int64(t.Program), "target_action": string(t.Action),
		"cause": t.Cause, "how": t.How, "instead": int64(t.Instead), "collection_point": int64(t.Point), "wording": t.Wording,
		"consent_category": int64(t.Consent), "reason": t.Reason, "owner": int64(t.Owner), "due_on": dayFact(t.Due), "progress": t.Progress,
		"source": t.Source}
}

// TargetVersion is all targets as they were on a day, under a name.
type TargetVersion struct {
	ID           TargetVersionID
	Number       int // from 1
	Name         string
	Note         string
	FrozenByName string
	FrozenAt     time.Time
	Standings    map[TargetStanding]int64 // how many targets had each
}

// NewTargetVersion checks and cleans what was typed.
func NewTargetVersion(v TargetVersion) (TargetVersion, error) {
	v.Name, v.Note = CleanLine(v.Name), strings.TrimSpace(v.Note)
	var p Problems
	p.Line("name", v.Name, true, MaxName)
	p.Text("note", v.Note, MaxText)
	return v, p.Err()
}

// Subject names the version in the history.
func (v TargetVersion) Subject() Subject { return Subject{SubjectTargetVersion, int64(v.ID), v.Name} }

// FrozenTarget is a target as it was on a day, in the words of that day.
type FrozenTarget struct {
	Target   TargetID
	Field    FieldID
	Category CategoryID
	Program  ProgramID
	Action   TargetAction
	Standing TargetStanding
	About    string // name of the field, or code of the category
	Place    string // application and dataset of the field
	For      string // name of the program; empty for the whole workspace
	Cause, How, Instead, Point, Wording, Consent, Reason,
	Owner string
	Due *time.Time
}

// TargetChange says how a target differs between two versions.
type TargetChange struct {
	Before, After *FrozenTarget // nil where it was not there
	Kinds         []string      // of TargetChangeKinds, in that order
}

// TargetChangeKinds are the ways in which a target differs, the weightiest first. Where several apply, the first names the change.
var TargetChangeKinds = []string{"added", "removed", "redecided", "reached", "reopened", "late", "moved", "handed", "detailed"}

// CompareTargets tells what differs between two versions, in the order of the first; what is new comes last.
func CompareTargets(before, after []FrozenTarget) []TargetChange {
	now := make(map[TargetID]*FrozenTarget, len(after))
	for i := range after {
		now[after[i].Target] = &after[i]
	}
	var changes []TargetChange
	was := make(map[TargetID]bool, len(before))
	for i := range before {
		b := &before[i]
		was[b.Target] = true
		a := now[b.Target]
		if a == nil {
			changes = append(changes, TargetChange{Before: b, Kinds: []string{"removed"}})
		} else if kinds := targetKinds(*b, *a); len(kinds) > 0 {
			changes = append(changes, TargetChange{Before: b, After: a, Kinds: kinds})
		}
	}
	for i := range after {
		if !was[after[i].Target] {
			changes = append(changes, TargetChange{After: &after[i], Kinds: []string{"added"}})
		}
	}
	return changes
}

func targetKinds(b, a FrozenTarget) []string {
	differ := map[string]bool{
		"redecided": b.Action != a.Action,
		"reached":   b.Standing != TargetReached && a.Standing == TargetReached,
		"reopened":  b.Standing == TargetReached && a.Standing != TargetReached,
		"late":      b.Standing != TargetLate && a.Standing == TargetLate,
		"moved":     dayFact(b.Due) != dayFact(a.Due),
		"handed":    b.Owner != a.Owner,
		"detailed": b.Cause != a.Cause || b.How != a.How || b.Instead != a.Instead || b.Point != a.Point || b.Wording != a.Wording ||
			b.Consent != a.Consent || b.Reason != a.Reason,
	}
	return slices.DeleteFunc(slices.Clone(TargetChangeKinds), func(kind string) bool { return !differ[kind] })
}

// targetColumns are what lists of targets have in common.
var targetColumns = []RegisterColumn{
	{Key: "about", Kind: CellText, Fixed: true},
	{Key: "place", Kind: CellText},
	{Key: "program", Kind: CellText},
	{Key: "target_action", Kind: CellEnum, Enum: "target.action"},
	{Key: "target_standing", Kind: CellEnum, Enum: "target.standing"},
	{Key: "due_on", Kind: CellDate},
	{Key: "owner", Kind: CellText},
	{Key: "reason", Kind: CellText, NoSort: true},
	{Key: "cause", Kind: CellEnum, Enum: "target.cause", Hidden: true},
	{Key: "how", Kind: CellText, Hidden: true, NoSort: true},
	{Key: "instead", Kind: CellText, Hidden: true},
	{Key: "collection_point", Kind: CellText, Hidden: true},
	{Key: "wording", Kind: CellText, Hidden: true, NoSort: true},
	{Key: "consent_category", Kind: CellText, Hidden: true},
}

// TargetRegister is the list of targets.
var TargetRegister = Register{
	Name: "targets",
	Sort: "about",
	Columns: slices.Concat(targetColumns, []RegisterColumn{
		{Key: "gaps", Kind: CellEnums, Enum: "column", Hidden: true, NoSort: true},
		{Key: "category", Kind: CellText, Hidden: true},
		{Key: "verdict", Kind: CellEnum, Enum: "verdict", Hidden: true},
		{Key: "progress", Kind: CellEnum, Enum: "target.progress", Hidden: true},
		{Key: "source", Kind: CellEnum, Enum: "link.source", Hidden: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	}),
	Filters: []RegisterFilter{
		{Key: "target_action", Enum: "target.action", Facet: true, Values: TargetActions},
		{Key: "target_standing", Enum: "target.standing", Facet: true, Values: TargetStandings},
		{Key: "program", Facet: true, Ref: true},
		{Key: "owner", Facet: true, Ref: true},
		{Key: "application", Facet: true, Ref: true},
		{Key: "gaps", Enum: "target.gaps", Facet: true, Values: []string{"some", "none"}},
		{Key: "cause", Enum: "target.cause", Facet: true, Values: TargetCauses},
		{Key: "source", Enum: "link.source", Facet: true, Values: TargetSources},
		{Key: "category", Ref: true},
		{Key: "field", Ref: true},
		{Key: "collection_point", Ref: true},
	},
	NoArchive: true,
}

// FrozenTargetRegister is the list of targets as they were in versions.
var FrozenTargetRegister = Register{
	Name: "frozen_targets",
	Sort: "about",
	Columns: slices.Concat(targetColumns, []RegisterColumn{
		{Key: "target_version", Kind: CellText},
		{Key: "frozen_at", Kind: CellTime, Hidden: true, Desc: true},
	}),
	Filters: []RegisterFilter{
		{Key: "target_version", Facet: true, Ref: true},
		{Key: "target_action", Enum: "target.action", Facet: true, Values: TargetActions},
		{Key: "target_standing", Enum: "target.standing", Facet: true, Values: TargetStandings},
	},
	NoArchive: true,
}
