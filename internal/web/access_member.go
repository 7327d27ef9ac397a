package web

import (
	"context"
	"errors"
	"net/http"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

func memberPath(by domain.Actor, id domain.UserID, parts ...string) string {
	return workspacePath(by, append([]string{"members", itoa(id)}, parts...)...)
}

func (s *Server) listMembers(w http.ResponseWriter, r *http.Request) error {
	spec := registerSpec{
		register: domain.MemberRegister,
		path:     "members",
		show:     func(by domain.Actor, id int64) string { return memberPath(by, domain.UserID(id)) },
		add:      domain.ManageMembers,
		addPath:  "invitations/new",
	}
	if actor(r).Can(domain.ManageMembers) {
		spec.extra = func(ctx context.Context, by domain.Actor) []ui.Link {
			return []ui.Link{{Href: workspacePath(by, "invitations"), Text: i18n.T(ctx, "invitations.title"), Icon: "mail"}}
		}
	}
	return s.showRegister(w, r, spec)
}

// roleOptions are the roles with what each lets a person do.
func roleOptions(r *http.Request) []ui.Option {
	options := make([]ui.Option, len(domain.Roles))
	for i, role := range domain.Roles {
		options[i] = ui.Option{Value: string(role), Text: i18n.T(r.Context(), "role."+string(role)), Hint: i18n.T(r.Context(), "role.hint."+string(role))}
	}
	return options
}

type memberForm struct {
	Role string `form:"role"`
	Seen string `form:"seen"`
}

type memberView struct {
	formView
	shell   ui.Shell
	crumbs  []ui.Link
	m       domain.Member
	facts   []ui.Fact
	uses    []useView
	history []ui.TimelineItem
	form    memberForm
	roles   []ui.Option
	action  string // where the role is changed; empty for somebody who may not
	remove  string
	access  string // why the member cannot sign in; empty for who can
	invite  string // where a link lets in a member who never chose a password
}

func (s *Server) memberPage(w http.ResponseWriter, r *http.Request, status int, id domain.UserID, f *memberForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	m, err := s.store.MemberByID(ctx, by, id)
	if err != nil {
		return err
	}
	uses, err := s.store.MemberUses(ctx, by, id)
	if err != nil {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	history, err := s.history(r, domain.SubjectMember, int64(id), names)
	if err != nil {
		return err
	}
	v := memberView{formView: formView{ctx: ctx, area: "members", problems: p}, m: m, uses: usesView(ctx, by, uses, r), history: history, roles: roleOptions(r),
		crumbs: []ui.Link{{Href: workspacePath(by, "members"), Text: i18n.T(ctx, "members.title")}, {Text: m.Name}},
		form:   memberForm{Role: string(m.Role), Seen: string(m.Role)}}
	if f != nil {
		v.form = *f
	}
	if by.Can(domain.ManageMembers) {
		v.action, v.remove = memberPath(by, id), memberPath(by, id, "remove")
	}
	if m.Access != domain.AccessOpen {
		v.access = i18n.T(ctx, "members.access."+string(m.Access))
	}
	if m.Access == domain.AccessNever && v.action != "" {
		v.invite = workspacePath(by, "invitations")
	}
	v.facts = factList(ctx, fact{"email", m.Email}, fact{"role", i18n.T(ctx, "role."+string(m.Role))}, fact{"access", i18n.T(ctx, "member_access."+string(m.Access))}, fact{"joined", i18n.Day(ctx, m.JoinedAt)})
	if v.shell, err = s.shell(w, r, m.Name); err != nil {
		return err
	}
	return s.render(w, r, status, memberPage(v))
}

func (s *Server) showMember(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.UserID](r, "member")
	if err != nil {
		return err
	}
	return s.memberPage(w, r, http.StatusOK, id, nil, nil)
}

func (s *Server) changeMember(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.UserID](r, "member")
	if err != nil {
		return err
	}
	f, p, err := decode[memberForm](r)
	if err != nil {
		return err
	}
	role := p.Role("role", f.Role)
	if len(p) > 0 {
		return s.memberPage(w, r, http.StatusUnprocessableEntity, id, &f, p)
	}
	if err := s.store.ChangeMember(r.Context(), by, id, domain.Role(f.Seen), role); err != nil {
		return err
	}
	return s.seeOther(w, r, memberPath(by, id), "members.changed")
}

type removeMemberView struct {
	labelledForm
	shell      ui.Shell
	crumbs     []ui.Link
	m          domain.Member
	uses       []ui.Impact
	successors []ui.Option
	successor  string
	action     string
	back       string
}

func (s *Server) removeMemberPage(w http.ResponseWriter, r *http.Request, status int, id, successor domain.UserID, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	m, err := s.store.MemberByID(ctx, by, id)
	if err != nil {
		return err
	}
	uses, err := s.store.MemberUses(ctx, by, id)
	if err != nil {
		return err
	}
	v := removeMemberView{labelledForm: labelled(formView{ctx, "members", p}, "successor", "members.successor"), m: m, successor: refValue(successor), action: memberPath(by, id, "remove"), back: memberPath(by, id),
		crumbs: []ui.Link{{Href: workspacePath(by, "members"), Text: i18n.T(ctx, "members.title")}, {Href: memberPath(by, id), Text: m.Name}, {Text: i18n.T(ctx, "verb.remove")}}}
	for _, u := range uses {
		use := usesView(ctx, by, []domain.Use{u}, r)[0]
		v.uses = append(v.uses, ui.Impact{Kind: ui.Warn, Text: i18n.T(ctx, "members.owns", "what", use.text), Link: &ui.Link{Href: use.href, Text: i18n.T(ctx, "verb.show")}})
	}
	if len(uses) > 0 {
		members, err := s.store.MemberOptions(ctx, by)
		if err != nil {
			return err
		}
		for _, o := range members {
			if o.ID != int64(id) {
				v.successors = append(v.successors, ui.Option{Value: itoa(o.ID), Text: o.Name})
			}
		}
	}
	if v.shell, err = s.shell(w, r, m.Name); err != nil {
		return err
	}
	return s.render(w, r, status, removeMemberPage(v))
}

func (s *Server) confirmRemoveMember(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.UserID](r, "member")
	if err != nil {
		return err
	}
	return s.removeMemberPage(w, r, http.StatusOK, id, 0, nil)
}

type removeMemberForm struct {
	Successor domain.UserID `form:"successor"`
}

func (s *Server) removeMember(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.UserID](r, "member")
	if err != nil {
		return err
	}
	f, p, err := decode[removeMemberForm](r)
	if err != nil {
		return err
	}
	err = s.store.RemoveMember(r.Context(), by, id, f.Successor)
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Kind == domain.Conflict && e.Args["uses"] != nil {
		p.Add("successor", "members.successor.needed")
		return s.removeMemberPage(w, r, http.StatusConflict, id, f.Successor, p)
	}
	if problems, bad := withProblems(p, err); bad {
		return s.removeMemberPage(w, r, http.StatusUnprocessableEntity, id, f.Successor, problems)
	}
	if err != nil {
		return err
	}
	if id == by.User {
		return s.seeOther(w, r, "/workspaces", "members.left", "workspace", visitOf(r).Workspace.Name)
	}
	return s.seeOther(w, r, workspacePath(by, "members"), "members.removed")
}
