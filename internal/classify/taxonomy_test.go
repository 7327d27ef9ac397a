package classify

import (
	"slices"
	"testing"

	"utile/internal/domain"
)

// TestTaxonomy holds the codes that are suggested against those that a workspace starts with, and what they say of persons.
func TestTaxonomy(t *testing.T) {
	t.Parallel()
	var known []string
	for _, c := range domain.BuiltinCategories() {
		known = append(known, c.Code)
		if got := PersonalOf(c.Code); c.Code != "unk" && (got == NonPersonal) != (c.Class == domain.ClassNonPersonal) {
			t.Errorf("%s is %s here and %s in the taxonomy", c.Code, got, c.Class)
		}
	}
	if !slices.Equal(known, Codes()) {
		t.Errorf("codes are %v, in the taxonomy %v", Codes(), known)
	}
}
