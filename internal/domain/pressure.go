package domain

import (
	"cmp"
	"slices"
)

// PressureRule says how much one person may receive by a channel: at most so many messages within so many days.
type PressureRule struct {
	Channel string
	Most    int
	Days    int
}

// PressureChannels are the channels that rules are made for: those by which a company comes to a person unasked.
var PressureChannels = []string{"email", "sms", "app_push", "phone", "post"}

// usualPressureDays is the window in which a channel without a rule is told.
const usualPressureDays = 7

// NewPressureRules checks what was typed; a channel may stand once.
func NewPressureRules(rules []PressureRule) ([]PressureRule, error) {
	rules = slices.Clone(rules)
	var bad Problems
	for _, r := range rules {
		if r.Most < 0 || r.Most > 1000 {
			bad.Add("most_"+r.Channel, "error.range", "least", 0, "most", 1000)
		}
		if r.Days < 1 || r.Days > 366 {
			bad.Add("days_"+r.Channel, "error.range", "least", 1, "most", 366)
		}
		if !slices.Contains(PressureChannels, r.Channel) {
			bad.Add("channel", "error.form")
		}
	}
	slices.SortFunc(rules, func(a, b PressureRule) int {
		return cmp.Compare(slices.Index(PressureChannels, a.Channel), slices.Index(PressureChannels, b.Channel))
	})
	return slices.CompactFunc(rules, func(a, b PressureRule) bool { return a.Channel == b.Channel }), bad.Err()
}

// StagedScenario is a scenario with the stage of the life cycle that its program addresses; zero for every stage.
type StagedScenario struct {
	Scenario
	Stage StageID
}

// Pressure is the most that somebody at a stage may receive by a channel, were everything that runs to reach them at once.
type Pressure struct {
	Stage     StageID // zero for everybody, where no program addresses a stage
	Channel   string
	Days      int          // within so many days: those of the rule
	Most      int          // messages of scenarios that have a limit
	Unlimited []ScenarioID // scenarios without one
	Scenarios []ScenarioID // all of them
	Rule      *PressureRule
}

// Exceeds tells whether the plan allows more than the rule does.
func (p Pressure) Exceeds() bool {
	return p.Rule != nil && (p.Most > p.Rule.Most || len(p.Unlimited) > 0)
}

// PressureOf adds up what may reach a person at each of the stages, by channel. Scenarios of programs for every stage weigh
// on each of them. What presses nobody, or does not run, is left out.
func PressureOf(scenarios []StagedScenario, stages []StageID, rules []PressureRule) []Pressure {
	if len(stages) == 0 {
		stages = []StageID{0}
	}
	var out []Pressure
	for _, stage := range stages {
		for _, channel := range PressureChannels {
			p := Pressure{Stage: stage, Channel: channel, Days: usualPressureDays}
			if i := slices.IndexFunc(rules, func(r PressureRule) bool { return r.Channel == channel }); i >= 0 {
				p.Rule, p.Days = &rules[i], rules[i].Days
			}
			for _, c := range scenarios {
				if !c.Runs() || !c.Presses() || !slices.Contains(c.Channels, channel) || c.Stage != 0 && c.Stage != stage {
					continue
				}
				p.Scenarios = append(p.Scenarios, c.ID)
				if c.Cap == nil {
					p.Unlimited = append(p.Unlimited, c.ID)
				} else {
					p.Most += c.Cap.Within(p.Days)
				}
			}
			if len(p.Scenarios) > 0 {
				out = append(out, p)
			}
		}
	}
	return out
}
