package example

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
)

// referenceDay is the day on which the story of Maison Lumière is told. Creating the example moves it to the present.
var referenceDay = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

// generate writes the worked example as a workspace file, the same one every time.
func generate(w io.Writer, lang string) error {
	a, err := store.NewArchiveWriter(w, domain.ArchiveHeader{Version: domain.ArchiveVersion, ExportedAt: referenceDay, ReferenceDay: referenceDay,
		CreatedAt: at(-330, 9), Workspace: domain.Workspace{Slug: "maison-lumiere", Name: "Maison Lumière", Locale: lang, IsExample: true,
			Thresholds: domain.DefaultThresholds()}})
	if err != nil {
		return err
	}
	g := &generator{a: a, lang: lang, inv: readInventory(), number: map[string]int{}}
	g.prepare()
	g.access()
	g.inventory()
	g.purposes()
	g.plan()
	g.traces()
	if g.err != nil {
		return g.err
	}
	return a.Close()
}

// at is an hour of a day, counted from the day of reference.
func at(days, hour int) time.Time {
	return referenceDay.AddDate(0, 0, days).Add(time.Duration(hour) * time.Hour)
}

// day is a day counted from the day of reference, for a date without a time; nothing for 0.
func day(days int) any {
	if days == 0 {
		return nil
	}
	return referenceDay.AddDate(0, 0, days).Format(time.DateOnly)
}

type generator struct {
	a      *store.ArchiveWriter
	lang   string
	inv    inventory
	number map[string]int // of what other records name: "user camille", "purpose CRM-01"
	ties   map[int]ties   // by number of the field
	err    error
}

func (g *generator) put(kind string, values map[string]any) {
	if g.err == nil {
		g.err = g.a.Record(kind, values)
	}
}

// dated adds the values that most records carry.
func dated(days int, values map[string]any) map[string]any {
	values["version"], values["created_at"], values["updated_at"] = 1, at(days, 9), at(days, 9)
	return values
}

func (g *generator) of(kind, key string) any {
	if n := g.number[kind+" "+key]; n > 0 {
		return n
	}
	return nil
}

// prepare numbers everything that is named before or far from where it stands.
func (g *generator) prepare() {
	count := func(kind string, keys ...string) {
		for i, key := range keys {
			g.number[kind+" "+key] = i + 1
		}
	}
	for i, p := range people {
		count("user "+p.key, "")
		g.number["user "+p.key] = i + 1
	}
	for i, t := range teams {
		g.number["team "+t.key] = i + 1
	}
	for i, p := range points {
		g.number["point "+p.key] = i + 1
	}
	for i, p := range purposes {
		g.number["purpose "+p.code] = i + 1
	}
	for i, r := range rules {
		g.number["rule "+r.code] = i + 1
	}
	for i, o := range objectives {
		g.number["objective "+o.key] = i + 1
	}
	for i, s := range domain.DefaultStages() {
		g.number["stage "+s.Code] = i + 1
	}
	for i, p := range programs {
		g.number["program "+p.template] = i + 1
	}
	for i, c := range domain.BuiltinCategories() {
		g.number["category "+c.Code] = i + 1
	}
	for i, app := range g.inv.applications {
		g.number["application "+app.name] = i + 1
	}
	for _, d := range g.inv.datasets {
		g.number["dataset "+d.name] = d.number
	}
	g.ties = map[int]ties{}
	for _, f := range g.inv.fields {
		g.ties[f.number] = tie(f)
		g.number["field "+f.dataset.name+" "+f.name] = f.number
	}
}

func (g *generator) access() {
	for _, p := range people {
		g.put("user", map[string]any{"id": g.of("user", p.key), "email": p.email, "name": p.name, "locale": ""})
	}
	for _, p := range people {
		g.put("member", map[string]any{"user": g.of("user", p.key), "role": p.role, "created_at": at(-330, 10)})
	}
	for _, t := range teams {
		g.put("team", dated(-328, map[string]any{"id": g.of("team", t.key), "name": t.name.in(g.lang), "description": t.about.in(g.lang)}))
	}
	for _, t := range teams {
		for _, key := range t.members {
			g.put("team_member", map[string]any{"team": g.of("team", t.key), "user": g.of("user", key)})
		}
	}
}

func (g *generator) inventory() {
	for i, app := range g.inv.applications {
		g.put("application", dated(-320+i, map[string]any{"id": i + 1, "name": app.name, "kind": app.kind, "description": app.about.in(g.lang),
			"team": g.of("team", app.team), "owner": g.of("user", app.owner), "vendor": app.vendor, "hosting": app.hosting,
			"country": g.country(app.country), "processor": app.processor, "lifecycle": app.lifecycle}))
	}
	g.days()
	g.rules()
	for _, d := range g.inv.datasets {
		values := map[string]any{"id": d.number, "application": d.application, "name": d.name, "label": d.label.in(g.lang), "structure": d.structure,
			"subjects": d.subjects, "row_count": d.rows, "oldest_record_on": referenceDay.AddDate(0, -d.oldest, 0).Format(time.DateOnly),
			"is_master": d.master, "state": "active"}
		if d.retention > 0 {
			values["retention_rule"] = g.of("rule", datasetRules[d.retention])
		}
		g.put("dataset", dated(-300+d.number, values))
	}
	for i, c := range domain.BuiltinCategories() {
		values := map[string]any{"id": i + 1, "code": c.Code, "label_fr": c.LabelFR, "label_en": c.LabelEN, "gdpr_class": string(c.Class),
			"default_risk": c.Risk, "examples": c.Examples, "fides_category": c.Fides, "dpv_concept": c.DPV, "builtin": true}
		if c.Parent != "" {
			values["parent_code"] = c.Parent
		}
		g.put("category", dated(-330, values))
	}
	for _, p := range points {
		g.put("collection_point", dated(-310, map[string]any{"id": g.of("point", p.key), "name": p.name.in(g.lang), "kind": p.kind,
			"notice": p.notice, "consent": p.consent, "notice_url": p.url}))
	}
	g.notices()
	g.fields()
}

// days tells how the verdicts stood week after week: columns were classified and covered one by one.
func (g *generator) days() {
	for weeks := 12; weeks > 0; weeks-- {
		counts := make([]map[domain.Verdict]int, len(g.inv.applications)+1)
		for _, f := range g.inv.fields {
			v := verdicts[f.fate]
			if f.fate != fateDelete && f.variant(40) < weeks {
				v = domain.VerdictUnclassified
			}
			of := &counts[f.dataset.application]
			if *of == nil {
				*of = map[domain.Verdict]int{}
			}
			(*of)[v]++
		}
		for application, of := range counts {
			for _, v := range slices.Sorted(maps.Keys(of)) {
				g.put("day", map[string]any{"day": day(-7 * weeks), "application": application, "verdict": string(v), "n": of[v]})
			}
		}
	}
}

var countries = map[string]string{"États-Unis": "United States", "Irlande": "Ireland", "Maroc": "Morocco"}

func (g *generator) country(name string) string {
	if en, known := countries[name]; known && g.lang == "en" {
		return en
	}
	return name
}

func (g *generator) fields() {
	for _, f := range g.inv.fields {
		app := g.inv.applications[f.dataset.application-1]
		values := map[string]any{"id": f.number, "dataset": f.dataset.number, "application": f.dataset.application, "name": f.name,
			"label": f.concept.label.in(g.lang), "data_type": f.concept.dataType, "nullable": f.concept.origin != "technical",
			"is_key": f.position == 1 && f.concept.origin == "technical", "position": f.position, "category": g.of("category", f.concept.category),
			"gdpr_class": string(f.class), "origin": f.concept.origin, "state": "active", "verdict": "unclassified", "used_why": "none",
			"flags": 0, "grade": -1, "completeness": 0, "programs": 0, "purposes": 0}
		if f.variant(5) > 1 { // two columns out of five have nobody who answers for them
			values["owner"] = g.of("user", app.owner)
		}
		g.put("field", dated(-300+f.dataset.number, values))
	}
	for _, f := range g.inv.fields {
		if g.collected(f) {
			said := points[g.number["point "+f.dataset.collection]-1].answer(f.name, g.lang)
			g.put("field_collection", map[string]any{"field": f.number, "collection_point": g.of("point", f.dataset.collection),
				"answer": said.Kind, "consequence": said.Consequence})
		}
	}
	for _, f := range g.inv.fields {
		if e := g.evidence(f); e != nil {
			g.put("evidence", e)
		}
	}
}

// dayOr is a day counted from the day of reference as small rows have it: empty for 0.
func dayOr(days int) string {
	text, _ := day(days).(string)
	return text
}

func (g *generator) recipients(p purpose) []domain.Recipient {
	to := []domain.Recipient{}
	for _, r := range p.recipients {
		to = append(to, domain.Recipient{Kind: r.kind, Name: r.name.in(g.lang), Contract: r.contract, ContractUntil: dayOr(r.until), Clauses: r.clauses})
	}
	return to
}

func (g *generator) transfers(p purpose) []domain.Transfer {
	abroad := []domain.Transfer{}
	for _, t := range p.transfers {
		abroad = append(abroad, domain.Transfer{Recipient: t.recipient, Country: t.country, Safeguard: t.safeguard, AssessedOn: dayOr(t.assessed),
			ValidUntil: dayOr(t.until), Document: t.document.in(g.lang)})
	}
	return abroad
}

func (g *generator) elsewhere(p purpose) []domain.Exception {
	set := []domain.Exception{}
	for _, a := range p.elsewhere {
		set = append(set, domain.Exception{What: a.what, Value: a.value, Reason: whyElsewhere.in(g.lang), By: nameOf("karim"), On: dayOr(-120)})
	}
	return set
}

func (g *generator) screening(p purpose) domain.Screening {
	s := p.screening
	if s == nil {
		return domain.Screening{}
	}
	return domain.Screening{Criteria: s.criteria, Verdict: s.verdict, Reason: s.reason.in(g.lang), Document: s.document.in(g.lang), By: "Karim Haddad", On: dayOr(s.on)}
}

func (g *generator) json(v any) string {
	text, err := json.Marshal(v)
	if err != nil && g.err == nil {
		g.err = err
	}
	return string(text)
}

var parties = []domain.Party{
	{Role: "controller", Name: "Maison Lumière SAS", Address: "12 rue des Lampistes", Postcode: "69002", City: "Lyon", Country: "FR", Phone: "+33 4 00 00 00 00", Email: "contact@maison-lumiere.example"},
	{Role: "dpo", Name: "Karim Haddad", Address: "12 rue des Lampistes", Postcode: "69002", City: "Lyon", Country: "FR", Email: "dpo@maison-lumiere.example"},
}

// organisation is who answers for the processing, and what is processed for others.
func (g *generator) organisation() {
	g.put("organisation", map[string]any{"parties": g.json(parties), "published": true, "version": 1, "created_at": at(-300, 9), "updated_at": at(-300, 9),
		"introduction": text{"Ce que Maison Lumière fait des données de ses clients, et pourquoi.", "What Maison Lumière does with the data of its customers, and why."}.in(g.lang)})
	g.put("client_processing", dated(-150, map[string]any{"id": 1, "code": "ST-01", "client": "Ateliers Verlaine",
		"contact": text{"Direction commerciale, dpo@verlaine.example", "Sales, dpo@verlaine.example"}.in(g.lang),
		"categories": []string{text{"Préparation et expédition des commandes de la marque", "Preparing and shipping the orders of the brand"}.in(g.lang),
			text{"Service client de premier niveau", "First line of customer service"}.in(g.lang)},
		"sub_processors": []string{"Vocalis"}, "transfers": g.json([]domain.Transfer{{Recipient: "Vocalis", Country: "MA", Safeguard: "scc_p2p", AssessedOn: referenceDay.AddDate(0, 0, -420).Format(time.DateOnly)}}),
		"security_measures": []string{"access_control", "traceability", "encryption"}, "contract": "signed", "contract_until": day(330), "starts_on": day(-150)}))
}

// rules writes the retention rules, as their presets have them or as the company changed them.
func (g *generator) rules() {
	for i, own := range rules {
		r := ruleOf(own, g.lang)
		values := map[string]any{"id": i + 1, "code": r.Code, "name": r.Name, "preset": r.Preset, "triggers": r.Triggers, "criterion": r.Criterion,
			"archive_ground": r.ArchiveGround, "fate": r.Fate, "legal_reference": r.LegalReference, "source": r.Source, "bound": r.Bound,
			"certainty": r.Certainty, "reason": r.Reason}
		if r.ActiveMonths != nil {
			values["active_months"] = *r.ActiveMonths
		}
		if r.ArchiveMonths != nil {
			values["archive_months"] = *r.ArchiveMonths
		}
		g.put("retention_rule", dated(-295+i, values))
	}
}

func ruleOf(own rule, lang string) domain.RetentionRule {
	r := domain.RetentionRule{Code: own.code, Name: own.name.in(lang), Source: "own", Fate: "delete", ArchiveGround: own.ground.in(lang)}
	if preset, ok := domain.RetentionPresetByCode(own.preset); ok {
		r = preset.Rule(lang)
	}
	if r.Preset == "" || own.reason.fr != "" {
		r.ActiveMonths, r.ArchiveMonths, r.Reason = monthsOf(own.active), monthsOf(own.archive), own.reason.in(lang)
	}
	if own.triggers != nil {
		r.Triggers = own.triggers
	}
	return r
}

// monthsOf is a number of months of a table; nil for -1.
func monthsOf(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

func (g *generator) purposes() {
	for i, p := range purposes {
		values := map[string]any{"id": i + 1, "code": p.code, "name": p.name.in(g.lang), "description": p.about.in(g.lang),
			"legal_basis": p.basis, "legal_reference": p.reference.in(g.lang), "interest": p.interest.in(g.lang), "necessity": p.necessity.in(g.lang),
			"balance": p.balance.in(g.lang), "consent_proof": p.proof.in(g.lang), "consent_withdrawal": p.withdrawal.in(g.lang),
			"subjects": []string{"customers", "prospects"}, "recipients": g.json(g.recipients(p)), "transfers": g.json(g.transfers(p)), "exceptions": g.json(g.elsewhere(p)), "screening": g.json(g.screening(p)),
			"retention_rule": g.of("rule", p.rule), "needs_program": p.needsProgram, "published": p.published,
			"security_measures": []string{"access_control", "traceability", "backup", "encryption"}, "measures_note": p.measures.in(g.lang),
			"source_of_data": p.source.in(g.lang), "automated": "no", "state": "in_force", "starts_on": day(-290 + i), "review_on": day(p.review),
			"owner": g.of("user", "karim")}
		if p.assessed != 0 {
			values["assessor"], values["assessed_on"] = "Karim Haddad", day(p.assessed)
		}
		g.put("purpose", dated(-290+i, values))
	}
	g.organisation()
	n := 0
	for _, f := range g.inv.fields {
		t := g.ties[f.number]
		if t.mapping == "" {
			continue
		}
		n++
		p := purposes[g.number["purpose "+t.purpose]-1]
		days := -200 + f.dataset.number*2
		values := map[string]any{"id": n, "field": f.number, "purpose": g.of("purpose", t.purpose), "state": t.mapping, "version": 1,
			"justification": g.sentence(f, p), "proposed_by": g.of("user", "camille"), "proposed_at": at(days, 10)}
		if t.mapping != string(domain.MappingProposed) {
			values["decided_by"], values["decided_at"] = g.of("user", "karim"), at(days+6, 15)
		}
		if t.mapping == string(domain.MappingRejected) {
			values["decision_reason"] = text{"La finalité s’atteint sans cette donnée.", "The purpose is reached without this value."}.in(g.lang)
		}
		g.put("mapping", values)
	}
}

// sentence says why a field is necessary for a purpose.
func (g *generator) sentence(f *field, p purpose) string {
	label := f.concept.label.in(g.lang)
	return text{fmt.Sprintf("«\u00a0%s\u00a0» sert à %s.", label, p.use.fr), fmt.Sprintf("“%s” serves to %s.", label, p.use.en)}.in(g.lang)
}

func (g *generator) plan() {
	for i, o := range objectives {
		g.put("objective", dated(-285, map[string]any{"id": i + 1, "name": o.name.in(g.lang), "kpi": o.kpi.in(g.lang), "target": o.target.in(g.lang)}))
	}
	for i, s := range domain.DefaultStages() {
		g.put("stage", dated(-330, map[string]any{"id": i + 1, "code": s.Code, "name": s.Name(g.lang), "position": i + 1}))
	}
	for i, p := range programs {
		t := templateOf(p)
		g.put("program", dated(-280+i, map[string]any{"id": i + 1, "code": t.Code, "name": t.Name(g.lang), "description": t.Objective(g.lang) + ".",
			"objective": g.of("objective", p.objective), "stage": g.of("stage", p.stage), "trigger": t.Trigger(g.lang), "channels": t.Channels,
			"owner": g.of("user", p.owner), "status": p.status, "starts_on": day(p.starts), "ends_on": day(p.ends), "paused_on": day(p.pause),
			"template": t.Code}))
	}
	for i, p := range programs {
		var numbers []int
		for _, code := range p.purposes {
			numbers = append(numbers, g.number["purpose "+code])
		}
		slices.Sort(numbers)
		for _, n := range numbers {
			g.put("program_purpose", map[string]any{"program": i + 1, "purpose": n})
		}
	}
	g.scenarios()
	for _, f := range g.inv.fields {
		links := g.ties[f.number].links
		slices.SortFunc(links, func(a, b link) int { return g.number["program "+a.program] - g.number["program "+b.program] })
		for _, l := range links {
			g.put("link", map[string]any{"field": f.number, "program": g.of("program", l.program), "level": l.level, "role": l.role,
				"note": g.note(f, l), "source": "example", "linked_by": g.of("user", "camille"), "linked_at": at(-150+f.dataset.number, 11)})
		}
	}
	g.requirements()
	g.targets()
}

func (g *generator) scenarios() {
	for i, c := range segments {
		g.number["segment "+c.key] = i + 1
		g.put("segment", dated(-270, map[string]any{"id": i + 1, "name": c.name.in(g.lang), "definition": c.definition.in(g.lang), "volume": c.volume}))
	}
	starts := map[string]int{}
	for _, p := range programs {
		starts[p.template] = p.starts
	}
	for i, c := range scenarios {
		values := map[string]any{"id": i + 1, "program": g.of("program", c.program), "name": c.name.in(g.lang), "kind": "sequence", "nature": c.nature,
			"trigger_kind": c.trigger, "segment": g.of("segment", c.segment), "exclusions": c.exclude.in(g.lang), "channels": c.channels,
			"delay": c.delay.in(g.lang), "stop_rule": c.stop.in(g.lang), "kpi": c.kpi.in(g.lang), "purpose": g.of("purpose", c.purpose), "consent": g.of("category", c.consent),
			"status": c.status, "starts_on": day(starts[c.program])}
		if c.campaign {
			values["kind"] = "campaign"
		}
		if c.limit[0] > 0 {
			values["cap_messages"], values["cap_days"] = c.limit[0], c.limit[1]
		}
		g.put("scenario", dated(-260+i, values))
	}
	g.journeys()
	for i, r := range pressureRules {
		g.put("pressure_rule", map[string]any{"id": i + 1, "channel": r.channel, "most": r.most, "days": r.days})
	}
}

func templateOf(p program) domain.ProgramTemplate {
	t, known := domain.ProgramTemplateByCode(p.template)
	if !known {
		panic("no template " + p.template)
	}
	return t
}

// note is the expected gain of a useful field, or what does instead of one to avoid.
func (g *generator) note(f *field, l link) string {
	switch {
	case l.level == string(domain.LinkAvoid) && strings.HasPrefix(f.concept.category, "ident.birth"):
		return text{"Le jour et le mois suffisent.", "Day and month are enough."}.in(g.lang)
	case l.level == string(domain.LinkAvoid):
		return text{"Se déduit des achats, sans rien demander de plus.", "Can be told from purchases, without asking for more."}.in(g.lang)
	case l.level == string(domain.LinkUseful) && l.role == "personalise":
		return text{"Un message qui s’adresse à la personne, mieux lu.", "A message that speaks to the person, read more."}.in(g.lang)
	case l.level == string(domain.LinkUseful):
		return text{"Moins de messages, mieux choisis.", "Fewer messages, better chosen."}.in(g.lang)
	}
	return ""
}

func (g *generator) requirements() {
	for i, p := range programs {
		t := templateOf(p)
		needs := map[int]domain.TemplateNeed{}
		for _, n := range t.Needs() {
			needs[g.number["category "+n.Code]] = n
		}
		for _, category := range slices.Sorted(maps.Keys(needs)) {
			n := needs[category]
			g.put("requirement", map[string]any{"program": i + 1, "category": category, "level": string(n.Level), "role": n.Role, "note": n.Note(g.lang)})
		}
	}
	for i, c := range scenarios {
		for _, code := range c.needs {
			g.put("scenario_need", map[string]any{"program": g.of("program", c.program), "category": g.of("category", code), "scenario": i + 1})
		}
	}
}

func (g *generator) journeys() {
	for i, j := range journeys {
		g.put("journey", dated(-200, map[string]any{"id": i + 1, "name": j.name.in(g.lang), "description": j.about.in(g.lang)}))
	}
	n := 0
	for i, j := range journeys {
		for place, m := range j.moments {
			n++
			g.put("moment", map[string]any{"id": n, "journey": i + 1, "position": place + 1, "name": m.name.in(g.lang), "stage": g.of("stage", m.stage),
				"channel": m.channel, "program": g.of("program", m.program)})
		}
	}
}

// targets are what is decided today, and the same as the two versions froze it.
func (g *generator) targets() {
	for i, t := range targets {
		values := map[string]any{"id": i + 1, "category": g.of("category", t.category), "program": g.of("program", t.program), "target_action": t.action,
			"cause": t.cause, "how": t.how.in(g.lang), "instead": g.of("category", t.instead), "collection_point": g.of("point", t.point),
			"wording": t.word.in(g.lang), "reason": t.reason.in(g.lang), "owner": g.of("user", t.by), "due_on": day(t.due), "progress": t.progress, "source": "example",
			"version": 1, "created_at": at(-130+i, 15), "updated_at": at(-20+i/4, 15)}
		if t.field != "" {
			values["field"] = g.field(t.set, t.field)
		}
		g.put("target", values)
	}
	for i, v := range targetVersions {
		g.put("target_version", map[string]any{"id": i + 1, "number": i + 1, "name": v.name.in(g.lang), "note": v.note.in(g.lang), "frozen_by": g.of("user", v.by),
			"frozen_by_name": nameOf(v.by), "frozen_at": at(v.days, 18)})
	}
	n := 0
	for i := range targetVersions {
		for number, t := range targets {
			if i == 0 && !t.old {
				continue
			}
			n++
			g.put("target_frozen", g.frozen(n, i, number, t))
		}
	}
}

func (g *generator) frozen(n, version, number int, t target) map[string]any {
	values := map[string]any{"id": n, "version": version + 1, "target": number + 1, "about": t.category, "target_action": t.action, "target_standing": t.reach, "cause": t.cause,
		"how": t.how.in(g.lang), "instead": t.instead, "wording": t.word.in(g.lang), "reason": t.reason.in(g.lang), "owner": nameOf(t.by), "due_on": day(t.due)}
	if t.field != "" {
		set := g.inv.datasets[g.number["dataset "+t.set]-1]
		values["field"], values["about"] = g.field(t.set, t.field), t.field
		values["place"] = g.inv.applications[set.application-1].name + " › " + t.set
	} else {
		values["category"] = g.of("category", t.category)
	}
	if t.program != "" {
		p, _ := domain.ProgramTemplateByCode(t.program)
		values["program"], values["program_id"] = p.Name(g.lang), g.of("program", t.program)
	}
	if t.point != "" {
		values["collection_point"] = points[g.number["point "+t.point]-1].name.in(g.lang)
	}
	if version == 0 { // nothing was under way yet
		values["target_action"], values["target_standing"] = t.then, "todo"
		values["cause"], values["how"], values["instead"] = "", "", ""
	}
	return values
}
