-- +goose Up
-- Rows that came in bulk are not yet in the planner's statistics, without which a check of a foreign key may read a whole
-- table. Only the owner of a table may analyze it.

-- +goose StatementBegin
create function refresh_statistics(of_table text) returns void
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from information_schema.columns
			where table_schema = 'public' and table_name = of_table and column_name = 'workspace_id') then
		raise exception 'no statistics of % can be refreshed', of_table;
	end if;
	execute format('analyze %I', of_table);
end $$;
-- +goose StatementEnd
comment on function refresh_statistics is 'Analyzes a table of workspaces, for whoever has just written many rows.';
revoke execute on function refresh_statistics(text) from public;
grant execute on function refresh_statistics(text) to utile_app;

-- +goose Down
drop function refresh_statistics(text);
