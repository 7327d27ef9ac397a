package web

import (
	"net/http"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic client_processings. client_processing.

func (s *Server) clientProcessingRoutes(r scope) {
	nounRoutes(s, r, nounSpec[domain.ClientProcessingID]{param: "client_processing", list: clientProcessingList, edit: domain.EditPurpose,
		add: s.newClientProcessing, create: s.createClientProcessing, show: s.showClientProcessing, form: s.editClientProcessing,
		change: s.changeClientProcessing, archive: s.store.ArchiveClientProcessing, restore: s.store.RestoreClientProcessing,
		remove: s.store.RemoveClientProcessing})
}

func clientProcessingPath(by domain.Actor, id domain.ClientProcessingID, parts ...string) string {
	return workspacePath(by, append([]string{"client-processings", itoa(id)}, parts...)...)
}

var clientProcessingList = registerSpec{
	register: domain.ClientProcessingRegister,
	path:     "client-processings",
	show:     func(by domain.Actor, id int64) string { return clientProcessingPath(by, domain.ClientProcessingID(id)) },
	add:      domain.EditPurpose,
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.EditPurpose}},
}

type clientProcessingForm struct {
	Version        int            `form:"version"`
	Code           string         `form:"code"`
	Client         string         `form:"client"`
	Contact        string         `form:"contact"`
	Representative string         `form:"representative"`
	ClientDPO      string         `form:"client_dpo"`
	Categories     string         `form:"processing_categories"`
	SubProcessors  string         `form:"sub_processors"`
	Transfers      []transferForm `form:"transfers"`
	Measures       []string       `form:"security_measures"`
	OtherMeasures  string         `form:"security_measures_other"`
	MeasuresNote   string         `form:"measures_note"`
	Contract       string         `form:"contract"`
	ContractUntil  string         `form:"contract_until"`
	StartsOn       string         `form:"starts_on"`
	EndsOn         string         `form:"ends_on"`
	rowButtons
}

func (f clientProcessingForm) apply(c domain.ClientProcessing) (domain.ClientProcessing, error) {
	var bad domain.Problems
	c.Code, c.Client, c.Contact, c.Representative, c.ClientDPO = f.Code, f.Client, f.Contact, f.Representative, f.ClientDPO
	c.Categories, c.SubProcessors, c.Transfers = lines(f.Categories), lines(f.SubProcessors), transfersOf(&bad, f.Transfers)
	c.SecurityMeasures, c.MeasuresNote, c.Contract = several(f.Measures, f.OtherMeasures), f.MeasuresNote, f.Contract
	c.ContractUntil, c.StartsOn, c.EndsOn = day(&bad, "contract_until", f.ContractUntil), day(&bad, "starts_on", f.StartsOn), day(&bad, "ends_on", f.EndsOn)
	c, err := domain.NewClientProcessing(c)
	if problems, isForm := withProblems(bad, err); isForm {
		return c, problems.Err()
	}
	return c, err
}

func clientProcessingFormOf(c domain.ClientProcessing) clientProcessingForm {
	f := clientProcessingForm{Version: c.Version, Code: c.Code, Client: c.Client, Contact: c.Contact, Representative: c.Representative, ClientDPO: c.ClientDPO,
		Categories: strings.Join(c.Categories, "\n"), SubProcessors: strings.Join(c.SubProcessors, "\n"), Transfers: transferForms(c.Transfers),
		MeasuresNote: c.MeasuresNote, Contract: c.Contract, ContractUntil: typedDay(c.ContractUntil), StartsOn: typedDay(c.StartsOn), EndsOn: typedDay(c.EndsOn)}
	f.Measures, f.OtherMeasures = splitOther(c.SecurityMeasures, domain.SecurityMeasures)
	return f
}

type clientProcessingEditView struct {
	formView
	shell        ui.Shell
	title        string
	action, back string
	crumbs       []ui.Link
	form         clientProcessingForm
	countries    []ui.Option
}

func (s *Server) clientProcessingEdit(w http.ResponseWriter, r *http.Request, status int, id domain.ClientProcessingID, f clientProcessingForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	countries, err := s.store.Countries(ctx, by)
	if err != nil {
		return err
	}
	list := workspacePath(by, "client-processings")
	v := clientProcessingEditView{formView: formView{ctx, "client_processing", p}, form: f, title: i18n.T(ctx, "client_processings.add"), action: list, back: list,
		crumbs: []ui.Link{{Href: list, Text: i18n.T(ctx, "client_processings.title")}}, countries: countryOptions(ctx, countries)}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "client_processing.edit"), clientProcessingPath(by, id), clientProcessingPath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Client})
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, clientProcessingEdit(v))
}

func (s *Server) newClientProcessing(w http.ResponseWriter, r *http.Request) error {
	return s.clientProcessingEdit(w, r, http.StatusOK, 0, clientProcessingForm{}, nil)
}

func (s *Server) createClientProcessing(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, bad, err := decode[clientProcessingForm](r)
	if err != nil {
		return err
	}
	if f.pressed() {
		f.Transfers = rowsAfter(f.rowButtons, "transfers", f.Transfers)
		return s.clientProcessingEdit(w, r, http.StatusOK, 0, f, bad)
	}
	f.Transfers = filledRows(f.Transfers)
	var id domain.ClientProcessingID
	c, err := f.apply(domain.ClientProcessing{})
	if err == nil && len(bad) == 0 {
		id, err = s.store.AddClientProcessing(r.Context(), by, c)
	}
	if problems, isForm := withProblems(bad, err); isForm {
		return s.clientProcessingEdit(w, r, http.StatusUnprocessableEntity, 0, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, clientProcessingPath(by, id), "client_processing.added", "name", c.Client)
}

func (s *Server) editClientProcessing(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.ClientProcessingID](r, "client_processing")
	if err != nil {
		return err
	}
	c, err := s.store.ClientProcessingByID(r.Context(), actor(r), id)
	if err == nil {
		err = domain.Changeable(c)
	}
	if err != nil {
		return err
	}
	return s.clientProcessingEdit(w, r, http.StatusOK, id, clientProcessingFormOf(c), nil)
}

func (s *Server) changeClientProcessing(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.ClientProcessingID](r, "client_processing")
	if err != nil {
		return err
	}
	f, bad, err := decode[clientProcessingForm](r)
	if err != nil {
		return err
	}
	if f.pressed() {
		f.Transfers = rowsAfter(f.rowButtons, "transfers", f.Transfers)
		return s.clientProcessingEdit(w, r, http.StatusOK, id, f, bad)
	}
	f.Transfers = filledRows(f.Transfers)
	if len(bad) == 0 {
		err = s.store.ChangeClientProcessing(r.Context(), by, id, f.Version, f.apply)
	}
	err = meanwhile(s, r, err, id, &f.Version, s.store.ClientProcessingByID, f.apply)
	if problems, isForm := withProblems(bad, err); isForm {
		return s.clientProcessingEdit(w, r, formStatus(err), id, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, clientProcessingPath(by, id), "client_processing.changed", "name", domain.CleanLine(f.Client))
}

type clientProcessingShowView struct {
	shell   ui.Shell
	crumbs  []ui.Link
	c       domain.ClientProcessing
	facts   []ui.Fact
	history []ui.TimelineItem
	edit    recordActions
}

func (s *Server) showClientProcessing(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.ClientProcessingID](r, "client_processing")
	if err != nil {
		return err
	}
	v := clientProcessingShowView{edit: recordActions{}}
	err = s.store.Read(ctx, by, func(st *store.Store) (err error) {
		if v.c, err = st.ClientProcessingByID(ctx, by, id); err != nil {
			return err
		}
		names, err := st.Names(ctx, by)
		if err != nil {
			return err
		}
		events, err := st.EventsOf(ctx, by, domain.SubjectClientProcessing, int64(id), historyShown)
		v.history = timeline(ctx, events, names)
		return err
	})
	if err != nil {
		return err
	}
	c := v.c
	v.crumbs = []ui.Link{{Href: workspacePath(by, "client-processings"), Text: i18n.T(ctx, "client_processings.title")}, {Text: c.Client}}
	v.edit = actionsOf(ctx, by, domain.EditPurpose, clientProcessingPath(by, id), c.ArchivedAt != nil)
	v.facts = append(factList(ctx, fact{"code", c.Code}, fact{"contact", c.Contact}, fact{"representative", c.Representative}, fact{"client_dpo", c.ClientDPO},
		fact{"contract", enumWord(ctx, "contract", c.Contract)}, fact{"contract_until", shownDay(ctx, c.ContractUntil)},
		fact{"starts_on", shownDay(ctx, c.StartsOn)}, fact{"ends_on", shownDay(ctx, c.EndsOn)}),
		textLines(ctx, "processing_categories", c.Categories), textLines(ctx, "sub_processors", c.SubProcessors),
		textLines(ctx, "transfers", transferWords(ctx, c.Transfers)), textLines(ctx, "security_measures", enumWords(ctx, "measure", c.SecurityMeasures)))
	v.facts = append(v.facts, factList(ctx, fact{"measures_note", c.MeasuresNote})...)
	if v.shell, err = s.shell(w, r, c.Client); err != nil {
		return err
	}
	return s.ok(w, r, clientProcessingShow(v))
}
