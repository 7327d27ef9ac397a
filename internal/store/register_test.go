package store_test

import (
	"context"
	"testing"

	"utile/internal/domain"
	"utile/internal/store"
)

// facetsOf are the facets of a register as its page reads them.
func facetsOf(ctx context.Context, st *store.Store, by domain.Actor, register string, q domain.ListQuery) ([]domain.Facet, error) {
	switch register {
	case domain.FieldRegister.Name:
		page, err := st.Fields(ctx, by, q)
		return page.Facets, err
	case domain.UnusedRegister.Name:
		_, _, err := st.Unused(ctx, by, q, domain.UnusedGroupings[0], "", false) // whose facets are those of the list of fields
		return nil, err
	}
	return st.Facets(ctx, by, register, q)
}

// asked are the ways in which a register is found by a query: for its page, for a file and for an act on all that match.
func asked(st *store.Store, by domain.Actor, register string) map[string]func(context.Context, domain.ListQuery) (int, error) {
	return map[string]func(context.Context, domain.ListQuery) (int, error){
		"rows": func(ctx context.Context, q domain.ListQuery) (int, error) {
			list, err := st.Rows(ctx, by, register, q)
			return int(list.Total.N), err
		},
		"file": func(ctx context.Context, q domain.ListQuery) (n int, err error) {
			err = st.EachRow(ctx, by, register, q, func(domain.Row) error { n++; return nil })
			return n, err
		},
		"ids": func(ctx context.Context, q domain.ListQuery) (int, error) {
			ids, err := st.IDs(ctx, by, register, q)
			return len(ids), err
		},
	}
}

// TestEveryFilterAlone asks every register by each value of each filter alone: all ways of reading it must understand the same
// and find the same, and the facets say how much that is.
func TestEveryFilterAlone(t *testing.T) {
	t.Parallel()
	w, by := withExample(t)
	w.Exec(t, "analyze") // as a server does by itself
	for _, r := range store.Registers() {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			ways := asked(w.Store, by, r.Name)
			for _, f := range r.Filters {
				for _, value := range append([]string{"1", "nonsense"}, f.Values[:min(len(f.Values), 2)]...) {
					q, found := domain.ListQuery{Filters: map[string][]string{f.Key: {value}}}, map[int]bool{}
					for way, read := range ways {
						n, err := read(t.Context(), q)
						if err != nil {
							t.Errorf("%s=%s, %s: %v", f.Key, value, way, err)
						}
						found[n] = true
					}
					if len(found) > 1 {
						t.Errorf("%s=%s finds %v", f.Key, value, found)
					}
					if _, err := facetsOf(t.Context(), w.Store, by, r.Name, q); err != nil {
						t.Errorf("%s=%s, facets: %v", f.Key, value, err)
					}
				}
			}
			facets, err := facetsOf(t.Context(), w.Store, by, r.Name, domain.ListQuery{})
			if err != nil {
				t.Fatal(err)
			}
			for _, facet := range facets {
				for _, v := range facet.Values {
					q := domain.ListQuery{Filters: map[string][]string{facet.Filter.Key: {v.Value}}}
					if n, err := ways["rows"](t.Context(), q); err != nil || int64(n) != v.N {
						t.Errorf("facet %s says %d of %s, the list has %d (%v)", facet.Filter.Key, v.N, v.Value, n, err)
					}
				}
			}
		})
	}
}
