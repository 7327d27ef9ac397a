package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// tallyCell is one combination of the stored counters.
type tallyCell struct {
	Application int64  `db:"application_id"`
	State       string `db:"state"`
	Verdict     string `db:"verdict"`
	Class       string `db:"gdpr_class"`
	Flags       int32  `db:"flags"`
	Grade       int16  `db:"grade"`
	Decision    string `db:"decision"`
	N           int64  `db:"n"`
}

// tallyKeys are the filters of the list of fields that the stored counters know, by place in a packed cell.
var tallyKeys = [...]string{"state", "verdict", "application", "gdpr_class", "flag", "evidence", "decision"}

const (
	tallyState = iota
	tallyVerdict
	tallyApplication
	tallyClass
	tallyFlag
	tallyEvidence
	tallyDecision
)

// value is what the filter of that place is compared with; the flags are the text of their whole set.
func (c *tallyCell) value(place int) string {
	switch place {
	case tallyState:
		return c.State
	case tallyVerdict:
		return c.Verdict
	case tallyApplication:
		return strconv.FormatInt(c.Application, 10)
	case tallyClass:
		return c.Class
	case tallyFlag:
		return strconv.Itoa(int(c.Flags))
	case tallyEvidence:
		return domain.Grade(c.Grade).Code()
	}
	return orNone(c.Decision)
}

func orNone(value string) string {
	if value == "" {
		return domain.FilterNone
	}
	return value
}

// tallied tells whether the stored counters know a filter.
func tallied(key string) bool { return slices.Contains(tallyKeys[:], key) }

// tallyKnows tells whether the stored counters know all that narrows a list.
func tallyKnows(q domain.ListQuery) bool {
	for key, values := range q.Filters {
		if !tallied(key) && len(values) > 0 {
			return false
		}
	}
	return q.Q == ""
}

// tally is the stored counters of a workspace at one moment. It is shared and never changed.
type tally struct {
	cells  []tallyCell
	values [len(tallyKeys)][]string // that occur, by place
	packed []packedCell
	// Fields in use, and those of them that are flagged for deletion.
	fields, unused int64
	overview       func() domain.Overview // added up once
}

// packedCell is a cell whose texts are places in tally.values: thousands of them are looked at for each list.
type packedCell struct {
	at [len(tallyKeys)]int32
	n  int64
}

func newTally(cells []tallyCell) *tally {
	t := &tally{cells: cells, packed: make([]packedCell, len(cells))}
	var known [len(tallyKeys)]map[string]int32
	for place := range known {
		known[place] = map[string]int32{}
	}
	for i := range cells {
		c := &cells[i]
		t.packed[i].n = c.N
		for place := range known {
			value := c.value(place)
			at, ok := known[place][value]
			if !ok {
				at = int32(len(t.values[place]))
				known[place][value] = at
				t.values[place] = append(t.values[place], value)
			}
			t.packed[i].at[place] = at
		}
		// The same few words came thousands of times from the database: keep one of each.
		c.State, c.Verdict = t.values[tallyState][t.packed[i].at[tallyState]], t.values[tallyVerdict][t.packed[i].at[tallyVerdict]]
		c.Class = t.values[tallyClass][t.packed[i].at[tallyClass]]
		if c.State == "active" {
			t.fields += c.N
			if c.Verdict == string(domain.VerdictDormant) || c.Verdict == string(domain.VerdictDelete) {
				t.unused += c.N
			}
		}
	}
	t.overview = sync.OnceValue(func() domain.Overview { return domain.OverviewOf(t.inUse()) })
	return t
}

// inUse are the counters of fields in use.
func (t *tally) inUse() (tallies []domain.Tally) {
	for _, c := range t.cells {
		if c.State == "active" {
			tallies = append(tallies, domain.Tally{Application: domain.ApplicationID(c.Application), Verdict: domain.Verdict(c.Verdict),
				Class: domain.GDPRClass(c.Class), Flags: domain.FlagSet(c.Flags), Grade: domain.Grade(c.Grade), Decision: c.Decision, N: c.N})
		}
	}
	return tallies
}

// tallyCount is what the counters say of a list: how many fields pass every filter and, by filter, how many of those that
// pass every other filter have which value.
type tallyCount struct {
	total  int64
	facets [len(tallyKeys)][]int64
}

// tallyPass says of every value of every filter whether a query lets it through.
type tallyPass [len(tallyKeys)][]bool

func (t *tally) pass(q domain.ListQuery) (pass tallyPass) {
	for place, key := range tallyKeys {
		pass[place] = make([]bool, len(t.values[place]))
		passes := filterPasses(q, key)
		for i, value := range t.values[place] {
			pass[place][i] = passes(value)
		}
	}
	return pass
}

// each calls f for every cell that a query lets through.
func (t *tally) each(q domain.ListQuery, f func(c tallyCell)) {
	pass := t.pass(q)
cells:
	for i := range t.packed {
		for place, at := range t.packed[i].at {
			if !pass[place][at] {
				continue cells
			}
		}
		f(t.cells[i])
	}
}

func (t *tally) count(q domain.ListQuery) *tallyCount {
	out := &tallyCount{}
	pass := t.pass(q)
	for place := range tallyKeys {
		out.facets[place] = make([]int64, len(t.values[place]))
	}
	for i := range t.packed {
		c := &t.packed[i]
		refused, by := 0, 0
		for place, at := range c.at {
			if !pass[place][at] {
				refused, by = refused+1, place
			}
		}
		switch refused {
		case 0:
			out.total += c.n
			for place, at := range c.at {
				out.facets[place][at] += c.n
			}
		case 1:
			out.facets[by][c.at[by]] += c.n
		}
	}
	return out
}

// filterPasses tells which values a filter lets through.
func filterPasses(q domain.ListQuery, key string) func(value string) bool {
	values := q.Filters[key]
	switch {
	case key == "state" && len(values) == 0: // what is archived or gone is out of sight until asked for
		values = []string{"active"}
	case len(values) == 0:
		return func(string) bool { return true }
	case key == "flag":
		var mask int
		for _, code := range values {
			flag, _ := domain.FlagByCode(code) // an unknown code matches nothing
			mask |= int(flag)
		}
		none := slices.Contains(values, domain.FilterNone)
		return func(value string) bool {
			flags, _ := strconv.Atoi(value) // was a number before
			return flags&mask != 0 || flags == 0 && none
		}
	}
	return func(value string) bool { return slices.Contains(values, value) }
}

// facet lists the values of one filter with their counts, most frequent first.
func (t *tally) facet(count *tallyCount, key string) []facetRow {
	place := slices.Index(tallyKeys[:], key)
	counts := map[string]int64{}
	for i, n := range count.facets[place] {
		value := t.values[place][i]
		if place != tallyFlag {
			counts[value] += n
			continue
		}
		flags, _ := strconv.Atoi(value) // was a number before
		if flags == 0 {
			counts[domain.FilterNone] += n
		}
		for _, code := range domain.FlagSet(flags).Codes() {
			counts[code] += n
		}
	}
	var rows []facetRow
	for value, n := range counts {
		if n != 0 {
			rows = append(rows, facetRow{Value: value, N: n})
		}
	}
	slices.SortFunc(rows, func(a, b facetRow) int {
		if a.N != b.N {
			return int(b.N - a.N)
		}
		return strings.Compare(a.Value, b.Value)
	})
	return rows
}

// tallyStamp tells one state of the counters from every other.
type tallyStamp struct {
	Fold    int64 `db:"fold"`
	Changes int64 `db:"changes"`
}

const tallyStampSQL = `select count(*) as changes, coalesce(max(id) filter (where fold), 0) as fold
	from field_tally_change where workspace_id = @ws`

// tallyCache keeps the counters of the workspaces that were looked at last.
type tallyCache = kept[moment, tallyStamp, *tally]

// counters returns the stored counters of the workspace. Deltas that were not folded yet are summed by whoever reads them.
// In a transaction that only reads, counters that did not change since they were last read are not read again; those of a
// moment that is over, which are counted from its rows, never change.
func (s *Store) counters(ctx context.Context, by domain.Actor) (*tally, error) {
	if s.tallies == nil {
		cells, err := s.readTally(ctx, by)
		return newTally(cells), err
	}
	var stamp tallyStamp
	if by.AsOf.IsZero() {
		var err error
		if stamp, err = one[tallyStamp](ctx, s, "tally", tallyStampSQL, pgx.StrictNamedArgs{"ws": by.Workspace}); err != nil {
			return nil, err
		}
	}
	if t, found := s.tallies.get(momentOf(by), stamp); found {
		return t, nil
	}
	cells, err := s.readTally(ctx, by)
	if err != nil {
		return nil, err
	}
	t := newTally(cells)
	s.tallies.put(momentOf(by), stamp, t)
	return t, nil
}

func (s *Store) readTally(ctx context.Context, by domain.Actor) ([]tallyCell, error) {
	return many[tallyCell](ctx, s, "tally", `select application_id, state, verdict, gdpr_class, flags, grade, decision, n
		from field_tally where workspace_id = @ws`, pgx.StrictNamedArgs{"ws": by.Workspace})
}
