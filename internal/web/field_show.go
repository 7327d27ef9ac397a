package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

type fieldShowView struct {
	formView
	shell       ui.Shell
	crumbs      []ui.Link
	title, code string
	badges      []templ.Component
	edit        recordActions
	prev, next  string // fields of the list that the visitor came from
	archived    string // said on top of a field that is no longer in the lists

	what, origin, where []ui.Fact
	rules               []fieldRule // of retention, the one that binds first
	points              []store.FieldPoint
	suggestion          *suggestionRow // nil for none
	answer              string         // where suggestions are answered; empty where the visitor may not
	verdict             fieldVerdict
	programs            []programLine
	signals             []signalLine
	mappings            []mappingLine
	lineage             lineage
	flows               []flowLine
	history             []ui.TimelineItem
	remarks             []remarkLine
	remark              string       // form of a comment; empty where the visitor may not
	link                string       // form of a link; empty where the visitor may not
	propose             string       // form of a purpose; empty where the visitor may not
	options             []ui.Option  // of the form that is open
	decide              *fieldDecide // nil where the visitor may not
	targets             []fieldTarget
	target              string // form of a target; empty where the visitor may not
	typed               fieldTyped
	linkList, flowList  string // the registers, narrowed to this field
	self, from          string // address of the page, and the list that the visitor came from
}

// fieldDecide is the small form that answers the flags of this field, as a bulk act does for many.
type fieldDecide struct {
	action, id, back string
	acts             []ui.ButtonSpec
	withdraw         string // takes the decision in force back; empty where there is none
}

// fieldVerdict is what the rules say of the field, and why.
type fieldVerdict struct {
	badge            mark
	sentence         string
	lawful, used     bool
	lawfulWhy        string
	usedWhy          string
	flags            []flagLine
	decision         *decisionLine
	workshops        []decidedIn
	completeness     int
	completenessText string
	missing          []ui.Link
	answered         bool   // lawful and used were asked: they are of personal data only
	reason           string // why the field is held, in words for a customer
}

type flagLine struct {
	mark
	sentence string
}

type decisionLine struct {
	mark
	reason, by string
}

type programLine struct {
	id         string
	name, href string
	status     string
	counts     bool
	level      mark
	role, note string
	by         string
}

type signalLine struct{ name, value, source, measured string }

type mappingLine struct {
	name, href, basis string
	state             mark
	justification     string
	proposed, decided string
	reopened          string
	until             string
	moved             []ui.Change // what is no longer as it was approved
}

type flowLine struct {
	direction, name, href, carries, other, how, encrypted string
}

type remarkLine struct{ who, when, iso, body string }

// fieldPage writes the page of a field.
type fieldPage struct {
	ctx        context.Context
	by         domain.Actor
	now        time.Time
	thresholds domain.Thresholds
	v          store.FieldView
	terms      map[domain.MappingID]domain.Terms // of mappings that were reopened, as they are now
}

func (p fieldPage) t(key string, args ...any) string { return i18n.T(p.ctx, key, args...) }

func (p fieldPage) path(parts ...string) string { return fieldPath(p.by, p.v.Field.ID, parts...) }

func (p fieldPage) view(typed fieldTyped) fieldShowView {
	f := p.v.Field
	v := fieldShowView{formView: formView{p.ctx, "field", typed.problems}, title: f.Label, code: f.Name, typed: typed}
	if v.title == "" {
		v.title, v.code = f.Name, ""
	}
	v.linkList, v.flowList = workspacePath(p.by, "links")+"?field="+itoa(f.ID), workspacePath(p.by, "flows")+"?field="+itoa(f.ID)
	v.crumbs = []ui.Link{{Href: workspacePath(p.by, "fields"), Text: p.t("fields.title")},
		{Href: applicationPath(p.by, f.Application), Text: p.v.Place.Application},
		{Href: workspacePath(p.by, "datasets", itoa(f.Dataset)), Text: p.v.Place.Dataset}, {Text: v.title}}
	v.verdict = p.verdict()
	v.badges = p.badges(v.verdict)
	v.edit = actionsOf(p.ctx, p.by, domain.EditInventory, p.path(), f.State == "archived")
	if f.State != "active" {
		v.archived = p.t("field.state." + f.State)
	}
	v.what, v.origin, v.where, v.rules = p.what(), p.origin(), p.where(), p.rules()
	v.points = p.v.Points
	if p.v.Suggestion != nil {
		v.suggestion = new(suggestionOn(p.ctx, p.by, f.ID, p.v.Suggestion, p.path()))
		if p.by.Can(domain.EditInventory) {
			v.answer = workspacePath(p.by, "suggestions")
		}
	}
	v.programs, v.signals, v.mappings, v.flows = p.programs(), p.signals(), p.mappings(), p.flows()
	v.lineage = p.lineage()
	v.history = p.history()
	for _, r := range p.v.Remarks {
		v.remarks = append(v.remarks, remarkLine{r.AuthorName, i18n.DateTimeText(p.ctx, r.At), r.At.Format(time.RFC3339), r.Body})
	}
	if p.by.Can(domain.Comment) {
		v.remark = p.path("remarks")
	}
	if p.by.Can(domain.EditPlan) && f.State != "archived" {
		v.link = p.path("links")
	}
	if p.by.Can(domain.ProposeMapping) && f.State != "archived" {
		v.propose = p.path("mappings")
	}
	v.options, v.self = refOptions(p.v.Options), p.path()
	v.decide = p.decide()
	if p.by.Can(domain.EditPlan) && p.v.Field.State != "archived" {
		v.target = workspacePath(p.by, "targets", "new") + "?field=" + itoa(p.v.Field.ID)
	}
	for _, t := range p.v.Targets {
		line := fieldTarget{mark: targetMark(p.ctx, t.Action), href: targetPath(p.by, t.ID), scope: targetScope(p.ctx, p.v.Names.Program(deref(t.Program)))}
		if t.Due != nil {
			line.due = p.t("target.due", "day", i18n.Day(p.ctx, *t.Due))
		}
		v.targets = append(v.targets, line)
	}
	return v
}

// fieldTarget is what is to become of the field.
type fieldTarget struct {
	mark
	href, scope, due string
}

// decide offers the answers to the flags of a field that is in the lists: none where there is no flag, and no deletion of what
// is lawful and used, since these would be refused.
func (p fieldPage) decide() *fieldDecide {
	if !p.by.Can(domain.Decide) || p.v.Field.State == "archived" {
		return nil
	}
	d := &fieldDecide{action: workspacePath(p.by, "fields", "bulk"), id: itoa(p.v.Field.ID), back: p.path()}
	for _, kind := range domain.DecisionKinds {
		if p.v.Field.State != "active" || p.v.Finding.Flags == 0 || kind == "propose_deletion" && p.v.Finding.Verdict == domain.VerdictKeep {
			continue
		}
		_, icon := decisionTone(kind)
		b := ui.ButtonSpec{Text: p.t("bulk." + kind), Icon: icon, Name: "act", Value: kind, Small: true}
		if kind == "propose_deletion" {
			b.Variant = ui.DangerButton
		}
		d.acts = append(d.acts, b)
	}
	if p.v.Decision != nil {
		d.withdraw = p.path("decision", "withdraw")
	}
	if len(d.acts) == 0 && d.withdraw == "" {
		return nil
	}
	return d
}

func (p fieldPage) badges(v fieldVerdict) []templ.Component {
	out := []templ.Component{ui.Badge(v.badge.kind, v.badge.icon, v.badge.text)}
	if v.decision != nil {
		out = append(out, ui.Flagged(v.decision.kind, v.decision.icon, v.decision.text))
	}
	if f := p.v.Field; f.State != "active" {
		out = append(out, ui.Badge(ui.Neutral, "archive", enumWord(p.ctx, "state", f.State)))
	}
	return out
}

func (p fieldPage) what() []ui.Fact {
	f, place := p.v.Field, p.v.Place
	facts := p.facts(
		fact{"description", f.Description},
		fact{"data_type", f.DataType},
		fact{"category", place.Category},
		fact{"gdpr_class", ""},
		fact{"is_key", p.yesNo(&f.IsKey)},
		fact{"nullable", p.yesNo(f.Nullable)},
		fact{"subjects", p.words("subject", place.Subjects)},
		fact{"owner", p.v.Names.User(f.Owner)})
	kind, icon := classTone(f.Class)
	facts[3].Note, facts[3].Value = "", ui.Badge(kind, icon, enumWord(p.ctx, "class", string(f.Class)))
	if f.Description == "" {
		facts[0].Text, facts[0].Note = f.Comment, p.t("field.from_source")
		if f.Comment == "" {
			facts[0].Note = p.t("record.unknown")
		}
	}
	return append(facts, p.source()...)
}

// source is what else the source tells of the field: what it says by a word first, warning where it is put away there.
func (p fieldPage) source() (facts []ui.Fact) {
	var words []string
	for _, f := range sourceFactList(p.ctx, p.v.Field.Source) {
		if f.value == "" {
			words = append(words, f.name)
			continue
		}
		facts = append(facts, ui.Fact{Term: f.name, Text: f.value, Wide: len(f.value) > 60})
	}
	if len(words) == 0 {
		return facts
	}
	said := ui.Fact{Term: p.t("field.in_source"), Text: strings.Join(words, " · ")}
	if p.v.Field.Source.Retired() {
		said.Text, said.Value = "", ui.Badge(ui.Warn, "archive", strings.Join(words, " · "))
	}
	return append([]ui.Fact{said}, facts...)
}

func (p fieldPage) yesNo(b *bool) string {
	if b == nil {
		return ""
	}
	return p.t(map[bool]string{true: "choice.yes", false: "choice.no"}[*b])
}

func (p fieldPage) words(prefix string, codes []string) string {
	return strings.Join(enumWords(p.ctx, prefix, codes), ", ")
}

func (p fieldPage) origin() []ui.Fact {
	f := p.v.Field
	origin := enumWord(p.ctx, "origin", f.Origin)
	if f.Origin == "unknown" {
		origin = ""
	}
	facts := p.facts(fact{"origin", origin})
	if f.Reference != "" {
		facts = append(facts, p.facts(fact{"reference", f.Reference})...)
	}
	var sources []string
	for _, w := range p.v.Flows {
		if w.Incoming && !slices.Contains(sources, w.Application) {
			sources = append(sources, w.Application)
		}
	}
	return append(facts, ui.Fact{Term: p.t("field.comes_from"), Text: strings.Join(sources, ", "), Note: p.orNone(len(sources))})
}

// orNone is said where a list of what the register knows is empty.
func (p fieldPage) orNone(n int) string {
	if n == 0 {
		return p.t("field.none_known")
	}
	return ""
}

func (p fieldPage) where() []ui.Fact {
	place := p.v.Place
	hosting := enumWord(p.ctx, "application.hosting", place.Hosting)
	if place.Hosting == "unknown" {
		hosting = ""
	}
	facts := []ui.Fact{
		{Term: p.t("column.application"), Value: textLink(applicationPath(p.by, p.v.Field.Application), place.Application)},
		{Term: p.t("column.dataset"), Value: textLink(workspacePath(p.by, "datasets", itoa(p.v.Field.Dataset)), place.Dataset)},
	}
	facts = append(facts, p.facts(fact{"hosting", hosting}, fact{"country", place.Country})...)
	rows := ""
	if place.RowCount != nil {
		rows = i18n.Number(p.ctx, *place.RowCount)
	}
	return append(facts, p.facts(fact{"row_count", rows})...)
}

// fieldRule is a rule that may bind the field, as the page lists it.
type fieldRule struct {
	from, of, name, href, period string
	binds                        bool
}

// rules are the rules that may bind the field, the one that does first.
func (p fieldPage) rules() []fieldRule {
	candidates := make([]domain.RetentionCandidate, len(p.v.Retention))
	for i, r := range p.v.Retention {
		candidates[i] = r.Candidate()
	}
	binds := domain.EffectiveRetention(candidates)
	var list []fieldRule
	for i, r := range p.v.Retention {
		line := fieldRule{from: enumWord(p.ctx, "retention.from", string(r.From)), of: r.OfName, name: p.t("retention.none"), binds: i == binds}
		if r.From == domain.RetentionOfField {
			line.of = ""
		}
		if r.Rule != nil {
			line.name, line.href, line.period = r.Rule.Name, retentionPath(p.by, r.Rule.ID), periodWords(p.ctx, *r.Rule)
		}
		if line.binds {
			list = slices.Insert(list, 0, line)
		} else {
			list = append(list, line)
		}
	}
	return list
}

// claimedLately tells whether a program that needs the field began after the measure that contradicts it did.
func (p fieldPage) claimedLately() bool {
	for _, l := range p.v.Links {
		if l.StartsOn != nil && l.Level != string(domain.LinkAvoid) && p.v.Facts.Evidence.CoversDay(*l.StartsOn, p.thresholds) {
			return true
		}
	}
	return false
}

func (p fieldPage) verdict() fieldVerdict {
	found, now := p.v.Finding, p.now
	v := fieldVerdict{badge: verdictMark(p.ctx, found.Verdict), sentence: p.t("verdict." + string(found.Verdict) + ".sentence"),
		answered: p.v.Field.Class.Personal(), lawful: found.Lawful, used: found.Used, lawfulWhy: p.lawfulWhy(),
		usedWhy: p.t("used." + string(found.Why) + ".sentence"), completeness: p.v.Completeness,
		completenessText: i18n.Percent(p.ctx, float64(p.v.Completeness)/100), missing: p.missing()}
	v.reason = p.reason()
	if found.Why == domain.WhyContradicted && p.claimedLately() {
		v.usedWhy += " " + p.t("used.contradicted.lately")
	}
	for _, m := range flagTones {
		if !found.Flags.Has(m.flag) {
			continue
		}
		key, args := domain.FlagSentence(m.flag, &p.v.Facts, p.thresholds, now)
		v.flags = append(v.flags, flagLine{mark{m.kind, m.icon, p.t("flag." + m.code)}, i18n.TArgs(p.ctx, key, p.dated(args))})
	}
	if d := p.v.Decision; d != nil {
		kind, icon := decisionTone(d.Kind)
		line := &decisionLine{mark: mark{kind, icon, p.t("decision." + d.Kind)}, reason: d.Reason,
			by: p.signed(&d.By, d.At)}
		if d.Until != nil {
			line.text = p.t("fields.kept_until", "day", i18n.Day(p.ctx, *d.Until))
		}
		v.decision = line
	}
	for _, w := range p.v.Workshops {
		v.workshops = append(v.workshops, decidedIn{href: workshopPath(p.by, w.ID, "minutes"), name: w.Name, mark: cardDecisionMark(p.ctx, w.Decision), reason: w.Reason,
			heads: p.t("workshop.heads", "keep", w.Keep, "drop", w.Drop) + " · " + i18n.DateText(p.ctx, w.At)})
	}
	return v
}

// decidedIn is what a workshop decided of the field.
type decidedIn struct {
	href, name, reason, heads string
	mark                      mark
}

// dated writes the instants among a message's arguments as days.
func (p fieldPage) dated(args map[string]any) map[string]any {
	out := make(map[string]any, len(args))
	for name, value := range args {
		if at, ok := value.(time.Time); ok {
			value = i18n.DateText(p.ctx, at)
		}
		out[name] = value
	}
	return out
}

// lawfulWhy names the purposes that make the field lawful, or says what is missing.
func (p fieldPage) lawfulWhy() string {
	var names []string
	for _, m := range p.v.Mappings {
		if m.State == domain.MappingApproved && m.InForce {
			names = append(names, m.Name)
		}
	}
	switch {
	case p.v.Finding.Lawful:
		return p.t("field.lawful.yes", "purposes", strings.Join(names, ", "))
	case len(p.v.Mappings) == 0:
		return p.t("field.lawful.unmapped")
	}
	return p.t("field.lawful.no")
}

// missingAt is where each thing that a complete record says is filled in.
var missingAt = map[string]string{"category": "edit#category", "origin": "edit#origin", "collection": "edit#collection_points",
	"meaning": "edit#label", "owner": "edit#owner", "purpose": "#purposes"}

// signed says who did something and when; imports and the command line have no person.
func (p fieldPage) signed(who *string, at time.Time) string {
	if deref(who) == "" {
		return i18n.DateText(p.ctx, at)
	}
	return p.t("field.by", "who", *who, "when", i18n.DateText(p.ctx, at))
}

// signedBy is signed for somebody who is known by id.
func (p fieldPage) signedBy(who *domain.UserID, at time.Time) string {
	name := p.v.Names.User(deref(who))
	return p.signed(&name, at)
}

func (p fieldPage) missing() []ui.Link {
	var out []ui.Link
	for _, key := range p.v.Missing {
		l := ui.Link{Text: p.t("missing." + key)}
		switch at := missingAt[key]; {
		case key == "purpose":
			l.Href = at
		case !p.by.Can(domain.EditInventory):
		case key == "evidence":
			l.Href = workspacePath(p.by, "imports", "new")
		default:
			l.Href = p.path(at)
		}
		out = append(out, l)
	}
	return out
}

func (p fieldPage) programs() []programLine {
	var out []programLine
	for _, l := range p.v.Links {
		kind, icon := levelTone(l.Level)
		facts := domain.ProgramFacts{Status: l.Status, StartsOn: l.StartsOn, EndsOn: l.EndsOn, PausedOn: l.PausedOn}
		out = append(out, programLine{id: itoa(l.Program), name: l.Name, href: workspacePath(p.by, "programs", itoa(l.Program)),
			status: enumWord(p.ctx, "program.status", string(l.Status)), counts: l.Level != string(domain.LinkAvoid) && facts.Counts(p.now, p.thresholds),
			level: mark{kind, icon, enumWord(p.ctx, "level", l.Level)}, role: enumWord(p.ctx, "link.role", l.Role), note: l.Note,
			by: p.signedBy(l.LinkedBy, l.LinkedAt)})
	}
	return out
}

// signals are every measure of the field: its value, where it comes from and how old it is, or that it was not measured.
func (p fieldPage) signals() []signalLine {
	e, src := p.v.Facts.Evidence, p.v.Sources
	number := func(n *int64) string {
		if n == nil {
			return ""
		}
		return i18n.Number(p.ctx, *n)
	}
	instant := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return i18n.DateText(p.ctx, *t)
	}
	reads := number(e.Reads)
	if e.Reads != nil && e.WindowDays != nil {
		reads = p.t("fields.reads", "n", *e.Reads, "days", *e.WindowDays)
	}
	lastRead := instant(e.LastReadAt)
	if lastRead == "" && e.ReadsMeasuredAt != nil && e.Reads != nil && *e.Reads == 0 {
		lastRead = p.t("field.never_seen")
	}
	lastReadSource := src.ReadsSource
	if e.LastReadMeasuredAt != nil {
		lastReadSource = src.LastReadSource
	}
	fill := ""
	if rate, known := e.FillRate(); known {
		fill = p.t("field.filled", "rate", i18n.Percent(p.ctx, rate), "filled", *e.NonNullCount, "rows", *e.RowCount)
	}
	lines := []signalLine{
		p.signal("reads", reads, src.ReadsSource, e.ReadsMeasuredAt),
		p.signal("last_read", lastRead, lastReadSource, e.LastReadAsOf()),
		p.signal("fill", fill, src.FillSource, src.FillMeasuredAt),
		p.signal("distinct", number(e.DistinctCount), src.FillSource, src.FillMeasuredAt),
		p.signal("last_write", instant(e.LastWriteAt), src.WriteSource, e.WriteMeasuredAt),
		p.oldest(),
	}
	return lines
}

// oldest is the oldest record of the field's dataset, as measured, else as declared.
func (p fieldPage) oldest() signalLine {
	place, day := p.v.Place, ""
	if place.OldestRecordOn != nil {
		day = i18n.DayText(p.ctx, *place.OldestRecordOn)
	}
	l := p.signal("oldest_record_on", day, place.OldestSource, place.OldestMeasured)
	if day != "" && place.OldestMeasured == nil {
		l.source = p.t("dataset.oldest.declared")
	}
	return l
}

func (p fieldPage) signal(name, value string, source *string, at *time.Time) signalLine {
	l := signalLine{name: fieldWord(p.ctx, name), value: value}
	if value != "" {
		l.source = deref(source)
		if at != nil {
			l.measured = i18n.Relative(p.ctx, *at, p.now)
		}
	}
	return l
}

func (p fieldPage) mappings() []mappingLine {
	var out []mappingLine
	for _, m := range p.v.Mappings {
		kind, icon := mappingTone(string(m.State))
		l := mappingLine{name: m.Name, href: workspacePath(p.by, "purposes", itoa(m.Purpose)), basis: enumWord(p.ctx, "basis", m.Basis),
			state: mark{kind, icon, enumWord(p.ctx, "mapping.state", string(m.State))}, justification: m.Justification,
			proposed: p.t("field.proposed", "by", p.signedBy(m.ProposedBy, m.ProposedAt))}
		if m.DecidedAt != nil {
			l.decided = p.signedBy(m.DecidedBy, *m.DecidedAt)
			if m.Reason != "" {
				l.decided = p.t("field.decided", "by", l.decided, "reason", m.Reason)
			}
			if m.SelfApproved {
				l.decided += " " + p.t("field.self_approved")
			}
		}
		if m.State == domain.MappingApproved && m.ApprovedUntil != nil {
			l.until = p.t("approval.until", "day", i18n.DayText(p.ctx, *m.ApprovedUntil))
		}
		if m.ReopenedBecause != "" {
			l.reopened = reopenedText(p.ctx, m.ReopenedBecause)
			if m.ApprovedAt != nil {
				l.decided = p.t("approval.was", "by", p.signed(m.ApprovedBy, *m.ApprovedAt))
				l.moved = changesSince(p.ctx, domain.Approval{Terms: m.Terms}, p.terms[m.ID], p.v.Names)
			}
		}
		out = append(out, l)
	}
	return out
}

// reopenedOf are the mappings that are no longer as they were approved.
func reopenedOf(list []store.FieldMapping) (ids []domain.MappingID) {
	for _, m := range list {
		if m.ReopenedBecause != "" && m.ApprovedAt != nil {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

func (p fieldPage) flows() []flowLine {
	var out []flowLine
	for _, w := range p.v.Flows {
		l := flowLine{direction: p.t("field.flow.out"), name: w.Name, href: workspacePath(p.by, "flows", itoa(w.ID)),
			carries: p.t("field.carries." + w.Level), other: otherEnd(w), encrypted: enumWord(p.ctx, "choice", w.Encrypted),
			how: flowHow(p.ctx, w)}
		if w.Incoming {
			l.direction = p.t("field.flow.in")
		}
		out = append(out, l)
	}
	return out
}

// otherEnd names what a flow leads to or comes from, as closely as it says.
func otherEnd(w store.FieldFlow) string {
	parts := []string{w.Application}
	if w.Dataset != nil {
		parts = append(parts, *w.Dataset)
	}
	if w.Field != nil {
		parts = append(parts, *w.Field)
	}
	return strings.Join(parts, " › ")
}

func flowHow(ctx context.Context, w store.FieldFlow) string {
	var parts []string
	for _, word := range []string{enumWord(ctx, "flow.mechanism", w.Mechanism), enumWord(ctx, "flow.frequency", w.Frequency), w.Country} {
		if word != "" {
			parts = append(parts, word)
		}
	}
	return strings.Join(parts, " · ")
}

// history is what people and imports did to the field, the latest first.
func (p fieldPage) history() []ui.TimelineItem {
	type dated struct {
		at   time.Time
		item ui.TimelineItem
	}
	var all []dated
	for _, e := range p.v.Events {
		all = append(all, dated{e.At, eventView(p.ctx, e, p.v.Names)})
	}
	for _, c := range p.v.Imports {
		title := "field.import." + string(c.Change)
		if c.Kind == domain.ImportEvidence {
			title = "field.import.measured"
		}
		item := ui.TimelineItem{Icon: "upload", Title: p.t(title), Who: actorWord(p.ctx, c.ActorName),
			When: i18n.DateTimeText(p.ctx, c.At), ISO: c.At.Format(time.RFC3339),
			Link: &ui.Link{Href: importPath(p.by, c.Import), Text: c.FileName}}
		if c.UndoneAt != nil {
			item.Text = p.t("field.import.undone_on", "day", i18n.DateText(p.ctx, *c.UndoneAt))
		}
		if c.Kind == domain.ImportEvidence { // what was measured has words of its own
			item.Changes = importRowOf(p.ctx, p.by, store.ImportLine{Facts: c.Facts, Before: c.Before}).changes
			c.Before = nil
		}
		for _, name := range changedNames(domain.Event{After: c.Before}) {
			item.Changes = append(item.Changes, ui.Change{Label: columnWord(p.ctx, name),
				Before: valueWord(p.ctx, "field", name, c.Before[name], p.v.Names), After: valueWord(p.ctx, "field", name, c.Facts[name], p.v.Names)})
		}
		all = append(all, dated{c.At, item})
	}
	slices.SortStableFunc(all, func(a, b dated) int { return b.at.Compare(a.at) })
	items := make([]ui.TimelineItem, len(all))
	for i, d := range all {
		items[i] = d.item
	}
	return items
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// opens is the address of the page with one of its forms open.
func (v fieldShowView) opens(form string) templ.SafeURL {
	query := "form=" + form
	if v.from != "" {
		query = "from=" + queryEscape(v.from) + "&" + query
	}
	return templ.SafeURL(addQuery(v.self, query) + "#" + form)
}

// small is what one of the page's small forms knows of its problems.
func (v fieldShowView) small(form string) formView {
	return formView{v.ctx, "field", v.typed.of(form)}
}

// fieldHeaders are the heads of a table of the page.
func fieldHeaders(ctx context.Context, keys ...string) []ui.HeaderSpec {
	heads := make([]ui.HeaderSpec, len(keys))
	for i, key := range keys {
		heads[i] = ui.HeaderSpec{Text: fieldWord(ctx, key)}
	}
	return heads
}

// fieldWord is the word of a column that lists have too, else one of this page's own.
func fieldWord(ctx context.Context, key string) string {
	if word := "column." + key; i18n.Has(ctx, word) {
		return i18n.T(ctx, word)
	}
	return i18n.T(ctx, "field.head."+key)
}

// facts writes named values; what is not known is said, not left out.
func (p fieldPage) facts(facts ...fact) []ui.Fact {
	out := make([]ui.Fact, len(facts))
	for i, f := range facts {
		out[i] = ui.Fact{Term: fieldWord(p.ctx, f.name), Text: f.text, Wide: f.name == "description"}
		if f.text == "" {
			out[i].Note = p.t("record.unknown")
		}
	}
	return out
}

// labelled is the field of a small form whose word lists may have too.
func (v fieldShowView) labelled(form, name string) ui.Field {
	f := v.small(form).field(name)
	f.Label = fieldWord(v.ctx, name)
	return f
}

// optionally is labelled for a control that may stay empty.
func (v fieldShowView) optionally(form, name string) ui.Field {
	f := v.labelled(form, name)
	f.Optional = true
	return f
}

// fieldProgramHeads are the heads of the table of programs; the last is for the button that unlinks.
func fieldProgramHeads(ctx context.Context, v fieldShowView) []ui.HeaderSpec {
	heads := fieldHeaders(ctx, "program", "status", "level", "role", "note", "linked_by")
	if v.link != "" {
		heads = append(heads, ui.HeaderSpec{Text: i18n.T(ctx, "field.actions"), Hidden: true})
	}
	return heads
}

// listLink leads from a card to the register that has its lines and more; nil where there is none.
func listLink(ctx context.Context, lines int, href string) templ.Component {
	if lines == 0 {
		return nil
	}
	return textLink(href, i18n.T(ctx, "field.as_list"))
}
