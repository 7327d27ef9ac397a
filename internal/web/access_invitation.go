package web

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/login"
	"utile/internal/store"
	"utile/internal/web/ui"
)

type invitationsView struct {
	shell  ui.Shell
	crumbs []ui.Link
	list   []invitationView
	add    string
	link   string // of the invitation just made, shown this once
	email  string // whom the link is for
	days   int
}

type invitationView struct {
	email, role, by, created, expires string
	state                             string
	tone                              ui.Kind
	icon                              string
	revoke                            string
}

func invitationTone(state domain.InvitationState) (ui.Kind, string) {
	switch state {
	case domain.InvitationOpen:
		return ui.Info, "circle-dashed"
	case domain.InvitationAccepted:
		return ui.OK, "circle-check"
	case domain.InvitationRevoked, domain.InvitationExpired:
	}
	return ui.Neutral, "circle-off"
}

// invitationsPage lists the invitations, with the link of the one just made on top.
func (s *Server) invitationsPage(w http.ResponseWriter, r *http.Request, status int, link, email string) error {
	ctx, by := r.Context(), actor(r)
	list, err := s.store.Invitations(ctx, by)
	if err != nil {
		return err
	}
	v := invitationsView{add: workspacePath(by, "invitations", "new"), link: link, email: email, days: int(domain.InvitationTTL.Hours() / 24),
		crumbs: []ui.Link{{Href: workspacePath(by, "members"), Text: i18n.T(ctx, "members.title")}, {Text: i18n.T(ctx, "invitations.title")}}}
	for _, i := range list {
		state := i.State(s.now())
		view := invitationView{email: i.Email, role: i18n.T(ctx, "role."+string(i.Role)), by: i.InvitedBy, created: i18n.Day(ctx, i.CreatedAt),
			expires: i18n.DateTimeText(ctx, i.ExpiresAt), state: i18n.T(ctx, "invitation.state."+string(state))}
		view.tone, view.icon = invitationTone(state)
		if state == domain.InvitationOpen {
			view.revoke = workspacePath(by, "invitations", itoa(i.ID), "revoke")
		}
		v.list = append(v.list, view)
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "invitations.title")); err != nil {
		return err
	}
	if link != "" { // asked for again, there would be another invitation
		v.shell.Resent, v.shell.LangHref = nil, ""
	}
	return s.render(w, r, status, invitationsPage(v))
}

func (s *Server) listInvitations(w http.ResponseWriter, r *http.Request) error {
	return s.invitationsPage(w, r, http.StatusOK, "", "")
}

type invitationForm struct {
	Email string `form:"email"`
	Role  string `form:"role"`
}

type invitationEditView struct {
	formView
	shell  ui.Shell
	crumbs []ui.Link
	form   invitationForm
	roles  []ui.Option
	action string
	back   string
}

func (s *Server) invitationEdit(w http.ResponseWriter, r *http.Request, status int, f invitationForm, p domain.Problems) (err error) {
	ctx, by := r.Context(), actor(r)
	v := invitationEditView{formView: formView{ctx: ctx, area: "members", problems: p}, form: f, roles: roleOptions(r), action: workspacePath(by, "invitations"), back: workspacePath(by, "members"),
		crumbs: []ui.Link{{Href: workspacePath(by, "members"), Text: i18n.T(ctx, "members.title")}, {Text: i18n.T(ctx, "members.add")}}}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "members.add")); err != nil {
		return err
	}
	return s.render(w, r, status, invitationEdit(v))
}

func (s *Server) newInvitation(w http.ResponseWriter, r *http.Request) error {
	return s.invitationEdit(w, r, http.StatusOK, invitationForm{Role: string(domain.RoleEditor)}, nil)
}

// createInvitation answers with the link at once: only its hash is kept, so it can never be shown again.
func (s *Server) createInvitation(w http.ResponseWriter, r *http.Request) error {
	f, p, err := decode[invitationForm](r)
	if err != nil {
		return err
	}
	token := newToken()
	i, err := domain.NewInvitation(f.Email, f.Role)
	if err == nil && len(p) == 0 {
		_, err = s.store.AddInvitation(r.Context(), actor(r), i, hashToken(token))
	}
	if problems, bad := withProblems(p, err); bad {
		return s.invitationEdit(w, r, http.StatusUnprocessableEntity, f, problems)
	}
	if err != nil {
		return err
	}
	return s.invitationsPage(w, r, http.StatusCreated, s.options.BaseURL+"/join/"+token, i.Email)
}

func (s *Server) revokeInvitation(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.InvitationID](r, "invitation")
	if err != nil {
		return err
	}
	if err := s.store.RevokeInvitation(r.Context(), by, id); err != nil {
		return err
	}
	return s.seeOther(w, r, workspacePath(by, "invitations"), "invitations.revoked")
}

type joinForm struct {
	Name     string `form:"name"`
	Password string `form:"password"`
}

// joinView is the page behind the link of an invitation. Its form asks for what is still missing: nothing for the person
// who is signed in, the password for somebody with an account, a name and a password for somebody new or who never chose one.
type joinView struct {
	labelledForm
	shell   ui.Shell
	form    joinForm
	i       store.Invited
	role    string
	action  string
	self    bool   // signed in as the person invited
	other   string // e-mail of somebody else who is signed in; empty for nobody
	known   bool   // the address has an account that somebody opened
	refused string
}

// joining finds out who opens the link of an invitation.
func (s *Server) joining(r *http.Request) (joinView, error) {
	ctx, u := r.Context(), visitOf(r).User
	token := chi.URLParam(r, "token")
	i, err := s.store.InvitationByToken(ctx, hashToken(token))
	if err != nil {
		if errors.Is(err, domain.NotFound) {
			err = domain.Errorf(domain.NotFound, "invitation.closed")
		}
		return joinView{}, err
	}
	v := joinView{labelledForm: labelled(formView{ctx: ctx, area: "join"}, "name", "account.name"), i: i, action: "/join/" + token, role: i18n.T(ctx, "role."+string(i.Role)), self: u.ID != 0 && u.Email == i.Email}
	if u.ID != 0 && !v.self {
		v.other = u.Email
	}
	account, err := s.store.UserByEmail(ctx, i.Email)
	if err != nil && !errors.Is(err, domain.NotFound) {
		return v, err
	}
	v.known = err == nil && !account.NeverOpened()
	v.form.Name = account.Name
	if v.known {
		v.area = "sign_in"
	} else {
		v.labels["password"] = i18n.T(ctx, "join.password")
	}
	return v, nil
}

func (s *Server) joinPage(w http.ResponseWriter, r *http.Request, status int, v joinView) error {
	v.shell = s.bareShell(r, i18n.T(r.Context(), "join.title", "workspace", v.i.WorkspaceName))
	v.form.Password = ""
	return s.render(w, r, status, joinPage(v))
}

func (s *Server) showJoin(w http.ResponseWriter, r *http.Request) error {
	v, err := s.joining(r)
	if err != nil {
		return err
	}
	return s.joinPage(w, r, http.StatusOK, v)
}

// join makes the person invited a member. Whoever holds the link of a known address must still know its password.
func (s *Server) join(w http.ResponseWriter, r *http.Request) error {
	v, err := s.joining(r)
	if err != nil {
		return err
	}
	if v.other != "" {
		return domain.Errorf(domain.Denied, "invitation.other", "email", v.i.Email)
	}
	f, p, err := decode[joinForm](r)
	if err != nil {
		return err
	}
	v.form = f
	u, hash := domain.User{Name: f.Name, Email: v.i.Email}, ""
	switch {
	case v.self:
		u = visitOf(r).User
	case v.known:
		account, err := s.checkPassword(r, v.i.Email, f.Password)
		if text, status := refusal(w, r, err); text != "" {
			v.refused = text
			return s.joinPage(w, r, status, v)
		}
		if err != nil {
			return err
		}
		u = account.User
	default:
		u, err = domain.NewUser(u)
		merge(&p, err)
		merge(&p, login.CheckPolicy(f.Password, v.i.Email, f.Name, v.i.WorkspaceName))
		if len(p) > 0 {
			v.problems = p
			return s.joinPage(w, r, http.StatusUnprocessableEntity, v)
		}
		u.Locale = string(i18n.Lang(r.Context()))
		if hash, err = s.options.Passwords.Hash(r.Context(), f.Password); err != nil {
			return err
		}
	}
	user, i, err := s.store.AcceptInvitation(r.Context(), hashToken(chi.URLParam(r, "token")), u, hash)
	if problems, bad := formProblems(err); bad { // what is wrong with the address is no field of this form
		return domain.Errorf(domain.Conflict, problems["email"].Key)
	}
	if err != nil {
		return err
	}
	if !v.self {
		if err := s.enter(w, r, user); err != nil {
			return err
		}
	}
	return s.seeOther(w, r, workspacePath(domain.Actor{Slug: i.Slug}), "join.done", "workspace", i.WorkspaceName)
}
