package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

func (s *Server) batchRoutes(r scope) {
	r.get("/batches", domain.ReadWorkspace, s.listBatches)
	r.get("/batches/{batch}", domain.ReadWorkspace, s.showBatch)
	// Everybody has Decide who may do any act that can be undone; undoing then asks for what the act itself asked for.
	r.post("/batches/{batch}/undo", domain.Decide, s.undoBatch)
	r.post("/batches/{batch}/cancel", domain.Decide, s.cancelBatch)
	r.get("/work", domain.ReadWorkspace, s.showWork)
}

func batchPath(by domain.Actor, id domain.BatchID, parts ...string) string {
	return workspacePath(by, append([]string{"batches", itoa(id)}, parts...)...)
}

// batchesShown and batchChangesShown are how much one page lists.
const (
	batchesShown      = 50
	batchChangesShown = 100
)

// batchLine is a batch as the list and its page show it.
type batchLine struct {
	href, title, icon string
	facts             []ui.Fact
	summary           string
	who, when, iso    string
	count             string
	undone            string // says by whom and when; empty where it was not
	undo              string // where undoing is asked for; empty where it cannot be
	cancel            string // where giving up is asked for; empty where nothing is under way
	badges            []templ.Component
}

type batchListView struct {
	shell ui.Shell
	lines []batchLine
	next  string
}

// batchCounts are the messages that count what an act changed, where it is not fields.
var batchCounts = map[domain.BulkAct]string{domain.BulkMatrix: "batch.cells", domain.BulkNeeds: "targets.count", domain.BulkRecord: "record_import.count",
	domain.BulkAttach: "batch.records", domain.BulkWorkshop: "batch.effects"}

func (s *Server) batchLine(ctx context.Context, by domain.Actor, b domain.Batch, names store.Names) batchLine {
	l := batchLine{href: batchPath(by, b.ID), title: i18n.T(ctx, "batch.kind."+string(b.Kind)), icon: bulkIcons[b.Kind], who: b.ActorName,
		when: i18n.DateTime(ctx, b.CreatedAt), iso: b.CreatedAt.Format(time.RFC3339), count: i18n.T(ctx, "fields.count", "n", b.Changed)}
	l.facts = bulkFacts(ctx, b.Label, names)
	if len(l.facts) > 0 {
		l.summary = l.facts[0].Text
	}
	if b.State != domain.BatchApplied && b.State != domain.BatchUndoing {
		l.count = ""
	}
	if key := batchCounts[b.Kind]; key != "" && l.count != "" {
		l.count = i18n.T(ctx, key, "n", b.Changed)
	}
	if b.Import != 0 {
		l.href = importPath(by, b.Import)
	}
	if l.who == "" {
		l.who = i18n.T(ctx, "batch.nobody")
	}
	l.badges = batchBadges(ctx, b)
	switch {
	case b.State.Working():
		if by.Can(b.Kind.Action()) {
			l.cancel = batchPath(by, b.ID, "cancel")
		}
	case b.UndoneAt != nil:
		l.undone = i18n.T(ctx, "batch.undone_by", "name", b.UndoneByName, "day", i18n.DateTime(ctx, *b.UndoneAt))
	case b.CheckUndo(s.now()) == nil && by.Can(b.Kind.Action()):
		l.undo = batchPath(by, b.ID, "undo")
	}
	return l
}

// batchBadges say of a batch what is not usual: that it is under way, undone, or came to nothing.
func batchBadges(ctx context.Context, b domain.Batch) []templ.Component {
	switch b.State {
	case domain.BatchApplying, domain.BatchUndoing:
		return []templ.Component{ui.Badge(ui.Info, "clock", i18n.T(ctx, "batch.state."+string(b.State), "n", b.Percent()))}
	case domain.BatchCancelled:
		return []templ.Component{ui.Badge(ui.Neutral, "circle-x", i18n.T(ctx, "batch.state.cancelled"))}
	case domain.BatchFailed:
		return []templ.Component{ui.Badge(ui.Danger, "alert-triangle", i18n.T(ctx, "batch.state.failed"))}
	case domain.BatchApplied:
		if b.UndoneAt != nil {
			return []templ.Component{ui.Badge(ui.Neutral, "arrow-back-up", i18n.T(ctx, "batch.state.undone"))}
		}
	}
	return nil
}

// listBatches is the recent activity of the workspace: what was done to many records at once, which can be undone.
func (s *Server) listBatches(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	list, err := s.store.Batches(ctx, by, domain.BatchID(before), batchesShown+1)
	if err != nil {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	var v batchListView
	if len(list) > batchesShown {
		list = list[:batchesShown]
		v.next = workspacePath(by, "batches") + "?before=" + itoa(list[batchesShown-1].ID)
	}
	for _, b := range list {
		v.lines = append(v.lines, s.batchLine(ctx, by, b, names))
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "batches.title")); err != nil {
		return err
	}
	return s.ok(w, r, batchListPage(v))
}

type batchView struct {
	shell     ui.Shell
	crumbs    []ui.Link
	line      batchLine
	refused   string
	kept      string // says how many changes stayed when it was undone
	changes   []batchChange
	technical bool // what was changed has technical names
	next      string
	path      string
	what      string // heading of what is done, or was asked for
	back      string // the list that the person came from; empty where that is not known
	problem   string // why the last work on it came to nothing
	// progress is there while work is under way.
	progress *ui.ProgressSpec
}

// batchChange is one change of a batch.
type batchChange struct {
	href, name string
	changes    []ui.Change
	kept       bool
}

func (s *Server) showBatch(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.BatchID](r, "batch")
	if err != nil {
		return err
	}
	b, err := s.store.BatchByID(ctx, by, id)
	if err != nil {
		return err
	}
	if b.Import != 0 {
		http.Redirect(w, r, importPath(by, b.Import), http.StatusSeeOther)
		return nil
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	list, err := s.store.BatchChanges(ctx, by, id, domain.EventID(after), batchChangesShown+1)
	if err != nil {
		return err
	}

	v := batchView{line: s.batchLine(ctx, by, b, names), path: batchPath(by, id), back: b.Back, progress: batchProgress(ctx, b),
		crumbs: []ui.Link{{Href: workspacePath(by, "batches"), Text: i18n.T(ctx, "batches.title")}}}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.line.title})
	v.technical = b.Kind != domain.BulkRecord && b.Kind != domain.BulkAttach
	if b.Refused > 0 {
		v.refused = i18n.T(ctx, "batch.refused", "n", b.Refused)
	}
	v.what = i18n.T(ctx, "batch.what")
	if b.State != domain.BatchApplied && b.State != domain.BatchUndoing {
		v.what = i18n.T(ctx, "batch.asked")
	}
	if v.line.undone != "" {
		v.line.badges = []templ.Component{ui.Badge(ui.Neutral, "arrow-back-up", v.line.undone)}
	}
	if b.Problem != nil {
		v.problem = i18n.TArgs(ctx, b.Problem.Key, b.Problem.Args)
	}
	if b.UndoneAt != nil {
		kept, err := s.store.BatchKept(ctx, by, id)
		if err != nil {
			return err
		}
		if kept > 0 {
			v.kept = i18n.T(ctx, "batch.kept", "n", kept)
		}
	}
	if len(list) > batchChangesShown {
		list = list[:batchChangesShown]
		v.next = batchPath(by, id) + "?after=" + itoa(list[batchChangesShown-1].Event.ID)
	}
	for _, c := range list {
		v.changes = append(v.changes, batchChange{href: subjectHref(by, c.Event.Subject), name: c.Event.Subject.Name,
			changes: beyond(v.line.facts, eventView(ctx, c.Event, names).Changes), kept: c.Kept})
	}
	if v.shell, err = s.shell(w, r, v.line.title); err != nil {
		return err
	}
	if v.progress != nil {
		v.shell.Refresh = 3
	}
	return s.ok(w, r, batchPage(v))
}

// subjectHref is the page of a record of the history; empty where it has none.
func subjectHref(by domain.Actor, of domain.Subject) string {
	switch path := subjectPaths[of.Kind]; {
	case of.Kind == domain.SubjectOrganisation:
		return workspacePath(by, "organisation")
	case path != "":
		return workspacePath(by, path, itoa(of.ID))
	}
	return ""
}

func batchProgress(ctx context.Context, b domain.Batch) *ui.ProgressSpec {
	if !b.State.Working() {
		return nil
	}
	p := &ui.ProgressSpec{Label: i18n.T(ctx, "batch.working."+string(b.State)), Percent: b.Percent(), Text: i18n.Percent(ctx, float64(b.Percent())/100)}
	if b.Done == 0 {
		p.Percent, p.Text = -1, "" // it waits for a worker, or has just begun
	}
	return p
}

func (s *Server) cancelBatch(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.BatchID](r, "batch")
	if err != nil {
		return err
	}
	if err := s.store.CancelBatch(r.Context(), actor(r), id); err != nil {
		return err
	}
	return s.seeOther(w, r, batchPath(actor(r), id), "")
}

// beyond leaves out what the batch says of all its changes.
func beyond(facts []ui.Fact, changes []ui.Change) []ui.Change {
	return slices.DeleteFunc(changes, func(c ui.Change) bool {
		return c.Before == "" && slices.ContainsFunc(facts, func(f ui.Fact) bool { return f.Term == c.Label && f.Text == c.After })
	})
}

func (s *Server) undoBatch(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.BatchID](r, "batch")
	if err != nil {
		return err
	}
	b, err := s.store.BatchByID(r.Context(), by, id)
	if err != nil {
		return err
	}
	if b.Changed >= domain.BulkJobFrom {
		if err := s.store.AskUndo(r.Context(), by, id); err != nil {
			return err
		}
		return s.seeOther(w, r, batchPath(by, id), "")
	}
	undone, kept, err := s.store.UndoBatch(r.Context(), by, id)
	if err != nil {
		return err
	}
	key := "batch.undone"
	if kept > 0 {
		key = "batch.undone_some"
	}
	return s.seeOther(w, r, batchPath(by, id), key, "n", undone, "kept", kept)
}

// changeText is a change as a plain sentence, for the narrow column of a list.
func changeText(ctx context.Context, c ui.Change) string {
	switch {
	case c.Before == "":
		return i18n.T(ctx, "batch.now", "label", c.Label, "after", c.After)
	case c.After == "":
		return i18n.T(ctx, "batch.no_more", "label", c.Label, "before", c.Before)
	}
	return i18n.T(ctx, "batch.changed", "label", c.Label, "before", c.Before, "after", c.After)
}

func batchHeaders(ctx context.Context, technical bool) []ui.HeaderSpec {
	name := "column.name"
	if technical {
		name = "column.field"
	}
	return []ui.HeaderSpec{{Text: i18n.T(ctx, name), Class: "c-field"}, {Text: i18n.T(ctx, "batch.changes"), Class: "c-line"}}
}

func batchListHeaders(ctx context.Context) []ui.HeaderSpec {
	return []ui.HeaderSpec{{Text: i18n.T(ctx, "batch.what"), Class: "c-field"}, {Text: i18n.T(ctx, "batch.detail"), Class: "c-line"},
		{Text: i18n.T(ctx, "batch.size"), Class: "c-line"}, {Text: i18n.T(ctx, "batch.who"), Class: "c-line"},
		{Text: i18n.T(ctx, "verb.undo"), Class: "c-status"}}
}
