package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// reviewWorld is a workspace with proposals of several sorts and two people who may answer them.
type reviewWorld struct {
	*storetest.World
	dpo, editor domain.Actor
	fields      []domain.FieldID
	purposes    []domain.PurposeID
	programs    []domain.ProgramID
	categories  []domain.CategoryID
	rules       []domain.RetentionRuleID
}

func newReviewWorld(t *testing.T, fields int) *reviewWorld {
	t.Helper()
	w := &reviewWorld{World: storetest.NewWorld(t)}
	w.dpo, w.editor = w.Acme[domain.RoleDPO], w.Acme[domain.RoleEditor]
	by := w.Admin()
	for _, name := range []string{"CRM", "Shop"} {
		dataset := w.Dataset(t, by, w.Application(t, by, name), "people")
		for i := range fields {
			w.fields = append(w.fields, w.Field(t, by, dataset, fmt.Sprint("field_", i), []string{"ident.contact.email", "art9.health", "unk"}[i%3]))
		}
	}
	w.purposes = []domain.PurposeID{w.Purpose(t, by, "P1", true), w.Purpose(t, by, "P2", false)}
	w.Exec(t, `update purpose set art9_condition = 'a' where id = $1`, w.purposes[0])
	w.rules = []domain.RetentionRuleID{w.Rule(t, by, "R1", 12), w.Rule(t, by, "R2", 24)}
	for _, code := range []string{"G1", "G2"} {
		id := w.Program(t, by, code, "live")
		w.Exec(t, `insert into program_purpose (workspace_id, program_id, purpose_id) values ($1, $2, $3)`, by.Workspace, id, w.purposes[0])
		w.programs = append(w.programs, id)
	}
	for _, code := range []string{"ident.contact.email", "art9.health", "unk"} {
		w.categories = append(w.categories, w.Category(t, by, code))
	}
	return w
}

// ended are the approved mappings whose frozen terms are not those of this moment, read as an outsider would: by SQL written here,
// from the tables alone.
func (w *reviewWorld) ended(t *testing.T) []string {
	t.Helper()
	return texts(t, w.Owner, `select m.id || ': ' || coalesce(k.terms::text, 'nothing frozen') from purpose_mapping m
		join field f on f.id = m.field_id join purpose p on p.id = m.purpose_id left join approval k on k.id = m.approval_id and k.mapping_id = m.id and k.withdrawn_at is null
		where m.state = 'approved' and (k.id is null or k.until < current_date
			or (k.terms->>'category')::bigint is distinct from coalesce(f.category_id, 0) or k.terms->>'gdpr_class' <> f.gdpr_class
			or k.terms->>'legal_basis' <> p.legal_basis or k.terms->>'legal_reference' <> p.legal_reference or k.terms->>'art9_condition' <> p.art9_condition
			or coalesce((k.terms->>'retention')::bigint, 0) <> coalesce(p.retention_rule_id, 0)
			or jsonb_array_length(coalesce(nullif(k.terms->'transfers', 'null'), '[]')) <> jsonb_array_length(p.transfers)
			or exists (select from program_link l join program_purpose pp on pp.program_id = l.program_id and pp.purpose_id = m.purpose_id join program g on g.id = l.program_id
				where l.field_id = m.field_id and l.level <> 'avoid' and (not k.terms->'programs' ? g.id::text
					or exists (select from unnest(g.channels) c where not coalesce(nullif(k.terms->'channels', 'null'), '[]') ? c))))`)
}

// queued compares the queue, its questions and its counters with what a whole pass makes of the same mappings.
func (w *reviewWorld) queued(t *testing.T) {
	t.Helper()
	const items = `select mapping_id || ' ' || field_id || ' ' || application_id || ' ' || purpose_id || ' ' || gdpr_class || ' ' || reopened_because || ' ' || standing || ' ' || rank || ' ' || since from review_item order by 1`
	const questions = `select question || ' ' || purpose_id || ' ' || gdpr_class || ' ' || standing || ' ' || first || ' ' || n || ' ' || rank || ' ' || since || ' ' || application_id from review_question order by 1`
	got, gotQuestions := texts(t, w.Owner, items), texts(t, w.Owner, questions)
	want := texts(t, w.Owner, `select m.id::text from purpose_mapping m join field f on f.id = m.field_id where m.state = 'proposed' and f.state = 'active' order by m.id`)
	if len(got) != len(want) {
		t.Fatalf("%d mappings are in the queue, %d wait", len(got), len(want))
	}
	w.Exec(t, `update workspace set judged_on = null`)
	if err := w.Store.JudgeIfDue(context.Background(), w.Admin(), domain.Workspace{ID: w.Admin().Workspace}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(texts(t, w.Owner, items), got); diff != "" {
		t.Fatalf("queue made at once (-) and step by step (+):\n%s", diff)
	}
	if diff := cmp.Diff(texts(t, w.Owner, questions), gotQuestions); diff != "" {
		t.Fatalf("questions made at once (-) and step by step (+):\n%s", diff)
	}
	page, err := w.Store.ReviewQueue(context.Background(), w.dpo, domain.ListQuery{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	sum := int64(0)
	for _, q := range page.Questions {
		sum += q.N
	}
	if page.Total != int64(len(page.Questions)) || page.Mappings != sum || page.Standings["open"] != sum {
		t.Fatalf("counted %d questions about %d mappings (%v), there are %d about %d", page.Total, page.Mappings, page.Standings, len(page.Questions), sum)
	}
}

// TestApprovedMeansAsApproved makes random answers and changes, and after each holds what is approved against what was: an
// approval stands exactly as long as its terms do, and the queue is what it would be if it were made anew.
func TestApprovedMeansAsApproved(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newReviewWorld(t, 6)
			ctx, r := context.Background(), rand.New(rand.NewPCG(seed, 5))
			var batches []domain.BatchID
			approved := 0
			for step := range 90 {
				field, purpose := w.fields[r.IntN(len(w.fields))], w.purposes[r.IntN(2)]
				var err error
				what := ""
				switch r.IntN(12) {
				case 0, 1:
					what = "propose"
					_, err = w.Store.ProposeMapping(ctx, w.editor, field, purpose, []string{"To write", "To call"}[r.IntN(2)])
				case 2, 3, 4, 5:
					what = "answer"
					page, e := w.Store.ReviewQueue(ctx, w.dpo, domain.ListQuery{}, 50)
					if e != nil || len(page.Questions) == 0 {
						err = e
						break
					}
					q := page.Questions[r.IntN(len(page.Questions))]
					card, e := w.Store.ReviewCardOf(ctx, w.dpo, q.First)
					if e != nil {
						t.Fatalf("card of %+v: %v", q, e)
					}
					a := store.Answer{Approve: r.IntN(4) > 0, Reason: "Right"}
					if tomorrow := time.Now().UTC().AddDate(0, 0, 1); r.IntN(3) == 0 && a.Approve {
						a.Until = &tomorrow
					}
					var done store.Answered
					if done, err = w.Store.ReviewGroup(ctx, w.dpo, q.First, card.Seen, a); err == nil && done.Batch != 0 {
						batches = append(batches, done.Batch)
					}
				case 6:
					what = "undo"
					if len(batches) > 0 {
						i := r.IntN(len(batches))
						_, _, err = w.Store.UndoBatch(ctx, w.Admin(), batches[i])
						batches = slices.Delete(batches, i, i+1)
					}
				case 7:
					what = "categorise"
					var id domain.BatchID
					if id, _, err = w.Store.ApplyBulk(ctx, w.Admin(), domain.Bulk{Act: domain.BulkCategorise, Category: w.categories[r.IntN(3)]},
						[]int64{int64(field), int64(w.fields[0])}, ""); err == nil && id != 0 {
						batches = append(batches, id)
					}
				case 8:
					what = "purpose"
					p, e := w.Store.PurposeByID(ctx, w.Admin(), purpose)
					if e != nil {
						t.Fatal(e)
					}
					_, err = w.Store.ChangePurpose(ctx, w.Admin(), purpose, p.Version, func(p domain.Purpose) (domain.Purpose, error) {
						switch r.IntN(4) {
						case 0:
							p.Retention = w.rules[r.IntN(2)]
						case 1:
							p.Transfers = [][]domain.Transfer{{}, {{Recipient: "Orion", Country: "US", Safeguard: "bcr"}}}[r.IntN(2)]
						case 2:
							p.Name = fmt.Sprint("name ", step)
						case 3:
							yesterday := time.Now().UTC().AddDate(0, 0, -1-r.IntN(2))
							p.ReviewOn = &yesterday
						}
						return p, nil
					})
				case 9:
					what = "link"
					_, err = w.Store.LinkCells(ctx, w.Admin(), []store.LinkCell{{Field: field, Program: w.programs[r.IntN(2)],
						Level: []domain.LinkLevel{"", domain.LinkEssential, domain.LinkAvoid}[r.IntN(3)]}})
				case 10:
					what = "program"
					p, e := w.Store.ProgramByID(ctx, w.Admin(), w.programs[r.IntN(2)])
					if e != nil {
						t.Fatal(e)
					}
					err = w.Store.ChangeProgram(ctx, w.Admin(), p.ID, p.Version, func(p domain.Program) (domain.Program, error) {
						p.Channels = [][]string{{}, {"email"}, {"email", "phone"}}[r.IntN(3)]
						p.Purposes = [][]domain.PurposeID{nil, w.purposes[:1], w.purposes}[r.IntN(3)]
						return p, nil
					})
				case 11:
					what = "snooze"
					page, e := w.Store.ReviewQueue(ctx, w.dpo, domain.ListQuery{}, 50)
					if e != nil || len(page.Questions) == 0 {
						err = e
						break
					}
					card, e := w.Store.ReviewCardOf(ctx, w.dpo, page.Questions[0].First)
					if e != nil {
						t.Fatal(e)
					}
					until := time.Now().UTC().AddDate(0, 0, 2)
					if err = w.Store.SnoozeGroup(ctx, w.dpo, page.Questions[0].First, card.Seen, &until); err == nil && r.IntN(2) == 0 {
						err = w.Store.AskGroup(ctx, w.dpo, page.Questions[0].First, card.Seen, "Why?", "")
					}
				}
				if err != nil && !errors.Is(err, domain.Conflict) && !errors.Is(err, domain.Invalid) {
					t.Fatalf("step %d, %s: %v", step, what, err)
				}
				if bad := w.ended(t); len(bad) > 0 {
					t.Fatalf("step %d, %s: approved, and no longer as approved: %s", step, what, strings.Join(bad, "; "))
				}
				var n int
				if err := w.Owner.QueryRow(ctx, `select count(*) from purpose_mapping where state = 'approved'`).Scan(&n); err != nil {
					t.Fatal(err)
				}
				approved += n
				if step%15 == 14 {
					w.queued(t)
				}
			}
			if approved == 0 {
				t.Error("nothing was ever approved: the test proves nothing")
			}
		})
	}
}

// TestOneOfTwoAnswersCounts has both reviewers answer each question at the same time: one answer is given, the other is refused,
// and the history has one.
func TestOneOfTwoAnswersCounts(t *testing.T) {
	t.Parallel()
	w := newReviewWorld(t, 6)
	ctx := context.Background()
	for i, f := range w.fields {
		if _, err := w.Store.ProposeMapping(ctx, w.editor, f, w.purposes[0], fmt.Sprint("For reason ", i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range w.page(t, domain.ListQuery{}).Questions {
		card, err := w.Store.ReviewCardOf(ctx, w.dpo, q.First)
		if err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		errs := make([]error, 2)
		for i, by := range []domain.Actor{w.dpo, w.Admin()} {
			wait.Go(func() {
				_, errs[i] = w.Store.ReviewGroup(ctx, by, q.First, card.Seen, store.Answer{Approve: i == 0, Reason: by.Name})
			})
		}
		wait.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || errs[0] != nil && !errors.Is(errs[0], domain.Conflict) || errs[1] != nil && !errors.Is(errs[1], domain.Conflict) {
			t.Fatalf("two answers at once: %v and %v", errs[0], errs[1])
		}
		var state, reason string
		var told int
		if err := w.Owner.QueryRow(ctx, `select m.state, m.decision_reason, (select count(*) from event where subject_id = m.field_id
			and verb in ('field.mapping_approved', 'field.mapping_rejected')) from purpose_mapping m where m.id = $1`, q.First).Scan(&state, &reason, &told); err != nil {
			t.Fatal(err)
		}
		if told != 1 || (errs[0] == nil) != (state == "approved") || (errs[0] == nil) != (reason == w.dpo.Name) {
			t.Errorf("state %s because %q, told %d times, %v, %v", state, reason, told, errs[0], errs[1])
		}
	}
	w.queued(t)
}

func (w *reviewWorld) page(t *testing.T, q domain.ListQuery) store.ReviewPage {
	t.Helper()
	page, err := w.Store.ReviewQueue(context.Background(), w.dpo, q, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// TestQueueInPages reads the queue in every order, filtered and not, page by page and at once: the same questions in the same
// order, each once, and as many as the counters say.
func TestQueueInPages(t *testing.T) {
	t.Parallel()
	w := newReviewWorld(t, 9)
	ctx := context.Background()
	for i, f := range w.fields {
		if _, err := w.Store.ProposeMapping(ctx, w.editor, f, w.purposes[i%2], fmt.Sprint("For reason ", i%4)); err != nil {
			t.Fatal(err)
		}
	}
	crm := texts(t, w.Owner, `select id::text from application where name = 'CRM'`)
	filters := []map[string][]string{nil, {"gdpr_class": {"sensitive_art9"}}, {"application": crm}, {"purpose": {fmt.Sprint(w.purposes[0])}, "gdpr_class": {"personal", "unclassified"}}}
	for _, sort := range []string{"risk", "since", "purpose", "application"} {
		for _, f := range filters {
			q := domain.ListQuery{Sort: sort, Filters: f}
			whole := w.page(t, q)
			if len(whole.Questions) < 3 || whole.Next != "" {
				t.Fatalf("%s %v: %d questions, next %q", sort, f, len(whole.Questions), whole.Next)
			}
			if f["application"] == nil && whole.Total != int64(len(whole.Questions)) {
				t.Errorf("%s %v: %d questions counted, %d read", sort, f, whole.Total, len(whole.Questions))
			}
			var parts []store.ReviewQuestion
			for {
				page, err := w.Store.ReviewQueue(ctx, w.dpo, q, 2)
				if err != nil {
					t.Fatal(err)
				}
				parts = append(parts, page.Questions...)
				if q.After = page.Next; page.Next == "" {
					break
				}
			}
			if diff := cmp.Diff(whole.Questions, parts); diff != "" {
				t.Errorf("%s %v: at once (-) and in pages (+):\n%s", sort, f, diff)
			}
		}
	}
	if first := w.page(t, domain.ListQuery{}).Questions[0]; first.Class != domain.ClassSensitive || first.N != 1 {
		t.Errorf("first comes %+v, want sensitive data alone", first)
	}
	if facet := w.page(t, domain.ListQuery{Filters: map[string][]string{"application": crm}}).Facets; len(facet) != 4 {
		t.Errorf("facets %v", facet)
	}
	var counted int64
	for _, f := range w.page(t, domain.ListQuery{}).Facets[1].Values {
		counted += f.N
	}
	if counted != int64(len(w.fields)) {
		t.Errorf("the applications count %d of %d mappings", counted, len(w.fields))
	}
	theirs, err := w.Store.ReviewQueue(ctx, w.Other[domain.RoleDPO], domain.ListQuery{}, 50)
	if err != nil || len(theirs.Questions) != 0 || theirs.Mappings != 0 || len(theirs.Facets[0].Values) != 0 {
		t.Errorf("another workspace sees %+v, %v", theirs, err)
	}
	if _, err := w.Store.ReviewCardOf(ctx, w.Other[domain.RoleDPO], 1); !errors.Is(err, domain.NotFound) {
		t.Errorf("another workspace reads a card: %v", err)
	}
}

// The list of mappings tells of each the risks that the rules tell, and whom it waits for as the queue does.
func TestMappingListTellsRiskAndStanding(t *testing.T) {
	t.Parallel()
	w := newReviewWorld(t, 12)
	by := w.Admin()
	for i, f := range w.fields {
		w.Exec(t, `insert into purpose_mapping (workspace_id, field_id, purpose_id, justification) values ($1, $2, $3, 'x')`, by.Workspace, f, w.purposes[i%2])
	}
	w.Exec(t, `update field set gdpr_class = (array['nir', 'criminal_art10', 'highly_personal', 'sensitive_art9', 'unclassified', 'personal'])[1 + id % 6]`)
	w.Exec(t, `update dataset set subjects = case when id % 2 = 0 then '{minors,customers}' else '{}' end::text[]`)
	w.Exec(t, `update purpose set subjects = '{minors}', recipients = '[{"kind": "third_country"}]' where id = $1`, w.purposes[1])
	w.Exec(t, `update workspace set judged_on = null`)
	if err := w.Store.JudgeIfDue(t.Context(), by, domain.Workspace{ID: by.Workspace}); err != nil {
		t.Fatal(err)
	}
	w.Exec(t, `insert into review_snooze (workspace_id, mapping_id, until) select workspace_id, id, current_date + 3 from purpose_mapping where id % 5 = 0`)
	w.Exec(t, `update purpose_mapping set state = 'rejected', decided_at = now(), decision_reason = 'no' where id % 7 = 0`)
	list, err := w.Store.Rows(t.Context(), by, "mappings", domain.ListQuery{Size: 100, Columns: []string{"field", "risk", "standing"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Rows) != len(w.fields) {
		t.Fatalf("%d rows of %d", len(list.Rows), len(w.fields))
	}
	counts := map[string]int64{}
	for _, row := range list.Rows {
		c, err := w.Store.MappingByID(t.Context(), by, domain.MappingID(row.ID))
		if err != nil {
			t.Fatal(err)
		}
		want := c.Facts.RiskFactors()
		if got := row.Cells["risk"]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("mapping %d: risks %v, want %v", row.ID, got, want)
		}
		for _, r := range want {
			counts[r]++
		}
		standing := "open"
		switch {
		case row.ID%7 == 0:
			standing = ""
		case row.ID%5 == 0:
			standing = "snoozed"
		}
		if got := row.Cells["standing"]; got != standing {
			t.Errorf("mapping %d: standing %v, want %q", row.ID, got, standing)
		}
	}
	for _, f := range list.Facets {
		for _, v := range f.Values {
			if f.Filter.Key == "risk" && counts[v.Value] != v.N {
				t.Errorf("facet %s = %d, want %d", v.Value, v.N, counts[v.Value])
			}
		}
	}
	for risk, n := range counts {
		some, err := w.Store.Rows(t.Context(), by, "mappings", domain.ListQuery{Size: 100, Filters: map[string][]string{"risk": {risk}}})
		if err != nil || int64(len(some.Rows)) != n {
			t.Errorf("%s: %d rows, want %d (%v)", risk, len(some.Rows), n, err)
		}
	}
}

// Whoever cannot sign in answers nothing: the only DPO who can may approve what they proposed.
func TestOnlyWhoCanSignInIsAnotherReviewer(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	ctx, by, dpo := t.Context(), w.Admin(), w.Acme[domain.RoleDPO]
	field := w.Field(t, by, w.Dataset(t, by, w.Application(t, by, "CRM"), "people"), "email", "ident.contact.email")
	id, err := w.Store.ProposeMapping(ctx, dpo, field, w.Purpose(t, by, "P1", false), "why")
	if err != nil {
		t.Fatal(err)
	}
	yes := store.Answer{Approve: true, Reason: "ok"}
	if _, err := w.Store.ReviewMapping(ctx, dpo, id, 1, yes); !errors.Is(err, domain.Conflict) {
		t.Errorf("own proposal with an administrator there: %v", err)
	}
	w.Exec(t, `update app_user set disabled_at = now() where id = $1`, by.User)
	done, err := w.Store.ReviewMapping(ctx, dpo, id, 1, yes)
	if err != nil || done.Self != 1 {
		t.Errorf("own proposal with nobody else who can sign in: %+v, %v", done, err)
	}
}
