package domain

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOverviewOf(t *testing.T) {
	t.Parallel()
	o := OverviewOf([]Tally{
		{Application: 1, Verdict: VerdictKeep, Grade: GradeStrong, N: 10},
		{Application: 1, Verdict: VerdictDelete, Flags: FlagNoProgram | FlagNoPurpose, Grade: GradeNotMeasured, N: 4},
		{Application: 2, Verdict: VerdictDormant, Flags: FlagNoProgram, Grade: GradeNone, Decision: "propose_deletion", N: 7},
		{Application: 2, Verdict: VerdictRegularise, Decision: "to_dpo", Grade: GradeWeak, N: 1},
		{Application: 2, Verdict: VerdictUnclassified, Flags: FlagUncategorised, N: 3},
		{Application: 3, Verdict: VerdictExempt, Grade: GradeNotMeasured, N: 2},
		{Application: 4, Verdict: VerdictKeep, N: 5}, {Application: 4, Verdict: VerdictKeep, N: -5}, // a delta and its undoing
	})
	if o.Fields != 27 || o.Personal != 22 || o.Unused != 11 || o.Decided != 7 || o.ToDPO != 1 || o.Measured != 18 {
		t.Errorf("overview = %+v", o)
	}
	var ids []ApplicationID
	for _, a := range o.Applications {
		ids = append(ids, a.ID)
	}
	if diff := cmp.Diff([]ApplicationID{2, 1, 3}, ids); diff != "" {
		t.Errorf("applications by gap: %s", diff)
	}
	if diff := cmp.Diff([]string{"no_program", "no_purpose"}, o.WorstFlags(2)); diff != "" {
		t.Errorf("worst flags: %s", diff)
	}
}

func TestSince(t *testing.T) {
	t.Parallel()
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	days := []DayCount{{Day: day(1)}, {Day: day(10)}, {Day: day(17)}, {Day: day(20)}, {Day: day(24)}}
	for name, test := range map[string]struct {
		days []DayCount
		ago  int
		want time.Time
		ok   bool
	}{
		"the day itself":                 {days, 7, day(17), true},
		"the latest day before":          {days, 10, day(10), true},
		"the earliest where all younger": {days[3:], 7, day(20), true},
		"today is not the past":          {days[4:], 7, time.Time{}, false},
		"nothing":                        {nil, 7, time.Time{}, false},
	} {
		got, ok := Since(test.days, day(24).Add(15*time.Hour), test.ago)
		if ok != test.ok || !got.Day.Equal(test.want) {
			t.Errorf("%s: %v %v, want %v %v", name, got.Day, ok, test.want, test.ok)
		}
	}
}
