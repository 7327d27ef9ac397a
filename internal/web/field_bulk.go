package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"utile/internal/domain"
	"utile/internal/export"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic bulk. batch. level. link. decision. mapping.

// fieldBulkRoutes are asked for with Decide, which everybody has who may do any of the acts; each act then asks for its own.
func (s *Server) fieldBulkRoutes(r scope) {
	r.get("/fields/bulk", domain.ReadWorkspace, s.leaveFieldBulk)
	r.post("/fields/bulk", domain.Decide, s.startFieldBulk)
	r.post("/fields/bulk/preview", domain.Decide, s.previewFieldBulk)
	r.post("/fields/bulk/refused", domain.Decide, s.refusedFieldBulk)
	r.post("/fields/bulk/apply", domain.Decide, s.applyFieldBulk)
	r.post("/fields/{field}/decision/withdraw", domain.Decide, s.withdrawDecision)
}

// fieldBulkActions are the buttons under a list of fields. The last leads to all of them.
var fieldBulkActions = []bulkAction{
	{name: "link", icon: "link", action: domain.EditPlan},
	{name: "target", icon: "target", action: domain.EditPlan},
	{name: "map", icon: "gavel", action: domain.ProposeMapping},
	{name: "categorise", icon: "tag", action: domain.EditInventory},
	{name: "keep_until", icon: "clock", action: domain.Decide},
	{name: "propose_deletion", icon: "trash", action: domain.Decide, danger: true},
	{name: "workshop", icon: "presentation-analytics", action: domain.RunWorkshop},
	{name: "more", icon: "dots", action: domain.Decide},
}

// bulkIcons are the pictures of the acts.
var bulkIcons = map[domain.BulkAct]string{
	domain.BulkLink: "link", domain.BulkUnlink: "unlink", domain.BulkCategorise: "tag", domain.BulkMap: "gavel", domain.BulkOwner: "user",
	domain.BulkOrigin: "database", domain.BulkCollect: "clipboard-list", domain.BulkRetain: "hourglass", domain.BulkKeep: "clock", domain.BulkToDPO: "send",
	domain.BulkDelete: "trash", domain.BulkMatrix: "layout-grid", domain.BulkImport: "upload", domain.BulkApprove: "circle-check",
	domain.BulkReject: "circle-x", domain.BulkAccept: "circle-check", domain.BulkRefuse: "circle-x", domain.BulkRecord: "book",
	domain.BulkWorkshop: "presentation-analytics", domain.BulkTarget: "target", domain.BulkNeeds: "download", domain.BulkAttach: "hourglass",
}

// fieldBulkForm is what travels through the steps of an act: which fields, what is done to them, and what was seen.
type fieldBulkForm struct {
	Act   string  `form:"act"`
	Scope string  `form:"scope"`
	Query string  `form:"query"`
	IDs   []int64 `form:"id"`
	Back  string  `form:"back"` // where the person came from
	Seen  string  `form:"seen"` // fingerprint of the plan that was shown

	Program       domain.ProgramID         `form:"program"`
	Level         domain.LinkLevel         `form:"level"`
	Role          string                   `form:"role"`
	Note          string                   `form:"note"`
	Category      domain.CategoryID        `form:"category"`
	Purpose       domain.PurposeID         `form:"purpose"`
	Justification string                   `form:"justification"`
	Owner         domain.UserID            `form:"owner"`
	Origin        string                   `form:"origin"`
	Point         domain.CollectionPointID `form:"collection_point"`
	Retention     domain.RetentionRuleID   `form:"retention"`
	Until         string                   `form:"decision_until"`
	Reason        string                   `form:"reason"`
	Target        domain.TargetAction      `form:"target_action"`
	Cause         string                   `form:"cause"`
	How           string                   `form:"how"`
	Instead       domain.CategoryID        `form:"instead"`
	Due           string                   `form:"due_on"`
}

// bulk is what was typed, checked.
func (f fieldBulkForm) bulk(s *Server) (domain.Bulk, error) {
	var p domain.Problems
	until, due := day(&p, "decision_until", f.Until), day(&p, "due_on", f.Due)
	b, err := domain.NewBulk(domain.Bulk{Act: domain.BulkAct(f.Act), Program: f.Program, Level: f.Level, Role: f.Role, Note: f.Note,
		Category: f.Category, Purpose: f.Purpose, Justification: f.Justification, Owner: f.Owner, Origin: f.Origin, Point: f.Point, Retention: f.Retention,
		Until: until, Reason: f.Reason, Target: f.Target, Cause: f.Cause, How: f.How, Instead: f.Instead, Due: due}, s.now().UTC())
	for name, asked := range map[string]bool{"decision_until": b.Act == domain.BulkKeep, "due_on": b.Act == domain.BulkTarget} {
		if !asked {
			delete(p, name)
		}
	}
	if problems, bad := withProblems(p, err); bad { // that it is no date says more than that there is none
		return b, problems.Err()
	}
	return b, err
}

// chosen are the hidden fields that carry the selection to the next step.
func (f fieldBulkForm) chosen() []ui.Hidden {
	out := []ui.Hidden{{Name: "back", Value: f.Back}}
	if f.Scope == "all" {
		return append(out, ui.Hidden{Name: "scope", Value: "all"}, ui.Hidden{Name: "query", Value: f.Query})
	}
	for _, id := range f.IDs {
		out = append(out, ui.Hidden{Name: "id", Value: itoa(id)})
	}
	return out
}

// typed are the hidden fields that carry what the act needs.
func (f fieldBulkForm) typed() []ui.Hidden {
	out := []ui.Hidden{{Name: "act", Value: f.Act}}
	for _, h := range []ui.Hidden{
		{Name: "program", Value: refValue(f.Program)}, {Name: "level", Value: string(f.Level)}, {Name: "role", Value: f.Role},
		{Name: "note", Value: f.Note}, {Name: "category", Value: refValue(f.Category)}, {Name: "purpose", Value: refValue(f.Purpose)},
		{Name: "justification", Value: f.Justification}, {Name: "owner", Value: refValue(f.Owner)}, {Name: "origin", Value: f.Origin},
		{Name: "collection_point", Value: refValue(f.Point)}, {Name: "retention", Value: refValue(f.Retention)}, {Name: "decision_until", Value: f.Until}, {Name: "reason", Value: f.Reason},
		{Name: "target_action", Value: string(f.Target)}, {Name: "cause", Value: f.Cause}, {Name: "how", Value: f.How}, {Name: "instead", Value: refValue(f.Instead)},
		{Name: "due_on", Value: f.Due},
	} {
		if h.Value != "" {
			out = append(out, h)
		}
	}
	return out
}

// readFieldBulk reads the form and finds its fields again.
func (s *Server) readFieldBulk(r *http.Request) (f fieldBulkForm, p domain.Problems, ids []int64, err error) {
	if f, p, err = decode[fieldBulkForm](r); err != nil {
		return f, p, nil, err
	}
	by := actor(r)
	if act, ok := domain.ParseBulkAct(f.Act); ok {
		if err := by.Must(act.Action()); err != nil {
			return f, p, nil, err
		}
	}
	otherwise := workspacePath(by, "fields")
	if f.Scope == "all" || f.Query != "" {
		otherwise = addQuery(otherwise, f.Query)
	}
	f.Back = localPath(f.Back, otherwise)
	ids, err = s.selection(r, domain.FieldRegister, bulkForm{Scope: f.Scope, Query: f.Query, IDs: f.IDs})
	if err == nil && len(ids) == 0 {
		err = domain.Errorf(domain.Invalid, "bulk.nothing")
	}
	return f, p, ids, err
}

// leaveFieldBulk is for somebody who opens the address of a step by itself, after a change of language say.
func (s *Server) leaveFieldBulk(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, workspacePath(actor(r), "fields"), http.StatusSeeOther)
	return nil
}

// startFieldBulk shows the form of the act, or the choice of acts where none was chosen yet.
func (s *Server) startFieldBulk(w http.ResponseWriter, r *http.Request) error {
	f, _, ids, err := s.readFieldBulk(r)
	if err != nil {
		return err
	}
	if f.Act == string(domain.BulkWorkshop) {
		if err := actor(r).Must(domain.RunWorkshop); err != nil {
			return err
		}
		form := newWorkshopForm(actor(r))
		form.fieldScope = fieldScope{Scope: f.Scope, Query: f.Query, IDs: f.IDs}
		return s.workshopEdit(w, r, http.StatusOK, 0, form, nil)
	}
	if _, ok := domain.ParseBulkAct(f.Act); !ok {
		return s.fieldBulkChoice(w, r, f, len(ids))
	}
	return s.fieldBulkPanel(w, r, http.StatusOK, f, len(ids), nil)
}

// fieldBulkView is a step of an act on many fields.
type fieldBulkView struct {
	formView
	shell   ui.Shell
	crumbs  []ui.Link
	title   string
	lead    string
	act     domain.BulkAct
	form    fieldBulkForm
	n       int
	path    string // of the steps
	acts    []bulkChoice
	options store.BulkOptions

	facts   []ui.Fact
	confirm ui.ConfirmSpec
	moved   bool // the set changed since it was shown
	todo    int64
	refused []store.BulkRefusal
	rest    int64 // refused fields that the page does not list
}

// bulkChoice is one act that can be chosen.
type bulkChoice struct {
	act        domain.BulkAct
	icon       string
	name, hint string
}

func (s *Server) fieldBulkView(w http.ResponseWriter, r *http.Request, f fieldBulkForm, n int, title string) (fieldBulkView, error) {
	ctx, by := r.Context(), actor(r)
	v := fieldBulkView{formView: formView{ctx: ctx, area: "bulk"}, title: title, act: domain.BulkAct(f.Act), form: f, n: n,
		path: workspacePath(by, "fields", "bulk")}
	v.crumbs = []ui.Link{{Href: f.Back, Text: i18n.T(ctx, "fields.title")}, {Text: v.title}}
	var err error
	v.shell, err = s.shell(w, r, v.title)
	return v, err
}

func (s *Server) fieldBulkChoice(w http.ResponseWriter, r *http.Request, f fieldBulkForm, n int) error {
	ctx, by := r.Context(), actor(r)
	v, err := s.fieldBulkView(w, r, f, n, i18n.T(ctx, "bulk.choose", "n", n))
	if err != nil {
		return err
	}
	for _, a := range domain.BulkActs {
		if by.Can(a.Action()) {
			v.acts = append(v.acts, bulkChoice{a, bulkIcons[a], i18n.T(ctx, "bulk."+string(a)), i18n.T(ctx, "bulk.about."+string(a))})
		}
	}
	return s.ok(w, r, fieldBulkChoicePage(v))
}

// fieldBulkPanel shows the form of the act with what was typed.
func (s *Server) fieldBulkPanel(w http.ResponseWriter, r *http.Request, status int, f fieldBulkForm, n int, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	if _, ok := domain.ParseBulkAct(f.Act); !ok {
		return domain.Errorf(domain.Invalid, "error.choice")
	}
	v, err := s.fieldBulkView(w, r, f, n, i18n.T(ctx, "bulk.title."+f.Act, "n", n))
	if err != nil {
		return err
	}
	v.problems = p
	v.lead = i18n.T(ctx, "bulk.about."+f.Act)
	if v.options, err = s.store.BulkOptions(ctx, by, v.act); err != nil {
		return err
	}
	if v.act == domain.BulkTarget {
		v.area = "target"
	}
	if v.act == domain.BulkLink && f.Level == "" {
		v.form.Level = domain.LinkEssential
	}
	return s.render(w, r, status, fieldBulkPanelPage(v))
}

// bulkRefusedShown is how many refused fields the preview lists; the file has them all.
const bulkRefusedShown = 50

func (s *Server) previewFieldBulk(w http.ResponseWriter, r *http.Request) error {
	f, p, ids, err := s.readFieldBulk(r)
	if err != nil {
		return err
	}
	var plan domain.BulkPlan
	b, err := f.bulk(s)
	if err == nil && len(p) == 0 {
		plan, err = s.store.PlanBulk(r.Context(), actor(r), b, ids)
	}
	if problems, bad := withProblems(p, err); bad {
		return s.fieldBulkPanel(w, r, http.StatusUnprocessableEntity, f, len(ids), problems)
	}
	if err != nil {
		return err
	}
	return s.fieldBulkPreview(w, r, http.StatusOK, f, b, ids, plan)
}

// fieldBulkPreview says what the act would do, before it does. With status 409 the plan is another than the one that was
// confirmed, and the page says so.
func (s *Server) fieldBulkPreview(w http.ResponseWriter, r *http.Request, status int, f fieldBulkForm, b domain.Bulk, ids []int64, plan domain.BulkPlan) error {
	ctx, by := r.Context(), actor(r)
	v, err := s.fieldBulkView(w, r, f, len(ids), i18n.T(ctx, "bulk.title."+f.Act, "n", plan.Total))
	if err != nil {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	if plan.Refused > 0 {
		if v.refused, err = s.store.BulkRefusals(ctx, by, b, ids, bulkRefusedShown); err != nil {
			return err
		}
		v.rest = plan.Refused - int64(len(v.refused))
	}
	v.moved = status == http.StatusConflict
	v.todo = plan.Todo()
	v.facts = bulkFacts(ctx, b.Label(), names)
	v.confirm = ui.ConfirmSpec{Title: v.title, Impacts: bulkImpacts(ctx, b.Act, plan), Action: v.path + "/apply",
		Values: append(append(f.chosen(), f.typed()...), ui.Hidden{Name: "seen", Value: plan.Fingerprint}),
		Submit: ui.ButtonSpec{Text: i18n.T(ctx, "bulk.confirm."+f.Act, "n", v.todo), Icon: bulkIcons[b.Act], Variant: ui.Primary, Disabled: v.todo == 0},
		Cancel: ui.Link{Href: f.Back, Text: i18n.T(ctx, "verb.cancel")}}
	return s.render(w, r, status, fieldBulkPreviewPage(v))
}

// bulkFacts are the values of an act in words, in the order of its form.
func bulkFacts(ctx context.Context, label map[string]any, names store.Names) []ui.Fact {
	order := []string{"file", "name", "target_action", "program", "level", "role", "note", "category", "purpose", "justification", "cause", "how", "instead", "owner", "origin",
		"collection_point", "retention", "decision_until", "due_on", "reason"}
	var facts []ui.Fact
	for _, name := range order {
		value, ok := label[name]
		if !ok {
			continue
		}
		if id, ok := value.(int64); ok {
			value = float64(id) // as the history gives it back
		}
		text := valueWord(ctx, "field", name, value, names)
		if text == "" {
			text = i18n.T(ctx, "choice.nobody")
		}
		facts = append(facts, ui.Fact{Term: columnWord(ctx, name), Text: text, Wide: name == "note" || name == "reason" || name == "justification"})
	}
	return facts
}

// bulkImpacts are the lines of the preview: what changes, what already is so, what is refused and why.
func bulkImpacts(ctx context.Context, act domain.BulkAct, plan domain.BulkPlan) []ui.Impact {
	var out []ui.Impact
	add := func(kind ui.Kind, n int64, key string) {
		if n > 0 {
			out = append(out, ui.Impact{Kind: kind, Text: i18n.T(ctx, key, "n", n)})
		}
	}
	add(ui.OK, plan.Changed, "bulk.will."+string(act))
	add(ui.Warn, plan.Replaced, "bulk.replaces."+string(act))
	reopens := "bulk.reopens"
	if act == domain.BulkLink {
		reopens = "bulk.reopens.link"
	}
	add(ui.Review, plan.Reopened, reopens)
	add(ui.Info, plan.Same, "bulk.already."+string(act))
	for _, reason := range plan.Reasons {
		add(ui.Danger, reason.N, "bulk.refused."+reason.Key)
	}
	if plan.Todo() == 0 {
		out = append(out, ui.Impact{Kind: ui.Neutral, Text: i18n.T(ctx, "bulk.nothing_to_do")})
	}
	return out
}

func (s *Server) applyFieldBulk(w http.ResponseWriter, r *http.Request) error {
	f, p, ids, err := s.readFieldBulk(r)
	if err != nil {
		return err
	}
	var batch domain.BatchID
	var plan domain.BulkPlan
	b, err := f.bulk(s)
	long := len(ids) >= domain.BulkJobFrom
	switch {
	case err != nil || len(p) > 0:
	case long:
		batch, err = s.store.AskBulk(r.Context(), actor(r), b, ids, f.Seen, f.Back)
	default:
		batch, plan, err = s.store.ApplyBulk(r.Context(), actor(r), b, ids, f.Seen)
	}
	if problems, bad := withProblems(p, err); bad {
		return s.fieldBulkPanel(w, r, http.StatusUnprocessableEntity, f, len(ids), problems)
	}
	if errors.Is(err, domain.Conflict) && plan.Todo() == 0 && plan.Same > 0 { // sent twice, or somebody did it meanwhile
		return s.seeOther(w, r, f.Back, "bulk.already_so", "n", plan.Same)
	}
	if errors.Is(err, domain.Conflict) && plan.Fingerprint != "" {
		return s.fieldBulkPreview(w, r, http.StatusConflict, f, b, ids, plan)
	}
	if err != nil {
		return err
	}
	if long {
		return s.seeOther(w, r, batchPath(actor(r), batch), "")
	}
	if batch == 0 {
		return s.seeOther(w, r, f.Back, "bulk.nothing_to_do")
	}
	key := "bulk.done." + f.Act
	if plan.Refused > 0 {
		return s.seeOtherBatch(w, r, f.Back, batch, "bulk.done_some", "n", plan.Todo(), "refused", plan.Refused)
	}
	return s.seeOtherBatch(w, r, f.Back, batch, key, "n", plan.Todo())
}

// refusedFieldBulk answers with every refused field and why, as a file.
func (s *Server) refusedFieldBulk(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, p, ids, err := s.readFieldBulk(r)
	if err != nil {
		return err
	}
	b, err := f.bulk(s)
	if problems, bad := withProblems(p, err); bad {
		return s.fieldBulkPanel(w, r, http.StatusUnprocessableEntity, f, len(ids), problems)
	}
	if err != nil {
		return err
	}
	list, err := s.store.BulkRefusals(ctx, actor(r), b, ids, len(ids))
	if err != nil {
		return err
	}
	register := domain.Register{Name: "refused", Columns: []domain.RegisterColumn{
		{Key: "application", Kind: domain.CellText}, {Key: "dataset", Kind: domain.CellText}, {Key: "field", Kind: domain.CellCode},
		{Key: "reason", Kind: domain.CellText}}}
	h := w.Header()
	h.Set("Content-Type", contentTypes["csv"])
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"`, export.FileName(actor(r).Slug, register, s.now().Format("2006-01-02"), "csv")))
	out, err := export.NewWriter(w, "csv", string(i18n.Lang(ctx)), i18n.T(ctx, "bulk.refused"))
	if err != nil {
		return err
	}
	words := export.Words{Title: func(column string) string { return i18n.T(ctx, "column."+column) },
		Word: func(prefix, code string) string { return enumWord(ctx, prefix, code) }}
	return export.Rows(register, nil, out, words, func(write func(domain.Row) error) error {
		for _, l := range list {
			if err := write(domain.Row{Cells: map[string]any{"application": l.Application, "dataset": l.Dataset, "field": l.Name,
				"reason": bulkRefusal(ctx, l.Reason)}}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Server) withdrawDecision(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.FieldID](r, "field")
	if err != nil {
		return err
	}
	f, _, err := decode[struct {
		Back string `form:"back"`
	}](r)
	if err != nil {
		return err
	}
	if err := s.store.WithdrawDecision(r.Context(), actor(r), id); err != nil {
		return err
	}
	return s.seeOther(w, r, localPath(f.Back, workspacePath(actor(r), "fields", itoa(id))), "decision.withdrawn")
}

// bulkRefusal is the sentence of a refusal, for one field.
func bulkRefusal(ctx context.Context, key string) string {
	return i18n.T(ctx, "bulk.why."+key)
}

// queryOf writes a list's filters as the part of an address behind "?".
func queryOf(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return strings.ReplaceAll(v.Encode(), "%2C", ",")
}

// levelOptions are the levels of a link, each with what it means.
func levelOptions(ctx context.Context) []ui.Option {
	options := enumOptions(ctx, "level", domain.LinkLevels)
	for i := range options {
		options[i].Hint = i18n.T(ctx, "level.hint."+options[i].Value)
	}
	return options
}

// reasonPhrases are ready answers for the reason of a decision.
func reasonPhrases(ctx context.Context, act domain.BulkAct) []string {
	var out []string
	for _, n := range []string{"1", "2", "3"} {
		out = append(out, i18n.T(ctx, "bulk.phrase."+string(act)+"."+n))
	}
	return out
}

func refusedHeaders(ctx context.Context) []ui.HeaderSpec {
	return []ui.HeaderSpec{{Text: i18n.T(ctx, "column.field"), Class: "c-field"}, {Text: i18n.T(ctx, "column.dataset"), Class: "c-line"},
		{Text: i18n.T(ctx, "column.reason"), Class: "c-line"}}
}
