package classify

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
)

// Answer is what a workspace decided: how many fields of that name, in that dataset, it put under a category.
type Answer struct {
	Dataset string
	Name    string
	Code    string
	Count   int
}

// Memory is what a workspace has answered, by name. A nil Memory remembers nothing. It is never written after NewMemory
// and may be used by many at once.
type Memory struct {
	names map[string]*remembered   // by Key
	words map[string][]*remembered // by each word that carries meaning
}

// remembered is what was answered for one name.
type remembered struct {
	name    string // as it was written, first in order of the alphabet
	words   []string
	total   int
	answers []Answer // by dataset and code
}

// NewMemory learns from answers. Their order does not matter.
func NewMemory(answers []Answer) *Memory {
	m := &Memory{names: map[string]*remembered{}, words: map[string][]*remembered{}}
	for _, a := range answers {
		if a.Code == "" || a.Count < 1 || Key(a.Name) == "" {
			continue
		}
		key := Key(a.Name)
		r := m.names[key]
		if r == nil {
			r = &remembered{name: a.Name, words: distinct(tokens(a.Name))}
			m.names[key] = r
		}
		r.name = min(r.name, a.Name)
		r.total += a.Count
		r.answers = append(r.answers, a)
	}
	for _, key := range slices.Sorted(maps.Keys(m.names)) {
		r := m.names[key]
		for _, w := range r.words {
			m.words[w] = append(m.words[w], r)
		}
	}
	return m
}

func distinct(words []string) []string {
	list := slices.Clone(words)
	slices.Sort(list)
	return slices.Compact(list)
}

// evidence is what memory says of a column.
type evidence struct {
	from   *remembered
	trust  float64            // how far it counts before what the model says, 0 to 1
	shares map[string]float64 // of each answered code
	count  map[string]int     // fields behind it
}

// sameTable is how much more an answer counts that was given in a table of a like name.
const sameTable = 4

// recall looks for answers about the same name, or else about the most similar one.
func (m *Memory) recall(s *seen) (evidence, bool) {
	if m == nil {
		return evidence{}, false
	}
	if r := m.names[Key(s.Name)]; r != nil {
		e := r.evidence(s.Dataset)
		// One answer leaves more doubt than ten. A name that means something else in every table (id, name, status) is not
		// carried far: what the table says still counts.
		e.trust = float64(r.total) / (float64(r.total) + 0.25)
		if anywhere(s) && !r.near(s.Dataset) {
			e.trust *= 0.35
		}
		return e, true
	}
	r, likeness := m.similar(distinct(tokens(s.Name)))
	if r == nil {
		return evidence{}, false
	}
	e := r.evidence(s.Dataset)
	e.trust = 0.75 * likeness * float64(r.total) / (float64(r.total) + 0.5)
	return e, true
}

// anywhere says whether a name stands in tables of every kind and means something else in each.
func anywhere(s *seen) bool {
	return !slices.ContainsFunc(s.terms, func(t term) bool { return !slices.Contains(anywhereGroups, t.group) })
}

var anywhereGroups = []string{"id", "status", "date", "name"}

// near says whether a name was answered in a table of a like name.
func (r *remembered) near(dataset string) bool {
	return slices.ContainsFunc(r.answers, func(a Answer) bool { return alike(a.Dataset, dataset) })
}

func alike(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	words := tokens(b)
	return slices.ContainsFunc(tokens(a), func(w string) bool { return len(w) > 2 && slices.Contains(words, w) })
}

func (r *remembered) evidence(dataset string) evidence {
	e := evidence{from: r, shares: map[string]float64{}, count: map[string]int{}}
	sum := 0.0
	for _, a := range r.answers {
		weight := float64(a.Count)
		if alike(a.Dataset, dataset) {
			weight *= sameTable
		}
		e.shares[a.Code] += weight
		e.count[a.Code] += a.Count
		sum += weight
	}
	for code := range e.shares {
		e.shares[code] /= sum
	}
	return e
}

const (
	// leastLikeness is how alike two names must be for the answer about one to say something of the other.
	leastLikeness = 0.5
	// mostNames is how many remembered names may hold a word that is to lead to them: more and it is no rare word.
	mostNames = 50
)

// similar finds the remembered name that shares most of its rare words.
func (m *Memory) similar(words []string) (best *remembered, likeness float64) {
	seen := map[*remembered]bool{}
	for _, w := range words {
		if plainWords[w] || len(m.words[w]) > mostNames {
			continue
		}
		for _, r := range m.words[w] {
			if seen[r] {
				continue
			}
			seen[r] = true
			like := m.likeness(words, r.words)
			if like >= leastLikeness && (best == nil || like > likeness || like == likeness && r.name < best.name) {
				best, likeness = r, like
			}
		}
	}
	return best, likeness
}

// likeness is the weight of shared words in the weight of all words of two names.
func (m *Memory) likeness(a, b []string) float64 {
	shared, all := 0.0, 0.0
	for _, w := range a {
		weight := m.rarity(w)
		all += weight
		if slices.Contains(b, w) {
			shared += weight
		}
	}
	for _, w := range b {
		if !slices.Contains(a, w) {
			all += m.rarity(w)
		}
	}
	if all == 0 {
		return 0
	}
	return shared / all
}

// plainWords say how something is kept and not what it is. They lead from no name to another.
var plainWords = func() map[string]bool {
	list := map[string]bool{}
	for _, w := range strings.Fields("id ids code cd num no nr ref date dt dat time at on by lib libelle label lbl type typ name nom is has flag flg top ind nb nbr count " +
		"mt mnt montant amount total status statut etat value val key old new first last prem der min max moy avg created updated modified list data text txt") {
		list[w] = true
	}
	return list
}()

func (m *Memory) rarity(word string) float64 {
	if plainWords[word] {
		return 0.15
	}
	return 1 / math.Sqrt(float64(max(1, len(m.words[word]))))
}

// settles tells whether answers are about the very same thing: the same name in a table of a like name. Only then do they
// take a column out of scope against what the model says; a description is of no person in one table, and of a customer in
// the next.
func (e evidence) settles(s *seen) bool {
	return Key(e.from.name) == Key(s.Name) && e.from.near(s.Dataset)
}

// remind lets memory count before what the model says. It returns false where the model's own suggestion stands.
func (c *Classifier) remind(s *seen, m *Memory, own Suggestion) (Suggestion, bool) {
	e, ok := m.recall(s)
	if !ok {
		return own, false
	}
	scores := map[string]float64{}
	for _, a := range append([]Scored{{own.Code, own.Confidence}}, own.Alternatives...) {
		if a.Code != "" {
			scores[a.Code] += (1 - e.trust) * a.Confidence
		}
	}
	for code, share := range e.shares {
		scores[code] += e.trust * share
	}
	var list []Scored
	for _, code := range slices.Sorted(maps.Keys(scores)) {
		list = append(list, Scored{code, min(1, scores[code])})
	}
	slices.SortStableFunc(list, func(a, b Scored) int { return cmp.Compare(b.Confidence, a.Confidence) })
	best := list[0]
	out := Suggestion{Code: best.Code, Confidence: best.Confidence, Personal: PersonalOf(best.Code), Reasons: own.Reasons, Alternatives: list[1:min(len(list), alternatives+1)]}
	if best.Code != own.Code {
		out.Reasons = nil
	}
	if out.Personal == NonPersonal && own.Personal != NonPersonal && !e.settles(s) {
		out.Personal = Unknown
	}
	if n := e.count[best.Code]; n > 0 {
		key := "classify.reason.memory"
		if Key(e.from.name) != Key(s.Name) {
			key = "classify.reason.similar"
		}
		said := Reason{key, map[string]any{"name": e.from.name, "means": best.Code, "n": n}}
		out.Reasons = append([]Reason{said}, out.Reasons...)
	}
	return out, true
}
