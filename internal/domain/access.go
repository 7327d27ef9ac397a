package domain

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Role is what a member may do in a workspace.
type Role string

// The five roles of a workspace.
const (
	RoleAdmin       Role = "admin"
	RoleEditor      Role = "editor"
	RoleDPO         Role = "dpo"
	RoleFacilitator Role = "facilitator"
	RoleViewer      Role = "viewer"
)

// Roles lists the roles in the order in which they are shown.
var Roles = []Role{RoleAdmin, RoleEditor, RoleDPO, RoleFacilitator, RoleViewer}

// Action is something that a route or a command lets an actor do.
type Action string

// The actions of a workspace. Public and SignedIn are for routes outside any workspace.
const (
	Public          Action = "public"           // anybody, signed in or not
	SignedIn        Action = "signed_in"        // any signed-in person
	ReadWorkspace   Action = "read_workspace"   // see registers, pages, history; export; keep own views
	Comment         Action = "comment"          // write a comment
	EditInventory   Action = "edit_inventory"   // applications, datasets, fields, categories, collection points, flows, imports, evidence
	EditPlan        Action = "edit_plan"        // objectives, stages, programs, links, requirements
	EditPurpose     Action = "edit_purpose"     // purposes
	ProposeMapping  Action = "propose_mapping"  // tie a field to a purpose, to be approved
	ReviewMapping   Action = "review_mapping"   // approve or reject such a tie
	Decide          Action = "decide"           // answer a flag: keep until, send to the DPO, propose for deletion
	RunWorkshop     Action = "run_workshop"     // prepare, lead, close and apply a workshop
	ShareView       Action = "share_view"       // save a view for everybody
	ProveHistory    Action = "prove_history"    // check the chain of the history, keep its head, take an evidence pack
	ManageMembers   Action = "manage_members"   // members, roles, invitations, teams
	ManageWorkspace Action = "manage_workspace" // settings, thresholds, example, removal
)

// Actions lists every action of a workspace, in the order of the permission table.
var Actions = []Action{
	ReadWorkspace, Comment, EditInventory, EditPlan, EditPurpose, ProposeMapping, ReviewMapping, Decide, RunWorkshop, ShareView,
	ProveHistory, ManageMembers, ManageWorkspace,
}

// permissions is the whole of who may do what; its golden file shows every change of power to a reviewer.
var permissions = map[Role][]Action{
	RoleAdmin:       Actions,
	RoleEditor:      {ReadWorkspace, Comment, EditInventory, EditPlan, EditPurpose, ProposeMapping, Decide, RunWorkshop, ShareView},
	RoleDPO:         {ReadWorkspace, Comment, EditPurpose, ProposeMapping, ReviewMapping, Decide, ShareView, ProveHistory},
	RoleFacilitator: {ReadWorkspace, Comment, EditPlan, ProposeMapping, Decide, RunWorkshop, ShareView},
	RoleViewer:      {ReadWorkspace, Comment},
}

// Actor is who acts: a person in one workspace, or the installation's operator at the command line.
type Actor struct {
	User      UserID
	Name      string
	Email     string
	Role      Role
	Workspace WorkspaceID
	Slug      string
	Lang      string // language of the labels that the actor reads: fr or en
	// AsOf is the moment that the actor looks at the register of; zero for now. Nothing can be changed then.
	AsOf time.Time
	// Operator marks the command line of the server, which acts with the rights of an administrator under its own name.
	Operator bool
}

// Can tells whether the actor's role allows the action in the actor's workspace.
func (a Actor) Can(action Action) bool {
	switch action {
	case Public:
		return true
	case SignedIn:
		return a.User != 0 || a.Operator
	}
	if !a.AsOf.IsZero() && action != ReadWorkspace {
		return false
	}
	return a.Workspace != 0 && (a.Operator || slices.Contains(permissions[a.Role], action))
}

// Must returns a Denied error where the actor may not do the action.
func (a Actor) Must(action Action) error {
	if a.Can(action) {
		return nil
	}
	return Errorf(Denied, "error.denied", "action", string(action))
}

// ParseRole accepts the name of a role.
func ParseRole(s string) (Role, bool) {
	r := Role(s)
	return r, slices.Contains(Roles, r)
}

var (
	emailPattern = regexp.MustCompile(`^[^\s@]+@[^\s@]+\.[^\s@]+$`)
	slugPattern  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// CleanEmail trims and lowers an address; ok is false where it cannot be one.
func CleanEmail(s string) (email string, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	return s, len(s) <= 254 && emailPattern.MatchString(s)
}

// reservedSlugs would collide with paths that are not a workspace.
var reservedSlugs = []string{"new", "static", "sign-in", "setup", "account", "healthz", "readyz"}

// ValidSlug tells whether s may name a workspace in a URL.
func ValidSlug(s string) bool {
	return slugPattern.MatchString(s) && !slices.Contains(reservedSlugs, s)
}

// SlugOf proposes a slug for a name: lower-case letters and digits, words joined by hyphens.
func SlugOf(name string) string {
	var b strings.Builder
	for _, r := range Fold(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	return strings.Trim(b.String(), "-")
}
