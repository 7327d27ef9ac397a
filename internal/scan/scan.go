// Package scan turns a source of field descriptions or measures into domain values, row by row, with what is wrong with each
// row beside it. It writes nothing and knows no database.
package scan

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"utile/internal/domain"
	"utile/internal/sheet"
)

// Found is what a source says at one place: a field, or the problems for which none is taken.
type Found struct {
	Line     int
	Field    domain.FoundField // where there is a problem, no more than its name
	Problems []domain.RowProblem
	Place    string // where in which file, for files without rows
}

// Source is something that describes fields: a table, or a document of another format. The sequence ends
// at the first error, which concerns the source as a whole.
type Source interface {
	Fields() iter.Seq2[Found, error]
}

// Measured is a row of measures, or the problems for which it is not taken.
type Measured struct {
	Line     int
	Field    domain.MeasuredField // only where there is no problem
	Problems []domain.RowProblem
}

// ErrMapping is a mapping that does not fit the headings, or says twice the same.
var ErrMapping = errors.New("scan: mapping")

// CheckMapping returns the targets that a mapping needs and lacks: a field needs its name and that of its dataset.
func CheckMapping(mapping []domain.ScanTarget) (missing []domain.ScanTarget) {
	for _, need := range []domain.ScanTarget{domain.ScanDataset, domain.ScanField} {
		found := false
		for _, t := range mapping {
			found = found || t == need
		}
		if !found {
			missing = append(missing, need)
		}
	}
	return missing
}

// sampleRows is how many rows a guess of the mapping looks at.
const sampleRows = 50

// Guess proposes a mapping for a table; see domain.GuessHeadings. No row is lost to the reading that follows.
func Guess(t *sheet.Table, remembered map[string]string) []domain.ScanTarget {
	return domain.GuessHeadings(t.Headers(), t.Sample(sampleRows), remembered)
}

// Known is what a person said of a whole table, for every row: its application and its dataset, where no column holds them.
type Known map[domain.ScanTarget]string

// inventory is a table as a source.
type inventory struct {
	table   *sheet.Table
	mapping []domain.ScanTarget
	known   Known
}

// Inventory is the fields that the rows of a table describe, mapping telling what each column holds. Rows whose fields were
// met before are problems that name the first line. A row that is not taken still names its field, as far as the name can be
// read, so that whoever compares does not take the field for gone.
//
// A dataset is named by its table. Where the file has the same table in two schemas of an application, both are named
// "schema.table"; the table is read twice to know. Names that differ in case only are one dataset, spelt as at first.
func Inventory(t *sheet.Table, mapping []domain.ScanTarget, known Known) Source {
	return inventory{t, mapping, known}
}

func (i inventory) Fields() iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		in, err := newReader(i.table, i.mapping, i.known)
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
				found.Field.Application = i.known[domain.ScanApplication]
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

// field makes a field of the row that was just read.
func (r *reader) field(line int, problems []domain.RowProblem, names *datasetNames, seen *lines) Found {
	out := Found{Line: line, Problems: problems}
	if len(problems) > 0 {
		return out
	}
	f, problems := domain.NewFoundField(line, r.cells)
	if len(problems) > 0 {
		out.Problems = r.headed(problems)
		return out
	}
	f.Dataset = names.name(f)
	if utf8.RuneCountInString(f.Dataset) > domain.MaxScanName {
		out.Problems = r.problem(line, domain.ScanDataset, "scan.problem.too_long", "most", domain.MaxScanName)
		return out
	}
	if first := seen.first(line, strings.ToLower(f.Application), strings.ToLower(f.Dataset), f.Name); first != line {
		out.Problems = r.problem(line, domain.ScanField, "scan.problem.duplicate", "line", first)
		return out
	}
	out.Field = f
	return out
}

// Stats is the measures that the rows of a table hold, mapping telling what each column holds. A field measured twice by one
// source at one moment is a problem that names the first line; of two moments, the newer counts, which is for whoever
// compares. Datasets keep the name of their table; domain.MeasuredField.DatasetNames tells under which names the register
// may know them.
func Stats(t *sheet.Table, mapping []domain.ScanTarget, known Known) iter.Seq2[Measured, error] {
	return func(yield func(Measured, error) bool) {
		in, err := newReader(t, mapping, known)
		if err != nil {
			yield(Measured{}, err)
			return
		}
		if err := in.findUnits(); err != nil {
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

func (r *reader) measure(line int, problems []domain.RowProblem, seen *lines) Measured {
	out := Measured{Line: line, Problems: problems}
	if len(problems) > 0 {
		return out
	}
	m, problems := domain.NewMeasuredField(line, r.cells, r.units)
	if len(problems) > 0 {
		out.Problems = r.headed(problems)
		return out
	}
	at := ""
	if m.MeasuredAt != nil {
		at = m.MeasuredAt.String()
	}
	first := seen.first(line, strings.ToLower(m.Application), strings.ToLower(m.Schema), strings.ToLower(m.Dataset), m.Name, m.Source, at)
	if first != line {
		out.Problems = r.problem(line, domain.ScanField, "scan.problem.duplicate", "line", first)
		return out
	}
	out.Field = m
	return out
}

// reader reads the rows of a table as cells by target.
type reader struct {
	table    *sheet.Table
	columns  []domain.ScanTarget // by column of the table
	headings map[domain.ScanTarget]string
	cells    map[domain.ScanTarget]string // of the row at hand
	units    map[domain.ScanTarget]domain.ScanUnit
}

// findUnits takes the units of measures from their headings. Of shares whose heading says none, all values tell, for which the
// table is read twice.
func (r *reader) findUnits() error {
	r.units = map[domain.ScanTarget]domain.ScanUnit{}
	for t, heading := range r.headings {
		r.units[t] = domain.ScanUnitOf(t, heading)
	}
	column := slices.Index(r.columns, domain.ScanFillRate)
	if column < 0 || r.units[domain.ScanFillRate] != domain.ScanUnitNone {
		return nil
	}
	var shares domain.ScanShares
	for {
		row, err := r.table.Next()
		if errors.Is(err, io.EOF) {
			r.units[domain.ScanFillRate] = shares.Unit()
			return r.table.Rewind()
		}
		if err != nil {
			return err
		}
		shares.See(cellText(row.Cells, column))
	}
}

func newReader(t *sheet.Table, mapping []domain.ScanTarget, known Known) (*reader, error) {
	if len(mapping) != len(t.Headers()) {
		return nil, fmt.Errorf("%w: %d targets for %d headings", ErrMapping, len(mapping), len(t.Headers()))
	}
	r := &reader{table: t, columns: mapping, headings: map[domain.ScanTarget]string{}, cells: map[domain.ScanTarget]string{}}
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
		r.cells[domain.ScanDataset] = known[domain.ScanDataset]
	}
	for _, need := range CheckMapping(mapping) {
		if r.cells[need] == "" {
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

// next reads the next row into cells, or returns the problems that the table has with it.
func (r *reader) next() (line int, problems []domain.RowProblem, err error) {
	row, err := r.table.Next()
	if err != nil {
		return 0, nil, err
	}
	for _, p := range row.Problems {
		column := ""
		if i := p.Column - 1; i >= 0 && i < len(r.columns) {
			column = r.table.Headers()[i]
		}
		problems = append(problems, domain.RowProblem{Line: row.Line, Column: column, Key: p.Key, Args: p.Args})
	}
	for i, target := range r.columns {
		if target != domain.ScanIgnore && target != "" {
			r.cells[target] = text(row.Cells[i])
		}
	}
	return row.Line, problems, nil
}

// text is a cell as it was before an export made it harmless, in the composed form of Unicode: "é" typed on one machine and
// on another is the same name.
func text(cell string) string {
	cell = sheet.Plain(cell)
	if norm.NFC.IsNormalString(cell) {
		return cell
	}
	return norm.NFC.String(cell)
}

// headed names the columns of problems by their headings.
func (r *reader) headed(problems []domain.RowProblem) []domain.RowProblem {
	for i, p := range problems {
		problems[i].Column = r.headings[domain.ScanTarget(p.Column)]
	}
	return problems
}

func (r *reader) problem(line int, target domain.ScanTarget, key string, args ...any) []domain.RowProblem {
	return []domain.RowProblem{{Line: line, Column: r.headings[target], Key: key, Args: domain.Args(args...)}}
}

// datasetNames names the datasets of a file.
type datasetNames struct {
	schemas map[string]string // by application and table: the one schema, or several
	spelt   map[string]string // by application and name without case: as first spelt
}

// several stands for the schemas of a table that is in more than one; no schema has that name, which is refused.
const several = "\x00"

// datasetNames looks through the file for tables that are in more than one schema, and goes back to its start. It looks at
// names only, also of rows that are refused later for another reason.
func (r *reader) datasetNames() (*datasetNames, error) {
	n := &datasetNames{schemas: map[string]string{}, spelt: map[string]string{}}
	schema := slices.Index(r.columns, domain.ScanSchema)
	if schema < 0 {
		return n, nil
	}
	application, dataset := slices.Index(r.columns, domain.ScanApplication), slices.Index(r.columns, domain.ScanDataset)
	for {
		row, err := r.table.Next()
		if errors.Is(err, io.EOF) {
			return n, r.table.Rewind()
		}
		if err != nil {
			return nil, err
		}
		if len(row.Problems) == 0 {
			n.see(cellText(row.Cells, application), cellText(row.Cells, schema), cellText(row.Cells, dataset))
		}
	}
}

func cellText(cells []string, column int) string {
	if column < 0 {
		return ""
	}
	return domain.ScanText(text(cells[column]))
}

func (n *datasetNames) see(application, schema, dataset string) {
	if schema == "" {
		return
	}
	key := datasetKey(application, dataset)
	switch known, met := n.schemas[key]; {
	case !met:
		n.schemas[key] = schema
	case known != several && !strings.EqualFold(known, schema):
		n.schemas[key] = several
	}
}

// told is the name of a dataset as this place of the file spells it.
func (n *datasetNames) told(f domain.FoundField) string {
	if f.Schema != "" && n.schemas[datasetKey(f.Application, f.Dataset)] == several {
		return domain.ScanDatasetName(f.Schema, f.Dataset)
	}
	return f.Dataset
}

// name is the name of a dataset, spelt as at first.
func (n *datasetNames) name(f domain.FoundField) string {
	name := n.told(f)
	key := datasetKey(f.Application, name)
	if first, met := n.spelt[key]; met {
		return first
	}
	n.spelt[key] = name
	return name
}

func datasetKey(application, name string) string {
	return strings.ToLower(application) + "\x00" + strings.ToLower(name)
}

// lines remembers the line at which each key was met first. It keeps hashes, so that a million keys take some 30 MB whatever
// their length; the seed is drawn for each file, so that nobody can prepare two keys of one hash.
type lines struct {
	seed maphash.Seed
	at   map[uint64]int32
}

func newLines() *lines { return &lines{maphash.MakeSeed(), map[uint64]int32{}} }

// first is the line at which the key was met first: this one, if it is new.
func (l *lines) first(line int, key ...string) int {
	var h maphash.Hash
	h.SetSeed(l.seed)
	for _, part := range key {
		_, _ = h.WriteString(part) // a hash takes everything
		_ = h.WriteByte(0)         // no name holds a zero
	}
	sum := h.Sum64()
	if at, met := l.at[sum]; met {
		return int(at)
	}
	l.at[sum] = int32(line) //nolint:gosec // lines are bounded by the limits of the table
	return line
}
