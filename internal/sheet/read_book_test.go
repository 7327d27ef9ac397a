package sheet

import (
	"bytes"

	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const odsHead = `<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
	xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
	xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0">
	<office:automatic-styles><style:style style:name="ta1" style:family="table"><style:table-properties table:display="false"/></style:style></office:automatic-styles>
	<office:body><office:spreadsheet>`

const odsMime = "application/vnd.oasis.opendocument.spreadsheet"

// odsOf is an OpenDocument spreadsheet of such tables.
func odsOf(t testing.TB, tables string, others ...part) []byte {
	t.Helper()
	return zipOf(t, append([]part{{"mimetype", odsMime}, {"content.xml", odsHead + tables + `</office:spreadsheet></office:body></office:document-content>`}}, others...)...)
}

func readBook(t testing.TB, content []byte, limits Limits) (*Book, error) {
	t.Helper()
	return ReadBook(bytes.NewReader(content), int64(len(content)), Options{Limits: limits, TempDir: t.TempDir()})
}

func bookCells(b *Book) (out []string) {
	for _, s := range b.Sheets {
		for _, r := range s.Rows {
			out = append(out, fmt.Sprintf("%s!%d %s", s.Name, r.Line, strings.Join(r.Cells, "|")))
		}
	}
	return out
}

// What a person sees in a spreadsheet is what is read: repeated and covered cells, several paragraphs, dates, spaces; no notes,
// drawings, hidden sheets or tracked changes.
func TestReadOpenDocument(t *testing.T) {
	t.Parallel()
	content := odsOf(t, `<table:tracked-changes><table:deletion><table:table-cell><text:p>gone</text:p></table:table-cell></table:deletion></table:tracked-changes>
		<table:table table:name="3 - Fiche é"><table:shapes><draw:frame><draw:text-box><text:p>drawn</text:p></draw:text-box></draw:frame></table:shapes>
		<table:table-column table:number-columns-repeated="1024"/>
		<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>
		<table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>Nom<text:s text:c="2"/>du <text:span>traitement</text:span></text:p></table:table-cell><table:covered-table-cell/>
			<table:table-cell office:value-type="date" office:date-value="2026-02-03"><text:p>03/02/26</text:p></table:table-cell>
			<table:table-cell><office:annotation><text:p>note</text:p></office:annotation><text:p>un</text:p><text:p>deux</text:p></table:table-cell></table:table-row>
		<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="2"><text:p>x</text:p></table:table-cell></table:table-row>
		<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="1024"/></table:table-row></table:table>
		<table:table table:name="caché" table:style-name="ta1"><table:table-row><table:table-cell><text:p>hidden</text:p></table:table-cell></table:table-row></table:table>
		<table:table table:name="4"><table:table-row><table:table-cell/><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>`)
	book, err := readBook(t, content, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"3 - Fiche é!4 Nom  du traitement||2026-02-03|un\ndeux", "3 - Fiche é!5 x|x", "3 - Fiche é!6 x|x", "4!1 |b"}
	if diff := cmp.Diff(want, bookCells(book)); diff != "" || book.Format != ODS {
		t.Errorf("%s book (- want, + got):\n%s", book.Format, diff)
	}
}

func TestReadBookOfWorkbook(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := WriteBook(&out, []Page{{Name: "1", Rows: [][]Cell{{{Text: "Titre", Span: 3}}, nil, {{Text: "=a"}, {}, {Text: "b"}}}}, {Name: "2"}, {Name: "3", Rows: [][]Cell{{{Text: "c"}}}}}); err != nil {
		t.Fatal(err)
	}
	book, err := readBook(t, out.Bytes(), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1!1 Titre", "1!3 '=a||b", "3!1 c"}, bookCells(book)); diff != "" || book.Format != XLSX || len(book.Sheets) != 3 {
		t.Errorf("book (- want, + got):\n%s", diff)
	}
}

func TestReadBookRefusesHostileFiles(t *testing.T) {
	t.Parallel()
	cell := `<table:table-cell><text:p>a</text:p></table:table-cell>`
	table := func(rows string) string { return `<table:table table:name="t">` + rows + `</table:table>` }
	row := func(attrs, cells string) string {
		return `<table:table-row` + attrs + `>` + cells + `</table:table-row>`
	}
	good := odsOf(t, table(row("", cell)))
	for name, c := range map[string]struct {
		content []byte
		limits  Limits
		kind    Kind
		key     string
	}{
		"nothing":            {nil, Limits{}, Empty, "sheet.error.empty"},
		"text":               {[]byte("a;b\n1;2\n"), Limits{}, NotATable, "sheet.error.not_a_book"},
		"page":               {[]byte("<html><table>"), Limits{}, NotATable, "sheet.error.not_a_book"},
		"another archive":    {zipOf(t, part{"a", "b"}), Limits{}, NotATable, "sheet.error.not_a_book"},
		"cut short":          {good[:len(good)/2], Limits{}, Damaged, "sheet.error.damaged"},
		"no cells":           {odsOf(t, table("")), Limits{}, Empty, "sheet.error.empty"},
		"no content":         {zipOf(t, part{"mimetype", odsMime}), Limits{}, Damaged, "sheet.error.damaged"},
		"two contents":       {odsOf(t, table(row("", cell)), part{"Content.xml", "<a/>"}), Limits{}, Damaged, "sheet.error.damaged"},
		"password":           {odsOf(t, table(row("", cell)), part{"META-INF/manifest.xml", `<manifest:encryption-data manifest:checksum="x"/>`}), Limits{}, Encrypted, "sheet.error.encrypted"},
		"zeros":              {zipOf(t, part{"mimetype", odsMime}, part{"content.xml", strings.Repeat("\x00", 20<<20)}), Limits{}, TooLarge, "sheet.error.ratio"},
		"zeros, no ratio":    {zipOf(t, part{"mimetype", odsMime}, part{"content.xml", strings.Repeat("\x00", 3<<20)}), Limits{File: 1 << 20, Total: 2 << 20, Ratio: 1 << 40}, TooLarge, "sheet.error.unpacked"},
		"archive inside":     {odsOf(t, table(row("", cell)), part{"Object 1/x", string(good)}), Limits{}, Unsafe, "sheet.error.nested"},
		"entities":           {zipOf(t, part{"mimetype", odsMime}, part{"content.xml", `<!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>`}), Limits{}, Unsafe, "sheet.error.entities"},
		"rows beyond number": {odsOf(t, table(row(` table:number-rows-repeated="99999999999999999999"`, cell))), Limits{}, "", ""},
		"rows beyond count":  {odsOf(t, table(row(` table:number-rows-repeated="99999999999"`, cell))), Limits{}, TooLarge, "sheet.error.rows"},
		"many rows":          {odsOf(t, table(row(` table:number-rows-repeated="1048576"`, cell))), Limits{}, TooLarge, "sheet.error.rows"},
		"many columns":       {odsOf(t, table(row("", strings.Replace(cell, "cell>", `cell table:number-columns-repeated="16384">`, 1)))), Limits{}, TooLarge, "sheet.error.columns"},
		"far column":         {odsOf(t, table(row("", `<table:table-cell table:number-columns-repeated="16383"/>`+cell))), Limits{}, TooLarge, "sheet.error.columns"},
		"deep":               {odsOf(t, table(row("", `<table:table-cell>`+strings.Repeat(`<text:span>`, 300)))), Limits{}, Damaged, "sheet.error.damaged"},
		"many sheets":        {odsOf(t, strings.Repeat(table(row("", cell)), 1001)), Limits{}, TooLarge, "sheet.error.sheets"},
		"broken":             {odsOf(t, table(row("", cell+"</table:table-cell>"))), Limits{}, Damaged, "sheet.error.damaged"},
		"macros":             {rawBook(t, sheetXML(twoRows), part{"xl/vbaProject.bin", "x"}), Limits{}, Unsafe, "sheet.error.macros"},
		"workbook cut short": {rawBook(t, sheetXML(twoRows))[:300], Limits{}, Damaged, "sheet.error.damaged"},
		"file too large":     {good, Limits{File: 100}, TooLarge, "sheet.error.file_size"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readBook(t, c.content, c.limits)
			if c.key != "" {
				wantError(t, err, c.kind, c.key)
			} else if err != nil {
				t.Errorf("error = %v", err) // a number that is none is read as one row
			}
		})
	}
	long := odsOf(t, table(row("", `<table:table-cell><text:p>`+strings.Repeat("é", 40_000)+`</text:p></table:table-cell><table:table-cell><text:p>a<text:s text:c="999999999"/>b</text:p></table:table-cell>`)))
	book, err := readBook(t, long, Limits{Ratio: 1 << 40})
	if err != nil || len(book.Sheets[0].Rows[0].Problems) == 0 || len([]rune(book.Sheets[0].Rows[0].Cells[0])) > DefaultLimits.Cell {
		t.Errorf("a cell too long: %v", err)
	}
}

// FuzzReadBook gives any bytes, and any content of an OpenDocument spreadsheet, to the reader of books: it ends within the
// limits, with rows or with a typed error.
func FuzzReadBook(f *testing.F) {
	f.Add([]byte("PK\x03\x04"), `<table:table table:name="a"><table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="3"><text:p>x<text:s text:c="2"/></text:p></table:table-cell></table:table-row></table:table>`)
	f.Add(rawBook(f, sheetXML(twoRows)), `<table:table><table:table-row><table:covered-table-cell office:value-type="date" office:date-value="2026-01-01"/><table:table-cell><table:table/></table:table-cell></table:table-row>`)
	f.Fuzz(func(t *testing.T, content []byte, tables string) {
		limits := Limits{Total: 4 << 20, Rows: 5000, Columns: 50, Cell: 1000, Sheets: 20}
		for _, file := range [][]byte{content, odsOf(t, tables)} {
			book, err := readBook(t, file, limits)
			if err != nil {
				wantTyped(t, err)
				continue
			}
			rows := 0
			for _, s := range book.Sheets {
				last := 0
				for _, r := range s.Rows {
					if rows++; r.Line <= last || len(r.Cells) == 0 || len(r.Cells) > limits.Columns {
						t.Fatalf("row %v behind line %d", r, last)
					}
					last = r.Line
				}
			}
			if rows > limits.Rows || len(book.Sheets) > limits.Sheets || rows == 0 {
				t.Fatalf("%d rows of %d sheets", rows, len(book.Sheets))
			}
		}
	})
}
