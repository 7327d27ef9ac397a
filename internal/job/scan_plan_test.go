package job_test

import (
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/job"
	"utile/internal/store/storetest"
)

func TestCompleteInventoryTakesAbsentDatasetsForGone(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, plan := w.Admin(), domain.ImportPlan{ApplicationName: "CRM"}
	applied(t, w.Store, by, "crm.csv", crm, plan)
	part := "table,column,data_type,nullable,description\nContact,Id,int,no,key\nContact,Email,varchar(80),yes,address of the person\nContact,FirstName,varchar(40),yes,\nContact,BirthDate,date,yes,\n"
	wantCounts(t, applied(t, w.Store, by, "part.csv", part, plan), map[domain.ImportChange]int64{domain.ChangeUnchanged: 4})

	plan.Complete = true
	complete := applied(t, w.Store, by, "all.csv", part, plan)
	wantCounts(t, complete, map[domain.ImportChange]int64{domain.ChangeUnchanged: 4, domain.ChangeGone: 1})
	if n := count(t, w, `select count(*) from dataset where workspace_id = $1 and name = 'Order' and state = 'gone'`, by.Workspace); n != 1 {
		t.Error("a dataset without any field left is not gone")
	}
	if err := w.Store.AskImportUndo(t.Context(), by, complete.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.UndoImport(t.Context(), by, complete.ID); err != nil {
		t.Fatal(err)
	}
	if n := count(t, w, `select count(*) from dataset d join field f on f.dataset_id = d.id
		where d.workspace_id = $1 and d.name = 'Order' and d.state = 'active' and f.state = 'active'`, by.Workspace); n != 1 {
		t.Error("undoing did not bring the dataset back with its field")
	}
}

func TestCategoriesAndOwnersOfAFile(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	owner := w.Acme[domain.RoleEditor]
	plan := domain.ImportPlan{ApplicationName: "CRM"}
	const heading = "table,column,category,owner\n"
	applied(t, w.Store, by, "a.csv", heading+"Contact,email,ident.contact.email,"+owner.Email+"\nContact,allergies,ART9.HEALTH,\nContact,id,tech.key,"+owner.Name+"\n", plan)
	for name, want := range map[string]string{"email": "personal delete", "allergies": "sensitive_art9 delete", "id": "non_personal exempt"} {
		if n := count(t, w, `select count(*) from field where workspace_id = $1 and name = $2 and gdpr_class || ' ' || verdict = $3`, by.Workspace, name, want); n != 1 {
			t.Errorf("%s is not %s", name, want)
		}
	}
	if n := count(t, w, `select count(*) from field where workspace_id = $1 and owner_id = $2`, by.Workspace, owner.User); n != 2 {
		t.Errorf("%d fields have the owner, want 2", n)
	}
	// What is set stays, whatever a newer file says; what is not is filled.
	next := applied(t, w.Store, by, "b.csv", heading+"Contact,email,tech.key,"+by.Email+"\nContact,allergies,tech.key,"+by.Email+"\nContact,id,,\n", plan)
	wantCounts(t, next, map[domain.ImportChange]int64{domain.ChangeChanged: 1, domain.ChangeUnchanged: 2})
	if n := count(t, w, `select count(*) from field where workspace_id = $1 and (name, gdpr_class, owner_id) in
		(('email', 'personal', $2), ('allergies', 'sensitive_art9', $3), ('id', 'non_personal', $2))`, by.Workspace, owner.User, by.User); n != 3 {
		t.Errorf("%d fields as they should be, want 3", n)
	}

	// What was decided and undone is not decided; what was decided is, even where nothing is set any more.
	applied(t, w.Store, by, "c.csv", "table,column\nOrder,undone\nOrder,cleared\n", plan)
	classify := func(name string) domain.BatchID {
		act := domain.Bulk{Act: domain.BulkCategorise, Category: w.Category(t, by, "ident.contact.email")}
		ids := []int64{count(t, w, `select id from field where name = $1`, name)}
		plan, err := w.Store.PlanBulk(t.Context(), by, act, ids)
		if err != nil {
			t.Fatal(err)
		}
		batch, _, err := w.Store.ApplyBulk(t.Context(), by, act, ids, plan.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		return batch
	}
	if _, _, err := w.Store.UndoBatch(t.Context(), by, classify("undone")); err != nil {
		t.Fatal(err)
	}
	classify("cleared")
	w.Exec(t, `update field set category_id = null, gdpr_class = 'unclassified' where name = 'cleared'`)
	last := applied(t, w.Store, by, "d.csv", "table,column,category\nOrder,undone,tech.key\nOrder,cleared,tech.key\n", plan)
	wantCounts(t, last, map[domain.ImportChange]int64{domain.ChangeChanged: 1, domain.ChangeUnchanged: 1})
	if n := count(t, w, `select count(*) from field where name = 'undone' and gdpr_class = 'non_personal'`); n != 1 {
		t.Error("the file's category is passed over for one that was undone")
	}
}

func TestWhereRowsBelong(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	known := w.Application(t, by, "Known CRM")
	for name, c := range map[string]struct {
		content string
		plan    domain.ImportPlan
		want    string // application / dataset / field
	}{
		"the file names applications": {"system,table,column\nShop A,t,c\nShop A,t,d\nshop a,T,e\n", domain.ImportPlan{}, "Shop A/t/e"},
		"one chosen overrules":        {"system,table,column\nShop B,t,c\n", domain.ImportPlan{Application: known}, "Known CRM/t/c"},
		"no column of datasets":       {"column,type\nc,int\n", domain.ImportPlan{ApplicationName: "Sheet", Dataset: "Shops"}, "Sheet/Shops/c"},
		"two schemas":                 {"schema,table,column\nsales,orders,c\nlegacy,orders,c\n", domain.ImportPlan{ApplicationName: "Base"}, "Base/legacy.orders/c"},
		"known whatever the case":     {"table,column\nt2,c\n", domain.ImportPlan{ApplicationName: "known crm"}, "Known CRM/t2/c"},
	} {
		applied(t, w.Store, by, name, c.content, c.plan)
		part := strings.Split(c.want, "/")
		if n := count(t, w, `select count(*) from field f join dataset d on d.id = f.dataset_id join application a on a.id = f.application_id
			where f.workspace_id = $1 and a.name = $2 and d.name = $3 and f.name = $4`, by.Workspace, part[0], part[1], part[2]); n != 1 {
			t.Errorf("%s: no field %s", name, c.want)
		}
	}
	if err := w.Store.ArchiveApplication(t.Context(), by, w.Application(t, by, "Old")); err != nil {
		t.Fatal(err)
	}
	i, _ := bring(t, w.Store, by, "old.csv", "table,column\nt,c\n", domain.ImportPlan{ApplicationName: "Old"})
	if i.State != domain.ImportFailed || i.Problem == nil || i.Problem.Key != "import.error.application_archived" {
		t.Errorf("into an archived application: %s %v", i.State, i.Problem)
	}

	shut := w.Dataset(t, by, known, "Shut")
	if err := w.Store.ArchiveDataset(t.Context(), by, shut); err != nil {
		t.Fatal(err)
	}
	i, problems := bring(t, w.Store, by, "shut.csv", "table,column\nShut,a\nOpen,a\nSHUT,b\n", domain.ImportPlan{Application: known})
	if i.State != domain.ImportApplied || i.Counts["new"] != 1 || len(problems) != 1 || problems[0].Key != "import.problem.dataset_archived" || problems[0].Line != 2 {
		t.Errorf("into an archived dataset: %s %v %v", i.State, i.Counts, problems)
	}
}

// What people renamed is found by what sources call it, a table of several schemas by its own; nothing is found twice.
func TestRenamedPlacesAreFoundAgain(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	rename := func(was, is string) {
		t.Helper()
		if id := count(t, w, `select coalesce(max(id), 0) from application where name = $1`, was); id > 0 {
			a, err := w.Store.ApplicationByID(t.Context(), by, domain.ApplicationID(id))
			if err == nil {
				err = w.Store.ChangeApplication(t.Context(), by, a.ID, a.Version, func(a domain.Application) (domain.Application, error) { a.Name = is; return domain.NewApplication(a) })
			}
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		d, err := w.Store.DatasetByID(t.Context(), by, domain.DatasetID(count(t, w, `select id from dataset where name = $1`, was)))
		if err == nil {
			err = w.Store.ChangeDataset(t.Context(), by, d.ID, d.Version, func(d domain.Dataset) (domain.Dataset, error) { d.Name = is; return domain.NewDataset(d) })
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	datasets := func() (names string) {
		if err := w.Owner.QueryRow(t.Context(), `select string_agg(a.name || '/' || d.name || ':' || (select string_agg(f.name, '' order by f.name) from field f where f.dataset_id = d.id and f.state = 'active'),
			' ' order by a.name, d.name) from dataset d join application a on a.id = d.application_id`).Scan(&names); err != nil {
			t.Fatal(err)
		}
		return names
	}
	const crmRow, shopRow, heading = "CRM,crm,client,", "CRM,shop,client,", "application,schema,table,column\n"
	for _, step := range []struct {
		name    string
		rename  [2]string
		content string
		want    string
	}{
		{"one schema", [2]string{}, heading + crmRow + "a\n" + crmRow + "b\n", "CRM/client:ab"},
		{"a second schema", [2]string{}, heading + crmRow + "a\n" + crmRow + "b\n" + shopRow + "s\n", "CRM/client:ab CRM/shop.client:s"},
		{"the second alone", [2]string{}, heading + shopRow + "s\n" + shopRow + "t\n", "CRM/client:ab CRM/shop.client:st"},
		{"the first alone", [2]string{}, heading + crmRow + "a\n" + crmRow + "b\n" + crmRow + "c\n", "CRM/client:abc CRM/shop.client:st"},
		{"the application renamed", [2]string{"CRM", "Relations"}, heading + crmRow + "a\n" + crmRow + "b\n" + crmRow + "c\n", "Relations/client:abc Relations/shop.client:st"},
		{"a dataset renamed", [2]string{"client", "People"}, heading + crmRow + "a\n" + crmRow + "b\n" + crmRow + "c\n" + shopRow + "s\n" + shopRow + "t\n" + shopRow + "u\n",
			"Relations/People:abc Relations/shop.client:stu"},
		{"without schemas", [2]string{"shop.client", "Buyers"}, "application,table,column\nrelations,PEOPLE,a\nrelations,people,b\nRelations,people,c\n",
			"Relations/Buyers:stu Relations/People:abc"},
		{"a table of a name that people gave another", [2]string{}, heading + "CRM,crm,people,p\n" + crmRow + "a\n" + crmRow + "b\n", "Relations/Buyers:stu Relations/People:p Relations/client:ab"},
	} {
		if step.rename[0] != "" {
			rename(step.rename[0], step.rename[1])
		}
		i := applied(t, w.Store, by, step.name+".csv", step.content, domain.ImportPlan{})
		if got := datasets(); got != step.want {
			t.Errorf("%s: %s, want %s (%v)", step.name, got, step.want, i.Counts)
		}
	}
	measured := applied(t, w.Store, by, "use.csv", "application,schema,table,column,rows,filled,measured at\nCRM,shop,client,s,9,9,2026-11-01\ncrm,,client,a,9,9,2026-11-01\n", domain.ImportPlan{})
	wantCounts(t, measured, map[domain.ImportChange]int64{domain.ChangeNew: 2})
	// What one file tells apart is not one application.
	applied(t, w.Store, by, "two.csv", "application,table,column\nRelations,people,p\nCRM,invoice,i\n", domain.ImportPlan{})
	if got, want := datasets(), "CRM/invoice:i Relations/Buyers:stu Relations/People:p Relations/client:ab"; got != want {
		t.Errorf("two applications of a file: %s, want %s", got, want)
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	var lines []int
	i, err := job.Import(t.Context(), w.Store, by, strings.NewReader("table,column,nullable\nContact,a,perhaps\nContact,b,yes\n"),
		job.ImportRequest{FileName: "crm.csv", Plan: domain.ImportPlan{ApplicationName: "CRM"}, DryRun: true},
		func(p domain.RowProblem) error { lines = append(lines, p.Line); return nil })
	if err != nil || i.State != domain.ImportPreviewed || i.Counts["new"] != 1 || len(lines) != 1 || lines[0] != 2 {
		t.Errorf("dry run: %s %v, problems on %v, %v", i.State, i.Counts, lines, err)
	}
	if n := count(t, w, `select (select count(*) from field) + (select count(*) from application) + (select count(*) from import_chunk)`); n != 0 {
		t.Errorf("a dry run left %d rows", n)
	}
	// Headings that say nothing can be said on the command line.
	i, err = job.Import(t.Context(), w.Store, by, strings.NewReader("Truc,Machin\nContact,email\n"), job.ImportRequest{FileName: "list.csv",
		Plan: domain.ImportPlan{ApplicationName: "CRM"}, Targets: map[string]domain.ScanTarget{"Truc": domain.ScanDataset, "Machin": domain.ScanField}}, nil)
	if err != nil || i.State != domain.ImportApplied || i.Counts["new"] != 1 {
		t.Errorf("with targets: %s %v %v", i.State, i.Counts, err)
	}
	i, err = job.Import(t.Context(), w.Store, by, strings.NewReader("Rien,Quelque\nContact,email\n"), job.ImportRequest{FileName: "list.csv",
		Plan: domain.ImportPlan{ApplicationName: "CRM"}}, nil)
	if err != nil || i.State != domain.ImportMapping || i.Problem == nil {
		t.Errorf("without: %s %v %v", i.State, i.Problem, err)
	}
}

func TestNamesAreSpeltAsInTheirFirstRow(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	const rows = "application,table,column\nHostile,Client,a\nhostile,CLIENT,b\nHOSTILE,Autre,c\nhostile,Aube,d\n"
	applied(t, w.Store, by, "one.csv", rows, domain.ImportPlan{})
	if n := count(t, w, `select count(*) from application where name = 'Hostile' and (select count(*) from application) = 1
		and (select string_agg(name, ',' order by name) from dataset) = 'Aube,Autre,Client'`); n != 1 {
		t.Error("an application or dataset is spelt otherwise than in its first row")
	}
	again := applied(t, w.Store, by, "two.csv", "application,table,column\nHOSTILE,client,a\n", domain.ImportPlan{})
	if again.Counts["unchanged"] != 1 || again.Counts[domain.CountApplications] != 0 {
		t.Errorf("found in other case: %v", again.Counts)
	}
}
