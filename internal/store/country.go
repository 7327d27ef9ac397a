package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// Countries are all countries by name, with what the workspace says of their adequacy where it says otherwise than the table
// that everybody starts with.
func (s *Store) Countries(ctx context.Context, by domain.Actor) (countries []domain.Country, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		countries, err = s.countries(ctx, by)
		return err
	})
	return countries, err
}

func (s *Store) countries(ctx context.Context, by domain.Actor) ([]domain.Country, error) {
	type row struct {
		Code     string `db:"code"`
		Adequacy string `db:"adequacy"`
		Note     string `db:"note"`
		Version  int    `db:"version"`
	}
	rows, err := many[row](ctx, s, "country", `select code, adequacy, note, version from country where workspace_id = @ws`, pgx.StrictNamedArgs{"ws": by.Workspace})
	if err != nil {
		return nil, err
	}
	own := map[string]row{}
	for _, r := range rows {
		own[r.Code] = r
	}
	countries := domain.Countries(by.Lang)
	for i := range countries {
		if r, changed := own[countries[i].Code]; changed {
			countries[i].Adequacy, countries[i].Note, countries[i].Version, countries[i].Changed = r.Adequacy, r.Note, r.Version, true
		}
	}
	return countries, nil
}

// ChangeCountry keeps what the workspace knows of a country. Conflict where somebody changed it since it was seen.
func (s *Store) ChangeCountry(ctx context.Context, by domain.Actor, seen int, next domain.Country) error {
	if err := by.Must(domain.ReviewMapping); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		if err := s.oneAtATime(ctx, by, "country"); err != nil {
			return err
		}
		countries, err := s.countries(ctx, by)
		if err != nil {
			return err
		}
		var was domain.Country
		for _, c := range countries {
			if c.Code == next.Code {
				was = c
			}
		}
		if was.Version != seen {
			return stale()
		}
		before, after := domain.Diff(was.Facts(), next.Facts())
		if len(after) == 0 {
			return nil
		}
		if _, err := s.exec(ctx, "country", `insert into country (workspace_id, code, adequacy, note) values (@ws, @code, @adequacy, @note)
			on conflict (workspace_id, code) do update set adequacy = excluded.adequacy, note = excluded.note, version = country.version + 1,
				updated_at = clock_timestamp()`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "code": next.Code, "adequacy": next.Adequacy, "note": next.Note}); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "country.changed", Subject: domain.Subject{Kind: domain.SubjectCountry, ID: int64(by.Workspace),
			Name: domain.CountryName(by.Lang, next.Code)}, Before: before, After: after})
	})
}
