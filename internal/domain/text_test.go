package domain

import (
	"testing"
	"time"
)

func TestNameOfNothingToSeeIsEmpty(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"": "error.required", "\u200b": "error.required", "\u200d\ufeff \u2060": "error.required", "\u3164": "error.required",
		"\u202eabc": "error.characters", "a": "", "Zoé": "", "👩\u200d💻": "", "می\u200cخواهم": ""} {
		var p Problems
		p.Line("name", CleanLine(value), true, MaxName)
		if got := p["name"].Key; got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}

func TestDayIsThatOfUTC(t *testing.T) {
	t.Parallel()
	late := time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC)
	for _, hours := range []int{-11, 0, 13} {
		if got := Day(late.In(time.FixedZone("", hours*3600))); !got.Equal(time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("told %d hours from UTC, its day is %v", hours, got)
		}
	}
}
