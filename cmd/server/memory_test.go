package main

import (
	"runtime/metrics"
	"testing"
)

// The limit binds small heaps and leaves large ones room for as much again.
func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	for inUse, want := range map[uint64]int64{0: 72 << 20, 30 << 20: 72 << 20, 36 << 20: 72 << 20, 41 << 20: 82 << 20, 1 << 30: 2 << 30} {
		if got := memoryLimit(inUse); got != want {
			t.Errorf("%d bytes in use: a limit of %d, want %d", inUse, got, want)
		}
	}
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	if metrics.Read(sample); sample[0].Value.Kind() != metrics.KindUint64 {
		t.Error("the runtime no longer tells what is in use")
	}
}
