package domain

import "time"

// Objective is something that the customer relationship must achieve.
type Objective struct {
	ID          ObjectiveID
	Name        string
	KPI         string // what it is measured by
	Target      string // the value to reach, in words
	Description string
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ArchivedAt  *time.Time
}

// NewObjective checks and cleans what was typed.
func NewObjective(o Objective) (Objective, error) {
	o.Name, o.KPI, o.Target = CleanLine(o.Name), CleanLine(o.KPI), CleanLine(o.Target)
	var p Problems
	p.Line("name", o.Name, true, 300)
	p.Line("kpi", o.KPI, false, 500)
	p.Line("target", o.Target, false, MaxName)
	p.Text("description", o.Description, MaxText)
	return o, p.Err()
}

// Subject names the objective in the history.
func (o Objective) Subject() Subject { return Subject{SubjectObjective, int64(o.ID), o.Name} }

// Revision is the version that a form carries, so that nobody's change is overwritten unseen.
func (o Objective) Revision() int { return o.Version }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (o Objective) Archived() bool { return o.ArchivedAt != nil }

// Facts are the named values that the history keeps.
func (o Objective) Facts() map[string]any {
	return map[string]any{"name": o.Name, "kpi": o.KPI, "target": o.Target, "description": o.Description}
}

// ObjectiveRegister is the list of objectives.
var ObjectiveRegister = Register{
	Name: "objectives",
	Sort: "name",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "kpi", Kind: CellText},
		{Key: "target", Kind: CellText},
		{Key: "programs", Kind: CellInt, Desc: true},
		{Key: "live_programs", Kind: CellInt, Desc: true},
		{Key: "description", Kind: CellText, Hidden: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
		{Key: "programs", Enum: "programs.any", Facet: true, Values: []string{"some", "none"}},
	},
}
