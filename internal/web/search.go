package web

import (
	"context"
	"net/http"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

//i18n:dynamic search.

func (s *Server) searchRoutes(r scope) {
	r.get("/search", domain.ReadWorkspace, s.search)
}

type searchView struct {
	shell       ui.Shell
	action      string
	text        string
	count       string
	approximate string
	groups      []searchGroupView
}

type searchGroupView struct {
	kind, title, count string
	all                *ui.Link // the whole list with the same search; nil where everything is shown
	hits               []searchHitView
}

type searchHitView struct {
	name, code, note, href string
	verdict                *mark
}

func (s *Server) search(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	text := strings.TrimSpace(r.URL.Query().Get("q"))

	found, err := s.store.Search(ctx, by, text)
	if err != nil {
		return err
	}

	v := searchView{text: text, action: workspacePath(by, "search")}
	total := domain.Count{}
	for _, g := range found.Groups {
		v.groups = append(v.groups, searchGroup(ctx, by, g, text, found.Approximate))
		total.N += g.Total.N
		total.Capped = total.Capped || g.Total.Capped
	}
	switch {
	case found.Approximate:
		v.approximate = i18n.T(ctx, "fields.approximate", "text", text)
	case total.Capped:
		v.count = i18n.T(ctx, "list.more_than", "n", total.N)
	case text != "":
		v.count = i18n.T(ctx, "search.count", "n", total.N)
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "search.title")); err != nil {
		return err
	}
	return s.ok(w, r, searchPage(v))
}

func searchGroup(ctx context.Context, by domain.Actor, g store.SearchGroup, text string, approximate bool) searchGroupView {
	path := workspacePath(by, listPaths[g.Kind])
	v := searchGroupView{kind: g.Kind, title: i18n.T(ctx, "nav."+g.Kind), count: i18n.Number(ctx, g.Total.N)}
	if g.Total.Capped {
		v.count = i18n.Number(ctx, g.Total.N) + "+"
	}
	if g.Total.N > int64(len(g.Hits)) && !approximate {
		v.all = &ui.Link{Href: path + "?q=" + queryEscape(text), Text: i18n.T(ctx, "search.all", "count", v.count)}
	}
	for _, h := range g.Hits {
		hit := searchHitView{name: h.Name, code: h.Code, note: h.Note, href: path + "/" + itoa(h.ID)}
		if h.Verdict != "" {
			m := verdictMark(ctx, h.Verdict)
			hit.verdict = &m
		}
		v.hits = append(v.hits, hit)
	}
	return v
}
