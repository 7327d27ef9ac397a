package ui

import (
	"context"
	"io"
	"strings"
	"sync"

	"utile/internal/i18n"
	"utile/static"

	"github.com/a-h/templ"
)

// The themes that a person chooses from.
const (
	ThemeAuto  = "auto" // what the device says
	ThemeLight = "light"
	ThemeDark  = "dark"
)

// Shell is everything that a page shows around its content. The zero value of a part leaves the part out.
type Shell struct {
	Title       string   // of the page; the product's name follows it
	Theme       string   // ThemeAuto when empty
	ThemeAction string   // where a theme is posted, as theme=…, back=…
	Back        string   // address of this page, sent along so that switches lead back to it
	Home        string   // where the logo leads; "/" when empty
	LangHref    string   // this page in the other language
	Resent      []Hidden // what the form sent that this page answers: LangHref is sent it again
	Nav         []NavItem
	Sections    []NavItem
	Search      *TopSearch
	Job         *TopJob
	Account     *Account
	Flashes     []Flash
	Notice      *Notice // what every page of this place must say
	Moment      *Moment // the choice of a day to look at
	Past        *PastBand
	PrintNote   string // what is printed under the title: filter, date, author
	Wide        bool   // reading width is left to the page, up to the whole window
	NoIndex     bool
	KeysOff     bool // the person wants no single-letter shortcut
	Refresh     int  // seconds after which a page without script loads itself again; 0 for never
}

// NavItem is one entry of the bars at the top, or of tabs.
type NavItem struct {
	Href    string
	Text    string
	Icon    string
	Count   string // written number; empty for none
	Waiting bool   // the count is work that waits for the person
	Current bool
	Go      string // letter that leads there after g
}

// TopSearch is the "go to" box of the first bar, a GET form.
type TopSearch struct {
	Action string
	Name   string // "q" when empty
	Value  string
}

// TopJob is the running job shown in the first bar.
type TopJob struct {
	Href    string
	Text    string // "Analyse 62 %"
	Percent int    // 0 to 100
	Again   string // address that answers with the same, as it is then
}

// Notice is a line under the bars: what somebody must know wherever they are, and the form that ends it.
type Notice struct {
	Text   string
	Action string // where the button posts; no button when empty
	Button string
}

// Moment is the choice of a day whose end the pages show, a GET form that sends as_of and leads to this page of that day.
type Moment struct {
	Action string
	Hidden []Hidden
	Value  string // day that is looked at, 2026-10-31; empty for now
	Max    string // last day
}

// PastBand says that a page shows the past; nil for now.
type PastBand struct{ Text, Href, Link string }

// Account is the person signed in, and the menu under the initials.
type Account struct {
	Name      string
	Detail    string // e-mail or workspace and role
	Initials  string
	Links     []Link
	SignOut   string // where signing out is posted
	Workspace string
}

// Flash is a message about what was just done. It stays until it is dismissed or ten seconds pass without the pointer or
// the focus on it; a failure stays.
type Flash struct {
	Kind   Kind // OK, Info, Warn or Danger
	Text   string
	Undo   *FlashUndo
	Link   *Link
	Detail string
}

// FlashUndo is the form that takes back what was just done.
type FlashUndo struct {
	Action string
	Text   string // "Annuler" when empty
	Values []Hidden
}

func (s Shell) home() string {
	if s.Home == "" {
		return "/"
	}
	return s.Home
}

func (s Shell) theme() string {
	switch s.Theme {
	case ThemeLight, ThemeDark:
		return s.Theme
	}
	return ThemeAuto
}

func (s Shell) fullTitle(ctx context.Context) string {
	product := i18n.T(ctx, "ui.product")
	if s.Title == "" {
		return product
	}
	return s.Title + " · " + product
}

func (t TopSearch) name() string {
	if t.Name == "" {
		return "q"
	}
	return t.Name
}

func (f Flash) kind() Kind {
	if f.Kind == "" {
		return OK
	}
	return f.Kind
}

func (f Flash) role() string {
	if f.Kind == Danger {
		return "alert"
	}
	return "status"
}

func (f Flash) icon() string { return kindIcons[f.kind()] }

var kindIcons = map[Kind]string{
	OK: "circle-check", Info: "info-circle", Review: "gavel", Warn: "alert-triangle", Danger: "alert-triangle",
	Neutral: "info-circle", Sens: "shield-lock",
}

// HTMXConfig is the configuration that htmx reads from the head: no style of its own, same origin only.
const htmxConfig = `{"includeIndicatorCSS":false,"mode":"same-origin","history":true,"extensions":"sse"}`

func asset(name string) templ.SafeURL { return templ.SafeURL(static.Path(name)) }

// PageHeadSpec describes the title line of a page.
type PageHeadSpec struct {
	Title  string
	Code   string // technical name, in monospace
	Count  string // "1 284 résultats sur 12 480"
	Lead   string // one sentence on what the page is for
	Badges []templ.Component
}

// keys is the list of shortcuts, the same on every page, so that it is drawn once in each language.
func keys(off bool) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		key := keysOf{i18n.Lang(ctx), off}
		drawn, known := keysDrawn.Load(key)
		if !known {
			var b strings.Builder
			if err := keysList(off).Render(ctx, &b); err != nil {
				return err
			}
			drawn, _ = keysDrawn.LoadOrStore(key, b.String())
		}
		return write(w, drawn.(string)) // nothing else is put there
	})
}

var keysDrawn sync.Map // texts by keysOf

type keysOf struct {
	lang i18n.Language
	off  bool
}

// shortcut is one line of the list of keys. A single letter can be switched off.
type shortcut struct {
	keys    []string
	message string
	letter  bool
}

var shortcuts = []shortcut{
	{[]string{"/"}, "ui.keys.search", true},
	{[]string{"Ctrl", "K"}, "ui.keys.goto", false},
	{[]string{"j", "k"}, "ui.keys.move", true},
	{[]string{"x"}, "ui.keys.tick", true},
	{[]string{"a", "r", "c"}, "ui.keys.answer", true},
	{[]string{"q", "p", "s"}, "ui.keys.review", true},
	{[]string{"u"}, "ui.keys.undo", true},
	{[]string{"Ctrl", "↵"}, "ui.keys.send", false},
	{[]string{"Shift"}, "ui.keys.range", false},
	{[]string{"g"}, "ui.keys.go", true},
	{[]string{"F8"}, "ui.keys.message", false},
	{[]string{"Esc"}, "ui.keys.escape", false},
	{[]string{"?"}, "ui.keys.help", true},
}
