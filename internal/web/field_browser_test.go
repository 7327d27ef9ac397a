package web_test

import (
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// shownPage is a page to be looked at in a browser, in both languages, themes and widths.
type shownPage struct{ name, path string }

// inBrowser opens pages and fails for breaches of accessibility, of the policy, and for pages wider than the window.
func inBrowser(t *testing.T, s *webtest.Site, as domain.Actor, pages ...shownPage) {
	t.Helper()
	tab := webtest.Browser(t).Cookie(s.URL, "utile", s.Token(t, as))
	for _, p := range pages {
		for _, lang := range []string{"fr", "en"} {
			for _, theme := range []string{"light", "dark"} {
				if (lang == "en") != (theme == "dark") {
					continue // each language and each theme once is enough to meet every rule
				}
				tab.Cookie(s.URL, "lang", lang).Media("prefers-color-scheme", theme)
				for _, width := range []int{1440, 390} {
					tab.Width(width).Open(s.URL + p.path)
					tab.Axe(t)
					if over := tab.Overflow(); over > 0 {
						t.Errorf("%s %s at %d: %d pixels too wide: %s", p.name, lang, width, over, tab.Widest())
					}
					if path := webtest.ShotPath(p.name + "-" + lang + "-" + theme + "-" + itoa(int64(width))); path != "" {
						tab.Screenshot(path)
					}
				}
			}
		}
	}
}

func TestFieldPagesInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	s.Crowd(t, s.Admin(), 400)
	inBrowser(t, s, s.Acme[domain.RoleEditor],
		shownPage{"fields", "/w/acme/fields"},
		shownPage{"fields-filtered", "/w/acme/fields?verdict=delete,dormant&origin=derived&col=field,application,category,owner,last_read,verdict"},
		shownPage{"fields-close", "/w/acme/fields?q=naisance"},
		shownPage{"fields-nothing", "/w/acme/fields?q=zzzzqqqq"})
}
