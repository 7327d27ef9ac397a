package export

import (
	"io"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/sheet"
)

// recordXLSX writes the record in the layout of the CNIL's model: its list, a sheet for each entry, the record of a processor
// where there is one, and what is open with the hash of it all.
func recordXLSX(w io.Writer, r domain.Record, words RecordWords) error {
	hash, err := r.Hash()
	if err != nil {
		return err
	}
	pages := []sheet.Page{openPage(r, hash, words), listPage(r, words)}
	for _, s := range r.Sheets {
		pages = append(pages, sheetPage(r, s, words))
	}
	if len(r.Clients) > 0 {
		pages = append(pages, clientPage(r, words))
	}
	return sheet.WriteBook(w, pages)
}

func title(text string, span int) []sheet.Cell {
	return []sheet.Cell{{Text: text, Style: sheet.CellTitle, Span: span}}
}

func heads(texts ...string) (row []sheet.Cell) {
	for _, t := range texts {
		row = append(row, sheet.Cell{Text: t, Style: sheet.CellHead})
	}
	return row
}

// line is a row whose first cell names the others.
func line(label string, texts ...string) []sheet.Cell {
	row := []sheet.Cell{{Text: label, Style: sheet.CellLabel}}
	for _, t := range texts {
		row = append(row, sheet.Cell{Text: t})
	}
	return row
}

func openPage(r domain.Record, hash string, words RecordWords) sheet.Page {
	p := sheet.Page{Name: "1 - " + words.Text("processing.questions"), Widths: []float64{28, 100}}
	p.Rows = [][]sheet.Cell{title(words.Text("processing.title"), 2), line(words.Text("record_file.workspace"), r.Workspace), line(words.Text("record_file.day"), r.Day),
		line("SHA-256", hash), line(words.Text("processing.questions"), strconv.Itoa(r.Open())), nil, heads(words.Text("record_file.name"), words.Text("processing.questions"))}
	add := func(name string, list []domain.OpenQuestion) {
		for _, text := range questionTexts(list, words) {
			p.Rows = append(p.Rows, line(name, text))
		}
	}
	add(words.Text("processing.title"), r.Questions)
	for _, s := range r.Sheets {
		add(s.Name, s.Questions)
	}
	for _, c := range r.Clients {
		add(c.Client, c.Questions)
	}
	return p
}

func listPage(r domain.Record, words RecordWords) sheet.Page {
	p := sheet.Page{Name: domain.CNILTabs[0], Widths: []float64{40, 14, 18, 18, 60, 16, 16}}
	p.Rows = [][]sheet.Cell{{{Text: "Identification du traitement", Style: sheet.CellTitle, Span: 4}, {Style: sheet.CellTitle}, {Style: sheet.CellTitle}},
		heads("Nom du traitement", "N° / RÉF", "Date de création de la fiche", "Dernière mise à jour de la fiche", "Finalité du traitement", "Données sensibles ?", words.Text("column.purpose_state"))}
	for _, s := range r.Sheets {
		sensitive := "Non"
		if s.Sensitive() {
			sensitive = "Oui"
		}
		p.Rows = append(p.Rows, line(s.Name, s.Code, s.CreatedOn, s.UpdatedOn, firstOf(s.Description, s.Name), sensitive, words.Word("purpose.state", s.Standing)))
	}
	return p
}

func sheetPage(r domain.Record, s domain.RecordSheet, words RecordWords) sheet.Page {
	p := sheet.Page{Name: domain.CNILTabs[1] + " " + s.Code, Widths: []float64{44, 44, 30, 30, 22, 18, 18, 30}}
	add := func(rows ...[]sheet.Cell) { p.Rows = append(p.Rows, rows...) }
	add(title(domain.CNILDescription, 4), line("Nom du traitement", s.Name), line("N° / RÉF", s.Code), line("Date de création du traitement", s.CreatedOn),
		line("Mise à jour du traitement", s.UpdatedOn), line(words.Text("column.purpose_state"), words.Word("purpose.state", s.Standing)))
	for _, day := range []domain.Named{{Name: "starts_on", Text: s.StartsOn}, {Name: "ends_on", Text: s.EndsOn}} {
		if day.Text != "" {
			add(line(words.Text("column."+day.Name), day.Text))
		}
	}
	add(nil)
	add(title(domain.CNILParties, 8), append([]sheet.Cell{{Style: sheet.CellHead}}, heads(domain.CNILPartyHeads...)...))
	for _, row := range domain.CNILPartyRows {
		parties := partiesOf(r, s, row.Code)
		if len(parties) == 0 && row.Code != "dpo_company" {
			parties = []domain.Party{{}}
		}
		for _, x := range parties {
			add(line(row.Text, x.Name, x.Address, x.Postcode, x.City, domain.CountryName("fr", x.Country), x.Phone, x.Email))
		}
	}
	add(nil, title(domain.CNILPurposes, 4), line("Finalité principale", firstOf(s.Description, s.Name)))
	for i := range max(5, len(s.SubPurposes)) {
		text := ""
		if i < len(s.SubPurposes) {
			text = s.SubPurposes[i]
		}
		add(line("Sous-finalité "+strconv.Itoa(i+1), text))
	}
	add(line("Base légale", words.Word("basis", s.LegalBasis)))
	for _, g := range s.Ground {
		add(line(words.Text("column."+g.Name), g.Text))
	}
	for _, more := range []domain.Named{{Name: "art9_condition", Text: words.Word("art9", s.Art9Condition)}, {Name: "source_of_data", Text: s.Source},
		{Name: "automated", Text: words.Word("choice", s.Automated)}, {Name: "automated_logic", Text: s.AutomatedLogic}, {Name: "automated_effect", Text: s.AutomatedEffect}} {
		if more.Text != "" {
			add(line(words.Text("column."+more.Name), more.Text))
		}
	}
	add(nil)
	addData(&p, s, domain.CNILData, domain.CNILDataRows, words)
	addData(&p, s, domain.CNILSensitive, domain.CNILSensitiveRows, words)
	add(title(domain.CNILSubjects, 4), heads("", "Description", "Précisions"))
	n := 0
	for _, x := range s.Subjects {
		if x.Excepted == "" {
			n++
			text, known := domain.CNILText(domain.CNILSubjectTypes, x.Subject)
			precision := strings.Join(x.From, ", ")
			if !known {
				precision = words.Word("subject", x.Subject)
			}
			add(line("Catégorie "+strconv.Itoa(n), text, precision))
		}
	}
	add(nil, title(domain.CNILRecipients, 4), heads("", "Type de destinataire", "Précisions"))
	for _, x := range s.Recipients {
		if x.Excepted == "" {
			text, known := domain.CNILText(domain.CNILRecipientTypes, x.Kind)
			precision := x.Name
			if !known {
				precision = joined(x.Name, words.Word("recipient", x.Kind))
			}
			add(line("", text, precision))
		}
	}
	add(nil, title(domain.CNILMeasures, 4), heads("", "Type", "Précisions"))
	for _, m := range s.Measures {
		text, known := domain.CNILText(domain.CNILMeasureTypes, m)
		precision := ""
		if !known {
			precision = words.Word("measure", m)
		}
		add(line("", text, precision))
	}
	if s.MeasuresNote != "" {
		other, _ := domain.CNILText(domain.CNILMeasureTypes, "")
		add(line("", other, s.MeasuresNote))
	}
	add(nil, title(domain.CNILTransfers, 4), heads("Destinataire", "Pays", "Type de garanties", "Documentation"))
	for _, x := range s.Transfers {
		if x.Excepted == "" {
			add(line(firstOf(x.Recipient, x.Note), domain.CountryName("fr", x.Country), words.Word("safeguard", x.Safeguard), x.Document))
		}
	}
	add(nil, title(words.Text("processing.questions"), 4))
	for _, text := range questionTexts(s.Questions, words) {
		add([]sheet.Cell{{Text: text, Span: 4}})
	}
	return p
}

// partiesOf are the parties of a role; joint controllers are those of the sheet.
func partiesOf(r domain.Record, s domain.RecordSheet, role string) (out []domain.Party) {
	if role == "joint_controller" {
		return s.JointControllers
	}
	for _, p := range r.Parties {
		if p.Role == role {
			out = append(out, p)
		}
	}
	return out
}

func addData(p *sheet.Page, s domain.RecordSheet, name string, rows []domain.CNILRow, words RecordWords) {
	p.Rows = append(p.Rows, title(name, 4), heads("", "Description", "Durée de conservation", "Logiciel"))
	for _, row := range rows {
		var texts, periods, places []string
		for _, d := range s.Data {
			if d.Kind == row.Code && d.Approved > 0 {
				texts = append(texts, firstOf(d.Label.In(words.Lang), words.Text("review.no_category")))
				for _, in := range d.In {
					places = addOnce(places, in)
				}
				if len(d.Periods) == 0 {
					periods = addOnce(periods, period(s.Retention, words))
				}
				for _, p := range d.Periods {
					text := period(p.RecordRetention, words)
					if len(d.Periods) > 1 && text != "" {
						text = words.Text("processing.data.kept", "n", p.Fields, "period", text)
					}
					periods = addOnce(periods, text)
				}
			}
		}
		for _, d := range s.DeclaredData {
			if d.Kind == row.Code {
				texts, periods = append(texts, firstOf(d.Description, words.Word("data_kind", d.Kind))), addOnce(periods, firstOf(d.Retention, period(s.Retention, words)))
			}
		}
		p.Rows = append(p.Rows, line(row.Text, strings.Join(texts, ", "), strings.Join(periods, " ; "), strings.Join(places, ", ")))
	}
	p.Rows = append(p.Rows, nil)
}

func addOnce(list []string, text string) []string {
	for _, x := range list {
		if x == text {
			return list
		}
	}
	return append(list, filled(text)...)
}

func clientPage(r domain.Record, words RecordWords) sheet.Page {
	p := sheet.Page{Name: words.Text("client_processings.title"), Widths: []float64{30, 30, 30, 30, 14, 40, 30, 40, 40, 20, 18}}
	p.Rows = [][]sheet.Cell{title(words.Text("client_processing.card"), 11), heads(words.Text("column.client"), words.Text("column.contact"),
		words.Text("column.representative"), words.Text("column.client_dpo"), words.Text("record_file.code"), words.Text("column.processing_categories"),
		words.Text("column.sub_processors"), words.Text("column.transfers"), words.Text("column.security_measures"), words.Text("column.contract"), words.Text("column.contract_until"))}
	for _, c := range r.Clients {
		var transfers, measures []string
		for _, t := range c.Transfers {
			transfers = append(transfers, strings.Join(filled(t.Recipient, domain.CountryName(words.Lang, t.Country), words.Word("safeguard", t.Safeguard)), ", "))
		}
		for _, m := range c.Measures {
			measures = append(measures, words.Word("measure", m))
		}
		p.Rows = append(p.Rows, line(c.Client, c.Contact, c.Representative, c.DPO, c.Code, strings.Join(c.Categories, "\n"), strings.Join(c.SubProcessors, "\n"), strings.Join(transfers, "\n"),
			strings.Join(append(measures, filled(c.MeasuresNote)...), "\n"), words.Word("contract", c.Contract), c.ContractUntil))
	}
	return p
}
