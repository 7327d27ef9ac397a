-- +goose Up
-- The relational plan below its programs: the sequences that a program sends, to whom, and how much one person may receive.

create table segment (
	workspace_id bigint not null,
	id bigint generated always as identity,
	name text not null,
	definition text not null default '',
	volume bigint,
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint segment_pkey primary key (workspace_id, id),
	constraint segment_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint segment_name_check check (length(name) between 1 and 200),
	constraint segment_volume_check check (volume >= 0)
);
comment on table segment is 'A group of people whom scenarios address.';
comment on column segment.volume is 'How many people it holds, as last counted; null where nobody has.';
create unique index segment_name_key on segment (workspace_id, lower(name));

create table scenario (
	workspace_id bigint not null,
	id bigint generated always as identity,
	program_id bigint not null,
	name text not null,
	kind text not null default 'sequence',
	nature text not null default 'promotional',
	trigger_kind text not null default 'event',
	trigger text not null default '',
	segment_id bigint,
	target text not null default '',
	exclusions text not null default '',
	channels text[] not null default '{}',
	delay text not null default '',
	cap_messages integer,
	cap_days integer,
	stop_rule text not null default '',
	message text not null default '',
	kpi text not null default '',
	purpose_id bigint,
	consent_id bigint,
	status text not null default 'idea',
	starts_on date,
	ends_on date,
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint scenario_pkey primary key (workspace_id, id),
	constraint scenario_program_fk foreign key (workspace_id, program_id) references program (workspace_id, id),
	constraint scenario_segment_fk foreign key (workspace_id, segment_id) references segment (workspace_id, id),
	constraint scenario_purpose_fk foreign key (workspace_id, program_id, purpose_id) references program_purpose (workspace_id, program_id, purpose_id)
		on delete set null (purpose_id),
	constraint scenario_consent_fk foreign key (workspace_id, consent_id) references data_category (workspace_id, id),
	constraint scenario_name_check check (length(name) between 1 and 200),
	constraint scenario_kind_check check (kind in ('sequence', 'campaign')),
	constraint scenario_nature_check check (nature in ('transactional', 'service', 'relationship', 'promotional')),
	constraint scenario_trigger_kind_check check (trigger_kind in ('event', 'date', 'computed', 'score', 'schedule', 'manual')),
	constraint scenario_status_check check (status in ('idea', 'planned', 'live', 'paused', 'ended')),
	constraint scenario_cap_check check ((cap_messages is null) = (cap_days is null) and cap_messages between 1 and 1000 and cap_days between 1 and 366),
	constraint scenario_dates_check check (ends_on >= starts_on)
);
comment on table scenario is 'An automated sequence or a dated campaign of a program.';
comment on column scenario.cap_messages is 'At most so many messages to one person in cap_days days; null for no limit.';
comment on column scenario.purpose_id is 'Whose legal basis it runs under: one of the program''s, and none once the program has left it.';
comment on column scenario.consent_id is 'Category of the consent that is read before sending; null for none.';
create unique index scenario_name_key on scenario (workspace_id, program_id, lower(name));
create index scenario_by_segment on scenario (workspace_id, segment_id);
create index scenario_by_purpose on scenario (workspace_id, purpose_id, program_id);
create index scenario_by_consent on scenario (workspace_id, consent_id);

create table pressure_rule (
	workspace_id bigint not null,
	id bigint generated always as identity,
	channel text not null,
	most integer not null,
	days integer not null,
	constraint pressure_rule_pkey primary key (workspace_id, id),
	constraint pressure_rule_channel_key unique (workspace_id, channel),
	constraint pressure_rule_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint pressure_rule_channel_check check (length(channel) between 1 and 60),
	constraint pressure_rule_most_check check (most between 0 and 1000),
	constraint pressure_rule_days_check check (days between 1 and 366)
);
comment on table pressure_rule is 'Marketing pressure: at most so many messages by a channel to one person within so many days.';

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['segment', 'scenario', 'pressure_rule'] loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy %I on %I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())', t || '_of_workspace', t);
		execute format('grant select, insert, update, delete on %I to utile_app', t);
		call past.keep(t);
	end loop;
end $$;
-- +goose StatementEnd

-- Tables go before those that they refer to, whichever there are: a list of names would have to be written again with each.
-- +goose StatementBegin
create or replace function remove_workspace(target bigint) returns void
	language plpgsql security definer set search_path = public, pg_temp as $$
declare
	left_over oid[];
	free oid[];
	t oid;
begin
	if target is distinct from current_workspace() then
		raise exception 'only the workspace of the transaction can be removed';
	end if;
	perform set_config('app.removing_workspace', 'yes', true);
	select array_agg(c.oid) into left_over from pg_class c
	join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id' and a.attnotnull and not a.attisdropped
	where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relrowsecurity;
	while left_over <> '{}' loop
		select array_agg(x) into free from unnest(left_over) x
		where not exists (select from pg_constraint k where k.contype = 'f' and k.confrelid = x and k.conrelid <> x and k.conrelid = any(left_over));
		if free is null then
			raise exception 'tables refer to each other: %', left_over::regclass[];
		end if;
		foreach t in array free loop
			execute format('delete from %s where workspace_id = $1', t::regclass) using target;
		end loop;
		select coalesce(array_agg(x), '{}') into left_over from unnest(left_over) x where x <> all(free);
	end loop;
	delete from workspace where id = target;
	perform set_config('app.removing_workspace', '', true);
end $$;
-- +goose StatementEnd

-- +goose Down
drop view asof.pressure_rule, asof.scenario, asof.segment;
drop table past.pressure_rule, past.scenario, past.segment, pressure_rule, scenario, segment;
drop function past.keep_pressure_rule(), past.keep_scenario(), past.keep_segment();

-- +goose StatementBegin
create or replace function remove_workspace(target bigint) returns void
	language plpgsql security definer set search_path = public, pg_temp as $$
declare t text;
begin
	if target is distinct from current_workspace() then
		raise exception 'only the workspace of the transaction can be removed';
	end if;
	perform set_config('app.removing_workspace', 'yes', true);
	foreach t in array array['import_problem', 'import_row', 'import_chunk', 'import', 'heading_memory', 'saved_view', 'remark',
		'flow_field', 'flow', 'decision', 'requirement', 'program_link', 'program_purpose', 'program', 'journey_stage',
		'objective', 'purpose_mapping', 'purpose', 'field_evidence', 'field_collection', 'field', 'field_tally',
		'collection_point', 'data_category', 'dataset', 'application', 'team_member', 'team', 'event', 'batch',
		'invitation', 'membership']
	loop
		execute format('delete from %I where workspace_id = $1', t) using target;
	end loop;
	delete from workspace where id = target;
	perform set_config('app.removing_workspace', '', true);
end $$;
-- +goose StatementEnd
