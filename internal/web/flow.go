package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic flows. flow.

func (s *Server) flowRoutes(r scope) {
	nounRoutes(s, r, nounSpec[domain.FlowID]{param: "flow", list: flowList, edit: domain.EditInventory,
		add: s.newFlow, create: s.createFlow, show: s.showFlow, form: s.editFlow, change: s.changeFlow,
		archive: s.store.ArchiveFlow, restore: s.store.RestoreFlow, remove: s.store.RemoveFlow})
	r.get("/flows/map", domain.ReadWorkspace, s.showFlowMap)
	r.get("/flows/{flow}/fields", domain.EditInventory, s.editFlowFields)
	r.post("/flows/{flow}/fields", domain.EditInventory, s.changeFlowFields)
	r.get("/flows/{flow}/targets", domain.EditInventory, s.suggestTargets)
}

func flowPath(by domain.Actor, id domain.FlowID, parts ...string) string {
	return workspacePath(by, append([]string{"flows", itoa(id)}, parts...)...)
}

var flowList = registerSpec{
	extra: func(ctx context.Context, by domain.Actor) []ui.Link {
		return []ui.Link{{Href: workspacePath(by, "flows", "map"), Text: i18n.T(ctx, "flow.map"), Icon: "sitemap"}}
	},
	register: domain.FlowRegister,
	path:     "flows",
	show:     func(by domain.Actor, id int64) string { return flowPath(by, domain.FlowID(id)) },
	add:      domain.EditInventory,
	tone:     map[string]tone{"encrypted": encryptedTone},
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.EditInventory}},
}

func encryptedTone(code string) (ui.Kind, string) {
	switch code {
	case "yes":
		return ui.OK, "lock"
	case "no":
		return ui.Danger, "alert-triangle"
	}
	return ui.Neutral, "help-circle"
}

// flowBrief is a flow in a short list.
type flowBrief struct{ href, name, note string }

// flowBriefs parts the flows of a place into those that arrive there and those that start there.
func flowBriefs(ctx context.Context, by domain.Actor, flows []domain.Flow, at domain.FlowEnd) (in, out []flowBrief) {
	here := func(e domain.FlowEnd) bool {
		return e.Application == at.Application && (e.Dataset == 0 || e.Dataset == at.Dataset)
	}
	for _, f := range flows {
		if here(f.Target) {
			in = append(in, flowBrief{flowPath(by, f.ID), f.Name, flowNote(ctx, f.Source, f.Target)})
		}
		if here(f.Source) {
			out = append(out, flowBrief{flowPath(by, f.ID), f.Name, flowNote(ctx, f.Target, f.Source)})
		}
	}
	return in, out
}

// flowNote says where the other end of a flow is, and that this end is the application as a whole where it is.
func flowNote(ctx context.Context, other, here domain.FlowEnd) string {
	if here.Dataset == 0 {
		return other.Name() + " · " + i18n.T(ctx, "flow.whole")
	}
	return other.Name()
}

type flowForm struct {
	Version           int                  `form:"version"`
	Name              string               `form:"name"`
	SourceApplication domain.ApplicationID `form:"source_application"`
	SourceDataset     string               `form:"source_dataset"` // by name: there may be too many to list
	TargetApplication domain.ApplicationID `form:"target_application"`
	TargetDataset     string               `form:"target_dataset"`
	Mechanism         string               `form:"mechanism"`
	Frequency         string               `form:"frequency"`
	Encrypted         string               `form:"encrypted"`
	Country           string               `form:"country"`
	Purpose           domain.PurposeID     `form:"purpose"`
	Description       string               `form:"description"`
}

// apply puts what was typed into a flow; source and target are the ends that the names stand for.
func (f flowForm) apply(flow domain.Flow, source, target domain.DatasetID) (domain.Flow, error) {
	flow.Name, flow.Country, flow.Description, flow.Encrypted, flow.Purpose = f.Name, f.Country, f.Description, f.Encrypted, f.Purpose
	flow.Source = domain.FlowEnd{Application: f.SourceApplication, Dataset: source}
	flow.Target = domain.FlowEnd{Application: f.TargetApplication, Dataset: target}
	flow.Mechanism = enumCode("flow.mechanism", domain.FlowMechanisms, f.Mechanism)
	flow.Frequency = enumCode("flow.frequency", domain.FlowFrequencies, f.Frequency)
	return domain.NewFlow(flow)
}

func flowFormOf(f domain.Flow) flowForm {
	return flowForm{Version: f.Version, Name: f.Name, SourceApplication: f.Source.Application, SourceDataset: f.Source.DatasetName,
		TargetApplication: f.Target.Application, TargetDataset: f.Target.DatasetName, Mechanism: f.Mechanism, Frequency: f.Frequency,
		Encrypted: f.Encrypted, Country: f.Country, Purpose: f.Purpose, Description: f.Description}
}

// flowEnds finds the datasets that were named.
func (s *Server) flowEnds(r *http.Request, f flowForm) (source, target domain.DatasetID, p domain.Problems, err error) {
	find := func(field string, application domain.ApplicationID, name string) (domain.DatasetID, error) {
		if name = domain.CleanLine(name); name == "" || application == 0 {
			return 0, nil
		}
		id, err := s.store.DatasetNamed(r.Context(), actor(r), application, name)
		if err == nil && id == 0 {
			p.Add(field, "flow.dataset.unknown")
		}
		return id, err
	}
	if source, err = find("source_dataset", f.SourceApplication, f.SourceDataset); err != nil {
		return 0, 0, nil, err
	}
	target, err = find("target_dataset", f.TargetApplication, f.TargetDataset)
	return source, target, p, err
}

type flowEditView struct {
	formView
	shell        ui.Shell
	title        string
	action, back string
	crumbs       []ui.Link
	form         flowForm
	applications []ui.Option
	purposes     []ui.Option
	datasets     []string
}

// datasetsSuggested is how many names of datasets a form suggests.
const datasetsSuggested = 300

// flowEdit shows the form, for a new flow (id 0) or for one that is there.
func (s *Server) flowEdit(w http.ResponseWriter, r *http.Request, status int, id domain.FlowID, f flowForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	applications, err := s.applicationChoices(r, f.SourceApplication, f.TargetApplication)
	if err != nil {
		return err
	}
	purposes, err := s.store.FlowPurposes(ctx, by, f.Purpose)
	if err != nil {
		return err
	}
	datasets, err := s.store.DatasetNames(ctx, by, datasetsSuggested)
	if err != nil {
		return err
	}

	v := flowEditView{formView: formView{ctx, "flow", p}, form: f, applications: applications, purposes: refOptions(purposes), datasets: datasets,
		title: i18n.T(ctx, "flows.add"), action: workspacePath(by, "flows"), back: workspacePath(by, "flows"),
		crumbs: []ui.Link{{Href: workspacePath(by, "flows"), Text: i18n.T(ctx, "flows.title")}}}
	v.form.Mechanism, v.form.Frequency = enumWord(ctx, "flow.mechanism", f.Mechanism), enumWord(ctx, "flow.frequency", f.Frequency)
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "flow.edit"), flowPath(by, id), flowPath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, flowEdit(v))
}

func (s *Server) newFlow(w http.ResponseWriter, r *http.Request) error {
	return s.flowEdit(w, r, http.StatusOK, 0, flowForm{Encrypted: "unknown"}, nil)
}

func (s *Server) createFlow(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, p, err := decode[flowForm](r)
	if err != nil {
		return err
	}
	source, target, unknown, err := s.flowEnds(r, f)
	if err != nil {
		return err
	}
	p.Merge(unknown)

	var id domain.FlowID
	flow, err := f.apply(domain.Flow{}, source, target)
	if err == nil && len(p) == 0 {
		id, err = s.store.AddFlow(r.Context(), by, flow)
	}

	if problems, bad := withProblems(p, err); bad {
		return s.flowEdit(w, r, http.StatusUnprocessableEntity, 0, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, flowPath(by, id), "flow.added", "name", flow.Name)
}

func (s *Server) editFlow(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.FlowID](r, "flow")
	if err != nil {
		return err
	}
	f, err := s.store.FlowByID(r.Context(), actor(r), id)
	if err == nil {
		err = domain.Changeable(f)
	}
	if err != nil {
		return err
	}
	return s.flowEdit(w, r, http.StatusOK, id, flowFormOf(f), nil)
}

func (s *Server) changeFlow(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.FlowID](r, "flow")
	if err != nil {
		return err
	}
	f, p, err := decode[flowForm](r)
	if err != nil {
		return err
	}
	source, target, unknown, err := s.flowEnds(r, f)
	if err != nil {
		return err
	}
	p.Merge(unknown)

	apply := func(flow domain.Flow) (domain.Flow, error) {
		next, err := f.apply(flow, source, target)
		if problems, bad := withProblems(p, err); bad {
			return next, problems.Err()
		}
		return next, err
	}
	err = s.store.ChangeFlow(r.Context(), by, id, f.Version, apply)
	err = meanwhile(s, r, err, id, &f.Version, s.store.FlowByID, apply)

	if problems, bad := withProblems(nil, err); bad {
		return s.flowEdit(w, r, formStatus(err), id, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, flowPath(by, id), "flow.changed", "name", domain.CleanLine(f.Name))
}

type flowShowView struct {
	shell      ui.Shell
	crumbs     []ui.Link
	f          domain.Flow
	facts      []ui.Fact
	badge      mark
	fields     []flowFieldLine
	count      string
	pick       string // page that picks the fields; empty where the visitor may not
	drawing    flowDrawing
	missing    string
	percent    int
	history    []ui.TimelineItem
	edit       recordActions
	from, into string
}

type flowFieldLine struct {
	source, target          string
	sourceHref, targetHref  string
	sourceTable, targetName string
	class                   mark
}

func (s *Server) showFlow(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.FlowID](r, "flow")
	if err != nil {
		return err
	}
	var (
		f      domain.Flow
		names  store.Names
		fields []domain.FlowField
	)
	err = s.store.Read(ctx, by, func(st *store.Store) (err error) {
		if f, err = st.FlowByID(ctx, by, id); err != nil {
			return err
		}
		if names, err = st.Names(ctx, by); err != nil {
			return err
		}
		fields, err = st.FlowFields(ctx, by, id)
		return err
	})
	if err != nil {
		return err
	}

	v := flowShowView{f: f, crumbs: []ui.Link{{Href: workspacePath(by, "flows"), Text: i18n.T(ctx, "flows.title")}, {Text: f.Name}},
		count: i18n.T(ctx, "fields.count", "n", len(fields)), drawing: drawFlow(ctx, by, f, len(fields)),
		from: f.Source.Name(), into: f.Target.Name(),
		edit: actionsOf(ctx, by, domain.EditInventory, flowPath(by, id), f.ArchivedAt != nil)}
	if by.Can(domain.EditInventory) && f.ArchivedAt == nil {
		v.pick = flowPath(by, id, "fields")
	}
	if v.history, err = s.history(r, domain.SubjectFlow, int64(id), names); err != nil {
		return err
	}
	kind, icon := encryptedTone(f.Encrypted)
	v.badge = mark{kind, icon, i18n.T(ctx, "flow.encrypted."+f.Encrypted)}
	v.facts = flowFacts(ctx, by, f, names)
	v.fields = flowFieldLines(ctx, by, fields)
	var missing []string
	v.percent, missing = f.Completeness(int64(len(fields)))
	v.missing = missingWords(ctx, missing)
	if v.shell, err = s.shell(w, r, f.Name); err != nil {
		return err
	}
	return s.ok(w, r, flowShow(v))
}

// missingWords names what an incomplete record lacks.
func missingWords(ctx context.Context, keys []string) string {
	words := make([]string, len(keys))
	for i, k := range keys {
		words[i] = i18n.T(ctx, "column."+k)
	}
	return strings.Join(words, ", ")
}

func flowFacts(ctx context.Context, by domain.Actor, f domain.Flow, names store.Names) []ui.Fact {
	facts := factList(ctx,
		fact{"flow_source", f.Source.Name()},
		fact{"flow_target", f.Target.Name()},
		fact{"mechanism", enumWord(ctx, "flow.mechanism", f.Mechanism)},
		fact{"frequency", enumWord(ctx, "flow.frequency", f.Frequency)},
		fact{"encrypted", enumWord(ctx, "choice", f.Encrypted)},
		fact{"country", f.Country},
		fact{"purpose", names.Purpose(f.Purpose)},
		fact{"description", f.Description})
	for i, end := range []domain.FlowEnd{f.Source, f.Target} {
		facts[i].Text, facts[i].Value = "", linkTo(flowEndPath(by, end), end.Name())
	}
	return facts
}

// flowEndPath is the page of the dataset at a flow's end, or of the application.
func flowEndPath(by domain.Actor, e domain.FlowEnd) string {
	if e.Dataset != 0 {
		return datasetPath(by, e.Dataset)
	}
	return applicationPath(by, e.Application)
}

func flowFieldLines(ctx context.Context, by domain.Actor, fields []domain.FlowField) []flowFieldLine {
	lines := make([]flowFieldLine, len(fields))
	for i, f := range fields {
		l := flowFieldLine{source: f.SourceName, sourceHref: workspacePath(by, "fields", itoa(f.Source)), sourceTable: f.SourceTable,
			class: classMark(ctx, f.Class)}
		if f.Target != 0 {
			l.target, l.targetHref, l.targetName = f.TargetName, workspacePath(by, "fields", itoa(f.Target)), f.TargetTable
		}
		lines[i] = l
	}
	return lines
}

type flowFieldsForm struct {
	Version int              `form:"version"`
	Dataset domain.DatasetID `form:"dataset"`
	Act     string           `form:"act"`
	Offered string           `form:"offered"` // see offeredIDs
	Fields  []domain.FieldID `form:"field"`
}

type flowFieldsView struct {
	shell        ui.Shell
	crumbs       []ui.Link
	f            domain.Flow
	action, back string
	dataset      domain.DatasetID
	datasets     []ui.Option // to choose from, where the flow starts at a whole application
	here         string      // this page, for that choice
	pick         fieldPick
	suggest      string // address that proposes targets for what is typed
	problem      string
}

// offered names the fields that a page of rows offers, for the form to send back: saving it must touch no other.
func offered(rows []flowPick) string {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.id
	}
	return strings.Join(ids, " ")
}

// offeredIDs reads what offered wrote. What is no id offers nothing.
func offeredIDs(text string) (ids []domain.FieldID) {
	for word := range strings.FieldsSeq(text) {
		if id, err := strconv.ParseInt(word, 10, 64); err == nil {
			ids = append(ids, domain.FieldID(id))
		}
	}
	return ids
}

// flowPick is one field that a flow may carry.
type flowPick struct {
	id, name, label string
	class           mark
	carried         bool
	target          string // as typed
	problem         string
}

func (s *Server) editFlowFields(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.FlowID](r, "flow")
	if err != nil {
		return err
	}
	v, err := s.flowFields(r, id, domain.DatasetID(queryID(r, "dataset")))
	if err != nil {
		return err
	}
	return s.flowFieldsPage(w, r, http.StatusOK, v)
}

func (s *Server) flowFieldsPage(w http.ResponseWriter, r *http.Request, status int, v flowFieldsView) error {
	var err error
	if v.shell, err = s.shell(w, r, i18n.T(r.Context(), "flow.pick")); err != nil {
		return err
	}
	return s.render(w, r, status, flowFieldsEdit(v))
}

// flowFields is the page that picks the fields of a flow, as the register has them. dataset is which of the source
// application's, where the flow names none.
func (s *Server) flowFields(r *http.Request, id domain.FlowID, dataset domain.DatasetID) (v flowFieldsView, err error) {
	ctx, by := r.Context(), actor(r)
	if v.f, err = s.store.FlowByID(ctx, by, id); err != nil {
		return v, err
	}
	v.back, v.action, v.here = flowPath(by, id), flowPath(by, id, "fields"), flowPath(by, id, "fields")
	v.crumbs = []ui.Link{{Href: workspacePath(by, "flows"), Text: i18n.T(ctx, "flows.title")}, {Href: v.back, Text: v.f.Name},
		{Text: i18n.T(ctx, "flow.pick")}}
	v.dataset = v.f.Source.Dataset
	if v.dataset == 0 {
		options, err := s.store.DatasetOptions(ctx, by, v.f.Source.Application)
		if err != nil {
			return v, err
		}
		v.datasets = refOptions(options)
		if hasOption(v.datasets, itoa(dataset)) {
			v.dataset = dataset
		}
	}
	if v.dataset == 0 {
		return v, nil
	}
	carried, err := s.store.FlowFields(ctx, by, id)
	if err != nil {
		return v, err
	}
	by1 := make(map[domain.FieldID]domain.FlowField, len(carried))
	for _, c := range carried {
		by1[c.Source] = c
	}
	v.suggest = flowPath(by, id, "targets")
	v.pick = pickQuery(r, domain.FlowEnd{Application: v.f.Source.Application, Dataset: v.dataset}, v.here, ui.Hidden{Name: "dataset", Value: itoa(v.dataset)})
	return v, v.pick.read(r, s.store, func(f store.NamedField) flowPick {
		c, is := by1[f.ID]
		row := flowPick{carried: is}
		if c.Target != 0 {
			row.target = targetName(v.f, store.NamedField{Name: c.TargetName, Dataset: c.TargetTable})
		}
		return row
	})
}

// flowTargets are fields in which a flow may arrive, by the names that people type, folded.
type flowTargets map[string]domain.FieldID

// targetsOf finds the fields that were typed, with those where the flow arrives already.
func (s *Server) targetsOf(r *http.Request, f domain.Flow, carried []domain.FlowField, typed []string) (flowTargets, error) {
	fields, err := s.store.FieldsTyped(r.Context(), actor(r), f.Target, typed)
	for _, c := range carried {
		if c.Target != 0 {
			fields = append(fields, store.NamedField{ID: c.Target, Name: c.TargetName, Dataset: c.TargetTable})
		}
	}
	t := make(flowTargets, len(fields))
	for _, x := range fields {
		name := domain.Fold(targetName(f, x))
		if _, taken := t[name]; !taken {
			t[name] = x.ID
		}
	}
	return t, err
}

func (s *Server) changeFlowFields(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.FlowID](r, "flow")
	if err != nil {
		return err
	}
	f, _, err := decode[flowFieldsForm](r)
	if err != nil {
		return err
	}
	v, err := s.flowFields(r, id, f.Dataset)
	if err != nil {
		return err
	}
	v.f.Version = f.Version // that the visitor saw
	now, err := s.store.FlowFields(ctx, by, id)
	if err != nil {
		return err
	}
	if f.Act == "match" {
		tickedPicks(r, &v, f)
		if err := s.matchTargets(r, &v); err != nil {
			return err
		}
		return s.flowFieldsPage(w, r, http.StatusOK, v)
	}
	targets, err := s.targetsOf(r, v.f, now, typedTargets(r, f))
	if err != nil {
		return err
	}

	carried, bad := typedPicks(r, &v, f, targets)
	if !bad {
		err = s.store.CarryFields(ctx, by, id, f.Version, f.Dataset, offeredIDs(f.Offered), carried)
	}

	if problems, refused := withProblems(nil, err); refused || bad {
		v.problem = i18n.T(ctx, "flow.pick.wrong")
		if p, ok := problems["fields"]; ok {
			v.problem = s.problemText(r, p)
		}
		return s.flowFieldsPage(w, r, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	back := flowPath(by, id)
	if v.pick.narrowed() { // there may be more to tick
		back = v.pick.href(v.pick.page)
	}
	return s.seeOther(w, r, back, "flow.picked", "n", len(carried))
}

// typedTargets are the names that were typed for the ticked fields.
func typedTargets(r *http.Request, f flowFieldsForm) (names []string) {
	for _, id := range f.Fields {
		if name := domain.CleanLine(r.PostForm.Get("target-" + itoa(id))); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// tickedPicks puts what was ticked and typed into the page.
func tickedPicks(r *http.Request, v *flowFieldsView, f flowFieldsForm) {
	for i := range v.pick.rows {
		row := &v.pick.rows[i]
		row.target = domain.CleanLine(r.PostForm.Get("target-" + row.id))
		row.carried = slices.ContainsFunc(f.Fields, func(id domain.FieldID) bool { return itoa(id) == row.id })
	}
}

// typedPicks puts what was ticked and typed into the page and returns the fields to carry; bad is true where a target is
// no field there.
func typedPicks(r *http.Request, v *flowFieldsView, f flowFieldsForm, targets flowTargets) (carried []domain.FlowField, bad bool) {
	tickedPicks(r, v, f)
	for i := range v.pick.rows {
		if row := &v.pick.rows[i]; row.carried && row.target != "" && targets[domain.Fold(row.target)] == 0 {
			row.problem, bad = i18n.T(r.Context(), "flow.target.unknown"), true
		}
	}
	for _, id := range f.Fields {
		carried = append(carried, domain.FlowField{Source: id, Target: targets[domain.Fold(domain.CleanLine(r.PostForm.Get("target-"+itoa(id))))]})
	}
	return carried, bad
}

// matchTargets proposes, for every ticked field that says nothing of where it arrives, the field of the same name.
func (s *Server) matchTargets(r *http.Request, v *flowFieldsView) error {
	var names []string
	for _, row := range v.pick.rows {
		if row.carried && row.target == "" {
			names = append(names, row.name)
		}
	}
	fields, err := s.store.FieldsTyped(r.Context(), actor(r), v.f.Target, names)
	same := make(map[string]string, len(fields))
	for _, x := range fields {
		if _, taken := same[domain.Fold(x.Name)]; !taken {
			same[domain.Fold(x.Name)] = targetName(v.f, x)
		}
	}
	for i := range v.pick.rows {
		if row := &v.pick.rows[i]; row.carried && row.target == "" {
			row.target = same[domain.Fold(row.name)]
		}
	}
	return err
}
