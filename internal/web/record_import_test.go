package web_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
	workbook "utile/internal/sheet"
	"utile/internal/web/webtest"
)

// sendRecord sends a file to the page that brings in a record.
func sendRecord(t *testing.T, v *webtest.Visitor, slug, name string, content []byte) *webtest.Page {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("register_file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return v.Send(http.MethodPost, "/w/"+slug+"/record/import", &body, form.FormDataContentType())
}

// column are the texts that a query gives.
func column(t *testing.T, s *webtest.Site, sql string) []string {
	t.Helper()
	rows, err := s.Owner.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return list
}

func has(p *webtest.Page, selector string) bool { return p.Doc().Find(selector).Length() > 0 }

// bookOf is a workbook of sheets whose rows have their cells apart by |.
func bookOf(t *testing.T, sheets ...string) []byte {
	t.Helper()
	var pages []workbook.Page
	for i, rows := range sheets {
		p := workbook.Page{Name: fmt.Sprintf("Fiche %d", i+1)}
		for row := range strings.SplitSeq(rows, "\n") {
			var cells []workbook.Cell
			for c := range strings.SplitSeq(row, "|") {
				cells = append(cells, workbook.Cell{Text: c})
			}
			p.Rows = append(p.Rows, cells)
		}
		pages = append(pages, p)
	}
	var out bytes.Buffer
	if err := workbook.WriteBook(&out, pages); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// openDocument is the same as an OpenDocument spreadsheet.
func openDocument(t *testing.T, name, rows string) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table table:name="` + name + `">`)
	for row := range strings.SplitSeq(rows, "\n") {
		b.WriteString("<table:table-row>")
		for c := range strings.SplitSeq(row, "|") {
			b.WriteString("<table:table-cell><text:p>" + c + "</text:p></table:table-cell>")
		}
		b.WriteString("</table:table-row>")
	}
	b.WriteString(`</table:table></office:spreadsheet></office:body></office:document-content>`)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, p := range [][2]string{{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, {"content.xml", b.String()}} {
		f, err := w.Create(p[0])
		if err == nil {
			_, err = io.WriteString(f, p[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const prospects = "Description du traitement\nNom du traitement|Gestion des prospects\nN° / RÉF|TR-07\nActeurs|Nom|Adresse|Code postal|Ville|Pays|Téléphone|Adresse mél\nResponsable du traitement|Maison Lumière||75007|Paris|France\n" +
	"Finalité(s) du traitement effectué\nFinalité principale|Écrire aux prospects\nBase légale|Consentement et intérêt légitime\nCatégories de données personnelles concernées|Description|Durée de conservation\n" +
	"État civil, identité, données d'identification, images…|Nom, prénom|3 ans\nDestinataires|Type de destinataire|Précisions\n|Sous-traitants|Orion"

// A record is shown before it is written, written once, and taken back as a whole; the same file again changes nothing, and what
// somebody wrote stays unless they choose otherwise.
func TestRecordImport(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleDPO])
	before := column(t, s, `select name from purpose order by id`)
	path := sendRecord(t, v, "acme", "registre.ods", openDocument(t, "Fiche 7", prospects)).Want(http.StatusSeeOther).Location
	page := v.Get(path).Want(http.StatusOK)
	for _, want := range []string{"1 new sheet", "Gestion des prospects", "TR-07", "Fiche 7 › B2", "Nom, prénom", "Orion", "Maison Lumière", "Fiche 7 › B8", "The legal basis is not known, or there are several"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("the preview lacks %q: %s", want, page.Text("main"))
		}
	}
	if diff := cmp.Diff(before, column(t, s, `select name from purpose order by id`)); diff != "" {
		t.Errorf("the preview wrote:\n%s", diff)
	}
	seen := page.Value("seen")
	v.Post(path+"/apply", "seen", seen, "take", "0", "take", "-1").Want(http.StatusSeeOther)
	v.Post(path+"/apply", "seen", seen, "take", "0").Want(http.StatusConflict)
	id := column(t, s, `select id::text from purpose where code = 'TR-07'`)[0]
	if got := v.Get("/w/acme/record/" + id).Want(http.StatusOK).Text("main"); !strings.Contains(got, "Nom, prénom") || !strings.Contains(got, "Maison Lumière") || !strings.Contains(got, "Draft") {
		t.Errorf("the sheet: %s", got)
	}

	// Again, and with other words than those that stand by now.
	again := sendRecord(t, v, "acme", "registre.ods", openDocument(t, "Fiche 7", prospects)).Want(http.StatusSeeOther).Location
	if got := v.Get(again).Text("main"); !strings.Contains(got, "nothing to bring in") || !strings.Contains(got, "1 unchanged sheet") {
		t.Errorf("again: %s", got)
	}
	other := strings.NewReplacer("Écrire aux prospects", "Autre chose", "|Orion", "|Orion; Vega").Replace(prospects)
	third := sendRecord(t, v, "acme", "autre.xlsx", bookOf(t, other)).Want(http.StatusSeeOther).Location
	page = v.Get(third)
	if got := page.Text("main"); !strings.Contains(got, "Replace what is written here") || !strings.Contains(got, "Autre chose") || !strings.Contains(got, "Vega") {
		t.Errorf("changed: %s", got)
	}
	s.Exec(t, `update purpose set version = version + 1 where code = 'TR-07'`)
	if got := v.Post(third+"/apply", "seen", page.Value("seen"), "take", "0").Want(http.StatusConflict).Text("main"); !strings.Contains(got, "changed since the preview") {
		t.Errorf("moved: %s", got)
	}
	v.Post(third+"/apply", "seen", v.Get(third).Value("seen"), "take", "0").Want(http.StatusSeeOther)
	kept := func(want string) {
		t.Helper()
		if got := strings.Join(column(t, s, `select description || ' / ' || (select string_agg(e->>'name', ', ') from jsonb_array_elements(recipients) e) from purpose where code = 'TR-07'`), ""); got != want {
			t.Errorf("purpose = %q, want %q", got, want)
		}
	}
	kept("Écrire aux prospects / Orion, Vega")
	fourth := sendRecord(t, v, "acme", "autre.xlsx", bookOf(t, other)).Location
	v.Post(fourth+"/apply", "seen", v.Get(fourth).Value("seen"), "take", "0", "replace", "0.description").Want(http.StatusSeeOther)
	kept("Autre chose / Orion, Vega")

	// Each act is undone by itself, and one that something leans on is kept.
	acts := column(t, s, `select id::text from batch where kind = 'import_record' order by id`)
	if got := v.Get("/w/acme/batches/" + acts[0]).Want(http.StatusOK).Text("main"); !strings.Contains(got, "registre.ods") || !strings.Contains(got, "Gestion des prospects") {
		t.Errorf("act: %s", got)
	}
	v.Post("/w/acme/batches/" + acts[2] + "/undo").Want(http.StatusSeeOther)
	kept("Écrire aux prospects / Orion, Vega")
	v.Post("/w/acme/batches/" + acts[1] + "/undo").Want(http.StatusConflict) // changed since
	v.Post("/w/acme/batches/" + acts[0] + "/undo").Want(http.StatusSeeOther) // the parties; the purpose was changed since
	if got := column(t, s, `select jsonb_array_length(parties)::text from organisation`); len(got) != 1 || got[0] != "0" {
		t.Errorf("parties after undoing: %v", got)
	}
	kept("Écrire aux prospects / Orion, Vega")
}

// Undoing an act takes new purposes away again, and gives approvals back that it reopened.
func TestRecordImportUndone(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	newGrounded(t, s)
	s.Exec(t, `update purpose set state = 'draft'`) // one in force lacks nothing
	v := s.As(t, s.Acme[domain.RoleDPO])
	v.Get("/w/acme/record").Want(http.StatusOK) // keeps what was approved
	code := column(t, s, `select code from purpose`)[0]
	file := bookOf(t, "Description du traitement\nNom du traitement|X\nN° / RÉF|"+code+"\nDestinataires|Type de destinataire|Précisions\n|Sous-traitants|Un nouveau", prospects)
	path := sendRecord(t, v, "acme", "r.xlsx", file).Want(http.StatusSeeOther).Location
	page := v.Get(path).Want(http.StatusOK)
	if got := page.Text("main"); !strings.Contains(got, "1 new sheet") || !strings.Contains(got, "1 sheet to complete") {
		t.Fatalf("preview: %s", got)
	}
	v.Post(path+"/apply", "seen", page.Value("seen"), "take", "0", "take", "1").Want(http.StatusSeeOther)
	if n := len(column(t, s, `select name from purpose where code = 'TR-07'`)); n != 1 {
		t.Fatal("not brought in")
	}
	if got := column(t, s, `select state from purpose_mapping`); got[0] != "proposed" {
		t.Errorf("a new recipient leaves the approval: %v", got)
	}
	act := column(t, s, `select max(id)::text from batch`)[0]
	v.Post("/w/acme/batches/" + act + "/undo").Want(http.StatusSeeOther)
	if left := column(t, s, `select name from purpose where code = 'TR-07' or recipients::text like '%Un nouveau%'`); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if got := column(t, s, `select state from purpose_mapping`); got[0] != "approved" {
		t.Errorf("the approval is not given back: %v", got)
	}
	if got := v.Get(path).Text("main"); !strings.Contains(got, "Undone") {
		t.Errorf("the file: %s", got)
	}
	if got := column(t, s, `select verb from event where verb like 'purpose.undone' order by id`); len(got) != 2 {
		t.Errorf("events: %v", got)
	}
}

// What was exported in either language comes back the same into a workspace that is empty, and changes nothing where it came from.
func TestRecordRoundTrip(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	s.Exec(t, `delete from purpose_mapping`)
	s.Exec(t, `insert into purpose (workspace_id, code, name, description, sub_purposes, legal_basis, interest, necessity, balance, assessor, assessed_on, art9_condition, subjects, recipients, transfers,
			declared_data, security_measures, measures_note, source_of_data, automated, automated_logic, automated_effect)
		values ($1, 'RT-1', '=Relances', 'Relancer "les clients"', '{Par courrier,Par téléphone}', 'f_legitimate', 'Vendre', 'Rien d''autre', 'Ils s''y attendent', 'Ana Roy', '2026-02-03', 'a',
			'{customers,former_customers,minors,Adhérents,employees}', '[{"kind": "internal", "name": "Ventes"}, {"kind": "authority", "name": "URSSAF"}, {"kind": "group", "name": ""}, {"kind": "processor", "name": "Orion (FR)"}, {"kind": "other", "name": "Huissier"}]',
			'[{"recipient": "Orion", "country": "US", "safeguard": "scc_c2p", "document": "ref 3"}, {"recipient": "Vega", "country": "MA", "safeguard": "art49_a"}]',
			'[{"kind": "identity", "description": "Nom", "retention": "3 ans"}, {"kind": "nir", "description": "NIR", "retention": ""}, {"kind": "health", "description": "Allergies", "retention": "1 an"}]',
			'{encryption,backup}', 'Badges', 'Un partenaire', 'yes', 'Un score', 'Un refus'),
		($1, 'RT-2', 'Paie', '', '{}', '', '', '', '', '', null, '', '{}', '[]', '[]', '[]', '{}', '', '', '', '', '')`, s.Admin().Workspace)
	s.Exec(t, `insert into organisation (workspace_id, parties) values ($1, '[{"role": "controller", "name": "Maison Lumière", "city": "Paris", "country": "FR", "email": "a@b.example"}, {"role": "dpo", "name": "Ana Roy", "phone": "+33 1"}]')`, s.Admin().Workspace)
	for _, lang := range []string{"fr", "en"} {
		s.Exec(t, `update app_user set locale = $1`, lang)
		s.Exec(t, `delete from record_import`)
		s.Exec(t, `delete from purpose where workspace_id <> $1`, s.Admin().Workspace)
		s.Exec(t, `delete from organisation where workspace_id <> $1`, s.Admin().Workspace)
		v, into := s.As(t, s.Acme[domain.RoleDPO]), s.As(t, s.Other[domain.RoleAdmin])
		file := []byte(v.Get("/w/acme/record.xlsx").Want(http.StatusOK).Body)
		same := sendRecord(t, v, "acme", "registre.xlsx", file).Want(http.StatusSeeOther).Location
		if page := v.Get(same).Want(http.StatusOK); page.Value("seen") == "" || has(page, "#new") || has(page, "#changed") || has(page, "#unusable") || has(page, "#parties") {
			t.Errorf("%s: where it came from, it changes something: %s", lang, page.Text("main"))
		}
		path := sendRecord(t, into, "other", "registre.xlsx", file).Want(http.StatusSeeOther).Location
		page := into.Get(path).Want(http.StatusOK)
		pairs := []string{"seen", page.Value("seen"), "take", "-1"}
		for n := range 50 {
			pairs = append(pairs, "take", fmt.Sprint(n))
		}
		into.Post(path+"/apply", pairs...).Want(http.StatusSeeOther)
		from, err := s.Store.Record(t.Context(), s.Acme[domain.RoleDPO])
		if err != nil {
			t.Fatal(err)
		}
		to, err := s.Store.Record(t.Context(), s.Other[domain.RoleAdmin])
		if err != nil {
			t.Fatal(err)
		}
		// Not of the workbook: where it stands, the state of a draft, its retention rule and the day of an assessment of a transfer.
		leave := cmp.Options{cmpopts.IgnoreFields(domain.RecordSheet{}, "Purpose", "State", "CreatedOn", "UpdatedOn", "StartsOn", "EndsOn", "ReviewOn", "Retention", "Questions", "Published", "Hints", "Flows", "CollectionPoints"),
			cmpopts.EquateEmpty()}
		if diff := cmp.Diff(from.Sheets, to.Sheets, leave); diff != "" {
			t.Errorf("%s: record (- exported, + brought in):\n%s", lang, diff)
		}
		if diff := cmp.Diff(from.Parties, to.Parties); diff != "" {
			t.Errorf("%s: parties:\n%s", lang, diff)
		}
	}
}

func TestRecordImportRefused(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleDPO])
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"letter.txt": {[]byte("Dear all"), "This is a text file, and no Excel"}, "empty.xlsx": {nil, "empty"}, "cut.xlsx": {bookOf(t, prospects)[:900], "cut short or damaged"},
		"sales.xlsx": {bookOf(t, "Mois|Total\nMai|12"), "No sheet of this workbook looks like"}, "page.ods": {[]byte("<html><table></table>"), "a web page"},
	} {
		page := sendRecord(t, v, "acme", name, c.content).Want(http.StatusUnprocessableEntity)
		if got := page.Problem("register_file"); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	long := strings.Replace(prospects, "Gestion des prospects", strings.Repeat("long ", 100), 1)
	path := sendRecord(t, v, "acme", strings.Repeat("é\u202e", 300)+".xlsx", bookOf(t, long)).Want(http.StatusSeeOther).Location
	if got := v.Get(path).Want(http.StatusOK).Text("main"); !strings.Contains(got, "1 sheet that cannot be used") || strings.Contains(got, "\u202e") {
		t.Errorf("a name that is too long: %s", got)
	}
	s.As(t, s.Other[domain.RoleAdmin]).Get(strings.Replace(path, "acme", "other", 1)).Want(http.StatusNotFound)
	sendRecord(t, s.As(t, s.Acme[domain.RoleViewer]), "acme", "a.xlsx", bookOf(t, prospects)).Want(http.StatusForbidden)
	v.Post(path + "/discard").Want(http.StatusSeeOther)
	v.Get(path).Want(http.StatusNotFound)
}

func TestRecordImportInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	v := s.As(t, s.Acme[domain.RoleDPO])
	first := sendRecord(t, v, "acme", "registre-traitement-simplifie.ods", openDocument(t, "3 - Fiche TR-07", prospects)).Want(http.StatusSeeOther).Location
	v.Post(first+"/apply", "seen", v.Get(first).Value("seen"), "take", "0", "take", "-1").Want(http.StatusSeeOther)
	other := strings.NewReplacer("Écrire aux prospects", "Inviter les prospects aux ventes privées et leur envoyer la lettre de la maison", "|Orion", "|Orion; Vega, hébergement et maintenance des serveurs", "Maison Lumière", "Maison Lumière et Fils").Replace(prospects)
	second := strings.NewReplacer("TR-07", "TR-08", "Gestion des prospects", "Programme de fidélité des porteurs de la carte et de leurs ayants droit").Replace(prospects)
	waiting := sendRecord(t, v, "acme", "registre des traitements 2026 (version de travail).xlsx", bookOf(t, other, second, strings.Replace(prospects, "TR-07", "TR-09", 1), "Mois|Total\nMai|12")).Want(http.StatusSeeOther).Location
	inBrowser(t, s, s.Acme[domain.RoleDPO],
		shownPage{"record-import-new", "/w/acme/record/import"},
		shownPage{"record-import", waiting},
		shownPage{"record-import-done", first},
		shownPage{"record-import-act", "/w/acme/batches/" + column(t, s, `select max(id)::text from batch`)[0]})
}
