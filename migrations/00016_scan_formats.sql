-- +goose Up
-- Imports of other formats than tables: several files in one import, what a source tells of a field beyond the columns that
-- every field has, flows between datasets, and places of problems in files that have no rows.

create table import_file (
	workspace_id bigint not null,
	import_id bigint not null,
	n integer not null,
	name text not null,
	size bigint not null default 0,
	sha256 bytea,
	constraint import_file_pkey primary key (workspace_id, import_id, n),
	constraint import_file_import_fk foreign key (workspace_id, import_id) references import (workspace_id, id) on delete cascade,
	constraint import_file_name_check check (length(name) between 1 and 200)
);
comment on table import_file is 'The files of an import, in the order in which they came, kept as long as their pieces are.';

alter table import_chunk add column file integer not null default 0,
	drop constraint import_chunk_pkey,
	add constraint import_chunk_pkey primary key (workspace_id, import_id, file, n);
comment on column import_chunk.file is 'Number of the file in its import, from 0.';

alter table import_problem add column place text not null default '';
comment on column import_problem.place is 'Where in which file, for files without rows; line is then only an order.';

alter table field add column source_facts jsonb;
comment on column field.source_facts is 'What the source tells of the field beyond the columns of this table: length, choices, formula, tags. Null where it tells nothing.';

create table import_flow (
	workspace_id bigint not null,
	import_id bigint not null,
	n integer not null,
	change text not null,
	source_application text not null,
	source_dataset text not null,
	target_application text not null,
	target_dataset text not null,
	mechanism text not null default '',
	flow_id bigint,
	constraint import_flow_pkey primary key (workspace_id, import_id, n),
	constraint import_flow_import_fk foreign key (workspace_id, import_id) references import (workspace_id, id) on delete cascade,
	constraint import_flow_change_check check (change in ('new', 'known'))
);
comment on table import_flow is 'A flow between two datasets that the files of an import tell of.';
comment on column import_flow.change is 'new where applying registers the flow, known where the register has one with the same ends.';
comment on column import_flow.flow_id is 'The flow that applying registered.';

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['import_file', 'import_flow']
	loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy %I on %I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())', t || '_of_workspace', t);
		execute format('grant select, insert, update, delete on %I to utile_app', t);
	end loop;
end $$;
-- +goose StatementEnd

-- +goose Down
drop table import_flow, import_file;
alter table field drop column source_facts;
alter table import_problem drop column place;
delete from import_chunk where file > 0;
alter table import_chunk drop constraint import_chunk_pkey, drop column file,
	add constraint import_chunk_pkey primary key (workspace_id, import_id, n);
