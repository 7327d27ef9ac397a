-- +goose Up
-- The applications that a file names row by row, known once its rows were read: the list of imports shows whose file it was.
alter table import add column applications text[] not null default '{}';
comment on column import.applications is 'The applications that the rows name where the import names none, the first fifty by name.';
update import i set applications = array(
	select min(r.application) from import_row r
	where r.workspace_id = i.workspace_id and r.import_id = i.id and r.application <> ''
	group by fold(r.application) order by fold(r.application) limit 50)
where i.application_id is null and i.application_name = '';

-- +goose Down
alter table import drop column applications;
