-- +goose Up
-- What every page asks, made cheap: folding a text, finding the workspace of a visitor, what waits for a DPO, and the hits
-- of a search.

-- Functions in SQL that cannot be inlined are parsed and planned again by every query that calls them; those in plpgsql
-- are once a connection.
-- +goose StatementBegin
create or replace function fold(value text) returns text
	language plpgsql immutable parallel safe strict as $$
begin
	return lower(public.unaccent('public.unaccent'::regdictionary, value));
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function member_workspace(member bigint, asked text) returns table (
		id bigint, slug text, name text, locale text, is_example boolean, window_days integer, grace_days integer,
		fill_rate_min numeric, constant_min_rows bigint, stale_days integer, judged_on date, version integer, role text)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
	return query select w.id, w.slug, w.name, w.locale, w.is_example, w.window_days, w.grace_days, w.fill_rate_min,
		w.constant_min_rows, w.stale_days, w.judged_on, w.version, m.role
	from workspace w join membership m on m.workspace_id = w.id
	where w.slug = asked and m.user_id = member;
end $$;
-- +goose StatementEnd

drop function field_matches(text[], integer);
-- +goose StatementBegin
create function field_matches(words text[], most integer) returns table (
		workspace_id bigint, id bigint, name text, dataset_id bigint, application_id bigint, category_id bigint, owner_id bigint,
		gdpr_class text, origin text, state text, verdict text, flags integer, grade smallint, decision text, programs integer,
		purposes integer, completeness smallint, updated_at timestamptz)
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	condition text;
begin
	select string_agg(format('search like %L', '%' || replace(replace(replace(fold(w), '\', '\\'), '%', '\%'), '_', '\_') || '%'), ' and ')
	into condition from unnest(words) w;
	return query execute format(
		'select workspace_id, id, name, dataset_id, application_id, category_id, owner_id, gdpr_class, origin, state, verdict, flags,
			grade, decision, programs, purposes, completeness, updated_at
		from field where workspace_id = %L::bigint and %s limit %s',
		current_workspace(), coalesce(condition, 'true'), most);
end $$;
-- +goose StatementEnd
comment on function field_matches is 'What filters, orders and facets ask of the fields whose folded text holds every word, at most so many, in no order. Like field_search it scopes itself to the workspace of the transaction.';

create table mapping_tally (
	workspace_id bigint not null,
	n bigint not null
);
comment on table mapping_tally is 'How many mappings wait for a DPO, as deltas to be summed: written by triggers on purpose_mapping, folded now and then.';
create index mapping_tally_by_workspace on mapping_tally (workspace_id) include (n);
alter table mapping_tally enable row level security;
create policy mapping_tally_of_workspace on mapping_tally to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());
grant select on mapping_tally to utile_app;

-- +goose StatementBegin
create function tally_mappings() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		insert into mapping_tally select workspace_id, count(*) from new_rows where state = 'proposed' group by 1;
	elsif tg_op = 'DELETE' then
		insert into mapping_tally select workspace_id, -count(*) from old_rows where state = 'proposed' group by 1;
	else
		insert into mapping_tally
		select workspace_id, sum(n)
		from (
			select workspace_id, 1 as n from new_rows where state = 'proposed'
			union all
			select workspace_id, -1 from old_rows where state = 'proposed'
		) delta
		group by 1 having sum(n) <> 0;
	end if;
	return null;
end $$;
-- +goose StatementEnd
create trigger mapping_tally_insert after insert on purpose_mapping referencing new table as new_rows
	for each statement execute function tally_mappings();
create trigger mapping_tally_update after update on purpose_mapping referencing old table as old_rows new table as new_rows
	for each statement execute function tally_mappings();
create trigger mapping_tally_delete after delete on purpose_mapping referencing old table as old_rows
	for each statement execute function tally_mappings();
insert into mapping_tally select workspace_id, count(*) from purpose_mapping where state = 'proposed' group by 1;

-- +goose StatementBegin
create function fold_mapping_tally() returns void language sql security definer set search_path = public, pg_temp as $$
	with taken as (
		delete from mapping_tally where workspace_id = current_workspace() returning n
	)
	insert into mapping_tally select current_workspace(), sum(n) from taken having sum(n) <> 0
$$;
-- +goose StatementEnd
comment on function fold_mapping_tally is 'Sums the deltas of what waits in the workspace of the transaction.';
revoke execute on function fold_mapping_tally() from public;
grant execute on function fold_mapping_tally() to utile_app;

-- A workspace that is removed leaves deltas that sum up to nothing.
-- +goose StatementBegin
create or replace function forget_tally_changes() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from field_tally_change where workspace_id = old.id;
	delete from mapping_tally where workspace_id = old.id;
	return null;
end $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
create or replace function forget_tally_changes() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from field_tally_change where workspace_id = old.id;
	return null;
end $$;
-- +goose StatementEnd
drop trigger mapping_tally_delete on purpose_mapping;
drop trigger mapping_tally_update on purpose_mapping;
drop trigger mapping_tally_insert on purpose_mapping;
drop function fold_mapping_tally();
drop function tally_mappings();
drop table mapping_tally;
drop function field_matches(text[], integer);
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
-- +goose StatementBegin
create or replace function member_workspace(member bigint, asked text) returns table (
		id bigint, slug text, name text, locale text, is_example boolean, window_days integer, grace_days integer,
		fill_rate_min numeric, constant_min_rows bigint, stale_days integer, judged_on date, version integer, role text)
	language sql stable security definer set search_path = public, pg_temp as $$
	select w.id, w.slug, w.name, w.locale, w.is_example, w.window_days, w.grace_days, w.fill_rate_min, w.constant_min_rows,
		w.stale_days, w.judged_on, w.version, m.role
	from workspace w join membership m on m.workspace_id = w.id
	where w.slug = asked and m.user_id = member
$$;
-- +goose StatementEnd
-- +goose StatementBegin
create or replace function fold(value text) returns text
	language sql immutable parallel safe strict
	return lower(unaccent('unaccent'::regdictionary, value));
-- +goose StatementEnd
