-- +goose Up
-- Imports of 100,000 rows write as many lines of comparison. Checking each against the import that the same transaction
-- holds, and indexing by field those that change nothing, cost a third of the time and guard nothing: rows are written
-- and dropped with their import only, and row-level security keeps them in its workspace.

alter table import_row drop constraint import_row_import_fk;
drop index import_row_by_field;
create index import_row_by_field on import_row (workspace_id, field_id)
	where field_id is not null and change in ('new', 'changed', 'renamed', 'returned', 'gone');

-- Statistics of datasets that an import just created: without, looking each field's dataset up walks all of its application.
-- +goose StatementBegin
create function analyze_datasets() returns void
	language plpgsql security definer set search_path = public, pg_temp as $$
begin
	analyze dataset;
end $$;
-- +goose StatementEnd
comment on function analyze_datasets is 'Tells the planner how many datasets there are, after many were added in one transaction.';
revoke execute on function analyze_datasets() from public;
grant execute on function analyze_datasets() to utile_app;

-- +goose Down
drop function analyze_datasets();
drop index import_row_by_field;
create index import_row_by_field on import_row (workspace_id, field_id) where field_id is not null;
alter table import_row add constraint import_row_import_fk
	foreign key (workspace_id, import_id) references import (workspace_id, id) on delete cascade;
