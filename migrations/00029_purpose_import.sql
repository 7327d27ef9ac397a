-- +goose Up
-- Files with a record of processing: what was found in them, until somebody brings it in, and then what was there before, so
-- that all of it can be taken back.

create table record_import (
	workspace_id bigint not null,
	id bigint generated always as identity,
	file_name text not null,
	file_size bigint not null,
	found jsonb not null,
	changes jsonb not null default '[]',
	batch_id bigint,
	created_by bigint,
	created_by_name text not null,
	created_at timestamptz not null default clock_timestamp(),
	constraint record_import_pkey primary key (workspace_id, id),
	constraint record_import_workspace_fk foreign key (workspace_id) references workspace (id) on delete cascade,
	constraint record_import_batch_fk foreign key (workspace_id, batch_id) references batch (workspace_id, id),
	constraint record_import_created_by_fk foreign key (created_by) references app_user (id),
	constraint record_import_found_check check (jsonb_typeof(found) = 'object'),
	constraint record_import_changes_check check (jsonb_typeof(changes) = 'array')
);
comment on table record_import is 'Files with a record of processing (GDPR art. 30) that were sent in.';
comment on column record_import.found is 'What the file tells, as domain.FoundRecord.';
comment on column record_import.changes is 'What stood before in the purposes and the organisation that were changed, for undoing.';
create index record_import_by_batch on record_import (workspace_id, batch_id);
create index record_import_by_created_by on record_import (created_by);
alter table record_import enable row level security;
create policy record_import_of_workspace on record_import to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());
grant select, insert, update, delete on record_import to utile_app;

-- +goose Down
drop table record_import;
