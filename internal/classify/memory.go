package classify

import (
	"cmp"
	"maps"
	"slices"
)

// Answer is what a workspace decided: how many fields of that name, in that dataset, it put under a category.
type Answer struct {
	Dataset string
	Name    string
	Code    string
	Count   int
}

// Memory is what a workspace has answered, by name. A nil Memory remembers nothing. It is never written after NewMemory.
type Memory struct {
	names map[string]*remembered // by Key
}

// remembered is what was answered for one name.
type remembered struct {
	name  string // as it was written, first in order of the alphabet
	total int
	codes map[string]int
}

// NewMemory learns from answers. Their order does not matter.
func NewMemory(answers []Answer) *Memory {
	m := &Memory{names: map[string]*remembered{}}
	for _, a := range answers {
		if a.Code == "" || a.Count < 1 || Key(a.Name) == "" {
			continue
		}
		key := Key(a.Name)
		r := m.names[key]
		if r == nil {
			r = &remembered{name: a.Name, codes: map[string]int{}}
			m.names[key] = r
		}
		r.name = min(r.name, a.Name)
		r.total += a.Count
		r.codes[a.Code] += a.Count
	}
	return m
}

// recall answers for a name that was answered before. The share of the most frequent answer is the confidence, one
// imagined contradiction included: a single answer is worth less than ten.
func (m *Memory) recall(column Column) (Suggestion, bool) {
	if m == nil {
		return Suggestion{}, false
	}
	r := m.names[Key(column.Name)]
	if r == nil {
		return Suggestion{}, false
	}
	ranked := r.ranked()
	best := ranked[0]
	return Suggestion{
		Code: best.Code, Confidence: best.Confidence, Personal: PersonalOf(best.Code), Alternatives: ranked[1:],
		Reasons: []Reason{{Key: "classify.reason.memory", Args: map[string]any{"name": r.name, "means": best.Code, "n": r.codes[best.Code]}}},
	}, true
}

func (r *remembered) ranked() []Scored {
	var list []Scored
	for _, code := range slices.Sorted(maps.Keys(r.codes)) {
		list = append(list, Scored{Code: code, Confidence: float64(r.codes[code]) / (float64(r.total) + 0.25)})
	}
	slices.SortStableFunc(list, func(a, b Scored) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return list
}
