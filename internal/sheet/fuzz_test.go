package sheet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
)

// FuzzOpen gives any bytes to the reader: it ends, with rows as wide as the headings or with a typed error.
func FuzzOpen(f *testing.F) {
	for _, seed := range [][]byte{
		[]byte("a;b\n1;\"x\ny\"\n"), []byte("sep=|\na|b\r\"|\"\""), []byte(bom8 + "é,à\n1,2"), wide("a\tb\n1\t2", binary.LittleEndian, true),
		rawBook(f, sheetXML(twoRows)), rawBook(f, sheetXML(`<row r="5"><c r="ZZ1"/></row><row/>`)), []byte("PK\x03\x04"), []byte(ole), {0, 0, 0},
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		limits := Limits{Total: 4 << 20, Rows: 5000, Columns: 50, Cell: 1000, Record: 64 << 10}
		table, err := Open(bytes.NewReader(content), int64(len(content)), Options{Limits: limits, TempDir: t.TempDir()})
		if err != nil {
			wantTyped(t, err)
			return
		}
		defer func() { _ = table.Close() }()
		width, last := len(table.Headers()), table.HeaderLine()
		for range limits.Rows + 1 {
			row, err := table.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				wantTyped(t, err)
				return
			}
			if len(row.Cells) != width || row.Line <= last {
				t.Fatalf("row %v behind line %d, want %d cells", row, last, width)
			}
			last = row.Line
		}
		t.Fatal("more rows than the limit")
	})
}

func wantTyped(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Key == "" {
		t.Fatalf("error = %v, want an *Error", err)
	}
}

// FuzzCSV writes any two cells and reads them back.
func FuzzCSV(f *testing.F) {
	f.Add("=1", "a;\"b\"\n")
	f.Add("'", "\r")
	f.Fuzz(func(t *testing.T, a, b string) {
		if printable(a) != a || printable(b) != b || blank(a) || !bytes.Equal([]byte(a), bytes.ToValidUTF8([]byte(a), nil)) || bytes.ContainsRune([]byte(a+b), '\r') ||
			bytes.ContainsRune([]byte(a+b), '\ufffd') {
			t.Skip()
		}
		var out bytes.Buffer
		w := NewCSV(&out, "fr")
		if err := errors.Join(w.Header([]Column{{Key: "x"}, {Key: "y"}}), w.Row([]any{a, b}), w.Close()); err != nil {
			t.Fatal(err)
		}
		_, rows, err := readAll(t, out.Bytes(), Options{})
		if err != nil || len(rows) != 1 || Plain(rows[0].Cells[0]) != a || Plain(rows[0].Cells[1]) != b {
			t.Fatalf("%q read as %v, %v", []string{a, b}, rows, err)
		}
	})
}

// FuzzParts gives any text to the parts of a workbook, behind the packing that hides them from FuzzOpen.
func FuzzParts(f *testing.F) {
	f.Add(sheetXML(twoRows), workbookXML, `<sst><si><t>a</t></si><si><r><t>b</t></r></si></sst>`, `<styleSheet><numFmts/><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>`)
	f.Add(sheetXML(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>-7</v></c><c r="C1" s="99" t="d"><v>2026-01-01</v></c></row><row r="1"><c t="e"><v>#N/A</v></c></row>`), workbookXML, `<sst/>`, ``)
	f.Add(sheetXML(`<row r="2"><c r="A1" s="1"><v>46053.9</v></c></row><row r="-1"/><row><c r="1A"/></row>`), workbookXML, ``, `<styleSheet><cellXfs count="2"><xf/><xf numFmtId="164"/></cellXfs></styleSheet>`)
	f.Fuzz(func(t *testing.T, worksheet, workbook, texts, styles string) {
		content := zipOf(t, part{"[Content_Types].xml", contentTypes}, part{"_rels/.rels", rootRels}, part{"xl/workbook.xml", workbook},
			part{"xl/_rels/workbook.xml.rels", workbookRels}, part{"xl/worksheets/sheet1.xml", worksheet}, part{"xl/sharedStrings.xml", texts}, part{"xl/styles.xml", styles})
		table, err := Open(bytes.NewReader(content), int64(len(content)), Options{Limits: Limits{Rows: 5000, Columns: 50}, TempDir: t.TempDir()})
		if err != nil {
			wantTyped(t, err)
			return
		}
		defer func() { _ = table.Close() }()
		for {
			if _, err := table.Next(); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				wantTyped(t, err)
				return
			}
		}
	})
}
