-- +goose Up
-- Whether a person must answer is told field by field at a collection point, with what follows without an answer
-- (GDPR art. 13(2)(e)).
alter table field_collection add column answer text not null default '', add column consequence text not null default '',
	add constraint field_collection_answer_check check (answer in ('', 'mandatory', 'optional', 'not_asked'));
comment on column field_collection.answer is 'Whether the answer is mandatory, optional, or recorded without being asked for; empty where nobody has said.';
comment on column field_collection.consequence is 'What follows without the answer; empty where the words of the collection point hold.';
comment on column collection_point.answers is 'What follows where a mandatory answer is missing and its field has no words of its own (art. 13(2)(e)).';
call past.keep('field_collection');
update past.field_collection set answer = '', consequence = '';

-- +goose Down
drop view asof.field_collection cascade;
drop trigger field_collection_past_stamp on field_collection;
alter table past.field_collection drop column answer, drop column consequence;
alter table field_collection drop column answer, drop column consequence;
call past.keep('field_collection');
