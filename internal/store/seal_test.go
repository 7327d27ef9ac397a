package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// sealedWorld has a history of seven seals: five of one event, one of three, one of one.
func sealedWorld(t *testing.T) (*storetest.World, domain.Actor) {
	t.Helper()
	w := storetest.NewWorld(t)
	by := w.Admin()
	for i := range 5 {
		addEvents(t, w, by, i, 1)
	}
	addEvents(t, w, by, 5, 3)
	addEvents(t, w, by, 6, 1)
	addEvents(t, w, w.Other[domain.RoleAdmin], 0, 2)
	return w, by
}

// addEvents writes n events in one transaction.
func addEvents(t *testing.T, w *storetest.World, by domain.Actor, mark, n int) {
	t.Helper()
	w.Exec(t, `insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after, reason)
		select $1, $2, 'Zoë "Z" \', 'field.changed', 'field', $3, e'a\tb\n…', '{"label": "é", "n": 1.50}', null, 'why' from generate_series(1, $4)`,
		by.Workspace, by.User, mark, n)
}

func checkHistory(t *testing.T, st *store.Store, by domain.Actor, anchor *domain.SealHead) domain.ChainReport {
	t.Helper()
	report, err := st.CheckHistory(context.Background(), by, anchor)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestEveryTransactionIsSealed(t *testing.T) {
	t.Parallel()
	w, by := sealedWorld(t)
	report := checkHistory(t, w.Store, by, nil)
	if !report.Sound() || report.Seals != 7 || report.Events != 9 || report.Head.Number != 7 || report.Head.At.IsZero() {
		t.Fatalf("%+v", report)
	}
	if head, err := w.Store.SealHead(t.Context(), by); err != nil || head != report.Head {
		t.Errorf("head %+v, checked %+v (%v)", head, report.Head, err)
	}
	// The act of a person, with its savepoints, one of which is given up, is one seal.
	app := w.Application(t, by, "Orion")
	if again := checkHistory(t, w.Store, by, nil); !again.Sound() || again.Seals != 8 {
		t.Errorf("after an act: %+v", again)
	}
	err := w.Store.Write(t.Context(), by, func(s *store.Store) error {
		_, _ = s.AddTeam(context.Background(), by, domain.Team{Name: "Kept"})
		_ = s.Write(t.Context(), by, func(s *store.Store) error {
			_, _ = s.AddTeam(context.Background(), by, domain.Team{Name: "Given up"})
			return context.Canceled
		})
		_, err := s.AddTeam(context.Background(), by, domain.Team{Name: "Also kept"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if again := checkHistory(t, w.Store, by, nil); !again.Sound() || again.Seals != 9 {
		t.Errorf("after an act with a savepoint given up (application %d): %+v", app, again)
	}
	// Many events of one statement are sealed in pieces.
	addEvents(t, w, by, 9, 2*domain.SealLimit+1)
	if again := checkHistory(t, w.Store, by, nil); !again.Sound() || again.Seals != 12 {
		t.Errorf("after many events: %+v", again)
	}
	var left int
	if err := w.Owner.QueryRow(t.Context(), `select count(*) from event_unsealed`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d transactions were noted and not sealed (%v)", left, err)
	}
}

// The check does not use what the database says of the text of an event: both must write the same.
func TestEventTextIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	var all strings.Builder
	for r := rune(1); r < 0x180; r++ {
		all.WriteRune(r)
	}
	for _, text := range []string{all.String(), "", `\"`, "日本語 \u2028\u2029\ufeff𝄞", "</script>&amp;"} {
		w.Exec(t, `insert into event (workspace_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after, reason, at)
			values ($1, $2::text, $2, $2, -5, $2, jsonb_build_object($2::text, $2::text, 'n', 12345678901234567890.120, 'e', 1e40), '{}', $2, '2026-02-03 04:05:06.1+00')`, by.Workspace, text)
	}
	rows, err := w.Owner.Query(t.Context(), `select event_line(e), e.id, e.workspace_id, e.at, e.actor_id, e.actor_name, e.verb, e.subject_kind,
		e.subject_id, e.subject_name, e.before::text, e.after::text, e.reason, e.batch_id from event e order by id`)
	if err != nil {
		t.Fatal(err)
	}
	type pair struct {
		Want string
		E    domain.SealedEvent
	}
	pairs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p pair, err error) {
		e := &p.E
		return p, row.Scan(&p.Want, &e.ID, &e.Workspace, &e.At, &e.Actor, &e.ActorName, &e.Verb, &e.SubjectKind, &e.Subject, &e.SubjectName,
			&e.Before, &e.After, &e.Reason, &e.Batch)
	})
	if err != nil || len(pairs) != 5 {
		t.Fatalf("%d events, %v", len(pairs), err)
	}
	for _, p := range pairs {
		if diff := cmp.Diff(p.Want, p.E.Line()); diff != "" {
			t.Errorf("the database and the check write an event differently:\n%s", diff)
		}
		if !json.Valid([]byte(p.Want)) {
			t.Errorf("not JSON: %s", p.Want)
		}
	}
}

// tampering is what somebody with every right on the database may do by hand, and what is found of it.
var tampering = map[string]struct {
	sql  string // $1 is the workspace
	want []string
}{
	"value after":         {`update event set after = '{"x": 1}' where id = (select id from theirs where n = 3)`, []string{"event_altered 3/3"}},
	"author":              {`update event set actor_name = 'Somebody' where id = (select id from theirs where n = 2)`, []string{"event_altered 2/2"}},
	"author's number":     {`update event set actor_id = null where id = (select id from theirs where n = 2)`, []string{"event_altered 2/2"}},
	"time":                {`update event set at = at - interval '1 microsecond' where id = (select id from theirs where n = 4)`, []string{"event_altered 4/4"}},
	"reason of one in 3":  {`update event set reason = '' where id = (select id from theirs where n = 7)`, []string{"event_altered 6/7"}},
	"removed":             {`delete from event where id = (select id from theirs where n = 1)`, []string{"event_missing 1/1"}},
	"removed out of 3":    {`delete from event where id = (select id from theirs where n = 6)`, []string{"event_missing 6/6"}},
	"newest removed":      {`delete from event where id = (select id from theirs where n = 9)`, []string{"event_missing 7/9"}},
	"moved to another ws": {`update event set workspace_id = (select id from workspace where slug = 'other') where id = (select id from theirs where n = 5)`, []string{"event_missing 5/5"}},
	"slipped in": {`insert into event (workspace_id, actor_name, verb, subject_kind, subject_id, subject_name, at)
		values ($1, 'x', 'field.changed', 'field', 1, 'x', '2026-01-01')`, []string{"event_unsealed 0/10"}},
	"two change places": {`alter table event alter column id set generated by default; update event set id = case id when (select id from theirs where n = 2) then -(select id from theirs where n = 3)
			else -(select id from theirs where n = 2) end where id in (select id from theirs where n in (2, 3));
		update event set id = -id where id < 0`, []string{"event_altered 2/2", "event_altered 3/3"}},
	"event with its hash": {`update event set after = '{"x": 1}' where id = (select id from theirs where n = 3);
		update event_seal set hashes = (select sha256(convert_to(event_line(e) || e'\n', 'UTF8')) from event e where id = (select id from theirs where n = 3)) where number = 3 and workspace_id = $1`,
		[]string{"seal_content 3/0"}},
	"event, hash and seal": {`update event set after = '{"x": 1}' where id = (select id from theirs where n = 3);
		update event_seal s set hashes = h.h, line = regexp_replace(s.line, '"content":"[0-9a-f]*"', '"content":"' || encode(h.h, 'hex') || '"')
		from (select sha256(convert_to(event_line(e) || e'\n', 'UTF8')) h from event e where id = (select id from theirs where n = 3)) h
		where s.number = 3 and s.workspace_id = $1`, []string{"seal_broken 4/0"}},
	"hashes only":      {`update event_seal set hashes = sha256('') where number = 5 and workspace_id = $1`, []string{"event_altered 5/5", "seal_hashes 5/0"}},
	"time of a seal":   {`update event_seal set line = regexp_replace(line, '"at":"2', '"at":"3') where number = 5 and workspace_id = $1`, []string{"seal_broken 6/0"}},
	"text of a seal":   {`update event_seal set line = line || ' ' where number = 5 and workspace_id = $1`, []string{"seal_unreadable 5/0", "seal_broken 6/0", "event_unsealed 0/5"}},
	"seal removed":     {`delete from event_seal where number = 4 and workspace_id = $1`, []string{"seal_missing 4/0", "event_unsealed 0/4"}},
	"last one removed": {`delete from event_seal where number = 7 and workspace_id = $1`, []string{"event_unsealed 0/9"}},
	"seals change places": {`update event_seal set number = case number when 2 then 103 else 102 end where number in (2, 3) and workspace_id = $1;
		update event_seal set number = number - 100 where number > 100`, []string{"seal_unreadable 2/0", "seal_unreadable 3/0", "seal_broken 4/0"}},
	"seal of another": {`update event_seal set line = (select line from event_seal o where o.workspace_id <> $1 and o.number = 1),
		hashes = (select hashes from event_seal o where o.workspace_id <> $1 and o.number = 1) where number = 1 and workspace_id = $1`,
		[]string{"event_missing 1/10", "event_missing 1/11", "seal_broken 2/0", "event_unsealed 0/1"}},
}

func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	w, by := sealedWorld(t)
	other := w.Other[domain.RoleAdmin]
	anchor := checkHistory(t, w.Store, by, nil).Head
	ctx := t.Context()
	for name, c := range tampering {
		tx, err := w.Owner.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(ctx, fmt.Sprintf(`set local session_replication_role = replica; select set_config('app.workspace', '%d', true);
			create temporary table theirs on commit drop as select id, row_number() over (order by id) as n from event where workspace_id = %[1]d;
			%[2]s`, by.Workspace, strings.ReplaceAll(c.sql, "$1", fmt.Sprint(by.Workspace)))); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		st := w.Store.InTx(tx)
		var got []string
		report := checkHistory(t, st, by, nil)
		var first int64
		if err := tx.QueryRow(ctx, `select min(id) from theirs`).Scan(&first); err != nil {
			t.Fatal(err)
		}
		for _, p := range report.Problems {
			event := p.Event
			if event != 0 {
				event -= first - 1
			}
			if p.Kind == domain.EventUnsealed && event > 9 { // its number is the next one of the sequence
				event = 10
			}
			got = append(got, fmt.Sprintf("%s %d/%d", p.Kind, p.Seal, event))
		}
		if diff := cmp.Diff(c.want, got); diff != "" || report.Found != int64(len(c.want)) {
			t.Errorf("%s (- expected, + found):\n%s", name, diff)
		}
		if r := checkHistory(t, st, other, nil); !r.Sound() && name != "moved to another ws" {
			t.Errorf("%s: the other workspace is blamed: %+v", name, r.Problems)
		}
		if err := tx.Rollback(ctx); err != nil {
			t.Fatal(err)
		}
	}

	// A chain that was written anew from the first altered event on is whole in itself; a head that was kept shows it.
	w.Exec(t, `set session_replication_role = replica`)
	w.Exec(t, `update event set reason = 'another' where workspace_id = $1 and subject_id = 3`, by.Workspace)
	w.Exec(t, `delete from event_seal where workspace_id = $1`, by.Workspace)
	w.Exec(t, `set session_replication_role = origin`)
	w.Exec(t, `select seal_events($1, int8multirange(int8range(1, 1000)))`, by.Workspace)
	if r := checkHistory(t, w.Store, by, nil); !r.Sound() {
		t.Errorf("a chain made anew: %+v", r.Problems)
	}
	if r := checkHistory(t, w.Store, by, &anchor); r.Sound() || r.Problems[0].Kind != domain.AnchorBehind {
		t.Errorf("the kept head: %+v", r)
	}
	addEvents(t, w, by, 1, 1)
	forged := domain.SealHead{Number: 2, Digest: anchor.Digest}
	if r := checkHistory(t, w.Store, by, &forged); r.Found != 1 || r.Problems[0] != (domain.ChainProblem{Kind: domain.AnchorDiffers, Seal: 2}) {
		t.Errorf("a head that is no longer the one: %+v", r)
	}
}

func TestBackdatedEventIsFound(t *testing.T) {
	t.Parallel()
	w, by := sealedWorld(t)
	w.Exec(t, `insert into event (workspace_id, actor_name, verb, subject_kind, subject_id, subject_name, at)
		values ($1, 'x', 'field.changed', 'field', 1, 'x', clock_timestamp() - interval '1 day')`, by.Workspace)
	r := checkHistory(t, w.Store, by, nil)
	if r.Found != 1 || r.Problems[0].Kind != domain.EventMisdated || r.Problems[0].Seal != 8 {
		t.Errorf("%+v", r)
	}
}

func TestSealingAtTheSameMoment(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	var all sync.WaitGroup
	const writers, acts = 6, 12
	failed := make(chan error, writers*acts)
	for n := range writers {
		all.Go(func() {
			for i := range acts {
				ctx := context.Background()
				if _, err := w.Store.AddTeam(ctx, by, domain.Team{Name: fmt.Sprintf("Team %d-%d", n, i)}); err != nil {
					failed <- err
				}
			}
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	if r := checkHistory(t, w.Store, by, nil); !r.Sound() || r.Seals != writers*acts || r.Events < r.Seals {
		t.Errorf("%+v", r)
	}
}

// A transaction that sees an older moment must not seal behind a seal that it does not see.
func TestSealOfAnOldSnapshotIsTriedAgain(t *testing.T) {
	t.Parallel()
	w, by := sealedWorld(t)
	tx, err := storetest.Owner(t, w.DSN).BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `insert into event (workspace_id, actor_name, verb, subject_kind, subject_id, subject_name)
		values ($1, 'x', 'field.changed', 'field', 1, 'x')`, by.Workspace); err != nil {
		t.Fatal(err)
	}
	addEvents(t, w, by, 1, 1)
	if err := tx.Commit(t.Context()); err == nil || !strings.Contains(err.Error(), "40001") {
		t.Errorf("committed behind a seal that it did not see: %v", err)
	}
	if r := checkHistory(t, w.Store, by, nil); !r.Sound() || r.Seals != 8 {
		t.Errorf("%+v", r)
	}
}

func TestCrashLeavesNothingUnsealed(t *testing.T) {
	t.Parallel()
	w, by := sealedWorld(t)
	victim := storetest.Owner(t, w.DSN)
	tx, err := victim.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), fmt.Sprintf(`insert into event (workspace_id, actor_name, verb, subject_kind, subject_id, subject_name)
		values (%d, 'x', 'field.changed', 'field', 1, 'x'); set constraints all immediate`, by.Workspace)); err != nil {
		t.Fatal(err)
	}
	// Its seal is written and its lock taken; then the connection dies.
	if _, err := w.Owner.Exec(t.Context(), `select pg_terminate_backend($1)`, victim.PgConn().PID()); err != nil {
		t.Fatal(err)
	}
	addEvents(t, w, by, 1, 1)
	if r := checkHistory(t, w.Store, by, nil); !r.Sound() || r.Seals != 8 {
		t.Errorf("%+v", r)
	}
}

func TestMovedWorkspaceStillProves(t *testing.T) {
	t.Parallel()
	w, by := sealedWorld(t)
	w.Field(t, by, w.Dataset(t, by, w.Application(t, by, "Orion"), "contact"), "email", "ident.contact.email")
	told := checkHistory(t, w.Store, by, nil)
	anchor := told.Head
	file := exportArchive(t, w.Store, by)

	st := storetest.DB(t)
	moved := importArchive(t, st, "moved", file)
	r := checkHistory(t, st, moved, &anchor)
	if !r.Sound() || r.Seals <= anchor.Number || r.Events != told.Events+1 { // it tells of the move
		t.Fatalf("the kept head after the move: %+v", r)
	}
	again := importArchive(t, st, "again", exportArchive(t, st, moved))
	if r := checkHistory(t, st, again, &anchor); !r.Sound() || r.Events != told.Events+2 {
		t.Errorf("after a second move: %+v", r)
	}

	for name, c := range map[string]struct {
		old, new string
		want     domain.ChainProblemKind
	}{
		"text as it was sealed": {`\"reason\":\"why\"`, `\"reason\":\"because\"`, domain.EventAltered},
		"the event beside it":   {`"reason":"why"`, `"reason":"because"`, domain.EventDiffers},
		"a seal":                {`\"previous\":\"0000`, `\"previous\":\"1111`, domain.SealBroken},
	} {
		lines := strings.Split(strings.TrimSuffix(string(file), "\n"), "\n")
		done := false
		for i, l := range lines {
			if !done && strings.Contains(l, c.old) {
				lines[i], done = strings.Replace(l, c.old, c.new, 1), true
			}
		}
		if !done {
			t.Fatalf("%s: nothing to replace", name)
		}
		forged := importArchive(t, st, "forged-"+hex.EncodeToString([]byte(name))[:12], reseal(lines[:len(lines)-1]))
		r := checkHistory(t, st, forged, &anchor)
		if r.Sound() || r.Problems[0].Kind != c.want {
			t.Errorf("%s: %+v", name, r.Problems)
		}
	}
}

// An outsider needs nothing but the lines: this follows docs/history.md without any function of the product.
func TestChainIsReadWithoutTheProduct(t *testing.T) {
	t.Parallel()
	w, by := sealedWorld(t)
	previous := strings.Repeat("0", 64)
	seals := texts(t, w.Owner, `select line from event_seal where workspace_id = $1 order by number`, by.Workspace)
	events := texts(t, w.Owner, `select event_line(e) from event e where workspace_id = $1 order by id`, by.Workspace)
	for _, line := range seals {
		var seal struct {
			Previous, Content string
			Count             int
		}
		if err := json.Unmarshal([]byte(line), &seal); err != nil || seal.Previous != previous {
			t.Fatalf("%s does not follow %s (%v)", line, previous, err)
		}
		var content bytes.Buffer
		for _, e := range events[:seal.Count] {
			content.WriteString(e + "\n")
		}
		if sum := sha256.Sum256(content.Bytes()); hex.EncodeToString(sum[:]) != seal.Content {
			t.Errorf("the content of %s is another one", line)
		}
		events = events[seal.Count:]
		sum := sha256.Sum256([]byte(line + "\n"))
		previous = hex.EncodeToString(sum[:])
	}
	if len(events) > 0 {
		t.Errorf("%d events are left", len(events))
	}
}
