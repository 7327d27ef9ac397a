package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// Limits of a sign-in session (OWASP ASVS 7.3): it ends after idleness and, at the latest, after a working day.
const (
	SessionIdle     = 60 * time.Minute
	SessionAbsolute = 12 * time.Hour
)

// AuthSession is a sign-in session. User is zero for somebody who has not signed in but has a message waiting.
type AuthSession struct {
	ID         int64
	TokenHash  []byte
	User       domain.UserID
	Data       map[string]any
	IP, Agent  string
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
}

// Visit is everything that a request needs to know about who makes it, read in one query.
type Visit struct {
	Session   AuthSession
	User      domain.User
	Role      domain.Role // empty where the person is no member of the workspace asked for
	Workspace domain.Workspace
}

// Actor is the visitor as who acts in the workspace.
func (v Visit) Actor() domain.Actor {
	return domain.Actor{User: v.User.ID, Name: v.User.Name, Email: v.User.Email, Role: v.Role, Workspace: v.Workspace.ID, Slug: v.Workspace.Slug}
}

type visitRow struct {
	SessionID       int64               `db:"session_id"`
	Data            map[string]any      `db:"data"`
	CreatedAt       time.Time           `db:"created_at"`
	LastSeenAt      time.Time           `db:"last_seen_at"`
	ExpiresAt       time.Time           `db:"expires_at"`
	UserID          *domain.UserID      `db:"user_id"`
	Email           *string             `db:"email"`
	UserName        *string             `db:"user_name"`
	UserLocale      *string             `db:"user_locale"`
	Theme           *string             `db:"theme"`
	Shortcuts       *bool               `db:"shortcuts"`
	Role            *string             `db:"role"`
	WorkspaceID     *domain.WorkspaceID `db:"workspace_id"`
	Slug            *string             `db:"slug"`
	WorkspaceName   *string             `db:"workspace_name"`
	WorkspaceLocale *string             `db:"workspace_locale"`
	IsExample       *bool               `db:"is_example"`
	WindowDays      *int                `db:"window_days"`
	GraceDays       *int                `db:"grace_days"`
	FillRateMin     *float64            `db:"fill_rate_min"`
	ConstantMinRows *int64              `db:"constant_min_rows"`
	StaleDays       *int                `db:"stale_days"`
	JudgedOn        *time.Time          `db:"judged_on"`
	Version         *int                `db:"version"`
}

// VisitByToken reads a live session by the hash of its token, with its user, and the workspace of that slug where the
// user is a member of it. NotFound where the session ended.
func (s *Store) VisitByToken(ctx context.Context, tokenHash []byte, slug string) (Visit, error) {
	r, err := one[visitRow](ctx, s, "session", visitSQL, visitArgs(tokenHash, slug, s.now()))
	if err != nil {
		return Visit{}, err
	}
	return r.visit(tokenHash), nil
}

const visitSQL = `select s.id as session_id, s.data, s.created_at, s.last_seen_at, s.expires_at,
			u.id as user_id, u.email, u.name as user_name, u.locale as user_locale, u.theme, u.shortcuts,
			w.role, w.id as workspace_id, w.slug, w.name as workspace_name, w.locale as workspace_locale, w.is_example,
			w.window_days, w.grace_days, w.fill_rate_min::double precision, w.constant_min_rows, w.stale_days, w.judged_on, w.version
		from auth_session s
		left join app_user u on u.id = s.user_id and u.disabled_at is null
		left join lateral member_workspace(u.id, @slug) w on true
		where s.token_hash = @hash and s.expires_at > @now and s.last_seen_at > @idle`

func visitArgs(tokenHash []byte, slug string, now time.Time) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"hash": tokenHash, "slug": slug, "now": now, "idle": now.Add(-SessionIdle)}
}

func (r visitRow) visit(tokenHash []byte) Visit {
	v := Visit{Session: AuthSession{ID: r.SessionID, TokenHash: tokenHash, User: deref(r.UserID), Data: r.Data,
		CreatedAt: r.CreatedAt, LastSeenAt: r.LastSeenAt, ExpiresAt: r.ExpiresAt}}
	if r.UserID != nil {
		v.User = domain.User{ID: *r.UserID, Email: *r.Email, Name: *r.UserName, Locale: deref(r.UserLocale), Theme: *r.Theme, Shortcuts: *r.Shortcuts}
	}
	if r.WorkspaceID != nil {
		v.Role = domain.Role(*r.Role)
		v.Workspace = domain.Workspace{ID: *r.WorkspaceID, Slug: *r.Slug, Name: *r.WorkspaceName, Locale: *r.WorkspaceLocale,
			IsExample: *r.IsExample, JudgedOn: r.JudgedOn, Version: *r.Version,
			Thresholds: domain.Thresholds{WindowDays: *r.WindowDays, GraceDays: *r.GraceDays, FillRateMin: *r.FillRateMin,
				ConstantMinRows: *r.ConstantMinRows, StaleDays: *r.StaleDays}}
	}
	return v
}

// AddSession keeps a new session under the hash of its token.
func (s *Store) AddSession(ctx context.Context, a AuthSession) error {
	now := s.now()
	_, err := s.exec(ctx, "session", `insert into auth_session (token_hash, user_id, data, ip, agent, created_at, last_seen_at, expires_at)
		values (@hash, @user, @data, @ip, @agent, @now, @now, @expires)`,
		pgx.StrictNamedArgs{"hash": a.TokenHash, "user": zeroNull(a.User), "data": dataOf(a.Data), "ip": a.IP, "agent": a.Agent,
			"now": now, "expires": now.Add(SessionAbsolute)})
	return err
}

// ChangeSession saves the data of a session and that it was seen now.
func (s *Store) ChangeSession(ctx context.Context, tokenHash []byte, data map[string]any) error {
	_, err := s.exec(ctx, "session", `update auth_session set data = @data, last_seen_at = @now where token_hash = @hash`,
		pgx.StrictNamedArgs{"hash": tokenHash, "data": dataOf(data), "now": s.now()})
	return err
}

// TouchSession notes that a session was seen, so that it does not end from idleness.
func (s *Store) TouchSession(ctx context.Context, tokenHash []byte) error {
	_, err := s.exec(ctx, "session", `update auth_session set last_seen_at = @now where token_hash = @hash`,
		pgx.StrictNamedArgs{"hash": tokenHash, "now": s.now()})
	return err
}

// RemoveSession ends a session.
func (s *Store) RemoveSession(ctx context.Context, tokenHash []byte) error {
	_, err := s.exec(ctx, "session", `delete from auth_session where token_hash = @hash`, pgx.StrictNamedArgs{"hash": tokenHash})
	return err
}

type sessionRow struct {
	ID         int64     `db:"id"`
	TokenHash  []byte    `db:"token_hash"`
	IP         string    `db:"ip"`
	Agent      string    `db:"agent"`
	CreatedAt  time.Time `db:"created_at"`
	LastSeenAt time.Time `db:"last_seen_at"`
	ExpiresAt  time.Time `db:"expires_at"`
}

// SessionsOf returns the live sessions of a person, the one seen last first.
func (s *Store) SessionsOf(ctx context.Context, user domain.UserID) ([]AuthSession, error) {
	rows, err := many[sessionRow](ctx, s, "session", `select id, token_hash, ip, agent, created_at, last_seen_at, expires_at from auth_session
		where user_id = @user and expires_at > @now and last_seen_at > @idle order by last_seen_at desc, id desc`,
		pgx.StrictNamedArgs{"user": user, "now": s.now(), "idle": s.now().Add(-SessionIdle)})
	return mapSlice(rows, func(r sessionRow) AuthSession {
		return AuthSession{ID: r.ID, TokenHash: r.TokenHash, User: user, IP: r.IP, Agent: r.Agent, CreatedAt: r.CreatedAt,
			LastSeenAt: r.LastSeenAt, ExpiresAt: r.ExpiresAt}
	}), err
}

// RemoveSessionOf ends one session of the actor, which their workspaces remember; NotFound where it is not theirs.
func (s *Store) RemoveSessionOf(ctx context.Context, by domain.Actor, id int64) error {
	n, err := s.endSessions(ctx, by, `id = @id`, pgx.StrictNamedArgs{"id": id})
	if err == nil && n == 0 {
		err = domain.Errorf(domain.NotFound, "error.not_found", "noun", "session")
	}
	return err
}

// RemoveOtherSessions ends all sessions of the actor but the one of that token, and returns how many.
func (s *Store) RemoveOtherSessions(ctx context.Context, by domain.Actor, keep []byte) (int64, error) {
	return s.endSessions(ctx, by, `token_hash <> @keep`, pgx.StrictNamedArgs{"keep": keep})
}

func (s *Store) endSessions(ctx context.Context, by domain.Actor, which string, args pgx.StrictNamedArgs) (n int64, err error) {
	args["user"] = by.User
	err = s.Write(ctx, domain.Actor{User: by.User}, func(s *Store) error {
		if n, err = s.exec(ctx, "session", `delete from auth_session where user_id = @user and `+which, args); err != nil || n == 0 {
			return err
		}
		return s.recordAccount(ctx, by, by.User, domain.Event{Verb: "member.sessions_ended"})
	})
	return n, err
}

func dataOf(data map[string]any) map[string]any {
	if data == nil {
		return map[string]any{}
	}
	return data
}
