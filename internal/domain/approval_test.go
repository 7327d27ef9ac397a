package domain

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

func approvedFacts() CheckFacts {
	return CheckFacts{Class: ClassPersonal, Purpose: Purpose{LegalBasis: "f_legitimate", LegalReference: "Art. 1", Art9Condition: "a", Retention: 5, Recipients: []Recipient{{Kind: "internal"}}, Transfers: []Transfer{{Recipient: "Orion", Country: "US", Safeguard: "bcr"}}, Name: "News", Description: "To tell", SubPurposes: []string{"Letters"}, Subjects: []string{"customers"}, Automated: "no", NeedsProgram: true},
		Retention: RetentionRule{ID: 5, ActiveMonths: new(36), Triggers: []string{"last_contact"}, Fate: "delete"},
		Programs:  []CheckedProgram{{ID: 3, Name: "News", Channels: []string{"email", "sms"}}, {ID: 2, Name: "Club", Channels: []string{"email"}}}}
}

// TestTermsSurviveTheDatabase: what was frozen, written and read again holds as long as nothing of it changes, and each term
// that changes is named.
func TestTermsSurviveTheDatabase(t *testing.T) {
	t.Parallel()
	written, err := json.Marshal(TermsOf(7, approvedFacts()))
	if err != nil {
		t.Fatal(err)
	}
	var frozen Terms
	if err := json.Unmarshal(written, &frozen); err != nil {
		t.Fatal(err)
	}
	twelve := 12
	for name, c := range map[string]struct {
		change func(*CategoryID, *CheckFacts)
		want   []string
	}{
		"nothing":              {func(*CategoryID, *CheckFacts) {}, nil},
		"what is not material": {func(_ *CategoryID, f *CheckFacts) { f.Purpose.Code, f.Purpose.Balance = "Other", "Weighed" }, nil},
		"what it is and about whom": {func(_ *CategoryID, f *CheckFacts) {
			f.Purpose.Name, f.Purpose.Subjects, f.Purpose.Automated = "Selling profiles", []string{"minors"}, "yes"
		}, []string{"name", "subjects", "automated"}},
		"useful without a program": {func(_ *CategoryID, f *CheckFacts) { f.Purpose.NeedsProgram = false }, []string{"needs_program"}},
		"the category":             {func(c *CategoryID, _ *CheckFacts) { *c = 8 }, []string{"category"}},
		"the class":                {func(_ *CategoryID, f *CheckFacts) { f.Class = ClassHighlyPersonal }, []string{"gdpr_class"}},
		"the basis and its text":   {func(_ *CategoryID, f *CheckFacts) { f.Purpose.LegalBasis, f.Purpose.LegalReference = "c_legal", "" }, []string{"legal_basis", "legal_reference"}},
		"the condition":            {func(_ *CategoryID, f *CheckFacts) { f.Purpose.Art9Condition = "f" }, []string{"art9_condition"}},
		"the rule":                 {func(_ *CategoryID, f *CheckFacts) { f.Purpose.Retention = 6 }, []string{"retention"}},
		"what the rule says":       {func(_ *CategoryID, f *CheckFacts) { f.Retention.ActiveMonths = &twelve }, []string{"retention_terms"}},
		"how the rule is called":   {func(_ *CategoryID, f *CheckFacts) { f.Retention.Name = "Three years" }, nil},
		"recipients": {func(_ *CategoryID, f *CheckFacts) {
			f.Purpose.Recipients = []Recipient{{Kind: "internal", Name: "Care"}}
		}, []string{"recipients"}},
		"another safeguard": {func(_ *CategoryID, f *CheckFacts) {
			f.Purpose.Transfers = []Transfer{{Recipient: "Orion", Country: "US", Safeguard: "adequacy"}}
		}, []string{"transfers"}},
		"a new assessment": {func(_ *CategoryID, f *CheckFacts) {
			f.Purpose.Transfers = []Transfer{{Recipient: "Orion", Country: "US", Safeguard: "bcr", AssessedOn: "2026-02-01"}}
		}, nil},
		"no transfer any more": {func(_ *CategoryID, f *CheckFacts) { f.Purpose.Transfers = nil }, []string{"transfers"}},
		"one program more":     {func(_ *CategoryID, f *CheckFacts) { f.Programs = append(f.Programs, CheckedProgram{ID: 9}) }, []string{"programs"}},
		"one program more, by phone": {func(_ *CategoryID, f *CheckFacts) {
			f.Programs = append(f.Programs, CheckedProgram{ID: 9, Channels: []string{"phone"}})
		}, []string{"programs", "channels"}},
		"another channel":           {func(_ *CategoryID, f *CheckFacts) { f.Programs[1].Channels = []string{"phone"} }, []string{"channels"}},
		"one program less":          {func(_ *CategoryID, f *CheckFacts) { f.Programs = f.Programs[:1] }, nil},
		"no program, no channel":    {func(_ *CategoryID, f *CheckFacts) { f.Programs = nil }, nil},
		"the same in another order": {func(_ *CategoryID, f *CheckFacts) { slices.Reverse(f.Programs) }, nil},
		"a program by another name": {func(_ *CategoryID, f *CheckFacts) { f.Programs[0].Name = "Letter" }, nil},
		"everything at once, in order": {func(c *CategoryID, f *CheckFacts) {
			*c, *f = 0, CheckFacts{Class: ClassNIR, Programs: []CheckedProgram{{ID: 1, Channels: []string{"post"}}}}
		}, MaterialTerms},
	} {
		category, f := CategoryID(7), approvedFacts()
		c.change(&category, &f)
		if got := frozen.Moved(TermsOf(category, f)); !slices.Equal(got, c.want) {
			t.Errorf("%s: moved %v, want %v", name, got, c.want)
		}
	}
}

// TestDatesEndAnApproval: the last day still belongs to it, and a review that took place after its date is one.
func TestDatesEndAnApproval(t *testing.T) {
	t.Parallel()
	day := func(n int) *time.Time { d := Day(reviewDay).AddDate(0, 0, n); return &d }
	for name, c := range map[string]struct {
		until, review *time.Time
		given         int // days from today
		want          string
	}{
		"no date":                          {nil, nil, -400, ""},
		"its last day":                     {day(0), nil, -9, ""},
		"the day after":                    {day(-1), nil, -9, "approved_until"},
		"the day of the review":            {nil, day(0), -9, ""},
		"after the review":                 {nil, day(-1), -9, "review_on"},
		"approved on the day of review":    {nil, day(-1), -1, "review_on"},
		"approved since the day of review": {nil, day(-2), -1, ""},
		"both":                             {day(-1), day(-1), -9, "approved_until"},
	} {
		if got := (Approval{Until: c.until, At: reviewDay.AddDate(0, 0, c.given)}).Due(c.review, reviewDay); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
