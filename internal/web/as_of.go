package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

// A page of the register as it stood has the day in its address, behind the name of the workspace:
// /w/nord@2026-10-31/fields. All its links begin the same, so that whoever looks at the past stays there.

// slugAsOf is the name of a workspace in the addresses of a day.
func slugAsOf(slug string, day time.Time) string { return slug + "@" + day.Format(time.DateOnly) }

// pastOf takes the day off the name of a workspace in an address. A day that is none is part of the name, and so of no
// workspace.
func pastOf(slug string) (string, time.Time) {
	name, text, dated := strings.Cut(slug, "@")
	if !dated {
		return slug, time.Time{}
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return slug, time.Time{}
	}
	return name, day
}

// toMoment takes note of the day that an address asks for, and leads to the address of the day that a form asks for. It
// tells whether it has answered.
func (s *Server) toMoment(w http.ResponseWriter, r *http.Request, day time.Time) (answered bool) {
	v := visitOf(r)
	today := domain.Day(s.now().UTC())
	q := r.URL.Query()
	if asked := q["as_of"]; r.Method == http.MethodGet && len(asked) > 0 {
		chosen, ok := parseDay(asked[0])
		if !ok {
			s.refuseMoment(w, r, domain.Errorf(domain.Invalid, "as_of.day"))
			return true
		}
		slug := v.Workspace.Slug
		if chosen != nil && chosen.Before(today) {
			slug = slugAsOf(slug, *chosen)
		}
		q.Del("as_of")
		_, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/w/"), "/")
		path := strings.TrimSuffix("/w/"+slug+"/"+rest, "/")
		http.Redirect(w, r, localPath(addQuery(path, strings.ReplaceAll(q.Encode(), "%2C", ",")), "/"), http.StatusSeeOther)
		return true
	}
	if day.IsZero() {
		return false
	}
	if !day.Before(today) {
		http.Redirect(w, r, ofToday(r.URL, slugAsOf(v.Workspace.Slug, day), v.Workspace.Slug), http.StatusSeeOther)
		return true
	}
	if _, err := s.store.LookAt(r.Context(), v.Actor(), day); err != nil {
		s.refuseMoment(w, r, err)
		return true
	}
	v.asOf = day
	return false
}

// ofToday is an address of a day without the day. It is taken from the path as it reads: mailers write the @ of links as %40.
func ofToday(u *url.URL, dated, plain string) string {
	today := url.URL{Path: "/w/" + plain + strings.TrimPrefix(u.Path, "/w/"+dated), RawQuery: u.RawQuery}
	return today.RequestURI()
}

// refuseMoment answers before the language was chosen.
func (s *Server) refuseMoment(w http.ResponseWriter, r *http.Request, err error) {
	s.chooseLanguage(s.do("", func(http.ResponseWriter, *http.Request) error { return err })).ServeHTTP(w, r)
}

// allowMoment refuses what would change the past, and forms that could only do so.
func allowMoment(by domain.Actor, method string, action domain.Action) error {
	if !by.AsOf.IsZero() && (method != http.MethodGet || action != domain.ReadWorkspace) {
		return domain.Errorf(domain.Conflict, "as_of.refused")
	}
	return nil
}

// momentPicker is the choice of a day in the frame. The rest of the address stays as it is.
func momentPicker(r *http.Request, by domain.Actor, today time.Time) *ui.Moment {
	m := &ui.Moment{Action: r.URL.Path, Max: today.Format(time.DateOnly)}
	if r.Method != http.MethodGet {
		m.Action = workspacePath(by)
	}
	q := r.URL.Query()
	for _, name := range sortedNames(q) {
		if name == "as_of" || name == "cursor" {
			continue
		}
		for _, value := range q[name] {
			m.Hidden = append(m.Hidden, ui.Hidden{Name: name, Value: value})
		}
	}
	if !by.AsOf.IsZero() {
		m.Value = by.AsOf.Format(time.DateOnly)
	}
	return m
}

func sortedNames(q map[string][]string) []string {
	names := make([]string, 0, len(q))
	for name := range q {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// pastBand says that a page shows the past, and leads back.
func pastBand(ctx context.Context, r *http.Request, plain, dated string, by domain.Actor) *ui.PastBand {
	if by.AsOf.IsZero() {
		return nil
	}
	back := "/w/" + plain
	if r.Method == http.MethodGet {
		back = ofToday(r.URL, dated, plain)
	}
	return &ui.PastBand{Text: i18n.T(ctx, "as_of.band", "day", i18n.DayText(ctx, by.AsOf)), Href: localPath(back, "/"), Link: i18n.T(ctx, "as_of.back")}
}

// shownDay is the day that a page shows, for the names of files.
func (s *Server) shownDay(by domain.Actor) string {
	if !by.AsOf.IsZero() {
		return by.AsOf.Format(time.DateOnly)
	}
	return s.now().Format(time.DateOnly)
}
