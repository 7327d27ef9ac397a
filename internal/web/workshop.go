package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic workshops. workshop.

func (s *Server) workshopRoutes(r scope) {
	nounRoutes(s, r, nounSpec[domain.WorkshopID]{param: "workshop", list: workshopList, edit: domain.RunWorkshop,
		add: s.newWorkshop, create: s.createWorkshop, show: s.showWorkshop, form: s.editWorkshop, change: s.changeWorkshop,
		archive: s.store.ArchiveWorkshop, restore: s.store.RestoreWorkshop, remove: s.store.RemoveWorkshop})
	r.post("/workshops/scope", domain.RunWorkshop, s.scopeWorkshop)
	step := func(name string, do nounStep[domain.WorkshopID], page string) {
		r.post("/workshops/{workshop}/"+name, domain.RunWorkshop, recordStep(s, "workshop", do,
			func(by domain.Actor, id domain.WorkshopID) string { return workshopPath(by, id, nonEmpty(page)...) }, "workshop.did."+name))
	}
	step("start", s.store.StartWorkshop, "run")
	step("open", s.store.OpenDoor, "")
	step("shut", s.store.ShutDoor, "")
	r.post("/workshops/{workshop}/close", domain.RunWorkshop, s.closeWorkshop)
	step("gaps", func(ctx context.Context, by domain.Actor, id domain.WorkshopID) error {
		_, err := s.store.AddGaps(ctx, by, id)
		return err
	}, "")
	r.post("/workshops/{workshop}/ask", domain.RunWorkshop, s.askWorkshop)
	r.post("/workshops/{workshop}/cards/{card}/remove", domain.RunWorkshop, s.removeCard)
	r.post("/workshops/{workshop}/cards/{card}/decide", domain.RunWorkshop, s.decideCard)
	r.post("/workshops/{workshop}/cards/{card}/opinion", domain.ReviewMapping, s.giveOpinion)
	r.post("/workshops/{workshop}/participants/{participant}/remove", domain.RunWorkshop, s.removeParticipant)
	r.get("/workshops/{workshop}/apply", domain.RunWorkshop, s.reviewWorkshop)
	r.post("/workshops/{workshop}/apply", domain.RunWorkshop, s.applyWorkshop)
	r.get("/workshops/{workshop}/minutes", domain.ReadWorkspace, s.showMinutes)
	r.get("/workshops/{workshop}/minutes.csv", domain.ReadWorkspace, s.minutesFile("csv"))
	r.get("/workshops/{workshop}/minutes.docx", domain.ReadWorkspace, s.minutesFile("docx"))
	r.get("/workshops/{workshop}/screen", domain.ReadWorkspace, s.showScreen)
	r.get("/workshops/{workshop}/run", domain.RunWorkshop, s.showPanel)
	r.get("/workshops/{workshop}/live", domain.ReadWorkspace, s.streamWorkshop)
	r.post("/workshops/{workshop}/steer", domain.RunWorkshop, s.steerWorkshop)
	r.get("/workshops/{workshop}/join", domain.ReadWorkspace, s.joinAsMember)
	r.post("/workshops/{workshop}/join", domain.ReadWorkspace, s.enterAsMember)
}

func workshopPath(by domain.Actor, id domain.WorkshopID, parts ...string) string {
	return workspacePath(by, append([]string{"workshops", itoa(id)}, parts...)...)
}

func workshopTone(code string) (ui.Kind, string) {
	switch code {
	case string(domain.WorkshopRunning):
		return ui.OK, "player-play"
	case string(domain.WorkshopClosed):
		return ui.Review, "lock"
	case domain.WorkshopApplied:
		return ui.Neutral, "check"
	}
	return ui.Info, "circle-dashed"
}

var workshopList = registerSpec{
	register: domain.WorkshopRegister,
	path:     "workshops",
	show:     func(by domain.Actor, id int64) string { return workshopPath(by, domain.WorkshopID(id)) },
	add:      domain.RunWorkshop,
	tone:     map[string]tone{"workshop_state": workshopTone},
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.RunWorkshop}},
}

// fieldScope names the fields that go into a workshop with the form: ticked ones, or all of a list.
type fieldScope struct {
	Scope string  `form:"scope"`
	Query string  `form:"query"`
	IDs   []int64 `form:"id"`
}

func (f fieldScope) hidden() []ui.Hidden {
	if f.Scope == "all" {
		return []ui.Hidden{{Name: "scope", Value: "all"}, {Name: "query", Value: f.Query}}
	}
	out := make([]ui.Hidden, len(f.IDs))
	for i, id := range f.IDs {
		out[i] = ui.Hidden{Name: "id", Value: itoa(id)}
	}
	return out
}

func (f fieldScope) given() bool { return f.Scope == "all" || len(f.IDs) > 0 }

type workshopForm struct {
	fieldScope
	Version       int               `form:"version"`
	Into          domain.WorkshopID `form:"workshop"` // an existing one that the fields go into
	Name          string            `form:"name"`
	Template      string            `form:"workshop_template"`
	Programs      []int64           `form:"programs"`
	Roles         []string          `form:"voter_roles"`
	Votes         string            `form:"votes"`
	Weight        string            `form:"weight"`
	HeldOn        string            `form:"held_on"`
	ClosesOn      string            `form:"closes_on"`
	Facilitator   domain.UserID     `form:"facilitator"`
	Cofacilitator domain.UserID     `form:"cofacilitator"`
	Note          string            `form:"goal"`
	Minutes       []int             `form:"minutes"`
	Gaps          bool              `form:"add_gaps"`
}

func (f workshopForm) apply(w domain.Workshop) (domain.Workshop, error) {
	var bad domain.Problems
	if f.Template != w.Template {
		w.Agenda = domain.AgendaOf(f.Template)
	} else if len(f.Minutes) == len(w.Agenda) {
		w.Agenda = slices.Clone(w.Agenda)
		for i := range w.Agenda {
			w.Agenda[i].Minutes = f.Minutes[i]
		}
	}
	w.Name, w.Template, w.Roles, w.Named, w.PerRole, w.Note = f.Name, f.Template, f.Roles, f.Votes == "named", f.Weight == "role", f.Note
	w.Facilitator, w.Cofacilitator = f.Facilitator, f.Cofacilitator
	w.HeldOn, w.ClosesOn = day(&bad, "held_on", f.HeldOn), day(&bad, "closes_on", f.ClosesOn)
	w.Programs = nil
	for _, id := range f.Programs {
		w.Programs = append(w.Programs, domain.ProgramID(id))
	}
	bad.OneOf("votes", f.Votes, "secret", "named")
	bad.OneOf("weight", f.Weight, "role", "person")
	w, err := domain.NewWorkshop(w)
	if problems, ok := withProblems(bad, err); ok {
		return w, problems.Err()
	}
	return w, err
}

func workshopFormOf(w domain.Workshop) workshopForm {
	f := workshopForm{Version: w.Version, Name: w.Name, Template: w.Template, Roles: w.Roles, Votes: "secret", Weight: "person", HeldOn: typedDay(w.HeldOn),
		ClosesOn: typedDay(w.ClosesOn), Facilitator: w.Facilitator, Cofacilitator: w.Cofacilitator, Note: w.Note}
	if w.Named {
		f.Votes = "named"
	}
	if w.PerRole {
		f.Weight = "role"
	}
	for _, id := range w.Programs {
		f.Programs = append(f.Programs, int64(id))
	}
	for _, step := range w.Agenda {
		f.Minutes = append(f.Minutes, step.Minutes)
	}
	return f
}

type workshopEditView struct {
	formView
	shell             ui.Shell
	title             string
	action, back      string
	crumbs            []ui.Link
	form              workshopForm
	programs, members []ui.Option
	chosen            []string
	agenda            []domain.AgendaStep
	existing          []ui.Option // workshops that the fields can go into
	into              string      // where they are sent
	fields            int
}

func (s *Server) workshopEdit(w http.ResponseWriter, r *http.Request, status int, id domain.WorkshopID, f workshopForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	list := workspacePath(by, "workshops")
	v := workshopEditView{formView: formView{ctx, "workshop", p}, form: f, title: i18n.T(ctx, "workshops.add"), action: list, back: list, into: list + "/scope",
		crumbs: []ui.Link{{Href: list, Text: i18n.T(ctx, "workshops.title")}}}
	err := s.store.Read(ctx, by, func(st *store.Store) error {
		programs, err := st.ProgramOptions(ctx, by)
		if err != nil {
			return err
		}
		v.programs = refOptions(programs)
		members, err := st.MemberOptions(ctx, by)
		if err != nil {
			return err
		}
		v.members = refOptions(members)
		if id == 0 && f.given() {
			existing, err := st.WorkshopOptions(ctx, by)
			if err != nil {
				return err
			}
			v.existing = refOptions(existing)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, program := range f.Programs {
		v.chosen = append(v.chosen, itoa(program))
	}
	if f.given() {
		ids, err := s.selection(r, domain.FieldRegister, bulkForm{Scope: f.Scope, Query: f.Query, IDs: f.IDs})
		if err != nil {
			return err
		}
		v.fields = len(ids)
		v.back = workspacePath(by, "fields")
		if f.Scope == "all" {
			v.back = addQuery(v.back, f.Query)
		}
	}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "workshop.edit"), workshopPath(by, id), workshopPath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
		if stored, err := s.store.WorkshopByID(ctx, by, id); err != nil {
			return err
		} else if stored.Template == f.Template {
			v.agenda = stored.Agenda
		}
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, workshopEdit(v))
}

func newWorkshopForm(by domain.Actor) workshopForm {
	return workshopForm{Template: domain.WorkshopTemplates[0], Roles: domain.VoterRoles[:5], Votes: "secret", Weight: "role", Facilitator: by.User, Gaps: true}
}

func (s *Server) newWorkshop(w http.ResponseWriter, r *http.Request) error {
	return s.workshopEdit(w, r, http.StatusOK, 0, newWorkshopForm(actor(r)), nil)
}

// scopeWorkshop takes fields of a list to a workshop: to the form of a new one, or into one that is there.
func (s *Server) scopeWorkshop(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, _, err := decode[workshopForm](r)
	if err != nil {
		return err
	}
	if f.Into == 0 {
		form := newWorkshopForm(by)
		form.fieldScope = f.fieldScope
		return s.workshopEdit(w, r, http.StatusOK, 0, form, nil)
	}
	ids, err := s.selection(r, domain.FieldRegister, bulkForm{Scope: f.Scope, Query: f.Query, IDs: f.IDs})
	if err != nil {
		return err
	}
	n, err := s.store.AddCards(r.Context(), by, f.Into, ids)
	if err != nil {
		return err
	}
	return s.seeOther(w, r, workshopPath(by, f.Into), "workshop.cards_added", "n", n.Added, "already", n.Already)
}

func (s *Server) createWorkshop(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	f, p, err := decode[workshopForm](r)
	if err != nil {
		return err
	}
	var ids []int64
	if f.given() {
		if ids, err = s.selection(r, domain.FieldRegister, bulkForm{Scope: f.Scope, Query: f.Query, IDs: f.IDs}); err != nil {
			return err
		}
	}
	var id domain.WorkshopID
	shop, err := f.apply(domain.Workshop{})
	if err == nil && len(p) == 0 {
		err = s.store.Write(ctx, by, func(st *store.Store) error {
			if id, err = st.AddWorkshop(ctx, by, shop); err != nil {
				return err
			}
			if len(ids) > 0 {
				if _, err := st.AddCards(ctx, by, id, ids); err != nil {
					return err
				}
			}
			if f.Gaps {
				_, err = st.AddGaps(ctx, by, id)
			}
			return err
		})
	}
	if problems, bad := withProblems(p, err); bad {
		return s.workshopEdit(w, r, http.StatusUnprocessableEntity, 0, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, workshopPath(by, id), "workshop.added", "name", shop.Name)
}

func (s *Server) editWorkshop(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	shop, err := s.store.WorkshopByID(r.Context(), actor(r), id)
	if err == nil {
		err = domain.Changeable(shop)
	}
	if err != nil {
		return err
	}
	return s.workshopEdit(w, r, http.StatusOK, id, workshopFormOf(shop), nil)
}

func (s *Server) changeWorkshop(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	f, p, err := decode[workshopForm](r)
	if err != nil {
		return err
	}
	if len(p) == 0 {
		err = s.store.ChangeWorkshop(r.Context(), by, id, f.Version, f.apply)
	}
	err = meanwhile(s, r, err, id, &f.Version, s.store.WorkshopByID, f.apply)
	if problems, bad := withProblems(p, err); bad {
		return s.workshopEdit(w, r, formStatus(err), id, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, workshopPath(by, id), "workshop.changed", "name", domain.CleanLine(f.Name))
}

// workshopShowView is the page from which a workshop is prepared, led and closed.
type workshopShowView struct {
	shell        ui.Shell
	crumbs       []ui.Link
	w            domain.Workshop
	live         store.WorkshopLive
	badge        mark
	facts        []ui.Fact
	agenda       []agendaLine
	minutes      int
	cards        []cardView
	people       []personLine
	voterRoles   []ui.Option
	members      []ui.Option
	join         doorView
	privacy      string
	history      []ui.TimelineItem
	edit         recordActions
	path         string
	may, opinion bool // lead it; say what the law says
	fieldsHref   string
	batchHref    string
	grounds      []ui.Option
}

type agendaLine struct {
	text string
	long string // in minutes, or that everybody takes their own time
}

func agendaLineOf(ctx context.Context, step domain.AgendaStep) agendaLine {
	line := agendaLine{enumWord(ctx, "workshop.step", step.Step), i18n.T(ctx, "workshop.minutes", "n", step.Minutes)}
	if step.Minutes == 0 {
		line.long = i18n.T(ctx, "workshop.own_time")
	}
	return line
}

type personLine struct {
	id                    string
	name, role, part, how string
	here, removed         bool
}

// doorView is how people come in.
type doorView struct {
	open  bool
	link  string
	shown string // link as it is read aloud: without the secret
	code  string
	until string
	qr    qrCode
}

// joinOf is how people come into a workshop, at the address under which the server is known.
func (s *Server) joinOf(ctx context.Context, l store.WorkshopLive) doorView {
	if !l.Open() {
		return doorView{}
	}
	link := strings.TrimSuffix(s.options.BaseURL, "/") + roomPath
	v := doorView{open: true, link: link + "/" + l.Token, code: l.Code[:3] + " " + l.Code[3:], until: i18n.DateTime(ctx, *l.OpenUntil)}
	if u, err := url.Parse(link); err == nil {
		v.shown = u.Host + u.Path
	}
	v.qr = newQR(v.link)
	return v
}

func (s *Server) showWorkshop(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	v := workshopShowView{path: workshopPath(by, id), may: by.Can(domain.RunWorkshop), opinion: by.Can(domain.ReviewMapping), fieldsHref: workspacePath(by, "fields")}
	var names store.Names
	err = s.store.Read(ctx, by, func(st *store.Store) error {
		if v.live, err = st.LiveWorkshop(ctx, by, id); err != nil {
			return err
		}
		v.w = v.live.Workshop
		lines, err := st.Cards(ctx, by, id)
		if err != nil {
			return err
		}
		v.cards = cardViews(ctx, v.live, lines)
		people, err := st.Participants(ctx, by, id)
		if err != nil {
			return err
		}
		v.people = personLines(ctx, people)
		if names, err = st.Names(ctx, by); err != nil {
			return err
		}
		members, err := st.MemberOptions(ctx, by)
		v.members = refOptions(members)
		return err
	})
	if err != nil {
		return err
	}
	state := string(v.w.State)
	if v.w.Batch != 0 {
		state = domain.WorkshopApplied
	}
	kind, icon := workshopTone(state)
	v.badge = mark{kind, icon, enumWord(ctx, "workshop.state", state)}
	v.facts = workshopFacts(ctx, v.w, v.live.Programs, names)
	for _, step := range v.w.Agenda {
		v.agenda = append(v.agenda, agendaLineOf(ctx, step))
	}
	v.minutes = domain.AgendaMinutes(v.w.Agenda)
	v.voterRoles, v.grounds = enumOptions(ctx, "workshop.role", v.w.Roles), enumOptions(ctx, "workshop.ground", domain.VetoGrounds)
	v.batchHref = batchPath(by, v.w.Batch)
	v.join, v.privacy = s.joinOf(ctx, v.live), privacySentence(ctx, v.w)
	v.crumbs = []ui.Link{{Href: workspacePath(by, "workshops"), Text: i18n.T(ctx, "workshops.title")}, {Text: v.w.Name}}
	v.edit = actionsOf(ctx, by, domain.RunWorkshop, v.path, v.w.ArchivedAt != nil)
	v.edit.aside = true // to begin it, or to go on
	if v.w.State != domain.WorkshopPrepared {
		v.edit.edit, v.edit.remove = "", ""
	}
	if v.history, err = s.history(r, domain.SubjectWorkshop, int64(id), names); err != nil {
		return err
	}
	if v.shell, err = s.shell(w, r, v.w.Name); err != nil {
		return err
	}
	return s.ok(w, r, workshopShow(v))
}

// privacySentence says who will see what of a vote, before anybody votes.
func privacySentence(ctx context.Context, w domain.Workshop) string {
	if w.Named {
		return i18n.T(ctx, "workshop.privacy.named")
	}
	return i18n.T(ctx, "workshop.privacy.secret")
}

func workshopFacts(ctx context.Context, w domain.Workshop, programs []domain.Option, names store.Names) []ui.Fact {
	votes, weight := "secret", "person"
	if w.Named {
		votes = "named"
	}
	if w.PerRole {
		weight = "role"
	}
	facts := factList(ctx,
		fact{"workshop_template", enumWord(ctx, "workshop.template", w.Template)},
		fact{"held_on", shownDay(ctx, w.HeldOn)},
		fact{"programs", strings.Join(optionNames(programs), ", ")},
		fact{"facilitator", names.User(w.Facilitator)},
		fact{"cofacilitator", names.User(w.Cofacilitator)},
		fact{"voter_roles", strings.Join(enumWords(ctx, "workshop.role", w.Roles), ", ")},
		fact{"votes", enumWord(ctx, "workshop.votes", votes)},
		fact{"weight", enumWord(ctx, "workshop.weight", weight)})
	if w.Apart() {
		facts = append(facts, ui.Fact{Term: i18n.T(ctx, "column.closes_on"), Text: shownDay(ctx, w.ClosesOn)})
	}
	if w.Note != "" {
		facts = append(facts, ui.Fact{Term: i18n.T(ctx, "column.goal"), Text: w.Note, Wide: true})
	}
	return facts
}

func optionNames(options []domain.Option) []string {
	out := make([]string, len(options))
	for i, o := range options {
		out[i] = o.Name
	}
	return out
}

// present are the people who are in: neither asked only, nor sent out.
func present(people []personLine) (in []personLine) {
	for _, p := range people {
		if p.here && !p.removed {
			in = append(in, p)
		}
	}
	return in
}

func personLines(ctx context.Context, people []domain.Participant) []personLine {
	out := make([]personLine, 0, len(people))
	for _, p := range people {
		l := personLine{id: itoa(p.ID), name: p.Name, role: enumWord(ctx, "workshop.role", p.Role), part: enumWord(ctx, "workshop.part", p.Part), here: p.JoinedAt != nil, removed: p.RemovedAt != nil}
		if l.name == "" {
			l.name = i18n.T(ctx, "workshop.guest", "n", int64(p.ID))
		}
		switch {
		case l.removed:
			l.how = i18n.T(ctx, "workshop.sent_out")
		case !l.here:
			l.how = i18n.T(ctx, "workshop.asked")
		default:
			l.how = i18n.T(ctx, "workshop.came", "time", i18n.Clock(ctx, *p.JoinedAt))
		}
		out = append(out, l)
	}
	return out
}

func (s *Server) askWorkshop(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	f, _, err := decode[struct {
		Members []domain.UserID `form:"members"`
		Role    string          `form:"voter_role"`
	}](r)
	if err != nil {
		return err
	}
	if err := s.store.AskMembers(r.Context(), actor(r), id, f.Members, f.Role); err != nil {
		return err
	}
	return s.seeOther(w, r, workshopPath(actor(r), id), "workshop.did.ask", "n", len(f.Members))
}

func (s *Server) removeParticipant(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	participant, err := pathID[domain.ParticipantID](r, "participant")
	if err != nil {
		return err
	}
	if err := s.store.RemoveParticipant(r.Context(), actor(r), id, participant); err != nil {
		return err
	}
	return s.seeOther(w, r, workshopPath(actor(r), id), "workshop.did.remove")
}

// onCard reads the workshop and the card of an address.
func onCard(r *http.Request) (id domain.WorkshopID, card domain.WorkshopCardID, err error) {
	if id, err = pathID[domain.WorkshopID](r, "workshop"); err != nil {
		return 0, 0, err
	}
	card, err = pathID[domain.WorkshopCardID](r, "card")
	return id, card, err
}

func (s *Server) removeCard(w http.ResponseWriter, r *http.Request) error {
	id, card, err := onCard(r)
	if err != nil {
		return err
	}
	if err := s.store.RemoveCard(r.Context(), actor(r), id, card); err != nil {
		return err
	}
	return s.seeOther(w, r, workshopPath(actor(r), id), "workshop.did.remove_card")
}

func (s *Server) giveOpinion(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, card, err := onCard(r)
	if err != nil {
		return err
	}
	f, _, err := decode[struct {
		Opinion domain.CardDPO `form:"dpo_opinion"`
		Ground  string         `form:"veto_ground"`
		Reason  string         `form:"reason"`
		Back    string         `form:"back"`
	}](r)
	if err != nil {
		return err
	}
	if err := s.store.GiveOpinion(r.Context(), by, id, card, f.Opinion, f.Ground, f.Reason); err != nil {
		return firstProblem(err)
	}
	return s.seeOther(w, r, localPath(f.Back, workshopPath(by, id)), "workshop.did.opinion")
}

// firstProblem is what is wrong with a form that has no page of its own to be shown on again.
func firstProblem(err error) error {
	problems, ok := formProblems(err)
	if !ok {
		return err
	}
	names := make([]string, 0, len(problems))
	for name := range problems {
		names = append(names, name)
	}
	slices.Sort(names)
	p := problems[names[0]]
	return &domain.Error{Kind: domain.Invalid, Key: p.Key, Args: p.Args}
}

// quiet answers a request of a script: done, or what is wrong in one sentence.
func (s *Server) quiet(w http.ResponseWriter, r *http.Request, err error) error {
	w.Header().Set("Cache-Control", "no-store")
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	known, ok := errors.AsType[*domain.Error](firstProblem(err))
	if !ok {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(statusOf(known))
	_, _ = w.Write([]byte(i18n.TArgs(r.Context(), known.Key, known.Args))) // the other end is gone where this fails
	return nil
}

func isQuiet(r *http.Request) bool { return r.Header.Get("Accept") == "text/plain" }

// answerStep ends a step of whoever leads: quietly where a script asked, else back at the page it came from.
func (s *Server) answerStep(w http.ResponseWriter, r *http.Request, id domain.WorkshopID, back string, err error) error {
	if isQuiet(r) {
		return s.quiet(w, r, err)
	}
	if err != nil {
		return firstProblem(err)
	}
	http.Redirect(w, r, localPath(back, workshopPath(actor(r), id, "run")), http.StatusSeeOther)
	return nil
}

// steerWorkshop is every button of whoever leads.
func (s *Server) steerWorkshop(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	f, _, err := decode[struct {
		Do      string                `form:"do"`
		Card    domain.WorkshopCardID `form:"card"`
		To      domain.WorkshopCardID `form:"to"`
		Seconds int                   `form:"seconds"`
		Step    int                   `form:"step"`
		Note    string                `form:"note"`
		Reason  string                `form:"reason"`
		Back    string                `form:"back"`
	}](r)
	if err != nil {
		return err
	}
	if _, err := s.store.WorkshopByID(ctx, by, id); err != nil {
		return err
	}
	switch f.Do {
	case "next", "previous", "open", "contested":
		err = s.store.MoveCard(ctx, by, id, f.Card, store.CardMove(f.Do))
	case "show":
		err = s.store.ShowCard(ctx, by, id, f.To, 0)
	case "reveal":
		err = s.store.RevealCard(ctx, by, id, f.Card)
	case "reveal_all":
		err = s.store.RevealAll(ctx, by, id)
	case "again":
		err = s.store.VoteAgain(ctx, by, id, f.Card)
	case "park", "unpark":
		err = s.store.ParkCard(ctx, by, id, f.Card, f.Do == "park", f.Note)
	case "time":
		err = s.store.AddTime(ctx, by, id, min(max(f.Seconds, 1), 3600))
	case "stop":
		err = s.store.AddTime(ctx, by, id, 0)
	case "blank":
		err = s.store.BlankScreen(ctx, by, id)
	case "own", "together":
		err = s.store.SetPace(ctx, by, id, f.Do == "own")
	case "step":
		err = s.store.GoToStep(ctx, by, id, f.Step)
	case "agreed":
		_, err = s.store.DecideAgreed(ctx, by, id, i18n.T(ctx, "workshop.agreed_reason"))
	case "reopen":
		err = s.store.TakeBackDecision(ctx, by, id, f.Card)
	default:
		err = domain.Errorf(domain.Invalid, "error.choice")
	}
	return s.answerStep(w, r, id, f.Back, err)
}

// closeWorkshop ends a workshop once whoever leads has seen what it leaves: it is not opened again.
func (s *Server) closeWorkshop(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	if r.PostFormValue("confirmed") == "" {
		l, err := s.store.LiveWorkshop(ctx, by, id)
		if err != nil {
			return err
		}
		if l.Workshop.State == domain.WorkshopRunning {
			impacts := []ui.Impact{{Kind: ui.Warn, Text: i18n.T(ctx, "workshop.close.final")}}
			if l.Counts.Left > 0 {
				impacts = append(impacts, ui.Impact{Kind: ui.Warn, Text: i18n.T(ctx, "workshop.apply.left", "n", l.Counts.Left)})
			}
			if !l.Workshop.Named {
				impacts = append(impacts, ui.Impact{Kind: ui.Neutral, Text: i18n.T(ctx, "workshop.close.secret")})
			}
			return s.showEffect(w, r, effectView{
				crumbs: []ui.Link{{Href: workspacePath(by, "workshops"), Text: i18n.T(ctx, "workshops.title")}, {Href: workshopPath(by, id), Text: l.Workshop.Name}, {Text: i18n.T(ctx, "workshop.do.close")}},
				confirm: ui.ConfirmSpec{Title: i18n.T(ctx, "workshop.close.title", "name", l.Workshop.Name), Impacts: impacts, Cancel: ui.Link{Href: workshopPath(by, id)},
					Submit: ui.ButtonSpec{Text: i18n.T(ctx, "workshop.do.close"), Icon: "lock", Variant: ui.DangerButton}}})
		}
	}
	if err := s.store.CloseWorkshop(ctx, by, id); err != nil {
		return err
	}
	return s.seeOther(w, r, workshopPath(by, id), "workshop.did.close")
}

func (s *Server) decideCard(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, card, err := onCard(r)
	if err != nil {
		return err
	}
	f, _, err := decode[struct {
		Decision domain.CardDecision `form:"card_decision"`
		Reason   string              `form:"reason"`
		Owner    domain.UserID       `form:"decision_owner"`
		DueOn    string              `form:"due_on"`
		Round    int                 `form:"round"`
		Back     string              `form:"back"`
	}](r)
	if err != nil {
		return err
	}
	var p domain.Problems
	said := domain.WorkshopCard{Round: f.Round, Decision: f.Decision, Reason: f.Reason, Owner: f.Owner, DueOn: day(&p, "due_on", f.DueOn)}
	if err := p.Err(); err != nil {
		return s.answerStep(w, r, id, f.Back, err)
	}
	needs, err := typedNeeds(r.PostForm)
	if err == nil {
		err = s.store.DecideCard(ctx, by, id, card, said, needs)
	}
	return s.answerStep(w, r, id, f.Back, err)
}

// typedNeeds reads what the facilitator says that programs need; nil where the form does not ask. A program of which nothing is
// said is left out.
func typedNeeds(form url.Values) (needs []domain.ProgramNeed, err error) {
	said, err := saidLevels(form)
	if len(said) > 0 {
		needs = []domain.ProgramNeed{}
	}
	for _, l := range said {
		if l.level == "" {
			continue
		}
		level, err := strconv.Atoi(l.level)
		if err != nil || level < 0 || level > 2 {
			return nil, domain.Errorf(domain.Invalid, "error.choice")
		}
		needs = append(needs, domain.ProgramNeed{Program: l.program, Level: level, Note: l.gain})
	}
	return needs, err
}
