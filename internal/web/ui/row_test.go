package ui

import (
	"bytes"
	"strings"
	"testing"

	"github.com/a-h/templ"
)

func TestRowComponents(t *testing.T) {
	t.Parallel()
	const bad, good = `<b a="1">&`, `&lt;b a=&#34;1&#34;&gt;&amp;`
	for name, c := range map[string]struct {
		component templ.Component
		want      []string
	}{
		"badge":            {Badge(Warn, "check", bad), []string{`class="badge b-warn"`, string(icons["check"]), good}},
		"flag":             {Flagged(OK, "", bad), []string{`class="badge flag b-ok"`, good}},
		"tag":              {Tag(bad), []string{good}},
		"tags, some left":  {Tags([]string{"a", "b", bad, "d"}, 2), []string{`>a<`, `>b<`, `>+2<`, `title="` + good + `, d"`}},
		"tags, none left":  {Tags([]string{"a"}, 2), []string{`<span class="tags"><span class="tag">a</span></span>`}},
		"time":             {Time(bad, bad), []string{`datetime="` + good + `"`, `>` + good + `<`}},
		"meter over":       {Meter(140), []string{`width="100"></rect></svg>`}},
		"meter under":      {Meter(-3), []string{`width="0"></rect></svg>`}},
		"signal":           {Signal(2, bad), []string{`class="ev ev2"`, good, `x="1" y="10" width="2.6" height="4"`, `x="13" y="1" width="2.6" height="13"`}},
		"signal over":      {Signal(9, "x"), []string{`class="ev ev4"`}},
		"not measured":     {Signal(-1, "x"), []string{`class="ev evx"`, `<rect class="no" x="1"`}},
		"ticked":           {CellCheck(bad, bad, bad, true), []string{`name="` + good + `"`, `value="` + good + `"`, `aria-label="` + good + `"`, ` checked>`}},
		"name":             {CellName(bad, bad, bad), []string{`href="` + good + `"`, `>` + good + `</a>`, `c-sub">` + good}},
		"name without one": {CellName("/x", "y", ""), []string{`y</a></th>`}},
		"two lines":        {CellTwo(bad, bad, bad), []string{`class="` + good + `"`, `c-l1">` + good, `c-sub">` + good}},
		"one line":         {CellTwo("", "a", ""), []string{`a</span></td>`}},
		"cell":             {Cell("c-num", bad), []string{`class="c-num">` + good}},
		"text":             {Text(bad), []string{good}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := c.component.Render(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(b.String(), want) {
					t.Errorf("no %s in %s", want, b.String())
				}
			}
			if strings.Contains(b.String(), bad) {
				t.Errorf("not escaped: %s", b.String())
			}
		})
	}
}
