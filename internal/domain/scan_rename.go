package domain

import (
	"slices"
	"strings"
	"unicode"
)

// FoundName is what a rename is guessed from.
type FoundName struct {
	Dataset  string
	Name     string
	DataType string
}

// maxScanRenamePairs bounds the comparisons in one dataset. Where more fields than that come and go at once, the dataset was
// replaced, and pairs would be chance.
const maxScanRenamePairs = 250_000

// ProbableRenames pairs fields that are gone with fields that are new in the same dataset, of the same type and with a name
// that says the same. It is careful rather than complete: each field is paired once, and not at all where two candidates
// are as good.
func ProbableRenames(gone, added []FoundName) map[FoundName]FoundName {
	byDataset := map[string][]FoundName{}
	for _, a := range added {
		byDataset[a.Dataset] = append(byDataset[a.Dataset], a)
	}
	goneBy := map[string][]FoundName{}
	for _, g := range gone {
		goneBy[g.Dataset] = append(goneBy[g.Dataset], g)
	}
	renames := map[FoundName]FoundName{}
	for dataset, old := range goneBy {
		if fresh := byDataset[dataset]; len(old)*len(fresh) <= maxScanRenamePairs {
			scanRenames(old, fresh, renames)
		}
	}
	return renames
}

// scanBest is the best partner of a field so far, and whether another is as good.
type scanBest struct {
	partner int
	score   float64
	tied    bool
}

func (b *scanBest) offer(partner int, score float64) {
	switch {
	case score > b.score:
		*b = scanBest{partner, score, false}
	case score == b.score && score > 0:
		b.tied = true
	}
}

func scanRenames(gone, added []FoundName, renames map[FoundName]FoundName) {
	words := func(names []FoundName) (out [][]string) {
		for _, n := range names {
			out = append(out, scanNameWords(n.Name))
		}
		return out
	}
	old, fresh := words(gone), words(added)
	bestOld, bestFresh := make([]scanBest, len(gone)), make([]scanBest, len(added))
	for i := range gone {
		for j := range added {
			if scanBaseType(gone[i].DataType) != scanBaseType(added[j].DataType) {
				continue
			}
			score := scanNameLikeness(old[i], fresh[j])
			bestOld[i].offer(j, score)
			bestFresh[j].offer(i, score)
		}
	}
	for i, b := range bestOld {
		if b.score > 0 && !b.tied && !bestFresh[b.partner].tied && bestFresh[b.partner].partner == i {
			renames[gone[i]] = added[b.partner]
		}
	}
}

// scanBaseType is a data type without its length, which a rename often changes too.
func scanBaseType(t string) string {
	if i := strings.IndexByte(t, '('); i >= 0 {
		t = t[:i]
	}
	return CleanLine(strings.ToLower(t))
}

// scanNameWords splits a name into words, and a word from the number behind it.
func scanNameWords(name string) []string {
	var out []string
	for _, w := range scanWords(name) {
		if i := strings.IndexFunc(w, unicode.IsDigit); i > 0 {
			out = append(out, w[:i], w[i:])
		} else {
			out = append(out, w)
		}
	}
	return out
}

// scanNeutral are words that a name may gain or lose at its end and mean the same.
var scanNeutral = scanSet("address", "adresse", "name", "nom", "value", "valeur", "number", "numero", "num", "nb", "field", "champ", "column",
	"col", "code", "id", "text", "txt", "c", "custom")

// scanNameLikeness is 1 for the same words written otherwise, lower for a correction or an added qualifier, 0 for unlike.
func scanNameLikeness(a, b []string) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if strings.Join(a, "") == strings.Join(b, "") {
		return 1
	}
	if !slices.Equal(scanNumbers(a), scanNumbers(b)) {
		return 0 // phone1 and phone2 are two fields
	}
	switch {
	case len(a) == len(b):
		return scanWordsLikeness(a, b)
	case len(a) > len(b):
		a, b = b, a
	}
	if len(b) != len(a)+1 {
		return 0
	}
	front, back := slices.Equal(a, b[1:]), slices.Equal(a, b[:len(a)])
	switch {
	case back && scanNeutral[b[len(a)]] && len(strings.Join(a, "")) >= 4:
		return 0.8
	case front && len(a) >= 2:
		return 0.7
	}
	return 0
}

func scanNumbers(words []string) []string {
	var out []string
	for _, w := range words {
		if w[0] >= '0' && w[0] <= '9' {
			out = append(out, w)
		}
	}
	return out
}

// scanWordsLikeness compares word by word: every word must be the same or a spelling of the same.
func scanWordsLikeness(a, b []string) float64 {
	total := 0.0
	for i := range a {
		one := 1.0
		if a[i] != b[i] {
			one = scanWordLikeness(a[i], b[i])
		}
		if one == 0 {
			return 0
		}
		total += one
	}
	return 0.95 * total / float64(len(a)) // below the same words written otherwise
}

// scanNegations turn a word into its opposite when put before it.
var scanNegations = scanSet("in", "un", "non", "dis", "des", "de", "ir", "im", "no", "not", "anti", "post", "pre", "re")

func scanWordLikeness(a, b string) float64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 4 || len(b) > 60 {
		return 0 // too short to tell, or no word
	}
	if prefix, ok := strings.CutSuffix(b, a); ok && scanNegations[prefix] {
		return 0
	}
	x, y := []rune(a), []rune(b)
	likeness := 1 - float64(scanEditDistance(x, y))/float64(max(len(x), len(y)))
	if likeness <= 0.75 {
		return 0
	}
	return likeness
}

// scanEditDistance is the number of letters to insert, drop or replace, by the rows of the usual table.
func scanEditDistance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
