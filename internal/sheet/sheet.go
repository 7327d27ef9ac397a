// Package sheet reads and writes tables of cells: CSV and XLSX in; CSV, XLSX and JSON out. It knows nothing of what the
// cells mean, trusts nothing that a file says about itself, and keeps memory bounded whatever the file holds.
package sheet

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits bound what is read of a file. A zero means the default.
type Limits struct {
	File    int64 // bytes of the file as sent
	Total   int64 // bytes of an archive's parts, unpacked
	Part    int64 // bytes of one part that is not a sheet or its shared texts, unpacked
	Parts   int   // parts of an archive
	Sheets  int   // sheets of a workbook
	Ratio   int64 // unpacked bytes for one packed, beyond the first mebibyte of a part
	Rows    int   // rows, the heading apart
	Columns int   // columns
	Cell    int   // characters of a cell
	Record  int   // bytes of a row of text
}

// DefaultLimits take every table that a spreadsheet program can hold and a person would send.
var DefaultLimits = Limits{
	File: 100 << 20, Total: 200 << 20, Part: 8 << 20, Parts: 2000, Sheets: 50, Ratio: 100, Rows: 1_100_000, Columns: 500,
	Cell: 32_767, Record: 4 << 20,
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	l.File, l.Total, l.Part, l.Ratio = or(l.File, d.File), or(l.Total, d.Total), or(l.Part, d.Part), or(l.Ratio, d.Ratio)
	l.Parts, l.Sheets, l.Rows = or(l.Parts, d.Parts), or(l.Sheets, d.Sheets), or(l.Rows, d.Rows)
	l.Columns, l.Cell, l.Record = or(l.Columns, d.Columns), or(l.Cell, d.Cell), or(l.Record, d.Record)
	return l
}

func or[T int | int64](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

// Kind says what is wrong with a file in a way that callers act on. It is itself an error: errors.Is(err, sheet.TooLarge).
type Kind string

func (k Kind) Error() string { return string(k) }

// The kinds of errors.
const (
	Empty     Kind = "empty"      // no byte, or no row under the heading
	NotATable Kind = "not table"  // another kind of file
	Unsafe    Kind = "unsafe"     // macros, documents inside, entities: never read
	Encrypted Kind = "encrypted"  // asks for a password
	Damaged   Kind = "damaged"    // cut short or corrupt
	TooLarge  Kind = "too large"  // over a limit
	Headings  Kind = "headings"   // headings that cannot be told apart
	NoSheet   Kind = "no sheet"   // the sheet asked for does not exist
	RowSyntax Kind = "row syntax" // one row is not as it should be; the rows after it can be read
)

// Error is what is wrong with a file or with a row of it, as a message key and its arguments.
//
// Keys of errors that end the reading, with their arguments beside Line and Column:
//
//	sheet.error.empty               the file is empty
//	sheet.error.no_rows             headings only
//	sheet.error.not_a_table (is)    another format; is: "xls", "xlsb", "ods", "docx", "pptx", "pdf", "json", "html", "xml", "image", "zip",
//	                                "gzip", "archive", "rtf", "database", "parquet", "binary"
//	sheet.error.not_a_book (is)     the same of what is read as a book
//	sheet.error.macros              a workbook with macros
//	sheet.error.nested (part)       a file inside the workbook
//	sheet.error.entities (part)     a document type or entities in a part
//	sheet.error.encrypted           a password is needed
//	sheet.error.damaged             cut short or corrupt
//	sheet.error.cut                 a text that is broken off within its last row
//	sheet.error.nul                 a row with NUL bytes
//	sheet.error.quotes (most)       too many rows with a misplaced quotation mark
//	sheet.error.file_size (most)    bytes as sent
//	sheet.error.unpacked (most)     bytes unpacked
//	sheet.error.part_size (part, most)
//	sheet.error.ratio (part)        compressed beyond what a table can be
//	sheet.error.parts (most)        too many parts
//	sheet.error.sheets (most)       too many sheets
//	sheet.error.rows (most)         too many rows
//	sheet.error.columns (most)      too many columns
//	sheet.error.record (most)       a row of too many bytes
//	sheet.error.duplicate_heading (heading, first)   first: number of the first column of that heading
//	sheet.error.no_sheet (sheet)    no sheet of that name
//	sheet.error.written_rows (most) more rows than a workbook holds
//	sheet.error.encoding (encoding) the encoding asked for is not known
//
// Keys of problems of one row:
//
//	sheet.problem.quote             a quotation mark where none can be
//	sheet.problem.cell (most)       a cell of too many characters
//	sheet.problem.extra             filled cells behind the last heading
//	sheet.problem.encoding          letters that the file's encoding does not have
type Error struct {
	Kind   Kind
	Line   int // row as a spreadsheet program numbers it, 0 where it concerns the file
	Column int // column from 1, 0 where it concerns the row
	Key    string
	Args   map[string]any
	Sheet  string   // of a workbook, where only the one that was chosen is at fault, and
	Sheets []string // all that are visible
	cause  error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("sheet: " + e.Key)
	if e.Line > 0 {
		fmt.Fprintf(&b, " line %d", e.Line)
	}
	if e.Column > 0 {
		fmt.Fprintf(&b, " column %d", e.Column)
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap makes errors.Is work with the Kind and with the cause.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

// fault builds an Error; args are name, value pairs.
func fault(kind Kind, key string, args ...any) *Error {
	e := &Error{Kind: kind, Key: key}
	for i := 0; i+1 < len(args); i += 2 {
		if e.Args == nil {
			e.Args = make(map[string]any, len(args)/2)
		}
		e.Args[args[i].(string)] = args[i+1]
	}
	return e
}

func (e *Error) at(line, column int) *Error {
	e.Line, e.Column = line, column
	return e
}

func (e *Error) because(err error) *Error {
	e.cause = err
	return e
}

// Options say how to read where the file leaves a choice. The zero value lets the content decide.
type Options struct {
	Limits Limits
	Sheet  string // sheet of a workbook; empty is the one that Prefer says, else the first visible one that is not empty
	// Prefer says how much the headings of a sheet are those of the table that is looked for; of equals the first counts.
	Prefer   func(headings []string) int
	Encoding string // encoding of a text, one of Encodings; empty is recognised
	Comma    rune   // delimiter of a text; zero is recognised
	forms    bool   // of people, whose cells are taken as they are shown
	TempDir  string // where large parts of a workbook wait; empty is the system's
}

// Format is the format of a table that was recognised.
type Format string

// The formats that are read.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Row is one row of a table.
type Row struct {
	Line     int      // as a text editor or a spreadsheet program numbers it
	Cells    []string // as many as there are headings
	Problems []*Error // what keeps this row from being taken; the cells are then a best effort
}

// rows is what a format yields: rows of as many cells as they have, blank ones left out.
type rows interface {
	next() (Row, error)
	close() error
}

// Table is an open table: headings, then rows one by one. It is not safe for concurrent use.
type Table struct {
	Format   Format
	Encoding string   // of a text
	Comma    rune     // of a text
	Sheet    string   // the sheet that is read
	Sheets   []string // visible sheets of a workbook

	open     func() (rows, error)
	rows     rows
	release  func() error
	limits   Limits
	headings []string
	line     int   // of the headings
	ahead    []Row // read while looking for the headings
	ended    error // what the rows ended with
	n        int
	failed   error
}

// Headers are the headings, trimmed; a column without one has an empty heading. No two that are not empty are the same.
func (t *Table) Headers() []string { return t.headings }

// HeaderLine is the line of the headings.
func (t *Table) HeaderLine() int { return t.line }

// Next returns the next row that is not blank, io.EOF behind the last, or an *Error that ends the reading.
func (t *Table) Next() (Row, error) {
	if t.failed != nil {
		return Row{}, t.failed
	}
	row, err := t.raw()
	if err == nil {
		if t.n++; t.n > t.limits.Rows {
			err = fault(TooLarge, "sheet.error.rows", "most", t.limits.Rows).at(row.Line, 0)
		}
	}
	if err != nil {
		t.failed = err
		return Row{}, err
	}
	return t.fit(row), nil
}

func (t *Table) raw() (Row, error) {
	if len(t.ahead) > 0 {
		row := t.ahead[0]
		t.ahead = t.ahead[1:]
		return row, nil
	}
	return t.pull()
}

// pull reads a row from the file. What ended the rows ends them for good, whoever met it first.
func (t *Table) pull() (Row, error) {
	if t.ended != nil {
		return Row{}, t.ended
	}
	var row Row
	row, t.ended = t.rows.next()
	return row, t.ended
}

// fit gives a row as many cells as there are headings.
func (t *Table) fit(row Row) Row {
	width := len(t.headings)
	for i := width; i < len(row.Cells); i++ {
		if !blank(row.Cells[i]) {
			row.Problems = append(row.Problems, fault(RowSyntax, "sheet.problem.extra").at(row.Line, i+1))
			break
		}
	}
	if len(row.Cells) > width {
		row.Cells = row.Cells[:width]
	}
	for len(row.Cells) < width {
		row.Cells = append(row.Cells, "")
	}
	return row
}

// Sample returns up to n rows that follow, and leaves them to be read.
func (t *Table) Sample(n int) [][]string {
	for len(t.ahead) < n {
		row, err := t.pull()
		if err != nil {
			break // Next meets it again
		}
		t.ahead = append(t.ahead, row)
	}
	var out [][]string
	for _, row := range t.ahead[:min(n, len(t.ahead))] {
		row.Cells = append([]string(nil), row.Cells...)
		out = append(out, t.fit(row).Cells)
	}
	return out
}

// Rewind goes back to the first row under the headings.
func (t *Table) Rewind() error {
	if err := t.rows.close(); err != nil {
		return err
	}
	return t.start()
}

// Close frees what the table holds, on disk too.
func (t *Table) Close() error {
	return errors.Join(t.rows.close(), t.release())
}

// headingSearch is how many rows at the top may be a title, remarks or headings over groups of columns.
const headingSearch = 10

// start opens the rows and finds the headings.
func (t *Table) start() error {
	var err error
	t.ahead, t.ended, t.n, t.failed = nil, nil, 0, nil
	if t.rows, err = t.open(); err != nil {
		return err
	}
	for len(t.ahead) < headingSearch {
		row, err := t.pull()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		t.ahead = append(t.ahead, row)
	}
	if len(t.ahead) == 0 {
		return fault(Empty, "sheet.error.empty")
	}
	skip, cells := findHeadings(t.ahead)
	t.line, t.ahead = t.ahead[skip].Line, t.ahead[skip+1:]
	if t.headings, err = checkHeadings(cells, t.line, t.limits.Columns); err != nil {
		return err
	}
	if len(t.ahead) == 0 {
		return fault(Empty, "sheet.error.no_rows").at(t.line, 0)
	}
	return nil
}

// prefer chooses the sheet whose headings are worth most: what a table is for stands often behind a page that explains it.
func (t *Table) prefer(worth func(headings []string) int) {
	best, most := t.Sheet, -1
	for _, name := range t.Sheets {
		t.Sheet = name
		err := t.start()
		if t.rows != nil {
			err = errors.Join(err, t.rows.close())
			t.rows = nil
		}
		if err != nil {
			continue // a chart, a page of text
		}
		if n := worth(t.headings); n > most {
			best, most = name, n
		}
	}
	t.Sheet = best
}

// findHeadings tells which of the first rows holds the headings: the first, unless it is a title (one cell over a row of
// several) or names groups of columns (as merged cells do) over a row that names each.
func findHeadings(first []Row) (skip int, cells []string) {
	for skip < len(first)-1 {
		this, below := first[skip].Cells, first[skip+1].Cells
		switch n, m := filled(this), filled(below); {
		case n <= 1 && m > n && (len(this) > 1 || m > 2):
			skip++
		case n > 1 && m > n && 2*n <= filled(under(this, below)) && namesEach(below):
			return skip + 1, under(this, below)
		default:
			return skip, this
		}
	}
	return skip, first[skip].Cells
}

func filled(cells []string) int {
	n := 0
	for _, c := range cells {
		if !blank(c) {
			n++
		}
	}
	return n
}

// namesEach tells whether cells can be headings: no two the same, none a number.
func namesEach(cells []string) bool {
	seen := map[string]bool{}
	for _, c := range cells {
		c = strings.ToLower(strings.TrimSpace(c))
		if c == "" {
			continue
		}
		if seen[c] || strings.Trim(c, "0123456789.,-+ %") == "" {
			return false
		}
		seen[c] = true
	}
	return true
}

// under takes the headings of the lower row, and those of the upper where a cell spans both.
func under(upper, lower []string) []string {
	out := append([]string(nil), lower...)
	for i, c := range upper {
		switch {
		case i >= len(out):
			return out
		case blank(out[i]):
			out[i] = c
		}
	}
	return out
}

func checkHeadings(cells []string, line, most int) ([]string, error) {
	for len(cells) > 0 && blank(cells[len(cells)-1]) {
		cells = cells[:len(cells)-1]
	}
	if len(cells) > most {
		return nil, fault(TooLarge, "sheet.error.columns", "most", most).at(line, most+1)
	}
	out, first := make([]string, len(cells)), map[string]int{}
	for i, c := range cells {
		out[i] = strings.Join(strings.Fields(c), " ")
		key := strings.ToLower(out[i])
		if key == "" {
			continue
		}
		if n := first[key]; n > 0 {
			return nil, fault(Headings, "sheet.error.duplicate_heading", "heading", shorten(out[i]), "first", n).at(line, i+1)
		}
		first[key] = i + 1
	}
	return out, nil
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// shorten keeps a message readable.
func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// Open recognises a table by its content, whatever it is called, and finds its headings. It returns an *Error for what is
// not a CSV or XLSX table within the limits. The caller closes the table, and keeps r open until then.
func Open(r io.ReaderAt, size int64, o Options) (*Table, error) {
	o.Limits = o.Limits.orDefault()
	switch {
	case size <= 0:
		return nil, fault(Empty, "sheet.error.empty")
	case size > o.Limits.File:
		return nil, fault(TooLarge, "sheet.error.file_size", "most", o.Limits.File)
	}
	head := make([]byte, min(size, sniffed))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return nil, fault(Damaged, "sheet.error.damaged").because(err)
	}
	is := sniff(head, r, size)
	var t *Table
	var err error
	switch is {
	case "":
		t, err = openText(r, size, o)
	case "zip":
		t, err = openWorkbook(r, size, o)
	case "encrypted":
		err = fault(Encrypted, "sheet.error.encrypted")
	default:
		err = fault(NotATable, "sheet.error.not_a_table", "is", is)
	}
	if err != nil {
		return nil, err
	}
	t.limits = o.Limits
	if o.Sheet == "" && o.Prefer != nil && len(t.Sheets) > 1 {
		t.prefer(o.Prefer)
	}
	if err := t.start(); err != nil {
		if e, ok := errors.AsType[*Error](err); ok && len(t.Sheets) > 1 {
			e.Sheet, e.Sheets = t.Sheet, t.Sheets
		}
		if t.rows == nil {
			return nil, errors.Join(err, t.release())
		}
		if closing := t.Close(); closing != nil {
			return nil, errors.Join(err, closing)
		}
		return nil, err
	}
	return t, nil
}
