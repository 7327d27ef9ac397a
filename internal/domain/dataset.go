package domain

import (
	"slices"
	"strings"
	"time"
)

// Dataset is a table, file, object or collection inside an application.
type Dataset struct {
	ID               DatasetID
	Application      ApplicationID
	Name             string // technical name, as the source spells it
	SourceName       string // table of the first file that told of it; empty where none did
	SourceSchema     string // schema of that table; empty where no file names one
	Label            string
	Description      string
	Structure        string
	Subjects         []string        // whose data it holds: DatasetSubjects, or people's own words
	RowCount         *int64          // nil where nobody has counted
	Retention        RetentionRuleID // rule that was chosen for it as a whole; zero for none
	OldestRecordOn   *time.Time      // as a person declared it
	MeasuredOldestOn *time.Time      // as measured last; nil where it was not
	OldestMeasuredAt *time.Time
	OldestSource     string // what measured it
	IsMaster         bool   // declared reference: copies elsewhere are duplicates
	State            string
	Version          int
	CreatedAt        time.Time
	UpdatedAt        time.Time
	ArchivedAt       *time.Time
}

// CalledOtherwise is what sources call what people call name; empty where it is the same, or no source told of it.
func CalledOtherwise(name, schema, source string) string {
	full := source
	if schema != "" {
		full = ScanDatasetName(schema, source)
	}
	if source == "" || strings.EqualFold(name, source) || strings.EqualFold(name, full) {
		return ""
	}
	return full
}

// Choices of a dataset's lists. Subjects may hold people's own words too.
var (
	DatasetStructures = []string{"structured", "semi_structured", "unstructured"}
	DatasetSubjects   = []string{"customers", "prospects", "visitors", "former_customers", "minors", "employees", "suppliers", "partners"}
	DatasetStates     = []string{"active", "gone", "archived"}
)

// Limits of a dataset's numbers.
const (
	maxDatasetRows = 1_000_000_000_000 // more is a typing error
)

// NewDataset checks and cleans what was typed.
func NewDataset(d Dataset) (Dataset, error) {
	d.Name, d.Label = CleanLine(d.Name), CleanLine(d.Label)
	d.Description, d.Subjects = strings.TrimSpace(d.Description), CleanList(d.Subjects)
	if d.Structure == "" {
		d.Structure = "structured"
	}
	var p Problems
	if d.Application == 0 {
		p.Add("application", "error.required")
	}
	p.Line("name", d.Name, true, 500)
	p.Line("label", d.Label, false, 500)
	p.Text("description", d.Description, MaxText)
	p.OneOf("structure", d.Structure, DatasetStructures...)
	p.List("subjects", d.Subjects)
	if d.RowCount != nil && (*d.RowCount < 0 || *d.RowCount > maxDatasetRows) {
		p.Add("row_count", "error.range", "least", 0, "most", maxDatasetRows)
	}
	return d, p.Err()
}

// Subject names the dataset in the history.
func (d Dataset) Subject() Subject { return Subject{SubjectDataset, int64(d.ID), d.Name} }

// Revision is the version that a form carries, so that nobody's change is overwritten unseen.
func (d Dataset) Revision() int { return d.Version }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (d Dataset) Archived() bool { return d.ArchivedAt != nil }

// OldestOn is the day of the oldest record, by which retention is judged: as measured, else as declared; nil where nobody knows.
func (d Dataset) OldestOn() *time.Time {
	if d.MeasuredOldestOn != nil {
		return d.MeasuredOldestOn
	}
	return d.OldestRecordOn
}

// Facts are the named values that the history keeps.
func (d Dataset) Facts() map[string]any {
	facts := map[string]any{"application": int64(d.Application), "name": d.Name, "label": d.Label, "description": d.Description,
		"structure": d.Structure, "subjects": d.Subjects, "row_count": nil, "retention": int64(d.Retention),
		"oldest_record_on": nil, "is_master": d.IsMaster}
	if d.RowCount != nil {
		facts["row_count"] = *d.RowCount
	}
	if d.OldestRecordOn != nil {
		facts["oldest_record_on"] = d.OldestRecordOn.Format(time.DateOnly)
	}
	return facts
}

// datasetVerdictFacts are the facts that verdicts of fields depend on.
var datasetVerdictFacts = []string{"application", "subjects", "retention", "oldest_record_on", "is_master"}

// JudgesOtherwise tells whether any verdict may be another once the dataset has become next.
func (d Dataset) JudgesOtherwise(next Dataset) bool {
	before, after := d.Facts(), next.Facts()
	return slices.ContainsFunc(datasetVerdictFacts, func(name string) bool { return !equalValue(before[name], after[name]) })
}

// DatasetRegister is the list of datasets.
var DatasetRegister = Register{
	Name: "datasets",
	Sort: "name",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellCode, Fixed: true},
		{Key: "label", Kind: CellText},
		{Key: "application", Kind: CellText},
		{Key: "subjects", Kind: CellEnums, Enum: "subject", NoSort: true},
		{Key: "structure", Kind: CellEnum, Enum: "dataset.structure", Hidden: true},
		{Key: "row_count", Kind: CellInt, Desc: true},
		{Key: "retention", Kind: CellText},
		{Key: "over_fields", Kind: CellInt, Hidden: true, Desc: true},
		{Key: "oldest_record_on", Kind: CellDate, Hidden: true},
		{Key: "is_master", Kind: CellBool},
		{Key: "fields", Kind: CellInt, Desc: true},
		{Key: "unused", Kind: CellInt, Desc: true},
		{Key: "completeness", Kind: CellPercent},
		{Key: "description", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "state", Enum: "state", Facet: true, Values: DatasetStates},
		{Key: "application", Facet: true, Ref: true},
		{Key: "subjects", Enum: "subject", Facet: true},
		{Key: "structure", Enum: "dataset.structure", Facet: true, Values: DatasetStructures},
		{Key: "retention", Enum: "dataset.retention", Facet: true, Values: []string{"set", "missing", "over"}},
		{Key: "rule", Ref: true},
		{Key: "is_master", Enum: "choice", Facet: true, Values: []string{"yes", "no"}},
	},
}
