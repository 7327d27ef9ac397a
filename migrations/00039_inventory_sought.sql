-- +goose Up
-- What a search looks into. The view runs as the owner of the tables, whom row-level security does not bind, since under it no
-- index would serve LIKE (docs/adr/0002); it scopes itself to the workspace of the transaction. PostgreSQL plans through a
-- view, which it could not through the functions that were here before, and copies no row.
create view field_sought as
	select workspace_id, id, search, name, dataset_id, application_id, category_id, owner_id, gdpr_class, origin, state, verdict, flags,
		grade, decision, programs, purposes, completeness, updated_at
	from field where workspace_id = nullif(current_setting('app.workspace', true), '')::bigint;
comment on view field_sought is 'Fields of the workspace of the transaction, as searches read them.';
create view asof.field_sought as
	select workspace_id, id, search, name, dataset_id, application_id, category_id, owner_id, gdpr_class, origin, state, verdict, flags,
		grade, decision, programs, purposes, completeness, updated_at
	from asof.field where workspace_id = nullif(current_setting('app.workspace', true), '')::bigint;
grant select on field_sought, asof.field_sought to utile_app;

drop function asof.field_matches(text[], integer), asof.field_search(text[], integer);
drop function field_matches(text[], integer), field_search(text[], integer);

-- What stands around the fields is kept in the memory of each server from one change to the next. Every transaction that changes
-- it leaves its number here and takes away those that it sees; so the numbers that a moment sees tell its state from every
-- other, without a lock that would make writers wait for each other.
create table landscape_change (
	workspace_id bigint not null,
	transaction bigint not null,
	constraint landscape_change_pkey primary key (workspace_id, transaction)
);
comment on table landscape_change is 'Transactions that changed what stands around the fields of a workspace and that none has followed up on.';
alter table landscape_change enable row level security;
create policy landscape_change_of_workspace on landscape_change to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());
grant select on landscape_change to utile_app;

-- +goose StatementBegin
create function note_landscape(of_workspace bigint) returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
	this constant bigint := pg_current_xact_id()::text::bigint;
begin
	insert into landscape_change values (of_workspace, this) on conflict do nothing;
	if found then
		delete from landscape_change where workspace_id = of_workspace and transaction in (
			select transaction from landscape_change where workspace_id = of_workspace and transaction <> this for update skip locked);
	end if;
end $$;

create function landscape_changed() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if current_workspace() is not null then
		perform note_landscape(current_workspace());
	else -- by hand: whose it is, is not known
		perform note_landscape(id) from workspace;
	end if;
	return null;
end $$;

-- A person's name stands in every workspace of theirs.
create function member_renamed() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform note_landscape(m.workspace_id) from membership m where m.user_id = new.id;
	return null;
end $$;

create procedure watch_landscape(of_table text) language plpgsql set search_path = public, pg_temp as $$
begin
	execute format('create trigger %1$s_landscape after insert or update or delete on %1$s for each statement execute function landscape_changed()', of_table);
end $$;
-- +goose StatementEnd
revoke execute on function note_landscape(bigint) from public;
comment on procedure watch_landscape is 'Has changes of a table noted that the servers keep in memory.';
call watch_landscape('application');
call watch_landscape('collection_point');
call watch_landscape('data_category');
call watch_landscape('dataset');
call watch_landscape('flow');
call watch_landscape('flow_field');
call watch_landscape('journey_stage');
call watch_landscape('membership');
call watch_landscape('objective');
call watch_landscape('program');
call watch_landscape('purpose');
call watch_landscape('requirement');
call watch_landscape('retention_rule');
call watch_landscape('segment');
call watch_landscape('team');
create trigger app_user_renamed after update of name on app_user for each row when (old.name is distinct from new.name)
	execute function member_renamed();

-- +goose StatementBegin
create function forget_landscape() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from landscape_change where workspace_id = old.id;
	return null;
end $$;
-- +goose StatementEnd
create trigger workspace_forget_landscape after delete on workspace for each row execute function forget_landscape();

-- +goose Down
drop trigger workspace_forget_landscape on workspace;
drop function forget_landscape();
drop trigger app_user_renamed on app_user;
-- +goose StatementBegin
do $$
declare t text;
begin
	for t in select tgrelid::regclass::text from pg_trigger where tgfoid = 'landscape_changed'::regproc loop
		execute format('drop trigger %1$s_landscape on %1$s', t);
	end loop;
end $$;
-- +goose StatementEnd
drop procedure watch_landscape(text);
drop function member_renamed(), landscape_changed(), note_landscape(bigint);
drop table landscape_change;

-- +goose StatementBegin
create function field_search(words text[], most integer) returns setof bigint
	language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	condition text;
begin
	select string_agg(format('search like %L', '%' || replace(replace(replace(fold(w), '\', '\\'), '%', '\%'), '_', '\_') || '%'), ' and ')
	into condition from unnest(words) w;
	return query execute format(
		'select id from field where workspace_id = %L::bigint and %s limit %s',
		current_workspace(), coalesce(condition, 'true'), most);
end $$;
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
create function asof.field_search(words text[], most integer) returns setof bigint
	language plpgsql stable security definer set search_path = asof, public, pg_temp as $$
declare
	condition text;
begin
	select string_agg(format('search like %L', '%' || replace(replace(replace(fold(w), '\', '\\'), '%', '\%'), '_', '\_') || '%'), ' and ')
	into condition from unnest(words) w;
	return query execute format(
		'select id from asof.field where workspace_id = %L::bigint and %s limit %s',
		current_workspace(), coalesce(condition, 'true'), most);
end $$;
create function asof.field_matches(words text[], most integer) returns table (
		workspace_id bigint, id bigint, name text, dataset_id bigint, application_id bigint, category_id bigint, owner_id bigint,
		gdpr_class text, origin text, state text, verdict text, flags integer, grade smallint, decision text, programs integer,
		purposes integer, completeness smallint, updated_at timestamptz)
	language plpgsql stable security definer set search_path = asof, public, pg_temp as $$
declare
	condition text;
begin
	select string_agg(format('search like %L', '%' || replace(replace(replace(fold(w), '\', '\\'), '%', '\%'), '_', '\_') || '%'), ' and ')
	into condition from unnest(words) w;
	return query execute format(
		'select workspace_id, id, name, dataset_id, application_id, category_id, owner_id, gdpr_class, origin, state, verdict, flags,
			grade, decision, programs, purposes, completeness, updated_at
		from asof.field where workspace_id = %L::bigint and %s limit %s',
		current_workspace(), coalesce(condition, 'true'), most);
end $$;
-- +goose StatementEnd
drop view asof.field_sought, field_sought;
