package store

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestColumnsFindTheirFields(t *testing.T) {
	t.Parallel()
	type own struct {
		ID   int64  `db:"id"`
		Name string `db:"name"`
	}
	type row struct {
		own
		Kept    string `db:"-"`
		Changes int64
		Stamp   string `db:"stamp"`
	}
	fields := fieldsOf(reflect.TypeFor[row]())
	columns := func(names ...string) (list []pgconn.FieldDescription) {
		for _, name := range names {
			list = append(list, pgconn.FieldDescription{Name: name})
		}
		return list
	}
	paths, err := fields.match(columns("stamp", "name", "changes", "id"))
	if diff := cmp.Diff([][]int{{3}, {0, 1}, {2}, {0, 0}}, paths); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	for name, bad := range map[string][]pgconn.FieldDescription{
		"column without a field":  columns("stamp", "name", "changes", "id", "kept"),
		"field without a column":  columns("stamp", "name", "id"),
		"one that is not scanned": columns("stamp", "name", "changes", "id", "Kept"),
	} {
		if _, err := fields.match(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
