package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic unused.

func (s *Server) unusedRoutes(r scope) {
	r.get("/unused", domain.ReadWorkspace, s.showUnused)
	r.get("/unused.{format}", domain.ReadWorkspace, s.exportNarrowed(domain.UnusedRegister, func(r *http.Request, q domain.ListQuery) domain.ListQuery {
		q, place := unusedAsked(q, unusedPlaceOf(r))
		return unusedTab(q, place.decided)
	}))
}

// unusedBulk are the answers that can be given on the page of unused fields.
var unusedBulk = []bulkAction{
	{name: "keep_until", icon: "clock", action: domain.Decide},
	{name: "to_dpo", icon: "send", action: domain.Decide},
	{name: "link", icon: "link", action: domain.EditPlan},
	{name: "propose_deletion", icon: "trash", action: domain.Decide, danger: true},
}

// unusedSpec lends the list of unused fields what all lists share: filters, search, exports, saved ways to narrow.
var unusedSpec = registerSpec{register: domain.UnusedRegister, path: "unused", bulk: unusedBulk}

type unusedView struct {
	registerView
	here       string // address of the page as it is, to come back to
	progress   ui.ProgressSpec
	tabs       []ui.NavItem
	grouping   ui.SelectSpec
	groupKept  []ui.Hidden // what the choice of grouping carries along
	groups     []unusedGroup
	done       bool // nothing is left to decide
	decided    bool // the page shows what was decided
	doneTitle  string
	doneText   string
	toClassify string // address of the fields that nobody classified yet, where there are any; they cannot be judged
	mayDecide  bool
	buttons    []ui.ButtonSpec
	// approximate says that nothing holds what was searched, and that these come close; they are taken one by one.
	approximate string
	bulkPath    string
	batches     string
}

// unusedGroup is one group: its head, and its rows where it is the open one.
type unusedGroup struct {
	id     string
	name   string
	icon   string
	count  string
	href   string
	open   bool
	query  string // list of its fields, for the whole group at once
	take   string
	rows   []unusedRow
	pager  ui.PagerSpec
	bulk   ui.BulkSpec
	listed string // its fields in the list of fields
}

type unusedRow struct {
	id, href, name, code string
	place                string
	reasons              []mark
	verdict              mark
	decision             mark
	said                 string // by whom and when
	quote                string // the reason of the decision
	withdraw             string
}

// unusedPlace is the part of the page's address that is no filter.
type unusedPlace struct {
	by, group string
	decided   bool
}

func (p unusedPlace) query(q domain.ListQuery) string {
	return joinQuery(q.Query(domain.UnusedRegister), queryOf("by", p.notDefault(), "group", p.group, "show", map[bool]string{true: "decided"}[p.decided]))
}

func (p unusedPlace) notDefault() string {
	if p.by == domain.UnusedGroupings[0] {
		return ""
	}
	return p.by
}

func unusedPlaceOf(r *http.Request) unusedPlace {
	asked := r.URL.Query()
	place := unusedPlace{by: asked.Get("by"), group: asked.Get("group"), decided: asked.Get("show") == "decided"}
	if !slices.Contains(domain.UnusedGroupings, place.by) {
		place.by = domain.UnusedGroupings[0]
	}
	return place
}

// unusedAsked puts a decision that an address asks for where the page has it: none is the tab of what waits, any other that of what
// was decided, narrowed to it.
func unusedAsked(q domain.ListQuery, place unusedPlace) (domain.ListQuery, unusedPlace) {
	asked := q.Filters["decision"]
	if len(asked) == 0 {
		return q, place
	}
	kinds := slices.DeleteFunc(slices.Clone(asked), func(kind string) bool { return kind == domain.FilterNone })
	after, before, at := q.After, q.Before, q.At
	q = q.Narrow("decision", kinds...)
	q.After, q.Before, q.At = after, before, at
	place.decided = len(kinds) > 0
	return q, place
}

// unusedTab narrows a query to what waits for a decision, or to what was decided.
func unusedTab(q domain.ListQuery, decided bool) domain.ListQuery {
	decision := []string{domain.FilterNone}
	if decided {
		decision = domain.DecisionKinds
		if chosen := q.Filters["decision"]; len(chosen) > 0 {
			decision = chosen
		}
	}
	return q.Narrow("decision", decision...)
}

func joinQuery(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "&" + b
}

func (s *Server) showUnused(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	q := domain.ParseListQuery(domain.UnusedRegister, r.URL.Query())
	q.Sort = ""
	q, place := unusedAsked(q, unusedPlaceOf(r))

	page, open, err := s.store.Unused(ctx, by, flaggedQuery(q), place.by, place.group, place.decided)
	if err != nil {
		return err
	}
	place.group = open
	v, err := s.unusedView(w, r, q, place, page)
	if err != nil {
		return err
	}
	for _, g := range page.Groups {
		n := g.Open
		if place.decided {
			n = g.Decided
		}
		if n == 0 {
			continue
		}
		view := s.unusedGroupView(ctx, by, q, place, g, n)
		if g.Value == open {
			s.fillGroup(r, &view, q, place, page)
		}
		v.groups = append(v.groups, view)
	}
	return s.ok(w, r, unusedPageView(v))
}

// flaggedQuery narrows a query to the verdicts that flag a field for deletion.
func flaggedQuery(q domain.ListQuery) domain.ListQuery {
	verdicts := slices.DeleteFunc(slices.Clone(q.Filters["verdict"]), func(v string) bool { return !slices.Contains(domain.UnusedVerdicts, v) })
	if len(verdicts) == 0 {
		verdicts = domain.UnusedVerdicts
	}
	after, before, at := q.After, q.Before, q.At
	q = q.Narrow("verdict", verdicts...)
	q.After, q.Before, q.At = after, before, at
	return q
}

func (s *Server) unusedView(w http.ResponseWriter, r *http.Request, q domain.ListQuery, place unusedPlace, page store.UnusedPage) (unusedView, error) {
	ctx, by := r.Context(), actor(r)
	total := domain.Count{N: page.Open.N + page.Decided.N, Capped: page.Open.Capped || page.Decided.Capped}
	if len(q.Filters["decision"]) > 0 { // nothing of what waits is meant
		total = page.Decided
	}
	base, err := s.registerView(w, r, unusedSpec, q, total, unusedFacets(page.Facets), "", "")
	if err != nil {
		return unusedView{}, err
	}
	base.chips = chips(ctx, domain.UnusedRegister, q, append(page.Facets, page.Chosen...), base.path)
	v := unusedView{registerView: base, decided: place.decided, mayDecide: by.Can(domain.Decide), done: page.Open.N == 0}
	v.buttons, v.bulkPath, v.batches = unusedButtons(ctx, by), workspacePath(by, "fields", "bulk"), workspacePath(by, "batches")
	v.here = addQuery(v.path, place.query(q))
	if page.Approximate {
		v.approximate = i18n.T(ctx, "fields.approximate", "text", q.Q)
	}
	percent := 0
	if total.N > 0 {
		percent = int(page.Decided.N * 100 / total.N)
	}
	v.progress = ui.ProgressSpec{Label: i18n.T(ctx, "unused.progress", "n", page.Decided.N, "of", i18n.Number(ctx, total.N)),
		Text: i18n.Percent(ctx, float64(percent)/100), Percent: percent}
	v.doneTitle, v.doneText = i18n.T(ctx, "unused.done"), i18n.T(ctx, "unused.done.text", "n", page.Decided.N)
	if n := unclassified(page.Facets); n > 0 {
		if page.Decided.N == 0 {
			v.doneTitle = i18n.T(ctx, "unused.unclassified")
		}
		v.doneText = i18n.T(ctx, "unused.unclassified.text", "n", n)
		v.toClassify = addQuery(workspacePath(by, "fields"), q.FirstPage().Narrow("verdict", string(domain.VerdictUnclassified)).Query(domain.FieldRegister))
	}

	first := q.FirstPage()
	todo, decided := place, place
	todo.decided, todo.group = false, ""
	decided.decided, decided.group = true, ""
	v.tabs = []ui.NavItem{
		{Href: addQuery(v.path, todo.query(first.Narrow("decision"))), Text: i18n.T(ctx, "unused.todo"), Count: i18n.Number(ctx, page.Open.N), Current: !place.decided},
		{Href: addQuery(v.path, decided.query(first)), Text: i18n.T(ctx, "unused.decided"), Count: i18n.Number(ctx, page.Decided.N), Current: place.decided},
	}
	v.grouping = ui.SelectSpec{Field: ui.Field{Name: "by", Label: i18n.T(ctx, "unused.by")}, Value: place.by, Submit: true, Width: ui.Medium}
	for _, name := range domain.UnusedGroupings {
		v.grouping.Options = append(v.grouping.Options, ui.Option{Value: name, Text: i18n.T(ctx, "column."+name)})
	}
	v.groupKept = append(v.keptAll, ui.Hidden{Name: "q", Value: q.Q})
	if place.decided {
		for i, file := range v.exports { // each holds what the tab shows
			path, query, _ := strings.Cut(file.Href, "?")
			v.exports[i].Href = addQuery(path, joinQuery(query, "show=decided"))
		}
	}
	keep := []ui.Hidden{{Name: "by", Value: place.notDefault()}}
	if place.decided {
		keep = append(keep, ui.Hidden{Name: "show", Value: "decided"})
		v.groupKept = append(v.groupKept, ui.Hidden{Name: "show", Value: "decided"})
	}
	v.kept, v.keptAll = append(v.kept, keep...), append(v.keptAll, keep...)
	return v, nil
}

// unclassified is how many fields of the list await a class: with any, "nothing is left" would be a claim nobody can make.
func unclassified(facets []domain.Facet) int64 {
	for _, f := range facets {
		if f.Filter.Key != "verdict" {
			continue
		}
		for _, v := range f.Values {
			if v.Value == string(domain.VerdictUnclassified) {
				return v.N
			}
		}
	}
	return 0
}

// unusedFacets offers only the verdicts that are shown here.
func unusedFacets(facets []domain.Facet) []domain.Facet {
	var out []domain.Facet
	for _, f := range facets {
		if _, known := domain.UnusedRegister.Filter(f.Filter.Key); !known || f.Filter.Key == "decision" {
			continue
		}
		if f.Filter.Key == "verdict" {
			f.Values = slices.DeleteFunc(slices.Clone(f.Values), func(v domain.FacetValue) bool { return !slices.Contains(domain.UnusedVerdicts, v.Value) })
		}
		out = append(out, f)
	}
	return out
}

func (s *Server) unusedGroupView(ctx context.Context, by domain.Actor, q domain.ListQuery, place unusedPlace, g store.UnusedGroup, n int64) unusedGroup {
	f, _ := domain.UnusedRegister.Filter(place.by)
	view := unusedGroup{id: "group-" + g.Value, name: valueLabel(ctx, f, domain.FacetValue{Value: g.Value, Label: g.Label}),
		count: i18n.T(ctx, "fields.count", "n", n), take: i18n.T(ctx, "unused.take", "n", n)}
	switch place.by {
	case "verdict":
		_, view.icon = verdictTone(g.Value)
	case "flag":
		view.icon = "flag"
	}
	there := place
	there.group = g.Value
	view.href = addQuery(workspacePath(by, "unused"), there.query(q.FirstPage())) + "#" + view.id
	view.query = unusedTab(flaggedQuery(q).FirstPage(), place.decided).Narrow(place.by, g.Value).Query(domain.FieldRegister)
	view.listed = addQuery(workspacePath(by, "fields"), view.query)
	return view
}

// fillGroup writes the rows of the open group.
func (s *Server) fillGroup(r *http.Request, g *unusedGroup, q domain.ListQuery, place unusedPlace, page store.UnusedPage) {
	ctx, by := r.Context(), actor(r)
	g.open = true
	m := marksOf(ctx)
	flagIcons := map[string]mark{}
	for i, t := range flagTones {
		flagIcons[t.code] = m.flags[i]
	}
	th, today := visitOf(r).Workspace.Thresholds, s.now().UTC()
	for _, line := range page.Rows {
		row := unusedRow{id: itoa(line.ID), href: fieldPath(by, line.ID), name: line.Label, code: line.Name,
			place: line.Application + " · " + line.Dataset, verdict: m.verdicts[line.Verdict], decision: m.decision[line.Decision], quote: line.Reason}
		if row.name == "" {
			row.name, row.code = line.Name, ""
		}
		row.reasons = reasonsOf(ctx, &line, flagIcons, th, today)
		if line.Decision == string(domain.KeepUntil) && line.DecisionUntil != nil {
			row.decision.text = i18n.T(ctx, "fields.kept_until", "day", i18n.Day(ctx, *line.DecisionUntil))
		}
		if line.DecidedAt != nil {
			row.said = i18n.T(ctx, "unused.said", "name", line.DecidedBy, "day", i18n.Date(ctx, *line.DecidedAt))
			if by.Can(domain.Decide) {
				row.withdraw = fieldPath(by, line.ID, "decision", "withdraw")
			}
		}
		g.rows = append(g.rows, row)
	}
	g.pager.Range = placeText(ctx, q, len(g.rows), page.RowsTotal)
	if page.Prev != "" {
		back := q.FirstPage()
		back.Before, back.At = page.Prev, max(q.At-q.Size, 1)
		g.pager.Prev = addQuery(workspacePath(by, "unused"), place.query(back)) + "#" + g.id
	}
	if page.Next != "" {
		on := q.FirstPage()
		on.After, on.At = page.Next, q.At+q.Size
		g.pager.Next = addQuery(workspacePath(by, "unused"), place.query(on)) + "#" + g.id
	}
	g.bulk = ui.BulkSpec{One: i18n.T(ctx, "fields.selected", "n", 1), Other: i18n.T(ctx, "fields.selected", "n", 2)}
}

// reasonsOf are the flags of a field in plain sentences with their proof, the ones to be seen first at the top.
func reasonsOf(ctx context.Context, line *store.UnusedRow, icons map[string]mark, th domain.Thresholds, today time.Time) []mark {
	var out []mark
	for _, code := range flagOrder(domain.FlagSet(line.Flags).Codes()) {
		flag, _ := domain.FlagByCode(code)
		key, args := domain.FlagSentence(flag, &line.Facts, th, today)
		m := icons[code]
		m.text = i18n.TArgs(ctx, key, args)
		out = append(out, m)
	}
	return out
}

// unusedButtons are the answers that the visitor may give.
func unusedButtons(ctx context.Context, by domain.Actor) []ui.ButtonSpec {
	var out []ui.ButtonSpec
	for _, a := range unusedBulk {
		if !by.Can(a.action) {
			continue
		}
		b := ui.ButtonSpec{Text: i18n.T(ctx, "bulk."+a.name), Icon: a.icon, Name: "act", Value: a.name}
		if a.danger {
			b.Variant = ui.DangerButton
		}
		out = append(out, b)
	}
	return out
}

func unusedHeaders(ctx context.Context, v unusedView) []ui.HeaderSpec {
	heads := []ui.HeaderSpec{{Text: i18n.T(ctx, "column.field"), Class: "c-field"}, {Text: i18n.T(ctx, "unused.why"), Class: "c-line"},
		{Text: i18n.T(ctx, "column.verdict"), Class: "c-status"}}
	if v.decided {
		heads = append(heads, ui.HeaderSpec{Text: i18n.T(ctx, "column.decision"), Class: "c-line"})
	}
	return heads
}

func unusedCheck(ctx context.Context, v unusedView) string {
	if !v.mayDecide {
		return ""
	}
	return i18n.T(ctx, "list.tick_all")
}
