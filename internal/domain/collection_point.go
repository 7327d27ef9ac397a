package domain

import (
	"net/url"
	"strings"
	"time"
)

// CollectionPoint is where fields enter: a form, a till, a call, a cookie, a partner's file.
type CollectionPoint struct {
	ID          CollectionPointID
	Name        string
	Kind        string // one of CollectionKinds, or a person's own word
	Description string
	Notice      string // whether people are informed there (GDPR art. 13 and 14): yes, no or unknown
	NoticeURL   string // where the notice can be read; empty for none
	Consent     string // whether consent is asked there
	Source      string // from whom the data comes, where it is not the person (art. 14(2)(f))
	Answers     string // what follows where a mandatory answer is missing and its field has no words of its own (art. 13(2)(e))
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ArchivedAt  *time.Time
}

// Choices of a collection point's lists. Kinds may hold people's own words too.
var (
	CollectionKinds = []string{"web_form", "account", "mobile_app", "store", "call", "cookie", "survey", "event", "paper", "partner_file", "social"}
	ConsentChoices  = []string{"yes", "no", "not_needed", "unknown"}
	// AnswerChoices tell of a field at a collection point whether people must answer; not_asked is recorded without asking.
	AnswerChoices = []string{"mandatory", "optional", "not_asked"}
)

// AskedAnswer is what people are told of a field where it is collected: whether they must answer, and what follows where they
// do not (GDPR art. 13(2)(e)).
type AskedAnswer struct {
	Kind        string // one of AnswerChoices; empty where nobody has said
	Consequence string // empty where the words of the collection point hold
}

// NewAskedAnswer checks and cleans what was typed. Nothing follows but from a mandatory answer.
func NewAskedAnswer(a AskedAnswer) (AskedAnswer, error) {
	a.Consequence = CleanLine(a.Consequence)
	var p Problems
	p.OneOf("answer", a.Kind, append([]string{""}, AnswerChoices...)...)
	p.Line("consequence", a.Consequence, false, 1000)
	if a.Consequence != "" && a.Kind != "mandatory" {
		p.Add("consequence", "answer.consequence.mandatory")
	}
	return a, p.Err()
}

// Facts are the named values that the history keeps.
func (a AskedAnswer) Facts() map[string]any {
	return map[string]any{"answer": a.Kind, "consequence": a.Consequence}
}

// NewCollectionPoint checks and cleans what was typed.
func NewCollectionPoint(c CollectionPoint) (CollectionPoint, error) {
	c.Name, c.Kind, c.Description, c.NoticeURL = CleanLine(c.Name), CleanLine(c.Kind), strings.TrimSpace(c.Description), strings.TrimSpace(c.NoticeURL)
	c.Source, c.Answers = CleanLine(c.Source), CleanLine(c.Answers)
	if c.Notice == "" {
		c.Notice = "unknown"
	}
	if c.Consent == "" {
		c.Consent = "unknown"
	}
	var p Problems
	p.Line("name", c.Name, true, MaxName)
	p.Line("collection_kind", c.Kind, false, MaxName)
	p.Text("description", c.Description, MaxText)
	p.OneOf("notice", c.Notice, YesNo...)
	p.OneOf("consent", c.Consent, ConsentChoices...)
	p.Line("data_source", c.Source, false, 1000)
	p.Line("answers", c.Answers, false, 1000)
	p.Line("notice_url", c.NoticeURL, false, 2000)
	if c.NoticeURL != "" && !webAddress(c.NoticeURL) {
		p.Add("notice_url", "error.url")
	}
	return c, p.Err()
}

// webAddress tells whether a text is the address of a page that a link may lead to: http or https and nothing hidden
// before the host, so that no link runs a script or shows a false host.
func webAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && !strings.ContainsAny(text, " \\")
}

// Subject names the collection point in the history.
func (c CollectionPoint) Subject() Subject {
	return Subject{SubjectCollectionPoint, int64(c.ID), c.Name}
}

// Revision is the version that a form carries, so that nobody's change is overwritten unseen.
func (c CollectionPoint) Revision() int { return c.Version }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (c CollectionPoint) Archived() bool { return c.ArchivedAt != nil }

// Facts are the named values that the history keeps.
func (c CollectionPoint) Facts() map[string]any {
	return map[string]any{"name": c.Name, "collection_kind": c.Kind, "description": c.Description, "notice": c.Notice,
		"notice_url": c.NoticeURL, "consent": c.Consent, "data_source": c.Source, "answers": c.Answers}
}

// Completeness of a collection point that collects so many fields, see CompletenessOf. The notice comes first: it is what
// makes the collection fair.
func (c CollectionPoint) Completeness(fields int64) (percent int, missing []string) {
	return CompletenessOf(
		Check{"notice", 30, c.Notice != "unknown"},
		Check{"consent", 20, c.Consent != "unknown"},
		Check{"fields", 20, fields > 0},
		Check{"collection_kind", 10, c.Kind != ""},
		Check{"notice_url", weight(10, c.Notice == "yes"), c.NoticeURL != ""},
		Check{"description", 10, c.Description != ""},
	)
}

// CollectionPointRegister is the list of collection points.
var CollectionPointRegister = Register{
	Name: "collection_points",
	Sort: "name",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "collection_kind", Kind: CellEnum, Enum: "collection_point.kind"},
		{Key: "notice", Kind: CellEnum, Enum: "choice"},
		{Key: "consent", Kind: CellEnum, Enum: "choice"},
		{Key: "fields", Kind: CellInt, Desc: true},
		{Key: "sensitive", Kind: CellInt, Desc: true},
		{Key: "completeness", Kind: CellPercent},
		{Key: "notice_url", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "description", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
		{Key: "collection_kind", Enum: "collection_point.kind", Facet: true},
		{Key: "notice", Enum: "choice", Facet: true, Values: YesNo},
		{Key: "consent", Enum: "choice", Facet: true, Values: ConsentChoices},
		{Key: "application", Facet: true, Ref: true},
		{Key: "field", Ref: true},
	},
}
