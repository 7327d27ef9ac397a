package job

import (
	"context"
	"errors"
	"io"

	"utile/internal/domain"
	"utile/internal/store"
)

// ImportFile is a file that comes in.
type ImportFile struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// ImportRequest is one import to do at once, without a person who looks at a preview.
type ImportRequest struct {
	FileName string // of an import of one file
	Plan     domain.ImportPlan
	// Proposed takes the application that a format proposes, where the files do not name one and the plan neither.
	Proposed bool
	// Targets says what columns tell, by heading, where guessing would not find out.
	Targets map[string]domain.ScanTarget
	// DryRun only compares: nothing is written, and the import is given up.
	DryRun bool
}

// Import is ImportFiles for one file.
func Import(ctx context.Context, st *store.Store, by domain.Actor, file io.Reader, r ImportRequest, problems func(domain.RowProblem) error) (domain.Import, error) {
	one := ImportFile{Name: r.FileName, Open: func() (io.ReadCloser, error) { return io.NopCloser(file), nil }}
	return ImportFiles(ctx, st, by, []ImportFile{one}, r, problems)
}

// ImportFiles receives the files of one import, compares them with the register and applies them, in the calling process. The import that it returns
// tells what was done: applied or previewed (DryRun), failed with its Problem, or mapping where the columns could not be
// told apart. Use store.EachImportProblem for the rows that were not taken; of a dry run, problems tells them.
func ImportFiles(ctx context.Context, st *store.Store, by domain.Actor, files []ImportFile, r ImportRequest, problems func(domain.RowProblem) error) (domain.Import, error) {
	id, err := receive(ctx, st, by, files, r.Plan)
	if err != nil {
		return domain.Import{}, err
	}
	i, err := compareNow(ctx, st, by, id, r)
	if err != nil {
		return i, errors.Join(err, st.FailImport(context.WithoutCancel(ctx), by, id, domain.Problem{Key: "import.error.internal"}))
	}
	if problems != nil && i.State == domain.ImportPreviewed {
		if err := st.EachImportProblem(ctx, by, id, problems); err != nil {
			return i, err
		}
	}
	switch {
	case i.State == domain.ImportMapping, i.State == domain.ImportPreviewed && r.DryRun:
		return i, st.CancelImport(ctx, by, id)
	case i.State != domain.ImportPreviewed:
		return i, nil
	}
	return applyNow(ctx, st, by, id)
}

func receive(ctx context.Context, st *store.Store, by domain.Actor, files []ImportFile, plan domain.ImportPlan) (domain.ImportID, error) {
	id, err := st.AddImport(ctx, by, files[0].Name, plan)
	if err != nil {
		return 0, err
	}
	for n, f := range files {
		content, err := f.Open()
		if err != nil {
			return id, errors.Join(err, st.CancelImport(context.WithoutCancel(ctx), by, id))
		}
		taken, err := st.ReceiveImportFile(ctx, by, id, n, f.Name, content)
		_ = content.Close() // nothing was written
		if err != nil || !taken {
			return id, err
		}
	}
	return id, st.StartImport(ctx, by, id, false)
}

func compareNow(ctx context.Context, st *store.Store, by domain.Actor, id domain.ImportID, r ImportRequest) (domain.Import, error) {
	if err := goOn(ctx, st, by, id, false); err != nil {
		return domain.Import{}, err
	}
	i, err := st.ImportByID(ctx, by, id)
	if err != nil {
		return i, err
	}
	if i.Headings.Document {
		return acceptProposal(ctx, st, by, i, r)
	}
	if len(r.Targets) == 0 || len(i.Headings.Headings) == 0 {
		return i, nil
	}
	plan := i.Plan
	for n, heading := range i.Headings.Headings {
		if t, said := r.Targets[heading]; said {
			plan.Targets[n] = t
		}
	}
	if r.Plan.Kind == "" {
		plan.Kind = domain.KindOf(plan.Targets)
	}
	switch err := st.PlanImport(ctx, by, id, plan, false); {
	case errors.Is(err, domain.Invalid):
		return i, nil // what is missing, the import says already
	case err != nil:
		return i, err
	}
	if err := goOn(ctx, st, by, id, false); err != nil {
		return i, err
	}
	return st.ImportByID(ctx, by, id)
}

// acceptProposal answers with the name that the format proposes where an import waits for its application.
func acceptProposal(ctx context.Context, st *store.Store, by domain.Actor, i domain.Import, r ImportRequest) (domain.Import, error) {
	if i.State != domain.ImportMapping || !r.Proposed || i.Plan.ApplicationName == "" {
		return i, nil
	}
	if err := st.PlanImport(ctx, by, i.ID, i.Plan, false); err != nil {
		return i, err
	}
	if err := goOn(ctx, st, by, i.ID, false); err != nil {
		return i, err
	}
	return st.ImportByID(ctx, by, i.ID)
}

// applyNow applies a comparison, and compares again as often as the register changes in between, within reason.
func applyNow(ctx context.Context, st *store.Store, by domain.Actor, id domain.ImportID) (domain.Import, error) {
	for range 5 {
		if err := st.AskImportApply(ctx, by, id, false); err != nil {
			return domain.Import{}, err
		}
		applied, err := st.ApplyImport(ctx, by, id, false)
		if err != nil {
			return domain.Import{}, errors.Join(err, st.FailImport(context.WithoutCancel(ctx), by, id, domain.Problem{Key: "import.error.internal"}))
		}
		if !applied {
			if err := goOn(ctx, st, by, id, false); err != nil {
				return domain.Import{}, err
			}
		}
		i, err := st.ImportByID(ctx, by, id)
		if err != nil || applied || i.State != domain.ImportPreviewed {
			return i, err
		}
	}
	return domain.Import{}, domain.Errorf(domain.Conflict, "import.error.stale")
}
