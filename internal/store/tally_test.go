package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

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
	given, street := errors.New("given up"), w.Field(t, by, dataset, "street", "")
	err := w.Store.Write(ctx, by, func(s *store.Store) error {
		if _, err := s.ProposeMapping(ctx, by, street, purpose, "Needed to send"); err != nil {
			return err
		}
		return given
	})
	if !errors.Is(err, given) {
		t.Fatal(err)
	}
	check("a proposal that was given up", 2)
}

// The margins of the matrix are stored counters: they must be what counting says, whatever happens to links, before and after a
// fold, today and on another day.
func TestProgramsCountTheirLinks(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, ctx := w.Admin(), t.Context()
	dataset := w.Dataset(t, by, w.Application(t, by, "CRM"), "customer")
	programs := []int64{int64(w.Program(t, by, "Welcome", "live")), int64(w.Program(t, by, "Birthday", "live"))}
	var fields []int64
	for i := range 12 {
		fields = append(fields, int64(w.Field(t, by, dataset, fmt.Sprintf("f%d", i), "")))
	}
	random := rand.New(rand.NewPCG(1, 2))
	some := func() (picked []int64) {
		for _, f := range fields {
			if random.IntN(3) == 0 {
				picked = append(picked, f)
			}
		}
		return picked
	}
	levels, notes := []string{"essential", "useful", "avoid"}, []string{"", "+3 % opened"}
	for step := range 40 {
		program, level, note := programs[random.IntN(2)], levels[random.IntN(3)], notes[random.IntN(2)]
		switch random.IntN(4) {
		case 0, 1:
			w.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level, note) select $1, f, $2, $3, $4 from unnest($5::bigint[]) f
				on conflict do nothing`, by.Workspace, program, level, note, some())
		case 2:
			w.Exec(t, `update program_link set level = $2, note = $3 where workspace_id = $1 and field_id = any($4)`, by.Workspace, level, note, some())
		default:
			w.Exec(t, `delete from program_link where workspace_id = $1 and field_id = any($2)`, by.Workspace, some())
		}
		if random.IntN(5) == 0 {
			if err := w.Store.FoldTally(ctx, by); err != nil {
				t.Fatal(err)
			}
		}
		page, err := w.Store.Matrix(ctx, by, domain.ListQuery{Size: 50}, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		past := by
		past.AsOf = time.Now()
		before, err := w.Store.Matrix(ctx, past, domain.ListQuery{Size: 50}, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(page.Programs, before.Programs) {
			t.Fatalf("step %d: counters say %+v, counting %+v", step, page.Programs, before.Programs)
		}
		essential, bare := int64(0), int64(0)
		if err := w.Owner.QueryRow(ctx, `select count(*) filter (where level = 'essential'), count(*) filter (where level <> 'essential' and note = '') from program_link
			where workspace_id = $1`, by.Workspace).Scan(&essential, &bare); err != nil {
			t.Fatal(err)
		}
		if got := page.Programs[0].Essential + page.Programs[1].Essential; got != essential || page.Bare != bare {
			t.Fatalf("step %d: %d essential and %d bare links, want %d and %d", step, got, page.Bare, essential, bare)
		}
	}
}

// A workspace that is newer than the statistics of the database is made known to the planner before its verdicts are stored: it would
// read all fields for each of them otherwise.
func TestNewWorkspaceIsKnownWhenItIsJudged(t *testing.T) {
	t.Parallel()
	const fields = 2_500
	w := storetest.NewWorld(t)
	ctx := t.Context()
	fill := func(by domain.Actor) {
		dataset := w.Dataset(t, by, w.Application(t, by, "CRM"), "customer")
		w.Exec(t, `insert into field (workspace_id, dataset_id, application_id, name, gdpr_class)
			select $1, d.id, d.application_id, 'f' || i, 'personal' from dataset d, generate_series(1, $3) i where d.id = $2`, by.Workspace, dataset, fields)
	}
	fill(w.Other[domain.RoleAdmin])
	w.Exec(t, "analyze")
	by := w.Admin()
	fill(by)
	guess := func() float64 {
		t.Helper()
		var plan []byte
		if err := w.Owner.QueryRow(ctx, fmt.Sprintf("explain (format json) select from field where workspace_id = %d", by.Workspace)).Scan(&plan); err != nil {
			t.Fatal(err)
		}
		var told []struct {
			Plan struct {
				Rows float64 `json:"Plan Rows"`
			}
		}
		if err := json.Unmarshal(plan, &told); err != nil {
			t.Fatal(err)
		}
		return told[0].Plan.Rows
	}
	if n := guess(); n > fields/10 {
		t.Fatalf("the planner knows of %.0f fields before", n)
	}
	if err := w.Store.JudgeAll(ctx, by); err != nil {
		t.Fatal(err)
	}
	if n := guess(); n < fields/2 {
		t.Errorf("the planner takes %d fields for %.0f after they were judged", fields, n)
	}
}
