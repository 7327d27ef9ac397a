package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// bulkWorld is a workspace with a few fields of each class, programs, purposes and a collection point.
type bulkWorld struct {
	*storetest.World
	by       domain.Actor
	fields   []int64
	programs []domain.ProgramID
	purposes []domain.PurposeID
	points   []domain.CollectionPointID
	cats     []domain.CategoryID
}

func newBulkWorld(t testing.TB) *bulkWorld {
	t.Helper()
	w := &bulkWorld{World: storetest.NewWorld(t)}
	w.by = w.Admin()
	app := w.Application(t, w.by, "Salesforce")
	ds := w.Dataset(t, w.by, app, "Contact")
	for i, code := range []string{"ident.contact.email", "ident.contact.email", "ident.contact.email", "art9.health", "tech.key", "unk", ""} {
		w.fields = append(w.fields, int64(w.Field(t, w.by, ds, fmt.Sprintf("f%d", i), code)))
	}
	for _, code := range []string{"birthday", "newsletter"} {
		w.programs = append(w.programs, w.Program(t, w.by, code, "live"))
	}
	w.purposes = []domain.PurposeID{w.Purpose(t, w.by, "P1", true), w.Purpose(t, w.by, "P2", false)}
	for _, code := range []string{"ident.contact.email", "art9.health", "unk"} {
		w.cats = append(w.cats, w.Category(t, w.by, code))
	}
	for _, name := range []string{"Web form", "Till"} {
		var id domain.CollectionPointID
		if err := w.Owner.QueryRow(context.Background(), `insert into collection_point (workspace_id, name) values ($1, $2) returning id`,
			w.by.Workspace, name).Scan(&id); err != nil {
			t.Fatal(err)
		}
		w.points = append(w.points, id)
	}
	return w
}

// state is everything that bulk acts may change, as text, for comparison.
func (w *bulkWorld) state(t testing.TB) []string {
	t.Helper()
	rows, err := w.Owner.Query(context.Background(), `
		select 'field ' || to_jsonb(x)::text from (select id, category_id, gdpr_class, owner_id, origin, verdict, lawful, used, used_why, flags,
			completeness, programs, purposes, decision, decision_until from field) x
		union all select 'link ' || (to_jsonb(x) - 'valid_from')::text from program_link x
		union all select 'mapping ' || (to_jsonb(x) - 'version' - 'id' - 'proposed_at' - 'valid_from')::text from purpose_mapping x
		union all select 'collection ' || (to_jsonb(x) - 'valid_from')::text from field_collection x
		union all select 'decision ' || (to_jsonb(x) - 'valid_from')::text from decision x where withdrawn_at is null
		union all select 'target ' || (to_jsonb(x) - array['valid_from', 'id', 'version', 'created_at', 'updated_at'])::text from target x
		order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func (w *bulkWorld) judgedRight(t testing.TB) {
	t.Helper()
	before := w.state(t)
	if err := w.Store.JudgeAll(context.Background(), w.by); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, w.state(t)); d != "" {
		t.Errorf("verdicts were not those of the inputs (-stored +right):\n%s", d)
	}
}

func (w *bulkWorld) apply(t testing.TB, b domain.Bulk, ids []int64) (domain.BatchID, domain.BulkPlan) {
	t.Helper()
	clean, err := domain.NewBulk(b, time.Now())
	if err != nil {
		t.Fatalf("%+v: %v", b, err)
	}
	batch, plan, err := w.Store.ApplyBulk(context.Background(), w.by, clean, ids, "")
	if err != nil {
		t.Fatalf("%+v: %v", b, err)
	}
	return batch, plan
}

func TestBulkLinkPlan(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t)
	ctx := context.Background()
	w.apply(t, domain.Bulk{Act: domain.BulkLink, Program: w.programs[0], Level: domain.LinkEssential}, w.fields[:1])

	b := domain.Bulk{Act: domain.BulkLink, Program: w.programs[0], Level: domain.LinkUseful, Role: "target", Note: "+4 % opened"}
	plan, err := w.Store.PlanBulk(ctx, w.by, b, w.fields)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Fingerprint == "" {
		t.Error("no fingerprint")
	}
	fingerprint := plan.Fingerprint
	plan.Fingerprint = ""
	want := domain.BulkPlan{Total: 7, Changed: 5, Replaced: 1, Refused: 1, Reasons: []domain.BulkReason{{Key: "sensitive", N: 1}}}
	if d := cmp.Diff(want, plan); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
	refused, err := w.Store.BulkRefusals(ctx, w.by, b, w.fields, 10)
	if err != nil || len(refused) != 1 || refused[0].Name != "f3" || refused[0].Application != "Salesforce" {
		t.Errorf("refusals: %+v, %v", refused, err)
	}

	batch, _, err := w.Store.ApplyBulk(ctx, w.by, b, w.fields, fingerprint)
	if err != nil || batch == 0 {
		t.Fatalf("apply: %d, %v", batch, err)
	}
	w.judgedRight(t)
	var links, events int
	for sql, n := range map[string]*int{
		`select count(*) from program_link where level = 'useful' and note = '+4 % opened' and source = 'bulk'`: &links,
		`select count(*) from event where verb = 'field.linked' and batch_id = ` + fmt.Sprint(batch):            &events,
	} {
		if err := w.Owner.QueryRow(ctx, sql).Scan(n); err != nil {
			t.Fatal(err)
		}
	}
	if links != 6 || events != 6 {
		t.Errorf("%d links and %d events, want 6 of each", links, events)
	}
	again, plan2, err := w.Store.ApplyBulk(ctx, w.by, b, w.fields, "")
	if err != nil || again != 0 || plan2.Same != 6 {
		t.Errorf("the same again: batch %d, plan %+v, %v", again, plan2, err)
	}
}

func TestBulkRefusesWhatMovedSinceThePreview(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t)
	ctx := context.Background()
	b := domain.Bulk{Act: domain.BulkLink, Program: w.programs[0], Level: domain.LinkEssential}
	seen, err := w.Store.PlanBulk(ctx, w.by, b, w.fields)
	if err != nil {
		t.Fatal(err)
	}
	before := w.state(t)
	for name, ids := range map[string][]int64{"another set": w.fields[1:], "none": nil} {
		if _, _, err := w.Store.ApplyBulk(ctx, w.by, b, ids, seen.Fingerprint); !errors.Is(err, domain.Conflict) {
			t.Errorf("%s: %v, want a conflict", name, err)
		}
	}
	if d := cmp.Diff(before, w.state(t)); d != "" {
		t.Errorf("something was changed:\n%s", d)
	}
	w.apply(t, b, w.fields[:1]) // the set is the same, what happens to a field is not
	if _, plan, err := w.Store.ApplyBulk(ctx, w.by, b, w.fields, seen.Fingerprint); !errors.Is(err, domain.Conflict) || plan.Same != 1 {
		t.Errorf("%v with plan %+v, want a conflict and the new plan", err, plan)
	}
}

func TestBulkKeepsToItsWorkspaceAndRole(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t)
	ctx := context.Background()
	b := domain.Bulk{Act: domain.BulkOrigin, Origin: "collected"}
	before := w.state(t)
	stranger := w.Other[domain.RoleAdmin]
	if batch, plan, err := w.Store.ApplyBulk(ctx, stranger, b, w.fields, ""); batch != 0 || plan.Total != 0 || err != nil {
		t.Errorf("another workspace: batch %d, plan %+v, %v", batch, plan, err)
	}
	if _, _, err := w.Store.ApplyBulk(ctx, stranger, domain.Bulk{Act: domain.BulkLink, Program: w.programs[0], Level: "essential"}, w.fields, ""); !errors.Is(err, domain.Invalid) {
		t.Errorf("a program of another workspace: %v", err)
	}
	for role, act := range map[domain.Role]domain.Bulk{
		domain.RoleViewer: b, domain.RoleDPO: b, domain.RoleFacilitator: {Act: domain.BulkOwner},
	} {
		if _, _, err := w.Store.ApplyBulk(ctx, w.Acme[role], act, w.fields, ""); !errors.Is(err, domain.Denied) {
			t.Errorf("%s may %s: %v", role, act.Act, err)
		}
	}
	if d := cmp.Diff(before, w.state(t)); d != "" {
		t.Errorf("something was changed:\n%s", d)
	}
	batch, _ := w.apply(t, b, w.fields)
	if _, _, err := w.Store.UndoBatch(ctx, stranger, batch); !errors.Is(err, domain.NotFound) {
		t.Errorf("undo from another workspace: %v", err)
	}
	if _, _, err := w.Store.UndoBatch(ctx, w.Acme[domain.RoleDPO], batch); !errors.Is(err, domain.Denied) {
		t.Errorf("undo by somebody who may not do the act: %v", err)
	}
}

func TestBulkMapAsksForTheConditionOfSensitiveData(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t)
	_, plan := w.apply(t, domain.Bulk{Act: domain.BulkMap, Purpose: w.purposes[0], Justification: "needed to send it"}, w.fields)
	if d := cmp.Diff([]domain.BulkReason{{Key: "condition", N: 1}}, plan.Reasons); d != "" || plan.Changed != 6 {
		t.Errorf("plan %+v", plan)
	}
	w.Exec(t, `update purpose_mapping set state = 'rejected' where field_id = $1`, w.fields[0])
	w.Exec(t, `update purpose set art9_condition = 'a' where id = $1`, w.purposes[0])
	_, plan = w.apply(t, domain.Bulk{Act: domain.BulkMap, Purpose: w.purposes[0], Justification: "again"}, w.fields)
	if plan.Changed != 1 || plan.Same != 5 || plan.Reasons[0].Key != "rejected" {
		t.Errorf("plan of the second time %+v", plan)
	}
}

// approveAll has the DPO approve everything that waits, one by one.
func approveAll(t *testing.T, w *storetest.World) {
	t.Helper()
	rows, err := w.Owner.Query(t.Context(), `select id, version from purpose_mapping where state = 'proposed' order by id`)
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		ID      domain.MappingID
		Version int
	}])
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range waiting {
		if _, err := w.Store.ReviewMapping(t.Context(), w.Acme[domain.RoleDPO], m.ID, m.Version, store.Answer{Approve: true, Reason: "right"}); err != nil {
			t.Fatal(err)
		}
	}
}

// The preview of links counts the approvals that fall with them, and is right.
func TestBulkLinkReopensApprovals(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t)
	ctx := context.Background()
	w.Exec(t, `insert into program_purpose (workspace_id, program_id, purpose_id) values ($1, $2, $3)`, w.by.Workspace, w.programs[1], w.purposes[0])
	w.apply(t, domain.Bulk{Act: domain.BulkMap, Purpose: w.purposes[0], Justification: "needed"}, w.fields[:2])
	w.apply(t, domain.Bulk{Act: domain.BulkMap, Purpose: w.purposes[1], Justification: "needed"}, w.fields[:3])
	approveAll(t, w.World)
	if err := w.Store.JudgeAll(ctx, w.by); err != nil {
		t.Fatal(err)
	}
	approved := func() (n int64) {
		if err := w.Owner.QueryRow(ctx, `select count(*) from purpose_mapping where state = 'approved'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := approved()
	for _, level := range []domain.LinkLevel{domain.LinkAvoid, domain.LinkEssential} {
		plan, err := w.Store.PlanBulk(ctx, w.by, domain.Bulk{Act: domain.BulkLink, Program: w.programs[1], Level: level, Note: "another"}, w.fields)
		want := map[domain.LinkLevel]int64{domain.LinkAvoid: 0, domain.LinkEssential: 2}[level]
		if err != nil || plan.Reopened != want {
			t.Errorf("%s: %d approvals said to go back, want %d; %v", level, plan.Reopened, want, err)
		}
	}
	w.apply(t, domain.Bulk{Act: domain.BulkLink, Program: w.programs[1], Level: domain.LinkEssential}, w.fields)
	if fell := before - approved(); fell != 2 {
		t.Errorf("%d approvals went back, want the 2 that were said", fell)
	}
}

func TestBulkCategoryReopensApprovals(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t)
	ctx := context.Background()
	w.apply(t, domain.Bulk{Act: domain.BulkMap, Purpose: w.purposes[0], Justification: "needed"}, w.fields[:2])
	approveAll(t, w.World)
	before := w.state(t)

	batch, plan := w.apply(t, domain.Bulk{Act: domain.BulkCategorise, Category: w.cats[1]}, w.fields)
	if plan.Reopened != 2 {
		t.Errorf("%d approvals said to be reopened, want 2", plan.Reopened)
	}
	var proposed int
	if err := w.Owner.QueryRow(ctx, `select count(*) from purpose_mapping where state = 'proposed' and reopened_because = 'category'`).Scan(&proposed); err != nil || proposed != 2 {
		t.Errorf("%d reopened, %v", proposed, err)
	}
	w.judgedRight(t)
	// Somebody changes one of the fields since: it stays, and so does its question to the DPO.
	w.Exec(t, `update field set category_id = $1, gdpr_class = 'unclassified' where id = $2`, w.cats[2], w.fields[1])
	if err := w.Store.JudgeAll(ctx, w.by); err != nil {
		t.Fatal(err)
	}
	undone, kept, err := w.Store.UndoBatch(ctx, w.by, batch)
	if err != nil || undone != 5 || kept != 1 {
		t.Errorf("undone %d, kept %d, %v", undone, kept, err)
	}
	w.judgedRight(t)
	after := w.state(t)
	for _, line := range before {
		var m map[string]any
		if json.Unmarshal([]byte(line[slices.Index([]byte(line), ' ')+1:]), &m) == nil && (m["id"] == float64(w.fields[1]) || m["field_id"] == float64(w.fields[1])) {
			continue
		}
		if !slices.Contains(after, line) {
			t.Errorf("not restored: %s", line)
		}
	}
	n, err := w.Store.BatchKept(ctx, w.by, batch)
	if err != nil || n != 2 { // the field and its mapping
		t.Errorf("%d changes kept, %v", n, err)
	}
}

func TestUndoTwiceAndTooLate(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t)
	ctx := context.Background()
	key := func(err error) string {
		if e, ok := errors.AsType[*domain.Error](err); ok {
			return e.Key
		}
		return fmt.Sprint(err)
	}
	batch, _ := w.apply(t, domain.Bulk{Act: domain.BulkOrigin, Origin: "observed"}, w.fields)
	if _, _, err := w.Store.UndoBatch(ctx, w.by, batch); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Store.UndoBatch(ctx, w.by, batch); key(err) != "batch.already_undone" {
		t.Errorf("the second time: %v", err)
	}
	batch, _ = w.apply(t, domain.Bulk{Act: domain.BulkOrigin, Origin: "derived"}, w.fields)
	w.apply(t, domain.Bulk{Act: domain.BulkOrigin, Origin: "received"}, w.fields)
	if _, _, err := w.Store.UndoBatch(ctx, w.by, batch); key(err) != "batch.nothing_left" {
		t.Errorf("when all has changed since: %v", err)
	}
	late := w.Store.WithClock(func() time.Time { return time.Now().AddDate(0, 0, 31) })
	if _, _, err := late.UndoBatch(ctx, w.by, batch); key(err) != "batch.too_old" {
		t.Errorf("after 31 days: %v", err)
	}
	if list, err := late.Batches(ctx, w.by, 0, 10); err != nil || len(list) != 0 {
		t.Errorf("recent activity after 31 days: %+v, %v", list, err)
	}
	if list, err := w.Store.Batches(ctx, w.by, 0, 10); err != nil || len(list) != 3 || list[0].ActorName != w.by.Name || list[2].UndoneAt == nil {
		t.Errorf("recent activity: %+v, %v", list, err)
	}
}

// named is what state tells of one workspace, by names: for comparison with a copy, where everything has other numbers.
func (w *bulkWorld) named(t testing.TB, by domain.Actor) []string {
	t.Helper()
	var lines []string
	if err := w.Owner.QueryRow(context.Background(), `select array_agg(line order by line) from (
		select 'field ' || jsonb_build_array(f.name, c.code, f.gdpr_class, u.email, f.origin, f.verdict, f.decision, f.decision_until)::text as line
			from field f left join data_category c on c.id = f.category_id left join app_user u on u.id = f.owner_id where f.workspace_id = $1
		union all select 'link ' || jsonb_build_array(f.name, p.name, x.level, x.role, x.note, x.source, u.email, x.linked_at)::text
			from program_link x join field f on f.id = x.field_id join program p on p.id = x.program_id left join app_user u on u.id = x.linked_by
			where x.workspace_id = $1
		union all select 'mapping ' || jsonb_build_array(f.name, p.code, x.state, x.justification, x.reopened_because)::text
			from purpose_mapping x join field f on f.id = x.field_id join purpose p on p.id = x.purpose_id where x.workspace_id = $1
		union all select 'collection ' || jsonb_build_array(f.name, p.name)::text
			from field_collection x join field f on f.id = x.field_id join collection_point p on p.id = x.collection_point_id where x.workspace_id = $1
		union all select 'decision ' || jsonb_build_array(f.name, x.kind, x.until, x.reason, x.withdrawn_at is null)::text
			from decision x join field f on f.id = x.field_id where x.workspace_id = $1
		union all select 'target ' || jsonb_build_array(f.name, p.name, x.target_action, x.cause, x.how, c.code, x.reason, x.owner_id, x.due_on, x.progress, x.source)::text
			from target x join field f on f.id = x.field_id left join program p on p.id = x.program_id left join data_category c on c.id = x.instead_id
			where x.workspace_id = $1) l`, by.Workspace).Scan(&lines); err != nil {
		t.Fatal(err)
	}
	return lines
}

// A workspace that came in as a file is undone as the one that it was written from: what its batches name has other numbers
// there.
func TestUndoInAnImportedWorkspace(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t)
	ctx := context.Background()
	soon, later := domain.Day(time.Now().AddDate(0, 0, 10)), domain.Day(time.Now().AddDate(1, 0, 0))
	start := w.named(t, w.by)
	var batches []domain.BatchID
	for _, b := range []domain.Bulk{
		{Act: domain.BulkLink, Program: w.programs[0], Level: domain.LinkEssential, Note: "first"},
		{Act: domain.BulkLink, Program: w.programs[0], Level: domain.LinkUseful, Note: "second"},
		{Act: domain.BulkUnlink, Program: w.programs[0]},
		{Act: domain.BulkOwner, Owner: w.Acme[domain.RoleDPO].User},
		{Act: domain.BulkOwner, Owner: w.by.User},
		{Act: domain.BulkKeep, Reason: "the program starts soon", Until: &soon},
		{Act: domain.BulkKeep, Reason: "it starts later", Until: &later},
		{Act: domain.BulkCollect, Point: w.points[1]},
		{Act: domain.BulkMap, Purpose: w.purposes[1], Justification: "needed"},
		{Act: domain.BulkCategorise, Category: w.cats[2]},
		{Act: domain.BulkTarget, Target: domain.TargetReplace, Cause: "too_precise", Instead: w.cats[1], Program: w.programs[0], Reason: "a year does", Due: &soon},
		{Act: domain.BulkTarget, Target: domain.TargetReview, Program: w.programs[0], Reason: "no accord", Owner: w.by.User, Due: &soon},
	} {
		batch, plan := w.apply(t, b, w.fields)
		if batch == 0 || plan.Todo() == 0 {
			t.Fatalf("%s changed nothing: %+v", b.Act, plan)
		}
		batches = append(batches, batch)
	}
	copied := importArchive(t, w.Store, "copy", exportArchive(t, w.Store, w.by))
	if d := cmp.Diff(w.named(t, w.by), w.named(t, copied)); d != "" {
		t.Fatalf("the copy is not the same (-original +copy):\n%s", d)
	}
	list, err := w.Store.Batches(ctx, copied, 0, 50)
	if err != nil || len(list) != len(batches) {
		t.Fatalf("%d batches in the copy, %v", len(list), err)
	}
	for n, b := range list { // newest first
		if _, _, err := w.Store.UndoBatch(ctx, w.by, batches[len(batches)-1-n]); err != nil {
			t.Fatalf("%s: %v", b.Kind, err)
		}
		if _, kept, err := w.Store.UndoBatch(ctx, copied, b.ID); err != nil || kept != 0 {
			t.Fatalf("%s in the copy: %d kept, %v", b.Kind, kept, err)
		}
		if d := cmp.Diff(w.named(t, w.by), w.named(t, copied)); d != "" {
			t.Fatalf("after undoing %s (-original +copy):\n%s", b.Kind, d)
		}
	}
	active := func(lines []string) []string {
		return slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "decision ") && strings.HasSuffix(l, "false]") })
	}
	if d := cmp.Diff(active(start), active(w.named(t, copied))); d != "" {
		t.Errorf("undoing all left (-start +copy):\n%s", d)
	}
}

// Any sequence of acts, each undone in reverse order, leaves everything as it was.
func TestUndoRestoresWhatWas(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t)
	ctx := context.Background()
	w.apply(t, domain.Bulk{Act: domain.BulkMap, Purpose: w.purposes[1], Justification: "needed"}, w.fields[:3])
	approveAll(t, w.World)
	pick := func(r *rand.Rand) []int64 {
		ids := slices.Clone(w.fields)
		r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		return ids[:1+r.IntN(len(ids))]
	}
	until, soon := time.Now().AddDate(1, 0, 0), time.Now().AddDate(0, 0, 7)
	targets := slices.DeleteFunc(slices.Clone(domain.TargetActions), func(a string) bool { return a == string(domain.TargetCollect) })
	acts := func(r *rand.Rand) domain.Bulk {
		b := domain.Bulk{Act: domain.BulkActs[r.IntN(len(domain.BulkActs))], Program: w.programs[r.IntN(2)], Note: fmt.Sprint("note ", r.IntN(3)),
			Level: domain.LinkLevel(domain.LinkLevels[r.IntN(3)]), Role: append([]string{""}, domain.LinkRoles...)[r.IntN(3)],
			Category: w.cats[r.IntN(3)], Purpose: w.purposes[r.IntN(2)], Justification: "because", Origin: domain.Origins[r.IntN(3)],
			Owner: []domain.UserID{0, w.by.User, w.Acme[domain.RoleDPO].User}[r.IntN(3)], Point: w.points[r.IntN(2)], Until: &until,
			Reason: fmt.Sprint("a good reason ", r.IntN(3)), Target: domain.TargetAction(targets[r.IntN(len(targets))]), Cause: "too_precise",
			How: fmt.Sprint("less of it ", r.IntN(2)), Instead: w.cats[r.IntN(3)], Due: &soon}
		if b.Act == domain.BulkTarget { // for a program, or for the whole workspace
			b.Program = []domain.ProgramID{0, w.programs[0]}[r.IntN(2)]
			if b.Target == domain.TargetReview {
				b.Owner = w.by.User
			}
		}
		return b
	}
	for round := range 12 {
		seed := uint64(round)
		r := rand.New(rand.NewPCG(seed, 7))
		var states [][]string
		var batches []domain.BatchID
		for range 12 {
			before := w.state(t)
			var batch domain.BatchID
			if r.IntN(4) == 0 {
				var cells []store.LinkCell
				for _, id := range pick(r) {
					for _, p := range w.programs {
						cells = append(cells, store.LinkCell{Field: domain.FieldID(id), Program: p,
							Level: []domain.LinkLevel{"", "essential", "useful", "avoid"}[r.IntN(4)]})
					}
				}
				linked, err := w.Store.LinkCells(ctx, w.by, cells)
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				batch = linked.Batch
			} else {
				batch, _ = w.apply(t, acts(r), pick(r))
			}
			if batch != 0 {
				states, batches = append(states, before), append(batches, batch)
			}
		}
		w.judgedRight(t)
		for i := len(batches) - 1; i >= 0; i-- {
			if _, kept, err := w.Store.UndoBatch(ctx, w.by, batches[i]); err != nil || kept != 0 {
				b, _ := w.Store.BatchByID(ctx, w.by, batches[i])
				t.Fatalf("seed %d: undo of %s %v: %d kept, %v", seed, b.Kind, b.Label, kept, err)
			}
			if d := cmp.Diff(states[i], w.state(t)); d != "" {
				b, _ := w.Store.BatchByID(ctx, w.by, batches[i])
				t.Fatalf("seed %d: after the undo of %s %v (-was +is):\n%s", seed, b.Kind, b.Label, d)
			}
		}
		w.judgedRight(t)
	}
}

func TestLinkCells(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t)
	ctx := context.Background()
	f := func(i int) domain.FieldID { return domain.FieldID(w.fields[i]) }
	p := w.programs
	set := func(cells ...store.LinkCell) ([]store.LinkCellResult, domain.BatchID) {
		t.Helper()
		linked, err := w.Store.LinkCells(ctx, w.by, cells)
		if err != nil {
			t.Fatal(err)
		}
		return linked.Cells, linked.Batch
	}
	results, batch := set(store.LinkCell{Field: f(0), Program: p[0], Level: "useful"})
	if d := cmp.Diff([]store.LinkCellResult{{Field: f(0), Program: p[0], Level: "useful", Changed: true}}, results); d != "" || batch != 0 {
		t.Errorf("one cell, batch %d (-want +got):\n%s", batch, d)
	}
	w.Exec(t, `update program_link set note = 'gain', role = 'reach'`)
	results, batch = set(
		store.LinkCell{Field: f(0), Program: p[0], Level: "essential"},
		store.LinkCell{Field: f(3), Program: p[0], Level: "useful"},
		store.LinkCell{Field: f(3), Program: p[1], Level: "essential"},
		store.LinkCell{Field: f(1), Program: p[1], Level: "useful"},
		store.LinkCell{Field: f(1), Program: p[1], Level: ""},
		store.LinkCell{Field: 999999, Program: p[1], Level: "essential"})
	want := []store.LinkCellResult{
		{Field: f(0), Program: p[0], Level: "essential", Changed: true},
		{Field: f(3), Program: p[0], Refused: "sensitive"},
		{Field: f(3), Program: p[1], Level: "essential", Changed: true},
		{Field: f(1), Program: p[1]},
	}
	if d := cmp.Diff(want, results); d != "" || batch == 0 {
		t.Errorf("a block, batch %d (-want +got):\n%s", batch, d)
	}
	w.judgedRight(t)
	var note, role string
	read := func() {
		t.Helper()
		if err := w.Owner.QueryRow(ctx, `select note, role from program_link where field_id = $1`, f(0)).Scan(&note, &role); err != nil {
			t.Fatal(err)
		}
	}
	if read(); note != "gain" || role != "reach" {
		t.Errorf("note %q and role %q, want them kept", note, role)
	}
	set(store.LinkCell{Field: f(0), Program: p[0], Level: "avoid"})
	if read(); note != "" || role != "reach" {
		t.Errorf("note %q and role %q: a gain is no alternative", note, role)
	}
	if _, err := w.Store.LinkCells(ctx, w.Acme[domain.RoleDPO], []store.LinkCell{{Field: f(0), Program: p[0]}}); !errors.Is(err, domain.Denied) {
		t.Errorf("by a DPO: %v", err)
	}
	if linked, err := w.Store.LinkCells(ctx, w.Other[domain.RoleAdmin], []store.LinkCell{{Field: f(0), Program: p[0]}}); err != nil || len(linked.Cells) != 0 {
		t.Errorf("from another workspace: %+v, %v", linked, err)
	}
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t)
	ctx := context.Background()
	until := domain.Day(time.Now().AddDate(0, 0, 10))
	_, plan := w.apply(t, domain.Bulk{Act: domain.BulkKeep, Reason: "the program starts soon", Until: &until}, w.fields)
	if plan.Changed != 6 || plan.Reasons[0].Key != "no_flag" {
		t.Errorf("plan %+v: what has no flag needs no answer", plan)
	}
	w.apply(t, domain.Bulk{Act: domain.BulkToDPO, Reason: "unsure"}, w.fields[:1])
	list, err := w.Store.DecisionsOf(ctx, w.by, domain.FieldID(w.fields[0]))
	if err != nil || len(list) != 2 || list[0].Kind != domain.SendToDPO || list[0].WithdrawnAt != nil || list[1].WithdrawnAt == nil {
		t.Fatalf("decisions %+v, %v", list, err)
	}
	if err := w.Store.WithdrawDecision(ctx, w.by, domain.FieldID(w.fields[0])); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.WithdrawDecision(ctx, w.by, domain.FieldID(w.fields[0])); !errors.Is(err, domain.NotFound) {
		t.Errorf("withdrawn twice: %v", err)
	}
	if err := w.Store.WithdrawDecision(ctx, w.Other[domain.RoleAdmin], domain.FieldID(w.fields[1])); !errors.Is(err, domain.NotFound) {
		t.Errorf("withdrawn from another workspace: %v", err)
	}
	decided := func() (n int) {
		t.Helper()
		if err := w.Owner.QueryRow(ctx, `select count(*) from field f join decision d on d.field_id = f.id and d.withdrawn_at is null
			where f.decision = d.kind and f.decision_until = d.until`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := decided(); n != 5 {
		t.Errorf("%d fields kept, want 5", n)
	}
	// The last day still belongs to the decision; the day after, it has run out.
	for _, c := range []struct {
		day  time.Time
		want int
	}{{until, 5}, {until.AddDate(0, 0, 1), 0}} {
		st := w.Store.WithClock(func() time.Time { return c.day.Add(time.Hour) })
		if err := st.JudgeIfDue(ctx, w.by, domain.Workspace{ID: w.by.Workspace}); err != nil {
			t.Fatal(err)
		}
		if n := decided(); n != c.want {
			t.Errorf("on %s %d fields are kept, want %d", c.day.Format("2006-01-02"), n, c.want)
		}
	}
	var events, left int
	if err := w.Owner.QueryRow(ctx, `select count(*) filter (where verb = 'field.decision_expired' and actor_id is null),
		(select count(*) from field where decision <> '') from event`).Scan(&events, &left); err != nil || events != 5 || left != 0 {
		t.Errorf("%d expiries told, %d decisions left, %v", events, left, err)
	}
}

// BenchmarkBulkLink links 5,000 fields and compares with the bare insert of the same links.
func BenchmarkBulkLink(b *testing.B) {
	w := newBulkWorld(b)
	ctx := context.Background()
	ds := w.Dataset(b, w.by, w.Application(b, w.by, "Big"), "table")
	rows, err := w.Owner.Query(ctx, `insert into field (workspace_id, dataset_id, application_id, name, category_id, gdpr_class)
		select d.workspace_id, d.id, d.application_id, 'col_' || n, c.id, c.gdpr_class
		from dataset d, data_category c, generate_series(1, 5000) n
		where d.id = $1 and c.workspace_id = d.workspace_id and c.code = 'ident.contact.email' returning id`, ds)
	if err != nil {
		b.Fatal(err)
	}
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			b.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := w.Store.JudgeAll(ctx, w.by); err != nil {
		b.Fatal(err)
	}
	var bare, bulk time.Duration
	for b.Loop() {
		started := time.Now()
		w.Exec(b, `insert into program_link (workspace_id, field_id, program_id, level) select $1, id, $2, 'essential' from unnest($3::bigint[]) id`,
			w.by.Workspace, w.programs[0], ids)
		bare += time.Since(started)
		w.Exec(b, `delete from program_link`)
		started = time.Now()
		batch, _ := w.apply(b, domain.Bulk{Act: domain.BulkLink, Program: w.programs[0], Level: domain.LinkEssential}, ids)
		bulk += time.Since(started)
		if _, _, err := w.Store.UndoBatch(ctx, w.by, batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(bulk)/float64(bare), "×bare-insert")
	b.ReportMetric(float64(bulk.Milliseconds())/float64(b.N), "ms/bulk")
}

// Acts at the same moment on the same fields wait for each other: undone in reverse order, they leave what was before.
func TestBulkAtTheSameMoment(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t)
	ctx := context.Background()
	before := w.state(t)
	var wait sync.WaitGroup
	batches := make([]domain.BatchID, 12)
	for i := range batches {
		wait.Go(func() {
			b := domain.Bulk{Act: domain.BulkLink, Program: w.programs[i%2], Level: domain.LinkEssential, Note: fmt.Sprint(i)}
			switch i % 3 {
			case 1:
				b = domain.Bulk{Act: domain.BulkOwner, Owner: w.Acme[domain.Roles[i%5]].User}
			case 2:
				b = domain.Bulk{Act: domain.BulkToDPO, Reason: fmt.Sprint("unsure ", i)}
			}
			ids := slices.Clone(w.fields)
			if i%2 == 1 {
				slices.Reverse(ids)
			}
			var err error
			if batches[i], _, err = w.Store.ApplyBulk(ctx, w.by, b, ids, ""); err != nil {
				t.Errorf("act %d: %v", i, err)
			}
		})
	}
	wait.Wait()
	w.judgedRight(t)
	slices.Sort(batches)
	for _, id := range slices.Backward(batches) {
		if id == 0 {
			continue
		}
		if _, kept, err := w.Store.UndoBatch(ctx, w.by, id); err != nil || kept != 0 {
			t.Errorf("undo of %d: %d kept, %v", id, kept, err)
		}
	}
	if d := cmp.Diff(before, w.state(t)); d != "" {
		t.Errorf("not restored (-was +is):\n%s", d)
	}
}

// Undoing an unlink does not link what became an archived program, an archived field, or data with a regime of its own that would
// only be useful.
func TestUndoUnlinkObeysTheRulesOfLinks(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newBulkWorld(t)
	program, fields := w.programs[0], w.fields[:3]
	for _, f := range fields {
		if _, err := w.Store.LinkField(ctx, w.by, domain.FieldID(f), domain.Link{Program: program, Level: domain.LinkUseful, Note: "gain"}); err != nil {
			t.Fatal(err)
		}
	}
	batch, _ := w.apply(t, domain.Bulk{Act: domain.BulkUnlink, Program: program}, fields)
	seen, err := w.Store.FieldByID(ctx, w.by, domain.FieldID(fields[0]))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Store.ChangeField(ctx, w.by, seen.ID, seen.Version, func(f domain.Field) (domain.Field, error) {
		f.Category = w.cats[1]
		return f, nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.ArchiveField(ctx, w.by, domain.FieldID(fields[1])); err != nil {
		t.Fatal(err)
	}
	undone, kept, err := w.Store.UndoBatch(ctx, w.by, batch)
	if err != nil || undone != 1 || kept != 2 {
		t.Errorf("undone %d, kept %d, %v", undone, kept, err)
	}
	again, _ := w.apply(t, domain.Bulk{Act: domain.BulkUnlink, Program: program}, fields[2:])
	if err := w.Store.ArchiveProgram(ctx, w.by, program, true); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Store.UndoBatch(ctx, w.by, again); !errors.Is(err, domain.Conflict) {
		t.Errorf("a link to an archived program is put back: %v", err)
	}
	if links := texts(t, w.Owner, `select field_id::text from program_link`); len(links) != 0 {
		t.Errorf("links of %v", links)
	}
}
