package web

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"utile/internal/domain"
	"utile/internal/store"
)

// Messages of the sentence, by role.
//
//i18n:dynamic reason.

// reason is why the field is held, in words that a DPO can give to a customer who asks (GDPR art. 15(1)(a) and (d)): what it is
// used for today, on which ground, and for how long. It says so where there is no reason; data of no person needs none.
func (p fieldPage) reason() string {
	if !p.v.Field.Class.Personal() {
		return ""
	}
	data := p.v.Place.Category
	if data == "" {
		data = p.v.Field.Name
	}
	var uses, bases, purposes []string
	for _, l := range p.v.Links {
		rules := domain.ProgramFacts{Status: l.Status, StartsOn: l.StartsOn, EndsOn: l.EndsOn, PausedOn: l.PausedOn}
		if l.Level == string(domain.LinkAvoid) || !rules.Counts(p.now, p.thresholds) {
			continue
		}
		role := l.Role
		if role == "" {
			role = "none"
		}
		uses = append(uses, p.t("reason."+role, "program", l.Name))
	}
	for _, m := range p.v.Mappings {
		if m.State != domain.MappingApproved || !m.InForce {
			continue
		}
		purposes = append(purposes, p.t("reason.named", "name", m.Name))
		if basis := lowerFirst(enumWord(p.ctx, "basis", m.Basis)); m.Basis != "" && !slices.Contains(bases, basis) {
			bases = append(bases, basis)
		}
	}
	var parts []string
	switch {
	case len(uses) > 0:
		parts = append(parts, p.t("reason.uses", "data", data, "uses", p.listed(uses)))
	case len(purposes) > 0:
		parts = append(parts, p.t("reason.purposes", "data", data, "purposes", p.listed(purposes)))
	}
	if len(parts) == 0 {
		return p.t("reason.nothing", "data", data)
	}
	if len(bases) == 0 {
		parts = append(parts, p.t("reason.no_basis"))
	} else {
		parts = append(parts, p.t("reason.basis", "bases", p.listed(bases)))
	}
	if i := slices.IndexFunc(p.v.Retention, func(r store.FieldRule) bool { return r.Rule != nil }); i >= 0 {
		if first := p.rules()[0]; first.binds && first.period != "" {
			parts = append(parts, p.t("reason.period", "period", first.period))
		}
	}
	return strings.Join(parts, " ")
}

// listed writes a list in words.
func (p fieldPage) listed(items []string) string {
	if n := len(items); n > 1 {
		return p.t("reason.and", "first", strings.Join(items[:n-1], ", "), "last", items[n-1])
	}
	return items[0]
}

// lowerFirst begins a word small, within a sentence.
func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
