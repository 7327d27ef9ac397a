package job_test

import (
	"testing"

	"utile/internal/domain"
	"utile/internal/store/storetest"
)

// What an import brings into a declared master makes copies of fields of others, and taking it back makes none of them.
func TestCopiesFollowImportsIntoTheirMaster(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	const file = "application,dataset,field,data_type,category\nCRM,Contact,Email,text,ident.contact.email\n"
	master := w.Dataset(t, by, w.Application(t, by, "CRM"), "Contact")
	copied := w.Field(t, by, w.Dataset(t, by, w.Application(t, by, "Shop"), "Buyer"), "Mail", "ident.contact.email")
	w.Exec(t, "update dataset set subjects = '{customers}', is_master = id = $1", master)
	if err := w.Store.JudgeAll(t.Context(), by); err != nil {
		t.Fatal(err)
	}
	marked := func() int64 {
		t.Helper()
		return count(t, w, `select count(*) from field where workspace_id = $1 and id = $2 and flags & $3 <> 0`, by.Workspace, copied, int32(domain.FlagDuplicate))
	}
	i := applied(t, w.Store, by, "crm.csv", file, domain.ImportPlan{})
	if marked() != 1 {
		t.Error("the master holds the category, and the copy is not marked")
	}
	if err := w.Store.AskImportUndo(t.Context(), by, i.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.UndoImport(t.Context(), by, i.ID); err != nil {
		t.Fatal(err)
	}
	if marked() != 0 {
		t.Error("the master does not hold the category any more, and the copy is still marked")
	}
}
