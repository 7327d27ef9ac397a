package store

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// ImportPart is how many lines of a file are written between two reports of progress: a variable, so that tests see an import in
// several parts without a large file.
var ImportPart int64 = 10_000

// manyDatasets is from how many new datasets on the planner must be told of them.
const manyDatasets = 200

// importCreated is what applying an import made beside fields.
type importCreated struct {
	Applications []int64 `json:"applications,omitempty"`
	Datasets     []int64 `json:"datasets,omitempty"`
	Gone         []int64 `json:"gone,omitempty"`     // datasets without any field left
	Returned     []int64 `json:"returned,omitempty"` // datasets that were gone
}

// ApplyImport writes a previewed import whose application was asked for, in one transaction, exactly once: the state is
// checked first and changed last, and whoever cancels in between wins. Where the register changed since the preview,
// nothing is written and the file is compared again: applied is false then. Conflict where the import is in another state.
func (s *Store) ApplyImport(ctx context.Context, by domain.Actor, id domain.ImportID, queue bool) (applied bool, err error) {
	var written []string
	err = s.Write(ctx, by, func(in *Store) error {
		applied, written = false, nil
		if err := in.lockImport(ctx, by, id, true); err != nil {
			return err
		}
		i, err := in.importByID(ctx, by, id, "")
		if err != nil {
			return err
		}
		if i.State != domain.ImportApplying {
			return domain.Errorf(domain.Conflict, "import.error.state")
		}
		if err := in.holdImported(ctx, by, i); err != nil {
			return err
		}
		stale, err := in.importStale(ctx, by, i)
		if err != nil {
			return err
		}
		if stale {
			return in.compareAgain(ctx, by, id, queue)
		}
		i.Batch, err = one[domain.BatchID](ctx, in, "batch", `insert into batch (workspace_id, kind, label, changed, refused, actor_id)
			values (@ws, 'import', @label, @changed, @refused, @actor) returning id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "label": map[string]any{"import": int64(id), "file": i.FileName}, "changed": i.Changes(),
				"refused": i.Counts[domain.CountProblems], "actor": zeroNull(by.User)})
		if err != nil {
			return err
		}
		in.batch = i.Batch // what goes back to the DPO by the import comes back with its undoing
		var created importCreated
		progress := func(n int64) error {
			return s.ImportProgress(ctx, by, id, domain.ImportApplying, n, i.Counts[string(domain.ChangeNew)])
		}
		if i.Kind == domain.ImportEvidence {
			err = in.applyEvidence(ctx, by, i)
		} else {
			created, err = in.applyInventory(ctx, by, i, progress)
		}
		if err != nil {
			return err
		}
		applied = true
		if i.Changes() >= wideRows {
			written = []string{"dataset", "field"}
			if i.Kind == domain.ImportEvidence {
				written = []string{"field_evidence"}
			}
		}
		return in.finishImport(ctx, by, i, created)
	})
	if err != nil {
		return false, err
	}
	for _, table := range written {
		// The lists that a person opens next would be planned as if these tables were still small. That they are slower
		// until the database notices by itself is all that a failure costs.
		_, _ = s.exec(ctx, "import", `select refresh_statistics(@table)`, pgx.StrictNamedArgs{"table": table})
	}
	return applied, nil
}

// holdImported takes the turn of an import: where its new fields come, and what they are, stays as it is, and whoever changes one of
// its fields is waited for.
func (s *Store) holdImported(ctx context.Context, by domain.Actor, i domain.Import) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID}
	for _, sql := range []string{
		`select from application where workspace_id = @ws and lower(name) = any(array(select distinct lower(application) from import_row
			where workspace_id = @ws and import_id = @id)) order by id for key share`,
		`select from dataset where workspace_id = @ws and id = any(array(select distinct dataset_id from import_row
			where workspace_id = @ws and import_id = @id)) order by id for share`,
		`select from data_category where workspace_id = @ws and code = any(array(select distinct facts ->> 'category' from import_row
			where workspace_id = @ws and import_id = @id and facts ? 'category')) order by id for share`,
	} {
		if _, err := s.exec(ctx, "import", sql, args); err != nil {
			return err
		}
	}
	touched, err := s.importFieldIDs(ctx, by, i.ID, touchedByImport...)
	if err != nil || len(touched) == 0 {
		return err
	}
	return s.takeTurn(ctx, by, touched)
}

// touchedByImport are the changes of fields that were there before.
var touchedByImport = []string{"changed", "renamed", "returned", "gone"}

// importStale tells whether the register, or who is in the workspace, is no longer what the file was compared with, where it
// matters.
func (s *Store) importStale(ctx context.Context, by domain.Actor, i domain.Import) (bool, error) {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID}
	if i.Kind == domain.ImportEvidence {
		return one[bool](ctx, s, "import", `select exists (
			select from import_row r
			left join field_evidence e on e.workspace_id = r.workspace_id and e.field_id = r.field_id
			where r.workspace_id = @ws and r.import_id = @id and r.change in ('new', 'changed')
				and (case when e.field_id is not null then `+evidenceFacts+` end) is distinct from r.before)`, args)
	}
	if err := s.findImportPlaces(ctx, by, i); err != nil {
		return false, err
	}
	return one[bool](ctx, s, "import", `select exists (
			select from import_row r
			left join field f on f.workspace_id = r.workspace_id and f.id = r.field_id
			where r.workspace_id = @ws and r.import_id = @id and r.change in ('changed', 'renamed', 'returned', 'gone')
				and f.version is distinct from r.version)
		or exists (
			select from import_row r
			join field f on f.workspace_id = r.workspace_id and f.dataset_id = r.dataset_id and f.name = r.name
			where r.workspace_id = @ws and r.import_id = @id and r.change in ('new', 'renamed') and r.dataset_id is not null)
		or exists (select from import_place where dataset_id is distinct from compared)
		or exists (
			select from dataset d join application a on a.workspace_id = d.workspace_id and a.id = d.application_id
			where d.workspace_id = @ws and (d.archived_at is not null or a.archived_at is not null) and d.id in (
				select dataset_id from import_row where workspace_id = @ws and import_id = @id and change in ('new', 'changed', 'renamed', 'returned')))
		or exists (select from application a where a.workspace_id = @ws and a.archived_at is not null and a.id in (select application_id from import_place))
		or exists (
			select from import_row r
			where r.workspace_id = @ws and r.import_id = @id and r.change in ('new', 'changed', 'renamed', 'returned') and r.facts ->> 'owner' <> ''
				and r.facts ->> 'owner' not in (select email from (`+memberOwners+`) o))`, args)
}

// findImportPlaces leaves the places of the import's new fields in a temporary table, with the datasets that have those
// names now.
func (s *Store) findImportPlaces(ctx context.Context, by domain.Actor, i domain.Import) error {
	if _, err := s.db.Exec(ctx, `drop table if exists import_place`); err != nil {
		return translate("import", err)
	}
	err := s.bulk(ctx, `create temporary table import_place on commit drop as
		select r.application, r.dataset, r.schema, r.compared, d.id as dataset_id, a.id as application_id, d.retention_rule_id, `+oldestRecord+` as oldest_record_on, d.is_master
		from (select application, dataset, max(schema) as schema, min(dataset_id) as compared from import_row
			where workspace_id = @ws and import_id = @id and change in ('new', 'renamed') group by 1, 2) r
		left join application a on a.workspace_id = @ws and lower(a.name) = lower(r.application)
		left join dataset d on d.workspace_id = @ws and d.application_id = a.id and lower(d.name) = lower(r.dataset)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID})
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `analyze import_place`)
	return translate("import", err)
}

func (s *Store) compareAgain(ctx context.Context, by domain.Actor, id domain.ImportID, queue bool) error {
	if err := s.moveImport(ctx, by, id, `state = 'reading', problem = @problem`, []domain.ImportState{domain.ImportApplying},
		pgx.StrictNamedArgs{"problem": importProblem{Key: "import.error.stale"}}); err != nil {
		return err
	}
	return s.queueImport(ctx, by, id, queue)
}

func (s *Store) finishImport(ctx context.Context, by domain.Actor, i domain.Import, created importCreated) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID}
	if _, err := s.exec(ctx, "import", `delete from import_row where workspace_id = @ws and import_id = @id and change in ('unchanged', 'older')`, args); err != nil {
		return err
	}
	if err := s.dropImportFile(ctx, by, i.ID, false); err != nil {
		return err
	}
	if err := s.moveImport(ctx, by, i.ID, `state = 'applied', batch_id = @batch, created = @created, applied_at = clock_timestamp(),
		counts = @counts`, []domain.ImportState{domain.ImportApplying},
		pgx.StrictNamedArgs{"batch": i.Batch, "created": created, "counts": i.Counts}); err != nil {
		return err
	}
	return s.record(ctx, by, domain.Event{Verb: "import.applied", Subject: i.Subject(), After: importFacts(i), Batch: i.Batch})
}

// importFacts are the counts that the history keeps.
func importFacts(i domain.Import) map[string]any {
	facts := map[string]any{"kind": string(i.Kind)}
	for key, n := range i.Counts {
		if n > 0 {
			facts[key] = n
		}
	}
	return facts
}

func (s *Store) applyInventory(ctx context.Context, by domain.Actor, i domain.Import, progress func(int64) error) (created importCreated, err error) {
	if err := s.refuseRenames(ctx, by, i); err != nil {
		return created, err
	}
	if err := s.learnSources(ctx, by, i.ID); err != nil {
		return created, err
	}
	if created, err = s.addImportPlaces(ctx, by, i); err != nil {
		return created, err
	}
	c, err := s.judgeContext(ctx, by)
	if err != nil {
		return created, err
	}
	var elsewhere bool
	// The rows of the import were written a moment ago: the planner takes them for few, and would compare each with each of
	// the places.
	err = s.wide(ctx, int(min(i.Counts[string(domain.ChangeNew)], 1_000_000)), func() error {
		elsewhere, err = s.addImportFields(ctx, by, i, c, progress)
		return err
	})
	if err != nil {
		return created, err
	}
	if err := s.changeImportFields(ctx, by, i); err != nil {
		return created, err
	}
	if created.Gone, created.Returned, err = s.moveImportDatasets(ctx, by, i); err != nil {
		return created, err
	}
	if err := s.addImportFlows(ctx, by, i); err != nil {
		return created, err
	}
	if err := s.judgeImported(ctx, by, i); err != nil {
		return created, err
	}
	if elsewhere {
		if err := s.judgeCopiesOfNew(ctx, by); err != nil {
			return created, err
		}
	}
	touched, err := s.importSuggestions(ctx, by, i)
	if err != nil {
		return created, err
	}
	return created, s.suggestImported(ctx, by, touched)
}

// judgeCopiesOfNew judges what is a copy of new fields of declared masters.
func (s *Store) judgeCopiesOfNew(ctx context.Context, by domain.Actor) error {
	if err := s.holdCopied(ctx, by, "d.is_master and d.id in (select dataset_id from import_place)", pgx.StrictNamedArgs{}); err != nil {
		return err
	}
	masters, err := many[int64](ctx, s, "dataset", `select distinct dataset_id from import_place where is_master`, pgx.StrictNamedArgs{})
	if err != nil {
		return err
	}
	c, err := s.judgeContext(ctx, by)
	if err != nil {
		return err
	}
	return s.judgeCopiesOf(ctx, by, c, masters)
}

// judgeImported judges the fields that were there before. New ones are judged as they are written.
func (s *Store) judgeImported(ctx context.Context, by domain.Actor, i domain.Import) error {
	touched, err := s.importFieldIDs(ctx, by, i.ID, touchedByImport...)
	if err != nil {
		return err
	}
	return s.judge(ctx, by, touched)
}

func (s *Store) importFieldIDs(ctx context.Context, by domain.Actor, id domain.ImportID, changes ...string) ([]int64, error) {
	return many[int64](ctx, s, "import", `select field_id from import_row where workspace_id = @ws and import_id = @id
		and change = any(@changes) and field_id is not null`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "changes": changes})
}

// refuseRenames makes of a rename that a person refused what it would have been without the guess.
func (s *Store) refuseRenames(ctx context.Context, by domain.Actor, i domain.Import) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID}
	n, err := s.exec(ctx, "import", `
		insert into import_row (workspace_id, import_id, line, change, application, dataset, dataset_id, name, field_id, version)
		select workspace_id, import_id, 0, 'gone', application, dataset, dataset_id, renamed_from, field_id, version
		from import_row where workspace_id = @ws and import_id = @id and change = 'renamed' and not taken`, args)
	if err != nil || n == 0 {
		return err
	}
	_, err = s.exec(ctx, "import", `update import_row set change = 'new', renamed_from = '', version = null, before = null,
		field_id = nextval('field_id_seq'), taken = true
		where workspace_id = @ws and import_id = @id and change = 'renamed' and not taken`, args)
	if err != nil {
		return err
	}
	i.Counts["renamed"] -= n
	i.Counts["new"] += n
	i.Counts["gone"] += n
	return nil
}

// learnSources keeps what the file of an import calls the applications and datasets that it found by their names, so that the next
// version finds them whatever people call them then.
func (s *Store) learnSources(ctx context.Context, by domain.Actor, id domain.ImportID) error {
	table := bareTable("d.name", "t.schema")
	for _, sql := range []string{
		`update dataset d set source_name = ` + table + `, source_schema = t.schema
			from (select dataset_id, max(schema) as schema from import_row
				where workspace_id = @ws and import_id = @id and change <> 'gone' and dataset_id is not null group by dataset_id) t
			where d.workspace_id = @ws and d.id = t.dataset_id
				and (d.source_name = '' or d.source_schema = '' and t.schema <> '' and lower(d.source_name) = lower(` + table + `))`,
		`update application a set source_name = name where workspace_id = @ws and source_name = '' and id in (
			select d.application_id from dataset d where d.workspace_id = @ws and d.id in (
				select dataset_id from import_row where workspace_id = @ws and import_id = @id and change <> 'gone'))`,
	} {
		if _, err := s.exec(ctx, "import", sql, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}); err != nil {
			return err
		}
	}
	return nil
}

// addImportPlaces creates the applications and datasets that new fields need, each with its history.
func (s *Store) addImportPlaces(ctx context.Context, by domain.Actor, i domain.Import) (created importCreated, err error) {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "actor": zeroNull(by.User), "actor_name": by.Name, "batch": i.Batch}
	created.Applications, err = many[int64](ctx, s, "application", `
		with added as (
			insert into application (workspace_id, name, source_name)
			select @ws::bigint, min(application), min(application) from import_place where application_id is null group by lower(application) order by 2
			returning id, name
		), told as (
			insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, after, batch_id)
			select @ws, @actor::bigint, @actor_name, 'application.added', 'application', id, name, jsonb_build_object('name', name), @batch from added
		)
		select id from added`, args)
	if err != nil {
		return created, err
	}
	created.Datasets, err = many[int64](ctx, s, "dataset", `
		with added as (
			insert into dataset (workspace_id, application_id, name, source_name, source_schema)
			select @ws::bigint, a.id, min(p.dataset), `+bareTable("min(p.dataset)", "max(p.schema)")+`, max(p.schema)
			from import_place p
			join application a on a.workspace_id = @ws and lower(a.name) = lower(p.application)
			where p.dataset_id is null
			group by a.id, lower(p.dataset) order by 2, 3
			returning id, name
		), told as (
			insert into event (workspace_id, actor_id, actor_name, verb, subject_kind, subject_id, subject_name, after, batch_id)
			select @ws, @actor::bigint, @actor_name, 'dataset.added', 'dataset', id, name, jsonb_build_object('name', name), @batch from added
		)
		select id from added`, args)
	if err != nil || len(created.Datasets) == 0 {
		return created, err
	}
	if len(created.Datasets) > manyDatasets {
		if _, err := s.db.Exec(ctx, `select analyze_datasets()`); err != nil {
			return created, translate("dataset", err)
		}
	}
	return created, s.findImportPlaces(ctx, by, i)
}

// newFields are the new rows of an import with their facts as columns.
const newFields = `import_row r
	join import_place p on p.application = r.application and p.dataset = r.dataset
	cross join lateral jsonb_to_record(r.facts) as x (label text, data_type text, nullable boolean, is_key boolean, reference text,
		comment text, category text, owner text, source jsonb)
	left join data_category c on c.workspace_id = r.workspace_id and c.code = x.category
	left join (` + memberOwners + `) o on o.email = x.owner`

// memberOwners are the people to whom an import may give a field: who left meanwhile is none of them.
const memberOwners = `select u.id, u.email from app_user u join membership m on m.workspace_id = @ws and m.user_id = u.id`

// meaningful and owned are what the completeness of a new field depends on.
const (
	meaningful = `(coalesce(x.label, '') <> '' or coalesce(x.comment, '') <> '')`
	owned      = `(o.id is not null)`
)

// firstVerdict is what all new fields of one dataset and category share.
type firstVerdict struct {
	Dataset        int64   `db:"dataset_id"`
	Category       int64   `db:"category_id"`
	Class          string  `db:"class"`
	Meaning        bool    `db:"meaning"`
	Owned          bool    `db:"owned"`
	Master         bool    `db:"is_master"`
	Rule           *int64  `db:"retention_rule_id"`
	OldestRecordOn *string `db:"oldest_record_on"`
}

// addImportFields writes the new fields with their verdicts: nothing ties a new field to a program or a purpose, so all
// fields of one category in one dataset are judged at once, and each is written once. Elsewhere is true where fields of
// other datasets must be judged again.
func (s *Store) addImportFields(ctx context.Context, by domain.Actor, i domain.Import, c *judgeContext, progress func(int64) error) (elsewhere bool, err error) {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID}
	if elsewhere, err = s.judgeNewFields(ctx, args, c); err != nil {
		return elsewhere, err
	}
	type span struct {
		From *int64 `db:"least"`
		To   *int64 `db:"most"`
	}
	lines, err := one[span](ctx, s, "import", `select min(line) as least, max(line) as most from import_row
		where workspace_id = @ws and import_id = @id and change = 'new'`, args)
	if err != nil || lines.From == nil {
		return elsewhere, err
	}
	written := int64(0)
	for from := *lines.From; from <= *lines.To; from += ImportPart {
		n, err := s.exec(ctx, "field", `
			insert into field (workspace_id, id, dataset_id, application_id, name, label, comment, data_type, nullable, is_key, reference,
				position, category_id, gdpr_class, owner_id, verdict, lawful, used, used_why, flags, grade, completeness, effective_rule_id,
				source_facts)
			overriding system value
			select r.workspace_id, r.field_id, p.dataset_id, p.application_id, r.name, coalesce(x.label, ''), coalesce(x.comment, ''),
				coalesce(x.data_type, ''), x.nullable, coalesce(x.is_key, false), coalesce(x.reference, ''), least(r.line, 2147483647),
				c.id, v.class, o.id, v.verdict, v.lawful, v.used, v.why, v.flags, v.grade, v.completeness, v.rule,
				nullif(x.source, '{}')
			from `+newFields+`
			join first_verdict v on v.dataset_id = p.dataset_id and v.category_id = coalesce(c.id, 0) and v.meaning = `+meaningful+` and v.owned = `+owned+`
			where r.workspace_id = @ws and r.import_id = @id and r.change = 'new' and r.line >= @from and r.line < @to
			order by r.line`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID, "from": from, "to": from + ImportPart})
		if err != nil {
			return elsewhere, err
		}
		written += n
		if err := progress(written); err != nil {
			return elsewhere, err
		}
	}
	return elsewhere, nil
}

func (s *Store) judgeNewFields(ctx context.Context, args pgx.StrictNamedArgs, c *judgeContext) (elsewhere bool, err error) {
	kinds, err := many[firstVerdict](ctx, s, "field", `
		select distinct p.dataset_id, coalesce(c.id, 0) as category_id, coalesce(c.gdpr_class, 'unclassified') as class,
			`+meaningful+` as meaning, `+owned+` as owned, p.is_master, p.retention_rule_id, p.oldest_record_on::text
		from `+newFields+`
		where r.workspace_id = @ws and r.import_id = @id and r.change = 'new'`, args)
	if err != nil {
		return false, err
	}
	n := len(kinds)
	datasets, categories, classes := make([]int64, n), make([]int64, n), make([]string, n)
	meaning, owned, lawful, used := make([]bool, n), make([]bool, n), make([]bool, n), make([]bool, n)
	verdicts, why, flags, grades, completeness := make([]string, n), make([]string, n), make([]int32, n), make([]int16, n), make([]int16, n)
	rules := make([]*int64, n)
	for k, v := range kinds {
		elsewhere = elsewhere || v.Master && v.Category != 0
		facts := domain.FieldFacts{Class: domain.GDPRClass(v.Class), HasDuplicate: c.copied(v.Dataset, v.Category),
			Retention: domain.FieldRetention{Dataset: c.rules[deref(v.Rule)], Category: c.categories[v.Category], OldestRecordOn: dayOfText(v.OldestRecordOn)}}
		found := domain.Judge(&facts, c.thresholds, c.today)
		known := domain.FieldKnown{Class: facts.Class, Meaning: v.Meaning, Origin: "unknown", Owned: v.Owned}
		datasets[k], categories[k], classes[k], meaning[k], owned[k] = v.Dataset, v.Category, v.Class, v.Meaning, v.Owned
		verdicts[k], lawful[k], used[k], why[k] = string(found.Verdict), found.Lawful, found.Used, string(found.Why)
		flags[k], grades[k] = int32(found.Flags), int16(domain.EvidenceGrade(&facts.Evidence, c.thresholds, c.today))
		completeness[k], rules[k] = int16(known.Percent()), zeroNull(int64(found.Rule))
	}
	_, err = s.exec(ctx, "field", `create temporary table first_verdict on commit drop as
		select u.dataset_id, u.category_id, u.class, u.meaning, u.owned, u.verdict, u.lawful, u.used, u.why, u.flags, u.grade, u.completeness, u.rule
		from unnest(@datasets::bigint[], @categories::bigint[], @classes::text[], @meaning::boolean[], @owned::boolean[],
			@verdicts::text[], @lawful::boolean[], @used::boolean[], @why::text[], @flags::integer[], @grades::smallint[], @completeness::smallint[],
			@rules::bigint[]) u (dataset_id, category_id, class, meaning, owned, verdict, lawful, used, why, flags, grade, completeness, rule)`,
		pgx.StrictNamedArgs{"datasets": datasets, "categories": categories, "classes": classes, "meaning": meaning, "owned": owned,
			"verdicts": verdicts, "lawful": lawful, "used": used, "why": why, "flags": flags, "grades": grades, "completeness": completeness, "rules": rules})
	if err != nil {
		return elsewhere, err
	}
	_, err = s.db.Exec(ctx, `analyze first_verdict`)
	return elsewhere, translate("import", err)
}

// changeImportFields writes what differs (the keys of before) and nothing else, then what is gone.
func (s *Store) changeImportFields(ctx context.Context, by domain.Actor, i domain.Import) error {
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID}
	if _, err := s.exec(ctx, "field", `
		update field f set
			name = case when r.change = 'renamed' then r.name else f.name end,
			state = case when r.change = 'returned' then 'active' else f.state end,
			label = case when r.before ? 'label' then r.facts ->> 'label' else f.label end,
			data_type = case when r.before ? 'data_type' then r.facts ->> 'data_type' else f.data_type end,
			nullable = case when r.before ? 'nullable' then (r.facts ->> 'nullable')::boolean else f.nullable end,
			is_key = case when r.before ? 'is_key' then (r.facts ->> 'is_key')::boolean else f.is_key end,
			reference = case when r.before ? 'reference' then r.facts ->> 'reference' else f.reference end,
			comment = case when r.before ? 'comment' then r.facts ->> 'comment' else f.comment end,
			source_facts = case when r.before ? 'source' then nullif(r.facts -> 'source', '{}') else f.source_facts end,
			category_id = case when r.before ? 'category' then c.id else f.category_id end,
			gdpr_class = case when r.before ? 'category' then coalesce(c.gdpr_class, 'unclassified') else f.gdpr_class end,
			owner_id = case when r.before ? 'owner' then o.id else f.owner_id end,
			version = f.version + 1, updated_at = clock_timestamp()
		from import_row r
		left join data_category c on c.workspace_id = r.workspace_id and c.code = r.facts ->> 'category'
		left join (`+memberOwners+`) o on o.email = r.facts ->> 'owner'
		where r.workspace_id = @ws and r.import_id = @id and r.change in ('changed', 'renamed', 'returned')
			and f.workspace_id = r.workspace_id and f.id = r.field_id`, args); err != nil {
		return err
	}
	_, err := s.exec(ctx, "field", `update field f set state = 'gone', version = f.version + 1, updated_at = clock_timestamp()
		from import_row r where r.workspace_id = @ws and r.import_id = @id and r.change = 'gone'
			and f.workspace_id = r.workspace_id and f.id = r.field_id`, args)
	return err
}

// moveImportDatasets marks datasets that have no field left as gone, and takes back those that have fields again.
func (s *Store) moveImportDatasets(ctx context.Context, by domain.Actor, i domain.Import) (gone, returned []int64, err error) {
	const alive = `exists (select from field f where f.workspace_id = d.workspace_id and f.dataset_id = d.id and f.state <> 'gone')`
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID}
	gone, err = many[int64](ctx, s, "dataset", `update dataset d set state = 'gone', version = version + 1, updated_at = clock_timestamp()
		where d.workspace_id = @ws and d.state = 'active' and not `+alive+` and d.id = any (array(
			select distinct dataset_id from import_row where workspace_id = @ws and import_id = @id and change = 'gone'))
		returning d.id`, args)
	if err != nil {
		return nil, nil, err
	}
	returned, err = many[int64](ctx, s, "dataset", `update dataset d set state = 'active', version = version + 1, updated_at = clock_timestamp()
		where d.workspace_id = @ws and d.state = 'gone' and `+alive+` and (d.id = any (array(
			select distinct dataset_id from import_row where workspace_id = @ws and import_id = @id and change = 'returned'))
			or d.id = any (array(select dataset_id from import_place)))
		returning d.id`, args)
	slices.Sort(gone)
	slices.Sort(returned)
	return gone, returned, err
}
