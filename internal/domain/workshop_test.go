package domain

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func ballot(role string, who, level int, gain string) Vote {
	return Vote{Participant: ParticipantID(who), Role: role, Program: 1, Level: &level, Gain: gain}
}

func TestTallyVotes(t *testing.T) {
	t.Parallel()
	unsure := Vote{Participant: 9, Role: "crm", Program: 1}
	for name, c := range map[string]struct {
		votes    []Vote
		perRole  bool
		twice    int
		spread   int
		levels   [3]int
		decision CardDecision
		why      string
	}{
		"nobody voted":                            {nil, false, 0, 0, [3]int{}, CardReview, "no_votes"},
		"everybody needs it":                      {[]Vote{ballot("crm", 1, 2, ""), ballot("data", 2, 2, "")}, false, 4, 0, [3]int{0, 0, 2}, CardKeep, "essential"},
		"nobody needs it":                         {[]Vote{ballot("crm", 1, 0, ""), ballot("data", 2, 0, "")}, false, 0, 0, [3]int{2, 0, 0}, CardDrop, "not_needed"},
		"useful with a gain":                      {[]Vote{ballot("crm", 1, 1, "more clicks"), ballot("data", 2, 1, "fewer returns")}, false, 2, 0, [3]int{0, 2, 0}, CardKeep, "useful"},
		"useful without a gain is no need":        {[]Vote{ballot("crm", 1, 1, ""), ballot("data", 2, 1, "  ")}, false, 0, 0, [3]int{2, 0, 0}, CardDrop, "not_needed"},
		"a tie is for the sponsor":                {[]Vote{ballot("crm", 1, 2, ""), ballot("data", 2, 1, "x")}, false, 3, 1, [3]int{0, 1, 1}, CardReview, "undecided"},
		"half for all, half for nothing":          {[]Vote{ballot("crm", 1, 2, ""), ballot("data", 2, 0, "")}, false, 2, 2, [3]int{1, 0, 1}, CardReview, "undecided"},
		"far apart":                               {[]Vote{ballot("crm", 1, 2, ""), ballot("data", 2, 0, ""), ballot("store", 3, 2, "")}, false, 4, 2, [3]int{1, 0, 2}, CardKeep, "essential"},
		"a role counts once":                      {[]Vote{ballot("store", 1, 2, ""), ballot("store", 2, 2, ""), ballot("store", 3, 2, ""), ballot("crm", 4, 0, ""), ballot("data", 5, 0, "")}, true, 0, 2, [3]int{2, 0, 3}, CardDrop, "not_needed"},
		"a role split in two says the lower":      {[]Vote{ballot("crm", 1, 2, ""), ballot("crm", 2, 0, "")}, true, 0, 0, [3]int{1, 0, 1}, CardDrop, "not_needed"},
		"a third without opinion is too many":     {[]Vote{unsure, ballot("crm", 1, 2, ""), ballot("data", 2, 2, "")}, false, 4, 0, [3]int{0, 0, 2}, CardReview, "undecided"},
		"one of five without opinion is accepted": {[]Vote{unsure, ballot("crm", 1, 2, ""), ballot("data", 2, 2, ""), ballot("store", 3, 2, ""), ballot("sponsor", 4, 2, "")}, false, 4, 0, [3]int{0, 0, 4}, CardKeep, "essential"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tallies := TallyVotes(c.votes, []ProgramID{1}, c.perRole)
			if got := tallies[0]; got.Twice != c.twice || got.Spread != c.spread || got.Levels != c.levels {
				t.Errorf("twice the median %d, spread %d, levels %v; want %d, %d, %v", got.Twice, got.Spread, got.Levels, c.twice, c.spread, c.levels)
			}
			if decision, why := ProposeDecision(WorkshopCard{Field: 1}, tallies, CardFacts{}); decision != c.decision || why != c.why {
				t.Errorf("proposes %s because %s, want %s because %s", decision, why, c.decision, c.why)
			}
		})
	}
}

// The proposal never depends on who voted first, and one more vote for more never proposes less.
func TestTallyProperties(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var votes []Vote
		for who := range 1 + rng.IntN(9) {
			votes = append(votes, ballot(VoterRoles[rng.IntN(len(VoterRoles))], who+1, rng.IntN(3), []string{"", "gain"}[rng.IntN(2)]))
		}
		perRole := rng.IntN(2) == 0
		tally := TallyVotes(votes, []ProgramID{1}, perRole)[0]
		shuffled := slices.Clone(votes)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		other := TallyVotes(shuffled, []ProgramID{1}, perRole)[0]
		if tally.Twice != other.Twice || tally.Spread != other.Spread || tally.Levels != other.Levels {
			t.Fatalf("order matters: %+v, %+v of %+v", tally, other, votes)
		}
		if tally.Level() < 0 || tally.Level() > 2 || tally.Spread < 0 || tally.Spread > 2 || tally.Voices > len(votes) {
			t.Fatalf("out of range: %+v", tally)
		}
		if keep, drop := Heads(votes); keep+drop != len(votes) {
			t.Fatalf("%d and %d heads of %d", keep, drop, len(votes))
		}
		i := rng.IntN(len(votes))
		if level, _ := votes[i].Counts(); level < 2 {
			more := slices.Clone(votes)
			two := 2
			more[i].Level = &two
			if raised := TallyVotes(more, []ProgramID{1}, perRole)[0]; raised.Twice < tally.Twice {
				t.Fatalf("one more says essential, and the median falls from %d to %d: %+v", tally.Twice, raised.Twice, votes)
			}
		}
	}
}

func TestWhatADPOHasStoppedIsNotKept(t *testing.T) {
	t.Parallel()
	for _, dpo := range []CardDPO{DPONeeded, DPOVetoed} {
		c := WorkshopCard{Field: 1, DPO: dpo}
		for _, d := range []CardDecision{CardKeep, CardKeepLimited, CardCollect} {
			if slices.Contains(c.Offered(), d) {
				t.Errorf("%s is offered of a card that is %s", d, dpo)
			}
			c.Decision, c.Reason = d, "because we like it"
			if _, err := NewCardDecision(c, time.Now()); err == nil {
				t.Errorf("%s is accepted of a card that is %s", d, dpo)
			}
		}
		if c.Votable() {
			t.Errorf("a card that is %s can be voted on", dpo)
		}
	}
	if _, err := NewOpinion(DPOVetoed, "", "not worth having"); err == nil {
		t.Error("a veto without a rule of law is accepted")
	}
	if _, err := NewOpinion(DPOVetoed, "gdpr.9", "no condition"); err != nil {
		t.Errorf("a veto on a rule of law: %v", err)
	}
	if d, _ := ProposeDecision(WorkshopCard{DPO: DPOVetoed}, TallyVotes([]Vote{ballot("crm", 1, 2, "")}, []ProgramID{1}, false), CardFacts{Duty: true}); d != CardArchive {
		t.Errorf("what the law both stops and demands is proposed as %s", d)
	}
}

func TestDPOFirst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		class    GDPRClass
		category string
		subjects []string
		want     string
	}{
		{ClassSensitive, "art9.health", nil, "[art9]"}, {ClassCriminal, "", nil, "[art10]"}, {ClassNIR, "", nil, "[nir]"},
		{ClassHighlyPersonal, "crm.interaction.free_text", nil, "[free_text]"}, {ClassPersonal, "ident.minor", nil, "[minors]"},
		{ClassPersonal, "ident.contact.email", []string{"customers", "minors"}, "[minors]"}, {ClassPersonal, "ident.contact.email", []string{"customers"}, "[]"},
		{ClassPersonal, "perso.family.children", nil, "[minors]"},
	} {
		if got := fmt.Sprint(DPOFirst(c.class, c.category, c.subjects)); got != c.want {
			t.Errorf("DPOFirst(%s, %s, %v) = %s, want %s", c.class, c.category, c.subjects, got, c.want)
		}
	}
}

func TestAgendas(t *testing.T) {
	t.Parallel()
	for template, want := range map[string]int{"half_day": 210, "short": 90, "full_day": 420, "week": 40} {
		if got := AgendaMinutes(AgendaOf(template)); got != want {
			t.Errorf("%s takes %d minutes, want %d", template, got, want)
		}
	}
}

// Voters are counted while the workshop runs, and after it, when secret votes are nobody's any more.
func TestVotersAfterTheTieIsCut(t *testing.T) {
	t.Parallel()
	var running, closed []Vote
	for person := range ParticipantID(5) {
		for program := range ProgramID(3) {
			running = append(running, Vote{Participant: person + 1, Program: program + 1})
			closed = append(closed, Vote{Program: program + 1})
		}
	}
	if a, b, none := Voters(running), Voters(closed), Voters(nil); a != 5 || b != 5 || none != 0 {
		t.Errorf("five people voted on three programs: %d while it runs, %d after it, %d of no vote", a, b, none)
	}
}
