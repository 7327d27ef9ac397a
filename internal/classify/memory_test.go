package classify

import (
	"slices"
	"testing"
)

func TestMemoryTeaches(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	m := NewMemory([]Answer{
		{Dataset: "t_cli", Name: "zone_chal", Code: "loc.coarse", Count: 3},
		{Dataset: "clients", Name: "id", Code: "ident.id.customer", Count: 1},
		{Dataset: "clients", Name: "crit_qualif", Code: "own.category", Count: 2},
	})
	ask := func(dataset, name string) Suggestion {
		return c.Suggest([]Column{{Dataset: dataset, Name: name}}, m)[0]
	}
	same := ask("t_prospect", "ZoneChal")
	if same.Code != "loc.coarse" || same.Confidence < 0.85 || same.Reasons[0].Key != "classify.reason.memory" || same.Reasons[0].Args["n"] != 3 {
		t.Errorf("the same name: %+v", same)
	}
	similar := ask("t_prospect", "lib_zone_chal")
	if similar.Code != "loc.coarse" || similar.Confidence >= same.Confidence || similar.Reasons[0].Key != "classify.reason.similar" {
		t.Errorf("a similar name: %+v", similar)
	}
	if s := ask("prospects", "crit_qualif"); s.Code != "own.category" || s.Personal != IsPersonal {
		t.Errorf("a category of the workspace's own: %+v", s)
	}
	// An id of customers says nothing of the id of currencies.
	if s := ask("currencies", "id"); s.Code == "ident.id.customer" {
		t.Errorf("the id of currencies: %+v", s)
	}
	if s := ask("clients_archive", "id"); s.Code != "ident.id.customer" {
		t.Errorf("the id of clients_archive: %+v", s)
	}
	// What was said of a description elsewhere does not take another out of scope; in a table of a like name it does.
	m = NewMemory([]Answer{{Dataset: "shop_products", Name: "remark", Code: "tech.catalog", Count: 9}})
	if s := ask("customers", "remark"); s.Personal == NonPersonal {
		t.Errorf("a remark on customers, because products have one: %+v", s)
	}
	if s := ask("products", "remark"); s.Code != "tech.catalog" || s.Personal != NonPersonal {
		t.Errorf("a remark on products: %+v", s)
	}
	if s := ask("t_prospect", "email"); slices.ContainsFunc(s.Reasons, func(r Reason) bool { return r.Key == "classify.reason.memory" }) {
		t.Errorf("a name that was never answered: %+v", s)
	}
}

func TestMemoryTakesAnyOrder(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	answers := []Answer{
		{Dataset: "a", Name: "zone", Code: "crm.segment", Count: 2}, {Dataset: "b", Name: "ZONE", Code: "loc.coarse", Count: 2}, {Dataset: "c", Name: "zone_x", Code: "crm", Count: 1},
		{Dataset: "c", Name: "", Code: "crm", Count: 1}, {Dataset: "c", Name: "zone", Code: "", Count: 1}, {Dataset: "c", Name: "zone", Code: "tech", Count: 0},
	}
	want := c.Suggest([]Column{{Dataset: "z", Name: "zone"}}, NewMemory(answers))[0]
	slices.Reverse(answers)
	got := c.Suggest([]Column{{Dataset: "z", Name: "zone"}}, NewMemory(answers))[0]
	if got.Code != want.Code || got.Confidence != want.Confidence || got.Reasons[0].Args["name"] != want.Reasons[0].Args["name"] {
		t.Errorf("%+v, in another order %+v", want, got)
	}
	if got.Confidence > 0.7 {
		t.Errorf("answers that contradict each other are announced at %.2f", got.Confidence)
	}
}

func TestNoMemory(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	empty := c.Suggest([]Column{{Dataset: "z", Name: "email"}}, NewMemory(nil))[0]
	if none := c.Suggest([]Column{{Dataset: "z", Name: "email"}}, nil)[0]; none.Code != empty.Code || none.Confidence != empty.Confidence {
		t.Errorf("%+v without memory, %+v with an empty one", none, empty)
	}
}
