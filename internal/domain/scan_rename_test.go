package domain

import (
	"fmt"
	"strings"
	"testing"
)

func TestProbableRenames(t *testing.T) {
	t.Parallel()
	names := func(list string) (out []FoundName) {
		for _, s := range strings.Fields(list) {
			name, kind, _ := strings.Cut(s, ":")
			dataset := "client"
			if d, n, ok := strings.Cut(name, "/"); ok {
				dataset, name = d, n
			}
			out = append(out, FoundName{dataset, name, kind})
		}
		return out
	}
	for name, c := range map[string]struct{ gone, added, want string }{
		"case and separators":  {"first_name:text", "FirstName:text", "first_name>FirstName"},
		"accents":              {"prénom:text", "prenom:text", "prénom>prenom"},
		"spelling":             {"adress_line:text", "address_line:text", "adress_line>address_line"},
		"length of type":       {"email_adr:varchar(64)", "emailAdr:VARCHAR(128)", "email_adr>emailAdr"},
		"other type":           {"email_adr:varchar(64)", "emailAdr:int", ""},
		"word at the end":      {"email:text", "email_address:text", "email>email_address"},
		"word at the front":    {"first_name:text", "contact_first_name:text", "first_name>contact_first_name"},
		"telling word":         {"email:text", "email_status:text", ""},
		"numbered":             {"phone1:text", "phone2:text", ""},
		"opposites":            {"active_flag:bool", "inactive_flag:bool", ""},
		"subscribed":           {"subscribed:bool", "unsubscribed:bool", ""},
		"created updated":      {"created_at:date", "updated_at:date", ""},
		"billing shipping":     {"billing_city:text", "shipping_city:text", ""},
		"street state":         {"shipping_street:text", "shipping_state:text", ""},
		"short words":          {"lat:text", "lon:text", ""},
		"tie":                  {"email:text", "email_address:text email_value:text", ""},
		"better of two":        {"first_name:text", "firstname:text customer_first_name:text", "first_name>firstname"},
		"one to one":           {"first_name:text firstname:text", "FirstName:text", ""},
		"other dataset":        {"a/first_name:text", "b/FirstName:text", ""},
		"datasets apart":       {"a/first_name:text b/first_name:text", "b/FirstName:text a/FIRSTNAME:text", "first_name>FIRSTNAME first_name>FirstName"},
		"nothing alike":        {"colour:text", "size:text weight:text", ""},
		"typeless":             {"first_name", "firstName", "first_name>firstName"},
		"nothing added":        {"first_name:text", "", ""},
		"name of marks":        {"___:text", "--:text", ""},
		"long word is no word": {strings.Repeat("a", 70) + ":text", strings.Repeat("a", 71) + ":text", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gone := names(c.gone)
			renames := ProbableRenames(gone, names(c.added))
			var got []string
			for _, g := range gone {
				if to, ok := renames[g]; ok {
					got = append(got, g.Name+">"+to.Name)
					if to.Dataset != g.Dataset {
						t.Errorf("%v moved to another dataset: %v", g, to)
					}
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("renames = %v, want %s", got, c.want)
			}
		})
	}
}

func TestProbableRenamesOfAReplacedDatasetAreNotGuessed(t *testing.T) {
	t.Parallel()
	var gone, added []FoundName
	for i := range 600 {
		gone = append(gone, FoundName{"t", fmt.Sprintf("some_name_%c%c", 'a'+i%26, 'a'+i/26), "text"})
		added = append(added, FoundName{"t", fmt.Sprintf("someName%c%c", 'a'+i%26, 'a'+i/26), "text"})
	}
	if got := ProbableRenames(gone, added); len(got) != 0 {
		t.Errorf("%d renames, want none", len(got))
	}
	if got := ProbableRenames(gone[:100], added[:100]); len(got) == 0 {
		t.Error("no rename in a dataset of ordinary size")
	}
}
