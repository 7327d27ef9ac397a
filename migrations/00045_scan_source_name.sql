-- +goose Up
-- What sources call an application or a dataset, beside what people call it: the next version of a file finds what somebody
-- renamed, and a table keeps its dataset when another schema has one of the same name.
alter table application add column source_name text not null default '';
alter table dataset add column source_name text not null default '', add column source_schema text not null default '';
alter table import_row add column schema text not null default '';
comment on column application.source_name is 'What the first file that told of it called it; empty where none did. People may call it otherwise.';
comment on column dataset.source_name is 'Table of the first file that told of it; empty where none did. People may call it otherwise.';
comment on column dataset.source_schema is 'Schema of that table; empty where no file names one.';
comment on column import_row.schema is 'Schema of the table, where the file names one.';
create index dataset_by_source_name on dataset (workspace_id, application_id, lower(source_name)) where source_name <> '';
call past.keep('application');
call past.keep('dataset');
update past.application set source_name = '';
update past.dataset set source_name = '', source_schema = '';

-- +goose Down
drop view asof.application cascade;
drop view asof.dataset cascade;
drop trigger application_past_stamp on application;
drop trigger dataset_past_stamp on dataset;
alter table past.application drop column source_name;
alter table past.dataset drop column source_name, drop column source_schema;
alter table import_row drop column schema;
alter table dataset drop column source_name, drop column source_schema;
alter table application drop column source_name;
call past.keep('application');
call past.keep('dataset');
