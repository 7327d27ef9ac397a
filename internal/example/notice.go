package example

import (
	"cmp"
	"slices"

	"utile/internal/domain"
	"utile/internal/notice"
)

// notices are what two collection points tell people, as it was published: one is up to date, the other was written before
// its purposes got another processor and a transfer.
func (g *generator) notices() {
	for i, n := range notices {
		facts := g.noticeFacts(n)
		g.put("notice", map[string]any{"id": i + 1, "collection_point": g.of("point", n.point), "number": 1, "content": g.json(notice.Texts(facts)),
			"gaps": append([]string{}, facts.Gaps()...), "published_by": g.of("user", "karim"), "published_by_name": nameOf("karim"), "published_at": at(n.days, 11)})
	}
}

// noticeFacts are what the store finds for a notice, but for what was not there yet when it was published.
func (g *generator) noticeFacts(n published) domain.NoticeFacts {
	p := points[g.number["point "+n.point]-1]
	f := domain.NoticeFacts{Organisation: domain.Organisation{Parties: parties}, Point: domain.CollectionPoint{Name: p.name.in(g.lang), Kind: p.kind, NoticeURL: p.url}}
	type bound struct{ purpose, rule string } // by the rule of its dataset, where that has one
	used, data := map[string]bool{}, map[bound][]domain.NoticeData{}
	for _, field := range g.inv.fields {
		t := g.ties[field.number]
		if !g.collected(field) || field.dataset.collection != p.key || t.mapping != string(domain.MappingApproved) {
			continue
		}
		category := domain.BuiltinCategories()[g.number["category "+field.concept.category]-1]
		f.Answers = append(f.Answers, domain.NoticeAnswer{NoticeData: domain.NoticeData{FR: category.LabelFR, EN: category.LabelEN},
			Field: cmp.Or(field.concept.label.in(g.lang), field.name), AskedAnswer: p.answer(field.name, g.lang)})
		used[t.purpose] = true
		at := bound{t.purpose, datasetRules[field.dataset.retention]}
		if d := (domain.NoticeData{FR: category.LabelFR, EN: category.LabelEN}); !slices.Contains(data[at], d) {
			data[at] = append(data[at], d)
		}
	}
	for _, p := range purposes {
		if !used[p.code] {
			continue
		}
		q := domain.Purpose{Code: p.code, Name: p.name.in(g.lang), LegalBasis: p.basis, Interest: p.interest.in(g.lang), ConsentWithdrawal: p.withdrawal.in(g.lang),
			Recipients: g.recipients(p), Automated: "no"}
		q.Recipients = slices.DeleteFunc(q.Recipients, func(r domain.Recipient) bool { return slices.Contains(n.before, r.Name) })
		for _, t := range g.transfers(p) {
			if !slices.Contains(n.before, t.Recipient) {
				q.Transfers = append(q.Transfers, t)
			}
		}
		var binding []domain.NoticePeriod
		for at, list := range data {
			if at.purpose != p.code {
				continue
			}
			period := domain.NoticePeriod{Data: list}
			if at.rule != "" {
				period.Rule = g.numberedRule(at.rule)
			}
			slices.SortFunc(list, func(a, b domain.NoticeData) int { return cmp.Or(cmp.Compare(a.FR, b.FR), cmp.Compare(a.EN, b.EN)) })
			binding = append(binding, period)
		}
		slices.SortFunc(binding, func(a, b domain.NoticePeriod) int { return cmp.Compare(a.Rule.ID, b.Rule.ID) })
		f.Purposes = append(f.Purposes, domain.NoticePurpose{Purpose: q, Rule: g.numberedRule(p.rule)}.KeptBy(binding))
	}
	slices.SortFunc(f.Purposes, func(a, b domain.NoticePurpose) int { return cmp.Compare(a.Purpose.Code, b.Purpose.Code) })
	return f
}

func (g *generator) numberedRule(code string) domain.RetentionRule {
	n := g.number["rule "+code]
	rule := ruleOf(rules[n-1], g.lang)
	rule.ID = domain.RetentionRuleID(n)
	return rule
}

// collected tells whether people are asked for a field where its dataset is filled.
func (g *generator) collected(f *field) bool {
	return g.of("point", f.dataset.collection) != nil && f.concept.origin == "collected" && f.fate != fateUnclassified
}

// answer is what a collection point says of one of its fields.
func (p point) answer(field, lang string) domain.AskedAnswer {
	if !p.says {
		return domain.AskedAnswer{}
	}
	for _, m := range p.mandatory {
		if m.field == field {
			return domain.AskedAnswer{Kind: "mandatory", Consequence: m.without.in(lang)}
		}
	}
	return domain.AskedAnswer{Kind: "optional"}
}
