package web

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/notice"
	"utile/internal/web/ui"
)

//i18n:dynamic notice.

type noticeView struct {
	shell       ui.Shell
	crumbs      []ui.Link
	path        string
	badge       mark
	gaps        []string
	langs       []ui.NavItem
	levels      []ui.NavItem
	lang        string // of the text, for whoever reads it aloud
	text        []domain.NoticeParagraph
	published   string // which version is shown; empty for the text as the facts have it now
	differences []noticeDifference
	versions    []ui.Link
	seen        int    // number of the last version
	html        string // the text as a fragment of a page
	file        string // address of the same as a file
	publish     string // label of the button; empty where there is nothing to publish, or the visitor may not
	incomplete  bool
}

type noticeDifference struct {
	title         string
	before, after []string
}

// showNotice shows the notice of a collection point as the facts have it now, or as one version had it, with what differs
// from what is published.
func (s *Server) showNotice(w http.ResponseWriter, r *http.Request) error {
	ctx, by, q := r.Context(), actor(r), r.URL.Query()
	id, err := pathID[domain.CollectionPointID](r, "collection_point")
	if err != nil {
		return err
	}
	facts, err := s.store.NoticeFacts(ctx, by, id)
	if err != nil {
		return err
	}
	versions, err := s.store.NoticeVersions(ctx, by, id)
	if err != nil {
		return err
	}
	lang, level := q.Get("in"), q.Get("level")
	if !i18n.Language(lang).Known() {
		lang = string(i18n.Lang(ctx))
	}
	if level != "short" {
		level = "full"
	}
	part := func(t domain.NoticeText) []domain.NoticeParagraph {
		if level == "short" {
			return t.Short
		}
		return t.Full
	}
	now := notice.Texts(facts)
	v := noticeView{path: collectionPointPath(by, id, "notice"), lang: lang, text: part(now[lang]), badge: mark{ui.Neutral, "file-text", i18n.T(ctx, "notice.never")}}
	v.crumbs = []ui.Link{{Href: workspacePath(by, "collection-points"), Text: i18n.T(ctx, "collection_points.title")},
		{Href: collectionPointPath(by, id), Text: facts.Point.Name}, {Text: i18n.T(ctx, "notice.title")}}
	gaps, stale := facts.Gaps(), true
	if len(versions) > 0 {
		last := versions[0]
		v.seen = last.Number
		v.differences = differencesOf(last.Texts[lang], now[lang])
		if stale = len(v.differences) > 0; stale {
			v.badge = mark{ui.Warn, "alert-triangle", i18n.T(ctx, "notice.outdated", "n", last.Number)}
		} else {
			v.badge = mark{ui.OK, "circle-check", i18n.T(ctx, "notice.current", "n", last.Number)}
		}
	}
	asked, _ := strconv.Atoi(q.Get("version"))
	if i := slices.IndexFunc(versions, func(x domain.NoticeVersion) bool { return x.Number == asked }); i >= 0 {
		x := versions[i]
		v.text, gaps, v.differences = part(x.Texts[lang]), x.Gaps, nil
		v.published = i18n.T(ctx, "notice.version", "n", x.Number, "by", actorWord(ctx, x.PublishedBy), "on", i18n.DateTimeText(ctx, x.PublishedAt))
	} else {
		asked = 0
	}
	v.html = noticeHTML(lang, v.text)
	for _, g := range gaps {
		v.gaps = append(v.gaps, i18n.T(ctx, "notice.gap."+g))
	}
	here := func(lang, level string, version int) string {
		href := v.path + "?in=" + lang + "&level=" + level
		if version > 0 {
			href += "&version=" + strconv.Itoa(version)
		}
		return href
	}
	v.file = v.path + ".html" + strings.TrimPrefix(here(lang, level, asked), v.path)
	for _, l := range i18n.Languages() {
		v.langs = append(v.langs, ui.NavItem{Href: here(string(l), level, asked), Text: l.Name(), Current: string(l) == lang})
	}
	for _, l := range []string{"full", "short"} {
		v.levels = append(v.levels, ui.NavItem{Href: here(lang, l, asked), Text: i18n.T(ctx, "notice.level."+l), Current: l == level})
	}
	if asked > 0 {
		v.versions = append(v.versions, ui.Link{Href: here(lang, level, 0), Text: i18n.T(ctx, "notice.now")})
	}
	for _, x := range versions {
		v.versions = append(v.versions, ui.Link{Href: here(lang, level, x.Number), Text: i18n.T(ctx, "notice.version", "n", x.Number,
			"by", actorWord(ctx, x.PublishedBy), "on", i18n.DateTimeText(ctx, x.PublishedAt))})
	}
	if by.Can(domain.EditPurpose) && stale && asked == 0 && facts.Point.ArchivedAt == nil {
		v.publish, v.incomplete = i18n.T(ctx, "notice.publish", "n", v.seen+1), len(gaps) > 0
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "notice.title")); err != nil {
		return err
	}
	v.shell.PrintNote = facts.Point.Name + " · " + v.shell.PrintNote
	if strings.HasSuffix(r.URL.Path, ".html") {
		name := domain.SlugOf(facts.Point.Name)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+"-"+lang+"-"+level+`.html"`)
		_, err := io.WriteString(w, v.html)
		return err
	}
	return s.ok(w, r, noticePage(v))
}

// noticeHTML is a notice as a fragment for a page of the company: headings, paragraphs and lists, without styles of ours.
func noticeHTML(lang string, text []domain.NoticeParagraph) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<section lang=\"%s\">\n", html.EscapeString(lang))
	for _, p := range text {
		fmt.Fprintf(&b, "<h2>%s</h2>\n", html.EscapeString(p.Title))
		if len(p.Lines) == 1 {
			fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(p.Lines[0]))
			continue
		}
		b.WriteString("<ul>\n")
		for _, l := range p.Lines {
			fmt.Fprintf(&b, "<li>%s</li>\n", html.EscapeString(l))
		}
		b.WriteString("</ul>\n")
	}
	b.WriteString("</section>\n")
	return b.String()
}

// differencesOf are the paragraphs of both levels that read otherwise than they did.
func differencesOf(before, after domain.NoticeText) []noticeDifference {
	var list []noticeDifference
	for _, d := range append(domain.NoticeDifferences(before.Full, after.Full), domain.NoticeDifferences(before.Short, after.Short)...) {
		list = append(list, noticeDifference{d.Title, d.Before, d.After})
	}
	return list
}

type noticeForm struct {
	Seen       int  `form:"seen"`
	Incomplete bool `form:"incomplete"`
}

// publishNotice freezes the notice as the facts have it. One that lacks something is published only by whoever says so.
func (s *Server) publishNotice(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.CollectionPointID](r, "collection_point")
	if err != nil {
		return err
	}
	f, _, err := decode[noticeForm](r)
	if err != nil {
		return err
	}
	facts, err := s.store.NoticeFacts(ctx, by, id)
	if err != nil {
		return err
	}
	if len(facts.Gaps()) > 0 && !f.Incomplete {
		return domain.Errorf(domain.Conflict, "notice.incomplete")
	}
	n, err := s.store.PublishNotice(ctx, by, id, f.Seen, notice.Texts)
	if err != nil {
		return err
	}
	return s.seeOther(w, r, collectionPointPath(by, id, "notice"), "notice.published", "n", n)
}
