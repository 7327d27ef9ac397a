package domain

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPresetsAreSound(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, c := range BuiltinCategories() {
		known[c.Code] = true
	}
	seen := map[string]bool{}
	for _, p := range RetentionPresets() {
		if seen[p.Code] {
			t.Errorf("%s twice", p.Code)
		}
		seen[p.Code] = true
		for _, c := range p.Categories {
			if !known[c] {
				t.Errorf("%s: no category %s", p.Code, c)
			}
		}
		for _, trigger := range p.Triggers {
			if !slices.Contains(RetentionTriggers, trigger) {
				t.Errorf("%s: no event %s", p.Code, trigger)
			}
		}
		for _, lang := range Languages {
			r, err := NewRetentionRule(p.Rule(lang))
			if err != nil || len(r.Deviations(p)) > 0 {
				t.Errorf("%s in %s: %v, %v", p.Code, lang, err, r.Deviations(p))
			}
			if (r.ArchiveMonths != nil) != (r.ArchiveGround != "") {
				t.Errorf("%s in %s: an archive has its ground, and only an archive", p.Code, lang)
			}
			if p.Certainty == "" || r.LegalReference == "" || len(p.Triggers) == 0 {
				t.Errorf("%s in %s: says neither from when, nor from where, nor how sure", p.Code, lang)
			}
		}
		if least, known := p.Rule("fr").LegalLeast(); known != (p.Bound == "least") || known && least == 0 {
			t.Errorf("%s: least %d, %v", p.Code, least, known)
		}
	}
	for _, e := range retentionEvents {
		for _, c := range e.recorded {
			if !known[c] {
				t.Errorf("event %s: no category %s", e.code, c)
			}
		}
	}
	if len(seen) != 36 {
		t.Errorf("%d presets, want 36", len(seen))
	}
}

func TestNewRetentionRule(t *testing.T) {
	t.Parallel()
	preset, _ := RetentionPresetByCode("PROSPECT")
	from := func(change func(*RetentionRule)) RetentionRule {
		r := preset.Rule("en")
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		rule RetentionRule
		bad  []string
	}{
		"as the preset":               {from(func(*RetentionRule) {}), nil},
		"longer, unreasoned":          {from(func(r *RetentionRule) { r.ActiveMonths = ptr(48) }), []string{"reason"}},
		"longer, with its reason":     {from(func(r *RetentionRule) { r.ActiveMonths, r.Reason = ptr(48), "Seasonal buyers" }), nil},
		"another event, unreasoned":   {from(func(r *RetentionRule) { r.Triggers = []string{"collection"} }), []string{"reason"}},
		"another name":                {from(func(r *RetentionRule) { r.Name, r.Code = "Leads", "LEADS" }), nil},
		"of a preset that is none":    {from(func(r *RetentionRule) { r.Preset = "ELSE" }), []string{"preset"}},
		"no period":                   {RetentionRule{Code: "X", Name: "X"}, []string{"active_months"}},
		"a criterion alone":           {RetentionRule{Code: "X", Name: "X", Criterion: "As long as the account is open"}, nil},
		"over a century":              {RetentionRule{Code: "X", Name: "X", ActiveMonths: ptr(1201), ArchiveMonths: ptr(-1)}, []string{"active_months", "archive_months"}},
		"law that is not named":       {RetentionRule{Code: "X", Name: "X", ActiveMonths: ptr(12), Source: "law"}, []string{"legal_reference"}},
		"words that are none of ours": {RetentionRule{Code: "X", Name: "X", ActiveMonths: ptr(1), Source: "x", Bound: "x", Fate: "x", Certainty: "x"}, []string{"bound", "certainty", "fate", "retention_source"}},
	} {
		_, err := NewRetentionRule(c.rule)
		var bad []string
		if e, ok := err.(*Error); ok { //nolint:errorlint // the very value is returned
			for name := range e.Fields {
				bad = append(bad, name)
			}
		}
		slices.Sort(bad)
		if diff := cmp.Diff(c.bad, bad); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestEffectiveRetention(t *testing.T) {
	t.Parallel()
	of := func(from RetentionFrom, id RetentionRuleID, months int) RetentionCandidate {
		return RetentionCandidate{from, &RetentionFacts{Rule: id, Months: months, Numbered: months >= 0}}
	}
	for name, c := range map[string]struct {
		candidates []RetentionCandidate
		want       RetentionRuleID
	}{
		"none":                                 {nil, 0},
		"the strictest of what the data is":    {[]RetentionCandidate{of(RetentionOfField, 1, 36), of(RetentionOfDataset, 2, 24), of(RetentionOfCategory, 3, 60)}, 2},
		"the longest of its purposes":          {[]RetentionCandidate{of(RetentionOfPurpose, 1, 36), of(RetentionOfPurpose, 2, 120)}, 2},
		"the data before longer purposes":      {[]RetentionCandidate{of(RetentionOfCategory, 1, 36), of(RetentionOfPurpose, 2, 120)}, 1},
		"shorter purposes before the data":     {[]RetentionCandidate{of(RetentionOfDataset, 1, 120), of(RetentionOfPurpose, 2, 36)}, 2},
		"a purpose without a rule":             {[]RetentionCandidate{{RetentionOfPurpose, nil}, of(RetentionOfPurpose, 2, 36)}, 0},
		"a purpose without a rule, and data":   {[]RetentionCandidate{{RetentionOfPurpose, nil}, of(RetentionOfPurpose, 2, 36), of(RetentionOfDataset, 3, 60)}, 3},
		"a purpose without a number":           {[]RetentionCandidate{of(RetentionOfPurpose, 1, -1), of(RetentionOfPurpose, 2, 36)}, 1},
		"a criterion where no other rule is":   {[]RetentionCandidate{of(RetentionOfField, 4, -1)}, 4},
		"a number before a criterion":          {[]RetentionCandidate{of(RetentionOfField, 4, -1), of(RetentionOfCategory, 5, 60)}, 5},
		"at once":                              {[]RetentionCandidate{of(RetentionOfField, 1, 0), of(RetentionOfPurpose, 2, 36)}, 1},
		"the older of equals, in either order": {[]RetentionCandidate{of(RetentionOfField, 9, 36), of(RetentionOfDataset, 2, 36)}, 2},
		"the data where purposes say the same": {[]RetentionCandidate{of(RetentionOfPurpose, 1, 36), of(RetentionOfField, 7, 36)}, 7},
	} {
		var got RetentionRuleID
		if i := EffectiveRetention(c.candidates); i >= 0 {
			got = c.candidates[i].Rule.Rule
		}
		if got != c.want {
			t.Errorf("%s: rule %d, want %d", name, got, c.want)
		}
	}
}

// TestEffectiveRetentionHoldsForAnyRules: order decides nothing; nothing binds longer than a rule of the data; another
// purpose never shortens; another rule of the data never lengthens.
func TestEffectiveRetentionHoldsForAnyRules(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	data := []RetentionFrom{RetentionOfField, RetentionOfDataset, RetentionOfCategory}
	bound := func(list []RetentionCandidate) *RetentionFacts {
		if i := EffectiveRetention(list); i >= 0 {
			return list[i].Rule
		}
		return nil
	}
	for range 20_000 {
		var list []RetentionCandidate
		for _, from := range data {
			if rule := randomRule(r); rule != nil {
				list = append(list, RetentionCandidate{from, rule})
			}
		}
		open := false
		for range r.IntN(4) {
			rule := randomRule(r)
			open = open || rule == nil || !rule.Numbered
			list = append(list, RetentionCandidate{RetentionOfPurpose, rule})
		}
		got := bound(list)
		shuffled := slices.Clone(list)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if again := bound(shuffled); (got == nil) != (again == nil) || got != nil && *got != *again {
			t.Fatalf("order decides: %+v, then %+v for %+v", got, again, list)
		}
		for _, c := range list {
			if c.From != RetentionOfPurpose && c.Rule.Numbered && (got == nil || got.Months > c.Rule.Months) {
				t.Fatalf("%+v binds, longer than %+v of the data", got, *c.Rule)
			}
		}
		if more := bound(append(slices.Clone(list), RetentionCandidate{RetentionOfPurpose, &RetentionFacts{Rule: 50, Months: r.IntN(80), Numbered: true}})); got != nil && got.Numbered && len(list) > 0 && !open {
			if slices.ContainsFunc(list, func(c RetentionCandidate) bool { return c.From == RetentionOfPurpose }) && more.Months < got.Months {
				t.Fatalf("one more purpose shortens %+v to %+v", got, more)
			}
		}
		if less := bound(append(slices.Clone(list), RetentionCandidate{RetentionOfField, &RetentionFacts{Rule: 51, Months: r.IntN(80), Numbered: true}})); got != nil && got.Numbered && less.Months > got.Months {
			t.Fatalf("one more rule of the data lengthens %+v to %+v", got, less)
		}
	}
}

// TestJudgeChoosesAsEffectiveRetention compares the rule that a verdict stores with the choice that pages show.
func TestJudgeChoosesAsEffectiveRetention(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(13, 14))
	th := DefaultThresholds()
	for range 20_000 {
		f := randomFacts(r)
		list := []RetentionCandidate{{RetentionOfField, f.Retention.Field}, {RetentionOfDataset, f.Retention.Dataset}, {RetentionOfCategory, f.Retention.Category}}
		for _, m := range f.Mappings {
			if m.Purpose != nil && m.State == MappingApproved && m.Purpose.InForce(judgedOn) {
				list = append(list, RetentionCandidate{RetentionOfPurpose, m.Purpose.Retention})
			}
		}
		var want RetentionRuleID
		over := false
		if i := EffectiveRetention(list); i >= 0 {
			rule := list[i].Rule
			want = rule.Rule
			over = rule.Numbered && f.Retention.OldestRecordOn != nil && addMonths(*f.Retention.OldestRecordOn, rule.Months).Before(Day(judgedOn))
		}
		got := Judge(&f, th, judgedOn)
		if got.Rule != want {
			t.Fatalf("rule %d, want %d for %+v", got.Rule, want, f)
		}
		if got.Verdict != VerdictExempt && got.Flags.Has(FlagOverRetention) != over {
			t.Fatalf("over %v, want %v for %+v", !over, over, f)
		}
	}
}
