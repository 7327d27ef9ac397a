package domain

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var targetDay = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

func inDays(n int) *time.Time {
	t := targetDay.AddDate(0, 0, n)
	return &t
}

func TestNewTarget(t *testing.T) {
	t.Parallel()
	base := Target{Field: 1, Action: TargetDrop, Reason: "Nobody uses it", Source: "hand"}
	with := func(change func(*Target)) Target {
		c := base
		change(&c)
		return c
	}
	for name, c := range map[string]struct {
		target Target
		bad    string // fields with a problem, in order
	}{
		"drop":                      {base, ""},
		"keep asks for nothing":     {with(func(c *Target) { c.Action, c.Reason = TargetKeep, "" }), ""},
		"a reason":                  {with(func(c *Target) { c.Reason = "  " }), "reason"},
		"about nothing":             {with(func(c *Target) { c.Field = 0 }), "category"},
		"about two things":          {with(func(c *Target) { c.Category = 3 }), "category"},
		"unknown action":            {with(func(c *Target) { c.Action = "burn" }), "target_action"},
		"limit says how":            {with(func(c *Target) { c.Action = TargetLimit }), "how"},
		"limited":                   {with(func(c *Target) { c.Action, c.How = TargetLimit, "The year only" }), ""},
		"replace says why and what": {with(func(c *Target) { c.Action = TargetReplace }), "cause how"},
		"replaced":                  {with(func(c *Target) { c.Action, c.Cause, c.Instead = TargetReplace, "too_precise", 9 }), ""},
		"replaced by itself": {with(func(c *Target) {
			c.Field, c.Category, c.Action, c.Cause, c.Instead = 0, 9, TargetReplace, "too_precise", 9
		}), "instead"},
		"collect what is held":       {with(func(c *Target) { c.Action = TargetCollect }), "target_action"},
		"collect":                    {with(func(c *Target) { c.Field, c.Category, c.Action = 0, 9, TargetCollect }), ""},
		"review has owner and day":   {with(func(c *Target) { c.Action = TargetReview }), "due_on owner"},
		"review within a month":      {with(func(c *Target) { c.Action, c.Owner, c.Due = TargetReview, 1, inDays(MaxReviewDays) }), ""},
		"review too far":             {with(func(c *Target) { c.Action, c.Owner, c.Due = TargetReview, 1, inDays(MaxReviewDays+1) }), "due_on"},
		"review that is late":        {with(func(c *Target) { c.Action, c.Owner, c.Due = TargetReview, 1, inDays(-90) }), ""},
		"done is computed":           {with(func(c *Target) { c.Progress = "done" }), "progress"},
		"done is said of an archive": {with(func(c *Target) { c.Action, c.Progress = TargetArchive, "done" }), ""},
		"unknown source":             {with(func(c *Target) { c.Source = "" }), "source"},
	} {
		_, err := NewTarget(c.target, targetDay)
		var got []string
		if e, ok := err.(*Error); ok {
			for field := range e.Fields {
				got = append(got, field)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.bad || (err == nil) != (c.bad == "") {
			t.Errorf("%s: problems with %v (%v), want %q", name, got, err, c.bad)
		}
	}
	kept, err := NewTarget(Target{Field: 1, Action: TargetKeep, Cause: "too_precise", How: "x", Instead: 3, Point: 2, Wording: "y", Consent: 4, Source: "hand"}, targetDay)
	if err != nil || kept.Cause+kept.How+kept.Wording != "" || kept.Instead+kept.Consent != 0 || kept.Point != 0 || kept.Progress != "todo" {
		t.Errorf("what does not belong to an action stays: %+v, %v", kept, err)
	}
}

// TestTargetStanding asks every action over all facts, progresses and days, beside what people mean by them.
func TestTargetStanding(t *testing.T) {
	t.Parallel()
	for _, action := range TargetActions {
		for bits := range 8 {
			f := TargetFacts{Held: bits&1 != 0, Useful: bits&2 != 0, Replaced: bits&4 != 0}
			for _, progress := range TargetProgresses {
				for _, due := range []*time.Time{nil, inDays(-1), inDays(0), inDays(1)} {
					target := Target{Action: TargetAction(action), Progress: progress, Due: due}
					got := target.Standing(f, targetDay)
					reached := map[TargetAction]bool{TargetKeep: f.Useful, TargetCollect: f.Held, TargetDrop: !f.Held, TargetReplace: f.Replaced && !f.Held,
						TargetLimit: progress == "done", TargetArchive: progress == "done"}[target.Action]
					want := TargetTodo
					if progress != "todo" {
						want = TargetDoing
					}
					if due != nil && due.Before(targetDay) {
						want = TargetLate
					}
					if reached {
						want = TargetReached
					}
					if got != want {
						t.Errorf("%s, %+v, %s, due %v: %s, want %s", action, f, progress, due, got, want)
					}
				}
			}
		}
	}
}

func TestTargetGaps(t *testing.T) {
	t.Parallel()
	if got := (Target{Action: TargetCollect}).TargetGaps(); !slices.Equal(got, []string{"collection_point", "due_on", "wording"}) {
		t.Errorf("an empty plan of collection lacks %v", got)
	}
	if got := (Target{Action: TargetCollect, Point: 1, Due: inDays(9), Wording: "Your birthday, for a gift"}).TargetGaps(); len(got) != 0 {
		t.Errorf("a whole plan of collection lacks %v", got)
	}
	if got := (Target{Action: TargetDrop}).TargetGaps(); got != nil {
		t.Errorf("what is dropped has no plan of collection: %v", got)
	}
}

func TestCompareTargets(t *testing.T) {
	t.Parallel()
	before := []FrozenTarget{
		{Target: 1, Action: TargetReview, Standing: TargetTodo, Owner: "Ada"},
		{Target: 2, Action: TargetDrop, Standing: TargetTodo},
		{Target: 3, Action: TargetDrop, Standing: TargetReached},
		{Target: 4, Action: TargetCollect, Standing: TargetTodo, Due: inDays(1)},
		{Target: 5, Action: TargetKeep, Standing: TargetReached},
	}
	after := []FrozenTarget{
		{Target: 4, Action: TargetCollect, Standing: TargetTodo, Due: inDays(30), Wording: "New"},
		{Target: 1, Action: TargetDrop, Standing: TargetReached, Owner: "Bea"},
		{Target: 2, Action: TargetDrop, Standing: TargetReached},
		{Target: 5, Action: TargetKeep, Standing: TargetReached},
		{Target: 6, Action: TargetKeep, Standing: TargetTodo},
	}
	var got []string
	for _, c := range CompareTargets(before, after) {
		id := TargetID(0)
		if c.After != nil {
			id = c.After.Target
		} else {
			id = c.Before.Target
		}
		got = append(got, string(rune('0'+id))+" "+strings.Join(c.Kinds, "+"))
	}
	want := []string{"1 redecided+reached+handed", "2 reached", "3 removed", "4 moved+detailed", "6 added"}
	if !slices.Equal(got, want) {
		t.Errorf("differences %q, want %q", got, want)
	}
	if got := CompareTargets(before, before); len(got) != 0 {
		t.Errorf("a version differs from itself: %v", got)
	}
}
