package domain

import (
	"slices"
	"time"
)

// NoticeFacts are what an information notice is made of (GDPR art. 13 and 14): who answers, where the data enters, and the
// purposes for which approved mappings use what is collected there.
type NoticeFacts struct {
	Organisation Organisation
	Point        CollectionPoint
	Purposes     []NoticePurpose
	Answers      []NoticeAnswer
}

// NoticePurpose is a purpose in force with its retention rule and the data collected for it.
type NoticePurpose struct {
	Purpose Purpose
	Rule    RetentionRule // the zero value where it has none
	Data    []NoticeData

	// Kept are the categories of which some data is kept otherwise than the rule of the purpose says; KeptAll, that all of it is.
	Kept    []NoticePeriod
	KeptAll bool

	// What the inventory tells of the purpose, and nobody has declared or set aside: the notice cannot say that there is none.
	Unsaid Unsaid
}

// NoticePeriod is data that another rule binds, for a shorter time than that of its purpose.
type NoticePeriod struct {
	Rule RetentionRule
	Data []NoticeData
}

// KeptBy says of the purpose which of its data other rules keep for a shorter time, given all of it by the rule that binds it.
func (p NoticePurpose) KeptBy(binding []NoticePeriod) NoticePurpose {
	p.Kept = nil
	for _, b := range binding {
		if rule := p.Rule.KeptUnder(b.Rule); rule.ID != p.Rule.ID {
			p.Kept = append(p.Kept, NoticePeriod{rule, b.Data})
		}
	}
	p.KeptAll = len(binding) > 0 && len(p.Kept) == len(binding)
	return p
}

// NoticeData is a category of data in both languages.
type NoticeData struct{ FR, EN string }

// NoticeAnswer is a field that people are asked for, by its category: whether they must answer, and what follows if not.
type NoticeAnswer struct {
	NoticeData
	Field string // its label, or its name; said where fields of one category are asked for differently
	AskedAnswer
}

// Indirect tells whether the data comes from elsewhere than the person, so that art. 14 applies.
func (f NoticeFacts) Indirect() bool { return f.Point.Source != "" || f.Point.Kind == "partner_file" }

// Gaps are what the notice cannot say because nobody has said it, by the name of what is missing: nothing incomplete must
// look complete. Each is the message "notice.gap." + its name.
func (f NoticeFacts) Gaps() []string {
	var gaps []string
	missing := func(name string, is bool) {
		if is && !slices.Contains(gaps, name) {
			gaps = append(gaps, name)
		}
	}
	controller, known := f.Organisation.Party("controller")
	missing("controller", !known)
	dpo, named := f.Organisation.Party("dpo")
	missing("contact", (!known || controller.Email == "" && controller.Address == "") && (!named || dpo.Email == ""))
	missing("purposes", len(f.Purposes) == 0)
	missing("source", f.Indirect() && f.Point.Source == "")
	missing("answers", !f.Indirect() && len(f.Answers) == 0 && f.Point.Answers == "")
	for _, a := range f.Answers {
		missing("answers", !f.Indirect() && a.Kind == "")
		missing("consequence", !f.Indirect() && a.Kind == "mandatory" && a.Consequence == "" && f.Point.Answers == "")
	}
	for _, p := range f.Purposes {
		missing("legal_basis", p.Purpose.LegalBasis == "")
		missing("interest", p.Purpose.LegalBasis == "f_legitimate" && p.Purpose.Interest == "")
		missing("withdrawal", p.Purpose.LegalBasis == "a_consent" && p.Purpose.ConsentWithdrawal == "")
		missing("recipients", len(p.Purpose.Recipients) == 0)
		missing("processors", p.Unsaid.Processors)
		missing("retention", p.Rule.ID == 0 && !p.KeptAll)
		missing("automated", p.Purpose.Automated == "yes" && (p.Purpose.AutomatedLogic == "" || p.Purpose.AutomatedEffect == ""))
		missing("transfers", p.Unsaid.Transfers)
		for _, t := range p.Purpose.Transfers {
			missing("safeguard", t.Safeguard == "")
		}
	}
	return gaps
}

// Rights of people, in the order of the law.
var noticeRights = []string{"access", "rectification", "erasure", "restriction", "portability", "objection", "withdrawal", "automated"}

// RightsOf are the rights that follow from a legal basis (GDPR art. 7(3) and 15 to 22).
func RightsOf(basis string) []string {
	no := map[string][]string{
		"a_consent":    {"objection"},
		"b_contract":   {"objection", "withdrawal"},
		"c_legal":      {"erasure", "portability", "objection", "withdrawal"},
		"d_vital":      {"portability", "objection", "withdrawal"},
		"e_public":     {"erasure", "portability", "withdrawal"},
		"f_legitimate": {"portability", "withdrawal"},
	}
	return slices.DeleteFunc(slices.Clone(noticeRights), func(right string) bool { return slices.Contains(no[basis], right) || no[basis] == nil })
}

// Rights are those that any of the purposes gives.
func (f NoticeFacts) Rights() []string {
	var all []string
	for _, p := range f.Purposes {
		all = append(all, RightsOf(p.Purpose.LegalBasis)...)
	}
	return slices.DeleteFunc(slices.Clone(noticeRights), func(right string) bool { return !slices.Contains(all, right) })
}

// NoticeParagraph is a part of a notice: a title and what stands under it.
type NoticeParagraph struct {
	Key   string   `json:"key"`
	Title string   `json:"title"`
	Lines []string `json:"lines"`
}

// NoticeText is a notice in one language: short, as it stands where the data is asked for, and in full.
type NoticeText struct {
	Short []NoticeParagraph `json:"short"`
	Full  []NoticeParagraph `json:"full"`
}

// NoticeVersion is a notice as it was published.
type NoticeVersion struct {
	ID          int64
	Point       CollectionPointID
	Number      int
	Texts       map[string]NoticeText // by language
	Gaps        []string              // what it did not say
	PublishedBy string
	PublishedAt time.Time
}

// NoticeDifference is a paragraph that reads otherwise than it did; one of the two is empty where it is new or gone.
type NoticeDifference struct {
	Title         string
	Before, After []string
}

// NoticeDifferences are the paragraphs in which two texts differ, in the order of the newer.
func NoticeDifferences(before, after []NoticeParagraph) []NoticeDifference {
	var list []NoticeDifference
	at := func(text []NoticeParagraph, key string) (NoticeParagraph, bool) {
		i := slices.IndexFunc(text, func(p NoticeParagraph) bool { return p.Key == key })
		if i < 0 {
			return NoticeParagraph{}, false
		}
		return text[i], true
	}
	for _, p := range after {
		if was, had := at(before, p.Key); !had || was.Title != p.Title || !slices.Equal(was.Lines, p.Lines) {
			list = append(list, NoticeDifference{p.Title, was.Lines, p.Lines})
		}
	}
	for _, p := range before {
		if _, has := at(after, p.Key); !has {
			list = append(list, NoticeDifference{p.Title, p.Lines, nil})
		}
	}
	return list
}
