-- +goose Up
-- The oldest record of a dataset is measured as well as declared. A measure stands with the field on whose row a file gave it,
-- dated and sourced as every other; the newest of a dataset's fields is the dataset's, beside what a person wrote.
alter table field_evidence add column oldest_record_on date, add column oldest_measured_at timestamptz, add column oldest_source text,
	add constraint field_evidence_oldest_check check (num_nulls(oldest_record_on, oldest_measured_at, oldest_source) in (0, 3));
alter table dataset add column measured_oldest_on date, add column oldest_measured_at timestamptz, add column oldest_source text,
	add constraint dataset_oldest_check check (num_nulls(measured_oldest_on, oldest_measured_at, oldest_source) in (0, 3));
comment on column field_evidence.oldest_record_on is 'Day of the oldest record of the field''s dataset, as measured.';
comment on column dataset.oldest_record_on is 'Day of the oldest record as a person declared it.';
comment on column dataset.measured_oldest_on is 'Day of the oldest record by the newest measure of the dataset''s fields; counts before the declared one.';
call past.keep('field_evidence');
call past.keep('dataset');

-- +goose Down
drop view asof.field_evidence cascade;
drop view asof.dataset cascade;
drop trigger field_evidence_past_stamp on field_evidence;
drop trigger dataset_past_stamp on dataset;
alter table past.field_evidence drop column oldest_record_on, drop column oldest_measured_at, drop column oldest_source;
alter table past.dataset drop column measured_oldest_on, drop column oldest_measured_at, drop column oldest_source;
alter table field_evidence drop column oldest_record_on, drop column oldest_measured_at, drop column oldest_source;
alter table dataset drop column measured_oldest_on, drop column oldest_measured_at, drop column oldest_source;
call past.keep('field_evidence');
call past.keep('dataset');
