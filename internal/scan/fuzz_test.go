package scan

import (
	"errors"
	"testing"

	"utile/internal/sheet"
)

// fuzzFormat gives a format whatever it may meet: it reads it, or says why it cannot, and does so within limits.
func fuzzFormat(f *testing.F, known *format) {
	for _, file := range samples(f, known.name) {
		content := make([]byte, file.Size)
		if _, err := file.Content.ReadAt(content, 0); err != nil {
			f.Fatal(err)
		}
		f.Add(content[:min(len(content), 8<<10)])
	}
	// What is set up when a format is first read, such as the compiled parser of PostgreSQL, is not the time of an input.
	if _, err := Open(samples(f, known.name)); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		d := newDocument()
		d.begin(known)
		file := memory("file", content)
		d.Files = append(d.Files, fileOf(file))
		err := known.read(&reading{Document: d, File: file, head: newHead(content)})
		if err == nil && known.end != nil {
			err = known.end(d)
		}
		if err != nil {
			_, table := errors.AsType[*sheet.Error](err)
			if _, ok := errors.AsType[*Error](err); !ok && !table {
				t.Fatalf("error without a message: %v", err)
			}
			return
		}
		d.finish()
		for found, err := range d.Fields() {
			if err != nil {
				t.Fatal(err)
			}
			if len(found.Problems) == 0 && (found.Field.Dataset == "" || found.Field.Name == "" || found.Place == "") {
				t.Fatalf("a field without a name or a place: %+v", found)
			}
		}
		d.Flows()
	})
}

func FuzzSalesforce(f *testing.F)  { fuzzFormat(f, &salesforce) }
func FuzzHubspot(f *testing.F)     { fuzzFormat(f, &hubspot) }
func FuzzDBT(f *testing.F)         { fuzzFormat(f, &dbt) }
func FuzzFides(f *testing.F)       { fuzzFormat(f, &fides) }
func FuzzOpenLineage(f *testing.F) { fuzzFormat(f, &openlineage) }
func FuzzOpenAPI(f *testing.F)     { fuzzFormat(f, &openapi) }
func FuzzJSONSchema(f *testing.F)  { fuzzFormat(f, &jsonschema) }
func FuzzAvro(f *testing.F)        { fuzzFormat(f, &avro) }
func FuzzInfoSchema(f *testing.F)  { fuzzFormat(f, &infoschema) }

func FuzzMySQL(f *testing.F)      { fuzzFormat(f, &mysqlDDL) }
func FuzzPostgreSQL(f *testing.F) { fuzzFormat(f, &postgresqlDDL) }

// FuzzRecognise: whatever the first bytes are, telling what they are ends.
func FuzzRecognise(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":1}]}`))
	f.Add([]byte("dataset:\n- name: x\n"))
	f.Fuzz(func(t *testing.T, first []byte) {
		if a, b := Recognise(first), Recognise(first); a != b {
			t.Fatal("not the same twice")
		}
	})
}
