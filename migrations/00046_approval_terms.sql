-- +goose Up
-- An approval is about what the purpose is and whom it concerns too. What is approved stands as its purpose is now: it is frozen
-- as such, so that the next change of it reopens the question.
update approval k set terms = k.terms || jsonb_build_object('name', p.name, 'description', p.description, 'sub_purposes', p.sub_purposes,
	'subjects', p.subjects, 'automated', p.automated, 'needs_program', p.needs_program)
from purpose_mapping m join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id
where m.workspace_id = k.workspace_id and m.approval_id = k.id and m.state = 'approved';

-- +goose Down
update approval set terms = terms - array['name', 'description', 'sub_purposes', 'subjects', 'automated', 'needs_program'];
