package store

import (
	"context"
	"errors"
	"slices"
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

// NeverOpened tells whether nobody ever chose a password for the account: a workspace file named the person, or the worked
// example did.
func (a Account) NeverOpened() bool { return a.PasswordHash == "" }

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

const accountCols = `id, email, name, locale, theme, shortcuts, password_hash, disabled_at`

func (r accountRow) account() Account {
	return Account{User: domain.User{ID: r.ID, Email: r.Email, Name: r.Name, Locale: deref(r.Locale), Theme: r.Theme, Shortcuts: r.Shortcuts},
		PasswordHash: r.PasswordHash, DisabledAt: r.DisabledAt}
}

// UserByEmail returns the account of an address, disabled ones included; NotFound where there is none.
func (s *Store) UserByEmail(ctx context.Context, email string) (Account, error) {
	r, err := one[accountRow](ctx, s, "user", `select `+accountCols+` from app_user where email = @email`, pgx.StrictNamedArgs{"email": email})
	return r.account(), err
}

// ChangeUser saves what a person says of themselves: name, address, language, theme and shortcuts. The workspaces of the
// person remember another name or address: it is by these that others know who has rights. Invalid where the address is taken.
func (s *Store) ChangeUser(ctx context.Context, by domain.Actor, u domain.User) error {
	return s.Write(ctx, domain.Actor{User: u.ID}, func(s *Store) error {
		was, err := one[accountRow](ctx, s, "user", `select `+accountCols+` from app_user where id = @user for update`, pgx.StrictNamedArgs{"user": u.ID})
		if err != nil {
			return err
		}
		if _, err := s.exec(ctx, "user", `update app_user set name = @name, email = @email, locale = @locale, theme = @theme, shortcuts = @shortcuts
			where id = @user`, pgx.StrictNamedArgs{"user": u.ID, "name": u.Name, "email": u.Email, "locale": textNull(u.Locale),
			"theme": u.Theme, "shortcuts": u.Shortcuts}); err != nil {
			return err
		}
		return s.recordIdentity(ctx, by, was.account().User, u)
	})
}

// recordIdentity tells the workspaces of a person what of their name and address is another now.
func (s *Store) recordIdentity(ctx context.Context, by domain.Actor, was, is domain.User) error {
	event := domain.Event{Verb: "member.renamed", Before: map[string]any{}, After: map[string]any{}}
	if was.Name != is.Name {
		event.Before["name"], event.After["name"] = was.Name, is.Name
	}
	if was.Email != is.Email {
		event.Before["email"], event.After["email"] = was.Email, is.Email
	}
	if len(event.After) == 0 {
		return nil
	}
	return s.recordAccount(ctx, by, is.ID, event)
}

// RaisePassword replaces the hash of a password by one of today's cost, of the same password: nothing else changes. A
// password that was changed meanwhile stays.
func (s *Store) RaisePassword(ctx context.Context, user domain.UserID, was, is string) error {
	_, err := s.exec(ctx, "user", `update app_user set password_hash = @is where id = @user and password_hash = @was`,
		pgx.StrictNamedArgs{"user": user, "was": was, "is": is})
	return err
}

// Claim takes an installation where nobody can sign in: it uses the token up, makes the first account and its workspace, all
// or nothing. Whoever holds the token is the operator: an account that a workspace file made for the address is theirs, and
// where it administers a workspace they need no new one, which w without a name says. NotFound where the token is not known or
// somebody was faster, Invalid where the account administers nothing and w has no name.
func (s *Store) Claim(ctx context.Context, tokenHash []byte, u domain.User, passwordHash string, w domain.Workspace) (user domain.UserID, out domain.Workspace, err error) {
	err = s.Write(ctx, domain.Actor{}, func(s *Store) error {
		if err := s.TakeSetupToken(ctx, tokenHash); err != nil {
			return err
		}
		if user, err = s.addOrOpen(ctx, u, passwordHash); err != nil {
			return err
		}
		if w.Name == "" {
			out, err = s.firstAdministered(ctx, user)
			return err
		}
		out, err = s.AddWorkspace(ctx, domain.Actor{User: user, Name: u.Name, Email: u.Email}, w)
		return err
	})
	return user, out, err
}

func (s *Store) firstAdministered(ctx context.Context, user domain.UserID) (domain.Workspace, error) {
	list, err := s.MembershipsOf(ctx, user)
	if err != nil {
		return domain.Workspace{}, err
	}
	for _, m := range list {
		if m.Role == domain.RoleAdmin {
			return m.Workspace, nil
		}
	}
	var p domain.Problems
	p.Add("workspace", "error.required")
	return domain.Workspace{}, p.Err()
}

// Administers tells whether the account of an address, if there is one, administers a workspace.
func (s *Store) Administers(ctx context.Context, email string) (bool, error) {
	account, err := s.UserByEmail(ctx, email)
	if errors.Is(err, domain.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	list, err := s.MembershipsOf(ctx, account.ID)
	return slices.ContainsFunc(list, func(m domain.Membership) bool { return m.Role == domain.RoleAdmin }), err
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

// Users returns every account of the installation by address.
func (s *Store) Users(ctx context.Context) ([]Account, error) {
	rows, err := many[accountRow](ctx, s, "user", `select `+accountCols+` from app_user order by email`, pgx.StrictNamedArgs{})
	return mapSlice(rows, accountRow.account), err
}

// noPassword is the hash that no password has, of an account that was closed: unlike one that nobody opened, it is not for an
// invitation to open.
const noPassword = "!"

// CloseAccount takes from a person the means to sign in, everywhere: the password is forgotten and the sessions end. What they
// did and own stays, and SetPassword opens the account again. Conflict where it is the last administrator of a workspace.
func (s *Store) CloseAccount(ctx context.Context, by domain.Actor, u domain.User) error {
	return s.Write(ctx, domain.Actor{User: u.ID}, func(s *Store) error {
		list, err := s.MembershipsOf(ctx, u.ID)
		if err != nil {
			return err
		}
		for _, m := range list {
			in := domain.Actor{Workspace: m.ID}
			if err := s.writeAlone(ctx, in, func(s *Store) error {
				return s.keepAdmin(ctx, in, domain.Member{User: u, Role: m.Role})
			}); err != nil {
				return err
			}
		}
		if _, err := s.exec(ctx, "user", `update app_user set password_hash = @hash, disabled_at = @now where id = @user`,
			pgx.StrictNamedArgs{"user": u.ID, "hash": noPassword, "now": s.now()}); err != nil {
			return err
		}
		if _, err := s.exec(ctx, "session", `delete from auth_session where user_id = @user`, pgx.StrictNamedArgs{"user": u.ID}); err != nil {
			return err
		}
		return s.recordAccount(ctx, by, u.ID, domain.Event{Verb: "member.closed"})
	})
}

// addOrOpen makes the account of a person, or gives the one that nobody opened their name and password. Call it where the
// person has proved who they are. Invalid where the address has an account that somebody opened.
func (s *Store) addOrOpen(ctx context.Context, u domain.User, passwordHash string) (domain.UserID, error) {
	account, err := s.UserByEmail(ctx, u.Email)
	switch {
	case err != nil && !errors.Is(err, domain.NotFound):
		return 0, err
	case err != nil || !account.NeverOpened():
		return s.AddUser(ctx, u, passwordHash)
	}
	by := domain.Actor{User: account.ID, Name: u.Name, Email: u.Email}
	u.ID, u.Theme, u.Shortcuts = account.ID, account.Theme, account.Shortcuts
	if err := s.ChangeUser(ctx, by, u); err != nil {
		return 0, err
	}
	return account.ID, s.SetPassword(ctx, by, account.ID, passwordHash)
}

// SetPassword gives an account another password, lets it sign in again where it could not, forgets failures of sign-in, and ends
// its sessions. The workspaces of the person remember it; by is the person, or the operator of the installation.
func (s *Store) SetPassword(ctx context.Context, by domain.Actor, user domain.UserID, passwordHash string) error {
	return s.Write(ctx, domain.Actor{User: user}, func(s *Store) error {
		email, err := one[string](ctx, s, "user", `update app_user set password_hash = @hash, disabled_at = null where id = @user returning email`,
			pgx.StrictNamedArgs{"user": user, "hash": passwordHash})
		if err != nil {
			return err
		}
		if _, err := s.exec(ctx, "session", `delete from sign_in_failure where key = @key`, pgx.StrictNamedArgs{"key": attemptKey("account", email)}); err != nil {
			return err
		}
		if _, err := s.exec(ctx, "session", `delete from auth_session where user_id = @user`, pgx.StrictNamedArgs{"user": user}); err != nil {
			return err
		}
		return s.recordAccount(ctx, by, user, domain.Event{Verb: "member.password_set"})
	})
}

// recordAccount tells the history of each workspace of a person what happened to their account, which belongs to none. The
// subject of the event is the person.
func (s *Store) recordAccount(ctx context.Context, by domain.Actor, user domain.UserID, event domain.Event) error {
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
			event.Subject = domain.Subject{Kind: domain.SubjectMember, ID: int64(user), Name: m.Name}
			return s.record(ctx, in, event)
		}); err != nil {
			return err
		}
	}
	return nil
}

// AddMembership lets a person into the actor's workspace, or changes their role there. Conflict where the workspace would be left
// without an administrator.
func (s *Store) AddMembership(ctx context.Context, by domain.Actor, user domain.UserID, role domain.Role) error {
	return s.writeAlone(ctx, by, func(s *Store) error { return s.addMembership(ctx, by, user, role) })
}

func (s *Store) addMembership(ctx context.Context, by domain.Actor, user domain.UserID, role domain.Role) error {
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
		if m.Was != nil {
			if err := s.keepAdmin(ctx, by, domain.Member{User: domain.User{ID: user, Name: m.Name}, Role: domain.Role(*m.Was)}); err != nil {
				return err
			}
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
