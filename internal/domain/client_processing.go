package domain

import (
	"strings"
	"time"
)

// ClientProcessing is processing on behalf of a client: one entry of the record of a processor (GDPR art. 30(2)).
type ClientProcessing struct {
	ID               ClientProcessingID
	Code             string
	Client           string // the controller for whom we process
	Contact          string
	Representative   string
	ClientDPO        string
	Categories       []string // of processing carried out for the client
	SubProcessors    []string
	Transfers        []Transfer
	SecurityMeasures []string
	MeasuresNote     string
	Contract         string // one of Contracts; empty while nobody has said
	ContractUntil    *time.Time
	StartsOn         *time.Time
	EndsOn           *time.Time
	Version          int
	CreatedAt        time.Time
	UpdatedAt        time.Time
	ArchivedAt       *time.Time
}

// NewClientProcessing checks and cleans what was typed.
func NewClientProcessing(c ClientProcessing) (ClientProcessing, error) {
	c.Code, c.Client = CleanLine(c.Code), CleanLine(c.Client)
	c.Categories, c.SubProcessors, c.SecurityMeasures = CleanList(c.Categories), CleanList(c.SubProcessors), CleanList(c.SecurityMeasures)
	var bad Problems
	bad.Line("code", c.Code, true, 60)
	bad.Line("client", c.Client, true, MaxName)
	for name, text := range c.texts() {
		*text = strings.TrimSpace(*text)
		bad.Text(name, *text, MaxText)
	}
	if len(c.Categories) == 0 {
		bad.Add("processing_categories", "client_processing.missing.categories")
	}
	bad.List("processing_categories", c.Categories)
	bad.List("sub_processors", c.SubProcessors)
	bad.List("security_measures", c.SecurityMeasures)
	c.Transfers = cleanTransfers(c.Transfers, &bad)
	bad.OneOf("contract", c.Contract, append([]string{""}, Contracts...)...)
	bad.Order("ends_on", c.StartsOn, c.EndsOn)
	return c, bad.Err()
}

func (c *ClientProcessing) texts() map[string]*string {
	return map[string]*string{"contact": &c.Contact, "representative": &c.Representative, "client_dpo": &c.ClientDPO, "measures_note": &c.MeasuresNote}
}

// Subject names the entry in the history.
func (c ClientProcessing) Subject() Subject {
	return Subject{SubjectClientProcessing, int64(c.ID), c.Client}
}

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (c ClientProcessing) Archived() bool { return c.ArchivedAt != nil }

// Revision is the number of times that it was saved.
func (c ClientProcessing) Revision() int { return c.Version }

// Facts are the named values that the history keeps.
func (c ClientProcessing) Facts() map[string]any {
	facts := map[string]any{"code": c.Code, "client": c.Client, "processing_categories": c.Categories, "sub_processors": c.SubProcessors,
		"transfers": factLines(c.Transfers, Transfer.where), "transfer_proofs": factLines(c.Transfers, Transfer.proof),
		"security_measures": c.SecurityMeasures, "contract": c.Contract, "contract_until": dayFact(c.ContractUntil),
		"starts_on": dayFact(c.StartsOn), "ends_on": dayFact(c.EndsOn)}
	for name, text := range c.texts() {
		facts[name] = *text
	}
	return facts
}

// ClientProcessingRegister is the record of a processor (GDPR art. 30(2)).
var ClientProcessingRegister = Register{
	Name: "client_processings",
	Sort: "client",
	Columns: []RegisterColumn{
		{Key: "client", Kind: CellText, Fixed: true},
		{Key: "code", Kind: CellCode},
		{Key: "processing_categories", Kind: CellTexts, NoSort: true},
		{Key: "sub_processors", Kind: CellTexts, NoSort: true},
		{Key: "transfers", Kind: CellTexts, NoSort: true},
		{Key: "contract", Kind: CellEnum, Enum: "contract"},
		{Key: "contract_until", Kind: CellDate},
		{Key: "security_measures", Kind: CellEnums, Enum: "measure", Hidden: true, NoSort: true},
		{Key: "measures_note", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "contact", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "representative", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "client_dpo", Kind: CellText, Hidden: true, NoSort: true},
		{Key: "starts_on", Kind: CellDate, Hidden: true},
		{Key: "ends_on", Kind: CellDate, Hidden: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "contract", Enum: "contract", Facet: true, Values: Contracts},
		{Key: "transfers", Enum: "choice", Facet: true, Values: []string{"yes", "no"}},
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
	},
}
