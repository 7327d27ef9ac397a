-- +goose Up
-- History that proves: every transaction seals the events that it wrote. A seal names its events, holds a digest of their
-- text and the digest of the seal before, so that whoever changes, removes or slips in an event breaks the chain of its
-- workspace. docs/history.md describes the text that is hashed.

create table event_seal (
	workspace_id bigint not null,
	number bigint not null,
	line text not null,
	hashes bytea not null,
	carried boolean not null default true,
	constraint event_seal_pkey primary key (workspace_id, number),
	constraint event_seal_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint event_seal_number_check check (number >= 1),
	constraint event_seal_hashes_check check (length(hashes) % 32 = 0)
);
comment on table event_seal is 'Append-only chain over the history of a workspace: one seal for each transaction that wrote events.';
comment on column event_seal.line is 'Text of the seal; the seal behind holds the SHA-256 of this text and a line feed.';
comment on column event_seal.hashes is 'SHA-256 of each event of the seal, in their order: tells which event no longer matches.';
comment on column event_seal.carried is 'Made in another installation and brought along in a workspace file: its events have other numbers here.';

create table carried_event (
	workspace_id bigint not null,
	seal bigint not null,
	place integer not null,
	event_id bigint,
	line text not null,
	constraint carried_event_pkey primary key (workspace_id, seal, place),
	constraint carried_event_workspace_fk foreign key (workspace_id) references workspace (id)
);
comment on table carried_event is 'Text of an event as a carried seal hashed it, beside the event as it is numbered here.';

create table event_unsealed (
	workspace_id bigint not null,
	id bigint generated always as identity,
	xid xid8 not null default pg_current_xact_id(),
	events int8multirange not null,
	constraint event_unsealed_pkey primary key (workspace_id, id)
);
comment on table event_unsealed is 'Events that the transaction under way wrote: empty again when it is committed.';

-- Quotes a text as JSON and leaves everything above the control characters as it is.
-- +goose StatementBegin
create function event_line(e event) returns text
	language sql stable
	return '{"id":' || e.id || ',"workspace":' || e.workspace_id
		|| ',"at":"' || to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
		|| '","actor":' || coalesce(e.actor_id::text, 'null') || ',"actor_name":' || to_json(e.actor_name)::text
		|| ',"verb":' || to_json(e.verb)::text || ',"subject_kind":' || to_json(e.subject_kind)::text
		|| ',"subject":' || e.subject_id || ',"subject_name":' || to_json(e.subject_name)::text
		|| ',"before":' || coalesce(e.before::text, 'null') || ',"after":' || coalesce(e.after::text, 'null')
		|| ',"reason":' || to_json(e.reason)::text || ',"batch":' || coalesce(e.batch_id::text, 'null') || '}';
-- +goose StatementEnd
comment on function event_line is 'Text of an event that is hashed, without the line feed that ends it.';

-- +goose StatementBegin
create function note_unsealed() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
	written record;
begin
	for written in select workspace_id, min(id) as lowest, max(id) as highest, count(*) as n from new_rows group by workspace_id loop
		insert into event_unsealed (workspace_id, events) values (written.workspace_id,
			case when written.highest - written.lowest + 1 = written.n
				then int8multirange(int8range(written.lowest, written.highest, '[]'))
				else (select range_agg(int8range(id, id, '[]')) from new_rows where workspace_id = written.workspace_id) end);
	end loop;
	return null;
end $$;
-- +goose StatementEnd

-- The lock is taken when a transaction commits, so writers of a workspace wait for each other for that long only. A seal
-- holds at most 10,000 events, so that it can be checked within little memory.
-- +goose StatementBegin
create function seal_events(of_workspace bigint, written int8multirange) returns void
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	last record;
	part record;
	next_number bigint;
	previous text;
	line text;
begin
	perform pg_advisory_xact_lock(hashtextextended('event_seal', of_workspace));
	select s.number, s.line into last from event_seal s where s.workspace_id = of_workspace order by s.number desc limit 1;
	next_number := coalesce(last.number, 0);
	previous := case when last.number is null then repeat('0', 64) else encode(sha256(convert_to(last.line || e'\n', 'UTF8')), 'hex') end;
	for part in
		select t.part, count(*) as n, range_agg(int8range(t.id, t.id, '[]')) as ids,
			string_agg(sha256(t.bytes), ''::bytea order by t.id) as hashes,
			encode(sha256(string_agg(t.bytes, ''::bytea order by t.id)), 'hex') as content
		from (
			select e.id, convert_to(event_line(e) || e'\n', 'UTF8') as bytes, (row_number() over (order by e.id) - 1) / 10000 as part
			from unnest(written) r join event e on e.workspace_id = of_workspace and e.id >= lower(r) and e.id < upper(r)
		) t
		group by t.part order by t.part
	loop
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
	end loop;
end $$;
-- +goose StatementEnd
revoke execute on function seal_events(bigint, int8multirange) from public;

-- +goose StatementBegin
create function seal_transaction() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
	written int8multirange;
begin
	with taken as (
		delete from event_unsealed where workspace_id = new.workspace_id and xid = pg_current_xact_id() returning events
	)
	select range_agg(r) into written from taken, unnest(taken.events) r;
	if written is not null then
		perform seal_events(new.workspace_id, written);
	end if;
	return null;
end $$;
-- +goose StatementEnd

create trigger event_note_unsealed after insert on event referencing new table as new_rows
	for each statement execute function note_unsealed();
create constraint trigger event_unsealed_seal after insert on event_unsealed deferrable initially deferred
	for each row execute function seal_transaction();

create trigger event_seal_append_only before update or delete on event_seal
	for each row execute function refuse_change_of_history();
create trigger event_seal_no_truncate before truncate on event_seal
	for each statement execute function refuse_change_of_history();
create trigger carried_event_append_only before update or delete on carried_event
	for each row execute function refuse_change_of_history();
create trigger carried_event_no_truncate before truncate on carried_event
	for each statement execute function refuse_change_of_history();

-- The application itself only brings seals along from elsewhere.
-- +goose StatementBegin
create function refuse_own_seal() returns trigger language plpgsql as $$
begin
	if current_user = 'utile_app' and not new.carried then
		raise exception 'seals are made when a transaction commits';
	end if;
	return new;
end $$;
-- +goose StatementEnd
create trigger event_seal_carried_only before insert on event_seal
	for each row execute function refuse_own_seal();

grant select, insert on event_seal, carried_event to utile_app;
grant select on event_unsealed to utile_app;
-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['event_seal', 'carried_event', 'event_unsealed']
	loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy %I on %I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())', t || '_of_workspace', t);
	end loop;
end $$;
-- +goose StatementEnd

-- A workspace goes with its chain. The delete of the workspace itself comes last and finds no trace of it.
-- +goose StatementBegin
create function forget_seals() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from carried_event where workspace_id = old.id;
	delete from event_seal where workspace_id = old.id;
	delete from event_unsealed where workspace_id = old.id;
	return old;
end $$;
-- +goose StatementEnd
create trigger workspace_forget_seals before delete on workspace
	for each row execute function forget_seals();

-- What was written before is sealed as it stands today.
-- +goose StatementBegin
do $$
declare
	w record;
begin
	for w in select workspace_id, int8multirange(int8range(min(id), max(id), '[]')) as events from event group by workspace_id loop
		perform seal_events(w.workspace_id, w.events);
	end loop;
end $$;
-- +goose StatementEnd

-- +goose Down
drop trigger workspace_forget_seals on workspace;
drop function forget_seals();
drop trigger event_note_unsealed on event;
drop table event_unsealed, carried_event, event_seal;
drop function refuse_own_seal(), seal_transaction(), seal_events(bigint, int8multirange), note_unsealed(), event_line(event);
