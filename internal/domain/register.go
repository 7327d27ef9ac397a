package domain

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// CellKind says what a column of a register holds, and so how it is aligned, formatted and exported.
type CellKind string

// The kinds of cells.
const (
	CellText    CellKind = "text"
	CellCode    CellKind = "code"    // technical name, monospace
	CellInt     CellKind = "int"     // whole number
	CellPercent CellKind = "percent" // share between 0 and 1
	CellDate    CellKind = "date"    // day
	CellTime    CellKind = "time"    // moment
	CellBool    CellKind = "bool"    // yes or no
	CellEnum    CellKind = "enum"    // code whose word is the message Enum + "." + code
	CellEnums   CellKind = "enums"   // several such codes
	CellTexts   CellKind = "texts"   // several texts
	CellFacts   CellKind = "facts"   // SourceFacts
)

// RegisterColumn is one column of a list and of its export.
type RegisterColumn struct {
	Key    string   // stable name: in URLs, in exports, in scripts
	Kind   CellKind // how it is shown
	Enum   string   // message prefix of an enum's words
	Hidden bool     // not shown until asked for; always in exports
	Fixed  bool     // cannot be hidden
	NoSort bool     // no order is offered on it
	Desc   bool     // the first click sorts from the largest
}

// RegisterFilter is one way to narrow a list.
type RegisterFilter struct {
	Key   string
	Enum  string // message prefix of its values' words; empty where values are names of things
	Facet bool   // offered beside the list, with counts
	Ref   bool   // values are ids (names are accepted too)
	// Values lists an enum's values in the order in which they are shown; empty means as found, most frequent first.
	Values []string
}

// Register describes a list: the same columns and filters in the browser, in exports and on the command line.
type Register struct {
	Name    string // plural noun: its path, its message prefix, its name in exports
	Columns []RegisterColumn
	Filters []RegisterFilter
	Sort    string // default order: a column key, with "-" before it for the largest first
	// NoArchive is true where nothing in the register can be archived.
	NoArchive bool
}

// Column returns the column of that key.
func (r Register) Column(key string) (RegisterColumn, bool) {
	i := slices.IndexFunc(r.Columns, func(c RegisterColumn) bool { return c.Key == key })
	if i < 0 {
		return RegisterColumn{}, false
	}
	return r.Columns[i], true
}

// Filter returns the filter of that key.
func (r Register) Filter(key string) (RegisterFilter, bool) {
	i := slices.IndexFunc(r.Filters, func(f RegisterFilter) bool { return f.Key == key })
	if i < 0 {
		return RegisterFilter{}, false
	}
	return r.Filters[i], true
}

// FilterNone is the filter value for records that have nothing there: no owner, no program, no category.
const FilterNone = "none"

// Page sizes of a list.
const (
	DefaultPageSize = 50
	MaxPageSize     = 200
)

// PageSizes are the sizes that a person may choose.
var PageSizes = []int{50, 100, 200}

// ListQuery is what a list's URL says: search, filters, order, columns and place.
type ListQuery struct {
	Q       string
	Filters map[string][]string // by filter key, values in the order given
	Sort    string              // column key, "-" first for descending; empty is the register's order
	Columns []string            // visible columns; empty is the register's default
	Size    int
	After   string // cursor: the rows behind it
	Before  string // cursor: the rows ahead of it
	At      int    // number of the first row shown, 1 for the first; only for the eye
	Strict  bool   // a name that a filter does not find is an error: nobody looks at the list that a script takes away
}

// ParseListQuery reads a list's URL. Unknown keys, columns and orders are left out: an old link still opens.
func ParseListQuery(r Register, values url.Values) ListQuery {
	q := ListQuery{Q: strings.TrimSpace(values.Get("q")), Filters: map[string][]string{}, Size: DefaultPageSize, At: 1}
	for _, f := range r.Filters {
		if v := splitList(values[f.Key]); len(v) > 0 {
			q.Filters[f.Key] = v
		}
	}
	if s := values.Get("sort"); s != "" {
		if c, ok := r.Column(strings.TrimPrefix(s, "-")); ok && !c.NoSort && s != r.Sort {
			q.Sort = s
		}
	}
	for _, key := range splitList(values["col"]) {
		if _, ok := r.Column(key); ok {
			q.Columns = append(q.Columns, key)
		}
	}
	if n, err := strconv.Atoi(values.Get("n")); err == nil && n > 0 {
		q.Size = min(n, MaxPageSize)
	}
	if n, err := strconv.Atoi(values.Get("at")); err == nil && n > 1 {
		q.At = n
	}
	q.After, q.Before = values.Get("after"), values.Get("before")
	return q
}

// splitList accepts both repeated keys (as forms send them) and comma lists (as links write them).
func splitList(values []string) []string {
	var out []string
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" && !slices.Contains(out, part) {
				out = append(out, part)
			}
		}
	}
	return out
}

// ParseFilterText reads filters written for a script: "verdict=delete,dormant;application=Salesforce". A value between quotation
// marks may hold commas and semicolons; a mark in it is written twice. Unknown keys are problems here, and so are values that
// nothing has, because a script that filters by a misspelt word would take away the wrong list.
func ParseFilterText(r Register, text string) (ListQuery, error) {
	q := ListQuery{Filters: map[string][]string{}, Size: DefaultPageSize, At: 1, Strict: true}
	for _, part := range splitUnquoted(text, ';') {
		if part == "" {
			continue
		}
		key, value, found := strings.Cut(part, "=")
		key = strings.TrimSpace(key)
		if key == "q" && found {
			q.Q = unquoted(strings.TrimSpace(value))
			continue
		}
		f, known := r.Filter(key)
		if !found || !known {
			return q, Errorf(Invalid, "error.filter.unknown", "filter", part, "known", strings.Join(filterKeys(r), ", "))
		}
		for _, v := range splitUnquoted(value, ',') {
			if v = unquoted(v); v == "" || slices.Contains(q.Filters[key], v) {
				continue
			}
			if len(f.Values) > 0 && !slices.Contains(f.Values, v) && v != FilterNone {
				return q, Errorf(Invalid, "error.filter.value", "value", v, "filter", key, "known", strings.Join(f.Values, ", "))
			}
			q.Filters[key] = append(q.Filters[key], v)
		}
	}
	return q, nil
}

// splitUnquoted splits at a separator that does not stand between quotation marks, and trims the parts.
func splitUnquoted(text string, separator rune) []string {
	quoted := false
	parts := strings.FieldsFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == separator && !quoted
	})
	for i, part := range parts {
		parts[i] = strings.TrimSpace(part)
	}
	return parts
}

func unquoted(value string) string {
	if inside, ok := strings.CutPrefix(value, `"`); ok && strings.HasSuffix(inside, `"`) {
		return strings.ReplaceAll(strings.TrimSuffix(inside, `"`), `""`, `"`)
	}
	return value
}

func filterKeys(r Register) []string {
	keys := []string{"q"}
	for _, f := range r.Filters {
		keys = append(keys, f.Key)
	}
	return keys
}

// Values writes the query as a list's URL in a stable order, so that equal lists have equal addresses.
func (q ListQuery) Values(r Register) url.Values {
	v := url.Values{}
	set := func(key, value string) {
		if value != "" {
			v.Set(key, value)
		}
	}
	set("q", q.Q)
	for _, f := range r.Filters {
		set(f.Key, strings.Join(q.Filters[f.Key], ","))
	}
	set("sort", q.Sort)
	set("col", strings.Join(q.Columns, ","))
	if q.Size != 0 && q.Size != DefaultPageSize {
		v.Set("n", strconv.Itoa(q.Size))
	}
	set("after", q.After)
	set("before", q.Before)
	if (q.After != "" || q.Before != "") && q.At > 1 {
		v.Set("at", strconv.Itoa(q.At))
	}
	return v
}

// Query is Values as the part of an address behind "?", with commas left readable.
func (q ListQuery) Query(r Register) string {
	return strings.ReplaceAll(q.Values(r).Encode(), "%2C", ",")
}

// Narrow returns the query with one filter set to those values (none removes it), from the first page.
func (q ListQuery) Narrow(key string, values ...string) ListQuery {
	next := q.FirstPage()
	next.Filters = make(map[string][]string, len(q.Filters)+1)
	for k, v := range q.Filters {
		next.Filters[k] = v
	}
	if len(values) == 0 {
		delete(next.Filters, key)
	} else {
		next.Filters[key] = values
	}
	return next
}

// Ordered returns the query in another order, from the first page.
func (q ListQuery) Ordered(r Register, sort string) ListQuery {
	next := q.FirstPage()
	if next.Sort = sort; sort == r.Sort {
		next.Sort = ""
	}
	return next
}

// FirstPage returns the query without its place.
func (q ListQuery) FirstPage() ListQuery {
	q.After, q.Before, q.At = "", "", 1
	return q
}

// Filtered tells whether anything narrows the list.
func (q ListQuery) Filtered() bool { return q.Q != "" || len(q.Filters) > 0 }

// Order returns the key of the column that orders the list, and whether from the largest.
func (q ListQuery) Order(r Register) (key string, desc bool) {
	s := q.Sort
	if s == "" {
		s = r.Sort
	}
	return strings.TrimPrefix(s, "-"), strings.HasPrefix(s, "-")
}

// Visible returns the columns to show, in the register's order.
func (q ListQuery) Visible(r Register) []RegisterColumn {
	var out []RegisterColumn
	for _, c := range r.Columns {
		shown := !c.Hidden
		if len(q.Columns) > 0 {
			shown = c.Fixed || slices.Contains(q.Columns, c.Key)
		}
		if shown {
			out = append(out, c)
		}
	}
	return out
}

// Row is one line of a register: its id, whether it is archived, and its cells by the register's column keys.
type Row struct {
	ID       int64
	Archived bool
	Cells    map[string]any
}

// FacetValue is one value of a facet, with how many rows of the present list have it.
type FacetValue struct {
	Value string // what the URL says
	Label string // name, where the value is an id; empty for an enum
	N     int64
}

// Facet is one filter with its values and counts. Counts obey every other filter of the list.
type Facet struct {
	Filter RegisterFilter
	Values []FacetValue
}

// List is one page of a register.
type List struct {
	Rows   []Row
	Total  Count
	Next   string // cursor of the next page; empty on the last
	Prev   string // cursor of the page before; empty on the first
	Facets []Facet
}

// Count is a number of rows, exact or "at least".
type Count struct {
	N      int64
	Capped bool // there are more than N
}
