package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// suggestWorld is a workspace with two applications whose datasets have fields of the same names.
type suggestWorld struct {
	*storetest.World
	by       domain.Actor
	datasets []domain.DatasetID
}

func newSuggestWorld(t *testing.T) *suggestWorld {
	t.Helper()
	w := &suggestWorld{World: storetest.NewWorld(t)}
	w.by = w.Admin()
	for _, name := range []string{"Orion", "Vega"} {
		app := w.Application(t, w.by, name)
		w.datasets = append(w.datasets, w.Dataset(t, w.by, app, "contact"), w.Dataset(t, w.by, app, "visit"))
	}
	return w
}

// add registers a field as a person does.
func (w *suggestWorld) add(t *testing.T, dataset int, name string, category domain.CategoryID) domain.FieldID {
	t.Helper()
	f, err := domain.NewField(domain.Field{Dataset: w.datasets[dataset], Name: name, Category: category})
	if err != nil {
		t.Fatal(err)
	}
	id, err := w.Store.AddField(t.Context(), w.by, f)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// suggested lists what is suggested in a workspace, as "dataset.field → code" (nothing behind the arrow for none).
func suggested(t *testing.T, w *storetest.World, by domain.Actor) []string {
	t.Helper()
	return texts(t, w.Owner, fmt.Sprintf(`select d.id || '.' || f.name || ' → ' || coalesce(c.code, '')
		from field_suggestion s join field f on f.workspace_id = s.workspace_id and f.id = s.field_id
		join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
		left join data_category c on c.workspace_id = s.workspace_id and c.id = s.category_id
		where s.workspace_id = %d order by 1`, by.Workspace))
}

func (w *suggestWorld) line(dataset int, name, code string) string {
	return fmt.Sprintf("%d.%s → %s", w.datasets[dataset], name, code)
}

func (w *suggestWorld) want(t *testing.T, lines ...string) {
	t.Helper()
	slices.Sort(lines)
	if got := suggested(t, w.World, w.by); !slices.Equal(got, lines) {
		t.Errorf("suggestions (- wanted, + there):\n%s", cmp.Diff(lines, got))
	}
}

// group returns the group of a name on the page of suggestions.
func (w *suggestWorld) group(t *testing.T, key string) store.SuggestionGroup {
	t.Helper()
	page, err := w.Store.Suggestions(t.Context(), w.by, domain.ListQuery{Size: 50}, store.SuggestionsByName)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(page.Groups, func(g store.SuggestionGroup) bool { return g.Key == key })
	if i < 0 {
		t.Fatalf("no group %q among %+v", key, page.Groups)
	}
	return page.Groups[i]
}

func (w *suggestWorld) answer(t *testing.T, g store.SuggestionGroup, b domain.Bulk) domain.BatchID {
	t.Helper()
	done, err := w.Store.AnswerSuggestions(t.Context(), w.by, domain.ListQuery{},
		[]store.SuggestionPick{{Category: g.CategoryID, Key: g.Key, Seen: g.Print}}, b, "")
	if err != nil {
		t.Fatal(err)
	}
	return done.Batch
}

func TestASuggestionIsThereWithItsField(t *testing.T) {
	t.Parallel()
	w := newSuggestWorld(t)
	w.add(t, 0, "email", 0)
	w.add(t, 0, "zzqx", 0)
	w.add(t, 0, "Email__c", w.Category(t, w.by, "unk"))
	w.want(t, w.line(0, "email", "ident.contact.email"), w.line(0, "zzqx", ""))
	if got := suggested(t, w.World, w.Other[domain.RoleAdmin]); len(got) > 0 {
		t.Errorf("another workspace has %q", got)
	}
	chrome, err := w.Store.Chrome(t.Context(), w.by)
	if err != nil || chrome.Suggested != 1 {
		t.Errorf("the frame counts %d suggestions, %v", chrome.Suggested, err)
	}
}

func TestAnAnswerTeachesTheSameNameElsewhere(t *testing.T) {
	t.Parallel()
	w := newSuggestWorld(t)
	health := w.Category(t, w.by, "art9.health")
	first := w.add(t, 0, "zone_x", 0)
	w.add(t, 2, "ZoneX", 0)
	w.want(t, w.line(0, "zone_x", ""), w.line(2, "ZoneX", ""))

	batch, _, err := w.Store.ApplyBulk(t.Context(), w.by, domain.Bulk{Act: domain.BulkCategorise, Category: health}, []int64{int64(first)}, "")
	if err != nil {
		t.Fatal(err)
	}
	w.want(t, w.line(2, "ZoneX", "art9.health"))
	if g := w.group(t, "zonex"); g.N != 1 || g.Category.Code != "art9.health" || g.Category.Care() != domain.CareSpecial || len(g.Reasons) == 0 {
		t.Errorf("the group: %+v", g)
	}

	if _, _, err := w.Store.UndoBatch(t.Context(), w.by, batch); err != nil {
		t.Fatal(err)
	}
	w.want(t, w.line(0, "zone_x", ""), w.line(2, "ZoneX", ""))
}

func TestAcceptingAGroupIsOneActThatCanBeUndone(t *testing.T) {
	t.Parallel()
	w := newSuggestWorld(t)
	for d := range w.datasets {
		w.add(t, d, []string{"email", "Email__c", "e_mail", "E-Mail"}[d], 0)
	}
	g := w.group(t, "email")
	if g.N != 4 || g.Datasets != 4 || g.Systems != 2 || len(g.Names) != 3 {
		t.Errorf("the group: %+v", g)
	}
	batch := w.answer(t, g, domain.Bulk{Act: domain.BulkAccept, Category: g.CategoryID})
	w.want(t)
	if judged := texts(t, w.Owner, `select distinct gdpr_class || ' ' || verdict from field`); !slices.Equal(judged, []string{"personal delete"}) {
		t.Errorf("accepted fields are %q", judged)
	}
	if told := texts(t, w.Owner, fmt.Sprintf(`select count(*)::text from event where batch_id = %d and verb = 'field.changed'`, batch)); told[0] != "4" {
		t.Errorf("%s events of 4", told[0])
	}
	undone, kept, err := w.Store.UndoBatch(t.Context(), w.by, batch)
	if err != nil || undone != 4 || kept != 0 {
		t.Errorf("undone %d, kept %d, %v", undone, kept, err)
	}
	if back := w.group(t, "email"); back.Print != g.Print {
		t.Errorf("after the undo: %+v", back)
	}
}

func TestWhatIsRefusedIsNotSuggestedAgain(t *testing.T) {
	t.Parallel()
	w := newSuggestWorld(t)
	one := w.add(t, 0, "email", 0)
	w.add(t, 1, "mail", 0)
	w.add(t, 2, "e_mail", 0)
	email := w.Category(t, w.by, "ident.contact.email")

	// For one field: the others of the name keep theirs.
	if _, _, err := w.Store.ApplyBulk(t.Context(), w.by, domain.Bulk{Act: domain.BulkRefuse, Category: email}, []int64{int64(one)}, ""); err != nil {
		t.Fatal(err)
	}
	rest := []string{w.line(0, "email", ""), w.line(2, "e_mail", "ident.contact.email")}
	if got := suggested(t, w.World, w.by); !slices.Contains(got, rest[0]) || !slices.Contains(got, rest[1]) {
		t.Errorf("after a refusal for one field: %q", got)
	}

	// For the name: fields that come later are spared too.
	g := w.group(t, "email")
	batch := w.answer(t, g, domain.Bulk{Act: domain.BulkRefuse, Category: email, Name: g.Names[0]})
	w.add(t, 3, "Email__c", 0)
	if got := suggested(t, w.World, w.by); !slices.Contains(got, w.line(3, "Email__c", "")) || !slices.Contains(got, w.line(2, "e_mail", "")) {
		t.Errorf("after a refusal of the name: %q", got)
	}
	if err := w.Store.WorkOffSuggestions(t.Context(), w.by); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Store.UndoBatch(t.Context(), w.by, batch); err != nil {
		t.Fatal(err)
	}
	if got := suggested(t, w.World, w.by); !slices.Contains(got, w.line(3, "Email__c", "ident.contact.email")) || !slices.Contains(got, w.line(0, "email", "")) {
		t.Errorf("after the undo of one of two refusals: %q", got)
	}
}

func TestAcceptingNeverOverrulesAPerson(t *testing.T) {
	t.Parallel()
	w := newSuggestWorld(t)
	health := w.Category(t, w.by, "art9.health")
	var ids []int64
	for d := range w.datasets {
		ids = append(ids, int64(w.add(t, d, "email", 0)))
	}
	g := w.group(t, "email")

	// Somebody else decided about one field after the page was shown.
	if _, _, err := w.Store.ApplyBulk(t.Context(), w.by, domain.Bulk{Act: domain.BulkCategorise, Category: health}, ids[:1], ""); err != nil {
		t.Fatal(err)
	}
	_, err := w.Store.AnswerSuggestions(t.Context(), w.by, domain.ListQuery{}, []store.SuggestionPick{{Category: g.CategoryID, Key: g.Key, Seen: g.Print}},
		domain.Bulk{Act: domain.BulkAccept, Category: g.CategoryID}, "")
	if !errors.Is(err, domain.Conflict) {
		t.Errorf("another group than the one seen: %v", err)
	}
	// And asked for by their ids, the one that was decided is refused.
	_, plan, err := w.Store.ApplyBulk(t.Context(), w.by, domain.Bulk{Act: domain.BulkAccept, Category: g.CategoryID}, ids, "")
	if err != nil || plan.Changed != 3 || plan.Refused != 1 || plan.Reasons[0].Key != "categorised" {
		t.Errorf("plan %+v, %v", plan, err)
	}
	if got := texts(t, w.Owner, fmt.Sprintf(`select c.code from field f join data_category c on c.id = f.category_id where f.id = %d`, ids[0])); got[0] != "art9.health" {
		t.Errorf("the decided field is now %q", got)
	}
}

func TestOnlyEditorsAnswerSuggestions(t *testing.T) {
	t.Parallel()
	w := newSuggestWorld(t)
	w.add(t, 0, "email", 0)
	g := w.group(t, "email")
	for _, role := range []domain.Role{domain.RoleViewer, domain.RoleFacilitator} {
		_, err := w.Store.AnswerSuggestions(t.Context(), w.Acme[role], domain.ListQuery{}, []store.SuggestionPick{{Category: g.CategoryID, Seen: g.Print}},
			domain.Bulk{Act: domain.BulkAccept}, "")
		if !errors.Is(err, domain.Denied) && !w.Acme[role].Can(domain.EditInventory) {
			t.Errorf("%s: %v", role, err)
		}
	}
	stranger := w.Other[domain.RoleAdmin]
	if _, err := w.Store.AnswerSuggestions(t.Context(), stranger, domain.ListQuery{}, []store.SuggestionPick{{Category: g.CategoryID, Seen: g.Print}},
		domain.Bulk{Act: domain.BulkAccept}, ""); !errors.Is(err, domain.Conflict) {
		t.Errorf("somebody of another workspace: %v", err)
	}
	w.want(t, w.line(0, "email", "ident.contact.email"))
}

// TestSuggestionsFollowEveryChange changes fields in every way, in no order, and compares with what a whole pass finds.
func TestSuggestionsFollowEveryChange(t *testing.T) {
	t.Parallel()
	w := newSuggestWorld(t)
	ctx, g := t.Context(), rand.New(rand.NewPCG(7, 11))
	categories := []domain.CategoryID{0, w.Category(t, w.by, "ident.contact.email"), w.Category(t, w.by, "art9.health"), w.Category(t, w.by, "tech.key")}
	names := []string{"email", "Email__c", "e_mail", "zone_x", "ZoneX", "health_note", "id", "customer_id", "fax", "comment"}
	var ids []int64
	for range 12 {
		if f, err := domain.NewField(domain.Field{Dataset: w.datasets[g.IntN(4)], Name: names[g.IntN(len(names))], Category: categories[g.IntN(len(categories))]}); err == nil {
			if id, err := w.Store.AddField(ctx, w.by, f); err == nil {
				ids = append(ids, int64(id))
			}
		}
	}
	var batches []domain.BatchID
	for step := range 60 {
		id := ids[g.IntN(len(ids))]
		var err error
		var batch domain.BatchID
		switch g.IntN(7) {
		case 0:
			batch, _, err = w.Store.ApplyBulk(ctx, w.by, domain.Bulk{Act: domain.BulkCategorise, Category: categories[1+g.IntN(3)]}, []int64{id}, "")
		case 1:
			batch, _, err = w.Store.ApplyBulk(ctx, w.by, domain.Bulk{Act: domain.BulkAccept}, ids, "")
		case 2:
			batch, _, err = w.Store.ApplyBulk(ctx, w.by, domain.Bulk{Act: domain.BulkRefuse, Category: categories[1+g.IntN(3)], Name: names[0]}, []int64{id}, "")
		case 3:
			f, readErr := w.Store.FieldByID(ctx, w.by, domain.FieldID(id))
			if readErr != nil {
				t.Fatal(readErr)
			}
			err = w.Store.ChangeField(ctx, w.by, f.ID, f.Version, func(f domain.Field) (domain.Field, error) {
				f.Name, f.Category = names[g.IntN(len(names))], categories[g.IntN(len(categories))]
				return f, nil
			})
		case 4:
			err = w.Store.ArchiveField(ctx, w.by, domain.FieldID(id))
		case 5:
			err = w.Store.RestoreField(ctx, w.by, domain.FieldID(id))
		case 6:
			if len(batches) > 0 {
				_, _, err = w.Store.UndoBatch(ctx, w.by, batches[g.IntN(len(batches))])
			}
		}
		if batch != 0 {
			batches = append(batches, batch)
		}
		if err != nil && !errors.Is(err, domain.Conflict) && !errors.Is(err, domain.Invalid) {
			t.Fatal(err)
		}
		there := suggested(t, w.World, w.by)
		w.Exec(t, `insert into suggestion_due (workspace_id) values ($1)`, w.by.Workspace)
		if err := w.Store.WorkOffSuggestions(ctx, w.by); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(suggested(t, w.World, w.by), there); diff != "" {
			t.Fatalf("step %d: after a whole pass (-) it is not what was there (+):\n%s", step, diff)
		}
		if bad := texts(t, w.Owner, `select f.name from field_suggestion s join field f on f.id = s.field_id where f.category_id is not null or f.state <> 'active'
			union all select f.name from field f where f.category_id is null and f.state = 'active' and not exists (select from field_suggestion s where s.field_id = f.id)`); len(bad) > 0 {
			t.Fatalf("step %d: %q have a suggestion without need of one, or none", step, bad)
		}
		if counted := texts(t, w.Owner, `select 'wrong' from (select sum(suggested) as a, sum(unsuggested) as b from suggestion_count) c,
			(select count(category_id) as x, count(*) - count(category_id) as y from field_suggestion) s where a <> x or b <> y`); len(counted) > 0 {
			t.Fatalf("step %d: the counters differ from the suggestions", step)
		}
	}
}

// manyFields adds datasets of fifty fields without a category, as an import does, and leaves their suggestions to a job.
func manyFields(tb testing.TB, w *storetest.World, by domain.Actor, n int) {
	tb.Helper()
	app := w.Application(tb, by, "Warehouse")
	w.Exec(tb, `insert into dataset (workspace_id, application_id, name) select $1, $2, (array['customer', 'order', 'visit', 'campaign'])[i % 4 + 1] || '_' || i
		from generate_series(0, $3::int / 50 - 1) i`, by.Workspace, app, n)
	w.Exec(tb, `insert into field (workspace_id, dataset_id, application_id, name, data_type, position)
		select $1, d.id, d.application_id, (array['email', 'dt_naiss', 'nom', 'prenom', 'tel_mobile', 'code_postal', 'ville', 'mnt_ttc', 'statut', 'date_maj'])[j % 10 + 1]
			|| case when j < 10 then '' else '_' || j end, 'varchar(80)', j
		from dataset d, generate_series(0, 49) j where d.workspace_id = $1 and d.application_id = $2`, by.Workspace, app)
	w.Exec(tb, `insert into suggestion_due (workspace_id) values ($1)`, by.Workspace)
	w.Exec(tb, `analyze field, dataset`)
}

func TestManySuggestionsAreMadeOnceByTwoWorkers(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	const n = 12_000 // more than one chunk
	manyFields(t, w, by, n)
	ended := make(chan error)
	for range 2 {
		go func() { ended <- w.Store.WorkOffSuggestions(context.Background(), by) }()
	}
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	type made struct{ rows, suggested, unsuggested, counters, due int }
	var got made
	if err := w.Owner.QueryRow(t.Context(), `select (select count(*) from field_suggestion), (select count(category_id) from field_suggestion),
		(select sum(unsuggested) from suggestion_count), (select sum(suggested) from suggestion_count), (select count(*) from suggestion_due)`).
		Scan(&got.rows, &got.suggested, &got.unsuggested, &got.counters, &got.due); err != nil {
		t.Fatal(err)
	}
	if got.rows != n || got.suggested < n/50 || got.counters != got.suggested || got.unsuggested != n-got.suggested || got.due != 0 {
		t.Errorf("suggestions: %+v", got)
	}
}

// BenchmarkSuggestions makes the suggestions of 100,000 fields in a job, and reads the page that groups them.
func BenchmarkSuggestions(b *testing.B) {
	w := storetest.NewWorld(b)
	by := w.Admin()
	for _, c := range domain.BuiltinCategories() {
		w.Exec(b, `insert into data_category (workspace_id, code, label_fr, label_en, gdpr_class, builtin) values ($1, $2, $3, $4, $5, true) on conflict do nothing`,
			by.Workspace, c.Code, c.LabelFR, c.LabelEN, c.Class)
	}
	manyFields(b, w, by, 100_000)
	b.Run("job", func(b *testing.B) {
		for b.Loop() {
			w.Exec(b, `delete from field_suggestion`)
			w.Exec(b, `insert into suggestion_due (workspace_id) values ($1)`, by.Workspace)
			if err := w.Store.WorkOffSuggestions(context.Background(), by); err != nil {
				b.Fatal(err)
			}
		}
	})
	w.Exec(b, `vacuum analyze field_suggestion`)
	for _, way := range []string{store.SuggestionsByName, store.SuggestionsByOne, store.SuggestionsOver} {
		b.Run(way, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Store.Suggestions(context.Background(), by, domain.ListQuery{Size: 25}, way); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
