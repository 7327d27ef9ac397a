package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// WorkshopPlan is what applying the decisions of a workshop does, card by card.
type WorkshopPlan struct {
	Lines []PlanLine
	// Fingerprint is another wherever something else would be done.
	Fingerprint string
}

// Effects counts what is changed, and what cannot be.
func (p WorkshopPlan) Effects() (changed, refused int64) {
	for _, l := range p.Lines {
		for _, e := range l.Effects {
			switch {
			case e.Refused != "":
				refused++
			case e.Kind != "reopened": // follows from a link
				changed++
			}
		}
	}
	return changed, refused
}

// Reopened counts the approvals that go back to the DPO.
func (p WorkshopPlan) Reopened() (n int64) {
	for _, l := range p.Lines {
		for _, e := range l.Effects {
			n += e.N
		}
	}
	return n
}

// PlanLine is a card with what its decision does.
type PlanLine struct {
	CardLine
	Effects []PlanEffect
}

// PlanEffect is one thing that a decision does, or cannot do.
type PlanEffect struct {
	Kind    string // linked, unlinked, reopened, mapped, decided, target, required
	What    string // level of a link, kind of a decision, action of a target
	Program domain.ProgramID
	Purpose domain.PurposeID
	N       int64  // of reopened: approvals that go back to the DPO
	Refused string // key of the reason; empty where it is done
}

// errPlanned gives back what a plan has done.
var errPlanned = errors.New("only planned")

// PlanWorkshop tells exactly what applying would do: it does it, and takes it back.
func (s *Store) PlanWorkshop(ctx context.Context, by domain.Actor, id domain.WorkshopID) (plan WorkshopPlan, err error) {
	if err := by.Must(domain.RunWorkshop); err != nil {
		return plan, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		if _, plan, err = s.applyWorkshop(ctx, by, id); err != nil {
			return err
		}
		return errPlanned
	})
	if errors.Is(err, errPlanned) {
		err = nil
	}
	return plan, err
}

// ApplyWorkshop carries the decisions of a closed workshop out, in one transaction and as one batch: links, requirements, targets
// with their owners and dates, proposals for deletion, questions to the DPO. Conflict, with the plan as it now is, where seen is
// the fingerprint of another, and where they were applied already.
func (s *Store) ApplyWorkshop(ctx context.Context, by domain.Actor, id domain.WorkshopID, seen string) (batch domain.BatchID, plan WorkshopPlan, err error) {
	if err := by.Must(domain.RunWorkshop); err != nil {
		return 0, plan, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		if batch, plan, err = s.applyWorkshop(ctx, by, id); err != nil {
			return err
		}
		if seen != plan.Fingerprint {
			return domain.Errorf(domain.Conflict, "bulk.moved")
		}
		if changed, _ := plan.Effects(); changed == 0 {
			return domain.Errorf(domain.Conflict, "bulk.nothing_to_do")
		}
		return nil
	})
	return batch, plan, err
}

func (s *Store) applyWorkshop(ctx context.Context, by domain.Actor, id domain.WorkshopID) (batch domain.BatchID, plan WorkshopPlan, err error) {
	w, err := s.workshop(ctx, by, id, forUpdate)
	if err != nil {
		return 0, plan, err
	}
	if w.State != domain.WorkshopClosed || w.Batch != 0 {
		return 0, plan, domain.Errorf(domain.Conflict, "workshop.not_to_apply")
	}
	lines, err := s.cardLines(ctx, by, ` and k.workshop_id = @id and k.decision <> '' order by k.position, k.id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	if err != nil {
		return 0, plan, err
	}
	if batch, err = s.addBatch(ctx, by, domain.BulkWorkshop, map[string]any{"workshop": w.Name}, 0, 0); err != nil {
		return 0, plan, err
	}
	s.batch = batch
	defer func() { s.batch = 0 }()
	a := applying{s: s, by: by, w: w, batch: batch}
	for _, l := range lines {
		a.effects = nil
		if err := a.card(ctx, l); err != nil {
			return 0, plan, err
		}
		plan.Lines = append(plan.Lines, PlanLine{l, a.effects})
	}
	plan.Fingerprint = plan.print()
	changed, refused := plan.Effects()
	if _, err := s.exec(ctx, "batch", `update batch set changed = @changed, refused = @refused where workspace_id = @ws and id = @batch`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "batch": batch, "changed": changed, "refused": refused}); err != nil {
		return 0, plan, err
	}
	if _, err := s.exec(ctx, "workshop", `update workshop set batch_id = @batch, version = version + 1, updated_at = clock_timestamp() where workspace_id = @ws and id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "batch": batch}); err != nil {
		return 0, plan, err
	}
	if err := s.touchWorkshop(ctx, by, id); err != nil {
		return 0, plan, err
	}
	return batch, plan, s.record(ctx, by, domain.Event{Verb: "workshop.applied", Subject: w.Subject(), After: map[string]any{"changed": changed, "refused": refused}})
}

func (p WorkshopPlan) print() string {
	h := sha256.New()
	for _, l := range p.Lines {
		fmt.Fprintf(h, "%d %s %s %v %v|%v\n", l.ID, l.Decision, l.Reason, l.Owner, l.DueOn, l.Effects)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// applying carries one workshop out.
type applying struct {
	s       *Store
	by      domain.Actor
	w       domain.Workshop
	batch   domain.BatchID
	effects []PlanEffect
}

func (a *applying) did(e PlanEffect) { a.effects = append(a.effects, e) }

func (a *applying) card(ctx context.Context, l CardLine) error {
	// What has become data that a DPO is asked about first was not theirs when the room decided.
	if (l.Decision.Keeps() || l.Decision == domain.CardCollect) && l.DPO == domain.DPONeeded {
		a.did(PlanEffect{Kind: "target", What: string(l.Decision), Refused: "dpo"})
		return nil
	}
	if l.Field != 0 {
		// Nobody changes the field meanwhile, as with any act on many.
		if err := a.s.takeTurn(ctx, a.by, []int64{int64(l.Field)}); err != nil {
			return err
		}
		if err := a.links(ctx, l); err != nil {
			return err
		}
		if err := a.answers(ctx, l); err != nil {
			return err
		}
	} else if l.Decision == domain.CardCollect {
		if err := a.requirements(ctx, l); err != nil {
			return err
		}
	}
	return a.target(ctx, l)
}

// links ties the field to the programs of the workshop as it was decided, and takes away what nobody needs.
func (a *applying) links(ctx context.Context, l CardLine) error {
	changed := false
	for _, need := range l.Outcome {
		was, found, err := a.s.linkOf(ctx, a.by, l.Field, need.Program)
		if err != nil {
			return err
		}
		level, note := domain.LinkLevel(""), ""
		switch l.Decision {
		case domain.CardKeep, domain.CardKeepLimited:
			switch need.Level {
			case 2:
				level, note = domain.LinkEssential, was.Note
			case 1:
				level, note = domain.LinkUseful, need.Note
				if note == "" {
					note = l.Reason
				}
			}
		case domain.CardReplace:
			if found || need.Level > 0 {
				level, note = domain.LinkAvoid, l.Reason
			}
		case domain.CardDrop, domain.CardArchive:
		case domain.CardReview, domain.CardCollect:
			continue
		}
		switch {
		case level == "" && !found || found && was.Level == level && was.Note == note:
			continue
		case level != "" && !l.Class.AllowsLevel(level):
			a.did(PlanEffect{Kind: "linked", What: string(level), Program: need.Program, Refused: "sensitive"})
			continue
		}
		if err := a.link(ctx, l, need.Program, level, note); err != nil {
			return err
		}
		changed = true
	}
	if !changed {
		return nil
	}
	reopened, err := a.s.judgeTelling(ctx, a.by, []int64{int64(l.Field)})
	if err == nil && reopened > 0 {
		a.did(PlanEffect{Kind: "reopened", N: reopened})
	}
	return err
}

// link sets one tie, or takes it away where level is empty, and tells what undoing needs to know.
func (a *applying) link(ctx context.Context, l CardLine, program domain.ProgramID, level domain.LinkLevel, note string) error {
	verb, kind := "field.linked", "linked"
	if level == "" {
		verb, kind = "field.unlinked", "unlinked"
	}
	n, err := loose[int64](ctx, a.s, `with was as materialized (
			select f.id, f.name, x.role, case when x.field_id is not null then `+linkFacts+` end as before
			from field f left join program_link x on x.workspace_id = @ws and x.field_id = f.id and x.program_id = @program
			join program p on p.workspace_id = @ws and p.id = @program and (p.archived_at is null or @level = '')
			where f.workspace_id = @ws and f.id = @field and (f.state = 'active' or @level = '')),
		gone as (delete from program_link x using was where @level = '' and x.workspace_id = @ws and x.field_id = was.id and x.program_id = @program),
		tied as (insert into program_link (workspace_id, field_id, program_id, level, role, note, source, linked_by)
			select @ws, id, @program, @level, coalesce(role, ''), @note, 'workshop', @actor from was where @level <> ''
			on conflict (workspace_id, field_id, program_id) do update set level = excluded.level, note = excluded.note, source = excluded.source,
				linked_by = excluded.linked_by, linked_at = clock_timestamp()),
		told as (insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after, reason, batch_id)
			select @ws, @actor, @actor_name, @verb, 'field', id, name, before, case when @level <> '' then jsonb_build_object('program', @program::bigint,
				'level', @level::text, 'role', coalesce(role, ''), 'note', @note::text, 'source', 'workshop') end, @reason, @batch from was)
		select id from was`, pgx.NamedArgs{"ws": a.by.Workspace, "field": l.Field, "program": program, "level": string(level), "note": note, "actor": zeroNull(a.by.User),
		"actor_name": a.by.Name, "verb": verb, "reason": l.Reason, "batch": a.batch})
	if err != nil {
		return err
	}
	e := PlanEffect{Kind: kind, What: string(level), Program: program}
	if len(n) == 0 {
		e.Refused = "gone"
	}
	a.did(e)
	return nil
}

// answers proposes what is dropped for deletion, what is archived to be kept until its day, and puts what is to be looked into
// before the DPO; of what is kept, it proposes the purposes that it lacks.
func (a *applying) answers(ctx context.Context, l CardLine) error {
	switch l.Decision {
	case domain.CardDrop:
		return a.act(ctx, l, domain.Bulk{Act: domain.BulkDelete, Reason: l.Reason}, PlanEffect{Kind: "decided", What: string(domain.ProposeDeletion)})
	case domain.CardReview:
		return a.act(ctx, l, domain.Bulk{Act: domain.BulkToDPO, Reason: l.Reason}, PlanEffect{Kind: "decided", What: string(domain.SendToDPO)})
	case domain.CardArchive:
		if l.DueOn != nil && l.DueOn.After(a.s.now()) {
			return a.act(ctx, l, domain.Bulk{Act: domain.BulkKeep, Reason: l.Reason, Until: l.DueOn}, PlanEffect{Kind: "decided", What: string(domain.KeepUntil)})
		}
	case domain.CardKeep, domain.CardKeepLimited:
		return a.purposes(ctx, l)
	case domain.CardReplace, domain.CardCollect:
	}
	return nil
}

// purposes proposes, for each program that needs the field and has no purpose in common with it, the purposes of the program:
// questions that the review desk shows.
func (a *applying) purposes(ctx context.Context, l CardLine) error {
	for _, need := range l.Outcome {
		if need.Level == 0 {
			continue
		}
		missing, err := many[domain.PurposeID](ctx, a.s, "purpose", `select u.id from program_purpose x join program p on p.workspace_id = x.workspace_id and p.id = x.program_id and p.archived_at is null
			join purpose u on u.workspace_id = x.workspace_id and u.id = x.purpose_id
				and u.archived_at is null and u.state <> 'retired'
			where x.workspace_id = @ws and x.program_id = @program and not exists(select from program_purpose y
				join purpose_mapping m on m.workspace_id = y.workspace_id and m.purpose_id = y.purpose_id and m.field_id = @field
				where y.workspace_id = @ws and y.program_id = @program) order by u.id`,
			pgx.StrictNamedArgs{"ws": a.by.Workspace, "program": need.Program, "field": l.Field})
		if err != nil {
			return err
		}
		for _, purpose := range missing {
			if err := a.act(ctx, l, domain.Bulk{Act: domain.BulkMap, Purpose: purpose, Justification: l.Reason}, PlanEffect{Kind: "mapped", Purpose: purpose, Program: need.Program}); err != nil {
				return err
			}
		}
	}
	return nil
}

// act does to the field what the same act does from a list, under the same refusals.
func (a *applying) act(ctx context.Context, l CardLine, b domain.Bulk, e PlanEffect) error {
	ids := []int64{int64(l.Field)}
	plan, err := a.s.planBulk(ctx, a.by, b, ids)
	if err != nil {
		return err
	}
	switch {
	case plan.Refused > 0:
		e.Refused = plan.Reasons[0].Key
	case plan.Todo() == 0:
		return nil
	default:
		if err := a.s.carryOut(ctx, a.by, b, ids, a.batch, nil); err != nil {
			return err
		}
	}
	a.did(e)
	return nil
}

// requirements say that programs need data that nobody holds.
func (a *applying) requirements(ctx context.Context, l CardLine) error {
	for _, need := range l.Outcome {
		if need.Level == 0 {
			continue
		}
		q := domain.Requirement{Program: need.Program, Category: l.Category, Level: domain.LinkEssential}
		if need.Level == 1 {
			if q.Level, q.Note = domain.LinkUseful, need.Note; q.Note == "" {
				q.Note = l.Reason
			}
		}
		was, known, err := a.s.requirement(ctx, a.by, q.Program, q.Category)
		if err != nil {
			return err
		}
		if known {
			q.Role, q.Scenarios = was.Role, was.Scenarios
			if q.Level == domain.LinkEssential {
				q.Note = was.Note
			}
			if was.Level == q.Level && was.Note == q.Note {
				continue
			}
		}
		p, err := a.s.ProgramByID(ctx, a.by, q.Program)
		if err != nil {
			return err
		}
		if err := a.s.require(ctx, a.by, p, q, l.Reason); err != nil {
			return err
		}
		a.did(PlanEffect{Kind: "required", What: string(q.Level), Program: q.Program})
	}
	return nil
}

// target keeps what is to become of the card, with who sees to it and until when.
func (a *applying) target(ctx context.Context, l CardLine) error {
	t := domain.Target{Field: l.Field, Category: l.WorkshopCard.Category, Action: domain.TargetAction(l.Decision), Reason: l.Reason, Owner: l.Owner, Due: l.DueOn, Source: "workshop"}
	switch l.Decision {
	case domain.CardKeepLimited:
		t.Action, t.How = domain.TargetLimit, l.Reason
	case domain.CardReplace:
		t.Cause, t.How = domain.TargetCauses[0], l.Reason
	case domain.CardKeep, domain.CardCollect, domain.CardArchive, domain.CardDrop, domain.CardReview:
	}
	t, err := domain.NewTarget(t, a.s.now().UTC())
	if err != nil {
		a.did(PlanEffect{Kind: "target", What: string(t.Action), Refused: "target"})
		return nil // the review says so; the other effects of the card stand
	}
	if _, _, err := a.s.SetTarget(ctx, a.by, t); err != nil {
		return err
	}
	a.did(PlanEffect{Kind: "target", What: string(t.Action)})
	return nil
}

// undoRequirements takes back what programs need since a batch, where nobody has said otherwise since. It returns how many needs
// it took back, and how many there were.
func (s *Store) undoRequirements(ctx context.Context, by domain.Actor, batch domain.BatchID) (undone, total int64, err error) {
	type row struct {
		Program int64          `db:"subject_id"`
		Name    string         `db:"subject_name"`
		Before  map[string]any `db:"before"`
		After   map[string]any `db:"after"`
	}
	rows, err := many[row](ctx, s, "event", `select e.subject_id, e.subject_name, e.before, e.after from event e
		where e.workspace_id = @ws and e.batch_id = @batch and e.verb = 'program.required' order by e.id desc`, pgx.StrictNamedArgs{"ws": by.Workspace, "batch": batch})
	if err != nil {
		return 0, 0, err
	}
	for _, r := range rows {
		ok, err := s.undoRequirement(ctx, by, domain.ProgramID(r.Program), r.Before, r.After)
		if err != nil {
			return 0, 0, err
		}
		if !ok {
			continue
		}
		undone++
		if err := s.record(ctx, by, domain.Event{Verb: "field.undone", Subject: domain.Subject{Kind: domain.SubjectProgram, ID: r.Program, Name: r.Name},
			Before: r.After, After: r.Before, Batch: batch}); err != nil {
			return 0, 0, err
		}
	}
	return undone, int64(len(rows)), nil
}

// undoRequirement gives a need the level that it had, or takes it away; false where somebody has said otherwise since.
func (s *Store) undoRequirement(ctx context.Context, by domain.Actor, program domain.ProgramID, before, after map[string]any) (bool, error) {
	value := func(facts map[string]any, name string) string {
		v, _ := facts[name].(string)
		return v
	}
	category, _ := after["category"].(float64)
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "program": program, "category": int64(category), "level": value(after, "level"), "role": value(after, "role"), "note": value(after, "note")}
	const still = ` where workspace_id = @ws and program_id = @program and category_id = @category and level = @level and role = @role and note = @note`
	if before == nil {
		n, err := s.exec(ctx, "requirement", `delete from requirement`+still, args)
		return n > 0, err
	}
	args["was_level"], args["was_role"], args["was_note"] = value(before, "level"), value(before, "role"), value(before, "note")
	n, err := s.exec(ctx, "requirement", `update requirement set level = @was_level, role = @was_role, note = @was_note`+still, args)
	return n > 0, err
}

// FieldWorkshop is what a workshop decided of a field, for its page.
type FieldWorkshop struct {
	ID       domain.WorkshopID   `db:"id"`
	Name     string              `db:"name"`
	Decision domain.CardDecision `db:"decision"`
	Reason   string              `db:"reason"`
	Keep     int                 `db:"keep_n"`
	Drop     int                 `db:"drop_n"`
	At       time.Time           `db:"at"`
}

// fieldWorkshops are the workshops whose decision about a field was applied and stands, newest first.
const fieldWorkshops = `select w.id, w.name, k.decision, k.reason, k.keep_n, k.drop_n, b.created_at as at from workshop_card k
	join workshop w on w.workspace_id = k.workspace_id and w.id = k.workshop_id
	join batch b on b.workspace_id = w.workspace_id and b.id = w.batch_id and b.undone_at is null
	where k.workspace_id = @ws and k.field_id = @id and k.decision <> '' order by b.id desc limit 5`

// CardGround names a card and a program of its workshop.
type CardGround struct {
	Card    domain.WorkshopCardID
	Program domain.ProgramID
}

// Ground is what the register says of a field for a program: what the program does with it, and the legal bases of the purposes
// that a DPO approved for it.
type Ground struct {
	Role  string
	Bases []string
}

// CardGrounds returns what the register says today of the fields of a workshop for its programs.
func (s *Store) CardGrounds(ctx context.Context, by domain.Actor, id domain.WorkshopID) (map[CardGround]Ground, error) {
	type row struct {
		Card    domain.WorkshopCardID `db:"card_id"`
		Program domain.ProgramID      `db:"program_id"`
		Role    string                `db:"role"`
		Bases   []string              `db:"bases"`
	}
	grounds := map[CardGround]Ground{}
	err := s.Read(ctx, by, func(s *Store) error {
		rows, err := many[row](ctx, s, "workshop", `select k.id as card_id, w.program_id, coalesce(l.role, '') as role,
				array(select distinct u.legal_basis from purpose_mapping m join purpose u on u.workspace_id = m.workspace_id and u.id = m.purpose_id
					where m.workspace_id = k.workspace_id and m.field_id = k.field_id and m.state = 'approved' and u.legal_basis <> '' order by 1) as bases
			from workshop_card k join workshop_program w on w.workspace_id = k.workspace_id and w.workshop_id = k.workshop_id
			left join program_link l on l.workspace_id = k.workspace_id and l.field_id = k.field_id and l.program_id = w.program_id
			where k.workspace_id = @ws and k.workshop_id = @id and k.field_id is not null`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		for _, r := range rows {
			grounds[CardGround{r.Card, r.Program}] = Ground{r.Role, r.Bases}
		}
		return err
	})
	return grounds, err
}

// Objection is what somebody wants kept in the minutes against a decision.
type Objection struct {
	Card domain.WorkshopCardID `db:"card_id"`
	Role string                `db:"role"`
	Name string                `db:"name"`
	Body string                `db:"body"`
	At   time.Time             `db:"at"`
}

// Objections returns the objections of a workshop in the order in which they came.
func (s *Store) Objections(ctx context.Context, by domain.Actor, id domain.WorkshopID) (list []Objection, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		list, err = many[Objection](ctx, s, "workshop", `select o.card_id, o.role, o.name, o.body, o.at from workshop_objection o
			join workshop_card k on k.workspace_id = o.workspace_id and k.id = o.card_id where o.workspace_id = @ws and k.workshop_id = @id order by o.id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
	return list, err
}
