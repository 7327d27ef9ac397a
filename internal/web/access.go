package web

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5/middleware"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// Messages of this area whose keys are put together as the program runs.
//
//i18n:dynamic members. member_access. teams. team. invitation.state. language. theme. role.hint. setup.hint. account.hint. settings.hint. workspaces.hint. join.hint.

// accessRoutes are the pages outside any workspace.
func (s *Server) accessRoutes(r scope) {
	r.post("/theme", domain.Public, s.changeTheme)
	r.get("/setup", domain.Public, s.showSetup)
	r.post("/setup", domain.Public, s.claim)
	r.get("/sign-in", domain.Public, s.showSignIn)
	r.post("/sign-in", domain.Public, s.signIn)
	r.post("/sign-out", domain.Public, s.signOut)
	r.get("/join/{token}", domain.Public, s.showJoin)
	r.post("/join/{token}", domain.Public, s.join)
	r.get("/", domain.SignedIn, s.start)
	r.get("/workspaces", domain.SignedIn, s.listWorkspaces)
	r.get("/workspaces/new", domain.SignedIn, s.newWorkspace)
	r.post("/workspaces", domain.SignedIn, s.createWorkspace)
	r.post("/example", domain.SignedIn, s.createExample)
	r.get("/account", domain.SignedIn, s.showAccount)
	r.post("/account", domain.SignedIn, s.changeAccount)
	r.post("/account/email", domain.SignedIn, s.changeEmail)
	r.post("/account/password", domain.SignedIn, s.changePassword)
	r.post("/account/sessions/{session}/end", domain.SignedIn, s.endSession)
	r.post("/account/sessions/end-others", domain.SignedIn, s.endOtherSessions)
}

// peopleRoutes are the pages of a workspace about people and settings.
func (s *Server) peopleRoutes(r scope) {
	r.get("/start", domain.ReadWorkspace, s.showDoors)
	r.get("/members", domain.ReadWorkspace, s.listMembers)
	r.get("/members.{format}", domain.ReadWorkspace, s.exportRegister(domain.MemberRegister))
	r.get("/members/{member}", domain.ReadWorkspace, s.showMember)
	r.post("/members/{member}", domain.ManageMembers, s.changeMember)
	r.get("/members/{member}/remove", domain.ManageMembers, s.confirmRemoveMember)
	r.post("/members/{member}/remove", domain.ManageMembers, s.removeMember)
	r.get("/invitations", domain.ManageMembers, s.listInvitations)
	r.get("/invitations/new", domain.ManageMembers, s.newInvitation)
	r.post("/invitations", domain.ManageMembers, s.createInvitation)
	r.post("/invitations/{invitation}/revoke", domain.ManageMembers, s.revokeInvitation)
	r.get("/settings", domain.ReadWorkspace, s.showSettings)
	r.post("/settings", domain.ManageWorkspace, s.changeSettings)
	r.get("/settings/workspace-file", domain.ManageWorkspace, s.downloadWorkspace)
	r.get("/settings/remove", domain.ManageWorkspace, s.confirmRemoveWorkspace)
	r.post("/settings/remove", domain.ManageWorkspace, s.removeWorkspace)
	r.post("/example/remove", domain.ManageWorkspace, s.removeExample)
	s.teamRoutes(r)
}

type themeForm struct {
	Theme string `form:"theme"`
	Back  string `form:"back"`
}

// changeTheme keeps the colours that a person chose, in a cookie: the server paints the right ones first.
func (s *Server) changeTheme(w http.ResponseWriter, r *http.Request) error {
	f, _, err := decode[themeForm](r)
	if err != nil {
		return err
	}
	if f.Theme == ui.ThemeAuto || f.Theme == ui.ThemeLight || f.Theme == ui.ThemeDark {
		http.SetCookie(w, s.preference("theme", f.Theme))
	}
	http.Redirect(w, r, localPath(f.Back, "/"), http.StatusSeeOther)
	return nil
}

// setupFirst sends everybody to the set-up page while nobody can sign in. Once somebody can, it asks no more.
func (s *Server) setupFirst(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.claimed.Load() {
			claimed, err := s.store.HasUsers(r.Context())
			if err != nil {
				s.fail(w, r, err)
				return
			}
			s.claimed.Store(claimed)
			if !claimed && r.URL.Path != "/setup" && r.URL.Path != "/theme" {
				http.Redirect(w, r, "/setup", http.StatusSeeOther)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// checkPassword returns the account of an address where the password is right. Nobody learns whether an address has an
// account: an unknown one gets the same answer after the same work. Limited after too many failures of the account or of
// the network address.
func (s *Server) checkPassword(r *http.Request, email, password string) (store.Account, error) {
	ctx, address := r.Context(), middleware.GetClientIP(r.Context())
	attempt, err := s.store.StartSignIn(ctx, email, address)
	if errors.Is(err, domain.Limited) {
		s.log.InfoContext(ctx, "sign-in refused, too many attempts", "address", address, "request", requestID(r))
	}
	if err != nil {
		return store.Account{}, err
	}
	account, err := s.store.UserByEmail(ctx, email)
	if err != nil && !errors.Is(err, domain.NotFound) {
		return store.Account{}, err
	}
	hash := account.PasswordHash
	if account.DisabledAt != nil {
		hash = ""
	}
	right, err := s.options.Passwords.Check(ctx, hash, password)
	if err != nil {
		return store.Account{}, err
	}
	if !right {
		s.log.InfoContext(ctx, "sign-in refused", "user", account.ID, "address", address, "request", requestID(r))
		return store.Account{}, domain.Errorf(domain.Invalid, "sign_in.wrong")
	}
	if err := s.store.FinishSignIn(ctx, attempt); err != nil {
		return store.Account{}, err
	}
	if s.options.Passwords.Outdated(hash) {
		raised, err := s.options.Passwords.Hash(ctx, password)
		if err != nil {
			return store.Account{}, err
		}
		if err := s.store.RaisePassword(ctx, account.ID, hash, raised); err != nil {
			return store.Account{}, err
		}
	}
	return account, nil
}

// refusal is the sentence of a check that failed, for the form that asked: nothing where the error is of another kind. A
// person who must wait is told how long, in a header too.
func refusal(w http.ResponseWriter, r *http.Request, err error) (text string, status int) {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || len(e.Fields) > 0 {
		return "", 0
	}
	switch e.Kind {
	case domain.Invalid:
		return i18n.TArgs(r.Context(), e.Key, e.Args), http.StatusUnprocessableEntity
	case domain.Limited:
		if seconds, ok := e.Args["seconds"].(int); ok {
			w.Header().Set("Retry-After", strconv.Itoa(seconds))
		}
		return i18n.TArgs(r.Context(), e.Key, e.Args), http.StatusTooManyRequests
	}
	return "", 0
}

// labelledForm is a form some of whose controls have a label that is not the word of a column.
type labelledForm struct {
	formView
	labels map[string]string // by field
}

// labelled makes a form with labels of its own: pairs of a field and the message of its label.
func labelled(v formView, pairs ...string) labelledForm {
	f := labelledForm{v, make(map[string]string, len(pairs)/2)}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.labels[pairs[i]] = i18n.T(v.ctx, pairs[i+1])
	}
	return f
}

func (f labelledForm) field(name string) ui.Field {
	field := f.formView.field(name)
	if label, own := f.labels[name]; own {
		field.Label = label
	}
	return field
}

// summary lists the problems under the labels that the page shows.
func (f labelledForm) summary() []ui.Problem {
	problems := f.formView.summary()
	for i, p := range problems {
		if label, own := f.labels[p.ID]; own {
			problem := f.problems[p.ID]
			problems[i].Text = i18n.T(f.ctx, "form.problem", "field", label, "problem", i18n.TArgs(f.ctx, problem.Key, problem.Args))
		}
	}
	return problems
}

// languageOptions are the languages by their own names, which anybody who reads one recognises.
func languageOptions() []ui.Option {
	var options []ui.Option
	for _, l := range i18n.Languages() {
		options = append(options, ui.Option{Value: string(l), Text: l.Name()})
	}
	return options
}
