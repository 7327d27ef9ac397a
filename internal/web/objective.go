package web

import (
	"context"
	"net/http"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

//i18n:dynamic objectives. objective. programs.any.

func (s *Server) objectiveRoutes(r scope) {
	r.get("/objectives", domain.ReadWorkspace, s.listObjectives)
	r.get("/objectives.{format}", domain.ReadWorkspace, s.exportRegister(domain.ObjectiveRegister))
	r.get("/objectives/new", domain.EditPlan, s.newObjective)
	r.post("/objectives", domain.EditPlan, s.createObjective)
	r.post("/objectives/bulk", domain.EditPlan, s.bulkObjectives)
	r.get("/objectives/{objective}", domain.ReadWorkspace, s.showObjective)
	r.get("/objectives/{objective}/edit", domain.EditPlan, s.editObjective)
	r.post("/objectives/{objective}", domain.EditPlan, s.changeObjective)
	r.post("/objectives/{objective}/archive", domain.EditPlan, s.archiveObjective)
	r.post("/objectives/{objective}/restore", domain.EditPlan, s.restoreObjective)
	r.post("/objectives/{objective}/remove", domain.EditPlan, s.removeObjective)
}

func objectivePath(by domain.Actor, id domain.ObjectiveID, parts ...string) string {
	return workspacePath(by, append([]string{"objectives", itoa(id)}, parts...)...)
}

var objectiveList = registerSpec{
	register: domain.ObjectiveRegister,
	path:     "objectives",
	show:     func(by domain.Actor, id int64) string { return objectivePath(by, domain.ObjectiveID(id)) },
	add:      domain.EditPlan,
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.EditPlan}},
}

func (s *Server) listObjectives(w http.ResponseWriter, r *http.Request) error {
	return s.showRegister(w, r, objectiveList)
}

func (s *Server) bulkObjectives(w http.ResponseWriter, r *http.Request) error {
	return s.bulkArchive(w, r, objectiveList, func(id int64) error {
		return s.store.ArchiveObjective(r.Context(), actor(r), domain.ObjectiveID(id))
	})
}

type objectiveForm struct {
	Version     int    `form:"version"`
	Name        string `form:"name"`
	KPI         string `form:"kpi"`
	Target      string `form:"target"`
	Description string `form:"description"`
}

func (f objectiveForm) apply(o domain.Objective) (domain.Objective, error) {
	o.Name, o.KPI, o.Target, o.Description = f.Name, f.KPI, f.Target, f.Description
	return domain.NewObjective(o)
}

type objectiveEditView struct {
	formView
	shell        ui.Shell
	title        string
	action, back string
	crumbs       []ui.Link
	form         objectiveForm
}

func (s *Server) objectiveEdit(w http.ResponseWriter, r *http.Request, status int, id domain.ObjectiveID, f objectiveForm, p domain.Problems) (err error) {
	ctx, by := r.Context(), actor(r)
	list := workspacePath(by, "objectives")
	v := objectiveEditView{formView: formView{ctx, "objective", p}, form: f, title: i18n.T(ctx, "objectives.add"), action: list, back: list,
		crumbs: []ui.Link{{Href: list, Text: i18n.T(ctx, "objectives.title")}}}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "objective.edit"), objectivePath(by, id), objectivePath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, objectiveEdit(v))
}

func (s *Server) newObjective(w http.ResponseWriter, r *http.Request) error {
	return s.objectiveEdit(w, r, http.StatusOK, 0, objectiveForm{}, nil)
}

func (s *Server) createObjective(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, p, err := decode[objectiveForm](r)
	if err != nil {
		return err
	}
	var id domain.ObjectiveID
	o, err := f.apply(domain.Objective{})
	if err == nil && len(p) == 0 {
		id, err = s.store.AddObjective(r.Context(), by, o)
	}
	if problems, bad := withProblems(p, err); bad {
		return s.objectiveEdit(w, r, http.StatusUnprocessableEntity, 0, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, objectivePath(by, id), "objective.added", "name", o.Name)
}

func (s *Server) editObjective(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.ObjectiveID](r, "objective")
	if err != nil {
		return err
	}
	o, err := s.store.ObjectiveByID(r.Context(), actor(r), id)
	if err != nil {
		return err
	}
	return s.objectiveEdit(w, r, http.StatusOK, id, objectiveForm{o.Version, o.Name, o.KPI, o.Target, o.Description}, nil)
}

func (s *Server) changeObjective(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.ObjectiveID](r, "objective")
	if err != nil {
		return err
	}
	f, p, err := decode[objectiveForm](r)
	if err != nil {
		return err
	}
	if len(p) == 0 {
		err = s.store.ChangeObjective(r.Context(), by, id, f.Version, f.apply)
	}
	if problems, bad := withProblems(p, err); bad {
		return s.objectiveEdit(w, r, http.StatusUnprocessableEntity, id, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, objectivePath(by, id), "objective.changed", "name", domain.CleanLine(f.Name))
}

// planShowView is the page of a simple record of the plan: what it is, what uses it, its history.
type planShowView struct {
	shell    ui.Shell
	crumbs   []ui.Link
	title    string
	archived *time.Time
	facts    []ui.Fact
	uses     []useView
	history  []ui.TimelineItem
	edit     recordActions
	move     string // where the record is moved among its like; empty where it cannot be
}

func (s *Server) showObjective(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.ObjectiveID](r, "objective")
	if err != nil {
		return err
	}
	o, err := s.store.ObjectiveByID(ctx, by, id)
	if err != nil {
		return err
	}
	uses, err := s.store.ObjectiveUses(ctx, by, id)
	if err != nil {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	history, err := s.history(r, domain.SubjectObjective, int64(id), names)
	if err != nil {
		return err
	}
	v := planShowView{title: o.Name, uses: usesView(ctx, by, uses, r), history: history, archived: o.ArchivedAt,
		crumbs: []ui.Link{{Href: workspacePath(by, "objectives"), Text: i18n.T(ctx, "objectives.title")}, {Text: o.Name}},
		edit:   actionsOf(ctx, by, domain.EditPlan, objectivePath(by, id), o.ArchivedAt != nil),
		facts:  factList(ctx, fact{"kpi", o.KPI}, fact{"target", o.Target}, fact{"description", o.Description})}
	if v.shell, err = s.shell(w, r, o.Name); err != nil {
		return err
	}
	return s.ok(w, r, planShow(v))
}

func (s *Server) archiveObjective(w http.ResponseWriter, r *http.Request) error {
	return onRecord(s, w, r, "objective", objectivePath, s.store.ArchiveObjective, "record.archived", true)
}

func (s *Server) restoreObjective(w http.ResponseWriter, r *http.Request) error {
	return onRecord(s, w, r, "objective", objectivePath, s.store.RestoreObjective, "record.restored", true)
}

func (s *Server) removeObjective(w http.ResponseWriter, r *http.Request) error {
	return onRecord(s, w, r, "objective", objectivePath, s.store.RemoveObjective, "record.removed", false)
}

// onRecord does something with the record that the address names, then goes back to its page, or to its list where it is
// there no more.
func onRecord[T ~int64](s *Server, w http.ResponseWriter, r *http.Request, noun string, path func(domain.Actor, T, ...string) string,
	do func(context.Context, domain.Actor, T) error, message string, stays bool) error {
	by := actor(r)
	id, err := pathID[T](r, noun)
	if err != nil {
		return err
	}
	if err := do(r.Context(), by, id); err != nil {
		return err
	}
	if stays {
		return s.seeOther(w, r, path(by, id), message)
	}
	return s.seeOther(w, r, workspacePath(by, noun+"s"), message)
}
