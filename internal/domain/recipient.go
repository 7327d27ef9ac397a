package domain

import "encoding/json"

// Recipient is to whom data goes under a purpose (GDPR art. 4(9) and 30(1)(d)): somebody by name, or a category of them.
type Recipient struct {
	Kind string `json:"kind"` // one of Recipients
	Name string `json:"name,omitempty"`
	// Contract is where the contract stands; of processors (art. 28(3)) and joint controllers (art. 26). One of Contracts.
	Contract      string `json:"contract,omitempty"`
	ContractUntil string `json:"contract_until,omitempty"` // day, 2026-12-31; empty where it does not end
	// Clauses tells whether somebody has seen the clauses of art. 28(3)(a) to (h) in the contract. One of YesNo.
	Clauses string `json:"clauses,omitempty"`
	Note    string `json:"note,omitempty"`
}

// Choices of a recipient's lists.
var (
	Recipients = []string{"internal", "processor", "joint_controller", "group", "partner", "authority", "third_country", "other"}
	Contracts  = []string{"signed", "in_progress", "missing", "unknown"}
)

// ContractKinds are the kinds of recipients with whom the GDPR asks for a contract (art. 28(3)) or an arrangement (art. 26).
var ContractKinds = []string{"processor", "joint_controller"}

// UnmarshalJSON also reads a text, as purposes held recipients before they had rows: the code of a kind, or a name.
func (r *Recipient) UnmarshalJSON(text []byte) error {
	var word string
	if json.Unmarshal(text, &word) == nil {
		*r = recipientOf(word)
		return nil
	}
	type plain Recipient
	return json.Unmarshal(text, (*plain)(r))
}

func recipientOf(word string) Recipient {
	if oneOf(Recipients, word) {
		return Recipient{Kind: word}
	}
	return Recipient{Kind: "other", Name: word}
}

// cleanRecipients drops empty rows and checks the others; the problems are those of their boxes.
func cleanRecipients(list []Recipient, bad *Problems) []Recipient {
	out := []Recipient{}
	for _, r := range list {
		r.Name, r.Note = CleanLine(r.Name), CleanLine(r.Note)
		if r.Kind == "" && r.Name == "" && r.Note == "" {
			continue
		}
		if !oneOf(ContractKinds, r.Kind) {
			r.Contract, r.ContractUntil, r.Clauses = "", "", ""
		}
		at := rowName("recipients", len(out))
		bad.OneOf(at+"kind", r.Kind, Recipients...)
		bad.Line(at+"name", r.Name, r.Kind == "other", MaxName)
		bad.OneOf(at+"contract", r.Contract, append([]string{""}, Contracts...)...)
		bad.OneOf(at+"clauses", r.Clauses, append([]string{""}, YesNo...)...)
		bad.dayText(at+"contract_until", r.ContractUntil)
		bad.Line(at+"note", r.Note, false, 500)
		out = append(out, r)
	}
	bad.most("recipients", len(out))
	return out
}

// who is the recipient for the history: what an approval leans on.
func (r Recipient) who() string { return factLine(r.Kind, r.Name) }

// terms are the contract of a recipient for the history; empty where there is none to tell of.
func (r Recipient) terms() string {
	if r.Contract == "" && r.ContractUntil == "" && r.Clauses == "" && r.Note == "" {
		return ""
	}
	return factLine(r.Name, r.Contract, r.ContractUntil, r.Clauses, r.Note)
}
