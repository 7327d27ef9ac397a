package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Page is one sheet of a workbook that is laid out by hand: a form and not a table.
type Page struct {
	Name   string
	Widths []float64 // of its columns, in characters
	Rows   [][]Cell
}

// Cell is a cell of such a sheet. Its text is never a formula.
type Cell struct {
	Text  string
	Style CellStyle
	Span  int // columns that it takes; zero is one
}

// CellStyle is how a cell looks.
type CellStyle string

// The styles of cells.
const (
	CellBody  CellStyle = ""
	CellTitle CellStyle = "title" // begins a part of the form
	CellHead  CellStyle = "head"  // heading of a column
	CellLabel CellStyle = "label" // names what stands beside it
)

var cellStyles = map[CellStyle]*excelize.Style{
	CellBody:  {NumFmt: 49, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}, Border: cellBorder},
	CellLabel: {NumFmt: 49, Font: &excelize.Font{Bold: true, Color: "1F2937"}, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}, Border: cellBorder},
	CellHead: {NumFmt: 49, Font: &excelize.Font{Bold: true, Color: "1F2937"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E5E7EB"}},
		Alignment: &excelize.Alignment{Vertical: "center", WrapText: true}, Border: cellBorder},
	CellTitle: {NumFmt: 49, Font: &excelize.Font{Bold: true, Color: "FFFFFF", Size: 12}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"1F3A5F"}},
		Alignment: &excelize.Alignment{Vertical: "center"}},
}

var cellBorder = []excelize.Border{{Type: "bottom", Style: 1, Color: "D1D5DB"}}

// WriteBook writes a workbook of such sheets, each with a name of its own. The same pages make the same bytes.
func WriteBook(out io.Writer, pages []Page) (err error) {
	book := excelize.NewFile()
	defer func() {
		if closing := book.Close(); err == nil {
			err = closing
		}
	}()
	styles := map[CellStyle]int{}
	for _, style := range []CellStyle{CellBody, CellLabel, CellHead, CellTitle} { // in one order, so that they get the same numbers
		if styles[style], err = book.NewStyle(cellStyles[style]); err != nil {
			return err
		}
	}
	taken := map[string]bool{}
	for i, p := range pages {
		name := freeTitle(p.Name, taken)
		if i == 0 {
			err = book.SetSheetName("Sheet1", name)
		} else {
			_, err = book.NewSheet(name)
		}
		if err == nil {
			err = writePage(book, name, p, styles)
		}
		if err != nil {
			return err
		}
	}
	book.SetZipWriter(func(io.Writer) excelize.ZipWriter { return &sortedZip{out: out, parts: map[string]*bytes.Buffer{}} })
	return book.Write(out)
}

// sortedZip writes the parts of a package in the order of their names: the library keeps its sheets in a map, and the order of
// parts would be another each time.
type sortedZip struct {
	out   io.Writer
	parts map[string]*bytes.Buffer
}

// Create begins a part.
func (z *sortedZip) Create(name string) (io.Writer, error) {
	z.parts[name] = &bytes.Buffer{}
	return z.parts[name], nil
}

// AddFS is for packages made of files, which ours are not.
func (z *sortedZip) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close writes the package.
func (z *sortedZip) Close() error {
	w := zip.NewWriter(z.out)
	for _, name := range slices.Sorted(maps.Keys(z.parts)) {
		part, err := w.Create(name)
		if err != nil {
			return err
		}
		if _, err := part.Write(z.parts[name].Bytes()); err != nil {
			return err
		}
	}
	return w.Close()
}

func writePage(book *excelize.File, name string, p Page, styles map[CellStyle]int) error {
	w, err := book.NewStreamWriter(name)
	if err != nil {
		return err
	}
	for i, width := range p.Widths {
		if err := w.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	for n, row := range p.Rows {
		var cells []any
		for _, c := range row {
			start := len(cells) + 1
			cells = append(cells, excelize.Cell{StyleID: styles[c.Style], Value: text(c.Text)})
			for range max(c.Span, 1) - 1 {
				cells = append(cells, excelize.Cell{StyleID: styles[c.Style]})
			}
			if c.Span > 1 {
				from, to, err := span(start, n+1, c.Span)
				if err != nil {
					return err
				}
				if err := w.MergeCell(from, to); err != nil {
					return err
				}
			}
		}
		at, err := excelize.CoordinatesToCellName(1, n+1)
		if err != nil {
			return err
		}
		if err := w.SetRow(at, cells); err != nil {
			return err
		}
	}
	return w.Flush()
}

func span(column, row, width int) (from, to string, err error) {
	if from, err = excelize.CoordinatesToCellName(column, row); err != nil {
		return "", "", err
	}
	to, err = excelize.CoordinatesToCellName(column+width-1, row)
	return from, to, err
}

// freeTitle is a name that no other sheet has.
func freeTitle(name string, taken map[string]bool) string {
	title := sheetTitle(name)
	for n := 2; taken[strings.ToLower(title)]; n++ {
		end := " " + strconv.Itoa(n)
		r := []rune(sheetTitle(name))
		title = strings.TrimSpace(string(r[:min(len(r), 31-len(end))])) + end
	}
	taken[strings.ToLower(title)] = true
	return title
}

// phone is a number with its country's prefix: nothing in it computes, and an authority reads it as it is dialled.
var phone = regexp.MustCompile(`^\+[0-9][0-9 ().-]*$`)

// text is what a cell for people shows. Its type says already that it is no formula; an apostrophe guards what could become one
// when the book is saved as CSV.
func text(s string) string {
	if s = printable(s); phone.MatchString(s) {
		return s
	}
	return Neutral(s)
}
