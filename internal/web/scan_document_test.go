package web_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"utile/internal/domain"
)

const scanSamples = "../scan/testdata/formats/"

func sample(tb testing.TB, name string) string {
	tb.Helper()
	b, err := os.ReadFile(scanSamples + name)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// TestMixedFilesDroppedAtOnce: files of one format make one import that asks for the application alone; a table is an import
// of its own, and what describes no fields says so.
func TestMixedFilesDroppedAtOnce(t *testing.T) {
	t.Parallel()
	s := working(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	if help := v.Get("/w/acme/imports/new").Want(http.StatusOK).Text("details.more"); !strings.Contains(help, "sobjects/Contact/describe") {
		t.Errorf("help = %q", help)
	}
	sent := send(t, v, []string{"application", ""},
		"contact.txt", sample(t, "salesforce/Contact.describe.json"), // the kind is found from the content, not from the name
		"companies.json", sample(t, "hubspot/companies.properties_2018.json"),
		"role.json", sample(t, "salesforce/OpportunityContactRole.describe.json"),
		"tables.csv", "application,table,column,type\nERP,orders,total,numeric\nerp,orders,paid,numeric\nTill,tickets,total,numeric\n",
		"hello.json", `{"hello": "world"}`).Want(http.StatusSeeOther)
	if sent.Location != "/w/acme/imports" {
		t.Fatalf("sent to %s", sent.Location)
	}
	imports := map[string]domain.Import{}
	rows, err := s.Store.Rows(t.Context(), s.Admin(), domain.ImportRegister.Name, domain.ListQuery{Size: 50})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows.Rows {
		i, err := s.Store.ImportByID(t.Context(), s.Admin(), domain.ImportID(row.ID))
		if err != nil {
			t.Fatal(err)
		}
		settled(t, s, v, "/w/acme/imports/"+itoa(row.ID))
		i, err = s.Store.ImportByID(t.Context(), s.Admin(), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		imports[i.FileName] = i
	}
	for name, state := range map[string]domain.ImportState{"contact.txt + 1": domain.ImportMapping, "companies.json": domain.ImportMapping,
		"tables.csv": domain.ImportPreviewed, "hello.json": domain.ImportFailed} {
		if i := imports[name]; i.State != state || len(imports) != 4 {
			t.Errorf("%q is %q, want %s; imports: %d", name, i.State, state, len(imports))
		}
	}
	if got := v.Get("/w/acme/imports/" + itoa(imports["hello.json"].ID)).Text("main"); !strings.Contains(got, "hello.json: this JSON is of none of the formats") {
		t.Errorf("unknown = %q", got)
	}

	// A file that names its applications says in its page and in the list whose it is, and is found by their names.
	if got := v.Get("/w/acme/imports/" + itoa(imports["tables.csv"].ID)).Want(http.StatusOK).Text("dl"); !strings.Contains(got, "ERP, Till") {
		t.Errorf("facts of a file that names its applications = %q", got)
	}
	if got := v.Get("/w/acme/imports?q=till").Text("main"); !strings.Contains(got, "ERP, Till") || strings.Contains(got, "hello.json") {
		t.Errorf("found by the name of an application: %q", got)
	}

	path := "/w/acme/imports/" + itoa(imports["contact.txt + 1"].ID)
	page := v.Get(path).Want(http.StatusOK)
	if got := page.Text("#mapping"); strings.Contains(got, "What each column tells") || !strings.Contains(got, "nothing to map") {
		t.Errorf("form = %q", got)
	}
	if name := page.Value("application"); name != "Salesforce" {
		t.Errorf("proposes %q", name)
	}
	v.Post(path+"/plan", "kind", "inventory", "application", "").Want(http.StatusUnprocessableEntity)
	v.Post(path+"/plan", "kind", "inventory", "application", "Sales").Want(http.StatusSeeOther)
	page = settled(t, s, v, path)
	if got := page.Text("#summary"); !strings.Contains(got, "1 new application") || !strings.Contains(got, "70 new fields") {
		t.Errorf("summary = %q", got)
	}
	if got := page.Text("main"); !strings.Contains(got, "contact.txt") || !strings.Contains(got, "59") {
		t.Errorf("files = %q", got)
	}
	if got := page.Text("main"); !strings.Contains(got, "child relationships") {
		t.Errorf("left out = %q", got)
	}
	v.Post(path + "/apply").Want(http.StatusSeeOther)
	settled(t, s, v, path)

	list, err := s.Store.Rows(t.Context(), s.Admin(), domain.FieldRegister.Name, domain.ListQuery{Size: 50, Q: "Salutation"})
	if err != nil || len(list.Rows) != 1 {
		t.Fatalf("%d fields, %v", len(list.Rows), err)
	}
	if got := v.Get("/w/acme/fields/" + itoa(list.Rows[0].ID)).Text("main"); !strings.Contains(got, "5 choices") || !strings.Contains(got, "Mr.") {
		t.Errorf("what = %q", got)
	}
}
