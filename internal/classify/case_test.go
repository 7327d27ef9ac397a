package classify

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestWrittenCases holds the categories that are too rare to be measured, and the false friends, in both languages.
// Codes are those acceptable; a code that ends in a dot accepts everything below it.
func TestWrittenCases(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	for _, x := range []struct{ dataset, name, dataType, codes string }{
		// Special categories, art. 9.
		{"clients", "religion", "varchar(20)", "art9.religion"},
		{"contact", "religious_affiliation", "varchar(40)", "art9.religion"},
		{"adherents", "confession_religieuse", "varchar(20)", "art9.religion"},
		{"salaries", "syndicat", "varchar(40)", "art9.union"},
		{"employees", "trade_union_membership", "boolean", "art9.union"},
		{"salaries", "delegue_syndical", "boolean", "art9.union"},
		{"patients", "groupe_sanguin", "char(3)", "art9.health."},
		{"patients", "pathologie", "text", "art9.health."},
		{"patients", "allergies", "text", "art9.health."},
		{"customer", "food_allergies", "text", "art9.health."},
		{"members", "blood_type", "char(3)", "art9.health."},
		{"clients", "grossesse_en_cours", "boolean", "art9.health."},
		{"patient", "medical_history", "text", "art9.health."},
		{"assures", "antecedents_medicaux", "text", "art9.health."},
		{"salaries", "rqth", "boolean", "art9.health."},
		{"salaries", "taux_invalidite", "numeric(5,2)", "art9.health."},
		{"clients", "handicap", "boolean", "art9.health."},
		{"users", "disability_type", "varchar(40)", "art9.health."},
		{"members", "sexual_orientation", "varchar(20)", "art9.sexual_orientation"},
		{"membres", "orientation_sexuelle", "varchar(20)", "art9.sexual_orientation"},
		{"contact", "ethnicity", "varchar(40)", "art9.ethnic"},
		{"personnes", "origine_ethnique", "varchar(40)", "art9.ethnic"},
		{"electeurs", "opinion_politique", "varchar(40)", "art9.political"},
		{"voters", "political_party", "varchar(40)", "art9.political"},
		{"patients", "adn", "text", "art9.genetic"},
		{"patients", "test_genetique", "text", "art9.genetic"},
		{"acces", "gabarit_facial", "blob", "art9.biometric"},
		{"users", "voiceprint", "blob", "art9.biometric"},
		// NIR, offences, location.
		{"assures", "nir", "char(15)", "nir"},
		{"salaries", "num_secu", "varchar(15)", "nir"},
		{"clients", "numero_securite_sociale", "varchar(15)", "nir"},
		{"employee", "social_security_number", "varchar(11)", "nir;ident.official"},
		{"candidats", "casier_judiciaire", "text", "crim"},
		{"staff", "criminal_record", "text", "crim"},
		{"clients", "condamnations", "text", "crim"},
		{"app_users", "gps_latitude", "numeric(9,6)", "loc.precise"},
		{"clients", "longitude", "numeric(9,6)", "loc.precise"},
		{"visits", "geoip_city", "varchar(60)", "loc.coarse"},
		{"customers", "is_minor", "boolean", "ident.minor"},
		{"clients", "est_mineur", "boolean", "ident.minor"},
		// Plain ones, in both languages and cut short.
		{"clients", "dt_naiss", "date", "ident.birth.date"},
		{"CLI", "DDN", "date", "ident.birth.date"},
		{"contacts", "date_of_birth", "date", "ident.birth.date"},
		{"t_cli", "adr_mail", "varchar(80)", "ident.contact.email"},
		{"contact", "PersonEmail", "email(80)", "ident.contact.email"},
		{"clients", "cd_postal", "varchar(5)", "ident.contact.address.postcode"},
		{"clients", "iban", "varchar(34)", "eco.bank"},
		{"users", "mdp", "varchar(60)", "conn.password"},
		{"users", "password_hash", "varchar(60)", "conn.password"},
		{"clients", "optin_sms", "boolean", "crm.consent.sms"},
		{"orders", "grand_total", "numeric(12,2)", "crm.purchase.amount"},
		{"commandes", "mt_ttc", "numeric(12,2)", "crm.purchase.amount"},
		{"clients", "num_passeport", "varchar(20)", "ident.official.passport"},
		// False friends.
		{"products", "name", "varchar(80)", "tech.catalog;tech.label"},
		{"magasins", "nom_magasin", "varchar(80)", "tech.store"},
		{"exports", "nom_fichier", "varchar(80)", "tech.file"},
		{"servers", "hostname", "varchar(80)", "tech;tech.file;tech.label"},
		{"emails", "email_template_id", "integer", "tech.campaign;tech.key"},
		{"magasins", "tel_magasin", "varchar(20)", "tech.store"},
		{"magasins", "latitude", "numeric(9,6)", "tech.store"},
		{"clients", "code_insee", "varchar(5)", "ident.contact.address.city"},
		{"clients", "race_chien", "varchar(40)", "perso.possession"},
		{"users", "browser_fingerprint", "varchar(64)", "conn.device"},
		{"films", "genre_film", "varchar(40)", "tech.catalog;tech.label;tech"},
		{"tarifs", "politique_tarifaire", "varchar(40)", "tech.;tech.campaign"},
		{"oauth_clients", "client_id", "varchar(80)", "tech.key"},
		{"servers", "health_check", "boolean", "tech."},
	} {
		t.Run(x.dataset+"."+x.name, func(t *testing.T) {
			t.Parallel()
			got := c.Suggest([]Column{{Dataset: x.dataset, Name: x.name, DataType: x.dataType}}, nil)[0]
			if !accepts(strings.Split(x.codes, ";"), got.Code) {
				t.Errorf("%s.%s = %s (%.2f, then %v), want %s", x.dataset, x.name, got.Code, got.Confidence, got.Alternatives, x.codes)
			}
			if PersonalOf(strings.TrimSuffix(strings.Split(x.codes, ";")[0], ".")) == IsPersonal && got.Personal == NonPersonal {
				t.Errorf("%s.%s is called non-personal", x.dataset, x.name)
			}
		})
	}
}

func accepts(codes []string, got string) bool {
	return slices.ContainsFunc(codes, func(want string) bool {
		group, below := strings.CutSuffix(want, ".")
		return got == group || below && strings.HasPrefix(got, group+".")
	})
}

// TestComments asks about names that say nothing.
func TestComments(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	for comment, want := range map[string]string{
		"Date de naissance du client": "ident.birth.date", "E-mail address of the contact": "ident.contact.email", "Numéro de téléphone portable": "ident.contact.phone",
		"Customer's last name": "ident.name.last", "Date of birth": "ident.birth.date",
	} {
		got := c.Suggest([]Column{{Dataset: "clients", Name: "C17", DataType: "varchar(40)", Comment: comment}}, nil)[0]
		if got.Code != want {
			t.Errorf("%q = %s (%v), want %s", comment, got.Code, got.Alternatives, want)
		}
	}
}

// TestTableDecides asks about one name in tables of several kinds.
func TestTableDecides(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	for dataset, want := range map[string]string{
		"customers": "crm.dates", "email_templates": "tech.campaign;tech.audit", "currencies": "tech.audit;tech.label", "orders": "crm.purchase.date",
	} {
		got := c.Suggest([]Column{{Dataset: dataset, Name: "created_at", DataType: "timestamp"}}, nil)[0]
		if !accepts(strings.Split(want, ";"), got.Code) {
			t.Errorf("%s.created_at = %s, want %s", dataset, got.Code, want)
		}
	}
}

func TestNothingToGoBy(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	for _, name := range []string{"", "__", "  ", "\x00"} {
		if got := c.Suggest([]Column{{Dataset: "t", Name: name}}, nil)[0]; got.Code != "" || got.Personal != Unknown || got.Confidence != 0 {
			t.Errorf("%q: %+v", name, got)
		}
	}
	if got := c.Suggest(nil, nil); got != nil {
		t.Errorf("no columns: %v", got)
	}
}

// TestReasons wants every suggestion to say why, with words that stand in the name, the comment or the table.
func TestReasons(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	for _, column := range []Column{
		{Dataset: "clients", Name: "dt_naiss", DataType: "date"},
		{Dataset: "orders", Name: "customer_id", DataType: "integer", References: "customers.id"},
		{Dataset: "contacts", Name: "C17", Comment: "Date de naissance"},
	} {
		got := c.Suggest([]Column{column}, nil)[0]
		if len(got.Reasons) == 0 {
			t.Errorf("%s: no reason for %s", column.Name, got.Code)
		}
		for _, r := range got.Reasons {
			if word, ok := r.Args["word"].(string); ok && word == "" {
				t.Errorf("%s: empty word in %+v", column.Name, r)
			}
			if means, ok := r.Args["means"].(string); ok && means != got.Code {
				t.Errorf("%s: a reason for %s beside a suggestion of %s", column.Name, means, got.Code)
			}
		}
	}
}

// TestImpersonalIsCareful asks about fields of people whose names look technical.
func TestImpersonalIsCareful(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	for _, x := range []string{
		"customers.status", "customers.code", "customers.ref", "customers.number", "contacts.type", "clients.lib_profil", "users.external_id", "contacts.score",
		"clients.cp", "patients.code_acte", "employees.grade", "orders.status", "contacts.created", "clients.zone", "members.level",
	} {
		dataset, name, _ := strings.Cut(x, ".")
		if got := c.Suggest([]Column{{Dataset: dataset, Name: name, DataType: "varchar(40)"}}, nil)[0]; got.Personal == NonPersonal {
			t.Errorf("%s is called non-personal (%s, %.2f)", x, got.Code, got.Confidence)
		}
	}
}

func TestCodesAreKnown(t *testing.T) {
	t.Parallel()
	known := Codes()
	c := classifier(t)
	for _, code := range c.model.Codes {
		if !slices.Contains(known, code) {
			t.Errorf("the model knows %s, which the taxonomy does not", code)
		}
	}
	for text, p := range c.phrases.byText {
		if !slices.Contains(known, p.code) {
			t.Errorf("phrase %q: %s is no code", text, p.code)
		}
	}
}

func ExampleClassifier_Suggest() {
	c, err := New()
	if err != nil {
		panic(err)
	}
	s := c.Suggest([]Column{{Dataset: "clients", Name: "dt_naiss", DataType: "date"}}, nil)[0]
	fmt.Println(s.Code, s.Personal, s.Reasons[0].Args["word"])
	// Output: ident.birth.date personal dt naiss
}
