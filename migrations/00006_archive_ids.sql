-- +goose Up
-- A workspace that comes in from a file gets new identifiers, which must be known before its rows are written in bulk.

-- +goose StatementBegin
create function reserve_ids(of_table text, n integer) returns setof bigint
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if n < 0 or n > 1000000 then
		raise exception 'at most 1000000 identifiers can be reserved at once';
	end if;
	if of_table not in ('application', 'batch', 'collection_point', 'data_category', 'dataset', 'decision', 'event', 'field', 'flow',
			'import', 'journey_stage', 'objective', 'program', 'purpose', 'purpose_mapping', 'remark', 'saved_view', 'team') then
		raise exception 'no identifiers of % can be reserved', of_table;
	end if;
	return query select nextval(pg_get_serial_sequence(of_table, 'id')) from generate_series(1, n);
end $$;
-- +goose StatementEnd
comment on function reserve_ids is 'Takes identifiers of a table out of its sequence, in rising order, for rows that are written in bulk.';
revoke execute on function reserve_ids(text, integer) from public;
grant execute on function reserve_ids(text, integer) to utile_app;

-- +goose Down
drop function reserve_ids(text, integer);
