package job

import (
	"io"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"utile/internal/domain"
	"utile/internal/scan"
	"utile/internal/sheet"
	"utile/internal/store"
)

// batchRows is how many rows are in memory at once.
const batchRows = 5_000

// rowSource turns a table into the rows that the store compares.
type rowSource struct {
	table       *sheet.Table
	document    *scan.Document // in the place of a table
	plan        domain.ImportPlan
	fileName    string
	application string // of every row, where a person said so; else of rows that do not say
	words       store.ScanWords
	today       time.Time
	stop        func()
}

func (s *rowSource) close() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// targets is the mapping as it counts: one application that a person chose overrules a column of applications.
func (s *rowSource) targets() []domain.ScanTarget {
	targets := slices.Clone(s.plan.Targets)
	if s.application != "" {
		for i, t := range targets {
			if t == domain.ScanApplication {
				targets[i] = domain.ScanIgnore
			}
		}
	}
	return targets
}

// known is what a person said of the whole file.
func (s *rowSource) known() scan.Known {
	return scan.Known{domain.ScanApplication: s.application, domain.ScanDataset: s.plan.Dataset}
}

func (s *rowSource) heading(t domain.ScanTarget) string {
	if s.document != nil {
		return string(t)
	}
	if i := slices.Index(s.plan.Targets, t); i >= 0 {
		return s.table.Headers()[i]
	}
	return ""
}

// inventory starts at the first row, again where a transaction is tried again.
func (s *rowSource) inventory() (store.RowSource, error) {
	s.close()
	if err := s.table.Rewind(); err != nil {
		return nil, err
	}
	return s.found(scan.Inventory(s.table, s.targets(), s.known()).Fields(), s.plan.Targets), nil
}

// described starts at the first field of a document.
func (s *rowSource) described() (store.RowSource, error) {
	s.close()
	return s.found(s.document.Fields(), s.document.Says()), nil
}

// found makes rows of what a source says; said are the targets that it tells of every field.
func (s *rowSource) found(fields iter.Seq2[scan.Found, error], said []domain.ScanTarget) store.RowSource {
	next, stop := iter.Pull2(fields)
	s.stop = stop
	mapped := map[domain.ScanTarget]bool{}
	for _, t := range said {
		mapped[t] = true
	}
	return &batches{next: func() (store.FoundRow, []domain.RowProblem, error) {
		found, err, more := next()
		if !more {
			return store.FoundRow{}, nil, io.EOF
		}
		if err != nil {
			return store.FoundRow{}, nil, err
		}
		row, problems := s.foundRow(found, mapped)
		for n := range problems {
			problems[n].Place = firstOf(problems[n].Place, found.Place)
		}
		return row, problems, nil
	}}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (s *rowSource) foundRow(found scan.Found, mapped map[domain.ScanTarget]bool) (store.FoundRow, []domain.RowProblem) {
	f, problems := found.Field, found.Problems
	row := store.FoundRow{Line: int64(found.Line), Application: f.Application, Schema: f.Schema, Dataset: f.Dataset, Name: f.Name,
		Facts: store.FoundFacts{}}
	problems = append(problems, s.placeProblems(found.Line, f.Application, len(found.Problems) == 0)...)
	if row.Refused = len(problems) > 0; row.Refused {
		return row, problems
	}
	facts := store.FoundFacts{Label: told(mapped, domain.ScanLabel, f.Label), DataType: told(mapped, domain.ScanDataType, f.DataType),
		Reference: told(mapped, domain.ScanReferences, f.References), Comment: told(mapped, domain.ScanComment, f.Comment), Nullable: f.Nullable}
	if mapped[domain.ScanKey] {
		facts.IsKey = &f.Key
	}
	// A word that the workspace does not know is reported, and costs the row that word alone: a field that exists must not
	// seem gone for it.
	facts.Category = s.word(&problems, s.words.Categories, found.Line, domain.ScanCategory, "import.problem.category", f.Category)
	if len(f.Fides) > 0 {
		facts.Category = s.fides(&problems, found.Line, f.Fides)
	}
	if s.document != nil {
		facts.Source = &f.Source
	}
	facts.Owner = s.word(&problems, s.words.People, found.Line, domain.ScanOwner, "import.problem.owner", f.Owner)
	row.Facts = facts
	return row, problems
}

// placeProblems refuses rows whose application cannot be one.
func (s *rowSource) placeProblems(line int, application string, readable bool) []domain.RowProblem {
	p := domain.RowProblem{Line: line, Column: s.heading(domain.ScanApplication)}
	switch {
	case readable && application == "":
		p.Key = "scan.problem.required"
	case utf8.RuneCountInString(application) > domain.MaxName:
		p.Key, p.Args = "scan.problem.too_long", domain.Args("most", domain.MaxName)
	default:
		return nil
	}
	return []domain.RowProblem{p}
}

func told(mapped map[domain.ScanTarget]bool, t domain.ScanTarget, value string) *string {
	if !mapped[t] {
		return nil
	}
	return &value
}

func (s *rowSource) word(problems *[]domain.RowProblem, words map[string]string, line int, t domain.ScanTarget, key, value string) *string {
	if value == "" {
		return nil
	}
	if known := words[domain.Fold(value)]; known != "" {
		return &known
	}
	*problems = append(*problems, domain.RowProblem{Line: line, Column: s.heading(t), Key: key, Args: domain.Args("value", value)})
	return nil
}

// fides is the category of the first of several words of the Fides taxonomy that means one, or whose broader word does.
func (s *rowSource) fides(problems *[]domain.RowProblem, line int, words []string) *string {
	for _, w := range words {
		for ; strings.Contains(w, "."); w = w[:strings.LastIndexByte(w, '.')] {
			if code := s.words.Fides[w]; code != "" {
				return &code
			}
		}
	}
	*problems = append(*problems, domain.RowProblem{Line: line, Column: s.heading(domain.ScanCategory), Key: "import.problem.category",
		Args: domain.Args("value", strings.Join(words, ", "))})
	return nil
}

// evidence starts at the first row of measures.
func (s *rowSource) evidence() (store.RowSource, error) {
	s.close()
	if err := s.table.Rewind(); err != nil {
		return nil, err
	}
	next, stop := iter.Pull2(scan.Stats(s.table, s.targets(), s.known()))
	s.stop = stop
	return &batches{next: func() (store.FoundRow, []domain.RowProblem, error) {
		measured, err, more := next()
		if !more {
			return store.FoundRow{}, nil, io.EOF
		}
		if err != nil {
			return store.FoundRow{}, nil, err
		}
		row, problems := s.measuredRow(measured)
		return row, problems, nil
	}}, nil
}

func (s *rowSource) measuredRow(m scan.Measured) (store.FoundRow, []domain.RowProblem) {
	f, problems := m.Field, m.Problems
	problems = append(problems, s.placeProblems(m.Line, f.Application, len(m.Problems) == 0)...)
	facts := store.MeasureFacts{Rows: f.Rows, NonNull: f.NonNull, Distinct: f.Distinct, Reads: f.Reads, WindowDays: f.WindowDays,
		LastReadAt: f.LastReadAt, LastWriteAt: f.LastWriteAt, OldestOn: f.OldestOn, Source: f.Source}
	if f.NonNull == nil {
		facts.Fill = f.FillRate
	}
	switch {
	case f.MeasuredAt != nil:
		facts.MeasuredAt = *f.MeasuredAt
	case s.plan.MeasuredOn != nil:
		facts.MeasuredAt = *s.plan.MeasuredOn
	case len(problems) == 0:
		problems = append(problems, domain.RowProblem{Line: m.Line, Column: s.heading(domain.ScanMeasured), Key: "scan.problem.required"})
	}
	if !facts.MeasuredAt.IsZero() {
		for _, p := range f.CheckDays(facts.MeasuredAt, s.today) {
			p.Column = s.heading(domain.ScanTarget(p.Column))
			problems = append(problems, p)
		}
	}
	if facts.Source == "" {
		facts.Source = s.fileName
	}
	row := store.FoundRow{Line: int64(m.Line), Application: f.Application, Schema: f.Schema, Dataset: f.Dataset, Name: f.Name, Facts: facts,
		Refused: len(problems) > 0}
	return row, problems
}

// batches collects rows until there are enough to be sent at once.
type batches struct {
	next func() (store.FoundRow, []domain.RowProblem, error)
}

func (b *batches) NextRows() (rows []store.FoundRow, problems []domain.RowProblem, err error) {
	for len(rows)+len(problems) < batchRows {
		row, wrong, err := b.next()
		if err != nil {
			return rows, problems, err
		}
		problems = append(problems, wrong...)
		if !row.Refused || row.Name != "" {
			rows = append(rows, row)
		}
	}
	return rows, problems, nil
}
