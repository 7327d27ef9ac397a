package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/sheet"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// Messages of the comparison that are put together from what differs and how.
//
//i18n:dynamic compare.

func (s *Server) compareRoutes(r scope) {
	r.get("/history/compare", domain.ReadWorkspace, s.showCompare)
	r.get("/history/compare.csv", domain.ReadWorkspace, s.exportCompare)
}

const comparePage = 50

// compareHows are the ways in which a record differs, in the order of the columns.
var compareHows = []string{"added", "changed", "archived", "restored", "removed"}

type compareView struct {
	formView
	shell    ui.Shell
	action   string
	from, to string
	counts   []compareRow
	items    []ui.TimelineItem
	kind     string // in words, of what is listed
	first    string // the beginning of the list, where this is not
	next     string
	file     string
	asked    bool // both days are there
	today    string
}

// compareRow is what differs of one kind.
type compareRow struct {
	href, kind string
	current    bool
	counts     []string
}

// compareAsked reads the two days. The end of the second is now where it is today.
func (s *Server) compareAsked(r *http.Request) (q store.CompareQuery, p domain.Problems, asked bool, err error) {
	values := r.URL.Query()
	from, to := day(&p, "from", values.Get("from")), day(&p, "to", values.Get("to"))
	now := s.now().UTC()
	if to == nil && len(p) == 0 {
		today := domain.Day(now)
		to = &today
	}
	if from == nil || to == nil || len(p) > 0 {
		return q, p, false, nil
	}
	p.Order("to", from, to)
	kept, err := s.store.PastFrom(r.Context(), actor(r))
	if err != nil {
		return q, p, false, err
	}
	q.From, q.To = domain.EndOfDay(*from), domain.EndOfDay(*to)
	if q.From.Before(kept) {
		p.Add("from", "as_of.early", "day", kept.UTC())
	}
	if kind := values.Get("kind"); slices.Contains(store.ComparedKinds(), kind) {
		q.Kind = kind
	}
	first, second, _ := strings.Cut(values.Get("after"), "-")
	q.After[0], _ = strconv.ParseInt(first, 10, 64) // anything else begins the list
	q.After[1], _ = strconv.ParseInt(second, 10, 64)
	return q, p, len(p) == 0, nil
}

func (s *Server) showCompare(w http.ResponseWriter, r *http.Request) error {
	ctx, by, values := r.Context(), actor(r), r.URL.Query()
	q, problems, asked, err := s.compareAsked(r)
	if err != nil {
		return err
	}
	v := compareView{formView: formView{ctx, "compare", problems}, action: workspacePath(by, "history", "compare"), from: values.Get("from"),
		to: values.Get("to"), asked: asked, today: s.now().UTC().Format(time.DateOnly)}
	if asked {
		if err := s.compared(ctx, by, q, &v); err != nil {
			return err
		}
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "compare.title")); err != nil {
		return err
	}
	status := http.StatusOK
	if len(problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return s.render(w, r, status, comparePageView(v))
}

// compared reads the counts, and the list of the kind that was asked for, else of the first that differs.
func (s *Server) compared(ctx context.Context, by domain.Actor, q store.CompareQuery, v *compareView) error {
	counts, err := s.store.CompareCounts(ctx, by, q.From, q.To)
	if err != nil {
		return err
	}
	if q.Kind == "" && len(counts) > 0 {
		q.Kind = counts[0].Kind
	}
	days := url.Values{"from": {q.From.Format(time.DateOnly)}, "to": {q.To.Format(time.DateOnly)}}
	v.file = addQuery(v.action+".csv", days.Encode())
	for _, c := range counts {
		days.Set("kind", c.Kind)
		row := compareRow{href: addQuery(v.action, days.Encode()), kind: enumWord(ctx, "history.kind", c.Kind), current: c.Kind == q.Kind}
		for _, how := range compareHows {
			row.counts = append(row.counts, i18n.Number(ctx, c.By[how]))
		}
		v.counts = append(v.counts, row)
	}
	if q.Kind == "" {
		return nil
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	list, err := s.store.Compare(ctx, by, q, comparePage+1)
	if err != nil {
		return err
	}
	days.Set("kind", q.Kind)
	if q.After != [2]int64{} {
		v.first = addQuery(v.action, days.Encode())
	}
	if len(list) > comparePage {
		list = list[:comparePage]
		last := list[comparePage-1].Row
		days.Set("after", strconv.FormatInt(last[0], 10)+"-"+strconv.FormatInt(last[1], 10))
		v.next = addQuery(v.action, days.Encode())
	}
	v.kind = enumWord(ctx, "history.kind", q.Kind)
	for _, d := range list {
		v.items = append(v.items, compareItem(ctx, by, d, names))
	}
	return nil
}

// compareItem is a difference in the words of the history, with the way to the record, whose own history says who and why.
func compareItem(ctx context.Context, by domain.Actor, d store.Difference, names store.Names) ui.TimelineItem {
	item := eventView(ctx, d.Event, names)
	item.Who, item.When, item.ISO = "", "", ""
	if path := subjectPaths[d.Subject.Kind]; path != "" && !strings.HasSuffix(d.Verb, ".removed") {
		item.Link = &ui.Link{Href: workspacePath(by, path, strconv.FormatInt(d.Subject.ID, 10)),
			Text: i18n.T(ctx, "compare.show", "kind", enumWord(ctx, "history.kind", d.Subject.Kind))}
	}
	return item
}

// exportCompare answers with every difference as a table: a line for each value.
func (s *Server) exportCompare(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	q, problems, asked, err := s.compareAsked(r)
	if err != nil {
		return err
	}
	if !asked {
		return &domain.Error{Kind: domain.Invalid, Key: "error.form", Fields: problems}
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportTime)) // a server that cannot keeps its own limit
	h := w.Header()
	h.Set("Content-Type", contentTypes["csv"])
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="`+visitOf(r).Workspace.Slug+"-"+q.From.Format(time.DateOnly)+"-"+q.To.Format(time.DateOnly)+`.csv"`)
	if err := s.writeCompare(ctx, by, q, names, sheet.NewCSV(w, string(i18n.Lang(ctx)))); err != nil {
		s.log.ErrorContext(ctx, "export failed", "error", err, "register", "compare")
		panic(http.ErrAbortHandler) // part of the file may have been sent: the only honest sign that it is not whole
	}
	return nil
}

func (s *Server) writeCompare(ctx context.Context, by domain.Actor, q store.CompareQuery, names store.Names, out sheet.Writer) error {
	var heads []sheet.Column
	for _, key := range []string{"kind", "record", "how", "value", "before", "after"} {
		heads = append(heads, sheet.Column{Key: key, Title: i18n.T(ctx, "compare.column."+key)})
	}
	if err := out.Header(heads); err != nil {
		return err
	}
	for _, q.Kind = range store.ComparedKinds() {
		for q.After = [2]int64{}; ; {
			list, err := s.store.Compare(ctx, by, q, 1000)
			if err != nil {
				return err
			}
			for _, d := range list {
				q.After = d.Row
				if err := writeDifference(ctx, q.Kind, d, names, out); err != nil {
					return err
				}
			}
			if len(list) < 1000 {
				break
			}
		}
	}
	return out.Close()
}

func writeDifference(ctx context.Context, kind string, d store.Difference, names store.Names, out sheet.Writer) error {
	changes := eventView(ctx, d.Event, names).Changes
	if len(changes) == 0 {
		changes = []ui.Change{{}}
	}
	how := strings.TrimPrefix(d.Verb, kind+".")
	for _, c := range changes {
		if err := out.Row([]any{enumWord(ctx, "history.kind", kind), d.Subject.Name, i18n.T(ctx, "compare.how."+how), c.Label, c.Before, c.After}); err != nil {
			return err
		}
	}
	return nil
}

// day is the control of one of the two days.
func (v compareView) day(name string) ui.Field {
	f := v.field(name)
	f.Label = i18n.T(v.ctx, "compare."+name)
	return f
}
