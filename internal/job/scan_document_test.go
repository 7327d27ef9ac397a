package job_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/job"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// sampleFiles are the samples of a format, as files of one import.
func sampleFiles(tb testing.TB, format string) (files []job.ImportFile) {
	tb.Helper()
	names, err := filepath.Glob("../scan/testdata/formats/" + format + "/*")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no samples of %s: %v", format, err)
	}
	for _, name := range names {
		files = append(files, job.ImportFile{Name: filepath.Base(name), Open: func() (io.ReadCloser, error) { return os.Open(name) }})
	}
	return files
}

func text(name, content string) job.ImportFile {
	return job.ImportFile{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}
}

func bringFiles(tb testing.TB, st *store.Store, by domain.Actor, r job.ImportRequest, files ...job.ImportFile) domain.Import {
	tb.Helper()
	i, err := job.ImportFiles(tb.Context(), st, by, files, r, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return i
}

func TestDocumentsTwiceChangeNothingAndAreUndone(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	fields := `select count(*) from field where workspace_id = $1`
	before := count(t, w, fields, by.Workspace)
	first := bringFiles(t, w.Store, by, job.ImportRequest{Proposed: true}, sampleFiles(t, "salesforce")...)
	if first.State != domain.ImportApplied || first.Counts["new"] != 100 || first.Counts["applications"] != 1 || first.Counts["datasets"] != 3 {
		t.Fatalf("%s %v %v", first.State, first.Problem, first.Counts)
	}
	if first.FileName != "Contact.describe.json + 2" || first.ApplicationName != "Salesforce" {
		t.Errorf("named %q, of %q", first.FileName, first.ApplicationName)
	}
	known := count(t, w, `select count(*) from field f join dataset d on d.id = f.dataset_id where f.workspace_id = $1 and d.name = 'Contact'
		and f.name = 'Salutation' and f.label = 'Salutation' and f.source_facts ->> 'option_count' = '5' and f.source_facts -> 'options' ? 'Mr.'`, by.Workspace)
	if known != 1 {
		t.Error("the facts of a choice were not kept")
	}
	again := bringFiles(t, w.Store, by, job.ImportRequest{Proposed: true}, sampleFiles(t, "salesforce")...)
	wantCounts(t, again, map[domain.ImportChange]int64{domain.ChangeUnchanged: 100})

	for _, i := range []domain.Import{again, first} {
		if err := w.Store.AskImportUndo(t.Context(), by, i.ID, false); err != nil {
			t.Fatal(err)
		}
		if err := w.Store.UndoImport(t.Context(), by, i.ID); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, w, fields, by.Workspace); n != before {
		t.Errorf("%d fields after undoing, %d before", n, before)
	}
	if n := count(t, w, `select count(*) from application where workspace_id = $1 and name = 'Salesforce'`, by.Workspace); n != 0 {
		t.Error("the application is still there")
	}
	if n := count(t, w, `select count(*) from import_chunk where workspace_id = $1`, by.Workspace) +
		count(t, w, `select count(*) from import_file where workspace_id = $1`, by.Workspace); n != 0 {
		t.Errorf("%d pieces of files were kept", n)
	}
}

// TestSourceFactsFollowTheSource: what a source says less is forgotten, what changes is told, undoing brings it back.
func TestSourceFactsFollowTheSource(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	property := func(more string) job.ImportFile {
		return text("contacts.json", `{"results":[{"name":"score","groupName":"g","type":"number","fieldType":"text"`+more+`}]}`)
	}
	facts := `select count(*) from field where workspace_id = $1 and name = 'score' and coalesce(source_facts, '{}') = $2::jsonb`
	request := job.ImportRequest{Proposed: true}
	bringFiles(t, w.Store, by, request, property(`,"calculated":true,"calculationFormula":"a + b"`))
	if count(t, w, facts, by.Workspace, `{"group": "g", "formula": "a + b", "calculated": true}`) != 1 {
		t.Error("facts were not kept")
	}
	less := bringFiles(t, w.Store, by, request, property(`,"archived":true`))
	wantCounts(t, less, map[domain.ImportChange]int64{domain.ChangeChanged: 1})
	if count(t, w, facts, by.Workspace, `{"group": "g", "archived": true}`) != 1 {
		t.Error("facts did not follow the source")
	}
	// A table that says nothing of such facts leaves them alone.
	applied(t, w.Store, by, "contacts.csv", "application,table,column,type\nHubSpot,contacts,score,number/text\n", domain.ImportPlan{})
	if count(t, w, facts, by.Workspace, `{"group": "g", "archived": true}`) != 1 {
		t.Error("a table changed what it does not speak of")
	}
	if err := w.Store.AskImportUndo(t.Context(), by, less.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.UndoImport(t.Context(), by, less.ID); err != nil {
		t.Fatal(err)
	}
	if count(t, w, facts, by.Workspace, `{"group": "g", "formula": "a + b", "calculated": true}`) != 1 {
		t.Error("undoing did not bring the facts back")
	}
}

func TestDocumentsWaitForTheirApplication(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	i := bringFiles(t, w.Store, by, job.ImportRequest{}, sampleFiles(t, "hubspot")...)
	if i.State != domain.ImportMapping || !i.Headings.Asks || i.Headings.Format != "hubspot" || i.ApplicationName != "HubSpot" || len(i.Headings.Files) != 2 {
		// Without somebody to ask, an import that waits is given up.
		t.Errorf("%s, asks %t, proposes %q, files %v", i.State, i.Headings.Asks, i.ApplicationName, i.Headings.Files)
	}
	i = bringFiles(t, w.Store, by, job.ImportRequest{Plan: domain.ImportPlan{ApplicationName: "Marketing"}}, sampleFiles(t, "hubspot")...)
	if i.State != domain.ImportApplied || count(t, w, `select count(*) from field f join application a on a.id = f.application_id
		where f.workspace_id = $1 and a.name = 'Marketing'`, by.Workspace) != 92 {
		t.Errorf("%s %v", i.State, i.Counts)
	}
	i = bringFiles(t, w.Store, by, job.ImportRequest{Plan: domain.ImportPlan{Kind: domain.ImportEvidence}}, sampleFiles(t, "hubspot")...)
	if i.State != domain.ImportFailed || i.Problem == nil || i.Problem.Key != "import.error.no_measure" {
		t.Errorf("descriptions as measures: %s %v", i.State, i.Problem)
	}
	i = bringFiles(t, w.Store, by, job.ImportRequest{}, text("broken.json", `[{"name":"a","groupName":"g","type":"x"},`+"\n"+`{"name":"b",`))
	if i.State != domain.ImportFailed || i.Problem == nil || i.Problem.Key != "scan.error.damaged" || i.Problem.Args["place"] != "broken.json:2" {
		t.Errorf("a file cut short: %s %v", i.State, i.Problem)
	}
}
