package domain

import (
	"cmp"
	"slices"
	"strings"
)

// RetentionPicture is what conflicts between retention rules are found in.
type RetentionPicture struct {
	Rules    []RetentionRule
	Purposes []RetentionPurpose
	Copies   []RetentionCopy
	Places   []RetentionPlace
	Cuts     []RetentionCut
}

// RetentionPurpose is a purpose in force with its rule; zero for none.
type RetentionPurpose struct {
	ID     PurposeID
	Name   string
	Rule   RetentionRuleID
	Fields int64 // approved for it
}

// RetentionCopy is what a flow carries from data that one rule binds to data that another binds.
type RetentionCopy struct {
	Flow           FlowID
	Name           string
	Origin, Target RetentionRuleID
	Fields         int64 // carried; 0 where the two are datasets as a whole
}

// RetentionPlace is an application with a rule that binds fields of it, and the codes of the categories that it holds.
type RetentionPlace struct {
	Application ApplicationID
	Name        string
	Rule        RetentionRuleID
	Held        []string
}

// RetentionCut is a purpose whose fields are bound by another rule than its own.
type RetentionCut struct {
	Purpose RetentionPurpose
	Bound   RetentionRuleID
	Fields  int64
}

// RetentionConflict is one thing that does not hold together. Its sentence is the message "retention.conflict." + Kind.
type RetentionConflict struct {
	Kind    string
	Rule    RetentionRuleID // where it is mended; zero for none
	Subject Subject         // what it is about
	Args    map[string]any
}

// RetentionConflicts are the kinds of conflicts, the gravest first.
var RetentionConflicts = []string{"below_least", "cut_short", "no_rule", "longer_copy", "unrecorded", "no_ground"}

// Conflicts finds what does not hold together: a rule or the rule that binds shorter than a text allows, a purpose in force
// without a rule (art. 30(1)(f)), a copy kept longer than its origin, a period that counts from an event that no field of
// the application records, an archive without a ground (art. 5(1)(e)). The gravest come first, then by name.
func (p RetentionPicture) Conflicts() []RetentionConflict {
	rules := make(map[RetentionRuleID]RetentionRule, len(p.Rules))
	for _, r := range p.Rules {
		rules[r.ID] = r
	}
	var out []RetentionConflict
	for _, r := range p.Rules {
		out = append(out, r.conflicts()...)
	}
	for _, purpose := range p.Purposes {
		if purpose.Rule == 0 {
			out = append(out, RetentionConflict{Kind: "no_rule", Subject: purpose.subject(), Args: Args("name", purpose.Name, "n", purpose.Fields)})
		}
	}
	for _, c := range p.Copies {
		out = append(out, c.conflicts(rules[c.Origin], rules[c.Target])...)
	}
	for _, c := range p.Cuts {
		out = append(out, c.conflicts(rules[c.Purpose.Rule], rules[c.Bound])...)
	}
	for _, place := range p.Places {
		out = append(out, place.conflicts(rules[place.Rule])...)
	}
	slices.SortStableFunc(out, func(a, b RetentionConflict) int {
		return cmp.Or(cmp.Compare(slices.Index(RetentionConflicts, a.Kind), slices.Index(RetentionConflicts, b.Kind)),
			strings.Compare(Fold(a.Subject.Name), Fold(b.Subject.Name)), cmp.Compare(a.Subject.ID, b.Subject.ID), cmp.Compare(a.Rule, b.Rule))
	})
	return out
}

func (p RetentionPurpose) subject() Subject { return Subject{SubjectPurpose, int64(p.ID), p.Name} }

// conflicts of a rule in itself.
func (r RetentionRule) conflicts() []RetentionConflict {
	var out []RetentionConflict
	months, numbered := r.Months()
	if least, known := r.LegalLeast(); known && numbered && months < least {
		out = append(out, RetentionConflict{Kind: "below_least", Rule: r.ID, Subject: r.Subject(),
			Args: Args("name", r.Name, "months", months, "least", least, "text", r.LegalReference)})
	}
	if valueOf(r.ArchiveMonths) > 0 && r.ArchiveGround == "" {
		out = append(out, RetentionConflict{Kind: "no_ground", Rule: r.ID, Subject: r.Subject(), Args: Args("name", r.Name, "months", *r.ArchiveMonths)})
	}
	return out
}

func (c RetentionCopy) conflicts(origin, target RetentionRule) []RetentionConflict {
	first, known := origin.Months()
	second, also := target.Months()
	if !known || !also || second <= first {
		return nil
	}
	return []RetentionConflict{{Kind: "longer_copy", Rule: target.ID, Subject: Subject{SubjectFlow, int64(c.Flow), c.Name},
		Args: Args("name", c.Name, "origin", first, "copy", second, "n", c.Fields)}}
}

func (c RetentionCut) conflicts(own, bound RetentionRule) []RetentionConflict {
	least, known := own.LegalLeast()
	months, numbered := bound.Months()
	if !known || !numbered || months >= least {
		return nil
	}
	return []RetentionConflict{{Kind: "cut_short", Rule: bound.ID, Subject: c.Purpose.subject(),
		Args: Args("name", c.Purpose.Name, "rule", bound.Name, "months", months, "least", least, "text", own.LegalReference, "n", c.Fields)}}
}

// conflicts: no field of the application records any of the events from which the rule counts. An event of people's own
// words cannot be looked for, nor one that needs no field.
func (p RetentionPlace) conflicts(r RetentionRule) []RetentionConflict {
	var missing []string
	for _, trigger := range r.Triggers {
		categories, checked := RetentionRecords(trigger)
		if !checked || slices.ContainsFunc(p.Held, func(held string) bool { return recorded(categories, held) }) {
			return nil
		}
		missing = append(missing, trigger)
	}
	if len(missing) == 0 {
		return nil
	}
	return []RetentionConflict{{Kind: "unrecorded", Rule: r.ID, Subject: Subject{SubjectApplication, int64(p.Application), p.Name},
		Args: Args("name", p.Name, "rule", r.Name, "events", missing)}}
}

func recorded(categories []string, held string) bool {
	return slices.ContainsFunc(categories, func(code string) bool { return held == code || strings.HasPrefix(held, code+".") })
}

// ScheduleRegister is the retention schedule: how long each category of data is kept for each purpose, by the rule that
// binds it.
var ScheduleRegister = Register{
	Name: "schedule",
	Sort: "purpose",
	Columns: []RegisterColumn{
		{Key: "purpose", Kind: CellText, Fixed: true},
		{Key: "category", Kind: CellText},
		{Key: "gdpr_class", Kind: CellEnum, Enum: "class", Hidden: true},
		{Key: "retention", Kind: CellText},
		{Key: "triggers", Kind: CellEnums, Enum: "retention.trigger", NoSort: true},
		{Key: "active_months", Kind: CellInt},
		{Key: "archive_months", Kind: CellInt},
		{Key: "archive_ground", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "fate", Kind: CellEnum, Enum: "retention.fate"},
		{Key: "criterion", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "legal_reference", Kind: CellText},
		{Key: "certainty", Kind: CellEnum, Enum: "retention.certainty", Hidden: true},
		{Key: "fields", Kind: CellInt, Desc: true},
		{Key: "over_fields", Kind: CellInt, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "purpose", Facet: true, Ref: true},
		{Key: "rule", Facet: true, Ref: true},
		{Key: "gdpr_class", Enum: "class", Facet: true, Values: GDPRClasses},
		{Key: "fate", Enum: "retention.fate", Facet: true, Values: RetentionFates},
	},
	NoArchive: true,
}
