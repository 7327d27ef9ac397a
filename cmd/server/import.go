package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/job"
	"utile/internal/store"
)

var importCommands = []command{
	importCommand("import", "", "bring in inventories of columns, or measures of them: CSV or XLSX, headings in any order",
		`Each file is compared with the register and applied as a whole, or refused as a whole. Bringing in the same file again
changes nothing; what people decided is never overwritten. Rows that were not taken are listed with line, column and reason. A file whose
columns only name fields and measure them is evidence, as in server import evidence.`),
	importCommand("import evidence", domain.ImportEvidence, "bring in measured facts about fields: reads, fill rates, last writes",
		"Measures are matched to fields by application, dataset and name, and never replace newer ones."),
	{
		name: "import workspace", args: "FILE -as SLUG", summary: "make a new workspace of an exported file",
		help: `All of the file is brought in, or nothing. People whom this installation does not know get accounts that cannot sign in
until they have a password (server user password). FILE may be - for standard input.`,
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
				}
				return p.withWorkspace(ctx, *workspace, func(st *store.Store, by domain.Actor, _ domain.Workspace) error {
					return p.importFiles(ctx, st, by, plan, *dry, files)
				})
			}
		},
	}
}

// importFiles brings in one file after the other; one that is refused does not keep the others out.
func (p *program) importFiles(ctx context.Context, st *store.Store, by domain.Actor, plan domain.ImportPlan, dry bool, files []string) error {
	var refused []string
	for _, file := range files {
		err := p.readFile(file, func(in io.Reader) error {
			name := filepath.Base(file)
			if file == "-" {
				name = "stdin"
			}
			return p.importFile(ctx, st, by, in, job.ImportRequest{FileName: name, Plan: plan, DryRun: dry})
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(p.stderr, "%s: %s\n", file, sentence(ctx, err))
			refused = append(refused, file)
		}
	}
	if len(refused) > 0 {
		return fmt.Errorf("%d of %d files were not brought in: %s", len(refused), len(files), strings.Join(refused, ", "))
	}
	return nil
}

func (p *program) importFile(ctx context.Context, st *store.Store, by domain.Actor, in io.Reader, r job.ImportRequest) error {
	rows := 0
	i, err := job.Import(ctx, st, by, in, r, func(problem domain.RowProblem) error {
		rows++
		place := fmt.Sprintf("line %d", problem.Line)
		if problem.Column != "" {
			place += ", column " + problem.Column
		}
		fmt.Fprintf(p.stderr, "%s, %s: %s\n", r.FileName, place, i18n.T(ctx, problem.Key, pairs(problem.Args)...))
		return nil
	})
	if err != nil {
		return err
	}
	switch i.State {
	case domain.ImportApplied, domain.ImportPreviewed:
	case domain.ImportMapping:
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
	var counts []string
	for _, change := range domain.ImportChanges(i.Kind) {
		if n := i.Counts[string(change)]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, change))
		}
	}
	if rows > 0 {
		counts = append(counts, fmt.Sprintf("%d rows not taken", rows))
	}
	if len(counts) == 0 {
		counts = []string{"nothing to change"}
	}
	done := "brought in"
	if r.DryRun {
		done = "compared, nothing written"
	}
	fmt.Fprintf(p.stdout, "%s %s: %s\n", r.FileName, done, strings.Join(counts, ", "))
	return nil
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
		return nil
	})
}

// readFile lets f read the file of that name, or standard input for "-".
func (p *program) readFile(name string, f func(io.Reader) error) error {
	if name == "-" {
		return f(p.stdin)
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", name, err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	return f(file)
}
