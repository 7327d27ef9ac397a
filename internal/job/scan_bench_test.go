package job_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
	"utile/internal/store/storetest"
)

// largeInventory is an inventory of 100,000 fields in 2,000 datasets of 20 applications.
func largeInventory(system string) string {
	var b strings.Builder
	b.WriteString("system,table,column,data_type,nullable,is_primary_key,references,comment\n")
	for n := range 100_000 {
		table, column := n/50, n%50
		fmt.Fprintf(&b, "%s%02d,table_%04d,%s_%02d,varchar(%d),%t,%t,,what column %d of the table holds\n",
			system, table/100, table, []string{"email", "customer_name", "amount", "birth_date", "status"}[column%5], column, 10+column, column%3 == 0, column == 0, column)
	}
	return b.String()
}

// BenchmarkImport imports 100,000 fields through everything (read, checked, compared, applied, told in the history), then
// copies the same fields bare into the same table with its indexes and triggers, and imports the same file again.
func BenchmarkImport(b *testing.B) {
	w := storetest.NewWorld(b)
	by := w.Admin()
	var imported, copied, again time.Duration
	round := 0
	for b.Loop() {
		content := largeInventory(fmt.Sprintf("system%d_", round))
		round++
		copied += bareCopy(b, w, by, round)
		started := time.Now()
		applied(b, w.Store, by, "large.csv", content, domain.ImportPlan{})
		imported += time.Since(started)
		started = time.Now()
		wantCounts(b, applied(b, w.Store, by, "large.csv", content, domain.ImportPlan{}), map[domain.ImportChange]int64{domain.ChangeUnchanged: 100_000})
		again += time.Since(started)
	}
	b.ReportMetric(imported.Seconds()/float64(round), "import-s")
	b.ReportMetric(again.Seconds()/float64(round), "again-s")
	b.ReportMetric(copied.Seconds()/float64(round), "copy-s")
	b.ReportMetric(imported.Seconds()/copied.Seconds(), "×copy")
	b.ReportMetric(again.Seconds()/copied.Seconds(), "again×copy")
}

// bareCopy is the floor: COPY of the same fields by the owner of the table, who asks nothing and checks nothing.
func bareCopy(b *testing.B, w *storetest.World, by domain.Actor, round int) time.Duration {
	b.Helper()
	rows, err := w.Owner.Query(b.Context(), `
		with a as (
			insert into application (workspace_id, name) select $1, 'floor ' || $2::integer || ' ' || n from generate_series(0, 19) n returning id
		), d as (
			insert into dataset (workspace_id, application_id, name)
			select $1, a.id, 'table_' || n from a, generate_series(0, 99) n returning id, application_id
		)
		select id, application_id from d order by id`, by.Workspace, round)
	if err != nil {
		b.Fatal(err)
	}
	type place struct{ Dataset, Application int64 }
	datasets, err := pgx.CollectRows(rows, pgx.RowToStructByPos[place])
	if err != nil {
		b.Fatal(err)
	}
	started := time.Now()
	n, err := w.Owner.CopyFrom(b.Context(), pgx.Identifier{"field"},
		[]string{"workspace_id", "dataset_id", "application_id", "name", "data_type", "nullable", "is_key", "comment", "flags", "position"},
		pgx.CopyFromSlice(100_000, func(n int) ([]any, error) {
			column := n % 50
			return []any{by.Workspace, datasets[n/50].Dataset, datasets[n/50].Application, fmt.Sprintf("%s_%02d", []string{"email", "customer_name", "amount", "birth_date", "status"}[column%5], column),
				fmt.Sprintf("varchar(%d)", 10+column), column%3 == 0, column == 0, fmt.Sprintf("what column %d of the table holds", column), 8192, n}, nil
		}))
	if err != nil || n != 100_000 {
		b.Fatal(n, err)
	}
	return time.Since(started)
}
