package store

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type targetRow struct {
	ID         domain.TargetID           `db:"id"`
	FieldID    *domain.FieldID           `db:"field_id"`
	CategoryID *domain.CategoryID        `db:"category_id"`
	ProgramID  *domain.ProgramID         `db:"program_id"`
	Name       string                    `db:"name"`
	Action     string                    `db:"target_action"`
	Cause      string                    `db:"cause"`
	How        string                    `db:"how"`
	InsteadID  *domain.CategoryID        `db:"instead_id"`
	PointID    *domain.CollectionPointID `db:"collection_point_id"`
	Wording    string                    `db:"wording"`
	ConsentID  *domain.CategoryID        `db:"consent_category_id"`
	Reason     string                    `db:"reason"`
	OwnerID    *domain.UserID            `db:"owner_id"`
	Due        *time.Time                `db:"due_on"`
	Progress   string                    `db:"progress"`
	Source     string                    `db:"source"`
	Version    int                       `db:"version"`
	CreatedAt  time.Time                 `db:"created_at"`
	UpdatedAt  time.Time                 `db:"updated_at"`
}

// targetName is the name of what a target r is about.
const targetName = `coalesce(
		(select f.name from field f where f.workspace_id = r.workspace_id and f.id = r.field_id),
		(select c.code from data_category c where c.workspace_id = r.workspace_id and c.id = r.category_id), '')`

const targetCols = `r.id, r.field_id, r.category_id, r.program_id, ` + targetName + ` as name,
	r.target_action, r.cause, r.how, r.instead_id, r.collection_point_id, r.wording, r.consent_category_id, r.reason, r.owner_id, r.due_on,
	r.progress, r.source, r.version, r.created_at, r.updated_at`

func (r targetRow) target() domain.Target {
	return domain.Target{ID: r.ID, Field: deref(r.FieldID), Category: deref(r.CategoryID), Program: deref(r.ProgramID), Name: r.Name,
		Action: domain.TargetAction(r.Action), Cause: r.Cause, How: r.How, Instead: deref(r.InsteadID), Point: deref(r.PointID), Wording: r.Wording,
		Consent: deref(r.ConsentID), Reason: r.Reason, Owner: deref(r.OwnerID), Due: r.Due, Progress: r.Progress, Source: r.Source, Version: r.Version,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}
}

func targetArgs(by domain.Actor, t domain.Target) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"ws": by.Workspace, "action": string(t.Action), "cause": t.Cause, "how": t.How, "instead": zeroNull(t.Instead),
		"point": zeroNull(t.Point), "wording": t.Wording, "consent": zeroNull(t.Consent), "reason": t.Reason, "owner": zeroNull(t.Owner),
		"due": t.Due, "progress": t.Progress, "source": t.Source}
}

// TargetByID returns NotFound where the workspace has no such target.
func (s *Store) TargetByID(ctx context.Context, by domain.Actor, id domain.TargetID) (t domain.Target, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		t, err = s.target(ctx, by, id, "")
		return err
	})
	return t, err
}

// target reads one, in the transaction of the caller; lock is forUpdate or nothing.
func (s *Store) target(ctx context.Context, by domain.Actor, id domain.TargetID, lock string) (domain.Target, error) {
	r, err := one[targetRow](ctx, s, "target", `select `+targetCols+` from target r where r.workspace_id = @ws and r.id = @id`+lock,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return r.target(), err
}

// SetTarget says, or says again, what is to become of a field or category for a program or for the workspace: there is one
// target of each. It works in the transaction of the caller, or in one of its own, and returns what was decided before; its
// version is zero where nothing was. Invalid where what it names is not there.
func (s *Store) SetTarget(ctx context.Context, by domain.Actor, t domain.Target) (id domain.TargetID, was domain.Target, err error) {
	if err := by.Must(domain.EditPlan); err != nil {
		return 0, was, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		args := targetArgs(by, t)
		args["field"], args["category"], args["program"] = zeroNull(t.Field), zeroNull(t.Category), zeroNull(t.Program)
		about := pgx.StrictNamedArgs{"ws": by.Workspace, "field": int64(t.Field), "category": int64(t.Category), "program": int64(t.Program)}
		rows, err := many[targetRow](ctx, s, "target", `select `+targetCols+` from target r where r.workspace_id = @ws and coalesce(r.field_id, 0) = @field
			and coalesce(r.category_id, 0) = @category and coalesce(r.program_id, 0) = @program for update`, about)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			was = rows[0].target()
		}
		if err := s.checkOwner(ctx, by, was.Owner, t.Owner); err != nil {
			return err
		}
		if was.ID != 0 {
			id, t.ID, t.Name = was.ID, was.ID, was.Name
			return s.saveTarget(ctx, by, was, t)
		}
		id, err = one[domain.TargetID](ctx, s, "target", `insert into target (workspace_id, field_id, category_id, program_id, target_action, cause, how,
				instead_id, collection_point_id, wording, consent_category_id, reason, owner_id, due_on, progress, source)
			values (@ws, @field, @category, @program, @action, @cause, @how, @instead, @point, @wording, @consent, @reason, @owner, @due, @progress, @source)
			returning id`, args)
		if err != nil {
			return err
		}
		saved, err := s.target(ctx, by, id, "")
		if err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "target.added", Subject: saved.Subject(), After: saved.Facts(), Reason: saved.Reason})
	})
	return id, was, err
}

// ChangeTarget saves what decide makes of the target; what it is about stays. Conflict where somebody changed it since it was
// seen.
func (s *Store) ChangeTarget(ctx context.Context, by domain.Actor, id domain.TargetID, seen int, decide func(domain.Target) (domain.Target, error)) error {
	if err := by.Must(domain.EditPlan); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		was, err := locked(ctx, s, by, id, seen, (*Store).target)
		if err != nil {
			return err
		}
		next, err := decide(was)
		if err != nil {
			return err
		}
		if err := s.checkOwner(ctx, by, was.Owner, next.Owner); err != nil {
			return err
		}
		return s.saveTarget(ctx, by, was, next)
	})
}

func (s *Store) saveTarget(ctx context.Context, by domain.Actor, was, next domain.Target) error {
	before, after := domain.Diff(was.Facts(), next.Facts())
	if len(after) == 0 {
		return nil
	}
	args := targetArgs(by, next)
	args["id"] = was.ID
	if _, err := s.exec(ctx, "target", `update target set target_action = @action, cause = @cause, how = @how, instead_id = @instead,
		collection_point_id = @point, wording = @wording, consent_category_id = @consent, reason = @reason, owner_id = @owner, due_on = @due,
		progress = @progress, source = @source, version = version + 1, updated_at = clock_timestamp() where workspace_id = @ws and id = @id`, args); err != nil {
		return err
	}
	return s.record(ctx, by, domain.Event{Verb: "target.changed", Subject: was.Subject(), Before: before, After: after})
}

// RemoveTarget takes a target back; what versions froze of it stays.
func (s *Store) RemoveTarget(ctx context.Context, by domain.Actor, id domain.TargetID) error {
	if err := by.Must(domain.EditPlan); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		t, err := s.target(ctx, by, id, forUpdate)
		if err != nil {
			return err
		}
		if _, err := s.exec(ctx, "target", `delete from target where workspace_id = @ws and id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "target.removed", Subject: t.Subject(), Before: t.Facts()})
	})
}

// targetFacts are domain.TargetFacts as x of a target r.
var (
	targetJoins = []joinSQL{
		{"f", "left join field f on f.workspace_id = r.workspace_id and f.id = r.field_id"},
		{"d", "left join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id"},
		{"a", "left join application a on a.workspace_id = f.workspace_id and a.id = f.application_id"},
		{"c", "left join data_category c on c.workspace_id = r.workspace_id and c.id = coalesce(r.category_id, f.category_id)"},
		{"i", "left join data_category i on i.workspace_id = r.workspace_id and i.id = r.instead_id"},
		{"k", "left join data_category k on k.workspace_id = r.workspace_id and k.id = r.consent_category_id"},
		{"t", "left join collection_point t on t.workspace_id = r.workspace_id and t.id = r.collection_point_id"},
		{"p", "left join program p on p.workspace_id = r.workspace_id and p.id = r.program_id"},
		{"o", "left join app_user o on o.id = r.owner_id"},
		{"h", "left join (" + targetHeld + ") h on h.category_id = r.category_id"},
		{"hi", "left join (" + targetHeld + ") hi on hi.category_id = r.instead_id"},
		{"l", `left join lateral (select true as held, bool_or(m.useful) as useful from data_category u
			join category_held m on m.workspace_id = r.workspace_id and m.program_id = r.program_id and m.category_id = u.id
			where u.workspace_id = r.workspace_id and r.category_id is not null and ` + kin("c", "u") + ` having count(*) > 0) l on true`},
		{"x", `cross join lateral (select
			case when r.field_id is not null then f.state = 'active' and f.archived_at is null
				when r.program_id is not null then coalesce(l.held, false) else h.category_id is not null end as held,
			case when r.field_id is not null then f.state = 'active' and f.archived_at is null and f.verdict in ('keep', 'exempt')
				when r.program_id is not null then coalesce(l.useful, false) else coalesce(h.useful, false) end as useful,
			r.instead_id is null or hi.category_id is not null as replaced) x`},
	}
	targetTables = registerSQL{from: "target r", joins: targetJoins}.whole()
	targetHeld   = `select n.id as category_id, bool_or(p.useful) as useful from data_category n
			join data_category m on m.workspace_id = @ws and ` + kin("n", "m") + `
			join category_held p on p.workspace_id = @ws and p.program_id = 0 and p.category_id = m.id
			where n.workspace_id = @ws group by 1`
	// targetStanding answers as domain.Target.Standing does, so that lists can be narrowed by it; a test compares them.
	targetStanding = `case
		when case r.target_action when 'keep' then x.useful when 'collect' then x.held when 'drop' then not x.held
			when 'replace' then not x.held and x.replaced when 'review' then false else r.progress = 'done' end then 'reached'
		when r.due_on < reference_day() then 'late' when r.progress <> 'todo' then 'doing' else 'todo' end`
	targetAbout = `case when r.field_id is not null then f.name else case when current_setting('app.lang', true) = 'fr' then c.label_fr else c.label_en end end`
	targetPlace = `case when r.field_id is not null then a.name || ' › ' || d.name else c.code end`
	targetGaps  = `case when r.target_action = 'collect' then array_remove(array[case when r.collection_point_id is null then 'collection_point' end,
		case when r.due_on is null then 'due_on' end, case when r.wording = '' then 'wording' end], null) else '{}' end`
)

// targetLabel is the name of a category under another alias.
func targetLabel(alias string) string { return strings.ReplaceAll(categoryLabel, "c.", alias+".") }

var _ = addRegister(registerSQL{
	register: domain.TargetRegister,
	held:     true,
	from:     "target r",
	joins:    targetJoins,
	cubed:    true,
	cells: map[string]string{"about": targetAbout, "place": targetPlace, "program": "p.name", "target_action": "r.target_action",
		"target_standing": targetStanding, "due_on": "r.due_on", "owner": "o.name", "reason": "r.reason", "cause": "r.cause", "how": "r.how",
		"instead": targetLabel("i"), "collection_point": "t.name", "wording": "r.wording", "consent_category": targetLabel("k"), "gaps": targetGaps,
		"category": categoryLabel, "verdict": "f.verdict", "progress": "r.progress", "source": "r.source", "updated": "r.updated_at"},
	orders: map[string]string{
		"target_action":   "array_position(array['keep', 'limit', 'replace', 'collect', 'archive', 'drop', 'review'], r.target_action)::text",
		"target_standing": "array_position(array['late', 'todo', 'doing', 'reached'], " + targetStanding + ")::text",
	},
	filters: map[string]filterSQL{
		"target_action":    {expr: "r.target_action"},
		"target_standing":  {expr: targetStanding},
		"program":          {expr: "r.program_id::text", none: "r.program_id is null", named: "program", lookup: programLookup},
		"owner":            {expr: "r.owner_id::text", none: "r.owner_id is null", named: "app_user", lookup: userLookup},
		"application":      {expr: "f.application_id::text", none: "r.field_id is null", named: "application", lookup: applicationLookup},
		"gaps":             {expr: "case when " + targetGaps + " <> '{}' then 'some' else 'none' end"},
		"cause":            {expr: "r.cause", none: "r.cause = ''"},
		"source":           {expr: "r.source"},
		"category":         {expr: "coalesce(r.category_id, f.category_id)::text", lookup: categoryLookup},
		"field":            {expr: "r.field_id::text", lookup: fieldLookup},
		"collection_point": {expr: "r.collection_point_id::text", lookup: collectionPointLookup},
	},
	search:   "fold(coalesce(f.name, '') || ' ' || coalesce(f.label, '') || ' ' || coalesce(c.label_fr || ' ' || c.label_en || ' ' || c.code, '') || ' ' || r.reason || ' ' || r.how)",
	archived: "false",
})

// TargetStanding says how far a target is today.
func (s *Store) TargetStanding(ctx context.Context, by domain.Actor, id domain.TargetID) (standing domain.TargetStanding, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		standing, err = one[domain.TargetStanding](ctx, s, "target", `select `+targetStanding+` from `+targetTables+` where r.workspace_id = @ws and r.id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
	return standing, err
}
