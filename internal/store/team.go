package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type teamRow struct {
	ID          domain.TeamID `db:"id"`
	Name        string        `db:"name"`
	Description string        `db:"description"`
	Members     []int64       `db:"members"`
	Version     int           `db:"version"`
	CreatedAt   time.Time     `db:"created_at"`
	UpdatedAt   time.Time     `db:"updated_at"`
	ArchivedAt  *time.Time    `db:"archived_at"`
}

const teamCols = `id, name, description, array(select user_id from team_member tm
	where tm.workspace_id = team.workspace_id and tm.team_id = team.id order by user_id) as members, version, created_at, updated_at, archived_at`

func (r teamRow) team() domain.Team {
	return domain.Team{ID: r.ID, Name: r.Name, Description: r.Description,
		Members: mapSlice(r.Members, func(id int64) domain.UserID { return domain.UserID(id) }),
		Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, ArchivedAt: r.ArchivedAt}
}

// TeamByID returns NotFound where the workspace has no such team.
func (s *Store) TeamByID(ctx context.Context, by domain.Actor, id domain.TeamID) (t domain.Team, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		t, err = s.team(ctx, by, id, "")
		return err
	})
	return t, err
}

// team reads one, in the transaction of the caller; lock is forUpdate or nothing.
func (s *Store) team(ctx context.Context, by domain.Actor, id domain.TeamID, lock string) (domain.Team, error) {
	r, err := one[teamRow](ctx, s, "team", `select `+teamCols+` from team where workspace_id = @ws and id = @id`+lock,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return r.team(), err
}

// AddTeam registers a team. Invalid where the name is taken or somebody is no member of the workspace.
func (s *Store) AddTeam(ctx context.Context, by domain.Actor, t domain.Team) (id domain.TeamID, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		t.ID, err = one[domain.TeamID](ctx, s, "team", `insert into team (workspace_id, name, description) values (@ws, @name, @description) returning id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "name": t.Name, "description": t.Description})
		if err != nil {
			return err
		}
		id = t.ID
		if err := s.setTeamMembers(ctx, by, t); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "team.added", Subject: t.Subject(), After: t.Facts()})
	})
	return id, err
}

func (s *Store) setTeamMembers(ctx context.Context, by domain.Actor, t domain.Team) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "team": t.ID, "users": mapSlice(t.Members, func(id domain.UserID) int64 { return int64(id) })}
	if _, err := s.exec(ctx, "team", `delete from team_member where workspace_id = @ws and team_id = @team and user_id <> all(@users::bigint[])`, args); err != nil {
		return err
	}
	_, err := s.exec(ctx, "team", `insert into team_member (workspace_id, team_id, user_id) select @ws, @team, unnest(@users::bigint[])
		on conflict (workspace_id, team_id, user_id) do nothing`, args)
	return err
}

// ChangeTeam saves what decide makes of the team. Conflict where somebody changed it since it was seen.
func (s *Store) ChangeTeam(ctx context.Context, by domain.Actor, id domain.TeamID, seen int, decide func(domain.Team) (domain.Team, error)) error {
	return change(ctx, s, by, id, seen, (*Store).team, decide, func(s *Store, _, next domain.Team) error {
		if _, err := s.exec(ctx, "team", `update team set name = @name, description = @description, version = version + 1,
			updated_at = clock_timestamp() where workspace_id = @ws and id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "name": next.Name, "description": next.Description}); err != nil {
			return err
		}
		return s.setTeamMembers(ctx, by, next)
	}, nil)
}

// TeamUses tells what holds a team in place.
func (s *Store) TeamUses(ctx context.Context, by domain.Actor, id domain.TeamID) (uses []domain.Use, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		uses, err = s.uses(ctx, by, int64(id), `select 'applications' as register, 'team' as filter, count(*) as n from application
			where workspace_id = @ws and team_id = @id and archived_at is null`)
		return err
	})
	return uses, err
}

// ArchiveTeam takes a team out of the lists; Conflict, with what uses it, while something does.
func (s *Store) ArchiveTeam(ctx context.Context, by domain.Actor, id domain.TeamID) error {
	return archiveRecord(ctx, s, by, "team", id, (*Store).TeamByID, (*Store).TeamUses)
}

// RestoreTeam brings an archived team back.
func (s *Store) RestoreTeam(ctx context.Context, by domain.Actor, id domain.TeamID) error {
	return restoreRecord(ctx, s, by, "team", id, (*Store).TeamByID)
}

// RemoveTeam deletes a team that nothing refers to; Conflict, with what uses it, while something does.
func (s *Store) RemoveTeam(ctx context.Context, by domain.Actor, id domain.TeamID) error {
	return removeRecord(ctx, s, by, "team", id, (*Store).TeamByID, (*Store).TeamUses)
}

var _ = addRegister(registerSQL{
	register: domain.TeamRegister,
	from: `team r
		left join lateral (
			select array_agg(u.name order by fold(u.name), u.id) as names, count(*) as n from team_member tm join app_user u on u.id = tm.user_id
			where tm.workspace_id = r.workspace_id and tm.team_id = r.id
		) ms on true
		left join lateral (
			select count(*) as n from application a where a.workspace_id = r.workspace_id and a.team_id = r.id and a.archived_at is null
		) ap on true`,
	cells: map[string]string{"name": "r.name", "members": "coalesce(ms.names, '{}')", "member_count": "ms.n", "applications": "ap.n",
		"description": "r.description", "updated": "r.updated_at"},
	filters: map[string]filterSQL{
		"state": {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
		"member": {in: `exists (select from team_member x where x.workspace_id = r.workspace_id and x.team_id = r.id and x.user_id = any(%s::text[]::bigint[]))`,
			none: "ms.n = 0", lookup: userLookup,
			facet: `select coalesce(u.id::text, 'none') as value, coalesce(min(u.name), '') as label, count(*) as n
				from (select r.workspace_id, r.id from team r where %s) r
				left join (team_member tm join app_user u on u.id = tm.user_id) on tm.workspace_id = r.workspace_id and tm.team_id = r.id
				group by u.id order by n desc, label limit 200`},
	},
	search:   "fold(r.name || ' ' || r.description)",
	archived: "r.archived_at is not null",
})
