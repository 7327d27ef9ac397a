-- +goose Up
-- Workshops: people decide together, field by field, what a program needs; their votes, and what was decided.

create table workshop (
	workspace_id bigint not null,
	id bigint generated always as identity,
	name text not null,
	state text not null default 'prepared',
	template text not null default 'half_day',
	agenda jsonb not null default '[]',
	roles text[] not null default '{}',
	named boolean not null default false,
	per_role boolean not null default true,
	held_on date,
	closes_on date,
	facilitator_id bigint,
	cofacilitator_id bigint,
	note text not null default '',
	batch_id bigint,
	started_at timestamptz,
	closed_at timestamptz,
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint workshop_pkey primary key (workspace_id, id),
	constraint workshop_workspace_fk foreign key (workspace_id) references workspace (id),
	constraint workshop_facilitator_fk foreign key (workspace_id, facilitator_id) references membership (workspace_id, user_id) on delete set null (facilitator_id),
	constraint workshop_cofacilitator_fk foreign key (workspace_id, cofacilitator_id) references membership (workspace_id, user_id) on delete set null (cofacilitator_id),
	constraint workshop_batch_fk foreign key (workspace_id, batch_id) references batch (workspace_id, id),
	constraint workshop_name_check check (length(name) between 1 and 200),
	constraint workshop_state_check check (state in ('prepared', 'running', 'closed')),
	constraint workshop_template_check check (template in ('half_day', 'short', 'full_day', 'week'))
);
comment on table workshop is 'A meeting, or a week of votes, in which people decide what programs need.';
comment on column workshop.named is 'Whether the room sees who voted what; otherwise nobody does, and the tie is cut when the workshop closes.';
comment on column workshop.per_role is 'Whether each role counts once, however many people it has here.';
comment on column workshop.closes_on is 'Last day of votes of a workshop without a meeting.';
comment on column workshop.batch_id is 'The act that applied its decisions; the batch says whether it was undone.';
create unique index workshop_name_key on workshop (workspace_id, lower(name));
create index workshop_by_facilitator on workshop (workspace_id, facilitator_id);
create index workshop_by_cofacilitator on workshop (workspace_id, cofacilitator_id);
create index workshop_by_batch on workshop (workspace_id, batch_id);

create table workshop_program (
	workspace_id bigint not null,
	workshop_id bigint not null,
	program_id bigint not null,
	constraint workshop_program_pkey primary key (workspace_id, workshop_id, program_id),
	constraint workshop_program_workshop_fk foreign key (workspace_id, workshop_id) references workshop (workspace_id, id) on delete cascade,
	constraint workshop_program_fk foreign key (workspace_id, program_id) references program (workspace_id, id)
);
comment on table workshop_program is 'The programs for which a workshop votes.';
create index workshop_program_by_program on workshop_program (workspace_id, program_id);

create table workshop_card (
	workspace_id bigint not null,
	id bigint generated always as identity,
	workshop_id bigint not null,
	field_id bigint,
	category_id bigint,
	position integer not null,
	dpo text not null default '',
	dpo_reason text not null default '',
	dpo_ground text not null default '',
	dpo_by text not null default '',
	round smallint not null default 1,
	revealed boolean not null default false,
	parked boolean not null default false,
	parked_note text not null default '',
	decision text not null default '',
	reason text not null default '',
	keep_n integer not null default 0,
	drop_n integer not null default 0,
	owner_id bigint,
	due_on date,
	decided_by bigint,
	decided_by_name text not null default '',
	decided_at timestamptz,
	done_at timestamptz,
	constraint workshop_card_pkey primary key (workspace_id, id),
	constraint workshop_card_workshop_fk foreign key (workspace_id, workshop_id) references workshop (workspace_id, id) on delete cascade,
	constraint workshop_card_field_fk foreign key (workspace_id, field_id) references field (workspace_id, id),
	constraint workshop_card_category_fk foreign key (workspace_id, category_id) references data_category (workspace_id, id),
	constraint workshop_card_owner_fk foreign key (workspace_id, owner_id) references membership (workspace_id, user_id) on delete set null (owner_id),
	constraint workshop_card_decided_by_fk foreign key (decided_by) references app_user (id),
	constraint workshop_card_field_key unique (workspace_id, workshop_id, field_id),
	constraint workshop_card_category_key unique (workspace_id, workshop_id, category_id),
	constraint workshop_card_subject_check check (num_nonnulls(field_id, category_id) = 1),
	constraint workshop_card_dpo_check check (dpo in ('', 'needed', 'allowed', 'vetoed')),
	constraint workshop_card_decision_check check (decision in ('', 'keep', 'keep_limited', 'replace', 'collect', 'archive', 'drop', 'review'))
);
comment on table workshop_card is 'One question of a workshop: a field, or a category of data that programs need and nobody holds.';
comment on column workshop_card.dpo is 'Whether a DPO must say first that it may be voted on, and what they said.';
comment on column workshop_card.done_at is 'When its owner said that what was decided is done.';
create index workshop_card_by_field on workshop_card (workspace_id, field_id);
create index workshop_card_by_category on workshop_card (workspace_id, category_id);
create index workshop_card_by_owner on workshop_card (workspace_id, owner_id);
create index workshop_card_by_workshop on workshop_card (workspace_id, workshop_id, position);
create index workshop_card_by_decided_by on workshop_card (decided_by);

create table workshop_need (
	workspace_id bigint not null,
	card_id bigint not null,
	program_id bigint not null,
	level smallint not null,
	note text not null default '',
	constraint workshop_need_pkey primary key (workspace_id, card_id, program_id),
	constraint workshop_need_card_fk foreign key (workspace_id, card_id) references workshop_card (workspace_id, id) on delete cascade,
	constraint workshop_need_program_fk foreign key (workspace_id, program_id) references program (workspace_id, id),
	constraint workshop_need_level_check check (level between 0 and 2)
);
comment on table workshop_need is 'What a program needs of a card, as it was when the decision was recorded: 0 nothing, 1 useful, 2 essential.';
create index workshop_need_by_program on workshop_need (workspace_id, program_id);

create table workshop_live (
	workspace_id bigint not null,
	workshop_id bigint not null,
	code text,
	token text,
	open_until timestamptz,
	card_id bigint,
	step smallint not null default 0,
	own_pace boolean not null default false,
	blank boolean not null default false,
	timer_until timestamptz,
	rev bigint not null default 1,
	constraint workshop_live_pkey primary key (workspace_id, workshop_id),
	constraint workshop_live_workshop_fk foreign key (workspace_id, workshop_id) references workshop (workspace_id, id) on delete cascade,
	constraint workshop_live_card_fk foreign key (workspace_id, card_id) references workshop_card (workspace_id, id) on delete set null (card_id),
	constraint workshop_live_code_check check (code ~ '^[0-9]{6}$')
);
comment on table workshop_live is 'Where a workshop is at this moment, and the keys to its door.';
comment on column workshop_live.open_until is 'Until when people can come in; null where the door is shut.';
comment on column workshop_live.rev is 'Grows with every change that screens show.';
create unique index workshop_live_code_key on workshop_live (code) where code is not null;
create unique index workshop_live_token_key on workshop_live (token) where token is not null;
create index workshop_live_by_card on workshop_live (workspace_id, card_id);

create table workshop_participant (
	workspace_id bigint not null,
	id bigint generated always as identity,
	workshop_id bigint not null,
	user_id bigint,
	name text not null default '',
	role text not null,
	part text not null default 'voter',
	token_hash bytea,
	joined_at timestamptz,
	removed_at timestamptz,
	constraint workshop_participant_pkey primary key (workspace_id, id),
	constraint workshop_participant_workshop_fk foreign key (workspace_id, workshop_id) references workshop (workspace_id, id) on delete cascade,
	constraint workshop_participant_user_fk foreign key (user_id) references app_user (id),
	constraint workshop_participant_user_key unique (workspace_id, workshop_id, user_id),
	constraint workshop_participant_name_check check (length(name) <= 80),
	constraint workshop_participant_part_check check (part in ('voter', 'observer'))
);
comment on table workshop_participant is 'Somebody in a workshop: a member, or a guest who came in by its code.';
comment on column workshop_participant.joined_at is 'Null for a member who was asked and has not come yet.';
create unique index workshop_participant_token_key on workshop_participant (token_hash) where token_hash is not null;
create index workshop_participant_by_workshop on workshop_participant (workspace_id, workshop_id);
create index workshop_participant_by_user on workshop_participant (user_id);

create table workshop_vote (
	workspace_id bigint not null,
	id bigint generated always as identity,
	workshop_id bigint not null,
	card_id bigint not null,
	participant_id bigint,
	program_id bigint not null,
	round smallint not null,
	role text not null,
	level smallint,
	gain text not null default '',
	sequence bigint not null default 0,
	constraint workshop_vote_pkey primary key (workspace_id, id),
	constraint workshop_vote_card_fk foreign key (workspace_id, card_id) references workshop_card (workspace_id, id) on delete cascade,
	constraint workshop_vote_participant_fk foreign key (workspace_id, participant_id) references workshop_participant (workspace_id, id) on delete cascade,
	constraint workshop_vote_program_fk foreign key (workspace_id, workshop_id, program_id) references workshop_program (workspace_id, workshop_id, program_id) on delete cascade,
	constraint workshop_vote_level_check check (level between 0 and 2),
	constraint workshop_vote_gain_check check (length(gain) <= 500)
);
comment on table workshop_vote is 'What somebody says that a program needs of a card: 0 nothing, 1 useful, 2 essential, null for no opinion.';
comment on column workshop_vote.participant_id is 'Null once a workshop with secret votes has closed: nobody can tell any more whose it was.';
comment on column workshop_vote.sequence is 'Grows on one telephone, so that a late repetition of an earlier vote changes nothing.';
create unique index workshop_vote_key on workshop_vote (workspace_id, card_id, participant_id, program_id, round) where participant_id is not null;
create index workshop_vote_by_card on workshop_vote (workspace_id, card_id, round);
create index workshop_vote_by_participant on workshop_vote (workspace_id, participant_id);
create index workshop_vote_by_program on workshop_vote (workspace_id, workshop_id, program_id);

create table workshop_objection (
	workspace_id bigint not null,
	id bigint generated always as identity,
	card_id bigint not null,
	role text not null,
	name text not null default '',
	body text not null,
	at timestamptz not null default clock_timestamp(),
	constraint workshop_objection_pkey primary key (workspace_id, id),
	constraint workshop_objection_card_fk foreign key (workspace_id, card_id) references workshop_card (workspace_id, id) on delete cascade,
	constraint workshop_objection_body_check check (length(body) between 1 and 2000)
);
comment on table workshop_objection is 'What somebody wants to be kept in the minutes against a decision.';
create index workshop_objection_by_card on workshop_objection (workspace_id, card_id);

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['workshop', 'workshop_program', 'workshop_card', 'workshop_need', 'workshop_live', 'workshop_participant', 'workshop_vote', 'workshop_objection']
	loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy %I on %I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())', t || '_of_workspace', t);
		execute format('grant select, insert, update, delete on %I to utile_app', t);
	end loop;
	foreach t in array array['workshop', 'workshop_program', 'workshop_card', 'workshop_need'] loop
		call past.keep(t);
	end loop;
end $$;
-- +goose StatementEnd

-- However a workshop comes to be, it is somewhere.
-- +goose StatementBegin
create function place_workshop() returns trigger language plpgsql as $$
begin
	insert into workshop_live (workspace_id, workshop_id, own_pace) values (new.workspace_id, new.id, new.template = 'week');
	return null;
end $$;
-- +goose StatementEnd
create trigger workshop_placed after insert on workshop for each row execute function place_workshop();

-- Guests are in no workspace: these look through row-level security, by a key that they were shown only.
-- +goose StatementBegin
create function workshop_by_key(asked text) returns table (workspace_id bigint, workshop_id bigint)
	language sql stable security definer set search_path = public, pg_temp as $$
	select l.workspace_id, l.workshop_id from workshop_live l where asked in (l.code, l.token)
$$;
create function workshop_by_seat(asked bytea) returns table (workspace_id bigint, workshop_id bigint, participant_id bigint)
	language sql stable security definer set search_path = public, pg_temp as $$
	select p.workspace_id, p.workshop_id, p.id from workshop_participant p where p.token_hash = asked and p.removed_at is null
$$;
-- +goose StatementEnd
comment on function workshop_by_key is 'The workshop that a code or a link opens, open or not.';
comment on function workshop_by_seat is 'The place in a workshop of whoever holds the token.';
revoke execute on function workshop_by_key(text), workshop_by_seat(bytea) from public;
grant execute on function workshop_by_key(text), workshop_by_seat(bytea) to utile_app;

-- +goose Down
drop function workshop_by_key(text), workshop_by_seat(bytea);
drop view asof.workshop_need, asof.workshop_card, asof.workshop_program, asof.workshop;
drop table workshop_objection, workshop_vote, workshop_participant, workshop_live, past.workshop_need, workshop_need, past.workshop_card, workshop_card, past.workshop_program, workshop_program, past.workshop, workshop;
drop function place_workshop(), past.keep_workshop_need(), past.keep_workshop_card(), past.keep_workshop_program(), past.keep_workshop();
