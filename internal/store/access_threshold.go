package store

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// VerdictShift is how many fields would move from one verdict to another, with the first few of them.
type VerdictShift struct {
	Was, Is domain.Verdict
	N       int64
	Fields  []domain.Option
}

// shiftSample is how many fields of a shift are named.
const shiftSample = 5

// VerdictShifts tells which verdicts other thresholds would change, most fields first. Nothing is stored.
func (s *Store) VerdictShifts(ctx context.Context, by domain.Actor, th domain.Thresholds) (shifts []VerdictShift, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		changes, err := s.ThresholdsWhatIf(ctx, by, th)
		if err != nil || len(changes) == 0 {
			return err
		}
		shifts = shiftsOf(changes)
		return s.nameShifts(ctx, by, shifts)
	})
	return shifts, err
}

func shiftsOf(changes []VerdictChange) []VerdictShift {
	var shifts []VerdictShift
	at := map[[2]domain.Verdict]int{}
	for _, c := range changes {
		key := [2]domain.Verdict{c.Was, c.Is}
		i, known := at[key]
		if !known {
			i, at[key] = len(shifts), len(shifts)
			shifts = append(shifts, VerdictShift{Was: c.Was, Is: c.Is})
		}
		shifts[i].N++
		if len(shifts[i].Fields) < shiftSample {
			shifts[i].Fields = append(shifts[i].Fields, domain.Option{ID: int64(c.Field)})
		}
	}
	slices.SortStableFunc(shifts, func(a, b VerdictShift) int { return int(b.N - a.N) })
	return shifts
}

func (s *Store) nameShifts(ctx context.Context, by domain.Actor, shifts []VerdictShift) error {
	var ids []int64
	for _, shift := range shifts {
		for _, f := range shift.Fields {
			ids = append(ids, f.ID)
		}
	}
	rows, err := many[optionRow](ctx, s, "field", `select f.id, d.name || '.' || f.name as name from field f
		join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id where f.workspace_id = @ws and f.id = any(@ids)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids})
	names := map[int64]string{}
	for _, r := range rows {
		names[r.ID] = r.Name
	}
	for _, shift := range shifts {
		for i := range shift.Fields {
			shift.Fields[i].Name = names[shift.Fields[i].ID]
		}
	}
	return err
}
