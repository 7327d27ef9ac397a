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

//i18n:dynamic scenarios. scenario.

func (s *Server) scenarioRoutes(r scope) {
	nounRoutes(s, r, written(s, nounSpec[domain.ScenarioID]{param: "scenario", list: scenarioList, edit: domain.EditPlan,
		add: s.newScenario, show: s.showScenario,
		archive: s.store.ArchiveScenario, restore: s.store.RestoreScenario, remove: s.store.RemoveScenario},
		formSpec[domain.Scenario, scenarioForm, domain.ScenarioID]{page: s.scenarioEdit, of: scenarioFormOf, read: s.store.ScenarioByID, add: s.store.AddScenario, change: s.store.ChangeScenario,
			added: "scenario.added", changed: "scenario.changed"}))
}

func scenarioPath(by domain.Actor, id domain.ScenarioID, parts ...string) string {
	return workspacePath(by, append([]string{"scenarios", itoa(id)}, parts...)...)
}

var scenarioList = registerSpec{
	register: domain.ScenarioRegister,
	path:     "scenarios",
	show:     func(by domain.Actor, id int64) string { return scenarioPath(by, domain.ScenarioID(id)) },
	add:      domain.EditPlan,
	tone:     map[string]tone{"status": programTone},
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.EditPlan}},
}

type scenarioForm struct {
	Version      int                  `form:"version"`
	Program      domain.ProgramID     `form:"program"`
	Name         string               `form:"name"`
	Kind         string               `form:"scenario_kind"`
	Nature       string               `form:"nature"`
	TriggerKind  string               `form:"trigger_kind"`
	Trigger      string               `form:"trigger"`
	Segment      domain.SegmentID     `form:"segment"`
	Target       string               `form:"target_rule"`
	Exclusions   string               `form:"exclusions"`
	Channels     []string             `form:"channels"`
	OtherChannel string               `form:"channels_other"`
	Delay        string               `form:"delay"`
	CapMessages  string               `form:"cap_messages"`
	CapDays      string               `form:"cap_days"`
	StopRule     string               `form:"stop_rule"`
	Message      string               `form:"message"`
	KPI          string               `form:"kpi"`
	Purpose      domain.PurposeID     `form:"purpose"`
	Consent      domain.CategoryID    `form:"consent_category"`
	Status       domain.ProgramStatus `form:"status"`
	StartsOn     string               `form:"starts_on"`
	EndsOn       string               `form:"ends_on"`
}

func (f scenarioForm) seen() int                      { return f.Version }
func (f scenarioForm) again(version int) scenarioForm { f.Version = version; return f }

func (f scenarioForm) apply(c domain.Scenario) (domain.Scenario, error) {
	var bad domain.Problems
	c.Program, c.Name, c.Kind, c.Nature, c.TriggerKind, c.Trigger = f.Program, f.Name, f.Kind, f.Nature, f.TriggerKind, f.Trigger
	c.Segment, c.Target, c.Exclusions, c.Delay, c.StopRule = f.Segment, f.Target, f.Exclusions, f.Delay, f.StopRule
	c.Message, c.KPI, c.Purpose, c.Consent, c.Status = f.Message, f.KPI, f.Purpose, f.Consent, f.Status
	c.Channels, c.Cap = several(f.Channels, f.OtherChannel), nil
	if strings.TrimSpace(f.CapMessages)+strings.TrimSpace(f.CapDays) != "" {
		c.Cap = &domain.Cap{Messages: int(wholeNumber(&bad, "cap_messages", f.CapMessages)), Days: int(wholeNumber(&bad, "cap_days", f.CapDays))}
	}
	c.StartsOn, c.EndsOn = day(&bad, "starts_on", f.StartsOn), day(&bad, "ends_on", f.EndsOn)
	c, err := domain.NewScenario(c)
	if problems, ok := withProblems(bad, err); ok {
		return c, problems.Err()
	}
	return c, err
}

func scenarioFormOf(_ context.Context, c domain.Scenario) scenarioForm {
	f := scenarioForm{Version: c.Version, Program: c.Program, Name: c.Name, Kind: c.Kind, Nature: c.Nature, TriggerKind: c.TriggerKind, Trigger: c.Trigger,
		Segment: c.Segment, Target: c.Target, Exclusions: c.Exclusions, Delay: c.Delay, StopRule: c.StopRule, Message: c.Message, KPI: c.KPI,
		Purpose: c.Purpose, Consent: c.Consent, Status: c.Status, StartsOn: typedDay(c.StartsOn), EndsOn: typedDay(c.EndsOn)}
	f.Channels, f.OtherChannel = splitOther(c.Channels, domain.Channels)
	if c.Cap != nil {
		f.CapMessages, f.CapDays = strconv.Itoa(c.Cap.Messages), strconv.Itoa(c.Cap.Days)
	}
	return f
}

type scenarioEditView struct {
	formView
	shell                                    ui.Shell
	title                                    string
	action, back                             string
	crumbs                                   []ui.Link
	form                                     scenarioForm
	programs, segments, purposes, categories []ui.Option
}

func (s *Server) scenarioEdit(w http.ResponseWriter, r *http.Request, status int, id domain.ScenarioID, f scenarioForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	list := workspacePath(by, "scenarios")
	v := scenarioEditView{formView: formView{ctx, "scenario", p}, form: f, title: i18n.T(ctx, "scenarios.add"), action: list, back: list,
		crumbs: []ui.Link{{Href: list, Text: i18n.T(ctx, "scenarios.title")}}}
	err := s.store.Read(ctx, by, func(st *store.Store) error { return v.choices(r, st) })
	if err != nil {
		return err
	}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "scenario.edit"), scenarioPath(by, id), scenarioPath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	} else if f.Program != 0 {
		v.back = programPath(by, f.Program)
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, scenarioEdit(v))
}

// choices reads what the form offers. What the scenario has already stays offered, even where it was archived since.
func (v *scenarioEditView) choices(r *http.Request, st *store.Store) error {
	ctx, by := r.Context(), actor(r)
	names, err := st.Names(ctx, by)
	if err != nil {
		return err
	}
	return readChoices(ctx, by,
		formChoice{&v.programs, st.ProgramOptions, refValue(v.form.Program), names.Program(v.form.Program)},
		formChoice{&v.segments, st.SegmentOptions, refValue(v.form.Segment), names.Segment(v.form.Segment)},
		formChoice{&v.purposes, st.PurposeOptions, refValue(v.form.Purpose), names.Purpose(v.form.Purpose)},
		formChoice{&v.categories, st.ConsentOptions, refValue(v.form.Consent), names.Category(v.form.Consent)},
	)
}

// newScenario shows an empty form; that of a program takes over what the program says.
func (s *Server) newScenario(w http.ResponseWriter, r *http.Request) error {
	f := scenarioForm{Kind: domain.ScenarioKinds[0], Nature: domain.NaturePromotional, TriggerKind: domain.TriggerKinds[0], Status: domain.ProgramIdea}
	if id, err := strconv.ParseInt(r.URL.Query().Get("program"), 10, 64); err == nil {
		p, err := s.store.ProgramByID(r.Context(), actor(r), domain.ProgramID(id))
		if err != nil {
			return err
		}
		f.Program, f.Trigger, f.KPI = p.ID, p.Trigger, p.KPI
		f.Channels, f.OtherChannel = splitOther(p.Channels, domain.Channels)
		if len(p.Purposes) == 1 {
			f.Purpose = p.Purposes[0]
		}
	}
	return s.scenarioEdit(w, r, http.StatusOK, 0, f, nil)
}

type scenarioShowView struct {
	shell   ui.Shell
	crumbs  []ui.Link
	c       domain.Scenario
	badge   mark
	facts   []ui.Fact
	needs   []needView // its own, and those of its whole program
	ready   mark       // whether its program can run
	blocked string     // by what
	program string     // page of the program with its needs
	add     string     // form of a need of its own; empty where the visitor may not add one
	history []ui.TimelineItem
	edit    recordActions
}

func (s *Server) showScenario(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.ScenarioID](r, "scenario")
	if err != nil {
		return err
	}
	if err := s.store.CountHeld(ctx, by); err != nil {
		return err
	}
	var v scenarioShowView
	err = s.store.Read(ctx, by, func(st *store.Store) error {
		c, err := st.ScenarioByID(ctx, by, id)
		if err != nil {
			return err
		}
		program, err := st.ProgramByID(ctx, by, c.Program)
		if err != nil {
			return err
		}
		names, err := st.Names(ctx, by)
		if err != nil {
			return err
		}
		var basis string
		if c.Purpose != 0 {
			p, err := st.PurposeByID(ctx, by, c.Purpose)
			if err != nil {
				return err
			}
			basis = enumWord(ctx, "basis", p.LegalBasis)
		}
		needs, err := st.ProgramNeeds(ctx, by, c.Program)
		if err != nil {
			return err
		}
		readiness, err := st.ProgramReadiness(ctx, by, c.Program)
		if err != nil {
			return err
		}
		events, err := st.EventsOf(ctx, by, domain.SubjectScenario, int64(id), historyShown)
		if err != nil {
			return err
		}
		needs = slices.DeleteFunc(needs, func(n store.Need) bool { return !n.Of(id) })
		v = scenarioShowView{c: c, badge: programMark(ctx, string(c.Status)), facts: scenarioFacts(ctx, by, c, basis, names),
			needs: needViews(ctx, by, program, id, needs, names), ready: readyMark(ctx, readiness), blocked: blockedBy(ctx, readiness),
			program: programPath(by, c.Program) + "#needs", history: timeline(ctx, events, names),
			crumbs: []ui.Link{{Href: workspacePath(by, "programs"), Text: i18n.T(ctx, "programs.title")},
				{Href: programPath(by, c.Program), Text: names.Program(c.Program)}, {Text: c.Name}},
			edit: actionsOf(ctx, by, domain.EditPlan, scenarioPath(by, id), c.ArchivedAt != nil)}
		if by.Can(domain.EditPlan) && c.ArchivedAt == nil && program.ArchivedAt == nil {
			v.add = programPath(by, program.ID) + "?scenario=" + itoa(id) + "#need"
		}
		return nil
	})
	if err != nil {
		return err
	}
	if v.shell, err = s.shell(w, r, v.c.Name); err != nil {
		return err
	}
	return s.ok(w, r, scenarioShow(v))
}

// programMark draws the status of a program or a scenario.
func programMark(ctx context.Context, status string) mark {
	kind, icon := programTone(status)
	return mark{kind, icon, enumWord(ctx, "program.status", status)}
}

func scenarioFacts(ctx context.Context, by domain.Actor, c domain.Scenario, basis string, names store.Names) []ui.Fact {
	facts := factList(ctx,
		fact{"nature", enumWord(ctx, "scenario.nature", c.Nature)},
		fact{"scenario_kind", enumWord(ctx, "scenario.kind", c.Kind)},
		fact{"trigger", strings.Join(nonEmpty(enumWord(ctx, "scenario.trigger", c.TriggerKind), c.Trigger), " · ")},
		fact{"segment", names.Segment(c.Segment)},
		fact{"target_rule", c.Target},
		fact{"exclusions", c.Exclusions},
		fact{"channels", strings.Join(enumWords(ctx, "channel", c.Channels), ", ")},
		fact{"delay", c.Delay},
		fact{"frequency_cap", capWords(ctx, c.Cap)},
		fact{"stop_rule", c.StopRule},
		fact{"purpose", names.Purpose(c.Purpose)},
		fact{"legal_basis", basis},
		fact{"consent_category", names.CategoryLabel(by.Lang, c.Consent)},
		fact{"kpi", c.KPI},
		fact{"starts_on", shownDay(ctx, c.StartsOn)},
		fact{"ends_on", shownDay(ctx, c.EndsOn)},
		fact{"message", c.Message})
	if c.Segment != 0 {
		facts[3].Text, facts[3].Value = "", linkLines([]ui.Link{{Href: segmentPath(by, c.Segment), Text: names.Segment(c.Segment)}})
	}
	if c.Purpose != 0 {
		facts[10].Text, facts[10].Value = "", linkLines([]ui.Link{{Href: purposePath(by, c.Purpose), Text: names.Purpose(c.Purpose)}})
	}
	return facts
}

// capWords says how much one person receives at the most; nothing where there is no limit.
func capWords(ctx context.Context, c *domain.Cap) string {
	if c == nil {
		return ""
	}
	return i18n.T(ctx, "scenario.cap", "n", c.Messages, "days", c.Days)
}

// scenarioLine is a scenario on the page of its program.
type scenarioLine struct {
	href, name             string
	status                 mark
	trigger, channels, cap string
}

func scenarioLines(ctx context.Context, by domain.Actor, list []domain.Scenario) []scenarioLine {
	lines := make([]scenarioLine, len(list))
	for i, c := range list {
		lines[i] = scenarioLine{href: scenarioPath(by, c.ID), name: c.Name, status: programMark(ctx, string(c.Status)),
			trigger:  strings.Join(nonEmpty(enumWord(ctx, "scenario.trigger", c.TriggerKind), c.Trigger), " · "),
			channels: strings.Join(enumWords(ctx, "channel", c.Channels), ", "), cap: capWords(ctx, c.Cap)}
	}
	return lines
}
