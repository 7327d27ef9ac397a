-- +goose Up
-- Imports: uploaded files, their rows while they are compared with the register, and what was applied.

create table import (
	workspace_id bigint not null,
	id bigint generated always as identity,
	kind text not null,
	application_id bigint,
	file_name text not null,
	file_size bigint not null default 0,
	file_sha256 bytea,
	state text not null default 'uploaded',
	mapping jsonb not null default '{}',
	rows_read bigint not null default 0,
	rows_total bigint,
	counts jsonb not null default '{}',
	problem jsonb,
	actor_id bigint,
	actor_name text not null default '',
	batch_id bigint,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	applied_at timestamptz,
	constraint import_pkey primary key (workspace_id, id),
	constraint import_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint import_application_fk foreign key (workspace_id, application_id) references application (workspace_id, id),
	constraint import_batch_fk foreign key (workspace_id, batch_id) references batch (workspace_id, id),
	constraint import_actor_fk foreign key (actor_id) references app_user (id),
	constraint import_kind_check check (kind in ('inventory', 'evidence')),
	constraint import_state_check check (state in
		('uploaded', 'reading', 'previewed', 'applying', 'applied', 'undone', 'failed', 'cancelled'))
);
comment on table import is 'One file brought in: read, compared, previewed, applied in one transaction, undone as a whole.';
create index import_by_application on import (workspace_id, application_id);
create index import_by_batch on import (workspace_id, batch_id);
create index import_by_actor on import (actor_id);

create table import_chunk (
	workspace_id bigint not null,
	import_id bigint not null,
	n integer not null,
	bytes bytea not null,
	constraint import_chunk_pkey primary key (workspace_id, import_id, n),
	constraint import_chunk_import_fk foreign key (workspace_id, import_id) references import (workspace_id, id) on delete cascade
);
comment on table import_chunk is 'The uploaded file in pieces, kept until the import is applied or dropped, so that any server process can read it.';
alter table import_chunk alter column bytes set storage external;

create table import_row (
	workspace_id bigint not null,
	import_id bigint not null,
	line bigint not null,
	change text not null,
	dataset text not null,
	name text not null,
	facts jsonb not null default '{}',
	field_id bigint,
	renamed_from text not null default '',
	before jsonb,
	constraint import_row_import_fk foreign key (workspace_id, import_id) references import (workspace_id, id) on delete cascade,
	constraint import_row_change_check check (change in ('new', 'changed', 'unchanged', 'gone', 'renamed', 'returned', 'unmatched', 'older'))
);
comment on table import_row is 'What an import found for one field, compared with the register; kept after applying for what changed.';
create index import_row_by_import on import_row (workspace_id, import_id, change, line);
create index import_row_by_field on import_row (workspace_id, field_id) where field_id is not null;

create table import_problem (
	workspace_id bigint not null,
	import_id bigint not null,
	line bigint not null,
	heading text not null default '',
	key text not null,
	args jsonb not null default '{}',
	constraint import_problem_import_fk foreign key (workspace_id, import_id) references import (workspace_id, id) on delete cascade
);
comment on table import_problem is 'A row that was not taken, with its line, column and reason.';
create index import_problem_by_import on import_problem (workspace_id, import_id, line);

create table heading_memory (
	workspace_id bigint not null,
	heading text not null,
	target text not null,
	constraint heading_memory_pkey primary key (workspace_id, heading),
	constraint heading_memory_workspace_fk foreign key (workspace_id) references workspace (id)
);
comment on table heading_memory is 'How a person last mapped a heading, so that the next file is recognised.';

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['import', 'import_chunk', 'import_row', 'import_problem', 'heading_memory']
	loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy %I on %I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())', t || '_of_workspace', t);
		execute format('grant select, insert, update, delete on %I to utile_app', t);
	end loop;
end $$;
-- +goose StatementEnd

-- A workspace is removed as a whole by the owner of the tables, since the application may not delete history.
-- +goose StatementBegin
create function remove_workspace(target bigint) returns void
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
comment on function remove_workspace is 'Deletes the current workspace with everything in it, history included.';
revoke execute on function remove_workspace(bigint) from public;
grant execute on function remove_workspace(bigint) to utile_app;

-- Which workspace a person asks for is known before any workspace is set, so this looks through row-level security, by
-- the person and the slug only.
-- +goose StatementBegin
create function member_workspace(member bigint, asked text) returns table (
		id bigint, slug text, name text, locale text, is_example boolean, window_days integer, grace_days integer,
		fill_rate_min numeric, constant_min_rows bigint, stale_days integer, judged_on date, version integer, role text)
	language sql stable security definer set search_path = public, pg_temp as $$
	select w.id, w.slug, w.name, w.locale, w.is_example, w.window_days, w.grace_days, w.fill_rate_min, w.constant_min_rows,
		w.stale_days, w.judged_on, w.version, m.role
	from workspace w join membership m on m.workspace_id = w.id
	where w.slug = asked and m.user_id = member
$$;
-- +goose StatementEnd
comment on function member_workspace is 'The workspace of that slug with the person''s role in it; no row for somebody who is no member.';

-- +goose Down
drop function member_workspace(bigint, text);
drop function remove_workspace(bigint);
drop table heading_memory, import_problem, import_row, import_chunk, import;
