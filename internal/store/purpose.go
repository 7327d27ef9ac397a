package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type purposeRow struct {
	ID                domain.PurposeID        `db:"id"`
	Code              string                  `db:"code"`
	Name              string                  `db:"name"`
	Description       string                  `db:"description"`
	SubPurposes       []string                `db:"sub_purposes"`
	LegalBasis        string                  `db:"legal_basis"`
	LegalReference    string                  `db:"legal_reference"`
	Art9Condition     string                  `db:"art9_condition"`
	Interest          string                  `db:"interest"`
	Necessity         string                  `db:"necessity"`
	Balance           string                  `db:"balance"`
	ConsentProof      string                  `db:"consent_proof"`
	ConsentWithdrawal string                  `db:"consent_withdrawal"`
	Subjects          []string                `db:"subjects"`
	Recipients        []domain.Recipient      `db:"recipients"`
	Transfers         []domain.Transfer       `db:"transfers"`
	Data              []domain.DeclaredData   `db:"declared_data"`
	Exceptions        []domain.Exception      `db:"exceptions"`
	Assessor          string                  `db:"assessor"`
	AssessedOn        *time.Time              `db:"assessed_on"`
	ConsentWording    string                  `db:"consent_wording"`
	Compatibility     string                  `db:"compatibility"`
	Automated         string                  `db:"automated"`
	AutomatedLogic    string                  `db:"automated_logic"`
	AutomatedEffect   string                  `db:"automated_effect"`
	MeasuresNote      string                  `db:"measures_note"`
	Screening         domain.Screening        `db:"screening"`
	Published         bool                    `db:"published"`
	RetentionRuleID   *domain.RetentionRuleID `db:"retention_rule_id"`
	SecurityMeasures  []string                `db:"security_measures"`
	SourceOfData      string                  `db:"source_of_data"`
	NeedsProgram      bool                    `db:"needs_program"`
	State             string                  `db:"state"`
	StartsOn          *time.Time              `db:"starts_on"`
	EndsOn            *time.Time              `db:"ends_on"`
	ReviewOn          *time.Time              `db:"review_on"`
	OwnerID           *domain.UserID          `db:"owner_id"`
	Version           int                     `db:"version"`
	CreatedAt         time.Time               `db:"created_at"`
	UpdatedAt         time.Time               `db:"updated_at"`
	ArchivedAt        *time.Time              `db:"archived_at"`
}

// purposeFields are the columns that a person fills in.
const purposeFields = `code, name, description, sub_purposes, legal_basis, legal_reference, art9_condition, interest, necessity, balance,
	consent_proof, consent_withdrawal, subjects, recipients, transfers, retention_rule_id, security_measures,
	source_of_data, needs_program, state, starts_on, ends_on, review_on, owner_id, declared_data, exceptions, assessor, assessed_on, consent_wording, compatibility, automated,
	automated_logic, automated_effect, measures_note, screening, published`

const purposeValues = `@code, @name, @description, @sub_purposes, @legal_basis, @legal_reference, @art9_condition, @interest, @necessity, @balance,
	@consent_proof, @consent_withdrawal, @subjects, @recipients, @transfers, @retention_rule_id, @security_measures,
	@source_of_data, @needs_program, @state, @starts_on, @ends_on, @review_on, @owner_id, @declared_data, @exceptions, @assessor, @assessed_on, @consent_wording, @compatibility, @automated,
	@automated_logic, @automated_effect, @measures_note, @screening, @published`

const purposeCols = `id, ` + purposeFields + `, version, created_at, updated_at, archived_at`

func (r purposeRow) purpose() domain.Purpose {
	return domain.Purpose{ID: r.ID, Code: r.Code, Name: r.Name, Description: r.Description, SubPurposes: r.SubPurposes, LegalBasis: r.LegalBasis,
		LegalReference: r.LegalReference, Art9Condition: r.Art9Condition, Interest: r.Interest, Necessity: r.Necessity, Balance: r.Balance,
		ConsentProof: r.ConsentProof, ConsentWithdrawal: r.ConsentWithdrawal, Subjects: r.Subjects, Recipients: r.Recipients,
		Transfers: r.Transfers, Retention: deref(r.RetentionRuleID), SecurityMeasures: r.SecurityMeasures,
		SourceOfData: r.SourceOfData, Data: r.Data, Exceptions: r.Exceptions, Assessor: r.Assessor, AssessedOn: r.AssessedOn,
		ConsentWording: r.ConsentWording, Compatibility: r.Compatibility, Automated: r.Automated, AutomatedLogic: r.AutomatedLogic,
		AutomatedEffect: r.AutomatedEffect, MeasuresNote: r.MeasuresNote, Screening: r.Screening, Published: r.Published, NeedsProgram: r.NeedsProgram, State: domain.PurposeState(r.State), StartsOn: r.StartsOn, EndsOn: r.EndsOn,
		ReviewOn: r.ReviewOn, Owner: deref(r.OwnerID), Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, ArchivedAt: r.ArchivedAt}
}

func purposeArgs(by domain.Actor, p domain.Purpose) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"ws": by.Workspace, "code": p.Code, "name": p.Name, "description": p.Description, "sub_purposes": p.SubPurposes,
		"legal_basis": p.LegalBasis, "legal_reference": p.LegalReference, "art9_condition": p.Art9Condition, "interest": p.Interest,
		"necessity": p.Necessity, "balance": p.Balance, "consent_proof": p.ConsentProof, "consent_withdrawal": p.ConsentWithdrawal,
		"subjects": p.Subjects, "recipients": list(p.Recipients), "transfers": list(p.Transfers), "retention_rule_id": zeroNull(p.Retention),
		"security_measures": p.SecurityMeasures, "source_of_data": p.SourceOfData,
		"needs_program": p.NeedsProgram, "state": string(p.State), "starts_on": p.StartsOn, "ends_on": p.EndsOn, "review_on": p.ReviewOn,
		"owner_id": zeroNull(p.Owner), "declared_data": list(p.Data), "exceptions": list(p.Exceptions), "assessor": p.Assessor, "assessed_on": p.AssessedOn,
		"consent_wording": p.ConsentWording, "compatibility": p.Compatibility, "automated": p.Automated, "automated_logic": p.AutomatedLogic,
		"automated_effect": p.AutomatedEffect, "measures_note": p.MeasuresNote, "screening": p.Screening, "published": p.Published}
}

// list is a list to be kept as JSON, where none is an empty one.
func list[T any](rows []T) []T {
	if rows == nil {
		return []T{}
	}
	return rows
}

// PurposeByID returns NotFound where the workspace has no such purpose.
func (s *Store) PurposeByID(ctx context.Context, by domain.Actor, id domain.PurposeID) (p domain.Purpose, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		r, err := one[purposeRow](ctx, s, "purpose", `select `+purposeCols+` from purpose where workspace_id = @ws and id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		p = r.purpose()
		return err
	})
	return p, err
}

// AddPurpose registers a purpose. Invalid where the code is taken.
func (s *Store) AddPurpose(ctx context.Context, by domain.Actor, p domain.Purpose) (id domain.PurposeID, err error) {
	if err := by.Must(domain.EditPurpose); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		if err := s.checkOwner(ctx, by, 0, p.Owner); err != nil {
			return err
		}
		if err := s.refer(ctx, by, reference{"retention", "retention_rule", int64(p.Retention), 0}); err != nil {
			return err
		}
		id, err = s.insertPurpose(ctx, by, p)
		return err
	})
	return id, err
}

func (s *Store) insertPurpose(ctx context.Context, by domain.Actor, p domain.Purpose) (id domain.PurposeID, err error) {
	p.ID, err = one[domain.PurposeID](ctx, s, "purpose", `insert into purpose (workspace_id, `+purposeFields+`)
		values (@ws, `+purposeValues+`) returning id`, purposeArgs(by, p))
	if err != nil {
		return 0, err
	}
	return p.ID, s.record(ctx, by, domain.Event{Verb: "purpose.added", Subject: p.Subject(), After: p.Facts()})
}

// purposeLocked reads a purpose that nobody else may change until the transaction ends.
func (s *Store) purposeLocked(ctx context.Context, by domain.Actor, id domain.PurposeID) (domain.Purpose, error) {
	r, err := one[purposeRow](ctx, s, "purpose", `select `+purposeCols+` from purpose where workspace_id = @ws and id = @id`+forUpdate,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return r.purpose(), err
}

// PurposePreview is what a change of a purpose would do.
type PurposePreview struct {
	Changed  []string // names of what changes in such a way that approvals no longer hold
	Reopened int64    // approved mappings that would go back to the DPO
	Effect   domain.Effect
}

// NeedsConfirming tells whether somebody must see the preview before the change is made.
func (p PurposePreview) NeedsConfirming() bool { return p.Reopened > 0 || p.Effect.Loses() }

// PurposePreview tells what a change would reopen and which verdicts it would move, and stores nothing.
func (s *Store) PurposePreview(ctx context.Context, by domain.Actor, id domain.PurposeID, seen int,
	decide func(domain.Purpose) (domain.Purpose, error)) (v PurposePreview, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		was, err := s.PurposeByID(ctx, by, id)
		if err != nil {
			return err
		}
		if was.Version != seen {
			return stale()
		}
		next, err := decide(was)
		if err != nil {
			return err
		}
		rules := next.Rules()
		if v.Changed = was.Material(next); len(v.Changed) > 0 {
			if v.Reopened, err = s.approvedUnder(ctx, by, id); err != nil {
				return err
			}
		} else if v.Reopened, err = s.approvedBefore(ctx, by, id, next.ReviewOn); err != nil {
			return err
		} else if v.Reopened > 0 {
			v.Changed = []string{"review_on"}
		}
		if v.Reopened > 0 {
			// A purpose that is not in force lends no ground, just as a mapping that waits: the verdicts are the same.
			rules.State = domain.PurposeDraft
		}
		ids, err := s.purposeFieldIDs(ctx, by, id)
		if err != nil || len(ids) == 0 {
			return err
		}
		changes, err := s.whatIf(ctx, by, ids, func(c *judgeContext) {
			rules.Retention = c.rules[int64(next.Retention)]
			c.purposes[int64(id)] = &rules
		})
		if err != nil {
			return err
		}
		v.Effect, err = s.effectOf(ctx, by, changes)
		return err
	})
	return v, err
}

func (s *Store) approvedUnder(ctx context.Context, by domain.Actor, id domain.PurposeID) (int64, error) {
	return one[int64](ctx, s, "mapping", `select count(*) from purpose_mapping where workspace_id = @ws and purpose_id = @id and state = 'approved'`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
}

// approvedBefore counts the approvals that a day of review ends: one that has passed, and before which they were given.
func (s *Store) approvedBefore(ctx context.Context, by domain.Actor, id domain.PurposeID, reviewOn *time.Time) (int64, error) {
	return one[int64](ctx, s, "mapping", `select count(*) from purpose_mapping m join approval k on k.workspace_id = m.workspace_id and k.id = m.approval_id
		where m.workspace_id = @ws and m.purpose_id = @id and m.state = 'approved' and @review_on::date < @today and k.approved_at::date <= @review_on::date`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "review_on": reviewOn, "today": domain.Day(s.now().UTC())})
}

func (s *Store) purposeFieldIDs(ctx context.Context, by domain.Actor, id domain.PurposeID) ([]int64, error) {
	return many[int64](ctx, s, "mapping", `select field_id from purpose_mapping where workspace_id = @ws and purpose_id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
}

// ChangePurpose saves what decide makes of the purpose. What was approved under terms that changed goes back to the DPO,
// and the verdicts of its fields are judged again, in the same transaction. It returns how many mappings were reopened.
// Conflict where somebody changed the purpose since it was seen.
func (s *Store) ChangePurpose(ctx context.Context, by domain.Actor, id domain.PurposeID, seen int,
	decide func(domain.Purpose) (domain.Purpose, error)) (reopened int64, err error) {
	if err := by.Must(domain.EditPurpose); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		was, err := s.purposeLocked(ctx, by, id)
		if err != nil {
			return err
		}
		if was.Version != seen {
			return stale()
		}
		if err := domain.Changeable(was); err != nil {
			return err
		}
		next, err := decide(was)
		if err != nil {
			return err
		}
		if err := s.checkOwner(ctx, by, was.Owner, next.Owner); err != nil {
			return err
		}
		if err := s.refer(ctx, by, reference{"retention", "retention_rule", int64(next.Retention), int64(was.Retention)}); err != nil {
			return err
		}
		reopened, err = s.storePurpose(ctx, by, "purpose.changed", was, next)
		return err
	})
	return reopened, err
}

func (s *Store) storePurpose(ctx context.Context, by domain.Actor, verb string, was, next domain.Purpose) (reopened int64, err error) {
	before, after := domain.Diff(was.Facts(), next.Facts())
	if len(after) == 0 {
		return 0, nil
	}
	args := purposeArgs(by, next)
	args["id"] = was.ID
	if _, err := s.exec(ctx, "purpose", `update purpose set (`+purposeFields+`) = (`+purposeValues+`), version = version + 1,
		updated_at = clock_timestamp() where workspace_id = @ws and id = @id`, args); err != nil {
		return 0, err
	}
	if err := s.record(ctx, by, domain.Event{Verb: verb, Subject: next.Subject(), Before: before, After: after}); err != nil {
		return 0, err
	}
	ids, err := s.purposeFieldIDs(ctx, by, was.ID)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if reopened, err = s.reopenChanged(ctx, by, ids); err != nil {
		return 0, err
	}
	return reopened, s.judge(ctx, by, ids)
}

// judgePurpose recomputes the verdicts of the fields mapped to a purpose.
func (s *Store) judgePurpose(ctx context.Context, by domain.Actor, id domain.PurposeID) error {
	ids, err := s.purposeFieldIDs(ctx, by, id)
	if err != nil {
		return err
	}
	return s.judge(ctx, by, ids)
}

// PurposeUses tells what holds a purpose in place.
func (s *Store) PurposeUses(ctx context.Context, by domain.Actor, id domain.PurposeID) (uses []domain.Use, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		uses, err = s.uses(ctx, by, int64(id), `
			select 'mappings' as register, 'purpose' as filter, count(*) as n from purpose_mapping where workspace_id = @ws and purpose_id = @id
			union all
			select 'programs', 'purpose&state=active,archived', count(*) from program_purpose where workspace_id = @ws and purpose_id = @id
			union all
			select 'flows', 'purpose&state=active,archived', count(*) from flow where workspace_id = @ws and purpose_id = @id`)
		return err
	})
	return uses, err
}

func (s *Store) onPurpose(ctx context.Context, by domain.Actor, id domain.PurposeID, do func(*Store, domain.Purpose) error) error {
	if err := by.Must(domain.EditPurpose); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		p, err := s.PurposeByID(ctx, by, id)
		if err != nil {
			return err
		}
		if err := do(s, p); err != nil {
			return err
		}
		return s.judgePurpose(ctx, by, id)
	})
}

// ArchivePurpose takes a purpose out of the lists; Conflict, with what uses it, while something does.
func (s *Store) ArchivePurpose(ctx context.Context, by domain.Actor, id domain.PurposeID) error {
	return s.onPurpose(ctx, by, id, func(s *Store, p domain.Purpose) error {
		if err := s.holdUses(ctx, by, "purpose", int64(id)); err != nil {
			return err
		}
		uses, err := s.PurposeUses(ctx, by, id)
		if err != nil {
			return err
		}
		return s.archive(ctx, by, "purpose", p.Subject(), uses)
	})
}

// RestorePurpose brings an archived purpose back.
func (s *Store) RestorePurpose(ctx context.Context, by domain.Actor, id domain.PurposeID) error {
	return s.onPurpose(ctx, by, id, func(s *Store, p domain.Purpose) error {
		return s.restore(ctx, by, "purpose", p.Subject())
	})
}

// RemovePurpose deletes a mistaken entry; Conflict, with what uses it, while anything refers to it.
func (s *Store) RemovePurpose(ctx context.Context, by domain.Actor, id domain.PurposeID) error {
	return s.onPurpose(ctx, by, id, func(s *Store, p domain.Purpose) error {
		if err := s.holdUses(ctx, by, "purpose", int64(id)); err != nil {
			return err
		}
		uses, err := s.PurposeUses(ctx, by, id)
		if err != nil {
			return err
		}
		return s.remove(ctx, by, "purpose", p.Subject(), uses)
	})
}

// PurposeOptions returns the id, code and name of every purpose to which something can be tied, for forms.
func (s *Store) PurposeOptions(ctx context.Context, by domain.Actor) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		options, err = s.options(ctx, by, `select id, code || ' · ' || name as name from purpose
			where workspace_id = @ws and archived_at is null and state <> 'retired' order by fold(code), id`)
		return err
	})
	return options, err
}

// PurposeData is a category of data processed under a purpose, with how many fields hold it.
type PurposeData struct {
	Label    string           `db:"label"`
	Class    domain.GDPRClass `db:"gdpr_class"`
	Approved int64            `db:"approved"`
	Proposed int64            `db:"proposed"`
}

// PurposeData returns the categories of personal data mapped to a purpose and not refused, the most protected first: the
// data of its entry in the record of processing (GDPR art. 30(1)(c)).
func (s *Store) PurposeData(ctx context.Context, by domain.Actor, id domain.PurposeID) (data []PurposeData, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		data, err = many[PurposeData](ctx, s, "purpose", `
			select coalesce(case when current_setting('app.lang', true) = 'fr' then c.label_fr else c.label_en end, '') as label, f.gdpr_class,
				count(*) filter (where m.state = 'approved') as approved, count(*) filter (where m.state = 'proposed') as proposed
			from purpose_mapping m join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
			left join data_category c on c.workspace_id = f.workspace_id and c.id = f.category_id
			where m.workspace_id = @ws and m.purpose_id = @id and m.state <> 'rejected' and f.state = 'active'
			group by 1, 2
			order by array_position(array['nir', 'criminal_art10', 'sensitive_art9', 'highly_personal', 'personal', 'non_personal'], f.gdpr_class), label`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
	return data, err
}

// PurposePlaces returns the names of the applications that hold fields approved under a purpose.
func (s *Store) PurposePlaces(ctx context.Context, by domain.Actor, id domain.PurposeID) (names []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[optionRow](ctx, s, "purpose", `select distinct on (fold(a.name), a.id) a.id, a.name
			from purpose_mapping m join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
			join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
			where m.workspace_id = @ws and m.purpose_id = @id and m.state = 'approved' and f.state = 'active' order by fold(a.name), a.id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		names = mapSlice(rows, func(r optionRow) domain.Option { return domain.Option{ID: r.ID, Name: r.Name} })
		return err
	})
	return names, err
}

// recipientCells are the recipients of a purpose: their names, or what kind they are.
const recipientCells = `array(select coalesce(nullif(e->>'name', ''), e->>'kind') from jsonb_array_elements(r.recipients) with ordinality u(e, n) order by n)`

// contractCells are the recipients with whom there is a contract to tell of, with where it stands and until when it runs.
const contractCells = `array(select concat_ws(', ', nullif(e->>'name', ''), e->>'contract', e->>'contract_until')
	from jsonb_array_elements(r.recipients) with ordinality u(e, n) where e->>'contract' <> '' order by n)`

// transferCells are transfers in one line of codes each.
func transferCells(column string) string {
	return `array(select concat_ws(', ', coalesce(nullif(e->>'recipient', ''), nullif(e->>'note', '')), e->>'country', e->>'safeguard')
	from jsonb_array_elements(` + column + `) with ordinality u(e, n) order by n)`
}

var _ = addRegister(registerSQL{
	register: domain.PurposeRegister,
	from: `purpose r
		left join app_user o on o.id = r.owner_id
		left join retention_rule rr on rr.workspace_id = r.workspace_id and rr.id = r.retention_rule_id
		left join lateral (select count(*) filter (where m.state = 'approved') as approved, count(*) filter (where m.state = 'proposed') as proposed
			from purpose_mapping m where m.workspace_id = r.workspace_id and m.purpose_id = r.id) ms on true
		left join lateral (select count(*) as n from program_purpose pp join program g on g.workspace_id = pp.workspace_id and g.id = pp.program_id
			where pp.workspace_id = r.workspace_id and pp.purpose_id = r.id and g.archived_at is null) ps on true`,
	cells: map[string]string{
		"name": "r.name", "code": "r.code", "purpose_state": "r.state", "legal_basis": "r.legal_basis", "art9_condition": "r.art9_condition",
		"needs_program": "r.needs_program", "retention": "rr.name", "months": "rr.active_months", "fields": "ms.approved", "pending": "ms.proposed",
		"programs": "ps.n", "review_on": "r.review_on", "owner": "o.name", "subjects": "r.subjects", "recipients": recipientCells,
		"contracts": contractCells, "transfers": transferCells("r.transfers"), "measures_note": "r.measures_note", "assessor": "r.assessor",
		"assessed_on": "r.assessed_on", "consent_wording": "r.consent_wording", "compatibility": "r.compatibility", "automated": "r.automated",
		"dpia": "coalesce(r.screening->>'verdict', '')", "published": "r.published", "sub_purposes": "r.sub_purposes", "legal_reference": "r.legal_reference", "interest": "r.interest",
		"necessity": "r.necessity", "balance": "r.balance", "consent_proof": "r.consent_proof", "consent_withdrawal": "r.consent_withdrawal",
		"security_measures": "r.security_measures", "source_of_data": "r.source_of_data",
		"starts_on": "r.starts_on", "ends_on": "r.ends_on", "description": "r.description", "updated": "r.updated_at",
	},
	filters: map[string]filterSQL{
		"state":          {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
		"purpose_state":  {expr: "r.state"},
		"legal_basis":    {expr: "r.legal_basis", none: "r.legal_basis = ''"},
		"art9_condition": {expr: "r.art9_condition", none: "r.art9_condition = ''"},
		"needs_program":  {expr: "case when r.needs_program then 'yes' else 'no' end"},
		"transfers":      {expr: "case when r.transfers = '[]' then 'no' else 'yes' end"},
		"contract": {in: "exists (select from jsonb_array_elements(r.recipients) e where e->>'contract' = any(%s))",
			facet: `select e->>'contract' as value, '' as label, count(distinct r.id) as n from purpose r cross join jsonb_array_elements(r.recipients) e
				where %s and e->>'contract' <> '' group by 1 order by n desc, value`},
		"dpia": {expr: "coalesce(r.screening->>'verdict', '')", none: "coalesce(r.screening->>'verdict', '') = ''"},
		"review": {expr: "case when r.review_on < reference_day() then 'overdue' when r.review_on < reference_day() + 90 then 'due' when r.review_on is not null then 'later' else '' end",
			none: "r.review_on is null"},
		"owner": {expr: "r.owner_id::text", none: "r.owner_id is null", label: "o.name", lookup: userLookup},
		"rule":  {expr: "r.retention_rule_id::text", none: "r.retention_rule_id is null", label: "rr.name", lookup: retentionLookup},
		"program": {in: `exists (select from program_purpose pp where pp.workspace_id = r.workspace_id and pp.purpose_id = r.id
			and pp.program_id::text = any(%s))`, lookup: programLookup},
	},
	search:   "fold(r.code || ' ' || r.name || ' ' || r.description || ' ' || array_to_string(r.sub_purposes, ' '))",
	archived: "r.archived_at is not null",
})
