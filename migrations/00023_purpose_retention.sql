-- +goose Up
-- How long data is kept becomes a rule of its own, with what starts the period, the intermediate archive and its ground, the
-- final fate and the text behind it. Purposes, categories, datasets and fields name a rule; what a field is bound by is
-- chosen by domain.EffectiveRetention and stored beside its verdict.

create table retention_rule (
	workspace_id bigint not null,
	id bigint generated always as identity,
	code text not null,
	name text not null,
	preset text not null default '',
	triggers text[] not null default '{}',
	active_months integer,
	criterion text not null default '',
	archive_months integer,
	archive_ground text not null default '',
	fate text not null default '',
	legal_reference text not null default '',
	source text not null default 'own',
	bound text not null default '',
	certainty text not null default '',
	reason text not null default '',
	version integer not null default 1,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	archived_at timestamptz,
	constraint retention_rule_pkey primary key (workspace_id, id),
	constraint retention_rule_workspace_fk foreign key (workspace_id) references workspace (id) on delete cascade,
	constraint retention_rule_code_check check (length(code) between 1 and 60),
	constraint retention_rule_name_check check (length(name) between 1 and 200),
	constraint retention_rule_active_check check (active_months between 0 and 1200),
	constraint retention_rule_archive_check check (archive_months between 0 and 1200),
	constraint retention_rule_fate_check check (fate in ('', 'delete', 'anonymise', 'archive')),
	constraint retention_rule_source_check check (source in ('law', 'recommendation', 'own')),
	constraint retention_rule_bound_check check (bound in ('', 'least', 'most')),
	constraint retention_rule_certainty_check check (certainty in ('', 'read', 'quoted', 'to_verify'))
);
comment on table retention_rule is 'How long data is kept, from when, and what happens then (GDPR art. 5(1)(e)).';
comment on column retention_rule.triggers is 'Events from which the period counts: the latest of them.';
comment on column retention_rule.active_months is 'Months in daily use; null where no number can be given, or where there is no such phase.';
comment on column retention_rule.criterion is 'In words, beside the number or instead of one (art. 13(2)(a)).';
comment on column retention_rule.archive_months is 'Months in the intermediate archive after the daily use; null for no archive.';
comment on column retention_rule.bound is 'Whether the text behind it sets the least or the most.';
comment on column retention_rule.preset is 'Code of the preset that it was made of.';
comment on column retention_rule.reason is 'Why it differs from its preset.';
create unique index retention_rule_code_key on retention_rule (workspace_id, lower(code));

alter table retention_rule enable row level security;
create policy retention_rule_of_workspace on retention_rule to utile_app
	using (workspace_id = current_workspace()) with check (workspace_id = current_workspace());
grant select, insert, update, delete on retention_rule to utile_app;
call past.keep('retention_rule');


alter table purpose add column retention_rule_id bigint,
	add constraint purpose_retention_rule_fk foreign key (workspace_id, retention_rule_id) references retention_rule (workspace_id, id);
create index purpose_by_retention_rule on purpose (workspace_id, retention_rule_id) where retention_rule_id is not null;
alter table dataset add column retention_rule_id bigint,
	add constraint dataset_retention_rule_fk foreign key (workspace_id, retention_rule_id) references retention_rule (workspace_id, id);
create index dataset_by_retention_rule on dataset (workspace_id, retention_rule_id) where retention_rule_id is not null;
alter table data_category add column retention_rule_id bigint,
	add constraint data_category_retention_rule_fk foreign key (workspace_id, retention_rule_id) references retention_rule (workspace_id, id);
create index data_category_by_retention_rule on data_category (workspace_id, retention_rule_id) where retention_rule_id is not null;
alter table field add column retention_rule_id bigint, add column effective_rule_id bigint,
	add constraint field_retention_rule_fk foreign key (workspace_id, retention_rule_id) references retention_rule (workspace_id, id);
create index field_by_retention_rule on field (workspace_id, retention_rule_id) where retention_rule_id is not null;
comment on column field.retention_rule_id is 'Rule that was chosen for this field; others may bind it too.';
comment on column field.effective_rule_id is 'Rule that binds the field; computed with the verdict.';

alter table past.purpose add column retention_rule_id bigint;
alter table past.dataset add column retention_rule_id bigint;

-- Equal periods in equal words become one rule of the workspace, which begins when the first of them did.
create temporary table former_rule on commit drop as
select workspace_id, months, words, row_number() over (partition by workspace_id order by min(since), months, words) as n, min(since) as since
from (
	select workspace_id, retention_months as months, btrim(retention_rule) as words, valid_from as since from purpose
	union all select workspace_id, retention_months, btrim(retention_rule), valid_from from past.purpose
	union all select workspace_id, retention_months, btrim(retention_rule), valid_from from dataset
	union all select workspace_id, retention_months, btrim(retention_rule), valid_from from past.dataset
) f
where (months is not null or words <> '') and exists (select from workspace w where w.id = f.workspace_id)
group by workspace_id, months, words;

insert into retention_rule (workspace_id, code, name, active_months, criterion)
select f.workspace_id, 'R-' || f.n, case
		when f.words <> '' then left(regexp_replace(f.words, '\s+', ' ', 'g'), 200)
		when w.locale = 'fr' then f.months || ' mois'
		else f.months || ' months' end,
	f.months, f.words
from former_rule f join workspace w on w.id = f.workspace_id;
update retention_rule r set valid_from = f.since from former_rule f where r.workspace_id = f.workspace_id and r.code = 'R-' || f.n;

-- What was said stays said: the rows of purposes and datasets begin when they began.
alter table purpose disable trigger user;
alter table dataset disable trigger user;
update purpose p set retention_rule_id = r.id from former_rule f join retention_rule r on r.workspace_id = f.workspace_id and r.code = 'R-' || f.n
where p.workspace_id = f.workspace_id and p.retention_months is not distinct from f.months and btrim(p.retention_rule) = f.words;
update past.purpose p set retention_rule_id = r.id from former_rule f join retention_rule r on r.workspace_id = f.workspace_id and r.code = 'R-' || f.n
where p.workspace_id = f.workspace_id and p.retention_months is not distinct from f.months and btrim(p.retention_rule) = f.words;
update dataset p set retention_rule_id = r.id from former_rule f join retention_rule r on r.workspace_id = f.workspace_id and r.code = 'R-' || f.n
where p.workspace_id = f.workspace_id and p.retention_months is not distinct from f.months and btrim(p.retention_rule) = f.words;
update past.dataset p set retention_rule_id = r.id from former_rule f join retention_rule r on r.workspace_id = f.workspace_id and r.code = 'R-' || f.n
where p.workspace_id = f.workspace_id and p.retention_months is not distinct from f.months and btrim(p.retention_rule) = f.words;
alter table purpose enable trigger user;
alter table dataset enable trigger user;
drop table former_rule;

alter table purpose_mapping disable trigger user;
update purpose_mapping set reopened_because = 'retention' where reopened_because in ('retention_months', 'retention_rule');
alter table purpose_mapping enable trigger user;
update past.purpose_mapping set reopened_because = 'retention' where reopened_because in ('retention_months', 'retention_rule');

drop view asof.purpose cascade;
drop trigger purpose_past_stamp on purpose;
alter table purpose drop column retention_months, drop column retention_rule;
alter table past.purpose drop column retention_months, drop column retention_rule;
call past.keep('purpose');
drop view asof.dataset cascade;
drop trigger dataset_past_stamp on dataset;
alter table dataset drop column retention_months, drop column retention_rule;
alter table past.dataset drop column retention_months, drop column retention_rule;
call past.keep('dataset');
call past.keep('data_category');
call past.keep('field');
-- A counter of the past is counted, and goes with the view that it counts.
create view asof.field_tally with (security_invoker = true) as
	select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, count(*) as n
	from asof.field group by 1, 2, 3, 4, 5, 6, 7, 8;
grant select on asof.field_tally to utile_app;

-- Every verdict is looked at again at the next page: which rule binds a field is stored with it.
update workspace set judged_on = null;

-- +goose Down
alter table purpose add column retention_months integer, add column retention_rule text not null default '',
	add constraint purpose_retention_months_check check (retention_months between 0 and 1200);
alter table past.purpose add column retention_months integer, add column retention_rule text default '';
alter table dataset add column retention_months integer, add column retention_rule text not null default '',
	add constraint dataset_retention_months_check check (retention_months between 0 and 1200);
alter table past.dataset add column retention_months integer, add column retention_rule text default '';

alter table purpose disable trigger user;
alter table dataset disable trigger user;
update purpose p set retention_months = r.active_months, retention_rule = r.criterion from retention_rule r
where r.workspace_id = p.workspace_id and r.id = p.retention_rule_id;
update past.purpose p set retention_months = r.active_months, retention_rule = r.criterion from retention_rule r
where r.workspace_id = p.workspace_id and r.id = p.retention_rule_id;
update dataset p set retention_months = r.active_months, retention_rule = r.criterion from retention_rule r
where r.workspace_id = p.workspace_id and r.id = p.retention_rule_id;
update past.dataset p set retention_months = r.active_months, retention_rule = r.criterion from retention_rule r
where r.workspace_id = p.workspace_id and r.id = p.retention_rule_id;
alter table purpose enable trigger user;
alter table dataset enable trigger user;

drop view asof.purpose cascade;
drop view asof.dataset cascade;
drop view asof.data_category cascade;
drop view asof.field cascade;
drop trigger purpose_past_stamp on purpose;
drop trigger dataset_past_stamp on dataset;
drop trigger data_category_past_stamp on data_category;
drop trigger field_past_stamp on field;
alter table purpose drop column retention_rule_id;
alter table past.purpose drop column retention_rule_id;
alter table dataset drop column retention_rule_id;
alter table past.dataset drop column retention_rule_id;
alter table data_category drop column retention_rule_id;
alter table past.data_category drop column retention_rule_id;
alter table field drop column retention_rule_id, drop column effective_rule_id;
alter table past.field drop column retention_rule_id, drop column effective_rule_id;
call past.keep('purpose');
call past.keep('dataset');
call past.keep('data_category');
call past.keep('field');
create view asof.field_tally with (security_invoker = true) as
	select workspace_id, application_id, state, verdict, gdpr_class, flags, grade, decision, count(*) as n
	from asof.field group by 1, 2, 3, 4, 5, 6, 7, 8;
grant select on asof.field_tally to utile_app;

drop view asof.retention_rule;
drop table retention_rule;
drop function past.keep_retention_rule();
drop table past.retention_rule;
