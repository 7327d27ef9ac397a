package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// CountCap is where the total of a filtered list of fields stops being exact: counting further would cost more than the
// list itself. Totals that stored counters know are always exact.
const CountCap = 10_000

// searchCap is how many hits of a search are put in order; past it the words are so common that walking the order and
// filtering finds a page at once.
const searchCap = 20_000

var _ = addRegister(registerSQL{
	register: domain.FieldRegister,
	from: `field r
		join dataset d on d.workspace_id = r.workspace_id and d.id = r.dataset_id
		join application a on a.workspace_id = r.workspace_id and a.id = r.application_id
		left join data_category c on c.workspace_id = r.workspace_id and c.id = r.category_id
		left join app_user o on o.id = r.owner_id
		left join field_evidence e on e.workspace_id = r.workspace_id and e.field_id = r.id
		left join lateral (
			select array_agg(p.name order by l.level, fold(p.name)) as names
			from program_link l join program p on p.workspace_id = l.workspace_id and p.id = l.program_id
			where l.workspace_id = r.workspace_id and l.field_id = r.id and l.level <> 'avoid'
		) pl on r.programs > 0
		left join lateral (
			select array_agg(p.name order by fold(p.name)) as names
			from purpose_mapping m join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id
			where m.workspace_id = r.workspace_id and m.field_id = r.id and m.state <> 'rejected'
		) pm on r.purposes > 0`,
	cells: map[string]string{
		"application": "a.name", "dataset": "d.name", "field": "r.name", "label": "r.label", "data_type": "r.data_type",
		"category": "case when current_setting('app.lang', true) = 'fr' then c.label_fr else c.label_en end", "category_code": "c.code",
		"gdpr_class": "r.gdpr_class", "programs": "pl.names", "purposes": "pm.names",
		"evidence": gradeText, "fill": fillRate, "reads": "e.reads", "last_read": "e.last_read_at", "last_write": "e.last_write_at",
		"flags": "flag_codes(r.flags)", "verdict": "r.verdict", "lawful": "r.lawful", "used": "r.used",
		"decision": "r.decision", "decision_until": "r.decision_until", "owner": "o.name", "origin": "r.origin", "state": "r.state",
		"completeness": "r.completeness::bigint", "is_key": "r.is_key", "nullable": "r.nullable", "reference": "r.reference",
		"description": "r.description", "comment": "r.comment", "updated": "r.updated_at",
	},
	orders: map[string]string{
		"field": "r.name", "application": "fold(a.name)", "dataset": "fold(d.name)", "evidence": "r.grade::text", "verdict": "r.verdict", "category": "coalesce(fold(c.code), '')",
		"fill": "coalesce((" + fillRate + ")::double precision, -1)", "completeness": "r.completeness::bigint", "updated": "r.updated_at",
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
		"program": {in: `exists(select from program_link x where x.workspace_id = r.workspace_id and x.field_id = r.id
			and x.program_id = any(%s::text[]::bigint[]))`, none: "r.programs = 0", lookup: programLookup},
		"purpose": {in: `exists(select from purpose_mapping x where x.workspace_id = r.workspace_id and x.field_id = r.id
			and x.purpose_id = any(%s::text[]::bigint[]))`, none: "r.purposes = 0", lookup: purposeLookup},
		"mapping": {in: `exists(select from purpose_mapping x where x.workspace_id = r.workspace_id and x.field_id = r.id
			and x.state = any(%s))`},
		"evidence": {expr: gradeText},
		"decision": {expr: "r.decision", none: "r.decision = ''"},
		"owner":    {in: "r.owner_id = any(%s::text[]::bigint[])", none: "r.owner_id is null", lookup: userLookup},
		"origin":   {expr: "r.origin"},
		"collection_point": {in: `exists(select from field_collection x where x.workspace_id = r.workspace_id and x.field_id = r.id
			and x.collection_point_id = any(%s::text[]::bigint[]))`, none: `not exists(select from field_collection x
			where x.workspace_id = r.workspace_id and x.field_id = r.id)`, lookup: collectionPointLookup},
		"state": {expr: "r.state"},
	},
	search:   "r.search",
	archived: "r.state = 'archived'",
})

const (
	gradeText = `case r.grade when -1 then 'not_measured' when 0 then 'none' when 1 then 'weak' when 2 then 'medium'
		when 3 then 'strong' else 'very_strong' end`
	fillRate = "e.non_null_count::double precision / nullif(e.row_count, 0)"
)

// FieldLine is a field as the list shows it.
type FieldLine struct {
	ID           domain.FieldID   `db:"id"`
	Name         string           `db:"name"`
	Label        string           `db:"label"`
	Application  string           `db:"application"`
	Dataset      string           `db:"dataset"`
	DataType     string           `db:"data_type"`
	Category     *string          `db:"category"`
	Class        domain.GDPRClass `db:"gdpr_class"`
	Programs     []string         `db:"programs"`
	Verdict      domain.Verdict   `db:"verdict"`
	Flags        int32            `db:"flags"`
	Grade        int16            `db:"grade"`
	Fill         *float64         `db:"fill"`
	Reads        *int64           `db:"reads"`
	WindowDays   *int             `db:"window_days"`
	Decision     string           `db:"decision"`
	Owner        *string          `db:"owner"`
	State        string           `db:"state"`
	Completeness int16            `db:"completeness"`
	UpdatedAt    time.Time        `db:"updated_at"`
	Edge         string           `db:"edge"`
}

// FieldPage is one page of the list of fields.
type FieldPage struct {
	Lines       []FieldLine
	Total       domain.Count
	Next, Prev  string
	Facets      []domain.Facet
	Approximate bool // nothing holds what was typed: these come close to it
}

// Fields returns one page of the list of fields with its total and facets.
func (s *Store) Fields(ctx context.Context, by domain.Actor, q domain.ListQuery) (page FieldPage, err error) {
	r := registers["fields"]
	err = s.Read(ctx, by, func(s *Store) error {
		if q, err = s.resolve(ctx, by, r, q); err != nil {
			return err
		}
		cells, err := s.tally(ctx, by)
		if err != nil {
			return err
		}
		f := fieldList{s: s, by: by, r: r, q: q, cells: cells}
		page, err = f.read(ctx)
		if err != nil {
			return err
		}
		page.Facets, err = f.facets(ctx, page.Total)
		return err
	})
	return page, err
}

// fieldList reads one page of fields.
type fieldList struct {
	s     *Store
	by    domain.Actor
	r     registerSQL
	q     domain.ListQuery
	cells []tallyCell
	hits  []int64 // ids that the search found, where they are few enough to be put in order
	found bool    // the search was answered by hits
}

func (f *fieldList) read(ctx context.Context) (FieldPage, error) {
	var page FieldPage
	if words := searchWords(f.q.Q); len(words) > 0 {
		if err := f.search(ctx, words, &page); err != nil {
			return page, err
		}
	}
	c := f.conditions("")
	o := f.r.order(f.q)
	orderBy, back := o.place(&c, f.q)
	size := max(f.q.Size, 1)
	sql := fmt.Sprintf(`with page as materialized (
			select r.id, r.workspace_id, (%[1]s)::text as edge, row_number() over (order by %[3]s) as place
			from %[4]s where %[2]s order by %[3]s limit %[5]s
		)
		select r.id, r.name, r.label, a.name as application, d.name as dataset, r.data_type,
			case when @lang = 'fr' then c.label_fr else c.label_en end as category, r.gdpr_class,
			case when r.programs > 0 then (select array_agg(p.name order by l.level, p.name)
				from program_link l join program p on p.workspace_id = l.workspace_id and p.id = l.program_id
				where l.workspace_id = r.workspace_id and l.field_id = r.id and l.level <> 'avoid') end as programs,
			r.verdict, r.flags, r.grade, %[6]s as fill, e.reads, e.window_days, r.decision, o.name as owner, r.state,
			r.completeness, r.updated_at, page.edge
		from page
		join field r on r.workspace_id = page.workspace_id and r.id = page.id
		join dataset d on d.workspace_id = r.workspace_id and d.id = r.dataset_id
		join application a on a.workspace_id = r.workspace_id and a.id = r.application_id
		left join data_category c on c.workspace_id = r.workspace_id and c.id = r.category_id
		left join app_user o on o.id = r.owner_id
		left join field_evidence e on e.workspace_id = r.workspace_id and e.field_id = r.id
		order by page.place`, o.expr, c.sql(), orderBy, f.from(o), c.arg(size+1), fillRate)
	c.args["lang"] = f.by.Lang
	lines, err := many[FieldLine](ctx, f.s, "field", sql, c.args)
	if err != nil {
		return page, err
	}
	page.Lines = lines
	f.turn(&page, o, size, back)
	page.Total, err = f.total(ctx)
	return page, err
}

// from joins only what the order needs: most orders are on the field itself.
func (f *fieldList) from(o orderSQL) string {
	from := "field r"
	if strings.Contains(o.expr, "a.") {
		from += " join application a on a.workspace_id = r.workspace_id and a.id = r.application_id"
	}
	if strings.Contains(o.expr, "d.") {
		from += " join dataset d on d.workspace_id = r.workspace_id and d.id = r.dataset_id"
	}
	if strings.Contains(o.expr, "c.") {
		from += " left join data_category c on c.workspace_id = r.workspace_id and c.id = r.category_id"
	}
	if strings.Contains(o.expr, "e.") {
		from += " left join field_evidence e on e.workspace_id = r.workspace_id and e.field_id = r.id"
	}
	return from
}

// search fills hits. Where nothing holds the words, texts that come close are shown instead.
func (f *fieldList) search(ctx context.Context, words []string, page *FieldPage) error {
	hits, err := many[int64](ctx, f.s, "field", "select field_search(@words, @most)",
		pgx.StrictNamedArgs{"words": words, "most": searchCap + 1})
	if err != nil {
		return err
	}
	if len(hits) == 0 && len(f.q.Q) >= 4 {
		hits, err = many[int64](ctx, f.s, "field", "select id from field_search_alike(@sought, 50)", pgx.StrictNamedArgs{"sought": f.q.Q})
		if err != nil {
			return err
		}
		page.Approximate = len(hits) > 0
	}
	if len(hits) <= searchCap {
		f.hits, f.found = hits, true
	}
	return nil
}

// conditions is the list's where clause, with the search answered by its hits where there are some.
func (f *fieldList) conditions(except string) conditions {
	q := f.q
	if f.found {
		q.Q = ""
	}
	c := f.r.narrow(f.by, q, except)
	if f.found {
		c.add("r.id = any(" + c.arg(f.hits) + ")")
	}
	return c
}

// turn cuts the line that was read to know whether there are more, and sets the cursors.
func (f *fieldList) turn(page *FieldPage, o orderSQL, size int, back bool) {
	more := len(page.Lines) > size
	if more {
		page.Lines = page.Lines[:size]
	}
	if back {
		slices.Reverse(page.Lines)
	}
	n := len(page.Lines)
	if n == 0 {
		return
	}
	if more || back {
		page.Next = cursor{o.key, page.Lines[n-1].Edge, int64(page.Lines[n-1].ID)}.encode()
	}
	if (back && more) || (!back && f.q.After != "") {
		page.Prev = cursor{o.key, page.Lines[0].Edge, int64(page.Lines[0].ID)}.encode()
	}
}

// total takes the number from the stored counters where they know every filter, else counts up to CountCap.
func (f *fieldList) total(ctx context.Context) (domain.Count, error) {
	if n, known := countCells(f.cells, f.q, ""); known {
		return domain.Count{N: n}, nil
	}
	c := f.conditions("")
	n, err := one[int64](ctx, f.s, "field", "select count(*) from (select from field r where "+c.sql()+" limit "+c.arg(CountCap+1)+") x", c.args)
	if n > CountCap {
		return domain.Count{N: CountCap, Capped: true}, err
	}
	return domain.Count{N: n}, err
}

// facets come from the stored counters where these know every filter, else from the rows themselves up to CountCap;
// what would have to be counted in a longer list is offered without counts.
func (f *fieldList) facets(ctx context.Context, total domain.Count) ([]domain.Facet, error) {
	var facets []domain.Facet
	names, err := f.names(ctx)
	if err != nil {
		return nil, err
	}
	_, counted := countCells(f.cells, f.q, "")
	for _, filter := range f.r.register.Filters {
		if !filter.Facet {
			continue
		}
		var rows []facetRow
		switch {
		case counted && tallied(filter.Key):
			rows = facetCells(f.cells, f.q, filter)
		case total.Capped || counted && total.N > CountCap:
			rows = uncounted(filter, names[filter.Key])
		default:
			if rows, err = f.countFacet(ctx, filter); err != nil {
				return nil, err
			}
		}
		for i, r := range rows {
			if label := names[filter.Key][r.Value]; label != "" {
				rows[i].Label = label
			}
		}
		facets = append(facets, domain.Facet{Filter: filter, Values: orderFacet(filter, rows, f.q.Filters[filter.Key])})
	}
	return facets, nil
}

// names of the things that ref facets offer.
func (f *fieldList) names(ctx context.Context) (map[string]map[string]string, error) {
	type named struct {
		Kind string `db:"kind"`
		ID   string `db:"id"`
		Name string `db:"name"`
	}
	rows, err := many[named](ctx, f.s, "field", `
		select 'application' as kind, id::text, name from application where workspace_id = @ws
		union all select 'program', id::text, name from program where workspace_id = @ws and archived_at is null
		union all select 'owner', u.id::text, u.name from membership m join app_user u on u.id = m.user_id where m.workspace_id = @ws`,
		pgx.StrictNamedArgs{"ws": f.by.Workspace})
	names := map[string]map[string]string{"application": {}, "program": {}, "owner": {}}
	for _, r := range rows {
		names[r.Kind][r.ID] = r.Name
	}
	return names, err
}

// uncounted offers the values of a facet without counts.
func uncounted(filter domain.RegisterFilter, names map[string]string) []facetRow {
	var rows []facetRow
	for id, name := range names {
		rows = append(rows, facetRow{Value: id, Label: name, N: -1})
	}
	for _, v := range filter.Values {
		rows = append(rows, facetRow{Value: v, N: -1})
	}
	slices.SortFunc(rows, func(a, b facetRow) int { return strings.Compare(domain.Fold(a.Label), domain.Fold(b.Label)) })
	return rows
}

// countFacet counts one facet over the rows that every other filter leaves.
func (f *fieldList) countFacet(ctx context.Context, filter domain.RegisterFilter) ([]facetRow, error) {
	c := f.conditions(filter.Key)
	most := c.arg(CountCap)
	base := "(select r.* from field r where " + c.sql() + " limit " + most + ") r"
	sql := ""
	switch filter.Key {
	case "flag":
		sql = "select code as value, '' as label, count(*) as n from " + base + ", unnest(flag_codes(r.flags)) code group by 1"
	case "program":
		sql = `select coalesce(l.program_id::text, 'none') as value, '' as label, count(*) as n from ` + base + `
			left join program_link l on l.workspace_id = r.workspace_id and l.field_id = r.id group by 1`
	default:
		expr := map[string]string{"verdict": "r.verdict", "application": "r.application_id::text", "gdpr_class": "r.gdpr_class",
			"evidence": gradeText, "decision": "coalesce(nullif(r.decision, ''), 'none')", "owner": "coalesce(r.owner_id::text, 'none')",
			"state": "r.state"}[filter.Key]
		sql = "select " + expr + " as value, '' as label, count(*) as n from " + base + " group by 1"
	}
	return many[facetRow](ctx, f.s, "field", sql+" order by n desc, value limit 200", c.args)
}

// tallyCell is one combination of the stored counters.
type tallyCell struct {
	Application int64  `db:"application_id"`
	State       string `db:"state"`
	Verdict     string `db:"verdict"`
	Class       string `db:"gdpr_class"`
	Flags       int32  `db:"flags"`
	Grade       int16  `db:"grade"`
	Decision    string `db:"decision"`
	N           int64  `db:"n"`
}

// tally reads the stored counters of the workspace. Deltas that were not folded yet are summed by whoever reads them.
func (s *Store) tally(ctx context.Context, by domain.Actor) ([]tallyCell, error) {
	return many[tallyCell](ctx, s, "tally", `select application_id, state, verdict, gdpr_class, flags, grade, decision, n
		from field_tally where workspace_id = @ws`, pgx.StrictNamedArgs{"ws": by.Workspace})
}

// tallied tells whether the stored counters know a filter.
func tallied(key string) bool {
	switch key {
	case "verdict", "flag", "application", "gdpr_class", "evidence", "decision", "state":
		return true
	}
	return false
}

// countCells sums the cells that the query leaves; known is false where a filter is not among the counters.
func countCells(cells []tallyCell, q domain.ListQuery, except string) (n int64, known bool) {
	if q.Q != "" {
		return 0, false
	}
	for key, values := range q.Filters {
		if !tallied(key) && len(values) > 0 {
			return 0, false
		}
	}
	match := cellMatcher(q, except)
	for _, c := range cells {
		if match(c) {
			n += c.N
		}
	}
	return n, true
}

// cellMatcher tells whether a cell passes every filter but one.
func cellMatcher(q domain.ListQuery, except string) func(tallyCell) bool {
	var mask int32
	for _, code := range q.Filters["flag"] {
		flag, _ := domain.FlagByCode(code) // an unknown code matches nothing
		mask |= int32(flag)
	}
	pass := func(key, value string) bool {
		values := q.Filters[key]
		if key == "state" && len(values) == 0 {
			values = []string{"active"}
		}
		if value == "" {
			value = domain.FilterNone
		}
		return key == except || len(values) == 0 || slices.Contains(values, value)
	}
	return func(c tallyCell) bool {
		flagged := except == "flag" || len(q.Filters["flag"]) == 0 || c.Flags&mask != 0 ||
			c.Flags == 0 && slices.Contains(q.Filters["flag"], domain.FilterNone)
		return flagged && pass("verdict", c.Verdict) && pass("gdpr_class", c.Class) && pass("state", c.State) &&
			pass("decision", c.Decision) && pass("evidence", domain.Grade(c.Grade).Code()) &&
			pass("application", strconv.FormatInt(c.Application, 10))
	}
}

// facetCells counts one facet from the stored counters.
func facetCells(cells []tallyCell, q domain.ListQuery, filter domain.RegisterFilter) []facetRow {
	match := cellMatcher(q, filter.Key)
	counts := map[string]int64{}
	for _, c := range cells {
		if !match(c) {
			continue
		}
		switch filter.Key {
		case "verdict":
			counts[c.Verdict] += c.N
		case "flag":
			for _, code := range domain.FlagSet(c.Flags).Codes() {
				counts[code] += c.N
			}
		case "application":
			counts[strconv.FormatInt(c.Application, 10)] += c.N
		case "gdpr_class":
			counts[c.Class] += c.N
		case "evidence":
			counts[domain.Grade(c.Grade).Code()] += c.N
		case "decision":
			value := c.Decision
			if value == "" {
				value = domain.FilterNone
			}
			counts[value] += c.N
		case "state":
			counts[c.State] += c.N
		}
	}
	var rows []facetRow
	for value, n := range counts {
		if n != 0 {
			rows = append(rows, facetRow{Value: value, N: n})
		}
	}
	slices.SortFunc(rows, func(a, b facetRow) int {
		if a.N != b.N {
			return int(b.N - a.N)
		}
		return strings.Compare(a.Value, b.Value)
	})
	return rows
}
