-- +goose Up
-- A need is its program's as a whole, or that of some of its scenarios.
alter table scenario add constraint scenario_of_program_key unique (workspace_id, program_id, id);

create table scenario_need (
	workspace_id bigint not null,
	program_id bigint not null,
	category_id bigint not null,
	scenario_id bigint not null,
	constraint scenario_need_pkey primary key (workspace_id, program_id, category_id, scenario_id),
	constraint scenario_need_requirement_fk foreign key (workspace_id, program_id, category_id)
		references requirement (workspace_id, program_id, category_id) on delete cascade,
	constraint scenario_need_scenario_fk foreign key (workspace_id, program_id, scenario_id)
		references scenario (workspace_id, program_id, id)
);
comment on table scenario_need is 'The scenarios of a program that a need is for; one without any is that of the whole program.';
create index scenario_need_by_scenario on scenario_need (workspace_id, scenario_id);
alter table scenario_need enable row level security;
create policy scenario_need_of_workspace on scenario_need to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());
grant select, insert, update, delete on scenario_need to utile_app;
call past.keep('scenario_need');
call watch_landscape('scenario'); -- its name stands in the history of needs

-- +goose Down
drop view asof.scenario_need;
drop table past.scenario_need, scenario_need;
drop function past.keep_scenario_need();
drop trigger scenario_landscape on scenario;
alter table scenario drop constraint scenario_of_program_key;
