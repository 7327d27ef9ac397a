package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

var update = flag.Bool("update", false, "write the golden files")

var sampleColumns = []Column{
	{Key: "name", Title: "Nom", Kind: Text}, {Key: "rows", Title: "Lignes", Kind: Int}, {Key: "fill", Title: "Taux de remplissage", Kind: Percent},
	{Key: "day", Title: "Jour", Kind: Date}, {Key: "seen", Title: "Vu à", Kind: Time}, {Key: "personal", Title: "=Personnel", Kind: Bool},
	{Key: "programs", Title: "Programmes; actions", Kind: Text},
}

func sampleRows() [][]any {
	paris := time.FixedZone("CET", 3600)
	at := time.Date(2026, 1, 31, 23, 30, 5, 0, paris)
	n, none := int64(-12), (*int64)(nil)
	return [][]any{
		{"e-mail", 1234567, 0.9375, at, at, true, []string{"Anniversaire", "Bienvenue"}},
		{"=1+1", &n, 1, nil, nil, false, []string{}},
		{"@SUM(A1)", none, math.NaN(), time.Time{}, (*time.Time)(nil), nil, nil},
		{"\tx", int64(1) << 60, 0.5, time.Date(1850, 5, 1, 0, 0, 0, 0, time.UTC), nil, nil, "a;b,\"c\"\nd"},
		{"＝1", uint64(7), nil, nil, nil, nil, "-2+3"},
		{"bell\aé\x00<&>", 0, nil, nil, nil, nil, "  +1"},
		{"日本 😀 _x0041_", 0, nil, nil, nil, nil, "'=1"},
	}
}

func writeSample(t testing.TB, w Writer) {
	t.Helper()
	if err := w.Header(sampleColumns); err != nil {
		t.Fatal(err)
	}
	for _, row := range sampleRows() {
		if err := w.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("second Close() error = %v", err)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestWriteText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]func(io.Writer) Writer{
		"fr.csv":     func(w io.Writer) Writer { return NewCSV(w, "fr") },
		"en.csv":     func(w io.Writer) Writer { return NewCSV(w, "en") },
		"script.csv": func(w io.Writer) Writer { return NewCSV(w, "") },
		"a.json":     NewJSON,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			writeSample(t, c(&b))
			golden(t, name, b.String())
		})
	}
}

func TestJSONIsValid(t *testing.T) {
	t.Parallel()
	var b, none bytes.Buffer
	writeSample(t, NewJSON(&b))
	var got []map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || len(got) != len(sampleRows()) {
		t.Errorf("%d objects, error %v", len(got), err)
	}
	if got[1]["name"] != "=1+1" || got[0]["rows"] != 1234567.0 {
		t.Errorf("JSON is for programs and keeps values as they are, got %v", got[:2])
	}
	w := NewJSON(&none)
	if err := errors.Join(w.Header(sampleColumns), w.Close()); err != nil || json.Unmarshal(none.Bytes(), &got) != nil || len(got) != 0 {
		t.Errorf("no rows gave %q, %v", none.String(), err)
	}
}

// TestWriteWorkbook shows every cell of a workbook as its place, type, number format and value.
func TestWriteWorkbook(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	writeSample(t, NewXLSX(&b, "Champs: [à] supprimer / 2026, une liste bien longue"))
	book, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	sheet := book.GetSheetName(0)
	var out strings.Builder
	fmt.Fprintf(&out, "sheet %s\n", sheet)
	for row := range len(sampleRows()) + 1 {
		for col := range sampleColumns {
			at, err := excelize.CoordinatesToCellName(col+1, row+1)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := book.GetCellValue(sheet, at, excelize.Options{RawCellValue: true})
			if err != nil {
				t.Fatal(err)
			}
			shown, err := book.GetCellValue(sheet, at)
			if err != nil {
				t.Fatal(err)
			}
			kind, err := book.GetCellType(sheet, at)
			if err != nil {
				t.Fatal(err)
			}
			formula, err := book.GetCellFormula(sheet, at)
			if err != nil || formula != "" {
				t.Errorf("%s holds the formula %q, error %v", at, formula, err)
			}
			if raw != "" {
				fmt.Fprintf(&out, "%s %s %q shown %q\n", at, map[excelize.CellType]string{
					excelize.CellTypeInlineString: "text", excelize.CellTypeUnset: "number", excelize.CellTypeNumber: "number", excelize.CellTypeBool: "bool",
				}[kind], raw, shown)
			}
		}
	}
	golden(t, "workbook.txt", out.String())
	xml := partOf(t, b.Bytes(), "xl/worksheets/sheet1.xml")
	for _, want := range []string{`state="frozen"`, `<autoFilter ref="$A$1:$G$8"`, `customWidth="1"`} {
		if !strings.Contains(xml, want) {
			t.Errorf("sheet has no %s", want)
		}
	}
	if strings.Contains(xml, "<f>") {
		t.Error("sheet has a formula")
	}
}

func partOf(t *testing.T, book []byte, name string) string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNeutral(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "a": "a", "e-mail": "e-mail", "=1": "'=1", "+33": "'+33", "-2+3": "'-2+3", "@SUM": "'@SUM", "\t=1": "'\t=1", "\r": "'\r", "\x00": "'\x00",
		"＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠a": "'＠a", "  =1": "'  =1", "\u200b=1": "'\u200b=1", "'a": "'a", "'=1": "''=1", "a=b": "a=b", " a": " a",
	} {
		if got := Neutral(in); got != want {
			t.Errorf("Neutral(%q) = %q, want %q", in, got, want)
		}
		if got := Plain(Neutral(in)); got != in {
			t.Errorf("Plain(Neutral(%q)) = %q", in, got)
		}
	}
}

// TestWhatIsWrittenReadsTheSame sends the same table through each format and back.
func TestWhatIsWrittenReadsTheSame(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]func(io.Writer) Writer{
		"csv fr": func(w io.Writer) Writer { return NewCSV(w, "fr") },
		"csv en": func(w io.Writer) Writer { return NewCSV(w, "en") },
		"xlsx":   func(w io.Writer) Writer { return NewXLSX(w, "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := [][]any{{"=1+1", "x\ny"}, {"é\"è", "a;b,c"}, {"-", "\tz"}}
			var b bytes.Buffer
			w := c(&b)
			err := w.Header([]Column{{Key: "a"}, {Key: "b"}})
			for _, v := range values {
				err = errors.Join(err, w.Row(v))
			}
			if err = errors.Join(err, w.Close()); err != nil {
				t.Fatal(err)
			}
			_, rows, err := readAll(t, b.Bytes(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			for i, row := range rows {
				for j, cell := range row.Cells {
					if Plain(cell) != values[i][j] {
						t.Errorf("row %d, column %d read as %q, want %q", i, j, Plain(cell), values[i][j])
					}
				}
			}
			if len(rows) != len(values) {
				t.Errorf("read %d rows, want %d", len(rows), len(values))
			}
		})
	}
}

func written(t testing.TB, open func(io.Writer) Writer, rows int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := open(&b)
	err := w.Header([]Column{{Key: "a", Kind: Int}, {Key: "b"}})
	for i := range rows {
		err = errors.Join(err, w.Row([]any{i, "x"}))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// broken refuses everything, as a connection that is gone does.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriterErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]func(io.Writer) Writer{
		"csv": func(w io.Writer) Writer { return NewCSV(w, "fr") }, "json": NewJSON, "xlsx": func(w io.Writer) Writer { return NewXLSX(w, "x") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := c(io.Discard)
			if err := w.Header([]Column{{Key: "a"}, {Key: "b"}}); err != nil {
				t.Fatal(err)
			}
			if err := w.Row([]any{1}); !errors.Is(err, errOrder) {
				t.Errorf("Row with too few values: error = %v", err)
			}
			if err := w.Row([]any{1, 2}); !errors.Is(err, errOrder) {
				t.Errorf("Row after a failed one: error = %v, want the first error again", err)
			}
			if err := w.Close(); err != nil {
				t.Errorf("Close after a failure: error = %v", err)
			}
			if err := c(io.Discard).Row([]any{1}); err == nil {
				t.Error("Row before Header: no error")
			}
			gone := c(broken{})
			err := errors.Join(gone.Header([]Column{{Key: "a"}}), gone.Row([]any{1}), gone.Close())
			if !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("writing to a broken pipe: error = %v", err)
			}
		})
	}
}

// TestBookShowsPhoneNumbersAsDialled: in a book for people a number with its country's prefix has no apostrophe; whatever could
// compute has one, and no cell is a formula.
func TestBookShowsPhoneNumbersAsDialled(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"+33 4 00 00 00 00": "+33 4 00 00 00 00", "+33(4)00-00.00": "+33(4)00-00.00", "+A1": "'+A1", "+1+cmd|' /C calc'!A0": "'+1+cmd|' /C calc'!A0",
		"-33": "'-33", "=1": "'=1"} {
		var out bytes.Buffer
		if err := WriteBook(&out, []Page{{Name: "1", Rows: [][]Cell{{{Text: in}}}}}); err != nil {
			t.Fatal(err)
		}
		book, err := excelize.OpenReader(&out)
		if err != nil {
			t.Fatal(err)
		}
		got, err := book.GetCellValue("1", "A1")
		formula, _ := book.GetCellFormula("1", "A1")
		if err != nil || got != want || formula != "" {
			t.Errorf("%q reads %q (formula %q, %v), want %q", in, got, formula, err, want)
		}
	}
}
