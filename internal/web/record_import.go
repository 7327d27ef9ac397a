package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/scan"
	"utile/internal/sheet"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// Words of files with a record that are brought in.
//
//i18n:dynamic record_import.

func (s *Server) recordImportRoutes(r scope) {
	r.get("/record/import", domain.EditPurpose, s.newRecordImport)
	r.upload("/record/import", domain.EditPurpose, s.receiveRecord)
	r.get("/record/imports/{file}", domain.ReadWorkspace, s.showRecordImport)
	r.post("/record/imports/{file}/apply", domain.EditPurpose, s.applyRecordImport)
	r.post("/record/imports/{file}/discard", domain.EditPurpose, s.discardRecordImport)
}

func recordImportPath(by domain.Actor, id domain.RecordImportID, parts ...string) string {
	return recordPath(by, append([]string{"imports", itoa(id)}, parts...)...)
}

// recordFamilies are the codes whose words a file may hold, by the prefix of the words.
var recordFamilies = map[string][]string{
	"basis": domain.LegalBases, "safeguard": domain.Safeguards, "subject": domain.PurposeSubjects, "recipient": domain.Recipients,
	"measure": domain.SecurityMeasures, "data_kind": domain.DataKinds, "party": domain.PartyRoles, "art9": domain.Art9Conditions, "choice": domain.YesNo,
}

// recordColumns are what a workbook of ours tells beside the labels of the model.
var recordColumns = []string{"legal_basis", "legal_reference", "interest", "necessity", "balance", "consent_proof", "consent_withdrawal", "compatibility", "assessor",
	"assessed_on", "consent_wording", "source_of_data", "automated", "automated_logic", "automated_effect", "art9_condition"}

// RecordVocabulary is how codes are called in every language of the product.
func RecordVocabulary() scan.RecordWords {
	words := scan.RecordWords{}
	for _, lang := range i18n.Languages() {
		ctx := i18n.WithLang(context.Background(), lang)
		for family, codes := range recordFamilies {
			for _, code := range codes {
				words.Add(family, enumWord(ctx, family, code), code)
			}
		}
		for _, name := range recordColumns {
			words.Add("column", i18n.T(ctx, "column."+name), name)
		}
		words.Add("section", i18n.T(ctx, "processing.questions"), "questions")
	}
	return words
}

type recordImportNewView struct {
	formView
	shell  ui.Shell
	crumbs []ui.Link
	action string
	files  []recordImportLine
}

type recordImportLine struct {
	href, name, who, when, iso string
	badge                      mark
}

// recordImportsShown is how many files the page of a new one lists.
const recordImportsShown = 20

func (s *Server) newRecordImport(w http.ResponseWriter, r *http.Request) error {
	return s.recordImportNew(w, r, http.StatusOK, nil)
}

func (s *Server) recordImportNew(w http.ResponseWriter, r *http.Request, status int, p domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	v := recordImportNewView{formView: formView{ctx, "record_import", p}, action: recordPath(by, "import"), crumbs: recordImportCrumbs(r, i18n.T(ctx, "record_import.title"))}
	list, err := s.store.RecordImports(ctx, by, recordImportsShown)
	if err != nil {
		return err
	}
	for _, i := range list {
		v.files = append(v.files, recordImportLine{recordImportPath(by, i.ID), i.FileName, i.CreatedBy, i18n.DateTime(ctx, i.CreatedAt), i.CreatedAt.Format(time.RFC3339), recordImportMark(ctx, i.State)})
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "record_import.title")); err != nil {
		return err
	}
	return s.render(w, r, status, recordImportNewPage(v))
}

func recordImportCrumbs(r *http.Request, here string) []ui.Link {
	return []ui.Link{{Href: recordPath(actor(r)), Text: i18n.T(r.Context(), "processing.title")}, {Text: here}}
}

func recordImportMark(ctx context.Context, state domain.RecordImportState) mark {
	text := i18n.T(ctx, "record_import.state."+string(state))
	switch state {
	case domain.RecordImportWaiting:
		return mark{ui.Warn, "help-circle", text}
	case domain.RecordImportApplied:
		return mark{ui.OK, "circle-check", text}
	case domain.RecordImportUndone:
	}
	return mark{ui.Neutral, "circle-off", text}
}

// receiveRecord reads the file that was sent, and keeps what was found in it.
func (s *Server) receiveRecord(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	refuse := func(status int, key string, args map[string]any) error {
		return s.recordImportNew(w, r, status, domain.Problems{"register_file": {Key: key, Args: problemArgs(ctx, key, args)}})
	}
	name, content, err := s.recordUpload(r)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return s.uploadTooLarge(r)
	}
	if err != nil {
		return err
	}
	switch {
	case name == "":
		return refuse(http.StatusUnprocessableEntity, "record_import.error.no_file", nil)
	case int64(len(content)) > sheet.BookLimits.File:
		return refuse(http.StatusRequestEntityTooLarge, "sheet.error.file_size", map[string]any{"most": sheet.BookLimits.File})
	}
	found, err := scan.RecordFile(bytes.NewReader(content), int64(len(content)), RecordVocabulary())
	if e, known := errors.AsType[*domain.Error](err); known {
		return refuse(http.StatusUnprocessableEntity, e.Key, e.Args)
	}
	if err != nil {
		return err
	}
	id, err := s.store.AddRecordImport(ctx, by, name, int64(len(content)), found)
	if err != nil {
		return err
	}
	return s.seeOther(w, r, recordImportPath(by, id), "")
}

// recordUpload reads the first file of a form, one byte beyond the limit at most.
func (s *Server) recordUpload(r *http.Request) (name string, content []byte, err error) {
	reader, err := r.MultipartReader()
	if err != nil {
		return "", nil, domain.Errorf(domain.Invalid, "error.form")
	}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return "", nil, nil
		}
		if err != nil {
			return "", nil, formError(err)
		}
		if part.FormName() != "register_file" || part.FileName() == "" {
			continue
		}
		content, err = io.ReadAll(io.LimitReader(part, sheet.BookLimits.File+1))
		if err != nil {
			return "", nil, formError(err)
		}
		return fileTitle(part.FileName()), content, nil
	}
}

// fileTitle is the name of a file as it is kept and shown: without what hides or reorders text, and not without end.
func fileTitle(name string) string {
	name = domain.CleanLine(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "")))
	if runes := []rune(name); len(runes) > domain.MaxName {
		return string(runes[:domain.MaxName-1]) + "…"
	}
	return name
}

// recordImportView is what is in a file, and what would become of it or became of it.
type recordImportView struct {
	shell       ui.Shell
	crumbs      []ui.Link
	i           domain.RecordImport
	badge       mark
	path        string
	batch       string // the act that brought it in
	waiting     bool   // and the visitor may bring it in
	todo        bool
	moved       bool
	fingerprint string
	counts      []ui.Impact
	parties     *recordEntry
	partiesKept bool // the visitor may not change who answers for the processing
	groups      []recordGroup
	remarks     []recordRemarkLine
}

type recordGroup struct {
	outcome domain.RecordOutcome
	entries []recordEntry
}

type recordEntry struct {
	n        int
	name     string
	code     string
	place    string
	href     string
	adds     []ui.Change
	replaces []recordReplace
	added    bool // everything of it is new
	why      string
	note     string
}

type recordReplace struct {
	name   string
	change ui.Change
}

type recordRemarkLine struct{ place, text, quote string }

func (s *Server) showRecordImport(w http.ResponseWriter, r *http.Request) error {
	return s.recordImportPage(w, r, http.StatusOK)
}

func (s *Server) recordImportPage(w http.ResponseWriter, r *http.Request, status int) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.RecordImportID](r, "file")
	if err != nil {
		return err
	}
	i, err := s.store.RecordImportByID(ctx, by, id)
	if err != nil {
		return err
	}
	v := recordImportView{i: i, badge: recordImportMark(ctx, i.State), path: recordImportPath(by, id), moved: status == http.StatusConflict,
		crumbs: append(recordImportCrumbs(r, "")[:1], ui.Link{Href: recordPath(by, "import"), Text: i18n.T(ctx, "record_import.title")}, ui.Link{Text: i.FileName})}
	if i.Batch != 0 {
		v.batch = batchPath(by, i.Batch)
	}
	if i.State == domain.RecordImportWaiting {
		if err := s.planned(ctx, by, &v); err != nil {
			return err
		}
		v.waiting = by.Can(domain.EditPurpose)
	}
	v.remarks = recordRemarks(ctx, i.Found)
	if v.shell, err = s.shell(w, r, i.FileName); err != nil {
		return err
	}
	return s.render(w, r, status, recordImportPage(v))
}

// planned shows what would become of the file as things stand.
func (s *Server) planned(ctx context.Context, by domain.Actor, v *recordImportView) error {
	plan, err := s.store.RecordPlan(ctx, by, v.i.Found)
	if err != nil {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	if v.fingerprint, err = plan.Fingerprint(); err != nil {
		return err
	}
	v.todo = plan.Todo()
	kinds := map[domain.RecordOutcome]ui.Kind{domain.RecordNew: ui.OK, domain.RecordChanged: ui.Warn, domain.RecordUnchanged: ui.Neutral, domain.RecordUnusable: ui.Danger}
	counts := plan.Counts()
	for _, outcome := range domain.RecordOutcomes {
		if n := counts[outcome]; n > 0 {
			v.counts = append(v.counts, ui.Impact{Kind: kinds[outcome], Text: i18n.T(ctx, "record_import.will."+string(outcome), "n", n)})
		}
		g := recordGroup{outcome: outcome}
		for n, e := range plan.Entries {
			if e.Outcome == outcome {
				g.entries = append(g.entries, recordEntryOf(ctx, by, n, e, names))
			}
		}
		if len(g.entries) > 0 {
			v.groups = append(v.groups, g)
		}
	}
	if p := plan.Parties; len(p.Adds)+len(p.Replaces) > 0 {
		v.parties = &recordEntry{n: -1, name: i18n.T(ctx, "organisation.title"), href: workspacePath(by, "organisation"),
			adds: valueChanges(ctx, "organisation", p.Adds, names), replaces: replacements(ctx, "organisation", p.Replaces, names)}
		v.partiesKept = !by.Can(domain.ReviewMapping)
	}
	return nil
}

func recordEntryOf(ctx context.Context, by domain.Actor, n int, e domain.PlannedSheet, names store.Names) recordEntry {
	out := recordEntry{n: n, name: e.Found.Purpose.Name, code: e.Purpose.Code, place: cellPlace(e.Found.Sheet, e.Found.Cell), adds: valueChanges(ctx, "purpose", e.Adds, names),
		replaces: replacements(ctx, "purpose", e.Replaces, names)}
	if e.Purpose.ID != 0 {
		out.href, out.name = purposePath(by, e.Purpose.ID), e.Purpose.Name
	}
	switch e.Outcome {
	case domain.RecordNew:
		out.added, out.adds = true, valueChanges(ctx, "purpose", toldOf(e.Purpose), names)
	case domain.RecordUnusable:
		out.why = i18n.TArgs(ctx, e.Why.Key, e.Why.Args)
		if e.Field != "" {
			out.why = i18n.T(ctx, "form.problem", "field", boxWord(ctx, e.Field), "problem", out.why)
		}
	case domain.RecordChanged:
		if e.Reopened > 0 {
			out.note = i18n.T(ctx, "record_import.reopens", "n", e.Reopened)
		}
	case domain.RecordUnchanged:
	}
	return out
}

// toldOf are the values that a file tells of an entry, in the order of a sheet.
func toldOf(p domain.Purpose) (out []domain.ValueChange) {
	facts := p.Facts()
	for _, name := range append([]string{"description", "sub_purposes"}, append(slices.Clone(recordColumns), "subjects", "declared_data", "recipients", "transfers", "transfer_proofs",
		"security_measures", "measures_note")...) {
		if v := jsonFact(facts[name]); v != nil && v != "" && fmt.Sprint(v) != "[]" {
			out = append(out, domain.ValueChange{Name: name, After: facts[name]})
		}
	}
	return out
}

// jsonFact is a fact as the history gives it back.
func jsonFact(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	if json.Unmarshal(text, &out) != nil {
		return nil
	}
	return out
}

func valueChange(ctx context.Context, area string, c domain.ValueChange, names store.Names) ui.Change {
	before, after := beyondBoth(jsonFact(c.Before), jsonFact(c.After))
	return ui.Change{Label: columnWord(ctx, c.Name), Before: valueWord(ctx, area, c.Name, before, names), After: valueWord(ctx, area, c.Name, after, names)}
}

// beyondBoth leaves out of two lists what stands in both.
func beyondBoth(before, after any) (any, any) {
	a, isA := before.([]any)
	b, isB := after.([]any)
	if !isA || !isB {
		return before, after
	}
	return slices.DeleteFunc(slices.Clone(a), func(x any) bool { return slices.Contains(b, x) }), slices.DeleteFunc(slices.Clone(b), func(x any) bool { return slices.Contains(a, x) })
}

func valueChanges(ctx context.Context, area string, list []domain.ValueChange, names store.Names) (out []ui.Change) {
	for _, c := range list {
		out = append(out, valueChange(ctx, area, c, names))
	}
	return out
}

func replacements(ctx context.Context, area string, list []domain.ValueChange, names store.Names) (out []recordReplace) {
	for _, c := range list {
		out = append(out, recordReplace{c.Name, valueChange(ctx, area, c, names)})
	}
	return out
}

// cellPlace is a cell of a file.
func cellPlace(sheetName, cell string) string {
	if cell == "" {
		return sheetName
	}
	return sheetName + " › " + cell
}

func recordRemarks(ctx context.Context, found domain.FoundRecord) (out []recordRemarkLine) {
	add := func(list []domain.RecordRemark) {
		for _, r := range list {
			out = append(out, recordRemarkLine{cellPlace(r.Sheet, r.Cell), i18n.T(ctx, "record_import.remark."+r.Key), r.Text})
		}
	}
	add(found.Remarks)
	for _, s := range found.Sheets {
		add(s.Remarks)
	}
	return out
}

func (s *Server) applyRecordImport(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.RecordImportID](r, "file")
	if err != nil {
		return err
	}
	f, _, err := decode[struct {
		Seen    string   `form:"seen"`
		Take    []int    `form:"take"`
		Replace []string `form:"replace"`
	}](r)
	if err != nil {
		return err
	}
	choice := domain.RecordChoice{Entries: map[int]bool{}, Replace: map[string]bool{}}
	for _, n := range f.Take {
		choice.Entries[n] = true
	}
	for _, name := range f.Replace {
		choice.Replace[name] = true
	}
	batch, err := s.store.ApplyRecordImport(r.Context(), by, id, f.Seen, choice)
	if e, known := errors.AsType[*domain.Error](err); known && e.Key == "record_import.error.moved" {
		return s.recordImportPage(w, r, http.StatusConflict)
	}
	if err != nil {
		return err
	}
	if batch == 0 {
		return s.seeOther(w, r, recordImportPath(by, id), "record_import.nothing")
	}
	return s.seeOther(w, r, recordImportPath(by, id), "record_import.applied")
}

func (s *Server) discardRecordImport(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.RecordImportID](r, "file")
	if err != nil {
		return err
	}
	if err := s.store.RemoveRecordImport(r.Context(), by, id); err != nil {
		return err
	}
	return s.seeOther(w, r, recordPath(by, "import"), "record_import.discarded")
}
