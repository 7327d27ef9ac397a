package domain

import (
	"slices"
	"strconv"
	"time"
)

// Team is a group of members that owns applications.
type Team struct {
	ID          TeamID
	Name        string
	Description string
	Members     []UserID
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ArchivedAt  *time.Time
}

// NewTeam checks and cleans what was typed.
func NewTeam(t Team) (Team, error) {
	t.Name = CleanLine(t.Name)
	slices.Sort(t.Members)
	t.Members = slices.DeleteFunc(slices.Compact(t.Members), func(id UserID) bool { return id <= 0 })
	var p Problems
	p.Line("name", t.Name, true, MaxName)
	p.Text("description", t.Description, MaxText)
	return t, p.Err()
}

// Subject names the team in the history.
func (t Team) Subject() Subject { return Subject{SubjectTeam, int64(t.ID), t.Name} }

// Revision is the version that a form carries, so that nobody's change is overwritten unseen.
func (t Team) Revision() int { return t.Version }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (t Team) Archived() bool { return t.ArchivedAt != nil }

// Facts are the named values that the history keeps; members by id, since names change.
func (t Team) Facts() map[string]any {
	members := make([]string, len(t.Members))
	for i, id := range t.Members {
		members[i] = strconv.FormatInt(int64(id), 10)
	}
	return map[string]any{"name": t.Name, "description": t.Description, "members": members}
}

// TeamRegister is the list of teams.
var TeamRegister = Register{
	Name: "teams",
	Sort: "name",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "members", Kind: CellTexts, NoSort: true},
		{Key: "member_count", Kind: CellInt, Desc: true, Hidden: true},
		{Key: "applications", Kind: CellInt, Desc: true},
		{Key: "description", Kind: CellText},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
		{Key: "member", Facet: true, Ref: true},
	},
}
