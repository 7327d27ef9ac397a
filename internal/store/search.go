package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// Limits of a search: how many hits of each kind are shown, and where counting fields stops.
const (
	searchShown = 6
	searchCount = 1_000
)

// SearchKinds are the registers that a search looks into, in the order in which it answers.
var SearchKinds = []string{"fields", "applications", "datasets", "programs", "purposes", "categories", "collection_points", "flows"}

// SearchHit is one record that holds what was sought, or comes close to it.
type SearchHit struct {
	Kind    string         `db:"kind"` // name of its register
	ID      int64          `db:"id"`
	Name    string         `db:"name"`
	Code    string         `db:"code"` // technical name or code; empty where the name is it
	Note    string         `db:"note"` // what holds it
	Verdict domain.Verdict `db:"verdict"`
}

// SearchGroup is what a search found of one kind, the best first.
type SearchGroup struct {
	Kind  string
	Total domain.Count
	Hits  []SearchHit
}

// Found is what a search found.
type Found struct {
	Groups      []SearchGroup
	Approximate bool // nothing holds what was typed: these come close to it
}

// searchThings are the records of the small registers with their folded text. Fields have a search of their own.
const searchThings = `
	select 'applications' as kind, id, name, '' as code, vendor as note, fold(name || ' ' || vendor || ' ' || description) as text
	from application where workspace_id = @ws and archived_at is null
	union all
	select 'datasets', d.id, case when d.label = '' then d.name else d.label end, case when d.label = '' then '' else d.name end, a.name,
		fold(d.name || ' ' || d.label || ' ' || d.description)
	from dataset d join application a on a.workspace_id = d.workspace_id and a.id = d.application_id
	where d.workspace_id = @ws and d.archived_at is null
	union all
	select 'programs', id, name, case when code = name then '' else code end, '', fold(name || ' ' || code || ' ' || description)
	from program where workspace_id = @ws and archived_at is null
	union all
	select 'purposes', id, name, case when code = name then '' else code end, '', fold(name || ' ' || code || ' ' || description)
	from purpose where workspace_id = @ws and archived_at is null
	union all
	select 'categories', id, case when @lang = 'fr' then label_fr else label_en end, code, '',
		fold(code || ' ' || label_fr || ' ' || label_en || ' ' || examples)
	from data_category where workspace_id = @ws and archived_at is null
	union all
	select 'collection_points', id, name, '', '', fold(name || ' ' || description)
	from collection_point where workspace_id = @ws and archived_at is null
	union all
	select 'flows', id, name, '', '', fold(name || ' ' || description) from flow where workspace_id = @ws and archived_at is null`

// A name that begins with what was typed comes first, then short names: they are nearer to it.
const searchRanked = `row_number() over (partition by kind order by starts_with(fold(name), @first) desc, length(name), fold(name), id)`
const searchedField = `select 'fields' as kind, f.id, case when f.label = '' then f.name else f.label end as name,
	case when f.label = '' then '' else f.name end as code, a.name || ' › ' || d.name as note, f.verdict`

type searchRow struct {
	SearchHit
	N int64 `db:"n"`
}

// Search looks for a text in everything that a workspace registers: every word must be found, whatever its case and
// accents. Where nothing holds it, what comes close is returned.
func (s *Store) Search(ctx context.Context, by domain.Actor, text string) (found Found, err error) {
	words := searchWords(text)
	if len(words) == 0 {
		return found, nil
	}
	err = s.Read(ctx, by, func(s *Store) error {
		if found.Groups, err = s.searchExact(ctx, by, words); err != nil || len(found.Groups) > 0 || len([]rune(text)) < 4 {
			return err
		}
		found.Groups, err = s.searchAlike(ctx, by, text)
		found.Approximate = len(found.Groups) > 0
		return err
	})
	return found, err
}

func (s *Store) searchExact(ctx context.Context, by domain.Actor, words []string) ([]SearchGroup, error) {
	var b pgx.Batch
	var fields, things []searchRow
	patterns := mapSlice(words, func(w string) string { return "%" + likeEscape(w) + "%" })
	c := conditions{args: pgx.StrictNamedArgs{"ws": by.Workspace, "first": words[0], "shown": searchShown}}
	queue(&b, &fields, `with hit as materialized (
			select h.id, count(*) over () as n, row_number() over (order by starts_with(fold(f.label), @first) or starts_with(fold(f.name), @first) desc,
				length(f.name), f.name, f.id) as place
			from `+c.soughtFields("id", words, searchCount+1)+` h join field f on f.workspace_id = @ws and f.id = h.id and f.state = 'active'
		)
		`+searchedField+`, h.n
		from hit h
		join field f on f.workspace_id = @ws and f.id = h.id
		join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
		join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
		where h.place <= @shown order by h.place`, c.args)
	queue(&b, &things, `select kind, id, name, code, note, '' as verdict, n from (
			select kind, id, name, code, note, count(*) over (partition by kind) as n, `+searchRanked+` as place
			from (`+searchThings+`) t where text like all(@patterns)
		) x where place <= @shown order by kind, place`, pgx.StrictNamedArgs{"ws": by.Workspace, "lang": by.Lang, "patterns": patterns,
		"first": words[0], "shown": searchShown})
	if err := s.db.SendBatch(ctx, &b).Close(); err != nil {
		return nil, translate("search", err)
	}
	return searchGroups(append(fields, things...)), nil
}

// searchAlike finds texts that come close to what was typed, for a typing error.
func (s *Store) searchAlike(ctx context.Context, by domain.Actor, text string) ([]SearchGroup, error) {
	var b pgx.Batch
	var fields, things []searchRow
	queue(&b, &fields, searchedField+`, count(*) over () as n
		from field_search_alike(@text, @shown) h
		join field f on f.workspace_id = @ws and f.id = h.id and f.state = 'active'
		join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
		join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
		order by h.likeness desc, f.id`, pgx.StrictNamedArgs{"ws": by.Workspace, "text": text, "shown": searchShown})
	queue(&b, &things, `select kind, id, name, code, note, '' as verdict, n from (
			select kind, id, name, code, note, count(*) over (partition by kind) as n,
				row_number() over (partition by kind order by word_similarity(fold(@text), text) desc, length(name), id) as place
			from (`+searchThings+`) t where word_similarity(fold(@text), text) >= 0.45
		) x where place <= @shown order by kind, place`, pgx.StrictNamedArgs{"ws": by.Workspace, "lang": by.Lang, "text": text, "shown": searchShown})
	if err := s.db.SendBatch(ctx, &b).Close(); err != nil {
		return nil, translate("search", err)
	}
	return searchGroups(append(fields, things...)), nil
}

// searchGroups puts rows, already in order, under their kinds.
func searchGroups(rows []searchRow) []SearchGroup {
	var groups []SearchGroup
	for _, kind := range SearchKinds {
		g := SearchGroup{Kind: kind}
		for _, r := range rows {
			if r.Kind == kind {
				g.Hits, g.Total.N = append(g.Hits, r.SearchHit), r.N
			}
		}
		if g.Total.N > searchCount {
			g.Total = domain.Count{N: searchCount, Capped: true}
		}
		if len(g.Hits) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}
