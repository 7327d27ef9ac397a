package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type workspaceRow struct {
	ID              domain.WorkspaceID `db:"id"`
	Slug            string             `db:"slug"`
	Name            string             `db:"name"`
	Locale          string             `db:"locale"`
	IsExample       bool               `db:"is_example"`
	WindowDays      int                `db:"window_days"`
	GraceDays       int                `db:"grace_days"`
	FillRateMin     float64            `db:"fill_rate_min"`
	ConstantMinRows int64              `db:"constant_min_rows"`
	StaleDays       int                `db:"stale_days"`
	JudgedOn        *time.Time         `db:"judged_on"`
	Version         int                `db:"version"`
}

const workspaceCols = `w.id, w.slug, w.name, w.locale, w.is_example, w.window_days, w.grace_days,
	w.fill_rate_min::double precision, w.constant_min_rows, w.stale_days, w.judged_on, w.version`

func (r workspaceRow) workspace() domain.Workspace {
	return domain.Workspace{ID: r.ID, Slug: r.Slug, Name: r.Name, Locale: r.Locale, IsExample: r.IsExample, JudgedOn: r.JudgedOn,
		Version: r.Version, Thresholds: domain.Thresholds{WindowDays: r.WindowDays, GraceDays: r.GraceDays, FillRateMin: r.FillRateMin,
			ConstantMinRows: r.ConstantMinRows, StaleDays: r.StaleDays}}
}

func workspaceArgs(w domain.Workspace) pgx.StrictNamedArgs {
	th := w.Thresholds
	return pgx.StrictNamedArgs{"name": w.Name, "locale": w.Locale, "window": th.WindowDays, "grace": th.GraceDays,
		"fill": th.FillRateMin, "constant": th.ConstantMinRows, "stale": th.StaleDays}
}

// WorkspaceBySlug returns the workspace of that name in addresses, for the command line; NotFound where there is none.
// A visitor's workspace comes with the visit, which asks for their membership.
func (s *Store) WorkspaceBySlug(ctx context.Context, slug string) (domain.Workspace, error) {
	r, err := one[workspaceRow](ctx, s, "workspace", `select `+workspaceCols+` from workspace w where w.slug = @slug`,
		pgx.StrictNamedArgs{"slug": slug})
	return r.workspace(), err
}

// Workspaces returns every workspace of the installation by name, for the command line and for work in the background.
func (s *Store) Workspaces(ctx context.Context) ([]domain.Workspace, error) {
	rows, err := many[workspaceRow](ctx, s, "workspace", `select `+workspaceCols+` from workspace w order by fold(w.name), w.id`,
		pgx.StrictNamedArgs{})
	return mapSlice(rows, workspaceRow.workspace), err
}

// WorkspacesOf returns the workspaces of which a person is a member, by name.
func (s *Store) WorkspacesOf(ctx context.Context, user domain.UserID) (list []domain.Workspace, err error) {
	err = s.Read(ctx, domain.Actor{User: user}, func(s *Store) error {
		rows, err := many[workspaceRow](ctx, s, "workspace", `select `+workspaceCols+` from workspace w
			join membership m on m.workspace_id = w.id and m.user_id = @user order by fold(w.name), w.id`,
			pgx.StrictNamedArgs{"user": user})
		list = mapSlice(rows, workspaceRow.workspace)
		return err
	})
	return list, err
}

// AddWorkspace opens a workspace with the built-in taxonomy, the stages of the customer journey named in the language of
// the workspace, and the person who made it as its administrator. Invalid where the slug is taken.
func (s *Store) AddWorkspace(ctx context.Context, by domain.Actor, w domain.Workspace) (out domain.Workspace, err error) {
	err = s.addWorkspace(ctx, by, w, "workspace.added", func(s *Store, by domain.Actor, added domain.Workspace) error {
		out = added
		if err := s.addTaxonomy(ctx, by); err != nil {
			return err
		}
		return s.addStages(ctx, by, w.Locale)
	})
	return out, err
}

// addWorkspace opens an empty workspace and lets fill put in what it starts with, in one transaction. The history tells of
// it under the verb, and whoever made it becomes an administrator.
func (s *Store) addWorkspace(ctx context.Context, by domain.Actor, w domain.Workspace, verb string, fill func(*Store, domain.Actor, domain.Workspace) error) error {
	by.Workspace, by.Slug = 0, ""
	return s.Write(ctx, by, func(s *Store) error {
		args := workspaceArgs(w)
		args["slug"], args["example"], args["today"] = w.Slug, w.IsExample, domain.Day(s.now().UTC())
		r, err := one[workspaceRow](ctx, s, "workspace", `insert into workspace as w (slug, name, locale, is_example, window_days, grace_days,
				fill_rate_min, constant_min_rows, stale_days, judged_on)
			values (@slug, @name, @locale, @example, @window, @grace, @fill, @constant, @stale, @today) returning `+workspaceCols, args)
		if err != nil {
			return err
		}
		added := r.workspace()
		inside := by
		inside.Workspace, inside.Slug, inside.Role = added.ID, added.Slug, domain.RoleAdmin
		return s.Write(ctx, inside, func(s *Store) error {
			if err := fill(s, inside, added); err != nil {
				return err
			}
			if by.User != 0 {
				if err := s.addMembership(ctx, inside, by.User, domain.RoleAdmin); err != nil {
					return err
				}
			}
			return s.record(ctx, inside, domain.Event{Verb: verb, Subject: added.Subject(), After: added.Facts()})
		})
	})
}

func (s *Store) addTaxonomy(ctx context.Context, by domain.Actor) error {
	batch := &pgx.Batch{}
	for _, c := range domain.BuiltinCategories() {
		batch.Queue(`insert into data_category (workspace_id, code, parent_code, label_fr, label_en, gdpr_class, default_risk, examples,
				fides_category, dpv_concept, builtin)
			values (@ws, @code, @parent, @fr, @en, @class, @risk, @examples, @fides, @dpv, true)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "code": c.Code, "parent": textNull(c.Parent), "fr": c.LabelFR, "en": c.LabelEN,
				"class": string(c.Class), "risk": c.Risk, "examples": c.Examples, "fides": c.Fides, "dpv": c.DPV})
	}
	return translate("category", s.db.SendBatch(ctx, batch).Close())
}

func (s *Store) addStages(ctx context.Context, by domain.Actor, lang string) error {
	batch := &pgx.Batch{}
	for i, stage := range domain.DefaultStages() {
		batch.Queue(`insert into journey_stage (workspace_id, code, name, position) values (@ws, @code, @name, @position)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "code": stage.Code, "name": stage.Name(lang), "position": i + 1})
	}
	return translate("stage", s.db.SendBatch(ctx, batch).Close())
}

func textNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// ChangeWorkspace saves what decide makes of the settings, and judges every field again where a threshold changed.
// Conflict where somebody changed them since they were seen.
func (s *Store) ChangeWorkspace(ctx context.Context, by domain.Actor, seen int,
	decide func(domain.Workspace) (domain.Workspace, error)) error {
	return s.writeAlone(ctx, by, func(s *Store) error {
		r, err := one[workspaceRow](ctx, s, "workspace", `select `+workspaceCols+` from workspace w where w.id = @ws`,
			pgx.StrictNamedArgs{"ws": by.Workspace})
		if err != nil {
			return err
		}
		if r.Version != seen {
			return stale()
		}
		was := r.workspace()
		next, err := decide(was)
		if err != nil {
			return err
		}
		before, after := domain.Diff(was.Facts(), next.Facts())
		if len(after) == 0 {
			return nil
		}
		args := workspaceArgs(next)
		args["ws"] = by.Workspace
		if _, err := s.exec(ctx, "workspace", `update workspace set name = @name, locale = @locale, window_days = @window,
			grace_days = @grace, fill_rate_min = @fill, constant_min_rows = @constant, stale_days = @stale, version = version + 1
			where id = @ws`, args); err != nil {
			return err
		}
		if was.Thresholds != next.Thresholds {
			if err := s.judgeAll(ctx, by); err != nil {
				return err
			}
		}
		return s.record(ctx, by, domain.Event{Verb: "workspace.changed", Subject: next.Subject(), Before: before, After: after})
	})
}

// ThresholdsWhatIf tells which verdicts other thresholds would change. Nothing is stored.
func (s *Store) ThresholdsWhatIf(ctx context.Context, by domain.Actor, th domain.Thresholds) (changes []VerdictChange, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		changes, err = s.whatIf(ctx, by, nil, func(c *judgeContext) { c.thresholds = th })
		return err
	})
	return changes, err
}

// RemoveWorkspace deletes the actor's workspace with everything in it, history included. The slug, typed again, is the
// explicit wish: Invalid where it is not that of the workspace.
func (s *Store) RemoveWorkspace(ctx context.Context, by domain.Actor, slug string) error {
	return s.writeAlone(ctx, by, func(s *Store) error {
		actual, err := one[string](ctx, s, "workspace", `select slug from workspace where id = @ws`,
			pgx.StrictNamedArgs{"ws": by.Workspace})
		if err != nil {
			return err
		}
		if actual != slug {
			var p domain.Problems
			p.Add("slug", "error.confirm")
			return p.Err()
		}
		_, err = s.exec(ctx, "workspace", `select remove_workspace(@ws)`, pgx.StrictNamedArgs{"ws": by.Workspace})
		return err
	})
}

// FoldTally sums the counters of the fields, links, mappings and suggestions of the actor's workspace, which grow by rows with every
// change. Where nothing changed since the last time it writes nothing.
func (s *Store) FoldTally(ctx context.Context, by domain.Actor) error {
	return s.Write(ctx, by, func(s *Store) error {
		_, err := s.exec(ctx, "workspace", `select fold_field_tally() where exists (select from field_tally where workspace_id = @ws
			group by application_id, state, verdict, gdpr_class, flags, grade, decision having count(*) > 1 or sum(n) = 0)`,
			pgx.StrictNamedArgs{"ws": by.Workspace})
		if err != nil {
			return err
		}
		if _, err = s.exec(ctx, "workspace", `select fold_mapping_tally() where (select count(*) from mapping_tally where workspace_id = @ws) > 1`,
			pgx.StrictNamedArgs{"ws": by.Workspace}); err != nil {
			return err
		}
		if _, err = s.exec(ctx, "workspace", `select fold_link_tally() where (select count(*) from link_tally where workspace_id = @ws)
				> (select count(*) from (select from link_tally where workspace_id = @ws group by program_id
					having sum(essential) <> 0 or sum(useful) <> 0 or sum(bare) <> 0) g)`,
			pgx.StrictNamedArgs{"ws": by.Workspace}); err != nil {
			return err
		}
		if _, err = s.exec(ctx, "workspace", `select fold_review_tally() where (select count(*) from review_tally where workspace_id = @ws)
				> (select count(*) from (select from review_tally where workspace_id = @ws
					group by standing, purpose_id, application_id, gdpr_class, reopened_because having sum(n) <> 0 or sum(questions) <> 0) g)`,
			pgx.StrictNamedArgs{"ws": by.Workspace}); err != nil {
			return err
		}
		return s.foldSuggestions(ctx, by)
	})
}
