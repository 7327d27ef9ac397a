package domain

import (
	_ "embed"
	"slices"
	"strconv"
	"sync"
)

// BuiltinCategory is a node of the taxonomy that every new workspace starts with.
type BuiltinCategory struct {
	Code     string // words joined by dots; the parent is the code without its last word
	Parent   string // code of the parent; empty at the top
	LabelFR  string
	LabelEN  string
	Class    GDPRClass
	Risk     int // severity for people if disclosed, 1 to 4
	Examples string
	Fides    string // nearest Fideslang key
	DPV      string // nearest Data Privacy Vocabulary concept
}

// BuiltinCategories returns the taxonomy, parents before their children.
func BuiltinCategories() []BuiltinCategory { return slices.Clone(builtinCategories()) }

// BuiltinCategoryLabel is the label of a node of the taxonomy; empty for a code that is none of its own.
func BuiltinCategoryLabel(code, lang string) string {
	i := slices.IndexFunc(builtinCategories(), func(c BuiltinCategory) bool { return c.Code == code })
	switch {
	case i < 0:
		return ""
	case lang == "fr":
		return builtinCategories()[i].LabelFR
	}
	return builtinCategories()[i].LabelEN
}

//go:embed category_seed/taxonomy.csv
var categorySeed string

var builtinCategories = sync.OnceValue(func() []BuiltinCategory {
	var list []BuiltinCategory
	for _, r := range mustRecords(categorySeed, "code", "parent", "label_fr", "label_en", "gdpr_class", "fides_category", "dpv_concept",
		"default_risk", "examples") {
		risk, err := strconv.Atoi(r[7])
		if err != nil {
			panic(err)
		}
		list = append(list, BuiltinCategory{Code: r[0], Parent: r[1], LabelFR: r[2], LabelEN: r[3], Class: GDPRClass(r[4]), Fides: r[5],
			DPV: r[6], Risk: risk, Examples: r[8]})
	}
	return list
})

// DefaultStage is a stage of the customer journey that every new workspace starts with.
type DefaultStage struct {
	Code string
	name bilingual
}

// Name is what the stage is called.
func (d DefaultStage) Name(lang string) string { return d.name.in(lang) }

// DefaultStages returns the stages of the customer life cycle, in its order.
func DefaultStages() []DefaultStage { return slices.Clone(defaultStages) }

var defaultStages = []DefaultStage{
	{"suspect", bilingual{"Suspect", "Suspect"}},
	{"prospect", bilingual{"Prospect", "Prospect"}},
	{"new_customer", bilingual{"Nouveau client", "New customer"}},
	{"active", bilingual{"Client actif", "Active customer"}},
	{"loyal", bilingual{"Client fidèle", "Loyal customer"}},
	{"at_risk", bilingual{"Client à risque", "Customer at risk"}},
	{"inactive", bilingual{"Client inactif", "Inactive customer"}},
	{"lost", bilingual{"Client perdu", "Lost customer"}},
}
