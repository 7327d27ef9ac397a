package store

import (
	"context"
	"errors"
	"fmt"
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
	Rules                                   domain.PurposeFacts // of the purpose
	Proposer, Decider                       string              // names; empty for nobody
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
	PurposeState    string               `db:"purpose_state"`
	NeedsProgram    bool                 `db:"needs_program"`
	StartsOn        *time.Time           `db:"starts_on"`
	EndsOn          *time.Time           `db:"ends_on"`
	Art9            bool                 `db:"art9"`
	LegalText       bool                 `db:"legal_text"`
	Proposer        string               `db:"proposer"`
	Decider         string               `db:"decider"`
}

const mappingSelect = `select m.id, m.field_id, m.purpose_id, m.justification, m.state, m.proposed_by, m.proposed_at, m.decided_by, m.decided_at,
		m.decision_reason, m.self_approved, m.reopened_because, m.version,
		f.name as field_name, f.label as field_label, f.description as field_description, f.application_id, a.name as application_name,
		d.name as dataset_name, coalesce(case when current_setting('app.lang', true) = 'fr' then c.label_fr else c.label_en end, '') as category,
		f.gdpr_class, f.verdict, p.code as purpose_code, p.name as purpose_name, p.legal_basis,
		case when p.archived_at is null then p.state else 'retired' end as purpose_state, p.needs_program, p.starts_on, p.ends_on,
		p.art9_condition <> '' as art9, p.legal_reference <> '' as legal_text, coalesce(pu.name, '') as proposer, coalesce(du.name, '') as decider
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
		DecidedAt: r.DecidedAt, Reason: r.Reason, SelfApproved: r.SelfApproved, ReopenedBecause: r.ReopenedBecause, Version: r.Version}
}

func (r mappingRow) mappingCase() MappingCase {
	return MappingCase{PurposeMapping: r.mapping(), FieldName: r.FieldName, FieldLabel: r.FieldLabel, FieldDescription: r.FieldText,
		Application: r.ApplicationID, ApplicationName: r.ApplicationName, DatasetName: r.DatasetName, Category: r.Category,
		Class: domain.GDPRClass(r.Class), Verdict: domain.Verdict(r.Verdict), PurposeCode: r.PurposeCode, PurposeName: r.PurposeName,
		LegalBasis: r.LegalBasis, Proposer: r.Proposer, Decider: r.Decider,
		Rules: domain.PurposeFacts{State: domain.PurposeState(r.PurposeState), NeedsProgram: r.NeedsProgram, StartsOn: r.StartsOn,
			EndsOn: r.EndsOn, Art9Condition: r.Art9, LegalText: r.LegalText}}
}

func (c MappingCase) subject() domain.Subject {
	return domain.Subject{Kind: domain.SubjectField, ID: int64(c.Field), Name: c.FieldName}
}

// MappingByID returns NotFound where the workspace has no such mapping.
func (s *Store) MappingByID(ctx context.Context, by domain.Actor, id domain.MappingID) (c MappingCase, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		r, err := one[mappingRow](ctx, s, "mapping", mappingSelect+` and m.id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		c = r.mappingCase()
		return err
	})
	return c, err
}

// MappingsOf returns the mappings of a field, the oldest first.
func (s *Store) MappingsOf(ctx context.Context, by domain.Actor, field domain.FieldID) (cases []MappingCase, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[mappingRow](ctx, s, "mapping", mappingSelect+` and m.field_id = @field order by m.id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "field": field})
		cases = mapSlice(rows, mappingRow.mappingCase)
		return err
	})
	return cases, err
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
		name, err := one[string](ctx, s, "field", `select name from field where workspace_id = @ws and id = @id for update`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": field})
		if err != nil {
			return err
		}
		var was *domain.PurposeMapping
		rows, err := many[mappingRow](ctx, s, "mapping", mappingSelect+` and m.field_id = @field and m.purpose_id = @purpose`,
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
		event := domain.Event{Verb: "field.mapped", Subject: domain.Subject{Kind: domain.SubjectField, ID: int64(field), Name: name},
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
		and state <> 'retired' and archived_at is null)`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
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
	Reason  string
}

func (a Answer) give(m domain.PurposeMapping, by domain.Actor, at time.Time, g domain.MappingGround) (domain.PurposeMapping, error) {
	if a.Approve {
		return m.Approve(by, at, a.Reason, g)
	}
	return m.Reject(by, at, a.Reason)
}

func (a Answer) act() domain.BulkAct {
	if a.Approve {
		return domain.BulkApprove
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
func (s *Store) ReviewMapping(ctx context.Context, by domain.Actor, id domain.MappingID, seen int, a Answer) error {
	if err := by.Must(domain.ReviewMapping); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		r, err := one[mappingRow](ctx, s, "mapping", mappingSelect+` and m.id = @id for update of m`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err != nil {
			return err
		}
		if r.Version != seen {
			return stale()
		}
		other, err := s.otherReviewer(ctx, by)
		if err != nil {
			return err
		}
		c := r.mappingCase()
		next, err := a.give(c.PurposeMapping, by, s.now(), domain.MappingGround{Class: c.Class, Purpose: c.Rules, OtherReviewer: other})
		if err != nil {
			return err
		}
		return s.storeAnswers(ctx, by, a, 0, []MappingCase{c}, []domain.PurposeMapping{next})
	})
}

// otherReviewer tells whether somebody else of the workspace may answer mappings.
func (s *Store) otherReviewer(ctx context.Context, by domain.Actor) (bool, error) {
	return one[bool](ctx, s, "member", `select exists(select from membership where workspace_id = @ws and role in ('dpo', 'admin') and user_id <> @me)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "me": int64(by.User)})
}

// ReviewMappings gives one answer to several mappings. Each that cannot be answered so stays as it is and is counted
// under its reason; sensitive data, offences and the NIR are answered one by one only.
func (s *Store) ReviewMappings(ctx context.Context, by domain.Actor, ids []domain.MappingID, a Answer) (done Answered, err error) {
	if err := by.Must(domain.ReviewMapping); err != nil {
		return done, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		rows, err := many[mappingRow](ctx, s, "mapping", mappingSelect+` and m.id = any(@ids) order by m.id for update of m`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "ids": mapSlice(ids, func(id domain.MappingID) int64 { return int64(id) })})
		if err != nil {
			return err
		}
		done, err = s.reviewRows(ctx, by, rows, a)
		return err
	})
	return done, err
}

func (s *Store) reviewRows(ctx context.Context, by domain.Actor, rows []mappingRow, a Answer) (Answered, error) {
	done := Answered{Refused: map[string]int64{}}
	other, err := s.otherReviewer(ctx, by)
	if err != nil {
		return done, err
	}
	now := s.now()
	var cases []MappingCase
	var next []domain.PurposeMapping
	for _, r := range rows {
		c := r.mappingCase()
		if c.Class.Special() {
			done.Refused["mapping.one_by_one"]++
			continue
		}
		m, err := a.give(c.PurposeMapping, by, now, domain.MappingGround{Class: c.Class, Purpose: c.Rules, OtherReviewer: other})
		if refusal, ok := errors.AsType[*domain.Error](err); ok && refusal.Kind == domain.Conflict {
			done.Refused[refusal.Key]++
			continue
		}
		if err != nil {
			return done, err
		}
		cases, next = append(cases, c), append(next, m)
		done.Done++
		if m.SelfApproved {
			done.Self++
		}
	}
	if done.Done == 0 {
		return done, nil
	}
	refused := int64(len(rows)) - done.Done
	if done.Batch, err = s.addBatch(ctx, by, a.act(), map[string]any{"reason": next[0].Reason}, done.Done, refused); err != nil {
		return done, err
	}
	return done, s.storeAnswers(ctx, by, a, done.Batch, cases, next)
}

// storeAnswers writes answers, their history and the verdicts that follow, all by sets.
func (s *Store) storeAnswers(ctx context.Context, by domain.Actor, a Answer, batch domain.BatchID, cases []MappingCase, next []domain.PurposeMapping) error {
	if len(next) == 0 {
		return nil
	}
	n := len(next)
	ids, self, was, why, fields := make([]int64, n), make([]bool, n), make([]string, n), make([]string, n), make([]int64, n)
	for i, m := range next {
		ids[i], self[i], was[i], why[i], fields[i] = int64(m.ID), m.SelfApproved, string(cases[i].State), cases[i].ReopenedBecause, int64(m.Field)
	}
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids, "self": self, "was": was, "why": why, "batch": zeroNull(batch), "state": string(a.state()),
		"reason": next[0].Reason, "by": zeroNull(by.User), "at": next[0].DecidedAt, "by_name": by.Name, "acting": by.ActsAsDPO(),
		"verb": map[bool]string{true: "field.mapping_approved", false: "field.mapping_rejected"}[a.Approve]}
	if _, err := s.exec(ctx, "mapping", `with u as (
			select id, self, was, why from unnest(@ids::bigint[], @self::boolean[], @was::text[], @why::text[]) u (id, self, was, why)
		), answered as (
			update purpose_mapping m set state = @state, decided_by = @by, decided_at = @at, decision_reason = @reason,
				self_approved = u.self, reopened_because = '', version = m.version + 1
			from u where m.workspace_id = @ws and m.id = u.id
			returning m.field_id, m.purpose_id, u.self, u.was, u.why
		)
		insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after, reason, batch_id)
		select @ws, @by, @by_name, @verb, 'field', f.id, f.name, jsonb_build_object('mapping', x.was)
				|| case when x.why <> '' then jsonb_build_object('reopened_because', x.why) else '{}' end,
			jsonb_build_object('mapping', @state::text, 'purpose', x.purpose_id)
				|| case when x.self then '{"self_approved": true}'::jsonb else '{}' end
				|| case when @acting then '{"acting_as_dpo": true}'::jsonb else '{}' end, @reason, @batch
		from answered x join field f on f.workspace_id = @ws and f.id = x.field_id`, args); err != nil {
		return err
	}
	return s.judge(ctx, by, fields)
}

// MappingGroup is several proposals with one purpose, one category and one justification: one question to answer.
type MappingGroup struct {
	Purpose                  domain.PurposeID
	PurposeCode, PurposeName string
	LegalBasis               string
	PurposeState             domain.PurposeState
	Category                 domain.CategoryID
	CategoryLabel            string // empty for none
	Class                    domain.GDPRClass
	Justification            string
	ReopenedBecause          string
	Proposers                []string
	N, Own                   int64 // how many, and how many of them the reader proposed
	Since                    time.Time
	Seen                     string // changes with anything in the group
	First                    domain.MappingID
	Fields                   []string // names of some, as application › dataset.field
}

type groupRow struct {
	PurposeID       domain.PurposeID  `db:"purpose_id"`
	PurposeCode     string            `db:"purpose_code"`
	PurposeName     string            `db:"purpose_name"`
	LegalBasis      string            `db:"legal_basis"`
	PurposeState    string            `db:"purpose_state"`
	CategoryID      domain.CategoryID `db:"category_id"`
	Category        string            `db:"category"`
	Class           string            `db:"gdpr_class"`
	Justification   string            `db:"justification"`
	ReopenedBecause string            `db:"reopened_because"`
	Proposers       []string          `db:"proposers"`
	N               int64             `db:"n"`
	Own             int64             `db:"own"`
	Since           time.Time         `db:"since"`
	Seen            string            `db:"seen"`
	First           domain.MappingID  `db:"first"`
	Fields          []string          `db:"fields"`
}

// groupSeen is a text that differs once any mapping of a group was added, taken away, answered or changed.
const groupSeen = `count(*) || '.' || sum(m.version) || '.' || sum(m.id) || '.' || max(m.id)`

// MappingGroups returns what waits for an answer, grouped, the longest waiting first, at most so many; and how many
// groups and mappings wait in all.
func (s *Store) MappingGroups(ctx context.Context, by domain.Actor, most int) (groups []MappingGroup, waiting, mappings int64, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		args := pgx.StrictNamedArgs{"ws": by.Workspace, "me": int64(by.User), "most": most}
		rows, err := many[groupRow](ctx, s, "mapping", `
			select g.purpose_id, g.category_id, g.gdpr_class, g.justification, g.reopened_because, g.n, g.own, g.since, g.seen, g.first,
				p.code as purpose_code, p.name as purpose_name, p.legal_basis,
				case when p.archived_at is null then p.state else 'retired' end as purpose_state,
				coalesce(case when current_setting('app.lang', true) = 'fr' then c.label_fr else c.label_en end, '') as category,
				array(select distinct u.name from purpose_mapping m join app_user u on u.id = m.proposed_by
					join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
					where m.workspace_id = @ws and m.state = 'proposed' and m.purpose_id = g.purpose_id and coalesce(f.category_id, 0) = g.category_id
						and m.justification = g.justification and m.reopened_because = g.reopened_because order by 1 limit 3) as proposers,
				array(select a.name || ' › ' || d.name || '.' || f.name from purpose_mapping m
					join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
					join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
					join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
					where m.workspace_id = @ws and m.state = 'proposed' and m.purpose_id = g.purpose_id and coalesce(f.category_id, 0) = g.category_id
						and m.justification = g.justification and m.reopened_because = g.reopened_because order by m.id limit 6) as fields
			from (
				select m.purpose_id, coalesce(f.category_id, 0) as category_id, min(f.gdpr_class) as gdpr_class, m.justification,
					m.reopened_because, count(*) as n, count(*) filter (where m.proposed_by = @me) as own, min(m.proposed_at) as since,
					`+groupSeen+` as seen, min(m.id) as first
				from purpose_mapping m join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
				where m.workspace_id = @ws and m.state = 'proposed'
				group by m.purpose_id, f.category_id, m.justification, m.reopened_because
				order by min(m.proposed_at), min(m.id) limit @most
			) g
			join purpose p on p.workspace_id = @ws and p.id = g.purpose_id
			left join data_category c on c.workspace_id = @ws and c.id = g.category_id
			order by g.since, g.first`, args)
		if err != nil {
			return err
		}
		groups = mapSlice(rows, groupRow.group)
		type count struct {
			Groups   int64 `db:"groups"`
			Mappings int64 `db:"mappings"`
		}
		n, err := one[count](ctx, s, "mapping", `select count(*) as groups, coalesce(sum(n), 0)::bigint as mappings from (
			select count(*) as n from purpose_mapping m join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
			where m.workspace_id = @ws and m.state = 'proposed' group by m.purpose_id, f.category_id, m.justification, m.reopened_because) g`,
			pgx.StrictNamedArgs{"ws": by.Workspace})
		waiting, mappings = n.Groups, n.Mappings
		return err
	})
	return groups, waiting, mappings, err
}

func (r groupRow) group() MappingGroup {
	return MappingGroup{Purpose: r.PurposeID, PurposeCode: r.PurposeCode, PurposeName: r.PurposeName, LegalBasis: r.LegalBasis,
		PurposeState: domain.PurposeState(r.PurposeState), Category: r.CategoryID, CategoryLabel: r.Category, Class: domain.GDPRClass(r.Class),
		Justification: r.Justification, ReopenedBecause: r.ReopenedBecause, Proposers: r.Proposers, N: r.N, Own: r.Own, Since: r.Since,
		Seen: r.Seen, First: r.First, Fields: r.Fields}
}

// ReviewGroup answers the group that holds a mapping, as it was seen. Conflict where anything in it changed since.
func (s *Store) ReviewGroup(ctx context.Context, by domain.Actor, first domain.MappingID, seen string, a Answer) (done Answered, err error) {
	if err := by.Must(domain.ReviewMapping); err != nil {
		return done, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		rows, err := many[mappingRow](ctx, s, "mapping", mappingSelect+` and m.state = 'proposed' and exists (
				select from purpose_mapping k join field kf on kf.workspace_id = k.workspace_id and kf.id = k.field_id
				where k.workspace_id = @ws and k.id = @first and k.purpose_id = m.purpose_id and k.justification = m.justification
					and k.reopened_because = m.reopened_because and kf.category_id is not distinct from f.category_id)
			order by m.id for update of m`, pgx.StrictNamedArgs{"ws": by.Workspace, "first": first})
		if err != nil {
			return err
		}
		if len(rows) == 0 || seenOf(rows) != seen {
			return stale()
		}
		if len(rows) == 1 { // one question about one field is no bulk answer
			return s.answerAlone(ctx, by, rows[0], a, &done)
		}
		done, err = s.reviewRows(ctx, by, rows, a)
		return err
	})
	return done, err
}

func (s *Store) answerAlone(ctx context.Context, by domain.Actor, r mappingRow, a Answer, done *Answered) error {
	if err := s.ReviewMapping(ctx, by, r.ID, r.Version, a); err != nil {
		return err
	}
	*done = Answered{Done: 1}
	return nil
}

// seenOf is groupSeen of rows that were read.
func seenOf(rows []mappingRow) string {
	var versions, ids, most int64
	for _, r := range rows {
		versions, ids, most = versions+int64(r.Version), ids+int64(r.ID), max(most, int64(r.ID))
	}
	return fmt.Sprintf("%d.%d.%d.%d", len(rows), versions, ids, most)
}

var _ = addRegister(registerSQL{
	register: domain.MappingRegister,
	from: `purpose_mapping r
		join field f on f.workspace_id = r.workspace_id and f.id = r.field_id
		join dataset d on d.workspace_id = r.workspace_id and d.id = f.dataset_id
		join application a on a.workspace_id = r.workspace_id and a.id = f.application_id
		join purpose p on p.workspace_id = r.workspace_id and p.id = r.purpose_id
		left join data_category c on c.workspace_id = r.workspace_id and c.id = f.category_id
		left join app_user pu on pu.id = r.proposed_by
		left join app_user du on du.id = r.decided_by`,
	cells: map[string]string{
		"field": "f.name", "application": "a.name", "dataset": "d.name",
		"category":   "case when current_setting('app.lang', true) = 'fr' then c.label_fr else c.label_en end",
		"gdpr_class": "f.gdpr_class", "purpose": "p.name", "legal_basis": "p.legal_basis", "mapping": "r.state", "justification": "r.justification",
		"proposed_by": "pu.name", "proposed_at": "r.proposed_at", "decided_by": "du.name", "decided_at": "r.decided_at",
		"reason": "r.decision_reason", "self_approved": "r.self_approved", "reopened_because": "r.reopened_because", "verdict": "f.verdict",
	},
	filters: map[string]filterSQL{
		"mapping":          {expr: "r.state"},
		"purpose":          {expr: "r.purpose_id::text", label: "p.name", lookup: purposeLookup},
		"application":      {expr: "f.application_id::text", label: "a.name", lookup: applicationLookup},
		"gdpr_class":       {expr: "f.gdpr_class"},
		"legal_basis":      {expr: "p.legal_basis", none: "p.legal_basis = ''"},
		"category":         {expr: "f.category_id::text", none: "f.category_id is null", lookup: categoryLookup},
		"proposed_by":      {expr: "r.proposed_by::text", none: "r.proposed_by is null", label: "pu.name", lookup: userLookup},
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
