package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// compareFlows keeps the flows that files tell of, as far as both of their datasets are in the register or in the files.
func (s *Store) compareFlows(ctx context.Context, by domain.Actor, id domain.ImportID, flows []domain.FoundFlow) error {
	if len(flows) == 0 {
		return nil
	}
	n := len(flows)
	columns := map[string][]string{}
	for name := range flowTexts(domain.FoundFlow{}) {
		columns[name] = make([]string, 0, n)
	}
	for _, f := range flows {
		for name, text := range flowTexts(f) {
			columns[name] = append(columns[name], storableText(text))
		}
	}
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}
	for name, texts := range columns {
		args[name] = texts
	}
	return s.bulk(ctx, `
		with told as (
			select u.n, u.sa, u.sd, u.ta, u.td, u.mechanism
			from unnest(@sa::text[], @sd::text[], @ta::text[], @td::text[], @mechanism::text[]) with ordinality u (sa, sd, ta, td, mechanism, n)
		), ends as (
			select t.app, t.ds, t.application, t.name, t.dataset_id from found_dataset t where `+taken+`
			union
			select lower(a.name), lower(d.name), a.name, d.name, d.id
			from dataset d join application a on a.workspace_id = d.workspace_id and a.id = d.application_id
			where d.workspace_id = @ws and d.archived_at is null and lower(a.name) = any (array(select lower(sa) from told union select lower(ta) from told))
		)
		insert into import_flow (workspace_id, import_id, n, change, source_application, source_dataset, target_application, target_dataset, mechanism)
		select distinct on (told.n) @ws, @id, told.n,
			case when exists (select from flow f where f.workspace_id = @ws and f.source_dataset_id = s.dataset_id and f.target_dataset_id = t.dataset_id)
				then 'known' else 'new' end,
			s.application, s.name, t.application, t.name, told.mechanism
		from told
		join ends s on s.app = lower(told.sa) and s.ds = lower(told.sd)
		join ends t on t.app = lower(told.ta) and t.ds = lower(told.td)
		where (s.app, s.ds) <> (t.app, t.ds)
		order by told.n, s.dataset_id, t.dataset_id`, args)
}

func flowTexts(f domain.FoundFlow) map[string]string {
	return map[string]string{"sa": f.SourceApplication, "sd": f.SourceDataset, "ta": f.TargetApplication, "td": f.TargetDataset, "mechanism": f.Mechanism}
}

// newFlows are the flows that an import registers, with their ends in the register as it is now.
const newFlows = `import_flow x
	join application sa on sa.workspace_id = x.workspace_id and lower(sa.name) = lower(x.source_application)
	join application ta on ta.workspace_id = x.workspace_id and lower(ta.name) = lower(x.target_application)
	join dataset sd on sd.workspace_id = x.workspace_id and sd.application_id = sa.id and lower(sd.name) = lower(x.source_dataset)
	join dataset td on td.workspace_id = x.workspace_id and td.application_id = ta.id and lower(td.name) = lower(x.target_dataset)`

// addImportFlows registers the flows of an import that the register does not have, each with its history, and judges the
// fields whose duplicates they explain. Nothing is added to flows that people described.
func (s *Store) addImportFlows(ctx context.Context, by domain.Actor, i domain.Import) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID, "actor": zeroNull(by.User), "actor_name": by.Name, "batch": i.Batch}
	added, err := many[int64](ctx, s, "flow", `
		with wanted as (
			select x.n, sa.id as said, sd.id as sdid, ta.id as taid, td.id as tdid, x.mechanism, sd.name as sdname, td.name as tdname,
				left(case when sa.id = ta.id then sd.name || ' → ' || td.name || ' (' || ta.name || ')'
					else sa.name || ' › ' || sd.name || ' → ' || ta.name || ' › ' || td.name end, 300) as name
			from `+newFlows+`
			where x.workspace_id = @ws and x.import_id = @id and x.change = 'new' and sd.id <> td.id
				and not exists (select from flow f where f.workspace_id = @ws and f.source_dataset_id = sd.id and f.target_dataset_id = td.id)
		), added as (
			insert into flow (workspace_id, name, source_application_id, source_dataset_id, target_application_id, target_dataset_id, mechanism)
			select @ws::bigint, name, said, sdid, taid, tdid, mechanism from wanted order by n
			on conflict do nothing
			returning id, name, source_application_id, source_dataset_id, target_application_id, target_dataset_id, mechanism
		), told as (
			insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, after, batch_id)
			select @ws, @actor::bigint, @actor_name, 'flow.added', 'flow', a.id, a.name, jsonb_build_object('name', a.name,
				'source_application', a.source_application_id, 'source_dataset', w.sdname, 'target_application', a.target_application_id,
				'target_dataset', w.tdname, 'mechanism', a.mechanism), @batch
			from added a join wanted w on w.sdid = a.source_dataset_id and w.tdid = a.target_dataset_id
		)
		update import_flow x set flow_id = a.id
		from added a join wanted w on w.sdid = a.source_dataset_id and w.tdid = a.target_dataset_id
		where x.workspace_id = @ws and x.import_id = @id and x.n = w.n
		returning a.id`, args)
	if err != nil || len(added) == 0 {
		return err
	}
	if err := s.holdCopied(ctx, by, `d.is_master and d.id in (select unnest(array[source_dataset_id, target_dataset_id]) from flow
		where workspace_id = @ws and id = any(@flows))`, pgx.StrictNamedArgs{"flows": added}); err != nil {
		return err
	}
	return s.judgeFlows(ctx, by, added)
}

// judgeFlows judges the fields that flows tie to a declared reference, see judgeEnds.
func (s *Store) judgeFlows(ctx context.Context, by domain.Actor, flows []int64) error {
	fields, err := many[int64](ctx, s, "field", `
		select distinct f.id
		from flow w
		join dataset s on s.workspace_id = w.workspace_id and s.id = w.source_dataset_id
		join dataset t on t.workspace_id = w.workspace_id and t.id = w.target_dataset_id
		join field f on f.workspace_id = w.workspace_id and f.category_id is not null
			and f.dataset_id = case when s.is_master then t.id else s.id end
		where w.workspace_id = @ws and w.id = any(@flows) and s.is_master <> t.is_master and s.subjects && t.subjects
		order by 1`, pgx.StrictNamedArgs{"ws": by.Workspace, "flows": flows})
	if err != nil || len(fields) == 0 {
		return err
	}
	return s.judge(ctx, by, fields)
}

// undoFlows removes the flows that the import registered: nobody wrote anything about them, or the import could not be undone.
func (s *Store) undoFlows(ctx context.Context, by domain.Actor, i domain.Import) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID, "actor": zeroNull(by.User), "actor_name": by.Name, "batch": i.Batch}
	if err := s.holdCopied(ctx, by, `d.is_master and d.id in (select unnest(array[w.source_dataset_id, w.target_dataset_id])
		from import_flow x join flow w on w.workspace_id = x.workspace_id and w.id = x.flow_id
		where x.workspace_id = @ws and x.import_id = @id)`, pgx.StrictNamedArgs{"id": i.ID}); err != nil {
		return err
	}
	fields, err := many[int64](ctx, s, "field", `
		select distinct f.id
		from import_flow x
		join flow w on w.workspace_id = x.workspace_id and w.id = x.flow_id
		join dataset s on s.workspace_id = w.workspace_id and s.id = w.source_dataset_id
		join dataset t on t.workspace_id = w.workspace_id and t.id = w.target_dataset_id
		join field f on f.workspace_id = w.workspace_id and f.category_id is not null and f.dataset_id in (s.id, t.id)
		where x.workspace_id = @ws and x.import_id = @id and s.is_master <> t.is_master
		order by 1`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID})
	if err != nil {
		return err
	}
	removed, err := s.exec(ctx, "flow", `
		with removed as (
			delete from flow w using import_flow x
			where x.workspace_id = @ws and x.import_id = @id and w.workspace_id = @ws and w.id = x.flow_id
			returning w.id, w.name)
		insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, batch_id)
		select @ws, @actor::bigint, @actor_name, 'flow.removed', 'flow', id, name, @batch from removed`, args)
	if err != nil || removed == 0 || len(fields) == 0 {
		return err
	}
	return s.judge(ctx, by, fields)
}

// ImportFlow is a flow of a preview, or that an import registered.
type ImportFlow struct {
	N                 int64          `db:"n"`
	Change            string         `db:"change"`
	SourceApplication string         `db:"source_application"`
	SourceDataset     string         `db:"source_dataset"`
	TargetApplication string         `db:"target_application"`
	TargetDataset     string         `db:"target_dataset"`
	Flow              *domain.FlowID `db:"flow_id"` // nil where there is none in the register
}

// ImportFlows returns one page of the flows that an import registers or would, in the order of the files.
func (s *Store) ImportFlows(ctx context.Context, by domain.Actor, id domain.ImportID, skip, most int) (flows []ImportFlow, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		flows, err = many[ImportFlow](ctx, s, "import", `
			select x.n, x.change, x.source_application, x.source_dataset, x.target_application, x.target_dataset, f.id as flow_id
			from import_flow x left join flow f on f.workspace_id = x.workspace_id and f.id = x.flow_id
			where x.workspace_id = @ws and x.import_id = @id and x.change = 'new' order by x.n offset @skip limit @most`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "skip": skip, "most": most})
		return err
	})
	return flows, err
}
