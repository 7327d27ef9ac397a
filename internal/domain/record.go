package domain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Record is the record of processing of a workspace on a day (GDPR art. 30): what people declared, what approved mappings,
// applications and flows tell, and what is still open. Its JSON is that of docs/record-format.md; nothing in it depends on
// when or in which language it was made.
type Record struct {
	Workspace string         `json:"workspace"`
	Day       string         `json:"day"` // at whose end the record stood so
	Parties   []Party        `json:"parties"`
	Sheets    []RecordSheet  `json:"sheets"`
	Clients   []RecordClient `json:"client_processing"`
	Questions []OpenQuestion `json:"questions"` // about the record as a whole
}

// Labels are a name in both languages of the product.
type Labels struct {
	FR string `json:"fr"`
	EN string `json:"en"`
}

// In is the name in a language.
func (l Labels) In(lang string) string { return bilingual{l.FR, l.EN}.in(lang) }

// RecordSheet is one entry of the record: one purpose (art. 30(1)).
type RecordSheet struct {
	Purpose          PurposeID         `json:"-"`
	Code             string            `json:"code"`
	Name             string            `json:"name"`
	Description      string            `json:"description"`
	State            PurposeState      `json:"state"`
	Standing         string            `json:"standing"` // its state; "over" or "ahead" where it is in force and its days are not
	CreatedOn        string            `json:"created_on"`
	UpdatedOn        string            `json:"updated_on"`
	StartsOn         string            `json:"starts_on"`
	EndsOn           string            `json:"ends_on"`
	ReviewOn         string            `json:"review_on"`
	SubPurposes      []string          `json:"sub_purposes"`
	LegalBasis       string            `json:"legal_basis"`
	Ground           []Named           `json:"ground"` // what the legal basis leans on, as far as somebody wrote it
	Art9Condition    string            `json:"art9_condition"`
	Subjects         []RecordSubject   `json:"subjects"`
	Data             []RecordData      `json:"data"`
	DeclaredData     []DeclaredData    `json:"declared_data"`
	Source           string            `json:"source"`
	CollectionPoints []string          `json:"collection_points"`
	Applications     []RecordPlace     `json:"applications"`
	Recipients       []RecordRecipient `json:"recipients"`
	JointControllers []Party           `json:"joint_controllers"`
	Transfers        []RecordTransfer  `json:"transfers"`
	Retention        RecordRetention   `json:"retention"`
	Measures         []string          `json:"security_measures"`
	MeasuresNote     string            `json:"security_note"`
	Flows            []RecordFlow      `json:"flows"`
	Automated        string            `json:"automated_decision"`
	AutomatedLogic   string            `json:"automated_logic"`
	AutomatedEffect  string            `json:"automated_effect"`
	Screening        Screening         `json:"screening"`
	Hints            []ScreeningHint   `json:"screening_hints"`
	Exceptions       []Exception       `json:"exceptions"`
	Questions        []OpenQuestion    `json:"questions"`
	Published        bool              `json:"published"`
}

// Named is a text of a purpose with its name.
type Named struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Told says where a statement of a sheet comes from.
type Told struct {
	Declared bool     `json:"declared"`           // a person wrote it in the purpose
	From     []string `json:"from,omitempty"`     // datasets, applications or flows that it is derived from
	Excepted string   `json:"excepted,omitempty"` // why a person says that it does not hold here
}

// RecordRetention is how long the data of a purpose is kept: what its rule says, empty where it has none.
type RecordRetention struct {
	Code          string   `json:"code"`
	Name          string   `json:"name"`
	Triggers      []string `json:"triggers"`
	ActiveMonths  *int     `json:"active_months"`
	Criterion     string   `json:"criterion"`
	ArchiveMonths *int     `json:"archive_months"`
	ArchiveGround string   `json:"archive_ground"`
	Fate          string   `json:"fate"`
	Reference     string   `json:"legal_reference"`
}

// RecordSubject is a category of data subjects.
type RecordSubject struct {
	Subject string `json:"subject"`
	Told
}

// RecordData is a category of personal data that approved fields hold.
type RecordData struct {
	Kind     string         `json:"kind"` // row of the CNIL's model: one of DataKinds
	Code     string         `json:"category"`
	Label    Labels         `json:"label"`
	Class    GDPRClass      `json:"gdpr_class"`
	Approved int64          `json:"fields"`
	Proposed int64          `json:"fields_waiting"`
	In       []string       `json:"applications"`
	DPV      string         `json:"dpv"`
	Periods  []RecordPeriod `json:"periods"` // how long its fields are kept, where that is not the rule of the purpose for all

	Bound map[RetentionRuleID]int64 `json:"-"` // approved fields by the rule that binds them
}

// RecordPeriod is how long some of the approved fields of a category are kept for a purpose.
type RecordPeriod struct {
	RecordRetention
	Fields int64 `json:"fields"`
}

// RecordPlace is an application that holds approved fields of the purpose.
type RecordPlace struct {
	Application ApplicationID `json:"-"`
	Name        string        `json:"name"`
	Vendor      string        `json:"vendor"`
	Processor   string        `json:"processor"`
	Hosting     string        `json:"hosting"`
	Country     string        `json:"country"`
	Fields      int64         `json:"fields"`
	Datasets    []RecordSet   `json:"datasets"`
}

// RecordSet is a dataset of such an application.
type RecordSet struct {
	Name     string   `json:"name"`
	Subjects []string `json:"subjects"`
	Rows     *int64   `json:"rows"` // absent where nobody has counted
}

// RecordRecipient is to whom data goes.
type RecordRecipient struct {
	Recipient
	Told
}

// RecordTransfer is a transfer, with what is known of the country.
type RecordTransfer struct {
	Transfer
	Adequacy string `json:"adequacy"`
	Told
}

// RecordFlow is a flow that serves the purpose.
type RecordFlow struct {
	Name      string `json:"name"`
	From      string `json:"from"`
	To        string `json:"to"`
	Encrypted string `json:"encrypted"`
	Country   string `json:"country"`
	Vendor    string `json:"-"` // of the application where it arrives
	Processor string `json:"-"`
}

// RecordClient is one entry of the record of a processor (art. 30(2)).
type RecordClient struct {
	ID             ClientProcessingID `json:"-"`
	Code           string             `json:"code"`
	Client         string             `json:"client"`
	Contact        string             `json:"contact"`
	Representative string             `json:"representative"`
	DPO            string             `json:"dpo"`
	Categories     []string           `json:"categories"`
	SubProcessors  []string           `json:"sub_processors"`
	Transfers      []RecordTransfer   `json:"transfers"`
	Measures       []string           `json:"security_measures"`
	MeasuresNote   string             `json:"security_note"`
	Contract       string             `json:"contract"`
	ContractUntil  string             `json:"contract_until"`
	UpdatedOn      string             `json:"updated_on"`
	Questions      []OpenQuestion     `json:"questions"`
}

// OpenQuestion is something that a record leaves open. Key is that of a sentence; Of names what it is about.
type OpenQuestion struct {
	Key string `json:"key"`
	Of  string `json:"of,omitempty"`
	N   int64  `json:"n,omitempty"`
}

// ScreeningHint is a criterion of an impact assessment that seems to apply, with the facts behind it.
type ScreeningHint struct {
	Criterion string          `json:"criterion"`
	Facts     []ScreeningFact `json:"facts"`
}

// ScreeningFact is what makes a criterion seem to apply.
type ScreeningFact struct {
	What string `json:"what"` // category, dataset, application, subject or answer
	Name string `json:"name"`
	N    int64  `json:"n,omitempty"` // rows
}

// largeScale is from how many rows on a purpose is taken to work on a large scale.
const largeScale = 100_000

// RecordInput is what a record is made of, as the store reads it.
type RecordInput struct {
	Workspace    string
	Day          time.Time
	Organisation Organisation
	Countries    []Country
	Purposes     []Purpose
	Rules        map[RetentionRuleID]RetentionRule
	Data         map[PurposeID][]RecordData
	Places       map[PurposeID][]RecordPlace
	Points       map[PurposeID][]string
	Flows        map[PurposeID][]RecordFlow
	Clients      []ClientProcessing
}

// NewRecord puts a record together: what people declared beside what is derived, and what is open.
func NewRecord(in RecordInput) Record {
	r := Record{Workspace: in.Workspace, Day: isoDay(&in.Day), Parties: rowsOr(in.Organisation.Parties), Sheets: []RecordSheet{}, Clients: []RecordClient{}}
	adequacy := map[string]string{}
	for _, c := range in.Countries {
		adequacy[c.Code] = c.Adequacy
	}
	for _, p := range in.Purposes {
		r.Sheets = append(r.Sheets, newSheet(in, p, adequacy))
	}
	for _, c := range in.Clients {
		r.Clients = append(r.Clients, newClient(in, c, adequacy))
	}
	r.Questions = []OpenQuestion{}
	for _, role := range []string{"controller", "dpo"} {
		if _, known := in.Organisation.Party(role); !known {
			r.Questions = append(r.Questions, OpenQuestion{Key: "question.no_" + role})
		}
	}
	return r
}

func newSheet(in RecordInput, p Purpose, adequacy map[string]string) RecordSheet {
	s := RecordSheet{Purpose: p.ID, Code: p.Code, Name: p.Name, Description: p.Description, State: p.State, Standing: p.standing(in.Day), CreatedOn: isoDay(&p.CreatedAt),
		UpdatedOn: isoDay(&p.UpdatedAt), StartsOn: isoDay(p.StartsOn), EndsOn: isoDay(p.EndsOn), ReviewOn: isoDay(p.ReviewOn),
		SubPurposes: rowsOr(p.SubPurposes), LegalBasis: p.LegalBasis, Art9Condition: p.Art9Condition, Data: rowsOr(in.Data[p.ID]), DeclaredData: rowsOr(p.Data),
		Source: p.SourceOfData, CollectionPoints: rowsOr(in.Points[p.ID]), Applications: rowsOr(in.Places[p.ID]), Measures: rowsOr(p.SecurityMeasures), MeasuresNote: p.MeasuresNote, Flows: rowsOr(in.Flows[p.ID]),
		Automated: p.Automated, AutomatedLogic: p.AutomatedLogic, AutomatedEffect: p.AutomatedEffect, Screening: p.Screening,
		Exceptions: rowsOr(p.Exceptions), Published: p.Published, Ground: []Named{}, JointControllers: []Party{}}
	for _, name := range []string{"legal_reference", "interest", "necessity", "balance", "consent_proof", "consent_withdrawal", "compatibility"} {
		if text := *p.texts()[name]; text != "" {
			s.Ground = append(s.Ground, Named{name, text})
		}
	}
	for _, n := range []Named{{"assessor", p.Assessor}, {"assessed_on", isoDay(p.AssessedOn)}, {"consent_wording", p.ConsentWording}} {
		if n.Text != "" {
			s.Ground = append(s.Ground, n)
		}
	}
	s.Retention = recordRetention(in.Rules[p.Retention])
	s.Data = slices.Clone(s.Data)
	for i := range s.Data {
		s.Data[i].Periods = recordPeriods(in.Rules, p.Retention, s.Data[i].Bound)
	}
	s.subjects(p)
	s.recipients(p, in.Organisation)
	s.transfers(p, adequacy)
	s.hints(p)
	s.questions(in, p)
	return s
}

func recordRetention(r RetentionRule) RecordRetention {
	return RecordRetention{r.Code, r.Name, rowsOr(r.Triggers), r.ActiveMonths, r.Criterion, r.ArchiveMonths, r.ArchiveGround, r.Fate, r.LegalReference}
}

// recordPeriods are the periods of fields by the rules that bind them; empty where all are kept as the rule of the purpose says.
func recordPeriods(rules map[RetentionRuleID]RetentionRule, own RetentionRuleID, bound map[RetentionRuleID]int64) []RecordPeriod {
	fields := map[RetentionRuleID]int64{}
	for rule, n := range bound {
		fields[rules[own].KeptUnder(rules[rule]).ID] += n
	}
	list := []RecordPeriod{}
	if len(fields) == 0 || len(fields) == 1 && fields[own] > 0 {
		return list
	}
	for _, id := range slices.Sorted(maps.Keys(fields)) {
		list = append(list, RecordPeriod{recordRetention(rules[id]), fields[id]})
	}
	return list
}

// subjects are those that the purpose names, and those of the datasets that its approved fields stand in.
func (s *RecordSheet) subjects(p Purpose) {
	s.Subjects = []RecordSubject{}
	for _, name := range p.Subjects {
		s.Subjects = append(s.Subjects, RecordSubject{name, Told{Declared: true}})
	}
	for _, place := range s.Applications {
		for _, set := range place.Datasets {
			for _, name := range set.Subjects {
				i := slices.IndexFunc(s.Subjects, func(x RecordSubject) bool { return Fold(x.Subject) == Fold(name) })
				if i < 0 {
					i, s.Subjects = len(s.Subjects), append(s.Subjects, RecordSubject{Subject: name, Told: p.derived("subjects", name)})
				}
				s.Subjects[i].from(place.Name + " › " + set.Name)
			}
		}
	}
}

// derived is where a statement begins that nobody declared.
func (p Purpose) derived(what, value string) Told {
	e, _ := p.Excepted(what, value)
	return Told{Excepted: e.Reason}
}

func (t *Told) from(where string) {
	if !slices.Contains(t.From, where) {
		t.From = append(t.From, where)
	}
}

// recipients are those that the purpose names, and the vendors that process on our behalf where its data is or arrives.
func (s *RecordSheet) recipients(p Purpose, o Organisation) {
	s.Recipients = []RecordRecipient{}
	for _, r := range p.Recipients {
		s.Recipients = append(s.Recipients, RecordRecipient{r, Told{Declared: true}})
		if r.Kind == "joint_controller" {
			party := Party{Role: "joint_controller", Name: r.Name}
			for _, known := range o.Parties {
				if known.Role == party.Role && Fold(known.Name) == Fold(r.Name) {
					party = known
				}
			}
			s.JointControllers = append(s.JointControllers, party)
		}
	}
	add := func(vendor, processor, from string) {
		if vendor == "" || processor != "yes" {
			return
		}
		i := slices.IndexFunc(s.Recipients, func(x RecordRecipient) bool { return sameParty(x.Name, vendor) })
		if i < 0 {
			i, s.Recipients = len(s.Recipients), append(s.Recipients, RecordRecipient{Recipient{Kind: "processor", Name: vendor}, p.derived("recipients", vendor)})
		}
		s.Recipients[i].from(from)
	}
	for _, place := range s.Applications {
		add(place.Vendor, place.Processor, place.Name)
	}
	for _, f := range s.Flows {
		add(f.Vendor, f.Processor, f.To)
	}
}

// sameParty tells whether two names are of the same company: one may leave out its legal form.
func sameParty(a, b string) bool {
	a, b = Fold(CleanLine(a)), Fold(CleanLine(b))
	if len(a) > len(b) {
		a, b = b, a
	}
	return a != "" && (a == b || strings.HasPrefix(b, a+" "))
}

// transfers are those that the purpose names, and the applications and flows whose country is outside the EEA.
func (s *RecordSheet) transfers(p Purpose, adequacy map[string]string) {
	s.Transfers = declaredTransfers(p.Transfers, adequacy)
	add := func(who, country, from string) {
		code := CountryCode(country)
		if code == "" || adequacy[code] == "eea" {
			return
		}
		// An unnamed recipient stands for whoever is in that country.
		i := slices.IndexFunc(s.Transfers, func(t RecordTransfer) bool {
			return t.Country == code && (t.Recipient == "" || who == "" || sameParty(t.Recipient, who))
		})
		if i < 0 {
			i, s.Transfers = len(s.Transfers), append(s.Transfers, RecordTransfer{Transfer{Recipient: who, Country: code}, adequacy[code], p.derived("transfers", who+", "+code)})
		}
		s.Transfers[i].from(from)
	}
	for _, place := range s.Applications {
		who := place.Vendor
		if who == "" {
			who = place.Name
		}
		add(who, place.Country, place.Name)
	}
	for _, f := range s.Flows {
		who := f.Vendor
		if who == "" {
			who = f.To
		}
		add(who, f.Country, f.Name)
	}
}

func declaredTransfers(list []Transfer, adequacy map[string]string) []RecordTransfer {
	out := []RecordTransfer{}
	for _, t := range list {
		out = append(out, RecordTransfer{t, adequacy[t.Country], Told{Declared: true}})
	}
	return out
}

// standing is the state of a purpose as a reader of the record must know it on a day.
func (p Purpose) standing(day time.Time) string {
	switch today := dayOf(day); {
	case p.State == PurposeInForce && passed(p.EndsOn, today):
		return "over"
	case p.State == PurposeInForce && ahead(p.StartsOn, today):
		return "ahead"
	}
	return string(p.State)
}

// Unsaid is what a sheet derives and nobody has declared or set aside, so that whoever tells the public cannot say "none".
type Unsaid struct{ Processors, Transfers bool }

// Unsaid tells whether recipients or transfers of the sheet wait for somebody to declare them or to set them aside.
func (s RecordSheet) Unsaid() Unsaid {
	open := func(t Told) bool { return !t.Declared && t.Excepted == "" }
	return Unsaid{slices.ContainsFunc(s.Recipients, func(x RecordRecipient) bool { return open(x.Told) }),
		slices.ContainsFunc(s.Transfers, func(x RecordTransfer) bool { return open(x.Told) })}
}

// hints are the criteria of an impact assessment that seem to apply (WP248 rev.01), each with what makes it seem so.
func (s *RecordSheet) hints(p Purpose) {
	s.Hints = []ScreeningHint{}
	note := func(criterion string, facts []ScreeningFact) {
		if len(facts) > 0 {
			s.Hints = append(s.Hints, ScreeningHint{criterion, facts})
		}
	}
	categories := func(is func(RecordData) bool) (facts []ScreeningFact) {
		for _, d := range s.Data {
			if d.Approved > 0 && is(d) {
				facts = append(facts, ScreeningFact{What: "category", Name: d.Code, N: d.Approved})
			}
		}
		return facts
	}
	under := func(codes ...string) func(RecordData) bool {
		return func(d RecordData) bool {
			return slices.ContainsFunc(codes, func(c string) bool { return d.Code == c || strings.HasPrefix(d.Code, c+".") })
		}
	}
	note("scoring", categories(under("crm.segment", "eco.credit")))
	if p.Automated == "yes" {
		note("automated", []ScreeningFact{{What: "answer", Name: "automated"}})
	}
	note("sensitive", categories(func(d RecordData) bool {
		return oneOf([]string{string(ClassHighlyPersonal), string(ClassSensitive), string(ClassCriminal), string(ClassNIR)}, string(d.Class))
	}))
	var large, sources, minors []ScreeningFact
	for _, place := range s.Applications {
		sources = append(sources, ScreeningFact{What: "application", Name: place.Name, N: place.Fields})
		for _, set := range place.Datasets {
			if set.Rows != nil && *set.Rows > largeScale {
				large = append(large, ScreeningFact{What: "dataset", Name: place.Name + " › " + set.Name, N: *set.Rows})
			}
		}
	}
	for _, subject := range s.Subjects {
		if subject.Excepted == "" && (subject.Subject == "minors" || subject.Subject == "employees") {
			minors = append(minors, ScreeningFact{What: "subject", Name: subject.Subject})
		}
	}
	note("large_scale", large)
	if len(sources) > 1 {
		note("matching", sources)
	}
	note("vulnerable", append(minors, categories(under("ident.minor", "perso.family.children"))...))
	if p.Automated == "yes" {
		note("exclusion", categories(under("eco.credit", "eco.debt")))
	}
	slices.SortStableFunc(s.Hints, func(a, b ScreeningHint) int {
		return slices.Index(ScreeningCriteria, a.Criterion) - slices.Index(ScreeningCriteria, b.Criterion)
	})
}

// assessmentAge is how long the weighing of a legitimate interest may stand before it is looked at again, in months.
const assessmentAge = 24

// questions are everything that the sheet leaves open, so that nothing incomplete looks complete.
func (s *RecordSheet) questions(in RecordInput, p Purpose) {
	s.Questions = []OpenQuestion{}
	ask := func(key, of string, n int64) { s.Questions = append(s.Questions, OpenQuestion{key, of, n}) }
	switch s.Standing {
	case string(PurposeDraft):
		ask("question.draft", "", 0)
	case "over":
		ask("question.over", s.EndsOn, 0)
	case "ahead":
		ask("question.ahead", s.StartsOn, 0)
	}
	missing := p.Missing()
	for _, name := range sortedNames(missing) {
		ask(missing[name].Key, "", 0)
	}
	var approved, waiting int64
	rules := p.Rules()
	for _, d := range s.Data {
		approved, waiting = approved+d.Approved, waiting+d.Proposed
		if d.Approved > 0 && !rules.grounds(d.Class) {
			ask("question.ungrounded", d.Code, d.Approved)
		}
	}
	if approved == 0 && len(s.DeclaredData) == 0 {
		ask("question.no_data", "", 0)
	}
	if waiting > 0 {
		ask("question.waiting", "", waiting)
	}
	for _, x := range s.Subjects {
		if !x.Declared && x.Excepted == "" {
			ask("question.subject", x.Subject, 0)
		}
	}
	for _, x := range s.Recipients {
		s.askRecipient(x, isoDay(&in.Day), ask)
	}
	for _, x := range s.Transfers {
		askTransfer(x, isoDay(&in.Day), ask)
	}
	var open int64
	for _, f := range s.Flows {
		if f.Encrypted != "yes" {
			open++
		}
	}
	if open > 0 {
		ask("question.unencrypted", "", open)
	}
	if p.LegalBasis == "f_legitimate" {
		switch {
		case p.AssessedOn == nil:
			ask("question.unassessed", "", 0)
		case p.AssessedOn.AddDate(0, assessmentAge, 0).Before(Day(in.Day)):
			ask("question.assessed_long_ago", "", 0)
		}
	}
	if p.Automated == "" {
		ask("question.automated", "", 0)
	} else if p.Automated == "yes" && (p.AutomatedLogic == "" || p.AutomatedEffect == "") {
		ask("question.automated_logic", "", 0)
	}
	switch {
	case p.Screening.Verdict == "" && (len(s.Hints) >= screeningCalls || p.Screening.Called()):
		ask("question.screening", "", int64(len(s.Hints)))
	case p.Screening.Verdict == "required":
		ask("question.assessment_due", "", 0)
	}
	if p.ReviewOn != nil && p.ReviewOn.Before(Day(in.Day)) {
		ask("question.review", "", 0)
	}
}

func (s *RecordSheet) askRecipient(r RecordRecipient, today string, ask func(string, string, int64)) {
	if r.Excepted != "" {
		return
	}
	if !r.Declared {
		ask("question.recipient", r.Name, 0)
		return
	}
	if !oneOf(ContractKinds, r.Kind) {
		return
	}
	switch {
	case r.Contract != "signed":
		ask("question.contract."+r.Kind, r.Name, 0)
	case r.ContractUntil != "" && r.ContractUntil < today:
		ask("question.contract_over", r.Name, 0)
	case r.Kind == "processor" && r.Clauses != "yes":
		ask("question.clauses", r.Name, 0)
	}
}

func askTransfer(t RecordTransfer, today string, ask func(string, string, int64)) {
	of := t.Recipient
	if of == "" {
		of = t.Note
	}
	switch {
	case t.Excepted != "":
	case !t.Declared:
		ask("question.transfer", t.Recipient+", "+t.Country, 0)
	case t.Safeguard == "none":
		ask("question.unsafe", of, 0)
	case t.ValidUntil != "" && t.ValidUntil < today:
		ask("question.safeguard_over", of, 0)
	case t.Safeguard == "adequacy" && t.Adequacy == "none":
		ask("question.not_adequate", of, 0)
	case t.Safeguard == "adequacy" && t.Adequacy == "partial":
		ask("question.partly_adequate", of, 0)
	case AssessmentAsked(t.Safeguard) && t.AssessedOn == "":
		ask("question.transfer_unassessed", of, 0)
	}
}

func newClient(in RecordInput, c ClientProcessing, adequacy map[string]string) RecordClient {
	r := RecordClient{ID: c.ID, Code: c.Code, Client: c.Client, Contact: c.Contact, Representative: c.Representative, DPO: c.ClientDPO,
		Categories: rowsOr(c.Categories), SubProcessors: rowsOr(c.SubProcessors), Transfers: declaredTransfers(c.Transfers, adequacy),
		Measures: rowsOr(c.SecurityMeasures), MeasuresNote: c.MeasuresNote, Contract: c.Contract, ContractUntil: isoDay(c.ContractUntil),
		UpdatedOn: isoDay(&c.UpdatedAt), Questions: []OpenQuestion{}}
	ask := func(key, of string, n int64) { r.Questions = append(r.Questions, OpenQuestion{key, of, n}) }
	today := isoDay(&in.Day)
	switch {
	case c.Contract != "signed":
		ask("question.contract.processor", c.Client, 0)
	case r.ContractUntil != "" && r.ContractUntil < today:
		ask("question.contract_over", c.Client, 0)
	}
	if len(c.SecurityMeasures) == 0 && c.MeasuresNote == "" {
		ask("purpose.missing.security_measures", "", 0)
	}
	for _, t := range r.Transfers {
		askTransfer(t, today, ask)
	}
	return r
}

// Open counts the questions of the record and of its entries.
func (r Record) Open() int {
	n := len(r.Questions)
	for _, s := range r.Sheets {
		n += len(s.Questions)
	}
	for _, c := range r.Clients {
		n += len(c.Questions)
	}
	return n
}

// Only is the record with one sheet; ok is false where it has no such sheet.
func (r Record) Only(id PurposeID) (one Record, ok bool) {
	for _, s := range r.Sheets {
		if s.Purpose == id {
			r.Sheets, r.Clients = []RecordSheet{s}, []RecordClient{}
			return r, true
		}
	}
	return r, false
}

// Canonical is the record in the one form that its hash is taken of: JSON after RFC 8785.
func (r Record) Canonical() ([]byte, error) { return canonicalJSON(r) }

// Hash is the SHA-256 of the canonical form, in lower-case hexadecimal.
func (r Record) Hash() (string, error) {
	text, err := r.Canonical()
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

// canonicalJSON writes a value after RFC 8785: members sorted by name, no white space, as few escapes as JSON allows.
func canonicalJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	text := jsontext.Value(out.Bytes())
	if err := text.Canonicalize(); err != nil {
		return nil, err
	}
	return text, nil
}

// DataKindOf is the row of the CNIL's model in which a category of the taxonomy stands. Sensitive data stands in the rows of
// art. 9 and 10, whatever its place in the taxonomy.
func DataKindOf(code string, class GDPRClass) string {
	top, rest, _ := strings.Cut(code, ".")
	second, _, _ := strings.Cut(rest, ".")
	switch top {
	case "art9":
		kinds := map[string]string{"ethnic": "origin", "political": "political", "religion": "beliefs", "philosophy": "beliefs", "union": "union",
			"genetic": "genetic", "biometric": "biometric", "health": "health", "sex_life": "sex_life", "sexual_orientation": "sex_life"}
		if kind := kinds[second]; kind != "" {
			return kind
		}
	case "ident":
		return "identity"
	case "perso":
		return "personal_life"
	case "pro":
		return "professional_life"
	case "eco":
		return "economic"
	case "conn":
		return "connection"
	case "loc":
		return "location"
	case "web":
		return "internet"
	case "nir":
		return "nir"
	case "crim":
		return "offences"
	}
	switch class {
	case ClassNIR:
		return "nir"
	case ClassCriminal:
		return "offences"
	case ClassSensitive, ClassUnclassified, ClassNonPersonal, ClassPersonal, ClassHighlyPersonal:
	}
	return "other_data"
}

// Sensitive tells whether a sheet holds data of art. 9 or 10.
func (s RecordSheet) Sensitive() bool {
	return slices.ContainsFunc(s.Data, func(d RecordData) bool {
		return d.Approved > 0 && (d.Class == ClassSensitive || d.Class == ClassCriminal)
	}) ||
		slices.ContainsFunc(s.DeclaredData, func(d DeclaredData) bool { return oneOf(SensitiveKinds, d.Kind) })
}

// isoDay writes a day as text; empty for none.
func isoDay(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func rowsOr[T any](rows []T) []T {
	if rows == nil {
		return []T{}
	}
	return rows
}

func sortedNames(p Problems) []string {
	names := make([]string, 0, len(p))
	for name := range p {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
