package store

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// FieldSuggestion is the category that is suggested for one field.
type FieldSuggestion struct {
	Category     SuggestionCategory
	Percent      int
	Personal     string
	Reasons      []domain.SuggestionReason
	Alternatives []domain.SuggestedCode
	Categories   map[string]SuggestionCategory // that reasons and alternatives name, by code
}

// fieldSuggestionRow is a suggestion with the categories that it names.
type fieldSuggestionRow struct {
	Percent          int    `db:"confidence"`
	Personal         string `db:"personal"`
	ReasonsJSON      []byte `db:"reasons"`
	AlternativesJSON []byte `db:"alternatives"`
	Code             string `db:"code"`
	CategoriesJSON   []byte `db:"categories"`
}

const fieldSuggestion = `
	select s.confidence::integer as confidence, s.personal, s.reasons, s.alternatives, k.code, (
		select json_agg(json_build_object('ID', c.id, 'Code', c.code, 'Label', ` + categoryLabel + `, 'Class', c.gdpr_class,
			'Top', coalesce(case when current_setting('app.lang', true) = 'fr' then top.label_fr else top.label_en end, '')))
		from data_category c
		left join data_category top on top.workspace_id = c.workspace_id and top.code = split_part(c.code, '.', 1) and top.id <> c.id
		where c.workspace_id = @ws and (c.id = k.id or c.code in (select a ->> 'code' from jsonb_array_elements(s.alternatives) a)
			or c.code in (select r -> 'args' ->> 'means' from jsonb_array_elements(s.reasons) r))
	) as categories
	from field_suggestion s
	join data_category k on k.workspace_id = s.workspace_id and k.id = s.category_id
	where s.workspace_id = @ws and s.field_id = @id`

func suggestionOfField(rows []fieldSuggestionRow) (*FieldSuggestion, error) {
	if len(rows) == 0 {
		return nil, nil //nolint:nilnil // no suggestion is no failure
	}
	r := rows[0]
	f := &FieldSuggestion{Percent: r.Percent, Personal: r.Personal, Categories: map[string]SuggestionCategory{}}
	var named []SuggestionCategory
	err := json.Unmarshal(r.CategoriesJSON, &named)
	if err == nil {
		f.Reasons, f.Alternatives, err = readSuggestion(r.ReasonsJSON, r.AlternativesJSON)
	}
	for _, c := range named {
		f.Categories[c.Code] = c
	}
	f.Category = f.Categories[r.Code]
	return f, err
}

// SuggestionOf returns the category that is suggested for a field; nil where it has one, or none is suggested.
func (s *Store) SuggestionOf(ctx context.Context, by domain.Actor, id domain.FieldID) (f *FieldSuggestion, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[fieldSuggestionRow](ctx, s, "suggestion", fieldSuggestion, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err != nil {
			return err
		}
		f, err = suggestionOfField(rows)
		return err
	})
	return f, err
}

// ImportSuggested counts the fields of an import for which a category is suggested now.
func (s *Store) ImportSuggested(ctx context.Context, by domain.Actor, id domain.ImportID) (n int64, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		n, err = one[int64](ctx, s, "suggestion", `select count(*) from import_row r
			join field_suggestion s on s.workspace_id = r.workspace_id and s.field_id = r.field_id
			where r.workspace_id = @ws and r.import_id = @id and r.change in ('new', 'changed', 'renamed', 'returned') and s.category_id is not null`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
	return n, err
}
