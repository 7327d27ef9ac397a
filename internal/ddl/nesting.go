package ddl

import (
	"errors"
	"strings"
)

// Both parsers go down one call for each level of an expression, and neither comes back from too many: that of MySQL ends the
// process when its stack is full, that of PostgreSQL, which has half a mebibyte of it, never answers. No expression can be deeper
// than it has words and signs between two commas. Those of real dumps have some dozens; subqueries in one another, which take
// most, were measured to fail from 350 on.
const (
	mostNestedMySQL    = 2000
	mostNestedPostgres = 200
)

var errNested = errors.New("ddl: nested too deeply")

// shallow is a statement of the same length without expressions that could be too deep for the parser of the dialect: in the
// place of what stands in their brackets is a text. Of a column they say nothing that is kept, but for how it is computed, which
// is taken from the statement itself. The error is of a statement that is too deep elsewhere.
func shallow(text string, dialect Dialect) (string, error) {
	n := nesting{text: text, mysql: dialect == MySQL, most: mostNestedPostgres, levels: []level{{}}, left: -1}
	if n.mysql {
		n.most = mostNestedMySQL
	}
	n.creates = strings.EqualFold(firstWord(text), "create")
	for n.at < len(text) {
		if err := n.next(); err != nil {
			return "", err
		}
	}
	if n.left >= 0 {
		return "", errNested
	}
	if n.out == nil {
		return text, nil
	}
	return string(n.out), nil
}

// nesting walks through a statement.
type nesting struct {
	text    string
	mysql   bool
	creates bool
	most    int
	at      int
	levels  []level // brackets that are open, the statement itself first
	groups  int     // brackets of the statement itself that were opened
	left    int     // level of the bracket that is left out, -1 where none is
	out     []byte
}

// level is an open bracket: how many words and signs stand before it up to the last comma of each level around, and in it.
type level struct {
	start       int
	before, run int
	columns     bool // the list of columns, which is not left out
}

// next takes one word or sign.
func (n *nesting) next() error {
	c := n.text[n.at]
	switch {
	case c <= ' ':
		n.at++
		return nil
	case c == '\'' || c == '"' || c == '`' && n.mysql:
		n.quoted(c, n.mysql && c != '`')
	case isWord(c):
		start := n.at
		for n.at < len(n.text) && isWord(n.text[n.at]) {
			n.at++
		}
		if word := n.text[start:n.at]; !n.mysql && (word == "e" || word == "E") && n.at < len(n.text) && n.text[n.at] == '\'' {
			n.quoted('\'', true)
		}
	case c == '$' && !n.mysql:
		n.dollar()
	case n.mysql && n.comment():
		return errNested // the splitter leaves none but in what MySQL executes, where nobody writes any
	default:
		n.at++
	}
	return n.count(c)
}

func isWord(c byte) bool {
	return c >= 0x80 || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (n *nesting) comment() bool {
	rest := n.text[n.at:]
	return rest[0] == '#' || strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "/*") && !strings.HasPrefix(rest, "/*!")
}

func (n *nesting) quoted(mark byte, escapes bool) {
	for n.at++; n.at < len(n.text); n.at++ {
		switch c := n.text[n.at]; {
		case c == '\\' && escapes:
			n.at++
		case c == mark: // a doubled mark opens another text, which is counted as one
			n.at++
			return
		}
	}
}

// dollar passes over a text between dollar marks, or over the dollar.
func (n *nesting) dollar() {
	rest := n.text[n.at+1:]
	end := strings.IndexByte(rest, '$')
	if end < 0 || strings.ContainsFunc(rest[:end], func(r rune) bool { return r < 0x80 && !isWord(byte(r)) }) {
		n.at++
		return
	}
	mark := n.text[n.at : n.at+end+2]
	n.at += len(mark)
	if found := strings.Index(n.text[n.at:], mark); found >= 0 {
		n.at += found + len(mark)
	} else {
		n.at = len(n.text)
	}
}

// count counts what began with c.
func (n *nesting) count(c byte) error {
	last := len(n.levels) - 1
	l := &n.levels[last]
	switch c {
	case ',':
		l.run = 0
		return nil
	case ')':
		if last > 0 {
			n.levels = n.levels[:last]
			if n.left == last {
				n.leaveOut(l.start, n.at-1)
			}
		}
		return nil
	}
	if l.run++; n.left < 0 && l.before+l.run > n.most {
		n.left = 1
		if last > 0 && n.levels[1].columns {
			n.left = 2
		}
		if n.left > last {
			return errNested
		}
	}
	if c == '(' {
		if last == 0 {
			n.groups++
		}
		n.levels = append(n.levels, level{start: n.at, before: l.before + l.run, columns: last == 0 && n.groups == 1 && n.creates})
	}
	return nil
}

// leaveOut writes a text over what stands in a bracket, and keeps its lines.
func (n *nesting) leaveOut(from, to int) {
	if n.out == nil {
		n.out = []byte(n.text)
	}
	inside := n.out[from:to]
	for i, c := range inside {
		if c != '\n' {
			inside[i] = ' '
		}
	}
	copy(inside, "'...'")
	n.left = -1
}
