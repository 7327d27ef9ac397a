package web

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

// settingsForm holds numbers as they were typed, so that a refused form shows them again. The fill rate is a percentage.
type settingsForm struct {
	Version         int    `form:"version"`
	Name            string `form:"name"`
	Locale          string `form:"locale"`
	WindowDays      string `form:"window_days"`
	GraceDays       string `form:"grace_days"`
	FillRateMin     string `form:"fill_rate_min"`
	ConstantMinRows string `form:"constant_min_rows"`
	StaleDays       string `form:"stale_days"`
	Confirmed       bool   `form:"confirmed"`
}

func settingsFormOf(w domain.Workspace) settingsForm {
	th := w.Thresholds
	return settingsForm{Version: w.Version, Name: w.Name, Locale: w.Locale, WindowDays: strconv.Itoa(th.WindowDays), GraceDays: strconv.Itoa(th.GraceDays),
		FillRateMin: percentTyped(th.FillRateMin), ConstantMinRows: itoa(th.ConstantMinRows), StaleDays: strconv.Itoa(th.StaleDays)}
}

// percentTyped writes a share as the percentage that a person would type.
func percentTyped(share float64) string {
	return strconv.FormatFloat(math.Round(share*10_000)/100, 'f', -1, 64)
}

// wholeNumber reads a number as people type it, with or without spaces between thousands.
func wholeNumber(p *domain.Problems, field, typed string) int64 {
	n, err := strconv.ParseInt(withoutSpaces(typed), 10, 64)
	if err != nil {
		p.Add(field, "error.number")
	}
	return n
}

// percentage reads a percentage and returns the share.
func percentage(p *domain.Problems, field, typed string) float64 {
	v, err := strconv.ParseFloat(strings.TrimSuffix(strings.Replace(withoutSpaces(typed), ",", ".", 1), "%"), 64)
	if err != nil || math.IsNaN(v) {
		p.Add(field, "error.number")
		return 0
	}
	if v < 0 || v > 100 {
		p.Add(field, "threshold.range", "least", 0, "most", 100)
	}
	return v / 100
}

func withoutSpaces(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == 0x202f || r == 0xa0 {
			return -1
		}
		return r
	}, s)
}

// thresholds reads the numbers of the form.
func (f settingsForm) thresholds() (th domain.Thresholds, p domain.Problems) {
	th = domain.Thresholds{
		WindowDays: int(wholeNumber(&p, "window_days", f.WindowDays)), GraceDays: int(wholeNumber(&p, "grace_days", f.GraceDays)),
		FillRateMin: percentage(&p, "fill_rate_min", f.FillRateMin), ConstantMinRows: wholeNumber(&p, "constant_min_rows", f.ConstantMinRows),
		StaleDays: int(wholeNumber(&p, "stale_days", f.StaleDays))}
	if problems, ok := formProblems(th.Validate()); ok {
		for field, problem := range problems {
			if _, said := p[field]; !said {
				p.Add(field, problem.Key, flat(problem.Args)...)
			}
		}
	}
	return th, p
}

type settingsView struct {
	formView
	shell     ui.Shell
	form      settingsForm
	languages []ui.Option
	facts     []ui.Fact // for those who may only read
	action    string    // empty for them
	remove    string
	download  string // the workspace as a file; empty where the visitor may not
	example   string // where the worked example is removed; empty for other workspaces
	history   []ui.TimelineItem
	slug      string
}

func (s *Server) settingsPage(w http.ResponseWriter, r *http.Request, status int, f settingsForm, p domain.Problems) error {
	ctx, by, ws := r.Context(), actor(r), visitOf(r).Workspace
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	history, err := s.history(r, domain.SubjectWorkspace, int64(by.Workspace), names)
	if err != nil {
		return err
	}
	v := settingsView{formView: formView{ctx: ctx, area: "settings", problems: p}, form: f, languages: languageOptions(), history: history, slug: ws.Slug}
	if by.Can(domain.ManageWorkspace) {
		v.action, v.remove = workspacePath(by, "settings"), workspacePath(by, "settings", "remove")
		v.download = workspacePath(by, "settings", "workspace-file")
		if ws.IsExample {
			v.example, v.remove = workspacePath(by, "example", "remove"), ""
		}
	} else {
		v.facts = settingFacts(ctx, ws)
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "nav.settings")); err != nil {
		return err
	}
	return s.render(w, r, status, settingsPage(v))
}

func settingFacts(ctx context.Context, ws domain.Workspace) []ui.Fact {
	th := ws.Thresholds
	days := func(n int) string { return i18n.T(ctx, "settings.days", "n", n) }
	return factList(ctx, fact{"name", ws.Name}, fact{"locale", i18n.T(ctx, "language."+ws.Locale)}, fact{"window_days", days(th.WindowDays)},
		fact{"grace_days", days(th.GraceDays)}, fact{"stale_days", days(th.StaleDays)}, fact{"fill_rate_min", i18n.Percent(ctx, th.FillRateMin)},
		fact{"constant_min_rows", i18n.Number(ctx, th.ConstantMinRows)})
}

func (s *Server) showSettings(w http.ResponseWriter, r *http.Request) error {
	return s.settingsPage(w, r, http.StatusOK, settingsFormOf(visitOf(r).Workspace), nil)
}

// changeSettings saves what was typed. Where thresholds change, it first shows which verdicts would: nothing is saved
// until the visitor confirms that page.
func (s *Server) changeSettings(w http.ResponseWriter, r *http.Request) error {
	by, ws := actor(r), visitOf(r).Workspace
	f, p, err := decode[settingsForm](r)
	if err != nil {
		return err
	}
	th, problems := f.thresholds()
	p.Merge(problems)
	apply := func(w domain.Workspace) (domain.Workspace, error) {
		w.Name, w.Locale, w.Thresholds = f.Name, f.Locale, th
		return domain.ChangedWorkspace(w)
	}
	if _, err := apply(ws); err != nil {
		for field, problem := range fieldsOf(err) {
			p.Add(field, problem.Key, flat(problem.Args)...)
		}
	}
	if len(p) > 0 {
		return s.settingsPage(w, r, http.StatusUnprocessableEntity, f, p)
	}
	if th != ws.Thresholds && !f.Confirmed && f.Version == ws.Version {
		return s.previewSettings(w, r, f, th)
	}
	err = s.overtaken(r, s.store.ChangeWorkspace(r.Context(), by, f.Version, apply), &f.Version, func(ctx context.Context, by domain.Actor) (recorded, map[string]any, error) {
		now, err := s.store.WorkspaceBySlug(ctx, by.Slug)
		if err != nil {
			return recorded{}, nil, err
		}
		next, err := apply(now)
		return recorded{domain.SubjectWorkspace, now.Version, now.Facts()}, next.Facts(), err
	})
	if problems, isForm := formProblems(err); isForm {
		return s.settingsPage(w, r, formStatus(err), f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, workspacePath(by, "settings"), "settings.saved")
}

func fieldsOf(err error) domain.Problems {
	problems, _ := formProblems(err)
	return problems
}

func (s *Server) previewSettings(w http.ResponseWriter, r *http.Request, f settingsForm, th domain.Thresholds) error {
	ctx, by := r.Context(), actor(r)
	effect, err := s.store.ThresholdsEffect(ctx, by, th)
	if err != nil {
		return err
	}
	v := effectView{crumbs: []ui.Link{{Href: workspacePath(by, "settings"), Text: i18n.T(ctx, "nav.settings")}, {Text: i18n.T(ctx, "settings.preview")}},
		moves: moveViews(ctx, by, effect, workspacePath(by, "fields")+"?state=active")}
	v.confirm = ui.ConfirmSpec{Title: i18n.T(ctx, "settings.preview"), Text: i18n.T(ctx, "settings.preview.text"),
		Submit: ui.ButtonSpec{Text: i18n.T(ctx, "settings.confirm"), Variant: ui.Primary}, Cancel: ui.Link{Href: workspacePath(by, "settings")}}
	if len(effect.Moves) == 0 {
		v.confirm.Text = i18n.T(ctx, "settings.preview.none")
	} else {
		v.confirm.Impacts = effectImpacts(ctx, effect)
	}
	return s.showEffect(w, r, v)
}

type removeWorkspaceForm struct {
	Slug string `form:"slug"`
}

type removeWorkspaceView struct {
	shell  ui.Shell
	crumbs []ui.Link
	spec   ui.ConfirmSpec
}

func (s *Server) removeWorkspacePage(w http.ResponseWriter, r *http.Request, status int, typed string, p domain.Problems) error {
	ctx, by, ws := r.Context(), actor(r), visitOf(r).Workspace
	chrome, err := s.store.Chrome(ctx, by)
	if err != nil {
		return err
	}
	field := formView{ctx: ctx, problems: p}.field("slug")
	field.Label = i18n.T(ctx, "settings.remove.type", "slug", ws.Slug)
	v := removeWorkspaceView{crumbs: []ui.Link{{Href: workspacePath(by, "settings"), Text: i18n.T(ctx, "nav.settings")}, {Text: i18n.T(ctx, "settings.remove")}},
		spec: ui.ConfirmSpec{Title: i18n.T(ctx, "settings.remove.title", "name", ws.Name), Text: i18n.T(ctx, "settings.remove.text"),
			Impacts: []ui.Impact{
				{Kind: ui.Danger, Text: i18n.T(ctx, "settings.remove.fields", "n", chrome.Fields), Link: &ui.Link{Href: workspacePath(by, "fields"), Text: i18n.T(ctx, "verb.show")}},
				{Kind: ui.Danger, Text: i18n.T(ctx, "settings.remove.history")},
				{Kind: ui.Info, Text: i18n.T(ctx, "settings.remove.people")}},
			Action: workspacePath(by, "settings", "remove"), Submit: ui.ButtonSpec{Text: i18n.T(ctx, "settings.remove"), Icon: "trash", Variant: ui.DangerButton},
			Cancel: ui.Link{Href: workspacePath(by, "settings"), Text: i18n.T(ctx, "verb.cancel")},
			Typed:  &ui.InputSpec{Field: field, Value: typed, Mono: true, Autocomplete: "off"}}}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "settings.remove")); err != nil {
		return err
	}
	return s.render(w, r, status, removeWorkspacePage(v))
}

func (s *Server) confirmRemoveWorkspace(w http.ResponseWriter, r *http.Request) error {
	return s.removeWorkspacePage(w, r, http.StatusOK, "", nil)
}

// removeWorkspace deletes the workspace for good, once its address was typed.
func (s *Server) removeWorkspace(w http.ResponseWriter, r *http.Request) error {
	f, p, err := decode[removeWorkspaceForm](r)
	if err != nil {
		return err
	}
	name := visitOf(r).Workspace.Name
	err = s.store.RemoveWorkspace(r.Context(), actor(r), strings.TrimSpace(f.Slug))
	if problems, bad := withProblems(p, err); bad {
		return s.removeWorkspacePage(w, r, http.StatusUnprocessableEntity, f.Slug, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, "/workspaces", "settings.removed", "name", name)
}
