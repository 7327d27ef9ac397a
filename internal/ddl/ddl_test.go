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
	for _, dialect := range []Dialect{PostgreSQL, MySQL} {
		deep := "CREATE TABLE x (y int DEFAULT " + strings.Repeat("(", 20_000) + "1" + strings.Repeat(")", 20_000) + ");CREATE TABLE c (d int);"
		if got := columns(read(t, dialect, deep)); !strings.HasSuffix(got, "c.d") {
			t.Errorf("%s: read %s", dialect, got)
		}
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
