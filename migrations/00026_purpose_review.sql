-- +goose Up
-- The review desk: what waits for a DPO, ranked and counted ahead of every page; questions to those who proposed, what is put
-- off, and who decides what at this moment.

create table review_thread (
	workspace_id bigint not null,
	id bigint generated always as identity,
	basis text not null default '',
	asked_by bigint,
	asked_by_name text not null,
	asked_at timestamptz not null default clock_timestamp(),
	answered_at timestamptz,
	constraint review_thread_pkey primary key (workspace_id, id),
	constraint review_thread_workspace_fk foreign key (workspace_id) references workspace (id) on delete cascade,
	constraint review_thread_asked_by_fk foreign key (asked_by) references app_user (id),
	constraint review_thread_basis_check check (basis in ('', 'a_consent', 'b_contract', 'c_legal', 'd_vital', 'e_public', 'f_legitimate'))
);
comment on table review_thread is 'A question of a DPO about one or several mappings; what is said in it are remarks about the thread.';
comment on column review_thread.basis is 'The legal basis that the DPO thinks of; empty for none.';
comment on column review_thread.answered_at is 'Null while the question waits for an answer.';
create index review_thread_by_asked_by on review_thread (asked_by);

alter table purpose_mapping add column thread_id bigint;
alter table purpose_mapping add constraint purpose_mapping_thread_fk foreign key (workspace_id, thread_id) references review_thread (workspace_id, id);
comment on column purpose_mapping.thread_id is 'The last question that a DPO asked about the mapping.';
create index purpose_mapping_by_thread on purpose_mapping (workspace_id, thread_id) where thread_id is not null;

create table review_snooze (
	workspace_id bigint not null,
	mapping_id bigint not null,
	until date not null,
	snoozed_by bigint,
	snoozed_at timestamptz not null default clock_timestamp(),
	constraint review_snooze_pkey primary key (workspace_id, mapping_id),
	constraint review_snooze_mapping_fk foreign key (workspace_id, mapping_id) references purpose_mapping (workspace_id, id) on delete cascade,
	constraint review_snooze_snoozed_by_fk foreign key (snoozed_by) references app_user (id)
);
comment on table review_snooze is 'Mappings that a DPO has put off until a day, on which they come back by themselves.';
create index review_snooze_by_until on review_snooze (workspace_id, until);
create index review_snooze_by_snoozed_by on review_snooze (snoozed_by);

create table review_item (
	workspace_id bigint not null,
	mapping_id bigint not null,
	field_id bigint not null,
	application_id bigint not null,
	purpose_id bigint not null,
	gdpr_class text not null,
	reopened_because text not null,
	standing text not null,
	question text not null,
	rank smallint not null,
	since timestamptz not null,
	constraint review_item_pkey primary key (workspace_id, mapping_id),
	constraint review_item_standing_check check (standing in ('open', 'asked', 'snoozed'))
);
comment on table review_item is 'A mapping that waits for an answer; made again in the transaction of every change of what it says.';
comment on column review_item.question is 'Mappings with one purpose, one category and one justification share a question.';
comment on column review_item.rank is 'How late it should be looked at: the smaller the earlier.';
create index review_item_by_field on review_item (workspace_id, field_id);
create index review_item_by_question on review_item (workspace_id, question, mapping_id);
create index review_item_by_application on review_item (workspace_id, application_id, question);

create table review_question (
	workspace_id bigint not null,
	question text not null,
	purpose_id bigint not null,
	application_id bigint not null,
	gdpr_class text not null,
	reopened_because text not null,
	standing text not null,
	first bigint not null,
	n integer not null,
	rank smallint not null,
	since timestamptz not null,
	constraint review_question_pkey primary key (workspace_id, question)
);
comment on table review_question is 'One question to a DPO: all mappings of review_item that share it.';
comment on column review_question.first is 'The oldest of its mappings, whose application is that of the question.';
create index review_question_by_rank on review_question (workspace_id, standing, rank, since, question);
create index review_question_by_since on review_question (workspace_id, standing, since, question);
create index review_question_by_purpose on review_question (workspace_id, standing, purpose_id, rank, since, question);
create index review_question_by_application on review_question (workspace_id, standing, application_id, rank, since, question);

create table review_tally (
	workspace_id bigint not null,
	standing text not null,
	purpose_id bigint not null,
	application_id bigint not null,
	gdpr_class text not null,
	reopened_because text not null,
	n bigint not null,
	questions bigint not null
);
comment on table review_tally is 'Counters of review_item and review_question as deltas to be summed, written by triggers, folded now and then. Questions have no application.';
create index review_tally_by_workspace on review_tally (workspace_id);

create table review_lease (
	workspace_id bigint not null,
	user_id bigint not null,
	question text not null,
	until timestamptz not null,
	constraint review_lease_pkey primary key (workspace_id, user_id),
	constraint review_lease_workspace_fk foreign key (workspace_id) references workspace (id) on delete cascade,
	constraint review_lease_user_fk foreign key (user_id) references app_user (id)
);
comment on table review_lease is 'Which question a DPO has before them, so that another sees it; it ends by itself.';
create index review_lease_by_question on review_lease (workspace_id, question);
create index review_lease_by_user on review_lease (user_id);

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['review_thread', 'review_snooze', 'review_item', 'review_question', 'review_tally', 'review_lease']
	loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy %I on %I to utile_app using (workspace_id = current_workspace()) with check (workspace_id = current_workspace())', t || '_of_workspace', t);
		execute format('grant select, insert, update, delete on %I to utile_app', t);
	end loop;
end $$;
-- +goose StatementEnd
revoke insert, update, delete on review_tally from utile_app;

-- +goose StatementBegin
create function tally_review() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_table_name = 'review_item' and tg_op = 'INSERT' then
		insert into review_tally select workspace_id, standing, purpose_id, application_id, gdpr_class, reopened_because, count(*), 0
		from new_rows group by 1, 2, 3, 4, 5, 6;
	elsif tg_table_name = 'review_item' then
		insert into review_tally select workspace_id, standing, purpose_id, application_id, gdpr_class, reopened_because, -count(*), 0
		from old_rows group by 1, 2, 3, 4, 5, 6;
	elsif tg_op = 'INSERT' then
		insert into review_tally select workspace_id, standing, purpose_id, 0, gdpr_class, reopened_because, 0, count(*)
		from new_rows group by 1, 2, 3, 5, 6;
	else
		insert into review_tally select workspace_id, standing, purpose_id, 0, gdpr_class, reopened_because, 0, -count(*)
		from old_rows group by 1, 2, 3, 5, 6;
	end if;
	return null;
end $$;
-- +goose StatementEnd
create trigger review_item_added after insert on review_item referencing new table as new_rows for each statement execute function tally_review();
create trigger review_item_removed after delete on review_item referencing old table as old_rows for each statement execute function tally_review();
create trigger review_question_added after insert on review_question referencing new table as new_rows for each statement execute function tally_review();
create trigger review_question_removed after delete on review_question referencing old table as old_rows for each statement execute function tally_review();

-- +goose StatementBegin
create function fold_review_tally() returns void language sql security definer set search_path = public, pg_temp as $$
	with taken as (
		delete from review_tally where workspace_id = current_workspace()
		returning standing, purpose_id, application_id, gdpr_class, reopened_because, n, questions
	)
	insert into review_tally select current_workspace(), standing, purpose_id, application_id, gdpr_class, reopened_because, sum(n), sum(questions)
	from taken group by 2, 3, 4, 5, 6 having sum(n) <> 0 or sum(questions) <> 0
$$;
-- +goose StatementEnd
comment on function fold_review_tally is 'Sums the counters of the review of the workspace of the transaction.';
revoke execute on function fold_review_tally() from public;
grant execute on function fold_review_tally() to utile_app;

-- As with other counters: a foreign key would let these wait for whoever locks the workspace.
-- +goose StatementBegin
create function forget_review() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from review_question where workspace_id = old.id;
	delete from review_item where workspace_id = old.id;
	delete from review_tally where workspace_id = old.id;
	return null;
end $$;
-- +goose StatementEnd
create trigger workspace_forget_review after delete on workspace for each row execute function forget_review();

-- What waits is put in the queue by the first page that is opened after this.
update workspace set judged_on = null;

call past.keep('purpose_mapping');
call past.keep('review_thread');
-- On another day nothing is asked or put off that is not counted as waiting.
create view asof.review_tally with (security_invoker = true) as
	select workspace_id, standing, purpose_id, application_id, gdpr_class, reopened_because, n, questions from public.review_tally where false;
grant select on asof.review_tally to utile_app;

-- +goose Down
drop view asof.review_tally;
drop trigger workspace_forget_review on workspace;
drop function forget_review(), fold_review_tally();
drop table review_lease, review_tally, review_question, review_item, review_snooze;
drop function tally_review();
alter table purpose_mapping drop column thread_id cascade;
alter table past.purpose_mapping drop column thread_id;
call past.keep('purpose_mapping');
drop view asof.review_thread;
drop table review_thread, past.review_thread;
