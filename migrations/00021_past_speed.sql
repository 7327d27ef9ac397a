-- +goose Up

-- What a statement changed is joined with what it was, and neither has an index. Where the statement runs with nothing but
-- look-ups by key, as a chunk of verdicts is stored, the triggers that keep the past did so too: each of ten thousand rows
-- was compared with each of the others. They choose for themselves now, whatever the statement is told.
alter procedure past.keep(text) rename to keep_table;

-- +goose StatementBegin
create procedure past.keep(of_table text) language plpgsql set search_path = public, pg_temp as $$
begin
	call past.keep_table(of_table);
	execute format('alter function past.%I() set enable_hashjoin = on set enable_mergejoin = on set enable_nestloop = off', 'keep_' || of_table);
end $$;
-- +goose StatementEnd
comment on procedure past.keep is 'Keeps the past of a table from now on; called again by a migration that gives the table another column.';
comment on procedure past.keep_table is 'What past.keep does but for the settings of the triggers.';

-- +goose StatementBegin
do $$
declare f regprocedure;
begin
	for f in select tgfoid from pg_trigger where tgname like '%\_past\_update' and not tgisinternal order by 1 loop
		execute format('alter function %s set enable_hashjoin = on set enable_mergejoin = on set enable_nestloop = off', f);
	end loop;
end $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
do $$
declare f regprocedure;
begin
	for f in select tgfoid from pg_trigger where tgname like '%\_past\_update' and not tgisinternal order by 1 loop
		execute format('alter function %s reset enable_hashjoin reset enable_mergejoin reset enable_nestloop', f);
	end loop;
end $$;
-- +goose StatementEnd
drop procedure past.keep(text);
alter procedure past.keep_table(text) rename to keep;
comment on procedure past.keep is 'Keeps the past of a table from now on; called again by a migration that gives the table another column.';
