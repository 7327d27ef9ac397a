package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A query is read once; later its arguments take the same places, and a wrong set of them is refused as the first time.
func TestArgumentsTakeTheirPlaces(t *testing.T) {
	t.Parallel()
	const sql = "select @b, '@c', @a, @b"
	for range 2 {
		text, values, err := arguments{"a": 1, "b": "two"}.RewriteQuery(t.Context(), nil, sql, nil)
		if err != nil {
			t.Fatal(err)
		}
		if text != "select $1, '@c', $2, $1" {
			t.Errorf("reads %q", text)
		}
		if diff := cmp.Diff([]any{"two", 1}, values); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
		for name, wrong := range map[string]arguments{"too few": {"a": 1}, "another": {"a": 1, "c": 2}, "too many": {"a": 1, "b": 2, "c": 3}} {
			if _, _, err := wrong.RewriteQuery(t.Context(), nil, sql, nil); err == nil {
				t.Errorf("%s arguments are taken", name)
			}
		}
	}
}
