package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic targets. target. frozen_targets.

func (s *Server) targetRoutes(r scope) {
	r.get("/targets", domain.ReadWorkspace, s.listTargets)
	r.get("/targets.{format}", domain.ReadWorkspace, s.exportRegister(domain.TargetRegister))
	r.get("/targets/new", domain.EditPlan, s.newTarget)
	r.post("/targets", domain.EditPlan, s.createTarget)
	r.get("/targets/progress", domain.ReadWorkspace, s.showTargetProgress)
	r.post("/targets/versions", domain.EditPlan, s.freezeTargets)
	r.get("/targets/compare", domain.ReadWorkspace, s.compareTargets)
	r.get("/targets/compare.csv", domain.ReadWorkspace, s.exportTargetChanges)
	r.get("/targets/frozen", domain.ReadWorkspace, s.listFrozenTargets)
	r.get("/targets/frozen.{format}", domain.ReadWorkspace, s.exportRegister(domain.FrozenTargetRegister))
	r.get("/targets/{target}", domain.ReadWorkspace, s.showTarget)
	r.get("/targets/{target}/edit", domain.EditPlan, s.editTarget)
	r.post("/targets/{target}", domain.EditPlan, s.changeTarget)
	r.post("/targets/{target}/remove", domain.EditPlan, recordStep(s, "target", s.store.RemoveTarget,
		func(by domain.Actor, _ domain.TargetID) string { return workspacePath(by, "targets") }, "record.removed"))
}

func targetPath(by domain.Actor, id domain.TargetID, parts ...string) string {
	return workspacePath(by, append([]string{"targets", itoa(id)}, parts...)...)
}

var targetList = registerSpec{
	register: domain.TargetRegister,
	path:     "targets",
	show:     func(by domain.Actor, id int64) string { return targetPath(by, domain.TargetID(id)) },
	add:      domain.EditPlan,
	tone:     map[string]tone{"target_action": targetTone, "target_standing": standingTone, "verdict": verdictTone},
	extra: func(ctx context.Context, by domain.Actor) []ui.Link {
		return []ui.Link{{Href: workspacePath(by, "targets", "progress"), Text: i18n.T(ctx, "target.progress.title"), Icon: "timeline-event"}}
	},
}

var frozenTargetList = registerSpec{
	register: domain.FrozenTargetRegister,
	path:     "targets/frozen",
	tone:     map[string]tone{"target_action": targetTone, "target_standing": standingTone},
	extra:    targetList.extra,
}

func (s *Server) listTargets(w http.ResponseWriter, r *http.Request) error {
	return s.showRegister(w, r, targetList)
}

func (s *Server) listFrozenTargets(w http.ResponseWriter, r *http.Request) error {
	return s.showRegister(w, r, frozenTargetList)
}

// targetTone gives an action its colour and icon.
func targetTone(code string) (ui.Kind, string) {
	switch domain.TargetAction(code) {
	case domain.TargetKeep:
		return ui.OK, "circle-check"
	case domain.TargetLimit:
		return ui.Info, "filter"
	case domain.TargetReplace:
		return ui.Info, "exchange"
	case domain.TargetCollect:
		return ui.Info, "download"
	case domain.TargetArchive:
		return ui.Neutral, "archive"
	case domain.TargetDrop:
		return ui.Danger, "trash"
	case domain.TargetReview:
	}
	return ui.Review, "help-circle"
}

// standingTone gives a standing its colour and icon.
func standingTone(code string) (ui.Kind, string) {
	switch domain.TargetStanding(code) {
	case domain.TargetReached:
		return ui.OK, "circle-check"
	case domain.TargetDoing:
		return ui.Info, "player-play"
	case domain.TargetLate:
		return ui.Warn, "alert-triangle"
	case domain.TargetTodo:
	}
	return ui.Neutral, "circle-dashed"
}

func targetMark(ctx context.Context, action domain.TargetAction) mark {
	kind, icon := targetTone(string(action))
	return mark{kind, icon, i18n.T(ctx, "target.action."+string(action))}
}

func standingMark(ctx context.Context, standing domain.TargetStanding) mark {
	kind, icon := standingTone(string(standing))
	return mark{kind, icon, i18n.T(ctx, "target.standing."+string(standing))}
}

type targetForm struct {
	Version  int                      `form:"version"`
	Field    domain.FieldID           `form:"field"`
	Category domain.CategoryID        `form:"category"`
	Program  domain.ProgramID         `form:"program"`
	Action   domain.TargetAction      `form:"target_action"`
	Cause    string                   `form:"cause"`
	How      string                   `form:"how"`
	Instead  domain.CategoryID        `form:"instead"`
	Point    domain.CollectionPointID `form:"collection_point"`
	Wording  string                   `form:"wording"`
	Consent  domain.CategoryID        `form:"consent_category"`
	Reason   string                   `form:"reason"`
	Owner    domain.UserID            `form:"owner"`
	Due      string                   `form:"due_on"`
	Progress string                   `form:"progress"`
}

// applyTarget puts what was typed into a target, on the server's day. What it is about stays as it is.
func (s *Server) applyTarget(f targetForm) func(domain.Target) (domain.Target, error) {
	return func(t domain.Target) (domain.Target, error) {
		var bad domain.Problems
		t.Action, t.Cause, t.How, t.Instead, t.Point, t.Wording = f.Action, f.Cause, f.How, f.Instead, f.Point, f.Wording
		t.Consent, t.Reason, t.Owner, t.Progress = f.Consent, f.Reason, f.Owner, f.Progress
		t.Due = day(&bad, "due_on", f.Due)
		t, err := domain.NewTarget(t, s.now())
		if problems, ok := withProblems(bad, err); ok {
			return t, problems.Err()
		}
		return t, err
	}
}

func targetFormOf(t domain.Target) targetForm {
	return targetForm{Version: t.Version, Field: t.Field, Category: t.Category, Program: t.Program, Action: t.Action, Cause: t.Cause, How: t.How,
		Instead: t.Instead, Point: t.Point, Wording: t.Wording, Consent: t.Consent, Reason: t.Reason, Owner: t.Owner, Due: typedDay(t.Due), Progress: t.Progress}
}

type targetEditView struct {
	formView
	shell                                            ui.Shell
	title                                            string
	action, back                                     string
	crumbs                                           []ui.Link
	form                                             targetForm
	about                                            []ui.Fact // what it is about, where that is settled
	fixed                                            bool      // it is there already: its program stays, too
	categories, programs, points, consents, everyone []ui.Option
}

func (v targetEditView) detail() targetDetail {
	return targetDetail{v.formView, v.form.Cause, v.form.How, refValue(v.form.Instead), v.categories}
}

func (v targetEditView) place() targetPlace {
	return targetPlace{v.formView, "need t_collect", refValue(v.form.Point), v.form.Wording, refValue(v.form.Consent), v.points, v.consents}
}

// targetEdit shows the form, for a new target (id 0) or for one that is there.
func (s *Server) targetEdit(w http.ResponseWriter, r *http.Request, status int, id domain.TargetID, f targetForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	list := workspacePath(by, "targets")
	v := targetEditView{formView: formView{ctx, "target", p}, form: f, title: i18n.T(ctx, "targets.add"), action: list, back: list, fixed: id != 0,
		crumbs: []ui.Link{{Href: list, Text: i18n.T(ctx, "targets.title")}}}
	err := s.store.Read(ctx, by, func(st *store.Store) error { return v.choices(r, st) })
	if err != nil {
		return err
	}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "target.edit"), targetPath(by, id), targetPath(by, id)
	} else if f.Field != 0 {
		v.back = fieldPath(by, f.Field)
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, targetEdit(v))
}

// choices reads what the form offers. What the target has already stays offered, even where it was archived since.
func (v *targetEditView) choices(r *http.Request, st *store.Store) error {
	ctx, by := r.Context(), actor(r)
	names, err := st.Names(ctx, by)
	if err != nil {
		return err
	}
	err = readChoices(ctx, by,
		formChoice{&v.categories, st.NeedOptions, refValue(v.form.Category), names.Category(v.form.Category)},
		formChoice{&v.programs, st.ProgramOptions, refValue(v.form.Program), names.Program(v.form.Program)},
		formChoice{&v.points, st.CollectionPointOptions, refValue(v.form.Point), names.CollectionPoint(v.form.Point)},
		formChoice{&v.consents, st.ConsentOptions, refValue(v.form.Consent), names.Category(v.form.Consent)},
		formChoice{&v.everyone, st.MemberOptions, refValue(v.form.Owner), names.User(v.form.Owner)},
	)
	if err != nil {
		return err
	}
	v.categories = withOption(v.categories, refValue(v.form.Instead), names.Category(v.form.Instead))
	switch {
	case v.form.Field != 0:
		f, err := st.FieldByID(ctx, by, v.form.Field)
		if err != nil {
			return err
		}
		v.about = []ui.Fact{{Term: i18n.T(ctx, "column.field"), Value: linkLines([]ui.Link{{Href: fieldPath(by, f.ID), Text: f.Name}})}}
	case v.fixed:
		v.about = []ui.Fact{{Term: i18n.T(ctx, "column.category"), Text: names.CategoryLabel(by.Lang, v.form.Category)}}
	}
	if v.fixed {
		v.about = append(v.about, ui.Fact{Term: i18n.T(ctx, "column.program"), Text: targetScope(ctx, names.Program(v.form.Program))})
	}
	return nil
}

// targetScope is for what a target holds: a program, or everything.
func targetScope(ctx context.Context, program string) string {
	if program == "" {
		return i18n.T(ctx, "target.everywhere")
	}
	return program
}

// newTarget shows an empty form; the address may say what it is about.
func (s *Server) newTarget(w http.ResponseWriter, r *http.Request) error {
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(r.URL.Query().Get(name), 10, 64) // anything else leaves the choice open
		return max(n, 0)
	}
	f := targetForm{Field: domain.FieldID(number("field")), Category: domain.CategoryID(number("category")), Program: domain.ProgramID(number("program")),
		Action: domain.TargetKeep, Progress: domain.TargetProgresses[0]}
	if f.Field == 0 {
		f.Action = domain.TargetCollect
	}
	return s.targetEdit(w, r, http.StatusOK, 0, f, nil)
}

func (s *Server) createTarget(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, p, err := decode[targetForm](r)
	if err != nil {
		return err
	}
	if f.Field != 0 { // its category is its own
		f.Category = 0
	}
	var id domain.TargetID
	t, err := s.applyTarget(f)(domain.Target{Field: f.Field, Category: f.Category, Program: f.Program, Source: "hand"})
	if err == nil && len(p) == 0 {
		id, _, err = s.store.SetTarget(r.Context(), by, t)
	}
	if problems, bad := withProblems(p, err); bad {
		return s.targetEdit(w, r, http.StatusUnprocessableEntity, 0, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, targetPath(by, id), "target.saved")
}

func (s *Server) editTarget(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.TargetID](r, "target")
	if err != nil {
		return err
	}
	t, err := s.store.TargetByID(r.Context(), actor(r), id)
	if err != nil {
		return err
	}
	return s.targetEdit(w, r, http.StatusOK, id, targetFormOf(t), nil)
}

func (s *Server) changeTarget(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.TargetID](r, "target")
	if err != nil {
		return err
	}
	f, p, err := decode[targetForm](r)
	if err != nil {
		return err
	}
	if len(p) == 0 {
		err = s.store.ChangeTarget(r.Context(), by, id, f.Version, s.applyTarget(f))
	}
	err = meanwhile(s, r, err, id, &f.Version, s.store.TargetByID, s.applyTarget(f))
	if problems, bad := withProblems(p, err); bad {
		status := formStatus(err)
		t, err := s.store.TargetByID(r.Context(), by, id)
		if err != nil {
			return err
		}
		f.Field, f.Category, f.Program = t.Field, t.Category, t.Program
		return s.targetEdit(w, r, status, id, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, targetPath(by, id), "target.saved")
}

type targetShowView struct {
	shell    ui.Shell
	crumbs   []ui.Link
	title    string
	marks    []mark
	facts    []ui.Fact
	gaps     string // what a plan of collection lacks
	computed string // who says whether it is reached
	history  []ui.TimelineItem
	edit     recordActions
}

func (s *Server) showTarget(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.TargetID](r, "target")
	if err != nil {
		return err
	}
	v := targetShowView{}
	err = s.store.Read(ctx, by, func(st *store.Store) error {
		t, err := st.TargetByID(ctx, by, id)
		if err != nil {
			return err
		}
		standing, err := st.TargetStanding(ctx, by, id)
		if err != nil {
			return err
		}
		names, err := st.Names(ctx, by)
		if err != nil {
			return err
		}
		events, err := st.EventsOf(ctx, by, domain.SubjectTarget, int64(id), historyShown)
		if err != nil {
			return err
		}
		v.title, v.marks = t.Name, []mark{targetMark(ctx, t.Action), standingMark(ctx, standing)}
		v.facts, v.history = targetFacts(ctx, by, t, names), timeline(ctx, events, names)
		if gaps := t.TargetGaps(); len(gaps) > 0 {
			words := make([]string, len(gaps))
			for i, gap := range gaps {
				words[i] = i18n.Lower(i18n.T(ctx, "column."+gap))
			}
			v.gaps = i18n.T(ctx, "target.gaps", "names", strings.Join(words, ", "))
		}
		v.computed = i18n.T(ctx, "target.computed")
		if t.Action.Said() {
			v.computed = i18n.T(ctx, "target.said")
		}
		return nil
	})
	if err != nil {
		return err
	}
	v.crumbs = []ui.Link{{Href: workspacePath(by, "targets"), Text: i18n.T(ctx, "targets.title")}, {Text: v.title}}
	if by.Can(domain.EditPlan) {
		v.edit = recordActions{edit: targetPath(by, id, "edit"), remove: targetPath(by, id, "remove")}
	}
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.ok(w, r, targetShow(v))
}

// targetFacts are what is said of a target; of its action, what belongs to it.
func targetFacts(ctx context.Context, by domain.Actor, t domain.Target, names store.Names) []ui.Fact {
	about := ui.Fact{Term: i18n.T(ctx, "column.category"), Value: linkLines([]ui.Link{{Href: workspacePath(by, "categories", itoa(t.Category)), Text: t.Name}})}
	if t.Field != 0 {
		about = ui.Fact{Term: i18n.T(ctx, "column.field"), Value: linkLines([]ui.Link{{Href: fieldPath(by, t.Field), Text: t.Name}})}
	}
	facts := []ui.Fact{about, {Term: i18n.T(ctx, "column.program"), Text: targetScope(ctx, names.Program(t.Program))}}
	if t.Program != 0 {
		facts[1] = ui.Fact{Term: i18n.T(ctx, "column.program"), Value: linkLines([]ui.Link{{Href: programPath(by, t.Program), Text: names.Program(t.Program)}})}
	}
	switch t.Action {
	case domain.TargetReplace, domain.TargetLimit:
		facts = append(facts, factList(ctx, fact{"cause", enumWord(ctx, "target.cause", t.Cause)}, fact{"how", t.How})...)
		if t.Instead != 0 {
			facts = append(facts, factList(ctx, fact{"instead", names.CategoryLabel(by.Lang, t.Instead)})...)
		}
	case domain.TargetCollect:
		facts = append(facts, factList(ctx, fact{"collection_point", names.CollectionPoint(t.Point)}, fact{"wording", t.Wording},
			fact{"consent_category", names.CategoryLabel(by.Lang, t.Consent)})...)
	case domain.TargetKeep, domain.TargetArchive, domain.TargetDrop, domain.TargetReview:
	}
	return append(facts, factList(ctx, fact{"reason", t.Reason}, fact{"owner", names.User(t.Owner)}, fact{"due_on", shownDay(ctx, t.Due)},
		fact{"progress", enumWord(ctx, "target.progress", t.Progress)}, fact{"source", enumWord(ctx, "link.source", t.Source)})...)
}

// targetActionOptions are the actions, each with what it means.
func targetActionOptions(ctx context.Context, actions []string) []ui.Option {
	options := enumOptions(ctx, "target.action", actions)
	for i := range options {
		options[i].Hint = i18n.T(ctx, "target.action_hint."+options[i].Value)
		_, options[i].Icon = targetTone(options[i].Value)
	}
	return options
}
