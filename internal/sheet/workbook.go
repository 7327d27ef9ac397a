package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/xuri/excelize/v2"
)

// keptInMemory is the size from which a sheet or the shared texts wait on disk while they are read.
const keptInMemory = 2 << 20

// openWorkbook checks a package part by part, hands what holds cells to the workbook reader, and chooses the sheet.
func openWorkbook(r io.ReaderAt, size int64, o Options) (*Table, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fault(Damaged, "sheet.error.damaged").because(err)
	}
	if err := checkPackage(archive); err != nil {
		return nil, err
	}
	u := unpacker{limits: o.Limits, sheets: map[string]sheetShape{}}
	packed, err := u.copyCells(archive)
	if err != nil {
		return nil, err
	}
	t := &Table{Format: XLSX}
	var book *excelize.File
	err = guard(func() error {
		book, err = excelize.OpenReader(packed, excelize.Options{
			UnzipSizeLimit: o.Limits.Total, UnzipXMLSizeLimit: min(keptInMemory, o.Limits.Total), TmpDir: o.TempDir,
			ShortDatePattern: dayCode, // a date whose order depends on the program's language
		})
		if err == nil && !o.forms {
			err = unrounded(book)
		}
		if err != nil {
			return fault(Damaged, "sheet.error.damaged").because(err)
		}
		return t.chooseSheet(book, o)
	})
	if err != nil {
		if book != nil {
			_ = book.Close() // the first error says more
		}
		return nil, err
	}
	parts := sheetParts(archive)
	t.release = book.Close
	t.open = func() (rows, error) {
		return openSheet(book, t.Sheet, sheetShapeOf(book, t.Sheet, parts, u.sheets), o.Limits)
	}
	return t, nil
}

// chooseSheet takes the sheet asked for, or the first visible one that has a cell with something in it.
func (t *Table) chooseSheet(book *excelize.File, o Options) error {
	for _, name := range book.GetSheetList() {
		if visible, err := book.GetSheetVisible(name); err == nil && visible {
			t.Sheets = append(t.Sheets, name)
		}
	}
	if o.Sheet != "" {
		for _, name := range t.Sheets {
			if name == o.Sheet {
				t.Sheet = name
				return nil
			}
		}
		return fault(NoSheet, "sheet.error.no_sheet", "sheet", shorten(o.Sheet))
	}
	for _, name := range t.Sheets {
		found, err := hasCells(book, name)
		if err != nil {
			return err
		}
		if found {
			t.Sheet = name
			return nil
		}
	}
	return fault(Empty, "sheet.error.empty")
}

// emptyRows is how many rows without a cell make a sheet empty; one that begins further down can be asked for by name.
const emptyRows = 10_000

func hasCells(book *excelize.File, name string) (bool, error) {
	in, err := book.Rows(name)
	if err != nil {
		return false, nil //nolint:nilerr // a chart is a sheet without cells
	}
	defer func() { _ = in.Close() }() // only read from
	for n := 0; n < emptyRows && in.Next(); n++ {
		cells, err := in.Columns()
		if err != nil {
			return false, fault(Damaged, "sheet.error.damaged").because(err)
		}
		if filled(cells) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// sheetRows reads the rows of a sheet.
type sheetRows struct {
	in     *excelize.Rows
	shape  sheetShape
	limits Limits
	line   int
	done   error
}

func openSheet(book *excelize.File, name string, shape sheetShape, limits Limits) (rows, error) {
	var in *excelize.Rows
	err := guard(func() (err error) {
		in, err = book.Rows(name)
		return err
	})
	if err != nil {
		return nil, fault(Damaged, "sheet.error.damaged").because(err)
	}
	return &sheetRows{in: in, limits: limits, shape: shape}, nil
}

// sheetParts tells in which part each sheet is kept, by the id of its relation to the workbook, in lower case. Where the
// package does not say it in the usual place, a broken sheet is only noticed where the workbook reader notices it.
func sheetParts(archive *zip.Reader) map[string]string {
	parts := map[string]string{}
	for _, f := range archive.File {
		if strings.ToLower(partName(f.Name)) != "xl/_rels/workbook.xml.rels" {
			continue
		}
		text, err := readPart(f, 1<<20)
		var relations struct {
			Relationship []struct {
				ID     string `xml:"Id,attr"`
				Target string `xml:"Target,attr"`
			}
		}
		if err != nil || xml.Unmarshal([]byte(text), &relations) != nil {
			continue
		}
		for _, r := range relations.Relationship {
			target := strings.ToLower(strings.ReplaceAll(r.Target, `\`, "/"))
			if !strings.HasPrefix(target, "/") {
				target = "/xl/" + target
			}
			parts[r.ID] = strings.TrimPrefix(path.Clean(target), "/")
		}
	}
	return parts
}

// sheetShapeOf is what was counted of a sheet, and a shape that every sheet has where nothing was.
func sheetShapeOf(book *excelize.File, name string, parts map[string]string, shapes map[string]sheetShape) sheetShape {
	if book.WorkBook != nil {
		for _, s := range book.WorkBook.Sheets.Sheet {
			if shape, ok := shapes[parts[s.ID]]; ok && s.Name == name {
				return shape
			}
		}
	}
	return sheetShape{ended: true}
}

// guard turns a panic of the workbook reader into an error: what a stranger's file makes of it must not end the process.
func guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault(Damaged, "sheet.error.damaged").because(fmt.Errorf("workbook reader: %v", p))
		}
	}()
	return do()
}

func (s *sheetRows) close() error {
	if err := s.in.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fault(Damaged, "sheet.error.damaged").because(err)
	}
	return nil
}

func (s *sheetRows) next() (Row, error) {
	for s.done == nil {
		var cells []string
		more := false
		err := guard(func() (err error) {
			if more = s.in.Next(); more {
				cells, err = s.in.Columns()
			}
			return err
		})
		s.line++
		switch {
		case err != nil:
			s.done = fault(Damaged, "sheet.error.damaged").at(s.line, 0).because(err)
		case !more:
			s.line--
			s.done = s.end()
		case len(cells) > s.limits.Columns:
			s.done = fault(TooLarge, "sheet.error.columns", "most", s.limits.Columns).at(s.line, len(cells))
		case filled(cells) > 0:
			row := Row{Line: s.line, Cells: cells}
			cutCells(&row, s.limits.Cell)
			return row, nil
		}
	}
	return Row{}, s.done
}

// end tells a sheet that was read to its end from one that breaks off.
func (s *sheetRows) end() error {
	if err := s.in.Error(); err != nil {
		return fault(Damaged, "sheet.error.damaged").at(s.line, 0).because(err)
	}
	if !s.shape.ended || s.line < s.shape.last {
		return fault(Damaged, "sheet.error.damaged").at(s.line+1, 0)
	}
	return io.EOF
}

// cutCells notes what of a row cannot be taken as it stands: cells of too many characters.
func cutCells(row *Row, most int) {
	for i, c := range row.Cells {
		if cut, long := cutCell(c, most); long {
			row.Cells[i] = cut
			row.Problems = append(row.Problems, fault(RowSyntax, "sheet.problem.cell", "most", most).at(row.Line, i+1))
		}
	}
}
