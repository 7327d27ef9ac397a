-- +goose Up
-- Information notices (GDPR art. 13 and 14): what a collection point tells of the data besides its purposes, and the texts
-- that were published there, as they were.

alter table collection_point add column source text not null default '', add column answers text not null default '';
comment on column collection_point.source is 'From whom the data comes where it is not the person (art. 14(2)(f)); empty where it is.';
comment on column collection_point.answers is 'Which answers are mandatory, and what follows without them (art. 13(2)(e)).';
call past.keep('collection_point');
update past.collection_point set source = '', answers = '';

create table notice_version (
	workspace_id bigint not null,
	id bigint generated always as identity,
	collection_point_id bigint not null,
	number integer not null,
	content jsonb not null,
	gaps text[] not null default '{}',
	published_by bigint,
	published_by_name text not null,
	published_at timestamptz not null default clock_timestamp(),
	constraint notice_version_pkey primary key (workspace_id, id),
	constraint notice_version_workspace_fk foreign key (workspace_id) references workspace (id) on delete cascade,
	constraint notice_version_number_key unique (workspace_id, collection_point_id, number),
	constraint notice_version_point_fk foreign key (workspace_id, collection_point_id) references collection_point (workspace_id, id),
	constraint notice_version_published_by_fk foreign key (published_by) references app_user (id),
	constraint notice_version_content_check check (jsonb_typeof(content) = 'object')
);
comment on table notice_version is 'A notice as it was published: never changed, never removed but with its workspace.';
create index notice_version_by_published_by on notice_version (published_by);
alter table notice_version enable row level security;
create policy notice_version_of_workspace on notice_version to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());
grant select, insert on notice_version to utile_app;
create view asof.notice_version with (security_invoker = true) as
	select workspace_id, id, collection_point_id, number, content, gaps, published_by, published_by_name, published_at
	from public.notice_version where published_at <= as_of();
grant select on asof.notice_version to utile_app;

-- +goose Down
drop view asof.notice_version;
drop table notice_version;
drop view asof.collection_point cascade;
drop trigger collection_point_past_stamp on collection_point;
alter table collection_point drop column source, drop column answers;
alter table past.collection_point drop column source, drop column answers;
call past.keep('collection_point');
