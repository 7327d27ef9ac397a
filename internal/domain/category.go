package domain

import (
	"regexp"
	"strings"
	"time"
)

// Category is a node of the data-category taxonomy; it carries the GDPR class of the fields that have it.
type Category struct {
	ID         CategoryID
	Code       string // words joined by dots; the parent is the code without its last word
	Parent     string // code of the parent; empty at the top
	LabelFR    string
	LabelEN    string
	Class      GDPRClass
	Risk       int // severity for people if disclosed, 1 to 4
	Examples   string
	Fides      string          // nearest Fideslang key; empty for a workspace's own
	DPV        string          // nearest Data Privacy Vocabulary concept; empty for a workspace's own
	Retention  RetentionRuleID // rule of its data, and of that of the categories below it; zero for none
	Builtin    bool            // of the common taxonomy: it may be archived, never changed
	Version    int
	CreatedAt  time.Time
	UpdatedAt  time.Time
	ArchivedAt *time.Time
}

// Label is what the category is called in a language.
func (c Category) Label(lang string) string {
	if lang == "fr" {
		return c.LabelFR
	}
	return c.LabelEN
}

// Depth is how far from the top of the taxonomy the category is: 0 at the top.
func (c Category) Depth() int { return strings.Count(c.Code, ".") }

// Limits of a category.
const (
	maxCategoryCode = 120
	LeastRisk       = 1
	MostRisk        = 4
)

var categoryWord = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)

// CategoryCode joins the code of a parent (empty for none) and a word, written as codes are: without accents, in lower
// case, its words joined by underscores.
func CategoryCode(parent, word string) string {
	word = strings.Join(strings.FieldsFunc(Fold(word), func(r rune) bool { return r == ' ' || r == '-' || r == '_' || r == '\u00a0' }), "_")
	if parent == "" {
		return word
	}
	return parent + "." + word
}

// NewCategory checks and cleans what was typed for a category of the workspace's own.
func NewCategory(c Category) (Category, error) {
	c.LabelFR, c.LabelEN, c.Examples = CleanLine(c.LabelFR), CleanLine(c.LabelEN), CleanLine(c.Examples)
	word := c.Code
	if c.Parent != "" {
		word = strings.TrimPrefix(c.Code, c.Parent+".")
	}
	var p Problems
	switch {
	case word == "":
		p.Add("code", "error.required")
	case !categoryWord.MatchString(word) || c.Parent != "" && word == c.Code:
		p.Add("code", "category.code.format")
	case len(c.Code) > maxCategoryCode:
		p.Add("code", "error.too_long", "most", maxCategoryCode-len(c.Code)+len(word))
	}
	p.Line("label_fr", c.LabelFR, true, MaxName)
	p.Line("label_en", c.LabelEN, true, MaxName)
	p.Line("examples", c.Examples, false, 1000)
	p.OneOf("gdpr_class", string(c.Class), GDPRClasses...)
	if c.Risk < LeastRisk || c.Risk > MostRisk {
		p.Add("default_risk", "error.range", "least", LeastRisk, "most", MostRisk)
	}
	return c, p.Err()
}

// Changed is the category with other labels, class, risk and examples; its code stays, since others are built on it.
// Conflict where it belongs to the common taxonomy.
func (c Category) Changed(next Category) (Category, error) {
	if c.Builtin {
		return c, Errorf(Conflict, "category.builtin", "name", c.Code)
	}
	c.LabelFR, c.LabelEN, c.Class, c.Risk, c.Examples = next.LabelFR, next.LabelEN, next.Class, next.Risk, next.Examples
	return NewCategory(c)
}

// Subject names the category in the history.
func (c Category) Subject() Subject { return Subject{SubjectCategory, int64(c.ID), c.Code} }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (c Category) Archived() bool { return c.ArchivedAt != nil }

// Revision is the version that a form carries, so that nobody's change is overwritten unseen.
func (c Category) Revision() int { return c.Version }

// Facts are the named values that the history keeps.
func (c Category) Facts() map[string]any {
	return map[string]any{"code": c.Code, "label_fr": c.LabelFR, "label_en": c.LabelEN, "gdpr_class": string(c.Class),
		"default_risk": c.Risk, "examples": c.Examples, "retention": int64(c.Retention)}
}

// CategoryEffect is what another class of a category would do, told before it is done.
type CategoryEffect struct {
	Fields   int64 // that have the category
	Mappings int64 // approved, to be asked again
	Moves    []CategoryMove
}

// CategoryMove is how many fields would go from one verdict to another.
type CategoryMove struct {
	Was, Is Verdict
	N       int64
}

// Touches tells whether anything but the category itself would change.
func (e CategoryEffect) Touches() bool { return e.Fields > 0 || e.Mappings > 0 }

// CategoryRegister is the list of data categories.
var CategoryRegister = Register{
	Name: "categories",
	Sort: "category_code",
	Columns: []RegisterColumn{
		{Key: "category", Kind: CellText, Fixed: true},
		{Key: "category_code", Kind: CellCode},
		{Key: "gdpr_class", Kind: CellEnum, Enum: "class"},
		{Key: "default_risk", Kind: CellInt, Desc: true},
		{Key: "fields", Kind: CellInt, Desc: true},
		{Key: "retention", Kind: CellText, Hidden: true},
		{Key: "builtin", Kind: CellBool, Hidden: true},
		{Key: "label_fr", Kind: CellText, Hidden: true},
		{Key: "label_en", Kind: CellText, Hidden: true},
		{Key: "examples", Kind: CellText, NoSort: true},
		{Key: "fides_category", Kind: CellCode, Hidden: true},
		{Key: "dpv_concept", Kind: CellCode, Hidden: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
		{Key: "gdpr_class", Enum: "class", Facet: true, Values: GDPRClasses},
		{Key: "branch", Facet: true},
		{Key: "builtin", Enum: "choice", Facet: true, Values: []string{"yes", "no"}},
		{Key: "held", Enum: "choice", Facet: true, Values: []string{"yes", "no"}},
		{Key: "parent", Ref: true},
		{Key: "rule", Ref: true},
	},
}
