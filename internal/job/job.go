// Package job does the work that no request waits for: it runs the queue of jobs and knows what each of them does. It
// renders nothing.
package job

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"utile/internal/store"
)

const (
	importWorkers = 4
	batchWorkers  = 4
	// suggestionWorkers is one: making suggestions takes a processor, and pages are to be answered meanwhile.
	suggestionWorkers = 1
	workTimeout       = 30 * time.Minute
	// requeueEvery is how often work of a process that died is looked for.
	requeueEvery = 30 * time.Second
)

// Runner works off the queue, in this process, beside those of other processes on the same database.
type Runner struct {
	store  *store.Store
	log    *slog.Logger
	client *river.Client[pgx.Tx]
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// New prepares a runner on the store's own pool.
func New(st *store.Store, log *slog.Logger) (*Runner, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &Runner{store: st, log: log}
	workers := river.NewWorkers()
	river.AddWorker(workers, &importWorker{store: st, log: log})
	river.AddWorker(workers, &batchWorker{store: st, log: log})
	river.AddWorker(workers, &suggestionWorker{store: st})
	client, err := river.NewClient(riverpgxv5.New(st.Pool()), &river.Config{
		Schema: store.RiverSchema,
		Queues: map[string]river.QueueConfig{store.ImportQueue: {MaxWorkers: importWorkers}, store.BatchQueue: {MaxWorkers: batchWorkers},
			store.SuggestionQueue: {MaxWorkers: suggestionWorkers}},
		Workers:           workers,
		FetchCooldown:     5 * time.Millisecond,
		FetchPollInterval: time.Second,
		JobTimeout:        workTimeout,
		ReindexerSchedule: river.NeverSchedule(), // the indexes are their owner's, who is not at work here; finished jobs go within a day
		Logger:            slog.New(&quietHandler{log.Handler()}),
	})
	r.client = client
	return r, err
}

// Start begins to work off the queue, until Stop. Work whose worker died is taken up again.
func (r *Runner) Start(ctx context.Context) error {
	if err := r.client.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	watch, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	r.done.Go(func() {
		tick := time.NewTicker(requeueEvery)
		defer tick.Stop()
		for {
			if err := r.store.Requeue(watch); err != nil && watch.Err() == nil {
				r.log.ErrorContext(watch, "work not queued again", "error", err)
			}
			if err := r.store.RequeueSuggestions(watch); err != nil && watch.Err() == nil {
				r.log.ErrorContext(watch, "suggestions not queued again", "error", err)
			}
			select {
			case <-watch.Done():
				return
			case <-tick.C:
			}
		}
	})
	return nil
}

// Stop lets work under way end, as long as ctx allows, and then breaks it off: its transaction rolls back, and another
// process takes it up again.
func (r *Runner) Stop(ctx context.Context) error {
	if r.stop != nil {
		r.stop()
	}
	err := r.client.Stop(ctx)
	if err != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = r.client.StopAndCancel(hard)
	}
	r.done.Wait()
	return err
}

// quietHandler leaves the queue's own chatter out of the log: only what goes wrong is told.
type quietHandler struct{ slog.Handler }

func (h *quietHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}
