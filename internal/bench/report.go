package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// report collects what was measured and which bounds hold.
type report struct {
	about  string
	loads  []loadRow
	plain  []plainRow
	bounds []bound
}

type loadRow struct {
	name    string
	clients int
	comparison
}

// plainRow is a figure that no load gives.
type plainRow struct{ name, value string }

// bound is something that must hold.
type bound struct {
	name     string
	measured float64
	unit     string // "×" of the floor, "s", "MiB"
	limit    float64
	least    bool // the limit is the least, not the most
}

func (b bound) holds() bool {
	if b.least {
		return b.measured >= b.limit
	}
	return b.measured <= b.limit
}

func (r *report) note(name, format string, args ...any) {
	r.plain = append(r.plain, plainRow{name, fmt.Sprintf(format, args...)})
}

func (r *report) atMost(name string, measured float64, unit string, limit float64) {
	r.bounds = append(r.bounds, bound{name: name, measured: measured, unit: unit, limit: limit})
}

func (r *report) atLeast(name string, measured float64, unit string, limit float64) {
	r.bounds = append(r.bounds, bound{name: name, measured: measured, unit: unit, limit: limit, least: true})
}

func (r *report) missed() bool {
	for _, b := range r.bounds {
		if !b.holds() {
			return true
		}
	}
	return false
}

// print writes the tables in Markdown, aligned for a terminal.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n\n", r.about)
	if len(r.loads) > 0 {
		table(w, []string{"work", "clients", "p50 ms", "p95 ms", "req/s", "CPU ms (own + PostgreSQL)", "× p50", "× p95", "× req/s", "× CPU"}, func(row func(...string)) {
			for _, l := range r.loads {
				a, f := l.app, l.floor
				row(l.name, fmt.Sprint(l.clients), pair(ms(a.p50), ms(f.p50)), pair(ms(a.p95), ms(f.p95)),
					fmt.Sprintf("%.0f / %.0f", a.rate, f.rate), fmt.Sprintf("%.2f + %.2f / %.2f + %.2f", a.own, a.cpu-a.own, f.own, f.cpu-f.own),
					fmt.Sprintf("%.2f", l.p50), fmt.Sprintf("%.2f", l.p95), fmt.Sprintf("%.2f", l.rate), fmt.Sprintf("%.2f", l.cpu))
			}
		})
		fmt.Fprintln(w, "\nFigures are server / floor; ratios are medians over adjacent windows, so they need not be the quotients of the medians.")
	}
	if len(r.plain) > 0 {
		fmt.Fprintln(w)
		table(w, []string{"also measured", "result"}, func(row func(...string)) {
			for _, p := range r.plain {
				row(p.name, p.value)
			}
		})
	}
	if len(r.bounds) > 0 {
		fmt.Fprintln(w)
		table(w, []string{"must", "bound", "measured", ""}, func(row func(...string)) {
			for _, b := range r.bounds {
				sign, verdict := "≤", "pass"
				if b.least {
					sign = "≥"
				}
				if !b.holds() {
					verdict = "MISS"
				}
				row(b.name, fmt.Sprintf("%s %g %s", sign, b.limit, b.unit), fmt.Sprintf("%.2f %s", b.measured, b.unit), verdict)
			}
		})
	}
}

func table(w io.Writer, heads []string, fill func(row func(...string))) {
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	row := func(cells ...string) { fmt.Fprintf(t, "| %s\t|\n", strings.Join(cells, "\t| ")) }
	row(heads...)
	rules := make([]string, len(heads))
	for i := range rules {
		rules[i] = "---"
	}
	row(rules...)
	fill(row)
	_ = t.Flush() // to a terminal or a pipe, whose reader may be gone
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

func pair(a, b float64) string { return fmt.Sprintf("%.2f / %.2f", a, b) }
