-- +goose Up
-- Journeys: the moments at which a customer and the company meet, in order, each at a stage of the life cycle, by a channel, and
-- with the program or scenario that speaks there.

create table journey (
	workspace_id bigint not null,
	id bigint generated always as identity,
	name text not null,
	description text not null default '',
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint journey_pkey primary key (workspace_id, id),
	constraint journey_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint journey_name_check check (length(name) between 1 and 200)
);
comment on table journey is 'The way of a customer along the life cycle, told in moments.';
create unique index journey_name_key on journey (workspace_id, lower(name));

create table journey_moment (
	workspace_id bigint not null,
	id bigint generated always as identity,
	journey_id bigint not null,
	position integer not null,
	name text not null,
	stage_id bigint,
	channel text not null default '',
	program_id bigint,
	scenario_id bigint,
	note text not null default '',
	constraint journey_moment_pkey primary key (workspace_id, id),
	constraint journey_moment_journey_fk foreign key (workspace_id, journey_id) references journey (workspace_id, id) on delete cascade,
	constraint journey_moment_stage_fk foreign key (workspace_id, stage_id) references journey_stage (workspace_id, id) on delete set null (stage_id),
	constraint journey_moment_program_fk foreign key (workspace_id, program_id) references program (workspace_id, id) on delete set null (program_id),
	constraint journey_moment_scenario_fk foreign key (workspace_id, scenario_id) references scenario (workspace_id, id) on delete set null (scenario_id),
	constraint journey_moment_name_check check (length(name) between 1 and 200),
	constraint journey_moment_use_check check (program_id is null or scenario_id is null)
);
comment on table journey_moment is 'A moment of a journey; its program is that of its scenario where it has one.';
create index journey_moment_by_journey on journey_moment (workspace_id, journey_id, position);
create index journey_moment_by_stage on journey_moment (workspace_id, stage_id);
create index journey_moment_by_program on journey_moment (workspace_id, program_id);
create index journey_moment_by_scenario on journey_moment (workspace_id, scenario_id);

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['journey', 'journey_moment'] loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy %I on %I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())', t || '_of_workspace', t);
		execute format('grant select, insert, update, delete on %I to utile_app', t);
		call past.keep(t);
	end loop;
end $$;
-- +goose StatementEnd

-- +goose Down
drop view asof.journey_moment, asof.journey;
drop table past.journey_moment, past.journey, journey_moment, journey;
drop function past.keep_journey(), past.keep_journey_moment();
