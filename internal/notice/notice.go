// Package notice writes information notices (GDPR art. 13 and 14) in plain words, in the language that is asked for and
// not in that of the screen. It knows no database and no clock.
package notice

import (
	"context"
	"slices"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
)

//i18n:dynamic notice. recipient. safeguard. retention.

// Texts writes the notice in every language of the product.
func Texts(f domain.NoticeFacts) map[string]domain.NoticeText {
	texts := map[string]domain.NoticeText{}
	for _, lang := range i18n.Languages() {
		w := writer{ctx: i18n.WithLang(context.Background(), lang), lang: string(lang), f: f}
		texts[string(lang)] = domain.NoticeText{Short: w.short(), Full: w.full()}
	}
	return texts
}

type writer struct {
	ctx  context.Context
	lang string
	f    domain.NoticeFacts
}

func (w writer) t(key string, args ...any) string { return i18n.T(w.ctx, "notice."+key, args...) }

// orGap is a text, or the mark that it is missing.
func (w writer) orGap(text, gap string) string {
	if text == "" {
		return w.t("missing", "what", i18n.T(w.ctx, "notice.gap."+gap))
	}
	return text
}

func (w writer) paragraph(key string, lines ...string) domain.NoticeParagraph {
	return domain.NoticeParagraph{Key: key, Title: w.t("title." + key), Lines: lines}
}

func (w writer) controller() string {
	p, _ := w.f.Organisation.Party("controller")
	return w.orGap(p.Name, "controller")
}

// contact is where people write: to the DPO where there is one.
func (w writer) contact() string {
	dpo, _ := w.f.Organisation.Party("dpo")
	c, _ := w.f.Organisation.Party("controller")
	for _, text := range []string{dpo.Email, c.Email, place(c)} {
		if text != "" {
			return text
		}
	}
	return w.orGap("", "contact")
}

func place(p domain.Party) string {
	return strings.Trim(strings.Join([]string{p.Address, strings.TrimSpace(p.Postcode + " " + p.City)}, ", "), ", ")
}

// about says something of what is named before it.
func (w writer) about(name, text string) string { return w.t("about", "name", name, "text", text) }

func (w writer) names() string {
	names := make([]string, len(w.f.Purposes))
	for i, p := range w.f.Purposes {
		names[i] = p.Purpose.Name
	}
	return w.orGap(strings.Join(names, ", "), "purposes")
}

// short is the first level: who, why, for how long at most, which rights, and where to read the rest.
func (w writer) short() []domain.NoticeParagraph {
	lines := []string{w.t("short.who", "name", w.controller(), "purposes", w.names())}
	if rights := w.rights(); rights != "" {
		lines = append(lines, w.t("short.rights", "rights", rights, "contact", w.contact()))
	}
	if !w.f.Indirect() {
		lines = append(lines, w.answers("mandatory")...)
	}
	if w.f.Point.NoticeURL != "" {
		lines = append(lines, w.t("short.more", "address", w.f.Point.NoticeURL))
	}
	return []domain.NoticeParagraph{w.paragraph("short", lines...)}
}

func (w writer) rights() string {
	var words []string
	for _, right := range w.f.Rights() {
		if right != "automated" {
			words = append(words, w.t("right."+right))
		}
	}
	return i18n.List(w.ctx, words)
}

// answers says of the fields that are asked for whether people must answer, those of the same consequence together, and
// what follows from no answer.
func (w writer) answers(kinds ...string) []string {
	var lines []string
	for _, kind := range kinds {
		fields := map[string][]string{}
		var consequences []string
		for _, a := range w.f.Answers {
			if a.Kind != kind {
				continue
			}
			if fields[a.Consequence] == nil {
				consequences = append(consequences, a.Consequence)
			}
			fields[a.Consequence] = append(fields[a.Consequence], w.asked(a))
		}
		for _, c := range consequences {
			line := w.orGap("", "answers")
			names := strings.Join(domain.CleanList(fields[c]), ", ")
			if kind != "" {
				line = w.t("answers."+kind, "fields", names)
			} else {
				line = w.about(names, line)
			}
			switch {
			case c != "":
				line += " " + w.t("answers.without", "text", c)
			case kind == "mandatory" && w.f.Point.Answers == "":
				line += " " + w.t("answers.without", "text", w.orGap("", "consequence"))
			}
			lines = append(lines, line)
		}
	}
	if w.f.Point.Answers != "" {
		lines = append(lines, w.f.Point.Answers)
	} else if len(w.f.Answers) == 0 {
		lines = append(lines, w.orGap("", "answers"))
	}
	return lines
}

// asked names a field by its category, and by its own name too where one of the same category is asked for differently.
func (w writer) asked(a domain.NoticeAnswer) string {
	category := w.label(a.NoticeData)
	if category == "" {
		return a.Field
	}
	if slices.ContainsFunc(w.f.Answers, func(b domain.NoticeAnswer) bool {
		return b.NoticeData == a.NoticeData && b.AskedAnswer != a.AskedAnswer
	}) {
		return w.t("answers.field", "category", category, "field", a.Field)
	}
	return category
}

func (w writer) labels(list []domain.NoticeData) []string {
	names := make([]string, len(list))
	for i, d := range list {
		names[i] = w.label(d)
	}
	return domain.CleanList(names)
}

func (w writer) label(d domain.NoticeData) string {
	return map[string]string{"fr": d.FR, "en": d.EN}[w.lang]
}

// full is the second level: everything that art. 13 or 14 asks for.
func (w writer) full() []domain.NoticeParagraph {
	out := []domain.NoticeParagraph{w.paragraph("controller", w.who()...), w.paragraph("purposes", w.purposes()...)}
	if w.f.Indirect() {
		out = append(out, w.paragraph("source", w.orGap(w.f.Point.Source, "source")), w.paragraph("data", w.data()...))
	} else {
		out = append(out, w.paragraph("answers", w.answers("mandatory", "optional", "not_asked", "")...))
	}
	out = append(out, w.paragraph("recipients", w.recipients()...), w.paragraph("transfers", w.transfers()...),
		w.paragraph("retention", w.retention()...))
	if lines := w.automated(); len(lines) > 0 {
		out = append(out, w.paragraph("automated", lines...))
	}
	return append(out, w.paragraph("rights", w.rightLines()...), w.paragraph("complaint", w.t("complaint")))
}

func (w writer) who() []string {
	c, _ := w.f.Organisation.Party("controller")
	lines := []string{w.controller()}
	if text := place(c); text != "" {
		lines[0] += ", " + text
	}
	if dpo, ok := w.f.Organisation.Party("dpo"); ok {
		lines = append(lines, w.t("dpo", "name", dpo.Name, "contact", w.contact()))
	} else {
		lines = append(lines, w.t("write", "contact", w.contact()))
	}
	return lines
}

func (w writer) purposes() []string {
	var lines []string
	for _, p := range w.f.Purposes {
		basis := w.orGap(i18nWord(w.ctx, "notice.basis.", p.Purpose.LegalBasis), "legal_basis")
		if p.Purpose.LegalBasis == "f_legitimate" {
			basis = w.t("interest", "basis", basis, "interest", strings.TrimRight(w.orGap(p.Purpose.Interest, "interest"), "."))
		}
		lines = append(lines, w.about(p.Purpose.Name, basis+"."))
	}
	if lines == nil {
		return []string{w.orGap("", "purposes")}
	}
	return lines
}

func i18nWord(ctx context.Context, prefix, code string) string {
	if code == "" {
		return ""
	}
	return i18n.T(ctx, prefix+code)
}

func (w writer) data() []string {
	var list []string
	for _, p := range w.f.Purposes {
		for _, d := range p.Data {
			list = append(list, w.label(d))
		}
	}
	return domain.CleanList(list)
}

func (w writer) recipients() []string {
	var list []string
	for _, p := range w.f.Purposes {
		for _, r := range p.Purpose.Recipients {
			text := i18n.T(w.ctx, "recipient."+r.Kind)
			switch {
			case r.Name != "" && r.Kind == "other":
				text = r.Name
			case r.Name != "":
				text = r.Name + " (" + i18n.Lower(text) + ")"
			}
			list = append(list, text)
		}
	}
	if list = domain.CleanList(list); len(list) == 0 {
		return []string{w.orGap("", "recipients")}
	}
	if slices.ContainsFunc(w.f.Purposes, func(p domain.NoticePurpose) bool { return p.Unsaid.Processors }) {
		list = append(list, w.orGap("", "processors"))
	}
	return list
}

func (w writer) transfers() []string {
	var list []string
	for _, p := range w.f.Purposes {
		for _, t := range p.Purpose.Transfers {
			where := t.Recipient
			if t.Country != "" {
				where = strings.TrimPrefix(where+", "+domain.CountryName(w.lang, t.Country), ", ")
			}
			if where == "" {
				where = t.Note
			}
			list = append(list, w.about(where, w.orGap(i18nWord(w.ctx, "safeguard.", t.Safeguard), "safeguard")))
		}
	}
	if list = domain.CleanList(list); len(list) > 0 {
		list = append(list, w.t("copy", "contact", w.contact()))
	}
	if len(w.f.Purposes) == 0 || slices.ContainsFunc(w.f.Purposes, func(p domain.NoticePurpose) bool { return p.Unsaid.Transfers }) {
		list = append(list, w.orGap("", "transfers"))
	}
	if len(list) == 0 {
		return []string{w.t("no_transfer")}
	}
	return list
}

func (w writer) retention() []string {
	var lines []string
	for _, p := range w.f.Purposes {
		if !p.KeptAll {
			lines = append(lines, w.about(p.Purpose.Name, w.kept(p.Rule)))
		}
		for _, k := range p.Kept {
			lines = append(lines, w.about(strings.TrimSuffix(p.Purpose.Name+" ("+strings.Join(w.labels(k.Data), ", ")+")", " ()"), w.kept(k.Rule)))
		}
	}
	return lines
}

// kept says a rule in a sentence that a customer understands.
func (w writer) kept(r domain.RetentionRule) string {
	if r.ID == 0 {
		return w.orGap("", "retention")
	}
	var parts []string
	if r.ActiveMonths != nil && *r.ActiveMonths > 0 {
		key := "kept"
		if len(r.Triggers) < 2 { // there is no latest of one
			key = "kept.one"
		}
		parts = append(parts, w.t(key, "period", w.span(*r.ActiveMonths), "events", w.events(r)))
	} else if r.ActiveMonths != nil && r.ArchiveMonths == nil {
		parts = append(parts, w.t("kept.until", "events", w.events(r)))
	}
	switch {
	case r.ArchiveMonths == nil || *r.ArchiveMonths == 0:
	case len(parts) > 0:
		parts = append(parts, w.t("kept.archive", "period", w.span(*r.ArchiveMonths)))
	default:
		parts = append(parts, w.t("kept.archive_from", "period", w.span(*r.ArchiveMonths), "events", w.events(r)))
	}
	if len(parts) == 0 {
		criterion := r.Criterion
		if p, ok := domain.RetentionPresetByCode(r.Preset); ok {
			criterion = p.Criterion(w.lang)
		}
		return w.orGap(criterion, "retention")
	}
	if len(parts) == 2 {
		parts[0] = w.t("then", "first", parts[0], "second", parts[1])
	}
	return parts[0] + "."
}

func (w writer) span(months int) string {
	if months%12 == 0 {
		return i18n.T(w.ctx, "retention.years", "n", months/12)
	}
	return i18n.T(w.ctx, "retention.months", "n", months)
}

func (w writer) events(r domain.RetentionRule) string {
	var words []string
	for _, e := range r.Triggers {
		if key := "retention.trigger." + e; i18n.Has(w.ctx, key) {
			e = i18n.Lower(i18n.T(w.ctx, key))
		}
		words = append(words, e)
	}
	if len(words) == 0 {
		return w.t("collection")
	}
	return strings.Join(words, ", ")
}

func (w writer) automated() []string {
	var lines []string
	for _, p := range w.f.Purposes {
		if p.Purpose.Automated == "yes" {
			lines = append(lines, w.about(p.Purpose.Name, w.orGap(p.Purpose.AutomatedLogic, "automated")), w.orGap(p.Purpose.AutomatedEffect, "automated"))
		}
	}
	return lines
}

// rightLines are the rights that follow from the bases, how to take consent back, and how to use them.
func (w writer) rightLines() []string {
	var lines []string
	for _, right := range w.f.Rights() {
		lines = append(lines, w.t("right."+right+".full"))
	}
	for _, p := range w.f.Purposes {
		if p.Purpose.LegalBasis == "a_consent" {
			lines = append(lines, w.about(p.Purpose.Name, w.orGap(p.Purpose.ConsentWithdrawal, "withdrawal")))
		}
	}
	return append(lines, w.t("right.death"), w.t("right.how", "contact", w.contact()))
}
