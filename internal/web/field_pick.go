package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// picksShown is how many fields a page that picks them shows; the others are searched for, or on the pages behind.
const picksShown = 200

// picksOffered is how many fields are proposed for what somebody types.
const picksOffered = 30

// fieldPick is a page of the fields of one place, for somebody who ticks some of them.
type fieldPick struct {
	q      string
	page   int // from 1
	at     domain.FlowEnd
	path   string      // address of the page that picks
	kept   []ui.Hidden // what its address says beside the search
	rows   []flowPick
	long   bool // the place has more fields than a page
	result string
	pager  ui.PagerSpec
}

// pickQuery is what a request says of the page of fields, in its address or in the form that was shown on it.
func pickQuery(r *http.Request, at domain.FlowEnd, path string, kept ...ui.Hidden) fieldPick {
	p := fieldPick{at: at, path: path, kept: kept, q: domain.CleanLine(r.FormValue("q")), page: 1}
	if n, err := strconv.Atoi(r.FormValue("page")); err == nil && n > 1 && n < 100_000 {
		p.page = n
	}
	return p
}

// narrowed tells whether the page is one of several, so that after saving there may be more to tick.
func (p fieldPick) narrowed() bool { return p.q != "" || p.page > 1 || p.long }

// href is the address of a page of the same search.
func (p fieldPick) href(page int) string {
	values := url.Values{}
	for _, h := range p.kept {
		values.Set(h.Name, h.Value)
	}
	if p.q != "" {
		values.Set("q", p.q)
	}
	if page > 1 {
		values.Set("page", strconv.Itoa(page))
	}
	return addQuery(p.path, values.Encode())
}

// state are the hidden fields by which the form comes back to its page.
func (p fieldPick) state() []ui.Hidden {
	return []ui.Hidden{{Name: "q", Value: p.q}, {Name: "page", Value: strconv.Itoa(p.page)}}
}

// read fills the page; those that hold comes first for each field.
func (p *fieldPick) read(r *http.Request, st *store.Store, ticked func(store.NamedField) flowPick) error {
	ctx := r.Context()
	fields, total, err := st.FieldsAt(ctx, actor(r), p.at, p.q, (p.page-1)*picksShown, picksShown)
	if err != nil {
		return err
	}
	for _, f := range fields {
		row := ticked(f)
		row.id, row.name, row.label, row.class = itoa(f.ID), f.Name, f.Label, classMark(ctx, f.Class)
		p.rows = append(p.rows, row)
	}
	p.long = total > picksShown
	p.pager = pagerOf(ctx, p.page, picksShown, len(fields), total, p.href)
	p.result = p.pager.Range
	return nil
}

// pagerOf leads from a page, counted from 1, that shows so many of all rows.
func pagerOf(ctx context.Context, page, size, shown int, total int64, href func(page int) string) ui.PagerSpec {
	from := (page - 1) * size
	p := ui.PagerSpec{Range: i18n.T(ctx, "list.place", "from", min(from+1, from+shown), "to", from+shown, "of", i18n.Number(ctx, total))}
	if page > 1 {
		p.Prev = href(page - 1)
	}
	if int64(from+shown) < total {
		p.Next = href(page + 1)
	}
	return p
}

// suggestTargets answers, while somebody types where a field arrives, with the names that go on like that.
func (s *Server) suggestTargets(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.FlowID](r, "flow")
	if err != nil {
		return err
	}
	f, err := s.store.FlowByID(r.Context(), actor(r), id)
	if err != nil {
		return err
	}
	typed := ""
	for name, values := range r.URL.Query() { // each row has a box of its own, which sends itself alone
		if strings.HasPrefix(name, "target-") && len(values) > 0 {
			typed = domain.CleanLine(values[0])
		}
	}
	fields, err := s.store.FieldsLike(r.Context(), actor(r), f.Target, typed, picksOffered)
	if err != nil {
		return err
	}
	return s.ok(w, r, targetOptions(mapNames(f, fields)))
}

func mapNames(f domain.Flow, fields []store.NamedField) []string {
	names := make([]string, len(fields))
	for i, x := range fields {
		names[i] = targetName(f, x)
	}
	return names
}

// targetName is how people write a field of a flow's target: dataset.field where the flow names no dataset.
func targetName(f domain.Flow, x store.NamedField) string {
	if f.Target.Dataset == 0 {
		return x.Dataset + "." + x.Name
	}
	return x.Name
}
