package web_test

import (
	"net/http"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// TestInventoryPagesInABrowser opens every page of the registers in both themes, on a desk and on a phone: nothing breaks
// the policy or the rules of accessibility, and nothing is wider than the window.
func TestInventoryPagesInABrowser(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	v := s.As(t, s.Acme[domain.RoleEditor])
	crm, mail, shop, till := s.Application(t, by, "Salesforce"), s.Application(t, by, "Braze"), s.Application(t, by, "Boutique en ligne"), s.Application(t, by, "Caisse")
	contacts, profiles := s.Dataset(t, by, crm, "contacts"), s.Dataset(t, by, mail, "users")
	field := itoa(s.Field(t, by, contacts, "email", "ident.contact.email"))
	s.Field(t, by, contacts, "blood_group", "art9.health")
	s.Field(t, by, profiles, "email", "ident.contact.email")
	for _, f := range [][]string{
		{"name", "Contacts quotidiens", "source_application", itoa(crm), "source_dataset", "contacts", "target_application", itoa(mail), "target_dataset", "users",
			"mechanism", "api", "frequency", "daily", "encrypted", "yes"},
		{"name", "Commandes", "source_application", itoa(shop), "target_application", itoa(crm), "mechanism", "etl", "encrypted", "no"},
		{"name", "Tickets", "source_application", itoa(till), "target_application", itoa(crm), "mechanism", "file"},
		{"name", "Ouvertures", "source_application", itoa(mail), "target_application", itoa(crm), "mechanism", "webhook"},
		{"name", "Comptes", "source_application", itoa(shop), "target_application", itoa(mail)},
	} {
		v.Post("/w/acme/flows", f...).Want(http.StatusSeeOther)
	}
	flow := v.Post("/w/acme/flows", "name", "Contacts hebdo", "source_application", itoa(crm), "source_dataset", "contacts", "target_application", itoa(mail),
		"target_dataset", "users", "encrypted", "unknown").Want(http.StatusSeeOther).Location
	v.Post(flow+"/fields", "version", "1", "dataset", itoa(contacts), "field", field, "target-"+field, "email").Want(http.StatusSeeOther)
	point := v.Post("/w/acme/collection-points", "name", "Inscription", "notice", "yes", "notice_url", "https://example.com/vie-privee").Want(http.StatusSeeOther).Location
	v.Post(point+"/fields", "version", "1", "dataset", itoa(contacts), "field", field).Want(http.StatusSeeOther)
	v.Post(point+"/answers", "version", "2", "field", field, "answer", "mandatory", "consequence", "Sans adresse, le compte ne peut pas être ouvert.").Want(http.StatusSeeOther)
	category := "/w/acme/categories/" + itoa(s.Category(t, by, "art9.health"))

	inBrowser(t, s, s.Acme[domain.RoleEditor],
		shownPage{"datasets", "/w/acme/datasets"}, shownPage{"dataset", "/w/acme/datasets/" + itoa(contacts)}, shownPage{"dataset-form", "/w/acme/datasets/new"},
		shownPage{"categories", "/w/acme/categories"}, shownPage{"tree", "/w/acme/categories/tree"}, shownPage{"category", category}, shownPage{"category-form", "/w/acme/categories/new"},
		shownPage{"points", "/w/acme/collection-points"}, shownPage{"point", point}, shownPage{"point-fields", point + "/fields?application=" + itoa(crm)},
		shownPage{"flows", "/w/acme/flows"}, shownPage{"flow", flow}, shownPage{"flow-form", "/w/acme/flows/new"}, shownPage{"flow-fields", flow + "/fields"},
		shownPage{"map", "/w/acme/flows/map"})
}
