package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type viewRow struct {
	ID       domain.ViewID `db:"id"`
	Register string        `db:"register"`
	Name     string        `db:"name"`
	Query    string        `db:"query"`
	Shared   bool          `db:"shared"`
}

const viewCols = `id, register, name, query, user_id is null as shared`

// Views returns the actor's own views of a register and those of the whole workspace, by name.
func (s *Store) Views(ctx context.Context, by domain.Actor, register string) (views []domain.View, err error) {
	if a := alongOf(ctx); a.answered(by) && a.register == register {
		return viewsOf(a.views), nil
	}
	var b pgx.Batch
	var rows []viewRow
	queueViews(&b, &rows, by, register)
	err = s.glance(ctx, by, &b)
	return viewsOf(rows), err
}

func queueViews(b *pgx.Batch, rows *[]viewRow, by domain.Actor, register string) {
	queue(b, rows, `select `+viewCols+` from saved_view
		where workspace_id = @ws and register = @register and (user_id is null or user_id = @user) order by fold(name), id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "register": register, "user": by.User})
}

func viewsOf(rows []viewRow) []domain.View {
	return mapSlice(rows, func(r viewRow) domain.View { return domain.View(r) })
}

// AddView saves a view; Invalid where the name is taken. One of a person's own is nobody else's business: only those of the workspace
// are told in the history.
func (s *Store) AddView(ctx context.Context, by domain.Actor, v domain.View) (id domain.ViewID, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		owner := zeroNull(by.User)
		if v.Shared {
			owner = nil
		}
		v.ID, err = one[domain.ViewID](ctx, s, "view", `insert into saved_view (workspace_id, register, name, query, user_id)
			values (@ws, @register, @name, @query, @user) returning id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "register": v.Register, "name": v.Name, "query": v.Query, "user": owner})
		if err != nil {
			return err
		}
		id = v.ID
		if !v.Shared {
			return nil
		}
		return s.record(ctx, by, domain.Event{Verb: "view.added", Subject: v.Subject(), After: map[string]any{"query": v.Query, "shared": v.Shared}})
	})
	return id, err
}

// RemoveView deletes a view of the actor, or one of the workspace; NotFound where it belongs to somebody else.
func (s *Store) RemoveView(ctx context.Context, by domain.Actor, id domain.ViewID) error {
	return s.Write(ctx, by, func(s *Store) error {
		r, err := one[viewRow](ctx, s, "view", `delete from saved_view
			where workspace_id = @ws and id = @id and (user_id = @user or user_id is null and @share) returning `+viewCols,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "user": by.User, "share": by.Can(domain.ShareView)})
		if err != nil || !r.Shared {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "view.removed", Subject: domain.View(r).Subject()})
	})
}
