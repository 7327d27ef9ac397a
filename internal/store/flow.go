package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type flowRow struct {
	ID                domain.FlowID        `db:"id"`
	Name              string               `db:"name"`
	SourceApplication domain.ApplicationID `db:"source_application_id"`
	SourceDataset     *domain.DatasetID    `db:"source_dataset_id"`
	TargetApplication domain.ApplicationID `db:"target_application_id"`
	TargetDataset     *domain.DatasetID    `db:"target_dataset_id"`
	SourceName        string               `db:"source_name"`
	SourceTable       *string              `db:"source_table"`
	TargetName        string               `db:"target_name"`
	TargetTable       *string              `db:"target_table"`
	Mechanism         string               `db:"mechanism"`
	Frequency         string               `db:"frequency"`
	Encrypted         string               `db:"encrypted"`
	Country           string               `db:"country"`
	PurposeID         *domain.PurposeID    `db:"purpose_id"`
	Description       string               `db:"description"`
	Version           int                  `db:"version"`
	CreatedAt         time.Time            `db:"created_at"`
	UpdatedAt         time.Time            `db:"updated_at"`
	ArchivedAt        *time.Time           `db:"archived_at"`
}

const (
	flowCols = `r.id, r.name, r.source_application_id, r.source_dataset_id, r.target_application_id, r.target_dataset_id,
		sa.name as source_name, sd.name as source_table, ta.name as target_name, td.name as target_table,
		r.mechanism, r.frequency, r.encrypted, r.country, r.purpose_id, r.description, r.version, r.created_at, r.updated_at, r.archived_at`
	flowFrom = `flow r
		join application sa on sa.workspace_id = r.workspace_id and sa.id = r.source_application_id
		join application ta on ta.workspace_id = r.workspace_id and ta.id = r.target_application_id
		left join dataset sd on sd.workspace_id = r.workspace_id and sd.id = r.source_dataset_id
		left join dataset td on td.workspace_id = r.workspace_id and td.id = r.target_dataset_id`
)

func (r flowRow) flow() domain.Flow {
	return domain.Flow{ID: r.ID, Name: r.Name,
		Source:    domain.FlowEnd{Application: r.SourceApplication, Dataset: deref(r.SourceDataset), ApplicationName: r.SourceName, DatasetName: deref(r.SourceTable)},
		Target:    domain.FlowEnd{Application: r.TargetApplication, Dataset: deref(r.TargetDataset), ApplicationName: r.TargetName, DatasetName: deref(r.TargetTable)},
		Mechanism: r.Mechanism, Frequency: r.Frequency, Encrypted: r.Encrypted, Country: r.Country, Purpose: deref(r.PurposeID),
		Description: r.Description, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, ArchivedAt: r.ArchivedAt}
}

func flowArgs(by domain.Actor, f domain.Flow) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"ws": by.Workspace, "name": f.Name, "source_application": f.Source.Application,
		"source_dataset": zeroNull(f.Source.Dataset), "target_application": f.Target.Application, "target_dataset": zeroNull(f.Target.Dataset),
		"mechanism": f.Mechanism, "frequency": f.Frequency, "encrypted": f.Encrypted, "country": f.Country,
		"purpose": zeroNull(f.Purpose), "description": f.Description}
}

// FlowByID returns NotFound where the workspace has no such flow.
func (s *Store) FlowByID(ctx context.Context, by domain.Actor, id domain.FlowID) (f domain.Flow, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		r, err := one[flowRow](ctx, s, "flow", `select `+flowCols+` from `+flowFrom+` where r.workspace_id = @ws and r.id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		f = r.flow()
		return err
	})
	return f, err
}

// Flows returns every flow that is not archived, by name.
func (s *Store) Flows(ctx context.Context, by domain.Actor) (flows []domain.Flow, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[flowRow](ctx, s, "flow", `select `+flowCols+` from `+flowFrom+`
			where r.workspace_id = @ws and r.archived_at is null order by fold(r.name), r.id`, pgx.StrictNamedArgs{"ws": by.Workspace})
		flows = mapSlice(rows, flowRow.flow)
		return err
	})
	return flows, err
}

// FlowsOf returns the flows that are not archived and start or arrive at a dataset, or at its application as a whole.
func (s *Store) FlowsOf(ctx context.Context, by domain.Actor, end domain.FlowEnd) (flows []domain.Flow, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[flowRow](ctx, s, "flow", `select `+flowCols+` from `+flowFrom+`
			where r.workspace_id = @ws and r.archived_at is null and (
				r.source_application_id = @application and coalesce(r.source_dataset_id, @dataset) = @dataset
				or r.target_application_id = @application and coalesce(r.target_dataset_id, @dataset) = @dataset)
			order by fold(r.name), r.id`, pgx.StrictNamedArgs{"ws": by.Workspace, "application": end.Application, "dataset": end.Dataset})
		flows = mapSlice(rows, flowRow.flow)
		return err
	})
	return flows, err
}

// AddFlow registers a flow. Invalid where the name is taken, or a dataset is not one of its application.
func (s *Store) AddFlow(ctx context.Context, by domain.Actor, f domain.Flow) (id domain.FlowID, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		if err := s.refer(ctx, by, flowRefers(domain.Flow{}, f)...); err != nil {
			return err
		}
		id, err = one[domain.FlowID](ctx, s, "flow", `insert into flow (workspace_id, name, source_application_id, source_dataset_id,
				target_application_id, target_dataset_id, mechanism, frequency, encrypted, country, purpose_id, description)
			values (@ws, @name, @source_application, @source_dataset, @target_application, @target_dataset, @mechanism, @frequency,
				@encrypted, @country, @purpose, @description) returning id`, flowArgs(by, f))
		if err != nil {
			return err
		}
		added, err := s.FlowByID(ctx, by, id) // with the names of its ends, which the history keeps
		if err != nil {
			return err
		}
		if err := s.judgeEnds(ctx, by, added); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "flow.added", Subject: added.Subject(), After: added.Facts()})
	})
	return id, err
}

func flowRefers(was, next domain.Flow) []reference {
	return []reference{{"source_application", "application", int64(next.Source.Application), int64(was.Source.Application)},
		{"source_dataset", "dataset", int64(next.Source.Dataset), int64(was.Source.Dataset)},
		{"target_application", "application", int64(next.Target.Application), int64(was.Target.Application)},
		{"target_dataset", "dataset", int64(next.Target.Dataset), int64(was.Target.Dataset)},
		{"purpose", "purpose", int64(next.Purpose), int64(was.Purpose)}}
}

// ChangeFlow saves what decide makes of the flow. Fields that it carried and that are no longer at its ends are let go of.
// Conflict where somebody changed it since it was seen.
func (s *Store) ChangeFlow(ctx context.Context, by domain.Actor, id domain.FlowID, seen int, decide func(domain.Flow) (domain.Flow, error)) error {
	return s.Write(ctx, by, func(s *Store) error {
		was, err := s.lockFlow(ctx, by, id, seen)
		if err != nil {
			return err
		}
		next, err := decide(was)
		if err != nil {
			return err
		}
		if err := s.refer(ctx, by, flowRefers(was, next)...); err != nil {
			return err
		}
		args := flowArgs(by, next)
		args["id"] = id
		if _, err := s.exec(ctx, "flow", `update flow set name = @name, source_application_id = @source_application,
			source_dataset_id = @source_dataset, target_application_id = @target_application, target_dataset_id = @target_dataset,
			mechanism = @mechanism, frequency = @frequency, encrypted = @encrypted, country = @country, purpose_id = @purpose,
			description = @description where workspace_id = @ws and id = @id`, args); err != nil {
			return err
		}
		if next, err = s.FlowByID(ctx, by, id); err != nil {
			return err
		}
		before, after := domain.Diff(was.Facts(), next.Facts())
		if len(after) == 0 && was.SameEnds(next) {
			return nil
		}
		if _, err := s.exec(ctx, "flow", `update flow set version = version + 1, updated_at = clock_timestamp() where workspace_id = @ws and id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}); err != nil {
			return err
		}
		if !was.SameEnds(next) {
			if err := s.dropStrays(ctx, by, next); err != nil {
				return err
			}
			if err := s.judgeEnds(ctx, by, was, next); err != nil {
				return err
			}
		}
		return s.record(ctx, by, domain.Event{Verb: "flow.changed", Subject: next.Subject(), Before: before, After: after})
	})
}

// lockFlow reads a flow that is about to change.
func (s *Store) lockFlow(ctx context.Context, by domain.Actor, id domain.FlowID, seen int) (domain.Flow, error) {
	r, err := one[flowRow](ctx, s, "flow", `select `+flowCols+` from `+flowFrom+` where r.workspace_id = @ws and r.id = @id for update of r`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	if err == nil && r.Version != seen {
		err = stale()
	}
	if err == nil {
		err = domain.Changeable(r.flow())
	}
	return r.flow(), err
}

// dropStrays lets go of carried fields that are not where the flow starts, or arrives, any more.
func (s *Store) dropStrays(ctx context.Context, by domain.Actor, f domain.Flow) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": f.ID, "application": f.Source.Application, "dataset": int64(f.Source.Dataset)}
	if _, err := s.exec(ctx, "flow", `delete from flow_field x using field f
		where x.workspace_id = @ws and x.flow_id = @id and f.workspace_id = @ws and f.id = x.source_field_id
			and (f.application_id <> @application or @dataset <> 0 and f.dataset_id <> @dataset)`, args); err != nil {
		return err
	}
	args["application"], args["dataset"] = f.Target.Application, int64(f.Target.Dataset)
	_, err := s.exec(ctx, "flow", `update flow_field x set target_field_id = null from field f
		where x.workspace_id = @ws and x.flow_id = @id and f.workspace_id = @ws and f.id = x.target_field_id
			and (f.application_id <> @application or @dataset <> 0 and f.dataset_id <> @dataset)`, args)
	return err
}

// judgeEnds judges the fields that these flows tie, or tied, to a declared reference: a copy that a flow feeds is no
// duplicate.
func (s *Store) judgeEnds(ctx context.Context, by domain.Actor, flows ...domain.Flow) error {
	ends := make([]int64, 0, 2*len(flows))
	for _, f := range flows {
		ends = append(ends, int64(f.Source.Application), int64(f.Target.Application))
	}
	if err := s.holdCopied(ctx, by, "d.is_master and d.application_id = any(@ends)", pgx.StrictNamedArgs{"ends": ends}); err != nil {
		return err
	}
	var all []int64
	for _, f := range flows {
		ids, err := many[int64](ctx, s, "field", `
			with tied as (
				select d.id, d.is_master, d.subjects,
					d.application_id = @source_application and @source_dataset::bigint in (0, d.id) as source,
					d.application_id = @target_application and @target_dataset::bigint in (0, d.id) as target
				from dataset d where d.workspace_id = @ws and d.application_id in (@source_application, @target_application)
			)
			select f.id from tied d join field f on f.workspace_id = @ws and f.dataset_id = d.id and f.category_id is not null
			where not d.is_master and exists (select from tied m where m.is_master and m.subjects && d.subjects
				and (m.source and d.target or m.target and d.source))`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "source_application": f.Source.Application, "source_dataset": f.Source.Dataset,
				"target_application": f.Target.Application, "target_dataset": f.Target.Dataset})
		if err != nil {
			return err
		}
		all = append(all, ids...)
	}
	slices.Sort(all)
	return s.judge(ctx, by, slices.Compact(all))
}

// ArchiveFlow takes a flow out of the lists.
func (s *Store) ArchiveFlow(ctx context.Context, by domain.Actor, id domain.FlowID) error {
	return s.endFlow(ctx, by, id, func(s *Store, f domain.Flow) error { return s.archive(ctx, by, "flow", f.Subject(), nil) })
}

// RestoreFlow brings an archived flow back.
func (s *Store) RestoreFlow(ctx context.Context, by domain.Actor, id domain.FlowID) error {
	return s.endFlow(ctx, by, id, func(s *Store, f domain.Flow) error {
		if err := s.standsIn(ctx, by, flowRefers(domain.Flow{Purpose: f.Purpose}, f)...); err != nil {
			return err
		}
		return s.restore(ctx, by, "flow", f.Subject())
	})
}

// RemoveFlow deletes a mistaken entry with the list of fields that it carries.
func (s *Store) RemoveFlow(ctx context.Context, by domain.Actor, id domain.FlowID) error {
	return s.endFlow(ctx, by, id, func(s *Store, f domain.Flow) error { return s.remove(ctx, by, "flow", f.Subject(), nil) })
}

func (s *Store) endFlow(ctx context.Context, by domain.Actor, id domain.FlowID, end func(*Store, domain.Flow) error) error {
	return s.Write(ctx, by, func(s *Store) error {
		f, err := s.FlowByID(ctx, by, id)
		if err != nil {
			return err
		}
		if err := end(s, f); err != nil {
			return err
		}
		return s.judgeEnds(ctx, by, f)
	})
}

type flowFieldRow struct {
	Source      domain.FieldID   `db:"source_id"`
	SourceName  string           `db:"source_name"`
	SourceTable string           `db:"source_table"`
	Class       domain.GDPRClass `db:"gdpr_class"`
	Target      *domain.FieldID  `db:"target_id"`
	TargetName  *string          `db:"target_name"`
	TargetTable *string          `db:"target_table"`
}

// FlowFields returns the fields that a flow carries, by dataset and place in it.
func (s *Store) FlowFields(ctx context.Context, by domain.Actor, id domain.FlowID) (fields []domain.FlowField, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[flowFieldRow](ctx, s, "flow", `select f.id as source_id, f.name as source_name, d.name as source_table, f.gdpr_class,
				t.id as target_id, t.name as target_name, td.name as target_table
			from flow_field x
			join field f on f.workspace_id = x.workspace_id and f.id = x.source_field_id
			join dataset d on d.workspace_id = x.workspace_id and d.id = f.dataset_id
			left join field t on t.workspace_id = x.workspace_id and t.id = x.target_field_id
			left join dataset td on td.workspace_id = x.workspace_id and td.id = t.dataset_id
			where x.workspace_id = @ws and x.flow_id = @id order by fold(d.name), d.id, f.position, fold(f.name), f.id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		fields = mapSlice(rows, func(r flowFieldRow) domain.FlowField {
			return domain.FlowField{Source: r.Source, SourceName: r.SourceName, SourceTable: r.SourceTable, Class: r.Class,
				Target: deref(r.Target), TargetName: deref(r.TargetName), TargetTable: deref(r.TargetTable)}
		})
		return err
	})
	return fields, err
}

// NamedField is a field of a dataset as pickers show it.
type NamedField struct {
	ID      domain.FieldID   `db:"id"`
	Name    string           `db:"name"`
	Label   string           `db:"label"`
	Class   domain.GDPRClass `db:"gdpr_class"`
	Dataset string           `db:"dataset"`
}

// fieldsAt are the active fields of an end, with what narrows them.
const fieldsAt = ` from field f join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
	where f.workspace_id = @ws and f.application_id = @application and @dataset::bigint in (0, f.dataset_id) and f.state = 'active'`

const fieldsAtCols = `select f.id, f.name, f.label, f.gdpr_class, d.name as dataset`

// fieldTyped is how people write a field of an end, folded.
const fieldTyped = `fold(case when @dataset::bigint = 0 then d.name || '.' || f.name else f.name end)`

// FieldsAt returns the active fields of a dataset in their order, or of a whole application where the end names no
// dataset: those that hold every word of q, the skip first left out, at most so many; and how many there are.
func (s *Store) FieldsAt(ctx context.Context, by domain.Actor, end domain.FlowEnd, q string, skip, most int) (fields []NamedField, total int64, err error) {
	const match = fieldsAt + ` and f.search like all(@patterns)`
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "application": end.Application, "dataset": end.Dataset,
		"patterns": mapSlice(searchWords(q), func(w string) string { return "%" + likeEscape(w) + "%" })}
	err = s.Read(ctx, by, func(s *Store) error {
		if total, err = one[int64](ctx, s, "field", `select count(*)`+match, args); err != nil {
			return err
		}
		page := maps.Clone(args)
		page["skip"], page["most"] = skip, most
		fields, err = many[NamedField](ctx, s, "field", fieldsAtCols+match+`
			order by fold(d.name), d.id, f.position, fold(f.name), f.id offset @skip limit @most`, page)
		return err
	})
	return fields, total, err
}

// FieldsLike returns active fields of an end whose name, as people write it, holds what was typed: those that begin with
// it first, at most so many.
func (s *Store) FieldsLike(ctx context.Context, by domain.Actor, end domain.FlowEnd, typed string, most int) (fields []NamedField, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		pattern := likeEscape(domain.Fold(typed)) + "%"
		fields, err = many[NamedField](ctx, s, "field", fieldsAtCols+fieldsAt+` and `+fieldTyped+` like '%' || @pattern
			order by `+fieldTyped+` not like @pattern, `+fieldTyped+`, f.id limit @most`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "application": end.Application, "dataset": end.Dataset, "pattern": pattern, "most": most})
		return err
	})
	return fields, err
}

// FieldsTyped returns the active fields of an end that people mean by those names, whatever the case. Where the end is a
// whole application a name may leave the dataset out: every field of that name is then returned.
func (s *Store) FieldsTyped(ctx context.Context, by domain.Actor, end domain.FlowEnd, names []string) (fields []NamedField, err error) {
	if len(names) == 0 {
		return nil, nil
	}
	err = s.Read(ctx, by, func(s *Store) error {
		fields, err = many[NamedField](ctx, s, "field", fieldsAtCols+fieldsAt+` and (`+fieldTyped+` = any(@names) or fold(f.name) = any(@names))
			order by fold(d.name), d.id, f.position, f.id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "application": end.Application, "dataset": end.Dataset, "names": mapSlice(names, domain.Fold)})
		return err
	})
	return fields, err
}

// eventNames is how many names an event of many fields keeps.
const eventNames = 200

// CarryFields makes a flow carry, of the fields of one dataset that somebody was offered, just these, each with where it
// arrives where that is known. Fields that were not offered stay as they are: those of other datasets, archived ones, and
// those of a long dataset that the page had no room for. Invalid where a field is not at the flow's end; Conflict where
// somebody changed the flow since it was seen.
func (s *Store) CarryFields(ctx context.Context, by domain.Actor, id domain.FlowID, seen int, dataset domain.DatasetID, offered []domain.FieldID, carried []domain.FlowField) error {
	return s.Write(ctx, by, func(s *Store) error {
		f, err := s.lockFlow(ctx, by, id, seen)
		if err != nil {
			return err
		}
		sources, targets := make([]int64, len(carried)), make([]*int64, len(carried))
		for i, c := range carried {
			sources[i] = int64(c.Source)
			if c.Target != 0 {
				t := int64(c.Target)
				targets[i] = &t
			}
		}
		if err := s.checkCarried(ctx, by, f, dataset, sources, targets); err != nil {
			return err
		}
		type change struct {
			Added   []string `db:"added"`
			Removed []string `db:"removed"`
			Moved   int64    `db:"moved"`
		}
		c, err := one[change](ctx, s, "flow", `
			with wanted as (
				select source, target from unnest(@sources::bigint[], @targets::bigint[]) w (source, target)
			), removed as (
				delete from flow_field x using field f where x.workspace_id = @ws and x.flow_id = @id and f.workspace_id = @ws
					and f.id = x.source_field_id and f.dataset_id = @dataset and x.source_field_id = any(@offered::bigint[])
					and x.source_field_id <> all(@sources::bigint[])
				returning f.name
			), moved as (
				update flow_field x set target_field_id = w.target from wanted w
				where x.workspace_id = @ws and x.flow_id = @id and x.source_field_id = w.source
					and x.target_field_id is distinct from w.target returning x.source_field_id
			), added as (
				insert into flow_field (workspace_id, flow_id, source_field_id, target_field_id)
				select @ws, @id, w.source, w.target from wanted w
				where not exists (select from flow_field x where x.workspace_id = @ws and x.flow_id = @id and x.source_field_id = w.source)
				returning source_field_id
			)
			select coalesce((select array_agg(f.name order by f.position, f.name) from added a join field f on f.workspace_id = @ws and f.id = a.source_field_id), '{}') as added,
				coalesce((select array_agg(name order by name) from removed), '{}') as removed, (select count(*) from moved) as moved`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "dataset": dataset, "offered": fieldIDs(offered), "sources": sources, "targets": targets})
		if err != nil || len(c.Added)+len(c.Removed) == 0 && c.Moved == 0 {
			return err
		}
		if _, err := s.exec(ctx, "flow", `update flow set version = version + 1, updated_at = clock_timestamp() where workspace_id = @ws and id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "flow.fields_changed", Subject: f.Subject(), After: fieldChanges(c.Added, c.Removed, c.Moved)})
	})
}

// fieldChanges are the facts of an event about many fields: their names, as many as a person would read.
func fieldChanges(added, removed []string, moved int64) map[string]any {
	facts := map[string]any{}
	if len(added) > 0 {
		facts["fields_added"] = capped(added)
	}
	if len(removed) > 0 {
		facts["fields_removed"] = capped(removed)
	}
	if moved > 0 {
		facts["targets_changed"] = moved
	}
	return facts
}

func capped(names []string) []string {
	if len(names) > eventNames {
		return append(slices.Clone(names[:eventNames]), "…")
	}
	return names
}

// checkCarried refuses fields that are not where the flow starts, or arrives.
func (s *Store) checkCarried(ctx context.Context, by domain.Actor, f domain.Flow, dataset domain.DatasetID, sources []int64, targets []*int64) error {
	bad, err := one[bool](ctx, s, "flow", `select
		exists (select from unnest(@sources::bigint[]) x where not exists (select from field f where f.workspace_id = @ws and f.id = x
			and f.application_id = @source_application and f.dataset_id = @dataset and @source_dataset::bigint in (0, f.dataset_id)))
		or exists (select from unnest(@targets::bigint[]) x where x is not null and not exists (select from field f where f.workspace_id = @ws
			and f.id = x and f.application_id = @target_application and @target_dataset::bigint in (0, f.dataset_id)))`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "sources": sources, "targets": targets, "dataset": dataset,
			"source_application": f.Source.Application, "source_dataset": f.Source.Dataset,
			"target_application": f.Target.Application, "target_dataset": f.Target.Dataset})
	if err == nil && bad {
		var p domain.Problems
		p.Add("fields", "error.reference")
		err = p.Err()
	}
	return err
}

const flowEither = `(r.source_application_id = any(%[1]s::text[]::bigint[]) or r.target_application_id = any(%[1]s::text[]::bigint[]))`

var _ = addRegister(registerSQL{
	register: domain.FlowRegister,
	from: flowFrom + `
		left join purpose p on p.workspace_id = r.workspace_id and p.id = r.purpose_id
		left join lateral (
			select count(*) as fields from flow_field x where x.workspace_id = r.workspace_id and x.flow_id = r.id
		) fs on true`,
	cells: map[string]string{
		"name": "r.name", "flow_source": "concat_ws(' › ', sa.name, sd.name)", "flow_target": "concat_ws(' › ', ta.name, td.name)",
		"source_application": "sa.name", "source_dataset": "sd.name", "target_application": "ta.name", "target_dataset": "td.name",
		"mechanism": "r.mechanism", "frequency": "r.frequency", "encrypted": "r.encrypted", "fields": "fs.fields", "country": "r.country",
		"purpose": "p.name", "description": "r.description", "updated": "r.updated_at",
		"completeness": `((r.encrypted <> 'unknown')::int * 20 + (fs.fields > 0)::int * 20 + (r.purpose_id is not null)::int * 15
			+ (r.mechanism <> '')::int * 15 + (r.frequency <> '')::int * 10 + (r.country <> '')::int * 10 + (r.description <> '')::int * 10) / 100.0`,
	},
	filters: map[string]filterSQL{
		"state": {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
		"application": {in: flowEither, lookup: applicationLookup,
			facet: `select x.id::text as value, x.name as label, count(*) as n from (select r.id as flow, e.id, e.name from ` + flowFrom + `
				cross join lateral (values (sa.id, sa.name) union values (ta.id, ta.name)) e (id, name) where %s) x
				group by x.id, x.name order by n desc, label, value limit 200`},
		"source_application": {expr: "r.source_application_id::text", label: "sa.name", lookup: applicationLookup},
		"target_application": {expr: "r.target_application_id::text", label: "ta.name", lookup: applicationLookup},
		"dataset": {in: `(r.source_dataset_id = any(%[1]s::text[]::bigint[]) or r.target_dataset_id = any(%[1]s::text[]::bigint[]))`,
			lookup: datasetLookup},
		"encrypted": {expr: "r.encrypted"},
		"mechanism": {expr: "r.mechanism", none: "r.mechanism = ''"},
		"frequency": {expr: "r.frequency", none: "r.frequency = ''"},
		"country":   {expr: "r.country", none: "r.country = ''"},
		"purpose":   {expr: "r.purpose_id::text", none: "r.purpose_id is null", lookup: purposeLookup},
		"field": {lookup: fieldLookup, in: `exists(select from flow_field x where x.workspace_id = r.workspace_id and x.flow_id = r.id
			and (x.source_field_id = any(%[1]s::text[]::bigint[]) or x.target_field_id = any(%[1]s::text[]::bigint[])))`},
	},
	search:   "fold(concat_ws(' ', r.name, sa.name, sd.name, ta.name, td.name, r.description))",
	archived: "r.archived_at is not null",
})

// FlowPurposes returns the purposes that a flow may serve: those that are not archived, and the one that it names already.
func (s *Store) FlowPurposes(ctx context.Context, by domain.Actor, named domain.PurposeID) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[optionRow](ctx, s, "option", `select id, code || ' · ' || name as name from purpose
			where workspace_id = @ws and (archived_at is null or id = @named) order by fold(code), id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "named": named})
		options = mapSlice(rows, func(r optionRow) domain.Option { return domain.Option{ID: r.ID, Name: r.Name} })
		return err
	})
	return options, err
}

// ApplicationKinds returns the kind of every application, archived ones too.
func (s *Store) ApplicationKinds(ctx context.Context, by domain.Actor) (kinds map[domain.ApplicationID]string, err error) {
	type kind struct {
		ID   domain.ApplicationID `db:"id"`
		Kind string               `db:"kind"`
	}
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[kind](ctx, s, "application", `select id, kind from application where workspace_id = @ws`, pgx.StrictNamedArgs{"ws": by.Workspace})
		kinds = make(map[domain.ApplicationID]string, len(rows))
		for _, r := range rows {
			kinds[r.ID] = r.Kind
		}
		return err
	})
	return kinds, err
}
