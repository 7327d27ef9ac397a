package store_test

import (
	"errors"
	"fmt"
	"testing"

	"utile/internal/domain"
	"utile/internal/store/storetest"
)

// Which cards wait for a DPO is asked in SQL as domain.DPOFirst answers.
func TestCardsOfADPO(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	plain, minors := w.Dataset(t, by, w.Application(t, by, "CRM"), "plain"), w.Dataset(t, by, w.Application(t, by, "School"), "minors")
	w.Exec(t, `update dataset set subjects = '{customers,minors}' where id = $1`, minors)
	for _, category := range []string{"", "ident.contact.email", "ident.contact.free_text", "ident.free_texts", "xfree_text", "ident.minor", "ident.minority", "perso.family.children.count"} {
		for _, class := range domain.GDPRClasses {
			w.Exec(t, `with c as (insert into data_category (workspace_id, code, label_fr, label_en, gdpr_class)
					select $1, $3, $3, $3, 'personal' where $3 <> '' on conflict do nothing)
				insert into field (workspace_id, dataset_id, application_id, name, gdpr_class) select $1, d.id, d.application_id, $3 || ' ' || $4, $4
				from dataset d where d.id = any($2)`, by.Workspace, []int64{int64(plain), int64(minors)}, category, class)
			w.Exec(t, `update field set category_id = (select id from data_category where workspace_id = $1 and code = $2) where workspace_id = $1 and name = $2 || ' ' || $3`, by.Workspace, category, class)
		}
	}
	w.Exec(t, `insert into workshop (workspace_id, name) values ($1, 'All')`, by.Workspace)
	w.Exec(t, `insert into workshop_card (workspace_id, workshop_id, field_id, position) select f.workspace_id, w.id, f.id, f.id from field f join workshop w on w.workspace_id = f.workspace_id`)
	w.Exec(t, `insert into workshop_card (workspace_id, workshop_id, category_id, position) select c.workspace_id, w.id, c.id, c.id from data_category c join workshop w on w.workspace_id = c.workspace_id`)
	workshops, err := w.Store.WorkshopOptions(t.Context(), by)
	if err != nil || len(workshops) != 1 {
		t.Fatal(workshops, err)
	}
	cards, err := w.Store.Cards(t.Context(), by, domain.WorkshopID(workshops[0].ID))
	if err != nil {
		t.Fatal(err)
	}
	waits := map[bool]int{}
	for _, c := range cards {
		want := len(c.DPOReasons()) > 0
		waits[want]++
		if (c.DPO == domain.DPONeeded) != want {
			t.Errorf("%s: %q, in SQL %q", fmt.Sprint(c.Class, " ", c.Code, " ", c.Subjects), c.DPOReasons(), c.DPO)
		}
	}
	if waits[true] < 20 || waits[false] < 20 {
		t.Errorf("cards by whether a DPO is asked: %v", waits)
	}
}

// Wrong codes are counted for the line that they come from, which has more than one address of IPv6, and for all lines together.
func TestWrongCodesOfALine(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	n := 0
	knock := func(address string) error {
		n++
		_, err := w.Store.Knock(t.Context(), fmt.Sprintf("%06d", n), address)
		return err
	}
	for i := range 20 {
		if err := knock(fmt.Sprintf("2001:db8:1:2::%x", i+1)); !errors.Is(err, domain.NotFound) {
			t.Fatalf("code %d: %v", i, err)
		}
	}
	if err := knock("2001:db8:1:2:ffff::1"); !errors.Is(err, domain.Limited) {
		t.Errorf("another address of a line that tried too often: %v", err)
	}
	if err := knock("2001:db8:1:3::1"); !errors.Is(err, domain.NotFound) {
		t.Errorf("another line: %v", err)
	}
	w.Exec(t, `insert into sign_in_failure (key, at) select key, at from sign_in_failure, generate_series(1, 30) where key in
		(select key from sign_in_failure group by key having count(*) = 21)`)
	if err := knock("192.0.2.7"); !errors.Is(err, domain.Limited) {
		t.Errorf("after hundreds of wrong codes from everywhere: %v", err)
	}
}
