package store_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// registerReader reads one register in all the ways that its pages, its files and acts on all that match do.
type registerReader struct {
	*testing.T
	w  *storetest.World
	by domain.Actor
	r  domain.Register
}

// odd is what an address may say of a filter beside its values.
var odd = []string{domain.FilterNone, "nonsense", "99999999999999999999"}

func narrowed(key, value string) domain.ListQuery {
	return domain.ListQuery{Size: 5, Filters: map[string][]string{key: {value}}}
}

// TestRegisters asks every register of a workspace that has some of everything by each of its filters alone, and turns its
// pages in every order.
func TestRegisters(t *testing.T) {
	t.Parallel()
	w, by := withExample(t)
	w.Exec(t, "analyze") // as a server does by itself
	for _, r := range store.Registers() {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			reader := registerReader{t, w, by, r}
			reader.filters()
			reader.facets()
			kinds := map[domain.CellKind]bool{}
			for i, c := range r.Columns {
				if !c.NoSort {
					reader.pages([]string{c.Key, "-" + c.Key}[i%2])
					if !kinds[c.Kind] {
						reader.mangled(c.Key)
					}
					kinds[c.Kind] = true
				}
			}
		})
	}
	t.Run("pages apart", func(t *testing.T) {
		t.Parallel()
		for _, f := range domain.FieldRegister.Filters {
			for _, value := range odd {
				_, err := w.Store.Matrix(t.Context(), by, narrowed(f.Key, value), nil, 0)
				if err != nil {
					t.Errorf("matrix, %s=%s: %v", f.Key, value, err)
				}
			}
		}
		for _, f := range domain.ReviewRegister.Filters {
			for _, value := range odd {
				if _, err := w.Store.ReviewQueue(t.Context(), by, narrowed(f.Key, value), 5); err != nil {
					t.Errorf("review, %s=%s: %v", f.Key, value, err)
				}
			}
		}
		for _, f := range domain.SuggestionRegister.Filters {
			for _, way := range []string{store.SuggestionsByName, store.SuggestionsByOne} {
				for _, value := range odd {
					if _, err := w.Store.Suggestions(t.Context(), by, narrowed(f.Key, value), way); err != nil {
						t.Errorf("suggestions by %s, %s=%s: %v", way, f.Key, value, err)
					}
				}
			}
		}
		for _, after := range []string{cursorOf(t, "weight", "abc|mail"), cursorOf(t, "weight", ""), cursorOf(t, "place", "abc")} {
			for _, way := range []string{store.SuggestionsByName, store.SuggestionsByOne} {
				page, err := w.Store.Suggestions(t.Context(), by, domain.ListQuery{Size: 5, After: after}, way)
				if err != nil || len(page.Groups)+len(page.Lines) == 0 {
					t.Errorf("suggestions by %s after %s: %d groups, %d lines, %v", way, after, len(page.Groups), len(page.Lines), err)
				}
			}
		}
	})
}

// filters narrows by each filter alone: page, file and ids find the same.
func (r registerReader) filters() {
	r.Helper()
	ctx, st, name := r.Context(), r.w.Store, r.r.Name
	for _, f := range r.r.Filters {
		value := "1"
		if len(f.Values) > 0 {
			value = f.Values[0]
		}
		for _, value := range append([]string{value}, odd...) {
			q, lines := narrowed(f.Key, value), 0
			list, err := st.Rows(ctx, r.by, name, q)
			file := st.EachRow(ctx, r.by, name, q, func(domain.Row) error { lines++; return nil })
			ids, act := st.IDs(ctx, r.by, name, q)
			_, facets := r.facetsOf(q)
			for way, err := range map[string]error{"page": err, "file": file, "ids": act, "facets": facets} {
				if err != nil {
					r.Errorf("%s=%s, %s: %v", f.Key, value, way, err)
				}
			}
			if int(list.Total.N) != lines || lines != len(ids) {
				r.Errorf("%s=%s finds %d on the page, %d in the file, %d to act on", f.Key, value, list.Total.N, lines, len(ids))
			}
		}
	}
}

// facetsOf are the facets of a register as its page reads them.
func (r registerReader) facetsOf(q domain.ListQuery) ([]domain.Facet, error) {
	switch r.r.Name {
	case domain.FieldRegister.Name:
		page, err := r.w.Store.Fields(r.Context(), r.by, q)
		return page.Facets, err
	case domain.UnusedRegister.Name:
		_, _, err := r.w.Store.Unused(r.Context(), r.by, q, domain.UnusedGroupings[0], "", false) // its facets are those of all fields
		return nil, err
	}
	return r.w.Store.Facets(r.Context(), r.by, r.r.Name, q)
}

// facets compares what a facet says of a value with what the list holds that is narrowed to it.
func (r registerReader) facets() {
	r.Helper()
	facets, err := r.facetsOf(domain.ListQuery{})
	if err != nil {
		r.Error(err)
	}
	for _, facet := range facets {
		for _, v := range facet.Values[:min(len(facet.Values), 3)] {
			list, err := r.w.Store.Rows(r.Context(), r.by, r.r.Name, narrowed(facet.Filter.Key, v.Value))
			if err != nil || list.Total.N != v.N {
				r.Errorf("facet %s says %d of %s, the list has %d (%v)", facet.Filter.Key, v.N, v.Value, list.Total.N, err)
			}
		}
	}
}

func (r registerReader) page(q domain.ListQuery) (ids []int64, list domain.List) {
	r.Helper()
	list, err := r.w.Store.Rows(r.Context(), r.by, r.r.Name, q)
	if err != nil {
		r.Errorf("by %s: %v", q.Sort, err)
	}
	for _, row := range list.Rows {
		ids = append(ids, row.ID)
	}
	return ids, list
}

// pages turns to the second page and back: together they are the file.
func (r registerReader) pages(sort string) {
	r.Helper()
	var file []int64
	if err := r.w.Store.EachRow(r.Context(), r.by, r.r.Name, domain.ListQuery{Sort: sort}, func(row domain.Row) error {
		file = append(file, row.ID)
		return nil
	}); err != nil {
		r.Fatal(err)
	}
	q := domain.ListQuery{Sort: sort, Size: len(file)/2 + 1}
	first, one := r.page(q)
	if one.Next == "" {
		return
	}
	q.After = one.Next
	rest, two := r.page(q)
	if !slices.Equal(slices.Concat(first, rest), file) {
		r.Errorf("pages by %s are not the list", sort)
	}
	q.After, q.Before = "", two.Prev
	if back, _ := r.page(q); !slices.Equal(back, first) {
		r.Errorf("the way back by %s leads elsewhere", sort)
	}
}

// mangled asks for what is behind places that the register cannot have named.
func (r registerReader) mangled(sort string) {
	r.Helper()
	for _, value := range []string{"abc", "99999999999999999999", "a\x00b"} {
		r.page(domain.ListQuery{Sort: sort, Size: 1, After: cursorOf(r.T, sort, value)})
	}
}

// cursorOf is a cursor as somebody may write it by hand.
func cursorOf(t *testing.T, sort, value string) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"s": sort, "v": value, "i": 1})
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}
