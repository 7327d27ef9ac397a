-- +goose Up
-- Whoever opens the link of an invitation is in no workspace yet, so this looks through row-level security, by the hash
-- of the link's token only.

-- +goose StatementBegin
create function invitation_by_token(asked bytea) returns table (
		id bigint, email text, role text, invited_by text, created_at timestamptz, expires_at timestamptz,
		accepted_at timestamptz, revoked_at timestamptz, workspace_id bigint, slug text, workspace_name text)
	language sql stable security definer set search_path = public, pg_temp as $$
	select i.id, i.email, i.role, coalesce(u.name, ''), i.created_at, i.expires_at, i.accepted_at, i.revoked_at,
		w.id, w.slug, w.name
	from invitation i join workspace w on w.id = i.workspace_id left join app_user u on u.id = i.invited_by
	where i.token_hash = asked
$$;
-- +goose StatementEnd
comment on function invitation_by_token is 'The invitation of a link and the workspace that it leads to; no row for a token that nobody was given.';
revoke execute on function invitation_by_token(bytea) from public;
grant execute on function invitation_by_token(bytea) to utile_app;

-- One open invitation per address: a second one takes the place of the first.
create unique index invitation_email_key on invitation (workspace_id, email) where accepted_at is null and revoked_at is null;

-- +goose Down
drop index invitation_email_key;
drop function invitation_by_token(bytea);
