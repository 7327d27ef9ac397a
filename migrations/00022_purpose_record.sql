-- +goose Up
-- The record of processing (GDPR art. 30): who keeps it, recipients and transfers as rows, what screening for an impact
-- assessment found, what a person says of a purpose beside what approved mappings tell, processing for clients (art. 30(2)),
-- and what a workspace knows better of the adequacy of countries.

-- What was written in one line becomes a row, without loss: codes of kinds as kinds, words as the name of a recipient or as
-- the note of a transfer. Former versions are kept in the same form, so that the past reads as it did.
-- +goose StatementBegin
create function recipient_rows(words text[]) returns jsonb language sql immutable as $$
	select coalesce(jsonb_agg(case when w in ('internal', 'processor', 'group', 'partner', 'authority', 'third_country')
		then jsonb_build_object('kind', w) else jsonb_build_object('kind', 'other', 'name', w) end order by n), '[]')
	from unnest(words) with ordinality as u(w, n)
$$;
create function transfer_rows(words text[]) returns jsonb language sql immutable as $$
	select coalesce(jsonb_agg(jsonb_build_object('note', w) order by n), '[]') from unnest(words) with ordinality as u(w, n)
$$;
-- +goose StatementEnd

drop view asof.purpose cascade;
alter table past.purpose
	alter column recipients type jsonb using recipient_rows(recipients),
	alter column transfers type jsonb using transfer_rows(transfers);
-- The triggers compare old and new rows by their types: past.keep makes them anew.
drop trigger purpose_past_stamp on purpose;
alter table purpose
	alter column recipients drop default,
	alter column transfers drop default;
alter table purpose
	alter column recipients type jsonb using recipient_rows(recipients),
	alter column transfers type jsonb using transfer_rows(transfers);
alter table purpose
	alter column recipients set default '[]',
	alter column transfers set default '[]',
	add column declared_data jsonb not null default '[]',
	add column exceptions jsonb not null default '[]',
	add column assessor text not null default '',
	add column assessed_on date,
	add column consent_wording text not null default '',
	add column compatibility text not null default '',
	add column automated text not null default '',
	add column automated_logic text not null default '',
	add column automated_effect text not null default '',
	add column measures_note text not null default '',
	add column screening jsonb not null default '{}',
	add column published boolean not null default false,
	add constraint purpose_recipients_check check (jsonb_typeof(recipients) = 'array'),
	add constraint purpose_transfers_check check (jsonb_typeof(transfers) = 'array'),
	add constraint purpose_declared_data_check check (jsonb_typeof(declared_data) = 'array'),
	add constraint purpose_exceptions_check check (jsonb_typeof(exceptions) = 'array'),
	add constraint purpose_screening_check check (jsonb_typeof(screening) = 'object'),
	add constraint purpose_automated_check check (automated in ('', 'no', 'yes'));
comment on column purpose.recipients is 'To whom data goes: kind, name, contract and its end, whether its clauses of art. 28(3) were seen.';
comment on column purpose.transfers is 'Transfers outside the EEA: recipient, country, safeguard, assessment, end, document.';
comment on column purpose.declared_data is 'Categories of data as a person words them, with their own period, beside those of approved mappings.';
comment on column purpose.exceptions is 'What is derived and, as a person says with a reason, does not hold for this purpose.';
comment on column purpose.assessed_on is 'Day on which the legitimate interest was assessed, by assessor.';
comment on column purpose.compatibility is 'Why a further use is compatible with the first one (art. 6(4)).';
comment on column purpose.automated is 'Whether decisions of art. 22 are taken: empty while nobody has said.';
comment on column purpose.screening is 'Criteria of an impact assessment (art. 35) that a person retains, their verdict and its reason.';
comment on column purpose.published is 'Shown on the public page of the record, where the workspace has one.';
drop function recipient_rows(text[]), transfer_rows(text[]);
call past.keep('purpose');
update past.purpose set declared_data = '[]', exceptions = '[]', assessor = '', consent_wording = '', compatibility = '', automated = '',
	automated_logic = '', automated_effect = '', measures_note = '', screening = '{}', published = false;

create table organisation (
	workspace_id bigint not null,
	parties jsonb not null default '[]',
	published boolean not null default false,
	introduction text not null default '',
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	constraint organisation_pkey primary key (workspace_id),
	constraint organisation_workspace_fk foreign key (workspace_id) references workspace (id) on delete cascade,
	constraint organisation_parties_check check (jsonb_typeof(parties) = 'array')
);
comment on table organisation is 'Who answers for the processing: controller, DPO, representative, joint controllers (GDPR art. 30(1)(a)).';
comment on column organisation.published is 'Whether the record has a public page.';

create table country (
	workspace_id bigint not null,
	code text not null,
	adequacy text not null,
	note text not null,
	version integer not null default 1,
	updated_at timestamptz not null default clock_timestamp(),
	constraint country_pkey primary key (workspace_id, code),
	constraint country_workspace_fk foreign key (workspace_id) references workspace (id) on delete cascade,
	constraint country_code_check check (code ~ '^[A-Z]{2}$'),
	constraint country_adequacy_check check (adequacy in ('eea', 'adequate', 'partial', 'none'))
);
comment on table country is 'What the workspace knows of the adequacy of a country (GDPR art. 45), over the table that it started with.';

create table client_processing (
	workspace_id bigint not null,
	id bigint generated always as identity,
	code text not null,
	client text not null,
	contact text not null default '',
	representative text not null default '',
	client_dpo text not null default '',
	categories text[] not null default '{}',
	sub_processors text[] not null default '{}',
	transfers jsonb not null default '[]',
	security_measures text[] not null default '{}',
	measures_note text not null default '',
	contract text not null default '',
	contract_until date,
	starts_on date,
	ends_on date,
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint client_processing_pkey primary key (workspace_id, id),
	constraint client_processing_workspace_fk foreign key (workspace_id) references workspace (id) on delete cascade,
	constraint client_processing_code_check check (length(code) between 1 and 60),
	constraint client_processing_client_check check (length(client) between 1 and 200),
	constraint client_processing_transfers_check check (jsonb_typeof(transfers) = 'array'),
	constraint client_processing_contract_check check (contract in ('', 'signed', 'in_progress', 'missing', 'unknown')),
	constraint client_processing_dates_check check (ends_on >= starts_on)
);
comment on table client_processing is 'Processing on behalf of a client: one entry of the record of a processor (GDPR art. 30(2)).';
create unique index client_processing_code_key on client_processing (workspace_id, lower(code));

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['organisation', 'country', 'client_processing']
	loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy %I on %I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())', t || '_of_workspace', t);
		execute format('grant select, insert, update, delete on %I to utile_app', t);
		call past.keep(t);
	end loop;
end $$;
-- +goose StatementEnd

-- A table of a workspace is one that is kept apart by its rows: no list of names to forget a new one in.
-- +goose StatementBegin
create or replace function reserve_ids(of_table text, n integer) returns setof bigint
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if n < 0 or n > 1000000 then
		raise exception 'at most 1000000 identifiers can be reserved at once';
	end if;
	if not exists (select from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id'
			where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relrowsecurity and c.relname = of_table) then
		raise exception 'no identifiers of % can be reserved', of_table;
	end if;
	return query select nextval(pg_get_serial_sequence(of_table, 'id')) from generate_series(1, n);
end $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
create or replace function reserve_ids(of_table text, n integer) returns setof bigint
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if n < 0 or n > 1000000 then
		raise exception 'at most 1000000 identifiers can be reserved at once';
	end if;
	if of_table not in ('application', 'batch', 'collection_point', 'data_category', 'dataset', 'decision', 'event', 'field', 'flow',
			'import', 'journey_stage', 'objective', 'program', 'purpose', 'purpose_mapping', 'remark', 'saved_view', 'suggestion_refusal', 'team') then
		raise exception 'no identifiers of % can be reserved', of_table;
	end if;
	return query select nextval(pg_get_serial_sequence(of_table, 'id')) from generate_series(1, n);
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['client_processing', 'country', 'organisation']
	loop
		execute format('drop view asof.%I', t);
		execute format('drop table %I', t);
		execute format('drop table past.%I', t);
		execute format('drop function past.%I()', 'keep_' || t);
	end loop;
end $$;
create function recipient_words(of_rows jsonb) returns text[] language sql immutable as $$
	select coalesce(array_agg(coalesce(nullif(r->>'name', ''), r->>'kind') order by n), '{}') from jsonb_array_elements(of_rows) with ordinality as u(r, n)
$$;
create function transfer_words(of_rows jsonb) returns text[] language sql immutable as $$
	select coalesce(array_agg(concat_ws(', ', r->>'recipient', r->>'country', r->>'safeguard', r->>'note') order by n), '{}')
	from jsonb_array_elements(of_rows) with ordinality as u(r, n)
$$;
-- +goose StatementEnd
drop view asof.purpose cascade;
alter table past.purpose drop column declared_data, drop column exceptions, drop column assessor, drop column assessed_on, drop column consent_wording,
	drop column compatibility, drop column automated, drop column automated_logic, drop column automated_effect, drop column measures_note,
	drop column screening, drop column published;
alter table past.purpose
	alter column recipients type text[] using recipient_words(recipients),
	alter column transfers type text[] using transfer_words(transfers);
drop trigger purpose_past_stamp on purpose;
alter table purpose drop constraint purpose_recipients_check, drop constraint purpose_transfers_check,
	drop column declared_data, drop column exceptions, drop column assessor, drop column assessed_on, drop column consent_wording,
	drop column compatibility, drop column automated, drop column automated_logic, drop column automated_effect, drop column measures_note,
	drop column screening, drop column published,
	alter column recipients drop default, alter column transfers drop default;
alter table purpose
	alter column recipients type text[] using recipient_words(recipients),
	alter column transfers type text[] using transfer_words(transfers);
alter table purpose alter column recipients set default '{}', alter column transfers set default '{}';
drop function recipient_words(jsonb), transfer_words(jsonb);
call past.keep('purpose');
