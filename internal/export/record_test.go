package export_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"utile/internal/domain"
	"utile/internal/export"
	"utile/internal/store/storetest"
)

// plainWords write codes as they are.
var plainWords = export.RecordWords{Lang: "fr", Word: func(_, code string) string { return code },
	Question: func(q domain.OpenQuestion) string { return q.Key + " " + q.Of }, Period: func(r domain.RetentionRule) string { return r.Criterion }, Text: func(key string, _ ...any) string { return key }}

func recordFile(t *testing.T, r domain.Record, format string) string {
	t.Helper()
	var out bytes.Buffer
	if err := export.Record(&out, r, format, plainWords); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return out.String()
}

func worldWithRecord(t *testing.T) (*storetest.World, domain.Actor) {
	t.Helper()
	w := storetest.NewCrowd(t, 60, 0)
	by := w.Admin()
	w.Exec(t, `update application set vendor = 'Éditeur ' || id, processor = 'yes', country = 'États-Unis' where workspace_id = $1`, by.Workspace)
	w.Exec(t, `update purpose set recipients = '[{"kind": "processor", "name": "Orion", "contract": "signed"}]', subjects = '{customers,Adhérents}',
		transfers = '[{"recipient": "=1+1", "country": "US", "safeguard": "scc_c2p"}]', sub_purposes = '{Relances}', measures_note = 'Ligne`+"\u2028"+`suivante',
		declared_data = '[{"kind": "health", "description": "Allergies", "retention": "1 an"}]' where workspace_id = $1`, by.Workspace)
	return w, by
}

// The record of a moment is, byte for byte, what was exported at that moment, in every format.
func TestRecordAsItStood(t *testing.T) {
	t.Parallel()
	w, by := worldWithRecord(t)
	then, err := w.Store.Record(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, format := range export.RecordFormats {
		files[format] = recordFile(t, then, format)
		if again := recordFile(t, then, format); again != files[format] {
			t.Errorf("%s: the same record made other bytes", format)
		}
	}
	past := by
	if err := w.Owner.QueryRow(t.Context(), `select clock_timestamp()`).Scan(&past.AsOf); err != nil {
		t.Fatal(err)
	}
	w.Exec(t, `update purpose set name = name || ' plus', recipients = '[]', updated_at = clock_timestamp() + interval '2 days' where workspace_id = $1`, by.Workspace)
	w.Exec(t, `update application set vendor = '', name = name || ' 2' where workspace_id = $1`, by.Workspace)
	w.Exec(t, `update purpose_mapping set state = 'rejected' where workspace_id = $1`, by.Workspace)
	w.Exec(t, `insert into organisation (workspace_id, parties) values ($1, '[{"role": "controller", "name": "Nord"}]')`, by.Workspace)
	w.Exec(t, `insert into country (workspace_id, code, adequacy, note) values ($1, 'US', 'none', 'Arrêt')`, by.Workspace)
	now, err := w.Store.Record(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	rebuilt, err := w.Store.Record(t.Context(), past)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range export.RecordFormats {
		if recordFile(t, now, format) == files[format] {
			t.Errorf("%s: nothing was changed", format)
		}
		if recordFile(t, rebuilt, format) != files[format] {
			t.Errorf("%s: the record as it stood is not what was exported then", format)
		}
	}
	other := w.Other[domain.RoleAdmin]
	if r, err := w.Store.Record(t.Context(), other); err != nil || len(r.Sheets) != 0 {
		t.Errorf("another workspace: %d sheets, %v", len(r.Sheets), err)
	}
}

// An outsider takes the hash of the record out of the file and finds it again.
func TestRecordHash(t *testing.T) {
	t.Parallel()
	w, by := worldWithRecord(t)
	r, err := w.Store.Record(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	text := recordFile(t, r, "json")
	var file struct {
		Format string
		SHA256 string
		Record json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(file.Record)
	if file.Format != "utile-record" || file.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%s says %s, its content is %x", file.Format, file.SHA256, sum)
	}
	if !strings.Contains(text, "Ligne\u2028suivante") || strings.Contains(text, `\u2028`) {
		t.Error("the canonical form escapes what RFC 8785 does not")
	}
	var linked map[string]any
	if err := json.Unmarshal([]byte(recordFile(t, r, "jsonld")), &linked); err != nil || linked["@context"] == nil || len(linked["@graph"].([]any)) != len(r.Sheets)+1 {
		t.Errorf("JSON-LD: %v", err)
	}
}

// The workbook has the headings of the CNIL's model in their order.
func TestRecordWorkbook(t *testing.T) {
	t.Parallel()
	w, by := worldWithRecord(t)
	r, err := w.Store.Record(t.Context(), by)
	if err != nil || len(r.Sheets) == 0 {
		t.Fatalf("%d sheets: %v", len(r.Sheets), err)
	}
	book, err := excelize.OpenReader(strings.NewReader(recordFile(t, r, "xlsx")))
	if err != nil {
		t.Fatal(err)
	}
	list, err := book.GetRows("2 - Liste des traitements")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Nom du traitement", "N° / RÉF", "Date de création de la fiche", "Dernière mise à jour de la fiche", "Finalité du traitement", "Données sensibles ?", "column.purpose_state"}
	if len(list) != 2+len(r.Sheets) || strings.Join(list[1], "|") != strings.Join(want, "|") {
		t.Errorf("the list: %d rows, %q", len(list), list[1])
	}
	rows, err := book.GetRows("3 - Fiche " + r.Sheets[0].Code)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, row := range rows {
		text.WriteString(strings.Join(row, "|") + "\n")
	}
	rest := text.String()
	labels := []string{domain.CNILDescription, "Nom du traitement", "N° / RÉF", "Date de création du traitement", "Mise à jour du traitement", domain.CNILParties,
		"|Nom|Adresse|Code postal|Ville|Pays|Téléphone|Adresse mél", "Responsable du traitement", "Délégué à la protection des données", "Représentant", "Responsable(s) conjoint(s)",
		domain.CNILPurposes, "Finalité principale", "Sous-finalité 1|Relances", "Sous-finalité 5", domain.CNILData}
	for _, row := range domain.CNILDataRows {
		labels = append(labels, row.Text)
	}
	labels = append(labels, domain.CNILSensitive)
	for _, row := range domain.CNILSensitiveRows {
		labels = append(labels, row.Text)
	}
	labels = append(labels, domain.CNILSubjects, "Clients", domain.CNILRecipients, "Sous-traitants|Orion", domain.CNILMeasures, domain.CNILTransfers, "'=1+1|États-Unis|scc_c2p")
	for _, label := range labels {
		i := strings.Index(rest, label)
		if i < 0 {
			t.Fatalf("%q does not stand where it should, in:\n%s", label, text.String())
		}
		rest = rest[i+len(label):]
	}
}
