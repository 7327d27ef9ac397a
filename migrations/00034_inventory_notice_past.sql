-- +goose Up
-- Versions of notices are told where two days are compared, as everything that pages show.
drop view asof.notice_version;
call past.keep('notice_version');
alter table notice_version disable trigger user;
update notice_version set valid_from = published_at;
alter table notice_version enable trigger user;

-- +goose Down
drop view asof.notice_version cascade;
drop table past.notice_version;
alter table notice_version drop column valid_from cascade;
create view asof.notice_version with (security_invoker = true) as
	select workspace_id, id, collection_point_id, number, content, gaps, published_by, published_by_name, published_at
	from public.notice_version where published_at <= as_of();
grant select on asof.notice_version to utile_app;
