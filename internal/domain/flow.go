package domain

import (
	"strings"
	"time"
)

// Flow is a movement of data from one application or dataset to another.
type Flow struct {
	ID          FlowID
	Name        string
	Source      FlowEnd
	Target      FlowEnd
	Mechanism   string // one of FlowMechanisms, or a person's own word
	Frequency   string // one of FlowFrequencies, or a person's own word
	Encrypted   string // on its way: yes, no or unknown
	Country     string // that the data goes to, as people write it
	Purpose     PurposeID
	Description string
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ArchivedAt  *time.Time
}

// FlowEnd is where a flow starts or arrives: an application, and a dataset of it where that is known.
type FlowEnd struct {
	Application ApplicationID
	Dataset     DatasetID // zero for the application as a whole
	// Names of the two, for people; the store fills them.
	ApplicationName string
	DatasetName     string
}

// Name is the end in words.
func (e FlowEnd) Name() string {
	if e.DatasetName == "" {
		return e.ApplicationName
	}
	return e.ApplicationName + " › " + e.DatasetName
}

func (e FlowEnd) same(o FlowEnd) bool {
	return e.Application == o.Application && e.Dataset == o.Dataset
}

// FlowField is a field that a flow carries, and where it arrives when that is known.
type FlowField struct {
	Source      FieldID
	SourceName  string
	Target      FieldID // zero where nobody said
	TargetName  string
	SourceTable string // dataset of the source
	TargetTable string // dataset of the target
	Class       GDPRClass
}

// Suggestions of a flow's lists; people may write their own words.
var (
	FlowMechanisms  = []string{"api", "file", "etl", "webhook", "event_stream", "manual"}
	FlowFrequencies = []string{"real_time", "hourly", "daily", "weekly", "monthly", "on_demand"}
)

// NewFlow checks and cleans what was typed. That a dataset belongs to its application is for the store to say.
func NewFlow(f Flow) (Flow, error) {
	f.Name, f.Mechanism, f.Frequency, f.Country = CleanLine(f.Name), CleanLine(f.Mechanism), CleanLine(f.Frequency), CleanLine(f.Country)
	f.Description = strings.TrimSpace(f.Description)
	if f.Encrypted == "" {
		f.Encrypted = "unknown"
	}
	var p Problems
	p.Line("name", f.Name, true, 300)
	p.Line("mechanism", f.Mechanism, false, MaxName)
	p.Line("frequency", f.Frequency, false, MaxName)
	p.Line("country", f.Country, false, MaxName)
	p.Text("description", f.Description, MaxText)
	p.OneOf("encrypted", f.Encrypted, YesNo...)
	if f.Source.Application == 0 {
		p.Add("source_application", "error.required")
	}
	if f.Target.Application == 0 {
		p.Add("target_application", "error.required")
	}
	p.Merge(f.endProblems())
	return f, p.Err()
}

// endProblems refuses a flow that goes nowhere: within one application it leads from one dataset to another.
func (f Flow) endProblems() Problems {
	if f.Source.Application == 0 || f.Source.Application != f.Target.Application {
		return nil
	}
	var p Problems
	switch {
	case f.Source.Dataset == 0 && f.Target.Dataset == 0:
		p.Add("target_application", "flow.same.application")
	case f.Source.Dataset == 0:
		p.Add("source_dataset", "flow.same.dataset_missing")
	case f.Target.Dataset == 0:
		p.Add("target_dataset", "flow.same.dataset_missing")
	case f.Source.Dataset == f.Target.Dataset:
		p.Add("target_dataset", "flow.same.dataset")
	}
	return p
}

// SameEnds tells whether both flows start and arrive at the same places.
func (f Flow) SameEnds(o Flow) bool { return f.Source.same(o.Source) && f.Target.same(o.Target) }

// Subject names the flow in the history.
func (f Flow) Subject() Subject { return Subject{SubjectFlow, int64(f.ID), f.Name} }

// Revision is the number of times that it was saved.
func (f Flow) Revision() int { return f.Version }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (f Flow) Archived() bool { return f.ArchivedAt != nil }

// Facts are the named values that the history keeps. Datasets are kept by name: there may be too many to look up.
func (f Flow) Facts() map[string]any {
	return map[string]any{"name": f.Name, "source_application": int64(f.Source.Application), "source_dataset": f.Source.DatasetName,
		"target_application": int64(f.Target.Application), "target_dataset": f.Target.DatasetName, "mechanism": f.Mechanism,
		"frequency": f.Frequency, "encrypted": f.Encrypted, "country": f.Country, "purpose": int64(f.Purpose), "description": f.Description}
}

// Completeness of a flow that carries so many known fields, see CompletenessOf.
func (f Flow) Completeness(fields int64) (percent int, missing []string) {
	return CompletenessOf(
		Check{"encrypted", 20, f.Encrypted != "unknown"},
		Check{"fields", 20, fields > 0},
		Check{"purpose", 15, f.Purpose != 0},
		Check{"mechanism", 15, f.Mechanism != ""},
		Check{"frequency", 10, f.Frequency != ""},
		Check{"country", 10, f.Country != ""},
		Check{"description", 10, f.Description != ""},
	)
}

// FlowRegister is the list of flows.
var FlowRegister = Register{
	Name: "flows",
	Sort: "name",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "flow_source", Kind: CellText},
		{Key: "flow_target", Kind: CellText},
		{Key: "source_application", Kind: CellText, Hidden: true},
		{Key: "source_dataset", Kind: CellCode, Hidden: true},
		{Key: "target_application", Kind: CellText, Hidden: true},
		{Key: "target_dataset", Kind: CellCode, Hidden: true},
		{Key: "mechanism", Kind: CellEnum, Enum: "flow.mechanism"},
		{Key: "frequency", Kind: CellEnum, Enum: "flow.frequency"},
		{Key: "encrypted", Kind: CellEnum, Enum: "choice"},
		{Key: "fields", Kind: CellInt, Desc: true},
		{Key: "completeness", Kind: CellPercent},
		{Key: "country", Kind: CellText, Hidden: true},
		{Key: "purpose", Kind: CellText, Hidden: true},
		{Key: "description", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
		{Key: "application", Facet: true, Ref: true},
		{Key: "encrypted", Enum: "choice", Facet: true, Values: YesNo},
		{Key: "mechanism", Enum: "flow.mechanism", Facet: true},
		{Key: "frequency", Enum: "flow.frequency", Facet: true},
		{Key: "country", Facet: true},
		{Key: "source_application", Ref: true},
		{Key: "target_application", Ref: true},
		{Key: "dataset", Ref: true},
		{Key: "purpose", Ref: true},
		{Key: "field", Ref: true},
	},
}
