package domain

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxScanName is the longest name of a field or dataset that an import takes, in characters: that of the register.
const MaxScanName = 500

// ScanTarget is what a column of an imported file tells.
type ScanTarget string

// The targets of headings. Application to Owner describe fields; Rows to Source measure them.
const (
	ScanApplication ScanTarget = "application"
	ScanSchema      ScanTarget = "schema"
	ScanDataset     ScanTarget = "dataset"
	ScanField       ScanTarget = "field"
	ScanLabel       ScanTarget = "label"
	ScanDataType    ScanTarget = "data_type"
	ScanNullable    ScanTarget = "nullable"
	ScanRequired    ScanTarget = "required" // the opposite of nullable, as people write it
	ScanKey         ScanTarget = "key"
	ScanReferences  ScanTarget = "references"
	ScanComment     ScanTarget = "comment"
	ScanCategory    ScanTarget = "category"
	ScanOwner       ScanTarget = "owner"
	ScanRows        ScanTarget = "rows"
	ScanNonNull     ScanTarget = "non_null"
	ScanFillRate    ScanTarget = "fill_rate"
	ScanDistinct    ScanTarget = "distinct"
	ScanReads       ScanTarget = "reads"
	ScanLastRead    ScanTarget = "last_read_at"
	ScanLastWrite   ScanTarget = "last_write_at"
	ScanOldest      ScanTarget = "oldest_record_on" // of the field's dataset
	ScanWindow      ScanTarget = "window_days"
	ScanMeasured    ScanTarget = "measured_at"
	ScanSource      ScanTarget = "source"
	ScanIgnore      ScanTarget = "ignore"
)

// ScanTargets are all targets in the order in which a form offers them.
var ScanTargets = []ScanTarget{
	ScanApplication, ScanSchema, ScanDataset, ScanField, ScanLabel, ScanDataType, ScanNullable, ScanRequired, ScanKey, ScanReferences,
	ScanComment, ScanCategory, ScanOwner, ScanRows, ScanNonNull, ScanFillRate, ScanDistinct, ScanReads, ScanLastRead, ScanLastWrite,
	ScanOldest, ScanWindow, ScanMeasured, ScanSource, ScanIgnore,
}

// Measures tells whether the target is a measure of a field rather than a description of it.
func (t ScanTarget) Measures() bool {
	switch t {
	case ScanRows, ScanNonNull, ScanFillRate, ScanDistinct, ScanReads, ScanLastRead, ScanLastWrite, ScanOldest, ScanWindow,
		ScanMeasured, ScanSource:
		return true
	case ScanApplication, ScanSchema, ScanDataset, ScanField, ScanLabel, ScanDataType, ScanNullable, ScanRequired, ScanKey,
		ScanReferences, ScanComment, ScanCategory, ScanOwner, ScanIgnore:
	}
	return false
}

// counts tells whether the target is a measure itself, rather than what goes with one: its day, its window, its source.
func (t ScanTarget) counts() bool {
	return t.Measures() && t != ScanWindow && t != ScanMeasured && t != ScanSource
}

// RowProblem is a reason why a row of a file is not taken.
//
// Keys: scan.problem.required, scan.problem.too_long (most), scan.problem.characters, scan.problem.yes_no (value),
// scan.problem.count (value), scan.problem.share (value), scan.problem.share_unit (value), scan.problem.date (value), scan.problem.window (value, most),
// scan.problem.non_null_over_rows (non_null, rows), scan.problem.nothing_measured, scan.problem.duplicate (line).
type RowProblem struct {
	Line   int
	Column string // the target here; whoever knows the file's headings puts the heading instead
	Place  string // where in which file, for files that have no rows; Line is then only an order
	Key    string
	Args   map[string]any
}

// FoundField is a field as an inventory describes it.
type FoundField struct {
	Line        int
	Application string // empty when the file does not say
	Schema      string
	Dataset     string
	Name        string
	Label       string
	DataType    string
	References  string
	Comment     string
	Category    string
	Owner       string
	Nullable    *bool // nil when the source does not say
	Key         bool
	Fides       []string    // categories as the Fides taxonomy names them
	Source      SourceFacts // what only some sources tell
}

// NewFoundField checks a row of an inventory, given its cells by target. It takes none of a row that has a problem.
func NewFoundField(line int, cells map[ScanTarget]string) (FoundField, []RowProblem) {
	r := scanRow{line: line, cells: cells}
	f := FoundField{
		Line:        line,
		Application: r.name(ScanApplication, false),
		Schema:      r.name(ScanSchema, false),
		Dataset:     r.name(ScanDataset, true),
		Name:        r.name(ScanField, true),
		Label:       r.text(ScanLabel, MaxScanName),
		DataType:    r.text(ScanDataType, MaxScanName),
		References:  r.text(ScanReferences, MaxText),
		Comment:     r.text(ScanComment, MaxText),
		Category:    r.name(ScanCategory, false),
		Owner:       r.name(ScanOwner, false),
		Nullable:    r.yes(ScanNullable),
	}
	if required := r.yes(ScanRequired); required != nil && f.Nullable == nil {
		nullable := !*required
		f.Nullable = &nullable
	}
	if key := r.yes(ScanKey); key != nil {
		f.Key = *key
	}
	if len(r.problems) > 0 {
		return FoundField{}, r.problems
	}
	return f, nil
}

// MeasuredField is what a file tells of the use of a field. What is nil was not measured.
type MeasuredField struct {
	Line        int
	Application string
	Schema      string
	Dataset     string
	Name        string
	Rows        *int64
	NonNull     *int64
	FillRate    *float64 // share of rows that are filled, from 0 to 1; only where the file gives a share
	Distinct    *int64
	Reads       *int64
	WindowDays  *int // days over which reads were counted
	LastReadAt  *time.Time
	LastWriteAt *time.Time
	OldestOn    *time.Time // day of the oldest record of the field's dataset
	MeasuredAt  *time.Time
	Source      string
}

// MaxScanWindowDays is the longest time over which reads may have been counted.
const MaxScanWindowDays = 3660

// NewMeasuredField checks a row of measures, given its cells by target, and in which units they are where that is said. It takes
// none of a row that has a problem.
func NewMeasuredField(line int, cells map[ScanTarget]string, units map[ScanTarget]ScanUnit) (MeasuredField, []RowProblem) {
	r := scanRow{line: line, cells: cells, units: units}
	m := MeasuredField{
		Line:        line,
		Application: r.name(ScanApplication, false),
		Schema:      r.name(ScanSchema, false),
		Dataset:     r.name(ScanDataset, true),
		Name:        r.name(ScanField, true),
		Rows:        r.count(ScanRows),
		NonNull:     r.count(ScanNonNull),
		FillRate:    r.share(ScanFillRate),
		Distinct:    r.count(ScanDistinct),
		Reads:       r.count(ScanReads),
		WindowDays:  r.days(ScanWindow),
		LastReadAt:  r.date(ScanLastRead),
		LastWriteAt: r.date(ScanLastWrite),
		OldestOn:    r.date(ScanOldest),
		MeasuredAt:  r.date(ScanMeasured),
		Source:      r.name(ScanSource, false),
	}
	if m.Rows != nil && m.NonNull != nil && *m.NonNull > *m.Rows {
		r.add(ScanNonNull, "scan.problem.non_null_over_rows", "non_null", *m.NonNull, "rows", *m.Rows)
	}
	if len(r.problems) == 0 && !m.measured() {
		r.add(ScanRows, "scan.problem.nothing_measured")
	}
	if len(r.problems) > 0 {
		return MeasuredField{}, r.problems
	}
	return m, nil
}

func (m MeasuredField) measured() bool {
	return m.Rows != nil || m.NonNull != nil || m.FillRate != nil || m.Distinct != nil || m.Reads != nil || m.LastReadAt != nil ||
		m.LastWriteAt != nil || m.OldestOn != nil
}

// CheckDays tells which days of what was measured on a day cannot be, given the day that it is today: the measure is still to
// come, or something was read or written after it. A mistaken year would stand in the way of every real measure until then.
func (m MeasuredField) CheckDays(measured, today time.Time) []RowProblem {
	r := scanRow{line: m.Line}
	if !measured.Before(MeasuresEnd(today)) {
		r.add(ScanMeasured, "import.problem.measured_later", "value", measured.Format(time.DateOnly))
		return r.problems
	}
	for _, d := range []struct {
		target ScanTarget
		at     *time.Time
		key    string
	}{{ScanLastRead, m.LastReadAt, "import.problem.read_later"}, {ScanLastWrite, m.LastWriteAt, "import.problem.write_later"}} {
		if d.at != nil && behindMeasure(*d.at, measured) {
			r.add(d.target, d.key, "value", d.at.Format(time.DateOnly), "measured", measured.Format(time.DateOnly))
		}
	}
	if m.OldestOn != nil && m.OldestOn.After(measured) {
		r.add(ScanOldest, "import.problem.oldest_later")
	}
	return r.problems
}

// MeasuresEnd is the first moment of which no measure can be.
func MeasuresEnd(today time.Time) time.Time { return Day(today).AddDate(0, 0, 1+clockSlack) }

// behindMeasure tells whether something happened on a day after its measure. Where one of both is a moment, and the other may be
// a day of another time zone, a day more is let pass.
func behindMeasure(at, measured time.Time) bool {
	slack := int64(clockSlack)
	if at.Equal(Day(at)) && measured.Equal(Day(measured)) {
		slack = 0
	}
	return dayOf(at) > dayOf(measured)+slack
}

// Fill is the share of rows that are filled, from 0 to 1, counted where the file counts and given where it gives a share.
// It is nil when neither says, and when there are no rows.
func (m MeasuredField) Fill() *float64 {
	if m.Rows != nil && m.NonNull != nil && *m.Rows > 0 {
		share := float64(*m.NonNull) / float64(*m.Rows)
		return &share
	}
	if m.Rows != nil && *m.Rows == 0 {
		return nil
	}
	return m.FillRate
}

// DatasetNames are the names that the measured dataset may have in the register, the most precise first: an import names
// a dataset "schema.table" only where two schemas hold a table of that name.
func (m MeasuredField) DatasetNames() []string {
	if m.Schema == "" {
		return []string{m.Dataset}
	}
	return []string{ScanDatasetName(m.Schema, m.Dataset), m.Dataset}
}

// ScanDatasetName names a dataset whose table name alone would be ambiguous.
func ScanDatasetName(schema, table string) string { return schema + "." + table }

// scanRow reads the cells of one row and collects what is wrong with them.
type scanRow struct {
	line     int
	cells    map[ScanTarget]string
	units    map[ScanTarget]ScanUnit
	problems []RowProblem
}

func (r *scanRow) add(t ScanTarget, key string, args ...any) {
	r.problems = append(r.problems, RowProblem{Line: r.line, Column: string(t), Key: key, Args: Args(args...)})
}

func (r *scanRow) cell(t ScanTarget) string { return ScanText(r.cells[t]) }

// ScanText is the text of a cell without the white space and invisible marks around it.
func ScanText(cell string) string { return strings.TrimFunc(cell, scanBlank) }

func (r *scanRow) name(t ScanTarget, required bool) string {
	s := r.cell(t)
	switch {
	case s == "" && required:
		r.add(t, "scan.problem.required")
	case utf8.RuneCountInString(s) > MaxScanName:
		r.add(t, "scan.problem.too_long", "most", MaxScanName)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, scanHidden):
		r.add(t, "scan.problem.characters")
	}
	return s
}

func (r *scanRow) text(t ScanTarget, most int) string {
	s := strings.ReplaceAll(r.cell(t), "\r\n", "\n")
	layout := func(c rune) bool { return c == '\n' || c == '\r' || c == '\t' }
	switch {
	case utf8.RuneCountInString(s) > most:
		r.add(t, "scan.problem.too_long", "most", most)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(c rune) bool { return !layout(c) && deceptive(c) }):
		r.add(t, "scan.problem.characters")
	}
	return s
}

func (r *scanRow) yes(t ScanTarget) *bool {
	s := r.cell(t)
	if s == "" {
		return nil
	}
	yes, ok := parseScanYes(t, s)
	if !ok {
		r.add(t, "scan.problem.yes_no", "value", scanQuote(s))
		return nil
	}
	return &yes
}

func (r *scanRow) count(t ScanTarget) *int64 {
	s := r.cell(t)
	if s == "" {
		return nil
	}
	n, ok := parseScanCount(s)
	if factor, scale := scanFactors[r.units[t]]; scale {
		n, ok = scaled(s, factor)
	}
	if !ok {
		r.add(t, "scan.problem.count", "value", scanQuote(s))
		return nil
	}
	return &n
}

func (r *scanRow) days(t ScanTarget) *int {
	n := r.count(t)
	if n == nil {
		return nil
	}
	if *n < 1 || *n > MaxScanWindowDays {
		r.add(t, "scan.problem.window", "value", *n, "most", MaxScanWindowDays)
		return nil
	}
	days := int(*n)
	return &days
}

func (r *scanRow) share(t ScanTarget) *float64 {
	s := r.cell(t)
	if s == "" {
		return nil
	}
	share, ok := parseScanShare(s, r.units[t])
	if r.units[t] == ScanUnitMixed && !strings.HasSuffix(s, "%") && share != 0 {
		r.add(t, "scan.problem.share_unit", "value", scanQuote(s))
		return nil
	}
	if !ok {
		r.add(t, "scan.problem.share", "value", scanQuote(s))
		return nil
	}
	return &share
}

func (r *scanRow) date(t ScanTarget) *time.Time {
	s := r.cell(t)
	if s == "" {
		return nil
	}
	at, ok := parseScanDate(s)
	if !ok {
		r.add(t, "scan.problem.date", "value", scanQuote(s))
		return nil
	}
	return &at
}

// scanBlank tells of what may surround a value without being part of it.
func scanBlank(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' || r == '\u2060'
}

// scanHidden tells of characters by which two names that look alike differ, or that reorder what is read.
func scanHidden(r rune) bool {
	return deceptive(r) || r == '\u200b' || r == '\ufeff' || r == '\u2060' || r == '\u2028' || r == '\u2029'
}

// scanQuote shortens a value for a message: what a person needs to find it, not a whole cell.
func scanQuote(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

var (
	scanYesWords = scanSet("true", "t", "vrai", "yes", "y", "oui", "o", "1", "x", "✓", "✔", "required", "mandatory", "obligatoire", "requis")
	scanNoWords  = scanSet("false", "f", "faux", "no", "n", "non", "0", "-", "optional", "facultatif", "optionnel")
)

func scanSet(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}

// parseScanYes reads a yes or no as tools and people of both languages write it, and the words that databases put in
// columns on nullability (NOT NULL) and keys (PRI).
func parseScanYes(t ScanTarget, s string) (yes, ok bool) {
	s = strings.Join(strings.Fields(Fold(s)), " ")
	switch t {
	case ScanNullable:
		switch s {
		case "null", "nullable", "facultatif", "optional", "optionnel":
			return true, true
		case "not null", "notnull", "obligatoire", "required", "mandatory", "requis":
			return false, true
		}
	case ScanKey:
		if yes, ok = parseScanKey(s); ok {
			return yes, true
		}
	}
	switch {
	case scanYesWords[s]:
		return true, true
	case scanNoWords[s]:
		return false, true
	}
	return false, false
}

func parseScanKey(s string) (yes, ok bool) {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '/' || r == '+' })
	for _, w := range words {
		switch strings.TrimSpace(w) {
		case "pk", "pri", "primary", "primary key", "cle primaire", "primaire":
			return true, true
		case "fk", "mul", "uni", "unique", "foreign", "foreign key", "cle etrangere", "none", "aucune":
			ok = true
		default:
			return false, false
		}
	}
	return false, ok
}

// scanThousands is a whole number in groups of three, as both languages write them. A point never groups here: "1.000" may
// be one or a thousand.
var scanThousands = regexp.MustCompile(`^\d{1,3}(?:[ \x{a0}\x{202f}\x{2009}'’]\d{3})+$|^\d{1,3}(?:,\d{3})+$`)

// scanWholeFloat is a whole number as tools write it that know only floating point.
var scanWholeFloat = regexp.MustCompile(`^(\d+)[.,]0{1,2}$`)

// parseScanCount reads a number that counts: whole and not negative.
func parseScanCount(s string) (int64, bool) {
	switch {
	case scanThousands.MatchString(s):
		s = strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, s)
	case scanWholeFloat.MatchString(s):
		s = scanWholeFloat.FindStringSubmatch(s)[1]
	}
	if s == "" || s[0] == '+' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0
}

// parseScanShare reads "93 %", "93,5%" or a number from 0 to 1, which is of 0 to 100 in a column of percentages. A bare number
// above is refused: it may be a count.
func parseScanShare(s string, unit ScanUnit) (float64, bool) {
	number, percent := strings.CutSuffix(s, "%")
	percent = percent || unit == ScanUnitPercent
	number = strings.Replace(ScanText(number), ",", ".", 1)
	v, err := strconv.ParseFloat(number, 64)
	if percent {
		v /= 100
	}
	return v, err == nil && !math.IsNaN(v) && v >= 0 && v <= 1
}

var scanDateLayouts = []string{
	"2006-1-2", "2006-1-2T15:4:5Z07:00", "2006-1-2 15:4:5Z07:00", "2006-1-2 15:4:5 Z07:00", "2006-1-2 15:4:5Z07", "2006-1-2 15:4:5 MST",
	"2006-1-2T15:4:5", "2006-1-2 15:4:5", "2006-1-2T15:4", "2006-1-2 15:4", "2006/1/2", "2006/1/2 15:4:5", "2006/1/2 15:4",
	"2/1/2006", "2/1/2006 15:4:5", "2/1/2006 15:4", "2.1.2006", "2.1.2006 15:4:5", "2.1.2006 15:4", "2-1-2006", "2-1-2006 15:4:5", "2-1-2006 15:4",
}

// parseScanDate reads an ISO date or moment, or a day first as in dd/mm/yyyy. What has no zone is taken as UTC.
func parseScanDate(s string) (time.Time, bool) {
	for _, layout := range scanDateLayouts {
		at, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if name, offset := at.Zone(); strings.HasSuffix(layout, "MST") && offset == 0 && name != "UTC" && name != "GMT" {
			continue // an abbreviation whose offset nobody knows here
		}
		return at.UTC(), at.Year() >= 1900 && at.Year() < 2200
	}
	return time.Time{}, false
}
