package store_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that migrations run through
	"github.com/pressly/goose/v3"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
	"utile/migrations"
)

// oldShape is a workspace as version 21 kept it: recipients and transfers as lists of words, periods as months and words beside
// the purpose and the dataset, and approvals of which only the decision was kept. The purpose read otherwise a while ago.
const oldShape = `
	insert into workspace (slug, name, locale, judged_on) values ('old', 'Old', 'fr', current_date), ('new', 'New', 'en', current_date);
	insert into app_user (email, name, locale, password_hash) values ('dpo@old.example', 'Ana Roy', 'fr', '!');
	insert into membership (workspace_id, user_id, role) values (1, 1, 'dpo');
	insert into data_category (workspace_id, code, label_fr, label_en, gdpr_class) values (1, 'ident.contact.email', 'E-mail', 'E-mail', 'personal');
	insert into application (workspace_id, name) values (1, 'CRM');
	insert into dataset (workspace_id, application_id, name, retention_months, retention_rule) values (1, 1, 'people', 36, '  3 ans après le dernier achat '), (1, 1, 'logs', 12, ''), (1, 1, 'free', null, '');
	insert into purpose (workspace_id, code, name, legal_basis, interest, necessity, balance, state, recipients, transfers, retention_months, retention_rule)
		values (1, 'MKT', 'Marketing', 'f_legitimate', 'a', 'b', 'c', 'in_force', '{internal}', '{}', 24, ''),
			(1, 'PAY', 'Paie', 'c_legal', '', '', '', 'draft', '{}', '{}', 36, '3 ans après le dernier achat');
	insert into field (workspace_id, dataset_id, application_id, name, category_id, gdpr_class) values (1, 1, 1, 'email', 1, 'personal'), (1, 1, 1, 'email_2', 1, 'personal'), (1, 2, 1, 'ip', 1, 'personal');
	insert into purpose_mapping (workspace_id, field_id, purpose_id, justification, state, decided_by, decided_at, decision_reason)
		values (1, 1, 1, 'Écrire', 'approved', 1, '2026-03-04 10:00+00', 'Oui'), (1, 3, 1, 'Compter', 'rejected', 1, '2026-03-04 10:00+00', 'Non');
	insert into purpose_mapping (workspace_id, field_id, purpose_id, justification, reopened_because) values (1, 2, 1, 'Écrire', 'retention_months');`

const oldChange = `update purpose set recipients = '{internal,processor,"Huissier de justice"}', transfers = '{"Orion aux États-Unis, clauses types","Vega"}', updated_at = clock_timestamp() where code = 'MKT'`

// TestOldShapesAreCarried: what older versions kept in other shapes is there after the migrations, without loss, in the past too.
func TestOldShapesAreCarried(t *testing.T) {
	t.Parallel()
	dsn := storetest.Blank(t)
	db, err := sql.Open("pgx", strings.Split(dsn, " pool_max_conns")[0])
	if err != nil {
		t.Fatal(err)
	}
	old, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.UpTo(t.Context(), 21); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), oldShape); err != nil {
		t.Fatal(err)
	}
	var then time.Time
	if err := db.QueryRowContext(t.Context(), "select clock_timestamp()").Scan(&then); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), oldChange); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	owner, st := storetest.Owner(t, dsn), storetest.Open(t, dsn)
	by := domain.Actor{User: 1, Name: "Ana Roy", Role: domain.RoleDPO, Workspace: 1, Slug: "old", Lang: "fr"}
	rows := func(sql string) []string { t.Helper(); return texts(t, owner, sql) }

	// 22: words became rows; kinds are kinds, other words names or notes.
	p, err := st.PurposeByID(t.Context(), by, 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]domain.Recipient{{Kind: "internal"}, {Kind: "processor"}, {Kind: "other", Name: "Huissier de justice"}}, p.Recipients); diff != "" {
		t.Errorf("recipients:\n%s", diff)
	}
	if diff := cmp.Diff([]domain.Transfer{{Note: "Orion aux États-Unis, clauses types"}, {Note: "Vega"}}, p.Transfers); diff != "" {
		t.Errorf("transfers:\n%s", diff)
	}
	if got := rows(`select recipients::text || ' ' || transfers::text || ' ' || screening::text from past.purpose where code = 'MKT'`); !slices.Equal(got, []string{`[{"kind": "internal"}] [] {}`}) {
		t.Errorf("the purpose as it was: %q", got)
	}
	if _, err := domain.NewPurpose(domain.Purpose{Code: p.Code, Name: p.Name, Recipients: p.Recipients, Transfers: p.Transfers}); err != nil {
		t.Errorf("what was carried cannot be saved again: %v", err)
	}

	// 23: each period with its words became one rule of the workspace, wherever it stood, and stands there again.
	wantRules := []string{"12 12 mois []", "24 24 mois []", "36 3 ans après le dernier achat [3 ans après le dernier achat]"}
	if diff := cmp.Diff(wantRules, rows(`select active_months || ' ' || name || ' [' || criterion || ']' from retention_rule where workspace_id = 1 order by active_months`)); diff != "" {
		t.Errorf("rules:\n%s", diff)
	}
	wantUses := []string{"free –", "logs 12", "MKT 24", "PAY 36", "people 36"}
	if diff := cmp.Diff(wantUses, rows(`select x.name || ' ' || coalesce(r.active_months::text, '–') from (select code as name, retention_rule_id as rule from purpose union all select name, retention_rule_id from dataset) x
		left join retention_rule r on r.workspace_id = 1 and r.id = x.rule order by lower(x.name)`)); diff != "" {
		t.Errorf("uses of rules:\n%s", diff)
	}
	if got := rows(`select r.active_months::text from past.purpose p join retention_rule r on r.id = p.retention_rule_id where p.code = 'MKT'`); !slices.Equal(got, []string{"24"}) {
		t.Errorf("the rule of the purpose as it was: %v", got)
	}
	if got := rows(`select count(*)::text from retention_rule r join purpose p on p.code = 'MKT' where r.valid_from > p.created_at`); !slices.Equal(got, []string{"0"}) {
		t.Errorf("%s rules begin after what they stand for", got)
	}
	if got := rows(`select reopened_because from purpose_mapping where field_id = 2`); !slices.Equal(got, []string{"retention"}) {
		t.Errorf("reopened because of %v", got)
	}

	// 25 and 26: decided mappings get their approval, frozen as it is, at the next page; refused ones do not.
	if err := st.JudgeIfDue(t.Context(), by, domain.Workspace{ID: 1}); err != nil {
		t.Fatal(err)
	}
	wantMappings := []string{"1 approved 2026-03-04 Ana Roy Oui", "2 proposed – – –", "3 rejected – – –"}
	if diff := cmp.Diff(wantMappings, rows(`select m.field_id || ' ' || m.state || ' ' || coalesce((k.approved_at at time zone 'UTC')::date::text, '–') || ' ' || coalesce(k.approved_by_name, '–') || ' ' || coalesce(k.reason, '–')
		from purpose_mapping m left join approval k on k.id = m.approval_id order by m.field_id`)); diff != "" {
		t.Errorf("mappings:\n%s", diff)
	}
	if got := rows(`select mapping_id::text from review_item`); len(got) != 1 {
		t.Errorf("%d mappings are in the queue", len(got))
	}
	list, err := st.ApprovalsOf(t.Context(), by, 1)
	if err != nil || len(list) != 1 {
		t.Fatalf("approvals: %v, %v", list, err)
	}
	terms, err := st.MappingTerms(t.Context(), by, []domain.MappingID{1})
	if err != nil || len(list[0].Terms.Moved(terms[1])) > 0 {
		t.Errorf("what was frozen is not what holds: %v (%v)", list[0].Terms.Moved(terms[1]), err)
	}

	// The record of then reads as it did, from the views of today.
	past := by
	past.AsOf = then
	record, err := st.Record(t.Context(), past)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(record.Sheets, func(s domain.RecordSheet) bool { return s.Code == "MKT" })
	if i < 0 || len(record.Sheets[i].Recipients) != 1 || len(record.Sheets[i].Transfers) != 0 || record.Sheets[i].Retention.ActiveMonths == nil || *record.Sheets[i].Retention.ActiveMonths != 24 {
		t.Errorf("the sheet as it was: %+v", record.Sheets)
	}
}

// Whoever starts is told whether anything is left to do, a migration that was broken off before its end included.
func TestSchemaOfADatabase(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	owner := storetest.Owner(t, dsn)
	want := func(when string, has, ready bool) {
		t.Helper()
		s, err := store.SchemaOf(t.Context(), dsn)
		if err != nil || s.Knows == 0 || (s.Has == s.Knows) != has || s.Ready != ready {
			t.Errorf("%s: %+v, %v", when, s, err)
		}
	}
	want("brought up to date", true, true)
	exec := func(sql string) {
		t.Helper()
		if _, err := owner.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("revoke usage on all sequences in schema river from " + store.AppRole)
	want("without its last rights", true, false)
	if err := store.Migrate(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	want("mended", true, true)
	exec("delete from river.river_migration where version = (select max(version) from river.river_migration)")
	want("without the last tables of the queue", true, false)
	exec("delete from goose_db_version where version_id = (select max(version_id) from goose_db_version)")
	want("of the version before", false, false)
	if s, err := store.SchemaOf(t.Context(), storetest.Blank(t)); err != nil || s.Has != 0 || s.Ready {
		t.Errorf("without a schema: %+v, %v", s, err)
	}
}
