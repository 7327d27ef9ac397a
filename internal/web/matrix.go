package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic matrix.

func (s *Server) matrixRoutes(r scope) {
	r.get("/matrix", domain.ReadWorkspace, s.showMatrix)
	r.post("/matrix/cells", domain.EditPlan, s.changeMatrix)
}

// matrixSizes are how many fields a page of the matrix may show.
var matrixSizes = []int{50, 100, 300}

// matrixMost is how many cells one paste may change.
const matrixMost = 10_000

// matrixFilters are the filters of the list of fields that the matrix offers.
var matrixFilters = []string{"application", "dataset", "category", "verdict", "program"}

type matrixView struct {
	shell      ui.Shell
	path, here string
	count      string
	query      domain.ListQuery
	kept       []ui.Hidden // what the filter form carries along
	selects    []ui.SelectSpec
	programs   []ui.Option // columns to choose from
	chosen     []string    // ids of the columns shown
	columns    []matrixColumn
	rows       []matrixRow
	pager      ui.PagerSpec
	more       string // the most fields that a page may show, where there are more than it shows
	words      string // states of a cell for the script: mark and word by level, as JSON
	may        bool
	bare       *ui.Link // links that lack their gain or alternative
	filtered   bool
	none       string // said of a row with no program
}

type matrixColumn struct {
	id, name, href, status string
	essential, useful      string
}

type matrixRow struct {
	group      string // heading above the row; empty where the row before has the same
	id, href   string
	name, code string
	special    bool
	cells      []matrixCell
	programs   int32
	sum        string
}

type matrixCell struct {
	program           string
	class, mark, word string
	next              string // what pressing it sends
}

// levelClass draws a level.
var levelClass = map[domain.LinkLevel]string{domain.LinkEssential: "mx-full", domain.LinkUseful: "mx-half", domain.LinkAvoid: "mx-no"}

// nextLevel is what a press makes of a cell: nothing, essential, useful, nothing again.
func nextLevel(l domain.LinkLevel, class domain.GDPRClass) domain.LinkLevel {
	switch {
	case l == "":
		return domain.LinkEssential
	case l == domain.LinkEssential && class.AllowsLevel(domain.LinkUseful):
		return domain.LinkUseful
	}
	return ""
}

// levelWord is the mark and the word of each level in a language; a page looks them up once.
type levelWord struct {
	Mark string `json:"mark"`
	Word string `json:"word"`
}

func levelWordsOf(ctx context.Context) map[domain.LinkLevel]levelWord {
	words := map[domain.LinkLevel]levelWord{"": {"·", i18n.T(ctx, "matrix.empty_cell")}}
	for _, l := range domain.LinkLevels {
		words[domain.LinkLevel(l)] = levelWord{i18n.T(ctx, "matrix.mark."+l), i18n.T(ctx, "level."+l)}
	}
	return words
}

func (s *Server) showMatrix(w http.ResponseWriter, r *http.Request) error {
	ctx, by, values := r.Context(), actor(r), r.URL.Query()
	q := domain.ParseListQuery(domain.FieldRegister, values)
	for key := range q.Filters {
		if !slices.Contains(matrixFilters, key) {
			delete(q.Filters, key)
		}
	}
	if n, _ := strconv.Atoi(values.Get("n")); slices.Contains(matrixSizes, n) {
		q.Size = n
	} else {
		q.Size = matrixSizes[0]
	}
	if len(q.Filters["application"]) != 1 {
		delete(q.Filters, "dataset")
	}
	number, _ := strconv.Atoi(values.Get("page"))
	number = max(number, 1)

	page, err := s.store.Matrix(ctx, by, q, programIDs(values["show"]), (number-1)*q.Size)
	if err != nil {
		return err
	}
	v, err := s.matrixView(w, r, q, page, number)
	if err != nil {
		return err
	}
	return s.ok(w, r, matrixPage(v))
}

func programIDs(values []string) []domain.ProgramID {
	var ids []domain.ProgramID
	for _, v := range strings.Split(strings.Join(values, ","), ",") {
		if id, err := strconv.ParseInt(v, 10, 64); err == nil {
			ids = append(ids, domain.ProgramID(id))
		}
	}
	return ids
}

func (s *Server) matrixView(w http.ResponseWriter, r *http.Request, q domain.ListQuery, page store.MatrixPage, number int) (matrixView, error) {
	ctx, by := r.Context(), actor(r)
	v := matrixView{path: workspacePath(by, "matrix"), query: q, count: countText(ctx, "fields", page.Total), may: by.Can(domain.EditPlan),
		filtered: q.Filtered(), none: i18n.T(ctx, "matrix.no_program")}
	v.here = r.URL.RequestURI()
	words := levelWordsOf(ctx)
	raw, err := json.Marshal(words)
	if err != nil {
		return v, err
	}
	v.words = string(raw)
	for _, p := range page.Programs {
		v.programs = append(v.programs, ui.Option{Value: itoa(p.ID), Text: p.Name, Hint: enumWord(ctx, "program.status", string(p.Status))})
	}
	for _, p := range page.Shown {
		v.chosen = append(v.chosen, itoa(p.ID))
		c := matrixColumn{id: itoa(p.ID), name: p.Name, href: workspacePath(by, "programs", itoa(p.ID)), essential: i18n.Number(ctx, p.Essential),
			useful: i18n.Number(ctx, p.Useful)}
		if p.Status != domain.ProgramLive {
			c.status = enumWord(ctx, "program.status", string(p.Status))
		}
		v.columns = append(v.columns, c)
	}
	v.rows = matrixRows(ctx, by, page, words)
	if page.Bare > 0 {
		v.bare = &ui.Link{Href: workspacePath(by, "links") + "?note=missing", Text: i18n.T(ctx, "matrix.bare", "n", page.Bare)}
	}
	v.pager = matrixPager(ctx, r.URL, q, page, number)
	if last := v.pager.Sizes[len(v.pager.Sizes)-1]; page.More && !last.Current {
		v.more = last.Href
	}
	if err := s.matrixSelects(r, &v, q, page); err != nil {
		return v, err
	}
	v.shell, err = s.shell(w, r, i18n.T(ctx, "matrix.title"))
	return v, err
}

func matrixRows(ctx context.Context, by domain.Actor, page store.MatrixPage, words map[domain.LinkLevel]levelWord) []matrixRow {
	var rows []matrixRow
	var dataset domain.DatasetID
	for _, f := range page.Rows {
		row := matrixRow{id: itoa(f.ID), href: fieldPath(by, f.ID), name: f.Label, code: f.Name, special: f.Class.Special(),
			programs: f.Programs, sum: i18n.Number(ctx, f.Programs)}
		if row.name == "" {
			row.name, row.code = f.Name, ""
		}
		if f.Dataset != dataset {
			row.group, dataset = f.Application+" · "+f.DatasetName, f.Dataset
		}
		for _, p := range page.Shown {
			level := f.Levels[p.ID]
			word := words[level]
			row.cells = append(row.cells, matrixCell{program: itoa(p.ID), class: levelClass[level], mark: word.Mark, word: word.Word,
				next: row.id + ":" + itoa(p.ID) + ":" + string(nextLevel(level, f.Class))})
		}
		rows = append(rows, row)
	}
	return rows
}

// matrixPager leads to other pages of the matrix, which are numbered.
func matrixPager(ctx context.Context, here *url.URL, q domain.ListQuery, page store.MatrixPage, number int) ui.PagerSpec {
	with := func(key, value string) string {
		values := here.Query()
		values.Del("page")
		values.Del(key)
		if value != "" {
			values.Set(key, value)
		}
		return addQuery(here.Path, strings.ReplaceAll(values.Encode(), "%2C", ","))
	}
	at := q
	at.At = (number-1)*q.Size + 1
	p := ui.PagerSpec{Range: placeText(ctx, at, len(page.Rows), page.Total)}
	switch {
	case number == 2:
		p.Prev = with("page", "")
	case number > 2:
		p.Prev = with("page", strconv.Itoa(number-1))
	}
	if page.More {
		p.Next = with("page", strconv.Itoa(number+1))
	}
	for _, n := range matrixSizes {
		value := strconv.Itoa(n)
		if n == matrixSizes[0] {
			value = ""
		}
		p.Sizes = append(p.Sizes, ui.NavItem{Href: with("n", value), Text: i18n.Number(ctx, n), Current: n == q.Size})
	}
	return p
}

// matrixSelects are the short lists that filter the fields.
func (s *Server) matrixSelects(r *http.Request, v *matrixView, q domain.ListQuery, page store.MatrixPage) error {
	ctx, by := r.Context(), actor(r)
	applications, err := s.store.ApplicationOptions(ctx, by)
	if err != nil {
		return err
	}
	categories, err := s.store.CategoryChoices(ctx, by)
	if err != nil {
		return err
	}
	add := func(key string, options []ui.Option) {
		value := strings.Join(q.Filters[key], ",")
		v.selects = append(v.selects, ui.SelectSpec{Field: ui.Field{Name: key, ID: "by-" + key, Label: i18n.T(ctx, "column."+key), Optional: true, HideLabel: true},
			Value: value, Options: options, Empty: i18n.T(ctx, "matrix.any."+key), Submit: true, Width: ui.Medium})
	}
	add("application", refOptions(applications))
	if len(page.Datasets) > 0 {
		add("dataset", refOptions(page.Datasets))
	}
	add("category", refOptions(categories))
	add("verdict", enumOptions(ctx, "verdict", domain.Verdicts))
	add("program", []ui.Option{{Value: domain.FilterNone, Text: i18n.T(ctx, "matrix.none_only")}})
	if q.Size != matrixSizes[0] {
		v.kept = append(v.kept, ui.Hidden{Name: "n", Value: strconv.Itoa(q.Size)})
	}
	return nil
}

// matrixForm is one or more cells to set: lines of field, program and level, as "12:3:useful". The level may be a word
// from a sheet.
type matrixForm struct {
	Cells string `form:"cells"`
	Over  string `form:"over"` // how many cells of a pasted block have no place on the page
	Back  string `form:"back"`
}

// cellAnswer tells the script what became of one cell. Level is left out where it stays as it was.
type cellAnswer struct {
	Field   domain.FieldID    `json:"f"`
	Program domain.ProgramID  `json:"p"`
	Level   *domain.LinkLevel `json:"level,omitempty"`
	Refused string            `json:"refused,omitempty"`
}

type matrixAnswer struct {
	Cells    []cellAnswer                   `json:"cells"`
	Fields   map[domain.FieldID]string      `json:"fields"`   // programs per field
	Programs map[domain.ProgramID][2]string `json:"programs"` // essential and useful fields per program
	Said     string                         `json:"said"`
	Undo     string                         `json:"undo,omitempty"`
}

// parseCells reads the cells of a form; what is no level is refused cell by cell.
func parseCells(ctx context.Context, text string) (cells []store.LinkCell, refused []cellAnswer, err error) {
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		parts := strings.SplitN(strings.TrimRight(line, "\r"), ":", 3)
		if len(parts) != 3 {
			return nil, nil, domain.Errorf(domain.Invalid, "error.form")
		}
		field, err1 := strconv.ParseInt(parts[0], 10, 64)
		program, err2 := strconv.ParseInt(parts[1], 10, 64)
		if err1 != nil || err2 != nil {
			return nil, nil, domain.Errorf(domain.Invalid, "error.form")
		}
		level, ok := domain.ParseLinkLevel(parts[2])
		if !ok {
			word := []rune(parts[2])
			refused = append(refused, cellAnswer{Field: domain.FieldID(field), Program: domain.ProgramID(program),
				Refused: i18n.T(ctx, "matrix.unknown_word", "word", string(word[:min(len(word), 40)]))})
			continue
		}
		cells = append(cells, store.LinkCell{Field: domain.FieldID(field), Program: domain.ProgramID(program), Level: level})
	}
	if len(cells)+len(refused) > matrixMost {
		return nil, nil, domain.Errorf(domain.TooLarge, "matrix.too_many", "most", matrixMost)
	}
	return cells, refused, nil
}

// changeMatrix sets cells: one that was pressed, or a block that was pasted.
func (s *Server) changeMatrix(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	f, _, err := decode[matrixForm](r)
	if err != nil {
		return err
	}
	cells, answers, err := parseCells(ctx, f.Cells)
	if err != nil {
		return err
	}
	linked, err := s.store.LinkCells(ctx, by, cells)
	if err != nil {
		return err
	}
	changed := 0
	for _, c := range linked.Cells {
		a := cellAnswer{Field: c.Field, Program: c.Program, Level: &c.Level}
		if c.Refused != "" {
			a.Refused = i18n.T(ctx, "bulk.why."+c.Refused)
		}
		if c.Changed {
			changed++
		}
		answers = append(answers, a)
	}
	refused := 0
	for _, a := range answers {
		if a.Refused != "" {
			refused++
		}
	}
	// A message is one sentence of what happened, with a second where cells were refused or approvals fell.
	said, args := "matrix.said", []any{"n", changed}
	switch {
	case linked.Reopened > 0 && refused > 0:
		said, args = "matrix.said_both", append(args, "refused", refused, "reopened", linked.Reopened)
	case linked.Reopened > 0:
		said, args = "matrix.said_reopened", append(args, "reopened", linked.Reopened)
	case refused > 0:
		said, args = "matrix.said_refused", append(args, "refused", refused)
	}
	if !strings.Contains(r.Header.Get("Accept"), "application/json") {
		back := localPath(f.Back, workspacePath(by, "matrix"))
		if refused == 1 && changed == 0 {
			return s.seeOther(w, r, back, "matrix.refused", "why", answers[slices.IndexFunc(answers, func(a cellAnswer) bool { return a.Refused != "" })].Refused)
		}
		return s.seeOtherBatch(w, r, back, linked.Batch, said, args...)
	}
	out := matrixAnswer{Cells: answers, Said: i18n.T(ctx, said, args...)}
	if over, _ := strconv.Atoi(f.Over); over > 0 {
		out.Said += " " + i18n.T(ctx, "matrix.over", "n", over)
	}
	if linked.Batch != 0 {
		out.Undo = batchPath(by, linked.Batch, "undo")
	}
	return s.answerMatrix(w, r, out, cells)
}

func (s *Server) answerMatrix(w http.ResponseWriter, r *http.Request, out matrixAnswer, cells []store.LinkCell) error {
	ctx := r.Context()
	var fields, programs []int64
	for _, c := range cells {
		fields, programs = append(fields, int64(c.Field)), append(programs, int64(c.Program))
	}
	sums, err := s.store.MatrixSums(ctx, actor(r), fields, programs)
	if err != nil {
		return err
	}
	out.Fields, out.Programs = map[domain.FieldID]string{}, map[domain.ProgramID][2]string{}
	for id, n := range sums.Fields {
		out.Fields[id] = i18n.Number(ctx, n)
	}
	for _, p := range sums.Programs {
		out.Programs[p.ID] = [2]string{i18n.Number(ctx, p.Essential), i18n.Number(ctx, p.Useful)}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(out)
}
