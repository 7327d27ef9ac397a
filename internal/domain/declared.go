package domain

import "strings"

// DeclaredData is a category of data as a person words it, with its own period. Approved mappings tell the categories that
// fields hold; what is declared stands beside them, as a register that was brought in tells it.
type DeclaredData struct {
	Kind        string `json:"kind"` // one of DataKinds
	Description string `json:"description,omitempty"`
	Retention   string `json:"retention,omitempty"` // in words
}

// DataKinds are the rows of the CNIL's model of the record, ordinary and then sensitive ones, with those that its older model
// and forms in use add.
var DataKinds = []string{
	"identity", "personal_life", "economic", "connection", "location", "professional_life", "internet", "other_data", "nir",
	"origin", "political", "beliefs", "union", "genetic", "biometric", "health", "sex_life", "offences",
}

// SensitiveKinds are those of GDPR art. 9 and 10.
var SensitiveKinds = DataKinds[9:]

// cleanData drops empty rows and checks the others.
func cleanData(list []DeclaredData, bad *Problems) []DeclaredData {
	out := []DeclaredData{}
	for _, d := range list {
		d.Description, d.Retention = strings.TrimSpace(d.Description), CleanLine(d.Retention)
		if d == (DeclaredData{}) {
			continue
		}
		at := rowName("declared_data", len(out))
		bad.OneOf(at+"kind", d.Kind, DataKinds...)
		bad.Text(at+"description", d.Description, MaxText)
		bad.Line(at+"retention", d.Retention, false, 500)
		out = append(out, d)
	}
	bad.most("declared_data", len(out))
	return out
}

func (d DeclaredData) line() string { return factLine(d.Kind, d.Description, d.Retention) }

// Exception is something that is derived from fields, applications or flows and, as a person says, does not hold for this
// purpose. Both are shown: what is derived, and who says otherwise and why.
type Exception struct {
	What   string `json:"what"`  // one of ExceptionKinds
	Value  string `json:"value"` // as it is derived
	Reason string `json:"reason"`
	By     string `json:"by,omitempty"`
	On     string `json:"on,omitempty"` // day
}

// ExceptionKinds are the parts of a sheet in which something derived can be set aside.
var ExceptionKinds = []string{"recipients", "transfers", "subjects"}

func cleanExceptions(list []Exception, bad *Problems) []Exception {
	out := []Exception{}
	for _, e := range list {
		e.Value, e.Reason = CleanLine(e.Value), CleanLine(e.Reason)
		bad.OneOf("exception", e.What, ExceptionKinds...)
		bad.Line("exception", e.Value, true, 500)
		bad.Line("exception_reason", e.Reason, true, 500)
		out = append(out, e)
	}
	bad.most("exceptions", len(out))
	return out
}

func (e Exception) line() string { return factLine(e.What, e.Value, e.Reason) }

// Excepted finds the exception to something derived.
func (p Purpose) Excepted(what, value string) (Exception, bool) {
	for _, e := range p.Exceptions {
		if e.What == what && Fold(e.Value) == Fold(value) {
			return e, true
		}
	}
	return Exception{}, false
}

// Except sets something derived aside, with a reason; without one it holds again.
func (p Purpose) Except(by Actor, e Exception, today string) (Purpose, error) {
	e.Value, e.Reason = CleanLine(e.Value), CleanLine(e.Reason)
	var kept []Exception
	for _, old := range p.Exceptions {
		if old.What != e.What || Fold(old.Value) != Fold(e.Value) {
			kept = append(kept, old)
		}
	}
	if e.Reason != "" {
		e.By, e.On = by.Name, today
		kept = append(kept, e)
	}
	var bad Problems
	p.Exceptions = cleanExceptions(kept, &bad)
	return p, bad.Err()
}
