package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
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

// FacetCap is how long a list may be for its facets to be counted row by row.
const FacetCap = 5_000

// programFacetCap is how long a list may be for its fields to be counted by program: that looks at the links of each.
const programFacetCap = 1_000

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
		left join retention_rule rr on rr.workspace_id = r.workspace_id and rr.id = r.effective_rule_id
		left join field_evidence e on e.workspace_id = r.workspace_id and e.field_id = r.id
		left join field_suggestion s on s.workspace_id = r.workspace_id and s.field_id = r.id and s.category_id is not null
		left join data_category sc on sc.workspace_id = s.workspace_id and sc.id = s.category_id
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
	lean: "field r",
	cells: map[string]string{
		"application": "a.name", "dataset": "d.name", "field": "r.name", "label": "r.label", "data_type": "r.data_type",
		"category": categoryLabel, "category_code": "c.code",
		"suggestion": strings.ReplaceAll(categoryLabel, "c.", "sc."), "suggestion_code": "sc.code", "confidence": "s.confidence / 100.0",
		"gdpr_class": "r.gdpr_class", "programs": "pl.names", "purposes": "pm.names",
		"evidence": gradeText, "fill": fillRate, "reads": "e.reads", "last_read": "e.last_read_at", "last_write": "e.last_write_at",
		"retention": "rr.name", "flags": "flag_codes(r.flags)", "verdict": "r.verdict", "lawful": "r.lawful", "used": "r.used",
		"decision": "r.decision", "decision_until": "r.decision_until", "owner": "o.name", "origin": "r.origin", "state": "r.state",
		"completeness": "r.completeness::bigint", "is_key": "r.is_key", "nullable": "r.nullable", "reference": "r.reference",
		"description": "r.description", "comment": "r.comment", "source_facts": "r.source_facts", "updated": "r.updated_at",
	},
	orders: map[string]string{
		"field": "r.name", "application": "fold(a.name)", "dataset": "fold(d.name)", "category": "coalesce(fold(" + categoryLabel + "), '')",
		"evidence": `(r.grade + 1)::text collate "C"`, "verdict": placeIn(domain.Verdicts, "r.verdict"), "gdpr_class": placeIn(domain.GDPRClasses, "r.gdpr_class"),
		"fill": "coalesce((" + fillRate + ")::double precision, -1)", "confidence": "coalesce(s.confidence::double precision, -1)", "completeness": "r.completeness::bigint", "updated": "r.updated_at",
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
		"rule":  {in: "r.effective_rule_id = any(%s::text[]::bigint[])", none: "r.effective_rule_id is null", lookup: retentionLookup},
		"state": {expr: "r.state"},
		"suggestion": {expr: `case when exists(select from field_suggestion x where x.workspace_id = r.workspace_id and x.field_id = r.id
			and x.category_id is not null) then 'yes' else 'no' end`},
		"confidence": {in: `exists(select from field_suggestion x where x.workspace_id = r.workspace_id and x.field_id = r.id
			and x.category_id is not null and ` + strings.ReplaceAll(confidenceFrom, "r.", "x.") + `)`},
	},
	search:   "r.search",
	archived: "r.state = 'archived'",
})

const (
	gradeText = `case r.grade when -1 then 'not_measured' when 0 then 'none' when 1 then 'weak' when 2 then 'medium'
		when 3 then 'strong' else 'very_strong' end`
	fillRate      = "e.non_null_count::double precision / nullif(e.row_count, 0)"
	categoryLabel = "case when current_setting('app.lang', true) = 'fr' then c.label_fr else c.label_en end"
)

// placeIn orders codes as a list has them, as one digit of text: a closed list of ours has fewer than ten.
func placeIn(codes []string, expr string) string {
	return "array_position(array['" + strings.Join(codes, "', '") + "'], " + expr + `)::text collate "C"`
}

// fieldOrders are orders that look into another table: what to join and what to order by. A name is folded once per
// application, dataset or category ("offset 0" keeps it so), not once per field. Most orders are on the field itself.
var fieldOrders = map[string]struct{ join, expr string }{
	"application": {` join (select id, fold(name) as place from application where workspace_id = @ws offset 0) a on a.id = r.application_id`, "a.place"},
	"dataset":     {` join (select id, fold(name) as place from dataset where workspace_id = @ws offset 0) d on d.id = r.dataset_id`, "d.place"},
	"category": {` left join (select id, fold(` + categoryLabel + `) as place from data_category c where workspace_id = @ws offset 0) c
		on c.id = r.category_id`, "coalesce(c.place, '')"},
	"fill":       {` left join field_evidence e on e.workspace_id = r.workspace_id and e.field_id = r.id`, ""},
	"confidence": {` left join field_suggestion s on s.workspace_id = r.workspace_id and s.field_id = r.id and s.category_id is not null`, ""},
}

// order is the list's order and what it joins.
func (f *fieldList) order() (o orderSQL, join string) {
	o = f.r.order(f.q)
	column, _ := f.q.Order(f.r.register)
	own := fieldOrders[column]
	if own.expr != "" {
		o.expr = own.expr
	}
	return o, own.join
}

// FieldLine is a field as the list shows it.
type FieldLine struct {
	ID            domain.FieldID `db:"id"`
	Name          string         `db:"name"`
	Label         string         `db:"label"`
	Application   string         `db:"application"`
	Dataset       string         `db:"dataset"`
	Programs      []string       `db:"-"` // that the field serves: those that cannot do without it first
	Verdict       domain.Verdict `db:"verdict"`
	Flags         int32          `db:"flags"`
	Grade         domain.Grade   `db:"grade"`
	Fill          *float64       `db:"fill"` // share of filled rows; nil where not measured
	Reads         *int64         `db:"reads"`
	WindowDays    *int           `db:"window_days"`
	LastReadAt    *time.Time     `db:"last_read_at"`
	Decision      string         `db:"decision"`
	DecisionUntil *time.Time     `db:"decision_until"`
	State         string         `db:"state"`
	Edge          string         `db:"edge"`
	// More holds the cells of the columns that were asked for beside those above.
	More map[string]any `db:"-"`
}

// FieldPage is one page of the list of fields.
type FieldPage struct {
	Lines      []FieldLine
	Total      domain.Count
	Next, Prev string
	Facets     []domain.Facet
	// Chosen names what the filters without a facet are set to.
	Chosen      []domain.Facet
	Approximate bool // nothing holds what was typed: these come close to it
}

// lineColumns are the columns that FieldLine has by itself.
var lineColumns = []string{"field", "label", "application", "dataset", "programs", "evidence", "fill", "flags", "verdict", "decision"}

// Fields returns one page of the list of fields with its total and facets.
func (s *Store) Fields(ctx context.Context, by domain.Actor, q domain.ListQuery) (page FieldPage, err error) {
	r := registers["fields"]
	err = s.Read(ctx, by, func(s *Store) error {
		if q, err = s.resolve(ctx, by, r, q); err != nil {
			return err
		}
		f, err := s.fieldList(ctx, by, r, q)
		if err != nil {
			return err
		}
		if page, err = f.read(ctx); err != nil {
			return err
		}
		if page.Facets, err = f.facets(ctx); err != nil {
			return err
		}
		page.Chosen, err = f.chosen(ctx)
		return err
	})
	return page, err
}

// fieldList reads one page of fields.
type fieldList struct {
	s           *Store
	by          domain.Actor
	r           registerSQL
	q           domain.ListQuery
	tally       *tally // nil where the stored counters do not know all that narrows the list
	counted     *tallyCount
	length      *domain.Count // total, once it is known
	hits        []int64       // ids that the search found, where they are few enough to be put in order
	found       bool          // the search was answered by hits
	approximate bool          // the hits only come close to what was searched
	long        bool          // the hits of the search are too many for facets to be counted
	part        bool          // of a list whose facets were asked already
	// Facets that were counted with the page.
	counts map[string][]facetRow
	// The names of what ref facets offer stand around the fields.
	around landQuery
	land   *landscape // once it was asked for
}

func (s *Store) fieldList(ctx context.Context, by domain.Actor, r registerSQL, q domain.ListQuery) (f fieldList, err error) {
	f = fieldList{s: s, by: by, r: r, q: q}
	if tallyKnows(q) {
		f.tally, err = s.counters(ctx, by)
	}
	return f, err
}

// narrowed is a part of the same list.
func (f *fieldList) narrowed(q domain.ListQuery) *fieldList {
	part := *f
	part.q, part.counted, part.length, part.part = q, nil, nil, true
	if !tallyKnows(q) {
		part.tally = nil
	}
	return &part
}

// count asks the stored counters once.
func (f *fieldList) count() *tallyCount {
	if f.counted == nil {
		f.counted = f.tally.count(f.q)
	}
	return f.counted
}

func (f *fieldList) read(ctx context.Context) (FieldPage, error) {
	var page FieldPage
	words := searchWords(f.q.Q)
	if f.tally == nil && !f.found && (len(words) > 0 || !f.part) {
		if done, err := f.readHits(ctx, words, &page); done || err != nil {
			return page, err
		}
	}
	if len(words) > 0 && !f.found {
		var err error
		if f.hits, f.found, page.Approximate, err = f.s.sought(ctx, f.q); err != nil {
			return page, err
		}
	}
	c := f.conditions("")
	o, join := f.order()
	orderBy, back := o.place(&c, f.q)
	size := max(f.q.Size, 1)
	sql := fmt.Sprintf(`with page as materialized (
			select id, workspace_id, edge::text as edge, row_number() over () as place
			from (select r.id, r.workspace_id, %[1]s as edge from field r%[4]s where %[2]s order by %[3]s limit %[5]s) r
		)
		select `+fieldLineCols+fieldLineJoins, o.expr, c.sql(), orderBy, join, c.arg(size+1))
	var b pgx.Batch
	var rows []lineRow
	queue(&b, &rows, sql, c.args)
	f.queueNames(&b)
	if err := f.s.db.SendBatch(ctx, &b).Close(); err != nil {
		return page, translate("field", err)
	}
	if err := f.takeNames(ctx); err != nil {
		return page, err
	}
	page.Lines = f.lines(rows)
	f.turn(&page, o, size, back)
	if err := f.more(ctx, page.Lines); err != nil {
		return page, err
	}
	var err error
	page.Total, err = f.total(ctx)
	return page, err
}

// What a line shows, of the rows of page.
const (
	fieldLineCols = `r.id, r.name, r.label, a.name as application, d.name as dataset,
		pl.essential, pl.useful, r.verdict, r.flags, r.grade, ` + fillRate + ` as fill, e.reads, e.window_days, e.last_read_at, r.decision, r.decision_until, r.state, page.edge`
	fieldLineJoins = `
		from page
		join field r on r.workspace_id = page.workspace_id and r.id = page.id
		join dataset d on d.workspace_id = r.workspace_id and d.id = r.dataset_id
		join application a on a.workspace_id = r.workspace_id and a.id = r.application_id
		left join field_evidence e on e.workspace_id = r.workspace_id and e.field_id = r.id
		left join lateral (
			select array_agg(l.program_id) filter (where l.level = 'essential') as essential, array_agg(l.program_id) filter (where l.level = 'useful') as useful
			from program_link l where l.workspace_id = r.workspace_id and l.field_id = r.id
		) pl on r.programs > 0
		order by page.place`
)

// lineRow is a line with the ids of its programs, which are named by what the facets read anyway.
type lineRow struct {
	FieldLine
	Essential []int64 `db:"essential"`
	Useful    []int64 `db:"useful"`
}

// lines names the programs of each row, those of a level in the order of their names.
func (f *fieldList) lines(rows []lineRow) []FieldLine {
	named := func(ids []int64) []string {
		list := mapSlice(ids, func(id int64) string { return f.land.programs[id].Name })
		slices.SortFunc(list, func(a, b string) int {
			return cmp.Or(strings.Compare(domain.Fold(a), domain.Fold(b)), strings.Compare(a, b))
		})
		return list
	}
	return mapSlice(rows, func(r lineRow) FieldLine {
		r.Programs = append(named(r.Essential), named(r.Useful)...)
		return r.FieldLine
	})
}

// hitLine is a line of a list that was read with its total and facets. What is said of the whole list is on every line, the
// counts of its facets on the first.
type hitLine struct {
	lineRow
	Hits   int64   `db:"hits"` // that were looked at
	Total  int64   `db:"total"`
	Counts *string `db:"counts"` // facet, value and number of each, which have neither blank nor comma; null where there are too many
}

// readHits answers a list that the stored counters do not know with one pass over its hits: page, total and facets. Hits are
// what the words find, or what the filters leave that are no plain facets. It gives up where that is no line or too many
// hits, which are then dealt with one by one.
func (f *fieldList) readHits(ctx context.Context, words []string, page *FieldPage) (done bool, err error) {
	q := f.q
	q.Q = ""
	own := f.ownFacets()
	for _, facet := range own {
		if facet.values != nil {
			q = withFilter(q, facet.key, nil)
		}
	}
	c := f.r.narrow(f.by, q, "state")
	wide := c.sql()
	passes := make([]string, len(own))
	for i, facet := range own {
		passes[i] = facet.unset
		if facet.values != nil {
			passes[i] = f.r.filters[facet.key].condition(&c, facet.values)
		}
		passes[i] = "(" + passes[i] + ") as " + passOf(facet.key)
	}
	o, join := f.order()
	edge, most := o.expr, FacetCap
	source := "true as wide from field r" + join + " where " + wide
	if len(words) > 0 {
		most = searchCap
		source = "(" + wide + ") as wide from " + c.soughtFields("*", words, most+1) + " r" + join
	} else {
		source += " limit " + c.arg(most+1)
	}
	o.expr = "r.edge" // hits have it
	place := conditions{args: c.args}
	orderBy, back := o.place(&place, f.q)
	place.add("r.wide and " + allPass(own, ""))
	size := max(f.q.Size, 1)
	sql := fmt.Sprintf(`with hits as materialized (
			select `+facetCols+`, %[1]s as edge, %[2]s, %[3]s
		),
		`+cellsSQL(own)+`,
		sums as materialized (
			select sum(n)::bigint as hits, coalesce(sum(n) filter (where wide and %[4]s), 0)::bigint as total from cells
		),
		page as materialized (
			select id, workspace_id, edge::text as edge, row_number() over () as place
			from (select r.id, r.workspace_id, r.edge from hits r where %[5]s order by %[6]s limit %[7]s) r
		)
		select `+fieldLineCols+`, (select hits from sums), (select total from sums),
			case when page.place = 1 and (select total from sums) <= %[8]s then (
				select string_agg(facet || ' ' || value || ' ' || n, ',' order by n desc, value) from (%[9]s) x (facet, value, n)
			) end as counts`+fieldLineJoins,
		edge, strings.Join(passes, ", "), source, allPass(own, ""), place.sql(), orderBy, c.arg(size+1), c.arg(FacetCap),
		facetCounts(f.countable(), own))
	var b pgx.Batch
	var lines []hitLine
	if len(words) == 0 { // which index is best depends on what is asked for: a program of ten fields, or of ten thousand
		b.Queue("set local plan_cache_mode = force_custom_plan")
	}
	queue(&b, &lines, sql, c.args)
	if len(words) == 0 {
		b.Queue("set local plan_cache_mode = auto")
	}
	f.queueNames(&b)
	if err := f.s.db.SendBatch(ctx, &b).Close(); err != nil {
		return false, translate("field", err)
	}
	if len(lines) == 0 || lines[0].Hits > int64(most) {
		f.long = len(lines) > 0 && lines[0].Total > FacetCap
		return false, nil
	}
	page.Total = domain.Count{N: lines[0].Total}
	f.length = &page.Total
	if f.long = lines[0].Counts == nil; !f.long {
		if err := f.takeCounts(*lines[0].Counts); err != nil {
			return false, err
		}
	}
	if err := f.takeNames(ctx); err != nil {
		return false, err
	}
	page.Lines = f.lines(mapSlice(lines, func(l hitLine) lineRow { return l.lineRow }))
	f.turn(page, o, size, back)
	return true, f.more(ctx, page.Lines)
}

// ownFacet is a facet whose own filter narrows the list. Its counts leave that filter out, so that what else could be chosen
// is seen: hits are read without it and marked.
type ownFacet struct {
	key    string
	values []string // that are chosen
	unset  string   // condition where nothing is chosen
}

// ownFacets are the plain facets that narrow the list: those that are set, and the state, which always is.
func (f *fieldList) ownFacets() (own []ownFacet) {
	for _, filter := range f.r.register.Filters {
		if _, plain := facetSQL[filter.Key]; !plain {
			continue
		}
		switch values := f.q.Filters[filter.Key]; {
		case len(values) > 0:
			own = append(own, ownFacet{key: filter.Key, values: values})
		case filter.Key == "state":
			own = append(own, ownFacet{key: filter.Key, unset: "r.state = 'active'"})
		}
	}
	return own
}

// passOf is the column of hits that tells whether a hit passes the filter of a facet.
func passOf(key string) string { return "pass_" + key }

// allPass is true of hits that pass the filters of all facets but one.
func allPass(own []ownFacet, except string) string {
	parts := []string{"true"}
	for _, facet := range own {
		if facet.key != except {
			parts = append(parts, passOf(facet.key))
		}
	}
	return strings.Join(parts, " and ")
}

// countable are the facets that hits can be counted for: all but that of the programs where it is set, for without it the
// list may be any length.
func (f *fieldList) countable() (list []domain.RegisterFilter) {
	for _, filter := range f.r.register.Filters {
		if _, plain := facetSQL[filter.Key]; filter.Facet && (plain || len(f.q.Filters[filter.Key]) == 0) {
			list = append(list, filter)
		}
	}
	return list
}

// takeCounts reads the counts of the facets that came with the page.
func (f *fieldList) takeCounts(text string) error {
	f.counts = map[string][]facetRow{}
	for _, filter := range f.countable() {
		f.counts[filter.Key] = []facetRow{}
	}
	for count := range strings.SplitSeq(text, ",") {
		facet, rest, _ := strings.Cut(count, " ")
		value, number, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return fmt.Errorf("count of a facet: %w", err)
		}
		if len(f.counts[facet]) < facetValues {
			f.counts[facet] = append(f.counts[facet], facetRow{Value: value, N: n})
		}
	}
	return nil
}

// more reads the cells of columns that the lines lack. Few people ask for them, so they are a query of their own.
func (f *fieldList) more(ctx context.Context, lines []FieldLine) error {
	columns := slices.DeleteFunc(f.q.Visible(f.r.register), func(c domain.RegisterColumn) bool { return slices.Contains(lineColumns, c.Key) })
	if len(columns) == 0 || len(lines) == 0 {
		return nil
	}
	at := make(map[int64]int, len(lines))
	for i, l := range lines {
		at[int64(l.ID)] = i
	}
	rows, err := f.s.db.Query(ctx, "select r.id, false, '', "+f.r.cellList(columns)+" from "+f.r.from+
		" where r.workspace_id = @ws and r.id = any(@ids)", pgx.StrictNamedArgs{"ws": f.by.Workspace, "ids": slices.Collect(maps.Keys(at))})
	if err != nil {
		return translate("field", err)
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return translate("field", err)
		}
		row := rowOf(columns, values)
		lines[at[row.ID]].More = row.Cells
	}
	return translate("field", rows.Err())
}

// sought finds the fields that a search is about. Where nothing holds its words, texts that come close are shown instead.
// known is false where so many fields hold them that the words are better a condition like others.
func (s *Store) sought(ctx context.Context, q domain.ListQuery) (ids []int64, known, approximate bool, err error) {
	c := conditions{args: pgx.StrictNamedArgs{"ws": s.scope}}
	ids, err = many[int64](ctx, s, "field", c.soughtFields("id", searchWords(q.Q), searchCap+1), c.args)
	if err == nil && len(ids) == 0 && len(q.Q) >= 4 {
		ids, err = many[int64](ctx, s, "field", "select id from field_search_alike(@sought, 50)", pgx.StrictNamedArgs{"sought": q.Q})
		approximate = len(ids) > 0
	}
	return ids, len(ids) <= searchCap, approximate, err
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
func (f *fieldList) total(ctx context.Context) (n domain.Count, err error) {
	if f.length != nil {
		return *f.length, nil
	}
	if f.tally != nil {
		n.N = f.count().total
	} else {
		c := f.conditions("")
		n.N, err = one[int64](ctx, f.s, "field", "select count(*) from (select from field r where "+c.sql()+" limit "+c.arg(CountCap+1)+") x", c.args)
		if n.N > CountCap {
			n = domain.Count{N: CountCap, Capped: true}
		}
	}
	f.length = &n
	return n, err
}

// facets come from the stored counters where these know every filter, else from the rows themselves up to FacetCap; what
// would have to be counted in a longer list is offered without counts. A facet leaves its own filter out, so that what
// else could be chosen is seen.
func (f *fieldList) facets(ctx context.Context) ([]domain.Facet, error) {
	names, err := f.names(ctx)
	if err != nil {
		return nil, err
	}
	total, err := f.total(ctx)
	if err != nil {
		return nil, err
	}
	rows := map[string][]facetRow{}
	var shared []domain.RegisterFilter // facets whose own filter is not set: they count the very same rows
	for _, filter := range f.r.register.Filters {
		switch {
		case !filter.Facet:
		case tallied(filter.Key) && f.tally != nil:
			rows[filter.Key] = f.tally.facet(f.count(), filter.Key)
		case filter.Key == "program" && total.N > programFacetCap:
		case f.counts[filter.Key] != nil:
			rows[filter.Key] = f.counts[filter.Key]
		case f.long || total.N > FacetCap: // and longer still without the facet's own filter
		case len(f.q.Filters[filter.Key]) > 0:
			if long, err := f.longWithout(ctx, filter.Key); err != nil {
				return nil, err
			} else if long {
				continue
			}
			if f.counts != nil && !f.found { // the page needed no list of hits, this does
				if err := f.find(ctx); err != nil {
					return nil, err
				}
			}
			if err := f.countFacets(ctx, filter.Key, []domain.RegisterFilter{filter}, rows); err != nil {
				return nil, err
			}
		default:
			shared = append(shared, filter)
		}
	}
	if err := f.countFacets(ctx, "", shared, rows); err != nil {
		return nil, err
	}
	var facets []domain.Facet
	for _, filter := range f.r.register.Filters {
		if !filter.Facet {
			continue
		}
		counted, known := rows[filter.Key]
		if !known {
			counted = uncounted(filter, names[filter.Key], f.r.filters[filter.Key].none != "")
		}
		facets = append(facets, domain.Facet{Filter: filter, Values: f.facetValues(filter, counted, names[filter.Key], known)})
	}
	return facets, nil
}

// longWithout tells whether the stored counters know that the list is too long to be counted without one of its filters.
func (f *fieldList) longWithout(ctx context.Context, key string) (bool, error) {
	q := withFilter(f.q, key, nil)
	if !tallyKnows(q) {
		return false, nil
	}
	t, err := f.s.counters(ctx, f.by)
	if err != nil {
		return false, err
	}
	return t.count(q).total > FacetCap, nil
}

// facetValues names the values of a facet and keeps those that are chosen, whether any row has them or not.
func (f *fieldList) facetValues(filter domain.RegisterFilter, rows []facetRow, names map[string]string, counted bool) []domain.FacetValue {
	values := orderFacet(filter, rows, f.q.Filters[filter.Key])
	for i, v := range values {
		if name := names[v.Value]; name != "" {
			values[i].Label = name
		}
		if !counted {
			values[i].N = -1
		}
	}
	return values
}

// queueNames asks for what names the lines and facets need, beside what else is asked.
func (f *fieldList) queueNames(b *pgx.Batch) {
	if f.land == nil {
		f.around.queue(b, f.by)
	}
}

// takeNames reads the names that were asked for.
func (f *fieldList) takeNames(ctx context.Context) (err error) {
	if f.land == nil {
		f.land, err = f.s.landscapeOf(ctx, f.by, f.around)
	}
	return err
}

// names of the things that ref facets offer, by kind and id.
func (f *fieldList) names(ctx context.Context) (map[string]map[string]string, error) {
	if err := f.takeNames(ctx); err != nil {
		return nil, err
	}
	return f.land.facets, nil
}

// chosenNames are the queries that name what a filter without a facet is set to.
var chosenNames = map[string]string{
	"dataset": `select 'dataset' as kind, d.id::text, a.name || ' › ' || d.name as name from dataset d
		join application a on a.workspace_id = d.workspace_id and a.id = d.application_id
		where d.workspace_id = @ws and d.id::text = any(@dataset)`,
	"category": `select 'category', c.id::text, ` + categoryLabel + ` from data_category c where c.workspace_id = @ws and c.id::text = any(@category)`,
	"purpose":  `select 'purpose', id::text, name from purpose where workspace_id = @ws and id::text = any(@purpose)`,
	"collection_point": `select 'collection_point', id::text, name from collection_point
		where workspace_id = @ws and id::text = any(@collection_point)`,
}

// chosen names what the filters without a facet are set to.
func (f *fieldList) chosen(ctx context.Context) ([]domain.Facet, error) {
	var parts []string
	var out []domain.Facet
	args := pgx.StrictNamedArgs{"ws": f.by.Workspace}
	for _, filter := range f.r.register.Filters {
		values := f.q.Filters[filter.Key]
		if filter.Facet || len(values) == 0 || chosenNames[filter.Key] == "" {
			continue
		}
		parts = append(parts, chosenNames[filter.Key])
		args[filter.Key] = values
		out = append(out, domain.Facet{Filter: filter, Values: mapSlice(values, func(v string) domain.FacetValue { return domain.FacetValue{Value: v} })})
	}
	if len(parts) == 0 {
		return nil, nil
	}
	names, err := f.named(ctx, "select kind, id, name from ("+strings.Join(parts, " union all ")+") n (kind, id, name)", args)
	for _, facet := range out {
		for i, v := range facet.Values {
			facet.Values[i].Label = names[facet.Filter.Key][v.Value]
		}
	}
	return out, err
}

type namedRow struct {
	Kind string `db:"kind"`
	ID   string `db:"id"`
	Name string `db:"name"`
}

// named runs a query of (kind, id, name).
func (f *fieldList) named(ctx context.Context, sql string, args pgx.StrictNamedArgs) (map[string]map[string]string, error) {
	rows, err := many[namedRow](ctx, f.s, "field", sql, args)
	return byKind(rows), err
}

func byKind(rows []namedRow) map[string]map[string]string {
	names := map[string]map[string]string{}
	for _, r := range rows {
		if names[r.Kind] == nil {
			names[r.Kind] = map[string]string{}
		}
		names[r.Kind][r.ID] = r.Name
	}
	return names
}

// uncounted offers the values of a facet without counts: by name, "none" first.
func uncounted(filter domain.RegisterFilter, names map[string]string, none bool) []facetRow {
	var rows []facetRow
	for id, name := range names {
		rows = append(rows, facetRow{Value: id, Label: name})
	}
	slices.SortFunc(rows, func(a, b facetRow) int {
		return cmp.Or(strings.Compare(domain.Fold(a.Label), domain.Fold(b.Label)), strings.Compare(a.Value, b.Value))
	})
	for _, v := range filter.Values {
		rows = append(rows, facetRow{Value: v})
	}
	if none {
		rows = slices.Insert(rows, 0, facetRow{Value: domain.FilterNone})
	}
	return rows
}

// facetCols are the columns of a field that facets look at.
const facetCols = `r.id, r.workspace_id, r.verdict, r.application_id, r.gdpr_class, r.grade, r.decision, r.owner_id, r.state, r.flags, r.programs`

// facetSQL tells, by facet, the column that it counts and the values that this stands for, and whether these are so many that
// hits are hardly fewer when they are told apart by them.
var facetSQL = map[string]struct {
	column, values string
	many           bool
}{
	"verdict": {column: "verdict", values: "array[verdict]"}, "gdpr_class": {column: "gdpr_class", values: "array[gdpr_class]"},
	"evidence": {column: "grade", values: "array[" + strings.ReplaceAll(gradeText, "r.", "") + "]"},
	"decision": {column: "decision", values: "array[coalesce(nullif(decision, ''), 'none')]"},
	"owner":    {column: "owner_id", values: "array[coalesce(owner_id::text, 'none')]"}, "state": {column: "state", values: "array[state]"},
	"flag":        {column: "flags", values: "case when flags = 0 then array['none'] else flag_codes(flags) end"},
	"application": {column: "application_id", values: "array[application_id::text]", many: true},
}

// cellsSQL puts hits together that no facet but those of many values tells apart: there are far fewer, and all facets and the
// total are counted in them.
func cellsSQL(own []ownFacet) string {
	columns := []string{"wide", "programs = 0"}
	for _, facet := range own {
		columns = append(columns, passOf(facet.key))
	}
	for _, key := range slices.Sorted(maps.Keys(facetSQL)) {
		if !facetSQL[key].many {
			columns = append(columns, facetSQL[key].column)
		}
	}
	list := strings.Join(columns, ", ")
	return `cells as materialized (
			select ` + strings.Replace(list, "programs = 0", "programs = 0 as bare", 1) + `, count(*)::integer as n from hits group by ` + list + `
		)`
}

// facetCounts counts facets in the hits that are wide and pass the filters of every other facet: facet, value, number.
func facetCounts(filters []domain.RegisterFilter, own []ownFacet) string {
	parts := []string{"select '', '', 0::bigint where false"}
	var few []domain.RegisterFilter
	for _, filter := range filters {
		facet, plain := facetSQL[filter.Key]
		open := "wide and " + allPass(own, filter.Key)
		switch {
		case !plain: // a field that a program should avoid has no program, and is still found under it
			parts = append(parts, `select 'program', 'none', sum(n) from cells where `+open+` and bare having sum(n) > 0
				union all select 'program', l.program_id::text, count(*)
				from hits join program_link l on l.workspace_id = hits.workspace_id and l.field_id = hits.id
				where `+open+` and (select coalesce(sum(n), 0) from cells where `+open+`) <= `+strconv.Itoa(programFacetCap)+` group by 2`)
		case facet.many:
			parts = append(parts, `select '`+filter.Key+`', unnest(`+facet.values+`), n
				from (select `+facet.column+`, count(*) as n from hits where `+open+` group by 1) g`)
		default:
			few = append(few, filter)
		}
	}
	if len(few) > 0 {
		parts = append(parts, fewCounts(few, own))
	}
	return strings.Join(parts, " union all ")
}

// fewCounts counts facets in the cells. The number of a facet whose own filter is set is a column of its own.
func fewCounts(filters []domain.RegisterFilter, own []ownFacet) string {
	columns, sets := make([]string, len(filters)), make([]string, len(filters))
	numbers := "sum(n) filter (where wide and " + allPass(own, "") + ") as n"
	var names, values, which strings.Builder
	for i, filter := range filters { // grouping() has a bit for every column that a row is not of
		facet := facetSQL[filter.Key]
		columns[i], sets[i] = facet.column, "("+facet.column+")"
		set := strconv.Itoa(1<<len(filters) - 1 - 1<<(len(filters)-1-i))
		names.WriteString(" when " + set + " then '" + filter.Key + "'")
		values.WriteString(" when " + set + " then " + facet.values)
		if slices.ContainsFunc(own, func(o ownFacet) bool { return o.key == filter.Key }) {
			n := "n_" + filter.Key
			numbers += ", sum(n) filter (where wide and " + allPass(own, filter.Key) + ") as " + n
			which.WriteString(" when " + set + " then " + n)
		}
	}
	number := "n"
	if which.Len() > 0 {
		number = "case set" + which.String() + " else n end"
	}
	list := strings.Join(columns, ", ")
	return `select facet, value, sum(n)::bigint from (
			select case set` + names.String() + ` end as facet, unnest(case set` + values.String() + ` end) as value, ` + number + ` as n
			from (select grouping(` + list + `) as set, ` + list + `, ` + numbers + ` from cells group by grouping sets (` + strings.Join(sets, ", ") + `)) g
		) v group by facet, value having sum(n) > 0`
}

// countFacets counts facets over the rows that every filter but one leaves, in one query, and adds them to rows. A list
// longer than FacetCap is not counted.
func (f *fieldList) countFacets(ctx context.Context, except string, filters []domain.RegisterFilter, rows map[string][]facetRow) error {
	if len(filters) == 0 {
		return nil
	}
	var own []ownFacet
	here := "true"
	if except == "" && len(f.q.Filters["state"]) == 0 { // the facet of the state shows what the list leaves out by itself
		except, here = "state", "r.state = 'active'"
		own = []ownFacet{{key: "state"}}
	}
	c := f.conditions(except)
	type counted struct {
		Facet string `db:"facet"`
		Value string `db:"value"`
		N     int64  `db:"n"`
	}
	list, err := many[counted](ctx, f.s, "field", `with hits as materialized (
			select `+facetCols+`, true as wide, (`+here+`) as `+passOf("state")+` from field r where `+c.sql()+` limit `+c.arg(FacetCap+1)+`),
		`+cellsSQL(own)+`
		select facet, value, n from (select '', 'wide', coalesce(sum(n), 0) from cells union all
			select '', 'listed', coalesce(sum(n), 0) from cells where `+allPass(own, "")+`
			union all `+facetCounts(filters, own)+`) f (facet, value, n) order by n desc, value`, c.args)
	if err != nil {
		return err
	}
	lengths := map[string]int64{}
	for _, r := range list {
		if r.Facet == "" {
			lengths[r.Value] = r.N
		}
	}
	if lengths["wide"] > FacetCap {
		return nil
	}
	for _, filter := range filters {
		if filter.Key != "program" || lengths["listed"] <= programFacetCap {
			rows[filter.Key] = []facetRow{}
		}
	}
	for _, r := range list {
		if rows[r.Facet] != nil && len(rows[r.Facet]) < facetValues {
			rows[r.Facet] = append(rows[r.Facet], facetRow{Value: r.Value, N: r.N})
		}
	}
	return nil
}

// FieldNeighbours are the fields before and after one in a list; zero where there is none.
type FieldNeighbours struct {
	Prev domain.FieldID
	Next domain.FieldID
}

// FieldNeighbours finds the fields before and after one in the list of a query. None where the list does not hold it.
func (s *Store) FieldNeighbours(ctx context.Context, by domain.Actor, q domain.ListQuery, id domain.FieldID) (n FieldNeighbours, err error) {
	r := registers["fields"]
	err = s.Read(ctx, by, func(s *Store) error {
		if q, err = s.resolve(ctx, by, r, q); err != nil {
			return err
		}
		f := fieldList{s: s, by: by, r: r, q: q}
		if err := f.find(ctx); err != nil {
			return err
		}
		o, join := f.order()
		c := f.conditions("")
		edges, err := many[string](ctx, s, "field", "select ("+o.expr+")::text from field r"+join+" where "+c.sql()+
			" and r.id = "+c.arg(id), c.args)
		if err != nil || len(edges) == 0 {
			return err
		}
		place := cursor{o.key, edges[0], int64(id)}.encode()
		for _, side := range []struct {
			q    domain.ListQuery
			into *domain.FieldID
		}{{domain.ListQuery{Before: place}, &n.Prev}, {domain.ListQuery{After: place}, &n.Next}} {
			c := f.conditions("")
			orderBy, _ := o.place(&c, side.q)
			ids, err := many[domain.FieldID](ctx, s, "field", "select r.id from field r"+join+" where "+c.sql()+
				" order by "+orderBy+" limit 1", c.args)
			if err != nil {
				return err
			}
			if len(ids) > 0 {
				*side.into = ids[0]
			}
		}
		return nil
	})
	return n, err
}
