package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic fields. field.

func (s *Server) fieldRoutes(r scope) {
	r.get("/fields", domain.ReadWorkspace, s.listFields)
	r.get("/fields.{format}", domain.ReadWorkspace, s.exportRegister(domain.FieldRegister))
	r.get("/fields/new", domain.EditInventory, s.newField)
	r.post("/fields", domain.EditInventory, s.createField)
	r.get("/fields/{field}", domain.ReadWorkspace, s.showField)
	r.get("/fields/{field}/edit", domain.EditInventory, s.editField)
	r.post("/fields/{field}", domain.EditInventory, s.changeField)
	r.post("/fields/{field}/archive", domain.EditInventory, s.archiveField)
	r.post("/fields/{field}/restore", domain.EditInventory, s.restoreField)
	r.post("/fields/{field}/remove", domain.EditInventory, s.removeField)
	r.post("/fields/{field}/remarks", domain.Comment, s.remarkField)
	r.post("/fields/{field}/links", domain.EditPlan, s.linkField)
	r.post("/fields/{field}/links/remove", domain.EditPlan, s.unlinkField)
	r.post("/fields/{field}/mappings", domain.ProposeMapping, s.proposeForField)
}

func fieldPath(by domain.Actor, id domain.FieldID, parts ...string) string {
	return workspacePath(by, append([]string{"fields", itoa(id)}, parts...)...)
}

func queryEscape(s string) string { return url.QueryEscape(s) }

type fieldForm struct {
	Version     int                        `form:"version"`
	Dataset     domain.DatasetID           `form:"dataset"`
	Name        string                     `form:"name"`
	Label       string                     `form:"label"`
	Description string                     `form:"description"`
	DataType    string                     `form:"data_type"`
	Nullable    string                     `form:"nullable"`
	IsKey       bool                       `form:"is_key"`
	Reference   string                     `form:"reference"`
	Category    domain.CategoryID          `form:"category"`
	Origin      string                     `form:"origin"`
	Owner       domain.UserID              `form:"owner"`
	Points      []domain.CollectionPointID `form:"collection_points"`
}

// apply puts what was typed into a field. A field stays in its dataset: what moved elsewhere is another field.
func (f fieldForm) apply(x domain.Field) (domain.Field, error) {
	x.Name, x.Label, x.Description, x.DataType, x.Reference = f.Name, f.Label, f.Description, f.DataType, f.Reference
	x.IsKey, x.Category, x.Origin, x.Owner, x.Points = f.IsKey, f.Category, f.Origin, f.Owner, f.Points
	x.Nullable = map[string]*bool{"yes": new(true), "no": new(false)}[f.Nullable]
	if x.ID == 0 {
		x.Dataset = f.Dataset
	}
	return domain.NewField(x)
}

func fieldFormOf(x domain.Field) fieldForm {
	nullable := "unknown"
	if x.Nullable != nil {
		nullable = map[bool]string{true: "yes", false: "no"}[*x.Nullable]
	}
	return fieldForm{Version: x.Version, Dataset: x.Dataset, Name: x.Name, Label: x.Label, Description: x.Description, DataType: x.DataType,
		Nullable: nullable, IsKey: x.IsKey, Reference: x.Reference, Category: x.Category, Origin: x.Origin, Owner: x.Owner, Points: x.Points}
}

type fieldEditView struct {
	formView
	shell                                ui.Shell
	title                                string
	action, back                         string
	crumbs                               []ui.Link
	form                                 fieldForm
	isNew                                bool
	suggestion                           *suggestionRow // nil for none, and where something was typed that an answer would lose
	answer                               string
	datasets, categories, owners, points []ui.Option
	ticked                               []string
}

// fieldEdit shows the form, for a new field (id 0) or for one that is there.
func (s *Server) fieldEdit(w http.ResponseWriter, r *http.Request, status int, id domain.FieldID, f fieldForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	choices, err := s.store.FieldChoices(ctx, by)
	if err != nil {
		return err
	}

	v := fieldEditView{formView: formView{ctx, "field", p}, form: f, isNew: id == 0, title: i18n.T(ctx, "fields.add"),
		action: workspacePath(by, "fields"), back: workspacePath(by, "fields"), datasets: refOptions(choices.Datasets),
		categories: refOptions(choices.Categories), owners: refOptions(choices.Owners), points: refOptions(choices.Points)}
	for _, point := range f.Points {
		v.ticked = append(v.ticked, itoa(point))
	}
	v.crumbs = []ui.Link{{Href: workspacePath(by, "fields"), Text: i18n.T(ctx, "fields.title")}}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "field.edit"), fieldPath(by, id), fieldPath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if id != 0 && status == http.StatusOK {
		found, err := s.store.SuggestionOf(ctx, by, id)
		if err != nil {
			return err
		}
		if found != nil {
			v.suggestion, v.answer = new(suggestionOn(ctx, by, id, found, fieldPath(by, id, "edit"))), workspacePath(by, "suggestions")
		}
	}
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, fieldEditPage(v))
}

// newField may be told the dataset by the page that leads here.
func (s *Server) newField(w http.ResponseWriter, r *http.Request) error {
	dataset, _ := strconv.ParseInt(r.URL.Query().Get("dataset"), 10, 64) // anything else chooses none
	return s.fieldEdit(w, r, http.StatusOK, 0, fieldForm{Dataset: domain.DatasetID(dataset), Origin: "unknown", Nullable: "unknown"}, nil)
}

func (s *Server) createField(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, p, err := decode[fieldForm](r)
	if err != nil {
		return err
	}

	var id domain.FieldID
	x, err := f.apply(domain.Field{})
	if err == nil && len(p) == 0 {
		id, err = s.store.AddField(r.Context(), by, x)
	}

	if problems, bad := withProblems(p, err); bad {
		return s.fieldEdit(w, r, http.StatusUnprocessableEntity, 0, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, fieldPath(by, id), "field.added", "name", x.Name)
}

func (s *Server) editField(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.FieldID](r, "field")
	if err != nil {
		return err
	}
	x, err := s.store.FieldByID(r.Context(), actor(r), id)
	if err == nil {
		err = domain.Changeable(x)
	}
	if err != nil {
		return err
	}
	return s.fieldEdit(w, r, http.StatusOK, id, fieldFormOf(x), nil)
}

func (s *Server) changeField(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.FieldID](r, "field")
	if err != nil {
		return err
	}
	f, p, err := decode[fieldForm](r)
	if err != nil {
		return err
	}

	if len(p) == 0 {
		err = s.store.ChangeField(r.Context(), by, id, f.Version, f.apply)
	}

	err = meanwhile(s, r, err, id, &f.Version, s.store.FieldByID, f.apply)
	if problems, bad := withProblems(p, err); bad {
		return s.fieldEdit(w, r, formStatus(err), id, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, fieldPath(by, id), "field.changed", "name", domain.CleanLine(f.Name))
}

// actOnField runs an act on the field of the route and goes to path with a message.
func (s *Server) actOnField(w http.ResponseWriter, r *http.Request, act func(context.Context, domain.Actor, domain.FieldID) error,
	path func(domain.Actor, domain.FieldID) string, key string) error {
	by := actor(r)
	id, err := pathID[domain.FieldID](r, "field")
	if err != nil {
		return err
	}
	if err := act(r.Context(), by, id); err != nil {
		return err
	}
	return s.seeOther(w, r, path(by, id), key)
}

func fieldHome(by domain.Actor, id domain.FieldID) string { return fieldPath(by, id) }

func (s *Server) archiveField(w http.ResponseWriter, r *http.Request) error {
	return s.actOnField(w, r, s.store.ArchiveField, fieldHome, "record.archived")
}

func (s *Server) restoreField(w http.ResponseWriter, r *http.Request) error {
	return s.actOnField(w, r, s.store.RestoreField, fieldHome, "record.restored")
}

func (s *Server) removeField(w http.ResponseWriter, r *http.Request) error {
	return s.actOnField(w, r, s.store.RemoveField, func(by domain.Actor, _ domain.FieldID) string { return workspacePath(by, "fields") }, "record.removed")
}

type remarkForm struct {
	Body string `form:"body"`
}

func (s *Server) remarkField(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.FieldID](r, "field")
	if err != nil {
		return err
	}
	f, p, err := decode[remarkForm](r)
	if err != nil {
		return err
	}

	remark, err := domain.NewRemark(f.Body)
	if err == nil {
		err = s.store.AddFieldRemark(r.Context(), by, id, remark)
	}

	if problems, bad := withProblems(p, err); bad {
		return s.fieldPage(w, r, http.StatusUnprocessableEntity, id, fieldTyped{form: "remark", remark: f, problems: problems})
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, fieldPath(by, id)+"#remarks", "field.remarked")
}

type fieldLinkForm struct {
	Program domain.ProgramID `form:"program"`
	Level   domain.LinkLevel `form:"level"`
	Role    string           `form:"role"`
	Note    string           `form:"note"`
}

func (s *Server) linkField(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.FieldID](r, "field")
	if err != nil {
		return err
	}
	f, p, err := decode[fieldLinkForm](r)
	if err != nil {
		return err
	}

	link, err := domain.NewLink(domain.Link{Program: f.Program, Level: f.Level, Role: f.Role, Note: f.Note})
	reopened := int64(0)
	if err == nil && len(p) == 0 {
		reopened, err = s.store.LinkField(r.Context(), by, id, link)
	}

	if problems, bad := withProblems(p, err); bad {
		return s.fieldPage(w, r, http.StatusUnprocessableEntity, id, fieldTyped{form: store.FieldLinkForm, link: f, problems: problems})
	}
	if err != nil {
		return err
	}
	return s.saidLinked(w, r, fieldPath(by, id)+"#usage", "field.linked", reopened)
}

// saidLinked goes on after a field was linked, and tells where approvals fell with it.
func (s *Server) saidLinked(w http.ResponseWriter, r *http.Request, to, said string, reopened int64) error {
	if reopened > 0 {
		return s.seeOther(w, r, to, "field.linked_reopened", "n", reopened)
	}
	return s.seeOther(w, r, to, said)
}

func (s *Server) unlinkField(w http.ResponseWriter, r *http.Request) error {
	f, _, err := decode[fieldLinkForm](r)
	if err != nil {
		return err
	}
	return s.actOnField(w, r, func(ctx context.Context, by domain.Actor, id domain.FieldID) error {
		return s.store.UnlinkField(ctx, by, id, f.Program)
	}, func(by domain.Actor, id domain.FieldID) string { return fieldPath(by, id) + "#usage" }, "field.unlinked")
}

type fieldProposeForm struct {
	Purpose       domain.PurposeID `form:"purpose"`
	Justification string           `form:"justification"`
}

func (s *Server) proposeForField(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.FieldID](r, "field")
	if err != nil {
		return err
	}
	f, p, err := decode[fieldProposeForm](r)
	if err != nil {
		return err
	}

	if len(p) == 0 {
		_, err = s.store.ProposeMapping(r.Context(), by, id, f.Purpose, f.Justification)
	}

	if problems, bad := withProblems(p, err); bad {
		return s.fieldPage(w, r, http.StatusUnprocessableEntity, id, fieldTyped{form: store.FieldProposeForm, propose: f, problems: problems})
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, fieldPath(by, id)+"#purposes", "field.mapped")
}

// fieldTyped is what was typed in one of the small forms of a field's page, and what is wrong with it.
type fieldTyped struct {
	form     string // which of the forms; the page then opens it
	remark   remarkForm
	link     fieldLinkForm
	propose  fieldProposeForm
	problems domain.Problems
}

// of are the problems of one form.
func (t fieldTyped) of(form string) domain.Problems {
	if t.form == form {
		return t.problems
	}
	return nil
}

func (s *Server) showField(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.FieldID](r, "field")
	if err != nil {
		return err
	}
	return s.fieldPage(w, r, http.StatusOK, id, fieldTyped{form: r.URL.Query().Get("form")})
}

func (s *Server) fieldPage(w http.ResponseWriter, r *http.Request, status int, id domain.FieldID, typed fieldTyped) error {
	ctx, by := r.Context(), actor(r)
	found, err := s.store.FieldView(ctx, by, id, typed.form)
	if err != nil {
		return err
	}

	page := fieldPage{ctx: ctx, by: by, now: s.now(), thresholds: thresholdsOf(visitOf(r)), v: found}
	if ids := reopenedOf(found.Mappings); len(ids) > 0 {
		if page.terms, err = s.store.MappingTerms(ctx, by, ids); err != nil {
			return err
		}
	}
	v := page.view(typed)
	if err := s.fieldNeighbours(r, by, id, &v); err != nil {
		return err
	}
	v.shell = s.frame(w, r, v.title, found.Chrome)
	return s.render(w, r, status, fieldShowPage(v))
}

func thresholdsOf(v *visitInfo) domain.Thresholds { return v.Workspace.Thresholds }

// fieldNeighbours adds the way back to the list that the visitor came from, and to the fields before and after there.
func (s *Server) fieldNeighbours(r *http.Request, by domain.Actor, id domain.FieldID, v *fieldShowView) error {
	from := r.URL.Query().Get("from")
	if from == "" {
		return nil
	}
	v.from = from
	values, err := url.ParseQuery(from)
	if err != nil { // a mangled address leads to the whole list
		return nil
	}
	q := domain.ParseListQuery(shownFields, values).FirstPage()
	v.crumbs[0].Href = addQuery(workspacePath(by, "fields"), q.Query(shownFields))
	var near store.FieldNeighbours
	if near, err = s.store.FieldNeighbours(r.Context(), by, q, id); err != nil {
		return err
	}
	if near.Prev != 0 {
		v.prev = fieldPath(by, near.Prev) + fromQuery(q)
	}
	if near.Next != 0 {
		v.next = fieldPath(by, near.Next) + fromQuery(q)
	}
	return nil
}
