package domain

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Workshop is a meeting, or a week of votes without one, in which people decide card by card what programs need.
type Workshop struct {
	ID            WorkshopID
	Name          string
	State         WorkshopState
	Template      string // one of WorkshopTemplates
	Agenda        []AgendaStep
	Roles         []string // who votes, of VoterRoles
	Named         bool     // the room sees who voted what
	PerRole       bool     // each role counts once, however many people it has here
	HeldOn        *time.Time
	ClosesOn      *time.Time // last day of votes, without a meeting
	Facilitator   UserID
	Cofacilitator UserID
	Programs      []ProgramID // in rising order
	Note          string      // goal of the day, as the opening says it
	Batch         BatchID     // that applied the decisions; zero while none did
	StartedAt     *time.Time
	ClosedAt      *time.Time
	Version       int
	CreatedAt     time.Time
	UpdatedAt     time.Time
	ArchivedAt    *time.Time
}

// WorkshopState is how far a workshop is.
type WorkshopState string

// The states of a workshop. That its decisions were applied is said by their batch.
const (
	WorkshopPrepared WorkshopState = "prepared"
	WorkshopRunning  WorkshopState = "running"
	WorkshopClosed   WorkshopState = "closed"
)

// WorkshopApplied is how lists call a closed workshop whose decisions were applied.
const WorkshopApplied = "applied"

// WorkshopStates in the order in which they follow.
var WorkshopStates = []string{string(WorkshopPrepared), string(WorkshopRunning), string(WorkshopClosed), WorkshopApplied}

// AgendaStep is one part of the agenda, and for how long.
type AgendaStep struct {
	Step    string `json:"step"`
	Minutes int    `json:"minutes"`
}

// TemplateWeek is the workshop without a meeting: cards are voted on within some days.
const TemplateWeek = "week"

// WorkshopTemplates are the agendas that one starts from.
var WorkshopTemplates = []string{"half_day", "short", "full_day", TemplateWeek}

// agendas hold the steps of each template. The half day is the reference; the short one is for one or two programs and forty
// fields, the full day for eight programs and more.
var agendas = map[string][]AgendaStep{
	"half_day":   {{"opening", 10}, {"programs", 40}, {"vote", 20}, {"discuss", 50}, {"break", 10}, {"gaps", 30}, {"drops", 25}, {"owners", 15}, {"readout", 10}},
	"short":      {{"opening", 5}, {"programs", 10}, {"vote", 15}, {"discuss", 30}, {"gaps", 10}, {"drops", 10}, {"owners", 5}, {"readout", 5}},
	"full_day":   {{"opening", 15}, {"programs", 60}, {"vote", 45}, {"discuss", 75}, {"break", 60}, {"discuss", 60}, {"gaps", 45}, {"drops", 30}, {"owners", 20}, {"readout", 10}},
	TemplateWeek: {{"vote", 0}, {"discuss", 30}, {"readout", 10}},
}

// AgendaOf is the agenda of a template; nil for an unknown one.
func AgendaOf(template string) []AgendaStep { return slices.Clone(agendas[template]) }

// AgendaMinutes is how long an agenda takes.
func AgendaMinutes(agenda []AgendaStep) (sum int) {
	for _, s := range agenda {
		sum += s.Minutes
	}
	return sum
}

// VoterRoles are in whose name people vote. A DPO is none of them: they judge whether something is lawful, never whether it
// is worth having.
var VoterRoles = []string{"crm", "data", "store", "service", "sponsor", "other"}

// Limits of workshops.
const (
	MaxWorkshopCards    = 500
	MaxParticipants     = 2000
	MaxParticipantName  = 80
	MaxGain             = 500
	MaxObjection        = 2000
	MaxRounds           = 20 // of votes on one card
	WorkshopDoorHours   = 12 // for how long a door stays open unless it is opened for a week of votes
	DiscussionSeconds   = 180
	VoteSeconds         = 60
	TimerStepSeconds    = 30
	unsureShare         = 0.3
	disagreementSpread  = 2
	minDecisionReason   = 3
	maxWorkshopPrograms = 40
)

// NewWorkshop checks and cleans what was typed.
func NewWorkshop(w Workshop) (Workshop, error) {
	w.Name, w.Note = CleanLine(w.Name), strings.TrimSpace(w.Note)
	w.Programs = sortedIDs(w.Programs)
	var p Problems
	p.Line("name", w.Name, true, MaxName)
	p.Text("goal", w.Note, MaxText)
	p.OneOf("workshop_template", w.Template, WorkshopTemplates...)
	switch {
	case len(w.Programs) == 0:
		p.Add("programs", "workshop.no_program")
	case len(w.Programs) > maxWorkshopPrograms:
		p.Add("programs", "error.too_many", "most", maxWorkshopPrograms)
	}
	roles := w.Roles
	w.Roles = nil
	for _, role := range VoterRoles {
		if slices.Contains(roles, role) {
			w.Roles = append(w.Roles, role)
		}
	}
	if len(w.Roles) == 0 {
		p.Add("voter_roles", "error.required")
	}
	if w.Template == TemplateWeek {
		if w.ClosesOn == nil {
			p.Add("closes_on", "error.required")
		}
		p.Order("closes_on", w.HeldOn, w.ClosesOn)
	} else {
		w.ClosesOn = nil
	}
	if len(w.Agenda) == 0 {
		w.Agenda = AgendaOf(w.Template)
	}
	for _, s := range w.Agenda {
		if s.Minutes < 0 || s.Minutes > 600 {
			p.Add("agenda", "error.range", "least", 0, "most", 600)
		}
	}
	if w.State == "" {
		w.State = WorkshopPrepared
	}
	return w, p.Err()
}

// Apart tells whether people vote without a meeting.
func (w Workshop) Apart() bool { return w.Template == TemplateWeek }

// Subject names the workshop in the history.
func (w Workshop) Subject() Subject { return Subject{SubjectWorkshop, int64(w.ID), w.Name} }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (w Workshop) Archived() bool { return w.ArchivedAt != nil }

// Revision is the version that a form carries, so that nobody's change is overwritten unseen.
func (w Workshop) Revision() int { return w.Version }

// Facts are the named values that the history keeps.
func (w Workshop) Facts() map[string]any {
	return map[string]any{"name": w.Name, "workshop_template": w.Template, "voter_roles": w.Roles, "votes_named": w.Named, "per_role": w.PerRole,
		"held_on": dayFact(w.HeldOn), "closes_on": dayFact(w.ClosesOn), "facilitator": int64(w.Facilitator), "cofacilitator": int64(w.Cofacilitator),
		"programs_n": len(w.Programs), "goal": w.Note, "minutes": AgendaMinutes(w.Agenda)}
}

// CardDPO is what a DPO has to say of a card before anybody votes on it.
type CardDPO string

// Where a card stands with the DPO.
const (
	DPONotAsked CardDPO = ""
	DPONeeded   CardDPO = "needed"
	DPOAllowed  CardDPO = "allowed"
	DPOVetoed   CardDPO = "vetoed"
)

// VetoGrounds are why a DPO may stop a card: rules of law, never that the data is not worth having.
var VetoGrounds = []string{"gdpr.6", "gdpr.9", "gdpr.10", "gdpr.87", "gdpr.8", "gdpr.5.1.b", "gdpr.5.1.c"}

// DPOFirst tells why a DPO is asked before people vote on data of that class, category and people: special categories, the
// NIR, free text, which may hold anything, and what is about minors. Nothing for other data.
func DPOFirst(class GDPRClass, category string, subjects []string) (reasons []string) {
	add := func(reason string, holds bool) {
		if holds {
			reasons = append(reasons, reason)
		}
	}
	add("art9", class == ClassSensitive)
	add("art10", class == ClassCriminal)
	add("nir", class == ClassNIR)
	add("free_text", strings.HasSuffix(category, ".free_text") || strings.Contains(category, ".free_text."))
	add("minors", category == "ident.minor" || strings.HasPrefix(category, "perso.family.children") || slices.Contains(subjects, "minors"))
	return reasons
}

// WorkshopCard is one question of a workshop: a field, or a category of data that its programs need and nobody holds.
type WorkshopCard struct {
	ID            WorkshopCardID
	Workshop      WorkshopID
	Field         FieldID
	Category      CategoryID // of a gap; zero for a field
	Position      int
	DPO           CardDPO
	DPOReason     string
	DPOGround     string // one of VetoGrounds
	DPOBy         string
	Round         int
	Revealed      bool
	Parked        bool
	ParkedNote    string
	Decision      CardDecision
	Reason        string
	Outcome       []ProgramNeed // what each program needs of it, as recorded
	KeepN, DropN  int
	Owner         UserID
	DueOn         *time.Time
	DecidedByName string
	DecidedAt     *time.Time
	DoneAt        *time.Time
}

// Gap tells whether the card is about data that nobody holds yet.
func (c WorkshopCard) Gap() bool { return c.Category != 0 }

// Votable tells whether people can vote on the card now.
func (c WorkshopCard) Votable() bool {
	return !c.Revealed && c.Decision == "" && (c.DPO == DPONotAsked || c.DPO == DPOAllowed)
}

// CardDecision is what a workshop decides of a card.
type CardDecision string

// The decisions of a workshop.
const (
	CardKeep        CardDecision = "keep"
	CardKeepLimited CardDecision = "keep_limited" // kept, but reduced: truncated, aggregated, for a shorter time, for fewer people
	CardReplace     CardDecision = "replace"      // a less intrusive field does the job
	CardCollect     CardDecision = "collect"      // needed and missing
	CardArchive     CardDecision = "archive"      // no use any more, but a legal duty or a proof
	CardDrop        CardDecision = "drop"
	CardReview      CardDecision = "review" // to be looked into: no consensus, or a question for the DPO
)

// Keeps tells whether a field stays, as it is or reduced.
func (d CardDecision) Keeps() bool { return d == CardKeep || d == CardKeepLimited }

// CardDecisions in the order in which they are shown.
var CardDecisions = []string{string(CardKeep), string(CardKeepLimited), string(CardReplace), string(CardCollect), string(CardArchive), string(CardDrop), string(CardReview)}

// Offered are the decisions that can be recorded of a card: what is not there is collected or not, what is there is not
// collected, and what a DPO has stopped is not kept.
func (c WorkshopCard) Offered() (list []CardDecision) {
	for _, name := range CardDecisions {
		d := CardDecision(name)
		keeps := d.Keeps() || d == CardCollect
		switch {
		case c.Gap() && d != CardCollect && d != CardDrop && d != CardReview, !c.Gap() && d == CardCollect:
		case keeps && (c.DPO == DPOVetoed || c.DPO == DPONeeded):
		default:
			list = append(list, d)
		}
	}
	return list
}

// ProgramNeed is what a workshop says that a program needs of a card.
type ProgramNeed struct {
	Program ProgramID
	Level   int    // 0 nothing, 1 useful, 2 essential
	Note    string // expected gain of what is useful
}

// Vote is what somebody says that a program needs of a card.
type Vote struct {
	Participant ParticipantID
	Role        string
	Program     ProgramID
	Level       *int // 0, 1 or 2; nil for no opinion
	Gain        string
}

// Counts is the level that the vote has in the count: "useful" without a written gain is no need (reference of the workshop).
// ok is false for no opinion.
func (v Vote) Counts() (level int, ok bool) {
	switch {
	case v.Level == nil:
		return 0, false
	case *v.Level == 1 && strings.TrimSpace(v.Gain) == "":
		return 0, true
	}
	return *v.Level, true
}

// VoteTally is the count of the votes on a card for one program.
type VoteTally struct {
	Program  ProgramID
	Levels   [3]int // how many say 0, 1 and 2, as they count
	Unsure   int
	Bare     int // of the zeros: "useful" without a gain
	Voices   int // people, or roles where each role counts once
	Twice    int // twice the median: 3 lies between useful and essential
	Split    int // how far the two voices in the middle are apart; 0 where there is one
	Spread   int // between the highest and the lowest voice
	Gains    []string
	ByRole   map[string][3]int
	HasVotes bool
}

// Tie tells whether the voices are split between two levels: the sponsor decides, after the DPO.
func (t VoteTally) Tie() bool { return t.Split > 0 }

// Disagree tells whether the voices are so far apart that they are discussed and asked again.
func (t VoteTally) Disagree() bool { return t.Spread >= disagreementSpread }

// Level is the level that the median proposes; of a tie the lower one, since what is not needed is not kept.
func (t VoteTally) Level() int { return (t.Twice - t.Split) / 2 }

// TallyVotes counts the votes on a card for each of the programs, in their order. Where each role counts once, its voice is
// the lower median of its people.
func TallyVotes(votes []Vote, programs []ProgramID, perRole bool) []VoteTally {
	out := make([]VoteTally, len(programs))
	for i, program := range programs {
		out[i] = tallyOf(votes, program, perRole)
	}
	return out
}

func tallyOf(votes []Vote, program ProgramID, perRole bool) VoteTally {
	t := VoteTally{Program: program, ByRole: map[string][3]int{}}
	byRole := map[string][]int{}
	var voices []int
	for _, v := range votes {
		if v.Program != program {
			continue
		}
		level, ok := v.Counts()
		if !ok {
			t.Unsure++
			continue
		}
		if gain := strings.TrimSpace(v.Gain); gain != "" && level == 1 && !slices.Contains(t.Gains, gain) {
			t.Gains = append(t.Gains, gain)
		}
		if *v.Level == 1 && level == 0 {
			t.Bare++
		}
		t.Levels[level]++
		counts := t.ByRole[v.Role]
		counts[level]++
		t.ByRole[v.Role] = counts
		byRole[v.Role] = append(byRole[v.Role], level)
		voices = append(voices, level)
	}
	if perRole {
		voices = voices[:0:0]
		for _, levels := range byRole {
			slices.Sort(levels)
			voices = append(voices, levels[(len(levels)-1)/2])
		}
	}
	if t.Voices = len(voices); t.Voices == 0 {
		return t
	}
	slices.Sort(voices)
	t.HasVotes = true
	low, high := voices[(len(voices)-1)/2], voices[len(voices)/2]
	t.Twice, t.Split = low+high, high-low
	t.Spread = voices[len(voices)-1] - voices[0]
	return t
}

// Disagreement tells whether voices on a card are far apart for any of its programs.
func Disagreement(tallies []VoteTally) bool { return slices.ContainsFunc(tallies, VoteTally.Disagree) }

// Undecided tells whether a card is better put aside: a tie, or too many who do not know.
func Undecided(tallies []VoteTally) bool {
	return slices.ContainsFunc(tallies, func(t VoteTally) bool {
		asked := t.Levels[0] + t.Levels[1] + t.Levels[2] + t.Unsure
		return t.Tie() || asked > 0 && float64(t.Unsure) > unsureShare*float64(asked)
	})
}

// CardFacts are what the proposal reads of a card beside its votes.
type CardFacts struct {
	// Duty is true where an approved purpose outside the programs asks for the field: a legal duty, a contract, a claim.
	Duty bool
}

// ProposeDecision is the decision that votes and rules suggest, and why, as the last part of a message key. The facilitator
// may record another.
func ProposeDecision(c WorkshopCard, tallies []VoteTally, f CardFacts) (d CardDecision, why string) {
	voted := slices.ContainsFunc(tallies, func(t VoteTally) bool { return t.HasVotes })
	top := 0
	for _, t := range tallies {
		top = max(top, t.Level())
	}
	switch {
	case c.DPO == DPOVetoed && f.Duty:
		return CardArchive, "vetoed"
	case c.DPO == DPOVetoed:
		return CardDrop, "vetoed"
	case c.DPO == DPONeeded:
		return CardReview, "dpo"
	case !voted && !slices.ContainsFunc(tallies, func(t VoteTally) bool { return t.Unsure > 0 }):
		return CardReview, "no_votes"
	case Undecided(tallies):
		return CardReview, "undecided"
	case top == 2 && c.Gap():
		return CardCollect, "essential"
	case c.Gap():
		return CardDrop, "not_missed"
	case top == 2:
		return CardKeep, "essential"
	case top == 1:
		return CardKeep, "useful"
	case f.Duty:
		return CardArchive, "duty"
	}
	return CardDrop, "not_needed"
}

// OutcomeOf is what each program needs, as the count says it, with the gains that were written. Of a program for which nobody
// has a voice, or one half says essential and the other not needed, it says nothing: "useful" is what nobody voted for.
func OutcomeOf(tallies []VoteTally) []ProgramNeed {
	out := make([]ProgramNeed, 0, len(tallies))
	for _, t := range tallies {
		if !t.HasVotes || t.Split > 1 {
			continue
		}
		n := ProgramNeed{Program: t.Program, Level: t.Level()}
		if n.Level == 1 {
			n.Note = truncateRunes(strings.Join(t.Gains, " · "), MaxGain)
		}
		out = append(out, n)
	}
	return out
}

func truncateRunes(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// NeedsOf are the needs that a decision is recorded with. What is kept goes on as it is for a program of which nothing was said;
// under any other decision, such a program needs nothing of it.
func (d CardDecision) NeedsOf(said []ProgramNeed, programs []ProgramID) []ProgramNeed {
	if d.Keeps() {
		return said
	}
	needs := slices.Clone(said)
	for _, id := range programs {
		if !slices.ContainsFunc(said, func(n ProgramNeed) bool { return n.Program == id }) {
			needs = append(needs, ProgramNeed{Program: id})
		}
	}
	return needs
}

// Heads counts people, not voices: how many see a need for any program, and how many for none.
func Heads(votes []Vote) (keep, drop int) {
	best := map[ParticipantID]int{}
	for _, v := range votes {
		level, ok := v.Counts()
		if !ok {
			continue
		}
		if was, seen := best[v.Participant]; !seen || level > was {
			best[v.Participant] = level
		}
	}
	for _, level := range best {
		if level > 0 {
			keep++
		} else {
			drop++
		}
	}
	return keep, drop
}

// Voters is how many people voted on a card. A ballot names every program, so that it is told even where votes are secret and
// the workshop is closed, which cuts the tie between a vote and its voter.
func Voters(votes []Vote) (n int) {
	ballots := map[ProgramID]int{}
	for _, v := range votes {
		ballots[v.Program]++
		n = max(n, ballots[v.Program])
	}
	return n
}

// NewCardDecision checks and cleans what the facilitator records of a card on a day.
func NewCardDecision(c WorkshopCard, today time.Time) (WorkshopCard, error) {
	c.Reason = strings.TrimSpace(c.Reason)
	var p Problems
	if !slices.Contains(c.Offered(), c.Decision) {
		if c.DPO == DPOVetoed || c.DPO == DPONeeded {
			p.Add("card_decision", "workshop.not_lawful")
		} else {
			p.Add("card_decision", "error.choice")
		}
	}
	p.Text("reason", c.Reason, MaxText)
	if utf8.RuneCountInString(c.Reason) < minDecisionReason {
		p.Add("reason", "error.required")
	}
	if c.DueOn != nil && Day(*c.DueOn).Before(Day(today)) {
		p.Add("due_on", "workshop.due_past")
	}
	if c.Decision == CardReview {
		switch {
		case c.Owner == 0:
			p.Add("decision_owner", "workshop.review_owner")
		case c.DueOn == nil || Day(*c.DueOn).After(Day(today).AddDate(0, 0, MaxReviewDays)):
			p.Add("due_on", "workshop.review_due", "n", MaxReviewDays)
		}
	}
	return c, p.Err()
}

// NewOpinion checks what a DPO says of a card. A veto names the rule of law that it stands on.
func NewOpinion(opinion CardDPO, ground, reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	var p Problems
	p.OneOf("dpo_opinion", string(opinion), string(DPOAllowed), string(DPOVetoed))
	p.Text("reason", reason, MaxText)
	if reason == "" {
		p.Add("reason", "error.required")
	}
	if opinion == DPOVetoed && !slices.Contains(VetoGrounds, ground) {
		p.Add("veto_ground", "workshop.veto_ground_missing")
	}
	return reason, p.Err()
}

// Participant is somebody in a workshop: a member, or a guest who came in by its code.
type Participant struct {
	ID        ParticipantID
	Workshop  WorkshopID
	User      UserID // zero for a guest
	Name      string // empty for somebody who gave none
	Role      string
	Part      string // voter or observer
	JoinedAt  *time.Time
	RemovedAt *time.Time
}

// ParticipantParts are what somebody does in a workshop.
var ParticipantParts = []string{"voter", "observer"}

// NewParticipant checks what somebody typed who comes in.
func NewParticipant(p Participant, roles []string) (Participant, error) {
	p.Name = CleanLine(p.Name)
	var bad Problems
	bad.Line("participant_name", p.Name, false, MaxParticipantName)
	bad.OneOf("participant_part", p.Part, ParticipantParts...)
	if p.Part == "voter" {
		if p.Role == "" {
			bad.Add("voter_role", "error.required")
		}
		bad.OneOf("voter_role", p.Role, append([]string{""}, roles...)...)
	} else {
		p.Role = ""
	}
	return p, bad.Err()
}

// WorkshopRegister is the list of workshops.
var WorkshopRegister = Register{
	Name: "workshops",
	Sort: "-held_on",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "workshop_state", Kind: CellEnum, Enum: "workshop.state"},
		{Key: "workshop_template", Kind: CellEnum, Enum: "workshop.template"},
		{Key: "held_on", Kind: CellDate, Desc: true},
		{Key: "programs", Kind: CellTexts, NoSort: true},
		{Key: "cards", Kind: CellInt},
		{Key: "decided", Kind: CellInt},
		{Key: "participants", Kind: CellInt},
		{Key: "facilitator", Kind: CellText},
		{Key: "updated", Kind: CellTime, Desc: true, Hidden: true},
	},
	Filters: []RegisterFilter{
		{Key: "workshop_state", Enum: "workshop.state", Facet: true, Values: WorkshopStates},
		{Key: "program", Facet: true, Ref: true},
		{Key: "facilitator", Facet: true, Ref: true},
		{Key: "owner", Ref: true},
		{Key: "field", Ref: true},
		{Key: "state", Enum: "state", Values: []string{"active", "archived"}},
	},
}
