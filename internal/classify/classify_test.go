package classify

import (
	"testing"
)

func classifier(t testing.TB) *Classifier {
	t.Helper()
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestKey(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"email": "email", "Email__c": "email", "e_mail": "email", "E-Mail": "email", "date_de_naissance": "datenaissance",
		"DateNaissance": "datenaissance", "de": "de", "adresse1": "adresse1", "Prénom": "prenom", "": "", "__": "",
	} {
		if got := Key(name); got != want {
			t.Errorf("Key(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestSuggestByName(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	got := c.Suggest([]Column{{Dataset: "client", Name: "dt_naiss"}, {Dataset: "client", Name: "zzqx"}}, nil)
	if got[0].Code != "ident.birth.date" || got[0].Personal != IsPersonal || len(got[0].Reasons) == 0 {
		t.Errorf("dt_naiss: %+v", got[0])
	}
}

func TestMemoryWins(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	m := NewMemory([]Answer{{Dataset: "a", Name: "zone_x", Code: "crm.segment", Count: 3}})
	got := c.Suggest([]Column{{Dataset: "b", Name: "ZoneX"}}, m)
	if got[0].Code != "crm.segment" || got[0].Reasons[0].Args["n"] != 3 {
		t.Errorf("ZoneX: %+v", got[0])
	}
}
