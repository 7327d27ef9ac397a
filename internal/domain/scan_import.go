package domain

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ImportKind is what an imported file tells.
type ImportKind string

// The kinds of imports.
const (
	ImportInventory ImportKind = "inventory" // which fields there are
	ImportEvidence  ImportKind = "evidence"  // how fields are used
)

// ImportKinds are all kinds.
var ImportKinds = []ImportKind{ImportInventory, ImportEvidence}

// ImportState is how far an import is.
type ImportState string

// The states of an import. Reading, applying and undoing are work in progress; nothing of the register changes before
// applied, and each of the three ends in one transaction.
const (
	ImportUploaded  ImportState = "uploaded"  // the file is coming in
	ImportMapping   ImportState = "mapping"   // a person must say what the columns tell
	ImportReading   ImportState = "reading"   // rows are read and compared with the register
	ImportPreviewed ImportState = "previewed" // compared; a person applies it or not
	ImportApplying  ImportState = "applying"
	ImportApplied   ImportState = "applied"
	ImportUndoing   ImportState = "undoing"
	ImportUndone    ImportState = "undone"
	ImportFailed    ImportState = "failed" // the file was refused, nothing was changed
	ImportCancelled ImportState = "cancelled"
)

// ImportStates in the order in which they come.
var ImportStates = []string{"uploaded", "mapping", "reading", "previewed", "applying", "applied", "undoing", "undone", "failed", "cancelled"}

// Working tells whether the server works on the import at this moment.
func (s ImportState) Working() bool {
	return s == ImportReading || s == ImportApplying || s == ImportUndoing
}

// Cancellable tells whether the import can be given up: until it was applied.
func (s ImportState) Cancellable() bool {
	switch s {
	case ImportUploaded, ImportMapping, ImportReading, ImportPreviewed, ImportApplying:
		return true
	case ImportApplied, ImportUndoing, ImportUndone, ImportFailed, ImportCancelled:
	}
	return false
}

// ImportChange is what an import does to a field.
type ImportChange string

// The changes. Unmatched and older are those of evidence.
const (
	ChangeNew       ImportChange = "new"
	ChangeChanged   ImportChange = "changed"
	ChangeRenamed   ImportChange = "renamed"
	ChangeReturned  ImportChange = "returned" // was gone, is there again
	ChangeGone      ImportChange = "gone"
	ChangeUnchanged ImportChange = "unchanged"
	ChangeUnmatched ImportChange = "unmatched" // measures of a field that the register does not have
	ChangeOlder     ImportChange = "older"     // measured before what the register knows
)

// ImportChanges of each kind, in the order in which a preview shows them.
func ImportChanges(k ImportKind) []ImportChange {
	if k == ImportEvidence {
		return []ImportChange{ChangeNew, ChangeChanged, ChangeUnchanged, ChangeOlder, ChangeUnmatched}
	}
	return []ImportChange{ChangeNew, ChangeChanged, ChangeRenamed, ChangeReturned, ChangeGone, ChangeUnchanged}
}

// Applied tells whether applying an import changes something for a row of that change.
func (c ImportChange) Applied() bool {
	switch c {
	case ChangeNew, ChangeChanged, ChangeRenamed, ChangeReturned, ChangeGone:
		return true
	case ChangeUnchanged, ChangeUnmatched, ChangeOlder:
	}
	return false
}

// CountProblems and CountDatasets are keys of an import's counts beside its changes.
const (
	CountProblems     = "problems"
	CountDatasets     = "datasets"     // datasets that applying creates
	CountApplications = "applications" // applications that applying creates
	CountFlows        = "flows"        // flows between datasets that applying registers
)

// ImportHeadings is what a file looks like: for the person who says what its columns tell.
type ImportHeadings struct {
	Format   string // "csv" or "xlsx", or the name of a format without columns
	Encoding string
	Comma    string
	Sheet    string
	Sheets   []string
	Headings []string
	Sample   [][]string
	Document bool         // a format without columns: there is nothing to map
	Asks     bool         // the files do not say which application they describe
	Files    []ImportFile // of a document
	Notes    []ImportNote // what a document holds that is not used
}

// Import is one file brought in: read, compared, previewed, applied in one transaction, undone as a whole.
type Import struct {
	ID              ImportID
	Kind            ImportKind
	Application     ApplicationID // zero where a name was typed, or where the file names it row by row
	ApplicationName string
	Applications    []string // those that the rows name where neither says one, the first by name
	FileName        string
	FileSize        int64
	State           ImportState
	Plan            ImportPlan
	Headings        ImportHeadings
	RowsRead        int64
	RowsTotal       int64            // zero while not known
	Counts          map[string]int64 // by ImportChange, and the Count keys
	Problem         *Problem         // why the file was refused, or what a person should know
	Actor           UserID
	ActorName       string
	Batch           BatchID
	CreatedAt       time.Time
	UpdatedAt       time.Time
	AppliedAt       *time.Time
	UndoneAt        *time.Time
}

// Subject names the import in the history.
func (i Import) Subject() Subject { return Subject{SubjectImport, int64(i.ID), i.FileName} }

// Changes is how many fields applying changes.
func (i Import) Changes() (n int64) {
	for _, c := range ImportChanges(i.Kind) {
		if c.Applied() {
			n += i.Counts[string(c)]
		}
	}
	return n
}

// LeftOut are the columns of a table that are not taken, by their headings: those that nothing is made of, and those of measures,
// which an inventory does not take.
func (i Import) LeftOut() (columns, measures []string) {
	if i.Headings.Document || len(i.Plan.Targets) != len(i.Headings.Headings) {
		return nil, nil
	}
	for n, t := range i.Plan.Targets {
		heading := i.Headings.Headings[n]
		if heading == "" {
			heading = strconv.Itoa(n + 1)
		}
		switch {
		case t == ScanIgnore, i.Kind == ImportEvidence && slices.Contains(scanDescriptions, t):
			columns = append(columns, heading)
		case i.Kind == ImportInventory && t.Measures() && exportedList(i.Headings.Headings):
			columns = append(columns, heading)
		case i.Kind == ImportInventory && t.Measures():
			measures = append(measures, heading)
		}
	}
	return columns, measures
}

// exportedList tells whether headings are those of a list of fields that Utile exported: what it says of reads and of values is
// what the register had already, without the days and the time over which it was measured.
func exportedList(headings []string) bool {
	known := map[string]bool{}
	for _, h := range headings {
		known[ScanHeading(h)] = true
	}
	return known["verdict"] && (known["completeness"] || known["completude"])
}

// ImportPlan is what a person says of a file, or what was guessed of it. The zero value leaves everything to the file.
type ImportPlan struct {
	Kind            ImportKind   // empty is guessed
	Targets         []ScanTarget // what each column tells; nil is guessed
	Answered        bool         // a person gave the targets
	Application     ApplicationID
	ApplicationName string // used where the file does not name the application of a row
	Dataset         string // used where the file has no column of datasets
	Sheet           string
	Complete        bool       // the file is the whole inventory of its applications
	MeasuredOn      *time.Time // day of measures that the file does not date
}

// KindOf guesses what a file tells from what its columns tell: one that describes fields is an inventory, whatever it
// measures beside; one that only names and measures them is evidence.
func KindOf(targets []ScanTarget) ImportKind {
	kind := ImportInventory
	for _, t := range targets {
		if slices.Contains(scanDescriptions, t) {
			return ImportInventory
		}
		if t.counts() {
			kind = ImportEvidence
		}
	}
	return kind
}

// scanDescriptions are the targets that only an inventory has.
var scanDescriptions = []ScanTarget{ScanLabel, ScanDataType, ScanNullable, ScanRequired, ScanKey, ScanReferences, ScanComment, ScanCategory, ScanOwner}

// CheckDocument tells whether a format without columns can be read by the plan: all it may ask for is the application.
func (p ImportPlan) CheckDocument(asks bool) error {
	var problems Problems
	problems.Line("application", CleanLine(p.ApplicationName), asks && p.Application == 0, MaxName)
	return problems.Err()
}

// Check tells what is still missing to read a file by the plan, by the name of the form field; nil where nothing is.
func (p ImportPlan) Check(headings []string) error {
	var problems Problems
	has := func(t ScanTarget) bool { return slices.Contains(p.Targets, t) }
	if len(p.Targets) != len(headings) {
		problems.Add("targets", "import.error.columns")
	}
	seen := map[ScanTarget]bool{}
	for _, t := range p.Targets {
		if !slices.Contains(ScanTargets, t) {
			problems.Add("targets", "error.choice")
		}
		if t != ScanIgnore && seen[t] {
			problems.Add("targets", "import.error.twice")
		}
		seen[t] = true
	}
	if !has(ScanField) {
		problems.Add("targets", "import.error.no_field")
	}
	for n, t := range p.Targets {
		if p.Kind == ImportEvidence && n < len(headings) && ScanUnitOf(t, headings[n]) == ScanUnitOther {
			problems.Add("targets", "import.error.unit", "heading", headings[n])
		}
	}
	p.Dataset, p.ApplicationName = CleanLine(p.Dataset), CleanLine(p.ApplicationName)
	problems.Line("dataset", p.Dataset, !has(ScanDataset), MaxScanName)
	problems.Line("application", p.ApplicationName, !has(ScanApplication) && p.Application == 0, MaxName)
	switch p.Kind {
	case ImportInventory:
	case ImportEvidence:
		if !slices.ContainsFunc(p.Targets, ScanTarget.counts) {
			problems.Add("targets", "import.error.no_measure")
		}
		if exportedList(headings) && !has(ScanMeasured) {
			problems.Add("targets", "import.error.exported")
		}
		if !has(ScanMeasured) && p.MeasuredOn == nil {
			problems.Add("measured_on", "import.error.no_day")
		}
	default:
		problems.Add("kind", "error.choice")
	}
	return problems.Err()
}

// CheckDay tells whether the day that a person gives measures is still to come; nil where it is not.
func (p ImportPlan) CheckDay(today time.Time) error {
	var problems Problems
	if p.MeasuredOn != nil && !p.MeasuredOn.Before(MeasuresEnd(today)) {
		problems.Add("measured_on", "import.error.day_later")
	}
	return problems.Err()
}

// CleanFileName keeps of a file's name what can be shown and kept: its last part, without control characters.
func CleanFileName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if deceptive(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	name = CleanLine(name)
	if r := []rune(name); len(r) > MaxName {
		name = string(r[:MaxName-1]) + "…"
	}
	if name == "" {
		return "file"
	}
	return name
}

// ImportRegister is the list of imports.
var ImportRegister = Register{
	Name:      "imports",
	Sort:      "-started",
	NoArchive: true,
	Columns: []RegisterColumn{
		{Key: "file", Kind: CellText, Fixed: true},
		{Key: "application", Kind: CellText},
		{Key: "import_kind", Kind: CellEnum, Enum: "import.kind"},
		{Key: "import_state", Kind: CellEnum, Enum: "import.state"},
		{Key: "rows_new", Kind: CellInt, Desc: true},
		{Key: "rows_changed", Kind: CellInt, Desc: true},
		{Key: "rows_gone", Kind: CellInt, Desc: true},
		{Key: "rows_refused", Kind: CellInt, Desc: true},
		{Key: "author", Kind: CellText},
		{Key: "started", Kind: CellTime, Desc: true},
		{Key: "applied", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "import_state", Enum: "import.state", Facet: true, Values: ImportStates},
		{Key: "import_kind", Enum: "import.kind", Facet: true, Values: []string{"inventory", "evidence"}},
		{Key: "application", Facet: true, Ref: true},
	},
}

// ImportDependent is something that keeps an import from being undone.
type ImportDependent struct {
	Field   FieldID
	Name    string
	Dataset string
	Reason  string // link, mapping, decision, comment, flow, evidence, changed, name
}
