package classify

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

//go:embed data/phrases.csv
var phraseData string

// phrase is a run of words that names a category.
type phrase struct {
	code  string
	text  string
	score float64
	words int
	trap  bool // a false friend: it wins over a name of the same length
}

type phraseBook struct {
	byText  map[string]phrase
	abbrev  map[string]string
	longest int
}

func loadPhrases() (*phraseBook, error) {
	rows, err := csv.NewReader(strings.NewReader(phraseData)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("phrases: %w", err)
	}
	book := &phraseBook{byText: map[string]phrase{}, abbrev: map[string]string{}}
	for _, r := range rows[1:] {
		if r[0] == "abbrev" {
			short, long, _ := strings.Cut(r[2], "=")
			book.abbrev[short] = long
			continue
		}
		score, err := strconv.ParseFloat(r[3], 64)
		if err != nil {
			return nil, fmt.Errorf("phrases: score of %s: %w", r[1], err)
		}
		for written := range strings.SplitSeq(r[2], "|") {
			text := strings.Join(tokens(written), " ") // as names are read: "date of birth" is "date birth"
			book.add(phrase{code: r[1], text: text, score: score / 100, words: len(strings.Fields(text)), trap: r[0] == "trap"})
		}
	}
	return book, nil
}

func (b *phraseBook) add(p phrase) {
	if old, taken := b.byText[p.text]; taken && !better(p, old) {
		return
	}
	b.byText[p.text] = p
	b.longest = max(b.longest, p.words)
}

func better(p, old phrase) bool {
	switch {
	case p.words != old.words:
		return p.words > old.words
	case p.trap != old.trap:
		return p.trap
	}
	return p.score > old.score
}

// loneTrap is the score of a false friend of one word (type, code, status) that stands beside others: they say more.
const loneTrap = 0.45

// match returns the best phrase among the words of a name.
func (b *phraseBook) match(name []string) (best phrase, found bool) {
	expanded := slices.Clone(name)
	for i, w := range expanded {
		if long, ok := b.abbrev[w]; ok {
			expanded[i] = long
		}
	}
	singular := slices.Clone(expanded)
	for i, w := range singular {
		if len(w) > 4 {
			singular[i] = strings.TrimSuffix(w, "s")
		}
	}
	for _, variant := range [][]string{name, expanded, singular} {
		for i := range variant {
			for n := min(b.longest, len(variant)-i); n > 0; n-- {
				p, ok := b.byText[strings.Join(variant[i:i+n], " ")]
				if ok && p.trap && n == 1 && len(variant) > 1 {
					p.trap, p.score = false, loneTrap
				}
				if ok && (!found || better(p, best)) {
					best, found = p, true
				}
			}
		}
	}
	return best, found
}

// Phrase is a run of words that names a category, for training.
type Phrase struct {
	Code, Text string
	Score      float64
}

// Phrases returns the phrases that are known, in the order of the alphabet.
func (c *Classifier) Phrases() []Phrase {
	var list []Phrase
	for _, text := range slices.Sorted(maps.Keys(c.phrases.byText)) {
		p := c.phrases.byText[text]
		list = append(list, Phrase{p.code, p.text, p.score})
	}
	return list
}
