package main

import (
	"context"
	"fmt"

	"utile/internal/domain"
)

// upkeep judges the fields of every workspace again after midnight, since dates decide too, and sums the counters that
// changes leave behind.
func (s *service) upkeep(ctx context.Context) error {
	list, err := s.store.Workspaces(ctx)
	if err != nil {
		return err
	}
	for _, w := range list {
		by := domain.Operator(w)
		if err := s.store.JudgeIfDue(ctx, by, w); err != nil {
			return fmt.Errorf("judging the workspace %s: %w", w.Slug, err)
		}
		if err := s.store.FoldTally(ctx, by); err != nil {
			return fmt.Errorf("summing the counters of the workspace %s: %w", w.Slug, err)
		}
	}
	return nil
}
