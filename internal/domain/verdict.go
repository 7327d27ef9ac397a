package domain

import "time"

// This file, with verdict_evidence.go and flag.go, is the only place that decides a verdict: lists, dashboards, exports
// and the recomputation all show what Judge said.
//
// Sources of the rules: GDPR art. 5(1)(a) and 6 (a field is lawful under an approved purpose), art. 5(1)(b) (a purpose
// that is not in force covers nothing), art. 5(1)(c) (minimisation: what nobody needs must go), art. 5(1)(e) (storage
// limitation), art. 9 and 10 and, for the French NIR, art. 87 with décret 2019-341 (special regimes), art. 25 (what
// nobody has classified is presumed personal).
//
// Days are calendar days, each time read in its own location. Every border is inclusive: the last day of a purpose, of a
// program, of a grace period or of a window still belongs to it.

// GDPRClass is the legal regime of a data category.
type GDPRClass string

// The regimes. Unclassified means that nobody has said yet; the category "to qualify" is unclassified too.
const (
	ClassUnclassified   GDPRClass = "unclassified"
	ClassNonPersonal    GDPRClass = "non_personal"
	ClassPersonal       GDPRClass = "personal"
	ClassHighlyPersonal GDPRClass = "highly_personal" // content of messages, precise location, finance (WP248)
	ClassSensitive      GDPRClass = "sensitive_art9"
	ClassCriminal       GDPRClass = "criminal_art10"
	ClassNIR            GDPRClass = "nir" // French social security number
)

// Personal tells whether the class is one of personal data. It is false for an unclassified field, of which nothing is known.
func (c GDPRClass) Personal() bool {
	switch c {
	case ClassPersonal, ClassHighlyPersonal, ClassSensitive, ClassCriminal, ClassNIR:
		return true
	case ClassUnclassified, ClassNonPersonal:
	}
	return false
}

// Special tells whether the class asks for a specific condition beside a legal basis.
func (c GDPRClass) Special() bool {
	return c == ClassSensitive || c == ClassCriminal || c == ClassNIR
}

// Verdict is what the rules say of a field. It is computed, never typed.
type Verdict string

// The verdicts.
const (
	VerdictKeep         Verdict = "keep"         // lawful and used
	VerdictDormant      Verdict = "dormant"      // lawful, serves nothing
	VerdictRegularise   Verdict = "regularise"   // used without a ground
	VerdictDelete       Verdict = "delete"       // no use, no ground
	VerdictExempt       Verdict = "exempt"       // not personal
	VerdictUnclassified Verdict = "unclassified" // nobody has said whether it is personal
)

// ForDeletion tells whether the verdict flags a field for deletion (GDPR art. 5(1)(c)).
func (v Verdict) ForDeletion() bool { return v == VerdictDormant || v == VerdictDelete }

// UsedWhy says which rule answered whether a field is used.
type UsedWhy string

// The reasons. Each is used, or not, whatever the field.
const (
	WhyLegalUse     UsedWhy = "legal_use"    // used: an approved purpose is itself a use outside programs
	WhyProgram      UsedWhy = "program"      // used: a program that counts needs it
	WhyUndeclared   UsedWhy = "undeclared"   // used: it is read, and nobody says what for
	WhyContradicted UsedWhy = "contradicted" // not used: a program claims it, and nothing reads it
	WhyNone         UsedWhy = "none"         // not used: nothing needs it, and no read is known
)

// UsedWhys lists the reasons in the order of the rules.
var UsedWhys = []UsedWhy{WhyLegalUse, WhyProgram, WhyUndeclared, WhyContradicted, WhyNone}

// Used tells whether the reason is one of use.
func (w UsedWhy) Used() bool { return w == WhyLegalUse || w == WhyProgram || w == WhyUndeclared }

// ProgramStatus is how far a program has come.
type ProgramStatus string

// The statuses of a program.
const (
	ProgramIdea    ProgramStatus = "idea" // justifies nothing: data is not kept just in case
	ProgramPlanned ProgramStatus = "planned"
	ProgramLive    ProgramStatus = "live"
	ProgramPaused  ProgramStatus = "paused"
	ProgramEnded   ProgramStatus = "ended"
)

// ProgramFacts are what the rules read of a program.
type ProgramFacts struct {
	Status   ProgramStatus
	StartsOn *time.Time
	EndsOn   *time.Time
	PausedOn *time.Time
}

// Counts tells whether the program justifies the fields linked to it: it is live, or paused for no longer than the grace
// period, and its end has not passed; or it is planned, with a start date that has not passed. A pause without a date
// cannot be shown to be recent, and a plan without one may never start: neither counts.
func (p ProgramFacts) Counts(today time.Time, th Thresholds) bool {
	return p.standing(dayOf(today), th) == linkCounts
}

// Over tells whether the program has ended, by its status or its end date, or is paused for longer than the grace period.
// A plan whose start has passed is neither over nor counted: it never began.
func (p ProgramFacts) Over(today time.Time, th Thresholds) bool {
	return p.standing(dayOf(today), th) == linkOver
}

func (p ProgramFacts) standing(today int64, th Thresholds) linkStanding {
	switch p.Status {
	case ProgramLive:
		if passed(p.EndsOn, today) {
			return linkOver
		}
		return linkCounts
	case ProgramPaused:
		if passed(p.EndsOn, today) || p.PausedOn == nil || today-dayOf(*p.PausedOn) > int64(th.GraceDays) {
			return linkOver
		}
		return linkCounts
	case ProgramPlanned:
		if p.StartsOn != nil && !passed(p.StartsOn, today) && !passed(p.EndsOn, today) {
			return linkCounts
		}
	case ProgramEnded:
		return linkOver
	case ProgramIdea:
	}
	return linkNone
}

// PurposeState is where a purpose stands.
type PurposeState string

// The states of a purpose.
const (
	PurposeDraft   PurposeState = "draft"
	PurposeInForce PurposeState = "in_force"
	PurposeRetired PurposeState = "retired"
)

// PurposeFacts are what the rules read of a purpose.
type PurposeFacts struct {
	State         PurposeState
	NeedsProgram  bool // false where the purpose is itself a use: legal obligation, contract, legal claims
	StartsOn      *time.Time
	EndsOn        *time.Time
	Art9Condition bool            // states a condition of GDPR art. 9(2)
	LegalText     bool            // cites the text that it relies on
	Retention     *RetentionFacts // nil where no rule is attached
}

// InForce tells whether the purpose covers fields today: in force by its state and within its dates.
func (p PurposeFacts) InForce(today time.Time) bool { return p.inForce(dayOf(today)) }

// Over tells whether the purpose will never cover anything again: retired, or its last day has passed.
func (p PurposeFacts) Over(today time.Time) bool { return p.over(dayOf(today)) }

func (p *PurposeFacts) inForce(today int64) bool {
	return p.State == PurposeInForce && !ahead(p.StartsOn, today) && !passed(p.EndsOn, today)
}

func (p *PurposeFacts) over(today int64) bool {
	return p.State == PurposeRetired || passed(p.EndsOn, today)
}

// grounds tells whether the purpose states the condition that a class of data asks for: GDPR art. 9(2) for sensitive
// data; for offences (art. 10) and the NIR (art. 87, décret 2019-341) a text must authorise it, so the purpose cites one.
func (p *PurposeFacts) grounds(c GDPRClass) bool {
	switch c {
	case ClassSensitive:
		return p.Art9Condition
	case ClassCriminal, ClassNIR:
		return p.LegalText
	case ClassUnclassified, ClassNonPersonal, ClassPersonal, ClassHighlyPersonal:
	}
	return true
}

// LinkLevel is how much a program needs a field.
type LinkLevel string

// The levels of a link. A field to avoid has a less intrusive alternative: that link justifies nothing.
const (
	LinkEssential LinkLevel = "essential"
	LinkUseful    LinkLevel = "useful"
	LinkAvoid     LinkLevel = "avoid"
)

// LinkFact is what the rules read of a link between a field and a program.
type LinkFact struct {
	Level   LinkLevel
	Program *ProgramFacts
}

// MappingState is the answer given to a purpose mapping.
type MappingState string

// The states of a mapping.
const (
	MappingProposed MappingState = "proposed"
	MappingApproved MappingState = "approved"
	MappingRejected MappingState = "rejected"
)

// MappingFact is what the rules read of a mapping between a field and a purpose.
type MappingFact struct {
	State   MappingState
	Purpose *PurposeFacts
}

// FieldRetention are the retention rules that were chosen for a field, its dataset and its category (nil for none), and how
// old the data is. Those of its purposes stand with these.
type FieldRetention struct {
	Field, Dataset, Category *RetentionFacts
	OldestRecordOn           *time.Time // nil where nobody knows
}

// FieldFacts are all the inputs of a verdict. The zero value is an unclassified field of which nothing is known.
type FieldFacts struct {
	Class        GDPRClass
	Links        []LinkFact
	Mappings     []MappingFact
	Evidence     EvidenceFacts
	Retention    FieldRetention
	HasDuplicate bool // the declared master holds the same category for the same people, and no flow ties the two
}

// Finding is what the rules say of a field, and why. Lawful and Used are answered for every field; they decide the
// verdict of personal data only.
type Finding struct {
	Verdict Verdict
	Lawful  bool
	Used    bool
	Why     UsedWhy
	Flags   FlagSet
	Rule    RetentionRuleID // the retention rule that binds the field; zero for none
}

// Judge decides the verdict of a field on a day. It is total and deterministic, ignores the order of links and mappings,
// keeps nothing of f and allocates nothing.
func Judge(f *FieldFacts, th Thresholds, today time.Time) Finding {
	c := circumstances{day: dayOf(today)}
	c.reads = f.Evidence.readsOn(c.day, th)
	c.links = standingOf(f.Links, c.day, th)
	c.ground = groundOf(f.Mappings, f.Class, c.day)

	why := usedWhy(c)
	out := Finding{Lawful: c.ground.lawful, Used: why.Used(), Why: why}
	out.Verdict = verdictOf(f.Class, out.Lawful, out.Used)
	rule := f.boundBy(c.day)
	if rule != nil {
		out.Rule = rule.Rule
	}
	c.overdue = f.Retention.overdue(rule, c.day)
	out.Flags = flagsOf(f, c, out, th)
	return out
}

// circumstances are the answers that the verdict and the flags share.
type circumstances struct {
	day     int64
	reads   readState
	links   linkStanding
	ground  ground
	overdue bool // the oldest data is older than the rule that binds the field allows
}

// verdictOf is the table of the four verdicts, with the two that come before it. A class that is not known is not
// classified: it must never pass for non-personal.
func verdictOf(c GDPRClass, lawful, used bool) Verdict {
	switch {
	case c == ClassNonPersonal:
		return VerdictExempt
	case !c.Personal():
		return VerdictUnclassified
	case lawful && used:
		return VerdictKeep
	case lawful:
		return VerdictDormant
	case used:
		return VerdictRegularise
	default:
		return VerdictDelete
	}
}

// usedWhy: the first line that applies decides.
func usedWhy(c circumstances) UsedWhy {
	switch {
	case c.ground.legalUse:
		return WhyLegalUse
	case c.links == linkCounts && c.reads == readsAbsent:
		return WhyContradicted
	case c.links == linkCounts:
		return WhyProgram
	case c.reads == readsPresent:
		return WhyUndeclared
	default:
		return WhyNone
	}
}

// linkStanding is what links to programs are worth, from nothing to a justification.
type linkStanding uint8

const (
	linkNone   linkStanding = iota // no link that ever justified anything
	linkOver                       // a link to a program that is over, none to one that counts
	linkCounts                     // a link to a program that counts
)

// standingOf keeps the best standing. Links that never justified anything (to avoid, to an idea, to a plan that never
// began) count as no link, so that every field that lacks a program is told why by exactly one flag.
func standingOf(links []LinkFact, today int64, th Thresholds) linkStanding {
	best := linkNone
	for i := range links {
		l := &links[i]
		if l.Program == nil || (l.Level != LinkEssential && l.Level != LinkUseful) {
			continue
		}
		best = max(best, l.Program.standing(today, th))
	}
	return best
}

// ground is what purpose mappings are worth.
type ground struct {
	mapped   bool // there is a mapping
	lawful   bool // one is approved, to a purpose in force
	legalUse bool // one of those is itself a use outside programs
	special  bool // one of those states the condition that the class asks for
	pending  bool // one may still become a ground
}

func groundOf(mappings []MappingFact, class GDPRClass, today int64) ground {
	g := ground{mapped: len(mappings) > 0}
	for i := range mappings {
		p := mappings[i].Purpose
		if p == nil || mappings[i].State == MappingRejected || p.over(today) {
			continue
		}
		if mappings[i].State != MappingApproved || !p.inForce(today) {
			g.pending = true
			continue
		}
		g.lawful = true
		g.legalUse = g.legalUse || !p.NeedsProgram
		g.special = g.special || p.grounds(class)
	}
	return g
}

// dayOf numbers the calendar day of t in its own location, so that days compare and subtract as integers.
func dayOf(t time.Time) int64 {
	_, offset := t.Zone()
	s := t.Unix() + int64(offset)
	if s < 0 {
		s -= 86399 // round down, not towards zero
	}
	return s / 86400
}

// passed tells whether a day is known and before today.
func passed(t *time.Time, today int64) bool { return t != nil && dayOf(*t) < today }

// ahead tells whether a day is known and after today.
func ahead(t *time.Time, today int64) bool { return t != nil && dayOf(*t) > today }
