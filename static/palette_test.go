package static

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

var token = regexp.MustCompile(`--([a-z0-9-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)`)

// palette reads the colours of the light (0) and the dark (1) theme.
func palette(t *testing.T) [2]map[string]string {
	t.Helper()
	raw, err := files.ReadFile("css/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	themes := [2]map[string]string{{}, {}}
	for _, m := range token.FindAllStringSubmatch(string(raw), -1) {
		themes[0][m[1]], themes[1][m[1]] = m[2], m[3]
	}
	return themes
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) != 7 {
		t.Fatalf("%q is not a colour", hex)
	}
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func TestContrast(t *testing.T) {
	t.Parallel()
	if got := contrast(t, "#000000", "#ffffff"); math.Abs(got-21) > 0.01 {
		t.Fatalf("contrast of black on white = %v", got)
	}
	grounds := []string{"canvas", "surface", "head", "hover", "rowsel"}
	kinds := []string{"ok", "info", "review", "warn", "danger", "neutral", "sens"}
	const text, edge = 4.5, 3.0
	type pair struct {
		fore, back string
		least      float64
	}
	var pairs []pair
	for _, ground := range grounds {
		for _, fore := range []string{"ink", "ink2", "link"} {
			pairs = append(pairs, pair{fore, ground, text})
		}
	}
	for _, ground := range []string{"canvas", "surface"} {
		for _, fore := range []string{"ctl", "focus", "mark", "btn"} {
			pairs = append(pairs, pair{fore, ground, edge})
		}
		for _, kind := range kinds {
			pairs = append(pairs, pair{kind, ground, edge}, pair{kind + "-fg", ground, text})
		}
	}
	for _, kind := range kinds {
		pairs = append(pairs, pair{kind + "-fg", kind + "-bg", text}, pair{kind + "-fg", "rowsel", text}, pair{kind + "-fg", "hover", text}, pair{"ink", kind + "-bg", text})
	}
	for _, button := range []string{"btn", "btnh", "dbtn", "dbtnh", "top"} {
		pairs = append(pairs, pair{"white", button, text})
	}
	pairs = append(pairs, pair{"top2", "top", text}, pair{"topctl", "top", edge}, pair{"accent", "top", edge}, pair{"info-fg", "info-bg", text}, pair{"mark", "neutral-bg", edge})
	for i, theme := range palette(t) {
		theme["white"] = "#ffffff"
		for _, p := range pairs {
			if got := contrast(t, theme[p.fore], theme[p.back]); got < p.least {
				t.Errorf("%s: %s on %s is %.2f, under %.1f", [2]string{"light", "dark"}[i], p.fore, p.back, got, p.least)
			}
		}
	}
}
