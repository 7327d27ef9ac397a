package classify

import (
	_ "embed"
	"fmt"
	"math"
	"strings"
)

//go:embed data/lexicon.txt
var lexiconData string

// notion is what a word means, whatever the language and however it is cut short: "naiss" and "birth" are one.
type notion struct {
	name  string
	group string
}

// lexicon knows the words of names in French and English.
type lexicon struct {
	notions map[string]notion // by word, or by words joined with _
	longest int               // words of the longest entry
	// cost of each known word in the splitting of glued names: the more letters it explains, the cheaper.
	cost map[string]float64
}

func loadLexicon() (*lexicon, error) {
	x := &lexicon{notions: map[string]notion{}, cost: map[string]float64{}}
	group := ""
	for n, line := range strings.Split(lexiconData, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			group = strings.Trim(line, "[]")
		default:
			name, ways, ok := strings.Cut(line, ":")
			if !ok {
				return nil, fmt.Errorf("lexicon: line %d has no colon", n+1)
			}
			for _, way := range append(strings.Fields(ways), name) {
				if old, taken := x.notions[way]; taken && old.name != name {
					return nil, fmt.Errorf("lexicon: %q is both %s and %s", way, old.name, name)
				}
				x.notions[way] = notion{name, group}
				x.longest = max(x.longest, strings.Count(way, "_")+1)
				for word := range strings.SplitSeq(way, "_") {
					x.cost[word] = wordCost(word)
				}
			}
		}
	}
	for _, word := range gluedWords {
		x.cost[word] = wordCost(word)
	}
	return x, nil
}

// gluedWords are no notions of their own, and stand inside glued names.
var gluedWords = strings.Fields("is has by on of to from for not no in and new old with per my use show allow can be the do max min raw " +
	"override notify mail reset confirm current previous original sub main primary secondary other home work business external " +
	"sur par pour sans avec non nouveau ancien principal secondaire autre domicile travail code cle")

func wordCost(word string) float64 {
	switch n := len(word); {
	case n <= 1:
		return 12
	case n == 2:
		return 5
	default:
		return 3.2 + 3/float64(n)
	}
}

// split cuts a glued word into known ones ("datenaissance", "usermodified"), or returns it whole.
func (x *lexicon) split(word string) []string {
	const shortest, longest = 5, 40
	if len(word) < shortest || len(word) > longest {
		return []string{word}
	}
	if _, known := x.notions[word]; known {
		return []string{word}
	}
	// The whole unknown word costs more than two or three known ones that explain all of its letters.
	best := make([]float64, len(word)+1)
	from := make([]int, len(word)+1)
	for i := 1; i <= len(word); i++ {
		best[i] = math.Inf(1)
		for j := max(0, i-20); j < i; j++ {
			cost, known := x.cost[word[j:i]]
			if known && best[j]+cost < best[i] {
				best[i], from[i] = best[j]+cost, j
			}
		}
	}
	if best[len(word)] > 5+0.75*float64(len(word)) {
		return x.splitKey(word)
	}
	var parts []string
	for i := len(word); i > 0; i = from[i] {
		parts = append(parts, word[from[i]:i])
	}
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return parts
}

// wholeWords end or begin like keys and are none.
var wholeWords = func() map[string]bool {
	list := map[string]bool{}
	for _, w := range strings.Fields("paid prepaid unpaid valid invalid grid void avoid android hybrid rapid solid fluid guid uuid kid mid aid bid " +
		"raid orchid liquid fluid covid euclid madrid david astrid overpaid ingrid stupid idea ideas ideal ideally ident identity identite idle " +
		"idiom identifie identified identifier identification") {
		list[w] = true
	}
	return list
}()

// splitKey cuts id off a word that is not known: contextid, idcontainer.
func (x *lexicon) splitKey(word string) []string {
	const shortest = 5 // with id
	if len(word) < shortest || wholeWords[word] {
		return []string{word}
	}
	for _, end := range []string{"ids", "id"} {
		if rest, ok := strings.CutSuffix(word, end); ok && len(rest) > 2 {
			return append(x.split(rest), "id")
		}
	}
	if rest, ok := strings.CutPrefix(word, "id"); ok && len(rest) > 3 {
		return append([]string{"id"}, x.split(rest)...)
	}
	return []string{word}
}

// term is a word of a name as it is understood.
type term struct {
	notion
	raw string // the words it was written with
}

// understand turns words into terms: longest known runs of words first, glued words split, plurals forgiven. Unknown words
// stand for themselves, without a group.
func (x *lexicon) understand(words []string) []term {
	var parts []string
	for _, w := range words {
		parts = append(parts, x.split(w)...)
	}
	terms := make([]term, 0, len(parts))
	for i := 0; i < len(parts); {
		n, found := x.longestRun(parts[i:])
		raw := strings.Join(parts[i:i+n], "_")
		terms = append(terms, term{found, raw})
		i += n
	}
	return terms
}

func (x *lexicon) longestRun(parts []string) (int, notion) {
	for n := min(x.longest, len(parts)); n > 1; n-- {
		if found, ok := x.notions[strings.Join(parts[:n], "_")]; ok {
			return n, found
		}
	}
	word := parts[0]
	if found, ok := x.notions[word]; ok {
		return 1, found
	}
	if singular, ok := strings.CutSuffix(word, "s"); ok {
		if found, ok := x.notions[singular]; ok {
			return 1, found
		}
		return 1, notion{name: singular}
	}
	return 1, notion{name: word}
}
