package domain

import "strings"

// Organisation is who answers for the processing of a workspace (GDPR art. 30(1)(a)), and whether its record has a public page.
type Organisation struct {
	Parties      []Party
	Published    bool
	Introduction string // above the public record
	Version      int
}

// Party is a controller, a DPO, a representative or a joint controller, as the CNIL's model of the record asks for them.
type Party struct {
	Role     string `json:"role"` // one of PartyRoles
	Name     string `json:"name,omitempty"`
	Address  string `json:"address,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	City     string `json:"city,omitempty"`
	Country  string `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Phone    string `json:"phone,omitempty"`
	Email    string `json:"email,omitempty"`
}

// PartyRoles in the order of the CNIL's model. There may be several joint controllers (art. 26), and one of each other.
var PartyRoles = []string{"controller", "dpo", "dpo_company", "representative", "joint_controller"}

// NewOrganisation checks and cleans what was typed.
func NewOrganisation(o Organisation) (Organisation, error) {
	var bad Problems
	parties := []Party{}
	seen := map[string]bool{}
	for _, p := range o.Parties {
		p.Name, p.Address, p.Postcode, p.City = CleanLine(p.Name), CleanLine(p.Address), CleanLine(p.Postcode), CleanLine(p.City)
		p.Phone, p.Email = CleanLine(p.Phone), strings.TrimSpace(p.Email)
		if p == (Party{Role: p.Role}) {
			continue
		}
		at := rowName("parties", len(parties))
		bad.OneOf(at+"role", p.Role, PartyRoles...)
		if seen[p.Role] && p.Role != "joint_controller" {
			bad.Add(at+"role", "organisation.twice")
		}
		seen[p.Role] = true
		bad.Line(at+"name", p.Name, true, MaxName)
		bad.Line(at+"address", p.Address, false, 500)
		bad.Line(at+"postcode", p.Postcode, false, 20)
		bad.Line(at+"city", p.City, false, MaxName)
		if p.Country != "" && !KnownCountry(p.Country) {
			bad.Add(at+"country", "error.choice")
		}
		bad.Line(at+"phone", p.Phone, false, 50)
		bad.Line(at+"email", p.Email, false, 254)
		if _, ok := CleanEmail(p.Email); p.Email != "" && !ok {
			bad.Add(at+"email", "error.email")
		}
		parties = append(parties, p)
	}
	bad.most("parties", len(parties))
	o.Parties, o.Introduction = parties, strings.TrimSpace(o.Introduction)
	bad.Text("introduction", o.Introduction, MaxText)
	return o, bad.Err()
}

// Party returns the first party of a role; ok is false where nobody is named.
func (o Organisation) Party(role string) (p Party, ok bool) {
	for _, p := range o.Parties {
		if p.Role == role {
			return p, true
		}
	}
	return Party{}, false
}

func (p Party) line() string {
	return factLine(p.Role, p.Name, p.Address, p.Postcode, p.City, p.Country, p.Phone, p.Email)
}

// Subject names the organisation in the history.
func (o Organisation) Subject(by Actor) Subject {
	name := ""
	if p, ok := o.Party("controller"); ok {
		name = p.Name
	}
	return Subject{SubjectOrganisation, int64(by.Workspace), name}
}

// Facts are the named values that the history keeps.
func (o Organisation) Facts() map[string]any {
	return map[string]any{"parties": factLines(o.Parties, Party.line), "record_published": o.Published, "introduction": o.Introduction}
}
