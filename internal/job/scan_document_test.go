package job_test

import (
	"errors"
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

// TestSourcesInTurnTakeNothingFromEachOther: what one source tells of stays while another is silent about it, goes when the
// source that told of it last tells of it no more, and goes with a file that is said to be complete.
func TestSourcesInTurnTakeNothingFromEachOther(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	property := func(name string) string {
		return `{"name":"` + name + `","groupName":"g","type":"string","fieldType":"text"}`
	}
	tool := func(names ...string) job.ImportFile {
		var list []string
		for _, n := range names {
			list = append(list, property(n))
		}
		return text("contacts.json", `{"results":[`+strings.Join(list, ",")+`]}`)
	}
	table := func(names ...string) job.ImportFile {
		return text("contacts.csv", "application,table,column\nHubSpot,contacts,"+strings.Join(names, "\nHubSpot,contacts,")+"\n")
	}
	measures := func(names ...string) job.ImportFile {
		return text("use.csv", "application,table,column,rows,filled,measured at\nHubSpot,contacts,"+strings.Join(names, ",9,9,2026-11-01\nHubSpot,contacts,")+",9,9,2026-11-01\n")
	}
	complete := job.ImportRequest{Proposed: true, Plan: domain.ImportPlan{Complete: true}}
	steps := []struct {
		name    string
		file    job.ImportFile
		request job.ImportRequest
		want    map[domain.ImportChange]int64
	}{
		{"a table", table("a", "b", "c"), job.ImportRequest{}, map[domain.ImportChange]int64{domain.ChangeNew: 3}},
		{"the tool knows more and less", tool("a", "d"), job.ImportRequest{Proposed: true}, map[domain.ImportChange]int64{domain.ChangeNew: 1, domain.ChangeChanged: 1}},
		{"the table again", table("a", "b", "c"), job.ImportRequest{}, map[domain.ImportChange]int64{domain.ChangeUnchanged: 3}},
		{"the tool again", tool("a", "d"), job.ImportRequest{Proposed: true}, map[domain.ImportChange]int64{domain.ChangeUnchanged: 2}},
		{"the table lacks one of its own, and one of the tool's", table("b"), job.ImportRequest{}, map[domain.ImportChange]int64{domain.ChangeUnchanged: 1, domain.ChangeGone: 1}},
		{"the tool has it", tool("a", "c", "d"), job.ImportRequest{Proposed: true}, map[domain.ImportChange]int64{domain.ChangeUnchanged: 2, domain.ChangeReturned: 1}},
		{"what the tool brought back is its own", table("b"), job.ImportRequest{}, map[domain.ImportChange]int64{domain.ChangeUnchanged: 1}},
		{"measures tell of no field", measures("b", "c", "d"), job.ImportRequest{}, map[domain.ImportChange]int64{domain.ChangeNew: 3}},
		{"what was measured from a table is the tool's still", table("b"), job.ImportRequest{}, map[domain.ImportChange]int64{domain.ChangeUnchanged: 1}},
		{"the tool lacks one", tool("a", "c"), job.ImportRequest{Proposed: true}, map[domain.ImportChange]int64{domain.ChangeUnchanged: 2, domain.ChangeGone: 1}},
		{"a complete file", tool("a"), complete, map[domain.ImportChange]int64{domain.ChangeUnchanged: 1, domain.ChangeGone: 3}},
	}
	for n, s := range steps {
		if n == 1 { // no file but a complete one takes away what somebody added
			w.Field(t, by, domain.DatasetID(count(t, w, `select id from dataset where name = 'contacts'`)), "by_hand", "")
		}
		i := bringFiles(t, w.Store, by, s.request, s.file)
		if i.State != domain.ImportApplied {
			t.Fatalf("%s: %s %v", s.name, i.State, i.Problem)
		}
		for _, c := range domain.ImportChanges(domain.ImportInventory) {
			if got := i.Counts[string(c)]; got != s.want[c] {
				t.Errorf("%s: %d %s, not %d", s.name, got, c, s.want[c])
			}
		}
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

// TestFlowsComeAndGoWithTheirImport: what dbt says depends on what is registered once, and is removed when its import is undone.
func TestFlowsComeAndGoWithTheirImport(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	flows := `select count(*) from flow where workspace_id = $1`
	before := count(t, w, flows, by.Workspace)
	first := bringFiles(t, w.Store, by, job.ImportRequest{}, sampleFiles(t, "dbt")...)
	if first.State != domain.ImportApplied || first.Counts["new"] != 112 || first.Counts["flows"] == 0 {
		t.Fatalf("%s %v %v", first.State, first.Problem, first.Counts)
	}
	added := count(t, w, flows, by.Workspace) - before
	if added != first.Counts["flows"] {
		t.Errorf("%d flows were registered of %d", added, first.Counts["flows"])
	}
	told := count(t, w, `select count(*) from event where workspace_id = $1 and verb = 'flow.added' and after ->> 'mechanism' = 'etl'`, by.Workspace)
	if told != added {
		t.Errorf("the history tells of %d flows of %d", told, added)
	}
	page, err := w.Store.ImportFlows(t.Context(), by, first.ID, 0, 3)
	if err != nil || len(page) != 3 || page[0].Flow == nil || page[0].SourceApplication != "jaffle_shop" {
		t.Errorf("flows of the import: %+v %v", page, err)
	}

	again := bringFiles(t, w.Store, by, job.ImportRequest{}, sampleFiles(t, "dbt")...)
	if again.Changes() != 0 || again.Counts["flows"] != 0 || count(t, w, flows, by.Workspace) != before+added {
		t.Errorf("a second time: %v, %d flows", again.Counts, count(t, w, flows, by.Workspace))
	}

	if err := w.Store.AskImportUndo(t.Context(), by, first.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.UndoImport(t.Context(), by, first.ID); err != nil {
		t.Fatal(err)
	}
	if n := count(t, w, flows, by.Workspace); n != before {
		t.Errorf("%d flows after undoing, %d before", n, before)
	}
}

// TestAFlowThatPeopleDescribedHoldsItsImport: undoing would take their words away.
func TestAFlowThatPeopleDescribedHoldsItsImport(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	event := `{"eventTime":"2026-01-01T00:00:00Z","job":{"name":"j"},"inputs":[{"namespace":"raw","name":"a","facets":{"schema":{"fields":[{"name":"x"}]}}}],
		"outputs":[{"namespace":"mart","name":"b","facets":{"schema":{"fields":[{"name":"y"}]}}}]}`
	i := bringFiles(t, w.Store, by, job.ImportRequest{}, text("events.json", event))
	page, err := w.Store.ImportFlows(t.Context(), by, i.ID, 0, 10)
	if err != nil || len(page) != 1 || page[0].Flow == nil {
		t.Fatalf("%s %v: %+v %v", i.State, i.Problem, page, err)
	}
	f, err := w.Store.FlowByID(t.Context(), by, *page[0].Flow)
	if err != nil || f.Name != "raw › a → mart › b" || f.Mechanism != "etl" {
		t.Errorf("flow %+v, %v", f, err)
	}
	if err := w.Store.ChangeFlow(t.Context(), by, f.ID, f.Version, func(f domain.Flow) (domain.Flow, error) {
		f.Description = "every night"
		return f, nil
	}); err != nil {
		t.Fatal(err)
	}
	list, all, err := w.Store.ImportDependents(t.Context(), by, i.ID, 10)
	if err != nil || all != 1 || list[0].Reason != "flow" || list[0].Name != f.Name {
		t.Errorf("dependents %+v, %v", list, err)
	}
	if err := w.Store.AskImportUndo(t.Context(), by, i.ID, false); !errors.Is(err, domain.Conflict) {
		t.Errorf("undoing: %v", err)
	}
}

// TestCategoriesOfFides: words of the taxonomy become categories, a broader word where there is none, and what a person decided
// stays.
func TestCategoriesOfFides(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	ws, err := w.Store.AddWorkspace(t.Context(), w.Admin(), domain.Workspace{Slug: "fides", Name: "Fides", Locale: "en", Thresholds: domain.DefaultThresholds()})
	if err != nil {
		t.Fatal(err)
	}
	by := domain.Operator(ws) // of a workspace with the whole taxonomy
	i := bringFiles(t, w.Store, by, job.ImportRequest{}, sampleFiles(t, "fides")...)
	if i.State != domain.ImportApplied || i.Counts["new"] != 90 {
		t.Fatalf("%s %v %v", i.State, i.Problem, i.Counts)
	}
	category := `select count(*) from field f join data_category c on c.workspace_id = f.workspace_id and c.id = f.category_id
		join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
		where f.workspace_id = $1 and a.name = $2 and f.name = $3 and c.code = $4`
	for name, code := range map[string]string{"email": "ident.contact.email", "first_name": "ident.name", "uuid": "ident.id", "created_at": "tech"} {
		if count(t, w, category, by.Workspace, "Demo Users Dataset", name, code) != 1 {
			t.Errorf("%s is not %s", name, code)
		}
	}
	if count(t, w, `select count(*) from import_problem where workspace_id = $1 and key = 'import.problem.category' and place like 'hubspot_dataset.yml:%'`, by.Workspace) == 0 {
		t.Error("a word that says too little was not told")
	}
	broader := text("d.yml", "dataset:\n- fides_key: d\n  collections:\n  - name: c\n    fields:\n    - name: a\n      data_categories: [user.contact.email.personal]\n")
	bringFiles(t, w.Store, by, job.ImportRequest{}, broader)
	if count(t, w, category, by.Workspace, "d", "a", "ident.contact.email") != 1 {
		t.Error("the broader word was not taken")
	}
	decided := text("d.yml", "dataset:\n- fides_key: d\n  collections:\n  - name: c\n    fields:\n    - name: a\n      data_categories: [user.name]\n")
	bringFiles(t, w.Store, by, job.ImportRequest{}, decided)
	if count(t, w, category, by.Workspace, "d", "a", "ident.contact.email") != 1 {
		t.Error("a category that is set was overwritten")
	}
}
