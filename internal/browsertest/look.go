package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// look is the width of a window and the theme of a device.
type look struct {
	width int
	theme string
}

// looks are, by language, how a page is looked at: as opened, and as changed while it is open. Together they are every
// width in every theme and every language in every width; the contrast of letters is the same in every language.
var looks = map[string][2]look{
	"fr": {{1440, "light"}, {390, "light"}},
	"en": {{390, "dark"}, {1440, "dark"}},
}

// EveryLook tells whether axe-core reads a page as changed too, by what the theme and the width decide: as opened, each
// theme, each width and each language are read by every rule already. UTILE_EVERY_LOOK asks for it, as make verify does.
func EveryLook() bool { return os.Getenv("UTILE_EVERY_LOOK") != "" }

// Looks opens a page in both languages and looks at it; name is that of its pictures.
func (p *Tab) Looks(t testing.TB, site, path, name string) {
	t.Helper()
	for _, lang := range []string{"fr", "en"} {
		p.Prepare(site, lang).Open(site + path)
		p.Look(t, lang, name)
	}
}

// Prepare gives the tab the language, and the width and the theme in which Look expects a page to be opened.
func (p *Tab) Prepare(site, lang string) *Tab {
	p.t.Helper()
	return p.Cookie(site, "lang", lang).wear(looks[lang][0])
}

// Look fails the test for what is wrong with the page that is open: breaches of the rules of accessibility, of the policy,
// and a page wider than the window. It looks at the page as it was opened by every rule; then, without opening it again, in
// another width, where EveryLook asks for it by the rules that the width and the theme decide. It leaves the page as it was.
func (p *Tab) Look(t testing.TB, lang, name string) {
	t.Helper()
	for i, l := range looks[lang] {
		if i == 0 {
			p.Axe(t)
		} else if p.wear(l); EveryLook() {
			p.AxeLooks(t)
		}
		title := fmt.Sprintf("%s-%s-%s-%d", name, lang, l.theme, l.width)
		if over := p.Overflow(); over > 0 {
			t.Errorf("%s: %d pixels too wide: %s", title, over, p.Widest())
		}
		p.Shoot(title)
	}
	p.wear(looks[lang][0])
}

func (p *Tab) wear(l look) *Tab {
	p.t.Helper()
	return p.Width(l.width).Media("prefers-color-scheme", l.theme)
}

// Shoot takes a picture of the whole page where pictures are asked for: UTILE_SHOTS names their folder.
func (p *Tab) Shoot(name string) {
	p.t.Helper()
	if dir := shots(); dir != "" {
		p.Screenshot(filepath.Join(dir, name+".png"))
	}
}

// shots is the folder of the pictures that are asked for.
func shots() string { return os.Getenv("UTILE_SHOTS") }
