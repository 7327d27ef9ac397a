package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

var _ = addRegister(registerSQL{
	register: domain.UnusedRegister,
	from: `field r
		join dataset d on d.workspace_id = r.workspace_id and d.id = r.dataset_id
		join application a on a.workspace_id = r.workspace_id and a.id = r.application_id
		left join data_category c on c.workspace_id = r.workspace_id and c.id = r.category_id
		left join app_user o on o.id = r.owner_id
		left join retention_rule rr on rr.workspace_id = r.workspace_id and rr.id = r.effective_rule_id
		left join field_evidence e on e.workspace_id = r.workspace_id and e.field_id = r.id
		left join decision x on x.workspace_id = r.workspace_id and x.field_id = r.id and x.withdrawn_at is null`,
	lean:  "field r",
	where: `r.verdict in ('delete', 'dormant') and r.state = 'active'`,
	cells: map[string]string{
		"application": "a.name", "dataset": "d.name", "field": "r.name", "label": "r.label",
		"category":   "case when current_setting('app.lang', true) = 'fr' then c.label_fr else c.label_en end",
		"gdpr_class": "r.gdpr_class", "verdict": "r.verdict", "flags": "flag_codes(r.flags)", "evidence": gradeText, "last_read": "e.last_read_at",
		"fill": fillRate, "owner": "o.name", "decision": "r.decision", "decision_until": "r.decision_until", "reason": "x.reason",
		"decided_by": "x.decided_by_name", "decided_at": "x.decided_at",
	},
	filters: map[string]filterSQL{
		"verdict":     {expr: "r.verdict"},
		"flag":        {in: "r.flags & flag_mask(%s) <> 0", none: "r.flags = 0"},
		"application": {in: "r.application_id = any(%s::text[]::bigint[])", lookup: applicationLookup},
		"dataset":     {in: "r.dataset_id = any(%s::text[]::bigint[])", lookup: datasetLookup},
		"gdpr_class":  {expr: "r.gdpr_class"},
		"category": {in: `r.category_id in (select k.id from data_category k join data_category top
			on top.workspace_id = k.workspace_id and (k.code = top.code or starts_with(k.code, top.code || '.'))
			where k.workspace_id = @ws and top.id = any(%s::text[]::bigint[]))`, none: "r.category_id is null", lookup: categoryLookup},
		"decision": {expr: "r.decision", none: "r.decision = ''"},
		"owner":    {in: "r.owner_id = any(%s::text[]::bigint[])", none: "r.owner_id is null", lookup: userLookup},
	},
	search:   "r.search",
	archived: "false",
})

// UnusedGroup is one group of unused fields: the value that the filter of the grouping has for it.
type UnusedGroup struct {
	Value   string `db:"value"`
	Label   string `db:"label"` // name, where the value is an id
	Open    int64  `db:"open"`  // fields that nobody has decided about
	Decided int64  `db:"decided"`
}

// UnusedRow is an unused field with what proves it and what was decided.
type UnusedRow struct {
	FieldLine
	Facts     domain.FieldFacts // class, evidence and dataset: what the sentences of flags quote
	Reason    string            // of the decision; empty for none
	DecidedBy string
	DecidedAt *time.Time
}

// UnusedPage is the page of unused fields: how far the decisions have come, the groups, and the rows of one of them.
type UnusedPage struct {
	Open, Decided domain.Count // of everything that the filters leave
	Groups        []UnusedGroup
	Facets        []domain.Facet
	Chosen        []domain.Facet
	Rows          []UnusedRow
	RowsTotal     domain.Count
	Next, Prev    string
	Approximate   bool // nothing holds what was searched: these come close to it
}

// groupsShown is how many groups are listed; more are found by filters.
const groupsShown = 200

// unusedGroups are the value and name of a group, by grouping. Categories are grouped under their topmost one.
var unusedGroups = map[string]struct{ value, label, join string }{
	"application": {"r.application_id::text", "a.name", ` join application a on a.workspace_id = r.workspace_id and a.id = r.application_id`},
	"dataset": {"r.dataset_id::text", "a.name || ' · ' || d.name", ` join dataset d on d.workspace_id = r.workspace_id and d.id = r.dataset_id
		join application a on a.workspace_id = r.workspace_id and a.id = r.application_id`},
	"category": {"coalesce(top.id::text, c.id::text, 'none')", `coalesce(case when current_setting('app.lang', true) = 'fr'
			then coalesce(top.label_fr, c.label_fr) else coalesce(top.label_en, c.label_en) end, '')`,
		` left join data_category c on c.workspace_id = r.workspace_id and c.id = r.category_id
		left join data_category top on top.workspace_id = c.workspace_id and top.code = split_part(c.code, '.', 1)`},
	"flag":    {"g.code", "''", ` cross join lateral unnest(flag_codes(r.flags)) g (code)`},
	"owner":   {"coalesce(r.owner_id::text, 'none')", "coalesce(o.name, '')", ` left join app_user o on o.id = r.owner_id`},
	"verdict": {"r.verdict", "''", ""},
}

// Unused reads the page of unused fields. The query says the filters, with a verdict always among them, and the place in
// the rows; group is the value of the grouping whose rows are read (empty for the first one with rows), decided whether
// those already decided are.
func (s *Store) Unused(ctx context.Context, by domain.Actor, q domain.ListQuery, grouping, group string, decided bool) (page UnusedPage, open string, err error) {
	r := registers["fields"]
	err = s.Read(ctx, by, func(s *Store) error {
		if q, err = s.resolve(ctx, by, r, q); err != nil {
			return err
		}
		f, err := s.fieldList(ctx, by, r, q)
		if err != nil {
			return err
		}
		if page, err = f.unused(ctx, grouping); err != nil {
			return err
		}
		if open = openGroup(page.Groups, group, decided); open == "" {
			return nil
		}
		return f.unusedRows(ctx, &page, grouping, open, decided)
	})
	return page, open, err
}

// find answers the search once, for every query of the page.
func (f *fieldList) find(ctx context.Context) (err error) {
	if len(searchWords(f.q.Q)) > 0 {
		f.hits, f.found, f.approximate, err = f.s.sought(ctx, f.q)
	}
	return err
}

func (f *fieldList) unused(ctx context.Context, grouping string) (page UnusedPage, err error) {
	if err := f.find(ctx); err != nil {
		return page, err
	}
	page.Approximate = f.approximate
	if page.Facets, err = f.facets(ctx); err != nil {
		return page, err
	}
	if page.Chosen, err = f.chosen(ctx); err != nil {
		return page, err
	}
	if page.Groups, err = f.groups(ctx, grouping); err != nil {
		return page, err
	}
	for decision, n := range map[string]*domain.Count{"": &page.Open, "decided": &page.Decided} {
		if *n, err = f.narrowed(decidedQuery(f.q, decision != "")).total(ctx); err != nil {
			return page, err
		}
	}
	return page, nil
}

// decidedQuery narrows a query to what was decided, or to what was not.
func decidedQuery(q domain.ListQuery, decided bool) domain.ListQuery {
	if !decided {
		return withFilter(q, "decision", []string{domain.FilterNone})
	}
	if len(q.Filters["decision"]) > 0 {
		return q
	}
	return withFilter(q, "decision", domain.DecisionKinds)
}

func openGroup(groups []UnusedGroup, asked string, decided bool) string {
	has := func(g UnusedGroup) bool { return decided && g.Decided > 0 || !decided && g.Open > 0 }
	if slices.ContainsFunc(groups, func(g UnusedGroup) bool { return g.Value == asked && has(g) }) {
		return asked
	}
	if i := slices.IndexFunc(groups, has); i >= 0 {
		return groups[i].Value
	}
	return ""
}

// groups counts by the stored counters where these know the grouping and every filter, else by the rows.
func (f *fieldList) groups(ctx context.Context, grouping string) ([]UnusedGroup, error) {
	if f.tally != nil && tallied(grouping) {
		return f.groupCells(ctx, grouping)
	}
	how := unusedGroups[grouping]
	c := f.conditions("")
	return many[UnusedGroup](ctx, f.s, "field", fmt.Sprintf(`select %[1]s as value, min(%[2]s) as label,
			count(*) filter (where r.decision = '') as open, count(*) filter (where r.decision <> '') as decided
		from field r%[3]s where %[4]s group by 1 order by 3 desc, 2, 1 limit %[5]d`, how.value, how.label, how.join, c.sql(), groupsShown), c.args)
}

func (f *fieldList) groupCells(ctx context.Context, grouping string) ([]UnusedGroup, error) {
	names, err := f.names(ctx)
	if err != nil {
		return nil, err
	}
	at := map[string]*UnusedGroup{}
	f.tally.each(f.q, func(c tallyCell) {
		for _, value := range groupValues(c, grouping) {
			g := at[value]
			if g == nil {
				g = &UnusedGroup{Value: value, Label: names[grouping][value]}
				at[value] = g
			}
			if c.Decision == "" {
				g.Open += c.N
			} else {
				g.Decided += c.N
			}
		}
	})
	var out []UnusedGroup
	for _, g := range at {
		if g.Open+g.Decided > 0 {
			out = append(out, *g)
		}
	}
	slices.SortFunc(out, func(a, b UnusedGroup) int {
		if a.Open != b.Open {
			return int(b.Open - a.Open)
		}
		return compareText(a.Label+a.Value, b.Label+b.Value)
	})
	return out[:min(len(out), groupsShown)], nil
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func groupValues(c tallyCell, grouping string) []string {
	switch grouping {
	case "flag":
		return domain.FlagSet(c.Flags).Codes()
	case "verdict":
		return []string{c.Verdict}
	}
	return []string{strconv.FormatInt(c.Application, 10)}
}

// unusedRows reads the rows of one group with their proofs.
func (f *fieldList) unusedRows(ctx context.Context, page *UnusedPage, grouping, group string, decided bool) error {
	list, err := f.narrowed(decidedQuery(withFilter(f.q, grouping, []string{group}), decided)).read(ctx)
	if err != nil {
		return err
	}
	page.RowsTotal, page.Next, page.Prev = list.Total, list.Next, list.Prev
	ids := mapSlice(list.Lines, func(l FieldLine) int64 { return int64(l.ID) })
	type proof struct {
		ID              int64      `db:"id"`
		Class           string     `db:"gdpr_class"`
		Rule            *int64     `db:"effective_rule_id"`
		Months          int        `db:"months"`
		Numbered        bool       `db:"numbered"`
		OldestRecordOn  *time.Time `db:"oldest_record_on"`
		Reads           *int64     `db:"reads"`
		WindowDays      *int       `db:"window_days"`
		LastReadAt      *time.Time `db:"last_read_at"`
		LastReadAsOf    *time.Time `db:"last_read_measured_at"`
		ReadsMeasuredAt *time.Time `db:"reads_measured_at"`
		LastWriteAt     *time.Time `db:"last_write_at"`
		WriteMeasuredAt *time.Time `db:"write_measured_at"`
		RowCount        *int64     `db:"row_count"`
		NonNullCount    *int64     `db:"non_null_count"`
		DistinctCount   *int64     `db:"distinct_count"`
		Reason          *string    `db:"reason"`
		DecidedBy       *string    `db:"decided_by_name"`
		DecidedAt       *time.Time `db:"decided_at"`
	}
	proofs, err := many[proof](ctx, f.s, "field", `select r.id, r.gdpr_class, r.effective_rule_id, `+ruleMonths+`, `+oldestRecord+` as oldest_record_on, e.reads, e.window_days,
			e.last_read_at, e.last_read_measured_at, e.reads_measured_at, e.last_write_at, e.write_measured_at, e.row_count, e.non_null_count, e.distinct_count,
			x.reason, x.decided_by_name, x.decided_at
		from field r join dataset d on d.workspace_id = r.workspace_id and d.id = r.dataset_id
		left join retention_rule rr on rr.workspace_id = r.workspace_id and rr.id = r.effective_rule_id
		left join field_evidence e on e.workspace_id = r.workspace_id and e.field_id = r.id
		left join decision x on x.workspace_id = r.workspace_id and x.field_id = r.id and x.withdrawn_at is null
		where r.workspace_id = @ws and r.id = any(@ids)`, pgx.StrictNamedArgs{"ws": f.by.Workspace, "ids": ids})
	at := make(map[int64]proof, len(proofs))
	for _, p := range proofs {
		at[p.ID] = p
	}
	for _, l := range list.Lines {
		p := at[int64(l.ID)]
		page.Rows = append(page.Rows, UnusedRow{FieldLine: l, Reason: deref(p.Reason), DecidedBy: deref(p.DecidedBy), DecidedAt: p.DecidedAt,
			Facts: domain.FieldFacts{Class: domain.GDPRClass(p.Class),
				Retention: boundBy(p.Rule, p.Months, p.Numbered, p.OldestRecordOn),
				Evidence: domain.EvidenceFacts{Reads: p.Reads, WindowDays: p.WindowDays, LastReadAt: p.LastReadAt, LastReadMeasuredAt: p.LastReadAsOf, ReadsMeasuredAt: p.ReadsMeasuredAt,
					LastWriteAt: p.LastWriteAt, WriteMeasuredAt: p.WriteMeasuredAt, RowCount: p.RowCount, NonNullCount: p.NonNullCount,
					DistinctCount: p.DistinctCount}}})
	}
	return err
}
