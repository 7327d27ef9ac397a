package ui_test

import (
	"fmt"
	"strings"
	"testing"

	"utile/internal/browsertest"
)

// said collects the errors of a test that is to fail.
type said struct {
	testing.TB
	errors []string
}

func (s *said) Errorf(format string, args ...any) {
	s.errors = append(s.errors, fmt.Sprintf(format, args...))
}

// TestBreachesAreFound: a page that says nothing of an image, writes in pale letters and does what the policy
// forbids is told of, each with the element; pale letters by the rules of the theme too, and on the next page of the same tab.
func TestBreachesAreFound(t *testing.T) {
	t.Parallel()
	url := catalogueServer(t)
	tab := browsertest.Still(t)
	for range 2 {
		tab.Open(url + "/p/en/confirm")
		tab.Eval(`(() => {
			const main = document.querySelector('main'), pale = document.createElement('p');
			pale.id = 'pale'; pale.textContent = 'Hardly to be read'; pale.style.color = '#ddd'; pale.style.backgroundColor = '#fff';
			main.append(pale, Object.assign(new Image(), {id: 'dumb', src: '/none.png'}));
			main.insertAdjacentHTML('beforeend', '<i style="color: red"></i>');
			return '';
		})()`)
		for look, wants := range map[string][]string{
			"Axe":      {"color-contrast", `<p id="pale"`, "image-alt", `<img id="dumb"`, "policy style-src-attr refused"},
			"AxeLooks": {"color-contrast", `<p id="pale"`},
		} {
			s := &said{TB: t}
			map[string]func(testing.TB){"Axe": tab.Axe, "AxeLooks": tab.AxeLooks}[look](s)
			all := strings.Join(s.errors, "\n")
			for _, want := range wants {
				if !strings.Contains(all, want) {
					t.Errorf("%s says nothing of %s: %s", look, want, all)
				}
			}
		}
	}
}
