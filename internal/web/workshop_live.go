package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// cardView is a card in the words of its reader.
type cardView struct {
	id          string
	number      int
	title       string
	code        string // technical name, where the title is another
	where       string
	description string
	class       mark
	category    string
	facts       []ui.Fact
	flags       []string
	users       string
	gap         bool
	dpo         domain.CardDPO
	dpoText     string // why a DPO is asked, or what they said
	dpoBy       string
	votable     bool
	revealed    bool
	round       int
	parked      bool
	parkedNote  string
	decision    mark // icon empty where nothing is decided
	decisionKey string
	reason      string
	owner, due  string
	keep, drop  int
	rows        []voteRow
	disagree    bool
	proposal    mark
	proposalKey domain.CardDecision
	why         string
	voted       int
}

// voteRow is what a program needs of a card, as the votes say.
type voteRow struct {
	program   string
	name      string
	counts    [3]int
	unsure    int
	bare      int
	voices    int
	level     mark
	levelKey  int
	has       bool
	said      bool // the voices, or whoever decided, say what it needs
	tie       bool
	disagree  bool
	gains     []string
	byRole    []roleVotes
	byName    []string
	mine      int // what somebody voted, on their telephone; -2 for nothing, -1 for no opinion
	mineGain  string
	outcomeIs bool
}

type roleVotes struct {
	role   string
	counts [3]int
}

const noVote = -2

func needMark(ctx context.Context, level int) mark {
	switch level {
	case 2:
		return mark{ui.OK, "star", i18n.T(ctx, "workshop.level.2")}
	case 1:
		return mark{ui.Info, "check", i18n.T(ctx, "workshop.level.1")}
	}
	return mark{ui.Neutral, "circle-off", i18n.T(ctx, "workshop.level.0")}
}

func cardDecisionMark(ctx context.Context, d domain.CardDecision) mark {
	kind, icon := cardTone(string(d))
	return mark{kind, icon, enumWord(ctx, "workshop.decision", string(d))}
}

func cardTone(code string) (ui.Kind, string) {
	switch domain.CardDecision(code) {
	case domain.CardKeep:
		return ui.OK, "circle-check"
	case domain.CardKeepLimited:
		return ui.OK, "filter"
	case domain.CardReplace:
		return ui.Warn, "exchange"
	case domain.CardCollect:
		return ui.Info, "download"
	case domain.CardArchive:
		return ui.Neutral, "archive"
	case domain.CardDrop:
		return ui.Danger, "trash"
	case domain.CardReview:
	}
	return ui.Review, "help-circle"
}

func cardViews(ctx context.Context, l store.WorkshopLive, lines []store.CardLine) []cardView {
	out := make([]cardView, len(lines))
	for i, line := range lines {
		out[i] = cardViewOf(ctx, l, line)
		out[i].number = i + 1
	}
	return out
}

func cardViewOf(ctx context.Context, l store.WorkshopLive, line store.CardLine) cardView {
	lang := string(i18n.Lang(ctx))
	v := cardView{id: itoa(line.ID), title: line.Title(lang), description: line.Description, class: classMark(ctx, line.Class), gap: line.Gap(), dpo: line.DPO,
		votable: line.Votable() && l.Workshop.State == domain.WorkshopRunning, revealed: line.Revealed, round: line.Round, parked: line.Parked, parkedNote: line.ParkedNote,
		reason: line.Reason, owner: line.OwnerName, due: shownDay(ctx, line.DueOn), keep: line.KeepN, drop: line.DropN, category: line.CategoryLabel(lang)}
	if v.title != line.Name && !line.Gap() {
		v.code = line.Name
	}
	v.where = strings.Join(nonEmpty(line.Application, line.Dataset), " › ")
	if line.Gap() {
		v.where, v.category = i18n.T(ctx, "workshop.gap"), ""
	}
	switch line.DPO {
	case domain.DPONeeded:
		v.dpoText = i18n.List(ctx, enumWords(ctx, "workshop.dpo_first", line.DPOReasons()))
	case domain.DPOVetoed:
		v.dpoText, v.dpoBy = enumWord(ctx, "workshop.ground", line.DPOGround)+" · "+line.DPOReason, line.DPOBy
	case domain.DPOAllowed:
		v.dpoText, v.dpoBy = line.DPOReason, line.DPOBy
	case domain.DPONotAsked:
	}
	var users []string
	for _, u := range line.Users {
		users = append(users, u.Program+" ("+i18n.Lower(enumWord(ctx, "level", u.Level))+")")
	}
	v.users = i18n.List(ctx, users)
	for _, f := range flagTones {
		if line.Flags&f.flag != 0 && len(v.flags) < 3 {
			word := i18n.T(ctx, "flag."+f.code)
			if len(v.flags) > 0 {
				word = i18n.Lower(word)
			}
			v.flags = append(v.flags, word)
		}
	}
	v.facts = cardMeasures(ctx, line, l.Now)
	if line.Decision != "" {
		v.decision, v.decisionKey = cardDecisionMark(ctx, line.Decision), string(line.Decision)
	}
	v.voted = domain.Voters(line.Votes)
	if !line.Revealed { // nobody sees a vote before it is shown to all, whoever leads included
		line.Votes = nil
	}
	tallies := domain.TallyVotes(line.Votes, store.ProgramIDs(l.Programs), l.Workshop.PerRole)
	v.disagree = domain.Disagreement(tallies)
	v.proposalKey, v.why = domain.ProposeDecision(line.WorkshopCard, tallies, domain.CardFacts{Duty: line.Duty})
	v.proposal, v.why = cardDecisionMark(ctx, v.proposalKey), i18n.T(ctx, "workshop.why."+v.why)
	for i, t := range tallies {
		v.rows = append(v.rows, voteRowOf(ctx, l, line, l.Programs[i].Name, t))
	}
	return v
}

func voteRowOf(ctx context.Context, l store.WorkshopLive, line store.CardLine, name string, t domain.VoteTally) voteRow {
	row := voteRow{program: itoa(t.Program), name: name, counts: t.Levels, unsure: t.Unsure, bare: t.Bare, voices: t.Voices, has: t.HasVotes, said: t.HasVotes && t.Split < 2, tie: t.Tie(),
		disagree: t.Disagree(), gains: t.Gains, levelKey: t.Level(), mine: noVote}
	if line.Decision != "" { // what was recorded counts, which the facilitator may have changed
		for _, need := range line.Outcome {
			if need.Program == t.Program {
				row.levelKey, row.has, row.said, row.outcomeIs = need.Level, true, true, true
			}
		}
	}
	row.level = needMark(ctx, row.levelKey)
	for _, role := range domain.VoterRoles {
		if counts, ok := t.ByRole[role]; ok {
			row.byRole = append(row.byRole, roleVotes{enumWord(ctx, "workshop.role", role), counts})
		}
	}
	if l.Workshop.Named {
		for _, vote := range line.Votes {
			if level, ok := vote.Counts(); ok && vote.Program == t.Program {
				who := l.Names[vote.Participant]
				if who == "" {
					who = i18n.T(ctx, "workshop.guest", "n", int64(vote.Participant))
				}
				row.byName = append(row.byName, who+" : "+i18n.Lower(needMark(ctx, level).text))
			}
		}
	}
	return row
}

// cardMeasures are the few measured facts that a room needs to judge a card; never a value of anybody.
func cardMeasures(ctx context.Context, line store.CardLine, now time.Time) []ui.Fact {
	if line.Gap() {
		return nil
	}
	unknown := i18n.T(ctx, "workshop.not_measured")
	fill, reads, last := unknown, unknown, unknown
	if line.Fill != nil {
		fill = i18n.Percent(ctx, *line.Fill)
	}
	if line.Reads != nil {
		reads = i18n.Number(ctx, *line.Reads)
	}
	if line.LastReadAt != nil {
		last = i18n.Relative(ctx, *line.LastReadAt, now)
	} else if line.Reads != nil && *line.Reads == 0 {
		last = i18n.T(ctx, "workshop.never")
	}
	retention := line.Retention
	if retention == "" {
		retention = i18n.T(ctx, "retention.none")
	}
	return []ui.Fact{{Term: i18n.T(ctx, "workshop.fact.fill"), Text: fill}, {Term: i18n.T(ctx, "workshop.fact.reads"), Text: reads},
		{Term: i18n.T(ctx, "workshop.fact.last_read"), Text: last}, {Term: i18n.T(ctx, "column.retention"), Text: retention}}
}

// liveView is what a screen shows of a workshop.
type liveView struct {
	to       audience
	l        store.WorkshopLive
	card     *cardView
	join     doorView
	privacy  string
	until    string // end of the timer, in milliseconds since 1970; empty where no time runs
	left     string // time left as this is written
	step     string
	agenda   []agendaLine
	cards    []cardView   // on the panel
	members  []ui.Option  // on the panel
	offered  []ui.Option  // decisions that can be recorded
	phone    *phoneView   // on a telephone
	programs []optionView // for which is voted
}

type optionView struct{ id, name string }

// renderWorkshop writes what an audience sees. It belongs to no request: every screen of the audience is sent the same.
func (s *Server) renderWorkshop(ctx context.Context, to audience, l store.WorkshopLive) ([]byte, error) {
	v, err := s.liveViewOf(ctx, to, l)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = livePage(v).Render(ctx, &b)
	return b.Bytes(), err
}

func (s *Server) liveViewOf(ctx context.Context, to audience, l store.WorkshopLive) (liveView, error) {
	v := liveView{to: to, l: l, join: s.joinOf(ctx, l), privacy: privacySentence(ctx, l.Workshop)}
	if l.TimerUntil != nil && l.Workshop.State == domain.WorkshopRunning {
		v.until = strconv.FormatInt(l.TimerUntil.UnixMilli(), 10)
		v.left = clockLeft(l.TimerUntil.Sub(l.Now))
	}
	for i, step := range l.Workshop.Agenda {
		line := agendaLineOf(ctx, step)
		v.agenda = append(v.agenda, line)
		if i == l.Step {
			v.step = line.text
		}
	}
	for _, p := range l.Programs {
		v.programs = append(v.programs, optionView{itoa(p.ID), p.Name})
	}
	if l.Card != nil {
		card := cardViewOf(ctx, l, *l.Card)
		card.number = l.Place
		v.card = &card
		for _, d := range l.Card.Offered() {
			m := cardDecisionMark(ctx, d)
			v.offered = append(v.offered, ui.Option{Value: string(d), Text: m.text, Icon: m.icon, Hint: i18n.T(ctx, "workshop.decision_hint."+string(d))})
		}
	}
	if to != onPanel {
		return v, nil
	}
	by := domain.Actor{Workspace: l.Workspace, Lang: string(i18n.Lang(ctx))}
	err := s.store.Read(ctx, by, func(st *store.Store) error {
		lines, err := st.Cards(ctx, by, l.Workshop.ID)
		if err != nil {
			return err
		}
		v.cards = cardViews(ctx, l, lines)
		members, err := st.MemberOptions(ctx, by)
		v.members = refOptions(members)
		return err
	})
	return v, err
}

// clockLeft writes what is left of a time: 0:42. A time that is over is 0:00.
func clockLeft(d time.Duration) string {
	seconds := max(int((d+time.Second-1)/time.Second), 0)
	return strconv.Itoa(seconds/60) + ":" + strings.TrimPrefix(strconv.Itoa(100+seconds%60), "1")
}

// livePageView is the document around what a screen shows.
type livePageView struct {
	shell  ui.Shell
	stream string // address of the event stream
	live   liveView
	class  string
	me     string // who votes on a telephone
	other  string // address by which somebody else comes in on it; empty where nobody can
}

// showLive answers with a screen of a workshop, as it is now; the stream does the rest.
func (s *Server) showLive(w http.ResponseWriter, r *http.Request, to audience, class string) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	l, err := s.store.LiveWorkshop(ctx, by, id)
	if err != nil {
		return err
	}
	v := livePageView{shell: s.bareShell(r, l.Workshop.Name), class: class, stream: workshopPath(by, id, "live") + "?as=" + string(to)}
	v.shell.Refresh = 5
	if to == onPanel {
		v.shell.Refresh = 0 // somebody types here
	}
	v.shell.Home = workshopPath(by, id)
	if v.live, err = s.liveViewOf(ctx, to, l); err != nil {
		return err
	}
	return s.ok(w, r, liveDocument(v))
}

func (s *Server) showScreen(w http.ResponseWriter, r *http.Request) error {
	to := onScreen
	if actor(r).Can(domain.RunWorkshop) {
		to = onLead
	}
	return s.showLive(w, r, to, "stage")
}

func (s *Server) showPanel(w http.ResponseWriter, r *http.Request) error {
	return s.showLive(w, r, onPanel, "panel")
}

// streamWorkshop sends a screen or a panel what happens. Whoever opens its address by itself gets the screen.
func (s *Server) streamWorkshop(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	if _, err := s.store.WorkshopByID(r.Context(), by, id); err != nil {
		return err
	}
	if !wantsStream(r) {
		http.Redirect(w, r, workshopPath(by, id, "screen"), http.StatusSeeOther)
		return nil
	}
	to := onScreen
	if as := audience(r.URL.Query().Get("as")); as == onLead || as == onPanel {
		if err := by.Must(domain.RunWorkshop); err != nil {
			return err
		}
		to = as
	}
	v := visitOf(r)
	return s.stream(w, r, roomKey{by.Workspace, id}, to, func(store.WorkshopLive) (bool, error) { return s.stillSees(r.Context(), v, to) })
}

// stillSees tells whether a member who opened a stream may see what comes next: meanwhile sessions end, people leave and roles
// change. Who is shown something is not idle.
func (s *Server) stillSees(ctx context.Context, v *visitInfo, to audience) (bool, error) {
	now, err := s.store.VisitByToken(ctx, v.Session.TokenHash, v.Workspace.Slug)
	if errors.Is(err, domain.NotFound) {
		return false, nil
	}
	if err != nil || now.Workspace.ID != v.Workspace.ID {
		return false, err
	}
	if to != onScreen && !now.Actor().Can(domain.RunWorkshop) {
		return false, nil
	}
	if s.now().Sub(now.Session.LastSeenAt) > seenEvery {
		err = s.store.TouchSession(ctx, now.Session.TokenHash)
	}
	return err == nil, err
}
