package web_test

import (
	"net/http"
	"strings"
	"testing"

	"utile/internal/domain"
	"utile/internal/web/webtest"
)

// inventoryForms are, for each register, a form that is saved and what its page then says.
func inventoryForms(application, other, rule string) map[string]struct {
	form []string
	says []string
	bad  []string // changes to the form that are refused
	at   string   // control that says why
} {
	return map[string]struct {
		form []string
		says []string
		bad  []string
		at   string
	}{
		"datasets": {[]string{"application", application, "name", "contacts", "structure", "structured", "subjects", "customers", "other_subjects", "Pets",
			"row_count", "12 480", "retention", rule, "oldest_record_on", "2019-01-01"},
			[]string{"Customers, Pets", "12,480", "3 years", "older than the retention allows"}, []string{"row_count", "many"}, "row_count"},
		"categories": {[]string{"parent", "tech.key", "code", "Loyalty card", "label_fr", "Carte", "label_en", "Card", "gdpr_class", "personal", "default_risk", "2"},
			[]string{"tech.key.loyalty_card", "Carte"}, []string{"code", "a.b"}, "code"},
		"collection-points": {[]string{"name", "Sign-up", "collection_kind", "Web form", "notice", "yes", "notice_url", "https://example.com/privacy", "consent", "yes"},
			[]string{"Web form", "https://example.com/privacy"}, []string{"notice_url", "javascript:alert(1)"}, "notice_url"},
		"flows": {[]string{"name", "Nightly", "source_application", application, "target_application", other, "mechanism", "File", "frequency", "Daily", "encrypted", "no"},
			[]string{"File", "Daily", "Not encrypted"}, []string{"source_dataset", "nowhere"}, "source_dataset"},
	}
}

// with returns a form with some of its values changed.
func with(form []string, changes ...string) []string {
	out := append([]string{}, form...)
next:
	for i := 0; i+1 < len(changes); i += 2 {
		for j := 0; j+1 < len(out); j += 2 {
			if out[j] == changes[i] {
				out[j+1] = changes[i+1]
				continue next
			}
		}
		out = append(out, changes[i], changes[i+1])
	}
	return out
}

func TestInventoryForms(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	application, other := itoa(s.Application(t, s.Admin(), "CRM")), itoa(s.Application(t, s.Admin(), "Mailing"))
	v := s.As(t, s.Acme[domain.RoleEditor])
	for path, c := range inventoryForms(application, other, itoa(s.Rule(t, s.Admin(), "R36", 36))) {
		list := "/w/acme/" + path
		refused := v.Post(list, with(c.form, c.bad...)...).Want(http.StatusUnprocessableEntity)
		if refused.Problem(c.at) == "" || refused.Value(c.at) != c.bad[1] {
			t.Errorf("%s: the refused form says %q of %s and holds %q", path, refused.Problem(c.at), c.at, refused.Value(c.at))
		}
		saved := v.Post(list, c.form...).Want(http.StatusSeeOther)
		page := v.Follow(saved).Want(http.StatusOK)
		for _, want := range c.says {
			if !strings.Contains(page.Text("main"), want) {
				t.Errorf("%s: the page lacks %q", path, want)
			}
		}
		at := saved.Location
		v.Get(at + "/edit").Want(http.StatusOK)
		v.Get(list).Want(http.StatusOK)
		v.Get(list + ".csv").Want(http.StatusOK)
		v.Get(list + "?q=zzz").Want(http.StatusOK)
		v.Post(at, with(c.form, "version", "7")...).Want(http.StatusConflict)
		v.Post(at, with(c.form, "version", "1")...).Want(http.StatusSeeOther)
		s.As(t, s.Acme[domain.RoleViewer]).Post(at, c.form...).Want(http.StatusForbidden)
		s.As(t, s.Other[domain.RoleAdmin]).Get(strings.Replace(at, "/acme/", "/other/", 1)).Want(http.StatusNotFound)
		v.Post(at + "/archive").Want(http.StatusSeeOther)
		v.Post(at + "/restore").Want(http.StatusSeeOther)
		v.Post(list+"/bulk", "act", "archive", "id", at[strings.LastIndex(at, "/")+1:]).Want(http.StatusSeeOther)
		v.Post(at + "/remove").Want(http.StatusSeeOther)
		v.Get(at).Want(http.StatusNotFound)
	}
}

// The pages of a dataset and of its fields say whether the oldest record was measured or declared, when and by what.
func TestOldestRecordSaysWhereItComesFrom(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	field := s.Field(t, s.Admin(), s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "CRM"), "contact"), "email", "")
	var data int64
	if err := s.Owner.QueryRow(t.Context(), `update dataset set oldest_record_on = '2024-02-01', retention_rule_id = $1
		where id = (select dataset_id from field where id = $2) returning id`, s.Rule(t, s.Admin(), "R36", 36), field).Scan(&data); err != nil {
		t.Fatal(err)
	}
	v := s.As(t, s.Acme[domain.RoleEditor])
	pages := []string{"/w/acme/datasets/" + itoa(data), "/w/acme/fields/" + itoa(field)}
	for _, path := range pages {
		if page := v.Get(path).Want(http.StatusOK).Text("main"); !strings.Contains(page, "declared, not measured") {
			t.Errorf("%s declared: %q", path, page)
		}
	}
	s.Exec(t, `update dataset set measured_oldest_on = '2014-09-03', oldest_measured_at = '2026-02-01 12:00Z', oldest_source = 'warehouse' where id = $1`, data)
	for n, path := range pages {
		page := v.Get(path).Want(http.StatusOK).Text("main")
		for _, want := range [][]string{{"measured on 1 Feb 2026 by warehouse", "declared: 1 Feb 2024", "older than the retention allows"}, {"3 Sep 2014", "warehouse"}}[n] {
			if !strings.Contains(page, want) || strings.Contains(page, "declared, not measured") {
				t.Errorf("%s measured: no %q in %q", path, want, page)
			}
		}
	}
}

func TestDatasetInUseStays(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	dataset := s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "CRM"), "contacts")
	s.Field(t, s.Admin(), dataset, "email", "ident.contact.email")
	v := s.As(t, s.Acme[domain.RoleEditor])
	at := "/w/acme/datasets/" + itoa(dataset)
	if page := v.Post(at + "/archive").Want(http.StatusConflict); !strings.Contains(page.Text("main"), "1 field") {
		t.Errorf("the refusal does not say what uses it: %s", page.Text("main"))
	}
	page := v.Get(at).Want(http.StatusOK)
	if got := page.Text(".sbl"); !strings.Contains(got, "To delete") {
		t.Errorf("verdicts = %q", got)
	}
}

func TestCategoryClassIsConfirmed(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	form := []string{"parent", "tech.key", "code", "card", "label_fr", "Carte", "label_en", "Card", "gdpr_class", "non_personal", "default_risk", "2", "version", "1"}
	at := v.Post("/w/acme/categories", form...).Want(http.StatusSeeOther).Location
	s.Field(t, s.Admin(), s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "CRM"), "cards"), "number", "tech.key.card")

	asked := v.Post(at, with(form, "gdpr_class", "personal")...).Want(http.StatusOK)
	if got := asked.Text(".confirm"); !strings.Contains(got, "1 field, Out of scope today, becomes To delete.") {
		t.Errorf("asked: %s", got)
	}
	if got := v.Get("/w/acme/fields").Text("tbody"); !strings.Contains(got, "Out of scope") {
		t.Errorf("the fields changed before anybody confirmed: %s", got)
	}
	v.Post(at, with(form, "gdpr_class", "personal", "confirmed", "1")...).Want(http.StatusSeeOther)
	if got := v.Get("/w/acme/fields").Text("tbody"); !strings.Contains(got, "To delete") {
		t.Errorf("fields = %s", got)
	}
	if got := v.Get("/w/acme/categories/tree").Want(http.StatusOK).Text("tbody"); !strings.Contains(got, "tech.key.card") {
		t.Errorf("tree = %s", got)
	}
}

func TestFlowFieldsAndMap(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	crm, mail := s.Application(t, by, "CRM"), s.Application(t, by, "Mailing")
	contacts, profiles := s.Dataset(t, by, crm, "contacts"), s.Dataset(t, by, mail, "profiles")
	field := itoa(s.Field(t, by, contacts, "email", "ident.contact.email"))
	s.Field(t, by, profiles, "email", "ident.contact.email")
	v := s.As(t, s.Acme[domain.RoleEditor])
	at := v.Post("/w/acme/flows", "name", "Nightly", "source_application", itoa(crm), "source_dataset", "CONTACTS", "target_application", itoa(mail),
		"target_dataset", "profiles", "encrypted", "no").Want(http.StatusSeeOther).Location

	send := []string{"version", "1", "dataset", itoa(contacts), "field", field}
	matched := v.Post(at+"/fields", append(send, "act", "match")...).Want(http.StatusOK)
	if got := matched.Value("target-" + field); got != "email" {
		t.Errorf("proposed target = %q", got)
	}
	refused := v.Post(at+"/fields", append(send, "target-"+field, "nowhere")...).Want(http.StatusUnprocessableEntity)
	if refused.Value("target-"+field) != "nowhere" || refused.Problem("target-"+field) == "" {
		t.Error("the refused target is not kept with what is wrong with it")
	}
	v.Post(at+"/fields", append(send, "target-"+field, "email")...).Want(http.StatusSeeOther)
	if got := v.Get(at).Text("tbody"); !strings.Contains(got, "email contacts") || !strings.Contains(got, "email profiles") {
		t.Errorf("carried = %s", got)
	}
	m := v.Get("/w/acme/flows/map").Want(http.StatusOK)
	if got := m.Text("svg.flowmap"); !strings.Contains(got, "CRM") || !strings.Contains(got, "Mailing") || !strings.Contains(got, "Nightly") {
		t.Errorf("map = %s", got)
	}
	if got := m.Text("tbody"); !strings.Contains(got, "Nightly") || !strings.Contains(got, "Not encrypted") {
		t.Errorf("table = %s", got)
	}
	v.Get("/w/acme/flows/map?application=" + itoa(crm)).Want(http.StatusOK)
	v.Get("/w/acme/flows?application=" + itoa(mail) + "&encrypted=no").Want(http.StatusOK)
	if got := v.Get("/w/acme/datasets/" + itoa(contacts)).Text("main"); !strings.Contains(got, "Nightly") {
		t.Errorf("the dataset does not name its flow: %s", got)
	}
}

func TestCollectionPointFields(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	crm := s.Application(t, by, "CRM")
	contacts := s.Dataset(t, by, crm, "contacts")
	field := itoa(s.Field(t, by, contacts, "email", "ident.contact.email"))
	v := s.As(t, s.Acme[domain.RoleEditor])
	at := v.Post("/w/acme/collection-points", "name", "Sign-up").Want(http.StatusSeeOther).Location
	if got := v.Get(at + "/fields?application=" + itoa(crm)).Want(http.StatusOK).Text("tbody"); !strings.Contains(got, "email") {
		t.Errorf("to pick = %s", got)
	}
	v.Post(at+"/fields", "version", "1", "dataset", itoa(contacts), "field", field).Want(http.StatusSeeOther)
	if got := v.Get(at).Text("tbody"); !strings.Contains(got, "CRM › contacts") {
		t.Errorf("collected = %s", got)
	}
	said := []string{"version", "2", "field", field, "answer", "optional", "consequence", "No letter."}
	wrong := v.Post(at+"/answers", said...).Want(http.StatusUnprocessableEntity)
	if got := wrong.Text("main"); !strings.Contains(got, "Only a mandatory answer has a consequence") || wrong.Doc().Find("input[name=field][checked]").Length() != 1 ||
		wrong.Doc().Find("input[name=consequence]").AttrOr("value", "") != "No letter." {
		t.Errorf("what was typed is lost: %s", got)
	}
	v.Post(at+"/answers", "version", "2", "answer", "optional").Want(http.StatusUnprocessableEntity) // of nothing
	v.Post(at+"/answers", "version", "2", "field", field, "answer", "perhaps").Want(http.StatusUnprocessableEntity)
	s.As(t, s.Acme[domain.RoleViewer]).Post(at+"/answers", said...).Want(http.StatusForbidden)
	said[5] = "mandatory"
	v.Post(at+"/answers", said...).Want(http.StatusSeeOther)
	v.Post(at+"/answers", said...).Want(http.StatusConflict) // from a page that is old by now
	if got := v.Get(at).Text("main"); !strings.Contains(got, "Mandatory No letter.") || !strings.Contains(got, "Answers asked for at “Sign-up” changed") {
		t.Errorf("answers = %s", got)
	}
	if got := v.Get("/w/acme/fields/" + field).Text("section:has(#collected)"); !strings.Contains(got, "Mandatory") {
		t.Errorf("page of the field = %s", got)
	}
	v.Post(at+"/detach", "version", "3").Want(http.StatusUnprocessableEntity)
	v.Post(at+"/detach", "version", "3", "field", field).Want(http.StatusSeeOther)
	if got := v.Get(at).Text("main"); !strings.Contains(got, "No field is collected here yet.") {
		t.Errorf("after = %s", got)
	}
}

// TestPickersTouchOnlyWhatTheyOffered: a dataset can be longer than the page that picks its fields, and saving that page
// leaves alone what it had no room for.
func TestPickersTouchOnlyWhatTheyOffered(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	v := s.As(t, s.Acme[domain.RoleEditor])
	crm, mail := s.Application(t, by, "CRM"), s.Application(t, by, "Mailing")
	contacts := s.Dataset(t, by, crm, "contacts")
	field := itoa(s.Field(t, by, contacts, "email", "ident.contact.email"))
	flow := v.Post("/w/acme/flows", "name", "Weekly", "source_application", itoa(crm), "source_dataset", "contacts",
		"target_application", itoa(mail), "encrypted", "unknown").Want(http.StatusSeeOther).Location
	point := v.Post("/w/acme/collection-points", "name", "Sign-up", "notice", "unknown", "consent", "unknown").Want(http.StatusSeeOther).Location
	pages := map[string]string{flow: flow + "/fields", point: point + "/fields?application=" + itoa(crm) + "&dataset=" + itoa(contacts)}
	for record, picker := range pages {
		ticked := func() bool {
			return v.Get(picker).Want(http.StatusOK).Doc().Find(`input[name="field"][value="`+field+`"][checked]`).Length() == 1
		}
		save := func(offered string, more ...string) {
			version := v.Get(picker).Want(http.StatusOK).Value("version")
			v.Post(record+"/fields", append([]string{"version", version, "dataset", itoa(contacts), "offered", offered}, more...)...).Want(http.StatusSeeOther)
		}
		offered := v.Get(picker).Want(http.StatusOK).Value("offered")
		if offered != field {
			t.Errorf("%s offers %q, want %q", picker, offered, field)
		}
		save(offered, "field", field)
		if save(""); !ticked() {
			t.Errorf("%s: a field that was not offered is gone", picker)
		}
		if save(offered); ticked() {
			t.Errorf("%s: a field that was offered and not ticked is still there", picker)
		}
	}
}
