package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"utile/internal/domain"
)

// Limits of a workspace file, against one that was made to exhaust the server.
const (
	maxArchiveLine  = 4 << 20 // bytes of a record
	maxArchiveTotal = 16 << 30
	maxArchiveCount = 20_000_000 // records
)

// archiveReader reads a workspace file record by record, gzipped or not, and checks all that can be checked without a
// database. Its errors name the line.
type archiveReader struct {
	r      *bufio.Reader
	sum    hash.Hash
	line   int
	total  int64
	place  int
	counts map[string]int64
	kind   archiveTable // of the record read last
	row    []any        // its values by column
	size   int          // its bytes in the file
}

func newArchiveReader(r io.Reader) (*archiveReader, domain.ArchiveHeader, error) {
	a := &archiveReader{r: bufio.NewReaderSize(r, 1<<16), sum: sha256.New(), place: -2, counts: map[string]int64{}}
	if magic, err := a.r.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		unzipped, err := gzip.NewReader(a.r)
		if err != nil {
			return nil, domain.ArchiveHeader{}, domain.Errorf(domain.Invalid, "archive.not_archive")
		}
		a.r = bufio.NewReaderSize(unzipped, 1<<16)
	}
	h, err := a.header()
	return a, h, err
}

func (a *archiveReader) problem(key string, args ...any) error {
	return domain.Errorf(domain.Invalid, key, append(args, "line", a.line)...)
}

// next reads a line without its end; io.EOF where the file ends.
func (a *archiveReader) next() ([]byte, error) {
	var line []byte
	for {
		part, err := a.r.ReadSlice('\n')
		if len(line)+len(part) > maxArchiveLine {
			a.line++
			return nil, a.problem("archive.too_long", "most", maxArchiveLine>>20)
		}
		a.total += int64(len(part))
		if a.total > maxArchiveTotal {
			return nil, domain.Errorf(domain.TooLarge, "archive.too_large")
		}
		switch {
		case err == nil && line == nil:
			line = part
		default:
			line = append(line, part...)
		}
		switch {
		case err == nil:
			a.line++
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			if len(line) == 0 {
				return nil, io.EOF
			}
			a.line++
			return line, nil
		default: // a gzip stream that is cut off or damaged
			if a.line == 0 {
				return nil, domain.Errorf(domain.Invalid, "archive.not_archive")
			}
			return nil, a.problem("archive.truncated")
		}
	}
}

func (a *archiveReader) header() (h domain.ArchiveHeader, err error) {
	line, err := a.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return h, notArchive(err)
	}
	var format struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if json.Unmarshal(line, &format) != nil || format.Format != domain.ArchiveFormat {
		return h, domain.Errorf(domain.Invalid, "archive.not_archive")
	}
	if format.Version != domain.ArchiveVersion {
		return h, domain.Errorf(domain.Invalid, "archive.version", "version", format.Version, "known", domain.ArchiveVersion)
	}
	var in archiveHeaderJSON
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil || !utf8.Valid(line) {
		return h, domain.Errorf(domain.Invalid, "archive.header")
	}
	day, err := time.Parse(time.DateOnly, in.ReferenceDay)
	if err != nil {
		return h, domain.Errorf(domain.Invalid, "archive.header")
	}
	w := in.Workspace
	h = domain.ArchiveHeader{Version: in.Version, ExportedAt: in.ExportedAt, ReferenceDay: day, CreatedAt: w.CreatedAt,
		Workspace: domain.Workspace{Slug: w.Slug, Name: w.Name, Locale: w.Locale, IsExample: w.IsExample, Thresholds: domain.Thresholds{
			WindowDays: w.WindowDays, GraceDays: w.GraceDays, FillRateMin: w.FillRateMin, ConstantMinRows: w.ConstantMinRows, StaleDays: w.StaleDays}}}
	a.take(line)
	return h, h.Check()
}

// notArchive: whatever is wrong with the first line, the file is not one of ours.
func notArchive(err error) error {
	if errors.Is(err, domain.Invalid) {
		return domain.Errorf(domain.Invalid, "archive.not_archive")
	}
	return err
}

func (a *archiveReader) take(line []byte) {
	_, _ = a.sum.Write(line) // never fails
}

// record reads the next record into kind and row; io.EOF behind the last one, once the file has proved to be whole.
func (a *archiveReader) record() error {
	line, err := a.next()
	if errors.Is(err, io.EOF) {
		return a.problem("archive.truncated")
	}
	if err != nil {
		return err
	}
	if !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0 {
		return a.problem("archive.json")
	}
	a.size = len(line)
	var values map[string]json.RawMessage
	if json.Unmarshal(line, &values) != nil {
		return a.problem("archive.json")
	}
	var kind string
	if json.Unmarshal(values["t"], &kind) != nil {
		return a.problem("archive.json")
	}
	if kind == "end" {
		return a.end(line)
	}
	a.take(line)
	delete(values, "t")
	return a.decode(kind, values)
}

// end checks the last line against what was read, and that nothing stands behind it.
func (a *archiveReader) end(line []byte) error {
	var footer archiveFooterJSON
	if json.Unmarshal(line, &footer) != nil {
		return a.problem("archive.json")
	}
	for kind, n := range footer.Counts {
		if a.counts[kind] != n {
			return a.problem("archive.count", "kind", kind, "n", a.counts[kind], "want", n)
		}
	}
	if len(footer.Counts) != len(a.counts) || footer.SHA256 != hex.EncodeToString(a.sum.Sum(nil)) {
		return a.problem("archive.checksum")
	}
	switch _, err := a.next(); {
	case err == nil:
		return a.problem("archive.after_end")
	case errors.Is(err, io.EOF):
		return io.EOF
	default:
		return err
	}
}

func (a *archiveReader) decode(kind string, values map[string]json.RawMessage) error {
	t, place, known := archiveKind(kind)
	switch {
	case !known:
		return a.problem("archive.kind", "kind", cut(kind))
	case place < a.place:
		return a.problem("archive.order", "kind", kind)
	}
	a.place, a.kind = place, t
	if a.counts[kind]++; a.counts[kind] > maxArchiveCount {
		return domain.Errorf(domain.TooLarge, "archive.too_large")
	}
	row := make([]any, len(t.columns))
	for i, c := range t.columns {
		raw, given := values[c.key]
		delete(values, c.key)
		var ok bool
		if row[i], ok = decodeArchiveValue(c, raw, given && !bytes.Equal(raw, []byte("null"))); !ok {
			return a.problem("archive.value", "kind", kind, "key", c.key)
		}
	}
	for key := range values {
		return a.problem("archive.key", "kind", kind, "key", cut(key))
	}
	a.row = row
	return nil
}

// cut keeps a message short, whatever a file says.
func cut(s string) string {
	if len(s) > 40 {
		return string([]rune(s)[:min(40, utf8.RuneCountInString(s))]) + "…"
	}
	return s
}

// decodeArchiveValue turns a value into what its column takes; ok is false where it is of another kind.
func decodeArchiveValue(c archiveColumn, raw json.RawMessage, given bool) (v any, ok bool) {
	if !given {
		return zeroArchiveValue(c)
	}
	switch c.kind {
	case archiveText, archiveQuery:
		text, ok := decodeAs[string](raw)
		return text, ok && !strings.Contains(text.(string), "\x00")
	case archiveInt:
		return decodeAs[int64](raw)
	case archiveOwn, archiveRef, archiveMention, archiveSubject:
		n, ok := decodeAs[int64](raw)
		return n, ok && n.(int64) >= 0
	case archiveBool:
		return decodeAs[bool](raw)
	case archiveTexts:
		list, ok := decodeAs[[]string](raw)
		return list, ok && !slices.ContainsFunc(list.([]string), func(s string) bool { return strings.Contains(s, "\x00") })
	case archiveTime:
		t, ok := decodeAs[time.Time](raw)
		return t, ok && sensible(t.(time.Time))
	case archiveDate:
		text, ok := decodeAs[string](raw)
		if !ok {
			return nil, false
		}
		t, err := time.Parse(time.DateOnly, text.(string))
		return t, err == nil && sensible(t)
	case archiveHex:
		text, ok := decodeAs[string](raw)
		if !ok {
			return nil, false
		}
		b, err := hex.DecodeString(text.(string))
		return b, err == nil
	case archiveJSON, archiveRow, archiveFacts:
		return raw, len(raw) > 0 && raw[0] == '{'
	case archiveRows:
		return raw, len(raw) > 0 && raw[0] == '['
	}
	return nil, false
}

func decodeAs[T any](raw json.RawMessage) (any, bool) {
	var v T
	err := json.Unmarshal(raw, &v)
	return v, err == nil
}

// sensible keeps out moments that PostgreSQL could not store or that no calendar of people holds.
func sensible(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

func zeroArchiveValue(c archiveColumn) (any, bool) {
	if c.nullable {
		return nil, true
	}
	switch c.kind {
	case archiveText, archiveQuery:
		return "", true
	case archiveBool:
		return false, true
	case archiveTexts:
		return []string{}, true
	case archiveRow:
		return json.RawMessage("{}"), true
	case archiveRows:
		return json.RawMessage("[]"), true
	case archiveInt, archiveDate, archiveTime, archiveJSON, archiveFacts, archiveHex, archiveOwn, archiveRef, archiveMention, archiveSubject:
	}
	return nil, false
}

// CheckArchive reads a workspace file to its end and returns how many records it holds. It finds everything that can be
// wrong with a file in itself; what does not fit together is found when it is imported.
func CheckArchive(r io.Reader) (records int64, err error) {
	a, _, err := newArchiveReader(r)
	if err != nil {
		return 0, err
	}
	for {
		err := a.record()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		records++
	}
}

// ArchivedColumns lists, by table, the columns that a workspace file holds.
func ArchivedColumns() map[string][]string {
	known := map[string][]string{}
	for _, t := range archiveTables {
		for _, c := range t.columns {
			known[t.table] = append(known[t.table], c.name)
		}
		// Since when a row is as it is begins anew with an import, which does not bring the past along.
		known[t.table] = append(append(known[t.table], "valid_from"), t.implied...)
	}
	return known
}

// ArchiveLeftOut lists the tables of a workspace that a file does not hold: counters, secrets, files and
// work on their way.
func ArchiveLeftOut() []string { return slices.Clone(archiveLeftOut) }

// ArchiveKinds lists the kinds of records in the order of the file, with the keys of their values.
func ArchiveKinds() (kinds []string, keys map[string][]string) {
	keys = map[string][]string{}
	for _, t := range append([]archiveTable{archiveUser}, archiveTables...) {
		kinds = append(kinds, t.kind)
		for _, c := range t.columns {
			keys[t.kind] = append(keys[t.kind], c.key)
		}
	}
	return kinds, keys
}
