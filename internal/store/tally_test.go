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

// What waits for a DPO is a stored counter: it must be what counting says after every kind of change, before and after a fold.
func TestFrameCountsWhatWaits(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, ctx := w.Admin(), t.Context()
	theirs := w.Other[domain.RoleAdmin]
	dataset := w.Dataset(t, by, w.Application(t, by, "CRM"), "customer")
	purpose := w.Purpose(t, by, "service", false)
	check := func(after string, want int64) {
		t.Helper()
		for round := range 2 {
			chrome, err := w.Store.Chrome(ctx, by)
			if err != nil {
				t.Fatal(err)
			}
			if chrome.Pending != want {
				t.Errorf("after %s, folded %d times: %d mappings wait, want %d", after, round, chrome.Pending, want)
			}
			if err := w.Store.FoldTally(ctx, by); err != nil {
				t.Fatal(err)
			}
		}
		if chrome, err := w.Store.Chrome(ctx, theirs); err != nil || chrome.Pending != 0 {
			t.Errorf("after %s: %d mappings wait in another workspace, %v", after, chrome.Pending, err)
		}
	}

	check("nothing", 0)
	var ids []domain.MappingID
	for _, name := range []string{"email", "phone", "city"} {
		id, err := w.Store.ProposeMapping(ctx, by, w.Field(t, by, dataset, name, "ident.contact.email"), purpose, "Needed to answer")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	check("three proposals", 3)
	w.Exec(t, `update purpose_mapping set state = 'approved', decided_at = now() where id = $1`, ids[0])
	check("an approval", 2)
	w.Exec(t, `update purpose_mapping set state = 'proposed', decided_at = null where workspace_id = $1`, by.Workspace)
	check("one that was reopened", 3)
	w.Exec(t, `update purpose_mapping set justification = 'Other words' where workspace_id = $1`, by.Workspace)
	check("other words", 3)
	w.Exec(t, `delete from purpose_mapping where id = $1`, ids[1])
	check("one that was taken back", 2)
	given := errors.New("given up")
	err := w.Store.Write(ctx, by, func(s *store.Store) error {
		if _, err := s.ProposeMapping(ctx, by, w.Field(t, by, dataset, "street", ""), purpose, "Needed to send"); err != nil {
			return err
		}
		return given
	})
	if !errors.Is(err, given) {
		t.Fatal(err)
	}
	check("a proposal that was given up", 2)
}
