package domain

import "time"

// Member is a person in a workspace.
type Member struct {
	User
	Role     Role
	Access   MemberAccess
	JoinedAt time.Time
	LastSeen *time.Time // of a sign-in session that has not ended; nil where there is none
}

// MemberAccess says whether the account of a member can sign in.
type MemberAccess string

// An account that a workspace file or the worked example made lets nobody in before an invitation or the operator opens it.
const (
	AccessOpen   MemberAccess = "open"
	AccessNever  MemberAccess = "never"  // nobody chose a password yet
	AccessClosed MemberAccess = "closed" // the operator of the installation took it away
)

// Subject names the member in the history.
func (m Member) Subject() Subject { return Subject{SubjectMember, int64(m.ID), m.Name} }

// Membership is a workspace of a person, and what they may do there.
type Membership struct {
	Workspace
	Role Role
}

// MemberRegister is the list of the members of a workspace.
var MemberRegister = Register{
	Name: "members",
	Sort: "name",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "email", Kind: CellText},
		{Key: "role", Kind: CellEnum, Enum: "role"},
		{Key: "access", Kind: CellEnum, Enum: "member_access"},
		{Key: "teams", Kind: CellTexts, NoSort: true},
		{Key: "owned", Kind: CellInt, Desc: true},
		{Key: "joined", Kind: CellTime, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "role", Enum: "role", Facet: true, Values: roleNames()},
		{Key: "access", Enum: "member_access", Facet: true, Values: []string{string(AccessOpen), string(AccessNever), string(AccessClosed)}},
		{Key: "team", Facet: true, Ref: true},
	},
	NoArchive: true,
}

func roleNames() []string {
	names := make([]string, len(Roles))
	for i, r := range Roles {
		names[i] = string(r)
	}
	return names
}
