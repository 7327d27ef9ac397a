package store

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// Record makes the record of processing as it stands, or as it stood at the moment that the actor looks at: the sheets of
// every purpose that is drafted or in force, and of what is processed for clients, without what is archived. Each kind of fact
// is read for all purposes at once.
func (s *Store) Record(ctx context.Context, by domain.Actor) (record domain.Record, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		record, err = s.recordOf(ctx, by, s.recordParties, s.recordPurposes, s.recordData, s.recordPlaces, s.recordPoints, s.recordFlows, s.recordClients)
		return err
	})
	return record, err
}

// recordOf makes a record of what some reads find: its sheets say of the rest that there is none.
func (s *Store) recordOf(ctx context.Context, by domain.Actor, reads ...func(context.Context, domain.Actor, *domain.RecordInput) error) (domain.Record, error) {
	slug, _, _ := strings.Cut(by.Slug, "@")
	in := domain.RecordInput{Workspace: slug, Day: domain.Day(s.now().UTC())}
	for _, read := range reads {
		if err := read(ctx, by, &in); err != nil {
			return domain.Record{}, err
		}
	}
	return domain.NewRecord(in), nil
}

func (s *Store) recordParties(ctx context.Context, by domain.Actor, in *domain.RecordInput) (err error) {
	if in.Organisation, err = s.organisation(ctx, by); err != nil {
		return err
	}
	in.Countries, err = s.countries(ctx, by)
	return err
}

func (s *Store) recordPurposes(ctx context.Context, by domain.Actor, in *domain.RecordInput) error {
	rows, err := many[purposeRow](ctx, s, "purpose", `select `+purposeCols+` from purpose
		where workspace_id = @ws and archived_at is null and state <> 'retired' order by lower(code) collate "C", id`, pgx.StrictNamedArgs{"ws": by.Workspace})
	if err != nil {
		return err
	}
	in.Purposes = mapSlice(rows, purposeRow.purpose)
	rules, err := many[retentionRow](ctx, s, "retention_rule", `select `+retentionCols+` from retention_rule where workspace_id = @ws`, pgx.StrictNamedArgs{"ws": by.Workspace})
	in.Rules = map[domain.RetentionRuleID]domain.RetentionRule{}
	for _, r := range mapSlice(rules, retentionRow.rule) {
		in.Rules[r.ID] = r
	}
	return err
}

// recordSQL are the mappings that a record leans on, with their fields.
const recordSQL = `purpose_mapping m join field f on f.workspace_id = m.workspace_id and f.id = m.field_id and f.state = 'active'
	join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id and p.archived_at is null and p.state <> 'retired'`

func (s *Store) recordData(ctx context.Context, by domain.Actor, in *domain.RecordInput) error {
	type row struct {
		Purpose  domain.PurposeID `db:"purpose_id"`
		Code     string           `db:"code"`
		FR       string           `db:"label_fr"`
		EN       string           `db:"label_en"`
		DPV      string           `db:"dpv_concept"`
		Class    domain.GDPRClass `db:"gdpr_class"`
		Approved int64            `db:"approved"`
		Proposed int64            `db:"proposed"`
		In       []string         `db:"applications"`
		Rules    []int64          `db:"rules"`
		Bound    []int64          `db:"bound"`
	}
	rows, err := many[row](ctx, s, "mapping", `
		with t as (
			select m.purpose_id, f.category_id, f.gdpr_class, f.application_id, coalesce(f.effective_rule_id, 0) as rule_id, count(*) filter (where m.state = 'approved') as approved,
				count(*) filter (where m.state = 'proposed') as proposed
			from `+recordSQL+` where m.workspace_id = @ws and m.state <> 'rejected' and f.gdpr_class <> 'non_personal' group by 1, 2, 3, 4, 5
		)
		select t.purpose_id, coalesce(c.code, '') as code, coalesce(c.label_fr, '') as label_fr, coalesce(c.label_en, '') as label_en,
			coalesce(c.dpv_concept, '') as dpv_concept, t.gdpr_class, sum(t.approved)::bigint as approved, sum(t.proposed)::bigint as proposed,
			coalesce(array_agg(distinct a.name collate "C" order by a.name collate "C") filter (where t.approved > 0), '{}') as applications,
			array_agg(t.rule_id order by t.rule_id, t.application_id) as rules, array_agg(t.approved order by t.rule_id, t.application_id) as bound
		from t join application a on a.workspace_id = @ws and a.id = t.application_id
		left join data_category c on c.workspace_id = @ws and c.id = t.category_id
		group by 1, 2, 3, 4, 5, 6
		order by 1, array_position(array['nir', 'criminal_art10', 'sensitive_art9', 'highly_personal', 'personal'], t.gdpr_class), coalesce(c.code, '') collate "C"`,
		pgx.StrictNamedArgs{"ws": by.Workspace})
	in.Data = map[domain.PurposeID][]domain.RecordData{}
	for _, r := range rows {
		bound := map[domain.RetentionRuleID]int64{}
		for i, rule := range r.Rules {
			if r.Bound[i] > 0 {
				bound[domain.RetentionRuleID(rule)] += r.Bound[i]
			}
		}
		in.Data[r.Purpose] = append(in.Data[r.Purpose], domain.RecordData{Bound: bound, Kind: domain.DataKindOf(r.Code, r.Class), Code: r.Code,
			Label: domain.Labels{FR: r.FR, EN: r.EN}, Class: r.Class, Approved: r.Approved, Proposed: r.Proposed, In: r.In, DPV: r.DPV})
	}
	return err
}

func (s *Store) recordPlaces(ctx context.Context, by domain.Actor, in *domain.RecordInput) error {
	type row struct {
		Purpose     domain.PurposeID     `db:"purpose_id"`
		Application domain.ApplicationID `db:"application_id"`
		Name        string               `db:"name"`
		Vendor      string               `db:"vendor"`
		Processor   string               `db:"processor"`
		Hosting     string               `db:"hosting"`
		Country     string               `db:"country"`
		Fields      int64                `db:"fields"`
		Dataset     string               `db:"dataset"`
		Subjects    []string             `db:"subjects"`
		Rows        *int64               `db:"row_count"`
	}
	rows, err := many[row](ctx, s, "mapping", `
		with t as (
			select m.purpose_id, f.application_id, f.dataset_id, count(*) as fields
			from `+recordSQL+` where m.workspace_id = @ws and m.state = 'approved' and f.gdpr_class <> 'non_personal' group by 1, 2, 3
		)
		select t.purpose_id, t.application_id, a.name, a.vendor, a.processor, a.hosting, a.country, t.fields, d.name as dataset, d.subjects, d.row_count
		from t join application a on a.workspace_id = @ws and a.id = t.application_id join dataset d on d.workspace_id = @ws and d.id = t.dataset_id
		order by t.purpose_id, a.name collate "C", a.id, d.name collate "C", d.id`, pgx.StrictNamedArgs{"ws": by.Workspace})
	in.Places = map[domain.PurposeID][]domain.RecordPlace{}
	for _, r := range rows {
		places := in.Places[r.Purpose]
		if n := len(places); n == 0 || places[n-1].Application != r.Application {
			places = append(places, domain.RecordPlace{Application: r.Application, Name: r.Name, Vendor: r.Vendor, Processor: r.Processor,
				Hosting: r.Hosting, Country: r.Country})
		}
		last := &places[len(places)-1]
		last.Fields += r.Fields
		last.Datasets = append(last.Datasets, domain.RecordSet{Name: r.Dataset, Subjects: r.Subjects, Rows: r.Rows})
		in.Places[r.Purpose] = places
	}
	return err
}

func (s *Store) recordPoints(ctx context.Context, by domain.Actor, in *domain.RecordInput) error {
	type row struct {
		Purpose domain.PurposeID `db:"purpose_id"`
		Name    string           `db:"name"`
	}
	rows, err := many[row](ctx, s, "mapping", `select m.purpose_id, c.name
		from `+recordSQL+` join field_collection x on x.workspace_id = m.workspace_id and x.field_id = m.field_id
			join collection_point c on c.workspace_id = x.workspace_id and c.id = x.collection_point_id
		where m.workspace_id = @ws and m.state = 'approved' group by m.purpose_id, c.name order by m.purpose_id, c.name collate "C"`, pgx.StrictNamedArgs{"ws": by.Workspace})
	in.Points = map[domain.PurposeID][]string{}
	for _, r := range rows {
		in.Points[r.Purpose] = append(in.Points[r.Purpose], r.Name)
	}
	return err
}

func (s *Store) recordFlows(ctx context.Context, by domain.Actor, in *domain.RecordInput) error {
	type row struct {
		Purpose   domain.PurposeID `db:"purpose_id"`
		Name      string           `db:"name"`
		From      string           `db:"source"`
		To        string           `db:"target"`
		Encrypted string           `db:"encrypted"`
		Country   string           `db:"country"`
		Vendor    string           `db:"vendor"`
		Processor string           `db:"processor"`
	}
	rows, err := many[row](ctx, s, "flow", `select f.purpose_id, f.name, a.name as source, b.name as target, f.encrypted, f.country, b.vendor, b.processor
		from flow f join application a on a.workspace_id = f.workspace_id and a.id = f.source_application_id
			join application b on b.workspace_id = f.workspace_id and b.id = f.target_application_id
		where f.workspace_id = @ws and f.archived_at is null and f.purpose_id is not null order by f.purpose_id, f.name collate "C", f.id`,
		pgx.StrictNamedArgs{"ws": by.Workspace})
	in.Flows = map[domain.PurposeID][]domain.RecordFlow{}
	for _, r := range rows {
		in.Flows[r.Purpose] = append(in.Flows[r.Purpose], domain.RecordFlow{Name: r.Name, From: r.From, To: r.To, Encrypted: r.Encrypted,
			Country: r.Country, Vendor: r.Vendor, Processor: r.Processor})
	}
	return err
}

func (s *Store) recordClients(ctx context.Context, by domain.Actor, in *domain.RecordInput) error {
	rows, err := many[clientProcessingRow](ctx, s, "client_processing", `select `+clientProcessingCols+` from client_processing
		where workspace_id = @ws and archived_at is null order by lower(code) collate "C", id`, pgx.StrictNamedArgs{"ws": by.Workspace})
	in.Clients = mapSlice(rows, clientProcessingRow.clientProcessing)
	return err
}

// PublicRecord is the record of the workspace of that name in addresses, with its organisation, for its public page. NotFound
// where there is no such workspace; whether anything is published is for the caller to ask.
func (s *Store) PublicRecord(ctx context.Context, slug, lang string) (record domain.Record, o domain.Organisation, err error) {
	w, err := s.WorkspaceBySlug(ctx, slug)
	if err != nil {
		return record, o, err
	}
	by := domain.Actor{Workspace: w.ID, Slug: w.Slug, Lang: lang}
	err = s.Read(ctx, by, func(s *Store) error {
		if o, err = s.organisation(ctx, by); err != nil || !o.Published {
			return err
		}
		record, err = s.Record(ctx, by)
		return err
	})
	return record, o, err
}
