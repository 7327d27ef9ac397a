package web

import (
	"context"
	"net/http"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic objectives. objective. programs.any.

func (s *Server) objectiveRoutes(r scope) {
	nounRoutes(s, r, written(s, nounSpec[domain.ObjectiveID]{param: "objective", list: objectiveList, edit: domain.EditPlan,
		add: s.newObjective, show: s.showObjective,
		archive: s.store.ArchiveObjective, restore: s.store.RestoreObjective, remove: s.store.RemoveObjective},
		formSpec[domain.Objective, objectiveForm, domain.ObjectiveID]{page: s.objectiveEdit, of: objectiveFormOf, read: s.store.ObjectiveByID, add: s.store.AddObjective, change: s.store.ChangeObjective,
			added: "objective.added", changed: "objective.changed"}))
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

type objectiveForm struct {
	Version     int    `form:"version"`
	Name        string `form:"name"`
	KPI         string `form:"kpi"`
	Target      string `form:"target"`
	Description string `form:"description"`
}

func (f objectiveForm) seen() int                       { return f.Version }
func (f objectiveForm) again(version int) objectiveForm { f.Version = version; return f }

func (f objectiveForm) apply(o domain.Objective) (domain.Objective, error) {
	o.Name, o.KPI, o.Target, o.Description = f.Name, f.KPI, f.Target, f.Description
	return domain.NewObjective(o)
}

func objectiveFormOf(_ context.Context, o domain.Objective) objectiveForm {
	return objectiveForm{Version: o.Version, Name: o.Name, KPI: o.KPI, Target: o.Target, Description: o.Description}
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
	tree     []objectiveProgram // of an objective: its programs down to the fields
	move     string             // where the record is moved among its like; empty where it cannot be
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
	if v.tree, err = s.objectiveTree(r, id); err != nil {
		return err
	}
	if v.shell, err = s.shell(w, r, o.Name); err != nil {
		return err
	}
	return s.ok(w, r, planShow(v))
}

// objectiveProgram is a program that serves an objective, with what it needs and the fields that provide it.
type objectiveProgram struct {
	href, name    string
	status, ready mark
	needs         []needView
}

// objectiveTree reads the plan from an objective down to the fields.
func (s *Server) objectiveTree(r *http.Request, id domain.ObjectiveID) (tree []objectiveProgram, err error) {
	ctx, by := r.Context(), actor(r)
	if err := s.store.CountHeld(ctx, by); err != nil {
		return nil, err
	}
	err = s.store.Read(ctx, by, func(st *store.Store) error {
		plan, err := st.Plan(ctx, by)
		if err != nil {
			return err
		}
		names, err := st.Names(ctx, by)
		if err != nil {
			return err
		}
		for _, p := range plan.Programs {
			if p.Objective != id {
				continue
			}
			needs, err := st.ProgramNeeds(ctx, by, p.ID)
			if err != nil {
				return err
			}
			tree = append(tree, objectiveProgram{href: programPath(by, p.ID), name: p.Name, status: programMark(ctx, p.Status), ready: readyMark(ctx, p.Readiness),
				needs: needViews(ctx, by, domain.Program{ID: p.ID}, 0, needs, names)})
		}
		return nil
	})
	return tree, err
}
