package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// suggestionTable is the suggestions under the name that registers give to their row.
const suggestionTable = `(select workspace_id, field_id, field_id as id, dataset_id, application_id, name_key, category_id, confidence, personal,
	reasons, alternatives from field_suggestion) r`

const suggestionFrom = suggestionTable + `
	join field f on f.workspace_id = r.workspace_id and f.id = r.field_id
	join dataset d on d.workspace_id = r.workspace_id and d.id = r.dataset_id
	join application a on a.workspace_id = r.workspace_id and a.id = r.application_id
	join data_category c on c.workspace_id = r.workspace_id and c.id = r.category_id`

var _ = addRegister(registerSQL{
	register: domain.SuggestionRegister,
	from:     suggestionFrom,
	lean:     suggestionTable,
	where:    "r.category_id is not null",
	cells: map[string]string{
		"application": "a.name", "dataset": "d.name", "field": "f.name", "label": "f.label", "data_type": "f.data_type",
		"suggestion": categoryLabel, "suggestion_code": "c.code", "confidence": "r.confidence / 100.0", "suggested_personal": "r.personal",
		"gdpr_class": "c.gdpr_class",
	},
	filters: map[string]filterSQL{
		"suggested_personal": {expr: "r.personal"},
		"name":               {expr: "r.name_key"},
		"gdpr_class": {in: "r.category_id in (select id from data_category where workspace_id = @ws and gdpr_class = any(%s))",
			facet: "select c.gdpr_class as value, '' as label, count(*) as n from " + suggestionFrom + " where %s group by 1 order by n desc, 1"},
		"confidence": {in: confidenceFrom, facet: "select v.value, '' as label, count(*) as n from " + suggestionTable +
			" cross join unnest(array['" + strings.Join(domain.SuggestionFloors, "', '") + "']) v (value) where %s and r.confidence >= v.value::integer group by 1 order by 1"},
		"application": {in: "r.application_id = any(%s::text[]::bigint[])", lookup: applicationLookup,
			facet: "select r.application_id::text as value, min(a.name) as label, count(*) as n from " + suggestionFrom + " where %s group by 1 order by n desc, 2 limit 200"},
		"dataset": {in: "r.dataset_id = any(%s::text[]::bigint[])", lookup: datasetLookup},
		"category": {in: `r.category_id in (select k.id from data_category k join data_category top
			on top.workspace_id = k.workspace_id and (k.code = top.code or starts_with(k.code, top.code || '.'))
			where k.workspace_id = @ws and top.id = any(%s::text[]::bigint[]))`, lookup: categoryLookup},
	},
	search:   "(select x.search from field x where x.workspace_id = r.workspace_id and x.id = r.field_id)",
	archived: "false",
})

// confidenceFrom keeps what is at least as sure as the lowest floor that was given.
const confidenceFrom = "r.confidence >= (select min(v::integer) from unnest(%s::text[]) v where v ~ '^[0-9]{1,3}$')"

// suggestionCell is a number of suggestions that facets and totals do not tell apart.
type suggestionCell struct {
	Application int64  `db:"application_id"`
	Category    int64  `db:"category_id"`
	Personal    string `db:"personal"`
	Percent     int    `db:"confidence"`
	N           int64  `db:"n"`
	Print       int64  `db:"print"` // exclusive or over the fields: two sets of fields have different ones
}

// SuggestionCategory is a category as pages of suggestions show it.
type SuggestionCategory struct {
	ID    domain.CategoryID `db:"id"`
	Code  string            `db:"code"`
	Label string            `db:"label"`
	Class domain.GDPRClass  `db:"gdpr_class"`
	Top   string            `db:"top"` // label of the topmost category above it; empty for a topmost one
}

// Care tells how carefully the category is taken.
func (c SuggestionCategory) Care() domain.SuggestionCare { return domain.CareOf(c.Code, c.Class) }

// SuggestionGroup is what is suggested alike for the fields of one name.
type SuggestionGroup struct {
	Key          string                    `db:"name_key"`
	CategoryID   domain.CategoryID         `db:"category_id"`
	N            int64                     `db:"n"`
	Weight       int64                     `db:"weight"` // fields times confidence
	Least        int                       `db:"least"`  // confidence, in per cent
	Most         int                       `db:"most"`
	Print        string                    `db:"print"` // of the fields, as they were seen
	Names        []string                  `db:"names"` // as they are written, at most three
	Datasets     int64                     `db:"datasets"`
	Applications []string                  `db:"applications"` // at most three
	Systems      int64                     `db:"systems"`      // how many applications there are
	Field        domain.FieldID            `db:"field_id"`     // the surest one; its reasons are shown
	Personal     string                    `db:"personal"`
	Reasons      []domain.SuggestionReason `db:"-"`
	Alternatives []domain.SuggestedCode    `db:"-"`
	Category     SuggestionCategory        `db:"-"`

	ReasonsJSON      []byte `db:"reasons"`
	AlternativesJSON []byte `db:"alternatives"`
}

// SuggestionLine is one field with its suggestion and what stands beside it.
type SuggestionLine struct {
	Field        domain.FieldID            `db:"field_id"`
	Name         string                    `db:"name"`
	Label        string                    `db:"label"`
	DataType     string                    `db:"data_type"`
	Comment      string                    `db:"comment"`
	Application  string                    `db:"application"`
	Dataset      string                    `db:"dataset"`
	Neighbours   []string                  `db:"neighbours"` // names of other fields of the dataset, the nearest first
	CategoryID   domain.CategoryID         `db:"category_id"`
	Percent      int                       `db:"confidence"`
	Personal     string                    `db:"personal"`
	Reasons      []domain.SuggestionReason `db:"-"`
	Alternatives []domain.SuggestedCode    `db:"-"`
	Category     SuggestionCategory        `db:"-"`
	Edge         string                    `db:"edge"`

	ReasonsJSON      []byte `db:"reasons"`
	AlternativesJSON []byte `db:"alternatives"`
}

// SuggestionShare is how many suggestions of a category pass a list's filters.
type SuggestionShare struct {
	Category SuggestionCategory
	N        int64
	Print    string // of the fields, as they were seen
}

// SuggestionPage is one page of suggestions.
type SuggestionPage struct {
	Total      int64 // fields with a suggestion that the filters leave
	Open       int64 // all fields with a suggestion
	Unknown    int64 // fields without a category for which nothing is suggested
	Due        bool  // suggestions are being made
	Empty      bool  // the workspace holds no field at all
	Groups     []SuggestionGroup
	GroupCount int64
	Lines      []SuggestionLine
	Shares     []SuggestionShare // by category, of what the filters leave, the most first
	Next, Prev string
	Facets     []domain.Facet
	Categories map[string]SuggestionCategory // by code
}

// The ways to look at suggestions.
const (
	SuggestionsByName = "name"
	SuggestionsByOne  = "one"
	SuggestionsOver   = "over"
)

// suggestionReader reads one page of suggestions.
type suggestionReader struct {
	s          *Store
	by         domain.Actor
	q          domain.ListQuery
	categories map[int64]SuggestionCategory
	cells      []suggestionCell
}

// Suggestions reads a page of suggestions in one of the ways.
func (s *Store) Suggestions(ctx context.Context, by domain.Actor, q domain.ListQuery, way string) (page SuggestionPage, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		if q, err = s.resolve(ctx, by, registers["suggestions"], q); err != nil {
			return err
		}
		r := &suggestionReader{s: s, by: by, q: q}
		if err := r.count(ctx, &page); err != nil {
			return err
		}
		switch way {
		case SuggestionsByOne:
			return r.lines(ctx, &page)
		case SuggestionsOver:
			return nil
		}
		return r.groups(ctx, &page)
	})
	return page, err
}

// narrow turns the query into conditions on suggestionTable, leaving some filters out.
func (r *suggestionReader) narrow(except ...string) conditions {
	q := r.q
	q.Q = ""
	for _, key := range except {
		q = withFilter(q, key, nil)
	}
	c := registers["suggestions"].narrow(r.by, q, "")
	if words := searchWords(r.q.Q); len(words) > 0 {
		c.add("r.field_id in " + c.soughtFields("id", words, searchCap))
	}
	return c
}

// suggestionFacets are the filters that cells know, so that facets need no query of their own.
var suggestionFacets = []string{"suggested_personal", "gdpr_class", "confidence", "application", "category"}

// count reads the cells, and from them all that is counted.
func (r *suggestionReader) count(ctx context.Context, page *SuggestionPage) error {
	type state struct {
		Suggested   int64 `db:"suggested"`
		Unsuggested int64 `db:"unsuggested"`
		Due         bool  `db:"due"`
		Empty       bool  `db:"empty"`
	}
	var (
		b          pgx.Batch
		states     []state
		categories []SuggestionCategory
		names      []namedRow
		c          = r.narrow(suggestionFacets...)
		ws         = pgx.StrictNamedArgs{"ws": r.by.Workspace}
	)
	queue(&b, &states, `select coalesce(sum(suggested), 0)::bigint as suggested, coalesce(sum(unsuggested), 0)::bigint as unsuggested,
		exists (select from suggestion_due where workspace_id = @ws) as due,
		not exists (select from field where workspace_id = @ws) as empty from suggestion_count where workspace_id = @ws`, ws)
	queue(&b, &categories, `select c.id, c.code, `+categoryLabel+` as label, c.gdpr_class,
			coalesce(case when current_setting('app.lang', true) = 'fr' then top.label_fr else top.label_en end, '') as top
		from data_category c
		left join data_category top on top.workspace_id = c.workspace_id and top.code = split_part(c.code, '.', 1) and top.id <> c.id
		where c.workspace_id = @ws`, ws)
	queue(&b, &names, `select 'application' as kind, id::text, name from application where workspace_id = @ws`, ws)
	queue(&b, &r.cells, `select r.application_id, r.category_id, r.personal, r.confidence::integer as confidence, count(*) as n,
			bit_xor(hashint8extended(r.field_id, 0)) as print
		from `+suggestionTable+` where `+c.sql()+` group by 1, 2, 3, 4`, c.args)
	if err := r.s.db.SendBatch(ctx, &b).Close(); err != nil {
		return translate("suggestion", err)
	}
	r.categories = make(map[int64]SuggestionCategory, len(categories))
	page.Categories = make(map[string]SuggestionCategory, len(categories))
	for _, c := range categories {
		r.categories[int64(c.ID)], page.Categories[c.Code] = c, c
	}
	page.Open, page.Unknown, page.Due, page.Empty = states[0].Suggested, states[0].Unsuggested, states[0].Due, states[0].Empty
	r.facets(page, byKind(names)["application"])
	return nil
}

// passes tells which filters a cell does not pass.
func (r *suggestionReader) passes(cell suggestionCell) (refused []string) {
	category := r.categories[cell.Category]
	for _, key := range suggestionFacets {
		values := r.q.Filters[key]
		ok := len(values) == 0
		switch {
		case ok:
		case key == "suggested_personal":
			ok = slices.Contains(values, cell.Personal)
		case key == "gdpr_class":
			ok = slices.Contains(values, string(category.Class))
		case key == "confidence":
			ok = cell.Percent >= confidenceFloor(values)
		case key == "application":
			ok = slices.Contains(values, strconv.FormatInt(cell.Application, 10))
		case key == "category":
			ok = slices.ContainsFunc(values, func(v string) bool {
				id, _ := strconv.ParseInt(v, 10, 64) // names were made ids; anything else is no category
				top := r.categories[id].Code
				return top != "" && (category.Code == top || strings.HasPrefix(category.Code, top+"."))
			})
		}
		if !ok {
			refused = append(refused, key)
		}
	}
	return refused
}

// confidenceFloor is the lowest of the floors that were given.
func confidenceFloor(values []string) int {
	least := 101
	for _, v := range values {
		if n, err := strconv.Atoi(v); err == nil {
			least = min(least, n)
		}
	}
	return least
}

// facets counts what passes every filter, and by facet what passes every other.
func (r *suggestionReader) facets(page *SuggestionPage, applications map[string]string) {
	counts := map[string]map[string]int64{}
	for _, key := range suggestionFacets {
		counts[key] = map[string]int64{}
	}
	shares := map[int64]*SuggestionShare{}
	prints := map[int64]int64{}
	for _, cell := range r.cells {
		refused := r.passes(cell)
		add := func(key, value string) {
			if len(refused) == 0 || len(refused) == 1 && refused[0] == key {
				counts[key][value] += cell.N
			}
		}
		add("suggested_personal", cell.Personal)
		add("gdpr_class", string(r.categories[cell.Category].Class))
		add("application", strconv.FormatInt(cell.Application, 10))
		for _, floor := range domain.SuggestionFloors {
			if n, _ := strconv.Atoi(floor); cell.Percent >= n {
				add("confidence", floor)
			}
		}
		if len(refused) > 0 {
			continue
		}
		page.Total += cell.N
		if shares[cell.Category] == nil {
			shares[cell.Category] = &SuggestionShare{Category: r.categories[cell.Category]}
		}
		shares[cell.Category].N += cell.N
		prints[cell.Category] ^= cell.Print
	}
	for id, share := range shares {
		share.Print = suggestionPrint(share.N, prints[id])
		page.Shares = append(page.Shares, *share)
	}
	slices.SortFunc(page.Shares, func(a, b SuggestionShare) int {
		if a.N != b.N {
			return int(b.N - a.N)
		}
		return strings.Compare(a.Category.Code, b.Category.Code)
	})
	for _, f := range domain.SuggestionRegister.Filters {
		if f.Facet {
			page.Facets = append(page.Facets, domain.Facet{Filter: f, Values: suggestionFacet(f, counts[f.Key], r.q.Filters[f.Key], applications)})
		}
	}
}

func suggestionFacet(f domain.RegisterFilter, counts map[string]int64, selected []string, applications map[string]string) []domain.FacetValue {
	var rows []facetRow
	for value, n := range counts {
		rows = append(rows, facetRow{Value: value, N: n})
	}
	slices.SortFunc(rows, func(a, b facetRow) int {
		if a.N != b.N {
			return int(b.N - a.N)
		}
		return strings.Compare(a.Value, b.Value)
	})
	values := orderFacet(f, rows[:min(len(rows), facetValues)], selected)
	if f.Key == "application" {
		for i := range values {
			values[i].Label = applications[values[i].Value]
		}
	}
	return values
}

// suggestionPrint is what a form carries to say which fields were seen.
func suggestionPrint(n, print int64) string { return fmt.Sprintf("%d-%016x", n, uint64(print)) }

// groups reads one page of groups, the heaviest first: many fields, of which the classifier is sure.
func (r *suggestionReader) groups(ctx context.Context, page *SuggestionPage) error {
	c := r.narrow()
	size := max(r.q.Size, 1)
	after := ""
	if at, ok := parseCursor(r.q.After, "weight"); ok {
		text, key, _ := strings.Cut(at.Value, "|")
		if weight, err := strconv.ParseInt(text, 10, 64); err == nil { // a mangled address begins at the first
			after = "where (weight, name_key, category_id) < (" + c.arg(weight) + "::bigint, " + c.arg(key) + ", " + c.arg(at.ID) + "::bigint)"
		}
	}
	groups, err := many[SuggestionGroup](ctx, r.s, "suggestion", fmt.Sprintf(`with groups as materialized (
			select r.name_key, r.category_id, count(*) as n, sum(r.confidence)::bigint as weight, min(r.confidence)::integer as least,
				max(r.confidence)::integer as most, count(*) || '-' || lpad(to_hex(bit_xor(hashint8extended(r.field_id, 0))), 16, '0') as print
			from %[1]s where %[2]s group by 1, 2
		), page as materialized (
			select name_key, category_id, n, weight, least, most, print from groups %[3]s order by weight desc, name_key desc, category_id desc limit %[4]s
		)
		select page.name_key, page.category_id, page.n, page.weight, page.least, page.most, page.print, x.names, x.datasets, x.systems,
			x.applications, y.field_id, y.personal, y.reasons, y.alternatives from page
		cross join lateral (
			select count(distinct z.dataset_id) as datasets, count(distinct z.application_id) as systems,
				(select array_agg(a.name order by a.name) from (select name from application a where a.workspace_id = @ws
					and a.id = any(array_agg(distinct z.application_id)) order by name limit 3) a) as applications,
				(select array_agg(n.name) from (select distinct f.name from field f where f.workspace_id = @ws
					and f.id = any((array_agg(z.field_id))[1:100]) order by f.name limit 3) n) as names
			from (select r.dataset_id, r.application_id, r.field_id from %[1]s
				where %[2]s and r.name_key = page.name_key and r.category_id = page.category_id) z
		) x
		cross join lateral (
			select r.field_id, r.personal, r.reasons, r.alternatives from %[1]s
			where %[2]s and r.name_key = page.name_key and r.category_id = page.category_id order by r.confidence desc, r.field_id limit 1
		) y
		order by weight desc, name_key desc, category_id desc`, suggestionTable, c.sql(), after, c.arg(size+1)), c.args)
	if err != nil {
		return err
	}
	if len(groups) > size {
		groups = groups[:size]
		last := groups[size-1]
		page.Next = cursor{"weight", strconv.FormatInt(last.Weight, 10) + "|" + last.Key, int64(last.CategoryID)}.encode()
	}
	for i := range groups {
		g := &groups[i]
		g.Category = r.categories[int64(g.CategoryID)]
		if g.Reasons, g.Alternatives, err = readSuggestion(g.ReasonsJSON, g.AlternativesJSON); err != nil {
			return err
		}
	}
	page.Groups = groups
	return nil
}

func readSuggestion(reasons, alternatives []byte) (r []domain.SuggestionReason, a []domain.SuggestedCode, err error) {
	if err = json.Unmarshal(reasons, &r); err == nil {
		err = json.Unmarshal(alternatives, &a)
	}
	return r, a, err
}

// neighboursShown is how many fields of the same dataset are named beside one.
const neighboursShown = 8

// lines reads one page of single fields, in the order of their datasets, so that neighbours follow each other.
func (r *suggestionReader) lines(ctx context.Context, page *SuggestionPage) error {
	c := r.narrow()
	size := max(r.q.Size, 1)
	if at, ok := parseCursor(r.q.After, "place"); ok {
		dataset, _ := strconv.ParseInt(at.Value, 10, 64) // a mangled address begins at the first
		c.add("(r.dataset_id, r.field_id) > (" + c.arg(dataset) + "::bigint, " + c.arg(at.ID) + "::bigint)")
	}
	lines, err := many[SuggestionLine](ctx, r.s, "suggestion", fmt.Sprintf(`with page as materialized (
			select r.workspace_id, r.field_id, r.dataset_id, r.application_id, r.category_id, r.confidence, r.personal, r.reasons, r.alternatives
			from %[1]s where %[2]s order by r.dataset_id, r.field_id limit %[3]s
		)
		select r.field_id, f.name, f.label, f.data_type, case when f.description <> '' then f.description else left(f.comment, 500) end as comment,
			a.name as application, d.name as dataset, r.category_id, r.confidence::integer as confidence, r.personal, r.reasons, r.alternatives,
			r.dataset_id::text as edge,
			array(select n.name from field n where n.workspace_id = f.workspace_id and n.dataset_id = f.dataset_id and n.id <> f.id and n.state = 'active'
				order by abs(n.position - f.position), n.position, n.id limit %[4]d) as neighbours
		from page r
		join field f on f.workspace_id = r.workspace_id and f.id = r.field_id
		join dataset d on d.workspace_id = r.workspace_id and d.id = r.dataset_id
		join application a on a.workspace_id = r.workspace_id and a.id = r.application_id
		order by r.dataset_id, r.field_id`, suggestionTable, c.sql(), c.arg(size+1), neighboursShown), c.args)
	if err != nil {
		return err
	}
	if len(lines) > size {
		lines = lines[:size]
		page.Next = cursor{"place", lines[size-1].Edge, int64(lines[size-1].Field)}.encode()
	}
	for i := range lines {
		l := &lines[i]
		l.Category = r.categories[int64(l.CategoryID)]
		if l.Reasons, l.Alternatives, err = readSuggestion(l.ReasonsJSON, l.AlternativesJSON); err != nil {
			return err
		}
	}
	page.Lines = lines
	return nil
}

// SuggestionPick is a set of suggestions as a person saw it: those of a category that pass a list's filters, or those of
// one name among them.
type SuggestionPick struct {
	Category domain.CategoryID
	Key      string         // of a name; empty for all
	Field    domain.FieldID // one field alone; zero for all
	Seen     string         // print of the fields; a field alone needs none
}

// SuggestionAnswer is what became of an answer: a batch (zero where there was nothing to do), done or left to a worker.
type SuggestionAnswer struct {
	Batch domain.BatchID
	Todo  int64
	Later bool
}

// AnswerSuggestions accepts or refuses the suggestions that somebody picked from a list; many are left to a worker, which
// leads back to where the person came from. Conflict where they are no longer those that were seen. A category in b takes
// the place of the suggested one.
func (s *Store) AnswerSuggestions(ctx context.Context, by domain.Actor, q domain.ListQuery, picks []SuggestionPick, b domain.Bulk, back string) (a SuggestionAnswer, err error) {
	if err := by.Must(b.Act.Action()); err != nil {
		return a, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		r := &suggestionReader{s: s, by: by, q: q}
		if r.q, err = s.resolve(ctx, by, registers["suggestions"], q); err != nil {
			return err
		}
		var ids []int64
		for _, pick := range picks {
			picked, err := r.pick(ctx, pick)
			if err != nil {
				return err
			}
			ids = append(ids, picked...)
		}
		if len(ids) == 0 {
			return domain.Errorf(domain.Invalid, "bulk.nothing")
		}
		a, err = s.answerPicked(ctx, by, b, distinct(ids), back)
		return err
	})
	return a, err
}

func (s *Store) answerPicked(ctx context.Context, by domain.Actor, b domain.Bulk, ids []int64, back string) (a SuggestionAnswer, err error) {
	if len(ids) < domain.BulkJobFrom {
		var plan domain.BulkPlan
		a.Batch, plan, err = s.ApplyBulk(ctx, by, b, ids, "")
		a.Todo = plan.Todo()
		return a, err
	}
	a.Later = true
	err = s.wide(ctx, len(ids), func() error {
		plan, err := s.planBulk(ctx, by, b, ids)
		if err != nil {
			return err
		}
		a.Todo = plan.Todo()
		a.Batch, err = s.AskBulk(ctx, by, b, ids, plan.Fingerprint, back)
		return err
	})
	return a, err
}

// pick holds the fields of a pick, and makes sure that they are the ones that were seen.
func (r *suggestionReader) pick(ctx context.Context, pick SuggestionPick) ([]int64, error) {
	c := r.narrow()
	c.add("r.category_id = " + c.arg(pick.Category))
	if pick.Key != "" {
		c.add("r.name_key = " + c.arg(pick.Key))
	}
	if pick.Field != 0 {
		c.add("r.field_id = " + c.arg(pick.Field))
	}
	type found struct {
		N     int64   `db:"n"`
		Print int64   `db:"print"`
		IDs   []int64 `db:"ids"`
	}
	all, err := one[found](ctx, r.s, "suggestion", `select count(*) as n, coalesce(bit_xor(hashint8extended(id, 0)), 0) as print,
			coalesce(array_agg(id), '{}') as ids
		from (select f.id from `+suggestionTable+` join field f on f.workspace_id = r.workspace_id and f.id = r.field_id where `+c.sql()+`
			order by f.id for update) x`, c.args)
	if err != nil {
		return nil, err
	}
	if all.N == 0 || pick.Field == 0 && pick.Seen != suggestionPrint(all.N, all.Print) {
		return nil, domain.Errorf(domain.Conflict, "suggestion.moved")
	}
	return all.IDs, nil
}
