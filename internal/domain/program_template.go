package domain

import (
	_ "embed"
	"encoding/csv"
	"slices"
	"strings"
	"sync"
)

// ProgramTemplate is a common relational program that a new one can start from.
type ProgramTemplate struct {
	Code     string
	Stages   []string // codes of journey stages; none where any stage will do
	Channels []string
	// Codes of data categories: what the program cannot run without, what improves it, and what is better left alone.
	Essential, Useful, Avoid []string

	name, objective, trigger, legalBasis bilingual
}

// bilingual is a text of the product's own in both languages of the screens.
type bilingual struct{ fr, en string }

// in returns the text in a language; French for any language but English.
func (b bilingual) in(lang string) string {
	if lang == "en" {
		return b.en
	}
	return b.fr
}

// Name is what the program is called.
func (t ProgramTemplate) Name(lang string) string { return t.name.in(lang) }

// Objective is what the program is for.
func (t ProgramTemplate) Objective(lang string) string { return t.objective.in(lang) }

// Trigger is what starts it.
func (t ProgramTemplate) Trigger(lang string) string { return t.trigger.in(lang) }

// LegalBasis is the basis that is usual for it, in words: a hint for the DPO, who decides.
func (t ProgramTemplate) LegalBasis(lang string) string { return t.legalBasis.in(lang) }

// ProgramTemplates returns the library of programs, in its own order. The caller may change the list, not what it holds.
func ProgramTemplates() []ProgramTemplate { return slices.Clone(programTemplates()) }

// ProgramTemplateByCode returns the template of a code, or false.
func ProgramTemplateByCode(code string) (ProgramTemplate, bool) {
	i := slices.IndexFunc(programTemplates(), func(t ProgramTemplate) bool { return t.Code == code })
	if i < 0 {
		return ProgramTemplate{}, false
	}
	return programTemplates()[i], true
}

// TemplateNeed is a category that a template asks for.
type TemplateNeed struct {
	Code  string // of the category
	Level LinkLevel
	Role  string // one of LinkRoles
	note  bilingual
}

// Note is the usual gain of useful data, or the less intrusive alternative of data to avoid; empty for essential data.
func (n TemplateNeed) Note(lang string) string { return n.note.in(lang) }

// Needs are the categories that the template asks for, the essential first.
func (t ProgramTemplate) Needs() []TemplateNeed {
	var needs []TemplateNeed
	for _, l := range []struct {
		level LinkLevel
		codes []string
	}{{LinkEssential, t.Essential}, {LinkUseful, t.Useful}, {LinkAvoid, t.Avoid}} {
		for _, code := range l.codes {
			use, ok := templateUses()[[2]string{t.Code, code}]
			if !ok {
				use = templateUses()[[2]string{"", code}]
			}
			need := TemplateNeed{Code: code, Level: l.level, Role: use.role}
			switch l.level {
			case LinkUseful:
				need.note = use.gain
			case LinkAvoid:
				need.note = use.alternative
			case LinkEssential:
			}
			needs = append(needs, need)
		}
	}
	return needs
}

// templateUse is what programs usually do with a category.
type templateUse struct {
	role              string
	gain, alternative bilingual
}

//go:embed program_seed/needs.csv
var needSeed string

// templateUses by program and category; without a program where every program does the same.
var templateUses = sync.OnceValue(func() map[[2]string]templateUse {
	uses := map[[2]string]templateUse{}
	for _, r := range mustRecords(needSeed, "program", "category", "role", "gain_fr", "gain_en", "alternative_fr", "alternative_en") {
		uses[[2]string{r[0], r[1]}] = templateUse{r[2], bilingual{r[3], r[4]}, bilingual{r[5], r[6]}}
	}
	return uses
})

//go:embed program_seed/programs.csv
var programSeed string

var programTemplates = sync.OnceValue(func() []ProgramTemplate {
	var list []ProgramTemplate
	for _, r := range mustRecords(programSeed, "code", "name_fr", "name_en", "objective_fr", "objective_en", "stages", "trigger_fr",
		"trigger_en", "channels", "legal_basis_fr", "legal_basis_en", "essential", "useful", "avoid") {
		list = append(list, ProgramTemplate{Code: r[0], name: bilingual{r[1], r[2]}, objective: bilingual{r[3], r[4]},
			Stages: splitCodes(r[5]), trigger: bilingual{r[6], r[7]}, Channels: splitCodes(r[8]), legalBasis: bilingual{r[9], r[10]},
			Essential: splitCodes(r[11]), Useful: splitCodes(r[12]), Avoid: splitCodes(r[13])})
	}
	return list
})

func splitCodes(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ";")
}

// mustRecords reads an embedded table whose columns are those; every table is read by a test. Tables are read when something first
// asks for them: a start waits for none.
func mustRecords(text string, columns ...string) [][]string {
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		panic(err)
	}
	if !slices.Equal(records[0], columns) {
		panic("embedded table has the columns " + strings.Join(records[0], ","))
	}
	return records[1:]
}
