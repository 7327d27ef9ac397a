package scan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/scan"
	"utile/internal/sheet"
)

// grid is a sheet of rows with their cells apart by |; blank rows stay out, as readers leave them out.
func grid(name, rows string) sheet.Sheet {
	s := sheet.Sheet{Name: name}
	for n, row := range strings.Split(strings.Trim(rows, "\n"), "\n") {
		cells := strings.Split(strings.TrimLeft(row, "\t"), "|")
		if strings.TrimSpace(strings.Join(cells, "")) != "" {
			s.Rows = append(s.Rows, sheet.Row{Line: n + 1, Cells: cells})
		}
	}
	return s
}

// cnilSheet is a sheet of the CNIL's simplified model with its labels, filled in as people do.
const cnilSheet = `
	Description du traitement
	Nom du traitement|Gestion des prospects
	N° / RÉF|TR-07
	Date de création du traitement|2019-05-02
	Mise à jour du traitement|
	Acteurs|Nom|Adresse|Code postal|Ville|Pays|Téléphone|Adresse mél
	Responsable du traitement|Maison Lumière|1 rue du Bac|75007|Paris|France|01 02 03 04 05|contact@maison.example
	Délégué à la protection des données|Ana Roy||||||pas une adresse
	Société du DPO (si DPO externe)
	Représentant|Sans objet
	Responsable(s) conjoint(s)|Atelier Jumeau
	Finalité(s) du traitement effectué
	Finalité principale|Écrire aux prospects
	Sous-finalité 1|Inviter aux ventes privées
	Sous-finalité 2
	Base légale|Consentement (art. 6.1.a)
	Catégories de données personnelles concernées|Description|Durée de conservation
	État civil, identité, données d'identification, images...|Nom, prénom|3 ans après le dernier contact
	Vie personnelle (habitudes de vie, situation familiale, etc.)|Néant|
	Données de connexion (adress IP, logs, etc.)||13 mois
	Vie professionnelle|Poste|
	Goûts|Parfums|
	Données sensibles|Description|Durée de conservation
	Données révélant l’origine raciale ou ethnique|Non|
	Données concernant la santé|Allergies|1 an
	Catégories de personnes concernées|Description|Précisions
	Catégorie 1|Prospects|
	Catégorie 2|Autres|Anciens élèves
	Catégorie 3|Salariés|boutique
	Destinataires|Type de destinataire|Précisions
	|Service interne qui traite les données|Marketing; Boutique
	|Sous-traitants|Orion
	|Autre (Préciser)|Huissier
	Mesures de sécurité|Type|Précisions
	|Chiffrement des données|AES 256
	|Autres mesures (à préciser)|Badges
	Transferts hors UE|
	Destinataire|Pays|Type de garanties|Documentation
	Orion|États-Unis|Clauses Contractuelles Types (CCT)|contrat 12
	Vega|Maroc|Clauses contractuelles types|
	Lyra|États Unis|Privacy shield|
	Altaïr|Atlantide|BCR|`

func cnilBook() *sheet.Book {
	return &sheet.Book{Format: sheet.ODS, Sheets: []sheet.Sheet{
		grid("1 - Mode d'emploi", "Ce tutoriel explique le registre\nNom du traitement : à remplir"),
		grid("2 - Liste des traitements", "Identification du traitement\nNom du traitement|N° / RÉF|Date de création de la fiche|Dernière mise à jour de la fiche|Finalité du traitement|Données sensibles ?\n"+
			"Gestion des prospects|TR-07|||Écrire|Oui\nGestion de la paie|TR-08|||Payer|Non\nVidéosurveillance||||Sécurité|Oui"),
		grid("3 - Modèle de fiche de registre", strings.NewReplacer("|Gestion des prospects", "", "|Écrire aux prospects", "").Replace(cnilSheet)),
		grid("Fiche 7", cnilSheet),
		grid("4 - Exemple - paie", cnilSheet),
		grid("5 - Listes", "Salariés\nClients"),
	}}
}

func readRecord(t *testing.T, book *sheet.Book) domain.FoundRecord {
	t.Helper()
	found, err := scan.Record(book, scan.RecordWords{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestRecordOfTheCNIL(t *testing.T) {
	t.Parallel()
	found := readRecord(t, cnilBook())
	if len(found.Sheets) != 3 || found.Own {
		t.Fatalf("sheets = %+v", found.Sheets)
	}
	want := domain.Purpose{Name: "Gestion des prospects", Code: "TR-07", Description: "Écrire aux prospects", SubPurposes: []string{"Inviter aux ventes privées"}, LegalBasis: "a_consent",
		Data: []domain.DeclaredData{{Kind: "identity", Description: "Nom, prénom", Retention: "3 ans après le dernier contact"}, {Kind: "connection", Retention: "13 mois"},
			{Kind: "professional_life", Description: "Poste"}, {Kind: "other_data", Description: "Goûts : Parfums"}, {Kind: "health", Description: "Allergies", Retention: "1 an"}},
		Subjects: []string{"prospects", "Anciens élèves", "employees"},
		Recipients: []domain.Recipient{{Kind: "internal", Name: "Marketing"}, {Kind: "internal", Name: "Boutique"}, {Kind: "processor", Name: "Orion"}, {Kind: "other", Name: "Huissier"},
			{Kind: "joint_controller", Name: "Atelier Jumeau"}},
		SecurityMeasures: []string{"encryption"}, MeasuresNote: "Chiffrement des données : AES 256\nBadges",
		Transfers: []domain.Transfer{{Recipient: "Orion", Country: "US", Safeguard: "scc_c2p", Document: "contrat 12"}, {Recipient: "Vega", Country: "MA", Note: "Clauses contractuelles types"},
			{Recipient: "Lyra", Country: "US", Note: "Privacy shield"}, {Recipient: "Altaïr", Safeguard: "bcr", Note: "Atlantide"}}}
	if diff := cmp.Diff(want, found.Sheets[0].Purpose); diff != "" {
		t.Errorf("purpose (- want, + got):\n%s", diff)
	}
	if diff := cmp.Diff([]domain.Party{{Role: "controller", Name: "Maison Lumière", Address: "1 rue du Bac", Postcode: "75007", City: "Paris", Country: "FR", Phone: "01 02 03 04 05", Email: "contact@maison.example"},
		{Role: "dpo", Name: "Ana Roy"}, {Role: "joint_controller", Name: "Atelier Jumeau"}}, found.Parties); diff != "" {
		t.Errorf("parties (- want, + got):\n%s", diff)
	}
	var remarks []string
	for _, r := range append(found.Remarks, append(found.Sheets[0].Remarks, found.Sheets[2].Remarks...)...) {
		remarks = append(remarks, strings.TrimSpace(r.Sheet+" "+r.Cell+" "+r.Key+" "+r.Text))
	}
	wantRemarks := []string{"1 - Mode d'emploi  no_sheet", "3 - Modèle de fiche de registre  blank", "4 - Exemple - paie  example", "5 - Listes  no_sheet",
		"Fiche 7 H8 email pas une adresse", "Fiche 7 C29 detail boutique", "Fiche 7 C41 privacy_shield Privacy shield", "Fiche 7 B42 country Atlantide", "Fiche 7  module Vega",
		"2 - Liste des traitements F5 sensitive_unsaid"}
	if diff := cmp.Diff(wantRemarks, remarks); diff != "" {
		t.Errorf("remarks (- want, + got):\n%s", diff)
	}
	if p := found.Sheets[1].Purpose; p.Code != "TR-08" || p.Description != "Payer" || found.Sheets[1].Cell != "A4" {
		t.Errorf("of the list: %+v", found.Sheets[1])
	}
}

// Moved cells, further rows, renamed sheets and parts in another order change nothing of what is found.
func TestRecordWhereverItStands(t *testing.T) {
	t.Parallel()
	want := readRecord(t, &sheet.Book{Sheets: []sheet.Sheet{grid("Fiche 7", cnilSheet)}})
	moved := grid("Marketing (copie)", "Mon registre\n\nVersion du 3 mai\n\n"+cnilSheet)
	for i, row := range moved.Rows {
		moved.Rows[i].Cells = append([]string{"", ""}, row.Cells...)
		for n := range moved.Rows[i].Cells {
			moved.Rows[i].Cells[n] = strings.ReplaceAll(strings.ReplaceAll(moved.Rows[i].Cells[n], "...", "…"), "'", "’")
		}
	}
	got := readRecord(t, &sheet.Book{Sheets: []sheet.Sheet{moved}})
	if diff := cmp.Diff(want.Sheets[0].Purpose, got.Sheets[0].Purpose); diff != "" {
		t.Errorf("moved (- want, + got):\n%s", diff)
	}
	shout := grid("x", strings.ToUpper(cnilSheet))
	if got := readRecord(t, &sheet.Book{Sheets: []sheet.Sheet{shout}}); len(got.Sheets[0].Purpose.Data) != len(want.Sheets[0].Purpose.Data) || got.Sheets[0].Purpose.LegalBasis != "a_consent" {
		t.Errorf("in capitals: %+v", got.Sheets[0].Purpose)
	}
}

// A basis is taken where the file states one, and only one.
func TestRecordBasis(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"Intérêt légitime": "f_legitimate", "Exécution d’un contrat": "b_contract", "Article 6.1.c du RGPD": "c_legal", "Intérêts légitimes du responsable": "f_legitimate",
		"Mission d’intérêt public": "e_public", "Consentement et intérêt légitime": "", "À voir": "", "Sauvegarde des intérêts vitaux": "d_vital", "": ""} {
		found := readRecord(t, &sheet.Book{Sheets: []sheet.Sheet{grid("f", "Description du traitement\nNom du traitement|A\nFinalités\nBase légale|"+text)}})
		if got := found.Sheets[0].Purpose.LegalBasis; got != want {
			t.Errorf("%q = %q, want %q", text, got, want)
		}
		if unsaid := want == "" && text != ""; unsaid != (len(found.Sheets[0].Remarks) == 1) {
			t.Errorf("%q: remarks %v", text, found.Sheets[0].Remarks)
		}
	}
}

func TestRecordRefusesOtherBooks(t *testing.T) {
	t.Parallel()
	var e *domain.Error
	if _, err := scan.Record(&sheet.Book{Sheets: []sheet.Sheet{grid("Ventes", "Mois|Total\nMai|12")}}, nil); !errors.As(err, &e) || e.Key != "record_import.error.none" {
		t.Errorf("another book: %v", err)
	}
	if _, err := scan.RecordFile(strings.NewReader("a;b"), 3, nil); !errors.As(err, &e) || e.Key != "sheet.error.not_a_book" {
		t.Errorf("a text: %v", err)
	}
}

// FuzzRecord gives any cells to the reader: it ends, and what it finds can be planned.
func FuzzRecord(f *testing.F) {
	f.Add("Fiche", cnilSheet)
	f.Add("2 - Liste des traitements", "Nom du traitement|N° / RÉF\na|b\na|c")
	f.Add("\x00", "Acteurs\n|\nDestinataires|Type\n(()|)(\nTransferts hors UE\n|||")
	f.Fuzz(func(t *testing.T, name, rows string) {
		found, err := scan.Record(&sheet.Book{Sheets: []sheet.Sheet{grid(name, rows)}}, scan.RecordWords{})
		if err != nil {
			return
		}
		plan := domain.PlanRecord(found, nil, domain.Organisation{}, domain.Record{})
		if len(plan.Entries) != len(found.Sheets) {
			t.Fatalf("%d entries of %d", len(plan.Entries), len(found.Sheets))
		}
		if _, err := plan.Fingerprint(); err != nil {
			t.Fatal(err)
		}
	})
}
