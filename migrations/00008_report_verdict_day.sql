-- +goose Up
-- How many fields had which verdict at the start of each day, so that a dashboard can say what changed.

create table verdict_day (
	workspace_id bigint not null,
	day date not null,
	application_id bigint not null,
	verdict text not null,
	n bigint not null,
	constraint verdict_day_pkey primary key (workspace_id, day, application_id, verdict),
	constraint verdict_day_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint verdict_day_application_fk foreign key (workspace_id, application_id) references application (workspace_id, id) on delete cascade,
	constraint verdict_day_n_check check (n > 0)
);
comment on table verdict_day is 'Fields in use by verdict and application, as counted when a day began.';
create index verdict_day_by_application on verdict_day (workspace_id, application_id);
alter table verdict_day enable row level security;
create policy verdict_day_of_workspace on verdict_day to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());
grant select, insert, update, delete on verdict_day to utile_app;

create index decision_by_until on decision (workspace_id, until) where withdrawn_at is null and until is not null;

-- +goose Down
drop index decision_by_until;
drop table verdict_day;
