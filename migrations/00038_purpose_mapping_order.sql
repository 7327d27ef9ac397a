-- +goose Up
-- The list of mappings begins with the newest: a page of it reads no more than it shows.
create index purpose_mapping_by_proposed_at on purpose_mapping (workspace_id, proposed_at, id);

-- +goose Down
drop index purpose_mapping_by_proposed_at;
