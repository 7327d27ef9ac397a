package domain

import (
	"slices"
	"strings"
	"time"
)

// RetentionRule says how long data is kept: from which event, how long in daily use, how long then in the intermediate
// archive and why, and what becomes of it in the end (GDPR art. 5(1)(e), 13(2)(a) and 30(1)(f)).
type RetentionRule struct {
	ID   RetentionRuleID
	Code string
	Name string
	// Preset is the code of the preset that the rule was made of; empty for none.
	Preset string
	// Triggers are the events from which the period counts, the latest of them: RetentionTriggers, or people's own words.
	Triggers []string
	// ActiveMonths are the months in daily use; 0 ends it with the event, nil where no number is given.
	ActiveMonths *int
	// Criterion is what the numbers do not say, or what stands in their place.
	Criterion string
	// ArchiveMonths are the months in the intermediate archive after the daily use; nil for no archive.
	ArchiveMonths *int
	// ArchiveGround is why the archive is kept: a duty, or disputes that may come.
	ArchiveGround  string
	Fate           string // one of RetentionFates; empty while nobody has decided
	LegalReference string
	Source         string // one of RetentionSources
	// Bound says whether the text behind the rule sets the least or the most; empty for neither.
	Bound     string
	Certainty string // one of RetentionCertainties: how well that text is known; empty where nobody said
	// Reason is why the rule differs from its preset.
	Reason     string
	Version    int
	CreatedAt  time.Time
	UpdatedAt  time.Time
	ArchivedAt *time.Time
}

// Choices of a rule's lists.
var (
	RetentionFates       = []string{"delete", "anonymise", "archive"}
	RetentionSources     = []string{"law", "recommendation", "own"}
	RetentionBounds      = []string{"least", "most"}
	RetentionCertainties = []string{"read", "quoted", "to_verify"}
)

// MaxRetention is the longest period that can be written, in months.
const MaxRetention = 1200

// NewRetentionRule checks and cleans what was typed. A rule that was made of a preset and says something else gives its
// reason, which the history keeps.
func NewRetentionRule(r RetentionRule) (RetentionRule, error) {
	r.Code, r.Name, r.LegalReference, r.ArchiveGround = CleanLine(r.Code), CleanLine(r.Name), CleanLine(r.LegalReference), CleanLine(r.ArchiveGround)
	r.Criterion, r.Reason, r.Triggers = strings.TrimSpace(r.Criterion), strings.TrimSpace(r.Reason), CleanList(r.Triggers)
	if r.Source == "" {
		r.Source = "own"
	}
	var p Problems
	p.Line("code", r.Code, true, 60)
	p.Line("name", r.Name, true, MaxName)
	p.List("triggers", r.Triggers)
	p.Text("criterion", r.Criterion, MaxText)
	p.Line("archive_ground", r.ArchiveGround, false, 1000)
	p.Line("legal_reference", r.LegalReference, false, 1000)
	p.Text("reason", r.Reason, MaxText)
	p.OneOf("fate", r.Fate, append([]string{""}, RetentionFates...)...)
	p.OneOf("retention_source", r.Source, RetentionSources...)
	p.OneOf("bound", r.Bound, append([]string{""}, RetentionBounds...)...)
	p.OneOf("certainty", r.Certainty, append([]string{""}, RetentionCertainties...)...)
	for name, months := range map[string]*int{"active_months": r.ActiveMonths, "archive_months": r.ArchiveMonths} {
		if months != nil && (*months < 0 || *months > MaxRetention) {
			p.Add(name, "error.range", "least", 0, "most", MaxRetention)
		}
	}
	if r.ActiveMonths == nil && r.ArchiveMonths == nil && r.Criterion == "" {
		p.Add("active_months", "retention.no_period")
	}
	if r.Source == "law" && r.LegalReference == "" {
		p.Add("legal_reference", "retention.law_unnamed")
	}
	if preset, of := r.preset(&p); of && len(r.Deviations(preset)) > 0 && r.Reason == "" {
		p.Add("reason", "retention.unreasoned")
	}
	return r, p.Err()
}

func (r RetentionRule) preset(p *Problems) (RetentionPreset, bool) {
	if r.Preset == "" {
		return RetentionPreset{}, false
	}
	preset, ok := RetentionPresetByCode(r.Preset)
	if !ok {
		p.Add("preset", "error.choice")
	}
	return preset, ok
}

// Deviations name what a rule says otherwise than its preset.
func (r RetentionRule) Deviations(p RetentionPreset) []string {
	var names []string
	differs := func(name string, is bool) {
		if is {
			names = append(names, name)
		}
	}
	differs("triggers", !slices.Equal(r.Triggers, p.Triggers))
	differs("active_months", !equalMonths(r.ActiveMonths, p.ActiveMonths))
	differs("archive_months", !equalMonths(r.ArchiveMonths, p.ArchiveMonths))
	differs("fate", r.Fate != p.Fate)
	return names
}

func equalMonths(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }

// Months is how long data is kept in all, archive included; known is false where the rule gives no number.
func (r RetentionRule) Months() (months int, known bool) {
	return valueOf(r.ActiveMonths) + valueOf(r.ArchiveMonths), r.ActiveMonths != nil || r.ArchiveMonths != nil
}

// Outlived tells whether data of a day is older than the rule allows on another; false where the rule gives no number.
func (r RetentionRule) Outlived(oldest, today time.Time) bool {
	rule, data := r.Rules(), FieldRetention{OldestRecordOn: &oldest}
	return data.overdue(&rule, dayOf(today))
}

// Rules are what verdicts read of the rule.
func (r RetentionRule) Rules() RetentionFacts {
	f := RetentionFacts{Rule: r.ID}
	f.Months, f.Numbered = r.Months()
	return f
}

// LegalLeast is the shortest period that the text behind the rule allows: that of its preset, else its own; known is false
// where the text sets none.
func (r RetentionRule) LegalLeast() (months int, known bool) {
	if p, ok := RetentionPresetByCode(r.Preset); ok && p.Bound == "least" {
		return p.rule().Months()
	}
	if r.Bound == "least" {
		return r.Months()
	}
	return 0, false
}

// Material tells whether approvals that were given under one version of the rule say nothing of another.
func (r RetentionRule) Material(next RetentionRule) bool {
	return !equalMonths(r.ActiveMonths, next.ActiveMonths) || !equalMonths(r.ArchiveMonths, next.ArchiveMonths) || r.Fate != next.Fate ||
		r.Criterion != next.Criterion || !slices.Equal(r.Triggers, next.Triggers)
}

// Subject names the rule in the history.
func (r RetentionRule) Subject() Subject { return Subject{SubjectRetentionRule, int64(r.ID), r.Name} }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (r RetentionRule) Archived() bool { return r.ArchivedAt != nil }

// Revision is the version that somebody saw.
func (r RetentionRule) Revision() int { return r.Version }

// Facts are the named values that the history keeps.
func (r RetentionRule) Facts() map[string]any {
	facts := map[string]any{"code": r.Code, "name": r.Name, "preset": r.Preset, "triggers": r.Triggers, "active_months": nil,
		"criterion": r.Criterion, "archive_months": nil, "archive_ground": r.ArchiveGround, "fate": r.Fate,
		"legal_reference": r.LegalReference, "retention_source": r.Source, "bound": r.Bound, "certainty": r.Certainty, "reason": r.Reason}
	if r.ActiveMonths != nil {
		facts["active_months"] = *r.ActiveMonths
	}
	if r.ArchiveMonths != nil {
		facts["archive_months"] = *r.ArchiveMonths
	}
	return facts
}

// RetentionFacts are what the rules of verdicts read of a retention rule.
type RetentionFacts struct {
	Rule     RetentionRuleID
	Months   int  // in all, archive included
	Numbered bool // false where the rule gives a criterion and no number
}

// RetentionFrom says where a rule that binds a field comes from.
type RetentionFrom string

// What a rule can be attached to, in the order in which the choice is told.
const (
	RetentionOfField    RetentionFrom = "field"
	RetentionOfDataset  RetentionFrom = "dataset"
	RetentionOfCategory RetentionFrom = "category"
	RetentionOfPurpose  RetentionFrom = "purpose"
)

// RetentionTargets list what a rule can be attached to.
var RetentionTargets = []RetentionFrom{RetentionOfPurpose, RetentionOfCategory, RetentionOfDataset, RetentionOfField}

// RetentionCandidate is a rule that may bind a field. For a purpose without a rule, Rule is nil.
type RetentionCandidate struct {
	From RetentionFrom
	Rule *RetentionFacts
}

// EffectiveRetention is the place, among the candidates, of the rule that binds a field; -1 where there is none.
//
// What was decided of the data itself (its field, its dataset, its category) binds as it stands. Purposes count together:
// data may serve each of them until its own end (art. 5(1)(e): for the purposes for which it is processed), so that the
// longest of them stands for all, and none does where one gives no number. Of what is left, the strictest binds. A rule
// without a number binds only where no other does.
func EffectiveRetention(candidates []RetentionCandidate) int {
	var c retentionChoice
	for i, candidate := range candidates {
		c.add(candidate.From, candidate.Rule, i)
	}
	_, place := c.effective()
	return place
}

// KeptUnder is the rule by which data is kept for a purpose, whose own rule this is, where another one binds it: the shorter
// of the two. What other purposes of the same data need does not lengthen this one (GDPR art. 5(1)(e)).
func (r RetentionRule) KeptUnder(binds RetentionRule) RetentionRule {
	own, ownKnown := r.Months()
	other, known := binds.Months()
	if binds.ID == 0 || r.ID != 0 && (!known || ownKnown && own <= other) {
		return r
	}
	return binds
}

// retentionChoice makes the choice candidate by candidate, so that verdicts need no list of them.
type retentionChoice struct {
	strictest, longest, worded     *RetentionFacts
	strictestAt, longestAt, wordAt int
	open                           bool // a purpose gives no number: nobody can say when its use ends
}

func (c *retentionChoice) add(from RetentionFrom, rule *RetentionFacts, place int) {
	numbered := rule != nil && rule.Numbered
	switch {
	case numbered && from == RetentionOfPurpose:
		if c.longest == nil || rule.before(c.longest, -1) {
			c.longest, c.longestAt = rule, place
		}
	case numbered:
		if c.strictest == nil || rule.before(c.strictest, 1) {
			c.strictest, c.strictestAt = rule, place
		}
	case from == RetentionOfPurpose:
		c.open = true
	}
	if rule != nil && !numbered && (c.worded == nil || rule.Rule < c.worded.Rule) {
		c.worded, c.wordAt = rule, place
	}
}

// before orders rules by their months, times the sign; of equals the older comes first, so that order of reading does not
// decide.
func (f *RetentionFacts) before(o *RetentionFacts, sign int) bool {
	if f.Months != o.Months {
		return sign*f.Months < sign*o.Months
	}
	return f.Rule < o.Rule
}

func (c *retentionChoice) effective() (*RetentionFacts, int) {
	purposes := c.longest != nil && !c.open
	switch {
	case c.strictest != nil && (!purposes || c.strictest.Months <= c.longest.Months):
		return c.strictest, c.strictestAt
	case purposes:
		return c.longest, c.longestAt
	case c.worded != nil:
		return c.worded, c.wordAt
	}
	return nil, -1
}

// RetentionRegister is the list of retention rules.
var RetentionRegister = Register{
	Name: "retention",
	Sort: "code",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "code", Kind: CellCode, Hidden: true},
		{Key: "triggers", Kind: CellEnums, Enum: "retention.trigger", NoSort: true},
		{Key: "active_months", Kind: CellInt},
		{Key: "archive_months", Kind: CellInt},
		{Key: "fate", Kind: CellEnum, Enum: "retention.fate"},
		{Key: "retention_source", Kind: CellEnum, Enum: "retention.source"},
		{Key: "certainty", Kind: CellEnum, Enum: "retention.certainty", Hidden: true},
		{Key: "purposes", Kind: CellInt, Desc: true},
		{Key: "categories", Kind: CellInt, Desc: true},
		{Key: "datasets", Kind: CellInt, Desc: true},
		{Key: "bound_fields", Kind: CellInt, Desc: true},
		{Key: "over_fields", Kind: CellInt, Desc: true},
		{Key: "legal_reference", Kind: CellText, Hidden: true},
		{Key: "archive_ground", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "criterion", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "bound", Kind: CellEnum, Enum: "retention.bound", Hidden: true},
		{Key: "preset", Kind: CellCode, Hidden: true},
		{Key: "deviates", Kind: CellBool, Hidden: true},
		{Key: "reason", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
		{Key: "retention_source", Enum: "retention.source", Facet: true, Values: RetentionSources},
		{Key: "certainty", Enum: "retention.certainty", Facet: true, Values: RetentionCertainties},
		{Key: "fate", Enum: "retention.fate", Facet: true, Values: RetentionFates},
		{Key: "archive", Enum: "choice", Facet: true, Values: []string{"yes", "no"}},
		{Key: "used", Enum: "choice", Facet: true, Values: []string{"yes", "no"}},
		{Key: "purpose", Ref: true},
	},
}
