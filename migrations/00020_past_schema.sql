-- +goose Up
-- The register as it stood: each table of the register has a twin in the schema past that keeps what its rows were before
-- they changed or went, and a view of its own name in the schema asof that shows the rows of one moment. A transaction that
-- sets its search path to asof and names the moment runs the same queries as ever. docs/adr/0011 says why.

alter table workspace add column past_from timestamptz not null default now();
comment on column workspace.past_from is 'From when on the past of the workspace is kept.';

create schema past;
create schema asof;
grant usage on schema past, asof to utile_app;

-- +goose StatementBegin
create function as_of() returns timestamptz
	language sql stable parallel safe
	return current_setting('app.as_of')::timestamptz;
-- +goose StatementEnd
comment on function as_of is 'The moment that the views of the schema asof show.';

-- +goose StatementBegin
create function reference_day() returns date
	language sql stable parallel safe
	return current_date;
create function asof.reference_day() returns date
	language sql stable parallel safe
	return (public.as_of() at time zone 'UTC')::date;
-- +goose StatementEnd
comment on function reference_day is 'The day that due dates are compared with: today, or the day that is looked at.';

-- A change counts from the beginning of its transaction, so that no moment shows half of one. Where two transactions
-- overlap, a row never begins before the version that it replaces.
-- +goose StatementBegin
create function past.stamp() returns trigger language plpgsql as $$
begin
	new.valid_from := greatest(now(), old.valid_from);
	return new;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create procedure past.keep(of_table text) language plpgsql set search_path = public, pg_temp as $$
declare
	cols text; -- what a row holds, but for what is computed from it and for when it began
	shown text; -- the same as a view shows it, computed values included, in the order of the table
	shown_past text;
	key text;
	same text;
	changed text;
begin
	execute format('alter table public.%I add column if not exists valid_from timestamptz not null default now()', of_table);
	execute format('comment on column public.%I.valid_from is %L', of_table, 'Since when the row has been as it is.');
	select string_agg(format('%I', a.attname), ', ' order by a.attnum) filter (where a.attgenerated = '' and a.attname <> 'valid_from'),
		string_agg(format('%I', a.attname), ', ' order by a.attnum) filter (where a.attname <> 'valid_from'),
		string_agg(case when a.attgenerated = '' then format('%I', a.attname) else format('%s as %I', pg_get_expr(d.adbin, d.adrelid), a.attname) end,
			', ' order by a.attnum) filter (where a.attname <> 'valid_from'),
		format('(%s) is distinct from (%s)',
			string_agg(format('old.%I', a.attname), ', ' order by a.attnum) filter (where a.attgenerated = '' and a.attname <> 'valid_from'),
			string_agg(format('new.%I', a.attname), ', ' order by a.attnum) filter (where a.attgenerated = '' and a.attname <> 'valid_from'))
	into cols, shown, shown_past, changed
	from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum and a.attgenerated <> ''
	where a.attrelid = format('public.%I', of_table)::regclass and a.attnum > 0 and not a.attisdropped;
	select string_agg(format('%I', a.attname), ', ' order by array_position(k.conkey, a.attnum)),
		string_agg(format('n.%1$I = o.%1$I', a.attname), ' and ' order by array_position(k.conkey, a.attnum))
	into key, same
	from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey)
	where k.conrelid = format('public.%I', of_table)::regclass and k.contype = 'p';

	if to_regclass(format('past.%I', of_table)) is null then
		execute format('create table past.%1$I as select %2$s, valid_from, valid_from as valid_to from public.%1$I with no data', of_table, cols);
		execute format('alter table past.%I alter column workspace_id set not null, alter column valid_from set not null, alter column valid_to set not null,
			add constraint %I check (valid_from < valid_to)', of_table, of_table || '_period_check');
		execute format('comment on table past.%I is %L', of_table, 'What rows of ' || of_table || ' were from one moment to another.');
		execute format('create index %I on past.%I (%s, valid_to)', of_table || '_past_by_key', of_table, key);
		-- Versions are added in the order in which they end, so that their place tells their end: this index costs nothing.
		execute format('create index %I on past.%I using brin (valid_to) with (pages_per_range = 16, autosummarize = on)', of_table || '_past_by_end', of_table);
		execute format('alter table past.%I enable row level security', of_table);
		execute format('create policy %I on past.%I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())',
			of_table || '_past_of_workspace', of_table);
		execute format('grant select on past.%I to utile_app', of_table);
	else
		-- A later migration has given the table another column: what was before did not have it.
		execute coalesce((select string_agg(format('alter table past.%I add column %I %s', of_table, a.attname, format_type(a.atttypid, a.atttypmod)), '; ')
			from pg_attribute a
			where a.attrelid = format('public.%I', of_table)::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
				and not exists (select from pg_attribute p where p.attrelid = format('past.%I', of_table)::regclass and p.attname = a.attname and not p.attisdropped)),
			'select');
	end if;

	execute format('drop trigger if exists %I on public.%I', of_table || '_past_stamp', of_table);
	execute format('create trigger %I before update on public.%I for each row when (%s) execute function past.stamp()', of_table || '_past_stamp', of_table, changed);
	execute format($fn$
		create or replace function past.%1$I() returns trigger language plpgsql security definer set search_path = public, pg_temp as $body$
		begin
			if tg_op = 'UPDATE' then
				insert into past.%2$I (%3$s, valid_from, valid_to)
				select %4$s, o.valid_from, n.valid_from from old_rows o join new_rows n on %5$s where n.valid_from > o.valid_from;
			else
				insert into past.%2$I (%3$s, valid_from, valid_to)
				select %4$s, o.valid_from, now() from old_rows o where o.valid_from < now()
					and current_setting('app.removing_workspace', true) is distinct from 'yes';
			end if;
			return null;
		end $body$ $fn$, 'keep_' || of_table, of_table, cols, 'o.' || replace(cols, ', ', ', o.'), same);
	execute format('create or replace trigger %I after update on public.%I referencing old table as old_rows new table as new_rows
		for each statement execute function past.%I()', of_table || '_past_update', of_table, 'keep_' || of_table);
	execute format('create or replace trigger %I after delete on public.%I referencing old table as old_rows
		for each statement execute function past.%I()', of_table || '_past_delete', of_table, 'keep_' || of_table);

	execute format('drop view if exists asof.%I cascade', of_table);
	execute format('create view asof.%1$I with (security_invoker = true) as
		select %2$s from (select %2$s, valid_from, ''infinity''::timestamptz as valid_to from public.%1$I
			union all select %3$s, valid_from, valid_to from past.%1$I) v
		where v.valid_from <= as_of() and v.valid_to > as_of()', of_table, shown, shown_past);
	execute format('grant select on asof.%I to utile_app', of_table);
end $$;
-- +goose StatementEnd
comment on procedure past.keep is 'Keeps the past of a table from now on; called again by a migration that gives the table another column.';

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['membership', 'team', 'team_member', 'application', 'dataset', 'data_category', 'collection_point', 'field',
		'field_collection', 'field_evidence', 'purpose', 'purpose_mapping', 'objective', 'journey_stage', 'program', 'program_purpose',
		'program_link', 'requirement', 'decision', 'flow', 'flow_field', 'remark', 'batch', 'import']
	loop
		call past.keep(t);
	end loop;
end $$;
-- +goose StatementEnd

-- Versions are looked up by what they belong to, as the rows that they were.
create index field_past_by_dataset on past.field (workspace_id, dataset_id, valid_to);
create index dataset_past_by_application on past.dataset (workspace_id, application_id, valid_to);
create index purpose_mapping_past_by_field on past.purpose_mapping (workspace_id, field_id, valid_to);
create index purpose_mapping_past_by_purpose on past.purpose_mapping (workspace_id, purpose_id, valid_to);
create index program_link_past_by_program on past.program_link (workspace_id, program_id, valid_to);
create index decision_past_by_field on past.decision (workspace_id, field_id, valid_to);
create index field_collection_past_by_point on past.field_collection (workspace_id, collection_point_id, valid_to);

-- What is only added to shows what was there; counters are counted.
create view asof.event with (security_invoker = true) as
	select workspace_id, id, at, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, before, after, reason, batch_id
	from public.event where at <= as_of();
create view asof.verdict_day with (security_invoker = true) as
	select workspace_id, day, application_id, verdict, n from public.verdict_day where day <= (as_of() at time zone 'UTC')::date;
create view asof.field_tally with (security_invoker = true) as
	select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, count(*) as n
	from asof.field group by 1, 2, 3, 4, 5, 6, 7, 8;
create view asof.mapping_tally with (security_invoker = true) as
	select workspace_id, count(*) as n from asof.purpose_mapping where state = 'proposed' group by 1;
grant select on asof.event, asof.verdict_day, asof.field_tally, asof.mapping_tally to utile_app;

-- The searches that run as the owner of the tables, of the moment that is looked at.
-- +goose StatementBegin
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

create function asof.field_search_alike(sought text, most integer) returns table (id bigint, likeness real)
	language sql stable security definer set search_path = asof, public, pg_temp
	set pg_trgm.word_similarity_threshold = 0.45 as $$
	select f.id, word_similarity(fold(sought), f.search) as likeness
	from asof.field f
	where f.workspace_id = current_workspace() and fold(sought) <% f.search
	order by likeness desc, f.id limit most
$$;

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

-- A workspace goes with its past.
-- +goose StatementBegin
create function past.forget() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare t text;
begin
	for t in select relname from pg_class where relnamespace = 'past'::regnamespace and relkind = 'r' loop
		execute format('delete from past.%I where workspace_id = $1', t) using old.id;
	end loop;
	return null;
end $$;
-- +goose StatementEnd
create trigger workspace_forget_past after delete on workspace
	for each row execute function past.forget();

-- Each piece of a transaction is hashed in one pass over its events in order, without sorting them twice.
-- +goose StatementBegin
create or replace function seal_events(of_workspace bigint, written int8multirange) returns void
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	last record;
	part record;
	next_number bigint;
	previous text;
	line text;
	behind bigint := 0;
begin
	perform pg_advisory_xact_lock(hashtextextended('event_seal', of_workspace));
	select s.number, s.line into last from event_seal s where s.workspace_id = of_workspace order by s.number desc limit 1;
	next_number := coalesce(last.number, 0);
	previous := case when last.number is null then repeat('0', 64) else encode(sha256(convert_to(last.line || e'\n', 'UTF8')), 'hex') end;
	loop
		select count(*) as n, max(t.id) as highest, range_agg(int8range(t.id, t.id, '[]')) as ids,
			string_agg(sha256(t.bytes), ''::bytea) as hashes, encode(sha256(string_agg(t.bytes, ''::bytea)), 'hex') as content
		into part
		from (
			select e.id, convert_to(event_line(e) || e'\n', 'UTF8') as bytes
			from unnest(written) r join event e on e.workspace_id = of_workspace and e.id >= lower(r) and e.id < upper(r)
			where e.id > behind order by e.id limit 10000
		) t;
		exit when part.n = 0;
		behind := part.highest;
		next_number := next_number + 1;
		line := '{"seal":' || next_number || ',"previous":"' || previous
			|| '","began":"' || to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
			|| '","at":"' || to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
			|| '","events":[' || (select string_agg('[' || lower(r) || ',' || upper(r) - 1 || ']', ',' order by r) from unnest(part.ids) r)
			|| '],"count":' || part.n || ',"content":"' || part.content || '"}';
		begin
			insert into event_seal (workspace_id, number, line, hashes, carried) values (of_workspace, next_number, line, part.hashes, false);
		exception when unique_violation then
			-- A transaction that sees an older moment cannot know the newest seal: it is tried again.
			raise exception 'the chain has grown meanwhile' using errcode = 'serialization_failure';
		end;
		previous := encode(sha256(convert_to(line || e'\n', 'UTF8')), 'hex');
		exit when part.n < 10000;
	end loop;
end $$;
-- +goose StatementEnd

-- +goose Down
drop trigger workspace_forget_past on workspace;
-- +goose StatementBegin
do $$
declare t text;
begin
	for t in select relname from pg_class where relnamespace = 'past'::regnamespace and relkind = 'r' loop
		execute format('drop trigger %I on public.%I', t || '_past_stamp', t);
		execute format('drop trigger %I on public.%I', t || '_past_update', t);
		execute format('drop trigger %I on public.%I', t || '_past_delete', t);
	end loop;
	drop schema asof cascade;
	for t in select relname from pg_class where relnamespace = 'past'::regnamespace and relkind = 'r' loop
		execute format('drop table past.%I', t);
		execute format('alter table public.%I drop column valid_from', t);
	end loop;
end $$;
-- +goose StatementEnd
drop schema past cascade;
drop function reference_day(), as_of();
alter table workspace drop column past_from;
