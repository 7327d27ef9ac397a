package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type organisationRow struct {
	Parties      []domain.Party `db:"parties"`
	Published    bool           `db:"published"`
	Introduction string         `db:"introduction"`
	Version      int            `db:"version"`
}

func (r organisationRow) organisation() domain.Organisation {
	return domain.Organisation{Parties: r.Parties, Published: r.Published, Introduction: r.Introduction, Version: r.Version}
}

// Organisation returns who answers for the processing of the workspace; nobody, at version 0, while nobody has said.
func (s *Store) Organisation(ctx context.Context, by domain.Actor) (o domain.Organisation, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		o, err = s.organisation(ctx, by)
		return err
	})
	return o, err
}

func (s *Store) organisation(ctx context.Context, by domain.Actor) (domain.Organisation, error) {
	r, err := one[organisationRow](ctx, s, "organisation", `select parties, published, introduction, version from organisation where workspace_id = @ws`,
		pgx.StrictNamedArgs{"ws": by.Workspace})
	if errors.Is(err, domain.NotFound) {
		return domain.Organisation{}, nil
	}
	return r.organisation(), err
}

// ChangeOrganisation saves who answers for the processing, and whether the record has a public page. Conflict where somebody
// changed it since it was seen.
func (s *Store) ChangeOrganisation(ctx context.Context, by domain.Actor, seen int, next domain.Organisation) error {
	if err := by.Must(domain.ReviewMapping); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		was, err := s.organisationLocked(ctx, by)
		if err != nil {
			return err
		}
		if was.Version != seen {
			return stale()
		}
		_, err = s.storeOrganisation(ctx, by, "organisation.changed", was, next)
		return err
	})
}

// organisationLocked reads the organisation, which nobody else may change until the transaction ends. Its row may not be
// there yet.
func (s *Store) organisationLocked(ctx context.Context, by domain.Actor) (domain.Organisation, error) {
	if err := s.oneAtATime(ctx, by, "organisation"); err != nil {
		return domain.Organisation{}, err
	}
	return s.organisation(ctx, by)
}

func (s *Store) storeOrganisation(ctx context.Context, by domain.Actor, verb string, was, next domain.Organisation) (changed bool, err error) {
	before, after := domain.Diff(was.Facts(), next.Facts())
	if len(after) == 0 {
		return false, nil
	}
	if _, err := s.exec(ctx, "organisation", `insert into organisation (workspace_id, parties, published, introduction)
		values (@ws, @parties, @published, @introduction) on conflict (workspace_id) do update set parties = excluded.parties,
			published = excluded.published, introduction = excluded.introduction, version = organisation.version + 1, updated_at = clock_timestamp()`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "parties": list(next.Parties), "published": next.Published, "introduction": next.Introduction}); err != nil {
		return false, err
	}
	return true, s.record(ctx, by, domain.Event{Verb: verb, Subject: next.Subject(by), Before: before, After: after})
}
