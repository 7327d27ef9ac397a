package web

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// Telephones come in by a code or a link and need no account: what they hold is the token of one place in one workshop. A guest
// sees what the workshop shows, and nothing else of the workspace.

func (s *Server) phoneRoutes(r scope) {
	r.get("/v", domain.Public, s.showRoom)
	r.post("/v", domain.Public, s.findWorkshop)
	r.get("/v/{key}", domain.Public, s.showDoor)
	r.post("/v/{key}", domain.Public, s.enterDoor)
	r.get("/vote/{seat}", domain.Public, s.showPhone)
	r.post("/vote/{seat}", domain.Public, s.vote)
	r.get("/vote/{seat}/live", domain.Public, s.streamPhone)
	r.post("/vote/{seat}/objection", domain.Public, s.object)
}

const roomPath = "/v"

func doorPath(d store.Door) string { return roomPath + "/" + d.Token }

func votePath(id domain.WorkshopID) string { return "/vote/" + itoa(id) }

// seatCookie holds the token of a place; each workshop has its own, so that one can be in two.
func seatCookie(id string) string { return "utile-seat-" + id }

func (s *Server) giveSeat(w http.ResponseWriter, id domain.WorkshopID, token string) {
	http.SetCookie(w, &http.Cookie{Name: seatCookie(itoa(id)), Value: token, Path: "/", MaxAge: 14 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure})
}

// seatToken is the token of the place that a form of the door gives. Sent twice, the form gives the same place.
func seatToken(form string, id domain.WorkshopID) string {
	if form == "" {
		return newToken()
	}
	h := sha256.Sum256([]byte(form + " " + itoa(id)))
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// seat is the place of whoever asks, in the workshop of the address. NotFound without one.
func (s *Server) seat(r *http.Request) (store.Seat, error) {
	seat, _, err := s.seatIn(r, chi.URLParam(r, "seat"))
	return seat, err
}

// seatIn is the place of whoever asks in a workshop, with its token. NotFound without one.
func (s *Server) seatIn(r *http.Request, id string) (seat store.Seat, token string, err error) {
	c, err := r.Cookie(seatCookie(id))
	if err != nil || len(c.Value) != 43 {
		return store.Seat{}, "", domain.Errorf(domain.NotFound, "workshop.no_seat")
	}
	seat, err = s.store.SeatByToken(r.Context(), hashToken(c.Value))
	if errors.Is(err, domain.NotFound) || err == nil && itoa(seat.Workshop) != id {
		return store.Seat{}, "", domain.Errorf(domain.NotFound, "workshop.no_seat")
	}
	return seat, c.Value, err
}

type roomPageView struct {
	formView
	shell   ui.Shell
	door    *store.Door // nil while no code was typed
	action  string
	code    string
	name    string
	role    string
	part    string
	roles   []ui.Option
	parts   []ui.Option
	privacy string
	member  bool
	seat    string // from which the token of the place is made
}

func (s *Server) roomPage(w http.ResponseWriter, r *http.Request, status int, v roomPageView) error {
	ctx := r.Context()
	v.formView.ctx, v.formView.area = ctx, "workshop"
	v.shell = s.bareShell(r, i18n.T(ctx, "workshop.join"))
	if v.door != nil {
		v.shell.Title = v.door.Workshop.Name
		v.roles, v.parts = enumOptions(ctx, "workshop.role", v.door.Workshop.Roles), enumOptions(ctx, "workshop.part", domain.ParticipantParts)
		v.privacy = privacySentence(ctx, v.door.Workshop)
		if v.seat == "" {
			v.seat = newToken()
		}
	}
	return s.render(w, r, status, roomPage(v))
}

func (s *Server) showRoom(w http.ResponseWriter, r *http.Request) error {
	return s.roomPage(w, r, http.StatusOK, roomPageView{action: roomPath})
}

// findWorkshop goes on from a code that was typed, with or without spaces.
func (s *Server) findWorkshop(w http.ResponseWriter, r *http.Request) error {
	f, p, err := decode[struct {
		Code string `form:"workshop_code"`
	}](r)
	if err != nil {
		return err
	}
	code := strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, f.Code)
	if len(code) != 6 {
		p.Add("workshop_code", "workshop.code_format")
		return s.roomPage(w, r, http.StatusUnprocessableEntity, roomPageView{action: roomPath, code: f.Code, formView: formView{problems: p}})
	}
	door, err := s.store.Knock(r.Context(), code, middleware.GetClientIP(r.Context()))
	if err != nil {
		if !errors.Is(err, domain.NotFound) {
			return err
		}
		p.Add("workshop_code", "workshop.no_such_code")
		return s.roomPage(w, r, http.StatusUnprocessableEntity, roomPageView{action: roomPath, code: f.Code, formView: formView{problems: p}})
	}
	http.Redirect(w, r, doorPath(door), http.StatusSeeOther)
	return nil
}

func (s *Server) knock(r *http.Request) (store.Door, error) {
	return s.store.Knock(r.Context(), chi.URLParam(r, "key"), middleware.GetClientIP(r.Context()))
}

// forOther is the part of an address by which somebody else comes in on a telephone that has a place already.
const forOther = "?other=1"

// showDoor asks who comes in. Whoever has a place already, as after reading the picture of the link again, is led to it: one
// person has one voice.
func (s *Server) showDoor(w http.ResponseWriter, r *http.Request) error {
	door, err := s.knock(r)
	if err != nil {
		return err
	}
	action := doorPath(door)
	if r.URL.Query().Has("other") {
		action += forOther
	} else if _, _, err := s.seatIn(r, itoa(door.Workshop.ID)); err == nil {
		http.Redirect(w, r, votePath(door.Workshop.ID), http.StatusSeeOther)
		return nil
	} else if !errors.Is(err, domain.NotFound) {
		return err
	}
	return s.roomPage(w, r, http.StatusOK, roomPageView{door: &door, action: action, part: "voter"})
}

func (s *Server) enterDoor(w http.ResponseWriter, r *http.Request) error {
	door, err := s.knock(r)
	if err != nil {
		return err
	}
	action, held := doorPath(door), ""
	if r.URL.Query().Has("other") {
		action += forOther
	} else if _, held, err = s.seatIn(r, itoa(door.Workshop.ID)); err != nil && !errors.Is(err, domain.NotFound) {
		return err
	}
	return s.enterRoom(w, r, door, 0, action, held)
}

// joinAsMember is the way in of somebody who is signed in: no code, and their own name.
func (s *Server) joinAsMember(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	door, err := s.store.MemberDoor(r.Context(), by, id)
	if err != nil {
		return err
	}
	v := roomPageView{door: &door, action: workshopPath(by, id, "join"), part: "voter", name: by.Name, member: true}
	people, err := s.store.Participants(r.Context(), by, id)
	if err != nil {
		return err
	}
	for _, p := range people {
		if p.User == by.User {
			v.role, v.part = p.Role, p.Part
		}
	}
	return s.roomPage(w, r, http.StatusOK, v)
}

func (s *Server) enterAsMember(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	door, err := s.store.MemberDoor(r.Context(), by, id)
	if err != nil {
		return err
	}
	return s.enterRoom(w, r, door, by.User, workshopPath(by, id, "join"), "")
}

// enterRoom gives a place to whoever says who they are; held is the token of the one that they have.
func (s *Server) enterRoom(w http.ResponseWriter, r *http.Request, door store.Door, user domain.UserID, action, held string) error {
	f, p, err := decode[struct {
		Name string `form:"participant_name"`
		Role string `form:"voter_role"`
		Part string `form:"participant_part"`
		Seat string `form:"seat"`
	}](r)
	if err != nil {
		return err
	}
	token := held
	if token == "" {
		token = seatToken(f.Seat, door.Workshop.ID)
	}
	if len(p) == 0 {
		_, err = s.store.Enter(r.Context(), door, domain.Participant{User: user, Name: f.Name, Role: f.Role, Part: f.Part}, hashToken(token))
	}
	if problems, bad := withProblems(p, err); bad {
		return s.roomPage(w, r, http.StatusUnprocessableEntity, roomPageView{door: &door, action: action, name: f.Name, role: f.Role, part: f.Part, seat: f.Seat, member: user != 0,
			formView: formView{problems: problems}})
	}
	if err != nil {
		return err
	}
	s.giveSeat(w, door.Workshop.ID, token)
	http.Redirect(w, r, votePath(door.Workshop.ID), http.StatusSeeOther)
	return nil
}

// phoneView is what the telephone of somebody shows beside the workshop.
type phoneView struct {
	me              domain.Participant
	action          string
	sent            bool // they have voted on the card
	own             bool // each at their own pace
	done, total, at int
	prev, next      string
	problem         string
}

func (s *Server) showPhone(w http.ResponseWriter, r *http.Request) error {
	return s.phonePage(w, r, http.StatusOK, "")
}

// phonePage shows the telephone of whoever asks; whoever has no place, or lost it, is led to the door.
func (s *Server) phonePage(w http.ResponseWriter, r *http.Request, status int, problem string) error {
	ctx := r.Context()
	seat, err := s.seat(r)
	if errors.Is(err, domain.NotFound) {
		http.Redirect(w, r, roomPath, http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	asked, _ := strconv.ParseInt(r.URL.Query().Get("card"), 10, 64) // what is no number asks for none
	data, err := s.store.Phone(ctx, seat, domain.WorkshopCardID(asked))
	if err != nil {
		return err
	}
	l := data.Live
	l.Card = data.Card
	v := livePageView{shell: s.bareShell(r, l.Workshop.Name), class: "phone", stream: votePath(seat.Workshop) + "/live"}
	if v.live, err = s.liveViewOf(ctx, onPhone, l); err != nil {
		return err
	}
	p := &phoneView{me: data.Me, action: votePath(seat.Workshop), sent: len(data.Mine) > 0, own: l.OwnPace, done: data.Done, total: data.Total, at: data.At, problem: problem}
	if data.Prev != 0 {
		p.prev = votePath(seat.Workshop) + "?card=" + itoa(data.Prev)
	}
	if data.Next != 0 {
		p.next = votePath(seat.Workshop) + "?card=" + itoa(data.Next)
	}
	if v.live.card != nil {
		for i := range v.live.card.rows {
			row := &v.live.card.rows[i]
			for _, vote := range data.Mine {
				if itoa(vote.Program) == row.program {
					row.mine, row.mineGain = -1, vote.Gain
					if vote.Level != nil {
						row.mine = *vote.Level
					}
				}
			}
		}
	}
	v.live.phone = p
	v.me = strings.Join(nonEmpty(data.Me.Name, enumWord(ctx, "workshop.role", data.Me.Role)), " · ")
	if l.Open() && data.Me.User == 0 {
		v.other = doorPath(store.Door{Token: l.Token}) + forOther
	}
	// Without script the page looks again by itself, but never while somebody fills in a ballot.
	if data.Card == nil || p.sent || !v.live.card.votable {
		v.shell.Refresh = 5
	}
	return s.render(w, r, status, liveDocument(v))
}

func (s *Server) streamPhone(w http.ResponseWriter, r *http.Request) error {
	seat, err := s.seat(r)
	if err != nil {
		return err
	}
	if !wantsStream(r) {
		http.Redirect(w, r, votePath(seat.Workshop), http.StatusSeeOther)
		return nil
	}
	return s.stream(w, r, roomKey{seat.Workspace, seat.Workshop}, onPhone, func(l store.WorkshopLive) (bool, error) {
		return !slices.Contains(l.Out, seat.Participant), nil
	})
}

// vote keeps a ballot and says so once it is committed.
func (s *Server) vote(w http.ResponseWriter, r *http.Request) error {
	seat, err := s.seat(r)
	if err != nil {
		if isQuiet(r) {
			return s.quiet(w, r, err)
		}
		return err
	}
	ballot, err := readBallot(r)
	if err == nil {
		err = s.store.Cast(r.Context(), seat, ballot)
	}
	if isQuiet(r) {
		return s.quiet(w, r, err)
	}
	if known, ok := errors.AsType[*domain.Error](firstProblem(err)); ok && err != nil {
		return s.phonePage(w, r, statusOf(known), i18n.TArgs(r.Context(), known.Key, known.Args))
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, votePath(seat.Workshop), http.StatusSeeOther)
	return nil
}

// saidLevel is what a form says that a program needs, with the gain that is expected of what is useful.
type saidLevel struct {
	program     domain.ProgramID
	level, gain string
}

// saidLevels reads level.<program> and gain.<program>, in the order of the programs. Each of them is named once.
func saidLevels(form url.Values) (said []saidLevel, err error) {
	var p domain.Problems
	for name, values := range form {
		text, ok := strings.CutPrefix(name, "level.")
		if !ok || len(values) == 0 {
			continue
		}
		program, err := strconv.ParseInt(text, 10, 64)
		if err != nil || len(said) >= 100 {
			return nil, domain.Errorf(domain.Invalid, "error.choice")
		}
		l := saidLevel{program: domain.ProgramID(program), level: values[0]}
		if l.level == "1" {
			l.gain = domain.CleanLine(form.Get("gain." + text))
		}
		p.Line("gain", l.gain, false, domain.MaxGain)
		said = append(said, l)
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	slices.SortFunc(said, func(a, b saidLevel) int { return cmp.Compare(a.program, b.program) })
	for i := 1; i < len(said); i++ {
		if said[i].program == said[i-1].program {
			return nil, domain.Errorf(domain.Invalid, "workshop.program_twice")
		}
	}
	return said, nil
}

// readBallot reads what a telephone says of the card and round that were seen. A program without a level is not voted on; a ballot
// without any is incomplete.
func readBallot(r *http.Request) (b store.Ballot, err error) {
	f, p, err := decode[struct {
		Card     domain.WorkshopCardID `form:"card"`
		Round    int                   `form:"round"`
		Sequence int64                 `form:"sequence"`
	}](r)
	if err != nil {
		return b, err
	}
	if f.Round < 1 || f.Round > domain.MaxRounds {
		p.Add("round", "workshop.no_such_round")
	}
	if err := p.Err(); err != nil {
		return b, err
	}
	b = store.Ballot{Card: f.Card, Round: f.Round, Sequence: max(f.Sequence, 0)}
	said, err := saidLevels(r.PostForm)
	for _, l := range said {
		v := domain.Vote{Program: l.program, Gain: l.gain}
		switch l.level {
		case "0", "1", "2":
			level := int(l.level[0] - '0')
			v.Level = &level
		case "unsure":
		default:
			return b, domain.Errorf(domain.Invalid, "error.choice")
		}
		b.Votes = append(b.Votes, v)
	}
	if err == nil && len(b.Votes) == 0 {
		err = domain.Errorf(domain.Invalid, "workshop.empty_ballot")
	}
	return b, err
}

func (s *Server) object(w http.ResponseWriter, r *http.Request) error {
	seat, err := s.seat(r)
	if err != nil {
		return err
	}
	f, _, err := decode[struct {
		Card domain.WorkshopCardID `form:"card"`
		Body string                `form:"objection"`
	}](r)
	if err == nil {
		err = s.store.Object(r.Context(), seat, f.Card, strings.TrimSpace(f.Body))
	}
	if isQuiet(r) {
		return s.quiet(w, r, err)
	}
	if err != nil {
		return firstProblem(err)
	}
	http.Redirect(w, r, votePath(seat.Workshop), http.StatusSeeOther)
	return nil
}
