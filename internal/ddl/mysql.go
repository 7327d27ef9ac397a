package ddl

import (
	"regexp"
	"strings"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/format"
	"github.com/sqlc-dev/marino/parser"
)

// foreign is what MariaDB writes and the parser does not know, beside the quoted texts in which it means nothing: the
// collations of MariaDB 11 would cost every table of a dump.
var foreign = regexp.MustCompile("(?is)'(?:[^'\\\\]|\\\\.)*'|\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`(?:\\s+(?:uuid|inet4|inet6)\\b)?|\\bcollate\\b\\s*=?\\s*\\w+|\\bwith\\s+system\\s+versioning\\b")

// understood is a statement without what the parser does not know. Collations say nothing of what a column is; types that
// MariaDB alone has are written as one that both know.
func understood(text string) string {
	return foreign.ReplaceAllStringFunc(text, func(found string) string {
		switch found[0] {
		case '\'', '"':
			return found
		case '`':
			return found[:strings.LastIndexByte(found, '`')+1] + map[bool]string{true: " binary(16)"}[!strings.HasSuffix(found, "`")]
		}
		return ""
	})
}

// parseMySQL takes what a statement declares.
func (s *Schema) parseMySQL(st statement) error {
	text, err := shallow(understood(st.text), MySQL)
	if err != nil {
		return err
	}
	nodes, _, err := parser.New().Parse(text, "", "")
	if err != nil {
		return err
	}
	for _, n := range nodes {
		switch n := n.(type) {
		case *ast.UseStmt:
			s.current = n.DBName
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
	at := s.mysqlName(n.Table)
	t := &Table{Schema: at.schema, Name: at.table, Line: st.line}
	if n.TemporaryKeyword != ast.TemporaryNone {
		s.skip("temporary", st.line)
		return nil
	}
	if n.ReferTable != nil {
		t.parents = append(t.parents, s.mysqlName(n.ReferTable))
	}
	written := columnFinder{text: st.text, line: st.line}
	for _, c := range n.Cols {
		t.Columns = append(t.Columns, mysqlColumn(c, &written))
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

// mysqlName is the name of a table with its database: the one that was chosen, where the name has none.
func (s *Schema) mysqlName(t *ast.TableName) name {
	if t.Schema.O == "" {
		return name{s.current, t.Name.O}
	}
	return name{t.Schema.O, t.Name.O}
}

// columnFinder finds where columns stand in the text of a statement: the parser does not keep it.
type columnFinder struct {
	text string
	line int
	at   int
	lost bool // a column was not found: where the others are, nobody knows
}

// wordOrText is a name, quoted or not, or a quoted text, in which no column is declared.
var wordOrText = regexp.MustCompile("(?s)'(?:[^'\\\\]|\\\\.)*'|\"(?:[^\"\\\\]|\\\\.)*\"|`(?:[^`]|``)*`|[\\pL\\pN_$]+")

// find is the line of a column that stands behind those that were asked for before, and the text behind its name.
func (f *columnFinder) find(column string) (line int, rest string) {
	quoted := "`" + strings.ReplaceAll(column, "`", "``") + "`"
	for at := f.at; !f.lost; {
		found := wordOrText.FindStringIndex(f.text[at:])
		if f.lost = found == nil; f.lost {
			break
		}
		start, end := at+found[0], at+found[1]
		if word := f.text[start:end]; word == quoted || word == column {
			f.line += strings.Count(f.text[f.at:start], "\n")
			f.at = start
			return f.line, f.text[end:]
		}
		at = end
	}
	return f.line, ""
}

// typeWord is the first word of a type with the bracket that may follow it.
var typeWord = regexp.MustCompile(`^\s*([A-Za-z0-9]+)\s*(\(?)`)

// shown is how wide a number is shown, which the parser adds where it is not written.
var shown = regexp.MustCompile(`^((?:tiny|small|medium|big)?int|year)\(-?[0-9]+\)`)

// mysqlType is the type as the database tells it. It stays as it was written where the parser knows another by that name.
func mysqlType(c *ast.ColumnDef, rest string) string {
	known := c.Tp.InfoSchemaStr()
	written := typeWord.FindStringSubmatch(rest)
	if written == nil {
		return known
	}
	switch word := strings.ToLower(written[1]); word {
	case "uuid", "inet4", "inet6":
		return word
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "year":
		if written[2] == "" {
			return shown.ReplaceAllString(known, "$1")
		}
	}
	return known
}

func mysqlColumn(c *ast.ColumnDef, written *columnFinder) *Column {
	line, rest := written.find(c.Name.Name.O)
	column := &Column{Name: c.Name.Name.O, Type: mysqlType(c, rest), Line: line}
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
				t.refer([]string{column.Name}, name{o.Refer.Table.Schema.O, o.Refer.Table.Name.O}, mysqlKeys(o.Refer.IndexPartSpecifications))
			}
		}
	}
}

func mysqlText(e ast.ExprNode) string {
	var b strings.Builder
	if e == nil || e.Restore(format.NewRestoreCtx(format.RestoreStringSingleQuotes|format.RestoreStringWithoutCharset|format.RestoreKeyWordLowercase, &b)) != nil {
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
			t.refer(mysqlKeys(c.Keys), name{c.Refer.Table.Schema.O, c.Refer.Table.Name.O}, mysqlKeys(c.Refer.IndexPartSpecifications))
		}
	default: // indexes and checks say nothing of what the columns are
	}
}

func (s *Schema) mysqlAlter(st statement, n *ast.AlterTableStmt) error {
	t := s.tables[s.mysqlName(n.Table)]
	if t == nil {
		return nil
	}
	written := columnFinder{text: st.text, line: st.line}
	for _, spec := range n.Specs {
		switch spec.Tp {
		case ast.AlterTableAddConstraint:
			if spec.Constraint != nil {
				t.mysqlRule(spec.Constraint)
			}
		case ast.AlterTableAddColumns:
			for _, c := range spec.NewColumns {
				if t.column(c.Name.Name.O) == nil && len(t.Columns) < 10_000 {
					t.Columns = append(t.Columns, mysqlColumn(c, &written))
					t.mysqlOptions(c)
				}
			}
		default: // what is changed or dropped after it was declared is no part of a dump
		}
	}
	return nil
}
