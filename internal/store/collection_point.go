package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type collectionPointRow struct {
	ID          domain.CollectionPointID `db:"id"`
	Name        string                   `db:"name"`
	Kind        string                   `db:"kind"`
	Description string                   `db:"description"`
	Notice      string                   `db:"notice"`
	NoticeURL   string                   `db:"notice_url"`
	Consent     string                   `db:"consent"`
	Source      string                   `db:"source"`
	Answers     string                   `db:"answers"`
	Version     int                      `db:"version"`
	CreatedAt   time.Time                `db:"created_at"`
	UpdatedAt   time.Time                `db:"updated_at"`
	ArchivedAt  *time.Time               `db:"archived_at"`
}

const collectionPointCols = `id, name, kind, description, notice, notice_url, consent, source, answers, version, created_at, updated_at, archived_at`

func (r collectionPointRow) collectionPoint() domain.CollectionPoint {
	return domain.CollectionPoint(r)
}

func collectionPointArgs(by domain.Actor, c domain.CollectionPoint) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"ws": by.Workspace, "name": c.Name, "kind": c.Kind, "description": c.Description, "notice": c.Notice,
		"notice_url": c.NoticeURL, "consent": c.Consent, "source": c.Source, "answers": c.Answers}
}

// CollectionPointByID returns NotFound where the workspace has no such collection point.
func (s *Store) CollectionPointByID(ctx context.Context, by domain.Actor, id domain.CollectionPointID) (c domain.CollectionPoint, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		c, err = s.collectionPoint(ctx, by, id, "")
		return err
	})
	return c, err
}

// collectionPoint reads one, in the transaction of the caller; lock is forUpdate or nothing.
func (s *Store) collectionPoint(ctx context.Context, by domain.Actor, id domain.CollectionPointID, lock string) (domain.CollectionPoint, error) {
	r, err := one[collectionPointRow](ctx, s, "collection_point", `select `+collectionPointCols+` from collection_point where workspace_id = @ws and id = @id`+lock,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return r.collectionPoint(), err
}

// AddCollectionPoint registers a collection point. Invalid where the name is taken.
func (s *Store) AddCollectionPoint(ctx context.Context, by domain.Actor, c domain.CollectionPoint) (id domain.CollectionPointID, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		c.ID, err = one[domain.CollectionPointID](ctx, s, "collection_point", `insert into collection_point
			(workspace_id, name, kind, description, notice, notice_url, consent, source, answers)
			values (@ws, @name, @kind, @description, @notice, @notice_url, @consent, @source, @answers) returning id`, collectionPointArgs(by, c))
		if err != nil {
			return err
		}
		id = c.ID
		return s.record(ctx, by, domain.Event{Verb: "collection_point.added", Subject: c.Subject(), After: c.Facts()})
	})
	return id, err
}

// ChangeCollectionPoint saves what decide makes of the collection point. Conflict where somebody changed it since it was seen.
func (s *Store) ChangeCollectionPoint(ctx context.Context, by domain.Actor, id domain.CollectionPointID, seen int,
	decide func(domain.CollectionPoint) (domain.CollectionPoint, error)) error {
	return change(ctx, s, by, id, seen, (*Store).collectionPoint, decide, func(s *Store, _, next domain.CollectionPoint) error {
		args := collectionPointArgs(by, next)
		args["id"] = id
		_, err := s.exec(ctx, "collection_point", `update collection_point set name = @name, kind = @kind, description = @description,
			notice = @notice, notice_url = @notice_url, consent = @consent, source = @source, answers = @answers, version = version + 1, updated_at = clock_timestamp()
			where workspace_id = @ws and id = @id`, args)
		return err
	}, nil)
}

// CollectFields makes a collection point the place where, of the fields of one dataset that somebody was offered, just
// these are collected. Fields that were not offered stay as they are: those of other datasets, archived ones, and those
// of a long dataset that the page had no room for. Invalid where a field is not of that dataset; Conflict where somebody changed the point since
// it was seen. The history of every field that changes says so.
func (s *Store) CollectFields(ctx context.Context, by domain.Actor, id domain.CollectionPointID, seen int, dataset domain.DatasetID, offered, fields []domain.FieldID) error {
	return s.Write(ctx, by, func(s *Store) error {
		c, err := locked(ctx, s, by, id, seen, (*Store).collectionPoint)
		if err != nil {
			return err
		}
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "dataset": dataset, "fields": fieldIDs(fields)}
		known, err := one[int64](ctx, s, "field", `select count(*) from field where workspace_id = @ws and dataset_id = @dataset and id = any(@fields)`, args)
		if err != nil {
			return err
		}
		if int(known) < len(fields) {
			var p domain.Problems
			p.Add("fields", "error.reference")
			return p.Err()
		}
		args["offered"] = fieldIDs(offered)
		return s.changeCollected(ctx, by, c, `dataset_id = @dataset and id = any(@fields)`, `dataset_id = @dataset and id = any(@offered) and id <> all(@fields)`, args)
	})
}

// LetGoOfFields takes fields off a collection point.
func (s *Store) LetGoOfFields(ctx context.Context, by domain.Actor, id domain.CollectionPointID, seen int, fields []domain.FieldID) error {
	return s.Write(ctx, by, func(s *Store) error {
		c, err := locked(ctx, s, by, id, seen, (*Store).collectionPoint)
		if err != nil {
			return err
		}
		return s.changeCollected(ctx, by, c, `false`, `id = any(@fields)`, pgx.StrictNamedArgs{"ws": by.Workspace, "fields": fieldIDs(fields)})
	})
}

func fieldIDs(ids []domain.FieldID) []int64 {
	return mapSlice(ids, func(id domain.FieldID) int64 { return int64(id) })
}

// changeCollected attaches and detaches the fields that two conditions choose, tells it in their history and judges them
// again. Both conditions come from the caller's code.
func (s *Store) changeCollected(ctx context.Context, by domain.Actor, c domain.CollectionPoint, attach, detach string, args pgx.StrictNamedArgs) error {
	args["id"], args["actor"], args["actor_name"] = c.ID, zeroNull(by.User), by.Name
	type touched struct {
		ID    int64  `db:"id"`
		Name  string `db:"name"`
		Added bool   `db:"added"`
	}
	rows, err := many[touched](ctx, s, "field", `
		with here as (
			select f.id, f.name, exists(select from field_collection x where x.workspace_id = @ws and x.field_id = f.id
				and x.collection_point_id = @id) as attached, `+attach+` as wanted
			from field f where f.workspace_id = @ws and (`+attach+` or `+detach+`)
		), todo as (
			select h.id, h.name, h.wanted as added,
				(select coalesce(jsonb_agg(x.collection_point_id order by x.collection_point_id), '[]') from field_collection x
					where x.workspace_id = @ws and x.field_id = h.id) as before
			from here h where h.wanted <> h.attached
		), attached as (
			insert into field_collection (workspace_id, field_id, collection_point_id) select @ws, id, @id from todo where added
		), detached as (
			delete from field_collection x using todo where not todo.added and x.workspace_id = @ws and x.field_id = todo.id
				and x.collection_point_id = @id
		), bumped as (
			update field f set version = version + 1, updated_at = clock_timestamp() from todo where f.workspace_id = @ws and f.id = todo.id
		), told as (
			insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after)
			select @ws, @actor::bigint, @actor_name, 'field.changed', 'field', id, name, jsonb_build_object('collection_points', before),
				jsonb_build_object('collection_points', case when added then before || to_jsonb(@id::bigint)
					else (select coalesce(jsonb_agg(v), '[]') from jsonb_array_elements(before) v where v <> to_jsonb(@id::bigint)) end)
			from todo
		)
		select id, name, added from todo order by name`, args)
	if err != nil || len(rows) == 0 {
		return err
	}
	var ids []int64
	var added, removed []string
	for _, r := range rows {
		ids = append(ids, r.ID)
		if r.Added {
			added = append(added, r.Name)
		} else {
			removed = append(removed, r.Name)
		}
	}
	if _, err := s.exec(ctx, "collection_point", `update collection_point set version = version + 1, updated_at = clock_timestamp()
		where workspace_id = @ws and id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": c.ID}); err != nil {
		return err
	}
	if err := s.judge(ctx, by, ids); err != nil { // how complete a field is depends on it
		return err
	}
	return s.record(ctx, by, domain.Event{Verb: "collection_point.fields_changed", Subject: c.Subject(), After: fieldChanges(added, removed, 0)})
}

// AnswerFields says of fields that a collection point collects whether people must answer there. Fields that it does not
// collect are left alone. Conflict where somebody changed the point since it was seen.
func (s *Store) AnswerFields(ctx context.Context, by domain.Actor, id domain.CollectionPointID, seen int, fields []domain.FieldID, a domain.AskedAnswer) (changed int, err error) {
	type touched struct {
		Name        string `db:"name"`
		Kind        string `db:"answer"`
		Consequence string `db:"consequence"`
	}
	err = s.Write(ctx, by, func(s *Store) error {
		c, err := locked(ctx, s, by, id, seen, (*Store).collectionPoint)
		if err != nil {
			return err
		}
		rows, err := many[touched](ctx, s, "field", `
			with was as (
				select x.field_id, f.name, x.answer, x.consequence from field_collection x
				join field f on f.workspace_id = x.workspace_id and f.id = x.field_id
				where x.workspace_id = @ws and x.collection_point_id = @id and x.field_id = any(@fields) and (x.answer, x.consequence) <> (@answer, @consequence)
			), changed as (
				update field_collection x set answer = @answer, consequence = @consequence from was
				where x.workspace_id = @ws and x.collection_point_id = @id and x.field_id = was.field_id
			), bumped as (
				update collection_point set version = version + 1, updated_at = clock_timestamp()
				where workspace_id = @ws and id = @id and exists(select from was)
			)
			select name, answer, consequence from was order by answer, consequence, name`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "fields": fieldIDs(fields), "answer": a.Kind, "consequence": a.Consequence})
		if err != nil {
			return err
		}
		changed = len(rows)
		// One event for all that was said alike before, so that the history tells what each was.
		for len(rows) > 0 {
			was := domain.AskedAnswer{Kind: rows[0].Kind, Consequence: rows[0].Consequence}
			var names []string
			for len(rows) > 0 && rows[0].Kind == was.Kind && rows[0].Consequence == was.Consequence {
				names, rows = append(names, rows[0].Name), rows[1:]
			}
			after := a.Facts()
			after["fields"] = capped(names)
			if err := s.record(ctx, by, domain.Event{Verb: "collection_point.answers_changed", Subject: c.Subject(), Before: was.Facts(), After: after}); err != nil {
				return err
			}
		}
		return nil
	})
	return changed, err
}

// CollectedField is a field that a collection point collects.
type CollectedField struct {
	ID          domain.FieldID   `db:"id"`
	Name        string           `db:"name"`
	Label       string           `db:"label"`
	Class       domain.GDPRClass `db:"gdpr_class"`
	Verdict     domain.Verdict   `db:"verdict"`
	Dataset     string           `db:"dataset"`
	Application string           `db:"application"`
	Answer      string           `db:"answer"`
	Consequence string           `db:"consequence"`
}

// CollectedFields returns the active fields collected at a point, by application, dataset and name, at most so many after
// so many, and how many there are.
func (s *Store) CollectedFields(ctx context.Context, by domain.Actor, id domain.CollectionPointID, after, most int) (fields []CollectedField, total int64, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		fields, err = many[CollectedField](ctx, s, "field", `select f.id, f.name, f.label, f.gdpr_class, f.verdict, d.name as dataset, a.name as application,
				x.answer, x.consequence
			from field_collection x
			join field f on f.workspace_id = x.workspace_id and f.id = x.field_id and f.state = 'active'
			join dataset d on d.workspace_id = x.workspace_id and d.id = f.dataset_id
			join application a on a.workspace_id = x.workspace_id and a.id = f.application_id
			where x.workspace_id = @ws and x.collection_point_id = @id
			order by fold(a.name), a.id, fold(d.name), d.id, fold(f.name), f.id offset @after limit @most`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "after": after, "most": most})
		if err != nil {
			return err
		}
		total, err = one[int64](ctx, s, "field", `select count(*) from field_collection x
			join field f on f.workspace_id = x.workspace_id and f.id = x.field_id and f.state = 'active'
			where x.workspace_id = @ws and x.collection_point_id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
	return fields, total, err
}

// CollectedIDs returns the fields of a dataset that a collection point collects.
func (s *Store) CollectedIDs(ctx context.Context, by domain.Actor, id domain.CollectionPointID, dataset domain.DatasetID) (ids []domain.FieldID, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		ids, err = many[domain.FieldID](ctx, s, "field", `select f.id from field_collection x
			join field f on f.workspace_id = x.workspace_id and f.id = x.field_id
			where x.workspace_id = @ws and x.collection_point_id = @id and f.dataset_id = @dataset`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "dataset": dataset})
		return err
	})
	return ids, err
}

// CollectionPointOptions returns the id and name of every collection point that is not archived, by name, for forms.
func (s *Store) CollectionPointOptions(ctx context.Context, by domain.Actor) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		options, err = s.options(ctx, by, `select id, name from collection_point where workspace_id = @ws and archived_at is null order by fold(name), id`)
		return err
	})
	return options, err
}

// CollectionPointUses tells what holds a collection point in place.
func (s *Store) CollectionPointUses(ctx context.Context, by domain.Actor, id domain.CollectionPointID) (uses []domain.Use, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		uses, err = s.uses(ctx, by, int64(id), `
			select 'fields' as register, 'collection_point&state=active,gone,archived' as filter, count(*) as n from field_collection
				where workspace_id = @ws and collection_point_id = @id
			union all
			select 'targets', 'collection_point', count(*) from target where workspace_id = @ws and collection_point_id = @id`)
		return err
	})
	return uses, err
}

// ArchiveCollectionPoint takes a collection point out of the lists; Conflict, with what uses it, while something does.
func (s *Store) ArchiveCollectionPoint(ctx context.Context, by domain.Actor, id domain.CollectionPointID) error {
	return archiveRecord(ctx, s, by, "collection_point", id, (*Store).CollectionPointByID, (*Store).CollectionPointUses)
}

// RestoreCollectionPoint brings an archived collection point back.
func (s *Store) RestoreCollectionPoint(ctx context.Context, by domain.Actor, id domain.CollectionPointID) error {
	return restoreRecord(ctx, s, by, "collection_point", id, (*Store).CollectionPointByID)
}

// RemoveCollectionPoint deletes a mistaken entry; Conflict, with what uses it, while anything refers to it.
func (s *Store) RemoveCollectionPoint(ctx context.Context, by domain.Actor, id domain.CollectionPointID) error {
	return removeRecord(ctx, s, by, "collection_point", id, (*Store).CollectionPointByID, (*Store).CollectionPointUses)
}

var _ = addRegister(registerSQL{
	register: domain.CollectionPointRegister,
	from: `collection_point r
		left join lateral (
			select count(*) as fields, count(*) filter (where f.gdpr_class in ('sensitive_art9', 'criminal_art10', 'nir')) as sensitive
			from field_collection x join field f on f.workspace_id = x.workspace_id and f.id = x.field_id and f.state = 'active'
			where x.workspace_id = r.workspace_id and x.collection_point_id = r.id
		) fs on true`,
	cells: map[string]string{
		"name": "r.name", "collection_kind": "r.kind", "notice": "r.notice", "consent": "r.consent", "fields": "fs.fields",
		"sensitive": "fs.sensitive", "notice_url": "r.notice_url", "description": "r.description", "updated": "r.updated_at",
		"completeness": `((r.notice <> 'unknown')::int * 30 + (r.consent <> 'unknown')::int * 20 + (fs.fields > 0)::int * 20
			+ (r.kind <> '')::int * 10 + (r.description <> '')::int * 10 + (r.notice = 'yes' and r.notice_url <> '')::int * 10)
			/ (90.0 + (r.notice = 'yes')::int * 10)`,
	},
	filters: map[string]filterSQL{
		"state":           {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
		"collection_kind": {expr: "r.kind", none: "r.kind = ''"},
		"notice":          {expr: "r.notice"},
		"consent":         {expr: "r.consent"},
		"application": {in: `exists(select from field_collection x join field f on f.workspace_id = x.workspace_id and f.id = x.field_id
			where x.workspace_id = r.workspace_id and x.collection_point_id = r.id and f.application_id = any(%s::text[]::bigint[]))`, lookup: applicationLookup,
			facet: `select a.id::text as value, a.name as label, count(distinct r.id) as n from collection_point r
				join field_collection x on x.workspace_id = r.workspace_id and x.collection_point_id = r.id
				join field f on f.workspace_id = x.workspace_id and f.id = x.field_id
				join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
				where %s group by a.id, a.name order by n desc, label, value limit 200`},
		"field": {lookup: fieldLookup, in: `exists(select from field_collection x where x.workspace_id = r.workspace_id and x.collection_point_id = r.id
			and x.field_id = any(%s::text[]::bigint[]))`},
	},
	search:   "fold(r.name || ' ' || r.description)",
	archived: "r.archived_at is not null",
})
