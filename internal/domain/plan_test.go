package domain

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestUnlocks(t *testing.T) {
	t.Parallel()
	need := func(program ProgramID, code string, step NeedStep) UnmetNeed {
		return UnmetNeed{Program: program, Code: code, Step: step}
	}
	got := Unlocks([]UnmetNeed{
		need(1, "crm.consent.sms", StepCollect), need(2, "crm.consent.sms", StepCollect), need(3, "crm.consent", StepCollect), // collected below, met above
		need(3, "ident.birth.day_month", StepGround),
		need(4, "ident.birth.day_month", StepGround),
		need(5, "ident.birth.day_month", StepFill),
		need(6, "crm.dates", StepLink), need(6, "crm.source", StepLink),
	})
	if len(got) != 6 {
		t.Fatalf("%d things to do: %+v", len(got), got)
	}
	first := got[0]
	if first.Code != "crm.consent.sms" || len(first.Ready) != 2 || len(first.Waiting) != 1 || first.Waiting[0].Program != 3 {
		t.Errorf("first comes %+v", first)
	}
	if second := got[1]; second.Code != "ident.birth.day_month" || second.Step != StepGround || len(second.Ready) != 1 || len(second.Waiting) != 1 {
		t.Errorf("second comes %+v", second)
	}
	for _, u := range got {
		if strings.HasPrefix(u.Code, "crm.dates") && len(u.Ready) != 0 {
			t.Errorf("one of two things unlocks a program: %+v", u)
		}
	}
}

// Whatever is lacking: a program is ready by a step exactly where doing it leaves nothing, and no step is listed twice.
func TestUnlocksLeaveNothing(t *testing.T) {
	t.Parallel()
	codes := []string{"a", "a.b", "a.b.c", "d", "d.e"}
	steps := []NeedStep{StepCollect, StepLink, StepFill, StepGround}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var unmet []UnmetNeed
		for program := ProgramID(1); program <= 4; program++ {
			for _, code := range codes {
				if r.IntN(3) == 0 {
					unmet = append(unmet, UnmetNeed{Program: program, Code: code, Step: steps[r.IntN(2+r.IntN(3))]})
				}
			}
		}
		seen := map[string]bool{}
		for i, u := range Unlocks(unmet) {
			if key := u.Code + " " + string(u.Step); seen[key] {
				t.Fatalf("%s twice", key)
			} else {
				seen[key] = true
			}
			left, had := map[ProgramID]int{}, map[ProgramID]bool{}
			for _, n := range unmet {
				meets := n.Step == u.Step && (n.Code == u.Code || u.Step == StepCollect && strings.HasPrefix(u.Code, n.Code+"."))
				if meets {
					had[n.Program] = true
				} else {
					left[n.Program]++
				}
			}
			ready, waiting := 0, 0
			for program := range had {
				if left[program] == 0 {
					ready++
				} else {
					waiting++
				}
			}
			if len(u.Ready) != ready || len(u.Waiting) != waiting {
				t.Fatalf("%d: %+v of %+v: want %d ready and %d waiting", i, u, unmet, ready, waiting)
			}
		}
		if len(seen) == 0 && len(unmet) > 0 {
			t.Fatal("nothing to do")
		}
	}
}
