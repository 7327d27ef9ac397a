package ddl

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/wasilibs/go-pgquery/parser"
)

// The parts of PostgreSQL's own parse tree that matter here, as pg_query writes them.
type (
	pgTree struct {
		Stmts []struct {
			Stmt struct {
				Create  *pgCreate  `json:"CreateStmt"`
				Foreign *pgForeign `json:"CreateForeignTableStmt"`
				Alter   *pgAlter   `json:"AlterTableStmt"`
				Enum    *pgEnum    `json:"CreateEnumStmt"`
				Comment *pgComment `json:"CommentStmt"`
			} `json:"stmt"`
		} `json:"stmts"`
	}
	pgForeign struct {
		Base pgCreate `json:"base"`
	}
	pgCreate struct {
		Relation  pgRange     `json:"relation"`
		Elements  []pgElement `json:"tableElts"`
		Parents   []pgNode    `json:"inhRelations"`
		PartBound any         `json:"partbound"`
	}
	pgElement struct {
		Column     *pgColumn     `json:"ColumnDef"`
		Constraint *pgConstraint `json:"Constraint"`
	}
	pgColumn struct {
		Name        string      `json:"colname"`
		Type        pgType      `json:"typeName"`
		Constraints []pgElement `json:"constraints"`
		NotNull     bool        `json:"is_not_null"`
		Location    int         `json:"location"`
	}
	pgType struct {
		Names  []pgNode `json:"names"`
		Mods   []pgNode `json:"typmods"`
		Bounds []pgNode `json:"arrayBounds"`
	}
	pgConstraint struct {
		Type     string   `json:"contype"`
		Keys     []pgNode `json:"keys"`
		Table    pgRange  `json:"pktable"`
		Columns  []pgNode `json:"fk_attrs"`
		To       []pgNode `json:"pk_attrs"`
		Location int      `json:"location"`
	}
	pgAlter struct {
		Relation pgRange `json:"relation"`
		Commands []struct {
			Command struct {
				Type string `json:"subtype"`
				Def  struct {
					pgElement
					Partition *struct {
						Name pgRange `json:"name"`
					} `json:"PartitionCmd"`
				} `json:"def"`
			} `json:"AlterTableCmd"`
		} `json:"cmds"`
	}
	pgEnum struct {
		Name   []pgNode `json:"typeName"`
		Values []pgNode `json:"vals"`
	}
	pgComment struct {
		Object  string `json:"objtype"`
		On      pgNode `json:"object"`
		Comment string `json:"comment"`
	}
	pgRange struct {
		Schema string `json:"schemaname"`
		Name   string `json:"relname"`
	}
	pgNode struct {
		String *struct {
			Value string `json:"sval"`
		} `json:"String"`
		Range *pgRange `json:"RangeVar"`
		Const *struct {
			Int *struct {
				Value int `json:"ival"`
			} `json:"ival"`
		} `json:"A_Const"`
		Column *struct {
			Fields []pgNode `json:"fields"`
		} `json:"ColumnRef"`
		List *struct {
			Items []pgNode `json:"items"`
		} `json:"List"`
	}
)

func pgTexts(nodes []pgNode) (texts []string) {
	for _, n := range nodes {
		if n.String != nil {
			texts = append(texts, n.String.Value)
		}
	}
	return texts
}

func (r pgRange) key() name { return name{r.Schema, r.Name} }

// parsePostgres takes what a statement declares.
func (s *Schema) parsePostgres(st statement) error {
	if strings.EqualFold(firstWord(st.text), "use") {
		return nil
	}
	text, err := shallow(st.text, PostgreSQL)
	if err != nil {
		return err
	}
	written, err := parser.ParseToJSON(text)
	if err != nil {
		return err
	}
	var tree pgTree
	if err := json.Unmarshal([]byte(written), &tree); err != nil {
		return err
	}
	for _, one := range tree.Stmts {
		switch of := one.Stmt; {
		case of.Create != nil:
			err = s.pgCreate(st, *of.Create)
		case of.Foreign != nil:
			err = s.pgCreate(st, of.Foreign.Base)
		case of.Alter != nil:
			err = s.pgAlter(st, *of.Alter)
		case of.Enum != nil:
			names := pgTexts(of.Enum.Name)
			s.enums[names[len(names)-1]] = pgTexts(of.Enum.Values)
			s.enums[strings.Join(names, ".")] = pgTexts(of.Enum.Values)
		case of.Comment != nil:
			s.pgComment(*of.Comment)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Schema) pgCreate(st statement, c pgCreate) error {
	t := &Table{Schema: c.Relation.Schema, Name: c.Relation.Name, Line: st.line, partition: c.PartBound != nil}
	for _, parent := range c.Parents {
		if parent.Range != nil {
			t.parents = append(t.parents, parent.Range.key())
		}
	}
	lines := lineFinder{text: st.text, line: st.line}
	for _, e := range c.Elements {
		if e.Column != nil {
			t.Columns = append(t.Columns, pgColumnOf(&lines, *e.Column))
		}
	}
	for _, e := range c.Elements {
		if e.Column != nil {
			for _, rule := range e.Column.Constraints {
				t.pgRule(st, rule.Constraint, []string{e.Column.Name})
			}
		}
		t.pgRule(st, e.Constraint, nil)
	}
	return s.add(t)
}

func pgColumnOf(lines *lineFinder, c pgColumn) *Column {
	name, length := c.Type.words()
	return &Column{Name: c.Name, Type: name, Length: length, NotNull: c.NotNull, Line: lines.at(c.Location)}
}

// lineFinder tells at which line places of a statement are, each behind the one before.
type lineFinder struct {
	text string
	line int
	read int
}

func (f *lineFinder) at(place int) int {
	if place = min(place, len(f.text)); place > f.read {
		f.line += strings.Count(f.text[f.read:place], "\n")
		f.read = place
	}
	return f.line
}

// pgRule applies a constraint; of is the column at which it stands, where it stands at one.
func (t *Table) pgRule(st statement, c *pgConstraint, of []string) {
	if c == nil {
		return
	}
	keys := pgTexts(c.Keys)
	if len(keys) == 0 {
		keys = of
	}
	switch c.Type {
	case "CONSTR_NOTNULL":
		for _, column := range of {
			t.column(column).NotNull = true
		}
	case "CONSTR_PRIMARY":
		t.key(keys)
	case "CONSTR_UNIQUE":
		t.unique(keys)
	case "CONSTR_FOREIGN":
		columns := pgTexts(c.Columns)
		if len(columns) == 0 {
			columns = of
		}
		t.refer(columns, c.Table.key(), pgTexts(c.To))
	case "CONSTR_IDENTITY":
		for _, column := range of {
			t.column(column).NotNull = true
		}
	case "CONSTR_GENERATED":
		for _, column := range of {
			t.column(column).Generated = inParentheses(st.text[min(c.Location, len(st.text)):])
		}
	}
}

// inParentheses is what stands in the first parentheses of a text.
func inParentheses(text string) string {
	start, depth := strings.IndexByte(text, '('), 0
	if start < 0 {
		return ""
	}
	quote := byte(0)
	for n := start; n < len(text); n++ {
		c := text[n]
		if quote != 0 { // a doubled mark closes and opens again
			if c == quote {
				quote = 0
			}
			continue
		}
		switch c {
		case '\'', '"':
			quote = c
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return strings.Join(strings.Fields(text[start+1:n]), " ")
			}
		}
	}
	return ""
}

// pgNames are the names by which people and the standard know types that the parser calls otherwise.
var pgNames = map[string]string{"int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision",
	"bool": "boolean", "varchar": "character varying", "bpchar": "character", "timestamptz": "timestamp with time zone",
	"timestamp": "timestamp without time zone", "timetz": "time with time zone", "time": "time without time zone", "varbit": "bit varying"}

// words are the type as people write it, and how long its values may be.
func (t pgType) words() (words string, length int) {
	names := pgTexts(t.Names)
	if len(names) == 2 && names[0] == "pg_catalog" {
		names = names[1:]
		if known, ok := pgNames[names[0]]; ok {
			names = []string{known}
		}
	}
	words = strings.Join(names, ".")
	var mods []string
	for _, m := range t.Mods {
		switch {
		case m.Const != nil && m.Const.Int != nil:
			mods = append(mods, strconv.Itoa(m.Const.Int.Value))
		case m.Column != nil:
			mods = append(mods, pgTexts(m.Column.Fields)...)
		}
	}
	if len(mods) > 0 && words != "interval" {
		if strings.HasPrefix(words, "character") || words == "numeric" || strings.HasPrefix(words, "bit") {
			length, _ = strconv.Atoi(mods[0])
		}
		words += "(" + strings.Join(mods, ",") + ")"
	}
	return words + strings.Repeat("[]", len(t.Bounds)), length
}

func (s *Schema) pgAlter(st statement, a pgAlter) error {
	t, lines := s.tables[a.Relation.key()], lineFinder{text: st.text, line: st.line}
	for _, c := range a.Commands {
		def := c.Command.Def
		switch c.Command.Type {
		case "AT_AttachPartition":
			if def.Partition == nil {
				continue
			}
			if child := s.tables[def.Partition.Name.key()]; child != nil {
				child.partition = true
			}
		case "AT_AddColumn":
			if def.Column == nil || t == nil || t.column(def.Column.Name) != nil || len(t.Columns) >= 10_000 {
				continue
			}
			t.Columns = append(t.Columns, pgColumnOf(&lines, *def.Column))
			for _, rule := range def.Column.Constraints {
				t.pgRule(st, rule.Constraint, []string{def.Column.Name})
			}
		case "AT_AddConstraint":
			if t != nil {
				t.pgRule(st, def.Constraint, nil)
			}
		}
	}
	return nil
}

func (s *Schema) pgComment(c pgComment) {
	if c.On.List == nil {
		return
	}
	path := pgTexts(c.On.List.Items)
	column := ""
	if c.Object == "OBJECT_COLUMN" && len(path) > 1 {
		column, path = path[len(path)-1], path[:len(path)-1]
	}
	if len(path) == 0 || len(path) > 3 {
		return
	}
	slices.Reverse(path)
	key := name{table: path[0]}
	if len(path) > 1 {
		key.schema = path[1]
	}
	t := s.tables[key]
	if t == nil {
		return
	}
	switch {
	case c.Object == "OBJECT_TABLE":
		t.Comment = c.Comment
	case column != "":
		if found := t.column(column); found != nil {
			found.Comment = c.Comment
		}
	}
}
