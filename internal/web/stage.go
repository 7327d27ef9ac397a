package web

import (
	"context"
	"net/http"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

//i18n:dynamic stages. stage.

func (s *Server) stageRoutes(r scope) {
	nounRoutes(s, r, written(s, nounSpec[domain.StageID]{param: "stage", list: stageList, edit: domain.EditPlan,
		add: s.newStage, show: s.showStage,
		archive: s.store.ArchiveStage, restore: s.store.RestoreStage, remove: s.store.RemoveStage},
		formSpec[domain.Stage, stageForm, domain.StageID]{page: s.stageEdit, of: stageFormOf, read: s.store.StageByID, add: s.store.AddStage, change: s.store.ChangeStage,
			added: "stage.added", changed: "stage.changed"}))
	r.post("/stages/{stage}/move", domain.EditPlan, s.moveStage)
}

func stagePath(by domain.Actor, id domain.StageID, parts ...string) string {
	return workspacePath(by, append([]string{"stages", itoa(id)}, parts...)...)
}

var stageList = registerSpec{
	register: domain.StageRegister,
	path:     "stages",
	show:     func(by domain.Actor, id int64) string { return stagePath(by, domain.StageID(id)) },
	add:      domain.EditPlan,
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.EditPlan}},
}

type stageForm struct {
	Version     int    `form:"version"`
	Code        string `form:"code"`
	Name        string `form:"name"`
	Description string `form:"description"`
}

func (f stageForm) seen() int                   { return f.Version }
func (f stageForm) again(version int) stageForm { f.Version = version; return f }

func (f stageForm) apply(g domain.Stage) (domain.Stage, error) {
	g.Code, g.Name, g.Description = f.Code, f.Name, f.Description
	return domain.NewStage(g)
}

func stageFormOf(_ context.Context, g domain.Stage) stageForm {
	return stageForm{Version: g.Version, Code: g.Code, Name: g.Name, Description: g.Description}
}

type stageEditView struct {
	formView
	shell        ui.Shell
	title        string
	action, back string
	crumbs       []ui.Link
	form         stageForm
}

func (s *Server) stageEdit(w http.ResponseWriter, r *http.Request, status int, id domain.StageID, f stageForm, p domain.Problems) (err error) {
	ctx, by := r.Context(), actor(r)
	list := workspacePath(by, "stages")
	v := stageEditView{formView: formView{ctx, "stage", p}, form: f, title: i18n.T(ctx, "stages.add"), action: list, back: list,
		crumbs: []ui.Link{{Href: list, Text: i18n.T(ctx, "stages.title")}}}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "stage.edit"), stagePath(by, id), stagePath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, stageEdit(v))
}

func (s *Server) newStage(w http.ResponseWriter, r *http.Request) error {
	return s.stageEdit(w, r, http.StatusOK, 0, stageForm{}, nil)
}

func (s *Server) showStage(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.StageID](r, "stage")
	if err != nil {
		return err
	}
	g, err := s.store.StageByID(ctx, by, id)
	if err != nil {
		return err
	}
	uses, err := s.store.StageUses(ctx, by, id)
	if err != nil {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	history, err := s.history(r, domain.SubjectStage, int64(id), names)
	if err != nil {
		return err
	}
	v := planShowView{title: g.Name, uses: usesView(ctx, by, uses, r), move: movePath(by, id, g), history: history, archived: g.ArchivedAt,
		crumbs: []ui.Link{{Href: workspacePath(by, "stages"), Text: i18n.T(ctx, "stages.title")}, {Text: g.Name}},
		edit:   actionsOf(ctx, by, domain.EditPlan, stagePath(by, id), g.ArchivedAt != nil),
		facts:  factList(ctx, fact{"code", g.Code}, fact{"position", i18n.Number(ctx, g.Position)}, fact{"description", g.Description})}
	if v.shell, err = s.shell(w, r, g.Name); err != nil {
		return err
	}
	return s.ok(w, r, planShow(v))
}

// movePath is where a stage is moved in the journey; empty where it cannot be.
func movePath(by domain.Actor, id domain.StageID, g domain.Stage) string {
	if !by.Can(domain.EditPlan) || g.ArchivedAt != nil {
		return ""
	}
	return stagePath(by, id, "move")
}

// moveStage moves a stage one place, and comes back to where it was asked from.
func (s *Server) moveStage(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.StageID](r, "stage")
	if err != nil {
		return err
	}
	f, _, err := decode[struct {
		To   string `form:"to"`
		Back string `form:"back"`
	}](r)
	if err != nil {
		return err
	}
	if _, err := s.store.StageByID(r.Context(), by, id); err != nil {
		return err
	}
	if f.To != "earlier" && f.To != "later" {
		return domain.Errorf(domain.Invalid, "error.form")
	}
	if err := s.store.MoveStage(r.Context(), by, id, f.To == "earlier"); err != nil {
		return err
	}
	if f.Back == "list" {
		return s.seeOther(w, r, workspacePath(by, "stages"), "")
	}
	return s.seeOther(w, r, stagePath(by, id), "")
}
