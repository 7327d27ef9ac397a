// Command train makes the weights of the classifier from the labelled columns beside it, and measures it on systems that
// took no part in its making.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"utile/internal/classify"
	"utile/internal/classify/judge"
)

// families are systems that describe the same thing: to leave one out is to leave out its family.
var families = map[string]string{"dbt_hubspot": "hubspot", "pagila": "sakila"}

func family(system string) string { return cmp.Or(families[system], system) }

// untouched systems took no part in any choice: they are looked at once, at the end.
var untouched = []string{"civicrm", "twenty", "wordpress", "sakila"}

func main() {
	dir := flag.String("data", "internal/classify/train/data", "folder of labelled columns")
	only := flag.String("only", "", "with -bench: only these systems")
	bench := flag.Bool("bench", false, "leave one system out at a time and print what comes of it")
	final := flag.Bool("final", false, "with -bench: also look at the untouched systems")
	misses := flag.String("misses", "", "with -bench: write wrong suggestions to this file")
	out := flag.String("o", "internal/classify/data/model.bin", "file of the weights")
	flag.StringVar(&measuredFile, "measured", "", "with -bench: another file of the measured columns, to ask with its comments")
	o := defaultOptions
	flag.IntVar(&o.epochs, "epochs", o.epochs, "looks at each example")
	flag.Float64Var(&o.rate, "rate", o.rate, "size of steps")
	flag.Float64Var(&o.decay, "decay", o.decay, "pull towards nothing")
	flag.Float64Var(&o.drop, "drop", o.drop, "hidden share")
	flag.Float64Var(&o.first, "first", o.first, "share of the first code")
	flag.Float64Var(&o.calm, "calm", o.calm, "holds back first steps")
	flag.Float64Var(&o.letters, "letters", o.letters, "how much letters count")
	flag.IntVar(&o.rare, "rare", o.rare, "least examples of a statement")
	flag.Float64Var(&ownWeight, "own", ownWeight, "weight of own rows")
	flag.Float64Var(&weakWeight, "weak", weakWeight, "weight of weak rows")
	flag.Parse()
	onlySystems = *only
	if err := run(*dir, *bench, *final, *misses, *out, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// measuredFile holds the measured columns with the comments that cannot be kept here.
var measuredFile string

// onlySystems limits a quick look to some folds.
var onlySystems string

var ownWeight, weakWeight = 0.8, 0.2

// corpus is all labelled columns.
type corpus struct {
	measured []judge.Row // of systems that are measured
	own      []judge.Row // of systems known in general
	weak     []judge.Row
}

func run(dir string, bench, final bool, misses, out string, o options) error {
	base, err := classify.Untrained()
	if err != nil {
		return err
	}
	all, err := readCorpus(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d measured, %d own, %d weak\n", len(all.measured), len(all.own), len(all.weak))
	if bench {
		return all.bench(base, o, final, misses)
	}
	m := learn(all.without(base, nil), o)
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	if _, err := m.WriteTo(file); err != nil {
		return err
	}
	return file.Close()
}

func readCorpus(dir string) (corpus, error) {
	var all corpus
	file, err := os.Open(filepath.Join(dir, "utile_columns.csv"))
	if err != nil {
		return all, err
	}
	defer func() { _ = file.Close() }() // nothing was written
	if all.measured, err = judge.Read(file); err != nil {
		return all, err
	}
	short, err := readShort(filepath.Join(dir, "short.txt"))
	if err != nil {
		return all, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "own", "*.txt"))
	if err != nil {
		return all, err
	}
	for _, name := range names {
		rows, err := readOwn(name, short)
		if err != nil {
			return all, err
		}
		all.own = append(all.own, rows...)
	}
	return all, nil
}

func readShort(path string) (map[string]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	short := map[string]string{}
	for line := range strings.SplitSeq(string(raw), "\n") {
		if name, codes, ok := strings.Cut(line, " "); ok && line[0] != '/' {
			short[name] = strings.TrimSpace(codes)
		}
	}
	return short, nil
}

// without returns the examples of all systems but those left out.
func (all corpus) without(base *classify.Classifier, left []string) []example {
	keep := func(rows []judge.Row) (kept []judge.Row) {
		for _, r := range rows {
			if !slices.Contains(left, family(r.Column.System)) {
				kept = append(kept, r)
			}
		}
		return kept
	}
	list := examples(base, keep(all.measured), 1)
	list = append(list, examples(base, keep(all.own), ownWeight)...)
	return append(list, examples(base, keep(all.weak), weakWeight)...)
}

var fastFolds = map[string]string{
	"northwind": "a", "dbt_jaffle_shop": "a", "matomo": "a", "moodle": "a", "espocrm": "b", "salesforce": "b", "dolibarr": "b", "hubspot": "c",
}

// fold is one system left out.
type fold struct {
	name string
	rows []judge.Row
	got  []classify.Suggestion
}

func (all corpus) bench(base *classify.Classifier, o options, final bool, misses string) error {
	asked := all.measured
	if measuredFile != "" {
		file, err := os.Open(measuredFile)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // nothing was written
		if asked, err = judge.Read(file); err != nil {
			return err
		}
	}
	var folds []*fold
	at := map[string]*fold{}
	for _, r := range asked {
		name := family(r.Column.System)
		if slices.Contains(untouched, name) != final {
			continue
		}
		if onlySystems == "fast" && !final {
			name = fastFolds[name]
		}
		f := at[name]
		if f == nil {
			f = &fold{name: name}
			at[name], folds = f, append(folds, f)
		}
		f.rows = append(f.rows, r)
	}
	var wait sync.WaitGroup
	slots := make(chan struct{}, 2)
	for _, f := range folds {
		wait.Add(1)
		go func() {
			defer wait.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			left := append([]string{f.name}, untouched...)
			for _, r := range f.rows {
				left = append(left, family(r.Column.System))
			}
			m := learn(all.without(base, left), o)
			f.got = judge.Suggest(base.With(m), f.rows)
		}()
	}
	wait.Wait()
	report(folds, misses)
	return nil
}

func report(folds []*fold, misses string) {
	var w *os.File
	if misses != "" {
		w, _ = os.Create(misses)
		defer w.Close()
	}
	var rows []judge.Row
	var got []classify.Suggestion
	for _, f := range folds {
		line(f.name, f.rows, f.got)
		rows, got = append(rows, f.rows...), append(got, f.got...)
	}
	line("all", rows, got)
	macro(rows, got)
	if w != nil {
		for i, r := range rows {
			if !r.Acceptable(got[i].Code) {
				var alt []string
				for _, a := range got[i].Alternatives {
					alt = append(alt, fmt.Sprintf("%s %.2f", a.Code, a.Confidence))
				}
				fmt.Fprintf(w, "%s.%s.%s (%s) want %s got %s %.2f %s %v | %.60s\n", r.Column.System, r.Column.Dataset, r.Column.Name, r.Column.DataType,
					strings.Join(r.Codes, ";"), got[i].Code, got[i].Confidence, got[i].Personal, alt, r.Column.Comment)
			}
		}
	}
}

func line(name string, rows []judge.Row, got []classify.Suggestion) {
	ok, top, none, exact := 0, 0, 0, 0
	person, hidden, hiddenCode, imp, called := 0, 0, 0, 0, 0
	for i, r := range rows {
		g := got[i]
		if g.Code == "" {
			none++
		}
		if r.Acceptable(g.Code) {
			ok++
		}
		if r.Codes[0] == g.Code {
			exact++
		}
		if topOK(r, g.Code) {
			top++
		}
		nonCode := strings.HasPrefix(g.Code, "tech") || strings.HasPrefix(g.Code, "pro.company")
		switch r.Personal {
		case classify.IsPersonal:
			person++
			if g.Personal == classify.NonPersonal {
				hidden++
			}
			if nonCode {
				hiddenCode++
			}
		case classify.NonPersonal:
			imp++
			if g.Personal == classify.NonPersonal {
				called++
			}
		}
	}
	n := float64(len(rows))
	fmt.Printf("%-18s %5d  acceptable %5.1f  exact %5.1f  top %5.1f  none %4.1f  | personal %4d hidden %4.1f%% (code %4.1f%%) nonpersonal %4d called %5.1f%%\n", name, len(rows),
		100*float64(ok)/n, 100*float64(exact)/n, 100*float64(top)/n, 100*float64(none)/n, person, 100*float64(hidden)/float64(max(person, 1)),
		100*float64(hiddenCode)/float64(max(person, 1)), imp, 100*float64(called)/float64(max(imp, 1)))
}

func topOf(code string) string { t, _, _ := strings.Cut(code, "."); return t }

func topOK(r judge.Row, code string) bool {
	return slices.ContainsFunc(r.Codes, func(c string) bool { return topOf(c) == topOf(code) })
}

func macro(rows []judge.Row, got []classify.Suggestion) {
	tp, fp, fn, n := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for i, r := range rows {
		want, g := topOf(r.Codes[0]), topOf(got[i].Code)
		n[want]++
		if topOK(r, got[i].Code) {
			tp[g]++
			continue
		}
		fn[want]++
		fp[g]++
	}
	sum, k := 0.0, 0.0
	for _, c := range []string{"tech", "crm", "ident", "pro", "conn", "web", "eco", "loc", "unk"} {
		f1 := 2 * float64(tp[c]) / float64(max(1, 2*tp[c]+fp[c]+fn[c]))
		fmt.Printf("%s %d F1 %.3f  ", c, n[c], f1)
		if n[c] >= 20 {
			sum, k = sum+f1, k+1
		}
	}
	fmt.Printf("\nmacro-F1 (classes >= 20) %.3f\n", sum/k)
}
