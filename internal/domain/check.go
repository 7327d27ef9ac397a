package domain

import (
	"slices"
	"time"
)

// This file holds the legal checks of a purpose mapping: what stands in the way of an approval, and what a DPO should
// weigh before giving one. Each is one line of a table, names its article, and stands on facts that are shown beside it.
//
// Sources: GDPR art. 6 to 10, 30, 44 to 46 and 87; French Data Protection Act (loi 78-17) art. 30, 45 and 46; décret
// 2019-341 (NIR); CPCE art. L. 34-5 (e-mail and SMS); Code de la consommation art. L. 223-1 (telephone, since 11 August
// 2026); EDPB Guidelines 2/2019 (contract).

// CheckFacts are what the legal checks of a mapping read.
type CheckFacts struct {
	Class     GDPRClass // of the field
	Purpose   Purpose
	Retention RetentionRule    // of the purpose; zero for none
	Subjects  []string         // whom the data is about: as the dataset says, else as the purpose says
	Programs  []CheckedProgram // that use the field and run under the purpose
	Today     time.Time
}

// CheckedProgram is what the checks read of a program.
type CheckedProgram struct {
	ID       ProgramID
	Name     string
	Template string // code of the template that it was made from; empty for none
	Channels []string
	Messages []CheckedMessage // its scenarios that are not over
}

// CheckedMessage is what the checks read of a scenario: what its messages are, and by which channels they go.
type CheckedMessage struct {
	Nature   string
	Channels []string // none of its own: those of the program
}

// Severity is what a finding of a check does to an approval.
type Severity string

// The severities.
const (
	SeverityBlock Severity = "block" // no approval can be given
	SeverityWarn  Severity = "warn"  // the DPO weighs it
)

// LegalCheck is one check. Its sentence is the message "check." + Code.
type LegalCheck struct {
	Code    string
	Article string // message "article." + Article
	// find tells whether the check has something to say, how severe it is, and on which named values that stands.
	find func(*CheckFacts) (Severity, []CheckedFact)
}

// CheckedFact is a named value that a finding stands on, as in events.
type CheckedFact struct {
	Name  string
	Value any
}

// LegalFinding is what a check has to say of a mapping.
type LegalFinding struct {
	Code, Article string
	Severity      Severity
	Facts         []CheckedFact
}

// Blocks tells whether the finding stands in the way of an approval.
func (f LegalFinding) Blocks() bool { return f.Severity == SeverityBlock }

// Findings runs every legal check: what blocks comes first, each part in the order of the table.
func (f CheckFacts) Findings() []LegalFinding {
	var blocks, warnings []LegalFinding
	for _, c := range LegalChecks {
		severity, facts := c.find(&f)
		switch severity {
		case SeverityBlock:
			blocks = append(blocks, LegalFinding{c.Code, c.Article, severity, facts})
		case SeverityWarn:
			warnings = append(warnings, LegalFinding{c.Code, c.Article, severity, facts})
		}
	}
	return append(blocks, warnings...)
}

// InterestMonths is after how many months a three-step test of legitimate interest is due to be looked at again.
const InterestMonths = 24

// phoneConsentFrom is the day from which calling consumers to sell asks for their consent (C. conso. art. L. 223-1, loi
// 2025-594 art. 13).
var phoneConsentFrom = time.Date(2026, 8, 11, 0, 0, 0, 0, time.UTC)

// LegalChecks is the table of checks.
var LegalChecks = []LegalCheck{
	{"purpose_over", "gdpr.5.1.b", func(f *CheckFacts) (Severity, []CheckedFact) {
		return blockIf(passed(f.Purpose.EndsOn, dayOf(f.Today)), CheckedFact{"ends_on", dayFact(f.Purpose.EndsOn)})
	}},
	{"purpose_ahead", "gdpr.5.1.b", func(f *CheckFacts) (Severity, []CheckedFact) {
		return warnIf(ahead(f.Purpose.StartsOn, dayOf(f.Today)), CheckedFact{"starts_on", dayFact(f.Purpose.StartsOn)})
	}},
	{"without_program", "gdpr.5.1.c", func(f *CheckFacts) (Severity, []CheckedFact) {
		return warnIf(!f.Purpose.NeedsProgram && (f.on("a_consent") || f.on("f_legitimate")), f.basis(), CheckedFact{"needs_program", false})
	}},
	{"basis", "gdpr.6.1", func(f *CheckFacts) (Severity, []CheckedFact) {
		return blockIf(f.Purpose.LegalBasis == "")
	}},
	{"consent_proof", "gdpr.7.1", func(f *CheckFacts) (Severity, []CheckedFact) {
		return blockIf(f.on("a_consent") && f.Purpose.ConsentProof == "", f.basis())
	}},
	{"consent_withdrawal", "gdpr.7.3", func(f *CheckFacts) (Severity, []CheckedFact) {
		return blockIf(f.on("a_consent") && f.Purpose.ConsentWithdrawal == "", f.basis())
	}},
	{"contract_necessity", "gdpr.6.1.b", func(f *CheckFacts) (Severity, []CheckedFact) {
		return blockIf(f.on("b_contract") && f.Purpose.Necessity == "", f.basis())
	}},
	{"contract_marketing", "gdpr.6.1.b", func(f *CheckFacts) (Severity, []CheckedFact) {
		return f.marketing(f.on("b_contract"), true)
	}},
	{"legal_text", "gdpr.6.1.c", func(f *CheckFacts) (Severity, []CheckedFact) {
		return blockIf(f.on("c_legal") && f.Purpose.LegalReference == "", f.basis())
	}},
	{"vital_necessity", "gdpr.6.1.d", func(f *CheckFacts) (Severity, []CheckedFact) {
		return blockIf(f.on("d_vital") && f.Purpose.Necessity == "", f.basis())
	}},
	{"vital_rare", "gdpr.6.1.d", func(f *CheckFacts) (Severity, []CheckedFact) {
		return warnIf(f.on("d_vital"), f.basis())
	}},
	{"public_text", "gdpr.6.1.e", func(f *CheckFacts) (Severity, []CheckedFact) {
		return blockIf(f.on("e_public") && f.Purpose.LegalReference == "", f.basis())
	}},
	{"public_private", "gdpr.6.1.e", func(f *CheckFacts) (Severity, []CheckedFact) {
		return warnIf(f.on("e_public"), f.basis())
	}},
	{"interest_test", "gdpr.6.1.f", func(f *CheckFacts) (Severity, []CheckedFact) {
		p := f.Purpose
		return blockIf(f.on("f_legitimate") && (p.Interest == "" || p.Necessity == "" || p.Balance == ""), f.basis())
	}},
	{"interest_old", "gdpr.6.1.f", func(f *CheckFacts) (Severity, []CheckedFact) {
		at := f.tested()
		return warnIf(f.on("f_legitimate") && !at.IsZero() && at.AddDate(0, InterestMonths, 0).Before(Day(f.Today)),
			f.basis(), CheckedFact{"assessed_on", at.Format(time.DateOnly)})
	}},
	{"interest_minors", "gdpr.6.1.f", func(f *CheckFacts) (Severity, []CheckedFact) {
		return warnIf(f.on("f_legitimate") && f.minors(), f.basis(), f.people())
	}},
	{"consent_minors", "gdpr.8", func(f *CheckFacts) (Severity, []CheckedFact) {
		return warnIf(f.on("a_consent") && f.minors(), f.basis(), f.people())
	}},
	{"art9_condition", "gdpr.9.2", func(f *CheckFacts) (Severity, []CheckedFact) {
		return blockIf(f.Class == ClassSensitive && f.Purpose.Art9Condition == "", f.class())
	}},
	{"art9_marketing", "gdpr.9.2.a", func(f *CheckFacts) (Severity, []CheckedFact) {
		explicit := f.on("a_consent") && f.Purpose.Art9Condition == "a"
		return f.marketing(f.Class == ClassSensitive && !explicit, true, f.class(), CheckedFact{"art9_condition", f.Purpose.Art9Condition})
	}},
	{"art10_text", "gdpr.10", func(f *CheckFacts) (Severity, []CheckedFact) {
		return blockIf(f.Class == ClassCriminal && f.Purpose.LegalReference == "", f.class())
	}},
	{"nir_text", "gdpr.87", func(f *CheckFacts) (Severity, []CheckedFact) {
		return blockIf(f.Class == ClassNIR && f.Purpose.LegalReference == "", f.class())
	}},
	{"nir_listed", "gdpr.87", func(f *CheckFacts) (Severity, []CheckedFact) {
		return warnIf(f.Class == ClassNIR && f.Purpose.LegalReference != "", f.class(), CheckedFact{"legal_reference", f.Purpose.LegalReference})
	}},
	{"unclassified", "gdpr.25", func(f *CheckFacts) (Severity, []CheckedFact) {
		return warnIf(f.Class == ClassUnclassified, f.class())
	}},
	{"phone", "consumer.223", func(f *CheckFacts) (Severity, []CheckedFact) {
		severity, facts := f.channels([]string{"phone"})
		if severity == SeverityBlock && Day(f.Today).Before(phoneConsentFrom) {
			severity = SeverityWarn
		}
		return severity, facts
	}},
	{"electronic", "cpce.34", func(f *CheckFacts) (Severity, []CheckedFact) {
		return f.channels([]string{"email", "sms"})
	}},
	{"processor_contract", "gdpr.28", func(f *CheckFacts) (Severity, []CheckedFact) {
		return warnIf(slices.ContainsFunc(f.Purpose.Recipients, func(r Recipient) bool {
			return r.Kind == "processor" && r.Contract == "missing"
		}), CheckedFact{"contracts", factLines(f.Purpose.Recipients, Recipient.terms)})
	}},
	{"transfer_undescribed", "gdpr.46", func(f *CheckFacts) (Severity, []CheckedFact) {
		return blockIf(f.abroad() && len(f.Purpose.Transfers) == 0, CheckedFact{"recipients", factLines(f.Purpose.Recipients, Recipient.who)})
	}},
	{"transfer_unsafe", "gdpr.46", func(f *CheckFacts) (Severity, []CheckedFact) {
		return f.transfers(blockIf, func(t Transfer) bool { return t.Safeguard == "none" })
	}},
	{"transfer_over", "gdpr.46", func(f *CheckFacts) (Severity, []CheckedFact) {
		return f.transfers(blockIf, func(t Transfer) bool { return t.ValidUntil != "" && t.ValidUntil < f.Today.Format(time.DateOnly) })
	}},
	{"transfer_unsaid", "gdpr.46", func(f *CheckFacts) (Severity, []CheckedFact) {
		return f.transfers(warnIf, func(t Transfer) bool { return t.Safeguard == "" })
	}},
	{"transfer_unassessed", "gdpr.46", func(f *CheckFacts) (Severity, []CheckedFact) {
		return f.transfers(warnIf, func(t Transfer) bool { return AssessmentAsked(t.Safeguard) && t.AssessedOn == "" })
	}},
}

// transfers finds those of which something is true.
func (f *CheckFacts) transfers(then func(bool, ...CheckedFact) (Severity, []CheckedFact), is func(Transfer) bool) (Severity, []CheckedFact) {
	var found []Transfer
	for _, t := range f.Purpose.Transfers {
		if is(t) {
			found = append(found, t)
		}
	}
	return then(len(found) > 0, CheckedFact{"transfers", factLines(found, Transfer.where)})
}

// abroad tells whether somebody outside the EEA receives the data.
func (f *CheckFacts) abroad() bool {
	return slices.ContainsFunc(f.Purpose.Recipients, func(r Recipient) bool { return r.Kind == "third_country" })
}

func blockIf(is bool, facts ...CheckedFact) (Severity, []CheckedFact) {
	return severityIf(is, SeverityBlock, facts)
}

func warnIf(is bool, facts ...CheckedFact) (Severity, []CheckedFact) {
	return severityIf(is, SeverityWarn, facts)
}

func severityIf(is bool, s Severity, facts []CheckedFact) (Severity, []CheckedFact) {
	if !is {
		return "", nil
	}
	return s, facts
}

func (f *CheckFacts) on(basis string) bool { return f.Purpose.LegalBasis == basis }

func (f *CheckFacts) basis() CheckedFact { return CheckedFact{"legal_basis", f.Purpose.LegalBasis} }

func (f *CheckFacts) class() CheckedFact { return CheckedFact{"gdpr_class", string(f.Class)} }

func (f *CheckFacts) people() CheckedFact { return CheckedFact{"subjects", f.Subjects} }

// tested is the day of the three-step test, or a day that it is no later than: a purpose that nobody has changed since has none
// that is newer. Zero where nothing is known.
func (f *CheckFacts) tested() time.Time {
	switch p := f.Purpose; {
	case p.AssessedOn != nil:
		return Day(*p.AssessedOn)
	case p.UpdatedAt.IsZero():
		return time.Time{}
	default:
		return Day(p.UpdatedAt)
	}
}

func (f *CheckFacts) minors() bool { return slices.Contains(f.Subjects, "minors") }

// promotion is whether a program sells: what its template says of it.
type promotion int

const (
	serviceOnly    promotion = iota // messages that the contract or the law asks for
	perhapsSelling                  // a mixed one, or one that people made up themselves
	selling
)

// Templates of programs that serve the contract or the law, and of those that do so in part. All others sell.
var (
	serviceTemplates = []string{"TRANSACTIONAL", "COMPLAINT_RECOVERY", "RENEWAL", "RECALL_SAFETY", "SUNSET", "PREFERENCE_CENTER"}
	mixedTemplates   = []string{"", "ONBOARDING", "POST_PURCHASE", "ALERT_ON_DEMAND", "LOYALTY", "SATISFACTION", "REVIEW"}
)

// promotes tells whether the program sells, by one of some channels where any are named; reaches is false where it goes by none
// of them. Its scenarios know best what is sent; of channels that none of them uses, the template tells.
func (p CheckedProgram) promotes(channels []string) (sells promotion, reaches bool) {
	by := func(own []string) bool {
		return channels == nil || slices.ContainsFunc(own, func(c string) bool { return slices.Contains(channels, c) })
	}
	rest := slices.Clone(p.Channels)
	for _, m := range p.Messages {
		own := m.Channels
		if len(own) == 0 {
			own = p.Channels
		}
		rest = slices.DeleteFunc(rest, func(c string) bool { return slices.Contains(own, c) })
		if by(own) {
			sells, reaches = max(sells, m.promotes()), true
		}
	}
	if (len(p.Messages) == 0 || len(rest) > 0) && by(rest) {
		sells, reaches = max(sells, p.template()), true
	}
	return sells, reaches
}

// promotes tells whether a message sells. To keep up a relation with a customer, a birthday say, is weighed.
func (m CheckedMessage) promotes() promotion {
	switch m.Nature {
	case NaturePromotional:
		return selling
	case NatureTransactional, NatureService:
		return serviceOnly
	}
	return perhapsSelling
}

func (p CheckedProgram) template() promotion {
	switch {
	case slices.Contains(serviceTemplates, p.Template):
		return serviceOnly
	case slices.Contains(mixedTemplates, p.Template):
		return perhapsSelling
	}
	return selling
}

// marketing finds programs that sell where nothing may be sold: one that does blocks, one that perhaps does is weighed.
func (f *CheckFacts) marketing(where, blocks bool, more ...CheckedFact) (Severity, []CheckedFact) {
	return f.marketingBy(nil, where, blocks, more...)
}

func (f *CheckFacts) marketingBy(channels []string, where, blocks bool, more ...CheckedFact) (Severity, []CheckedFact) {
	if !where {
		return "", nil
	}
	facts := append([]CheckedFact{f.basis()}, more...)
	var severity Severity
	for _, p := range f.Programs {
		switch sells, reaches := p.promotes(channels); {
		case !reaches || sells == serviceOnly:
			continue
		case sells == selling && blocks:
			severity = SeverityBlock
		case severity == "":
			severity = SeverityWarn
		}
		facts = append(facts, CheckedFact{"program", p.Name})
	}
	if severity == "" {
		return "", nil
	}
	return severity, facts
}

// channels finds programs that sell to consumers by a channel that asks for consent, under another basis. The two
// exceptions, similar offers to customers (CPCE L. 34-5) and a contract in progress (C. conso. L. 223-1), can only be those of
// customers: where the data is of nobody who has bought, it blocks.
func (f *CheckFacts) channels(channels []string) (Severity, []CheckedFact) {
	if f.on("a_consent") || f.Purpose.LegalBasis == "" || f.professionals() {
		return "", nil
	}
	return f.marketingBy(channels, true, f.strangers(), f.people())
}

// professionals tells whether the data is of people who are written to about their work only: those rules are of consumers.
func (f *CheckFacts) professionals() bool {
	return len(f.Subjects) > 0 && !slices.ContainsFunc(f.Subjects, func(s string) bool {
		return s != "suppliers" && s != "partners" && s != "employees"
	})
}

// strangers tells whether the data is known to be of people who have bought nothing.
func (f *CheckFacts) strangers() bool {
	return len(f.Subjects) > 0 && !slices.ContainsFunc(f.Subjects, func(s string) bool { return s != "prospects" && s != "visitors" })
}

// Risks are what makes a mapping worth looking at first, the gravest first; see Risk.
var Risks = []string{string(ClassSensitive), string(ClassNIR), string(ClassCriminal), string(ClassHighlyPersonal), "minors", "transfers",
	string(ClassUnclassified)}

// RiskFactors are those of Risks that a mapping has, in their order.
func (f CheckFacts) RiskFactors() []string {
	var out []string
	for _, r := range Risks {
		if f.risky(r) {
			out = append(out, r)
		}
	}
	return out
}

func (f *CheckFacts) risky(factor string) bool {
	switch factor {
	case "minors":
		return f.minors()
	case "transfers":
		return len(f.Purpose.Transfers) > 0 || f.abroad()
	}
	return string(f.Class) == factor
}

// riskPoints are worth more than all that come after them together, so that the gravest factor decides the order and the
// others only part mappings that share it. The three special regimes weigh the same.
var riskPoints = map[string]int{string(ClassSensitive): 32, string(ClassNIR): 32, string(ClassCriminal): 32, string(ClassHighlyPersonal): 16,
	"minors": 8, "transfers": 4, string(ClassUnclassified): 2}

// Risk is how early a mapping should be looked at, from 0; the larger the earlier.
func (f CheckFacts) Risk() int {
	sum := 0
	for _, r := range f.RiskFactors() {
		sum += riskPoints[r]
	}
	return sum
}
