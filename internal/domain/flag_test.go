package domain

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestFlagBitsAreStored pins the bit of every flag: the database keeps them, so none may ever change.
func TestFlagBitsAreStored(t *testing.T) {
	t.Parallel()
	stored := map[string]FlagSet{
		"no_program": 1, "program_over": 2, "no_purpose": 4, "purpose_pending": 8, "purpose_refused": 16, "never_read": 32, "undeclared_use": 64,
		"empty": 128, "constant": 256, "stale": 512, "over_retention": 1024, "duplicate": 2048, "sensitive_ungrounded": 4096, "uncategorised": 8192,
	}
	named := map[string]FlagSet{
		"no_program": FlagNoProgram, "program_over": FlagProgramOver, "no_purpose": FlagNoPurpose, "purpose_pending": FlagPurposePending,
		"purpose_refused": FlagPurposeRefused, "never_read": FlagNeverRead, "undeclared_use": FlagUndeclaredUse, "empty": FlagEmpty,
		"constant": FlagConstant, "stale": FlagStale, "over_retention": FlagOverRetention, "duplicate": FlagDuplicate,
		"sensitive_ungrounded": FlagSensitiveUngrounded, "uncategorised": FlagUncategorised,
	}
	if diff := cmp.Diff(stored, named); diff != "" {
		t.Errorf("constants (-stored +named):\n%s", diff)
	}
	if len(FlagCodes()) != len(stored) {
		t.Errorf("%d codes, want %d", len(FlagCodes()), len(stored))
	}
	for code, bit := range stored {
		got, known := FlagByCode(code)
		if got != bit || !known {
			t.Errorf("FlagByCode(%q) = %d, %v, want %d", code, got, known, bit)
		}
		if diff := cmp.Diff([]string{code}, bit.Codes()); diff != "" {
			t.Errorf("Codes of %d (-want +got):\n%s", bit, diff)
		}
	}
	if _, known := FlagByCode("unknown"); known {
		t.Error("an unknown code is known")
	}
}

func TestFlagSet(t *testing.T) {
	t.Parallel()
	s := FlagUncategorised | FlagNoProgram | FlagEmpty
	if diff := cmp.Diff([]string{"no_program", "empty", "uncategorised"}, s.Codes()); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	if s.Len() != 3 || !s.Has(FlagEmpty|FlagNoProgram) || s.Has(FlagEmpty|FlagStale) || !s.Has(0) {
		t.Error("Len or Has is wrong")
	}
	if got := FlagSet(0).Codes(); got == nil || len(got) != 0 {
		t.Errorf("codes of the empty set = %#v, want an empty list", got)
	}
	all := FlagCodes()
	all[0] = "changed"
	if FlagCodes()[0] != "no_program" {
		t.Error("callers can change the codes")
	}
}

// TestMeasuredFlags: each border, for personal data and for a field that nobody has classified; never for what is exempt.
func TestMeasuredFlags(t *testing.T) {
	t.Parallel()
	filled := func(rows, filled int64) FieldFacts {
		return FieldFacts{Evidence: EvidenceFacts{RowCount: &rows, NonNullCount: &filled}}
	}
	values := func(filled, distinct *int64) FieldFacts {
		return FieldFacts{Evidence: EvidenceFacts{NonNullCount: filled, DistinctCount: distinct}}
	}
	written := func(last, measured *time.Time) FieldFacts {
		return FieldFacts{Evidence: EvidenceFacts{LastWriteAt: last, WriteMeasuredAt: measured}}
	}
	kept := func(months int, oldest time.Time) FieldFacts {
		return FieldFacts{Retention: FieldRetention{Dataset: rule(months), OldestRecordOn: &oldest}}
	}
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		facts FieldFacts
		want  FlagSet
	}{
		"5 % filled":                   {filled(1000, 50), 0},
		"under 5 % filled":             {filled(1000, 49), FlagEmpty},
		"nothing filled":               {filled(1000, 0), FlagEmpty},
		"no row":                       {filled(0, 0), 0},
		"rows not measured":            {values(count(0), nil), 0},
		"one value, 100 rows":          {values(count(100), count(1)), FlagConstant},
		"one value, 99 rows":           {values(count(99), count(1)), 0},
		"two values":                   {values(count(100), count(2)), 0},
		"no value":                     {values(count(100), count(0)), 0},
		"values not measured":          {values(count(100), nil), 0},
		"filled rows not measured":     {FieldFacts{Evidence: EvidenceFacts{RowCount: count(1000), DistinctCount: count(1)}}, 0},
		"written 730 days ago":         {written(daysAgo(730), daysAgo(0)), 0},
		"written 731 days ago":         {written(daysAgo(731), daysAgo(0)), FlagStale},
		"silence of 730 days, then":    {written(daysAgo(1000), daysAgo(270)), 0},
		"silence of 731 days, then":    {written(daysAgo(1001), daysAgo(270)), FlagStale},
		"write measure not dated":      {written(daysAgo(3000), nil), 0},
		"write never seen":             {written(nil, daysAgo(0)), 0},
		"write measure in the future":  {written(daysAgo(3000), daysAgo(-2)), 0},
		"36 months end today":          {kept(36, day(2023, 11, 23)), 0},
		"36 months ended yesterday":    {kept(36, day(2023, 11, 22)), FlagOverRetention},
		"36 months end tomorrow":       {kept(36, day(2023, 11, 24)), 0},
		"no month, today's record":     {kept(0, day(2026, 11, 23)), 0},
		"no month, yesterday's record": {kept(0, day(2026, 11, 22)), FlagOverRetention},
		"a rule, no date":              {FieldFacts{Retention: FieldRetention{Dataset: rule(1)}}, 0},
		"a date, no rule":              {FieldFacts{Retention: FieldRetention{OldestRecordOn: daysAgo(9000)}}, 0},
		"duplicate":                    {FieldFacts{HasDuplicate: true}, FlagDuplicate},
		"never read":                   {FieldFacts{Evidence: EvidenceFacts{Reads: count(0), WindowDays: ptr(90), ReadsMeasuredAt: daysAgo(0)}}, FlagNeverRead},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for class, others := range map[GDPRClass]FlagSet{
				ClassPersonal: FlagNoProgram | FlagNoPurpose, ClassUnclassified: FlagUncategorised, ClassNonPersonal: 0,
			} {
				f, want := c.facts, c.want|others
				f.Class = class
				if class == ClassNonPersonal {
					want = 0
				}
				if got := Judge(&f, DefaultThresholds(), judgedOn).Flags; got != want {
					t.Errorf("%s: flags %v, want %v", class, got.Codes(), want.Codes())
				}
			}
		})
	}
}

// TestFlagsFollowTheThresholds changes one threshold at a time.
func TestFlagsFollowTheThresholds(t *testing.T) {
	t.Parallel()
	f := FieldFacts{Class: ClassUnclassified, Evidence: EvidenceFacts{RowCount: count(1000), NonNullCount: count(50), DistinctCount: count(1),
		LastWriteAt: daysAgo(100), WriteMeasuredAt: daysAgo(0), Reads: count(0), WindowDays: ptr(30), ReadsMeasuredAt: daysAgo(0)}}
	for name, c := range map[string]struct {
		change func(*Thresholds)
		want   FlagSet
	}{
		"defaults":      {func(*Thresholds) {}, 0},
		"fill rate":     {func(th *Thresholds) { th.FillRateMin = 0.0501 }, FlagEmpty},
		"constant rows": {func(th *Thresholds) { th.ConstantMinRows = 50 }, FlagConstant},
		"stale days":    {func(th *Thresholds) { th.StaleDays = 99 }, FlagStale},
		"window":        {func(th *Thresholds) { th.WindowDays = 30 }, FlagNeverRead},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			th := DefaultThresholds()
			c.change(&th)
			if got, want := Judge(&f, th, judgedOn).Flags, c.want|FlagUncategorised; got != want {
				t.Errorf("flags %v, want %v", got.Codes(), want.Codes())
			}
		})
	}
}

func TestAddMonths(t *testing.T) {
	t.Parallel()
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		from   time.Time
		months int
		want   time.Time
	}{
		"none":                {day(2026, 1, 31), 0, day(2026, 1, 31)},
		"a month":             {day(2026, 1, 15), 1, day(2026, 2, 15)},
		"to a shorter month":  {day(2026, 1, 31), 1, day(2026, 2, 28)},
		"to a leap February":  {day(2027, 12, 31), 2, day(2028, 2, 29)},
		"from a leap day":     {day(2024, 2, 29), 12, day(2025, 2, 28)},
		"leap day, four year": {day(2024, 2, 29), 48, day(2028, 2, 29)},
		"over years":          {day(2023, 11, 30), 39, day(2027, 2, 28)},
		"to December":         {day(2026, 10, 31), 2, day(2026, 12, 31)},
		"a century":           {day(1926, 11, 23), 1200, day(2026, 11, 23)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := addMonths(c.from, c.months); !got.Equal(c.want) {
				t.Errorf("addMonths = %s, want %s", got.Format(time.DateOnly), c.want.Format(time.DateOnly))
			}
		})
	}
}

func TestFlagSentence(t *testing.T) {
	t.Parallel()
	today, week, year := *daysAgo(0), *daysAgo(7), *daysAgo(365)
	for name, c := range map[string]struct {
		flag  FlagSet
		facts FieldFacts
		key   string
		args  map[string]any
	}{
		"no flag":   {0, FieldFacts{}, "", nil},
		"two flags": {FlagEmpty | FlagStale, FieldFacts{}, "", nil},
		"no such":   {1 << 30, FieldFacts{}, "", nil},
		"never read, counted": {FlagNeverRead, FieldFacts{Evidence: EvidenceFacts{Reads: count(0), WindowDays: ptr(90), ReadsMeasuredAt: &today}},
			"flag.never_read.sentence", Args("n", 90, "measured", today)},
		"never read, last read known": {FlagNeverRead, FieldFacts{Evidence: EvidenceFacts{LastReadAt: &year, ReadsMeasuredAt: &today}},
			"flag.never_read.since", Args("last", year, "measured", today)},
		"never read, last read known by an earlier measure": {FlagNeverRead, FieldFacts{Evidence: EvidenceFacts{Reads: count(0), WindowDays: ptr(90), ReadsMeasuredAt: &today,
			LastReadAt: &year, LastReadMeasuredAt: &week}}, "flag.never_read.sentence", Args("n", 90, "measured", today)},
		"undeclared, counted": {FlagUndeclaredUse, FieldFacts{Evidence: EvidenceFacts{Reads: count(412), WindowDays: ptr(90), ReadsMeasuredAt: &week, LastReadAt: &week}},
			"flag.undeclared_use.sentence", Args("n", int64(412), "days", 90, "measured", week)},
		"undeclared, dated": {FlagUndeclaredUse, FieldFacts{Evidence: EvidenceFacts{Reads: count(412), WindowDays: ptr(90), ReadsMeasuredAt: &year, LastReadAt: &week}},
			"flag.undeclared_use.dated", Args("last", week)},
		"undeclared, over no known time": {FlagUndeclaredUse, FieldFacts{Evidence: EvidenceFacts{Reads: count(3), ReadsMeasuredAt: &week}},
			"flag.undeclared_use.counted", Args("n", int64(3), "measured", week)},
		"empty": {FlagEmpty, FieldFacts{Evidence: EvidenceFacts{RowCount: count(3000), NonNullCount: count(149)}},
			"flag.empty.sentence", Args("rate", 4.9, "least", 5.0)},
		"constant": {FlagConstant, FieldFacts{Evidence: EvidenceFacts{NonNullCount: count(5000)}},
			"flag.constant.sentence", Args("n", int64(5000))},
		"stale": {FlagStale, FieldFacts{Evidence: EvidenceFacts{LastWriteAt: &year, WriteMeasuredAt: &today}},
			"flag.stale.sentence", Args("last", year, "measured", today)},
		"over retention": {FlagOverRetention, FieldFacts{Retention: FieldRetention{Dataset: rule(36), OldestRecordOn: &year}},
			"flag.over_retention.sentence", Args("n", 36, "oldest", year)},
		"NIR":           {FlagSensitiveUngrounded, FieldFacts{Class: ClassNIR}, "flag.sensitive_ungrounded.nir", nil},
		"no program":    {FlagNoProgram, FieldFacts{}, "flag.no_program.sentence", nil},
		"uncategorised": {FlagUncategorised, FieldFacts{}, "flag.uncategorised.sentence", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, args := FlagSentence(c.flag, &c.facts, DefaultThresholds(), judgedOn)
			if key != c.key {
				t.Errorf("key = %q, want %q", key, c.key)
			}
			if diff := cmp.Diff(c.args, args); diff != "" {
				t.Errorf("args (-want +got):\n%s", diff)
			}
		})
	}
}
