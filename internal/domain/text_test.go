package domain

import "testing"

func TestNameOfNothingToSeeIsEmpty(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"": "error.required", "\u200b": "error.required", "\u200d\ufeff \u2060": "error.required", "\u3164": "error.required",
		"\u202eabc": "error.characters", "a": "", "Zoé": "", "👩\u200d💻": "", "می\u200cخواهم": ""} {
		var p Problems
		p.Line("name", CleanLine(value), true, MaxName)
		if got := p["name"].Key; got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}
