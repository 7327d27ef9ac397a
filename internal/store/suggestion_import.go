package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// importedSuggestions is what an import means for suggestions: the datasets whose fields it changed, and the names about
// which it brought or took an answer.
type importedSuggestions struct {
	datasets []int64
	names    []string
}

// importAnswers is how many answered names of an import are looked up one by one; with more, the whole workspace is gone
// through.
const importAnswers = 2_000

// importSuggestions reads what an import that is applied means for suggestions.
func (s *Store) importSuggestions(ctx context.Context, by domain.Actor, i domain.Import) (out importedSuggestions, err error) {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID}
	err = s.wide(ctx, int(min(i.Changes(), 1_000_000)), func() error {
		out.datasets, err = many[int64](ctx, s, "import", `select distinct f.dataset_id from import_row r
			join field f on f.workspace_id = r.workspace_id and f.id = r.field_id
			where r.workspace_id = @ws and r.import_id = @id and r.change in ('new', 'changed', 'renamed', 'returned', 'gone')`, args)
		if err != nil {
			return err
		}
		out.names, err = many[string](ctx, s, "import", `
			select name from (
				select f.name from import_row r join field f on f.workspace_id = r.workspace_id and f.id = r.field_id
				where r.workspace_id = @ws and r.import_id = @id and r.change in ('new', 'changed', 'renamed', 'returned', 'gone')
					and (f.category_id is not null or r.before ? 'category')
				union
				select r.before ->> 'name' from import_row r join field f on f.workspace_id = r.workspace_id and f.id = r.field_id
				where r.workspace_id = @ws and r.import_id = @id and r.change = 'renamed' and f.category_id is not null and r.before ? 'name'
			) n limit @most`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID, "most": importAnswers + 1})
		return err
	})
	return out, err
}

func (s *Store) suggestImported(ctx context.Context, by domain.Actor, i importedSuggestions) error {
	if len(i.names) > importAnswers {
		return s.suggestAll(ctx, by)
	}
	return s.suggestAbout(ctx, by, i.datasets, i.names)
}
