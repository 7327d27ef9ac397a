package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// meanwhile does one thing in a transaction that stays open until another, begun meanwhile, waits for it or is through.
func meanwhile(t *testing.T, w *storetest.World, by domain.Actor, one func(*store.Store) error, other func() error) (oneErr, otherErr error) {
	t.Helper()
	ctx := context.Background()
	begun, done := make(chan struct{}), make(chan error, 1)
	otherDone := make(chan struct{})
	go func() {
		first := true
		done <- w.Store.Write(ctx, by, func(s *store.Store) error {
			err := one(s)
			if !first { // tried again after a deadlock: the other goes on
				return err
			}
			first = false
			close(begun)
			if err != nil {
				return err
			}
			for {
				select {
				case <-otherDone:
					return nil
				case <-time.After(5 * time.Millisecond):
				}
				var waits bool
				if err := w.Owner.QueryRow(ctx, `select exists(select from pg_stat_activity
					where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waits); err != nil || waits {
					return err
				}
			}
		})
	}()
	<-begun
	otherErr = other()
	close(otherDone)
	return <-done, otherErr
}

// judgedAnew fails the test where a stored judgement is not what the rules say of what is stored.
func judgedAnew(t *testing.T, w *storetest.World, when string) {
	t.Helper()
	const judged = `select name || ' ' || verdict || ' ' || array_to_string(flag_codes(flags), ',') || ' ' || programs || ' ' || purposes
		from field order by id`
	was := texts(t, w.Owner, judged)
	if err := w.Store.JudgeAll(t.Context(), w.Admin()); err != nil {
		t.Fatal(err)
	}
	for i, is := range texts(t, w.Owner, judged) {
		if was[i] != is {
			t.Errorf("%s: stored %q, judged anew %q", when, was[i], is)
		}
	}
}

type tied struct {
	*storetest.World
	by      domain.Actor
	dataset domain.DatasetID
	field   domain.FieldID
	purpose domain.PurposeID
	program domain.ProgramID
	rule    domain.RetentionRuleID
}

func newTied(t *testing.T) tied {
	w := storetest.NewWorld(t)
	by := w.Admin()
	d := w.Dataset(t, by, w.Application(t, by, "CRM"), "people")
	return tied{w, by, d, w.Field(t, by, d, "email", "ident.contact.email"), w.Purpose(t, by, "P1", true), w.Program(t, by, "G1", "live"), w.Rule(t, by, "R1", 12)}
}

func (w tied) link(s *store.Store) error {
	_, err := s.LinkField(context.Background(), w.by, w.field, domain.Link{Program: w.program, Level: domain.LinkEssential})
	return err
}

func (w tied) end(s *store.Store) error {
	p, err := s.ProgramByID(context.Background(), w.by, w.program)
	if err != nil {
		return err
	}
	return s.ChangeProgram(context.Background(), w.by, w.program, p.Version, func(p domain.Program) (domain.Program, error) {
		p.Status = domain.ProgramEnded
		return p, nil
	})
}

// grace takes the days of grace of programs that pause away.
func (w tied) grace(s *store.Store) error {
	return s.ChangeWorkspace(context.Background(), w.by, 1, func(ws domain.Workspace) (domain.Workspace, error) {
		ws.Thresholds.GraceDays = 0
		return ws, nil
	})
}

func (w tied) propose(s *store.Store, words string) (domain.MappingID, error) {
	return s.ProposeMapping(context.Background(), w.Acme[domain.RoleEditor], w.field, w.purpose, words)
}

// approve answers the only mapping as it is.
func (w tied) approve(s *store.Store, id domain.MappingID) error {
	_, err := s.ReviewMapping(context.Background(), w.Acme[domain.RoleDPO], id, 1, store.Answer{Approve: true, Reason: "ok"})
	return err
}

func TestJudgedByBothOfTwoChangesAtOnce(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		one, other func(w tied, s *store.Store, id domain.MappingID) error
		linked     bool // before both
	}{
		"approved while linked": {one: func(w tied, s *store.Store, _ domain.MappingID) error { return w.link(s) },
			other: func(w tied, s *store.Store, id domain.MappingID) error { return w.approve(s, id) }},
		"linked while approved": {one: func(w tied, s *store.Store, id domain.MappingID) error { return w.approve(s, id) },
			other: func(w tied, s *store.Store, _ domain.MappingID) error { return w.link(s) }},
		"approved while its program ends": {one: func(w tied, s *store.Store, _ domain.MappingID) error { return w.end(s) },
			other: func(w tied, s *store.Store, id domain.MappingID) error { return w.approve(s, id) }, linked: true},
		"its program ends while approved": {one: func(w tied, s *store.Store, id domain.MappingID) error { return w.approve(s, id) },
			other: func(w tied, s *store.Store, _ domain.MappingID) error { return w.end(s) }, linked: true},
		"linked while its program ends": {one: func(w tied, s *store.Store, _ domain.MappingID) error { return w.end(s) },
			other: func(w tied, s *store.Store, _ domain.MappingID) error { return w.link(s) }},
		"linked while the days of grace become others": {one: func(w tied, s *store.Store, _ domain.MappingID) error { return w.grace(s) },
			other: func(w tied, s *store.Store, _ domain.MappingID) error { return w.link(s) }},
		"the days of grace become others while linked": {one: func(w tied, s *store.Store, _ domain.MappingID) error { return w.link(s) },
			other: func(w tied, s *store.Store, _ domain.MappingID) error { return w.grace(s) }},
		"its program ends while linked": {one: func(w tied, s *store.Store, _ domain.MappingID) error { return w.link(s) },
			other: func(w tied, s *store.Store, _ domain.MappingID) error { return w.end(s) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTied(t)
			w.Exec(t, "update program set status = 'paused', paused_on = current_date - 10") // counts as long as there are days of grace
			if tt.linked {
				if err := w.link(w.Store); err != nil {
					t.Fatal(err)
				}
			}
			id, err := w.propose(w.Store, "why")
			if err != nil {
				t.Fatal(err)
			}
			one, other := meanwhile(t, w.World, w.by, func(s *store.Store) error { return tt.one(w, s, id) },
				func() error { return tt.other(w, w.Store, id) })
			if one != nil || other != nil {
				t.Fatalf("one: %v, the other: %v", one, other)
			}
			judgedAnew(t, w.World, name)
		})
	}
}

func TestApprovalIsNotLostToAProposalAtOnce(t *testing.T) {
	t.Parallel()
	w := newTied(t)
	id, err := w.propose(w.Store, "why")
	if err != nil {
		t.Fatal(err)
	}
	approved, proposed := meanwhile(t, w.World, w.by, func(s *store.Store) error { return w.approve(s, id) },
		func() error { _, err := w.propose(w.Store, "other words"); return err })
	if refusal, ok := errors.AsType[*domain.Error](proposed); !ok || refusal.Key != "mapping.already_approved" {
		t.Errorf("the proposal: %v, want it refused as approved already", proposed)
	}
	if got := texts(t, w.Owner, "select state || ' ' || justification from purpose_mapping"); approved != nil || len(got) != 1 || got[0] != "approved why" {
		t.Errorf("the mapping is %q, error %v, want it as it was approved", got, approved)
	}
}

func TestNothingBeginsToUseWhatIsBeingArchived(t *testing.T) {
	t.Parallel()
	field := func(w tied) error {
		f, err := domain.NewField(domain.Field{Dataset: w.dataset, Name: "new", Origin: "unknown"})
		if err == nil {
			_, err = w.Store.AddField(context.Background(), w.by, f)
		}
		return err
	}
	for name, tt := range map[string]struct {
		archive func(w tied, s *store.Store) error
		use     func(w tied) error
	}{
		"purpose": {func(w tied, s *store.Store) error { return s.ArchivePurpose(context.Background(), w.by, w.purpose) },
			func(w tied) error { _, err := w.propose(w.Store, "why"); return err }},
		"program": {func(w tied, s *store.Store) error {
			return s.ArchiveProgram(context.Background(), w.by, w.program, false)
		},
			func(w tied) error { return w.link(w.Store) }},
		"dataset": {func(w tied, s *store.Store) error { return s.ArchiveDataset(context.Background(), w.by, w.dataset) }, field},
		"retention rule": {func(w tied, s *store.Store) error { return s.ArchiveRetentionRule(context.Background(), w.by, w.rule) },
			func(w tied) error {
				return w.Store.ChangeDataset(context.Background(), w.by, w.dataset, 1, func(d domain.Dataset) (domain.Dataset, error) {
					d.Retention = w.rule
					return d, nil
				})
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, first := range []string{"archived", "used"} {
				w := newTied(t)
				if name == "dataset" {
					if err := w.Store.RemoveField(t.Context(), w.by, w.field); err != nil {
						t.Fatal(err)
					}
				}
				var archived, used error
				if first == "archived" {
					archived, used = meanwhile(t, w.World, w.by, func(s *store.Store) error { return tt.archive(w, s) }, func() error { return tt.use(w) })
				} else {
					used, archived = meanwhile(t, w.World, w.by, func(s *store.Store) error {
						in := w
						world := *w.World
						world.Store = s
						in.World = &world
						return tt.use(in)
					},
						func() error { return tt.archive(w, w.Store) })
				}
				if (archived == nil) == (used == nil) {
					t.Errorf("%s first: archived: %v, used: %v, want the second refused", first, archived, used)
				}
				if first == "archived" && archived != nil || first == "used" && used != nil {
					t.Errorf("%s first, and refused: archived: %v, used: %v", first, archived, used)
				}
			}
		})
	}
}

// A form may name what was archived since it was opened.
func TestNothingBeginsToUseWhatIsArchived(t *testing.T) {
	t.Parallel()
	w := newTied(t)
	by, ctx := w.by, t.Context()
	insert := func(sql string, args ...any) (id int64) {
		t.Helper()
		if err := w.Owner.QueryRow(ctx, sql, append([]any{by.Workspace}, args...)...).Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	crm := insert(`select id from application where workspace_id = $1`)
	gone := map[string]int64{
		"application": int64(w.Application(t, by, "Old")), "retention_rule": int64(w.Rule(t, by, "R0", 12)), "purpose": int64(w.Purpose(t, by, "P0", false)),
		"program": int64(w.Program(t, by, "G0", "live")), "data_category": int64(w.Category(t, by, "tech.key")),
		"team":          insert(`insert into team (workspace_id, name) values ($1, 'Old') returning id`),
		"objective":     insert(`insert into objective (workspace_id, name) values ($1, 'Old') returning id`),
		"journey_stage": insert(`insert into journey_stage (workspace_id, code, name, position) values ($1, 'old', 'Old', 1) returning id`),
		"segment":       insert(`insert into segment (workspace_id, name) values ($1, 'Old') returning id`),
		"dataset":       insert(`insert into dataset (workspace_id, application_id, name) values ($1, $2, 'old') returning id`, crm),
	}
	flow := func(f domain.Flow) error {
		f.Name, f.Mechanism, f.Encrypted = "sync", "unknown", "unknown"
		for _, end := range []*domain.FlowEnd{&f.Source, &f.Target} {
			if end.Application == 0 {
				end.Application = domain.ApplicationID(crm)
			}
		}
		_, err := w.Store.AddFlow(ctx, by, f)
		return err
	}
	program := func(change func(*domain.Program)) error {
		p, err := w.Store.ProgramByID(ctx, by, w.program)
		if err != nil {
			return err
		}
		return w.Store.ChangeProgram(ctx, by, w.program, p.Version, func(p domain.Program) (domain.Program, error) { change(&p); return p, nil })
	}
	scenario := func(c domain.Scenario) error {
		if c.Program == 0 {
			c.Program = w.program
		}
		c.Name, c.Kind, c.Nature, c.TriggerKind, c.Status = "s", "campaign", "service", "date", "idea"
		_, err := w.Store.AddScenario(ctx, by, c)
		return err
	}
	journey := func(m domain.Moment) error {
		_, err := w.Store.AddJourney(ctx, by, domain.Journey{Name: "j", Moments: []domain.Moment{{Name: "a"}, m}})
		return err
	}
	uses := map[string]struct {
		of, box string
		use     func(id int64) error
	}{
		"dataset of an application": {"application", "application", func(id int64) error {
			_, err := w.Store.AddDataset(ctx, by, domain.Dataset{Application: domain.ApplicationID(id), Name: "new"})
			return err
		}},
		"dataset that moves": {"application", "application", func(id int64) error {
			return w.Store.ChangeDataset(ctx, by, w.dataset, 1, func(d domain.Dataset) (domain.Dataset, error) {
				d.Application = domain.ApplicationID(id)
				return d, nil
			})
		}},
		"rule of a dataset": {"retention_rule", "retention", func(id int64) error {
			return w.Store.ChangeDataset(ctx, by, w.dataset, 1, func(d domain.Dataset) (domain.Dataset, error) {
				d.Retention = domain.RetentionRuleID(id)
				return d, nil
			})
		}},
		"rule of a purpose": {"retention_rule", "retention", func(id int64) error {
			_, err := w.Store.ChangePurpose(ctx, by, w.purpose, 1, func(p domain.Purpose) (domain.Purpose, error) {
				p.Retention = domain.RetentionRuleID(id)
				return p, nil
			})
			return err
		}},
		"rule that is attached": {"retention_rule", "retention", func(id int64) error {
			_, _, _, err := w.Store.AttachRetention(ctx, by, domain.RetentionRuleID(id), domain.RetentionOfDataset, []int64{int64(w.dataset)})
			return err
		}},
		"team of an application": {"team", "team", func(id int64) error {
			_, err := w.Store.AddApplication(ctx, by, domain.Application{Name: "New", Team: domain.TeamID(id), Hosting: "unknown", Processor: "unknown", Lifecycle: "live"})
			return err
		}},
		"source of a flow": {"application", "source_application", func(id int64) error {
			return flow(domain.Flow{Source: domain.FlowEnd{Application: domain.ApplicationID(id)}})
		}},
		"target of a flow":  {"dataset", "target_dataset", func(id int64) error { return flow(domain.Flow{Target: domain.FlowEnd{Dataset: domain.DatasetID(id)}}) }},
		"purpose of a flow": {"purpose", "purpose", func(id int64) error { return flow(domain.Flow{Purpose: domain.PurposeID(id)}) }},
		"objective of a program": {"objective", "objective", func(id int64) error {
			return program(func(p *domain.Program) { p.Objective = domain.ObjectiveID(id) })
		}},
		"stage of a program": {"journey_stage", "stage", func(id int64) error { return program(func(p *domain.Program) { p.Stage = domain.StageID(id) }) }},
		"purpose of a program": {"purpose", "purposes", func(id int64) error {
			return program(func(p *domain.Program) { p.Purposes = []domain.PurposeID{domain.PurposeID(id)} })
		}},
		"program of a scenario": {"program", "program", func(id int64) error { return scenario(domain.Scenario{Program: domain.ProgramID(id)}) }},
		"segment of a scenario": {"segment", "segment", func(id int64) error { return scenario(domain.Scenario{Segment: domain.SegmentID(id)}) }},
		"consent of a scenario": {"data_category", "consent_category", func(id int64) error { return scenario(domain.Scenario{Consent: domain.CategoryID(id)}) }},
		"stage of a moment":     {"journey_stage", "moments.1.stage", func(id int64) error { return journey(domain.Moment{Name: "b", Stage: domain.StageID(id)}) }},
		"program of a moment":   {"program", "moments.1.speaks", func(id int64) error { return journey(domain.Moment{Name: "b", Program: domain.ProgramID(id)}) }},
		"category that is needed": {"data_category", "category", func(id int64) error {
			return w.Store.SetRequirement(ctx, by, domain.Requirement{Program: w.program, Category: domain.CategoryID(id), Level: domain.LinkUseful}, 0)
		}},
		"category below another": {"data_category", "parent", func(int64) error {
			_, err := w.Store.AddCategory(ctx, by, domain.Category{Code: "tech.key.own", Parent: "tech.key", LabelFR: "x", LabelEN: "x", Class: domain.ClassPersonal, Risk: 1})
			return err
		}},
	}
	for table, id := range gone {
		w.Exec(t, `update `+table+` set archived_at = now() where id = $1`, id)
	}
	for name, u := range uses {
		refused, ok := errors.AsType[*domain.Error](u.use(gone[u.of]))
		if !ok || refused.Fields[u.box].Key != "error.reference_archived" {
			t.Errorf("%s: %v, want it refused at the box %q", name, refused, u.box)
		}
	}
	// What a record refers to already it keeps.
	w.Exec(t, `update program set stage_id = $1`, gone["journey_stage"])
	if err := program(func(p *domain.Program) { p.KPI = "sales" }); err != nil {
		t.Errorf("a program with an archived stage: %v", err)
	}
	w.Exec(t, `update dataset set application_id = $1 where id = $2`, gone["application"], gone["dataset"])
	if err := w.Store.RestoreDataset(ctx, by, domain.DatasetID(gone["dataset"])); !errors.Is(err, domain.Conflict) {
		t.Errorf("a dataset in an archived application is brought back: %v", err)
	}
}

// newMaster is a world with a dataset that is a declared master, and another of the same people.
func newMaster(t *testing.T) (w *storetest.World, master, other domain.DatasetID) {
	w = storetest.NewWorld(t)
	master = w.Dataset(t, w.Admin(), w.Application(t, w.Admin(), "CRM"), "people")
	other = w.Dataset(t, w.Admin(), w.Application(t, w.Admin(), "Shop"), "people")
	w.Exec(t, "update dataset set subjects = '{customers}', is_master = id = $1", master)
	return w, master, other
}

// What a declared master holds decides about fields of others.
func TestCopiesFollowTheirMaster(t *testing.T) {
	t.Parallel()
	w, master, other := newMaster(t)
	by, ctx := w.Admin(), t.Context()
	email := w.Category(t, by, "ident.contact.email")
	add := func(d domain.DatasetID, name string) domain.FieldID {
		t.Helper()
		f, err := domain.NewField(domain.Field{Dataset: d, Name: name, Category: email, Origin: "unknown"})
		if err != nil {
			t.Fatal(err)
		}
		id, err := w.Store.AddField(ctx, by, f)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	copied := add(other, "mail")
	marked := func(want bool, when string) {
		t.Helper()
		var got bool
		if err := w.Owner.QueryRow(ctx, "select flags & $2 <> 0 from field where id = $1", copied, int32(domain.FlagDuplicate)).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s: marked as a copy = %v, want %v", when, got, want)
		}
		judgedAnew(t, w, when)
	}
	marked(false, "before")
	id := add(master, "email")
	marked(true, "the master has a field of the category")
	if err := w.Store.ArchiveField(ctx, by, id); err != nil {
		t.Fatal(err)
	}
	marked(false, "that is archived")
	if err := w.Store.RestoreField(ctx, by, id); err != nil {
		t.Fatal(err)
	}
	marked(true, "that is restored")
	as := func(category domain.CategoryID) {
		t.Helper()
		f, err := w.Store.FieldByID(ctx, by, id)
		if err == nil {
			err = w.Store.ChangeField(ctx, by, id, f.Version, func(f domain.Field) (domain.Field, error) { f.Category = category; return f, nil })
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	as(w.Category(t, by, "unk"))
	marked(false, "that is of another category")
	as(email)
	marked(true, "that is of the category again")
	if err := w.Store.RemoveField(ctx, by, id); err != nil {
		t.Fatal(err)
	}
	marked(false, "that is removed")
}

// A field takes a category while what all fields of that category are judged by becomes another.
func TestJudgedByWhatStandsAroundAsOfNow(t *testing.T) {
	t.Parallel()
	type world struct {
		*storetest.World
		by            domain.Actor
		master, other domain.DatasetID
		held, copied  domain.FieldID // the first of the master
		rule, shorter domain.RetentionRuleID
		categories    map[string]domain.CategoryID
	}
	categorise := func(w world, s *store.Store, id domain.FieldID, code string) error {
		f, err := s.FieldByID(t.Context(), w.by, id)
		if err != nil {
			return err
		}
		return s.ChangeField(t.Context(), w.by, id, f.Version, func(f domain.Field) (domain.Field, error) {
			f.Category = w.categories[code]
			return f, nil
		})
	}
	for name, tt := range map[string]struct {
		holds  string // category of the master's field
		become func(w world, s *store.Store) error
	}{
		"its rule": {"unk", func(w world, s *store.Store) error {
			_, err := s.ChangeRetentionRule(t.Context(), w.by, w.rule, 1, func(r domain.RetentionRule) (domain.RetentionRule, error) {
				r.ActiveMonths = new(12)
				return r, nil
			})
			return err
		}},
		"the rule of the category above": {"unk", func(w world, s *store.Store) error {
			_, _, _, err := s.AttachRetention(t.Context(), w.by, w.shorter, domain.RetentionOfCategory, []int64{int64(w.categories["ident"])})
			return err
		}},
		"a master that holds it":       {"unk", func(w world, s *store.Store) error { return categorise(w, s, w.held, "ident.contact.email") }},
		"a master that no longer does": {"ident.contact.email", func(w world, s *store.Store) error { return categorise(w, s, w.held, "unk") }},
		"a master without the field":   {"ident.contact.email", func(w world, s *store.Store) error { return s.RemoveField(t.Context(), w.by, w.held) }},
		"a master with another field": {"unk", func(w world, s *store.Store) error {
			f, err := domain.NewField(domain.Field{Dataset: w.master, Name: "mail", Category: w.categories["ident.contact.email"], Origin: "unknown"})
			if err == nil {
				_, err = s.AddField(t.Context(), w.by, f)
			}
			return err
		}},
		"what is a master no more": {"ident.contact.email", func(w world, s *store.Store) error {
			return s.ChangeDataset(t.Context(), w.by, w.master, 1, func(d domain.Dataset) (domain.Dataset, error) {
				d.IsMaster = false
				return d, nil
			})
		}},
		"a flow from its master": {"ident.contact.email", func(w world, s *store.Store) error {
			from, err := s.DatasetByID(t.Context(), w.by, w.master)
			if err != nil {
				return err
			}
			to, err := s.DatasetByID(t.Context(), w.by, w.other)
			if err == nil {
				_, err = s.AddFlow(t.Context(), w.by, domain.Flow{Name: "sync", Mechanism: "unknown", Encrypted: "unknown",
					Source: domain.FlowEnd{Application: from.Application}, Target: domain.FlowEnd{Application: to.Application}})
			}
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, first := range []string{"the field", "what stands around it"} {
				base, master, other := newMaster(t)
				by := base.Admin()
				w := world{World: base, by: by, master: master, other: other, rule: base.Rule(t, by, "R1", 1200), shorter: base.Rule(t, by, "R2", 12),
					categories: map[string]domain.CategoryID{}}
				w.Exec(t, "insert into data_category (workspace_id, code, label_fr, label_en, gdpr_class) values ($1, 'ident', 'i', 'i', 'personal')", by.Workspace)
				for _, code := range []string{"ident", "ident.contact.email", "unk"} {
					w.categories[code] = w.Category(t, by, code)
				}
				if name == "its rule" {
					w.Exec(t, "update data_category set retention_rule_id = $1 where workspace_id = $2 and code = 'ident.contact.email'", w.rule, by.Workspace)
				}
				w.Exec(t, "update dataset set oldest_record_on = current_date - 1000")
				w.held, w.copied = w.Field(t, by, master, "email", tt.holds), w.Field(t, by, other, "mail", "unk")
				field := func(s *store.Store) error { return categorise(w, s, w.copied, "ident.contact.email") }
				around := func(s *store.Store) error { return tt.become(w, s) }
				if first != "the field" {
					field, around = around, field
				}
				one, two := meanwhile(t, w.World, by, field, func() error { return around(w.Store) })
				if one != nil || two != nil {
					t.Fatalf("%s first: %v, %v", first, one, two)
				}
				judgedAnew(t, w.World, first+" first")
			}
		})
	}
}

// Whatever several people do at once, what is stored in the end is what the rules say of what is there.
func TestJudgedByAllChangesAtOnce(t *testing.T) {
	t.Parallel()
	w, master, other := newMaster(t)
	by, ctx := w.Admin(), t.Context()
	var fields []domain.FieldID
	for i := range 6 {
		fields = append(fields, w.Field(t, by, []domain.DatasetID{master, other}[i%2], fmt.Sprintf("f%d", i), "ident.contact.email"))
	}
	programs := []domain.ProgramID{w.Program(t, by, "G1", "live"), w.Program(t, by, "G2", "live")}
	purposes := []domain.PurposeID{w.Purpose(t, by, "P1", true), w.Purpose(t, by, "P2", true)}
	categories := []domain.CategoryID{w.Category(t, by, "ident.contact.email"), w.Category(t, by, "art9.health"), w.Category(t, by, "tech.key")}
	w.Exec(t, "update program set paused_on = current_date - 10")
	if err := w.Store.JudgeAll(ctx, by); err != nil {
		t.Fatal(err)
	}
	act := func(r *rand.Rand) error {
		field, program, purpose := fields[r.IntN(len(fields))], programs[r.IntN(2)], purposes[r.IntN(2)]
		switch r.IntN(11) {
		case 0, 1:
			_, err := w.Store.LinkField(ctx, by, field, domain.Link{Program: program, Level: domain.LinkEssential})
			return err
		case 2:
			return w.Store.UnlinkField(ctx, by, field, program)
		case 3:
			_, err := w.Store.ProposeMapping(ctx, by, field, purpose, "why")
			return err
		case 4, 5:
			waiting := make([]domain.MappingID, 12) // there are no more: one for each field and purpose
			for i := range waiting {
				waiting[i] = domain.MappingID(i + 1)
			}
			_, err := w.Store.ReviewMappings(ctx, w.Acme[domain.RoleDPO], waiting, store.Answer{Approve: r.IntN(3) > 0, Reason: "so"})
			return err
		case 6:
			p, err := w.Store.ProgramByID(ctx, by, program)
			if err != nil {
				return err
			}
			return w.Store.ChangeProgram(ctx, by, program, p.Version, func(p domain.Program) (domain.Program, error) {
				p.Status = []domain.ProgramStatus{domain.ProgramLive, domain.ProgramPaused, domain.ProgramEnded}[r.IntN(3)]
				return p, nil
			})
		case 7:
			f, err := w.Store.FieldByID(ctx, by, field)
			if err != nil {
				return err
			}
			return w.Store.ChangeField(ctx, by, field, f.Version, func(f domain.Field) (domain.Field, error) {
				f.Category = categories[r.IntN(len(categories))]
				return f, nil
			})
		case 8:
			is, err := w.Store.WorkspaceBySlug(ctx, by.Slug)
			if err != nil {
				return err
			}
			return w.Store.ChangeWorkspace(ctx, by, is.Version, func(ws domain.Workspace) (domain.Workspace, error) {
				ws.Thresholds.GraceDays = 20 * r.IntN(2)
				return ws, nil
			})
		case 9:
			d, err := w.Store.DatasetByID(ctx, by, master)
			if err != nil {
				return err
			}
			return w.Store.ChangeDataset(ctx, by, master, d.Version, func(d domain.Dataset) (domain.Dataset, error) {
				d.IsMaster = !d.IsMaster
				return d, nil
			})
		default:
			_, err := w.Store.LinkCells(ctx, by, []store.LinkCell{{Field: field, Program: program, Level: domain.LinkUseful}, {Field: fields[0], Program: programs[0]}})
			return err
		}
	}
	const people = 4
	ended := make(chan error, people)
	for i := range people {
		go func() {
			r := rand.New(rand.NewPCG(uint64(i), 1)) //nolint:gosec // the same each time
			for range 15 {
				err := act(r)
				// What somebody else was first with is refused with words, never with an error of the database.
				if _, ok := errors.AsType[*domain.Error](err); err != nil && !ok {
					ended <- err
					return
				}
			}
			ended <- nil
		}()
	}
	for range people {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	judgedAnew(t, w, "in the end")
}
