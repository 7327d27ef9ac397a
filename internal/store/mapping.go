package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// MappingCase is a mapping with everything that its answer depends on.
type MappingCase struct {
	domain.PurposeMapping
	FieldName, FieldLabel, FieldDescription string
	Application                             domain.ApplicationID
	ApplicationName, DatasetName            string
	Category                                string // label; empty for none
	Class                                   domain.GDPRClass
	Verdict                                 domain.Verdict
	PurposeCode, PurposeName, LegalBasis    string
	Proposer, Decider                       string // names; empty for nobody
	// What the legal checks read, and what an approval would freeze; of a mapping that was read alone.
	Facts domain.CheckFacts
	Terms domain.Terms
}

type mappingRow struct {
	ID              domain.MappingID     `db:"id"`
	FieldID         domain.FieldID       `db:"field_id"`
	PurposeID       domain.PurposeID     `db:"purpose_id"`
	Justification   string               `db:"justification"`
	State           string               `db:"state"`
	ProposedBy      *domain.UserID       `db:"proposed_by"`
	ProposedAt      time.Time            `db:"proposed_at"`
	DecidedBy       *domain.UserID       `db:"decided_by"`
	DecidedAt       *time.Time           `db:"decided_at"`
	Reason          string               `db:"decision_reason"`
	SelfApproved    bool                 `db:"self_approved"`
	ApprovalID      *domain.ApprovalID   `db:"approval_id"`
	ThreadID        *domain.ThreadID     `db:"thread_id"`
	ReopenedBecause string               `db:"reopened_because"`
	Version         int                  `db:"version"`
	FieldName       string               `db:"field_name"`
	FieldLabel      string               `db:"field_label"`
	FieldText       string               `db:"field_description"`
	ApplicationID   domain.ApplicationID `db:"application_id"`
	ApplicationName string               `db:"application_name"`
	DatasetName     string               `db:"dataset_name"`
	Category        string               `db:"category"`
	Class           string               `db:"gdpr_class"`
	Verdict         string               `db:"verdict"`
	PurposeCode     string               `db:"purpose_code"`
	PurposeName     string               `db:"purpose_name"`
	LegalBasis      string               `db:"legal_basis"`
	Proposer        string               `db:"proposer"`
	Decider         string               `db:"decider"`
}

const mappingSelect = `select m.id, m.field_id, m.purpose_id, m.justification, m.state, m.proposed_by, m.proposed_at, m.decided_by, m.decided_at,
		m.decision_reason, m.self_approved, m.approval_id, m.thread_id, m.reopened_because, m.version,
		f.name as field_name, f.label as field_label, f.description as field_description, f.application_id, a.name as application_name,
		d.name as dataset_name, coalesce(case when current_setting('app.lang', true) = 'fr' then c.label_fr else c.label_en end, '') as category,
		f.gdpr_class, f.verdict, p.code as purpose_code, p.name as purpose_name, p.legal_basis,
		coalesce(pu.name, '') as proposer, coalesce(du.name, '') as decider
	from purpose_mapping m
	join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
	join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
	join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
	join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id
	left join data_category c on c.workspace_id = f.workspace_id and c.id = f.category_id
	left join app_user pu on pu.id = m.proposed_by
	left join app_user du on du.id = m.decided_by
	where m.workspace_id = @ws`

func (r mappingRow) mapping() domain.PurposeMapping {
	return domain.PurposeMapping{ID: r.ID, Field: r.FieldID, Purpose: r.PurposeID, Justification: r.Justification,
		State: domain.MappingState(r.State), ProposedBy: deref(r.ProposedBy), ProposedAt: r.ProposedAt, DecidedBy: deref(r.DecidedBy),
		DecidedAt: r.DecidedAt, Reason: r.Reason, SelfApproved: r.SelfApproved, Approval: deref(r.ApprovalID), Thread: deref(r.ThreadID), ReopenedBecause: r.ReopenedBecause, Version: r.Version}
}

func (r mappingRow) mappingCase() MappingCase {
	return MappingCase{PurposeMapping: r.mapping(), FieldName: r.FieldName, FieldLabel: r.FieldLabel, FieldDescription: r.FieldText,
		Application: r.ApplicationID, ApplicationName: r.ApplicationName, DatasetName: r.DatasetName, Category: r.Category,
		Class: domain.GDPRClass(r.Class), Verdict: domain.Verdict(r.Verdict), PurposeCode: r.PurposeCode, PurposeName: r.PurposeName,
		LegalBasis: r.LegalBasis, Proposer: r.Proposer, Decider: r.Decider}
}

// MappingByID returns NotFound where the workspace has no such mapping.
func (s *Store) MappingByID(ctx context.Context, by domain.Actor, id domain.MappingID) (c MappingCase, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		r, err := one[mappingRow](ctx, s, "mapping", mappingSelect+` and m.id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err != nil {
			return err
		}
		c = r.mappingCase()
		grounds, err := s.grounds(ctx, by, []domain.MappingID{id})
		c.Facts, c.Terms = grounds[id].facts, grounds[id].terms()
		return err
	})
	return c, err
}

// ProposeMapping ties a field to a purpose, for a DPO to approve, and judges the field. A mapping that waits takes the
// new words; one that was refused is put again. Conflict where the two are tied and approved already.
func (s *Store) ProposeMapping(ctx context.Context, by domain.Actor, field domain.FieldID, purpose domain.PurposeID, justification string) (id domain.MappingID, err error) {
	if err := by.Must(domain.ProposeMapping); err != nil {
		return 0, err
	}
	m, err := domain.NewMapping(domain.PurposeMapping{Field: field, Purpose: purpose, Justification: justification})
	if err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		if err := s.checkOpenPurpose(ctx, by, purpose); err != nil {
			return err
		}
		// The field is locked so that two proposals of the same pair follow each other.
		f, err := s.lockedField(ctx, by, field)
		if err != nil {
			return err
		}
		var was *domain.PurposeMapping
		rows, err := many[mappingRow](ctx, s, "mapping", mappingSelect+` and m.field_id = @field and m.purpose_id = @purpose for update of m`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "field": field, "purpose": purpose})
		if err != nil {
			return err
		}
		if len(rows) == 1 {
			old := rows[0].mapping()
			was = &old
			if m, err = old.Propose(by, s.now(), justification); err != nil {
				return err
			}
		}
		id, err = one[domain.MappingID](ctx, s, "mapping", `insert into purpose_mapping (workspace_id, field_id, purpose_id, justification, proposed_by)
			values (@ws, @field, @purpose, @justification, @by)
			on conflict (workspace_id, field_id, purpose_id) do update set justification = excluded.justification, state = 'proposed',
				proposed_by = excluded.proposed_by, proposed_at = clock_timestamp(), decided_by = null, decided_at = null,
				decision_reason = '', self_approved = false, version = purpose_mapping.version + 1
			returning id`, pgx.StrictNamedArgs{"ws": by.Workspace, "field": field, "purpose": purpose, "justification": m.Justification,
			"by": zeroNull(by.User)})
		if err != nil {
			return err
		}
		event := domain.Event{Verb: "field.mapped", Subject: f.Subject(),
			After: map[string]any{"purpose": int64(purpose), "justification": m.Justification}}
		if was != nil {
			event.Before = map[string]any{"mapping": string(was.State), "justification": was.Justification}
			event.After["mapping"] = string(domain.MappingProposed)
		}
		if err := s.record(ctx, by, event); err != nil {
			return err
		}
		return s.judge(ctx, by, []int64{int64(field)})
	})
	return id, err
}

// checkOpenPurpose refuses a purpose that is not there, retired or archived: nothing new is tied to it.
func (s *Store) checkOpenPurpose(ctx context.Context, by domain.Actor, id domain.PurposeID) error {
	open, err := one[bool](ctx, s, "purpose", `select exists(select from purpose where workspace_id = @ws and id = @id
		and state <> 'retired' and archived_at is null for share)`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	if err == nil && !open {
		var p domain.Problems
		p.Add("purpose", "error.reference")
		err = p.Err()
	}
	return err
}

// Answer is what a reviewer says of one or several mappings.
type Answer struct {
	Approve bool
	Until   *time.Time // last day of an approval; nil for one without
	Reason  string
	Purpose domain.PurposeID // of a refusal, where another purpose is proposed; zero for none
}

func (a Answer) give(m domain.PurposeMapping, by domain.Actor, at time.Time, g domain.MappingGround) (domain.PurposeMapping, error) {
	if a.Approve {
		return m.Approve(by, at, a.Reason, a.Until, g)
	}
	return m.Reject(by, at, a.Reason)
}

// label is what the list of recent activity says of the answer.
func (a Answer) label() map[string]any {
	label := map[string]any{"reason": strings.TrimSpace(a.Reason)}
	if a.Until != nil {
		label["approved_until"] = a.Until.Format("2006-01-02")
	}
	if a.Purpose != 0 {
		label["purpose"] = int64(a.Purpose)
	}
	return label
}

func (a Answer) act() domain.BulkAct {
	switch {
	case a.Approve:
		return domain.BulkApprove
	case a.Purpose != 0:
		return domain.BulkRedirect
	}
	return domain.BulkReject
}

func (a Answer) state() domain.MappingState {
	if a.Approve {
		return domain.MappingApproved
	}
	return domain.MappingRejected
}

// Answered is what became of the mappings that an answer was about.
type Answered struct {
	Done    int64
	Batch   domain.BatchID   // where they are undone together; zero where one was answered alone
	Self    int64            // of those, approved by who had proposed them
	Refused map[string]int64 // how many could not be answered so, by the key of the reason
}

// ReviewMapping answers one mapping as it was seen. Conflict where it changed since, where it cannot be answered so, or
// where the reviewer proposed it and somebody else may answer.
func (s *Store) ReviewMapping(ctx context.Context, by domain.Actor, id domain.MappingID, seen int, a Answer) (done Answered, err error) {
	if err := by.Must(domain.ReviewMapping); err != nil {
		return done, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		rows, err := s.lockMappings(ctx, by, `m.id = @id`, pgx.StrictNamedArgs{"id": id})
		switch {
		case err != nil:
			return err
		case len(rows) == 0:
			return domain.Errorf(domain.NotFound, "error.not_found", "noun", "mapping")
		case rows[0].Version != seen:
			return stale()
		}
		done, err = s.reviewRows(ctx, by, rows, a, true)
		return err
	})
	return done, err
}

// lockMappings reads mappings m that nobody else may change until the transaction ends, nor their fields: these come first, as
// wherever both are locked.
func (s *Store) lockMappings(ctx context.Context, by domain.Actor, which string, args pgx.StrictNamedArgs) ([]mappingRow, error) {
	args["ws"] = by.Workspace
	fields, err := many[int64](ctx, s, "field", `select distinct m.field_id from purpose_mapping m where m.workspace_id = @ws and `+which, args)
	if err != nil {
		return nil, err
	}
	if err := s.takeTurn(ctx, by, fields); err != nil {
		return nil, err
	}
	return many[mappingRow](ctx, s, "mapping", mappingSelect+` and `+which+` order by m.id for update of m`, args)
}

// otherReviewer tells whether somebody else of the workspace may answer mappings, and can sign in to do so.
func (s *Store) otherReviewer(ctx context.Context, by domain.Actor) (bool, error) {
	return one[bool](ctx, s, "member", `select exists(select from membership m join app_user u on u.id = m.user_id
		where m.workspace_id = @ws and m.role in ('dpo', 'admin') and m.user_id <> @me and u.disabled_at is null)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "me": int64(by.User)})
}

// ReviewMappings gives one answer to several mappings. Each that cannot be answered so stays as it is and is counted
// under its reason; sensitive data, offences and the NIR are answered one by one only.
func (s *Store) ReviewMappings(ctx context.Context, by domain.Actor, ids []domain.MappingID, a Answer) (done Answered, err error) {
	if err := by.Must(domain.ReviewMapping); err != nil {
		return done, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		rows, err := s.lockMappings(ctx, by, `m.id = any(@ids)`, pgx.StrictNamedArgs{"ids": mapSlice(ids, func(id domain.MappingID) int64 { return int64(id) })})
		if err != nil {
			return err
		}
		done, err = s.reviewRows(ctx, by, rows, a, false)
		return err
	})
	return done, err
}

// reviewRows answers mappings that are locked. One that is answered alone and cannot be answered so is an error.
func (s *Store) reviewRows(ctx context.Context, by domain.Actor, rows []mappingRow, a Answer, alone bool) (Answered, error) {
	done := Answered{Refused: map[string]int64{}}
	other, err := s.otherReviewer(ctx, by)
	if err != nil {
		return done, err
	}
	grounds, err := s.grounds(ctx, by, mapSlice(rows, func(r mappingRow) domain.MappingID { return r.ID }))
	if err != nil {
		return done, err
	}
	now := s.now()
	var was, next []domain.PurposeMapping
	for _, r := range rows {
		if domain.GDPRClass(r.Class).Special() && !alone {
			done.Refused["mapping.one_by_one"]++
			continue
		}
		m, err := a.give(r.mapping(), by, now, domain.MappingGround{Facts: grounds[r.ID].facts, OtherReviewer: other})
		if refusal, ok := errors.AsType[*domain.Error](err); ok && refusal.Kind == domain.Conflict && !alone {
			done.Refused[refusal.Key]++
			continue
		}
		if err != nil {
			return done, err
		}
		was, next = append(was, r.mapping()), append(next, m)
		done.Done++
		if m.SelfApproved {
			done.Self++
		}
	}
	if done.Done == 0 {
		return done, nil
	}
	if done.Batch, err = s.addBatch(ctx, by, a.act(), a.label(), done.Done, int64(len(rows))-done.Done); err != nil {
		return done, err
	}
	return done, s.storeAnswers(ctx, by, a, done.Batch, was, next, grounds)
}

// storeAnswers writes answers, what they froze, their history and the verdicts that follow, all by sets.
func (s *Store) storeAnswers(ctx context.Context, by domain.Actor, a Answer, batch domain.BatchID, was, next []domain.PurposeMapping, grounds map[domain.MappingID]ground) (err error) {
	n := len(next)
	ids, self, states, why, fields := make([]int64, n), make([]bool, n), make([]string, n), make([]string, n), make([]int64, n)
	before, given := make([]int64, n), make([]int64, n)
	for i, m := range next {
		ids[i], self[i], states[i], why[i], fields[i] = int64(m.ID), m.SelfApproved, string(was[i].State), was[i].ReopenedBecause, int64(m.Field)
		before[i], given[i] = int64(m.Approval), int64(m.Approval)
	}
	if a.Approve {
		if given, err = s.freeze(ctx, by, next, a.Until, grounds); err != nil {
			return err
		}
	}
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids, "self": self, "was": states, "why": why, "before": before, "given": given,
		"batch": zeroNull(batch), "state": string(a.state()), "until": a.Until, "reason": next[0].Reason, "by": zeroNull(by.User),
		"at": next[0].DecidedAt, "by_name": by.Name, "acting": by.ActsAsDPO(),
		"verb": map[bool]string{true: "field.mapping_approved", false: "field.mapping_rejected"}[a.Approve]}
	if _, err := s.exec(ctx, "mapping", `with u as (
			select id, self, was, why, nullif(before, 0) as before, nullif(given, 0) as given
			from unnest(@ids::bigint[], @self::boolean[], @was::text[], @why::text[], @before::bigint[], @given::bigint[]) u (id, self, was, why, before, given)
		), answered as (
			update purpose_mapping m set state = @state, decided_by = @by, decided_at = @at, decision_reason = @reason,
				self_approved = u.self, approval_id = u.given, reopened_because = '', version = m.version + 1
			from u where m.workspace_id = @ws and m.id = u.id
			returning m.field_id, m.purpose_id, u.self, u.was, u.why, u.before, u.given
		)
		insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after, reason, batch_id)
		select @ws, @by, @by_name, @verb, 'field', f.id, f.name, jsonb_strip_nulls(jsonb_build_object('mapping', x.was, 'approval_id', x.before,
				'reopened_because', nullif(x.why, ''))),
			jsonb_strip_nulls(jsonb_build_object('mapping', @state::text, 'purpose', x.purpose_id, 'approval_id', x.given, 'approved_until', @until::date))
				|| case when x.self then '{"self_approved": true}'::jsonb else '{}' end
				|| case when @acting then '{"acting_as_dpo": true}'::jsonb else '{}' end, @reason, @batch
		from answered x join field f on f.workspace_id = @ws and f.id = x.field_id`, args); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "review", `delete from review_snooze where workspace_id = @ws and mapping_id = any(@ids)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids}); err != nil {
		return err
	}
	return s.judge(ctx, by, fields)
}

// groupSeen is a text that differs once any mapping of a group was added, taken away, answered or changed.
const groupSeen = `count(*) || '.' || sum(m.version) || '.' || sum(m.id) || '.' || max(m.id)`

// seenOf is groupSeen of rows that were read.
func seenOf(rows []mappingRow) string {
	var versions, ids, most int64
	for _, r := range rows {
		versions, ids, most = versions+int64(r.Version), ids+int64(r.ID), max(most, int64(r.ID))
	}
	return fmt.Sprintf("%d.%d.%d.%d", len(rows), versions, ids, most)
}

// mappingRisks are the risks of a mapping in the order of domain.Risks: those of CheckFacts.RiskFactors, which a test compares.
const mappingRisks = `array_remove(array[
	case when f.gdpr_class in ('sensitive_art9', 'nir', 'criminal_art10', 'highly_personal') then f.gdpr_class end,
	case when 'minors' = any(case when d.subjects = '{}' then p.subjects else d.subjects end) then 'minors' end,
	case when p.transfers <> '[]' or p.recipients @> '[{"kind": "third_country"}]' then 'transfers' end,
	case when f.gdpr_class = 'unclassified' then 'unclassified' end], null)`

// mappingStanding is whom a mapping waits for; empty where it is answered. What was put off later than the day that somebody looks
// at was open then.
const mappingStanding = `case when r.state <> 'proposed' then ''
	when r.thread_id in (select t.id from review_thread t where t.workspace_id = @ws and t.answered_at is null) then 'asked'
	when r.id in (select z.mapping_id from review_snooze z where z.workspace_id = @ws and z.until > reference_day()
		and z.snoozed_at <= coalesce(nullif(current_setting('app.as_of', true), '')::timestamptz, clock_timestamp())) then 'snoozed'
	else 'open' end`

var _ = addRegister(registerSQL{
	register: domain.MappingRegister,
	from:     "purpose_mapping r",
	joins: []joinSQL{
		{"f", "join field f on f.workspace_id = r.workspace_id and f.id = r.field_id"},
		{"d", "join dataset d on d.workspace_id = r.workspace_id and d.id = f.dataset_id"},
		{"a", "join application a on a.workspace_id = r.workspace_id and a.id = f.application_id"},
		{"p", "join purpose p on p.workspace_id = r.workspace_id and p.id = r.purpose_id"},
		{"c", "left join data_category c on c.workspace_id = r.workspace_id and c.id = f.category_id"},
		{"pu", "left join app_user pu on pu.id = r.proposed_by"},
		{"du", "left join app_user du on du.id = r.decided_by"},
	},
	cubed:  true,
	orders: map[string]string{"proposed_at": "r.proposed_at"},
	cells: map[string]string{
		"field": "f.name", "application": "a.name", "dataset": "d.name",
		"category":   "case when current_setting('app.lang', true) = 'fr' then c.label_fr else c.label_en end",
		"gdpr_class": "f.gdpr_class", "purpose": "p.name", "legal_basis": "p.legal_basis", "mapping": "r.state", "standing": mappingStanding, "risk": mappingRisks, "justification": "r.justification",
		"proposed_by": "pu.name", "proposed_at": "r.proposed_at", "decided_by": "du.name", "decided_at": "r.decided_at",
		"reason": "r.decision_reason", "self_approved": "r.self_approved", "reopened_because": "r.reopened_because", "verdict": "f.verdict",
	},
	filters: map[string]filterSQL{
		"mapping":          {expr: "r.state"},
		"standing":         {expr: mappingStanding, none: "r.state <> 'proposed'"},
		"risk":             {in: mappingRisks + " && %s::text[]", none: "cardinality(" + mappingRisks + ") = 0", many: mappingRisks},
		"purpose":          {expr: "r.purpose_id::text", named: "purpose", lookup: purposeLookup},
		"application":      {expr: "f.application_id::text", named: "application", lookup: applicationLookup},
		"gdpr_class":       {expr: "f.gdpr_class"},
		"legal_basis":      {expr: "p.legal_basis", none: "p.legal_basis = ''"},
		"category":         {expr: "f.category_id::text", none: "f.category_id is null", lookup: categoryLookup},
		"proposed_by":      {expr: "r.proposed_by::text", none: "r.proposed_by is null", named: "app_user", lookup: userLookup},
		"reopened_because": {expr: "r.reopened_because", none: "r.reopened_because = ''"},
		"self_approved":    {expr: "case when r.self_approved then 'yes' else 'no' end"},
		"field":            {expr: "r.field_id::text", label: "f.name", lookup: fieldLookup},
	},
	search:   "fold(f.name || ' ' || f.label || ' ' || p.code || ' ' || p.name || ' ' || r.justification)",
	archived: "false",
})

const fieldLookup = `select id::text from field where workspace_id = @ws and fold(name) = any(%s)`

// OtherReviewer tells whether somebody else than the actor may answer mappings.
func (s *Store) OtherReviewer(ctx context.Context, by domain.Actor) (other bool, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		other, err = s.otherReviewer(ctx, by)
		return err
	})
	return other, err
}
