package sheet

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ColumnKind says what a column holds, and so how it is written.
type ColumnKind string

// The kinds of columns.
const (
	Text    ColumnKind = "text"
	Int     ColumnKind = "int"
	Number  ColumnKind = "number"
	Percent ColumnKind = "percent" // share between 0 and 1
	Date    ColumnKind = "date"    // day
	Time    ColumnKind = "time"    // moment
	Bool    ColumnKind = "bool"
)

// Column is a column to write.
type Column struct {
	Key   string // stable name, used by JSON
	Title string // heading, used by CSV and XLSX; empty is the key
	Kind  ColumnKind
	Width float64 // in characters, for XLSX; zero goes by the kind and the title
}

func (c Column) title() string {
	if c.Title == "" {
		return c.Key
	}
	return c.Title
}

// Writer writes one table. Header comes first, then rows of as many values as there are columns, then Close, which
// finishes the table and frees what the writer holds; after a failed Header or Row it only frees.
//
// Values are string, []string, bool, integers, floats, time.Time, pointers to these, fmt.Stringer, or nil for nothing.
type Writer interface {
	Header(columns []Column) error
	Row(values []any) error
	Close() error
}

var errOrder = errors.New("sheet: rows need a header of as many columns")

// dangerous begins what spreadsheet programs take for a formula, whatever the type of the cell says after a round trip.
const dangerous = "=+-@＝＋－＠"

// ListSeparator stands between the values of a list in one cell: a value such as a name may hold a comma of its own.
const ListSeparator = "; "

// Neutral puts an apostrophe before a text that a spreadsheet program could take for a formula, and before one that
// begins so behind apostrophes, so that Plain knows which one is ours.
func Neutral(s string) string {
	if isFormula(strings.TrimLeft(s, "'")) {
		return "'" + s
	}
	return s
}

// Plain takes the apostrophe of Neutral away, so that what was written reads as it was.
func Plain(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && isFormula(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return s
}

func isFormula(s string) bool {
	if s == "" {
		return false
	}
	if strings.IndexByte("\t\r\n\x00", s[0]) >= 0 {
		return true
	}
	// Programs also skip what cannot be seen before they look for a formula.
	rest := strings.TrimLeftFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\ufeff' || r == '\u200b'
	})
	r, _ := utf8.DecodeRuneInString(rest)
	return rest != "" && strings.ContainsRune(dangerous, r)
}

// printable drops the characters that XML cannot hold, which no other program expects in a cell either.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if inXML(r) {
			return r
		}
		return -1
	}, s)
}

func inXML(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || (r >= 0x20 && r <= 0xd7ff) || (r >= 0xe000 && r <= 0xfffd) || r >= 0x10000
}

// plainValue reduces a value to nil, string, []string, bool, int64, uint64, float64 or time.Time.
func plainValue(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case string, bool, int64, uint64, []string:
		return v
	case int:
		return int64(v)
	case int32:
		return int64(v)
	case int16:
		return int64(v)
	case uint32:
		return int64(v)
	case float32:
		return plainValue(float64(v))
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return v
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return v
	}
	return plainPointer(v)
}

func plainPointer(v any) any {
	switch v := v.(type) {
	case *string:
		return deref(v)
	case *bool:
		return deref(v)
	case *int:
		return deref(v)
	case *int64:
		return deref(v)
	case *float64:
		return deref(v)
	case *time.Time:
		return deref(v)
	case fmt.Stringer:
		return v.String()
	}
	return fmt.Sprint(v)
}

func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return plainValue(*p)
}

// isoTime writes a moment, or the day alone in a column of days.
func isoTime(t time.Time, kind ColumnKind) string {
	if kind == Date {
		return t.Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339)
}

// csvWriter writes CSV as spreadsheet programs of a language open it, or as programs read it.
type csvWriter struct {
	out     io.Writer
	mark    string // what opens the file
	csv     *csv.Writer
	columns []Column
	record  []string
	failed  error
}

// NewCSV writes UTF-8 delimited by ";" for French and "," otherwise, with the mark and the line ends that spreadsheet
// programs expect. Without a language the file is for scripts, which would take the mark for a part of the first heading:
// no mark, and lines end as text does. Numbers and dates are written for programs: 1234.5 and 2026-01-31.
func NewCSV(w io.Writer, lang string) Writer {
	c := &csvWriter{out: w, csv: csv.NewWriter(w)}
	if lang != "" {
		c.mark, c.csv.UseCRLF = bom8, true
	}
	if lang == "fr" || strings.HasPrefix(lang, "fr-") {
		c.csv.Comma = ';'
	}
	return c
}

func (c *csvWriter) Header(columns []Column) error {
	if _, err := io.WriteString(c.out, c.mark); err != nil {
		c.failed = err
		return err
	}
	c.columns, c.record = columns, make([]string, len(columns))
	for i, col := range columns {
		c.record[i] = Neutral(printable(col.title()))
	}
	c.failed = c.csv.Write(c.record)
	return c.failed
}

func (c *csvWriter) Row(values []any) error {
	if c.failed != nil {
		return c.failed
	}
	if len(values) != len(c.columns) || len(values) == 0 {
		c.failed = errOrder
		return errOrder
	}
	for i, v := range values {
		c.record[i] = csvCell(v, c.columns[i].Kind)
	}
	if len(c.record) == 1 && c.record[0] == "" {
		c.record[0] = " " // an empty line is no row
	}
	c.failed = c.csv.Write(c.record)
	return c.failed
}

func (c *csvWriter) Close() error {
	if c.failed != nil {
		return nil
	}
	c.csv.Flush()
	return c.csv.Error()
}

func csvCell(v any, kind ColumnKind) string {
	switch v := plainValue(v).(type) {
	case nil:
		return ""
	case string:
		return Neutral(printable(v))
	case []string:
		return Neutral(printable(strings.Join(v, ListSeparator)))
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return isoTime(v, kind)
	default: // int64, uint64
		return fmt.Sprint(v)
	}
}

// jsonWriter writes an array of objects, one a line, their members in the order of the columns.
type jsonWriter struct {
	out     *bufio.Writer
	keys    [][]byte
	kinds   []ColumnKind
	open    bool // the array is begun and not ended
	started bool // it has a row
	failed  error
}

// NewJSON writes an array of objects keyed by Column.Key, as rows come.
func NewJSON(w io.Writer) Writer { return &jsonWriter{out: bufio.NewWriter(w)} }

func (j *jsonWriter) Header(columns []Column) error {
	for _, c := range columns {
		key, err := json.Marshal(c.Key)
		if err != nil {
			j.failed = err
			return err
		}
		j.keys, j.kinds = append(j.keys, key), append(j.kinds, c.Kind)
	}
	j.open = true
	_, j.failed = j.out.WriteString("[")
	return j.failed
}

func (j *jsonWriter) Row(values []any) error {
	if j.failed != nil {
		return j.failed
	}
	if len(values) != len(j.keys) || len(values) == 0 {
		j.failed = errOrder
		return errOrder
	}
	lead := ",\n{"
	if !j.started {
		lead, j.started = "\n{", true
	}
	_, _ = j.out.WriteString(lead) // a buffered writer keeps its error
	for i, v := range values {
		b, err := json.Marshal(jsonValue(v, j.kinds[i]))
		if err != nil {
			j.failed = err
			return err
		}
		if i > 0 {
			_ = j.out.WriteByte(',')
		}
		_, _ = j.out.Write(j.keys[i])
		_ = j.out.WriteByte(':')
		_, _ = j.out.Write(b)
	}
	j.failed = j.out.WriteByte('}')
	return j.failed
}

func jsonValue(v any, kind ColumnKind) any {
	v = plainValue(v)
	if t, ok := v.(time.Time); ok {
		return isoTime(t, kind)
	}
	return v
}

func (j *jsonWriter) Close() error {
	if j.failed != nil || !j.open {
		return nil
	}
	j.open = false
	end := "]\n"
	if j.started {
		end = "\n]\n"
	}
	_, _ = j.out.WriteString(end) // Flush returns the error
	return j.out.Flush()
}
