package scan

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
)

// Limits of a JSON file, whatever its size: how deep it nests, how long a text is, how long a piece that is read at once.
const (
	maxDepth  = 200
	maxString = 4 << 20
	maxRecord = 32 << 20
)

// jsonReader reads a JSON file as a stream. What nobody asks for is passed over without being kept.
type jsonReader struct {
	*json.Decoder
	guard *guard
	r     *reading
}

func (r *reading) json() *jsonReader {
	g := &guard{in: r.content(), until: maxRecord}
	d := json.NewDecoder(g)
	d.UseNumber()
	return &jsonReader{d, g, r}
}

// here is the place of the value that was read last.
func (j *jsonReader) here() string { return j.r.place(j.guard.lineAt(j.InputOffset())) }

// start is the place of the value that follows.
func (j *jsonReader) start() string { return j.r.place(j.startLine()) }

func (j *jsonReader) startLine() int {
	line := j.guard.lineAt(j.InputOffset())
	ahead := bufio.NewReaderSize(j.Buffered(), 16)
	for {
		b, err := ahead.ReadByte()
		switch {
		case err == nil && b == '\n':
			line++
		case err != nil || b != ' ' && b != '\t' && b != '\r' && b != ',' && b != ':':
			return line
		}
	}
}

// fault explains an error of the decoder.
func (j *jsonReader) fault(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		if e.Place == "" {
			e.Place = j.start()
		}
		return e
	}
	return &Error{Key: "scan.error.damaged", Place: j.start(), cause: err}
}

// token reads the next token, and lets the next piece begin.
func (j *jsonReader) token() (json.Token, error) {
	j.guard.until = j.InputOffset() + maxRecord
	t, err := j.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return t, j.fault(err)
}

// object calls f for every key of the value that follows; f reads the value of the key, or leaves it to be skipped by
// returning skip. A value that is no object is passed over and told: null means that there is nothing.
func (j *jsonReader) object(f func(key string) error) error {
	t, err := j.token()
	if err != nil {
		return err
	}
	if t != jsonObject {
		return j.unfit(t)
	}
	return j.members(f)
}

// The tokens that open a value.
const (
	jsonObject = json.Delim('{')
	jsonArray  = json.Delim('[')
)

// members is object for a value whose brace was read.
func (j *jsonReader) members(f func(key string) error) error {
	for j.More() {
		key, err := j.token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if err := j.member(f, name); err != nil {
			return err
		}
	}
	_, err := j.token()
	return err
}

// errSkip is what a callback returns of a value that it did not read.
var errSkip = errors.New("scan: skip")

func (j *jsonReader) member(f func(string) error, key string) error {
	err := f(key)
	if errors.Is(err, errSkip) {
		return j.skip()
	}
	return err
}

// array calls f for every item of the value that follows.
func (j *jsonReader) array(f func(n int) error) error {
	t, err := j.token()
	if err != nil {
		return err
	}
	if t != jsonArray {
		return j.unfit(t)
	}
	return j.items(f)
}

// items is array for a value whose bracket was read.
func (j *jsonReader) items(f func(n int) error) error {
	for n := 0; j.More(); n++ {
		err := f(n)
		if errors.Is(err, errSkip) {
			err = j.skip()
		}
		if err != nil {
			return err
		}
	}
	_, err := j.token()
	return err
}

// count passes over a list and notes how many items it has.
func (j *jsonReader) count(note string) error {
	return j.array(func(int) error {
		err := j.skip()
		j.r.note(note, j.here())
		return err
	})
}

// unfit passes over the rest of a value that is not of the kind that was looked for.
func (j *jsonReader) unfit(t json.Token) error {
	if t == nil {
		return nil
	}
	j.r.note("shape", j.here())
	if _, nested := t.(json.Delim); nested {
		return j.rest()
	}
	return nil
}

// rest passes over the rest of a value whose opening was read.
func (j *jsonReader) rest() error {
	for depth := 1; depth > 0; {
		t, err := j.token()
		if err != nil {
			return err
		}
		switch t {
		case jsonObject, jsonArray:
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}

// skip passes over the value that follows.
func (j *jsonReader) skip() error {
	t, err := j.token()
	if err != nil {
		return err
	}
	if _, nested := t.(json.Delim); nested {
		return j.rest()
	}
	return nil
}

// decode reads the value that follows into v. A part of it that has another kind than v expects is left out and told.
func (j *jsonReader) decode(v any) error {
	j.guard.until = j.InputOffset() + maxRecord
	err := j.Decode(v)
	if _, unfit := errors.AsType[*json.UnmarshalTypeError](err); unfit {
		j.r.note("shape", j.here())
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return j.fault(err)
}

// done makes sure that nothing but blanks follows the value.
func (j *jsonReader) done() error {
	_, err := j.Token()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		err = errors.New("more than one value")
	}
	return j.fault(err)
}

// guard watches a JSON text go by: how deep it nests, how long its texts are, where its lines end.
type guard struct {
	in      io.Reader
	until   int64 // how far a reader may go before it says that it needs more
	offset  int64
	failed  error
	depth   int
	text    int
	quoted  bool
	escaped bool
	lines   int     // before the first of ends
	ends    []int64 // offsets of line ends that were not passed yet
}

func (g *guard) Read(p []byte) (int, error) {
	if g.offset > g.until && g.failed == nil {
		g.failed = fault("scan.error.record", "most", maxRecord)
	}
	if g.failed != nil { // the decoder asks again after an error that it met while looking ahead
		return 0, g.failed
	}
	n, err := g.in.Read(p)
	for i, b := range p[:n] {
		if err := g.see(b, g.offset+int64(i)); err != nil {
			g.offset += int64(i)
			g.failed = err
			return i, err
		}
	}
	g.offset += int64(n)
	return n, err
}

func (g *guard) see(b byte, at int64) error {
	if b == '\n' {
		g.ends = append(g.ends, at)
	}
	if g.quoted {
		return g.seeText(b)
	}
	switch b {
	case '"':
		g.quoted, g.text = true, 0
	case '{', '[':
		if g.depth++; g.depth > maxDepth {
			return fault("scan.error.deep", "most", maxDepth)
		}
	case '}', ']':
		g.depth--
	}
	return nil
}

func (g *guard) seeText(b byte) error {
	switch {
	case g.escaped:
		g.escaped = false
	case b == '\\':
		g.escaped = true
	case b == '"':
		g.quoted = false
	}
	if g.text++; g.text > maxString {
		return fault("scan.error.long_text", "most", maxString)
	}
	return nil
}

// lineAt is the line of an offset; offsets only grow.
func (g *guard) lineAt(offset int64) int {
	passed := 0
	for passed < len(g.ends) && g.ends[passed] < offset {
		passed++
	}
	g.lines += passed
	g.ends = g.ends[passed:]
	return g.lines + 1
}
