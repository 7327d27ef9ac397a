-- +goose Up
-- A new verdict is mostly one of the same word with other reasons. Room on the page lets such a change stay out of all
-- indexes, the dear one of the search among them.
alter table field set (fillfactor = 85);

-- +goose Down
alter table field reset (fillfactor);
