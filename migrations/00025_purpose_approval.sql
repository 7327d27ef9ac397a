-- +goose Up
-- What a DPO approved, frozen as it was: an approval holds as long as these values do.

create table approval (
	workspace_id bigint not null,
	id bigint generated always as identity,
	mapping_id bigint not null,
	field_id bigint not null,
	purpose_id bigint not null,
	field_name text not null,
	place text not null,
	category_name text not null,
	purpose_name text not null,
	program_names text[] not null,
	terms jsonb not null,
	justification text not null,
	reason text not null,
	until date,
	approved_by bigint,
	approved_by_name text not null,
	approved_at timestamptz not null,
	self_approved boolean not null,
	withdrawn_at timestamptz,
	constraint approval_pkey primary key (workspace_id, id),
	constraint approval_workspace_fk foreign key (workspace_id) references workspace (id) on delete cascade,
	constraint approval_approved_by_fk foreign key (approved_by) references app_user (id)
);
comment on table approval is 'What a DPO approved, as it was; approvals are only added. Names are those of the day; numbers may name what is gone.';
comment on column approval.terms is 'Named values that the approval is about, as in events; where one changes the question is open again.';
comment on column approval.withdrawn_at is 'When it was taken back by an undo: it never counted from then on. Nothing else of an approval changes.';
comment on column approval.until is 'Last day on which the approval holds; null where it holds until something changes.';
create index approval_by_mapping on approval (workspace_id, mapping_id, id desc);
create index approval_by_field on approval (workspace_id, field_id, id desc);
create index approval_by_purpose on approval (workspace_id, purpose_id, id desc);
create index approval_by_approved_by on approval (approved_by);
alter table approval enable row level security;
create policy approval_of_workspace on approval to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());
grant select, insert, update (withdrawn_at) on approval to utile_app;

alter table purpose_mapping add column approval_id bigint;
alter table purpose_mapping add constraint purpose_mapping_approval_fk foreign key (workspace_id, approval_id) references approval (workspace_id, id);
comment on column purpose_mapping.approval_id is 'The last approval that was given and not taken back; of an approved mapping, the one that holds.';
create index purpose_mapping_by_approval on purpose_mapping (workspace_id, approval_id);
call past.keep('purpose_mapping');

create view asof.approval with (security_invoker = true) as
	select workspace_id, id, mapping_id, field_id, purpose_id, field_name, place, category_name, purpose_name, program_names, terms, justification,
		reason, until, approved_by, approved_by_name, approved_at, self_approved,
		case when withdrawn_at <= as_of() then withdrawn_at end as withdrawn_at
	from public.approval where approved_at <= as_of();
grant select on asof.approval to utile_app;

-- What was approved until now was approved as it is, since every change would have reopened it: the first page that is opened
-- after this freezes it.
update workspace set judged_on = null;

-- +goose Down
drop view asof.approval;
alter table purpose_mapping drop column approval_id cascade;
alter table past.purpose_mapping drop column approval_id;
call past.keep('purpose_mapping');
drop table approval;
