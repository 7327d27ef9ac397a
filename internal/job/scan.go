package job

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"utile/internal/domain"
	"utile/internal/scan"
	"utile/internal/sheet"
	"utile/internal/store"
)

// importWorker goes on with an import by a job.
type importWorker struct {
	river.WorkerDefaults[store.ImportJob]
	store *store.Store
	log   *slog.Logger
}

// Work does what the state of the import asks for. An import that somebody gave up meanwhile asks for nothing.
func (w *importWorker) Work(ctx context.Context, job *river.Job[store.ImportJob]) error {
	by, id := job.Args.Actor(), job.Args.Import
	err := w.attempt(ctx, by, id)
	if err == nil || errors.Is(err, domain.NotFound) {
		return nil
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) { // and so it would be the next time
		return w.store.FailImport(context.WithoutCancel(ctx), by, id, domain.Problem{Key: "import.error.time", Args: domain.Args("n", int(workTimeout.Minutes()))})
	}
	w.log.ErrorContext(ctx, "import failed", "error", err, "import", int64(id), "workspace", int64(by.Workspace), "attempt", job.Attempt)
	if job.Attempt < job.MaxAttempts {
		return err
	}
	return errors.Join(err, w.store.FailImport(context.WithoutCancel(ctx), by, id, domain.Problem{Key: "import.error.internal"}))
}

// attempt goes on with an import unless too many workers died of it: whatever it is of a file that ends a process would end
// every process that takes it up.
func (w *importWorker) attempt(ctx context.Context, by domain.Actor, id domain.ImportID) error {
	deadly, err := w.store.BeginImportWork(ctx, by, id)
	switch {
	case err != nil:
		return err
	case deadly:
		w.log.ErrorContext(ctx, "import given up: its workers died", "import", int64(id), "workspace", int64(by.Workspace))
		err = w.store.FailImport(ctx, by, id, domain.Problem{Key: "import.error.deadly"})
	default:
		err = goOn(ctx, w.store, by, id, true)
	}
	return errors.Join(err, w.store.EndImportWork(context.WithoutCancel(ctx), by, id))
}

// aliveEvery is how often work under way says that it lives.
const aliveEvery = 2 * time.Second

var errGivenUp = errors.New("job: the import was given up")

// alive says until stop that somebody works on an import: parsing a file and comparing many rows take long and report
// nothing. The context that it returns ends where a person gives the import up.
func alive(ctx context.Context, st *store.Store, by domain.Actor, id domain.ImportID) (working context.Context, stop func()) {
	working, end := context.WithCancelCause(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(aliveEvery)
		defer tick.Stop()
		for {
			select {
			case <-working.Done():
				return
			case <-tick.C:
			}
			if wanted, err := st.ImportAlive(working, by, id); err == nil && !wanted {
				end(errGivenUp)
			}
		}
	})
	return working, func() {
		end(nil)
		done.Wait()
	}
}

// goOn takes an import one step further. Queue is true where a step that follows at once is a job of its own.
func goOn(ctx context.Context, st *store.Store, by domain.Actor, id domain.ImportID, queue bool) error {
	working, stop := alive(ctx, st, by, id)
	defer stop()
	if err := step(working, st, by, id, queue); !errors.Is(context.Cause(working), errGivenUp) {
		return err
	}
	return nil
}

func step(ctx context.Context, st *store.Store, by domain.Actor, id domain.ImportID, queue bool) error {
	i, err := st.ImportByID(ctx, by, id)
	if err != nil {
		return err
	}
	switch i.State {
	case domain.ImportReading:
		err = read(ctx, st, by, i)
	case domain.ImportApplying:
		_, err = st.ApplyImport(ctx, by, id, queue)
	case domain.ImportUndoing:
		err = st.UndoImport(ctx, by, id)
	case domain.ImportUploaded, domain.ImportMapping, domain.ImportPreviewed, domain.ImportApplied, domain.ImportUndone,
		domain.ImportFailed, domain.ImportCancelled:
	}
	if errors.Is(err, domain.Conflict) {
		return nil // another process did it, or a person gave it up
	}
	if refused, ok := errors.AsType[*domain.Error](err); ok && refused.Kind == domain.Invalid {
		return st.FailImport(ctx, by, id, domain.Problem{Key: refused.Key, Args: refused.Args})
	}
	return err
}

// read reads the file of an import and compares it with the register, or says what is wrong with it, or what a person must
// say first.
func read(ctx context.Context, st *store.Store, by domain.Actor, i domain.Import) error {
	folder, err := os.MkdirTemp("", "utile-import-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }() // what stays behind is the system's to clear
	files, err := unload(ctx, st, by, i.ID, folder)
	defer func() {
		for _, f := range files {
			_ = f.Content.(wantedFile).Close() // nothing is written any more
		}
	}()
	if err != nil {
		return err
	}
	if isDocument(files) {
		err = compareDocument(ctx, st, by, i, files)
	} else {
		err = compareTable(ctx, st, by, i, files[0], folder)
	}
	if ctx.Err() != nil {
		return ctx.Err() // and nothing that could be said of the file
	}
	if refused, ok := errors.AsType[*sheet.Error](err); ok {
		return st.FailImport(ctx, by, i.ID, refusedFile(i.FileName, refused))
	}
	if refused, ok := errors.AsType[*scan.Error](err); ok {
		return st.FailImport(ctx, by, i.ID, problemOfDocument(refused))
	}
	return err
}

// wantedFile can be read as long as the work that needs it goes on: parsers look at nothing else.
type wantedFile struct {
	*os.File
	wanted func() error
}

func (f wantedFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.wanted(); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

// unload puts the files of an import into a folder. The caller closes those that it returns, with an error too.
func unload(ctx context.Context, st *store.Store, by domain.Actor, id domain.ImportID, folder string) (files []scan.File, err error) {
	list, err := st.ImportFiles(ctx, by, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, domain.Errorf(domain.Conflict, "import.error.state") // given up meanwhile, and forgotten
	}
	for n, f := range list {
		file, err := os.Create(filepath.Join(folder, "file-"+strconv.Itoa(n)))
		if err != nil {
			return files, err
		}
		files = append(files, scan.File{Name: f.Name, Content: wantedFile{file, ctx.Err}})
		if files[n].Size, err = st.CopyImportFile(ctx, by, id, n, file); err != nil {
			return files, err
		}
	}
	return files, nil
}

// isDocument tells files of a format without columns from a table, by what is in them.
func isDocument(files []scan.File) bool {
	first := make([]byte, min(files[0].Size, scan.HeadSize))
	_, err := files[0].Content.ReadAt(first, 0)
	return err == nil && scan.Recognise(first).Document()
}

func compareTable(ctx context.Context, st *store.Store, by domain.Actor, i domain.Import, file scan.File, folder string) error {
	memory, err := st.HeadingMemory(ctx, by)
	if err != nil {
		return err
	}
	known := func(headings []string) (n int) {
		for _, t := range domain.GuessHeadings(headings, nil, memory) {
			if t != domain.ScanIgnore {
				n++
			}
		}
		return n
	}
	table, err := sheet.Open(file.Content, file.Size, sheet.Options{Sheet: i.Plan.Sheet, Prefer: known, TempDir: folder})
	if refused, ok := errors.AsType[*sheet.Error](err); ok && len(refused.Sheets) > 1 && ctx.Err() == nil { // another sheet may be meant
		problem, plan := problemOf(refused), i.Plan
		if plan.Kind == "" {
			plan.Kind = domain.ImportInventory
		}
		plan.Sheet = refused.Sheet
		return st.HoldImport(ctx, by, i.ID, plan, domain.ImportHeadings{Format: string(sheet.XLSX), Sheet: refused.Sheet, Sheets: refused.Sheets}, &problem)
	}
	if err != nil {
		return err
	}
	defer func() { _ = table.Close() }()
	return compare(ctx, st, by, i, table, memory)
}

// compareDocument compares what files of a format without columns describe. All that it may need to ask for is the
// application.
func compareDocument(ctx context.Context, st *store.Store, by domain.Actor, i domain.Import, files []scan.File) error {
	doc, err := scan.Open(files)
	if err != nil {
		return err
	}
	plan := i.Plan
	if plan.Kind == domain.ImportEvidence {
		return domain.Errorf(domain.Invalid, "import.error.no_measure")
	}
	plan.Kind, plan.Targets = domain.ImportInventory, nil
	headings := domain.ImportHeadings{Document: true, Format: doc.Format, Asks: doc.Asks, Files: doc.Files, Notes: doc.Notes}
	if doc.Asks && plan.Application == 0 && plan.ApplicationName == "" {
		plan.ApplicationName = doc.Application
		return st.HoldImport(ctx, by, i.ID, plan, headings, &domain.Problem{Key: "import.error.application"})
	}
	application, err := applicationOf(ctx, st, by, plan)
	if err != nil {
		return err
	}
	doc.In(application)
	rows := &rowSource{document: doc, plan: plan, application: application}
	defer rows.close()
	if rows.words, err = st.ScanWords(ctx, by); err != nil {
		return err
	}
	return st.CompareInventory(ctx, by, i.ID, plan, headings, rows.described, doc.Flows())
}

// problemOfDocument is a message of why files are refused, with which and where.
func problemOfDocument(e *scan.Error) domain.Problem {
	p := domain.Problem{Key: e.Key, Args: map[string]any{}}
	for k, v := range e.Args {
		p.Args[k] = v
	}
	if p.Args["place"] = e.File; e.Place != "" {
		p.Args["place"] = e.Place
	}
	return p
}

// refusedFile is why a file cannot be read. What is called a workbook and was read as text says nothing to a person about
// its bytes: it is no workbook.
func refusedFile(name string, e *sheet.Error) domain.Problem {
	if e.Kind == sheet.NotATable && e.Key == "sheet.error.nul" && strings.EqualFold(filepath.Ext(name), ".xlsx") {
		return domain.Problem{Key: "sheet.error.not_workbook"}
	}
	return problemOf(e)
}

// problemOf is a message of why a file is refused, with where.
func problemOf(e *sheet.Error) domain.Problem {
	p := domain.Problem{Key: e.Key, Args: map[string]any{}}
	for k, v := range e.Args {
		p.Args[k] = v
	}
	if e.Line > 0 {
		p.Args["line"] = e.Line
	}
	if e.Column > 0 {
		p.Args["column"] = e.Column
	}
	return p
}

// sampleRows is how many rows the mapping screen shows.
const sampleRows = 5

func compare(ctx context.Context, st *store.Store, by domain.Actor, i domain.Import, table *sheet.Table, memory map[string]string) (err error) {
	plan := i.Plan
	if !plan.Answered || len(plan.Targets) != len(table.Headers()) {
		plan.Targets = scan.Guess(table, memory)
	}
	if plan.Kind == "" {
		plan.Kind = domain.KindOf(plan.Targets)
	}
	headings := domain.ImportHeadings{Format: string(table.Format), Encoding: table.Encoding, Sheet: table.Sheet, Sheets: table.Sheets,
		Headings: table.Headers(), Sample: table.Sample(sampleRows)}
	if table.Comma != 0 {
		headings.Comma = string(table.Comma)
	}
	if missing, ok := errors.AsType[*domain.Error](plan.Check(table.Headers())); ok {
		return st.HoldImport(ctx, by, i.ID, plan, headings, firstProblem(missing))
	}
	rows := &rowSource{table: table, plan: plan, fileName: i.FileName, today: st.Today()}
	defer rows.close()
	if rows.application, err = applicationOf(ctx, st, by, plan); err != nil {
		return err
	}
	if plan.Kind == domain.ImportEvidence {
		return st.CompareEvidence(ctx, by, i.ID, plan, headings, rows.evidence)
	}
	if rows.words, err = st.ScanWords(ctx, by); err != nil {
		return err
	}
	return st.CompareInventory(ctx, by, i.ID, plan, headings, rows.inventory, nil)
}

// firstProblem is what the mapping screen says at its top: one sentence at a time is enough.
func firstProblem(e *domain.Error) *domain.Problem {
	for _, field := range []string{"targets", "dataset", "application", "measured_on", "kind"} {
		p, ok := e.Fields[field]
		if ok && p.Key == "error.required" { // beside no box, this says nothing
			p = domain.Problem{Key: "import.error.no_" + field}
		}
		if ok {
			return &p
		}
	}
	return nil
}

func applicationOf(ctx context.Context, st *store.Store, by domain.Actor, plan domain.ImportPlan) (string, error) {
	if plan.Application == 0 {
		return plan.ApplicationName, nil
	}
	a, err := st.ApplicationByID(ctx, by, plan.Application)
	return a.Name, err
}
