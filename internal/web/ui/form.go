package ui

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"utile/internal/i18n"
)

// Field is what every form control has around it: a label above, a hint under the label, an error under the control.
type Field struct {
	Name      string
	ID        string // the name when empty; give one where a name comes twice on a page
	Label     string
	Hint      string
	Error     string // what is wrong with what was typed, as a sentence
	Optional  bool   // required is the rule, so the optional ones are marked
	Unmarked  bool   // optional without saying so: a box of many in a row that may be left out as a whole
	HideLabel bool   // the label is only read aloud, because something beside the control says it
}

func (f Field) id() string {
	if f.ID != "" {
		return f.ID
	}
	return f.Name
}

func (f Field) hintID() string  { return f.id() + "-hint" }
func (f Field) errorID() string { return f.id() + "-error" }

// describedBy names what a screen reader reads after the label: the error first.
func (f Field) describedBy() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.errorID())
	}
	if f.Hint != "" {
		ids = append(ids, f.hintID())
	}
	return strings.Join(ids, " ")
}

// Width is how wide a control is, which hints at how much is expected in it.
type Width string

// The widths of a control.
const (
	Full   Width = ""
	Short  Width = "w-short"  // a number, a code
	Medium Width = "w-medium" // a date, a name
)

// InputSpec describes a box of one line.
type InputSpec struct {
	Field
	Value        string
	Type         string // "text" when empty
	Width        Width
	Mono         bool // a technical name
	Autocomplete string
	InputMode    string
	MaxLength    int
	Suffix       string // a unit written after the box
	Suggestions  []string
	Autofocus    bool
	Disabled     bool
	ReadOnly     bool
}

func (s InputSpec) kind() string {
	if s.Type == "" {
		return "text"
	}
	return s.Type
}

// TextareaSpec describes a box of several lines. Phrases are ready answers: a button each, which adds its text to the
// box when there is script.
type TextareaSpec struct {
	Field
	Value     string
	Rows      int // 3 when zero
	MaxLength int
	Phrases   []string
	Mono      bool
	Autofocus bool
	ReadOnly  bool
}

func (s TextareaSpec) rows() int {
	if s.Rows == 0 {
		return 3
	}
	return s.Rows
}

// SelectSpec describes a choice of one in a list. Empty is the text of the choice of nothing; no such choice when empty.
type SelectSpec struct {
	Field
	Value    string
	Options  []Option
	Empty    string
	Width    Width
	Disabled bool
	Submit   bool // with script, a change sends the form at once
}

// CheckboxesSpec describes a choice of several. OtherName adds a box for what the list does not have.
type CheckboxesSpec struct {
	Field
	Values     []string
	Options    []Option
	OtherName  string
	OtherLabel string
	OtherValue string
	Columns    bool // short choices stand side by side
}

// RadiosSpec describes a choice of one, with a line that says what follows from each.
type RadiosSpec struct {
	Field
	Value   string
	Options []Option
	Plain   bool // without the box around the choices
}

// DateSpec describes a date typed in one box.
type DateSpec struct {
	Field
	Value    string // as typed
	Disabled bool
}

// CheckSpec describes a single yes or no.
type CheckSpec struct {
	Field
	Value   string // sent when ticked; "1" when empty
	Checked bool
}

func (s CheckSpec) value() string {
	if s.Value == "" {
		return "1"
	}
	return s.Value
}

// FileSpec describes a file to send. Accept lists suffixes (".csv,.xlsx").
type FileSpec struct {
	Field
	Accept   string
	Multiple bool
}

// ButtonSpec describes a button or a link that looks like one.
type ButtonSpec struct {
	Text     string
	Icon     string
	Variant  Variant
	Href     string // LinkButton only
	Name     string // Button only: what pressing it sends
	Value    string
	Action   string // Button only: sends its form elsewhere
	Form     string // Button only: id of the form that it sends
	Key      string // shortcut, drawn on the button
	Small    bool
	Block    bool
	Disabled bool
	IconOnly bool // the text is only read aloud
	Download bool // LinkButton only
	After    bool // the icon follows the text
	NoCheck  bool // sends the form without the browser's own checks
}

// SwapFormSpec describes a form that is answered in place.
type SwapFormSpec struct {
	Action string
	Class  string
}

// Variant is what a button stands for.
type Variant string

// The variants of a button: at most one Primary on a page's main form; DangerButton only for what removes or stops.
const (
	Plain        Variant = ""
	Primary      Variant = "btn-primary"
	DangerButton Variant = "btn-danger"
	Ghost        Variant = "btn-ghost"
)

func (b ButtonSpec) class() string {
	return strings.Join(slices.DeleteFunc([]string{
		"btn", string(b.Variant), when(b.Small, "sm"), when(b.Block, "block"), when(b.IconOnly, "icon"),
	}, func(s string) bool { return s == "" }), " ")
}

// RowsSpec describes a part of a form that repeats: its rows are the children, and the button that adds one sends the form
// with add set to the name of the part. Nothing is saved by it.
type RowsSpec struct {
	Field
	Add string // text of the button
}

// RowSpec is one row of such a part. Its children are its controls; Drop is the text of the button that takes it away.
type RowSpec struct {
	Name  string // of the part and the number of the row: recipients.0
	Title string
	Drop  string
}

// Problem is one thing wrong with a form, and the control that it is about.
type Problem struct {
	ID   string // of the control; empty for a sentence about the whole form, which then is the title
	Text string
}

// summaryTitle says what the list of problems is about.
func summaryTitle(ctx context.Context, problems []Problem) string {
	if problems[0].ID == "" {
		return problems[0].Text
	}
	return i18n.T(ctx, "ui.form.problems", "n", len(problems))
}

func itoa(n int) string { return strconv.Itoa(n) }

func oneOf(values []string, value string) bool { return slices.Contains(values, value) }

// grouped cuts options at each change of group, keeping their order.
func grouped(options []Option) (groups [][]Option) {
	for i, o := range options {
		if i == 0 || o.Group != options[i-1].Group {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], o)
	}
	return groups
}

// dateHint is the hint of a date box: how to type it, then what the page adds.
func dateHint(ctx context.Context, own string) string {
	how := i18n.T(ctx, "ui.date.hint")
	if own == "" {
		return how
	}
	return own + " " + how
}
