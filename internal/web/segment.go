package web

import (
	"context"
	"net/http"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

//i18n:dynamic segments. segment. scenarios.any.

func (s *Server) segmentRoutes(r scope) {
	nounRoutes(s, r, written(s, nounSpec[domain.SegmentID]{param: "segment", list: segmentList, edit: domain.EditPlan,
		add: s.newSegment, show: s.showSegment,
		archive: s.store.ArchiveSegment, restore: s.store.RestoreSegment, remove: s.store.RemoveSegment},
		formSpec[domain.Segment, segmentForm, domain.SegmentID]{page: s.segmentEdit, of: segmentFormOf, read: s.store.SegmentByID, add: s.store.AddSegment, change: s.store.ChangeSegment,
			added: "segment.added", changed: "segment.changed"}))
}

func segmentPath(by domain.Actor, id domain.SegmentID, parts ...string) string {
	return workspacePath(by, append([]string{"segments", itoa(id)}, parts...)...)
}

var segmentList = registerSpec{
	register: domain.SegmentRegister,
	path:     "segments",
	show:     func(by domain.Actor, id int64) string { return segmentPath(by, domain.SegmentID(id)) },
	add:      domain.EditPlan,
	bulk:     []bulkAction{{name: "archive", icon: "archive", action: domain.EditPlan}},
}

type segmentForm struct {
	Version    int    `form:"version"`
	Name       string `form:"name"`
	Definition string `form:"definition"`
	Volume     string `form:"volume"`
}

func (f segmentForm) seen() int                     { return f.Version }
func (f segmentForm) again(version int) segmentForm { f.Version = version; return f }

func (f segmentForm) apply(g domain.Segment) (domain.Segment, error) {
	var bad domain.Problems
	g.Name, g.Definition, g.Volume = f.Name, f.Definition, typedCount(&bad, "volume", f.Volume)
	g, err := domain.NewSegment(g)
	if problems, ok := withProblems(bad, err); ok {
		return g, problems.Err()
	}
	return g, err
}

func segmentFormOf(ctx context.Context, g domain.Segment) segmentForm {
	f := segmentForm{Version: g.Version, Name: g.Name, Definition: g.Definition}
	if g.Volume != nil {
		f.Volume = i18n.Number(ctx, *g.Volume)
	}
	return f
}

type segmentEditView struct {
	formView
	shell        ui.Shell
	title        string
	action, back string
	crumbs       []ui.Link
	form         segmentForm
}

func (s *Server) segmentEdit(w http.ResponseWriter, r *http.Request, status int, id domain.SegmentID, f segmentForm, p domain.Problems) (err error) {
	ctx, by := r.Context(), actor(r)
	list := workspacePath(by, "segments")
	v := segmentEditView{formView: formView{ctx, "segment", p}, form: f, title: i18n.T(ctx, "segments.add"), action: list, back: list,
		crumbs: []ui.Link{{Href: list, Text: i18n.T(ctx, "segments.title")}}}
	if id != 0 {
		v.title, v.action, v.back = i18n.T(ctx, "segment.edit"), segmentPath(by, id), segmentPath(by, id)
		v.crumbs = append(v.crumbs, ui.Link{Href: v.back, Text: f.Name})
	}
	v.crumbs = append(v.crumbs, ui.Link{Text: v.title})
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, segmentEdit(v))
}

func (s *Server) newSegment(w http.ResponseWriter, r *http.Request) error {
	return s.segmentEdit(w, r, http.StatusOK, 0, segmentForm{}, nil)
}

func (s *Server) showSegment(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.SegmentID](r, "segment")
	if err != nil {
		return err
	}
	g, err := s.store.SegmentByID(ctx, by, id)
	if err != nil {
		return err
	}
	uses, err := s.store.SegmentUses(ctx, by, id)
	if err != nil {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	history, err := s.history(r, domain.SubjectSegment, int64(id), names)
	if err != nil {
		return err
	}
	f := segmentFormOf(ctx, g)
	v := planShowView{title: g.Name, uses: usesView(ctx, by, uses, r), history: history, archived: g.ArchivedAt,
		crumbs: []ui.Link{{Href: workspacePath(by, "segments"), Text: i18n.T(ctx, "segments.title")}, {Text: g.Name}},
		edit:   actionsOf(ctx, by, domain.EditPlan, segmentPath(by, id), g.ArchivedAt != nil),
		facts:  factList(ctx, fact{"definition", g.Definition}, fact{"volume", f.Volume})}
	if v.shell, err = s.shell(w, r, g.Name); err != nil {
		return err
	}
	return s.ok(w, r, planShow(v))
}
