package domain

import "time"

// Scenario is a sequence of messages, or a campaign on a date, by which a program reaches people.
type Scenario struct {
	ID          ScenarioID
	Program     ProgramID
	Name        string
	Kind        string // one of ScenarioKinds
	Nature      string // one of ScenarioNatures
	TriggerKind string // one of TriggerKinds
	Trigger     string // in words: what starts it
	Segment     SegmentID
	Target      string   // who enters, beside the segment
	Exclusions  string   // who is left out
	Channels    []string // of Channels, or a person's own words
	Delay       string   // in words: how long after the trigger, at which hours
	Cap         *Cap     // nil where nothing limits it
	StopRule    string   // when a person leaves it
	Message     string
	KPI         string
	Purpose     PurposeID  // whose legal basis it runs under, one of the program's
	Consent     CategoryID // of the consent that is read before sending
	Status      ProgramStatus
	StartsOn    *time.Time
	EndsOn      *time.Time
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ArchivedAt  *time.Time
}

// Choices of a scenario.
var (
	ScenarioKinds = []string{"sequence", "campaign"}
	// ScenarioNatures in the order of their priority: what must be said goes before what one would like to say.
	ScenarioNatures = []string{NatureTransactional, NatureService, NatureRelationship, NaturePromotional}
	TriggerKinds    = []string{"event", "date", "computed", "score", "schedule", "manual"}
)

// What a message is. Only the last two are marketing, and weigh on whoever receives them.
const (
	NatureTransactional = "transactional"
	NatureService       = "service"
	NatureRelationship  = "relationship"
	NaturePromotional   = "promotional"
)

// Cap limits how many messages one person receives, within a number of days that moves on with the calendar.
type Cap struct{ Messages, Days int }

// Within is the most that a person can receive in so many days under the cap. A window of the cap may begin on any day, so
// that each one that has begun counts in full.
func (c Cap) Within(days int) int { return c.Messages * ((days + c.Days - 1) / c.Days) }

// NewScenario checks and cleans what was typed. A planned one has a start date, else it is an idea.
func NewScenario(c Scenario) (Scenario, error) {
	for _, line := range []*string{&c.Name, &c.Trigger, &c.Delay, &c.KPI} {
		*line = CleanLine(*line)
	}
	c.Channels = CleanList(c.Channels)
	if c.Status == "" {
		c.Status = ProgramIdea
	}
	var bad Problems
	if c.Program == 0 {
		bad.Add("program", "error.required")
	}
	bad.Line("name", c.Name, true, MaxName)
	for name, line := range map[string]string{"trigger": c.Trigger, "delay": c.Delay, "kpi": c.KPI} {
		bad.Line(name, line, false, 500)
	}
	for name, text := range map[string]string{"target_rule": c.Target, "exclusions": c.Exclusions, "stop_rule": c.StopRule, "message": c.Message} {
		bad.Text(name, text, MaxText)
	}
	bad.OneOf("scenario_kind", c.Kind, ScenarioKinds...)
	bad.OneOf("nature", c.Nature, ScenarioNatures...)
	bad.OneOf("trigger_kind", c.TriggerKind, TriggerKinds...)
	bad.OneOf("status", string(c.Status), ProgramStatuses...)
	bad.List("channels", c.Channels)
	if c.Cap != nil {
		if c.Cap.Messages < 1 || c.Cap.Messages > 1000 {
			bad.Add("cap_messages", "error.range", "least", 1, "most", 1000)
		}
		if c.Cap.Days < 1 || c.Cap.Days > 366 {
			bad.Add("cap_days", "error.range", "least", 1, "most", 366)
		}
	}
	if c.Status == ProgramPlanned && c.StartsOn == nil {
		bad.Add("starts_on", "program.planned_undated")
	}
	bad.Order("ends_on", c.StartsOn, c.EndsOn)
	return c, bad.Err()
}

// Runs tells whether the scenario sends messages, or is going to.
func (c Scenario) Runs() bool {
	return c.ArchivedAt == nil && (c.Status == ProgramLive || c.Status == ProgramPlanned)
}

// Presses tells whether its messages weigh on whoever receives them: what a person waits for, and what must be said, does
// not count.
func (c Scenario) Presses() bool {
	return c.Nature == NatureRelationship || c.Nature == NaturePromotional
}

// Subject names the scenario in the history.
func (c Scenario) Subject() Subject { return Subject{SubjectScenario, int64(c.ID), c.Name} }

// Revision is the version that a form carries, so that nobody's change is overwritten unseen.
func (c Scenario) Revision() int { return c.Version }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (c Scenario) Archived() bool { return c.ArchivedAt != nil }

// Facts are the named values that the history keeps.
func (c Scenario) Facts() map[string]any {
	facts := map[string]any{"program": int64(c.Program), "name": c.Name, "scenario_kind": c.Kind, "nature": c.Nature, "trigger_kind": c.TriggerKind,
		"trigger": c.Trigger, "segment": int64(c.Segment), "target_rule": c.Target, "exclusions": c.Exclusions, "channels": c.Channels, "delay": c.Delay,
		"cap_messages": nil, "cap_days": nil, "stop_rule": c.StopRule, "message": c.Message, "kpi": c.KPI, "purpose": int64(c.Purpose),
		"consent_category": int64(c.Consent), "status": string(c.Status), "starts_on": dayFact(c.StartsOn), "ends_on": dayFact(c.EndsOn)}
	if c.Cap != nil {
		facts["cap_messages"], facts["cap_days"] = c.Cap.Messages, c.Cap.Days
	}
	return facts
}

// ScenarioRegister is the list of scenarios.
var ScenarioRegister = Register{
	Name: "scenarios",
	Sort: "program",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "program", Kind: CellText},
		{Key: "status", Kind: CellEnum, Enum: "program.status"},
		{Key: "nature", Kind: CellEnum, Enum: "scenario.nature"},
		{Key: "trigger_kind", Kind: CellEnum, Enum: "scenario.trigger"},
		{Key: "trigger", Kind: CellText, Hidden: true},
		{Key: "segment", Kind: CellText},
		{Key: "channels", Kind: CellEnums, Enum: "channel", NoSort: true},
		{Key: "frequency_cap", Kind: CellText, NoSort: true},
		{Key: "stage", Kind: CellText, Hidden: true},
		{Key: "purpose", Kind: CellText, Hidden: true},
		{Key: "consent_category", Kind: CellText, Hidden: true},
		{Key: "scenario_kind", Kind: CellEnum, Enum: "scenario.kind", Hidden: true},
		{Key: "target_rule", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "exclusions", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "delay", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "stop_rule", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "message", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "kpi", Kind: CellText, Hidden: true},
		{Key: "starts_on", Kind: CellDate, Hidden: true},
		{Key: "ends_on", Kind: CellDate, Hidden: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "status", Enum: "program.status", Facet: true, Values: ProgramStatuses},
		{Key: "nature", Enum: "scenario.nature", Facet: true, Values: ScenarioNatures},
		{Key: "program", Facet: true, Ref: true},
		{Key: "segment", Facet: true, Ref: true},
		{Key: "channel", Enum: "channel", Facet: true},
		{Key: "frequency_cap", Enum: "choice", Facet: true, Values: []string{"yes", "no"}},
		{Key: "purpose", Ref: true},
		{Key: "consent_category", Ref: true},
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
	},
}
