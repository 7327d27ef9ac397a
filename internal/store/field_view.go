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

// The forms of the page of a field that offer a choice.
const (
	FieldLinkForm    = "link"    // of a program
	FieldProposeForm = "propose" // of a purpose
)

// FieldView is everything that the page of a field shows.
type FieldView struct {
	Field    domain.Field
	Place    FieldPlace
	Finding  domain.Finding // as stored: the page shows what the lists show
	Grade    domain.Grade
	Facts    domain.FieldFacts // measured facts, for the sentences of the flags; without links and mappings
	Sources  FieldSources
	Points   []FieldPoint
	Links    []FieldLink
	Mappings []FieldMapping
	Flows    []FieldFlow
	Decision *FieldDecision // in force; nil for none
	// Workshops are those whose decision about the field was applied, newest first.
	Workshops []FieldWorkshop
	// Suggestion is the category that is suggested; nil where the field has one, or none is suggested.
	Suggestion *FieldSuggestion
	Events     []domain.Event // newest first
	Imports    []ImportChange // newest first
	Remarks    []domain.Remark
	Names      Names
	Options    []domain.Option // of the form that is open
	Chrome     Chrome          // of the frame around it
	// Completeness is a percentage; Missing names what would raise it, the heaviest first.
	Completeness int
	Missing      []string
	Retention    []FieldRule // every rule that may bind the field
	Targets      []FieldTarget
}

// FieldTarget is what is to become of a field, for a program or for the whole workspace.
type FieldTarget struct {
	ID      domain.TargetID     `db:"id"`
	Action  domain.TargetAction `db:"target_action"`
	Due     *time.Time          `db:"due_on"`
	Program *domain.ProgramID   `db:"program_id"` // nil for the whole workspace
}

// FieldPlace is where a field is, and what holds it.
type FieldPlace struct {
	Dataset         string     `db:"dataset"`
	Subjects        []string   `db:"subjects"`
	RowCount        *int64     `db:"dataset_rows"`
	DatasetRule     *int64     `db:"dataset_rule_id"`    // retention rule of the dataset
	Rule            *int64     `db:"effective_rule_id"`  // that binds the field
	OldestRecordOn  *time.Time `db:"oldest_record_on"`   // as measured, else as declared
	OldestMeasured  *time.Time `db:"oldest_measured_at"` // nil where it is declared
	OldestSource    *string    `db:"oldest_source"`
	DatasetArchived bool       `db:"dataset_archived"`

	// Of what stands around the field.
	Application  string `db:"-"`
	Hosting      string `db:"-"`
	Country      string `db:"-"`
	Vendor       string `db:"-"`
	Category     string `db:"-"` // empty for none, as its code
	CategoryCode string `db:"-"`
}

// FieldSources say where each measured fact comes from.
type FieldSources struct {
	ReadsSource    *string    `db:"reads_source"`
	LastReadSource *string    `db:"last_read_source"` // nil where the last read was measured with the reads
	WriteSource    *string    `db:"write_source"`
	FillSource     *string    `db:"fill_source"`
	FillMeasuredAt *time.Time `db:"fill_measured_at"`
}

// fieldJudgement is what is stored of a field's verdict, and the measures behind it.
type fieldJudgement struct {
	Verdict         domain.Verdict `db:"verdict"`
	Lawful          bool           `db:"lawful"`
	Used            bool           `db:"used"`
	UsedWhy         domain.UsedWhy `db:"used_why"`
	Flags           int32          `db:"flags"`
	Grade           domain.Grade   `db:"grade"`
	Reads           *int64         `db:"reads"`
	WindowDays      *int           `db:"window_days"`
	LastReadAt      *time.Time     `db:"last_read_at"`
	LastReadAsOf    *time.Time     `db:"last_read_measured_at"`
	ReadsMeasuredAt *time.Time     `db:"reads_measured_at"`
	LastWriteAt     *time.Time     `db:"last_write_at"`
	WriteMeasuredAt *time.Time     `db:"write_measured_at"`
	RowCount        *int64         `db:"row_count"`
	NonNullCount    *int64         `db:"non_null_count"`
	DistinctCount   *int64         `db:"distinct_count"`
}

// FieldPoint is a place where a field is collected.
type FieldPoint struct {
	ID     domain.CollectionPointID `db:"id"`
	Answer string                   `db:"answer"`

	// Of the point.
	Name    string `db:"-"`
	Kind    string `db:"-"`
	Notice  string `db:"-"`
	Consent string `db:"-"`
}

// FieldLink is a program that a field is linked to.
type FieldLink struct {
	Program  domain.ProgramID `db:"program_id"`
	Level    string           `db:"level"`
	Role     string           `db:"role"` // as said of the link, else of the program's need of the category
	Note     string           `db:"note"`
	Source   string           `db:"source"`
	LinkedBy *domain.UserID   `db:"linked_by"`
	LinkedAt time.Time        `db:"linked_at"`

	// Of the program.
	Name     string               `db:"-"`
	Status   domain.ProgramStatus `db:"-"`
	StartsOn *time.Time           `db:"-"`
	EndsOn   *time.Time           `db:"-"`
	PausedOn *time.Time           `db:"-"`
}

// FieldMapping is a purpose that a field is mapped to.
type FieldMapping struct {
	ID              domain.MappingID    `db:"id"`
	Purpose         domain.PurposeID    `db:"purpose_id"`
	State           domain.MappingState `db:"state"`
	Justification   string              `db:"justification"`
	ProposedBy      *domain.UserID      `db:"proposed_by"`
	ProposedAt      time.Time           `db:"proposed_at"`
	DecidedBy       *domain.UserID      `db:"decided_by"`
	DecidedAt       *time.Time          `db:"decided_at"`
	Reason          string              `db:"decision_reason"`
	SelfApproved    bool                `db:"self_approved"`
	ReopenedBecause string              `db:"reopened_because"`
	// Of the approval that was given last and not taken back; its terms are nil where there is none.
	ApprovedBy    *string      `db:"approved_by_name"`
	ApprovedAt    *time.Time   `db:"approved_at"`
	ApprovedUntil *time.Time   `db:"until"`
	Terms         domain.Terms `db:"terms"`

	// Of the purpose.
	Code    string `db:"-"`
	Name    string `db:"-"`
	Basis   string `db:"-"`
	InForce bool   `db:"-"` // it covers fields today
	Rule    *int64 `db:"-"`
}

// FieldFlow is a flow that carries a field, or the dataset or application that holds it.
type FieldFlow struct {
	ID        domain.FlowID
	Name      string
	Incoming  bool
	Level     string // field, dataset or application: what the flow says that it carries
	Mechanism string
	Frequency string
	Encrypted string
	Country   string
	// The other end.
	Application   string
	ApplicationID domain.ApplicationID
	Dataset       *string
	FieldID       *domain.FieldID
	Field         *string
}

// FieldDecision is a person's answer to a flag that is in force.
type FieldDecision struct {
	Kind   string
	Reason string
	Until  *time.Time
	By     string
	At     time.Time
}

// fieldViewRow is what is known of one field alone.
type fieldViewRow struct {
	fieldOwnRow
	FieldPlace
	FieldSources
	fieldJudgement
	DecisionKind   *string    `db:"decision_kind"` // nil for none, as what follows
	DecisionReason *string    `db:"decision_reason"`
	DecisionUntil  *time.Time `db:"decision_until"`
	DecidedBy      *string    `db:"decided_by_name"`
	DecidedAt      *time.Time `db:"decided_at"`
}

func (r fieldViewRow) decision() *FieldDecision {
	if r.DecisionKind == nil {
		return nil
	}
	return &FieldDecision{Kind: *r.DecisionKind, Reason: deref(r.DecisionReason), Until: r.DecisionUntil, By: deref(r.DecidedBy), At: deref(r.DecidedAt)}
}

const fieldViewEvents = 50

// queue adds a query to a batch; its rows are read into values by the names of their db tags.
func queue[T any](b *pgx.Batch, into *[]T, sql string, args pgx.StrictNamedArgs) {
	b.Queue(sql, arguments(args)).Query(func(rows pgx.Rows) error {
		var err error
		*into, err = collect[T](rows)
		return err
	})
}

// fieldChoices are what the forms of the page of a field offer, each read where its form is open.
var fieldChoices = map[string]string{
	FieldLinkForm: `select id, name from program where workspace_id = @ws and archived_at is null
			and not exists(select from program_link l where l.workspace_id = @ws and l.field_id = @id and l.program_id = program.id)
		order by fold(name), id`,
	FieldProposeForm: `select id, code || ' · ' || name as name from purpose where workspace_id = @ws and archived_at is null and state <> 'retired'
			and not exists(select from purpose_mapping m where m.workspace_id = @ws and m.field_id = @id and m.purpose_id = purpose.id
				and m.state <> 'rejected')
		order by fold(code), id`,
}

// FieldView reads everything that the page of a field shows, and the choices of its form that is open, in one batch.
// NotFound where the workspace has no such field.
func (s *Store) FieldView(ctx context.Context, by domain.Actor, id domain.FieldID, form string) (v FieldView, err error) {
	var (
		b       pgx.Batch
		carried []carriedField
		of      = pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}
		found   []fieldViewRow
		events  []eventRow
		remarks []remarkRow
		options []optionRow
		guesses []fieldSuggestionRow
	)
	frame := s.frame(ctx, &b, by)
	queue(&b, &found, `select `+fieldOwnCols+`,
			d.name as dataset, d.subjects, d.row_count as dataset_rows, d.retention_rule_id as dataset_rule_id,
			f.effective_rule_id, `+oldestRecord+` as oldest_record_on, d.oldest_measured_at, d.oldest_source, d.archived_at is not null as dataset_archived,
			f.verdict, f.lawful, f.used, f.used_why, f.flags, f.grade, e.reads, e.window_days, e.last_read_at, e.last_read_measured_at,
			e.reads_measured_at, e.last_write_at, e.write_measured_at, e.row_count, e.non_null_count, e.distinct_count,
			e.reads_source, e.last_read_source, e.write_source, e.fill_source, e.fill_measured_at,
			k.kind as decision_kind, k.reason as decision_reason, k.until as decision_until, k.decided_by_name, k.decided_at
		from field f
		join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
		left join field_evidence e on e.workspace_id = f.workspace_id and e.field_id = f.id
		left join decision k on k.workspace_id = f.workspace_id and k.field_id = f.id and k.withdrawn_at is null
		where f.workspace_id = @ws and f.id = @id`, of)
	queue(&b, &v.Points, `select collection_point_id as id, answer from field_collection
		where workspace_id = @ws and field_id = @id order by collection_point_id`, of)
	queue(&b, &v.Links, `select l.program_id, l.level, l.role, l.note, l.source, l.linked_by, l.linked_at from program_link l
		where l.workspace_id = @ws and l.field_id = @id order by l.level = 'avoid', l.level, l.program_id`, of)
	queue(&b, &v.Mappings, `select m.id, m.purpose_id, m.state, m.justification, m.proposed_by, m.proposed_at, m.decided_by, m.decided_at, m.decision_reason,
			m.self_approved, m.reopened_because, k.approved_by_name, k.approved_at, k.until, k.terms
		from purpose_mapping m
		left join approval k on k.workspace_id = m.workspace_id and k.id = m.approval_id
		where m.workspace_id = @ws and m.field_id = @id order by m.state, m.id`, of)
	queue(&b, &v.Targets, `select id, target_action, due_on, program_id from target
		where workspace_id = @ws and field_id = @id order by program_id is not null, id`, of)
	queue(&b, &carried, carriedFieldSQL, of)
	queue(&b, &v.Workshops, fieldWorkshops, of)
	queue(&b, &guesses, fieldSuggestion, of)
	queue(&b, &events, `select `+eventCols+` from event where workspace_id = @ws and subject_kind = 'field' and subject_id = @id
		order by id desc limit @most`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "most": fieldViewEvents})
	queue(&b, &v.Imports, importChanges, pgx.StrictNamedArgs{"ws": by.Workspace, "field": id})
	queue(&b, &remarks, remarksOf, pgx.StrictNamedArgs{"ws": by.Workspace, "kind": domain.SubjectField, "id": id})
	if choices := fieldChoices[form]; choices != "" {
		queue(&b, &options, choices, of)
	}
	if err := s.glance(ctx, by, &b); err != nil {
		return v, translate("field", err)
	}
	if len(found) == 0 {
		return v, domain.Errorf(domain.NotFound, "error.not_found", "noun", "field")
	}
	r := found[0]
	v.Field, v.Place, v.Sources, v.Decision, v.Options = r.field(), r.FieldPlace, r.FieldSources, r.decision(), mapSlice(options, optionRow.option)
	land, err := s.landscapeOf(ctx, by, frame.around())
	if err != nil {
		return v, err
	}
	flows, err := s.flowsOf(ctx, by, frame.around())
	if err != nil {
		return v, err
	}
	if v.Names, err = s.namesWith(ctx, by, land, v.people()); err != nil {
		return v, err
	}
	v.placed(land, by.Lang, s.lookedAt(by))
	v.Flows = flows.of(v.Field.Application, v.Field.Dataset, carried)
	v.inOrder()
	v.judged(r.fieldJudgement, land)
	if v.Suggestion, err = suggestionOfField(guesses, land, by.Lang); err != nil {
		return v, err
	}
	v.Events = mapSlice(events, eventRow.event)
	v.Remarks = mapSlice(remarks, remarkRow.remark)
	v.Chrome, err = s.chromeOf(ctx, by, frame)
	return v, err
}

// people are those whom the page names.
func (v *FieldView) people() (list []domain.UserID) {
	list = append(list, v.Field.Owner)
	for _, l := range v.Links {
		list = append(list, deref(l.LinkedBy))
	}
	for _, m := range v.Mappings {
		list = append(list, deref(m.ProposedBy), deref(m.DecidedBy))
	}
	return list
}

// placed says of what stands around the field what the page shows.
func (v *FieldView) placed(l *landscape, lang string, today time.Time) {
	f, p := v.Field, &v.Place
	a := l.applications[int64(f.Application)]
	p.Application, p.Hosting, p.Country, p.Vendor = a.Name, a.Hosting, a.Country, a.Vendor
	c := l.categories[int64(f.Category)]
	p.Category, p.CategoryCode = c.label(lang), c.Code
	for i := range v.Links {
		link := &v.Links[i]
		program := l.programs[int64(link.Program)]
		link.Name, link.Status, link.StartsOn, link.EndsOn, link.PausedOn = program.Name, program.Status, program.StartsOn, program.EndsOn, program.PausedOn
		link.Role = cmp.Or(link.Role, program.role(c.Code))
	}
	for i := range v.Points {
		point := &v.Points[i]
		at := l.points[int64(point.ID)]
		point.Name, point.Kind, point.Notice, point.Consent = at.Name, at.Kind, at.Notice, at.Consent
		v.Field.Points = append(v.Field.Points, point.ID)
	}
	for i := range v.Mappings {
		m := &v.Mappings[i]
		purpose := l.purposes[int64(m.Purpose)]
		m.Code, m.Name, m.Basis, m.Rule = purpose.Code, purpose.Name, purpose.Basis, purpose.Rule
		m.InForce = purpose.inForce(today)
	}
	rule := func(from domain.RetentionFrom, of int64, name string, id int64) {
		v.Retention = append(v.Retention, FieldRule{From: from, Of: of, OfName: name, Rule: l.rules[id]})
	}
	if f.Retention != 0 {
		rule(domain.RetentionOfField, int64(f.ID), f.Name, int64(f.Retention))
	}
	if p.DatasetRule != nil {
		rule(domain.RetentionOfDataset, int64(f.Dataset), p.Dataset, *p.DatasetRule)
	}
	if k, found := l.categoryRule(int64(f.Category)); found {
		rule(domain.RetentionOfCategory, k.ID, k.label(lang), *k.Rule)
	}
	for _, m := range v.Mappings {
		if m.State == domain.MappingApproved && m.InForce {
			rule(domain.RetentionOfPurpose, int64(m.Purpose), m.Code+" · "+m.Name, deref(m.Rule))
		}
	}
}

// inOrder puts what each group has in the order of names. The queries do not: the first text that a transaction folds costs
// more than all that these lists read.
func (v *FieldView) inOrder() {
	byName(v.Points, func(p FieldPoint) (string, string) { return "", p.Name })
	byName(v.Links, func(l FieldLink) (string, string) { return l.Level, l.Name })
	byName(v.Mappings, func(m FieldMapping) (string, string) { return string(m.State), m.Name })
	byName(v.Targets, func(t FieldTarget) (string, string) { return "", v.Names.Program(deref(t.Program)) })
	byName(v.Retention, func(r FieldRule) (string, string) { return string(r.From), r.OfName })
}

// byName orders by folded names what stands together in a group; groups stay where they are.
func byName[T any](list []T, key func(T) (group, name string)) {
	for len(list) > 1 {
		group, _ := key(list[0])
		n := slices.IndexFunc(list, func(v T) bool { g, _ := key(v); return g != group })
		if n < 0 {
			n = len(list)
		}
		slices.SortStableFunc(list[:n], func(a, b T) int {
			_, x := key(a)
			_, y := key(b)
			return strings.Compare(domain.Fold(x), domain.Fold(y))
		})
		list = list[n:]
	}
}

// judged fills what the rules said of the field and what they read.
func (v *FieldView) judged(j fieldJudgement, l *landscape) {
	v.Finding = domain.Finding{Verdict: j.Verdict, Lawful: j.Lawful, Used: j.Used, Why: j.UsedWhy, Flags: domain.FlagSet(j.Flags),
		Rule: domain.RetentionRuleID(deref(v.Place.Rule))}
	v.Grade = j.Grade
	binds := deref(l.rules[deref(v.Place.Rule)])
	v.Facts = domain.FieldFacts{Class: v.Field.Class,
		Retention: boundBy(v.Place.Rule, deref(binds.ActiveMonths)+deref(binds.ArchiveMonths), binds.ActiveMonths != nil || binds.ArchiveMonths != nil,
			v.Place.OldestRecordOn),
		Evidence: domain.EvidenceFacts{Reads: j.Reads, WindowDays: j.WindowDays, LastReadAt: j.LastReadAt, LastReadMeasuredAt: j.LastReadAsOf, ReadsMeasuredAt: j.ReadsMeasuredAt,
			LastWriteAt: j.LastWriteAt, WriteMeasuredAt: j.WriteMeasuredAt, RowCount: j.RowCount, NonNullCount: j.NonNullCount,
			DistinctCount: j.DistinctCount}}
	known := domain.FieldKnown{Class: v.Field.Class, Meaning: v.Field.Label+v.Field.Description+v.Field.Comment != "", Origin: v.Field.Origin,
		Collected: len(v.Points) > 0, Owned: v.Field.Owner != 0, Mapped: len(v.Mappings) > 0, Measured: j.ReadsMeasuredAt != nil}
	v.Completeness, v.Missing = known.Completeness()
}
