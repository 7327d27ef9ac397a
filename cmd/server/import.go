package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/job"
	"utile/internal/scan"
	"utile/internal/store"
	"utile/internal/web"
)

var importCommands = []command{
	importCommand("import", "", "bring in inventories: tables of columns, and what tools say of their fields",
		`FILES may be folders, and of several kinds: what each is, its content tells. Tables (CSV, XLSX; headings in any order) are
brought in one by one; files of another format that are given together make one import. Each import is compared with the
register and applied as a whole, or refused as a whole. Bringing in the same files again changes nothing; what people decided
is never overwritten. What was not taken is listed with its place and the reason.

Of a folder, files named *.csv, *.tsv, *.txt, *.xlsx, *.json, *.jsonl, *.ndjson, *.sql, *.yml, *.yaml and *.avsc are looked at; those
that describe no fields are named and passed over. Where files do not say which application they describe, -application does;
else the name that their format proposes is taken. A table whose columns only name fields and measure them is evidence, as in
server import evidence.`),
	importCommand("import evidence", domain.ImportEvidence, "bring in measured facts about fields: reads, fill rates, last writes",
		"Measures are matched to fields by application, dataset and name, and never replace newer ones."),
	importRecordCommand,
	{
		name: "import workspace", args: "FILE -as SLUG", summary: "make a new workspace of an exported file",
		help: `All of the file is brought in, or nothing. People whom this installation does not know get accounts that cannot sign in
until they have a password: the set-up page of a new installation gives the first one, then an invitation from the page of a member,
or server user password. Who has an account here already is told: addresses are not proved. FILE may be - for standard input.`,
		flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
			as := fs.String("as", "", "slug of the new workspace")
			name := fs.String("name", "", "name of the new workspace (the one in the file)")
			return func(ctx context.Context, p *program, args []string) error {
				file, err := oneArg(args, "file")
				if err != nil {
					return err
				}
				if !domain.ValidSlug(*as) {
					return usagef("Name the new workspace with -as SLUG: lower-case letters, digits and hyphens.")
				}
				return p.readFile(file, func(in io.Reader) error { return p.importWorkspace(ctx, in, *as, *name) })
			}
		},
	},
}

func importCommand(name string, kind domain.ImportKind, summary, help string) command {
	return command{
		name: name, args: "-workspace SLUG [-application NAME] FILE…", summary: summary, help: help,
		flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
			workspace := fs.String("workspace", "", "slug of the workspace")
			application := fs.String("application", "", "application of the rows that name none; made where it does not exist")
			dataset := fs.String("dataset", "", "dataset of the rows, where the file has no column of datasets")
			sheet := fs.String("sheet", "", "sheet of an XLSX file (the first that is not empty)")
			complete := fs.Bool("complete", false, "the file is the whole inventory of its applications: what it does not hold is gone")
			dry := fs.Bool("dry-run", false, "compare only: tell what would change and write nothing")
			day := fs.String("measured-on", "", "day of measures that the file does not date, such as 2026-11-24")
			return func(ctx context.Context, p *program, files []string) error {
				if len(files) == 0 {
					return usagef("Name at least one file.")
				}
				plan := domain.ImportPlan{Kind: kind, ApplicationName: domain.CleanLine(*application), Dataset: *dataset, Sheet: *sheet, Complete: *complete}
				if *day != "" {
					t, err := time.Parse(time.DateOnly, *day)
					if err != nil {
						return usagef("-measured-on %q is not a day such as 2026-11-24.", *day)
					}
					plan.MeasuredOn = &t
					if plan.CheckDay(time.Now().UTC()) != nil {
						return usagef("-measured-on %s is still to come: give the day on which this was measured, today at the latest.", *day)
					}
				}
				return p.withWorkspace(ctx, *workspace, func(st *store.Store, by domain.Actor, _ domain.Workspace) error {
					return p.importAll(ctx, st, by, plan, *dry, files)
				})
			}
		},
	}
}

// incoming is what to bring in: a file, or the files of one import.
type incoming struct {
	path  string
	met   bool     // in a folder, and not asked for by name
	parts []string // of an import: the paths of all its files
}

// importAll brings in one import after the other; one that is refused does not keep the others out.
func (p *program) importAll(ctx context.Context, st *store.Store, by domain.Actor, plan domain.ImportPlan, dry bool, names []string) error {
	files, err := findFiles(names)
	if err != nil {
		return err
	}
	imports, refused := p.groupFiles(ctx, files)
	for _, in := range imports {
		err := p.importOne(ctx, st, by, in, job.ImportRequest{Plan: plan, DryRun: dry, Proposed: true})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(p.stderr, "%s: %s\n", in.path, sentence(ctx, err))
		}
		if err != nil && !(in.met && holdsNothing(err)) {
			refused = append(refused, in.parts...)
		}
	}
	if len(refused) > 0 {
		return fmt.Errorf("%d of %d files were not brought in: %s", len(refused), len(files), strings.Join(refused, ", "))
	}
	return nil
}

// readable are the endings of files that are looked at in folders; what such a file is, its content tells.
var readable = []string{".csv", ".tsv", ".txt", ".xlsx", ".json", ".jsonl", ".ndjson", ".sql", ".yml", ".yaml", ".avsc"}

// isTable tells whether the name of a file is that of a table, which is one whatever its content looks like.
func isTable(path string) bool {
	return slices.Contains([]string{".csv", ".tsv", ".txt", ".xlsx"}, strings.ToLower(filepath.Ext(path)))
}

// holdsNothing tells whether a table was refused since it has no row: one that a folder holds is passed over.
func holdsNothing(err error) bool {
	e, ok := errors.AsType[*domain.Error](err)
	return ok && (e.Key == "sheet.error.empty" || e.Key == "sheet.error.no_rows")
}

// findFiles lists the named files, and those in named folders that may describe fields.
func findFiles(names []string) (files []incoming, err error) {
	for _, name := range names {
		info, err := os.Stat(name)
		if name == "-" || err != nil || !info.IsDir() { // what cannot be read is told when its turn comes
			files = append(files, incoming{path: name})
			continue
		}
		err = filepath.WalkDir(name, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() && slices.Contains(readable, strings.ToLower(filepath.Ext(path))) {
				files = append(files, incoming{path: path, met: true})
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("%s cannot be read: %w", name, err)
		}
	}
	return files, nil
}

// groupFiles puts files of one format together. Files that describe no fields are named; those among them that were asked for
// by name are refused.
func (p *program) groupFiles(ctx context.Context, files []incoming) (imports []*incoming, refused []string) {
	groups := map[string]*incoming{}
	for _, f := range files {
		is, err := p.recognise(f.path)
		if err == nil && is == (scan.Recognised{}) && f.met && !isTable(f.path) {
			fmt.Fprintf(p.stderr, "%s: this is of none of the formats that are read.\n", f.path)
			continue
		}
		if err == nil && is.None != "" {
			fmt.Fprintln(p.stderr, i18n.T(ctx, is.None, "place", f.path))
			if !f.met {
				refused = append(refused, f.path)
			}
			continue
		}
		group, open := groups[is.Format]
		if !open || is.Format == "" {
			group = &incoming{met: f.met}
			groups[is.Format], imports = group, append(imports, group)
		}
		group.parts = append(group.parts, f.path)
		if group.path = group.parts[0]; group.path == "-" {
			group.path = "stdin"
		}
		if len(group.parts) > 1 {
			group.path += fmt.Sprintf(" + %d", len(group.parts)-1)
		}
	}
	return imports, refused
}

// recognise looks at the first bytes of a file.
func (p *program) recognise(path string) (scan.Recognised, error) {
	file, err := p.openFile(path)
	if err != nil {
		return scan.Recognised{}, err
	}
	if info, err := os.Stat(path); path == "-" || err == nil && !info.Mode().IsRegular() {
		return p.recogniseOnce(path, file)
	}
	defer func() { _ = file.Close() }() // nothing was written
	first := make([]byte, scan.HeadSize)
	n, err := io.ReadFull(file, first)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return scan.Recognised{}, err
	}
	return scan.Recognise(first[:n]), nil
}

// recogniseOnce keeps what cannot be opened a second time, with the bytes that were looked at, for openFile.
func (p *program) recogniseOnce(path string, file io.ReadCloser) (scan.Recognised, error) {
	content := bufio.NewReaderSize(file, scan.HeadSize)
	first, err := content.Peek(scan.HeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return scan.Recognised{}, errors.Join(err, file.Close())
	}
	if p.opened == nil {
		p.opened = map[string]io.ReadCloser{}
	}
	p.opened[path] = struct {
		io.Reader
		io.Closer
	}{content, file}
	return scan.Recognise(first), nil
}

func (p *program) importOne(ctx context.Context, st *store.Store, by domain.Actor, in *incoming, r job.ImportRequest) error {
	var files []job.ImportFile
	for _, path := range in.parts {
		name := filepath.Base(path)
		if path == "-" {
			name = "stdin"
		}
		files = append(files, job.ImportFile{Name: name, Open: func() (io.ReadCloser, error) { return p.openFile(path) }})
	}
	rows := 0
	i, err := job.ImportFiles(ctx, st, by, files, r, func(problem domain.RowProblem) error {
		rows++
		fmt.Fprintf(p.stderr, "%s: %s\n", problemPlace(in.path, problem), i18n.T(ctx, problem.Key, pairs(problem.Args)...))
		return nil
	})
	if err != nil {
		return err
	}
	switch i.State {
	case domain.ImportApplied, domain.ImportPreviewed:
	case domain.ImportMapping:
		if i.Headings.Document {
			return errors.New("its files do not say which application they describe: name it with -application")
		}
		if missing := missingFlags(i); missing != "" {
			return errors.New(missing)
		}
		return errors.New("its columns could not be told apart: rename the headings, or bring it in with the browser, where each column can be named")
	default:
		if i.Problem != nil {
			return &domain.Error{Kind: domain.Invalid, Key: i.Problem.Key, Args: i.Problem.Args}
		}
		return fmt.Errorf("it was not taken (%s)", i.State)
	}
	p.tellImport(ctx, in.path, i, rows, r.DryRun)
	return nil
}

// problemPlace says where a problem is.
func problemPlace(file string, problem domain.RowProblem) string {
	if problem.Place != "" {
		return problem.Place
	}
	place := fmt.Sprintf("%s, line %d", file, problem.Line)
	if problem.Column != "" {
		place += ", column " + problem.Column
	}
	return place
}

// tellImport says what an import did, which of its files describe no fields, and what was left out.
func (p *program) tellImport(ctx context.Context, name string, i domain.Import, rows int, dry bool) {
	for _, f := range i.Headings.Files {
		if f.Fields == 0 && !f.Helps {
			fmt.Fprintln(p.stderr, i18n.T(ctx, "scan.error.no_fields", "place", f.Name))
		}
	}
	for _, n := range i.Headings.Notes {
		fmt.Fprintf(p.stderr, "%s: %s\n", name, i18n.T(ctx, "scan.note."+n.Key, "n", n.N, "place", n.Place))
	}
	columns, measures := i.LeftOut()
	if len(columns) > 0 {
		fmt.Fprintf(p.stderr, "%s: %s\n", name, i18n.T(ctx, "import.left_out.columns", "n", len(columns), "names", strings.Join(columns, ", ")))
	}
	if len(measures) > 0 {
		fmt.Fprintf(p.stderr, "%s: %s\n", name, i18n.T(ctx, "import.left_out.measures", "n", len(measures), "names", strings.Join(measures, ", ")))
	}
	var counts []string
	for _, change := range domain.ImportChanges(i.Kind) {
		if n := i.Counts[string(change)]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, change))
		}
	}
	if n := i.Counts[domain.CountFlows]; n > 0 {
		counts = append(counts, fmt.Sprintf("%d flows", n))
	}
	if rows == 1 {
		counts = append(counts, "1 problem")
	} else if rows > 0 {
		counts = append(counts, fmt.Sprintf("%d problems", rows))
	}
	if len(counts) == 0 {
		counts = []string{"nothing to change"}
	}
	done := "brought in"
	if dry {
		done = "compared, nothing written"
	}
	if i.Headings.Asks && i.ApplicationName != "" {
		done += " as " + i.ApplicationName
	}
	fmt.Fprintf(p.stdout, "%s %s: %s\n", name, done, strings.Join(counts, ", "))
}

// missingFlags says what a file leaves open that a flag can tell; empty where its columns themselves are not understood.
func missingFlags(i domain.Import) string {
	open, ok := errors.AsType[*domain.Error](i.Plan.Check(i.Headings.Headings))
	if !ok || open.Fields["targets"].Key != "" {
		return ""
	}
	var said []string
	for _, f := range []struct{ field, sentence string }{
		{"application", "no column names the application: name it with -application"},
		{"dataset", "no column names the dataset: name it with -dataset"},
		{"measured_on", "no column says on which day this was measured: say it with -measured-on"},
	} {
		if _, missing := open.Fields[f.field]; missing {
			said = append(said, f.sentence)
		}
	}
	return strings.Join(said, "; ")
}

func (p *program) importWorkspace(ctx context.Context, in io.Reader, slug, name string) error {
	return p.withStore(ctx, func(st *store.Store) error {
		w, err := st.ImportWorkspace(ctx, domain.Operator(domain.Workspace{}), in, store.ImportOptions{Slug: slug, Name: name})
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Brought in the workspace %s (%s).\n", w.Slug, w.Name)
		return p.tellMembers(ctx, st, w)
	})
}

// tellMembers says whom of a workspace that was brought in the installation knew, and how many cannot sign in.
func (p *program) tellMembers(ctx context.Context, st *store.Store, w domain.Workspace) error {
	members := func(access domain.MemberAccess) (domain.List, error) {
		return st.Rows(ctx, domain.Operator(w), domain.MemberRegister.Name,
			domain.ListQuery{Filters: map[string][]string{"access": {string(access)}}, Size: 200})
	}
	known, err := members(domain.AccessOpen)
	if err != nil {
		return err
	}
	for _, r := range known.Rows {
		fmt.Fprintf(p.stdout, "%v has an account here, under the name %v: %v.\n", r.Cells["email"], r.Cells["name"], r.Cells["role"])
	}
	if never, err := members(domain.AccessNever); err != nil || never.Total.N > 0 {
		fmt.Fprintf(p.stdout, "Members without a password yet: %d. Invite them from their page, or give them one with server user password.\n", never.Total.N)
		return err
	}
	return nil
}

// readFile lets f read the file of that name, or standard input for "-".
func (p *program) readFile(name string, f func(io.Reader) error) error {
	file, err := p.openFile(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // nothing was written
	return f(file)
}

func (p *program) openFile(name string) (io.ReadCloser, error) {
	if file, ok := p.opened[name]; ok {
		delete(p.opened, name)
		return file, nil
	}
	if name == "-" {
		return io.NopCloser(p.stdin), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", name, err)
	}
	return file, nil
}

var importRecordCommand = command{
	name: "import record", args: "-workspace SLUG [-replace] [-dry-run] FILE", summary: "bring in an existing record of processing (XLSX or ODS, the CNIL's model)",
	help: `The workbook is one in the CNIL's model of the record, or one of server export record. New purposes are drafts; what is empty is
filled in and lists grow. What somebody wrote otherwise stays, and is named, unless -replace is given. All is written at once, as
one act that can be undone in the browser. The same file again changes nothing.`,
	flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
		workspace := fs.String("workspace", "", "slug of the workspace")
		replace := fs.Bool("replace", false, "the words of the file take the place of those that stand")
		dry := fs.Bool("dry-run", false, "compare only: tell what would change and write nothing")
		return func(ctx context.Context, p *program, args []string) error {
			path, err := oneArg(args, "file")
			if err != nil {
				return err
			}
			return p.withWorkspace(ctx, *workspace, func(st *store.Store, by domain.Actor, _ domain.Workspace) error {
				return p.importRecord(ctx, st, by, path, *replace, *dry)
			})
		}
	},
}

func (p *program) importRecord(ctx context.Context, st *store.Store, by domain.Actor, path string, replace, dry bool) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", path, err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", path, err)
	}
	name := filepath.Base(path)
	found, err := scan.RecordFile(file, info.Size(), web.RecordVocabulary())
	if err != nil {
		return fmt.Errorf("%s: %s", name, sentence(ctx, err))
	}
	plan, err := st.RecordPlan(ctx, by, found)
	if err != nil {
		return err
	}
	remarks := found.Remarks
	for _, s := range found.Sheets {
		remarks = append(remarks, s.Remarks...)
	}
	for _, r := range remarks {
		fmt.Fprintf(p.stderr, "%s %s: %s %s\n", r.Sheet, r.Cell, i18n.T(ctx, "record_import.remark."+r.Key), r.Text)
	}
	for _, e := range plan.Entries {
		if e.Outcome == domain.RecordUnusable {
			fmt.Fprintf(p.stderr, "%s %s: %s %s\n", e.Found.Sheet, e.Found.Cell, e.Field, i18n.TArgs(ctx, e.Why.Key, e.Why.Args))
		}
		for _, v := range e.Replaces {
			if !replace {
				fmt.Fprintf(p.stderr, "%s: %s is kept as it is here\n", e.Purpose.Code, v.Name)
			}
		}
	}
	var counts []string
	for _, outcome := range domain.RecordOutcomes {
		if n := plan.Counts()[outcome]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, outcome))
		}
	}
	done := "compared, nothing written"
	if !dry {
		done = "brought in"
		id, err := st.AddRecordImport(ctx, by, name, info.Size(), found)
		if err != nil {
			return err
		}
		batch, err := st.ApplyRecordImport(ctx, by, id, "", domain.RecordChoice{All: replace})
		if err != nil {
			return err
		}
		if batch == 0 {
			done = "nothing to change"
			if err := st.RemoveRecordImport(ctx, by, id); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(p.stdout, "%s %s: %s\n", name, done, strings.Join(counts, ", "))
	return nil
}
