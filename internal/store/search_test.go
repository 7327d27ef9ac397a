package store_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

func search(t *testing.T, st *store.Store, by domain.Actor, text string) (found store.Found, names map[string][]string) {
	t.Helper()
	found, err := st.Search(context.Background(), by, text)
	if err != nil {
		t.Fatalf("search %q: %v", text, err)
	}
	names = map[string][]string{}
	for _, g := range found.Groups {
		for _, h := range g.Hits {
			names[g.Kind] = append(names[g.Kind], h.Name)
		}
	}
	return found, names
}

func TestSearchFindsEveryKind(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	app := w.Application(t, by, "Fidélité Plus")
	dataset := w.Dataset(t, by, app, "fidelite_cards")
	w.Field(t, by, dataset, "fidelite_id", "tech.key")
	w.Field(t, by, dataset, "fidelite_gone", "tech.key")
	w.Exec(t, `update field set state = 'archived' where name = 'fidelite_gone'`)
	w.Program(t, by, "fidelite-vip", "live")
	w.Purpose(t, by, "Gestion fidélité", true)
	w.Exec(t, `update data_category set label_fr = 'Programme de fidélité', label_en = 'Loyalty scheme' where workspace_id = $1 and code = 'tech.key'`, by.Workspace)
	w.Exec(t, `insert into collection_point (workspace_id, name) values ($1, 'Borne fidélité')`, by.Workspace)
	other := w.Application(t, by, "Braze")
	w.Exec(t, `insert into flow (workspace_id, name, source_application_id, target_application_id) values ($1, 'Fidélité vers Braze', $2, $3)`, by.Workspace, app, other)
	w.Application(t, w.Other[domain.RoleAdmin], "Fidélité d’ailleurs")
	by.Lang = "fr"

	for _, text := range []string{"fidelite", "FIDÉLITÉ", " fidélite "} {
		found, names := search(t, w.Store, by, text)
		want := map[string][]string{"fields": {"fidelite_id"}, "applications": {"Fidélité Plus"}, "datasets": {"fidelite_cards"},
			"programs": {"fidelite-vip"}, "purposes": {"Gestion fidélité"}, "categories": {"Programme de fidélité"},
			"collection_points": {"Borne fidélité"}, "flows": {"Fidélité vers Braze"}}
		if diff := cmp.Diff(want, names); diff != "" || found.Approximate {
			t.Errorf("%q (-want +got), approximate %v:\n%s", text, found.Approximate, diff)
		}
	}
	if _, names := search(t, w.Store, by, "vers fidélité"); len(names) != 1 || len(names["flows"]) != 1 {
		t.Errorf("two words in any order find %v", names)
	}
	for _, text := range []string{"", "  ", "%", "_", "zzzzqqqq", `\`} {
		if _, names := search(t, w.Store, by, text); text != "_" && len(names) != 0 {
			t.Errorf("%q finds %v", text, names)
		}
	}
	found, names := search(t, w.Store, by, "fidelte") // a letter is missing
	if !found.Approximate || len(names["applications"]) == 0 || len(names["fields"]) == 0 {
		t.Errorf("a typing error finds %v, approximate %v", names, found.Approximate)
	}
}

func TestSearchCountsAndOrders(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	for _, name := range []string{"A newsletter archive", "Newsletter", "Old newsletter", "Newsletter weekly", "My newsletter x", "Their newsletter", "The newsletter"} {
		w.Application(t, by, name)
	}
	found, names := search(t, w.Store, by, "newsletter")
	if found.Groups[0].Total.N != 7 || len(names["applications"]) != 6 {
		t.Errorf("total %d, shown %v", found.Groups[0].Total.N, names)
	}
	if got := names["applications"][:2]; got[0] != "Newsletter" || got[1] != "Newsletter weekly" {
		t.Errorf("first = %v, want what begins with the word", got)
	}
}
