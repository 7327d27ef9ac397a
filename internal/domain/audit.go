package domain

import "time"

// Subject kinds of events and comments; the same words as in routes.
const (
	SubjectWorkspace        = "workspace"
	SubjectMember           = "member"
	SubjectTeam             = "team"
	SubjectInvitation       = "invitation"
	SubjectApplication      = "application"
	SubjectDataset          = "dataset"
	SubjectField            = "field"
	SubjectCategory         = "category"
	SubjectCollectionPoint  = "collection_point"
	SubjectPurpose          = "purpose"
	SubjectObjective        = "objective"
	SubjectStage            = "stage"
	SubjectProgram          = "program"
	SubjectScenario         = "scenario"
	SubjectSegment          = "segment"
	SubjectJourney          = "journey"
	SubjectTarget           = "target"
	SubjectTargetVersion    = "target_version"
	SubjectFlow             = "flow"
	SubjectImport           = "import"
	SubjectView             = "view"
	SubjectRetentionRule    = "retention_rule"
	SubjectOrganisation     = "organisation"
	SubjectCountry          = "country"
	SubjectClientProcessing = "client_processing"
	SubjectThread           = "thread"
	SubjectWorkshop         = "workshop"
)

// Subject names what an event is about.
type Subject struct {
	Kind string
	ID   int64
	Name string
}

// Event is one entry of the history: what was done to what, with the named values before and after.
// Values are strings, numbers, booleans, lists of strings or nil; never whole rows of personal data.
type Event struct {
	ID        EventID
	At        time.Time
	Actor     UserID // zero for the command line
	ActorName string
	Verb      string // past tense, area first: "application.changed"
	Subject   Subject
	Before    map[string]any
	After     map[string]any
	Reason    string
	Batch     BatchID // zero where the change stands alone
}

// Diff keeps, of two sets of named values, the names whose values differ.
func Diff(before, after map[string]any) (was, is map[string]any) {
	was, is = map[string]any{}, map[string]any{}
	for name, new := range after {
		if old := before[name]; !equalValue(old, new) {
			was[name], is[name] = old, new
		}
	}
	return was, is
}

func equalValue(a, b any) bool {
	x, xs := a.([]string)
	y, ys := b.([]string)
	if !xs || !ys {
		return !xs && !ys && a == b
	}
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return true
}
