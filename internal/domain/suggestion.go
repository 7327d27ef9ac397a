package domain

import (
	"slices"
	"strings"
)

// Suggestion is the category that the classifier proposes for a field that has none. It changes nothing until a person
// accepts it.
type Suggestion struct {
	Code         string // of the taxonomy; empty where nothing is suggested
	Percent      int    // confidence, rounded down: of suggestions at 80, about four in five are right
	Personal     string // one of SuggestionPersonal
	Reasons      []SuggestionReason
	Alternatives []SuggestedCode // next best, best first
}

// SuggestionReason is a message with its arguments. The argument "means" is a code of the taxonomy.
type SuggestionReason struct {
	Key  string         `json:"key"`
	Args map[string]any `json:"args,omitempty"`
}

// SuggestedCode is a category with its confidence in per cent.
type SuggestedCode struct {
	Code    string `json:"code"`
	Percent int    `json:"percent"`
}

// What a suggestion says of the people behind a field. Unknown is presumed personal until somebody has looked.
const (
	SuggestedPersonal    = "personal"
	SuggestedNonPersonal = "non_personal"
	SuggestedUnknown     = "unk"
)

// SuggestionPersonal lists what a suggestion may say, in the order in which it is shown.
var SuggestionPersonal = []string{SuggestedPersonal, SuggestedUnknown, SuggestedNonPersonal}

// SuggestionLeast is the confidence, in per cent, under which a second best category is not put forward in the place of
// one that was refused: it would be a guess.
const SuggestionLeast = 20

// SuggestionFloors are the confidences, in per cent, that lists can be narrowed to.
var SuggestionFloors = []string{"95", "90", "80", "70", "50"}

// Settle makes of what the classifier says what a workspace is shown. known gives the category of the workspace that
// stands for a code: the same one or, where that is not in use, one above it; empty for none. Refused categories give way
// to the next best that was not refused.
func (s Suggestion) Settle(known func(code string) string, refused func(code string) bool) Suggestion {
	candidates := append([]SuggestedCode{{s.Code, s.Percent}}, s.Alternatives...)
	out := Suggestion{Personal: SuggestedUnknown}
	var turned string // the first one that was refused
	for _, c := range candidates {
		own := known(c.Code)
		switch {
		case c.Code == "" || own == "":
		case refused(own):
			if turned == "" {
				turned = own
			}
		case out.Code == own || slices.ContainsFunc(out.Alternatives, func(a SuggestedCode) bool { return a.Code == own }):
		case out.Code != "":
			out.Alternatives = append(out.Alternatives, SuggestedCode{own, c.Percent})
		case c.Code == s.Code:
			out.Code, out.Percent, out.Personal, out.Reasons = own, c.Percent, s.Personal, s.Reasons
		case turned != "" && c.Percent >= SuggestionLeast:
			// What the classifier said of the people was about the category that was refused.
			out.Code, out.Percent = own, c.Percent
			out.Reasons = []SuggestionReason{{Key: "suggestion.reason.next", Args: map[string]any{"means": turned}}}
		}
	}
	if out.Code == "" {
		out.Alternatives = nil
	}
	return out
}

// SuggestionCare says how carefully a suggested category is taken: what a mistake would cost.
type SuggestionCare string

// The kinds of care. Only the plain ones are taken along without a tick of their own.
const (
	CarePlain       SuggestionCare = "plain"
	CareSpecial     SuggestionCare = "special"      // art. 9, art. 10, NIR, children: a regime of its own
	CareNonPersonal SuggestionCare = "non_personal" // taken out of scope: a mistake would hide a risk
)

// SuggestionCares lists the kinds of care in the order in which they are shown.
var SuggestionCares = []SuggestionCare{CarePlain, CareSpecial, CareNonPersonal}

// minorCodes are the categories that are about children (LIL art. 45; recital 38 of the GDPR).
var minorCodes = []string{"ident.minor", "perso.family.children"}

// CareOf tells how carefully a category of that class is taken.
func CareOf(code string, class GDPRClass) SuggestionCare {
	switch {
	case class.Special() || slices.ContainsFunc(minorCodes, func(m string) bool { return code == m || strings.HasPrefix(code, m+".") }):
		return CareSpecial
	case class == ClassNonPersonal:
		return CareNonPersonal
	}
	return CarePlain
}

// SuggestionRegister lists suggestions: its filters narrow the page of suggestions, its columns are what an export of it
// holds.
var SuggestionRegister = Register{
	Name: "suggestions",
	Sort: "-confidence",
	Columns: []RegisterColumn{
		{Key: "application", Kind: CellText},
		{Key: "dataset", Kind: CellText},
		{Key: "field", Kind: CellCode, Fixed: true},
		{Key: "label", Kind: CellText},
		{Key: "data_type", Kind: CellCode},
		{Key: "suggestion", Kind: CellText},
		{Key: "suggestion_code", Kind: CellCode, NoSort: true},
		{Key: "confidence", Kind: CellPercent, Desc: true},
		{Key: "suggested_personal", Kind: CellEnum, Enum: "suggestion.personal", NoSort: true},
		{Key: "gdpr_class", Kind: CellEnum, Enum: "class", NoSort: true},
	},
	Filters: []RegisterFilter{
		{Key: "suggested_personal", Enum: "suggestion.personal", Facet: true, Values: SuggestionPersonal},
		{Key: "gdpr_class", Enum: "class", Facet: true, Values: GDPRClasses},
		{Key: "confidence", Enum: "suggestion.floor", Facet: true, Values: SuggestionFloors},
		{Key: "application", Facet: true, Ref: true},
		{Key: "dataset", Ref: true},
		{Key: "category", Ref: true},
		{Key: "name"},
	},
	NoArchive: true,
}
