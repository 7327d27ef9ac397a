package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// RetentionConflicts finds what does not hold together in the retention of a workspace, the gravest first.
func (s *Store) RetentionConflicts(ctx context.Context, by domain.Actor) (list []domain.RetentionConflict, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		p, err := s.retentionPicture(ctx, by)
		list = p.Conflicts()
		return err
	})
	return list, err
}

// inForce is true of a purpose with the alias p that covers fields on the day that is looked at.
const inForce = `p.state = 'in_force' and p.archived_at is null and coalesce(p.starts_on <= reference_day(), true) and coalesce(p.ends_on >= reference_day(), true)`

func (s *Store) retentionPicture(ctx context.Context, by domain.Actor) (p domain.RetentionPicture, err error) {
	if p.Rules, err = s.RetentionRules(ctx, by); err != nil {
		return p, err
	}
	ws := pgx.StrictNamedArgs{"ws": by.Workspace}
	type purpose struct {
		ID     domain.PurposeID `db:"id"`
		Name   string           `db:"name"`
		Rule   int64            `db:"rule"`
		Fields int64            `db:"fields"`
	}
	purposes, err := many[purpose](ctx, s, "purpose", `select p.id, p.code || ' · ' || p.name as name, coalesce(p.retention_rule_id, 0) as rule,
			(select count(*) from purpose_mapping m where m.workspace_id = p.workspace_id and m.purpose_id = p.id and m.state = 'approved') as fields
		from purpose p where p.workspace_id = @ws and `+inForce+` order by p.id`, ws)
	if err != nil {
		return p, err
	}
	named := make(map[domain.PurposeID]domain.RetentionPurpose, len(purposes))
	for _, r := range purposes {
		named[r.ID] = domain.RetentionPurpose{ID: r.ID, Name: r.Name, Rule: domain.RetentionRuleID(r.Rule), Fields: r.Fields}
		p.Purposes = append(p.Purposes, named[r.ID])
	}
	if p.Copies, err = many[domain.RetentionCopy](ctx, s, "flow", `
		select w.id as flow, w.name, o.effective_rule_id as origin, t.effective_rule_id as target, count(*) as fields
		from flow w join flow_field x on x.workspace_id = w.workspace_id and x.flow_id = w.id
		join field o on o.workspace_id = w.workspace_id and o.id = x.source_field_id and o.effective_rule_id is not null
		join field t on t.workspace_id = w.workspace_id and t.id = x.target_field_id and t.effective_rule_id is not null
		where w.workspace_id = @ws and w.archived_at is null and o.effective_rule_id <> t.effective_rule_id
		group by w.id, w.name, o.effective_rule_id, t.effective_rule_id
		union all
		select w.id, w.name, o.retention_rule_id, t.retention_rule_id, 0
		from flow w join dataset o on o.workspace_id = w.workspace_id and o.id = w.source_dataset_id
		join dataset t on t.workspace_id = w.workspace_id and t.id = w.target_dataset_id
		where w.workspace_id = @ws and w.archived_at is null and o.retention_rule_id <> t.retention_rule_id
			and not exists (select from flow_field x where x.workspace_id = w.workspace_id and x.flow_id = w.id and x.target_field_id is not null)
		order by 1, 3, 4`, ws); err != nil {
		return p, err
	}
	type cut struct {
		Purpose domain.PurposeID       `db:"purpose_id"`
		Bound   domain.RetentionRuleID `db:"bound"`
		Fields  int64                  `db:"fields"`
	}
	least := []int64{}
	for _, r := range p.Rules {
		if _, known := r.LegalLeast(); known {
			least = append(least, int64(r.ID))
		}
	}
	cuts, err := many[cut](ctx, s, "mapping", `select m.purpose_id, f.effective_rule_id as bound, count(*) as fields
		from purpose p join purpose_mapping m on m.workspace_id = p.workspace_id and m.purpose_id = p.id and m.state = 'approved'
		join field f on f.workspace_id = m.workspace_id and f.id = m.field_id and f.state = 'active' and f.effective_rule_id <> p.retention_rule_id
		where p.workspace_id = @ws and p.retention_rule_id = any(@least) and `+inForce+` group by 1, 2 order by 1, 2`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "least": least})
	if err != nil {
		return p, err
	}
	for _, c := range cuts {
		p.Cuts = append(p.Cuts, domain.RetentionCut{Purpose: named[c.Purpose], Bound: c.Bound, Fields: c.Fields})
	}
	p.Places, err = many[domain.RetentionPlace](ctx, s, "field", `
		with held as (
			select f.application_id, array_agg(distinct c.code) as codes
			from (select distinct application_id, category_id from field where workspace_id = @ws and state = 'active' and category_id is not null) f
			join data_category c on c.workspace_id = @ws and c.id = f.category_id group by 1
		)
		select a.id as application, a.name, b.rule, coalesce(h.codes, '{}') as held
		from (select distinct application_id, effective_rule_id as rule from field where workspace_id = @ws and state = 'active' and effective_rule_id is not null) b
		join application a on a.workspace_id = @ws and a.id = b.application_id left join held h on h.application_id = a.id
		order by a.id, b.rule`, ws)
	return p, err
}

var _ = addRegister(registerSQL{
	register: domain.ScheduleRegister,
	from: `(
			select m.workspace_id, min(m.id) as id, m.purpose_id, f.category_id, f.effective_rule_id, count(*) as fields,
				count(*) filter (where f.` + overRetained + `) as over
			from purpose_mapping m join field f on f.workspace_id = m.workspace_id and f.id = m.field_id and f.state = 'active'
			where m.workspace_id = @ws and m.state = 'approved' group by 1, 3, 4, 5
		) r
		join purpose p on p.workspace_id = r.workspace_id and p.id = r.purpose_id and ` + inForce + `
		left join data_category c on c.workspace_id = r.workspace_id and c.id = r.category_id
		left join retention_rule rr on rr.workspace_id = r.workspace_id and rr.id = r.effective_rule_id`,
	cells: map[string]string{
		"purpose": "p.code || ' · ' || p.name", "category": categoryLabel, "gdpr_class": "coalesce(c.gdpr_class, 'unclassified')", "retention": "rr.name",
		"triggers": "coalesce(rr.triggers, '{}')", "active_months": "rr.active_months::bigint", "archive_months": "rr.archive_months::bigint",
		"archive_ground": "rr.archive_ground", "fate": "coalesce(rr.fate, '')", "criterion": "rr.criterion", "legal_reference": "rr.legal_reference",
		"certainty": "coalesce(rr.certainty, '')", "fields": "r.fields", "over_fields": "r.over",
	},
	filters: map[string]filterSQL{
		"purpose":    {expr: "r.purpose_id::text", label: "p.code || ' · ' || p.name", lookup: purposeLookup},
		"rule":       {expr: "r.effective_rule_id::text", none: "r.effective_rule_id is null", label: "rr.name", lookup: retentionLookup},
		"gdpr_class": {expr: "coalesce(c.gdpr_class, 'unclassified')"},
		"fate":       {expr: "coalesce(rr.fate, '')", none: "coalesce(rr.fate, '') = ''"},
	},
	search:   "fold(p.code || ' ' || p.name || ' ' || coalesce(c.label_fr, '') || ' ' || coalesce(c.label_en, '') || ' ' || coalesce(rr.name, ''))",
	archived: "false",
})
