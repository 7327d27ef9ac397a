package main

import (
	"context"
	"net/url"
	"os"
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

// Both sides do the same work here, one of them twice as often: the ratio must tell.
func TestCompareTellsWhoWorksMore(t *testing.T) {
	t.Parallel()
	b := &bench{options: options{window: 30 * time.Millisecond, rounds: 3}, postgres: processes{root: os.Getpid()}}
	work := func(times int) request {
		return func(context.Context, int) error {
			for i := range times * 400_000 {
				sink += i
			}
			return nil
		}
	}
	got, err := b.compare(t.Context(), 1, side{do: work(8)}, side{do: work(1)})
	if err != nil {
		t.Fatal(err)
	}
	if got.p50 < 1 || got.rate > 1 {
		t.Errorf("eight times the work: p50 × %.2f, rate × %.2f", got.p50, got.rate)
	}
}

var sink int

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
