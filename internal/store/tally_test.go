package store_test

import (
	"errors"
	"testing"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// Counters are kept between reads: whatever changes them, here or in another process, must be seen by the next read.
func TestCountersFollowEveryChange(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, ctx := w.Admin(), t.Context()
	dataset := w.Dataset(t, by, w.Application(t, by, "CRM"), "customer")
	other, err := store.Open(ctx, w.DSN) // as another process would
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	check := func(after string, want int64) {
		t.Helper()
		for name, st := range map[string]*store.Store{"here": w.Store, "elsewhere": other} {
			chrome, err := st.Chrome(ctx, by)
			if err != nil {
				t.Fatal(err)
			}
			page, err := st.Fields(ctx, by, domain.ListQuery{})
			if err != nil {
				t.Fatal(err)
			}
			if chrome.Fields != want || page.Total.N != want {
				t.Errorf("after %s, %s: the frame counts %d and the list %d fields; want %d", after, name, chrome.Fields, page.Total.N, want)
			}
		}
	}
	fold := func() {
		t.Helper()
		if err := w.Store.FoldTally(ctx, by); err != nil {
			t.Fatal(err)
		}
	}

	check("nothing", 0)
	w.Field(t, by, dataset, "email", "ident.contact.email")
	check("the first field", 1)
	fold()
	check("a fold", 1)
	w.Field(t, by, dataset, "phone", "")
	w.Field(t, by, dataset, "city", "")
	check("two more", 3)
	w.Exec(t, `update field set state = 'gone' where name = 'city' and workspace_id = $1`, by.Workspace)
	check("one that went", 2)
	fold()
	check("another fold", 2)

	given := errors.New("given up")
	err = w.Store.Write(ctx, by, func(s *store.Store) error {
		f, err := domain.NewField(domain.Field{Dataset: dataset, Name: "street"})
		if err != nil {
			return err
		}
		if _, err := s.AddField(ctx, by, f); err != nil {
			return err
		}
		if chrome, err := s.Chrome(ctx, by); err != nil || chrome.Fields != 3 {
			t.Errorf("inside the change: %d fields, %v; want 3", chrome.Fields, err)
		}
		return given
	})
	if !errors.Is(err, given) {
		t.Fatal(err)
	}
	check("a change that was given up", 2)
}
