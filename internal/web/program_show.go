package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

type programShowView struct {
	shell     ui.Shell
	crumbs    []ui.Link
	p         domain.Program
	badge     mark
	facts     []ui.Fact
	standing  string // what its status does for its fields
	justifies bool
	ready     mark   // whether it can run
	blocked   string // by what
	steps     []statusStep
	stepPath  string
	needs     []needView
	needList  string    // list of them
	needForm  *needForm // nil where the visitor may not add any
	groups    []linkGroup
	count     string
	rest      *ui.Link // list of the fields that the page leaves out
	fields    string   // list of its fields
	scenarios []scenarioLine
	scenario  string // form of a new one; empty where the visitor may not add one
	history   []ui.TimelineItem
	edit      recordActions
}

// statusStep is a status that the program can move to.
type statusStep struct{ status, text, icon string }

type linkGroup struct {
	application string
	href        string
	links       []linkView
}

type linkView struct {
	name, label, dataset, href string
	level, verdict             mark
	role, note                 string
}

type needView struct {
	category         string
	label, code      string
	class            *mark // of special data only
	level, coverage  mark
	role, note       string
	scenarios        string // that it is for; empty for the whole program
	fields           []placedView
	free             []freeField
	freeRest, linked string
	remove           string // where the need is taken back; empty where the visitor may not
	edit             string // form that says it again
}

type freeField struct {
	placedView
	id   string
	link string // where it is linked in one click; empty where it cannot be
}

type needForm struct {
	formView
	action     string
	categories []ui.Option
	scenarios  []ui.Option // of the program
	typed      requirementForm
	open       bool
}

type requirementForm struct {
	Category domain.CategoryID `form:"category"`
	Level    string            `form:"level"`
	Role     string            `form:"role"`
	Note     string            `form:"note"`

	Scenarios []domain.ScenarioID `form:"scenarios"`
	Seen      domain.CategoryID   `form:"seen"` // of the need that is changed; zero for a new one
	From      domain.ScenarioID   `form:"from"` // whose page led here; zero for the program's own
}

func (s *Server) showProgram(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.ProgramID](r, "program")
	if err != nil {
		return err
	}
	return s.programPage(w, r, http.StatusOK, id, nil, nil)
}

// programPage shows a program, with what was typed of a need. Nothing typed, the form is closed and empty; or holds the need for a
// category, or is about a scenario, where the address names one.
func (s *Server) programPage(w http.ResponseWriter, r *http.Request, status int, id domain.ProgramID, typed *requirementForm, bad domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	v := programShowView{fields: workspacePath(by, "fields") + "?program=" + itoa(id), needList: workspacePath(by, "requirements") + "?program=" + itoa(id)}
	if err := s.store.CountHeld(ctx, by); err != nil {
		return err
	}
	err := s.store.Read(ctx, by, func(st *store.Store) error {
		p, err := st.ProgramByID(ctx, by, id)
		if err != nil {
			return err
		}
		names, err := st.Names(ctx, by)
		if err != nil {
			return err
		}
		links, total, err := st.ProgramLinks(ctx, by, id)
		if err != nil {
			return err
		}
		needs, err := st.ProgramNeeds(ctx, by, id)
		if err != nil {
			return err
		}
		scenarios, err := st.ProgramScenarios(ctx, by, id)
		if err != nil {
			return err
		}
		v.scenarios = scenarioLines(ctx, by, scenarios)
		readiness, err := st.ProgramReadiness(ctx, by, id)
		if err != nil {
			return err
		}
		v.ready, v.blocked = readyMark(ctx, readiness), blockedBy(ctx, readiness)
		events, err := st.EventsOf(ctx, by, domain.SubjectProgram, int64(id), historyShown)
		if err != nil {
			return err
		}
		if by.Can(domain.EditPlan) && p.ArchivedAt == nil {
			options, err := st.NeedOptions(ctx, by)
			if err != nil {
				return err
			}
			v.needForm = &needForm{formView: formView{ctx, "requirement", bad}, action: programPath(by, id, "requirements"),
				categories: refOptions(options), scenarios: scenarioOptions(scenarios)}
			if v.needForm.open = typed != nil; v.needForm.open {
				v.needForm.typed = *typed
			} else {
				v.needForm.typed, v.needForm.open = askedNeed(r, needs)
			}
		}
		v.p, v.history = p, timeline(ctx, events, names)
		v.facts = programFacts(ctx, by, p, names)
		v.standing, v.justifies = s.standingOf(ctx, p, visitOf(r).Workspace.Thresholds)
		v.groups, v.count = linkGroups(ctx, by, links), i18n.Number(ctx, total)
		if rest := total - int64(len(links)); rest > 0 {
			v.rest = &ui.Link{Href: v.fields, Text: i18n.T(ctx, "program.more_fields", "n", rest)}
		}
		v.needs = needViews(ctx, by, p, 0, needs, names)
		return nil
	})
	if err != nil {
		return err
	}
	v.crumbs = []ui.Link{{Href: workspacePath(by, "programs"), Text: i18n.T(ctx, "programs.title")}, {Text: v.p.Name}}
	v.badge = programMark(ctx, string(v.p.Status))
	v.edit = actionsOf(ctx, by, domain.EditPlan, programPath(by, id), v.p.ArchivedAt != nil)
	if by.Can(domain.EditPlan) && v.p.ArchivedAt == nil {
		v.steps, v.stepPath = statusSteps(ctx, v.p), programPath(by, id, "status")
		v.scenario = workspacePath(by, "scenarios", "new") + "?program=" + itoa(id)
	}
	if v.shell, err = s.shell(w, r, v.p.Name); err != nil {
		return err
	}
	return s.render(w, r, status, programShow(v))
}

// standingOf says whether the program justifies fields today, and why not.
func (s *Server) standingOf(ctx context.Context, p domain.Program, th domain.Thresholds) (text string, counts bool) {
	rules, today := p.Rules(), s.now()
	if rules.Counts(today, th) {
		if p.Status == domain.ProgramPaused && p.PausedOn != nil {
			return i18n.T(ctx, "program.standing.grace", "day", i18n.Day(ctx, p.PausedOn.AddDate(0, 0, th.GraceDays))), true
		}
		return i18n.T(ctx, "program.standing.counts"), true
	}
	switch {
	case p.ArchivedAt != nil:
		return i18n.T(ctx, "program.standing.archived"), false
	case p.Status == domain.ProgramIdea:
		return i18n.T(ctx, "program.standing.idea"), false
	case p.EndsOn != nil && p.EndsOn.Before(domain.Day(today)) && p.Status != domain.ProgramEnded:
		return i18n.T(ctx, "program.standing.past_end", "day", i18n.Day(ctx, *p.EndsOn)), false
	case p.Status == domain.ProgramPlanned && !rules.Over(today, th):
		return i18n.T(ctx, "program.standing.not_begun"), false
	}
	return i18n.T(ctx, "program.standing.over"), false
}

// statusSteps are the statuses that a program can move to from its page, the most likely first.
func statusSteps(ctx context.Context, p domain.Program) []statusStep {
	next := map[domain.ProgramStatus][]domain.ProgramStatus{
		domain.ProgramIdea:    {domain.ProgramPlanned, domain.ProgramLive},
		domain.ProgramPlanned: {domain.ProgramLive, domain.ProgramIdea},
		domain.ProgramLive:    {domain.ProgramPaused, domain.ProgramEnded},
		domain.ProgramPaused:  {domain.ProgramLive, domain.ProgramEnded},
		domain.ProgramEnded:   {domain.ProgramLive},
	}[p.Status]
	steps := make([]statusStep, len(next))
	for i, status := range next {
		_, icon := programTone(string(status))
		steps[i] = statusStep{string(status), i18n.T(ctx, "program.step."+string(status)), icon}
	}
	return steps
}

func programFacts(ctx context.Context, by domain.Actor, p domain.Program, names store.Names) []ui.Fact {
	facts := factList(ctx,
		fact{"code", p.Code},
		fact{"objective", names.Objective(p.Objective)},
		fact{"stage", names.Stage(p.Stage)},
		fact{"trigger", p.Trigger},
		fact{"channels", strings.Join(enumWords(ctx, "channel", p.Channels), ", ")},
		fact{"kpi", p.KPI},
		fact{"owner", names.User(p.Owner)},
		fact{"starts_on", shownDay(ctx, p.StartsOn)},
		fact{"ends_on", shownDay(ctx, p.EndsOn)})
	if p.PausedOn != nil {
		facts = append(facts, factList(ctx, fact{"paused_on", shownDay(ctx, p.PausedOn)})...)
	}
	var purposes []ui.Link
	for _, id := range p.Purposes {
		purposes = append(purposes, ui.Link{Href: purposePath(by, id), Text: names.Purpose(id)})
	}
	under := ui.Fact{Term: i18n.T(ctx, "column.purposes"), Value: linkLines(purposes)}
	if len(purposes) == 0 {
		under = ui.Fact{Term: i18n.T(ctx, "column.purposes"), Note: i18n.T(ctx, "record.unknown")}
	}
	facts = append(facts, under)
	return append(facts, factList(ctx, fact{"description", p.Description})...)
}

func linkGroups(ctx context.Context, by domain.Actor, links []store.LinkedField) []linkGroup {
	var groups []linkGroup
	m := marksOf(ctx)
	levels := map[domain.LinkLevel]mark{}
	for _, code := range domain.LinkLevels {
		levels[domain.LinkLevel(code)] = levelMark(ctx, domain.LinkLevel(code))
	}
	var last domain.ApplicationID
	for _, l := range links {
		if len(groups) == 0 || l.Application != last {
			groups, last = append(groups, linkGroup{application: l.PlacedField.Application, href: applicationPath(by, l.Application)}), l.Application
		}
		g := &groups[len(groups)-1]
		g.links = append(g.links, linkView{name: l.Name, label: l.Label, dataset: l.Dataset, href: fieldPath(by, l.ID), level: levels[l.Level],
			verdict: m.verdicts[l.Verdict], role: enumWord(ctx, "link.role", l.Role), note: l.Note})
	}
	return groups
}

func levelMark(ctx context.Context, level domain.LinkLevel) mark {
	kind, icon := levelTone(string(level))
	return mark{kind, icon, i18n.T(ctx, "level."+string(level))}
}

func coverageTone(code string) (ui.Kind, string) {
	switch domain.Coverage(code) {
	case domain.CoverageLinked, domain.CoverageAvoided:
		return ui.OK, "circle-check"
	case domain.CoverageTwice:
		return ui.Warn, "copy"
	case domain.CoverageAvailable:
		return ui.Info, "link-off"
	case domain.CoverageUsed:
		return ui.Danger, "ban"
	case domain.CoverageMissing:
	}
	return ui.Review, "circle-dashed"
}

// askedNeed is the need whose category the address names, or an empty one for the scenario that it names; asked is false where it
// names neither.
func askedNeed(r *http.Request, needs []store.Need) (f requirementForm, asked bool) {
	f.Level = string(domain.LinkEssential)
	query := r.URL.Query()
	if scenario, err := strconv.ParseInt(query.Get("scenario"), 10, 64); err == nil {
		f.From = domain.ScenarioID(scenario)
		f.Scenarios, asked = []domain.ScenarioID{f.From}, true
	}
	for _, n := range needs {
		if itoa(n.Category) == query.Get("need") {
			return requirementForm{Category: n.Category, Level: string(n.Level), Role: n.Role, Note: n.Note, Scenarios: n.Scenarios, Seen: n.Category, From: f.From}, true
		}
	}
	return f, asked
}

func scenarioOptions(list []domain.Scenario) []ui.Option {
	options := make([]ui.Option, len(list))
	for i, c := range list {
		options[i] = ui.Option{Value: itoa(c.ID), Text: c.Name}
	}
	return options
}

// needViews are the needs of a program, on its page or, where from is not zero, on that of one of its scenarios.
func needViews(ctx context.Context, by domain.Actor, p domain.Program, from domain.ScenarioID, needs []store.Need, names store.Names) []needView {
	may := by.Can(domain.EditPlan) && p.ArchivedAt == nil
	views := make([]needView, len(needs))
	for i, n := range needs {
		kind, icon := coverageTone(string(n.Coverage))
		id := itoa(n.Category)
		v := needView{category: id, label: n.Label, code: n.Code, level: levelMark(ctx, n.Level), role: enumWord(ctx, "link.role", n.Role), note: n.Note,
			coverage: mark{kind, icon, i18n.T(ctx, "coverage."+string(n.Coverage))}}
		if len(n.Scenarios) > 0 {
			list := make([]string, len(n.Scenarios))
			for i, id := range n.Scenarios {
				list[i] = names.Scenario(id)
			}
			v.scenarios = i18n.T(ctx, "requirement.of_scenarios", "names", strings.Join(list, ", "))
		}
		if n.Class.Special() {
			kind, icon := classTone(n.Class)
			v.class = &mark{kind, icon, i18n.T(ctx, "class."+string(n.Class))}
		}
		for _, f := range n.Linked {
			v.fields = append(v.fields, placedOf(by, f))
		}
		if rest := n.Held.Linked - int64(len(n.Linked)); rest > 0 {
			v.linked = i18n.T(ctx, "effect.rest", "n", rest)
		}
		if n.Level != domain.LinkAvoid {
			for _, f := range n.Free {
				free := freeField{placedView: placedOf(by, f), id: itoa(f.ID)}
				if may && (n.Level != domain.LinkUseful || !n.Class.Special()) {
					free.link = programPath(by, p.ID, "requirements", id, "link")
				}
				v.free = append(v.free, free)
			}
			if rest := n.Held.Fields - n.Held.Linked - int64(len(n.Free)); rest > 0 {
				v.freeRest = i18n.T(ctx, "effect.rest", "n", rest)
			}
		}
		if may {
			v.remove = programPath(by, p.ID, "requirements", id, "remove")
			v.edit = programPath(by, p.ID) + "?need=" + id + "#need"
			if from != 0 {
				v.edit = programPath(by, p.ID) + "?need=" + id + "&scenario=" + itoa(from) + "#need"
			}
		}
		views[i] = v
	}
	return views
}

func (s *Server) setRequirement(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.ProgramID](r, "program")
	if err != nil {
		return err
	}
	f, bad, err := decode[requirementForm](r)
	if err != nil {
		return err
	}
	q, err := domain.NewRequirement(domain.Requirement{Program: id, Category: f.Category, Level: domain.LinkLevel(f.Level), Role: f.Role, Note: f.Note, Scenarios: f.Scenarios})
	if err == nil && len(bad) == 0 {
		err = s.store.SetRequirement(r.Context(), actor(r), q, f.Seen)
	}
	if problems, isForm := withProblems(bad, err); isForm {
		return s.programPage(w, r, http.StatusUnprocessableEntity, id, &f, problems)
	}
	if err != nil {
		return err
	}
	back := programPath(actor(r), id)
	if f.From != 0 {
		back = scenarioPath(actor(r), f.From)
	}
	return s.seeOther(w, r, back+"#needs", "requirement.set")
}

func (s *Server) removeRequirement(w http.ResponseWriter, r *http.Request) error {
	id, category, err := needIDs(r)
	if err != nil {
		return err
	}
	if err := s.store.RemoveRequirement(r.Context(), actor(r), id, category); err != nil {
		return err
	}
	return s.seeOther(w, r, programPath(actor(r), id)+"#needs", "requirement.removed")
}

func (s *Server) linkNeeded(w http.ResponseWriter, r *http.Request) error {
	id, category, err := needIDs(r)
	if err != nil {
		return err
	}
	f, _, err := decode[struct {
		Field domain.FieldID `form:"field"`
	}](r)
	if err != nil {
		return err
	}
	reopened, err := s.store.LinkNeeded(r.Context(), actor(r), id, category, f.Field)
	if err != nil {
		return err
	}
	return s.saidLinked(w, r, programPath(actor(r), id)+"#needs", "requirement.linked", reopened)
}

func needIDs(r *http.Request) (program domain.ProgramID, category domain.CategoryID, err error) {
	if program, err = pathID[domain.ProgramID](r, "program"); err != nil {
		return 0, 0, err
	}
	category, err = pathID[domain.CategoryID](r, "category")
	return program, category, err
}

type libraryView struct {
	shell  ui.Shell
	crumbs []ui.Link
	count  string
	stages []ui.NavItem
	items  []templateView
	may    bool
}

type templateView struct {
	code, name, objective, trigger, basis string
	channels, stages                      []string
	essential, useful, avoid              string
	use                                   string
	used                                  *ui.Link // program made from it
}

// programLibrary shows the templates of programs, of one stage where the address names it.
func (s *Server) programLibrary(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	chosen := r.URL.Query().Get("stage")
	here := workspacePath(by, "programs", "library")
	made, err := s.store.ProgramsByTemplate(ctx, by)
	if err != nil {
		return err
	}
	v := libraryView{may: by.Can(domain.EditPlan),
		crumbs: []ui.Link{{Href: workspacePath(by, "programs"), Text: i18n.T(ctx, "programs.title")}, {Text: i18n.T(ctx, "programs.library")}},
		stages: []ui.NavItem{{Href: here, Text: i18n.T(ctx, "view.all"), Current: chosen == ""}}}
	names := map[string]string{}
	for _, g := range domain.DefaultStages() {
		names[g.Code] = g.Name(by.Lang)
		v.stages = append(v.stages, ui.NavItem{Href: here + "?stage=" + g.Code, Text: names[g.Code], Current: chosen == g.Code})
	}
	for _, t := range domain.ProgramTemplates() {
		if chosen != "" && !slices.Contains(t.Stages, chosen) && len(t.Stages) > 0 {
			continue
		}
		v.items = append(v.items, templateOf(ctx, by, t, names, made))
	}
	v.count = i18n.T(ctx, "programs.templates", "n", len(v.items))
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "programs.library")); err != nil {
		return err
	}
	return s.ok(w, r, libraryPage(v))
}

func templateOf(ctx context.Context, by domain.Actor, t domain.ProgramTemplate, names map[string]string, made map[string]domain.Option) templateView {
	v := templateView{code: t.Code, name: t.Name(by.Lang), objective: t.Objective(by.Lang), trigger: t.Trigger(by.Lang), basis: t.LegalBasis(by.Lang),
		channels: enumWords(ctx, "channel", t.Channels), use: workspacePath(by, "programs", "new") + "?template=" + t.Code,
		essential: i18n.Number(ctx, len(t.Essential)), useful: i18n.Number(ctx, len(t.Useful)), avoid: i18n.Number(ctx, len(t.Avoid))}
	for _, code := range t.Stages {
		v.stages = append(v.stages, names[code])
	}
	if p, ok := made[t.Code]; ok {
		v.used = &ui.Link{Href: programPath(by, domain.ProgramID(p.ID)), Text: i18n.T(ctx, "program.made", "name", p.Name)}
	}
	return v
}
