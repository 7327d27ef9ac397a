package web

import (
	"cmp"
	"context"
	"github.com/a-h/templ"
	"net/http"
	"slices"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

// Words of the record of processing, put together from codes.
//
//i18n:dynamic question. processing. party. fact.

func (s *Server) recordRoutes(r scope) {
	r.get("/record", domain.ReadWorkspace, s.showRecord)
	s.recordImportRoutes(r)
	r.get("/record/print", domain.ReadWorkspace, s.printRecord)
	r.get("/record.{format}", domain.ReadWorkspace, s.exportRecord)
	r.get("/record/{purpose}/sheet.{format}", domain.ReadWorkspace, s.exportRecordSheet)
	r.get("/record/{purpose}", domain.ReadWorkspace, s.showRecordSheet)
	r.post("/record/{purpose}/screening", domain.ReviewMapping, s.screenPurpose)
	r.post("/record/{purpose}/publication", domain.ReviewMapping, s.publishPurpose)
	r.post("/record/{purpose}/exception", domain.EditPurpose, s.exceptDerived)
}

func recordPath(by domain.Actor, parts ...string) string {
	return workspacePath(by, append([]string{"record"}, parts...)...)
}

// recordSheetView is a sheet of the record as people read it.
type recordSheetView struct {
	by      domain.Actor
	s       domain.RecordSheet
	parties []domain.Party
	level   int // of its headings' page: the sheet alone, or one of many in print
	// what the visitor may do; empty where they may not
	screening, publication, exception string
	version                           int
	form                              formView
	typed                             screeningForm
}

type recordView struct {
	shell     ui.Shell
	by        domain.Actor
	record    domain.Record
	hash      string
	files     []ui.Link
	questions []string
	open      int
	sheets    []recordSheetView
}

// readRecord reads the record and its hash.
func (s *Server) readRecord(r *http.Request) (domain.Record, string, error) {
	record, err := s.store.Record(r.Context(), actor(r))
	if err != nil {
		return record, "", err
	}
	hash, err := record.Hash()
	return record, hash, err
}

func (s *Server) showRecord(w http.ResponseWriter, r *http.Request) error {
	return s.recordPage(w, r, "processing.title", recordList)
}

// printRecord is the whole record in one page, for printers and for files that browsers print into.
func (s *Server) printRecord(w http.ResponseWriter, r *http.Request) error {
	return s.recordPage(w, r, "processing.print", recordPrint)
}

func (s *Server) recordPage(w http.ResponseWriter, r *http.Request, title string, page func(recordView) templ.Component) error {
	ctx, by := r.Context(), actor(r)
	record, hash, err := s.readRecord(r)
	if err != nil {
		return err
	}
	v := recordView{by: by, record: record, hash: hash, files: recordFiles(ctx, recordPath(by)+"."), open: record.Open(), questions: questionWords(ctx, record.Questions)}
	for _, sheet := range record.Sheets {
		v.sheets = append(v.sheets, recordSheetView{by: by, s: sheet, parties: record.Parties, level: 2})
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, title)); err != nil {
		return err
	}
	v.shell.PrintNote = recordNote(ctx, record, hash)
	return s.ok(w, r, page(v))
}

// recordNote says on paper what a page is, of which day, and its hash.
func recordNote(ctx context.Context, record domain.Record, hash string) string {
	return i18n.T(ctx, "processing.note", "workspace", record.Workspace, "day", shownDayText(ctx, record.Day), "hash", hash)
}

// recordFiles are the files that the record can become.
func recordFiles(ctx context.Context, path string) []ui.Link {
	var links []ui.Link
	for _, format := range []string{"xlsx", "csv", "json", "jsonld"} {
		links = append(links, ui.Link{Href: path + format, Text: i18n.T(ctx, "processing.file."+format), Icon: "download"})
	}
	return links
}

// sheetOf reads one sheet of the record with what the visitor may do to it.
func (s *Server) sheetOf(r *http.Request) (v recordSheetView, record domain.Record, err error) {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.PurposeID](r, "purpose")
	if err != nil {
		return v, record, err
	}
	all, err := s.store.Record(ctx, by)
	if err != nil {
		return v, record, err
	}
	record, ok := all.Only(id)
	if !ok {
		return v, record, domain.Errorf(domain.NotFound, "error.not_found", "noun", "purpose")
	}
	p, err := s.store.PurposeByID(ctx, by, id)
	if err != nil {
		return v, record, err
	}
	v = recordSheetView{by: by, s: record.Sheets[0], parties: record.Parties, version: p.Version, form: formView{ctx: ctx, area: "screening"}, typed: screeningFormOf(p.Screening)}
	if by.Can(domain.ReviewMapping) {
		v.screening, v.publication = recordPath(by, itoa(id), "screening"), recordPath(by, itoa(id), "publication")
	}
	if by.Can(domain.EditPurpose) {
		v.exception = recordPath(by, itoa(id), "exception")
	}
	return v, record, nil
}

type recordSheetPage struct {
	shell  ui.Shell
	crumbs []ui.Link
	files  []ui.Link
	sheet  recordSheetView
	badge  mark
	edit   string
	mine   string // page of the purpose
}

func (s *Server) showRecordSheet(w http.ResponseWriter, r *http.Request) error {
	v, record, err := s.sheetOf(r)
	if err != nil {
		return err
	}
	return s.recordSheetPage(w, r, http.StatusOK, v, record)
}

func (s *Server) recordSheetPage(w http.ResponseWriter, r *http.Request, status int, v recordSheetView, record domain.Record) error {
	ctx, by := r.Context(), actor(r)
	hash, err := record.Hash()
	if err != nil {
		return err
	}
	kind, icon := purposeTone(v.s.Standing)
	page := recordSheetPage{sheet: v, badge: mark{kind, icon, enumWord(ctx, "purpose.state", v.s.Standing)},
		crumbs: []ui.Link{{Href: recordPath(by), Text: i18n.T(ctx, "processing.title")}, {Text: v.s.Name}},
		files:  recordFiles(ctx, recordPath(by, itoa(v.s.Purpose), "sheet.")), mine: purposePath(by, v.s.Purpose)}
	if by.Can(domain.EditPurpose) {
		page.edit = purposePath(by, v.s.Purpose, "edit")
	}
	if page.shell, err = s.shell(w, r, v.s.Name); err != nil {
		return err
	}
	page.shell.PrintNote = recordNote(ctx, record, hash)
	return s.render(w, r, status, recordSheetShow(page))
}

// screeningForm is the DPO's verdict on an impact assessment, as it was typed.
type screeningForm struct {
	Version  int      `form:"version"`
	Criteria []string `form:"criteria"`
	Verdict  string   `form:"dpia"`
	Reason   string   `form:"dpia_reason"`
	Document string   `form:"dpia_document"`
}

func screeningFormOf(s domain.Screening) screeningForm {
	return screeningForm{Criteria: s.Criteria, Verdict: s.Verdict, Reason: s.Reason, Document: s.Document}
}

func (s *Server) screenPurpose(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	v, record, err := s.sheetOf(r)
	if err != nil {
		return err
	}
	f, bad, err := decode[screeningForm](r)
	if err != nil {
		return err
	}
	apply := func(p domain.Purpose) (domain.Purpose, error) {
		return p.Screen(by, domain.Screening{Criteria: f.Criteria, Verdict: f.Verdict, Reason: f.Reason, Document: f.Document}, isoNow(s))
	}
	if len(bad) == 0 {
		_, err = s.store.ChangePurpose(r.Context(), by, v.s.Purpose, f.Version, apply)
	}
	err = meanwhile(s, r, err, v.s.Purpose, &f.Version, s.store.PurposeByID, apply)
	if problems, isForm := withProblems(bad, err); isForm {
		v.typed, v.form.problems, v.version = f, problems, f.Version
		return s.recordSheetPage(w, r, formStatus(err), v, record)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, recordPath(by, itoa(v.s.Purpose))+"#screening", "processing.screened")
}

func isoNow(s *Server) string { return s.now().UTC().Format("2006-01-02") }

func (s *Server) publishPurpose(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.PurposeID](r, "purpose")
	if err != nil {
		return err
	}
	f, _, err := decode[struct {
		Version   int  `form:"version"`
		Published bool `form:"published"`
	}](r)
	if err != nil {
		return err
	}
	if _, err := s.store.ChangePurpose(r.Context(), by, id, f.Version, func(p domain.Purpose) (domain.Purpose, error) { return p.Publish(by, f.Published) }); err != nil {
		return err
	}
	key := "processing.unpublished"
	if f.Published {
		key = "processing.published"
	}
	return s.seeOther(w, r, recordPath(by, itoa(id)), key)
}

// exceptDerived sets aside something that is derived, with a reason; without one it holds again.
func (s *Server) exceptDerived(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.PurposeID](r, "purpose")
	if err != nil {
		return err
	}
	f, _, err := decode[struct {
		Version int    `form:"version"`
		What    string `form:"what"`
		Value   string `form:"value"`
		Reason  string `form:"reason"`
		Clear   bool   `form:"clear"`
	}](r)
	if err != nil {
		return err
	}
	e := domain.Exception{What: f.What, Value: f.Value, Reason: f.Reason}
	if _, err := s.store.PurposeByID(r.Context(), by, id); err != nil {
		return err
	}
	if domain.CleanLine(f.Reason) == "" && !f.Clear {
		return domain.Errorf(domain.Invalid, "processing.exception_reason")
	}
	if _, err := s.store.ChangePurpose(r.Context(), by, id, f.Version, func(p domain.Purpose) (domain.Purpose, error) { return p.Except(by, e, isoNow(s)) }); err != nil {
		if problems, isForm := formProblems(err); isForm && len(problems) > 0 {
			return domain.Errorf(domain.Invalid, "processing.exception_reason")
		}
		return err
	}
	return s.seeOther(w, r, recordPath(by, itoa(id))+"#"+f.What, "processing.excepted")
}

// questionWords are questions of a record as sentences.
func questionWords(ctx context.Context, list []domain.OpenQuestion) []string {
	words := make([]string, len(list))
	for i, q := range list {
		words[i] = questionWord(ctx, q)
	}
	return words
}

func questionWord(ctx context.Context, q domain.OpenQuestion) string {
	of := q.Of
	switch q.Key {
	case "question.subject":
		of = enumWord(ctx, "subject", of)
	case "question.ungrounded": // a category of the workspace's own is known by its code alone
		of = cmp.Or(domain.BuiltinCategoryLabel(of, string(i18n.Lang(ctx))), of)
	case "question.over", "question.ahead":
		of = shownDayText(ctx, of)
	case "question.transfer":
		if i := strings.LastIndex(of, ", "); i >= 0 {
			of = of[:i+2] + domain.CountryName(string(i18n.Lang(ctx)), of[i+2:])
		}
	}
	return i18n.T(ctx, q.Key, "of", of, "n", q.N)
}

// screeningFactWords are the facts behind a criterion.
func screeningFactWords(ctx context.Context, s domain.RecordSheet, facts []domain.ScreeningFact) string {
	var words []string
	for _, f := range facts {
		name := f.Name
		switch f.What {
		case "category":
			if i := slices.IndexFunc(s.Data, func(d domain.RecordData) bool { return d.Code == f.Name }); i >= 0 {
				name = s.Data[i].Label.In(string(i18n.Lang(ctx)))
			}
		case "subject":
			name = enumWord(ctx, "subject", f.Name)
		}
		words = append(words, i18n.T(ctx, "fact."+f.What, "name", name, "n", f.N))
	}
	return shortList(ctx, words)
}

// partyLine is a party of the record in one line.
func partyLine(ctx context.Context, p domain.Party) string {
	parts := nonEmpty(p.Name, p.Address, strings.TrimSpace(p.Postcode+" "+p.City))
	if p.Country != "" {
		parts = append(parts, domain.CountryName(string(i18n.Lang(ctx)), p.Country))
	}
	return strings.Join(append(parts, nonEmpty(p.Phone, p.Email)...), ", ")
}

// groundWords are what the legal basis of a sheet leans on.
func (v recordSheetView) ground(ctx context.Context) []ui.Fact {
	facts := factList(ctx, fact{"legal_basis", enumWord(ctx, "basis", v.s.LegalBasis)})
	for _, g := range v.s.Ground {
		text := g.Text
		if g.Name == "assessed_on" {
			text = shownDayText(ctx, text)
		}
		facts = append(facts, ui.Fact{Term: i18n.T(ctx, "column."+g.Name), Text: text, Wide: len(text) > 60})
	}
	if v.s.Art9Condition != "" {
		facts = append(facts, factList(ctx, fact{"art9_condition", enumWord(ctx, "art9", v.s.Art9Condition)})...)
	}
	return facts
}

func (v recordSheetView) identity(ctx context.Context) []ui.Fact {
	facts := []ui.Fact{}
	for _, p := range v.parties {
		if p.Role != "joint_controller" {
			facts = append(facts, ui.Fact{Term: i18n.T(ctx, "party."+p.Role), Text: partyLine(ctx, p), Wide: true})
		}
	}
	for _, p := range v.s.JointControllers {
		facts = append(facts, ui.Fact{Term: i18n.T(ctx, "party.joint_controller"), Text: partyLine(ctx, p), Wide: true})
	}
	facts = append(facts, factList(ctx, fact{"code", v.s.Code}, fact{"created", shownDayText(ctx, v.s.CreatedOn)}, fact{"updated", shownDayText(ctx, v.s.UpdatedOn)},
		fact{"review_on", shownDayText(ctx, v.s.ReviewOn)})...)
	for _, day := range []domain.Named{{Name: "starts_on", Text: v.s.StartsOn}, {Name: "ends_on", Text: v.s.EndsOn}} {
		if day.Text != "" {
			facts = append(facts, factList(ctx, fact{day.Name, shownDayText(ctx, day.Text)})...)
		}
	}
	if len(v.s.SubPurposes) > 0 {
		facts = append(facts, textLines(ctx, "sub_purposes", v.s.SubPurposes))
	}
	if v.s.Description != "" {
		facts = append(facts, factList(ctx, fact{"description", v.s.Description})...)
	}
	return facts
}

func (v recordSheetView) retention(ctx context.Context) []ui.Fact {
	return append(append(factList(ctx, fact{"retention", v.s.Retention.Name}), ui.Fact{Term: i18n.T(ctx, "record_file.retention"), Text: v.period(ctx)}),
		textLines(ctx, "security_measures", enumWords(ctx, "measure", v.s.Measures)),
		ui.Fact{Term: i18n.T(ctx, "column.measures_note"), Text: v.s.MeasuresNote, Wide: true},
		ui.Fact{Term: i18n.T(ctx, "processing.flows"), Text: v.flowWords(ctx)})
}

// flowWords say how many flows of the purpose are encrypted, as far as anybody said.
func (v recordSheetView) flowWords(ctx context.Context) string {
	var safe int
	for _, f := range v.s.Flows {
		if f.Encrypted == "yes" {
			safe++
		}
	}
	return i18n.T(ctx, "processing.flows.encrypted", "n", len(v.s.Flows), "safe", safe)
}

func (v recordSheetView) automated(ctx context.Context) []ui.Fact {
	answer := i18n.T(ctx, "choice.unknown")
	if v.s.Automated != "" {
		answer = i18n.T(ctx, "choice."+v.s.Automated)
	}
	facts := factList(ctx, fact{"automated", answer})
	if v.s.Automated == "yes" {
		facts = append(facts, factList(ctx, fact{"automated_logic", v.s.AutomatedLogic}, fact{"automated_effect", v.s.AutomatedEffect})...)
	}
	return facts
}

// verdict is what the DPO said of an impact assessment.
func (v recordSheetView) verdict(ctx context.Context) []ui.Fact {
	s := v.s.Screening
	facts := factList(ctx, fact{"dpia", enumWord(ctx, "dpia", s.Verdict)})
	if s.Verdict == "" {
		return facts
	}
	facts = append(facts, ui.Fact{Term: i18n.T(ctx, "processing.said"), Text: i18n.T(ctx, "processing.said_by", "name", s.By, "day", shownDayText(ctx, s.On))},
		textLines(ctx, "criteria", enumWords(ctx, "criterion", s.Criteria)), ui.Fact{Term: i18n.T(ctx, "column.dpia_reason"), Text: s.Reason, Wide: true})
	if s.Document != "" {
		facts = append(facts, factList(ctx, fact{"dpia_document", s.Document})...)
	}
	return facts
}

// rowsWord is how many rows a dataset has.
func rowsWord(ctx context.Context, rows *int64) string {
	if rows == nil {
		return i18n.T(ctx, "processing.not_counted")
	}
	return i18n.Number(ctx, *rows)
}

// period is how long the data is kept, in words.
func (v recordSheetView) period(ctx context.Context) string {
	return retentionPeriod(ctx, v.s.Retention)
}

func retentionPeriod(ctx context.Context, r domain.RecordRetention) string {
	if r.Code == "" {
		return ""
	}
	return periodWords(ctx, domain.RetentionRule{Triggers: r.Triggers, ActiveMonths: r.ActiveMonths, Criterion: r.Criterion, ArchiveMonths: r.ArchiveMonths, ArchiveGround: r.ArchiveGround, Fate: r.Fate})
}

// openWord counts the questions of a sheet.
func openWord(ctx context.Context, n int) mark {
	if n == 0 {
		return mark{ui.OK, "circle-check", i18n.T(ctx, "processing.complete")}
	}
	return mark{ui.Warn, "help-circle", i18n.T(ctx, "processing.open", "n", n)}
}

func plainRecipients(list []domain.RecordRecipient) []domain.Recipient {
	out := make([]domain.Recipient, len(list))
	for i, r := range list {
		out[i] = r.Recipient
	}
	return out
}

func plainTransfers(list []domain.RecordTransfer) []domain.Transfer {
	out := make([]domain.Transfer, len(list))
	for i, t := range list {
		out[i] = t.Transfer
	}
	return out
}

// cardID keeps the ids of a page apart: only a sheet that stands alone has places to lead to.
func cardID(v recordSheetView, id string) string {
	if v.level == 2 {
		return ""
	}
	return id
}

func categoryWord(ctx context.Context, d domain.RecordData) string {
	if label := d.Label.In(string(i18n.Lang(ctx))); label != "" {
		return label
	}
	return i18n.T(ctx, "review.no_category")
}

func orNone(ctx context.Context, text string) string {
	if text == "" {
		return i18n.T(ctx, "record.unknown")
	}
	return text
}

func collected(ctx context.Context, points []string) ui.Fact {
	if len(points) == 0 {
		return ui.Fact{Term: i18n.T(ctx, "collection_points.title"), Text: i18n.T(ctx, "purpose.sheet.none")}
	}
	return ui.Fact{Term: i18n.T(ctx, "collection_points.title"), Value: textList(points)}
}

// shortList names at most three places and counts the others.
func shortList(ctx context.Context, list []string) string {
	const most = 3
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return i18n.T(ctx, "processing.and_more", "list", strings.Join(list[:most], ", "), "n", len(list)-most)
}
