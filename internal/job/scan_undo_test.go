package job_test

import (
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// undone has an import undone that nothing keeps in place.
func undone(tb testing.TB, st *store.Store, by domain.Actor, i domain.Import) {
	tb.Helper()
	if err := st.AskImportUndo(tb.Context(), by, i.ID, false); err != nil {
		tb.Fatalf("asking to undo %s: %v", i.FileName, err)
	}
	if err := st.UndoImport(tb.Context(), by, i.ID); err != nil {
		tb.Fatalf("undoing %s: %v", i.FileName, err)
	}
	if i, err := st.ImportByID(tb.Context(), by, i.ID); err != nil || i.State != domain.ImportUndone {
		tb.Fatalf("%s is %s, %v", i.FileName, i.State, err)
	}
}

// approvedField is the one field of a world, which serves a purpose by approval.
func approvedField(tb testing.TB, w *storetest.World) domain.FieldID {
	tb.Helper()
	f := domain.FieldID(count(tb, w, `select id from field`))
	p := w.Purpose(tb, w.Admin(), "P1", true)
	m, err := w.Store.ProposeMapping(tb.Context(), w.Acme[domain.RoleEditor], f, p, "why")
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Store.ReviewMapping(tb.Context(), w.Acme[domain.RoleDPO], m, 1, store.Answer{Approve: true, Reason: "ok"}); err != nil {
		tb.Fatal(err)
	}
	return f
}

func TestUndoGivesApprovalsBack(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, plan := w.Admin(), domain.ImportPlan{ApplicationName: "CRM"}
	applied(t, w.Store, by, "crm.csv", "table,column,data_type\nContact,Mail,text\n", plan)
	approvedField(t, w)
	stands := func() bool {
		return count(t, w, `select count(*) from purpose_mapping m join approval k on k.id = m.approval_id
			where m.state = 'approved' and m.reopened_because = '' and m.decided_by = k.approved_by and m.decision_reason = 'ok'`) == 1
	}
	second := applied(t, w.Store, by, "crm-2.csv", "table,column,data_type,category\nContact,Mail,text,ident.contact.email\n", plan)
	if stands() {
		t.Fatal("the approval holds for a category that it is not about")
	}
	undone(t, w.Store, by, second)
	if !stands() {
		t.Error("what was approved is there again, and its approval is not")
	}
	if n := count(t, w, `select count(*) from event where batch_id = $1 and verb in ('field.mapping_reopened', 'field.undone')`, second.Batch); n != 2 {
		t.Errorf("%d events of the approval belong to the import, want 2", n)
	}
	// What went back to the DPO for another reason stays with the DPO.
	third := applied(t, w.Store, by, "crm-3.csv", "table,column,data_type,comment\nContact,Mail,text,of the person\n", plan)
	w.Exec(t, `update purpose_mapping set state = 'proposed', reopened_because = 'until', decided_by = null, decided_at = null, decision_reason = '', self_approved = false`)
	undone(t, w.Store, by, third)
	if stands() {
		t.Error("undoing an import answered a question that it did not open")
	}
}

// What a later import or a person changed and took back again keeps no import in place; what stands does.
func TestUndoAfterALaterImportWasUndone(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, plan := w.Admin(), domain.ImportPlan{ApplicationName: "CRM"}
	refused := func(when string, i domain.Import, want int64) {
		t.Helper()
		list, all, err := w.Store.ImportDependents(t.Context(), by, i.ID, 10)
		if err != nil || all != want {
			t.Errorf("%s: %d dependents %v, %v; want %d", when, all, list, err, want)
		}
		if want > 0 && w.Store.AskImportUndo(t.Context(), by, i.ID, false) == nil {
			t.Errorf("%s: undone", when)
		}
	}
	first := applied(t, w.Store, by, "crm.csv", crm, plan)
	second := applied(t, w.Store, by, "crm-2.csv", crmNewer, plan)
	third := applied(t, w.Store, by, "crm-3.csv", crm, plan)
	refused("two later imports", first, 3)
	refused("one later import", second, 4)
	undone(t, w.Store, by, third)
	refused("the first of two", first, 3)
	undone(t, w.Store, by, second)
	refused("both undone", first, 0)

	for what, change := range map[string][2]string{
		"description": {`description = 'by hand'`, `description = ''`},
		"label":       {`label = 'by hand'`, `label = ''`},
		"archived":    {`state = 'archived', archived_at = now()`, `state = 'active', archived_at = null`},
		"key":         {`is_key = true`, `is_key = false`},
	} {
		w.Exec(t, `update field set version = version + 1, `+change[0]+` where name = 'Email'`)
		refused(what, first, 1)
		w.Exec(t, `update field set version = version + 1, `+change[1]+` where name = 'Email'`)
		refused(what+" back", first, 0)
	}
	// A name that a renamed field would have again, and another has meanwhile.
	renamed := applied(t, w.Store, by, "crm-2.csv", strings.Replace(crm, "Email", "EmailAddress", 1), plan)
	wantCounts(t, renamed, map[domain.ImportChange]int64{domain.ChangeRenamed: 1, domain.ChangeUnchanged: 4})
	taken := applied(t, w.Store, by, "crm-3.csv", strings.Replace(crm, "Contact,Email", "Contact,Email,text\nContact,EmailAddress", 1), plan)
	refused("the old name is another field's", renamed, 1)
	if list, _, err := w.Store.ImportDependents(t.Context(), by, renamed.ID, 10); err != nil || len(list) != 1 || list[0].Name != "Email" || list[0].Reason != "name" {
		t.Errorf("it waits for %v, %v", list, err)
	}
	undone(t, w.Store, by, taken)
	undone(t, w.Store, by, renamed)

	undone(t, w.Store, by, first)
	if n := count(t, w, `select count(*) from field`); n != 0 {
		t.Errorf("%d fields are left", n)
	}
}
