package store

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// ImportChunkSize is the size of the pieces in which an uploaded file is kept, in bytes.
const ImportChunkSize = 1 << 20

type importRow struct {
	ID              domain.ImportID       `db:"id"`
	Kind            string                `db:"kind"`
	ApplicationID   *domain.ApplicationID `db:"application_id"`
	ApplicationName string                `db:"application_name"`
	Applications    []string              `db:"applications"`
	FileName        string                `db:"file_name"`
	FileSize        int64                 `db:"file_size"`
	State           string                `db:"state"`
	Plan            importPlan            `db:"mapping"`
	Headings        importHeadings        `db:"headings"`
	Complete        bool                  `db:"complete"`
	MeasuredOn      *time.Time            `db:"measured_on"`
	RowsRead        int64                 `db:"rows_read"`
	RowsTotal       *int64                `db:"rows_total"`
	Counts          map[string]int64      `db:"counts"`
	Problem         *importProblem        `db:"problem"`
	ActorID         *domain.UserID        `db:"actor_id"`
	ActorName       string                `db:"actor_name"`
	BatchID         *domain.BatchID       `db:"batch_id"`
	CreatedAt       time.Time             `db:"created_at"`
	UpdatedAt       time.Time             `db:"updated_at"`
	AppliedAt       *time.Time            `db:"applied_at"`
	UndoneAt        *time.Time            `db:"undone_at"`
}

// importPlan, importHeadings and importProblem are the documents that an import keeps.
type importPlan struct {
	Kind     string              `json:"kind,omitempty"`
	Targets  []domain.ScanTarget `json:"targets,omitempty"`
	Answered bool                `json:"answered,omitempty"`
	Dataset  string              `json:"dataset,omitempty"`
	Sheet    string              `json:"sheet,omitempty"`
}

type importHeadings struct {
	Format   string              `json:"format,omitempty"`
	Encoding string              `json:"encoding,omitempty"`
	Comma    string              `json:"comma,omitempty"`
	Sheet    string              `json:"sheet,omitempty"`
	Sheets   []string            `json:"sheets,omitempty"`
	Headings []string            `json:"headings,omitempty"`
	Sample   [][]string          `json:"sample,omitempty"`
	Document bool                `json:"document,omitempty"`
	Asks     bool                `json:"asks,omitempty"`
	Files    []domain.ImportFile `json:"files,omitempty"`
	Notes    []domain.ImportNote `json:"notes,omitempty"`
}

type importProblem struct {
	Key  string         `json:"key"`
	Args map[string]any `json:"args,omitempty"`
}

const importCols = `id, kind, application_id, application_name, applications, file_name, file_size, state, mapping, headings, complete, measured_on,
	rows_read, rows_total, counts, problem, actor_id, actor_name, batch_id, created_at, updated_at, applied_at, undone_at`

func (r importRow) value() domain.Import {
	i := domain.Import{ID: r.ID, Kind: domain.ImportKind(r.Kind), Application: deref(r.ApplicationID), ApplicationName: r.ApplicationName,
		Applications: r.Applications, FileName: r.FileName, FileSize: r.FileSize, State: domain.ImportState(r.State), Headings: domain.ImportHeadings(r.Headings),
		RowsRead: r.RowsRead, RowsTotal: deref(r.RowsTotal), Counts: r.Counts, Actor: deref(r.ActorID), ActorName: r.ActorName,
		Batch: deref(r.BatchID), CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, AppliedAt: r.AppliedAt, UndoneAt: r.UndoneAt,
		Plan: domain.ImportPlan{Kind: domain.ImportKind(r.Plan.Kind), Targets: r.Plan.Targets, Answered: r.Plan.Answered,
			Application: deref(r.ApplicationID), ApplicationName: r.ApplicationName, Dataset: r.Plan.Dataset, Sheet: r.Plan.Sheet,
			Complete: r.Complete, MeasuredOn: r.MeasuredOn}}
	if r.Problem != nil {
		i.Problem = &domain.Problem{Key: r.Problem.Key, Args: r.Problem.Args}
	}
	return i
}

func planArgs(by domain.Actor, p domain.ImportPlan) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"ws": by.Workspace, "application": zeroNull(p.Application), "application_name": p.ApplicationName,
		"complete": p.Complete, "measured_on": p.MeasuredOn,
		"mapping": importPlan{Kind: string(p.Kind), Targets: p.Targets, Answered: p.Answered, Dataset: p.Dataset, Sheet: p.Sheet}}
}

// ImportByID returns NotFound where the workspace has no such import.
func (s *Store) ImportByID(ctx context.Context, by domain.Actor, id domain.ImportID) (i domain.Import, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		i, err = s.importByID(ctx, by, id, "")
		return err
	})
	return i, err
}

func (s *Store) importByID(ctx context.Context, by domain.Actor, id domain.ImportID, lock string) (domain.Import, error) {
	r, err := one[importRow](ctx, s, "import", `select `+importCols+` from import where workspace_id = @ws and id = @id `+lock,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return r.value(), err
}

// AddImport opens an import for a file that is about to come in. Invalid where the application is unknown.
func (s *Store) AddImport(ctx context.Context, by domain.Actor, fileName string, plan domain.ImportPlan) (id domain.ImportID, err error) {
	plan.ApplicationName, plan.Dataset = domain.CleanLine(plan.ApplicationName), domain.CleanLine(plan.Dataset)
	var p domain.Problems
	p.Line("application", plan.ApplicationName, false, domain.MaxName)
	p.Line("dataset", plan.Dataset, false, domain.MaxScanName)
	if err := p.Err(); err != nil {
		return 0, err
	}
	if err := plan.CheckDay(s.Today()); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		args := planArgs(by, plan)
		args["file"], args["actor"], args["actor_name"] = domain.CleanFileName(fileName), zeroNull(by.User), by.Name
		kind := plan.Kind
		if kind == "" {
			kind = domain.ImportInventory
		}
		args["kind"] = string(kind)
		id, err = one[domain.ImportID](ctx, s, "import", `insert into import
			(workspace_id, kind, application_id, application_name, file_name, mapping, complete, measured_on, actor_id, actor_name)
			values (@ws, @kind, @application, @application_name, @file, @mapping, @complete, @measured_on, @actor, @actor_name)
			returning id`, args)
		return err
	})
	return id, err
}

// PlanImport takes what a person says of a file, remembers what its headings mean, and reads it again. Invalid where
// something is missing, Conflict where the import was applied or given up.
func (s *Store) PlanImport(ctx context.Context, by domain.Actor, id domain.ImportID, plan domain.ImportPlan, queue bool) error {
	return s.Write(ctx, by, func(s *Store) error {
		i, err := s.importByID(ctx, by, id, "for update")
		if err != nil {
			return err
		}
		plan.ApplicationName, plan.Dataset, plan.Answered = domain.CleanLine(plan.ApplicationName), domain.CleanLine(plan.Dataset), true
		switch {
		case i.Headings.Document:
			plan.Kind, plan.Targets = domain.ImportInventory, nil
			err = plan.CheckDocument(i.Headings.Asks)
		case plan.Sheet != "" && len(i.Headings.Headings) == 0: // nobody was asked what the sheet tells
			plan.Kind, plan.Targets, plan.Answered = "", nil, false
		case plan.Sheet != i.Headings.Sheet && plan.Sheet != "": // another sheet has other headings
			plan.Targets, plan.Answered = nil, false
		default:
			err = plan.Check(i.Headings.Headings)
		}
		if err == nil {
			err = plan.CheckDay(s.Today())
		}
		if err != nil {
			return err
		}
		args := planArgs(by, plan)
		delete(args, "ws")
		args["kind"] = string(cmp.Or(plan.Kind, domain.ImportInventory))
		if err := s.moveImport(ctx, by, id, `state = 'reading', kind = @kind, application_id = @application, application_name = @application_name,
			mapping = @mapping, complete = @complete, measured_on = @measured_on, problem = null, rows_read = 0, rows_total = null, counts = '{}'`,
			[]domain.ImportState{domain.ImportMapping, domain.ImportPreviewed}, args); err != nil {
			return err
		}
		if plan.Answered && !i.Headings.Document {
			if err := s.rememberHeadings(ctx, by, i.Headings.Headings, plan.Targets); err != nil {
				return err
			}
		}
		return s.queueImport(ctx, by, id, queue)
	})
}

// rememberHeadings keeps how a person mapped headings. A guess that was left as it is needs no memory, but costs nothing.
func (s *Store) rememberHeadings(ctx context.Context, by domain.Actor, headings []string, targets []domain.ScanTarget) error {
	var words, means []string
	seen := map[string]bool{}
	for i, h := range headings {
		if w := domain.ScanHeading(h); w != "" && !seen[w] {
			seen[w] = true
			words, means = append(words, w), append(means, string(targets[i]))
		}
	}
	_, err := s.exec(ctx, "import", `insert into heading_memory (workspace_id, heading, target)
		select @ws, h, t from unnest(@words::text[], @means::text[]) u (h, t)
		on conflict (workspace_id, heading) do update set target = excluded.target`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "words": words, "means": means})
	return err
}

// HeadingMemory returns what people said that headings mean, by domain.ScanHeading of the heading.
func (s *Store) HeadingMemory(ctx context.Context, by domain.Actor) (map[string]string, error) {
	memory := map[string]string{}
	err := s.Read(ctx, by, func(s *Store) error {
		type pair struct {
			Heading string `db:"heading"`
			Target  string `db:"target"`
		}
		pairs, err := many[pair](ctx, s, "import", `select heading, target from heading_memory where workspace_id = @ws`,
			pgx.StrictNamedArgs{"ws": by.Workspace})
		for _, p := range pairs {
			memory[p.Heading] = p.Target
		}
		return err
	})
	return memory, err
}

// RenameAnswer is what a person said of probable renames: of the lines that were shown, those that are renames. All others
// that were shown are a new field and one that is gone.
type RenameAnswer struct{ Shown, Taken []int64 }

// TakeRenames keeps an answer. Conflict where the import is no longer previewed.
func (s *Store) TakeRenames(ctx context.Context, by domain.Actor, id domain.ImportID, a RenameAnswer) error {
	return s.Write(ctx, by, func(s *Store) error {
		if err := s.moveImport(ctx, by, id, `state = state`, []domain.ImportState{domain.ImportPreviewed}, nil); err != nil {
			return err
		}
		_, err := s.exec(ctx, "import", `update import_row set taken = line = any(@taken)
			where workspace_id = @ws and import_id = @id and change = 'renamed' and line = any(@shown) and taken <> (line = any(@taken))`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "shown": a.Shown, "taken": append([]int64{}, a.Taken...)})
		return err
	})
}

// AskImportApply has a previewed import applied.
func (s *Store) AskImportApply(ctx context.Context, by domain.Actor, id domain.ImportID, queue bool) error {
	return s.Write(ctx, by, func(s *Store) error {
		if err := s.moveImport(ctx, by, id, `state = 'applying', rows_read = 0, rows_total = null, problem = null`,
			[]domain.ImportState{domain.ImportPreviewed}, nil); err != nil {
			return err
		}
		return s.queueImport(ctx, by, id, queue)
	})
}

// CancelImport gives an import up, at any time before it was applied. What was read of the file is dropped.
func (s *Store) CancelImport(ctx context.Context, by domain.Actor, id domain.ImportID) error {
	return s.Write(ctx, by, func(s *Store) error {
		from := []domain.ImportState{domain.ImportUploaded, domain.ImportMapping, domain.ImportReading, domain.ImportPreviewed, domain.ImportApplying}
		if err := s.moveImport(ctx, by, id, `state = 'cancelled'`, from, nil); err != nil {
			return err
		}
		return s.dropImportFile(ctx, by, id, true)
	})
}

// FailImport keeps why work on an import ended. A file that cannot be read is failed and forgotten; where applying or
// undoing failed, nothing was written, and the import is what it was before. Any other state stays as it is.
func (s *Store) FailImport(ctx context.Context, by domain.Actor, id domain.ImportID, why domain.Problem) error {
	return s.Write(ctx, by, func(s *Store) error {
		i, err := s.importByID(ctx, by, id, "for update")
		if err != nil {
			return err
		}
		back := map[domain.ImportState]domain.ImportState{domain.ImportUploaded: domain.ImportFailed, domain.ImportReading: domain.ImportFailed,
			domain.ImportApplying: domain.ImportPreviewed, domain.ImportUndoing: domain.ImportApplied}
		to, known := back[i.State]
		if !known {
			return nil
		}
		if err := s.moveImport(ctx, by, id, `state = @to, problem = @problem`, []domain.ImportState{i.State},
			pgx.StrictNamedArgs{"to": string(to), "problem": problemOf(&why)}); err != nil {
			return err
		}
		if to != domain.ImportFailed {
			return nil
		}
		return s.dropImportFile(ctx, by, id, true)
	})
}

// HoldImport stops a reading until a person said what the columns tell.
func (s *Store) HoldImport(ctx context.Context, by domain.Actor, id domain.ImportID, plan domain.ImportPlan, h domain.ImportHeadings, why *domain.Problem) error {
	return s.Write(ctx, by, func(s *Store) error {
		args := planArgs(by, plan)
		delete(args, "ws")
		args["kind"], args["headings"] = string(plan.Kind), storableHeadings(h)
		args["problem"] = problemOf(why)
		return s.moveImport(ctx, by, id, `state = 'mapping', kind = @kind, application_id = @application, application_name = @application_name,
			mapping = @mapping, complete = @complete, measured_on = @measured_on, headings = @headings, problem = @problem`,
			[]domain.ImportState{domain.ImportReading}, args)
	})
}

func problemOf(p *domain.Problem) *importProblem {
	if p == nil {
		return nil
	}
	return &importProblem{p.Key, storable(p.Args)}
}

// storable makes texts of a foreign file fit for a document in the database, which knows no NUL and nothing but UTF-8.
func storable(args map[string]any) map[string]any {
	out := make(map[string]any, len(args))
	for k, v := range args {
		if text, ok := v.(string); ok {
			v = storableText(text)
		}
		out[k] = v
	}
	return out
}

func storableText(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// storableHeadings keeps of headings and sample what a person needs to recognise them.
func storableHeadings(h domain.ImportHeadings) importHeadings {
	const most = 200
	short := func(list []string) []string {
		return mapSlice(list, func(text string) string {
			text = storableText(text)
			if r := []rune(text); len(r) > most {
				text = string(r[:most]) + "…"
			}
			return text
		})
	}
	h.Headings, h.Sheets, h.Sample = short(h.Headings), short(h.Sheets), mapSlice(h.Sample, short)
	h.Files = mapSlice(h.Files, func(f domain.ImportFile) domain.ImportFile {
		f.Name = storableText(f.Name)
		return f
	})
	h.Notes = mapSlice(h.Notes, func(n domain.ImportNote) domain.ImportNote {
		n.Place = storableText(n.Place)
		return n
	})
	return importHeadings(h)
}

// dropImportFile forgets the file, and the rows where nothing came of them.
func (s *Store) dropImportFile(ctx context.Context, by domain.Actor, id domain.ImportID, rowsToo bool) error {
	tables := []string{"import_chunk", "import_file"}
	if rowsToo {
		tables = append(tables, "import_row", "import_flow")
	}
	for _, table := range tables {
		if _, err := s.exec(ctx, "import", `delete from `+table+` where workspace_id = @ws and import_id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}); err != nil {
			return err
		}
	}
	return nil
}

// moveImport changes an import that is in one of the states: Conflict where it is in another by now. Two processes that
// work on the same import meet here, and one of them finds that it came too late.
func (s *Store) moveImport(ctx context.Context, by domain.Actor, id domain.ImportID, set string, from []domain.ImportState, more pgx.StrictNamedArgs) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "from": from}
	for k, v := range more {
		args[k] = v
	}
	n, err := s.exec(ctx, "import", `update import set `+set+`, updated_at = clock_timestamp()
		where workspace_id = @ws and id = @id and state = any(@from)`, args)
	if err != nil || n > 0 {
		return err
	}
	if _, err := s.importByID(ctx, by, id, ""); err != nil {
		return err
	}
	return domain.Errorf(domain.Conflict, "import.error.state")
}

// ImportProgress notes how many rows were worked through, and tells whether the import is still in that state: when it is
// not, somebody gave it up. It must be called outside the transaction of the work, so that others see it.
func (s *Store) ImportProgress(ctx context.Context, by domain.Actor, id domain.ImportID, state domain.ImportState, rows, total int64) error {
	return s.Write(ctx, by, func(s *Store) error {
		return s.moveImport(ctx, by, id, `rows_read = @rows, rows_total = coalesce(@total, rows_total)`, []domain.ImportState{state},
			pgx.StrictNamedArgs{"rows": rows, "total": zeroNull(total)})
	})
}

// ScanWords are the words by which a file may name categories and people of the workspace, folded.
type ScanWords struct {
	Categories map[string]string // code, by code and by labels
	Fides      map[string]string // code, by category of the Fides taxonomy
	People     map[string]string // e-mail, by e-mail and by name; "" where two people have the name
}

// ScanWords reads what a file may name.
func (s *Store) ScanWords(ctx context.Context, by domain.Actor) (w ScanWords, err error) {
	w = ScanWords{map[string]string{}, map[string]string{}, map[string]string{}}
	err = s.Read(ctx, by, func(s *Store) error {
		ws := pgx.StrictNamedArgs{"ws": by.Workspace}
		type row struct {
			Word string `db:"word"`
			Of   string `db:"of"`
		}
		categories, err := many[row](ctx, s, "category", `select w as word, min(code) as of from data_category,
			lateral (values (code), (label_fr), (label_en)) v (w) where workspace_id = @ws and archived_at is null and w <> '' group by w`, ws)
		if err != nil {
			return err
		}
		for _, c := range categories {
			w.Categories[domain.Fold(c.Word)] = c.Of
		}
		// Where several categories stand for one of Fides: the one of the same word, else the broadest, which says no more than Fides.
		fides, err := many[row](ctx, s, "category", `select distinct on (fides_category) fides_category as word, code as of from data_category
			where workspace_id = @ws and archived_at is null and fides_category <> ''
			order by fides_category, split_part(code, '.', -1) <> split_part(fides_category, '.', -1), cardinality(string_to_array(code, '.')), id`, ws)
		if err != nil {
			return err
		}
		for _, c := range fides {
			w.Fides[c.Word] = c.Of
		}
		people, err := many[row](ctx, s, "member", `select v.w as word, case when count(distinct u.email) = 1 then min(u.email) else '' end as of
			from membership m join app_user u on u.id = m.user_id, lateral (values (u.email), (u.name)) v (w)
			where m.workspace_id = @ws group by v.w`, ws)
		for _, p := range people {
			w.People[domain.Fold(p.Word)] = p.Of
		}
		return err
	})
	return w, err
}
