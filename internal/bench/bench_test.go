package main

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestBoundsHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		measured float64
		least    bool
		want     bool
	}{{1.4, false, true}, {1.5, false, true}, {1.6, false, false}, {1.4, true, false}, {1.5, true, true}, {1.6, true, true}} {
		if got := (bound{measured: c.measured, limit: 1.5, least: c.least}).holds(); got != c.want {
			t.Errorf("%v of 1.5, at least %v: %v", c.measured, c.least, got)
		}
	}
	var r report
	r.atMost("held", 1, "×", 2)
	if r.missed() {
		t.Error("a bound that holds counts as missed")
	}
	r.atLeast("missed", 1, "×", 2)
	if !r.missed() {
		t.Error("a bound that does not hold counts as held")
	}
	var out strings.Builder
	r.print(&out)
	if !strings.Contains(out.String(), "MISS") || !strings.Contains(out.String(), "pass") {
		t.Errorf("the table tells neither:\n%s", out.String())
	}
}

// A disturbance that falls on one pair of windows must not move the ratios, which are medians over the pairs.
func TestRatiosAreMediansOverPairs(t *testing.T) {
	t.Parallel()
	steady := func(latency time.Duration, n int) window {
		w := window{took: time.Duration(n) * latency, own: time.Duration(n) * time.Millisecond, postgres: time.Duration(n) * time.Millisecond}
		for range n {
			w.latencies = append(w.latencies, latency)
		}
		return w
	}
	const ms = time.Millisecond
	got := compared([2][]window{
		{steady(4*ms, 100), steady(40*ms, 10), steady(4*ms, 100)},
		{steady(2*ms, 200), steady(2*ms, 200), steady(2*ms, 200)},
	})
	if got.p50 != 2 || got.p95 != 2 || got.rate != 0.5 || got.cpu != 1 {
		t.Errorf("p50 × %v, p95 × %v, rate × %v, CPU × %v; want 2, 2, 0.5, 1", got.p50, got.p95, got.rate, got.cpu)
	}
	if got.app.cpu != 2 || got.app.own != 1 {
		t.Errorf("%v ms of processor a request, %v its own; want 2 and 1", got.app.cpu, got.app.own)
	}
}

func TestFloorAsksWhatTheListAsks(t *testing.T) {
	t.Parallel()
	values, err := url.ParseQuery("verdict=delete,dormant&application=7&program=3")
	if err != nil {
		t.Fatal(err)
	}
	q := newFloorQuery(5, values.Get)
	if len(q.args) != 4 || q.args[0] != int64(5) || q.args[2] != int64(7) || q.args[3] != int64(3) {
		t.Errorf("arguments %v", q.args)
	}
	for _, sql := range []string{q.rows, q.count} {
		if !strings.Contains(sql, "r.verdict = any($2)") || !strings.Contains(sql, "x.program_id = $4") {
			t.Errorf("conditions are missing in %s", sql)
		}
	}
	if q := newFloorQuery(5, url.Values{"q": {"mail"}}.Get); q.count != "" || q.args[1] != "%mail%" {
		t.Errorf("a search asks %q with %v", q.count, q.args)
	}
}
