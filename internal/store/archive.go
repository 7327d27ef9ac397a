package store

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"utile/internal/domain"
)

// ImportOptions say what becomes of a workspace file.
type ImportOptions struct {
	Slug    string // name of the new workspace in addresses
	Name    string // empty keeps the name that the file gives
	Example bool   // marks a worked example
	// ShiftTo moves every date in the file by the days from its reference day to this one; nil leaves them as they are.
	ShiftTo *time.Time
}

// ImportWorkspace makes a new workspace of a workspace file, in one transaction: all of it, or nothing. The people it names
// are those of this installation with the same address; the others get accounts that cannot sign in, so that nothing is
// lost. Verdicts are computed again, whatever the file says. Invalid, with the line, where the file cannot be taken.
func (s *Store) ImportWorkspace(ctx context.Context, by domain.Actor, r io.Reader, o ImportOptions) (out domain.Workspace, err error) {
	reader, h, err := newArchiveReader(r)
	if err != nil {
		return out, err
	}
	w := h.Workspace
	w.Slug, w.IsExample = o.Slug, o.Example
	if o.Name != "" {
		w.Name = o.Name
	}
	if _, err := domain.NewWorkspace(w); err != nil {
		return out, err
	}
	verb := "workspace.imported"
	err = s.addWorkspace(ctx, by, w, verb, func(s *Store, by domain.Actor, added domain.Workspace) error {
		out = added
		m := &archiveImport{s: s, by: by, r: reader, rows: map[string]map[int64]*archived{}, free: map[string][]int64{}, staged: map[string]bool{}}
		if o.ShiftTo != nil {
			m.days = int(domain.Day(*o.ShiftTo).Sub(h.ReferenceDay) / (24 * time.Hour))
		}
		if err := m.run(ctx); err != nil {
			return err
		}
		if _, err := s.exec(ctx, "workspace", `update workspace set created_at = @at where id = @ws`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "at": m.moved(h.CreatedAt)}); err != nil {
			return err
		}
		return s.settleImported(ctx, by)
	})
	return out, err
}

// settleImported makes true again what a file repeats of its own content, and then judges every field.
func (s *Store) settleImported(ctx context.Context, by domain.Actor) error {
	for _, sql := range []string{
		`update field f set gdpr_class = coalesce(c.gdpr_class, 'unclassified') from field g
			left join data_category c on c.workspace_id = g.workspace_id and c.id = g.category_id
			where f.workspace_id = @ws and g.workspace_id = @ws and g.id = f.id and f.gdpr_class <> coalesce(c.gdpr_class, 'unclassified')`,
		`update field f set decision = coalesce(d.kind, ''), decision_until = d.until from field g
			left join decision d on d.workspace_id = g.workspace_id and d.field_id = g.id and d.withdrawn_at is null
			where f.workspace_id = @ws and g.workspace_id = @ws and g.id = f.id
				and (f.decision, f.decision_until) is distinct from (coalesce(d.kind, ''), d.until)`,
	} {
		if _, err := s.exec(ctx, "field", sql, pgx.StrictNamedArgs{"ws": by.Workspace}); err != nil {
			return err
		}
	}
	if _, err := s.exec(ctx, "mapping", `update purpose_mapping m set approval_id = k.id from (select mapping_id, max(id) as id from approval
			where workspace_id = @ws and withdrawn_at is null group by mapping_id) k
		where m.workspace_id = @ws and m.id = k.mapping_id`, pgx.StrictNamedArgs{"ws": by.Workspace}); err != nil {
		return err
	}
	if err := s.freezeMissing(ctx, by); err != nil {
		return err
	}
	if err := s.judgeAll(ctx, by); err != nil {
		return err
	}
	if err := s.lineUp(ctx, by, nil); err != nil {
		return err
	}
	if err := s.suggestWholeNow(ctx, by); err != nil {
		return err
	}
	// What the days have ended since the file was made ends at the first look: the day of the import is a new day for it.
	_, err := s.exec(ctx, "workspace", `update workspace set judged_on = judged_on - 1 where id = @ws`, pgx.StrictNamedArgs{"ws": by.Workspace})
	return err
}

// archived is a record of the file in the database.
type archived struct {
	id       int64
	declared bool // its own record was read, and not only a mention of it
}

// archiveImport writes the records of a file, table by table.
type archiveImport struct {
	s       *Store
	by      domain.Actor
	r       *archiveReader
	rows    map[string]map[int64]*archived // by kind, records by their number in the file
	free    map[string][]int64             // ids taken out of a sequence and not used yet
	days    int                            // by which dates are moved
	batch   [][]any
	table   archiveTable // of the batch
	first   int          // line of the batch's first record
	size    int          // about how many bytes the batch holds; before the first, the people
	written int          // rows of the table so far
	users   []archivedUser
	// staged are the tables that have a staging table in this transaction.
	staged map[string]bool
}

type archivedUser struct {
	number              int64
	email, name, locale string
}

// Bounds of a batch. The rows of a table that is written at once are held in memory together.
const (
	archiveBatch   = 5000
	archiveBytes   = 16 << 20
	archiveAtOnce  = 100_000
	archiveHeld    = 256 << 20 // bytes of a table that is written at once
	archiveReserve = 1000
)

func (m *archiveImport) run(ctx context.Context) error {
	usersDone := false
	for {
		err := m.r.record()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		ended := err != nil
		if !ended && m.r.kind.kind == archiveUser.kind {
			if err := m.addUser(); err != nil {
				return err
			}
			continue
		}
		if !usersDone {
			usersDone = true
			if err := m.saveUsers(ctx); err != nil {
				return err
			}
			m.size = 0
		}
		finished := ended || m.table.kind != m.r.kind.kind
		if finished || m.full() {
			if err := m.flush(ctx); err != nil {
				return err
			}
		}
		if finished {
			if err := m.finish(ctx); err != nil {
				return err
			}
		}
		if ended {
			return nil
		}
		if err := m.add(ctx); err != nil {
			return err
		}
	}
}

func (m *archiveImport) full() bool {
	return !m.table.atOnce && (len(m.batch) >= archiveBatch || m.size >= archiveBytes)
}

func (m *archiveImport) addUser() error {
	row := m.r.row
	u := archivedUser{number: row[0].(int64), email: row[1].(string), name: row[2].(string), locale: row[3].(string)}
	email, ok := domain.CleanEmail(u.email)
	if !ok || email != u.email || u.number == 0 || u.name == "" || u.locale != "" && !slices.Contains(domain.Languages, u.locale) {
		return m.r.problem("archive.value", "kind", "user", "key", "email")
	}
	if m.size += m.r.size; len(m.users) >= archiveAtOnce || m.size > archiveHeld {
		return domain.Errorf(domain.TooLarge, "archive.too_large")
	}
	m.users = append(m.users, u)
	return nil
}

// saveUsers finds the people of the file by their addresses, and makes accounts that cannot sign in for the others.
func (m *archiveImport) saveUsers(ctx context.Context) error {
	var emails, names, locales []string
	for _, u := range m.users {
		emails, names, locales = append(emails, u.email), append(names, u.name), append(locales, u.locale)
	}
	type user struct {
		ID    int64  `db:"id"`
		Email string `db:"email"`
	}
	if _, err := m.s.exec(ctx, "user", `insert into app_user (email, name, locale, password_hash, disabled_at)
		select email, name, nullif(locale, ''), '', clock_timestamp()
		from unnest(@emails::text[], @names::text[], @locales::text[]) u (email, name, locale) on conflict (email) do nothing`,
		pgx.StrictNamedArgs{"emails": emails, "names": names, "locales": locales}); err != nil {
		return m.refused(err, 2)
	}
	found, err := many[user](ctx, m.s, "user", `select id, email from app_user where email = any(@emails)`, pgx.StrictNamedArgs{"emails": emails})
	if err != nil {
		return err
	}
	ids := make(map[string]int64, len(found))
	for _, u := range found {
		ids[u.Email] = u.ID
	}
	of := map[int64]*archived{}
	for i, u := range m.users {
		if of[u.number] != nil {
			return domain.Errorf(domain.Invalid, "archive.twice", "kind", "user", "line", i+2)
		}
		of[u.number] = &archived{ids[u.email], true}
	}
	m.rows["user"] = of
	return nil
}

// add puts the record that was read into the batch, with the ids of this database.
func (m *archiveImport) add(ctx context.Context) error {
	if m.r.kind.fixed && m.days != 0 {
		return nil
	}
	if len(m.batch) == 0 {
		m.table, m.first = m.r.kind, m.r.line
	}
	if m.size += m.r.size + 16*len(m.r.row); len(m.batch) >= archiveAtOnce || m.size > archiveHeld {
		return domain.Errorf(domain.TooLarge, "archive.too_large")
	}
	row, kind := m.r.row, ""
	for i, c := range m.table.columns {
		if row[i] == nil {
			continue
		}
		var err error
		switch c.kind {
		case archiveOwn:
			row[i], err = m.own(ctx, m.table.kind, row[i].(int64))
		case archiveRef:
			row[i], err = m.reference(c, row[i].(int64))
		case archiveMention:
			row[i], err = m.mentioned(ctx)(c.ref, row[i].(int64))
		case archiveSubject:
			row[i], err = m.subject(ctx, kind, row[i].(int64))
		case archiveTime:
			row[i] = m.moved(row[i].(time.Time))
		case archiveDate:
			row[i] = row[i].(time.Time).AddDate(0, 0, m.days)
		case archiveFacts:
			row[i], err = m.facts(ctx, row[i].(json.RawMessage))
		case archiveJSON:
			row[i] = string(row[i].(json.RawMessage))
		case archiveRow, archiveRows:
			row[i] = m.movedRows(row[i].(json.RawMessage))
		case archiveQuery:
			row[i], err = mapQuery(row[i].(string), m.mentioned(ctx))
		case archiveText:
			if c.name == "subject_kind" {
				kind = row[i].(string)
			}
		case archiveInt, archiveBool, archiveTexts, archiveHex:
		}
		if err != nil {
			return err
		}
	}
	m.batch = append(m.batch, row)
	return nil
}

func (m *archiveImport) moved(t time.Time) time.Time { return t.AddDate(0, 0, m.days) }

// dayText is a day in the text of a row: nothing else there is written so.
var dayText = regexp.MustCompile(`"\d{4}-\d{2}-\d{2}"`)

// movedRows are rows whose days have moved like all dates of the file.
func (m *archiveImport) movedRows(rows json.RawMessage) string {
	if m.days == 0 {
		return string(rows)
	}
	return dayText.ReplaceAllStringFunc(string(rows), func(text string) string {
		day, err := time.Parse(`"`+time.DateOnly+`"`, text)
		if err != nil {
			return text
		}
		return day.AddDate(0, 0, m.days).Format(`"` + time.DateOnly + `"`)
	})
}

var dayPattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

func (m *archiveImport) facts(ctx context.Context, raw json.RawMessage) (string, error) {
	var move func(string) string
	if m.days != 0 {
		move = func(s string) string {
			if !dayPattern.MatchString(s) {
				return s
			}
			t, err := time.Parse(time.DateOnly, s)
			if err != nil {
				return s
			}
			return t.AddDate(0, 0, m.days).Format(time.DateOnly)
		}
	}
	text, err := mapFacts(string(raw), m.mentioned(ctx), move)
	if err != nil {
		if _, known := errors.AsType[*domain.Error](err); !known {
			return "", m.r.problem("archive.json")
		}
	}
	return text, err
}

// own is the id of a record that stands in the file.
func (m *archiveImport) own(ctx context.Context, kind string, number int64) (int64, error) {
	a, err := m.numbered(ctx, kind, number)
	if err != nil {
		return 0, err
	}
	if a.declared || number == 0 {
		return 0, m.r.problem("archive.twice", "kind", kind)
	}
	a.declared = true
	return a.id, nil
}

// reference is the id of a record above, which must be there.
func (m *archiveImport) reference(c archiveColumn, number int64) (int64, error) {
	a := m.rows[c.ref][number]
	if a == nil || !a.declared {
		return 0, m.r.problem("archive.reference", "kind", m.table.kind, "key", c.key)
	}
	return a.id, nil
}

// mentioned is the id of a record that the history or a list's address names: it may be gone for long, and then gets an id
// that nothing else has.
func (m *archiveImport) mentioned(ctx context.Context) func(kind string, number int64) (int64, error) {
	return func(kind string, number int64) (int64, error) {
		if number <= 0 {
			return number, nil
		}
		if kind == "user" {
			if a := m.rows[kind][number]; a != nil {
				return a.id, nil
			}
			return 0, nil
		}
		a, err := m.numbered(ctx, kind, number)
		if err != nil {
			return 0, err
		}
		return a.id, nil
	}
}

func (m *archiveImport) subject(ctx context.Context, kind string, number int64) (int64, error) {
	if kind == domain.SubjectWorkspace {
		return int64(m.by.Workspace), nil
	}
	if of, known := subjectKinds[kind]; known {
		return m.mentioned(ctx)(of, number)
	}
	return number, nil
}

// numbered is the record of a number, with an id of its own from the first mention on.
func (m *archiveImport) numbered(ctx context.Context, kind string, number int64) (*archived, error) {
	of := m.rows[kind]
	if of == nil {
		of = map[int64]*archived{}
		m.rows[kind] = of
	}
	if a := of[number]; a != nil {
		return a, nil
	}
	id, err := m.nextID(ctx, kind)
	if err != nil {
		return nil, err
	}
	of[number] = &archived{id: id}
	return of[number], nil
}

func (m *archiveImport) nextID(ctx context.Context, kind string) (int64, error) {
	if len(m.free[kind]) == 0 {
		ids, err := many[int64](ctx, m.s, kind, `select reserve_ids(@table, @n)`,
			pgx.StrictNamedArgs{"table": tableOf(kind), "n": archiveReserve})
		if err != nil {
			return 0, err
		}
		m.free[kind] = ids
	}
	id := m.free[kind][0]
	m.free[kind] = m.free[kind][1:]
	return id, nil
}

// flush writes the batch. COPY cannot write to tables with row-level security, so the rows pass through a table of the
// session's own, which has the same checks: what the database refuses is told with the line of the record.
func (m *archiveImport) flush(ctx context.Context) error {
	if len(m.batch) == 0 {
		return nil
	}
	table, columns := m.table.table, []string{"workspace_id"}
	for _, c := range m.table.columns {
		columns = append(columns, c.name)
	}
	staging := "archive_" + table
	sql := `create temporary table ` + staging + ` (like ` + table + ` including constraints including defaults) on commit drop`
	if m.staged[table] {
		sql = `truncate ` + staging
	}
	m.staged[table] = true
	if _, err := m.s.db.Exec(ctx, sql); err != nil {
		return err
	}
	row := make([]any, len(columns))
	row[0] = int64(m.by.Workspace)
	_, err := m.s.db.CopyFrom(ctx, pgx.Identifier{staging}, columns, pgx.CopyFromSlice(len(m.batch), func(i int) ([]any, error) {
		copy(row[1:], m.batch[i])
		return row, nil
	}))
	if err == nil {
		list := strings.Join(columns, ", ")
		_, err = m.s.db.Exec(ctx, `insert into `+table+` (`+list+`) overriding system value select `+list+` from `+staging)
	}
	first := m.first
	m.written += len(m.batch)
	m.batch, m.size = m.batch[:0], 0
	return m.refused(err, first)
}

// manyRows is from how many new rows on the planner must know of them: what comes next refers to them.
const manyRows = 500

// finish ends a table.
func (m *archiveImport) finish(ctx context.Context) error {
	written := m.written
	if m.written = 0; written < manyRows {
		return nil
	}
	_, err := m.s.exec(ctx, m.table.kind, `select refresh_statistics(@table)`, pgx.StrictNamedArgs{"table": m.table.table})
	return err
}

// copyLine is where PostgreSQL says which row of a COPY it refuses.
var copyLine = regexp.MustCompile(`^COPY [^,]+, line (\d+)`)

// refused tells which line holds a record that the database does not take, as far as that is known: a reference that does
// not fit is found only at the end of a batch.
func (m *archiveImport) refused(err error, first int) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if ok {
		if what, broken := strings.CutPrefix(pg.Message, copyBroken); broken { // a value that no column of this kind holds
			return domain.Errorf(domain.Invalid, "archive.refused_after", "line", first, "what", what)
		}
	}
	if !ok || len(pg.Code) != 5 || pg.Code[:2] != "23" && pg.Code[:2] != "22" {
		return translate(m.table.kind, err)
	}
	what := pg.ConstraintName
	if what == "" {
		what = pg.ColumnName
	}
	if what == "" {
		what = pg.Code
	}
	if at := copyLine.FindStringSubmatch(pg.Where); at != nil {
		if n, err := strconv.Atoi(at[1]); err == nil {
			return domain.Errorf(domain.Invalid, "archive.refused", "line", first+n-1, "what", what)
		}
	}
	return domain.Errorf(domain.Invalid, "archive.refused_after", "line", first, "what", what)
}
