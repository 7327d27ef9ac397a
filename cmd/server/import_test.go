package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestImportOfFoldersOfMixedFiles: one command brings in everything that describes fields, and names what does not.
func TestImportOfFoldersOfMixedFiles(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	in.must("", "workspace", "add", "mixed", "-name", "Mixed")
	other := t.TempDir()
	for name, content := range map[string]string{"hello.json": `{"hello": "world"}`, "notes.md": "no table", "ci.yml": "k: v\n", "empty.csv": "", "headings.csv": "a,b\n", "erp.csv": "application,table,column\nERP,orders,total\n"} {
		if err := os.WriteFile(filepath.Join(other, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"import", "-workspace", "mixed", other}
	for _, format := range []string{"salesforce", "hubspot", "dbt", "fides", "mysql", "openlineage"} {
		args = append(args, filepath.Join("..", "..", "internal", "scan", "testdata", "formats", format))
	}
	o := in.run("", args...)
	if o.status != 0 {
		t.Fatalf("%+v", o)
	}
	for _, want := range []string{"erp.csv brought in: 1 new", "Contact.describe.json + 2 brought in as Salesforce: 100 new", "brought in as HubSpot: 92 new",
		"catalog.json + 1 brought in: 112 new", "demo_dataset.yml + 2 brought in: 90 new", "dump.sql + 3 brought in as shop: 58 new"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("no %q in:\n%s", want, o.stdout)
		}
	}
	for _, want := range []string{"hello.json: this JSON is of none of the formats that are read", "1 statement that the SQL parser does not understand (dump.sql:58)"} {
		if !strings.Contains(o.stderr, want) {
			t.Errorf("no %q in:\n%s", want, o.stderr)
		}
	}
	for _, name := range []string{"ci.yml", "empty.csv", "headings.csv"} {
		if !strings.Contains(o.stderr, filepath.Join(other, name)) {
			t.Errorf("%s is passed over in silence:\n%s", name, o.stderr)
		}
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() { _ = os.WriteFile(pipe, []byte("application,table,column\nPipe,orders,total\n"), 0o600) }() // the import tells whether it worked
	if out := in.must("", "import", "-workspace", "mixed", pipe); !strings.Contains(out, pipe+" brought in: 1 new") {
		t.Errorf("a pipe: %q", out)
	}
	if out := in.must("application,table,column\nStdin,orders,total\n", "import", "-workspace", "mixed", "-"); !strings.Contains(out, "stdin brought in: 1 new") {
		t.Errorf("standard input: %q", out)
	}
	if strings.Contains(o.stderr, "notes.md") {
		t.Errorf("a file of no such kind was looked at:\n%s", o.stderr)
	}
	again := in.run("", args...).stdout
	if strings.Contains(again, " new") || strings.Contains(again, " changed") || !strings.Contains(again, "100 unchanged") {
		t.Errorf("a second time:\n%s", again)
	}
	if o := in.run("", "import", "-workspace", "mixed", filepath.Join(other, "hello.json")); o.status != statusFailed {
		t.Errorf("a file that describes no fields, asked for by name: %+v", o)
	}
	exported := in.run("", "export", "fields", "-workspace", "mixed", "-columns", "dataset,field,source_facts").stdout
	for _, want := range []string{"\nWhizbang,Email_Field,custom: true; length: 80\n", `LeadSource,"length: 255; options: 5; choices: Web, Phone Inquiry,`,
		"\ncustomers,email,unique: true; length: 191\n", `full_name,"calculated: true; length: 90; formula: concat(email, ' ', id)"`, "\nContact,IsDeleted,\n"} {
		if !strings.Contains(strings.ReplaceAll(exported, "\r", ""), want) {
			t.Errorf("no %q in the exported facts of sources:\n%.2000s", want, exported)
		}
	}
}

// TestImportRecord: the record of one workspace is brought into another, once; a second time changes nothing.
func TestImportRecord(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	in.must("", "example", "lumiere")
	in.must("", "workspace", "add", "empty", "-name", "Empty")
	file := filepath.Join(t.TempDir(), "record.xlsx")
	in.must("", "export", "record", "-workspace", "lumiere", "-o", file)
	if out := in.run("", "import", "record", "-workspace", "empty", "-dry-run", file).stdout; !strings.Contains(out, "compared, nothing written") || !strings.Contains(out, " new") {
		t.Errorf("dry run: %s", out)
	}
	if out := in.run("", "import", "record", "-workspace", "empty", file).stdout; !strings.Contains(out, "record.xlsx brought in: ") || strings.Contains(out, "unusable") {
		t.Errorf("brought in: %s", out)
	}
	if out := in.run("", "import", "record", "-workspace", "empty", file).stdout; !strings.Contains(out, "nothing to change") || strings.Contains(out, " new") {
		t.Errorf("again: %s", out)
	}
	from, to := in.must("", "export", "purposes", "-workspace", "lumiere", "-columns", "code,name,legal_basis"), in.must("", "export", "purposes", "-workspace", "empty", "-columns", "code,name,legal_basis")
	if lines := strings.Count(to, "\n"); lines < 5 || from != to {
		t.Errorf("purposes of the one:\n%s\nof the other:\n%s", from, to)
	}
	if o := in.run("", "import", "record", "-workspace", "empty", "import_test.go"); o.status != statusFailed || !strings.Contains(o.stderr, "no Excel (XLSX) or OpenDocument (ODS) workbook") {
		t.Errorf("another file: %+v", o)
	}
}
