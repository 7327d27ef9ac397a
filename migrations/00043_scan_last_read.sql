-- +goose Up
-- A last read stays known when a newer measure counts reads and does not tell of it. It is then as of the measure that told
-- of it, and says nothing of the days since.
alter table field_evidence add column last_read_measured_at timestamptz, add column last_read_source text,
	add constraint field_evidence_last_read_check check (num_nulls(last_read_measured_at, last_read_source) in (0, 2)
		and (last_read_measured_at is null or last_read_at is not null));
comment on column field_evidence.last_read_measured_at is 'When the last read was measured; null where it was with the reads.';
call past.keep('field_evidence');

-- +goose Down
drop view asof.field_evidence cascade;
drop trigger field_evidence_past_stamp on field_evidence;
alter table past.field_evidence drop column last_read_measured_at, drop column last_read_source;
alter table field_evidence drop column last_read_measured_at, drop column last_read_source;
call past.keep('field_evidence');
