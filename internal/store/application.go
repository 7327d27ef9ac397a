package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type applicationRow struct {
	ID          domain.ApplicationID `db:"id"`
	Name        string               `db:"name"`
	SourceName  string               `db:"source_name"`
	Kind        string               `db:"kind"`
	Description string               `db:"description"`
	TeamID      *domain.TeamID       `db:"team_id"`
	OwnerID     *domain.UserID       `db:"owner_id"`
	Vendor      string               `db:"vendor"`
	Hosting     string               `db:"hosting"`
	Country     string               `db:"country"`
	Processor   string               `db:"processor"`
	Lifecycle   string               `db:"lifecycle"`
	Version     int                  `db:"version"`
	CreatedAt   time.Time            `db:"created_at"`
	UpdatedAt   time.Time            `db:"updated_at"`
	ArchivedAt  *time.Time           `db:"archived_at"`
}

const applicationCols = `id, name, source_name, kind, description, team_id, owner_id, vendor, hosting, country, processor, lifecycle,
	version, created_at, updated_at, archived_at`

func (r applicationRow) application() domain.Application {
	return domain.Application{ID: r.ID, Name: r.Name, SourceName: r.SourceName, Kind: r.Kind, Description: r.Description, Team: deref(r.TeamID),
		Owner: deref(r.OwnerID), Vendor: r.Vendor, Hosting: r.Hosting, Country: r.Country, Processor: r.Processor,
		Lifecycle: r.Lifecycle, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, ArchivedAt: r.ArchivedAt}
}

func applicationArgs(by domain.Actor, a domain.Application) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"ws": by.Workspace, "name": a.Name, "kind": a.Kind, "description": a.Description,
		"team": zeroNull(a.Team), "owner": zeroNull(a.Owner), "vendor": a.Vendor, "hosting": a.Hosting, "country": a.Country,
		"processor": a.Processor, "lifecycle": a.Lifecycle}
}

// ApplicationByID returns NotFound where the workspace has no such application.
func (s *Store) ApplicationByID(ctx context.Context, by domain.Actor, id domain.ApplicationID) (a domain.Application, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		a, err = s.application(ctx, by, id, "")
		return err
	})
	return a, err
}

// application reads one, in the transaction of the caller; lock is forUpdate or nothing.
func (s *Store) application(ctx context.Context, by domain.Actor, id domain.ApplicationID, lock string) (domain.Application, error) {
	r, err := one[applicationRow](ctx, s, "application", `select `+applicationCols+` from application where workspace_id = @ws and id = @id`+lock,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return r.application(), err
}

// AddApplication registers an application. Invalid where the name is taken or a reference is unknown.
func (s *Store) AddApplication(ctx context.Context, by domain.Actor, a domain.Application) (id domain.ApplicationID, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		if err := s.checkOwner(ctx, by, 0, a.Owner); err != nil {
			return err
		}
		if err := s.refer(ctx, by, reference{"team", "team", int64(a.Team), 0}); err != nil {
			return err
		}
		a.ID, err = one[domain.ApplicationID](ctx, s, "application", `insert into application
			(workspace_id, name, kind, description, team_id, owner_id, vendor, hosting, country, processor, lifecycle)
			values (@ws, @name, @kind, @description, @team, @owner, @vendor, @hosting, @country, @processor, @lifecycle)
			returning id`, applicationArgs(by, a))
		if err != nil {
			return err
		}
		id = a.ID
		return s.record(ctx, by, domain.Event{Verb: "application.added", Subject: a.Subject(), After: a.Facts()})
	})
	return id, err
}

// ChangeApplication saves what decide makes of the application. Conflict where somebody changed it since it was seen.
func (s *Store) ChangeApplication(ctx context.Context, by domain.Actor, id domain.ApplicationID, seen int,
	decide func(domain.Application) (domain.Application, error)) error {
	return change(ctx, s, by, id, seen, (*Store).application, decide, func(s *Store, was, next domain.Application) error {
		if err := s.checkOwner(ctx, by, was.Owner, next.Owner); err != nil {
			return err
		}
		if err := s.refer(ctx, by, reference{"team", "team", int64(next.Team), int64(was.Team)}); err != nil {
			return err
		}
		args := applicationArgs(by, next)
		args["id"] = id
		_, err := s.exec(ctx, "application", `update application set name = @name, kind = @kind, description = @description,
			team_id = @team, owner_id = @owner, vendor = @vendor, hosting = @hosting, country = @country, processor = @processor,
			lifecycle = @lifecycle, version = version + 1, updated_at = clock_timestamp()
			where workspace_id = @ws and id = @id`, args)
		return err
	}, func(s *Store, was, next domain.Application) error {
		if was.Name == next.Name {
			return nil
		}
		return s.suggestApplication(ctx, by, id)
	})
}

// ApplicationUses tells what holds an application in place.
func (s *Store) ApplicationUses(ctx context.Context, by domain.Actor, id domain.ApplicationID) (uses []domain.Use, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		uses, err = s.uses(ctx, by, int64(id), `
			select 'datasets' as register, 'application' as filter, count(*) as n from dataset
				where workspace_id = @ws and application_id = @id and archived_at is null
			union all
			select 'flows', 'application', count(*) from flow
				where workspace_id = @ws and @id in (source_application_id, target_application_id) and archived_at is null`)
		return err
	})
	return uses, err
}

// ArchiveApplication takes an application out of the lists; Conflict, with what uses it, while something does.
func (s *Store) ArchiveApplication(ctx context.Context, by domain.Actor, id domain.ApplicationID) error {
	return archiveRecord(ctx, s, by, "application", id, (*Store).ApplicationByID, (*Store).ApplicationUses)
}

// RestoreApplication brings an archived application back.
func (s *Store) RestoreApplication(ctx context.Context, by domain.Actor, id domain.ApplicationID) error {
	return restoreRecord(ctx, s, by, "application", id, (*Store).ApplicationByID)
}

// RemoveApplication deletes a mistaken entry; Conflict, with what uses it, while anything refers to it.
func (s *Store) RemoveApplication(ctx context.Context, by domain.Actor, id domain.ApplicationID) error {
	return removeRecord(ctx, s, by, "application", id, (*Store).ApplicationByID, (*Store).ApplicationUses)
}

// ApplicationOptions returns the id and name of every application that is not archived, by name, for forms.
func (s *Store) ApplicationOptions(ctx context.Context, by domain.Actor) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		options, err = s.options(ctx, by, `select id, name from application
			where workspace_id = @ws and archived_at is null order by fold(name), id`)
		return err
	})
	return options, err
}

var _ = addRegister(registerSQL{
	register: domain.ApplicationRegister,
	from: `application r
		left join team t on t.workspace_id = r.workspace_id and t.id = r.team_id
		left join app_user o on o.id = r.owner_id
		left join lateral (
			select count(*) as datasets from dataset d
			where d.workspace_id = r.workspace_id and d.application_id = r.id and d.archived_at is null
		) ds on true
		left join (
			select application_id, sum(n)::bigint as fields, coalesce(sum(n) filter (where verdict in ('dormant', 'delete')), 0)::bigint as unused
			from field_tally where workspace_id = @ws and state = 'active' group by application_id
		) fs on fs.application_id = r.id`,
	cells: map[string]string{
		"name": "r.name", "kind": "r.kind", "team": "t.name", "owner": "o.name", "vendor": "r.vendor", "hosting": "r.hosting",
		"country": "r.country", "processor": "r.processor", "lifecycle": "r.lifecycle", "datasets": "ds.datasets",
		"fields": "coalesce(fs.fields, 0)", "unused": "coalesce(fs.unused, 0)", "description": "r.description", "updated": "r.updated_at",
		"completeness": `((r.kind <> '')::int + (r.description <> '')::int + (r.team_id is not null)::int + (r.owner_id is not null)::int
			+ (r.vendor <> '')::int + (r.hosting <> 'unknown')::int + (r.country <> '')::int + (r.processor <> 'unknown')::int
			+ (ds.datasets > 0)::int) / 9.0`,
	},
	filters: map[string]filterSQL{
		"state":     {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
		"kind":      {expr: "r.kind", none: "r.kind = ''"},
		"team":      {expr: "r.team_id::text", none: "r.team_id is null", label: "t.name", lookup: teamLookup},
		"owner":     {expr: "r.owner_id::text", none: "r.owner_id is null", label: "o.name", lookup: userLookup},
		"hosting":   {expr: "r.hosting"},
		"lifecycle": {expr: "r.lifecycle"},
		"processor": {expr: "r.processor"},
	},
	search:   "fold(r.name || ' ' || r.vendor || ' ' || r.description)",
	archived: "r.archived_at is not null",
})
