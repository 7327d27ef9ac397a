package sheet

import (
	"archive/zip"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// MaxWrittenRows is how many rows a workbook holds under its headings.
const MaxWrittenRows = excelize.TotalRows - 1

// exact is the largest whole number that a spreadsheet program holds without rounding.
const exact = 1 << 53

// workbookWriter writes one sheet, row by row; what does not fit in memory waits on disk until Close.
type workbookWriter struct {
	out     io.Writer
	book    *excelize.File
	sheet   *excelize.StreamWriter
	name    string
	columns []Column
	styles  map[ColumnKind]int
	cells   []any
	rows    int
	failed  error
	closed  bool
}

// NewXLSX writes a workbook of one sheet: headings in bold that stay in view and filter, numbers and dates as such, texts
// never as formulas. Nothing reaches w before Close.
func NewXLSX(w io.Writer, sheetName string) Writer {
	return &workbookWriter{out: w, book: excelize.NewFile(), name: sheetTitle(sheetName), styles: map[ColumnKind]int{}}
}

// sheetTitle drops what a sheet's name may not hold.
func sheetTitle(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]`, r) || !inXML(r) {
			return ' '
		}
		return r
	}, name)
	name = strings.Trim(strings.Join(strings.Fields(name), " "), "'")
	if r := []rune(name); len(r) > 31 {
		name = strings.TrimSpace(string(r[:31]))
	}
	if name == "" || strings.EqualFold(name, "history") {
		return "Export"
	}
	return name
}

func (x *workbookWriter) Header(columns []Column) error {
	x.columns, x.cells = columns, make([]any, len(columns))
	x.failed = x.header()
	return x.failed
}

func (x *workbookWriter) header() error {
	const first = "Sheet1"
	if x.name != first {
		if err := x.book.SetSheetName(first, x.name); err != nil {
			return err
		}
	}
	if err := x.makeStyles(); err != nil {
		return err
	}
	var err error
	if x.sheet, err = x.book.NewStreamWriter(x.name); err != nil {
		return err
	}
	for i, c := range x.columns {
		if err := x.sheet.SetColWidth(i+1, i+1, columnWidth(c)); err != nil {
			return err
		}
	}
	if err := x.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	for i, c := range x.columns {
		x.cells[i] = excelize.Cell{StyleID: x.styles[headingStyle], Value: Neutral(printable(c.title()))}
	}
	return x.sheet.SetRow("A1", x.cells)
}

// headingStyle is the style of headings, beside those of the kinds.
const headingStyle ColumnKind = "heading"

func (x *workbookWriter) makeStyles() error {
	day, moment := "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
	for kind, style := range map[ColumnKind]*excelize.Style{
		headingStyle: {
			Font:      &excelize.Font{Bold: true, Color: "1F2937"},
			Fill:      excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E5E7EB"}},
			Border:    []excelize.Border{{Type: "bottom", Style: 1, Color: "9CA3AF"}},
			Alignment: &excelize.Alignment{Vertical: "center", WrapText: true},
		},
		Text:    {NumFmt: 49}, // "@": what a person types into the cell later stays text too
		Int:     {NumFmt: 3},
		Percent: {NumFmt: 10},
		Date:    {CustomNumFmt: &day},
		Time:    {CustomNumFmt: &moment},
	} {
		id, err := x.book.NewStyle(style)
		if err != nil {
			return err
		}
		x.styles[kind] = id
	}
	return nil
}

func columnWidth(c Column) float64 {
	if c.Width > 0 {
		return min(c.Width, 120)
	}
	least := map[ColumnKind]float64{Text: 24, Time: 20, Date: 12}[c.Kind]
	return min(max(least, 10, float64(utf8.RuneCountInString(c.title())+4)), 60)
}

func (x *workbookWriter) Row(values []any) error {
	if x.failed != nil {
		return x.failed
	}
	x.failed = x.row(values)
	return x.failed
}

func (x *workbookWriter) row(values []any) error {
	switch {
	case len(values) != len(x.columns) || len(values) == 0:
		return errOrder
	case x.rows == MaxWrittenRows:
		return fault(TooLarge, "sheet.error.written_rows", "most", MaxWrittenRows)
	}
	x.rows++
	for i, v := range values {
		x.cells[i] = x.cell(v, x.columns[i].Kind)
	}
	at, err := excelize.CoordinatesToCellName(1, x.rows+1)
	if err != nil {
		return err
	}
	return x.sheet.SetRow(at, x.cells)
}

// oldestDate is the first day that a workbook counts without the fault of its calendar, in which 1900 is a leap year.
var oldestDate = time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)

func (x *workbookWriter) cell(v any, kind ColumnKind) any {
	text := func(s string) any { return excelize.Cell{StyleID: x.styles[Text], Value: Neutral(printable(s))} }
	switch v := plainValue(v).(type) {
	case nil:
		return nil
	case string:
		return text(v)
	case []string:
		return text(strings.Join(v, ListSeparator))
	case bool:
		return v
	case int64:
		if v > exact || v < -exact {
			return text(csvCell(v, kind))
		}
		return excelize.Cell{StyleID: x.styles[kind], Value: v}
	case uint64:
		if v > exact {
			return text(csvCell(v, kind))
		}
		return excelize.Cell{StyleID: x.styles[kind], Value: v}
	case time.Time:
		if v.UTC().Before(oldestDate) {
			return text(isoTime(v, kind))
		}
		return x.timeCell(v, kind)
	default:
		return excelize.Cell{StyleID: x.styles[kind], Value: v}
	}
}

// timeCell writes the day as it stands, or the moment in UTC: a workbook has no zones.
func (x *workbookWriter) timeCell(t time.Time, kind ColumnKind) any {
	if kind == Date {
		y, m, d := t.Date()
		return excelize.Cell{StyleID: x.styles[Date], Value: time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
	}
	return excelize.Cell{StyleID: x.styles[Time], Value: t.UTC().Truncate(time.Second)}
}

// Close writes the workbook and removes what waited on disk.
func (x *workbookWriter) Close() error {
	if x.closed {
		return nil
	}
	x.closed = true
	err := x.finish()
	if closing := x.book.Close(); err == nil {
		err = closing
	}
	return err
}

func (x *workbookWriter) finish() error {
	if x.failed != nil || x.sheet == nil {
		return nil
	}
	end, err := excelize.CoordinatesToCellName(max(len(x.columns), 1), x.rows+1)
	if err != nil {
		return err
	}
	if err := x.book.AutoFilter(x.name, "A1:"+end, nil); err != nil {
		return err
	}
	if err := x.sheet.Flush(); err != nil {
		return err
	}
	// The library collects the archive in memory; a writer of ours lets it go out as it is packed.
	x.book.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(x.out) })
	return x.book.Write(x.out)
}
