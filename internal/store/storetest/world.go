package storetest

import (
	"context"
	_ "embed"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"utile/internal/domain"
	"utile/internal/store"
)

// World is a database with two workspaces and a member of each role in both: what most tests begin with.
type World struct {
	Store *store.Store
	DSN   string
	Owner *pgx.Conn // owns the tables, for what the application may not do
	// Acme and Other hold, by role, an actor of either workspace; everybody is a member of one only.
	Acme, Other map[domain.Role]domain.Actor
}

// Admin is the administrator of the first workspace.
func (w *World) Admin() domain.Actor { return w.Acme[domain.RoleAdmin] }

//go:embed world.go
var worldSource []byte // another World is another template

// NewWorld makes a fresh database with two empty workspaces, "acme" in English and "other" in French. The categories
// ident.contact.email (personal), art9.health (sensitive), tech.key (not personal) and unk (to qualify) are there.
func NewWorld(tb testing.TB) *World {
	tb.Helper()
	return worldOn(tb, database(tb, peopled))
}

// worldOn is the World of a database that was made for one.
func worldOn(tb testing.TB, dsn string) *World {
	tb.Helper()
	w := &World{Store: open(tb, dsn), DSN: dsn, Owner: Owner(tb, dsn), Acme: map[domain.Role]domain.Actor{}, Other: map[domain.Role]domain.Actor{}}
	w.Exec(tb, `update workspace set judged_on = current_date where judged_on < current_date`) // the template may be of another day
	rows, err := w.Owner.Query(context.Background(), `select u.id, u.name, u.email, m.role, w.id, w.slug, w.locale
		from membership m join app_user u on u.id = m.user_id join workspace w on w.id = m.workspace_id`)
	if err != nil {
		tb.Fatal(err)
	}
	var a domain.Actor
	_, err = pgx.ForEachRow(rows, []any{&a.User, &a.Name, &a.Email, &a.Role, &a.Workspace, &a.Slug, &a.Lang}, func() error {
		if a.Slug == "acme" {
			w.Acme[a.Role] = a
		} else {
			w.Other[a.Role] = a
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// people fills an empty database with the workspaces of a World and their members.
func people(ctx context.Context, dsn string) error {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	for _, w := range [][2]string{{"acme", "en"}, {"other", "fr"}} {
		slug, locale := w[0], w[1]
		var ws domain.WorkspaceID
		if err := pool.QueryRow(ctx, `insert into workspace (slug, name, locale, judged_on) values ($1, initcap($1), $2, current_date) returning id`,
			slug, locale).Scan(&ws); err != nil {
			return err
		}
		for _, role := range domain.Roles {
			if _, err := pool.Exec(ctx, `with u as (insert into app_user (email, name, locale, password_hash) values ($1, $2, $3, '!') returning id)
				insert into membership (workspace_id, user_id, role) select $4, id, $5 from u`,
				fmt.Sprintf("%s@%s.example.com", role, slug), fmt.Sprintf("%s %s", slug, role), locale, ws, string(role)); err != nil {
				return err
			}
		}
		for _, c := range []struct{ code, class string }{
			{"ident.contact.email", "personal"}, {"art9.health", "sensitive_art9"}, {"tech.key", "non_personal"}, {"unk", "unclassified"},
		} {
			if _, err := pool.Exec(ctx, `insert into data_category (workspace_id, code, label_fr, label_en, gdpr_class, builtin)
				values ($1, $2, $2, $2, $3, true)`, ws, c.code, c.class); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *World) scan(tb testing.TB, into any, sql string, args ...any) {
	tb.Helper()
	if err := w.Owner.QueryRow(context.Background(), sql, args...).Scan(into); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

// Exec runs a statement as the owner of the tables.
func (w *World) Exec(tb testing.TB, sql string, args ...any) {
	tb.Helper()
	if _, err := w.Owner.Exec(context.Background(), sql, args...); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

// Category returns the id of a data category of the actor's workspace.
func (w *World) Category(tb testing.TB, by domain.Actor, code string) (id domain.CategoryID) {
	tb.Helper()
	w.scan(tb, &id, `select id from data_category where workspace_id = $1 and code = $2`, by.Workspace, code)
	return id
}

// Application adds an application of that name.
func (w *World) Application(tb testing.TB, by domain.Actor, name string) domain.ApplicationID {
	tb.Helper()
	a, err := domain.NewApplication(domain.Application{Name: name})
	if err != nil {
		tb.Fatal(err)
	}
	id, err := w.Store.AddApplication(context.Background(), by, a)
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// Dataset adds a dataset to an application.
func (w *World) Dataset(tb testing.TB, by domain.Actor, application domain.ApplicationID, name string) (id domain.DatasetID) {
	tb.Helper()
	w.scan(tb, &id, `insert into dataset (workspace_id, application_id, name) values ($1, $2, $3) returning id`, by.Workspace, application, name)
	return id
}

// Field adds a field to a dataset, with a category unless the code is empty, and judges it.
func (w *World) Field(tb testing.TB, by domain.Actor, dataset domain.DatasetID, name, category string) (id domain.FieldID) {
	tb.Helper()
	w.scan(tb, &id, `insert into field (workspace_id, dataset_id, application_id, name, category_id, gdpr_class)
		select d.workspace_id, d.id, d.application_id, $3, c.id, coalesce(c.gdpr_class, 'unclassified')
		from dataset d left join data_category c on c.workspace_id = d.workspace_id and c.code = $4
		where d.workspace_id = $1 and d.id = $2 returning id`, by.Workspace, dataset, name, category)
	if err := w.Store.JudgeAll(context.Background(), by); err != nil {
		tb.Fatal(err)
	}
	return id
}

// Program adds a program with that status.
func (w *World) Program(tb testing.TB, by domain.Actor, code, status string) (id domain.ProgramID) {
	tb.Helper()
	w.scan(tb, &id, `insert into program (workspace_id, code, name, status) values ($1, $2, $2, $3) returning id`, by.Workspace, code, status)
	return id
}

// Rule adds a retention rule of so many months in daily use.
func (w *World) Rule(tb testing.TB, by domain.Actor, code string, months int) (id domain.RetentionRuleID) {
	tb.Helper()
	w.scan(tb, &id, `insert into retention_rule (workspace_id, code, name, triggers, active_months, fate)
		values ($1, $2, $2, '{last_purchase}', $3, 'delete') returning id`, by.Workspace, code, months)
	return id
}

// Purpose adds a purpose in force with the legal basis of legitimate interest, and its test.
func (w *World) Purpose(tb testing.TB, by domain.Actor, code string, needsProgram bool) (id domain.PurposeID) {
	tb.Helper()
	w.scan(tb, &id, `insert into purpose (workspace_id, code, name, legal_basis, interest, necessity, balance, state, needs_program)
		values ($1, $2, $2, 'f_legitimate', 'Interest', 'Necessity', 'Balance', 'in_force', $3) returning id`, by.Workspace, code, needsProgram)
	return id
}
