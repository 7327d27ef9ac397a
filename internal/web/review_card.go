package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// deskCard is the question that is open.
type deskCard struct {
	id, seen, next, query string
	question              string
	title                 string
	marks                 []mark
	notes                 []purposeNote
	purpose               ui.Link
	basis                 string
	why                   string
	proposed              string
	changes               []ui.Change
	changedNote           string // where there was an approval, and nothing that it was about has changed
	checks                []checkView
	facts                 []ui.Fact
	fields                []string
	rest                  string
	list                  ui.Link
	messages              []threadMessage
	may                   bool
	blocked               string // why it cannot be approved
	mend                  string // address where what blocks can be mended; empty where the reader may not
	own                   string
	approve, reject       string
	// What was typed of an answer that could not be given.
	typed    deskForm
	reason   string
	refusals []string
	purposes []ui.Option
	bases    []ui.Option
	snoozed  bool
}

// checkView is what a legal check has to say.
type checkView struct {
	kind          ui.Kind
	icon, word    string
	text, article string
	facts         string
}

// checkViews puts the findings of the legal checks into words, each with its article and the facts that it stands on.
func checkViews(ctx context.Context, f domain.CheckFacts, names store.Names) []checkView {
	var out []checkView
	for _, x := range f.Findings() {
		v := checkView{kind: ui.Warn, icon: "alert-triangle", word: i18n.T(ctx, "check.warn"), text: i18n.T(ctx, "check."+x.Code), article: i18n.T(ctx, "article."+x.Article)}
		if x.Blocks() {
			v.kind, v.icon, v.word = ui.Danger, "circle-x", i18n.T(ctx, "check.block")
		}
		var parts []string
		for _, fact := range x.Facts {
			if text := valueWord(ctx, "purpose", fact.Name, plainValue(fact.Value), names); text != "" {
				parts = append(parts, i18n.T(ctx, "ui.label", "label", columnWord(ctx, fact.Name))+" "+text)
			}
		}
		v.facts = strings.Join(parts, " · ")
		out = append(out, v)
	}
	return out
}

// plainValue is a value as the history gives it back.
func plainValue(v any) any {
	if list, ok := v.([]string); ok {
		out := make([]any, len(list))
		for i, x := range list {
			out[i] = x
		}
		return out
	}
	return v
}

// changesSince says what is no longer as it was approved, the old value before the new one.
func changesSince(ctx context.Context, a domain.Approval, now domain.Terms, names store.Names) []ui.Change {
	var out []ui.Change
	for _, name := range a.Terms.Moved(now) {
		out = append(out, ui.Change{Label: columnWord(ctx, name), Before: termWord(ctx, name, a.Terms[name], names), After: termWord(ctx, name, now[name], names)})
	}
	return out
}

// termWord writes a value that an approval is about; what was not there is said.
func termWord(ctx context.Context, name string, v any, names store.Names) string {
	switch x := v.(type) {
	case int64:
		v = float64(x)
	case int:
		v = float64(x)
	case []string:
		v = plainValue(x)
	}
	switch name {
	case "programs":
		name = "program"
	case "retention_terms":
		return retentionTerms(ctx, v)
	}
	if text := valueWord(ctx, "purpose", name, v, names); text != "" {
		return text
	}
	return i18n.T(ctx, "record.unknown")
}

// retentionTerms writes what a retention rule says, as an approval keeps it.
func retentionTerms(ctx context.Context, v any) string {
	list, _ := v.([]any)
	parts := make([]string, 0, len(list))
	for _, x := range list {
		text, _ := x.(string)
		name, value, _ := strings.Cut(text, "=")
		for _, prefix := range []string{"retention.fate", "retention.trigger"} {
			value = enumWord(ctx, prefix, value)
		}
		parts = append(parts, i18n.T(ctx, "ui.label", "label", columnWord(ctx, name))+" "+value)
	}
	return strings.Join(parts, ", ")
}

// deskCard fills in the open question, and which ones stand beside it.
func (s *Server) deskCard(r *http.Request, v *deskView, c store.ReviewCard, q domain.ListQuery, page store.ReviewPage, f deskForm) error {
	ctx, by := r.Context(), actor(r)
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	card := &deskCard{id: itoa(c.Question.First), seen: c.Seen, query: q.Query(domain.ReviewRegister), question: c.Question.ID,
		title: c.FieldName, purpose: ui.Link{Href: purposePath(by, c.PurposeMapping.Purpose), Text: c.PurposeCode + " · " + c.PurposeName},
		basis: enumWord(ctx, "basis", c.LegalBasis), why: c.Justification, checks: checkViews(ctx, c.Facts, names), fields: c.Fields,
		facts: cardFacts(ctx, by, c, names), may: by.Can(domain.ReviewMapping), messages: messagesOf(ctx, c.Thread),
		approve: i18n.T(ctx, "mapping.approve_n", "n", c.Question.N), reject: i18n.T(ctx, "mapping.reject_n", "n", c.Question.N),
		snoozed: c.Question.Standing == domain.ReviewSnoozed}
	if c.Question.N > 1 {
		card.title = i18n.T(ctx, "review.card_title", "category", categoryText(ctx, c.Category), "n", c.Question.N)
	}
	card.proposed = i18n.T(ctx, "review.proposed", "who", proposersText(ctx, c.Proposers), "day", i18n.Date(ctx, c.ProposedAt))
	card.marks = append(card.marks, classMark(ctx, c.Class))
	for _, risk := range c.Facts.RiskFactors() {
		if key := "review.risk." + risk; i18n.Has(ctx, key) {
			card.marks = append(card.marks, mark{ui.Warn, "alert-triangle", i18n.T(ctx, key)})
		}
	}
	if rest := c.Question.N - int64(len(c.Fields)); rest > 0 {
		card.rest = i18n.T(ctx, "effect.rest", "n", rest)
	}
	category := domain.FilterNone
	if c.Terms["category"] != int64(0) {
		category = itoa(domain.CategoryID(c.Terms["category"].(int64)))
	}
	card.list = ui.Link{Text: i18n.T(ctx, "review.examine"), Href: addQuery(workspacePath(by, "mappings"), queryOf("mapping", "proposed", "purpose", itoa(c.PurposeMapping.Purpose), "category", category))}
	if c.Question.N == 1 {
		card.list = ui.Link{Text: i18n.T(ctx, "review.page"), Href: mappingPath(by, c.Question.First)}
	}
	cardNotes(ctx, card, c, names)
	if card.may {
		if err := s.cardAnswers(r, card, c, f); err != nil {
			return err
		}
	}
	at := slices.IndexFunc(page.Questions, func(x store.ReviewQuestion) bool { return x.ID == c.Question.ID })
	if at >= 0 {
		v.lines[at].current = true
	}
	if at > 0 {
		v.prev = v.lines[at-1].href
	}
	// The next question that nobody else has before them.
	for i := at + 1; i < len(page.Questions); i++ {
		if page.Questions[i].TakenBy == "" && page.Questions[i].ID != c.Question.ID {
			v.next, card.next = v.lines[i].href, itoa(page.Questions[i].First)
			break
		}
	}
	if v.next == "" {
		v.next = v.more
	}
	v.card = card
	return nil
}

func proposersText(ctx context.Context, names []string) string {
	if len(names) == 0 {
		return i18n.T(ctx, "review.imported")
	}
	return i18n.List(ctx, names)
}

// cardNotes says what a reviewer must know before anything else.
func cardNotes(ctx context.Context, card *deskCard, c store.ReviewCard, names store.Names) {
	if c.Question.TakenBy != "" {
		card.notes = append(card.notes, purposeNote{ui.Warn, i18n.T(ctx, "review.taken_note", "name", c.Question.TakenBy)})
	}
	if c.SnoozedUntil != nil {
		card.notes = append(card.notes, purposeNote{ui.Info, i18n.T(ctx, "review.snoozed_note", "day", i18n.DayText(ctx, *c.SnoozedUntil), "name", actorWord(ctx, c.SnoozedBy))})
	}
	if c.ReopenedBecause != "" {
		card.notes = append(card.notes, purposeNote{ui.Review, reopenedText(ctx, c.ReopenedBecause)})
	}
	if c.Frozen != nil {
		card.changes = changesSince(ctx, *c.Frozen, c.Terms, names)
		card.changedNote = i18n.T(ctx, "review.approved_by", "name", actorWord(ctx, c.Frozen.ByName), "day", i18n.Date(ctx, c.Frozen.At))
		if len(card.changes) == 0 {
			card.changedNote += " " + i18n.T(ctx, "review.unchanged")
		}
	}
	if c.Own > 0 {
		card.own = i18n.T(ctx, "review.own", "n", c.Own)
		if !c.Other {
			card.own = i18n.T(ctx, "mapping.self")
		}
	}
}

// cardAnswers fills in what the reviewer may answer, with what was typed of it.
func (s *Server) cardAnswers(r *http.Request, card *deskCard, c store.ReviewCard, f deskForm) error {
	ctx, by := r.Context(), actor(r)
	_, err := c.Approve(by, s.now(), "-", nil, domain.MappingGround{Facts: c.Facts, OtherReviewer: c.Other})
	if known, ok := asDomain(err); ok {
		card.blocked = i18n.TArgs(ctx, known.Key, known.Args)
		if slices.ContainsFunc(c.Facts.Findings(), domain.LegalFinding.Blocks) && by.Can(domain.EditPurpose) {
			card.mend = purposePath(by, c.PurposeMapping.Purpose, "edit")
		}
	}
	if f.First == c.Question.First {
		card.typed = f
	}
	card.reason = i18n.T(ctx, "review.reason.approve")
	if card.typed.Act == "approve" {
		card.reason = f.Reason
	}
	for _, n := range []string{"1", "2", "3"} {
		card.refusals = append(card.refusals, i18n.T(ctx, "review.reason.reject."+n))
	}
	card.bases = enumOptions(ctx, "basis", domain.LegalBases)
	purposes, err := s.store.PurposeOptions(ctx, by)
	if err != nil {
		return err
	}
	for _, o := range refOptions(purposes) {
		if o.Value != itoa(c.PurposeMapping.Purpose) {
			card.purposes = append(card.purposes, o)
		}
	}
	return nil
}

// cardFacts is what is known of the field that stands for the question.
func cardFacts(ctx context.Context, by domain.Actor, c store.ReviewCard, names store.Names) []ui.Fact {
	verdict := verdictMark(ctx, domain.Verdict(c.Evidence.Verdict))
	t := func(key string, args ...any) string { return i18n.T(ctx, key, args...) }
	people := termWord(ctx, "subjects", plainValue(c.Facts.Subjects), names)
	facts := []ui.Fact{
		{Term: t("column.field"), Value: linkLines([]ui.Link{{Href: fieldPath(by, c.Field), Text: c.FieldName}}), Note: c.FieldLabel},
		{Term: t("column.application"), Value: linkLines([]ui.Link{{Href: applicationPath(by, c.Application), Text: c.ApplicationName}}), Note: c.DatasetName},
		{Term: t("column.category"), Text: categoryText(ctx, c.Category)},
		{Term: t("column.subjects"), Text: people},
		{Term: t("column.verdict"), Value: ui.Badge(verdict.kind, verdict.icon, verdict.text)},
		{Term: t("column.evidence"), Text: t("grade." + c.Evidence.Grade.Code()), Note: readsText(ctx, c.Evidence)},
		{Term: t("column.fill"), Text: fillText(ctx, c.Evidence)},
		{Term: t("column.retention"), Text: retentionText(ctx, c)},
	}
	var programs []ui.Link
	for _, p := range c.Facts.Programs {
		channels := make([]string, len(p.Channels))
		for i, ch := range p.Channels {
			channels[i] = enumWord(ctx, "channel", ch)
		}
		programs = append(programs, ui.Link{Href: programPath(by, p.ID), Text: strings.Join(append([]string{p.Name}, channels...), " · ")})
	}
	if len(programs) == 0 {
		return append(facts, ui.Fact{Term: t("column.programs"), Text: t("review.no_program"), Wide: true})
	}
	return append(facts, ui.Fact{Term: t("column.programs"), Value: linkLines(programs), Wide: true})
}

func readsText(ctx context.Context, e store.FieldUse) string {
	switch {
	case e.Reads == nil:
		return ""
	case e.WindowDays == nil:
		return i18n.T(ctx, "review.reads", "n", *e.Reads)
	}
	return i18n.T(ctx, "review.reads_in", "n", *e.Reads, "days", *e.WindowDays)
}

func fillText(ctx context.Context, e store.FieldUse) string {
	if e.Rows == nil || e.Filled == nil || *e.Rows == 0 {
		return i18n.T(ctx, "record.unknown")
	}
	return i18n.Percent(ctx, float64(*e.Filled)/float64(*e.Rows))
}

func retentionText(ctx context.Context, c store.ReviewCard) string {
	var parts []string
	if r := c.Facts.Retention; r.ID != 0 {
		parts = append(parts, r.Name+" ("+periodWords(ctx, r)+")")
	}
	if c.Evidence.DatasetRule != "" {
		parts = append(parts, i18n.T(ctx, "review.rule_dataset", "name", c.Evidence.DatasetRule))
	}
	if len(parts) == 0 {
		return i18n.T(ctx, "record.unknown")
	}
	return strings.Join(parts, " · ")
}

// approvalView is what was approved of a mapping, frozen.
type approvalView struct {
	title, standing string
	facts           []ui.Fact
}

// approvalViews writes approvals as they were given, the newest first.
func approvalViews(ctx context.Context, list []domain.Approval, c store.MappingCase, names store.Names) []approvalView {
	out := make([]approvalView, len(list))
	for i, a := range list {
		v := approvalView{title: i18n.T(ctx, "approval.title", "name", actorWord(ctx, a.ByName), "day", i18n.Date(ctx, a.At))}
		if a.ID == c.Approval && c.State == domain.MappingApproved {
			v.standing = i18n.T(ctx, "approval.stands")
		}
		add := func(name, text string, wide bool) {
			if text != "" {
				v.facts = append(v.facts, ui.Fact{Term: columnWord(ctx, name), Text: text, Wide: wide})
			}
		}
		add("field", a.FieldName, false)
		add("dataset", a.Place, false)
		add("purpose", a.PurposeName, false)
		for _, name := range domain.MaterialTerms {
			text := valueWord(ctx, "purpose", name, a.Terms[name], names)
			switch name {
			case "retention_terms":
				text = retentionTerms(ctx, a.Terms[name])
			case "category":
				text = a.CategoryName
			case "programs":
				text = strings.Join(a.ProgramNames, ", ")
			}
			add(name, text, false)
		}
		if a.Until != nil {
			add("approved_until", i18n.DayText(ctx, *a.Until), false)
		}
		add("justification", a.Justification, true)
		add("reason", a.Reason, true)
		out[i] = v
	}
	return out
}

// deskReason is the box for the reason of an answer to the open question; each answer has its own.
func (v deskView) deskReason(c deskCard, act string) ui.Field {
	f := v.reasonField(c.id)
	if act != "approve" {
		f.ID = act + "-" + c.id
	}
	if c.typed.Act != act {
		f.Error = ""
	}
	return f
}

// deskSummary lists what is wrong with what was typed, each problem leading to its box.
func (v deskView) deskSummary(c deskCard) []ui.Problem {
	list := v.summary()
	for i := range list {
		if list[i].ID == "reason" {
			list[i].ID = v.deskReason(c, c.typed.Act).ID
		}
	}
	return list
}

// typedReason is the reason that was typed for an answer; empty where another was given.
func (c deskCard) typedReason(act string) string {
	if c.typed.Act != act {
		return ""
	}
	return c.typed.Reason
}

// factsTitle says whether the facts are of the one field, or of the one that stands for several.
func factsTitle(ctx context.Context, c deskCard) string {
	if len(c.fields) > 1 {
		return i18n.T(ctx, "review.facts_first")
	}
	return i18n.T(ctx, "review.facts")
}

// answerField is the box for the answer to a question; the page may have several.
func (t threadView) answerField() ui.Field {
	f := t.field("body")
	f.ID, f.Label = "body-"+t.id, i18n.T(t.ctx, "review.answer")
	return f
}
