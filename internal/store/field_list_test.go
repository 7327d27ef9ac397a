package store_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// crowd is a workspace of many different fields, and another one beside it that must never show.
func crowd(t *testing.T, n int) (*storetest.World, domain.Actor) {
	t.Helper()
	w := storetest.NewCrowd(t, n, n/2)
	return w, w.Admin()
}

func fieldQuery(t *testing.T, address string) domain.ListQuery {
	t.Helper()
	values, err := url.ParseQuery(address)
	if err != nil {
		t.Fatal(err)
	}
	return domain.ParseListQuery(domain.FieldRegister, values)
}

func fields(t *testing.T, st *store.Store, by domain.Actor, q domain.ListQuery) store.FieldPage {
	t.Helper()
	page, err := st.Fields(context.Background(), by, q)
	if err != nil {
		t.Fatalf("fields %s: %v", q.Query(domain.FieldRegister), err)
	}
	return page
}

// plainFields counts with a query that looks at every row as it is.
func plainFields(t *testing.T, w *storetest.World, by domain.Actor, where string) (n int64) {
	t.Helper()
	sql := `select count(*) from field r where r.workspace_id = $1 and ` + where
	if err := w.Owner.QueryRow(context.Background(), sql, by.Workspace).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

const activeField = "r.state = 'active'"

func TestFieldFiltersAndTotals(t *testing.T) {
	t.Parallel()
	w, by := crowd(t, 900)
	var app, dataset, category, program, purpose, owner, point string
	for into, sql := range map[*string]string{
		&app:      "select id::text from application where workspace_id = $1 and name = 'Braze'",
		&dataset:  "select id::text from dataset where workspace_id = $1 order by id limit 1",
		&category: "select id::text from data_category where workspace_id = $1 and code = 'ident.contact.email'",
		&program:  "select id::text from program where workspace_id = $1 and name = 'Newsletter'",
		&purpose:  "select id::text from purpose where workspace_id = $1 and code = 'f0'",
		&owner:    "select min(owner_id)::text from field where workspace_id = $1",
		&point:    "select id::text from collection_point where workspace_id = $1 and name = 'Caisse'",
	} {
		if err := w.Owner.QueryRow(context.Background(), sql, by.Workspace).Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	linked := "exists(select from program_link l where l.field_id = r.id and l.program_id = " + program + ")"
	for address, where := range map[string]string{
		"":                              activeField,
		"verdict=delete,dormant":        "r.verdict in ('delete', 'dormant') and " + activeField,
		"flag=never_read":               "r.flags & 32 <> 0 and " + activeField,
		"flag=never_read,none":          "(r.flags & 32 <> 0 or r.flags = 0) and " + activeField,
		"flag=none":                     "r.flags = 0 and " + activeField,
		"flag=nonsense":                 "false",
		"application=" + app:            "r.application_id = " + app + " and " + activeField,
		"application=braze":             "r.application_id = " + app + " and " + activeField,
		"application=Nowhere":           "false",
		"dataset=" + dataset:            "r.dataset_id = " + dataset + " and " + activeField,
		"gdpr_class=personal":           "r.gdpr_class = 'personal' and " + activeField,
		"category=" + category:          "r.category_id = " + category + " and " + activeField,
		"category=none":                 "r.category_id is null and " + activeField,
		"program=" + program:            linked + " and " + activeField,
		"program=none":                  "r.programs = 0 and " + activeField,
		"program=none," + program:       "(r.programs = 0 or " + linked + ") and " + activeField,
		"purpose=" + purpose:            "exists(select from purpose_mapping m where m.field_id = r.id and m.purpose_id = " + purpose + ") and " + activeField,
		"purpose=none":                  "r.purposes = 0 and " + activeField,
		"mapping=proposed":              "exists(select from purpose_mapping m where m.field_id = r.id and m.state = 'proposed') and " + activeField,
		"evidence=none":                 "r.grade = 0 and " + activeField,
		"evidence=not_measured":         "r.grade = -1 and " + activeField,
		"decision=none":                 "r.decision = '' and " + activeField,
		"decision=to_dpo":               "r.decision = 'to_dpo' and " + activeField,
		"owner=" + owner:                "r.owner_id = " + owner + " and " + activeField,
		"owner=none":                    "r.owner_id is null and " + activeField,
		"origin=derived":                "r.origin = 'derived' and " + activeField,
		"collection_point=" + point:     "exists(select from field_collection c where c.field_id = r.id and c.collection_point_id = " + point + ") and " + activeField,
		"collection_point=none":         "not exists(select from field_collection c where c.field_id = r.id) and " + activeField,
		"state=archived,gone":           "r.state in ('archived', 'gone')",
		"verdict=delete&owner=" + owner: "r.verdict = 'delete' and r.owner_id = " + owner + " and " + activeField,
		"q=prenom":                      "fold(r.name || ' ' || r.label) like '%prenom%' and " + activeField,
		"q=PRÉNOM":                      "fold(r.name || ' ' || r.label) like '%prenom%' and " + activeField,
		"q=carte+loyalty":               "fold(r.label) like '%carte%' and " + activeField + " and r.name like 'loyalty%'",
		"q=inscription&verdict=keep":    "r.description like '%inscription%' and r.verdict = 'keep' and " + activeField,
		"q=%25_":                        "false",
		"q=_1_":                         "r.name like '%\\_1\\_%' and " + activeField,
	} {
		q := fieldQuery(t, address)
		page := fields(t, w.Store, by, q)
		want := plainFields(t, w, by, where)
		if got := page.Total; got != (domain.Count{N: want}) {
			t.Errorf("%q: total %+v, want %d", address, got, want)
		}
		if got := int64(len(page.Lines)); got != min(want, domain.DefaultPageSize) {
			t.Errorf("%q: %d lines of %d", address, got, want)
		}
		ids, err := w.Store.IDs(context.Background(), by, "fields", q)
		if err != nil || int64(len(ids)) != want {
			t.Errorf("%q: %d ids, %v, want %d", address, len(ids), err, want)
		}
	}
}

// TestFieldFacets compares every facet of many lists with a count of its own.
func TestFieldFacets(t *testing.T) {
	t.Parallel()
	w, by := crowd(t, 700)
	exprs := map[string]string{
		"verdict": "array[r.verdict]", "flag": "case when r.flags = 0 then array['none'] else flag_codes(r.flags) end",
		"application": "array[r.application_id::text]", "gdpr_class": "array[r.gdpr_class]", "state": "array[r.state]",
		"evidence": "array[(array['not_measured', 'none', 'weak', 'medium', 'strong', 'very_strong'])[r.grade + 2]]",
		"decision": "array[coalesce(nullif(r.decision, ''), 'none')]", "owner": "array[coalesce(r.owner_id::text, 'none')]",
		"program": `(select array_agg(l.program_id::text) from program_link l where l.field_id = r.id) || case when r.programs = 0 then array['none'] end`,
	}
	conditions := map[string]string{
		"verdict=delete": "r.verdict = 'delete'", "flag=no_purpose": "r.flags & 4 <> 0", "origin=derived": "r.origin = 'derived'",
		"owner=none": "r.owner_id is null", "state=active,gone": "r.state in ('active', 'gone')", "q=prenom": "fold(r.name || r.label) like '%prenom%'",
		"program=none": "r.programs = 0", "evidence=none": "r.grade = 0",
	}
	lists := [][]string{{}, {"verdict=delete"}, {"flag=no_purpose"}, {"origin=derived"}, {"owner=none"}, {"state=active,gone"}, {"q=prenom"},
		{"verdict=delete", "owner=none"}, {"program=none", "flag=no_purpose"}, {"q=prenom", "verdict=delete"}, {"evidence=none", "state=active,gone"}}
	for _, list := range lists {
		page := fields(t, w.Store, by, fieldQuery(t, strings.Join(list, "&")))
		for _, facet := range page.Facets {
			where := "true"
			stated := facet.Filter.Key == "state"
			for _, part := range list {
				key, _, _ := strings.Cut(part, "=")
				stated = stated || key == "state"
				if key != facet.Filter.Key {
					where += " and " + conditions[part]
				}
			}
			if !stated {
				where += " and " + activeField
			}
			want := map[string]int64{}
			rows, err := w.Owner.Query(context.Background(), fmt.Sprintf(`select v, count(*) from field r, unnest(%s) v
				where r.workspace_id = $1 and %s group by 1`, exprs[facet.Filter.Key], where), by.Workspace)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				var value string
				var n int64
				if err := rows.Scan(&value, &n); err != nil {
					t.Fatal(err)
				}
				want[value] = n
			}
			got := map[string]int64{}
			for _, v := range facet.Values {
				if v.N != 0 {
					got[v.Value] = v.N
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v: facet %s (-want +got):\n%s", list, facet.Filter.Key, diff)
			}
		}
	}
}

// TestFieldPagesMeetEveryRowOnce walks the whole list there and back in every order.
func TestFieldPagesMeetEveryRowOnce(t *testing.T) {
	t.Parallel()
	w, by := crowd(t, 300)
	want := plainFields(t, w, by, activeField)
	for _, c := range domain.FieldRegister.Columns {
		if c.NoSort {
			continue
		}
		for _, sort := range []string{c.Key, "-" + c.Key} {
			q := fieldQuery(t, "n=37&sort="+sort)
			var there []domain.FieldID
			var pages [][]domain.FieldID
			page := fields(t, w.Store, by, q)
			for {
				ids := lineIDs(page)
				there, pages = append(there, ids...), append(pages, ids)
				if page.Next == "" {
					break
				}
				next := q
				next.After = page.Next
				page = fields(t, w.Store, by, next)
			}
			if n := int64(len(there)); n != want || len(slices.Compact(slices.Sorted(slices.Values(there)))) != len(there) {
				t.Fatalf("%s: met %d fields, want %d, each once", sort, n, want)
			}
			for i := len(pages) - 2; i >= 0; i-- {
				before := q
				before.Before = page.Prev
				page = fields(t, w.Store, by, before)
				if diff := cmp.Diff(pages[i], lineIDs(page)); diff != "" {
					t.Fatalf("%s: page %d on the way back (-there +back):\n%s", sort, i, diff)
				}
			}
			if page.Prev != "" {
				t.Errorf("%s: the first page leads to one before it", sort)
			}
		}
	}
}

func lineIDs(page store.FieldPage) []domain.FieldID {
	var ids []domain.FieldID
	for _, l := range page.Lines {
		ids = append(ids, l.ID)
	}
	return ids
}

func TestFieldCursorOfAnotherOrderIsLeftOut(t *testing.T) {
	t.Parallel()
	w, by := crowd(t, 120)
	q := fieldQuery(t, "sort=-fill")
	q.After = fields(t, w.Store, by, fieldQuery(t, "")).Next
	if diff := cmp.Diff(lineIDs(fields(t, w.Store, by, fieldQuery(t, "sort=-fill"))), lineIDs(fields(t, w.Store, by, q))); diff != "" {
		t.Errorf("not the first page (-want +got):\n%s", diff)
	}
}

func TestFieldSearchForgivesATypingError(t *testing.T) {
	t.Parallel()
	w, by := crowd(t, 200)
	if page := fields(t, w.Store, by, fieldQuery(t, "q=naissance")); page.Approximate || len(page.Lines) == 0 {
		t.Errorf("naissance: approximate %v, %d lines", page.Approximate, len(page.Lines))
	}
	page := fields(t, w.Store, by, fieldQuery(t, "q=naisance"))
	if !page.Approximate || len(page.Lines) == 0 {
		t.Fatalf("naisance: approximate %v, %d lines", page.Approximate, len(page.Lines))
	}
	for _, l := range page.Lines {
		if !strings.Contains(l.Label+l.Name, "aissance") && !strings.Contains(l.Name, "birth_date") {
			t.Errorf("naisance finds %s %s", l.Name, l.Label)
		}
	}
	// What leaves the list by another way is the same fields; "all that match" are too, but none of those that only come near.
	for _, address := range []string{"q=naisance", "q=naisance&verdict=delete,keep,dormant", "q=naissance", "q=zzzzqqqq"} {
		page := fields(t, w.Store, by, fieldQuery(t, address+"&n=200"))
		listed := lineIDs(page)
		var exported []domain.FieldID
		if err := w.Store.EachRow(t.Context(), by, "fields", fieldQuery(t, address), func(r domain.Row) error {
			exported = append(exported, domain.FieldID(r.ID))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(listed, exported); diff != "" {
			t.Errorf("%s (-list +export):\n%s", address, diff)
		}
		ids, err := w.Store.IDs(t.Context(), by, "fields", fieldQuery(t, address))
		if err != nil {
			t.Fatal(err)
		}
		if want := len(listed); !page.Approximate && len(ids) != want || page.Approximate && len(ids) != 0 {
			t.Errorf("%s: %d match, the list has %d, approximate %v", address, len(ids), want, page.Approximate)
		}
	}
	if page := fields(t, w.Store, by, fieldQuery(t, "q=zzzzqqqq")); page.Approximate || len(page.Lines) != 0 {
		t.Errorf("nonsense finds %d lines", len(page.Lines))
	}
}

func TestFieldListShowsOneWorkspace(t *testing.T) {
	t.Parallel()
	w, by := crowd(t, 150)
	theirs := w.Other[domain.RoleAdmin]
	for _, address := range []string{"", "q=email", "q=emial", "program=none", "sort=category"} {
		ours := fields(t, w.Store, by, fieldQuery(t, address+"&n=200"))
		for _, l := range fields(t, w.Store, theirs, fieldQuery(t, address+"&n=200")).Lines {
			if slices.Contains(lineIDs(ours), l.ID) {
				t.Fatalf("%q: field %d is in both workspaces", address, l.ID)
			}
		}
	}
	// The id of a thing of another workspace finds nothing.
	var app int64
	if err := w.Owner.QueryRow(context.Background(), "select min(id) from application where workspace_id = $1", theirs.Workspace).Scan(&app); err != nil {
		t.Fatal(err)
	}
	if page := fields(t, w.Store, by, fieldQuery(t, fmt.Sprintf("application=%d", app))); len(page.Lines) != 0 || page.Total.N != 0 {
		t.Errorf("another workspace's application finds %d fields", page.Total.N)
	}
}

func TestFieldLongListsAreNotCountedToTheEnd(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	w.Crowd(t, by, store.CountCap+1500)
	page := fields(t, w.Store, by, fieldQuery(t, ""))
	if want := plainFields(t, w, by, activeField); page.Total != (domain.Count{N: want}) {
		t.Errorf("the whole list: %+v, want %d from the stored counters", page.Total, want)
	}
	for _, facet := range page.Facets {
		if key := facet.Filter.Key; (key == "owner" || key == "program") != (facet.Values[0].N == -1) {
			t.Errorf("facet %s of the whole list counts %d", key, facet.Values[0].N)
		}
	}
	page = fields(t, w.Store, by, fieldQuery(t, "origin="+strings.Join(domain.Origins, ",")))
	if page.Total != (domain.Count{N: store.CountCap, Capped: true}) {
		t.Errorf("total %+v of a list that must be counted", page.Total)
	}
	for _, facet := range page.Facets {
		for _, v := range facet.Values {
			if v.N > store.FacetCap {
				t.Errorf("facet %s counts %d past its limit", facet.Filter.Key, v.N)
			}
		}
	}
}

func TestFieldListShowsWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	w, by := crowd(t, 60)
	var all []string
	for _, c := range domain.FieldRegister.Columns {
		all = append(all, c.Key)
	}
	page := fields(t, w.Store, by, fieldQuery(t, "col="+strings.Join(all, ",")))
	rows := map[int64]domain.Row{}
	if err := w.Store.EachRow(context.Background(), by, "fields", fieldQuery(t, ""), func(r domain.Row) error {
		rows[r.ID] = r
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, l := range page.Lines {
		row := rows[int64(l.ID)]
		for key, got := range l.More {
			if diff := cmp.Diff(row.Cells[key], got); diff != "" {
				t.Errorf("%s of %s (-export +list):\n%s", key, l.Name, diff)
			}
		}
		if len(l.More) < 10 {
			t.Fatalf("%s: only %d further cells", l.Name, len(l.More))
		}
		if row.Cells["field"] != l.Name || row.Cells["application"] != l.Application || row.Cells["verdict"] != string(l.Verdict) {
			t.Errorf("%s: list and export differ: %v", l.Name, row.Cells)
		}
	}
}

func TestFieldChosenFiltersHaveNames(t *testing.T) {
	t.Parallel()
	w, by := crowd(t, 60)
	purpose := w.Purpose(t, by, "newsletters", true)
	page := fields(t, w.Store, by, fieldQuery(t, fmt.Sprintf("purpose=%d,none&category=%d", purpose, w.Category(t, by, "art9.health"))))
	got := map[string][]domain.FacetValue{}
	for _, f := range page.Chosen {
		got[f.Filter.Key] = f.Values
	}
	if v := got["purpose"]; len(v) != 2 || v[0].Label != "newsletters" {
		t.Errorf("purpose: %+v", v)
	}
	if v := got["category"]; len(v) != 1 || v[0].Label != "art9.health" {
		t.Errorf("category: %+v", v)
	}
}
