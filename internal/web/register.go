package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// registerSpec is what an area says of its list; everything else is the same for all lists.
type registerSpec struct {
	register domain.Register
	path     string                                               // last part of the list's path
	show     func(by domain.Actor, id int64) string               // page of a record; nil where a record has none
	add      domain.Action                                        // action that adds a record; empty where the list cannot add
	addPath  string                                               // form of a new record; path + "/new" when empty
	tone     map[string]tone                                      // by column key: how an enum's value is drawn
	empty    map[string]string                                    // by column key: the message for a cell that holds nothing and says something by it
	extra    func(ctx context.Context, by domain.Actor) []ui.Link // further actions of the page's head
	bulk     []bulkAction
}

// tone gives a code its colour and icon.
type tone func(code string) (ui.Kind, string)

// bulkAction is something that can be done with ticked rows.
type bulkAction struct {
	name   string // value of the button; its message is "bulk." + name
	icon   string
	action domain.Action // who may
	danger bool
}

// registerView is a list as its page shows it.
type registerView struct {
	shell    ui.Shell
	title    string
	lead     string
	count    string
	path     string // of the list, without query
	query    domain.ListQuery
	register domain.Register
	headers  []ui.HeaderSpec
	rows     []registerRow
	facets   []ui.FacetSpec
	chips    []ui.Chip
	columns  []ui.ColumnOption
	exports  []ui.Link
	add      *ui.Link
	extra    []ui.Link // further actions of the page's head
	pager    ui.PagerSpec
	kept     []ui.Hidden // what the filter form must carry along
	keptAll  []ui.Hidden // what the search and column forms must carry along: the filters too
	empty    string
	filtered bool
	views    []ui.NavItem
	viewForm saveViewForm
	bulk     *bulkView
}

// saveViewForm is the small form that saves the list as it is.
type saveViewForm struct {
	action, register, query string
	canShare                bool
	own                     []ui.Option // views that the visitor may remove
}

type registerRow struct {
	id       string
	href     string
	archived bool
	cells    []registerCell
}

type registerCell struct {
	text  string
	head  string // stands before the text on a phone, where columns have no headings
	class string
	code  bool
	badge ui.Kind
	icon  string
	tags  []string
}

// bulkView is the bar of actions on ticked rows.
type bulkView struct {
	action  string // where the form is sent
	bar     ui.BulkSpec
	buttons []ui.ButtonSpec
	query   string // the list's address, so that "all that match" can be found again
}

// facetShown is how many values of a facet are open to the eye at first.
const facetShown = 6

// showRegister answers with the page of a list.
func (s *Server) showRegister(w http.ResponseWriter, r *http.Request, spec registerSpec) error {
	by, q := actor(r), domain.ParseListQuery(spec.register, r.URL.Query())

	store.AskViews(r.Context(), spec.register.Name)
	list, err := s.store.Rows(r.Context(), by, spec.register.Name, q)
	if err != nil {
		return err
	}
	list.Facets, err = s.store.Facets(r.Context(), by, spec.register.Name, q)
	if err != nil {
		return err
	}

	v, err := s.registerView(w, r, spec, q, list.Total, list.Facets, list.Prev, list.Next)
	if err != nil {
		return err
	}
	for _, row := range list.Rows {
		v.rows = append(v.rows, rowView(r.Context(), by, spec, q.Visible(spec.register), row))
	}
	v.pager.Range = placeText(r.Context(), q, len(list.Rows), list.Total)
	return s.ok(w, r, registerPage(v))
}

// registerView is everything around the rows of a list.
func (s *Server) registerView(w http.ResponseWriter, r *http.Request, spec registerSpec, q domain.ListQuery, total domain.Count,
	facets []domain.Facet, prev, next string) (registerView, error) {
	ctx, by, reg := r.Context(), actor(r), spec.register
	title := i18n.T(ctx, reg.Name+".title")
	shell, err := s.shell(w, r, title)
	if err != nil {
		return registerView{}, err
	}
	v := registerView{shell: shell, title: title, path: workspacePath(by, spec.path), query: q, register: reg,
		count: countText(ctx, reg.Name, total), filtered: q.Filtered()}
	if i18n.Has(ctx, reg.Name+".lead") {
		v.lead = i18n.T(ctx, reg.Name+".lead")
	}
	v.headers = heads(ctx, reg, q, v.path)
	v.facets = facetViews(ctx, q, facets, r.URL)
	v.chips = chips(ctx, reg, q, facets, v.path)
	v.shell.PrintNote = printNote(v)
	visible := q.Visible(reg)
	for _, c := range reg.Columns {
		shown := slices.ContainsFunc(visible, func(x domain.RegisterColumn) bool { return x.Key == c.Key })
		v.columns = append(v.columns, ui.ColumnOption{Value: c.Key, Text: i18n.T(ctx, "column."+c.Key), Shown: shown, Fixed: c.Fixed})
	}
	export := q.FirstPage()
	export.Size = 0
	for _, format := range []string{"csv", "xlsx"} {
		v.exports = append(v.exports, ui.Link{Href: addQuery(v.path+"."+format, export.Query(reg)), Text: i18n.T(ctx, "export."+format)})
	}
	if spec.add != "" && by.Can(spec.add) {
		path := spec.addPath
		if path == "" {
			path = spec.path + "/new"
		}
		v.add = &ui.Link{Href: workspacePath(by, path), Text: i18n.T(ctx, reg.Name+".add")}
	}
	if spec.extra != nil {
		v.extra = spec.extra(ctx, by)
	}
	v.pager = pagerView(ctx, reg, q, v.path, prev, next)
	v.kept = carried(reg, q, false)
	v.keptAll = carried(reg, q, true)
	v.empty = i18n.T(ctx, reg.Name+".empty")
	if v.filtered {
		v.empty = i18n.T(ctx, "list.nothing_matches")
	}
	v.bulk = bulkOf(ctx, by, spec, q, total, v.path)
	if v.bulk != nil && v.bulk.bar.TakeAll != "" && r.URL.Query().Get("take") == "all" {
		v.bulk.bar.TakeAll, v.bulk.bar.AllTaken = "", countText(ctx, reg.Name, total)
		v.bulk.bar.Untake = addQuery(v.path, q.Query(reg))
	}
	err = s.addViews(r, spec, q, &v)
	return v, err
}

// pagerView is the line under a list.
func pagerView(ctx context.Context, reg domain.Register, q domain.ListQuery, path, prev, next string) ui.PagerSpec {
	var p ui.PagerSpec
	if prev != "" {
		back := q.FirstPage()
		back.Before, back.At = prev, max(q.At-q.Size, 1)
		p.Prev = addQuery(path, back.Query(reg))
	}
	if next != "" {
		on := q.FirstPage()
		on.After, on.At = next, q.At+q.Size
		p.Next = addQuery(path, on.Query(reg))
	}
	for _, n := range domain.PageSizes {
		sized := q.FirstPage()
		sized.Size = n
		p.Sizes = append(p.Sizes, ui.NavItem{Href: addQuery(path, sized.Query(reg)), Text: i18n.Number(ctx, n), Current: n == q.Size})
	}
	return p
}

// bulkOf is the bar of what the visitor may do with ticked rows; nil for nothing.
func bulkOf(ctx context.Context, by domain.Actor, spec registerSpec, q domain.ListQuery, total domain.Count, path string) *bulkView {
	b := &bulkView{action: path + "/bulk", query: q.FirstPage().Query(spec.register)}
	for _, a := range spec.bulk {
		if !by.Can(a.action) {
			continue
		}
		button := ui.ButtonSpec{Text: i18n.T(ctx, "bulk."+a.name), Icon: a.icon, Name: "act", Value: a.name}
		if a.danger {
			button.Variant = ui.DangerButton
		}
		b.buttons = append(b.buttons, button)
	}
	if len(b.buttons) == 0 {
		return nil
	}
	name := spec.register.Name
	b.bar = ui.BulkSpec{One: i18n.T(ctx, name+".selected", "n", 1), Other: i18n.T(ctx, name+".selected", "n", 2)}
	if total.N > int64(q.Size) || total.Capped {
		b.bar.TakeAll = i18n.T(ctx, "bulk.all", "n", total.N)
		if total.Capped {
			b.bar.TakeAll = i18n.T(ctx, "bulk.all_over")
		}
	}
	return b
}

// addViews adds the saved views of a list as tabs, with the list as a whole before them, and the form that saves one.
func (s *Server) addViews(r *http.Request, spec registerSpec, q domain.ListQuery, v *registerView) error {
	ctx, by := r.Context(), actor(r)
	here := q.FirstPage().Query(spec.register)
	v.viewForm = saveViewForm{action: workspacePath(by, "views"), register: spec.register.Name, query: here, canShare: by.Can(domain.ShareView)}
	saved, err := s.store.Views(ctx, by, spec.register.Name)
	if err != nil || len(saved) == 0 {
		return err
	}
	v.views = []ui.NavItem{{Href: v.path, Text: i18n.T(ctx, "view.all"), Current: here == ""}}
	for _, view := range saved {
		v.views = append(v.views, ui.NavItem{Href: addQuery(v.path, view.Query), Text: view.Name, Current: here == view.Query})
		if !view.Shared || v.viewForm.canShare {
			v.viewForm.own = append(v.viewForm.own, ui.Option{Value: itoa(view.ID), Text: view.Name})
		}
	}
	return nil
}

func addQuery(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

// carried are the parts of the list's address that a form must send along: for the filter form what it does not show as
// controls, for the others (all) every filter too.
func carried(reg domain.Register, q domain.ListQuery, all bool) []ui.Hidden {
	var out []ui.Hidden
	add := func(name, value string) {
		if value != "" {
			out = append(out, ui.Hidden{Name: name, Value: value})
		}
	}
	add("sort", q.Sort)
	if !all {
		add("q", q.Q)
		add("col", strings.Join(q.Columns, ","))
	}
	if q.Size != domain.DefaultPageSize {
		add("n", fmt.Sprint(q.Size))
	}
	for _, f := range reg.Filters {
		if all || !f.Facet {
			add(f.Key, strings.Join(q.Filters[f.Key], ","))
		}
	}
	return out
}

func heads(ctx context.Context, reg domain.Register, q domain.ListQuery, path string) []ui.HeaderSpec {
	key, desc := q.Order(reg)
	var out []ui.HeaderSpec
	for _, c := range q.Visible(reg) {
		h := ui.HeaderSpec{Text: i18n.T(ctx, "column."+c.Key), Class: cellClass(c)}
		if short := "column.short." + c.Key; i18n.Has(ctx, short) {
			h.Long, h.Text = h.Text, i18n.T(ctx, short)
		}
		if !c.NoSort {
			sort := c.Key
			if c.Desc {
				sort = "-" + c.Key
			}
			if c.Key == key {
				h.Order, sort = ui.Ascending, "-"+c.Key
				if desc {
					h.Order, sort = ui.Descending, c.Key
				}
			}
			h.Href = addQuery(path, q.Ordered(reg, sort).Query(reg))
		}
		out = append(out, h)
	}
	return out
}

// lineLength is about how many letters of a cell stand on one line before it is broken; a cell of more lines keeps that width.
const lineLength = 12

// cellClass places a cell: names first, numbers to the right; on a phone the classes decide what stays on the card.
func cellClass(c domain.RegisterColumn) string {
	switch {
	case c.Fixed:
		return "c-field"
	case c.Key == "fill": // a bar, then its figure
		return "c-fill c-line"
	case isPeriod(c): // a card that leaves out how long says nothing of it
		return "c-num c-line"
	case numeric(c.Kind):
		return "c-num"
	case c.Key == "state" || c.Key == "status" || c.Key == "verdict" || c.Key == "lifecycle":
		return "c-status"
	}
	return "c-line"
}

func isPeriod(c domain.RegisterColumn) bool { return strings.HasSuffix(c.Key, "_months") }

func numeric(k domain.CellKind) bool { return k == domain.CellInt || k == domain.CellPercent }

func facetViews(ctx context.Context, q domain.ListQuery, facets []domain.Facet, here *url.URL) []ui.FacetSpec {
	var out []ui.FacetSpec
	for _, f := range facets {
		if len(f.Values) == 0 || !f.Filter.Facet { // some are only there to name what a filter is set to
			continue
		}
		v := ui.FacetSpec{Name: f.Filter.Key, Legend: i18n.T(ctx, "column."+f.Filter.Key)}
		open := here.Query().Get("open") == f.Filter.Key
		for i, value := range f.Values {
			checked := slices.Contains(q.Filters[f.Filter.Key], value.Value)
			if i >= facetShown && !open && !checked && len(f.Values) > facetShown+2 {
				continue
			}
			o := ui.FacetOption{Value: value.Value, Text: valueLabel(ctx, f.Filter, value), None: value.N == 0, Checked: checked}
			if value.N >= 0 {
				o.Count = i18n.Number(ctx, value.N)
			}
			v.Options = append(v.Options, o)
		}
		if rest := len(f.Values) - len(v.Options); rest > 0 {
			all := here.Query()
			all.Set("open", f.Filter.Key)
			v.More = &ui.Link{Href: here.Path + "?" + strings.ReplaceAll(all.Encode(), "%2C", ","), Text: i18n.T(ctx, "filter.more", "n", rest)}
		}
		out = append(out, v)
	}
	return out
}

// valueLabel is how a filter's value reads.
func valueLabel(ctx context.Context, f domain.RegisterFilter, v domain.FacetValue) string {
	switch {
	case v.Value == domain.FilterNone && (f.Enum == "" || !i18n.Has(ctx, f.Enum+".none")):
		return i18n.T(ctx, "filter.none")
	case v.Label != "":
		return v.Label
	case f.Enum != "":
		return enumWord(ctx, f.Enum, v.Value)
	}
	return v.Value
}

// chips are the active filters, each a link to the list without it.
func chips(ctx context.Context, reg domain.Register, q domain.ListQuery, facets []domain.Facet, path string) []ui.Chip {
	var out []ui.Chip
	for _, f := range reg.Filters {
		values := q.Filters[f.Key]
		if len(values) == 0 {
			continue
		}
		labels := make([]string, len(values))
		for i, value := range values {
			labels[i] = valueLabel(ctx, f, facetValue(facets, f.Key, value))
		}
		text := i18n.T(ctx, "filter.chip", "filter", i18n.T(ctx, "column."+f.Key), "values", strings.Join(labels, ", "))
		out = append(out, ui.Chip{Href: addQuery(path, q.Narrow(f.Key).Query(reg)), Text: text})
	}
	if q.Q != "" {
		without := q.FirstPage()
		without.Q = ""
		out = append(out, ui.Chip{Href: addQuery(path, without.Query(reg)), Text: i18n.T(ctx, "filter.search", "text", q.Q)})
	}
	return out
}

func facetValue(facets []domain.Facet, key, value string) domain.FacetValue {
	for _, f := range facets {
		if f.Filter.Key != key {
			continue
		}
		for _, v := range f.Values {
			if v.Value == value {
				return v
			}
		}
	}
	return domain.FacetValue{Value: value}
}

// rowView writes the cells of a row.
func rowView(ctx context.Context, by domain.Actor, spec registerSpec, columns []domain.RegisterColumn, row domain.Row) registerRow {
	out := registerRow{id: itoa(row.ID), archived: row.Archived}
	if spec.show != nil {
		out.href = spec.show(by, row.ID)
	}
	for _, c := range columns {
		cell := cellView(ctx, c, row.Cells[c.Key])
		if key := spec.empty[c.Key]; key != "" && row.Cells[c.Key] == nil {
			cell.text = i18n.T(ctx, key)
		}
		if tone := spec.tone[c.Key]; tone != nil {
			if code, ok := row.Cells[c.Key].(string); ok && code != "" {
				cell.badge, cell.icon = tone(code)
			}
		}
		out.cells = append(out.cells, cell)
	}
	return out
}

func cellView(ctx context.Context, c domain.RegisterColumn, value any) registerCell {
	cell := registerCell{class: cellClass(c), code: c.Kind == domain.CellCode}
	if isPeriod(c) && value != nil {
		cell.head = i18n.T(ctx, "column.short."+c.Key)
	}
	switch v := value.(type) {
	case nil:
	case string:
		cell.text = v
		switch {
		case c.Kind == domain.CellEnum:
			cell.text = enumWord(ctx, c.Enum, v)
		case c.Kind == domain.CellText && !c.Fixed && len(v) > 2*lineLength:
			cell.class += " wrap"
		}
	case int64:
		cell.text = i18n.Number(ctx, v)
	case int32:
		cell.text = i18n.Number(ctx, v)
	case float64:
		cell.text = i18n.Percent(ctx, v)
	case bool:
		cell.text = i18n.T(ctx, map[bool]string{true: "choice.yes", false: "choice.no"}[v])
	case time.Time:
		cell.text = i18n.Date(ctx, v)
		if c.Kind == domain.CellDate {
			cell.text = i18n.Day(ctx, v)
		}
	case domain.SourceFacts:
		for _, f := range sourceFactList(ctx, v) {
			cell.tags = append(cell.tags, f.inLine(ctx))
		}
	case []string:
		for _, text := range v {
			if c.Kind == domain.CellEnums {
				text = enumWord(ctx, c.Enum, text)
			}
			cell.tags = append(cell.tags, text)
		}
	default:
		cell.text = fmt.Sprint(v)
	}
	return cell
}

// countText says how many rows a list has: "1,284 fields", or "more than 10,000 fields".
func countText(ctx context.Context, name string, total domain.Count) string {
	if total.Capped {
		return i18n.T(ctx, "list.more_than", "n", total.N)
	}
	return i18n.T(ctx, name+".count", "n", total.N)
}

// placeText says which rows of the list the page shows.
func placeText(ctx context.Context, q domain.ListQuery, shown int, total domain.Count) string {
	if shown == 0 {
		return ""
	}
	of := i18n.Number(ctx, total.N)
	if total.Capped {
		of = i18n.T(ctx, "list.over", "n", total.N)
	}
	return i18n.T(ctx, "list.place", "from", q.At, "to", q.At+shown-1, "of", of)
}

// printNote says under the title of a printed list what filters it, of what and of when it is.
func printNote(v registerView) string {
	parts := []string{v.count}
	for _, c := range v.chips {
		parts = append(parts, c.Text)
	}
	return strings.Join(append(parts, v.shell.PrintNote), " · ")
}

// bulkTarget is where the form around the rows is sent; nothing where rows cannot be ticked.
func bulkTarget(v registerView) string {
	if v.bulk == nil {
		return ""
	}
	return v.bulk.action
}

// registerCheck is the label of the box that ticks every row.
func registerCheck(ctx context.Context, v registerView) string {
	if v.bulk == nil {
		return ""
	}
	return i18n.T(ctx, "list.tick_all")
}

// registerFacets is the panel of filters; nil where the list has none.
func registerFacets(v registerView) templ.Component {
	if len(v.facets) == 0 {
		return nil
	}
	return registerFacetsPanel(v)
}
