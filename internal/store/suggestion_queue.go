package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"utile/internal/domain"
)

// SuggestionQueue is the queue of suggestions, beside that of imports: neither waits for the other.
const SuggestionQueue = "suggestions"

// SuggestionJob asks a worker to make the suggestions of a workspace that are due. What is due, the database says, so one
// job at a time is enough for a workspace.
type SuggestionJob struct {
	Workspace domain.WorkspaceID
}

// Actor is the server itself.
func (j SuggestionJob) Actor() domain.Actor {
	return domain.Actor{Workspace: j.Workspace, Name: domain.OperatorName, Operator: true}
}

// Kind names the job in the queue.
func (SuggestionJob) Kind() string { return "suggest" }

// unfinishedJobs are the states of a job that will still look at what is due.
var unfinishedJobs = []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
	rivertype.JobStateRunning, rivertype.JobStateScheduled}

// suggestLater leaves the suggestions of datasets to a job.
func (s *Store) suggestLater(ctx context.Context, by domain.Actor, datasets []int64) error {
	if err := s.markSuggestionsDue(ctx, by, datasets); err != nil {
		return err
	}
	return s.queueSuggestions(ctx, by)
}

// markSuggestionsDue notes what has to be made again: datasets, or the whole workspace where that is nil.
func (s *Store) markSuggestionsDue(ctx context.Context, by domain.Actor, datasets []int64) error {
	sql, args := `insert into suggestion_due (workspace_id) values (@ws)`, pgx.StrictNamedArgs{"ws": by.Workspace}
	if datasets != nil {
		sql = `insert into suggestion_due (workspace_id, dataset_id) select distinct @ws::bigint, id from unnest(@datasets::bigint[]) id`
		args["datasets"] = datasets
	}
	_, err := s.exec(ctx, "suggestion", sql, args)
	return err
}

// queueSuggestions has a worker make what is due, if the transaction commits. Where one is already asked for or under way
// it does that too: a worker ends only when nothing is due, and what it does not see any more RequeueSuggestions finds.
func (s *Store) queueSuggestions(ctx context.Context, by domain.Actor) error {
	client, err := inserter()
	if err != nil {
		return err
	}
	_, err = client.InsertTx(ctx, s.db.(pgx.Tx), SuggestionJob{by.Workspace}, &river.InsertOpts{Queue: SuggestionQueue, MaxAttempts: 5,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinishedJobs}})
	return err
}

// RequeueSuggestions asks for what is due in every workspace and not being worked on: what a process that died left, and,
// once after an upgrade, everything that an older classifier made.
func (s *Store) RequeueSuggestions(ctx context.Context) error {
	workspaces, err := many[domain.WorkspaceID](ctx, s, "workspace", `select id from workspace order by id`, pgx.StrictNamedArgs{})
	if err != nil {
		return err
	}
	for _, ws := range workspaces {
		if err := s.requeueSuggestions(ctx, SuggestionJob{ws}.Actor()); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) requeueSuggestions(ctx context.Context, by domain.Actor) error {
	return s.Write(ctx, by, func(s *Store) error {
		type state struct {
			Due     bool `db:"due"`
			Current bool `db:"current"`
		}
		st, err := one[state](ctx, s, "suggestion", `select exists (select from suggestion_due where workspace_id = @ws) as due,
			exists (select from suggestion_run where workspace_id = @ws and classifier_version = @version) as current`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "version": ClassifierVersion})
		if err != nil || st.Current && !st.Due {
			return err
		}
		if st.Due {
			if err := s.reviveSuggestions(ctx, by); err != nil {
				return err
			}
			return s.queueSuggestions(ctx, by)
		}
		return s.suggestAll(ctx, by)
	})
}

// suggestWorkers is the class of the advisory locks that a worker holds for as long as it makes the suggestions of a
// workspace. They belong to its connection: they go with it, however it ends.
const suggestWorkers = 727015

// reviveSuggestions makes the job of a worker that died available again. The queue itself takes a running job for dead only
// after its time limit and an hour, and until then would take no other of the same workspace. A job that a worker has taken
// up but not begun may be revived too: whoever comes second has nothing to do.
func (s *Store) reviveSuggestions(ctx context.Context, by domain.Actor) error {
	_, err := s.exec(ctx, "suggestion", `update `+riverSchema+`.river_job
		set state = 'available', scheduled_at = now(), max_attempts = greatest(max_attempts, attempt + 1)
		where kind = @kind and state = 'running' and args @> jsonb_build_object('Workspace', @ws::bigint)
			and not exists (select from pg_locks where locktype = 'advisory' and objsubid = 2 and granted
				and database = (select oid from pg_database where datname = current_database())
				and classid = @class::bigint::oid and objid = (hashint8(@ws)::bigint & 4294967295)::oid)`,
		pgx.StrictNamedArgs{"kind": SuggestionJob{}.Kind(), "ws": int64(by.Workspace), "class": suggestWorkers})
	return err
}

// asOnlyWorker runs f unless a living worker already makes the suggestions of the workspace, here or in another process.
func (s *Store) asOnlyWorker(ctx context.Context, by domain.Actor, f func() error) (err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return translate("suggestion", err)
	}
	defer conn.Release()
	var free bool
	if err := conn.QueryRow(ctx, `select pg_try_advisory_lock($1, hashint8($2))`, suggestWorkers, int64(by.Workspace)).Scan(&free); err != nil || !free {
		return translate("suggestion", err)
	}
	defer func() {
		after := context.WithoutCancel(ctx)
		if _, wrong := conn.Exec(after, `select pg_advisory_unlock($1, hashint8($2))`, suggestWorkers, int64(by.Workspace)); wrong != nil {
			_ = conn.Conn().Close(after) // the lock goes with the connection
		}
	}()
	return f()
}

// dueSuggestions are the notes of one dataset, or of the whole workspace (zero).
type dueSuggestions struct {
	Dataset int64   `db:"dataset_id"`
	Notes   []int64 `db:"notes"`
	Fields  int     `db:"fields"`
}

// WorkOffSuggestions makes everything that is due in the actor's workspace, chunk by chunk, until nothing is. What was done
// stays done where it is broken off.
func (s *Store) WorkOffSuggestions(ctx context.Context, by domain.Actor) error {
	return s.asOnlyWorker(ctx, by, func() error {
		for {
			more, err := s.suggestionRound(ctx, by)
			if err != nil || !more {
				return err
			}
		}
	})
}

// suggestionRound makes what is due at its beginning, with what people had answered by then. Whatever is noted meanwhile is
// for the next round, so that no answer is lost between the two.
func (s *Store) suggestionRound(ctx context.Context, by domain.Actor) (more bool, err error) {
	var due []dueSuggestions
	var r *suggester
	err = s.Write(ctx, by, func(s *Store) error {
		if err := s.lockSuggestions(ctx, by); err != nil {
			return err
		}
		notes, err := one[int](ctx, s, "suggestion", `select count(*) from suggestion_due where workspace_id = @ws`, pgx.StrictNamedArgs{"ws": by.Workspace})
		if err != nil {
			return err
		}
		err = s.wide(ctx, notes, func() error {
			due, err = many[dueSuggestions](ctx, s, "suggestion", `
				select coalesce(u.dataset_id, 0) as dataset_id, u.notes, coalesce(n.fields, 0)::int as fields
				from (select dataset_id, array_agg(id) as notes from suggestion_due where workspace_id = @ws group by dataset_id) u
				left join (select dataset_id, count(*) as fields from field where workspace_id = @ws and state = 'active'
					and dataset_id in (select dataset_id from suggestion_due where workspace_id = @ws) group by 1) n on n.dataset_id = u.dataset_id
				order by 1`, pgx.StrictNamedArgs{"ws": by.Workspace})
			return err
		})
		if err != nil || len(due) == 0 {
			return err
		}
		if due[0].Dataset == 0 {
			return s.spreadSuggestions(ctx, by, due[0].Notes)
		}
		if r, err = s.suggester(ctx, by); err != nil {
			return err
		}
		_, err = r.remember(ctx, nil)
		return err
	})
	if err != nil || len(due) == 0 {
		return false, err
	}
	if due[0].Dataset == 0 {
		return true, nil
	}
	written := 0
	for len(due) > 0 {
		n, fields := 0, 0
		for n < len(due) && (n == 0 || fields+due[n].Fields <= suggestChunk) {
			fields += due[n].Fields
			n++
		}
		if err := s.suggestionChunk(ctx, by, r, due[:n]); err != nil {
			return false, err
		}
		due, written = due[n:], written+fields
	}
	if written >= suggestChunk {
		// The page that a person opens next would be planned as if there were no suggestions yet. That it is slower until the
		// database notices by itself is all that a failure costs.
		_, _ = s.exec(ctx, "suggestion", `select refresh_statistics('field_suggestion')`, pgx.StrictNamedArgs{})
	}
	return true, s.foldSuggestions(ctx, by)
}

// spreadSuggestions makes of a note for the whole workspace one for each of its datasets, and notes which classifier goes
// through it.
func (s *Store) spreadSuggestions(ctx context.Context, by domain.Actor, notes []int64) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "notes": notes}
	if _, err := s.exec(ctx, "suggestion", `delete from suggestion_due where workspace_id = @ws and id = any(@notes)`, args); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "suggestion", `insert into suggestion_due (workspace_id, dataset_id)
		select workspace_id, id from dataset where workspace_id = @ws order by id`, pgx.StrictNamedArgs{"ws": by.Workspace}); err != nil {
		return err
	}
	return s.keepSuggestionRun(ctx, by)
}

// keepSuggestionRun notes that this version of the classifier is going through the whole workspace.
func (s *Store) keepSuggestionRun(ctx context.Context, by domain.Actor) error {
	_, err := s.exec(ctx, "suggestion", `insert into suggestion_run (workspace_id, classifier_version) values (@ws, @version)
		on conflict (workspace_id) do update set classifier_version = excluded.classifier_version, ended_at = clock_timestamp()`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "version": ClassifierVersion})
	return err
}

func (s *Store) lockSuggestions(ctx context.Context, by domain.Actor) error {
	_, err := s.exec(ctx, "suggestion", `select pg_advisory_xact_lock(@class, hashint8(@ws))`,
		pgx.StrictNamedArgs{"class": suggestLocks, "ws": int64(by.Workspace)})
	return err
}

// suggestionChunk makes the suggestions of some datasets and takes their notes away, in one transaction.
func (s *Store) suggestionChunk(ctx context.Context, by domain.Actor, r *suggester, due []dueSuggestions) error {
	return s.Write(ctx, by, func(s *Store) error {
		if err := s.lockSuggestions(ctx, by); err != nil {
			return err
		}
		var datasets, notes []int64
		for _, d := range due {
			datasets, notes = append(datasets, d.Dataset), append(notes, d.Notes...)
		}
		fields, err := s.suggestionFields(ctx, by, datasets)
		if err != nil {
			return err
		}
		here := *r
		here.s = s
		if err := here.store(ctx, datasets, fields); err != nil {
			return err
		}
		_, err = s.exec(ctx, "suggestion", `delete from suggestion_due where workspace_id = @ws and id = any(@notes)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "notes": notes})
		return err
	})
}

// foldSuggestions sums the deltas of the counters into one row, where there are several.
func (s *Store) foldSuggestions(ctx context.Context, by domain.Actor) error {
	return s.Write(ctx, by, func(s *Store) error {
		_, err := s.exec(ctx, "suggestion", `
			with taken as (
				delete from suggestion_count where workspace_id = @ws and (select count(*) from suggestion_count where workspace_id = @ws) > 1
				returning suggested, unsuggested
			)
			insert into suggestion_count (workspace_id, suggested, unsuggested)
			select @ws::bigint, sum(suggested), sum(unsuggested) from taken having count(*) > 0`,
			pgx.StrictNamedArgs{"ws": by.Workspace})
		return err
	})
}
