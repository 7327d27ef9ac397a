package job

import (
	"context"
	"errors"
	"log/slog"

	"github.com/riverqueue/river"

	"utile/internal/domain"
	"utile/internal/store"
)

// batchWorker carries out an act on many fields, or undoes it.
type batchWorker struct {
	river.WorkerDefaults[store.BatchJob]
	store *store.Store
	log   *slog.Logger
}

// Work does what the state of the batch asks for. A batch that somebody gave up meanwhile asks for nothing.
func (w *batchWorker) Work(ctx context.Context, job *river.Job[store.BatchJob]) error {
	by, id := job.Args.Actor(), job.Args.Batch
	err := w.store.WorkBatch(ctx, by, id)
	if err == nil || errors.Is(err, domain.NotFound) {
		return nil
	}
	w.log.ErrorContext(ctx, "batch failed", "error", err, "batch", int64(id), "workspace", int64(by.Workspace), "attempt", job.Attempt)
	if job.Attempt < job.MaxAttempts {
		return err
	}
	return errors.Join(err, w.store.FailBatch(context.WithoutCancel(ctx), by, id, domain.Problem{Key: "batch.problem.internal"}))
}
