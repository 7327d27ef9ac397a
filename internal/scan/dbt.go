package scan

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"utile/internal/domain"
)

// dbt reads manifest.json (v1 to v12) and catalog.json (v1) of dbt together: the manifest has descriptions, tags and what
// depends on what, the catalog has columns with types. What both call by one id is one dataset.
var dbt = format{
	name: "dbt", says: []domain.ScanTarget{domain.ScanDataType, domain.ScanKey, domain.ScanReferences, domain.ScanComment},
	sniff: func(h *head) bool {
		version := h.json.str("metadata", "dbt_schema_version")
		return strings.Contains(version, "/manifest/") || strings.Contains(version, "/catalog/")
	},
	read: func(r *reading) error {
		if r.state == nil {
			r.state = &dbtProject{nodes: map[string]*dbtNode{}, tables: map[string]*dbtTable{}}
		}
		j := r.json()
		if err := r.dbtFile(j, r.state.(*dbtProject)); err != nil {
			return err
		}
		return j.done()
	},
	end: func(d *Document) error { return d.state.(*dbtProject).end(d) },
}

// dbtProject is what manifests and catalogs say, by unique id.
type dbtProject struct {
	name   string
	ids    []string // in the order of the files
	nodes  map[string]*dbtNode
	tables map[string]*dbtTable
	tests  []dbtTest
}

// dbtNode is a model, seed, snapshot or source of a manifest.
type dbtNode struct {
	Name       string `json:"name"`
	Alias      string `json:"alias"`
	Identifier string `json:"identifier"`
	Schema     string `json:"schema"`
	Type       string `json:"resource_type"`
	Config     struct {
		Materialized string `json:"materialized"`
	} `json:"config"`
	DependsOn struct {
		Nodes []string `json:"nodes"`
	} `json:"depends_on"`
	Columns dbtColumns `json:"columns"`
	Keys    []string   `json:"primary_key"`
	Column  string     `json:"column_name"` // of a test, as what follows
	On      string     `json:"attached_node"`
	Test    struct {
		Name   string `json:"name"`
		Kwargs struct {
			Field string `json:"field"`
		} `json:"kwargs"`
	} `json:"test_metadata"`

	at   stamp
	tied map[string]string // what columns refer to, by name of the column
}

// stamp is where something was read, and from an artifact of when.
type stamp struct {
	place, made string
	file        int
}

// dbtTable is what a catalog says of a node.
type dbtTable struct {
	Metadata struct {
		Schema string `json:"schema"`
		Name   string `json:"name"`
	} `json:"metadata"`
	Columns dbtColumns `json:"columns"`

	at stamp
}

type dbtTest struct {
	on, column, to, field string
}

type dbtColumn struct {
	Name        string         `json:"name"`
	Type        string         `json:"type"`      // of a catalog
	DataType    string         `json:"data_type"` // of a manifest
	Comment     string         `json:"comment"`
	Description string         `json:"description"`
	Index       int            `json:"index"`
	Tags        []string       `json:"tags"`
	Meta        map[string]any `json:"meta"`
	Config      struct {
		Tags []string       `json:"tags"`
		Meta map[string]any `json:"meta"`
	} `json:"config"`
	Constraints []struct {
		Type string `json:"type"`
	} `json:"constraints"`
}

// dbtColumns are columns in the order of the file, which holds them by name or, as documented, in a list.
type dbtColumns []dbtColumn

// UnmarshalJSON reads both forms. A column that is not as it should be is left out.
func (c *dbtColumns) UnmarshalJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	opening, err := d.Token()
	if err != nil || opening != jsonObject && opening != jsonArray {
		return err
	}
	for d.More() {
		name := ""
		if opening == jsonObject {
			key, err := d.Token()
			if err != nil {
				return err
			}
			name, _ = key.(string)
		}
		var column dbtColumn
		if err := d.Decode(&column); err != nil {
			if _, unfit := errors.AsType[*json.UnmarshalTypeError](err); !unfit {
				return err
			}
		}
		if column.Name == "" {
			column.Name = name
		}
		if column.Name != "" {
			*c = append(*c, column)
		}
	}
	return nil
}

func (r *reading) dbtFile(j *jsonReader, p *dbtProject) error {
	var about struct {
		Version   string `json:"dbt_schema_version"`
		Generated string `json:"generated_at"`
		Project   string `json:"project_name"`
	}
	return j.object(func(key string) error {
		switch key {
		case "metadata":
			err := j.decode(&about)
			p.name = firstOf(about.Project, p.name)
			return err
		case "nodes", "sources":
			if strings.Contains(about.Version, "/catalog/") {
				return j.object(func(id string) error { return r.dbtTable(j, p, id, about.Generated) })
			}
			return j.object(func(id string) error { return r.dbtNode(j, p, id, about.Generated) })
		case "exposures", "metrics", "semantic_models", "saved_queries":
			return j.object(func(string) error {
				r.note("dbt_"+key, j.here())
				return errSkip
			})
		}
		return errSkip
	})
}

// older tells whether the same was read before from a newer artifact.
func (r *reading) older(before, now stamp) bool {
	r.note("repeated_node", now.place)
	return before.made > now.made
}

func (r *reading) dbtNode(j *jsonReader, p *dbtProject, id, made string) error {
	n := &dbtNode{at: stamp{j.start(), made, r.current}}
	if err := j.decode(n); err != nil {
		return err
	}
	if n.Type == "" {
		n.Type, _, _ = strings.Cut(id, ".")
	}
	switch n.Type {
	case "model", "seed", "snapshot", "source":
	case "test":
		if n.Test.Name == "relationships" && n.On != "" {
			p.tests = append(p.tests, dbtTest{n.On, n.Column, otherNode(n.DependsOn.Nodes, n.On), n.Test.Kwargs.Field})
		}
		return nil
	default:
		return nil
	}
	if was, twice := p.nodes[id]; twice && r.older(was.at, n.at) {
		return nil
	}
	p.know(id)
	p.nodes[id] = n
	return nil
}

// know keeps the order in which ids came.
func (p *dbtProject) know(id string) {
	if p.nodes[id] == nil && p.tables[id] == nil {
		p.ids = append(p.ids, id)
	}
}

func otherNode(nodes []string, not string) string {
	for _, n := range nodes {
		if n != not {
			return n
		}
	}
	return not
}

func (r *reading) dbtTable(j *jsonReader, p *dbtProject, id, made string) error {
	t := &dbtTable{at: stamp{j.start(), made, r.current}}
	if err := j.decode(t); err != nil {
		return err
	}
	if was, twice := p.tables[id]; twice && r.older(was.at, t.at) {
		return nil
	}
	kind, _, _ := strings.Cut(id, ".")
	if !slices.Contains([]string{"model", "seed", "snapshot", "source"}, kind) {
		return nil
	}
	slices.SortStableFunc(t.Columns, func(a, b dbtColumn) int { return a.Index - b.Index })
	p.know(id)
	p.tables[id] = t
	return nil
}

// end makes datasets of nodes, and flows of what depends on what.
func (p *dbtProject) end(d *Document) error {
	for _, t := range p.tests {
		if from := p.nodes[t.on]; from != nil {
			if from.tied == nil {
				from.tied = map[string]string{}
			}
			from.tied[strings.ToLower(t.column)] = p.dataset(t.to).dataset + "." + t.field
		}
	}
	for _, id := range p.ids {
		n := p.nodes[id]
		if n != nil && n.Config.Materialized == "ephemeral" && p.tables[id] == nil {
			d.note("dbt_ephemeral", n.at.place)
			continue
		}
		if err := p.addColumns(d, id); err != nil {
			return err
		}
	}
	for _, id := range p.ids {
		for _, parent := range p.parents(id, map[string]bool{}) {
			if err := d.addFlow(flow{from: p.dataset(parent), to: p.dataset(id), mechanism: "etl"}); err != nil {
				return err
			}
		}
	}
	return nil
}

// parents are the datasets that a node is made of: through those that are in no database, what those are made of.
func (p *dbtProject) parents(id string, seen map[string]bool) (ids []string) {
	n := p.nodes[id]
	if n == nil || seen[id] {
		return nil
	}
	seen[id] = true
	for _, parent := range n.DependsOn.Nodes {
		switch of := p.nodes[parent]; {
		case of == nil:
		case of.Config.Materialized == "ephemeral" && p.tables[parent] == nil:
			ids = append(ids, p.parents(parent, seen)...)
		default:
			ids = append(ids, parent)
		}
	}
	return ids
}

// dataset names a node as the warehouse does. All of a project is one application.
func (p *dbtProject) dataset(id string) datasetKeyed {
	parts := strings.SplitN(id, ".", 3)
	d := datasetKeyed{application: p.name, dataset: parts[len(parts)-1]}
	if d.application == "" && len(parts) > 1 {
		d.application = parts[1]
	}
	if n := p.nodes[id]; n != nil {
		d.schema, d.dataset = n.Schema, firstOf(n.Identifier, n.Alias, n.Name, d.dataset)
	}
	if t := p.tables[id]; t != nil {
		d.schema, d.dataset = firstOf(t.Metadata.Schema, d.schema), firstOf(t.Metadata.Name, d.dataset)
	}
	return d
}

func (p *dbtProject) addColumns(d *Document, id string) error {
	at, n, t := p.dataset(id), p.nodes[id], p.tables[id]
	documented := map[string]dbtColumn{}
	var columns dbtColumns
	if n != nil {
		columns, d.current = n.Columns, n.at.file
		for _, c := range n.Columns {
			documented[strings.ToLower(c.Name)] = c
		}
	} else {
		n = &dbtNode{at: t.at}
	}
	if t != nil { // the database knows which columns there are
		columns, d.current = t.Columns, t.at.file
	}
	place := n.at.place
	if t != nil {
		place = t.at.place
	}
	d.Files[n.at.file].Helps = true
	if len(columns) == 0 {
		d.note("dataset_without_fields", place)
	}
	for _, c := range columns {
		if err := d.add(place, c.found(at, documented[strings.ToLower(c.Name)], n)); err != nil {
			return err
		}
		delete(documented, strings.ToLower(c.Name))
	}
	for range documented {
		d.note("dbt_documented_only", n.at.place)
	}
	return nil
}

func (c dbtColumn) found(at datasetKeyed, said dbtColumn, n *dbtNode) field {
	key := slices.ContainsFunc(n.Keys, func(k string) bool { return strings.EqualFold(k, c.Name) })
	f := field{application: at.application, schema: at.schema, dataset: at.dataset, name: c.Name, dataType: firstOf(c.Type, c.DataType, said.DataType),
		text: firstOf(said.Description, c.Description, c.Comment), reference: n.tied[strings.ToLower(c.Name)]}
	for _, rule := range append(c.Constraints, said.Constraints...) {
		key = key || rule.Type == "primary_key"
		if rule.Type == "not_null" {
			f.nullable = truth(false)
		}
	}
	f.key = &key
	tags := slices.Concat(c.Tags, c.Config.Tags, said.Tags, said.Config.Tags)
	slices.Sort(tags)
	f.source.Tags = slices.Compact(tags)
	for _, meta := range []map[string]any{c.Meta, c.Config.Meta, said.Meta, said.Config.Meta} {
		for name, value := range meta {
			if f.source.Meta == nil {
				f.source.Meta = map[string]string{}
			}
			f.source.Meta[name] = metaWord(value)
		}
	}
	return f
}

// metaWord is a value that people attached, as text.
func metaWord(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, key+": "+metaWord(v[key]))
		}
		return strings.Join(parts, ", ")
	case []any:
		parts := make([]string, len(v))
		for n := range v {
			parts[n] = metaWord(v[n])
		}
		return strings.Join(parts, ", ")
	}
	b, _ := json.Marshal(v) // numbers and truth values
	return string(b)
}
