package store

import (
	"context"

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

// fieldSuggestionRow is a suggestion as it is stored.
type fieldSuggestionRow struct {
	Percent          int    `db:"confidence"`
	Personal         string `db:"personal"`
	ReasonsJSON      []byte `db:"reasons"`
	AlternativesJSON []byte `db:"alternatives"`
	Category         int64  `db:"category_id"`
}

const fieldSuggestion = `select confidence::integer as confidence, personal, reasons, alternatives, category_id from field_suggestion
	where workspace_id = @ws and field_id = @id and category_id is not null`

// suggestionOfField names the categories of a suggestion, and of its reasons and alternatives, in a language.
func suggestionOfField(rows []fieldSuggestionRow, l *landscape, lang string) (*FieldSuggestion, error) {
	if len(rows) == 0 {
		return nil, nil //nolint:nilnil // no suggestion is no failure
	}
	r := rows[0]
	f := &FieldSuggestion{Percent: r.Percent, Personal: r.Personal, Categories: map[string]SuggestionCategory{}}
	var err error
	f.Reasons, f.Alternatives, err = readSuggestion(r.ReasonsJSON, r.AlternativesJSON)
	name := func(code string) {
		if c, known := l.suggested(code, lang); known {
			f.Categories[code] = c
		}
	}
	name(l.categories[r.Category].Code)
	for _, a := range f.Alternatives {
		name(a.Code)
	}
	for _, reason := range f.Reasons {
		code, _ := reason.Args["means"].(string) // few reasons name a category
		name(code)
	}
	f.Category = f.Categories[l.categories[r.Category].Code]
	return f, err
}

// SuggestionOf returns the category that is suggested for a field; nil where it has one, or none is suggested.
func (s *Store) SuggestionOf(ctx context.Context, by domain.Actor, id domain.FieldID) (f *FieldSuggestion, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[fieldSuggestionRow](ctx, s, "suggestion", fieldSuggestion, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err != nil {
			return err
		}
		l, err := s.landscape(ctx, by)
		if err != nil {
			return err
		}
		f, err = suggestionOfField(rows, l, by.Lang)
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
