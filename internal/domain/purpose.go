package domain

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Purpose is why data is processed. One purpose is one entry of the record of processing (GDPR art. 30).
type Purpose struct {
	ID          PurposeID
	Code        string
	Name        string
	Description string
	SubPurposes []string
	LegalBasis  string // GDPR art. 6(1); one of LegalBases, empty while nobody has decided
	// LegalReference is the text that obliges or entrusts (art. 6(1)(c) and (e)), the contract of art. 6(1)(b), or the
	// text that authorises data of art. 10 and the NIR.
	LegalReference    string
	Art9Condition     string // letter of GDPR art. 9(2); empty for none
	Interest          string // the legitimate interest: what is pursued
	Necessity         string // why no less intrusive way serves; why a contract or a life needs it
	Balance           string // why people's interests do not override it
	Assessor          string // who weighed the legitimate interest
	AssessedOn        *time.Time
	ConsentProof      string // where consent is proven (art. 7(1))
	ConsentWithdrawal string // how it is taken back (art. 7(3))
	ConsentWording    string // the text, or the version of it, that people agree to
	Compatibility     string // why a further use is compatible with the first (art. 6(4)); empty where there is none
	Subjects          []string
	Recipients        []Recipient
	Transfers         []Transfer
	Data              []DeclaredData // beside what approved mappings tell
	Exceptions        []Exception
	Retention         RetentionRuleID // how long its data is kept; zero while nobody has said
	SecurityMeasures  []string
	MeasuresNote      string // the measures in words
	SourceOfData      string
	Automated         string // whether decisions of art. 22 are taken: yes, no, or empty while nobody has said
	AutomatedLogic    string // by which logic
	AutomatedEffect   string // what follows for the person
	Screening         Screening
	Published         bool // on the public page of the record
	NeedsProgram      bool // false where the purpose is itself a use outside CRM programs
	State             PurposeState
	StartsOn          *time.Time
	EndsOn            *time.Time
	ReviewOn          *time.Time
	Owner             UserID
	Version           int
	CreatedAt         time.Time
	UpdatedAt         time.Time
	ArchivedAt        *time.Time
}

// Choices of a purpose's lists. Subjects and measures may hold people's own words too.
var (
	LegalBases       = []string{"a_consent", "b_contract", "c_legal", "d_vital", "e_public", "f_legitimate"}
	Art9Conditions   = []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	PurposeStates    = []string{string(PurposeDraft), string(PurposeInForce), string(PurposeRetired)}
	PurposeSubjects  = []string{"customers", "prospects", "visitors", "former_customers", "minors", "employees", "suppliers", "partners"}
	SecurityMeasures = []string{"access_control", "traceability", "software_protection", "backup", "encryption", "processor_control"}
)

// NewPurpose checks and cleans what was typed. What a draft may lack is for Missing to say; a purpose in force lacks
// nothing.
func NewPurpose(p Purpose) (Purpose, error) {
	p.Code, p.Name = CleanLine(p.Code), CleanLine(p.Name)
	p.SubPurposes, p.Subjects, p.SecurityMeasures = CleanList(p.SubPurposes), CleanList(p.Subjects), CleanList(p.SecurityMeasures)
	p.Assessor, p.ConsentWording = CleanLine(p.Assessor), CleanLine(p.ConsentWording)
	if p.State == "" {
		p.State = PurposeDraft
	}
	var bad Problems
	bad.Line("code", p.Code, true, 60)
	bad.Line("name", p.Name, true, 300)
	bad.OneOf("legal_basis", p.LegalBasis, append([]string{""}, LegalBases...)...)
	bad.OneOf("art9_condition", p.Art9Condition, append([]string{""}, Art9Conditions...)...)
	for name, list := range map[string][]string{"sub_purposes": p.SubPurposes, "subjects": p.Subjects, "security_measures": p.SecurityMeasures} {
		bad.List(name, list)
	}
	p.Recipients, p.Transfers = cleanRecipients(p.Recipients, &bad), cleanTransfers(p.Transfers, &bad)
	p.Data, p.Exceptions = cleanData(p.Data, &bad), cleanExceptions(p.Exceptions, &bad)
	bad.Line("assessor", p.Assessor, false, MaxName)
	bad.Line("consent_wording", p.ConsentWording, false, 500)
	bad.OneOf("automated", p.Automated, "", "no", "yes")
	for name, text := range p.texts() {
		*text = strings.TrimSpace(*text)
		bad.Text(name, *text, MaxText)
	}
	bad.Order("ends_on", p.StartsOn, p.EndsOn)
	if p.State == PurposeInForce {
		for name, problem := range p.Missing() {
			if _, taken := bad[name]; !taken {
				bad.Add(name, problem.Key)
			}
		}
	}
	return p, bad.Err()
}

// texts are the purpose's longer texts by name.
func (p *Purpose) texts() map[string]*string {
	return map[string]*string{"description": &p.Description, "legal_reference": &p.LegalReference, "interest": &p.Interest,
		"necessity": &p.Necessity, "balance": &p.Balance, "consent_proof": &p.ConsentProof, "consent_withdrawal": &p.ConsentWithdrawal,
		"source_of_data": &p.SourceOfData, "compatibility": &p.Compatibility, "measures_note": &p.MeasuresNote,
		"automated_logic": &p.AutomatedLogic, "automated_effect": &p.AutomatedEffect}
}

// basisNeeds are, by legal basis, the texts that it cannot do without. Each message names its article.
var basisNeeds = map[string][]string{
	"a_consent":    {"consent_proof", "consent_withdrawal"},
	"b_contract":   {"necessity"},
	"c_legal":      {"legal_reference"},
	"d_vital":      {"necessity"},
	"e_public":     {"legal_reference"},
	"f_legitimate": {"interest", "necessity", "balance"},
}

// BasisNeeds are the names of the texts that a legal basis asks for.
func BasisNeeds(basis string) []string { return slices.Clone(basisNeeds[basis]) }

// Missing is everything that stands between the purpose and its being in force, by the name of what is missing, all at
// once; each message names the article that asks for it.
func (p Purpose) Missing() Problems {
	var missing Problems
	texts := p.texts()
	if p.LegalBasis == "" {
		missing.Add("legal_basis", "purpose.missing.legal_basis")
	}
	for _, name := range basisNeeds[p.LegalBasis] {
		if strings.TrimSpace(*texts[name]) == "" {
			missing.Add(name, "purpose.missing."+name+"."+p.LegalBasis)
		}
	}
	if len(p.Subjects) == 0 {
		missing.Add("subjects", "purpose.missing.subjects")
	}
	if len(p.Recipients) == 0 {
		missing.Add("recipients", "purpose.missing.recipients")
	}
	if p.Retention == 0 {
		missing.Add("retention", "purpose.missing.retention")
	}
	for i, t := range p.Transfers {
		if t.Country == "" {
			missing.Add(rowName("transfers", i)+"country", "purpose.missing.country")
		}
		if t.Safeguard == "" {
			missing.Add(rowName("transfers", i)+"safeguard", "purpose.missing.safeguard")
		}
	}
	if len(p.SecurityMeasures) == 0 {
		missing.Add("security_measures", "purpose.missing.security_measures")
	}
	return missing
}

// Become moves the purpose to another state, on a day: a draft comes into force, what is in force retires, what is
// retired may be drafted again. Nothing else is a step.
func (p Purpose) Become(state PurposeState, today time.Time) (Purpose, error) {
	day := Day(today)
	switch {
	case p.State == PurposeDraft && state == PurposeInForce:
		if p.StartsOn == nil {
			p.StartsOn = &day
		}
	case p.State == PurposeInForce && state == PurposeRetired:
		if p.EndsOn == nil || p.EndsOn.After(day) {
			p.EndsOn = &day
			if p.StartsOn != nil && p.StartsOn.After(day) {
				p.EndsOn = nil
			}
		}
	case p.State == PurposeRetired && state == PurposeDraft:
		p.EndsOn = nil
	default:
		return p, Errorf(Conflict, "purpose.no_such_step")
	}
	p.State = state
	return NewPurpose(p)
}

// NextStates are the states to which the purpose can move.
func (p Purpose) NextStates() []PurposeState {
	switch p.State {
	case PurposeDraft:
		return []PurposeState{PurposeInForce}
	case PurposeInForce:
		return []PurposeState{PurposeRetired}
	case PurposeRetired:
		return []PurposeState{PurposeDraft}
	}
	return nil
}

// Material names what changes between two versions of a purpose in such a way that an approval given to the first says
// nothing of the second.
func (p Purpose) Material(next Purpose) []string {
	_, after := Diff(p.Facts(), next.Facts())
	var changed []string
	for _, name := range MaterialTerms {
		if _, is := after[name]; is {
			changed = append(changed, name)
		}
	}
	return changed
}

// Rules are what verdicts read of the purpose; an archived one covers nothing.
func (p Purpose) Rules() PurposeFacts {
	f := PurposeFacts{State: p.State, NeedsProgram: p.NeedsProgram, StartsOn: p.StartsOn, EndsOn: p.EndsOn,
		Art9Condition: p.Art9Condition != "", LegalText: p.LegalReference != ""}
	if p.ArchivedAt != nil {
		f.State = PurposeRetired
	}
	return f
}

// Subject names the purpose in the history.
func (p Purpose) Subject() Subject { return Subject{SubjectPurpose, int64(p.ID), p.Name} }

// Revision is the number of times that it was saved.
func (p Purpose) Revision() int { return p.Version }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (p Purpose) Archived() bool { return p.ArchivedAt != nil }

// Facts are the named values that the history keeps.
func (p Purpose) Facts() map[string]any {
	facts := map[string]any{"code": p.Code, "name": p.Name, "sub_purposes": p.SubPurposes, "legal_basis": p.LegalBasis,
		"art9_condition": p.Art9Condition, "subjects": p.Subjects,
		"recipients": factLines(p.Recipients, Recipient.who), "contracts": factLines(p.Recipients, Recipient.terms),
		"transfers": factLines(p.Transfers, Transfer.where), "transfer_proofs": factLines(p.Transfers, Transfer.proof),
		"declared_data": factLines(p.Data, DeclaredData.line), "exceptions": factLines(p.Exceptions, Exception.line),
		"assessor": p.Assessor, "assessed_on": dayFact(p.AssessedOn), "consent_wording": p.ConsentWording, "automated": p.Automated,
		"published": p.Published, "retention": int64(p.Retention), "security_measures": p.SecurityMeasures, "needs_program": p.NeedsProgram, "state": string(p.State),
		"starts_on": dayFact(p.StartsOn), "ends_on": dayFact(p.EndsOn), "review_on": dayFact(p.ReviewOn), "owner": int64(p.Owner)}
	for name, text := range p.texts() {
		facts[name] = *text
	}
	maps.Copy(facts, p.Screening.facts())
	return facts
}

// PurposeRegister is the list of purposes.
var PurposeRegister = Register{
	Name: "purposes",
	Sort: "code",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "code", Kind: CellCode},
		{Key: "purpose_state", Kind: CellEnum, Enum: "purpose.state"},
		{Key: "legal_basis", Kind: CellEnum, Enum: "basis"},
		{Key: "art9_condition", Kind: CellEnum, Enum: "art9", Hidden: true},
		{Key: "needs_program", Kind: CellBool, Hidden: true},
		{Key: "retention", Kind: CellText},
		{Key: "months", Kind: CellInt, Hidden: true},
		{Key: "fields", Kind: CellInt, Desc: true},
		{Key: "pending", Kind: CellInt, Desc: true},
		{Key: "programs", Kind: CellInt, Desc: true},
		{Key: "review_on", Kind: CellDate},
		{Key: "owner", Kind: CellText, Hidden: true},
		{Key: "subjects", Kind: CellEnums, Enum: "subject", Hidden: true, NoSort: true},
		{Key: "recipients", Kind: CellEnums, Enum: "recipient", Hidden: true, NoSort: true},
		{Key: "contracts", Kind: CellTexts, Hidden: true, NoSort: true},
		{Key: "transfers", Kind: CellTexts, Hidden: true, NoSort: true},
		{Key: "sub_purposes", Kind: CellTexts, Hidden: true, NoSort: true},
		{Key: "legal_reference", Kind: CellText, Hidden: true},
		{Key: "interest", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "necessity", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "balance", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "consent_proof", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "consent_withdrawal", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "security_measures", Kind: CellEnums, Enum: "measure", Hidden: true, NoSort: true},
		{Key: "measures_note", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "source_of_data", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "assessor", Kind: CellText, Hidden: true},
		{Key: "assessed_on", Kind: CellDate, Hidden: true},
		{Key: "consent_wording", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "compatibility", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "automated", Kind: CellEnum, Enum: "choice", Hidden: true},
		{Key: "dpia", Kind: CellEnum, Enum: "dpia", Hidden: true},
		{Key: "published", Kind: CellBool, Hidden: true},
		{Key: "starts_on", Kind: CellDate, Hidden: true},
		{Key: "ends_on", Kind: CellDate, Hidden: true},
		{Key: "description", Kind: CellText, Hidden: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "purpose_state", Enum: "purpose.state", Facet: true, Values: PurposeStates},
		{Key: "legal_basis", Enum: "basis", Facet: true, Values: LegalBases},
		{Key: "art9_condition", Enum: "art9", Facet: true, Values: Art9Conditions},
		{Key: "needs_program", Enum: "choice", Facet: true, Values: []string{"yes", "no"}},
		{Key: "transfers", Enum: "choice", Facet: true, Values: []string{"yes", "no"}},
		{Key: "contract", Enum: "contract", Facet: true, Values: Contracts},
		{Key: "dpia", Enum: "dpia", Facet: true, Values: DPIAVerdicts},
		{Key: "rule", Facet: true, Ref: true},
		{Key: "review", Enum: "purpose.review", Facet: true, Values: []string{"overdue", "due", "later"}},
		{Key: "owner", Facet: true, Ref: true},
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
		{Key: "program", Ref: true},
	},
}
