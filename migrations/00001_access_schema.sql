-- +goose Up
-- Who may enter: workspaces, people, memberships, invitations and sign-in sessions.
--
-- Every table of a workspace carries workspace_id and a primary key (workspace_id, id), so that foreign keys cannot
-- point across workspaces. The application works under the role utile_app, which owns nothing: row-level security
-- shows it only the rows of the workspace named in the setting app.workspace of the transaction.

create extension if not exists pg_trgm;
create extension if not exists unaccent;

-- +goose StatementBegin
do $$
begin
	if not exists (select from pg_roles where rolname = 'utile_app') then
		create role utile_app nologin;
	end if;
exception
	when duplicate_object or unique_violation then null; -- another database of this cluster migrates at the same moment
	when insufficient_privilege then
		raise exception 'the role utile_app is missing and this user may not create it: run "create role utile_app nologin; grant utile_app to %" as an administrator', current_user;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
do $$
begin
	if not pg_has_role(current_user, 'utile_app', 'member') then
		execute format('grant utile_app to %I', current_user);
	end if;
end $$;
-- +goose StatementEnd

grant usage on schema public to utile_app;

-- +goose StatementBegin
create function fold(value text) returns text
	language sql immutable strict parallel safe
	return lower(public.unaccent('public.unaccent'::regdictionary, value));
-- +goose StatementEnd
comment on function fold is 'Lower case without accents: how names are compared and searched.';

-- +goose StatementBegin
create function current_workspace() returns bigint
	language sql stable parallel safe
	return nullif(current_setting('app.workspace', true), '')::bigint;
-- +goose StatementEnd
comment on function current_workspace is 'The workspace of this transaction; null shows no row at all.';

create table workspace (
	id bigint generated always as identity,
	slug text not null,
	name text not null,
	locale text not null,
	is_example boolean not null default false,
	window_days integer not null default 90,
	grace_days integer not null default 90,
	fill_rate_min numeric(5,4) not null default 0.05,
	constant_min_rows bigint not null default 100,
	stale_days integer not null default 730,
	judged_on date,
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	constraint workspace_pkey primary key (id),
	constraint workspace_slug_key unique (slug),
	constraint workspace_slug_check check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
	constraint workspace_name_check check (length(name) between 1 and 200),
	constraint workspace_locale_check check (locale in ('fr', 'en')),
	constraint workspace_window_days_check check (window_days between 1 and 3650),
	constraint workspace_grace_days_check check (grace_days between 0 and 3650),
	constraint workspace_fill_rate_min_check check (fill_rate_min between 0 and 1),
	constraint workspace_constant_min_rows_check check (constant_min_rows >= 1),
	constraint workspace_stale_days_check check (stale_days between 1 and 36500)
);
comment on table workspace is 'One company or business unit; every other row belongs to exactly one.';
comment on column workspace.judged_on is 'Day for which all stored verdicts are right; an older day means that dates may have passed.';
comment on column workspace.window_days is 'Days over which reads count as use.';
comment on column workspace.grace_days is 'Days during which a paused program still justifies its fields.';

create table app_user (
	id bigint generated always as identity,
	email text not null,
	name text not null,
	locale text,
	theme text not null default 'auto',
	shortcuts boolean not null default true,
	password_hash text not null,
	created_at timestamptz not null default clock_timestamp(),
	disabled_at timestamptz,
	constraint app_user_pkey primary key (id),
	constraint app_user_email_check check (length(email) between 3 and 254 and email = lower(email)),
	constraint app_user_email_key unique (email),
	constraint app_user_name_check check (length(name) between 1 and 200),
	constraint app_user_locale_check check (locale in ('fr', 'en')),
	constraint app_user_theme_check check (theme in ('auto', 'light', 'dark'))
);
comment on table app_user is 'A person who signs in; belongs to workspaces through membership.';

create table membership (
	workspace_id bigint not null,
	user_id bigint not null,
	role text not null,
	created_at timestamptz not null default clock_timestamp(),
	constraint membership_pkey primary key (workspace_id, user_id),
	constraint membership_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint membership_user_fk foreign key (user_id) references app_user (id),
	constraint membership_role_check check (role in ('admin', 'editor', 'dpo', 'facilitator', 'viewer'))
);
comment on table membership is 'The role that a person holds in a workspace.';
create index membership_by_user on membership (user_id);

create table invitation (
	workspace_id bigint not null,
	id bigint generated always as identity,
	token_hash bytea not null,
	email text not null,
	role text not null,
	invited_by bigint,
	created_at timestamptz not null default clock_timestamp(),
	expires_at timestamptz not null,
	accepted_at timestamptz,
	revoked_at timestamptz,
	constraint invitation_pkey primary key (workspace_id, id),
	constraint invitation_token_hash_key unique (token_hash),
	constraint invitation_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint invitation_invited_by_fk foreign key (invited_by) references app_user (id),
	constraint invitation_role_check check (role in ('admin', 'editor', 'dpo', 'facilitator', 'viewer'))
);
comment on table invitation is 'A link by which a person joins a workspace; only the hash of its token is kept.';
create index invitation_by_invited_by on invitation (invited_by);

create table auth_session (
	token_hash bytea not null,
	id bigint generated always as identity,
	user_id bigint,
	data jsonb not null default '{}',
	ip text not null default '',
	agent text not null default '',
	created_at timestamptz not null default clock_timestamp(),
	last_seen_at timestamptz not null default clock_timestamp(),
	expires_at timestamptz not null,
	constraint auth_session_pkey primary key (token_hash),
	constraint auth_session_id_key unique (id),
	constraint auth_session_user_fk foreign key (user_id) references app_user (id)
);
comment on table auth_session is 'A sign-in session; the cookie holds a random token, the table only its SHA-256.';
create index auth_session_by_user on auth_session (user_id);
create index auth_session_by_expires_at on auth_session (expires_at);

create table sign_in_failure (
	id bigint generated always as identity,
	key text not null,
	at timestamptz not null default clock_timestamp(),
	constraint sign_in_failure_pkey primary key (id)
);
comment on table sign_in_failure is 'Failed sign-ins per account and per address, for throttling across server processes.';
create index sign_in_failure_by_key on sign_in_failure (key, at);

create table setup_token (
	token_hash bytea not null,
	created_at timestamptz not null default clock_timestamp(),
	constraint setup_token_pkey primary key (token_hash)
);
comment on table setup_token is 'One-time tokens printed on the console that let somebody claim an empty installation.';

grant select, insert, update on workspace, app_user to utile_app;
grant select, insert, update, delete on membership, invitation, auth_session, sign_in_failure, setup_token to utile_app;

alter table membership enable row level security;
create policy membership_of_workspace on membership to utile_app
	using (workspace_id = current_workspace() or user_id = nullif(current_setting('app.member', true), '')::bigint)
	with check (workspace_id = current_workspace());
alter table invitation enable row level security;
create policy invitation_of_workspace on invitation to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());

-- +goose Down
drop table setup_token, sign_in_failure, auth_session, invitation, membership, app_user, workspace;
drop function current_workspace();
drop function fold(text);
revoke usage on schema public from utile_app;
