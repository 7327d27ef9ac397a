package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"utile/internal/browsertest"
	"utile/internal/domain"
	"utile/internal/web/webtest"
)

func TestProofOfTheHistory(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by, dpo := s.Admin(), s.As(t, s.Acme[domain.RoleDPO])
	if page := dpo.Get("/w/acme/proof").Want(http.StatusOK); page.Doc().Find(`a[href="/w/acme/proof/head"]`).Length() != 0 {
		t.Error("an empty history offers its head")
	}
	s.Application(t, by, "Orion")
	s.Application(t, by, "Vega")
	taken := dpo.Get("/w/acme/proof/head").Want(http.StatusOK).Body
	var head domain.SealHead
	if err := json.Unmarshal([]byte(taken), &head); err != nil || head.Number != 2 || head.Workspace != "acme" {
		t.Fatalf("head %q, %v", taken, err)
	}
	if page := dpo.Get("/w/acme/proof"); page.Doc().Find(`a[href="/w/acme/proof/head"]`).Length() != 1 || !strings.Contains(page.Text("#content, main"), head.Digest) {
		t.Error("the page does not show and offer the head")
	}
	s.Application(t, by, "Lyra")
	page := dpo.Post("/w/acme/proof", "anchor", taken).Want(http.StatusOK)
	if text := page.Text("main"); !strings.Contains(text, "nothing was changed") || !strings.Contains(text, "only grown since") {
		t.Errorf("the check says %q", text)
	}
	for anchor, want := range map[string]string{"nonsense": "paste the whole content", strings.Replace(taken, "acme", "other", 1): "“other”"} {
		if page := dpo.Post("/w/acme/proof", "anchor", anchor).Want(http.StatusUnprocessableEntity); !strings.Contains(page.Problem("anchor"), want) || page.Value("anchor") != anchor {
			t.Errorf("%q: %q in %q", anchor, page.Problem("anchor"), page.Value("anchor"))
		}
	}
	if pack := dpo.Get("/w/acme/proof/evidence").Want(http.StatusOK); !strings.HasPrefix(pack.Body, "PK") || !strings.Contains(pack.Header.Get("Content-Disposition"), "acme-evidence-") {
		t.Errorf("the evidence pack: %v", pack.Header)
	}
	dpo.Get("/w/acme/proof/evidence?day=2020-01-31").Want(http.StatusUnprocessableEntity)
	s.Exec(t, `set session_replication_role = replica`)
	s.Exec(t, `update event set subject_name = 'Altair' where subject_name = 'Vega'`)
	if page := dpo.Post("/w/acme/proof").Want(http.StatusOK); !strings.Contains(page.Text(`[role="alert"]`), "of seal 2 was altered") || strings.Contains(page.Text("main"), "nothing was changed") {
		t.Errorf("an altered history: %q", page.Text("main"))
	}
	if page := s.As(t, s.Acme[domain.RoleEditor]).Get("/w/acme/history"); page.Doc().Find(`a[href="/w/acme/proof"]`).Length() != 0 {
		t.Error("an editor is offered what they may not do")
	}
}

func TestProofLooks(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	by := s.Admin()
	s.Application(t, by, "Orion")
	tab := browsertest.Browser(t).Cookie(s.URL, "utile", s.Token(t, by))
	for _, lang := range []string{"fr", "en"} {
		tab.Prepare(s.URL, lang).Open(s.URL + "/w/acme/proof").Click("main form button").Wait(".note")
		tab.Look(t, lang, "proof")
	}
}
