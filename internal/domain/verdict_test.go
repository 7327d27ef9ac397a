package domain

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

// judgedOn is today in these tests: a day in winter time, late in the day so that a mistake of hours changes the day.
var judgedOn = time.Date(2026, 11, 23, 22, 30, 0, 0, time.UTC)

func ptr[T any](v T) *T { return &v }

// daysAgo is a date without a time, as the database keeps it; negative is ahead.
func daysAgo(n int) *time.Time { return ptr(Day(judgedOn).AddDate(0, 0, -n)) }

// linkCase is a link with what a person who knows the domain says of it.
type linkCase struct {
	name         string
	link         LinkFact
	counts, over bool
}

func linkCases() []linkCase {
	link := func(l LinkLevel, p ProgramFacts) LinkFact { return LinkFact{Level: l, Program: &p} }
	return []linkCase{
		{"avoid, live", link(LinkAvoid, ProgramFacts{Status: ProgramLive}), false, false},
		{"avoid, ended", link(LinkAvoid, ProgramFacts{Status: ProgramEnded}), false, false},
		{"idea", link(LinkEssential, ProgramFacts{Status: ProgramIdea, StartsOn: daysAgo(-10)}), false, false},
		{"planned, no date", link(LinkEssential, ProgramFacts{Status: ProgramPlanned}), false, false},
		{"planned, start passed", link(LinkEssential, ProgramFacts{Status: ProgramPlanned, StartsOn: daysAgo(1)}), false, false},
		{"planned, starts today", link(LinkUseful, ProgramFacts{Status: ProgramPlanned, StartsOn: daysAgo(0)}), true, false},
		{"live", link(LinkEssential, ProgramFacts{Status: ProgramLive}), true, false},
		{"live, useful, ends today", link(LinkUseful, ProgramFacts{Status: ProgramLive, EndsOn: daysAgo(0)}), true, false},
		{"live, end passed", link(LinkEssential, ProgramFacts{Status: ProgramLive, EndsOn: daysAgo(1)}), false, true},
		{"paused, last day of grace", link(LinkEssential, ProgramFacts{Status: ProgramPaused, PausedOn: daysAgo(90)}), true, false},
		{"paused, grace passed", link(LinkEssential, ProgramFacts{Status: ProgramPaused, PausedOn: daysAgo(91)}), false, true},
		{"paused, no date", link(LinkEssential, ProgramFacts{Status: ProgramPaused}), false, true},
		{"ended", link(LinkEssential, ProgramFacts{Status: ProgramEnded}), false, true},
	}
}

// mappingCase is a mapping with what a person who knows the domain says of it.
type mappingCase struct {
	name                       string
	mapping                    MappingFact
	ground, legalUse, pending  bool
	art9Condition, citesALegal bool
}

func mappingCases() []mappingCase {
	program := PurposeFacts{State: PurposeInForce, NeedsProgram: true}
	with := func(change func(*PurposeFacts)) *PurposeFacts {
		p := program
		change(&p)
		return &p
	}
	return []mappingCase{
		{name: "rejected", mapping: MappingFact{MappingRejected, &program}},
		{name: "proposed", mapping: MappingFact{MappingProposed, &program}, pending: true},
		{name: "proposed, purpose retired", mapping: MappingFact{MappingProposed, with(func(p *PurposeFacts) { p.State = PurposeRetired })}},
		{name: "approved", mapping: MappingFact{MappingApproved, &program}, ground: true},
		{name: "approved, purpose draft", mapping: MappingFact{MappingApproved, with(func(p *PurposeFacts) { p.State = PurposeDraft })}, pending: true},
		{name: "approved, purpose starts tomorrow", mapping: MappingFact{MappingApproved, with(func(p *PurposeFacts) { p.StartsOn = daysAgo(-1) })}, pending: true},
		{name: "approved, purpose retired", mapping: MappingFact{MappingApproved, with(func(p *PurposeFacts) { p.State = PurposeRetired })}},
		{name: "approved, purpose ended", mapping: MappingFact{MappingApproved, with(func(p *PurposeFacts) { p.EndsOn = daysAgo(1) })}},
		{name: "approved, legal use", mapping: MappingFact{MappingApproved, with(func(p *PurposeFacts) { p.NeedsProgram = false; p.LegalText = true })}, ground: true, legalUse: true, citesALegal: true},
		{name: "approved, art. 9 condition", mapping: MappingFact{MappingApproved, with(func(p *PurposeFacts) { p.Art9Condition = true })}, ground: true, art9Condition: true},
		{name: "proposed, legal use, art. 9 condition", mapping: MappingFact{MappingProposed, with(func(p *PurposeFacts) {
			p.NeedsProgram, p.Art9Condition, p.LegalText = false, true, true
		})}, pending: true},
	}
}

type readCase struct {
	name            string
	evidence        EvidenceFacts
	present, absent bool
}

func readCases() []readCase {
	return []readCase{
		{"not measured", EvidenceFacts{}, false, false},
		{"never read", EvidenceFacts{Reads: ptr(int64(0)), WindowDays: ptr(90), ReadsMeasuredAt: daysAgo(1)}, false, true},
		{"read", EvidenceFacts{Reads: ptr(int64(412)), WindowDays: ptr(90), ReadsMeasuredAt: daysAgo(1)}, true, false},
	}
}

// oracle says the verdict in the words of the domain, without sharing a line with the rules.
func oracle(class GDPRClass, links []linkCase, mappings []mappingCase, r readCase) Finding {
	var counts, over, lawful, legalUse, pending, art9, legal bool
	for _, l := range links {
		counts = counts || l.counts
		over = over || l.over
	}
	for _, m := range mappings {
		lawful = lawful || m.ground
		legalUse = legalUse || m.legalUse
		pending = pending || m.pending
		art9 = art9 || m.art9Condition
		legal = legal || m.citesALegal
	}
	out := Finding{Lawful: lawful, Why: WhyNone}
	if r.present {
		out.Used, out.Why = true, WhyUndeclared
	}
	if counts && !r.absent {
		out.Used, out.Why = true, WhyProgram
	}
	if counts && r.absent {
		out.Why = WhyContradicted
	}
	if legalUse {
		out.Used, out.Why = true, WhyLegalUse
	}
	var flags []string
	raise := func(holds bool, code string) {
		if holds {
			flags = append(flags, code)
		}
	}
	raise(r.absent, "never_read")
	if class == ClassUnclassified {
		raise(true, "uncategorised")
		out.Verdict = VerdictUnclassified
	} else if class == ClassNonPersonal {
		flags = nil
		out.Verdict = VerdictExempt
	} else {
		raise(!counts && !over && !legalUse, "no_program")
		raise(!counts && over && !legalUse, "program_over")
		raise(len(mappings) == 0, "no_purpose")
		raise(len(mappings) > 0 && !lawful && pending, "purpose_pending")
		raise(len(mappings) > 0 && !lawful && !pending, "purpose_refused")
		raise(r.present && !counts && !legalUse, "undeclared_use")
		raise(class == ClassSensitive && !art9, "sensitive_ungrounded")
		raise((class == ClassCriminal || class == ClassNIR) && !legal, "sensitive_ungrounded")
		out.Verdict = map[[2]bool]Verdict{
			{true, true}: VerdictKeep, {true, false}: VerdictDormant, {false, true}: VerdictRegularise, {false, false}: VerdictDelete,
		}[[2]bool{out.Lawful, out.Used}]
	}
	for _, code := range flags {
		bit, known := FlagByCode(code)
		if !known {
			panic("unknown flag " + code)
		}
		out.Flags |= bit
	}
	return out
}

// pairsOf are the empty list, every list of one and every list of two.
func pairsOf[T any](all []T) [][]T {
	out := [][]T{nil}
	for _, a := range all {
		out = append(out, []T{a})
		for _, b := range all {
			out = append(out, []T{a, b})
		}
	}
	return out
}

func factsOf(class GDPRClass, links []linkCase, mappings []mappingCase, r readCase) FieldFacts {
	f := FieldFacts{Class: class, Evidence: r.evidence}
	for _, l := range links {
		f.Links = append(f.Links, l.link)
	}
	for _, m := range mappings {
		f.Mappings = append(f.Mappings, m.mapping)
	}
	return f
}

func allClasses() []GDPRClass {
	out := make([]GDPRClass, 0, len(GDPRClasses))
	for _, c := range GDPRClasses {
		out = append(out, GDPRClass(c))
	}
	return out
}

// TestJudgeEveryCombination judges every class × up to two links × up to two mappings × every state of reads.
func TestJudgeEveryCombination(t *testing.T) {
	t.Parallel()
	n, seen := 0, map[Verdict]bool{}
	th := DefaultThresholds()
	for _, class := range allClasses() {
		for _, links := range pairsOf(linkCases()) {
			for _, mappings := range pairsOf(mappingCases()) {
				for _, r := range readCases() {
					f := factsOf(class, links, mappings, r)
					got, want := Judge(&f, th, judgedOn), oracle(class, links, mappings, r)
					if got != want {
						t.Fatalf("%s, links %v, mappings %v, %s:\ngot  %+v %v\nwant %+v %v", class, names(links), namesOfMappings(mappings), r.name,
							got, got.Flags.Codes(), want, want.Flags.Codes())
					}
					seen[got.Verdict] = true
					n++
				}
			}
		}
	}
	if n < 100_000 {
		t.Errorf("judged %d combinations only", n)
	}
	for _, v := range Verdicts {
		if !seen[Verdict(v)] {
			t.Errorf("no combination gives %s", v)
		}
	}
}

func names(links []linkCase) (out []string) {
	for _, l := range links {
		out = append(out, l.name)
	}
	return out
}

func namesOfMappings(mappings []mappingCase) (out []string) {
	for _, m := range mappings {
		out = append(out, m.name)
	}
	return out
}

// TestJudgeMatrix prints what is said of personal data in every situation, for people to review.
func TestJudgeMatrix(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# What is said of a personal field, by mapping, link and reads. Run the test with -update to rewrite.\n")
	th := DefaultThresholds()
	for _, mappings := range append([][]mappingCase{nil}, singles(mappingCases())...) {
		fmt.Fprintf(&b, "\nmapping: %s\n", cmpOr(strings.Join(namesOfMappings(mappings), ", "), "none"))
		for _, links := range append([][]linkCase{nil}, singles(linkCases())...) {
			for _, r := range readCases() {
				f := factsOf(ClassPersonal, links, mappings, r)
				got := Judge(&f, th, judgedOn)
				line := fmt.Sprintf("  %-26s  %-12s  %-10s  %-12s  %s", cmpOr(strings.Join(names(links), ", "), "no link"), r.name,
					got.Verdict, got.Why, strings.Join(got.Flags.Codes(), " "))
				b.WriteString(strings.TrimRight(line, " ") + "\n")
			}
		}
	}
	const file = "testdata/verdict_matrix.golden"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("matrix (-golden +now):\n%s", diff)
	}
}

func singles[T any](all []T) (out [][]T) {
	for _, a := range all {
		out = append(out, []T{a})
	}
	return out
}

func cmpOr(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func TestProgramStandingAtItsBorders(t *testing.T) {
	t.Parallel()
	th := DefaultThresholds()
	noGrace := th
	noGrace.GraceDays = 0
	for name, c := range map[string]struct {
		program      ProgramFacts
		th           Thresholds
		counts, over bool
	}{
		"idea":                                {ProgramFacts{Status: ProgramIdea}, th, false, false},
		"idea with a date ahead":              {ProgramFacts{Status: ProgramIdea, StartsOn: daysAgo(-30)}, th, false, false},
		"planned for tomorrow":                {ProgramFacts{Status: ProgramPlanned, StartsOn: daysAgo(-1)}, th, true, false},
		"planned for today":                   {ProgramFacts{Status: ProgramPlanned, StartsOn: daysAgo(0)}, th, true, false},
		"planned for yesterday":               {ProgramFacts{Status: ProgramPlanned, StartsOn: daysAgo(1)}, th, false, false},
		"planned without a date":              {ProgramFacts{Status: ProgramPlanned}, th, false, false},
		"planned with an end that has passed": {ProgramFacts{Status: ProgramPlanned, StartsOn: daysAgo(-1), EndsOn: daysAgo(1)}, th, false, false},
		"live":                                {ProgramFacts{Status: ProgramLive}, th, true, false},
		"live before its start":               {ProgramFacts{Status: ProgramLive, StartsOn: daysAgo(-5)}, th, true, false},
		"live, ends tomorrow":                 {ProgramFacts{Status: ProgramLive, EndsOn: daysAgo(-1)}, th, true, false},
		"live, ends today":                    {ProgramFacts{Status: ProgramLive, EndsOn: daysAgo(0)}, th, true, false},
		"live, ended yesterday":               {ProgramFacts{Status: ProgramLive, EndsOn: daysAgo(1)}, th, false, true},
		"live, paused before":                 {ProgramFacts{Status: ProgramLive, PausedOn: daysAgo(400)}, th, true, false},
		"paused today":                        {ProgramFacts{Status: ProgramPaused, PausedOn: daysAgo(0)}, th, true, false},
		"paused, 90 days":                     {ProgramFacts{Status: ProgramPaused, PausedOn: daysAgo(90)}, th, true, false},
		"paused, 91 days":                     {ProgramFacts{Status: ProgramPaused, PausedOn: daysAgo(91)}, th, false, true},
		"paused, no grace, same day":          {ProgramFacts{Status: ProgramPaused, PausedOn: daysAgo(0)}, noGrace, true, false},
		"paused, no grace, next day":          {ProgramFacts{Status: ProgramPaused, PausedOn: daysAgo(1)}, noGrace, false, true},
		"paused, end passed within grace":     {ProgramFacts{Status: ProgramPaused, PausedOn: daysAgo(5), EndsOn: daysAgo(1)}, th, false, true},
		"paused, nobody knows when":           {ProgramFacts{Status: ProgramPaused}, th, false, true},
		"ended":                               {ProgramFacts{Status: ProgramEnded}, th, false, true},
		"ended before its end date":           {ProgramFacts{Status: ProgramEnded, EndsOn: daysAgo(-9)}, th, false, true},
		"no status":                           {ProgramFacts{StartsOn: daysAgo(-1)}, th, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.program.Counts(judgedOn, c.th); got != c.counts {
				t.Errorf("Counts = %v, want %v", got, c.counts)
			}
			if got := c.program.Over(judgedOn, c.th); got != c.over {
				t.Errorf("Over = %v, want %v", got, c.over)
			}
		})
	}
}

func TestPurposeInForceAtItsBorders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		purpose       PurposeFacts
		inForce, over bool
	}{
		"draft":             {PurposeFacts{State: PurposeDraft}, false, false},
		"draft, end passed": {PurposeFacts{State: PurposeDraft, EndsOn: daysAgo(1)}, false, true},
		"in force":          {PurposeFacts{State: PurposeInForce}, true, false},
		"starts today":      {PurposeFacts{State: PurposeInForce, StartsOn: daysAgo(0)}, true, false},
		"starts tomorrow":   {PurposeFacts{State: PurposeInForce, StartsOn: daysAgo(-1)}, false, false},
		"ends today":        {PurposeFacts{State: PurposeInForce, EndsOn: daysAgo(0)}, true, false},
		"ended yesterday":   {PurposeFacts{State: PurposeInForce, EndsOn: daysAgo(1)}, false, true},
		"retired":           {PurposeFacts{State: PurposeRetired, StartsOn: daysAgo(9), EndsOn: daysAgo(-9)}, false, true},
		"no state":          {PurposeFacts{}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.purpose.InForce(judgedOn); got != c.inForce {
				t.Errorf("InForce = %v, want %v", got, c.inForce)
			}
			if got := c.purpose.Over(judgedOn); got != c.over {
				t.Errorf("Over = %v, want %v", got, c.over)
			}
		})
	}
}

// TestSpecialDataNeedsItsOwnCondition: each special class has its own condition, and only an approved mapping gives it.
func TestSpecialDataNeedsItsOwnCondition(t *testing.T) {
	t.Parallel()
	art9 := &PurposeFacts{State: PurposeInForce, NeedsProgram: true, Art9Condition: true}
	text := &PurposeFacts{State: PurposeInForce, NeedsProgram: true, LegalText: true}
	retired := &PurposeFacts{State: PurposeRetired, Art9Condition: true, LegalText: true}
	for name, c := range map[string]struct {
		class    GDPRClass
		mappings []MappingFact
		flagged  bool
	}{
		"personal":                       {ClassPersonal, nil, false},
		"highly personal":                {ClassHighlyPersonal, nil, false},
		"art. 9, none":                   {ClassSensitive, nil, true},
		"art. 9, condition":              {ClassSensitive, []MappingFact{{MappingApproved, art9}}, false},
		"art. 9, condition proposed":     {ClassSensitive, []MappingFact{{MappingProposed, art9}}, true},
		"art. 9, text only":              {ClassSensitive, []MappingFact{{MappingApproved, text}}, true},
		"art. 9, one of two":             {ClassSensitive, []MappingFact{{MappingApproved, text}, {MappingApproved, art9}}, false},
		"art. 10, art. 9 condition":      {ClassCriminal, []MappingFact{{MappingApproved, art9}}, true},
		"art. 10, text":                  {ClassCriminal, []MappingFact{{MappingApproved, text}}, false},
		"NIR, art. 9 condition":          {ClassNIR, []MappingFact{{MappingApproved, art9}}, true},
		"NIR, text":                      {ClassNIR, []MappingFact{{MappingApproved, text}}, false},
		"NIR, text of a purpose no more": {ClassNIR, []MappingFact{{MappingApproved, retired}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := FieldFacts{Class: c.class, Mappings: c.mappings}
			if got := Judge(&f, DefaultThresholds(), judgedOn).Flags.Has(FlagSensitiveUngrounded); got != c.flagged {
				t.Errorf("flagged = %v, want %v", got, c.flagged)
			}
		})
	}
}

// TestOnlyNonPersonalIsExempt: a class that nobody gave, or that the rules do not know, must never pass for non-personal.
func TestOnlyNonPersonalIsExempt(t *testing.T) {
	t.Parallel()
	for _, class := range []GDPRClass{"", "unk", "Non_Personal", "anonymous", ClassUnclassified} {
		f := FieldFacts{Class: class}
		got := Judge(&f, DefaultThresholds(), judgedOn)
		if got.Verdict != VerdictUnclassified || got.Flags != FlagUncategorised {
			t.Errorf("class %q: %s %v, want unclassified with its flag", class, got.Verdict, got.Flags.Codes())
		}
	}
}

// TestMissingPartsAreNotGrounds: a link or a mapping whose other end is unknown proves nothing.
func TestMissingPartsAreNotGrounds(t *testing.T) {
	t.Parallel()
	f := FieldFacts{Class: ClassPersonal, Links: []LinkFact{{Level: LinkEssential}}, Mappings: []MappingFact{{State: MappingApproved}}}
	if got := Judge(&f, DefaultThresholds(), judgedOn); got.Verdict != VerdictDelete {
		t.Errorf("verdict = %s, want delete", got.Verdict)
	}
}

// randomFacts draws any facts, sensible or not.
func randomFacts(r *rand.Rand) FieldFacts {
	f := FieldFacts{Class: pick(r, append(allClasses(), "", "else")), HasDuplicate: r.IntN(4) == 0}
	for range r.IntN(4) {
		f.Links = append(f.Links, LinkFact{pick(r, []LinkLevel{LinkEssential, LinkUseful, LinkAvoid, ""}), randomProgram(r)})
	}
	for range r.IntN(4) {
		f.Mappings = append(f.Mappings, MappingFact{pick(r, []MappingState{MappingProposed, MappingApproved, MappingRejected, ""}), randomPurpose(r)})
	}
	f.Evidence = EvidenceFacts{Reads: randomCount(r), WindowDays: maybe(r, r.IntN(200)), LastReadAt: randomDay(r), ReadsMeasuredAt: randomDay(r),
		LastWriteAt: randomDay(r), WriteMeasuredAt: randomDay(r), RowCount: randomCount(r), NonNullCount: randomCount(r), DistinctCount: randomCount(r)}
	f.Retention = FieldRetention{Field: randomRule(r), Dataset: randomRule(r), Category: randomRule(r), OldestRecordOn: randomDay(r)}
	return f
}

func randomProgram(r *rand.Rand) *ProgramFacts {
	if r.IntN(20) == 0 {
		return nil
	}
	return &ProgramFacts{pick(r, []ProgramStatus{ProgramIdea, ProgramPlanned, ProgramLive, ProgramPaused, ProgramEnded, ""}),
		randomDay(r), randomDay(r), randomDay(r)}
}

func randomPurpose(r *rand.Rand) *PurposeFacts {
	if r.IntN(20) == 0 {
		return nil
	}
	return &PurposeFacts{pick(r, []PurposeState{PurposeDraft, PurposeInForce, PurposeRetired, ""}), r.IntN(2) == 0, randomDay(r), randomDay(r),
		r.IntN(2) == 0, r.IntN(2) == 0, randomRule(r)}
}

// randomRule draws a rule, one without a number now and then.
func randomRule(r *rand.Rand) *RetentionFacts {
	if r.IntN(5) == 0 {
		return maybe(r, RetentionFacts{Rule: RetentionRuleID(1 + r.IntN(9))})
	}
	return maybe(r, RetentionFacts{Rule: RetentionRuleID(1 + r.IntN(9)), Months: r.IntN(60), Numbered: true})
}

// rule is a rule of so many months.
func rule(months int) *RetentionFacts {
	return &RetentionFacts{Rule: 1, Months: months, Numbered: true}
}

func pick[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

func maybe[T any](r *rand.Rand, v T) *T {
	if r.IntN(3) == 0 {
		return nil
	}
	return &v
}

func randomDay(r *rand.Rand) *time.Time {
	near := pick(r, []int{0, 0, 0, 90, 730}) + r.IntN(5) - 2 // around the borders as often as anywhere
	return maybe(r, *daysAgo(pick(r, []int{near, r.IntN(1200) - 200})))
}

func randomCount(r *rand.Rand) *int64 {
	return maybe(r, pick(r, []int64{0, 0, 1, 2, 99, 100, 5000}))
}

const manyFacts = 30_000

func TestJudgeHoldsForAnyFacts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	th := DefaultThresholds()
	for i := range manyFacts {
		f := randomFacts(r)
		got := Judge(&f, th, judgedOn)
		holds := func(ok bool, rule string) {
			t.Helper()
			if !ok {
				t.Fatalf("facts %d: %s: %+v %v for %+v", i, rule, got, got.Flags.Codes(), f)
			}
		}
		holds(slices.Contains(Verdicts, string(got.Verdict)), "the verdict is one of the six")
		holds(slices.Contains(UsedWhys, got.Why) && got.Used == got.Why.Used(), "the reason says whether it is used")
		holds(got == Judge(&f, th, judgedOn), "the same facts give the same finding")
		holds((got.Verdict == VerdictExempt) == (f.Class == ClassNonPersonal), "exempt is non-personal")
		holds((got.Verdict == VerdictUnclassified) == (!f.Class.Personal() && f.Class != ClassNonPersonal), "no class is unclassified")
		if f.Class.Personal() {
			holds((got.Verdict == VerdictDelete) == (!got.Lawful && !got.Used), "delete is neither lawful nor used")
			holds((got.Verdict == VerdictDormant) == (got.Lawful && !got.Used), "dormant is lawful and not used")
			holds((got.Verdict == VerdictRegularise) == (!got.Lawful && got.Used), "regularise is used and not lawful")
			holds(!got.Verdict.ForDeletion() || got.Flags != 0, "what is flagged for deletion says why")
			holds((got.Flags&(FlagNoPurpose|FlagPurposePending|FlagPurposeRefused)).Len() == map[bool]int{true: 0, false: 1}[got.Lawful], "one reason why it is not lawful")
			holds((got.Flags&(FlagNoProgram|FlagProgramOver)).Len() <= 1, "one reason why no program counts")
			holds(got.Flags.Has(FlagUndeclaredUse) == (got.Why == WhyUndeclared), "undeclared use is flagged")
			holds(got.Why != WhyContradicted || got.Flags.Has(FlagNeverRead), "a contradiction is flagged")
		}
		holds(got.Verdict != VerdictExempt || got.Flags == 0, "exempt carries no flag")
		holds(got.Flags.Has(FlagUncategorised) == (got.Verdict == VerdictUnclassified), "unclassified is flagged")
		holds(got.Flags < 1<<len(flagCodes), "no unknown flag")
	}
}

func TestJudgeMovesOnlyAsItShould(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	th := DefaultThresholds()
	ground := MappingFact{MappingApproved, &PurposeFacts{State: PurposeInForce, NeedsProgram: true}}
	avoid := LinkFact{LinkAvoid, &ProgramFacts{Status: ProgramLive}}
	for i := range manyFacts {
		f := randomFacts(r)
		before := Judge(&f, th, judgedOn)
		after := func(change func(*FieldFacts)) Finding {
			g := f
			g.Links, g.Mappings = slices.Clone(f.Links), slices.Clone(f.Mappings)
			change(&g)
			return Judge(&g, th, judgedOn)
		}
		holds := func(ok bool, rule string) {
			t.Helper()
			if !ok {
				t.Fatalf("facts %d: %s: %+v for %+v", i, rule, before, f)
			}
		}
		grounded := after(func(g *FieldFacts) { g.Mappings = append(g.Mappings, ground) })
		holds(grounded.Lawful, "an approved mapping to a purpose in force makes lawful")
		holds(grounded.Used == before.Used, "a purpose that needs a program is no use")

		unlinked := after(func(g *FieldFacts) { g.Links = nil })
		holds(!unlinked.Used || before.Used || f.Evidence.readsOn(dayOf(judgedOn), th) == readsPresent, "no link, no new use")

		avoided := after(func(g *FieldFacts) { g.Links = append(g.Links, avoid) })
		holds(avoided == before, "a link to avoid changes nothing")

		shuffled := after(func(g *FieldFacts) {
			r.Shuffle(len(g.Links), func(i, j int) { g.Links[i], g.Links[j] = g.Links[j], g.Links[i] })
			r.Shuffle(len(g.Mappings), func(i, j int) { g.Mappings[i], g.Mappings[j] = g.Mappings[j], g.Mappings[i] })
		})
		holds(shuffled == before, "order changes nothing")

		unmeasured := after(func(g *FieldFacts) { g.Evidence = EvidenceFacts{} })
		holds(unmeasured.Why != WhyContradicted && unmeasured.Why != WhyUndeclared, "without a measure, nothing is contradicted or read")
		holds(unmeasured.Flags&(FlagNeverRead|FlagEmpty|FlagConstant|FlagStale|FlagUndeclaredUse) == 0, "without a measure, no measured flag")

		exempt := after(func(g *FieldFacts) { g.Class = ClassNonPersonal })
		holds(exempt.Verdict == VerdictExempt && exempt.Flags == 0, "non-personal is exempt whatever else is known")
	}
}

// TestDaysAreCalendarDays: the hour, and the zone in which a day is told, do not move a border.
func TestDaysAreCalendarDays(t *testing.T) {
	t.Parallel()
	paris := time.FixedZone("Paris", 3600)
	ends := ptr(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	live := ProgramFacts{Status: ProgramLive, EndsOn: ends}
	for name, c := range map[string]struct {
		today  time.Time
		counts bool
	}{
		"first moment of the day":       {time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), true},
		"last moment of the day":        {time.Date(2026, 11, 23, 23, 59, 59, 999, time.UTC), true},
		"next day":                      {time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), false},
		"same day in Paris":             {time.Date(2026, 11, 23, 23, 30, 0, 0, paris), true},
		"next day in Paris, not in UTC": {time.Date(2026, 11, 24, 0, 30, 0, 0, paris), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := live.Counts(c.today, DefaultThresholds()); got != c.counts {
				t.Errorf("Counts = %v, want %v", got, c.counts)
			}
		})
	}
	for _, day := range []time.Time{{}, time.Date(1969, 12, 31, 23, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 12, 0, 0, 0, paris), judgedOn} {
		next := Day(day).AddDate(0, 0, 1)
		if dayOf(next) != dayOf(day)+1 || dayOf(Day(day)) != dayOf(day) {
			t.Errorf("%v: days do not follow each other", day)
		}
	}
}

func TestThresholds(t *testing.T) {
	t.Parallel()
	if err := DefaultThresholds().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	for name, c := range map[string]struct {
		th     Thresholds
		fields []string
	}{
		"all too low":   {Thresholds{WindowDays: 0, GraceDays: -1, FillRateMin: -0.01}, []string{"constant_min_rows", "fill_rate_min", "grace_days", "stale_days", "window_days"}},
		"all too high":  {Thresholds{3651, 3651, 1.01, 1_000_000_001, 36501}, []string{"constant_min_rows", "fill_rate_min", "grace_days", "stale_days", "window_days"}},
		"least of each": {Thresholds{1, 0, 0, 1, 1}, nil},
		"most of each":  {Thresholds{3650, 3650, 1, 1_000_000_000, 36500}, nil},
		"not a number":  {Thresholds{90, 90, math.NaN(), 100, 730}, []string{"fill_rate_min"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var fields []string
			if err, ok := c.th.Validate().(*Error); ok { //nolint:errorlint // the very value is returned
				fields = slices.Sorted(maps.Keys(err.Fields))
			}
			if diff := cmp.Diff(c.fields, fields); diff != "" {
				t.Errorf("fields refused (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJudgeAllocatesNothing(t *testing.T) { // not parallel: allocations of other tests would be counted
	r := rand.New(rand.NewPCG(5, 6))
	facts := make([]FieldFacts, 500)
	for i := range facts {
		facts[i] = randomFacts(r)
	}
	th, i := DefaultThresholds(), 0
	if n := testing.AllocsPerRun(2000, func() {
		Judge(&facts[i%len(facts)], th, judgedOn)
		EvidenceGrade(&facts[i%len(facts)].Evidence, th, judgedOn)
		i++
	}); n != 0 {
		t.Errorf("%v allocations per field, want 0", n)
	}
}

func BenchmarkJudge(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	facts := make([]FieldFacts, 1024)
	for i := range facts {
		facts[i] = randomFacts(r)
	}
	th := DefaultThresholds()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		Judge(&facts[i%len(facts)], th, judgedOn)
		i++
	}
}
