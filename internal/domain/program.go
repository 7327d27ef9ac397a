package domain

import (
	"slices"
	"time"
)

// Program is a CRM program of the relational plan.
type Program struct {
	ID          ProgramID
	Code        string
	Name        string
	Description string
	Objective   ObjectiveID
	Stage       StageID
	Trigger     string
	Channels    []string // of Channels, or a person's own words
	KPI         string
	Owner       UserID
	Status      ProgramStatus
	StartsOn    *time.Time
	EndsOn      *time.Time
	PausedOn    *time.Time  // day of the pause; set while paused only
	Template    string      // code of the template that it was made from; empty for none
	Purposes    []PurposeID // under which it runs, in rising order
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ArchivedAt  *time.Time
}

// Choices of a program's lists.
var (
	ProgramStatuses = []string{string(ProgramIdea), string(ProgramPlanned), string(ProgramLive), string(ProgramPaused), string(ProgramEnded)}
	Channels        = []string{"email", "sms", "app_push", "in_app", "phone", "post", "store", "web", "social", "linkedin"}
)

// NewProgram checks and cleans what was typed, on a day. A plan has a start date, else it is an idea; a pause dates from
// the day on which it is said; what has ended has an end; what is live has begun.
func NewProgram(p Program, today time.Time) (Program, error) {
	p.Code, p.Name, p.Trigger, p.KPI = CleanLine(p.Code), CleanLine(p.Name), CleanLine(p.Trigger), CleanLine(p.KPI)
	p.Channels = CleanList(p.Channels)
	p.Purposes = sortedIDs(p.Purposes)
	if p.Status == "" {
		p.Status = ProgramIdea
	}
	p = p.dated(Day(today))
	var bad Problems
	bad.Line("code", p.Code, true, 60)
	bad.Line("name", p.Name, true, MaxName)
	bad.Line("trigger", p.Trigger, false, 500)
	bad.Line("kpi", p.KPI, false, 500)
	bad.Text("description", p.Description, MaxText)
	bad.List("channels", p.Channels)
	bad.OneOf("status", string(p.Status), ProgramStatuses...)
	if p.Status == ProgramPlanned && p.StartsOn == nil {
		bad.Add("starts_on", "program.planned_undated")
	}
	if p.Status == ProgramLive && p.StartsOn != nil && p.StartsOn.After(Day(today)) {
		bad.Add("starts_on", "program.live_ahead")
	}
	bad.Order("ends_on", p.StartsOn, p.EndsOn)
	return p, bad.Err()
}

// dated sets the dates that follow from the status. A program that ends before it began has no end: it never ran.
func (p Program) dated(today time.Time) Program {
	if p.Status != ProgramPaused {
		p.PausedOn = nil
	} else if p.PausedOn == nil {
		p.PausedOn = &today
	}
	if p.Status == ProgramEnded && (p.EndsOn == nil || p.EndsOn.After(today)) {
		p.EndsOn = &today
		if p.StartsOn != nil && p.StartsOn.After(today) {
			p.EndsOn = nil
		}
	}
	return p
}

// Become returns the program in another status, on a day. A program that starts over leaves its old end behind, and one that
// goes live before its date begins that day.
func (p Program) Become(status ProgramStatus, today time.Time) (Program, error) {
	if p.Status == ProgramEnded && status != ProgramEnded {
		p.EndsOn = nil
	}
	if day := Day(today); status == ProgramLive && p.StartsOn != nil && p.StartsOn.After(day) {
		p.StartsOn = &day
	}
	p.Status = status
	return NewProgram(p, today)
}

// Rules are what verdicts read of the program; an archived one is run by nobody.
func (p Program) Rules() ProgramFacts {
	f := ProgramFacts{Status: p.Status, StartsOn: p.StartsOn, EndsOn: p.EndsOn, PausedOn: p.PausedOn}
	if p.ArchivedAt != nil {
		f.Status = ProgramEnded
	}
	return f
}

// Subject names the program in the history.
func (p Program) Subject() Subject { return Subject{SubjectProgram, int64(p.ID), p.Name} }

// Revision is the number of times that it was saved.
func (p Program) Revision() int { return p.Version }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (p Program) Archived() bool { return p.ArchivedAt != nil }

// Facts are the named values that the history keeps.
func (p Program) Facts() map[string]any {
	return map[string]any{"code": p.Code, "name": p.Name, "description": p.Description, "objective": int64(p.Objective), "stage": int64(p.Stage),
		"trigger": p.Trigger, "channels": p.Channels, "kpi": p.KPI, "owner": int64(p.Owner), "status": string(p.Status),
		"starts_on": dayFact(p.StartsOn), "ends_on": dayFact(p.EndsOn), "paused_on": dayFact(p.PausedOn), "purposes": idFact(p.Purposes)}
}

// Requirement is a program's need for a category of data, whether or not any field provides it.
type Requirement struct {
	Program  ProgramID
	Category CategoryID
	Level    LinkLevel
	Role     string // one of LinkRoles: what the program does with the data; empty where nobody has said
	Note     string // expected gain of useful data; less intrusive alternative of data to avoid
	// Scenarios of the program that it is for; none where the whole program needs it.
	Scenarios []ScenarioID
}

// Of tells whether the scenario has the need: its own, or one of the whole program.
func (r Requirement) Of(scenario ScenarioID) bool {
	return len(r.Scenarios) == 0 || slices.Contains(r.Scenarios, scenario)
}

// NewRequirement checks and cleans what was typed. As with a link, useful data says its expected gain, and data to avoid its
// alternative.
func NewRequirement(r Requirement) (Requirement, error) {
	r.Note, r.Scenarios = CleanLine(r.Note), sortedIDs(r.Scenarios)
	var p Problems
	if r.Category == 0 {
		p.Add("category", "error.required")
	}
	p.needed(r.Level, r.Role, r.Note)
	return r, p.Err()
}

// Facts are the named values that the history keeps.
func (r Requirement) Facts() map[string]any {
	facts := map[string]any{"category": int64(r.Category), "level": string(r.Level), "role": r.Role, "note": r.Note}
	if len(r.Scenarios) > 0 {
		facts["scenarios"] = idFact(r.Scenarios)
	}
	return facts
}

// Coverage says whether fields meet a requirement.
type Coverage string

// The answers. The last two are about data to avoid.
const (
	CoverageLinked    Coverage = "linked"    // a field of the category is linked to the program
	CoverageTwice     Coverage = "twice"     // fields of several datasets are: one is a duplicate
	CoverageAvailable Coverage = "available" // fields hold it, none is linked
	CoverageMissing   Coverage = "missing"   // no field holds it: to collect
	CoverageUsed      Coverage = "used"      // to avoid, and linked all the same
	CoverageAvoided   Coverage = "avoided"   // to avoid, and not linked
)

// Held are the fields of a category and of those under it: how many there are, how many of them the program is linked to
// (other than to avoid them), and in how many datasets those are.
type Held struct{ Fields, Linked, LinkedDatasets int64 }

// Coverages in the order in which they are shown: first what asks for work.
var Coverages = []string{string(CoverageMissing), string(CoverageAvailable), string(CoverageTwice), string(CoverageUsed), string(CoverageLinked),
	string(CoverageAvoided)}

// Coverage tells whether what is held meets the requirement.
func (r Requirement) Coverage(h Held) Coverage {
	switch {
	case r.Level == LinkAvoid && h.Linked > 0:
		return CoverageUsed
	case r.Level == LinkAvoid:
		return CoverageAvoided
	case h.LinkedDatasets > 1:
		return CoverageTwice
	case h.Linked > 0:
		return CoverageLinked
	case h.Fields > 0:
		return CoverageAvailable
	}
	return CoverageMissing
}

// RequirementRegister is the list of what programs need, whether or not any field provides it.
var RequirementRegister = Register{
	Name: "requirements",
	Sort: "program",
	Columns: []RegisterColumn{
		{Key: "category", Kind: CellText, Fixed: true},
		{Key: "program", Kind: CellText},
		{Key: "program_status", Kind: CellEnum, Enum: "program.status", Hidden: true},
		{Key: "level", Kind: CellEnum, Enum: "level"},
		{Key: "role", Kind: CellEnum, Enum: "link.role"},
		{Key: "note", Kind: CellText, NoSort: true},
		{Key: "scenarios", Kind: CellTexts, NoSort: true, Hidden: true},
		{Key: "coverage", Kind: CellEnum, Enum: "coverage"},
		{Key: "linked_fields", Kind: CellInt, Desc: true},
		{Key: "fields", Kind: CellInt, Desc: true},
		{Key: "code", Kind: CellCode, Hidden: true},
		{Key: "gdpr_class", Kind: CellEnum, Enum: "class", Hidden: true},
		{Key: "stage", Kind: CellText, Hidden: true},
		{Key: "objective", Kind: CellText, Hidden: true},
	},
	Filters: []RegisterFilter{
		{Key: "coverage", Enum: "coverage", Facet: true, Values: Coverages},
		{Key: "level", Enum: "level", Facet: true, Values: LinkLevels},
		{Key: "role", Enum: "link.role", Facet: true, Values: LinkRoles},
		{Key: "program", Facet: true, Ref: true},
		{Key: "scenario", Ref: true},
		{Key: "status", Enum: "program.status", Facet: true, Values: ProgramStatuses},
		{Key: "note", Enum: "link.note", Facet: true, Values: []string{"given", "missing"}},
		{Key: "gdpr_class", Enum: "class", Facet: true, Values: GDPRClasses},
		{Key: "category", Ref: true},
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}}, // of its program
	},
}

// ProgramRegister is the list of programs.
var ProgramRegister = Register{
	Name: "programs",
	Sort: "name",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "code", Kind: CellCode, Hidden: true},
		{Key: "status", Kind: CellEnum, Enum: "program.status"},
		{Key: "readiness", Kind: CellEnum, Enum: "program.readiness"},
		{Key: "blocked_by", Kind: CellTexts, NoSort: true},
		{Key: "stage", Kind: CellText},
		{Key: "objective", Kind: CellText},
		{Key: "purposes", Kind: CellTexts, NoSort: true},
		{Key: "channels", Kind: CellEnums, Enum: "channel", NoSort: true, Hidden: true},
		{Key: "starts_on", Kind: CellDate, Hidden: true},
		{Key: "ends_on", Kind: CellDate, Hidden: true},
		{Key: "owner", Kind: CellText, Hidden: true},
		{Key: "fields", Kind: CellInt, Desc: true},
		{Key: "requirements", Kind: CellInt, Desc: true},
		{Key: "trigger", Kind: CellText, Hidden: true},
		{Key: "kpi", Kind: CellText, Hidden: true},
		{Key: "template", Kind: CellCode, Hidden: true},
		{Key: "description", Kind: CellText, Hidden: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "status", Enum: "program.status", Facet: true, Values: ProgramStatuses},
		{Key: "readiness", Enum: "program.readiness", Facet: true, Values: Readinesses},
		{Key: "stage", Facet: true, Ref: true},
		{Key: "objective", Facet: true, Ref: true},
		{Key: "channel", Enum: "channel", Facet: true},
		{Key: "owner", Facet: true, Ref: true},
		{Key: "purpose", Ref: true},
		{Key: "category", Ref: true},
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
	},
}
