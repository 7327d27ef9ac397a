package domain

import (
	"cmp"
	"math"
	"regexp"
	"slices"
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
	ScanWindow      ScanTarget = "window_days"
	ScanMeasured    ScanTarget = "measured_at"
	ScanSource      ScanTarget = "source"
	ScanIgnore      ScanTarget = "ignore"
)

// ScanTargets are all targets in the order in which a form offers them.
var ScanTargets = []ScanTarget{
	ScanApplication, ScanSchema, ScanDataset, ScanField, ScanLabel, ScanDataType, ScanNullable, ScanRequired, ScanKey, ScanReferences,
	ScanComment, ScanCategory, ScanOwner, ScanRows, ScanNonNull, ScanFillRate, ScanDistinct, ScanReads, ScanLastRead, ScanLastWrite,
	ScanWindow, ScanMeasured, ScanSource, ScanIgnore,
}

// Measures tells whether the target is a measure of a field rather than a description of it.
func (t ScanTarget) Measures() bool {
	switch t {
	case ScanRows, ScanNonNull, ScanFillRate, ScanDistinct, ScanReads, ScanLastRead, ScanLastWrite, ScanWindow, ScanMeasured, ScanSource:
		return true
	case ScanApplication, ScanSchema, ScanDataset, ScanField, ScanLabel, ScanDataType, ScanNullable, ScanRequired, ScanKey,
		ScanReferences, ScanComment, ScanCategory, ScanOwner, ScanIgnore:
	}
	return false
}

// RowProblem is a reason why a row of a file is not taken.
//
// Keys: scan.problem.required, scan.problem.too_long (most), scan.problem.characters, scan.problem.yes_no (value),
// scan.problem.count (value), scan.problem.share (value), scan.problem.date (value), scan.problem.window (value, most),
// scan.problem.non_null_over_rows (non_null, rows), scan.problem.nothing_measured, scan.problem.duplicate (line).
type RowProblem struct {
	Line   int
	Column string // the target here; whoever knows the file's headings puts the heading instead
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
	MeasuredAt  *time.Time
	Source      string
}

// MaxScanWindowDays is the longest time over which reads may have been counted.
const MaxScanWindowDays = 3660

// NewMeasuredField checks a row of measures, given its cells by target. It takes none of a row that has a problem.
func NewMeasuredField(line int, cells map[ScanTarget]string) (MeasuredField, []RowProblem) {
	r := scanRow{line: line, cells: cells}
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
		m.LastWriteAt != nil
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
	share, ok := parseScanShare(s)
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

// parseScanShare reads "93 %", "93,5%" or a number from 0 to 1. A bare number above 1 is refused: it may be a count.
func parseScanShare(s string) (float64, bool) {
	number, percent := strings.CutSuffix(s, "%")
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

// ScanHeading reduces a heading to the words by which it is recognised and remembered: no case, accents, punctuation,
// text in parentheses.
func ScanHeading(heading string) string {
	if i := strings.IndexByte(heading, '('); i > 0 {
		heading = heading[:i]
	}
	return strings.Join(scanWords(heading), " ")
}

// scanWords splits a name into lower-case words without accents: at punctuation, at white space and inside camelCase.
func scanWords(s string) []string {
	var b strings.Builder
	b.Grow(len(s) + 4)
	var last rune
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r):
			if unicode.IsUpper(r) && (unicode.IsLower(last) || unicode.IsDigit(last)) {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
		last = r
	}
	return strings.Fields(Fold(b.String()))
}

// scanFillers are words that change nothing of a heading's meaning.
var scanFillers = scanSet("de", "du", "des", "d", "la", "le", "les", "l", "un", "une", "the", "of", "a", "an", "en", "sql",
	"technique", "technical", "optionnel", "optional", "facultatif", "n", "no", "o")

// scanAliases are the headings known for each target, the surest first.
var scanAliases = map[ScanTarget][]string{
	ScanApplication: {"application", "system", "système", "système source", "source system", "logiciel", "outil", "appli", "application name",
		"nom de l'application", "system name", "nom du système", "app", "database", "base de données", "table catalog", "base", "progiciel", "data source"},
	ScanSchema: {"schema", "schéma", "table schema", "schema name", "nom du schéma", "namespace"},
	ScanDataset: {"dataset", "table", "table name", "nom de la table", "jeu de données", "object", "objet", "entity", "entité", "object name",
		"nom de l'objet", "object api name", "sobject", "collection", "model", "relation", "fichier", "file", "dataset name", "nom du jeu de données",
		"entity name", "nom de l'entité", "tableau", "classe", "qualified api name of object", "feuille", "tables"},
	ScanField: {"field", "column", "champ", "colonne", "column name", "field name", "nom du champ", "nom de la colonne", "attribut", "attribute",
		"attribute name", "nom de l'attribut", "nom technique du champ", "nom technique", "api name", "field api name", "internal name", "nom interne",
		"qualified api name", "rubrique", "zone", "donnée", "nom de la donnée", "data element", "property", "propriété", "property name",
		"information", "variable", "clé", "champs", "colonnes", "fields", "columns"},
	ScanLabel: {"label", "libellé", "field label", "libellé du champ", "libellé de la colonne", "intitulé", "display name", "nom affiché", "column label",
		"nom fonctionnel", "nom métier", "business name", "title", "titre", "libellé métier", "libellé court"},
	ScanDataType: {"data type", "type", "type de données", "type de donnée", "column type", "field type", "type de champ", "type du champ", "datatype",
		"type de colonne", "type de la colonne", "native type", "type technique", "format", "udt name"},
	ScanNullable: {"nullable", "is nullable", "null", "nillable", "null allowed", "nul autorisé", "nullable o n", "accepte null", "nul", "allow null",
		"facultatif", "optionnel", "optional"},
	ScanRequired: {"required", "obligatoire", "mandatory", "is required", "not null", "requis", "champ obligatoire", "saisie obligatoire", "non null", "notnull"},
	ScanKey: {"is primary key", "primary key", "clé primaire", "pk", "is pk", "key", "clé", "is key", "column key", "est clé primaire", "identifiant unique",
		"clef primaire", "clef", "primary"},
	ScanReferences: {"references", "reference", "référence", "références", "foreign key", "clé étrangère", "fk", "reference to", "referenced table", "relation vers",
		"clef étrangère", "foreign table", "lien vers"},
	ScanComment: {"comment", "commentaire", "comments", "commentaires", "description", "définition", "definition", "column comment", "remarque", "remarques",
		"description du champ", "field description", "remarks", "notes", "note", "help text", "inline help text", "signification", "observations"},
	ScanCategory: {"category", "catégorie", "data category", "catégorie de données", "catégorie de donnée", "category code", "code catégorie", "type de donnée personnelle",
		"catégorie rgpd", "catégories de données"},
	ScanOwner: {"owner", "propriétaire", "responsable", "data owner", "responsable de la donnée", "business owner", "propriétaire de la donnée", "steward",
		"data steward", "référent", "responsable métier", "field owner"},
	ScanRows: {"row count", "rows", "nb lignes", "nombre de lignes", "nb de lignes", "number of rows", "total rows", "lignes", "nb enregistrements",
		"nombre d'enregistrements", "record count", "records", "volume", "volumétrie", "total", "num rows", "enregistrements"},
	ScanNonNull: {"non null count", "non null", "not null count", "filled", "nb renseignés", "nombre de valeurs renseignées", "valeurs renseignées", "valeurs non nulles",
		"nb non nuls", "nombre de valeurs non nulles", "filled count", "renseignés", "nb valeurs", "nb remplis", "non nuls", "filled rows"},
	ScanFillRate: {"fill rate", "taux de remplissage", "remplissage", "taux de complétude", "complétude", "completeness", "fill percent", "percent filled",
		"taux renseigné", "pourcentage rempli", "fill", "taux rempli"},
	ScanDistinct: {"distinct count", "distinct", "valeurs distinctes", "nb valeurs distinctes", "nombre de valeurs distinctes", "distinct values", "n distinct",
		"unique values", "valeurs uniques", "cardinalité", "cardinality", "nb distinct"},
	ScanReads: {"reads", "lectures", "read count", "nb lectures", "nombre de lectures", "queries", "requêtes", "nb requêtes", "nombre de requêtes", "usage count",
		"accès", "nb accès", "query count"},
	ScanLastRead: {"last read at", "last read", "dernière lecture", "date de dernière lecture", "last access", "last accessed", "dernier accès", "date de dernier accès",
		"last used", "dernière utilisation", "date dernière utilisation", "last query", "dernière requête", "last used at", "last accessed at", "last read date"},
	ScanLastWrite: {"last write at", "last write", "dernière écriture", "date de dernière écriture", "last written", "last update", "last updated", "dernière mise à jour",
		"date de dernière mise à jour", "last modified", "dernière modification", "date de dernière modification", "last updated at", "last modified at"},
	ScanWindow: {"window days", "window", "fenêtre", "fenêtre jours", "période jours", "jours", "days", "nb jours", "période d'observation", "observation days",
		"nombre de jours"},
	ScanMeasured: {"measured at", "measured on", "mesuré le", "date de mesure", "measure date", "date du relevé", "relevé le", "snapshot date", "as of", "date d'extraction",
		"extraction date", "collected at"},
	ScanSource: {"source", "evidence source", "source de la mesure", "origine de la mesure", "measured by", "mesuré par", "outil de mesure", "source de mesure"},
}

// scanGuess says that a heading may mean a target; lower ranks are surer.
type scanGuess struct {
	target ScanTarget
	rank   int
}

// Ranks of guesses that come behind every heading known as it stands: headings known without their fillers, and a bare name,
// which is the field's where nothing else is, and else how people call it.
const (
	scanRankBare      = 1000
	scanRankNameField = 1900
	scanRankNameLabel = 1950
)

// scanKnown finds the guesses of a heading by its words, scanKnownBare by its words without fillers.
var (
	scanKnown     = scanIndex(0, ScanHeading)
	scanKnownBare = scanIndex(scanRankBare, func(alias string) string { return scanBare(ScanHeading(alias)) })
)

func scanIndex(rank int, words func(string) string) map[string][]scanGuess {
	known := map[string][]scanGuess{}
	for _, t := range ScanTargets {
		for i, alias := range scanAliases[t] {
			if w := words(alias); w != "" {
				known[w] = append(known[w], scanGuess{t, rank + i})
			}
		}
	}
	for _, name := range []string{"name", "nom"} {
		known[name] = append(known[name], scanGuess{ScanField, scanRankNameField}, scanGuess{ScanLabel, scanRankNameLabel})
	}
	return known
}

// GuessHeadings proposes what each column of a file tells, from its headings and some of its rows. Remembered is what people
// chose before, by ScanHeading of the heading; it wins. Each target is proposed at most once; what is not recognised is
// ignored.
func GuessHeadings(headers []string, sample [][]string, remembered map[string]string) []ScanTarget {
	targets := make([]ScanTarget, len(headers))
	taken := map[ScanTarget]bool{}
	take := func(i int, t ScanTarget) {
		if targets[i] == "" && (t == ScanIgnore || !taken[t]) {
			targets[i], taken[t] = t, true
		}
	}
	type candidate struct {
		column int
		scanGuess
	}
	var candidates []candidate
	for i, h := range headers {
		words := ScanHeading(h)
		if t := ScanTarget(remembered[words]); words != "" && slices.Contains(ScanTargets, t) {
			take(i, t)
			continue
		}
		for _, g := range scanGuesses(words) {
			if scanAgrees(g.target, i, sample) {
				candidates = append(candidates, candidate{i, g})
			}
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.rank, b.rank) })
	for _, c := range candidates {
		take(c.column, c.target)
	}
	for i := range targets {
		take(i, ScanIgnore)
	}
	return targets
}

// scanGuesses looks a heading up as it stands, then without words that change nothing.
func scanGuesses(words string) []scanGuess {
	if found := scanKnown[words]; found != nil {
		return found
	}
	return scanKnownBare[scanBare(words)]
}

func scanBare(words string) string {
	var out []string
	for w := range strings.SplitSeq(words, " ") {
		if !scanFillers[w] {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

// scanAgrees tells whether the values of a column can be what its heading says: at least half of those seen.
func scanAgrees(t ScanTarget, column int, sample [][]string) bool {
	var valid func(string) bool
	switch t {
	case ScanNullable, ScanRequired, ScanKey:
		valid = func(s string) bool { _, ok := parseScanYes(t, s); return ok }
	case ScanRows, ScanNonNull, ScanDistinct, ScanReads, ScanWindow:
		valid = func(s string) bool { _, ok := parseScanCount(s); return ok }
	case ScanFillRate:
		valid = func(s string) bool { _, ok := parseScanShare(s); return ok }
	case ScanLastRead, ScanLastWrite, ScanMeasured:
		valid = func(s string) bool { _, ok := parseScanDate(s); return ok }
	case ScanField:
		valid = func(s string) bool { _, ok := parseScanYes(ScanNullable, s); return !ok || len(s) == 1 }
	case ScanApplication, ScanSchema, ScanDataset, ScanLabel, ScanDataType, ScanReferences, ScanComment, ScanCategory, ScanOwner,
		ScanSource, ScanIgnore:
		return true
	}
	seen, agree := 0, 0
	for _, row := range sample {
		if column >= len(row) {
			continue
		}
		if s := ScanText(row[column]); s != "" {
			seen++
			if valid(s) {
				agree++
			}
		}
	}
	return 2*agree >= seen
}

// FoundName is what a rename is guessed from.
type FoundName struct {
	Dataset  string
	Name     string
	DataType string
}

// maxScanRenamePairs bounds the comparisons in one dataset. Where more fields than that come and go at once, the dataset was
// replaced, and pairs would be chance.
const maxScanRenamePairs = 250_000

// ProbableRenames pairs fields that are gone with fields that are new in the same dataset, of the same type and with a name
// that says the same. It is careful rather than complete: each field is paired once, and not at all where two candidates
// are as good.
func ProbableRenames(gone, added []FoundName) map[FoundName]FoundName {
	byDataset := map[string][]FoundName{}
	for _, a := range added {
		byDataset[a.Dataset] = append(byDataset[a.Dataset], a)
	}
	goneBy := map[string][]FoundName{}
	for _, g := range gone {
		goneBy[g.Dataset] = append(goneBy[g.Dataset], g)
	}
	renames := map[FoundName]FoundName{}
	for dataset, old := range goneBy {
		if fresh := byDataset[dataset]; len(old)*len(fresh) <= maxScanRenamePairs {
			scanRenames(old, fresh, renames)
		}
	}
	return renames
}

// scanBest is the best partner of a field so far, and whether another is as good.
type scanBest struct {
	partner int
	score   float64
	tied    bool
}

func (b *scanBest) offer(partner int, score float64) {
	switch {
	case score > b.score:
		*b = scanBest{partner, score, false}
	case score == b.score && score > 0:
		b.tied = true
	}
}

func scanRenames(gone, added []FoundName, renames map[FoundName]FoundName) {
	words := func(names []FoundName) (out [][]string) {
		for _, n := range names {
			out = append(out, scanNameWords(n.Name))
		}
		return out
	}
	old, fresh := words(gone), words(added)
	bestOld, bestFresh := make([]scanBest, len(gone)), make([]scanBest, len(added))
	for i := range gone {
		for j := range added {
			if scanBaseType(gone[i].DataType) != scanBaseType(added[j].DataType) {
				continue
			}
			score := scanNameLikeness(old[i], fresh[j])
			bestOld[i].offer(j, score)
			bestFresh[j].offer(i, score)
		}
	}
	for i, b := range bestOld {
		if b.score > 0 && !b.tied && !bestFresh[b.partner].tied && bestFresh[b.partner].partner == i {
			renames[gone[i]] = added[b.partner]
		}
	}
}

// scanBaseType is a data type without its length, which a rename often changes too.
func scanBaseType(t string) string {
	if i := strings.IndexByte(t, '('); i >= 0 {
		t = t[:i]
	}
	return CleanLine(strings.ToLower(t))
}

// scanNameWords splits a name into words, and a word from the number behind it.
func scanNameWords(name string) []string {
	var out []string
	for _, w := range scanWords(name) {
		if i := strings.IndexFunc(w, unicode.IsDigit); i > 0 {
			out = append(out, w[:i], w[i:])
		} else {
			out = append(out, w)
		}
	}
	return out
}

// scanNeutral are words that a name may gain or lose at its end and mean the same.
var scanNeutral = scanSet("address", "adresse", "name", "nom", "value", "valeur", "number", "numero", "num", "nb", "field", "champ", "column",
	"col", "code", "id", "text", "txt", "c", "custom")

// scanNameLikeness is 1 for the same words written otherwise, lower for a correction or an added qualifier, 0 for unlike.
func scanNameLikeness(a, b []string) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if strings.Join(a, "") == strings.Join(b, "") {
		return 1
	}
	if !slices.Equal(scanNumbers(a), scanNumbers(b)) {
		return 0 // phone1 and phone2 are two fields
	}
	switch {
	case len(a) == len(b):
		return scanWordsLikeness(a, b)
	case len(a) > len(b):
		a, b = b, a
	}
	if len(b) != len(a)+1 {
		return 0
	}
	front, back := slices.Equal(a, b[1:]), slices.Equal(a, b[:len(a)])
	switch {
	case back && scanNeutral[b[len(a)]] && len(strings.Join(a, "")) >= 4:
		return 0.8
	case front && len(a) >= 2:
		return 0.7
	}
	return 0
}

func scanNumbers(words []string) []string {
	var out []string
	for _, w := range words {
		if w[0] >= '0' && w[0] <= '9' {
			out = append(out, w)
		}
	}
	return out
}

// scanWordsLikeness compares word by word: every word must be the same or a spelling of the same.
func scanWordsLikeness(a, b []string) float64 {
	total := 0.0
	for i := range a {
		one := 1.0
		if a[i] != b[i] {
			one = scanWordLikeness(a[i], b[i])
		}
		if one == 0 {
			return 0
		}
		total += one
	}
	return 0.95 * total / float64(len(a)) // below the same words written otherwise
}

// scanNegations turn a word into its opposite when put before it.
var scanNegations = scanSet("in", "un", "non", "dis", "des", "de", "ir", "im", "no", "not", "anti", "post", "pre", "re")

func scanWordLikeness(a, b string) float64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 4 || len(b) > 60 {
		return 0 // too short to tell, or no word
	}
	if prefix, ok := strings.CutSuffix(b, a); ok && scanNegations[prefix] {
		return 0
	}
	x, y := []rune(a), []rune(b)
	likeness := 1 - float64(scanEditDistance(x, y))/float64(max(len(x), len(y)))
	if likeness <= 0.75 {
		return 0
	}
	return likeness
}

// scanEditDistance is the number of letters to insert, drop or replace, by the rows of the usual table.
func scanEditDistance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
