package web

import (
	"net/http"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

//i18n:dynamic purposes. purpose. basis. basis_hint. art9. subject. measure. data_kind. dpia. criterion.

func (s *Server) purposeRoutes(r scope) {
	nounRoutes(s, r, nounSpec[domain.PurposeID]{param: "purpose", list: purposeList, edit: domain.EditPurpose,
		add: s.newPurpose, create: s.createPurpose, show: s.showPurpose, form: s.editPurpose, change: s.changePurpose,
		archive: s.store.ArchivePurpose, restore: s.store.RestorePurpose, remove: s.store.RemovePurpose})
	r.post("/purposes/{purpose}/state", domain.EditPurpose, s.changePurposeState)
}

func purposePath(by domain.Actor, id domain.PurposeID, parts ...string) string {
	return workspacePath(by, append([]string{"purposes", itoa(id)}, parts...)...)
}

var purposeList = registerSpec{
	register: domain.PurposeRegister,
	path:     "purposes",
	show:     func(by domain.Actor, id int64) string { return purposePath(by, domain.PurposeID(id)) },
	add:      domain.EditPurpose,
	tone:     map[string]tone{"purpose_state": purposeTone},
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.EditPurpose}},
}

func purposeTone(code string) (ui.Kind, string) {
	switch domain.PurposeState(code) {
	case domain.PurposeInForce:
		return ui.OK, "circle-check"
	case domain.PurposeRetired:
		return ui.Neutral, "player-stop"
	case "over":
		return ui.Warn, "player-stop"
	case domain.PurposeDraft:
	}
	return ui.Info, "circle-dashed"
}

type purposeForm struct {
	Version           int                    `form:"version"`
	Confirmed         bool                   `form:"confirmed"`
	Code              string                 `form:"code"`
	Name              string                 `form:"name"`
	Description       string                 `form:"description"`
	SubPurposes       string                 `form:"sub_purposes"`
	LegalBasis        string                 `form:"legal_basis"`
	LegalReference    string                 `form:"legal_reference"`
	Art9Condition     string                 `form:"art9_condition"`
	Interest          string                 `form:"interest"`
	Necessity         string                 `form:"necessity"`
	Balance           string                 `form:"balance"`
	Assessor          string                 `form:"assessor"`
	AssessedOn        string                 `form:"assessed_on"`
	ConsentProof      string                 `form:"consent_proof"`
	ConsentWithdrawal string                 `form:"consent_withdrawal"`
	ConsentWording    string                 `form:"consent_wording"`
	Compatibility     string                 `form:"compatibility"`
	Subjects          []string               `form:"subjects"`
	OtherSubjects     string                 `form:"subjects_other"`
	Recipients        []recipientForm        `form:"recipients"`
	Transfers         []transferForm         `form:"transfers"`
	Data              []declaredForm         `form:"declared_data"`
	Automated         string                 `form:"automated"`
	AutomatedLogic    string                 `form:"automated_logic"`
	AutomatedEffect   string                 `form:"automated_effect"`
	Retention         domain.RetentionRuleID `form:"retention"`
	Measures          []string               `form:"security_measures"`
	OtherMeasures     string                 `form:"security_measures_other"`
	MeasuresNote      string                 `form:"measures_note"`
	SourceOfData      string                 `form:"source_of_data"`
	NeedsProgram      bool                   `form:"needs_program"`
	StartsOn          string                 `form:"starts_on"`
	EndsOn            string                 `form:"ends_on"`
	ReviewOn          string                 `form:"review_on"`
	Owner             domain.UserID          `form:"owner"`
	rowButtons
}

// declaredForm is a row of the data that a person declares, as it was typed.
type declaredForm struct {
	Kind        string `form:"kind"`
	Description string `form:"description"`
	Retention   string `form:"retention"`
}

// filled is the form without rows in which nothing was typed, so that problems count what is kept.
func (f purposeForm) filled() purposeForm {
	f.Recipients, f.Transfers, f.Data = filledRows(f.Recipients), filledRows(f.Transfers), filledRows(f.Data)
	return f
}

// pressed is the form after a button of its rows.
func (f purposeForm) afterButton() purposeForm {
	b := f.rowButtons
	f.Recipients, f.Transfers = rowsAfter(b, "recipients", f.Recipients), rowsAfter(b, "transfers", f.Transfers)
	f.Data = rowsAfter(b, "declared_data", f.Data)
	return f
}

// lines splits what was typed one a line: entries may hold commas.
func lines(text string) []string { return domain.CleanList(strings.Split(text, "\n")) }

// apply puts what was typed into a purpose; its state is changed elsewhere.
func (f purposeForm) apply(p domain.Purpose) (domain.Purpose, error) {
	var bad domain.Problems
	p.Code, p.Name, p.Description, p.SubPurposes = f.Code, f.Name, f.Description, lines(f.SubPurposes)
	p.LegalBasis, p.LegalReference, p.Art9Condition = f.LegalBasis, f.LegalReference, f.Art9Condition
	p.Interest, p.Necessity, p.Balance = f.Interest, f.Necessity, f.Balance
	p.ConsentProof, p.ConsentWithdrawal = f.ConsentProof, f.ConsentWithdrawal
	p.ConsentWording, p.Compatibility, p.Assessor, p.AssessedOn = f.ConsentWording, f.Compatibility, f.Assessor, day(&bad, "assessed_on", f.AssessedOn)
	p.Subjects, p.Recipients, p.Transfers = several(f.Subjects, f.OtherSubjects), recipientsOf(&bad, f.Recipients), transfersOf(&bad, f.Transfers)
	p.SecurityMeasures, p.MeasuresNote, p.Data = several(f.Measures, f.OtherMeasures), f.MeasuresNote, nil
	for _, d := range f.Data {
		p.Data = append(p.Data, domain.DeclaredData{Kind: d.Kind, Description: d.Description, Retention: d.Retention})
	}
	p.Automated, p.AutomatedLogic, p.AutomatedEffect = f.Automated, f.AutomatedLogic, f.AutomatedEffect
	p.Retention, p.SourceOfData, p.NeedsProgram, p.Owner = f.Retention, f.SourceOfData, f.NeedsProgram, f.Owner
	p.StartsOn, p.EndsOn, p.ReviewOn = day(&bad, "starts_on", f.StartsOn), day(&bad, "ends_on", f.EndsOn), day(&bad, "review_on", f.ReviewOn)
	p, err := domain.NewPurpose(p)
	if problems, isForm := withProblems(bad, err); isForm {
		return p, problems.Err()
	}
	return p, err
}

// months reads a number of months that may be left out.
func months(p *domain.Problems, field, text string) *int {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		p.Add(field, "error.range", "least", 0, "most", domain.MaxRetention)
		return nil
	}
	return &n
}

func purposeFormOf(p domain.Purpose) purposeForm {
	f := purposeForm{Version: p.Version, Code: p.Code, Name: p.Name, Description: p.Description, SubPurposes: strings.Join(p.SubPurposes, "\n"),
		LegalBasis: p.LegalBasis, LegalReference: p.LegalReference, Art9Condition: p.Art9Condition, Interest: p.Interest, Necessity: p.Necessity,
		Balance: p.Balance, Assessor: p.Assessor, AssessedOn: typedDay(p.AssessedOn), ConsentProof: p.ConsentProof, ConsentWithdrawal: p.ConsentWithdrawal,
		ConsentWording: p.ConsentWording, Compatibility: p.Compatibility, Recipients: recipientForms(p.Recipients), Transfers: transferForms(p.Transfers),
		MeasuresNote: p.MeasuresNote, Automated: p.Automated, AutomatedLogic: p.AutomatedLogic, AutomatedEffect: p.AutomatedEffect,
		Retention: p.Retention, SourceOfData: p.SourceOfData, NeedsProgram: p.NeedsProgram, StartsOn: typedDay(p.StartsOn),
		EndsOn: typedDay(p.EndsOn), ReviewOn: typedDay(p.ReviewOn), Owner: p.Owner}
	f.Subjects, f.OtherSubjects = splitOther(p.Subjects, domain.PurposeSubjects)
	for _, d := range p.Data {
		f.Data = append(f.Data, declaredForm{d.Kind, d.Description, d.Retention})
	}
	f.Measures, f.OtherMeasures = splitOther(p.SecurityMeasures, domain.SecurityMeasures)
	return f
}

type purposeEditView struct {
	formView
	shell        ui.Shell
	title, lead  string
	action, back string
	crumbs       []ui.Link
	form         purposeForm
	users, rules []ui.Option
	countries    []ui.Option
}

// purposeEdit shows the form, for a new purpose (id 0) or for one that is there.
func (s *Server) purposeEdit(w http.ResponseWriter, r *http.Request, status int, id domain.PurposeID, f purposeForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	users, err := s.store.MemberOptions(ctx, by)
	if err != nil {
		return err
	}
	countries, err := s.store.Countries(ctx, by)
	if err != nil {
		return err
	}
	rules, err := s.store.RetentionOptions(ctx, by)
	if err != nil {
		return err
	}
	list := workspacePath(by, "purposes")
	v := purposeEditView{rules: refOptions(rules), countries: countryOptions(ctx, countries), formView: formView{ctx, "purpose", p}, form: f, title: i18n.T(ctx, "purposes.add"), action: list, back: list,
		crumbs: []ui.Link{{Href: list, Text: i18n.T(ctx, "purposes.title")}}, users: refOptions(users)}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "purpose.edit"), purposePath(by, id), purposePath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, purposeEdit(v))
}

func (s *Server) newPurpose(w http.ResponseWriter, r *http.Request) error {
	return s.purposeEdit(w, r, http.StatusOK, 0, purposeForm{NeedsProgram: true, Recipients: make([]recipientForm, 1)}, nil)
}

func (s *Server) createPurpose(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, bad, err := decode[purposeForm](r)
	if err != nil {
		return err
	}
	if f.pressed() {
		return s.purposeEdit(w, r, http.StatusOK, 0, f.afterButton(), bad)
	}
	f = f.filled()
	var id domain.PurposeID
	p, err := f.apply(domain.Purpose{})
	if err == nil && len(bad) == 0 {
		id, err = s.store.AddPurpose(r.Context(), by, p)
	}
	if problems, isForm := withProblems(bad, err); isForm {
		return s.purposeEdit(w, r, http.StatusUnprocessableEntity, 0, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, purposePath(by, id), "purpose.added", "name", p.Name)
}

func (s *Server) editPurpose(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.PurposeID](r, "purpose")
	if err != nil {
		return err
	}
	p, err := s.store.PurposeByID(r.Context(), actor(r), id)
	if err == nil {
		err = domain.Changeable(p)
	}
	if err != nil {
		return err
	}
	return s.purposeEdit(w, r, http.StatusOK, id, purposeFormOf(p), nil)
}

func (s *Server) changePurpose(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.PurposeID](r, "purpose")
	if err != nil {
		return err
	}
	f, bad, err := decode[purposeForm](r)
	if err != nil {
		return err
	}
	if f.pressed() {
		return s.purposeEdit(w, r, http.StatusOK, id, f.afterButton(), bad)
	}
	f = f.filled()
	asked, reopened := false, int64(0)
	if len(bad) == 0 && !f.Confirmed {
		asked, err = s.askPurpose(w, r, id, f.Version, "purpose.confirm.changed", f.apply)
	}
	if len(bad) == 0 && !asked && err == nil {
		reopened, err = s.store.ChangePurpose(ctx, by, id, f.Version, f.apply)
	}
	err = meanwhile(s, r, err, id, &f.Version, s.store.PurposeByID, f.apply)
	if problems, isForm := withProblems(bad, err); isForm {
		return s.purposeEdit(w, r, formStatus(err), id, f, problems)
	}
	if err != nil || asked {
		return err
	}
	if reopened > 0 {
		return s.seeOther(w, r, purposePath(by, id), "purpose.changed_reopened", "name", domain.CleanLine(f.Name), "n", reopened)
	}
	return s.seeOther(w, r, purposePath(by, id), "purpose.changed", "name", domain.CleanLine(f.Name))
}

// askPurpose answers with a page of confirmation where the change reopens approvals or takes grounds away.
func (s *Server) askPurpose(w http.ResponseWriter, r *http.Request, id domain.PurposeID, seen int, key string,
	decide func(domain.Purpose) (domain.Purpose, error)) (asked bool, err error) {
	ctx, by := r.Context(), actor(r)
	name := ""
	preview, err := s.store.PurposePreview(ctx, by, id, seen, func(p domain.Purpose) (domain.Purpose, error) {
		name = p.Name
		return decide(p)
	})
	if err != nil || !preview.NeedsConfirming() {
		return false, err
	}
	back := purposePath(by, id)
	var impacts []ui.Impact
	if preview.Reopened > 0 {
		words := make([]string, len(preview.Changed))
		for i, changed := range preview.Changed {
			words[i] = i18n.Lower(i18n.T(ctx, "column."+changed))
		}
		impacts = append(impacts, ui.Impact{Kind: ui.Review, Text: i18n.T(ctx, "purpose.confirm.reopens", "n", preview.Reopened, "changed", i18n.List(ctx, words)),
			Link: &ui.Link{Href: workspacePath(by, "mappings") + "?mapping=approved&purpose=" + itoa(id), Text: i18n.T(ctx, "verb.show")}})
	}
	return true, s.showEffect(w, r, effectView{
		crumbs: []ui.Link{{Href: workspacePath(by, "purposes"), Text: i18n.T(ctx, "purposes.title")}, {Href: back, Text: name}, {Text: i18n.T(ctx, "effect.title")}},
		confirm: ui.ConfirmSpec{Title: i18n.T(ctx, key, "name", name), Impacts: append(impacts, effectImpacts(ctx, preview.Effect)...),
			Submit: ui.ButtonSpec{Text: i18n.T(ctx, key+".submit"), Variant: ui.DangerButton}, Cancel: ui.Link{Href: back}},
		moves: moveViews(ctx, by, preview.Effect, workspacePath(by, "fields")+"?purpose="+itoa(id)),
	})
}

type purposeStateForm struct {
	Version   int                 `form:"version"`
	Confirmed bool                `form:"confirmed"`
	State     domain.PurposeState `form:"state"`
}

// changePurposeState moves a purpose to another state. What keeps it from coming into force is all said at once, beside
// the boxes of its form.
func (s *Server) changePurposeState(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.PurposeID](r, "purpose")
	if err != nil {
		return err
	}
	f, _, err := decode[purposeStateForm](r)
	if err != nil {
		return err
	}
	decide := func(p domain.Purpose) (domain.Purpose, error) { return p.Become(f.State, s.now()) }
	if !f.Confirmed {
		asked, err := s.askPurpose(w, r, id, f.Version, "purpose.confirm.retired", decide)
		if problems, isForm := formProblems(err); isForm {
			return s.purposeIncomplete(w, r, id, problems)
		}
		if err != nil || asked {
			return err
		}
	}
	if _, err := s.store.ChangePurpose(ctx, by, id, f.Version, decide); err != nil {
		if problems, isForm := formProblems(err); isForm {
			return s.purposeIncomplete(w, r, id, problems)
		}
		return err
	}
	return s.seeOther(w, r, purposePath(by, id), "purpose.now_"+string(f.State))
}

// purposeIncomplete shows the form of a purpose with what it lacks.
func (s *Server) purposeIncomplete(w http.ResponseWriter, r *http.Request, id domain.PurposeID, problems domain.Problems) error {
	p, err := s.store.PurposeByID(r.Context(), actor(r), id)
	if err != nil {
		return err
	}
	return s.purposeEdit(w, r, http.StatusUnprocessableEntity, id, purposeFormOf(p), problems)
}
