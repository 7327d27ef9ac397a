-- +goose Up
-- Acts on many fields are work that no request waits for: what was asked, of which fields, and how far it is.

create table batch_work (
	workspace_id bigint not null,
	batch_id bigint not null,
	state text not null,
	request jsonb,
	chosen bigint[],
	seen text not null default '',
	asked_once bytea,
	asked_by bigint,
	asked_by_name text not null default '',
	back text not null default '',
	rows_done bigint not null default 0,
	rows_total bigint not null default 0,
	problem jsonb,
	updated_at timestamptz not null default clock_timestamp(),
	constraint batch_work_pkey primary key (workspace_id, batch_id),
	constraint batch_work_batch_fk foreign key (workspace_id, batch_id) references batch (workspace_id, id) on delete cascade,
	constraint batch_work_asked_by_fk foreign key (asked_by) references app_user (id),
	constraint batch_work_state_check check (state in ('applying', 'applied', 'undoing', 'cancelled', 'failed'))
);
comment on table batch_work is 'Work on a batch that no request waits for; a batch without was applied while somebody waited.';
comment on column batch_work.state is 'applying and undoing are work under way, each ended by one transaction; of cancelled and failed nothing was written.';
comment on column batch_work.request is 'What a worker is to do, until it has; chosen are the fields that it is to be done to.';
comment on column batch_work.seen is 'Fingerprint of the plan that the person confirmed.';
comment on column batch_work.asked_once is 'Digest of who asked for what: the same asked twice at once is one batch.';
comment on column batch_work.back is 'Where the person came from, in the workspace.';
comment on column batch_work.problem is 'Why the last work ended without effect: message and arguments.';
create unique index batch_work_asked_once on batch_work (workspace_id, asked_once) where state = 'applying';
create index batch_work_under_way on batch_work (workspace_id, batch_id) where state in ('applying', 'undoing');
create index batch_work_by_asked_by on batch_work (asked_by);

alter table batch_work enable row level security;
create policy batch_work_of_workspace on batch_work to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());
grant select, insert, update, delete on batch_work to utile_app;

-- +goose Down
delete from batch b using batch_work w
	where w.workspace_id = b.workspace_id and w.batch_id = b.id and w.state in ('applying', 'cancelled', 'failed');
drop table batch_work;
