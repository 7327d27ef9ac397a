package domain

import (
	"testing"
	"time"
)

func count(n int64) *int64 { return &n }

func TestReadsInTheWindow(t *testing.T) {
	t.Parallel()
	zero := func(days int, measured *time.Time) EvidenceFacts {
		return EvidenceFacts{Reads: count(0), WindowDays: &days, ReadsMeasuredAt: measured}
	}
	some := func(days int, measured *time.Time) EvidenceFacts {
		return EvidenceFacts{Reads: count(40), WindowDays: &days, ReadsMeasuredAt: measured}
	}
	for name, c := range map[string]struct {
		evidence EvidenceFacts
		want     readState
	}{
		"nothing known":                     {EvidenceFacts{}, readsUnknown},
		"a date of measure, and no measure": {EvidenceFacts{ReadsMeasuredAt: daysAgo(0), WindowDays: ptr(90)}, readsUnknown},

		"zero over the window":                 {zero(90, daysAgo(0)), readsAbsent},
		"zero over a day less":                 {zero(89, daysAgo(0)), readsUnknown},
		"zero over a year":                     {zero(365, daysAgo(0)), readsAbsent},
		"zero, measured a window ago":          {zero(90, daysAgo(90)), readsAbsent},
		"zero, measured longer ago":            {zero(90, daysAgo(91)), readsUnknown},
		"zero over a year, measured too early": {zero(365, daysAgo(91)), readsUnknown},
		"zero, measure not dated":              {zero(90, nil), readsUnknown},
		"zero, over no known time":             {EvidenceFacts{Reads: count(0), ReadsMeasuredAt: daysAgo(0)}, readsUnknown},
		"zero, dated tomorrow":                 {zero(90, daysAgo(-1)), readsAbsent},
		"zero, dated in two days":              {zero(90, daysAgo(-2)), readsUnknown},

		"reads":                        {some(90, daysAgo(0)), readsPresent},
		"reads over a week":            {some(7, daysAgo(0)), readsPresent},
		"reads over a year":            {some(365, daysAgo(0)), readsPresent},
		"reads over no known time":     {EvidenceFacts{Reads: count(1), ReadsMeasuredAt: daysAgo(0)}, readsPresent},
		"reads, measured a window ago": {some(90, daysAgo(90)), readsPresent},
		"reads, measured longer ago":   {some(90, daysAgo(91)), readsUnknown},
		"reads, measure not dated":     {some(90, nil), readsUnknown},
		"reads, dated in two days":     {some(90, daysAgo(-2)), readsUnknown},
		"reads, dated tomorrow":        {some(90, daysAgo(-1)), readsPresent},
		"a single read is not none":    {EvidenceFacts{Reads: count(1), WindowDays: ptr(90), ReadsMeasuredAt: daysAgo(0)}, readsPresent},

		"last read in the window, nothing else":                        {EvidenceFacts{LastReadAt: daysAgo(90)}, readsPresent},
		"last read before the window, nothing else":                    {EvidenceFacts{LastReadAt: daysAgo(91)}, readsUnknown},
		"last read in two days":                                        {EvidenceFacts{LastReadAt: daysAgo(-2)}, readsUnknown},
		"last read in the window, measured long ago":                   {EvidenceFacts{LastReadAt: daysAgo(80), ReadsMeasuredAt: daysAgo(200), Reads: count(3)}, readsPresent},
		"last read in the window, against a zero":                      {EvidenceFacts{LastReadAt: daysAgo(2), Reads: count(0), WindowDays: ptr(90), ReadsMeasuredAt: daysAgo(10)}, readsPresent},
		"last read a year ago, seen today":                             {EvidenceFacts{LastReadAt: daysAgo(365), ReadsMeasuredAt: daysAgo(0)}, readsAbsent},
		"last read a year ago, reads over two years":                   {EvidenceFacts{LastReadAt: daysAgo(365), Reads: count(9), WindowDays: ptr(730), ReadsMeasuredAt: daysAgo(0)}, readsAbsent},
		"last read a year ago, zero over a week":                       {EvidenceFacts{LastReadAt: daysAgo(365), Reads: count(0), WindowDays: ptr(7), ReadsMeasuredAt: daysAgo(0)}, readsAbsent},
		"last read known by an earlier measure, reads counted since":   {EvidenceFacts{LastReadAt: daysAgo(274), LastReadMeasuredAt: daysAgo(182), Reads: count(50), WindowDays: ptr(90), ReadsMeasuredAt: daysAgo(10)}, readsPresent},
		"last read known by an earlier measure, zero over a week":      {EvidenceFacts{LastReadAt: daysAgo(213), LastReadMeasuredAt: daysAgo(182), Reads: count(0), WindowDays: ptr(7), ReadsMeasuredAt: daysAgo(10)}, readsUnknown},
		"last read known by an earlier measure, zero over the window":  {EvidenceFacts{LastReadAt: daysAgo(213), LastReadMeasuredAt: daysAgo(182), Reads: count(0), WindowDays: ptr(90), ReadsMeasuredAt: daysAgo(10)}, readsAbsent},
		"silence that an earlier measure of the window saw, then zero": {EvidenceFacts{LastReadAt: daysAgo(300), LastReadMeasuredAt: daysAgo(60), Reads: count(0), WindowDays: ptr(7), ReadsMeasuredAt: daysAgo(1)}, readsAbsent},
		"silence as long as the window":                                {EvidenceFacts{LastReadAt: daysAgo(100), ReadsMeasuredAt: daysAgo(10)}, readsAbsent},
		"silence a day shorter":                                        {EvidenceFacts{LastReadAt: daysAgo(99), ReadsMeasuredAt: daysAgo(10)}, readsUnknown},
		"silence seen too early":                                       {EvidenceFacts{LastReadAt: daysAgo(400), ReadsMeasuredAt: daysAgo(91)}, readsUnknown},
		"reads before the window, silence not long enough":             {EvidenceFacts{LastReadAt: daysAgo(95), Reads: count(9), WindowDays: ptr(90), ReadsMeasuredAt: daysAgo(60)}, readsUnknown},
		"a last read that cannot be true is set aside":                 {EvidenceFacts{LastReadAt: daysAgo(-50), Reads: count(9), WindowDays: ptr(90), ReadsMeasuredAt: daysAgo(1)}, readsPresent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.evidence.readsOn(dayOf(judgedOn), DefaultThresholds()); got != c.want {
				t.Errorf("reads = %d, want %d (unknown 0, absent 1, present 2)", got, c.want)
			}
		})
	}
}

// TestWindowOfTheWorkspace: the same measure proves more or less as the window changes.
func TestWindowOfTheWorkspace(t *testing.T) {
	t.Parallel()
	e := EvidenceFacts{Reads: count(0), WindowDays: ptr(90), ReadsMeasuredAt: daysAgo(40)}
	for window, want := range map[int]readState{30: readsUnknown, 39: readsUnknown, 40: readsAbsent, 90: readsAbsent, 91: readsUnknown} {
		th := DefaultThresholds()
		th.WindowDays = window
		if got := e.readsOn(dayOf(judgedOn), th); got != want {
			t.Errorf("window of %d days: reads = %d, want %d", window, got, want)
		}
	}
}

// TestNotMeasuredIsNotZero compares the two where it matters most: a field that a live program needs.
func TestNotMeasuredIsNotZero(t *testing.T) {
	t.Parallel()
	f := FieldFacts{Class: ClassPersonal, Links: []LinkFact{{LinkEssential, &ProgramFacts{Status: ProgramLive}}},
		Mappings: []MappingFact{{MappingApproved, &PurposeFacts{State: PurposeInForce, NeedsProgram: true}}}}
	if got, want := Judge(&f, DefaultThresholds(), judgedOn), (Finding{VerdictKeep, true, true, WhyProgram, 0, 0}); got != want {
		t.Errorf("not measured: %+v, want %+v", got, want)
	}
	f.Evidence = EvidenceFacts{Reads: count(0), WindowDays: ptr(90), ReadsMeasuredAt: daysAgo(0)}
	if got, want := Judge(&f, DefaultThresholds(), judgedOn), (Finding{VerdictDormant, true, false, WhyContradicted, FlagNeverRead, 0}); got != want {
		t.Errorf("zero: %+v, want %+v", got, want)
	}
}

func TestEvidenceGrade(t *testing.T) {
	t.Parallel()
	reads := func(n int64, days int, measured, last *time.Time) EvidenceFacts {
		return EvidenceFacts{Reads: &n, WindowDays: &days, ReadsMeasuredAt: measured, LastReadAt: last}
	}
	for name, c := range map[string]struct {
		evidence EvidenceFacts
		want     Grade
	}{
		"not measured":                           {EvidenceFacts{}, GradeNotMeasured},
		"measured for too short a time":          {reads(0, 30, daysAgo(0), nil), GradeNotMeasured},
		"measured too long ago":                  {reads(5000, 90, daysAgo(91), nil), GradeNotMeasured},
		"measured a window ago":                  {reads(5000, 90, daysAgo(90), daysAgo(1)), GradeVeryStrong},
		"never read":                             {reads(0, 90, daysAgo(0), nil), GradeNone},
		"9 reads":                                {reads(9, 90, daysAgo(0), daysAgo(1)), GradeWeak},
		"10 reads":                               {reads(10, 90, daysAgo(0), daysAgo(80)), GradeMedium},
		"99 reads":                               {reads(99, 90, daysAgo(0), daysAgo(1)), GradeMedium},
		"100 reads, last 30 days ago":            {reads(100, 90, daysAgo(0), daysAgo(30)), GradeStrong},
		"100 reads, last 31 days ago":            {reads(100, 90, daysAgo(0), daysAgo(31)), GradeMedium},
		"999 reads, today":                       {reads(999, 90, daysAgo(0), daysAgo(0)), GradeStrong},
		"1,000 reads, last 7 days ago":           {reads(1000, 90, daysAgo(0), daysAgo(7)), GradeVeryStrong},
		"1,000 reads, last 8 days ago":           {reads(1000, 90, daysAgo(0), daysAgo(8)), GradeStrong},
		"1,000 reads in a week":                  {reads(1000, 7, daysAgo(0), daysAgo(0)), GradeVeryStrong},
		"many reads, last not dated":             {reads(100_000, 90, daysAgo(0), nil), GradeStrong},
		"many reads, not dated, month-old count": {reads(100_000, 90, daysAgo(31), nil), GradeMedium},
		"a year of reads, scaled to 1,000":       {reads(4056, 365, daysAgo(0), daysAgo(0)), GradeVeryStrong},
		"a year of reads, scaled to 999":         {reads(4055, 365, daysAgo(0), daysAgo(0)), GradeStrong},
		"a year of reads, last not dated":        {reads(1_000_000, 365, daysAgo(0), nil), GradeMedium},
		"last read known, count not":             {EvidenceFacts{LastReadAt: daysAgo(1)}, GradeWeak},
		"last read known, count too old":         {reads(5000, 90, daysAgo(91), daysAgo(1)), GradeWeak},
		"reads counted since the last read known": {EvidenceFacts{Reads: count(50), WindowDays: ptr(90), ReadsMeasuredAt: daysAgo(10),
			LastReadAt: daysAgo(274), LastReadMeasuredAt: daysAgo(182)}, GradeMedium},
		"count over no known time": {EvidenceFacts{Reads: count(5000), ReadsMeasuredAt: daysAgo(0)}, GradeWeak},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := EvidenceGrade(&c.evidence, DefaultThresholds(), judgedOn); got != c.want {
				t.Errorf("grade = %s, want %s", got.Code(), c.want.Code())
			}
		})
	}
}

// TestGradesAreStored pins the numbers and names that the database and addresses keep.
func TestGradesAreStored(t *testing.T) {
	t.Parallel()
	codes := map[Grade]string{-1: "not_measured", 0: "none", 1: "weak", 2: "medium", 3: "strong", 4: "very_strong"}
	if len(Grades) != len(codes) {
		t.Errorf("%d grades, want %d", len(Grades), len(codes))
	}
	for g, code := range codes {
		if g.Code() != code {
			t.Errorf("grade %d = %q, want %q", g, g.Code(), code)
		}
	}
}

func TestFillRate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows, filled *int64
		want         float64
		known        bool
	}{
		"half":            {count(200), count(100), 0.5, true},
		"none filled":     {count(200), count(0), 0, true},
		"no row":          {count(0), count(0), 0, false},
		"rows unknown":    {nil, count(10), 0, false},
		"filled unknown":  {count(10), nil, 0, false},
		"nothing unknown": {count(10), count(10), 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, known := (&EvidenceFacts{RowCount: c.rows, NonNullCount: c.filled}).FillRate()
			if got != c.want || known != c.known {
				t.Errorf("fill rate = %v, %v, want %v, %v", got, known, c.want, c.known)
			}
		})
	}
}

func TestMeasured(t *testing.T) {
	t.Parallel()
	if (&EvidenceFacts{}).Measured() || (&EvidenceFacts{ReadsMeasuredAt: daysAgo(0), WindowDays: ptr(90)}).Measured() {
		t.Error("a date alone is no measure")
	}
	for name, e := range map[string]EvidenceFacts{
		"reads": {Reads: count(0)}, "last read": {LastReadAt: daysAgo(1)}, "last write": {LastWriteAt: daysAgo(1)},
		"rows": {RowCount: count(0)}, "filled": {NonNullCount: count(0)}, "distinct": {DistinctCount: count(0)},
	} {
		if !e.Measured() {
			t.Errorf("%s: not measured", name)
		}
	}
}
