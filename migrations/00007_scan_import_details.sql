-- +goose Up
-- Imports: what a person said of a file, what the file looks like, and what an undo needs to know.

alter table import
	add column application_name text not null default '',
	add column complete boolean not null default false,
	add column measured_on date,
	add column headings jsonb not null default '{}',
	add column created jsonb not null default '{}',
	add column undone_at timestamptz,
	drop constraint import_state_check,
	add constraint import_state_check check (state in
		('uploaded', 'mapping', 'reading', 'previewed', 'applying', 'applied', 'undoing', 'undone', 'failed', 'cancelled')),
	add constraint import_application_name_check check (length(application_name) <= 200);
comment on column import.application_name is 'Application that a person named; created when the import is applied, where it does not exist.';
comment on column import.complete is 'The file is the whole inventory of its applications: what it does not hold is gone, in every dataset.';
comment on column import.measured_on is 'Day of measures that the file does not date.';
comment on column import.headings is 'Headings of the file with some of its rows, for the mapping screen, and how it was read.';
comment on column import.created is 'Ids of applications and datasets that applying created, took as gone or took back: what an undo puts right.';

alter table import_row
	add column application text not null default '',
	add column dataset_id bigint,
	add column version integer,
	add column taken boolean not null default true;
comment on column import_row.dataset_id is 'Dataset of the field; null while applying would create it.';
comment on column import_row.field_id is 'The field; for a new one, the id that it gets.';
comment on column import_row.version is 'Version of the field that the file was compared with; null for a new field.';
comment on column import_row.taken is 'False where a person refused that the field was renamed.';

-- New fields get their id when the file is compared, so that applying writes each of them once.
grant usage on sequence field_id_seq to utile_app;

-- +goose Down
revoke usage on sequence field_id_seq from utile_app;
alter table import_row drop column application, drop column dataset_id, drop column version, drop column taken;
alter table import
	drop column application_name, drop column complete, drop column measured_on, drop column headings, drop column created,
	drop column undone_at,
	drop constraint import_state_check,
	add constraint import_state_check check (state in
		('uploaded', 'reading', 'previewed', 'applying', 'applied', 'undone', 'failed', 'cancelled'));
