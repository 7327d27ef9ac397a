package store

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type retentionRow struct {
	ID             domain.RetentionRuleID `db:"id"`
	Code           string                 `db:"code"`
	Name           string                 `db:"name"`
	Preset         string                 `db:"preset"`
	Triggers       []string               `db:"triggers"`
	ActiveMonths   *int                   `db:"active_months"`
	Criterion      string                 `db:"criterion"`
	ArchiveMonths  *int                   `db:"archive_months"`
	ArchiveGround  string                 `db:"archive_ground"`
	Fate           string                 `db:"fate"`
	LegalReference string                 `db:"legal_reference"`
	Source         string                 `db:"source"`
	Bound          string                 `db:"bound"`
	Certainty      string                 `db:"certainty"`
	Reason         string                 `db:"reason"`
	Version        int                    `db:"version"`
	CreatedAt      time.Time              `db:"created_at"`
	UpdatedAt      time.Time              `db:"updated_at"`
	ArchivedAt     *time.Time             `db:"archived_at"`
}

const (
	retentionFields = `code, name, preset, triggers, active_months, criterion, archive_months, archive_ground, fate, legal_reference, source,
	bound, certainty, reason`
	retentionValues = `@code, @name, @preset, @triggers, @active_months, @criterion, @archive_months, @archive_ground, @fate, @legal_reference, @source,
	@bound, @certainty, @reason`
	retentionCols = `id, ` + retentionFields + `, version, created_at, updated_at, archived_at`
)

func (r retentionRow) rule() domain.RetentionRule { return domain.RetentionRule(r) }

func retentionArgs(by domain.Actor, r domain.RetentionRule) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"ws": by.Workspace, "code": r.Code, "name": r.Name, "preset": r.Preset, "triggers": r.Triggers,
		"active_months": r.ActiveMonths, "criterion": r.Criterion, "archive_months": r.ArchiveMonths, "archive_ground": r.ArchiveGround,
		"fate": r.Fate, "legal_reference": r.LegalReference, "source": r.Source, "bound": r.Bound, "certainty": r.Certainty, "reason": r.Reason}
}

// RetentionRuleByID returns NotFound where the workspace has no such rule.
func (s *Store) RetentionRuleByID(ctx context.Context, by domain.Actor, id domain.RetentionRuleID) (rule domain.RetentionRule, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rule, err = s.retentionRule(ctx, by, id, "")
		return err
	})
	return rule, err
}

// retentionRule reads a rule; lock is forUpdate or nothing.
func (s *Store) retentionRule(ctx context.Context, by domain.Actor, id domain.RetentionRuleID, lock string) (domain.RetentionRule, error) {
	r, err := one[retentionRow](ctx, s, "retention_rule", `select `+retentionCols+` from retention_rule where workspace_id = @ws and id = @id`+lock,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return r.rule(), err
}

// RetentionRules returns every rule that is not archived, by code.
func (s *Store) RetentionRules(ctx context.Context, by domain.Actor) (rules []domain.RetentionRule, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[retentionRow](ctx, s, "retention_rule", `select `+retentionCols+` from retention_rule
			where workspace_id = @ws and archived_at is null order by fold(code), id`, pgx.StrictNamedArgs{"ws": by.Workspace})
		rules = mapSlice(rows, retentionRow.rule)
		return err
	})
	return rules, err
}

// RetentionOptions returns the rules that are not archived, by code, for forms.
func (s *Store) RetentionOptions(ctx context.Context, by domain.Actor) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		options, err = s.options(ctx, by, `select id, code || ' · ' || name as name from retention_rule
			where workspace_id = @ws and archived_at is null order by fold(code), id`)
		return err
	})
	return options, err
}

// AddRetentionRule registers a rule. Invalid where the code is taken.
func (s *Store) AddRetentionRule(ctx context.Context, by domain.Actor, r domain.RetentionRule) (id domain.RetentionRuleID, err error) {
	if err := by.Must(domain.EditPurpose); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		r.ID, err = one[domain.RetentionRuleID](ctx, s, "retention_rule", `insert into retention_rule (workspace_id, `+retentionFields+`)
			values (@ws, `+retentionValues+`) returning id`, retentionArgs(by, r))
		if err != nil {
			return err
		}
		id = r.ID
		return s.record(ctx, by, domain.Event{Verb: "retention_rule.added", Subject: r.Subject(), After: r.Facts(), Reason: r.Reason})
	})
	return id, err
}

// RetentionPreview is what a change of a rule, or of what it is attached to, would do.
type RetentionPreview struct {
	Fields   int64 // that another rule would bind, or the same with another period
	Over     int64 // of which data would become older than allowed
	Cleared  int64 // of which data would no longer be
	Reopened int64 // approved mappings that would go back to the DPO
}

// NeedsConfirming tells whether somebody must see the preview before the change is made.
func (p RetentionPreview) NeedsConfirming() bool { return p.Over > 0 || p.Reopened > 0 }

// PreviewRetentionRule tells what a change of a rule would do, and stores nothing. Conflict where somebody changed it since
// it was seen.
func (s *Store) PreviewRetentionRule(ctx context.Context, by domain.Actor, id domain.RetentionRuleID, seen int,
	decide func(domain.RetentionRule) (domain.RetentionRule, error)) (p RetentionPreview, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		was, err := s.RetentionRuleByID(ctx, by, id)
		if err != nil {
			return err
		}
		if was.Version != seen {
			return stale()
		}
		next, err := decide(was)
		if err != nil || !was.Material(next) {
			return err
		}
		ids, err := s.ruledFields(ctx, by, id)
		if err != nil {
			return err
		}
		if p, err = s.previewRetention(ctx, by, ids, func(c *judgeContext) { *c.rules[int64(id)] = next.Rules() }); err != nil {
			return err
		}
		p.Reopened, err = one[int64](ctx, s, "mapping", `select count(*) from purpose_mapping m
			join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id
			where m.workspace_id = @ws and p.retention_rule_id = @id and m.state = 'approved'`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
	return p, err
}

// previewRetention counts what would become of fields if the rules were as change makes them.
func (s *Store) previewRetention(ctx context.Context, by domain.Actor, ids []int64, change func(*judgeContext)) (p RetentionPreview, err error) {
	if len(ids) == 0 {
		return p, nil
	}
	c, err := s.judgeContext(ctx, by)
	if err != nil {
		return p, err
	}
	change(c)
	err = s.eachJudged(ctx, by, c, ids, func(was, is judged) {
		over, still := is.Finding.Flags.Has(domain.FlagOverRetention), was.Finding.Flags.Has(domain.FlagOverRetention)
		switch {
		case over && !still:
			p.Over++
		case still && !over:
			p.Cleared++
		}
		if was.Finding.Rule != is.Finding.Rule {
			p.Fields++
		}
	})
	return p, err
}

// ChangeRetentionRule saves what decide makes of the rule. What was approved for purposes under it goes back to the DPO
// where the rule says something else now, and the fields that it binds are judged again, in the same transaction.
// Conflict where somebody changed it since it was seen.
func (s *Store) ChangeRetentionRule(ctx context.Context, by domain.Actor, id domain.RetentionRuleID, seen int,
	decide func(domain.RetentionRule) (domain.RetentionRule, error)) (reopened int64, err error) {
	if err := by.Must(domain.EditPurpose); err != nil {
		return 0, err
	}
	err = s.writeAlone(ctx, by, func(s *Store) error {
		reopened = 0
		was, err := locked(ctx, s, by, id, seen, (*Store).retentionRule)
		if err != nil {
			return err
		}
		next, err := decide(was)
		if err != nil {
			return err
		}
		before, after := domain.Diff(was.Facts(), next.Facts())
		if len(after) == 0 {
			return nil
		}
		args := retentionArgs(by, next)
		args["id"] = id
		if _, err := s.exec(ctx, "retention_rule", `update retention_rule set (`+retentionFields+`) = (`+retentionValues+`), version = version + 1,
			updated_at = clock_timestamp() where workspace_id = @ws and id = @id`, args); err != nil {
			return err
		}
		if err := s.record(ctx, by, domain.Event{Verb: "retention_rule.changed", Subject: next.Subject(), Before: before, After: after, Reason: next.Reason}); err != nil {
			return err
		}
		if !was.Material(next) {
			return nil
		}
		reopened, err = s.ruleChanged(ctx, by, id)
		return err
	})
	return reopened, err
}

// ruleChanged reopens and judges again what a rule that says something else now is attached to.
func (s *Store) ruleChanged(ctx context.Context, by domain.Actor, id domain.RetentionRuleID) (reopened int64, err error) {
	ids, err := s.ruledFields(ctx, by, id)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if reopened, err = s.reopenChanged(ctx, by, ids); err != nil {
		return 0, err
	}
	return reopened, s.judge(ctx, by, ids)
}

// below are the ids of categories and of all below them.
const below = `(select k.id from data_category k join data_category top on top.workspace_id = k.workspace_id
	and (k.code = top.code or starts_with(k.code, top.code || '.')) where k.workspace_id = @ws and top.%s)`

// ruledFields are the fields that a rule may bind, by any of what it is attached to.
func (s *Store) ruledFields(ctx context.Context, by domain.Actor, id domain.RetentionRuleID) ([]int64, error) {
	return many[int64](ctx, s, "field", `
		select id from field where workspace_id = @ws and retention_rule_id = @id
		union select f.id from field f join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
			where d.workspace_id = @ws and d.retention_rule_id = @id
		union select id from field where workspace_id = @ws and category_id in `+strings.ReplaceAll(below, "%s", "retention_rule_id = @id")+`
		union select m.field_id from purpose_mapping m join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id
			where p.workspace_id = @ws and p.retention_rule_id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
}

// retentionTargets say, by what a rule can be attached to, the table, how its records are called in the history, and the
// fields that a rule of them may bind.
var retentionTargets = map[domain.RetentionFrom]struct{ table, name, fields string }{
	domain.RetentionOfPurpose:  {"purpose", "name", `select field_id from purpose_mapping where workspace_id = @ws and purpose_id = any(@ids)`},
	domain.RetentionOfDataset:  {"dataset", "name", `select id from field where workspace_id = @ws and dataset_id = any(@ids)`},
	domain.RetentionOfCategory: {"data_category", "code", `select id from field where workspace_id = @ws and category_id in ` + strings.ReplaceAll(below, "%s", "id = any(@ids)")},
}

// PreviewAttach tells what it would do to attach a rule (zero for none) to purposes, categories or datasets.
func (s *Store) PreviewAttach(ctx context.Context, by domain.Actor, rule domain.RetentionRuleID, to domain.RetentionFrom, ids []int64) (p RetentionPreview, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids}
		fields, err := many[int64](ctx, s, "field", retentionTargets[to].fields, args)
		if err != nil {
			return err
		}
		if p, err = s.previewRetention(ctx, by, fields, func(c *judgeContext) { c.attach(rule, to, ids) }); err != nil || to != domain.RetentionOfPurpose {
			return err
		}
		args["rule"] = zeroNull(rule)
		p.Reopened, err = one[int64](ctx, s, "mapping", `select count(*) from purpose_mapping m
			join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id
			where m.workspace_id = @ws and p.id = any(@ids) and p.retention_rule_id is distinct from @rule and m.state = 'approved'`, args)
		return err
	})
	return p, err
}

// AttachRetention makes a rule (zero for none) that of purposes, categories or datasets, each with its event, and judges the
// fields that it may bind again; all of it is one batch that can be undone, none where all had the rule. It returns how many
// it was attached to that had another, and how many approvals went back to the DPO. Invalid where the rule is not there, or
// where a purpose in force would be left without one.
func (s *Store) AttachRetention(ctx context.Context, by domain.Actor, rule domain.RetentionRuleID, to domain.RetentionFrom, ids []int64) (batch domain.BatchID, attached, reopened int64, err error) {
	if err := by.Must(domain.BulkAttach.Action()); err != nil {
		return 0, 0, 0, err
	}
	err = s.writeAlone(ctx, by, func(s *Store) error {
		if batch, attached, reopened = 0, 0, 0; len(ids) == 0 {
			return domain.Errorf(domain.Invalid, "bulk.nothing")
		}
		if err := s.refer(ctx, by, reference{"retention", "retention_rule", int64(rule), 0}); err != nil {
			return err
		}
		table := retentionTargets[to].table
		todo, err := many[int64](ctx, s, table, `select id from `+table+` where workspace_id = @ws and id = any(@ids) and retention_rule_id is distinct from @rule
			order by id for update`, pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids, "rule": zeroNull(rule)})
		if err != nil || len(todo) == 0 {
			return err
		}
		attached = int64(len(todo))
		if batch, err = s.addBatch(ctx, by, domain.BulkAttach, domain.Bulk{Act: domain.BulkAttach, Retention: rule}.Label(), attached, 0); err != nil {
			return err
		}
		s.batch = batch
		if to == domain.RetentionOfPurpose {
			reopened, err = s.attachToPurposes(ctx, by, rule, todo, "changed")
			return err
		}
		return s.attachToOthers(ctx, by, rule, to, todo, "changed")
	})
	return batch, attached, reopened, err
}

// undoAttach gives what a rule was attached to the rule that it had, where nobody has given it another since, and approvals
// back that were reopened for it.
func (s *Store) undoAttach(ctx context.Context, by domain.Actor, batch domain.BatchID) (undone, kept int64, err error) {
	s.batch = batch
	defer func() { s.batch = 0 }()
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "batch": batch}
	if kept, err = one[int64](ctx, s, "event", `select count(*) from event e where `+changesOf+` and e.subject_kind in ('purpose', 'category', 'dataset')`, args); err != nil {
		return 0, 0, err
	}
	type attached struct {
		ID  int64                  `db:"id"`
		Was domain.RetentionRuleID `db:"was"`
	}
	for to, t := range retentionTargets {
		args["kind"] = string(to)
		rows, err := many[attached](ctx, s, t.table, `select x.id, (e.before->>'retention')::bigint as was
			from event e join `+t.table+` x on x.workspace_id = e.workspace_id and x.id = e.subject_id
			where `+changesOf+` and e.subject_kind = @kind and coalesce(x.retention_rule_id, 0) = (e.after->>'retention')::bigint
				and ((e.before->>'retention')::bigint = 0 or exists (select from retention_rule r where r.workspace_id = @ws and r.id = (e.before->>'retention')::bigint))
			order by x.id for update of x`, args)
		delete(args, "kind")
		if err != nil {
			return 0, 0, err
		}
		had := map[domain.RetentionRuleID][]int64{}
		for _, r := range rows {
			had[r.Was] = append(had[r.Was], r.ID)
		}
		for rule, ids := range had {
			if to == domain.RetentionOfPurpose {
				_, err = s.attachToPurposes(ctx, by, rule, ids, "undone")
			} else {
				err = s.attachToOthers(ctx, by, rule, to, ids, "undone")
			}
			if err != nil {
				return 0, 0, err
			}
			fields, err := many[int64](ctx, s, "field", t.fields, pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids})
			if err != nil {
				return 0, 0, err
			}
			if err := s.reinstate(ctx, by, batch, fields); err != nil {
				return 0, 0, err
			}
			if err := s.judge(ctx, by, fields); err != nil {
				return 0, 0, err
			}
			undone += int64(len(ids))
		}
	}
	if undone == 0 {
		return 0, 0, domain.Errorf(domain.Conflict, "batch.nothing_left")
	}
	return undone, kept - undone, nil
}

// attachToPurposes changes purposes as their own page does, or puts them back: what was approved under another rule is asked
// again.
func (s *Store) attachToPurposes(ctx context.Context, by domain.Actor, rule domain.RetentionRuleID, ids []int64, verb string) (reopened int64, err error) {
	rows, err := many[purposeRow](ctx, s, "purpose", `select `+purposeCols+` from purpose where workspace_id = @ws and id = any(@ids) order by id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids})
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		was := r.purpose()
		next := was
		next.Retention = rule
		if verb == "changed" { // what is put back was right, or was nobody's to mend here
			if next, err = domain.NewPurpose(next); err != nil {
				return 0, err
			}
		}
		n, err := s.storePurpose(ctx, by, "purpose."+verb, was, next)
		if err != nil {
			return 0, err
		}
		reopened += n
	}
	return reopened, nil
}

func (s *Store) attachToOthers(ctx context.Context, by domain.Actor, rule domain.RetentionRuleID, to domain.RetentionFrom, ids []int64, verb string) error {
	t := retentionTargets[to]
	if _, err := s.exec(ctx, t.table, `
		with todo as materialized (
			select id, `+t.name+` as name, retention_rule_id as was from `+t.table+` where workspace_id = @ws and id = any(@ids)
		), applied as (
			update `+t.table+` x set retention_rule_id = @rule::bigint, version = x.version + 1, updated_at = clock_timestamp()
			from todo where x.workspace_id = @ws and x.id = todo.id
		)
		insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after, batch_id)
		select @ws, @actor::bigint, @actor_name, @kind || '.' || @verb, @kind, id, name,
			jsonb_build_object('retention', coalesce(was, 0)), jsonb_build_object('retention', coalesce(@rule::bigint, 0)), @batch from todo order by id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids, "rule": zeroNull(rule), "kind": string(to), "verb": verb, "batch": zeroNull(s.batch),
			"actor": zeroNull(by.User), "actor_name": by.Name}); err != nil {
		return err
	}
	fields, err := many[int64](ctx, s, "field", t.fields, pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids})
	if err != nil {
		return err
	}
	return s.judge(ctx, by, fields)
}

// RetentionUses tells what holds a rule in place.
func (s *Store) RetentionUses(ctx context.Context, by domain.Actor, id domain.RetentionRuleID) (uses []domain.Use, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		uses, err = s.uses(ctx, by, int64(id), `
			select 'purposes' as register, 'rule&state=active,archived' as filter, count(*) as n from purpose where workspace_id = @ws and retention_rule_id = @id
			union all
			select 'categories', 'rule&state=active,archived', count(*) from data_category where workspace_id = @ws and retention_rule_id = @id
			union all
			select 'datasets', 'rule&state=active,gone,archived', count(*) from dataset where workspace_id = @ws and retention_rule_id = @id
			union all
			select 'fields', 'rule&state=active,gone,archived', count(*) from field where workspace_id = @ws and @id in (retention_rule_id, effective_rule_id)`)
		return err
	})
	return uses, err
}

// ArchiveRetentionRule takes a rule out of the lists; Conflict, with what uses it, while something does.
func (s *Store) ArchiveRetentionRule(ctx context.Context, by domain.Actor, id domain.RetentionRuleID) error {
	if err := by.Must(domain.EditPurpose); err != nil {
		return err
	}
	return archiveRecord(ctx, s, by, "retention_rule", id, (*Store).RetentionRuleByID, (*Store).RetentionUses)
}

// RestoreRetentionRule brings an archived rule back.
func (s *Store) RestoreRetentionRule(ctx context.Context, by domain.Actor, id domain.RetentionRuleID) error {
	if err := by.Must(domain.EditPurpose); err != nil {
		return err
	}
	return restoreRecord(ctx, s, by, "retention_rule", id, (*Store).RetentionRuleByID)
}

// RemoveRetentionRule deletes a mistaken entry; Conflict, with what uses it, while anything refers to it.
func (s *Store) RemoveRetentionRule(ctx context.Context, by domain.Actor, id domain.RetentionRuleID) error {
	if err := by.Must(domain.EditPurpose); err != nil {
		return err
	}
	return removeRecord(ctx, s, by, "retention_rule", id, (*Store).RetentionRuleByID, (*Store).RetentionUses)
}

// ruleMonths are the months of a rule with the alias rr, archive included, and whether it gives a number.
const ruleMonths = `coalesce(rr.active_months, 0) + coalesce(rr.archive_months, 0) as months,
	coalesce(rr.active_months, rr.archive_months) is not null as numbered`

// boundBy are the facts of a field of which only the rule that binds it is known: it stands for all that it was chosen from.
func boundBy(rule *int64, months int, numbered bool, oldest *time.Time) domain.FieldRetention {
	f := domain.FieldRetention{OldestRecordOn: oldest}
	if rule != nil {
		f.Field = &domain.RetentionFacts{Rule: domain.RetentionRuleID(*rule), Months: months, Numbered: numbered}
	}
	return f
}

// readRetention reads the rules of a workspace, and which of them each category has or inherits.
func (s *Store) readRetention(ctx context.Context, by domain.Actor, c *judgeContext) error {
	type rule struct {
		ID       int64 `db:"id"`
		Months   int   `db:"months"`
		Numbered bool  `db:"numbered"`
	}
	rules, err := many[rule](ctx, s, "retention_rule", `select rr.id, `+ruleMonths+` from retention_rule rr where rr.workspace_id = @ws`,
		pgx.StrictNamedArgs{"ws": by.Workspace})
	if err != nil {
		return err
	}
	c.rules, c.categories = make(map[int64]*domain.RetentionFacts, len(rules)), map[int64]*domain.RetentionFacts{}
	for _, r := range rules {
		c.rules[r.ID] = &domain.RetentionFacts{Rule: domain.RetentionRuleID(r.ID), Months: r.Months, Numbered: r.Numbered}
	}
	if len(rules) == 0 {
		return nil
	}
	if c.ruled, err = many[ruledCategory](ctx, s, "category", `select id, code, retention_rule_id from data_category where workspace_id = @ws`,
		pgx.StrictNamedArgs{"ws": by.Workspace}); err != nil {
		return err
	}
	c.inheritRules()
	return nil
}

// ruledCategory is a category with the rule of its own.
type ruledCategory struct {
	ID   int64  `db:"id"`
	Code string `db:"code"`
	Rule *int64 `db:"retention_rule_id"`
}

// inheritRules gives every category its own rule, or that of the nearest category above it.
func (c *judgeContext) inheritRules() {
	own := make(map[string]*domain.RetentionFacts, len(c.ruled))
	for _, k := range c.ruled {
		if k.Rule != nil {
			own[k.Code] = c.rules[*k.Rule]
		}
	}
	clear(c.categories)
	for _, k := range c.ruled {
		for code := k.Code; code != ""; code = code[:max(strings.LastIndexByte(code, '.'), 0)] {
			if rule := own[code]; rule != nil {
				c.categories[k.ID] = rule
				break
			}
		}
	}
}

// attach supposes that a rule is that of purposes, categories or datasets.
func (c *judgeContext) attach(rule domain.RetentionRuleID, to domain.RetentionFrom, ids []int64) {
	chosen := make(map[int64]bool, len(ids))
	for _, id := range ids {
		chosen[id] = true
	}
	switch to {
	case domain.RetentionOfPurpose:
		for id := range chosen {
			if p := c.purposes[id]; p != nil {
				p.Retention = c.rules[int64(rule)]
			}
		}
	case domain.RetentionOfCategory:
		for i, k := range c.ruled {
			if chosen[k.ID] {
				c.ruled[i].Rule = zeroNull(int64(rule))
			}
		}
		c.inheritRules()
	case domain.RetentionOfDataset:
		c.suppose = func(r *judgeRow) {
			if chosen[r.dataset] {
				r.datasetRule = int64(rule)
			}
		}
	case domain.RetentionOfField:
		c.suppose = func(r *judgeRow) {
			if chosen[r.id] {
				r.ownRule = int64(rule)
			}
		}
	}
}

var _ = addRegister(registerSQL{
	register: domain.RetentionRegister,
	from: `retention_rule r
		left join lateral (select count(*) as n from purpose x where x.workspace_id = r.workspace_id and x.retention_rule_id = r.id and x.archived_at is null) ps on true
		left join lateral (select count(*) as n from data_category x where x.workspace_id = r.workspace_id and x.retention_rule_id = r.id and x.archived_at is null) cs on true
		left join lateral (select count(*) as n from dataset x where x.workspace_id = r.workspace_id and x.retention_rule_id = r.id and x.archived_at is null) ds on true
		left join (select f.effective_rule_id, count(*) as n, count(*) filter (where f.` + overRetained + `) as over
			from field f where f.workspace_id = @ws and f.effective_rule_id is not null and f.state = 'active' group by 1) fs on fs.effective_rule_id = r.id`,
	lean: "retention_rule r",
	cells: map[string]string{
		"name": "r.name", "code": "r.code", "triggers": "r.triggers", "active_months": "r.active_months::bigint", "archive_months": "r.archive_months::bigint",
		"fate": "r.fate", "retention_source": "r.source", "certainty": "r.certainty", "purposes": "ps.n", "categories": "cs.n", "datasets": "ds.n",
		"bound_fields": "coalesce(fs.n, 0)", "over_fields": "coalesce(fs.over, 0)", "legal_reference": "r.legal_reference", "archive_ground": "r.archive_ground",
		"criterion": "r.criterion", "bound": "r.bound", "preset": "r.preset", "deviates": "r.preset <> '' and r.reason <> ''", "reason": "r.reason",
		"updated": "r.updated_at",
	},
	filters: map[string]filterSQL{
		"state":            {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
		"retention_source": {expr: "r.source"},
		"certainty":        {expr: "r.certainty", none: "r.certainty = ''"},
		"fate":             {expr: "r.fate", none: "r.fate = ''"},
		"archive":          {expr: "case when r.archive_months is null then 'no' else 'yes' end"},
		"used": {expr: `case when exists(select from purpose x where x.workspace_id = r.workspace_id and x.retention_rule_id = r.id)
			or exists(select from data_category x where x.workspace_id = r.workspace_id and x.retention_rule_id = r.id)
			or exists(select from dataset x where x.workspace_id = r.workspace_id and x.retention_rule_id = r.id)
			or exists(select from field x where x.workspace_id = r.workspace_id and x.retention_rule_id = r.id) then 'yes' else 'no' end`},
		"purpose": {in: `exists(select from purpose x where x.workspace_id = r.workspace_id and x.retention_rule_id = r.id
			and x.id = any(%s::text[]::bigint[]))`, lookup: purposeLookup},
	},
	search:   "fold(r.code || ' ' || r.name || ' ' || r.legal_reference || ' ' || r.criterion)",
	archived: "r.archived_at is not null",
})

// RetentionChoice is a purpose, a category or a dataset with the rule that it has.
type RetentionChoice struct {
	ID    int64                   `db:"id"`
	Name  string                  `db:"name"`
	Place string                  `db:"place"` // application of a dataset, code of a category
	Rule  *domain.RetentionRuleID `db:"rule"`
	Named *string                 `db:"named"` // name of that rule
}

// retentionChoices read what a rule can be attached to, narrowed by the words of a search.
var retentionChoices = map[domain.RetentionFrom]string{
	domain.RetentionOfPurpose: `select x.id, x.name, x.code as place, x.retention_rule_id as rule, rr.name as named, fold(x.code || ' ' || x.name) as search
		from purpose x left join retention_rule rr on rr.workspace_id = x.workspace_id and rr.id = x.retention_rule_id
		where x.workspace_id = @ws and x.archived_at is null`,
	domain.RetentionOfCategory: `select x.id, case when current_setting('app.lang', true) = 'fr' then x.label_fr else x.label_en end as name, x.code as place,
			x.retention_rule_id as rule, rr.name as named, fold(x.code || ' ' || x.label_fr || ' ' || x.label_en) as search
		from data_category x left join retention_rule rr on rr.workspace_id = x.workspace_id and rr.id = x.retention_rule_id
		where x.workspace_id = @ws and x.archived_at is null`,
	domain.RetentionOfDataset: `select x.id, x.name, a.name as place, x.retention_rule_id as rule, rr.name as named, fold(a.name || ' ' || x.name || ' ' || x.label) as search
		from dataset x join application a on a.workspace_id = x.workspace_id and a.id = x.application_id
		left join retention_rule rr on rr.workspace_id = x.workspace_id and rr.id = x.retention_rule_id
		where x.workspace_id = @ws and x.archived_at is null and x.state = 'active'`,
}

// RetentionChoices returns what a rule can be attached to, at most so many, by place and name, and how many there are.
func (s *Store) RetentionChoices(ctx context.Context, by domain.Actor, to domain.RetentionFrom, q string, most int) (list []RetentionChoice, total int64, err error) {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "most": most}
	words := mapSlice(searchWords(q), func(w string) string { return "%" + likeEscape(w) + "%" })
	args["words"] = words
	err = s.Read(ctx, by, func(s *Store) error {
		type row struct {
			RetentionChoice
			Total int64 `db:"total"`
		}
		rows, err := many[row](ctx, s, string(to), `select id, name, place, rule, named, count(*) over () as total
			from (`+retentionChoices[to]+`) x where not exists (select from unnest(@words::text[]) w where x.search not like w)
			order by fold(place), fold(name), id limit @most`, args)
		for _, r := range rows {
			list, total = append(list, r.RetentionChoice), r.Total
		}
		return err
	})
	return list, total, err
}

// FieldRule is a rule that may bind a field, and what it is attached to. For a purpose without a rule, Rule is nil.
type FieldRule struct {
	From   domain.RetentionFrom
	Of     int64
	OfName string
	Rule   *domain.RetentionRule // its name and its periods
}

// Candidate is what the choice among rules reads.
func (f FieldRule) Candidate() domain.RetentionCandidate {
	c := domain.RetentionCandidate{From: f.From}
	if f.Rule != nil {
		c.Rule = new(f.Rule.Rules())
	}
	return c
}
