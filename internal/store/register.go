package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// registerSQL says how a domain.Register is read. Every expression is written here by hand: nothing that a person types
// becomes SQL, only the value of an argument.
type registerSQL struct {
	register domain.Register
	from     string            // tables, after "from"; the row's own table has the alias r
	joins    []joinSQL         // joined after from, where something reads them
	keys     []string          // columns by which an index finds a row, where its id has none
	cubed    bool              // all facets are counted in one pass; none has a query of its own
	apart    bool              // such facets are counted each on its own, where none is filtered by
	lean     string            // the tables that conditions read, where those are fewer; rows are counted and named by these
	where    string            // always true of its rows, beside r.workspace_id = @ws
	cells    map[string]string // expression of each column
	orders   map[string]string // expression that orders by a column, where it is not that of the cell; never null
	filters  map[string]filterSQL
	search   string // folded text to search in
	archived string // true where the row is archived; "false" where it never is
	held     bool   // it reads what programs hold, which is counted before
}

// filterSQL is how a filter narrows. Exactly one of expr, in is set.
type filterSQL struct {
	expr string // text expression compared with the values; for a ref filter, the id
	// in is a condition with the placeholder %s for the name of a text[] argument, for filters that look into other tables.
	in string
	// none is the condition for the value "none".
	none string
	// lookup resolves names to ids, for ref filters: select id::text from … where workspace_id = @ws and fold(name) = any(%s).
	lookup string
	// facet is the query of a facet's values: select value, label, n; %s is the list's own condition, which reads what the
	// other filters look into. Empty counts expr, or many, in the tables of the register.
	facet string
	// label is the expression of a value's name, for the facet of a ref filter that counts expr.
	label string
	// many is an expression of several texts, of which a facet counts each.
	many string
	// named is the table whose names a ref filter's ids have, for the facet of a cubed register.
	named string
}

// conditioned are the tables that a condition needs.
func (r registerSQL) conditioned(condition string) string {
	if r.lean != "" {
		return r.lean
	}
	return r.needed(condition)
}

// registers holds every register by name; each area adds its own.
var registers = map[string]registerSQL{}

func addRegister(r registerSQL) struct{} {
	for _, c := range r.register.Columns {
		if r.cells[c.Key] == "" {
			panic("register " + r.register.Name + ": no expression for column " + c.Key)
		}
	}
	for _, f := range r.register.Filters {
		if _, ok := r.filters[f.Key]; !ok {
			panic("register " + r.register.Name + ": no expression for filter " + f.Key)
		}
	}
	registers[r.register.Name] = r
	return struct{}{}
}

// conditions is a where clause under construction, with its arguments.
type conditions struct {
	parts []string
	args  pgx.StrictNamedArgs
}

func (c *conditions) add(part string) { c.parts = append(c.parts, part) }

func (c *conditions) arg(value any) string {
	name := fmt.Sprintf("a%d", len(c.args))
	c.args[name] = value
	return "@" + name
}

// holds is the condition that a folded text holds every word.
func (c *conditions) holds(text string, words []string) string {
	return strings.Join(mapSlice(words, func(w string) string { return text + " like " + c.arg("%"+likeEscape(w)+"%") }), " and ")
}

// soughtFields are the fields of the workspace that hold every word, at most so many and in no order.
func (c *conditions) soughtFields(cols string, words []string, most int) string {
	return "(select " + cols + " from field_sought where workspace_id = @ws and " + c.holds("search", words) + " limit " + c.arg(most) + ")"
}

func (c *conditions) sql() string { return strings.Join(c.parts, " and ") }

// narrow turns a query into conditions, leaving out some filters (for a filter's own facet).
func (r registerSQL) narrow(by domain.Actor, q domain.ListQuery, except ...string) conditions {
	c := conditions{args: pgx.StrictNamedArgs{"ws": by.Workspace}}
	c.add("r.workspace_id = @ws")
	if r.where != "" {
		c.add(r.where)
	}
	if words := searchWords(q.Q); len(words) > 0 && r.search != "" {
		c.add(c.holds(r.search, words))
	}
	for _, f := range r.register.Filters {
		values := q.Filters[f.Key]
		if f.Key == "state" && len(values) == 0 { // what is archived or gone is out of sight until asked for
			values = []string{"active"}
		}
		if len(values) > 0 && !slices.Contains(except, f.Key) {
			c.add(r.filters[f.Key].condition(&c, values))
		}
	}
	return c
}

// conditions narrows to everything that a query matches. The search among fields is answered as their list answers it: where
// nothing holds the words, by what comes near, and near is true.
func (s *Store) conditions(ctx context.Context, by domain.Actor, r registerSQL, q domain.ListQuery) (c conditions, near bool, err error) {
	ofFields := r.register.Name == domain.FieldRegister.Name || r.register.Name == domain.UnusedRegister.Name
	if !ofFields || len(searchWords(q.Q)) == 0 {
		return r.narrow(by, q), false, nil
	}
	hits, known, near, err := s.sought(ctx, q)
	if !known {
		return r.narrow(by, q), false, err
	}
	q.Q = ""
	c = r.narrow(by, q)
	c.add("r.id = any(" + c.arg(hits) + ")")
	return c, near, err
}

func (f filterSQL) condition(c *conditions, values []string) string {
	var any []string
	rest := slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == domain.FilterNone && f.none != "" })
	if len(rest) < len(values) {
		any = append(any, f.none)
	}
	if len(rest) > 0 {
		switch {
		case f.in != "":
			any = append(any, fmt.Sprintf(f.in, c.arg(rest)))
		default:
			any = append(any, f.expr+" = any("+c.arg(rest)+")")
		}
	}
	return "(" + strings.Join(any, " or ") + ")"
}

// searchWords splits what was typed into folded words, at most eight.
func searchWords(q string) []string {
	words := strings.Fields(domain.Fold(q))
	return words[:min(len(words), 8)]
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func likeEscape(s string) string { return likeEscaper.Replace(s) }

// resolve turns names into ids in the ref filters of a query, so that a script may write application=Salesforce. What is
// neither an id nor "none", where the filter has that, is a name.
func (s *Store) resolve(ctx context.Context, by domain.Actor, r registerSQL, q domain.ListQuery) (domain.ListQuery, error) {
	for _, f := range r.register.Filters {
		values, how := q.Filters[f.Key], r.filters[f.Key]
		isName := func(value string) bool { return !isID(value) && (value != domain.FilterNone || how.none == "") }
		if how.lookup == "" || !slices.ContainsFunc(values, isName) {
			continue
		}
		ids := slices.DeleteFunc(slices.Clone(values), isName)
		for _, name := range values {
			if !isName(name) {
				continue
			}
			found, err := many[string](ctx, s, r.register.Name, fmt.Sprintf(how.lookup, "@names"),
				pgx.StrictNamedArgs{"ws": by.Workspace, "names": []string{domain.Fold(name)}})
			if err != nil {
				return q, err
			}
			if len(found) == 0 && q.Strict {
				return q, domain.Errorf(domain.Invalid, "error.filter.name", "value", name, "filter", f.Key)
			}
			if len(found) == 0 { // a name that nothing has matches nothing
				found = []string{"0"}
			}
			ids = append(ids, found...)
		}
		q = withFilter(q, f.Key, ids)
	}
	return q, nil
}

func withFilter(q domain.ListQuery, key string, values []string) domain.ListQuery {
	place := q
	q = q.Narrow(key, values...)
	q.After, q.Before, q.At = place.After, place.Before, place.At
	return q
}

// isID tells the number that a record may have from what is none, such as one that is too large.
func isID(value string) bool {
	_, err := strconv.ParseUint(value, 10, 63)
	return err == nil
}

// cursor is a place in an ordered list: the order's value and id of the row at the edge of a page.
type cursor struct {
	Sort  string `json:"s"`
	Value string `json:"v"`
	ID    int64  `json:"i"`
}

func (c cursor) encode() string {
	b, _ := json.Marshal(c) // strings and a number always marshal
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor refuses a cursor of another order, because its value would be compared with the wrong column.
func parseCursor(text, sort string) (c cursor, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &c) != nil {
		return c, false
	}
	return c, c.Sort == sort
}

// orderSQL is the order of a page.
type orderSQL struct {
	key  string // sort key as in the URL, for cursors
	expr string
	cast string // type of expr, which the text of a cursor is read as
	desc bool
}

func (r registerSQL) order(q domain.ListQuery) orderSQL {
	key, desc := q.Order(r.register)
	column, _ := r.register.Column(key)
	o := orderSQL{key: key, expr: r.orders[key], desc: desc, cast: castOf(column.Kind)}
	if o.expr == "" {
		o.expr = orderOf(column.Kind, r.cells[key])
	}
	if desc {
		o.key = "-" + key
	}
	return o
}

func castOf(kind domain.CellKind) string {
	switch kind {
	case domain.CellInt:
		return "bigint"
	case domain.CellPercent:
		return "double precision"
	case domain.CellDate:
		return "date"
	case domain.CellTime:
		return "timestamptz"
	case domain.CellBool:
		return "boolean"
	}
	return "text"
}

// orderOf makes a cell's expression fit to order by: never null, texts as people sort them.
func orderOf(kind domain.CellKind, expr string) string {
	switch kind {
	case domain.CellInt, domain.CellPercent:
		return "coalesce((" + expr + ")::" + castOf(kind) + ", -1)"
	case domain.CellDate:
		return "coalesce((" + expr + "), date '0001-01-01')"
	case domain.CellTime:
		return "coalesce((" + expr + "), timestamptz '0001-01-01')"
	case domain.CellBool:
		return "coalesce((" + expr + "), false)"
	case domain.CellTexts, domain.CellEnums:
		return "fold(array_to_string((" + expr + "), ' '))"
	}
	return "coalesce(fold((" + expr + ")::text), '')"
}

// edge reads the text of a cursor as PostgreSQL wrote it; false for what it cannot have written, as in a mangled address.
func (o orderSQL) edge(text string) (value any, ok bool) {
	var err error
	switch o.cast {
	case "bigint":
		value, err = strconv.ParseInt(text, 10, 64)
	case "double precision":
		value, err = strconv.ParseFloat(text, 64)
	case "boolean":
		value, err = strconv.ParseBool(text)
	case "date":
		value, err = time.Parse(time.DateOnly, text)
	case "timestamptz":
		value, err = time.Parse("2006-01-02 15:04:05-07", text)
	default:
		return text, !strings.ContainsRune(text, 0)
	}
	return value, err == nil
}

// place adds the condition of the cursor and returns the order clause; back is true for a page before the cursor, which
// is read in the opposite order and turned round.
func (o orderSQL) place(c *conditions, q domain.ListQuery) (orderBy string, back bool) {
	desc := o.desc
	text := q.After
	if q.Before != "" {
		text, back, desc = q.Before, true, !desc
	}
	direction, compare := "asc", ">"
	if desc {
		direction, compare = "desc", "<"
	}
	at, ok := parseCursor(text, o.key)
	edge, fits := o.edge(at.Value)
	if ok && fits {
		c.add(fmt.Sprintf("(%s, r.id) %s (%s::%s, %s)", o.expr, compare, c.arg(edge), o.cast, c.arg(at.ID)))
	} else {
		back = false
		if q.Before != "" {
			return o.place(c, q.FirstPage())
		}
	}
	return fmt.Sprintf("%s %s, r.id %s", o.expr, direction, direction), back
}

// Rows returns one page of a register with its exact total. Unknown register names are a programmer's error.
func (s *Store) Rows(ctx context.Context, by domain.Actor, name string, q domain.ListQuery) (list domain.List, err error) {
	r := mustRegister(name)
	if err := s.ready(ctx, by, r); err != nil {
		return list, err
	}
	err = s.Read(ctx, by, func(s *Store) error {
		if q, err = s.resolve(ctx, by, r, q); err != nil {
			return err
		}
		c, _, err := s.conditions(ctx, by, r, q)
		if err != nil {
			return err
		}
		if list, err = s.page(ctx, r, q, c); err != nil {
			return err
		}
		list.Total.N, err = one[int64](ctx, s, name, "select count(*) from "+r.conditioned(c.sql())+" where "+c.sql(), c.args)
		return err
	})
	return list, err
}

// ready brings up to date what a register reads and is counted only where somebody asks.
func (s *Store) ready(ctx context.Context, by domain.Actor, r registerSQL) error {
	if !r.held {
		return nil
	}
	return s.CountHeld(ctx, by)
}

func mustRegister(name string) registerSQL {
	r, ok := registers[name]
	if !ok {
		panic("no register " + name)
	}
	return r
}

// page reads one page without total or facets.
func (s *Store) page(ctx context.Context, r registerSQL, q domain.ListQuery, all conditions) (domain.List, error) {
	var list domain.List
	c := conditions{parts: slices.Clone(all.parts), args: maps.Clone(all.args)}
	o := r.order(q)
	orderBy, back := o.place(&c, q)
	size := q.Size
	if size == 0 {
		size = domain.DefaultPageSize
	}
	// The limit stands in the statement: a plan for any number of rows reads them all.
	sql := fmt.Sprintf("select r.id, %s, (%s)::text, %s from %s where %s order by %s limit %d",
		r.archived, o.expr, r.cellList(r.register.Columns), r.whole(), c.sql(), orderBy, size+1)
	if len(r.joins) > 0 { // which rows they are is known before the rest of them is read
		// The page comes first: PostgreSQL keeps to the order in which more than eight tables are written.
		// Places are counted of the page alone: over all rows they would have to be sorted whole.
		keys, on := []string{"r.id"}, "r.id = page.id"
		if len(r.keys) > 0 {
			on = strings.Join(mapSlice(r.keys, func(key string) string { return "r." + key + " = page." + key }), " and ")
			keys = append(keys, mapSlice(r.keys, func(key string) string { return "r." + key })...)
		}
		sql = fmt.Sprintf(`with page as materialized (select t.*, row_number() over () as place
			from (select %[9]s, %[2]s as edge from %[7]s where %[5]s order by %[6]s limit %[8]d) t) select r.id, %[1]s, page.edge::text, %[3]s
			from page join %[4]s where r.workspace_id = @ws order by page.place`,
			r.archived, o.expr, r.cellList(r.register.Columns), r.joined("on "+on), c.sql(), orderBy, r.needed(c.sql(), orderBy), size+1, strings.Join(keys, ", "))
	}
	rows, err := s.db.Query(ctx, sql, c.args)
	if err != nil {
		return list, translate(r.register.Name, err)
	}
	var edges []string
	list.Rows, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (domain.Row, error) {
		values, err := row.Values()
		if err != nil {
			return domain.Row{}, err
		}
		edges = append(edges, values[2].(string))
		return rowOf(r.register.Columns, values), nil
	})
	if err != nil {
		return list, translate(r.register.Name, err)
	}
	more := len(list.Rows) > size
	if more {
		list.Rows, edges = list.Rows[:size], edges[:size]
	}
	if back {
		slices.Reverse(list.Rows)
		slices.Reverse(edges)
	}
	if n := len(list.Rows); n > 0 {
		if more || back {
			list.Next = cursor{o.key, edges[n-1], list.Rows[n-1].ID}.encode()
		}
		if (back && more) || (!back && q.After != "") {
			list.Prev = cursor{o.key, edges[0], list.Rows[0].ID}.encode()
		}
	}
	return list, nil
}

func (r registerSQL) cellList(columns []domain.RegisterColumn) string {
	exprs := make([]string, len(columns))
	for i, c := range columns {
		exprs[i] = r.cells[c.Key]
		if c.Kind == domain.CellPercent {
			exprs[i] = "(" + exprs[i] + ")::double precision"
		}
	}
	return strings.Join(exprs, ", ")
}

func rowOf(columns []domain.RegisterColumn, values []any) domain.Row {
	row := domain.Row{ID: values[0].(int64), Archived: values[1].(bool), Cells: make(map[string]any, len(columns))}
	for i, column := range columns {
		v := values[i+3]
		if v == nil && (column.Kind == domain.CellTexts || column.Kind == domain.CellEnums) {
			v = []any{} // a list of none is one
		}
		if list, ok := v.([]any); ok {
			texts := make([]string, 0, len(list))
			for _, t := range list {
				if text, ok := t.(string); ok {
					texts = append(texts, text)
				}
			}
			v = texts
		}
		if document, ok := v.(map[string]any); ok && column.Kind == domain.CellFacts {
			v = sourceFacts(document)
		}
		row.Cells[column.Key] = v
	}
	return row
}

// sourceFacts reads a document that SourceFacts was written as; nil where it says nothing.
func sourceFacts(document map[string]any) any {
	var facts domain.SourceFacts
	text, err := json.Marshal(document)
	if err != nil || json.Unmarshal(text, &facts) != nil || facts.Empty() {
		return nil
	}
	return facts
}

// EachRow calls f for every row that the query matches, in its order: what exports are made of.
// The rows come as they are read, so that a long list needs no memory.
func (s *Store) EachRow(ctx context.Context, by domain.Actor, name string, q domain.ListQuery, f func(domain.Row) error) error {
	r := mustRegister(name)
	if err := s.ready(ctx, by, r); err != nil {
		return err
	}
	return s.Read(ctx, by, func(s *Store) error {
		q, err := s.resolve(ctx, by, r, q)
		if err != nil {
			return err
		}
		c, _, err := s.conditions(ctx, by, r, q)
		if err != nil {
			return err
		}
		n, err := one[int](ctx, s, name, "select count(*) from "+r.conditioned(c.sql())+" where "+c.sql(), c.args)
		if err != nil {
			return err
		}
		o := r.order(q)
		orderBy, _ := o.place(&c, q.FirstPage())
		sql := fmt.Sprintf("select r.id, %s, '', %s from %s where %s order by %s",
			r.archived, r.cellList(r.register.Columns), r.whole(), c.sql(), orderBy)
		return s.wide(ctx, n, func() error { return s.eachRow(ctx, r, sql, c.args, f) })
	})
}

func (s *Store) eachRow(ctx context.Context, r registerSQL, sql string, args pgx.StrictNamedArgs, f func(domain.Row) error) error {
	rows, err := s.db.Query(ctx, sql, args)
	if err != nil {
		return translate(r.register.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return translate(r.register.Name, err)
		}
		if err := f(rowOf(r.register.Columns, values)); err != nil {
			return err
		}
	}
	return translate(r.register.Name, rows.Err())
}

// IDs returns the ids of all rows that the query matches, in no order: what acts on "all that match" are about. None of what only
// comes near a search: a list says that it does, an act cannot.
func (s *Store) IDs(ctx context.Context, by domain.Actor, name string, q domain.ListQuery) (ids []int64, err error) {
	r := mustRegister(name)
	if err := s.ready(ctx, by, r); err != nil {
		return ids, err
	}
	err = s.Read(ctx, by, func(s *Store) error {
		if q, err = s.resolve(ctx, by, r, q); err != nil {
			return err
		}
		c, near, err := s.conditions(ctx, by, r, q)
		if err != nil || near {
			return err
		}
		ids, err = many[int64](ctx, s, name, "select r.id from "+r.conditioned(c.sql())+" where "+c.sql(), c.args)
		return err
	})
	return ids, err
}

// facetValues is how many values of a facet are read; a person searches for the rest.
const facetValues = 200

// Facets returns the facets of a register with counts that obey every other filter of the query. A value that is
// selected stays visible at zero.
func (s *Store) Facets(ctx context.Context, by domain.Actor, name string, q domain.ListQuery) (facets []domain.Facet, err error) {
	r := mustRegister(name)
	if err := s.ready(ctx, by, r); err != nil {
		return facets, err
	}
	err = s.Read(ctx, by, func(s *Store) error {
		if q, err = s.resolve(ctx, by, r, q); err != nil {
			return err
		}
		if r.cubed {
			facets, err = s.cube(ctx, by, r, q)
			return err
		}
		for _, f := range r.register.Filters {
			if !f.Facet {
				continue
			}
			values, err := s.facet(ctx, by, r, f, q)
			if err != nil {
				return err
			}
			facets = append(facets, domain.Facet{Filter: f, Values: values})
		}
		return nil
	})
	return facets, err
}

type facetRow struct {
	Value string `db:"value"`
	Label string `db:"label"`
	N     int64  `db:"n"`
}

func (s *Store) facet(ctx context.Context, by domain.Actor, r registerSQL, f domain.RegisterFilter, q domain.ListQuery) ([]domain.FacetValue, error) {
	c := r.narrow(by, q, f.Key)
	how := r.filters[f.Key]
	sql := how.facet
	switch {
	case sql != "":
	case how.many != "":
		sql = fmt.Sprintf(`select coalesce(v, 'none') as value, '' as label, count(*) as n from (select %[1]s as several from %[2]s where %%s) m
			left join unnest(m.several) v on true group by 1 order by n desc, value limit %[3]d`, how.many, r.from, facetValues)
	default:
		label := how.label
		if label == "" {
			label = "''"
		}
		sql = fmt.Sprintf(`select coalesce(nullif(%[1]s, ''), 'none') as value, coalesce(min(%[2]s), '') as label, count(*) as n
			from %[3]s where %%s group by 1 order by n desc, label, value limit %[4]d`, how.expr, label, r.from, facetValues)
	}
	rows, err := many[facetRow](ctx, s, r.register.Name, fmt.Sprintf(sql, c.sql()), c.args)
	if err != nil {
		return nil, err
	}
	return orderFacet(f, rows, q.Filters[f.Key]), nil
}

// orderFacet puts an enum's values in their own order and keeps selected values that have no row.
func orderFacet(f domain.RegisterFilter, rows []facetRow, selected []string) []domain.FacetValue {
	values := mapSlice(rows, func(r facetRow) domain.FacetValue { return domain.FacetValue{Value: r.Value, Label: r.Label, N: r.N} })
	for _, v := range selected {
		if !slices.ContainsFunc(values, func(f domain.FacetValue) bool { return f.Value == v }) {
			values = append(values, domain.FacetValue{Value: v})
		}
	}
	if len(f.Values) > 0 {
		slices.SortStableFunc(values, func(a, b domain.FacetValue) int { return indexOf(f.Values, a.Value) - indexOf(f.Values, b.Value) })
	}
	return values
}

func indexOf(list []string, value string) int {
	if i := slices.Index(list, value); i >= 0 {
		return i
	}
	return len(list)
}
