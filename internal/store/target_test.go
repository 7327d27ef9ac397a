package store_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store/storetest"
)

// TestTargetStandingIsThatOfTheRule compares what lists say of targets with the rule, for every action over fields and categories in
// every state, for one program and for all.
func TestTargetStandingIsThatOfTheRule(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, ctx := w.Admin(), t.Context()
	w.Exec(t, `insert into data_category (workspace_id, code, label_fr, label_en, gdpr_class) values ($1, 'ident', 'Identité', 'Identity', 'personal'), ($1, 'none', 'Rien', 'Nothing', 'personal')`, by.Workspace)
	data := w.Dataset(t, by, w.Application(t, by, "CRM"), "contacts")
	useful, gone := w.Field(t, by, data, "email", "ident.contact.email"), w.Field(t, by, data, "diet", "art9.health")
	idle := w.Field(t, by, data, "fax", "ident.contact.email")
	program := w.Program(t, by, "BDAY", "live")
	w.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level) values ($1, $2, $3, 'essential')`, by.Workspace, useful, program)
	w.Exec(t, `update field set verdict = case id when $1 then 'keep' else 'delete' end, state = case id when $2 then 'gone' else 'active' end`, useful, gone)
	code := func(c string) domain.CategoryID { return w.Category(t, by, c) }
	today := domain.Day(time.Now().UTC())
	past, next := today.AddDate(0, 0, -1), today
	abouts := []struct {
		target domain.Target
		facts  domain.TargetFacts
	}{
		{domain.Target{Field: useful}, domain.TargetFacts{Held: true, Useful: true, Replaced: true}},
		{domain.Target{Field: idle}, domain.TargetFacts{Held: true, Replaced: true}},
		{domain.Target{Field: gone}, domain.TargetFacts{Replaced: true}},
		{domain.Target{Category: code("ident")}, domain.TargetFacts{Held: true, Useful: true, Replaced: true}}, // by what is under it
		{domain.Target{Category: code("none")}, domain.TargetFacts{Replaced: true}},
		{domain.Target{Category: code("ident.contact.email"), Program: program}, domain.TargetFacts{Held: true, Useful: true, Replaced: true}},
		{domain.Target{Category: code("art9.health"), Program: program}, domain.TargetFacts{Replaced: true}},
		{domain.Target{Category: code("none"), Program: program}, domain.TargetFacts{Replaced: true}},
	}
	seen := map[domain.TargetStanding]int{}
	for _, action := range domain.TargetActions {
		for _, due := range []*time.Time{nil, &past, &next} {
			for _, progress := range domain.TargetProgresses {
				for _, instead := range []string{"", "none", "ident.contact.email"} {
					for _, a := range abouts {
						target, facts := a.target, a.facts
						target.Action, target.Due, target.Progress, target.Source = domain.TargetAction(action), due, progress, "hand"
						if instead != "" {
							if target.Action != domain.TargetReplace {
								continue
							}
							target.Instead, facts.Replaced = code(instead), instead != "none"
						}
						id, _, err := w.Store.SetTarget(ctx, by, target)
						if err != nil {
							t.Fatal(err)
						}
						got, err := w.Store.TargetStanding(ctx, by, id)
						if want := target.Standing(facts, today); err != nil || got != want {
							t.Errorf("%+v: %s (%v), the rule says %s", target, got, err, want)
						}
						seen[got]++
					}
				}
			}
		}
	}
	if len(seen) != len(domain.TargetStandings) {
		t.Errorf("only these standings occurred: %v", seen)
	}
}

func TestTargetsAreFrozenAndCompared(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, ctx := w.Admin(), t.Context()
	data := w.Dataset(t, by, w.Application(t, by, "CRM"), "contacts")
	mail, fax := w.Field(t, by, data, "email", "ident.contact.email"), w.Field(t, by, data, "fax", "ident.contact.email")
	program := w.Program(t, by, "BDAY", "live")
	set := func(target domain.Target) (domain.TargetID, domain.Target) {
		t.Helper()
		target.Source = "hand"
		target, err := domain.NewTarget(target, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		id, was, err := w.Store.SetTarget(ctx, by, target)
		if err != nil {
			t.Fatal(err)
		}
		return id, was
	}
	if _, err := w.Store.FreezeTargets(ctx, by, domain.TargetVersion{Name: "Nothing"}); err == nil {
		t.Error("nothing was frozen")
	}
	due := time.Now().AddDate(0, 0, 10)
	first, was := set(domain.Target{Field: mail, Action: domain.TargetReview, Reason: "Who needs it?", Owner: by.User, Due: &due})
	if was.Version != 0 {
		t.Errorf("before the first there was %+v", was)
	}
	set(domain.Target{Field: fax, Action: domain.TargetDrop, Reason: "Nobody sends faxes"})
	old, err := w.Store.FreezeTargets(ctx, by, domain.TargetVersion{Name: "First"})
	if err != nil {
		t.Fatal(err)
	}
	again, was := set(domain.Target{Field: mail, Action: domain.TargetKeep})
	if again != first || was.Action != domain.TargetReview || was.Version != 1 {
		t.Errorf("decided again as %d after %+v", again, was)
	}
	set(domain.Target{Category: w.Category(t, by, "art9.health"), Program: program, Action: domain.TargetCollect, Reason: "For the menu"})
	w.Exec(t, `update field set state = 'gone' where id = $1`, fax)
	changes := func(from, to domain.TargetVersionID) map[string]string {
		t.Helper()
		before, err := w.Store.FrozenTargets(ctx, by, from)
		if err != nil {
			t.Fatal(err)
		}
		after, err := w.Store.FrozenTargets(ctx, by, to)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, c := range domain.CompareTargets(before, after) {
			about := c.After
			if about == nil {
				about = c.Before
			}
			found[about.About] = c.Kinds[0]
		}
		return found
	}
	if got := changes(old, 0); len(got) != 3 || got["email"] != "redecided" || got["fax"] != "reached" || got["art9.health"] != "added" {
		t.Errorf("since the first version: %v", got)
	}
	late, err := w.Store.FreezeTargets(ctx, by, domain.TargetVersion{Name: "Second"})
	if err != nil {
		t.Fatal(err)
	}
	if got := changes(late, 0); len(got) != 0 {
		t.Errorf("a version differs from the day on which it was frozen: %v", got)
	}
	if err := w.Store.RemoveTarget(ctx, by, first); err != nil {
		t.Fatal(err)
	}
	if got := changes(old, late); len(got) != 3 {
		t.Errorf("a version changed with what was removed since: %v", got)
	}
	p, err := w.Store.TargetProgress(ctx, by)
	if err != nil || len(p.Versions) != 2 || p.Versions[0].Number != 1 || p.Versions[1].Standings[domain.TargetReached] != 1 || p.Today[domain.TargetDrop][domain.TargetReached] != 1 {
		t.Errorf("progress %+v, %v", p, err)
	}
	list, err := w.Store.Rows(ctx, by, "frozen_targets", domain.ListQuery{Size: 50, Filters: map[string][]string{"target_version": {strconv.FormatInt(int64(old), 10)}}})
	if err != nil || list.Total.N != 2 {
		t.Errorf("the first version lists %d (%v)", list.Total.N, err)
	}
	stranger := w.Other[domain.RoleAdmin]
	if list, err := w.Store.FrozenTargets(ctx, stranger, old); err != nil || len(list) != 0 {
		t.Errorf("another workspace reads %v (%v)", list, err)
	}
	if _, _, err := w.Store.SetTarget(ctx, stranger, domain.Target{Field: mail, Action: domain.TargetKeep, Progress: "todo", Source: "hand"}); err == nil {
		t.Error("another workspace decided about a field")
	}
	if _, err := w.Store.FreezeTargets(ctx, w.Acme[domain.RoleViewer], domain.TargetVersion{Name: "Mine"}); !errors.As(err, new(*domain.Error)) {
		t.Errorf("a viewer froze a version: %v", err)
	}
}
