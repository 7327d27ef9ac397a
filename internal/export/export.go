// Package export takes registers away as tables: the same columns and filters as the lists, for people and for scripts.
package export

import (
	"context"
	"fmt"
	"io"
	"strings"

	"utile/internal/domain"
	"utile/internal/sheet"
	"utile/internal/store"
)

// Formats are the kinds of files that a register can become.
var Formats = []string{"csv", "xlsx", "json"}

// Words say how an export reads. The zero value writes stable names and codes, for scripts.
type Words struct {
	Title func(column string) string       // heading of a column
	Word  func(prefix, code string) string // word of a code
	Fact  func(domain.SourceFact) string   // a fact of a source in one line
}

// NewWriter returns a writer of the format. Lang decides the delimiter of CSV; without one it is written for scripts.
func NewWriter(w io.Writer, format, lang, name string) (sheet.Writer, error) {
	switch format {
	case "csv":
		return sheet.NewCSV(w, lang), nil
	case "xlsx":
		return sheet.NewXLSX(w, name), nil
	case "json":
		return sheet.NewJSON(w), nil
	}
	return nil, domain.Errorf(domain.Invalid, "error.export_format", "format", format)
}

// Register writes every row of a register that the query matches, in its order. Columns names what to write; none
// writes every column.
func Register(ctx context.Context, st *store.Store, by domain.Actor, r domain.Register, q domain.ListQuery, columns []string, out sheet.Writer, words Words) error {
	return Rows(r, columns, out, words, func(write func(domain.Row) error) error { return st.EachRow(ctx, by, r.Name, q, write) })
}

// Rows writes the rows that each hands over, as Register does, for tables that are no register of the store. Nothing is
// written before each has answered: what it refuses leaves no beginning of a file.
func Rows(r domain.Register, columns []string, out sheet.Writer, words Words, each func(write func(domain.Row) error) error) (err error) {
	chosen, err := columnsOf(r, columns)
	if err != nil {
		return err
	}
	// Closing finishes the file; its error counts unless an earlier one explains it.
	defer func() {
		if closing := out.Close(); err == nil {
			err = closing
		}
	}()
	heads := make([]sheet.Column, len(chosen))
	for i, c := range chosen {
		heads[i] = sheet.Column{Key: c.Key, Kind: kindOf(c.Kind)}
		if words.Title != nil {
			heads[i].Title = words.Title(c.Key)
		}
	}
	begun := false
	begin := func() error {
		if begun {
			return nil
		}
		begun = true
		return out.Header(heads)
	}
	values := make([]any, len(chosen))
	if err := each(func(row domain.Row) error {
		if err := begin(); err != nil {
			return err
		}
		for i, c := range chosen {
			values[i] = cell(c, row.Cells[c.Key], words)
		}
		return out.Row(values)
	}); err != nil {
		return err
	}
	return begin()
}

func columnsOf(r domain.Register, keys []string) ([]domain.RegisterColumn, error) {
	if len(keys) == 0 {
		return r.Columns, nil
	}
	var out []domain.RegisterColumn
	for _, key := range keys {
		c, ok := r.Column(key)
		if !ok {
			return nil, domain.Errorf(domain.Invalid, "error.column", "column", key)
		}
		out = append(out, c)
	}
	return out, nil
}

func cell(c domain.RegisterColumn, value any, words Words) any {
	if facts, ok := value.(domain.SourceFacts); ok {
		return factLine(facts, words.Fact)
	}
	if words.Word == nil {
		return value
	}
	switch v := value.(type) {
	case bool:
		return words.Word("choice", map[bool]string{true: "yes", false: "no"}[v])
	case string:
		if c.Kind == domain.CellEnum {
			return words.Word(c.Enum, v)
		}
	case []string:
		if c.Kind == domain.CellEnums {
			out := make([]string, len(v))
			for i, code := range v {
				out[i] = words.Word(c.Enum, code)
			}
			return out
		}
	}
	return value
}

// factLine is what a source says of a field, fact by fact.
func factLine(facts domain.SourceFacts, word func(domain.SourceFact) string) string {
	if word == nil {
		word = domain.SourceFact.String
	}
	var line []string
	for _, f := range facts.List() {
		line = append(line, word(f))
	}
	return strings.Join(line, "; ")
}

func kindOf(k domain.CellKind) sheet.ColumnKind {
	switch k {
	case domain.CellInt:
		return sheet.Int
	case domain.CellPercent:
		return sheet.Percent
	case domain.CellDate:
		return sheet.Date
	case domain.CellTime:
		return sheet.Time
	case domain.CellBool:
		return sheet.Bool
	case domain.CellText, domain.CellCode, domain.CellEnum, domain.CellEnums, domain.CellTexts, domain.CellFacts:
	}
	return sheet.Text
}

// FileName is the name under which an export is saved.
func FileName(slug string, r domain.Register, day, format string) string {
	return fmt.Sprintf("%s-%s-%s.%s", slug, r.Name, day, format)
}
