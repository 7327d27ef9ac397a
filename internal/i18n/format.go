package i18n

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// nbsp keeps a figure and what belongs to it on one line. The narrow space that French typography would ask between
// thousands is missing from the typeface and vanishes between tabular figures, so the plain one is used.
const nbsp = "\u00a0"

// display is how an argument is written inside a message: numbers as the language writes them, anything else as it is.
func display(lang Language, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return integer(lang, int64(v))
	case int64:
		return integer(lang, v)
	case time.Time:
		return dayText(lang, v)
	case fmt.Stringer:
		return v.String()
	}
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return integer(lang, r.Int())
	case r.CanUint():
		return integer(lang, int64(min(r.Uint(), math.MaxInt64)))
	case r.CanFloat():
		return decimal(lang, r.Float(), -1)
	case r.Kind() == reflect.String:
		return r.String()
	}
	return fmt.Sprint(v)
}

// operands splits a number for the plural rules: its whole part, its visible fraction and the length of that fraction.
func operands(v any) (whole, fraction, digits int, ok bool) {
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return clamp(math.Abs(float64(r.Int()))), 0, 0, true
	case r.CanUint():
		return clamp(float64(r.Uint())), 0, 0, true
	case r.CanFloat():
		text := strconv.FormatFloat(math.Abs(round(r.Float())), 'f', -1, 64)
		w, f, _ := strings.Cut(text, ".")
		whole, _ = strconv.Atoi(w)
		fraction, _ = strconv.Atoi("0" + f)
		return whole, fraction, len(f), true
	}
	return 0, 0, 0, false
}

func clamp(f float64) int { return int(min(f, math.MaxInt32)) }

func round(f float64) float64 { return math.Round(f*100) / 100 }

func integer(lang Language, n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	if len(digits) <= 3 {
		return sign + digits
	}
	separator := ","
	if lang == French {
		separator = nbsp
	}
	var b strings.Builder
	b.Grow(len(sign) + len(digits) + len(digits)/3*len(separator))
	b.WriteString(sign)
	first := len(digits) % 3
	b.WriteString(digits[:first])
	for i := first; i < len(digits); i += 3 {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(digits[i : i+3])
	}
	return b.String()
}

// decimal writes a number with exactly so many decimals, or with up to two when decimals is negative.
func decimal(lang Language, f float64, decimals int) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "–"
	}
	if decimals < 0 {
		f = round(f)
	}
	text := strconv.FormatFloat(math.Abs(f), 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return text
	}
	out := integer(lang, n)
	if f < 0 && strings.Trim(text, "0.") != "" {
		out = "−" + out
	}
	if fraction == "" {
		return out
	}
	if lang == French {
		return out + "," + fraction
	}
	return out + "." + fraction
}

// Number writes a count: 12 480 in French, 12,480 in English.
func Number[N ~int | ~int32 | ~int64](ctx context.Context, n N) string {
	return integer(Lang(ctx), int64(n))
}

// Decimal writes a number with a fixed count of decimals: 3,5 in French, 3.5 in English.
func Decimal(ctx context.Context, f float64, decimals int) string {
	return decimal(Lang(ctx), f, decimals)
}

// Percent writes a ratio (0.71 is 71 %) without decimals. A ratio that is not quite none or not quite all never rounds
// to 0 or 100: it is written as under 1 % or 99 %.
func Percent(ctx context.Context, ratio float64) string {
	p := math.Round(ratio * 100)
	switch {
	case math.IsNaN(ratio) || math.IsInf(ratio, 0):
		return "–"
	case p == 0 && ratio > 0:
		return "<" + nbsp + percent(Lang(ctx), "1")
	case p == 100 && ratio < 1:
		p = 99
	}
	return percent(Lang(ctx), integer(Lang(ctx), int64(p)))
}

func percent(lang Language, figure string) string {
	if lang == French {
		return figure + nbsp + "%"
	}
	return figure + "%"
}

// Bytes writes a size with a decimal unit: 3,4 Mo in French, 3.4 MB in English.
func Bytes(ctx context.Context, n int64) string {
	lang := Lang(ctx)
	units := [...]string{"B", "kB", "MB", "GB", "TB"}
	if lang == French {
		units = [...]string{"o", "ko", "Mo", "Go", "To"}
	}
	if n < 1000 {
		return integer(lang, n) + nbsp + units[0]
	}
	size, unit := float64(n), 0
	for size >= 999.5 && unit < len(units)-1 {
		size /= 1000
		unit++
	}
	if size < 10 {
		return decimal(lang, math.Round(size*10)/10, -1) + nbsp + units[unit]
	}
	return integer(lang, int64(math.Round(size))) + nbsp + units[unit]
}

var months = map[Language][12]string{
	French:  {"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
	English: {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
}

func dayText(lang Language, t time.Time) string {
	day := strconv.Itoa(t.Day())
	if lang == French && t.Day() == 1 {
		day = "1er"
	}
	return day + nbsp + months[lang][t.Month()-1] + nbsp + strconv.Itoa(t.Year())
}

func dayTable(lang Language, t time.Time) string {
	if lang == French {
		return t.Format("02/01/2006")
	}
	return t.Format("2 Jan 2006")
}

// Date writes the day of an instant, in the zone of the context, the way tables show it: 18/11/2026, 18 Nov 2026.
func Date(ctx context.Context, t time.Time) string { return dayTable(Lang(ctx), t.In(Zone(ctx))) }

// DateText is Date the way sentences show it: 18 nov. 2026, 18 Nov 2026.
func DateText(ctx context.Context, t time.Time) string { return dayText(Lang(ctx), t.In(Zone(ctx))) }

// Day writes a calendar day, which no zone shifts, the way tables show it.
func Day(ctx context.Context, t time.Time) string { return dayTable(Lang(ctx), t) }

// DayText writes a calendar day, which no zone shifts, the way sentences show it.
func DayText(ctx context.Context, t time.Time) string { return dayText(Lang(ctx), t) }

// Clock writes the time of day of an instant for tables, in the zone of the context: 16:40, or 16:40 UTC.
func Clock(ctx context.Context, t time.Time) string {
	return t.In(Zone(ctx)).Format("15:04") + zoneText(ctx)
}

// zoneText says of a time of day that it is in UTC: whoever reads it lives by another clock.
func zoneText(ctx context.Context) string {
	if Zone(ctx) == time.UTC {
		return nbsp + "UTC"
	}
	return ""
}

// DateTime writes the day and the time of an instant for tables: 18/11/2026 16:40.
func DateTime(ctx context.Context, t time.Time) string {
	return Date(ctx, t) + nbsp + Clock(ctx, t)
}

// DateTimeText writes the day and the time of an instant for sentences: 18 nov. 2026, 16 h 40 or 18 Nov 2026, 16:40.
func DateTimeText(ctx context.Context, t time.Time) string {
	t = t.In(Zone(ctx))
	if Lang(ctx) == French {
		return dayText(French, t) + ", " + t.Format("15") + nbsp + "h" + nbsp + t.Format("04") + zoneText(ctx)
	}
	return dayText(English, t) + ", " + t.Format("15:04") + zoneText(ctx)
}

// DayInput writes a calendar day the way a date box shows it: 18/11/2026 in both languages, since a month that comes
// first is never meant.
func DayInput(t time.Time) string { return t.Format("02/01/2006") }

// ParseDay reads a calendar day as a person types it: day, month, year with slashes, dots, dashes or spaces, or ISO
// 2026-11-18. The result is midnight UTC.
func ParseDay(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	plain := strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || unicode.IsSpace(r) {
			return '/'
		}
		return r
	}, text)
	t, err := time.Parse("2/1/2006", plain)
	if err != nil {
		return time.Time{}, fmt.Errorf("parse day %q: %w", text, err)
	}
	return t, nil
}

const (
	dayLength   = 24 * time.Hour
	monthLength = dayLength * 365 / 12
	yearLength  = dayLength * 365
)

// Relative writes how far an instant is from now: il y a 3 j, 3 d ago; dans 2 h, in 2 h.
func Relative(ctx context.Context, t, now time.Time) string {
	gap := now.Sub(t)
	past := gap >= 0
	if !past {
		gap = -gap
	}
	if gap < time.Minute {
		return T(ctx, "time.now")
	}
	span := Span(ctx, gap)
	if past {
		return T(ctx, "time.ago", "span", span)
	}
	return T(ctx, "time.in", "span", span)
}

// Span writes a length of time with its largest unit, rounded down: 45 min, 3 h, 14 mois.
func Span(ctx context.Context, d time.Duration) string {
	switch {
	case d < time.Hour:
		return T(ctx, "time.minutes", "n", int(max(d/time.Minute, 1)))
	case d < dayLength:
		return T(ctx, "time.hours", "n", int(d/time.Hour))
	case d < 2*monthLength:
		return T(ctx, "time.days", "n", int(d/dayLength))
	case d < 2*yearLength:
		return T(ctx, "time.months", "n", int(d/monthLength))
	}
	return T(ctx, "time.years", "n", int(d/yearLength))
}

// List joins words into a sentence: a, b et c; a, b and c.
func List(ctx context.Context, items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return T(ctx, "list.last", "before", strings.Join(items[:last], ", "), "last", items[last])
}

// Lower gives a label the initial that it has inside a sentence. An acronym keeps its capitals.
func Lower(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	second, _ := utf8.DecodeRuneInString(s[size:])
	if size == 0 || unicode.IsUpper(first) && unicode.IsUpper(second) {
		return s
	}
	return string(unicode.ToLower(first)) + s[size:]
}
