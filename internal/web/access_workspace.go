package web

import (
	"net/http"

	"utile/internal/domain"
	"utile/internal/example"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

// personShell is the frame of a signed-in person's pages outside any workspace.
func (s *Server) personShell(w http.ResponseWriter, r *http.Request, title string) ui.Shell {
	ctx, by, v := r.Context(), actor(r), visitOf(r)
	shell := s.bareShell(r, title)
	shell.Account = s.account(ctx, v, by)
	shell.Account.Detail = v.User.Email
	if f, ok := s.takeFlash(w, r); ok {
		shell.Flashes = append(shell.Flashes, s.flashView(ctx, by, f))
	}
	return shell
}

// start leads into the person's workspace where there is just one, and to the choice of them otherwise.
func (s *Server) start(w http.ResponseWriter, r *http.Request) error {
	list, err := s.store.MembershipsOf(r.Context(), actor(r).User)
	if err != nil {
		return err
	}
	if len(list) == 1 {
		http.Redirect(w, r, workspacePath(domain.Actor{Slug: list[0].Slug}), http.StatusSeeOther)
		return nil
	}
	return s.workspacesPage(w, r, list)
}

func (s *Server) listWorkspaces(w http.ResponseWriter, r *http.Request) error {
	list, err := s.store.MembershipsOf(r.Context(), actor(r).User)
	if err != nil {
		return err
	}
	return s.workspacesPage(w, r, list)
}

type workspacesView struct {
	shell  ui.Shell
	list   []workspaceEntry
	mayAdd bool
	// hasExample is true where the person can open the worked example, or has it already.
	example, hasExample bool
}

type workspaceEntry struct {
	href, name, role string
	example          bool
}

func (s *Server) workspacesPage(w http.ResponseWriter, r *http.Request, list []domain.Membership) error {
	ctx := r.Context()
	may, err := s.store.MayAddWorkspace(ctx, actor(r).User)
	if err != nil {
		return err
	}
	v := workspacesView{mayAdd: may, example: may}
	for _, m := range list {
		v.list = append(v.list, workspaceEntry{workspacePath(domain.Actor{Slug: m.Slug}), m.Name, i18n.T(ctx, "role."+string(m.Role)), m.IsExample})
		v.hasExample = v.hasExample || m.IsExample
	}
	v.shell = s.personShell(w, r, i18n.T(ctx, "workspaces.title"))
	return s.ok(w, r, workspacesPage(v))
}

type workspaceForm struct {
	Name   string `form:"name"`
	Slug   string `form:"slug"`
	Locale string `form:"locale"`
}

type workspaceEditView struct {
	formView
	shell     ui.Shell
	form      workspaceForm
	languages []ui.Option
}

// mayAddWorkspace refuses those who may not open workspaces.
func (s *Server) mayAddWorkspace(r *http.Request) error {
	may, err := s.store.MayAddWorkspace(r.Context(), actor(r).User)
	if err == nil && !may {
		err = domain.Errorf(domain.Denied, "workspaces.denied")
	}
	return err
}

func (s *Server) workspaceEdit(w http.ResponseWriter, r *http.Request, status int, f workspaceForm, p domain.Problems) error {
	ctx := r.Context()
	v := workspaceEditView{formView: formView{ctx: ctx, area: "workspaces", problems: p}, form: f, languages: languageOptions(), shell: s.personShell(w, r, i18n.T(ctx, "workspaces.add"))}
	return s.render(w, r, status, workspaceEdit(v))
}

func (s *Server) newWorkspace(w http.ResponseWriter, r *http.Request) error {
	if err := s.mayAddWorkspace(r); err != nil {
		return err
	}
	return s.workspaceEdit(w, r, http.StatusOK, workspaceForm{Locale: string(i18n.Lang(r.Context()))}, nil)
}

func (s *Server) createWorkspace(w http.ResponseWriter, r *http.Request) error {
	if err := s.mayAddWorkspace(r); err != nil {
		return err
	}
	f, p, err := decode[workspaceForm](r)
	if err != nil {
		return err
	}
	ws, err := domain.NewWorkspace(domain.Workspace{Name: f.Name, Slug: f.Slug, Locale: f.Locale})
	if err == nil && len(p) == 0 {
		ws, err = s.store.AddWorkspace(r.Context(), actor(r), ws)
	}
	if problems, bad := withProblems(p, err); bad {
		if _, noName := problems["name"]; noName && f.Slug == "" { // it would have come from the name
			delete(problems, "slug")
		}
		return s.workspaceEdit(w, r, http.StatusUnprocessableEntity, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, workspacePath(domain.Actor{Slug: ws.Slug}, "start"), "workspaces.added", "name", ws.Name)
}

type doorsView struct {
	shell   ui.Shell
	name    string
	imports string // where an inventory is imported; empty for somebody who may not
	home    string
	example bool
}

// showDoors greets somebody in a workspace that has nothing yet: two ways to begin.
func (s *Server) showDoors(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	may, err := s.store.MayAddWorkspace(ctx, by.User)
	if err != nil {
		return err
	}
	v := doorsView{name: visitOf(r).Workspace.Name, home: workspacePath(by), example: may && !visitOf(r).Workspace.IsExample}
	if by.Can(domain.EditInventory) {
		v.imports = workspacePath(by, "imports", "new")
	}
	v.shell = s.personShell(w, r, i18n.T(ctx, "start.title"))
	v.shell.Home = v.home
	return s.ok(w, r, doorsPage(v))
}

// createExample opens the worked example, or leads to it where the person has it already.
func (s *Server) createExample(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	list, err := s.store.MembershipsOf(ctx, by.User)
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.IsExample {
			return s.seeOther(w, r, workspacePath(domain.Actor{Slug: m.Slug}), "")
		}
	}
	if err := s.mayAddWorkspace(r); err != nil {
		return err
	}
	ws, err := example.CreateFree(ctx, s.store, by, s.now())
	if err != nil {
		return err
	}
	return s.seeOther(w, r, workspacePath(domain.Actor{Slug: ws.Slug}), "example.added", "name", ws.Name)
}

// removeExample removes the worked example as a whole, and nothing else.
func (s *Server) removeExample(w http.ResponseWriter, r *http.Request) error {
	ws := visitOf(r).Workspace
	if !ws.IsExample {
		return domain.Errorf(domain.Conflict, "example.not")
	}
	if err := s.store.RemoveWorkspace(r.Context(), actor(r), ws.Slug); err != nil {
		return err
	}
	return s.seeOther(w, r, "/workspaces", "example.removed")
}
