package classify

import (
	"cmp"
	"slices"
)

const (
	// leastConfident is the probability under which nothing is suggested.
	leastConfident = 0.08
	// impersonalFrom is how sure the classifier must be before it says that a field is about nobody. What is less sure is
	// unknown, which is presumed personal.
	impersonalFrom = 0.95
	// alternatives is how many further codes a suggestion names, if they are likely at all.
	alternatives, leastAlternative = 3, 0.03
)

// suggest makes a suggestion of what the model says of a column.
func (c *Classifier) suggest(s *seen, t table, codes []float64, person float64) Suggestion {
	order := ranked(codes, alternatives+1)
	best := order[0]
	raw := codes[best]
	out := Suggestion{Code: c.model.Codes[best], Confidence: along(c.model.Sure, raw)}
	if raw < leastConfident || len(s.terms)+len(s.comment)+len(s.label) == 0 {
		return Suggestion{Personal: Unknown}
	}
	out.Personal = c.judge(out.Code, codes, person)
	for _, i := range order[1:] {
		if codes[i] >= leastAlternative {
			out.Alternatives = append(out.Alternatives, Scored{c.model.Codes[i], codes[i]})
		}
	}
	out.Reasons = c.reasons(s, t, out.Code)
	return out
}

// judge says whether a field is about a person. A category of no person is believed only where everything agrees.
func (c *Classifier) judge(code string, codes []float64, person float64) Personal {
	if p := PersonalOf(code); p != NonPersonal {
		return p
	}
	impersonal := 0.0
	for i, name := range c.model.Codes {
		if PersonalOf(name) == NonPersonal {
			impersonal += codes[i]
		}
	}
	if along(c.model.Impersonal, Impersonality(impersonal, person)) >= impersonalFrom {
		return NonPersonal
	}
	return Unknown
}

// Impersonality joins two opinions: the probability of all categories of no person, and that of the field being about a
// person. The more careful one counts more.
func Impersonality(categories, person float64) float64 {
	other := 1 - person
	return min(categories, other)*0.7 + (categories+other)/2*0.3
}

// ranked returns the places of the highest scores, highest first.
func ranked(scores []float64, most int) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return order[:min(most, len(order))]
}
