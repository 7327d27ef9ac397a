package domain

import (
	"strings"
	"time"
)

// Journey is the way of a customer along the life cycle, told in moments.
type Journey struct {
	ID          JourneyID
	Name        string
	Description string
	Moments     []Moment // in their order
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ArchivedAt  *time.Time
}

// Moment is a meeting of a customer and the company, with what speaks there: a program, or one of its scenarios.
type Moment struct {
	Name     string
	Stage    StageID    // zero where it belongs to none
	Channel  string     // one of Channels; empty where nobody has said
	Program  ProgramID  // zero where nothing speaks there, and where a scenario does
	Scenario ScenarioID // zero where none does
	Speaks   string     // name of the program or scenario, as it is read; not stored
	Note     string
}

// maxMoments is more than anybody can follow.
const maxMoments = 40

// NewJourney checks and cleans what was typed.
func NewJourney(j Journey) (Journey, error) {
	j.Name = CleanLine(j.Name)
	var p Problems
	p.Line("name", j.Name, true, MaxName)
	p.Text("description", j.Description, MaxText)
	if len(j.Moments) > maxMoments {
		p.Add("moments", "error.too_many", "most", maxMoments)
	}
	moments := make([]Moment, len(j.Moments))
	for i, m := range j.Moments {
		m.Name, m.Note = CleanLine(m.Name), CleanLine(m.Note)
		row := rowName("moments", i)
		p.Line(row+"name", m.Name, true, MaxName)
		p.Line(row+"note", m.Note, false, 500)
		p.OneOf(row+"channel", m.Channel, append([]string{""}, Channels...)...)
		if m.Program != 0 && m.Scenario != 0 {
			m.Program = 0 // the scenario's
		}
		moments[i] = m
	}
	j.Moments = moments
	return j, p.Err()
}

// Subject names the journey in the history.
func (j Journey) Subject() Subject { return Subject{SubjectJourney, int64(j.ID), j.Name} }

// Revision is the version that a form carries, so that nobody's change is overwritten unseen.
func (j Journey) Revision() int { return j.Version }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (j Journey) Archived() bool { return j.ArchivedAt != nil }

// Facts are the named values that the history keeps.
func (j Journey) Facts() map[string]any {
	lines := make([]string, len(j.Moments))
	for i, m := range j.Moments {
		var parts []string
		for _, part := range []string{m.Name, m.Channel, m.Speaks, m.Note} {
			if part != "" {
				parts = append(parts, part)
			}
		}
		lines[i] = strings.Join(parts, FactSeparator)
	}
	return map[string]any{"name": j.Name, "description": j.Description, "moments": lines}
}

// JourneyRegister is the list of journeys.
var JourneyRegister = Register{
	Name: "journeys",
	Sort: "name",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "moments", Kind: CellTexts, NoSort: true},
		{Key: "programs", Kind: CellInt, Desc: true},
		{Key: "description", Kind: CellText, Hidden: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "stage", Facet: true, Ref: true},
		{Key: "program", Facet: true, Ref: true},
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
	},
}
