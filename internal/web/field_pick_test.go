package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// longDataset is a dataset with n fields, column_1 to column_n.
func longDataset(t *testing.T, s *webtest.Site, application domain.ApplicationID, n int) domain.DatasetID {
	t.Helper()
	ds := s.Dataset(t, s.Admin(), application, "everything")
	s.Exec(t, `insert into field (workspace_id, dataset_id, application_id, name, position)
		select workspace_id, id, application_id, 'column_' || i, i from dataset, generate_series(1, $2::int) i where id = $1`, ds, n)
	return ds
}

func fieldNamed(t *testing.T, s *webtest.Site, dataset domain.DatasetID, name string) string {
	t.Helper()
	var id int64
	if err := s.Owner.QueryRow(t.Context(), `select id from field where dataset_id = $1 and name = $2`, dataset, name).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return itoa(id)
}

// Of a dataset that is longer than a page, every field is found by typing or on the pages behind, and saving a page leaves
// the others alone.
func TestPickingFieldsOfALongDataset(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	from, to := s.Application(t, s.Admin(), "Shop"), s.Application(t, s.Admin(), "Warehouse")
	source, target := longDataset(t, s, from, 450), longDataset(t, s, to, 450)
	v := s.As(t, s.Acme[domain.RoleEditor])
	flow := v.Post("/w/acme/flows", "name", "Nightly", "source_application", itoa(from), "source_dataset", "everything",
		"target_application", itoa(to), "encrypted", "yes").Want(http.StatusSeeOther).Location
	point := v.Post("/w/acme/collection-points", "name", "Sign-up").Want(http.StatusSeeOther).Location

	for name, page := range map[string]string{"flow": flow + "/fields", "point": point + "/fields?application=" + itoa(from)} {
		with := func(query string) string {
			if strings.Contains(page, "?") {
				return page + "&" + query
			}
			return page + "?" + query
		}
		first := v.Get(page).Want(http.StatusOK)
		if rows := first.Doc().Find("tbody tr").Length(); rows != 200 || !strings.Contains(first.Text("main"), "450") {
			t.Errorf("%s: %d rows of 450 on the first page", name, rows)
		}
		next, _ := first.Doc().Find(`a[rel="next"]`).Attr("href")
		last := v.Get(v.Get(next).Want(http.StatusOK).Doc().Find(`a[rel="next"]`).AttrOr("href", "")).Want(http.StatusOK)
		if rows := last.Doc().Find("tbody tr").Length(); rows != 50 || !strings.Contains(last.Text("tbody"), "column_450") {
			t.Errorf("%s: %d rows on the last page", name, rows)
		}
		found := v.Get(with("q=COLUMN_44")).Want(http.StatusOK)
		if rows := found.Doc().Find("tbody tr").Length(); rows != 11 || found.Doc().Find("#q").AttrOr("value", "") != "COLUMN_44" {
			t.Errorf("%s: %d rows for what was typed", name, rows)
		}
		if got := v.Get(with("q=nowhere")).Want(http.StatusOK).Text("#picks"); !strings.Contains(got, "Nothing matches") {
			t.Errorf("%s: nothing found says %q", name, got)
		}
		// One field of the first page, then one found by typing: the first stays.
		save := func(p *webtest.Page, tick string) *webtest.Page {
			action, _ := p.Doc().Find("#picks form").Attr("action")
			return v.Post(action, append(hidden(p, "#picks form"), "field", tick, "target-"+tick, "everything.column_7")...).Want(http.StatusSeeOther)
		}
		save(first, fieldNamed(t, s, source, "column_3"))
		back := save(v.Get(with("q=column_449")), fieldNamed(t, s, source, "column_449"))
		if !strings.Contains(back.Location, "q=column_449") {
			t.Errorf("%s: saved, and led to %s", name, back.Location)
		}
		if again := v.Follow(back).Want(http.StatusOK); again.Doc().Find("tbody input[checked]").Length() != 1 {
			t.Errorf("%s: the field found by typing is not ticked", name)
		}
	}
	shown := v.Get(flow).Want(http.StatusOK).Text("main")
	for _, want := range []string{"column_3", "column_449", "column_7"} {
		if !strings.Contains(shown, want) {
			t.Errorf("flow lacks %s", want)
		}
	}
	if got := v.Get(point).Want(http.StatusOK).Text("main"); !strings.Contains(got, "column_3") || !strings.Contains(got, "column_449") {
		t.Errorf("collection point = %q", got)
	}

	// Where a field arrives is found by typing, too, and what is no field there is refused.
	options := v.Get(flow + "/targets?target-1=everything.column_44").Want(http.StatusOK)
	if n := options.Doc().Find("option").Length(); n != 11 || !strings.Contains(options.Body, `value="everything.column_449"`) {
		t.Errorf("%d names proposed: %s", n, options.Body)
	}
	if n := v.Get(flow + "/targets?target-1=" + strings.Repeat("%25", 3)).Want(http.StatusOK).Doc().Find("option").Length(); n != 0 {
		t.Errorf("%d names proposed for what is in none", n)
	}
	page := v.Get(flow + "/fields?q=column_12")
	tick := fieldNamed(t, s, source, "column_12")
	wrong := v.Post(flow+"/fields", append(hidden(page, "#picks form"), "field", tick, "target-"+tick, "everything.none")...).Want(http.StatusUnprocessableEntity)
	if got := wrong.Problem("target-" + tick); got == "" || wrong.Doc().Find("tbody tr").Length() != 11 {
		t.Errorf("a target that is not there: %q, %d rows", got, wrong.Doc().Find("tbody tr").Length())
	}
	matched := v.Post(flow+"/fields", append(hidden(page, "#picks form"), "act", "match", "field", tick)...).Want(http.StatusOK)
	if got := matched.Value("target-" + tick); got != "everything.column_12" {
		t.Errorf("same name in the target: %q of %s", got, fmt.Sprint(target))
	}
}
