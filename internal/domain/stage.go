package domain

import "time"

// Stage is a moment of the customer life cycle.
type Stage struct {
	ID          StageID
	Code        string
	Name        string
	Description string
	Position    int // place in the journey, from 1; kept by the order of the list
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ArchivedAt  *time.Time
}

// NewStage checks and cleans what was typed.
func NewStage(g Stage) (Stage, error) {
	g.Code, g.Name = CleanLine(g.Code), CleanLine(g.Name)
	var p Problems
	p.Line("code", g.Code, true, 60)
	p.Line("name", g.Name, true, MaxName)
	p.Text("description", g.Description, MaxText)
	return g, p.Err()
}

// Subject names the stage in the history.
func (g Stage) Subject() Subject { return Subject{SubjectStage, int64(g.ID), g.Name} }

// Revision is the version that a form carries, so that nobody's change is overwritten unseen.
func (g Stage) Revision() int { return g.Version }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (g Stage) Archived() bool { return g.ArchivedAt != nil }

// Facts are the named values that the history keeps.
func (g Stage) Facts() map[string]any {
	return map[string]any{"code": g.Code, "name": g.Name, "description": g.Description, "position": g.Position}
}

// StageRegister is the list of stages of the customer journey.
var StageRegister = Register{
	Name: "stages",
	Sort: "position",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "position", Kind: CellInt},
		{Key: "code", Kind: CellCode},
		{Key: "programs", Kind: CellInt, Desc: true},
		{Key: "live_programs", Kind: CellInt, Desc: true},
		{Key: "description", Kind: CellText},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
		{Key: "programs", Enum: "programs.any", Facet: true, Values: []string{"some", "none"}},
	},
}
