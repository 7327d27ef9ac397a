package domain

import (
	"slices"
	"strconv"
	"time"
)

// dayFact writes a day for the history; nothing for none.
func dayFact(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.Format("2006-01-02")
}

// idFact writes ids for the history, as texts so that two lists of them can be compared.
func idFact[T ~int64](ids []T) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strconv.FormatInt(int64(id), 10)
	}
	return out
}

// sortedIDs are the ids in rising order, each once.
func sortedIDs[T ~int64](ids []T) []T {
	out := slices.Clone(ids)
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(id T) bool { return id == 0 })
}
