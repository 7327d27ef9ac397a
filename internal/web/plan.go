package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic plan.

func (s *Server) planRoutes(r scope) {
	r.get("/plan", domain.ReadWorkspace, s.showPlan)
	r.post("/plan/pressure", domain.EditPlan, s.changePressure)
}

type planView struct {
	formView
	shell      ui.Shell
	count      string
	columns    []planColumn
	always     *planColumn // programs of every stage; nil for none
	library    string      // where a first program comes from; empty where the visitor may not add one
	standing   string      // how many programs can run today
	unlocks    []unlockRow
	journeys   []journeyLine
	journeyAll string // list of journeys
	pressure   []pressureRow
	rules      []pressureRuleView
	rulesOpen  bool
	ruleAction string // empty where the visitor may not change the rules
}

// planColumn is a stage of the life cycle with its programs.
type planColumn struct {
	name, href string
	programs   []planCard
}

// journeyLine is a journey in a line of its moments.
type journeyLine struct {
	href, name, moments string
}

// unlockRow is one thing to do, with the programs that could run then.
type unlockRow struct {
	category, code, href string
	step                 mark
	ready                []ui.Link
	waiting              string
}

// unlocksShown is how many things to do the page names: the first are those that count.
const unlocksShown = 10

// cover says which programs can run, and what one thing more would do.
func (v *planView) cover(by domain.Actor, plan store.Plan) {
	var ready, blocked, silent int
	for _, p := range plan.Programs {
		switch {
		case p.Essential == 0:
			silent++
		case p.Activable():
			ready++
		default:
			blocked++
		}
	}
	v.standing = i18n.T(v.ctx, "plan.standing", "ready", ready, "blocked", blocked, "silent", silent)
	for _, u := range domain.Unlocks(plan.Unmet) {
		if len(v.unlocks) == unlocksShown {
			break
		}
		row := unlockRow{category: u.Label, code: u.Code, step: stepMark(v.ctx, u.Step), href: workspacePath(by, "requirements") + "?category=" + itoa(u.Category)}
		for _, n := range u.Ready {
			row.ready = append(row.ready, ui.Link{Href: programPath(by, n.Program) + "#needs", Text: n.Name})
		}
		if n := len(u.Waiting); n > 0 {
			row.waiting = i18n.T(v.ctx, "plan.unlock.waiting", "n", n)
		}
		v.unlocks = append(v.unlocks, row)
	}
}

func stepMark(ctx context.Context, step domain.NeedStep) mark {
	m := mark{ui.Review, "download", i18n.T(ctx, "plan.step."+string(step))}
	switch step {
	case domain.StepLink:
		m.kind, m.icon = ui.Info, "link"
	case domain.StepFill:
		m.kind, m.icon = ui.Warn, "edit"
	case domain.StepGround:
		m.icon = "gavel"
	case domain.StepCollect:
	}
	return m
}

// planCard is a program in the drawing.
type planCard struct {
	href, name, objective string
	status                mark
	channels              string
	scenarios             string
	percent               int    // of what it needs that it may use
	ready                 mark   // activable, or blocked
	blocked               string // by what
	asks                  bool   // whether it has said what it needs
}

// pressureRow is what may reach a person at a stage by a channel.
type pressureRow struct {
	stage, channel, most, rule, why string
	mark                            mark
}

type pressureRuleView struct {
	name, label, most, days string
}

type pressureForm struct {
	Most map[string]string
	Days map[string]string
}

func (s *Server) showPlan(w http.ResponseWriter, r *http.Request) error {
	return s.planPage(w, r, http.StatusOK, nil, nil)
}

// planPage shows the plan, with what was typed of the rules where it was refused.
func (s *Server) planPage(w http.ResponseWriter, r *http.Request, status int, typed *pressureForm, bad domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	plan, err := s.store.Plan(ctx, by)
	if err != nil {
		return err
	}
	v := planView{formView: formView{ctx, "plan", bad}, count: i18n.T(ctx, "programs.count", "n", len(plan.Programs)), rulesOpen: len(bad) > 0}
	v.draw(by, plan)
	v.cover(by, plan)
	journeys, err := s.store.Journeys(ctx, by)
	if err != nil {
		return err
	}
	v.journeyAll = workspacePath(by, "journeys")
	for _, j := range journeys {
		names := make([]string, len(j.Moments))
		for i, m := range j.Moments {
			names[i] = m.Name
		}
		v.journeys = append(v.journeys, journeyLine{journeyPath(by, j.ID), j.Name, strings.Join(names, " → ")})
	}
	v.press(plan)
	v.rules = pressureRules(ctx, plan.Rules, typed)
	if by.Can(domain.EditPlan) {
		v.ruleAction, v.library = workspacePath(by, "plan", "pressure"), workspacePath(by, "programs", "library")
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "plan.title")); err != nil {
		return err
	}
	return s.render(w, r, status, planPageView(v))
}

// draw puts each program under its stage.
func (v *planView) draw(by domain.Actor, plan store.Plan) {
	objectives := map[domain.ObjectiveID]string{}
	for _, o := range plan.Objectives {
		objectives[domain.ObjectiveID(o.ID)] = o.Name
	}
	under := map[domain.StageID][]planCard{}
	for _, p := range plan.Programs {
		under[p.Stage] = append(under[p.Stage], planCardOf(v.ctx, by, p, objectives[p.Objective]))
	}
	for _, stage := range plan.Stages {
		id := domain.StageID(stage.ID)
		v.columns = append(v.columns, planColumn{name: stage.Name, href: stagePath(by, id), programs: under[id]})
		delete(under, id)
	}
	// What is left addresses every stage, or one that was archived since.
	var rest []planCard
	for _, id := range slices.Sorted(maps.Keys(under)) {
		rest = append(rest, under[id]...)
	}
	if len(rest) > 0 {
		v.always = &planColumn{name: i18n.T(v.ctx, "choice.any_stage"), programs: rest}
	}
}

func planCardOf(ctx context.Context, by domain.Actor, p store.PlanProgram, objective string) planCard {
	c := planCard{href: programPath(by, p.ID), name: p.Name, objective: objective, status: programMark(ctx, p.Status),
		channels: strings.Join(enumWords(ctx, "channel", p.Channels), ", "), percent: p.Percent(), asks: p.Essential > 0}
	if p.Scenarios > 0 {
		c.scenarios = i18n.T(ctx, "plan.scenarios", "n", p.Scenarios, "running", p.Running)
	}
	c.ready, c.blocked = readyMark(ctx, p.Readiness), blockedBy(ctx, p.Readiness)
	return c
}

// readyMark says whether a program can run.
func readyMark(ctx context.Context, r domain.Readiness) mark {
	text := func(code, word string) mark {
		kind, icon := readinessTone(code)
		return mark{kind, icon, word}
	}
	switch {
	case r.Essential == 0:
		return text("unsaid", i18n.T(ctx, "plan.unknown"))
	case r.Activable():
		return text("ready", i18n.T(ctx, "plan.activable"))
	}
	return text("blocked", i18n.T(ctx, "plan.blocked", "held", r.Lawful, "n", r.Essential))
}

// blockedShown is how many categories a card names of each kind.
const blockedShown = 3

// blockedBy says what stands in the way of a program: what is not held, what is empty, what has no ground.
func blockedBy(ctx context.Context, r domain.Readiness) string {
	var parts []string
	for _, p := range []struct {
		key  string
		list []string
	}{{"plan.missing", r.Missing}, {"plan.empty", r.Empty}, {"plan.ungrounded", r.Ungrounded}} {
		if len(p.list) == 0 {
			continue
		}
		names := strings.Join(p.list[:min(len(p.list), blockedShown)], ", ")
		if rest := len(p.list) - blockedShown; rest > 0 {
			names = i18n.T(ctx, "plan.and_more", "names", names, "n", rest)
		}
		parts = append(parts, i18n.T(ctx, p.key, "names", names))
	}
	return strings.Join(parts, " ")
}

// press adds up what may reach one person.
func (v *planView) press(plan store.Plan) {
	ctx := v.ctx
	names := map[domain.StageID]string{0: i18n.T(ctx, "choice.any_stage")}
	ids := make([]domain.StageID, len(plan.Stages))
	for i, stage := range plan.Stages {
		ids[i] = domain.StageID(stage.ID)
		names[ids[i]] = stage.Name
	}
	scenarios := map[domain.ScenarioID]string{}
	for _, c := range plan.Scenarios {
		scenarios[c.ID] = c.Name
	}
	for _, p := range domain.PressureOf(plan.Scenarios, ids, plan.Rules) {
		row := pressureRow{stage: names[p.Stage], channel: enumWord(ctx, "channel", p.Channel),
			most: i18n.T(ctx, "plan.pressure.of", "n", p.Most, "days", p.Days)}
		if len(p.Unlimited) > 0 {
			row.most = i18n.T(ctx, "plan.pressure.unlimited", "n", len(p.Unlimited))
		}
		for i, id := range p.Scenarios {
			if i > 0 {
				row.why += ", "
			}
			row.why += scenarios[id]
		}
		switch {
		case p.Rule == nil:
			row.mark = mark{ui.Neutral, "help-circle", i18n.T(ctx, "plan.pressure.no_rule")}
		case p.Exceeds():
			row.mark = mark{ui.Danger, "alert-triangle", i18n.T(ctx, "plan.pressure.over")}
		default:
			row.mark = mark{ui.OK, "circle-check", i18n.T(ctx, "plan.pressure.within")}
		}
		if p.Rule != nil {
			row.rule = i18n.T(ctx, "plan.pressure.at_most", "n", p.Rule.Most, "days", p.Rule.Days)
		}
		v.pressure = append(v.pressure, row)
	}
}

// pressureRules are the boxes of the rules: as they are, or as they were typed.
func pressureRules(ctx context.Context, rules []domain.PressureRule, typed *pressureForm) []pressureRuleView {
	var out []pressureRuleView
	for _, channel := range domain.PressureChannels {
		v := pressureRuleView{name: channel, label: enumWord(ctx, "channel", channel)}
		for _, r := range rules {
			if r.Channel == channel {
				v.most, v.days = strconv.Itoa(r.Most), strconv.Itoa(r.Days)
			}
		}
		if typed != nil {
			v.most, v.days = typed.Most[channel], typed.Days[channel]
		}
		out = append(out, v)
	}
	return out
}

// changePressure saves the rules. A channel of which both boxes are empty has none.
func (s *Server) changePressure(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return domain.Errorf(domain.Invalid, "error.form")
	}
	f := pressureForm{Most: map[string]string{}, Days: map[string]string{}}
	var rules []domain.PressureRule
	var bad domain.Problems
	for _, channel := range domain.PressureChannels {
		most, days := r.PostFormValue("most_"+channel), r.PostFormValue("days_"+channel)
		f.Most[channel], f.Days[channel] = most, days
		if strings.TrimSpace(most)+strings.TrimSpace(days) != "" {
			rules = append(rules, domain.PressureRule{Channel: channel, Most: int(wholeNumber(&bad, "most_"+channel, most)),
				Days: int(wholeNumber(&bad, "days_"+channel, days))})
		}
	}
	rules, err := domain.NewPressureRules(rules)
	if len(bad) == 0 && err == nil {
		err = s.store.SetPressureRules(r.Context(), actor(r), rules)
	}
	if problems, isForm := withProblems(bad, err); isForm {
		return s.planPage(w, r, http.StatusUnprocessableEntity, &f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, workspacePath(actor(r), "plan"), "plan.pressure.saved")
}
