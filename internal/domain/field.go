package domain

import (
	"slices"
	"strconv"
	"time"
)

// Field is one column, attribute or information inside a dataset: the unit of everything.
type Field struct {
	ID          FieldID
	Dataset     DatasetID
	Application ApplicationID
	Name        string // technical name, as the source spells it
	Label       string
	Description string // what people wrote here
	Comment     string // what the source says of it
	DataType    string
	Nullable    *bool // nil where the source does not say
	IsKey       bool
	Reference   string // what it points to, as table.column
	Category    CategoryID
	Class       GDPRClass // class of the category
	Origin      string
	Retention   RetentionRuleID // rule that was chosen for it alone; zero for none
	Owner       UserID
	Points      []CollectionPointID // where it is collected, in rising order
	Source      SourceFacts         // what else the source tells of it
	State       string
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ArchivedAt  *time.Time
}

// Origins are the ways in which a field comes to be.
var Origins = []string{"collected", "received", "observed", "derived", "technical", "unknown"}

// FieldStates: a field that a newer inventory no longer has is kept as gone.
var FieldStates = []string{"active", "gone", "archived"}

// NewField checks and cleans what was typed.
func NewField(f Field) (Field, error) {
	f.Name, f.Label, f.DataType, f.Reference = CleanLine(f.Name), CleanLine(f.Label), CleanLine(f.DataType), CleanLine(f.Reference)
	if f.Origin == "" {
		f.Origin = "unknown"
	}
	var p Problems
	p.Line("name", f.Name, true, 500)
	p.Line("label", f.Label, false, 500)
	p.Line("data_type", f.DataType, false, MaxName)
	p.Line("reference", f.Reference, false, 1000)
	p.Text("description", f.Description, MaxText)
	p.OneOf("origin", f.Origin, Origins...)
	if f.Dataset == 0 {
		p.Add("dataset", "error.required")
	}
	f.Points = slices.Clone(f.Points)
	slices.Sort(f.Points)
	f.Points = slices.Compact(f.Points)
	return f, p.Err()
}

// SuggestsOtherwise tells whether another category may be suggested than was before, for this field or for others.
func (f Field) SuggestsOtherwise(was Field) bool {
	return f.Name != was.Name || f.Label != was.Label || f.Description != was.Description || f.DataType != was.DataType ||
		f.IsKey != was.IsKey || f.Reference != was.Reference || f.Category != was.Category
}

// Subject names the field in the history.
func (f Field) Subject() Subject { return Subject{SubjectField, int64(f.ID), f.Name} }

// Revision is the number of times that it was saved.
func (f Field) Revision() int { return f.Version }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (f Field) Archived() bool { return f.ArchivedAt != nil }

// Facts are the named values that the history keeps.
func (f Field) Facts() map[string]any {
	nullable := "unknown"
	if f.Nullable != nil {
		nullable = map[bool]string{true: "yes", false: "no"}[*f.Nullable]
	}
	points := make([]string, len(f.Points)) // as texts, so that two lists can be compared
	for i, id := range f.Points {
		points[i] = strconv.FormatInt(int64(id), 10)
	}
	return map[string]any{"collection_points": points, "dataset": int64(f.Dataset), "name": f.Name, "label": f.Label, "description": f.Description,
		"data_type": f.DataType, "nullable": nullable, "is_key": f.IsKey, "reference": f.Reference, "category": int64(f.Category),
		"origin": f.Origin, "retention": int64(f.Retention), "owner": int64(f.Owner)}
}

// Verdicts in the order in which they are shown.
var Verdicts = []string{"keep", "regularise", "dormant", "delete", "unclassified", "exempt"}

// GDPRClasses in order of how much they ask for.
var GDPRClasses = []string{"nir", "criminal_art10", "sensitive_art9", "highly_personal", "personal", "non_personal", "unclassified"}

// DecisionKinds are the answers that a person can give to a flag.
var DecisionKinds = []string{"keep_until", "to_dpo", "propose_deletion"}

// GradeCodes name the grades of usage evidence, the strongest first.
var GradeCodes = func() []string {
	codes := make([]string, len(Grades))
	for i, g := range Grades {
		codes[len(Grades)-1-i] = g.Code()
	}
	return codes
}()

// FieldRegister is the list of fields.
var FieldRegister = Register{
	Name: "fields",
	Sort: "field",
	Columns: []RegisterColumn{
		{Key: "application", Kind: CellText},
		{Key: "dataset", Kind: CellText, Hidden: true},
		{Key: "field", Kind: CellCode, Fixed: true},
		{Key: "label", Kind: CellText, Hidden: true},
		{Key: "data_type", Kind: CellCode, Hidden: true},
		{Key: "category", Kind: CellText, Hidden: true},
		{Key: "category_code", Kind: CellCode, Hidden: true, NoSort: true},
		{Key: "suggestion", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "suggestion_code", Kind: CellCode, Hidden: true, NoSort: true},
		{Key: "confidence", Kind: CellPercent, Hidden: true, Desc: true},
		{Key: "gdpr_class", Kind: CellEnum, Enum: "class", Hidden: true},
		{Key: "programs", Kind: CellTexts, NoSort: true},
		{Key: "purposes", Kind: CellTexts, Hidden: true, NoSort: true},
		{Key: "evidence", Kind: CellEnum, Enum: "grade", Desc: true},
		{Key: "fill", Kind: CellPercent},
		{Key: "reads", Kind: CellInt, Hidden: true, Desc: true, NoSort: true},
		{Key: "last_read", Kind: CellTime, Hidden: true, NoSort: true},
		{Key: "last_write", Kind: CellTime, Hidden: true, NoSort: true},
		{Key: "retention", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "flags", Kind: CellEnums, Enum: "flag", NoSort: true},
		{Key: "verdict", Kind: CellEnum, Enum: "verdict"},
		{Key: "lawful", Kind: CellBool, Hidden: true, NoSort: true},
		{Key: "used", Kind: CellBool, Hidden: true, NoSort: true},
		{Key: "decision", Kind: CellEnum, Enum: "decision", Hidden: true, NoSort: true},
		{Key: "decision_until", Kind: CellDate, Hidden: true, NoSort: true},
		{Key: "owner", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "origin", Kind: CellEnum, Enum: "origin", Hidden: true, NoSort: true},
		{Key: "state", Kind: CellEnum, Enum: "state", Hidden: true, NoSort: true},
		{Key: "completeness", Kind: CellInt, Hidden: true},
		{Key: "is_key", Kind: CellBool, Hidden: true, NoSort: true},
		{Key: "nullable", Kind: CellBool, Hidden: true, NoSort: true},
		{Key: "reference", Kind: CellCode, Hidden: true, NoSort: true},
		{Key: "description", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "comment", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "source_facts", Kind: CellFacts, Hidden: true, NoSort: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "verdict", Enum: "verdict", Facet: true, Values: Verdicts},
		{Key: "flag", Enum: "flag", Facet: true, Values: FlagCodes()},
		{Key: "application", Facet: true, Ref: true},
		{Key: "dataset", Ref: true},
		{Key: "gdpr_class", Enum: "class", Facet: true, Values: GDPRClasses},
		{Key: "category", Ref: true},
		{Key: "suggestion", Enum: "choice", Values: []string{"yes", "no"}},
		{Key: "confidence", Enum: "suggestion.floor", Values: SuggestionFloors},
		{Key: "program", Facet: true, Ref: true},
		{Key: "purpose", Ref: true},
		{Key: "mapping", Enum: "mapping.state", Values: []string{"proposed", "approved", "rejected"}},
		{Key: "evidence", Enum: "grade", Facet: true, Values: GradeCodes},
		{Key: "decision", Enum: "decision", Facet: true, Values: DecisionKinds},
		{Key: "owner", Facet: true, Ref: true},
		{Key: "origin", Enum: "origin", Values: Origins},
		{Key: "collection_point", Ref: true},
		{Key: "rule", Ref: true},
		{Key: "state", Enum: "state", Facet: true, Values: FieldStates},
	},
}
