// Package ddl reads what SQL dumps say of tables: their columns, types, keys, references and comments. It reads a dump of any
// size as a stream, skips data unread, and leaves each statement to the parser of its dialect. It knows no noun of Utile.
package ddl

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Dialect is the kind of SQL.
type Dialect string

// The dialects that are read. Dumps of others are read as PostgreSQL as far as they go.
const (
	PostgreSQL Dialect = "postgresql"
	MySQL      Dialect = "mysql" // and MariaDB
)

// Schema is what a dump declares.
type Schema struct {
	Dialect  Dialect
	Database string // where the dump names it
	Tables   []*Table
	Skipped  []Skipped

	tables map[name]*Table
	enums  map[string][]string
	n      int // columns
	// current is the database of MySQL that the statements so far have chosen.
	current string
}

// Table is a table with its columns in the order of the dump. The schema of a table of MySQL is its database.
type Table struct {
	Schema, Name, Comment string
	Line                  int
	Columns               []*Column

	parents   []name
	partition bool

	byName map[string]*Column // the first of each name without case, of the first columns
	named  int                // how many columns byName knows
}

// Column is a column of a table.
type Column struct {
	Name, Type, Comment string
	Line                int
	NotNull             bool
	Key                 bool // part of the primary key
	Unique              bool // alone
	References          []Reference
	Generated           string   // how it is computed from others
	Values              []string // of an enumerated type
	Length              int
}

// Reference is what a column refers to. The column is empty where only the table is named.
type Reference struct{ Schema, Table, Column string }

// Skipped counts statements that were not used. What is "view", "data", "temporary", "unparsed", "too_long" or "partition".
type Skipped struct {
	What string
	N    int64
	Line int // of the first
}

type name struct{ schema, table string }

// Limits of a dump.
const (
	MaxStatement = 2 << 20
	MaxColumns   = 300_000
	// mostReferences is how many references of one column are kept.
	mostReferences = 100
)

// ErrTooLarge is a dump that declares more columns than MaxColumns.
var ErrTooLarge = errors.New("ddl: too many columns")

// Recognise tells whether a text is a dump by its first bytes, and of which dialect.
func Recognise(text string) (Dialect, bool) {
	first := strings.ToLower(firstWord(text))
	if !slices.Contains([]string{"create", "set", "alter", "drop", "use", "begin", "start", "insert", "copy", "comment", "select", "lock", "delimiter",
		"grant", "pragma", "if", `\restrict`, `\connect`, `\c`}, first) {
		return "", false
	}
	lower := strings.ToLower(text)
	declares := false
	for _, words := range []string{"create table ", "create unlogged table ", "create foreign table ", "create temporary table "} {
		declares = declares || strings.Contains(lower, words)
	}
	if !declares {
		return "", false
	}
	for _, sign := range []string{"`", "engine=", "-- mysql dump", "-- mariadb dump", "auto_increment", "/*!40"} {
		if strings.Contains(lower, sign) {
			return MySQL, true
		}
	}
	return PostgreSQL, true
}

// firstWord is the first word that is no comment. A comment that MySQL executes counts.
func firstWord(text string) string {
	for {
		text = strings.TrimLeft(text, " \t\r\n\ufeff;")
		switch {
		case strings.HasPrefix(text, "/*!"):
			return firstWord(strings.TrimLeft(text[3:], "M0123456789"))
		case strings.HasPrefix(text, "--"), strings.HasPrefix(text, "#"):
			_, rest, ok := strings.Cut(text, "\n")
			if !ok {
				return ""
			}
			text = rest
		case strings.HasPrefix(text, "/*"):
			_, rest, ok := strings.Cut(text, "*/")
			if !ok {
				return ""
			}
			text = rest
		default:
			end := strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r == '(' || r == ';' || r == ',' || r == '"' })
			if end < 0 {
				return text
			}
			return text[:end]
		}
	}
}

// Read reads a dump to its end.
func Read(r io.Reader, dialect Dialect) (*Schema, error) {
	s := &Schema{Dialect: dialect, tables: map[name]*Table{}, enums: map[string][]string{}}
	parse := s.parsePostgres
	if dialect == MySQL {
		parse = s.parseMySQL
	}
	split := newSplitter(r, dialect)
	for {
		st, err := split.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := s.take(st, parse); err != nil {
			return nil, err
		}
	}
	if s.Database == "" {
		s.Database = split.database
	}
	s.finish()
	return s, nil
}

func (s *Schema) take(st statement, parse func(statement) error) error {
	switch {
	case st.what != "":
		s.skip(st.what, st.line)
		return nil
	case st.text == "":
		return nil
	}
	err := guarded(parse, st)
	if errors.Is(err, ErrTooLarge) {
		return err
	}
	if err != nil {
		s.skip("unparsed", st.line)
	}
	return nil
}

// guarded makes an error of what a parser gives up on with a panic.
func guarded(parse func(statement) error, st statement) (err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("ddl: the parser gave up: %v", caught)
		}
	}()
	return parse(st)
}

func (s *Schema) skip(what string, line int) {
	for n := range s.Skipped {
		if s.Skipped[n].What == what {
			s.Skipped[n].N++
			return
		}
	}
	s.Skipped = append(s.Skipped, Skipped{what, 1, line})
}

// add keeps a table; one that was declared before is the same.
func (s *Schema) add(t *Table) error {
	if s.n += len(t.Columns); s.n > MaxColumns {
		return ErrTooLarge
	}
	key := name{t.Schema, t.Name}
	if s.tables[key] == nil {
		s.tables[key] = t
		s.Tables = append(s.Tables, t)
	}
	return nil
}

func (t *Table) column(name string) *Column {
	if t == nil {
		return nil
	}
	if t.byName == nil {
		t.byName = make(map[string]*Column, len(t.Columns))
	}
	for ; t.named < len(t.Columns); t.named++ {
		c := t.Columns[t.named]
		if key := strings.ToLower(c.Name); t.byName[key] == nil {
			t.byName[key] = c
		}
	}
	return t.byName[strings.ToLower(name)]
}

// key marks the columns of a primary key, which cannot be null.
func (t *Table) key(columns []string) {
	for _, name := range columns {
		if c := t.column(name); c != nil {
			c.Key, c.NotNull = true, true
		}
	}
}

func (t *Table) unique(columns []string) {
	if len(columns) == 1 {
		if c := t.column(columns[0]); c != nil {
			c.Unique = true
		}
	}
}

// refer notes what columns refer to; without columns of the other table, its key is meant. A table without a schema is one of
// that of the table itself.
func (t *Table) refer(columns []string, table name, to []string) {
	if table.schema == "" {
		table.schema = t.Schema
	}
	for n, name := range columns {
		reference := Reference{Schema: table.schema, Table: table.table}
		if n < len(to) {
			reference.Column = to[n]
		}
		if c := t.column(name); c != nil && len(c.References) < mostReferences && !slices.Contains(c.References, reference) {
			c.References = append(c.References, reference)
		}
	}
}

// finish gives children the columns of their parents, drops partitions, which hold rows of another table, and explains types.
func (s *Schema) finish() {
	if s.Dialect == MySQL {
		defer s.nameDatabases()
	}
	done := map[*Table]bool{}
	for _, t := range s.Tables {
		s.inherit(t, done, 0)
	}
	s.Tables = slices.DeleteFunc(s.Tables, func(t *Table) bool {
		if t.partition {
			s.skip("partition", t.Line)
		}
		return t.partition
	})
	for _, t := range s.Tables {
		for _, c := range t.Columns {
			if c.Values == nil {
				c.Values = s.enums[strings.TrimSuffix(c.Type, "[]")]
			}
		}
	}
}

// nameDatabases names the database of tables that stand before any was chosen.
func (s *Schema) nameDatabases() {
	for _, t := range s.Tables {
		if t.Schema == "" {
			t.Schema = s.Database
		}
	}
}

func (s *Schema) inherit(t *Table, done map[*Table]bool, depth int) {
	if done[t] || depth > 50 {
		return
	}
	done[t] = true
	var columns []*Column
	for _, parent := range t.parents {
		p := s.tables[parent]
		if p == nil {
			continue
		}
		s.inherit(p, done, depth+1)
		for _, c := range p.Columns {
			if t.column(c.Name) == nil && len(columns) < 2000 {
				inherited := *c
				inherited.Key, inherited.Unique, inherited.References, inherited.Line = false, false, nil, t.Line
				columns = append(columns, &inherited)
			}
		}
	}
	t.Columns, t.byName, t.named = append(columns, t.Columns...), nil, 0
}
