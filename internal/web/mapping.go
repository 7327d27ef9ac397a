package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic mapping. mappings. review. check. article. approval. risk.

func (s *Server) mappingRoutes(r scope) {
	r.get("/mappings", domain.ReadWorkspace, s.listMappings)
	r.get("/mappings.{format}", domain.ReadWorkspace, s.exportRegister(domain.MappingRegister))
	r.post("/mappings/bulk", domain.ReviewMapping, s.answerMappings)
	r.get("/mappings/{mapping}", domain.ReadWorkspace, s.showMapping)
	r.post("/mappings/{mapping}", domain.ReviewMapping, s.answerMapping)
}

func mappingPath(by domain.Actor, id domain.MappingID) string {
	return workspacePath(by, "mappings", itoa(id))
}

var mappingList = registerSpec{
	register: domain.MappingRegister,
	path:     "mappings",
	show:     func(by domain.Actor, id int64) string { return mappingPath(by, domain.MappingID(id)) },
	tone: map[string]tone{"mapping": mappingTone, "verdict": verdictTone,
		"gdpr_class": func(code string) (ui.Kind, string) { return classTone(domain.GDPRClass(code)) }},
	bulk: []bulkAction{{name: "answer", icon: "gavel", action: domain.ReviewMapping}},
	extra: func(ctx context.Context, by domain.Actor) []ui.Link {
		return []ui.Link{{Href: workspacePath(by, "review"), Text: i18n.T(ctx, "review.title"), Icon: "gavel"}}
	},
}

func (s *Server) listMappings(w http.ResponseWriter, r *http.Request) error {
	return s.showRegister(w, r, mappingList)
}

// answerForm is an answer to one mapping, or to those that are ticked.
type answerForm struct {
	Version int    `form:"version"`
	Act     string `form:"act"` // approve or reject; answer asks for the page that has both
	Reason  string `form:"reason"`
	Until   string `form:"approved_until"`
}

// answer is what the form says; a day that is none is noted.
func (f answerForm) answer(p *domain.Problems) (store.Answer, error) {
	if f.Act != "approve" && f.Act != "reject" {
		return store.Answer{}, domain.Errorf(domain.Invalid, "error.form")
	}
	a := store.Answer{Approve: f.Act == "approve", Reason: f.Reason}
	if a.Approve {
		a.Until = day(p, "approved_until", f.Until)
	}
	return a, nil
}

// answered says what became of several mappings; where nothing could be answered, why is the whole answer.
func (s *Server) answered(w http.ResponseWriter, r *http.Request, path string, a store.Answer, done store.Answered) error {
	ctx := r.Context()
	keys := slices.Sorted(maps.Keys(done.Refused))
	if done.Done == 0 && len(keys) > 0 {
		return domain.Errorf(domain.Conflict, keys[0])
	}
	if len(keys) > 0 {
		left, reasons := int64(0), make([]string, len(keys))
		for i, key := range keys {
			left += done.Refused[key]
			reasons[i] = i18n.T(ctx, "mapping.left", "why", i18n.T(ctx, key), "n", done.Refused[key])
		}
		return s.seeOtherBatch(w, r, path, done.Batch, "mapping.some_left", "done", done.Done, "n", left, "why", strings.Join(reasons, " "))
	}
	key := "mapping.rejected"
	switch {
	case a.Approve:
		key = "mapping.approved"
	case a.Purpose != 0:
		key = "mapping.redirected"
	}
	return s.seeOtherBatch(w, r, path, done.Batch, key, "n", done.Done)
}

type mappingAnswerView struct {
	formView
	shell  ui.Shell
	title  string
	crumbs []ui.Link
	action string
	hidden []ui.Hidden
	reason string
	until  string
	acting string
	back   string
}

// answerMappings asks for an answer to the ticked mappings, then gives it.
func (s *Server) answerMappings(w http.ResponseWriter, r *http.Request) error {
	f, bad, err := decode[answerForm](r)
	if err != nil {
		return err
	}
	b, _, err := decode[bulkForm](r)
	if err != nil {
		return err
	}
	if b.undecided() {
		return s.takeAll(w, r, "mappings", b)
	}
	ids, err := s.selection(r, domain.MappingRegister, b)
	if err != nil {
		return err
	}
	if f.Act == "answer" {
		return s.askAnswer(w, r, http.StatusOK, len(ids), f, b, nil)
	}
	a, err := f.answer(&bad)
	if err != nil {
		return err
	}
	if strings.TrimSpace(f.Reason) == "" {
		bad.Add("reason", "mapping.unreasoned")
	}
	var done store.Answered
	if len(bad) == 0 {
		mappings := make([]domain.MappingID, len(ids))
		for i, id := range ids {
			mappings[i] = domain.MappingID(id)
		}
		done, err = s.store.ReviewMappings(r.Context(), actor(r), mappings, a)
	}
	if problems, isForm := withProblems(bad, err); isForm {
		return s.askAnswer(w, r, http.StatusUnprocessableEntity, len(ids), f, b, problems)
	}
	if err != nil {
		return err
	}
	return s.answered(w, r, addQuery(workspacePath(actor(r), "mappings"), b.Query), a, done)
}

func (s *Server) askAnswer(w http.ResponseWriter, r *http.Request, status, n int, f answerForm, b bulkForm, bad domain.Problems) (err error) {
	ctx, by := r.Context(), actor(r)
	list := workspacePath(by, "mappings")
	v := mappingAnswerView{formView: formView{ctx, "mapping", bad}, title: i18n.T(ctx, "mapping.answer_several", "n", n), action: list + "/bulk",
		reason: f.Reason, until: f.Until, back: addQuery(list, b.Query), hidden: []ui.Hidden{{Name: "scope", Value: b.Scope}, {Name: "query", Value: b.Query}}}
	if b.Scope != "all" {
		for _, id := range b.IDs {
			v.hidden = append(v.hidden, ui.Hidden{Name: "id", Value: strconv.FormatInt(id, 10)})
		}
	}
	if by.ActsAsDPO() {
		v.acting = i18n.T(ctx, "mapping.acting")
	}
	v.crumbs = []ui.Link{{Href: list, Text: i18n.T(ctx, "mappings.title")}, {Text: v.title}}
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, mappingAnswer(v))
}

type mappingShowView struct {
	formView
	shell           ui.Shell
	crumbs          []ui.Link
	title           string
	badge           mark
	notes           []purposeNote
	facts, answer   []ui.Fact
	checks          []checkView
	approvals       []approvalView
	until           string
	history         []ui.TimelineItem
	action          string // where an answer goes; empty where the visitor may not answer
	version         string
	approve, reject bool
	reason, acting  string
	blocked         string
}

func (s *Server) showMapping(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.MappingID](r, "mapping")
	if err != nil {
		return err
	}
	return s.mappingPage(w, r, http.StatusOK, id, answerForm{}, nil)
}

// mappingPage shows one mapping and asks for its answer, with what was typed of it.
func (s *Server) mappingPage(w http.ResponseWriter, r *http.Request, status int, id domain.MappingID, typed answerForm, bad domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	c, err := s.store.MappingByID(ctx, by, id)
	if err != nil {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	events, err := s.store.EventsOf(ctx, by, domain.SubjectField, int64(c.Field), 4*historyShown)
	if err != nil {
		return err
	}
	events = slices.DeleteFunc(events, func(e domain.Event) bool { return e.After["purpose"] != float64(c.Purpose) })
	kind, icon := mappingTone(string(c.State))
	v := mappingShowView{formView: formView{ctx, "mapping", bad}, reason: typed.Reason, until: typed.Until, version: strconv.Itoa(c.Version),
		title: i18n.T(ctx, "mapping.title", "field", c.FieldName, "purpose", c.PurposeName), badge: mark{kind, icon, enumWord(ctx, "mapping.state", string(c.State))},
		facts: mappingFacts(ctx, by, c), answer: decisionFacts(ctx, c), history: timeline(ctx, events, names),
		crumbs: []ui.Link{{Href: workspacePath(by, "mappings"), Text: i18n.T(ctx, "mappings.title")}, {Text: c.FieldName}}}
	v.notes, v.checks = mappingNotes(ctx, c), checkViews(ctx, c.Facts, names)
	approvals, err := s.store.ApprovalsOf(ctx, by, id)
	if err != nil {
		return err
	}
	v.approvals = approvalViews(ctx, approvals, c, names)
	if by.Can(domain.ReviewMapping) && c.State != domain.MappingRejected {
		v.action, v.approve, v.reject = mappingPath(by, id), c.State == domain.MappingProposed, true
		if by.ActsAsDPO() {
			v.acting = i18n.T(ctx, "mapping.acting")
		}
		if v.approve {
			if v.blocked, err = s.whyNotApprove(r, c); err != nil {
				return err
			}
		}
	}
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, mappingShow(v))
}

// whyNotApprove tries the approval on paper and says what stands in its way; nothing where it could be given.
func (s *Server) whyNotApprove(r *http.Request, c store.MappingCase) (string, error) {
	ctx, by := r.Context(), actor(r)
	other, err := s.store.OtherReviewer(ctx, by)
	if err != nil {
		return "", err
	}
	next, err := c.Approve(by, s.now(), "-", nil, domain.MappingGround{Facts: c.Facts, OtherReviewer: other})
	if known, ok := asDomain(err); ok {
		return i18n.TArgs(ctx, known.Key, known.Args), nil
	}
	if next.SelfApproved {
		return i18n.T(ctx, "mapping.self"), nil
	}
	return "", err
}

// reopenedText says why an approval no longer holds.
func reopenedText(ctx context.Context, because string) string {
	if key := "mapping.reopened." + because; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return i18n.T(ctx, "mapping.reopened", "what", i18n.Lower(columnWord(ctx, because)))
}

func mappingNotes(ctx context.Context, c store.MappingCase) []purposeNote {
	var notes []purposeNote
	if c.ReopenedBecause != "" {
		notes = append(notes, purposeNote{ui.Review, reopenedText(ctx, c.ReopenedBecause)})
	}
	if c.SelfApproved {
		notes = append(notes, purposeNote{ui.Warn, i18n.T(ctx, "mapping.self_approved")})
	}
	return notes
}

func mappingFacts(ctx context.Context, by domain.Actor, c store.MappingCase) []ui.Fact {
	class, verdict := classMark(ctx, c.Class), verdictMark(ctx, c.Verdict)
	who := c.Proposer
	if who == "" {
		who = i18n.T(ctx, "review.imported")
	}
	facts := []ui.Fact{
		{Term: i18n.T(ctx, "column.field"), Value: linkLines([]ui.Link{{Href: fieldPath(by, c.Field), Text: c.FieldName}}), Note: c.FieldLabel},
		{Term: i18n.T(ctx, "column.application"), Value: linkLines([]ui.Link{{Href: applicationPath(by, c.Application), Text: c.ApplicationName}}), Note: c.DatasetName},
		{Term: i18n.T(ctx, "column.category"), Text: c.Category, Value: ui.Badge(class.kind, class.icon, class.text)},
		{Term: i18n.T(ctx, "column.verdict"), Value: ui.Badge(verdict.kind, verdict.icon, verdict.text)},
		{Term: i18n.T(ctx, "column.purpose"), Value: linkLines([]ui.Link{{Href: purposePath(by, c.Purpose), Text: c.PurposeCode + " · " + c.PurposeName}})},
		{Term: i18n.T(ctx, "column.legal_basis"), Text: enumWord(ctx, "basis", c.LegalBasis)},
		{Term: i18n.T(ctx, "column.proposed_by"), Text: who, Note: i18n.DateTime(ctx, c.ProposedAt)},
	}
	return append(facts, ui.Fact{Term: i18n.T(ctx, "column.justification"), Text: c.Justification, Wide: true})
}

func classMark(ctx context.Context, c domain.GDPRClass) mark {
	kind, icon := classTone(c)
	return mark{kind, icon, i18n.T(ctx, "class."+string(c))}
}

func decisionFacts(ctx context.Context, c store.MappingCase) []ui.Fact {
	if c.DecidedAt == nil {
		return nil
	}
	return []ui.Fact{
		{Term: i18n.T(ctx, "column.decided_by"), Text: c.Decider, Note: i18n.DateTime(ctx, *c.DecidedAt)},
		{Term: i18n.T(ctx, "column.reason"), Text: c.Reason, Wide: true},
	}
}

func (s *Server) answerMapping(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.MappingID](r, "mapping")
	if err != nil {
		return err
	}
	if _, err := s.store.MappingByID(r.Context(), by, id); err != nil { // what is not there is said before what was typed
		return err
	}
	f, bad, err := decode[answerForm](r)
	if err != nil {
		return err
	}
	if _, err := s.store.MappingByID(r.Context(), by, id); err != nil {
		return err
	}
	a, err := f.answer(&bad)
	if err != nil {
		return err
	}
	var done store.Answered
	if len(bad) == 0 {
		done, err = s.store.ReviewMapping(r.Context(), by, id, f.Version, a)
	}
	if problems, isForm := withProblems(bad, err); isForm {
		return s.mappingPage(w, r, http.StatusUnprocessableEntity, id, f, problems)
	}
	if err != nil {
		return err
	}
	return s.answered(w, r, mappingPath(by, id), a, done)
}
