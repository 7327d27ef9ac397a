package job

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"

	"utile/internal/domain"
	"utile/internal/sheet"
	"utile/internal/store"
)

// Receive takes in a file piece by piece, whatever its size, and opens an import for it. A file over the limit is refused
// when the limit is passed, not when it has come in full: the import says so, and nothing of the file is kept. Queue has a
// job read it; else the caller goes on with Finish.
func Receive(ctx context.Context, st *store.Store, by domain.Actor, fileName string, plan domain.ImportPlan, file io.Reader, queue bool) (domain.ImportID, error) {
	id, err := st.AddImport(ctx, by, fileName, plan)
	if err != nil {
		return 0, err
	}
	size, sum, err := receive(ctx, st, by, id, file)
	switch {
	case errors.Is(err, sheet.TooLarge):
		return id, st.FailImport(ctx, by, id, domain.Problem{Key: "sheet.error.file_size", Args: domain.Args("most", sheet.DefaultLimits.File)})
	case err != nil:
		return id, errors.Join(err, st.CancelImport(context.WithoutCancel(ctx), by, id))
	}
	return id, st.StartImport(ctx, by, id, size, sum, queue)
}

func receive(ctx context.Context, st *store.Store, by domain.Actor, id domain.ImportID, file io.Reader) (size int64, sum []byte, err error) {
	chunk, hash := make([]byte, store.ImportChunkSize), sha256.New()
	for n := 0; ; n++ {
		read, err := io.ReadFull(file, chunk)
		if size += int64(read); size > sheet.DefaultLimits.File {
			return size, nil, sheet.TooLarge
		}
		if read > 0 {
			_, _ = hash.Write(chunk[:read]) // never fails
			if err := st.AddImportChunk(ctx, by, id, n, chunk[:read]); err != nil {
				return size, nil, err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return size, hash.Sum(nil), nil
		case err != nil:
			return size, nil, err
		}
	}
}

// ImportRequest is one file to import at once, without a person who looks at a preview.
type ImportRequest struct {
	FileName string
	Plan     domain.ImportPlan
	// Targets says what columns tell, by heading, where guessing would not find out.
	Targets map[string]domain.ScanTarget
	// DryRun only compares: nothing is written, and the import is given up.
	DryRun bool
}

// Import receives a file, compares it with the register and applies it, in the calling process. The import that it returns
// tells what was done: applied or previewed (DryRun), failed with its Problem, or mapping where the columns could not be
// told apart. Use store.EachImportProblem for the rows that were not taken; of a dry run, problems tells them.
func Import(ctx context.Context, st *store.Store, by domain.Actor, file io.Reader, r ImportRequest, problems func(domain.RowProblem) error) (domain.Import, error) {
	id, err := Receive(ctx, st, by, r.FileName, r.Plan, file, false)
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

func compareNow(ctx context.Context, st *store.Store, by domain.Actor, id domain.ImportID, r ImportRequest) (domain.Import, error) {
	if err := goOn(ctx, st, by, id, false); err != nil {
		return domain.Import{}, err
	}
	i, err := st.ImportByID(ctx, by, id)
	if err != nil || len(r.Targets) == 0 || len(i.Headings.Headings) == 0 {
		return i, err
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

// applyNow applies a comparison, and compares again as often as the register changes in between, within reason.
func applyNow(ctx context.Context, st *store.Store, by domain.Actor, id domain.ImportID) (domain.Import, error) {
	for range 5 {
		if err := st.AskImportApply(ctx, by, id, nil, false); err != nil {
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
