package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic history.

func (s *Server) historyRoutes(r scope) {
	r.get("/history", domain.ReadWorkspace, s.showHistory)
}

// subjectPaths are where the records of the history are, by the kind of subject; the others have no page of their own.
var subjectPaths = map[string]string{
	domain.SubjectTeam: "teams", domain.SubjectApplication: "applications", domain.SubjectDataset: "datasets", domain.SubjectField: "fields",
	domain.SubjectCategory: "categories", domain.SubjectCollectionPoint: "collection-points", domain.SubjectPurpose: "purposes",
	domain.SubjectObjective: "objectives", domain.SubjectStage: "stages", domain.SubjectProgram: "programs", domain.SubjectScenario: "scenarios", domain.SubjectSegment: "segments", domain.SubjectTarget: "targets", domain.SubjectJourney: "journeys", domain.SubjectFlow: "flows",
	domain.SubjectImport: "imports", domain.SubjectRetentionRule: "retention",
}

// historyKinds are the kinds of subjects, in the order in which the filter offers them.
var historyKinds = []string{
	domain.SubjectField, domain.SubjectDataset, domain.SubjectApplication, domain.SubjectFlow, domain.SubjectCategory,
	domain.SubjectCollectionPoint, domain.SubjectProgram, domain.SubjectScenario, domain.SubjectSegment, domain.SubjectJourney, domain.SubjectTarget, domain.SubjectTargetVersion, domain.SubjectPurpose, domain.SubjectRetentionRule, domain.SubjectObjective, domain.SubjectStage,
	domain.SubjectImport, domain.SubjectView, domain.SubjectTeam, domain.SubjectMember, domain.SubjectInvitation, domain.SubjectWorkspace,
}

const historyPageSize = 50

type historyView struct {
	formView
	shell         ui.Shell
	action        string
	kind, actor   string
	from, to      string
	kinds, actors []ui.Option
	items         []ui.TimelineItem
	newest, older string // pages; empty where there is none
	filtered      bool
}

// historyAsked is what the address of the page asks for. A day that is none is told and left out.
func historyAsked(values url.Values) (store.HistoryQuery, domain.Problems) {
	var q store.HistoryQuery
	var p domain.Problems
	if kind := values.Get("kind"); slices.Contains(historyKinds, kind) {
		q.Kind = kind
	}
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(values.Get(name), 10, 64) // anything else is no place in the history
		return max(n, 0)
	}
	q.Actor, q.Before = domain.UserID(number("actor")), domain.EventID(number("before"))
	if shown := number("shown"); shown != 0 {
		q.Shown = []domain.BatchID{domain.BatchID(shown)}
	}
	q.From, q.To = day(&p, "from", values.Get("from")), day(&p, "to", values.Get("to"))
	if len(p) == 0 {
		p.Order("to", q.From, q.To)
	}
	return q, p
}

func (s *Server) showHistory(w http.ResponseWriter, r *http.Request) error {
	ctx, by, values := r.Context(), actor(r), r.URL.Query()
	q, problems := historyAsked(values)

	page, err := s.store.History(ctx, by, q, historyPageSize)
	if err != nil {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	members, err := s.store.MemberOptions(ctx, by)
	if err != nil {
		return err
	}

	v := historyView{formView: formView{ctx, "history", problems}, action: workspacePath(by, "history"), kind: q.Kind, actor: refValue(q.Actor),
		from: values.Get("from"), to: values.Get("to"), actors: refOptions(members), filtered: q.Kind != "" || q.Actor != 0 || q.From != nil || q.To != nil}
	v.kinds = enumOptions(ctx, "history.kind", historyKinds)
	for _, e := range page.Events {
		v.items = append(v.items, historyItem(ctx, by, e, page.Acts, names))
	}
	here := url.Values{}
	for _, name := range []string{"kind", "actor", "from", "to"} {
		if value := values.Get(name); value != "" {
			here.Set(name, value)
		}
	}
	if q.Before != 0 {
		v.newest = addQuery(v.action, here.Encode())
	}
	if page.Next != nil {
		here.Set("before", itoa(page.Next.Before))
		if len(page.Next.Shown) > 0 {
			here.Set("shown", itoa(page.Next.Shown[0]))
		}
		v.older = addQuery(v.action, here.Encode())
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "nav.history")); err != nil {
		return err
	}
	return s.ok(w, r, historyPage(v))
}

// historyItem is an event with the way to its record, or to the act on many records that it is part of.
func historyItem(ctx context.Context, by domain.Actor, e domain.Event, acts map[domain.BatchID]int64, names store.Names) ui.TimelineItem {
	item := eventView(ctx, e, names)
	if n := acts[e.Batch]; e.Batch != 0 && n > 1 {
		item.Link = &ui.Link{Href: workspacePath(by, "batches", itoa(e.Batch)), Text: i18n.T(ctx, "history.act", "n", n)}
		return item
	}
	if path := subjectPaths[e.Subject.Kind]; path != "" && e.Verb != e.Subject.Kind+".removed" {
		item.Link = &ui.Link{Href: workspacePath(by, path, strconv.FormatInt(e.Subject.ID, 10)),
			Text: i18n.T(ctx, "history.subject", "kind", enumWord(ctx, "history.kind", e.Subject.Kind), "name", e.Subject.Name)}
	}
	return item
}

// dayTyped is a day of the address as the filter shows it again.
func dayTyped(text string) string {
	if t, ok := parseDay(text); ok && t != nil {
		return t.Format("02/01/2006")
	}
	return text
}

// day is the control of a day of the filter.
func (v historyView) day(name string) ui.Field {
	f := v.field(name)
	f.Label = i18n.T(v.ctx, "history."+name)
	f.Hint = i18n.T(v.ctx, "ui.date.hint")
	return f
}
