package scan

import (
	"utile/internal/domain"
)

// hubspot reads the properties of one object as HubSpot answers for them: the "results" of version 3 and later, the plain
// list of the versions before, and their groups with properties inside. No answer names the object: its file does.
var hubspot = format{
	name: "hubspot", suggests: "HubSpot",
	says:  []domain.ScanTarget{domain.ScanLabel, domain.ScanDataType, domain.ScanComment},
	sniff: func(h *head) bool { return h.json.properties() },
	read: func(r *reading) error {
		j := r.json()
		if err := r.hubspotValue(j); err != nil {
			return err
		}
		return j.done()
	},
}

func (t *tree) properties() bool {
	switch {
	case t == nil:
		return false
	case t.kind == '[':
		f := t.item()
		return f.has("name", "groupName") && (f.has("fieldType") || f.has("type")) || f.has("name", "properties") && f.get("properties").properties()
	}
	return t.is('[', "results") && t.get("results").properties()
}

type hubspotProperty struct {
	Name            string          `json:"name"`
	Label           string          `json:"label"`
	Description     string          `json:"description"`
	Group           string          `json:"groupName"`
	Type            string          `json:"type"`
	FieldType       string          `json:"fieldType"`
	Options         []hubspotOption `json:"options"`
	Formula         string          `json:"calculationFormula"`
	Object          string          `json:"referencedObjectType"`
	Sensitivity     string          `json:"dataSensitivity"`
	Calculated      bool            `json:"calculated"`
	Archived        bool            `json:"archived"`
	Hidden          bool            `json:"hidden"`
	Deleted         bool            `json:"deleted"` // of the answers before version 3
	HasUniqueValue  bool            `json:"hasUniqueValue"`
	HubspotDefined  *bool           `json:"hubspotDefined"`
	ExternalOptions bool            `json:"externalOptions"`
}

type hubspotOption struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

func (r *reading) hubspotValue(j *jsonReader) error {
	t, err := j.token()
	if err != nil {
		return err
	}
	switch t {
	case jsonArray:
		return j.items(func(int) error { return r.hubspotProperty(j) })
	case jsonObject:
		return j.members(func(key string) error {
			switch key {
			case "results":
				return j.array(func(int) error { return r.hubspotProperty(j) })
			case "paging":
				r.note("more_pages", j.here())
			}
			return errSkip
		})
	}
	return j.unfit(t)
}

// hubspotProperty reads a property, or a group of properties.
func (r *reading) hubspotProperty(j *jsonReader) error {
	var p struct {
		hubspotProperty
		Properties []hubspotProperty `json:"properties"`
	}
	place := j.start()
	if err := j.decode(&p); err != nil {
		return err
	}
	if p.Properties == nil {
		return r.addHubspot(place, p.hubspotProperty)
	}
	for _, one := range p.Properties {
		if one.Group == "" {
			one.Group = p.Name
		}
		if err := r.addHubspot(place, one); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) addHubspot(place string, p hubspotProperty) error {
	if p.Name == "" {
		r.note("nameless", place)
		return nil
	}
	f := field{dataset: r.base(), name: p.Name, label: p.Label, text: p.Description, dataType: p.Type,
		source: domain.SourceFacts{Group: p.Group, Formula: p.Formula, Sensitivity: p.Sensitivity, Calculated: p.Calculated, Hidden: p.Hidden,
			Archived: p.Archived || p.Deleted, Unique: p.HasUniqueValue, OptionCount: len(p.Options), Custom: p.HubspotDefined != nil && !*p.HubspotDefined}}
	if p.FieldType != "" {
		f.dataType += "/" + p.FieldType
	}
	if p.Sensitivity == "non_sensitive" {
		f.source.Sensitivity = ""
	}
	for _, o := range p.Options {
		f.source.Options = append(f.source.Options, firstOf(o.Label, o.Value))
	}
	return r.add(place, f)
}
