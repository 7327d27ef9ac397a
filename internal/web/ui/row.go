package ui

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// The components of this file stand many times on a page, so they are written by hand: a template with a computed
// class costs some ten times as much. Everything that comes from outside is escaped.

// write writes parts one after the other.
func write(w io.Writer, parts ...string) error {
	for _, part := range parts {
		if _, err := io.WriteString(w, part); err != nil {
			return err
		}
	}
	return nil
}

func esc(s string) string { return templ.EscapeString(s) }

// svg is a component that is always the same.
type svg string

func (s svg) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, string(s))
	return err
}

// icons holds each icon ready to write.
var icons = func() map[string]svg {
	all := make(map[string]svg, len(iconPaths))
	for name, paths := range iconPaths {
		all[name] = svg(`<svg class="i" aria-hidden="true" viewBox="0 0 24 24" width="16" height="16">` + paths + `</svg>`)
	}
	return all
}()

// HasIcon says whether the kit draws an icon of that name.
func HasIcon(name string) bool { return icons[name] != "" }

func icon(name string) svg {
	drawn, ok := icons[name]
	if !ok && name != "" {
		return svg("⟦" + esc(name) + "⟧")
	}
	return drawn
}

// Icon draws an icon. It is decoration: a word says the same beside it. An empty name draws nothing; an unknown one shows
// as ⟦name⟧, so that it is seen.
func Icon(name string) templ.Component { return icon(name) }

// labelled is an icon and a word in a span.
type labelled struct{ class, kind, icon, text string }

func (l labelled) Render(_ context.Context, w io.Writer) error {
	return write(w, `<span class="`, l.class, l.kind, `">`, string(icon(l.icon)), `<span>`, esc(l.text), `</span></span>`)
}

// Badge is a state: an icon and a word on the colour of the state.
func Badge(kind Kind, icon, text string) templ.Component {
	return labelled{"badge b-", string(kind), icon, text}
}

// Flagged is a remark: an icon and a word in the colour of what it says, on no ground.
func Flagged(kind Kind, icon, text string) templ.Component {
	return labelled{"badge flag b-", string(kind), icon, text}
}

// Text makes a component of a plain text, for slots that take one.
func Text(s string) templ.Component { return plain(s) }

type plain string

func (p plain) Render(_ context.Context, w io.Writer) error { return write(w, esc(string(p))) }

// Tag is a name among others of its sort.
func Tag(text string) templ.Component { return tag(text) }

type tag string

func (t tag) Render(_ context.Context, w io.Writer) error {
	return write(w, `<span class="tag">`, esc(string(t)), `</span>`)
}

// Tags shows the first names of a list and how many are left out, which are read on hover.
func Tags(names []string, show int) templ.Component { return tags{names, show} }

type tags struct {
	names []string
	show  int
}

func (t tags) Render(ctx context.Context, w io.Writer) error {
	shown := t.names[:min(max(t.show, 0), len(t.names))]
	if err := write(w, `<span class="tags">`); err != nil {
		return err
	}
	for _, name := range shown {
		if err := tag(name).Render(ctx, w); err != nil {
			return err
		}
	}
	if left := t.names[len(shown):]; len(left) > 0 {
		err := write(w, `<span class="tag" title="`, esc(strings.Join(left, ", ")), `">+`, strconv.Itoa(len(left)), `</span>`)
		if err != nil {
			return err
		}
	}
	return write(w, `</span>`)
}

// Time writes an instant for people, with its machine form.
func Time(iso, text string) templ.Component { return instant{iso, text} }

type instant struct{ iso, text string }

func (t instant) Render(_ context.Context, w io.Writer) error {
	return write(w, `<time datetime="`, esc(t.iso), `">`, esc(t.text), `</time>`)
}

// Meter draws a share, in per cent. The figure is written beside it.
func Meter(percent int) templ.Component { return meter(clampPercent(percent)) }

type meter int

func (m meter) Render(_ context.Context, w io.Writer) error {
	return write(w, `<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">`+
		`<rect class="mt" width="100" height="6"></rect><rect class="mv" height="6" width="`, strconv.Itoa(int(m)), `"></rect></svg>`)
}

const grades = 4 // bars of a signal

// signals holds the drawing of each grade, after the one of what was never measured.
var signals = func() (drawn [grades + 2]string) {
	for i := range drawn {
		grade, class := i-1, "evx"
		if grade >= 0 {
			class = "ev" + strconv.Itoa(grade)
		}
		var b strings.Builder
		b.WriteString(`<span class="ev ` + class + `"><svg class="i sig" aria-hidden="true" viewBox="0 0 16 16" width="16" height="16">`)
		for bar := range grades {
			b.WriteString(`<rect` + when(bar >= grade, ` class="no"`) + ` x="` + strconv.Itoa(1+4*bar) + `" y="` + strconv.Itoa(10-3*bar) +
				`" width="2.6" height="` + strconv.Itoa(4+3*bar) + `" rx="1"></rect>`)
		}
		b.WriteString(`</svg>`)
		drawn[i] = b.String()
	}
	return drawn
}()

// Signal draws a grade of four bars, 0 to 4, and says it in words. A negative grade is one that was never measured: its
// bars are hollow, so that it is not taken for the lowest.
func Signal(grade int, text string) templ.Component {
	return signal{min(max(grade, -1), grades), text}
}

type signal struct {
	grade int
	text  string
}

func (s signal) Render(_ context.Context, w io.Writer) error {
	return write(w, signals[s.grade+1], `<span>`, esc(s.text), `</span></span>`)
}

// CellCheck is the cell that ticks a row.
func CellCheck(name, value, label string, checked bool) templ.Component {
	return cellCheck{name, value, label, checked}
}

type cellCheck struct {
	name, value, label string
	checked            bool
}

func (c cellCheck) Render(_ context.Context, w io.Writer) error {
	return write(w, `<td role="cell" class="c-chk"><label class="hit"><input class="chk" type="checkbox" name="`, esc(c.name), `" value="`,
		esc(c.value), `" aria-label="`, esc(c.label), `"`, when(c.checked, " checked"), `></label></td>`)
}

// CellName is the cell that names a row and leads to its page. code is the technical name; it may be empty.
func CellName(href, name, code string) templ.Component { return cellName{href, name, code} }

type cellName struct{ href, name, code string }

func (c cellName) Render(_ context.Context, w io.Writer) error {
	err := write(w, `<th role="rowheader" scope="row" class="c-field"><a class="link c-name" href="`, esc(c.href), `">`, esc(c.name), `</a>`)
	if err == nil && c.code != "" {
		err = write(w, `<span class="mono c-sub">`, esc(c.code), `</span>`)
	}
	if err != nil {
		return err
	}
	return write(w, `</th>`)
}

// CellTwo is a cell of two lines; the second may be empty.
func CellTwo(class, line, sub string) templ.Component { return cellTwo{class, line, sub} }

type cellTwo struct{ class, line, sub string }

func (c cellTwo) Render(_ context.Context, w io.Writer) error {
	err := write(w, `<td role="cell" class="`, esc(c.class), `"><span class="c-l1">`, esc(c.line), `</span>`)
	if err == nil && c.sub != "" {
		err = write(w, `<span class="c-sub">`, esc(c.sub), `</span>`)
	}
	if err != nil {
		return err
	}
	return write(w, `</td>`)
}

// Cell is a cell of one text.
func Cell(class, text string) templ.Component { return cell{class, text} }

type cell struct{ class, text string }

func (c cell) Render(_ context.Context, w io.Writer) error {
	return write(w, `<td role="cell" class="`, esc(c.class), `">`, esc(c.text), `</td>`)
}

// strokes write one after the other until one fails.
type strokes struct {
	w   io.Writer
	err error
}

func (s *strokes) add(parts ...string) {
	if s.err == nil {
		s.err = write(s.w, parts...)
	}
}

// attribute is an attribute of an element, nothing where its value is empty.
func attribute(name, value string) string {
	if value == "" {
		return ""
	}
	return " " + name + `="` + esc(value) + `"`
}

// Button sends the form it is in.
func Button(b ButtonSpec) templ.Component { return button(b) }

type button ButtonSpec

func (b button) Render(_ context.Context, w io.Writer) error {
	s := strokes{w: w}
	s.add(`<button class="`, ButtonSpec(b).class(), `"`)
	if b.Name != "" {
		s.add(` name="`, esc(b.Name), `" value="`, esc(b.Value), `"`)
	}
	s.add(attribute("formaction", b.Action), attribute("form", b.Form), attribute("data-key", b.Key), when(b.Disabled, " disabled"),
		when(b.NoCheck, " formnovalidate"), `>`)
	ButtonSpec(b).draw(&s)
	s.add(`</button>`)
	return s.err
}

// LinkButton is a link drawn as a button: it leads somewhere and changes nothing.
func LinkButton(b ButtonSpec) templ.Component { return linkButton(b) }

type linkButton ButtonSpec

func (b linkButton) Render(_ context.Context, w io.Writer) error {
	s := strokes{w: w}
	s.add(`<a class="`, ButtonSpec(b).class(), `" href="`, esc(b.Href), `"`, attribute("data-key", b.Key), when(b.Download, " download"), `>`)
	ButtonSpec(b).draw(&s)
	s.add(`</a>`)
	return s.err
}

// draw writes what is on the button: its icon and text, and the key that does the same.
func (b ButtonSpec) draw(s *strokes) {
	drawn := string(icon(b.Icon))
	s.add(when(!b.After, drawn), `<span`, when(b.IconOnly, ` class="vh"`), `>`, esc(b.Text), `</span>`, when(b.After, drawn))
	if b.Key != "" {
		s.add(` <kbd class="kbd" aria-hidden="true">`, esc(b.Key), `</kbd>`)
	}
}

// Table is a table whose children are its rows.
func Table(t TableSpec) templ.Component { return table(t) }

type table TableSpec

func (t table) Render(ctx context.Context, w io.Writer) error {
	s := strokes{w: w}
	s.add(`<div class="tablewrap`, when(t.Flat, " flat"), `" tabindex="0" role="region" aria-label="`, esc(t.Caption), `"><table class="table`,
		when(t.Stacked, " stacked"), when(t.Register, " reg-table"), when(t.Check == "", " nochk"), `" role="table"`, attribute("id", t.ID),
		attribute("data-density", t.Density), `><caption class="vh">`, esc(t.Caption), `</caption><thead role="rowgroup"><tr role="row">`)
	if t.Check != "" {
		s.add(`<th role="columnheader" scope="col" class="c-chk"><label class="hit"><input class="chk" type="checkbox" data-all aria-label="`,
			esc(t.Check), `"></label></th>`)
	}
	for _, h := range t.Headers {
		h.draw(&s)
	}
	s.add(`</tr></thead><tbody role="rowgroup">`)
	if s.err == nil {
		s.err = templ.GetChildren(ctx).Render(templ.ClearChildren(ctx), w)
	}
	s.add(`</tbody></table></div>`)
	return s.err
}

// draw writes the head of the column: a link that sorts by it where it can be sorted by.
func (h HeaderSpec) draw(s *strokes) {
	s.add(`<th role="columnheader" scope="col"`, attribute("class", h.Class), attribute("aria-sort", string(h.Order)), attribute("title", h.Long), `>`)
	if h.Href != "" {
		s.add(`<a class="sort" href="`, esc(h.Href), `">`, esc(h.Text), string(icon(sortIcons[h.Order])), `</a>`)
	} else {
		s.add(`<span`, when(h.Hidden, ` class="vh"`), `>`, esc(h.Text), `</span>`)
	}
	s.add(`</th>`)
}

var sortIcons = map[Order]string{Ascending: "chevron-down", Descending: "chevron-up"}
