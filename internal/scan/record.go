package scan

import (
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"utile/internal/domain"
	"utile/internal/sheet"
)

// RecordWords are what people call codes, in every language of the product: by family (basis, safeguard, subject, recipient,
// measure, data_kind, party, column, section, choice, art9), then by word as recordKey writes it.
type RecordWords map[string]map[string]string

// Add notes a word of a family.
func (w RecordWords) Add(family, word, code string) {
	if w[family] == nil {
		w[family] = map[string]string{}
	}
	w[family][recordKey(word)] = code
}

// mostRecordSheets is how many entries a file may tell.
const mostRecordSheets = 2000

// mostRemarks is how many remarks are kept of one entry, and of the file.
const mostRemarks = 200

// RecordFile reads a workbook with a record of processing. The error says for people why a file is refused.
func RecordFile(r io.ReaderAt, size int64, words RecordWords) (domain.FoundRecord, error) {
	book, err := sheet.ReadBook(r, size, sheet.Options{})
	if e, known := errors.AsType[*sheet.Error](err); known {
		kind := domain.Invalid
		if e.Kind == sheet.TooLarge {
			kind = domain.TooLarge
		}
		return domain.FoundRecord{}, &domain.Error{Kind: kind, Key: e.Key, Args: e.Args}
	}
	if err != nil {
		return domain.FoundRecord{}, err
	}
	return Record(book, words)
}

// Record reads a record of processing in the layout of the CNIL's model, its older one or a workbook of this program: a list
// of the processing and one sheet for each. Labels are found wherever they stand; what is not understood is a remark with its
// place. It returns domain.Invalid where no sheet is one of a record.
func Record(book *sheet.Book, words RecordWords) (domain.FoundRecord, error) {
	r := recordReader{words: words, found: domain.FoundRecord{Parties: []domain.Party{}, Sheets: []domain.FoundSheet{}, Remarks: []domain.RecordRemark{}}}
	r.found.Own = ownWorkbook(book)
	var lists []sheet.Sheet
	for n, s := range book.Sheets {
		switch kind := recordSheetKind(s); {
		case kind == "list":
			lists = append(lists, s)
		case kind == "form" && !r.found.Own && strings.Contains(recordKey(s.Name), "exemple"):
			r.remark(s.Name, "", "example", "")
		case kind == "form":
			r.form(s)
		case r.found.Own && n == 0: // what was open, and the hash
		case r.found.Own:
			r.remark(s.Name, "", "clients", "")
		default:
			r.remark(s.Name, "", "no_sheet", "")
		}
	}
	for _, s := range lists {
		r.list(s)
	}
	switch n := len(r.found.Sheets); {
	case n == 0:
		return r.found, domain.Errorf(domain.Invalid, "record_import.error.none")
	case n > mostRecordSheets:
		return r.found, domain.Errorf(domain.TooLarge, "record_import.error.too_many", "most", mostRecordSheets)
	}
	return r.found, nil
}

// recordKey is how labels are compared: letters and digits in lower case without accents, one space between words.
func recordKey(text string) string {
	return strings.Join(strings.FieldsFunc(domain.Fold(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// nothing are ways to say that there is none.
var nothing = []string{"", "non", "no", "na", "n a", "neant", "sans objet", "aucun", "aucune", "none", "pas de transfert", "a completer", "choisir dans la liste",
	"selectionner dans la liste", "non concerne", "non applicable"}

func saysNothing(text string) bool { return slices.Contains(nothing, recordKey(text)) }

// affirmed are ways to tick a box.
func affirmed(text string) bool { return slices.Contains([]string{"oui", "yes", "x"}, recordKey(text)) }

// labelled tells whether a cell is a label: the same words, or one begins as the other does.
func labelled(cell, label string) bool {
	cell, label = recordKey(cell), recordKey(label)
	return cell != "" && (cell == label || strings.HasPrefix(cell, label+" ") || len(cell) >= 8 && strings.HasPrefix(label, cell+" "))
}

// recordSections are the titles of the parts of a sheet, in the models and as people shorten them.
var recordSections = []struct {
	name   string
	titles []string
}{
	{domain.CNILDescription, []string{domain.CNILDescription, "Identification du traitement"}},
	{domain.CNILParties, []string{domain.CNILParties}},
	{domain.CNILPurposes, []string{domain.CNILPurposes, "Finalité(s) du traitement", "Finalités", "Objectifs poursuivis"}},
	{domain.CNILData, []string{domain.CNILData, "Catégories de données personnelles", "Catégories de données", "Données personnelles concernées"}},
	{domain.CNILSensitive, []string{domain.CNILSensitive}},
	{domain.CNILSubjects, []string{domain.CNILSubjects, "Personnes concernées"}},
	{domain.CNILRecipients, []string{domain.CNILRecipients, "Catégories de destinataires"}},
	{domain.CNILMeasures, []string{domain.CNILMeasures}},
	{domain.CNILTransfers, []string{domain.CNILTransfers, "Transferts de données hors UE", "Transferts hors de l'UE", "Transferts hors Union européenne"}},
}

func sectionOf(cell string) string {
	key := recordKey(cell)
	for _, s := range recordSections {
		for _, title := range s.titles {
			if key == recordKey(title) {
				return s.name
			}
		}
	}
	return ""
}

// recordHeads are the headings of the columns of a part, by what stands below them.
var recordHeads = map[string][]struct{ role, text string }{
	domain.CNILParties: {{"name", "Nom"}, {"address", "Adresse"}, {"postcode", "Code postal"}, {"city", "Ville"}, {"country", "Pays"}, {"phone", "Téléphone"},
		{"email", "Adresse mél"}, {"email", "Adresse e-mail"}, {"email", "E-mail"}, {"email", "Mail"}, {"email", "Courriel"}},
	domain.CNILData:       {{"text", "Description"}, {"period", "Durée de conservation"}, {"period", "Durée"}, {"software", "Logiciel"}},
	domain.CNILSubjects:   {{"type", "Description"}, {"type", "Catégorie"}, {"detail", "Précisions"}},
	domain.CNILRecipients: {{"type", "Type de destinataire"}, {"type", "Type"}, {"detail", "Précisions"}, {"detail", "Description"}},
	domain.CNILMeasures:   {{"type", "Type de mesure de sécurité"}, {"type", "Type"}, {"detail", "Précisions"}, {"detail", "Description"}},
	domain.CNILTransfers: {{"name", "Destinataire"}, {"name", "Organisme destinataire"}, {"country", "Pays"}, {"safeguard", "Type de garanties"}, {"safeguard", "Garanties"},
		{"document", "Documentation"}, {"document", "Lien vers le doc"}},
}

// recordOrder is in which order the cells of a row stand where no heading says it.
var recordOrder = map[string][]string{
	domain.CNILParties: {"name", "address", "postcode", "city", "country", "phone", "email"}, domain.CNILData: {"text", "period", "software"},
	domain.CNILSubjects: {"type", "detail"}, domain.CNILRecipients: {"type", "detail"}, domain.CNILMeasures: {"type", "detail"},
	domain.CNILTransfers: {"name", "country", "safeguard", "document"},
}

// tableOf is the part whose headings a part shares.
func tableOf(section string) string {
	if section == domain.CNILSensitive {
		return domain.CNILData
	}
	return section
}

var hash64 = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ownWorkbook knows the workbook of this program by the hash on its first sheet.
func ownWorkbook(book *sheet.Book) bool {
	for _, row := range book.Sheets[0].Rows {
		if len(row.Cells) > 1 && row.Cells[0] == "SHA-256" && hash64.MatchString(row.Cells[1]) {
			return true
		}
	}
	return false
}

// recordSheetKind tells a list and a form from what is neither, such as the instructions and the choices of the model.
func recordSheetKind(s sheet.Sheet) string {
	parts := map[string]bool{}
	for _, row := range s.Rows {
		if listColumns(row) != nil {
			return "list"
		}
		if i := lead(row); i >= 0 {
			if name := sectionOf(row.Cells[i]); name != "" {
				parts[name] = true
			}
		}
	}
	if len(parts) >= 2 {
		return "form"
	}
	return ""
}

// lead is the first filled cell of a row; -1 for none.
func lead(row sheet.Row) int {
	return slices.IndexFunc(row.Cells, func(c string) bool { return strings.TrimSpace(c) != "" })
}

// listColumns finds the columns of the list of processing where a row holds their headings; nil where it does not.
func listColumns(row sheet.Row) map[string]int {
	columns := map[string]int{}
	for i, c := range row.Cells {
		for role, label := range map[string]string{"name": "Nom du traitement", "code": "N° / RÉF", "purpose": "Finalité du traitement", "sensitive": "Données sensibles"} {
			if _, known := columns[role]; !known && labelled(c, label) {
				columns[role] = i
			}
		}
	}
	if _, named := columns["name"]; !named || len(columns) < 2 {
		return nil
	}
	return columns
}

type recordReader struct {
	words RecordWords
	found domain.FoundRecord
}

func (r *recordReader) remark(sheetName, cell, key, text string) {
	if len(r.found.Remarks) < mostRemarks {
		r.found.Remarks = append(r.found.Remarks, domain.RecordRemark{Sheet: short(sheetName), Cell: cell, Key: key, Text: short(text)})
	}
}

func short(text string) string {
	text = strings.ToValidUTF8(domain.CleanLine(strings.ReplaceAll(text, "\x00", "")), "")
	if runes := []rune(text); len(runes) > 120 {
		return string(runes[:120]) + "…"
	}
	return text
}

// cellName is a cell as spreadsheet programs name it.
func cellName(column, line int) string {
	name := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name + strconv.Itoa(line)
}

// value is a cell as it was meant: without the sign that keeps programs from taking it for a formula.
func value(cell string) string {
	return strings.TrimSpace(strings.ReplaceAll(sheet.Plain(cell), "\x00", ""))
}

// list takes the entries of a list that have no sheet of their own.
func (r *recordReader) list(s sheet.Sheet) {
	var columns map[string]int
	cell := func(row sheet.Row, role string) string {
		if i, known := columns[role]; known && i < len(row.Cells) {
			return value(row.Cells[i])
		}
		return ""
	}
	for _, row := range s.Rows {
		if heads := listColumns(row); heads != nil {
			columns = heads
			continue
		}
		name, code := domain.CleanLine(cell(row, "name")), domain.CleanLine(cell(row, "code"))
		if columns == nil || name == "" {
			continue
		}
		place := cellName(columns["name"], row.Line)
		if slices.ContainsFunc(r.found.Sheets, func(f domain.FoundSheet) bool {
			return code != "" && domain.Fold(f.Purpose.Code) == domain.Fold(code) || domain.Fold(f.Purpose.Name) == domain.Fold(name)
		}) {
			continue
		}
		f := domain.FoundSheet{Sheet: s.Name, Cell: place, Purpose: domain.Purpose{Name: name, Code: code, Description: unlike(cell(row, "purpose"), name)}, Remarks: []domain.RecordRemark{}}
		if affirmed(cell(row, "sensitive")) {
			f.Remarks = append(f.Remarks, domain.RecordRemark{Sheet: short(s.Name), Cell: cellName(columns["sensitive"], row.Line), Key: "sensitive_unsaid"})
		}
		r.found.Sheets = append(r.found.Sheets, f)
	}
}

// unlike is a text that says more than another.
func unlike(text, other string) string {
	if domain.Fold(domain.CleanLine(text)) == domain.Fold(domain.CleanLine(other)) {
		return ""
	}
	return text
}

// formReader reads one sheet of the record.
type formReader struct {
	*recordReader
	sheet   string
	entry   domain.FoundSheet
	section string
	columns map[string]int // by role, once headings were met
	line    int
	parties []domain.Party
	places  []string           // cells of the parties
	other   []domain.Recipient // joint controllers, as the parties name them
}

func (r *recordReader) form(s sheet.Sheet) {
	f := &formReader{recordReader: r, sheet: s.Name, entry: domain.FoundSheet{Sheet: s.Name, Remarks: []domain.RecordRemark{}}}
	for _, row := range s.Rows {
		if i := lead(row); i >= 0 && !f.row(row, i) {
			break
		}
	}
	p := &f.entry.Purpose
	if p.Name == "" && p.Description != "" {
		p.Name, p.Description = domain.CleanLine(p.Description), ""
	}
	if p.Name == "" {
		r.remark(s.Name, "", "blank", "")
		return
	}
	p.Description = unlike(p.Description, p.Name)
	for _, joint := range f.other {
		if !slices.ContainsFunc(p.Recipients, func(x domain.Recipient) bool {
			return x.Kind == joint.Kind && domain.Fold(x.Name) == domain.Fold(joint.Name)
		}) {
			p.Recipients = append(p.Recipients, joint)
		}
	}
	f.modules()
	for n, party := range f.parties {
		r.party(s.Name, f.places[n], party)
	}
	r.found.Sheets = append(r.found.Sheets, f.entry)
}

func (f *formReader) note(column int, key, text string) {
	if len(f.entry.Remarks) < mostRemarks {
		f.entry.Remarks = append(f.entry.Remarks, domain.RecordRemark{Sheet: short(f.sheet), Cell: cellName(column, f.line), Key: key, Text: short(text)})
	}
}

// row takes a row whose first filled cell is i; false where the sheet holds nothing more of the entry.
func (f *formReader) row(row sheet.Row, i int) (more bool) {
	f.line = row.Line
	if f.words["section"][recordKey(row.Cells[i])] == "questions" && f.found.Own {
		return false
	}
	if section := sectionOf(row.Cells[i]); section != "" && (section != f.section || len(row.Cells) == i+1) {
		f.section, f.columns = section, nil
		f.heads(row, i+1)
		return true
	}
	if f.columns == nil && f.heads(row, i) {
		return true
	}
	switch f.section {
	case domain.CNILParties:
		f.partyRow(row, i)
	case domain.CNILData, domain.CNILSensitive:
		f.dataRow(row, i)
	case domain.CNILSubjects:
		f.subjectRow(row, i)
	case domain.CNILRecipients:
		f.recipientRow(row, i)
	case domain.CNILMeasures:
		f.measureRow(row, i)
	case domain.CNILTransfers:
		f.transferRow(row, i)
	default:
		f.labelRow(row, i)
	}
	return true
}

// heads takes a row for the headings of a part where all of its filled cells from one on are.
func (f *formReader) heads(row sheet.Row, from int) bool {
	known := recordHeads[tableOf(f.section)]
	columns := map[string]int{}
	for i := from; i < len(row.Cells); i++ {
		key := recordKey(row.Cells[i])
		if key == "" {
			continue
		}
		n := slices.IndexFunc(known, func(h struct{ role, text string }) bool { return key == recordKey(h.text) })
		if n < 0 {
			n = slices.IndexFunc(known, func(h struct{ role, text string }) bool {
				return len(h.text) > 5 && strings.HasPrefix(key, recordKey(h.text)+" ")
			})
		}
		if n < 0 {
			return false
		}
		if _, twice := columns[known[n].role]; !twice {
			columns[known[n].role] = i
		}
	}
	if len(columns) == 0 || len(columns) == 1 && len(known) > 2 && f.section == domain.CNILTransfers {
		return false
	}
	f.columns = columns
	return true
}

// cells are the values of a row by their role, with their columns. Without headings they stand in the usual order from a cell on.
func (f *formReader) cells(row sheet.Row, from int) (values map[string]string, at map[string]int) {
	values, at = map[string]string{}, map[string]int{}
	take := func(role string, i int) {
		if i < len(row.Cells) {
			if text := value(row.Cells[i]); text != "" {
				values[role], at[role] = text, i
			}
		}
	}
	if f.columns != nil {
		for role, i := range f.columns {
			take(role, i)
		}
		return values, at
	}
	for n, role := range recordOrder[tableOf(f.section)] {
		take(role, from+n)
	}
	return values, at
}

// labelRow is a label with its value beside it: the name, the purposes and what they lean on.
func (f *formReader) labelRow(row sheet.Row, i int) {
	next := slices.IndexFunc(row.Cells[i+1:], func(c string) bool { return strings.TrimSpace(c) != "" })
	if next < 0 {
		return
	}
	at := i + 1 + next
	label, text := recordKey(row.Cells[i]), value(row.Cells[at])
	p := &f.entry.Purpose
	switch name := f.words["column"][label]; {
	case strings.HasPrefix(label, "nom du logiciel"):
		f.note(at, "software", text)
	case label == "nom du traitement", label == "traitement", label == "nom de l activite", label == "activite":
		p.Name, f.entry.Cell = domain.CleanLine(text), cellName(at, row.Line)
	case strings.HasPrefix(label, "n ref"), label == "ref", label == "reference", label == "numero", label == "n":
		p.Code = domain.CleanLine(text)
	case strings.HasPrefix(label, "date "), strings.HasPrefix(label, "mise a jour"), strings.HasPrefix(label, "derniere mise a jour"):
	case saysNothing(text) && name != "automated":
	case label == "finalite principale", label == "finalite", label == "finalite du traitement", label == "objectifs poursuivis":
		p.Description = text
		if f.entry.Cell == "" {
			f.entry.Cell = cellName(at, row.Line)
		}
	case strings.HasPrefix(label, "sous finalite"):
		p.SubPurposes = append(p.SubPurposes, domain.CleanLine(text))
	case label == "base legale", label == "base juridique", label == "fondement juridique", strings.HasPrefix(label, "base legale "), name == "legal_basis":
		if p.LegalBasis = f.basis(text); p.LegalBasis == "" {
			f.note(at, "basis", text)
		}
	case name != "":
		if !f.setNamed(name, text) {
			f.note(at, "not_understood", text)
		}
	default:
		f.note(i, "unknown_label", row.Cells[i])
	}
}

// setNamed takes a value that this program writes beside those of the model.
func (f *formReader) setNamed(name, text string) bool {
	p := &f.entry.Purpose
	to := map[string]*string{"legal_reference": &p.LegalReference, "interest": &p.Interest, "necessity": &p.Necessity, "balance": &p.Balance,
		"consent_proof": &p.ConsentProof, "consent_withdrawal": &p.ConsentWithdrawal, "compatibility": &p.Compatibility, "assessor": &p.Assessor,
		"consent_wording": &p.ConsentWording, "source_of_data": &p.SourceOfData, "automated_logic": &p.AutomatedLogic, "automated_effect": &p.AutomatedEffect}[name]
	switch {
	case to != nil:
		*to = text
	case name == "automated":
		p.Automated = f.words["choice"][recordKey(text)]
		return p.Automated != ""
	case name == "art9_condition":
		p.Art9Condition = f.words["art9"][recordKey(text)]
		return p.Art9Condition != ""
	case name == "assessed_on":
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return false
		}
		p.AssessedOn = &day
	default:
		return false
	}
	return true
}

// basisMarks are words by which people name a legal basis.
var basisMarks = []struct{ code, mark string }{
	{"a_consent", "consentement"}, {"b_contract", "contrat"}, {"b_contract", "precontractuel"}, {"c_legal", "obligation legale"}, {"c_legal", "obligations legales"},
	{"d_vital", "interets vitaux"}, {"d_vital", "interet vital"}, {"e_public", "interet public"}, {"e_public", "mission de service public"}, {"f_legitimate", "interet legitime"},
	{"f_legitimate", "interets legitimes"}, {"a_consent", "6 1 a"}, {"b_contract", "6 1 b"}, {"c_legal", "6 1 c"}, {"d_vital", "6 1 d"}, {"e_public", "6 1 e"}, {"f_legitimate", "6 1 f"},
}

// basis is the legal basis that a text names; empty where it names none, or several.
func (f *formReader) basis(text string) string {
	key := recordKey(text)
	if code := f.words["basis"][key]; code != "" {
		return code
	}
	named := ""
	for _, b := range basisMarks {
		if strings.Contains(" "+key+" ", " "+b.mark+" ") || strings.Contains(key, b.mark) && len(b.mark) > 8 {
			if named != "" && named != b.code {
				return ""
			}
			named = b.code
		}
	}
	return named
}

func codeOfRow(rows []domain.CNILRow, cell string) (code string, known bool) {
	for _, row := range rows {
		if recordKey(cell) == recordKey(row.Text) {
			return row.Code, true
		}
	}
	for _, row := range rows {
		if labelled(cell, row.Text) {
			return row.Code, true
		}
	}
	return "", false
}

func (f *formReader) partyRow(row sheet.Row, i int) {
	role, known := codeOfRow(domain.CNILPartyRows, row.Cells[i])
	if !known {
		if role = f.words["party"][recordKey(row.Cells[i])]; role == "" && recordKey(row.Cells[i]) == "dpo" {
			role = "dpo"
		}
	}
	if role == "" {
		f.note(i, "unknown_label", row.Cells[i])
		return
	}
	v, at := f.cells(row, i+1)
	p := domain.Party{Role: role, Name: domain.CleanLine(v["name"]), Address: domain.CleanLine(v["address"]), Postcode: v["postcode"], City: domain.CleanLine(v["city"]),
		Phone: domain.CleanLine(v["phone"]), Email: v["email"]}
	if v["country"] != "" {
		if p.Country = domain.CountryCode(v["country"]); p.Country == "" {
			f.note(at["country"], "country", v["country"])
		}
	}
	if _, ok := domain.CleanEmail(p.Email); p.Email != "" && !ok {
		f.note(at["email"], "email", p.Email)
		p.Email = ""
	}
	if saysNothing(p.Name) {
		return
	}
	if _, err := domain.NewOrganisation(domain.Organisation{Parties: []domain.Party{p}}); err != nil {
		f.note(at["name"], "party", p.Name)
		return
	}
	f.parties, f.places = append(f.parties, p), append(f.places, cellName(at["name"], row.Line))
	if role == "joint_controller" {
		f.other = append(f.other, domain.Recipient{Kind: role, Name: p.Name})
	}
}

// party takes who answers for an entry; several sheets name the same, and another one than before is a remark.
func (r *recordReader) party(sheetName, cell string, p domain.Party) {
	for _, known := range r.found.Parties {
		if known.Role != p.Role {
			continue
		}
		if domain.Fold(known.Name) == domain.Fold(p.Name) {
			return
		}
		if p.Role != "joint_controller" {
			r.remark(sheetName, cell, "other_"+p.Role, p.Name)
			return
		}
	}
	r.found.Parties = append(r.found.Parties, p)
}

func (f *formReader) dataRow(row sheet.Row, i int) {
	label := row.Cells[i]
	kind, known := codeOfRow(domain.CNILDataRows, label)
	if f.section == domain.CNILSensitive || !known {
		if sensitive, is := codeOfRow(domain.CNILSensitiveRows, label); is {
			kind, known = sensitive, true
		}
	}
	if !known {
		kind = f.words["data_kind"][recordKey(label)]
	}
	v, at := f.cells(row, i+1)
	text, period := v["text"], v["period"]
	if saysNothing(text) && (saysNothing(period) || text != "") {
		return
	}
	if affirmed(text) {
		text = ""
	}
	if kind == "" {
		kind, text = "other_data", strings.TrimRight(strings.TrimSpace(label)+" : "+text, " :")
	}
	if v["software"] != "" && !f.found.Own {
		f.note(at["software"], "software", v["software"])
	}
	if saysNothing(period) {
		period = ""
	}
	f.entry.Purpose.Data = append(f.entry.Purpose.Data, domain.DeclaredData{Kind: kind, Description: text, Retention: domain.CleanLine(period)})
}

// typed are the kind and the details of a row of a closed list. A row may name its kind first, under any label or none.
func (f *formReader) typed(row sheet.Row, i int) (text, detail string, at map[string]int) {
	from := i
	if f.columns == nil && len(row.Cells) > i+1 && numbered(row.Cells[i]) {
		from = i + 1
	}
	v, at := f.cells(row, from)
	if saysNothing(v["type"]) && saysNothing(v["detail"]) {
		return "", "", at
	}
	return v["type"], v["detail"], at
}

var numberedLabel = regexp.MustCompile(`^(categorie|destinataire|mesure)s? ?\d*$`)

func numbered(cell string) bool { return numberedLabel.MatchString(recordKey(cell)) }

func (f *formReader) subjectRow(row sheet.Row, i int) {
	text, detail, at := f.typed(row, i)
	if text == "" && detail == "" {
		return
	}
	code, listed := codeOfRow(domain.CNILSubjectTypes, text)
	if own := f.words["subject"][recordKey(text)]; own != "" {
		code = own
	}
	if code == "" {
		if own := f.words["subject"][recordKey(detail)]; own != "" {
			code, detail = own, ""
		}
	}
	switch {
	case code != "":
		if detail != "" && !f.found.Own {
			f.note(at["detail"], "detail", detail)
		}
	case detail != "" && listed:
		code = detail
	default:
		if code = text; detail != "" {
			code += " : " + detail
		}
	}
	f.entry.Purpose.Subjects = append(f.entry.Purpose.Subjects, domain.CleanLine(code))
}

var inBrackets = regexp.MustCompile(`^(.*)\(([^()]*)\)$`)

func (f *formReader) recipientRow(row sheet.Row, i int) {
	text, detail, _ := f.typed(row, i)
	if text == "" && detail == "" {
		return
	}
	kind, _ := codeOfRow(domain.CNILRecipientTypes, text)
	if own := f.words["recipient"][recordKey(text)]; own != "" {
		kind = own
	}
	if kind == "" {
		kind, detail = "other", strings.Trim(text+" : "+detail, " :")
	}
	names := strings.FieldsFunc(detail, func(r rune) bool { return r == '\n' || r == ';' })
	if len(names) == 0 {
		names = []string{""}
	}
	for _, name := range names {
		x := domain.Recipient{Kind: kind, Name: domain.CleanLine(name)}
		if kind == "other" {
			if own := f.words["recipient"][recordKey(x.Name)]; own != "" {
				x = domain.Recipient{Kind: own}
			} else if m := inBrackets.FindStringSubmatch(x.Name); m != nil && f.words["recipient"][recordKey(m[2])] != "" {
				x = domain.Recipient{Kind: f.words["recipient"][recordKey(m[2])], Name: domain.CleanLine(m[1])}
			}
		}
		if x.Kind == "other" && x.Name == "" {
			x.Name = domain.CleanLine(text)
		}
		f.entry.Purpose.Recipients = append(f.entry.Purpose.Recipients, x)
	}
}

func (f *formReader) measureRow(row sheet.Row, i int) {
	text, detail, _ := f.typed(row, i)
	if text == "" && detail == "" {
		return
	}
	p := &f.entry.Purpose
	code, listed := codeOfRow(domain.CNILMeasureTypes, text)
	if own := f.words["measure"][recordKey(text)]; own != "" {
		code = own
	}
	if code == "" {
		if own := f.words["measure"][recordKey(detail)]; own != "" {
			code, detail = own, ""
		}
	}
	note := detail
	switch {
	case code != "":
		p.SecurityMeasures = append(p.SecurityMeasures, code)
		if detail != "" {
			note = text + " : " + detail
		}
	case !listed || detail == "":
		note = strings.Trim(text+" : "+detail, " :")
	}
	if note != "" {
		p.MeasuresNote = strings.TrimSpace(p.MeasuresNote + "\n" + note)
	}
}

// safeguardMarks are words by which people name the ground of a transfer, and what to remark where they say too little.
var safeguardMarks = []struct{ mark, code, remark string }{
	{"privacy shield", "", "privacy_shield"}, {"bouclier", "", "privacy_shield"}, {"adequat", "adequacy", ""}, {"bcr", "bcr", ""}, {"regles internes", "bcr", ""},
	{"regles d entreprise", "bcr", ""}, {"code de conduite", "code", ""}, {"certification", "certification", ""}, {"ad hoc", "ad_hoc", ""},
	{"specifiques", "ad_hoc", ""}, {"contractuelles types", "scc", ""}, {"clauses types", "scc", ""}, {"cct", "scc", ""}, {"scc", "scc", ""}, {"standard contractual", "scc", ""},
}

func (f *formReader) transferRow(row sheet.Row, i int) {
	v, at := f.cells(row, i)
	if saysNothing(v["name"]) && saysNothing(v["country"]) {
		return
	}
	t := domain.Transfer{Recipient: domain.CleanLine(v["name"]), Document: domain.CleanLine(v["document"])}
	if v["country"] != "" {
		if t.Country = domain.CountryCode(v["country"]); t.Country == "" {
			f.note(at["country"], "country", v["country"])
			t.Note = domain.CleanLine(v["country"])
		}
	}
	if text := v["safeguard"]; !saysNothing(text) {
		key := recordKey(text)
		t.Safeguard = f.words["safeguard"][key]
		remark := ""
		if t.Safeguard == "" {
			remark = "safeguard"
			for _, s := range safeguardMarks {
				if strings.Contains(key, s.mark) {
					t.Safeguard, remark = s.code, s.remark
					break
				}
			}
		}
		if t.Safeguard == "" {
			f.note(at["safeguard"], remark, text)
			t.Note = strings.TrimSpace(t.Note + " " + domain.CleanLine(text))
		}
		if t.Safeguard == "scc" {
			t.Note = strings.TrimSpace(t.Note + " " + domain.CleanLine(text))
			f.line = row.Line
		}
	}
	f.entry.Purpose.Transfers = append(f.entry.Purpose.Transfers, t)
}

// modules decides which module standard clauses are of: those with a processor that the sheet names are of a controller with a
// processor. Which others are meant, the file does not say.
func (f *formReader) modules() {
	p := &f.entry.Purpose
	for i, t := range p.Transfers {
		if t.Safeguard != "scc" {
			continue
		}
		p.Transfers[i].Safeguard = ""
		if slices.ContainsFunc(p.Recipients, func(r domain.Recipient) bool {
			return r.Kind == "processor" && t.Recipient != "" && domain.Fold(r.Name) == domain.Fold(t.Recipient)
		}) {
			p.Transfers[i].Safeguard, p.Transfers[i].Note = "scc_c2p", ""
			continue
		}
		f.entry.Remarks = append(f.entry.Remarks, domain.RecordRemark{Sheet: short(f.sheet), Key: "module", Text: short(t.Recipient)})
	}
}
