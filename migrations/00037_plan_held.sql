-- +goose Up
-- What each program holds of each category of data, and what the workspace does: the list of needs, the plan and targets read it
-- instead of walking every link. What a change touches is noted with it and counted again by whoever asks first.

create table category_counted (
	workspace_id bigint not null,
	program_id bigint not null,
	category_id bigint not null,
	fields bigint not null,
	first_dataset bigint not null,
	last_dataset bigint not null,
	filled boolean not null,
	lawful boolean not null,
	useful boolean not null,
	constraint category_counted_pkey primary key (workspace_id, program_id, category_id)
);
comment on table category_counted is 'category_now as it was when it was last counted; right where nothing in category_due says otherwise.';

create table category_due (
	workspace_id bigint not null,
	program_id bigint,
	category_id bigint
);
comment on table category_due is 'What is to be counted again: what a program holds, or who holds a category; everything where both are null. Whoever changes something adds a row, always: one that is there already may just be being counted.';
create index category_due_by_workspace on category_due (workspace_id);

-- +goose StatementBegin
do $$
declare
	t text;
	place text;
begin
	foreach t in array array['category_counted', 'category_due'] loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy %I on %I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())', t || '_of_workspace', t);
		execute format('grant select, insert, delete on %I to utile_app', t);
	end loop;
	-- The same question about today and about a day that is over.
	foreach place in array array['public', 'asof'] loop
		execute format($view$
			create view %1$I.%2$I with (security_invoker = true) as
			select workspace_id, 0::bigint as program_id, category_id, count(*) as fields, min(dataset_id) as first_dataset, max(dataset_id) as last_dataset,
				false as filled, false as lawful, bool_or(verdict in ('keep', 'exempt')) as useful
			from %1$I.field where state = 'active' and archived_at is null and category_id is not null group by 1, 3
			union all
			select l.workspace_id, l.program_id, f.category_id, count(*), min(f.dataset_id), max(f.dataset_id), bool_or(x.filled),
				bool_or(x.filled and (f.lawful or f.verdict = 'exempt')), bool_or(f.verdict in ('keep', 'exempt'))
			from %1$I.program_link l
			join %1$I.field f on f.workspace_id = l.workspace_id and f.id = l.field_id and f.state = 'active' and f.archived_at is null and f.category_id is not null
			join public.workspace w on w.id = l.workspace_id
			left join %1$I.field_evidence e on e.workspace_id = f.workspace_id and e.field_id = f.id
			cross join lateral (select e.row_count is null or e.row_count = 0 or e.non_null_count::float8 / e.row_count >= w.fill_rate_min as filled) x
			where l.level <> 'avoid' group by 1, 2, 3$view$, place, case place when 'public' then 'category_now' else 'category_held' end);
	end loop;
end $$;
-- +goose StatementEnd
comment on view category_now is 'Active fields of a category that a program is linked to, other than to avoid them (program 0: of the whole workspace); whether one of them is filled as the workspace asks for (not measured is not empty), and may be used too, and is lawful and used.';

-- Always right: counted anew where something is due, which count_categories makes the exception.
create view category_held with (security_invoker = true) as
	select workspace_id, program_id, category_id, fields, first_dataset, last_dataset, filled, lawful, useful from category_counted
	where not (select exists (select from category_due where workspace_id = current_workspace()))
	union all
	select workspace_id, program_id, category_id, fields, first_dataset, last_dataset, filled, lawful, useful from category_now
	where (select exists (select from category_due where workspace_id = current_workspace()));
grant select on category_now, category_held, asof.category_held to utile_app;

-- +goose StatementBegin
create function count_categories() returns void language plpgsql as $$
declare
	everything boolean;
	programs bigint[];
	categories bigint[];
begin
	perform pg_advisory_xact_lock(727031, hashint8(current_workspace()));
	with taken as (delete from category_due where workspace_id = current_workspace() returning program_id, category_id)
	select bool_or(program_id is null and category_id is null), array_agg(distinct program_id) filter (where program_id is not null),
		array_agg(distinct category_id) filter (where category_id is not null)
	into everything, programs, categories from taken;
	if everything or cardinality(programs) + cardinality(categories) > 20 or cardinality(programs) > 20 or cardinality(categories) > 20 then
		delete from category_counted where workspace_id = current_workspace();
		insert into category_counted select * from category_now where workspace_id = current_workspace();
		return;
	end if;
	delete from category_counted where workspace_id = current_workspace() and (program_id = any(programs) or category_id = any(categories));
	insert into category_counted select * from category_now where workspace_id = current_workspace() and program_id = any(programs);
	insert into category_counted select * from category_now where workspace_id = current_workspace() and category_id = any(categories)
	on conflict do nothing;
end $$;

create function note_held() returns trigger language plpgsql as $$
begin
	case tg_table_name
	when 'program_link' then
		if tg_op = 'INSERT' then
			insert into category_due select distinct workspace_id, program_id from new_rows;
		elsif tg_op = 'DELETE' then
			insert into category_due select distinct workspace_id, program_id from old_rows;
		else
			insert into category_due select distinct workspace_id, program_id from (
				select workspace_id, program_id from (
					select workspace_id, program_id, field_id, level, 1 as n from new_rows
					union all
					select workspace_id, program_id, field_id, level, -1 from old_rows) rows
				group by workspace_id, program_id, field_id, level having sum(n) <> 0) x;
		end if;
	when 'field' then
		if tg_op = 'INSERT' then
			insert into category_due select distinct workspace_id, null::bigint, category_id from new_rows where category_id is not null;
		elsif tg_op = 'DELETE' then
			insert into category_due select distinct workspace_id, null::bigint, category_id from old_rows where category_id is not null;
		else
			-- Without a join: its plan is kept from the first statement of a session, which is often a small one.
			insert into category_due select distinct workspace_id, null::bigint, category_id from (
				select workspace_id, category_id from (
					select workspace_id, id, category_id, state, archived_at, verdict, lawful, dataset_id, 1 as n from new_rows
					union all
					select workspace_id, id, category_id, state, archived_at, verdict, lawful, dataset_id, -1 from old_rows) rows
				where category_id is not null
				group by workspace_id, id, category_id, state, archived_at, verdict, lawful, dataset_id having sum(n) <> 0) x;
		end if;
	when 'field_evidence' then
		if tg_op = 'DELETE' then
			insert into category_due select distinct f.workspace_id, null::bigint, f.category_id from old_rows r
			join field f on f.workspace_id = r.workspace_id and f.id = r.field_id where f.category_id is not null;
		else
			insert into category_due select distinct f.workspace_id, null::bigint, f.category_id from new_rows r
			join field f on f.workspace_id = r.workspace_id and f.id = r.field_id where f.category_id is not null;
		end if;
	else -- a threshold of the workspace
		insert into category_due (workspace_id) values (new.id);
	end case;
	return null;
end $$;

do $$
declare t text;
begin
	foreach t in array array['program_link', 'field', 'field_evidence'] loop
		execute format('create trigger %I after insert on %I referencing new table as new_rows for each statement execute function note_held()', t || '_held_insert', t);
		execute format('create trigger %I after update on %I referencing old table as old_rows new table as new_rows for each statement execute function note_held()', t || '_held_update', t);
		execute format('create trigger %I after delete on %I referencing old table as old_rows for each statement execute function note_held()', t || '_held_delete', t);
	end loop;
end $$;

create or replace function forget_tally_changes() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from field_tally_change where workspace_id = old.id;
	delete from mapping_tally where workspace_id = old.id;
	delete from link_tally where workspace_id = old.id;
	delete from category_counted where workspace_id = old.id;
	delete from category_due where workspace_id = old.id;
	return null;
end $$;
-- +goose StatementEnd
create trigger workspace_held_update after update of fill_rate_min on workspace for each row
	when (old.fill_rate_min is distinct from new.fill_rate_min) execute function note_held();
insert into category_due (workspace_id) select id from workspace;

-- +goose Down
drop trigger workspace_held_update on workspace;
drop trigger program_link_held_insert on program_link;
drop trigger program_link_held_update on program_link;
drop trigger program_link_held_delete on program_link;
drop trigger field_held_insert on field;
drop trigger field_held_update on field;
drop trigger field_held_delete on field;
drop trigger field_evidence_held_insert on field_evidence;
drop trigger field_evidence_held_update on field_evidence;
drop trigger field_evidence_held_delete on field_evidence;
-- +goose StatementBegin
create or replace function forget_tally_changes() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from field_tally_change where workspace_id = old.id;
	delete from mapping_tally where workspace_id = old.id;
	delete from link_tally where workspace_id = old.id;
	return null;
end $$;
-- +goose StatementEnd
drop function note_held();
drop function count_categories();
drop view asof.category_held, category_held, category_now;
drop table category_due, category_counted;
