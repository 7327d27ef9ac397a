package domain

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompletenessOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		checks  []Check
		percent int
		missing []string
	}{
		"nothing asked":         {nil, 100, nil},
		"nothing applies":       {[]Check{{"a", 0, false}}, 100, nil},
		"all":                   {[]Check{{"a", 1, true}, {"b", 9, true}}, 100, nil},
		"none":                  {[]Check{{"a", 1, false}, {"b", 1, false}}, 0, []string{"a", "b"}},
		"by weight":             {[]Check{{"a", 1, false}, {"b", 3, true}}, 75, []string{"a"}},
		"heaviest missing last": {[]Check{{"a", 1, false}, {"b", 5, false}, {"c", 1, false}, {"d", 3, true}}, 30, []string{"b", "a", "c"}},
		"rounded down":          {[]Check{{"a", 999, true}, {"b", 1, false}}, 99, []string{"b"}},
		"what does not apply":   {[]Check{{"a", 1, true}, {"b", 0, false}, {"c", 1, false}}, 50, []string{"c"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			percent, missing := CompletenessOf(c.checks...)
			if percent != c.percent {
				t.Errorf("percent = %d, want %d", percent, c.percent)
			}
			if diff := cmp.Diff(c.missing, missing); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFieldCompleteness(t *testing.T) {
	t.Parallel()
	all := FieldKnown{Class: ClassPersonal, Meaning: true, Origin: "collected", Collected: true, Owned: true, Mapped: true, Measured: true}
	but := func(change func(*FieldKnown)) FieldKnown {
		k := all
		change(&k)
		return k
	}
	for name, c := range map[string]struct {
		known   FieldKnown
		percent int
		missing []string
	}{
		"all":                       {all, 100, nil},
		"nothing":                   {FieldKnown{}, 0, []string{"category", "purpose", "evidence", "origin", "meaning", "owner"}},
		"unclassified":              {but(func(k *FieldKnown) { k.Class = ClassUnclassified }), 75, []string{"category"}},
		"class that nobody knows":   {but(func(k *FieldKnown) { k.Class = "else" }), 75, []string{"category"}},
		"no purpose":                {but(func(k *FieldKnown) { k.Mapped = false }), 80, []string{"purpose"}},
		"no evidence":               {but(func(k *FieldKnown) { k.Measured = false }), 80, []string{"evidence"}},
		"no collection point":       {but(func(k *FieldKnown) { k.Collected = false }), 90, []string{"collection"}},
		"derived, no point":         {but(func(k *FieldKnown) { k.Origin, k.Collected = "derived", false }), 100, nil},
		"origin unknown":            {but(func(k *FieldKnown) { k.Origin = "unknown" }), 88, []string{"origin"}},
		"no meaning, no owner":      {but(func(k *FieldKnown) { k.Meaning, k.Owned = false, false }), 85, []string{"meaning", "owner"}},
		"not personal, class alone": {FieldKnown{Class: ClassNonPersonal}, 62, []string{"meaning", "owner"}},
		"not personal, all":         {FieldKnown{Class: ClassNonPersonal, Meaning: true, Owned: true}, 100, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			percent, missing := c.known.Completeness()
			if percent != c.percent || c.known.Percent() != c.percent {
				t.Errorf("percent = %d and %d, want %d", percent, c.known.Percent(), c.percent)
			}
			if diff := cmp.Diff(c.missing, missing); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPercentAllocatesNothing(t *testing.T) { // not parallel: allocations of other tests would be counted
	k := FieldKnown{Class: ClassPersonal, Origin: "collected", Mapped: true}
	if n := testing.AllocsPerRun(1000, func() { _ = k.Percent() }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
