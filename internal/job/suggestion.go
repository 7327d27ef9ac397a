package job

import (
	"context"

	"github.com/riverqueue/river"

	"utile/internal/store"
)

// suggestionWorker makes the suggestions that are due in a workspace.
type suggestionWorker struct {
	river.WorkerDefaults[store.SuggestionJob]
	store *store.Store
}

// Work may be broken off and run again at any time: each chunk is a transaction of its own that takes its notes away.
func (w *suggestionWorker) Work(ctx context.Context, job *river.Job[store.SuggestionJob]) error {
	return w.store.WorkOffSuggestions(ctx, job.Args.Actor())
}
