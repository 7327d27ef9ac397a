package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type workshopRow struct {
	ID              domain.WorkshopID    `db:"id"`
	Name            string               `db:"name"`
	State           domain.WorkshopState `db:"state"`
	Template        string               `db:"template"`
	Agenda          []domain.AgendaStep  `db:"agenda"`
	Roles           []string             `db:"roles"`
	Named           bool                 `db:"named"`
	PerRole         bool                 `db:"per_role"`
	HeldOn          *time.Time           `db:"held_on"`
	ClosesOn        *time.Time           `db:"closes_on"`
	FacilitatorID   *domain.UserID       `db:"facilitator_id"`
	CofacilitatorID *domain.UserID       `db:"cofacilitator_id"`
	Programs        []domain.ProgramID   `db:"programs"`
	Note            string               `db:"note"`
	BatchID         *domain.BatchID      `db:"batch_id"`
	StartedAt       *time.Time           `db:"started_at"`
	ClosedAt        *time.Time           `db:"closed_at"`
	Version         int                  `db:"version"`
	CreatedAt       time.Time            `db:"created_at"`
	UpdatedAt       time.Time            `db:"updated_at"`
	ArchivedAt      *time.Time           `db:"archived_at"`
}

// A batch that was undone has applied nothing.
const workshopCols = `w.id, w.name, w.state, w.template, w.agenda, w.roles, w.named, w.per_role, w.held_on, w.closes_on, w.facilitator_id, w.cofacilitator_id,
	array(select p.program_id from workshop_program p where p.workspace_id = w.workspace_id and p.workshop_id = w.id order by 1) as programs,
	w.note, (select b.id from batch b where b.workspace_id = w.workspace_id and b.id = w.batch_id and b.undone_at is null) as batch_id,
	w.started_at, w.closed_at, w.version, w.created_at, w.updated_at, w.archived_at`

func (r workshopRow) workshop() domain.Workshop {
	return domain.Workshop{ID: r.ID, Name: r.Name, State: r.State, Template: r.Template, Agenda: r.Agenda, Roles: r.Roles, Named: r.Named, PerRole: r.PerRole,
		HeldOn: r.HeldOn, ClosesOn: r.ClosesOn, Facilitator: deref(r.FacilitatorID), Cofacilitator: deref(r.CofacilitatorID), Programs: r.Programs, Note: r.Note,
		Batch: deref(r.BatchID), StartedAt: r.StartedAt, ClosedAt: r.ClosedAt, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, ArchivedAt: r.ArchivedAt}
}

func workshopArgs(by domain.Actor, w domain.Workshop) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"ws": by.Workspace, "name": w.Name, "template": w.Template, "agenda": w.Agenda, "roles": w.Roles, "named": w.Named,
		"per_role": w.PerRole, "held_on": w.HeldOn, "closes_on": w.ClosesOn, "facilitator": zeroNull(w.Facilitator), "cofacilitator": zeroNull(w.Cofacilitator), "note": w.Note}
}

// WorkshopByID returns NotFound where the workspace has no such workshop.
func (s *Store) WorkshopByID(ctx context.Context, by domain.Actor, id domain.WorkshopID) (w domain.Workshop, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		w, err = s.workshop(ctx, by, id, "")
		return err
	})
	return w, err
}

func (s *Store) workshop(ctx context.Context, by domain.Actor, id domain.WorkshopID, lock string) (domain.Workshop, error) {
	if lock != "" {
		lock = " for update of w"
	}
	r, err := one[workshopRow](ctx, s, "workshop", `select `+workshopCols+` from workshop w where w.workspace_id = @ws and w.id = @id`+lock,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return r.workshop(), err
}

// AddWorkshop registers a workshop.
func (s *Store) AddWorkshop(ctx context.Context, by domain.Actor, w domain.Workshop) (id domain.WorkshopID, err error) {
	if err := by.Must(domain.RunWorkshop); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		w.ID, err = one[domain.WorkshopID](ctx, s, "workshop", `insert into workshop (workspace_id, name, template, agenda, roles, named, per_role, held_on,
				closes_on, facilitator_id, cofacilitator_id, note)
			values (@ws, @name, @template, @agenda, @roles, @named, @per_role, @held_on, @closes_on, @facilitator, @cofacilitator, @note) returning id`, workshopArgs(by, w))
		if err != nil {
			return err
		}
		id = w.ID
		if err := s.setWorkshopPrograms(ctx, by, w); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "workshop.added", Subject: w.Subject(), After: w.Facts()})
	})
	return id, err
}

func (s *Store) setWorkshopPrograms(ctx context.Context, by domain.Actor, w domain.Workshop) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": w.ID, "programs": w.Programs}
	if _, err := s.exec(ctx, "workshop", `delete from workshop_program where workspace_id = @ws and workshop_id = @id and program_id <> all(@programs::bigint[])`, args); err != nil {
		return err
	}
	_, err := s.exec(ctx, "workshop", `insert into workshop_program (workspace_id, workshop_id, program_id) select @ws, @id, unnest(@programs::bigint[]) on conflict do nothing`, args)
	return err
}

// ChangeWorkshop saves what decide makes of the workshop. Conflict where somebody changed it since it was seen, and where it
// has begun: what people were told must hold.
func (s *Store) ChangeWorkshop(ctx context.Context, by domain.Actor, id domain.WorkshopID, seen int,
	decide func(domain.Workshop) (domain.Workshop, error)) error {
	if err := by.Must(domain.RunWorkshop); err != nil {
		return err
	}
	return change(ctx, s, by, id, seen, (*Store).workshop, func(w domain.Workshop) (domain.Workshop, error) {
		if w.State != domain.WorkshopPrepared {
			return w, domain.Errorf(domain.Conflict, "workshop.begun")
		}
		return decide(w)
	}, func(s *Store, _, next domain.Workshop) error {
		args := workshopArgs(by, next)
		args["id"] = id
		if _, err := s.exec(ctx, "workshop", `update workshop set name = @name, template = @template, agenda = @agenda, roles = @roles, named = @named,
			per_role = @per_role, held_on = @held_on, closes_on = @closes_on, facilitator_id = @facilitator, cofacilitator_id = @cofacilitator, note = @note,
			version = version + 1, updated_at = clock_timestamp() where workspace_id = @ws and id = @id`, args); err != nil {
			return err
		}
		if err := s.setWorkshopPrograms(ctx, by, next); err != nil {
			return err
		}
		_, err := s.exec(ctx, "workshop", `update workshop_live set own_pace = @own, rev = rev + 1 where workspace_id = @ws and workshop_id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "own": next.Apart()})
		return err
	}, nil)
}

// ArchiveWorkshop takes a workshop out of the list, and shuts its door. Conflict while it is under way.
func (s *Store) ArchiveWorkshop(ctx context.Context, by domain.Actor, id domain.WorkshopID) error {
	return s.Write(ctx, by, func(s *Store) error {
		w, err := s.workshop(ctx, by, id, forUpdate)
		if err != nil {
			return err
		}
		if w.State == domain.WorkshopRunning {
			return domain.Errorf(domain.Conflict, "workshop.archive_running")
		}
		if err := s.shutDoor(ctx, by, id); err != nil {
			return err
		}
		if err := s.archive(ctx, by, "workshop", w.Subject(), nil); err != nil {
			return err
		}
		return s.touchWorkshop(ctx, by, id)
	})
}

// RestoreWorkshop brings an archived workshop back.
func (s *Store) RestoreWorkshop(ctx context.Context, by domain.Actor, id domain.WorkshopID) error {
	return restoreRecord(ctx, s, by, "workshop", id, (*Store).WorkshopByID)
}

// RemoveWorkshop deletes a mistaken entry. Conflict where people have decided something in it.
func (s *Store) RemoveWorkshop(ctx context.Context, by domain.Actor, id domain.WorkshopID) error {
	return s.Write(ctx, by, func(s *Store) error {
		w, err := s.workshop(ctx, by, id, forUpdate)
		if err != nil {
			return err
		}
		if w.State != domain.WorkshopPrepared {
			return domain.Errorf(domain.Conflict, "workshop.begun")
		}
		return s.remove(ctx, by, "workshop", w.Subject(), nil)
	})
}

// WorkshopOptions returns the workshops that have not begun, for forms.
func (s *Store) WorkshopOptions(ctx context.Context, by domain.Actor) (options []domain.Option, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		options, err = s.options(ctx, by, `select id, name from workshop where workspace_id = @ws and archived_at is null and state <> 'closed' order by id desc`)
		return err
	})
	return options, err
}

// CardsAdded is what came of putting fields in a workshop.
type CardsAdded struct{ Added, Already, Gone int64 }

// AddCards puts fields in a workshop, as cards behind those that it has. Fields that nobody holds any more are left out. Invalid
// where there would be more than domain.MaxWorkshopCards, Conflict where the workshop has closed.
func (s *Store) AddCards(ctx context.Context, by domain.Actor, id domain.WorkshopID, fields []int64) (n CardsAdded, err error) {
	if err := by.Must(domain.RunWorkshop); err != nil {
		return n, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		w, err := s.workshop(ctx, by, id, forUpdate)
		if err != nil {
			return err
		}
		if w.State == domain.WorkshopClosed {
			return domain.Errorf(domain.Conflict, "workshop.closed_already")
		}
		type row struct {
			ID       int64            `db:"id"`
			Class    domain.GDPRClass `db:"gdpr_class"`
			Category string           `db:"category"`
			Subjects []string         `db:"subjects"`
			Already  bool             `db:"already"`
		}
		rows, err := many[row](ctx, s, "field", `select f.id, f.gdpr_class, coalesce(c.code, '') as category, d.subjects,
				exists(select from workshop_card k where k.workspace_id = @ws and k.workshop_id = @id and k.field_id = f.id) as already
			from field f join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
			join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
			left join data_category c on c.workspace_id = f.workspace_id and c.id = f.category_id
			where f.workspace_id = @ws and f.id = any(@fields) and f.state = 'active' order by fold(a.name), fold(d.name), f.position, f.id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "fields": fields})
		if err != nil {
			return err
		}
		n = CardsAdded{Gone: int64(len(fields) - len(rows))}
		var ids []int64
		var dpo []string
		for _, r := range rows {
			if r.Already {
				n.Already++
				continue
			}
			ids, dpo = append(ids, r.ID), append(dpo, string(dpoFor(r.Class, r.Category, r.Subjects)))
		}
		if n.Added = int64(len(ids)); n.Added == 0 {
			return nil
		}
		return s.insertCards(ctx, by, w, "field_id", ids, dpo, "workshop.cards_added")
	})
	return n, err
}

func dpoFor(class domain.GDPRClass, category string, subjects []string) domain.CardDPO {
	if len(domain.DPOFirst(class, category, subjects)) > 0 {
		return domain.DPONeeded
	}
	return domain.DPONotAsked
}

// insertCards adds cards about the records that column refers to, and tells of it.
func (s *Store) insertCards(ctx context.Context, by domain.Actor, w domain.Workshop, column string, ids []int64, dpo []string, verb string) error {
	has, err := one[int](ctx, s, "workshop", `select count(*) from workshop_card where workspace_id = @ws and workshop_id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": w.ID})
	if err != nil {
		return err
	}
	if has+len(ids) > domain.MaxWorkshopCards {
		return domain.Errorf(domain.Invalid, "workshop.too_many_cards", "most", domain.MaxWorkshopCards, "n", has+len(ids))
	}
	if _, err := s.exec(ctx, "workshop", `insert into workshop_card (workspace_id, workshop_id, `+column+`, dpo, position)
		select @ws, @id, u.id, u.dpo, u.n + coalesce((select max(position) from workshop_card where workspace_id = @ws and workshop_id = @id), 0)
		from unnest(@ids::bigint[], @dpo::text[]) with ordinality u (id, dpo, n)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": w.ID, "ids": ids, "dpo": dpo}); err != nil {
		return err
	}
	if err := s.touchWorkshop(ctx, by, w.ID); err != nil {
		return err
	}
	return s.record(ctx, by, domain.Event{Verb: verb, Subject: w.Subject(), After: map[string]any{"n": len(ids)}})
}

// AddGaps puts in a workshop the categories that its programs need and of which no field in use is, nor of one under them; how
// many were added.
func (s *Store) AddGaps(ctx context.Context, by domain.Actor, id domain.WorkshopID) (n int, err error) {
	if err := by.Must(domain.RunWorkshop); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		w, err := s.workshop(ctx, by, id, forUpdate)
		if err != nil {
			return err
		}
		type row struct {
			ID    int64            `db:"id"`
			Class domain.GDPRClass `db:"gdpr_class"`
			Code  string           `db:"code"`
		}
		rows, err := many[row](ctx, s, "category", `select distinct c.id, c.gdpr_class, c.code from workshop_program p
			join requirement r on r.workspace_id = p.workspace_id and r.program_id = p.program_id and r.level <> 'avoid'
			join data_category c on c.workspace_id = r.workspace_id and c.id = r.category_id
			where p.workspace_id = @ws and p.workshop_id = @id
				and not exists(select from data_category u join field f on f.workspace_id = u.workspace_id and f.category_id = u.id and f.state = 'active'
					where u.workspace_id = @ws and `+kin("c", "u")+`)
				and not exists(select from workshop_card k where k.workspace_id = @ws and k.workshop_id = @id and k.category_id = r.category_id)
			order by c.code`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if n = len(rows); err != nil || n == 0 {
			return err
		}
		return s.insertCards(ctx, by, w, "category_id", mapSlice(rows, func(r row) int64 { return r.ID }),
			mapSlice(rows, func(r row) string { return string(dpoFor(r.Class, r.Code, nil)) }), "workshop.gaps_added")
	})
	return n, err
}

// RemoveCard takes a card out of a workshop. Conflict where it has votes or a decision.
func (s *Store) RemoveCard(ctx context.Context, by domain.Actor, id domain.WorkshopID, card domain.WorkshopCardID) error {
	if err := by.Must(domain.RunWorkshop); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		w, err := s.workshop(ctx, by, id, forUpdate)
		if err != nil {
			return err
		}
		gone, err := s.exec(ctx, "workshop", `delete from workshop_card c where c.workspace_id = @ws and c.workshop_id = @id and c.id = @card and c.decision = ''
			and not exists(select from workshop_vote v where v.workspace_id = @ws and v.card_id = c.id)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "card": card})
		if err != nil {
			return err
		}
		if gone == 0 {
			return domain.Errorf(domain.Conflict, "workshop.card_voted")
		}
		if err := s.touchWorkshop(ctx, by, id); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "workshop.card_removed", Subject: w.Subject()})
	})
}

type cardRow struct {
	ID            domain.WorkshopCardID `db:"id"`
	WorkshopID    domain.WorkshopID     `db:"workshop_id"`
	FieldID       *domain.FieldID       `db:"field_id"`
	CategoryID    *domain.CategoryID    `db:"category_id"`
	Position      int                   `db:"position"`
	DPO           domain.CardDPO        `db:"dpo"`
	DPOReason     string                `db:"dpo_reason"`
	DPOGround     string                `db:"dpo_ground"`
	DPOBy         string                `db:"dpo_by"`
	Round         int                   `db:"round"`
	Revealed      bool                  `db:"revealed"`
	Parked        bool                  `db:"parked"`
	ParkedNote    string                `db:"parked_note"`
	Decision      domain.CardDecision   `db:"decision"`
	Reason        string                `db:"reason"`
	KeepN         int                   `db:"keep_n"`
	DropN         int                   `db:"drop_n"`
	OwnerID       *domain.UserID        `db:"owner_id"`
	DueOn         *time.Time            `db:"due_on"`
	DecidedByName string                `db:"decided_by_name"`
	DecidedAt     *time.Time            `db:"decided_at"`
	DoneAt        *time.Time            `db:"done_at"`
}

// dpoFirst is whether a DPO is asked before people vote on a card k, as domain.DPOFirst tells of its data as it is now.
const dpoFirst = `coalesce((select coalesce(f.gdpr_class, c.gdpr_class) in ('sensitive_art9', 'criminal_art10', 'nir') or (c.code || '.') like '%.free\_text.%'
		or c.code = 'ident.minor' or starts_with(c.code, 'perso.family.children') or 'minors' = any(d.subjects)
	from (select) x left join field f on f.workspace_id = k.workspace_id and f.id = k.field_id
	left join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
	left join data_category c on c.workspace_id = k.workspace_id and c.id = coalesce(k.category_id, f.category_id)), false)`

// What is written on a card of the DPO is what they said; where nobody has asked them, dpoNow says whether somebody must. dpoLets is
// true of a card that people may vote on for all that a DPO says, and votable of one that takes votes now.
const (
	dpoNow  = `case when k.dpo = '' and ` + dpoFirst + ` then 'needed' else k.dpo end`
	dpoLets = `(k.dpo = 'allowed' or k.dpo = '' and not ` + dpoFirst + `)`
	votable = `not k.revealed and k.decision = '' and ` + dpoLets
)

const cardCols = `k.id, k.workshop_id, k.field_id, k.category_id, k.position, ` + dpoNow + ` as dpo, k.dpo_reason, k.dpo_ground, k.dpo_by, k.round, k.revealed, k.parked,
	k.parked_note, k.decision, k.reason, k.keep_n, k.drop_n, k.owner_id, k.due_on, k.decided_by_name, k.decided_at, k.done_at`

func (r cardRow) card() domain.WorkshopCard {
	return domain.WorkshopCard{ID: r.ID, Workshop: r.WorkshopID, Field: deref(r.FieldID), Category: deref(r.CategoryID), Position: r.Position, DPO: r.DPO,
		DPOReason: r.DPOReason, DPOGround: r.DPOGround, DPOBy: r.DPOBy, Round: r.Round, Revealed: r.Revealed, Parked: r.Parked, ParkedNote: r.ParkedNote,
		Decision: r.Decision, Reason: r.Reason, KeepN: r.KeepN, DropN: r.DropN, Owner: deref(r.OwnerID), DueOn: r.DueOn, DecidedByName: r.DecidedByName,
		DecidedAt: r.DecidedAt, DoneAt: r.DoneAt}
}

// CardLine is a card with what lists and screens say of it.
type CardLine struct {
	domain.WorkshopCard
	Name        string // technical name of a field, code of a category
	Label       string
	LabelFR     string // of a category
	LabelEN     string
	Description string
	Application string
	Dataset     string
	Class       domain.GDPRClass
	Subjects    []string
	Code        string // of the category
	Grade       domain.Grade
	Verdict     domain.Verdict
	Fill        *float64
	Reads       *int64
	LastReadAt  *time.Time
	Flags       domain.FlagSet
	Retention   string
	OwnerName   string
	Duty        bool // an approved purpose outside the programs asks for it
	Users       []CardUser
	Votes       []domain.Vote // of the present round
}

// CardUser is a program that a field is linked to today.
type CardUser struct {
	Card    domain.WorkshopCardID `db:"card_id"`
	Program string                `db:"name"`
	Level   string                `db:"level"`
}

// DPOReasons tell why a DPO is asked first.
func (l CardLine) DPOReasons() []string { return domain.DPOFirst(l.Class, l.Code, l.Subjects) }

// Title is what people call the card, in a language.
func (l CardLine) Title(lang string) string {
	switch {
	case l.Gap() && lang == "fr":
		return l.LabelFR
	case l.Gap():
		return l.LabelEN
	case l.Label != "":
		return l.Label
	}
	return l.Name
}

// CategoryLabel is what the category of the card is called, in a language.
func (l CardLine) CategoryLabel(lang string) string {
	if lang == "fr" {
		return l.LabelFR
	}
	return l.LabelEN
}

type cardLineRow struct {
	cardRow
	Name        string           `db:"name"`
	Label       string           `db:"label"`
	LabelFR     string           `db:"label_fr"`
	LabelEN     string           `db:"label_en"`
	Description string           `db:"description"`
	Application string           `db:"application"`
	Dataset     string           `db:"dataset"`
	Class       domain.GDPRClass `db:"gdpr_class"`
	Subjects    []string         `db:"subjects"`
	Code        string           `db:"code"`
	Grade       domain.Grade     `db:"grade"`
	Verdict     domain.Verdict   `db:"verdict"`
	Fill        *float64         `db:"fill"`
	Reads       *int64           `db:"reads"`
	LastReadAt  *time.Time       `db:"last_read_at"`
	Flags       int32            `db:"flags"`
	Retention   string           `db:"retention"`
	OwnerName   string           `db:"owner_name"`
	Duty        bool             `db:"duty"`
}

const cardLineSelect = `select ` + cardCols + `, coalesce(f.name, c.code, '') as name, coalesce(f.label, '') as label, coalesce(c.label_fr, '') as label_fr, coalesce(c.label_en, '') as label_en,
		coalesce(nullif(f.description, ''), f.comment, '') as description, coalesce(a.name, '') as application, coalesce(d.name, '') as dataset,
		coalesce(f.gdpr_class, c.gdpr_class, 'unclassified') as gdpr_class, coalesce(d.subjects, '{}') as subjects, coalesce(c.code, '') as code, coalesce(f.grade, 0) as grade,
		coalesce(f.verdict, '') as verdict, e.non_null_count::double precision / nullif(e.row_count, 0) as fill, e.reads, e.last_read_at,
		coalesce(f.flags, 0) as flags, coalesce(rr.name, '') as retention, coalesce(u.name, '') as owner_name,
		exists(select from purpose_mapping m join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id
			where m.workspace_id = k.workspace_id and m.field_id = k.field_id and m.state = 'approved' and not p.needs_program and p.archived_at is null) as duty
	from workshop_card k
	left join field f on f.workspace_id = k.workspace_id and f.id = k.field_id
	left join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
	left join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
	left join data_category c on c.workspace_id = k.workspace_id and c.id = coalesce(k.category_id, f.category_id)
	left join field_evidence e on e.workspace_id = f.workspace_id and e.field_id = f.id
	left join retention_rule rr on rr.workspace_id = f.workspace_id and rr.id = f.effective_rule_id
	left join app_user u on u.id = k.owner_id
	where k.workspace_id = @ws`

func (r cardLineRow) line() CardLine {
	return CardLine{WorkshopCard: r.card(), Name: r.Name, Label: r.Label, LabelFR: r.LabelFR, LabelEN: r.LabelEN, Description: r.Description, Application: r.Application,
		Dataset: r.Dataset, Class: r.Class, Subjects: r.Subjects, Code: r.Code, Grade: r.Grade, Verdict: r.Verdict, Fill: r.Fill, Reads: r.Reads, LastReadAt: r.LastReadAt,
		Flags: domain.FlagSet(r.Flags), Retention: r.Retention, OwnerName: r.OwnerName, Duty: r.Duty}
}

type voteRow struct {
	Card        domain.WorkshopCardID `db:"card_id"`
	Participant *domain.ParticipantID `db:"participant_id"`
	Role        string                `db:"role"`
	Program     domain.ProgramID      `db:"program_id"`
	Level       *int16                `db:"level"`
	Gain        string                `db:"gain"`
}

func (r voteRow) vote() domain.Vote {
	v := domain.Vote{Participant: deref(r.Participant), Role: r.Role, Program: r.Program, Gain: r.Gain}
	if r.Level != nil {
		level := int(*r.Level)
		v.Level = &level
	}
	return v
}

// Cards reads the cards of a workshop in their order, with the programs that use them today and the votes of their present
// round.
func (s *Store) Cards(ctx context.Context, by domain.Actor, id domain.WorkshopID) (list []CardLine, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		list, err = s.cardLines(ctx, by, ` and k.workshop_id = @id order by k.position, k.id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
	return list, err
}

// cardLines reads cards by a condition on k, with what belongs to them.
func (s *Store) cardLines(ctx context.Context, by domain.Actor, condition string, args pgx.StrictNamedArgs) ([]CardLine, error) {
	rows, err := many[cardLineRow](ctx, s, "workshop", cardLineSelect+condition, args)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	list, at := mapSlice(rows, cardLineRow.line), make(map[domain.WorkshopCardID]int, len(rows))
	ids := make([]int64, len(rows))
	for i, l := range list {
		at[l.ID], ids[i] = i, int64(l.ID)
	}
	of := pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids}
	users, err := many[CardUser](ctx, s, "workshop", `select k.id as card_id, p.name, l.level from workshop_card k
		join program_link l on l.workspace_id = k.workspace_id and l.field_id = k.field_id
		join program p on p.workspace_id = l.workspace_id and p.id = l.program_id and p.archived_at is null
		where k.workspace_id = @ws and k.id = any(@ids) order by l.level = 'avoid', l.level, fold(p.name)`, of)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		l := &list[at[u.Card]]
		l.Users = append(l.Users, u)
	}
	type need struct {
		Card    domain.WorkshopCardID `db:"card_id"`
		Program domain.ProgramID      `db:"program_id"`
		Level   int                   `db:"level"`
		Note    string                `db:"note"`
	}
	needs, err := many[need](ctx, s, "workshop", `select n.card_id, n.program_id, n.level, n.note from workshop_need n
		where n.workspace_id = @ws and n.card_id = any(@ids) order by n.program_id`, of)
	if err != nil {
		return nil, err
	}
	for _, n := range needs {
		l := &list[at[n.Card]]
		l.Outcome = append(l.Outcome, domain.ProgramNeed{Program: n.Program, Level: n.Level, Note: n.Note})
	}
	votes, err := many[voteRow](ctx, s, "workshop", `select v.card_id, v.participant_id, v.role, v.program_id, v.level, v.gain from workshop_vote v
		join workshop_card k on k.workspace_id = v.workspace_id and k.id = v.card_id and k.round = v.round
		left join workshop_participant p on p.workspace_id = v.workspace_id and p.id = v.participant_id
		where v.workspace_id = @ws and v.card_id = any(@ids) and p.removed_at is null order by v.id`, of)
	for _, v := range votes {
		l := &list[at[v.Card]]
		l.Votes = append(l.Votes, v.vote())
	}
	return list, err
}

type participantRow struct {
	ID        domain.ParticipantID `db:"id"`
	Workshop  domain.WorkshopID    `db:"workshop_id"`
	UserID    *domain.UserID       `db:"user_id"`
	Name      string               `db:"name"`
	Role      string               `db:"role"`
	Part      string               `db:"part"`
	JoinedAt  *time.Time           `db:"joined_at"`
	RemovedAt *time.Time           `db:"removed_at"`
}

const participantCols = `p.id, p.workshop_id, p.user_id, coalesce(nullif(p.name, ''), u.name, '') as name, p.role, p.part, p.joined_at, p.removed_at`

func (r participantRow) participant() domain.Participant {
	return domain.Participant{ID: r.ID, Workshop: r.Workshop, User: deref(r.UserID), Name: r.Name, Role: r.Role, Part: r.Part, JoinedAt: r.JoinedAt, RemovedAt: r.RemovedAt}
}

// Participants returns who is, was or is asked to be in a workshop, in the order in which they came.
func (s *Store) Participants(ctx context.Context, by domain.Actor, id domain.WorkshopID) (list []domain.Participant, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[participantRow](ctx, s, "workshop", `select `+participantCols+` from workshop_participant p left join app_user u on u.id = p.user_id
			where p.workspace_id = @ws and p.workshop_id = @id order by p.id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		list = mapSlice(rows, participantRow.participant)
		return err
	})
	return list, err
}

func (s *Store) workshopPrograms(ctx context.Context, by domain.Actor, id domain.WorkshopID) ([]domain.Option, error) {
	rows, err := many[optionRow](ctx, s, "workshop", `select p.id, p.name from workshop_program w join program p on p.workspace_id = w.workspace_id and p.id = w.program_id
		where w.workspace_id = @ws and w.workshop_id = @id order by fold(p.name), p.id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return mapSlice(rows, optionRow.option), err
}

// ProgramIDs are the ids of options that are programs.
func ProgramIDs(options []domain.Option) []domain.ProgramID {
	return mapSlice(options, func(o domain.Option) domain.ProgramID { return domain.ProgramID(o.ID) })
}

const workshopTables = `(select w.workspace_id, w.id, w.name, case when w.state = 'closed' and exists(select from batch b where b.workspace_id = w.workspace_id and b.id = w.batch_id and b.undone_at is null)
				then 'applied' else w.state end as state, w.template, w.held_on, w.facilitator_id, w.updated_at, w.archived_at,
			(select count(*) from workshop_card k where k.workspace_id = w.workspace_id and k.workshop_id = w.id) as cards,
			(select count(*) from workshop_card k where k.workspace_id = w.workspace_id and k.workshop_id = w.id and k.decision <> '') as decided,
			(select count(*) from workshop_participant p where p.workspace_id = w.workspace_id and p.workshop_id = w.id and p.joined_at is not null and p.removed_at is null) as participants,
			array(select p.name from workshop_program x join program p on p.workspace_id = x.workspace_id and p.id = x.program_id
				where x.workspace_id = w.workspace_id and x.workshop_id = w.id order by fold(p.name)) as programs
		from workshop w) r
		left join app_user o on o.id = r.facilitator_id`

var _ = addRegister(registerSQL{
	register: domain.WorkshopRegister,
	from:     workshopTables,
	cells: map[string]string{"name": "r.name", "workshop_state": "r.state", "workshop_template": "r.template", "held_on": "r.held_on", "programs": "r.programs",
		"cards": "r.cards", "decided": "r.decided", "participants": "r.participants", "facilitator": "o.name", "updated": "r.updated_at"},
	filters: map[string]filterSQL{
		"workshop_state": {expr: "r.state"},
		"program": {in: `exists(select from workshop_program x where x.workspace_id = r.workspace_id and x.workshop_id = r.id and x.program_id = any(%s::text[]::bigint[]))`, lookup: programLookup,
			facet: `select p.id::text as value, p.name as label, count(*) as n from workshop_program x
				join program p on p.workspace_id = x.workspace_id and p.id = x.program_id
				where x.workspace_id = @ws and x.workshop_id in (select r.id from ` + workshopTables + ` where %s) group by 1, 2 order by n desc, 2 limit 200`},
		"owner":       {in: `exists(select from workshop_card x where x.workspace_id = r.workspace_id and x.workshop_id = r.id and x.owner_id = any(%s::text[]::bigint[]))`, lookup: userLookup},
		"field":       {in: `exists(select from workshop_card x where x.workspace_id = r.workspace_id and x.workshop_id = r.id and x.field_id = any(%s::text[]::bigint[]))`, lookup: fieldLookup},
		"facilitator": {expr: "r.facilitator_id::text", none: "r.facilitator_id is null", label: "o.name", lookup: userLookup},
		"state":       {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
	},
	search:   "fold(r.name)",
	archived: "r.archived_at is not null",
})
