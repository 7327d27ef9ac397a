package domain

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"
)

var reviewDay = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func member(id UserID, role Role) Actor { return Actor{User: id, Role: role, Workspace: 1} }

func TestApprovalsFollowTheRules(t *testing.T) {
	t.Parallel()
	inForce := Purpose{State: PurposeInForce, LegalBasis: "a_consent", ConsentProof: "Register", ConsentWithdrawal: "Link"}
	conditioned := inForce
	conditioned.Art9Condition = "a"
	draft := inForce
	draft.State = PurposeDraft
	ground := func(c GDPRClass, p Purpose, others bool) MappingGround {
		return MappingGround{CheckFacts{Class: c, Purpose: p, Today: reviewDay}, others}
	}
	proposed := PurposeMapping{State: MappingProposed, ProposedBy: 1, Justification: "To write to them"}
	tomorrow := reviewDay.AddDate(0, 0, 1)
	for name, c := range map[string]struct {
		m     PurposeMapping
		by    Actor
		why   string
		until *time.Time
		g     MappingGround
		want  string // key of the refusal; empty where it is approved
		self  bool
	}{
		"the DPO":                      {proposed, member(2, RoleDPO), "Right", nil, ground(ClassPersonal, inForce, true), "", false},
		"the DPO, until tomorrow":      {proposed, member(2, RoleDPO), "Right", &tomorrow, ground(ClassPersonal, inForce, true), "", false},
		"the DPO, until today":         {proposed, member(2, RoleDPO), "Right", &reviewDay, ground(ClassPersonal, inForce, true), "error.form", false},
		"an administrator":             {proposed, member(2, RoleAdmin), "Right", nil, ground(ClassPersonal, inForce, false), "", false},
		"an editor":                    {proposed, member(2, RoleEditor), "Right", nil, ground(ClassPersonal, inForce, false), "error.denied", false},
		"one's own, while another can": {proposed, member(1, RoleDPO), "Right", nil, ground(ClassPersonal, inForce, true), "mapping.own", false},
		"one's own, alone":             {proposed, member(1, RoleDPO), "Right", nil, ground(ClassPersonal, inForce, false), "", true},
		"without a reason":             {proposed, member(2, RoleDPO), "  ", nil, ground(ClassPersonal, inForce, true), "error.form", false},
		"a draft":                      {proposed, member(2, RoleDPO), "Right", nil, ground(ClassPersonal, draft, true), "mapping.purpose_not_in_force", false},
		"sensitive without condition":  {proposed, member(2, RoleDPO), "Right", nil, ground(ClassSensitive, inForce, true), "check.art9_condition", false},
		"sensitive with condition":     {proposed, member(2, RoleDPO), "Right", nil, ground(ClassSensitive, conditioned, true), "", false},
		"the NIR without a text":       {proposed, member(2, RoleDPO), "Right", nil, ground(ClassNIR, conditioned, true), "check.nir_text", false},
		"approved already":             {PurposeMapping{State: MappingApproved}, member(2, RoleDPO), "Right", nil, ground(ClassPersonal, inForce, true), "mapping.not_proposed", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.m.Approve(c.by, reviewDay, c.why, c.until, c.g)
			if c.want == "" {
				if err != nil || got.State != MappingApproved || got.DecidedBy != c.by.User || got.SelfApproved != c.self || got.DecidedAt == nil {
					t.Fatalf("got %+v, %v", got, err)
				}
				return
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Key != c.want {
				t.Fatalf("error %v, want %s", err, c.want)
			}
			if got.State != c.m.State {
				t.Errorf("a refusal left the state %s", got.State)
			}
		})
	}
}

// TestNoWayAroundTheDPO makes many random moves by random people and checks after each what must always be true.
func TestNoWayAroundTheDPO(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 11))
	actors := []Actor{member(1, RoleEditor), member(2, RoleDPO), member(3, RoleAdmin), member(4, RoleViewer), member(5, RoleFacilitator), member(6, RoleDPO)}
	roles := map[UserID]Actor{}
	for _, a := range actors {
		roles[a.User] = a
	}
	for range 300 {
		m := PurposeMapping{Purpose: 1, State: MappingProposed, ProposedBy: 1, Justification: "First"}
		others := random.IntN(2) == 0
		approved := "" // what was approved: the justification and the terms of the purpose
		terms := 0
		for range 30 {
			by := actors[random.IntN(len(actors))]
			was := m
			switch random.IntN(4) {
			case 0:
				text := []string{"First", "Second", " ", "Third"}[random.IntN(4)]
				m, _ = m.Propose(by, reviewDay, text)
			case 1:
				next, err := m.Approve(by, reviewDay, []string{"", "Fine"}[random.IntN(2)], nil, MappingGround{CheckFacts{Class: ClassPersonal, Purpose: Purpose{
					State: []PurposeState{PurposeDraft, PurposeInForce}[random.IntN(2)], LegalBasis: "b_contract", Necessity: "Delivery"}}, others})
				if err == nil {
					approved = next.Justification + string(rune('0'+terms))
				}
				m = next
			case 2:
				m, _ = m.Reject(by, reviewDay, []string{"", "No"}[random.IntN(2)])
			case 3:
				terms++
				m = m.Reopen("legal_basis")
			}
			if m.State != MappingApproved {
				continue
			}
			decider := roles[m.DecidedBy]
			switch {
			case !decider.Can(ReviewMapping):
				t.Fatalf("approved by %s: %+v → %+v", decider.Role, was, m)
			case m.DecidedBy == m.ProposedBy && (others || !m.SelfApproved):
				t.Fatalf("somebody approved their own proposal unmarked, or while another could: %+v", m)
			case m.Reason == "" || m.DecidedAt == nil:
				t.Fatalf("approved without a reason or a day: %+v", m)
			case m.Justification+string(rune('0'+terms)) != approved:
				t.Fatalf("what is approved is not what was approved: %+v", m)
			}
		}
	}
}
