package web_test

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/web/webtest"
)

// listPaths are where the lists of registers are, which their names do not tell.
var listPaths = map[string]string{"client_processings": "client-processings", "collection_points": "collection-points",
	"frozen_targets": "targets/frozen", "schedule": "retention/schedule"}

// TestListsOfAnyAddress asks every list and its file by each filter alone, and by what nobody means: the answer is a page, a file
// or a sentence, never a fault and never a connection that ends.
func TestListsOfAnyAddress(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	place := func(cursor string) string { return base64.RawURLEncoding.EncodeToString([]byte(cursor)) }
	dated, ranked := place(`{"s":"-updated","v":"abc","i":1}`), place(`{"s":"risk","r":99999,"t":"2026-01-01T00:00:00Z"}`)
	v := s.As(t, s.Admin())
	for _, r := range append(store.Registers(), domain.ReviewRegister) {
		path := "/w/acme/" + cmp.Or(listPaths[r.Name], r.Name)
		paths := []string{path, path + ".csv", path + ".xlsx", path + ".json"}
		switch r.Name {
		case domain.ReviewRegister.Name: // no file
			paths = paths[:1]
		case domain.FrozenTargetRegister.Name: // nothing but files
			paths = paths[1:]
		case domain.FieldRegister.Name:
			paths = append(paths, "/w/acme/matrix")
		}
		queries := []string{"q=%00", "q=%FF", "sort=-updated&after=" + dated, "sort=-updated&before=" + dated, "after=" + ranked,
			"n=99999999999999999999&at=9223372036854775807&page=9223372036854775807"}
		for _, f := range r.Filters {
			value := "1"
			if len(f.Values) > 0 {
				value = f.Values[0]
			}
			for _, value := range []string{"none", value, "99999999999999999999", "%00"} {
				queries = append(queries, f.Key+"="+value)
			}
		}
		for _, path := range paths {
			for i, query := range queries {
				if i > 6 && path != paths[0] && !strings.HasSuffix(path, ".csv") { // one kind of file answers for all
					continue
				}
				p := v.Get(path + "?" + query)
				unreadable := strings.Contains(query, "%00") || strings.Contains(query, "%FF")
				switch {
				case unreadable && p.Status == http.StatusUnprocessableEntity:
					if p.Header.Get("Content-Disposition") != "" || p.Text("main") == "" {
						t.Errorf("%s?%s is refused without a sentence", path, query)
					}
				case p.Status != http.StatusOK:
					t.Errorf("%s?%s: status %d", path, query, p.Status)
				}
			}
		}
	}
}
