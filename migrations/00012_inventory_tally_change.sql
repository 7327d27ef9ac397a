-- +goose Up
-- The counters of a workspace are thousands of rows once its fields differ in many ways. Whoever has read them keeps them,
-- and asks this small table whether they changed.

create table field_tally_change (
	workspace_id bigint not null,
	id bigint generated always as identity,
	fold boolean not null default false,
	constraint field_tally_change_pkey primary key (workspace_id, id)
);
comment on table field_tally_change is 'One row for each statement that changed field_tally since it was last folded, and one for the fold.';
comment on column field_tally_change.fold is 'Marks the fold. Between two folds rows are only added, so the newest fold and the number of rows tell one state from every other.';
alter table field_tally_change enable row level security;
create policy field_tally_change_of_workspace on field_tally_change to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());
grant select on field_tally_change to utile_app;

-- +goose StatementBegin
create or replace function tally_fields() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		with added as (
			insert into field_tally
			select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, count(*)
			from new_rows group by 1, 2, 3, 4, 5, 6, 7, 8 returning workspace_id
		)
		insert into field_tally_change (workspace_id) select distinct workspace_id from added;
	elsif tg_op = 'DELETE' then
		with added as (
			insert into field_tally
			select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, -count(*)
			from old_rows group by 1, 2, 3, 4, 5, 6, 7, 8 returning workspace_id
		)
		insert into field_tally_change (workspace_id) select distinct workspace_id from added;
	else
		with added as (
			insert into field_tally
			select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, sum(n)
			from (
				select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, 1 as n from new_rows
				union all
				select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, -1 from old_rows
			) delta
			group by 1, 2, 3, 4, 5, 6, 7, 8 having sum(n) <> 0 returning workspace_id
		)
		insert into field_tally_change (workspace_id) select distinct workspace_id from added;
	end if;
	return null;
end $$;
-- +goose StatementEnd

-- Both tables are taken in one statement, and so at one moment: what commits later stays in both.
-- +goose StatementBegin
create or replace function fold_field_tally() returns void language sql security definer set search_path = public, pg_temp as $$
	with taken as (
		delete from field_tally where workspace_id = current_workspace() returning *
	), changes as (
		delete from field_tally_change where workspace_id = current_workspace()
	), folded as (
		insert into field_tally_change (workspace_id, fold) select current_workspace(), true where current_workspace() is not null
	)
	insert into field_tally
	select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, sum(n)
	from taken group by 1, 2, 3, 4, 5, 6, 7, 8 having sum(n) <> 0
$$;
-- +goose StatementEnd

-- A foreign key would let a fold wait for whoever locks the workspace, so a trigger clears up instead.
-- +goose StatementBegin
create function forget_tally_changes() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from field_tally_change where workspace_id = old.id;
	return null;
end $$;
-- +goose StatementEnd
create trigger workspace_forget_tally_changes after delete on workspace
	for each row execute function forget_tally_changes();

-- +goose Down
drop trigger workspace_forget_tally_changes on workspace;
drop function forget_tally_changes();
-- +goose StatementBegin
create or replace function fold_field_tally() returns void language sql security definer set search_path = public, pg_temp as $$
	with taken as (
		delete from field_tally where workspace_id = current_workspace() returning *
	)
	insert into field_tally
	select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, sum(n)
	from taken group by 1, 2, 3, 4, 5, 6, 7, 8 having sum(n) <> 0
$$;
-- +goose StatementEnd
-- +goose StatementBegin
create or replace function tally_fields() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		insert into field_tally
		select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, count(*)
		from new_rows group by 1, 2, 3, 4, 5, 6, 7, 8;
	elsif tg_op = 'DELETE' then
		insert into field_tally
		select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, -count(*)
		from old_rows group by 1, 2, 3, 4, 5, 6, 7, 8;
	else
		insert into field_tally
		select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, sum(n)
		from (
			select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, 1 as n from new_rows
			union all
			select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, -1 from old_rows
		) delta
		group by 1, 2, 3, 4, 5, 6, 7, 8 having sum(n) <> 0;
	end if;
	return null;
end $$;
-- +goose StatementEnd
drop table field_tally_change;
