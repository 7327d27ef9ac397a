package web_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// settledBatch waits until nobody works on the batch at a path, and returns its page.
func settledBatch(tb testing.TB, s *webtest.Site, v *webtest.Visitor, path string) *webtest.Page {
	tb.Helper()
	n, err := strconv.ParseInt(path[strings.LastIndexByte(path, '/')+1:], 10, 64)
	if err != nil {
		tb.Fatal(err)
	}
	tick, end := time.NewTicker(10*time.Millisecond), time.After(5*time.Minute)
	defer tick.Stop()
	for {
		b, err := s.Store.BatchByID(tb.Context(), s.Admin(), domain.BatchID(n))
		if err != nil {
			tb.Fatal(err)
		}
		if !b.State.Working() {
			return v.Get(path).Want(http.StatusOK)
		}
		select {
		case <-tick.C:
		case <-end:
			tb.Fatalf("batch still %s", b.State)
		}
	}
}

// An act on many fields is not waited for: the page says how far it is, it can be given up, and it is undone the same way.
func TestBulkOnManyFieldsIsWorkedOff(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	s.Crowd(t, s.Admin(), domain.BulkJobFrom+100)
	v := s.As(t, s.Acme[domain.RoleEditor])
	preview := v.Post("/w/acme/fields/bulk/preview", "scope", "all", "query", "", "act", "to_dpo", "reason", "Who needs this?").Want(http.StatusOK)
	confirm := hidden(preview, ".confirm")
	path := v.Post("/w/acme/fields/bulk/apply", confirm...).Want(http.StatusSeeOther).Location
	if again := v.Post("/w/acme/fields/bulk/apply", confirm...).Want(http.StatusSeeOther).Location; again != path {
		t.Errorf("pressed twice: %s and %s", path, again)
	}

	// Nobody works yet.
	page := v.Get(path).Want(http.StatusOK)
	for _, want := range []string{"Send to the DPO", "The fields are being changed", "You can leave this page", "Cancel", "Under way, 0%"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("page lacks %q: %s", want, page.Text("main"))
		}
	}
	if !strings.Contains(page.Body, `http-equiv="refresh"`) {
		t.Error("without script the page does not go on by itself")
	}
	if got := v.Get("/w/acme/applications").Text("#work"); got != "Bulk action 0%" {
		t.Errorf("work in the first bar = %q", got)
	}
	if got := v.Get("/w/acme/work").Want(http.StatusOK).Text("#work"); got != "Bulk action 0%" {
		t.Errorf("work = %q", got)
	}
	s.As(t, s.Acme[domain.RoleViewer]).Post(path + "/cancel").Want(http.StatusForbidden)
	s.As(t, s.Other[domain.RoleAdmin]).Post(path + "/cancel").Want(http.StatusNotFound)
	given := v.Follow(v.Post(path + "/cancel").Want(http.StatusSeeOther)).Want(http.StatusOK)
	if got := given.Text("main"); !strings.Contains(got, "Cancelled before the end: nothing was changed") || !strings.Contains(got, "Back to the list") {
		t.Errorf("page of what was cancelled = %q", got)
	}
	if got := v.Get("/w/acme/work").Want(http.StatusOK).Body; got != "" {
		t.Errorf("work under way = %q", got)
	}
	if got := v.Get("/w/acme/batches").Text("tbody"); !strings.Contains(got, "Cancelled") || strings.Contains(got, "Undo") {
		t.Errorf("recent activity = %q", got)
	}

	work(t, s)
	path = v.Post("/w/acme/fields/bulk/apply", confirm...).Want(http.StatusSeeOther).Location
	done := settledBatch(t, s, v, path)
	if got := done.Text("main"); !strings.Contains(got, "Who needs this?") || strings.Contains(got, "Under way") || done.Doc().Find("tbody tr").Length() != 100 {
		t.Errorf("page of what was done = %q", got)
	}
	undoing := v.Post(path + "/undo").Want(http.StatusSeeOther).Location
	if undoing != path {
		t.Errorf("undoing leads to %s", undoing)
	}
	if got := settledBatch(t, s, v, path).Text("main"); !strings.Contains(got, "Undone by") {
		t.Errorf("page of what was undone = %q", got)
	}
}
