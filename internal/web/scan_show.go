package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// importPageSize is how many rows of a preview a page shows.
const importPageSize = 50

// importColumns is the tab that says what the columns tell, or of which application files without columns are.
const importColumns = "columns"

// importShowView is the page of an import in any of its states.
type importShowView struct {
	shell  ui.Shell
	crumbs []ui.Link
	i      domain.Import
	path   string
	badge  registerCell
	steps  []ui.Step
	facts  []ui.Fact
	note   *importNote
	// suggested leads to the suggestions, where some of its fields got one.
	suggested *ui.Link
	progress  *ui.ProgressSpec
	mapping   *importMappingView
	tabs      []ui.NavItem
	tab       string
	rows      []importRowView
	problems  []importProblemView
	flows     []importFlowView
	files     []importFileView
	notes     []string
	multiple  bool // the file describes several applications
	evidence  bool
	pager     ui.PagerSpec
	can       importCan
	summary   string // what applying will do, or did
	fields    string // list of the fields that the import is about
	again     string // form for another file
	csv       string // problems as a file
}

// importNote is a message at the top of the page.
type importNote struct {
	kind         ui.Kind
	text, detail string
}

// importCan says which buttons there are.
type importCan struct{ apply, cancel, undo, plan bool }

type importRowView struct {
	line, application, dataset, field, href, was string
	value                                        int64 // of the tick of a rename
	ticked                                       bool
	facts                                        string
	changes                                      []ui.Change
}

type importProblemView struct{ line, heading, text string }

type importFlowView struct{ from, to, href string }

type importFileView struct{ name, size, fields string }

func (s *Server) showImport(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.ImportID](r, "import")
	if err != nil {
		return err
	}
	return s.importShow(w, r, http.StatusOK, id, nil, nil)
}

// importShow answers with the page of an import; typed is what was refused of the answer about its columns.
func (s *Server) importShow(w http.ResponseWriter, r *http.Request, status int, id domain.ImportID, typed *importForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	i, err := s.store.ImportByID(ctx, by, id)
	if err != nil {
		return err
	}

	v := importShowView{i: i, path: importPath(by, id), crumbs: append(importCrumbs(r), ui.Link{Text: i.FileName}), evidence: i.Kind == domain.ImportEvidence,
		again: workspacePath(by, "imports", "new"), csv: importPath(by, id) + "/problems.csv"}
	kind, icon := importTone(string(i.State))
	v.badge = registerCell{badge: kind, icon: icon, text: i18n.T(ctx, "import.state."+string(i.State))}
	v.steps, v.note, v.progress = importSteps(ctx, i), importNotes(r, i), importProgress(ctx, i)
	edit := by.Can(domain.EditInventory)
	v.can = importCan{apply: edit && i.State == domain.ImportPreviewed && i.Changes() > 0, cancel: edit && i.State.Cancellable(),
		undo: edit && i.State == domain.ImportApplied, plan: edit && (i.State == domain.ImportMapping || i.State == domain.ImportPreviewed)}
	application, err := s.importApplication(r, i)
	if err != nil {
		return err
	}
	v.facts = importFactList(ctx, i, application)
	v.files, v.notes = importFiles(ctx, i), importUnused(ctx, i)
	v.fields = workspacePath(by, "fields")
	if i.Application != 0 {
		v.fields += "?application=" + itoa(i.Application)
	} else if i.ApplicationName != "" {
		v.fields += "?application=" + url.QueryEscape(i.ApplicationName)
	} else if len(i.Applications) > 0 && !strings.Contains(strings.Join(i.Applications, ""), ",") {
		v.fields += "?application=" + url.QueryEscape(strings.Join(i.Applications, ","))
	}
	if i.State == domain.ImportApplied && !v.evidence {
		n, err := s.store.ImportSuggested(ctx, by, id)
		if err != nil {
			return err
		}
		if n > 0 {
			v.suggested = &ui.Link{Href: workspacePath(by, "suggestions"), Text: i18n.T(ctx, "suggestion.imported", "n", n), Icon: "tag"}
		}
	}
	if err := s.importTab(r, &v, typed, p); err != nil {
		return err
	}
	if v.shell, err = s.shell(w, r, i.FileName); err != nil {
		return err
	}
	if i.State.Working() {
		v.shell.Refresh = 3
	}
	return s.render(w, r, status, importShow(v))
}

func (s *Server) importApplication(r *http.Request, i domain.Import) (string, error) {
	if i.Application == 0 {
		return i.ApplicationName, nil
	}
	a, err := s.store.ApplicationByID(r.Context(), actor(r), i.Application)
	return a.Name, err
}

// importTab fills the part of the page that a tab shows.
func (s *Server) importTab(r *http.Request, v *importShowView, typed *importForm, p domain.Problems) error {
	i := v.i
	previewed := i.State == domain.ImportPreviewed
	if i.State == domain.ImportMapping || typed != nil || previewed && r.URL.Query().Get("tab") == importColumns {
		v.tab = importColumns
		if v.can.plan {
			if err := s.importMapping(r, v, typed, p); err != nil {
				return err
			}
		}
	}
	if i.State == domain.ImportMapping || !previewed && i.State != domain.ImportApplied && i.State != domain.ImportUndone {
		return nil
	}
	v.summary = importSummary(r.Context(), i)
	v.tabs = importTabs(r, v)
	if v.tab == importColumns {
		return nil
	}
	return s.importRows(r, v)
}

// importTabs are the changes that there are, each with its count; the first is open where none was asked for.
func importTabs(r *http.Request, v *importShowView) []ui.NavItem {
	ctx, i := r.Context(), v.i
	var names []string
	for _, c := range domain.ImportChanges(i.Kind) {
		// What an applied import left as it was is counted, not kept.
		kept := c.Applied() || c == domain.ChangeUnmatched || i.State == domain.ImportPreviewed
		if kept && (i.Counts[string(c)] > 0 || c == domain.ChangeNew) {
			names = append(names, string(c))
		}
	}
	for _, name := range []string{domain.CountFlows, domain.CountProblems} {
		if i.Counts[name] > 0 {
			names = append(names, name)
		}
	}
	if v.tab != importColumns {
		if v.tab = r.URL.Query().Get("tab"); !slices.Contains(names, v.tab) {
			v.tab = firstFilled(names, i.Counts)
		}
	}
	var tabs []ui.NavItem
	for _, name := range names {
		tabs = append(tabs, ui.NavItem{Href: v.path + "?tab=" + name, Text: i18n.T(ctx, "import.tab."+name), Count: i18n.Number(ctx, i.Counts[name]),
			Current: v.tab == name})
	}
	if v.can.plan && i.State == domain.ImportPreviewed {
		tabs = append(tabs, ui.NavItem{Href: v.path + "?tab=" + importColumns, Text: i18n.T(ctx, importColumnsTab(i)), Icon: "columns", Current: v.tab == importColumns})
	}
	return tabs
}

func importColumnsTab(i domain.Import) string {
	if i.Headings.Document {
		return "column.application"
	}
	return "import.tab.columns"
}

func importFlowOf(by domain.Actor, f store.ImportFlow) importFlowView {
	from := domain.FlowEnd{ApplicationName: f.SourceApplication, DatasetName: f.SourceDataset}
	to := domain.FlowEnd{ApplicationName: f.TargetApplication, DatasetName: f.TargetDataset}
	v := importFlowView{from: from.Name(), to: to.Name()}
	if f.Flow != nil {
		v.href = workspacePath(by, "flows", itoa(*f.Flow))
	}
	return v
}

// importFiles are the files of an import of several, with how many fields each describes.
func importFiles(ctx context.Context, i domain.Import) (files []importFileView) {
	if len(i.Headings.Files) < 2 {
		return nil
	}
	for _, f := range i.Headings.Files {
		file := importFileView{name: f.Name, size: i18n.Bytes(ctx, f.Size), fields: i18n.Number(ctx, f.Fields)}
		if f.Fields == 0 && f.Helps {
			file.fields = ""
		}
		files = append(files, file)
	}
	return files
}

// importUnused says what the files hold that is not used, with where the first of each kind is.
func importUnused(ctx context.Context, i domain.Import) (notes []string) {
	for _, n := range i.Headings.Notes {
		notes = append(notes, i18n.T(ctx, "scan.note."+n.Key, "n", n.N, "place", n.Place))
	}
	if i.State == domain.ImportMapping {
		return notes
	}
	columns, measures := i.LeftOut()
	if len(columns) > 0 {
		notes = append(notes, i18n.T(ctx, "import.left_out.columns", "n", len(columns), "names", strings.Join(columns, ", ")))
	}
	if len(measures) > 0 {
		notes = append(notes, i18n.T(ctx, "import.left_out.measures", "n", len(measures), "names", strings.Join(measures, ", ")))
	}
	return notes
}

func firstFilled(names []string, counts map[string]int64) string {
	for _, name := range names {
		if counts[name] > 0 {
			return name
		}
	}
	return names[0]
}

// importRows reads the rows of the open tab.
func (s *Server) importRows(r *http.Request, v *importShowView) error {
	ctx, by, i := r.Context(), actor(r), v.i
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || page < 1 || page > 1_000_000 {
		page = 1
	}
	skip := (page - 1) * importPageSize
	shown := 0
	switch v.tab {
	case domain.CountFlows:
		flows, err := s.store.ImportFlows(ctx, by, i.ID, skip, importPageSize+1)
		if err != nil {
			return err
		}
		shown = len(flows)
		for _, f := range flows[:min(shown, importPageSize)] {
			v.flows = append(v.flows, importFlowOf(by, f))
		}
	case domain.CountProblems:
		problems, err := s.store.ImportProblems(ctx, by, i.ID, skip, importPageSize+1)
		if err != nil {
			return err
		}
		shown = len(problems)
		for _, p := range problems[:min(shown, importPageSize)] {
			place := p.Place
			if place == "" {
				place = i18n.Number(ctx, p.Line)
			}
			v.problems = append(v.problems, importProblemView{line: place, heading: headingWord(ctx, i, p.Column), text: problemWords(r, p.Key, p.Args)})
		}
	default:
		lines, err := s.store.ImportLines(ctx, by, i.ID, domain.ImportChange(v.tab), skip, importPageSize+1)
		if err != nil {
			return err
		}
		shown = len(lines)
		for _, l := range lines[:min(shown, importPageSize)] {
			v.rows = append(v.rows, importRowOf(ctx, by, l))
			v.multiple = v.multiple || l.Application != lines[0].Application
		}
	}
	address := func(page int) string { return v.path + "?tab=" + v.tab + "&page=" + strconv.Itoa(page) }
	v.pager = ui.PagerSpec{Range: i18n.T(ctx, "list.place", "from", skip+1, "to", skip+min(shown, importPageSize), "of", i18n.Number(ctx, i.Counts[v.tab]))}
	if v.tab == domain.CountProblems { // a row may have several problems
		v.pager.Range = i18n.T(ctx, "import.place", "from", skip+1, "to", skip+min(shown, importPageSize))
	}
	if page > 1 {
		v.pager.Prev = address(page - 1)
	}
	if shown > importPageSize {
		v.pager.Next = address(page + 1)
	}
	return nil
}

// headingWord is the heading of a problem: what the file says, else the word of what was looked for.
func headingWord(ctx context.Context, i domain.Import, heading string) string {
	if slices.Contains(i.Headings.Headings, heading) || !i18n.Has(ctx, "import.target."+heading) {
		return heading
	}
	return i18n.T(ctx, "import.target."+heading)
}

func importRowOf(ctx context.Context, by domain.Actor, l store.ImportLine) importRowView {
	row := importRowView{application: l.Application, dataset: l.Dataset, field: l.Name, was: l.RenamedFrom, value: l.Line, ticked: l.Taken}
	if l.Line > 0 {
		row.line = i18n.Number(ctx, l.Line)
	}
	if l.Field != nil {
		row.href = workspacePath(by, "fields", itoa(*l.Field))
	}
	if l.Before == nil {
		row.facts = factWords(ctx, l.Facts)
		return row
	}
	for _, key := range factKeys {
		was, told := l.Before[key]
		if !told || key == "name" {
			continue
		}
		c := ui.Change{Label: factLabel(ctx, key), Before: truncate(factWord(ctx, was), 300), After: truncate(factWord(ctx, l.Facts[key]), 300)}
		if c.Before != c.After {
			row.changes = append(row.changes, c)
		}
	}
	return row
}

// factKeys are the facts of an import in the order in which they are shown; the others say when and by whom they were measured.
var factKeys = []string{"data_type", "label", "comment", "category", "owner", "nullable", "is_key", "reference", "source",
	"reads", "window_days", "last_read_at", "last_write_at", "row_count", "non_null_count", "distinct_count",
	"oldest_record_on", "reads_measured_at", "last_read_measured_at", "write_measured_at", "fill_measured_at", "oldest_measured_at"}

// factLabels are the words of facts that the register's columns have another name for.
var factLabels = map[string]string{"last_read_at": "column.last_read", "last_write_at": "column.last_write"}

func factLabel(ctx context.Context, key string) string {
	if label, ok := factLabels[key]; ok {
		return i18n.T(ctx, label)
	}
	if i18n.Has(ctx, "import.fact."+key) {
		return i18n.T(ctx, "import.fact."+key)
	}
	return columnWord(ctx, key)
}

// factWord writes one value of a document.
func factWord(ctx context.Context, value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case bool:
		return i18n.T(ctx, map[bool]string{true: "choice.yes", false: "choice.no"}[v])
	case float64:
		return i18n.Number(ctx, int64(v))
	case string:
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			return i18n.Day(ctx, at)
		}
		return v
	case map[string]any:
		return sourceWords(ctx, v)
	}
	return ""
}

// sourceWords says in one line what else a source tells of a field.
func sourceWords(ctx context.Context, document map[string]any) string {
	var facts domain.SourceFacts
	b, err := json.Marshal(document)
	if err != nil || json.Unmarshal(b, &facts) != nil {
		return ""
	}
	var words []string
	for _, f := range sourceFactList(ctx, facts) {
		f.value = truncate(f.value, 80)
		words = append(words, f.inLine(ctx))
	}
	return strings.Join(words, " · ")
}

// sourceFact is a named fact of a source; one without a value is told by its name alone.
type sourceFact struct{ name, value string }

// sourceFactList is what else a source tells of a field, in words.
func sourceFactList(ctx context.Context, s domain.SourceFacts) []sourceFact {
	list := s.List()
	facts := make([]sourceFact, len(list))
	for i, f := range list {
		facts[i] = sourceFactOf(ctx, f)
	}
	return facts
}

func sourceFactOf(ctx context.Context, f domain.SourceFact) sourceFact {
	if f.Own {
		return sourceFact{f.Key, f.Value}
	}
	said := sourceFact{i18n.T(ctx, "source."+f.Key), f.Value}
	if n, err := strconv.Atoi(f.Value); err == nil {
		switch f.Key {
		case "length", "scale":
			said.value = i18n.Number(ctx, n)
		case "options":
			said.value = i18n.T(ctx, "source.option_count", "n", n)
		}
	}
	return said
}

// inLine is the fact in one line.
func (f sourceFact) inLine(ctx context.Context) string {
	if f.value == "" {
		return f.name
	}
	return i18n.T(ctx, "import.fact", "name", f.name, "value", f.value)
}

// factWords is what a file says of a field, in one line.
func factWords(ctx context.Context, facts map[string]any) string {
	var words []string
	for _, key := range factKeys {
		text := factWord(ctx, facts[key])
		switch {
		case text == "" || facts[key] == false || strings.HasSuffix(key, "_measured_at"):
		case key == "data_type" || key == "label" || key == "comment":
			words = append(words, truncate(text, 120))
		case key == "source":
			words = append(words, text)
		default:
			words = append(words, i18n.T(ctx, "import.fact", "name", factLabel(ctx, key), "value", text))
		}
	}
	return strings.Join(words, " · ")
}

// importSteps is how far the import is, in three steps.
func importSteps(ctx context.Context, i domain.Import) []ui.Step {
	at, failed := 0, false
	switch i.State {
	case domain.ImportUploaded, domain.ImportMapping, domain.ImportReading:
	case domain.ImportPreviewed:
		at = 1
	case domain.ImportApplying:
		at = 2
	case domain.ImportApplied, domain.ImportUndoing, domain.ImportUndone:
		at = 3
	case domain.ImportFailed, domain.ImportCancelled:
		failed = true
	}
	var steps []ui.Step
	for n, name := range []string{"read", "preview", "apply"} {
		step := ui.Step{Text: i18n.T(ctx, "import.step."+name), State: ui.StepTodo}
		switch {
		case n < at:
			step.State = ui.StepDone
		case n == at && failed:
			step.State = ui.StepFailed
		case n == at:
			step.State = ui.StepCurrent
		}
		steps = append(steps, step)
	}
	return steps
}

// importNotes is what a person should know first.
func importNotes(r *http.Request, i domain.Import) *importNote {
	ctx := r.Context()
	if i.Problem != nil {
		n := &importNote{kind: ui.Warn, text: problemWords(r, i.Problem.Key, i.Problem.Args)}
		if i.State == domain.ImportFailed {
			n.kind, n.detail = ui.Danger, i18n.T(ctx, "import.failed")
		}
		if _, at := i.Problem.Args["line"]; at && strings.HasPrefix(i.Problem.Key, "sheet.error.") {
			key := "import.at.line"
			if _, column := i.Problem.Args["column"]; column {
				key = "import.at.cell"
			}
			n.text += " " + problemWords(r, key, i.Problem.Args)
		}
		return n
	}
	switch i.State {
	case domain.ImportUndone:
		return &importNote{kind: ui.Info, text: i18n.T(ctx, "import.undone.note")}
	case domain.ImportCancelled:
		return &importNote{kind: ui.Info, text: i18n.T(ctx, "import.cancelled")}
	case domain.ImportPreviewed:
		switch {
		case i.Changes() > 0:
		case i.Counts[string(domain.ChangeUnchanged)]+i.Counts[string(domain.ChangeOlder)] > 0:
			return &importNote{kind: ui.OK, text: i18n.T(ctx, "import.nothing")}
		default:
			return &importNote{kind: ui.Warn, text: i18n.T(ctx, "import.nothing_taken")}
		}
	case domain.ImportUploaded, domain.ImportMapping, domain.ImportReading, domain.ImportApplying, domain.ImportApplied,
		domain.ImportUndoing, domain.ImportFailed:
	}
	return nil
}

func importProgress(ctx context.Context, i domain.Import) *ui.ProgressSpec {
	if !i.State.Working() && i.State != domain.ImportUploaded {
		return nil
	}
	p := &ui.ProgressSpec{Label: i18n.T(ctx, "import.working."+string(i.State)), Percent: -1}
	switch {
	case i.RowsTotal > 0 && i.State != domain.ImportUndoing:
		p.Percent = int(i.RowsRead * 100 / i.RowsTotal)
		p.Text = i18n.T(ctx, "import.rows_of", "n", i18n.Number(ctx, i.RowsRead), "of", i18n.Number(ctx, i.RowsTotal))
	case i.RowsRead > 0 && i.State == domain.ImportReading:
		p.Text = i18n.T(ctx, "import.rows", "n", i.RowsRead)
	}
	return p
}

// importSummary says in one sentence what applying will do, or did.
func importSummary(ctx context.Context, i domain.Import) string {
	var parts []string
	for _, key := range []string{domain.CountApplications, domain.CountDatasets, domain.CountFlows} {
		if n := i.Counts[key]; n > 0 {
			parts = append(parts, i18n.T(ctx, "import.count."+key, "n", n))
		}
	}
	for _, c := range domain.ImportChanges(i.Kind) {
		if n := i.Counts[string(c)]; n > 0 {
			parts = append(parts, i18n.T(ctx, "import.count."+string(i.Kind)+"."+string(c), "n", n))
		}
	}
	if n := i.Counts[domain.CountProblems]; n > 0 {
		parts = append(parts, i18n.T(ctx, "import.count.problems", "n", n))
	}
	return i18n.List(ctx, parts)
}

func importFactList(ctx context.Context, i domain.Import, application string) []ui.Fact {
	if application == "" {
		application = shortList(ctx, i.Applications)
	}
	if application == "" && (len(i.Headings.Headings) > 0 || i.Headings.Document) {
		application = i18n.T(ctx, "import.application.file")
		if i.Headings.Document {
			application = i18n.T(ctx, "import.application.files")
		}
	}
	facts := []fact{{"import_kind", i18n.T(ctx, "import.kind."+string(i.Kind))}, {"application", application}}
	if i.FileSize > 0 {
		facts = append(facts, fact{"file_size", i18n.Bytes(ctx, i.FileSize)})
	}
	if h := i.Headings; h.Format != "" {
		facts = append(facts, fact{"file_format", formatWords(ctx, h)})
	}
	if i.Plan.Complete {
		facts = append(facts, fact{"complete", i18n.T(ctx, "choice.yes")})
	}
	if i.Plan.MeasuredOn != nil {
		facts = append(facts, fact{"measured_on", i18n.Day(ctx, *i.Plan.MeasuredOn)})
	}
	facts = append(facts, fact{"author", actorWord(ctx, i.ActorName)}, fact{"started", i18n.DateTimeText(ctx, i.CreatedAt)})
	if i.AppliedAt != nil {
		facts = append(facts, fact{"applied", i18n.DateTimeText(ctx, *i.AppliedAt)})
	}
	if i.UndoneAt != nil {
		facts = append(facts, fact{"undone", i18n.DateTimeText(ctx, *i.UndoneAt)})
	}
	return factList(ctx, facts...)
}

// formatWords says how the file was read, so that a person sees where a guess went wrong.
func formatWords(ctx context.Context, h domain.ImportHeadings) string {
	if h.Document {
		return i18n.T(ctx, "scan.format."+h.Format)
	}
	if h.Format == "xlsx" {
		return i18n.T(ctx, "import.format.xlsx", "sheet", h.Sheet)
	}
	comma := h.Comma
	if name, known := commaNames[comma]; known {
		comma = i18n.T(ctx, name)
	}
	return i18n.T(ctx, "import.format.csv", "encoding", strings.ToUpper(h.Encoding), "comma", comma)
}

// commaNames are the delimiters that are hard to see in a sentence.
var commaNames = map[string]string{"\t": "import.format.tab", ",": "import.format.comma", ";": "import.format.semicolon", "|": "import.format.bar"}

// importMappingView is the form that says what the columns of a file tell.
type importMappingView struct {
	formView
	form         importForm
	columns      []importColumnView
	targets      []ui.Option
	kinds        []ui.Option
	applications []ui.Option
	sheets       []ui.Option
	action       string
	problem      string // what is wrong with the columns
	document     bool   // there are no columns: only the application is asked for
	unsaid       string // of the list of applications, where none is chosen
}

type importColumnView struct {
	id, heading string
	sample      []string
	target      string
}

func (s *Server) importMapping(r *http.Request, v *importShowView, typed *importForm, p domain.Problems) error {
	ctx, by, i := r.Context(), actor(r), v.i
	applications, err := s.store.ApplicationOptions(ctx, by)
	if err != nil {
		return err
	}
	f := importForm{Kind: string(i.Kind), Application: i.Application, Name: i.ApplicationName, Dataset: i.Plan.Dataset, Sheet: i.Headings.Sheet,
		Complete: i.Plan.Complete, MeasuredOn: dayValue(i.Plan.MeasuredOn), Targets: i.Plan.Targets}
	if typed != nil {
		f = *typed
	}
	if missing, ok := errors.AsType[*domain.Error](i.Plan.Check(i.Headings.Headings)); ok && typed == nil && i.State == domain.ImportMapping && len(i.Headings.Headings) > 0 {
		for _, field := range []string{"dataset", "application", "measured_on"} { // the boxes that wait for an answer
			if problem, open := missing.Fields[field]; open {
				p.Add(field, problem.Key)
			}
		}
	}
	m := &importMappingView{formView: formView{ctx, "import", p}, form: f, applications: refOptions(applications), action: v.path + "/plan",
		kinds: importKinds(r)[1:], document: i.Headings.Document, unsaid: i18n.T(ctx, "import.application.column")}
	if m.document {
		m.unsaid = i18n.T(ctx, "import.application.unsaid")
		if i.Headings.Asks {
			m.unsaid = i18n.T(ctx, "import.application.other")
		}
	}
	if problem, bad := p["targets"]; bad {
		m.problem = i18n.TArgs(ctx, problem.Key, problem.Args)
	}
	for n, heading := range i.Headings.Headings {
		c := importColumnView{id: "column-" + strconv.Itoa(n+1), heading: heading, target: string(domain.ScanIgnore)}
		if n < len(f.Targets) {
			c.target = string(f.Targets[n])
		}
		for _, row := range i.Headings.Sample {
			if n < len(row) {
				c.sample = append(c.sample, truncate(row[n], 60))
			}
		}
		m.columns = append(m.columns, c)
	}
	for _, t := range domain.ScanTargets {
		o := ui.Option{Value: string(t), Text: i18n.T(ctx, "import.target."+string(t)), Group: i18n.T(ctx, "import.targets.describe")}
		switch {
		case t == domain.ScanIgnore:
			o.Group = ""
		case t.Measures():
			o.Group = i18n.T(ctx, "import.targets.measure")
		}
		m.targets = append(m.targets, o)
	}
	if len(i.Headings.Sheets) > 1 {
		for _, name := range i.Headings.Sheets {
			m.sheets = append(m.sheets, ui.Option{Value: name, Text: name})
		}
	}
	v.mapping = m
	return nil
}

func dayValue(t *time.Time) string {
	if t == nil {
		return ""
	}
	return i18n.DayInput(*t)
}

// importHeaders are the heads of a table of the import's pages.
func importHeaders(ctx context.Context, names ...string) []ui.HeaderSpec {
	heads := make([]ui.HeaderSpec, len(names))
	for n, name := range names {
		key := "import.column." + name
		if !i18n.Has(ctx, key) {
			key = "column." + name
		}
		heads[n] = ui.HeaderSpec{Text: i18n.T(ctx, key)}
		if name == "line" || name == "file_size" || name == "fields" {
			heads[n].Class = "c-num"
		}
	}
	return heads
}

// lines tells whether rows are named by their line: what is gone has none, nor have files without rows.
func (v importShowView) lines() bool {
	return v.tab != string(domain.ChangeGone) && !v.i.Headings.Document
}

// importRowHeads are the columns of the open tab.
func importRowHeads(v importShowView) (names []string) {
	if v.tab == string(domain.ChangeRenamed) && v.can.apply {
		names = append(names, "renamed")
	}
	if v.lines() {
		names = append(names, "line")
	}
	if v.multiple {
		names = append(names, "application")
	}
	names = append(names, "dataset", "field")
	switch domain.ImportChange(v.tab) {
	case domain.ChangeGone, domain.ChangeUnchanged:
	case domain.ChangeChanged, domain.ChangeRenamed, domain.ChangeReturned:
		names = append(names, "changes")
	case domain.ChangeNew, domain.ChangeUnmatched, domain.ChangeOlder:
		names = append(names, "facts")
	}
	return names
}

// importTabHint explains what the open tab means, where that is not plain.
func importTabHint(ctx context.Context, v importShowView) string {
	if key := "import.hint.tab." + v.tab; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return ""
}

func importHeadingText(ctx context.Context, heading string) string {
	if heading == "" {
		return i18n.T(ctx, "import.heading.none")
	}
	return heading
}

// importNameField is the box for a name; beside a list of applications it is the other way to answer.
func importNameField(v formView, beside bool) ui.Field {
	f := v.optional("application")
	if beside {
		f.Label = i18n.T(v.ctx, "import.application.new")
	}
	return f
}

// importKindField asks what a file tells; the register's column of that name is about applications.
func importKindField(v formView) ui.Field {
	f := v.field("kind")
	f.Label = i18n.T(v.ctx, "column.import_kind")
	return f
}

// importProblemHeads are the columns of the problems: files without rows name a place.
func importProblemHeads(v importShowView) []string {
	if v.i.Headings.Document {
		return []string{"place", "told", "reason"}
	}
	return []string{"line", "heading", "reason"}
}

// importReadVerb is what the button under the form does.
func importReadVerb(v importMappingView) string {
	if v.document {
		return "import.document.read"
	}
	return "import.mapping.read"
}
