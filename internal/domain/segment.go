package domain

import "time"

// Segment is a group of people whom scenarios address.
type Segment struct {
	ID         SegmentID
	Name       string
	Definition string // who belongs to it, in words
	Volume     *int64 // people, as last counted; nil where nobody has
	Version    int
	CreatedAt  time.Time
	UpdatedAt  time.Time
	ArchivedAt *time.Time
}

// maxVolume is more people than there are.
const maxVolume = 10_000_000_000

// NewSegment checks and cleans what was typed.
func NewSegment(g Segment) (Segment, error) {
	g.Name = CleanLine(g.Name)
	var p Problems
	p.Line("name", g.Name, true, MaxName)
	p.Text("definition", g.Definition, MaxText)
	if g.Volume != nil && (*g.Volume < 0 || *g.Volume > maxVolume) {
		p.Add("volume", "error.range", "least", 0, "most", maxVolume)
	}
	return g, p.Err()
}

// Subject names the segment in the history.
func (g Segment) Subject() Subject { return Subject{SubjectSegment, int64(g.ID), g.Name} }

// Revision is the version that a form carries, so that nobody's change is overwritten unseen.
func (g Segment) Revision() int { return g.Version }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (g Segment) Archived() bool { return g.ArchivedAt != nil }

// Facts are the named values that the history keeps.
func (g Segment) Facts() map[string]any {
	facts := map[string]any{"name": g.Name, "definition": g.Definition, "volume": nil}
	if g.Volume != nil {
		facts["volume"] = *g.Volume
	}
	return facts
}

// SegmentRegister is the list of segments.
var SegmentRegister = Register{
	Name: "segments",
	Sort: "name",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "definition", Kind: CellText, NoSort: true},
		{Key: "volume", Kind: CellInt, Desc: true},
		{Key: "scenarios", Kind: CellInt, Desc: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
		{Key: "scenarios", Enum: "scenarios.any", Facet: true, Values: []string{"some", "none"}},
	},
}
