-- +goose Up
-- What is held: teams, applications, datasets, data categories, collection points, fields and their evidence.

create table team (
	workspace_id bigint not null,
	id bigint generated always as identity,
	name text not null,
	description text not null default '',
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint team_pkey primary key (workspace_id, id),
	constraint team_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint team_name_check check (length(name) between 1 and 200)
);
comment on table team is 'Owns applications.';
create unique index team_name_key on team (workspace_id, lower(name));

create table team_member (
	workspace_id bigint not null,
	team_id bigint not null,
	user_id bigint not null,
	constraint team_member_pkey primary key (workspace_id, team_id, user_id),
	constraint team_member_team_fk foreign key (workspace_id, team_id) references team (workspace_id, id) on delete cascade,
	constraint team_member_membership_fk foreign key (workspace_id, user_id) references membership (workspace_id, user_id) on delete cascade
);
comment on table team_member is 'Who belongs to a team.';
create index team_member_by_user on team_member (workspace_id, user_id);

create table application (
	workspace_id bigint not null,
	id bigint generated always as identity,
	name text not null,
	kind text not null default '',
	description text not null default '',
	team_id bigint,
	owner_id bigint,
	vendor text not null default '',
	hosting text not null default 'unknown',
	country text not null default '',
	processor text not null default 'unknown',
	lifecycle text not null default 'live',
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint application_pkey primary key (workspace_id, id),
	constraint application_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint application_team_fk foreign key (workspace_id, team_id) references team (workspace_id, id),
	constraint application_owner_fk foreign key (owner_id) references app_user (id),
	constraint application_name_check check (length(name) between 1 and 200),
	constraint application_hosting_check check (hosting in ('saas', 'on_premises', 'hosted', 'unknown')),
	constraint application_processor_check check (processor in ('yes', 'no', 'unknown')),
	constraint application_lifecycle_check check (lifecycle in ('planned', 'live', 'retiring', 'retired'))
);
comment on table application is 'A tool that holds or moves customer data.';
comment on column application.processor is 'Whether the vendor is a processor in the sense of GDPR art. 28.';
create unique index application_name_key on application (workspace_id, lower(name));
create index application_by_team on application (workspace_id, team_id);
create index application_by_owner on application (owner_id);

create table dataset (
	workspace_id bigint not null,
	id bigint generated always as identity,
	application_id bigint not null,
	name text not null,
	label text not null default '',
	description text not null default '',
	structure text not null default 'structured',
	subjects text[] not null default '{}',
	row_count bigint,
	retention_months integer,
	retention_rule text not null default '',
	oldest_record_on date,
	is_master boolean not null default false,
	state text not null default 'active',
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint dataset_pkey primary key (workspace_id, id),
	constraint dataset_application_key unique (workspace_id, id, application_id),
	constraint dataset_application_fk foreign key (workspace_id, application_id) references application (workspace_id, id),
	constraint dataset_name_check check (length(name) between 1 and 500),
	constraint dataset_structure_check check (structure in ('structured', 'semi_structured', 'unstructured')),
	constraint dataset_row_count_check check (row_count >= 0),
	constraint dataset_retention_months_check check (retention_months between 0 and 1200),
	constraint dataset_state_check check (state in ('active', 'gone'))
);
comment on table dataset is 'A table, file, object or collection inside an application.';
comment on column dataset.is_master is 'Declared reference for the people and categories that it holds: copies elsewhere are duplicates.';
create unique index dataset_name_key on dataset (workspace_id, application_id, lower(name));

create table data_category (
	workspace_id bigint not null,
	id bigint generated always as identity,
	code text not null,
	parent_code text,
	label_fr text not null,
	label_en text not null,
	gdpr_class text not null,
	default_risk smallint not null default 2,
	examples text not null default '',
	fides_category text not null default '',
	dpv_concept text not null default '',
	builtin boolean not null default false,
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint data_category_pkey primary key (workspace_id, id),
	constraint data_category_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint data_category_code_key unique (workspace_id, code),
	constraint data_category_parent_fk foreign key (workspace_id, parent_code) references data_category (workspace_id, code),
	constraint data_category_code_check check (code ~ '^[a-z0-9_]+(\.[a-z0-9_]+)*$' and length(code) <= 120),
	constraint data_category_gdpr_class_check check (gdpr_class in
		('unclassified', 'non_personal', 'personal', 'highly_personal', 'sensitive_art9', 'criminal_art10', 'nir')),
	constraint data_category_default_risk_check check (default_risk between 1 and 4)
);
comment on table data_category is 'Node of the data-category taxonomy; carries the GDPR class.';
create index data_category_by_parent on data_category (workspace_id, parent_code);

create table collection_point (
	workspace_id bigint not null,
	id bigint generated always as identity,
	name text not null,
	kind text not null default '',
	description text not null default '',
	notice text not null default 'unknown',
	notice_url text not null default '',
	consent text not null default 'unknown',
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint collection_point_pkey primary key (workspace_id, id),
	constraint collection_point_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint collection_point_name_check check (length(name) between 1 and 200),
	constraint collection_point_notice_check check (notice in ('yes', 'no', 'unknown')),
	constraint collection_point_consent_check check (consent in ('yes', 'no', 'not_needed', 'unknown'))
);
comment on table collection_point is 'Form, till, call, cookie, partner file … where a field enters.';
create unique index collection_point_name_key on collection_point (workspace_id, lower(name));

create table field (
	workspace_id bigint not null,
	id bigint generated always as identity,
	dataset_id bigint not null,
	application_id bigint not null,
	name text not null,
	label text not null default '',
	description text not null default '',
	comment text not null default '',
	data_type text not null default '',
	nullable boolean,
	is_key boolean not null default false,
	reference text not null default '',
	position integer not null default 0,
	category_id bigint,
	gdpr_class text not null default 'unclassified',
	origin text not null default 'unknown',
	owner_id bigint,
	state text not null default 'active',
	verdict text not null default 'unclassified',
	lawful boolean not null default false,
	used boolean not null default false,
	used_why text not null default 'none',
	flags integer not null default 0,
	grade smallint not null default -1,
	completeness smallint not null default 0,
	programs integer not null default 0,
	purposes integer not null default 0,
	decision text not null default '',
	decision_until date,
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	search text generated always as (fold(left(name || ' ' || label || ' ' || description || ' ' || comment, 2000))) stored,
	constraint field_pkey primary key (workspace_id, id),
	constraint field_dataset_fk foreign key (workspace_id, dataset_id, application_id)
		references dataset (workspace_id, id, application_id) on update cascade,
	constraint field_category_fk foreign key (workspace_id, category_id) references data_category (workspace_id, id),
	constraint field_owner_fk foreign key (owner_id) references app_user (id),
	constraint field_name_check check (length(name) between 1 and 500),
	constraint field_gdpr_class_check check (gdpr_class in
		('unclassified', 'non_personal', 'personal', 'highly_personal', 'sensitive_art9', 'criminal_art10', 'nir')),
	constraint field_origin_check check (origin in ('collected', 'received', 'observed', 'derived', 'technical', 'unknown')),
	constraint field_state_check check (state in ('active', 'gone', 'archived')),
	constraint field_verdict_check check (verdict in ('keep', 'dormant', 'regularise', 'delete', 'exempt', 'unclassified')),
	constraint field_grade_check check (grade between -1 and 4),
	constraint field_completeness_check check (completeness between 0 and 100),
	constraint field_used_why_check check (used_why in ('legal_use', 'program', 'undeclared', 'contradicted', 'none')),
	constraint field_decision_check check (decision in ('', 'keep_until', 'to_dpo', 'propose_deletion'))
);
comment on table field is 'One column, attribute or information inside a dataset; the unit of everything.';
comment on column field.application_id is 'Copy of the dataset''s application, held true by the foreign key, so that lists need no join to filter.';
comment on column field.comment is 'Comment found in the source; description is what people wrote here.';
comment on column field.gdpr_class is 'Class of the category, copied here whenever either changes.';
comment on column field.verdict is 'What domain.Judge said of the inputs; never typed by a person.';
comment on column field.flags is 'Bit set of domain.FlagSet.';
comment on column field.grade is 'Grade of the usage evidence, 0 (measured, none) to 4; -1 is not measured.';
comment on column field.search is 'Folded text for fragment search; one trigram index serves every search.';
create unique index field_name_key on field (workspace_id, dataset_id, name);
create index field_by_name on field (workspace_id, name, id);
create index field_by_application on field (workspace_id, application_id, name, id);
create index field_by_verdict on field (workspace_id, verdict, name, id);
create index field_by_category on field (workspace_id, category_id);
create index field_by_owner on field (owner_id) where owner_id is not null;
create index field_by_search on field using gin (search gin_trgm_ops);

create table field_collection (
	workspace_id bigint not null,
	field_id bigint not null,
	collection_point_id bigint not null,
	constraint field_collection_pkey primary key (workspace_id, field_id, collection_point_id),
	constraint field_collection_field_fk foreign key (workspace_id, field_id) references field (workspace_id, id) on delete cascade,
	constraint field_collection_point_fk foreign key (workspace_id, collection_point_id) references collection_point (workspace_id, id)
);
comment on table field_collection is 'Where a field is collected.';
create index field_collection_by_point on field_collection (workspace_id, collection_point_id);

create table field_evidence (
	workspace_id bigint not null,
	field_id bigint not null,
	reads bigint,
	window_days integer,
	last_read_at timestamptz,
	reads_measured_at timestamptz,
	reads_source text not null default '',
	last_write_at timestamptz,
	write_measured_at timestamptz,
	write_source text not null default '',
	row_count bigint,
	non_null_count bigint,
	distinct_count bigint,
	fill_measured_at timestamptz,
	fill_source text not null default '',
	constraint field_evidence_pkey primary key (workspace_id, field_id),
	constraint field_evidence_field_fk foreign key (workspace_id, field_id) references field (workspace_id, id) on delete cascade,
	constraint field_evidence_reads_check check (reads >= 0 and (reads is null or reads_measured_at is not null)),
	constraint field_evidence_window_days_check check (window_days >= 1),
	constraint field_evidence_fill_check check (row_count >= 0 and non_null_count >= 0 and distinct_count >= 0)
);
comment on table field_evidence is 'Latest measured facts about a field, each with its source and date; null is not measured, never zero.';

create table field_tally (
	workspace_id bigint not null,
	application_id bigint not null,
	state text not null,
	verdict text not null,
	gdpr_class text not null,
	flags integer not null,
	grade smallint not null,
	decision text not null,
	n bigint not null
);
comment on table field_tally is 'Counts of fields by what dashboards and facets show, as deltas to be summed: written by triggers on field, folded now and then.';
create index field_tally_by_workspace on field_tally (workspace_id);

-- +goose StatementBegin
create function tally_fields() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		insert into field_tally
		select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, count(*)
		from new_rows group by 1, 2, 3, 4, 5, 6, 7, 8;
	elsif tg_op = 'DELETE' then
		insert into field_tally
		select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, -count(*)
		from old_rows group by 1, 2, 3, 4, 5, 6, 7, 8;
	else
		insert into field_tally
		select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, sum(n)
		from (
			select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, 1 as n from new_rows
			union all
			select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, -1 from old_rows
		) delta
		group by 1, 2, 3, 4, 5, 6, 7, 8 having sum(n) <> 0;
	end if;
	return null;
end $$;
-- +goose StatementEnd
create trigger field_tally_insert after insert on field referencing new table as new_rows
	for each statement execute function tally_fields();
create trigger field_tally_update after update on field referencing old table as old_rows new table as new_rows
	for each statement execute function tally_fields();
create trigger field_tally_delete after delete on field referencing old table as old_rows
	for each statement execute function tally_fields();

-- +goose StatementBegin
create function fold_field_tally() returns void language sql security definer set search_path = public, pg_temp as $$
	with taken as (
		delete from field_tally where workspace_id = current_workspace() returning *
	)
	insert into field_tally
	select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, sum(n)
	from taken group by 1, 2, 3, 4, 5, 6, 7, 8 having sum(n) <> 0
$$;
-- +goose StatementEnd
comment on function fold_field_tally is 'Sums the deltas of the current workspace into one row per combination.';

-- +goose StatementBegin
create function flag_codes(flags integer) returns text[]
	language sql immutable parallel safe
	return array_remove(array[
		case when flags & 1 <> 0 then 'no_program' end,
		case when flags & 2 <> 0 then 'program_over' end,
		case when flags & 4 <> 0 then 'no_purpose' end,
		case when flags & 8 <> 0 then 'purpose_pending' end,
		case when flags & 16 <> 0 then 'purpose_refused' end,
		case when flags & 32 <> 0 then 'never_read' end,
		case when flags & 64 <> 0 then 'undeclared_use' end,
		case when flags & 128 <> 0 then 'empty' end,
		case when flags & 256 <> 0 then 'constant' end,
		case when flags & 512 <> 0 then 'stale' end,
		case when flags & 1024 <> 0 then 'over_retention' end,
		case when flags & 2048 <> 0 then 'duplicate' end,
		case when flags & 4096 <> 0 then 'sensitive_ungrounded' end,
		case when flags & 8192 <> 0 then 'uncategorised' end
	], null);
-- +goose StatementEnd
comment on function flag_codes is 'The codes of a set of flags, in the order of domain.FlagSet.';

-- +goose StatementBegin
create function flag_mask(codes text[]) returns integer
	language sql immutable parallel safe
	return coalesce((select bit_or(case code
		when 'no_program' then 1
		when 'program_over' then 2
		when 'no_purpose' then 4
		when 'purpose_pending' then 8
		when 'purpose_refused' then 16
		when 'never_read' then 32
		when 'undeclared_use' then 64
		when 'empty' then 128
		when 'constant' then 256
		when 'stale' then 512
		when 'over_retention' then 1024
		when 'duplicate' then 2048
		when 'sensitive_ungrounded' then 4096
		when 'uncategorised' then 8192
		else 0 end) from unnest(codes) code), 0);
-- +goose StatementEnd
comment on function flag_mask is 'The set of flags that has any of these codes.';

-- Row-level security lets an index serve only leakproof operators, which LIKE and trigram similarity are not. These two
-- functions run as the owner of the tables and scope themselves to the workspace of the transaction.
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
-- +goose StatementEnd
comment on function field_search is 'Ids of fields whose folded text holds every word, at most so many, in no order.';

-- +goose StatementBegin
create function field_search_alike(sought text, most integer) returns table (id bigint, likeness real)
	language sql stable security definer set search_path = public, pg_temp
	set pg_trgm.word_similarity_threshold = 0.45 as $$
	select f.id, word_similarity(fold(sought), f.search) as likeness
	from field f
	where f.workspace_id = current_workspace() and fold(sought) <% f.search
	order by likeness desc, f.id limit most
$$;
-- +goose StatementEnd
comment on function field_search_alike is 'Ids of fields with a text close to what was typed, for a typing error.';

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['team', 'team_member', 'application', 'dataset', 'data_category', 'collection_point',
		'field', 'field_collection', 'field_evidence', 'field_tally']
	loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy %I on %I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())', t || '_of_workspace', t);
		execute format('grant select, insert, update, delete on %I to utile_app', t);
	end loop;
	revoke insert, update, delete on field_tally from utile_app;
end $$;
-- +goose StatementEnd

-- +goose Down
drop function flag_mask(text[]), flag_codes(integer), field_search_alike(text, integer), field_search(text[], integer), fold_field_tally();
drop table field_tally, field_evidence, field_collection, field, collection_point, data_category, dataset, application, team_member, team;
drop function tally_fields();
