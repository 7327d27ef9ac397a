package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/schema"

	"utile/internal/domain"
)

var decoder = func() *schema.Decoder {
	d := schema.NewDecoder()
	d.SetAliasTag("form")
	d.IgnoreUnknownKeys(true)
	d.ZeroEmpty(true)
	d.MaxSize(5000)
	return d
}()

// decode reads a submitted form into F by its form tags. It reads the body only, never the address. A value of the
// wrong kind becomes a problem of its field, returned with what could be read.
func decode[F any](r *http.Request) (F, domain.Problems, error) {
	var f F
	if err := r.ParseForm(); err != nil {
		return f, nil, formError(err)
	}
	err := decoder.Decode(&f, r.PostForm)
	multi, ok := errors.AsType[schema.MultiError](err)
	if err != nil && !ok {
		return f, nil, formError(err)
	}
	var p domain.Problems
	for field := range multi {
		p.Add(field, "error.format")
	}
	return f, p, nil
}

func formError(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return err
	}
	return domain.Errorf(domain.Invalid, "error.form")
}

// withProblems is the problems of a form together with those of an error; ok is false where the error is about something else.
func withProblems(p domain.Problems, err error) (domain.Problems, bool) {
	if err == nil {
		return p, len(p) > 0
	}
	more, ok := formProblems(err)
	if ok {
		p.Merge(more)
	}
	return p, ok
}

// parseDay reads a day as people type it: 2026-11-18 in any language, 18/11/2026 or 18.11.2026.
func parseDay(text string) (*time.Time, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, true
	}
	for _, layout := range []string{"2006-01-02", "02/01/2006", "2/1/2006", "02.01.2006", "2.1.2006", "02-01-2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return &t, t.Year() >= 1900 && t.Year() < 2200
		}
	}
	return nil, false
}

// day reads a date field of a form and notes a problem where it is none.
func day(p *domain.Problems, field, text string) *time.Time {
	t, ok := parseDay(text)
	if !ok {
		p.Add(field, "error.date")
	}
	return t
}

// dayText is day for a day that is kept as text: 2026-12-31.
func dayText(p *domain.Problems, field, text string) string { return isoDay(day(p, field, text)) }

// typedDayText writes such a day as it is typed in a language.
func typedDayText(text string) string {
	t, ok := parseDay(text)
	if !ok {
		return text
	}
	return typedDay(t)
}

// several joins the ticked values of a list with what was typed under "other", which may name several, one per line or comma.
func several(ticked []string, other string) []string {
	typed := strings.FieldsFunc(other, func(r rune) bool { return r == '\n' || r == ',' || r == ';' })
	return domain.CleanList(append(append([]string{}, ticked...), typed...))
}

// isoDay writes a day for a date input; empty for none.
func isoDay(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format("2006-01-02")
}
