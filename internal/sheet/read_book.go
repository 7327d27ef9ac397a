package sheet

import (
	"archive/zip"
	"errors"
	"io"
	"strings"
)

// ODS is the format of OpenDocument spreadsheets, which are read as books only.
const ODS Format = "ods"

// Book is a workbook read whole: forms and lists that are no tables, whose cells are found by what stands beside them.
type Book struct {
	Format Format
	Sheets []Sheet
}

// Sheet is a visible sheet of a book; rows without a filled cell are left out.
type Sheet struct {
	Name string
	Rows []Row
}

// BookLimits are those of a book: many small sheets, and no more cells than a person fills in.
var BookLimits = Limits{File: 20_000_000, Total: 100 << 20, Part: 32 << 20, Parts: 5000, Sheets: 1000, Rows: 100_000, Columns: 200, Record: 1 << 20}

// A book may hold so many bytes of text, and so many lines with those that are blank.
const (
	mostBookText  = 32 << 20
	mostBookLines = 4 << 20
)

// ReadBook reads every visible sheet of an XLSX or ODS workbook. Rows counts those of all sheets, and a row of more filled
// cells than Columns is refused. It returns an *Error for what is no workbook within the limits.
func ReadBook(r io.ReaderAt, size int64, o Options) (*Book, error) {
	switch {
	case size <= 0:
		return nil, fault(Empty, "sheet.error.empty")
	case o.Limits.File == 0:
		o.Limits = BookLimits
	}
	o.Limits = o.Limits.orDefault()
	if size > o.Limits.File {
		return nil, fault(TooLarge, "sheet.error.file_size", "most", o.Limits.File)
	}
	head := make([]byte, min(size, sniffed))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return nil, fault(Damaged, "sheet.error.damaged").because(err)
	}
	switch is := sniff(head, r, size); is {
	case "zip":
	case "encrypted":
		return nil, fault(Encrypted, "sheet.error.encrypted")
	case "":
		return nil, fault(NotATable, "sheet.error.not_a_book", "is", "text")
	default:
		return nil, fault(NotATable, "sheet.error.not_a_book", "is", is)
	}
	archive, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fault(Damaged, "sheet.error.damaged").because(err)
	}
	is, err := packageKind(archive)
	if err != nil {
		return nil, err
	}
	b := &bookReader{limits: o.Limits}
	switch is {
	case "xlsx":
		err = b.workbook(r, size, o)
	case "ods":
		err = b.document(archive)
	default:
		err = fault(NotATable, "sheet.error.not_a_book", "is", is)
	}
	if err != nil {
		return nil, err
	}
	if b.rows == 0 {
		return nil, fault(Empty, "sheet.error.empty")
	}
	return &b.book, nil
}

// bookReader gathers the sheets of a book, and counts what they hold.
type bookReader struct {
	book   Book
	limits Limits
	rows   int
	lines  int
	text   int64
}

func (b *bookReader) begin(name string) error {
	if len(b.book.Sheets) >= b.limits.Sheets {
		return fault(TooLarge, "sheet.error.sheets", "most", b.limits.Sheets)
	}
	b.book.Sheets = append(b.book.Sheets, Sheet{Name: name})
	return nil
}

// add takes a row of the sheet that was begun last.
func (b *bookReader) add(row Row) error {
	for len(row.Cells) > 0 && blank(row.Cells[len(row.Cells)-1]) {
		row.Cells = row.Cells[:len(row.Cells)-1]
	}
	if len(row.Cells) == 0 {
		return nil
	}
	for _, c := range row.Cells {
		b.text += int64(len(c)) + 16
	}
	switch b.rows++; {
	case b.rows > b.limits.Rows:
		return fault(TooLarge, "sheet.error.rows", "most", b.limits.Rows)
	case b.text > mostBookText:
		return fault(TooLarge, "sheet.error.unpacked", "most", int64(mostBookText))
	}
	s := &b.book.Sheets[len(b.book.Sheets)-1]
	s.Rows = append(s.Rows, row)
	return nil
}

// workbook reads the sheets of an XLSX package by the reader of tables.
func (b *bookReader) workbook(r io.ReaderAt, size int64, o Options) error {
	b.book.Format = XLSX
	o.forms = true
	t, err := openWorkbook(r, size, o)
	if err != nil {
		return err
	}
	defer func() { _ = t.release() }() // only read from
	for _, name := range t.Sheets {
		if err := b.begin(name); err != nil {
			return err
		}
		t.Sheet = name
		if err := b.sheet(t); err != nil {
			return err
		}
	}
	return nil
}

func (b *bookReader) sheet(t *Table) error {
	in, err := t.open()
	if err != nil {
		return nil //nolint:nilerr // a chart is a sheet without cells
	}
	if lines, ok := in.(*sheetRows); ok {
		if b.lines += max(lines.shape.last, 0); b.lines > mostBookLines {
			return errors.Join(fault(TooLarge, "sheet.error.rows", "most", b.limits.Rows), in.close())
		}
	}
	for {
		row, err := in.next()
		if errors.Is(err, io.EOF) {
			return in.close()
		}
		if err == nil {
			err = b.add(row)
		}
		if err != nil {
			return errors.Join(err, in.close())
		}
	}
}

// document reads the sheets of an OpenDocument package.
func (b *bookReader) document(archive *zip.Reader) error {
	b.book.Format = ODS
	if len(archive.File) > b.limits.Parts {
		return fault(TooLarge, "sheet.error.parts", "most", b.limits.Parts)
	}
	u := unpacker{limits: b.limits, sheets: map[string]sheetShape{}}
	var content *zip.File
	for _, f := range archive.File {
		low := strings.ToLower(partName(f.Name))
		if strings.HasSuffix(low, "/") {
			continue
		}
		if low == "meta-inf/manifest.xml" {
			text, err := readPart(f, 1<<20)
			if err == nil && strings.Contains(text, "encryption-data") {
				return fault(Encrypted, "sheet.error.encrypted")
			}
		}
		if err := u.read(f, low); err != nil {
			return err
		}
		if low == "content.xml" {
			if content != nil {
				return fault(Damaged, "sheet.error.damaged")
			}
			content = f
		}
	}
	if content == nil {
		return fault(Damaged, "sheet.error.damaged")
	}
	in, err := content.Open()
	if err != nil {
		return fault(Damaged, "sheet.error.damaged").because(err)
	}
	defer func() { _ = in.Close() }() // only read from
	return readOpenDocument(in, b)
}
