package store

import (
	"slices"
	"testing"
)

func TestByNameKeepsGroupsAndFoldsNames(t *testing.T) {
	type row struct{ group, name string }
	list := []row{{"essential", "fin"}, {"essential", "Été"}, {"essential", "date"}, {"avoid", "Zoé"}, {"avoid", "âge"}}
	byName(list, func(r row) (string, string) { return r.group, r.name })
	want := []row{{"essential", "date"}, {"essential", "Été"}, {"essential", "fin"}, {"avoid", "âge"}, {"avoid", "Zoé"}}
	if !slices.Equal(list, want) {
		t.Errorf("in order: %v, want %v", list, want)
	}
	byName([]row{}, func(r row) (string, string) { return r.group, r.name })
}
