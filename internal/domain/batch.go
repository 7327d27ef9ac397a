package domain

import (
	"slices"
	"strings"
	"time"
)

// BulkAct is something that is done to many fields at once.
type BulkAct string

// The acts on many fields. A matrix batch is a block pasted in the matrix; an import has its own page and its own undo; needs are
// rows of the list of target data that are to be collected; a retention rule is attached to purposes, categories or datasets.
const (
	BulkLink       BulkAct = "link"
	BulkUnlink     BulkAct = "unlink"
	BulkCategorise BulkAct = "categorise"
	BulkMap        BulkAct = "map"
	BulkOwner      BulkAct = "owner"
	BulkOrigin     BulkAct = "origin"
	BulkCollect    BulkAct = "collect"
	BulkRetain     BulkAct = "retain"
	BulkKeep       BulkAct = "keep_until"
	BulkToDPO      BulkAct = "to_dpo"
	BulkDelete     BulkAct = "propose_deletion"
	BulkMatrix     BulkAct = "matrix"
	BulkImport     BulkAct = "import"
	BulkApprove    BulkAct = "approve_mappings"
	BulkReject     BulkAct = "reject_mappings"
	BulkRedirect   BulkAct = "redirect_mappings"
	BulkAccept     BulkAct = "accept_suggestions"
	BulkRefuse     BulkAct = "refuse_suggestions"
	BulkRecord     BulkAct = "import_record"
	BulkWorkshop   BulkAct = "workshop"
	BulkTarget     BulkAct = "target"
	BulkNeeds      BulkAct = "collect_needs"
	BulkAttach     BulkAct = "attach_retention"
)

// BulkActs lists what can be chosen for ticked fields, in the order in which it is offered.
var BulkActs = []BulkAct{BulkLink, BulkUnlink, BulkTarget, BulkCategorise, BulkMap, BulkOwner, BulkOrigin, BulkCollect, BulkRetain, BulkKeep, BulkToDPO, BulkDelete}

// Action is what the actor must be allowed to do.
func (a BulkAct) Action() Action {
	switch a {
	case BulkLink, BulkUnlink, BulkMatrix, BulkTarget, BulkNeeds:
		return EditPlan
	case BulkMap:
		return ProposeMapping
	case BulkRetain, BulkRecord, BulkAttach:
		return EditPurpose
	case BulkApprove, BulkReject, BulkRedirect:
		return ReviewMapping
	case BulkKeep, BulkToDPO, BulkDelete:
		return Decide
	case BulkWorkshop:
		return RunWorkshop
	case BulkCategorise, BulkOwner, BulkOrigin, BulkCollect, BulkImport, BulkAccept, BulkRefuse:
	}
	return EditInventory
}

// Answers tells whether the act says which category fields have, or have not: what suggestions learn from.
func (a BulkAct) Answers() bool { return a == BulkCategorise || a == BulkAccept || a == BulkRefuse }

// Bulk is one act on many fields with what it needs; which fields is said beside it.
type Bulk struct {
	Act           BulkAct
	Program       ProgramID
	Level         LinkLevel
	Role          string
	Note          string
	Category      CategoryID
	Purpose       PurposeID
	Justification string
	Owner         UserID // zero for nobody
	Origin        string
	Point         CollectionPointID
	Retention     RetentionRuleID // zero for none
	Until         *time.Time
	Reason        string // of a decision, or why the change is made
	Name          string // of a refused suggestion: for every field of the same name; empty for the fields alone
	// What is to become of the fields, as Target has it; its program is Program, zero for the whole workspace.
	Target  TargetAction
	Cause   string
	How     string
	Instead CategoryID
	Due     *time.Time
}

// NewBulk checks and cleans what was typed on that day, and forgets what the act does not need.
func NewBulk(b Bulk, today time.Time) (Bulk, error) {
	clean := Bulk{Act: b.Act}
	var p Problems
	switch b.Act {
	case BulkLink:
		l, err := NewLink(Link{Program: b.Program, Level: b.Level, Role: b.Role, Note: b.Note})
		clean.Program, clean.Level, clean.Role, clean.Note = l.Program, l.Level, l.Role, l.Note
		return clean, err
	case BulkKeep, BulkToDPO, BulkDelete:
		d, err := NewDecision(Decision{Kind: DecisionKind(b.Act), Reason: b.Reason, Until: b.Until}, today)
		clean.Reason, clean.Until = d.Reason, d.Until
		return clean, err
	case BulkTarget:
		// Every field is checked alike, whichever it is.
		t, err := NewTarget(Target{Field: 1, Program: b.Program, Action: b.Target, Cause: b.Cause, How: b.How, Instead: b.Instead, Reason: b.Reason,
			Owner: b.Owner, Due: b.Due, Source: "bulk"}, today)
		clean.Program, clean.Target, clean.Cause, clean.How, clean.Instead = t.Program, t.Action, t.Cause, t.How, t.Instead
		clean.Reason, clean.Owner, clean.Due = t.Reason, t.Owner, t.Due
		return clean, err
	case BulkUnlink:
		clean.Program = b.Program
		p.chosen("program", int64(b.Program))
	case BulkCategorise:
		clean.Category = b.Category
		p.chosen("category", int64(b.Category))
	case BulkMap:
		clean.Purpose, clean.Justification = b.Purpose, strings.TrimSpace(b.Justification)
		p.chosen("purpose", int64(b.Purpose))
		p.Text("justification", clean.Justification, MaxText)
		if clean.Justification == "" {
			p.Add("justification", "error.required")
		}
	case BulkOwner:
		clean.Owner = b.Owner
	case BulkOrigin:
		clean.Origin = b.Origin
		p.OneOf("origin", b.Origin, Origins...)
	case BulkCollect:
		clean.Point = b.Point
		p.chosen("collection_point", int64(b.Point))
	case BulkRetain:
		clean.Retention = b.Retention
	case BulkAccept: // without a category, each field gets the one that is suggested for it
		clean.Category = b.Category
	case BulkRefuse:
		clean.Category, clean.Name = b.Category, CleanLine(b.Name)
		p.chosen("category", int64(b.Category))
	case BulkMatrix, BulkImport, BulkRecord, BulkApprove, BulkReject, BulkRedirect, BulkWorkshop, BulkNeeds, BulkAttach:
		p.Add("act", "error.choice")
	default:
		p.Add("act", "error.choice")
	}
	return clean, p.Err()
}

func (p *Problems) chosen(field string, id int64) {
	if id <= 0 {
		p.Add(field, "error.required")
	}
}

// Label is what the page of the batch and the list of recent activity say of the act: its named values, as in events.
func (b Bulk) Label() map[string]any {
	label := map[string]any{}
	set := func(name string, value any, given bool) {
		if given {
			label[name] = value
		}
	}
	set("program", int64(b.Program), b.Program != 0)
	set("level", string(b.Level), b.Level != "")
	set("role", b.Role, b.Role != "")
	set("note", b.Note, b.Note != "")
	set("category", int64(b.Category), b.Category != 0)
	set("purpose", int64(b.Purpose), b.Purpose != 0)
	set("justification", b.Justification, b.Justification != "")
	set("owner", int64(b.Owner), b.Act == BulkOwner || b.Owner != 0)
	set("target_action", string(b.Target), b.Target != "")
	set("cause", b.Cause, b.Cause != "")
	set("how", b.How, b.How != "")
	set("instead", int64(b.Instead), b.Instead != 0)
	set("origin", b.Origin, b.Origin != "")
	set("collection_point", int64(b.Point), b.Point != 0)
	set("retention", int64(b.Retention), b.Act == BulkRetain || b.Act == BulkAttach)
	set("name", b.Name, b.Name != "")
	set("reason", b.Reason, b.Reason != "")
	set("decision_until", dayFact(b.Until), b.Until != nil)
	set("due_on", dayFact(b.Due), b.Due != nil)
	return label
}

// ParseBulkAct accepts the name of an act that can be chosen.
func ParseBulkAct(s string) (BulkAct, bool) {
	a := BulkAct(s)
	return a, slices.Contains(BulkActs, a)
}

// BulkPlan is what an act would do: how many fields it changes, leaves as they already are, or refuses, and why.
type BulkPlan struct {
	Total    int64
	Changed  int64 // fields that get what they did not have
	Replaced int64 // fields whose present value gives way
	Same     int64 // fields that already have it
	Refused  int64
	Reasons  []BulkReason // of the refusals, the most frequent first
	Reopened int64        // approved purposes that go back to the DPO
	// Fingerprint is another wherever the set of fields or what would happen to one of them is another.
	Fingerprint string
}

// Todo is how many fields the act would touch.
func (p BulkPlan) Todo() int64 { return p.Changed + p.Replaced }

// BulkReason is one reason of refusals, and how many fields it holds back. Its sentence is the message "bulk.refused." + Key.
type BulkReason struct {
	Key string
	N   int64
}

// UndoDays is for how long an act can be undone as a whole.
const UndoDays = 30

// BulkJobFrom is from how many fields on an act is work that no request waits for.
const BulkJobFrom = 1000

// BatchState is how far an act on many fields, or its undoing, is.
type BatchState string

// The states of a batch. Applying and undoing are work under way, which ends in one transaction or leaves nothing; of a
// batch that was cancelled or failed nothing was done.
const (
	BatchApplying  BatchState = "applying"
	BatchApplied   BatchState = "applied"
	BatchUndoing   BatchState = "undoing"
	BatchCancelled BatchState = "cancelled"
	BatchFailed    BatchState = "failed"
)

// Working tells whether the server works on the batch at this moment; the work can be cancelled as long.
func (s BatchState) Working() bool { return s == BatchApplying || s == BatchUndoing }

// Batch is one act that changed many fields at once and can be undone as a whole.
type Batch struct {
	ID           BatchID
	Kind         BulkAct
	Label        map[string]any // named values of the act, as in events
	Changed      int64
	Refused      int64
	Actor        UserID
	ActorName    string
	CreatedAt    time.Time
	UndoneAt     *time.Time
	UndoneByName string
	Import       ImportID // the import that made it; zero for none
	State        BatchState
	Done, Total  int64    // steps of the work under way
	Problem      *Problem // why the last work on it ended without effect
	Back         string   // where the person came from; empty where that is not known
}

// Percent is how much of the work under way is done, from 0 to 100.
func (b Batch) Percent() int {
	if b.Total <= 0 {
		return 0
	}
	return int(min(b.Done*100/b.Total, 100))
}

// CheckUndo refuses, with the reason, to undo a batch that was undone, is too old, or has an undo of its own.
func (b Batch) CheckUndo(now time.Time) error {
	switch {
	case b.Kind == BulkImport:
		return Errorf(Conflict, "batch.of_import")
	case b.State != BatchApplied:
		return Errorf(Conflict, "batch.error.state")
	case b.UndoneAt != nil:
		return Errorf(Conflict, "batch.already_undone", "name", b.UndoneByName)
	case now.Sub(b.CreatedAt) > UndoDays*24*time.Hour:
		return Errorf(Conflict, "batch.too_old", "n", UndoDays)
	}
	return nil
}

// BatchChange is one change of a batch, as its page lists it.
type BatchChange struct {
	Event Event
	// Kept is true where the batch was undone and this change stayed, because somebody changed the field since.
	Kept bool
}
