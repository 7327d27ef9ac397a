package web

import (
	"context"
	"net/http"
	"slices"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic programs. program. channel. coverage. effect. requirement.

func (s *Server) programRoutes(r scope) {
	nounRoutes(s, r, nounSpec[domain.ProgramID]{param: "program", list: programList, edit: domain.EditPlan,
		add: s.newProgram, create: s.createProgram, show: s.showProgram, form: s.editProgram, change: s.changeProgram,
		archive: s.archiveUnmissed, onArchive: s.archiveProgram, restore: s.store.RestoreProgram, remove: s.store.RemoveProgram})
	r.get("/programs/library", domain.ReadWorkspace, s.programLibrary)
	r.post("/programs/{program}/status", domain.EditPlan, s.changeProgramStatus)
	r.post("/programs/{program}/requirements", domain.EditPlan, s.setRequirement)
	r.post("/programs/{program}/requirements/{category}/remove", domain.EditPlan, s.removeRequirement)
	r.post("/programs/{program}/requirements/{category}/link", domain.EditPlan, s.linkNeeded)
}

func programPath(by domain.Actor, id domain.ProgramID, parts ...string) string {
	return workspacePath(by, append([]string{"programs", itoa(id)}, parts...)...)
}

var programList = registerSpec{
	register: domain.ProgramRegister,
	path:     "programs",
	show:     func(by domain.Actor, id int64) string { return programPath(by, domain.ProgramID(id)) },
	add:      domain.EditPlan,
	tone:     map[string]tone{"status": programTone, "readiness": readinessTone},
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.EditPlan}},
	extra: func(ctx context.Context, by domain.Actor) []ui.Link {
		return []ui.Link{{Href: workspacePath(by, "programs", "library"), Text: i18n.T(ctx, "programs.library"), Icon: "book"}}
	},
}

// readinessTone gives a readiness the colour and icon that the plan draws it with.
func readinessTone(code string) (ui.Kind, string) {
	switch code {
	case "ready":
		return ui.OK, "circle-check"
	case "blocked":
		return ui.Warn, "alert-triangle"
	}
	return ui.Neutral, "help-circle"
}

func programTone(code string) (ui.Kind, string) {
	switch domain.ProgramStatus(code) {
	case domain.ProgramLive:
		return ui.OK, "player-play"
	case domain.ProgramPlanned:
		return ui.Info, "calendar"
	case domain.ProgramPaused:
		return ui.Warn, "player-pause"
	case domain.ProgramEnded:
		return ui.Neutral, "player-stop"
	case domain.ProgramIdea:
	}
	return ui.Neutral, "circle-dashed"
}

type programForm struct {
	Version      int                  `form:"version"`
	Confirmed    bool                 `form:"confirmed"`
	Template     string               `form:"template"`
	Code         string               `form:"code"`
	Name         string               `form:"name"`
	Description  string               `form:"description"`
	Objective    domain.ObjectiveID   `form:"objective"`
	Stage        domain.StageID       `form:"stage"`
	Trigger      string               `form:"trigger"`
	Channels     []string             `form:"channels"`
	OtherChannel string               `form:"channels_other"`
	KPI          string               `form:"kpi"`
	Owner        domain.UserID        `form:"owner"`
	Status       domain.ProgramStatus `form:"status"`
	StartsOn     string               `form:"starts_on"`
	EndsOn       string               `form:"ends_on"`
	Purposes     []domain.PurposeID   `form:"purposes"`
}

// apply puts what was typed into a program, on the server's day.
func (s *Server) applyProgram(f programForm) func(domain.Program) (domain.Program, error) {
	return func(p domain.Program) (domain.Program, error) {
		var bad domain.Problems
		p.Code, p.Name, p.Description, p.Objective, p.Stage = f.Code, f.Name, f.Description, f.Objective, f.Stage
		p.Trigger, p.KPI, p.Owner, p.Status, p.Purposes = f.Trigger, f.KPI, f.Owner, f.Status, f.Purposes
		p.Channels = several(f.Channels, f.OtherChannel)
		p.StartsOn, p.EndsOn = day(&bad, "starts_on", f.StartsOn), day(&bad, "ends_on", f.EndsOn)
		p, err := domain.NewProgram(p, s.now())
		if problems, ok := withProblems(bad, err); ok {
			return p, problems.Err()
		}
		return p, err
	}
}

func programFormOf(p domain.Program) programForm {
	f := programForm{Version: p.Version, Template: p.Template, Code: p.Code, Name: p.Name, Description: p.Description, Objective: p.Objective,
		Stage: p.Stage, Trigger: p.Trigger, KPI: p.KPI, Owner: p.Owner, Status: p.Status, StartsOn: typedDay(p.StartsOn),
		EndsOn: typedDay(p.EndsOn), Purposes: p.Purposes}
	f.Channels, f.OtherChannel = splitOther(p.Channels, domain.Channels)
	return f
}

type programEditView struct {
	formView
	shell                     ui.Shell
	title, lead               string
	action, back              string
	crumbs                    []ui.Link
	form                      programForm
	objectives, stages, users []ui.Option
	purposes                  []ui.Option
	basis                     string // usual for the template
}

// programEdit shows the form, for a new program (id 0) or for one that is there.
func (s *Server) programEdit(w http.ResponseWriter, r *http.Request, status int, id domain.ProgramID, f programForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	list := workspacePath(by, "programs")
	v := programEditView{formView: formView{ctx, "program", p}, form: f, title: i18n.T(ctx, "programs.add"), action: list, back: list,
		crumbs: []ui.Link{{Href: list, Text: i18n.T(ctx, "programs.title")}}}
	err := s.store.Read(ctx, by, func(st *store.Store) error { return v.choices(r, st) })
	if err != nil {
		return err
	}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "program.edit"), programPath(by, id), programPath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	} else if t, ok := domain.ProgramTemplateByCode(f.Template); ok {
		v.back = workspacePath(by, "programs", "library")
		v.basis = t.LegalBasis(by.Lang)
		v.lead = i18n.T(ctx, "program.from_template", "name", t.Name(by.Lang), "n", len(t.Essential)+len(t.Useful)+len(t.Avoid))
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, programEdit(v))
}

// choices reads what the form offers. What the program has already stays offered, even where it was archived since.
func (v *programEditView) choices(r *http.Request, st *store.Store) error {
	ctx, by := r.Context(), actor(r)
	objectives, err := st.ObjectiveOptions(ctx, by)
	if err != nil {
		return err
	}
	stages, err := st.StageOptions(ctx, by)
	if err != nil {
		return err
	}
	users, err := st.MemberOptions(ctx, by)
	if err != nil {
		return err
	}
	purposes, err := st.PurposeOptions(ctx, by)
	if err != nil {
		return err
	}
	names, err := st.Names(ctx, by)
	if err != nil {
		return err
	}
	v.objectives = withOption(refOptions(objectives), refValue(v.form.Objective), names.Objective(v.form.Objective))
	v.stages = withOption(refOptions(stages), refValue(v.form.Stage), names.Stage(v.form.Stage))
	v.users, v.purposes = refOptions(users), refOptions(purposes)
	for _, id := range v.form.Purposes {
		v.purposes = withOption(v.purposes, itoa(id), names.Purpose(id))
	}
	return nil
}

// withOption keeps a choice that is no longer offered, so that saving a form does not lose it.
func withOption(options []ui.Option, value, text string) []ui.Option {
	if value == "" || text == "" || slices.ContainsFunc(options, func(o ui.Option) bool { return o.Value == value }) {
		return options
	}
	return append(options, ui.Option{Value: value, Text: text})
}

// newProgram shows an empty form, or one filled in from a template.
func (s *Server) newProgram(w http.ResponseWriter, r *http.Request) error {
	f := programForm{Status: domain.ProgramIdea}
	if t, ok := domain.ProgramTemplateByCode(r.URL.Query().Get("template")); ok {
		by := actor(r)
		f.Template, f.Code, f.Name = t.Code, t.Code, t.Name(by.Lang)
		f.Description, f.Trigger, f.Channels = t.Objective(by.Lang), t.Trigger(by.Lang), t.Channels
		if len(t.Stages) > 0 {
			id, err := s.store.StageByCode(r.Context(), by, t.Stages[0])
			if err != nil {
				return err
			}
			f.Stage = id
		}
	}
	return s.programEdit(w, r, http.StatusOK, 0, f, nil)
}

func (s *Server) createProgram(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, bad, err := decode[programForm](r)
	if err != nil {
		return err
	}
	var id domain.ProgramID
	p := domain.Program{}
	template, _ := domain.ProgramTemplateByCode(f.Template)
	p.Template = template.Code
	p, err = s.applyProgram(f)(p)
	if err == nil && len(bad) == 0 {
		id, err = s.store.AddProgram(r.Context(), by, p, template.Needs())
	}
	if problems, isForm := withProblems(bad, err); isForm {
		return s.programEdit(w, r, http.StatusUnprocessableEntity, 0, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, programPath(by, id), "program.added", "name", p.Name)
}

func (s *Server) editProgram(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.ProgramID](r, "program")
	if err != nil {
		return err
	}
	p, err := s.store.ProgramByID(r.Context(), actor(r), id)
	if err == nil {
		err = domain.Changeable(p)
	}
	if err != nil {
		return err
	}
	return s.programEdit(w, r, http.StatusOK, id, programFormOf(p), nil)
}

func (s *Server) changeProgram(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.ProgramID](r, "program")
	if err != nil {
		return err
	}
	f, bad, err := decode[programForm](r)
	if err != nil {
		return err
	}
	done := false
	if len(bad) == 0 {
		done, err = s.saveProgram(w, r, id, f.Version, f.Confirmed, s.applyProgram(f))
	}
	err = meanwhile(s, r, err, id, &f.Version, s.store.ProgramByID, s.applyProgram(f))
	if problems, isForm := withProblems(bad, err); isForm {
		return s.programEdit(w, r, formStatus(err), id, f, problems)
	}
	if err != nil || done {
		return err
	}
	return s.seeOther(w, r, programPath(actor(r), id), "program.changed", "name", domain.CleanLine(f.Name))
}

// changeProgramStatus moves a program to another status from its page.
func (s *Server) changeProgramStatus(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.ProgramID](r, "program")
	if err != nil {
		return err
	}
	f, _, err := decode[programForm](r)
	if err != nil {
		return err
	}
	done, err := s.saveProgram(w, r, id, f.Version, f.Confirmed, func(p domain.Program) (domain.Program, error) {
		return p.Become(f.Status, s.now())
	})
	if problems, isForm := withProblems(nil, err); isForm { // its form says better what is missing
		p, err := s.store.ProgramByID(r.Context(), actor(r), id)
		if err != nil {
			return err
		}
		form := programFormOf(p)
		form.Status = f.Status
		return s.programEdit(w, r, http.StatusUnprocessableEntity, id, form, problems)
	}
	if err != nil || done {
		return err
	}
	return s.seeOther(w, r, programPath(actor(r), id), "program.status_changed", "status", enumWord(r.Context(), "program.status", string(f.Status)))
}

// saveProgram saves a change of a program; where fields would lose their last reason to exist, it first answers with
// the page that says which (done is true then).
func (s *Server) saveProgram(w http.ResponseWriter, r *http.Request, id domain.ProgramID, seen int, confirmed bool,
	decide func(domain.Program) (domain.Program, error)) (done bool, err error) {
	ctx, by := r.Context(), actor(r)
	if !confirmed {
		var was, next domain.Program
		e, err := s.store.ProgramPreview(ctx, by, id, seen, func(p domain.Program) (domain.Program, error) {
			was = p
			next, err = decide(p)
			return next, err
		})
		if err != nil {
			return false, err
		}
		if e.NeedsConfirming() {
			return true, s.showEffect(w, r, programEffect(r, was, e, "program.confirm."+confirmOf(was, next)))
		}
	}
	return false, s.store.ChangeProgram(ctx, by, id, seen, decide)
}

// confirmOf names what the page of confirmation is about.
func confirmOf(was, next domain.Program) string {
	if was.Status == next.Status {
		return "changed"
	}
	return string(next.Status)
}

func programEffect(r *http.Request, p domain.Program, e domain.Effect, key string) effectView {
	ctx, by := r.Context(), actor(r)
	back := programPath(by, p.ID)
	return effectView{
		crumbs: []ui.Link{{Href: workspacePath(by, "programs"), Text: i18n.T(ctx, "programs.title")}, {Href: back, Text: p.Name}, {Text: i18n.T(ctx, "effect.title")}},
		confirm: ui.ConfirmSpec{Title: i18n.T(ctx, key, "name", p.Name), Impacts: effectImpacts(ctx, e), Cancel: ui.Link{Href: back},
			Submit: ui.ButtonSpec{Text: i18n.T(ctx, key+".submit"), Variant: ui.DangerButton}},
		moves: moveViews(ctx, by, e, workspacePath(by, "fields")+"?program="+itoa(p.ID)),
	}
}

// archiveUnmissed archives a program that no field would miss; the others stay, since their page shows what would be lost.
func (s *Server) archiveUnmissed(ctx context.Context, by domain.Actor, id domain.ProgramID) error {
	return s.store.ArchiveProgram(ctx, by, id, false)
}

func (s *Server) archiveProgram(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.ProgramID](r, "program")
	if err != nil {
		return err
	}
	f, _, err := decode[programForm](r)
	if err != nil {
		return err
	}
	if !f.Confirmed {
		p, err := s.store.ProgramByID(ctx, by, id)
		if err != nil {
			return err
		}
		e, err := s.store.ProgramArchiveEffect(ctx, by, id)
		if err != nil {
			return err
		}
		if e.Loses() {
			return s.showEffect(w, r, programEffect(r, p, e, "program.confirm.archived"))
		}
	}
	if err := s.store.ArchiveProgram(ctx, by, id, true); err != nil {
		return err
	}
	return s.seeOther(w, r, programPath(by, id), "record.archived")
}
