-- +goose Up
-- The time of a part of the agenda runs on while cards, each with a time of its own, come and go.
alter table workshop_live add column step_until timestamptz;
comment on column workshop_live.step_until is 'When the time of the present part of the agenda is over; null where it has none.';
comment on column workshop_live.timer_until is 'When the time of the card on the screen is over; null where none runs.';

-- +goose Down
alter table workshop_live drop column step_until;
