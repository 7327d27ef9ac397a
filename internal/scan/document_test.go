package scan

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/sheet"
)

var update = flag.Bool("update", false, "write the golden files")

// sampleFolder holds a folder of samples for each format, whose files form one document.
const sampleFolder = "testdata/formats"

func samples(tb testing.TB, format string) (files []File) {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(sampleFolder, format, "*"))
	if err != nil || len(names) == 0 {
		tb.Fatalf("no samples of %s: %v", format, err)
	}
	for _, name := range names {
		files = append(files, memory(filepath.Base(name), readFile(tb, name)))
	}
	return files
}

func memory(name string, content []byte) File {
	return File{Name: name, Size: int64(len(content)), Content: bytes.NewReader(content)}
}

// told is a document as text: its fields, flows, files and notes.
func told(tb testing.TB, d *Document) string {
	tb.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "format %s, application %q, asks %t, says %v\n", d.Format, d.Application, d.Asks, d.Says())
	for _, f := range d.Files {
		fmt.Fprintf(&b, "file %s: %d fields\n", f.Name, f.Fields)
	}
	for _, n := range d.Notes {
		fmt.Fprintf(&b, "note %s: %d, %s\n", n.Key, n.N, n.Place)
	}
	for found, err := range d.Fields() {
		if err != nil {
			tb.Fatal(err)
		}
		for _, p := range found.Problems {
			fmt.Fprintf(&b, "problem %s %s %s %v\n", p.Place, p.Column, p.Key, p.Args)
		}
		if len(found.Problems) == 0 {
			b.WriteString(toldField(found))
		}
	}
	for _, f := range d.Flows() {
		fmt.Fprintf(&b, "flow %s.%s -> %s.%s %s\n", f.SourceApplication, f.SourceDataset, f.TargetApplication, f.TargetDataset, f.Mechanism)
	}
	return b.String()
}

func toldField(found Found) string {
	f := found.Field
	parts := []string{f.DataType}
	add := func(is bool, text string) {
		if is {
			parts = append(parts, text)
		}
	}
	add(f.Schema != "", "schema="+f.Schema)
	add(f.Label != "", fmt.Sprintf("%q", f.Label))
	add(f.Nullable != nil && !*f.Nullable, "not null")
	add(f.Nullable == nil, "null?")
	add(f.Key, "key")
	add(f.References != "", "-> "+f.References)
	add(f.Comment != "", "comment="+f.Comment)
	add(len(f.Fides) > 0, "fides="+strings.Join(f.Fides, ","))
	s := f.Source
	for _, word := range []struct {
		is   bool
		text string
	}{{s.Length > 0, fmt.Sprintf("length=%d", s.Length)}, {s.Scale > 0, fmt.Sprintf("scale=%d", s.Scale)}, {s.Group != "", "group=" + s.Group},
		{s.Formula != "", fmt.Sprintf("formula=%q", s.Formula)}, {s.OptionCount > 0, fmt.Sprintf("options=%d %q", s.OptionCount, s.Options)},
		{len(s.Tags) > 0, fmt.Sprintf("tags=%q", s.Tags)}, {len(s.Categories) > 0, fmt.Sprintf("categories=%q", s.Categories)},
		{s.Sensitivity != "", "sensitivity=" + s.Sensitivity}, {s.Custom, "custom"}, {s.Calculated, "calculated"}, {s.Encrypted, "encrypted"},
		{s.Unique, "unique"}, {s.Hidden, "hidden"}, {s.Deprecated, "deprecated"}, {s.Archived, "archived"}} {
		add(word.is, word.text)
	}
	for _, key := range slices.Sorted(maps.Keys(s.Meta)) {
		add(true, key+"="+s.Meta[key])
	}
	return fmt.Sprintf("%s: %s.%s.%s %s\n", found.Place, f.Application, f.Dataset, f.Name, strings.Join(parts, " "))
}

func TestDocumentsOfEveryFormat(t *testing.T) {
	t.Parallel()
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			d, err := Open(samples(t, f.name))
			if err != nil {
				t.Fatal(err)
			}
			got, golden := told(t, d), filepath.Join(sampleFolder, f.name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(readFile(t, golden)), got); diff != "" {
				t.Errorf("differs from %s (-update writes it):\n%s", golden, diff)
			}
			if again := told(t, d); again != got {
				t.Error("a second look differs from the first")
			}
		})
	}
}

// TestDocumentsCutShort: a file that ends anywhere is refused or read as far as it is whole, and never breaks anything.
func TestDocumentsCutShort(t *testing.T) {
	t.Parallel()
	const cuts = 60
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			for _, file := range samples(t, f.name) {
				content := make([]byte, file.Size)
				if _, err := file.Content.ReadAt(content, 0); err != nil {
					t.Fatal(err)
				}
				for n := range cuts {
					cut := content[:len(content)*n/cuts]
					if d, err := Open([]File{memory(file.Name, cut)}); err != nil {
						wantExplained(t, err)
					} else {
						told(t, d)
					}
				}
			}
		})
	}
}

// wantExplained: errors of documents are messages, with the file that they are about.
func wantExplained(tb testing.TB, err error) {
	tb.Helper()
	_, table := errors.AsType[*sheet.Error](err)
	if e, ok := errors.AsType[*Error](err); !table && (!ok || e.Key == "") {
		tb.Errorf("error without a message: %v", err)
	}
}

func TestDocumentsInOtherEncodings(t *testing.T) {
	t.Parallel()
	file := samples(t, "hubspot")[0]
	content := make([]byte, file.Size)
	if _, err := file.Content.ReadAt(content, 0); err != nil {
		t.Fatal(err)
	}
	want := document(t, file.Name, string(content))
	wide := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(string(content))) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	for name, other := range map[string]string{"UTF-8 with a mark": "\ufeff" + string(content), "UTF-16": string(wide)} {
		if diff := cmp.Diff(told(t, want), told(t, document(t, file.Name, other))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func document(tb testing.TB, name, content string) *Document {
	tb.Helper()
	d, err := Open([]File{memory(name, []byte(content))})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestHostileJSON(t *testing.T) {
	t.Parallel()
	const head = `{"queryable":true,"name":"A","fields":[`
	for name, c := range map[string]struct{ content, want string }{
		"deep":            {head + `{"name":"a","type":"x","soapType":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}]}`, "scan.error.deep"},
		"long text":       {head + `{"name":"a","type":"x","soapType":"` + strings.Repeat("x", maxString+1) + `"}]}`, "scan.error.long_text"},
		"large piece":     {head + `{"name":"a","type":"x","soapType":"s","x":[` + strings.Repeat("1,", maxRecord) + `1]}]}`, "scan.error.record"},
		"more values":     {head + `{"name":"a","type":"x","soapType":"s"}]} {}`, "scan.error.damaged"},
		"no comma":        {head + `{"name":"a","type":"x","soapType":"s"} {"name":"b"}]}`, "scan.error.damaged"},
		"cut":             {head + `{"name":"a","type":"x","soapType":"s"}`, "scan.error.damaged"},
		"no field at all": {`{"queryable":true,"name":"A","fields":[]}`, "scan.error.no_fields"},
		"other json":      {`{"hello":"world"}`, "scan.error.unknown_json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open([]File{memory("a.json", []byte(c.content))})
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Key != c.want || e.File != "a.json" {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestUnfitPartsCostOnlyThemselves(t *testing.T) {
	t.Parallel()
	d := document(t, "contacts.json", `{"results":[
		{"name":"a","label":12,"groupName":"g","type":"string","fieldType":"text","options":"none"},
		"text", null, 7,
		{"label":"no name","groupName":"g"},
		{"name":"`+strings.Repeat("n", domain.MaxScanName+1)+`","groupName":"g"},
		{"name":"b\u202e","groupName":"g"},
		{"name":"c","groupName":"g","description":"`+strings.Repeat("é", domain.MaxText+50)+`"},
		{"name":"a","groupName":"g","label":"again"}]}`)
	got := told(t, d)
	for _, want := range []string{"note shape: 3", "note nameless: 4", "note repeated: 1", "contacts.json:2: .contacts.a string/text \"again\"",
		"problem contacts.json:5 field scan.problem.too_long", "problem contacts.json:6 field scan.problem.characters", "éé…"} {
		if !strings.Contains(strings.ReplaceAll(got, "HubSpot.contacts", ".contacts"), want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

func TestChoicesBeyondAVocabulary(t *testing.T) {
	t.Parallel()
	property := func(n int) string {
		options := make([]string, n)
		for i := range options {
			options[i] = fmt.Sprintf(`{"label":"choice %d"}`, i)
		}
		return `[{"name":"a","groupName":"g","type":"enumeration","options":[` + strings.Join(options, ",") + `]}]`
	}
	for n, kept := range map[int]int{0: 0, 3: 3, domain.MaxSourceOptions: domain.MaxSourceOptions, domain.MaxSourceOptions + 1: 0} {
		for f := range document(t, "x.json", property(n)).Fields() {
			if s := f.Field.Source; s.OptionCount != n || len(s.Options) != kept {
				t.Errorf("of %d choices, %d are counted and %d kept", n, s.OptionCount, len(s.Options))
			}
		}
	}
}

func TestFormatsAreToldApart(t *testing.T) {
	t.Parallel()
	for _, f := range formats {
		for _, file := range samples(t, f.name) {
			first := make([]byte, min(file.Size, HeadSize))
			if _, err := file.Content.ReadAt(first, 0); err != nil {
				t.Fatal(err)
			}
			if is := Recognise(first); is.Format != f.name {
				t.Errorf("%s/%s is taken for %+v", f.name, file.Name, is)
			}
		}
	}
	for _, pattern := range []string{"testdata/columns/*.csv", "testdata/stats/*.csv"} {
		tables, err := filepath.Glob(pattern)
		if err != nil || len(tables) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range tables {
			if is := Recognise(readFile(t, name)); is.Document() {
				t.Errorf("%s is taken for %+v", name, is)
			}
		}
	}
	if _, err := Open(append(samples(t, "hubspot"), samples(t, "salesforce")...)); err == nil || !strings.Contains(err.Error(), "scan.error.mixed") {
		t.Errorf("files of two formats: %v", err)
	}
}

// TestReferencesNameTheDataset: where two schemas have a table of one name, what refers to it says which.
func TestReferencesNameTheDataset(t *testing.T) {
	t.Parallel()
	for name, dump := range map[string]string{
		"postgresql": "CREATE TABLE crm.client (id int PRIMARY KEY);CREATE TABLE shop.client (id int PRIMARY KEY);CREATE TABLE crm.one (id int);" +
			"CREATE TABLE crm.orders (a int REFERENCES shop.client(id), b int REFERENCES crm.client(id), c int REFERENCES crm.one(id));",
		"mysql": "CREATE DATABASE x;USE `crm`;CREATE TABLE `client` (id int PRIMARY KEY);CREATE TABLE `one` (id int);USE `shop`;CREATE TABLE `client` (id int PRIMARY KEY);" +
			"USE `crm`;CREATE TABLE `orders` (a int REFERENCES shop.client(id), b int REFERENCES `client`(id), c int REFERENCES `one`(id));",
	} {
		d, err := Open([]File{memory("dump.sql", []byte(dump))})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for f, err := range d.Fields() {
			if err != nil {
				t.Fatal(err)
			}
			if f.Field.References != "" {
				got = append(got, f.Field.Name+" "+f.Field.References)
			}
		}
		if text := strings.Join(got, ", "); text != "a shop.client.id, b crm.client.id, c one.id" {
			t.Errorf("%s: %s", name, text)
		}
	}
}
