package scan

import (
	"strings"

	"utile/internal/domain"
)

// openlineage reads events of OpenLineage (spec 2-0-2), one or several to a file: the fields of datasets that have a schema
// facet, and flows from inputs to outputs. A namespace is taken for an application.
var openlineage = format{
	name: "openlineage", says: []domain.ScanTarget{domain.ScanDataType, domain.ScanComment},
	sniff: func(h *head) bool {
		return h.json.isLineage() || h.json != nil && h.json.kind == '[' && h.json.first().isLineage()
	},
	read: func(r *reading) error {
		before := len(r.fields)
		err := r.whole(func(t *tree) error {
			for _, event := range t.list() {
				if err := r.lineageEvent(event); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil && len(r.fields) == before {
			r.note("none.openlineage", r.Name)
		}
		return err
	},
}

func (p *peek) isLineage() bool {
	if p == nil || p.kind != '{' || !(p.has("job") || p.has("dataset") || p.has("run")) {
		return false
	}
	return p.has("eventTime") || p.has("eventType") || p.has("schemaURL") || p.has("inputs") || p.has("outputs") || p.is('{', "job", "facets")
}

func (r *reading) lineageEvent(t *tree) error {
	var inputs, outputs []datasetKeyed
	for _, d := range t.list("inputs") {
		inputs = append(inputs, datasetKeyed{application: d.str("namespace"), dataset: d.str("name")})
	}
	for _, d := range t.list("outputs") {
		outputs = append(outputs, datasetKeyed{application: d.str("namespace"), dataset: d.str("name")})
	}
	for _, d := range append(append(t.list("inputs"), t.list("outputs")...), t.list("dataset")...) {
		for _, f := range d.list("facets", "schema", "fields") {
			if err := r.lineageField(datasetKeyed{application: d.str("namespace"), dataset: d.str("name")}, "", f); err != nil {
				return err
			}
		}
	}
	for _, from := range inputs {
		for _, to := range outputs {
			if err := r.addFlow(flow{from: from, to: to, mechanism: "etl"}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reading) lineageField(at datasetKeyed, path string, t *tree) error {
	name := path + t.str("name")
	if nested := t.list("fields"); len(nested) > 0 {
		if strings.Count(name, ".") >= maxPath {
			r.note("too_deep", r.place(t.line))
			return nil
		}
		for _, f := range nested {
			if err := r.lineageField(at, name+".", f); err != nil {
				return err
			}
		}
		return nil
	}
	return r.add(r.place(t.line), field{application: at.application, dataset: at.dataset, name: name, dataType: t.str("type"), text: t.str("description")})
}
