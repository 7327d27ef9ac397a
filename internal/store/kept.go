package store

import (
	"sync"
	"time"

	"utile/internal/domain"
)

// keptMost bounds the memory: what is kept of a large workspace takes a few megabytes.
const keptMost = 8

// kept remembers what was read last of a few workspaces. A stamp, read in the same moment, tells one state from every other.
type kept[K, S comparable, T any] struct {
	mu sync.Mutex
	of map[K]stamped[S, T]
}

type stamped[S comparable, T any] struct {
	stamp S
	value T
}

// get returns the value of that state; found is false where another is kept, or none.
func (k *kept[K, S, T]) get(key K, stamp S) (value T, found bool) {
	if k == nil {
		return value, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if v, ok := k.of[key]; ok && v.stamp == stamp {
		return v.value, true
	}
	return value, false
}

func (k *kept[K, S, T]) put(key K, stamp S, value T) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil {
		k.of = map[K]stamped[S, T]{}
	}
	if _, there := k.of[key]; len(k.of) >= keptMost && !there {
		for other := range k.of { // any: a map has no order
			delete(k.of, other)
			break
		}
	}
	k.of[key] = stamped[S, T]{stamp, value}
}

// moment is a workspace at a moment that is over; a zero time is now.
type moment struct {
	workspace domain.WorkspaceID
	asOf      time.Time
}

func momentOf(by domain.Actor) moment { return moment{by.Workspace, by.AsOf.UTC()} }
