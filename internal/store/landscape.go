package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// landscape is what stands around the fields of a workspace: small registers from which many pages name and explain what
// they show. It changes seldom, so that it is kept in memory from one change to the next.
type landscape struct {
	names        Names
	applications map[int64]landApplication
	categories   map[int64]landCategory
	rules        map[int64]*domain.RetentionRule // their names and periods
	programs     map[int64]landProgram
	purposes     map[int64]landPurpose
	points       map[int64]landPoint
	coded        map[string]landCategory // the categories by code
	// Names of what facets of fields offer, by the key of the filter and the id as it is written.
	facets map[string]map[string]string
}

type landApplication struct {
	ID      int64  `db:"id"`
	Name    string `db:"name"`
	Hosting string `db:"hosting"`
	Country string `db:"country"`
	Vendor  string `db:"vendor"`
}

type landCategory struct {
	ID      int64            `db:"id"`
	Code    string           `db:"code"`
	LabelFR string           `db:"label_fr"`
	LabelEN string           `db:"label_en"`
	Class   domain.GDPRClass `db:"gdpr_class"`
	Rule    *int64           `db:"retention_rule_id"`
}

// label is the name of the category in a language, as the page of a field has it.
func (c landCategory) label(lang string) string {
	if lang == "fr" {
		return c.LabelFR
	}
	return c.LabelEN
}

type landRule struct {
	ID            domain.RetentionRuleID `db:"id"`
	Name          string                 `db:"name"`
	ActiveMonths  *int                   `db:"active_months"`
	ArchiveMonths *int                   `db:"archive_months"`
	Criterion     string                 `db:"criterion"`
}

type landProgram struct {
	ID       int64                `db:"id"`
	Name     string               `db:"name"`
	Status   domain.ProgramStatus `db:"status"` // ended where it is archived
	StartsOn *time.Time           `db:"starts_on"`
	EndsOn   *time.Time           `db:"ends_on"`
	PausedOn *time.Time           `db:"paused_on"`

	needs []landNeed
}

// landPurpose is what a mapping to the purpose says of it.
type landPurpose struct {
	ID       int64               `db:"id"`
	Code     string              `db:"code"`
	Name     string              `db:"name"`
	Basis    string              `db:"legal_basis"`
	State    domain.PurposeState `db:"state"` // retired where it is archived
	StartsOn *time.Time          `db:"starts_on"`
	EndsOn   *time.Time          `db:"ends_on"`
	Rule     *int64              `db:"retention_rule_id"`
}

// inForce tells whether the purpose covers fields on a day.
func (p landPurpose) inForce(today time.Time) bool {
	return domain.PurposeFacts{State: p.State, StartsOn: p.StartsOn, EndsOn: p.EndsOn}.InForce(today)
}

type landPoint struct {
	ID      int64  `db:"id"`
	Name    string `db:"name"`
	Kind    string `db:"kind"`
	Notice  string `db:"notice"`
	Consent string `db:"consent"`
}

// landNeed is what a program's data of a category are for.
type landNeed struct {
	Program int64  `db:"program_id"`
	Code    string `db:"code"` // of the category
	Role    string `db:"role"`
}

// role is what the program uses data of a category for: as said of that category, else of the nearest above it.
func (p landProgram) role(code string) string {
	if code == "" {
		return ""
	}
	best := landNeed{}
	for _, n := range p.needs {
		if within(code, n.Code) && len(n.Code) > len(best.Code) {
			best = n
		}
	}
	return best.Role
}

// within tells whether a category is another, or one below it, by their codes.
func within(code, above string) bool {
	return code == above || strings.HasPrefix(code, above) && code[len(above)] == '.'
}

// categoryRule is the nearest category, from this one upwards, that has a retention rule.
func (l *landscape) categoryRule(category int64) (found landCategory, ok bool) {
	for code := l.categories[category].Code; code != ""; code = above(code) {
		if c := l.coded[code]; c.Rule != nil {
			return c, true
		}
	}
	return landCategory{}, false
}

// above is the code of the category that one is in; empty for a topmost one.
func above(code string) string { return code[:max(strings.LastIndexByte(code, '.'), 0)] }

// suggested is a category as suggestions name it, in a language.
func (l *landscape) suggested(code, lang string) (SuggestionCategory, bool) {
	c, found := l.coded[code]
	of := SuggestionCategory{ID: domain.CategoryID(c.ID), Code: c.Code, Label: c.label(lang), Class: c.Class}
	if top, _, below := strings.Cut(code, "."); below {
		of.Top = l.coded[top].label(lang)
	}
	return of, found
}

// landscapeStampSQL asks for a landscapeStamp: the transactions that changed the landscape and that none has followed up on.
const landscapeStampSQL = `select coalesce(string_agg(transaction::text, ',' order by transaction), '') as stamp
	from landscape_change where workspace_id = @ws`

// landscapeStamp tells one state of the landscape from every other.
type landscapeStamp struct {
	Stamp string `db:"stamp"`
}

// landKept keeps a part of the landscape of the workspaces, and of moments that are over, that were looked at last.
type landKept[T any] = kept[moment, landscapeStamp, T]

// landQuery asks for the stamp, beside what else a page asks.
type landQuery struct{ stamps []landscapeStamp }

func (q *landQuery) queue(b *pgx.Batch, by domain.Actor) {
	queue(b, &q.stamps, landscapeStampSQL, pgx.StrictNamedArgs{"ws": by.Workspace})
}

// landscape returns the landscape at the moment that the transaction sees.
func (s *Store) landscape(ctx context.Context, by domain.Actor) (*landscape, error) {
	return s.landscapeOf(ctx, by, landQuery{})
}

// landscapeOf returns the landscape that a page's batch asked the stamp of.
func (s *Store) landscapeOf(ctx context.Context, by domain.Actor, q landQuery) (*landscape, error) {
	return keep(ctx, s, by, q, s.landscapes, (*Store).readLandscape)
}

// flowsOf returns the flows, of the state that a page's batch asked the stamp of.
func (s *Store) flowsOf(ctx context.Context, by domain.Actor, q landQuery) (landFlows, error) {
	return keep(ctx, s, by, q, s.flows, (*Store).readFlows)
}

// keep returns what is kept of the state that the stamp tells, else reads it. A transaction that may have changed the landscape
// keeps nothing, and so does a past that may still change.
func keep[T any](ctx context.Context, s *Store, by domain.Actor, q landQuery, k *landKept[T],
	read func(*Store, context.Context, domain.Actor) (T, error)) (value T, err error) {
	if s.asOf.IsZero() && !s.isOver(by.AsOf) {
		k = nil
	}
	if k != nil && len(q.stamps) == 1 {
		if value, found := k.get(momentOf(by), q.stamps[0]); found {
			return value, nil
		}
	}
	err = s.Read(ctx, by, func(s *Store) error {
		if k == nil {
			value, err = read(s, ctx, by)
			return err
		}
		stamp, err := one[landscapeStamp](ctx, s, "landscape", landscapeStampSQL, pgx.StrictNamedArgs{"ws": by.Workspace})
		if err != nil {
			return err
		}
		var found bool
		if value, found = k.get(momentOf(by), stamp); found {
			return nil
		}
		if value, err = read(s, ctx, by); err == nil {
			k.put(momentOf(by), stamp, value)
		}
		return err
	})
	return value, err
}

func (s *Store) readLandscape(ctx context.Context, by domain.Actor) (*landscape, error) {
	var (
		b            pgx.Batch
		names        []nameRow
		applications []landApplication
		categories   []landCategory
		rules        []landRule
		programs     []landProgram
		needs        []landNeed
		purposes     []landPurpose
		points       []landPoint
		ws           = pgx.StrictNamedArgs{"ws": by.Workspace}
	)
	queue(&b, &names, namesSQL, ws)
	queue(&b, &applications, `select id, name, hosting, country, vendor from application where workspace_id = @ws`, ws)
	queue(&b, &categories, `select id, code, label_fr, label_en, gdpr_class, retention_rule_id from data_category where workspace_id = @ws`, ws)
	queue(&b, &rules, `select id, name, active_months, archive_months, criterion from retention_rule where workspace_id = @ws`, ws)
	queue(&b, &programs, `select id, name, case when archived_at is null then status else 'ended' end as status, starts_on, ends_on, paused_on
		from program where workspace_id = @ws`, ws)
	queue(&b, &needs, `select q.program_id, c.code, q.role from requirement q
		join data_category c on c.workspace_id = q.workspace_id and c.id = q.category_id where q.workspace_id = @ws and q.role <> ''`, ws)
	queue(&b, &purposes, `select id, code, name, legal_basis, case when archived_at is null then state else 'retired' end as state, starts_on, ends_on,
		retention_rule_id from purpose where workspace_id = @ws`, ws)
	queue(&b, &points, `select id, name, kind, notice, consent from collection_point where workspace_id = @ws`, ws)
	if err := s.db.SendBatch(ctx, &b).Close(); err != nil {
		return nil, translate("landscape", err)
	}
	for _, a := range applications {
		names = append(names, nameRow{"application", a.ID, a.Name})
	}
	for _, c := range categories {
		names = append(names, nameRow{"category", c.ID, c.Code})
	}
	for _, p := range purposes {
		names = append(names, nameRow{"purpose", p.ID, p.Code + " · " + p.Name})
	}
	for _, p := range points {
		names = append(names, nameRow{"collection_point", p.ID, p.Name})
	}
	for _, r := range rules {
		names = append(names, nameRow{"retention_rule", int64(r.ID), r.Name})
	}
	for _, p := range programs {
		names = append(names, nameRow{"program", p.ID, p.Name})
	}
	l := &landscape{names: namesOf(names),
		applications: keyed(applications, func(a landApplication) int64 { return a.ID }),
		categories:   keyed(categories, func(c landCategory) int64 { return c.ID }),
		rules:        map[int64]*domain.RetentionRule{},
		programs:     keyed(programs, func(p landProgram) int64 { return p.ID }),
		purposes:     keyed(purposes, func(p landPurpose) int64 { return p.ID }),
		points:       keyed(points, func(p landPoint) int64 { return p.ID }),
		coded:        keyed(categories, func(c landCategory) string { return c.Code })}
	l.names.categories = l.categories
	for _, r := range rules {
		l.rules[int64(r.ID)] = &domain.RetentionRule{ID: r.ID, Name: r.Name, ActiveMonths: r.ActiveMonths, ArchiveMonths: r.ArchiveMonths, Criterion: r.Criterion}
	}
	l.facets = map[string]map[string]string{"application": l.names.written("application"), "program": l.names.written("program"),
		"owner": l.names.written("user")}
	for _, n := range needs {
		p := l.programs[n.Program]
		p.needs = append(p.needs, n)
		l.programs[n.Program] = p
	}
	return l, nil
}

func keyed[K comparable, T any](list []T, key func(T) K) map[K]T {
	m := make(map[K]T, len(list))
	for _, v := range list {
		m[key(v)] = v
	}
	return m
}

// landFlow is a flow that carries whole datasets, or an application's.
type landFlow struct {
	ID                domain.FlowID        `db:"id"`
	Name              string               `db:"name"`
	Mechanism         string               `db:"mechanism"`
	Frequency         string               `db:"frequency"`
	Encrypted         string               `db:"encrypted"`
	Country           string               `db:"country"`
	Source            domain.ApplicationID `db:"source_application_id"`
	SourceName        string               `db:"source"`
	SourceDataset     *domain.DatasetID    `db:"source_dataset_id"`
	SourceDatasetName *string              `db:"source_dataset"`
	Target            domain.ApplicationID `db:"target_application_id"`
	TargetName        string               `db:"target"`
	TargetDataset     *domain.DatasetID    `db:"target_dataset_id"`
	TargetDatasetName *string              `db:"target_dataset"`
	ByField           bool                 `db:"by_field"` // it says which fields it carries
}

// landFlows are the flows of a workspace.
type landFlows struct {
	byID map[domain.FlowID]*landFlow
	from map[domain.ApplicationID][]*landFlow // by the application that sends
	to   map[domain.ApplicationID][]*landFlow
}

func (s *Store) readFlows(ctx context.Context, by domain.Actor) (l landFlows, err error) {
	rows, err := many[landFlow](ctx, s, "flow", `select w.id, w.name, w.mechanism, w.frequency, w.encrypted, w.country,
			w.source_application_id, sa.name as source, w.source_dataset_id, sd.name as source_dataset,
			w.target_application_id, ta.name as target, w.target_dataset_id, td.name as target_dataset,
			exists(select from flow_field x where x.workspace_id = w.workspace_id and x.flow_id = w.id) as by_field
		from flow w
		join application sa on sa.workspace_id = w.workspace_id and sa.id = w.source_application_id
		join application ta on ta.workspace_id = w.workspace_id and ta.id = w.target_application_id
		left join dataset sd on sd.workspace_id = w.workspace_id and sd.id = w.source_dataset_id
		left join dataset td on td.workspace_id = w.workspace_id and td.id = w.target_dataset_id
		where w.workspace_id = @ws and w.archived_at is null`, pgx.StrictNamedArgs{"ws": by.Workspace})
	l = landFlows{map[domain.FlowID]*landFlow{}, map[domain.ApplicationID][]*landFlow{}, map[domain.ApplicationID][]*landFlow{}}
	for i := range rows {
		w := &rows[i]
		l.byID[w.ID] = w
		l.from[w.Source] = append(l.from[w.Source], w)
		l.to[w.Target] = append(l.to[w.Target], w)
	}
	return l, err
}

// fieldFlowsMost bounds what the page of a field lists.
const fieldFlowsMost = 200

// of returns the flows that carry a field: those that name it, and those that carry its whole dataset or application.
// Incoming flows come first, among them those that name the field, then by name.
func (l landFlows) of(application domain.ApplicationID, dataset domain.DatasetID, named []carriedField) []FieldFlow {
	var list []FieldFlow
	for _, n := range named {
		if w := l.byID[n.Flow]; w != nil {
			f := w.end(n.Incoming, "field")
			f.FieldID, f.Field = n.FieldID, n.Field
			list = append(list, f)
		}
	}
	add := func(flows []*landFlow, incoming bool) {
		for _, w := range flows {
			end := w.SourceDataset
			if incoming {
				end = w.TargetDataset
			}
			switch {
			case w.ByField:
			case end == nil:
				list = append(list, w.end(incoming, "application"))
			case *end == dataset:
				list = append(list, w.end(incoming, "dataset"))
			}
		}
	}
	add(l.to[application], true)
	add(l.from[application], false)
	slices.SortStableFunc(list, func(a, b FieldFlow) int {
		return cmp.Or(flowRank(a)-flowRank(b), strings.Compare(domain.Fold(a.Name), domain.Fold(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return list[:min(len(list), fieldFlowsMost)]
}

func flowRank(f FieldFlow) (rank int) {
	if !f.Incoming {
		rank += 2
	}
	if f.Level != "field" {
		rank++
	}
	return rank
}

// end is the flow as one of its ends sees it.
func (w *landFlow) end(incoming bool, level string) FieldFlow {
	f := FieldFlow{ID: w.ID, Name: w.Name, Incoming: incoming, Level: level, Mechanism: w.Mechanism, Frequency: w.Frequency,
		Encrypted: w.Encrypted, Country: w.Country, Application: w.TargetName, ApplicationID: w.Target, Dataset: w.TargetDatasetName}
	if incoming {
		f.Application, f.ApplicationID, f.Dataset = w.SourceName, w.Source, w.SourceDatasetName
	}
	return f
}

// carriedField is a flow that names a field, and the field at its other end.
type carriedField struct {
	Flow     domain.FlowID   `db:"flow_id"`
	Incoming bool            `db:"incoming"`
	FieldID  *domain.FieldID `db:"field_id"`
	Field    *string         `db:"field"`
}

const carriedFieldSQL = `select x.flow_id, x.incoming, o.id as field_id, o.name as field
	from (select flow_id, false as incoming, target_field_id as other from flow_field where workspace_id = @ws and source_field_id = @id
		union all
		select flow_id, true, source_field_id from flow_field where workspace_id = @ws and target_field_id = @id) x
	left join field o on o.workspace_id = @ws and o.id = x.other`
