package domain

import (
	"slices"
	"strings"
	"time"
)

// PurposeMapping ties a field to a purpose: why this field is necessary for this purpose, and what the DPO answered.
type PurposeMapping struct {
	ID            MappingID
	Field         FieldID
	Purpose       PurposeID
	Justification string
	State         MappingState
	ProposedBy    UserID // zero where an import or the command line proposed
	ProposedAt    time.Time
	DecidedBy     UserID
	DecidedAt     *time.Time
	Reason        string // of the decision
	SelfApproved  bool   // approved by who proposed it, because nobody else could
	// Approval is the last one that was given and not taken back; while the mapping is approved, the one that holds.
	Approval ApprovalID
	Thread   ThreadID // the last question that a DPO asked about it; zero for none
	// ReopenedBecause is the code of what changed after an approval; empty where nothing did.
	ReopenedBecause string
	Version         int
}

// Choices of a mapping's lists.
var (
	MappingStates = []string{string(MappingProposed), string(MappingApproved), string(MappingRejected)}
	// ReopeningCauses are the changes after which an approval no longer holds, and the dates that end one.
	ReopeningCauses = append(slices.Clone(MaterialTerms), "approved_until", "review_on")
)

// NewMapping checks and cleans a proposal.
func NewMapping(m PurposeMapping) (PurposeMapping, error) {
	m.Justification = strings.TrimSpace(m.Justification)
	var p Problems
	if m.Purpose == 0 {
		p.Add("purpose", "error.required")
	}
	if m.Justification == "" {
		p.Add("justification", "mapping.unjustified")
	}
	p.Text("justification", m.Justification, MaxText)
	m.State = MappingProposed
	return m, p.Err()
}

// Propose puts a mapping to the DPO again with other words, or after it was refused. What is approved stays so: it is
// not asked twice.
func (m PurposeMapping) Propose(by Actor, at time.Time, justification string) (PurposeMapping, error) {
	if err := by.Must(ProposeMapping); err != nil {
		return m, err
	}
	if m.State == MappingApproved {
		return m, Errorf(Conflict, "mapping.already_approved")
	}
	next, err := NewMapping(PurposeMapping{Purpose: m.Purpose, Justification: justification})
	if err != nil {
		return m, err
	}
	m.Justification, m.State, m.ProposedBy, m.ProposedAt = next.Justification, MappingProposed, by.User, at
	return m.undecided(), nil
}

// undecided forgets the answer, which was about something else.
func (m PurposeMapping) undecided() PurposeMapping {
	m.DecidedBy, m.DecidedAt, m.Reason, m.SelfApproved = 0, nil, "", false
	return m
}

// MappingGround is what an approval leans on, as it is when it is given.
type MappingGround struct {
	Facts CheckFacts
	// OtherReviewer is true where somebody else of the workspace may approve.
	OtherReviewer bool
}

// Approve is the DPO's yes, until a last day where one is given. It is refused to everybody else, to who proposed while
// another could answer, for a purpose that is not in force, and where a legal check blocks.
func (m PurposeMapping) Approve(by Actor, at time.Time, reason string, until *time.Time, g MappingGround) (PurposeMapping, error) {
	self := m.ProposedBy != 0 && m.ProposedBy == by.User
	switch err := m.answerable(by, at, reason, until); {
	case err != nil:
		return m, err
	case m.State != MappingProposed:
		return m, Errorf(Conflict, "mapping.not_proposed")
	case self && g.OtherReviewer:
		return m, Errorf(Conflict, "mapping.own")
	case g.Facts.Purpose.Rules().State != PurposeInForce:
		return m, Errorf(Conflict, "mapping.purpose_not_in_force")
	}
	for _, f := range g.Facts.Findings() {
		if f.Blocks() {
			return m, Errorf(Conflict, "check."+f.Code)
		}
	}
	m.SelfApproved, m.ReopenedBecause = self, ""
	return m.decided(MappingApproved, by, at, reason), nil
}

// Reject is the DPO's no, to a proposal or, later, to what was approved.
func (m PurposeMapping) Reject(by Actor, at time.Time, reason string) (PurposeMapping, error) {
	switch err := m.answerable(by, at, reason, nil); {
	case err != nil:
		return m, err
	case m.State == MappingRejected:
		return m, Errorf(Conflict, "mapping.not_proposed")
	}
	m.SelfApproved, m.ReopenedBecause = false, ""
	return m.decided(MappingRejected, by, at, reason), nil
}

func (m PurposeMapping) answerable(by Actor, at time.Time, reason string, until *time.Time) error {
	if err := by.Must(ReviewMapping); err != nil {
		return err
	}
	var p Problems
	if strings.TrimSpace(reason) == "" {
		p.Add("reason", "mapping.unreasoned")
	}
	p.Text("reason", reason, MaxText)
	newUntil(&p, until, at)
	return p.Err()
}

func (m PurposeMapping) decided(state MappingState, by Actor, at time.Time, reason string) PurposeMapping {
	m.State, m.DecidedBy, m.DecidedAt, m.Reason = state, by.User, &at, strings.TrimSpace(reason)
	return m
}

// Reopen sends an approval back to the DPO because what it was about has changed; other states stay as they are.
func (m PurposeMapping) Reopen(because string) PurposeMapping {
	if m.State != MappingApproved {
		return m
	}
	m.State, m.ReopenedBecause = MappingProposed, because
	return m.undecided()
}

// ActsAsDPO tells whether the actor answers mappings without being the DPO: the history marks it.
func (a Actor) ActsAsDPO() bool { return a.Can(ReviewMapping) && a.Role != RoleDPO }

// MappingRegister is the list of purpose mappings.
var MappingRegister = Register{
	Name: "mappings",
	Sort: "-proposed_at",
	Columns: []RegisterColumn{
		{Key: "field", Kind: CellCode, Fixed: true},
		{Key: "application", Kind: CellText},
		{Key: "dataset", Kind: CellText},
		{Key: "category", Kind: CellText},
		{Key: "gdpr_class", Kind: CellEnum, Enum: "class", Hidden: true},
		{Key: "purpose", Kind: CellText},
		{Key: "legal_basis", Kind: CellEnum, Enum: "basis", Hidden: true},
		{Key: "mapping", Kind: CellEnum, Enum: "mapping.state"},
		{Key: "standing", Kind: CellEnum, Enum: "review.standing", Hidden: true},
		{Key: "risk", Kind: CellEnums, Enum: "risk", Hidden: true, NoSort: true},
		{Key: "justification", Kind: CellText},
		{Key: "proposed_by", Kind: CellText, Hidden: true},
		{Key: "proposed_at", Kind: CellTime, Desc: true},
		{Key: "decided_by", Kind: CellText, Hidden: true},
		{Key: "decided_at", Kind: CellTime, Hidden: true, Desc: true},
		{Key: "reason", Kind: CellText, Hidden: true},
		{Key: "self_approved", Kind: CellBool, Hidden: true},
		{Key: "reopened_because", Kind: CellEnum, Enum: "column", Hidden: true},
		{Key: "verdict", Kind: CellEnum, Enum: "verdict", Hidden: true},
	},
	Filters: []RegisterFilter{
		{Key: "mapping", Enum: "mapping.state", Facet: true, Values: MappingStates},
		{Key: "standing", Enum: "review.standing", Facet: true, Values: ReviewStandings},
		{Key: "risk", Enum: "risk", Facet: true, Values: Risks},
		{Key: "purpose", Facet: true, Ref: true},
		{Key: "application", Facet: true, Ref: true},
		{Key: "gdpr_class", Enum: "class", Facet: true, Values: GDPRClasses},
		{Key: "legal_basis", Enum: "basis", Facet: true, Values: LegalBases},
		{Key: "category", Ref: true},
		{Key: "proposed_by", Facet: true, Ref: true},
		{Key: "reopened_because", Enum: "column", Facet: true, Values: ReopeningCauses},
		{Key: "self_approved", Enum: "choice", Facet: true, Values: []string{"yes", "no"}},
		{Key: "field", Ref: true},
	},
	NoArchive: true,
}
