package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// ArchiveWriter writes a workspace file, one record to a line.
type ArchiveWriter struct {
	w      io.Writer
	sum    hash.Hash
	line   []byte
	counts map[string]int64
	place  int // of the table written last
}

// NewArchiveWriter writes the header of a workspace file.
func NewArchiveWriter(w io.Writer, h domain.ArchiveHeader) (*ArchiveWriter, error) {
	a := &ArchiveWriter{w: w, sum: sha256.New(), counts: map[string]int64{}, place: -1}
	ws, th := h.Workspace, h.Workspace.Thresholds
	text, err := json.Marshal(archiveHeaderJSON{Format: domain.ArchiveFormat, Version: domain.ArchiveVersion,
		ExportedAt: h.ExportedAt.UTC(), ReferenceDay: h.ReferenceDay.Format(time.DateOnly),
		Workspace: archiveWorkspaceJSON{Slug: ws.Slug, Name: ws.Name, Locale: ws.Locale, IsExample: ws.IsExample, WindowDays: th.WindowDays,
			GraceDays: th.GraceDays, FillRateMin: th.FillRateMin, ConstantMinRows: th.ConstantMinRows, StaleDays: th.StaleDays,
			CreatedAt: h.CreatedAt.UTC()}})
	if err != nil {
		return nil, err
	}
	return a, a.put(text)
}

type archiveHeaderJSON struct {
	Format       string               `json:"format"`
	Version      int                  `json:"version"`
	ExportedAt   time.Time            `json:"exported_at"`
	ReferenceDay string               `json:"reference_day"`
	Workspace    archiveWorkspaceJSON `json:"workspace"`
}

type archiveWorkspaceJSON struct {
	Slug            string    `json:"slug"`
	Name            string    `json:"name"`
	Locale          string    `json:"locale"`
	IsExample       bool      `json:"is_example"`
	WindowDays      int       `json:"window_days"`
	GraceDays       int       `json:"grace_days"`
	FillRateMin     float64   `json:"fill_rate_min"`
	ConstantMinRows int64     `json:"constant_min_rows"`
	StaleDays       int       `json:"stale_days"`
	CreatedAt       time.Time `json:"created_at"`
}

type archiveFooterJSON struct {
	T      string           `json:"t"`
	Counts map[string]int64 `json:"counts"`
	SHA256 string           `json:"sha256"`
}

// put writes one line and adds it to the checksum.
func (a *ArchiveWriter) put(line []byte) error {
	line = append(line, '\n')
	_, _ = a.sum.Write(line) // never fails
	_, err := a.w.Write(line)
	return err
}

// Record writes a record of a kind from its values by key. Kinds must come in the order of the format; a value that is
// missing, or the zero value, is left out. Values are strings, numbers, booleans, times, days as text, and lists of strings.
func (a *ArchiveWriter) Record(kind string, values map[string]any) error {
	t, place, known := archiveKind(kind)
	if !known || place < a.place {
		return fmt.Errorf("a record %s cannot stand here", kind)
	}
	row := make([]any, len(t.columns))
	for i, c := range t.columns {
		row[i] = values[c.key]
		delete(values, c.key)
	}
	if len(values) > 0 {
		return fmt.Errorf("a record %s has no value %v", kind, values)
	}
	return a.record(t, place, row)
}

// archiveKind returns how records of a kind are written, and the place of the kind in the file.
func archiveKind(kind string) (archiveTable, int, bool) {
	if kind == archiveUser.kind {
		return archiveUser, -1, true
	}
	i := slices.IndexFunc(archiveTables, func(t archiveTable) bool { return t.kind == kind })
	if i < 0 {
		return archiveTable{}, 0, false
	}
	return archiveTables[i], i, true
}

func (a *ArchiveWriter) record(t archiveTable, place int, row []any) error {
	a.place = place
	a.counts[t.kind]++
	b := append(a.line[:0], `{"t":"`...)
	b = append(b, t.kind...)
	b = append(b, '"')
	for i, c := range t.columns {
		if row[i] == nil || isZero(c, row[i]) {
			continue
		}
		b = append(b, `,"`...)
		b = append(b, c.key...)
		b = append(b, `":`...)
		var err error
		if b, err = appendArchiveValue(b, c, row[i]); err != nil {
			return fmt.Errorf("%s of %s: %w", c.key, t.kind, err)
		}
	}
	a.line = append(b, '}')
	return a.put(a.line)
}

// isZero tells of a value that a reader puts in by itself.
func isZero(c archiveColumn, v any) bool {
	if c.nullable {
		return false // here nothing and empty differ
	}
	switch v := v.(type) {
	case string:
		return v == "" || (c.kind == archiveRows && v == "[]") || (c.kind == archiveRow && v == "{}")
	case bool:
		return !v
	case []any:
		return len(v) == 0
	case []string:
		return len(v) == 0
	}
	return false
}

func appendArchiveValue(b []byte, c archiveColumn, v any) ([]byte, error) {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case time.Time:
		b = append(b, '"')
		b = v.UTC().AppendFormat(b, time.RFC3339Nano)
		return append(b, '"'), nil
	case string:
		if slices.Contains([]archiveType{archiveJSON, archiveRow, archiveRows, archiveFacts}, c.kind) {
			out := bytes.NewBuffer(b)
			err := json.Compact(out, []byte(v))
			return out.Bytes(), err
		}
		return appendJSONString(b, v)
	case []string:
		return appendJSONStrings(b, v)
	case []any:
		texts := make([]string, 0, len(v))
		for _, text := range v {
			s, ok := text.(string)
			if !ok {
				return b, fmt.Errorf("a list holds %T", text)
			}
			texts = append(texts, s)
		}
		return appendJSONStrings(b, texts)
	}
	return b, fmt.Errorf("cannot write %T", v)
}

func appendJSONStrings(b []byte, list []string) (_ []byte, err error) {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendJSONString(b, s); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// appendJSONString writes a text as JSON that people can read: letters of all scripts and < > & as they are.
func appendJSONString(b []byte, s string) ([]byte, error) {
	out := bytes.NewBuffer(b)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	err := e.Encode(s)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// Close writes the last line, by which a reader knows that nothing is missing.
func (a *ArchiveWriter) Close() error {
	text, err := json.Marshal(archiveFooterJSON{T: "end", Counts: a.counts, SHA256: hex.EncodeToString(a.sum.Sum(nil))})
	if err != nil {
		return err
	}
	_, err = a.w.Write(append(text, '\n'))
	return err
}

// ExportWorkspace writes the actor's workspace to w as a workspace file: everything in it at one moment, its history
// included. It holds rows one at a time, and numbers them from 1, so that two exports of the same content are equal.
func (s *Store) ExportWorkspace(ctx context.Context, by domain.Actor, w io.Writer) error {
	return s.Read(ctx, by, func(s *Store) error {
		type settings struct {
			workspaceRow
			CreatedAt time.Time `db:"created_at"`
		}
		r, err := one[settings](ctx, s, "workspace", `select `+workspaceCols+`, w.created_at from workspace w where w.id = @ws`,
			pgx.StrictNamedArgs{"ws": by.Workspace})
		if err != nil {
			return err
		}
		now := s.now().UTC()
		a, err := NewArchiveWriter(w, domain.ArchiveHeader{Version: domain.ArchiveVersion, ExportedAt: now, ReferenceDay: domain.Day(now),
			Workspace: r.workspace(), CreatedAt: r.CreatedAt})
		if err != nil {
			return err
		}
		x := archiveExport{s: s, by: by, a: a, numbers: map[string]map[int64]int64{}}
		if err := x.users(ctx); err != nil {
			return err
		}
		for place, t := range archiveTables {
			if err := x.table(ctx, place, t); err != nil {
				return err
			}
		}
		return a.Close()
	})
}

// archiveExport gives the rows of a workspace numbers of the file's own.
type archiveExport struct {
	s       *Store
	by      domain.Actor
	a       *ArchiveWriter
	numbers map[string]map[int64]int64 // by kind, number in the file by id
}

func (x *archiveExport) users(ctx context.Context) error {
	type user struct {
		ID     int64  `db:"id"`
		Email  string `db:"email"`
		Name   string `db:"name"`
		Locale string `db:"locale"`
	}
	list, err := many[user](ctx, x.s, "user", archiveUsers(), pgx.StrictNamedArgs{"ws": x.by.Workspace})
	if err != nil {
		return err
	}
	for _, u := range list {
		if err := x.a.record(archiveUser, -1, []any{x.number("user", u.ID), u.Email, u.Name, u.Locale}); err != nil {
			return err
		}
	}
	return nil
}

func (x *archiveExport) table(ctx context.Context, place int, t archiveTable) error {
	rows, err := x.s.db.Query(ctx, t.query(), pgx.StrictNamedArgs{"ws": x.by.Workspace})
	if err != nil {
		return translate(t.kind, err)
	}
	defer rows.Close()
	for rows.Next() {
		row, err := rows.Values()
		if err != nil {
			return translate(t.kind, err)
		}
		if err := x.renumber(t, row); err != nil {
			return err
		}
		if err := x.a.record(t, place, row); err != nil {
			return err
		}
	}
	return translate(t.kind, rows.Err())
}

// renumber puts the file's numbers in the place of ids.
func (x *archiveExport) renumber(t archiveTable, row []any) (err error) {
	kind := ""
	for i, c := range t.columns {
		if row[i] == nil {
			continue
		}
		switch c.kind {
		case archiveOwn:
			row[i] = x.number(t.kind, row[i].(int64))
		case archiveRef, archiveMention:
			row[i] = x.number(c.ref, row[i].(int64))
		case archiveSubject:
			row[i] = x.subject(kind, row[i].(int64))
		case archiveFacts:
			row[i], err = mapFacts(row[i].(string), func(kind string, id int64) (int64, error) { return x.known(kind, id), nil }, nil)
		case archiveQuery:
			row[i], err = mapQuery(row[i].(string), func(kind string, id int64) (int64, error) { return x.known(kind, id), nil })
		case archiveText:
			if c.name == "subject_kind" {
				kind = row[i].(string)
			}
		case archiveInt, archiveBool, archiveDate, archiveTime, archiveTexts, archiveJSON, archiveRow, archiveRows, archiveHex:
		}
		if err != nil {
			return fmt.Errorf("%s of %s: %w", c.key, t.kind, err)
		}
	}
	return nil
}

// number is the file's number of a row, the next one where it has none yet: the history also names rows that are gone.
func (x *archiveExport) number(kind string, id int64) int64 {
	of := x.numbers[kind]
	if of == nil {
		of = map[int64]int64{}
		x.numbers[kind] = of
	}
	n, ok := of[id]
	if !ok {
		n = int64(len(of)) + 1
		of[id] = n
	}
	return n
}

// known is number, but 0 for nobody and for a person who has left without another trace.
func (x *archiveExport) known(kind string, id int64) int64 {
	if _, listed := x.numbers[kind][id]; id == 0 || kind == "user" && !listed {
		return 0
	}
	return x.number(kind, id)
}

func (x *archiveExport) subject(kind string, id int64) int64 {
	if kind == domain.SubjectWorkspace {
		return 1
	}
	if of, known := subjectKinds[kind]; known {
		return x.known(of, id)
	}
	return x.number("subject "+kind, id)
}

// mapFacts puts other numbers in the place of those that the values of a history entry hold, and moves its days.
func mapFacts(text string, number func(kind string, id int64) (int64, error), day func(string) string) (string, error) {
	facts := map[string]any{}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&facts); err != nil {
		return "", err
	}
	for name, v := range facts {
		kind, refers := factKinds[name]
		var err error
		switch v := v.(type) {
		case json.Number:
			if refers {
				facts[name], err = mapNumber(v.String(), kind, number)
			}
		case []any:
			if of, lists := listKinds[name]; lists {
				kind, refers = of, true
			}
			if refers {
				err = mapNumbers(v, kind, number)
			}
		case string:
			if day != nil {
				facts[name] = day(v)
			}
		}
		if err != nil {
			return "", err
		}
	}
	out, err := json.Marshal(facts)
	return string(out), err
}

// mapNumbers puts other numbers in the place of those of a list, which may be written as texts.
func mapNumbers(list []any, kind string, number func(string, int64) (int64, error)) error {
	for i, v := range list {
		switch v := v.(type) {
		case json.Number:
			n, err := mapNumber(v.String(), kind, number)
			if err != nil {
				return err
			}
			list[i] = n
		case string:
			if !isID(v) {
				continue
			}
			n, err := mapNumber(v, kind, number)
			if err != nil {
				return err
			}
			list[i] = n.String()
		}
	}
	return nil
}

func mapNumber(text, kind string, number func(string, int64) (int64, error)) (json.Number, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return json.Number(text), nil // no number of a record
	}
	n, err := number(kind, id)
	return json.Number(strconv.FormatInt(n, 10)), err
}

// mapQuery puts other numbers in the place of those that the filters of a list's address hold, and leaves the rest as it is.
func mapQuery(query string, number func(kind string, id int64) (int64, error)) (string, error) {
	filters := strings.Split(query, "&")
	for i, filter := range filters {
		name, text, _ := strings.Cut(filter, "=")
		kind, refers := factKinds[name]
		text, err := url.QueryUnescape(text)
		if !refers || err != nil {
			continue
		}
		parts := strings.Split(text, ",")
		for j, part := range parts {
			if !isID(part) {
				parts[j] = url.QueryEscape(part)
				continue
			}
			n, err := mapNumber(part, kind, number)
			if err != nil {
				return "", err
			}
			parts[j] = n.String()
		}
		filters[i] = name + "=" + strings.Join(parts, ",")
	}
	return strings.Join(filters, "&"), nil
}
