package job_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/job"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// bring imports a file at once and returns the import with the problems of its rows.
func bring(tb testing.TB, st *store.Store, by domain.Actor, name, content string, plan domain.ImportPlan) (domain.Import, []domain.RowProblem) {
	tb.Helper()
	i, err := job.Import(tb.Context(), st, by, strings.NewReader(content), job.ImportRequest{FileName: name, Plan: plan}, nil)
	if err != nil {
		tb.Fatalf("importing %s: %v", name, err)
	}
	problems, err := st.ImportProblems(tb.Context(), by, i.ID, 0, 1000)
	if err != nil {
		tb.Fatal(err)
	}
	return i, problems
}

// applied is bring for a file that must be applied without any problem.
func applied(tb testing.TB, st *store.Store, by domain.Actor, name, content string, plan domain.ImportPlan) domain.Import {
	tb.Helper()
	i, problems := bring(tb, st, by, name, content, plan)
	if i.State != domain.ImportApplied || len(problems) > 0 {
		tb.Fatalf("%s: state %s, problem %v, row problems %v", name, i.State, i.Problem, problems)
	}
	return i
}

func wantCounts(tb testing.TB, i domain.Import, want map[domain.ImportChange]int64) {
	tb.Helper()
	for _, c := range domain.ImportChanges(i.Kind) {
		if i.Counts[string(c)] != want[c] {
			tb.Errorf("%s: %s = %d, want %d (all: %v)", i.FileName, c, i.Counts[string(c)], want[c], i.Counts)
		}
	}
}

func inventories(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("../scan/testdata/columns/*.csv")
	if err != nil || len(files) != 14 {
		tb.Fatalf("%d inventories, %v", len(files), err)
	}
	return files
}

func count(tb testing.TB, w *storetest.World, sql string, args ...any) (n int64) {
	tb.Helper()
	if err := w.Owner.QueryRow(tb.Context(), sql, args...).Scan(&n); err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestRealInventories(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	for round, want := range []domain.ImportChange{domain.ChangeNew, domain.ChangeUnchanged} {
		for _, file := range inventories(t) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			rows := int64(bytes.Count(content, []byte("\n")) - 1)
			i := applied(t, w.Store, by, filepath.Base(file), string(content), domain.ImportPlan{})
			if i.Counts[string(want)] != rows || i.Changes() != rows*int64(1-round) {
				t.Errorf("round %d, %s: %v of %d rows", round, file, i.Counts, rows)
			}
		}
	}
	for what, sql := range map[string]string{
		"fields":       `select count(*) - 19249 from field where workspace_id = $1 and state = 'active'`,
		"applications": `select count(*) - 14 from application where workspace_id = $1`,
		"datasets":     `select count(*) - 1556 from dataset where workspace_id = $1`,
		"unjudged":     `select count(*) from field where workspace_id = $1 and (verdict <> 'unclassified' or flags = 0)`,
		"kept rows":    `select count(*) from import_row where workspace_id = $1 and change = 'unchanged'`,
		"kept files":   `select count(*) from import_chunk where workspace_id = $1`,
	} {
		if n := count(t, w, sql, by.Workspace); n != 0 {
			t.Errorf("%s: off by %d", what, n)
		}
	}
	// Verdicts that were stored while importing are those that judging again gives.
	stored := count(t, w, `select coalesce(sum(hashtext(id || verdict || flags || grade || completeness || lawful || used || used_why)), 0) from field`)
	if err := w.Store.JudgeAll(context.Background(), by); err != nil {
		t.Fatal(err)
	}
	if again := count(t, w, `select coalesce(sum(hashtext(id || verdict || flags || grade || completeness || lawful || used || used_why)), 0) from field`); again != stored {
		t.Error("judging again changed verdicts")
	}
}

const crm = `table,column,data_type,nullable,description
Contact,Id,int,no,key
Contact,Email,varchar(80),yes,address of the person
Contact,FirstName,varchar(40),yes,
Contact,BirthDate,date,yes,
Order,Total,numeric,no,
`

const crmNewer = `table,column,data_type,nullable,description
Contact,Id,int,no,key
Contact,EmailAddress,varchar(80),yes,address of the person
Contact,FirstName,varchar(60),yes,given name
Contact,Phone,varchar(20),yes,
Order,Total,numeric,no,
`

func TestNewerVersionKeepsDecisions(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	plan := domain.ImportPlan{ApplicationName: "CRM"}
	wantCounts(t, applied(t, w.Store, by, "crm.csv", crm, plan), map[domain.ImportChange]int64{domain.ChangeNew: 5})

	field := func(name string) (id domain.FieldID) {
		return domain.FieldID(count(t, w, `select id from field where workspace_id = $1 and name = $2`, by.Workspace, name))
	}
	email, first, birth := field("Email"), field("FirstName"), field("BirthDate")
	category := w.Category(t, by, "ident.contact.email")
	program, purpose := w.Program(t, by, "welcome", "live"), w.Purpose(t, by, "loyalty", true)
	w.Exec(t, `update field set category_id = $2, gdpr_class = 'personal', owner_id = $3, label = 'Adresse', description = 'by hand' where id = $1`, email, category, by.User)
	w.Exec(t, `insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, after)
		values ($1, $2, 'A', 'field.changed', 'field', $3, 'Email', '{"label": "Adresse"}')`, by.Workspace, by.User, email)
	w.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level, role) values ($1, $2, $3, 'essential', 'reach')`, by.Workspace, email, program)
	w.Exec(t, `insert into purpose_mapping (workspace_id, field_id, purpose_id, state) values ($1, $2, $3, 'proposed')`, by.Workspace, email, purpose)

	second := applied(t, w.Store, by, "crm-2.csv", crmNewer, plan)
	wantCounts(t, second, map[domain.ImportChange]int64{domain.ChangeNew: 1, domain.ChangeChanged: 1, domain.ChangeRenamed: 1, domain.ChangeGone: 1, domain.ChangeUnchanged: 2})
	for what, sql := range map[string]string{
		"renamed, decisions kept": `select count(*) from field f join program_link l on l.field_id = f.id join purpose_mapping m on m.field_id = f.id
			where f.id = $1 and f.name = 'EmailAddress' and f.label = 'Adresse' and f.description = 'by hand' and f.category_id is not null
				and f.owner_id is not null and f.gdpr_class = 'personal'`,
		"changed": `select count(*) from field where id = $2 and data_type = 'varchar(60)' and comment = 'given name' and $1::bigint is not null`,
		"gone":    `select count(*) from field where id = $3 and state = 'gone' and $1::bigint is not null and $2::bigint is not null`,
	} {
		args := []any{email, first, birth}[:strings.Count(sql, "$1")+strings.Count(sql, "$2")+strings.Count(sql, "$3")]
		if n := count(t, w, sql, args...); n != 1 {
			t.Errorf("%s: not so", what)
		}
	}
	changes, err := w.Store.ImportChangesOf(t.Context(), by, email)
	if err != nil || len(changes) != 2 || changes[0].Change != domain.ChangeRenamed || changes[0].RenamedFrom != "Email" || changes[1].Change != domain.ChangeNew {
		t.Errorf("history of the field: %+v, %v", changes, err)
	}
	changes, err = w.Store.ImportChangesOf(t.Context(), by, first)
	if err != nil || len(changes) != 2 || changes[0].Before["data_type"] != "varchar(40)" || changes[0].Facts["data_type"] != "varchar(60)" {
		t.Errorf("history of the changed field: %+v, %v", changes, err)
	}
	wantCounts(t, applied(t, w.Store, by, "crm-2.csv", crmNewer, plan), map[domain.ImportChange]int64{domain.ChangeUnchanged: 5})
	// The first file again: the field that was gone returns.
	third := applied(t, w.Store, by, "crm.csv", crm, plan)
	if third.Counts["returned"] != 1 || count(t, w, `select count(*) from field where id = $1 and state = 'active'`, birth) != 1 {
		t.Errorf("returned: %v", third.Counts)
	}
	if n := count(t, w, `select count(*) from event where workspace_id = $1 and verb = 'import.applied'`, by.Workspace); n != 4 {
		t.Errorf("%d events of imports, want 4", n)
	}
}

func TestUndo(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, plan := w.Admin(), domain.ImportPlan{ApplicationName: "CRM"}
	first := applied(t, w.Store, by, "crm.csv", crm, plan)
	state := `select string_agg(f.name || f.data_type || f.comment || f.state || f.verdict || f.flags, ';' order by f.id) from field f where workspace_id = $1`
	picture := func() (s *string) {
		if err := w.Owner.QueryRow(t.Context(), state, by.Workspace).Scan(&s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := *picture()
	second := applied(t, w.Store, by, "crm-2.csv", crmNewer, plan)
	undo := func(i domain.Import) error {
		if err := w.Store.AskImportUndo(t.Context(), by, i.ID, false); err != nil {
			return err
		}
		return w.Store.UndoImport(t.Context(), by, i.ID)
	}
	if err := undo(first); err == nil {
		t.Error("the first import was undone although the second builds on it")
	}
	if err := undo(second); err != nil {
		t.Fatal(err)
	}
	if after := *picture(); after != before {
		t.Errorf("undo left\n%s\nwant\n%s", after, before)
	}
	third := applied(t, w.Store, by, "shop.csv", strings.ReplaceAll(crm, "Contact", "Buyer"), domain.ImportPlan{ApplicationName: "Shop"})
	buyer := count(t, w, `select id from field where workspace_id = $1 and name = 'Email' and application_id = (select id from application where workspace_id = $1 and name = 'Shop')`, by.Workspace)
	program := w.Program(t, by, "welcome", "live")
	for reason, held := range map[string]struct{ hold, free string }{
		"link": {fmt.Sprintf(`insert into program_link (workspace_id, field_id, program_id, level, role) values ($1, $2, %d, 'essential', 'reach')`, program),
			`delete from program_link where field_id = $1`},
		"target": {`insert into target (workspace_id, field_id, target_action, reason) values ($1, $2, 'drop', 'Nobody reads it')`,
			`delete from target where field_id = $1`},
		"workshop": {`with w as (insert into workshop (workspace_id, name) values ($1, 'Kick-off') returning id)
			insert into workshop_card (workspace_id, workshop_id, field_id, position) select $1, id, $2, 1 from w`, `delete from workshop_card where field_id = $1`},
	} {
		w.Exec(t, held.hold, by.Workspace, buyer)
		if err := undo(third); !errors.Is(err, domain.Conflict) {
			t.Errorf("undone although a field of it is held by a %s: %v", reason, err)
		}
		list, all, err := w.Store.ImportDependents(t.Context(), by, third.ID, 10)
		if err != nil || all != 1 || len(list) != 1 || list[0].Reason != reason || int64(list[0].Field) != buyer {
			t.Errorf("dependents: %v %d %v, want the field for its %s", list, all, err, reason)
		}
		w.Exec(t, held.free, buyer)
	}
	if err := undo(third); err != nil {
		t.Fatal(err)
	}
	if n := count(t, w, `select count(*) from application where workspace_id = $1 and name = 'Shop'`, by.Workspace); n != 0 {
		t.Error("the application that the import created is still there")
	}
	if n := count(t, w, `select count(*) from event where workspace_id = $1 and verb = 'import.undone'`, by.Workspace); n != 2 {
		t.Errorf("%d events of undoing, want 2", n)
	}
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	applied(t, w.Store, by, "crm.csv", crm, domain.ImportPlan{ApplicationName: "CRM"})
	const heading = "application,table,column,rows,non null count,reads,window days,last read at,measured at,source\n"
	first := applied(t, w.Store, by, "use.csv", heading+
		"crm,contact,EMAIL,1000,900,50,90,2026-11-01,2026-11-10,warehouse\n"+
		"CRM,Contact,FirstName,1000,10,,,,2026-11-10,warehouse\n"+
		"CRM,Contact,Nothing,1000,10,,,,2026-11-10,warehouse\n", domain.ImportPlan{})
	wantCounts(t, first, map[domain.ImportChange]int64{domain.ChangeNew: 2, domain.ChangeUnmatched: 1})
	value := func(column, name string) (s *string) {
		if err := w.Owner.QueryRow(t.Context(), `select e.`+column+`::text from field_evidence e join field f on f.id = e.field_id
			where f.workspace_id = $1 and f.name = $2`, by.Workspace, name).Scan(&s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	if v := value("non_null_count", "Email"); v == nil || *v != "900" {
		t.Errorf("filled = %v", v)
	}
	if v := value("reads", "FirstName"); v != nil {
		t.Errorf("reads that nobody measured = %s", *v)
	}
	again := applied(t, w.Store, by, "use.csv", heading+"crm,contact,EMAIL,1000,900,50,90,2026-11-01,2026-11-10,warehouse\n", domain.ImportPlan{})
	wantCounts(t, again, map[domain.ImportChange]int64{domain.ChangeUnchanged: 1})
	older := applied(t, w.Store, by, "old.csv", heading+"crm,contact,Email,500,1,0,90,,2026-01-10,warehouse\n", domain.ImportPlan{})
	wantCounts(t, older, map[domain.ImportChange]int64{domain.ChangeOlder: 1})
	newer := applied(t, w.Store, by, "new.csv", heading+"crm,contact,Email,,,7,30,,2026-11-20,warehouse\n", domain.ImportPlan{})
	wantCounts(t, newer, map[domain.ImportChange]int64{domain.ChangeChanged: 1})
	if reads, filled, read := *value("reads", "Email"), *value("non_null_count", "Email"), *value("last_read_at", "Email"); reads != "7" || filled != "900" || !strings.HasPrefix(read, "2026-11-01") {
		t.Errorf("after a newer measure of reads: reads %s, filled %s, last read %s", reads, filled, read)
	}
	if at, source := *value("last_read_measured_at", "Email"), *value("last_read_source", "Email"); !strings.HasPrefix(at, "2026-11-10") || source != "warehouse" {
		t.Errorf("the last read is as of %s, by %s: not of the measure that tells nothing of it", at, source)
	}
	if err := w.Store.AskImportUndo(t.Context(), by, newer.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.UndoImport(t.Context(), by, newer.ID); err != nil {
		t.Fatal(err)
	}
	if reads := *value("reads", "Email"); reads != "50" {
		t.Errorf("after undoing: reads %s, want 50", reads)
	}
	held, _ := bring(t, w.Store, by, "undated.csv", "table,column,reads\nContact,Email,4\n", domain.ImportPlan{ApplicationName: "CRM"})
	if held.State != domain.ImportMapping || held.Problem == nil || held.Problem.Key != "import.error.no_day" {
		t.Errorf("measures without a day: %s %v", held.State, held.Problem)
	}
}

// TestUnitsOfMeasures: shares and percentages of a column that says neither are told apart by all its values, or refused.
func TestUnitsOfMeasures(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	applied(t, w.Store, by, "crm.csv", crm, domain.ImportPlan{ApplicationName: "CRM"})
	filled := func(name string) int64 {
		return count(t, w, `select e.non_null_count from field_evidence e join field f on f.id = e.field_id join dataset d on d.id = f.dataset_id
			where f.workspace_id = $1 and d.name = 'Contact' and f.name = $2`, by.Workspace, name)
	}
	const heading = "application;table;column;rows;measured at;Taux de remplissage"
	applied(t, w.Store, by, "percent.csv", heading+"\nCRM;Contact;Email;1000;2026-11-10;93,5\nCRM;Contact;FirstName;1000;2026-11-10;0,8\nCRM;Contact;Phone;1000;2026-11-10;50\n", domain.ImportPlan{})
	if email, name := filled("Email"), filled("FirstName"); email != 935 || name != 8 {
		t.Errorf("filled %d and %d of 1,000, want 935 and 8", email, name)
	}
	applied(t, w.Store, by, "share.csv", heading+" (%)\nCRM;Contact;Email;1000;2026-11-11;0,9\nCRM;Contact;FirstName;1000;2026-11-11;1\n", domain.ImportPlan{})
	if email, name := filled("Email"), filled("FirstName"); email != 9 || name != 10 {
		t.Errorf("filled %d and %d of 1,000, want 9 and 10", email, name)
	}
	mixed, problems := bring(t, w.Store, by, "mixed.csv", heading+"\nCRM;Contact;Email;1000;2026-11-12;1,2\nCRM;Contact;FirstName;1000;2026-11-12;0,8\n", domain.ImportPlan{})
	if len(problems) != 2 || problems[0].Key != "scan.problem.share_unit" {
		t.Errorf("%s %v", mixed.State, problems)
	}
	held, _ := bring(t, w.Store, by, "volume.csv", "application;table;column;Volume (Mo);measured at\nCRM;Contact;Email;12;2026-11-12\n", domain.ImportPlan{})
	if held.State != domain.ImportCancelled && held.State != domain.ImportMapping || held.Problem == nil || held.Problem.Key != "import.error.unit" {
		t.Errorf("a volume in megabytes: %s %v", held.State, held.Problem)
	}
}

// TestSheetsOfAWorkbook: the table is on the sheet whose headings say so, and where none does, a person chooses.
func TestSheetsOfAWorkbook(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	table := [][]any{{"table", "column", "data_type"}, {"Contact", "Email", "varchar"}}
	for name, book := range map[string]string{
		"read me":    sheets(t, [][]any{{"Lisez-moi"}}, table),
		"long":       sheets(t, [][]any{{"Version", "Auteur"}, {"1", "Anne"}}, table, [][]any{{"table", "note"}, {"Contact", "a"}}),
		"duplicates": sheets(t, [][]any{{"a", "a"}, {"1", "2"}}, table),
	} {
		if i := applied(t, w.Store, by, name+".xlsx", book, domain.ImportPlan{ApplicationName: name}); i.Headings.Sheet != "Sheet 2" || i.Counts["new"] != 1 {
			t.Errorf("%s: read %s, %v", name, i.Headings.Sheet, i.Counts)
		}
	}
	id, err := w.Store.ReceiveImport(t.Context(), by, "chosen.xlsx", domain.ImportPlan{ApplicationName: "chosen", Sheet: "Sheet 1"},
		strings.NewReader(sheets(t, [][]any{{"Lisez-moi"}}, table)), true)
	if err != nil {
		t.Fatal(err)
	}
	run(t, w.Store)
	held := waitFor(t, w.Store, by, id, domain.ImportMapping)
	if held.Problem == nil || held.Problem.Key != "sheet.error.no_rows" || len(held.Headings.Sheets) != 2 {
		t.Fatalf("a page of text: %v, sheets %v", held.Problem, held.Headings.Sheets)
	}
	held.Plan.Sheet = "Sheet 2"
	if err := w.Store.PlanImport(t.Context(), by, id, held.Plan, true); err != nil {
		t.Fatal(err)
	}
	if i := waitFor(t, w.Store, by, id, domain.ImportPreviewed); i.Counts["new"] != 1 {
		t.Errorf("the sheet that was chosen: %v", i.Counts)
	}
}

// The oldest record of a dataset is that of its newest measure, which counts before the declared one and never replaces it.
func TestMeasuredOldestRecord(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	applied(t, w.Store, by, "crm.csv", crm, domain.ImportPlan{ApplicationName: "CRM"})
	data := domain.DatasetID(count(t, w, `select id from dataset where workspace_id = $1 and name = 'Contact'`, by.Workspace))
	email := domain.FieldID(count(t, w, `select id from field where workspace_id = $1 and name = 'Email' and dataset_id = $2`, by.Workspace, data))
	preset, _ := domain.RetentionPresetByCode("PROSPECT") // three years
	rule, err := w.Store.AddRetentionRule(t.Context(), by, preset.Rule("en"))
	if err != nil {
		t.Fatal(err)
	}
	seen, err := w.Store.DatasetByID(t.Context(), by, data)
	if err != nil {
		t.Fatal(err)
	}
	today := domain.Day(time.Now())
	declared := today.AddDate(-1, 0, 0)
	if err := w.Store.ChangeDataset(t.Context(), by, data, seen.Version, func(d domain.Dataset) (domain.Dataset, error) {
		d.Retention, d.OldestRecordOn = rule, &declared
		return domain.NewDataset(d)
	}); err != nil {
		t.Fatal(err)
	}
	// check reads the dataset and the verdict of a field whose own row no file holds.
	check := func(when, oldest, source string, over bool) {
		t.Helper()
		d, err := w.Store.DatasetByID(t.Context(), by, data)
		if err != nil {
			t.Fatal(err)
		}
		if d.OldestOn() == nil || d.OldestOn().Format(time.DateOnly) != oldest || d.OldestSource != source || (d.OldestMeasuredAt != nil) != (source != "") {
			t.Errorf("%s: oldest %v by %q at %v, want %s by %q", when, d.OldestOn(), d.OldestSource, d.OldestMeasuredAt, oldest, source)
		}
		if d.OldestRecordOn == nil || !d.OldestRecordOn.Equal(declared) {
			t.Errorf("%s: what was declared is %v", when, d.OldestRecordOn)
		}
		v, err := w.Store.FieldView(t.Context(), by, email, "")
		if err != nil {
			t.Fatal(err)
		}
		if v.Finding.Flags.Has(domain.FlagOverRetention) != over {
			t.Errorf("%s: over retention is %v", when, !over)
		}
		if p := v.Place; p.OldestRecordOn.Format(time.DateOnly) != oldest || (p.OldestSource != nil) != (source != "") {
			t.Errorf("%s: the page of a field tells %v by %v", when, p.OldestRecordOn, p.OldestSource)
		}
	}
	day := func(years, months int) string { return today.AddDate(-years, -months, 0).Format(time.DateOnly) }
	measure := func(name, field, oldest, at string) domain.Import {
		t.Helper()
		return applied(t, w.Store, by, name, "application,table,column,oldest record,measured at,source\ncrm,contact,"+field+","+oldest+","+at+",warehouse\n", domain.ImportPlan{})
	}
	undo := func(i domain.Import) {
		t.Helper()
		if err := w.Store.AskImportUndo(t.Context(), by, i.ID, false); err != nil {
			t.Fatal(err)
		}
		if err := w.Store.UndoImport(t.Context(), by, i.ID); err != nil {
			t.Fatal(err)
		}
	}
	check("declared", day(1, 0), "", false)
	first := measure("first.csv", "FirstName", day(9, 0), day(0, 4))
	wantCounts(t, first, map[domain.ImportChange]int64{domain.ChangeNew: 1})
	check("measured", day(9, 0), "warehouse", true)
	wantCounts(t, measure("again.csv", "FirstName", day(9, 0), day(0, 4)), map[domain.ImportChange]int64{domain.ChangeUnchanged: 1})
	wantCounts(t, measure("older.csv", "FirstName", day(12, 0), day(0, 5)), map[domain.ImportChange]int64{domain.ChangeOlder: 1})
	check("an older measure", day(9, 0), "warehouse", true)
	elsewhere := measure("older-elsewhere.csv", "BirthDate", day(12, 0), day(0, 5))
	check("an older measure of another field", day(9, 0), "warehouse", true)
	newer := measure("newer.csv", "BirthDate", day(2, 0), day(0, 1))
	check("after a purge", day(2, 0), "warehouse", false)
	undo(newer)
	check("undone", day(9, 0), "warehouse", true)
	undo(elsewhere)
	undo(first)
	check("all undone", day(1, 0), "", false)

	// Rows that contradict each other tell nothing: the least date of a column may be a birthday.
	const heading = "application,table,column,rows,min_date,measured at\n"
	split, problems := bring(t, w.Store, by, "split.csv", heading+"CRM,Contact,FirstName,10,"+day(5, 0)+","+day(0, 1)+"\nCRM,Contact,BirthDate,10,1931-05-04,"+day(0, 1)+"\n", domain.ImportPlan{})
	if len(problems) != 1 || problems[0].Key != "import.problem.oldest_differs" || problems[0].Line != 2 {
		t.Errorf("contradicting rows: %v", problems)
	}
	wantCounts(t, split, map[domain.ImportChange]int64{domain.ChangeNew: 2})
	check("contradicting rows", day(1, 0), "", false)
	_, problems = bring(t, w.Store, by, "late.csv", heading+"CRM,Contact,FirstName,10,"+day(0, 1)+","+day(1, 0)+"\n", domain.ImportPlan{})
	if len(problems) != 1 || problems[0].Key != "import.problem.oldest_later" || problems[0].Column != "min_date" {
		t.Errorf("measured before it happened: %v", problems)
	}
}

func TestRealEvidence(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	day := time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)
	for _, system := range []string{"northwind", "sakila", "matomo"} {
		for _, kind := range []string{"columns", "stats"} {
			content, err := os.ReadFile("../scan/testdata/" + kind + "/" + system + ".csv")
			if err != nil {
				t.Fatal(err)
			}
			i := applied(t, w.Store, by, system+".csv", string(content), domain.ImportPlan{MeasuredOn: &day})
			if i.Counts["unmatched"] != 0 || i.Counts["new"] != int64(bytes.Count(content, []byte("\n"))-1) {
				t.Errorf("%s of %s: %v", kind, system, i.Counts)
			}
		}
	}
}

func TestBadRowsAreReportedAndTakeNothingAway(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, plan := w.Admin(), domain.ImportPlan{ApplicationName: "CRM"}
	applied(t, w.Store, by, "crm.csv", crm, plan)
	long := strings.Repeat("x", 10_000)
	i, problems := bring(t, w.Store, by, "crm-3.csv", "table,column,data_type,nullable,category,owner\n"+
		"Contact,Id,int,perhaps,,\n"+
		"Contact,Email,varchar(80),yes,no such category,nobody@example.org\n"+
		"Contact,"+long+",int,no,,\n"+
		"Contact,\u202eevil,int,no,,\n"+
		"Contact,FirstName,varchar(40),yes,,\n"+
		"Contact,FirstName,varchar(40),yes,,\n"+
		"Contact,BirthDate,date,yes,,\n", plan)
	if i.State != domain.ImportApplied {
		t.Fatalf("%s %v", i.State, i.Problem)
	}
	wantCounts(t, i, map[domain.ImportChange]int64{domain.ChangeUnchanged: 3})
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%d %s %s", p.Line, p.Column, p.Key))
	}
	want := "2 nullable scan.problem.yes_no|3 category import.problem.category|3 owner import.problem.owner|4 column scan.problem.too_long|" +
		"5 column scan.problem.characters|7 column scan.problem.duplicate"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("problems\n%s\nwant\n%s", s, want)
	}
}

func TestRefusedRenameAndStalePreview(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, plan := w.Admin(), domain.ImportPlan{ApplicationName: "CRM"}
	applied(t, w.Store, by, "crm.csv", crm, plan)
	preview := func(content string) domain.ImportID {
		i, err := w.Store.ReceiveImport(t.Context(), by, "crm-2.csv", plan, strings.NewReader(content), true)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	run(t, w.Store)
	a, b := preview(crmNewer), preview(crmNewer)
	waitFor(t, w.Store, by, a, domain.ImportPreviewed)
	waitFor(t, w.Store, by, b, domain.ImportPreviewed)
	if err := w.Store.TakeRenames(t.Context(), by, a, store.RenameAnswer{Shown: []int64{3}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.AskImportApply(t.Context(), by, a, true); err != nil {
		t.Fatal(err)
	}
	done := waitFor(t, w.Store, by, a, domain.ImportApplied)
	wantCounts(t, done, map[domain.ImportChange]int64{domain.ChangeNew: 2, domain.ChangeChanged: 1, domain.ChangeGone: 2, domain.ChangeUnchanged: 2})
	// The register is no longer what b was compared with: nothing is written, it is compared again.
	if err := w.Store.AskImportApply(t.Context(), by, b, true); err != nil {
		t.Fatal(err)
	}
	again := waitFor(t, w.Store, by, b, domain.ImportPreviewed)
	wantCounts(t, again, map[domain.ImportChange]int64{domain.ChangeUnchanged: 5})
	if again.Problem == nil || again.Problem.Key != "import.error.stale" {
		t.Errorf("problem %v", again.Problem)
	}
	// So is one that names an owner who left, and one of whose datasets was archived.
	owner := w.Acme[domain.RoleViewer]
	c := preview("table,column,owner\nContact,owned," + owner.Email + "\nShut,x,\n")
	applied(t, w.Store, by, "shut.csv", "table,column\nShut,x\n", plan)
	d := preview("table,column,comment\nShut,x,new\n")
	waitFor(t, w.Store, by, c, domain.ImportPreviewed)
	waitFor(t, w.Store, by, d, domain.ImportPreviewed)
	w.Exec(t, `delete from membership where user_id = $1`, owner.User)
	w.Exec(t, `update dataset set archived_at = now() where name = 'Shut'`)
	for _, id := range []domain.ImportID{c, d} {
		if err := w.Store.AskImportApply(t.Context(), by, id, true); err != nil {
			t.Fatal(err)
		}
		if i := waitFor(t, w.Store, by, id, domain.ImportPreviewed); i.Problem == nil || i.Problem.Key != "import.error.stale" || i.Counts[domain.CountProblems] == 0 {
			t.Errorf("applied although an owner left or a dataset was archived: %v, %v", i.Counts, i.Problem)
		}
	}
	if _, err := w.Store.ImportByID(t.Context(), w.Other[domain.RoleAdmin], a); err == nil {
		t.Error("another workspace sees the import")
	}
}
