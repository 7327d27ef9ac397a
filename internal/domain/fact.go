package domain

import (
	"slices"
	"strconv"
	"strings"
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

// FactSeparator stands between the parts of a row in the history: codes and people's own words.
const FactSeparator = " | "

// factLine writes a row for the history, without what is empty.
func factLine(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), FactSeparator)
}

// factLines writes rows for the history, without those of which there is nothing to tell.
func factLines[T any](rows []T, line func(T) string) []string {
	out := []string{}
	for _, r := range rows {
		if text := line(r); text != "" {
			out = append(out, text)
		}
	}
	return out
}
