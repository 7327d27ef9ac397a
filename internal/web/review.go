package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

func (s *Server) reviewRoutes(r scope) {
	r.get("/review", domain.ReadWorkspace, s.showReview)
	r.post("/review", domain.ReviewMapping, s.answerReview)
	r.post("/review/answers/{batch}/undo", domain.ReviewMapping, s.undoReview)
	r.post("/review/release", domain.ReviewMapping, s.releaseReview)
	r.get("/review/questions", domain.ReadWorkspace, s.showThreads)
	r.post("/review/questions/{thread}", domain.ProposeMapping, s.answerThread)
}

// reviewShown is how many questions of the queue stand beside the one that is open.
const reviewShown = 25

// deskForm is what a reviewer says of one question of the queue.
type deskForm struct {
	First    domain.MappingID `form:"first"` // which question: the mapping that stands for it
	Seen     string           `form:"seen"`
	Act      string           `form:"act"` // approve, reject, redirect, ask, withdraw, snooze or wake
	Reason   string           `form:"reason"`
	Until    string           `form:"approved_until"`
	Question string           `form:"question"`
	Basis    string           `form:"suggested_basis"`
	Purpose  domain.PurposeID `form:"purpose"`
	Snooze   string           `form:"snooze_until"`
	Query    string           `form:"query"` // of the queue
	Next     domain.MappingID `form:"next"`  // the question that comes after this one
}

type deskView struct {
	formView
	shell       ui.Shell
	path, all   string // of the desk, and of the list of all mappings
	count       string
	acting      string
	note        string // what became of a question that is not there any more, or of an answer that could not be given
	tabs        []ui.NavItem
	sort        string
	sortOptions []ui.Option
	kept        []ui.Hidden // what the choice of the order carries along
	chips       []ui.Chip
	facets      []ui.FacetSpec
	facetsKept  []ui.Hidden
	lines       []deskLine
	more, back  string // address of the next page of the queue, and of its beginning
	prev, next  string // addresses of the questions beside the open one
	card        *deskCard
	undo        *deskUndo
	release     string
	filtered    bool
	emptyTitle  string
}

// deskLine is one question in the queue.
type deskLine struct {
	href, title, sub, place string
	marks                   []mark
	taken                   string
	current                 bool
}

// deskUndo is the reviewer's last act, to be taken back.
type deskUndo struct {
	action, text string
	values       []ui.Hidden
}

// showReview shows the queue of what waits for a DPO, with one question of it open.
func (s *Server) showReview(w http.ResponseWriter, r *http.Request) error {
	if by := actor(r); !by.AsOf.IsZero() { // the queue is of today; what waited on another day is a list
		http.Redirect(w, r, workspacePath(by, "mappings")+"?mapping=proposed", http.StatusSeeOther)
		return nil
	}
	values := r.URL.Query()
	card, _ := strconv.ParseInt(values.Get("card"), 10, 64)
	return s.deskPage(w, r, http.StatusOK, domain.ParseListQuery(domain.ReviewRegister, values), deskForm{First: domain.MappingID(card)}, nil, "")
}

// deskPage shows the desk, with what was typed about its open question and why that could not be done.
func (s *Server) deskPage(w http.ResponseWriter, r *http.Request, status int, q domain.ListQuery, f deskForm, bad domain.Problems, note string) error {
	ctx, by := r.Context(), actor(r)
	v := deskView{formView: formView{ctx, "review", bad}, path: workspacePath(by, "review"), all: workspacePath(by, "mappings"), note: note}
	page, err := s.store.ReviewQueue(ctx, by, q, reviewShown)
	if err != nil {
		return err
	}
	open, found, err := s.openQuestion(r, page, f.First, f.Next)
	if err != nil {
		return err
	}
	if f.First != 0 && !found && note == "" {
		v.note = i18n.T(ctx, "review.gone")
	}
	v.frame(ctx, by, q, page)
	if open != nil {
		if err := s.deskCard(r, &v, *open, q, page, f); err != nil {
			return err
		}
		if by.Can(domain.ReviewMapping) {
			v.release = v.path + "/release"
			if err := s.store.TakeQuestion(ctx, by, open.Question.ID); err != nil {
				return err
			}
		}
	}
	if by.Can(domain.ReviewMapping) {
		if err := s.deskUndo(r, &v, q); err != nil {
			return err
		}
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "review.title")); err != nil {
		return err
	}
	return s.render(w, r, status, reviewDesk(v))
}

// openQuestion is the question that was asked for, found; where it does not wait any more, or none was asked for, the one that
// came after it, or the first one that nobody else has before them; one that somebody has only where there is no other. Nil where
// nothing waits.
func (s *Server) openQuestion(r *http.Request, page store.ReviewPage, asked, next domain.MappingID) (card *store.ReviewCard, found bool, err error) {
	ids := []domain.MappingID{}
	for _, id := range []domain.MappingID{asked, next} {
		if id != 0 {
			ids = append(ids, id)
		}
	}
	for _, free := range []bool{true, false} {
		for _, q := range page.Questions {
			if (q.TakenBy == "") == free {
				ids = append(ids, q.First)
			}
		}
	}
	for _, id := range ids {
		card, err := s.store.ReviewCardOf(r.Context(), actor(r), id)
		if errors.Is(err, domain.NotFound) || id == next && card.Question.TakenBy != "" {
			continue
		}
		return &card, id == asked, err
	}
	return nil, false, nil
}

// queueQuery is the part of the desk's address behind "?" for a question of the queue.
func queueQuery(q domain.ListQuery, card domain.MappingID) string {
	return joinQuery(q.Query(domain.ReviewRegister), queryOf("card", refValue(card)))
}

// frame is what stands around the open question.
func (v *deskView) frame(ctx context.Context, by domain.Actor, q domain.ListQuery, page store.ReviewPage) {
	v.filtered = q.Q != "" || slices.ContainsFunc(domain.ReviewRegister.Filters, func(f domain.RegisterFilter) bool { return f.Facet && len(q.Filters[f.Key]) > 0 })
	v.count = i18n.T(ctx, "mappings.count", "n", page.Mappings)
	if page.Total >= 0 {
		v.count = i18n.T(ctx, "review.count", "n", page.Total, "mappings", i18n.T(ctx, "mappings.count", "n", page.Mappings))
	}
	if by.ActsAsDPO() {
		v.acting = i18n.T(ctx, "mapping.acting")
	}
	standing, first := domain.StandingShown(q), q.FirstPage()
	for _, st := range domain.ReviewStandings {
		there := first.Narrow("standing", st)
		if st == string(domain.ReviewOpen) {
			there = first.Narrow("standing")
		}
		v.tabs = append(v.tabs, ui.NavItem{Href: addQuery(v.path, there.Query(domain.ReviewRegister)), Text: i18n.T(ctx, "review.standing."+st),
			Count: i18n.Number(ctx, page.Standings[st]), Current: st == standing})
	}
	v.emptyTitle = i18n.T(ctx, "review.empty."+standing)
	v.sort, _ = q.Order(domain.ReviewRegister)
	for _, c := range domain.ReviewRegister.Columns {
		v.sortOptions = append(v.sortOptions, ui.Option{Value: c.Key, Text: i18n.T(ctx, "review.sort."+c.Key)})
	}
	for _, f := range domain.ReviewRegister.Filters {
		if values := q.Filters[f.Key]; len(values) > 0 {
			for _, value := range values {
				v.kept = append(v.kept, ui.Hidden{Name: f.Key, Value: value})
			}
		}
	}
	if q.Sort != "" {
		v.facetsKept = append(v.facetsKept, ui.Hidden{Name: "sort", Value: q.Sort})
	}
	if standing != string(domain.ReviewOpen) {
		v.facetsKept = append(v.facetsKept, ui.Hidden{Name: "standing", Value: standing})
	}
	chosen := q.FirstPage().Narrow("standing")
	v.chips = chips(ctx, domain.ReviewRegister, chosen, page.Facets, v.path)
	v.facets = facetViews(ctx, q, page.Facets, &url.URL{Path: v.path, RawQuery: q.Query(domain.ReviewRegister)})
	for _, item := range page.Questions {
		v.lines = append(v.lines, deskLineOf(ctx, v.path, q, item))
	}
	if page.Next != "" {
		on := q.FirstPage()
		on.After = page.Next
		v.more = addQuery(v.path, queueQuery(on, 0))
	}
	if q.After != "" {
		v.back = addQuery(v.path, q.FirstPage().Query(domain.ReviewRegister))
	}
}

func deskLineOf(ctx context.Context, path string, q domain.ListQuery, item store.ReviewQuestion) deskLine {
	line := deskLine{href: addQuery(path, queueQuery(q, item.First)), title: categoryText(ctx, item.Category), sub: item.PurposeCode + " · " + item.PurposeName,
		place: item.Application + " › " + item.Field}
	if item.N > 1 {
		line.place = i18n.T(ctx, "review.fields", "n", item.N)
	}
	if item.Class.Special() || item.Class == domain.ClassHighlyPersonal || item.Class == domain.ClassUnclassified {
		line.marks = append(line.marks, classMark(ctx, item.Class))
	}
	if item.ReopenedBecause != "" {
		line.marks = append(line.marks, mark{ui.Review, "history", i18n.T(ctx, "review.back")})
	}
	if item.Replied {
		line.marks = append(line.marks, mark{ui.Info, "message-2", i18n.T(ctx, "review.replied")})
	}
	if item.TakenBy != "" {
		line.taken = i18n.T(ctx, "review.taken", "name", item.TakenBy)
	}
	return line
}

func categoryText(ctx context.Context, label string) string {
	if label == "" {
		return i18n.T(ctx, "review.no_category")
	}
	return label
}

// deskUndo offers to take back what the reviewer did last, as long as it is theirs to take back.
func (s *Server) deskUndo(r *http.Request, v *deskView, q domain.ListQuery) error {
	ctx, by := r.Context(), actor(r)
	last, err := s.store.LastAct(ctx, by)
	if err != nil {
		return err
	}
	switch {
	case last.First != 0:
		act := map[domain.ReviewStanding]string{domain.ReviewAsked: "withdraw", domain.ReviewSnoozed: "wake"}[last.Now]
		v.undo = &deskUndo{v.path, i18n.T(ctx, "review.undo."+act), []ui.Hidden{{Name: "act", Value: act}, {Name: "first", Value: itoa(last.First)},
			{Name: "seen", Value: last.Seen}, {Name: "query", Value: q.Query(domain.ReviewRegister)}, {Name: "next", Value: itoa(last.First)}}}
	case last.Batch.ID != 0:
		v.undo = &deskUndo{v.path + "/answers/" + itoa(last.Batch.ID) + "/undo", i18n.T(ctx, "review.undo."+string(last.Batch.Kind), "n", last.Batch.Changed),
			[]ui.Hidden{{Name: "query", Value: queueQuery(q, 0)}}}
	}
	return nil
}

// answerReview does with a question what the reviewer says, and opens the next one.
func (s *Server) answerReview(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	f, bad, err := decode[deskForm](r)
	if err != nil {
		return err
	}
	values, err := url.ParseQuery(f.Query)
	if err != nil {
		return domain.Errorf(domain.Invalid, "error.form")
	}
	q := domain.ParseListQuery(domain.ReviewRegister, values)
	var done store.Answered
	a := store.Answer{Approve: f.Act == "approve", Reason: f.Reason}
	key := ""
	switch f.Act {
	case "approve", "reject":
		if a.Approve {
			a.Until = day(&bad, "approved_until", f.Until)
		}
		if len(bad) == 0 {
			done, err = s.store.ReviewGroup(ctx, by, f.First, f.Seen, a)
		}
	case "redirect":
		if f.Purpose == 0 && f.Basis != "" { // another basis is for the team to write into the purpose: it comes back with the answer
			key = "review.basis_proposed"
			err = s.store.AskGroup(ctx, by, f.First, f.Seen, f.Reason, f.Basis)
			break
		}
		a.Purpose = f.Purpose
		done, err = s.store.RedirectGroup(ctx, by, f.First, f.Seen, f.Purpose, f.Reason)
	case "ask":
		key = "review.asked"
		err = s.store.AskGroup(ctx, by, f.First, f.Seen, f.Question, f.Basis)
	case "snooze":
		key = "review.snoozed"
		if until := day(&bad, "snooze_until", f.Snooze); len(bad) == 0 {
			err = s.store.SnoozeGroup(ctx, by, f.First, f.Seen, until)
		}
	case "wake":
		key = "review.woken"
		err = s.store.WakeGroup(ctx, by, f.First, f.Seen)
	case "withdraw":
		key = "review.withdrawn"
		err = s.store.WithdrawGroup(ctx, by, f.First, f.Seen)
	default:
		return domain.Errorf(domain.Invalid, "error.form")
	}
	if problems, isForm := withProblems(bad, err); isForm {
		return s.deskPage(w, r, http.StatusUnprocessableEntity, q, f, problems, "")
	}
	if known, ok := asDomain(err); ok && known.Kind == domain.Conflict {
		return s.deskPage(w, r, http.StatusConflict, q, f, nil, i18n.TArgs(ctx, known.Key, known.Args))
	}
	if err != nil {
		return err
	}
	next := addQuery(workspacePath(by, "review"), queueQuery(q, f.Next))
	if key != "" {
		return s.seeOther(w, r, next, key)
	}
	return s.answered(w, r, next, a, done)
}

// undoReview takes back the last answer and opens its question again.
func (s *Server) undoReview(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.BatchID](r, "batch")
	if err != nil {
		return err
	}
	type form struct {
		Query string `form:"query"`
	}
	f, _, err := decode[form](r)
	if err != nil {
		return err
	}
	if _, err := url.ParseQuery(f.Query); err != nil {
		return domain.Errorf(domain.Invalid, "error.form")
	}
	undone, kept, err := s.store.UndoBatch(ctx, by, id)
	if err != nil {
		return err
	}
	first, err := s.store.FirstOfAnswer(ctx, by, id)
	if err != nil {
		return err
	}
	key := "batch.undone"
	if kept > 0 {
		key = "batch.undone_some"
	}
	return s.seeOther(w, r, addQuery(workspacePath(by, "review"), joinQuery(f.Query, queryOf("card", refValue(first)))), key, "n", undone, "kept", kept)
}

// releaseReview lets others know that the reviewer has left a question.
func (s *Server) releaseReview(w http.ResponseWriter, r *http.Request) error {
	type form struct {
		Question string `form:"question"`
	}
	f, _, err := decode[form](r)
	if err != nil {
		return err
	}
	if err := s.store.ReleaseQuestion(r.Context(), actor(r), f.Question); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

type threadsView struct {
	formView
	shell ui.Shell
	tabs  []ui.NavItem
	empty string
	list  []threadView
}

// threadView is a question of a DPO, with what was said about it.
type threadView struct {
	formView
	id       string
	action   string // where an answer goes; empty where the visitor may not answer
	subject  ui.Link
	purpose  ui.Link
	fields   []string
	why      string
	basis    string
	messages []threadMessage
	answer   string
}

type threadMessage struct{ who, when, text string }

const threadsShown = 50

// showThreads lists the questions of DPOs that wait for an answer: the visitor's own, or all.
func (s *Server) showThreads(w http.ResponseWriter, r *http.Request) error {
	return s.threadsPage(w, r, http.StatusOK, 0, "", nil)
}

func (s *Server) threadsPage(w http.ResponseWriter, r *http.Request, status int, typedOf domain.ThreadID, typed string, bad domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	all := r.URL.Query().Get("of") == "all"
	threads, err := s.store.AskedThreads(ctx, by, all || typedOf != 0, threadsShown)
	if err != nil {
		return err
	}
	path := workspacePath(by, "review", "questions")
	v := threadsView{formView: formView{ctx, "review", bad}, empty: i18n.T(ctx, "review.questions.empty"),
		tabs: []ui.NavItem{{Href: path, Text: i18n.T(ctx, "review.questions.mine"), Current: !all}, {Href: path + "?of=all", Text: i18n.T(ctx, "review.questions.all"), Current: all}}}
	for _, t := range threads {
		view := threadView{formView: formView{ctx: ctx, area: "review"}, id: itoa(t.ID), subject: ui.Link{Href: mappingPath(by, t.First), Text: i18n.T(ctx, "review.fields", "n", t.N)},
			purpose: ui.Link{Href: purposePath(by, t.Purpose), Text: t.PurposeName}, fields: t.Fields, why: t.Justification, messages: messagesOf(ctx, &t.ReviewThread)}
		if t.Basis != "" {
			view.basis = i18n.T(ctx, "review.basis", "basis", enumWord(ctx, "basis", t.Basis))
		}
		if by.Can(domain.ProposeMapping) {
			view.action = path + "/" + itoa(t.ID)
			if all {
				view.action += "?of=all"
			}
		}
		if t.ID == typedOf {
			view.problems, view.answer = bad, typed
		}
		v.list = append(v.list, view)
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "review.questions")); err != nil {
		return err
	}
	return s.render(w, r, status, reviewThreads(v))
}

func messagesOf(ctx context.Context, t *domain.ReviewThread) []threadMessage {
	if t == nil {
		return nil
	}
	out := make([]threadMessage, len(t.Messages))
	for i, m := range t.Messages {
		out[i] = threadMessage{actorWord(ctx, m.AuthorName), i18n.DateTimeText(ctx, m.At), m.Body}
	}
	return out
}

// answerThread answers a question of a DPO; its mappings return to the queue.
func (s *Server) answerThread(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.ThreadID](r, "thread")
	if err != nil {
		return err
	}
	type form struct {
		Body string `form:"body"`
	}
	f, bad, err := decode[form](r)
	if err != nil {
		return err
	}
	if len(bad) == 0 {
		err = s.store.AnswerThread(r.Context(), actor(r), id, f.Body)
	}
	if problems, isForm := withProblems(bad, err); isForm {
		return s.threadsPage(w, r, http.StatusUnprocessableEntity, id, f.Body, problems)
	}
	if err != nil {
		return err
	}
	next := workspacePath(actor(r), "review", "questions")
	if r.URL.Query().Get("of") == "all" {
		next += "?of=all"
	}
	return s.seeOther(w, r, next, "review.answered")
}
