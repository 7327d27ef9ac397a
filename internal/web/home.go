package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic home.

func (s *Server) homeRoutes(r scope) {
	r.get("/", domain.ReadWorkspace, s.showHome)
	r.get("/coverage", domain.ReadWorkspace, s.showCoverage)
}

// stacked is the order of verdicts in bars: what is fine, what is asked, what must go, what is out of scope.
var stacked = []domain.Verdict{domain.VerdictKeep, domain.VerdictUnclassified, domain.VerdictRegularise, domain.VerdictDormant,
	domain.VerdictDelete, domain.VerdictExempt}

// Shown on the front page at most.
const (
	homeApplications = 8
	homeFlags        = 6
	homeEvents       = 8
	weekDays         = 7
)

type homeView struct {
	shell        ui.Shell
	title        string
	headline     string
	lead         string
	example      bool
	square       ui.SquareSpec
	beside       []ui.FigureSpec
	applications []ui.BarSpec
	more         *ui.Link
	flags        []homeFlag
	since        string
	changes      []homeChange
	events       []ui.TimelineItem
	waiting      []ui.FigureSpec
	steps        []ui.Step
	asTable      string // address of the same figures as a table
	empty        bool
	importHref   string
}

type homeFlag struct {
	text, count, href string
	share             int
}

// homeChange is how a verdict's count moved.
type homeChange struct {
	kind             ui.Kind
	icon, word       string
	now, was, change string
	href             string
}

func (s *Server) showHome(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	var data homeData
	if err := s.store.CountHeld(ctx, by); err != nil {
		return err
	}
	err := s.store.Read(ctx, by, func(st *store.Store) error { return data.read(ctx, by, st, s.now()) })
	if err != nil {
		return err
	}

	o := data.overview
	v := homeView{title: visitOf(r).Workspace.Name, example: visitOf(r).Workspace.IsExample, empty: o.Fields == 0,
		square: squareView(ctx, by, o), beside: besideView(ctx, by, o), flags: flagViews(ctx, by, o),
		waiting: slices.Concat(votesView(ctx, by, data.votes), blockedView(ctx, by, data.plan), waitingView(ctx, by, o, data.waiting)), asTable: workspacePath(by, "coverage")}
	v.headline, v.lead = headline(ctx, o)
	v.applications, v.more = applicationBars(ctx, by, o, data.names)
	v.changes, v.since = changeViews(ctx, by, o, data.days, s.now())
	v.events = timeline(ctx, data.events, data.names)
	for i := range v.events { // what was done is enough here; the record's page has the values
		v.events[i].Changes = nil
	}
	if by.Can(domain.EditInventory) {
		v.importHref = workspacePath(by, "imports", "new")
	}
	v.steps = stepViews(ctx, by, data.beginnings)
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "nav.home")); err != nil {
		return err
	}
	return s.ok(w, r, homePage(v))
}

// homeData is what the front page reads.
type homeData struct {
	overview   domain.Overview
	names      store.Names
	days       []domain.DayCount
	events     []domain.Event
	waiting    store.Waiting
	votes      []store.VotesAwaited
	plan       store.PlanStanding
	beginnings store.Beginnings
}

func (d *homeData) read(ctx context.Context, by domain.Actor, st *store.Store, now time.Time) (err error) {
	if d.overview, err = st.Overview(ctx, by); err != nil {
		return err
	}
	if d.names, err = st.Names(ctx, by); err != nil {
		return err
	}
	if d.days, err = st.Days(ctx, by, now.AddDate(0, 0, -60)); err != nil {
		return err
	}
	if d.events, err = st.Lately(ctx, by, now.AddDate(0, 0, -weekDays), homeEvents); err != nil {
		return err
	}
	if d.waiting, err = st.Waiting(ctx, by); err != nil {
		return err
	}
	if d.votes, err = st.AwaitedVotes(ctx, by); err != nil {
		return err
	}
	if d.plan, err = st.PlanStanding(ctx, by); err != nil {
		return err
	}
	d.beginnings, err = st.Beginnings(ctx, by)
	return err
}

// fieldsPath is the list of fields under a filter.
func fieldsPath(by domain.Actor, query string) string {
	return addQuery(workspacePath(by, "fields"), query)
}

// headline says in one sentence what the figures mean.
func headline(ctx context.Context, o domain.Overview) (title, lead string) {
	switch {
	case o.Fields == 0:
		return i18n.T(ctx, "home.headline.empty"), i18n.T(ctx, "home.lead.empty")
	case o.Personal == 0:
		return i18n.T(ctx, "home.headline.unclassified", "n", o.Verdicts[domain.VerdictUnclassified]), i18n.T(ctx, "home.lead.unclassified")
	case o.Unused == 0:
		return i18n.T(ctx, "home.headline.clean", "n", o.Personal), i18n.T(ctx, "home.lead.clean")
	}
	return i18n.T(ctx, "home.headline.unused", "n", o.Unused, "of", o.Personal),
		i18n.T(ctx, "home.lead.unused", "share", i18n.Percent(ctx, share(o.Unused, o.Personal)), "decided", o.Decided)
}

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// squareView crosses the two questions that are asked of personal data.
func squareView(ctx context.Context, by domain.Actor, o domain.Overview) ui.SquareSpec {
	cell := func(v domain.Verdict) ui.SquareCell {
		kind, icon := verdictTone(string(v))
		part := share(o.Verdicts[v], o.Personal)
		return ui.SquareCell{Kind: kind, Icon: icon, Text: i18n.T(ctx, "verdict."+string(v)), Count: i18n.Number(ctx, o.Verdicts[v]),
			Share: i18n.Percent(ctx, part), Percent: int(part*100 + 0.5), Href: fieldsPath(by, "verdict="+string(v))}
	}
	return ui.SquareSpec{Caption: i18n.T(ctx, "home.square"),
		Columns: [2]string{i18n.T(ctx, "home.used"), i18n.T(ctx, "home.not_used")},
		Rows:    [2]string{i18n.T(ctx, "home.lawful"), i18n.T(ctx, "home.not_lawful")},
		Cells: [2][2]ui.SquareCell{
			{cell(domain.VerdictKeep), cell(domain.VerdictDormant)},
			{cell(domain.VerdictRegularise), cell(domain.VerdictDelete)},
		}}
}

// besideView are the figures beside the square.
func besideView(ctx context.Context, by domain.Actor, o domain.Overview) []ui.FigureSpec {
	figure := func(v domain.Verdict) ui.FigureSpec {
		kind, icon := verdictTone(string(v))
		return ui.FigureSpec{Count: i18n.Number(ctx, o.Verdicts[v]), Text: i18n.T(ctx, "verdict."+string(v)), Kind: kind, Icon: icon,
			Href: fieldsPath(by, "verdict="+string(v)), Note: i18n.T(ctx, "home.note."+string(v))}
	}
	return []ui.FigureSpec{figure(domain.VerdictUnclassified), figure(domain.VerdictExempt),
		{Count: i18n.Percent(ctx, share(o.Measured, o.Personal)), Text: i18n.T(ctx, "home.measured"), Kind: ui.Info, Icon: "activity",
			Note: i18n.T(ctx, "home.note.measured"), Href: fieldsPath(by, measuredQuery())}}
}

// measuredQuery lists the personal fields whose reads were measured, as the overview counts them.
func measuredQuery() string {
	grades := slices.DeleteFunc(slices.Clone(domain.GradeCodes), func(code string) bool { return code == domain.GradeNotMeasured.Code() })
	verdicts := slices.DeleteFunc(slices.Clone(domain.Verdicts), func(v string) bool {
		return v == string(domain.VerdictExempt) || v == string(domain.VerdictUnclassified)
	})
	return "evidence=" + strings.Join(grades, ",") + "&verdict=" + strings.Join(verdicts, ",")
}

// segments are the parts of an application's bar.
func segments(ctx context.Context, counts map[domain.Verdict]int64, query string, by domain.Actor) []ui.Segment {
	var out []ui.Segment
	for _, v := range stacked {
		if n := counts[v]; n > 0 {
			kind, icon := verdictTone(string(v))
			href := "verdict=" + string(v)
			if query != "" {
				href = query + "&" + href
			}
			out = append(out, ui.Segment{Kind: kind, Icon: icon, Value: int(n), Count: i18n.Number(ctx, n), Text: i18n.T(ctx, "verdict."+string(v)), Href: fieldsPath(by, href)})
		}
	}
	return out
}

func applicationBars(ctx context.Context, by domain.Actor, o domain.Overview, names store.Names) (bars []ui.BarSpec, more *ui.Link) {
	for i, a := range o.Applications {
		if i == homeApplications {
			more = &ui.Link{Href: workspacePath(by, "coverage"), Text: i18n.T(ctx, "home.more_applications", "n", len(o.Applications)-i)}
			break
		}
		query := "application=" + itoa(a.ID)
		bars = append(bars, ui.BarSpec{Title: names.Application(a.ID), Href: applicationPath(by, a.ID),
			Note: i18n.T(ctx, "home.gap", "n", a.Gap(), "of", a.Fields), Segments: segments(ctx, a.Verdicts, query, by)})
	}
	return bars, more
}

func flagViews(ctx context.Context, by domain.Actor, o domain.Overview) []homeFlag {
	var out []homeFlag
	for _, code := range o.WorstFlags(homeFlags) {
		n := o.Flags[code]
		out = append(out, homeFlag{text: i18n.T(ctx, "flag."+code), count: i18n.Number(ctx, n), href: fieldsPath(by, "flag="+code),
			share: int(share(n, o.Fields)*100 + 0.5)})
	}
	return out
}

// changeViews compares today with a week ago, or with the first day that is known.
func changeViews(ctx context.Context, by domain.Actor, o domain.Overview, days []domain.DayCount, now time.Time) ([]homeChange, string) {
	then, ok := domain.Since(days, now.UTC(), weekDays)
	if !ok {
		return nil, ""
	}
	var out []homeChange
	for _, v := range stacked {
		was, is := then.Verdicts[v], o.Verdicts[v]
		if was == 0 && is == 0 {
			continue
		}
		kind, icon := verdictTone(string(v))
		c := homeChange{kind: kind, icon: icon, word: i18n.T(ctx, "verdict."+string(v)), now: i18n.Number(ctx, is), was: i18n.Number(ctx, was),
			href: fieldsPath(by, "verdict="+string(v)), change: "="}
		switch {
		case is > was:
			c.change = "+" + i18n.Number(ctx, is-was)
		case is < was:
			c.change = "−" + i18n.Number(ctx, was-is)
		}
		out = append(out, c)
	}
	return out, i18n.DayText(ctx, then.Day)
}

// votesView reminds the visitor of the workshops that wait for their votes.
func votesView(ctx context.Context, by domain.Actor, list []store.VotesAwaited) (out []ui.FigureSpec) {
	for _, v := range list {
		f := ui.FigureSpec{Count: i18n.Number(ctx, v.N), Text: i18n.T(ctx, "home.votes", "n", v.N) + " · " + v.Name, Kind: ui.Info, Icon: "presentation-analytics",
			Href: workshopPath(by, v.ID, "join")}
		if v.ClosesOn != nil {
			f.Text = i18n.T(ctx, "home.votes", "n", v.N) + " · " + i18n.T(ctx, "home.votes.until", "name", v.Name, "day", i18n.DayText(ctx, *v.ClosesOn))
		}
		out = append(out, f)
	}
	return out
}

// blockedView says to whoever leads the plan how many programs cannot run, and how many can.
func blockedView(ctx context.Context, by domain.Actor, p store.PlanStanding) []ui.FigureSpec {
	if p.Blocked == 0 || !by.Can(domain.EditPlan) {
		return nil
	}
	going := slices.DeleteFunc(slices.Clone(domain.ProgramStatuses), func(status string) bool { return status == string(domain.ProgramEnded) })
	return []ui.FigureSpec{{Count: i18n.Number(ctx, p.Blocked), Kind: ui.Warn, Icon: "alert-triangle",
		Href: workspacePath(by, "programs") + "?readiness=blocked&status=" + strings.Join(going, ","),
		Text: i18n.T(ctx, "home.waiting.blocked", "n", p.Blocked) + " · " + i18n.T(ctx, "home.waiting.ready", "n", p.Ready)}}
}

// waitingView is what the visitor can do now, by what their role lets them do; nothing that is empty.
func waitingView(ctx context.Context, by domain.Actor, o domain.Overview, w store.Waiting) []ui.FigureSpec {
	var out []ui.FigureSpec
	add := func(action domain.Action, n int64, key string, kind ui.Kind, icon, href string) {
		if n > 0 && by.Can(action) {
			out = append(out, ui.FigureSpec{Count: i18n.Number(ctx, n), Text: i18n.T(ctx, "home.waiting."+key, "n", n), Kind: kind, Icon: icon, Href: href})
		}
	}
	add(domain.ReviewMapping, w.Mappings, "mappings", ui.Review, "gavel", workspacePath(by, "review"))
	add(domain.ReviewMapping, o.ToDPO, "to_dpo", ui.Review, "send", fieldsPath(by, "decision=to_dpo"))
	add(domain.Decide, w.Mine, "mine", ui.Danger, "trash", fieldsPath(by, "owner="+itoa(by.User)+"&verdict=dormant,delete"))
	add(domain.ProposeMapping, w.Questions, "questions", ui.Review, "message-2", workspacePath(by, "review", "questions"))
	add(domain.ProposeMapping, w.Rejected, "rejected", ui.Warn, "x", workspacePath(by, "mappings")+"?mapping=rejected")
	add(domain.EditInventory, o.Verdicts[domain.VerdictUnclassified], "unclassified", ui.Info, "circle-dashed", fieldsPath(by, "verdict=unclassified"))
	add(domain.EditInventory, w.Suggested, "suggestions", ui.Info, "tag", workspacePath(by, "suggestions"))
	add(domain.EditPlan, o.Flags["undeclared_use"], "undeclared", ui.Warn, "eye", fieldsPath(by, "flag=undeclared_use"))
	add(domain.ReadWorkspace, o.Flags["sensitive_ungrounded"], "sensitive", ui.Sens, "shield-lock", fieldsPath(by, "flag=sensitive_ungrounded"))
	add(domain.Decide, w.Ending, "ending", ui.Warn, "calendar", fieldsPath(by, "decision=keep_until"))
	add(domain.ManageMembers, w.Invitations, "invitations", ui.Info, "user-plus", workspacePath(by, "members"))
	return out
}

// stepViews are the first steps, until all are taken.
func stepViews(ctx context.Context, by domain.Actor, b store.Beginnings) []ui.Step {
	if b.Fields && b.Classified && b.Linked && b.Mapped && b.Decided || !by.Can(domain.EditInventory) {
		return nil
	}
	steps := []struct {
		key, href string
		done      bool
	}{
		{"import", workspacePath(by, "imports", "new"), b.Fields},
		{"classify", fieldsPath(by, "verdict=unclassified"), b.Classified},
		{"link", workspacePath(by, "matrix"), b.Linked},
		{"map", workspacePath(by, "purposes"), b.Mapped},
		{"decide", workspacePath(by, "unused"), b.Decided},
	}
	var out []ui.Step
	current := true
	for _, s := range steps {
		step := ui.Step{Text: i18n.T(ctx, "home.step."+s.key), Note: i18n.T(ctx, "home.step."+s.key+".note"), State: ui.StepTodo, Href: s.href}
		switch {
		case s.done:
			step.State = ui.StepDone
		case current:
			step.State, current = ui.StepCurrent, false
		}
		out = append(out, step)
	}
	return out
}

// coverageRow is one application in the table of coverage.
type coverageRow struct {
	name, href string
	cells      []coverageCell
	total      string
	useful     string
	measured   string
}

type coverageCell struct{ text, href string }

type coverageView struct {
	shell ui.Shell
	heads []ui.HeaderSpec
	rows  []coverageRow
	total coverageRow
	trend []trendView
}

// trendView is one small chart: a verdict's count by day.
type trendView struct {
	kind       ui.Kind
	icon, word string
	bars       []trendBar
	first      string
	last       string
	text       string // the same for a screen reader
}

type trendBar struct{ x, y, height string }

func (s *Server) showCoverage(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	o, err := s.store.Overview(ctx, by)
	if err != nil {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	days, err := s.store.Days(ctx, by, s.now().AddDate(0, 0, -84))
	if err != nil {
		return err
	}

	v := coverageView{heads: coverageHeads(ctx), trend: trends(ctx, o, days, s.now())}
	for _, a := range o.Applications {
		v.rows = append(v.rows, coverageLine(ctx, by, names.Application(a.ID), applicationPath(by, a.ID), "application="+itoa(a.ID), a))
	}
	v.total = coverageLine(ctx, by, i18n.T(ctx, "home.total"), "", "", domain.ApplicationCount{Fields: o.Fields, Verdicts: o.Verdicts, Measured: o.Measured})
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "nav.coverage")); err != nil {
		return err
	}
	return s.ok(w, r, coveragePage(v))
}

func coverageHeads(ctx context.Context) []ui.HeaderSpec {
	heads := []ui.HeaderSpec{{Text: i18n.T(ctx, "column.application"), Class: "c-field"}, {Text: i18n.T(ctx, "column.fields"), Class: "c-num"}}
	for _, v := range stacked {
		heads = append(heads, ui.HeaderSpec{Text: i18n.T(ctx, "verdict."+string(v)), Class: "c-num"})
	}
	return append(heads, ui.HeaderSpec{Text: i18n.T(ctx, "home.useful_share"), Class: "c-num"}, ui.HeaderSpec{Text: i18n.T(ctx, "home.measured_share"), Class: "c-num"})
}

func coverageLine(ctx context.Context, by domain.Actor, name, href, query string, a domain.ApplicationCount) coverageRow {
	row := coverageRow{name: name, href: href, total: i18n.Number(ctx, a.Fields)}
	personal := a.Fields - a.Verdicts[domain.VerdictExempt] - a.Verdicts[domain.VerdictUnclassified]
	row.useful = i18n.Percent(ctx, share(a.Verdicts[domain.VerdictKeep], personal))
	row.measured = i18n.Percent(ctx, share(a.Measured, personal))
	for _, v := range stacked {
		q := "verdict=" + string(v)
		if query != "" {
			q = query + "&" + q
		}
		cell := coverageCell{text: i18n.Number(ctx, a.Verdicts[v])}
		if a.Verdicts[v] > 0 {
			cell.href = fieldsPath(by, q)
		}
		row.cells = append(row.cells, cell)
	}
	return row
}
