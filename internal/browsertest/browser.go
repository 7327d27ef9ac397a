// Package browsertest gives tests a real browser, axe-core in it, and the looks that every page is looked at by. It knows none of
// the pages: what only tests components would be built with all of them otherwise.
package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/headlessexperimental"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Tab is a page open in a real browser, with cookies of its own. Its methods fail the test when the browser does not
// answer.
type Tab struct {
	t     testing.TB
	ctx   context.Context
	still bool // draws nothing
	axed  bool // its pages have axe-core within reach
}

const tabTimeout = 8 * time.Minute // of a whole journey, on a machine that does other things too

// openTabs is how many tabs are open at once: more make each other slow.
var openTabs = max(2, runtime.NumCPU()/2)

var (
	slots  = make(chan struct{}, openTabs)
	frames sync.Mutex // the browser ends with two frames at once
	shared struct {
		sync.Mutex
		closes bool // Main closes it
		ctx    context.Context
		stop   func()
	}
)

// Main runs the tests of a package and closes the browser that they shared. A package with browser tests has it as its
// TestMain, and exits with what it returns: no test can know that it is the last one that needs the browser, and to start one again costs seconds.
func Main(m *testing.M) (status int) {
	shared.closes = true
	status = m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	return status
}

// Browser opens a tab in the Chromium that the tests of a package share, and closes it with the test. It skips the test
// where there is no Chromium, unless UTILE_REQUIRE_BROWSER=1 makes that a failure. UTILE_CHROMIUM names another program.
func Browser(t testing.TB) *Tab {
	t.Helper()
	return open(t, false)
}

// Still is Browser for pages that are opened and looked at, not used. Where the browser can, the tab draws nothing, which
// saves a fifth of the work: styles, layout and what scripts do before a page is drawn are those of any other tab.
func Still(t testing.TB) *Tab {
	t.Helper()
	return open(t, true)
}

func open(t testing.TB, still bool) *Tab {
	t.Helper()
	program := chromium()
	if program == "" {
		if os.Getenv("UTILE_REQUIRE_BROWSER") == "1" {
			t.Fatal("UTILE_REQUIRE_BROWSER=1 and no Chromium found on this machine")
		}
		t.Skip("no Chromium found: browser test not run (UTILE_REQUIRE_BROWSER=1 makes this a failure)")
	}
	slots <- struct{}{}
	t.Cleanup(func() { <-slots })
	return openIn(t, program, still)
}

// Beside opens another tab with cookies of its own, for a test in which several people look at once. It takes no place of its
// own among the tabs that may be open: a test that waited for many would wait for itself.
func (p *Tab) Beside() *Tab {
	p.t.Helper()
	return openIn(p.t, chromium(), false)
}

func openIn(t testing.TB, program string, still bool) *Tab {
	t.Helper()
	root, err := start(program)
	if err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	tab := chromedp.WithNewBrowserContext()
	if still = still && isShell(program) && shots() == ""; still {
		id, err := addStill(root)
		if err != nil {
			t.Fatalf("open a tab that draws nothing: %v", err)
		}
		tab = chromedp.WithTargetID(id)
	}
	ctx, closeTab := chromedp.NewContext(root, tab)
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil { // without a timeout, which would end the browser with it
		t.Fatalf("open a tab: %v", err)
	}
	limited, cancel := context.WithTimeout(ctx, tabTimeout)
	t.Cleanup(cancel)
	p := &Tab{t: t, ctx: limited, still: still}
	// The browser would read every style sheet of every page for a panel that nobody opens.
	call(p, css.Disable, cdp.Empty{})
	call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watch})
	return p.Width(1440)
}

// addStill adds a tab with cookies of its own whose frames are asked for, one by one.
func addStill(root context.Context) (target.ID, error) {
	on, browser := true, chromedp.FromContext(root).Browser
	cookies, err := cdp.Call(root, browser, target.CreateBrowserContext, target.CreateBrowserContextParams{DisposeOnDetach: &on})
	if err != nil {
		return "", err
	}
	tab, err := cdp.Call(root, browser, target.CreateTarget, target.CreateTargetParams{
		URL: "about:blank", BrowserContextID: cookies.BrowserContextID, NewWindow: &on, EnableBeginFrameControl: &on})
	return tab.TargetID, err
}

// frame lets the page of a tab that draws nothing do what it does before it is drawn.
func (p *Tab) frame() {
	p.t.Helper()
	if !p.still {
		return
	}
	frames.Lock()
	defer frames.Unlock()
	without := true
	call(p, headlessexperimental.BeginFrame, headlessexperimental.BeginFrameParams{NoDisplayUpdates: &without})
}

// isShell tells whether a program is the browser that was made for tests: it has no window to draw, and starts and works in
// two thirds of the time of the whole one.
func isShell(program string) bool { return strings.Contains(filepath.Base(program), "headless") }

func chromium() string {
	if program := os.Getenv("UTILE_CHROMIUM"); program != "" {
		return program
	}
	for _, name := range []string{"chromium-headless-shell", "headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	return ""
}

// start starts the shared browser for its first user.
func start(program string) (context.Context, error) {
	shared.Lock()
	defer shared.Unlock()
	if !shared.closes {
		return nil, errors.New("the package has no TestMain that calls browsertest.Main, which closes the browser")
	}
	if shared.ctx != nil {
		return shared.ctx, nil
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		// Neither a process in stock nor the page before is kept: no test goes back to it.
		chromedp.Flag("disable-features", "Translate,PreloadTopChromeWebUI,MediaRouter,OptimizationHints,SpareRendererForSitePerProcess,BackForwardCache"),
		// A page lives for a second: code that runs once is not worth compiling well, and little that it throws away worth collecting.
		chromedp.Flag("js-flags", "--no-opt --no-maglev --single-threaded --min-semi-space-size=16"),
		chromedp.Flag("enable-features", "NetworkServiceInProcess2"), // one process less to talk to
		chromedp.Flag("hide-scrollbars", true), chromedp.WindowSize(1440, 900),
	)
	if isShell(program) {
		options = append(options, chromedp.Flag("font-render-hinting", "none"), // letters are as wide as in the whole browser
			chromedp.Flag("run-all-compositor-stages-before-draw", true)) // for frames that are asked for
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	stop := func() {
		_ = chromedp.Cancel(ctx) // a browser that is gone already is what is wanted
		stopBrowser()
		stopAllocator()
	}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, err
	}
	shared.ctx, shared.stop = ctx, stop
	return ctx, nil
}

// watch notes, from before the first script of each page, what the browser refuses or fails.
const watch = `(() => {
	window.__faults = [];
	addEventListener('securitypolicyviolation', e => __faults.push('policy ' + e.effectiveDirective + ' refused ' + (e.blockedURI || 'inline') + ' ' + e.sample));
	addEventListener('error', e => __faults.push(e.message ? 'script: ' + e.message : 'did not load: ' + (e.target.src || e.target.href || e.target.tagName)), true);
	addEventListener('unhandledrejection', e => __faults.push('promise: ' + e.reason));
})()`

func call[P, R any](p *Tab, command cdp.Command[P, R], params P) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, command, params); err != nil {
		p.t.Fatalf("browser: %s: %v", command.Method, err)
	}
}

func (p *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatalf("browser: %s: %v", what, err)
	}
}

// Context is the browser's own context of the tab, for what the methods do not offer.
func (p *Tab) Context() context.Context { return p.ctx }

// Width sets the width of the window in CSS pixels. Under 600 it is a phone, with touch.
func (p *Tab) Width(pixels int) *Tab {
	p.t.Helper()
	height, options := int64(900), []chromedp.EmulateViewportOption(nil)
	if pixels < 600 {
		height, options = 844, append(options, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	} else if pixels == 1920 { // a projector
		height = 1080
	}
	p.do("set the width", chromedp.EmulateViewport(int64(pixels), height, options...))
	return p
}

// Media emulates features of the device: "prefers-color-scheme", "dark"; "forced-colors", "active"; each a pair. Those
// set before are forgotten.
func (p *Tab) Media(pairs ...string) *Tab {
	p.t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		features = append(features, &emulation.MediaFeature{Name: pairs[i], Value: pairs[i+1]})
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	return p
}

// Dark makes the device prefer dark colours.
func (p *Tab) Dark() *Tab { p.t.Helper(); return p.Media("prefers-color-scheme", "dark") }

// Light makes the device prefer light colours.
func (p *Tab) Light() *Tab { p.t.Helper(); return p.Media("prefers-color-scheme", "light") }

// Print shows pages as they are printed.
func (p *Tab) Print() *Tab {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	return p
}

// Language sets the Accept-Language header of every later request.
func (p *Tab) Language(tag string) *Tab {
	p.t.Helper()
	call(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": tag}})
	return p
}

// Zone makes the device live by the clock of a place, such as Europe/Paris.
func (p *Tab) Zone(name string) *Tab {
	p.t.Helper()
	call(p, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: name})
	return p
}

// NoScript stops the scripts of every later page.
func (p *Tab) NoScript() *Tab {
	p.t.Helper()
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	return p
}

// Cookie gives the tab a cookie for an address.
func (p *Tab) Cookie(url, name, value string) *Tab {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: url, Path: "/"}); err != nil {
		p.t.Fatalf("browser: set a cookie: %v", err)
	}
	return p
}

// Open goes to an address and waits for the page and its fonts.
func (p *Tab) Open(url string) *Tab {
	p.t.Helper()
	p.do("open "+url, chromedp.Navigate(url))
	p.frame()
	p.Eval(`document.fonts.ready.then(() => '')`)
	return p
}

// Eval runs an expression, waits for it where it is a promise, and returns its value as text.
func (p *Tab) Eval(expression string) string {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[any](expression, chromedp.EvalAwaitPromise))
	if err != nil && !errors.Is(err, chromedp.ErrJSUndefined) {
		p.t.Fatalf("browser: evaluate %.80q: %v", expression, err)
	}
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// patiently is how often the browser is asked whether something is there. Each time takes it from answering.
var patiently = chromedp.RetryInterval(25 * time.Millisecond)

// Click presses what a CSS selector finds first, once it is visible.
func (p *Tab) Click(selector string) *Tab {
	p.t.Helper()
	p.do("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible, patiently))
	return p
}

// Type puts text in the box that a CSS selector finds first.
func (p *Tab) Type(selector, text string) *Tab {
	p.t.Helper()
	p.do("type in "+selector, chromedp.SendKeys(chromedp.CSS(selector), text, chromedp.NodeVisible, patiently))
	return p
}

// Press sends keys to what has the focus.
func (p *Tab) Press(keys string, options ...chromedp.KeyOption) *Tab {
	p.t.Helper()
	p.do("press "+keys, chromedp.KeyEvent(keys, options...))
	return p
}

// Wait waits until a CSS selector finds something visible.
func (p *Tab) Wait(selector string) *Tab {
	p.t.Helper()
	p.do("wait for "+selector, chromedp.WaitVisible(chromedp.CSS(selector), patiently))
	return p
}

// Text is the visible text of what a CSS selector finds first.
func (p *Tab) Text(selector string) string {
	p.t.Helper()
	s, err := chromedp.Run(p.ctx, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		p.t.Fatalf("browser: text of %s: %v", selector, err)
	}
	return s
}

// Location is the address of the page.
func (p *Tab) Location() string {
	p.t.Helper()
	s, err := chromedp.Run(p.ctx, chromedp.Location())
	if err != nil {
		p.t.Fatalf("browser: location: %v", err)
	}
	return s
}

// Overflow is by how many pixels the page is wider than the window.
func (p *Tab) Overflow() int {
	p.t.Helper()
	n, err := chromedp.Run(p.ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
	if err != nil {
		p.t.Fatalf("browser: measure the page: %v", err)
	}
	return n
}

// Widest names the elements that stick out of the window, for the message of a failed test.
func (p *Tab) Widest() string {
	p.t.Helper()
	return p.Eval(`(() => {
		const scrolled = e => { for (let x = e.parentElement; x && x !== document.body; x = x.parentElement) if (getComputedStyle(x).overflowX !== 'visible') return true; };
		return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !scrolled(e))
			.slice(0, 8).map(e => e.tagName.toLowerCase() + '.' + e.getAttribute('class')).join(', ');
	})()`)
}

// Faults are the things that the browser refused or failed since the page opened: breaches of the policy, script errors,
// files that did not load.
func (p *Tab) Faults() []string {
	p.t.Helper()
	raw := p.Eval(`JSON.stringify((window.__faults || []).concat(performance.getEntriesByType('resource')
		.filter(e => e.responseStatus >= 400).map(e => e.responseStatus + ' ' + e.name)))`)
	var faults []string
	if err := json.Unmarshal([]byte(raw), &faults); err != nil {
		p.t.Fatalf("browser: read the faults: %v", err)
	}
	return faults
}

// Axe fails the test for every breach of the accessibility rules (WCAG 2 A and AA, and good practice) that axe-core finds
// in the page, and for every fault.
func (p *Tab) Axe(t testing.TB) {
	t.Helper()
	p.axe(t, `{resultTypes: ['violations']}`)
	for _, fault := range p.Faults() {
		t.Errorf("browser: %s", fault)
	}
}

// AxeLooks is Axe by the rules alone that the theme and the width decide: the others read names, roles and order, which
// are those of the same document.
func (p *Tab) AxeLooks(t testing.TB) {
	t.Helper()
	p.axe(t, `{resultTypes: ['violations'], preload: false, runOnly: ['color-contrast', 'link-in-text-block', 'scrollable-region-focusable']}`)
}

func (p *Tab) axe(t testing.TB, options string) {
	t.Helper()
	p.frame()
	if !p.axed { // the script is long: the tab is given it once, and each page that needs it calls it
		script, err := os.ReadFile(filepath.Join(moduleRoot(t), "internal", "web", "ui", "testdata", "axe.min.js"))
		if err != nil {
			t.Fatal(err)
		}
		// What a page is made of is asked for where a breach is told, not for each of its elements.
		source := "window.__axe = () => {" + string(script) + "\n;axe.configure({noHtml: true})};''"
		call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: source})
		p.Eval(source)
		p.axed = true
	}
	raw := p.Eval(`(window.axe || __axe(), axe).run(document, ` + options + `).then(r => JSON.stringify(r.violations.map(v => ({
		id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map(n => n.target.join(' ') + ' — ' + n.failureSummary.split('\n').slice(1, 3).join('; ') + ' — ' + (document.querySelector(n.target[0])?.outerHTML || '').slice(0, 160))}))))`)
	var violations []struct {
		ID, Impact, Help string
		Nodes            []string
	}
	if err := json.Unmarshal([]byte(raw), &violations); err != nil {
		t.Fatalf("read the report of axe: %v", err)
	}
	for _, v := range violations {
		t.Errorf("axe on %s: %s (%s): %s, %d times\n\t%s", p.Location(), v.ID, v.Impact, v.Help, len(v.Nodes), strings.Join(v.Nodes[:min(len(v.Nodes), 6)], "\n\t"))
	}
}

// Screenshot writes the whole page as a PNG file, and makes its folder.
func (p *Tab) Screenshot(path string) {
	p.t.Helper()
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, png, 0o600)
	}
	if err != nil {
		p.t.Fatalf("browser: screenshot: %v", err)
	}
}

func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no go.mod above the test")
	return ""
}
