package store

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// collect reads all rows: a struct by the names of its db tags, anything else as the single column of the row. Which column
// goes where is found once a query, not once a row as pgx finds it.
func collect[T any](rows pgx.Rows) ([]T, error) {
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return pgx.CollectRows(rows, pgx.RowTo[T])
	}
	defer rows.Close()
	list := []T{}
	var paths [][]int
	var targets []any
	for rows.Next() {
		if paths == nil {
			var err error
			if paths, err = fieldsOf(t).match(rows.FieldDescriptions()); err != nil {
				return nil, fmt.Errorf("%s: %w", t, err)
			}
			targets = make([]any, len(paths))
		}
		var zero T
		list = append(list, zero)
		v := reflect.ValueOf(&list[len(list)-1]).Elem()
		for i, path := range paths {
			targets[i] = v.FieldByIndex(path).Addr().Interface()
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
	}
	return list, rows.Err()
}

// structFields are where the columns of a row go in a struct, by name.
type structFields map[string][]int

var knownFields sync.Map // structFields by reflect.Type

func fieldsOf(t reflect.Type) structFields {
	if known, ok := knownFields.Load(t); ok {
		return known.(structFields) // nothing else is put there
	}
	fields := structFields{}
	fields.add(t, nil)
	knownFields.Store(t, fields)
	return fields
}

// add takes the fields of a struct and of those embedded in it.
func (f structFields) add(t reflect.Type, path []int) {
	for i := range t.NumField() {
		field := t.Field(i)
		at := append(path[:len(path):len(path)], i)
		name, tagged := field.Tag.Lookup("db")
		switch {
		case name == "-":
		case field.Anonymous && !tagged && field.Type.Kind() == reflect.Struct:
			f.add(field.Type, at)
		case tagged:
			f[name] = at
		case field.IsExported():
			f[strings.ToLower(field.Name)] = at
		}
	}
}

// match finds the field of each column. A column without a field and a field without a column are a programmer's error.
func (f structFields) match(columns []pgconn.FieldDescription) ([][]int, error) {
	paths := make([][]int, len(columns))
	for i, c := range columns {
		if paths[i] = f[c.Name]; paths[i] == nil {
			return nil, fmt.Errorf("no field for the column %s", c.Name)
		}
	}
	if len(columns) < len(f) {
		return nil, fmt.Errorf("%d columns for %d fields", len(columns), len(f))
	}
	return paths, nil
}
