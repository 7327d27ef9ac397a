// Command train makes the weights of the classifier from the labelled columns beside it, and measures it on systems that
// took no part in its making.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"utile/internal/classify"
	"utile/internal/classify/judge"
)

// families are systems that describe the same thing, or that were written down with one of them in mind: to leave one out
// is to leave out its family.
var families = map[string]string{
	"dbt_hubspot": "hubspot", "hubspot_like": "hubspot", "pagila": "sakila", "tagmanager_ab": "matomo", "erp_generic": "dolibarr",
	"lms_generic": "moodle", "nonprofit_salesforce": "salesforce", "event_nonprofit": "civicrm", "woocommerce": "wordpress",
}

func family(system string) string { return cmp.Or(families[system], system) }

// heldOut systems took no part in any choice of words, rules or settings.
var heldOut = []string{"civicrm", "twenty", "wordpress", "sakila"}

func main() {
	dir := flag.String("data", "internal/classify/train/data", "folder of labelled columns")
	bench := flag.Bool("bench", false, "leave one system out at a time and print what comes of it; write no weights")
	misses := flag.String("misses", "", "with -bench: write wrong suggestions to this file")
	measured := flag.String("measured", "", "with -bench: another file of the measured columns, to ask with its comments")
	out := flag.String("o", "internal/classify/data/model.bin", "file of the weights")
	o := defaultOptions
	flag.IntVar(&o.epochs, "epochs", o.epochs, "looks at each example")
	flag.Float64Var(&o.rate, "rate", o.rate, "size of steps")
	flag.Float64Var(&o.drop, "drop", o.drop, "share of statements hidden at each look")
	flag.Parse()
	if err := run(*dir, *bench, *measured, *misses, *out, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir string, bench bool, measured, misses, out string, o options) error {
	base, err := classify.Untrained()
	if err != nil {
		return err
	}
	all, err := readCorpus(dir)
	if err != nil {
		return err
	}
	if !bench {
		return all.train(base, o, out)
	}
	asked := all.measured
	if measured != "" {
		if asked, err = readLabels(measured); err != nil {
			return err
		}
	}
	return all.bench(os.Stdout, base, asked, o, misses)
}

// train writes a model of all columns, calibrated by those that were left out one system at a time.
func (all corpus) train(base *classify.Classifier, o options, out string) error {
	folds := all.folds(base, all.measured, nil, o)
	var seen []outcome
	for _, f := range folds {
		seen = append(seen, outcomes(f.classifier, f.rows)...)
	}
	m := learn(all.without(base, nil), o).Calibrated(calibrate(seen), impersonalFrom(seen))
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	if _, err := m.WriteTo(file); err != nil {
		return err
	}
	return file.Close()
}

// fold is one family of systems left out, and a classifier that has not seen it.
type fold struct {
	name       string
	rows       []judge.Row
	classifier *classify.Classifier
}

// folds leaves out one family of the asked rows at a time, and besides those named.
func (all corpus) folds(base *classify.Classifier, asked []judge.Row, besides []string, o options) []*fold {
	var list []*fold
	for _, r := range asked {
		name := family(r.Column.System)
		i := slices.IndexFunc(list, func(f *fold) bool { return f.name == name })
		if i < 0 {
			i = len(list)
			list = append(list, &fold{name: name})
		}
		list[i].rows = append(list[i].rows, r)
	}
	var wait sync.WaitGroup
	slots := make(chan struct{}, 2) // each needs its own room for weights
	for _, f := range list {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			f.classifier = base.With(learn(all.without(base, append([]string{f.name}, besides...)), o))
		})
	}
	wait.Wait()
	return list
}

// bench prints two measures: each system that was worked with, left out of the training of its own classifier together
// with all held out; and the held-out systems, by one classifier that has seen none of them.
func (all corpus) bench(w io.Writer, base *classify.Classifier, asked []judge.Row, o options, misses string) error {
	var known, unseen []judge.Row
	for _, r := range asked {
		if slices.Contains(heldOut, family(r.Column.System)) {
			unseen = append(unseen, r)
		} else {
			known = append(known, r)
		}
	}
	folds := all.folds(base, known, heldOut, o)
	fmt.Fprintln(w, "One system left out at a time")
	var rows []judge.Row
	var got []classify.Suggestion
	var seen []outcome
	for _, f := range folds {
		seen = append(seen, outcomes(f.classifier, f.rows)...)
	}
	line, from := calibrate(seen), impersonalFrom(seen)
	for _, f := range folds {
		f.classifier = f.classifier.Calibrated(line, from)
		rows = append(rows, f.rows...)
		got = append(got, judge.Suggest(f.classifier, f.rows)...)
		printSystem(w, f.name, judge.Compare(f.rows, judge.Suggest(f.classifier, f.rows)))
	}
	fmt.Fprintln(w)
	if err := judge.Compare(rows, got).Print(w); err != nil {
		return err
	}
	c := all.unseeing(base, o).Calibrated(line, from)
	fmt.Fprintln(w, "\nSystems held out from everything")
	suggested := judge.Suggest(c, unseen)
	for _, name := range heldOut {
		var part []judge.Row
		for _, r := range unseen {
			if family(r.Column.System) == name {
				part = append(part, r)
			}
		}
		printSystem(w, name, judge.Compare(part, judge.Suggest(c, part)))
	}
	fmt.Fprintln(w)
	if err := judge.Compare(unseen, suggested).Print(w); err != nil {
		return err
	}
	if err := all.benchExtra(w, base, o, line, from); err != nil || misses == "" {
		return err
	}
	return writeMisses(misses, rows, got)
}

// benchExtra asks about two systems that were written down when everything was settled, by a classifier that has learnt
// from all others.
func (all corpus) benchExtra(w io.Writer, base *classify.Classifier, o options, line []classify.Point, from float64) error {
	c := base.With(learn(all.without(base, nil), o)).Calibrated(line, from)
	fmt.Fprintln(w, "\nSystems written down afterwards")
	for _, places := range systems(all.extra) {
		printSystem(w, places[0].Column.System, judge.Compare(places, judge.Suggest(c, places)))
	}
	fmt.Fprintln(w)
	return judge.Compare(all.extra, judge.Suggest(c, all.extra)).Print(w)
}

// systems cuts rows where the system changes.
func systems(rows []judge.Row) (list [][]judge.Row) {
	for i, r := range rows {
		if i == 0 || r.Column.System != rows[i-1].Column.System {
			list = append(list, nil)
		}
		list[len(list)-1] = append(list[len(list)-1], r)
	}
	return list
}

// unseeing is a classifier that has seen none of the held-out systems.
func (all corpus) unseeing(base *classify.Classifier, o options) *classify.Classifier {
	return base.With(learn(all.without(base, heldOut), o))
}

func printSystem(w io.Writer, name string, r judge.Report) {
	fmt.Fprintf(w, "%-16s %5d columns  acceptable %5.1f %%  top level %5.1f %%  none %4.1f %%  personal called non-personal %4.1f %%\n", name, r.Columns,
		100*r.Acceptable.Share, 100*r.TopLevel.Share, 100*r.None.Share, 100*r.Hidden.Share)
}

func writeMisses(path string, rows []judge.Row, got []classify.Suggestion) error {
	var b strings.Builder
	for i, r := range rows {
		if !r.Acceptable(got[i].Code) {
			fmt.Fprintf(&b, "%s.%s.%s (%s) want %s got %s %.2f %s %v\n", r.Column.System, r.Column.Dataset, r.Column.Name, r.Column.DataType,
				strings.Join(r.Codes, ";"), got[i].Code, got[i].Confidence, got[i].Personal, got[i].Alternatives)
		}
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}

// corpus is all labelled columns.
type corpus struct {
	measured []judge.Row // of systems whose columns were labelled for measuring
	own      []judge.Row // of systems as they are generally known
	extra    []judge.Row // never learnt from
}

// ownWeight is what a column written from general knowledge counts beside one that was read from a real schema.
const ownWeight = 0.8

func readCorpus(dir string) (corpus, error) {
	var all corpus
	var err error
	if all.measured, err = readLabels(filepath.Join(dir, "utile_columns.csv")); err != nil {
		return all, err
	}
	if all.own, err = readLabels(filepath.Join(dir, "names.csv")); err != nil {
		return all, err
	}
	short, err := readShort(filepath.Join(dir, "short.txt"))
	if err != nil {
		return all, err
	}
	if all.extra, err = readOwn(filepath.Join(dir, "extra.txt"), short); err != nil {
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

func readLabels(path string) ([]judge.Row, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // nothing was written
	return judge.Read(file)
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

// without returns the examples of all systems but those of the families left out.
func (all corpus) without(base *classify.Classifier, left []string) []example {
	keep := func(rows []judge.Row) (kept []judge.Row) {
		for _, r := range rows {
			if !slices.Contains(left, family(r.Column.System)) {
				kept = append(kept, r)
			}
		}
		return kept
	}
	list := append(examples(base, keep(all.measured), 1), examples(base, keep(all.own), ownWeight)...)
	return append(list, phraseExamples(base)...)
}
