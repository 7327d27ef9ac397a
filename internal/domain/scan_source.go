package domain

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// SourceFacts are what a source tells of a field beyond what every field of the register has. They are facts about the
// field's definition, never about its values. The zero value is a source that tells nothing more.
type SourceFacts struct {
	Length      int               `json:"length,omitempty"`       // characters or digits that a value may have
	Scale       int               `json:"scale,omitempty"`        // digits behind the point
	Group       string            `json:"group,omitempty"`        // heading under which the source lists the field
	Formula     string            `json:"formula,omitempty"`      // how the source computes it, as text
	Options     []string          `json:"options,omitempty"`      // labels of a closed list, where it is short
	OptionCount int               `json:"option_count,omitempty"` // how many choices that list has
	Tags        []string          `json:"tags,omitempty"`
	Meta        map[string]string `json:"meta,omitempty"`
	Categories  []string          `json:"categories,omitempty"`  // categories in the source's own vocabulary
	Sensitivity string            `json:"sensitivity,omitempty"` // as the source calls it
	Custom      bool              `json:"custom,omitempty"`      // made by the customer of the tool, not delivered with it
	Calculated  bool              `json:"calculated,omitempty"`
	Encrypted   bool              `json:"encrypted,omitempty"`
	Unique      bool              `json:"unique,omitempty"`
	Hidden      bool              `json:"hidden,omitempty"`     // out of sight in the tool's own screens
	Deprecated  bool              `json:"deprecated,omitempty"` // the source wants it used no more
	Archived    bool              `json:"archived,omitempty"`   // the source put it away
}

// Limits of what is kept of a source's facts. A list of more choices is data rather than a vocabulary: its length alone is
// kept, since what people put in such lists may well be about people.
const (
	MaxSourceOptions = 50
	maxSourceWords   = 50
	maxSourceWord    = 200
)

// Clean keeps of facts what can be shown and stored, within limits.
func (f SourceFacts) Clean() SourceFacts {
	f.Group, f.Sensitivity = sourceWord(f.Group), sourceWord(f.Sensitivity)
	f.Formula = CleanScanText(f.Formula, MaxText)
	f.Options, f.Tags, f.Categories = sourceWords(f.Options), sourceWords(f.Tags), sourceWords(f.Categories)
	f.OptionCount = max(f.OptionCount, len(f.Options))
	if f.OptionCount > MaxSourceOptions {
		f.Options = nil
	}
	f.Length, f.Scale = max(f.Length, 0), max(f.Scale, 0)
	var meta map[string]string
	for _, key := range slices.Sorted(maps.Keys(f.Meta)) { // so that the same ones are kept whenever there are too many
		value := f.Meta[key]
		key, value = sourceWord(key), sourceWord(value)
		if key == "" || value == "" || len(meta) == maxSourceWords {
			continue
		}
		if meta == nil {
			meta = map[string]string{}
		}
		meta[key] = value
	}
	f.Meta = meta
	return f
}

// SourceFact is one fact of a source, for people to read.
type SourceFact struct {
	// Key is the name of the fact: a message source.*, or for a fact that people added in the source, its name there.
	Key   string
	Own   bool   // added in the source
	Value string // empty where the fact is said by its name alone
}

// String is the fact as scripts read it.
func (f SourceFact) String() string {
	if f.Value == "" {
		return f.Key + ": true"
	}
	return f.Key + ": " + f.Value
}

// List is what the facts say, the most telling first.
func (f SourceFacts) List() (list []SourceFact) {
	for _, said := range []struct {
		key string
		is  bool
	}{{"deprecated", f.Deprecated}, {"archived", f.Archived}, {"hidden", f.Hidden}, {"custom", f.Custom}, {"calculated", f.Calculated},
		{"encrypted", f.Encrypted}, {"unique", f.Unique}} {
		if said.is {
			list = append(list, SourceFact{Key: said.key})
		}
	}
	for _, told := range []SourceFact{{Key: "group", Value: f.Group}, {Key: "length", Value: sourceNumber(f.Length)}, {Key: "scale", Value: sourceNumber(f.Scale)},
		{Key: "options", Value: sourceNumber(f.OptionCount)}, {Key: "choices", Value: strings.Join(f.Options, ", ")}, {Key: "formula", Value: f.Formula},
		{Key: "tags", Value: strings.Join(f.Tags, ", ")}, {Key: "categories", Value: strings.Join(f.Categories, ", ")}, {Key: "sensitivity", Value: f.Sensitivity}} {
		if told.Value != "" {
			list = append(list, told)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(f.Meta)) {
		list = append(list, SourceFact{Key: key, Own: true, Value: f.Meta[key]})
	}
	return list
}

func sourceNumber(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// Empty tells of a source that says nothing more.
func (f SourceFacts) Empty() bool { return len(f.List()) == 0 }

// Retired tells whether the source itself says that the field is no longer to be used.
func (f SourceFacts) Retired() bool { return f.Deprecated || f.Archived }

func sourceWord(s string) string { return CleanScanText(CleanLine(s), maxSourceWord) }

// sourceWords cleans a list; one too many is kept, so that Clean sees that there are more than fit.
func sourceWords(list []string) (words []string) {
	for _, s := range list {
		if s = sourceWord(s); s != "" && !slices.Contains(words, s) && len(words) <= maxSourceWords {
			words = append(words, s)
		}
	}
	return words
}

// CleanScanText keeps of a foreign text what can be shown: no invisible marks, no more than most characters, an ellipsis
// where it was cut.
func CleanScanText(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = ScanText(strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && deceptive(r) {
			return -1
		}
		return r
	}, s))
	if len(s) <= most {
		return s
	}
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// ImportFile is one of the files of an import.
type ImportFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size,omitempty"`
	Fields int64  `json:"fields,omitempty"` // fields that it describes
	Helps  bool   `json:"helps,omitempty"`  // it says more of fields that another file describes
}

// ImportNote is something in a file that an import does not use, or uses in a way that a person should know.
type ImportNote struct {
	Key   string `json:"key"` // message "scan.note." + Key
	N     int64  `json:"n"`
	Place string `json:"place,omitempty"` // where the first of them is
}

// FoundFlow is a flow of data between two datasets as a source tells it.
type FoundFlow struct {
	SourceApplication, SourceDataset string
	TargetApplication, TargetDataset string
	Mechanism                        string // one of FlowMechanisms
}

// FilesName names several files in one line, whatever the language: the first of them and how many more.
func FilesName(names []string) string {
	if len(names) == 0 {
		return CleanFileName("")
	}
	first := CleanFileName(names[0])
	if len(names) == 1 {
		return first
	}
	more := " + " + strconv.Itoa(len(names)-1)
	if r := []rune(first); len(r)+len(more) > MaxName {
		first = string(r[:MaxName-len(more)-1]) + "…"
	}
	return first + more
}
