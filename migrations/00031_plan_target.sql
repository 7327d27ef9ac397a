-- +goose Up
-- Target against current: what is to become of a field, or of a category of data, for one program or for the whole workspace,
-- and what that was at the days on which somebody froze it.

create table target (
	workspace_id bigint not null,
	id bigint generated always as identity,
	field_id bigint,
	category_id bigint,
	program_id bigint,
	target_action text not null,
	cause text not null default '',
	how text not null default '',
	instead_id bigint,
	collection_point_id bigint,
	wording text not null default '',
	consent_category_id bigint,
	reason text not null default '',
	owner_id bigint,
	due_on date,
	progress text not null default 'todo',
	source text not null default 'hand',
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	constraint target_pkey primary key (workspace_id, id),
	constraint target_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint target_field_fk foreign key (workspace_id, field_id) references field (workspace_id, id),
	constraint target_category_fk foreign key (workspace_id, category_id) references data_category (workspace_id, id),
	constraint target_program_fk foreign key (workspace_id, program_id) references program (workspace_id, id),
	constraint target_instead_fk foreign key (workspace_id, instead_id) references data_category (workspace_id, id),
	constraint target_point_fk foreign key (workspace_id, collection_point_id) references collection_point (workspace_id, id),
	constraint target_consent_fk foreign key (workspace_id, consent_category_id) references data_category (workspace_id, id),
	constraint target_owner_fk foreign key (owner_id) references app_user (id),
	constraint target_about_check check ((field_id is null) <> (category_id is null)),
	constraint target_action_check check (target_action in ('keep', 'limit', 'replace', 'collect', 'archive', 'drop', 'review')),
	constraint target_cause_check check (cause in ('', 'too_precise', 'wrong_place', 'duplicated_master')),
	constraint target_progress_check check (progress in ('todo', 'doing', 'done')),
	constraint target_source_check check (source in ('hand', 'bulk', 'import', 'workshop', 'example'))
);
comment on table target is 'What is to become of a field or of a category of data: the target, beside what is there now.';
comment on column target.program_id is 'The program that it is decided for; null for the whole workspace.';
comment on column target.cause is 'Why the field is not right as it is, of one to limit or to replace.';
comment on column target.how is 'In words: what is kept of data to limit, what takes the place of data to replace.';
comment on column target.instead_id is 'Category that takes its place, of data to replace.';
comment on column target.consent_category_id is 'Category of the consent that is asked where the data is collected; null where none is.';
comment on column target.progress is 'What its owner says; whether it is reached is told by the register wherever the register can tell.';
create unique index target_about_key on target (workspace_id, coalesce(field_id, 0), coalesce(category_id, 0), coalesce(program_id, 0));
create index target_by_field on target (workspace_id, field_id);
create index target_by_category on target (workspace_id, category_id);
create index target_by_program on target (workspace_id, program_id);
create index target_by_instead on target (workspace_id, instead_id);
create index target_by_point on target (workspace_id, collection_point_id);
create index target_by_consent on target (workspace_id, consent_category_id);
create index target_by_owner on target (owner_id);

create table target_version (
	workspace_id bigint not null,
	id bigint generated always as identity,
	number integer not null,
	name text not null,
	note text not null default '',
	frozen_by bigint,
	frozen_by_name text not null,
	frozen_at timestamptz not null default clock_timestamp(),
	constraint target_version_pkey primary key (workspace_id, id),
	constraint target_version_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint target_version_number_key unique (workspace_id, number),
	constraint target_version_frozen_by_fk foreign key (frozen_by) references app_user (id),
	constraint target_version_name_check check (length(name) between 1 and 200)
);
comment on table target_version is 'All targets as they were on a day, under a name: never changed.';
create index target_version_by_frozen_by on target_version (frozen_by);

create table target_frozen (
	workspace_id bigint not null,
	id bigint generated always as identity,
	version_id bigint not null,
	target_id bigint not null,
	field_id bigint,
	category_id bigint,
	program_id bigint,
	about text not null,
	place text not null default '',
	program text not null default '',
	target_action text not null,
	target_standing text not null,
	cause text not null default '',
	how text not null default '',
	instead text not null default '',
	collection_point text not null default '',
	wording text not null default '',
	consent_category text not null default '',
	reason text not null default '',
	owner text not null default '',
	due_on date,
	constraint target_frozen_pkey primary key (workspace_id, id),
	constraint target_frozen_version_fk foreign key (workspace_id, version_id) references target_version (workspace_id, id),
	constraint target_frozen_target_key unique (workspace_id, version_id, target_id)
);
comment on table target_frozen is 'A target as it was in a version, with the names of that day: what it was about may be gone since.';

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['target', 'target_version', 'target_frozen'] loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy %I on %I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())', t || '_of_workspace', t);
		execute format('grant select, insert on %I to utile_app', t);
	end loop;
end $$;
-- +goose StatementEnd
grant update, delete on target to utile_app;
call past.keep('target');
-- What is only added to shows what was there.
create view asof.target_version with (security_invoker = true) as
	select workspace_id, id, number, name, note, frozen_by, frozen_by_name, frozen_at from public.target_version where frozen_at <= as_of();
create view asof.target_frozen with (security_invoker = true) as
	select f.* from public.target_frozen f join public.target_version v on v.workspace_id = f.workspace_id and v.id = f.version_id where v.frozen_at <= as_of();
grant select on asof.target_version, asof.target_frozen to utile_app;

-- +goose Down
drop view asof.target_frozen, asof.target_version, asof.target;
drop table past.target, target_frozen, target_version, target;
drop function past.keep_target();
