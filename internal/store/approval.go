package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// groundRow is what the answer to one mapping leans on, with what is the same for many left as numbers.
type groundRow struct {
	ID       domain.MappingID  `db:"id"`
	Field    domain.FieldID    `db:"field_id"`
	Purpose  domain.PurposeID  `db:"purpose_id"`
	Category domain.CategoryID `db:"category_id"`
	Class    string            `db:"gdpr_class"`
	Subjects []string          `db:"subjects"`
	Programs []int64           `db:"programs"`
}

// groundCols and groundFrom read groundRow of the mapping m. A program that the plan avoids a field in
// does not use it.
const (
	groundCols = `m.id, m.field_id, m.purpose_id, coalesce(f.category_id, 0) as category_id, f.gdpr_class, d.subjects, coalesce(g.programs, '{}') as programs`
	groundFrom = ` from purpose_mapping m
		join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
		join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
		left join lateral (select array_agg(l.program_id order by l.program_id) as programs from program_link l
			join program_purpose pp on pp.workspace_id = l.workspace_id and pp.program_id = l.program_id and pp.purpose_id = m.purpose_id
			where l.workspace_id = m.workspace_id and l.field_id = m.field_id and l.level <> 'avoid') g on true`
)

// reviewContext is what the mappings of a workspace share when they are reviewed.
type reviewContext struct {
	today    time.Time
	purposes map[domain.PurposeID]domain.Purpose
	programs map[int64]domain.CheckedProgram
	rules    map[domain.RetentionRuleID]domain.RetentionRule
}

func (s *Store) reviewContext(ctx context.Context, by domain.Actor) (*reviewContext, error) {
	ws := pgx.StrictNamedArgs{"ws": by.Workspace}
	c := &reviewContext{today: s.now().UTC(), purposes: map[domain.PurposeID]domain.Purpose{}, programs: map[int64]domain.CheckedProgram{},
		rules: map[domain.RetentionRuleID]domain.RetentionRule{}}
	purposes, err := many[purposeRow](ctx, s, "purpose", `select `+purposeCols+` from purpose where workspace_id = @ws`, ws)
	if err != nil {
		return nil, err
	}
	for _, r := range purposes {
		c.purposes[r.ID] = r.purpose()
	}
	rules, err := many[retentionRow](ctx, s, "retention_rule", `select `+retentionCols+` from retention_rule where workspace_id = @ws`, ws)
	if err != nil {
		return nil, err
	}
	for _, r := range rules {
		c.rules[r.ID] = r.rule()
	}
	type program struct {
		ID       domain.ProgramID `db:"id"`
		Name     string           `db:"name"`
		Template string           `db:"template"`
		Channels []string         `db:"channels"`
	}
	programs, err := many[program](ctx, s, "program", `select id, name, template, channels from program where workspace_id = @ws`, ws)
	if err != nil {
		return nil, err
	}
	for _, p := range programs {
		c.programs[int64(p.ID)] = domain.CheckedProgram{ID: p.ID, Name: p.Name, Template: p.Template, Channels: p.Channels}
	}
	type message struct {
		Program  int64    `db:"program_id"`
		Nature   string   `db:"nature"`
		Channels []string `db:"channels"`
	}
	messages, err := many[message](ctx, s, "scenario", `select program_id, nature, channels from scenario
		where workspace_id = @ws and archived_at is null and status <> 'ended' order by id`, ws)
	for _, m := range messages {
		p := c.programs[m.Program]
		p.Messages = append(p.Messages, domain.CheckedMessage{Nature: m.Nature, Channels: m.Channels})
		c.programs[m.Program] = p
	}
	return c, err
}

// facts are what the legal checks read of a mapping.
func (c *reviewContext) facts(r groundRow) domain.CheckFacts {
	f := domain.CheckFacts{Class: domain.GDPRClass(r.Class), Purpose: c.purposes[r.Purpose], Subjects: r.Subjects, Today: c.today}
	f.Retention = c.rules[f.Purpose.Retention]
	if len(f.Subjects) == 0 {
		f.Subjects = f.Purpose.Subjects
	}
	for _, id := range r.Programs {
		f.Programs = append(f.Programs, c.programs[id])
	}
	return f
}

// grounds are the facts of mappings by their numbers, with the terms that an approval of each would freeze.
func (s *Store) grounds(ctx context.Context, by domain.Actor, ids []domain.MappingID) (map[domain.MappingID]ground, error) {
	c, err := s.reviewContext(ctx, by)
	if err != nil {
		return nil, err
	}
	rows, err := many[groundRow](ctx, s, "mapping", `select `+groundCols+groundFrom+` where m.workspace_id = @ws and m.id = any(@ids)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "ids": mapSlice(ids, func(id domain.MappingID) int64 { return int64(id) })})
	out := make(map[domain.MappingID]ground, len(rows))
	for _, r := range rows {
		out[r.ID] = ground{c.facts(r), r.Category}
	}
	return out, err
}

// MappingTerms are the terms of mappings as they are now.
func (s *Store) MappingTerms(ctx context.Context, by domain.Actor, ids []domain.MappingID) (terms map[domain.MappingID]domain.Terms, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		grounds, err := s.grounds(ctx, by, ids)
		terms = make(map[domain.MappingID]domain.Terms, len(grounds))
		for id, g := range grounds {
			terms[id] = g.terms()
		}
		return err
	})
	return terms, err
}

// PurposeApprovals is where the mappings of a purpose stand.
type PurposeApprovals struct {
	Approved int64           `db:"approved"`
	First    *time.Time      `db:"first"` // day of the oldest approval that stands
	Last     *time.Time      `db:"last"`
	By       []string        `db:"approvers"`
	Until    *time.Time      `db:"until"` // the first day on which one ends; nil where none has an end
	Ending   int64           `db:"ending"`
	Reopened []ReopenedCount `db:"-"`
}

// ReopenedCount is how many approvals of a purpose were reopened for a reason.
type ReopenedCount struct {
	Because string `db:"because"`
	N       int64  `db:"n"`
}

// PurposeApprovals tells which approvals stand under a purpose, and which were reopened and why.
func (s *Store) PurposeApprovals(ctx context.Context, by domain.Actor, id domain.PurposeID) (a PurposeApprovals, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}
		if a, err = one[PurposeApprovals](ctx, s, "approval", `select count(*) as approved, min(k.approved_at) as first, max(k.approved_at) as last, min(k.until) as until,
				count(k.until) as ending, coalesce(array_agg(distinct k.approved_by_name) filter (where k.approved_by_name <> ''), '{}') as approvers
			from purpose_mapping m left join approval k on k.workspace_id = m.workspace_id and k.id = m.approval_id
			where m.workspace_id = @ws and m.purpose_id = @id and m.state = 'approved'`, args); err != nil {
			return err
		}
		a.Reopened, err = many[ReopenedCount](ctx, s, "approval", `select reopened_because as because, count(*) as n from purpose_mapping
			where workspace_id = @ws and purpose_id = @id and state = 'proposed' and reopened_because <> '' group by 1 order by n desc, 1`, args)
		return err
	})
	return a, err
}

// ground is what an answer to one mapping leans on.
type ground struct {
	facts    domain.CheckFacts
	category domain.CategoryID
}

func (g ground) terms() domain.Terms { return domain.TermsOf(g.category, g.facts) }

// freeze keeps what was just approved. The mappings must be locked; it returns the approval of each, in their order.
func (s *Store) freeze(ctx context.Context, by domain.Actor, next []domain.PurposeMapping, until *time.Time, grounds map[domain.MappingID]ground) ([]int64, error) {
	n := len(next)
	ids, terms, programs, reasons := make([]int64, n), make([]string, n), make([]string, n), make([]string, n)
	deciders, at, self := make([]*int64, n), make([]time.Time, n), make([]bool, n)
	for i, m := range next {
		g := grounds[m.ID]
		frozen, err := json.Marshal(g.terms())
		if err != nil {
			return nil, err
		}
		names, err := json.Marshal(mapSlice(g.facts.Programs, func(p domain.CheckedProgram) string { return p.Name }))
		if err != nil {
			return nil, err
		}
		ids[i], terms[i], programs[i], reasons[i], self[i] = int64(m.ID), string(frozen), string(names), m.Reason, m.SelfApproved
		if at[i] = m.ProposedAt; m.DecidedAt != nil {
			at[i] = *m.DecidedAt
		}
		if m.DecidedBy != 0 {
			decider := int64(m.DecidedBy)
			deciders[i] = &decider
		}
	}
	type row struct {
		ID      int64            `db:"id"`
		Mapping domain.MappingID `db:"mapping_id"`
	}
	rows, err := many[row](ctx, s, "approval", `
		insert into approval (workspace_id, mapping_id, field_id, purpose_id, field_name, place, category_name, purpose_name, program_names, terms,
			justification, reason, until, approved_by, approved_by_name, approved_at, self_approved)
		select m.workspace_id, m.id, m.field_id, m.purpose_id, f.name, a.name || ' › ' || d.name, coalesce(c.code, ''), p.code || ' · ' || p.name,
			array(select jsonb_array_elements_text(u.programs)), u.terms, m.justification, u.reason, @until::date, u.decider,
			coalesce(w.name, @operator), u.at, u.self
		from unnest(@ids::bigint[], @terms::jsonb[], @programs::jsonb[], @reasons::text[], @deciders::bigint[], @at::timestamptz[], @self::boolean[])
			u (id, terms, programs, reason, decider, at, self)
		join purpose_mapping m on m.workspace_id = @ws and m.id = u.id
		join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
		join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
		join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
		join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id
		left join data_category c on c.workspace_id = f.workspace_id and c.id = f.category_id
		left join app_user w on w.id = u.decider
		returning id, mapping_id`, pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids, "terms": terms, "programs": programs, "reasons": reasons,
		"deciders": deciders, "at": at, "self": self, "until": until, "operator": by.Name})
	if err != nil {
		return nil, err
	}
	given := make(map[domain.MappingID]int64, n)
	for _, r := range rows {
		given[r.Mapping] = r.ID
	}
	return mapSlice(next, func(m domain.PurposeMapping) int64 { return given[m.ID] }), nil
}

// freezeMissing keeps, of a workspace or a file that is older than the keeping of approvals, what its mappings were approved for:
// as they are, since every change would have reopened them.
func (s *Store) freezeMissing(ctx context.Context, by domain.Actor) error {
	rows, err := many[mappingRow](ctx, s, "mapping", mappingSelect+` and m.state = 'approved' and m.approval_id is null`, pgx.StrictNamedArgs{"ws": by.Workspace})
	if err != nil || len(rows) == 0 {
		return err
	}
	mappings := mapSlice(rows, mappingRow.mapping)
	ids := mapSlice(mappings, func(m domain.PurposeMapping) domain.MappingID { return m.ID })
	grounds, err := s.grounds(ctx, by, ids)
	if err != nil {
		return err
	}
	given, err := s.freeze(ctx, by, mappings, nil, grounds)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, "mapping", `update purpose_mapping m set approval_id = u.approval from unnest(@ids::bigint[], @given::bigint[]) u (id, approval)
		where m.workspace_id = @ws and m.id = u.id`, pgx.StrictNamedArgs{"ws": by.Workspace,
		"ids": mapSlice(ids, func(id domain.MappingID) int64 { return int64(id) }), "given": given})
	return err
}

// eachFrozen locks mappings that were approved once and tells of each why that approval does not hold now; empty where it does.
func (s *Store) eachFrozen(ctx context.Context, by domain.Actor, which string, args pgx.StrictNamedArgs, f func(id domain.MappingID, because string)) error {
	return s.compareFrozen(ctx, by, which+` order by m.id for update of m`, args, nil, f)
}

// frozenChange is what a comparison is asked to take for true instead: of what is shared, and of one mapping.
type frozenChange struct {
	shared func(*reviewContext)
	each   func(*groundRow)
}

// compareFrozen tells the same without a lock, where what is true now is changed first.
func (s *Store) compareFrozen(ctx context.Context, by domain.Actor, which string, args pgx.StrictNamedArgs, change *frozenChange, f func(id domain.MappingID, because string)) error {
	args["ws"] = by.Workspace
	rows, err := many[frozenRow](ctx, s, "mapping", `select `+groundCols+`, k.terms::text as terms, k.until, k.approved_at`+groundFrom+`
		join approval k on k.workspace_id = m.workspace_id and k.id = m.approval_id
		where m.workspace_id = @ws and `+which, args)
	if err != nil || len(rows) == 0 {
		return err
	}
	c, err := s.reviewContext(ctx, by)
	if err != nil {
		return err
	}
	if change != nil {
		change.shared(c)
	}
	x := comparison{c, map[compared]string{}}
	for _, r := range rows {
		if change != nil {
			change.each(&r.groundRow)
		}
		because, err := x.ended(r)
		if err != nil {
			return err
		}
		f(r.ID, because)
	}
	return nil
}

// judgeTelling judges fields, and tells how many of their approvals went back to the DPO with it.
func (s *Store) judgeTelling(ctx context.Context, by domain.Actor, fields []int64) (reopened int64, err error) {
	before, err := s.approvalsOf(ctx, by, fields)
	if err != nil {
		return 0, err
	}
	if err := s.judge(ctx, by, fields); err != nil || before == 0 {
		return 0, err
	}
	after, err := s.approvalsOf(ctx, by, fields)
	return before - after, err
}

// approvalsOf counts the approved mappings of fields.
func (s *Store) approvalsOf(ctx context.Context, by domain.Actor, fields []int64) (int64, error) {
	return one[int64](ctx, s, "mapping", `select count(*) from purpose_mapping where workspace_id = @ws and field_id = any(@fields) and state = 'approved'`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "fields": fields})
}

// reopenChanged sends back to the DPO what no longer is as it was approved, among the mappings of those fields, each with its
// event; it returns how many. It must be called in the transaction of every change of what an approval is about, before verdicts
// are judged: judge does.
func (s *Store) reopenChanged(ctx context.Context, by domain.Actor, ids []int64) (int64, error) {
	return s.reopenAmong(ctx, by, "m.field_id = any(@ids)", pgx.StrictNamedArgs{"ids": ids})
}

// reviewDay does what a new day asks of the review: what was approved until a day that has passed, or before the day on which its
// purpose was to be reviewed, goes back to the DPO, and what was put off until today comes back. Nobody did it: the history says
// so. The queue is made from nothing where no day was there before.
func (s *Store) reviewDay(ctx context.Context, by domain.Actor, first bool) error {
	by.User, by.Name = 0, domain.OperatorName
	if first {
		if err := s.freezeMissing(ctx, by); err != nil {
			return err
		}
	}
	reopened, err := s.reopenDue(ctx, by)
	if err != nil {
		return err
	}
	if first || reopened > 0 {
		return s.lineUp(ctx, by, nil)
	}
	return s.wake(ctx, by)
}

func (s *Store) reopenDue(ctx context.Context, by domain.Actor) (int64, error) {
	return s.reopenAmong(ctx, by, `(k.until < @today or m.purpose_id in (select id from purpose where workspace_id = @ws and review_on < @today))`,
		pgx.StrictNamedArgs{"today": domain.Day(s.now().UTC())})
}

func (s *Store) reopenAmong(ctx context.Context, by domain.Actor, which string, args pgx.StrictNamedArgs) (int64, error) {
	var ids []int64
	var causes []string
	err := s.eachFrozen(ctx, by, "m.state = 'approved' and "+which, args, func(id domain.MappingID, because string) {
		if because != "" {
			ids, causes = append(ids, int64(id)), append(causes, because)
		}
	})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return s.exec(ctx, "mapping", `with reopened as (
			update purpose_mapping m set state = 'proposed', reopened_because = u.because, decided_by = null, decided_at = null,
				decision_reason = '', self_approved = false, version = version + 1
			from unnest(@ids::bigint[], @causes::text[]) u (id, because)
			where m.workspace_id = @ws and m.id = u.id returning m.field_id, m.purpose_id, u.because
		)
		insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after, batch_id)
		select @ws, @by, @by_name, 'field.mapping_reopened', 'field', f.id, f.name, `+approvedFacts+`, `+reopenedFacts+`, @batch
		from reopened r join field f on f.workspace_id = @ws and f.id = r.field_id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids, "causes": causes, "by": zeroNull(by.User), "by_name": by.Name, "batch": zeroNull(s.batch)})
}

// reinstate gives their approvals back to the mappings that a batch reopened and of which what was approved is there again, now
// that its changes are undone.
func (s *Store) reinstate(ctx context.Context, by domain.Actor, batch domain.BatchID, fields []int64) error {
	var ids []int64
	err := s.eachFrozen(ctx, by, `m.state = 'proposed' and m.field_id = any(@ids) and exists (select from event e
			where e.workspace_id = @ws and e.batch_id = @batch and e.verb = 'field.mapping_reopened' and e.subject_id = m.field_id
				and (e.after->>'purpose')::bigint = m.purpose_id and e.after->>'reopened_because' = m.reopened_because)`,
		pgx.StrictNamedArgs{"ids": fields, "batch": batch}, func(id domain.MappingID, because string) {
			if because == "" {
				ids = append(ids, int64(id))
			}
		})
	if err != nil || len(ids) == 0 {
		return err
	}
	_, err = s.exec(ctx, "mapping", `with reinstated as (
			update purpose_mapping m set state = 'approved', reopened_because = '', decided_by = k.approved_by, decided_at = k.approved_at,
				decision_reason = k.reason, self_approved = k.self_approved, version = m.version + 1
			from approval k, purpose_mapping o where m.workspace_id = @ws and m.id = any(@ids) and k.workspace_id = m.workspace_id and k.id = m.approval_id
				and o.workspace_id = m.workspace_id and o.id = m.id
			returning m.field_id, m.purpose_id, o.reopened_because as because
		)
		insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after, batch_id)
		select @ws, @by, @by_name, 'field.undone', 'field', f.id, f.name, `+reopenedFacts+`, `+approvedFacts+`, @batch
		from reinstated r join field f on f.workspace_id = @ws and f.id = r.field_id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids, "by": zeroNull(by.User), "by_name": by.Name, "batch": batch})
	return err
}

// The values of a mapping r before and after it was reopened: its undoing tells them the other way round.
const (
	approvedFacts = `jsonb_build_object('mapping', 'approved', 'purpose', r.purpose_id)`
	reopenedFacts = `jsonb_build_object('mapping', 'proposed', 'purpose', r.purpose_id, 'reopened_because', r.because)`
)

type approvalRow struct {
	ID            domain.ApprovalID `db:"id"`
	MappingID     domain.MappingID  `db:"mapping_id"`
	FieldID       domain.FieldID    `db:"field_id"`
	PurposeID     domain.PurposeID  `db:"purpose_id"`
	FieldName     string            `db:"field_name"`
	Place         string            `db:"place"`
	CategoryName  string            `db:"category_name"`
	PurposeName   string            `db:"purpose_name"`
	ProgramNames  []string          `db:"program_names"`
	Terms         map[string]any    `db:"terms"`
	Justification string            `db:"justification"`
	Reason        string            `db:"reason"`
	Until         *time.Time        `db:"until"`
	By            *domain.UserID    `db:"approved_by"`
	ByName        string            `db:"approved_by_name"`
	At            time.Time         `db:"approved_at"`
	Self          bool              `db:"self_approved"`
}

func (r approvalRow) approval() domain.Approval {
	return domain.Approval{ID: r.ID, Mapping: r.MappingID, Field: r.FieldID, Purpose: r.PurposeID, FieldName: r.FieldName, Place: r.Place,
		CategoryName: r.CategoryName, PurposeName: r.PurposeName, ProgramNames: r.ProgramNames, Terms: r.Terms, Justification: r.Justification,
		Reason: r.Reason, Until: r.Until, By: deref(r.By), ByName: r.ByName, At: r.At, Self: r.Self}
}

// approvals are those that were not taken back, the newest first.
func (s *Store) approvals(ctx context.Context, by domain.Actor, which string, args pgx.StrictNamedArgs) ([]domain.Approval, error) {
	args["ws"] = by.Workspace
	rows, err := many[approvalRow](ctx, s, "approval", `select k.id, k.mapping_id, k.field_id, k.purpose_id, k.field_name, k.place, k.category_name,
			k.purpose_name, k.program_names, k.terms, k.justification, k.reason, k.until, k.approved_by, k.approved_by_name, k.approved_at, k.self_approved
		from approval k where k.workspace_id = @ws and k.withdrawn_at is null and `+which+` order by k.id desc limit 100`, args)
	return mapSlice(rows, approvalRow.approval), err
}

// ApprovalsOf returns what was approved of a mapping and not taken back, the newest first.
func (s *Store) ApprovalsOf(ctx context.Context, by domain.Actor, id domain.MappingID) (list []domain.Approval, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		list, err = s.approvals(ctx, by, "k.mapping_id = @mapping", pgx.StrictNamedArgs{"mapping": id})
		return err
	})
	return list, err
}

// frozenRow is a mapping beside its last approval.
type frozenRow struct {
	groundRow
	Terms string     `db:"terms"`
	Until *time.Time `db:"until"`
	At    time.Time  `db:"approved_at"`
}

// comparison holds approvals against what is true now. Most of a set have the same terms, so each pair is compared once.
type comparison struct {
	c     *reviewContext
	first map[compared]string
}

type compared struct {
	terms, class, programs string
	purpose                domain.PurposeID
	category               domain.CategoryID
}

// ended says why the approval of a mapping no longer holds; empty where it does.
func (x comparison) ended(r frozenRow) (string, error) {
	key := compared{r.Terms, r.Class, fmt.Sprint(r.Programs), r.Purpose, r.Category}
	because, known := x.first[key]
	if !known {
		var terms domain.Terms
		if err := json.Unmarshal([]byte(r.Terms), &terms); err != nil {
			return "", err
		}
		if moved := terms.Moved(domain.TermsOf(r.Category, x.c.facts(r.groundRow))); len(moved) > 0 {
			because = moved[0]
		}
		x.first[key] = because
	}
	if because == "" {
		because = domain.Approval{Until: r.Until, At: r.At}.Due(x.c.purposes[r.Purpose].ReviewOn, x.c.today)
	}
	return because, nil
}
