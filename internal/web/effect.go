package web

import (
	"context"
	"net/http"
	"slices"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

// effectView is a page that says what a change would do to verdicts, and asks whether to go on.
type effectView struct {
	shell   ui.Shell
	crumbs  []ui.Link
	confirm ui.ConfirmSpec
	moves   []moveView
}

// moveView is how many fields go from one verdict to another, with some of them.
type moveView struct {
	was, is mark
	title   string
	loses   bool
	fields  []placedView
	rest    string // how many more there are; empty for none
	all     string // list of the fields that have the first verdict now
}

type placedView struct{ name, place, href string }

// moveViews writes an effect in words. List is the address of a list of fields that a verdict narrows.
func moveViews(ctx context.Context, by domain.Actor, e domain.Effect, list string) []moveView {
	views := make([]moveView, len(e.Moves))
	for i, m := range e.Moves {
		views[i] = moveView{was: verdictMark(ctx, m.Was), is: verdictMark(ctx, m.Is), loses: m.Loses(),
			title: i18n.T(ctx, "effect.move", "n", m.N), all: list + "&verdict=" + string(m.Was)}
		for _, f := range m.Fields {
			views[i].fields = append(views[i].fields, placedOf(by, f))
		}
		if rest := m.N - int64(len(m.Fields)); rest > 0 {
			views[i].rest = i18n.T(ctx, "effect.rest", "n", rest)
		}
	}
	return views
}

func placedOf(by domain.Actor, f domain.PlacedField) placedView {
	return placedView{name: f.Name, place: f.Application + " › " + f.Dataset, href: workspacePath(by, "fields", itoa(f.ID))}
}

// sentAgain are the values of a form that a page of confirmation sends once more, with the word that it was seen.
func sentAgain(r *http.Request) []ui.Hidden {
	hidden := []ui.Hidden{{Name: "confirmed", Value: "1"}}
	names := make([]string, 0, len(r.PostForm))
	for name := range r.PostForm {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range r.PostForm[name] {
			if name != "confirmed" {
				hidden = append(hidden, ui.Hidden{Name: name, Value: value})
			}
		}
	}
	return hidden
}

// effectImpacts are the consequences above the fields: what is lost, and from when.
func effectImpacts(ctx context.Context, e domain.Effect) []ui.Impact {
	var list []ui.Impact
	if lost := e.Lost(); lost > 0 {
		list = append(list, ui.Impact{Kind: ui.Danger, Text: i18n.T(ctx, "effect.lost", "n", lost)})
	}
	if e.Reopened > 0 {
		list = append(list, ui.Impact{Kind: ui.Review, Text: i18n.T(ctx, "effect.reopened", "n", e.Reopened)})
	}
	if e.From != nil {
		list = append(list, ui.Impact{Kind: ui.Info, Text: i18n.T(ctx, "effect.from", "day", i18n.Day(ctx, *e.From))})
	}
	return append(list, ui.Impact{Kind: ui.Info, Text: i18n.T(ctx, "effect.nothing_deleted")})
}

// showEffect answers with the page that asks for confirmation.
func (s *Server) showEffect(w http.ResponseWriter, r *http.Request, v effectView) error {
	var err error
	v.confirm.Action, v.confirm.Values = r.URL.Path, sentAgain(r)
	if v.confirm.Cancel.Text == "" {
		v.confirm.Cancel.Text = i18n.T(r.Context(), "verb.cancel")
	}
	if v.shell, err = s.shell(w, r, v.confirm.Title); err != nil {
		return err
	}
	return s.ok(w, r, effectPage(v))
}
