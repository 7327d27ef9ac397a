-- +goose Up
-- Suggested categories: what the classifier makes of fields that have none, and what people refused. The first is derived
-- and may be made again at any time; the second is a decision.

create table field_suggestion (
	workspace_id bigint not null,
	field_id bigint not null,
	dataset_id bigint not null,
	application_id bigint not null,
	name_key text not null,
	category_id bigint,
	confidence smallint not null default 0,
	personal text not null default 'unk',
	reasons jsonb not null default '[]',
	alternatives jsonb not null default '[]',
	classifier_version integer not null,
	computed_at timestamptz not null default clock_timestamp(),
	constraint field_suggestion_pkey primary key (workspace_id, field_id),
	constraint field_suggestion_field_fk foreign key (workspace_id, field_id) references field (workspace_id, id) on delete cascade,
	constraint field_suggestion_category_fk foreign key (workspace_id, category_id) references data_category (workspace_id, id)
		on delete set null (category_id),
	constraint field_suggestion_confidence_check check (confidence between 0 and 100),
	constraint field_suggestion_personal_check check (personal in ('personal', 'non_personal', 'unk'))
);
comment on table field_suggestion is 'One row for each active field without a category: what the classifier suggests, or that it suggests nothing.';
comment on column field_suggestion.application_id is 'Copies of where the field is, so that the page of suggestions counts and filters without a join.';
comment on column field_suggestion.name_key is 'Normalised name, by which fields of the same name are answered together.';
comment on column field_suggestion.confidence is 'In per cent, rounded down: of suggestions at 80, about four in five are right.';
comment on column field_suggestion.reasons is 'Messages of the catalogue with their arguments.';
comment on column field_suggestion.alternatives is 'Codes of the next best categories with their confidence, best first.';
create index field_suggestion_by_key on field_suggestion (workspace_id, name_key, category_id) include (confidence, personal, field_id);
create index field_suggestion_by_dataset on field_suggestion (workspace_id, dataset_id);
create index field_suggestion_by_category on field_suggestion (workspace_id, category_id, confidence) include (personal, field_id);

create table suggestion_refusal (
	workspace_id bigint not null,
	id bigint generated always as identity,
	category_id bigint not null,
	field_id bigint,
	name text not null default '',
	refused_by bigint,
	refused_by_name text not null,
	refused_at timestamptz not null default clock_timestamp(),
	batch_id bigint,
	constraint suggestion_refusal_pkey primary key (workspace_id, id),
	constraint suggestion_refusal_category_fk foreign key (workspace_id, category_id) references data_category (workspace_id, id) on delete cascade,
	constraint suggestion_refusal_field_fk foreign key (workspace_id, field_id) references field (workspace_id, id) on delete cascade,
	constraint suggestion_refusal_refused_by_fk foreign key (refused_by) references app_user (id),
	constraint suggestion_refusal_batch_fk foreign key (workspace_id, batch_id) references batch (workspace_id, id) on delete cascade,
	constraint suggestion_refusal_subject_check check ((field_id is null) <> (name = ''))
);
comment on table suggestion_refusal is 'A person said that a category is wrong for a field, or for all fields of a name: it is not suggested there again.';
comment on column suggestion_refusal.name is 'A name as it is written, for a refusal that holds for every field of the same name; empty for one field.';
create unique index suggestion_refusal_field_key on suggestion_refusal (workspace_id, field_id, category_id) where field_id is not null;
create unique index suggestion_refusal_name_key on suggestion_refusal (workspace_id, name, category_id) where field_id is null;
create index suggestion_refusal_by_category on suggestion_refusal (workspace_id, category_id);
create index suggestion_refusal_by_batch on suggestion_refusal (workspace_id, batch_id) where batch_id is not null;
create index suggestion_refusal_by_refused_by on suggestion_refusal (refused_by);

-- Rows are only added and taken away, never changed, and there is no key to meet at: whoever asks for suggestions waits
-- for nobody.
create table suggestion_due (
	workspace_id bigint not null,
	id bigint generated always as identity,
	dataset_id bigint,
	constraint suggestion_due_pkey primary key (workspace_id, id)
);
comment on table suggestion_due is 'Datasets whose suggestions must be made again; without a dataset, those of the whole workspace.';

create table suggestion_run (
	workspace_id bigint not null,
	classifier_version integer not null,
	ended_at timestamptz not null default clock_timestamp(),
	constraint suggestion_run_pkey primary key (workspace_id)
);
comment on table suggestion_run is 'The version of the classifier that last went through the whole workspace.';

create table suggestion_count (
	workspace_id bigint not null,
	suggested bigint not null,
	unsuggested bigint not null
);
comment on table suggestion_count is 'Fields without a category that have a suggestion, and those that have none, as deltas to be summed: written by triggers, folded now and then.';
create index suggestion_count_by_workspace on suggestion_count (workspace_id);

-- +goose StatementBegin
create function count_suggestions() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		insert into suggestion_count
		select workspace_id, count(category_id), count(*) - count(category_id) from new_rows group by 1;
	elsif tg_op = 'DELETE' then
		insert into suggestion_count
		select workspace_id, -count(category_id), count(category_id) - count(*) from old_rows group by 1;
	else
		insert into suggestion_count
		select workspace_id, sum(suggested), -sum(suggested) from (
			select workspace_id, count(category_id) as suggested from new_rows group by 1
			union all
			select workspace_id, -count(category_id) from old_rows group by 1
		) delta group by 1 having sum(suggested) <> 0;
	end if;
	return null;
end $$;
-- +goose StatementEnd
create trigger field_suggestion_count_insert after insert on field_suggestion referencing new table as new_rows
	for each statement execute function count_suggestions();
create trigger field_suggestion_count_update after update on field_suggestion referencing old table as old_rows new table as new_rows
	for each statement execute function count_suggestions();
create trigger field_suggestion_count_delete after delete on field_suggestion referencing old table as old_rows
	for each statement execute function count_suggestions();

-- As with the counters of fields: a foreign key would let these wait for whoever locks the workspace.
-- +goose StatementBegin
create function forget_suggestions() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from suggestion_due where workspace_id = old.id;
	delete from suggestion_run where workspace_id = old.id;
	delete from suggestion_count where workspace_id = old.id;
	return null;
end $$;
-- +goose StatementEnd
create trigger workspace_forget_suggestions after delete on workspace
	for each row execute function forget_suggestions();

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['field_suggestion', 'suggestion_refusal', 'suggestion_due', 'suggestion_run', 'suggestion_count']
	loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy %I on %I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())', t || '_of_workspace', t);
		execute format('grant select, insert, update, delete on %I to utile_app', t);
	end loop;
end $$;
-- +goose StatementEnd

-- Refusals are in workspace files.
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

-- +goose Down
-- +goose StatementBegin
create or replace function reserve_ids(of_table text, n integer) returns setof bigint
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if n < 0 or n > 1000000 then
		raise exception 'at most 1000000 identifiers can be reserved at once';
	end if;
	if of_table not in ('application', 'batch', 'collection_point', 'data_category', 'dataset', 'decision', 'event', 'field', 'flow',
			'import', 'journey_stage', 'objective', 'program', 'purpose', 'purpose_mapping', 'remark', 'saved_view', 'team') then
		raise exception 'no identifiers of % can be reserved', of_table;
	end if;
	return query select nextval(pg_get_serial_sequence(of_table, 'id')) from generate_series(1, n);
end $$;
-- +goose StatementEnd
drop trigger workspace_forget_suggestions on workspace;
drop table suggestion_count, suggestion_run, suggestion_due, suggestion_refusal, field_suggestion;
drop function forget_suggestions(), count_suggestions();
