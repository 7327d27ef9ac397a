package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// Six digits can be guessed: after so many wrong codes from one place of the network within SignInWindow, or from everywhere, codes
// wait. A room shares one address, so a code that many misread alike counts once, and nobody waits who holds the link, which cannot be guessed,
// nor who typed the right code and is led on by the link.
const (
	codeDigits           = 6
	wrongCodesPerAddress = 20
	wrongCodes           = 600
)

// Door is the way into a workshop.
type Door struct {
	Workspace domain.WorkspaceID
	Workshop  domain.Workshop
	Company   string // name of the workspace
	Token     string // of the link that leads here; empty for a member
}

// Actor is who reads and writes for a guest: nobody, in the workspace of the workshop alone.
func (d Door) Actor(lang string) domain.Actor {
	return domain.Actor{Workspace: d.Workspace, Lang: lang}
}

type doorRow struct {
	WorkspaceID domain.WorkspaceID `db:"workspace_id"`
	WorkshopID  domain.WorkshopID  `db:"workshop_id"`
}

// Knock finds the workshop whose door a code or the token of a link opens. NotFound where there is none or the door is shut;
// Limited, with the seconds to wait, for a code after too many wrong ones from the address.
func (s *Store) Knock(ctx context.Context, key, address string) (d Door, err error) {
	var doors []doorRow
	if len(key) == codeDigits {
		doors, err = s.doorsByCode(ctx, key, address)
	} else {
		doors, err = s.doorsByKey(ctx, key)
	}
	if err != nil {
		return d, err
	}
	if len(doors) == 0 {
		return d, domain.Errorf(domain.NotFound, "workshop.no_such_code")
	}
	d.Workspace, d.Workshop.ID = doors[0].WorkspaceID, doors[0].WorkshopID
	live, err := s.LiveWorkshop(ctx, d.Actor(""), d.Workshop.ID)
	if err != nil {
		return d, err
	}
	if !live.Open() {
		return d, domain.Errorf(domain.NotFound, "workshop.no_such_code")
	}
	d.Workshop, d.Token = live.Workshop, live.Token
	d.Company, err = s.companyName(ctx, d)
	return d, err
}

func (s *Store) doorsByKey(ctx context.Context, key string) ([]doorRow, error) {
	return many[doorRow](ctx, s, "workshop", `select workspace_id, workshop_id from workshop_by_key(@key)`, pgx.StrictNamedArgs{"key": key})
}

func (s *Store) doorsByCode(ctx context.Context, code, address string) (doors []doorRow, err error) {
	address = networkOf(address)
	now, attempt, same, everywhere := s.now(), attemptKey("workshop", address), attemptKey("code", address+" "+code), attemptKey("workshop", "everywhere")
	var wait time.Duration
	err = s.Write(ctx, domain.Actor{}, func(s *Store) error {
		if wait, err = s.signInWait(ctx, attempt, wrongCodesPerAddress, now); err != nil || wait > 0 {
			return err
		}
		if wait, err = s.signInWait(ctx, everywhere, wrongCodes, now); err != nil || wait > 0 {
			return err
		}
		if doors, err = s.doorsByKey(ctx, code); err != nil || len(doors) > 0 {
			return err
		}
		_, err = s.exec(ctx, "workshop", `insert into sign_in_failure (key, at) select unnest(array[@attempt::text, @same::text, @everywhere::text]), @now
			where not exists(select from sign_in_failure where key = @same and at > @since)`,
			pgx.StrictNamedArgs{"attempt": attempt, "same": same, "everywhere": everywhere, "now": now, "since": now.Add(-SignInWindow)})
		return err
	})
	if err == nil && wait > 0 {
		err = domain.Errorf(domain.Limited, "error.limited", "seconds", int(wait/time.Second)+1, "n", int(wait/time.Minute)+1)
	}
	return doors, err
}

func (s *Store) companyName(ctx context.Context, d Door) (name string, err error) {
	err = s.Read(ctx, d.Actor(""), func(s *Store) error {
		name, err = one[string](ctx, s, "workspace", `select name from workspace where id = @ws`, pgx.StrictNamedArgs{"ws": d.Workspace})
		return err
	})
	return name, err
}

// Enter gives somebody who came through the door a place, known by the hash of its token. Whoever has that place already is known
// by the new name; a member who was in, or was asked, takes the place that they had. Conflict where the room is full.
func (s *Store) Enter(ctx context.Context, d Door, p domain.Participant, tokenHash []byte) (id domain.ParticipantID, err error) {
	p, err = domain.NewParticipant(p, d.Workshop.Roles)
	if err != nil {
		return 0, err
	}
	by := d.Actor("")
	by.User = p.User
	err = s.Write(ctx, by, func(s *Store) error {
		w, err := s.workshop(ctx, by, d.Workshop.ID, "")
		if err != nil {
			return err
		}
		if w.State == domain.WorkshopClosed {
			return domain.Errorf(domain.Conflict, "workshop.closed_already")
		}
		if w.ArchivedAt != nil {
			return domain.Errorf(domain.Conflict, "workshop.archived")
		}
		n, err := one[int](ctx, s, "workshop", `select count(*) from workshop_participant where workspace_id = @ws and workshop_id = @id and removed_at is null`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": w.ID})
		if err != nil {
			return err
		}
		if n >= domain.MaxParticipants {
			return domain.Errorf(domain.Conflict, "workshop.full", "most", domain.MaxParticipants)
		}
		had := "(token_hash) where token_hash is not null"
		if p.User != 0 {
			had = "(workspace_id, workshop_id, user_id)"
		}
		// Whom the facilitator has removed does not come back by themselves.
		ids, err := many[domain.ParticipantID](ctx, s, "workshop", `insert into workshop_participant (workspace_id, workshop_id, user_id, name, role, part, token_hash, joined_at)
			values (@ws, @id, @user, @name, @role, @part, @hash, @now)
			on conflict `+had+` do update set name = excluded.name, role = excluded.role, part = excluded.part,
				token_hash = excluded.token_hash, joined_at = coalesce(workshop_participant.joined_at, excluded.joined_at)
			where workshop_participant.workshop_id = excluded.workshop_id and workshop_participant.removed_at is null returning id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": w.ID, "user": zeroNull(p.User), "name": p.Name, "role": p.Role, "part": p.Part, "hash": tokenHash, "now": s.now()})
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return domain.Errorf(domain.Denied, "workshop.removed")
		}
		id = ids[0]
		return s.touchWorkshop(ctx, by, w.ID)
	})
	return id, err
}

// MemberDoor is the way of a member of the workspace into a workshop: no code, and open as long as the workshop is.
func (s *Store) MemberDoor(ctx context.Context, by domain.Actor, id domain.WorkshopID) (Door, error) {
	w, err := s.WorkshopByID(ctx, by, id)
	if err != nil {
		return Door{}, err
	}
	if w.State == domain.WorkshopClosed {
		return Door{}, domain.Errorf(domain.Conflict, "workshop.closed_already")
	}
	if w.ArchivedAt != nil {
		return Door{}, domain.Errorf(domain.Conflict, "workshop.archived")
	}
	d := Door{Workspace: by.Workspace, Workshop: w}
	d.Company, err = s.companyName(ctx, d)
	return d, err
}

// AskMembers asks members of the workspace to vote in a workshop, in the name of a role: they are reminded until they have.
func (s *Store) AskMembers(ctx context.Context, by domain.Actor, id domain.WorkshopID, users []domain.UserID, role string) error {
	return s.onWorkshop(ctx, by, id, notClosed, func(s *Store, w domain.Workshop) error {
		if _, err := domain.NewParticipant(domain.Participant{Role: role, Part: "voter"}, w.Roles); err != nil {
			return err
		}
		asked, err := many[string](ctx, s, "workshop", `insert into workshop_participant as p (workspace_id, workshop_id, user_id, role)
			select @ws, @id, m.user_id, @role from membership m where m.workspace_id = @ws and m.user_id = any(@users) order by m.user_id
			on conflict (workspace_id, workshop_id, user_id) do update set role = excluded.role, removed_at = null
			where p.removed_at is not null or p.role <> excluded.role returning p.user_id::text`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "users": users, "role": role})
		if err != nil || len(asked) == 0 {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "workshop.members_asked", Subject: w.Subject(), After: map[string]any{"members": asked, "voter_role": role}})
	})
}

// RemoveParticipant sends somebody out: their place is worth nothing any more and their votes do not count.
func (s *Store) RemoveParticipant(ctx context.Context, by domain.Actor, id domain.WorkshopID, participant domain.ParticipantID) error {
	return s.onWorkshop(ctx, by, id, notClosed, func(s *Store, w domain.Workshop) error {
		names, err := many[string](ctx, s, "workshop", `update workshop_participant p set removed_at = @now
			where p.workspace_id = @ws and p.workshop_id = @id and p.id = @participant and p.removed_at is null
			returning coalesce(nullif(p.name, ''), (select u.name from app_user u where u.id = p.user_id), '')`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "participant": participant, "now": s.now()})
		if err != nil || len(names) == 0 {
			return err
		}
		e := domain.Event{Verb: "workshop.participant_removed", Subject: w.Subject()}
		if names[0] != "" { // a guest need not say a name
			e.Before = map[string]any{"participant_name": names[0]}
		}
		return s.record(ctx, by, e)
	})
}

// emptySeats sends somebody who is no member any more out of the workshops that have not closed. Should they come back, it is as
// somebody new: their telephone and their votes are those of the place that they had. Screens of every workshop are told.
func (s *Store) emptySeats(ctx context.Context, by domain.Actor, m domain.Member) error {
	type row struct {
		ID   domain.WorkshopID `db:"id"`
		Name string            `db:"name"`
		Out  bool              `db:"out"`
	}
	rows, err := many[row](ctx, s, "workshop", `with had as materialized (
			select w.id, w.name, p.id as participant, w.state <> 'closed' and p.removed_at is null as out from workshop_participant p
			join workshop w on w.workspace_id = p.workspace_id and w.id = p.workshop_id where p.workspace_id = @ws and p.user_id = @user),
		emptied as (update workshop_participant p set removed_at = @now, token_hash = null, user_id = null, name = coalesce(nullif(p.name, ''), left(@name, @most))
			from had where p.workspace_id = @ws and p.id = had.participant and had.out)
		select id, name, out from had order by id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "user": m.ID, "name": m.Name, "most": domain.MaxParticipantName, "now": s.now()})
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := s.touchWorkshop(ctx, by, r.ID); err != nil {
			return err
		}
		if !r.Out {
			continue
		}
		if err := s.record(ctx, by, domain.Event{Verb: "workshop.participant_removed", Subject: domain.Workshop{ID: r.ID, Name: r.Name}.Subject()}); err != nil {
			return err
		}
	}
	return nil
}

// Seat is the place of somebody in a workshop, as the token of their telephone says.
type Seat struct {
	Workspace   domain.WorkspaceID
	Workshop    domain.WorkshopID
	Participant domain.ParticipantID
}

// Actor reads and writes for whoever sits there.
func (t Seat) Actor(lang string) domain.Actor {
	return domain.Actor{Workspace: t.Workspace, Lang: lang}
}

// seated holds for a participant p who still has their place: nobody has sent them out and, of members, they still are one and may
// sign in.
const seated = `p.removed_at is null and (p.user_id is null or exists(select from membership m join app_user a on a.id = m.user_id and a.disabled_at is null
	where m.workspace_id = p.workspace_id and m.user_id = p.user_id))`

// SeatByToken returns NotFound for a token that nobody was given, and for one whose holder has lost their place.
func (s *Store) SeatByToken(ctx context.Context, tokenHash []byte) (Seat, error) {
	type row struct {
		WorkspaceID domain.WorkspaceID   `db:"workspace_id"`
		WorkshopID  domain.WorkshopID    `db:"workshop_id"`
		Participant domain.ParticipantID `db:"participant_id"`
	}
	r, err := one[row](ctx, s, "workshop", `select workspace_id, workshop_id, participant_id from workshop_by_seat(@hash)`, pgx.StrictNamedArgs{"hash": tokenHash})
	if err != nil {
		return Seat{}, err
	}
	seat := Seat{r.WorkspaceID, r.WorkshopID, r.Participant}
	var keeps []bool
	var b pgx.Batch
	queue(&b, &keeps, `select `+seated+` from workshop_participant p where p.workspace_id = @ws and p.id = @id`,
		pgx.StrictNamedArgs{"ws": seat.Workspace, "id": seat.Participant})
	if err := s.glance(ctx, seat.Actor(""), &b); err != nil {
		return Seat{}, translate("workshop", err)
	}
	if !slices.Contains(keeps, true) {
		return Seat{}, domain.Errorf(domain.NotFound, "error.not_found", "noun", "workshop")
	}
	return seat, nil
}

// Ballot is what somebody sends of a card: a level for each program, in the round that they saw.
type Ballot struct {
	Card     domain.WorkshopCardID
	Round    int
	Sequence int64 // grows on one telephone; zero for a form without script, which is always the last word
	Votes    []domain.Vote
}

// Cast keeps a ballot. The same one again changes nothing, and neither does an earlier one that comes late. Conflict, with the
// reason, where the card does not take votes any more: such a ballot counts nowhere. When it returns without an error the
// ballot is committed.
func (s *Store) Cast(ctx context.Context, seat Seat, b Ballot) error {
	by := seat.Actor("")
	n := len(b.Votes)
	programs, levels, gains := make([]int64, n), make([]*int16, n), make([]string, n)
	for i, v := range b.Votes {
		programs[i], gains[i] = int64(v.Program), v.Gain
		if v.Level != nil {
			level := int16(*v.Level)
			levels[i] = &level
		}
	}
	return s.Write(ctx, by, func(s *Store) error {
		// The card is held until the ballot is committed, so that nobody reveals it meanwhile; whoever reveals it first shuts it.
		kept, err := one[int](ctx, s, "workshop", `with card as materialized (
				select k.id, k.round, k.workshop_id, p.id as participant, p.role from workshop_card k
				join workshop w on w.workspace_id = k.workspace_id and w.id = k.workshop_id and w.state = 'running' and (w.closes_on is null or w.closes_on >= @today)
				join workshop_live l on l.workspace_id = k.workspace_id and l.workshop_id = k.workshop_id and (l.own_pace or l.card_id = k.id)
				join workshop_participant p on p.workspace_id = k.workspace_id and p.workshop_id = k.workshop_id and p.id = @seat and p.part = 'voter' and p.removed_at is null
				where k.workspace_id = @ws and k.workshop_id = @id and k.id = @card and k.round = @round and `+votable+`
				for share of k),
			kept as (
				insert into workshop_vote (workspace_id, workshop_id, card_id, participant_id, program_id, round, role, level, gain, sequence)
				select @ws, c.workshop_id, c.id, c.participant, x.program_id, c.round, c.role, u.level, u.gain, @sequence
				from card c cross join unnest(@programs::bigint[], @levels::smallint[], @gains::text[]) u (program_id, level, gain)
				join workshop_program x on x.workspace_id = @ws and x.workshop_id = c.workshop_id and x.program_id = u.program_id
				on conflict (workspace_id, card_id, participant_id, program_id, round) where participant_id is not null
				do update set level = excluded.level, gain = excluded.gain, role = excluded.role, sequence = excluded.sequence
				where workshop_vote.sequence <= excluded.sequence or excluded.sequence = 0),
			told as materialized (select pg_notify('`+workshopChannel+`', @payload) from card)
			select count(*)::int from card left join told on true`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": seat.Workshop, "seat": seat.Participant, "card": b.Card, "round": b.Round, "sequence": b.Sequence,
				"programs": programs, "levels": levels, "gains": gains, "today": domain.Day(s.now().UTC()), "payload": workshopPayload(by.Workspace, seat.Workshop, "v")})
		if err != nil || kept > 0 {
			return err
		}
		return s.whyNotCast(ctx, seat, b)
	})
}

// whyNotCast says why a ballot was not taken.
func (s *Store) whyNotCast(ctx context.Context, seat Seat, b Ballot) error {
	type row struct {
		State   string `db:"state"`
		Over    bool   `db:"over"`
		Out     bool   `db:"out"`
		Part    string `db:"part"`
		DPO     string `db:"dpo"`
		Decided bool   `db:"decided"`
	}
	rows, err := many[row](ctx, s, "workshop", `select w.state, coalesce(w.closes_on < @today, false) as over, p.removed_at is not null as out, p.part, `+dpoNow+` as dpo, k.decision <> '' as decided
		from workshop w join workshop_participant p on p.workspace_id = w.workspace_id and p.workshop_id = w.id and p.id = @seat
		join workshop_card k on k.workspace_id = w.workspace_id and k.workshop_id = w.id and k.id = @card
		where w.workspace_id = @ws and w.id = @id`, pgx.StrictNamedArgs{"ws": seat.Workspace, "id": seat.Workshop, "seat": seat.Participant, "card": b.Card,
		"today": domain.Day(s.now().UTC())})
	if err != nil {
		return err
	}
	key := "workshop.vote_late"
	switch {
	case len(rows) == 0:
		return domain.Errorf(domain.NotFound, "error.not_found", "noun", "workshop")
	case rows[0].Out:
		return domain.Errorf(domain.Denied, "workshop.removed")
	case rows[0].Part != "voter":
		return domain.Errorf(domain.Denied, "workshop.observes")
	case rows[0].State != string(domain.WorkshopRunning):
		key = "workshop.not_running"
	case rows[0].Over:
		key = "workshop.votes_ended"
	case rows[0].DPO == string(domain.DPONeeded) || rows[0].DPO == string(domain.DPOVetoed):
		key = "workshop.for_dpo"
	case rows[0].Decided:
		key = "workshop.decided_already"
	}
	return domain.Errorf(domain.Conflict, key)
}

// Object keeps in the minutes what somebody has against a decision.
func (s *Store) Object(ctx context.Context, seat Seat, card domain.WorkshopCardID, body string) error {
	by := seat.Actor("")
	var p domain.Problems
	p.Text("objection", body, domain.MaxObjection)
	if body == "" {
		p.Add("objection", "error.required")
	}
	if err := p.Err(); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		n, err := s.exec(ctx, "workshop", `insert into workshop_objection (workspace_id, card_id, role, name, body)
			select @ws, k.id, p.role, case when w.named then coalesce(nullif(p.name, ''), u.name, '') else '' end, @body
			from workshop_card k join workshop w on w.workspace_id = k.workspace_id and w.id = k.workshop_id and w.state = 'running'
			join workshop_participant p on p.workspace_id = k.workspace_id and p.workshop_id = k.workshop_id and p.id = @seat and p.removed_at is null
			left join app_user u on u.id = p.user_id
			where k.workspace_id = @ws and k.workshop_id = @id and k.id = @card
				and (select count(*) from workshop_objection o where o.workspace_id = @ws and o.card_id = k.id) < 200`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": seat.Workshop, "seat": seat.Participant, "card": card, "body": body})
		if err != nil {
			return err
		}
		if n == 0 {
			return domain.Errorf(domain.Conflict, "workshop.not_running")
		}
		return s.touchWorkshop(ctx, by, seat.Workshop)
	})
}

// PhoneView is what the telephone of somebody shows beside the workshop itself.
type PhoneView struct {
	Live WorkshopLive
	Me   domain.Participant
	Card *CardLine     // to vote on: that of the screen, or the one chosen
	Mine []domain.Vote // on that card, in its present round
	// At one's own pace: how many cards there are to vote on, how many of them I voted on, the place of the card, and its neighbours.
	Total, Done, At int
	Prev, Next      domain.WorkshopCardID
}

// Phone reads what a telephone shows; card chooses one where each votes at their own pace (zero: the first not voted on).
func (s *Store) Phone(ctx context.Context, seat Seat, card domain.WorkshopCardID) (v PhoneView, err error) {
	by := seat.Actor("")
	err = s.Read(ctx, by, func(s *Store) error {
		if v.Live, err = s.LiveWorkshop(ctx, by, seat.Workshop); err != nil {
			return err
		}
		me, err := one[participantRow](ctx, s, "workshop", `select `+participantCols+` from workshop_participant p left join app_user u on u.id = p.user_id
			where p.workspace_id = @ws and p.id = @seat`, pgx.StrictNamedArgs{"ws": by.Workspace, "seat": seat.Participant})
		if err != nil {
			return err
		}
		v.Me, v.Card = me.participant(), v.Live.Card
		if v.Live.OwnPace {
			if err := s.ownPace(ctx, seat, card, &v); err != nil {
				return err
			}
		}
		if v.Card == nil {
			return nil
		}
		rows, err := many[voteRow](ctx, s, "workshop", `select v.card_id, v.participant_id, v.role, v.program_id, v.level, v.gain from workshop_vote v
			where v.workspace_id = @ws and v.card_id = @card and v.participant_id = @seat and v.round = @round`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "card": v.Card.ID, "seat": seat.Participant, "round": v.Card.Round})
		v.Mine = mapSlice(rows, voteRow.vote)
		return err
	})
	return v, err
}

// ownPace chooses the card of somebody who votes at their own pace.
func (s *Store) ownPace(ctx context.Context, seat Seat, card domain.WorkshopCardID, v *PhoneView) error {
	type row struct {
		ID   domain.WorkshopCardID `db:"id"`
		Done bool                  `db:"done"`
	}
	rows, err := many[row](ctx, s, "workshop", `select k.id, exists(select from workshop_vote v where v.workspace_id = @ws and v.card_id = k.id
			and v.participant_id = @seat and v.round = k.round) as done
		from workshop_card k where k.workspace_id = @ws and k.workshop_id = @id and `+votable+`
		order by k.position, k.id`, pgx.StrictNamedArgs{"ws": seat.Workspace, "id": seat.Workshop, "seat": seat.Participant})
	if err != nil {
		return err
	}
	v.Card, v.Total = nil, len(rows)
	at, open := -1, -1
	for i, r := range rows {
		if r.Done {
			v.Done++
		} else if open < 0 {
			open = i
		}
		if r.ID == card {
			at = i
		}
	}
	if at < 0 {
		at = open
	}
	if at < 0 {
		return nil
	}
	if at > 0 {
		v.Prev = rows[at-1].ID
	}
	if at < len(rows)-1 {
		v.Next = rows[at+1].ID
	}
	v.At = at + 1
	lines, err := s.cardLines(ctx, seat.Actor(""), ` and k.id = @card`, pgx.StrictNamedArgs{"ws": seat.Workspace, "card": rows[at].ID})
	if err == nil && len(lines) == 1 {
		v.Card = &lines[0]
	}
	return err
}

// VotesAwaited is a workshop in which the actor is asked to vote, and on how many cards they have not.
type VotesAwaited struct {
	ID       domain.WorkshopID `db:"id"`
	Name     string            `db:"name"`
	ClosesOn *time.Time        `db:"closes_on"`
	N        int64             `db:"n"`
}

// AwaitedVotes returns the running workshops whose cards wait for a vote of the actor, those that close first.
func (s *Store) AwaitedVotes(ctx context.Context, by domain.Actor) (list []VotesAwaited, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		list, err = many[VotesAwaited](ctx, s, "workshop", `select w.id, w.name, w.closes_on, n.n from workshop_participant p
			join workshop w on w.workspace_id = p.workspace_id and w.id = p.workshop_id and w.state = 'running' and w.template = 'week' and w.archived_at is null
				and (w.closes_on is null or w.closes_on >= @today)
			cross join lateral (select count(*) as n from workshop_card k where k.workspace_id = w.workspace_id and k.workshop_id = w.id and `+votable+`
				and not exists(select from workshop_vote v where v.workspace_id = k.workspace_id and v.card_id = k.id
					and v.participant_id = p.id and v.round = k.round)) n
			where p.workspace_id = @ws and p.user_id = @me and p.removed_at is null and p.part = 'voter' and n.n > 0 order by w.closes_on, w.id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "me": int64(by.User), "today": domain.Day(s.now().UTC())})
		return err
	})
	return list, err
}
