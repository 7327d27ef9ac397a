package domain

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPurposeSaysAllThatIsMissing(t *testing.T) {
	t.Parallel()
	common := []string{"recipients", "retention", "security_measures", "subjects"}
	for basis, own := range map[string][]string{"": {"legal_basis"}, "a_consent": {"consent_proof", "consent_withdrawal"}, "b_contract": {"necessity"},
		"c_legal": {"legal_reference"}, "d_vital": {"necessity"}, "e_public": {"legal_reference"}, "f_legitimate": {"balance", "interest", "necessity"}} {
		p := Purpose{Code: "P", Name: "Purpose", LegalBasis: basis, State: PurposeDraft}
		want := slices.Sorted(slices.Values(append(slices.Clone(common), own...)))
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(p.Missing()))); diff != "" {
			t.Errorf("%q lacks (- want, + got):\n%s", basis, diff)
		}
		_, err := p.Become(PurposeInForce, reviewDay)
		e, ok := errors.AsType[*Error](err)
		if !ok || len(e.Fields) != len(want) {
			t.Errorf("%q came into force with %v missing: %v", basis, want, err)
		}
	}
}

func complete() Purpose {
	return Purpose{Code: "P", Name: "Purpose", LegalBasis: "f_legitimate", Interest: "To know them", Necessity: "No other way", Balance: "They expect it",
		Subjects: []string{"customers"}, Recipients: []Recipient{{Kind: "internal"}}, Retention: 1, SecurityMeasures: []string{"encryption"},
		NeedsProgram: true, State: PurposeDraft}
}

func TestPurposeMovesThroughItsStates(t *testing.T) {
	t.Parallel()
	p, err := complete().Become(PurposeInForce, reviewDay)
	if err != nil || p.State != PurposeInForce || p.StartsOn == nil || !p.Rules().InForce(reviewDay) {
		t.Fatalf("in force: %+v, %v", p, err)
	}
	if _, err := p.Become(PurposeDraft, reviewDay); !errors.Is(err, Conflict) {
		t.Errorf("a purpose in force went back to a draft: %v", err)
	}
	worse := p
	worse.Balance = ""
	if _, err := NewPurpose(worse); !errors.Is(err, Invalid) {
		t.Errorf("a purpose in force lost what it needs: %v", err)
	}
	p, err = p.Become(PurposeRetired, reviewDay)
	if err != nil || p.EndsOn == nil || p.Rules().InForce(reviewDay) {
		t.Fatalf("retired: %+v, %v", p, err)
	}
	if p, err = p.Become(PurposeDraft, reviewDay); err != nil || p.EndsOn != nil {
		t.Fatalf("draft again: %+v, %v", p, err)
	}
}

func TestMaterialChangesReopen(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Purpose){
		"name":            func(p *Purpose) { p.Name = "Selling profiles" },
		"description":     func(p *Purpose) { p.Description = "To sell them." },
		"sub_purposes":    func(p *Purpose) { p.SubPurposes = []string{"Sell"} },
		"subjects":        func(p *Purpose) { p.Subjects = []string{"minors"} },
		"automated":       func(p *Purpose) { p.Automated = "yes" },
		"needs_program":   func(p *Purpose) { p.NeedsProgram = !p.NeedsProgram },
		"legal_basis":     func(p *Purpose) { p.LegalBasis = "a_consent" },
		"legal_reference": func(p *Purpose) { p.LegalReference = "Code" },
		"art9_condition":  func(p *Purpose) { p.Art9Condition = "a" },
		"retention":       func(p *Purpose) { p.Retention = 2 },
		"recipients":      func(p *Purpose) { p.Recipients = append(slices.Clone(p.Recipients), Recipient{Kind: "partner"}) },
		"transfers":       func(p *Purpose) { p.Transfers = []Transfer{{Recipient: "Braze", Country: "US", Safeguard: "scc_c2p"}} },
	} {
		next := complete()
		change(&next)
		if diff := cmp.Diff([]string{name}, complete().Material(next)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	next := complete()
	next.Code, next.Balance, next.Owner = "OTHER", "Weighed anew", 3
	if got := complete().Material(next); len(got) != 0 {
		t.Errorf("what was not approved reopens: %v", got)
	}
}

func TestProgramDates(t *testing.T) {
	t.Parallel()
	today := Day(reviewDay)
	before, after := today.AddDate(0, -1, 0), today.AddDate(0, 1, 0)
	base := Program{Code: "B", Name: "Birthday", Status: ProgramLive, StartsOn: &before}

	paused, err := base.Become(ProgramPaused, reviewDay)
	if err != nil || paused.PausedOn == nil || !paused.PausedOn.Equal(today) {
		t.Errorf("paused: %+v, %v", paused, err)
	}
	if live, err := paused.Become(ProgramLive, reviewDay); err != nil || live.PausedOn != nil {
		t.Errorf("live again: %+v, %v", live, err)
	}
	ended, err := base.Become(ProgramEnded, reviewDay)
	if err != nil || ended.EndsOn == nil || !ended.EndsOn.Equal(today) {
		t.Errorf("ended: %+v, %v", ended, err)
	}
	if back, err := ended.Become(ProgramLive, reviewDay.AddDate(0, 2, 0)); err != nil || back.EndsOn != nil {
		t.Errorf("started over: %+v, %v", back, err)
	}
	planned := base
	planned.StartsOn = &after
	if never, err := planned.Become(ProgramEnded, reviewDay); err != nil || never.EndsOn != nil {
		t.Errorf("ended before it began: %+v, %v", never, err)
	}
	planned.StartsOn = nil
	if _, err := planned.Become(ProgramPlanned, reviewDay); !errors.Is(err, Invalid) {
		t.Errorf("planned without a start: %v", err)
	}
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		level LinkLevel
		held  Held
		want  Coverage
	}{
		{LinkEssential, Held{}, CoverageMissing},
		{LinkEssential, Held{Fields: 2}, CoverageAvailable},
		{LinkUseful, Held{Fields: 2, Linked: 1, LinkedDatasets: 1}, CoverageLinked},
		{LinkUseful, Held{Fields: 3, Linked: 2, LinkedDatasets: 1}, CoverageLinked},
		{LinkEssential, Held{Fields: 3, Linked: 2, LinkedDatasets: 2}, CoverageTwice},
		{LinkAvoid, Held{Fields: 2}, CoverageAvoided},
		{LinkAvoid, Held{Fields: 2, Linked: 1, LinkedDatasets: 1}, CoverageUsed},
	} {
		if got := (Requirement{Level: c.level}).Coverage(c.held); got != c.want {
			t.Errorf("%s with %+v is %s, want %s", c.level, c.held, got, c.want)
		}
	}
}
