-- +goose Up
-- A need says what the program does with the data: its role, as a link between a field and a program has one.
alter table requirement add column role text not null default '',
	add constraint requirement_role_check check (role in ('', 'identify', 'trigger', 'target', 'personalise', 'reach', 'exclude', 'measure', 'prove'));
comment on column requirement.role is 'What the program does with the data; empty where nobody has said.';
comment on column requirement.note is 'Expected gain of useful data; less intrusive alternative of data to avoid.';
call past.keep('requirement');
update past.requirement set role = '';

-- +goose Down
drop view asof.requirement;
drop trigger requirement_past_stamp on requirement;
alter table requirement drop column role;
alter table past.requirement drop column role;
call past.keep('requirement');
