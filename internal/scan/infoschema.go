package scan

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/sheet"
)

// infoschema reads "select * from information_schema.columns" of PostgreSQL, MySQL, MariaDB or SQL Server as CSV. What each
// column means is known, so there is nothing to map; the databases' own schemas are left out.
var infoschema = format{
	name: "infoschema", says: []domain.ScanTarget{domain.ScanDataType, domain.ScanNullable},
	sniff: func(h *head) bool {
		headings := infoHeadings(h.text)
		for _, need := range []string{"table_catalog", "table_schema", "table_name", "column_name", "is_nullable", "data_type"} {
			if !slices.Contains(headings, need) {
				return false
			}
		}
		return true
	},
	read: func(r *reading) error { return r.infoTable() },
}

// infoHeadings are the headings of a table in CSV, whatever its delimiter.
func infoHeadings(text string) []string {
	first, _, _ := strings.Cut(strings.TrimLeft(text, " \t\r\n\ufeff"), "\n")
	if len(first) > 8<<10 {
		return nil
	}
	return strings.FieldsFunc(strings.ToLower(first), func(c rune) bool { return strings.ContainsRune(",;\t| \"\r", c) })
}

// ownSchemas are schemas in which databases keep what they know of themselves.
var ownSchemas = []string{"information_schema", "pg_catalog", "pg_toast", "mysql", "sys", "performance_schema"}

func (r *reading) infoTable() (err error) {
	table, err := sheet.Open(r.Content, r.Size, sheet.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, table.Close()) }()
	at := map[string]int{}
	for n, heading := range table.Headers() {
		at[strings.ToLower(strings.TrimSpace(heading))] = n
	}
	for heading, target := range map[string]domain.ScanTarget{"column_key": domain.ScanKey, "column_comment": domain.ScanComment} {
		if _, has := at[heading]; has && !slices.Contains(r.more, target) {
			r.more = append(r.more, target)
		}
	}
	slices.Sort(r.more)
	for {
		row, err := table.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(row.Problems) > 0 {
			r.note("row", r.place(row.Line))
			continue
		}
		c := infoRow{row.Cells, at}
		if slices.Contains(ownSchemas, strings.ToLower(c.cell("table_schema"))) {
			r.note("own_schema", r.place(row.Line))
			continue
		}
		if r.Application == "" {
			r.Application = c.database()
		}
		if err := r.add(r.place(row.Line), c.field()); err != nil {
			return err
		}
	}
}

// infoRow is a row of information_schema.columns.
type infoRow struct {
	cells []string
	at    map[string]int
}

// cell is a value, empty where it is null as command line tools write it.
func (c infoRow) cell(heading string) string {
	n, has := c.at[heading]
	if !has {
		return ""
	}
	if v := strings.TrimSpace(c.cells[n]); v != "NULL" && v != `\N` {
		return v
	}
	return ""
}

// database is its name: MySQL calls every catalog "def", and has databases where others have schemas.
func (c infoRow) database() string {
	if catalog := c.cell("table_catalog"); catalog != "def" {
		return catalog
	}
	return c.cell("table_schema")
}

func (c infoRow) field() field {
	nullable := !strings.EqualFold(c.cell("is_nullable"), "NO")
	f := field{schema: c.cell("table_schema"), dataset: c.cell("table_name"), name: c.cell("column_name"), dataType: c.typeName(), nullable: &nullable,
		text: c.cell("column_comment")}
	if key := c.cell("column_key"); key != "" {
		f.key = truth(key == "PRI")
		f.source.Unique = key == "UNI"
	}
	n, err := strconv.Atoi(c.cell("character_maximum_length"))
	if chosen := c.cell("data_type"); err == nil && n <= 1<<20 && chosen != "enum" && chosen != "set" { // others are as long as the type allows
		f.source.Length = max(n, 0)
	}
	f.source.Formula = c.cell("generation_expression")
	f.source.Calculated = f.source.Formula != ""
	return f
}

func (c infoRow) typeName() string {
	if full := c.cell("column_type"); full != "" {
		return full
	}
	name, length := c.cell("data_type"), c.cell("character_maximum_length")
	switch {
	case name == "ARRAY" && c.cell("udt_name") != "":
		return strings.TrimPrefix(c.cell("udt_name"), "_") + "[]"
	case name == "USER-DEFINED" && c.cell("udt_name") != "":
		return c.cell("udt_name")
	case length == "-1":
		return name + "(max)"
	case length != "" && len(length) < 8:
		return name + "(" + length + ")"
	case (name == "numeric" || name == "decimal") && c.cell("numeric_precision") != "":
		return name + "(" + c.cell("numeric_precision") + "," + firstOf(c.cell("numeric_scale"), "0") + ")"
	}
	return name
}
