package classify

import (
	"slices"
	"strings"
)

const (
	// leastConfident is the probability under which nothing is suggested.
	leastConfident = 0.08
	// alternatives is how many further codes a suggestion names, if they are likely at all.
	alternatives, leastAlternative = 3, 0.03
)

// suggest makes a suggestion of what the model says of a column.
func (c *Classifier) suggest(s *seen, t table, codes []float64, person float64) Suggestion {
	c.model.agree(codes, person)
	c.insist(s, t, codes)
	order := ranked(codes, alternatives+1)
	best := order[0]
	raw := codes[best]
	out := Suggestion{Code: c.model.Codes[best], Confidence: along(c.model.Sure, raw)}
	if raw < leastConfident || len(s.terms)+len(s.comment)+len(s.label) == 0 {
		return Suggestion{Personal: Unknown}
	}
	out.Personal = c.judge(s, t, out.Code, codes, person)
	for _, i := range order[1:] {
		if codes[i] >= leastAlternative {
			out.Alternatives = append(out.Alternatives, Scored{c.model.Codes[i], min(out.Confidence, along(c.model.Sure, codes[i]))})
		}
	}
	out.Reasons = c.reasons(s, t, out.Code)
	return out
}

const (
	// insistFrom is the score from which a phrase of a sensitive category is insisted on, and insisted its probability.
	insistFrom, insisted = 0.8, 0.75
)

// aboutThings are roles of tables in which a sensitive word is about a thing: an allergen of a product, a health check.
var aboutThings = map[string]bool{
	"catalog": true, "settings": true, "reference": true, "campaign": true, "system": true, "stats": true, "store": true, "file": true, "accounting": true,
}

// insist lifts a sensitive category whose words stand in the name. Such fields are too rare for a model to learn, and too
// grave to be missed.
func (c *Classifier) insist(s *seen, t table, codes []float64) {
	if !s.ok || s.hit.score < insistFrom || !sensitive(s.hit.code) || aboutThings[t.role] {
		return
	}
	at, found := slices.BinarySearch(c.model.Codes, s.hit.code)
	if !found || codes[at] >= insisted {
		return
	}
	rest := 1 - codes[at]
	for i := range codes {
		codes[i] *= (1 - insisted) / rest
	}
	codes[at] = insisted
}

// sensitive says whether a category falls under art. 9 or 10 of the GDPR or is the French national number.
func sensitive(code string) bool {
	top, _, _ := strings.Cut(code, ".")
	return top == "art9" || top == "crim" || top == "nir"
}

// judge says whether a field is about a person. A category of no person is believed only where everything agrees; what is
// less sure is unknown, which is presumed personal.
func (c *Classifier) judge(s *seen, t table, code string, codes []float64, person float64) Personal {
	if p := PersonalOf(code); p != NonPersonal {
		return p
	}
	if !c.mayLead(s, t) && c.model.impersonality(codes, person) >= c.model.ImpersonalFrom {
		return NonPersonal
	}
	return Unknown
}

// mayLead says whether a column may lead to a person however technical it looks: the key of a table of which nothing is
// known, a key to something unknown or to people and their dossiers, or a comment that speaks of people.
func (c *Classifier) mayLead(s *seen, t table) bool {
	switch {
	case s.key == ownKey && t.role == "":
		return true
	case s.key == foreignKey && leadsTo[c.roles[s.subject].role]:
		return true
	}
	if slices.ContainsFunc(s.terms, func(x term) bool {
		return x.name == "modified" || x.name == "deleted" || x.name == "synced" || x.name == "loaded"
	}) {
		return false // technical dates, also of people
	}
	return slices.ContainsFunc(s.comment, func(x term) bool { return x.group == "person" || x.name == "user" || x.name == "employee" })
}

// leadsTo are roles of what a key points to that are people, or files on one person. The empty one is what is not known.
var leadsTo = map[string]bool{
	"": true, "person": true, "user": true, "employee": true, "order": true, "contract": true, "ticket": true, "deal": true, "basket": true, "payment": true,
	"address": true, "phone_table": true, "email_table": true, "loyalty": true, "consent": true, "hr": true,
}

// impersonality joins two opinions: the probability of all categories of no person, and that of the field being about
// nobody. The more careful one counts more.
func (m *Model) impersonality(codes []float64, person float64) float64 {
	categories, other := 0.0, 1-person
	for i, about := range m.about {
		if about == NonPersonal {
			categories += codes[i]
		}
	}
	return min(categories, other)*0.7 + (categories+other)/2*0.3
}

// Raw is what the model says of a column before its own errors are reckoned with.
type Raw struct {
	Code          string
	Probability   float64
	Impersonality float64
}

// Raw returns what the model says of each column of a dataset, for calibration. Where a column may lead to a person its
// impersonality is 0.
func (c *Classifier) Raw(dataset []Column) []Raw {
	if len(dataset) == 0 {
		return nil
	}
	out := make([]Raw, len(dataset))
	scores := make([]float64, c.model.classes())
	columns, t := c.read(dataset)
	for i, f := range c.Features(dataset) {
		person := c.model.score(f.Hashes, scores)
		c.model.agree(scores, person)
		c.insist(&columns[i], t, scores)
		best := ranked(scores, 1)[0]
		out[i] = Raw{Code: c.model.Codes[best], Probability: scores[best]}
		if !c.mayLead(&columns[i], t) {
			out[i].Impersonality = c.model.impersonality(scores, person)
		}
	}
	return out
}

// ranked returns the places of the highest scores, highest first; of equal ones the first. Few are asked for out of many, so
// they are picked, not sorted.
func ranked(scores []float64, most int) []int {
	best := make([]int, 0, most+1)
	for i, score := range scores {
		at := len(best)
		for at > 0 && scores[best[at-1]] < score {
			at--
		}
		if at < most {
			best = slices.Insert(best, at, i)
			best = best[:min(len(best), most)]
		}
	}
	return best
}
