// Package classify suggests a category of the taxonomy for a field, from its name, type, label, comment and the fields
// that stand beside it, in French and in English. It is pure: everything it knows is embedded in the program, nothing
// leaves the machine, and the same question has the same answer everywhere.
//
// It suggests and never decides. Where it knows nothing it says nothing, and it calls a field non-personal only where it
// is very sure: a risk hidden costs more than a field looked at in vain.
package classify

import "slices"

// Version is raised whenever suggestions may differ from those of the version before, so that stored ones are made again.
const Version = 4

// Column is what is known of one field.
type Column struct {
	System     string // name of the application
	Dataset    string // name of the table, object or file
	Name       string
	Label      string // what people call it, where the source says
	DataType   string // as the source writes it: varchar(40), timestamp, …
	Comment    string
	References string // what a foreign key points to: table.column, or a table; empty where unknown
	Key        bool   // part of the primary key
}

// Reason is a message of the catalogue with its arguments. The argument "means", where there is one, is a code of the
// taxonomy: who shows the reason puts the name of that category in its place, in the language of the reader.
type Reason struct {
	Key  string         `json:"key"`
	Args map[string]any `json:"args,omitempty"`
}

// Personal says whether a field is about a person.
type Personal string

// What a suggestion says of a field. Unknown is presumed personal until somebody has looked.
const (
	IsPersonal  Personal = "personal"
	NonPersonal Personal = "non_personal"
	Unknown     Personal = "unk"
)

// Scored is a category with its confidence.
type Scored struct {
	Code       string  `json:"code"`
	Confidence float64 `json:"confidence"`
}

// Suggestion is what the classifier makes of one field. An empty Code is no suggestion.
type Suggestion struct {
	Code string `json:"code"`
	// Confidence lies between 0 and 1 and is calibrated: of the suggestions made at 0.8, about 80 % are right.
	Confidence   float64  `json:"confidence"`
	Personal     Personal `json:"personal"`
	Reasons      []Reason `json:"reasons,omitempty"`
	Alternatives []Scored `json:"alternatives,omitempty"` // next best codes, best first
}

// Classifier holds the rules and weights. It is never written after New and may be used by many at once.
type Classifier struct {
	phrases *phraseBook
	lexicon *lexicon
	roles   roleBook
	model   *Model
}

// New reads the embedded rules and weights.
func New() (*Classifier, error) {
	c, err := Untrained()
	if err != nil {
		return nil, err
	}
	if c.model, err = embeddedModel(); err != nil {
		return nil, err
	}
	return c, nil
}

// Untrained reads the embedded rules alone. Its features are what a model is trained on.
func Untrained() (*Classifier, error) {
	book, err := loadPhrases()
	if err != nil {
		return nil, err
	}
	words, err := loadLexicon()
	if err != nil {
		return nil, err
	}
	roles, err := loadRoles()
	if err != nil {
		return nil, err
	}
	return &Classifier{phrases: book, lexicon: words, roles: roles}, nil
}

// With returns a classifier with the same rules and another model.
func (c *Classifier) With(m *Model) *Classifier {
	other := *c
	other.model = m
	return &other
}

// Calibrated returns a classifier with the same model and what was learnt of its errors.
func (c *Classifier) Calibrated(sure []Point, impersonalFrom float64) *Classifier {
	return c.With(c.model.Calibrated(sure, impersonalFrom))
}

// Calibration is what was learnt of the errors of the model, for a model that is measured in its place.
func (c *Classifier) Calibration() (sure []Point, impersonalFrom float64) {
	return slices.Clone(c.model.Sure), c.model.ImpersonalFrom
}

// Suggest returns one suggestion for each column of one dataset, in their order. The columns are each other's neighbours.
// Memory may be nil.
func (c *Classifier) Suggest(dataset []Column, m *Memory) []Suggestion {
	if len(dataset) == 0 {
		return nil
	}
	columns, t := c.read(dataset)
	around := neighbours(columns)
	out := make([]Suggestion, len(dataset))
	scores := make([]float64, c.model.classes())
	var f features
	for i := range columns {
		f.list = f.list[:0]
		c.describe(&f, &columns[i], t, around)
		personal := c.model.score(f.list, scores)
		out[i] = c.suggest(&columns[i], t, scores, personal)
		if reminded, ok := c.remind(&columns[i], m, out[i]); ok {
			out[i] = reminded
		}
	}
	return out
}
