package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type scenarioRow struct {
	ID          domain.ScenarioID  `db:"id"`
	ProgramID   domain.ProgramID   `db:"program_id"`
	Name        string             `db:"name"`
	Kind        string             `db:"kind"`
	Nature      string             `db:"nature"`
	TriggerKind string             `db:"trigger_kind"`
	Trigger     string             `db:"trigger"`
	SegmentID   *domain.SegmentID  `db:"segment_id"`
	Target      string             `db:"target"`
	Exclusions  string             `db:"exclusions"`
	Channels    []string           `db:"channels"`
	Delay       string             `db:"delay"`
	CapMessages *int               `db:"cap_messages"`
	CapDays     *int               `db:"cap_days"`
	StopRule    string             `db:"stop_rule"`
	Message     string             `db:"message"`
	KPI         string             `db:"kpi"`
	PurposeID   *domain.PurposeID  `db:"purpose_id"`
	ConsentID   *domain.CategoryID `db:"consent_id"`
	Status      string             `db:"status"`
	StartsOn    *time.Time         `db:"starts_on"`
	EndsOn      *time.Time         `db:"ends_on"`
	Version     int                `db:"version"`
	CreatedAt   time.Time          `db:"created_at"`
	UpdatedAt   time.Time          `db:"updated_at"`
	ArchivedAt  *time.Time         `db:"archived_at"`
}

const scenarioCols = `id, program_id, name, kind, nature, trigger_kind, trigger, segment_id, target, exclusions, channels, delay, cap_messages, cap_days,
	stop_rule, message, kpi, purpose_id, consent_id, status, starts_on, ends_on, version, created_at, updated_at, archived_at`

func (r scenarioRow) scenario() domain.Scenario {
	c := domain.Scenario{ID: r.ID, Program: r.ProgramID, Name: r.Name, Kind: r.Kind, Nature: r.Nature, TriggerKind: r.TriggerKind, Trigger: r.Trigger,
		Segment: deref(r.SegmentID), Target: r.Target, Exclusions: r.Exclusions, Channels: r.Channels, Delay: r.Delay, StopRule: r.StopRule,
		Message: r.Message, KPI: r.KPI, Purpose: deref(r.PurposeID), Consent: deref(r.ConsentID), Status: domain.ProgramStatus(r.Status),
		StartsOn: r.StartsOn, EndsOn: r.EndsOn, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, ArchivedAt: r.ArchivedAt}
	if r.CapMessages != nil && r.CapDays != nil {
		c.Cap = &domain.Cap{Messages: *r.CapMessages, Days: *r.CapDays}
	}
	return c
}

func scenarioArgs(by domain.Actor, c domain.Scenario) pgx.StrictNamedArgs {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "program": c.Program, "name": c.Name, "kind": c.Kind, "nature": c.Nature, "trigger_kind": c.TriggerKind,
		"trigger": c.Trigger, "segment": zeroNull(c.Segment), "target": c.Target, "exclusions": c.Exclusions, "channels": c.Channels, "delay": c.Delay,
		"cap_messages": nil, "cap_days": nil, "stop_rule": c.StopRule, "message": c.Message, "kpi": c.KPI, "purpose": zeroNull(c.Purpose),
		"consent": zeroNull(c.Consent), "status": string(c.Status), "starts": c.StartsOn, "ends": c.EndsOn}
	if c.Cap != nil {
		args["cap_messages"], args["cap_days"] = c.Cap.Messages, c.Cap.Days
	}
	return args
}

// ScenarioByID returns NotFound where the workspace has no such scenario.
func (s *Store) ScenarioByID(ctx context.Context, by domain.Actor, id domain.ScenarioID) (c domain.Scenario, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		c, err = s.scenario(ctx, by, id, "")
		return err
	})
	return c, err
}

// scenario reads one, in the transaction of the caller; lock is forUpdate or nothing.
func (s *Store) scenario(ctx context.Context, by domain.Actor, id domain.ScenarioID, lock string) (domain.Scenario, error) {
	r, err := one[scenarioRow](ctx, s, "scenario", `select `+scenarioCols+` from scenario where workspace_id = @ws and id = @id`+lock,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return r.scenario(), err
}

// ProgramScenarios returns the scenarios of a program that are not archived, by name.
func (s *Store) ProgramScenarios(ctx context.Context, by domain.Actor, id domain.ProgramID) (list []domain.Scenario, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[scenarioRow](ctx, s, "scenario", `select `+scenarioCols+` from scenario
			where workspace_id = @ws and program_id = @id and archived_at is null order by fold(name), id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		list = mapSlice(rows, scenarioRow.scenario)
		return err
	})
	return list, err
}

// AddScenario registers a scenario. Invalid where the program has one of that name, or does not run under the purpose.
func (s *Store) AddScenario(ctx context.Context, by domain.Actor, c domain.Scenario) (id domain.ScenarioID, err error) {
	if err := by.Must(domain.EditPlan); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		if err := s.refer(ctx, by, scenarioRefers(domain.Scenario{}, c)...); err != nil {
			return err
		}
		c.ID, err = one[domain.ScenarioID](ctx, s, "scenario", `insert into scenario (workspace_id, program_id, name, kind, nature, trigger_kind, trigger,
				segment_id, target, exclusions, channels, delay, cap_messages, cap_days, stop_rule, message, kpi, purpose_id, consent_id, status, starts_on, ends_on)
			values (@ws, @program, @name, @kind, @nature, @trigger_kind, @trigger, @segment, @target, @exclusions, @channels, @delay, @cap_messages,
				@cap_days, @stop_rule, @message, @kpi, @purpose, @consent, @status, @starts, @ends) returning id`, scenarioArgs(by, c))
		if err != nil {
			return err
		}
		id = c.ID
		return s.record(ctx, by, domain.Event{Verb: "scenario.added", Subject: c.Subject(), After: c.Facts()})
	})
	return id, err
}

func scenarioRefers(was, next domain.Scenario) []reference {
	return []reference{{"program", "program", int64(next.Program), int64(was.Program)}, {"segment", "segment", int64(next.Segment), int64(was.Segment)},
		{"purpose", "purpose", int64(next.Purpose), int64(was.Purpose)}, {"consent_category", "data_category", int64(next.Consent), int64(was.Consent)}}
}

// ChangeScenario saves what decide makes of the scenario. Conflict where somebody changed it since it was seen.
func (s *Store) ChangeScenario(ctx context.Context, by domain.Actor, id domain.ScenarioID, seen int,
	decide func(domain.Scenario) (domain.Scenario, error)) error {
	if err := by.Must(domain.EditPlan); err != nil {
		return err
	}
	return change(ctx, s, by, id, seen, (*Store).scenario, decide, func(s *Store, was, next domain.Scenario) error {
		if err := s.refer(ctx, by, scenarioRefers(was, next)...); err != nil {
			return err
		}
		if err := s.needsStay(ctx, by, next); err != nil {
			return err
		}
		args := scenarioArgs(by, next)
		args["id"] = id
		_, err := s.exec(ctx, "scenario", `update scenario set program_id = @program, name = @name, kind = @kind, nature = @nature,
			trigger_kind = @trigger_kind, trigger = @trigger, segment_id = @segment, target = @target, exclusions = @exclusions, channels = @channels,
			delay = @delay, cap_messages = @cap_messages, cap_days = @cap_days, stop_rule = @stop_rule, message = @message, kpi = @kpi,
			purpose_id = @purpose, consent_id = @consent, status = @status, starts_on = @starts, ends_on = @ends,
			version = version + 1, updated_at = clock_timestamp() where workspace_id = @ws and id = @id`, args)
		return err
	}, nil)
}

// needsStay refuses to take a scenario to another program while a need of its own names it: the need would be nobody's.
func (s *Store) needsStay(ctx context.Context, by domain.Actor, c domain.Scenario) error {
	left, err := one[bool](ctx, s, "scenario", `select exists (select from scenario_need where workspace_id = @ws and scenario_id = @id and program_id <> @program)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": c.ID, "program": c.Program})
	if err != nil || !left {
		return err
	}
	var bad domain.Problems
	bad.Add("program", "scenario.needs_stay")
	return bad.Err()
}

// scenarioUses tells which needs name a scenario.
func (s *Store) scenarioUses(ctx context.Context, by domain.Actor, id domain.ScenarioID) ([]domain.Use, error) {
	return s.uses(ctx, by, int64(id), `select 'requirements' as register, 'scenario&state=active,archived' as filter, count(*) as n from scenario_need
		where workspace_id = @ws and scenario_id = @id`)
}

// ArchiveScenario takes a scenario out of the plan.
func (s *Store) ArchiveScenario(ctx context.Context, by domain.Actor, id domain.ScenarioID) error {
	return archiveRecord(ctx, s, by, "scenario", id, (*Store).ScenarioByID, nil)
}

// RestoreScenario brings an archived scenario back.
func (s *Store) RestoreScenario(ctx context.Context, by domain.Actor, id domain.ScenarioID) error {
	return restoreRecord(ctx, s, by, "scenario", id, (*Store).ScenarioByID)
}

// RemoveScenario deletes a mistaken entry; Conflict, with what uses it, while a need names it.
func (s *Store) RemoveScenario(ctx context.Context, by domain.Actor, id domain.ScenarioID) error {
	return removeRecord(ctx, s, by, "scenario", id, (*Store).ScenarioByID, (*Store).scenarioUses)
}

// ConsentOptions returns the categories of consents that are not archived, for forms.
func (s *Store) ConsentOptions(ctx context.Context, by domain.Actor) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		options, err = s.options(ctx, by, `select c.id, `+categoryLabel+` as name from data_category c
			where c.workspace_id = @ws and c.archived_at is null and (c.code = 'crm.consent' or starts_with(c.code, 'crm.consent.')) order by c.code`)
		return err
	})
	return options, err
}

const segmentLookup = `select id::text from segment where workspace_id = @ws and fold(name) = any(%s)`

var _ = addRegister(registerSQL{
	register: domain.ScenarioRegister,
	from: `scenario r
		join program p on p.workspace_id = r.workspace_id and p.id = r.program_id
		left join journey_stage st on st.workspace_id = p.workspace_id and st.id = p.stage_id
		left join segment g on g.workspace_id = r.workspace_id and g.id = r.segment_id
		left join purpose u on u.workspace_id = r.workspace_id and u.id = r.purpose_id
		left join data_category c on c.workspace_id = r.workspace_id and c.id = r.consent_id`,
	cells: map[string]string{"name": "r.name", "program": "p.name", "status": "r.status", "nature": "r.nature", "trigger_kind": "r.trigger_kind",
		"trigger": "r.trigger", "segment": "g.name", "channels": "r.channels", "stage": "st.name", "purpose": "u.name", "scenario_kind": "r.kind",
		"frequency_cap":    "case when r.cap_messages is not null then r.cap_messages || ' / ' || r.cap_days || ' ' || case when current_setting('app.lang', true) = 'fr' then 'j' else 'd' end else '' end",
		"consent_category": categoryLabel, "target_rule": "r.target", "exclusions": "r.exclusions", "delay": "r.delay", "stop_rule": "r.stop_rule",
		"message": "r.message", "kpi": "r.kpi", "starts_on": "r.starts_on", "ends_on": "r.ends_on", "updated": "r.updated_at"},
	filters: map[string]filterSQL{
		"status":           {expr: "r.status"},
		"nature":           {expr: "r.nature"},
		"program":          {expr: "r.program_id::text", label: "p.name", lookup: programLookup},
		"segment":          {expr: "r.segment_id::text", none: "r.segment_id is null", label: "g.name", lookup: segmentLookup},
		"channel":          {in: "r.channels && %s::text[]", none: "r.channels = '{}'", many: "r.channels"},
		"frequency_cap":    {expr: "case when r.cap_messages is null then 'no' else 'yes' end"},
		"purpose":          {expr: "r.purpose_id::text", none: "r.purpose_id is null", label: "u.name", lookup: purposeLookup},
		"consent_category": {expr: "r.consent_id::text", none: "r.consent_id is null", lookup: categoryLookup},
		"state":            {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
	},
	search:   "fold(r.name || ' ' || p.name || ' ' || r.trigger || ' ' || r.target || ' ' || r.message)",
	archived: "r.archived_at is not null",
})
