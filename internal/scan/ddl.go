package scan

import (
	"errors"
	"slices"
	"strings"

	"utile/internal/ddl"
	"utile/internal/domain"
)

// postgresqlDDL and mysqlDDL read dumps of schemas: what they declare of tables. Rows in a dump are passed over unread.
var (
	postgresqlDDL = format{name: "postgresql", says: ddlSays, sniff: dumpOf(ddl.PostgreSQL), read: readDump(ddl.PostgreSQL)}
	mysqlDDL      = format{name: "mysql", says: ddlSays, sniff: dumpOf(ddl.MySQL), read: readDump(ddl.MySQL)}
)

var ddlSays = []domain.ScanTarget{domain.ScanDataType, domain.ScanNullable, domain.ScanKey, domain.ScanReferences, domain.ScanComment}

func dumpOf(dialect ddl.Dialect) func(*head) bool {
	return func(h *head) bool {
		if h.json != nil {
			return false
		}
		is, dump := ddl.Recognise(h.text)
		return dump && is == dialect
	}
}

func readDump(dialect ddl.Dialect) func(*reading) error {
	return func(r *reading) error {
		schema, err := ddl.Read(r.content(), dialect)
		if errors.Is(err, ddl.ErrTooLarge) {
			return fault("scan.error.fields", "most", ddl.MaxColumns)
		}
		if err != nil {
			return &Error{Key: "scan.error.sql", cause: err}
		}
		if r.Application == "" {
			r.Application = schema.Database
		}
		for _, skipped := range schema.Skipped {
			r.notes(skipped.N, "sql_"+skipped.What, r.place(skipped.Line))
		}
		for _, t := range schema.Tables {
			if dialect == ddl.MySQL && slices.Contains(ownSchemas, strings.ToLower(t.Schema)) {
				r.note("own_schema", r.place(t.Line))
				continue
			}
			for _, c := range t.Columns {
				if err := r.add(r.place(c.Line), columnOf(t, c)); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func columnOf(t *ddl.Table, c *ddl.Column) field {
	nullable := !c.NotNull
	var refers []reference
	for _, r := range c.References {
		refers = append(refers, reference{schema: r.Schema, dataset: r.Table, field: r.Column})
	}
	return field{schema: t.Schema, dataset: t.Name, name: c.Name, dataType: c.Type, text: c.Comment, nullable: &nullable, key: &c.Key,
		refers: refers, source: domain.SourceFacts{Length: c.Length, Formula: c.Generated, Calculated: c.Generated != "",
			Unique: c.Unique, Options: c.Values, OptionCount: len(c.Values)}}
}
