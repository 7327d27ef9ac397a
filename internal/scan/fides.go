package scan

import (
	"strings"

	"utile/internal/domain"
)

// fides reads datasets as the Fides language declares them (fideslang, Dataset): collections of fields, whose data
// categories are translated by whoever knows the categories of the workspace.
var fides = format{
	name: "fides",
	says: []domain.ScanTarget{domain.ScanDataType, domain.ScanKey, domain.ScanReferences, domain.ScanComment},
	sniff: func(h *head) bool {
		return h.hasKey("dataset", "collections:") || h.json.is('[', "dataset") && h.json.get("dataset").item().has("collections")
	},
	read: func(r *reading) error { return r.whole(r.fidesFile) },
	end:  fidesEnd,
}

// fidesDocument remembers which application a key of Fides stands for.
type fidesDocument struct {
	applications map[string]string
	references   []fidesReference
}

type fidesReference struct {
	from      datasetKeyed
	dataset   string // key of Fides
	field     string // collection.field
	direction string
}

func (r *reading) fidesFile(t *tree) error {
	if r.state == nil {
		r.state = &fidesDocument{applications: map[string]string{}}
	}
	for _, unused := range []string{"system", "policy", "data_category", "data_use", "data_subject", "organization"} {
		for range t.list(unused) {
			r.note("fides_other", r.place(t.get(unused).line))
		}
	}
	for _, d := range t.list("dataset") {
		application := fidesName(d)
		r.state.(*fidesDocument).applications[d.str("fides_key")] = application
		for _, c := range d.list("collections") {
			name := c.str("name")
			for _, f := range c.list("fields") {
				at := datasetKeyed{application: application, dataset: name}
				if err := r.leaves("", f, func(name string, f *tree) error { return r.fidesField(at, name, f) }); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// fidesName names the application of a dataset: connectors are published with a placeholder for a key.
func fidesName(d *tree) string {
	if name := d.str("name"); name != "" {
		return name
	}
	if key := d.str("fides_key"); !strings.HasPrefix(key, "<") {
		return key
	}
	return ""
}

func (r *reading) fidesField(at datasetKeyed, name string, t *tree) error {
	meta := t.first("fides_meta", "fidesops_meta")
	f := field{application: at.application, dataset: at.dataset, name: name, text: t.str("description"), dataType: meta.scalar("data_type"),
		key: truth(meta.yes("primary_key")), fides: t.texts("data_categories"), source: domain.SourceFacts{Length: meta.number("length")}}
	f.source.Categories = f.fides
	if identity := meta.scalar("identity"); identity != "" {
		f.source.Meta = map[string]string{"identity": identity}
	}
	var references []string
	for _, ref := range meta.list("references") {
		references = append(references, ref.str("field"))
		r.state.(*fidesDocument).references = append(r.state.(*fidesDocument).references,
			fidesReference{at, ref.str("dataset"), ref.str("field"), ref.str("direction")})
	}
	f.reference = strings.Join(references, ";")
	return r.add(r.place(t.line), f)
}

// fidesEnd makes flows of references that lead to another system: those within one system only join its tables.
func fidesEnd(d *Document) error {
	state, _ := d.state.(*fidesDocument)
	if state == nil {
		return nil
	}
	for _, ref := range state.references {
		application, known := state.applications[ref.dataset]
		collection, _, _ := strings.Cut(ref.field, ".")
		other := datasetKeyed{application: application, dataset: collection}
		if !known || application == ref.from.application || collection == "" {
			continue
		}
		f := flow{from: other, to: ref.from}
		if ref.direction == "to" {
			f = flow{from: ref.from, to: other}
		}
		if err := d.addFlow(f); err != nil {
			return err
		}
	}
	return nil
}
