package store_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// TestEndingAProgramOfThousands ends a program that 5,000 fields depend on: told before, true at once afterwards.
func TestEndingAProgramOfThousands(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, ctx := w.Admin(), t.Context()
	const n = 5000
	dataset := w.Dataset(t, by, w.Application(t, by, "Braze"), "users")
	program, purpose := w.Program(t, by, "BDAY", "live"), w.Purpose(t, by, "MKT", true)
	w.Exec(t, `insert into field (workspace_id, dataset_id, application_id, name, category_id, gdpr_class)
		select d.workspace_id, d.id, d.application_id, 'f' || i, c.id, c.gdpr_class from dataset d
		join data_category c on c.workspace_id = d.workspace_id and c.code = 'ident.contact.email', generate_series(1, $2) i where d.id = $1`, dataset, n)
	w.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level) select workspace_id, id, $1, 'useful' from field where dataset_id = $2`, program, dataset)
	w.Exec(t, `insert into purpose_mapping (workspace_id, field_id, purpose_id, justification, state)
		select workspace_id, id, $1, 'To write', case when id % 2 = 0 then 'approved' else 'proposed' end from field where dataset_id = $2`, purpose, dataset)
	if err := w.Store.JudgeAll(ctx, by); err != nil {
		t.Fatal(err)
	}
	end := func(p domain.Program) (domain.Program, error) { return p.Become(domain.ProgramEnded, time.Now()) }

	start := time.Now()
	e, err := w.Store.ProgramPreview(ctx, by, program, 1, end)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("preview of %d fields: %v", n, time.Since(start))
	if e.Lost() != n || len(e.Moves) != 2 {
		t.Fatalf("effect = %d lost in %d moves", e.Lost(), len(e.Moves))
	}
	start = time.Now()
	if err := w.Store.ChangeProgram(ctx, by, program, 1, end); err != nil {
		t.Fatal(err)
	}
	t.Logf("end with %d verdicts: %v", n, time.Since(start))
	for verdict, want := range map[string]int64{"dormant": n / 2, "delete": n / 2, "keep": 0, "regularise": 0} {
		var got int64
		if err := w.Owner.QueryRow(ctx, `select count(*) from field where dataset_id = $1 and verdict = $2`, dataset, verdict).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %d fields, want %d (%v)", verdict, got, want, err)
		}
	}
	if _, total, err := w.Store.ProgramLinks(ctx, by, program); err != nil || total != n {
		t.Errorf("links = %d, %v", total, err)
	}
}

// TestRegistersOfThePlanRead reads each register of the plan in every order and with every facet.
func TestRegistersOfThePlanRead(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, ctx := w.Admin(), t.Context()
	field := w.Field(t, by, w.Dataset(t, by, w.Application(t, by, "Braze"), "users"), "email", "ident.contact.email")
	program, purpose := w.Program(t, by, "BDAY", "live"), w.Purpose(t, by, "MKT", true)
	w.Exec(t, `update program set channels = '{email,sms}', starts_on = current_date where id = $1`, program)
	w.Exec(t, `insert into program_purpose (workspace_id, program_id, purpose_id) values ($1, $2, $3)`, by.Workspace, program, purpose)
	if _, err := w.Store.ProposeMapping(ctx, by, field, purpose, "To write"); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.SetRequirement(ctx, by, domain.Requirement{Program: program, Category: w.Category(t, by, "ident.contact.email"), Level: domain.LinkEssential, Role: "reach"}, 0); err != nil {
		t.Fatal(err)
	}
	for _, add := range []string{`insert into objective (workspace_id, name) values ($1, 'Retention')`,
		`insert into journey_stage (workspace_id, code, name, position) values ($1, 'active', 'Active', 1)`} {
		w.Exec(t, add, by.Workspace)
	}
	for _, r := range []domain.Register{domain.ProgramRegister, domain.PurposeRegister, domain.MappingRegister, domain.ObjectiveRegister, domain.StageRegister, domain.RequirementRegister} {
		for _, c := range r.Columns {
			for _, sort := range []string{c.Key, "-" + c.Key} {
				if list, err := w.Store.Rows(ctx, by, r.Name, domain.ListQuery{Sort: sort, Size: 50}); err != nil || list.Total.N != 1 || len(list.Rows) != 1 {
					t.Errorf("%s by %s: %d rows, %v", r.Name, sort, len(list.Rows), err)
				}
			}
		}
		facets, err := w.Store.Facets(ctx, by, r.Name, domain.ListQuery{})
		if err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
		for _, f := range facets {
			for _, v := range f.Values {
				q := domain.ListQuery{Filters: map[string][]string{f.Filter.Key: {v.Value}}, Size: 50}
				if list, err := w.Store.Rows(ctx, by, r.Name, q); err != nil || list.Total.N != v.N {
					t.Errorf("%s with %s=%s: %d rows, the facet says %d (%v)", r.Name, f.Filter.Key, v.Value, list.Total.N, v.N, err)
				}
			}
		}
		if list, err := w.Store.Rows(ctx, w.Other[domain.RoleAdmin], r.Name, domain.ListQuery{Size: 50}); err != nil || list.Total.N != 0 {
			t.Errorf("%s: another workspace sees %d rows (%v)", r.Name, list.Total.N, err)
		}
	}
}

// TestRequirementsListSaysWhatTheProgramSays compares the coverage of the list with the rule, over programs that need everything at
// every level and are linked to some of it.
func TestRequirementsListSaysWhatTheProgramSays(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by, ctx := w.Admin(), t.Context()
	for _, code := range []string{"ident", "ident.contact"} {
		w.Exec(t, `insert into data_category (workspace_id, code, label_fr, label_en, gdpr_class) values ($1, $2, $2, $2, 'personal')`, by.Workspace, code)
	}
	app := w.Application(t, by, "CRM")
	one, two := w.Dataset(t, by, app, "contacts"), w.Dataset(t, by, app, "users")
	mail, again := w.Field(t, by, one, "email", "ident.contact.email"), w.Field(t, by, two, "mail", "ident.contact.email")
	gone := w.Field(t, by, one, "diet", "art9.health")
	w.Exec(t, `update field set state = 'gone' where id = $1`, gone)
	held := map[string]int{}
	for i, linked := range [][]domain.FieldID{nil, {mail}, {mail, again}, {gone}} {
		program := w.Program(t, by, "P"+string(rune('A'+i)), "live")
		for _, f := range linked {
			w.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level) values ($1, $2, $3, 'essential')`, by.Workspace, f, program)
		}
		for code, level := range map[string]domain.LinkLevel{"ident.contact.email": domain.LinkAvoid, "ident.contact": domain.LinkUseful, "art9.health": domain.LinkEssential, "ident": domain.LinkEssential} {
			if err := w.Store.SetRequirement(ctx, by, domain.Requirement{Program: program, Category: w.Category(t, by, code), Level: level, Note: "Because"}, 0); err != nil {
				t.Fatal(err)
			}
		}
		needs, err := w.Store.ProgramNeeds(ctx, by, program)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range needs {
			list, err := w.Store.Rows(ctx, by, "requirements", domain.ListQuery{Size: 50, Filters: map[string][]string{"program": {strconv.FormatInt(int64(program), 10)}, "category": {n.Code}, "coverage": {string(n.Coverage)}}})
			if err != nil || list.Total.N != 1 || store.RequirementProgram(list.Rows[0].ID) != program {
				t.Errorf("program %d, %s: the list has %+v (%v), the rule says %s", i, n.Code, list.Rows, err, n.Coverage)
			}
			held[string(n.Coverage)]++
		}
	}
	if len(held) != len(domain.Coverages) {
		t.Errorf("only these answers occurred: %v", held)
	}
}

// Two who add the same target data at once, each unaware of the other, do not overwrite each other.
func TestRequirementAddedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	q := domain.Requirement{Program: w.Program(t, by, "BDAY", "live"), Category: w.Category(t, by, "ident.contact.email"), Level: domain.LinkUseful}
	said := make(chan error)
	for i := range 8 {
		mine := q
		mine.Note = fmt.Sprint("gain ", i)
		go func() { said <- w.Store.SetRequirement(t.Context(), by, mine, 0) }()
	}
	kept := 0
	for range 8 {
		err := <-said
		if err == nil {
			kept++
		} else if refused, ok := errors.AsType[*domain.Error](err); !ok || refused.Fields["category"].Key != "requirement.there" {
			t.Error(err)
		}
	}
	if kept != 1 {
		t.Errorf("%d of eight were kept", kept)
	}
}
