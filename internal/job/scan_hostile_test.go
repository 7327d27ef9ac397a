package job_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/job"
	"utile/internal/sheet"
	"utile/internal/store/storetest"
)

// zeros is a reader of that many NUL bytes.
func zeros(n int64) io.Reader { return io.LimitReader(zeroReader{}, n) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// workbook writes a workbook of one sheet.
func workbook(tb testing.TB, headings []string, rows ...[]any) string {
	tb.Helper()
	var b bytes.Buffer
	w := sheet.NewXLSX(&b, "Sheet")
	columns := make([]sheet.Column, len(headings))
	for i, h := range headings {
		columns[i] = sheet.Column{Key: h, Kind: sheet.Text}
	}
	err := w.Header(columns)
	for _, row := range rows {
		err = errors.Join(err, w.Row(row))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// sheets is a workbook of several sheets, each of rows of cells.
func sheets(tb testing.TB, of ...[][]any) string {
	tb.Helper()
	var pages []sheet.Page
	for n, rows := range of {
		p := sheet.Page{Name: fmt.Sprintf("Sheet %d", n+1)}
		for _, row := range rows {
			var cells []sheet.Cell
			for _, c := range row {
				cells = append(cells, sheet.Cell{Text: fmt.Sprint(c)})
			}
			p.Rows = append(p.Rows, cells)
		}
		pages = append(pages, p)
	}
	var b bytes.Buffer
	if err := sheet.WriteBook(&b, pages); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// bomb is a workbook whose sheet unpacks to 300 MB.
func bomb(tb testing.TB) string {
	tb.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range map[string]io.Reader{
		"[Content_Types].xml": strings.NewReader(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`),
		"xl/workbook.xml":          strings.NewReader(`<workbook/>`),
		"xl/worksheets/sheet1.xml": zeros(300 << 20),
	} {
		part, err := w.Create(name)
		if err == nil {
			_, err = io.Copy(part, content)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

func TestHostileFilesChangeNothing(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	good := workbook(t, []string{"table", "column"}, []any{"Contact", "email"})
	for name, c := range map[string]struct {
		file io.Reader
		key  string
	}{
		"200 MB of zeros":    {zeros(200 << 20), "sheet.error.file_size"},
		"1 MB of zeros":      {zeros(1 << 20), "sheet.error.not_a_table"},
		"zip bomb":           {strings.NewReader(bomb(t)), "sheet.error."},
		"truncated workbook": {strings.NewReader(good[:len(good)*2/3]), "sheet.error.damaged"},
		"random bytes.XLSX":  {strings.NewReader("a;b\n1;x\x00y\n" + strings.Repeat("1;2\n", 50)), "sheet.error.not_workbook"},
		"program":            {strings.NewReader("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 100)), "sheet.error.not_a_table"},
		"web page":           {strings.NewReader("<!doctype html><title>Sign in</title>"), "sheet.error.not_a_table"},
		"duplicate columns":  {strings.NewReader("table,column,COLUMN\nContact,a,b\n"), "sheet.error.duplicate_heading"},
		"headings only":      {strings.NewReader("table,column\n"), "sheet.error.no_rows"},
		"nothing":            {strings.NewReader(""), "sheet.error.empty"},
		"endless row":        {strings.NewReader("table,column\nContact,\"" + strings.Repeat("x", 5<<20)), "sheet.error."},
	} {
		i, err := job.Import(t.Context(), w.Store, by, c.file, job.ImportRequest{FileName: name, Plan: domain.ImportPlan{ApplicationName: "CRM"}}, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if i.State != domain.ImportFailed || i.Problem == nil || !strings.HasPrefix(i.Problem.Key, c.key) {
			t.Errorf("%s: %s %v, want it refused with %s", name, i.State, i.Problem, c.key)
		}
	}
	for _, table := range []string{"application", "dataset", "field", "import_row", "import_chunk", "event", "batch"} {
		if n := count(t, w, `select count(*) from `+table+` where workspace_id = $1`, by.Workspace); n != 0 {
			t.Errorf("%d rows of %s were left behind", n, table)
		}
	}
}

func TestStrangeNamesAreTakenOrReported(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	content := "table,column,comment\n" +
		"العميل,البريد,نص\n" + // right to left is a name like any other
		"客户,邮箱,\n" +
		"Contact,email \u202e gnp.exe,\n" + // reorders what is read
		"Contact,tab\there,\n" +
		"Contact,zero\u200bwidth,\n" +
		"Contact,'; drop table field; --,\n" +
		"Contact,<script>alert(1)</script>,\n" +
		"Contact,=cmd|' /C calc'!A0,\n" +
		fmt.Sprintf("Contact,%s,\n", strings.Repeat("n", 10_000)) +
		fmt.Sprintf("%s,email,\n", strings.Repeat("d", 10_000)) +
		"Contact,cafe\u0301,\nContact,caf\u00e9,\n" // the same letter written in two ways
	i, problems := bring(t, w.Store, by, "strange.csv", content, domain.ImportPlan{ApplicationName: strings.Repeat("a", 200)})
	if i.State != domain.ImportApplied {
		t.Fatalf("%s %v", i.State, i.Problem)
	}
	wantCounts(t, i, map[domain.ImportChange]int64{domain.ChangeNew: 6})
	var lines []string
	for _, p := range problems {
		lines = append(lines, fmt.Sprintf("%d %s", p.Line, strings.TrimPrefix(p.Key, "scan.problem.")))
	}
	if got, want := strings.Join(lines, ", "), "4 characters, 5 characters, 6 characters, 10 too_long, 11 too_long, 13 duplicate"; got != want {
		t.Errorf("problems: %s, want %s", got, want)
	}
}

func TestEncodingsDelimitersAndWorkbooks(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	utf16 := func(s string) string {
		b := []byte{0xff, 0xfe}
		for _, r := range s {
			b = append(b, byte(r), byte(r>>8))
		}
		return string(b)
	}
	const text = "Type de donnée;Nom de la colonne;Table;Libellé\nvarchar;prénom;client;Prénom usuel\ndate;né_le;client;Date de naissance\n"
	latin := strings.NewReplacer("é", "\xe9").Replace(text)
	for name, content := range map[string]string{
		"utf-8":        text,
		"mark":         "\ufeff" + text,
		"utf-16":       utf16(text),
		"windows-1252": latin,
		"comma":        strings.ReplaceAll(text, ";", ","),
		"tab":          strings.ReplaceAll(text, ";", "\t"),
		"crlf":         strings.ReplaceAll(text, "\n", "\r\n"),
		"workbook": workbook(t, []string{"Libellé", "Table", "Type de donnée", "Nom de la colonne"},
			[]any{"Prénom usuel", "client", "varchar", "prénom"}, []any{"Date de naissance", "client", "date", "né_le"}),
	} {
		applied(t, w.Store, by, name, content, domain.ImportPlan{ApplicationName: name})
		if n := count(t, w, `select count(*) from field f join application a on a.id = f.application_id where f.workspace_id = $1 and a.name = $2
			and (f.name, f.label, f.data_type) in (('prénom', 'Prénom usuel', 'varchar'), ('né_le', 'Date de naissance', 'date'))`, by.Workspace, name); n != 2 {
			t.Errorf("%s: %d fields as they should be, want 2", name, n)
		}
	}
}
