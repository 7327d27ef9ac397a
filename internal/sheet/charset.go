package sheet

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Encodings are the encodings of a text that are recognised and may be asked for.
var Encodings = []string{"utf-8", "utf-16le", "utf-16be", "windows-1252", "macintosh", "ibm850"}

// bom8 marks UTF-8.
const bom8 = "\xef\xbb\xbf"

var singleByte = []struct {
	name string
	page *charmap.Charmap
}{{"windows-1252", charmap.Windows1252}, {"macintosh", charmap.Macintosh}, {"ibm850", charmap.CodePage850}}

// wideEncoding recognises UTF-16 by its mark, or by the zero that every second byte of European text is. It returns the
// length of the mark.
func wideEncoding(head []byte) (name string, mark int) {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe, 0, 0}), bytes.HasPrefix(head, []byte{0, 0, 0xfe, 0xff}):
		return "", 0 // UTF-32: nothing that writes tables uses it
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return "utf-16le", 2
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return "utf-16be", 2
	}
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	switch {
	case half < 2:
		return "", 0
	case zeros[1]*10 > half*7 && zeros[0]*20 < half:
		return "utf-16le", 0
	case zeros[0]*10 > half*7 && zeros[1]*20 < half:
		return "utf-16be", 0
	}
	return "", 0
}

// recogniseEncoding reads the whole text once: a letter with an accent may come late, and one that is not UTF-8 decides.
func recogniseEncoding(r io.ReaderAt, size int64) (name string, mark int, err error) {
	head := make([]byte, min(size, sniffed))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return "", 0, fault(Damaged, "sheet.error.damaged").because(err)
	}
	if name, mark := wideEncoding(head); name != "" {
		return name, mark, nil
	}
	if bytes.HasPrefix(head, []byte(bom8)) {
		return "utf-8", len(bom8), nil
	}
	c, err := countLetters(io.NewSectionReader(r, 0, size))
	if err != nil {
		return "", 0, fault(Damaged, "sheet.error.damaged").because(err)
	}
	// A few stray bytes in a text of many well-formed letters are mistakes in a UTF-8 text, reported row by row.
	if c.bad == 0 || c.wide > 20*c.bad {
		return "utf-8", 0, nil
	}
	return c.likeliest(), 0, nil
}

// letterCount is what of a text tells its encoding.
type letterCount struct {
	wide, bad int      // letters of several bytes that are UTF-8, and bytes that are not
	high      [128]int // bytes above ASCII
}

func countLetters(r io.Reader) (letterCount, error) {
	var c letterCount
	buf := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := r.Read(buf[kept:])
		chunk := buf[:kept+n]
		for _, b := range buf[kept : kept+n] {
			if b >= 0x80 {
				c.high[b-0x80]++
			}
		}
		last := errors.Is(err, io.EOF)
		rest := c.count(chunk, last)
		kept = copy(buf, rest)
		switch {
		case last:
			return c, nil
		case err != nil:
			return c, err
		}
	}
}

// count returns the bytes of a letter that the chunk cuts.
func (c *letterCount) count(b []byte, last bool) []byte {
	for len(b) > 0 {
		if b[0] < 0x80 {
			b = b[1:]
			continue
		}
		if !last && !utf8.FullRune(b) {
			return b
		}
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			c.bad++
		} else {
			c.wide++
		}
		b = b[size:]
	}
	return nil
}

// likeliest is the encoding under which the bytes above ASCII read as French: letters with accents first, then marks; anything
// else counts against it. Windows-1252, by far the most common, wins where they are equal.
func (c *letterCount) likeliest() string {
	best, bestScore := "", 0
	for _, e := range singleByte {
		score := 0
		for i, n := range c.high {
			switch r := e.page.DecodeByte(byte(0x80 + i)); {
			case strings.ContainsRune("éèêëàâçùûüôöîïœÉÈÊÀÂÇÔÎŒ", r):
				score += 3 * n
			case strings.ContainsRune("€«»’‘“”–—°²…\u00a0•", r):
				score += n
			default:
				score -= 4 * n
			}
		}
		if best == "" || score > bestScore {
			best, bestScore = e.name, score
		}
	}
	return best
}

// decoded reads a text as UTF-8; what the encoding does not have becomes U+FFFD.
func decoded(r io.Reader, name string) (io.Reader, error) {
	var e encoding.Encoding
	switch name {
	case "utf-8":
		return transform.NewReader(r, unicode.UTF8.NewDecoder()), nil
	case "utf-16le":
		e = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case "utf-16be":
		e = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	default:
		for _, s := range singleByte {
			if s.name == name {
				e = s.page
			}
		}
	}
	if e == nil {
		return nil, fault(NotATable, "sheet.error.encoding", "encoding", shorten(name))
	}
	return transform.NewReader(r, e.NewDecoder()), nil
}

func knownEncoding(name string) bool { return slices.Contains(Encodings, name) }
