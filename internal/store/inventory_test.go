package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// verdictOf is the stored judgement of a field: its verdict, and whether it is flagged as a duplicate.
func verdictOf(t *testing.T, w *storetest.World, id domain.FieldID) (verdict string, duplicate bool) {
	t.Helper()
	if err := w.Owner.QueryRow(context.Background(), `select verdict, flags & 2048 <> 0 from field where id = $1`, id).Scan(&verdict, &duplicate); err != nil {
		t.Fatal(err)
	}
	return verdict, duplicate
}

// tallies are the counted fields of every application that has some.
func tallies(t *testing.T, w *storetest.World) map[domain.ApplicationID]int64 {
	t.Helper()
	rows, err := w.Owner.Query(context.Background(), `select application_id, sum(n)::bigint from field_tally group by 1 having sum(n) <> 0`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[domain.ApplicationID]int64{}
	for rows.Next() {
		var id domain.ApplicationID
		var n int64
		if err := rows.Scan(&id, &n); err != nil {
			t.Fatal(err)
		}
		out[id] = n
	}
	return out
}

// copyWorld is a CRM and a mailing tool that hold the same e-mail address of customers.
type copyWorld struct {
	*storetest.World
	crm, mail          domain.ApplicationID
	contacts, profiles domain.DatasetID
	master, copied     domain.FieldID
}

func newCopyWorld(t *testing.T) *copyWorld {
	t.Helper()
	w := &copyWorld{World: storetest.NewWorld(t)}
	by := w.Admin()
	w.crm, w.mail = w.Application(t, by, "CRM"), w.Application(t, by, "Mailing")
	w.contacts, w.profiles = w.Dataset(t, by, w.crm, "contacts"), w.Dataset(t, by, w.mail, "profiles")
	w.Exec(t, `update dataset set subjects = '{customers}' where id = any($1)`, []int64{int64(w.contacts), int64(w.profiles)})
	w.master = w.Field(t, by, w.contacts, "email", "ident.contact.email")
	w.copied = w.Field(t, by, w.profiles, "mail", "ident.contact.email")
	return w
}

func (w *copyWorld) change(t *testing.T, id domain.DatasetID, seen int, change func(*domain.Dataset)) error {
	t.Helper()
	return w.Store.ChangeDataset(context.Background(), w.Admin(), id, seen, func(d domain.Dataset) (domain.Dataset, error) {
		change(&d)
		return domain.NewDataset(d)
	})
}

func (w *copyWorld) wantDuplicate(t *testing.T, when string, want bool) {
	t.Helper()
	if _, got := verdictOf(t, w.World, w.copied); got != want {
		t.Errorf("%s: the copy is flagged %v, want %v", when, got, want)
	}
	if _, got := verdictOf(t, w.World, w.master); got {
		t.Errorf("%s: the reference itself is flagged", when)
	}
}

func TestChangeDatasetJudgesCopies(t *testing.T) {
	t.Parallel()
	w := newCopyWorld(t)
	w.wantDuplicate(t, "at first", false)
	must(t, w.change(t, w.contacts, 1, func(d *domain.Dataset) { d.IsMaster = true }))
	w.wantDuplicate(t, "declared reference", true)
	must(t, w.change(t, w.contacts, 2, func(d *domain.Dataset) { d.Subjects = []string{"suppliers"} }))
	w.wantDuplicate(t, "of other people", false)
	must(t, w.change(t, w.contacts, 3, func(d *domain.Dataset) { d.Subjects = []string{"customers"} }))
	w.wantDuplicate(t, "of the same people again", true)
	must(t, w.change(t, w.contacts, 4, func(d *domain.Dataset) { d.IsMaster = false }))
	w.wantDuplicate(t, "no reference any more", false)
	if err := w.change(t, w.contacts, 4, func(d *domain.Dataset) { d.Label = "x" }); !errors.Is(err, domain.Conflict) {
		t.Errorf("an old version: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFlowsTieCopies(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newCopyWorld(t)
	by := w.Admin()
	must(t, w.change(t, w.contacts, 1, func(d *domain.Dataset) { d.IsMaster = true }))
	w.wantDuplicate(t, "without a flow", true)
	id, err := w.Store.AddFlow(ctx, by, domain.Flow{Name: "nightly", Encrypted: "yes", Source: domain.FlowEnd{Application: w.crm, Dataset: w.contacts},
		Target: domain.FlowEnd{Application: w.mail}})
	must(t, err)
	w.wantDuplicate(t, "fed by a flow", false)
	must(t, w.Store.ArchiveFlow(ctx, by, id))
	w.wantDuplicate(t, "flow archived", true)
	must(t, w.Store.RestoreFlow(ctx, by, id))
	w.wantDuplicate(t, "flow restored", false)
	other := w.Application(t, by, "ERP")
	must(t, w.Store.ChangeFlow(ctx, by, id, 3, func(f domain.Flow) (domain.Flow, error) {
		f.Target = domain.FlowEnd{Application: other}
		return domain.NewFlow(f)
	}))
	w.wantDuplicate(t, "flow led elsewhere", true)

	_, err = w.Store.AddFlow(ctx, by, domain.Flow{Name: "wrong", Encrypted: "yes", Source: domain.FlowEnd{Application: w.crm, Dataset: w.profiles},
		Target: domain.FlowEnd{Application: w.mail}})
	if !errors.Is(err, domain.Invalid) {
		t.Errorf("a dataset of another application: %v", err)
	}
}

func TestMovedDatasetTakesFieldsAlong(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newCopyWorld(t)
	flow, err := w.Store.AddFlow(ctx, w.Admin(), domain.Flow{Name: "nightly", Encrypted: "no", Source: domain.FlowEnd{Application: w.crm, Dataset: w.contacts},
		Target: domain.FlowEnd{Application: w.mail, Dataset: w.profiles}})
	must(t, err)
	erp := w.Application(t, w.Admin(), "ERP")
	must(t, w.change(t, w.contacts, 1, func(d *domain.Dataset) { d.Application = erp }))

	if diff := cmp.Diff(map[domain.ApplicationID]int64{erp: 1, w.mail: 1}, tallies(t, w.World)); diff != "" {
		t.Error(diff)
	}
	f, err := w.Store.FlowByID(ctx, w.Admin(), flow)
	must(t, err)
	if f.Source.Application != erp || f.Source.Name() != "ERP › contacts" {
		t.Errorf("the flow starts at %s", f.Source.Name())
	}
}

func TestChangeCategoryReopensAndJudges(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := storetest.NewWorld(t)
	by := w.Admin()
	id, err := w.Store.AddCategory(ctx, by, domain.Category{Code: "tech.key.loyalty", Parent: "tech.key", LabelFR: "Carte", LabelEN: "Card",
		Class: domain.ClassNonPersonal, Risk: 1})
	must(t, err)
	field := w.Field(t, by, w.Dataset(t, by, w.Application(t, by, "CRM"), "cards"), "number", "tech.key.loyalty")
	purpose := w.Purpose(t, by, "P1", true)
	mapping, err := w.Store.ProposeMapping(ctx, w.Acme[domain.RoleEditor], field, purpose, "needed")
	must(t, err)
	_, err = w.Store.ReviewMapping(ctx, w.Acme[domain.RoleDPO], mapping, 1, store.Answer{Approve: true, Reason: "right"})
	must(t, err)
	must(t, w.Store.JudgeAll(ctx, by))
	if verdict, _ := verdictOf(t, w, field); verdict != "exempt" {
		t.Fatalf("verdict %s before", verdict)
	}

	effect, err := w.Store.CategoryEffect(ctx, by, id, domain.ClassPersonal)
	must(t, err)
	want := domain.CategoryEffect{Fields: 1, Mappings: 1, Moves: []domain.CategoryMove{{Was: domain.VerdictExempt, Is: domain.VerdictDelete, N: 1}}}
	if diff := cmp.Diff(want, effect); diff != "" {
		t.Error(diff)
	}
	if verdict, _ := verdictOf(t, w, field); verdict != "exempt" {
		t.Errorf("asking what would be changed the verdict to %s", verdict)
	}
	must(t, w.Store.ChangeCategory(ctx, by, id, 1, func(c domain.Category) (domain.Category, error) {
		next := c
		next.Class = domain.ClassPersonal
		return c.Changed(next)
	}))
	if verdict, _ := verdictOf(t, w, field); verdict != "delete" {
		t.Errorf("verdict %s, want what was foretold", verdict)
	}
	var state, because string
	if err := w.Owner.QueryRow(ctx, `select state, reopened_because from purpose_mapping`).Scan(&state, &because); err != nil || state != "proposed" || because != "gdpr_class" {
		t.Errorf("mapping %s because %q, %v", state, because, err)
	}
	events, err := w.Store.EventsOf(ctx, by, domain.SubjectField, int64(field), 5)
	must(t, err)
	if len(events) != 3 || events[0].Verb != "field.mapping_reopened" {
		t.Errorf("history of the field: %v", events)
	}
	if err := w.Store.ArchiveCategory(ctx, by, id); !errors.Is(err, domain.Conflict) {
		t.Errorf("archiving a category in use: %v", err)
	}
	builtin := w.Category(t, by, "art9.health")
	err = w.Store.ChangeCategory(ctx, by, builtin, 1, func(c domain.Category) (domain.Category, error) { return c.Changed(c) })
	if !errors.Is(err, domain.Conflict) {
		t.Errorf("changing the common taxonomy: %v", err)
	}
	if err := w.Store.RemoveCategory(ctx, by, builtin); !errors.Is(err, domain.Conflict) {
		t.Errorf("removing from the common taxonomy: %v", err)
	}
}

func TestCollectFields(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newCopyWorld(t)
	by := w.Admin()
	id, err := w.Store.AddCollectionPoint(ctx, by, domain.CollectionPoint{Name: "Sign-up", Notice: "yes", Consent: "yes"})
	must(t, err)
	must(t, w.Store.CollectFields(ctx, by, id, 1, w.contacts, []domain.FieldID{w.master}, []domain.FieldID{w.master}))
	must(t, w.Store.CollectFields(ctx, by, id, 2, w.profiles, []domain.FieldID{w.copied}, []domain.FieldID{w.copied}))
	fields, total, err := w.Store.CollectedFields(ctx, by, id, 0, 10)
	must(t, err)
	if total != 2 || len(fields) != 2 || fields[0].ID != w.master {
		t.Errorf("%d collected: %v", total, fields)
	}
	if err := w.Store.CollectFields(ctx, by, id, 2, w.contacts, []domain.FieldID{w.master}, nil); !errors.Is(err, domain.Conflict) {
		t.Errorf("an old version: %v", err)
	}
	if err := w.Store.CollectFields(ctx, by, id, 3, w.contacts, []domain.FieldID{w.master}, []domain.FieldID{w.copied}); !errors.Is(err, domain.Invalid) {
		t.Errorf("a field of another dataset: %v", err)
	}
	mandatory := domain.AskedAnswer{Kind: "mandatory", Consequence: "No delivery."}
	if _, err := w.Store.AnswerFields(ctx, by, id, 2, []domain.FieldID{w.master}, mandatory); !errors.Is(err, domain.Conflict) {
		t.Errorf("an answer over an old version: %v", err)
	}
	before := moment(t, w.World)
	if n, err := w.Store.AnswerFields(ctx, by, id, 3, []domain.FieldID{w.master, w.copied, 999_999}, mandatory); err != nil || n != 2 {
		t.Errorf("answers of %d fields, %v", n, err)
	}
	if n, err := w.Store.AnswerFields(ctx, by, id, 4, []domain.FieldID{w.master}, mandatory); err != nil || n != 0 {
		t.Errorf("the same answer again: %d fields, %v", n, err)
	}
	fields, _, err = w.Store.CollectedFields(ctx, by, id, 1, 10)
	must(t, err)
	if len(fields) != 1 || fields[0].Answer != "mandatory" || fields[0].Consequence != "No delivery." {
		t.Errorf("after the first = %+v", fields)
	}
	told, err := w.Store.EventsOf(ctx, by, domain.SubjectCollectionPoint, int64(id), 1)
	must(t, err)
	if told[0].Verb != "collection_point.answers_changed" || told[0].Before["answer"] != "" || told[0].After["answer"] != "mandatory" || len(told[0].After["fields"].([]any)) != 2 {
		t.Errorf("history = %+v", told[0])
	}
	past := by
	past.AsOf = before
	if was, _, err := w.Store.CollectedFields(ctx, past, id, 0, 10); err != nil || len(was) != 2 || was[0].Answer != "" {
		t.Errorf("before it was said: %+v, %v", was, err)
	}
	if _, err := w.Store.AnswerFields(ctx, by, id, 4, []domain.FieldID{w.master, w.copied}, domain.AskedAnswer{}); err != nil {
		t.Error(err)
	}
	must(t, w.Store.CollectFields(ctx, by, id, 5, w.contacts, nil, nil))
	if ids, err := w.Store.CollectedIDs(ctx, by, id, w.contacts); err != nil || len(ids) != 1 {
		t.Errorf("saving what did not offer the field leaves %v, %v", ids, err)
	}
	must(t, w.Store.LetGoOfFields(ctx, by, id, 5, []domain.FieldID{w.master}))
	events, err := w.Store.EventsOf(ctx, by, domain.SubjectField, int64(w.master), 5)
	must(t, err)
	if len(events) != 2 || len(events[0].After["collection_points"].([]any)) != 0 || len(events[1].After["collection_points"].([]any)) != 1 {
		t.Errorf("history of the field: %v", events)
	}
	if err := w.Store.ArchiveCollectionPoint(ctx, by, id); !errors.Is(err, domain.Conflict) {
		t.Errorf("archiving a point in use: %v", err)
	}
	if err := w.Store.CollectFields(ctx, w.Other[domain.RoleAdmin], id, 4, w.contacts, []domain.FieldID{w.master}, nil); !errors.Is(err, domain.NotFound) {
		t.Errorf("from another workspace: %v", err)
	}
}

func TestCarryFields(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newCopyWorld(t)
	by := w.Admin()
	id, err := w.Store.AddFlow(ctx, by, domain.Flow{Name: "nightly", Encrypted: "no", Source: domain.FlowEnd{Application: w.crm, Dataset: w.contacts},
		Target: domain.FlowEnd{Application: w.mail, Dataset: w.profiles}})
	must(t, err)
	must(t, w.Store.CarryFields(ctx, by, id, 1, w.contacts, []domain.FieldID{w.master}, []domain.FlowField{{Source: w.master, Target: w.copied}}))
	fields, err := w.Store.FlowFields(ctx, by, id)
	must(t, err)
	if len(fields) != 1 || fields[0].SourceName != "email" || fields[0].TargetName != "mail" {
		t.Errorf("carried: %v", fields)
	}
	if err := w.Store.CarryFields(ctx, by, id, 2, w.contacts, []domain.FieldID{w.master}, []domain.FlowField{{Source: w.copied}}); !errors.Is(err, domain.Invalid) {
		t.Errorf("a field that is not at the source: %v", err)
	}
	must(t, w.Store.CarryFields(ctx, by, id, 2, w.contacts, nil, nil))
	if fields, err = w.Store.FlowFields(ctx, by, id); err != nil || len(fields) != 1 {
		t.Errorf("saving what did not offer the field leaves %v, %v", fields, err)
	}
	must(t, w.Store.ChangeFlow(ctx, by, id, 2, func(f domain.Flow) (domain.Flow, error) {
		f.Source, f.Target = f.Target, f.Source
		return domain.NewFlow(f)
	}))
	if fields, err = w.Store.FlowFields(ctx, by, id); err != nil || len(fields) != 0 {
		t.Errorf("a flow turned round still carries %v, %v", fields, err)
	}
}
