package store

import (
	"context"

	"utile/internal/domain"
)

// ThresholdsEffect tells what other thresholds would do to the verdicts of fields. Nothing is stored.
func (s *Store) ThresholdsEffect(ctx context.Context, by domain.Actor, th domain.Thresholds) (e domain.Effect, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		changes, err := s.ThresholdsWhatIf(ctx, by, th)
		if err != nil {
			return err
		}
		e, err = s.effectOf(ctx, by, changes)
		return err
	})
	return e, err
}
