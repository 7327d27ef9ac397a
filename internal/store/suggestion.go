package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"utile/internal/classify"
	"utile/internal/domain"
)

// Suggestions are derived: they follow from the fields, from what people answered and from the classifier. Whoever changes
// one of these says so in the same transaction, with suggestFor,
// suggestFieldChange, suggestAnswered or suggestAll. A few hundred fields are
// done at once, so that the next page is right; more are left to a job (suggestion_queue.go).

const (
	// suggestNow is how many fields get their suggestions in the transaction of the change that asks for them.
	suggestNow = 1_000
	// suggestWhole is the same for a workspace that was just made of a file.
	suggestWhole = 10_000
	// suggestChunk is about how many fields a job does in one transaction. All of it is in memory meanwhile, with the reasons of
	// every suggestion, and once more as the arguments of the statement that writes it.
	suggestChunk = 2_000
	// memoryWhole is up to how many classified fields the whole memory of a workspace is read for a single change. Beyond,
	// the answers about the names at hand are read, and a job completes what similar names would teach.
	memoryWhole = 20_000
)

// ClassifierVersion is the version of the rules that suggestions are made with.
const ClassifierVersion = classify.Version

// classifier is the one of the process: it is never written and may be used by many at once.
var classifier = sync.OnceValues(classify.New)

// suggestLocks is the class of the advisory locks that let one transaction at a time make the suggestions of a workspace.
const suggestLocks = 727014

// suggestFor has the suggestions of datasets made again: their fields are others than they were.
func (s *Store) suggestFor(ctx context.Context, by domain.Actor, datasets []int64) error {
	return s.suggest(ctx, by, datasets, nil, suggestNow)
}

// suggestApplication has the suggestions of an application made again: its name says something of its fields.
func (s *Store) suggestApplication(ctx context.Context, by domain.Actor, id domain.ApplicationID) error {
	datasets, err := many[int64](ctx, s, "dataset", `select id from dataset where workspace_id = @ws and application_id = @id order by id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	if err != nil {
		return err
	}
	return s.suggestFor(ctx, by, datasets)
}

// suggestAnswered tells that the category of fields changed, or that a suggestion was refused for them: their own
// suggestions go or come back, and what was answered about their names is suggested for the same names elsewhere.
func (s *Store) suggestAnswered(ctx context.Context, by domain.Actor, fields []int64) error {
	if len(fields) == 0 {
		return nil
	}
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "ids": fields}
	var names []string
	var datasets []int64
	err := s.byKey(ctx, func() (err error) {
		if _, err = s.exec(ctx, "suggestion", `delete from field_suggestion s using field f
			where s.workspace_id = @ws and s.field_id = any(@ids) and f.workspace_id = @ws and f.id = s.field_id and f.category_id is not null`, args); err != nil {
			return err
		}
		if names, err = many[string](ctx, s, "field", `select distinct name from field where workspace_id = @ws and id = any(@ids)`, args); err != nil {
			return err
		}
		datasets, err = many[int64](ctx, s, "field", `select distinct dataset_id from field
			where workspace_id = @ws and id = any(@ids) and category_id is null and state = 'active'`, args)
		return err
	})
	if err != nil {
		return err
	}
	return s.suggestAbout(ctx, by, datasets, names)
}

// suggestAbout has the suggestions of datasets made again, and those of every field that has one of these names, or one
// that shares a rare word with them: somebody answered about them, or what they had answered is gone.
func (s *Store) suggestAbout(ctx context.Context, by domain.Actor, datasets []int64, names []string) error {
	keys := nameKeys(names)
	if len(keys) == 0 {
		return s.suggest(ctx, by, datasets, names, suggestNow)
	}
	same, err := many[int64](ctx, s, "suggestion", `select distinct dataset_id from field_suggestion where workspace_id = @ws and name_key = any(@keys)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "keys": keys})
	if err != nil {
		return err
	}
	alike, err := s.datasetsAlike(ctx, by, names)
	if err != nil {
		return err
	}
	datasets = distinct(append(datasets, same...))
	if all := distinct(append(slices.Clone(datasets), alike...)); len(all) > len(datasets) {
		few, err := s.fewFields(ctx, by, all, suggestNow)
		if err != nil {
			return err
		}
		if few {
			datasets = all
		} else if err := s.suggestLater(ctx, by, alike); err != nil {
			return err
		}
	}
	return s.suggest(ctx, by, datasets, names, suggestNow)
}

const (
	alikeNames = 20  // of how many answered names the words are looked for
	alikeLeast = 4   // letters of a word that says something
	alikeRare  = 200 // fields in which a word may occur to be called rare
)

// datasetsAlike finds the datasets with a field to classify whose name shares a rare word with one of these names.
func (s *Store) datasetsAlike(ctx context.Context, by domain.Actor, names []string) ([]int64, error) {
	var words []string
	for _, name := range names[:min(len(names), alikeNames)] {
		for _, w := range strings.FieldsFunc(domain.Fold(name), func(r rune) bool { return r == '_' || r == '-' || r == '.' || r == ' ' }) {
			if len(w) >= alikeLeast {
				words = append(words, "%"+likeEscape(w)+"%")
			}
		}
	}
	if len(words) == 0 {
		return nil, nil
	}
	slices.Sort(words)
	return many[int64](ctx, s, "suggestion", `
		select distinct s.dataset_id from unnest(@words::text[]) word
		cross join lateral (select array_agg(x.id) as ids from (
			select id from field_sought where workspace_id = @ws and search like word limit @rare + 1) x having count(*) <= @rare) h
		join field_suggestion s on s.workspace_id = @ws and s.field_id = any(h.ids)`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "words": slices.Compact(words), "rare": alikeRare})
}

// suggestFieldChange tells that a field came, went or became another.
func (s *Store) suggestFieldChange(ctx context.Context, by domain.Actor, was, is domain.Field) error {
	var names []string
	for _, f := range []domain.Field{was, is} {
		if f.Category != 0 {
			names = append(names, f.Name)
		}
	}
	return s.suggestAbout(ctx, by, []int64{int64(max(was.Dataset, is.Dataset))}, names)
}

// suggestAll has every suggestion of the workspace made again.
func (s *Store) suggestAll(ctx context.Context, by domain.Actor) error {
	datasets, err := many[int64](ctx, s, "dataset", `select id from dataset where workspace_id = @ws order by id limit @most`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "most": suggestNow + 1})
	if err != nil {
		return err
	}
	if len(datasets) <= suggestNow {
		if err := s.suggest(ctx, by, datasets, nil, suggestNow); err != nil {
			return err
		}
		return s.keepSuggestionRun(ctx, by) // what is left to a job is noted as due, so that nobody asks for all of it again
	}
	if err := s.markSuggestionsDue(ctx, by, nil); err != nil {
		return err
	}
	return s.queueSuggestions(ctx, by)
}

// suggestWholeNow is suggestAll for a workspace that nobody else has seen yet: where it is small enough its suggestions are
// there when it opens.
func (s *Store) suggestWholeNow(ctx context.Context, by domain.Actor) error {
	datasets, err := many[int64](ctx, s, "dataset", `select id from dataset where workspace_id = @ws order by id`, pgx.StrictNamedArgs{"ws": by.Workspace})
	if err != nil {
		return err
	}
	if err := s.suggest(ctx, by, datasets, nil, suggestWhole); err != nil {
		return err
	}
	return s.keepSuggestionRun(ctx, by)
}

// suggest makes the suggestions of datasets at once where they have at most so many fields and nobody else is at it, and
// leaves them to a job otherwise. names are those that somebody just answered about.
func (s *Store) suggest(ctx context.Context, by domain.Actor, datasets []int64, names []string, most int) error {
	if len(datasets) == 0 {
		return nil
	}
	few, err := s.fewFields(ctx, by, datasets, most)
	if err != nil {
		return err
	}
	if !few {
		return s.suggestLater(ctx, by, datasets)
	}
	free, err := one[bool](ctx, s, "suggestion", `select pg_try_advisory_xact_lock(@class, hashint8(@ws))`,
		pgx.StrictNamedArgs{"class": suggestLocks, "ws": int64(by.Workspace)})
	if err != nil {
		return err
	}
	if !free {
		return s.suggestLater(ctx, by, datasets)
	}
	return s.suggestHere(ctx, by, datasets, names)
}

// fewFields tells whether datasets have at most so many fields.
func (s *Store) fewFields(ctx context.Context, by domain.Actor, datasets []int64, most int) (bool, error) {
	if len(datasets) > most {
		return false, nil
	}
	n, err := one[int](ctx, s, "field", `select count(*) from (select from field where workspace_id = @ws and dataset_id = any(@datasets) limit @most) f`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "datasets": datasets, "most": most + 1})
	return n <= most, err
}

// suggestHere makes suggestions in this transaction, which holds the lock. Where a job is under way that may still write
// what it knew before, or where not everything was remembered, the job does them once more.
func (s *Store) suggestHere(ctx context.Context, by domain.Actor, datasets []int64, names []string) error {
	r, err := s.suggester(ctx, by)
	if err != nil {
		return err
	}
	fields, err := s.suggestionFields(ctx, by, datasets)
	if err != nil {
		return err
	}
	for _, f := range fields {
		names = append(names, f.Name)
	}
	whole, err := r.remember(ctx, names)
	if err != nil {
		return err
	}
	if err := r.store(ctx, datasets, fields); err != nil {
		return err
	}
	waiting, err := one[bool](ctx, s, "suggestion", `select exists (select from suggestion_due where workspace_id = @ws)`,
		pgx.StrictNamedArgs{"ws": by.Workspace})
	if err != nil || whole && !waiting {
		return err
	}
	return s.suggestLater(ctx, by, datasets)
}

func nameKeys(names []string) []string {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = classify.Key(name)
	}
	slices.Sort(keys)
	return slices.DeleteFunc(slices.Compact(keys), func(key string) bool { return key == "" })
}

// suggestionField is a field as the classifier sees it.
type suggestionField struct {
	ID          int64  `db:"id"`
	Dataset     int64  `db:"dataset_id"`
	Application int64  `db:"application_id"`
	System      string `db:"system"`
	Table       string `db:"dataset"`
	Name        string `db:"name"`
	Label       string `db:"label"`
	DataType    string `db:"data_type"`
	Comment     string `db:"comment"`
	Reference   string `db:"reference"`
	IsKey       bool   `db:"is_key"`
	Decided     bool   `db:"decided"`
}

func (f suggestionField) column() classify.Column {
	return classify.Column{System: f.System, Dataset: f.Table, Name: f.Name, Label: f.Label, DataType: f.DataType, Comment: f.Comment,
		References: f.Reference, Key: f.IsKey}
}

// suggestionFields reads the active fields of datasets, those with a category too: they are neighbours of the others.
func (s *Store) suggestionFields(ctx context.Context, by domain.Actor, datasets []int64) (fields []suggestionField, err error) {
	err = s.wide(ctx, len(datasets), func() error {
		fields, err = many[suggestionField](ctx, s, "field", `
			select f.id, f.dataset_id, f.application_id, a.name as system, d.name as dataset, f.name, f.label, f.data_type,
				left(case when f.comment <> '' and f.description <> '' then f.comment || ' ' || f.description else f.comment || f.description end, 1000) as comment,
				f.reference, f.is_key, f.category_id is not null as decided
			from field f
			join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
			join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
			where f.workspace_id = @ws and f.dataset_id = any(@datasets) and f.state = 'active'
			order by f.dataset_id, f.position, f.id`, pgx.StrictNamedArgs{"ws": by.Workspace, "datasets": datasets})
		return err
	})
	return fields, err
}

// suggester makes suggestions for one workspace, with what it knew at one moment.
type suggester struct {
	s          *Store
	by         domain.Actor
	classifier *classify.Classifier
	memory     *classify.Memory
	codes      map[string]int64 // categories in use, by code
	refused    map[refusedCode]bool
}

// refusedCode is a category that somebody refused for a field or for a name.
type refusedCode struct {
	field int64
	key   string
	code  string
}

func (s *Store) suggester(ctx context.Context, by domain.Actor) (*suggester, error) {
	c, err := classifier()
	if err != nil {
		return nil, err
	}
	r := &suggester{s: s, by: by, classifier: c, codes: map[string]int64{}, refused: map[refusedCode]bool{}}
	type category struct {
		ID   int64  `db:"id"`
		Code string `db:"code"`
	}
	ws := pgx.StrictNamedArgs{"ws": by.Workspace}
	categories, err := many[category](ctx, s, "category", `select id, code from data_category where workspace_id = @ws and archived_at is null`, ws)
	if err != nil {
		return nil, err
	}
	for _, c := range categories {
		r.codes[c.Code] = c.ID
	}
	type refusal struct {
		Field int64  `db:"field_id"`
		Name  string `db:"name"`
		Code  string `db:"code"`
	}
	refusals, err := many[refusal](ctx, s, "suggestion", `select coalesce(x.field_id, 0) as field_id, x.name, c.code from suggestion_refusal x
		join data_category c on c.workspace_id = x.workspace_id and c.id = x.category_id where x.workspace_id = @ws`, ws)
	if err != nil {
		return nil, err
	}
	for _, x := range refusals {
		r.refused[refusedCode{x.Field, classify.Key(x.Name), x.Code}] = true
	}
	return r, nil
}

// remember reads what the workspace answered: everything where that is little, or else where names is nil; otherwise what
// was answered about these names. It tells whether it was everything.
func (r *suggester) remember(ctx context.Context, names []string) (whole bool, err error) {
	decided, err := one[int64](ctx, r.s, "tally", `select coalesce(sum(n), 0)::bigint from field_tally
		where workspace_id = @ws and state = 'active' and gdpr_class <> 'unclassified'`, pgx.StrictNamedArgs{"ws": r.by.Workspace})
	if err != nil {
		return false, err
	}
	whole = names == nil || decided <= memoryWhole
	type answer struct {
		Name    string `db:"name"`
		Dataset string `db:"dataset"`
		Code    string `db:"code"`
		N       int    `db:"n"`
	}
	// Where there are few answers their datasets are told too: what is said in a table of a like name counts more.
	sql, args := `select f.name, coalesce(d.name, '') as dataset, c.code, sum(f.n)::bigint as n from (
			select name, case when @near then dataset_id end as dataset_id, category_id, count(*) as n from field
			where workspace_id = @ws and category_id is not null and state = 'active' group by 1, 2, 3) f
		join data_category c on c.workspace_id = @ws and c.id = f.category_id
		left join dataset d on d.workspace_id = @ws and d.id = f.dataset_id
		where c.code <> '`+toQualify+`' group by 1, 2, 3 order by 1, 2, 3`, pgx.StrictNamedArgs{"ws": r.by.Workspace, "near": decided <= memoryWhole}
	if !whole {
		sql = strings.Replace(sql, "and state = 'active'", "and state = 'active' and name = any(@names)", 1)
		args["names"] = names
	}
	rows, err := many[answer](ctx, r.s, "field", sql, args)
	r.memory = classify.NewMemory(mapSlice(rows, func(a answer) classify.Answer {
		return classify.Answer{Name: a.Name, Dataset: a.Dataset, Code: a.Code, Count: a.N}
	}))
	return whole, err
}

// toQualify is the code of what is still to be classified: as a suggestion it would say nothing.
const toQualify = "unk"

// own is the category of the workspace that stands for a code: itself, or the nearest above it that is in use.
func (r *suggester) own(code string) string {
	for code != "" && code != toQualify {
		if r.codes[code] != 0 {
			return code
		}
		i := strings.LastIndexByte(code, '.')
		code = code[:max(i, 0)]
	}
	return ""
}

// suggestionRows are the columns of what is written, as arrays for one statement.
type suggestionRows struct {
	fields                []int64
	keys                  []string
	categories            []*int64
	confidence            []int16
	personal              []string
	reasons, alternatives []string
}

func (l *suggestionRows) add(field int64, key string, g domain.Suggestion, category int64) error {
	reasons, err := json.Marshal(g.Reasons)
	if err != nil {
		return err
	}
	alternatives, err := json.Marshal(g.Alternatives)
	if err != nil {
		return err
	}
	l.fields, l.keys = append(l.fields, field), append(l.keys, key)
	l.categories = append(l.categories, zeroNull(category))
	l.confidence, l.personal = append(l.confidence, int16(g.Percent)), append(l.personal, g.Personal)
	l.reasons, l.alternatives = append(l.reasons, jsonList(reasons)), append(l.alternatives, jsonList(alternatives))
	return nil
}

// jsonList writes an empty list for none.
func jsonList(b []byte) string {
	if string(b) == "null" {
		return "[]"
	}
	return string(b)
}

// store makes the suggestions of whole datasets and writes those that differ. Fields that are no longer to be classified
// lose theirs.
func (r *suggester) store(ctx context.Context, datasets []int64, fields []suggestionField) error {
	rows, err := r.rows(fields)
	if err != nil {
		return err
	}
	return r.s.byKey(ctx, func() error {
		if _, err := r.s.exec(ctx, "suggestion", `delete from field_suggestion
			where workspace_id = @ws and dataset_id = any(@datasets) and field_id <> all(@fields)`,
			pgx.StrictNamedArgs{"ws": r.by.Workspace, "datasets": datasets, "fields": rows.fields}); err != nil {
			return err
		}
		return r.write(ctx, rows)
	})
}

// write leaves rows that would say the same as they are, and fields that were classified meanwhile alone.
func (r *suggester) write(ctx context.Context, rows suggestionRows) error {
	_, err := r.s.exec(ctx, "suggestion", `
		insert into field_suggestion as s (workspace_id, field_id, dataset_id, application_id, name_key, category_id, confidence, personal,
			reasons, alternatives, classifier_version)
		select @ws, f.id, f.dataset_id, f.application_id, u.name_key, u.category_id, u.confidence, u.personal, u.reasons::jsonb,
			u.alternatives::jsonb, @version
		from unnest(@fields::bigint[], @keys::text[], @categories::bigint[], @confidence::smallint[], @personal::text[], @reasons::text[],
			@alternatives::text[]) u (field_id, name_key, category_id, confidence, personal, reasons, alternatives)
		join field f on f.workspace_id = @ws and f.id = u.field_id and f.category_id is null and f.state = 'active'
		on conflict (workspace_id, field_id) do update set dataset_id = excluded.dataset_id, application_id = excluded.application_id,
			name_key = excluded.name_key, category_id = excluded.category_id, confidence = excluded.confidence, personal = excluded.personal,
			reasons = excluded.reasons, alternatives = excluded.alternatives, classifier_version = excluded.classifier_version,
			computed_at = clock_timestamp()
		where (s.dataset_id, s.application_id, s.name_key, s.confidence, s.personal, s.classifier_version)
				<> (excluded.dataset_id, excluded.application_id, excluded.name_key, excluded.confidence, excluded.personal, excluded.classifier_version)
			or s.category_id is distinct from excluded.category_id or s.reasons <> excluded.reasons or s.alternatives <> excluded.alternatives`,
		pgx.StrictNamedArgs{"ws": r.by.Workspace, "fields": rows.fields, "keys": rows.keys, "categories": rows.categories,
			"confidence": rows.confidence, "personal": rows.personal, "reasons": rows.reasons, "alternatives": rows.alternatives,
			"version": ClassifierVersion})
	return err
}

// rows asks the classifier, one dataset at a time.
func (r *suggester) rows(fields []suggestionField) (suggestionRows, error) {
	out := suggestionRows{fields: []int64{}} // none is not null
	for len(fields) > 0 {
		n := slices.IndexFunc(fields, func(f suggestionField) bool { return f.Dataset != fields[0].Dataset })
		if n < 0 {
			n = len(fields)
		}
		if err := r.dataset(&out, fields[:n]); err != nil {
			return out, err
		}
		fields = fields[n:]
	}
	return out, nil
}

func (r *suggester) dataset(out *suggestionRows, fields []suggestionField) error {
	if !slices.ContainsFunc(fields, func(f suggestionField) bool { return !f.Decided }) {
		return nil
	}
	found := r.classifier.Suggest(mapSlice(fields, suggestionField.column), r.memory)
	for i, f := range fields {
		if f.Decided {
			continue
		}
		key := classify.Key(f.Name)
		g := suggestionOf(found[i]).Settle(r.own, func(code string) bool {
			return r.refused[refusedCode{field: f.ID, code: code}] || key != "" && r.refused[refusedCode{key: key, code: code}]
		})
		if err := out.add(f.ID, key, g, r.codes[g.Code]); err != nil {
			return err
		}
	}
	return nil
}

// suggestionOf puts what the classifier says into the words of the domain.
func suggestionOf(g classify.Suggestion) domain.Suggestion {
	percent := func(confidence float64) int { return min(max(int(confidence*100), 0), 100) }
	return domain.Suggestion{Code: g.Code, Percent: percent(g.Confidence), Personal: string(g.Personal),
		Reasons: mapSlice(g.Reasons, func(r classify.Reason) domain.SuggestionReason { return domain.SuggestionReason(r) }),
		Alternatives: mapSlice(g.Alternatives, func(a classify.Scored) domain.SuggestedCode {
			return domain.SuggestedCode{Code: a.Code, Percent: percent(a.Confidence)}
		})}
}
