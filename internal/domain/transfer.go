package domain

import (
	"encoding/json"
	"strings"
)

// Transfer is a transfer outside the EEA, or to an international organisation (GDPR chapter V and art. 30(1)(e)).
type Transfer struct {
	Recipient  string `json:"recipient,omitempty"`
	Country    string `json:"country,omitempty"`     // ISO 3166-1 alpha-2
	Safeguard  string `json:"safeguard,omitempty"`   // one of Safeguards
	AssessedOn string `json:"assessed_on,omitempty"` // day of the transfer impact assessment
	ValidUntil string `json:"valid_until,omitempty"` // day after which the safeguard no longer holds
	Document   string `json:"document,omitempty"`    // where the safeguard can be read: an address or a reference
	Note       string `json:"note,omitempty"`
}

// Safeguards of a transfer in the order in which the GDPR wants them tried: adequacy (art. 45), appropriate safeguards (art. 46:
// standard clauses of Decision (EU) 2021/914 by module, binding rules, code, certification, clauses that an authority
// authorised), derogations (art. 49), none.
var Safeguards = []string{"adequacy", "scc_c2c", "scc_c2p", "scc_p2p", "scc_p2c", "bcr", "code", "certification", "ad_hoc",
	"art49_a", "art49_b", "art49_c", "art49_d", "art49_e", "art49_f", "art49_g", "art49_interest", "none"}

// AssessmentAsked tells whether a safeguard leans on an assessment of the law of the country: those of art. 46 do (CJEU
// C-311/18).
func AssessmentAsked(safeguard string) bool {
	return strings.HasPrefix(safeguard, "scc_") || oneOf([]string{"bcr", "code", "certification", "ad_hoc"}, safeguard)
}

// UnmarshalJSON also reads a text, as purposes held transfers before they had rows.
func (t *Transfer) UnmarshalJSON(text []byte) error {
	var words string
	if json.Unmarshal(text, &words) == nil {
		*t = Transfer{Note: words}
		return nil
	}
	type plain Transfer
	return json.Unmarshal(text, (*plain)(t))
}

// cleanTransfers drops empty rows and checks the others; the problems are those of their boxes.
func cleanTransfers(list []Transfer, bad *Problems) []Transfer {
	out := []Transfer{}
	for _, t := range list {
		t.Recipient, t.Document, t.Note = CleanLine(t.Recipient), CleanLine(t.Document), CleanLine(t.Note)
		if t == (Transfer{}) {
			continue
		}
		at := rowName("transfers", len(out))
		bad.Line(at+"recipient", t.Recipient, t.Note == "", MaxName)
		if t.Country != "" && !KnownCountry(t.Country) {
			bad.Add(at+"country", "error.choice")
		}
		bad.OneOf(at+"safeguard", t.Safeguard, append([]string{""}, Safeguards...)...)
		bad.dayText(at+"assessed_on", t.AssessedOn)
		bad.dayText(at+"valid_until", t.ValidUntil)
		bad.Line(at+"document", t.Document, false, 1000)
		bad.Line(at+"note", t.Note, false, 500)
		out = append(out, t)
	}
	bad.most("transfers", len(out))
	return out
}

// where is the transfer for the history: what an approval leans on.
func (t Transfer) where() string {
	if t.Recipient == "" {
		return factLine(t.Note, t.Country, t.Safeguard)
	}
	return factLine(t.Recipient, t.Country, t.Safeguard)
}

// proof is what shows that the safeguard holds, for the history.
func (t Transfer) proof() string {
	if t.AssessedOn == "" && t.ValidUntil == "" && t.Document == "" {
		return ""
	}
	return factLine(t.Recipient, t.Country, t.AssessedOn, t.ValidUntil, t.Document)
}

// Line is the transfer in one line of stable codes.
func (t Transfer) Line() string { return strings.ReplaceAll(t.where(), FactSeparator, ", ") }
