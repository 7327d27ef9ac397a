package domain

import (
	"math/rand/v2"
	"testing"
)

func TestCapWithin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ messages, days, within, want int }{
		{2, 7, 7, 2}, {2, 7, 8, 4}, {2, 7, 1, 2}, {1, 30, 7, 1}, {1, 1, 7, 7}, {3, 2, 7, 12}, {1, 366, 366, 1},
	} {
		if got := (Cap{c.messages, c.days}).Within(c.within); got != c.want {
			t.Errorf("%d in %d days, within %d: %d, want %d", c.messages, c.days, c.within, got, c.want)
		}
	}
}

// No calendar that respects a cap sends more within a window than Within says, and some calendar sends that many.
func TestCapWithinIsTheMost(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 2))
	for range 2_000 {
		c := Cap{1 + r.IntN(4), 1 + r.IntN(10)}
		window := 1 + r.IntN(20)
		// Greedy: as many as the cap allows on the first day of each of its windows.
		sent := make([]int, window)
		for day := range sent {
			if day%c.Days == 0 {
				sent[day] = c.Messages
			}
		}
		most := 0
		for _, n := range sent {
			most += n
		}
		if got := c.Within(window); got != most {
			t.Fatalf("%+v within %d days: %d, but %d can be sent", c, window, got, most)
		}
	}
}

func TestPressureOf(t *testing.T) {
	t.Parallel()
	staged := func(id ScenarioID, stage StageID, nature string, status ProgramStatus, limit *Cap, channels ...string) StagedScenario {
		return StagedScenario{Scenario: Scenario{ID: id, Nature: nature, Status: status, Cap: limit, Channels: channels}, Stage: stage}
	}
	week := &Cap{1, 7}
	scenarios := []StagedScenario{
		staged(1, 1, NaturePromotional, ProgramLive, &Cap{2, 7}, "email", "sms"),
		staged(2, 0, NatureRelationship, ProgramPlanned, week, "email"),      // every stage
		staged(3, 1, NatureTransactional, ProgramLive, nil, "email"),         // does not press
		staged(4, 1, NaturePromotional, ProgramPaused, nil, "email"),         // does not run
		staged(5, 2, NaturePromotional, ProgramLive, nil, "email", "mascot"), // no limit; a channel of people's own
	}
	rules := []PressureRule{{"email", 2, 7}, {"post", 1, 30}}
	type line struct {
		stage   StageID
		channel string
		days    int
		most    int
		open    int
		n       int
		over    bool
	}
	var got []line
	for _, p := range PressureOf(scenarios, []StageID{1, 2}, rules) {
		got = append(got, line{p.Stage, p.Channel, p.Days, p.Most, len(p.Unlimited), len(p.Scenarios), p.Exceeds()})
	}
	want := []line{{1, "email", 7, 3, 0, 2, true}, {1, "sms", 7, 2, 0, 1, false}, {2, "email", 7, 1, 1, 2, true}}
	if len(got) != len(want) {
		t.Fatalf("%+v, want %+v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
	if all := PressureOf(scenarios[1:2], nil, nil); len(all) != 1 || all[0].Stage != 0 || all[0].Exceeds() {
		t.Errorf("a plan without stages: %+v", all)
	}
}

func TestPressureRulesAreChecked(t *testing.T) {
	t.Parallel()
	for _, bad := range []PressureRule{{"email", -1, 7}, {"email", 1001, 7}, {"email", 1, 0}, {"email", 1, 367}, {"pigeon", 1, 7}} {
		if _, err := NewPressureRules([]PressureRule{bad}); err == nil {
			t.Errorf("%+v passes", bad)
		}
	}
	rules, err := NewPressureRules([]PressureRule{{"sms", 1, 30}, {"email", 2, 7}, {"sms", 2, 30}})
	if err != nil || len(rules) != 2 || rules[0].Channel != "email" {
		t.Errorf("%+v, %v", rules, err)
	}
}

func TestNewScenario(t *testing.T) {
	t.Parallel()
	good := Scenario{Program: 1, Name: "Bienvenue", Kind: "sequence", Nature: NaturePromotional, TriggerKind: "event"}
	if c, err := NewScenario(good); err != nil || c.Status != ProgramIdea {
		t.Errorf("%+v, %v", c, err)
	}
	for name, spoil := range map[string]func(*Scenario){
		"program":      func(c *Scenario) { c.Program = 0 },
		"name":         func(c *Scenario) { c.Name = " " },
		"nature":       func(c *Scenario) { c.Nature = "loud" },
		"trigger_kind": func(c *Scenario) { c.TriggerKind = "" },
		"cap_messages": func(c *Scenario) { c.Cap = &Cap{0, 7} },
		"cap_days":     func(c *Scenario) { c.Cap = &Cap{1, 400} },
		"starts_on":    func(c *Scenario) { c.Status = ProgramPlanned },
	} {
		c := good
		spoil(&c)
		_, err := NewScenario(c)
		e, ok := err.(*Error)
		if !ok || e.Fields[name].Key == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
