package web

import (
	"context"
	"net/http"
	"strconv"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic journeys. journey.

func (s *Server) journeyRoutes(r scope) {
	nounRoutes(s, r, nounSpec[domain.JourneyID]{param: "journey", list: journeyList, edit: domain.EditPlan,
		add: s.newJourney, create: s.createJourney, show: s.showJourney, form: s.editJourney, change: s.changeJourney,
		archive: s.store.ArchiveJourney, restore: s.store.RestoreJourney, remove: s.store.RemoveJourney})
}

func journeyPath(by domain.Actor, id domain.JourneyID, parts ...string) string {
	return workspacePath(by, append([]string{"journeys", itoa(id)}, parts...)...)
}

var journeyList = registerSpec{
	register: domain.JourneyRegister,
	path:     "journeys",
	show:     func(by domain.Actor, id int64) string { return journeyPath(by, domain.JourneyID(id)) },
	add:      domain.EditPlan,
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.EditPlan}},
}

// momentForm is a moment as it was typed. What speaks there is a program (p and its number) or a scenario (s and its number).
type momentForm struct {
	Name    string `form:"name"`
	Stage   string `form:"stage"`
	Channel string `form:"channel"`
	Speaks  string `form:"speaks"`
	Note    string `form:"note"`
}

type journeyForm struct {
	Version     int          `form:"version"`
	Name        string       `form:"name"`
	Description string       `form:"description"`
	Moments     []momentForm `form:"moments"`
	rowButtons
}

func (f journeyForm) apply(j domain.Journey) (domain.Journey, error) {
	j.Name, j.Description, j.Moments = f.Name, f.Description, nil
	for _, m := range f.Moments {
		moment := domain.Moment{Name: m.Name, Channel: m.Channel, Note: m.Note}
		stage, _ := strconv.ParseInt(m.Stage, 10, 64) // anything else is none, as nothing speaks in the cases below
		moment.Stage = domain.StageID(stage)
		if len(m.Speaks) > 1 {
			n, _ := strconv.ParseInt(m.Speaks[1:], 10, 64)
			switch m.Speaks[0] {
			case 'p':
				moment.Program = domain.ProgramID(n)
			case 's':
				moment.Scenario = domain.ScenarioID(n)
			}
		}
		j.Moments = append(j.Moments, moment)
	}
	return domain.NewJourney(j)
}

// speaksValue is what speaks at a moment, as the form says it.
func speaksValue(m domain.Moment) string {
	switch {
	case m.Scenario != 0:
		return "s" + itoa(m.Scenario)
	case m.Program != 0:
		return "p" + itoa(m.Program)
	}
	return ""
}

func journeyFormOf(j domain.Journey) journeyForm {
	f := journeyForm{Version: j.Version, Name: j.Name, Description: j.Description}
	for _, m := range j.Moments {
		f.Moments = append(f.Moments, momentForm{m.Name, refValue(m.Stage), m.Channel, speaksValue(m), m.Note})
	}
	return f
}

type journeyEditView struct {
	formView
	shell          ui.Shell
	title          string
	action, back   string
	crumbs         []ui.Link
	form           journeyForm
	stages, speaks []ui.Option
}

func (s *Server) journeyEdit(w http.ResponseWriter, r *http.Request, status int, id domain.JourneyID, f journeyForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	list := workspacePath(by, "journeys")
	v := journeyEditView{formView: formView{ctx, "journey", p}, form: f, title: i18n.T(ctx, "journeys.add"), action: list, back: list,
		crumbs: []ui.Link{{Href: list, Text: i18n.T(ctx, "journeys.title")}}}
	err := s.store.Read(ctx, by, func(st *store.Store) error { return v.choices(ctx, by, st) })
	if err != nil {
		return err
	}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "journey.edit"), journeyPath(by, id), journeyPath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, journeyEdit(v))
}

// choices reads what the form offers. What a moment has already stays offered, even where it was archived since.
func (v *journeyEditView) choices(ctx context.Context, by domain.Actor, st *store.Store) error {
	names, err := st.Names(ctx, by)
	if err != nil {
		return err
	}
	stages, err := st.StageOptions(ctx, by)
	if err != nil {
		return err
	}
	programs, scenarios, err := st.SpeakOptions(ctx, by)
	if err != nil {
		return err
	}
	v.stages = refOptions(stages)
	for _, p := range programs {
		v.speaks = append(v.speaks, ui.Option{Value: "p" + strconv.FormatInt(p.ID, 10), Text: p.Name, Group: i18n.T(ctx, "programs.title")})
	}
	for _, c := range scenarios {
		v.speaks = append(v.speaks, ui.Option{Value: "s" + strconv.FormatInt(c.ID, 10), Text: c.Name, Group: c.Group})
	}
	for _, m := range v.form.Moments {
		stage, _ := strconv.ParseInt(m.Stage, 10, 64)
		v.stages = withOption(v.stages, m.Stage, names.Stage(domain.StageID(stage)))
		if m.Speaks != "" {
			v.speaks = withOption(v.speaks, m.Speaks, i18n.T(ctx, "journey.speaks_archived"))
		}
	}
	return nil
}

func (s *Server) newJourney(w http.ResponseWriter, r *http.Request) error {
	return s.journeyEdit(w, r, http.StatusOK, 0, journeyForm{Moments: make([]momentForm, 3)}, nil)
}

func (s *Server) createJourney(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, bad, err := decode[journeyForm](r)
	if err != nil {
		return err
	}
	if f.pressed() {
		f.Moments = rowsAfter(f.rowButtons, "moments", f.Moments)
		return s.journeyEdit(w, r, http.StatusOK, 0, f, bad)
	}
	f.Moments = filledRows(f.Moments)
	var id domain.JourneyID
	j, err := f.apply(domain.Journey{})
	if err == nil && len(bad) == 0 {
		id, err = s.store.AddJourney(r.Context(), by, j)
	}
	if problems, isForm := withProblems(bad, err); isForm {
		return s.journeyEdit(w, r, http.StatusUnprocessableEntity, 0, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, journeyPath(by, id), "journey.saved", "name", j.Name)
}

func (s *Server) editJourney(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.JourneyID](r, "journey")
	if err != nil {
		return err
	}
	j, err := s.store.JourneyByID(r.Context(), actor(r), id)
	if err != nil {
		return err
	}
	return s.journeyEdit(w, r, http.StatusOK, id, journeyFormOf(j), nil)
}

func (s *Server) changeJourney(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.JourneyID](r, "journey")
	if err != nil {
		return err
	}
	f, bad, err := decode[journeyForm](r)
	if err != nil {
		return err
	}
	if f.pressed() {
		f.Moments = rowsAfter(f.rowButtons, "moments", f.Moments)
		return s.journeyEdit(w, r, http.StatusOK, id, f, bad)
	}
	f.Moments = filledRows(f.Moments)
	if len(bad) == 0 {
		err = s.store.ChangeJourney(r.Context(), by, id, f.Version, f.apply)
	}
	err = meanwhile(s, r, err, id, &f.Version, s.store.JourneyByID, f.apply)
	if problems, isForm := withProblems(bad, err); isForm {
		return s.journeyEdit(w, r, formStatus(err), id, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, journeyPath(by, id), "journey.saved", "name", domain.CleanLine(f.Name))
}

// journeyView is a journey drawn along the life cycle.
type journeyView struct {
	name, href, description string
	steps                   []journeyStep
}

// journeyStep are the moments that follow each other at one stage.
type journeyStep struct {
	stage   string
	moments []momentView
}

type momentView struct {
	number        string
	name, channel string
	note          string
	speaks        *ui.Link
	ready         *mark // whether the program that speaks can run; nil where none does
}

// drawJourney puts the moments of a journey in their order under the stages that they pass.
func drawJourney(ctx context.Context, by domain.Actor, j domain.Journey, names store.Names, ready map[domain.ProgramID]mark) journeyView {
	v := journeyView{name: j.Name, href: journeyPath(by, j.ID), description: j.Description}
	last := domain.StageID(-1)
	for i, m := range j.Moments {
		if m.Stage != last {
			name := names.Stage(m.Stage)
			if m.Stage == 0 {
				name = i18n.T(ctx, "choice.any_stage")
			}
			v.steps, last = append(v.steps, journeyStep{stage: name}), m.Stage
		}
		view := momentView{number: i18n.Number(ctx, i+1), name: m.Name, channel: enumWord(ctx, "channel", m.Channel), note: m.Note}
		switch {
		case m.Scenario != 0:
			view.speaks = &ui.Link{Href: scenarioPath(by, m.Scenario), Text: m.Speaks}
		case m.Program != 0:
			view.speaks = &ui.Link{Href: programPath(by, m.Program), Text: m.Speaks}
			if r, ok := ready[m.Program]; ok {
				view.ready = &r
			}
		}
		step := &v.steps[len(v.steps)-1]
		step.moments = append(step.moments, view)
	}
	return v
}

type journeyShowView struct {
	shell   ui.Shell
	crumbs  []ui.Link
	j       domain.Journey
	drawn   journeyView
	history []ui.TimelineItem
	edit    recordActions
}

func (s *Server) showJourney(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.JourneyID](r, "journey")
	if err != nil {
		return err
	}
	v := journeyShowView{}
	if err := s.store.CountHeld(ctx, by); err != nil {
		return err
	}
	err = s.store.Read(ctx, by, func(st *store.Store) error {
		j, err := st.JourneyByID(ctx, by, id)
		if err != nil {
			return err
		}
		names, err := st.Names(ctx, by)
		if err != nil {
			return err
		}
		plan, err := st.Plan(ctx, by)
		if err != nil {
			return err
		}
		events, err := st.EventsOf(ctx, by, domain.SubjectJourney, int64(id), historyShown)
		v.j, v.drawn, v.history = j, drawJourney(ctx, by, j, names, readyMarks(ctx, plan)), timeline(ctx, events, names)
		return err
	})
	if err != nil {
		return err
	}
	v.crumbs = []ui.Link{{Href: workspacePath(by, "plan"), Text: i18n.T(ctx, "plan.title")}, {Href: workspacePath(by, "journeys"), Text: i18n.T(ctx, "journeys.title")}, {Text: v.j.Name}}
	v.edit = actionsOf(ctx, by, domain.EditPlan, journeyPath(by, id), v.j.ArchivedAt != nil)
	if v.shell, err = s.shell(w, r, v.j.Name); err != nil {
		return err
	}
	return s.ok(w, r, journeyShow(v))
}

// readyMarks says of each program of the plan whether it can run.
func readyMarks(ctx context.Context, plan store.Plan) map[domain.ProgramID]mark {
	marks := map[domain.ProgramID]mark{}
	for _, p := range plan.Programs {
		marks[p.ID] = readyMark(ctx, p.Readiness)
	}
	return marks
}
