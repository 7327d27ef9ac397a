package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type membershipRow struct {
	workspaceRow
	Role string `db:"role"`
}

// MembershipsOf returns the workspaces of a person with the role that they hold there, by name.
func (s *Store) MembershipsOf(ctx context.Context, user domain.UserID) (list []domain.Membership, err error) {
	err = s.Read(ctx, domain.Actor{User: user}, func(s *Store) error {
		rows, err := many[membershipRow](ctx, s, "workspace", `select `+workspaceCols+`, m.role from workspace w
			join membership m on m.workspace_id = w.id and m.user_id = @user order by fold(w.name), w.id`,
			pgx.StrictNamedArgs{"user": user})
		list = mapSlice(rows, func(r membershipRow) domain.Membership {
			return domain.Membership{Workspace: r.workspace(), Role: domain.Role(r.Role)}
		})
		return err
	})
	return list, err
}

// MayAddWorkspace tells whether a person may open another workspace: an administrator of one may, and anybody where there
// is none at all.
func (s *Store) MayAddWorkspace(ctx context.Context, user domain.UserID) (may bool, err error) {
	err = s.Read(ctx, domain.Actor{User: user}, func(s *Store) error {
		may, err = one[bool](ctx, s, "workspace", `select not exists(select from workspace)
			or exists(select from membership where user_id = @user and role = 'admin')`, pgx.StrictNamedArgs{"user": user})
		return err
	})
	return may, err
}

// memberAccess is whether the account u can sign in.
const memberAccess = `case when u.password_hash = '' then 'never' when u.disabled_at is not null then 'closed' else 'open' end`

type memberRow struct {
	ID       domain.UserID `db:"id"`
	Email    string        `db:"email"`
	Name     string        `db:"name"`
	Role     string        `db:"role"`
	Access   string        `db:"access"`
	JoinedAt time.Time     `db:"joined_at"`
	LastSeen *time.Time    `db:"last_seen"`
}

// MemberByID returns a member of the workspace; NotFound for anybody else.
func (s *Store) MemberByID(ctx context.Context, by domain.Actor, id domain.UserID) (m domain.Member, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		r, err := one[memberRow](ctx, s, "member", `select u.id, u.email, u.name, m.role, `+memberAccess+` as access, m.created_at as joined_at,
				(select max(last_seen_at) from auth_session a where a.user_id = u.id) as last_seen
			from membership m join app_user u on u.id = m.user_id where m.workspace_id = @ws and m.user_id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		m = domain.Member{User: domain.User{ID: r.ID, Email: r.Email, Name: r.Name}, Role: domain.Role(r.Role), Access: domain.MemberAccess(r.Access), JoinedAt: r.JoinedAt, LastSeen: r.LastSeen}
		return err
	})
	return m, err
}

// keepAdmin refuses to take away the last administrator: nobody could manage the workspace any more.
func (s *Store) keepAdmin(ctx context.Context, by domain.Actor, m domain.Member) error {
	if m.Role != domain.RoleAdmin {
		return nil
	}
	others, err := one[bool](ctx, s, "member", `select exists(select from membership m join app_user u on u.id = m.user_id
		where m.workspace_id = @ws and m.role = 'admin' and m.user_id <> @user and u.disabled_at is null)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "user": m.ID})
	if err == nil && !others {
		err = domain.Errorf(domain.Conflict, "error.last_admin", "name", m.Name)
	}
	return err
}

// ChangeMember gives a member another role. Conflict where the role is no longer the one seen, or where the workspace
// would be left without an administrator: two cannot take the role from one another at the same moment.
func (s *Store) ChangeMember(ctx context.Context, by domain.Actor, id domain.UserID, seen, role domain.Role) error {
	return s.writeAlone(ctx, by, func(s *Store) error {
		m, err := s.MemberByID(ctx, by, id)
		if err != nil || m.Role == role {
			return err
		}
		if m.Role != seen {
			return stale()
		}
		return s.addMembership(ctx, by, id, role)
	})
}

// MemberUses tells what a member owns in the workspace: what somebody else must take over before they can go.
func (s *Store) MemberUses(ctx context.Context, by domain.Actor, id domain.UserID) (uses []domain.Use, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		uses, err = s.uses(ctx, by, int64(id), `
			select 'applications' as register, 'owner&state=active,archived' as filter, count(*) as n from application where workspace_id = @ws and owner_id = @id
			union all select 'fields', 'owner&state=active,gone,archived', count(*) from field where workspace_id = @ws and owner_id = @id
			union all select 'programs', 'owner&state=active,archived', count(*) from program where workspace_id = @ws and owner_id = @id
			union all select 'purposes', 'owner&state=active,archived', count(*) from purpose where workspace_id = @ws and owner_id = @id
			union all select 'targets', 'owner', count(*) from target where workspace_id = @ws and owner_id = @id
			union all select 'workshops', 'owner&state=active,archived', count(distinct workshop_id) from workshop_card where workspace_id = @ws and owner_id = @id`)
		return err
	})
	return uses, err
}

// handOvers are the statements that give what one member owns to another, by the kind of the record in the history: each returns the
// number and name of what it gave.
var handOvers = []struct{ kind, give string }{
	{domain.SubjectApplication, giveVersioned("application r", "name")}, {domain.SubjectField, giveVersioned("field r", "name")},
	{domain.SubjectProgram, giveVersioned("program r", "name")}, {domain.SubjectPurpose, giveVersioned("purpose r", "name")},
	{domain.SubjectTarget, giveVersioned("target r", targetName)},
	{domain.SubjectWorkshop, `update workshop_card k set owner_id = @to from workshop w
		where k.workspace_id = @ws and k.owner_id = @from and w.workspace_id = k.workspace_id and w.id = k.workshop_id returning w.id, w.name`},
}

func giveVersioned(table, name string) string {
	return `update ` + table + ` set owner_id = @to, version = version + 1, updated_at = clock_timestamp()
		where workspace_id = @ws and owner_id = @from returning id, ` + name + ` as name`
}

// handOver gives everything that one member owns to another, with an event for each record.
func (s *Store) handOver(ctx context.Context, by domain.Actor, from, to domain.UserID) error {
	for _, o := range handOvers {
		if _, err := s.exec(ctx, o.kind, `
			with given as (`+o.give+`)
			insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after)
			select @ws, @actor::bigint, @actor_name, @verb, @kind, id, name, jsonb_build_object('owner', @from::bigint), jsonb_build_object('owner', @to::bigint)
			from (select distinct id, name from given) g order by id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "from": from, "to": to, "actor": zeroNull(by.User), "actor_name": by.Name,
				"verb": o.kind + ".changed", "kind": o.kind}); err != nil {
			return err
		}
	}
	return nil
}

// RemoveMember ends a membership. What the person owns goes to the successor; without one (zero) it is a Conflict that
// says what they own. Conflict, too, for the last administrator. The person loses their places in workshops, and keeps their
// account and other workspaces.
func (s *Store) RemoveMember(ctx context.Context, by domain.Actor, id, successor domain.UserID) error {
	return s.writeAlone(ctx, by, func(s *Store) error {
		m, err := s.MemberByID(ctx, by, id)
		if err != nil {
			return err
		}
		if err := s.keepAdmin(ctx, by, m); err != nil {
			return err
		}
		uses, err := s.MemberUses(ctx, by, id)
		if err != nil {
			return err
		}
		switch {
		case len(uses) > 0 && successor == 0:
			return inUse(m.Subject(), uses)
		case len(uses) > 0:
			if err := s.checkSuccessor(ctx, by, id, successor); err != nil {
				return err
			}
			if err := s.handOver(ctx, by, id, successor); err != nil {
				return err
			}
		}
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "user": id}
		if _, err := s.exec(ctx, "view", `delete from saved_view where workspace_id = @ws and user_id = @user`, args); err != nil {
			return err
		}
		if _, err := s.exec(ctx, "member", `delete from membership where workspace_id = @ws and user_id = @user`, args); err != nil {
			return err
		}
		if err := s.emptySeats(ctx, by, m); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "member.removed", Subject: m.Subject(), Before: map[string]any{"role": string(m.Role)}})
	})
}

func (s *Store) checkSuccessor(ctx context.Context, by domain.Actor, id, successor domain.UserID) error {
	if id == successor {
		var p domain.Problems
		p.Add("successor", "error.reference")
		return p.Err()
	}
	return s.checkMember(ctx, by, "successor", successor)
}

var _ = addRegister(registerSQL{
	register: domain.MemberRegister,
	from: `(select workspace_id, user_id as id, role, created_at from membership) r
		join app_user u on u.id = r.id
		left join lateral (
			select array_agg(t.name order by fold(t.name)) as names from team_member tm
			join team t on t.workspace_id = tm.workspace_id and t.id = tm.team_id and t.archived_at is null
			where tm.workspace_id = r.workspace_id and tm.user_id = r.id
		) ts on true
		left join lateral (
			select (select count(*) from application x where x.workspace_id = r.workspace_id and x.owner_id = r.id)
				+ (select count(*) from field x where x.workspace_id = r.workspace_id and x.owner_id = r.id)
				+ (select count(*) from program x where x.workspace_id = r.workspace_id and x.owner_id = r.id)
				+ (select count(*) from purpose x where x.workspace_id = r.workspace_id and x.owner_id = r.id)
				+ (select count(*) from target x where x.workspace_id = r.workspace_id and x.owner_id = r.id)
				+ (select count(distinct x.workshop_id) from workshop_card x where x.workspace_id = r.workspace_id and x.owner_id = r.id) as n
		) o on true`,
	cells: map[string]string{"name": "u.name", "email": "u.email", "role": "r.role", "access": memberAccess, "teams": "coalesce(ts.names, '{}')", "owned": "o.n",
		"joined": "r.created_at"},
	filters: map[string]filterSQL{
		"role":   {expr: "r.role"},
		"access": {expr: memberAccess},
		"team": {in: `exists (select from team_member x where x.workspace_id = r.workspace_id and x.user_id = r.id and x.team_id = any(%s::text[]::bigint[]))`,
			none: "ts.names is null", lookup: teamLookup,
			facet: `select coalesce(t.id::text, 'none') as value, coalesce(min(t.name), '') as label, count(*) as n
				from (select r.workspace_id, r.id from (select workspace_id, user_id as id, role, created_at from membership) r
					join app_user u on u.id = r.id where %s) r
				left join (team_member tm join team t on t.workspace_id = tm.workspace_id and t.id = tm.team_id and t.archived_at is null)
					on tm.workspace_id = r.workspace_id and tm.user_id = r.id
				group by t.id order by n desc, label`},
	},
	search:   "fold(u.name || ' ' || u.email)",
	archived: "false",
})
