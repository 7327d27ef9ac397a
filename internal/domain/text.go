package domain

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of what people write, in characters.
const (
	MaxName = 200
	MaxText = 4000
)

// CleanLine trims a one-line text and folds its inner white space. Control characters are for Problems to refuse.
func CleanLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// CleanList trims, drops empty and repeated texts, and keeps the order.
func CleanList(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		if s = CleanLine(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// Line checks a one-line text: required or not, at most so many characters, none that hides or reorders others.
func (p *Problems) Line(field, value string, required bool, most int) {
	switch {
	case required && strings.TrimFunc(value, unseen) == "":
		p.Add(field, "error.required")
	case utf8.RuneCountInString(value) > most:
		p.Add(field, "error.too_long", "most", most)
	case !utf8.ValidString(value) || strings.ContainsFunc(value, deceptive):
		p.Add(field, "error.characters")
	}
}

// Text checks a text of several lines.
func (p *Problems) Text(field, value string, most int) {
	switch {
	case utf8.RuneCountInString(value) > most:
		p.Add(field, "error.too_long", "most", most)
	case !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r != '\n' && r != '\r' && r != '\t' && deceptive(r) }):
		p.Add(field, "error.characters")
	}
}

// List checks a list of short texts.
func (p *Problems) List(field string, values []string) {
	if len(values) > 100 {
		p.Add(field, "error.too_many", "most", 100)
	}
	for _, v := range values {
		p.Line(field, v, false, MaxName)
	}
}

// OneOf checks that a value is among those known.
func (p *Problems) OneOf(field, value string, known ...string) {
	if !slices.Contains(known, value) {
		p.Add(field, "error.choice")
	}
}

// Order checks that a period does not end before it starts.
func (p *Problems) Order(field string, start, end *time.Time) {
	if start != nil && end != nil && end.Before(*start) {
		p.Add(field, "error.date.order")
	}
}

// deceptive tells of a character that is invisible or changes the direction of what follows.
func deceptive(r rune) bool {
	return unicode.IsControl(r) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069)
}

// unseen tells of a character that leaves no mark by itself. Some join letters or signs, so they may stand in a text; they are
// none alone.
func unseen(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Mn, unicode.Cc) || strings.ContainsRune("\u115f\u1160\u2800\u3164\uffa0", r)
}

// Day is the start of the day of t in UTC, whatever zone t is told in: dates without a time are kept so.
func Day(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// rowName is how the boxes of a repeated row of a form are called: name.0. and then the box.
func rowName(list string, n int) string { return list + "." + strconv.Itoa(n) + "." }

// maxRows is how many rows a repeated part of a form may have.
const maxRows = 100

// most checks how many rows there are.
func (p *Problems) most(list string, n int) {
	if n > maxRows {
		p.Add(list, "error.too_many", "most", maxRows)
	}
}

// dayText checks a day that is kept as text: 2026-12-31, or nothing.
func (p *Problems) dayText(field, value string) {
	if value == "" {
		return
	}
	if t, err := time.Parse(time.DateOnly, value); err != nil || t.Year() < 1900 || t.Year() >= 2200 {
		p.Add(field, "error.date")
	}
}

func oneOf(list []string, value string) bool { return slices.Contains(list, value) }
