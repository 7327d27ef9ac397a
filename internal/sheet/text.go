package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// delimiters are tried in this order where the content leaves a choice.
var delimiters = []rune{';', ',', '\t', '|'}

// sampled is how much of a text is looked at to recognise the delimiter, in bytes of UTF-8.
const sampled = 64 << 10

// maxStrayQuotes is how many rows with a misplaced quotation mark are read: each costs looking ahead for its partner.
const maxStrayQuotes = 100

func openText(r io.ReaderAt, size int64, o Options) (*Table, error) {
	encoding, mark, err := recogniseEncoding(r, size)
	if err != nil {
		return nil, err
	}
	if o.Encoding != "" && o.Encoding != encoding {
		if !knownEncoding(o.Encoding) {
			return nil, fault(NotATable, "sheet.error.encoding", "encoding", shorten(o.Encoding))
		}
		encoding = o.Encoding
	}
	lines := func() (*lineReader, error) {
		text, err := decoded(io.NewSectionReader(r, int64(mark), size-int64(mark)), encoding)
		if err != nil {
			return nil, err
		}
		return newLineReader(text, o.Limits.Record), nil
	}
	first, err := lines()
	if err != nil {
		return nil, err
	}
	comma, declared := o.Comma, false
	if comma == 0 {
		sample, _ := first.r.Peek(sampled) // a shorter text is a shorter sample
		comma, declared = findDelimiter(sample, len(sample) == sampled)
	}
	open := func() (rows, error) {
		l, err := lines()
		if err != nil {
			return nil, err
		}
		if declared {
			if _, err := l.line(); err != nil {
				return nil, err
			}
		}
		return &textRows{lines: l, comma: comma, limits: o.Limits}, nil
	}
	return &Table{Format: CSV, Encoding: encoding, Comma: comma, open: open, release: func() error { return nil }}, nil
}

// findDelimiter recognises the delimiter of a text, or reads it from the line sep=; that Excel understands.
func findDelimiter(sample []byte, cut bool) (comma rune, declared bool) {
	if line, _, _ := bytes.Cut(sample, []byte("\n")); bytes.HasPrefix(bytes.ToLower(line), []byte("sep=")) {
		rest := line[len("sep="):]
		if r, n := utf8.DecodeRune(rest); n == len(rest) && n > 0 && r != '"' && r != utf8.RuneError {
			return r, true
		}
	}
	if cut {
		if i := bytes.LastIndexByte(sample, '\n'); i > 0 {
			sample = sample[:i] // the last line may be cut
		}
	}
	best, bestScore := ';', 0.0
	for _, d := range delimiters {
		if score := delimiterScore(sample, d); score > bestScore {
			best, bestScore = d, score
		}
	}
	return best, false
}

// delimiterScore is the number of columns that a delimiter gives to the first rows, less where rows differ.
func delimiterScore(sample []byte, d rune) float64 {
	if !bytes.ContainsRune(sample, d) {
		return 0
	}
	in := &textRows{lines: newLineReader(bytes.NewReader(sample), sampled), comma: d, limits: DefaultLimits}
	widths := map[int]int{}
	n := 0
	for ; n < 50; n++ {
		row, err := in.next()
		if err != nil {
			break
		}
		if len(row.Problems) == 0 {
			widths[len(row.Cells)]++
		}
	}
	score := 0.0
	for width, count := range widths {
		share := float64(count) / float64(n)
		if s := share * share * float64(width-1); s > score {
			score = s
		}
	}
	return score
}

// newlines turns CR LF and the lone CR of old Macintosh files into LF.
type newlines struct {
	r  io.Reader
	cr bool // the byte before was a carriage return
}

func (n *newlines) Read(p []byte) (int, error) {
	for {
		read, err := n.r.Read(p)
		out := 0
		for _, b := range p[:read] {
			skip := b == '\n' && n.cr
			if n.cr = b == '\r'; n.cr {
				b = '\n'
			}
			if !skip {
				p[out] = b
				out++
			}
		}
		if out > 0 || err != nil || len(p) == 0 {
			return out, err
		}
	}
}

// lineReader reads lines, none longer than most bytes.
type lineReader struct {
	r       *bufio.Reader
	most    int
	n       int      // lines read
	pending []string // lines handed back
	open    bool     // the last line of the file has no end
}

func newLineReader(r io.Reader, most int) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(&newlines{r: r}, sampled), most: most}
}

// line returns the next line without its end.
func (l *lineReader) line() (string, error) {
	if len(l.pending) > 0 {
		s := l.pending[0]
		l.pending = l.pending[1:]
		l.n++
		return s, nil
	}
	var b []byte
	for {
		chunk, err := l.r.ReadSlice('\n')
		b = append(b, chunk...)
		switch {
		case len(b) > l.most:
			return "", fault(TooLarge, "sheet.error.record", "most", l.most).at(l.n+1, 0)
		case err == nil:
			l.n++
			return string(b[:len(b)-1]), nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(b) > 0:
			l.n++
			l.open = true
			return string(b), nil
		case errors.Is(err, io.EOF):
			return "", io.EOF
		default:
			return "", fault(Damaged, "sheet.error.damaged").because(err)
		}
	}
}

// unread hands lines back.
func (l *lineReader) unread(lines []string) {
	if len(lines) == 0 {
		return
	}
	l.pending = append(append([]string(nil), lines...), l.pending...)
	l.n -= len(lines)
}

// last tells whether the line that was just returned is the file's last, and ends nowhere.
func (l *lineReader) last() bool { return l.open && len(l.pending) == 0 }

// textRows splits lines into cells by RFC 4180.
type textRows struct {
	lines  *lineReader
	comma  rune
	limits Limits
	strays int
	width  int  // cells of the widest row so far
	ragged bool // a row behind that one had fewer
}

func (t *textRows) close() error { return nil }

func (t *textRows) next() (Row, error) {
	for {
		row, err := t.record()
		if err != nil {
			return Row{}, err
		}
		if t.cut(row) {
			return Row{}, fault(Damaged, "sheet.error.cut").at(row.Line, 0)
		}
		if filled(row.Cells) > 0 {
			return row, t.check(&row)
		}
	}
}

// cut tells whether a row is where a file was broken off: it ends without the end of a line, and within a quotation or with
// fewer cells than each row before it. Taking such a file for whole would make gone what only its missing rest holds.
func (t *textRows) cut(row Row) bool {
	short := len(row.Cells) < t.width
	if t.lines.last() && (short && !t.ragged || len(row.Problems) > 0 && t.strays == 1) {
		return true
	}
	t.ragged = t.ragged || short
	t.width = max(t.width, len(row.Cells))
	return false
}

// check notes what of a row cannot be taken as it stands.
func (t *textRows) check(row *Row) error {
	if len(row.Cells) > t.limits.Columns {
		for i := t.limits.Columns; i < len(row.Cells); i++ {
			if !blank(row.Cells[i]) {
				return fault(TooLarge, "sheet.error.columns", "most", t.limits.Columns).at(row.Line, i+1)
			}
		}
		row.Cells = row.Cells[:t.limits.Columns]
	}
	for i, c := range row.Cells {
		switch {
		case strings.IndexByte(c, 0) >= 0:
			return fault(NotATable, "sheet.error.nul").at(row.Line, i+1)
		case strings.ContainsRune(c, utf8.RuneError):
			row.Problems = append(row.Problems, fault(RowSyntax, "sheet.problem.encoding").at(row.Line, i+1))
		}
		if cut, long := cutCell(c, t.limits.Cell); long {
			row.Cells[i] = cut
			row.Problems = append(row.Problems, fault(RowSyntax, "sheet.problem.cell", "most", t.limits.Cell).at(row.Line, i+1))
		}
	}
	return nil
}

// cutCell shortens a cell that is over the limit of characters.
func cutCell(c string, most int) (string, bool) {
	if len(c) <= most || utf8.RuneCountInString(c) <= most {
		return c, false
	}
	return string([]rune(c)[:most]), true
}

// record reads the cells of one row, which goes on over the lines of a quoted cell. Where a quotation mark has no partner,
// the row is the first line alone, its marks are letters, and the row says so: otherwise one mark would swallow the rest
// of the file.
func (t *textRows) record() (Row, error) {
	first, err := t.lines.line()
	if err != nil {
		return Row{}, err
	}
	line := t.lines.n
	if strings.IndexByte(first, '"') < 0 {
		return Row{Line: line, Cells: strings.Split(first, string(t.comma))}, nil
	}
	var more []string
	size := 0
	text := func() string { return strings.Join(append([]string{first}, more...), "\n") }
	cells, open, ok := splitQuoted(first, t.comma)
	for ok && open && size <= 4*t.limits.Cell {
		next, err := t.lines.line()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Row{}, err
		}
		more, size = append(more, next), size+len(next)+1
		// Pairs of marks leave the quotation open: only an odd number is worth another look at the whole.
		if strings.Count(next, `"`)%2 == 1 {
			cells, open, ok = splitQuoted(text(), t.comma)
		}
	}
	if ok && !open {
		return Row{Line: line, Cells: cells}, nil
	}
	t.lines.unread(more)
	if t.strays++; t.strays > maxStrayQuotes {
		return Row{}, fault(NotATable, "sheet.error.quotes", "most", maxStrayQuotes).at(line, 0)
	}
	loose, column := splitLoose(first, t.comma)
	return Row{Line: line, Cells: loose, Problems: []*Error{fault(RowSyntax, "sheet.problem.quote").at(line, column)}}, nil
}

// splitQuoted splits a row by RFC 4180: open when the last cell's quotation is not closed yet, not ok when a mark stands
// where none can.
func splitQuoted(s string, comma rune) (cells []string, open, ok bool) {
	width := utf8.RuneLen(comma)
	for {
		if !strings.HasPrefix(s, `"`) {
			i := strings.IndexRune(s, comma)
			cell := s
			if i >= 0 {
				cell = s[:i]
			}
			if strings.IndexByte(cell, '"') >= 0 {
				return nil, false, false
			}
			cells = append(cells, cell)
			if i < 0 {
				return cells, false, true
			}
			s = s[i+width:]
			continue
		}
		cell, rest, closed := unquote(s[1:])
		if !closed {
			return nil, true, true
		}
		cells = append(cells, cell)
		r, _ := utf8.DecodeRuneInString(rest)
		switch {
		case rest == "":
			return cells, false, true
		case r == comma:
			s = rest[width:]
		default:
			return nil, false, false
		}
	}
}

// unquote reads up to the closing mark, two marks being one.
func unquote(s string) (cell, rest string, closed bool) {
	i := strings.IndexByte(s, '"')
	if i < 0 {
		return "", "", false
	}
	if !strings.HasPrefix(s[i+1:], `"`) {
		return s[:i], s[i+1:], true
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return "", "", false
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		if !strings.HasPrefix(s, `"`) {
			return b.String(), s, true
		}
		b.WriteByte('"')
		s = s[1:]
	}
}

// splitLoose splits a line whose marks do not pair: cells that are well quoted are unquoted, others keep their marks. It
// returns the column of the first that is not.
func splitLoose(s string, comma rune) (cells []string, column int) {
	width := utf8.RuneLen(comma)
	for {
		if strings.HasPrefix(s, `"`) {
			cell, rest, closed := unquote(s[1:])
			r, _ := utf8.DecodeRuneInString(rest)
			if closed && (rest == "" || r == comma) {
				cells = append(cells, cell)
				if rest == "" {
					return cells, max(column, 1)
				}
				s = rest[width:]
				continue
			}
		}
		i := strings.IndexRune(s, comma)
		cell := s
		if i >= 0 {
			cell = s[:i]
		}
		cells = append(cells, cell)
		if column == 0 && strings.IndexByte(cell, '"') >= 0 {
			column = len(cells)
		}
		if i < 0 {
			return cells, max(column, 1)
		}
		s = s[i+width:]
	}
}
