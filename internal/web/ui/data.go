package ui

import (
	"strconv"

	"github.com/a-h/templ"
)

// CardSpec describes a titled panel. Tight leaves no space around the content, for tables and lists.
type CardSpec struct {
	ID      string // of the title, for links to the panel
	Title   string
	Count   string
	Actions templ.Component
	Tight   bool
}

// Fact is a term and what is known about it. Value is used when Text is not enough.
type Fact struct {
	Term  string
	Text  string
	Note  string // follows the text, in grey
	Value templ.Component
	Wide  bool // takes the whole row
}

// EmptySpec describes a list with nothing in it: why it is empty and what to do next. Its children are the actions.
type EmptySpec struct {
	Icon    string
	Title   string
	Text    string
	Steps   []Step
	Filters []EmptyFilter
}

// EmptyFilter is a filter that leaves nothing, with what taking it away would give back.
type EmptyFilter struct {
	Text  string
	Href  string // this page without the filter
	Gives string // "412 résultats"
}

// Step is one stage of a task in several pages.
type Step struct {
	Text  string
	State StepState
	Href  string // only for steps that can be gone back to
	Note  string
}

// StepState says where a step stands.
type StepState string

// The states of a step.
const (
	StepTodo    StepState = "todo"
	StepCurrent StepState = "current"
	StepDone    StepState = "done"
	StepFailed  StepState = "failed"
)

func (s Step) icon() string {
	switch s.State {
	case StepDone:
		return "check"
	case StepFailed:
		return "x"
	case StepCurrent, StepTodo:
	}
	return ""
}

// PagerSpec describes the line under a list. An empty address is a page that does not exist.
type PagerSpec struct {
	Range string // "Lignes 1 à 50 sur 1 284"
	Prev  string
	Next  string
	Sizes []NavItem // how many rows a page may have
}

// Order is the direction in which a column sorts a list.
type Order string

// The orders, written as aria-sort wants them.
const (
	Unsorted   Order = ""
	Ascending  Order = "ascending"
	Descending Order = "descending"
)

// HeaderSpec describes the head of a column. Without an address it cannot be sorted by.
type HeaderSpec struct {
	Text   string
	Long   string // what the text stands for, read aloud and shown on hover when the text is shortened
	Href   string // the list sorted by this column, the other way round when it is already
	Order  Order
	Class  string // of the cells: c-field, c-num, c-status …
	Hidden bool   // the text is only read aloud
}

// TableSpec describes a table; its children are the rows. A Register turns into cards on a phone: its rows carry
// role="row", their cells role="cell" or "rowheader", and the classes c-chk, c-field, c-status and c-line say where each
// cell goes; a cell without one of these is left out of the card.
type TableSpec struct {
	Stacked  bool // on a phone every row becomes a block: for rows of few cells with much in them
	ID       string
	Caption  string
	Headers  []HeaderSpec
	Check    string // label of the box that ticks every row; no such column when empty
	Register bool
	Flat     bool // inside a card
	Density  string
}

// FacetSpec describes a group of filter choices.
type FacetSpec struct {
	Name    string // in the address
	Legend  string
	Options []FacetOption
	More    *Link // to the choices that are left out
	Radio   bool  // one choice at a time
}

// FacetOption is one filter choice and how many rows it would leave.
type FacetOption struct {
	Value   string
	Text    string
	Count   string
	None    bool // the count is zero
	Checked bool
}

// FacetsSpec describes the panel of filter choices, a form whose children are the facets. Values are the parts of the
// address that the form must keep.
type FacetsSpec struct {
	Action string
	Values []Hidden
}

// Chip is a filter in force and the address of the page without it.
type Chip struct {
	Text string
	Href string
}

// ChipsSpec describes the filters in force.
type ChipsSpec struct {
	Chips []Chip
	Clear string // the page without any filter; no such link when empty
}

// SearchSpec describes the search box of a list.
type SearchSpec struct {
	Action      string
	Name        string // "q" when empty
	Value       string
	Label       string
	Placeholder string
	Values      []Hidden // what the search keeps of the address
}

func (s SearchSpec) name() string {
	if s.Name == "" {
		return "q"
	}
	return s.Name
}

// ColumnsSpec describes the choice of what a list shows. The first column is always there.
type ColumnsSpec struct {
	Action  string
	Values  []Hidden
	Columns []ColumnOption
	Density string // "compact", "standard" or "comfort"
}

// ColumnOption is one column that a list can show.
type ColumnOption struct {
	Value string
	Text  string
	Shown bool
	Fixed bool
}

// BulkSpec describes the bar of actions on the ticked rows; its children are the buttons. It stands inside the form that
// holds the table.
type BulkSpec struct {
	One      string // "champ sélectionné"
	Other    string // "champs sélectionnés"
	TakeAll  string // "Prendre les 1 284 résultats"; no such button when empty
	AllTaken string // said instead of the count when every result is taken
	Untake   string // the list with nothing taken; with AllTaken
}

// TimelineItem is one thing that happened.
type TimelineItem struct {
	Icon    string
	Title   string
	Who     string
	When    string // written for people
	ISO     string // the same for machines
	Text    string
	Quote   string // what a person wrote
	Changes []Change
	Link    *Link
}

// Change is what a field was and what it became. An empty side was not there.
type Change struct{ Label, Before, After string }

// Segment is a part of a stacked bar.
type Segment struct {
	Kind  Kind
	Icon  string
	Value int
	Count string // the value as it is written
	Text  string
	Href  string // the rows that it counts
}

// BarSpec describes one stacked bar and its labels. Scale is the value that fills the whole width; the sum when zero.
type BarSpec struct {
	Title    string
	Href     string
	Note     string
	Segments []Segment
	Scale    int
}

// span is a segment laid out: percentages of the width, as SVG attributes want them.
type span struct{ Kind, X, Width string }

func (b BarSpec) scale() int {
	if b.Scale > 0 {
		return b.Scale
	}
	sum := 0
	for _, s := range b.Segments {
		sum += s.Value
	}
	return max(sum, 1)
}

// layout places the segments end to end. Every value above zero stays visible, however small.
func (b BarSpec) layout() []span {
	const least = 1.2 // per cent: what is seen on a phone, its outline taken off
	scale, x := float64(b.scale()), 0.0
	spans := make([]span, 0, len(b.Segments))
	for _, s := range b.Segments {
		if s.Value <= 0 {
			continue
		}
		w := min(max(100*float64(s.Value)/scale, least), 100-x)
		spans = append(spans, span{string(s.Kind), percentAttribute(x), percentAttribute(w)})
		x += w
	}
	return spans
}

func percentAttribute(p float64) string { return strconv.FormatFloat(p, 'f', 2, 64) + "%" }

func clampPercent(p int) int { return min(max(p, 0), 100) }

// SquareSpec describes two yes-or-no questions crossed. Cells[0] is the row of the first answer to the question asked
// down the side, Cells[i][0] the column of the first answer to the question asked along the top.
type SquareSpec struct {
	Caption string
	Columns [2]string
	Rows    [2]string
	Cells   [2][2]SquareCell
}

// SquareCell is one quarter of the square.
type SquareCell struct {
	Kind    Kind
	Icon    string
	Text    string
	Count   string
	Share   string // "34 %"
	Percent int    // the same, 0 to 100
	Href    string
}

// ProgressSpec describes work under way. A negative percentage is work whose length is not known.
type ProgressSpec struct {
	Label   string
	Text    string // "8 240 lignes sur 12 480"
	Percent int
}

// ConfirmSpec describes the page that states what an action will do before it is done. Its children come between the
// impacts and the buttons: fields that the action needs.
type ConfirmSpec struct {
	Title   string
	Text    string
	Impacts []Impact
	Action  string
	Values  []Hidden
	Submit  ButtonSpec
	Cancel  Link
	Typed   *InputSpec // what must be typed to go on, for what cannot be undone
}

// Impact is one consequence, with how bad it is.
type Impact struct {
	Kind Kind
	Text string
	Link *Link
}

// FigureSpec describes a number worth a look.
type FigureSpec struct {
	Count string
	Text  string
	Note  string
	Kind  Kind
	Icon  string
	Href  string
}

// MatrixSpec describes a table of rows against columns in which each cell is a choice; its children are the rows.
type MatrixSpec struct {
	ID      string
	Caption string
	Corner  string
	Heads   []MatrixHead
	Action  string
	Values  []Hidden
}

// MatrixHead is the head of a column, written upwards or wrapped.
type MatrixHead struct {
	Text string
	Note string
	Href string
}

// MatrixCell is one cell: a button that moves it to its next state. Level picks the drawing: "full", "half", "no" or
// empty.
type MatrixCell struct {
	Name  string
	Value string // what pressing it sends
	Level string
	Text  string // the state in words
	Label string // what the cell is about, read aloud before the state
	Mark  string // one letter, so that a copied table can be pasted in a sheet
	Fixed bool   // shown, not changed
}
