package store_test

import (
	"fmt"
	"slices"
	"testing"

	"utile/internal/domain"
	"utile/internal/store/storetest"
)

// A long matrix is read dataset by dataset, a short one is sorted: both must show the same fields in the same order.
func TestMatrixPagesInOneOrder(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, ctx := w.Admin(), t.Context()
	for _, app := range []string{"Éole", "Dune", "aval"} {
		id := w.Application(t, by, app)
		for d := range 7 {
			w.Exec(t, `insert into field (workspace_id, dataset_id, application_id, name, position, gdpr_class)
				select $1, $2, $3, 'f' || i, (i * 37) % 11, case when i % 5 = 0 then 'personal' else 'unclassified' end from generate_series(1, 60) i`,
				by.Workspace, w.Dataset(t, by, id, fmt.Sprintf("table_%d", (d*5)%7)), id)
		}
	}
	rows, err := w.Owner.Query(ctx, `select f.id from field f join dataset d on d.id = f.dataset_id join application a on a.id = f.application_id
		where f.workspace_id = $1 order by fold(a.name), a.id, fold(d.name), d.id, f.position, f.id`, by.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	var want []domain.FieldID
	var id domain.FieldID
	for rows.Next() {
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		want = append(want, id)
	}
	page := func(q domain.ListQuery, from int) (ids []domain.FieldID, more bool) {
		t.Helper()
		p, err := w.Store.Matrix(ctx, by, q, nil, from)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Rows {
			ids = append(ids, r.ID)
		}
		return ids, p.More
	}
	for _, from := range []int{0, 59, 600, 1240} {
		got, more := page(domain.ListQuery{Size: 50}, from)
		end := min(from+50, len(want))
		if !slices.Equal(got, want[from:end]) || more != (end < len(want)) {
			t.Errorf("from %d: %d fields, more %v: %v, want %v", from, len(got), more, got, want[from:end])
		}
	}
	personal := domain.ListQuery{Size: 300}.Narrow("gdpr_class", "personal")
	all, _ := page(personal, 0)
	if len(all) != 252 {
		t.Fatalf("%d personal fields, want 252", len(all))
	}
	at := -1
	for _, id := range all {
		next := slices.Index(want, id)
		if next <= at {
			t.Fatalf("field %d is out of order in the short matrix", id)
		}
		at = next
	}
}
