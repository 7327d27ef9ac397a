package main

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// request does one piece of work; n counts up, so that following ones differ.
type request func(ctx context.Context, n int) error

// side is one of the two that are compared.
type side struct {
	do        request
	processes processes // of its own; zero where the work is done in this program
}

// figures are what one side did in all its windows.
type figures struct {
	p50, p95 time.Duration // medians of the windows
	rate     float64       // requests a second, median of the windows
	cpu      float64       // milliseconds of processor a request, its own and PostgreSQL's, over all windows
	own      float64       // its own share of cpu
}

// comparison holds both sides and the ratios, which are medians over the pairs of adjacent windows.
type comparison struct {
	app, floor          figures
	p50, p95, rate, cpu float64
}

// window is what happened in one window.
type window struct {
	latencies     []time.Duration // sorted
	took          time.Duration
	own, postgres time.Duration // processor time
}

func (w window) at(share float64) time.Duration {
	return w.latencies[min(int(share*float64(len(w.latencies))), len(w.latencies)-1)]
}

func (w window) rate() float64 { return float64(len(w.latencies)) / w.took.Seconds() }

// compare drives both sides with c clients at once in alternating windows. One window of each comes first and does not
// count: caches fill and connections open in it.
func (b *bench) compare(ctx context.Context, c int, app, floor side) (comparison, error) {
	var windows [2][]window
	for round := range b.rounds + 1 {
		order := []int{0, 1}
		if round%2 == 1 { // whoever comes second finds the machine warmer: take turns
			order = []int{1, 0}
		}
		for _, i := range order {
			w, err := b.drive(ctx, c, []side{app, floor}[i], b.window)
			if err != nil {
				return comparison{}, err
			}
			if round > 0 {
				windows[i] = append(windows[i], w)
			}
		}
	}
	return compared(windows), nil
}

// compared puts pairs of windows of both sides together.
func compared(windows [2][]window) comparison {
	out := comparison{app: figuresOf(windows[0]), floor: figuresOf(windows[1])}
	ratio := func(f func(window) float64) float64 {
		var list []float64
		for i := range windows[0] {
			list = append(list, f(windows[0][i])/f(windows[1][i]))
		}
		return median(list)
	}
	out.p50 = ratio(func(w window) float64 { return w.at(0.50).Seconds() })
	out.p95 = ratio(func(w window) float64 { return w.at(0.95).Seconds() })
	out.rate = ratio(window.rate)
	if out.floor.cpu > 0 {
		out.cpu = out.app.cpu / out.floor.cpu
	}
	return out
}

func figuresOf(windows []window) figures {
	var p50, p95 []time.Duration
	var rates []float64
	var own, all time.Duration
	n := 0
	for _, w := range windows {
		p50, p95, rates = append(p50, w.at(0.50)), append(p95, w.at(0.95)), append(rates, w.rate())
		own, all, n = own+w.own, all+w.own+w.postgres, n+len(w.latencies)
	}
	per := func(d time.Duration) float64 { return d.Seconds() * 1000 / float64(n) }
	return figures{p50: median(p50), p95: median(p95), rate: median(rates), cpu: per(all), own: per(own)}
}

func median[T int64 | float64 | time.Duration](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}

// drive lets c clients work for as long as a window lasts; each request that began is finished and counted.
func (b *bench) drive(ctx context.Context, c int, s side, length time.Duration) (window, error) {
	var w window
	before, err := b.processor(s)
	if err != nil {
		return w, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var mu sync.Mutex
	var clients sync.WaitGroup
	began := time.Now()
	for range c {
		clients.Go(func() {
			var mine []time.Duration
			for time.Since(began) < length || len(mine) == 0 {
				started := time.Now()
				if err := s.do(ctx, int(next.Add(1))); err != nil {
					cancel(err)
					return
				}
				mine = append(mine, time.Since(started))
			}
			mu.Lock()
			defer mu.Unlock()
			w.latencies = append(w.latencies, mine...)
		})
	}
	clients.Wait()
	w.took = time.Since(began)
	if err := context.Cause(ctx); err != nil {
		return w, err
	}
	after, err := b.processor(s)
	w.own, w.postgres = after[0]-before[0], after[1]-before[1]
	slices.Sort(w.latencies)
	return w, err
}

// processor is the processor time so far of one side and of PostgreSQL.
func (b *bench) processor(s side) (out [2]time.Duration, err error) {
	if s.processes.root != 0 {
		if out[0], err = s.processes.cpu(); err != nil {
			return out, err
		}
	}
	out[1], err = b.postgres.cpu()
	return out, err
}
