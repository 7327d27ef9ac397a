package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// Groups count what the list of their fields holds, whichever way they are counted.
func TestUnusedGroupsCountTheirFields(t *testing.T) {
	t.Parallel()
	w := storetest.NewCrowd(t, 600, 0)
	ctx, by := context.Background(), w.Admin()
	queries := map[string]domain.ListQuery{
		"all":      {Filters: map[string][]string{"verdict": domain.UnusedVerdicts}, Size: 20},
		"counted":  {Filters: map[string][]string{"verdict": domain.UnusedVerdicts, "owner": {domain.FilterNone}}, Size: 20},
		"searched": {Q: "email", Filters: map[string][]string{"verdict": {"delete"}}, Size: 20},
	}
	for name, q := range queries {
		for _, grouping := range domain.UnusedGroupings {
			page, open, err := w.Store.Unused(ctx, by, q, grouping, "", false)
			if err != nil {
				t.Fatalf("%s by %s: %v", name, grouping, err)
			}
			if len(page.Groups) == 0 || open == "" || len(page.Rows) == 0 {
				t.Fatalf("%s by %s: %d groups, open %q, %d rows", name, grouping, len(page.Groups), open, len(page.Rows))
			}
			sum := int64(0)
			for _, g := range page.Groups {
				sum += g.Open + g.Decided
				for n, decision := range map[int64][]string{g.Open: {domain.FilterNone}, g.Decided: domain.DecisionKinds} {
					if g.Open == g.Decided {
						continue
					}
					ids, err := w.Store.IDs(ctx, by, "fields", q.Narrow(grouping, g.Value).Narrow("decision", decision...))
					if grouping == "verdict" && !slices.Contains(q.Filters["verdict"], g.Value) {
						t.Errorf("%s: a group of verdict %s", name, g.Value)
					}
					if err != nil || int64(len(ids)) != n {
						t.Errorf("%s by %s: group %q %q says %d of %v, its list has %d, %v", name, grouping, g.Value, g.Label, n, decision, len(ids), err)
					}
				}
			}
			if total := page.Open.N + page.Decided.N; grouping != "flag" && sum != total {
				t.Errorf("%s by %s: groups hold %d of %d fields", name, grouping, sum, total)
			}
		}
	}
}

// The rows of a group are all there, once, page after page, decided ones apart.
func TestUnusedRowsOfAGroup(t *testing.T) {
	t.Parallel()
	w := storetest.NewCrowd(t, 600, 0)
	ctx, by := context.Background(), w.Admin()
	for _, decided := range []bool{false, true} {
		q := domain.ListQuery{Filters: map[string][]string{"verdict": domain.UnusedVerdicts}, Size: 7, At: 1}
		seen := map[domain.FieldID]bool{}
		var page store.UnusedPage
		open := ""
		for range 200 {
			var err error
			if page, open, err = w.Store.Unused(ctx, by, q, "application", open, decided); err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Rows {
				if seen[r.ID] || (r.Decision != "") != decided || !r.Verdict.ForDeletion() {
					t.Errorf("row %d: seen %v, decision %q, verdict %s", r.ID, seen[r.ID], r.Decision, r.Verdict)
				}
				seen[r.ID] = true
				for _, code := range domain.FlagSet(r.Flags).Codes() {
					flag, _ := domain.FlagByCode(code)
					if key, _ := domain.FlagSentence(flag, &r.Facts, domain.DefaultThresholds(), time.Now()); key == "" {
						t.Errorf("flag %s has no sentence", code)
					}
				}
			}
			if page.Next == "" {
				break
			}
			q.After = page.Next
		}
		if int64(len(seen)) != page.RowsTotal.N || page.RowsTotal.N == 0 {
			t.Errorf("decided %v: %d rows read of %d", decided, len(seen), page.RowsTotal.N)
		}
	}
}

func TestUnusedKeepsToItsWorkspace(t *testing.T) {
	t.Parallel()
	w := storetest.NewCrowd(t, 100, 0)
	q := domain.ListQuery{Filters: map[string][]string{"verdict": domain.UnusedVerdicts}, Size: 7}
	page, open, err := w.Store.Unused(context.Background(), w.Other[domain.RoleAdmin], q, "application", "1", false)
	if err != nil || open != "" || len(page.Groups)+len(page.Rows) != 0 || page.Open.N != 0 {
		t.Errorf("another workspace sees %s", fmt.Sprint(page.Groups, open, err))
	}
}
