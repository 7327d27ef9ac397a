package domain

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Tally counts fields in use that are alike in all that dashboards show.
type Tally struct {
	Application ApplicationID
	Verdict     Verdict
	Class       GDPRClass
	Flags       FlagSet
	Grade       Grade
	Decision    string
	N           int64
}

// Overview is what the front page says of a workspace.
type Overview struct {
	Fields       int64
	Personal     int64 // fields that a verdict is asked of: useful, to regularise, dormant, to delete
	Unused       int64 // flagged for deletion: dormant or to delete
	Decided      int64 // of the unused, those with a decision in force
	ToDPO        int64 // sent to the DPO by a decision
	Measured     int64 // personal fields whose reads were measured
	Verdicts     map[Verdict]int64
	Flags        map[string]int64 // by flag code
	Applications []ApplicationCount
}

// ApplicationCount is the part of one application.
type ApplicationCount struct {
	ID       ApplicationID
	Fields   int64
	Verdicts map[Verdict]int64
	Measured int64
}

// Gap is how many of the application's fields wait for something to be done: everything but useful and out of scope.
func (a ApplicationCount) Gap() int64 {
	return a.Fields - a.Verdicts[VerdictKeep] - a.Verdicts[VerdictExempt]
}

// OverviewOf adds tallies up. Applications come with the largest gap first.
func OverviewOf(tallies []Tally) Overview {
	o := Overview{Verdicts: map[Verdict]int64{}, Flags: map[string]int64{}}
	byID := map[ApplicationID]*ApplicationCount{}
	for _, t := range tallies {
		a := byID[t.Application]
		if a == nil {
			a = &ApplicationCount{ID: t.Application, Verdicts: map[Verdict]int64{}}
			byID[t.Application] = a
		}
		o.Fields += t.N
		a.Fields += t.N
		o.Verdicts[t.Verdict] += t.N
		a.Verdicts[t.Verdict] += t.N
		for _, code := range t.Flags.Codes() {
			o.Flags[code] += t.N
		}
		if t.Verdict != VerdictExempt && t.Verdict != VerdictUnclassified {
			o.Personal += t.N
			if t.Grade != GradeNotMeasured {
				o.Measured += t.N
				a.Measured += t.N
			}
		}
		if t.Verdict.ForDeletion() {
			o.Unused += t.N
			if t.Decision != "" {
				o.Decided += t.N
			}
		}
		if t.Decision == "to_dpo" {
			o.ToDPO += t.N
		}
	}
	for _, a := range byID {
		if a.Fields > 0 {
			o.Applications = append(o.Applications, *a)
		}
	}
	slices.SortFunc(o.Applications, func(a, b ApplicationCount) int {
		return cmp.Or(cmp.Compare(b.Gap(), a.Gap()), cmp.Compare(a.ID, b.ID))
	})
	return o
}

// WorstFlags are the codes of the flags raised most, at most so many; those of which no field has any are left out.
func (o Overview) WorstFlags(most int) []string {
	codes := slices.SortedFunc(maps.Keys(o.Flags), func(a, b string) int {
		return cmp.Or(cmp.Compare(o.Flags[b], o.Flags[a]), cmp.Compare(a, b))
	})
	codes = slices.DeleteFunc(codes, func(c string) bool { return o.Flags[c] <= 0 })
	return codes[:min(len(codes), most)]
}

// DayCount is how many fields had each verdict when a day began.
type DayCount struct {
	Day      time.Time
	Verdicts map[Verdict]int64
}

// Since picks the count of the latest day that is at least so many days before today; the earliest where all are
// younger. Days are in order. ok is false where there is none before today.
func Since(days []DayCount, today time.Time, ago int) (count DayCount, ok bool) {
	limit := Day(today).AddDate(0, 0, -ago)
	for _, d := range days {
		if !d.Day.Before(Day(today)) {
			break
		}
		if ok && d.Day.After(limit) {
			break
		}
		count, ok = d, true
	}
	return count, ok
}
