package domain

import "time"

// Application is a tool that holds or moves customer data.
type Application struct {
	ID          ApplicationID
	Name        string
	SourceName  string // what the first file that told of it called it; empty where none did
	Kind        string // one of ApplicationKinds, or a person's own word
	Description string
	Team        TeamID // zero where no team owns it
	Owner       UserID // business owner; zero where nobody is named
	Vendor      string
	Hosting     string
	Country     string // where it is hosted, as people write it
	Processor   string // whether the vendor is a processor (GDPR art. 28): yes, no or unknown
	Lifecycle   string
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ArchivedAt  *time.Time
}

// ApplicationKinds are the kinds that forms offer beside "other".
var ApplicationKinds = []string{
	"crm", "ecommerce", "emailing", "pos", "call_center", "cdp", "warehouse", "erp", "loyalty", "analytics", "survey", "spreadsheet",
}

// Choices of an application's closed lists.
var (
	Hostings   = []string{"saas", "on_premises", "hosted", "unknown"}
	YesNo      = []string{"yes", "no", "unknown"}
	Lifecycles = []string{"planned", "live", "retiring", "retired"}
)

// NewApplication checks and cleans what was typed.
func NewApplication(a Application) (Application, error) {
	a.Name, a.Kind, a.Vendor, a.Country = CleanLine(a.Name), CleanLine(a.Kind), CleanLine(a.Vendor), CleanLine(a.Country)
	if a.Hosting == "" {
		a.Hosting = "unknown"
	}
	if a.Processor == "" {
		a.Processor = "unknown"
	}
	if a.Lifecycle == "" {
		a.Lifecycle = "live"
	}
	var p Problems
	p.Line("name", a.Name, true, MaxName)
	p.Line("kind", a.Kind, false, MaxName)
	p.Line("vendor", a.Vendor, false, MaxName)
	p.Line("country", a.Country, false, MaxName)
	p.Text("description", a.Description, MaxText)
	p.OneOf("hosting", a.Hosting, Hostings...)
	p.OneOf("processor", a.Processor, YesNo...)
	p.OneOf("lifecycle", a.Lifecycle, Lifecycles...)
	return a, p.Err()
}

// Subject names the application in the history.
func (a Application) Subject() Subject { return Subject{SubjectApplication, int64(a.ID), a.Name} }

// Revision is the version that a form carries, so that nobody's change is overwritten unseen.
func (a Application) Revision() int { return a.Version }

// Archived tells whether it was taken out of the lists: it is restored before it is changed.
func (a Application) Archived() bool { return a.ArchivedAt != nil }

// Facts are the named values that the history keeps.
func (a Application) Facts() map[string]any {
	return map[string]any{"name": a.Name, "kind": a.Kind, "description": a.Description, "team": int64(a.Team), "owner": int64(a.Owner),
		"vendor": a.Vendor, "hosting": a.Hosting, "country": a.Country, "processor": a.Processor, "lifecycle": a.Lifecycle}
}

// ApplicationRegister is the list of applications.
var ApplicationRegister = Register{
	Name: "applications",
	Sort: "name",
	Columns: []RegisterColumn{
		{Key: "name", Kind: CellText, Fixed: true},
		{Key: "kind", Kind: CellEnum, Enum: "application.kind"},
		{Key: "team", Kind: CellText},
		{Key: "owner", Kind: CellText},
		{Key: "vendor", Kind: CellText, Hidden: true},
		{Key: "hosting", Kind: CellEnum, Enum: "application.hosting"},
		{Key: "country", Kind: CellText, Hidden: true},
		{Key: "processor", Kind: CellEnum, Enum: "choice", Hidden: true},
		{Key: "lifecycle", Kind: CellEnum, Enum: "application.lifecycle"},
		{Key: "datasets", Kind: CellInt, Desc: true},
		{Key: "fields", Kind: CellInt, Desc: true},
		{Key: "unused", Kind: CellInt, Desc: true},
		{Key: "completeness", Kind: CellPercent},
		{Key: "description", Kind: CellText, Hidden: true},
		{Key: "updated", Kind: CellTime, Hidden: true, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "state", Enum: "state", Facet: true, Values: []string{"active", "archived"}},
		{Key: "kind", Enum: "application.kind", Facet: true},
		{Key: "team", Facet: true, Ref: true},
		{Key: "owner", Facet: true, Ref: true},
		{Key: "hosting", Enum: "application.hosting", Facet: true, Values: Hostings},
		{Key: "lifecycle", Enum: "application.lifecycle", Facet: true, Values: Lifecycles},
		{Key: "processor", Enum: "choice", Facet: true, Values: YesNo},
	},
}
