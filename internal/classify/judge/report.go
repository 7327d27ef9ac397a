package judge

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"utile/internal/classify"
)

// manyEnough is how many columns a class needs for its F1 to count in an average.
const manyEnough = 20

// Class is how well one category, or one top level of the taxonomy, is found. A suggestion is right where it is any
// acceptable code; what is missed is counted against the best one.
type Class struct {
	Code      string  `json:"code"`
	Columns   int     `json:"columns"`   // of which it is the best code
	Suggested int     `json:"suggested"` // how often it was suggested
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// Confusion is a pair of categories taken for each other.
type Confusion struct {
	Want    string `json:"want"`
	Got     string `json:"got"`
	Columns int    `json:"columns"`
}

// Band is how often suggestions of one confidence are right.
type Band struct {
	From      float64 `json:"from"`
	Columns   int     `json:"columns"`
	Mean      float64 `json:"mean"`  // confidence that was announced
	Right     float64 `json:"right"` // share that was acceptable
	rightN    int
	announced float64
}

// Share is a part of a whole.
type Share struct {
	Part  int     `json:"part"`
	Of    int     `json:"of"`
	Share float64 `json:"share"`
}

func share(part, of int) Share {
	s := Share{Part: part, Of: of}
	if of > 0 {
		s.Share = float64(part) / float64(of)
	}
	return s
}

// Report is how well suggestions fit labels.
type Report struct {
	Columns    int     `json:"columns"`
	Version    int     `json:"version"`
	Acceptable Share   `json:"acceptable"` // any code of the label
	Exact      Share   `json:"exact"`      // its best code
	TopLevel   Share   `json:"top_level"`  // the first segment of any code of the label
	None       Share   `json:"none"`       // without a suggestion
	Unknown    Share   `json:"unk"`        // suggested "to be qualified"
	MacroTop   float64 `json:"macro_f1_top_level"`
	MacroCode  float64 `json:"macro_f1_code"`
	// Hidden is the error that weighs most: fields about a person that are called non-personal. HiddenCode is the same by
	// the code alone, whether or not it is called non-personal.
	Hidden     Share `json:"personal_called_non_personal"`
	HiddenCode Share `json:"personal_with_non_personal_code"`
	// Found is how many fields about nobody are called so: without it, never saying so would look perfect.
	Found       Share       `json:"non_personal_called_non_personal"`
	Top         []Class     `json:"top_levels"`
	Codes       []Class     `json:"codes"`
	Confusions  []Confusion `json:"confusions"`
	Reliability []Band      `json:"reliability"`
}

// Compare makes a report of suggestions for rows, one each.
func Compare(rows []Row, got []classify.Suggestion) Report {
	var acceptable, exact, top, none, unknown, hidden, hiddenCode, found, personal, impersonal int
	tops, codes := newTally(), newTally()
	confusions := map[[2]string]int{}
	bands := make([]Band, 10)
	for i, r := range rows {
		g := got[i]
		right := r.Acceptable(g.Code)
		count(&acceptable, right)
		count(&exact, r.Codes[0] == g.Code)
		count(&none, g.Code == "")
		count(&unknown, g.Code == "unk")
		topRight := slices.ContainsFunc(r.Codes, func(c string) bool { return topLevel(c) == topLevel(g.Code) })
		count(&top, topRight)
		tops.add(topLevel(r.Codes[0]), topLevel(g.Code), topRight)
		codes.add(r.Codes[0], g.Code, right)
		if !right && g.Code != "" {
			confusions[[2]string{r.Codes[0], g.Code}]++
		}
		if g.Code != "" {
			band := &bands[min(9, int(g.Confidence*10))]
			band.Columns++
			band.announced += g.Confidence
			count(&band.rightN, right)
		}
		switch r.Personal {
		case classify.IsPersonal:
			personal++
			count(&hidden, g.Personal == classify.NonPersonal)
			count(&hiddenCode, classify.PersonalOf(g.Code) == classify.NonPersonal)
		case classify.NonPersonal:
			impersonal++
			count(&found, g.Personal == classify.NonPersonal)
		}
	}
	n := len(rows)
	out := Report{
		Columns: n, Version: classify.Version, Acceptable: share(acceptable, n), Exact: share(exact, n), TopLevel: share(top, n), None: share(none, n),
		Unknown: share(unknown, n), Hidden: share(hidden, personal), HiddenCode: share(hiddenCode, personal), Found: share(found, impersonal),
		Top: tops.classes(), Codes: codes.classes(), Reliability: reliability(bands), Confusions: ranking(confusions),
	}
	out.MacroTop, out.MacroCode = macro(out.Top), macro(out.Codes)
	return out
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

func topLevel(code string) string {
	top, _, _ := strings.Cut(code, ".")
	return top
}

func reliability(bands []Band) []Band {
	var list []Band
	for i, b := range bands {
		if b.Columns == 0 {
			continue
		}
		b.From = float64(i) / 10
		b.Mean, b.Right = b.announced/float64(b.Columns), float64(b.rightN)/float64(b.Columns)
		list = append(list, b)
	}
	return list
}

func ranking(confusions map[[2]string]int) []Confusion {
	var list []Confusion
	for pair, n := range confusions {
		list = append(list, Confusion{pair[0], pair[1], n})
	}
	slices.SortFunc(list, func(a, b Confusion) int {
		return cmp.Or(cmp.Compare(b.Columns, a.Columns), cmp.Compare(a.Want, b.Want), cmp.Compare(a.Got, b.Got))
	})
	return list
}

// tally counts right, wrong and missed by class.
type tally struct{ right, wrong, missed, columns map[string]int }

func newTally() tally {
	return tally{map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}}
}

func (t tally) add(want, got string, right bool) {
	t.columns[want]++
	if right {
		t.right[got]++
		return
	}
	t.missed[want]++
	if got != "" {
		t.wrong[got]++
	}
}

func (t tally) classes() []Class {
	names := map[string]bool{}
	for _, counts := range []map[string]int{t.right, t.wrong, t.columns} {
		for name := range counts {
			names[name] = true
		}
	}
	var list []Class
	for _, name := range slices.Sorted(maps.Keys(names)) {
		tp, fp, fn := float64(t.right[name]), float64(t.wrong[name]), float64(t.missed[name])
		c := Class{Code: name, Columns: t.columns[name], Suggested: t.right[name] + t.wrong[name]}
		if tp > 0 {
			c.Precision, c.Recall, c.F1 = tp/(tp+fp), tp/(tp+fn), 2*tp/(2*tp+fp+fn)
		}
		list = append(list, c)
	}
	return list
}

// macro is the mean F1 of classes with columns enough.
func macro(classes []Class) float64 {
	sum, n := 0.0, 0
	for _, c := range classes {
		if c.Columns >= manyEnough {
			sum, n = sum+c.F1, n+1
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// shownConfusions is how many pairs a printed report names.
const shownConfusions = 30

// Print writes a report for people.
func (r Report) Print(w io.Writer) error {
	p := &printer{w: w}
	p.line("%d columns, version %d", r.Columns, r.Version)
	p.share("acceptable code", r.Acceptable)
	p.share("best code", r.Exact)
	p.share("top level", r.TopLevel)
	p.share("without suggestion", r.None)
	p.share("suggested unk", r.Unknown)
	p.share("personal called non-personal", r.Hidden)
	p.share("personal with a non-personal code", r.HiddenCode)
	p.share("non-personal called non-personal", r.Found)
	p.line("%-36s %.3f", "macro-F1, top levels of 20 and more", r.MacroTop)
	p.line("%-36s %.3f", "macro-F1, codes of 20 and more", r.MacroCode)
	for _, classes := range [][]Class{r.Top, r.Codes} {
		p.line("\n%-32s %8s %9s %9s %7s %7s", "category", "columns", "suggested", "precision", "recall", "F1")
		for _, c := range classes {
			p.line("%-32s %8d %9d %9.3f %7.3f %7.3f", c.Code, c.Columns, c.Suggested, c.Precision, c.Recall, c.F1)
		}
	}
	p.line("\n%-32s %-32s %7s", "wanted", "suggested", "columns")
	for _, c := range r.Confusions[:min(shownConfusions, len(r.Confusions))] {
		p.line("%-32s %-32s %7d", c.Want, c.Got, c.Columns)
	}
	p.line("\n%-12s %8s %10s %7s", "confidence", "columns", "announced", "right")
	for _, b := range r.Reliability {
		p.line("%.1f – %.1f    %8d %10.3f %7.3f", b.From, b.From+0.1, b.Columns, b.Mean, b.Right)
	}
	return p.err
}

// printer keeps the first error of many lines.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) share(name string, s Share) {
	p.line("%-36s %5.1f %%  (%d of %d)", name, 100*s.Share, s.Part, s.Of)
}
