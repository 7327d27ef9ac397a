package notice_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/notice"
)

var update = flag.Bool("update", false, "write the golden files")

func shop() domain.NoticeFacts {
	preset, _ := domain.RetentionPresetByCode("PROSPECT")
	rule := preset.Rule("fr")
	rule.ID = 1
	archived := domain.RetentionRule{ID: 2, ActiveMonths: new(int), ArchiveMonths: new(int), Triggers: []string{"delivery"}}
	*archived.ActiveMonths, *archived.ArchiveMonths = 24, 36
	return domain.NoticeFacts{
		Organisation: domain.Organisation{Parties: []domain.Party{{Role: "controller", Name: "Maison Lumière", Address: "1 rue Neuve", Postcode: "69001", City: "Lyon"},
			{Role: "dpo", Name: "Karim Haddad", Email: "dpo@example.com"}}},
		Answers: []domain.NoticeAnswer{
			asked("Adresse e-mail", "E-mail address", "Adresse", "mandatory", "Nous ne pouvons pas vous écrire."),
			asked("Nom", "Name", "Nom de famille", "mandatory", ""), asked("Nom", "Name", "Second prénom", "optional", ""),
			asked("Adresse IP", "IP address", "ip", "not_asked", ""), asked("Ville", "City", "Ville", "mandatory", ""),
			asked("", "", "code_libre", "optional", ""),
		},
		Point: domain.CollectionPoint{Name: "Caisse", Answers: "Sans ces réponses, nous ne pouvons pas livrer.", NoticeURL: "https://example.com/vie-privee"},
		Purposes: []domain.NoticePurpose{
			{Purpose: domain.Purpose{Name: "Prospection", LegalBasis: "a_consent", ConsentWithdrawal: "Lien de désinscription.", Recipients: []domain.Recipient{{Kind: "internal"}, {Kind: "processor", Name: "Mailéo"}},
				Transfers: []domain.Transfer{{Recipient: "Braze", Country: "US", Safeguard: "scc_c2p"}}}, Rule: rule, Data: []domain.NoticeData{{FR: "Adresse e-mail", EN: "E-mail address"}}},
			{Purpose: domain.Purpose{Name: "Livraison", LegalBasis: "b_contract", Recipients: []domain.Recipient{{Kind: "other", Name: "Transporteurs"}}}, Rule: archived},
			{Purpose: domain.Purpose{Name: "Connaissance client", LegalBasis: "f_legitimate", Interest: "Proposer moins de messages.", Recipients: []domain.Recipient{{Kind: "internal"}}, Automated: "yes",
				AutomatedLogic: "Un score d’achat.", AutomatedEffect: "Vous recevez d’autres offres."}, Rule: rule},
		},
	}
}

func asked(fr, en, field, kind, consequence string) domain.NoticeAnswer {
	return domain.NoticeAnswer{NoticeData: domain.NoticeData{FR: fr, EN: en}, Field: field, AskedAnswer: domain.AskedAnswer{Kind: kind, Consequence: consequence}}
}

func written(f domain.NoticeFacts) string {
	var b strings.Builder
	texts := notice.Texts(f)
	for _, lang := range i18n.Languages() {
		for _, level := range [][]domain.NoticeParagraph{texts[string(lang)].Short, texts[string(lang)].Full} {
			for _, p := range level {
				b.WriteString("## " + p.Title + "\n" + strings.Join(p.Lines, "\n") + "\n")
			}
		}
	}
	return b.String()
}

// TestGolden reads what a customer would read, complete and with everything missing, direct and from elsewhere.
func TestGolden(t *testing.T) {
	t.Parallel()
	bought := shop()
	bought.Point = domain.CollectionPoint{Name: "Fichier", Kind: "partner_file", Source: "Annuaire Pro"}
	unsaid := shop()
	unsaid.Point.Answers, unsaid.Answers[2].Kind, unsaid.Answers[3].Kind = "", "", ""
	for name, f := range map[string]domain.NoticeFacts{"direct": shop(), "indirect": bought, "unsaid": unsaid, "empty": {Purposes: []domain.NoticePurpose{{}}}} {
		file := "testdata/" + name + ".golden"
		got := written(f)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-golden +now):\n%s", name, diff)
		}
		if complete := !strings.Contains(got, "[To be completed"); complete != (len(f.Gaps()) == 0) {
			t.Errorf("%s: the text looks complete: %v; gaps: %v", name, complete, f.Gaps())
		}
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	before, after := shop(), shop()
	months := 60
	after.Purposes[0].Rule.ActiveMonths = &months
	old, now := notice.Texts(before)["fr"], notice.Texts(after)["fr"]
	if diff := domain.NoticeDifferences(old.Full, old.Full); diff != nil {
		t.Errorf("the same text differs: %v", diff)
	}
	got := domain.NoticeDifferences(old.Full, now.Full)
	if len(got) != 1 || !strings.Contains(strings.Join(got[0].Before, " "), "3 ans") || !strings.Contains(strings.Join(got[0].After, " "), "5 ans") {
		t.Errorf("differences = %+v", got)
	}
	after.Purposes = after.Purposes[:2] // the only automated decision goes
	if got := domain.NoticeDifferences(old.Full, notice.Texts(after)["fr"].Full); len(got) < 2 || got[len(got)-1].After != nil {
		t.Errorf("a paragraph that is gone is not told: %+v", got)
	}
}
