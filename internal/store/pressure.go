package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// SetPressureRules replaces the workspace's rules of marketing pressure.
func (s *Store) SetPressureRules(ctx context.Context, by domain.Actor, rules []domain.PressureRule) error {
	if err := by.Must(domain.EditPlan); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		ws := pgx.StrictNamedArgs{"ws": by.Workspace}
		// Two people who save at once must not see the rules of before both.
		if err := s.oneAtATime(ctx, by, "pressure_rule"); err != nil {
			return err
		}
		was, err := s.pressureFacts(ctx, by)
		if err != nil {
			return err
		}
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "channels": mapSlice(rules, func(r domain.PressureRule) string { return r.Channel }),
			"most": mapSlice(rules, func(r domain.PressureRule) int { return r.Most }), "days": mapSlice(rules, func(r domain.PressureRule) int { return r.Days })}
		if _, err := s.exec(ctx, "pressure_rule", `delete from pressure_rule where workspace_id = @ws and channel <> all(@channels)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "channels": args["channels"]}); err != nil {
			return err
		}
		if _, err := s.exec(ctx, "pressure_rule", `insert into pressure_rule (workspace_id, channel, most, days)
			select @ws, channel, most, days from unnest(@channels::text[], @most::int[], @days::int[]) u (channel, most, days)
			on conflict (workspace_id, channel) do update set most = excluded.most, days = excluded.days
			where (pressure_rule.most, pressure_rule.days) <> (excluded.most, excluded.days)`, args); err != nil {
			return err
		}
		is, err := s.pressureFacts(ctx, by)
		if err != nil {
			return err
		}
		before, after := domain.Diff(was, is)
		if len(after) == 0 {
			return nil
		}
		name, err := one[string](ctx, s, "workspace", `select name from workspace where id = @ws`, ws)
		if err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "workspace.pressure_changed", Before: before, After: after,
			Subject: domain.Subject{Kind: domain.SubjectWorkspace, ID: int64(by.Workspace), Name: name}})
	})
}

// pressureFacts are the rules as the history keeps them: by channel, none for a channel without one.
func (s *Store) pressureFacts(ctx context.Context, by domain.Actor) (map[string]any, error) {
	type row struct {
		Channel string `db:"channel"`
		Rule    string `db:"rule"`
	}
	rows, err := many[row](ctx, s, "pressure_rule", `select channel, most || ' / ' || days as rule from pressure_rule where workspace_id = @ws`,
		pgx.StrictNamedArgs{"ws": by.Workspace})
	facts := map[string]any{}
	for _, channel := range domain.PressureChannels {
		facts["pressure_"+channel] = ""
	}
	for _, r := range rows {
		facts["pressure_"+r.Channel] = r.Rule
	}
	return facts, err
}
