package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// FoundRecord is what a file tells of a record of processing: who answers for it and its sheets, as far as they could be read,
// and what could not be used.
type FoundRecord struct {
	Own     bool           `json:"own"` // the file is a workbook of this program
	Parties []Party        `json:"parties"`
	Sheets  []FoundSheet   `json:"sheets"`
	Remarks []RecordRemark `json:"remarks"` // about the parties and about sheets that are none of the record
}

// FoundSheet is one entry of such a file. Of its purpose only what the file tells is filled in.
type FoundSheet struct {
	Sheet   string         `json:"sheet"` // name of the sheet of the file
	Cell    string         `json:"cell"`  // where the entry is named
	Purpose Purpose        `json:"purpose"`
	Remarks []RecordRemark `json:"remarks"`
}

// RecordRemark is something in a file that could not be used, with its place: a key of "record_import.remark." and what stands
// there.
type RecordRemark struct {
	Sheet string `json:"sheet"`
	Cell  string `json:"cell,omitempty"`
	Key   string `json:"key"`
	Text  string `json:"text,omitempty"`
}

// RecordImport is a file with a record of processing, from when it was sent until it is brought in or given up.
type RecordImport struct {
	ID          RecordImportID
	FileName    string
	FileSize    int64
	Found       FoundRecord
	State       RecordImportState
	Batch       BatchID // the act that brought it in; zero while it waits
	CreatedByID UserID
	CreatedBy   string
	CreatedAt   time.Time
}

// RecordImportState is how far such a file is.
type RecordImportState string

// The states of a file with a record.
const (
	RecordImportWaiting RecordImportState = "waiting"
	RecordImportApplied RecordImportState = "applied"
	RecordImportUndone  RecordImportState = "undone"
)

// RecordOutcome is what becomes of an entry of a file.
type RecordOutcome string

// What becomes of an entry.
const (
	RecordNew       RecordOutcome = "new"
	RecordChanged   RecordOutcome = "changed"
	RecordUnchanged RecordOutcome = "unchanged"
	RecordUnusable  RecordOutcome = "unusable"
)

// RecordOutcomes in the order in which people look at them.
var RecordOutcomes = []RecordOutcome{RecordNew, RecordChanged, RecordUnchanged, RecordUnusable}

// RecordPlan is what bringing in a file would do.
type RecordPlan struct {
	Parties PlannedParties
	Entries []PlannedSheet
}

// PlannedParties are the changes of who answers for the processing.
type PlannedParties struct {
	Adds, Replaces []ValueChange
}

// PlannedSheet is what becomes of one entry.
type PlannedSheet struct {
	Found    FoundSheet
	Outcome  RecordOutcome
	Purpose  Purpose // as it would be added, or as it stands
	Adds     []ValueChange
	Replaces []ValueChange // what somebody wrote otherwise: kept unless somebody asks for the word of the file
	Why      Problem       // of an entry that cannot be used
	Field    string        // the value that Why is about; empty where it is about the entry
	Reopened int64         // approvals that would go back to the DPO if everything were replaced
}

// ValueChange is a value before and after, as the history tells them.
type ValueChange struct {
	Name          string
	Before, After any
}

// RecordChoice is what somebody takes of a plan: entries by their number, and the values that the file may replace, as
// "number.name"; the parties have number -1. Nil takes every entry, and replaces nothing.
type RecordChoice struct {
	Entries map[int]bool
	Replace map[string]bool
	All     bool // every value of the file replaces what stands
}

func (c RecordChoice) takes(n int) bool { return c.Entries == nil || c.Entries[n] }

func (c RecordChoice) replaces(n int, name string) bool {
	return c.All || c.Replace[fmt.Sprintf("%d.%s", n, name)]
}

// Partly is the choice for one entry, as Merged asks for it; ok is false where the entry is not taken.
func (c RecordChoice) Partly(n int) (replaces func(name string) bool, ok bool) {
	return func(name string) bool { return c.replaces(n, name) }, c.takes(n)
}

// PlanRecord compares a file with the purposes of a workspace, archived and retired ones among them, and with its record as it
// stands, which also holds what is derived.
func PlanRecord(found FoundRecord, purposes []Purpose, o Organisation, record Record) RecordPlan {
	plan := RecordPlan{}
	_, plan.Parties.Adds, plan.Parties.Replaces = mergeParties(o, found.Parties, func(string) bool { return true })
	taken := map[string]bool{}
	for _, p := range purposes {
		taken[Fold(p.Code)] = true
	}
	for _, f := range found.Sheets {
		taken[Fold(f.Purpose.Code)] = true
	}
	derived := map[PurposeID]RecordSheet{}
	for _, s := range record.Sheets {
		derived[s.Purpose] = s
	}
	met := map[string]FoundSheet{}
	for _, f := range found.Sheets {
		plan.Entries = append(plan.Entries, planSheet(f, purposes, derived, taken, met))
	}
	return plan
}

func planSheet(f FoundSheet, purposes []Purpose, derived map[PurposeID]RecordSheet, taken map[string]bool, met map[string]FoundSheet) PlannedSheet {
	e := PlannedSheet{Found: f, Outcome: RecordUnusable}
	was, known := matchPurpose(f.Purpose, purposes)
	for _, key := range []string{"code " + Fold(f.Purpose.Code), "name " + Fold(CleanLine(f.Purpose.Name)), fmt.Sprint("id ", was.ID)} {
		if first, twice := met[key]; twice && key != "code " && key != "id 0" {
			e.Why = Problem{"record_import.twice", Args("sheet", first.Sheet, "cell", first.Cell)}
			return e
		}
		met[key] = f
	}
	switch {
	case known && was.ArchivedAt != nil:
		e.Why, e.Purpose = Problem{"record_import.archived", Args("name", was.Name)}, was
		return e
	case known && was.State == PurposeRetired:
		e.Why, e.Purpose = Problem{"record_import.retired", Args("name", was.Name)}, was
		return e
	case !known:
		p := f.Purpose
		if p.Code == "" {
			p.Code = freeCode(taken)
		}
		p.State, p.NeedsProgram = PurposeDraft, true // nothing is in use because a file was brought in
		p, err := NewPurpose(p)
		if e.Purpose = p; err != nil {
			e.Field, e.Why = firstProblem(err)
			return e
		}
		e.Outcome = RecordNew
		return e
	}
	e.Purpose = was
	all, adds, replaces := mergePurpose(was, f.Purpose, derived[was.ID], func(string) bool { return true })
	if _, err := NewPurpose(all); err != nil {
		e.Field, e.Why = firstProblem(err)
		return e
	}
	if e.Adds, e.Replaces, e.Outcome = adds, replaces, RecordUnchanged; len(adds)+len(replaces) > 0 {
		e.Outcome = RecordChanged
	}
	return e
}

// matchPurpose finds the purpose that an entry is about: by its reference, else by its name.
func matchPurpose(found Purpose, purposes []Purpose) (Purpose, bool) {
	for _, is := range []func(Purpose) bool{
		func(p Purpose) bool { return found.Code != "" && Fold(p.Code) == Fold(found.Code) },
		func(p Purpose) bool { return Fold(CleanLine(p.Name)) == Fold(CleanLine(found.Name)) },
	} {
		if i := slices.IndexFunc(purposes, is); i >= 0 {
			return purposes[i], true
		}
	}
	return Purpose{}, false
}

// freeCode is a reference that nothing has, for an entry without one.
func freeCode(taken map[string]bool) string {
	for n := 1; ; n++ {
		if code := fmt.Sprintf("T-%03d", n); !taken[Fold(code)] {
			taken[Fold(code)] = true
			return code
		}
	}
}

func firstProblem(err error) (field string, p Problem) {
	e, ok := err.(*Error)
	if !ok || len(e.Fields) == 0 {
		return "", Problem{Key: "error.form"}
	}
	field = sortedNames(e.Fields)[0]
	p = e.Fields[field]
	field, _, _ = strings.Cut(field, ".")
	return field, p
}

// Merged is a purpose with what an entry adds to it, and with what it says otherwise where replaces tells so.
func (e PlannedSheet) Merged(was Purpose, sheet RecordSheet, replaces func(name string) bool) (Purpose, error) {
	next, _, _ := mergePurpose(was, e.Found.Purpose, sheet, replaces)
	return NewPurpose(next)
}

// MergedParties are the parties of an organisation with those of a file.
func (f FoundRecord) MergedParties(o Organisation, replaces func(name string) bool) (Organisation, error) {
	next, _, _ := mergeParties(o, f.Parties, replaces)
	return NewOrganisation(next)
}

// merger puts the values of a file on those of a purpose. What is empty is filled, lists grow, and what was written otherwise
// only gives way where it may.
type merger struct {
	was, next      Purpose
	found          Purpose
	sheet          RecordSheet
	may            func(name string) bool
	adds, replaces []string
}

// mergePurpose tells, beside the purpose that comes of it, which values the file adds and which it would replace, each as it
// would be if nothing else changed.
func mergePurpose(was, found Purpose, sheet RecordSheet, may func(name string) bool) (next Purpose, adds, replaces []ValueChange) {
	tell := func(add, replace bool) (Purpose, []string) {
		m := &merger{was: was, next: was, found: found, sheet: sheet, may: func(name string) bool { return replace && may(name) }}
		m.texts()
		m.lists()
		m.recipients()
		m.transfers()
		m.data()
		if add {
			return m.next, m.adds
		}
		return m.next, m.replaces
	}
	before := was.Facts()
	added, names := tell(true, false)
	for _, name := range names {
		adds = append(adds, ValueChange{name, before[name], added.Facts()[name]})
	}
	next, names = tell(false, true)
	for _, name := range names {
		replaces = append(replaces, ValueChange{name, before[name], next.Facts()[name]})
	}
	return next, adds, replaces
}

func (m *merger) note(name string, replaces bool) bool {
	list := &m.adds
	if replaces {
		list = &m.replaces
	}
	if !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
	return !replaces || m.may(name)
}

// sameText compares texts as people see them.
func sameText(a, b string) bool { return Fold(CleanLine(a)) == Fold(CleanLine(b)) }

// text takes a text of the file; what is empty there says nothing.
func (m *merger) text(name string, to *string, found string) {
	if found != "" && !sameText(*to, found) && m.note(name, *to != "") {
		*to = found
	}
}

func (m *merger) texts() {
	m.text("name", &m.next.Name, m.found.Name)
	m.text("legal_basis", &m.next.LegalBasis, m.found.LegalBasis)
	m.text("art9_condition", &m.next.Art9Condition, m.found.Art9Condition)
	m.text("assessor", &m.next.Assessor, m.found.Assessor)
	m.text("consent_wording", &m.next.ConsentWording, m.found.ConsentWording)
	m.text("automated", &m.next.Automated, m.found.Automated)
	if day := m.found.AssessedOn; day != nil && (m.next.AssessedOn == nil || !m.next.AssessedOn.Equal(*day)) && m.note("assessed_on", m.next.AssessedOn != nil) {
		m.next.AssessedOn = day
	}
	texts, found := m.next.texts(), m.found.texts()
	names := make([]string, 0, len(texts))
	for name := range texts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		m.text(name, texts[name], *found[name])
	}
}

func (m *merger) lists() {
	for _, l := range []struct {
		name  string
		to    *[]string
		found []string
		known []string // derived: nothing new
	}{
		{"sub_purposes", &m.next.SubPurposes, m.found.SubPurposes, nil},
		{"subjects", &m.next.Subjects, m.found.Subjects, mapOf(m.sheet.Subjects, func(s RecordSubject) string { return s.Subject })},
		{"security_measures", &m.next.SecurityMeasures, m.found.SecurityMeasures, nil},
	} {
		grown := slices.Clone(*l.to)
		for _, text := range l.found {
			if !slices.ContainsFunc(append(slices.Clone(grown), l.known...), func(have string) bool { return sameText(have, text) }) {
				grown = append(grown, text)
			}
		}
		if len(grown) > len(*l.to) && m.note(l.name, false) {
			*l.to = grown
		}
	}
}

func mapOf[T any](list []T, of func(T) string) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = of(x)
	}
	return out
}

func (m *merger) recipients() {
	list := slices.Clone(m.next.Recipients)
	for _, r := range m.found.Recipients {
		same := func(x Recipient) bool { return sameParty(x.Name, r.Name) || r.Name == "" && x.Kind == r.Kind }
		switch i := slices.IndexFunc(list, same); {
		case i >= 0 && list[i].Kind == r.Kind:
		case i >= 0:
			if m.note("recipients", true) {
				list[i].Kind = r.Kind
			}
		case !slices.ContainsFunc(m.sheet.Recipients, func(x RecordRecipient) bool { return same(x.Recipient) }):
			if m.note("recipients", false) {
				list = append(list, r)
			}
		}
	}
	m.next.Recipients = list
}

func (m *merger) transfers() {
	list := slices.Clone(m.next.Transfers)
	for _, t := range m.found.Transfers {
		same := func(x Transfer) bool {
			return (x.Country == t.Country || x.Country == "" || t.Country == "") && (sameParty(x.Recipient, t.Recipient) || x.Recipient == "" && t.Recipient == "" && sameText(x.Note, t.Note))
		}
		i := slices.IndexFunc(list, same)
		if i < 0 {
			if t.Safeguard == "" && slices.ContainsFunc(m.sheet.Transfers, func(x RecordTransfer) bool { return same(x.Transfer) }) {
				continue // derived, and the file knows no more of it
			}
			if m.note("transfers", false) {
				list = append(list, t)
			}
			continue
		}
		for _, v := range []struct{ to, found *string }{{&list[i].Country, &t.Country}, {&list[i].Safeguard, &t.Safeguard}} {
			m.text("transfers", v.to, *v.found)
		}
		m.text("transfer_proofs", &list[i].Document, t.Document)
	}
	m.next.Transfers = list
}

func (m *merger) data() {
	list := slices.Clone(m.next.Data)
	for _, d := range m.found.Data {
		i := slices.IndexFunc(list, func(x DeclaredData) bool { return x.Kind == d.Kind && sameText(x.Description, d.Description) })
		if i < 0 && d.Kind != "other_data" {
			i = slices.IndexFunc(list, func(x DeclaredData) bool { return x.Kind == d.Kind })
		}
		switch {
		case m.derivedData(d):
		case i < 0:
			if m.note("declared_data", false) {
				list = append(list, d)
			}
		default:
			m.text("declared_data", &list[i].Description, d.Description)
			m.text("declared_data", &list[i].Retention, d.Retention)
		}
	}
	m.next.Data = list
}

// derivedData tells whether approved fields, and what is declared, hold everything that a file says of a kind.
func (m *merger) derivedData(d DeclaredData) bool {
	var known []string
	for _, x := range m.sheet.Data {
		if x.Kind == d.Kind && x.Approved > 0 {
			known = append(known, x.Label.FR, x.Label.EN)
		}
	}
	if len(known) == 0 {
		return false
	}
	for _, x := range m.was.Data {
		if x.Kind == d.Kind {
			known = append(known, x.Description)
		}
	}
	rest := Fold(CleanLine(d.Description))
	slices.SortFunc(known, func(a, b string) int { return len(b) - len(a) })
	for _, text := range known {
		if text != "" {
			rest = strings.ReplaceAll(rest, Fold(CleanLine(text)), "")
		}
	}
	return strings.Trim(rest, ",; ") == ""
}

// mergeParties puts the parties of a file beside those of the organisation.
func mergeParties(o Organisation, found []Party, may func(string) bool) (next Organisation, adds, replaces []ValueChange) {
	tell := func(replace bool) (Organisation, bool, bool) {
		m := merger{may: func(name string) bool { return replace && may(name) }}
		list := slices.Clone(o.Parties)
		for _, p := range found {
			i := slices.IndexFunc(list, func(x Party) bool {
				return x.Role == p.Role && (p.Role != "joint_controller" || sameParty(x.Name, p.Name))
			})
			if i < 0 {
				m.note("parties", false)
				list = append(list, p)
				continue
			}
			for _, v := range []struct{ to, found *string }{{&list[i].Name, &p.Name}, {&list[i].Address, &p.Address}, {&list[i].Postcode, &p.Postcode},
				{&list[i].City, &p.City}, {&list[i].Country, &p.Country}, {&list[i].Phone, &p.Phone}, {&list[i].Email, &p.Email}} {
				m.text("parties", v.to, *v.found)
			}
		}
		next := o
		next.Parties = list
		return next, len(m.adds) > 0, len(m.replaces) > 0
	}
	before := o.Facts()["parties"]
	if added, some, _ := tell(false); some {
		adds = append(adds, ValueChange{"parties", before, added.Facts()["parties"]})
	}
	next, _, some := tell(true)
	if some {
		replaces = append(replaces, ValueChange{"parties", before, next.Facts()["parties"]})
	}
	return next, adds, replaces
}

// Counts are how many entries of the plan have each outcome.
func (p RecordPlan) Counts() map[RecordOutcome]int {
	n := map[RecordOutcome]int{}
	for _, e := range p.Entries {
		n[e.Outcome]++
	}
	return n
}

// Todo tells whether there is anything to bring in.
func (p RecordPlan) Todo() bool {
	return len(p.Parties.Adds)+len(p.Parties.Replaces) > 0 || slices.ContainsFunc(p.Entries, func(e PlannedSheet) bool { return e.Outcome == RecordNew || e.Outcome == RecordChanged })
}

// Fingerprint is another wherever the plan would do something else.
func (p RecordPlan) Fingerprint() (string, error) {
	type entry struct {
		Outcome        RecordOutcome
		Purpose        PurposeID
		Version        int
		Adds, Replaces []ValueChange
	}
	entries := []entry{}
	for _, e := range p.Entries {
		entries = append(entries, entry{e.Outcome, e.Purpose.ID, e.Purpose.Version, e.Adds, e.Replaces})
	}
	text, err := canonicalJSON(map[string]any{"entries": entries, "parties": p.Parties})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), err
}
