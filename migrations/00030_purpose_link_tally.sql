-- +goose Up
-- How many fields each program is linked to, so that the margins of the matrix cost no look at every link.

create table link_tally (
	workspace_id bigint not null,
	program_id bigint not null,
	essential bigint not null,
	useful bigint not null,
	bare bigint not null
);
comment on table link_tally is 'Fields linked to each program, by level, and links that lack the gain or the alternative that they should say (bare), as deltas to be summed: written by triggers on program_link, folded now and then.';
create index link_tally_by_workspace on link_tally (workspace_id, program_id) include (essential, useful, bare);
alter table link_tally enable row level security;
create policy link_tally_of_workspace on link_tally to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());
grant select on link_tally to utile_app;

-- +goose StatementBegin
create function tally_links() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		insert into link_tally
		select workspace_id, program_id, count(*) filter (where level = 'essential'), count(*) filter (where level = 'useful'),
			count(*) filter (where level <> 'essential' and note = '')
		from new_rows group by 1, 2;
	elsif tg_op = 'DELETE' then
		insert into link_tally
		select workspace_id, program_id, -count(*) filter (where level = 'essential'), -count(*) filter (where level = 'useful'),
			-count(*) filter (where level <> 'essential' and note = '')
		from old_rows group by 1, 2;
	else
		insert into link_tally
		select workspace_id, program_id, coalesce(sum(n) filter (where level = 'essential'), 0), coalesce(sum(n) filter (where level = 'useful'), 0),
			coalesce(sum(n) filter (where level <> 'essential' and note = ''), 0)
		from (
			select workspace_id, program_id, level, note, 1 as n from new_rows
			union all
			select workspace_id, program_id, level, note, -1 from old_rows
		) delta
		group by 1, 2
		having coalesce(sum(n) filter (where level = 'essential'), 0) <> 0 or coalesce(sum(n) filter (where level = 'useful'), 0) <> 0
			or coalesce(sum(n) filter (where level <> 'essential' and note = ''), 0) <> 0;
	end if;
	return null;
end $$;
-- +goose StatementEnd
create trigger link_tally_insert after insert on program_link referencing new table as new_rows
	for each statement execute function tally_links();
create trigger link_tally_update after update on program_link referencing old table as old_rows new table as new_rows
	for each statement execute function tally_links();
create trigger link_tally_delete after delete on program_link referencing old table as old_rows
	for each statement execute function tally_links();
insert into link_tally
select workspace_id, program_id, count(*) filter (where level = 'essential'), count(*) filter (where level = 'useful'),
	count(*) filter (where level <> 'essential' and note = '')
from program_link group by 1, 2;

-- +goose StatementBegin
create function fold_link_tally() returns void language sql security definer set search_path = public, pg_temp as $$
	with taken as (
		delete from link_tally where workspace_id = current_workspace() returning program_id, essential, useful, bare
	)
	insert into link_tally select current_workspace(), program_id, sum(essential), sum(useful), sum(bare) from taken
	group by program_id having sum(essential) <> 0 or sum(useful) <> 0 or sum(bare) <> 0
$$;
-- +goose StatementEnd
comment on function fold_link_tally is 'Sums the deltas of the links of the workspace of the transaction.';
revoke execute on function fold_link_tally() from public;
grant execute on function fold_link_tally() to utile_app;

-- +goose StatementBegin
create or replace function forget_tally_changes() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from field_tally_change where workspace_id = old.id;
	delete from mapping_tally where workspace_id = old.id;
	delete from link_tally where workspace_id = old.id;
	return null;
end $$;
-- +goose StatementEnd

-- Of another day the links themselves are counted.
create view asof.link_tally with (security_invoker = true) as
	select workspace_id, program_id, count(*) filter (where level = 'essential') as essential, count(*) filter (where level = 'useful') as useful,
		count(*) filter (where level <> 'essential' and note = '') as bare
	from asof.program_link group by 1, 2;
grant select on asof.link_tally to utile_app;

-- +goose Down
drop view asof.link_tally;
-- +goose StatementBegin
create or replace function forget_tally_changes() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from field_tally_change where workspace_id = old.id;
	delete from mapping_tally where workspace_id = old.id;
	return null;
end $$;
-- +goose StatementEnd
drop trigger link_tally_delete on program_link;
drop trigger link_tally_update on program_link;
drop trigger link_tally_insert on program_link;
drop function fold_link_tally();
drop function tally_links();
drop table link_tally;
