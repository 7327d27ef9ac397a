// Package ui is the component kit of the pages: layout, forms, tables, messages and charts as plain HTML that works
// without script. It knows no noun of the product: callers pass texts, addresses and states that are ready to show, so
// that a row of a long list costs no look-up here.
//
// A component that takes more than a few words takes one struct named after it with the suffix Spec. Every text is
// escaped. The pages' policy forbids inline styles and scripts, so sizes in charts are SVG attributes.
package ui

// Kind is the status that a colour stands for. It never stands alone: an icon and a word go with it.
type Kind string

// The kinds, in the order in which charts stack them.
const (
	OK      Kind = "ok"
	Info    Kind = "info"
	Review  Kind = "review"
	Warn    Kind = "warn"
	Danger  Kind = "danger"
	Neutral Kind = "neutral"
	Sens    Kind = "sens"
)

// Kinds returns every kind, in stacking order.
func Kinds() []Kind { return []Kind{OK, Info, Review, Warn, Danger, Neutral, Sens} }

// Link is a text that leads somewhere.
type Link struct {
	Href string
	Text string
	Icon string // optional
}

// Hidden is a value that a form sends without showing it.
type Hidden struct{ Name, Value string }

// Option is a choice in a list: what is sent and what is read.
type Option struct {
	Value    string
	Text     string
	Hint     string // shown under the text, where the component has room for it
	Icon     string
	Key      string // single-letter shortcut, shown beside the choice
	Group    string // options that follow each other with the same group are shown under it (Select only)
	Disabled bool
}

// when returns value if ok, else nothing.
func when(ok bool, value string) string {
	if ok {
		return value
	}
	return ""
}
