package web

import (
	"errors"
	"net/http"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/login"
	"utile/internal/web/ui"
)

type setupForm struct {
	Token     string `form:"token"`
	Name      string `form:"name"`
	Email     string `form:"email"`
	Password  string `form:"password"`
	Workspace string `form:"workspace"`
	Slug      string `form:"slug"`
	Locale    string `form:"locale"`
}

// read checks everything that was typed at once. The person may administer a workspace already: they need no new one then.
func (f setupForm) read(administers bool) (domain.User, domain.Workspace, domain.Problems) {
	var p domain.Problems
	u, err := domain.NewUser(domain.User{Name: f.Name, Email: f.Email, Locale: f.Locale})
	merge(&p, err)
	merge(&p, login.CheckPolicy(f.Password, f.Email, f.Name, f.Workspace))
	if administers && f.Workspace == "" {
		return u, domain.Workspace{}, p
	}
	w, err := domain.NewWorkspace(domain.Workspace{Name: f.Workspace, Slug: f.Slug, Locale: f.Locale})
	if problems, ok := formProblems(err); ok {
		if wrong, bad := problems["name"]; bad {
			p.Add("workspace", wrong.Key, flat(wrong.Args)...)
			delete(problems, "name")
			if f.Slug == "" { // it would have come from the name
				delete(problems, "slug")
			}
		}
		p.Merge(problems)
	}
	return u, w, p
}

// merge adds the problems that an error carries.
func merge(p *domain.Problems, err error) {
	if problems, ok := formProblems(err); ok {
		p.Merge(problems)
	}
}

// flat turns message arguments back into pairs.
func flat(args map[string]any) []any {
	var pairs []any
	for name, value := range args {
		pairs = append(pairs, name, value)
	}
	return pairs
}

type setupView struct {
	labelledForm
	shell     ui.Shell
	form      setupForm
	known     bool   // the token is right
	there     string // names of the workspaces that were brought in before
	languages []ui.Option
}

// workspaceName is the field that may stay empty where somebody may administer a workspace already.
func (v setupView) workspaceName() ui.Field {
	if v.there == "" {
		return v.field("workspace")
	}
	f := v.optional("workspace")
	f.Label = v.labels["workspace"]
	return f
}

func (s *Server) setupPage(w http.ResponseWriter, r *http.Request, status int, f setupForm, known bool, p domain.Problems) error {
	ctx := r.Context()
	v := setupView{labelledForm: labelled(formView{ctx, "setup", p}, "token", "setup.token", "name", "account.name", "workspace", "workspaces.name"), form: f, known: known, languages: languageOptions(), shell: s.bareShell(r, i18n.T(ctx, "setup.title"))}
	if r.Method != http.MethodGet {
		v.shell.Back = "/setup"
	}
	if known { // names are for whoever starts the server
		list, err := s.store.Workspaces(ctx)
		if err != nil {
			return err
		}
		names := make([]string, len(list))
		for i, w := range list {
			names[i] = w.Name
		}
		v.there = strings.Join(names, ", ")
	}
	return s.render(w, r, status, setupPage(v))
}

// showSetup shows the form by which an empty installation is claimed; it is gone once somebody has.
func (s *Server) showSetup(w http.ResponseWriter, r *http.Request) error {
	if s.claimed.Load() {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	f := setupForm{Token: r.URL.Query().Get("token"), Locale: string(i18n.Lang(r.Context()))}
	var p domain.Problems
	known, err := s.knownSetupToken(r, f.Token)
	if err == nil && !known && f.Token != "" {
		p.Add("token", "setup.token.wrong")
	}
	if err != nil {
		return err
	}
	return s.setupPage(w, r, http.StatusOK, f, known, p)
}

func (s *Server) knownSetupToken(r *http.Request, token string) (bool, error) {
	if token == "" {
		return false, nil
	}
	return s.store.SetupTokenKnown(r.Context(), hashToken(token))
}

// claim makes the first administrator and their workspace, and signs them in.
func (s *Server) claim(w http.ResponseWriter, r *http.Request) error {
	if s.claimed.Load() {
		return domain.Errorf(domain.NotFound, "error.not_found", "noun", "page")
	}
	ctx := r.Context()
	f, p, err := decode[setupForm](r)
	if err != nil {
		return err
	}
	known, err := s.knownSetupToken(r, f.Token)
	if err != nil {
		return err
	}
	if !known {
		p.Add("token", "setup.token.wrong")
	}
	administers := false
	if email, ok := domain.CleanEmail(f.Email); ok && known {
		if administers, err = s.store.Administers(ctx, email); err != nil {
			return err
		}
	}
	u, ws, problems := f.read(administers)
	p.Merge(problems)
	if len(p) > 0 { // before any hash: only who holds the token makes the server work
		f.Slug = ws.Slug
		return s.setupPage(w, r, http.StatusUnprocessableEntity, f, known, p)
	}

	hash, err := s.options.Passwords.Hash(ctx, f.Password)
	if err != nil {
		return err
	}
	user, added, err := s.store.Claim(ctx, hashToken(f.Token), u, hash, ws)
	if problems, bad := withProblems(nil, err); bad {
		return s.setupPage(w, r, http.StatusUnprocessableEntity, f, known, problems)
	}
	if errors.Is(err, domain.NotFound) { // somebody was faster
		return domain.Errorf(domain.Conflict, "setup.taken")
	}
	if err != nil {
		return err
	}
	s.claimed.Store(true)
	if err := s.enter(w, r, user); err != nil {
		return err
	}
	if ws.Name == "" {
		return s.seeOther(w, r, workspacePath(domain.Actor{Slug: added.Slug}), "join.done", "workspace", added.Name)
	}
	http.Redirect(w, r, workspacePath(domain.Actor{Slug: added.Slug}, "start"), http.StatusSeeOther)
	return nil
}
