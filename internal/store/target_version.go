package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// frozenCols are the columns of target_frozen that hold what a target was; frozenNow are the same of targets as they are. The
// category of a frozen one is its code, which has no language.
const (
	frozenCols = `target_id, field_id, category_id, program_id, about, place, program, target_action, target_standing, cause, how, instead,
		collection_point, wording, consent_category, reason, owner, due_on`
	frozenOrder = ` order by program, place, about, target_id`
)

var frozenNow = `r.id as target_id, r.field_id, r.category_id, r.program_id, coalesce(f.name, c.code, '') as about,
	coalesce(a.name || ' › ' || d.name, '') as place, coalesce(p.name, '') as program, r.target_action, ` + targetStanding + ` as target_standing,
	r.cause, r.how, coalesce(i.code, '') as instead, coalesce(t.name, '') as collection_point, r.wording, coalesce(k.code, '') as consent_category,
	r.reason, coalesce(o.name, '') as owner, r.due_on`

// FreezeTargets keeps all targets as they are under a name. Invalid where there is none.
func (s *Store) FreezeTargets(ctx context.Context, by domain.Actor, v domain.TargetVersion) (id domain.TargetVersionID, err error) {
	if err := by.Must(domain.EditPlan); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		// Two people who freeze at once get two numbers.
		if _, err := s.exec(ctx, "target_version", `select pg_advisory_xact_lock(hashtextextended('target_version', @ws))`, pgx.StrictNamedArgs{"ws": int64(by.Workspace)}); err != nil {
			return err
		}
		type frozen struct {
			ID     domain.TargetVersionID `db:"id"`
			Number int                    `db:"number"`
		}
		made, err := one[frozen](ctx, s, "target_version", `insert into target_version (workspace_id, number, name, note, frozen_by, frozen_by_name)
			select @ws, coalesce(max(number), 0) + 1, @name, @note, @by, @by_name from target_version where workspace_id = @ws returning id, number`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "name": v.Name, "note": v.Note, "by": zeroNull(by.User), "by_name": by.Name})
		if err != nil {
			return err
		}
		n, err := s.exec(ctx, "target_frozen", `insert into target_frozen (workspace_id, version_id, `+frozenCols+`)
			select r.workspace_id, @version, `+frozenNow+` from `+targetTables+` where r.workspace_id = @ws order by r.id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "version": made.ID})
		if err != nil {
			return err
		}
		if n == 0 {
			var p domain.Problems
			p.Add("name", "target.none_to_freeze")
			return p.Err()
		}
		id, v.ID = made.ID, made.ID
		return s.record(ctx, by, domain.Event{Verb: "target_version.added", Subject: v.Subject(), After: map[string]any{"number": made.Number, "targets": n, "note": v.Note}})
	})
	return id, err
}

type standingCount struct {
	Version  domain.TargetVersionID `db:"version_id"`
	Action   domain.TargetAction    `db:"target_action"`
	Standing domain.TargetStanding  `db:"target_standing"`
	N        int64                  `db:"n"`
}

// TargetProgress is the whole of target against current: the versions, oldest first, and how far the targets of today are.
type TargetProgress struct {
	Versions []domain.TargetVersion
	Today    map[domain.TargetAction]map[domain.TargetStanding]int64
}

// TargetProgress reads versions and counts.
func (s *Store) TargetProgress(ctx context.Context, by domain.Actor) (p TargetProgress, err error) {
	type row struct {
		ID       domain.TargetVersionID `db:"id"`
		Number   int                    `db:"number"`
		Name     string                 `db:"name"`
		Note     string                 `db:"note"`
		By       string                 `db:"frozen_by_name"`
		FrozenAt time.Time              `db:"frozen_at"`
	}
	var (
		b           pgx.Batch
		rows        []row
		then, today []standingCount
		ws          = pgx.StrictNamedArgs{"ws": by.Workspace}
	)
	queue(&b, &rows, `select id, number, name, note, frozen_by_name, frozen_at from target_version where workspace_id = @ws order by number`, ws)
	queue(&b, &then, `select version_id, target_action, target_standing, count(*) as n from target_frozen where workspace_id = @ws group by 1, 2, 3`, ws)
	queue(&b, &today, `select 0::bigint as version_id, r.target_action, `+targetStanding+` as target_standing, count(*) as n from `+targetTables+`
		where r.workspace_id = @ws group by 1, 2, 3`, ws)
	err = s.Read(ctx, by, func(s *Store) error { return translate("target", s.db.SendBatch(ctx, &b).Close()) })
	at := map[domain.TargetVersionID]int{}
	for i, r := range rows {
		p.Versions, at[r.ID] = append(p.Versions, domain.TargetVersion{ID: r.ID, Number: r.Number, Name: r.Name, Note: r.Note, FrozenByName: r.By,
			FrozenAt: r.FrozenAt, Standings: map[domain.TargetStanding]int64{}}), i
	}
	for _, n := range then {
		p.Versions[at[n.Version]].Standings[n.Standing] += n.N
	}
	p.Today = map[domain.TargetAction]map[domain.TargetStanding]int64{}
	for _, n := range today {
		if p.Today[n.Action] == nil {
			p.Today[n.Action] = map[domain.TargetStanding]int64{}
		}
		p.Today[n.Action][n.Standing] = n.N
	}
	return p, err
}

type frozenTargetRow struct {
	Target   domain.TargetID    `db:"target_id"`
	Field    *domain.FieldID    `db:"field_id"`
	Category *domain.CategoryID `db:"category_id"`
	Program  *domain.ProgramID  `db:"program_id"`
	About    string             `db:"about"`
	Place    string             `db:"place"`
	For      string             `db:"program"`
	Action   string             `db:"target_action"`
	Standing string             `db:"target_standing"`
	Cause    string             `db:"cause"`
	How      string             `db:"how"`
	Instead  string             `db:"instead"`
	Point    string             `db:"collection_point"`
	Wording  string             `db:"wording"`
	Consent  string             `db:"consent_category"`
	Reason   string             `db:"reason"`
	Owner    string             `db:"owner"`
	Due      *time.Time         `db:"due_on"`
}

func (r frozenTargetRow) frozen() domain.FrozenTarget {
	return domain.FrozenTarget{Target: r.Target, Field: deref(r.Field), Category: deref(r.Category), Program: deref(r.Program), About: r.About, Place: r.Place, For: r.For,
		Action: domain.TargetAction(r.Action), Standing: domain.TargetStanding(r.Standing), Cause: r.Cause, How: r.How, Instead: r.Instead, Point: r.Point,
		Wording: r.Wording, Consent: r.Consent, Reason: r.Reason, Owner: r.Owner, Due: r.Due}
}

// FrozenTargets returns the targets of a version; of none, those of today in the same words. A version that the workspace does
// not have has none.
func (s *Store) FrozenTargets(ctx context.Context, by domain.Actor, version domain.TargetVersionID) (list []domain.FrozenTarget, err error) {
	sql, args := `select `+frozenCols+` from target_frozen where workspace_id = @ws and version_id = @version`, pgx.StrictNamedArgs{"ws": by.Workspace, "version": version}
	if version == 0 {
		sql, args = `select `+frozenNow+` from `+targetTables+` where r.workspace_id = @ws`, pgx.StrictNamedArgs{"ws": by.Workspace}
	}
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[frozenTargetRow](ctx, s, "target", sql+frozenOrder, args)
		list = mapSlice(rows, frozenTargetRow.frozen)
		return err
	})
	return list, err
}

var _ = addRegister(registerSQL{
	register: domain.FrozenTargetRegister,
	from:     `target_frozen r join target_version v on v.workspace_id = r.workspace_id and v.id = r.version_id`,
	cells: map[string]string{"about": "r.about", "place": "r.place", "program": "r.program", "target_action": "r.target_action",
		"target_standing": "r.target_standing", "due_on": "r.due_on", "owner": "r.owner", "reason": "r.reason", "cause": "r.cause", "how": "r.how",
		"instead": "r.instead", "collection_point": "r.collection_point", "wording": "r.wording", "consent_category": "r.consent_category",
		"target_version": "v.number || ' · ' || v.name", "frozen_at": "v.frozen_at"},
	orders: map[string]string{"target_version": "lpad(v.number::text, 9, '0')"},
	filters: map[string]filterSQL{
		"target_version": {expr: "r.version_id::text", label: "v.number || ' · ' || v.name",
			lookup: `select id::text from target_version where workspace_id = @ws and fold(name) = any(%s)`},
		"target_action":   {expr: "r.target_action"},
		"target_standing": {expr: "r.target_standing"},
	},
	search:   "fold(r.about || ' ' || r.place || ' ' || r.program || ' ' || r.reason)",
	archived: "false",
})
