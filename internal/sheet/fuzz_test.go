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
