package web

import (
	"net/http"
	"strconv"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// targetDetail is what only some actions of a target ask for, in any form that decides one.
type targetDetail struct {
	formView
	cause, how, instead string
	categories          []ui.Option
}

// targetPlace is where, in which words and with which consent data is collected.
type targetPlace struct {
	formView
	class                   string // of what shows it under one action only; empty where the form is about nothing else
	point, wording, consent string
	points, consents        []ui.Option
}

// hidden is the class of a part, which shows what is typed in it.
func (v targetPlace) hidden(name, value string) string {
	if v.class == "" {
		return ""
	}
	return v.class + " " + v.kept(name, value)
}

// bulkTargetActions are the actions that fields can be given: what is held is not to be collected.
func bulkTargetActions() []string {
	var out []string
	for _, a := range domain.TargetActions {
		if a != string(domain.TargetCollect) {
			out = append(out, a)
		}
	}
	return out
}

// needsShown is how many needs the page of a collection lists.
const needsShown = 50

type collectNeedsView struct {
	formView
	shell    ui.Shell
	crumbs   []ui.Link
	title    string
	lead     string
	action   string
	back     string
	hidden   []ui.Hidden
	form     targetForm
	place    targetPlace
	everyone []ui.Option
	needs    []store.NeedToCollect
	rest     int
}

// collectNeeds asks where and when the data of ticked needs is to be collected, then says so of each.
func (s *Server) collectNeeds(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	f, bad, err := decode[targetForm](r)
	if err != nil {
		return err
	}
	b, _, err := decode[bulkForm](r)
	if err != nil {
		return err
	}
	if b.undecided() {
		return s.takeAll(w, r, "requirements", b)
	}
	rows, err := s.selection(r, domain.RequirementRegister, b)
	if err != nil {
		return err
	}
	if b.Act == string(domain.BulkNeeds) {
		return s.askCollect(w, r, http.StatusOK, rows, targetForm{}, b, nil)
	}
	if b.Act != "apply" {
		return domain.Errorf(domain.Invalid, "error.form")
	}
	f.Action, f.Progress = domain.TargetCollect, domain.TargetProgresses[0]
	// Every need is checked alike, whichever it is.
	t, err := s.applyTarget(f)(domain.Target{Category: 1, Source: "bulk"})
	var batch domain.BatchID
	var n int64
	if err == nil && len(bad) == 0 {
		batch, n, err = s.store.CollectNeeds(r.Context(), by, rows, t)
	}
	if problems, isForm := withProblems(bad, err); isForm {
		return s.askCollect(w, r, http.StatusUnprocessableEntity, rows, f, b, problems)
	}
	if err != nil {
		return err
	}
	back := addQuery(workspacePath(by, "requirements"), b.Query)
	if batch == 0 {
		return s.seeOther(w, r, back, "bulk.nothing_to_do")
	}
	return s.seeOtherBatch(w, r, back, batch, "bulk.done.collect_needs", "n", n)
}

func (s *Server) askCollect(w http.ResponseWriter, r *http.Request, status int, rows []int64, f targetForm, b bulkForm, bad domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	list := workspacePath(by, "requirements")
	v := collectNeedsView{formView: formView{ctx, "target", bad}, action: list + "/bulk", back: addQuery(list, b.Query), form: f,
		hidden: []ui.Hidden{{Name: "scope", Value: b.Scope}, {Name: "query", Value: b.Query}}}
	if b.Scope != "all" {
		for _, id := range b.IDs {
			v.hidden = append(v.hidden, ui.Hidden{Name: "id", Value: strconv.FormatInt(id, 10)})
		}
	}
	v.place = targetPlace{formView: v.formView, point: refValue(f.Point), wording: f.Wording, consent: refValue(f.Consent)}
	err := s.store.Read(ctx, by, func(st *store.Store) (err error) {
		if v.needs, err = st.NeedsToCollect(ctx, by, rows); err != nil {
			return err
		}
		return readChoices(ctx, by, formChoice{&v.place.points, st.CollectionPointOptions, "", ""},
			formChoice{&v.place.consents, st.ConsentOptions, "", ""}, formChoice{&v.everyone, st.MemberOptions, "", ""})
	})
	if err != nil {
		return err
	}
	v.title = i18n.T(ctx, "bulk.title.collect_needs", "n", len(v.needs))
	if left := len(rows) - len(v.needs); left > 0 {
		v.lead = i18n.T(ctx, "bulk.left.collect_needs", "n", left)
	}
	if v.rest = len(v.needs) - needsShown; v.rest > 0 {
		v.needs = v.needs[:needsShown]
	}
	v.crumbs = []ui.Link{{Href: list, Text: i18n.T(ctx, "requirements.title")}, {Text: v.title}}
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, collectNeedsPage(v))
}
