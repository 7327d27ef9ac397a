package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// Names are the names of the records that pages and histories refer to by id. Fields and datasets are not among them:
// there may be a million.
type Names struct {
	byKind     map[string]map[int64]string
	categories map[int64]landCategory
}

// nameKinds tells, by the name of a value, what its id stands for.
var nameKinds = map[string]string{
	"team": "team", "owner": "user", "members": "user", "application": "application", "source_application": "application",
	"target_application": "application", "category": "category", "retention": "retention_rule", "rule": "retention_rule", "collection_points": "collection_point", "collection_point": "collection_point", "linked_by": "user", "purpose": "purpose",
	"purposes": "purpose", "program": "program", "suggestion": "category", "objective": "objective", "stage": "stage", "segment": "segment", "scenarios": "scenario", "consent_category": "category", "instead": "category", "proposed_by": "user", "decided_by": "user", "facilitator": "user", "cofacilitator": "user",
}

// namesSQL names what the landscape does not read for more than its name.
const namesSQL = `
	select 'team' as kind, id, name from team where workspace_id = @ws
	union all select 'user', u.id, u.name from membership m join app_user u on u.id = m.user_id where m.workspace_id = @ws
	union all select 'objective', id, name from objective where workspace_id = @ws
	union all select 'stage', id, name from journey_stage where workspace_id = @ws
	union all select 'segment', id, name from segment where workspace_id = @ws
	union all select 'scenario', id, name from scenario where workspace_id = @ws`

type nameRow struct {
	Kind string `db:"kind"`
	ID   int64  `db:"id"`
	Name string `db:"name"`
}

func namesOf(rows []nameRow) Names {
	n := Names{byKind: map[string]map[int64]string{}}
	for _, r := range rows {
		if n.byKind[r.Kind] == nil {
			n.byKind[r.Kind] = map[int64]string{}
		}
		n.byKind[r.Kind][r.ID] = r.Name
	}
	return n
}

// Names reads the names of the workspace's small registers.
func (s *Store) Names(ctx context.Context, by domain.Actor) (n Names, err error) {
	l, err := s.landscape(ctx, by)
	if err != nil {
		return n, err
	}
	return l.names, nil
}

// namesWith are the names of the landscape and of people who are members no more, but named by what a page shows.
func (s *Store) namesWith(ctx context.Context, by domain.Actor, l *landscape, people []domain.UserID) (Names, error) {
	left := slices.DeleteFunc(people, func(id domain.UserID) bool { return id == 0 || l.names.User(id) != "" })
	if len(left) == 0 {
		return l.names, nil
	}
	var named []nameRow
	err := s.Read(ctx, by, func(s *Store) (err error) {
		named, err = many[nameRow](ctx, s, "user", `select 'user' as kind, id, name from app_user where id = any(@ids)`, pgx.StrictNamedArgs{"ids": left})
		return err
	})
	n := Names{byKind: maps.Clone(l.names.byKind), categories: l.categories}
	users := maps.Clone(n.byKind["user"])
	for _, u := range named {
		users[u.ID] = u.Name
	}
	n.byKind["user"] = users
	return n, err
}

// Of returns the name behind an id that a value of that name holds; known is false where such values are no ids.
func (n Names) Of(value string, id int64) (known bool, name string) {
	kind, known := nameKinds[value]
	return known, n.byKind[kind][id]
}

// written are the names of a kind by their ids as they are written.
func (n Names) written(kind string) map[string]string {
	names := make(map[string]string, len(n.byKind[kind]))
	for id, name := range n.byKind[kind] {
		names[strconv.FormatInt(id, 10)] = name
	}
	return names
}

// Team returns the name of a team; empty for none.
func (n Names) Team(id domain.TeamID) string { return n.byKind["team"][int64(id)] }

// User returns the name of a member; empty for nobody.
func (n Names) User(id domain.UserID) string { return n.byKind["user"][int64(id)] }

// Application returns the name of an application.
func (n Names) Application(id domain.ApplicationID) string { return n.byKind["application"][int64(id)] }

// Category returns the code of a data category.
func (n Names) Category(id domain.CategoryID) string { return n.byKind["category"][int64(id)] }

// CategoryLabel returns what a data category is called in a language; empty for none.
func (n Names) CategoryLabel(lang string, id domain.CategoryID) string {
	c := n.categories[int64(id)]
	return cmp.Or(c.label(lang), c.Code)
}

// CollectionPoint returns the name of a collection point; empty for none.
func (n Names) CollectionPoint(id domain.CollectionPointID) string {
	return n.byKind["collection_point"][int64(id)]
}

// Purpose returns the code and name of a purpose.
func (n Names) Purpose(id domain.PurposeID) string { return n.byKind["purpose"][int64(id)] }

// Retention returns the name of a retention rule; empty for none.
func (n Names) Retention(id domain.RetentionRuleID) string {
	return n.byKind["retention_rule"][int64(id)]
}

// Program returns the name of a program.
func (n Names) Program(id domain.ProgramID) string { return n.byKind["program"][int64(id)] }

// Objective returns the name of an objective.
func (n Names) Objective(id domain.ObjectiveID) string { return n.byKind["objective"][int64(id)] }

// Stage returns the name of a stage of the customer journey.
func (n Names) Stage(id domain.StageID) string { return n.byKind["stage"][int64(id)] }

// Scenario returns the name of a scenario; empty for none.
func (n Names) Scenario(id domain.ScenarioID) string { return n.byKind["scenario"][int64(id)] }

// Segment returns the name of a segment.
func (n Names) Segment(id domain.SegmentID) string { return n.byKind["segment"][int64(id)] }

// MemberOptions returns the members of the workspace, by name, for forms.
func (s *Store) MemberOptions(ctx context.Context, by domain.Actor) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		options, err = s.options(ctx, by, `select u.id, u.name from membership m join app_user u on u.id = m.user_id
			where m.workspace_id = @ws order by fold(u.name), u.id`)
		return err
	})
	return options, err
}

// TeamOptions returns the teams that are not archived, by name, for forms.
func (s *Store) TeamOptions(ctx context.Context, by domain.Actor) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		options, err = s.options(ctx, by, `select id, name from team where workspace_id = @ws and archived_at is null order by fold(name), id`)
		return err
	})
	return options, err
}
