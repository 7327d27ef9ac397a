package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type invitationRow struct {
	ID         domain.InvitationID `db:"id"`
	Email      string              `db:"email"`
	Role       string              `db:"role"`
	InvitedBy  string              `db:"invited_by"`
	CreatedAt  time.Time           `db:"created_at"`
	ExpiresAt  time.Time           `db:"expires_at"`
	AcceptedAt *time.Time          `db:"accepted_at"`
	RevokedAt  *time.Time          `db:"revoked_at"`
}

func (r invitationRow) invitation() domain.Invitation {
	return domain.Invitation{ID: r.ID, Email: r.Email, Role: domain.Role(r.Role), InvitedBy: r.InvitedBy, CreatedAt: r.CreatedAt,
		ExpiresAt: r.ExpiresAt, AcceptedAt: r.AcceptedAt, RevokedAt: r.RevokedAt}
}

func invitationSubject(id domain.InvitationID, email string) domain.Subject {
	return domain.Subject{Kind: domain.SubjectInvitation, ID: int64(id), Name: email}
}

// Invitations returns the invitations of the workspace, newest first, at most 200.
func (s *Store) Invitations(ctx context.Context, by domain.Actor) (list []domain.Invitation, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[invitationRow](ctx, s, "invitation", `select i.id, i.email, i.role, coalesce(u.name, '') as invited_by, i.created_at,
				i.expires_at, i.accepted_at, i.revoked_at
			from invitation i left join app_user u on u.id = i.invited_by where i.workspace_id = @ws order by i.id desc limit 200`,
			pgx.StrictNamedArgs{"ws": by.Workspace})
		list = mapSlice(rows, invitationRow.invitation)
		return err
	})
	return list, err
}

// AddInvitation keeps an invitation under the hash of its token. An open one for the same address is revoked by it. A member
// who never chose a password is invited to do so, in the role that they have. Invalid where the person is a member who did, or
// where the account is not the actor's to open.
func (s *Store) AddInvitation(ctx context.Context, by domain.Actor, i domain.Invitation, tokenHash []byte) (id domain.InvitationID, err error) {
	now := s.now()
	account, err := s.UserByEmail(ctx, i.Email)
	if err != nil && !errors.Is(err, domain.NotFound) {
		return 0, err
	}
	if err == nil && account.NeverOpened() {
		if err := s.mayOpen(ctx, by.User, by.Workspace, account.ID); err != nil {
			return 0, err
		}
	}
	err = s.Write(ctx, by, func(s *Store) error {
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "email": i.Email}
		roles, err := many[string](ctx, s, "member", `select role from membership where workspace_id = @ws and user_id = @user`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "user": account.ID})
		switch {
		case err != nil:
			return err
		case len(roles) > 0 && !account.NeverOpened():
			return emailProblem("invitation.member")
		case len(roles) > 0:
			i.Role = domain.Role(roles[0])
		}
		args["now"] = now
		if _, err := s.exec(ctx, "invitation", `update invitation set revoked_at = @now
			where workspace_id = @ws and email = @email and accepted_at is null and revoked_at is null`, args); err != nil {
			return err
		}
		id, err = one[domain.InvitationID](ctx, s, "invitation", `insert into invitation (workspace_id, token_hash, email, role, invited_by, created_at, expires_at)
			values (@ws, @hash, @email, @role, @by, @now, @until) returning id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "hash": tokenHash, "email": i.Email, "role": string(i.Role), "by": zeroNull(by.User),
				"now": now, "until": now.Add(domain.InvitationTTL)})
		if err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "invitation.added", Subject: invitationSubject(id, i.Email), After: map[string]any{"role": string(i.Role)}})
	})
	return id, err
}

func emailProblem(key string) error {
	var p domain.Problems
	p.Add("email", key)
	return p.Err()
}

// mayOpen refuses to let an invitation open an account to which other workspaces have given rights already: whoever invites
// must administer these too, else the link would lead into them. The operator of the installation opens any.
func (s *Store) mayOpen(ctx context.Context, inviter domain.UserID, invitedTo domain.WorkspaceID, account domain.UserID) error {
	theirs, err := s.MembershipsOf(ctx, account)
	if err != nil {
		return err
	}
	mine, err := s.MembershipsOf(ctx, inviter)
	if err != nil {
		return err
	}
	for _, m := range theirs {
		administers := func(own domain.Membership) bool { return own.ID == m.ID && own.Role == domain.RoleAdmin }
		if m.ID != invitedTo && !slices.ContainsFunc(mine, administers) {
			return emailProblem("invitation.elsewhere")
		}
	}
	return nil
}

// RevokeInvitation makes the link of an invitation worthless. NotFound where there is no such invitation, Conflict where
// it is no longer open.
func (s *Store) RevokeInvitation(ctx context.Context, by domain.Actor, id domain.InvitationID) error {
	now := s.now()
	return s.Write(ctx, by, func(s *Store) error {
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "now": now}
		email, err := one[string](ctx, s, "invitation", `select email from invitation where workspace_id = @ws and id = @id for update`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err != nil {
			return err
		}
		n, err := s.exec(ctx, "invitation", `update invitation set revoked_at = @now
			where workspace_id = @ws and id = @id and accepted_at is null and revoked_at is null`, args)
		if err != nil {
			return err
		}
		if n == 0 {
			return domain.Errorf(domain.Conflict, "invitation.closed")
		}
		return s.record(ctx, by, domain.Event{Verb: "invitation.revoked", Subject: invitationSubject(id, email)})
	})
}

// Invited is what the link of an invitation opens: the invitation, and the workspace that it leads to.
type Invited struct {
	domain.Invitation
	Workspace     domain.WorkspaceID
	Slug          string
	WorkspaceName string
}

type invitedRow struct {
	invitationRow
	WorkspaceID   domain.WorkspaceID `db:"workspace_id"`
	Slug          string             `db:"slug"`
	WorkspaceName string             `db:"workspace_name"`
}

// InvitationByToken returns an open invitation by the hash of its token; NotFound where it was used, was revoked, has
// expired or never was.
func (s *Store) InvitationByToken(ctx context.Context, tokenHash []byte) (Invited, error) {
	r, err := one[invitedRow](ctx, s, "invitation", `select id, email, role, invited_by, created_at, expires_at, accepted_at, revoked_at,
		workspace_id, slug, workspace_name from invitation_by_token(@hash)`, pgx.StrictNamedArgs{"hash": tokenHash})
	if err != nil {
		return Invited{}, err
	}
	i := Invited{Invitation: r.invitation(), Workspace: r.WorkspaceID, Slug: r.Slug, WorkspaceName: r.WorkspaceName}
	if i.State(s.now()) != domain.InvitationOpen {
		return Invited{}, domain.Errorf(domain.NotFound, "invitation.closed")
	}
	return i, nil
}

// AcceptInvitation uses an invitation up and makes the person a member, all or nothing. A person who is not signed in (id zero)
// gets an account with that name and hash of a password, or opens theirs. NotFound where the invitation is no longer open; Denied
// where the account has another address; Invalid where somebody opened it already or the invitation may not.
func (s *Store) AcceptInvitation(ctx context.Context, tokenHash []byte, u domain.User, passwordHash string) (user domain.UserID, i Invited, err error) {
	now := s.now()
	err = s.Write(ctx, domain.Actor{User: u.ID}, func(s *Store) error {
		if i, err = s.InvitationByToken(ctx, tokenHash); err != nil {
			return err
		}
		if u.Email != i.Email {
			return domain.Errorf(domain.Denied, "invitation.other", "email", i.Email)
		}
		inviter, err := s.takeInvitation(ctx, i, now)
		if err != nil {
			return err
		}
		if user = u.ID; user == 0 {
			if user, err = s.openInvited(ctx, inviter, i, u, passwordHash); err != nil {
				return err
			}
		}
		by := domain.Actor{User: user, Name: u.Name, Email: u.Email, Workspace: i.Workspace, Slug: i.Slug}
		return s.Write(ctx, by, func(s *Store) error {
			member, err := one[bool](ctx, s, "member", `select exists(select from membership where workspace_id = @ws and user_id = @user)`,
				pgx.StrictNamedArgs{"ws": i.Workspace, "user": user})
			if err != nil || member { // who became a member otherwise keeps the role that they have
				return err
			}
			return s.addMembership(ctx, by, user, i.Role)
		})
	})
	return user, i, err
}

// takeInvitation uses an invitation up and returns who made it; NotFound where somebody was faster.
func (s *Store) takeInvitation(ctx context.Context, i Invited, now time.Time) (inviter domain.UserID, err error) {
	err = s.Write(ctx, domain.Actor{Workspace: i.Workspace}, func(s *Store) error {
		inviter, err = one[domain.UserID](ctx, s, "invitation", `update invitation set accepted_at = @now
			where workspace_id = @ws and id = @id and accepted_at is null and revoked_at is null and expires_at > @now returning coalesce(invited_by, 0)`,
			pgx.StrictNamedArgs{"ws": i.Workspace, "id": i.ID, "now": now})
		return err
	})
	if errors.Is(err, domain.NotFound) {
		err = domain.Errorf(domain.NotFound, "invitation.closed")
	}
	return inviter, err
}

func (s *Store) openInvited(ctx context.Context, inviter domain.UserID, i Invited, u domain.User, passwordHash string) (domain.UserID, error) {
	account, err := s.UserByEmail(ctx, u.Email)
	if err == nil && account.NeverOpened() {
		err = s.mayOpen(ctx, inviter, i.Workspace, account.ID)
	}
	if err != nil && !errors.Is(err, domain.NotFound) {
		return 0, err
	}
	return s.addOrOpen(ctx, u, passwordHash)
}
