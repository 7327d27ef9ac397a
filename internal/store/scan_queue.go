package store

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"utile/internal/domain"
)

// RiverSchema is where the tables of the job queue are.
const RiverSchema = riverSchema

// ImportQueue is the queue of imports, with its own limit: bulk work must not starve the rest.
const ImportQueue = "imports"

// ImportJob asks a worker to go on with an import: what is to be done, its state says.
type ImportJob struct {
	Workspace domain.WorkspaceID
	Import    domain.ImportID
	User      domain.UserID // who asked; zero for the server itself
	Name      string
}

// Actor is who asked for the job.
func (j ImportJob) Actor() domain.Actor {
	return domain.Actor{User: j.User, Name: j.Name, Workspace: j.Workspace, Operator: j.User == 0}
}

// Kind names the job in the queue.
func (ImportJob) Kind() string { return "import" }

// inserter only inserts: it works in the transaction of the change that asks for the job.
var inserter = sync.OnceValues(func() (*river.Client[pgx.Tx], error) {
	return river.NewClient(riverpgxv5.New(nil), &river.Config{Schema: riverSchema, Logger: slog.New(slog.DiscardHandler)})
})

// queueImport has a worker go on with an import, if the transaction commits. It does nothing where the caller goes on itself.
func (s *Store) queueImport(ctx context.Context, by domain.Actor, id domain.ImportID, queue bool) error {
	if !queue {
		return nil
	}
	client, err := inserter()
	if err != nil {
		return err
	}
	_, err = client.InsertTx(ctx, s.db.(pgx.Tx), ImportJob{by.Workspace, id, by.User, by.Name}, &river.InsertOpts{Queue: ImportQueue, MaxAttempts: 5})
	return err
}

// mostImportDeaths is how many workers may die of one step of an import before nobody takes it up again.
const mostImportDeaths = 3

// BeginImportWork notes that a worker takes an import up, until EndImportWork. It is deadly where as many as may died of it.
func (s *Store) BeginImportWork(ctx context.Context, by domain.Actor, id domain.ImportID) (deadly bool, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		begun, err := many[int](ctx, s, "import", `insert into import_attempt (workspace_id, import_id, step, begun)
			select workspace_id, id, state, 1 from import where workspace_id = @ws and id = @id and state in ('reading', 'applying', 'undoing')
			on conflict (workspace_id, import_id) do update set step = excluded.step,
				begun = case when import_attempt.step = excluded.step then import_attempt.begun else 0 end + 1 returning begun`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		deadly = err == nil && len(begun) > 0 && begun[0] > mostImportDeaths
		return err
	})
	return deadly, err
}

// EndImportWork notes that a worker came to an end, whatever it was, and did not die.
func (s *Store) EndImportWork(ctx context.Context, by domain.Actor, id domain.ImportID) error {
	return s.Write(ctx, by, func(s *Store) error {
		_, err := s.exec(ctx, "import", `delete from import_attempt where workspace_id = @ws and import_id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
}

// ImportAlive notes that somebody works on an import. It is not wanted where a person gave it up meanwhile. It never waits for
// the transaction of the work, which holds the import at its end.
func (s *Store) ImportAlive(ctx context.Context, by domain.Actor, id domain.ImportID) (wanted bool, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}
		if _, err := s.exec(ctx, "import", `update import set updated_at = clock_timestamp() where workspace_id = @ws and id in (
			select id from import where workspace_id = @ws and id = @id and state in ('reading', 'applying', 'undoing')
				and updated_at < clock_timestamp() - interval '10 seconds' for update skip locked)`, args); err != nil {
			return err
		}
		given, err := many[string](ctx, s, "import", `select state from import where workspace_id = @ws and id = @id and state <> 'cancelled'`, args)
		wanted = len(given) > 0
		return err
	})
	return wanted, err
}

// workStalled is how long work on an import or a batch may say nothing before it is taken for dead. Living work reports every second.
const workStalled = time.Minute

// Requeue queues again the imports and batches of every workspace whose worker died, unless a job for them waits, and drops
// uploads that never ended.
func (s *Store) Requeue(ctx context.Context) error {
	workspaces, err := many[domain.WorkspaceID](ctx, s, "workspace", `select id from workspace order by id`, pgx.StrictNamedArgs{})
	if err != nil {
		return err
	}
	for _, ws := range workspaces {
		by := domain.Actor{Workspace: ws, Name: domain.OperatorName, Operator: true}
		if err := s.requeue(ctx, by); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) requeue(ctx context.Context, by domain.Actor) error {
	return s.Write(ctx, by, func(s *Store) error {
		type stalled struct {
			ID   domain.ImportID `db:"id"`
			User *domain.UserID  `db:"actor_id"`
			Name string          `db:"actor_name"`
		}
		dead, err := many[stalled](ctx, s, "import", `update import set updated_at = clock_timestamp()
			where workspace_id = @ws and state in ('reading', 'applying', 'undoing')
				and updated_at < clock_timestamp() - make_interval(secs => @secs)
				and not exists (select from `+riverSchema+`.river_job j where j.kind = @kind and j.state in ('available', 'pending', 'retryable', 'scheduled')
					and j.args @> jsonb_build_object('Import', import.id)) returning id, actor_id, actor_name`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "secs": workStalled.Seconds(), "kind": ImportJob{}.Kind()})
		if err != nil {
			return err
		}
		for _, d := range dead {
			asker := domain.Actor{User: deref(d.User), Name: d.Name, Workspace: by.Workspace}
			if err := s.queueImport(ctx, asker, d.ID, true); err != nil {
				return err
			}
		}
		abandoned, err := many[domain.ImportID](ctx, s, "import", `update import set state = 'cancelled', updated_at = clock_timestamp()
			where workspace_id = @ws and state = 'uploaded' and updated_at < clock_timestamp() - interval '1 day' returning id`,
			pgx.StrictNamedArgs{"ws": by.Workspace})
		if err != nil {
			return err
		}
		for _, id := range abandoned {
			if err := s.dropImportFile(ctx, by, id, true); err != nil {
				return err
			}
		}
		return s.requeueBatches(ctx, by)
	})
}

// lockImport makes sure that one worker at a time goes on with an import, and one at a time applies in a workspace: a
// second waits until the first has ended.
func (s *Store) lockImport(ctx context.Context, by domain.Actor, id domain.ImportID, whole bool) error {
	const importLocks, workspaceLocks = 727010, 727011
	_, err := s.exec(ctx, "import", `select pg_advisory_xact_lock(@class, hashint8(@id))`,
		pgx.StrictNamedArgs{"class": importLocks, "id": int64(id)})
	if err != nil || !whole {
		return err
	}
	_, err = s.exec(ctx, "import", `select pg_advisory_xact_lock(@class, hashint8(@id))`,
		pgx.StrictNamedArgs{"class": workspaceLocks, "id": int64(by.Workspace)})
	return err
}
