package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// changedSince tells whether the field f is otherwise than the row r of an import left it, where undoing would take something
// away: all of a new field, else what the import changed. A higher version alone says nothing: what changed the field in between,
// a later import or a person, may have been undone.
const changedSince = `(case r.change
	when 'gone' then f.state <> 'gone'
	when 'changed' then f.state = 'gone'
	else f.state <> 'active' or f.name <> r.name end
	or case when r.change = 'new'
		then f.description <> '' or f.origin <> 'unknown' or f.retention_rule_id is not null
			or exists (select from field_collection x where x.workspace_id = f.workspace_id and x.field_id = f.id)
			or ` + heldFacts + ` <> '{"label": "", "data_type": "", "nullable": null, "is_key": false, "reference": "", "comment": "", "category": null,
				"owner": null, "source": {}}' || coalesce(r.facts, '{}')
		else exists (select from jsonb_each(coalesce(r.before, '{}')) b where b.key <> 'name' and ` + heldFacts + ` -> b.key is distinct from r.facts -> b.key) end)`

// toldSince tells whether an import that stands, and came later, changed the same field.
const toldSince = `exists (select from import_row x
	join import l on l.workspace_id = x.workspace_id and l.id = x.import_id
	where x.workspace_id = r.workspace_id and x.field_id = r.field_id and x.change in ('changed', 'renamed', 'returned', 'gone')
		and l.kind = 'inventory' and l.state in ('applied', 'undoing') and l.applied_at > (select applied_at from import where workspace_id = @ws and id = @id))`

// importDependents are the reasons for which an applied import cannot be undone: something that people or a later import
// built on what it did. One field may have several.
const importDependents = `
	select r.field_id, r.name, r.dataset, k.reason
	from import_row r
	join field f on f.workspace_id = r.workspace_id and f.id = r.field_id
	left join data_category c on c.workspace_id = f.workspace_id and c.id = f.category_id
	left join app_user o on o.id = f.owner_id
	cross join lateral (
		select 'link' as reason where r.change = 'new' and exists (select from program_link x where x.workspace_id = r.workspace_id and x.field_id = r.field_id)
		union all
		select 'mapping' where r.change = 'new' and exists (select from purpose_mapping x where x.workspace_id = r.workspace_id and x.field_id = r.field_id)
		union all
		select 'decision' where r.change = 'new' and exists (select from decision x where x.workspace_id = r.workspace_id and x.field_id = r.field_id)
		union all
		select 'target' where r.change = 'new' and exists (select from target x where x.workspace_id = r.workspace_id and x.field_id = r.field_id)
		union all
		select 'workshop' where r.change = 'new' and exists (select from workshop_card x where x.workspace_id = r.workspace_id and x.field_id = r.field_id)
		union all
		select 'comment' where r.change = 'new' and exists (select from remark x where x.workspace_id = r.workspace_id
			and x.subject_kind = 'field' and x.subject_id = r.field_id)
		union all
		select 'flow' where r.change = 'new' and exists (select from flow_field x where x.workspace_id = r.workspace_id
			and r.field_id in (x.source_field_id, x.target_field_id))
		union all
		select 'evidence' where r.change = 'new' and exists (select from field_evidence x where x.workspace_id = r.workspace_id and x.field_id = r.field_id)
		union all
		select 'changed' where f.version <> coalesce(r.version, 0) + 1 and (` + toldSince + ` or ` + changedSince + `)
	) k
	where r.workspace_id = @ws and r.import_id = @id and r.change in ('new', 'changed', 'renamed', 'returned', 'gone')
	union all
	select g.id, g.name, r.dataset, 'name'
	from import_row r
	join field f on f.workspace_id = r.workspace_id and f.id = r.field_id
	join field g on g.workspace_id = f.workspace_id and g.dataset_id = f.dataset_id and g.name = r.before ->> 'name' and g.id <> f.id
	where r.workspace_id = @ws and r.import_id = @id and r.change = 'renamed'
	union all
	select 0, w.name, x.target_dataset, 'flow'
	from import_flow x
	join flow w on w.workspace_id = x.workspace_id and w.id = x.flow_id
	where x.workspace_id = @ws and x.import_id = @id and (w.version > 1
		or exists (select from flow_field c where c.workspace_id = w.workspace_id and c.flow_id = w.id)
		or exists (select from remark m where m.workspace_id = w.workspace_id and m.subject_kind = 'flow' and m.subject_id = w.id))`

// evidenceDependents: measures that are no longer those of the import were replaced since.
const evidenceDependents = `
	select r.field_id, r.name, r.dataset, 'evidence' as reason
	from import_row r
	left join field_evidence e on e.workspace_id = r.workspace_id and e.field_id = r.field_id
	where r.workspace_id = @ws and r.import_id = @id and r.change in ('new', 'changed')
		and (case when e.field_id is not null then ` + evidenceFacts + ` end) is distinct from r.facts`

type dependentRow struct {
	Field   domain.FieldID `db:"field_id"`
	Name    string         `db:"name"`
	Dataset string         `db:"dataset"`
	Reason  string         `db:"reason"`
	All     int64          `db:"all_"`
}

// ImportDependents tells what keeps an applied import from being undone: at most so many, and how many there are.
func (s *Store) ImportDependents(ctx context.Context, by domain.Actor, id domain.ImportID, most int) (list []domain.ImportDependent, all int64, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		i, err := s.importByID(ctx, by, id, "")
		if err != nil {
			return err
		}
		list, all, err = s.importDependents(ctx, by, i, most)
		return err
	})
	return list, all, err
}

func (s *Store) importDependents(ctx context.Context, by domain.Actor, i domain.Import, most int) (list []domain.ImportDependent, all int64, err error) {
	sql := importDependents
	if i.Kind == domain.ImportEvidence {
		sql = evidenceDependents
	}
	rows, err := many[dependentRow](ctx, s, "import", `select x.field_id, x.name, x.dataset, x.reason, count(*) over () as all_ from (`+sql+`) x order by dataset, name, reason limit @most`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID, "most": most})
	for _, r := range rows {
		list, all = append(list, domain.ImportDependent{Field: r.Field, Name: r.Name, Dataset: r.Dataset, Reason: r.Reason}), r.All
	}
	return list, all, err
}

// AskImportUndo has an applied import undone. Conflict, with how many things depend on it, where something does.
func (s *Store) AskImportUndo(ctx context.Context, by domain.Actor, id domain.ImportID, queue bool) error {
	return s.Write(ctx, by, func(s *Store) error {
		if err := s.moveImport(ctx, by, id, `state = 'undoing', problem = null`, []domain.ImportState{domain.ImportApplied}, nil); err != nil {
			return err
		}
		i, err := s.importByID(ctx, by, id, "")
		if err != nil {
			return err
		}
		if _, all, err := s.importDependents(ctx, by, i, 1); err != nil || all > 0 {
			return refuseUndo(all, err)
		}
		return s.queueImport(ctx, by, id, queue)
	})
}

func refuseUndo(all int64, err error) error {
	if err != nil {
		return err
	}
	return domain.Errorf(domain.Conflict, "import.error.depends", "n", all)
}

// UndoImport puts the register back as it was before an import, in one transaction. Where something came to depend on it
// meanwhile, it stays applied and says so.
func (s *Store) UndoImport(ctx context.Context, by domain.Actor, id domain.ImportID) error {
	return s.Write(ctx, by, func(s *Store) error {
		if err := s.lockImport(ctx, by, id, true); err != nil {
			return err
		}
		i, err := s.importByID(ctx, by, id, "for update")
		if err != nil {
			return err
		}
		if i.State != domain.ImportUndoing {
			return domain.Errorf(domain.Conflict, "import.error.state")
		}
		_, all, err := s.importDependents(ctx, by, i, 1)
		if err != nil {
			return err
		}
		if all > 0 {
			return s.moveImport(ctx, by, id, `state = 'applied', problem = @problem`, []domain.ImportState{domain.ImportUndoing},
				pgx.StrictNamedArgs{"problem": importProblem{"import.error.depends", domain.Args("n", all)}})
		}
		if i.Kind == domain.ImportEvidence {
			err = s.undoEvidence(ctx, by, i)
		} else {
			err = s.undoInventory(ctx, by, i)
		}
		if err != nil {
			return err
		}
		return s.finishUndo(ctx, by, i)
	})
}

func (s *Store) finishUndo(ctx context.Context, by domain.Actor, i domain.Import) error {
	if err := s.moveImport(ctx, by, i.ID, `state = 'undone', undone_at = clock_timestamp()`, []domain.ImportState{domain.ImportUndoing}, nil); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "batch", `update batch set undone_at = clock_timestamp(), undone_by = @by where workspace_id = @ws and id = @batch`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "batch": i.Batch, "by": zeroNull(by.User)}); err != nil {
		return err
	}
	return s.record(ctx, by, domain.Event{Verb: "import.undone", Subject: i.Subject(), Before: importFacts(i), Batch: i.Batch})
}

func (s *Store) undoInventory(ctx context.Context, by domain.Actor, i domain.Import) error {
	all, err := s.importFieldIDs(ctx, by, i.ID, append([]string{"new"}, touchedByImport...)...)
	if err != nil {
		return err
	}
	if err := s.takeTurn(ctx, by, all); err != nil {
		return err
	}
	if err := s.undoFlows(ctx, by, i); err != nil {
		return err
	}
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID}
	suggestions, err := s.importSuggestions(ctx, by, i) // before the fields are gone
	if err != nil {
		return err
	}
	emptied, err := many[int64](ctx, s, "dataset", `select distinct f.dataset_id from import_row r
		join field f on f.workspace_id = r.workspace_id and f.id = r.field_id where r.workspace_id = @ws and r.import_id = @id and r.change = 'new'`, args)
	if err != nil {
		return err
	}
	for _, sql := range []string{
		`delete from field f using import_row r where r.workspace_id = @ws and r.import_id = @id and r.change = 'new'
			and f.workspace_id = r.workspace_id and f.id = r.field_id`,
		`update field f set
			name = case when r.before ? 'name' then r.before ->> 'name' else f.name end,
			state = case r.change when 'gone' then 'active' when 'returned' then 'gone' else f.state end,
			label = case when r.before ? 'label' then r.before ->> 'label' else f.label end,
			data_type = case when r.before ? 'data_type' then r.before ->> 'data_type' else f.data_type end,
			nullable = case when r.before ? 'nullable' then (r.before ->> 'nullable')::boolean else f.nullable end,
			is_key = case when r.before ? 'is_key' then (r.before ->> 'is_key')::boolean else f.is_key end,
			reference = case when r.before ? 'reference' then r.before ->> 'reference' else f.reference end,
			comment = case when r.before ? 'comment' then r.before ->> 'comment' else f.comment end,
			source_facts = case when r.before ? 'source' then nullif(r.before -> 'source', '{}') else f.source_facts end,
			category_id = case when r.before ? 'category' then null else f.category_id end,
			gdpr_class = case when r.before ? 'category' then 'unclassified' else f.gdpr_class end,
			owner_id = case when r.before ? 'owner' then null else f.owner_id end,
			version = f.version + 1, updated_at = clock_timestamp()
		from import_row r
		where r.workspace_id = @ws and r.import_id = @id and r.change in ('changed', 'renamed', 'returned', 'gone')
			and f.workspace_id = r.workspace_id and f.id = r.field_id`,
	} {
		if _, err := s.exec(ctx, "field", sql, args); err != nil {
			return err
		}
	}
	if err := s.undoPlaces(ctx, by, i); err != nil {
		return err
	}
	touched, err := s.importFieldIDs(ctx, by, i.ID, touchedByImport...)
	if err != nil {
		return err
	}
	if err := s.reinstate(ctx, by, i.Batch, touched); err != nil {
		return err
	}
	if err := s.judge(ctx, by, touched); err != nil {
		return err
	}
	if err := s.judgeGone(ctx, by, emptied); err != nil {
		return err
	}
	return s.suggestImported(ctx, by, suggestions)
}

// undoPlaces removes the datasets and applications that the import created, as far as nothing else came into them and
// nobody wrote anything about them.
func (s *Store) undoPlaces(ctx context.Context, by domain.Actor, i domain.Import) error {
	type createdRow struct {
		Created importCreated `db:"created"`
	}
	r, err := one[createdRow](ctx, s, "import", `select created from import where workspace_id = @ws and id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID})
	if err != nil {
		return err
	}
	created := r.Created
	for _, step := range []struct {
		ids  []int64
		told bool // the history says so
		sql  string
	}{
		{created.Gone, false, `update dataset set state = 'active', version = version + 1, updated_at = clock_timestamp()
			where workspace_id = @ws and id = any(@ids) and state = 'gone'`},
		{created.Returned, false, `update dataset set state = 'gone', version = version + 1, updated_at = clock_timestamp()
			where workspace_id = @ws and id = any(@ids) and state = 'active'`},
		{created.Datasets, true, `with removed as (
				delete from dataset d where workspace_id = @ws and id = any(@ids) and version = 1
					and not exists (select from field f where f.workspace_id = d.workspace_id and f.dataset_id = d.id)
					and not exists (select from flow w where w.workspace_id = d.workspace_id and d.id in (w.source_dataset_id, w.target_dataset_id))
				returning id, name)
			insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, batch_id)
			select @ws, @actor::bigint, @actor_name, 'dataset.removed', 'dataset', id, name, @batch from removed`},
		{created.Applications, true, `with freed as (
				update import set application_id = null where workspace_id = @ws and application_id = any(@ids)
			), removed as (
				delete from application a where workspace_id = @ws and id = any(@ids) and version = 1
					and not exists (select from dataset d where d.workspace_id = a.workspace_id and d.application_id = a.id)
					and not exists (select from flow w where w.workspace_id = a.workspace_id and a.id in (w.source_application_id, w.target_application_id))
				returning id, name)
			insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, batch_id)
			select @ws, @actor::bigint, @actor_name, 'application.removed', 'application', id, name, @batch from removed`},
	} {
		if len(step.ids) == 0 {
			continue
		}
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "ids": step.ids}
		if step.told {
			args["actor"], args["actor_name"], args["batch"] = zeroNull(by.User), by.Name, i.Batch
		}
		if _, err := s.exec(ctx, "import", step.sql, args); err != nil {
			return err
		}
	}
	return nil
}
