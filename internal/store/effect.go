package store

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// movedSample is how many fields of a move are named; lists show the rest.
const movedSample = 25

// effectOf counts verdict changes by what they were and would be, and names the first fields of each move.
func (s *Store) effectOf(ctx context.Context, by domain.Actor, changes []VerdictChange) (domain.Effect, error) {
	var e domain.Effect
	at := map[[2]domain.Verdict]int{}
	var ids []int64
	for _, c := range changes {
		key := [2]domain.Verdict{c.Was, c.Is}
		i, known := at[key]
		if !known {
			i, at[key] = len(e.Moves), len(e.Moves)
			e.Moves = append(e.Moves, domain.VerdictMove{Was: c.Was, Is: c.Is})
		}
		m := &e.Moves[i]
		if m.N++; len(m.Fields) < movedSample {
			m.Fields = append(m.Fields, domain.PlacedField{ID: c.Field})
			ids = append(ids, int64(c.Field))
		}
	}
	slices.SortStableFunc(e.Moves, func(a, b domain.VerdictMove) int { return int(b.N - a.N) })
	if len(ids) == 0 {
		return e, nil
	}
	return e, s.placeFields(ctx, by, ids, e.Moves)
}

func (s *Store) placeFields(ctx context.Context, by domain.Actor, ids []int64, moves []domain.VerdictMove) error {
	type placed struct {
		ID          domain.FieldID `db:"id"`
		Name        string         `db:"name"`
		Dataset     string         `db:"dataset"`
		Application string         `db:"application"`
	}
	rows, err := many[placed](ctx, s, "field", `select f.id, f.name, d.name as dataset, a.name as application
		from field f join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
		join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
		where f.workspace_id = @ws and f.id = any(@ids)`, pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids})
	byID := make(map[domain.FieldID]domain.PlacedField, len(rows))
	for _, r := range rows {
		byID[r.ID] = domain.PlacedField(r)
	}
	for _, m := range moves {
		for i := range m.Fields {
			m.Fields[i] = byID[m.Fields[i].ID]
		}
	}
	return err
}
