package ddl

import (
	"strings"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/format"
	"github.com/sqlc-dev/marino/parser"
)

// parseMySQL takes what a statement declares.
func (s *Schema) parseMySQL(st statement) error {
	nodes, _, err := parser.New().Parse(st.text, "", "")
	if err != nil {
		return err
	}
	for _, n := range nodes {
		switch n := n.(type) {
		case *ast.CreateTableStmt:
			err = s.mysqlCreate(st, n)
		case *ast.AlterTableStmt:
			err = s.mysqlAlter(st, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Schema) mysqlCreate(st statement, n *ast.CreateTableStmt) error {
	t := &Table{Schema: n.Table.Schema.O, Name: n.Table.Name.O, Line: st.line}
	if n.TemporaryKeyword != ast.TemporaryNone {
		s.skip("temporary", st.line)
		return nil
	}
	if n.ReferTable != nil {
		t.parents = append(t.parents, name{n.ReferTable.Schema.O, n.ReferTable.Name.O})
	}
	lines := lineFinder{text: st.text, line: st.line}
	for _, c := range n.Cols {
		t.Columns = append(t.Columns, mysqlColumn(c, lines.of(c.Name.Name.O)))
	}
	for _, c := range n.Cols {
		t.mysqlOptions(c)
	}
	for _, rule := range n.Constraints {
		t.mysqlRule(rule)
	}
	for _, option := range n.Options {
		if option.Tp == ast.TableOptionComment {
			t.Comment = option.StrValue
		}
	}
	return s.add(t)
}

// lineFinder finds the lines of columns: the parser does not keep where they stand.
type lineFinder struct {
	text string
	line int
	at   int
}

// of is the line of a column that stands behind those that were asked for before.
func (l *lineFinder) of(column string) int {
	for _, quoted := range []string{"`" + column + "`", column} {
		if n := strings.Index(l.text[l.at:], quoted); n >= 0 {
			l.line += strings.Count(l.text[l.at:l.at+n], "\n")
			l.at += n
			break
		}
	}
	return l.line
}

func mysqlColumn(c *ast.ColumnDef, line int) *Column {
	column := &Column{Name: c.Name.Name.O, Type: c.Tp.InfoSchemaStr(), Line: line}
	if elements := c.Tp.GetElems(); len(elements) > 0 {
		column.Values = elements
	} else if strings.Contains(column.Type, "char(") || strings.Contains(column.Type, "binary(") || strings.HasPrefix(column.Type, "decimal(") {
		column.Length = c.Tp.GetFlen()
	}
	return column
}

func (t *Table) mysqlOptions(c *ast.ColumnDef) {
	column := t.column(c.Name.Name.O)
	for _, o := range c.Options {
		switch o.Tp {
		case ast.ColumnOptionPrimaryKey:
			t.key([]string{column.Name})
		case ast.ColumnOptionNotNull:
			column.NotNull = true
		case ast.ColumnOptionUniqKey:
			column.Unique = true
		case ast.ColumnOptionComment:
			if text, ok := o.Expr.(ast.ValueExpr); ok {
				column.Comment = text.GetString()
			}
		case ast.ColumnOptionGenerated:
			column.Generated = mysqlText(o.Expr)
		case ast.ColumnOptionReference:
			if o.Refer != nil {
				t.refer([]string{column.Name}, o.Refer.Table.Name.O, mysqlKeys(o.Refer.IndexPartSpecifications))
			}
		}
	}
}

func mysqlText(e ast.ExprNode) string {
	var b strings.Builder
	if e == nil || e.Restore(format.NewRestoreCtx(format.RestoreStringSingleQuotes|format.RestoreKeyWordLowercase, &b)) != nil {
		return ""
	}
	return b.String()
}

func mysqlKeys(parts []*ast.IndexPartSpecification) (names []string) {
	for _, p := range parts {
		if p.Column != nil {
			names = append(names, p.Column.Name.O)
		}
	}
	return names
}

func (t *Table) mysqlRule(c *ast.Constraint) {
	switch c.Tp {
	case ast.ConstraintPrimaryKey:
		t.key(mysqlKeys(c.Keys))
	case ast.ConstraintUniq, ast.ConstraintUniqKey, ast.ConstraintUniqIndex:
		t.unique(mysqlKeys(c.Keys))
	case ast.ConstraintForeignKey:
		if c.Refer != nil {
			t.refer(mysqlKeys(c.Keys), c.Refer.Table.Name.O, mysqlKeys(c.Refer.IndexPartSpecifications))
		}
	default: // indexes and checks say nothing of what the columns are
	}
}

func (s *Schema) mysqlAlter(st statement, n *ast.AlterTableStmt) error {
	t := s.tables[name{n.Table.Schema.O, n.Table.Name.O}]
	if t == nil {
		return nil
	}
	for _, spec := range n.Specs {
		switch spec.Tp {
		case ast.AlterTableAddConstraint:
			if spec.Constraint != nil {
				t.mysqlRule(spec.Constraint)
			}
		case ast.AlterTableAddColumns:
			for _, c := range spec.NewColumns {
				if t.column(c.Name.Name.O) == nil && len(t.Columns) < 10_000 {
					t.Columns = append(t.Columns, mysqlColumn(c, st.line))
					t.mysqlOptions(c)
				}
			}
		default: // what is changed or dropped after it was declared is no part of a dump
		}
	}
	return nil
}
