package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"utile/internal/domain"
	"utile/internal/store/storetest"
)

// TestFacetsCountWhatTheListFinds narrows the lists whose facets are counted in one pass at random: each facet says of each value
// how many rows the list has where that value alone is chosen, and leaves out no value that would find some.
func TestFacetsCountWhatTheListFinds(t *testing.T) {
	t.Parallel()
	w := storetest.NewCrowd(t, 300, 0)
	by := w.Admin()
	w.Exec(t, `update dataset set subjects = '{minors}' where id % 3 = 0`)
	w.Exec(t, `update purpose set legal_basis = 'a_consent' where id % 3 = 0`)
	w.Exec(t, `update purpose set transfers = '[{"country": "US"}]' where id % 2 = 0`)
	w.Exec(t, `update purpose_mapping set state = (array['proposed', 'approved', 'rejected'])[id % 3 + 1], self_approved = id % 5 = 0,
		proposed_by = case when id % 4 = 0 then $1::bigint end, reopened_because = case when id % 7 = 0 then 'transfers' else '' end`, by.User)
	w.Exec(t, `insert into review_snooze (workspace_id, mapping_id, until, snoozed_by) select workspace_id, id, current_date + 9, $1 from purpose_mapping where state = 'proposed' and id % 2 = 0`, by.User)
	w.Exec(t, `update program_link set level = (array['essential', 'useful', 'avoid'])[field_id % 3 + 1], role = (array['', 'target', 'trigger'])[program_id % 3 + 1],
		source = (array['hand', 'matrix'])[field_id % 2 + 1], note = case when field_id % 5 = 0 then 'Gain' else '' end`)
	facetsCount(t, w, by, "mappings")
	facetsCount(t, w, by, "links")
}

func facetsCount(t *testing.T, w *storetest.World, by domain.Actor, register string) {
	t.Helper()
	ctx := t.Context()
	r, chosen, checked := rand.New(rand.NewPCG(3, 4)), map[string][]string{}, 0
	all, err := w.Store.Facets(ctx, by, register, domain.ListQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		for _, v := range f.Values {
			chosen[f.Filter.Key] = append(chosen[f.Filter.Key], v.Value)
		}
		if len(f.Values) < 2 {
			t.Errorf("facet %s has %v: the test shows little", f.Filter.Key, f.Values)
		}
	}
	total := func(q domain.ListQuery) int64 {
		list, err := w.Store.Rows(ctx, by, register, q)
		if err != nil {
			t.Fatal(err)
		}
		return list.Total.N
	}
	for range 12 {
		q := domain.ListQuery{Filters: map[string][]string{}}
		for range r.IntN(3) {
			f := all[r.IntN(len(all))].Filter.Key
			q = q.Narrow(f, chosen[f][r.IntN(len(chosen[f]))])
		}
		if r.IntN(4) == 0 {
			q.Q = "e"
		}
		facets, err := w.Store.Facets(ctx, by, register, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range facets {
			said := map[string]int64{}
			for _, v := range f.Values {
				said[v.Value] = v.N
				if f.Filter.Ref && v.Label == "" && v.Value != domain.FilterNone && v.N > 0 {
					t.Errorf("%s %v: %s %s has no name", register, q.Filters, f.Filter.Key, v.Value)
				}
			}
			for _, v := range chosen[f.Filter.Key] {
				if r.IntN(6) > 0 {
					continue
				}
				checked++
				if want := total(q.Narrow(f.Filter.Key, v)); said[v] != want {
					t.Errorf("%s %v %q: facet %s says %d of %s, the list has %d", register, q.Filters, q.Q, f.Filter.Key, said[v], v, want)
				}
			}
		}
	}
	if checked < 50 {
		t.Error(fmt.Sprint("only compared ", checked))
	}
}
