package scan

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"utile/internal/domain"
	"utile/internal/sheet"
)

// Known is what a person said of a whole file, for every row: its application and its dataset, where no column holds them.
type Known map[domain.ScanTarget]string

// reader reads a table for an import.
func (k Known) reader(t *sheet.Table, mapping []domain.ScanTarget) (*reader, error) {
	r := &reader{table: t, columns: mapping, headings: map[domain.ScanTarget]string{}, cells: map[domain.ScanTarget]string{}}
	if len(mapping) != len(t.Headers()) {
		return nil, fmt.Errorf("%w: %d targets for %d headings", ErrMapping, len(mapping), len(t.Headers()))
	}
	for i, target := range mapping {
		if target == domain.ScanIgnore || target == "" {
			continue
		}
		if other, twice := r.headings[target]; twice {
			return nil, fmt.Errorf("%w: %q and %q are both %s", ErrMapping, other, t.Headers()[i], target)
		}
		r.headings[target] = t.Headers()[i]
	}
	// Names of datasets are told apart within an application, which no column names here: it is put to the rows at the end.
	if !r.maps(domain.ScanDataset) {
		r.cells[domain.ScanDataset] = k[domain.ScanDataset]
	}
	for _, need := range []domain.ScanTarget{domain.ScanDataset, domain.ScanField} {
		if r.headings[need] == "" && r.cells[need] == "" {
			return nil, fmt.Errorf("%w: no %s", ErrMapping, need)
		}
	}
	return r, nil
}

// maps tells whether a column of the table holds the target.
func (r *reader) maps(t domain.ScanTarget) bool {
	_, mapped := r.headings[t]
	return mapped
}

// InventoryOf is Inventory for a file of which something is known beside its columns. A row that is not taken still names
// its field, as far as the name can be read, so that whoever compares does not take the field for gone.
func InventoryOf(t *sheet.Table, mapping []domain.ScanTarget, known Known) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		in, err := known.reader(t, mapping)
		if err != nil {
			yield(Found{}, err)
			return
		}
		names, err := in.datasetNames()
		if err != nil {
			yield(Found{}, err)
			return
		}
		seen := newLines()
		for {
			line, problems, err := in.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Found{}, err)
				return
			}
			found := in.field(line, problems, names, seen)
			if len(found.Problems) > 0 {
				found.Field = in.named(names)
			}
			if !in.maps(domain.ScanApplication) {
				found.Field.Application = known[domain.ScanApplication]
			}
			if !yield(found, nil) {
				return
			}
		}
	}
}

// named is what can be read of the name of a row that is not taken; empty where it cannot be a name.
func (r *reader) named(names *datasetNames) domain.FoundField {
	f := domain.FoundField{Application: r.cells[domain.ScanApplication], Schema: r.cells[domain.ScanSchema],
		Dataset: r.cells[domain.ScanDataset], Name: r.cells[domain.ScanField]}
	for _, s := range []string{f.Application, f.Schema, f.Dataset, f.Name} {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) || utf8.RuneCountInString(s) > domain.MaxScanName {
			return domain.FoundField{}
		}
	}
	if f.Dataset == "" || f.Name == "" {
		return domain.FoundField{}
	}
	f.Dataset = names.name(f)
	return f
}

// StatsOf is Stats for a file of which something is known beside its columns. A field measured twice is for whoever
// compares: the newer measure counts.
func StatsOf(t *sheet.Table, mapping []domain.ScanTarget, known Known) iter.Seq2[Measured, error] {
	return func(yield func(Measured, error) bool) {
		in, err := known.reader(t, mapping)
		if err != nil {
			yield(Measured{}, err)
			return
		}
		seen := newLines()
		for {
			line, problems, err := in.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Measured{}, err)
				return
			}
			measured := in.measure(line, problems, seen)
			if !in.maps(domain.ScanApplication) {
				measured.Field.Application = known[domain.ScanApplication]
			}
			if !yield(measured, nil) {
				return
			}
		}
	}
}
