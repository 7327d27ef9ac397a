package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// Bounds of what the check of a chain holds at once.
const (
	sealsAtOnce        = 1000
	sealedEventsAtOnce = 2 * domain.SealLimit
)

// CheckHistory hashes the whole history of the actor's workspace again, at one moment and within bounded memory, and
// compares it with its seals, and with the head that was kept where one is given. It trusts no function of the database.
func (s *Store) CheckHistory(ctx context.Context, by domain.Actor, anchor *domain.SealHead) (report domain.ChainReport, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		c := chainCheck{s: s, by: by, report: &report, head: domain.SealHead{Workspace: by.Slug, Digest: domain.NoSeal}, anchor: anchor}
		return c.run(ctx)
	})
	return report, err
}

// SealHead is the end of the chain of the actor's workspace, at the moment that the actor looks at.
func (s *Store) SealHead(ctx context.Context, by domain.Actor) (head domain.SealHead, err error) {
	head = domain.SealHead{Workspace: by.Slug, Digest: domain.NoSeal}
	err = s.Read(ctx, by, func(s *Store) error {
		line, err := one[string](ctx, s, "seal", `select line from event_seal where workspace_id = @ws and (@at::text is null or `+sealedBy+`)
			order by number desc limit 1`, pgx.StrictNamedArgs{"ws": by.Workspace, "at": sealedAt(by)})
		if errors.Is(err, domain.NotFound) {
			return nil
		}
		if seal, ok := domain.ParseSeal(line); ok {
			head.Number, head.At = seal.Number, sealTime(seal.At)
		}
		head.Digest = domain.LineDigest(line)
		return err
	})
	return head, err
}

// sealedBy is the condition of seals that were made by the moment @at, which is written as in their text.
const sealedBy = `substring(line from '"at":"([^"]*)"') <= @at`

// sealedAt is the moment that the actor looks at, as in the text of a seal; null for now.
func sealedAt(by domain.Actor) *string {
	if by.AsOf.IsZero() {
		return nil
	}
	text := by.AsOf.UTC().Format(domain.MicroTime)
	return &text
}

// EachSeal hands over the text of every seal in the order of the chain, until the moment that the actor looks at.
func (s *Store) EachSeal(ctx context.Context, by domain.Actor, f func(line string) error) error {
	return s.Read(ctx, by, func(s *Store) error {
		return s.eachLine(ctx, `select line from event_seal where workspace_id = @ws and (@at::text is null or `+sealedBy+`) order by number`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "at": sealedAt(by)}, f)
	})
}

// EachSealedEvent hands over the text of every event of those seals, in the order in which they hash them.
func (s *Store) EachSealedEvent(ctx context.Context, by domain.Actor, f func(line string) error) error {
	return s.Read(ctx, by, func(s *Store) error {
		head, err := s.SealHead(ctx, by)
		if err != nil {
			return err
		}
		return s.eachLine(ctx, `select t.line from `+sealedLines+` where t.workspace_id = @ws and t.seal <= @last order by t.seal, t.place`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "last": head.Number}, f)
	})
}

func (s *Store) eachLine(ctx context.Context, sql string, args pgx.StrictNamedArgs, f func(line string) error) error {
	rows, err := s.db.Query(ctx, sql, args)
	if err != nil {
		return translate("seal", err)
	}
	var line string
	_, err = pgx.ForEachRow(rows, []any{&line}, func() error { return f(line) })
	return translate("seal", err)
}

// chainCheck walks along a chain.
type chainCheck struct {
	s      *Store
	by     domain.Actor
	report *domain.ChainReport
	head   domain.SealHead // of the seals walked so far
	anchor *domain.SealHead
	// first is when the first transaction of this installation began: it may bring older events along.
	first string
	found int64 // events of this installation whose rows were seen
}

type sealRow struct {
	Number  int64  `db:"number"`
	Line    string `db:"line"`
	Hashes  []byte `db:"hashes"`
	Carried bool   `db:"carried"`
	seal    domain.Seal
}

// sealedRow is an event with its text.
type sealedRow struct {
	ID          int64     `db:"id"`
	WorkspaceID int64     `db:"workspace_id"`
	At          time.Time `db:"at"`
	ActorID     *int64    `db:"actor_id"`
	ActorName   string    `db:"actor_name"`
	Verb        string    `db:"verb"`
	SubjectKind string    `db:"subject_kind"`
	SubjectID   int64     `db:"subject_id"`
	SubjectName string    `db:"subject_name"`
	Before      *string   `db:"before"`
	After       *string   `db:"after"`
	Reason      string    `db:"reason"`
	BatchID     *int64    `db:"batch_id"`
}

const sealedCols = `e.id, e.workspace_id, e.at, e.actor_id, e.actor_name, e.verb, e.subject_kind, e.subject_id, e.subject_name,
	e.before::text as before, e.after::text as after, e.reason, e.batch_id`

func (r sealedRow) line() string {
	return domain.SealedEvent{ID: r.ID, Workspace: r.WorkspaceID, At: r.At, Actor: r.ActorID, ActorName: r.ActorName, Verb: r.Verb,
		SubjectKind: r.SubjectKind, Subject: r.SubjectID, SubjectName: r.SubjectName, Before: r.Before, After: r.After, Reason: r.Reason,
		Batch: r.BatchID}.Line()
}

func (c *chainCheck) run(ctx context.Context) error {
	for {
		rows, err := c.page(ctx)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		if err := c.checkPage(ctx, rows); err != nil {
			return err
		}
	}
	if err := c.unsealed(ctx); err != nil {
		return err
	}
	c.compareAnchor()
	c.report.Head = c.head
	return nil
}

// page reads the next seals, as many as hold about sealedEventsAtOnce events. A text that is none of a seal has none.
func (c *chainCheck) page(ctx context.Context) ([]sealRow, error) {
	rows, err := c.s.db.Query(ctx, `select number, line, hashes, carried from event_seal where workspace_id = @ws and number > @after
		order by number limit @most`, pgx.StrictNamedArgs{"ws": c.by.Workspace, "after": c.head.Number, "most": sealsAtOnce})
	if err != nil {
		return nil, translate("seal", err)
	}
	defer rows.Close()
	var page []sealRow
	for events := 0; events < sealedEventsAtOnce && rows.Next(); {
		var r sealRow
		if err := rows.Scan(&r.Number, &r.Line, &r.Hashes, &r.Carried); err != nil {
			return nil, translate("seal", err)
		}
		r.seal, _ = domain.ParseSeal(r.Line)
		events += 1 + r.seal.Count
		page = append(page, r)
	}
	rows.Close()
	return page, translate("seal", rows.Err())
}

func (c *chainCheck) checkPage(ctx context.Context, page []sealRow) error {
	events, err := c.events(ctx, page)
	if err != nil {
		return err
	}
	carried, err := c.carried(ctx, page)
	if err != nil {
		return err
	}
	for _, r := range page {
		c.link(r)
		switch {
		case r.seal.Number == 0:
		case r.Carried:
			c.checkCarried(r, carried[r.Number])
		default:
			c.checkEvents(r, events)
		}
	}
	return nil
}

// link follows the chain from one seal to the next.
func (c *chainCheck) link(r sealRow) {
	for missing := c.head.Number + 1; missing < r.Number && c.report.Found < domain.MaxChainProblems; missing++ {
		c.report.Add(domain.ChainProblem{Kind: domain.SealMissing, Seal: missing})
	}
	switch {
	case r.seal.Number == 0 || r.seal.Number != r.Number:
		c.report.Add(domain.ChainProblem{Kind: domain.SealUnreadable, Seal: r.Number})
	case r.seal.Previous != c.head.Digest && r.Number == c.head.Number+1:
		c.report.Add(domain.ChainProblem{Kind: domain.SealBroken, Seal: r.Number})
	}
	c.report.Seals++
	c.head.Number, c.head.Digest, c.head.At = r.Number, domain.LineDigest(r.Line), sealTime(r.seal.At)
	if c.anchor != nil && c.anchor.Number == r.Number && c.anchor.Digest != c.head.Digest {
		c.report.Add(domain.ChainProblem{Kind: domain.AnchorDiffers, Seal: r.Number})
	}
}

// events reads the events of the seals that were made here, by id.
func (c *chainCheck) events(ctx context.Context, page []sealRow) (map[int64]sealedRow, error) {
	var from, to []int64
	for _, r := range page {
		if r.Carried {
			continue
		}
		for _, part := range r.seal.Events {
			if n := len(to); n > 0 && to[n-1]+1 == part[0] {
				to[n-1] = part[1]
				continue
			}
			from, to = append(from, part[0]), append(to, part[1])
		}
	}
	if len(from) == 0 {
		return nil, nil
	}
	rows, err := many[sealedRow](ctx, c.s, "event", `select `+sealedCols+` from unnest(@from::bigint[], @to::bigint[]) r (low, high)
		join event e on e.workspace_id = @ws and e.id between r.low and r.high`, pgx.StrictNamedArgs{"ws": c.by.Workspace, "from": from, "to": to})
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]sealedRow, len(rows))
	for _, r := range rows {
		byID[r.ID] = r
	}
	return byID, nil
}

// checkEvents hashes the events of a seal again.
func (c *chainCheck) checkEvents(r sealRow, events map[int64]sealedRow) {
	if c.first == "" {
		c.first = r.seal.Began
	}
	from, to := sealTime(r.seal.Began).Add(-domain.SealSlack), sealTime(r.seal.At).Add(domain.SealSlack)
	var lines []string
	before := c.report.Found
	place := 0
	for _, part := range r.seal.Events {
		for id := part[0]; id <= part[1]; id++ {
			e, there := events[id]
			problem := domain.ChainProblem{Seal: r.Number, Event: id}
			switch {
			case !there:
				problem.Kind = domain.EventMissing
			case !hashIs(r.Hashes, place, e.line()):
				problem.Kind = domain.EventAltered
			case r.seal.Began != c.first && (e.At.Before(from) || e.At.After(to)):
				problem.Kind = domain.EventMisdated
			}
			if problem.Kind != "" {
				c.report.Add(problem)
			}
			if there {
				c.found++
				c.report.Events++
				lines = append(lines, e.line())
			}
			place++
		}
	}
	c.checkContent(r, lines, before)
}

// checkContent compares the events as a whole. One that no longer matches its hash was told already; where all do and the
// whole does not, the hashes were changed with them.
func (c *chainCheck) checkContent(r sealRow, lines []string, foundBefore int64) {
	sum := sha256.New()
	for _, line := range lines {
		_, _ = sum.Write([]byte(line + "\n")) // never fails
	}
	same := hex.EncodeToString(sum.Sum(nil)) == r.seal.Content
	told := c.report.Found > foundBefore
	switch {
	case !same && !told:
		c.report.Add(domain.ChainProblem{Kind: domain.SealContent, Seal: r.Number})
	case same && (told && hashesDiffer(r, lines) || len(r.Hashes) != r.seal.Count*sha256.Size):
		c.report.Add(domain.ChainProblem{Kind: domain.SealHashes, Seal: r.Number})
	}
}

// hashesDiffer tells whether the list of hashes is what no longer fits.
func hashesDiffer(r sealRow, lines []string) bool {
	for i, line := range lines {
		if !hashIs(r.Hashes, i, line) {
			return true
		}
	}
	return false
}

func hashIs(hashes []byte, place int, line string) bool {
	at := place * sha256.Size
	sum := sha256.Sum256([]byte(line + "\n"))
	return at+sha256.Size <= len(hashes) && bytes.Equal(hashes[at:at+sha256.Size], sum[:])
}

// carriedRow is the text of an event that came along, with the event as it is here.
type carriedRow struct {
	Seal    int64  `db:"seal"`
	Place   int    `db:"place"`
	Line    string `db:"line"`
	EventID *int64 `db:"event_id"`
	Here    bool   `db:"here"`
	sealedRow
}

// carried reads the events of the seals that came along from elsewhere, by seal.
func (c *chainCheck) carried(ctx context.Context, page []sealRow) (map[int64][]carriedRow, error) {
	var seals []int64
	for _, r := range page {
		if r.Carried {
			seals = append(seals, r.Number)
		}
	}
	if len(seals) == 0 {
		return nil, nil
	}
	rows, err := many[carriedRow](ctx, c.s, "seal", `select o.seal, o.place, o.line, o.event_id, e.id is not null as here,
			coalesce(e.id, 0) as id, o.workspace_id, coalesce(e.at, 'epoch') as at, e.actor_id, coalesce(e.actor_name, '') as actor_name,
			coalesce(e.verb, '') as verb, coalesce(e.subject_kind, '') as subject_kind, coalesce(e.subject_id, 0) as subject_id,
			coalesce(e.subject_name, '') as subject_name, e.before::text as before, e.after::text as after, coalesce(e.reason, '') as reason, e.batch_id
		from carried_event o left join event e on e.workspace_id = o.workspace_id and e.id = o.event_id
		where o.workspace_id = @ws and o.seal = any(@seals) order by o.seal, o.place`,
		pgx.StrictNamedArgs{"ws": c.by.Workspace, "seals": seals})
	bySeal := map[int64][]carriedRow{}
	for _, r := range rows {
		bySeal[r.Seal] = append(bySeal[r.Seal], r)
	}
	return bySeal, err
}

// checkCarried compares the texts that came along with their seal, and with the events as they are numbered here.
func (c *chainCheck) checkCarried(r sealRow, events []carriedRow) {
	ids := make([]int64, 0, r.seal.Count)
	for _, part := range r.seal.Events {
		for id := part[0]; id <= part[1]; id++ {
			ids = append(ids, id)
		}
	}
	before := c.report.Found
	var lines []string
	for place, id := range ids {
		problem := domain.ChainProblem{Seal: r.Number, Event: id}
		i, there := slices.BinarySearchFunc(events, place+1, func(e carriedRow, place int) int { return e.Place - place })
		switch {
		case !there:
			problem.Kind = domain.EventMissing
		case !hashIs(r.Hashes, place, events[i].Line):
			problem.Kind = domain.EventAltered
		case !events[i].Here || !saysTheSame(events[i].Line, events[i].line()):
			problem.Kind, problem.Event = domain.EventDiffers, deref(events[i].EventID)
		}
		if problem.Kind != "" {
			c.report.Add(problem)
		}
		if there { // counted with the seal that it got here
			lines = append(lines, events[i].Line)
		}
	}
	c.checkContent(r, lines, before)
}

// saysTheSame compares an event with the text that came along, but for the numbers of records, which differ between
// installations.
func saysTheSame(line, here string) bool {
	return withoutNumbers(line) == withoutNumbers(here)
}

func withoutNumbers(line string) string {
	values := map[string]any{}
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	if d.Decode(&values) != nil {
		return line
	}
	for _, name := range []string{"id", "workspace", "actor", "batch"} {
		delete(values, name)
	}
	text, err := json.Marshal(numbersOut(values))
	if err != nil {
		return line
	}
	return string(text)
}

func numbersOut(v any) any {
	switch v := v.(type) {
	case json.Number:
		return 0
	case string:
		if _, err := strconv.ParseInt(v, 10, 64); err == nil {
			return "0"
		}
	case []any:
		for i := range v {
			v[i] = numbersOut(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = numbersOut(v[name])
		}
	}
	return v
}

// unsealed finds events that no seal holds. They are looked for only where there are more events than seals hold.
func (c *chainCheck) unsealed(ctx context.Context) error {
	total, err := one[int64](ctx, c.s, "event", `select count(*) from event where workspace_id = @ws`, pgx.StrictNamedArgs{"ws": c.by.Workspace})
	if err != nil || total == c.found {
		return err
	}
	sealed, err := c.sealedRanges(ctx)
	if err != nil {
		return err
	}
	rows, err := c.s.db.Query(ctx, `select id from event where workspace_id = @ws order by id`, pgx.StrictNamedArgs{"ws": c.by.Workspace})
	if err != nil {
		return translate("event", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return translate("event", err)
		}
		for len(sealed) > 0 && sealed[0][1] < id {
			sealed = sealed[1:]
		}
		if len(sealed) == 0 || id < sealed[0][0] {
			c.report.Add(domain.ChainProblem{Kind: domain.EventUnsealed, Event: id})
		}
	}
	return translate("event", rows.Err())
}

// sealedRanges are the ids that the seals made here hold, in rising order.
func (c *chainCheck) sealedRanges(ctx context.Context) ([][2]int64, error) {
	rows, err := c.s.db.Query(ctx, `select line from event_seal where workspace_id = @ws and not carried order by number`,
		pgx.StrictNamedArgs{"ws": c.by.Workspace})
	if err != nil {
		return nil, translate("seal", err)
	}
	defer rows.Close()
	var ranges [][2]int64
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, translate("seal", err)
		}
		seal, _ := domain.ParseSeal(line)
		for _, r := range seal.Events {
			if n := len(ranges); n > 0 && ranges[n-1][1]+1 == r[0] {
				ranges[n-1][1] = r[1]
				continue
			}
			ranges = append(ranges, r)
		}
	}
	slices.SortFunc(ranges, func(a, b [2]int64) int { return cmp.Compare(a[1], b[1]) })
	return ranges, translate("seal", rows.Err())
}

// compareAnchor tells whether the chain has grown from the head that was kept; link compared the digest on the way.
func (c *chainCheck) compareAnchor() {
	if c.anchor == nil {
		return
	}
	c.report.Anchor = c.anchor
	if c.anchor.Number > c.head.Number {
		c.report.Add(domain.ChainProblem{Kind: domain.AnchorBehind, Seal: c.anchor.Number})
	}
}

func sealTime(text string) time.Time {
	t, err := time.Parse(domain.MicroTime, text)
	if err != nil {
		return time.Time{} // a text that is none of a seal was told already
	}
	return t
}
