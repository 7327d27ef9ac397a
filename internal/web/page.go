package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// Messages whose keys are put together as the program runs: columns and codes of registers, errors, events, navigation.
//
//i18n:dynamic column. choice. state. nav. role. action. error. use. event. export. bulk.

// workspacePath is where a page of the visitor's workspace is.
func workspacePath(by domain.Actor, parts ...string) string {
	n := len("/w/") + len(by.Slug)
	for _, part := range parts {
		n += len("/") + len(part)
	}
	path := append(append(make([]byte, 0, n), "/w/"...), by.Slug...)
	for _, part := range parts {
		path = append(append(path, '/'), part...)
	}
	return string(path)
}

// section is one entry of the second bar, and the workstream in the first bar that it belongs to.
type section struct {
	stream, path string
	key          string // message
	count        func(c chromeCounts) int64
	action       domain.Action
	also         []string // paths of pages that are reached from it
}

type chromeCounts struct{ fields, unused, pending, suggested int64 }

// sections is the whole navigation: the first section of a workstream is where the workstream leads.
var sections = []section{
	{stream: "diagnose", path: "", key: "nav.home"},
	{stream: "diagnose", path: "coverage", key: "nav.coverage"},
	{stream: "diagnose", path: "applications", key: "nav.applications"},
	{stream: "diagnose", path: "datasets", key: "nav.datasets"},
	{stream: "diagnose", path: "fields", key: "nav.fields", count: func(c chromeCounts) int64 { return c.fields }},
	{stream: "diagnose", path: "suggestions", key: "nav.suggestions", count: func(c chromeCounts) int64 { return c.suggested }},
	{stream: "diagnose", path: "unused", key: "nav.unused", count: func(c chromeCounts) int64 { return c.unused }},
	{stream: "diagnose", path: "collection-points", key: "nav.collection_points"},
	{stream: "diagnose", path: "categories", key: "nav.categories"},
	{stream: "diagnose", path: "imports", key: "nav.imports"},
	{stream: "target", path: "plan", key: "plan.title", also: []string{"journeys"}},
	{stream: "target", path: "requirements", key: "requirements.title"},
	{stream: "target", path: "targets", key: "targets.title"},
	{stream: "target", path: "programs", key: "nav.programs"},
	{stream: "target", path: "scenarios", key: "scenarios.title"},
	{stream: "target", path: "segments", key: "segments.title"},
	{stream: "target", path: "matrix", key: "nav.matrix"},
	{stream: "target", path: "objectives", key: "nav.objectives"},
	{stream: "target", path: "stages", key: "nav.stages"},
	{stream: "target", path: "links", key: "nav.links"},
	{stream: "architecture", path: "flows", key: "nav.flows"},
	{stream: "workshop", path: "workshops", key: "workshops.title"},
	{stream: "review", path: "review", key: "nav.review", count: func(c chromeCounts) int64 { return c.pending }},
	{stream: "review", path: "mappings", key: "nav.mappings"},
	{stream: "review", path: "purposes", key: "nav.purposes"},
	{stream: "review", path: "retention", key: "nav.retention"},
	{stream: "review", path: "record", key: "processing.title", also: []string{"organisation", "countries", "client-processings"}},
	{stream: "review", path: "history", key: "nav.history"},
	{stream: "review", path: "batches", key: "batches.title"},
	{stream: "review", path: "proof", key: "proof.title", action: domain.ProveHistory},
	{stream: theWorkspace, path: "members", key: "nav.members"},
	{stream: theWorkspace, path: "invitations", key: "invitations.title", action: domain.ManageMembers},
	{stream: theWorkspace, path: "teams", key: "nav.teams"},
	{stream: theWorkspace, path: "settings", key: "nav.settings"},
}

// theWorkspace is what the account menu leads to: the sections of no workstream.
const theWorkspace = "workspace"

var streams = []struct{ name, icon string }{
	{"diagnose", "stethoscope"}, {"target", "target"}, {"architecture", "sitemap"}, {"review", "gavel"},
	{"workshop", "presentation-analytics"},
}

// shell is the frame of a page in the workspace: bars, counts, account, and the message that waits.
func (s *Server) shell(w http.ResponseWriter, r *http.Request, title string) (ui.Shell, error) {
	chrome, err := s.store.Chrome(r.Context(), actor(r))
	if err != nil {
		return ui.Shell{}, err
	}
	return s.frame(w, r, title, chrome), nil
}

// frame is shell for a page that has read what the frame counts.
func (s *Server) frame(w http.ResponseWriter, r *http.Request, title string, chrome store.Chrome) ui.Shell {
	ctx, by, v := r.Context(), actor(r), visitOf(r)
	shell := s.bareShell(r, title)
	shell.Home = workspacePath(by)
	shell.Wide = true
	if shell.Resent = resent(r); shell.Resent != nil {
		shell.LangHref = langHref(r.URL.RequestURI(), i18n.Lang(ctx).Other())
	}
	counts := chromeCounts{chrome.Fields, chrome.Unused, chrome.Pending, chrome.Suggested}
	current := currentSection(r.URL.Path, by)
	for _, stream := range streams {
		item := ui.NavItem{Text: i18n.T(ctx, "nav.stream."+stream.name), Icon: stream.icon, Current: current.stream == stream.name}
		for _, sec := range sections {
			if sec.stream == stream.name {
				item.Href = workspacePath(by, pathParts(sec.path)...)
				break
			}
		}
		if stream.name == "review" && counts.pending > 0 {
			item.Count, item.Waiting = i18n.Number(ctx, counts.pending), true
		}
		shell.Nav = append(shell.Nav, item)
	}
	for _, sec := range sections {
		if sec.stream != current.stream || sec.action != "" && !by.Can(sec.action) {
			continue
		}
		item := ui.NavItem{Href: workspacePath(by, pathParts(sec.path)...), Text: i18n.T(ctx, sec.key), Current: sec.path == current.path && sec.key == current.key}
		if sec.count != nil {
			if n := sec.count(counts); n > 0 {
				item.Count = i18n.Number(ctx, n)
			}
		}
		shell.Sections = append(shell.Sections, item)
	}
	shell.Search = &ui.TopSearch{Action: workspacePath(by, "search"), Value: searchedText(r, current)}
	shell.Job = s.topJob(ctx, by, chrome)
	shell.Account = s.account(ctx, v, by)
	shell.Notice = exampleNotice(ctx, by, v.Workspace)
	shell.Moment = momentPicker(r, by, s.now().UTC())
	shell.Past = pastBand(ctx, r, v.Workspace.Slug, by.Slug, by)
	shell.PrintNote = v.Workspace.Name + " · " + i18n.DateTimeText(ctx, s.now())
	if shell.Past != nil { // the band is not printed
		shell.PrintNote += " · " + shell.Past.Text
	}
	if f, ok := s.takeFlash(w, r); ok {
		shell.Flashes = append(shell.Flashes, s.flashView(ctx, by, f))
	}
	return shell
}

// topJob is the work under way in the first bar; nil for none.
func (s *Server) topJob(ctx context.Context, by domain.Actor, chrome store.Chrome) *ui.TopJob {
	if chrome.Import == 0 && chrome.Batch == 0 {
		return nil
	}
	job := &ui.TopJob{Href: importPath(by, chrome.Import), Again: workspacePath(by, "work")}
	if chrome.WorkTotal > 0 {
		job.Percent = int(min(chrome.WorkDone*100/chrome.WorkTotal, 100))
	}
	key := "nav.import.running"
	if chrome.Import == 0 {
		key, job.Href = "nav.batch.running", batchPath(by, chrome.Batch)
	}
	job.Text = i18n.T(ctx, key, "n", job.Percent)
	return job
}

// showWork answers with the work under way, as the first bar shows it: nothing where there is none any more.
func (s *Server) showWork(w http.ResponseWriter, r *http.Request) error {
	chrome, err := s.store.Chrome(r.Context(), actor(r))
	if err != nil {
		return err
	}
	return s.ok(w, r, ui.RunningWork(s.topJob(r.Context(), actor(r), chrome)))
}

// exampleNotice says on every page of the worked example that it is one.
func exampleNotice(ctx context.Context, by domain.Actor, w domain.Workspace) *ui.Notice {
	if !w.IsExample {
		return nil
	}
	n := &ui.Notice{Text: i18n.T(ctx, "example.notice")}
	if by.Can(domain.ManageWorkspace) {
		n.Action, n.Button = workspacePath(by, "example", "remove"), i18n.T(ctx, "example.remove")
	}
	return n
}

func searchedText(r *http.Request, current section) string {
	if strings.HasSuffix(r.URL.Path, "/search") {
		return r.URL.Query().Get("q")
	}
	return ""
}

func pathParts(path string) []string {
	if path == "" {
		return nil
	}
	return []string{path}
}

// currentSection is the section whose path the page's address begins with. A page of all workstreams, such as the search,
// is in none.
func currentSection(path string, by domain.Actor) section {
	rest := strings.TrimPrefix(strings.TrimPrefix(path, "/w/"+by.Slug), "/")
	first, _, _ := strings.Cut(rest, "/")
	for _, sec := range sections {
		if sec.path == first || slices.Contains(sec.also, first) {
			return sec
		}
	}
	return section{path: "-"}
}

func importPath(by domain.Actor, id domain.ImportID) string {
	return workspacePath(by, "imports", itoa(id))
}

// account is the menu under the visitor's initials.
func (s *Server) account(ctx context.Context, v *visitInfo, by domain.Actor) *ui.Account {
	a := &ui.Account{Name: v.User.Name, Initials: initials(v.User.Name), SignOut: "/sign-out",
		Links: []ui.Link{{Href: "/account", Text: i18n.T(ctx, "nav.account"), Icon: "user"}, {Href: "/workspaces", Text: i18n.T(ctx, "nav.workspaces"), Icon: "building"}}}
	if by.Workspace != 0 {
		a.Workspace = v.Workspace.Name
		a.Detail = v.Workspace.Name + " · " + i18n.T(ctx, "role."+string(by.Role))
		a.Links = append(a.Links,
			ui.Link{Href: workspacePath(by, "members"), Text: i18n.T(ctx, "nav.members"), Icon: "users"},
			ui.Link{Href: workspacePath(by, "teams"), Text: i18n.T(ctx, "nav.teams"), Icon: "users-group"},
			ui.Link{Href: workspacePath(by, "settings"), Text: i18n.T(ctx, "nav.settings"), Icon: "settings"})
	}
	return a
}

func initials(name string) string {
	var out []rune
	for _, word := range strings.Fields(name) {
		out = append(out, []rune(strings.ToUpper(word))[0])
	}
	if len(out) > 2 {
		out = []rune{out[0], out[len(out)-1]}
	}
	return string(out)
}

func (s *Server) flashView(ctx context.Context, by domain.Actor, f flash) ui.Flash {
	view := ui.Flash{Kind: ui.OK, Text: i18n.TArgs(ctx, f.Key, f.Args)}
	if f.Batch != 0 {
		view.Undo = &ui.FlashUndo{Action: workspacePath(by, "batches", itoa(f.Batch), "undo")}
		view.Link = &ui.Link{Href: workspacePath(by, "batches", itoa(f.Batch)), Text: i18n.T(ctx, "verb.show")}
	}
	return view
}

// bareShell is the frame of pages outside a workspace.
func (s *Server) bareShell(r *http.Request, title string) ui.Shell {
	back := s.shownAt(r)
	signedIn := visitOf(r).User
	return ui.Shell{Title: title, Theme: visitOf(r).theme, KeysOff: signedIn.ID != 0 && !signedIn.Shortcuts, ThemeAction: "/theme", Back: back, Home: "/", NoIndex: true,
		LangHref: langHref(back, i18n.Lang(r.Context()).Other())}
}

// shownAt is where the page of a request can be asked for again. A page that answers a form has no address of its own: it is
// the one that the form was on, as the form or the browser says, else the nearest one above.
func (s *Server) shownAt(r *http.Request) string {
	if r.Method == http.MethodGet {
		return localPath(r.URL.RequestURI(), "/")
	}
	if back := localPath(r.PostForm.Get("back"), ""); back != "" && s.shows(back) {
		return back
	}
	if u, err := url.Parse(r.Referer()); err == nil && u.Host == r.Host && s.shows(u.Path) {
		return localPath(u.RequestURI(), "/")
	}
	return s.pageAbove(r.URL.Path)
}

// pageAbove is the nearest page at or above an address: of an act on a record, the record.
func (s *Server) pageAbove(path string) string {
	for ; path != "" && path != "/w"; path = path[:strings.LastIndexByte(path, '/')] {
		if s.shows(path) {
			return localPath(path, "/")
		}
	}
	return "/"
}

// shows tells whether a page can be asked for at an address.
func (s *Server) shows(address string) bool {
	path, _, _ := strings.Cut(address, "?")
	return s.pages.Match(chi.NewRouteContext(), http.MethodGet, path)
}

// resent is what a form sent, so that its answer can be asked for in another language with nothing lost. A password is not
// written into a page, and a file cannot be.
func resent(r *http.Request) []ui.Hidden {
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return nil
	}
	var out []ui.Hidden
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		if strings.Contains(name, "password") {
			return nil
		}
		for _, value := range r.PostForm[name] {
			out = append(out, ui.Hidden{Name: name, Value: value})
		}
	}
	return out
}

// langHref is an address in another language.
func langHref(address string, other i18n.Language) string {
	u, err := url.Parse(address)
	if err != nil { // it was parsed before
		return ""
	}
	q := u.Query()
	q.Set("lang", string(other))
	return u.Path + "?" + strings.ReplaceAll(q.Encode(), "%2C", ",")
}

// errorView is what the page of an error shows.
type errorView struct {
	shell     ui.Shell
	inside    bool // in the workspace's frame
	title     string
	text      string
	reference string // of the log, for errors of ours
	uses      []useView
	back      ui.Link
	record    *ui.Link // that somebody else changed
}

// useView is one kind of thing that holds a record in place.
type useView struct {
	text string
	href string
}

func (s *Server) errorView(r *http.Request, status int, e *domain.Error) errorView {
	ctx, by := r.Context(), actor(r)
	v := errorView{shell: s.bareShell(r, i18n.T(ctx, "error.title."+errorTitle(status))), title: i18n.T(ctx, "error.title."+errorTitle(status)),
		back: ui.Link{Href: "/", Text: i18n.T(ctx, "error.home")}}
	if by.Role != "" {
		v.inside = true
		v.shell.Home, v.back.Href = workspacePath(by), workspacePath(by)
		v.shell.Account = s.account(ctx, visitOf(r), by)
	}
	args := map[string]any{}
	for name, value := range e.Args {
		args[name] = value
	}
	if action, ok := args["action"].(string); ok {
		args["action"] = i18n.T(ctx, "action."+action)
		args["role"] = i18n.T(ctx, "role."+string(by.Role))
	}
	if uses, ok := args["uses"].([]domain.Use); ok {
		v.uses = usesView(ctx, by, uses, r)
		delete(args, "uses")
	}
	v.text = i18n.TArgs(ctx, e.Key, args)
	if e.Key == "error.archived" {
		v.record = &ui.Link{Href: s.pageAbove(strings.TrimSuffix(r.URL.Path, "/edit")), Text: i18n.T(ctx, "error.record")}
	}
	if r.Method == http.MethodPost && (errors.Is(e, domain.Conflict) || errors.Is(e, domain.Invalid)) {
		v.back = ui.Link{Href: s.shownAt(r), Text: i18n.T(ctx, "error.back")}
		if e.Key == "error.stale" {
			v.record = &ui.Link{Href: s.pageAbove(r.URL.Path), Text: i18n.T(ctx, "error.record")}
		}
	}
	if status >= 500 {
		v.reference = requestID(r)
	}
	return v
}

func errorTitle(status int) string {
	switch status {
	case http.StatusNotFound:
		return "not_found"
	case http.StatusForbidden, http.StatusUnauthorized:
		return "denied"
	case http.StatusConflict:
		return "conflict"
	case http.StatusTooManyRequests:
		return "limited"
	case http.StatusRequestEntityTooLarge:
		return "too_large"
	case http.StatusUnprocessableEntity:
		return "invalid"
	}
	return "internal"
}

// usePath is where the things that refer to a record are listed, just them.
func usePath(by domain.Actor, u domain.Use, id string) string {
	switch u.Register {
	case "decisions": // they have no list of their own: the field says them
		return workspacePath(by, "fields", id) + "#history"
	}
	path := workspacePath(by, strings.ReplaceAll(u.Register, "_", "-")) + "?" + u.Filter + "=" + id
	if u.With != "" {
		path += "&" + u.With
	}
	return path
}

// usesView writes what uses a record, each with a link to the list of just those.
func usesView(ctx context.Context, by domain.Actor, uses []domain.Use, r *http.Request) []useView {
	var views []useView
	for _, u := range uses {
		v := useView{text: i18n.T(ctx, "use."+u.Register, "n", u.N)}
		if id := recordID(r); id != "" {
			v.href = usePath(by, u, id)
		}
		views = append(views, v)
	}
	return views
}
