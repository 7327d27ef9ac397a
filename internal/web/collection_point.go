package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic collection_points. collection_point. answer.

func (s *Server) collectionPointRoutes(r scope) {
	nounRoutes(s, r, written(s, nounSpec[domain.CollectionPointID]{param: "collection_point", list: collectionPointList, edit: domain.EditInventory,
		add: s.newCollectionPoint, show: s.showCollectionPoint,
		archive: s.store.ArchiveCollectionPoint, restore: s.store.RestoreCollectionPoint, remove: s.store.RemoveCollectionPoint},
		formSpec[domain.CollectionPoint, collectionPointForm, domain.CollectionPointID]{page: s.collectionPointEdit, of: collectionPointFormOf, read: s.store.CollectionPointByID, add: s.store.AddCollectionPoint, change: s.store.ChangeCollectionPoint,
			added: "collection_point.added", changed: "collection_point.changed"}))
	r.get("/collection-points/{collection_point}/notice", domain.ReadWorkspace, s.showNotice)
	r.get("/collection-points/{collection_point}/notice.html", domain.ReadWorkspace, s.showNotice)
	r.post("/collection-points/{collection_point}/notice", domain.EditPurpose, s.publishNotice)
	r.get("/collection-points/{collection_point}/fields", domain.EditInventory, s.editCollected)
	r.post("/collection-points/{collection_point}/fields", domain.EditInventory, s.changeCollected)
	r.post("/collection-points/{collection_point}/answers", domain.EditInventory, s.answerCollected)
	r.post("/collection-points/{collection_point}/detach", domain.EditInventory, s.detachCollected)
}

func collectionPointPath(by domain.Actor, id domain.CollectionPointID, parts ...string) string {
	return workspacePath(by, append([]string{"collection-points", itoa(id)}, parts...)...)
}

var collectionPointList = registerSpec{
	register: domain.CollectionPointRegister,
	path:     "collection-points",
	show:     func(by domain.Actor, id int64) string { return collectionPointPath(by, domain.CollectionPointID(id)) },
	add:      domain.EditInventory,
	tone:     map[string]tone{"notice": noticeTone, "consent": consentTone},
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.EditInventory}},
}

func noticeTone(code string) (ui.Kind, string) {
	switch code {
	case "yes":
		return ui.OK, "circle-check"
	case "no":
		return ui.Danger, "alert-triangle"
	}
	return ui.Neutral, "help-circle"
}

// consentTone does not blame: consent may rightly not be asked.
func consentTone(code string) (ui.Kind, string) {
	switch code {
	case "yes":
		return ui.OK, "circle-check"
	case "no":
		return ui.Warn, "circle-x"
	case "not_needed":
		return ui.Neutral, "minus"
	}
	return ui.Neutral, "help-circle"
}

type collectionPointForm struct {
	Version     int    `form:"version"`
	Name        string `form:"name"`
	Kind        string `form:"collection_kind"`
	Description string `form:"description"`
	Notice      string `form:"notice"`
	NoticeURL   string `form:"notice_url"`
	Consent     string `form:"consent"`
	Source      string `form:"data_source"`
	Answers     string `form:"answers"`
}

func (f collectionPointForm) seen() int                             { return f.Version }
func (f collectionPointForm) again(version int) collectionPointForm { f.Version = version; return f }

// apply puts what was typed into a collection point.
func (f collectionPointForm) apply(c domain.CollectionPoint) (domain.CollectionPoint, error) {
	c.Name, c.Description, c.Notice, c.NoticeURL, c.Consent = f.Name, f.Description, f.Notice, f.NoticeURL, f.Consent
	c.Source, c.Answers = f.Source, f.Answers
	c.Kind = enumCode("collection_point.kind", domain.CollectionKinds, f.Kind)
	return domain.NewCollectionPoint(c)
}

func collectionPointFormOf(_ context.Context, c domain.CollectionPoint) collectionPointForm {
	return collectionPointForm{Version: c.Version, Name: c.Name, Kind: c.Kind,
		Description: c.Description, Notice: c.Notice, NoticeURL: c.NoticeURL, Consent: c.Consent, Source: c.Source, Answers: c.Answers}
}

type collectionPointEditView struct {
	formView
	shell        ui.Shell
	title        string
	action, back string
	crumbs       []ui.Link
	form         collectionPointForm
}

// collectionPointEdit shows the form, for a new collection point (id 0) or for one that is there.
func (s *Server) collectionPointEdit(w http.ResponseWriter, r *http.Request, status int, id domain.CollectionPointID, f collectionPointForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	v := collectionPointEditView{formView: formView{ctx, "collection_point", p}, form: f, title: i18n.T(ctx, "collection_points.add"),
		action: workspacePath(by, "collection-points"), back: workspacePath(by, "collection-points"),
		crumbs: []ui.Link{{Href: workspacePath(by, "collection-points"), Text: i18n.T(ctx, "collection_points.title")}}}
	v.form.Kind = enumWord(ctx, "collection_point.kind", f.Kind)
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "collection_point.edit"), collectionPointPath(by, id), collectionPointPath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	var err error
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, collectionPointEdit(v))
}

func (s *Server) newCollectionPoint(w http.ResponseWriter, r *http.Request) error {
	return s.collectionPointEdit(w, r, http.StatusOK, 0, collectionPointForm{Notice: "unknown", Consent: "unknown"}, nil)
}

// collectedShown is how many fields a page of a collection point lists.
const collectedShown = 200

type collectionPointShowView struct {
	shell   ui.Shell
	crumbs  []ui.Link
	c       domain.CollectionPoint
	facts   []ui.Fact
	badge   mark
	lines   []collectedLine
	count   string
	pager   ui.PagerSpec
	page    int    // of its fields, from 1
	list    string // list of its fields
	notice  string // page of its information notice
	pick    string // page that picks them; empty where the visitor may not
	detach  string
	answers string // says of fields whether people must answer; empty where the visitor may not
	form    formView
	said    askedForm
	percent int
	missing string
	history []ui.TimelineItem
	edit    recordActions
}

type collectedLine struct {
	id, href, name, label, place string
	answer, consequence          string
	ticked                       bool
	class, verdict               mark
}

func (s *Server) showCollectionPoint(w http.ResponseWriter, r *http.Request) error {
	return s.collectionPointPage(w, r, http.StatusOK, askedForm{}, nil)
}

// collectionPointPage shows a collection point; what was typed into the form about its answers, and what is wrong with it,
// is there again.
func (s *Server) collectionPointPage(w http.ResponseWriter, r *http.Request, status int, said askedForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.CollectionPointID](r, "collection_point")
	if err != nil {
		return err
	}
	var (
		c      domain.CollectionPoint
		names  store.Names
		fields []store.CollectedField
		total  int64
	)
	page := pickQuery(r, domain.FlowEnd{}, "").page
	err = s.store.Read(ctx, by, func(st *store.Store) (err error) {
		if c, err = st.CollectionPointByID(ctx, by, id); err != nil {
			return err
		}
		if names, err = st.Names(ctx, by); err != nil {
			return err
		}
		fields, total, err = st.CollectedFields(ctx, by, id, (page-1)*collectedShown, collectedShown)
		return err
	})
	if err != nil {
		return err
	}

	v := collectionPointShowView{c: c, count: i18n.T(ctx, "fields.count", "n", total), page: page, form: formView{ctx, "collection_point", p}, said: said,
		pager: pagerOf(ctx, page, collectedShown, len(fields), total, func(page int) string { return collectionPointPath(by, id) + "?page=" + strconv.Itoa(page) + "#fields" }),
		list:  workspacePath(by, "fields") + "?collection_point=" + itoa(id), notice: collectionPointPath(by, id, "notice"),
		crumbs: []ui.Link{{Href: workspacePath(by, "collection-points"), Text: i18n.T(ctx, "collection_points.title")}, {Text: c.Name}},
		edit:   actionsOf(ctx, by, domain.EditInventory, collectionPointPath(by, id), c.ArchivedAt != nil)}
	if by.Can(domain.EditInventory) && c.ArchivedAt == nil {
		v.pick, v.detach = collectionPointPath(by, id, "fields"), collectionPointPath(by, id, "detach")
		v.answers = collectionPointPath(by, id, "answers")
	}
	for _, f := range fields {
		v.lines = append(v.lines, collectedLine{id: itoa(f.ID), href: workspacePath(by, "fields", itoa(f.ID)), name: f.Name, label: f.Label,
			place: f.Application + " › " + f.Dataset, answer: i18n.T(ctx, askedKey(f.Answer)), consequence: f.Consequence,
			ticked: slices.Contains(said.Fields, f.ID), class: classMark(ctx, f.Class), verdict: verdictMark(ctx, f.Verdict)})
	}
	kind, icon := noticeTone(c.Notice)
	v.badge = mark{kind, icon, i18n.T(ctx, "collection_point.notice."+c.Notice)}
	v.facts = factList(ctx,
		fact{"collection_kind", enumWord(ctx, "collection_point.kind", c.Kind)},
		fact{"notice", enumWord(ctx, "choice", c.Notice)},
		fact{"notice_url", c.NoticeURL},
		fact{"consent", enumWord(ctx, "choice", c.Consent)},
		fact{"data_source", c.Source}, fact{"answers", c.Answers},
		fact{"description", c.Description})
	if c.NoticeURL != "" {
		v.facts[2].Text, v.facts[2].Value = "", outside(c.NoticeURL)
	}
	var missing []string
	v.percent, missing = c.Completeness(total)
	v.missing = missingWords(ctx, missing)
	if v.history, err = s.history(r, domain.SubjectCollectionPoint, int64(id), names); err != nil {
		return err
	}
	if v.shell, err = s.shell(w, r, c.Name); err != nil {
		return err
	}
	return s.render(w, r, status, collectionPointShow(v))
}

// askedKey names the message of a code of domain.AnswerChoices, or of nothing said.
func askedKey(code string) string {
	if code == "" {
		code = "unsaid"
	}
	return "answer." + code
}

type askedForm struct {
	Version     int              `form:"version"`
	Fields      []domain.FieldID `form:"field"`
	Answer      string           `form:"answer"`
	Consequence string           `form:"consequence"`
}

// answerCollected says of the ticked fields whether people must answer here, and what follows where they do not.
func (s *Server) answerCollected(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.CollectionPointID](r, "collection_point")
	if err != nil {
		return err
	}
	f, p, err := decode[askedForm](r)
	if err != nil {
		return err
	}
	a, err := domain.NewAskedAnswer(domain.AskedAnswer{Kind: f.Answer, Consequence: f.Consequence})
	if wrong, ok := errors.AsType[*domain.Error](err); ok {
		p.Merge(wrong.Fields)
	}
	if len(f.Fields) == 0 {
		p.Add("fields", "bulk.nothing")
	}
	if len(p) > 0 {
		return s.collectionPointPage(w, r, http.StatusUnprocessableEntity, f, p)
	}
	n, err := s.store.AnswerFields(r.Context(), actor(r), id, f.Version, f.Fields, a)
	if err != nil {
		return err
	}
	back := collectionPointPath(actor(r), id)
	if page := r.FormValue("page"); page != "" && page != "1" {
		back = addQuery(back, url.Values{"page": {page}}.Encode())
	}
	return s.seeOther(w, r, back+"#fields", "collection_point.answered", "n", n)
}

type collectedForm struct {
	Version     int                  `form:"version"`
	Application domain.ApplicationID `form:"application"`
	Dataset     domain.DatasetID     `form:"dataset"`
	Offered     string               `form:"offered"` // see offeredIDs
	More        bool                 `form:"more"`    // the dataset has more fields than the page showed
	Fields      []domain.FieldID     `form:"field"`
}

type collectedEditView struct {
	shell                  ui.Shell
	crumbs                 []ui.Link
	c                      domain.CollectionPoint
	action, back           string
	application            domain.ApplicationID
	dataset                domain.DatasetID
	applications, datasets []ui.Option
	pick                   fieldPick
}

// editCollected picks the fields of a dataset that a collection point collects: first the application, then the dataset.
func (s *Server) editCollected(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.CollectionPointID](r, "collection_point")
	if err != nil {
		return err
	}
	c, err := s.store.CollectionPointByID(ctx, by, id)
	if err != nil {
		return err
	}
	title := i18n.T(ctx, "collection_point.pick")
	v := collectedEditView{c: c, action: collectionPointPath(by, id, "fields"), back: collectionPointPath(by, id),
		application: domain.ApplicationID(queryID(r, "application")), crumbs: []ui.Link{
			{Href: workspacePath(by, "collection-points"), Text: i18n.T(ctx, "collection_points.title")}, {Href: collectionPointPath(by, id), Text: c.Name}, {Text: title}}}
	if v.applications, err = s.applicationChoices(r); err != nil {
		return err
	}
	if err := s.pickCollected(r, &v); err != nil {
		return err
	}
	if v.shell, err = s.shell(w, r, title); err != nil {
		return err
	}
	return s.ok(w, r, collectedEdit(v))
}

func (s *Server) pickCollected(r *http.Request, v *collectedEditView) error {
	ctx, by := r.Context(), actor(r)
	if !hasOption(v.applications, itoa(v.application)) {
		v.application = 0
		return nil
	}
	datasets, err := s.store.DatasetOptions(ctx, by, v.application)
	if err != nil {
		return err
	}
	v.datasets = refOptions(datasets)
	dataset := queryID(r, "dataset")
	if len(datasets) == 1 {
		dataset = datasets[0].ID
	}
	if !hasOption(v.datasets, itoa(dataset)) {
		return nil
	}
	v.dataset = domain.DatasetID(dataset)
	collected, err := s.store.CollectedIDs(ctx, by, v.c.ID, v.dataset)
	if err != nil {
		return err
	}
	v.pick = pickQuery(r, domain.FlowEnd{Application: v.application, Dataset: v.dataset}, v.action,
		ui.Hidden{Name: "application", Value: itoa(v.application)}, ui.Hidden{Name: "dataset", Value: itoa(v.dataset)})
	return v.pick.read(r, s.store, func(f store.NamedField) flowPick { return flowPick{carried: slices.Contains(collected, f.ID)} })
}

func (s *Server) changeCollected(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.CollectionPointID](r, "collection_point")
	if err != nil {
		return err
	}
	f, _, err := decode[collectedForm](r)
	if err != nil {
		return err
	}
	if err := s.store.CollectFields(r.Context(), by, id, f.Version, f.Dataset, offeredIDs(f.Offered), f.Fields); err != nil {
		return err
	}
	back := collectionPointPath(by, id)
	pick := pickQuery(r, domain.FlowEnd{}, collectionPointPath(by, id, "fields"), ui.Hidden{Name: "application", Value: itoa(f.Application)},
		ui.Hidden{Name: "dataset", Value: itoa(f.Dataset)})
	if pick.narrowed() || f.More { // there may be more to tick
		back = pick.href(pick.page)
	}
	return s.seeOther(w, r, back, "collection_point.picked", "n", len(f.Fields))
}

func (s *Server) detachCollected(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.CollectionPointID](r, "collection_point")
	if err != nil {
		return err
	}
	f, _, err := decode[collectedForm](r)
	if err != nil {
		return err
	}
	if err := s.store.LetGoOfFields(r.Context(), by, id, f.Version, f.Fields); err != nil {
		return err
	}
	if len(f.Fields) == 0 {
		return domain.Errorf(domain.Invalid, "bulk.nothing")
	}
	return s.seeOther(w, r, collectionPointPath(by, id), "collection_point.detached", "n", len(f.Fields))
}

// checkLabel is the label of the box that ticks every row; empty, for no boxes, where nothing can be done with them.
func checkLabel(action, label string) string {
	if action == "" {
		return ""
	}
	return label
}
