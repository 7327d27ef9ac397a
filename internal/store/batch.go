package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// addBatch opens a batch, whose events are written next.
func (s *Store) addBatch(ctx context.Context, by domain.Actor, kind domain.BulkAct, label map[string]any, changed, refused int64) (domain.BatchID, error) {
	return one[domain.BatchID](ctx, s, "batch", `insert into batch (workspace_id, kind, label, changed, refused, actor_id)
		values (@ws, @kind, @label, @changed, @refused, @actor) returning id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "kind": string(kind), "label": label, "changed": changed, "refused": refused,
			"actor": zeroNull(by.User)})
}

type batchRow struct {
	ID           domain.BatchID `db:"id"`
	Kind         domain.BulkAct `db:"kind"`
	Label        map[string]any `db:"label"`
	Changed      int64          `db:"changed"`
	Refused      int64          `db:"refused"`
	ActorID      *domain.UserID `db:"actor_id"`
	ActorName    *string        `db:"actor_name"`
	CreatedAt    time.Time      `db:"created_at"`
	UndoneAt     *time.Time     `db:"undone_at"`
	UndoneByName *string        `db:"undone_by_name"`
	ImportID     int64          `db:"import_id"`
	State        string         `db:"state"`
	Done         int64          `db:"rows_done"`
	Total        int64          `db:"rows_total"`
	Problem      *importProblem `db:"problem"`
	Back         string         `db:"back"`
}

const batchSelect = `select b.id, b.kind, b.label, b.changed, b.refused, b.actor_id, a.name as actor_name, b.created_at, b.undone_at,
		u.name as undone_by_name, coalesce(k.state, 'applied') as state, coalesce(k.rows_done, 0) as rows_done,
		coalesce(k.rows_total, 0) as rows_total, k.problem, coalesce(k.back, '') as back,
		coalesce((select i.id from import i where i.workspace_id = b.workspace_id and i.batch_id = b.id limit 1), 0) as import_id
	from batch b left join batch_work k on k.workspace_id = b.workspace_id and k.batch_id = b.id left join app_user a on a.id = b.actor_id left join app_user u on u.id = b.undone_by`

func (r batchRow) batch() domain.Batch {
	b := domain.Batch{ID: r.ID, Kind: r.Kind, Label: r.Label, Changed: r.Changed, Refused: r.Refused, Actor: deref(r.ActorID),
		ActorName: deref(r.ActorName), CreatedAt: r.CreatedAt, UndoneAt: r.UndoneAt, UndoneByName: deref(r.UndoneByName),
		Import: domain.ImportID(r.ImportID), State: domain.BatchState(r.State), Done: r.Done, Total: r.Total, Back: r.Back}
	if r.Problem != nil {
		b.Problem = &domain.Problem{Key: r.Problem.Key, Args: r.Problem.Args}
	}
	return b
}

// BatchByID returns NotFound where the workspace has no such batch.
func (s *Store) BatchByID(ctx context.Context, by domain.Actor, id domain.BatchID) (b domain.Batch, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		r, err := one[batchRow](ctx, s, "batch", batchSelect+` where b.workspace_id = @ws and b.id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		b = r.batch()
		return err
	})
	return b, err
}

// Batches returns the batches of the last domain.UndoDays days, newest first, older than the given one (zero: from the
// newest), at most so many.
func (s *Store) Batches(ctx context.Context, by domain.Actor, before domain.BatchID, most int) (list []domain.Batch, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[batchRow](ctx, s, "batch", batchSelect+`
			where b.workspace_id = @ws and b.created_at > @since and (@before = 0 or b.id < @before) order by b.id desc limit @most`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "since": s.now().AddDate(0, 0, -domain.UndoDays), "before": int64(before), "most": most})
		list = mapSlice(rows, batchRow.batch)
		return err
	})
	return list, err
}

// changesOf are the events that a batch made, without those of its undoing and the one by which a workshop tells that its decisions
// were applied.
const changesOf = `e.workspace_id = @ws and e.batch_id = @batch and e.verb not like '%.undone' and e.verb <> 'workshop.applied'`

// keptChange is true of a change that stayed when its batch was undone.
const keptChange = `not exists (select from event u where u.workspace_id = e.workspace_id and u.batch_id = e.batch_id
	and u.verb like '%.undone' and u.subject_kind = e.subject_kind and u.subject_id = e.subject_id and u.before is not distinct from e.after and u.after is not distinct from e.before)`

// BatchChanges returns the changes of a batch after the given event (zero: from the first), at most so many; of a batch
// that was undone, those that stayed come marked.
func (s *Store) BatchChanges(ctx context.Context, by domain.Actor, id domain.BatchID, after domain.EventID, most int) (list []domain.BatchChange, err error) {
	type row struct {
		eventRow
		Kept bool `db:"kept"`
	}
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[row](ctx, s, "event", `select `+eventColsOf("e")+`, b.undone_at is not null and `+keptChange+` as kept
			from event e join batch b on b.workspace_id = e.workspace_id and b.id = e.batch_id
			where `+changesOf+` and e.id > @after order by e.id limit @most`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "batch": id, "after": int64(after), "most": most})
		list = mapSlice(rows, func(r row) domain.BatchChange { return domain.BatchChange{Event: r.event(), Kept: r.Kept} })
		return err
	})
	return list, err
}

// BatchKept counts the changes that stayed when a batch was undone.
func (s *Store) BatchKept(ctx context.Context, by domain.Actor, id domain.BatchID) (n int64, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		n, err = one[int64](ctx, s, "event", `select count(*) from event e where `+changesOf+` and `+keptChange,
			pgx.StrictNamedArgs{"ws": by.Workspace, "batch": id})
		return err
	})
	return n, err
}

func eventColsOf(alias string) string {
	return alias + ".id, " + alias + ".at, " + alias + ".actor_id, " + alias + ".actor_name, " + alias + ".verb, " + alias + ".subject_kind, " +
		alias + ".subject_id, " + alias + ".subject_name, " + alias + ".before, " + alias + ".after, " + alias + ".reason, " + alias + ".batch_id"
}

// undoSQL is how the changes of one sort are reversed.
type undoSQL struct {
	verbs []string // of the events that it reverses
	with  string   // joins beside event e
	// still is true where the present value is what the batch set, and what was there before can be put back.
	still string
	// apply are statements in a with clause that put back the rows of undoing: subject is the number of what the event is about,
	// id that of its field (0 where it has none), before and after are the values of the event.
	apply string
	// lock is a query that holds the rows beside the fields that are put back.
	lock string
	// then is a statement that runs after it, for what must not happen in the same one.
	then string
}

const undoField = ` join field f on f.workspace_id = @ws and f.id = e.subject_id`

// undoLinks reverses both what was linked and what was unlinked: a pasted block does both. A link is not put back where what was
// archived or categorised since would refuse it; what the batch found as it is now may be so again.
var undoLinks = undoSQL{
	verbs: []string{"field.linked", "field.unlinked"},
	with: undoField + `
		join program p on p.workspace_id = @ws and p.id = coalesce(e.after->>'program', e.before->>'program')::bigint
		left join program_link x on x.workspace_id = @ws and x.field_id = e.subject_id and x.program_id = p.id`,
	still: `case when e.after is null then x.field_id is null
		else x.level = e.after->>'level' and x.role = e.after->>'role' and x.note = e.after->>'note' end
		and (e.before is null or f.state <> 'archived' and (p.archived_at is null or p.archived_at < e.at)
			and not (e.before->>'level' = 'useful' and ` + special + ` and coalesce(f.category_id, 0) <> (
				select (c.before->>'category')::bigint from event c where c.workspace_id = @ws and c.subject_kind = 'field' and c.subject_id = f.id
					and c.id > e.id and c.before ? 'category' order by c.id limit 1)) is true)`,
	apply: `applied as (
		delete from program_link x using undoing t
		where x.workspace_id = @ws and x.field_id = t.id and x.program_id = (t.after->>'program')::bigint and t.before is null),
	restored as (
		insert into program_link (workspace_id, field_id, program_id, level, role, note, source, linked_by, linked_at)
		select @ws, t.id, (t.before->>'program')::bigint, t.before->>'level', t.before->>'role', t.before->>'note', t.before->>'source',
			(t.before->>'linked_by')::bigint, (t.before->>'linked_at')::timestamptz
		from undoing t where t.before is not null
		on conflict (workspace_id, field_id, program_id) do update set level = excluded.level, role = excluded.role,
			note = excluded.note, source = excluded.source, linked_by = excluded.linked_by, linked_at = excluded.linked_at)`,
}

var undoDecisions = undoSQL{
	verbs: []string{"field.decided"},
	with:  undoField + ` join decision x on x.workspace_id = @ws and x.field_id = f.id and x.withdrawn_at is null and x.batch_id = @batch`,
	still: `true`,
	apply: `applied as (
		update decision d set withdrawn_at = clock_timestamp() from undoing t
		where d.workspace_id = @ws and d.field_id = t.id and d.withdrawn_at is null),
	marked as (
		update field f set decision = coalesce(d.kind, ''), decision_until = d.until
		from undoing t left join decision d on d.workspace_id = @ws and d.id = (t.before->>'decision_id')::bigint
			and (d.until is null or d.until >= @today)
		where f.workspace_id = @ws and f.id = t.id)`,
	then: `update decision d set withdrawn_at = null from event u
		where u.workspace_id = @ws and u.batch_id = @batch and u.verb = 'field.undone' and d.workspace_id = @ws
			and d.id = (u.after->>'decision_id')::bigint and (d.until is null or d.until >= @today)`,
}

// undoAnswers puts mappings before the DPO again, where the answer that the batch gave still stands; an approval that it took
// back is there again.
var undoAnswers = undoSQL{
	verbs: []string{"field.mapping_approved", "field.mapping_rejected"},
	with:  undoField + ` join purpose_mapping x on x.workspace_id = @ws and x.field_id = f.id and x.purpose_id = (e.after->>'purpose')::bigint`,
	still: `x.state = e.after->>'mapping' and x.decision_reason = e.reason and coalesce(x.approval_id, 0) = coalesce((e.after->>'approval_id')::bigint, 0)`,
	apply: `applied as (
		update purpose_mapping x set state = t.before->>'mapping', approval_id = k.id, reopened_because = coalesce(t.before->>'reopened_because', ''),
			decided_by = case t.before->>'mapping' when 'approved' then k.approved_by end,
			decided_at = case t.before->>'mapping' when 'approved' then k.approved_at end,
			decision_reason = case t.before->>'mapping' when 'approved' then coalesce(k.reason, '') else '' end,
			self_approved = t.before->>'mapping' = 'approved' and coalesce(k.self_approved, false), version = x.version + 1
		from undoing t left join approval k on k.workspace_id = @ws and k.id = (t.before->>'approval_id')::bigint
		where x.workspace_id = @ws and x.field_id = t.id and x.purpose_id = (t.after->>'purpose')::bigint),
	withdrawn as (
		update approval k set withdrawn_at = clock_timestamp() from undoing t
		where k.workspace_id = @ws and t.after->>'mapping' = 'approved' and k.id = (t.after->>'approval_id')::bigint)`,
}

func undoValue(name, expr, set, possible string) undoSQL {
	return undoSQL{
		verbs: []string{"field.changed"},
		with:  undoField,
		still: expr + ` = e.after->>'` + name + `' and ` + possible,
		apply: `applied as (update field f set ` + set + `, version = version + 1, updated_at = clock_timestamp()
			from undoing t where f.workspace_id = @ws and f.id = t.id)`,
	}
}

// undoCategories puts back the category that was there, or none.
var undoCategories = undoValue("category", "coalesce(f.category_id, 0)::text",
	`category_id = nullif((t.before->>'category')::bigint, 0), gdpr_class = coalesce((select c.gdpr_class from data_category c
		where c.workspace_id = @ws and c.id = (t.before->>'category')::bigint), 'unclassified')`,
	`((e.before->>'category')::bigint = 0 or exists (select from data_category c where c.workspace_id = @ws and c.id = (e.before->>'category')::bigint))`)

// undoRefusals lets what was refused be suggested again. A refusal of a name is one for all fields that have it.
var undoRefusals = undoSQL{
	verbs: []string{"field.suggestion_refused"},
	with: undoField + ` join suggestion_refusal x on x.workspace_id = @ws and x.batch_id = @batch
		and (x.field_id = f.id or x.field_id is null and x.name = f.name)`,
	still: `true`,
	apply: `applied as (delete from suggestion_refusal x where x.workspace_id = @ws and x.batch_id = @batch)`,
}

var undos = map[domain.BulkAct]undoSQL{
	domain.BulkApprove: undoAnswers, domain.BulkReject: undoAnswers, domain.BulkRedirect: undoAnswers,
	domain.BulkLink: undoLinks, domain.BulkUnlink: undoLinks, domain.BulkMatrix: undoLinks, domain.BulkWorkshop: undoLinks,
	domain.BulkKeep: undoDecisions, domain.BulkToDPO: undoDecisions, domain.BulkDelete: undoDecisions,
	domain.BulkTarget: undoTargets, domain.BulkNeeds: undoTargets,
	domain.BulkOwner: undoValue("owner", "coalesce(f.owner_id, 0)::text", "owner_id = nullif((t.before->>'owner')::bigint, 0)",
		`((e.before->>'owner')::bigint = 0 or exists (select from membership m where m.workspace_id = @ws and m.user_id = (e.before->>'owner')::bigint))`),
	domain.BulkOrigin: undoValue("origin", "f.origin", "origin = t.before->>'origin'", "true"),
	domain.BulkRetain: undoValue("retention", "coalesce(f.retention_rule_id, 0)::text", "retention_rule_id = nullif((t.before->>'retention')::bigint, 0)",
		`((e.before->>'retention')::bigint = 0 or exists (select from retention_rule x where x.workspace_id = @ws and x.id = (e.before->>'retention')::bigint))`),
	domain.BulkCategorise: undoCategories, domain.BulkAccept: undoCategories, domain.BulkRefuse: undoRefusals,
	domain.BulkCollect: {
		verbs: []string{"field.collected"},
		with: undoField + ` join field_collection x on x.workspace_id = @ws and x.field_id = f.id
			and x.collection_point_id = (e.after->>'collection_point')::bigint`,
		still: `true`,
		apply: `applied as (delete from field_collection x using undoing t
			where x.workspace_id = @ws and x.field_id = t.id and x.collection_point_id = (t.after->>'collection_point')::bigint)`,
	},
	domain.BulkMap: {
		verbs: []string{"field.mapped"},
		with: undoField + ` join purpose_mapping x on x.workspace_id = @ws and x.field_id = f.id
			and x.purpose_id = (e.after->>'purpose')::bigint`,
		still: `x.state = 'proposed' and x.version = 1 and x.justification = e.after->>'justification'`,
		apply: `applied as (delete from purpose_mapping x using undoing t
			where x.workspace_id = @ws and x.field_id = t.id and x.purpose_id = (t.after->>'purpose')::bigint)`,
	},
}

// UndoBatch reverses what a batch did, for the fields that still are as it made them; the others stay and are counted.
// Conflict where it cannot be undone as a whole, or where nothing is left of it.
func (s *Store) UndoBatch(ctx context.Context, by domain.Actor, id domain.BatchID) (undone, kept int64, err error) {
	b, err := s.BatchByID(ctx, by, id)
	if err != nil {
		return 0, 0, err
	}
	err = s.writeBatch(ctx, by, b.Kind, func(s *Store) error {
		b, err := s.undoable(ctx, by, id)
		if err != nil {
			return err
		}
		if undone, kept, err = s.undoBatch(ctx, by, b, nil); err != nil {
			return err
		}
		return s.markUndone(ctx, by, id)
	})
	return undone, kept, err
}

// writeBatch is Write for what an act of that kind does, or undoes.
func (s *Store) writeBatch(ctx context.Context, by domain.Actor, act domain.BulkAct, f func(*Store) error) error {
	if act == domain.BulkAttach {
		return s.writeAlone(ctx, by, f)
	}
	return s.Write(ctx, by, f)
}

func (s *Store) markUndone(ctx context.Context, by domain.Actor, id domain.BatchID) error {
	_, err := s.exec(ctx, "batch", `update batch set undone_at = @now, undone_by = @actor where workspace_id = @ws and id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "now": s.now(), "actor": zeroNull(by.User)})
	return err
}

// undoable locks a batch that the actor may undo now.
func (s *Store) undoable(ctx context.Context, by domain.Actor, id domain.BatchID) (domain.Batch, error) {
	if _, err := one[int64](ctx, s, "batch", `select id from batch where workspace_id = @ws and id = @id for update`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}); err != nil {
		return domain.Batch{}, err
	}
	b, err := s.BatchByID(ctx, by, id)
	if err != nil {
		return b, err
	}
	if err := by.Must(b.Kind.Action()); err != nil {
		return b, err
	}
	return b, b.CheckUndo(s.now())
}

func (s *Store) undoBatch(ctx context.Context, by domain.Actor, b domain.Batch, p *progress) (undone, kept int64, err error) {
	if b.Kind == domain.BulkRecord {
		return s.undoRecord(ctx, by, b.ID)
	}
	if b.Kind == domain.BulkAttach {
		return s.undoAttach(ctx, by, b.ID)
	}
	u, ok := undos[b.Kind]
	if !ok {
		return 0, 0, domain.Errorf(domain.Conflict, "batch.of_import")
	}
	args := pgx.NamedArgs{"ws": by.Workspace, "batch": b.ID, "actor": zeroNull(by.User), "actor_name": by.Name,
		"today": domain.Day(s.now().UTC())}
	if _, err := s.db.Exec(ctx, `select from field f where workspace_id = @ws and id in (select subject_id from event e
		where `+changesOf+` and e.subject_kind = 'field') order by id for update`, args); err != nil {
		return 0, 0, translate("field", err)
	}
	done, total, err := s.undoChanges(ctx, u, args, p)
	if err != nil {
		return 0, 0, err
	}
	var beside int64 // changes of no field that were put back
	if b.Kind == domain.BulkWorkshop {
		for _, act := range []domain.BulkAct{domain.BulkDelete, domain.BulkMap} {
			more, n, err := s.undoChanges(ctx, undos[act], args, nil)
			if err != nil {
				return 0, 0, err
			}
			done, total = append(done, more...), total+n
		}
		more, n, err := s.undoChanges(ctx, undoTargets, args, nil)
		if err != nil {
			return 0, 0, err
		}
		beside, total = int64(len(more)), total+n
		needs, n, err := s.undoRequirements(ctx, by, b.ID)
		if err != nil {
			return 0, 0, err
		}
		beside, total = beside+needs, total+n
	}
	if len(done) == 0 && beside == 0 {
		return 0, 0, domain.Errorf(domain.Conflict, "batch.nothing_left")
	}
	if b.Kind == domain.BulkRedirect {
		if _, _, err := s.undoChanges(ctx, undos[domain.BulkMap], args, nil); err != nil {
			return 0, 0, err
		}
	}
	if err := s.reinstate(ctx, by, b.ID, distinct(done)); err != nil {
		return 0, 0, err
	}
	undone = int64(len(done)) + beside
	if err := s.judgeParts(ctx, by, distinct(done), p); err != nil {
		return 0, 0, err
	}
	if b.Kind.Answers() {
		err = s.suggestAnswered(ctx, by, distinct(done))
	}
	return undone, total - undone, err
}

// undoChanges reverses the changes of a batch part by part, and returns the fields that it put back and how many changes
// there were.
func (s *Store) undoChanges(ctx context.Context, u undoSQL, args pgx.NamedArgs, p *progress) (done []int64, total int64, err error) {
	args["verbs"] = u.verbs
	if u.lock != "" {
		if _, err := s.db.Exec(ctx, u.lock, args); err != nil {
			return nil, 0, translate("field", err)
		}
	}
	events, err := loose[int64](ctx, s, `select e.id from event e where `+changesOf+` and e.verb = any(@verbs) order by e.id`, args)
	if err != nil {
		return nil, 0, err
	}
	total = int64(len(events))
	p.of(2 * total) // to put back, and to judge again
	for part := range slices.Chunk(events, BulkPart) {
		args["part"] = part
		if err := s.byKey(ctx, func() error {
			ids, err := s.undo(ctx, u, args)
			done = append(done, ids...)
			return err
		}); err != nil {
			return nil, 0, err
		}
		if err := p.add(len(part)); err != nil {
			return nil, 0, err
		}
	}
	if u.then != "" {
		_, err = s.db.Exec(ctx, u.then, args)
	}
	return done, total, translate("field", err)
}

// undo reverses the changes that part names.
func (s *Store) undo(ctx context.Context, u undoSQL, args pgx.NamedArgs) ([]int64, error) {
	return loose[int64](ctx, s, `with undoing as materialized (
			select coalesce(f.id, 0) as id, e.subject_kind as kind, e.subject_id as subject, coalesce(f.name, e.subject_name) as name, e.before, e.after from event e `+u.with+`
			where `+changesOf+` and e.verb = any(@verbs) and e.id = any(@part) and (`+u.still+`)
		), `+u.apply+`,
		told as (
			insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after, batch_id)
			select @ws, @actor, @actor_name, 'field.undone', kind, subject, name, after, before, @batch from undoing)
		select id from undoing`, args)
}

// distinct are the fields without repetition; 0, which is none, is left out.
func distinct(ids []int64) []int64 {
	seen := map[int64]bool{0: true}
	out := ids[:0:0]
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
