package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"utile/internal/browsertest"
	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/web/webtest"
)

// cell is what a cell of the matrix shows.
func cell(p *webtest.Page, field domain.FieldID, program domain.ProgramID) string {
	return p.Text(fmt.Sprintf(`tr[data-f="%d"] td[data-p="%d"]`, field, program))
}

func TestMatrixWithoutScript(t *testing.T) {
	t.Parallel()
	s := newBulkSite(t)
	v := s.As(t, s.Acme[domain.RoleEditor])
	field := s.fields[0]

	for i, want := range []string{"E", "U", "·"} {
		page := v.Get("/w/acme/matrix?verdict=delete,keep,regularise").Want(http.StatusOK)
		value, _ := page.Doc().Find(fmt.Sprintf(`tr[data-f="%d"] td[data-p="%d"] button`, field, s.program)).Attr("value")
		page = v.Follow(v.Post("/w/acme/matrix/cells", append(hidden(page, "[data-grid]"), "cells", value)...).Want(http.StatusSeeOther))
		if got := cell(page, field, s.program); got != want {
			t.Errorf("press %d (%s): cell = %q, want %q", i+1, value, got, want)
		}
		if !strings.Contains(page.Text(".flash"), "1 cell saved") {
			t.Errorf("message = %q", page.Text(".flash"))
		}
	}
	// Sensitive data goes from essential to nothing, and useful is refused.
	sensitive := s.fields[2]
	v.Post("/w/acme/matrix/cells", "cells", fmt.Sprintf("%d:%d:essential", sensitive, s.program)).Want(http.StatusSeeOther)
	page := v.Get("/w/acme/matrix")
	if value, _ := page.Doc().Find(fmt.Sprintf(`tr[data-f="%d"] button`, sensitive)).Attr("value"); !strings.HasSuffix(value, ":") {
		t.Errorf("the next state of sensitive data is %q", value)
	}
	page = v.Follow(v.Post("/w/acme/matrix/cells", "cells", fmt.Sprintf("%d:%d:utile", sensitive, s.program)).Want(http.StatusSeeOther))
	if got := page.Text(".flash"); !strings.Contains(got, "never “useful”") {
		t.Errorf("message = %q", got)
	}
	if got := page.Text(fmt.Sprintf(`tr[data-f="%d"] [data-sum]`, sensitive)); got != "1" {
		t.Errorf("programs of the row = %q", got)
	}
	if got := page.Text(".mxn"); !strings.Contains(got, "Essential 1") {
		t.Errorf("fields of the program = %q", got)
	}
}

func TestMatrixRefusals(t *testing.T) {
	t.Parallel()
	s := newBulkSite(t)
	one := fmt.Sprintf("%d:%d:e", s.fields[0], s.program)
	for _, role := range []domain.Role{domain.RoleViewer, domain.RoleDPO} {
		v := s.As(t, s.Acme[role])
		v.Post("/w/acme/matrix/cells", "cells", one).Want(http.StatusForbidden)
		if n := v.Get("/w/acme/matrix").Want(http.StatusOK).Doc().Find("button.mxb").Length(); n != 0 {
			t.Errorf("%s is offered %d cells to press", role, n)
		}
	}
	v := s.As(t, s.Acme[domain.RoleFacilitator])
	for _, bad := range []string{"", "x", "1:2", "a:b:e", strings.Repeat(one+"\n", 10_001)} {
		if got := v.Post("/w/acme/matrix/cells", "cells", bad); got.Status != http.StatusUnprocessableEntity && got.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("%.20q: status %d", bad, got.Status)
		}
	}
	s.As(t, s.Other[domain.RoleAdmin]).Post("/w/other/matrix/cells", "cells", one).Want(http.StatusSeeOther)
	if got := cell(v.Get("/w/acme/matrix"), s.fields[0], s.program); got != "·" {
		t.Errorf("another workspace set the cell to %q", got)
	}
	s.As(t, s.Other[domain.RoleAdmin]).Get("/w/acme/matrix").Want(http.StatusNotFound)
	if got := s.As(t, s.Other[domain.RoleAdmin]).Get("/w/other/matrix").Want(http.StatusOK).Text("main"); !strings.Contains(got, "Aucun programme") {
		t.Errorf("empty matrix = %q", got)
	}
}

func TestMatrixPagesAndColumns(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowd(t, 400)
	v := s.As(t, s.Acme[domain.RoleEditor])
	seen := map[string]bool{}
	path, pages := "/w/acme/matrix?n=100", 0
	for path != "" && pages < 20 {
		page := v.Get(path).Want(http.StatusOK)
		pages++
		page.Doc().Find("tr[data-f]").Each(func(_ int, row *goquery.Selection) {
			id, _ := row.Attr("data-f")
			if seen[id] {
				t.Errorf("field %s comes twice", id)
			}
			seen[id] = true
		})
		path, _ = page.Doc().Find(`.pager [rel="next"]`).Attr("href")
	}
	var fields, shown int
	if err := s.Owner.QueryRow(t.Context(), `select count(*), (select count(*) from program where status not in ('idea', 'ended')) from field where state = 'active'`).
		Scan(&fields, &shown); err != nil {
		t.Fatal(err)
	}
	if len(seen) != fields || pages != (fields+99)/100 {
		t.Errorf("%d fields on %d pages, want %d", len(seen), pages, fields)
	}
	page := v.Get("/w/acme/matrix")
	if got, _ := page.Doc().Find("template[data-more] a").Attr("href"); got != "/w/acme/matrix?n=300" {
		t.Errorf("more fields for a block that has no place are at %q", got)
	}
	if got := page.Doc().Find(".mxh").Length(); got != shown {
		t.Errorf("%d programs are shown, want %d", got, shown)
	}
	id, _ := page.Doc().Find(`[name="show"]`).First().Attr("value")
	if got := v.Get("/w/acme/matrix?show=" + id).Doc().Find(".mxh").Length(); got != 1 {
		t.Errorf("%d programs are shown when one is chosen", got)
	}
	none := v.Get("/w/acme/matrix?program=none&n=300").Want(http.StatusOK)
	if rows, bare := none.Doc().Find("tr[data-f]").Length(), none.Doc().Find("tr.mxnone").Length(); rows == 0 || rows != bare {
		t.Errorf("%d rows, %d of them without a program", rows, bare)
	}
}

func TestMatrixInBrowser(t *testing.T) {
	t.Parallel()
	s := newBulkSite(t)
	second := s.Program(t, s.Admin(), "Newsletter", "planned")
	tab := browsertest.Browser(t).Cookie(s.URL, "utile", s.Token(t, s.Acme[domain.RoleEditor])).Cookie(s.URL, "lang", "en")
	tab.Width(1440).Open(s.URL + "/w/acme/matrix")
	at := func(field domain.FieldID, program domain.ProgramID) string {
		return fmt.Sprintf(`tr[data-f="%d"] td[data-p="%d"] .mxb`, field, program)
	}
	settled := func() {
		t.Helper()
		tab.Eval(`new Promise(done => { const look = () => document.querySelector('[aria-busy]') ? setTimeout(look, 20) : done(''); setTimeout(look, 20); })`)
	}
	// want reads the cells of the page and those of the database, which must agree.
	want := func(what string, levels ...string) {
		t.Helper()
		settled()
		for i, level := range levels {
			field, program := s.fields[i/2], []domain.ProgramID{s.program, second}[i%2]
			if got := tab.Eval(`document.querySelector('` + at(field, program) + `').textContent`); got != level {
				t.Errorf("%s: cell %d shows %q, want %q", what, i, got, level)
			}
			var stored string
			if err := s.Owner.QueryRow(t.Context(), `select coalesce((select upper(replace(left(level, 1), 'a', 'x')) from program_link where field_id = $1 and program_id = $2), '·')`,
				field, program).Scan(&stored); err != nil || stored != level {
				t.Errorf("%s: cell %d is %q in the database, want %q, %v", what, i, stored, level, err)
			}
		}
	}
	paste := func(text string) {
		t.Helper()
		raw, _ := json.Marshal(text)
		tab.Eval(`(() => { const d = new DataTransfer(); d.setData('text/plain', ` + string(raw) + `);
			document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: d, bubbles: true, cancelable: true })); return '' })()`)
	}

	tab.Click(at(s.fields[0], s.program))
	want("a click", "E", "·")
	tab.Eval(`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true, cancelable: true })); ''`)
	tab.Press("u")
	want("the keys", "E", "U")
	tab.Eval(`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true, cancelable: true })); ''`)
	paste("\"useful\r\nsee \"\"note\"\"\"\tU\r\nE\t\"\tU\"\r\n\r\n\r\n\r\nE\tU\r\n")
	want("cells in quotes, and a row beyond the last", "E", "U", "E", "U", "·", "·")
	if got := tab.Text("[data-said]"); !strings.Contains(got, `useful see "note"`) || !strings.Contains(got, "2 cells of the block fell beyond") {
		t.Errorf("said %q", got)
	}
	paste("Useful\t-\nessentiel\tX\n\tnonsense\n")
	want("a pasted block", "U", "·", "E", "X", "·", "·")
	if got := tab.Text("[data-said]"); !strings.Contains(got, "no level") || !strings.Contains(got, "Undo") {
		t.Errorf("said %q", got)
	}
	copied := tab.Eval(`(() => { const key = k => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: k, shiftKey: true, bubbles: true, cancelable: true }));
		key('ArrowRight'); key('ArrowDown'); const d = new DataTransfer();
		document.activeElement.dispatchEvent(new ClipboardEvent('copy', { clipboardData: d, bubbles: true, cancelable: true })); return d.getData('text/plain') })()`)
	if copied != "U\t\nE\tX" {
		t.Errorf("copied %q", copied)
	}
	tab.Axe(t)
	tab.Eval(`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Delete', bubbles: true, cancelable: true })); ''`)
	want("a deleted range", "·", "·", "·", "·")
	if got := tab.Eval(`[...document.querySelectorAll('button.mxb')].filter(b => b.tabIndex === 0).length`); got != "1" {
		t.Errorf("%s cells can be reached by tab, want 1", got)
	}
	// Where the server refuses, the cell goes back and says so.
	s.Exec(t, `update membership set role = 'viewer' where user_id = $1`, s.Acme[domain.RoleEditor].User)
	tab.Click(at(s.fields[1], second))
	want("a refused change", "·", "·", "·", "·")
	if got := tab.Text("[data-said]"); !strings.Contains(got, "Not saved") {
		t.Errorf("said %q", got)
	}
}

func TestMatrixLooksInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowd(t, 400)
	inBrowser(t, s, s.Acme[domain.RoleEditor], shownPage{"matrix", "/w/acme/matrix?q=email_1"})
	page := s.As(t, s.Acme[domain.RoleEditor]).Get("/w/acme/matrix?n=300").Want(http.StatusOK)
	if rows := page.Doc().Find("tr[data-f]").Length(); rows != 300 {
		t.Errorf("%d rows, want 300", rows)
	}
}

// A cell that takes a program beyond what was approved says how many approvals go back to the DPO, and is undone with them.
func TestMatrixSaysWhichApprovalsFall(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	phone := s.Field(t, s.Admin(), g.dataset, "phone", "ident.contact.email")
	id := propose(t, s, s.Acme[domain.RoleEditor], g.purpose, "To call them back", phone)[0]
	approve(t, s, id)
	program := s.Program(t, s.Admin(), "TELE", "live")
	s.Exec(t, `insert into program_purpose (workspace_id, program_id, purpose_id) values ($1, $2, $3)`, s.Admin().Workspace, program, g.purpose)
	v := s.As(t, s.Acme[domain.RoleEditor])
	stands := func() bool {
		return count(t, s, `select count(*) from purpose_mapping where id = $1 and state = 'approved'`, id) == 1
	}
	press := func(level string) *webtest.Page {
		t.Helper()
		return v.Follow(v.Post("/w/acme/matrix/cells", "cells", fmt.Sprintf("%d:%d:%s", phone, program, level)).Want(http.StatusSeeOther))
	}
	page := press("essential")
	if said := page.Text(".flash"); !strings.Contains(said, "1 cell saved") || !strings.Contains(said, "go back to the DPO, since a program goes beyond them: 1.") || stands() {
		t.Errorf("approvals fall: %t; said %q", !stands(), said)
	}
	undo, _ := page.Doc().Find(".flash form").Attr("action")
	v.Post(undo).Want(http.StatusSeeOther)
	if !stands() || count(t, s, `select count(*) from program_link where field_id = $1`, phone) != 0 {
		t.Errorf("undone by %q: the approval stands: %t", undo, stands())
	}
	v.Accept = "application/json"
	out := v.Post("/w/acme/matrix/cells", "cells", fmt.Sprintf("%d:%d:avoid", phone, program)).Want(http.StatusOK).Body
	if strings.Contains(out, "DPO") || strings.Contains(out, "undo") || !stands() {
		t.Errorf("what no approval is about: %s", out)
	}
	out = v.Post("/w/acme/matrix/cells", "cells", fmt.Sprintf("%d:%d:useful", phone, program)).Want(http.StatusOK).Body
	if !strings.Contains(out, "go back to the DPO") || !strings.Contains(out, `"undo":"/w/acme/batches/`) || stands() {
		t.Errorf("the script is told %s", out)
	}
	// So does the page of the field.
	s.Exec(t, `delete from program_link where field_id = $1`, phone)
	version := count(t, s, `select version from purpose_mapping where id = $1`, id)
	if _, err := s.Store.ReviewMapping(t.Context(), s.Acme[domain.RoleDPO], id, int(version), store.Answer{Approve: true, Reason: "Right"}); err != nil {
		t.Fatal(err)
	}
	v.Accept = ""
	page = v.Follow(v.Post("/w/acme/fields/"+itoa(phone)+"/links", "program", itoa(program), "level", "essential").Want(http.StatusSeeOther))
	if said := page.Text(".flash"); !strings.Contains(said, "1 purpose of the field goes back to the DPO") {
		t.Errorf("the page of the field said %q", said)
	}
}
