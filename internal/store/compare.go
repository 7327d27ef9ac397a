package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// comparedKind says how the rows of a table are compared between two moments.
type comparedKind struct {
	kind, table string
	key         [2]string // columns that name a row, or an expression of a positive number; the second is empty where one is enough
	// name is an expression over j, the row as JSON, that names the record.
	name string
	// subject is the column with the id of the record that the row is shown with, and ofKind what that is.
	subject, ofKind string
}

// comparedKinds are what is compared, in the order in which it is told.
var comparedKinds = []comparedKind{
	{"application", "application", [2]string{"id"}, "j->>'name'", "id", domain.SubjectApplication},
	{"dataset", "dataset", [2]string{"id"}, placed(named("application", "application_id"), "j->>'name'"), "id", domain.SubjectDataset},
	{"field", "field", [2]string{"id"}, placed(named("application", "application_id"), named("dataset", "dataset_id"), "j->>'name'"), "id", domain.SubjectField},
	{"category", "data_category", [2]string{"id"}, "j->>'code'", "id", domain.SubjectCategory},
	{"collection_point", "collection_point", [2]string{"id"}, "j->>'name'", "id", domain.SubjectCollectionPoint},
	{"notice", "notice_version", [2]string{"id"}, named("collection_point", "collection_point_id") + " || ' · ' || (j->>'number')", "collection_point_id", domain.SubjectCollectionPoint},
	{"flow", "flow", [2]string{"id"}, "j->>'name'", "id", domain.SubjectFlow},
	{"purpose", "purpose", [2]string{"id"}, "(j->>'code') || ' · ' || (j->>'name')", "id", domain.SubjectPurpose},
	{"organisation", "organisation", [2]string{"workspace_id"}, "coalesce(j->'parties'->0->>'name', '')", "workspace_id", domain.SubjectOrganisation},
	{"country", "country", [2]string{"hashtext(t.code)::bigint + 2147483649"}, "j->>'code'", "workspace_id", domain.SubjectOrganisation},
	{"client_processing", "client_processing", [2]string{"id"}, "(j->>'code') || ' · ' || (j->>'client')", "id", domain.SubjectClientProcessing},
	{"retention_rule", "retention_rule", [2]string{"id"}, "(j->>'code') || ' · ' || (j->>'name')", "id", domain.SubjectRetentionRule},
	{"mapping", "purpose_mapping", [2]string{"id"}, fieldNamed + " || ' → ' || " + named("purpose", "purpose_id"), "field_id", domain.SubjectField},
	{"program", "program", [2]string{"id"}, "j->>'name'", "id", domain.SubjectProgram},
	{"link", "program_link", [2]string{"field_id", "program_id"}, fieldNamed + " || ' → ' || " + named("program", "program_id"), "field_id", domain.SubjectField},
	{"requirement", "requirement", [2]string{"program_id", "category_id"}, named("program", "program_id") + " || ' → ' || " + codeNamed, "program_id", domain.SubjectProgram},
	{"target", "target", [2]string{"id"}, "coalesce(nullif(" + fieldNamed + ", ''), " + codeNamed + ")", "id", domain.SubjectTarget},
	{"decision", "decision", [2]string{"id"}, fieldNamed, "field_id", domain.SubjectField},
	{"program_purpose", "program_purpose", [2]string{"program_id", "purpose_id"}, named("program", "program_id") + " || ' → ' || " + named("purpose", "purpose_id"), "program_id", domain.SubjectProgram},
	{"collection", "field_collection", [2]string{"collection_point_id", "field_id"}, named("collection_point", "collection_point_id") + " || ' → ' || " + fieldNamed,
		"collection_point_id", domain.SubjectCollectionPoint},
	{"flow_field", "flow_field", [2]string{"flow_id", "source_field_id"}, named("flow", "flow_id") + " || ' · ' || " + fieldAt("source_field_id"), "flow_id", domain.SubjectFlow},
	{"scenario", "scenario", [2]string{"id"}, "j->>'name'", "id", domain.SubjectScenario},
	{"scenario_need", "scenario_need", [2]string{"scenario_id", "category_id"}, named("scenario", "scenario_id") + " || ' → ' || " + codeNamed, "scenario_id", domain.SubjectScenario},
	{"journey", "journey", [2]string{"id"}, "j->>'name'", "id", domain.SubjectJourney},
	{"moment", "journey_moment", [2]string{"id"}, named("journey", "journey_id") + " || ' · ' || (j->>'name')", "journey_id", domain.SubjectJourney},
	{"segment", "segment", [2]string{"id"}, "j->>'name'", "id", domain.SubjectSegment},
	{"workshop", "workshop", [2]string{"id"}, "j->>'name'", "id", domain.SubjectWorkshop},
	{"pressure_rule", "pressure_rule", [2]string{"id"}, "j->>'channel'", "workspace_id", domain.SubjectWorkspace},
	{"objective", "objective", [2]string{"id"}, "j->>'name'", "id", domain.SubjectObjective},
	{"stage", "journey_stage", [2]string{"id"}, "j->>'name'", "id", domain.SubjectStage},
	{"team", "team", [2]string{"id"}, "j->>'name'", "id", domain.SubjectTeam},
	{"team_member", "team_member", [2]string{"team_id", "user_id"}, named("team", "team_id") + " || ' · ' || " + userNamed, "team_id", domain.SubjectTeam},
	{"member", "membership", [2]string{"user_id"}, userNamed, "user_id", domain.SubjectMember},
}

var (
	fieldNamed = fieldAt("field_id")
	codeNamed  = lastKnown("data_category", "code", "category_id")
	userNamed  = "coalesce((select u.name from app_user u where u.id = (j->>'user_id')::bigint), '')"
)

// named is the name of another record: as it is, or as it last was.
func named(table, column string) string { return lastKnown(table, "name", column) }

func lastKnown(table, value, column string) string {
	return "coalesce(" + valueOf(table, value, "(j->>'"+column+"')::bigint") + ", '')"
}

// valueOf is a value of the record with an id: as it is, or as it last was.
func valueOf(table, value, id string) string {
	return fmt.Sprintf(`coalesce((select o.%[2]s from public.%[1]s o where o.workspace_id = @ws and o.id = %[3]s),
		(select o.%[2]s from past.%[1]s o where o.workspace_id = @ws and o.id = %[3]s order by o.valid_to desc limit 1))`, table, value, id)
}

// fieldAt names the field of a column with its application and its dataset: alone, "email" is the name of hundreds.
func fieldAt(column string) string {
	id := "(j->>'" + column + "')::bigint"
	return placed(valueOf("application", "name", valueOf("field", "application_id", id)), valueOf("dataset", "name", valueOf("field", "dataset_id", id)),
		valueOf("field", "name", id))
}

// placed is the name of a record behind the names of what it is in; what has no name is left out.
func placed(names ...string) string {
	for i, name := range names {
		names[i] = "nullif(" + name + ", '')"
	}
	return "concat_ws(' · ', " + strings.Join(names, ", ") + ")"
}

// computed are values that follow from others, and counts: their change is none of its own.
const computed = `'{version,updated_at,created_at,valid_from,valid_to,search,lawful,used,used_why,flags,grade,effective_rule_id,completeness,programs,purposes,gdpr_class,
	position,source_facts,proposed_at,linked_at,decided_at,decided_by_name,published_at,published_by_name,content,gaps,source,batch_id,source_name,source_schema}'::text[]`

// ComparedKinds are the kinds of records that Compare knows, in the order in which they are told.
func ComparedKinds() []string {
	return mapSlice(comparedKinds, func(k comparedKind) string { return k.kind })
}

// CompareQuery asks for what differs between two moments.
type CompareQuery struct {
	From, To time.Time
	Kind     string
	// After are the two numbers of the last row of the page before; zero begins.
	After [2]int64
}

// Difference is a record that differs: an event without an author, with what it was and what it became.
type Difference struct {
	domain.Event
	Row [2]int64 // where to go on
}

// CompareCount says how many records of a kind differ, by how.
type CompareCount struct {
	Kind string
	By   map[string]int64 // "added", "changed", "archived", "restored", "removed"
}

// ways in which a record differs, in SQL over the row before and after.
const differs = `case when a.j is null then 'added' when b.j is null then 'removed'
	when a.j->>'archived_at' is null and b.j->>'archived_at' is not null then 'archived'
	when a.j->>'archived_at' is not null and b.j->>'archived_at' is null then 'restored' else 'changed' end`

// sql are the records of a kind of which no single version stood at both moments: a what was, b what became.
func (k comparedKind) sql() string {
	second := "0::bigint"
	if k.key[1] != "" {
		second = "t." + k.key[1]
	}
	first := k.key[0]
	if !strings.Contains(first, "(") {
		first = "t." + first
	}
	return strings.NewReplacer("{table}", k.table, "{k1}", first, "{k2}", second).Replace(`
		a as (select {k1} as k1, {k2} as k2, to_jsonb(t) as j from past.{table} t
			where t.workspace_id = @ws and t.valid_from <= @from and t.valid_to > @from and t.valid_to <= @to),
		b as (select {k1} as k1, {k2} as k2, to_jsonb(t) as j from public.{table} t
				where t.workspace_id = @ws and t.valid_from > @from and t.valid_from <= @to
			union all
			select {k1}, {k2}, to_jsonb(t) from past.{table} t
				where t.workspace_id = @ws and t.valid_from > @from and t.valid_from <= @to and t.valid_to > @to),
		d as (select coalesce(a.k1, b.k1) as k1, coalesce(a.k2, b.k2) as k2, ` + differs + ` as how, a.j as was, b.j as became, coalesce(b.j, a.j) as j
			from a full join b on a.k1 = b.k1 and a.k2 = b.k2
			where (a.j - ` + computed + `) is distinct from (b.j - ` + computed + `))`)
}

// CompareCounts counts what differs between two moments, by kind; kinds without a difference are left out.
func (s *Store) CompareCounts(ctx context.Context, by domain.Actor, from, to time.Time) (counts []CompareCount, err error) {
	type row struct {
		How string `db:"how"`
		N   int64  `db:"n"`
	}
	err = s.Read(ctx, by, func(s *Store) error {
		for _, k := range comparedKinds {
			rows, err := many[row](ctx, s, "compare", "with "+k.sql()+" select how, count(*) as n from d group by how",
				pgx.StrictNamedArgs{"ws": by.Workspace, "from": from, "to": to})
			if err != nil {
				return err
			}
			count := CompareCount{Kind: k.kind, By: map[string]int64{}}
			for _, r := range rows {
				count.By[r.How] = r.N
			}
			if len(rows) > 0 {
				counts = append(counts, count)
			}
		}
		return nil
	})
	return counts, err
}

// Compare returns at most so many differences of one kind, in the order of their numbers.
func (s *Store) Compare(ctx context.Context, by domain.Actor, q CompareQuery, most int) (list []Difference, err error) {
	for _, k := range comparedKinds {
		if k.kind == q.Kind {
			err = s.Read(ctx, by, func(s *Store) error {
				list, err = s.compareKind(ctx, by, k, q, most)
				return err
			})
		}
	}
	return list, err
}

func (s *Store) compareKind(ctx context.Context, by domain.Actor, k comparedKind, q CompareQuery, most int) ([]Difference, error) {
	type row struct {
		K1      int64          `db:"k1"`
		K2      int64          `db:"k2"`
		How     string         `db:"how"`
		Name    string         `db:"name"`
		Subject int64          `db:"subject"`
		Was     map[string]any `db:"was"`
		Is      map[string]any `db:"became"`
	}
	rows, err := many[row](ctx, s, "compare", "with "+k.sql()+`, page as (select k1, k2, how, was, became, j from d where (k1, k2) > (@k1, @k2) order by k1, k2 limit @most)
		select k1, k2, how, coalesce(`+k.name+`, '') as name, (j->>'`+k.subject+`')::bigint as subject, was - `+computed+` as was, became - `+computed+` as became
		from page order by k1, k2`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "from": q.From, "to": q.To, "k1": q.After[0], "k2": q.After[1], "most": most})
	return mapSlice(rows, func(r row) Difference {
		d := Difference{Row: [2]int64{r.K1, r.K2}, Event: domain.Event{Verb: k.kind + "." + r.How, Subject: domain.Subject{Kind: k.ofKind, ID: r.Subject, Name: r.Name}}}
		if r.Was != nil && r.Is != nil {
			d.Before, d.After = domain.Diff(worded(r.Was), worded(r.Is))
		}
		return d
	}), err
}

// worded gives values the names that they have in the history: what names a record loses the end of its column.
func worded(row map[string]any) map[string]any {
	values := map[string]any{}
	for column, v := range row {
		if column == "workspace_id" || column == "archived_at" || column == "id" {
			continue
		}
		if list, ok := v.([]any); ok {
			texts := make([]string, len(list))
			for i, x := range list {
				texts[i] = wordedRow(x)
			}
			v = strings.Join(texts, ", ")
		} else if _, ok := v.(map[string]any); ok {
			v = wordedRow(v)
		}
		values[strings.TrimSuffix(column, "_id")] = v
	}
	return values
}

// rowKeys are the values of a small row in the order in which they are told.
var rowKeys = []string{"kind", "role", "what", "verdict", "criteria", "recipient", "name", "value", "description", "address", "postcode", "city", "country",
	"phone", "email", "safeguard", "contract", "contract_until", "clauses", "assessed_on", "valid_until", "document", "retention", "reason", "note"}

// wordedRow is a value in one line; of a small row, its parts.
func wordedRow(v any) string {
	row, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprint(v)
	}
	var parts []string
	for _, key := range rowKeys {
		switch part := row[key].(type) {
		case string:
			if part != "" {
				parts = append(parts, part)
			}
		case []any:
			for _, x := range part {
				parts = append(parts, fmt.Sprint(x))
			}
		}
	}
	return strings.Join(parts, domain.FactSeparator)
}
