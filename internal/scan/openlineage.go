package scan

import (
	"slices"

	"utile/internal/domain"
)

// openlineage reads events of OpenLineage (spec 2-0-2), one or several to a file: the fields of datasets that have a schema
// facet, and flows from inputs to outputs. A namespace is taken for an application.
var openlineage = format{
	name: "openlineage", says: []domain.ScanTarget{domain.ScanDataType, domain.ScanComment},
	sniff: func(h *head) bool {
		return h.json.isLineage() || h.json != nil && h.json.kind == '[' && h.json.item().isLineage()
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

func (t *tree) isLineage() bool {
	if t == nil || t.kind != '{' || !(t.has("job") || t.has("dataset") || t.has("run")) {
		return false
	}
	return t.has("eventTime") || t.has("eventType") || t.has("schemaURL") || t.has("inputs") || t.has("outputs") || t.is('{', "job", "facets")
}

func (r *reading) lineageEvent(t *tree) error {
	for _, d := range slices.Concat(t.list("inputs"), t.list("outputs"), t.list("dataset")) {
		for _, f := range d.list("facets", "schema", "fields") {
			if err := r.leaves("", f, func(name string, f *tree) error { return r.lineageField(lineageDataset(d), name, f) }); err != nil {
				return err
			}
		}
	}
	for _, from := range t.list("inputs") {
		for _, to := range t.list("outputs") {
			if err := r.addFlow(flow{from: lineageDataset(from), to: lineageDataset(to), mechanism: "etl"}); err != nil {
				return err
			}
		}
	}
	return nil
}

func lineageDataset(t *tree) datasetKeyed {
	return datasetKeyed{application: t.str("namespace"), dataset: t.str("name")}
}

func (r *reading) lineageField(at datasetKeyed, name string, t *tree) error {
	return r.add(r.place(t.line), field{application: at.application, dataset: at.dataset, name: name, dataType: t.str("type"), text: t.str("description")})
}
