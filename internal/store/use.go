package store

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// Lookups of ref filters: ids of the things that have one of the folded names.
const (
	teamLookup = `select id::text from team where workspace_id = @ws and fold(name) = any(%s)`
	userLookup = `select u.id::text from app_user u join membership m on m.user_id = u.id
		where m.workspace_id = @ws and (fold(u.name) = any(%[1]s) or u.email = any(%[1]s))`
	applicationLookup = `select id::text from application where workspace_id = @ws and fold(name) = any(%s)`
	datasetLookup     = `select id::text from dataset where workspace_id = @ws and fold(name) = any(%s)`
	categoryLookup    = `select id::text from data_category where workspace_id = @ws
		and (code = any(%[1]s) or fold(label_fr) = any(%[1]s) or fold(label_en) = any(%[1]s))`
	purposeLookup         = `select id::text from purpose where workspace_id = @ws and (fold(code) = any(%[1]s) or fold(name) = any(%[1]s))`
	retentionLookup       = `select id::text from retention_rule where workspace_id = @ws and (fold(code) = any(%[1]s) or fold(name) = any(%[1]s))`
	collectionPointLookup = `select id::text from collection_point where workspace_id = @ws and fold(name) = any(%s)`
	objectiveLookup       = `select id::text from objective where workspace_id = @ws and fold(name) = any(%s)`
	stageLookup           = `select id::text from journey_stage where workspace_id = @ws and (fold(code) = any(%[1]s) or fold(name) = any(%[1]s))`
	programLookup         = `select id::text from program where workspace_id = @ws and (fold(code) = any(%[1]s) or fold(name) = any(%[1]s))`
)

type useRow struct {
	Register string `db:"register"`
	Filter   string `db:"filter"`
	N        int64  `db:"n"`
}

// uses runs a query of (register, filter, n) about the record @id and keeps what is used. A filter may be followed by
// others, as in an address: those that count what is archived show it, too.
func (s *Store) uses(ctx context.Context, by domain.Actor, id int64, sql string) ([]domain.Use, error) {
	rows, err := many[useRow](ctx, s, "use", sql, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	rows = slices.DeleteFunc(rows, func(r useRow) bool { return r.N == 0 })
	return mapSlice(rows, func(r useRow) domain.Use {
		filter, with, _ := strings.Cut(r.Filter, "&")
		return domain.Use{Register: r.Register, Filter: filter, With: with, N: r.N}
	}), err
}

// holdUses lets nothing more refer to a record until the transaction ends, and waits for what begins to: its uses are counted after.
// Whoever refers to it asks under a lock whether it is still there. The table's name comes from the caller's code.
func (s *Store) holdUses(ctx context.Context, by domain.Actor, table string, id int64) error {
	_, err := s.exec(ctx, table, `select from `+table+` where workspace_id = @ws and id = @id for update`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return err
}

// oneAtATime lets changes of something in a workspace that may have no row yet follow each other.
func (s *Store) oneAtATime(ctx context.Context, by domain.Actor, what string) error {
	_, err := s.exec(ctx, what, `select pg_advisory_xact_lock(hashtextextended(@what, @ws))`, pgx.StrictNamedArgs{"what": what, "ws": int64(by.Workspace)})
	return err
}

// inUse is the refusal to archive or remove a record that others refer to.
func inUse(subject domain.Subject, uses []domain.Use) error {
	return domain.Errorf(domain.Conflict, "error.in_use", "name", subject.Name, "uses", uses)
}

// archive sets archived_at of a record that nothing uses. The table's name comes from the caller's code, never from input.
func (s *Store) archive(ctx context.Context, by domain.Actor, table string, subject domain.Subject, uses []domain.Use) error {
	if len(uses) > 0 {
		return inUse(subject, uses)
	}
	n, err := s.exec(ctx, subject.Kind, `update `+table+` set archived_at = clock_timestamp(), version = version + 1, updated_at = clock_timestamp()
		where workspace_id = @ws and id = @id and archived_at is null`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": subject.ID})
	if err != nil || n == 0 {
		return err
	}
	return s.record(ctx, by, domain.Event{Verb: subject.Kind + ".archived", Subject: subject})
}

// restore clears archived_at.
func (s *Store) restore(ctx context.Context, by domain.Actor, table string, subject domain.Subject) error {
	n, err := s.exec(ctx, subject.Kind, `update `+table+` set archived_at = null, version = version + 1, updated_at = clock_timestamp()
		where workspace_id = @ws and id = @id and archived_at is not null`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": subject.ID})
	if err != nil || n == 0 {
		return err
	}
	return s.record(ctx, by, domain.Event{Verb: subject.Kind + ".restored", Subject: subject})
}

// remove deletes a record that nothing uses; the history keeps that it was there. A reference that the caller did not
// count is still refused, by its foreign key.
func (s *Store) remove(ctx context.Context, by domain.Actor, table string, subject domain.Subject, uses []domain.Use) error {
	if len(uses) > 0 {
		return inUse(subject, uses)
	}
	n, err := s.exec(ctx, subject.Kind, `delete from `+table+` where workspace_id = @ws and id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": subject.ID})
	if err != nil || n == 0 {
		return err
	}
	return s.record(ctx, by, domain.Event{Verb: subject.Kind + ".removed", Subject: subject})
}

type optionRow struct {
	ID   int64  `db:"id"`
	Name string `db:"name"`
}

func (r optionRow) option() domain.Option { return domain.Option{ID: r.ID, Name: r.Name} }

// options runs a query of (id, name).
func (s *Store) options(ctx context.Context, by domain.Actor, sql string) ([]domain.Option, error) {
	rows, err := many[optionRow](ctx, s, "option", sql, pgx.StrictNamedArgs{"ws": by.Workspace})
	return mapSlice(rows, optionRow.option), err
}

// reference is a record that another begins to refer to, and the one that it referred to before; zero for none. The box of the form
// is where a refusal is shown.
type reference struct {
	box, table string
	id, was    int64
}

// refer refuses, each at its box, records that are archived or not there, and lets nobody archive the others until the transaction
// ends. What a record referred to before it may keep. The names of tables come from the caller's code.
func (s *Store) refer(ctx context.Context, by domain.Actor, references ...reference) error {
	var p domain.Problems
	for _, r := range references {
		if r.id == 0 || r.id == r.was {
			continue
		}
		usable, err := many[bool](ctx, s, r.table, `select archived_at is null from `+r.table+` where workspace_id = @ws and id = @id for key share`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": r.id})
		switch {
		case err != nil:
			return err
		case len(usable) == 0:
			p.Add(r.box, "error.reference")
		case !usable[0]:
			p.Add(r.box, "error.reference_archived")
		}
	}
	return p.Err()
}

// standsIn refuses to bring back what stands in something that is archived.
func (s *Store) standsIn(ctx context.Context, by domain.Actor, references ...reference) error {
	err := s.refer(ctx, by, references...)
	if errors.Is(err, domain.Invalid) {
		return domain.Errorf(domain.Conflict, "error.within_archived")
	}
	return err
}

// checkMember refuses to name somebody who is not a member of the workspace; people have no workspace of their own that
// a foreign key could check.
func (s *Store) checkMember(ctx context.Context, by domain.Actor, field string, user domain.UserID) error {
	if user == 0 {
		return nil
	}
	known, err := one[bool](ctx, s, "member", `select exists(select from membership where workspace_id = @ws and user_id = @user)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "user": user})
	if err == nil && !known {
		var p domain.Problems
		p.Add(field, "error.reference")
		err = p.Err()
	}
	return err
}

// checkOwner is the same of the owner of a record. Whoever owned it before may have left: nobody has to name another to change
// the rest.
func (s *Store) checkOwner(ctx context.Context, by domain.Actor, was, owner domain.UserID) error {
	if owner == was {
		return nil
	}
	return s.checkMember(ctx, by, "owner", owner)
}
