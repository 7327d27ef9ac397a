package domain

import (
	"cmp"
	"slices"
	"strings"
)

// Readiness says of the categories that a program cannot run without how many are held by a linked field, filled, and
// lawful; each includes the next. The lists name what is not, in the language of the reader.
type Readiness struct {
	Essential  int64    `db:"essential"`
	Held       int64    `db:"held"`
	Filled     int64    `db:"filled"`
	Lawful     int64    `db:"lawful"`
	Missing    []string `db:"missing"`    // held by no linked field
	Empty      []string `db:"empty"`      // held, and filled too little
	Ungrounded []string `db:"ungrounded"` // filled, and covered by no approved purpose
}

// Activable tells whether everything that the program cannot run without is there and may be used. A program that has
// said nothing of its needs is not known to be.
func (r Readiness) Activable() bool { return r.Essential > 0 && r.Lawful == r.Essential }

// Readinesses are whether a program has what it cannot run without; unsaid where it has not said what that is.
var Readinesses = []string{"ready", "blocked", "unsaid"}

// Percent is the share of the needs that are held, filled and lawful, rounded down; 0 where there are none.
func (r Readiness) Percent() int {
	if r.Essential == 0 {
		return 0
	}
	return int(r.Lawful * 100 / r.Essential)
}

// NeedStep is the next thing to do so that a program may use data that it cannot run without.
type NeedStep string

// The steps, in the order in which they follow each other.
const (
	StepCollect NeedStep = "collect" // nothing holds it
	StepLink    NeedStep = "link"    // a field holds it, and is not linked
	StepFill    NeedStep = "fill"    // a linked field holds it, and is filled too little
	StepGround  NeedStep = "ground"  // it is filled, and covered by no approved purpose
)

// UnmetNeed is a category that a program cannot run without and may not use yet.
type UnmetNeed struct {
	Program  ProgramID
	Name     string // of the program
	Category CategoryID
	Code     string // of the category
	Label    string
	Step     NeedStep
}

// Unlock is one thing to do, and what follows: Ready are the programs to which nothing else is lacking, Waiting those that need
// it and more.
type Unlock struct {
	Category       CategoryID
	Code, Label    string
	Step           NeedStep
	Ready, Waiting []UnmetNeed // one of each program
}

// Unlocks ranks what one step more would unlock, the step that makes most programs activable first. Data that is collected meets
// the needs for the categories above its own, too.
func Unlocks(unmet []UnmetNeed) []Unlock {
	lacking := map[ProgramID]int{}
	for _, n := range unmet {
		lacking[n.Program]++
	}
	type act struct {
		code string
		step NeedStep
	}
	known := map[act]bool{}
	var list []Unlock
	for _, n := range unmet {
		a := act{n.Code, n.Step}
		if known[a] {
			continue
		}
		known[a] = true
		u := Unlock{Category: n.Category, Code: n.Code, Label: n.Label, Step: n.Step}
		met := map[ProgramID]int{}
		for _, other := range unmet {
			if other.Step != n.Step || other.Code != n.Code && (n.Step != StepCollect || !strings.HasPrefix(n.Code, other.Code+".")) {
				continue
			}
			if met[other.Program]++; met[other.Program] == 1 {
				u.Waiting = append(u.Waiting, other)
			}
		}
		u.Waiting = slices.DeleteFunc(u.Waiting, func(w UnmetNeed) bool {
			ready := met[w.Program] == lacking[w.Program]
			if ready {
				u.Ready = append(u.Ready, w)
			}
			return ready
		})
		list = append(list, u)
	}
	slices.SortFunc(list, func(a, b Unlock) int {
		return cmp.Or(cmp.Compare(len(b.Ready), len(a.Ready)), cmp.Compare(len(b.Waiting), len(a.Waiting)), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Step, b.Step))
	})
	return list
}
