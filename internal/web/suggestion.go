package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic suggestion. suggestions. classify.

func (s *Server) suggestionRoutes(r scope) {
	r.get("/suggestions", domain.ReadWorkspace, s.showSuggestions)
	r.get("/suggestions.{format}", domain.ReadWorkspace, s.exportRegister(domain.SuggestionRegister))
	r.get("/suggestions/choose", domain.EditInventory, s.chooseSuggestion)
	r.post("/suggestions", domain.EditInventory, s.answerSuggestions)
}

// suggestionSpec lends the page of suggestions what all lists share: filters, search, exports.
var suggestionSpec = registerSpec{register: domain.SuggestionRegister, path: "suggestions"}

const (
	// suggestionsShown is how many suggestions a page shows unless asked for more: each takes a decision.
	suggestionsShown = 25
	// overFloor is the confidence, in per cent, that is offered first for taking everything over it.
	overFloor = 90
)

// suggestionForm is an answer: to the suggestion for one field, for the fields of one name, or for everything that is
// ticked.
type suggestionForm struct {
	Act      string            `form:"act"` // accept, refuse, choose, or take: and a category
	Way      string            `form:"way"`
	Query    string            `form:"query"`
	Back     string            `form:"back"`
	Category domain.CategoryID `form:"category"` // that was suggested
	Choice   domain.CategoryID `form:"choice"`   // that takes its place
	Field    domain.FieldID    `form:"field"`    // of one field; zero for the fields of a name
	Key      string            `form:"key"`
	Name     string            `form:"name"`
	Seen     string            `form:"seen"`
	N        int64             `form:"n"`
	Picks    []string          `form:"pick"` // category and print, of what was ticked
}

// act is what the form asks for. A button that names a category says both.
func (f suggestionForm) act() (act domain.BulkAct, choice domain.CategoryID, err error) {
	taken, take := strings.CutPrefix(f.Act, "take:")
	switch {
	case take:
		id, bad := strconv.ParseInt(taken, 10, 64)
		if bad != nil || id <= 0 {
			return "", 0, domain.Errorf(domain.Invalid, "error.form")
		}
		return domain.BulkAccept, domain.CategoryID(id), nil
	case f.Act == "accept":
		return domain.BulkAccept, f.Category, nil
	case f.Act == "choose":
		return domain.BulkAccept, f.Choice, nil
	case f.Act == "refuse":
		return domain.BulkRefuse, f.Category, nil
	}
	return "", 0, domain.Errorf(domain.Invalid, "error.form")
}

// picks are the suggestions that the form is about.
func (f suggestionForm) picks() []store.SuggestionPick {
	if f.Category != 0 {
		return []store.SuggestionPick{{Category: f.Category, Key: f.Key, Field: f.Field, Seen: f.Seen}}
	}
	var picks []store.SuggestionPick
	for _, p := range f.Picks {
		category, seen, _ := strings.Cut(p, ":")
		if id, err := strconv.ParseInt(category, 10, 64); err == nil {
			picks = append(picks, store.SuggestionPick{Category: domain.CategoryID(id), Seen: seen})
		}
	}
	return picks
}

// values are the hidden fields that carry the answer to another page.
func (f suggestionForm) values() []ui.Hidden {
	var out []ui.Hidden
	for _, h := range []ui.Hidden{{Name: "way", Value: f.Way}, {Name: "query", Value: f.Query}, {Name: "back", Value: f.Back},
		{Name: "category", Value: refValue(f.Category)}, {Name: "field", Value: refValue(f.Field)}, {Name: "key", Value: f.Key}, {Name: "name", Value: f.Name},
		{Name: "seen", Value: f.Seen}, {Name: "n", Value: refValue(f.N)}} {
		if h.Value != "" {
			out = append(out, h)
		}
	}
	return out
}

// suggestionQuery reads the filters of a list of suggestions. Taking everything over a confidence always has one.
func suggestionQuery(values url.Values) (q domain.ListQuery, way string) {
	q = domain.ParseListQuery(domain.SuggestionRegister, values)
	q.Columns = nil
	if q.Size == domain.DefaultPageSize {
		q.Size = suggestionsShown
	}
	way = values.Get("way")
	if way != store.SuggestionsByOne && way != store.SuggestionsOver {
		way = store.SuggestionsByName
	}
	if way == store.SuggestionsOver && len(q.Filters["confidence"]) == 0 {
		q.Filters["confidence"] = []string{strconv.Itoa(overFloor)}
	}
	return q, way
}

// suggestionAddress is the part of the page's address behind "?".
func suggestionAddress(q domain.ListQuery, way string) string {
	if q.Size == suggestionsShown {
		q.Size = domain.DefaultPageSize
	}
	if way == store.SuggestionsByName {
		way = ""
	}
	return joinQuery(q.Query(domain.SuggestionRegister), queryOf("way", way))
}

// suggestionsView is the page of suggestions in one of its ways.
type suggestionsView struct {
	registerView
	way        string
	note       string // what became of an answer that could not be given
	due        string
	progress   string // how far the workspace is
	unknown    *ui.Link
	tabs       []ui.NavItem
	rows       []suggestionRow
	cares      []suggestionCareView
	floor      string
	floorKept  []ui.Hidden
	overHidden []ui.Hidden
	may        bool
	post       string
	emptyText  string
	bring      *ui.Link // to an import, where the workspace holds no field yet
}

// suggestionRow is one suggestion with its answers.
type suggestionRow struct {
	name, label string
	variants    string
	place       string
	beside      string
	category    string
	above       string // the topmost category over it
	marks       []mark
	percent     int
	percentText string
	spread      string
	reasons     [][]textPart
	options     []ui.ButtonSpec // other categories that may be meant
	accept      string
	look        string
	choose      string
	values      []ui.Hidden
}

// suggestionCareView is one part of what may be taken at once.
type suggestionCareView struct {
	care   domain.SuggestionCare
	title  string
	hint   string
	count  string
	shares []suggestionShareView
}

type suggestionShareView struct {
	pick     string
	ticked   bool
	category string
	above    string
	class    mark
	count    string
	look     string
}

// textPart is a piece of a sentence; code is written as such.
type textPart struct {
	text string
	code bool
}

func (s *Server) showSuggestions(w http.ResponseWriter, r *http.Request) error {
	q, way := suggestionQuery(r.URL.Query())
	return s.suggestionsPage(w, r, http.StatusOK, q, way, "")
}

func (s *Server) suggestionsPage(w http.ResponseWriter, r *http.Request, status int, q domain.ListQuery, way, note string) error {
	ctx, by := r.Context(), actor(r)
	page, err := s.store.Suggestions(ctx, by, q, way)
	if err != nil {
		return err
	}
	base, err := s.registerView(w, r, suggestionSpec, q, domain.Count{N: page.Total}, page.Facets, "", "")
	if err != nil {
		return err
	}
	v := suggestionsView{registerView: base, way: way, note: note, may: by.Can(domain.EditInventory), post: workspacePath(by, "suggestions")}
	v.chips = suggestionChips(ctx, v.path, q, way, page)
	writer := suggestionWriter{ctx: ctx, by: by, q: q, way: way, categories: page.Categories, may: v.may}
	v.frame(ctx, by, q, page)
	switch way {
	case store.SuggestionsOver:
		v.over(ctx, writer, page)
	case store.SuggestionsByOne:
		for _, l := range page.Lines {
			v.rows = append(v.rows, writer.line(l))
		}
	default:
		for _, g := range page.Groups {
			v.rows = append(v.rows, writer.group(g))
		}
	}
	v.pager = ui.PagerSpec{}
	if page.Next != "" {
		on := q.FirstPage()
		on.After = page.Next
		v.pager.Next = addQuery(v.path, suggestionAddress(on, way))
	}
	return s.render(w, r, status, suggestionsPageView(v))
}

// suggestionChips are the filters in force. The confidence of everything over one is no filter: it is always there.
func suggestionChips(ctx context.Context, path string, q domain.ListQuery, way string, page store.SuggestionPage) []ui.Chip {
	facets := page.Facets
	var named []domain.FacetValue
	for _, c := range page.Categories {
		named = append(named, domain.FacetValue{Value: itoa(c.ID), Label: c.Label})
	}
	facets = append(facets, domain.Facet{Filter: domain.RegisterFilter{Key: "category"}, Values: named})
	var out []ui.Chip
	for _, f := range domain.SuggestionRegister.Filters {
		if len(q.Filters[f.Key]) == 0 || f.Key == "confidence" && way == store.SuggestionsOver {
			continue
		}
		labels := make([]string, len(q.Filters[f.Key]))
		for i, value := range q.Filters[f.Key] {
			labels[i] = valueLabel(ctx, f, facetValue(facets, f.Key, value))
		}
		out = append(out, ui.Chip{Href: addQuery(path, suggestionAddress(q.Narrow(f.Key), way)),
			Text: i18n.T(ctx, "filter.chip", "filter", i18n.T(ctx, "column."+f.Key), "values", strings.Join(labels, ", "))})
	}
	if q.Q != "" {
		without := q.FirstPage()
		without.Q = ""
		out = append(out, ui.Chip{Href: addQuery(path, suggestionAddress(without, way)),
			Text: i18n.T(ctx, "filter.search", "text", q.Q)})
	}
	return out
}

// frame is what stands around the suggestions, whichever way they are looked at.
func (v *suggestionsView) frame(ctx context.Context, by domain.Actor, q domain.ListQuery, page store.SuggestionPage) {
	all := page.Open + page.Unknown
	if all > 0 {
		v.progress = i18n.T(ctx, "suggestions.progress", "n", all, "with", i18n.Number(ctx, page.Open))
	}
	if page.Unknown > 0 {
		v.unknown = &ui.Link{Href: fieldsPath(by, "category=none&suggestion=no"), Text: i18n.T(ctx, "suggestions.unknown", "n", page.Unknown)}
		v.emptyText = i18n.T(ctx, "suggestions.empty.unknown", "n", page.Unknown)
	} else if page.Empty {
		v.emptyText = i18n.T(ctx, "suggestions.empty.fields")
		if v.may {
			v.bring = &ui.Link{Href: workspacePath(by, "imports", "new"), Text: i18n.T(ctx, "imports.add")}
		}
	} else {
		v.emptyText = i18n.T(ctx, "suggestions.empty.done")
	}
	if page.Due {
		v.due = i18n.T(ctx, "suggestions.due")
	}
	first := q.FirstPage()
	for _, way := range []string{store.SuggestionsByName, store.SuggestionsByOne, store.SuggestionsOver} {
		there := first
		if way != v.way && v.way == store.SuggestionsOver {
			there = there.Narrow("confidence")
		}
		v.tabs = append(v.tabs, ui.NavItem{Href: addQuery(v.path, suggestionAddress(there, way)), Text: i18n.T(ctx, "suggestions.way."+way), Current: way == v.way})
	}
	if v.way != store.SuggestionsByName {
		keep := ui.Hidden{Name: "way", Value: v.way}
		v.kept, v.keptAll = append(v.kept, keep), append(v.keptAll, keep)
	}
	if v.way == store.SuggestionsOver {
		v.facets = slices.DeleteFunc(v.facets, func(f ui.FacetSpec) bool { return f.Name == "confidence" })
		v.kept = append(v.kept, ui.Hidden{Name: "confidence", Value: strings.Join(q.Filters["confidence"], ",")})
	}
}

// over fills what may be taken at once: by category, in three parts, of which only the first is ticked.
func (v *suggestionsView) over(ctx context.Context, w suggestionWriter, page store.SuggestionPage) {
	v.floor = strings.Join(w.q.Filters["confidence"], ",")
	for _, h := range v.keptAll {
		if h.Name != "confidence" {
			v.floorKept = append(v.floorKept, h)
		}
	}
	v.overHidden = []ui.Hidden{{Name: "way", Value: w.way}, {Name: "query", Value: w.q.FirstPage().Query(domain.SuggestionRegister)},
		{Name: "back", Value: addQuery(v.path, suggestionAddress(w.q.FirstPage(), w.way))}}
	for _, care := range domain.SuggestionCares {
		part := suggestionCareView{care: care, title: i18n.T(ctx, "suggestion.care."+string(care))}
		if care != domain.CarePlain {
			part.hint = i18n.T(ctx, "suggestion.care."+string(care)+".hint")
		}
		var n int64
		for _, sh := range page.Shares {
			if sh.Category.Care() != care {
				continue
			}
			n += sh.N
			kind, icon := classTone(sh.Category.Class)
			look := w.q.FirstPage().Narrow("category", itoa(sh.Category.ID))
			part.shares = append(part.shares, suggestionShareView{pick: itoa(sh.Category.ID) + ":" + sh.Print, ticked: care == domain.CarePlain,
				category: sh.Category.Label, above: sh.Category.Top, class: mark{kind, icon, i18n.T(ctx, "class."+string(sh.Category.Class))},
				count: i18n.Number(ctx, sh.N), look: addQuery(v.path, suggestionAddress(look, store.SuggestionsByName))})
		}
		if n > 0 {
			part.count = i18n.T(ctx, "fields.count", "n", n)
			v.cares = append(v.cares, part)
		}
	}
}

// suggestionWriter puts suggestions into words.
type suggestionWriter struct {
	ctx        context.Context
	by         domain.Actor
	q          domain.ListQuery
	way        string
	categories map[string]store.SuggestionCategory
	may        bool
	back       string // where an answer leads; the list itself where empty
}

func (w suggestionWriter) t(key string, args ...any) string { return i18n.T(w.ctx, key, args...) }

// row is what all suggestions show.
func (w suggestionWriter) row(c store.SuggestionCategory, percent int, personal string, reasons []domain.SuggestionReason, alternatives []domain.SuggestedCode) suggestionRow {
	row := suggestionRow{category: c.Label, above: c.Top, percent: percent, percentText: i18n.Percent(w.ctx, float64(percent)/100)}
	if c.Class.Special() || c.Care() == domain.CareSpecial || c.Class == domain.ClassHighlyPersonal || c.Class == domain.ClassNonPersonal {
		kind, icon := classTone(c.Class)
		if c.Care() == domain.CareSpecial {
			kind, icon = ui.Sens, "shield-lock"
		}
		row.marks = append(row.marks, mark{kind, icon, w.t("class." + string(c.Class))})
	}
	if personal == domain.SuggestedUnknown {
		row.marks = append(row.marks, mark{ui.Warn, "eye", w.t("suggestion.personal.unk")})
	}
	for _, r := range reasons {
		if parts := w.reason(r); len(parts) > 0 {
			row.reasons = append(row.reasons, parts)
		}
	}
	for _, a := range alternatives[:min(len(alternatives), 4)] {
		if other, known := w.categories[a.Code]; known {
			row.options = append(row.options, ui.ButtonSpec{Name: "act", Value: "take:" + itoa(other.ID), Text: other.Label + " · " + i18n.Percent(w.ctx, float64(a.Percent)/100)})
		}
	}
	return row
}

// reason is a reason in words. Codes of the taxonomy among its arguments become the names of their categories.
func (w suggestionWriter) reason(r domain.SuggestionReason) []textPart {
	if !i18n.Has(w.ctx, r.Key) {
		return nil
	}
	args := make(map[string]any, len(r.Args))
	for name, value := range r.Args {
		switch x := value.(type) {
		case float64:
			value = int64(x)
		case string:
			if c, known := w.categories[x]; known && name == "means" {
				value = c.Label
			}
		}
		args[name] = value
	}
	var parts []textPart
	for i, text := range strings.Split(i18n.TArgs(w.ctx, r.Key, args), "`") {
		if text != "" {
			parts = append(parts, textPart{text, i%2 == 1})
		}
	}
	return parts
}

// answers adds what a person may say to the suggestion.
func (w suggestionWriter) answers(row *suggestionRow, f suggestionForm) {
	if !w.may {
		return
	}
	f.Way, f.Query, f.Back = w.way, w.q.Query(domain.SuggestionRegister), w.back
	if f.Back == "" {
		f.Back = addQuery(workspacePath(w.by, "suggestions"), suggestionAddress(w.q, w.way))
	}
	row.values = f.values()
	pairs := make([]string, 0, 2*len(row.values))
	for _, h := range row.values {
		pairs = append(pairs, h.Name, h.Value)
	}
	row.choose = addQuery(workspacePath(w.by, "suggestions", "choose"), queryOf(pairs...))
}

func (w suggestionWriter) group(g store.SuggestionGroup) suggestionRow {
	row := w.row(g.Category, int(g.Weight/g.N), g.Personal, g.Reasons, g.Alternatives)
	row.name = g.Key
	if len(g.Names) > 0 {
		row.name, row.variants = g.Names[0], strings.Join(g.Names[1:], ", ")
	}
	if g.Least != g.Most {
		row.spread = w.t("suggestion.sure", "least", i18n.Percent(w.ctx, float64(g.Least)/100), "most", i18n.Percent(w.ctx, float64(g.Most)/100))
	}
	row.place = w.t("suggestion.in", "n", g.Datasets) + " · " + strings.Join(g.Applications, ", ")
	if rest := g.Systems - int64(len(g.Applications)); rest > 0 {
		row.place += " " + w.t("suggestion.systems", "n", rest)
	}
	row.accept = w.t("suggestion.accept_n", "n", g.N)
	row.look = addQuery(workspacePath(w.by, "suggestions"), suggestionAddress(w.q.FirstPage().Narrow("name", g.Key), store.SuggestionsByOne))
	w.answers(&row, suggestionForm{Category: g.CategoryID, Key: g.Key, Name: row.name, Seen: g.Print, N: g.N})
	return row
}

func (w suggestionWriter) line(l store.SuggestionLine) suggestionRow {
	row := w.row(l.Category, l.Percent, l.Personal, l.Reasons, l.Alternatives)
	row.name, row.label = l.Name, l.Label
	row.place = l.Application + " · " + l.Dataset
	if l.DataType != "" {
		row.place += " · " + l.DataType
	}
	if len(l.Neighbours) > 0 {
		row.beside = w.t("suggestion.beside", "names", strings.Join(l.Neighbours, ", "))
	}
	row.accept = w.t("suggestion.accept")
	row.look = fieldPath(w.by, l.Field)
	w.answers(&row, suggestionForm{Category: l.CategoryID, Field: l.Field, N: 1})
	return row
}

// answerSuggestions accepts, refuses or replaces suggestions. Where they are no longer those that were seen nothing is
// done, and the list is shown as it is now.
func (s *Server) answerSuggestions(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	f, p, err := decode[suggestionForm](r)
	if err != nil {
		return err
	}
	values, err := url.ParseQuery(f.Query)
	if err != nil {
		return domain.Errorf(domain.Invalid, "error.form")
	}
	values.Set("way", f.Way)
	q, way := suggestionQuery(values)
	act, choice, err := f.act()
	if err != nil || len(p) > 0 {
		return domain.Errorf(domain.Invalid, "error.form")
	}
	picks := f.picks()
	if len(picks) == 0 {
		return s.suggestionsPage(w, r, http.StatusUnprocessableEntity, q, way, i18n.T(ctx, "suggestion.over.nothing"))
	}
	if f.Category == 0 { // everything that is ticked, each under its own
		choice = 0
	} else if f.Act == "choose" && choice == 0 {
		return s.choosePage(w, r, http.StatusUnprocessableEntity, f, domain.Problems{"choice": {Key: "error.required"}})
	}
	back := localPath(f.Back, addQuery(workspacePath(by, "suggestions"), suggestionAddress(q, way)))
	done, err := s.store.AnswerSuggestions(ctx, by, q, picks, domain.Bulk{Act: act, Category: choice, Name: f.Name}, back)
	if problems, bad := formProblems(err); bad {
		return s.choosePage(w, r, http.StatusUnprocessableEntity, f, domain.Problems{"choice": problems["category"]})
	}
	if errors.Is(err, domain.Conflict) {
		return s.suggestionsPage(w, r, http.StatusConflict, q, way, i18n.T(ctx, "suggestion.moved"))
	}
	if err != nil {
		return err
	}
	switch {
	case done.Later:
		return s.seeOther(w, r, batchPath(by, done.Batch), "")
	case done.Batch == 0:
		return s.seeOther(w, r, back, "bulk.nothing_to_do")
	}
	return s.seeOtherBatch(w, r, back, done.Batch, "bulk.done."+string(act), "n", done.Todo)
}

type suggestionChooseView struct {
	formView
	shell   ui.Shell
	crumbs  []ui.Link
	title   string
	confirm string
	post    string
	back    string
	name    string
	value   string
	values  []ui.Hidden
	options []ui.Option
}

// chooseSuggestion is the form that takes another category than the suggested ones.
func (s *Server) chooseSuggestion(w http.ResponseWriter, r *http.Request) error {
	var f suggestionForm
	values := r.URL.Query()
	if err := decoder.Decode(&f, values); err != nil || f.Category == 0 {
		return domain.Errorf(domain.NotFound, "error.not_found", "noun", "page")
	}
	return s.choosePage(w, r, http.StatusOK, f, nil)
}

func (s *Server) choosePage(w http.ResponseWriter, r *http.Request, status int, f suggestionForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	categories, err := s.store.CategoryChoices(ctx, by)
	if err != nil {
		return err
	}
	n := max(f.N, 1)
	v := suggestionChooseView{formView: formView{ctx, "suggestion", p}, title: i18n.T(ctx, "suggestion.choose.title", "n", n),
		confirm: i18n.T(ctx, "suggestion.choose.confirm", "n", n), post: workspacePath(by, "suggestions"), name: f.Name, values: f.values(),
		value: refValue(f.Choice), options: refOptions(categories), back: localPath(f.Back, workspacePath(by, "suggestions"))}
	v.crumbs = []ui.Link{{Href: v.back, Text: i18n.T(ctx, "suggestions.title")}, {Text: v.title}}
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, suggestionChoosePage(v))
}

func suggestionsLabel(ctx context.Context, way string) string {
	if way == store.SuggestionsByOne {
		return i18n.T(ctx, "suggestions.list.one")
	}
	return i18n.T(ctx, "suggestions.list")
}

// suggestionsHint is the id of what tells the keys, for whoever may answer.
func suggestionsHint(v suggestionsView) string {
	if !v.may {
		return ""
	}
	return "sugkeys"
}

func suggestionOverHeaders(ctx context.Context, may bool) []ui.HeaderSpec {
	var heads []ui.HeaderSpec
	if may {
		heads = append(heads, ui.HeaderSpec{Text: i18n.T(ctx, "suggestion.accept"), Hidden: true, Class: "c-chk"})
	}
	return append(heads, ui.HeaderSpec{Text: i18n.T(ctx, "column.category")}, ui.HeaderSpec{Text: i18n.T(ctx, "column.gdpr_class")},
		ui.HeaderSpec{Text: i18n.T(ctx, "suggestion.over.fields"), Class: "c-num"})
}

// suggestionOn is the suggestion for one field as its own pages show it; an answer leads back there.
func suggestionOn(ctx context.Context, by domain.Actor, id domain.FieldID, f *store.FieldSuggestion, back string) suggestionRow {
	w := suggestionWriter{ctx: ctx, by: by, categories: f.Categories, may: by.Can(domain.EditInventory), way: store.SuggestionsByOne, back: back}
	row := w.row(f.Category, f.Percent, f.Personal, f.Reasons, f.Alternatives)
	row.accept = w.t("suggestion.accept")
	w.answers(&row, suggestionForm{Category: f.Category.ID, Field: id, N: 1})
	return row
}
