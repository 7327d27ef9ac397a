package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type datasetRow struct {
	ID              domain.DatasetID        `db:"id"`
	ApplicationID   domain.ApplicationID    `db:"application_id"`
	Name            string                  `db:"name"`
	SourceName      string                  `db:"source_name"`
	SourceSchema    string                  `db:"source_schema"`
	Label           string                  `db:"label"`
	Description     string                  `db:"description"`
	Structure       string                  `db:"structure"`
	Subjects        []string                `db:"subjects"`
	RowCount        *int64                  `db:"row_count"`
	RetentionRuleID *domain.RetentionRuleID `db:"retention_rule_id"`
	OldestRecordOn  *time.Time              `db:"oldest_record_on"`
	MeasuredOldest  *time.Time              `db:"measured_oldest_on"`
	OldestMeasured  *time.Time              `db:"oldest_measured_at"`
	OldestSource    *string                 `db:"oldest_source"`
	IsMaster        bool                    `db:"is_master"`
	State           string                  `db:"state"`
	Version         int                     `db:"version"`
	CreatedAt       time.Time               `db:"created_at"`
	UpdatedAt       time.Time               `db:"updated_at"`
	ArchivedAt      *time.Time              `db:"archived_at"`
}

const datasetCols = `id, application_id, name, source_name, source_schema, label, description, structure, subjects, row_count, retention_rule_id,
	oldest_record_on, measured_oldest_on, oldest_measured_at, oldest_source, is_master, state, version, created_at, updated_at, archived_at`

// oldestRecord is the day of the oldest record of a dataset d: as measured, else as declared.
const oldestRecord = `coalesce(d.measured_oldest_on, d.oldest_record_on)`

func (r datasetRow) dataset() domain.Dataset {
	return domain.Dataset{ID: r.ID, Application: r.ApplicationID, Name: r.Name, SourceName: r.SourceName, SourceSchema: r.SourceSchema, Label: r.Label, Description: r.Description,
		Structure: r.Structure, Subjects: r.Subjects, RowCount: r.RowCount, Retention: deref(r.RetentionRuleID),
		OldestRecordOn: r.OldestRecordOn, MeasuredOldestOn: r.MeasuredOldest, OldestMeasuredAt: r.OldestMeasured,
		OldestSource: deref(r.OldestSource), IsMaster: r.IsMaster, State: r.State, Version: r.Version,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, ArchivedAt: r.ArchivedAt}
}

func datasetArgs(by domain.Actor, d domain.Dataset) pgx.StrictNamedArgs {
	subjects := d.Subjects
	if subjects == nil {
		subjects = []string{}
	}
	return pgx.StrictNamedArgs{"ws": by.Workspace, "application": d.Application, "name": d.Name, "label": d.Label,
		"description": d.Description, "structure": d.Structure, "subjects": subjects, "row_count": d.RowCount,
		"retention": zeroNull(d.Retention), "oldest": d.OldestRecordOn, "master": d.IsMaster}
}

// DatasetByID returns NotFound where the workspace has no such dataset.
func (s *Store) DatasetByID(ctx context.Context, by domain.Actor, id domain.DatasetID) (d domain.Dataset, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		d, err = s.dataset(ctx, by, id, "")
		return err
	})
	return d, err
}

// dataset reads one, in the transaction of the caller; lock is forUpdate or nothing.
func (s *Store) dataset(ctx context.Context, by domain.Actor, id domain.DatasetID, lock string) (domain.Dataset, error) {
	r, err := one[datasetRow](ctx, s, "dataset", `select `+datasetCols+` from dataset where workspace_id = @ws and id = @id`+lock,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return r.dataset(), err
}

// DatasetNamed returns the id of an application's dataset of that name, whatever its case; zero where there is none.
func (s *Store) DatasetNamed(ctx context.Context, by domain.Actor, application domain.ApplicationID, name string) (id domain.DatasetID, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		ids, err := many[domain.DatasetID](ctx, s, "dataset", `select id from dataset
			where workspace_id = @ws and application_id = @application and lower(name) = lower(@name)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "application": application, "name": name})
		if len(ids) > 0 {
			id = ids[0]
		}
		return err
	})
	return id, err
}

// AddDataset registers a dataset. Invalid where the application already has one of that name, or is unknown.
func (s *Store) AddDataset(ctx context.Context, by domain.Actor, d domain.Dataset) (id domain.DatasetID, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		if err := s.refer(ctx, by, datasetRefers(domain.Dataset{}, d)...); err != nil {
			return err
		}
		d.ID, err = one[domain.DatasetID](ctx, s, "dataset", `insert into dataset (workspace_id, application_id, name, label, description,
				structure, subjects, row_count, retention_rule_id, oldest_record_on, is_master)
			values (@ws, @application, @name, @label, @description, @structure, @subjects, @row_count, @retention::bigint,
				@oldest, @master) returning id`, datasetArgs(by, d))
		if err != nil {
			return err
		}
		id = d.ID
		return s.record(ctx, by, domain.Event{Verb: "dataset.added", Subject: d.Subject(), After: d.Facts()})
	})
	return id, err
}

func datasetRefers(was, next domain.Dataset) []reference {
	return []reference{{"application", "application", int64(next.Application), int64(was.Application)},
		{"retention", "retention_rule", int64(next.Retention), int64(was.Retention)}}
}

// ChangeDataset saves what decide makes of the dataset and judges again the fields whose verdict depends on it: its own,
// and the copies of a declared reference. Conflict where somebody changed it since it was seen.
func (s *Store) ChangeDataset(ctx context.Context, by domain.Actor, id domain.DatasetID, seen int,
	decide func(domain.Dataset) (domain.Dataset, error)) error {
	return change(ctx, s, by, id, seen, (*Store).dataset, decide, func(s *Store, was, next domain.Dataset) error {
		if err := s.refer(ctx, by, datasetRefers(was, next)...); err != nil {
			return err
		}
		args := datasetArgs(by, next)
		args["id"] = id
		// The key of fields and flows holds the application too: they follow a dataset that moves.
		_, err := s.exec(ctx, "dataset", `update dataset set application_id = @application, name = @name, label = @label,
			description = @description, structure = @structure, subjects = @subjects, row_count = @row_count,
			retention_rule_id = @retention, oldest_record_on = @oldest, is_master = @master,
			version = version + 1, updated_at = clock_timestamp() where workspace_id = @ws and id = @id`, args)
		return err
	}, func(s *Store, was, next domain.Dataset) error {
		if was.JudgesOtherwise(next) {
			if err := s.judgeDataset(ctx, by, was, next); err != nil {
				return err
			}
		}
		if was.Name == next.Name && was.Application == next.Application {
			return nil
		}
		return s.suggestFor(ctx, by, []int64{int64(id)})
	})
}

// judgeDataset judges the fields whose verdict may differ because a dataset became another.
func (s *Store) judgeDataset(ctx context.Context, by domain.Actor, was, next domain.Dataset) error {
	if was.IsMaster || next.IsMaster {
		if err := s.holdCopied(ctx, by, "d.id = @id", pgx.StrictNamedArgs{"id": next.ID}); err != nil {
			return err
		}
	}
	people := append(slices.Clone(was.Subjects), next.Subjects...)
	ids, err := many[int64](ctx, s, "field", `
		select id from field where workspace_id = @ws and dataset_id = @id
		union
		select f.id from field f join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
		where f.workspace_id = @ws and @reference and d.id <> @id and not d.is_master and d.subjects && @people::text[]
			and f.category_id in (select category_id from field where workspace_id = @ws and dataset_id = @id)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": next.ID, "reference": was.IsMaster || next.IsMaster, "people": people})
	if err != nil {
		return err
	}
	return s.judge(ctx, by, ids)
}

// DatasetUses tells what holds a dataset in place.
func (s *Store) DatasetUses(ctx context.Context, by domain.Actor, id domain.DatasetID) (uses []domain.Use, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		uses, err = s.uses(ctx, by, int64(id), `
			select 'fields' as register, 'dataset' as filter, count(*) as n from field
				where workspace_id = @ws and dataset_id = @id and state = 'active'
			union all
			select 'flows', 'dataset', count(*) from flow
				where workspace_id = @ws and @id in (source_dataset_id, target_dataset_id) and archived_at is null`)
		return err
	})
	return uses, err
}

// ArchiveDataset takes a dataset out of the lists; Conflict, with what uses it, while something does.
func (s *Store) ArchiveDataset(ctx context.Context, by domain.Actor, id domain.DatasetID) error {
	return archiveRecord(ctx, s, by, "dataset", id, (*Store).DatasetByID, (*Store).DatasetUses)
}

// RestoreDataset brings an archived dataset back.
func (s *Store) RestoreDataset(ctx context.Context, by domain.Actor, id domain.DatasetID) error {
	return s.Write(ctx, by, func(s *Store) error {
		d, err := s.DatasetByID(ctx, by, id)
		if err != nil {
			return err
		}
		if err := s.standsIn(ctx, by, datasetRefers(domain.Dataset{Retention: d.Retention}, d)...); err != nil {
			return err
		}
		return restoreRecord(ctx, s, by, "dataset", id, (*Store).DatasetByID)
	})
}

// RemoveDataset deletes a mistaken entry; Conflict, with what uses it, while anything refers to it.
func (s *Store) RemoveDataset(ctx context.Context, by domain.Actor, id domain.DatasetID) error {
	return removeRecord(ctx, s, by, "dataset", id, (*Store).DatasetByID, (*Store).DatasetUses)
}

// datasetOptions is how many datasets a choice offers.
const datasetOptions = 2000

// DatasetOptions returns the datasets of an application that are not archived, by name, for forms.
func (s *Store) DatasetOptions(ctx context.Context, by domain.Actor, application domain.ApplicationID) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[optionRow](ctx, s, "option", `select id, name from dataset
			where workspace_id = @ws and application_id = @application and archived_at is null order by fold(name), id limit @most`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "application": application, "most": datasetOptions})
		options = mapSlice(rows, func(r optionRow) domain.Option { return domain.Option{ID: r.ID, Name: r.Name} })
		return err
	})
	return options, err
}

// DatasetNames returns names of datasets to suggest, each once, at most so many.
func (s *Store) DatasetNames(ctx context.Context, by domain.Actor, most int) (names []string, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		names, err = many[string](ctx, s, "dataset", `select distinct name from dataset
			where workspace_id = @ws and archived_at is null order by name limit @most`, pgx.StrictNamedArgs{"ws": by.Workspace, "most": most})
		return err
	})
	return names, err
}

// VerdictCount is how many active fields have a verdict.
type VerdictCount struct {
	Verdict domain.Verdict `db:"verdict"`
	N       int64          `db:"n"`
}

// DatasetVerdicts counts the active fields of a dataset by verdict.
func (s *Store) DatasetVerdicts(ctx context.Context, by domain.Actor, id domain.DatasetID) (counts []VerdictCount, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		counts, err = many[VerdictCount](ctx, s, "field", `select verdict, count(*) as n from field
			where workspace_id = @ws and dataset_id = @id and state = 'active' group by verdict`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
	return counts, err
}

// overRetained are the fields, of all that a table has, whose data is older than the rule that binds them allows.
var overRetained = `flags & flag_mask(array['` + strings.Join(domain.FlagOverRetention.Codes(), "") + `']) <> 0`

var _ = addRegister(registerSQL{
	register: domain.DatasetRegister,
	from: `dataset r
		join application a on a.workspace_id = r.workspace_id and a.id = r.application_id
		left join lateral (
			select count(*) as fields, count(*) filter (where f.verdict in ('dormant', 'delete')) as unused,
				count(*) filter (where f.` + overRetained + `) as over
			from field f where f.workspace_id = r.workspace_id and f.dataset_id = r.id and f.state = 'active'
		) fs on true
		left join retention_rule rr on rr.workspace_id = r.workspace_id and rr.id = r.retention_rule_id`,
	cells: map[string]string{
		"name": "r.name", "label": "r.label", "application": "a.name", "subjects": "r.subjects", "structure": "r.structure",
		"row_count": "r.row_count", "retention": "rr.name", "over_fields": "fs.over",
		"oldest_record_on": "coalesce(r.measured_oldest_on, r.oldest_record_on)", "is_master": "r.is_master", "fields": "fs.fields", "unused": "fs.unused",
		"description": "r.description", "updated": "r.updated_at",
		"completeness": `((r.label <> '' or r.description <> '')::int + (r.subjects <> '{}')::int + (r.row_count is not null)::int
			+ (r.retention_rule_id is not null)::int + (coalesce(r.measured_oldest_on, r.oldest_record_on) is not null)::int + (fs.fields > 0)::int) / 6.0`,
	},
	filters: map[string]filterSQL{
		"state":       {expr: "case when r.archived_at is null then r.state else 'archived' end"},
		"application": {expr: "r.application_id::text", label: "a.name", lookup: applicationLookup},
		"subjects":    {in: "r.subjects && %s", none: "r.subjects = '{}'", many: "r.subjects"},
		"structure":   {expr: "r.structure"},
		"retention":   {expr: `case when fs.over > 0 then 'over' when r.retention_rule_id is not null then 'set' else 'missing' end`},
		"rule":        {expr: "r.retention_rule_id::text", none: "r.retention_rule_id is null", lookup: retentionLookup},
		"is_master":   {expr: "case when r.is_master then 'yes' else 'no' end"},
	},
	search:   "fold(r.name || ' ' || r.label || ' ' || r.description || ' ' || a.name)",
	archived: "r.archived_at is not null",
})
