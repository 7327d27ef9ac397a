package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic retention. schedule.

func (s *Server) retentionRoutes(r scope) {
	r.get("/retention/presets", domain.EditPurpose, s.showPresets)
	r.get("/retention/conflicts", domain.ReadWorkspace, s.showConflicts)
	r.get("/retention/schedule", domain.ReadWorkspace, func(w http.ResponseWriter, r *http.Request) error { return s.showRegister(w, r, scheduleList) })
	r.get("/retention/schedule.{format}", domain.ReadWorkspace, s.exportRegister(domain.ScheduleRegister))
	nounRoutes(s, r, nounSpec[domain.RetentionRuleID]{param: "retention_rule", list: retentionList, edit: domain.EditPurpose,
		add: s.newRetention, create: s.createRetention, show: s.showRetention, form: s.editRetention, change: s.changeRetention,
		archive: s.store.ArchiveRetentionRule, restore: s.store.RestoreRetentionRule, remove: s.store.RemoveRetentionRule})
	r.get("/retention/{retention_rule}/attach", domain.EditPurpose, s.editAttached)
	r.post("/retention/{retention_rule}/attach", domain.EditPurpose, s.changeAttached)
}

func retentionPath(by domain.Actor, id domain.RetentionRuleID, parts ...string) string {
	return workspacePath(by, append([]string{"retention", itoa(id)}, parts...)...)
}

var retentionList = registerSpec{
	register: domain.RetentionRegister,
	path:     "retention",
	show:     func(by domain.Actor, id int64) string { return retentionPath(by, domain.RetentionRuleID(id)) },
	add:      domain.EditPurpose,
	addPath:  "retention/presets",
	extra: func(ctx context.Context, by domain.Actor) []ui.Link {
		return []ui.Link{{Href: workspacePath(by, "retention", "conflicts"), Text: i18n.T(ctx, "retention.conflicts")},
			{Href: workspacePath(by, "retention", "schedule"), Text: i18n.T(ctx, "schedule.title")}}
	},
	tone: map[string]tone{"certainty": certaintyTone},
	bulk: []bulkAction{{name: "archive", icon: "archive", action: domain.EditPurpose}},
}

// scheduleList is the table of periods by purpose and category.
var scheduleList = registerSpec{register: domain.ScheduleRegister, path: "retention/schedule", tone: map[string]tone{"certainty": certaintyTone},
	empty: map[string]string{"retention": "retention.none"}}

// certaintyTone warns of what nobody has read yet.
func certaintyTone(code string) (ui.Kind, string) {
	switch code {
	case "read":
		return ui.OK, "circle-check"
	case "quoted":
		return ui.Info, "info-circle"
	case "to_verify":
		return ui.Warn, "help-circle"
	}
	return ui.Neutral, "minus"
}

// spanWord is a number of months as people say it: years where they are whole.
func spanWord(ctx context.Context, months int) string {
	switch {
	case months == 0:
		return i18n.T(ctx, "retention.at_once")
	case months%12 == 0:
		return i18n.T(ctx, "retention.years", "n", months/12)
	}
	return i18n.T(ctx, "retention.months", "n", months)
}

// periodWords is how long a rule keeps data, in a few words: its numbers, or else its criterion.
func periodWords(ctx context.Context, r domain.RetentionRule) string {
	switch {
	case r.ActiveMonths != nil && r.ArchiveMonths != nil:
		return i18n.T(ctx, "retention.period.both", "active", spanWord(ctx, *r.ActiveMonths), "archive", spanWord(ctx, *r.ArchiveMonths))
	case r.ArchiveMonths != nil:
		return i18n.T(ctx, "retention.period.archive", "archive", spanWord(ctx, *r.ArchiveMonths))
	case r.ActiveMonths != nil:
		return spanWord(ctx, *r.ActiveMonths)
	}
	return r.Criterion
}

// ruleOf is the rule of that number; none for zero.
func ruleOf(ctx context.Context, st *store.Store, by domain.Actor, id domain.RetentionRuleID) (domain.RetentionRule, error) {
	if id == 0 {
		return domain.RetentionRule{}, nil
	}
	return st.RetentionRuleByID(ctx, by, id)
}

// ruleLink leads to the page of a rule.
func ruleLink(by domain.Actor, r domain.RetentionRule, text string) templ.Component {
	return linkTo(retentionPath(by, r.ID), text)
}

// ruleBriefs are a rule on the page of what it is attached to: how long, from when, what then, and its page.
func ruleBriefs(ctx context.Context, by domain.Actor, r domain.RetentionRule) []ui.Fact {
	if r.ID == 0 {
		return factList(ctx, fact{"retention", ""})
	}
	facts := factList(ctx, fact{"retention", periodWords(ctx, r)}, fact{"triggers", i18n.List(ctx, enumWords(ctx, "retention.trigger", r.Triggers))},
		fact{"fate", enumWord(ctx, "retention.fate", r.Fate)})
	return append(facts, ui.Fact{Term: i18n.T(ctx, "retention.rule"), Value: ruleLink(by, r, r.Name)})
}

// presetView is a preset of the library as its page offers it.
type presetView struct {
	code, name, period, triggers, reference string
	source                                  string
	certainty                               mark
	use                                     string // form of a new rule made of it
	taken                                   *ui.Link
}

type presetsView struct {
	shell  ui.Shell
	crumbs []ui.Link
	own    string // empty form
	lines  []presetView
}

func (s *Server) showPresets(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	rules, err := s.store.RetentionRules(ctx, by)
	if err != nil {
		return err
	}
	list, title := workspacePath(by, "retention"), i18n.T(ctx, "retention.presets")
	v := presetsView{crumbs: []ui.Link{{Href: list, Text: i18n.T(ctx, "retention.title")}, {Text: title}}, own: list + "/new"}
	for _, p := range domain.RetentionPresets() {
		rule := p.Rule(by.Lang)
		kind, icon := certaintyTone(p.Certainty)
		line := presetView{code: p.Code, name: rule.Name, period: periodWords(ctx, rule), reference: rule.LegalReference,
			triggers: strings.Join(enumWords(ctx, "retention.trigger", p.Triggers), ", "), source: enumWord(ctx, "retention.source", p.Source),
			certainty: mark{kind, icon, enumWord(ctx, "retention.certainty", p.Certainty)}, use: list + "/new?preset=" + p.Code}
		if i := slices.IndexFunc(rules, func(r domain.RetentionRule) bool { return r.Preset == p.Code }); i >= 0 {
			line.taken = &ui.Link{Href: retentionPath(by, rules[i].ID), Text: i18n.T(ctx, "retention.preset.taken")}
		}
		v.lines = append(v.lines, line)
	}
	if v.shell, err = s.shell(w, r, title); err != nil {
		return err
	}
	return s.ok(w, r, presetsPage(v))
}

type retentionForm struct {
	Version        int      `form:"version"`
	Confirmed      bool     `form:"confirmed"`
	Preset         string   `form:"preset"`
	Code           string   `form:"code"`
	Name           string   `form:"name"`
	Triggers       []string `form:"triggers"`
	OtherTriggers  string   `form:"triggers_other"`
	ActiveMonths   string   `form:"active_months"`
	Criterion      string   `form:"criterion"`
	ArchiveMonths  string   `form:"archive_months"`
	ArchiveGround  string   `form:"archive_ground"`
	Fate           string   `form:"fate"`
	LegalReference string   `form:"legal_reference"`
	Source         string   `form:"retention_source"`
	Bound          string   `form:"bound"`
	Certainty      string   `form:"certainty"`
	Reason         string   `form:"reason"`
}

// apply puts what was typed into a rule; of which preset it is made stays.
func (f retentionForm) apply(r domain.RetentionRule) (domain.RetentionRule, error) {
	var bad domain.Problems
	r.Code, r.Name, r.Triggers = f.Code, f.Name, several(f.Triggers, f.OtherTriggers)
	r.ActiveMonths, r.ArchiveMonths = months(&bad, "active_months", f.ActiveMonths), months(&bad, "archive_months", f.ArchiveMonths)
	r.Criterion, r.ArchiveGround, r.Fate, r.LegalReference = f.Criterion, f.ArchiveGround, f.Fate, f.LegalReference
	r.Source, r.Bound, r.Certainty, r.Reason = f.Source, f.Bound, f.Certainty, f.Reason
	r, err := domain.NewRetentionRule(r)
	if problems, isForm := withProblems(bad, err); isForm {
		return r, problems.Err()
	}
	return r, err
}

func retentionFormOf(r domain.RetentionRule) retentionForm {
	f := retentionForm{Version: r.Version, Preset: r.Preset, Code: r.Code, Name: r.Name, ActiveMonths: typedMonths(r.ActiveMonths), Criterion: r.Criterion,
		ArchiveMonths: typedMonths(r.ArchiveMonths), ArchiveGround: r.ArchiveGround, Fate: r.Fate, LegalReference: r.LegalReference,
		Source: r.Source, Bound: r.Bound, Certainty: r.Certainty, Reason: r.Reason}
	f.Triggers, f.OtherTriggers = splitOther(r.Triggers, domain.RetentionTriggers)
	return f
}

func typedMonths(n *int) string {
	if n == nil {
		return ""
	}
	return itoa(int64(*n))
}

type retentionEditView struct {
	formView
	shell        ui.Shell
	title, lead  string
	action, back string
	crumbs       []ui.Link
	form         retentionForm
	triggers     []string // offered: those of the preset first
}

// retentionEdit shows the form, for a new rule (id 0) or for one that is there.
func (s *Server) retentionEdit(w http.ResponseWriter, r *http.Request, status int, id domain.RetentionRuleID, f retentionForm, p domain.Problems) (err error) {
	ctx, by := r.Context(), actor(r)
	list := workspacePath(by, "retention")
	v := retentionEditView{formView: formView{ctx, "retention", p}, form: f, title: i18n.T(ctx, "retention.add"), action: list, back: list,
		crumbs: []ui.Link{{Href: list, Text: i18n.T(ctx, "retention.title")}}, triggers: slices.Clone(domain.RetentionTriggers)}
	if preset, ok := domain.RetentionPresetByCode(f.Preset); ok {
		v.lead = i18n.T(ctx, "retention.of_preset", "name", preset.Name(by.Lang), "period", periodWords(ctx, preset.Rule(by.Lang)))
		slices.SortStableFunc(v.triggers, func(a, b string) int { return placeOf(preset.Triggers, a) - placeOf(preset.Triggers, b) })
	}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "retention.edit"), retentionPath(by, id), retentionPath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, retentionEditPage(v))
}

// placeOf is where a value stands in a list; behind all where it does not.
func placeOf(list []string, value string) int {
	if i := slices.Index(list, value); i >= 0 {
		return i
	}
	return len(list)
}

func (s *Server) newRetention(w http.ResponseWriter, r *http.Request) error {
	f := retentionForm{Source: "own"}
	if p, ok := domain.RetentionPresetByCode(r.URL.Query().Get("preset")); ok {
		f = retentionFormOf(p.Rule(actor(r).Lang))
	}
	return s.retentionEdit(w, r, http.StatusOK, 0, f, nil)
}

func (s *Server) createRetention(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, bad, err := decode[retentionForm](r)
	if err != nil {
		return err
	}
	var id domain.RetentionRuleID
	rule, err := f.apply(domain.RetentionRule{Preset: f.Preset})
	if err == nil && len(bad) == 0 {
		id, err = s.store.AddRetentionRule(r.Context(), by, rule)
	}
	if problems, isForm := withProblems(bad, err); isForm {
		return s.retentionEdit(w, r, http.StatusUnprocessableEntity, 0, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, retentionPath(by, id), "retention.added", "name", rule.Name)
}

func (s *Server) editRetention(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.RetentionRuleID](r, "retention_rule")
	if err != nil {
		return err
	}
	rule, err := s.store.RetentionRuleByID(r.Context(), actor(r), id)
	if err == nil {
		err = domain.Changeable(rule)
	}
	if err != nil {
		return err
	}
	return s.retentionEdit(w, r, http.StatusOK, id, retentionFormOf(rule), nil)
}

func (s *Server) changeRetention(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.RetentionRuleID](r, "retention_rule")
	if err != nil {
		return err
	}
	f, bad, err := decode[retentionForm](r)
	if err != nil {
		return err
	}
	asked := false
	if len(bad) == 0 && !f.Confirmed {
		var p store.RetentionPreview
		p, err = s.store.PreviewRetentionRule(ctx, by, id, f.Version, func(rule domain.RetentionRule) (domain.RetentionRule, error) {
			f.Preset = rule.Preset
			return f.apply(rule)
		})
		if asked = err == nil && p.NeedsConfirming(); asked {
			return s.askRetention(w, r, i18n.T(ctx, "retention.confirm.change", "name", domain.CleanLine(f.Name)), retentionPath(by, id), p)
		}
	}
	if len(bad) == 0 && err == nil {
		_, err = s.store.ChangeRetentionRule(ctx, by, id, f.Version, f.apply)
	}
	err = meanwhile(s, r, err, id, &f.Version, s.store.RetentionRuleByID, f.apply)
	if problems, isForm := withProblems(bad, err); isForm {
		return s.retentionEdit(w, r, formStatus(err), id, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, retentionPath(by, id), "retention.changed", "name", domain.CleanLine(f.Name))
}

// askRetention answers with a page of confirmation where the change reopens approvals, or makes data older than allowed.
func (s *Server) askRetention(w http.ResponseWriter, r *http.Request, title, back string, p store.RetentionPreview) error {
	ctx, by := r.Context(), actor(r)
	var impacts []ui.Impact
	add := func(kind ui.Kind, n int64, key string) {
		if n > 0 {
			impacts = append(impacts, ui.Impact{Kind: kind, Text: i18n.T(ctx, key, "n", n)})
		}
	}
	add(ui.Review, p.Reopened, "retention.confirm.reopens")
	add(ui.Danger, p.Over, "retention.confirm.over")
	add(ui.OK, p.Cleared, "retention.confirm.cleared")
	add(ui.Info, p.Fields, "retention.confirm.fields")
	impacts = append(impacts, ui.Impact{Kind: ui.Info, Text: i18n.T(ctx, "effect.nothing_deleted")})
	return s.showEffect(w, r, effectView{
		crumbs:  []ui.Link{{Href: workspacePath(by, "retention"), Text: i18n.T(ctx, "retention.title")}, {Href: back, Text: i18n.T(ctx, "retention.rule")}, {Text: i18n.T(ctx, "effect.title")}},
		confirm: ui.ConfirmSpec{Title: title, Impacts: impacts, Submit: ui.ButtonSpec{Text: i18n.T(ctx, "retention.confirm.submit"), Variant: ui.Primary}, Cancel: ui.Link{Href: back}},
	})
}

type retentionShowView struct {
	shell   ui.Shell
	crumbs  []ui.Link
	rule    domain.RetentionRule
	badges  []mark
	facts   []ui.Fact
	legal   []ui.Fact
	notes   []ui.Impact // that it differs from its preset, and why; that its text is to be verified
	uses    []useView
	attach  []ui.Link // pages that attach it
	history []ui.TimelineItem
	edit    recordActions
}

func (s *Server) showRetention(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.RetentionRuleID](r, "retention_rule")
	if err != nil {
		return err
	}
	var (
		rule  domain.RetentionRule
		names store.Names
		uses  []domain.Use
	)
	err = s.store.Read(ctx, by, func(st *store.Store) (err error) {
		if rule, err = st.RetentionRuleByID(ctx, by, id); err != nil {
			return err
		}
		if names, err = st.Names(ctx, by); err != nil {
			return err
		}
		uses, err = st.RetentionUses(ctx, by, id)
		return err
	})
	if err != nil {
		return err
	}
	v := retentionShowView{rule: rule, uses: usesView(ctx, by, uses, r), edit: actionsOf(ctx, by, domain.EditPurpose, retentionPath(by, id), rule.ArchivedAt != nil),
		crumbs: []ui.Link{{Href: workspacePath(by, "retention"), Text: i18n.T(ctx, "retention.title")}, {Text: rule.Name}}}
	if by.Can(domain.EditPurpose) && rule.ArchivedAt == nil {
		for _, to := range []domain.RetentionFrom{domain.RetentionOfPurpose, domain.RetentionOfCategory, domain.RetentionOfDataset} {
			v.attach = append(v.attach, ui.Link{Href: retentionPath(by, id, "attach") + "?to=" + string(to), Text: i18n.T(ctx, "retention.attach."+string(to))})
		}
	}
	v.facts, v.legal, v.notes, v.badges = ruleFacts(ctx, rule), ruleGround(ctx, rule), ruleNotes(ctx, by, rule), ruleBadges(ctx, rule)
	if v.history, err = s.history(r, domain.SubjectRetentionRule, int64(id), names); err != nil {
		return err
	}
	if v.shell, err = s.shell(w, r, rule.Name); err != nil {
		return err
	}
	return s.ok(w, r, retentionShow(v))
}

// ruleFacts are the phases of a rule in their order.
func ruleFacts(ctx context.Context, r domain.RetentionRule) []ui.Fact {
	span := func(months *int) string {
		if months == nil {
			return i18n.T(ctx, "retention.no_phase")
		}
		return spanWord(ctx, *months)
	}
	return append(factList(ctx,
		fact{"triggers", i18n.List(ctx, enumWords(ctx, "retention.trigger", r.Triggers))},
		fact{"active_months", span(r.ActiveMonths)},
		fact{"archive_months", span(r.ArchiveMonths)}),
		append(ruleArchive(ctx, r), factList(ctx, fact{"fate", enumWord(ctx, "retention.fate", r.Fate)}, fact{"criterion", r.Criterion})...)...)
}

func ruleArchive(ctx context.Context, r domain.RetentionRule) []ui.Fact {
	if r.ArchiveMonths == nil {
		return nil
	}
	return factList(ctx, fact{"archive_ground", r.ArchiveGround})
}

func ruleGround(ctx context.Context, r domain.RetentionRule) []ui.Fact {
	facts := factList(ctx, fact{"retention_source", enumWord(ctx, "retention.source", r.Source)}, fact{"legal_reference", r.LegalReference},
		fact{"certainty", enumWord(ctx, "retention.certainty", r.Certainty)})
	if r.Bound != "" {
		facts = append(facts, factList(ctx, fact{"bound", enumWord(ctx, "retention.bound", r.Bound)})...)
	}
	return facts
}

func ruleBadges(ctx context.Context, r domain.RetentionRule) []mark {
	kind, icon := certaintyTone(r.Certainty)
	if r.Certainty == "" {
		return nil
	}
	return []mark{{kind, icon, enumWord(ctx, "retention.certainty", r.Certainty)}}
}

// ruleNotes are what a reader must know first: that nobody has read the text behind it, and how it differs from its preset.
func ruleNotes(ctx context.Context, by domain.Actor, r domain.RetentionRule) []ui.Impact {
	var notes []ui.Impact
	if r.Certainty == "to_verify" {
		notes = append(notes, ui.Impact{Kind: ui.Warn, Text: i18n.T(ctx, "retention.to_verify")})
	}
	if preset, ok := domain.RetentionPresetByCode(r.Preset); ok {
		if names := r.Deviations(preset); len(names) > 0 {
			words := make([]string, len(names))
			for i, name := range names {
				words[i] = i18n.Lower(i18n.T(ctx, "column."+name))
			}
			notes = append(notes, ui.Impact{Kind: ui.Info, Text: i18n.T(ctx, "retention.deviates", "name", preset.Name(by.Lang), "what", i18n.List(ctx, words),
				"period", periodWords(ctx, preset.Rule(by.Lang)), "reason", r.Reason)})
		}
	}
	return notes
}

// conflictView is a conflict in words, with the way to what it is about and to where it is mended.
type conflictView struct {
	kind       mark
	sentence   string
	about, fix *ui.Link
}

type conflictsView struct {
	shell  ui.Shell
	crumbs []ui.Link
	count  string
	lines  []conflictView
}

// conflictTones draw the kinds of conflicts: what a text forbids, what is missing, what should be looked at.
var conflictTones = map[string]ui.Kind{"below_least": ui.Danger, "cut_short": ui.Danger, "no_rule": ui.Danger, "longer_copy": ui.Warn, "unrecorded": ui.Warn, "no_ground": ui.Warn}

func (s *Server) showConflicts(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	list, err := s.store.RetentionConflicts(ctx, by)
	if err != nil {
		return err
	}
	title := i18n.T(ctx, "retention.conflicts")
	v := conflictsView{count: i18n.T(ctx, "retention.conflicts.count", "n", len(list)),
		crumbs: []ui.Link{{Href: workspacePath(by, "retention"), Text: i18n.T(ctx, "retention.title")}, {Text: title}}}
	for _, c := range list {
		line := conflictView{kind: mark{conflictTones[c.Kind], "alert-triangle", i18n.T(ctx, "retention.conflict."+c.Kind)}, sentence: conflictSentence(ctx, c)}
		line.about = &ui.Link{Href: workspacePath(by, subjectPaths[c.Subject.Kind], itoa(c.Subject.ID)), Text: c.Subject.Name}
		if c.Rule != 0 && c.Subject.Kind != domain.SubjectRetentionRule {
			line.fix = &ui.Link{Href: retentionPath(by, c.Rule), Text: i18n.T(ctx, "retention.rule")}
		}
		v.lines = append(v.lines, line)
	}
	if v.shell, err = s.shell(w, r, title); err != nil {
		return err
	}
	return s.ok(w, r, conflictsPage(v))
}

// conflictSentence writes a conflict with its facts: months as people say them, events in their words.
func conflictSentence(ctx context.Context, c domain.RetentionConflict) string {
	args := maps.Clone(c.Args)
	for _, name := range []string{"months", "least", "origin", "copy"} {
		if n, ok := args[name].(int); ok {
			args[name] = spanWord(ctx, n)
		}
	}
	if events, ok := args["events"].([]string); ok {
		args["events"] = i18n.List(ctx, enumWords(ctx, "retention.trigger", events))
	}
	return i18n.TArgs(ctx, "retention.conflict."+c.Kind+".sentence", args)
}

// attachShown is how many records one page offers; a search finds the others.
const attachShown = 200

type attachView struct {
	shell        ui.Shell
	crumbs       []ui.Link
	title, lead  string
	action, back string
	to           string
	tabs         []ui.NavItem
	search       ui.SearchSpec
	lines        []attachLine
	rest         string // how many more there are; empty for none
}

type attachLine struct {
	id, name, place, rule string
	has                   bool
}

// attachTargets are what a rule is attached to on its own page; fields are chosen in their list.
var attachTargets = []domain.RetentionFrom{domain.RetentionOfPurpose, domain.RetentionOfCategory, domain.RetentionOfDataset}

// editAttached offers purposes, categories or datasets to tick, each with the rule that it has.
func (s *Server) editAttached(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.RetentionRuleID](r, "retention_rule")
	if err != nil {
		return err
	}
	to := domain.RetentionFrom(r.URL.Query().Get("to"))
	if !slices.Contains(attachTargets, to) {
		to = domain.RetentionOfPurpose
	}
	q := r.URL.Query().Get("q")
	var rule domain.RetentionRule
	var list []store.RetentionChoice
	var total int64
	err = s.store.Read(ctx, by, func(st *store.Store) (err error) {
		if rule, err = st.RetentionRuleByID(ctx, by, id); err != nil {
			return err
		}
		list, total, err = st.RetentionChoices(ctx, by, to, q, attachShown)
		return err
	})
	if err != nil {
		return err
	}
	v := attachView{title: i18n.T(ctx, "retention.attach"), lead: i18n.T(ctx, "retention.attach.lead", "name", rule.Name, "period", periodWords(ctx, rule)),
		action: retentionPath(by, id, "attach"), back: retentionPath(by, id), to: string(to)}
	v.crumbs = []ui.Link{{Href: workspacePath(by, "retention"), Text: i18n.T(ctx, "retention.title")}, {Href: v.back, Text: rule.Name}, {Text: v.title}}
	for _, t := range attachTargets {
		v.tabs = append(v.tabs, ui.NavItem{Href: v.action + "?to=" + string(t), Text: i18n.T(ctx, "retention.target."+string(t)), Current: t == to})
	}
	v.search = ui.SearchSpec{Action: v.action, Value: q, Label: i18n.T(ctx, "retention.attach.search"), Values: []ui.Hidden{{Name: "to", Value: string(to)}}}
	for _, c := range list {
		line := attachLine{id: itoa(c.ID), name: c.Name, place: c.Place}
		if c.Rule != nil {
			line.rule, line.has = *c.Named, *c.Rule == id
		}
		v.lines = append(v.lines, line)
	}
	if rest := total - int64(len(list)); rest > 0 {
		v.rest = i18n.T(ctx, "retention.attach.rest", "n", rest)
	}
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.ok(w, r, attachPage(v))
}

type attachForm struct {
	Confirmed bool                 `form:"confirmed"`
	To        domain.RetentionFrom `form:"to"`
	IDs       []int64              `form:"id"`
}

func (s *Server) changeAttached(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.RetentionRuleID](r, "retention_rule")
	if err != nil {
		return err
	}
	f, _, err := decode[attachForm](r)
	if err != nil {
		return err
	}
	rule, err := s.store.RetentionRuleByID(ctx, by, id)
	if err != nil {
		return err
	}
	if !slices.Contains(attachTargets, f.To) {
		return domain.Errorf(domain.Invalid, "error.choice")
	}
	if len(f.IDs) == 0 {
		return domain.Errorf(domain.Invalid, "bulk.nothing")
	}
	if !f.Confirmed {
		p, err := s.store.PreviewAttach(ctx, by, id, f.To, f.IDs)
		if err != nil {
			return err
		}
		if p.NeedsConfirming() {
			return s.askRetention(w, r, i18n.T(ctx, "retention.confirm.attach", "name", rule.Name, "n", len(f.IDs)), retentionPath(by, id), p)
		}
	}
	batch, n, _, err := s.store.AttachRetention(ctx, by, id, f.To, f.IDs)
	if err != nil {
		return err
	}
	if batch == 0 {
		return s.seeOther(w, r, retentionPath(by, id), "bulk.nothing_to_do")
	}
	return s.seeOtherBatch(w, r, retentionPath(by, id), batch, "retention.attached", "n", n)
}
