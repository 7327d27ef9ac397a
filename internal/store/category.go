package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type categoryRow struct {
	ID              domain.CategoryID       `db:"id"`
	Code            string                  `db:"code"`
	ParentCode      *string                 `db:"parent_code"`
	LabelFR         string                  `db:"label_fr"`
	LabelEN         string                  `db:"label_en"`
	Class           domain.GDPRClass        `db:"gdpr_class"`
	Risk            int                     `db:"default_risk"`
	Examples        string                  `db:"examples"`
	Fides           string                  `db:"fides_category"`
	DPV             string                  `db:"dpv_concept"`
	RetentionRuleID *domain.RetentionRuleID `db:"retention_rule_id"`
	Builtin         bool                    `db:"builtin"`
	Version         int                     `db:"version"`
	CreatedAt       time.Time               `db:"created_at"`
	UpdatedAt       time.Time               `db:"updated_at"`
	ArchivedAt      *time.Time              `db:"archived_at"`
}

const categoryCols = `id, code, parent_code, label_fr, label_en, gdpr_class, default_risk, examples, fides_category, dpv_concept, retention_rule_id, builtin,
	version, created_at, updated_at, archived_at`

func (r categoryRow) category() domain.Category {
	return domain.Category{ID: r.ID, Code: r.Code, Parent: deref(r.ParentCode), LabelFR: r.LabelFR, LabelEN: r.LabelEN, Class: r.Class,
		Risk: r.Risk, Examples: r.Examples, Fides: r.Fides, DPV: r.DPV, Retention: deref(r.RetentionRuleID), Builtin: r.Builtin, Version: r.Version, CreatedAt: r.CreatedAt,
		UpdatedAt: r.UpdatedAt, ArchivedAt: r.ArchivedAt}
}

// CategoryByID returns NotFound where the workspace has no such category.
func (s *Store) CategoryByID(ctx context.Context, by domain.Actor, id domain.CategoryID) (c domain.Category, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		c, err = s.category(ctx, by, id, "")
		return err
	})
	return c, err
}

// category reads one, in the transaction of the caller; lock is forUpdate or nothing.
func (s *Store) category(ctx context.Context, by domain.Actor, id domain.CategoryID, lock string) (domain.Category, error) {
	r, err := one[categoryRow](ctx, s, "category", `select `+categoryCols+` from data_category where workspace_id = @ws and id = @id`+lock,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return r.category(), err
}

// CategoryNode is a category with how many active fields have it or one below it.
type CategoryNode struct {
	domain.Category
	Fields int64 // with the category itself
	Total  int64 // with it or one below it
}

// Categories returns the whole taxonomy, parents before their children, without what is archived.
func (s *Store) Categories(ctx context.Context, by domain.Actor) (nodes []CategoryNode, err error) {
	type count struct {
		Category domain.CategoryID `db:"category_id"`
		N        int64             `db:"n"`
	}
	err = s.Read(ctx, by, func(s *Store) error {
		ws := pgx.StrictNamedArgs{"ws": by.Workspace}
		rows, err := many[categoryRow](ctx, s, "category", `select `+categoryCols+` from data_category
			where workspace_id = @ws and archived_at is null order by string_to_array(code, '.'), id`, ws)
		if err != nil {
			return err
		}
		counts, err := many[count](ctx, s, "field", `select category_id, count(*) as n from field
			where workspace_id = @ws and state = 'active' and category_id is not null group by category_id`, ws)
		own := make(map[domain.CategoryID]int64, len(counts))
		for _, c := range counts {
			own[c.Category] = c.N
		}
		nodes = categoryNodes(rows, own)
		return err
	})
	return nodes, err
}

// categoryNodes adds the counts of children to those of their parents. Rows come parents first.
func categoryNodes(rows []categoryRow, own map[domain.CategoryID]int64) []CategoryNode {
	nodes := make([]CategoryNode, len(rows))
	place := make(map[string]int, len(rows))
	for i, r := range rows {
		nodes[i] = CategoryNode{Category: r.category(), Fields: own[r.ID], Total: own[r.ID]}
		place[r.Code] = i
	}
	for i := range slices.Backward(nodes) {
		if parent, known := place[nodes[i].Parent]; known {
			nodes[parent].Total += nodes[i].Total
		}
	}
	return nodes
}

// AddCategory adds a category of the workspace's own. Invalid where the code is taken or the parent unknown.
func (s *Store) AddCategory(ctx context.Context, by domain.Actor, c domain.Category) (id domain.CategoryID, err error) {
	err = s.Write(ctx, by, func(s *Store) error {
		parents, err := many[int64](ctx, s, "category", `select id from data_category where workspace_id = @ws and code = @parent`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "parent": c.Parent})
		if err != nil {
			return err
		}
		for _, parent := range parents {
			if err := s.refer(ctx, by, reference{"parent", "data_category", parent, 0}); err != nil {
				return err
			}
		}
		c.ID, err = one[domain.CategoryID](ctx, s, "category", `insert into data_category
				(workspace_id, code, parent_code, label_fr, label_en, gdpr_class, default_risk, examples)
			values (@ws, @code, nullif(@parent, ''), @label_fr, @label_en, @class, @risk, @examples) returning id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "code": c.Code, "parent": c.Parent, "label_fr": c.LabelFR, "label_en": c.LabelEN,
				"class": string(c.Class), "risk": c.Risk, "examples": c.Examples})
		if err != nil {
			return err
		}
		id = c.ID
		if err := s.record(ctx, by, domain.Event{Verb: "category.added", Subject: c.Subject(), After: c.Facts()}); err != nil {
			return err
		}
		return s.suggestAll(ctx, by)
	})
	return id, err
}

// ChangeCategory saves what decide makes of the category. Another class becomes that of its fields, whose verdicts are
// computed again, and sends their approved mappings back to the DPO: an approval names exactly what was approved.
// Conflict where somebody changed it since it was seen.
func (s *Store) ChangeCategory(ctx context.Context, by domain.Actor, id domain.CategoryID, seen int,
	decide func(domain.Category) (domain.Category, error)) error {
	return change(ctx, s, by, id, seen, (*Store).category, decide, func(s *Store, _, next domain.Category) error {
		_, err := s.exec(ctx, "category", `update data_category set label_fr = @label_fr, label_en = @label_en, gdpr_class = @class,
			default_risk = @risk, examples = @examples, version = version + 1, updated_at = clock_timestamp()
			where workspace_id = @ws and id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "label_fr": next.LabelFR, "label_en": next.LabelEN, "class": string(next.Class),
				"risk": next.Risk, "examples": next.Examples})
		return err
	}, func(s *Store, was, next domain.Category) error {
		if was.Class == next.Class {
			return nil
		}
		return s.reclass(ctx, by, id, next.Class)
	})
}

// reclass gives the fields of a category its new class.
func (s *Store) reclass(ctx context.Context, by domain.Actor, id domain.CategoryID, class domain.GDPRClass) error {
	ids, err := many[int64](ctx, s, "field", `update field set gdpr_class = @class where workspace_id = @ws and category_id = @id returning id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "class": string(class)})
	if err != nil {
		return err
	}
	return s.judge(ctx, by, ids)
}

// CategoryEffect tells what another class of a category would do. Nothing is stored.
func (s *Store) CategoryEffect(ctx context.Context, by domain.Actor, id domain.CategoryID, class domain.GDPRClass) (e domain.CategoryEffect, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}
		ids, err := many[int64](ctx, s, "field", `select id from field where workspace_id = @ws and category_id = @id`, args)
		if err != nil || len(ids) == 0 {
			return err
		}
		e.Fields = int64(len(ids))
		if e.Mappings, err = one[int64](ctx, s, "mapping", `select count(*) from purpose_mapping m
			join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
			where m.workspace_id = @ws and m.state = 'approved' and f.category_id = @id`, args); err != nil {
			return err
		}
		changes, err := s.whatIf(ctx, by, ids, func(c *judgeContext) {
			c.suppose = func(r *judgeRow) {
				r.class = string(class)
				for i, packed := range r.mappings {
					if mappingStates[packed&3] == domain.MappingApproved {
						r.mappings[i] = packed + 1 // proposed again
					}
				}
			}
		})
		e.Moves = categoryMoves(changes)
		return err
	})
	return e, err
}

// categoryMoves counts changes by what they change, the most frequent first.
func categoryMoves(changes []VerdictChange) []domain.CategoryMove {
	counts := map[[2]domain.Verdict]int64{}
	for _, c := range changes {
		counts[[2]domain.Verdict{c.Was, c.Is}]++
	}
	moves := make([]domain.CategoryMove, 0, len(counts))
	for pair, n := range counts {
		moves = append(moves, domain.CategoryMove{Was: pair[0], Is: pair[1], N: n})
	}
	slices.SortFunc(moves, func(a, b domain.CategoryMove) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Was, b.Was), cmp.Compare(a.Is, b.Is))
	})
	return moves
}

// CategoryUses tells what holds a category in place.
func (s *Store) CategoryUses(ctx context.Context, by domain.Actor, id domain.CategoryID) (uses []domain.Use, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		uses, err = s.uses(ctx, by, int64(id), `
			select 'fields' as register, 'category&state=active,gone,archived' as filter, count(*) as n from field where workspace_id = @ws and category_id = @id
			union all
			select 'categories', 'parent', count(*) from data_category c join data_category p
				on p.workspace_id = c.workspace_id and p.code = c.parent_code
				where c.workspace_id = @ws and p.id = @id and c.archived_at is null
			union all
			select 'requirements', 'category&state=active,archived', count(*) from requirement where workspace_id = @ws and category_id = @id
			union all
			select 'targets', 'category', count(*) from target t left join field f on f.workspace_id = t.workspace_id and f.id = t.field_id
				where t.workspace_id = @ws and coalesce(t.category_id, f.category_id) = @id
			union all
			select 'scenarios', 'consent_category&state=active,archived', count(*) from scenario where workspace_id = @ws and consent_id = @id`)
		return err
	})
	return uses, err
}

// ArchiveCategory takes a category out of the lists; Conflict, with what uses it, while something does.
func (s *Store) ArchiveCategory(ctx context.Context, by domain.Actor, id domain.CategoryID) error {
	return s.suggestingAnew(ctx, by, func(s *Store) error {
		return archiveRecord(ctx, s, by, "data_category", id, (*Store).CategoryByID, (*Store).CategoryUses)
	})
}

// RestoreCategory brings an archived category back.
func (s *Store) RestoreCategory(ctx context.Context, by domain.Actor, id domain.CategoryID) error {
	return s.suggestingAnew(ctx, by, func(s *Store) error {
		return restoreRecord(ctx, s, by, "data_category", id, (*Store).CategoryByID)
	})
}

// RemoveCategory deletes a mistaken entry of the workspace's own; Conflict for one of the common taxonomy, or, with what
// uses it, while anything refers to it.
func (s *Store) RemoveCategory(ctx context.Context, by domain.Actor, id domain.CategoryID) error {
	return s.suggestingAnew(ctx, by, func(s *Store) error {
		c, err := s.CategoryByID(ctx, by, id)
		if err != nil {
			return err
		}
		if c.Builtin {
			return domain.Errorf(domain.Conflict, "category.builtin", "name", c.Code)
		}
		return removeRecord(ctx, s, by, "data_category", id, (*Store).CategoryByID, (*Store).CategoryUses)
	})
}

// suggestingAnew has all suggestions made again after an act on the taxonomy, in its transaction.
func (s *Store) suggestingAnew(ctx context.Context, by domain.Actor, act func(*Store) error) error {
	return s.Write(ctx, by, func(s *Store) error {
		if err := act(s); err != nil {
			return err
		}
		return s.suggestAll(ctx, by)
	})
}

// CategoryShare is what an application holds of a category and of those below it.
type CategoryShare struct {
	Application domain.ApplicationID `db:"application_id"`
	Name        string               `db:"name"`
	Fields      int64                `db:"fields"`
	Unused      int64                `db:"unused"`
}

// CategoryShares counts the active fields of a category, or one below it, by application, the most first.
func (s *Store) CategoryShares(ctx context.Context, by domain.Actor, id domain.CategoryID) (shares []CategoryShare, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		shares, err = many[CategoryShare](ctx, s, "field", `select a.id as application_id, a.name, f.fields, f.unused
			from (
				select application_id, count(*) as fields, count(*) filter (where verdict in ('dormant', 'delete')) as unused
				from field where workspace_id = @ws and state = 'active' and category_id in (select k.id from data_category k join data_category top
					on top.workspace_id = k.workspace_id and (k.code = top.code or starts_with(k.code, top.code || '.'))
					where k.workspace_id = @ws and top.id = @id)
				group by application_id
			) f join application a on a.workspace_id = @ws and a.id = f.application_id
			order by f.fields desc, fold(a.name), a.id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
	return shares, err
}

var _ = addRegister(registerSQL{
	register: domain.CategoryRegister,
	from: `data_category r
		left join data_category top on top.workspace_id = r.workspace_id and top.code = split_part(r.code, '.', 1)
		left join data_category p on p.workspace_id = r.workspace_id and p.code = r.parent_code
		left join retention_rule rr on rr.workspace_id = r.workspace_id and rr.id = r.retention_rule_id
		left join lateral (
			select count(*) as fields from field f where f.workspace_id = r.workspace_id and f.category_id = r.id and f.state = 'active'
		) fs on true`,
	cells: map[string]string{
		"category":      "case when current_setting('app.lang', true) = 'fr' then r.label_fr else r.label_en end",
		"category_code": "r.code", "gdpr_class": "r.gdpr_class", "default_risk": "r.default_risk::bigint", "fields": "fs.fields",
		"retention": "rr.name", "builtin": "r.builtin", "label_fr": "r.label_fr", "label_en": "r.label_en", "examples": "r.examples",
		"fides_category": "r.fides_category", "dpv_concept": "r.dpv_concept", "updated": "r.updated_at",
	},
	orders: map[string]string{"category_code": "r.code"},
	filters: map[string]filterSQL{
		"state":      {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
		"gdpr_class": {expr: "r.gdpr_class"},
		"branch": {expr: "split_part(r.code, '.', 1)",
			label: "case when current_setting('app.lang', true) = 'fr' then top.label_fr else top.label_en end"},
		"builtin": {expr: "case when r.builtin then 'yes' else 'no' end"},
		"held": {expr: `case when exists(select from field h where h.workspace_id = r.workspace_id and h.category_id = r.id and h.state = 'active')
			then 'yes' else 'no' end`},
		"parent": {expr: "p.id::text", none: "r.parent_code is null", lookup: categoryLookup},
		"rule":   {expr: "r.retention_rule_id::text", none: "r.retention_rule_id is null", lookup: retentionLookup},
	},
	search:   "fold(r.code || ' ' || r.label_fr || ' ' || r.label_en || ' ' || r.examples)",
	archived: "r.archived_at is not null",
})
