-- +goose Up
-- A process that dies of an import leaves its job behind and tells nobody: what was begun and not ended is counted here, so
-- that a file that ends every process that takes it up is refused after a few.
create table import_attempt (
	workspace_id bigint not null,
	import_id bigint not null,
	step text not null,
	begun integer not null,
	constraint import_attempt_pkey primary key (workspace_id, import_id),
	constraint import_attempt_import_fk foreign key (workspace_id, import_id) references import (workspace_id, id) on delete cascade
);
comment on table import_attempt is 'Work on an import that was begun and came to no end yet, or never will.';
comment on column import_attempt.step is 'State of the import that asked for it: reading, applying or undoing.';
comment on column import_attempt.begun is 'How often that step was begun since work on the import last came to an end.';
alter table import_attempt enable row level security;
create policy import_attempt_of_workspace on import_attempt to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());
grant select, insert, update, delete on import_attempt to utile_app;
-- The applications that a file names came without their past, so that the list of imports could not be shown as of a day.
call past.keep('import');

-- +goose Down
drop view asof.import cascade;
drop trigger import_past_stamp on import;
alter table past.import drop column applications;
drop table import_attempt;
