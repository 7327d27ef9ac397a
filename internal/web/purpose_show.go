package web

import (
	"context"
	"net/http"
	"slices"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// purposeShowView is a purpose as its entry of the record of processing reads (GDPR art. 30).
type purposeShowView struct {
	shell     ui.Shell
	crumbs    []ui.Link
	p         domain.Purpose
	badge     mark
	notes     []purposeNote
	missing   []string // what keeps it from coming into force, each with its article
	lacks     string
	steps     []statusStep
	stepPath  string
	identity  []ui.Fact
	ground    []ui.Fact
	people    []ui.Fact
	retention []ui.Fact
	data      []purposeDataView
	dataCount string
	mappings  string // list of its mappings
	fields    string // list of its fields
	approvals []ui.Fact
	reopened  []reopenedLine
	uses      []useView
	history   []ui.TimelineItem
	edit      recordActions
}

// reopenedLine is how many approvals went back to the DPO for one reason, with their list.
type reopenedLine struct{ text, href string }

type purposeNote struct {
	kind ui.Kind
	text string
}

type purposeDataView struct {
	label              string
	class              mark
	approved, proposed string
}

func (s *Server) showPurpose(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.PurposeID](r, "purpose")
	if err != nil {
		return err
	}
	v := purposeShowView{mappings: workspacePath(by, "mappings") + "?purpose=" + itoa(id), fields: workspacePath(by, "fields") + "?purpose=" + itoa(id)}
	err = s.store.Read(ctx, by, func(st *store.Store) error { return v.read(r, st, id) })
	if err != nil {
		return err
	}
	kind, icon := purposeTone(string(v.p.State))
	v.badge = mark{kind, icon, enumWord(ctx, "purpose.state", string(v.p.State))}
	v.crumbs = []ui.Link{{Href: workspacePath(by, "purposes"), Text: i18n.T(ctx, "purposes.title")}, {Text: v.p.Name}}
	v.edit = actionsOf(ctx, by, domain.EditPurpose, purposePath(by, id), v.p.ArchivedAt != nil)
	v.notes = s.purposeNotes(ctx, v.p)
	if v.p.State == domain.PurposeDraft {
		missing := v.p.Missing()
		for _, problem := range missing {
			v.missing = append(v.missing, i18n.TArgs(ctx, problem.Key, problem.Args))
		}
		slices.Sort(v.missing)
		v.lacks = i18n.T(ctx, "purpose.lacks", "n", len(missing))
	}
	if by.Can(domain.EditPurpose) && v.p.ArchivedAt == nil {
		v.stepPath = purposePath(by, id, "state")
		for _, state := range v.p.NextStates() {
			_, icon := purposeTone(string(state))
			v.steps = append(v.steps, statusStep{string(state), i18n.T(ctx, "purpose.step."+string(state)), icon})
		}
	}
	if v.shell, err = s.shell(w, r, v.p.Name); err != nil {
		return err
	}
	v.shell.PrintNote = i18n.T(ctx, "purpose.sheet") + " · " + v.shell.PrintNote
	return s.ok(w, r, purposeShow(v))
}

// read reads everything that the page shows, at one moment.
func (v *purposeShowView) read(r *http.Request, st *store.Store, id domain.PurposeID) error {
	ctx, by := r.Context(), actor(r)
	p, err := st.PurposeByID(ctx, by, id)
	if err != nil {
		return err
	}
	names, err := st.Names(ctx, by)
	if err != nil {
		return err
	}
	data, err := st.PurposeData(ctx, by, id)
	if err != nil {
		return err
	}
	places, err := st.PurposePlaces(ctx, by, id)
	if err != nil {
		return err
	}
	approvals, err := st.PurposeApprovals(ctx, by, id)
	if err != nil {
		return err
	}
	uses, err := st.PurposeUses(ctx, by, id)
	if err != nil {
		return err
	}
	events, err := st.EventsOf(ctx, by, domain.SubjectPurpose, int64(id), historyShown)
	if err != nil {
		return err
	}
	rule, err := ruleOf(ctx, st, by, p.Retention)
	if err != nil {
		return err
	}
	v.p, v.uses, v.history = p, usesView(ctx, by, uses, r), timeline(ctx, events, names)
	v.identity, v.ground = identityFacts(ctx, p, names), groundFacts(ctx, p)
	v.people, v.retention = peopleFacts(ctx, by, p, places), retentionFacts(ctx, by, p, rule)
	v.approvals, v.reopened = approvalFacts(ctx, approvals), reopenedLines(ctx, by, id, approvals.Reopened)
	v.dataCount = i18n.Number(ctx, len(data))
	for _, d := range data {
		kind, icon := classTone(d.Class)
		label := d.Label
		if label == "" {
			label = i18n.T(ctx, "review.no_category")
		}
		v.data = append(v.data, purposeDataView{label, mark{kind, icon, i18n.T(ctx, "class."+string(d.Class))}, i18n.Number(ctx, d.Approved), i18n.Number(ctx, d.Proposed)})
	}
	return nil
}

// approvalFacts are the approvals that stand: how many, by whom, when, and until when.
func approvalFacts(ctx context.Context, a store.PurposeApprovals) []ui.Fact {
	if a.Approved == 0 {
		return nil
	}
	facts := []ui.Fact{{Term: i18n.T(ctx, "approval.standing"), Text: i18n.Number(ctx, a.Approved)}}
	if a.Last != nil && a.First != nil {
		day := i18n.Date(ctx, *a.Last)
		if first := i18n.Date(ctx, *a.First); first != day {
			day = i18n.T(ctx, "approval.between", "first", first, "last", day)
		}
		facts = append(facts, ui.Fact{Term: i18n.T(ctx, "approval.given"), Text: day})
	}
	if len(a.By) > 0 {
		names := make([]string, len(a.By))
		for i, name := range a.By {
			names[i] = actorWord(ctx, name)
		}
		facts = append(facts, ui.Fact{Term: i18n.T(ctx, "approval.by"), Text: i18n.List(ctx, names)})
	}
	if a.Until != nil {
		return append(facts, ui.Fact{Term: i18n.T(ctx, "approval.first_end"), Text: i18n.DayText(ctx, *a.Until), Note: i18n.T(ctx, "approval.ending", "n", a.Ending)})
	}
	return append(facts, ui.Fact{Term: i18n.T(ctx, "approval.first_end"), Text: i18n.T(ctx, "approval.no_end")})
}

func reopenedLines(ctx context.Context, by domain.Actor, id domain.PurposeID, list []store.ReopenedCount) []reopenedLine {
	out := make([]reopenedLine, len(list))
	for i, x := range list {
		out[i] = reopenedLine{i18n.T(ctx, "approval.reopened", "n", x.N, "why", reopenedText(ctx, x.Because)),
			addQuery(workspacePath(by, "mappings"), queryOf("mapping", "proposed", "purpose", itoa(id), "reopened_because", x.Because))}
	}
	return out
}

func identityFacts(ctx context.Context, p domain.Purpose, names store.Names) []ui.Fact {
	facts := factList(ctx,
		fact{"code", p.Code},
		fact{"owner", names.User(p.Owner)},
		fact{"starts_on", shownDay(ctx, p.StartsOn)},
		fact{"ends_on", shownDay(ctx, p.EndsOn)},
		fact{"review_on", shownDay(ctx, p.ReviewOn)},
		fact{"updated", i18n.Date(ctx, p.UpdatedAt)})
	facts = append(facts, textLines(ctx, "sub_purposes", p.SubPurposes))
	return append(facts, factList(ctx, fact{"description", p.Description})...)
}

// groundFacts are the legal basis and what it asks for, whether it is there or not.
func groundFacts(ctx context.Context, p domain.Purpose) []ui.Fact {
	needs := "purpose.sheet.needs_program.no"
	if p.NeedsProgram {
		needs = "purpose.sheet.needs_program.yes"
	}
	facts := factList(ctx,
		fact{"legal_basis", enumWord(ctx, "basis", p.LegalBasis)},
		fact{"needs_program", i18n.T(ctx, needs)})
	texts := []fact{{"legal_reference", p.LegalReference}, {"interest", p.Interest}, {"necessity", p.Necessity}, {"balance", p.Balance},
		{"assessor", p.Assessor}, {"assessed_on", shownDay(ctx, p.AssessedOn)}, {"consent_wording", p.ConsentWording},
		{"consent_proof", p.ConsentProof}, {"consent_withdrawal", p.ConsentWithdrawal}, {"compatibility", p.Compatibility}}
	asked := domain.BasisNeeds(p.LegalBasis)
	for _, t := range texts {
		if t.text != "" || slices.Contains(asked, t.name) {
			f := factList(ctx, t)[0]
			f.Wide = true
			facts = append(facts, f)
		}
	}
	if p.Art9Condition != "" {
		facts = append(facts, factList(ctx, fact{"art9_condition", enumWord(ctx, "art9", p.Art9Condition)})...)
	}
	return facts
}

func peopleFacts(ctx context.Context, by domain.Actor, p domain.Purpose, places []domain.Option) []ui.Fact {
	transfers := textLines(ctx, "transfers", transferWords(ctx, p.Transfers))
	if len(p.Transfers) == 0 {
		transfers.Value, transfers.Note, transfers.Text = nil, "", i18n.T(ctx, "purpose.sheet.none")
	}
	var links []ui.Link
	for _, a := range places {
		links = append(links, ui.Link{Href: applicationPath(by, domain.ApplicationID(a.ID)), Text: a.Name})
	}
	held := ui.Fact{Term: i18n.T(ctx, "purpose.sheet.places"), Value: linkLines(links)}
	if len(links) == 0 {
		held = ui.Fact{Term: held.Term, Text: i18n.T(ctx, "purpose.sheet.none")}
	}
	return append([]ui.Fact{
		textLines(ctx, "subjects", enumWords(ctx, "subject", p.Subjects)),
		textLines(ctx, "recipients", recipientWords(ctx, p.Recipients)),
		transfers, held,
	}, factList(ctx, fact{"source_of_data", p.SourceOfData})...)
}

func retentionFacts(ctx context.Context, by domain.Actor, p domain.Purpose, rule domain.RetentionRule) []ui.Fact {
	return append(ruleBriefs(ctx, by, rule), textLines(ctx, "security_measures", enumWords(ctx, "measure", p.SecurityMeasures)))
}

// textLines is a fact of several texts, one a line.
func textLines(ctx context.Context, name string, texts []string) ui.Fact {
	if len(texts) == 0 {
		return factList(ctx, fact{name, ""})[0]
	}
	return ui.Fact{Term: i18n.T(ctx, "column."+name), Value: textList(texts)}
}

// purposeNotes are what a reader must know first: that it covers nothing now, or that a review is late.
func (s *Server) purposeNotes(ctx context.Context, p domain.Purpose) []purposeNote {
	var notes []purposeNote
	today := domain.Day(s.now())
	switch {
	case p.ArchivedAt != nil:
		notes = append(notes, purposeNote{ui.Neutral, i18n.T(ctx, "purpose.archived_note")})
	case p.State == domain.PurposeRetired:
		notes = append(notes, purposeNote{ui.Neutral, i18n.T(ctx, "purpose.retired_note")})
	case p.State == domain.PurposeInForce && p.StartsOn != nil && p.StartsOn.After(today):
		notes = append(notes, purposeNote{ui.Info, i18n.T(ctx, "purpose.not_begun", "day", i18n.Day(ctx, *p.StartsOn))})
	case p.State == domain.PurposeInForce && p.EndsOn != nil && p.EndsOn.Before(today):
		notes = append(notes, purposeNote{ui.Warn, i18n.T(ctx, "purpose.over_note")})
	}
	if p.ReviewOn != nil && p.ReviewOn.Before(today) && p.State != domain.PurposeRetired {
		notes = append(notes, purposeNote{ui.Warn, i18n.T(ctx, "purpose.review_overdue", "day", i18n.Day(ctx, *p.ReviewOn))})
	}
	return notes
}

// automatedOptions are the answers to whether decisions of art. 22 are taken.
func automatedOptions(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "", Text: i18n.T(ctx, "choice.unknown")}, {Value: "no", Text: i18n.T(ctx, "choice.no")}, {Value: "yes", Text: i18n.T(ctx, "choice.yes")}}
}

// basisOptions are the legal bases, each with what it asks for.
func basisOptions(ctx context.Context) []ui.Option {
	options := append([]ui.Option{{Value: "", Text: i18n.T(ctx, "basis.none"), Hint: i18n.T(ctx, "basis_hint.none")}}, enumOptions(ctx, "basis", domain.LegalBases)...)
	for i := range options[1:] {
		options[i+1].Hint = i18n.T(ctx, "basis_hint."+options[i+1].Value)
	}
	return options
}
