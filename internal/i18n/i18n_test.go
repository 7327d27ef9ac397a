package i18n

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]Language{
		"":                          Default,
		"fr-CA,fr;q=0.9":            French,
		"en-GB,en;q=0.8,fr;q=0.5":   English,
		"de,en;q=0.7":               English,
		"de":                        Default,
		"de;q=0.9,fr;q=0.1":         French,
		"en;q=banana":               Default,
		"*":                         Default,
		"en-US":                     English,
		"zh-Hans,en-AU;q=0.3,*;q=0": English,
	} {
		if got := Match(header); got != want {
			t.Errorf("Match(%q) = %q, want %q", header, got, want)
		}
	}
}

func TestUnknownLanguageBecomesDefault(t *testing.T) {
	t.Parallel()
	if got := Lang(WithLang(t.Context(), "xx")); got != Default {
		t.Errorf("Lang() = %q, want %q", got, Default)
	}
	if got := Lang(t.Context()); got != Default {
		t.Errorf("Lang() without a language = %q, want %q", got, Default)
	}
}

// testMessages compiles a catalogue for a test, which writes with it directly.
func testMessage(t *testing.T, value any) *message {
	t.Helper()
	m, err := compile(value)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMessages(t *testing.T) {
	t.Parallel()
	fields := testMessage(t, map[string]any{"one": "{n} champ", "other": "{n} champs", "many": "{n} de champs"})
	fieldsEN := testMessage(t, map[string]any{"one": "{n} field", "other": "{n} fields"})
	byTotal := testMessage(t, map[string]any{"by": "total", "one": "{n} sur {total} ligne", "other": "{n} sur {total} lignes"})
	type level string
	type count int16
	for name, c := range map[string]struct {
		m    *message
		lang Language
		args pairs
		want string
	}{
		"French zero is singular":     {fields, French, pairs{"n", 0}, "0 champ"},
		"French one":                  {fields, French, pairs{"n", 1}, "1 champ"},
		"French decimals under two":   {fields, French, pairs{"n", 1.5}, "1,5 champ"},
		"French two":                  {fields, French, pairs{"n", 2}, "2 champs"},
		"French thousands":            {fields, French, pairs{"n", 12480}, "12\u00a0480 champs"},
		"French million":              {fields, French, pairs{"n", 1_000_000}, "1\u00a0000\u00a0000 de champs"},
		"English zero is plural":      {fieldsEN, English, pairs{"n", 0}, "0 fields"},
		"English one":                 {fieldsEN, English, pairs{"n", int64(1)}, "1 field"},
		"English one point five":      {fieldsEN, English, pairs{"n", 1.5}, "1.5 fields"},
		"English thousands":           {fieldsEN, English, pairs{"n", uint32(12480)}, "12,480 fields"},
		"form chosen by another name": {byTotal, French, pairs{"n", 5, "total", 1}, "5 sur 1 ligne"},
		"a named type of int":         {fields, French, pairs{"n", count(1234)}, "1\u00a0234 champs"},
		"text is left as it is":       {testMessage(t, "Bonjour {name}"), French, pairs{"name", level("12480")}, "Bonjour 12480"},
		"a missing value shows":       {testMessage(t, "Bonjour {name}"), French, nil, "Bonjour ⟦{name}⟧"},
		"placeholder alone":           {testMessage(t, "{a}{b}"), French, pairs{"b", "2", "a", "1"}, "12"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.m.write(c.lang, c.args); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCompileRefusesWhatIsNoMessage(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"number":                 12,
		"unclosed placeholder":   "a {b",
		"empty placeholder":      "a {} b",
		"unknown form":           map[string]any{"one": "a", "other": "b", "lots": "c"},
		"only one form":          map[string]any{"one": "a"},
		"an unquoted dotted key": map[string]any{"title": map[string]any{"one": "a"}},
	} {
		if m, err := compile(value); err == nil {
			t.Errorf("%s: compiled to %+v", name, m)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	m := testMessage(t, map[string]any{"one": "Voir {n} ligne {where}", "other": "Voir {n} lignes {where}"})
	before, after := m.split(French, "n", pairs{"n", 2, "where", "ici"})
	if before != "Voir " || after != " lignes ici" {
		t.Errorf("split = %q, %q", before, after)
	}
	before, after = m.split(French, "nowhere", pairs{"n", 1, "where", "ici"})
	if before != "Voir 1 ligne ici" || after != "" {
		t.Errorf("split at nothing = %q, %q", before, after)
	}
}

func TestMissingKeyIsSeenAndCounted(t *testing.T) {
	t.Parallel()
	const key = "test.no_such_key"
	if got := T(t.Context(), key, "n", 1); got != "⟦"+key+"⟧" {
		t.Errorf("T() = %q", got)
	}
	if got := TArgs(t.Context(), key, nil); got != "⟦"+key+"⟧" {
		t.Errorf("TArgs() = %q", got)
	}
	if got := Missing()[key]; got != 2 {
		t.Errorf("Missing()[%q] = %d, want 2", key, got)
	}
	if Has(t.Context(), key) {
		t.Error("Has() = true")
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Skip("no time zone data on this machine")
	}
	late := time.Date(2026, 11, 18, 23, 40, 0, 0, time.UTC)
	first := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	type row struct{ FR, EN string }
	for name, c := range map[string]struct {
		write func(context.Context) string
		want  row
	}{
		"number":              {func(c context.Context) string { return Number(c, 1234567) }, row{"1\u00a0234\u00a0567", "1,234,567"}},
		"small number":        {func(c context.Context) string { return Number(c, 999) }, row{"999", "999"}},
		"negative":            {func(c context.Context) string { return Number(c, int64(-1234)) }, row{"−1\u00a0234", "−1,234"}},
		"decimal":             {func(c context.Context) string { return Decimal(c, 1203.5, 1) }, row{"1\u00a0203,5", "1,203.5"}},
		"negative decimal":    {func(c context.Context) string { return Decimal(c, -0.5, 1) }, row{"−0,5", "−0.5"}},
		"negative nothing":    {func(c context.Context) string { return Decimal(c, -0.01, 1) }, row{"0,0", "0.0"}},
		"percent":             {func(c context.Context) string { return Percent(c, 0.714) }, row{"71\u00a0%", "71%"}},
		"nearly none":         {func(c context.Context) string { return Percent(c, 0.001) }, row{"<\u00a01\u00a0%", "<\u00a01%"}},
		"nearly all":          {func(c context.Context) string { return Percent(c, 0.999) }, row{"99\u00a0%", "99%"}},
		"all":                 {func(c context.Context) string { return Percent(c, 1) }, row{"100\u00a0%", "100%"}},
		"bytes":               {func(c context.Context) string { return Bytes(c, 512) }, row{"512\u00a0o", "512\u00a0B"}},
		"megabytes":           {func(c context.Context) string { return Bytes(c, 3_420_000) }, row{"3,4\u00a0Mo", "3.4\u00a0MB"}},
		"nearly a unit":       {func(c context.Context) string { return Bytes(c, 999_900) }, row{"1\u00a0Mo", "1\u00a0MB"}},
		"date in zone":        {func(c context.Context) string { return Date(c, late) }, row{"19/11/2026", "19 Nov 2026"}},
		"date in text":        {func(c context.Context) string { return DateText(c, late) }, row{"19\u00a0nov.\u00a02026", "19\u00a0Nov\u00a02026"}},
		"first of month":      {func(c context.Context) string { return DayText(c, first) }, row{"1er\u00a0août\u00a02026", "1\u00a0Aug\u00a02026"}},
		"day":                 {func(c context.Context) string { return Day(c, late) }, row{"18/11/2026", "18 Nov 2026"}},
		"date and time":       {func(c context.Context) string { return DateTime(c, late) }, row{"19/11/2026\u00a000:40", "19 Nov 2026\u00a000:40"}},
		"time in text":        {func(c context.Context) string { return DateTimeText(c, late) }, row{"19\u00a0nov.\u00a02026, 00\u00a0h\u00a040", "19\u00a0Nov\u00a02026, 00:40"}},
		"time in tables, UTC": {func(c context.Context) string { return DateTime(WithZone(c, nil), late) }, row{"18/11/2026\u00a023:40\u00a0UTC", "18 Nov 2026\u00a023:40\u00a0UTC"}},
		"time in text, UTC":   {func(c context.Context) string { return DateTimeText(WithZone(c, nil), late) }, row{"18\u00a0nov.\u00a02026, 23\u00a0h\u00a040\u00a0UTC", "18\u00a0Nov\u00a02026, 23:40\u00a0UTC"}},
		"just now":            {func(c context.Context) string { return Relative(c, late, late.Add(time.Second)) }, row{"à l’instant", "just now"}},
		"hours ago":           {func(c context.Context) string { return Relative(c, late, late.Add(2*time.Hour+59*time.Minute)) }, row{"il y a 2\u00a0h", "2\u00a0h ago"}},
		"days ago":            {func(c context.Context) string { return Relative(c, late, late.AddDate(0, 0, 41)) }, row{"il y a 41\u00a0j", "41\u00a0d ago"}},
		"months ago":          {func(c context.Context) string { return Relative(c, late, late.AddDate(0, 14, 5)) }, row{"il y a 14\u00a0mois", "14\u00a0mo ago"}},
		"years ago":           {func(c context.Context) string { return Relative(c, late, late.AddDate(3, 1, 0)) }, row{"il y a 3\u00a0ans", "3\u00a0y ago"}},
		"in the future":       {func(c context.Context) string { return Relative(c, late, late.AddDate(0, 0, -3)) }, row{"dans 3\u00a0j", "in 3\u00a0d"}},
		"list of three":       {func(c context.Context) string { return List(c, []string{"a", "b", "c"}) }, row{"a, b et c", "a, b and c"}},
		"list of one":         {func(c context.Context) string { return List(c, []string{"a"}) }, row{"a", "a"}},
		"list of none":        {func(c context.Context) string { return List(c, nil) }, row{"", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := WithZone(t.Context(), paris)
			got := row{c.write(WithLang(ctx, French)), c.write(WithLang(ctx, English))}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseDay(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 11, 8, 0, 0, 0, 0, time.UTC)
	for _, text := range []string{"08/11/2026", "8/11/2026", "8.11.2026", "8-11-2026", "8 11 2026", "2026-11-08", "  08/11/2026 "} {
		if got, err := ParseDay(text); err != nil || !got.Equal(want) {
			t.Errorf("ParseDay(%q) = %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "31/02/2026", "11/18/2026", "tomorrow", "8/11/26"} {
		if got, err := ParseDay(text); err == nil {
			t.Errorf("ParseDay(%q) = %v, want an error", text, got)
		}
	}
	if back, err := ParseDay(DayInput(want)); err != nil || !back.Equal(want) {
		t.Errorf("a day does not survive its own box: %v, %v", back, err)
	}
}

func TestInitials(t *testing.T) {
	t.Parallel()
	for label, want := range map[string]string{"Étape du parcours": "étape du parcours", "NIR": "NIR", "à classer": "à classer", "": "", "A": "a"} {
		if got := Lower(label); got != want {
			t.Errorf("Lower(%q) = %q, want %q", label, got, want)
		}
	}
}

func BenchmarkPlainKey(b *testing.B) {
	ctx := context.WithValue(WithLang(b.Context(), English), zoneKey, time.UTC)
	T(ctx, "time.now")
	b.ReportAllocs()
	for b.Loop() {
		T(ctx, "time.now")
	}
}

func BenchmarkPluralKey(b *testing.B) {
	ctx := WithLang(b.Context(), French)
	b.ReportAllocs()
	for b.Loop() {
		T(ctx, "time.years", "n", 12480)
	}
}
