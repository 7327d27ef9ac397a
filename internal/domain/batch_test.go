package domain

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var actDay = time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)

func problemsOf(err error) []string {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return nil
	}
	var out []string
	for _, field := range slices.Sorted(maps.Keys(e.Fields)) {
		out = append(out, field+" "+e.Fields[field].Key)
	}
	return out
}

func TestNewBulk(t *testing.T) {
	t.Parallel()
	day := func(days int) *time.Time { d := actDay.AddDate(0, 0, days); return &d }
	for name, c := range map[string]struct {
		in   Bulk
		want []string
	}{
		"essential needs no note":      {Bulk{Act: BulkLink, Program: 1, Level: LinkEssential}, nil},
		"useful says its gain":         {Bulk{Act: BulkLink, Program: 1, Level: LinkUseful, Note: "  "}, []string{"note link.gain_missing"}},
		"avoid says its alternative":   {Bulk{Act: BulkLink, Program: 1, Level: LinkAvoid}, []string{"note link.alternative_missing"}},
		"all problems at once":         {Bulk{Act: BulkLink, Level: "much", Role: "none"}, []string{"level error.choice", "program error.required", "role error.choice"}},
		"a note that is too long":      {Bulk{Act: BulkLink, Program: 1, Level: LinkUseful, Note: strings.Repeat("x", MaxText+1)}, []string{"note error.too_long"}},
		"unlink from nothing":          {Bulk{Act: BulkUnlink}, []string{"program error.required"}},
		"classify as nothing":          {Bulk{Act: BulkCategorise}, []string{"category error.required"}},
		"map without a justification":  {Bulk{Act: BulkMap, Purpose: 1}, []string{"justification error.required"}},
		"an owner may be nobody":       {Bulk{Act: BulkOwner}, nil},
		"an unknown origin":            {Bulk{Act: BulkOrigin, Origin: "moon"}, []string{"origin error.choice"}},
		"no collection point":          {Bulk{Act: BulkCollect}, []string{"collection_point error.required"}},
		"kept":                         {Bulk{Act: BulkKeep, Until: day(1), Reason: "long enough"}, nil},
		"kept until today":             {Bulk{Act: BulkKeep, Until: day(0), Reason: "long enough"}, []string{"decision_until decision.until_past"}},
		"kept for three years":         {Bulk{Act: BulkKeep, Until: day(1096), Reason: "long enough"}, nil},
		"kept for longer":              {Bulk{Act: BulkKeep, Until: day(1097), Reason: "long enough"}, []string{"decision_until decision.until_far"}},
		"kept without a day, a reason": {Bulk{Act: BulkKeep, Reason: "too short"}, []string{"decision_until error.required", "reason decision.reason_short"}},
		"sent without a reason":        {Bulk{Act: BulkToDPO, Reason: " "}, []string{"reason error.required"}},
		"proposed with a short reason": {Bulk{Act: BulkDelete, Reason: "dup"}, nil},
		"a block is not chosen":        {Bulk{Act: BulkMatrix}, []string{"act error.choice"}},
		"no act":                       {Bulk{}, []string{"act error.choice"}},
	} {
		_, err := NewBulk(c.in, actDay)
		if d := cmp.Diff(c.want, problemsOf(err)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	// What another act would need is forgotten, so that a batch says only what was done.
	b, err := NewBulk(Bulk{Act: BulkToDPO, Reason: " unsure ", Until: day(9), Program: 4, Note: "x"}, actDay)
	if d := cmp.Diff(Bulk{Act: BulkToDPO, Reason: "unsure"}, b); d != "" || err != nil {
		t.Errorf("cleaned (-want +got):\n%s%v", d, err)
	}
}

func TestEveryActAsksForAnAction(t *testing.T) {
	t.Parallel()
	for _, a := range BulkActs {
		if got, ok := ParseBulkAct(string(a)); !ok || got != a {
			t.Errorf("%s cannot be chosen", a)
		}
		for _, role := range Roles {
			by := Actor{User: 1, Workspace: 1, Role: role}
			if by.Can(a.Action()) && !by.Can(Decide) {
				t.Errorf("%s may %s but not decide, which its routes ask for", role, a)
			}
		}
	}
	if _, ok := ParseBulkAct("import"); ok {
		t.Error("an import can be chosen for ticked fields")
	}
}

func TestDecisionInForce(t *testing.T) {
	t.Parallel()
	last := Day(actDay)
	for name, c := range map[string]struct {
		d    Decision
		day  time.Time
		want bool
	}{
		"last day":      {Decision{Kind: KeepUntil, Until: &last}, actDay, true},
		"the day after": {Decision{Kind: KeepUntil, Until: &last}, actDay.AddDate(0, 0, 1), false},
		"no last day":   {Decision{Kind: SendToDPO}, actDay.AddDate(9, 0, 0), true},
		"withdrawn":     {Decision{Kind: SendToDPO, WithdrawnAt: &last}, actDay, false},
	} {
		if got := c.d.InForce(c.day); got != c.want {
			t.Errorf("%s: in force %v", name, got)
		}
	}
}

func TestParseLinkLevel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]LinkLevel{
		"E": LinkEssential, "essentiel": LinkEssential, " Essential ": LinkEssential, "Indispensable": LinkEssential, "u": LinkUseful,
		"UTILE": LinkUseful, "useful": LinkUseful, "À éviter": LinkAvoid, "x": LinkAvoid, "": "", "·": "", "-": "",
	} {
		if got, ok := ParseLinkLevel(text); !ok || got != want {
			t.Errorf("ParseLinkLevel(%q) = %q, %v", text, got, ok)
		}
	}
	for _, text := range []string{"yes", "ee", "oui", "=1+1"} {
		if got, ok := ParseLinkLevel(text); ok {
			t.Errorf("ParseLinkLevel(%q) = %q", text, got)
		}
	}
}

func TestSensitiveDataIsNeverMerelyUseful(t *testing.T) {
	t.Parallel()
	for _, class := range GDPRClasses {
		c := GDPRClass(class)
		if got := c.AllowsLevel(LinkUseful); got == c.Special() {
			t.Errorf("%s may be useful: %v", c, got)
		}
		if !c.AllowsLevel(LinkEssential) || !c.AllowsLevel(LinkAvoid) {
			t.Errorf("%s may not be essential or avoided", c)
		}
	}
}

func TestCheckUndo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		b    Batch
		want string
	}{
		"fresh":    {Batch{Kind: BulkLink, State: BatchApplied, CreatedAt: actDay}, ""},
		"30 days":  {Batch{Kind: BulkLink, State: BatchApplied, CreatedAt: actDay.AddDate(0, 0, -UndoDays)}, ""},
		"too old":  {Batch{Kind: BulkLink, State: BatchApplied, CreatedAt: actDay.AddDate(0, 0, -UndoDays).Add(-time.Second)}, "batch.too_old"},
		"undone":   {Batch{Kind: BulkLink, State: BatchApplied, CreatedAt: actDay, UndoneAt: &actDay}, "batch.already_undone"},
		"asked":    {Batch{Kind: BulkLink, State: BatchApplying, CreatedAt: actDay}, "batch.error.state"},
		"undoing":  {Batch{Kind: BulkLink, State: BatchUndoing, CreatedAt: actDay}, "batch.error.state"},
		"failed":   {Batch{Kind: BulkLink, State: BatchFailed, CreatedAt: actDay}, "batch.error.state"},
		"imported": {Batch{Kind: BulkImport, CreatedAt: actDay}, "batch.of_import"},
	} {
		err := c.b.CheckUndo(actDay)
		e, _ := errors.AsType[*Error](err)
		if got := e; (got == nil) != (c.want == "") || got != nil && got.Key != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
