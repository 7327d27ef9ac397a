package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How memory is spent on collecting less often: a page leaves little behind, and what it used is collected a third as
// often as by default, up to a size that a small machine has to spare.
const (
	roomPercent = 300      // of what is in use, for what is not: GOGC
	roomLimit   = 72 << 20 // bytes that the runtime stays under where what is in use allows it: GOMEMLIMIT
	roomAfter   = time.Second
)

// memoryLimit is the limit for so many bytes in use: never so near that nothing but collecting is done, as an import with
// much in hand would have it.
func memoryLimit(inUse uint64) int64 { return max(roomLimit, 2*int64(inUse)) }

// spendMemory sets the collector up and follows what is in use, unless the environment says how.
func spendMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(roomPercent)
	debug.SetMemoryLimit(roomLimit)
	go func() {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		set := int64(roomLimit)
		tick := time.NewTicker(roomAfter)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			metrics.Read(sample)
			if limit := memoryLimit(sample[0].Value.Uint64()); limit != set {
				set = limit
				debug.SetMemoryLimit(set)
			}
		}
	}()
}
