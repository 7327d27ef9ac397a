package web_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/job"
	workbook "utile/internal/sheet"
	"utile/internal/store/storetest"
	"utile/internal/web"
	"utile/internal/web/webtest"
)

// working is a site whose queue is worked off until the test ends.
func working(tb testing.TB) *webtest.Site {
	tb.Helper()
	s := webtest.New(tb)
	work(tb, s)
	return s
}

// work works off the queue of a site until the test ends.
func work(tb testing.TB, s *webtest.Site) {
	tb.Helper()
	r, err := job.New(s.Store, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if err := r.Start(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			tb.Error(err)
		}
	})
}

// send uploads files as the form does; fields are names and values, files names and contents.
func send(tb testing.TB, v *webtest.Visitor, fields []string, files ...string) *webtest.Page {
	tb.Helper()
	body, kind := form(tb, fields, files...)
	return v.Send(http.MethodPost, "/w/acme/imports", bytes.NewReader(body), kind)
}

// form is what send sends, and its content type.
func form(tb testing.TB, fields []string, files ...string) (body []byte, kind string) {
	tb.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			tb.Fatal(err)
		}
	}
	for i := 0; i+1 < len(files); i += 2 {
		part, err := w.CreateFormFile("files", files[i])
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := part.Write([]byte(files[i+1])); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

// settled waits until nobody works on the import at a path, and returns its page.
func settled(tb testing.TB, s *webtest.Site, v *webtest.Visitor, path string) *webtest.Page {
	tb.Helper()
	n, err := strconv.ParseInt(path[strings.LastIndexByte(path, '/')+1:], 10, 64)
	if err != nil {
		tb.Fatal(err)
	}
	tick, end := time.NewTicker(10*time.Millisecond), time.After(5*time.Minute)
	defer tick.Stop()
	for {
		i, err := s.Store.ImportByID(tb.Context(), s.Admin(), domain.ImportID(n))
		if err != nil {
			tb.Fatal(err)
		}
		if !i.State.Working() {
			return v.Get(path).Want(http.StatusOK)
		}
		select {
		case <-tick.C:
		case <-end:
			tb.Fatalf("import still %s", i.State)
		}
	}
}

const shopInventory = "Table;Colonne;Type;Facultatif;Libellé\nclient;email;texte;oui;Adresse électronique\nclient;nom;texte;non;Nom\nclient;né le;date;peut-être;\n"

func TestImportFromFileToFields(t *testing.T) {
	t.Parallel()
	s := working(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	if page := v.Get("/w/acme/imports").Want(http.StatusOK); !strings.Contains(page.Text(".empty"), "Sample CSV") {
		t.Errorf("empty list = %q", page.Text("main"))
	}
	v.Get("/w/acme/imports/new").Want(http.StatusOK)

	sent := send(t, v, []string{"application", "Shop", "kind", ""}, "boutique.csv", shopInventory).Want(http.StatusSeeOther)
	path := sent.Location
	page := settled(t, s, v, path)
	if got := page.Text("#summary"); !strings.Contains(got, "2 new fields") || !strings.Contains(got, "1 refused") || !strings.Contains(got, "1 new application") {
		t.Errorf("summary = %q", got)
	}
	if got := page.Text("#rows tbody"); !strings.Contains(got, "email") || !strings.Contains(got, "Adresse électronique") {
		t.Errorf("rows = %q", got)
	}
	if got := v.Get(path + "?tab=problems").Text("#rows tbody"); !strings.Contains(got, "4") || !strings.Contains(got, "Facultatif") || !strings.Contains(got, "peut-être") {
		t.Errorf("problems = %q", got)
	}
	csv := v.Get(path + "/problems.csv").Want(http.StatusOK)
	if !strings.Contains(csv.Body, "4,Facultatif,") || !strings.Contains(csv.Header.Get("Content-Disposition"), "problems.csv") {
		t.Errorf("problems as a file: %s", csv.Body)
	}
	if n := v.Get("/w/acme/applications").Text("tbody"); strings.Contains(n, "Shop") {
		t.Error("the preview wrote to the register")
	}

	if got := v.Post(path + "/apply").Want(http.StatusSeeOther); got.Location != path {
		t.Errorf("sent to %s", got.Location)
	}
	page = settled(t, s, v, path)
	if got := page.Text(".pagehead"); !strings.Contains(got, "Applied") || !strings.Contains(got, "Undo the import") {
		t.Errorf("head = %q", got)
	}
	if got := v.Get("/w/acme/imports").Text("tbody"); !strings.Contains(got, "boutique.csv") || !strings.Contains(got, "Applied") {
		t.Errorf("list = %q", got)
	}
	v.Post(path + "/apply").Want(http.StatusConflict)
	v.Post(path + "/cancel").Want(http.StatusConflict)

	if got := v.Get(path + "/undo").Want(http.StatusOK).Text("main"); !strings.Contains(got, "2 fields are removed") {
		t.Errorf("undo = %q", got)
	}
	v.Post(path + "/undo").Want(http.StatusSeeOther)
	if got := settled(t, s, v, path).Text(".pagehead"); !strings.Contains(got, "Undone") {
		t.Errorf("head = %q", got)
	}
	if got := v.Get("/w/acme/applications").Text("main"); strings.Contains(got, "Shop") {
		t.Error("the application is still there")
	}
}

func TestImportAsksWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	s := working(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	file := "Truc,Machin,Bidule\nContact,email,text\nContact,phone,text\n"
	path := send(t, v, []string{"application", "Shop"}, "list.csv", file).Want(http.StatusSeeOther).Location
	page := settled(t, s, v, path)
	if page.Doc().Find("#mapping select[name=targets]").Length() != 3 || !strings.Contains(page.Text("#mapping"), "Contact") {
		t.Fatalf("no mapping screen: %s", page.Text("main"))
	}

	refused := v.Post(path+"/plan", "kind", "inventory", "application", "Shop", "targets", "dataset", "targets", "dataset", "targets", "data_type").Want(http.StatusUnprocessableEntity)
	if got := refused.Text("#targets-error"); got == "" {
		t.Error("nothing said about two columns that tell the same")
	}
	if got := refused.Value("application"); got != "Shop" {
		t.Errorf("application = %q, want what was typed", got)
	}
	v.Post(path+"/plan", "kind", "inventory", "application", "Shop", "targets", "dataset", "targets", "field", "targets", "data_type").Want(http.StatusSeeOther)
	if got := settled(t, s, v, path).Text("#summary"); !strings.Contains(got, "2 new fields") {
		t.Errorf("summary = %q", got)
	}
	// The next file with these headings needs no answer.
	next := send(t, v, []string{"application", "Other shop"}, "list.csv", file).Want(http.StatusSeeOther).Location
	if got := settled(t, s, v, next).Text("#summary"); !strings.Contains(got, "2 new fields") {
		t.Errorf("summary of the next file = %q", got)
	}
	v.Post(next + "/cancel").Want(http.StatusSeeOther)
	if got := v.Get(next).Text(".pagehead"); !strings.Contains(got, "Given up") {
		t.Errorf("head = %q", got)
	}
}

func TestImportRefusals(t *testing.T) {
	t.Parallel()
	s := working(t)
	editor := s.As(t, s.Acme[domain.RoleEditor])
	path := send(t, editor, []string{"application", "Shop"}, "boutique.csv", shopInventory).Want(http.StatusSeeOther).Location
	settled(t, s, editor, path)

	viewer := s.As(t, s.Acme[domain.RoleViewer])
	viewer.Get(path).Want(http.StatusOK)
	viewer.Get("/w/acme/imports/new").Want(http.StatusForbidden)
	for _, act := range []string{"/apply", "/cancel", "/undo", "/plan", "/renames"} {
		viewer.Post(path + act).Want(http.StatusForbidden)
	}
	send(t, viewer, nil, "a.csv", "a,b\n1,2\n").Want(http.StatusForbidden)
	other := s.As(t, s.Other[domain.RoleAdmin])
	for _, page := range []string{"", "/problems.csv", "/undo"} {
		other.Get("/w/other" + strings.TrimPrefix(path, "/w/acme") + page).Want(http.StatusNotFound)
	}
	for _, act := range []string{"/apply", "/cancel", "/undo"} {
		other.Post("/w/other" + strings.TrimPrefix(path, "/w/acme") + act).Want(http.StatusNotFound)
	}

	page := send(t, editor, []string{"application", "Shop", "measured_on", "soon", "kind", "evidence"}, "a.csv", "a,b\n1,2\n").Want(http.StatusUnprocessableEntity)
	if page.Problem("measured_on") == "" || page.Value("application") != "Shop" {
		t.Errorf("refused form: %s", page.Text("form"))
	}
	if page = send(t, editor, []string{"application", "Shop"}).Want(http.StatusUnprocessableEntity); page.Problem("files") == "" {
		t.Error("nothing said about a missing file")
	}
}

func TestImportSaysWhatIsWrongWithAFile(t *testing.T) {
	t.Parallel()
	s := working(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	for name, c := range map[string]struct{ content, want string }{
		"empty.csv":      {"", "The file is empty."},
		"report.pdf":     {"%PDF-1.7\n", "This is a PDF document"},
		"twice.csv":      {"table,column,Column\na,b,c\n", "The heading “Column” comes twice"},
		"truncated.xlsx": {"PK\x03\x04\x14\x00\x06\x00\x08\x00", "damaged"},
	} {
		path := send(t, v, []string{"application", "Shop"}, name, c.content).Want(http.StatusSeeOther).Location
		page := settled(t, s, v, path)
		if got := page.Text(".note"); !strings.Contains(got, c.want) || !strings.Contains(got, "Nothing was changed.") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestSampleInventoryIsRecognised(t *testing.T) {
	t.Parallel()
	s := working(t)
	for _, lang := range []string{"en", "fr"} {
		v := s.As(t, s.Acme[domain.RoleEditor])
		v.Lang = lang
		s.Exec(t, `update app_user set locale = $1 where id = $2`, lang, s.Acme[domain.RoleEditor].User)
		sample := v.Get("/w/acme/imports/sample.csv").Want(http.StatusOK)
		path := send(t, v, []string{"application", "Sample " + lang}, fmt.Sprintf("sample-%s.csv", lang), sample.Body).Want(http.StatusSeeOther).Location
		if got := settled(t, s, v, path).Text("#summary"); !strings.Contains(got, map[string]string{"en": "4 new fields", "fr": "4 nouveaux champs"}[lang]) {
			t.Errorf("%s: summary = %q in %s", lang, got, sample.Body)
		}
	}
}

// What the list of fields exports tells an import nothing new, whichever columns it has and in whichever language.
func TestFieldsExportedAndImportedChangeNothing(t *testing.T) {
	t.Parallel()
	s := working(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	path := send(t, v, []string{"application", "Shop"}, "dump.sql", `-- PostgreSQL database dump
CREATE TABLE public.customer (
    id bigint NOT NULL,
    email character varying(255),
    referrer bigint,
    gone text,
    put_away text
);
ALTER TABLE ONLY public.customer ADD CONSTRAINT customer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.customer ADD CONSTRAINT customer_fk FOREIGN KEY (referrer) REFERENCES public.customer(id);
COMMENT ON COLUMN public.customer.email IS 'Address,  as
the person typed it; "=1+1"';
COMMENT ON COLUMN public.customer.referrer IS '=who brought them';
`).Want(http.StatusSeeOther).Location
	settled(t, s, v, path)
	v.Post(path + "/apply").Want(http.StatusSeeOther)
	if got := settled(t, s, v, path).Text(".pagehead"); !strings.Contains(got, "Applied") {
		t.Fatalf("head = %q", got)
	}
	s.Exec(t, `update field set description = 'what we write there', owner_id = $1 where name in ('email', 'id')`, s.Admin().User)
	s.Exec(t, `update field set category_id = c.id, gdpr_class = c.gdpr_class, label = 'E-mail' from data_category c
		where name = 'email' and c.workspace_id = field.workspace_id and c.code = 'ident.contact.email'`)
	s.Exec(t, `update field set state = 'gone' where name = 'gone'`)
	s.Exec(t, `update field set state = 'archived', archived_at = now() where name = 'put_away'`)
	for _, lang := range []string{"en", "fr"} {
		s.Exec(t, `update app_user set locale = $1 where id = $2`, lang, s.Acme[domain.RoleEditor].User)
		v.Lang = lang
		for _, file := range []string{"fields.csv", "fields.xlsx", "fields.csv?keys=1"} {
			name, _, _ := strings.Cut(lang+"-"+file, "?")
			path := send(t, v, nil, name, v.Get("/w/acme/"+file).Want(http.StatusOK).Body).Want(http.StatusSeeOther).Location
			page := settled(t, s, v, path)
			n, _ := strconv.ParseInt(path[strings.LastIndexByte(path, '/')+1:], 10, 64)
			i, err := s.Store.ImportByID(t.Context(), s.Admin(), domain.ImportID(n))
			if err != nil || i.State != domain.ImportPreviewed || i.Changes() != 0 || i.Counts[domain.CountProblems] != 0 || i.Counts["unchanged"] < 3 {
				t.Errorf("%s in %s: %s %v %v\n%s", file, lang, i.State, i.Counts, err, page.Text("main"))
			}
		}
	}
}

// kept counts what a workspace holds of imports: lines, pieces and files.
func kept(tb testing.TB, s *webtest.Site) (n [3]int) {
	tb.Helper()
	if err := s.Owner.QueryRow(tb.Context(), `select (select count(*) from import), (select count(*) from import_chunk), (select count(*) from import_file)`).
		Scan(&n[0], &n[1], &n[2]); err != nil {
		tb.Fatal(err)
	}
	return n
}

// TestAnUploadOverTheLimitLeavesNothing, whether its size was announced or shows when the limit is passed.
func TestAnUploadOverTheLimitLeavesNothing(t *testing.T) {
	t.Parallel()
	const most = 3 << 20
	s := webtest.With(t, storetest.NewWorld(t), func(o *web.Options) { o.MaxUpload = most })
	before := kept(t, s)
	// The first file is in the database by the time that the second passes the limit.
	parts := []string{"a.csv", "table,column\n" + strings.Repeat("t,c\n", 2<<18), "b.csv", "table,column\n" + strings.Repeat("t,c\n", 2<<18)}
	for lang, want := range map[string]string{"en": "larger than 3.1 MB", "fr": "dépasse 3,1 Mo"} {
		v := s.As(t, s.Acme[domain.RoleEditor])
		s.Exec(t, `update app_user set locale = $1 where id = $2`, lang, s.Acme[domain.RoleEditor].User)
		v.Lang = lang
		body, kind := form(t, []string{"application", "Shop"}, parts...)
		for name, reader := range map[string]io.Reader{"announced": bytes.NewReader(body), "not announced": io.MultiReader(bytes.NewReader(body))} {
			page := v.Send(http.MethodPost, "/w/acme/imports", reader, kind).Want(http.StatusRequestEntityTooLarge)
			if got := page.Text("main"); !strings.Contains(got, want) {
				t.Errorf("%s, %s: %q", lang, name, got)
			}
			if after := kept(t, s); after != before {
				t.Errorf("%s, %s: %v were kept, %v before", lang, name, after, before)
			}
		}
	}
}

// TestAnUploadThatIsCutLeavesNothing: what came of it is in the database when the connection breaks, and gone when the server
// has noticed.
func TestAnUploadThatIsCutLeavesNothing(t *testing.T) {
	t.Parallel()
	handled := make(chan struct{})
	s := webtest.New(t)
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(handled)
		s.Server.ServeHTTP(w, r)
	}))
	t.Cleanup(cut.Close)
	before := kept(t, s)
	body, kind := form(t, []string{"application", "Shop"}, "whole.csv", shopInventory, "half.csv", "table,column\n"+strings.Repeat("t,c\n", 1<<20))
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", cut.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "POST /w/acme/imports HTTP/1.1\r\nHost: utile\r\nCookie: utile=%s\r\nSec-Fetch-Site: same-origin\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		s.Token(t, s.Acme[domain.RoleEditor]), kind, len(body), body[:len(body)-1<<20])
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(time.Minute)
	for pieces := before[1]; pieces < before[1]+3; pieces = kept(t, s)[1] { // the cut comes when the file has half come in
		if time.Now().After(end) {
			t.Fatalf("%d pieces came", pieces-before[1])
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	<-handled
	if after := kept(t, s); after != before {
		t.Errorf("%v were kept, %v before", after, before)
	}
}

// What a file leaves open is named at the top, and at its box.
func TestImportNamesWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	s := working(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	path := send(t, v, nil, "one.csv", "column\nemail\nphone\n").Want(http.StatusSeeOther).Location
	page := settled(t, s, v, path)
	if got := page.Text("main"); !strings.Contains(got, "No column names the dataset") {
		t.Errorf("page = %q", got)
	}
	if page.Problem("dataset") == "" || page.Problem("application") == "" || page.Problem("measured_on") != "" {
		t.Errorf("boxes: %q, %q", page.Problem("dataset"), page.Problem("application"))
	}
}

// Where no sheet of a workbook is a table, the page asks for another sheet and for nothing else, and keeps what was said with the file.
func TestAnotherSheetIsChosen(t *testing.T) {
	t.Parallel()
	s := working(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	var book bytes.Buffer
	if err := workbook.WriteBook(&book, []workbook.Page{{Name: "Lisez-moi", Rows: [][]workbook.Cell{{{Text: "Export du CRM"}}}},
		{Name: "Notes", Rows: [][]workbook.Cell{{{Text: "Rien"}}}}}); err != nil {
		t.Fatal(err)
	}
	path := send(t, v, []string{"application", "CRM"}, "crm.xlsx", book.String()).Want(http.StatusSeeOther).Location
	for range 2 { // the same sheet again is read again
		page := settled(t, s, v, path)
		if got := page.Text("#mapping"); !strings.Contains(got, "The sheet “Lisez-moi” is no table") || page.Doc().Find("#mapping select").Length() != 1 {
			t.Errorf("asked: %s", got)
		}
		if page.Doc().Find(".summary").Length() != 0 || page.Value("application") != "CRM" {
			t.Errorf("nobody has answered yet, and the page says: %s; application %q", page.Text("main"), page.Value("application"))
		}
		v.Post(path+"/plan", "kind", page.Value("kind"), "application", page.Value("application"), "sheet", "Lisez-moi").Want(http.StatusSeeOther)
	}
}
