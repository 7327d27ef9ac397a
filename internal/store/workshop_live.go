package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// workshopChannel is where changes of workshops are told to every server process.
const workshopChannel = "workshop"

// WorkshopNews is a change of a workshop that another transaction has committed. A vote changes counters only.
type WorkshopNews struct {
	Workspace domain.WorkspaceID
	Workshop  domain.WorkshopID
	VoteOnly  bool
}

// touchWorkshop tells every screen of a workshop, once the transaction has committed, that something changed.
func (s *Store) touchWorkshop(ctx context.Context, by domain.Actor, id domain.WorkshopID) error {
	_, err := s.exec(ctx, "workshop", `with moved as (update workshop_live set rev = rev + 1 where workspace_id = @ws and workshop_id = @id)
		select pg_notify('`+workshopChannel+`', @payload)`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "payload": workshopPayload(by.Workspace, id, "s")})
	return err
}

func workshopPayload(workspace domain.WorkspaceID, id domain.WorkshopID, kind string) string {
	return fmt.Sprintf("%d %d %s", workspace, id, kind)
}

// ListenWorkshops calls hear for each change of a workshop until the context ends or the connection is lost, which is its
// error. It calls ready once it listens: what happened before may have been missed. The connection is one of its own, so that
// requests never wait for it.
func (s *Store) ListenWorkshops(ctx context.Context, ready func(), hear func(WorkshopNews)) error {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig.Copy())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it is given up anyway
	if _, err := conn.Exec(ctx, "listen "+workshopChannel); err != nil {
		return err
	}
	ready()
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if news, ok := parseWorkshopNews(n.Payload); ok {
			hear(news)
		}
	}
}

func parseWorkshopNews(payload string) (news WorkshopNews, ok bool) {
	parts := strings.Fields(payload)
	if len(parts) != 3 {
		return news, false
	}
	workspace, err := strconv.ParseInt(parts[0], 10, 64)
	id, err2 := strconv.ParseInt(parts[1], 10, 64)
	return WorkshopNews{domain.WorkspaceID(workspace), domain.WorkshopID(id), parts[2] == "v"}, err == nil && err2 == nil
}

// WorkshopLive is what screens show of a workshop at one moment.
type WorkshopLive struct {
	Workspace  domain.WorkspaceID
	Workshop   domain.Workshop
	Programs   []domain.Option
	Card       *CardLine // on the screen; nil for none
	Place      int       // of the card among all, from 1
	Step       int
	OwnPace    bool
	Blank      bool
	TimerUntil *time.Time
	Code       string
	Token      string
	OpenUntil  *time.Time
	Rev        int64
	Counts     WorkshopCounts
	Out        []domain.ParticipantID          // who had a place and lost it
	Names      map[domain.ParticipantID]string // of voters, where votes are named
	Now        time.Time
}

// WorkshopCounts are the counters of a workshop, which votes move as well.
type WorkshopCounts struct {
	Present  int `db:"present"` // who came in
	Voters   int `db:"voters"`  // of them, who votes
	Voted    int `db:"voted"`   // who voted on the card on the screen, in its present round
	Cast     int `db:"cast"`    // at one's own pace: ballots on the cards that take them
	Votable  int `db:"votable"` // and how many such cards there are
	Cards    int `db:"cards"`
	Kept     int `db:"kept"`
	Dropped  int `db:"dropped"`
	Collect  int `db:"collect"`
	Review   int `db:"review"`
	Left     int `db:"open"`
	Parked   int `db:"parked"`
	WaitsDPO int `db:"waits_dpo"`
}

// Open tells whether people can come in.
func (l WorkshopLive) Open() bool {
	return l.Code != "" && l.OpenUntil != nil && l.Now.Before(*l.OpenUntil) && l.Workshop.State != domain.WorkshopClosed && l.Workshop.ArchivedAt == nil
}

const workshopCounts = `select
		(select count(*) from workshop_participant p where p.workspace_id = @ws and p.workshop_id = @id and p.joined_at is not null and p.removed_at is null) as present,
		(select count(*) from workshop_participant p where p.workspace_id = @ws and p.workshop_id = @id and p.joined_at is not null and p.removed_at is null and p.part = 'voter') as voters,
		(select count(distinct v.participant_id) from workshop_live l join workshop_card k on k.workspace_id = l.workspace_id and k.id = l.card_id
			join workshop_vote v on v.workspace_id = k.workspace_id and v.card_id = k.id and v.round = k.round
			join workshop_participant p on p.workspace_id = v.workspace_id and p.id = v.participant_id and p.removed_at is null and p.part = 'voter'
			where l.workspace_id = @ws and l.workshop_id = @id) as voted,
		case when (select own_pace from workshop_live where workspace_id = @ws and workshop_id = @id) then
			(select count(*) from (select distinct v.card_id, v.participant_id from workshop_vote v join workshop_card k on k.workspace_id = v.workspace_id and k.id = v.card_id and k.round = v.round
				join workshop_participant p on p.workspace_id = v.workspace_id and p.id = v.participant_id and p.removed_at is null and p.part = 'voter'
				where v.workspace_id = @ws and v.workshop_id = @id and ` + votable + `) x) else 0 end as cast,
		case when (select own_pace from workshop_live where workspace_id = @ws and workshop_id = @id) then
			(select count(*) from workshop_card k where k.workspace_id = @ws and k.workshop_id = @id and ` + votable + `) else 0 end as votable,
		c.* from (select count(*) as cards, count(*) filter (where decision in ('keep', 'keep_limited', 'replace')) as kept,
			count(*) filter (where decision in ('drop', 'archive')) as dropped, count(*) filter (where decision = 'collect') as collect,
			count(*) filter (where decision = 'review') as review, count(*) filter (where decision = '') as open,
			count(*) filter (where parked and decision = '') as parked, count(*) filter (where ` + dpoNow + ` = 'needed' and decision = '') as waits_dpo
		from workshop_card k where workspace_id = @ws and workshop_id = @id) c`

// LiveCounts reads the counters alone: what a vote changes.
func (s *Store) LiveCounts(ctx context.Context, by domain.Actor, id domain.WorkshopID) (c WorkshopCounts, err error) {
	var rows []WorkshopCounts
	var b pgx.Batch
	queue(&b, &rows, workshopCounts, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	if err := s.glance(ctx, by, &b); err != nil || len(rows) == 0 {
		return c, translate("workshop", err)
	}
	return rows[0], nil
}

// LiveWorkshop reads what screens show of a workshop. NotFound where the workspace has no such workshop.
func (s *Store) LiveWorkshop(ctx context.Context, by domain.Actor, id domain.WorkshopID) (l WorkshopLive, err error) {
	type row struct {
		CardID     *domain.WorkshopCardID `db:"card_id"`
		Step       int                    `db:"step"`
		OwnPace    bool                   `db:"own_pace"`
		Blank      bool                   `db:"blank"`
		TimerUntil *time.Time             `db:"timer_until"`
		Code       *string                `db:"code"`
		Token      *string                `db:"token"`
		OpenUntil  *time.Time             `db:"open_until"`
		Rev        int64                  `db:"rev"`
		Place      int                    `db:"place"`
		Out        []domain.ParticipantID `db:"out"`
	}
	of := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}
	err = s.Read(ctx, by, func(s *Store) error {
		l = WorkshopLive{Workspace: by.Workspace, Now: s.now()}
		if l.Workshop, err = s.workshop(ctx, by, id, ""); err != nil {
			return err
		}
		r, err := one[row](ctx, s, "workshop", `select l.card_id, l.step, l.own_pace, l.blank, coalesce(l.timer_until, l.step_until) as timer_until, l.code, l.token, l.open_until, l.rev,
				coalesce((select count(*) from workshop_card a join workshop_card k on k.workspace_id = a.workspace_id and k.id = l.card_id
					where a.workspace_id = @ws and a.workshop_id = @id and (a.position, a.id) <= (k.position, k.id)), 0) as place,
				array(select p.id from workshop_participant p where p.workspace_id = @ws and p.workshop_id = @id and not (`+seated+`)) as out
			from workshop_live l where l.workspace_id = @ws and l.workshop_id = @id`, of)
		if err != nil {
			return err
		}
		l.Step, l.OwnPace, l.Blank, l.TimerUntil, l.Code, l.Token, l.OpenUntil = r.Step, r.OwnPace, r.Blank, r.TimerUntil, deref(r.Code), deref(r.Token), r.OpenUntil
		l.Rev, l.Place, l.Out = r.Rev, r.Place, r.Out
		if l.Programs, err = s.workshopPrograms(ctx, by, id); err != nil {
			return err
		}
		if l.Counts, err = one[WorkshopCounts](ctx, s, "workshop", workshopCounts, of); err != nil {
			return err
		}
		if r.CardID != nil {
			lines, err := s.cardLines(ctx, by, ` and k.id = @card`, pgx.StrictNamedArgs{"ws": by.Workspace, "card": *r.CardID})
			if err != nil {
				return err
			}
			if len(lines) == 1 {
				l.Card = &lines[0]
			}
		}
		if l.Workshop.Named {
			people, err := s.Participants(ctx, by, id)
			if err != nil {
				return err
			}
			l.Names = make(map[domain.ParticipantID]string, len(people))
			for _, p := range people {
				l.Names[p.ID] = p.Name
			}
		}
		return nil
	})
	return l, err
}

// onWorkshop runs f on a workshop in one of the states that nobody else changes meanwhile, and tells every screen.
func (s *Store) onWorkshop(ctx context.Context, by domain.Actor, id domain.WorkshopID, states []domain.WorkshopState, f func(*Store, domain.Workshop) error) error {
	if err := by.Must(domain.RunWorkshop); err != nil {
		return err
	}
	return s.leadWorkshop(ctx, by, id, states, f)
}

func (s *Store) leadWorkshop(ctx context.Context, by domain.Actor, id domain.WorkshopID, states []domain.WorkshopState, f func(*Store, domain.Workshop) error) error {
	return s.Write(ctx, by, func(s *Store) error {
		w, err := s.workshop(ctx, by, id, forUpdate)
		if err != nil {
			return err
		}
		ok := false
		for _, state := range states {
			ok = ok || w.State == state
		}
		if w.ArchivedAt != nil {
			return domain.Errorf(domain.Conflict, "workshop.archived")
		}
		if !ok {
			return domain.Errorf(domain.Conflict, "workshop.wrong_state."+string(w.State))
		}
		if err := f(s, w); err != nil {
			return err
		}
		return s.touchWorkshop(ctx, by, id)
	})
}

var (
	onlyPrepared = []domain.WorkshopState{domain.WorkshopPrepared}
	onlyRunning  = []domain.WorkshopState{domain.WorkshopRunning}
	notClosed    = []domain.WorkshopState{domain.WorkshopPrepared, domain.WorkshopRunning}
)

// OpenDoor makes a new code and link for a workshop; those before are worth nothing any more. Who is in stays in.
func (s *Store) OpenDoor(ctx context.Context, by domain.Actor, id domain.WorkshopID) error {
	return s.onWorkshop(ctx, by, id, notClosed, func(s *Store, w domain.Workshop) error {
		if err := s.openDoor(ctx, by, w); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "workshop.opened", Subject: w.Subject()})
	})
}

func (s *Store) openDoor(ctx context.Context, by domain.Actor, w domain.Workshop) error {
	until := s.now().Add(domain.WorkshopDoorHours * time.Hour)
	if w.ClosesOn != nil && w.ClosesOn.After(until) {
		until = w.ClosesOn.AddDate(0, 0, 1)
	}
	var secret [16]byte
	_, _ = rand.Read(secret[:]) // never fails
	for range 20 {
		n, err := rand.Int(rand.Reader, big.NewInt(900_000))
		if err != nil {
			return err
		}
		// A code that another workshop has, of whichever workspace, is not given again.
		set, err := s.exec(ctx, "workshop", `update workshop_live set code = @code, token = @token, open_until = @until
			where workspace_id = @ws and workshop_id = @id and not exists(select from workshop_by_key(@code))`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": w.ID, "code": strconv.FormatInt(100_000+n.Int64(), 10),
				"token": base64.RawURLEncoding.EncodeToString(secret[:]), "until": until})
		if err != nil || set > 0 {
			return err
		}
	}
	return domain.Errorf(domain.Unavailable, "error.unavailable")
}

// ShutDoor lets nobody else in: code and link are worth nothing any more.
func (s *Store) ShutDoor(ctx context.Context, by domain.Actor, id domain.WorkshopID) error {
	return s.onWorkshop(ctx, by, id, notClosed, func(s *Store, w domain.Workshop) error {
		if err := s.shutDoor(ctx, by, id); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "workshop.shut", Subject: w.Subject()})
	})
}

func (s *Store) shutDoor(ctx context.Context, by domain.Actor, id domain.WorkshopID) error {
	_, err := s.exec(ctx, "workshop", `update workshop_live set code = null, token = null, open_until = null where workspace_id = @ws and workshop_id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return err
}

// StartWorkshop begins a workshop: its first card is shown, its door opened. Invalid where it has no card.
func (s *Store) StartWorkshop(ctx context.Context, by domain.Actor, id domain.WorkshopID) error {
	return s.onWorkshop(ctx, by, id, onlyPrepared, func(s *Store, w domain.Workshop) error {
		first, err := many[domain.WorkshopCardID](ctx, s, "workshop", `select id from workshop_card where workspace_id = @ws and workshop_id = @id order by position, id limit 1`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err != nil {
			return err
		}
		if len(first) == 0 {
			return domain.Errorf(domain.Invalid, "workshop.no_cards")
		}
		if _, err := s.exec(ctx, "workshop", `update workshop set state = 'running', started_at = @now, version = version + 1, updated_at = clock_timestamp()
			where workspace_id = @ws and id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "now": s.now()}); err != nil {
			return err
		}
		if _, err := s.exec(ctx, "workshop", `update workshop_live set card_id = @card, step = 0, blank = false where workspace_id = @ws and workshop_id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "card": first[0]}); err != nil {
			return err
		}
		live, err := s.LiveWorkshop(ctx, by, id)
		if err != nil {
			return err
		}
		if !live.Open() {
			if err := s.openDoor(ctx, by, w); err != nil {
				return err
			}
		}
		return s.record(ctx, by, domain.Event{Verb: "workshop.started", Subject: w.Subject()})
	})
}

// ShowCard puts a card on the screen, and takes the blank and the time of the card before off it. From is the card that the facilitator saw: where
// a colleague has moved on meanwhile, nothing happens.
func (s *Store) ShowCard(ctx context.Context, by domain.Actor, id domain.WorkshopID, card, from domain.WorkshopCardID) error {
	return s.onWorkshop(ctx, by, id, onlyRunning, func(s *Store, _ domain.Workshop) error {
		_, err := s.exec(ctx, "workshop", `update workshop_live l set card_id = k.id, blank = false, timer_until = null from workshop_card k
			where l.workspace_id = @ws and l.workshop_id = @id and k.workspace_id = @ws and k.workshop_id = @id and k.id = @card
				and (@from = 0 or l.card_id = @from)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "card": card, "from": int64(from)})
		return err
	})
}

// CardMove is where the screen goes from a card.
type CardMove string

// The moves.
const (
	MoveNext      CardMove = "next"
	MovePrevious  CardMove = "previous"
	MoveOpen      CardMove = "open"      // to the next card without a decision
	MoveContested CardMove = "contested" // to the next card whose voices are far apart, as everybody has seen
)

// MoveCard goes from a card to another one. At the end it stays where it is.
func (s *Store) MoveCard(ctx context.Context, by domain.Actor, id domain.WorkshopID, from domain.WorkshopCardID, move CardMove) error {
	lines, err := s.Cards(ctx, by, id)
	if err != nil {
		return err
	}
	at := -1
	for i, l := range lines {
		if l.ID == from {
			at = i
		}
	}
	if at < 0 {
		return domain.Errorf(domain.NotFound, "error.not_found", "noun", "workshop")
	}
	w, err := s.WorkshopByID(ctx, by, id)
	if err != nil {
		return err
	}
	fits := func(l CardLine) bool {
		switch move {
		case MoveOpen:
			return l.Decision == ""
		case MoveContested:
			return l.Decision == "" && l.Revealed && domain.Disagreement(domain.TallyVotes(l.Votes, w.Programs, w.PerRole))
		case MoveNext, MovePrevious:
		}
		return true
	}
	to := from
	if move == MovePrevious {
		to = lines[max(at-1, 0)].ID
	} else {
		for step := 1; step <= len(lines); step++ {
			i := at + step
			if move != MoveNext { // what is looked for may stand before
				i %= len(lines)
			}
			if i < len(lines) && fits(lines[i]) {
				to = lines[i].ID
				break
			}
		}
	}
	return s.ShowCard(ctx, by, id, to, from)
}

// setCard changes a card k of a workshop where the condition holds that set ends with, and tells of it under the name of the card;
// done is false, and nothing is told, where it does not hold.
func (s *Store) setCard(ctx context.Context, by domain.Actor, w domain.Workshop, card domain.WorkshopCardID, set string, args pgx.StrictNamedArgs, e domain.Event) (done bool, err error) {
	args["ws"], args["id"], args["card"], args["lang"] = by.Workspace, w.ID, card, by.Lang
	names, err := many[string](ctx, s, "workshop", `update workshop_card k set `+set+` and k.workspace_id = @ws and k.workshop_id = @id and k.id = @card
		returning coalesce((select coalesce(nullif(f.label, ''), f.name) from field f where f.workspace_id = k.workspace_id and f.id = k.field_id),
			(select case when @lang = 'fr' then c.label_fr else c.label_en end from data_category c where c.workspace_id = k.workspace_id and c.id = k.category_id), '')`, args)
	if err != nil || len(names) == 0 {
		return false, err
	}
	e.Subject, e.After = w.Subject(), map[string]any{"card": names[0]}
	return true, s.record(ctx, by, e)
}

// RevealCard ends the votes on a card and shows them. Whoever is committing a vote at that moment is waited for.
func (s *Store) RevealCard(ctx context.Context, by domain.Actor, id domain.WorkshopID, card domain.WorkshopCardID) error {
	return s.onWorkshop(ctx, by, id, onlyRunning, func(s *Store, w domain.Workshop) error {
		if _, err := s.setCard(ctx, by, w, card, `revealed = true where not k.revealed and `+dpoLets, pgx.StrictNamedArgs{},
			domain.Event{Verb: "workshop.card_revealed"}); err != nil {
			return err
		}
		return s.setTimer(ctx, by, id, nil)
	})
}

// RevealAll ends the votes on every card that has any.
func (s *Store) RevealAll(ctx context.Context, by domain.Actor, id domain.WorkshopID) error {
	return s.onWorkshop(ctx, by, id, onlyRunning, func(s *Store, w domain.Workshop) error {
		n, err := s.exec(ctx, "workshop", `update workshop_card k set revealed = true where k.workspace_id = @ws and k.workshop_id = @id and not k.revealed and `+dpoLets+`
			and exists(select from workshop_vote v where v.workspace_id = @ws and v.card_id = k.id and v.round = k.round)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err != nil {
			return err
		}
		if n > 0 {
			if err := s.record(ctx, by, domain.Event{Verb: "workshop.cards_revealed", Subject: w.Subject(), After: map[string]any{"n": n}}); err != nil {
				return err
			}
		}
		if _, err := s.exec(ctx, "workshop", `update workshop_live set own_pace = false where workspace_id = @ws and workshop_id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}); err != nil {
			return err
		}
		return s.setTimer(ctx, by, id, nil)
	})
}

// VoteAgain opens another round of votes on a card that was revealed and has no decision, for as long as the discussion may take.
func (s *Store) VoteAgain(ctx context.Context, by domain.Actor, id domain.WorkshopID, card domain.WorkshopCardID) error {
	return s.onWorkshop(ctx, by, id, onlyRunning, func(s *Store, w domain.Workshop) error {
		again, err := s.setCard(ctx, by, w, card, `revealed = false, round = k.round + 1 where k.revealed and k.decision = '' and k.round < @most`,
			pgx.StrictNamedArgs{"most": domain.MaxRounds}, domain.Event{Verb: "workshop.card_voted_again"})
		if err != nil || !again {
			return err
		}
		until := s.now().Add(domain.DiscussionSeconds * time.Second)
		return s.setTimer(ctx, by, id, &until)
	})
}

// ParkCard puts a card in the parking lot with a note, or takes it out.
func (s *Store) ParkCard(ctx context.Context, by domain.Actor, id domain.WorkshopID, card domain.WorkshopCardID, parked bool, note string) error {
	note = domain.CleanLine(note)
	var p domain.Problems
	p.Line("parked_note", note, false, domain.MaxGain)
	if err := p.Err(); err != nil {
		return err
	}
	e := domain.Event{Verb: "workshop.card_unparked"}
	if parked {
		e = domain.Event{Verb: "workshop.card_parked", Reason: note}
	}
	return s.onWorkshop(ctx, by, id, onlyRunning, func(s *Store, w domain.Workshop) error {
		_, err := s.setCard(ctx, by, w, card, `parked = @parked, parked_note = @note where (k.parked, k.parked_note) is distinct from (@parked, @note)`,
			pgx.StrictNamedArgs{"parked": parked, "note": note}, e)
		return err
	})
}

func (s *Store) setTimer(ctx context.Context, by domain.Actor, id domain.WorkshopID, until *time.Time) error {
	_, err := s.exec(ctx, "workshop", `update workshop_live set timer_until = @until where workspace_id = @ws and workshop_id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "until": until})
	return err
}

// AddTime gives the time that is shown so many seconds more: from now where none runs. Zero stops it.
func (s *Store) AddTime(ctx context.Context, by domain.Actor, id domain.WorkshopID, seconds int) error {
	return s.onWorkshop(ctx, by, id, onlyRunning, func(s *Store, _ domain.Workshop) error {
		_, err := s.exec(ctx, "workshop", `update workshop_live set
				timer_until = case when @seconds::int <> 0 and (timer_until is not null or step_until is null)
					then greatest(coalesce(timer_until, @now::timestamptz), @now) + make_interval(secs => @seconds) end,
				step_until = case when timer_until is not null then step_until
					when @seconds <> 0 and step_until is not null then greatest(step_until, @now) + make_interval(secs => @seconds) end
			where workspace_id = @ws and workshop_id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "seconds": seconds, "now": s.now()})
		return err
	})
}

// GoToStep goes to a part of the agenda and starts its time.
func (s *Store) GoToStep(ctx context.Context, by domain.Actor, id domain.WorkshopID, step int) error {
	return s.onWorkshop(ctx, by, id, onlyRunning, func(s *Store, w domain.Workshop) error {
		if step < 0 || step >= len(w.Agenda) {
			return domain.Errorf(domain.Invalid, "error.choice")
		}
		var until *time.Time
		if minutes := w.Agenda[step].Minutes; minutes > 0 {
			t := s.now().Add(time.Duration(minutes) * time.Minute)
			until = &t
		}
		_, err := s.exec(ctx, "workshop", `update workshop_live set step = @step, timer_until = null, step_until = @until, own_pace = @own where workspace_id = @ws and workshop_id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "step": step, "until": until, "own": w.Agenda[step].Step == "vote"})
		return err
	})
}

// SetPace lets people vote on any card at their own pace, or on the one on the screen alone.
func (s *Store) SetPace(ctx context.Context, by domain.Actor, id domain.WorkshopID, own bool) error {
	return s.onWorkshop(ctx, by, id, onlyRunning, func(s *Store, _ domain.Workshop) error {
		_, err := s.exec(ctx, "workshop", `update workshop_live set own_pace = @own where workspace_id = @ws and workshop_id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "own": own})
		return err
	})
}

// BlankScreen darkens the projected screen, or lights it again.
func (s *Store) BlankScreen(ctx context.Context, by domain.Actor, id domain.WorkshopID) error {
	return s.onWorkshop(ctx, by, id, onlyRunning, func(s *Store, _ domain.Workshop) error {
		_, err := s.exec(ctx, "workshop", `update workshop_live set blank = not blank where workspace_id = @ws and workshop_id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
}

// GiveOpinion keeps what a DPO says of a card: that it may be voted on, or that the law stops it. Denied for anybody else.
func (s *Store) GiveOpinion(ctx context.Context, by domain.Actor, id domain.WorkshopID, card domain.WorkshopCardID, opinion domain.CardDPO, ground, reason string) error {
	if err := by.Must(domain.ReviewMapping); err != nil {
		return err
	}
	return s.leadWorkshop(ctx, by, id, notClosed, func(s *Store, w domain.Workshop) error {
		reason, err := domain.NewOpinion(opinion, ground, reason)
		if err != nil {
			return err
		}
		if opinion == domain.DPOAllowed {
			ground = ""
		}
		n, err := s.exec(ctx, "workshop", `update workshop_card set dpo = @opinion, dpo_reason = @reason, dpo_ground = @ground, dpo_by = @name,
				decision = case when @opinion = 'vetoed' and decision in ('keep', 'keep_limited', 'collect') then '' else decision end
			where workspace_id = @ws and workshop_id = @id and id = @card`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "card": card, "opinion": string(opinion), "reason": reason, "ground": ground, "name": by.Name})
		if err != nil {
			return err
		}
		if n == 0 {
			return domain.Errorf(domain.NotFound, "error.not_found", "noun", "workshop")
		}
		return s.record(ctx, by, domain.Event{Verb: "workshop.dpo_" + string(opinion), Subject: w.Subject(), Reason: reason})
	})
}

// DecideCard records a decision. Conflict where somebody has decided on the card, or opened another round of votes, since it was
// seen in the given round (zero: not told). It says which card, what the form says of it, and what each program needs, where the facilitator
// changed what the votes say (nil leaves it to them; of a program that is left out nothing was said). The number of those who see a need is kept with it.
func (s *Store) DecideCard(ctx context.Context, by domain.Actor, id domain.WorkshopID, card domain.WorkshopCardID, said domain.WorkshopCard, needs []domain.ProgramNeed) error {
	return s.onWorkshop(ctx, by, id, onlyRunning, func(s *Store, w domain.Workshop) error {
		lines, err := s.cardLines(ctx, by, ` and k.workshop_id = @id and k.id = @card for update of k`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "card": card})
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return domain.Errorf(domain.NotFound, "error.not_found", "noun", "workshop")
		}
		if l := lines[0]; l.Decision != "" {
			return domain.Errorf(domain.Conflict, "workshop.decided_by", "name", l.DecidedByName)
		} else if said.Round != 0 && said.Round != l.Round {
			return domain.Errorf(domain.Conflict, "workshop.voted_again")
		}
		return s.decideCard(ctx, by, w, lines[0], said, needs)
	})
}

func (s *Store) decideCard(ctx context.Context, by domain.Actor, w domain.Workshop, l CardLine, said domain.WorkshopCard, needs []domain.ProgramNeed) error {
	c := l.WorkshopCard
	c.Decision, c.Reason, c.Owner, c.DueOn = said.Decision, said.Reason, said.Owner, said.DueOn
	c, err := domain.NewCardDecision(c, s.now().UTC())
	if err != nil {
		return err
	}
	if err := s.checkMember(ctx, by, "decision_owner", c.Owner); err != nil {
		return err
	}
	if needs == nil {
		needs = domain.OutcomeOf(domain.TallyVotes(l.Votes, w.Programs, w.PerRole))
	}
	needs = c.Decision.NeedsOf(needs, w.Programs)
	keep, drop := domain.Heads(l.Votes)
	if _, err := s.exec(ctx, "workshop", `update workshop_card set decision = @decision, reason = @reason, keep_n = @keep, drop_n = @drop, owner_id = @owner,
			due_on = @due, decided_by = @by, decided_by_name = @name, decided_at = @now, revealed = true, parked = false, done_at = null
		where workspace_id = @ws and id = @card`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "card": c.ID, "decision": string(c.Decision), "reason": c.Reason, "keep": keep, "drop": drop,
			"owner": zeroNull(c.Owner), "due": c.DueOn, "by": zeroNull(by.User), "name": by.Name, "now": s.now()}); err != nil {
		return err
	}
	n := len(needs)
	programs, levels, notes := make([]int64, n), make([]int, n), make([]string, n)
	for i, need := range needs {
		programs[i], levels[i], notes[i] = int64(need.Program), need.Level, need.Note
	}
	if _, err := s.exec(ctx, "workshop", `delete from workshop_need where workspace_id = @ws and card_id = @card`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "card": c.ID}); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "workshop", `insert into workshop_need (workspace_id, card_id, program_id, level, note)
		select @ws, @card, u.program, u.level, u.note from unnest(@programs::bigint[], @levels::smallint[], @notes::text[]) u (program, level, note)
		join workshop_program p on p.workspace_id = @ws and p.workshop_id = @id and p.program_id = u.program`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "card": c.ID, "id": w.ID, "programs": programs, "levels": levels, "notes": notes}); err != nil {
		return err
	}
	return s.record(ctx, by, domain.Event{Verb: "workshop.card_decided", Subject: w.Subject(), Reason: c.Reason,
		Before: cardFacts(by, l, l.Decision, l.KeepN, l.DropN), After: cardFacts(by, l, c.Decision, keep, drop)})
}

func cardFacts(by domain.Actor, l CardLine, d domain.CardDecision, keep, drop int) map[string]any {
	if d == "" {
		return nil
	}
	return map[string]any{"card": l.Title(by.Lang), "card_decision": string(d), "keep_n": keep, "drop_n": drop}
}

// TakeBackDecision opens a card again.
func (s *Store) TakeBackDecision(ctx context.Context, by domain.Actor, id domain.WorkshopID, card domain.WorkshopCardID) error {
	return s.onWorkshop(ctx, by, id, onlyRunning, func(s *Store, w domain.Workshop) error {
		_, err := s.setCard(ctx, by, w, card, `decision = '', decided_at = null where k.decision <> ''`, pgx.StrictNamedArgs{},
			domain.Event{Verb: "workshop.card_reopened"})
		return err
	})
}

// DecideAgreed records what the votes propose for every revealed card on which the voices agree; how many.
func (s *Store) DecideAgreed(ctx context.Context, by domain.Actor, id domain.WorkshopID, reason string) (n int, err error) {
	err = s.onWorkshop(ctx, by, id, onlyRunning, func(s *Store, w domain.Workshop) error {
		n = 0
		lines, err := s.cardLines(ctx, by, ` and k.workshop_id = @id and k.revealed and k.decision = '' and not k.parked order by k.position, k.id for update of k`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err != nil {
			return err
		}
		for _, l := range lines {
			tallies := domain.TallyVotes(l.Votes, w.Programs, w.PerRole)
			decision, _ := domain.ProposeDecision(l.WorkshopCard, tallies, domain.CardFacts{Duty: l.Duty})
			if domain.Disagreement(tallies) || decision == domain.CardReview {
				continue
			}
			if err := s.decideCard(ctx, by, w, l, domain.WorkshopCard{Decision: decision, Reason: reason}, nil); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// CloseWorkshop ends the votes and shuts the door. Where votes are secret, nobody can tell any more whose they were.
func (s *Store) CloseWorkshop(ctx context.Context, by domain.Actor, id domain.WorkshopID) error {
	return s.onWorkshop(ctx, by, id, onlyRunning, func(s *Store, w domain.Workshop) error {
		if _, err := s.exec(ctx, "workshop", `update workshop set state = 'closed', closed_at = @now, version = version + 1, updated_at = clock_timestamp()
			where workspace_id = @ws and id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "now": s.now()}); err != nil {
			return err
		}
		if err := s.shutDoor(ctx, by, id); err != nil {
			return err
		}
		if !w.Named {
			// Who was sent out does not count, which cannot be told any more once nobody knows whose a vote was.
			if _, err := s.exec(ctx, "workshop", `delete from workshop_vote v using workshop_participant p
				where v.workspace_id = @ws and v.workshop_id = @id and p.workspace_id = v.workspace_id and p.id = v.participant_id and p.removed_at is not null`,
				pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}); err != nil {
				return err
			}
			if _, err := s.exec(ctx, "workshop", `update workshop_vote set participant_id = null, sequence = 0 where workspace_id = @ws and workshop_id = @id`,
				pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}); err != nil {
				return err
			}
		}
		return s.record(ctx, by, domain.Event{Verb: "workshop.closed", Subject: w.Subject()})
	})
}
