package ui_test

import (
	"testing"

	"utile/internal/browsertest"
)

// TestForcedColours checks that states survive when the system replaces every colour.
func TestForcedColours(t *testing.T) {
	t.Parallel()
	p := browsertest.Browser(t).Media("forced-colors", "active").Open(catalogueServer(t) + "/p/fr/catalogue")
	p.Shoot("ui/forced-colours")
	for expression, want := range map[string]string{
		`matchMedia('(forced-colors: active)').matches`:                                     "true",
		`getComputedStyle(document.querySelector('.badge')).borderTopWidth`:                 "1px",
		`getComputedStyle(document.querySelector('.reg-table .chk')).appearance`:            "auto",
		`getComputedStyle(document.querySelector('.flash')).borderTopStyle`:                 "solid",
		`getComputedStyle(document.querySelector('.nav [aria-current]')).borderBottomWidth`: "3px",
	} {
		if got := p.Eval(expression); got != want {
			t.Errorf("%s = %q, want %q", expression, got, want)
		}
	}
}

// TestPrint checks that the page prints what it says and not what it is worked with.
func TestPrint(t *testing.T) {
	t.Parallel()
	p := browsertest.Browser(t).Print().Open(catalogueServer(t) + "/p/fr/catalogue")
	p.Shoot("ui/print")
	for selector, want := range map[string]string{
		".top": "none", ".subnav": "none", ".facets": "none", ".bulk": "none", ".pager .btn": "none", ".pager .small": "block", // which rows these are is told
		".flashes": "none", ".actions": "none",
		".printnote": "block", ".reg-table thead": "table-header-group",
	} {
		if got := p.Eval(`getComputedStyle(document.querySelector('` + selector + `')).display`); got != want {
			t.Errorf("%s prints as %q, want %q", selector, got, want)
		}
	}
}
