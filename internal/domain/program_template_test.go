package domain

import (
	"slices"
	"strings"
	"testing"
)

func TestProgramTemplates(t *testing.T) {
	t.Parallel()
	templates := ProgramTemplates()
	if len(templates) != 31 {
		t.Errorf("%d templates, want 31", len(templates))
	}
	category := map[string]bool{}
	for _, c := range BuiltinCategories() {
		category[c.Code] = true
	}
	stage := map[string]bool{}
	for _, s := range DefaultStages() {
		stage[s.Code] = true
	}
	seen := map[string]bool{}
	for _, p := range templates {
		if seen[p.Code] {
			t.Errorf("%s occurs twice", p.Code)
		}
		seen[p.Code] = true
		for _, lang := range Languages {
			for what, text := range map[string]string{"name": p.Name(lang), "objective": p.Objective(lang), "trigger": p.Trigger(lang),
				"legal basis": p.LegalBasis(lang)} {
				if text == "" || strings.Contains(text, "'") && lang == "fr" {
					t.Errorf("%s: %s in %s is %q", p.Code, what, lang, text)
				}
			}
		}
		if len(p.Channels) == 0 || len(p.Essential) == 0 {
			t.Errorf("%s has no channel or needs nothing", p.Code)
		}
		var all []string
		for _, code := range slices.Concat(p.Essential, p.Useful, p.Avoid) {
			if !category[code] {
				t.Errorf("%s names the unknown category %q", p.Code, code)
			}
			if slices.Contains(all, code) {
				t.Errorf("%s names %q twice", p.Code, code)
			}
			all = append(all, code)
		}
		for _, need := range p.Needs() {
			fr, en := need.Note("fr"), need.Note("en")
			if !slices.Contains(LinkRoles, need.Role) || strings.Contains(fr, "'") {
				t.Errorf("%s: role %q, note %q of %s", p.Code, need.Role, fr, need.Code)
			}
			for _, note := range []string{fr, en} {
				if _, err := NewRequirement(Requirement{Program: 1, Category: 1, Level: need.Level, Role: need.Role, Note: note}); err != nil {
					t.Errorf("%s: %s at level %s is no need: %v", p.Code, need.Code, need.Level, err)
				}
			}
		}
		if len(p.Needs()) != len(all) {
			t.Errorf("%s has %d needs of %d categories", p.Code, len(p.Needs()), len(all))
		}
		for _, code := range p.Stages {
			if !stage[code] {
				t.Errorf("%s names the unknown stage %q", p.Code, code)
			}
		}
	}
	if p, ok := ProgramTemplateByCode("LOYALTY"); !ok || p.Name("en") != "Loyalty programme" || !slices.Contains(p.Avoid, "nir") {
		t.Errorf("LOYALTY is %+v", p)
	}
	for use := range templateUses() {
		if use[0] != "" && !seen[use[0]] || !category[use[1]] {
			t.Errorf("a role is given to %q of %q, which is not there", use[1], use[0])
		}
	}
	if _, ok := ProgramTemplateByCode("NONE"); ok {
		t.Error("found a template that is not there")
	}
}

func TestBuiltinCategories(t *testing.T) {
	t.Parallel()
	categories := BuiltinCategories()
	if len(categories) != 153 {
		t.Errorf("%d categories, want 153", len(categories))
	}
	seen := map[string]bool{}
	for _, c := range categories {
		if seen[c.Code] {
			t.Errorf("%s occurs twice", c.Code)
		}
		if c.Parent != "" && !seen[c.Parent] {
			t.Errorf("%s comes before its parent", c.Code)
		}
		if i := strings.LastIndexByte(c.Code, '.'); i >= 0 && c.Code[:i] != c.Parent || i < 0 && c.Parent != "" {
			t.Errorf("%s has the parent %q", c.Code, c.Parent)
		}
		seen[c.Code] = true
		if !slices.Contains(GDPRClasses, string(c.Class)) || c.Risk < 1 || c.Risk > 4 || c.LabelFR == "" || c.LabelEN == "" {
			t.Errorf("incomplete: %+v", c)
		}
		if want := strings.HasPrefix(c.Code, "unk"); want != (c.Class == ClassUnclassified) {
			t.Errorf("%s is of class %s", c.Code, c.Class)
		}
		if c.Class.Special() && c.Risk < 3 {
			t.Errorf("%s is of class %s with risk %d", c.Code, c.Class, c.Risk)
		}
	}
}
