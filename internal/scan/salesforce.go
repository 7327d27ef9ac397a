package scan

import (
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
)

// salesforce reads what /services/data/vNN.0/sobjects/NAME/describe answers: one object with its fields, several in an
// array, or the same inside of what command line tools and batches put around it ("result", "results").
var salesforce = format{
	name: "salesforce", suggests: "Salesforce",
	says:  []domain.ScanTarget{domain.ScanLabel, domain.ScanDataType, domain.ScanNullable, domain.ScanKey, domain.ScanReferences, domain.ScanComment},
	sniff: func(h *head) bool { return h.json.describes() },
	read: func(r *reading) error {
		j := r.json()
		if err := r.salesforceValue(j); err != nil {
			return err
		}
		return j.done()
	},
}

// describes tells whether a value is an sObject description, or holds one.
func (t *tree) describes() bool {
	switch {
	case t == nil:
		return false
	case t.kind == '[':
		return t.item().describes()
	case t.has("result"):
		return t.get("result").describes()
	case t.is('[', "results"):
		return t.get("results").describes()
	}
	fields := t.get("fields")
	marked := t.has("keyPrefix") || t.has("queryable") || t.has("childRelationships") || t.has("sobjectDescribeOption")
	f := fields.item()
	return fields != nil && fields.kind == '[' && (f == nil && marked || f.has("name", "type") && (f.has("soapType") || marked))
}

type salesforceField struct {
	Name              string               `json:"name"`
	Label             string               `json:"label"`
	Type              string               `json:"type"`
	Length            int                  `json:"length"`
	Digits            int                  `json:"digits"`
	Precision         int                  `json:"precision"`
	Scale             int                  `json:"scale"`
	Nillable          *bool                `json:"nillable"`
	InlineHelpText    string               `json:"inlineHelpText"`
	ReferenceTo       []string             `json:"referenceTo"`
	PicklistValues    []salesforcePicklist `json:"picklistValues"`
	CalculatedFormula string               `json:"calculatedFormula"`
	Calculated        bool                 `json:"calculated"`
	Custom            bool                 `json:"custom"`
	Encrypted         bool                 `json:"encrypted"`
	Unique            bool                 `json:"unique"`
	Deprecated        bool                 `json:"deprecatedAndHidden"`
}

type salesforcePicklist struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

func (r *reading) salesforceValue(j *jsonReader) error {
	t, err := j.token()
	if err != nil {
		return err
	}
	switch t {
	case jsonArray:
		return j.items(func(int) error { return r.salesforceValue(j) })
	case jsonObject:
		return r.salesforceObject(j)
	}
	return j.unfit(t)
}

// salesforceObject reads an object whose brace was read. Its name may stand behind its fields.
func (r *reading) salesforceObject(j *jsonReader) error {
	name, retired := "", false
	type placed struct {
		field salesforceField
		place string
	}
	var fields []placed
	err := j.members(func(key string) error {
		switch key {
		case "name":
			return j.decode(&name)
		case "deprecatedAndHidden":
			return j.decode(&retired)
		case "result", "results":
			return r.salesforceValue(j)
		case "fields":
			return j.array(func(int) error {
				var f salesforceField
				place := j.start()
				if err := j.decode(&f); err != nil {
					return err
				}
				fields = append(fields, placed{f, place})
				if len(fields) > maxFields {
					return fault("scan.error.fields", "most", maxFields)
				}
				return nil
			})
		case "childRelationships":
			return j.count("child_relationships")
		case "recordTypeInfos":
			return j.count("record_types")
		}
		return errSkip
	})
	if err != nil {
		return err
	}
	for _, f := range fields {
		if f.field.Deprecated = f.field.Deprecated || retired; f.field.Name == "" {
			r.note("nameless", f.place)
			continue
		}
		if err := r.add(f.place, f.field.found(name)); err != nil {
			return err
		}
	}
	return nil
}

func (s salesforceField) found(object string) field {
	f := field{dataset: object, name: s.Name, label: s.Label, text: s.InlineHelpText, dataType: s.typeName(), nullable: s.Nillable,
		key: truth(s.Type == "id"), source: domain.SourceFacts{Length: max(s.Length, s.Precision, s.Digits), Scale: s.Scale, Formula: s.CalculatedFormula,
			Calculated: s.Calculated, Custom: s.Custom, Encrypted: s.Encrypted, Unique: s.Unique, Deprecated: s.Deprecated}}
	references := make([]string, 0, len(s.ReferenceTo))
	for _, to := range s.ReferenceTo {
		references = append(references, to+".Id")
	}
	slices.Sort(references)
	f.reference = strings.Join(references, ";")
	f.source.OptionCount = len(s.PicklistValues)
	for _, o := range s.PicklistValues {
		f.source.Options = append(f.source.Options, firstOf(o.Label, o.Value))
	}
	return f
}

// typeName is the type with what bounds it, as "string(80)" or "currency(16,2)".
func (s salesforceField) typeName() string {
	switch {
	case s.Type == "id" || s.Type == "reference":
		return s.Type
	case s.Length > 0:
		return s.Type + "(" + strconv.Itoa(s.Length) + ")"
	case s.Precision > 0:
		return s.Type + "(" + strconv.Itoa(s.Precision) + "," + strconv.Itoa(s.Scale) + ")"
	}
	return s.Type
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
