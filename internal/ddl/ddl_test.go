package ddl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

func read(tb testing.TB, dialect Dialect, dump string) *Schema {
	tb.Helper()
	s, err := Read(strings.NewReader(dump), dialect)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func columns(s *Schema) string {
	var names []string
	for _, t := range s.Tables {
		for _, c := range t.Columns {
			names = append(names, t.Name+"."+c.Name)
		}
	}
	return strings.Join(names, " ")
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Dialect{
		"-- PostgreSQL database dump\nSET x = 1;\nCREATE TABLE public.a (b int);": PostgreSQL,
		"/*!40101 SET NAMES utf8 */;\nCREATE TABLE `a` (b int) ENGINE=InnoDB;":    MySQL,
		"\\restrict x\nCREATE TABLE a (b int);":                                   PostgreSQL,
		"create table,column\na,b":                                                "",
		"table;column\ncreate table;b":                                            "",
		"# a text\nthat speaks of CREATE TABLE":                                   "",
		"CREATE VIEW v AS SELECT 1;":                                              "",
		"":                                                                        "",
		"/* open":                                                                 "",
	} {
		if got, ok := Recognise(text); got != want || ok != (want != "") {
			t.Errorf("%q is %q", text, got)
		}
	}
}

// TestDataIsNeverRead: what stands in rows is no declaration, whatever it looks like.
func TestDataIsNeverRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dialect Dialect
		dump    string
	}{
		"copy":              {PostgreSQL, "CREATE TABLE a (b int);\nCOPY a (b) FROM stdin;\nCREATE TABLE x (y int);\n\\.\nCREATE TABLE c (d int);"},
		"copy with windows": {PostgreSQL, "CREATE TABLE a (b int);\r\nCOPY a (b) FROM stdin;\r\nCREATE TABLE x (y int);\r\n\\.\r\nCREATE TABLE c (d int);"},
		"insert":            {PostgreSQL, "CREATE TABLE a (b int);INSERT INTO a VALUES ('\n;CREATE TABLE x (y int);'' ');CREATE TABLE c (d int);"},
		"dollars":           {PostgreSQL, "CREATE TABLE a (b int);SELECT $x$ ; CREATE TABLE x (y int); $$ $x$; CREATE TABLE c (d int);"},
		"escape string":     {PostgreSQL, "CREATE TABLE a (b int);SELECT E'\\'; CREATE TABLE x (y int);'; CREATE TABLE c (d int);"},
		"backslash":         {MySQL, "CREATE TABLE `a` (b int);INSERT INTO `a` VALUES ('\\'; CREATE TABLE x (y int);'); CREATE TABLE c (d int);"},
		"comment":           {MySQL, "CREATE TABLE `a` (b int);# ; CREATE TABLE x (y int);\n/* ; CREATE TABLE x (y int); */ CREATE TABLE c (d int);"},
		"delimiter":         {MySQL, "CREATE TABLE `a` (b int);\nDELIMITER //\nCREATE PROCEDURE p() BEGIN CREATE TABLE x (y int); END//\nDELIMITER ;\nCREATE TABLE c (d int);"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := columns(read(t, c.dialect, c.dump)); got != "a.b c.d" {
				t.Errorf("read %s", got)
			}
		})
	}
}

func TestStatementsThatAreNotUnderstoodAreTold(t *testing.T) {
	t.Parallel()
	for dialect, quote := range map[Dialect]string{PostgreSQL: `"`, MySQL: "`"} {
		s := read(t, dialect, strings.ReplaceAll("CREATE TABLE ~a~ (b int);\n\nCREATE TABLE ~x~ (y int nonsense here);\nCREATE TABLE ~long~ (", "~", quote)+
			strings.Repeat("a int, ", MaxStatement/6)+"b int);CREATE TABLE c (d int);\nCREATE TABLE cut (")
		if got := columns(s); got != "a.b c.d" {
			t.Errorf("%s: read %s", dialect, got)
		}
		if got := fmt.Sprint(s.Skipped); got != "[{unparsed 2 3} {too_long 1 4}]" {
			t.Errorf("%s: told %s", dialect, got)
		}
	}
}

func TestDeepStatementsEnd(t *testing.T) {
	t.Parallel()
	const n = 180_000
	nested := func(open, inner, end string) string { return strings.Repeat(open, n) + inner + strings.Repeat(end, n) }
	check := func(expression string) string { return "y int,\n CHECK (" + expression + "), z date" }
	for name, c := range map[string]struct {
		inside string
		want   string
	}{
		"brackets":          {check(nested("(", "1", ")")), "x.y x.z c.d"},
		"operators":         {check("1" + strings.Repeat("+1", 900)), "x.y x.z c.d"},
		"not":               {check(nested("not ", "1", "")), "x.y x.z c.d"},
		"cases":             {check(strings.Repeat("case when 1 then ", n/10) + "1" + strings.Repeat(" end", n/10)), "x.y x.z c.d"},
		"subqueries":        {check(nested("(select ", "1", ")")), "x.y x.z c.d"},
		"behind a text":     {check("'it''s (' = a or " + nested("(", "1", ")")), "x.y x.z c.d"},
		"never closed":      {"y int, CHECK (" + nested("(", "1", ""), "c.d"},
		"without brackets":  {"y int DEFAULT " + nested("- ", "1", ""), "c.d"},
		"default":           {"y int DEFAULT " + nested("(", "1", ")") + ", z date", "x.y x.z c.d"},
		"many alternatives": {check("y = 'a'" + strings.Repeat(" or y = 'a'", 400)), "x.y x.z c.d"},
		"a long list":       {"y int, z date, CHECK (y in (1" + strings.Repeat(", -1", n) + "))", "x.y x.z c.d"},
	} {
		for _, dialect := range []Dialect{PostgreSQL, MySQL} {
			s := read(t, dialect, "CREATE TABLE x ("+c.inside+");\nCREATE TABLE c (d int);")
			if got := columns(s); got != c.want {
				t.Errorf("%s, %s: read %s %v", dialect, name, got, s.Skipped)
			}
		}
	}
	for name, hidden := range map[string]string{
		"comment":     "/*! /* ' */ %s /* ' */ */",
		"line":        "/*! -- '\n %s -- '\n */",
		"hash":        "/*! # '\n %s # '\n */",
		"escape":      `'\\' = %s = '\\'`,
		"other mark":  "\"'\" = %s = \"'\"",
		"quoted name": "`'` = %s = `'`",
	} {
		inside := strings.ReplaceAll(hidden, "%s", nested("(", "1", ")"))
		if got := columns(read(t, MySQL, "CREATE TABLE `x` (y int, CHECK ("+inside+"));CREATE TABLE c (d int);")); !strings.HasSuffix(got, "c.d") {
			t.Errorf("%s: read %s", name, got)
		}
	}
}

// TestWhatIsComputedStaysAsWritten: an expression that is too deep for a parser costs neither its column nor its text.
func TestWhatIsComputedStaysAsWritten(t *testing.T) {
	t.Parallel()
	long := "1" + strings.Repeat(" + 1", 300)
	s := read(t, PostgreSQL, "CREATE TABLE x (\n y int GENERATED ALWAYS AS ("+long+") STORED,\n z date NOT NULL);")
	if y, z := s.Tables[0].Columns[0], s.Tables[0].Columns[1]; y.Generated != long || y.Line != 2 || z.Line != 3 || !z.NotNull {
		t.Errorf("read %+v and %+v", y, z)
	}
}

// rows is a dump whose data is as long as asked for.
type rows struct {
	head, tail string
	left       int
}

func (r *rows) Read(p []byte) (int, error) {
	if r.head != "" {
		n := copy(p, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	if r.left > 0 {
		n := copy(p, someRows)
		r.left -= n
		return n, nil
	}
	if r.tail == "" {
		return 0, io.EOF
	}
	n := copy(p, r.tail)
	r.tail = r.tail[n:]
	return n, nil
}

var someRows = bytes.Repeat([]byte("12345\tsome name\tsome text;\n"), 4<<10)

// TestLargeDumpsTakeNoMemory: what passes by is not kept.
func TestLargeDumpsTakeNoMemory(t *testing.T) {
	const size = 40 << 20
	dump := &rows{"CREATE TABLE a (b int);\nCOPY a FROM stdin;\n", "\n\\.\nCREATE TABLE c (d int);", size}
	split := newSplitter(dump, PostgreSQL)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	found := 0
	for {
		st, err := split.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if st.text != "" {
			found++
		}
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; found != 2 || taken > 1<<20 {
		t.Errorf("%d statements, %d bytes allocated for %d of data", found, taken, size)
	}
	if s := split.buf; cap(s) > 64<<10 {
		t.Errorf("%d bytes of a statement are held", cap(s))
	}
}
