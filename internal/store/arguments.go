package store

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
)

// arguments are pgx.StrictNamedArgs that remember how a query reads with numbered places: reading a query letter by letter
// for its names costs a page of a dozen queries as much as a query.
type arguments pgx.StrictNamedArgs

// numbered is a query with numbered places, and the names that they had.
type numbered struct {
	sql   string
	names []string
}

// keptQueries bounds what is remembered: a list has as many queries as there are ways to filter it.
const keptQueries = 2_000

var numberedQueries = struct {
	sync.RWMutex
	of map[string]numbered
}{of: map[string]numbered{}}

// RewriteQuery implements pgx.QueryRewriter.
func (a arguments) RewriteQuery(ctx context.Context, conn *pgx.Conn, sql string, _ []any) (string, []any, error) {
	numberedQueries.RLock()
	q, known := numberedQueries.of[sql]
	numberedQueries.RUnlock()
	if !known {
		var err error
		if q, err = a.number(ctx, conn, sql); err != nil {
			return "", nil, err
		}
	}
	if len(q.names) != len(a) {
		return "", nil, fmt.Errorf("%d arguments for a query that names %d", len(a), len(q.names))
	}
	values := make([]any, len(q.names))
	for i, name := range q.names {
		value, given := a[name]
		if !given {
			return "", nil, fmt.Errorf("argument %s is missing", name)
		}
		values[i] = value
	}
	return q.sql, values, nil
}

// number has the query read by pgx once, with each argument standing for its own name.
func (a arguments) number(ctx context.Context, conn *pgx.Conn, sql string) (q numbered, err error) {
	probe := make(pgx.StrictNamedArgs, len(a))
	for name := range a {
		probe[name] = name
	}
	text, names, err := probe.RewriteQuery(ctx, conn, sql, nil)
	if err != nil {
		return q, err
	}
	q = numbered{sql: text, names: make([]string, len(names))}
	for i, name := range names {
		q.names[i], _ = name.(string) // as put in above
	}
	numberedQueries.Lock()
	defer numberedQueries.Unlock()
	if len(numberedQueries.of) >= keptQueries {
		clear(numberedQueries.of)
	}
	numberedQueries.of[sql] = q
	return q, nil
}
