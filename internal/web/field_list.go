package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// shownFields is the register of fields in the order in which its page shows the columns: the field first. Exports keep
// the order of the inventory files.
var shownFields = func() domain.Register {
	r := domain.FieldRegister
	r.Columns = slices.Clone(r.Columns)
	i := slices.IndexFunc(r.Columns, func(c domain.RegisterColumn) bool { return c.Fixed })
	field := r.Columns[i]
	r.Columns = slices.Insert(slices.Delete(r.Columns, i, i+1), 0, field)
	return r
}()

var fieldList = registerSpec{
	register: shownFields,
	path:     "fields",
	show:     func(by domain.Actor, id int64) string { return fieldPath(by, domain.FieldID(id)) },
	add:      domain.EditInventory,
	extra:    fieldListLinks,
	bulk:     fieldBulkActions,
}

// fieldListLinks are the further actions above the list.
func fieldListLinks(ctx context.Context, by domain.Actor) []ui.Link {
	if !by.Can(domain.EditInventory) {
		return nil
	}
	return []ui.Link{{Href: workspacePath(by, "imports", "new"), Text: i18n.T(ctx, "fields.import"), Icon: "upload"}}
}

type fieldListView struct {
	registerView
	keys        []string // of the columns shown, in order
	lines       []fieldRow
	noProgram   string
	unmeasured  string // read aloud where nothing was measured
	approximate string // said where the list is only close to what was sought
}

// fieldRow is a field with every word that its row needs.
type fieldRow struct {
	id, href, name, code string
	gone                 bool
	application, dataset string
	programs             []string
	grade                int
	evidence, fact       string
	percent              int
	fill                 string
	flags                []mark
	moreFlags            string
	verdict              mark
	decision             mark
	cells                map[string]registerCell // further columns
}

func (s *Server) listFields(w http.ResponseWriter, r *http.Request) error {
	ctx, by, q := r.Context(), actor(r), domain.ParseListQuery(shownFields, r.URL.Query())

	store.AskViews(ctx, shownFields.Name)
	page, err := s.store.Fields(ctx, by, q)
	if err != nil {
		return err
	}

	base, err := s.registerView(w, r, fieldList, q, page.Total, append(page.Facets, page.Chosen...), page.Prev, page.Next)
	if err != nil {
		return err
	}
	v := fieldListView{registerView: base, noProgram: i18n.T(ctx, "fields.no_program"), unmeasured: i18n.T(ctx, "grade.not_measured")}
	v.pager.Range = placeText(ctx, q, len(page.Lines), page.Total)
	if page.Approximate {
		v.approximate = i18n.T(ctx, "fields.approximate", "text", q.Q)
		if v.bulk != nil { // what comes close is taken row by row
			v.bulk.bar.TakeAll, v.bulk.bar.AllTaken = "", ""
		}
	}
	columns := q.Visible(shownFields)
	for _, c := range columns {
		v.keys = append(v.keys, c.Key)
	}
	rows := fieldRows{ctx: ctx, marks: marksOf(ctx), columns: columns, now: s.now(), path: v.path + "/", from: fromQuery(q)}
	for _, line := range page.Lines {
		v.lines = append(v.lines, rows.row(line))
	}
	return s.ok(w, r, fieldListPage(v))
}

// fromQuery is what a link to a field carries so that its page can lead back to the list and on to the next field.
func fromQuery(q domain.ListQuery) string {
	if query := q.FirstPage().Query(shownFields); query != "" {
		return "?from=" + queryEscape(query)
	}
	return ""
}

// fieldRows writes the rows of one page.
type fieldRows struct {
	ctx     context.Context
	marks   marks
	columns []domain.RegisterColumn
	now     time.Time
	path    string
	from    string
}

func (f *fieldRows) row(l store.FieldLine) fieldRow {
	row := fieldRow{id: itoa(l.ID), href: f.path + itoa(l.ID) + f.from, name: l.Label, code: l.Name, gone: l.State != "active",
		application: l.Application, dataset: l.Dataset, programs: l.Programs, grade: int(l.Grade), evidence: f.marks.grades[l.Grade],
		percent: -1, verdict: f.marks.verdicts[l.Verdict], decision: f.marks.decision[l.Decision]}
	if l.Label == "" {
		row.name, row.code = l.Name, ""
	}
	row.fact = readsFact(f.ctx, f.now, l.Grade, l.Reads, l.WindowDays, l.LastReadAt)
	if l.Fill != nil {
		row.percent, row.fill = int(*l.Fill*100), i18n.Percent(f.ctx, *l.Fill)
	}
	row.flags = f.marks.flagged(domain.FlagSet(l.Flags))
	if n := len(row.flags); n > 2 {
		row.flags, row.moreFlags = row.flags[:2], "+"+i18n.Number(f.ctx, n-2)
	}
	if l.Decision == "keep_until" && l.DecisionUntil != nil {
		row.decision.text = i18n.T(f.ctx, "fields.kept_until", "day", i18n.Day(f.ctx, *l.DecisionUntil))
	}
	if l.More != nil {
		row.cells = make(map[string]registerCell, len(l.More))
		for _, c := range f.columns {
			if value, ok := l.More[c.Key]; ok {
				row.cells[c.Key] = cellView(f.ctx, c, value)
			}
		}
	}
	return row
}

// readsFact says in a few words what the grade of the usage evidence rests on; nothing where nothing was measured.
func readsFact(ctx context.Context, now time.Time, grade domain.Grade, reads *int64, window *int, last *time.Time) string {
	switch {
	case reads != nil && *reads > 0 && window != nil && grade != domain.GradeNotMeasured:
		return i18n.T(ctx, "fields.reads", "n", *reads, "days", *window)
	case last != nil:
		return i18n.T(ctx, "fields.last_read", "ago", i18n.Relative(ctx, *last, now))
	case reads != nil && *reads > 0:
		return i18n.T(ctx, "fields.reads.once", "n", *reads)
	case reads != nil && window != nil:
		return i18n.T(ctx, "fields.never_read", "n", *window)
	}
	return ""
}
