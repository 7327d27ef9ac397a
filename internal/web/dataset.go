package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic datasets. dataset. subject.

func (s *Server) datasetRoutes(r scope) {
	nounRoutes(s, r, written(s, nounSpec[domain.DatasetID]{param: "dataset", list: datasetList, edit: domain.EditInventory,
		add: s.newDataset, show: s.showDataset,
		archive: s.store.ArchiveDataset, restore: s.store.RestoreDataset, remove: s.store.RemoveDataset},
		formSpec[domain.Dataset, datasetForm, domain.DatasetID]{page: s.datasetEdit, of: datasetFormOf, read: s.store.DatasetByID, add: s.store.AddDataset, change: s.store.ChangeDataset,
			added: "dataset.added", changed: "dataset.changed"}))
}

func datasetPath(by domain.Actor, id domain.DatasetID, parts ...string) string {
	return workspacePath(by, append([]string{"datasets", itoa(id)}, parts...)...)
}

var datasetList = registerSpec{
	register: domain.DatasetRegister,
	path:     "datasets",
	show:     func(by domain.Actor, id int64) string { return datasetPath(by, domain.DatasetID(id)) },
	add:      domain.EditInventory,
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.EditInventory}},
}

type datasetForm struct {
	Version        int                    `form:"version"`
	Application    domain.ApplicationID   `form:"application"`
	Name           string                 `form:"name"`
	Label          string                 `form:"label"`
	Description    string                 `form:"description"`
	Structure      string                 `form:"structure"`
	Subjects       []string               `form:"subjects"`
	OtherSubjects  string                 `form:"other_subjects"`
	RowCount       string                 `form:"row_count"`
	Retention      domain.RetentionRuleID `form:"retention"`
	OldestRecordOn string                 `form:"oldest_record_on"`
	IsMaster       bool                   `form:"is_master"`
}

func (f datasetForm) seen() int                     { return f.Version }
func (f datasetForm) again(version int) datasetForm { f.Version = version; return f }

// apply puts what was typed into a dataset, and tells all that is wrong with it at once.
func (f datasetForm) apply(d domain.Dataset) (domain.Dataset, error) {
	var p domain.Problems
	d.Application, d.Name, d.Label, d.Description, d.Structure = f.Application, f.Name, f.Label, f.Description, f.Structure
	d.Subjects = codesOf("subject", domain.DatasetSubjects, several(f.Subjects, f.OtherSubjects))
	d.RowCount = typedCount(&p, "row_count", f.RowCount)
	d.Retention, d.OldestRecordOn, d.IsMaster = f.Retention, day(&p, "oldest_record_on", f.OldestRecordOn), f.IsMaster
	d, err := domain.NewDataset(d)
	if problems, bad := withProblems(p, err); bad {
		return d, problems.Err()
	}
	return d, err
}

// codesOf is enumCode for several words.
func codesOf(prefix string, codes, words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = enumCode(prefix, codes, w)
	}
	return domain.CleanList(out)
}

// typedCount reads a whole number as people type it, with or without spaces between thousands; nil for none.
func typedCount(p *domain.Problems, field, text string) *int64 {
	text = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\u00a0', '\u202f', '\u2009', '\'':
			return -1
		}
		return r
	}, strings.TrimSpace(text))
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		p.Add(field, "error.number")
		return nil
	}
	return &n
}

func datasetFormOf(ctx context.Context, d domain.Dataset) datasetForm {
	f := datasetForm{Version: d.Version, Application: d.Application, Name: d.Name, Label: d.Label, Description: d.Description,
		Structure: d.Structure, Retention: d.Retention, OldestRecordOn: isoDay(d.OldestRecordOn), IsMaster: d.IsMaster}
	f.Subjects, f.OtherSubjects = splitOther(d.Subjects, domain.DatasetSubjects)
	if d.RowCount != nil {
		f.RowCount = i18n.Number(ctx, *d.RowCount)
	}
	return f
}

type datasetEditView struct {
	formView
	shell        ui.Shell
	title        string
	action, back string
	crumbs       []ui.Link
	form         datasetForm
	applications []ui.Option
	rules        []ui.Option
}

// datasetEdit shows the form, for a new dataset (id 0) or for one that is there.
func (s *Server) datasetEdit(w http.ResponseWriter, r *http.Request, status int, id domain.DatasetID, f datasetForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	applications, err := s.applicationChoices(r, f.Application)
	if err != nil {
		return err
	}

	rules, err := s.store.RetentionOptions(ctx, by)
	if err != nil {
		return err
	}
	v := datasetEditView{formView: formView{ctx, "dataset", p}, form: f, applications: applications, rules: refOptions(rules), title: i18n.T(ctx, "datasets.add"),
		action: workspacePath(by, "datasets"), back: workspacePath(by, "datasets"),
		crumbs: []ui.Link{{Href: workspacePath(by, "datasets"), Text: i18n.T(ctx, "datasets.title")}}}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "dataset.edit"), datasetPath(by, id), datasetPath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, datasetEdit(v))
}

// applicationChoices are the applications that a form offers, with the ones that a record already names even where they
// have been archived since.
func (s *Server) applicationChoices(r *http.Request, named ...domain.ApplicationID) ([]ui.Option, error) {
	ctx, by := r.Context(), actor(r)
	list, err := s.store.ApplicationOptions(ctx, by)
	if err != nil {
		return nil, err
	}
	options := refOptions(list)
	for _, id := range named {
		if id == 0 || hasOption(options, itoa(id)) {
			continue
		}
		if a, err := s.store.ApplicationByID(ctx, by, id); err == nil {
			options = append(options, ui.Option{Value: itoa(id), Text: a.Name})
		}
	}
	return options, nil
}

func hasOption(options []ui.Option, value string) bool {
	for _, o := range options {
		if o.Value == value {
			return true
		}
	}
	return false
}

func (s *Server) newDataset(w http.ResponseWriter, r *http.Request) error {
	f := datasetForm{Structure: "structured"}
	if id, err := strconv.ParseInt(r.URL.Query().Get("application"), 10, 64); err == nil {
		f.Application = domain.ApplicationID(id)
	}
	return s.datasetEdit(w, r, http.StatusOK, 0, f, nil)
}

type datasetShowView struct {
	shell       ui.Shell
	crumbs      []ui.Link
	d           domain.Dataset
	facts       []ui.Fact
	badges      []mark
	bar         ui.BarSpec
	total       int64
	count       string // of its fields
	fields      string // list of its fields
	in, out     []flowBrief
	application string
	history     []ui.TimelineItem
	edit        recordActions
}

func (s *Server) showDataset(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.DatasetID](r, "dataset")
	if err != nil {
		return err
	}
	var (
		d      domain.Dataset
		names  store.Names
		counts []store.VerdictCount
		flows  []domain.Flow
		rule   domain.RetentionRule
	)
	err = s.store.Read(ctx, by, func(st *store.Store) (err error) {
		if d, err = st.DatasetByID(ctx, by, id); err != nil {
			return err
		}
		if names, err = st.Names(ctx, by); err != nil {
			return err
		}
		if rule, err = ruleOf(ctx, st, by, d.Retention); err != nil {
			return err
		}
		if counts, err = st.DatasetVerdicts(ctx, by, id); err != nil {
			return err
		}
		flows, err = st.FlowsOf(ctx, by, domain.FlowEnd{Application: d.Application, Dataset: id})
		return err
	})
	if err != nil {
		return err
	}

	v := datasetShowView{d: d, application: names.Application(d.Application), fields: workspacePath(by, "fields") + "?dataset=" + itoa(id),
		edit: actionsOf(ctx, by, domain.EditInventory, datasetPath(by, id), d.ArchivedAt != nil)}
	if v.history, err = s.history(r, domain.SubjectDataset, int64(id), names); err != nil {
		return err
	}
	v.crumbs = []ui.Link{{Href: workspacePath(by, "datasets"), Text: i18n.T(ctx, "datasets.title")},
		{Href: applicationPath(by, d.Application), Text: v.application}, {Text: d.Name}}
	v.bar, v.total = verdictBar(ctx, counts, v.fields)
	v.count = i18n.T(ctx, "fields.count", "n", v.total)
	v.in, v.out = flowBriefs(ctx, by, flows, domain.FlowEnd{Application: d.Application, Dataset: id})
	v.facts = datasetFacts(ctx, by, d, rule, v.application, s.now())
	v.badges = datasetBadges(ctx, d)
	if v.shell, err = s.shell(w, r, d.Name); err != nil {
		return err
	}
	return s.ok(w, r, datasetShow(v))
}

// datasetBadges are what the head of the page says of a dataset beside its name.
func datasetBadges(ctx context.Context, d domain.Dataset) []mark {
	var out []mark
	if d.IsMaster {
		out = append(out, mark{ui.OK, "star", i18n.T(ctx, "dataset.master")})
	}
	if d.State == "gone" {
		out = append(out, mark{ui.Neutral, "circle-off", i18n.T(ctx, "state.gone")})
	}
	return out
}

// verdictBar draws how many fields have each verdict, each part leading to just those.
func verdictBar(ctx context.Context, counts []store.VerdictCount, list string) (bar ui.BarSpec, total int64) {
	by := map[domain.Verdict]int64{}
	for _, c := range counts {
		by[c.Verdict] = c.N
		total += c.N
	}
	for _, v := range stacked {
		m := verdictMark(ctx, v)
		bar.Segments = append(bar.Segments, ui.Segment{Kind: m.kind, Icon: m.icon, Value: int(by[v]), Count: i18n.Number(ctx, by[v]),
			Text: m.text, Href: list + "&verdict=" + string(v)})
	}
	return bar, total
}

func datasetFacts(ctx context.Context, by domain.Actor, d domain.Dataset, rule domain.RetentionRule, application string, now time.Time) []ui.Fact {
	subjects := make([]string, len(d.Subjects))
	for i, x := range d.Subjects {
		subjects[i] = enumWord(ctx, "subject", x)
	}
	var rows, oldest string
	if d.RowCount != nil {
		rows = i18n.Number(ctx, *d.RowCount)
	}
	if day := d.OldestOn(); day != nil {
		oldest = i18n.Day(ctx, *day)
	}
	facts := factList(ctx,
		fact{"application", application},
		fact{"structure", enumWord(ctx, "dataset.structure", d.Structure)},
		fact{"subjects", strings.Join(subjects, ", ")},
		fact{"row_count", rows},
		fact{"retention", periodWords(ctx, rule)},
		fact{"oldest_record_on", oldest},
		fact{"is_master", i18n.T(ctx, map[bool]string{true: "choice.yes", false: "choice.no"}[d.IsMaster])},
		fact{"description", d.Description})
	facts = calledFact(ctx, facts, domain.CalledOtherwise(d.Name, d.SourceSchema, d.SourceName))
	facts[0].Text, facts[0].Value = "", linkTo(applicationPath(by, d.Application), application)
	if d.Retention != 0 {
		facts[4].Text, facts[4].Value = "", ruleLink(by, rule, periodWords(ctx, rule))
	}
	if day := d.OldestOn(); day != nil {
		notes := oldestNotes(ctx, d)
		if rule.Outlived(*day, now) {
			notes = append(notes, i18n.T(ctx, "dataset.over"))
		}
		facts[5].Note = strings.Join(notes, " · ")
	}
	return facts
}

// oldestNotes tell where the day of the oldest record comes from, and what was declared where a measure says otherwise.
func oldestNotes(ctx context.Context, d domain.Dataset) []string {
	if d.MeasuredOldestOn == nil {
		return []string{i18n.T(ctx, "dataset.oldest.declared")}
	}
	notes := []string{i18n.T(ctx, "dataset.oldest.measured", "day", i18n.DateText(ctx, deref(d.OldestMeasuredAt)), "source", d.OldestSource)}
	if d.OldestRecordOn != nil && !d.OldestRecordOn.Equal(*d.MeasuredOldestOn) {
		notes = append(notes, i18n.T(ctx, "dataset.oldest.otherwise", "day", i18n.DayText(ctx, *d.OldestRecordOn)))
	}
	return notes
}

// titleOf is what a record is called: its label where it has one.
func titleOf(label, name string) string {
	if label != "" {
		return label
	}
	return name
}

// codeOf is the technical name beside a label; nothing where the title is that name.
func codeOf(label, name string) string {
	if label != "" {
		return name
	}
	return ""
}

func markBadges(marks []mark) []templ.Component {
	out := make([]templ.Component, len(marks))
	for i, m := range marks {
		out[i] = ui.Badge(m.kind, m.icon, m.text)
	}
	return out
}
