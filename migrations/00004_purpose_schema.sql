-- +goose Up
-- Why data is held: purposes, programs of the relational plan, and the ties between them and fields.

create table purpose (
	workspace_id bigint not null,
	id bigint generated always as identity,
	code text not null,
	name text not null,
	description text not null default '',
	sub_purposes text[] not null default '{}',
	legal_basis text not null default '',
	legal_reference text not null default '',
	art9_condition text not null default '',
	interest text not null default '',
	necessity text not null default '',
	balance text not null default '',
	consent_proof text not null default '',
	consent_withdrawal text not null default '',
	subjects text[] not null default '{}',
	recipients text[] not null default '{}',
	transfers text[] not null default '{}',
	retention_months integer,
	retention_rule text not null default '',
	security_measures text[] not null default '{}',
	source_of_data text not null default '',
	needs_program boolean not null default true,
	state text not null default 'draft',
	starts_on date,
	ends_on date,
	review_on date,
	owner_id bigint,
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint purpose_pkey primary key (workspace_id, id),
	constraint purpose_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint purpose_owner_fk foreign key (owner_id) references app_user (id),
	constraint purpose_code_check check (length(code) between 1 and 60),
	constraint purpose_name_check check (length(name) between 1 and 300),
	constraint purpose_legal_basis_check check (legal_basis in
		('', 'a_consent', 'b_contract', 'c_legal', 'd_vital', 'e_public', 'f_legitimate')),
	constraint purpose_art9_condition_check check (art9_condition in ('', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j')),
	constraint purpose_retention_months_check check (retention_months between 0 and 1200),
	constraint purpose_state_check check (state in ('draft', 'in_force', 'retired')),
	constraint purpose_dates_check check (ends_on >= starts_on)
);
comment on table purpose is 'Why data is processed; one purpose is one entry of the record of processing (GDPR art. 30).';
comment on column purpose.needs_program is 'False where the purpose is itself a use outside CRM programs: legal obligation, contract, legal claims.';
create unique index purpose_code_key on purpose (workspace_id, lower(code));
create index purpose_by_owner on purpose (owner_id);

create table purpose_mapping (
	workspace_id bigint not null,
	id bigint generated always as identity,
	field_id bigint not null,
	purpose_id bigint not null,
	justification text not null default '',
	state text not null default 'proposed',
	proposed_by bigint,
	proposed_at timestamptz not null default clock_timestamp(),
	decided_by bigint,
	decided_at timestamptz,
	decision_reason text not null default '',
	self_approved boolean not null default false,
	reopened_because text not null default '',
	version integer not null default 1,
	constraint purpose_mapping_pkey primary key (workspace_id, id),
	constraint purpose_mapping_field_key unique (workspace_id, field_id, purpose_id),
	constraint purpose_mapping_field_fk foreign key (workspace_id, field_id) references field (workspace_id, id),
	constraint purpose_mapping_purpose_fk foreign key (workspace_id, purpose_id) references purpose (workspace_id, id),
	constraint purpose_mapping_proposed_by_fk foreign key (proposed_by) references app_user (id),
	constraint purpose_mapping_decided_by_fk foreign key (decided_by) references app_user (id),
	constraint purpose_mapping_state_check check (state in ('proposed', 'approved', 'rejected'))
);
comment on table purpose_mapping is 'Field ↔ purpose, with its justification and the DPO''s answer.';
create index purpose_mapping_by_purpose on purpose_mapping (workspace_id, purpose_id, field_id);
create index purpose_mapping_by_state on purpose_mapping (workspace_id, state, id);
create index purpose_mapping_by_proposed_by on purpose_mapping (proposed_by);
create index purpose_mapping_by_decided_by on purpose_mapping (decided_by);

create table objective (
	workspace_id bigint not null,
	id bigint generated always as identity,
	name text not null,
	kpi text not null default '',
	target text not null default '',
	description text not null default '',
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint objective_pkey primary key (workspace_id, id),
	constraint objective_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint objective_name_check check (length(name) between 1 and 300)
);
comment on table objective is 'What the customer relationship must achieve.';
create unique index objective_name_key on objective (workspace_id, lower(name));

create table journey_stage (
	workspace_id bigint not null,
	id bigint generated always as identity,
	code text not null,
	name text not null,
	description text not null default '',
	position integer not null default 0,
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint journey_stage_pkey primary key (workspace_id, id),
	constraint journey_stage_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint journey_stage_name_check check (length(name) between 1 and 200),
	constraint journey_stage_code_check check (length(code) between 1 and 60)
);
comment on table journey_stage is 'Moment of the customer life cycle.';
create unique index journey_stage_code_key on journey_stage (workspace_id, lower(code));

create table program (
	workspace_id bigint not null,
	id bigint generated always as identity,
	code text not null,
	name text not null,
	description text not null default '',
	objective_id bigint,
	stage_id bigint,
	trigger text not null default '',
	channels text[] not null default '{}',
	kpi text not null default '',
	owner_id bigint,
	status text not null default 'idea',
	starts_on date,
	ends_on date,
	paused_on date,
	template text not null default '',
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint program_pkey primary key (workspace_id, id),
	constraint program_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint program_objective_fk foreign key (workspace_id, objective_id) references objective (workspace_id, id),
	constraint program_stage_fk foreign key (workspace_id, stage_id) references journey_stage (workspace_id, id),
	constraint program_owner_fk foreign key (owner_id) references app_user (id),
	constraint program_code_check check (length(code) between 1 and 60),
	constraint program_name_check check (length(name) between 1 and 200),
	constraint program_status_check check (status in ('idea', 'planned', 'live', 'paused', 'ended')),
	constraint program_dates_check check (ends_on >= starts_on)
);
comment on table program is 'A CRM program of the relational plan; an idea justifies nothing.';
comment on column program.paused_on is 'Day of the pause: its grace period counts from there.';
create unique index program_code_key on program (workspace_id, lower(code));
create index program_by_objective on program (workspace_id, objective_id);
create index program_by_stage on program (workspace_id, stage_id);
create index program_by_owner on program (owner_id);

create table program_purpose (
	workspace_id bigint not null,
	program_id bigint not null,
	purpose_id bigint not null,
	constraint program_purpose_pkey primary key (workspace_id, program_id, purpose_id),
	constraint program_purpose_program_fk foreign key (workspace_id, program_id) references program (workspace_id, id) on delete cascade,
	constraint program_purpose_purpose_fk foreign key (workspace_id, purpose_id) references purpose (workspace_id, id)
);
comment on table program_purpose is 'The purposes under which a program runs.';
create index program_purpose_by_purpose on program_purpose (workspace_id, purpose_id);

create table program_link (
	workspace_id bigint not null,
	field_id bigint not null,
	program_id bigint not null,
	level text not null,
	role text not null default '',
	note text not null default '',
	source text not null default 'hand',
	linked_by bigint,
	linked_at timestamptz not null default clock_timestamp(),
	constraint program_link_pkey primary key (workspace_id, field_id, program_id),
	constraint program_link_field_fk foreign key (workspace_id, field_id) references field (workspace_id, id),
	constraint program_link_program_fk foreign key (workspace_id, program_id) references program (workspace_id, id),
	constraint program_link_linked_by_fk foreign key (linked_by) references app_user (id),
	constraint program_link_level_check check (level in ('essential', 'useful', 'avoid')),
	constraint program_link_role_check check (role in
		('', 'identify', 'trigger', 'target', 'personalise', 'reach', 'exclude', 'measure', 'prove')),
	constraint program_link_source_check check (source in ('hand', 'import', 'matrix', 'bulk', 'workshop', 'example'))
);
comment on table program_link is 'Field ↔ program: how much the program needs the field, and for what.';
comment on column program_link.note is 'Expected gain of a useful field, or the less intrusive alternative of one to avoid.';
create index program_link_by_program on program_link (workspace_id, program_id, field_id);
create index program_link_by_linked_by on program_link (linked_by);

create table requirement (
	workspace_id bigint not null,
	program_id bigint not null,
	category_id bigint not null,
	level text not null,
	note text not null default '',
	constraint requirement_pkey primary key (workspace_id, program_id, category_id),
	constraint requirement_program_fk foreign key (workspace_id, program_id) references program (workspace_id, id) on delete cascade,
	constraint requirement_category_fk foreign key (workspace_id, category_id) references data_category (workspace_id, id),
	constraint requirement_level_check check (level in ('essential', 'useful', 'avoid'))
);
comment on table requirement is 'A program''s need for a data category, whether or not any field provides it.';
create index requirement_by_category on requirement (workspace_id, category_id);

create table decision (
	workspace_id bigint not null,
	id bigint generated always as identity,
	field_id bigint not null,
	kind text not null,
	reason text not null,
	until date,
	decided_by bigint,
	decided_by_name text not null,
	decided_at timestamptz not null default clock_timestamp(),
	withdrawn_at timestamptz,
	batch_id bigint,
	constraint decision_pkey primary key (workspace_id, id),
	constraint decision_field_fk foreign key (workspace_id, field_id) references field (workspace_id, id),
	constraint decision_batch_fk foreign key (workspace_id, batch_id) references batch (workspace_id, id),
	constraint decision_decided_by_fk foreign key (decided_by) references app_user (id),
	constraint decision_kind_check check (kind in ('keep_until', 'to_dpo', 'propose_deletion')),
	constraint decision_until_check check ((kind = 'keep_until') = (until is not null)),
	constraint decision_reason_check check (length(reason) between 1 and 4000)
);
comment on table decision is 'A person''s answer to a flag; the computed verdict stays visible beside it.';
create index decision_by_field on decision (workspace_id, field_id, id desc);
create index decision_by_batch on decision (workspace_id, batch_id) where batch_id is not null;
create index decision_by_decided_by on decision (decided_by);
create unique index decision_current_key on decision (workspace_id, field_id) where withdrawn_at is null;

create table flow (
	workspace_id bigint not null,
	id bigint generated always as identity,
	name text not null,
	source_application_id bigint not null,
	source_dataset_id bigint,
	target_application_id bigint not null,
	target_dataset_id bigint,
	mechanism text not null default '',
	frequency text not null default '',
	encrypted text not null default 'unknown',
	country text not null default '',
	purpose_id bigint,
	description text not null default '',
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint flow_pkey primary key (workspace_id, id),
	constraint flow_source_application_fk foreign key (workspace_id, source_application_id) references application (workspace_id, id),
	constraint flow_target_application_fk foreign key (workspace_id, target_application_id) references application (workspace_id, id),
	constraint flow_source_dataset_fk foreign key (workspace_id, source_dataset_id, source_application_id)
		references dataset (workspace_id, id, application_id) on update cascade,
	constraint flow_target_dataset_fk foreign key (workspace_id, target_dataset_id, target_application_id)
		references dataset (workspace_id, id, application_id) on update cascade,
	constraint flow_purpose_fk foreign key (workspace_id, purpose_id) references purpose (workspace_id, id),
	constraint flow_name_check check (length(name) between 1 and 300),
	constraint flow_encrypted_check check (encrypted in ('yes', 'no', 'unknown'))
);
comment on table flow is 'Movement of data from one application or dataset to another.';
create unique index flow_name_key on flow (workspace_id, lower(name));
create index flow_by_source on flow (workspace_id, source_application_id, source_dataset_id);
create index flow_by_target on flow (workspace_id, target_application_id, target_dataset_id);
create index flow_by_purpose on flow (workspace_id, purpose_id);

create table flow_field (
	workspace_id bigint not null,
	flow_id bigint not null,
	source_field_id bigint not null,
	target_field_id bigint,
	constraint flow_field_pkey primary key (workspace_id, flow_id, source_field_id),
	constraint flow_field_flow_fk foreign key (workspace_id, flow_id) references flow (workspace_id, id) on delete cascade,
	constraint flow_field_source_fk foreign key (workspace_id, source_field_id) references field (workspace_id, id),
	constraint flow_field_target_fk foreign key (workspace_id, target_field_id) references field (workspace_id, id)
);
comment on table flow_field is 'A field that a flow carries, and where it arrives when that is known.';
create index flow_field_by_source on flow_field (workspace_id, source_field_id);
create index flow_field_by_target on flow_field (workspace_id, target_field_id);

create table remark (
	workspace_id bigint not null,
	id bigint generated always as identity,
	subject_kind text not null,
	subject_id bigint not null,
	author_id bigint,
	author_name text not null,
	body text not null,
	created_at timestamptz not null default clock_timestamp(),
	constraint remark_pkey primary key (workspace_id, id),
	constraint remark_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint remark_author_fk foreign key (author_id) references app_user (id),
	constraint remark_body_check check (length(body) between 1 and 4000)
);
comment on table remark is 'What people write about a record; shown as comments.';
create index remark_by_subject on remark (workspace_id, subject_kind, subject_id, id);
create index remark_by_author on remark (author_id);

create table saved_view (
	workspace_id bigint not null,
	id bigint generated always as identity,
	register text not null,
	name text not null,
	query text not null,
	user_id bigint,
	created_at timestamptz not null default clock_timestamp(),
	constraint saved_view_pkey primary key (workspace_id, id),
	constraint saved_view_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint saved_view_user_fk foreign key (user_id) references app_user (id),
	constraint saved_view_name_check check (length(name) between 1 and 80),
	constraint saved_view_query_check check (length(query) <= 4000)
);
comment on table saved_view is 'A named list: filters, sort and columns. Without a user it belongs to the whole workspace.';
create unique index saved_view_name_key on saved_view (workspace_id, register, lower(name), coalesce(user_id, 0));
create index saved_view_by_user on saved_view (user_id);

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['purpose', 'purpose_mapping', 'objective', 'journey_stage', 'program', 'program_purpose',
		'program_link', 'requirement', 'decision', 'flow', 'flow_field', 'remark', 'saved_view']
	loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy %I on %I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())', t || '_of_workspace', t);
		execute format('grant select, insert, update, delete on %I to utile_app', t);
	end loop;
end $$;
-- +goose StatementEnd

-- +goose Down
drop table saved_view, remark, flow_field, flow, decision, requirement, program_link, program_purpose, program,
	journey_stage, objective, purpose_mapping, purpose;
