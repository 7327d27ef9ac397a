package store

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"utile/internal/domain"
)

// joinSQL is a table of which every row of a register has one row, or, by a left join, one at most.
type joinSQL struct{ alias, sql string }

// whole are all tables of the register.
func (r registerSQL) whole() string { return r.joined("") }

// joined is the same with a condition for the register's own table, where that is joined to another.
func (r registerSQL) joined(on string) string {
	from := r.from + " " + on
	for _, j := range r.joins {
		from += " " + j.sql
	}
	return from
}

var aliasUsed = regexp.MustCompile(`\b([a-z]+)\.`)

// needed are the tables that some expressions read: the register's own and, of those that are joined, no others.
func (r registerSQL) needed(exprs ...string) string {
	used := map[string]bool{}
	note := func(sql string) {
		for _, m := range aliasUsed.FindAllStringSubmatch(sql, -1) {
			used[m[1]] = true
		}
	}
	for _, e := range exprs {
		note(e)
	}
	for _, j := range slices.Backward(r.joins) { // a join reads those before it
		if used[j.alias] {
			note(j.sql)
		}
	}
	from := r.from
	for _, j := range r.joins {
		if used[j.alias] {
			from += " " + j.sql
		}
	}
	return from
}

// cube counts all facets of a register in one pass: the rows are counted by everything that a facet shows at once, and each
// facet is a sum over these counts that leaves its own filter out. A register whose facets make too many counts
// together has them counted apart in that pass, as long as none is filtered by.
func (s *Store) cube(ctx context.Context, by domain.Actor, r registerSQL, q domain.ListQuery) ([]domain.Facet, error) {
	var filters []domain.RegisterFilter
	var keys, exprs, columns []string
	for _, f := range r.register.Filters {
		if f.Facet {
			filters, keys = append(filters, f), append(keys, f.Key)
			expr := r.filters[f.Key].valued()
			exprs, columns = append(exprs, expr), append(columns, expr+" as "+f.Key)
		}
	}
	c := r.narrow(by, q, keys...)
	conditions := map[string]string{}
	for _, f := range filters {
		if values := q.Filters[f.Key]; len(values) > 0 {
			conditions[f.Key] = r.filters[f.Key].counted(f.Key, &c, values)
		}
	}
	columns = append(columns, "count(*) as n", "0 as apart")
	groups := strings.Join(exprs, ", ")
	alone := func(int) string { return "true" }
	if r.apart && len(conditions) == 0 {
		columns[len(columns)-1] = "grouping(" + groups + ") as apart"
		groups = "grouping sets ((" + strings.Join(exprs, "), (") + "))"
		alone = func(i int) string { // its bit alone is not set
			return fmt.Sprintf("k.apart = %d", (1<<len(exprs)-1)&^(1<<(len(exprs)-1-i)))
		}
	}
	var counts []string
	for i, f := range filters {
		how, where := r.filters[f.Key], alone(i)
		for _, key := range keys {
			if other := conditions[key]; other != "" && key != f.Key {
				where += " and " + other
			}
		}
		value, from := "coalesce(nullif(k."+f.Key+", ''), 'none')", "cube k"
		if how.many != "" {
			value, from = "v", "cube k cross join unnest(k."+f.Key+") v"
		}
		label := "''"
		if how.named != "" {
			label = "coalesce((select o.name from " + how.named + " o where o.id::text = u.value" + how.within() + "), '')"
		}
		counts = append(counts, fmt.Sprintf(`(select %d as facet, u.value, %s as label, u.n from (select %s as value, sum(n)::bigint as n
			from %s where %s group by 1 order by n desc, value limit %d) u)`, i, label, value, from, where, facetValues))
	}
	type row struct {
		Facet int `db:"facet"`
		facetRow
	}
	sql := "with cube as materialized (select " + strings.Join(columns, ", ") + " from " + r.needed(append(exprs, c.sql())...) +
		" where " + c.sql() + " group by " + groups + ") select facet, value, label, n from (" + strings.Join(counts, " union all ") + ") x order by facet, n desc, label, value"
	rows, err := many[row](ctx, s, r.register.Name, sql, c.args)
	if err != nil {
		return nil, err
	}
	facets := make([]domain.Facet, len(filters))
	for i, f := range filters {
		var own []facetRow
		for _, x := range rows {
			if x.Facet == i {
				own = append(own, x.facetRow)
			}
		}
		facets[i] = domain.Facet{Filter: f, Values: orderFacet(f, own, q.Filters[f.Key])}
	}
	return facets, nil
}

// valued is what a facet counts by: a text, or several.
func (f filterSQL) valued() string {
	if f.many != "" {
		return f.many
	}
	return f.expr
}

// within keeps a name to the workspace; people belong to none.
func (f filterSQL) within() string {
	if f.named == "app_user" {
		return ""
	}
	return " and o.workspace_id = @ws"
}

// counted is a filter's condition on the counts of a cube.
func (f filterSQL) counted(key string, c *conditions, values []string) string {
	if f.many != "" {
		f.in, f.none = "k."+key+" && %s::text[]", "cardinality(k."+key+") = 0"
	} else {
		f.expr = "k." + key
		if f.none != "" {
			f.none = "coalesce(k." + key + ", '') = ''"
		}
	}
	return f.condition(c, values)
}
