package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type fieldRow struct {
	fieldOwnRow
	Points []domain.CollectionPointID `db:"points"`
}

// fieldOwnRow is a field as its own table has it.
type fieldOwnRow struct {
	ID              domain.FieldID          `db:"id"`
	DatasetID       domain.DatasetID        `db:"dataset_id"`
	ApplicationID   domain.ApplicationID    `db:"application_id"`
	Name            string                  `db:"name"`
	Label           string                  `db:"label"`
	Description     string                  `db:"description"`
	Comment         string                  `db:"comment"`
	DataType        string                  `db:"data_type"`
	Nullable        *bool                   `db:"nullable"`
	IsKey           bool                    `db:"is_key"`
	Reference       string                  `db:"reference"`
	CategoryID      *domain.CategoryID      `db:"category_id"`
	Class           domain.GDPRClass        `db:"gdpr_class"`
	Origin          string                  `db:"origin"`
	RetentionRuleID *domain.RetentionRuleID `db:"retention_rule_id"`
	OwnerID         *domain.UserID          `db:"owner_id"`
	State           string                  `db:"state"`
	Version         int                     `db:"version"`
	CreatedAt       time.Time               `db:"created_at"`
	UpdatedAt       time.Time               `db:"updated_at"`
	ArchivedAt      *time.Time              `db:"archived_at"`
	Source          *domain.SourceFacts     `db:"source_facts"`
}

// fieldCols are the columns of a fieldRow, fieldOwnCols those that the field's own row has.
const (
	fieldOwnCols = `f.id, f.dataset_id, f.application_id, f.name, f.label, f.description, f.comment, f.data_type, f.nullable, f.is_key,
	f.reference, f.category_id, f.gdpr_class, f.origin, f.retention_rule_id, f.owner_id, f.state, f.version, f.created_at, f.updated_at, f.archived_at, f.source_facts`
	fieldCols = fieldOwnCols + `,
	array(select collection_point_id from field_collection fc where fc.workspace_id = f.workspace_id and fc.field_id = f.id order by 1) as points`
)

func (r fieldRow) field() domain.Field {
	f := r.fieldOwnRow.field()
	f.Points = r.Points
	return f
}

func (r fieldOwnRow) field() domain.Field {
	return domain.Field{ID: r.ID, Dataset: r.DatasetID, Application: r.ApplicationID, Name: r.Name, Label: r.Label,
		Description: r.Description, Comment: r.Comment, DataType: r.DataType, Nullable: r.Nullable, IsKey: r.IsKey,
		Reference: r.Reference, Category: deref(r.CategoryID), Class: r.Class, Origin: r.Origin, Retention: deref(r.RetentionRuleID), Owner: deref(r.OwnerID),
		State: r.State, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, ArchivedAt: r.ArchivedAt,
		Source: deref(r.Source)}
}

func fieldArgs(by domain.Actor, f domain.Field) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"ws": by.Workspace, "name": f.Name, "label": f.Label, "description": f.Description, "data_type": f.DataType,
		"nullable": f.Nullable, "is_key": f.IsKey, "reference": f.Reference, "category": zeroNull(f.Category), "origin": f.Origin,
		"owner": zeroNull(f.Owner)}
}

// FieldByID returns NotFound where the workspace has no such field.
func (s *Store) FieldByID(ctx context.Context, by domain.Actor, id domain.FieldID) (f domain.Field, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		f, err = s.fieldByID(ctx, by, id)
		return err
	})
	return f, err
}

func (s *Store) fieldByID(ctx context.Context, by domain.Actor, id domain.FieldID) (domain.Field, error) {
	r, err := one[fieldRow](ctx, s, "field", `select `+fieldCols+` from field f where f.workspace_id = @ws and f.id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return r.field(), err
}

// lockedField reads a field that nobody else may change until the transaction ends, and takes its turn where others change what it
// is judged by, or what those programs are.
func (s *Store) lockedField(ctx context.Context, by domain.Actor, id domain.FieldID, programs ...int64) (domain.Field, error) {
	if err := s.takeTurn(ctx, by, []int64{int64(id)}, programs...); err != nil {
		return domain.Field{}, err
	}
	return s.fieldByID(ctx, by, id)
}

// AddField registers a field in a dataset that is not archived, and judges it. Invalid where the name is taken or a
// reference is unknown.
func (s *Store) AddField(ctx context.Context, by domain.Actor, f domain.Field) (id domain.FieldID, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		if err := s.checkField(ctx, by, f, domain.Field{}); err != nil {
			return err
		}
		args := fieldArgs(by, f)
		args["dataset"] = f.Dataset
		f.ID, err = one[domain.FieldID](ctx, s, "field", `insert into field (workspace_id, dataset_id, application_id, name, label, description,
				data_type, nullable, is_key, reference, category_id, gdpr_class, origin, owner_id, position)
			select d.workspace_id, d.id, d.application_id, @name, @label, @description, @data_type, @nullable, @is_key, @reference, @category::bigint,
				coalesce((select gdpr_class from data_category where workspace_id = @ws and id = @category), 'unclassified'), @origin, @owner::bigint,
				coalesce((select max(position) + 1 from field where workspace_id = @ws and dataset_id = d.id), 1)
			from dataset d where d.workspace_id = @ws and d.id = @dataset returning id`, args)
		if err != nil {
			return err
		}
		id = f.ID
		if err := s.setPoints(ctx, by, f); err != nil {
			return err
		}
		if err := s.judge(ctx, by, []int64{int64(id)}); err != nil {
			return err
		}
		if err := s.suggestFieldChange(ctx, by, domain.Field{}, f); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "field.added", Subject: f.Subject(), After: f.Facts()})
	})
	return id, err
}

// checkField refuses what the database's own constraints do not see: a dataset, a category or a point that is archived
// and was not there before, and an owner who is no member.
func (s *Store) checkField(ctx context.Context, by domain.Actor, f, was domain.Field) error {
	if err := s.checkOwner(ctx, by, was.Owner, f.Owner); err != nil {
		return err
	}
	missing, err := many[string](ctx, s, "field", `
		select 'dataset' where @dataset <> @had_dataset::bigint
			and not exists(select from dataset where workspace_id = @ws and id = @dataset and archived_at is null for key share)
		union all
		select 'category' where coalesce(@category, 0) <> coalesce(@had_category::bigint, 0) and @category is not null
			and not exists(select from data_category where workspace_id = @ws and id = @category and archived_at is null for key share)
		union all
		select 'collection_points' where exists(select from unnest(@points::bigint[]) p where p <> all(@had_points::bigint[])
			and not exists(select from collection_point c where c.workspace_id = @ws and c.id = p and c.archived_at is null for key share))`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "dataset": f.Dataset, "had_dataset": was.Dataset, "category": zeroNull(f.Category),
			"had_category": zeroNull(was.Category), "points": pointIDs(f.Points), "had_points": pointIDs(was.Points)})
	if err != nil {
		return err
	}
	var p domain.Problems
	for _, name := range missing {
		p.Add(name, "error.reference")
	}
	return p.Err()
}

func pointIDs(ids []domain.CollectionPointID) []int64 {
	return mapSlice(ids, func(id domain.CollectionPointID) int64 { return int64(id) })
}

// setPoints makes the collection points of a field those that it names.
func (s *Store) setPoints(ctx context.Context, by domain.Actor, f domain.Field) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "field": f.ID, "points": pointIDs(f.Points)}
	if _, err := s.exec(ctx, "field", `delete from field_collection
		where workspace_id = @ws and field_id = @field and collection_point_id <> all(@points)`, args); err != nil {
		return err
	}
	_, err := s.exec(ctx, "field", `insert into field_collection (workspace_id, field_id, collection_point_id)
		select @ws, @field, p from unnest(@points::bigint[]) p on conflict do nothing`, args)
	return err
}

// ChangeField saves what decide makes of the field and judges it again. Conflict where somebody changed it since it was
// seen. Another category reopens its approved mappings: an approval names the category that it was given for.
func (s *Store) ChangeField(ctx context.Context, by domain.Actor, id domain.FieldID, seen int,
	decide func(domain.Field) (domain.Field, error)) error {
	return s.Write(ctx, by, func(s *Store) error {
		was, err := s.lockedField(ctx, by, id)
		if err != nil {
			return err
		}
		if was.Version != seen {
			return stale()
		}
		if err := domain.Changeable(was); err != nil {
			return err
		}
		next, err := decide(was)
		if err != nil {
			return err
		}
		if err := s.checkField(ctx, by, next, was); err != nil {
			return err
		}
		before, after := domain.Diff(was.Facts(), next.Facts())
		if len(after) == 0 {
			return nil
		}
		if err := s.saveField(ctx, by, next); err != nil {
			return err
		}
		if err := s.judge(ctx, by, []int64{int64(id)}); err != nil {
			return err
		}
		if next.SuggestsOtherwise(was) {
			if err := s.suggestFieldChange(ctx, by, was, next); err != nil {
				return err
			}
		}
		return s.record(ctx, by, domain.Event{Verb: "field.changed", Subject: next.Subject(), Before: before, After: after})
	})
}

func (s *Store) saveField(ctx context.Context, by domain.Actor, f domain.Field) error {
	args := fieldArgs(by, f)
	args["id"] = f.ID
	if _, err := s.exec(ctx, "field", `update field set name = @name, label = @label, description = @description, data_type = @data_type,
		nullable = @nullable, is_key = @is_key, reference = @reference, category_id = @category::bigint,
		gdpr_class = coalesce((select gdpr_class from data_category where workspace_id = @ws and id = @category), 'unclassified'),
		origin = @origin, owner_id = @owner, version = version + 1, updated_at = clock_timestamp()
		where workspace_id = @ws and id = @id`, args); err != nil {
		return err
	}
	return s.setPoints(ctx, by, f)
}

// FieldUses tells what holds a field in place.
func (s *Store) FieldUses(ctx context.Context, by domain.Actor, id domain.FieldID) (uses []domain.Use, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		uses, err = s.uses(ctx, by, int64(id), `
			select 'links' as register, 'field' as filter, count(*) as n from program_link where workspace_id = @ws and field_id = @id
			union all
			select 'mappings', 'field&mapping=proposed,approved', count(*) from purpose_mapping where workspace_id = @ws and field_id = @id and state <> 'rejected'
			union all
			select 'flows', 'field&state=active,archived', count(distinct flow_id) from flow_field where workspace_id = @ws and @id in (source_field_id, target_field_id)`)
		return err
	})
	return uses, err
}

// ArchiveField takes a field out of the lists; Conflict, with what uses it, while something does.
func (s *Store) ArchiveField(ctx context.Context, by domain.Actor, id domain.FieldID) error {
	return s.Write(ctx, by, func(s *Store) error {
		f, err := s.lockedField(ctx, by, id)
		if err != nil || f.State == "archived" {
			return err
		}
		uses, err := s.FieldUses(ctx, by, id)
		if err != nil {
			return err
		}
		if len(uses) > 0 {
			return inUse(f.Subject(), uses)
		}
		return s.setFieldState(ctx, by, f, "archived", "field.archived")
	})
}

// RestoreField brings an archived field back; Conflict where its dataset is archived.
func (s *Store) RestoreField(ctx context.Context, by domain.Actor, id domain.FieldID) error {
	return s.Write(ctx, by, func(s *Store) error {
		f, err := s.lockedField(ctx, by, id)
		if err != nil || f.State != "archived" {
			return err
		}
		held, err := one[bool](ctx, s, "dataset", `select archived_at is null from dataset where workspace_id = @ws and id = @id for key share`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": f.Dataset})
		if err != nil {
			return err
		}
		if !held {
			return domain.Errorf(domain.Conflict, "field.dataset_archived")
		}
		return s.setFieldState(ctx, by, f, "active", "field.restored")
	})
}

func (s *Store) setFieldState(ctx context.Context, by domain.Actor, f domain.Field, state, verb string) error {
	if _, err := s.exec(ctx, "field", `update field set state = @state, version = version + 1, updated_at = clock_timestamp(),
		archived_at = case when @state = 'archived' then clock_timestamp() end where workspace_id = @ws and id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": f.ID, "state": state}); err != nil {
		return err
	}
	if err := s.judge(ctx, by, []int64{int64(f.ID)}); err != nil { // of what a master holds, others may be copies
		return err
	}
	if err := s.suggestFieldChange(ctx, by, f, f); err != nil {
		return err
	}
	return s.record(ctx, by, domain.Event{Verb: verb, Subject: f.Subject()})
}

// RemoveField deletes a mistaken entry, with its evidence and comments; Conflict, with what uses it, while anything
// refers to it, and where somebody has decided about it: a decision is never forgotten with its field.
func (s *Store) RemoveField(ctx context.Context, by domain.Actor, id domain.FieldID) error {
	return s.Write(ctx, by, func(s *Store) error {
		f, err := s.lockedField(ctx, by, id)
		if err != nil {
			return err
		}
		uses, err := s.FieldUses(ctx, by, id)
		if err != nil {
			return err
		}
		decisions, err := s.uses(ctx, by, int64(id), `
			select 'decisions' as register, '' as filter, count(*) as n from decision where workspace_id = @ws and field_id = @id
			union all
			select 'mappings', 'field&mapping=rejected', count(*) from purpose_mapping where workspace_id = @ws and field_id = @id and state = 'rejected'
			union all
			select 'targets', 'field', count(*) from target where workspace_id = @ws and field_id = @id
			union all
			select 'workshops', 'field&state=active,archived', count(distinct workshop_id) from workshop_card where workspace_id = @ws and field_id = @id`)
		if err != nil {
			return err
		}
		if uses = slices.Concat(uses, decisions); len(uses) > 0 {
			return inUse(f.Subject(), uses)
		}
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}
		if _, err := s.exec(ctx, "remark", `delete from remark where workspace_id = @ws and subject_kind = 'field' and subject_id = @id`, args); err != nil {
			return err
		}
		if err := s.remove(ctx, by, "field", f.Subject(), nil); err != nil {
			return err
		}
		if err := s.judgeGone(ctx, by, []int64{int64(f.Dataset)}); err != nil {
			return err
		}
		return s.suggestFieldChange(ctx, by, f, domain.Field{})
	})
}

// FieldChoices are what the form of a field offers.
type FieldChoices struct {
	Datasets   []domain.Option // grouped by application
	Categories []domain.Option // grouped under their topmost one
	Points     []domain.Option
	Owners     []domain.Option
}

// FieldChoices returns what the form of a field offers: nothing archived.
func (s *Store) FieldChoices(ctx context.Context, by domain.Actor) (c FieldChoices, err error) {
	type choice struct {
		Kind    string `db:"kind"`
		ID      int64  `db:"id"`
		Name    string `db:"name"`
		Heading string `db:"heading"`
	}
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[choice](ctx, s, "field", `
			select kind, id, name, heading from (
				select 'dataset' as kind, d.id, d.name, a.name as heading, fold(a.name) as first, fold(d.name) as second
				from dataset d join application a on a.workspace_id = d.workspace_id and a.id = d.application_id
				where d.workspace_id = @ws and d.archived_at is null
				union all
				select 'category', c.id, case when @lang = 'fr' then c.label_fr else c.label_en end || ' (' || c.code || ')',
					coalesce(case when @lang = 'fr' then top.label_fr else top.label_en end, ''), coalesce(top.code, ''), c.code
				from data_category c
				left join data_category top on top.workspace_id = c.workspace_id and top.code = split_part(c.code, '.', 1)
				where c.workspace_id = @ws and c.archived_at is null
				union all
				select 'point', id, name, '', '', fold(name) from collection_point where workspace_id = @ws and archived_at is null
				union all
				select 'owner', u.id, u.name, '', '', fold(u.name) from membership m join app_user u on u.id = m.user_id where m.workspace_id = @ws
			) x order by kind, first, second, id`, pgx.StrictNamedArgs{"ws": by.Workspace, "lang": by.Lang})
		of := map[string]*[]domain.Option{"dataset": &c.Datasets, "category": &c.Categories, "point": &c.Points, "owner": &c.Owners}
		for _, r := range rows {
			list := of[r.Kind]
			*list = append(*list, domain.Option{ID: r.ID, Name: r.Name, Group: r.Heading})
		}
		return err
	})
	return c, err
}
