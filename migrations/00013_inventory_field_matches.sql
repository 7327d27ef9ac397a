-- +goose Up
-- A search looks at its hits several times: for the page, the total and the facets. This gives them whole, so that one pass
-- over the trigram index serves all of it.

-- +goose StatementBegin
create function field_matches(words text[], most integer) returns setof field
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	condition text;
begin
	select string_agg(format('search like %L', '%' || replace(replace(replace(fold(w), '\', '\\'), '%', '\%'), '_', '\_') || '%'), ' and ')
	into condition from unnest(words) w;
	return query execute format(
		'select * from field where workspace_id = %L::bigint and %s limit %s',
		current_workspace(), coalesce(condition, 'true'), most);
end $$;
-- +goose StatementEnd
comment on function field_matches is 'Fields whose folded text holds every word, at most so many, in no order. Like field_search it scopes itself to the workspace of the transaction.';

-- +goose Down
drop function field_matches(text[], integer);
