package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type journeyRow struct {
	ID          domain.JourneyID `db:"id"`
	Name        string           `db:"name"`
	Description string           `db:"description"`
	Version     int              `db:"version"`
	CreatedAt   time.Time        `db:"created_at"`
	UpdatedAt   time.Time        `db:"updated_at"`
	ArchivedAt  *time.Time       `db:"archived_at"`
}

type momentRow struct {
	Name     string             `db:"name"`
	Stage    *domain.StageID    `db:"stage_id"`
	Channel  string             `db:"channel"`
	Program  *domain.ProgramID  `db:"program_id"`
	Scenario *domain.ScenarioID `db:"scenario_id"`
	Speaks   string             `db:"speaks"`
	Note     string             `db:"note"`
}

const journeyCols = `id, name, description, version, created_at, updated_at, archived_at`

// JourneyByID returns NotFound where the workspace has no such journey.
func (s *Store) JourneyByID(ctx context.Context, by domain.Actor, id domain.JourneyID) (j domain.Journey, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		j, err = s.journey(ctx, by, id, "")
		return err
	})
	return j, err
}

// journey reads one with its moments, in the transaction of the caller; lock is forUpdate or nothing.
func (s *Store) journey(ctx context.Context, by domain.Actor, id domain.JourneyID, lock string) (j domain.Journey, err error) {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}
	r, err := one[journeyRow](ctx, s, "journey", `select `+journeyCols+` from journey where workspace_id = @ws and id = @id`+lock, args)
	if err != nil {
		return j, err
	}
	moments, err := many[momentRow](ctx, s, "journey", `select m.name, m.stage_id, m.channel, m.program_id, m.scenario_id, coalesce(c.name, p.name, '') as speaks, m.note
		from journey_moment m
		left join program p on p.workspace_id = m.workspace_id and p.id = m.program_id
		left join scenario c on c.workspace_id = m.workspace_id and c.id = m.scenario_id
		where m.workspace_id = @ws and m.journey_id = @id order by m.position, m.id`, args)
	return domain.Journey{ID: r.ID, Name: r.Name, Description: r.Description, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		ArchivedAt: r.ArchivedAt, Moments: mapSlice(moments, func(m momentRow) domain.Moment {
			return domain.Moment{Name: m.Name, Stage: deref(m.Stage), Channel: m.Channel, Program: deref(m.Program), Scenario: deref(m.Scenario), Speaks: m.Speaks, Note: m.Note}
		})}, err
}

// setMoments writes the moments of a journey in their order.
func (s *Store) setMoments(ctx context.Context, by domain.Actor, id domain.JourneyID, moments []domain.Moment) error {
	n := len(moments)
	names, channels, notes := make([]string, n), make([]string, n), make([]string, n)
	stages, programs, scenarios := make([]int64, n), make([]int64, n), make([]int64, n)
	for i, m := range moments {
		names[i], channels[i], notes[i] = m.Name, m.Channel, m.Note
		stages[i], programs[i], scenarios[i] = int64(m.Stage), int64(m.Program), int64(m.Scenario)
	}
	if _, err := s.exec(ctx, "journey", `delete from journey_moment where workspace_id = @ws and journey_id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}); err != nil {
		return err
	}
	_, err := s.exec(ctx, "journey", `insert into journey_moment (workspace_id, journey_id, position, name, stage_id, channel, program_id, scenario_id, note)
		select @ws, @id, place, name, nullif(stage, 0), channel, nullif(program, 0), nullif(scenario, 0), note
		from unnest(@names::text[], @stages::bigint[], @channels::text[], @programs::bigint[], @scenarios::bigint[], @notes::text[])
			with ordinality u (name, stage, channel, program, scenario, note, place)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "names": names, "stages": stages, "channels": channels, "programs": programs, "scenarios": scenarios, "notes": notes})
	return err
}

// journeyRefers are what the moments name that none of them did before: they have no numbers of their own.
func journeyRefers(was, next domain.Journey) []reference {
	var list []reference
	for i, m := range next.Moments {
		box := fmt.Sprintf("moments.%d.", i)
		for _, r := range []struct {
			reference
			of func(domain.Moment) int64
		}{
			{reference{box: box + "stage", table: "journey_stage"}, func(m domain.Moment) int64 { return int64(m.Stage) }},
			{reference{box: box + "speaks", table: "program"}, func(m domain.Moment) int64 { return int64(m.Program) }},
			{reference{box: box + "speaks", table: "scenario"}, func(m domain.Moment) int64 { return int64(m.Scenario) }},
		} {
			if r.id = r.of(m); !slices.ContainsFunc(was.Moments, func(m domain.Moment) bool { return r.of(m) == r.id }) {
				list = append(list, r.reference)
			}
		}
	}
	return list
}

// AddJourney registers a journey with its moments. Invalid where the name is taken.
func (s *Store) AddJourney(ctx context.Context, by domain.Actor, j domain.Journey) (id domain.JourneyID, err error) {
	if err := by.Must(domain.EditPlan); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		if err := s.refer(ctx, by, journeyRefers(domain.Journey{}, j)...); err != nil {
			return err
		}
		id, err = one[domain.JourneyID](ctx, s, "journey", `insert into journey (workspace_id, name, description) values (@ws, @name, @description) returning id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "name": j.Name, "description": j.Description})
		if err != nil {
			return err
		}
		if err := s.setMoments(ctx, by, id, j.Moments); err != nil {
			return err
		}
		saved, err := s.journey(ctx, by, id, "")
		if err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "journey.added", Subject: saved.Subject(), After: saved.Facts()})
	})
	return id, err
}

// ChangeJourney saves what decide makes of the journey. Conflict where somebody changed it since it was seen.
func (s *Store) ChangeJourney(ctx context.Context, by domain.Actor, id domain.JourneyID, seen int, decide func(domain.Journey) (domain.Journey, error)) error {
	if err := by.Must(domain.EditPlan); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		was, err := locked(ctx, s, by, id, seen, (*Store).journey)
		if err != nil {
			return err
		}
		next, err := decide(was)
		if err != nil {
			return err
		}
		if err := s.refer(ctx, by, journeyRefers(was, next)...); err != nil {
			return err
		}
		if _, err := s.exec(ctx, "journey", `update journey set name = @name, description = @description, version = version + 1, updated_at = clock_timestamp()
			where workspace_id = @ws and id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "name": next.Name, "description": next.Description}); err != nil {
			return err
		}
		if err := s.setMoments(ctx, by, id, next.Moments); err != nil {
			return err
		}
		// Read again, for the names of what speaks at each moment.
		saved, err := s.journey(ctx, by, id, "")
		if err != nil {
			return err
		}
		before, after := domain.Diff(was.Facts(), saved.Facts())
		if len(after) == 0 {
			return nil
		}
		return s.record(ctx, by, domain.Event{Verb: "journey.changed", Subject: saved.Subject(), Before: before, After: after})
	})
}

// ArchiveJourney takes a journey out of the plan.
func (s *Store) ArchiveJourney(ctx context.Context, by domain.Actor, id domain.JourneyID) error {
	return archiveRecord(ctx, s, by, "journey", id, (*Store).JourneyByID, nil)
}

// RestoreJourney brings an archived journey back.
func (s *Store) RestoreJourney(ctx context.Context, by domain.Actor, id domain.JourneyID) error {
	return restoreRecord(ctx, s, by, "journey", id, (*Store).JourneyByID)
}

// RemoveJourney deletes a mistaken entry with its moments.
func (s *Store) RemoveJourney(ctx context.Context, by domain.Actor, id domain.JourneyID) error {
	return removeRecord(ctx, s, by, "journey", id, (*Store).JourneyByID, nil)
}

// Journeys returns the journeys that are not archived, by name, with their moments.
func (s *Store) Journeys(ctx context.Context, by domain.Actor) (list []domain.Journey, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		ids, err := many[domain.JourneyID](ctx, s, "journey", `select id from journey where workspace_id = @ws and archived_at is null order by fold(name), id`,
			pgx.StrictNamedArgs{"ws": by.Workspace})
		if err != nil {
			return err
		}
		for _, id := range ids {
			j, err := s.journey(ctx, by, id, "")
			if err != nil {
				return err
			}
			list = append(list, j)
		}
		return nil
	})
	return list, err
}

// SpeakOptions returns what can speak at a moment: programs as p and their number, scenarios as s and theirs, under their program.
func (s *Store) SpeakOptions(ctx context.Context, by domain.Actor) (programs, scenarios []domain.Option, err error) {
	type row struct {
		ID      int64  `db:"id"`
		Name    string `db:"name"`
		Program string `db:"program"`
	}
	err = s.Read(ctx, by, func(s *Store) error {
		if programs, err = s.ProgramOptions(ctx, by); err != nil {
			return err
		}
		rows, err := many[row](ctx, s, "scenario", `select c.id, c.name, p.name as program from scenario c
			join program p on p.workspace_id = c.workspace_id and p.id = c.program_id
			where c.workspace_id = @ws and c.archived_at is null and p.archived_at is null order by fold(p.name), p.id, fold(c.name), c.id`, pgx.StrictNamedArgs{"ws": by.Workspace})
		scenarios = mapSlice(rows, func(r row) domain.Option { return domain.Option{ID: r.ID, Name: r.Name, Group: r.Program} })
		return err
	})
	return programs, scenarios, err
}

var _ = addRegister(registerSQL{
	register: domain.JourneyRegister,
	from: `journey r left join lateral (
			select array_agg(m.name order by m.position, m.id) as moments, count(distinct coalesce(m.program_id, c.program_id)) as programs from journey_moment m
			left join scenario c on c.workspace_id = m.workspace_id and c.id = m.scenario_id
			where m.workspace_id = r.workspace_id and m.journey_id = r.id) ms on true`,
	cells: map[string]string{"name": "r.name", "moments": "ms.moments", "programs": "coalesce(ms.programs, 0)", "description": "r.description", "updated": "r.updated_at"},
	filters: map[string]filterSQL{
		"stage": {in: `exists (select from journey_moment m where m.workspace_id = r.workspace_id and m.journey_id = r.id and m.stage_id::text = any(%s))`,
			lookup: stageLookup, facet: `select m.stage_id::text as value, g.name as label, count(distinct r.id) as n from journey r
				join journey_moment m on m.workspace_id = r.workspace_id and m.journey_id = r.id
				join journey_stage g on g.workspace_id = m.workspace_id and g.id = m.stage_id where %s group by 1, 2 order by n desc, 2`},
		"program": {in: `exists (select from journey_moment m left join scenario c on c.workspace_id = m.workspace_id and c.id = m.scenario_id
				where m.workspace_id = r.workspace_id and m.journey_id = r.id and coalesce(m.program_id, c.program_id)::text = any(%s))`,
			lookup: programLookup, facet: `select p.id::text as value, p.name as label, count(distinct r.id) as n from journey r
				join journey_moment m on m.workspace_id = r.workspace_id and m.journey_id = r.id
				left join scenario c on c.workspace_id = m.workspace_id and c.id = m.scenario_id
				join program p on p.workspace_id = m.workspace_id and p.id = coalesce(m.program_id, c.program_id) where %s group by 1, 2 order by n desc, 2`},
		"state": {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
	},
	search:   "fold(r.name || ' ' || r.description)",
	archived: "r.archived_at is not null",
})
