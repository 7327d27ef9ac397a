package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
)

// readAll opens content and reads it to its end; err is what ended the reading otherwise.
func readAll(t testing.TB, content []byte, o Options) (table *Table, rows []Row, err error) {
	t.Helper()
	if o.TempDir == "" {
		o.TempDir = t.TempDir()
	}
	table, err = Open(bytes.NewReader(content), int64(len(content)), o)
	if err != nil {
		return nil, nil, err
	}
	for {
		row, err := table.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			_ = table.Close()
			return table, rows, err
		}
		rows = append(rows, row)
	}
	if err := table.Close(); err != nil {
		t.Fatalf("Close() error = %v", err)
	}
	if left, err := os.ReadDir(o.TempDir); err != nil || len(left) > 0 {
		t.Errorf("temporary files left behind: %v, %v", left, err)
	}
	return table, rows, nil
}

func cellsOf(rows []Row) (out [][]string) {
	for _, r := range rows {
		out = append(out, r.Cells)
	}
	return out
}

func problemsOf(rows []Row) (out []string) {
	for _, r := range rows {
		for _, p := range r.Problems {
			out = append(out, fmt.Sprintf("%s %d:%d", p.Key, p.Line, p.Column))
		}
	}
	return out
}

func wide(s string, order binary.AppendByteOrder, mark bool) []byte {
	var b []byte
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, u := range units {
		b = order.AppendUint16(b, u)
	}
	return b
}

func paged(t testing.TB, page *charmap.Charmap, s string) []byte {
	t.Helper()
	b, err := page.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpenEncodings(t *testing.T) {
	t.Parallel()
	const text = "Table;Champ;Libellé\r\nclient;tél;Numéro à l'étranger, où l'appel coûte\r\nclient;prénom;Prénom usuel\r\n"
	want := [][]string{{"client", "tél", "Numéro à l'étranger, où l'appel coûte"}, {"client", "prénom", "Prénom usuel"}}
	late := "Table;Champ;Libellé\n" // an accent only, far behind what a short sample shows
	lateLong := "Table;Champ\n" + strings.Repeat("client;nom\n", 40_000) + "client;tél\n"
	for name, c := range map[string]struct {
		content  []byte
		encoding string
	}{
		"utf-8":             {[]byte(text), "utf-8"},
		"utf-8 with mark":   {[]byte(bom8 + text), "utf-8"},
		"utf-16le mark":     {wide(text, binary.LittleEndian, true), "utf-16le"},
		"utf-16be mark":     {wide(text, binary.BigEndian, true), "utf-16be"},
		"utf-16le unmarked": {wide(text, binary.LittleEndian, false), "utf-16le"},
		"utf-16be unmarked": {wide(text, binary.BigEndian, false), "utf-16be"},
		"windows-1252":      {paged(t, charmap.Windows1252, text), "windows-1252"},
		"macintosh":         {paged(t, charmap.Macintosh, text), "macintosh"},
		"cp850":             {paged(t, charmap.CodePage850, text), "ibm850"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, rows, err := readAll(t, c.content, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if table.Encoding != c.encoding || table.Comma != ';' || table.Format != CSV {
				t.Errorf("recognised %s %q %s, want %s", table.Encoding, table.Comma, table.Format, c.encoding)
			}
			if diff := cmp.Diff(want, cellsOf(rows)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"Table", "Champ", "Libellé"}, table.Headers()); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("late accent", func(t *testing.T) {
		t.Parallel()
		table, rows, err := readAll(t, paged(t, charmap.Windows1252, lateLong), Options{})
		if err != nil || table.Encoding != "windows-1252" || rows[len(rows)-1].Cells[1] != "tél" {
			t.Errorf("error %v, encoding %s, last row %v", err, table.Encoding, rows[len(rows)-1])
		}
	})
	t.Run("asked for", func(t *testing.T) {
		t.Parallel()
		content := append(paged(t, charmap.ISO8859_1, late), "x;y;\xe9t\xe9\n"...)
		_, rows, err := readAll(t, content, Options{Encoding: "ibm850"})
		if err != nil || rows[0].Cells[2] == "été" {
			t.Errorf("error %v, rows %v: the encoding asked for was not used", err, rows)
		}
		if _, _, err := readAll(t, content, Options{Encoding: "klingon"}); !errors.Is(err, NotATable) {
			t.Errorf("error = %v, want NotATable", err)
		}
	})
	t.Run("stray byte", func(t *testing.T) {
		t.Parallel()
		_, rows, err := readAll(t, []byte("a;b\n"+strings.Repeat("é;à\n", 30)+"\xe9;x\n"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"sheet.problem.encoding 32:1"}, problemsOf(rows)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOpenText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content  string
		comma    rune
		headers  []string
		rows     [][]string
		lines    []int
		problems []string
	}{
		"commas": {"a,b\n1,\"x, y\"\n", ',', []string{"a", "b"}, [][]string{{"1", "x, y"}}, []int{2}, nil},
		"tabs":   {"a\tb\n1\t2,3\n", '\t', []string{"a", "b"}, [][]string{{"1", "2,3"}}, []int{2}, nil},
		"pipes":  {"a|b\n1|2\n", '|', []string{"a", "b"}, [][]string{{"1", "2"}}, []int{2}, nil},
		"commas inside semicolons": {"nom;note\nx;a, b, c\ny;d, e, f\n", ';', []string{"nom", "note"},
			[][]string{{"x", "a, b, c"}, {"y", "d, e, f"}}, []int{2, 3}, nil},
		"one column":        {"name\nx\ny\n", ';', []string{"name"}, [][]string{{"x"}, {"y"}}, []int{2, 3}, nil},
		"declared":          {"sep=|\r\na|b\r\n1;2|3\r\n", '|', []string{"a", "b"}, [][]string{{"1;2", "3"}}, []int{3}, nil},
		"declared unusual":  {"sep=#\na#b\n1#2\n", '#', []string{"a", "b"}, [][]string{{"1", "2"}}, []int{3}, nil},
		"old macintosh":     {"a;b\r1;2\r3;4\r", ';', []string{"a", "b"}, [][]string{{"1", "2"}, {"3", "4"}}, []int{2, 3}, nil},
		"no last line end":  {"a;b\n1;2", ';', []string{"a", "b"}, [][]string{{"1", "2"}}, []int{2}, nil},
		"blank lines":       {"\n\na;b\n\n1;2\n;\n\n3;4\n", ';', []string{"a", "b"}, [][]string{{"1", "2"}, {"3", "4"}}, []int{5, 8}, nil},
		"trailing empties":  {"a;b;;\n1;2;;\n3;4;;\n", ';', []string{"a", "b"}, [][]string{{"1", "2"}, {"3", "4"}}, []int{2, 3}, nil},
		"short rows":        {"a;b;c\n1\n2;3\n4;5;6\n", ';', []string{"a", "b", "c"}, [][]string{{"1", "", ""}, {"2", "3", ""}, {"4", "5", "6"}}, []int{2, 3, 4}, nil},
		"extra cells":       {"a;b\n1;2\n3;4;5\n", ';', []string{"a", "b"}, [][]string{{"1", "2"}, {"3", "4"}}, []int{2, 3}, []string{"sheet.problem.extra 3:3"}},
		"quoted lines":      {"a;b\n1;\"x\r\ny\"\"z\"\n2;3\n", ';', []string{"a", "b"}, [][]string{{"1", "x\ny\"z"}, {"2", "3"}}, []int{2, 4}, nil},
		"quoted empty":      {"a;b\n\"\";\"\"\"\"\n", ';', []string{"a", "b"}, [][]string{{"", `"`}}, []int{2}, nil},
		"mark inside":       {"a;b\n1;5\" pipe\n2;3\n", ';', []string{"a", "b"}, [][]string{{"1", `5" pipe`}, {"2", "3"}}, []int{2, 3}, []string{"sheet.problem.quote 2:2"}},
		"mark never closed": {"a;b\n1;\"open\n2;3\n4;5\n", ';', []string{"a", "b"}, [][]string{{"1", `"open`}, {"2", "3"}, {"4", "5"}}, []int{2, 3, 4}, []string{"sheet.problem.quote 2:2"}},
		"mark then letters": {"a;b\n\"x\"y;1\n2;3\n", ';', []string{"a", "b"}, [][]string{{`"x"y`, "1"}, {"2", "3"}}, []int{2, 3}, []string{"sheet.problem.quote 2:1"}},
		"title above":       {"Inventaire du CRM;;\nTable;Champ;Type\nx;y;z\n", ';', []string{"Table", "Champ", "Type"}, [][]string{{"x", "y", "z"}}, []int{3}, nil},
		"groups above": {"Objet;Identité;;\n;Nom;Prénom;Âge\nx;y;z;3\n", ';', []string{"Objet", "Nom", "Prénom", "Âge"},
			[][]string{{"x", "y", "z", "3"}}, []int{3}, nil},
		"brackets are no json": {"[a];[b]\n1;2\n", ';', []string{"[a]", "[b]"}, [][]string{{"1", "2"}}, []int{2}, nil},
		"headings folded":      {"\"  Nom\ndu champ \";b\nx;y\n", ';', []string{"Nom du champ", "b"}, [][]string{{"x", "y"}}, []int{3}, nil},
		"untitled column":      {"a;;c\n1;2;3\n", ';', []string{"a", "", "c"}, [][]string{{"1", "2", "3"}}, []int{2}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, rows, err := readAll(t, []byte(c.content), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if table.Comma != c.comma {
				t.Errorf("delimiter = %q, want %q", table.Comma, c.comma)
			}
			var lines []int
			for _, r := range rows {
				lines = append(lines, r.Line)
			}
			for _, diff := range []string{cmp.Diff(c.headers, table.Headers()), cmp.Diff(c.rows, cellsOf(rows)), cmp.Diff(c.lines, lines), cmp.Diff(c.problems, problemsOf(rows))} {
				if diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestOpenRefusesOtherFiles(t *testing.T) {
	t.Parallel()
	oldBook := append([]byte(ole), make([]byte, 2000)...)
	locked := append(append([]byte(ole), make([]byte, 1000)...), wide("EncryptedPackage", binary.LittleEndian, false)...)
	for name, c := range map[string]struct {
		content []byte
		kind    Kind
		key     string
		is      string
	}{
		"empty":       {nil, Empty, "sheet.error.empty", ""},
		"spaces":      {[]byte(" \r\n\n  \n"), Empty, "sheet.error.empty", ""},
		"mark alone":  {[]byte(bom8), Empty, "sheet.error.empty", ""},
		"header only": {[]byte("a;b\n\n"), Empty, "sheet.error.no_rows", ""},
		"old excel":   {oldBook, NotATable, "sheet.error.not_a_table", "xls"},
		"encrypted":   {locked, Encrypted, "sheet.error.encrypted", ""},
		"pdf":         {[]byte("%PDF-1.7\n%âãÏÓ\n"), NotATable, "sheet.error.not_a_table", "pdf"},
		"json object": {[]byte("{\n \"a\": 1}"), NotATable, "sheet.error.not_a_table", "json"},
		"json array":  {[]byte("[{\"a\": 1}]"), NotATable, "sheet.error.not_a_table", "json"},
		"html":        {[]byte("\n<!DOCTYPE html><html><table><tr><td>a</table>"), NotATable, "sheet.error.not_a_table", "html"},
		"html as xls": {[]byte("<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\">"), NotATable, "sheet.error.not_a_table", "html"},
		"xml":         {[]byte("<?xml version=\"1.0\"?><Workbook/>"), NotATable, "sheet.error.not_a_table", "xml"},
		"png":         {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), NotATable, "sheet.error.not_a_table", "image"},
		"gzip":        {[]byte("\x1f\x8b\x08\x00\x00"), NotATable, "sheet.error.not_a_table", "gzip"},
		"rtf":         {[]byte("{\\rtf1\\ansi"), NotATable, "sheet.error.not_a_table", "rtf"},
		"sqlite":      {[]byte("SQLite format 3\x00\x10\x00"), NotATable, "sheet.error.not_a_table", "database"},
		"zeros":       {make([]byte, 1<<20), NotATable, "sheet.error.not_a_table", "binary"},
		"duplicate":   {[]byte("Nom;b; nom \n1;2;3\n"), Headings, "sheet.error.duplicate_heading", ""},
		"nul":         {[]byte("a;b\n1;x\x00y\n" + strings.Repeat("1;2\n", 50)), NotATable, "sheet.error.nul", ""},
		"quotes":      {[]byte("a;b\n" + strings.Repeat("x;5\" pipe\n", 200)), NotATable, "sheet.error.quotes", ""},
		"endless row": {[]byte("a;b\n" + strings.Repeat("x", 5<<20)), TooLarge, "sheet.error.record", ""},
		"columns":     {[]byte(strings.Repeat("x;", 501) + "y\n1\n"), TooLarge, "sheet.error.columns", ""},
		"zip":         {zipOf(t, part{"a.txt", "hello"}), NotATable, "sheet.error.not_a_table", "zip"},
		"empty zip":   {zipOf(t), NotATable, "sheet.error.not_a_table", "zip"},
		"ods":         {zipOf(t, part{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, part{"content.xml", "<x/>"}), NotATable, "sheet.error.not_a_table", "ods"},
		"docx": {zipOf(t, part{"[Content_Types].xml", `<Types><Override ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`}),
			NotATable, "sheet.error.not_a_table", "docx"},
		"xlsb": {zipOf(t, part{"[Content_Types].xml", "<Types/>"}, part{"xl/workbook.bin", "x"}), NotATable, "sheet.error.not_a_table", "xlsb"},
		"xlsm": {zipOf(t, part{"[Content_Types].xml", `<Types><Override ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>`}),
			Unsafe, "sheet.error.macros", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := readAll(t, c.content, Options{})
			wantError(t, err, c.kind, c.key)
			var e *Error
			if errors.As(err, &e) && c.is != "" && e.Args["is"] != c.is {
				t.Errorf("is = %v, want %s", e.Args["is"], c.is)
			}
		})
	}
}

func TestTextBrokenOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content string
		cut     bool
	}{
		"within a row":          {"a,b,c\n1,2,3\n4,5", true},
		"within a quotation":    {"a,b,c\n1,2,3\n4,5,\"six", true},
		"no end, but whole":     {"a,b,c\n1,2,3\n4,5,6", false},
		"short, with its end":   {"a,b,c\n1,2,3\n4,5\n", false},
		"rows are short anyway": {"a,b,c\n1,2\n4,5", false},
		"under a title":         {"Inventory\n\na,b,c\n1,2,3\n4,5", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := readAll(t, []byte(c.content), Options{})
			if !c.cut {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantError(t, err, Damaged, "sheet.error.cut")
		})
	}
}

func wantError(t *testing.T, err error, kind Kind, key string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, kind) || e.Key != key {
		t.Errorf("error = %v, want %s (%s)", err, key, kind)
	}
}

type part struct{ name, content string }

func zipOf(t testing.TB, parts ...part) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, p := range parts {
		f, err := w.Create(p.name)
		if err == nil {
			_, err = io.WriteString(f, p.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	contentTypes = `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`
	rootRels     = `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	workbookXML  = `<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>`
	workbookRels = `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`
)

// rawBook is a workbook of one sheet with that XML, and other parts.
func rawBook(t testing.TB, sheet string, others ...part) []byte {
	t.Helper()
	return zipOf(t, append([]part{
		{"[Content_Types].xml", contentTypes}, {"_rels/.rels", rootRels}, {"xl/workbook.xml", workbookXML},
		{"xl/_rels/workbook.xml.rels", workbookRels}, {"xl/worksheets/sheet1.xml", sheet},
	}, others...)...)
}

func sheetXML(rows string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + rows + `</sheetData></worksheet>`
}

func inline(ref, text string) string {
	return `<c r="` + ref + `" t="inlineStr"><is><t>` + text + `</t></is></c>`
}

const twoRows = `<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>` +
	`<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>2</v></c></row>`

func TestOpenWorkbook(t *testing.T) {
	t.Parallel()
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := book.NewSheet("Secret")
	must(err)
	_, err = book.NewSheet("Champs")
	must(err)
	_, err = book.NewSheet("Autre")
	must(err)
	must(book.SetCellStr("Secret", "A1", "hidden"))
	must(book.SetSheetVisible("Secret", false))
	must(book.SetCellStr("Champs", "A1", "Inventaire"))
	must(book.MergeCell("Champs", "A1", "D1"))
	must(book.SetSheetRow("Champs", "A3", &[]any{"Table", "Champ", "Depuis", "Lignes"}))
	must(book.SetSheetRow("Champs", "A4", &[]any{"client", "e-mail", time.Date(2025, 3, 7, 0, 0, 0, 0, time.UTC), 1234567}))
	must(book.SetSheetRow("Champs", "A7", &[]any{"client", "nom", nil, 0.5}))
	must(book.SetCellFormula("Champs", "D7", "1+1"))
	day, err := book.NewStyle(&excelize.Style{NumFmt: 14})
	must(err)
	must(book.SetCellStyle("Champs", "C4", "C4", day))
	must(book.SetSheetRow("Autre", "A1", &[]any{"x", "y"}))
	must(book.SetSheetRow("Autre", "A2", &[]any{true, "2"}))
	b, err := book.WriteToBuffer()
	must(err)

	table, rows, err := readAll(t, b.Bytes(), Options{})
	must(err)
	if diff := cmp.Diff([]string{"Sheet1", "Champs", "Autre"}, table.Sheets); diff != "" || table.Sheet != "Champs" || table.Format != XLSX {
		t.Errorf("read %s of %v", table.Sheet, table.Sheets)
	}
	if diff := cmp.Diff([]string{"Table", "Champ", "Depuis", "Lignes"}, table.Headers()); diff != "" || table.HeaderLine() != 3 {
		t.Errorf("line %d: %s", table.HeaderLine(), diff)
	}
	if diff := cmp.Diff([][]string{{"client", "e-mail", "2025-03-07", "1234567"}, {"client", "nom", "", "0.5"}}, cellsOf(rows)); diff != "" {
		t.Error(diff)
	}
	if rows[0].Line != 4 || rows[1].Line != 7 {
		t.Errorf("lines %d, %d, want 4, 7", rows[0].Line, rows[1].Line)
	}
	_, rows, err = readAll(t, b.Bytes(), Options{Sheet: "Autre"})
	must(err)
	if diff := cmp.Diff([][]string{{"TRUE", "2"}}, cellsOf(rows)); diff != "" {
		t.Error(diff)
	}
	_, _, err = readAll(t, b.Bytes(), Options{Sheet: "Secret"})
	wantError(t, err, NoSheet, "sheet.error.no_sheet")
}

func TestOpenHostileWorkbooks(t *testing.T) {
	t.Parallel()
	good := rawBook(t, sheetXML(twoRows))
	lol := `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	for name, c := range map[string]struct {
		content []byte
		limits  Limits
		kind    Kind
		key     string
	}{
		"cut short":         {good[:len(good)/2], Limits{}, Damaged, "sheet.error.damaged"},
		"cut at the end":    {good[:len(good)-5], Limits{}, Damaged, "sheet.error.damaged"},
		"flipped byte":      {flipped(good), Limits{}, Damaged, "sheet.error.damaged"},
		"zeros in a sheet":  {rawBook(t, strings.Repeat("\x00", 20<<20)), Limits{}, TooLarge, "sheet.error.ratio"},
		"zeros in an image": {rawBook(t, sheetXML(twoRows), part{"xl/media/image1.png", strings.Repeat("\x00", 64<<20)}), Limits{}, TooLarge, "sheet.error.ratio"},
		"zeros, no ratio":   {rawBook(t, strings.Repeat("\x00", 3<<20)), Limits{Total: 2 << 20, Ratio: 1 << 40}, TooLarge, "sheet.error.unpacked"},
		"styles too large":  {rawBook(t, sheetXML(twoRows), part{"xl/styles.xml", strings.Repeat("<a/>", 3<<18)}), Limits{Part: 1 << 20, Ratio: 1 << 40}, TooLarge, "sheet.error.part_size"},
		"too many parts":    {rawBook(t, sheetXML(twoRows), manyParts(2000)...), Limits{}, TooLarge, "sheet.error.parts"},
		"too many sheets":   {rawBook(t, sheetXML(twoRows), manyParts(60)...), Limits{}, TooLarge, "sheet.error.sheets"},
		"archive inside":    {rawBook(t, sheetXML(twoRows), part{"xl/embeddings/x.bin", string(zipOf(t, part{"a", "b"}))}), Limits{}, Unsafe, "sheet.error.nested"},
		"workbook inside":   {rawBook(t, sheetXML(twoRows), part{"xl/embeddings/book.xlsx", "x"}), Limits{}, Unsafe, "sheet.error.nested"},
		"macros":            {rawBook(t, sheetXML(twoRows), part{"xl/vbaProject.bin", "x"}), Limits{}, Unsafe, "sheet.error.macros"},
		"billion laughs":    {rawBook(t, lol+sheetXML(`<row r="1">` + inline("A1", "&b;") + `</row>`)[38:]), Limits{}, Unsafe, "sheet.error.entities"},
		"external entity": {rawBook(t, sheetXML(twoRows), part{"xl/sharedStrings.xml", `<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><sst><si><t>&f;</t></si></sst>`}),
			Limits{}, Unsafe, "sheet.error.entities"},
		"undefined entity": {rawBook(t, sheetXML(`<row r="1">`+inline("A1", "a")+`</row><row r="2">`+inline("A2", "&f;")+`</row><row r="3">`+inline("A3", "b")+`</row>`)), Limits{}, Damaged, "sheet.error.damaged"},
		"broken sheet":     {rawBook(t, strings.Replace(sheetXML(twoRows+`<row r="3"><c r="A3"><v>3</v></c></row>`), `</c><c r="B2">`, `</d><c r="B2">`, 1)), Limits{}, Damaged, "sheet.error.damaged"},
		"unended sheet":    {rawBook(t, strings.TrimSuffix(sheetXML(twoRows), "</sheetData></worksheet>")), Limits{}, Damaged, "sheet.error.damaged"},
		"two of a name":    {rawBook(t, sheetXML(twoRows), part{"xl/Worksheets/sheet1.xml", sheetXML("")}), Limits{}, Damaged, "sheet.error.damaged"},
		"name outside":     {rawBook(t, sheetXML(twoRows), part{"../../evil.xml", "<a/>"}), Limits{}, Damaged, "sheet.error.damaged"},
		"no workbook":      {zipOf(t, part{"[Content_Types].xml", contentTypes}), Limits{}, Damaged, "sheet.error.damaged"},
		"far column":       {rawBook(t, sheetXML(`<row r="1">`+inline("A1", "a")+inline("XFD1", "z")+`</row><row r="2">`+inline("A2", "a")+`</row>`)), Limits{}, TooLarge, "sheet.error.columns"},
		"blank far column": {rawBook(t, sheetXML(twoRows+`<row r="3"><c r="XFD3"><f>""</f></c></row>`)), Limits{}, TooLarge, "sheet.error.columns"},
		"sheet far below":  {rawBook(t, sheetXML(`<row r="1000000">`+inline("A1000000", "a")+`</row>`)), Limits{}, Empty, "sheet.error.empty"},
		"beyond the last":  {rawBook(t, sheetXML(twoRows+`<row r="99999999"><c><v>1</v></c></row>`)), Limits{}, Damaged, "sheet.error.damaged"},
		"too many rows":    {good, Limits{Rows: 1}, "", ""},
		"file too large":   {good, Limits{File: 100}, TooLarge, "sheet.error.file_size"},
		"no cells":         {rawBook(t, sheetXML("")), Limits{}, Empty, "sheet.error.empty"},
		"heading only":     {rawBook(t, sheetXML(`<row r="1">`+inline("A1", "a")+`</row>`)), Limits{}, Empty, "sheet.error.no_rows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := readAll(t, c.content, Options{Limits: c.limits})
			if c.key == "" {
				if err != nil {
					t.Errorf("error = %v, want none", err)
				}
				return
			}
			wantError(t, err, c.kind, c.key)
		})
	}
}

func manyParts(n int) (parts []part) {
	for i := range n {
		parts = append(parts, part{fmt.Sprintf("xl/worksheets/sheet%d.xml", i+2), sheetXML("")})
	}
	return parts
}

func flipped(b []byte) []byte {
	out := bytes.Clone(b)
	i := bytes.Index(out, []byte("xl/worksheets/sheet1.xml"))
	out[i+60] ^= 0xff
	return out
}

func TestRowsLimitCountsAcrossFormats(t *testing.T) {
	t.Parallel()
	_, rows, err := readAll(t, []byte("a;b\n1;2\n3;4\n5;6\n"), Options{Limits: Limits{Rows: 2}})
	wantError(t, err, TooLarge, "sheet.error.rows")
	if len(rows) != 2 {
		t.Errorf("read %d rows before the error, want 2", len(rows))
	}
}

func TestLongCellIsAProblemOfItsRow(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 40_000)
	_, rows, err := readAll(t, []byte("a;b\n1;\""+long+"\"\n2;3\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"sheet.problem.cell 2:2"}, problemsOf(rows)); diff != "" || len([]rune(rows[0].Cells[1])) != 32_767 {
		t.Errorf("%s, cell of %d", diff, len(rows[0].Cells[1]))
	}
	if diff := cmp.Diff([]string{"2", "3"}, rows[1].Cells); diff != "" {
		t.Error(diff)
	}
}

func TestRewindAndSample(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("a;b\n")
	for i := range 30 {
		fmt.Fprintf(&text, "%d;x\n", i)
	}
	for name, content := range map[string][]byte{"csv": []byte(text.String()), "xlsx": written(t, func(w io.Writer) Writer { return NewXLSX(w, "x") }, 30)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, err := Open(bytes.NewReader(content), int64(len(content)), Options{TempDir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = table.Close() }()
			if got := table.Sample(20); len(got) != 20 || got[19][0] != "19" {
				t.Fatalf("Sample(20) = %v", got)
			}
			for range 2 {
				n := 0
				for ; ; n++ {
					row, err := table.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil || row.Cells[0] != fmt.Sprint(n) {
						t.Fatalf("row %d = %v, %v", n, row, err)
					}
				}
				if n != 30 {
					t.Fatalf("read %d rows, want 30", n)
				}
				if err := table.Rewind(); err != nil {
					t.Fatal(err)
				}
			}
			if got := table.Sample(100); len(got) != 30 {
				t.Errorf("Sample(100) gave %d rows, want 30", len(got))
			}
		})
	}
}

func TestSampleKeepsTheErrorForNext(t *testing.T) {
	t.Parallel()
	content := []byte("a;b\n" + strings.Repeat("1;2\n", 20) + "3;\x00\n4;5\n" + strings.Repeat("1;2\n", 50))
	table, err := Open(bytes.NewReader(content), int64(len(content)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = table.Close() }()
	if got := table.Sample(50); len(got) != 20 {
		t.Errorf("Sample(50) gave %d rows, want the 20 that can be read", len(got))
	}
	n := 0
	for range 25 {
		if _, err = table.Next(); err == nil {
			n++
		}
	}
	wantError(t, err, NotATable, "sheet.error.nul")
	if n != 20 {
		t.Errorf("read %d rows, want 20 and then the error again and again", n)
	}
}

// endless is a CSV of any size that takes no memory.
type endless struct{ size int64 }

const (
	endlessHead = "Table;Champ;Libelle\n"
	endlessLine = "client;adresse_principale;Adresse de la personne ...........\n"
)

func (e endless) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off < e.size {
		var from string
		if off < int64(len(endlessHead)) {
			from = endlessHead[off:]
		} else {
			from = endlessLine[(off-int64(len(endlessHead)))%int64(len(endlessLine)):]
		}
		c := copy(p[n:min(len(p), n+int(min(int64(len(from)), e.size-off)))], from)
		n, off = n+c, off+int64(c)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

//nolint:paralleltest // measures the memory of the whole process
func TestMemoryIsBounded(t *testing.T) {
	lines := int64(1_000_000)
	source := endless{int64(len(endlessHead)) + lines*int64(len(endlessLine))}
	table, err := Open(source, source.size, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = table.Close() }()
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n, most := int64(0), uint64(0)
	for {
		_, err := table.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%250_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
	}
	if n != lines {
		t.Errorf("read %d rows, want %d", n, lines)
	}
	if most > before.HeapAlloc+4<<20 {
		t.Errorf("held %d bytes more than at the start, want under 4 MiB for a file of %d MiB", most-before.HeapAlloc, source.size>>20)
	}
}

// TestLargeWorkbook reads a sheet and shared texts that wait on disk; readAll checks that nothing stays there.
func TestLargeWorkbook(t *testing.T) {
	t.Parallel()
	const n = 30_000
	var texts strings.Builder
	texts.WriteString(`<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`)
	rows := strings.Builder{}
	rows.WriteString(`<row r="1">` + inline("A1", "Table") + inline("B1", "Champ") + `</row>`)
	for i := range n {
		fmt.Fprintf(&texts, `<si><t>champ_%d_%d_%x</t></si>`, i, i*7919%65537, i*104729)
		fmt.Fprintf(&rows, `<row r="%d"><c r="A%d" t="inlineStr"><is><t>client &amp; %d</t></is></c><c r="B%d" t="s"><v>%d</v></c></row>`, i+2, i+2, i*31%9973, i+2, i)
	}
	texts.WriteString(`</sst>`)
	content := zipOf(t, part{"[Content_Types].xml", contentTypes}, part{"_rels/.rels", rootRels}, part{"xl/workbook.xml", workbookXML},
		part{"xl/_rels/workbook.xml.rels", workbookRels}, part{"xl/worksheets/sheet1.xml", sheetXML(rows.String())}, part{"xl/sharedStrings.xml", texts.String() + strings.Repeat(" ", 2<<20)})
	_, got, err := readAll(t, content, Options{})
	if err != nil || len(got) != n {
		t.Fatalf("read %d rows, error %v", len(got), err)
	}
	if diff := cmp.Diff([]string{"client & 31", fmt.Sprintf("champ_1_7919_%x", 104729)}, got[1].Cells); diff != "" {
		t.Error(diff)
	}
}

// TestOwnExportsAreWithinTheLimits reads a workbook as repetitive as our exports can be.
func TestOwnExportsAreWithinTheLimits(t *testing.T) {
	t.Parallel()
	content := written(t, func(w io.Writer) Writer { return NewXLSX(w, "x") }, 60_000)
	_, rows, err := readAll(t, content, Options{})
	if err != nil || len(rows) != 60_000 {
		t.Fatalf("read %d rows, error %v", len(rows), err)
	}
}

// TestWorkbooksAreReadUnrounded: a cell holds more than it shows, and a date is a day whatever the order in which it is shown.
func TestWorkbooksAreReadUnrounded(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 2, 15, 30, 0, 0, time.UTC)
	book := excelize.NewFile()
	headings, want := []any{}, []string{}
	for n, c := range []struct {
		code  string
		value any
		want  string
	}{
		{"mm/dd/yyyy", day, "2026-11-02"},
		{"dd/mm/yy", day, "2026-11-02"},
		{"[$-40C]d mmmm yyyy;@", day, "2026-11-02"},
		{`mm\/dd\/yy\ hh:mm`, day, "2026-11-02 15:30:00"},
		{"0%", 0.9354, "93.5400%"},
		{"0.00%", 0.930012345678, "93.0012345678%"},
		{"0.0%", 0.0461, "4.6100%"},
		{"0%", 1, "100%"},
		{"0", 0.9354, "0.9354"},
		{"#,##0", 1234567, "1234567"},
		{`_-* #,##0.00\ [$€-40C]_-`, 1234.567, "1234.567"},
		{"00000", 42, "00042"},
		{`0" mois"`, 12, "12 mois"},
	} {
		headings, want = append(headings, string(rune('a'+n))), append(want, c.want)
		at, err := excelize.CoordinatesToCellName(n+1, 2)
		if err != nil {
			t.Fatal(err)
		}
		style, err := book.NewStyle(&excelize.Style{CustomNumFmt: &c.code})
		if err = errors.Join(err, book.SetCellValue("Sheet1", at, c.value), book.SetCellStyle("Sheet1", at, at, style)); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.SetSheetRow("Sheet1", "A1", &headings); err != nil {
		t.Fatal(err)
	}
	b, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	_, rows, err := readAll(t, b.Bytes(), Options{})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if diff := cmp.Diff(want, rows[0].Cells); diff != "" {
		t.Error(diff)
	}
}
