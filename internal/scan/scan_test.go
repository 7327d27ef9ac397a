package scan

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/sheet"
)

func openTable(t testing.TB, content []byte) *sheet.Table {
	t.Helper()
	table, err := sheet.Open(bytes.NewReader(content), int64(len(content)), sheet.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	})
	return table
}

// found splits what a source says into fields and problems.
func found(t testing.TB, s Source) (fields []domain.FoundField, problems []domain.RowProblem) {
	t.Helper()
	for f, err := range s.Fields() {
		switch {
		case err != nil:
			t.Fatal(err)
		case len(f.Problems) > 0:
			problems = append(problems, f.Problems...)
		default:
			if f.Field.Line != f.Line {
				t.Errorf("field of line %d in the row of line %d", f.Field.Line, f.Line)
			}
			fields = append(fields, f.Field)
		}
	}
	return fields, problems
}

func measured(t testing.TB, s iter.Seq2[Measured, error]) (fields []domain.MeasuredField, problems []domain.RowProblem) {
	t.Helper()
	for f, err := range s {
		switch {
		case err != nil:
			t.Fatal(err)
		case len(f.Problems) > 0:
			problems = append(problems, f.Problems...)
		default:
			fields = append(fields, f.Field)
		}
	}
	return fields, problems
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// inXLSX is a CSV file as a workbook of texts.
func inXLSX(t testing.TB, content []byte) []byte {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var columns []sheet.Column
	for _, h := range records[0] {
		columns = append(columns, sheet.Column{Key: h, Kind: sheet.Text})
	}
	var out bytes.Buffer
	w := sheet.NewXLSX(&out, "columns")
	err = w.Header(columns)
	for _, r := range records[1:] {
		values := make([]any, len(r))
		for i, v := range r {
			values[i] = v
		}
		err = errors.Join(err, w.Row(values))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// inventories are the real inventories, with their columns and tables as counted when they were read from their sources.
var inventories = map[string]struct{ columns, tables, keys, references int }{
	"civicrm":         {1912, 169, 167, 289},
	"dbt_hubspot":     {2114, 206, 0, 0},
	"dbt_jaffle_shop": {112, 19, 0, 0},
	"dolibarr":        {5079, 388, 410, 217},
	"espocrm":         {1470, 141, 141, 289},
	"hubspot":         {2231, 3, 0, 0},
	"matomo":          {494, 42, 55, 0},
	"moodle":          {4394, 483, 483, 597},
	"northwind":       {92, 14, 17, 13},
	"pagila":          {87, 15, 18, 18},
	"sakila":          {123, 21, 17, 40},
	"salesforce":      {565, 8, 8, 71},
	"twenty":          {443, 29, 29, 63},
	"wordpress":       {133, 18, 19, 0},
}

func TestRealInventories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/columns/*.csv")
	if err != nil || len(files) != len(inventories) {
		t.Fatalf("%d files, want %d, error %v", len(files), len(inventories), err)
	}
	columns, tables := 0, 0
	for name, want := range inventories {
		columns, tables = columns+want.columns, tables+want.tables
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content := readFile(t, filepath.Join("testdata", "columns", name+".csv"))
			table := openTable(t, content)
			fields, problems := found(t, Inventory(table, Guess(table, nil), nil))
			if len(problems) > 0 {
				t.Fatalf("%d problems, first %v", len(problems), problems[0])
			}
			datasets, keys, references, unknown := map[string]bool{}, 0, 0, 0
			for _, f := range fields {
				datasets[f.Dataset] = true
				if f.Key {
					keys++
				}
				if f.References != "" {
					references++
				}
				if f.Nullable == nil {
					unknown++
				}
				if f.Application != name || f.Schema == "" || f.DataType == "" || f.Comment != "" {
					t.Fatalf("read %+v", f)
				}
			}
			got := inventories[name]
			got.columns, got.tables, got.keys, got.references = len(fields), len(datasets), keys, references
			if got != want {
				t.Errorf("read %+v, want %+v", got, want)
			}
			if says := name != "hubspot" && !strings.HasPrefix(name, "dbt_"); says != (unknown == 0) {
				t.Errorf("%d of %d fields do not say whether they are nullable", unknown, len(fields))
			}
			if len(fields) > 1000 {
				return // the same rows as a workbook, for the smaller ones
			}
			book := openTable(t, inXLSX(t, content))
			again, problems := found(t, Inventory(book, Guess(book, nil), nil))
			if diff := cmp.Diff(fields, again); diff != "" || problems != nil {
				t.Error(diff, problems)
			}
		})
	}
	if columns != 19_249 || tables != 1_556 {
		t.Errorf("%d columns in %d tables, want 19,249 in 1,556", columns, tables)
	}
}

func TestRealStatistics(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"matomo": 494, "northwind": 92, "sakila": 123} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := openTable(t, readFile(t, filepath.Join("testdata", "stats", name+".csv")))
			stats, problems := measured(t, Stats(table, Guess(table, nil), nil))
			if len(problems) > 0 || len(stats) != want {
				t.Fatalf("%d measures, %d problems", len(stats), len(problems))
			}
			inventory := openTable(t, readFile(t, filepath.Join("testdata", "columns", name+".csv")))
			known := map[string]bool{}
			fields, _ := found(t, Inventory(inventory, Guess(inventory, nil), nil))
			for _, f := range fields {
				known[f.Dataset+"\x00"+f.Name] = true
			}
			for _, m := range stats {
				if m.Rows == nil || m.NonNull == nil || m.Distinct == nil || m.Reads != nil || m.WindowDays != nil || *m.Distinct > *m.NonNull {
					t.Fatalf("read %+v", m)
				}
				matched := false
				for _, dataset := range m.DatasetNames() {
					matched = matched || known[dataset+"\x00"+m.Name]
				}
				if !matched {
					t.Errorf("%s.%s is measured and not in the inventory", m.Dataset, m.Name)
				}
			}
		})
	}
}

func TestInventory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, fields, problems string }{
		"one schema keeps table names": {"schema;table;champ\npublic;client;a\npublic;client;b\n", "client.a client.b", ""},
		"schemas only where needed": {"schema;table;champ\nsales;client;a\nweb;client;a\nweb;visit;b\n;visit;c\n",
			"sales.client.a web.client.a visit.b visit.c", ""},
		"schemas of two applications": {"application;schema;table;champ\nCRM;a;client;x\nERP;b;client;x\n", "client.x client.x", ""},
		"case of a schema":            {"schema;table;champ\nPublic;client;a\npublic;client;b\n", "client.a client.b", ""},
		"case of a table":             {"table;champ\nClient;a\nCLIENT;b\n", "Client.a Client.b", ""},
		"case of a field":             {"table;champ\nclient;a\nclient;A\n", "client.a client.A", ""},
		"duplicate": {"table;champ\nclient;a\nclient;b\nclient;a\nClient ; a \n", "client.a client.b",
			"4 champ scan.problem.duplicate map[line:2], 5 champ scan.problem.duplicate map[line:2]"},
		"duplicate by composition": {"table;champ\nclient;é\nclient;e\u0301\n", "client.é", "3 champ scan.problem.duplicate map[line:2]"},
		"a bad row is not a first": {"table;champ;clé primaire\nclient;a;peut-être\nclient;b;non\nclient;a;oui\n", "client.b client.a",
			"2 clé primaire scan.problem.yes_no map[value:peut-être]"},
		"missing name": {"table;champ;type\nclient;;text\n;a;text\n", "",
			"2 champ scan.problem.required map[], 3 table scan.problem.required map[]"},
		"quotation":                  {"table;champ;commentaire\nclient;a;5\" de long\nclient;b;x\n", "client.b", "2 commentaire sheet.problem.quote map[]"},
		"extra":                      {"table;champ\nclient;a;x\nclient;b\n", "client.b", "2  sheet.problem.extra map[]"},
		"made harmless by an export": {"table;champ\nclient;'=total\nclient;'+33\nclient;'quoted\n", "client.=total client.+33 client.'quoted", ""},
		"schema makes it too long": {fmt.Sprintf("schema;table;champ\n%s;t;a\nx;t;b\n", strings.Repeat("s", 500)), "x.t.b",
			"2 table scan.problem.too_long map[most:500]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := openTable(t, []byte(c.content))
			fields, problems := found(t, Inventory(table, Guess(table, nil), nil))
			var got, wrong []string
			for _, f := range fields {
				got = append(got, f.Dataset+"."+f.Name)
			}
			for _, p := range problems {
				wrong = append(wrong, fmt.Sprintf("%d %s %s %v", p.Line, p.Column, p.Key, p.Args))
			}
			if diff := cmp.Diff(c.fields, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.problems, strings.Join(wrong, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	table := openTable(t, []byte(strings.Join([]string{
		"application;schema;table;champ;nb lignes;non null;lectures;dernière lecture;fenêtre;mesuré le;source",
		"CRM;public;client;a;10;5;3;12/01/2026;90;31/01/2026;journal",
		"CRM;public;client;a;10;5;4;12/01/2026;90;28/02/2026;journal",
		"CRM;public;client;a;10;5;4;12/01/2026;90;28/02/2026;journal",
		"CRM;public;client;b;10;11;;;;;",
		"CRM;public;client;c;;;;;;;",
	}, "\r\n")))
	stats, problems := measured(t, Stats(table, Guess(table, nil), nil))
	if len(stats) != 2 || *stats[0].Reads != 3 || *stats[1].Reads != 4 || stats[0].LastReadAt.Format("2006-01-02") != "2026-01-12" || *stats[0].WindowDays != 90 {
		t.Errorf("read %+v", stats)
	}
	want := []domain.RowProblem{
		{Line: 4, Column: "champ", Key: "scan.problem.duplicate", Args: map[string]any{"line": 3}},
		{Line: 5, Column: "non null", Key: "scan.problem.non_null_over_rows", Args: map[string]any{"non_null": int64(11), "rows": int64(10)}},
		{Line: 6, Column: "nb lignes", Key: "scan.problem.nothing_measured"},
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
}

func TestMappingThatDoesNotFit(t *testing.T) {
	t.Parallel()
	for name, mapping := range map[string][]domain.ScanTarget{
		"too short":    {domain.ScanDataset},
		"no field":     {domain.ScanDataset, domain.ScanIgnore, domain.ScanIgnore},
		"no dataset":   {domain.ScanIgnore, domain.ScanField, domain.ScanIgnore},
		"twice a type": {domain.ScanDataset, domain.ScanField, domain.ScanField},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := openTable(t, []byte("a;b;c\n1;2;3\n"))
			n := 0
			for _, err := range Inventory(table, mapping, nil).Fields() {
				if n++; !errors.Is(err, ErrMapping) {
					t.Errorf("error = %v, want ErrMapping", err)
				}
			}
			for _, err := range Stats(table, mapping, nil) {
				if n++; !errors.Is(err, ErrMapping) {
					t.Errorf("error = %v, want ErrMapping", err)
				}
			}
			if n != 2 {
				t.Errorf("%d answers, want an error of each", n)
			}
		})
	}
}

func TestReadingStopsWhereTheTableBreaks(t *testing.T) {
	t.Parallel()
	content := "table;champ\nclient;a\n" + strings.Repeat("client;b\n", 200) + "client;\x00\nclient;c\n"
	table := openTable(t, []byte(content))
	fields, failed := 0, 0
	for f, err := range Inventory(table, Guess(table, nil), nil).Fields() {
		switch {
		case errors.Is(err, sheet.NotATable):
			failed++
		case err != nil:
			t.Error(err)
		case f.Problems == nil:
			fields++
		}
	}
	if fields != 2 || failed != 1 {
		t.Errorf("%d fields and %d failures, want 2 and 1", fields, failed)
	}
	for range Inventory(table, Guess(table, nil), nil).Fields() {
		break // leaving early is allowed
	}
}

// FuzzInventory reads any file as an inventory, by its guessed mapping or, where that is none, by the first two columns.
func FuzzInventory(f *testing.F) {
	f.Add([]byte("schema;table;champ;clé\na;b;c;oui\nd;b;c;non\na;b;c;oui\n"))
	f.Add([]byte("system,schema,table,column,data_type,nullable,is_primary_key,references,comment\nx,y,z,'=1,int,true,false,,\n"))
	f.Add([]byte("a\tb\ne\u0301\t\"x\ny\"\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		table, err := sheet.Open(bytes.NewReader(content), int64(len(content)), sheet.Options{
			Limits: sheet.Limits{Total: 4 << 20, Rows: 2000, Columns: 50, Record: 64 << 10}, TempDir: t.TempDir(),
		})
		if err != nil {
			return
		}
		defer func() { _ = table.Close() }()
		mapping := Guess(table, nil)
		if len(CheckMapping(mapping)) > 0 {
			if len(mapping) < 2 {
				return
			}
			for i := range mapping {
				mapping[i] = domain.ScanIgnore
			}
			mapping[0], mapping[1] = domain.ScanDataset, domain.ScanField
		}
		met, last := map[string]bool{}, 0
		for row, err := range Inventory(table, mapping, nil).Fields() {
			if err != nil {
				return
			}
			if row.Line <= last {
				t.Fatalf("line %d behind line %d", row.Line, last)
			}
			last = row.Line
			if len(row.Problems) > 0 {
				name := domain.FoundField{Application: row.Field.Application, Schema: row.Field.Schema, Dataset: row.Field.Dataset, Name: row.Field.Name}
				if cmp.Diff(name, row.Field) != "" || (name.Name == "") != (name.Dataset == "") || row.Problems[0].Key == "" {
					t.Fatalf("a row with problems has more than the name of its field: %+v", row)
				}
				continue
			}
			key := strings.ToLower(row.Field.Application) + "\x00" + strings.ToLower(row.Field.Dataset) + "\x00" + row.Field.Name
			if row.Field.Name == "" || row.Field.Dataset == "" || met[key] {
				t.Fatalf("field %+v is nameless or was met before", row.Field)
			}
			met[key] = true
		}
	})
}
