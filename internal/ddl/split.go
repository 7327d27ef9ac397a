package ddl

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// statement is a statement to parse, or what kind of statement was passed over.
type statement struct {
	text string
	line int
	what string
}

// splitter cuts a dump into statements. It keeps the text of those that declare something, and of others no more than their
// first words.
type splitter struct {
	in        *bufio.Reader
	mysql     bool
	line      int
	database  string
	delimiter string

	buf   []byte
	start int  // line of the first word
	skip  bool // this statement is not kept
	what  string
	long  bool
	short []byte // first bytes of a line that was passed over
}

func newSplitter(r io.Reader, d Dialect) *splitter {
	return &splitter{in: bufio.NewReaderSize(r, 64<<10), mysql: d == MySQL, line: 1, delimiter: ";"}
}

func (s *splitter) byte() (byte, error) {
	b, err := s.in.ReadByte()
	if b == '\n' && err == nil {
		s.line++
	}
	return b, err
}

func (s *splitter) peek(text string) bool {
	next, _ := s.in.Peek(len(text))
	return string(next) == text
}

// keep adds a byte to the statement.
func (s *splitter) keep(b byte) {
	if len(s.buf) == 0 {
		if b <= ' ' {
			return
		}
		s.start = s.line
	}
	if s.skip {
		return
	}
	if s.buf = append(s.buf, b); len(s.buf) == decideAt {
		s.decide()
	}
	if len(s.buf) > MaxStatement {
		s.long, s.skip = true, true
	}
}

// decideAt is how many bytes tell what a statement is.
const decideAt = 256

// decide tells from its first words whether a statement declares something.
func (s *splitter) decide() {
	words := strings.Fields(strings.ToLower(string(s.buf[:min(len(s.buf), decideAt)])))
	executed := len(words) > 0 && strings.HasPrefix(words[0], "/*!")
	if executed {
		words = words[1:]
	}
	words = append(words, "", "", "", "")
	s.skip = true
	switch words[0] {
	case "create":
		s.decideCreate(words[1:])
		if executed && !s.skip { // mysqldump makes such a table in the place of each view, so that views can refer to each other
			s.skip, s.what = true, "view"
		}
	case "alter":
		s.skip = words[1] != "table"
	case "comment":
		s.skip = words[2] != "table" && words[2] != "column"
	case "insert", "copy", "replace":
		s.what = "data"
	case "use":
		if s.skip = false; s.database == "" {
			s.database = strings.Trim(words[1], "`\"; ")
		}
	}
}

func (s *splitter) decideCreate(words []string) {
	for _, w := range words {
		w, _, _ = strings.Cut(w, "(")
		switch w {
		case "table":
			s.skip = false
			return
		case "temp", "temporary":
			s.what = "temporary"
			return
		case "view":
			s.what = "view"
			return
		case "type":
			s.skip = false
			return
		case "or", "replace", "global", "local", "unlogged", "foreign", "materialized", "recursive", "force", "":
		default:
			if !strings.HasPrefix(w, "algorithm=") && !strings.HasPrefix(w, "definer=") && w != "sql" && w != "security" && !strings.HasPrefix(w, "/*!") &&
				!strings.HasPrefix(w, "*/") && w != "definer" && w != "invoker" {
				return
			}
		}
	}
}

// next returns the next statement, io.EOF behind the last.
func (s *splitter) next() (statement, error) {
	s.buf, s.skip, s.what, s.long, s.start = s.buf[:0], false, "", false, 0
	for {
		b, err := s.byte()
		if errors.Is(err, io.EOF) {
			if len(s.buf) > 0 {
				return s.end()
			}
			return statement{}, io.EOF
		}
		if err != nil {
			return statement{}, err
		}
		ended, err := s.see(b)
		if err != nil && !errors.Is(err, io.EOF) {
			return statement{}, err
		}
		if ended {
			return s.end()
		}
	}
}

// see reads one element: a quoted text, a comment, or a byte. It tells whether the statement ends.
func (s *splitter) see(b byte) (ended bool, err error) {
	switch {
	case len(s.buf) == 0 && b == '\\':
		return false, s.metaCommand()
	case s.mysql && len(s.buf) == 0 && (b == 'D' || b == 'd') && s.delimiterCommand():
		return false, nil
	case b == '\'' || b == '"' || b == '`' && s.mysql:
		return false, s.quoted(b)
	case b == '-' && s.peek("-"), b == '#' && s.mysql:
		return false, s.lineComment()
	case b == '/' && s.peek("*"):
		return false, s.blockComment()
	case b == '$' && !s.mysql:
		return false, s.dollar()
	case b == s.delimiter[0] && s.peek(s.delimiter[1:]):
		_, err := s.in.Discard(len(s.delimiter) - 1)
		return len(s.buf) > 0, err
	}
	s.keep(b)
	return false, nil
}

func (s *splitter) end() (statement, error) {
	if len(s.buf) < decideAt {
		s.decide()
	}
	st := statement{line: s.start}
	switch {
	case s.long:
		st.what = "too_long"
	case s.what != "":
		st.what = s.what
	case !s.skip:
		st.text = string(s.buf)
	}
	if strings.EqualFold(firstWord(string(s.buf[:min(len(s.buf), decideAt)])), "copy") && !s.mysql {
		return st, s.copyData()
	}
	return st, nil
}

// copyData passes over the rows behind COPY … FROM stdin, up to the line that ends them.
func (s *splitter) copyData() error {
	head := strings.ToLower(string(s.buf))
	if !strings.Contains(head, "from stdin") {
		return nil
	}
	_, err := s.passLine(nil) // the rest of the line of the statement
	for err == nil {
		if s.short, err = s.passLine(s.short[:0]); bytes.Equal(bytes.TrimRight(s.short, "\r\n"), []byte(`\.`)) {
			return nil
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// passLine reads to the end of a line and returns its first bytes.
func (s *splitter) passLine(first []byte) ([]byte, error) {
	for {
		part, err := s.in.ReadSlice('\n')
		if len(first) < 300 {
			first = append(first, part[:min(len(part), 300)]...)
		}
		if err == nil {
			s.line++
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return first, err
	}
}

// metaCommand is a line for psql, and not for the database.
func (s *splitter) metaCommand() error {
	line, err := s.passLine(nil)
	words := strings.Fields(string(line))
	if len(words) > 1 && (words[0] == "connect" || words[0] == "c") && s.database == "" {
		s.database = strings.Trim(words[1], `"`)
	}
	return err
}

// delimiterCommand reads DELIMITER, by which MySQL's client ends statements that hold others.
func (s *splitter) delimiterCommand() bool {
	rest, _ := s.in.Peek(len("elimiter "))
	if !strings.EqualFold(string(rest), "elimiter ") {
		return false
	}
	line, _ := s.passLine(nil)
	if words := strings.Fields(string(line)); len(words) > 1 && len(words[1]) < 20 {
		s.delimiter = words[1]
	}
	return true
}

func (s *splitter) lineComment() error {
	line, err := s.passLine(nil)
	if _, name, ok := strings.Cut(string(line), "Database: "); ok && s.database == "" {
		s.database = strings.Trim(name, "` \t\r\n")
	}
	if len(s.buf) > 0 {
		s.keep('\n')
	}
	return err
}

// blockComment passes over a comment. One that MySQL executes is part of the statement.
func (s *splitter) blockComment() error {
	_, _ = s.byte() // the asterisk that was seen
	keep := s.mysql && s.peek("!")
	if keep {
		s.keep('/')
		s.keep('*')
	}
	var before byte
	for depth := 1; depth > 0; {
		b, err := s.byte()
		if err != nil {
			return err
		}
		if keep {
			s.keep(b)
		} else if b == '\n' && len(s.buf) > 0 {
			s.keep('\n')
		}
		switch {
		case before == '*' && b == '/':
			depth, b = depth-1, 0
		case before == '/' && b == '*' && !s.mysql: // PostgreSQL nests comments
			depth, b = depth+1, 0
		}
		before = b
	}
	return nil
}

// quoted reads a text or a name to its closing mark; a doubled mark opens it again by itself.
func (s *splitter) quoted(mark byte) error {
	escapes := s.mysql && mark != '`' || mark == '\'' && len(s.buf) > 0 && (s.buf[len(s.buf)-1] == 'E' || s.buf[len(s.buf)-1] == 'e')
	s.keep(mark)
	for {
		b, err := s.byte()
		if err != nil {
			return err
		}
		s.keep(b)
		switch {
		case escapes && b == '\\':
			if b, err = s.byte(); err != nil {
				return err
			}
			s.keep(b)
		case b == mark:
			return nil
		}
	}
}

// dollar reads a text between dollar marks, where that is what the dollar opens.
func (s *splitter) dollar() error {
	s.keep('$')
	ahead, _ := s.in.Peek(66)
	end := bytes.IndexByte(ahead, '$')
	if end < 0 || bytes.IndexFunc(ahead[:end], func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) >= 0 {
		return nil
	}
	mark := "$" + string(ahead[:end+1])
	for range end + 1 {
		b, _ := s.byte() // it was seen
		s.keep(b)
	}
	for {
		b, err := s.byte()
		if err != nil {
			return err
		}
		s.keep(b)
		if b != '$' || !s.peek(mark[1:]) {
			continue
		}
		for range len(mark) - 1 {
			b, _ := s.byte()
			s.keep(b)
		}
		return nil
	}
}
