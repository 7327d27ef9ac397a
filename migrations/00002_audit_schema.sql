-- +goose Up
-- History: an append-only record of every change, and batches that group the changes of one bulk act for undo.

create table batch (
	workspace_id bigint not null,
	id bigint generated always as identity,
	kind text not null,
	label jsonb not null default '{}',
	changed bigint not null default 0,
	refused bigint not null default 0,
	actor_id bigint,
	created_at timestamptz not null default clock_timestamp(),
	undone_at timestamptz,
	undone_by bigint,
	constraint batch_pkey primary key (workspace_id, id),
	constraint batch_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint batch_actor_fk foreign key (actor_id) references app_user (id),
	constraint batch_undone_by_fk foreign key (undone_by) references app_user (id)
);
comment on table batch is 'One act that changed many rows at once and can be undone as a whole.';
create index batch_by_created_at on batch (workspace_id, created_at desc);
create index batch_by_actor on batch (actor_id);
create index batch_by_undone_by on batch (undone_by);

create table event (
	workspace_id bigint not null,
	id bigint generated always as identity,
	at timestamptz not null default clock_timestamp(),
	actor_id bigint,
	actor_name text not null,
	verb text not null,
	subject_kind text not null,
	subject_id bigint not null,
	subject_name text not null,
	before jsonb,
	after jsonb,
	reason text not null default '',
	batch_id bigint,
	constraint event_pkey primary key (workspace_id, id),
	constraint event_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint event_actor_fk foreign key (actor_id) references app_user (id),
	constraint event_batch_fk foreign key (workspace_id, batch_id) references batch (workspace_id, id)
);
comment on table event is 'Append-only record of every change: who, when, what before, what after, why.';
comment on column event.before is 'Named values before the change, never whole rows.';
create index event_by_subject on event (workspace_id, subject_kind, subject_id, id desc);
create index event_by_batch on event (workspace_id, batch_id) where batch_id is not null;
create index event_by_actor on event (actor_id);

-- +goose StatementBegin
create function refuse_change_of_history() returns trigger language plpgsql as $$
begin
	if current_setting('app.removing_workspace', true) = 'yes' and current_user <> 'utile_app' then
		return old;
	end if;
	raise exception 'history is append-only';
end $$;
-- +goose StatementEnd
create trigger event_append_only before update or delete on event
	for each row execute function refuse_change_of_history();
create trigger event_no_truncate before truncate on event
	for each statement execute function refuse_change_of_history();

grant select, insert, update on batch to utile_app;
grant select, insert on event to utile_app;
alter table batch enable row level security;
create policy batch_of_workspace on batch to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());
alter table event enable row level security;
create policy event_of_workspace on event to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());

-- +goose Down
drop table event, batch;
drop function refuse_change_of_history();
