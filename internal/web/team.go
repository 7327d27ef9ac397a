package web

import (
	"context"
	"net/http"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

func (s *Server) teamRoutes(r scope) {
	nounRoutes(s, r, written(s, nounSpec[domain.TeamID]{param: "team", list: teamList, edit: domain.ManageMembers,
		add: s.newTeam, show: s.showTeam,
		archive: s.store.ArchiveTeam, restore: s.store.RestoreTeam, remove: s.store.RemoveTeam},
		formSpec[domain.Team, teamForm, domain.TeamID]{page: s.teamEdit, of: teamFormOf, read: s.store.TeamByID, add: s.store.AddTeam, change: s.store.ChangeTeam,
			added: "team.added", changed: "team.changed"}))
}

func teamPath(by domain.Actor, id domain.TeamID, parts ...string) string {
	return workspacePath(by, append([]string{"teams", itoa(id)}, parts...)...)
}

var teamList = registerSpec{
	register: domain.TeamRegister,
	path:     "teams",
	show:     func(by domain.Actor, id int64) string { return teamPath(by, domain.TeamID(id)) },
	add:      domain.ManageMembers,
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.ManageMembers}},
}

type teamForm struct {
	Version     int             `form:"version"`
	Name        string          `form:"name"`
	Description string          `form:"description"`
	Members     []domain.UserID `form:"members"`
}

func (f teamForm) seen() int                  { return f.Version }
func (f teamForm) again(version int) teamForm { f.Version = version; return f }

// apply puts what was typed into a team.
func (f teamForm) apply(t domain.Team) (domain.Team, error) {
	t.Name, t.Description, t.Members = f.Name, f.Description, f.Members
	return domain.NewTeam(t)
}

func teamFormOf(_ context.Context, t domain.Team) teamForm {
	return teamForm{Version: t.Version, Name: t.Name, Description: t.Description, Members: t.Members}
}

type teamEditView struct {
	formView
	shell        ui.Shell
	title        string
	action, back string
	crumbs       []ui.Link
	form         teamForm
	members      []ui.Option
	ticked       []string
}

// teamEdit shows the form, for a new team (id 0) or for one that is there.
func (s *Server) teamEdit(w http.ResponseWriter, r *http.Request, status int, id domain.TeamID, f teamForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	members, err := s.store.MemberOptions(ctx, by)
	if err != nil {
		return err
	}
	v := teamEditView{formView: formView{ctx: ctx, area: "team", problems: p}, form: f, members: refOptions(members),
		title: i18n.T(ctx, "teams.add"), action: workspacePath(by, "teams"), back: workspacePath(by, "teams")}
	for _, m := range f.Members {
		v.ticked = append(v.ticked, itoa(m))
	}
	v.crumbs = []ui.Link{{Href: workspacePath(by, "teams"), Text: i18n.T(ctx, "teams.title")}}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "team.edit"), teamPath(by, id), teamPath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, teamEdit(v))
}

func (s *Server) newTeam(w http.ResponseWriter, r *http.Request) error {
	return s.teamEdit(w, r, http.StatusOK, 0, teamForm{}, nil)
}

type teamShowView struct {
	shell   ui.Shell
	crumbs  []ui.Link
	t       domain.Team
	facts   []ui.Fact
	members []ui.Link
	uses    []useView
	history []ui.TimelineItem
	edit    recordActions
}

func (s *Server) showTeam(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.TeamID](r, "team")
	if err != nil {
		return err
	}
	t, err := s.store.TeamByID(ctx, by, id)
	if err != nil {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	uses, err := s.store.TeamUses(ctx, by, id)
	if err != nil {
		return err
	}
	history, err := s.history(r, domain.SubjectTeam, int64(id), names)
	if err != nil {
		return err
	}
	v := teamShowView{t: t, uses: usesView(ctx, by, uses, r), history: history, facts: factList(ctx, fact{"description", t.Description}),
		crumbs: []ui.Link{{Href: workspacePath(by, "teams"), Text: i18n.T(ctx, "teams.title")}, {Text: t.Name}},
		edit:   actionsOf(ctx, by, domain.ManageMembers, teamPath(by, id), t.ArchivedAt != nil)}
	for _, m := range t.Members {
		v.members = append(v.members, ui.Link{Href: memberPath(by, m), Text: names.User(m), Icon: "user"})
	}
	if v.shell, err = s.shell(w, r, t.Name); err != nil {
		return err
	}
	return s.ok(w, r, teamShow(v))
}
