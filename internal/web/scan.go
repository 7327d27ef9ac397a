package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/export"
	"utile/internal/i18n"
	"utile/internal/scan"
	"utile/internal/sheet"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic imports. import. scan.problem. scan.error. scan.none. scan.note. scan.format. scan.help. sheet.error. sheet.problem. sheet.is. source.

func (s *Server) importRoutes(r scope) {
	r.get("/imports", domain.ReadWorkspace, s.listImports)
	r.get("/imports.{format}", domain.ReadWorkspace, s.exportRegister(domain.ImportRegister))
	r.get("/imports/sample.csv", domain.ReadWorkspace, s.sampleInventory)
	r.get("/imports/new", domain.EditInventory, s.newImport)
	r.upload("/imports", domain.EditInventory, s.createImports)
	r.get("/imports/{import}", domain.ReadWorkspace, s.showImport)
	r.get("/imports/{import}/problems.csv", domain.ReadWorkspace, s.exportImportProblems)
	r.post("/imports/{import}/plan", domain.EditInventory, s.planImport)
	r.post("/imports/{import}/renames", domain.EditInventory, s.takeRenames)
	r.post("/imports/{import}/apply", domain.EditInventory, s.applyImport)
	r.post("/imports/{import}/cancel", domain.EditInventory, s.cancelImport)
	r.get("/imports/{import}/undo", domain.EditInventory, s.confirmImportUndo)
	r.post("/imports/{import}/undo", domain.EditInventory, s.undoImport)
}

var importList = registerSpec{
	register: domain.ImportRegister,
	path:     "imports",
	show:     func(by domain.Actor, id int64) string { return importPath(by, domain.ImportID(id)) },
	add:      domain.EditInventory,
	tone:     map[string]tone{"import_state": importTone},
}

func importTone(state string) (ui.Kind, string) {
	switch domain.ImportState(state) {
	case domain.ImportApplied:
		return ui.OK, "circle-check"
	case domain.ImportMapping, domain.ImportPreviewed:
		return ui.Warn, "help-circle"
	case domain.ImportFailed:
		return ui.Danger, "alert-triangle"
	case domain.ImportUploaded, domain.ImportReading, domain.ImportApplying, domain.ImportUndoing:
		return ui.Info, "hourglass"
	case domain.ImportUndone, domain.ImportCancelled:
	}
	return ui.Neutral, "circle-off"
}

// importsEmptyView is the list before the first import.
type importsEmptyView struct {
	shell  ui.Shell
	canAdd bool
	add    string
	sample string
}

func (s *Server) listImports(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	if q := domain.ParseListQuery(domain.ImportRegister, r.URL.Query()); !q.Filtered() {
		list, err := s.store.Rows(r.Context(), by, domain.ImportRegister.Name, domain.ListQuery{Size: 1})
		if err != nil {
			return err
		}
		if len(list.Rows) == 0 {
			return s.emptyImports(w, r)
		}
	}
	return s.showRegister(w, r, importList)
}

func (s *Server) emptyImports(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	shell, err := s.shell(w, r, i18n.T(r.Context(), "imports.title"))
	if err != nil {
		return err
	}
	return s.ok(w, r, importsEmpty(importsEmptyView{shell: shell, canAdd: by.Can(domain.EditInventory),
		add: workspacePath(by, "imports", "new"), sample: workspacePath(by, "imports", "sample.csv")}))
}

// sampleRows are an inventory that a person can open, understand and write over.
var sampleRows = [][]any{
	{"Contact", "email", "Adresse électronique", "varchar(255)", "oui", "Saisie à l’inscription", "E-mail address", "yes", "Typed when signing up"},
	{"Contact", "birth_date", "Date de naissance", "date", "oui", "Facultative", "Date of birth", "yes", "Optional"},
	{"Contact", "optin_sms", "Accord SMS", "boolean", "non", "Case du formulaire", "SMS consent", "no", "Box of the form"},
	{"Order", "total", "Montant de la commande", "numeric", "non", "", "Total of the order", "no", ""},
}

// sampleInventory answers with an inventory in the visitor's language and in the form in which the visitor's spreadsheet
// program expects one.
func (s *Server) sampleInventory(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	french := i18n.Lang(ctx) == i18n.French
	head := []string{"Table", "Column", "Label", "Type", "Nullable", "Description"}
	if french {
		head = []string{"Table", "Colonne", "Libellé", "Type", "Facultatif", "Description"}
	}
	var columns []sheet.Column
	for _, h := range head {
		columns = append(columns, sheet.Column{Key: h, Kind: sheet.Text})
	}
	out, err := export.NewWriter(w, "csv", string(i18n.Lang(ctx)), "")
	if err != nil {
		return err
	}
	attach(w, i18n.T(ctx, "imports.sample.file"))
	if err := out.Header(columns); err != nil {
		return err
	}
	for _, row := range sampleRows {
		cells := []any{row[0], row[1], row[6], row[3], row[7], row[8]}
		if french {
			cells = row[:6]
		}
		if err := out.Row(cells); err != nil {
			return err
		}
	}
	return out.Close()
}

func attach(w http.ResponseWriter, file string) {
	h := w.Header()
	h.Set("Content-Type", contentTypes["csv"])
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="`+file+`"`)
}

// importForm is what a person says of files: when they are sent, and when their columns are not all recognised.
type importForm struct {
	Kind        string               `form:"kind"`
	Application domain.ApplicationID `form:"application_id"`
	Name        string               `form:"application"`
	Dataset     string               `form:"dataset"`
	Sheet       string               `form:"sheet"`
	Complete    bool                 `form:"complete"`
	MeasuredOn  string               `form:"measured_on"`
	Targets     []domain.ScanTarget  `form:"targets"`
}

func (f importForm) plan() (domain.ImportPlan, domain.Problems) {
	var p domain.Problems
	plan := domain.ImportPlan{Kind: domain.ImportKind(f.Kind), Targets: f.Targets, Application: f.Application,
		ApplicationName: domain.CleanLine(f.Name), Dataset: domain.CleanLine(f.Dataset), Sheet: f.Sheet, Complete: f.Complete,
		MeasuredOn: day(&p, "measured_on", f.MeasuredOn)}
	if plan.ApplicationName != "" { // what is typed says more than what was left chosen
		plan.Application = 0
	}
	if f.Kind != "" && !slices.Contains(domain.ImportKinds, plan.Kind) {
		p.Add("kind", "error.choice")
	}
	return plan, p
}

type importNewView struct {
	formView
	shell        ui.Shell
	form         importForm
	applications []ui.Option
	kinds        []ui.Option
	action, back string
	sample       string
	help         []ui.Fact // how to get a file of each format
}

// importHelps are the formats in the order in which the form tells of them.
var importHelps = []string{"salesforce", "hubspot", "postgresql", "mysql", "infoschema", "dbt", "fides", "openapi", "jsonschema", "avro", "openlineage"}

func importHelpList(ctx context.Context) (help []ui.Fact) {
	for _, f := range importHelps {
		help = append(help, ui.Fact{Term: i18n.T(ctx, "scan.format."+f), Note: i18n.T(ctx, "scan.help."+f), Wide: true})
	}
	return help
}

func (s *Server) newImport(w http.ResponseWriter, r *http.Request) error {
	f := importForm{}
	if id, err := strconv.ParseInt(r.URL.Query().Get("application"), 10, 64); err == nil {
		f.Application = domain.ApplicationID(id)
	}
	return s.importNew(w, r, http.StatusOK, f, nil)
}

func (s *Server) importNew(w http.ResponseWriter, r *http.Request, status int, f importForm, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	applications, err := s.store.ApplicationOptions(ctx, by)
	if err != nil {
		return err
	}
	v := importNewView{formView: formView{ctx, "import", p}, form: f, applications: refOptions(applications), kinds: importKinds(r),
		action: workspacePath(by, "imports"), back: workspacePath(by, "imports"), sample: workspacePath(by, "imports", "sample.csv"), help: importHelpList(ctx)}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "imports.add")); err != nil {
		return err
	}
	return s.render(w, r, status, importNew(v))
}

func importKinds(r *http.Request) []ui.Option {
	ctx := r.Context()
	options := []ui.Option{{Value: "", Text: i18n.T(ctx, "import.kind.guess"), Hint: i18n.T(ctx, "import.kind.guess.hint")}}
	for _, k := range domain.ImportKinds {
		options = append(options, ui.Option{Value: string(k), Text: i18n.T(ctx, "import.kind."+string(k)), Hint: i18n.T(ctx, "import.kind."+string(k)+".hint")})
	}
	return options
}

// uploadTime is how long one upload may take: slow lines are no mistake.
const uploadTime = 30 * time.Minute

func (s *Server) createImports(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(uploadTime))  // a server that cannot, only keeps its own limit
	_ = control.SetWriteDeadline(time.Now().Add(uploadTime)) // the same
	reader, err := r.MultipartReader()
	if err != nil {
		return domain.Errorf(domain.Invalid, "error.form")
	}
	if r.ContentLength > s.options.MaxUpload { // what cannot be taken need not come first
		return s.uploadTooLarge(r)
	}

	f, ids, problems, err := s.receiveImports(r, reader)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return s.uploadTooLarge(r)
	}
	if problems, bad := withProblems(problems, err); bad {
		return s.importNew(w, r, http.StatusUnprocessableEntity, f, problems)
	}
	if err != nil {
		return err
	}
	if len(ids) == 1 {
		return s.seeOther(w, r, importPath(by, ids[0]), "")
	}
	return s.seeOther(w, r, workspacePath(by, "imports"), "imports.received", "n", len(ids))
}

func (s *Server) uploadTooLarge(r *http.Request) error {
	return domain.Errorf(domain.TooLarge, "import.error.upload_size", "most", i18n.Bytes(r.Context(), s.options.MaxUpload))
}

// receiveImports reads a form part by part, so that files go to the database as they come: what is said of them stands
// before them in the form.
func (s *Server) receiveImports(r *http.Request, reader *multipart.Reader) (f importForm, ids []domain.ImportID, problems domain.Problems, err error) {
	in := &incoming{store: s.store, by: actor(r), format: map[string]domain.ImportID{}, files: map[domain.ImportID]int{}, over: map[domain.ImportID]bool{}}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return f, nil, nil, errors.Join(formError(err), in.giveUp(r.Context()))
		}
		if part.FormName() != "files" {
			if err := f.set(part); err != nil {
				return f, nil, nil, errors.Join(err, in.giveUp(r.Context()))
			}
			continue
		}
		if part.FileName() == "" {
			continue
		}
		plan, wrong := f.plan()
		if len(wrong) > 0 {
			return f, nil, wrong, in.giveUp(r.Context())
		}
		if err := in.take(r.Context(), part.FileName(), part, plan); err != nil {
			return f, nil, nil, errors.Join(err, in.giveUp(r.Context()))
		}
	}
	if len(in.ids) == 0 {
		problems.Add("files", "import.error.no_file")
		return f, nil, problems, nil
	}
	return f, in.ids, nil, in.start(r.Context())
}

// incoming are files on their way in. Those of one format that come together make one import with one preview; a table is
// an import of its own.
type incoming struct {
	store  *store.Store
	by     domain.Actor
	ids    []domain.ImportID
	format map[string]domain.ImportID // of documents
	files  map[domain.ImportID]int
	over   map[domain.ImportID]bool // refused while it came in
}

// take receives one file: what it is, its first bytes tell.
func (in *incoming) take(ctx context.Context, name string, file io.Reader, plan domain.ImportPlan) error {
	first := make([]byte, scan.HeadSize)
	n, err := io.ReadFull(file, first)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return formError(err)
	}
	first = first[:n]
	id, err := in.importFor(ctx, scan.Recognise(first), name, plan)
	if err != nil || in.over[id] {
		return err
	}
	taken, err := in.store.ReceiveImportFile(ctx, in.by, id, in.files[id], name, io.MultiReader(bytes.NewReader(first), file))
	in.files[id]++
	in.over[id] = !taken
	return err
}

func (in *incoming) importFor(ctx context.Context, is scan.Recognised, name string, plan domain.ImportPlan) (domain.ImportID, error) {
	if id, open := in.format[is.Format]; open && is.Format != "" {
		return id, nil
	}
	id, err := in.store.AddImport(ctx, in.by, name, plan)
	if err != nil {
		return 0, err
	}
	in.ids = append(in.ids, id)
	if is.Format != "" {
		in.format[is.Format] = id
	}
	return id, nil
}

// start has everything that came in read.
func (in *incoming) start(ctx context.Context) error {
	for _, id := range in.ids {
		if in.over[id] {
			continue
		}
		if err := in.store.StartImport(ctx, in.by, id, true); err != nil {
			return err
		}
	}
	return nil
}

// giveUp forgets what came in where the rest does not come.
func (in *incoming) giveUp(ctx context.Context) error {
	var errs []error
	for _, id := range in.ids {
		errs = append(errs, in.store.ForgetImport(context.WithoutCancel(ctx), in.by, id))
	}
	return errors.Join(errs...)
}

// maxPart is the most bytes of a part of an upload that is no file.
const maxPart = 4096

func (f *importForm) set(part *multipart.Part) error {
	b, err := io.ReadAll(io.LimitReader(part, maxPart))
	if err != nil {
		return formError(err)
	}
	value := string(b)
	switch part.FormName() {
	case "kind":
		f.Kind = value
	case "application_id":
		id, err := strconv.ParseInt(value, 10, 64)
		if err == nil {
			f.Application = domain.ApplicationID(id)
		}
	case "application":
		f.Name = value
	case "measured_on":
		f.MeasuredOn = value
	case "complete":
		f.Complete = value != ""
	}
	return nil
}

func (s *Server) planImport(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.ImportID](r, "import")
	if err != nil {
		return err
	}
	f, p, err := decode[importForm](r)
	if err != nil {
		return err
	}

	plan, wrong := f.plan()
	p.Merge(wrong)
	if len(p) == 0 {
		err = s.store.PlanImport(r.Context(), by, id, plan, true)
	}

	if problems, bad := withProblems(p, err); bad {
		return s.importShow(w, r, http.StatusUnprocessableEntity, id, &f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, importPath(by, id), "")
}

type renameForm struct {
	Shown []int64 `form:"shown"`
	Taken []int64 `form:"taken"`
	Tab   string  `form:"tab"`
}

// keepRenames stores the ticks of the page that was shown, where there was one.
func (s *Server) keepRenames(r *http.Request, id domain.ImportID) (renameForm, error) {
	f, _, err := decode[renameForm](r)
	if err != nil || len(f.Shown) == 0 {
		return f, err
	}
	return f, s.store.TakeRenames(r.Context(), actor(r), id, store.RenameAnswer{Shown: f.Shown, Taken: f.Taken})
}

func (s *Server) takeRenames(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.ImportID](r, "import")
	if err != nil {
		return err
	}
	if _, err := s.store.ImportByID(r.Context(), actor(r), id); err != nil {
		return err
	}
	if _, err := s.keepRenames(r, id); err != nil {
		return err
	}
	return s.seeOther(w, r, importPath(actor(r), id)+"?tab=renamed", "import.renames.kept")
}

func (s *Server) applyImport(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.ImportID](r, "import")
	if err != nil {
		return err
	}
	if _, err := s.keepRenames(r, id); err != nil {
		return err
	}
	if err := s.store.AskImportApply(r.Context(), by, id, true); err != nil {
		return err
	}
	return s.seeOther(w, r, importPath(by, id), "")
}

func (s *Server) cancelImport(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.ImportID](r, "import")
	if err != nil {
		return err
	}
	if err := s.store.CancelImport(r.Context(), by, id); err != nil {
		return err
	}
	return s.seeOther(w, r, importPath(by, id), "import.cancelled")
}

// dependentsShown is how many things that hold an import in place are listed.
const dependentsShown = 50

type importUndoView struct {
	shell      ui.Shell
	crumbs     []ui.Link
	i          domain.Import
	confirm    ui.ConfirmSpec
	refused    string // why it cannot be undone; empty where it can
	dependents []importDependentView
	back       string
}

type importDependentView struct{ href, field, dataset, reason string }

func (s *Server) confirmImportUndo(w http.ResponseWriter, r *http.Request) error {
	return s.importUndo(w, r, http.StatusOK)
}

func (s *Server) importUndo(w http.ResponseWriter, r *http.Request, status int) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.ImportID](r, "import")
	if err != nil {
		return err
	}
	i, err := s.store.ImportByID(ctx, by, id)
	if err != nil {
		return err
	}
	if i.State != domain.ImportApplied {
		return domain.Errorf(domain.Conflict, "import.error.state")
	}
	list, all, err := s.store.ImportDependents(ctx, by, id, dependentsShown)
	if err != nil {
		return err
	}

	path := importPath(by, id)
	v := importUndoView{i: i, back: path, crumbs: append(importCrumbs(r), ui.Link{Href: path, Text: i.FileName}, ui.Link{Text: i18n.T(ctx, "import.undo")})}
	if all > 0 {
		v.refused = i18n.T(ctx, "import.error.depends", "n", all)
	}
	for _, d := range list {
		v.dependents = append(v.dependents, importDependentView{href: workspacePath(by, "fields", itoa(d.Field)), field: d.Name, dataset: d.Dataset,
			reason: i18n.T(ctx, "import.depends."+d.Reason)})
	}
	v.confirm = ui.ConfirmSpec{Title: i18n.T(ctx, "import.undo.title", "file", i.FileName), Text: i18n.T(ctx, "import.undo.text"),
		Action: path + "/undo", Cancel: ui.Link{Href: path, Text: i18n.T(ctx, "import.undo.keep")},
		Submit: ui.ButtonSpec{Text: i18n.T(ctx, "import.undo"), Icon: "arrow-back-up", Variant: ui.DangerButton}}
	for _, c := range domain.ImportChanges(i.Kind) {
		if n := i.Counts[string(c)]; n > 0 && c.Applied() {
			v.confirm.Impacts = append(v.confirm.Impacts, ui.Impact{Kind: ui.Warn, Text: i18n.T(ctx, "import.undo."+string(i.Kind)+"."+string(c), "n", n)})
		}
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "import.undo")); err != nil {
		return err
	}
	return s.render(w, r, status, importUndo(v))
}

func (s *Server) undoImport(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.ImportID](r, "import")
	if err != nil {
		return err
	}
	err = s.store.AskImportUndo(r.Context(), by, id, true)
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Key == "import.error.depends" {
		return s.importUndo(w, r, http.StatusConflict)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, importPath(by, id), "")
}

// exportImportProblems answers with every row that was not taken, so that it can be corrected where it comes from.
func (s *Server) exportImportProblems(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.ImportID](r, "import")
	if err != nil {
		return err
	}
	i, err := s.store.ImportByID(ctx, by, id)
	if err != nil {
		return err
	}
	out, err := export.NewWriter(w, "csv", string(i18n.Lang(ctx)), "")
	if err != nil {
		return err
	}
	attach(w, fmt.Sprintf("%s-%d-problems.csv", by.Slug, i.ID))
	var columns []sheet.Column
	for _, key := range []string{"import.column.line", "import.column.heading", "import.column.reason", "import.column.code", "import.column.place"} {
		columns = append(columns, sheet.Column{Key: key, Title: i18n.T(ctx, key), Kind: sheet.Text})
	}
	columns[0].Kind = sheet.Int
	if err := out.Header(columns); err != nil {
		return err
	}
	err = s.store.EachImportProblem(ctx, by, id, func(p domain.RowProblem) error {
		return out.Row([]any{int64(p.Line), p.Column, problemWords(r, p.Key, p.Args), p.Key[strings.LastIndexByte(p.Key, '.')+1:], p.Place})
	})
	if err != nil {
		s.log.ErrorContext(ctx, "export failed", "error", err, "register", "import problems")
		panic(http.ErrAbortHandler)
	}
	return out.Close()
}

func importCrumbs(r *http.Request) []ui.Link {
	return []ui.Link{{Href: workspacePath(actor(r), "imports"), Text: i18n.T(r.Context(), "imports.title")}}
}

// problemWords says what is wrong with a row or a file.
func problemWords(r *http.Request, key string, args map[string]any) string {
	return i18n.TArgs(r.Context(), key, problemArgs(r.Context(), key, args))
}

// problemArgs are the arguments of such a message as people read them.
func problemArgs(ctx context.Context, key string, args map[string]any) map[string]any {
	words := map[string]any{}
	for name, value := range args {
		if n, ok := value.(float64); ok && n == float64(int64(n)) { // numbers come back from the database as these
			value = int64(n)
		}
		words[name] = value
	}
	if strings.HasPrefix(key, "import.problem.") && strings.HasSuffix(key, "_later") {
		for name, value := range words {
			if day, ok := value.(string); ok {
				words[name] = shownDayText(ctx, day)
			}
		}
	}
	if is, ok := words["is"].(string); ok && i18n.Has(ctx, "sheet.is."+is) {
		words["is"] = i18n.T(ctx, "sheet.is."+is)
	}
	if most, ok := words["most"].(int64); ok && slices.Contains([]string{"scan.error.long_text", "scan.error.record", "scan.error.too_much",
		"scan.error.file_size", "sheet.error.file_size", "sheet.error.unpacked", "sheet.error.part_size", "sheet.error.record"}, key) {
		words["most"] = i18n.Bytes(ctx, most)
	}
	return words
}
