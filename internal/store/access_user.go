package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// Account is a person together with what signing in needs.
type Account struct {
	domain.User
	PasswordHash string // empty for somebody who never chose a password, and so cannot sign in
	DisabledAt   *time.Time
}

type accountRow struct {
	ID           domain.UserID `db:"id"`
	Email        string        `db:"email"`
	Name         string        `db:"name"`
	Locale       *string       `db:"locale"`
	Theme        string        `db:"theme"`
	Shortcuts    bool          `db:"shortcuts"`
	PasswordHash string        `db:"password_hash"`
	DisabledAt   *time.Time    `db:"disabled_at"`
}

// UserByEmail returns the account of an address, disabled ones included; NotFound where there is none.
func (s *Store) UserByEmail(ctx context.Context, email string) (Account, error) {
	r, err := one[accountRow](ctx, s, "user", `select id, email, name, locale, theme, shortcuts, password_hash, disabled_at
		from app_user where email = @email`, pgx.StrictNamedArgs{"email": email})
	return Account{User: domain.User{ID: r.ID, Email: r.Email, Name: r.Name, Locale: deref(r.Locale), Theme: r.Theme, Shortcuts: r.Shortcuts},
		PasswordHash: r.PasswordHash, DisabledAt: r.DisabledAt}, err
}

// ChangeUser saves what a person says of themselves: name, address, language, theme and shortcuts. Invalid where the
// address is taken.
func (s *Store) ChangeUser(ctx context.Context, u domain.User) error {
	n, err := s.exec(ctx, "user", `update app_user set name = @name, email = @email, locale = @locale, theme = @theme, shortcuts = @shortcuts
		where id = @user`, pgx.StrictNamedArgs{"user": u.ID, "name": u.Name, "email": u.Email, "locale": textNull(u.Locale),
		"theme": u.Theme, "shortcuts": u.Shortcuts})
	if err == nil && n == 0 {
		err = domain.Errorf(domain.NotFound, "error.not_found", "noun", "user")
	}
	return err
}

// RaisePassword replaces the hash of a password by one of today's cost, of the same password: nothing else changes. A
// password that was changed meanwhile stays.
func (s *Store) RaisePassword(ctx context.Context, user domain.UserID, was, is string) error {
	_, err := s.exec(ctx, "user", `update app_user set password_hash = @is where id = @user and password_hash = @was`,
		pgx.StrictNamedArgs{"user": user, "was": was, "is": is})
	return err
}

// Claim takes an empty installation: it uses the token up, makes the first account and its workspace, all or nothing.
// NotFound where the token is not known or somebody was faster.
func (s *Store) Claim(ctx context.Context, tokenHash []byte, u domain.User, passwordHash string, w domain.Workspace) (user domain.UserID, out domain.Workspace, err error) {
	err = s.Write(ctx, domain.Actor{}, func(s *Store) error {
		if err := s.TakeSetupToken(ctx, tokenHash); err != nil {
			return err
		}
		if user, err = s.AddUser(ctx, u, passwordHash); err != nil {
			return err
		}
		out, err = s.AddWorkspace(ctx, domain.Actor{User: user, Name: u.Name, Email: u.Email}, w)
		return err
	})
	return user, out, err
}

// HasUsers tells whether anybody can sign in: an installation where nobody can is there to be claimed.
func (s *Store) HasUsers(ctx context.Context) (bool, error) {
	return one[bool](ctx, s, "user", `select exists(select from app_user where disabled_at is null and password_hash <> '')`, pgx.StrictNamedArgs{})
}

// AddUser makes an account; the hash is what login made of the password. Invalid where the address is taken.
func (s *Store) AddUser(ctx context.Context, u domain.User, passwordHash string) (domain.UserID, error) {
	return one[domain.UserID](ctx, s, "user", `insert into app_user (email, name, locale, password_hash)
		values (@email, @name, @locale, @hash) returning id`,
		pgx.StrictNamedArgs{"email": u.Email, "name": u.Name, "locale": textNull(u.Locale), "hash": passwordHash})
}

// SetPassword gives an account another password, lets it sign in again where it could not, and ends its sessions. The
// workspaces of the person remember it; by is the person, or the operator of the installation.
func (s *Store) SetPassword(ctx context.Context, by domain.Actor, user domain.UserID, passwordHash string) error {
	return s.Write(ctx, domain.Actor{User: user}, func(s *Store) error {
		n, err := s.exec(ctx, "user", `update app_user set password_hash = @hash, disabled_at = null where id = @user`,
			pgx.StrictNamedArgs{"user": user, "hash": passwordHash})
		if err != nil {
			return err
		}
		if n == 0 {
			return domain.Errorf(domain.NotFound, "error.not_found", "noun", "user")
		}
		if _, err = s.exec(ctx, "session", `delete from auth_session where user_id = @user`, pgx.StrictNamedArgs{"user": user}); err != nil {
			return err
		}
		return s.recordAccount(ctx, by, user, "member.password_set")
	})
}

// recordAccount tells the history of each workspace of a person what happened to their account, which belongs to none.
func (s *Store) recordAccount(ctx context.Context, by domain.Actor, user domain.UserID, verb string) error {
	type of struct {
		Workspace domain.WorkspaceID `db:"workspace_id"`
		Name      string             `db:"name"`
	}
	list, err := many[of](ctx, s, "member", `select m.workspace_id, u.name from membership m join app_user u on u.id = m.user_id
		where m.user_id = @user order by m.workspace_id`, pgx.StrictNamedArgs{"user": user})
	if err != nil {
		return err
	}
	for _, m := range list {
		in := by
		in.Workspace = m.Workspace
		if err := s.Write(ctx, in, func(s *Store) error {
			return s.record(ctx, in, domain.Event{Verb: verb, Subject: domain.Subject{Kind: domain.SubjectMember, ID: int64(user), Name: m.Name}})
		}); err != nil {
			return err
		}
	}
	return nil
}

// AddMembership lets a person into the actor's workspace, or changes their role there.
func (s *Store) AddMembership(ctx context.Context, by domain.Actor, user domain.UserID, role domain.Role) error {
	return s.Write(ctx, by, func(s *Store) error {
		type member struct {
			Name string  `db:"name"`
			Was  *string `db:"was"`
		}
		m, err := one[member](ctx, s, "user", `select u.name, m.role as was from app_user u
			left join membership m on m.workspace_id = @ws and m.user_id = u.id where u.id = @user`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "user": user})
		if err != nil {
			return err
		}
		if m.Was != nil && *m.Was == string(role) {
			return nil
		}
		if _, err := s.exec(ctx, "member", `insert into membership (workspace_id, user_id, role) values (@ws, @user, @role)
			on conflict (workspace_id, user_id) do update set role = excluded.role`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "user": user, "role": string(role)}); err != nil {
			return err
		}
		event := domain.Event{Verb: "member.added", Subject: domain.Subject{Kind: domain.SubjectMember, ID: int64(user), Name: m.Name},
			After: map[string]any{"role": string(role)}}
		if m.Was != nil {
			event.Verb, event.Before = "member.changed", map[string]any{"role": *m.Was}
		}
		return s.record(ctx, by, event)
	})
}

// ReplaceSetupTokens makes this the only token that lets somebody claim an empty installation.
func (s *Store) ReplaceSetupTokens(ctx context.Context, tokenHash []byte) error {
	return s.Write(ctx, domain.Actor{}, func(s *Store) error {
		if _, err := s.exec(ctx, "setup", `delete from setup_token`, pgx.StrictNamedArgs{}); err != nil {
			return err
		}
		_, err := s.exec(ctx, "setup", `insert into setup_token (token_hash) values (@hash)`, pgx.StrictNamedArgs{"hash": tokenHash})
		return err
	})
}

// SetupTokenKnown tells whether a token still lets somebody claim the installation.
func (s *Store) SetupTokenKnown(ctx context.Context, tokenHash []byte) (bool, error) {
	return one[bool](ctx, s, "setup", `select exists(select from setup_token where token_hash = @hash)
		and not exists(select from app_user where disabled_at is null and password_hash <> '')`, pgx.StrictNamedArgs{"hash": tokenHash})
}

// TakeSetupToken uses a token up; NotFound where it is not known, was used, or the installation has been claimed. Call
// it in the transaction that makes the first account.
func (s *Store) TakeSetupToken(ctx context.Context, tokenHash []byte) error {
	return s.Write(ctx, domain.Actor{}, func(s *Store) error {
		known, err := s.SetupTokenKnown(ctx, tokenHash)
		if err != nil {
			return err
		}
		n, err := s.exec(ctx, "setup", `delete from setup_token where token_hash = @hash`, pgx.StrictNamedArgs{"hash": tokenHash})
		if err == nil && (!known || n == 0) {
			err = domain.Errorf(domain.NotFound, "error.not_found", "noun", "setup")
		}
		return err
	})
}

// PurgeSessions removes sessions that ended and failures of sign-in that no longer count; it returns how many rows went.
func (s *Store) PurgeSessions(ctx context.Context) (int64, error) {
	now := s.now()
	n, err := s.exec(ctx, "session", `delete from auth_session where expires_at < @now or last_seen_at < @idle`,
		pgx.StrictNamedArgs{"now": now, "idle": now.Add(-SessionIdle)})
	if err != nil {
		return n, err
	}
	failures, err := s.exec(ctx, "session", `delete from sign_in_failure where at < @day`, pgx.StrictNamedArgs{"day": now.Add(-24 * time.Hour)})
	return n + failures, err
}
