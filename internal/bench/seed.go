package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"utile/internal/domain"
	"utile/internal/store"
)

// How much there is beside the fields, whose number is chosen.
const (
	applications = 100
	datasets     = 2_000
	flows        = 5_000
	programs     = 40
	purposes     = 25
)

// database is a filled database with all that the workloads need to know of it.
type database struct {
	store  *store.Store
	owner  *pgxpool.Pool
	by     domain.Actor // administrator of the workspace
	cookie string       // of a session of theirs
	// The first ids of things that were numbered one after the other.
	firstApplication, firstProgram, firstField int64
	fields                                     int
}

func (d *database) close() {
	d.store.Close()
	d.owner.Close()
}

// words are what the names of fields are made of: each is in about one field of sixty.
var words = []string{"email", "phone", "mobile", "first_name", "last_name", "birth_date", "gender", "title", "street", "postcode",
	"city", "country", "language", "loyalty_tier", "loyalty_points", "order_count", "order_amount", "basket_value", "last_visit", "last_order",
	"consent_mail", "consent_sms", "consent_profiling", "segment", "score", "churn_risk", "store_code", "channel", "campaign", "voucher",
	"iban", "card_token", "payment_method", "invoice_number", "delivery_mode", "returns", "complaint", "contact_reason", "satisfaction", "nps",
	"ip_address", "device_id", "cookie_id", "browser", "referrer", "utm_source", "household", "children", "pet", "profession",
	"income_band", "interests", "size", "favourite_brand", "wishlist", "notes", "created_by", "updated_by", "external_ref", "row_hash"}

// sizes are how many fields each workspace gets; the last one is measured. There are others, so that what keeps them apart
// has something to do.
func (o options) sizes() []int {
	if o.spaces == 0 {
		return []int{o.fields / 10, o.fields}
	}
	return slices.Repeat([]int{o.fields / o.spaces}, o.spaces)
}

// seed fills workspaces of these sizes.
func seed(ctx context.Context, dsn string, sizes []int, r *report) (*database, error) {
	d := &database{fields: sizes[len(sizes)-1]}
	var err error
	if d.owner, err = floorPool(ctx, dsn); err != nil {
		return nil, err
	}
	if d.store, err = store.Open(ctx, dsn); err != nil {
		return nil, err
	}
	var user domain.UserID
	if err := d.owner.QueryRow(ctx, `insert into app_user (email, name, locale, password_hash) values ('bench@example.com', 'Camille Bench', 'en', '!') returning id`).
		Scan(&user); err != nil {
		return nil, err
	}
	for i, n := range sizes {
		last := i == len(sizes)-1
		slug := "bench"
		if !last {
			slug = fmt.Sprintf("beside-%d", i)
		}
		by := domain.Actor{User: user, Name: "Camille Bench", Email: "bench@example.com", Role: domain.RoleAdmin, Lang: "en"}
		w, err := d.store.AddWorkspace(ctx, by, domain.Workspace{Slug: slug, Name: slug, Locale: "en", Thresholds: domain.DefaultThresholds()})
		if err != nil {
			return nil, err
		}
		by.Workspace, by.Slug = w.ID, w.Slug
		s := seeder{ctx: ctx, d: d, by: by, fields: n, random: mathrand.New(mathrand.NewPCG(1, uint64(i)))}
		say(fmt.Sprintf("filling %s: %d fields", slug, n))
		if err := s.fill(); err != nil {
			return nil, err
		}
		if i == 0 || last { // as the database does by itself before long; judging many fields sees to it too
			if _, err := d.owner.Exec(ctx, "analyze"); err != nil {
				return nil, err
			}
		}
		say("judging")
		began := time.Now()
		if err := d.store.JudgeAll(ctx, by); err != nil {
			return nil, err
		}
		if last {
			d.by = by
			d.firstApplication, d.firstProgram, d.firstField = s.application, s.program, s.field
			r.note("first judgement of all fields, each verdict stored", "%.1f s", time.Since(began).Seconds())
		}
		if err := d.store.FoldTally(ctx, by); err != nil {
			return nil, err
		}
		if err := d.suggested(ctx, by); err != nil {
			return nil, err
		}
	}
	say("vacuum")
	if _, err := d.owner.Exec(ctx, "vacuum (analyze)"); err != nil {
		return nil, err
	}
	return d, d.signIn(ctx)
}

// suggested says that the categories of the fields were suggested: a server would make the suggestions in the background for
// minutes, beside the pages that are measured.
func (d *database) suggested(ctx context.Context, by domain.Actor) error {
	if _, err := d.owner.Exec(ctx, "delete from suggestion_due where workspace_id = $1", int64(by.Workspace)); err != nil {
		return err
	}
	_, err := d.owner.Exec(ctx, `insert into suggestion_run (workspace_id, classifier_version) values ($1, $2)
		on conflict (workspace_id) do update set classifier_version = excluded.classifier_version`, int64(by.Workspace), store.ClassifierVersion)
	return err
}

// signIn opens a session as a sign-in does.
func (d *database) signIn(ctx context.Context) error {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	token := base64.RawURLEncoding.EncodeToString(b[:])
	hash := sha256.Sum256([]byte(token))
	d.cookie = "utile=" + token
	return d.store.AddSession(ctx, store.AuthSession{TokenHash: hash[:], User: d.by.User, Agent: "bench"})
}

// seeder fills one workspace with bulk copies.
type seeder struct {
	ctx    context.Context
	d      *database
	by     domain.Actor
	fields int
	random *mathrand.Rand
	// The first ids of each kind.
	application, dataset, category, program, purpose, field, flow int64
	classes                                                       []string // by place of the category
}

func (s *seeder) fill() error {
	for _, step := range []func() error{s.reserve, s.applications, s.datasets, s.programs, s.purposes, s.fieldRows, s.links, s.mappings,
		s.evidence, s.flows} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// reserve takes ranges of ids, since rows that point at each other are copied without asking for their ids.
func (s *seeder) reserve() error {
	for _, r := range []struct {
		table string
		n     int
		first *int64
	}{{"application", applications, &s.application}, {"dataset", datasets, &s.dataset}, {"program", programs, &s.program},
		{"purpose", purposes, &s.purpose}, {"field", s.fields, &s.field}, {"flow", flows, &s.flow}} {
		if err := s.d.owner.QueryRow(s.ctx, `select min(id) from (select nextval(pg_get_serial_sequence($1, 'id')) as id from generate_series(1, $2)) x`,
			r.table, r.n).Scan(r.first); err != nil {
			return err
		}
	}
	rows, err := s.d.owner.Query(s.ctx, `select id, gdpr_class from data_category where workspace_id = $1 order by id`, s.by.Workspace)
	if err != nil {
		return err
	}
	var id int64
	var class string
	_, err = pgx.ForEachRow(rows, []any{&id, &class}, func() error {
		if s.category == 0 {
			s.category = id
		}
		s.classes = append(s.classes, class)
		return nil
	})
	return err
}

// copy writes n rows. Foreign keys are not checked: the rows are right by how they are made, and checking three million of
// them takes longer than everything else.
func (s *seeder) copy(table string, checked bool, columns []string, n int, row func(i int) []any) error {
	conn, err := s.d.owner.Acquire(s.ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if !checked {
		if _, err := conn.Exec(s.ctx, "set session_replication_role = replica"); err != nil {
			return err
		}
		defer func() { _, _ = conn.Exec(context.WithoutCancel(s.ctx), "reset session_replication_role") }()
	}
	_, err = conn.CopyFrom(s.ctx, pgx.Identifier{table}, append([]string{"workspace_id"}, columns...), pgx.CopyFromSlice(n, func(i int) ([]any, error) {
		return append([]any{int64(s.by.Workspace)}, row(i)...), nil
	}))
	if err != nil {
		return fmt.Errorf("filling %s: %w", table, err)
	}
	return nil
}

func (s *seeder) applications() error {
	kinds := []string{"CRM", "ERP", "Marketing", "Data warehouse", "Point of sale"}
	return s.copy("application", true, []string{"id", "name", "kind", "vendor"}, applications, func(i int) []any {
		return []any{s.application + int64(i), fmt.Sprintf("%s %02d", kinds[i%len(kinds)], i), kinds[i%len(kinds)], fmt.Sprintf("Vendor %d", i%17)}
	})
}

func (s *seeder) datasets() error {
	return s.copy("dataset", true, []string{"id", "application_id", "name", "subjects", "row_count", "is_master"}, datasets, func(i int) []any {
		return []any{s.dataset + int64(i), s.application + int64(i%applications), fmt.Sprintf("customer_table_%04d", i), []string{"customer"}, int64(1000 * (i%50 + 1)), i%200 == 0}
	})
}

func (s *seeder) programs() error {
	statuses := []string{"live", "live", "live", "planned", "paused", "ended", "idea"}
	return s.copy("program", true, []string{"id", "code", "name", "status"}, programs, func(i int) []any {
		return []any{s.program + int64(i), fmt.Sprintf("P%02d", i), fmt.Sprintf("Program %02d of the relational plan", i), statuses[i%len(statuses)]}
	})
}

func (s *seeder) purposes() error {
	states := []string{"in_force", "in_force", "in_force", "draft", "retired"}
	return s.copy("purpose", true, []string{"id", "code", "name", "legal_basis", "state", "needs_program"}, purposes, func(i int) []any {
		return []any{s.purpose + int64(i), fmt.Sprintf("F%02d", i), fmt.Sprintf("Purpose %02d of the record", i), "f_legitimate", states[i%len(states)], i%4 != 0}
	})
}

func (s *seeder) fieldRows() error {
	each := (s.fields + datasets - 1) / datasets
	columns := []string{"id", "dataset_id", "application_id", "name", "label", "description", "comment", "data_type", "is_key", "position", "category_id", "gdpr_class", "origin"}
	origins := []string{"collected", "received", "observed", "derived", "technical", "unknown"}
	return s.copy("field", false, columns, s.fields, func(i int) []any {
		dataset, place := i/each, i%each
		word := words[(place*7+dataset)%len(words)]
		name, label, description, comment := word, "", "", ""
		if place >= len(words)/2 {
			name = fmt.Sprintf("%s_%d", word, place)
		}
		if s.random.IntN(2) == 0 {
			label = fmt.Sprintf("Customer %s (%d)", word, place)
		}
		if s.random.IntN(3) == 0 {
			description = "Filled by the shop or the call centre when the customer agrees, and checked once a year."
		}
		if s.random.IntN(4) == 0 {
			comment = "as found in the source"
		}
		var category any
		class := "unclassified"
		if s.random.IntN(5) > 0 {
			at := s.random.IntN(len(s.classes))
			category, class = s.category+int64(at), s.classes[at]
		}
		return []any{s.field + int64(i), s.dataset + int64(dataset), s.application + int64(dataset%applications), name, label, description, comment,
			"varchar(80)", place == 0, place, category, class, origins[s.random.IntN(len(origins))]}
	})
}

// links ties each field to none to four programs, two in the middle.
func (s *seeder) links() error {
	levels := []string{"essential", "essential", "useful", "avoid"}
	type link struct {
		field, program int64
		level          string
	}
	var list []link
	for i := range s.fields {
		first := s.random.IntN(programs)
		for k := range s.random.IntN(5) {
			list = append(list, link{s.field + int64(i), s.program + int64((first+k*7)%programs), levels[s.random.IntN(len(levels))]})
		}
	}
	return s.copy("program_link", false, []string{"field_id", "program_id", "level"}, len(list), func(i int) []any {
		return []any{list[i].field, list[i].program, list[i].level}
	})
}

// mappings ties four fields of ten to one or two purposes.
func (s *seeder) mappings() error {
	states := []string{"approved", "approved", "approved", "proposed", "rejected"}
	type mapping struct {
		field, purpose int64
		state          string
	}
	var list []mapping
	for i := range s.fields {
		if s.random.IntN(10) >= 4 {
			continue
		}
		first := s.random.IntN(purposes)
		for k := range 1 + s.random.IntN(2) {
			list = append(list, mapping{s.field + int64(i), s.purpose + int64((first+k*3)%purposes), states[s.random.IntN(len(states))]})
		}
	}
	var first int64
	if err := s.d.owner.QueryRow(s.ctx, `select min(id) from (select nextval(pg_get_serial_sequence('purpose_mapping', 'id')) as id from generate_series(1, $1)) x`,
		len(list)).Scan(&first); err != nil {
		return err
	}
	return s.copy("purpose_mapping", false, []string{"id", "field_id", "purpose_id", "state"}, len(list), func(i int) []any {
		return []any{first + int64(i), list[i].field, list[i].purpose, list[i].state}
	})
}

// evidence measures six fields of ten.
func (s *seeder) evidence() error {
	now := time.Now().UTC().Truncate(time.Second)
	columns := []string{"field_id", "reads", "window_days", "last_read_at", "reads_measured_at", "row_count", "non_null_count", "distinct_count", "fill_measured_at"}
	return s.copy("field_evidence", false, columns, s.fields*6/10, func(i int) []any {
		field := s.field + int64(i)*10/6
		rows := int64(1000 + s.random.IntN(100_000))
		filled := int64(float64(rows) * s.random.Float64())
		var reads, last any = int64(0), nil
		if s.random.IntN(2) == 0 {
			reads, last = int64(1+s.random.IntN(5000)), now.Add(-time.Duration(s.random.IntN(400))*24*time.Hour)
		}
		return []any{field, reads, 90, last, now.Add(-24 * time.Hour), rows, filled, min(filled, int64(s.random.IntN(2000))), now.Add(-24 * time.Hour)}
	})
}

// flows runs nine of ten flows between datasets, the rest between whole applications.
func (s *seeder) flows() error {
	columns := []string{"id", "name", "source_application_id", "source_dataset_id", "target_application_id", "target_dataset_id"}
	return s.copy("flow", true, columns, flows, func(i int) []any {
		from := s.random.IntN(datasets)
		to := (from + 1 + s.random.IntN(datasets-1)) % datasets
		var source, target any
		if i%10 != 0 {
			source, target = s.dataset+int64(from), s.dataset+int64(to)
		}
		return []any{s.flow + int64(i), fmt.Sprintf("Flow %04d", i), s.application + int64(from%applications), source,
			s.application + int64(to%applications), target}
	})
}
