package web

import (
	"context"
	"net/http"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

//i18n:dynamic applications. application.

func (s *Server) applicationRoutes(r scope) {
	nounRoutes(s, r, written(s, nounSpec[domain.ApplicationID]{param: "application", list: applicationList, edit: domain.EditInventory,
		add: s.newApplication, show: s.showApplication,
		archive: s.store.ArchiveApplication, restore: s.store.RestoreApplication, remove: s.store.RemoveApplication},
		formSpec[domain.Application, applicationForm, domain.ApplicationID]{page: s.applicationEdit, of: applicationFormOf, read: s.store.ApplicationByID, add: s.store.AddApplication, change: s.store.ChangeApplication,
			added: "application.added", changed: "application.changed"}))
}

func applicationPath(by domain.Actor, id domain.ApplicationID, parts ...string) string {
	return workspacePath(by, append([]string{"applications", itoa(id)}, parts...)...)
}

var applicationList = registerSpec{
	register: domain.ApplicationRegister,
	path:     "applications",
	show:     func(by domain.Actor, id int64) string { return applicationPath(by, domain.ApplicationID(id)) },
	add:      domain.EditInventory,
	tone:     map[string]tone{"lifecycle": lifecycleTone},
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.EditInventory}},
}

func lifecycleTone(code string) (ui.Kind, string) {
	switch code {
	case "live":
		return ui.OK, "circle-check"
	case "planned":
		return ui.Info, "circle-dashed"
	case "retiring":
		return ui.Warn, "alert-triangle"
	}
	return ui.Neutral, "archive"
}

type applicationForm struct {
	Version     int           `form:"version"`
	Name        string        `form:"name"`
	Kind        string        `form:"kind"`
	Description string        `form:"description"`
	Team        domain.TeamID `form:"team"`
	Owner       domain.UserID `form:"owner"`
	Vendor      string        `form:"vendor"`
	Hosting     string        `form:"hosting"`
	Country     string        `form:"country"`
	Processor   string        `form:"processor"`
	Lifecycle   string        `form:"lifecycle"`
}

func (f applicationForm) seen() int                         { return f.Version }
func (f applicationForm) again(version int) applicationForm { f.Version = version; return f }

// apply puts what was typed into an application.
func (f applicationForm) apply(a domain.Application) (domain.Application, error) {
	a.Name, a.Description, a.Vendor, a.Country = f.Name, f.Description, f.Vendor, f.Country
	a.Kind = enumCode("application.kind", domain.ApplicationKinds, f.Kind)
	a.Team, a.Owner, a.Hosting, a.Processor, a.Lifecycle = f.Team, f.Owner, f.Hosting, f.Processor, f.Lifecycle
	return domain.NewApplication(a)
}

func applicationFormOf(_ context.Context, a domain.Application) applicationForm {
	return applicationForm{Version: a.Version, Name: a.Name, Kind: a.Kind, Description: a.Description, Team: a.Team, Owner: a.Owner,
		Vendor: a.Vendor, Hosting: a.Hosting, Country: a.Country, Processor: a.Processor, Lifecycle: a.Lifecycle}
}

type applicationEditView struct {
	formView
	shell         ui.Shell
	title         string
	action, back  string
	crumbs        []ui.Link
	form          applicationForm
	teams, owners []ui.Option
}

// applicationEdit shows the form, for a new application (id 0) or for one that is there.
func (s *Server) applicationEdit(w http.ResponseWriter, r *http.Request, status int, id domain.ApplicationID, f applicationForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	teams, err := s.store.TeamOptions(ctx, by)
	if err != nil {
		return err
	}
	members, err := s.store.MemberOptions(ctx, by)
	if err != nil {
		return err
	}

	v := applicationEditView{formView: formView{ctx, "application", p}, form: f, teams: refOptions(teams), owners: refOptions(members),
		title: i18n.T(ctx, "applications.add"), action: workspacePath(by, "applications"), back: workspacePath(by, "applications")}
	v.form.Kind = enumWord(ctx, "application.kind", f.Kind)
	v.crumbs = []ui.Link{{Href: workspacePath(by, "applications"), Text: i18n.T(ctx, "applications.title")}}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "application.edit"), applicationPath(by, id), applicationPath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, applicationEdit(v))
}

func (s *Server) newApplication(w http.ResponseWriter, r *http.Request) error {
	return s.applicationEdit(w, r, http.StatusOK, 0, applicationForm{Hosting: "unknown", Processor: "unknown", Lifecycle: "live"}, nil)
}

type applicationShowView struct {
	shell    ui.Shell
	crumbs   []ui.Link
	a        domain.Application
	facts    []ui.Fact
	badge    registerCell
	uses     []useView
	datasets string // list of its datasets
	fields   string // list of its fields
	history  []ui.TimelineItem
	edit     recordActions
}

func (s *Server) showApplication(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.ApplicationID](r, "application")
	if err != nil {
		return err
	}

	a, err := s.store.ApplicationByID(ctx, by, id)
	if err != nil {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	uses, err := s.store.ApplicationUses(ctx, by, id)
	if err != nil {
		return err
	}
	history, err := s.history(r, domain.SubjectApplication, int64(id), names)
	if err != nil {
		return err
	}

	v := applicationShowView{a: a, uses: usesView(ctx, by, uses, r), history: history,
		crumbs:   []ui.Link{{Href: workspacePath(by, "applications"), Text: i18n.T(ctx, "applications.title")}, {Text: a.Name}},
		datasets: workspacePath(by, "datasets") + "?application=" + itoa(id),
		fields:   workspacePath(by, "fields") + "?application=" + itoa(id),
		edit:     actionsOf(ctx, by, domain.EditInventory, applicationPath(by, id), a.ArchivedAt != nil)}
	kind, icon := lifecycleTone(a.Lifecycle)
	v.badge = registerCell{badge: kind, icon: icon, text: enumWord(ctx, "application.lifecycle", a.Lifecycle)}
	v.facts = factList(ctx,
		fact{"kind", enumWord(ctx, "application.kind", a.Kind)},
		fact{"team", names.Team(a.Team)},
		fact{"owner", names.User(a.Owner)},
		fact{"vendor", a.Vendor},
		fact{"hosting", enumWord(ctx, "application.hosting", a.Hosting)},
		fact{"country", a.Country},
		fact{"processor", enumWord(ctx, "choice", a.Processor)},
		fact{"description", a.Description})
	v.facts = calledFact(ctx, v.facts, domain.CalledOtherwise(a.Name, "", a.SourceName))
	if v.shell, err = s.shell(w, r, a.Name); err != nil {
		return err
	}
	return s.ok(w, r, applicationShow(v))
}
