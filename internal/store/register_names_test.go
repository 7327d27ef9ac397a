package store_test

import (
	"context"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// Every register must read in every order that it offers and by every filter, with and without a value.
func TestEveryRegisterReads(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.DB(t)
	w, err := st.AddWorkspace(ctx, domain.Operator(domain.Workspace{}),
		domain.Workspace{Slug: "one", Name: "One", Locale: "fr", Thresholds: domain.DefaultThresholds()})
	if err != nil {
		t.Fatal(err)
	}
	by := domain.Operator(w)
	each := func(r domain.Register, what string, q domain.ListQuery) {
		t.Helper()
		if q.Filters == nil {
			q.Filters = map[string][]string{}
		}
		if err := st.EachRow(ctx, by, r.Name, q, func(domain.Row) error { return nil }); err != nil {
			t.Errorf("%s, %s: %v", r.Name, what, err)
		}
	}
	registers := store.Registers()
	if len(registers) < 2 {
		t.Errorf("only %d registers", len(registers))
	}
	for _, r := range registers {
		if c, ok := r.Column(strings.TrimPrefix(r.Sort, "-")); !ok || c.NoSort {
			t.Errorf("%s is sorted by %q, which is no column to sort by", r.Name, r.Sort)
		}
		each(r, "searched", domain.ListQuery{Q: "é%_ x"})
		for _, c := range r.Columns {
			if !c.NoSort {
				each(r, "by "+c.Key, domain.ListQuery{Sort: c.Key})
				each(r, "by -"+c.Key, domain.ListQuery{Sort: "-" + c.Key})
			}
		}
		for _, f := range r.Filters {
			values := []string{"1"}
			if len(f.Values) > 0 {
				values = f.Values
			}
			each(r, "filtered by "+f.Key, domain.ListQuery{Filters: map[string][]string{f.Key: values}})
		}
	}
}
