package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/browsertest"
	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// What is derived stands beside what is declared, each with where it comes from; a person sets one aside with a reason.
func TestRecordTellsDeclaredFromDerived(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	s.Exec(t, `update application set vendor = 'Braze', processor = 'yes', country = 'États-Unis'`)
	s.Exec(t, `update dataset set subjects = '{customers,minors}', row_count = 250000`)
	s.Exec(t, `update purpose set subjects = '{customers}', recipients = '[{"kind": "internal", "name": "Sales"}]', name = 'Write to customers'`)
	v := s.As(t, s.Acme[domain.RoleDPO])
	path := "/w/acme/record/" + itoa(g.purpose)
	page := v.Get(path).Want(http.StatusOK)
	for _, want := range []string{"Braze processes this data as a processor and is not declared", "Braze, United States: a derived transfer", "The datasets also hold: Minors",
		"250,000", "Derived"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("the sheet lacks %q: %s", want, page.Text("main"))
		}
	}
	v.Post(path+"/exception", "version", "1", "what", "recipients", "value", "Braze").Want(http.StatusUnprocessableEntity)
	v.Post(path+"/exception", "version", "1", "what", "recipients", "value", "Braze", "reason", "Another contract covers it").Want(http.StatusSeeOther)
	page = v.Get(path).Want(http.StatusOK)
	if got := page.Text("main"); strings.Contains(got, "Braze processes this data") || !strings.Contains(got, "Another contract covers it") {
		t.Errorf("set aside: %s", got)
	}
	v.Post(path+"/exception", "version", "2", "what", "recipients", "value", "Braze", "clear", "1").Want(http.StatusSeeOther)
	if got := v.Get(path).Text("main"); !strings.Contains(got, "Braze processes this data") {
		t.Error("what holds again is asked again")
	}
	list := v.Get("/w/acme/record").Want(http.StatusOK)
	if got := list.Text("tbody"); !strings.Contains(got, "Write to customers") || !strings.Contains(got, "open questions") {
		t.Errorf("list = %q", got)
	}
	v.Get("/w/acme/record/print").Want(http.StatusOK)
	v.Get("/w/acme/record/999999").Want(http.StatusNotFound)
	s.As(t, s.Other[domain.RoleAdmin]).Get("/w/other/record/" + itoa(g.purpose)).Want(http.StatusNotFound)
	for _, step := range []string{"/screening", "/publication"} {
		s.As(t, s.Acme[domain.RoleEditor]).Post(path+step, "version", "3").Want(http.StatusForbidden)
	}
}

// The DPO's verdict on an impact assessment needs a reason, and is asked for where criteria seem to apply.
func TestScreening(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	s.Exec(t, `update dataset set subjects = '{minors}', row_count = 250000`)
	v := s.As(t, s.Acme[domain.RoleDPO])
	path := "/w/acme/record/" + itoa(g.purpose)
	if got := v.Get(path).Text("main"); !strings.Contains(got, "2 criteria seem to apply") || !strings.Contains(got, "(250,000 rows)") {
		t.Errorf("hints: %s", got)
	}
	page := v.Post(path+"/screening", "version", "1", "dpia", "not_required", "criteria", "large_scale").Want(http.StatusUnprocessableEntity)
	if page.Problem("dpia_reason") == "" {
		t.Error("a verdict without a reason was taken")
	}
	v.Post(path+"/screening", "version", "1", "dpia", "not_required", "criteria", "large_scale", "dpia_reason", "Names only").Want(http.StatusSeeOther)
	page = v.Get(path).Want(http.StatusOK)
	if got := page.Text("main"); strings.Contains(got, "criteria seem to apply") || !strings.Contains(got, "Names only") {
		t.Errorf("after the verdict: %s", got)
	}
	v.Post(path+"/screening", "version", "1", "dpia", "required", "dpia_reason", "Again").Want(http.StatusConflict)
}

func TestOrganisationAndCountries(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	v := s.As(t, s.Acme[domain.RoleDPO])
	if got := v.Get("/w/acme/record").Text("main"); !strings.Contains(got, "Name the controller (art. 30(1)(a))") {
		t.Errorf("nobody is named: %s", got)
	}
	page := v.Post("/w/acme/organisation", "version", "0", "parties.0.role", "controller", "parties.0.name", "Acme", "parties.1.role", "controller", "parties.1.name", "Twice",
		"parties.2.role", "dpo", "parties.2.name", "Ana", "parties.2.email", "nowhere").Want(http.StatusUnprocessableEntity)
	if page.Problem("parties.1.role") == "" || page.Problem("parties.2.email") == "" || page.Value("parties.0.name") != "Acme" {
		t.Error("the refused form must say what is wrong and keep what was typed")
	}
	v.Post("/w/acme/organisation", "version", "0", "parties.0.role", "controller", "parties.0.name", "Acme", "parties.1.role", "dpo", "parties.1.name", "Ana",
		"parties.2.role", "joint_controller", "parties.2.name", "Twin", "parties.2.city", "Nantes").Want(http.StatusSeeOther)
	v.Post("/w/acme/organisation", "version", "0", "parties.0.role", "controller", "parties.0.name", "Late").Want(http.StatusConflict)
	s.Exec(t, `update purpose set recipients = '[{"kind": "joint_controller", "name": "twin"}]', transfers = '[{"recipient": "Braze", "country": "CH", "safeguard": "adequacy"}]'`)
	sheet := "/w/acme/record/" + itoa(g.purpose)
	if got := v.Get(sheet).Text("main"); !strings.Contains(got, "Twin, Nantes") || strings.Contains(got, "has no adequacy decision") {
		t.Errorf("joint controller: %s", got)
	}
	v.Post("/w/acme/countries", "version", "0", "country", "CH", "adequacy", "none", "country_note", "").Want(http.StatusUnprocessableEntity)
	v.Post("/w/acme/countries", "version", "0", "country", "CH", "adequacy", "none", "country_note", "Judgment of today").Want(http.StatusSeeOther)
	if got := v.Get(sheet).Text("main"); !strings.Contains(got, "Braze: the country has no adequacy decision") {
		t.Errorf("the workspace knows better: %s", got)
	}
	if got := s.As(t, s.Acme[domain.RoleViewer]).Get("/w/acme/organisation").Want(http.StatusOK).Text("main"); !strings.Contains(got, "Acme") {
		t.Errorf("a viewer reads: %s", got)
	}
	if got := s.As(t, s.Other[domain.RoleAdmin]).Get("/w/other/organisation").Text("main"); strings.Contains(got, "Acme") {
		t.Error("another workspace sees the organisation")
	}
}

func TestClientProcessings(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleDPO])
	v.Post("/w/acme/client-processings", "code", "ST-1", "client", "Verlaine").Want(http.StatusUnprocessableEntity)
	path := v.Post("/w/acme/client-processings", "code", "ST-1", "client", "Verlaine", "processing_categories", "Shipping\nSupport", "transfers.0.recipient", "Vocalis",
		"transfers.0.country", "MA", "transfers.0.safeguard", "scc_p2p").Want(http.StatusSeeOther).Location
	if got := v.Get(path).Want(http.StatusOK).Text("main"); !strings.Contains(got, "Support") || !strings.Contains(got, "Morocco") {
		t.Errorf("page = %s", got)
	}
	v.Post("/w/acme/client-processings", "code", "st-1", "client", "Again", "processing_categories", "X").Want(http.StatusUnprocessableEntity)
	v.Post(path, "version", "1", "code", "ST-1", "client", "Verlaine", "processing_categories", "Shipping", "contract", "signed", "contract_until", "01/02/2020").Want(http.StatusSeeOther)
	v.Post(path, "version", "1", "code", "ST-1", "client", "Late", "processing_categories", "Shipping").Want(http.StatusConflict)
	if got := v.Get("/w/acme/record/print").Text("main"); !strings.Contains(got, "Verlaine: the contract has come to its end") {
		t.Errorf("record = %s", got)
	}
	s.As(t, s.Other[domain.RoleAdmin]).Get(strings.Replace(path, "acme", "other", 1)).Want(http.StatusNotFound)
}

func TestRecordInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	s.Exec(t, `update application set name = 'Plateforme de gestion des campagnes et des scénarios de la relation client de l’enseigne', vendor = 'Braze', processor = 'yes', country = 'États-Unis'`)
	s.Exec(t, `update dataset set name = 'profils_des_porteurs_de_la_carte_et_des_prospects_de_la_lettre', subjects = '{customers,minors}', row_count = 250000`)
	s.Exec(t, `update purpose set subjects = '{customers}', recipients = '[{"kind": "internal", "name": "Relation client"}, {"kind": "processor", "name": "Orion", "contract": "signed", "contract_until": "2027-12-31", "clauses": "yes"}]',
		transfers = '[{"recipient": "Vocalis", "country": "MA", "safeguard": "scc_c2p", "assessed_on": "2026-02-03"}]', declared_data = '[{"kind": "identity", "description": "Nom, prénom", "retention": "3 ans"}]',
		name = 'Écrire aux clients et aux prospects', interest = 'Fidéliser', necessity = 'Aucun autre moyen', balance = 'Ils s''y attendent', security_measures = '{encryption}'`)
	inBrowser(t, s, s.Acme[domain.RoleDPO],
		shownPage{"record", "/w/acme/record"},
		shownPage{"record-sheet", "/w/acme/record/" + itoa(g.purpose)},
		shownPage{"organisation", "/w/acme/organisation"},
		shownPage{"country", "/w/acme/countries?country=US"},
		shownPage{"client-processing", "/w/acme/client-processings/new"})
}

// The public page is nobody's but for what is published: no session, no name of a person, an application or a recipient.
func TestPublicRecord(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	s.Exec(t, `update application set name = 'SecretApp', vendor = 'SecretVendor', processor = 'yes', country = 'États-Unis'`)
	s.Exec(t, `update purpose set name = 'Write to customers', subjects = '{customers}', recipients = '[{"kind": "processor", "name": "SecretRecipient"}]', balance = 'SecretBalance',
		transfers = '[{"recipient": "SecretRecipient", "country": "US", "safeguard": "scc_c2p"}]', security_measures = '{encryption}'`)
	hidden := s.Purpose(t, s.Admin(), "HID", true)
	s.Exec(t, `update purpose set name = 'SecretPurpose' where id = $1`, hidden)
	nobody, v := s.Nobody(t), s.As(t, s.Acme[domain.RoleDPO])
	nobody.Get("/public/acme").Want(http.StatusNotFound)
	nobody.Get("/public/unheard-of").Want(http.StatusNotFound)
	v.Post("/w/acme/organisation", "version", "0", "parties.0.role", "controller", "parties.0.name", "Acme SA", "record_published", "1", "introduction", "Our record").Want(http.StatusSeeOther)
	if got := nobody.Get("/public/acme").Want(http.StatusOK).Text("body"); strings.Contains(got, "Write to customers") || !strings.Contains(got, "Acme SA") {
		t.Errorf("nothing is published yet: %s", got)
	}
	v.Post("/w/acme/record/"+itoa(g.purpose)+"/publication", "version", "1", "published", "1").Want(http.StatusSeeOther)
	page := nobody.Get("/public/acme").Want(http.StatusOK)
	for _, want := range []string{"Write to customers", "Customers", "Processor", "United States", "Civil status", "Our record"} {
		if !strings.Contains(page.Text("body"), want) {
			t.Errorf("the public page lacks %q: %s", want, page.Text("body"))
		}
	}
	if html, err := page.Doc().Html(); err != nil || strings.Contains(html, "Secret") {
		t.Errorf("the public page tells a secret: %v %s", err, html)
	}
	browsertest.Still(t).Looks(t, s.URL, "/public/acme", "record-public")
	nobody.Get("/public/other").Want(http.StatusNotFound)
	nobody.Get("/w/acme/record.json").Want(http.StatusSeeOther)
	s.Exec(t, `update purpose set transfers = '[]' where id = $1`, g.purpose)
	if got := nobody.Get("/public/acme").Text("body"); strings.Contains(got, "None") {
		t.Errorf("the inventory shows a transfer, and the public page says %s", got)
	}
	s.Exec(t, `update purpose set ends_on = current_date - 1 where id = $1`, g.purpose)
	if got := nobody.Get("/public/acme").Text("body"); strings.Contains(got, "Write to customers") {
		t.Error("a purpose that is over is still public")
	}
	if got := v.Get("/w/acme/record/" + itoa(g.purpose)).Text("main"); !strings.Contains(got, "Over") || !strings.Contains(got, "The purpose is over since") {
		t.Errorf("the sheet of a purpose that is over says %s", got)
	}
	s.Exec(t, `delete from program_link where field_id = $1`, g.field)
	if got := v.Get("/w/acme/fields/" + itoa(g.field)).Text("blockquote"); !strings.Contains(got, "Nothing says why we hold") {
		t.Errorf("a purpose that is over is why we hold the field: %s", got)
	}
	s.Exec(t, `update purpose set ends_on = null, archived_at = clock_timestamp() where id = $1`, g.purpose)
	if got := nobody.Get("/public/acme").Text("body"); strings.Contains(got, "Write to customers") {
		t.Error("an archived purpose is still public")
	}
	v.Post("/w/acme/organisation", "version", "1", "parties.0.role", "controller", "parties.0.name", "Acme SA").Want(http.StatusSeeOther)
	nobody.Get("/public/acme").Want(http.StatusNotFound)
}

// Files of the whole record and of one sheet, of today and of a day that is over.
func TestRecordFiles(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	v := s.As(t, s.Acme[domain.RoleViewer])
	for _, format := range []string{"xlsx", "csv", "json", "jsonld"} {
		v.Get("/w/acme/record." + format).Want(http.StatusOK)
		v.Get("/w/acme/record/" + itoa(g.purpose) + "/sheet." + format).Want(http.StatusOK)
	}
	v.Get("/w/acme/record.pdf").Want(http.StatusNotFound)
	s.As(t, s.Other[domain.RoleAdmin]).Get("/w/other/record/" + itoa(g.purpose) + "/sheet.json").Want(http.StatusNotFound)
}
