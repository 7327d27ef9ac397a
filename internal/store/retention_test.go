package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/store/storetest"
)

// judgedNow is what is stored of every field: the rule that binds it and its flags.
func judgedNow(t *testing.T, w *storetest.World) map[string]string {
	t.Helper()
	return textsBy(t, w, `select f.id::text, coalesce(r.code, '-') || ' ' || array_to_string(flag_codes(f.flags), ',') || ' ' || f.verdict
		from field f left join retention_rule r on r.id = f.effective_rule_id`)
}

// ruledNow is which rule everything has, and what waits for the DPO.
func ruledNow(t *testing.T, w *storetest.World) map[string]string {
	t.Helper()
	return textsBy(t, w, `select 'purpose ' || id, coalesce(retention_rule_id, 0)::text from purpose
		union all select 'dataset ' || id, coalesce(retention_rule_id, 0)::text from dataset
		union all select 'category ' || id, coalesce(retention_rule_id, 0)::text from data_category
		union all select 'mapping ' || id, state || ' ' || reopened_because from purpose_mapping`)
}

func textsBy(t *testing.T, w *storetest.World, sql string) map[string]string {
	t.Helper()
	rows, err := w.Owner.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var id, what string
		if err := rows.Scan(&id, &what); err != nil {
			t.Fatal(err)
		}
		all[id] = what
	}
	return all
}

// TestRetentionJudgedAtOnce attaches and changes rules at random: what each step leaves is what a whole pass makes of it.
func TestRetentionJudgedAtOnce(t *testing.T) {
	t.Parallel()
	w := storetest.NewCrowd(t, 400, 0)
	by, ctx := w.Admin(), context.Background()
	r := rand.New(rand.NewPCG(21, 22))
	var rules []domain.RetentionRuleID
	for i := range 5 {
		rules = append(rules, w.Rule(t, by, fmt.Sprint("R", i), 6+r.IntN(120)))
	}
	targets := map[domain.RetentionFrom][]int64{}
	for to, sql := range map[domain.RetentionFrom]string{
		domain.RetentionOfPurpose: `select id from purpose where workspace_id = $1`, domain.RetentionOfDataset: `select id from dataset where workspace_id = $1`,
		domain.RetentionOfCategory: `select id from data_category where workspace_id = $1 and (code not like '%.%' or code like '%.%.%')`,
		domain.RetentionOfField:    `select id from field where workspace_id = $1`} {
		rows, err := w.Owner.Query(ctx, sql, by.Workspace)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			targets[to] = append(targets[to], id)
		}
	}
	w.Exec(t, `update dataset set oldest_record_on = current_date - (id % 9)::integer * 300`)
	if err := w.Store.JudgeAll(ctx, by); err != nil {
		t.Fatal(err)
	}
	over, undos, back := 0, 0, int64(0)
	for step := range 30 {
		rule := rules[r.IntN(len(rules))]
		if r.IntN(6) == 0 {
			rule = 0
		}
		to := domain.RetentionTargets[r.IntN(4)]
		var ids []int64
		for range 1 + r.IntN(4) {
			ids = append(ids, targets[to][r.IntN(len(targets[to]))])
		}
		what := fmt.Sprintf("step %d: %s %v ruled by %d", step, to, ids, rule)
		switch {
		case rule != 0 && r.IntN(4) == 0:
			old, err := w.Store.RetentionRuleByID(ctx, by, rule)
			if err != nil {
				t.Fatal(err)
			}
			months := r.IntN(150)
			what = fmt.Sprintf("step %d: rule %d of %d months", step, rule, months)
			_, err = w.Store.ChangeRetentionRule(ctx, by, rule, old.Version, func(r domain.RetentionRule) (domain.RetentionRule, error) {
				r.ActiveMonths = &months
				return domain.NewRetentionRule(r)
			})
			if err != nil {
				t.Fatal(err)
			}
		case to == domain.RetentionOfField:
			if _, _, err := w.Store.ApplyBulk(ctx, by, domain.Bulk{Act: domain.BulkRetain, Retention: rule}, ids, ""); err != nil {
				t.Fatal(err)
			}
		case to == domain.RetentionOfPurpose:
			w.Exec(t, `update purpose set state = 'draft' where id = any($1) and state = 'in_force'`, ids) // a purpose in force asks for more than a crowd has
			fallthrough
		default:
			before, err := w.Store.PreviewAttach(ctx, by, rule, to, ids)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Store.JudgeAll(ctx, by); err != nil { // purposes were made drafts under its feet
				t.Fatal(err)
			}
			was, had := judgedNow(t, w), ruledNow(t, w)
			batch, n, reopened, err := w.Store.AttachRetention(ctx, by, rule, to, ids)
			if err != nil {
				t.Fatal(err)
			}
			if reopened != before.Reopened {
				t.Errorf("%s: %d approvals reopened, %d foretold", what, reopened, before.Reopened)
			}
			if (batch == 0) != (n == 0) {
				t.Errorf("%s: batch %d of %d records", what, batch, n)
			}
			if batch != 0 && r.IntN(2) == 0 {
				if undone, kept, err := w.Store.UndoBatch(ctx, by, batch); err != nil || undone != n || kept != 0 {
					t.Fatalf("%s: undone %d of %d, kept %d, %v", what, undone, n, kept, err)
				}
				if diff := cmp.Diff(had, ruledNow(t, w)); diff != "" {
					t.Fatalf("%s: undone, and yet (-before +after):\n%s", what, diff)
				}
				if diff := cmp.Diff(was, judgedNow(t, w)); diff != "" {
					t.Fatalf("%s: undone, and judged otherwise:\n%s", what, diff)
				}
				if _, _, err := w.Store.UndoBatch(ctx, by, batch); !errors.Is(err, domain.Conflict) {
					t.Errorf("%s: undone twice: %v", what, err)
				}
				undos, back = undos+1, back+reopened
				continue
			}
			if to == domain.RetentionOfPurpose {
				w.Exec(t, `update purpose set state = 'in_force' where id = any($1)`, ids)
				if err := w.Store.JudgeAll(ctx, by); err != nil {
					t.Fatal(err)
				}
				break
			}
			moved := int64(0)
			for id, is := range judgedNow(t, w) {
				if is != was[id] {
					moved++
				}
			}
			if moved < max(before.Over, before.Cleared) || moved > before.Fields+before.Over+before.Cleared {
				t.Errorf("%s: %d fields moved, foretold %+v", what, moved, before)
			}
		}
		stepped := judgedNow(t, w)
		if err := w.Store.JudgeAll(ctx, by); err != nil {
			t.Fatal(err)
		}
		whole := judgedNow(t, w)
		if diff := cmp.Diff(whole, stepped); diff != "" {
			t.Fatalf("%s (-whole +stepped):\n%s", what, diff)
		}
		for _, is := range whole {
			if strings.Contains(is, "over_retention") {
				over++
			}
		}
	}
	if undos < 5 || back == 0 {
		t.Errorf("%d were undone, with %d approvals", undos, back)
	}
	if over == 0 {
		t.Error("nothing was ever over its retention: the test shows nothing")
	}
}

func TestRetentionRuleLife(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	ctx, by := context.Background(), w.Admin()
	preset, _ := domain.RetentionPresetByCode("PROSPECT")
	id, err := w.Store.AddRetentionRule(ctx, by, preset.Rule("en"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.AddRetentionRule(ctx, by, preset.Rule("fr")); !errors.Is(err, domain.Invalid) {
		t.Errorf("the same code twice: %v", err)
	}
	app := w.Application(t, by, "CRM")
	data := w.Dataset(t, by, app, "contact")
	field := w.Field(t, by, data, "email", "ident.contact.email")
	w.Exec(t, `update dataset set oldest_record_on = current_date - 1200 where id = $1`, data)

	// On the topmost category, it binds what is below.
	var ident int64
	if err := w.Owner.QueryRow(ctx, `insert into data_category (workspace_id, code, label_fr, label_en, gdpr_class)
		values ($1, 'ident', 'Identité', 'Identity', 'personal') returning id`, by.Workspace).Scan(&ident); err != nil {
		t.Fatal(err)
	}
	foretold, err := w.Store.PreviewAttach(ctx, by, id, domain.RetentionOfCategory, []int64{ident})
	if err != nil || foretold.Fields != 1 || foretold.Over != 1 || !foretold.NeedsConfirming() {
		t.Fatalf("foretold %+v, %v", foretold, err)
	}
	if _, n, _, err := w.Store.AttachRetention(ctx, by, id, domain.RetentionOfCategory, []int64{ident}); err != nil || n != 1 {
		t.Fatalf("attached %d, %v", n, err)
	}
	view, err := w.Store.FieldView(ctx, by, field, "")
	if err != nil || view.Finding.Rule != id || !view.Finding.Flags.Has(domain.FlagOverRetention) || len(view.Retention) != 1 {
		t.Fatalf("field: %+v %+v, %v", view.Finding, view.Retention, err)
	}
	key, args := domain.FlagSentence(domain.FlagOverRetention, &view.Facts, domain.DefaultThresholds(), time.Now())
	if key != "flag.over_retention.sentence" || args["n"] != 36 {
		t.Errorf("sentence %s %v", key, args)
	}

	// Longer with a reason, kept in the history; without one it is refused.
	longer := func(reason string) func(domain.RetentionRule) (domain.RetentionRule, error) {
		return func(r domain.RetentionRule) (domain.RetentionRule, error) {
			months := 60
			r.ActiveMonths, r.Reason = &months, reason
			return domain.NewRetentionRule(r)
		}
	}
	if _, err := w.Store.ChangeRetentionRule(ctx, by, id, 1, longer("")); !errors.Is(err, domain.Invalid) {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := w.Store.ChangeRetentionRule(ctx, by, id, 1, longer("Seasonal buyers come back")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.ChangeRetentionRule(ctx, by, id, 1, longer("Again")); !errors.Is(err, domain.Conflict) {
		t.Errorf("a version that is over: %v", err)
	}
	events, err := w.Store.EventsOf(ctx, by, domain.SubjectRetentionRule, int64(id), 10)
	if err != nil || len(events) != 2 || events[0].Reason != "Seasonal buyers come back" {
		t.Errorf("history %+v, %v", events, err)
	}
	if view, err = w.Store.FieldView(ctx, by, field, ""); err != nil || view.Finding.Flags.Has(domain.FlagOverRetention) {
		t.Errorf("after five years are allowed: %+v, %v", view.Finding, err)
	}
	if err := w.Store.ArchiveRetentionRule(ctx, by, id); !errors.Is(err, domain.Conflict) {
		t.Errorf("archived while it binds: %v", err)
	}

	// Others neither see nor change it.
	other := w.Other[domain.RoleAdmin]
	if _, err := w.Store.RetentionRuleByID(ctx, other, id); !errors.Is(err, domain.NotFound) {
		t.Errorf("seen from another workspace: %v", err)
	}
	if _, _, _, err := w.Store.AttachRetention(ctx, other, id, domain.RetentionOfDataset, []int64{int64(data)}); !errors.Is(err, domain.Invalid) {
		t.Errorf("attached from another workspace: %v", err)
	}
	viewer := by
	viewer.Role = domain.RoleViewer
	if _, _, _, err := w.Store.AttachRetention(ctx, viewer, id, domain.RetentionOfDataset, []int64{int64(data)}); !errors.Is(err, domain.Denied) {
		t.Errorf("attached by a viewer: %v", err)
	}
	if _, _, _, err := w.Store.AttachRetention(ctx, by, 0, domain.RetentionOfCategory, []int64{ident}); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.RemoveRetentionRule(ctx, by, id); err != nil {
		t.Errorf("removed when nothing names it: %v", err)
	}
}
