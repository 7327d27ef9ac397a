package sheet

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Namespaces of OpenDocument 1.3 (ISO/IEC 26300).
const (
	odsTable  = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
	odsText   = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
	odsOffice = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
	odsStyle  = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"
)

// deepestElement is how far elements of a document may stand in one another.
const deepestElement = 200

// mostRepeated is beyond every row and column that a spreadsheet program has.
const mostRepeated = 1 << 24

// odsReader walks through the content of an OpenDocument spreadsheet and keeps no more of it than the row at hand, and the
// sheets that it hands over.
type odsReader struct {
	book   *bookReader
	hidden map[string]bool // styles of tables that are not shown
	style  string          // the one that is being read
	tables int             // how many tables stand around: one may stand in a cell of another
	shown  bool            // the table around is one that people see
	line   int
	repeat int // of the row at hand
	cells  []string
	empty  int // cells without text, not yet among the others
	cell   *odsCell
}

type odsCell struct {
	text       strings.Builder
	date       string // as the office keeps it, where the text follows the habits of a country
	repeat     int
	paragraphs int
	inside     int // depth of paragraphs
}

// readOpenDocument hands the rows of every visible table to a book.
func readOpenDocument(in io.Reader, b *bookReader) error {
	d := xml.NewDecoder(in)
	r := &odsReader{book: b, hidden: map[string]bool{}}
	for depth := 0; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			switch t := token.(type) {
			case xml.StartElement:
				if depth++; depth > deepestElement {
					return fault(Damaged, "sheet.error.damaged").at(r.line, 0)
				}
				var over bool
				if over, err = r.start(t); over && err == nil {
					depth--
					err = d.Skip()
				}
			case xml.EndElement:
				depth--
				err = r.end(t.Name)
			case xml.CharData:
				r.write(string(t))
			}
		}
		if err != nil {
			var known *Error
			if errors.As(err, &known) {
				return err
			}
			return fault(Damaged, "sheet.error.damaged").at(r.line, 0).because(err)
		}
	}
}

// start begins an element; over is true where nothing in it is read.
func (r *odsReader) start(e xml.StartElement) (over bool, err error) {
	if r.cell != nil {
		return r.inCell(e), nil
	}
	switch e.Name {
	case xml.Name{Space: odsStyle, Local: "style"}:
		r.style = ""
		if attr(e, odsStyle, "family") == "table" {
			r.style = attr(e, odsStyle, "name")
		}
	case xml.Name{Space: odsStyle, Local: "table-properties"}:
		if r.style != "" && attr(e, odsTable, "display") == "false" {
			r.hidden[r.style] = true
		}
	case xml.Name{Space: odsTable, Local: "table"}:
		if r.tables++; r.tables == 1 {
			r.line, r.shown = 0, !r.hidden[attr(e, odsTable, "style-name")]
			if r.shown {
				return false, r.book.begin(attr(e, odsTable, "name"))
			}
		}
	case xml.Name{Space: odsTable, Local: "shapes"}, xml.Name{Space: odsTable, Local: "tracked-changes"}:
		return true, nil
	case xml.Name{Space: odsTable, Local: "table-row"}:
		r.repeat, r.cells, r.empty = repeated(e, "number-rows-repeated"), r.cells[:0], 0
	case xml.Name{Space: odsTable, Local: "table-cell"}, xml.Name{Space: odsTable, Local: "covered-table-cell"}:
		if r.tables > 0 && r.shown {
			r.cell = &odsCell{repeat: repeated(e, "number-columns-repeated")}
			if attr(e, odsOffice, "value-type") == "date" {
				r.cell.date = attr(e, odsOffice, "date-value")
			}
		}
	}
	return false, nil
}

// inCell begins an element in a cell: paragraphs and what they are made of. Notes, drawings and tables within are none of its text.
func (r *odsReader) inCell(e xml.StartElement) (over bool) {
	if e.Name.Space != odsText {
		return true
	}
	c := r.cell
	switch e.Name.Local {
	case "p", "h":
		if c.paragraphs++; c.paragraphs > 1 && c.inside == 0 {
			r.put("\n")
		}
		c.inside++
	case "s":
		n, err := strconv.Atoi(attr(e, odsText, "c"))
		if err != nil || n < 1 {
			n = 1
		}
		r.put(strings.Repeat(" ", min(n, r.book.limits.Cell)))
	case "tab", "line-break":
		r.put(" ")
	}
	return false
}

// write takes the text of a paragraph.
func (r *odsReader) write(text string) {
	if r.cell != nil && r.cell.inside > 0 {
		r.put(text)
	}
}

// put adds to the text of the cell, as far as a cell can hold it and enough to tell that it holds more.
func (r *odsReader) put(text string) {
	if room := 4*r.book.limits.Cell + 4 - r.cell.text.Len(); room > 0 {
		r.cell.text.WriteString(text[:min(len(text), room)])
	}
}

func (r *odsReader) end(name xml.Name) error {
	switch {
	case r.cell != nil && name.Space == odsText:
		if name.Local == "p" || name.Local == "h" {
			r.cell.inside--
		}
	case name.Space != odsTable:
	case name.Local == "table":
		r.tables--
	case name.Local == "table-cell", name.Local == "covered-table-cell":
		if r.cell != nil {
			return r.endCell()
		}
	case name.Local == "table-row":
		return r.endRow()
	}
	return nil
}

func (r *odsReader) endCell() error {
	c := r.cell
	r.cell = nil
	text := strings.ToValidUTF8(c.text.String(), "")
	if c.date != "" {
		text = c.date
	}
	if blank(text) {
		r.empty = min(r.empty+c.repeat, mostRepeated)
		return nil
	}
	if most := r.book.limits.Columns; len(r.cells)+r.empty+c.repeat > most {
		return fault(TooLarge, "sheet.error.columns", "most", most).at(r.line+1, most+1)
	}
	r.cells = append(r.cells, make([]string, r.empty)...)
	r.empty = 0
	for range c.repeat {
		r.cells = append(r.cells, text)
	}
	return nil
}

func (r *odsReader) endRow() error {
	if len(r.cells) == 0 || !r.shown || r.tables != 1 {
		r.line = min(r.line+r.repeat, mostRepeated)
		return nil
	}
	for range r.repeat {
		r.line++
		row := Row{Line: r.line, Cells: slices.Clone(r.cells)}
		cutCells(&row, r.book.limits.Cell)
		if err := r.book.add(row); err != nil {
			return err
		}
	}
	return nil
}

func attr(e xml.StartElement, space, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == space {
			return a.Value
		}
	}
	return ""
}

// repeated is how often a row or cell stands, at least once.
func repeated(e xml.StartElement, name string) int {
	n, err := strconv.Atoi(attr(e, odsTable, name))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, mostRepeated)
}
