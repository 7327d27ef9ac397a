package scan

import (
	"slices"
	"strings"

	"utile/internal/domain"
)

var jsonSchemaSays = []domain.ScanTarget{domain.ScanLabel, domain.ScanDataType, domain.ScanNullable, domain.ScanComment}

// jsonschema reads JSON Schemas (draft 4 to 2020-12), in JSON or YAML: the properties of the schema itself, or where it has
// none, those of the schemas that it defines.
var jsonschema = format{
	name: "jsonschema", says: jsonSchemaSays,
	sniff: func(h *head) bool {
		if h.keys != nil {
			return strings.Contains(h.keys["$schema"], "json-schema.org") || strings.Contains(h.keys["type"], "object") && h.hasKey("properties")
		}
		return strings.Contains(h.json.str("$schema"), "json-schema.org") || h.json.str("type") == "object" && h.json.is('{', "properties")
	},
	read: func(r *reading) error {
		return r.whole(func(t *tree) error {
			s := &schemaReader{reading: r, root: t}
			if r.Application == "" {
				r.Application = t.str("title")
			}
			if err := s.dataset(firstOf(t.str("title"), r.base()), t); err != nil || s.found > 0 {
				return err
			}
			return s.definitions(t.first("$defs", "definitions"))
		})
	},
}

// openapi reads the schemas that an OpenAPI 3 description has among its components, or a Swagger 2 description defines.
var openapi = format{
	name: "openapi", says: jsonSchemaSays,
	sniff: func(h *head) bool {
		return h.hasKey("openapi") || h.hasKey("swagger") || h.json.is('s', "openapi") || h.json.is('s', "swagger")
	},
	read: func(r *reading) error {
		return r.whole(func(t *tree) error {
			s := &schemaReader{reading: r, root: t}
			if r.Application == "" {
				r.Application = t.str("info", "title")
			}
			schemas := t.get("components", "schemas")
			if schemas == nil {
				schemas = t.get("definitions")
			}
			return s.definitions(schemas)
		})
	},
}

// schemaReader reads the properties of schemas of one file.
type schemaReader struct {
	*reading
	root  *tree
	found int
	steps int // schemas that were looked at for one dataset
}

func (s *schemaReader) definitions(defs *tree) error {
	for name, schema := range defs.pairs() {
		if err := s.dataset(name, schema); err != nil {
			return err
		}
	}
	return nil
}

// maxSchemas is how many schemas one dataset may be made of: references make more of a file than stands in it.
const maxSchemas = 20_000

func (s *schemaReader) dataset(name string, schema *tree) error {
	s.steps = 0
	before := len(s.fields)
	err := s.properties(name, "", schema, nil)
	s.found += len(s.fields) - before
	return err
}

// properties takes the properties of a schema, of the schemas that it combines, and of those that it refers to. Within are
// the schemas around it, so that one that holds itself ends.
func (s *schemaReader) properties(dataset, path string, schema *tree, within []*tree) error {
	if s.steps++; s.steps > maxSchemas {
		s.note("too_many", s.place(schema.line))
		return nil
	}
	if schema = s.resolve(schema); schema == nil || slices.Contains(within, schema) {
		return nil
	}
	within = append(within, schema)
	required := map[string]bool{}
	for _, part := range append([]*tree{schema}, schema.list("allOf")...) {
		for _, name := range s.resolve(part).texts("required") {
			required[name] = true
		}
	}
	for name, property := range schema.pairs("properties") {
		if err := s.property(dataset, path+name, property, !required[name], within); err != nil {
			return err
		}
	}
	if schema.get("patternProperties") != nil || schema.get("additionalProperties").is('{') {
		s.note("open_properties", s.place(schema.line))
	}
	for _, key := range []string{"allOf", "oneOf", "anyOf"} {
		for _, part := range schema.list(key) {
			if err := s.properties(dataset, path, part, within); err != nil {
				return err
			}
		}
	}
	return nil
}

// resolve follows references within the file. One that leads elsewhere, or to itself, is told and gives nothing.
func (s *schemaReader) resolve(t *tree) *tree {
	for range maxDepth {
		ref := t.str("$ref")
		if ref == "" {
			return t
		}
		if !strings.HasPrefix(ref, "#") {
			s.note("remote_ref", s.place(t.line))
			return nil
		}
		next := s.root
		for _, key := range strings.Split(strings.TrimPrefix(strings.TrimPrefix(ref, "#"), "/"), "/") {
			if key != "" {
				next = next.get(strings.NewReplacer("~1", "/", "~0", "~").Replace(key))
			}
		}
		if next == nil {
			s.note("lost_ref", s.place(t.line))
			return nil
		}
		t = next
	}
	s.note("cycle", s.place(t.line))
	return nil
}

func (s *schemaReader) property(dataset, name string, property *tree, optional bool, within []*tree) error {
	schema := s.resolve(property)
	inner := schema
	for range maxPath { // lists of lists
		if inner.get("items") == nil {
			break
		}
		inner = s.resolve(inner.get("items"))
	}
	if s.holds(inner) {
		switch {
		case strings.Count(name, ".") >= maxPath:
			s.note("too_deep", s.place(property.line))
			return nil
		case slices.Contains(within, inner):
			s.note("cycle", s.place(property.line))
		default:
			before := len(s.fields)
			if err := s.properties(dataset, name+".", inner, within); err != nil || len(s.fields) > before {
				return err
			}
		}
	}
	return s.add(s.place(property.line), s.described(dataset, name, property, schema, optional))
}

// holds tells whether a schema has properties of its own, be it through the schemas that it combines.
func (s *schemaReader) holds(t *tree) bool {
	if len(t.get("properties").keysOf()) > 0 {
		return true
	}
	for _, key := range []string{"allOf", "oneOf", "anyOf"} {
		for _, part := range t.list(key) {
			if part.get("properties") != nil || part.get("$ref") != nil && s.resolve(part).get("properties") != nil {
				return true
			}
		}
	}
	return false
}

func (t *tree) keysOf() []string {
	if t == nil || t.kind != '{' {
		return nil
	}
	return t.keys
}

func (s *schemaReader) described(dataset, name string, property, schema *tree, optional bool) field {
	null := schema.yes("nullable")
	var types []string
	for _, t := range schema.texts("type") {
		if t == "null" {
			null = true
			continue
		}
		types = append(types, t)
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		for _, part := range schema.list(key) {
			switch t := s.resolve(part).str("type"); t {
			case "":
			case "null":
				null = true
			default:
				types = append(types, t)
			}
		}
	}
	nullable := optional || null
	f := field{dataset: dataset, name: name, label: firstOf(property.str("title"), schema.str("title")), dataType: strings.Join(types, " | "),
		text: firstOf(property.str("description"), schema.str("description")), nullable: &nullable,
		source: domain.SourceFacts{Length: schema.number("maxLength"), Deprecated: property.yes("deprecated") || schema.yes("deprecated")}}
	if format := schema.str("format"); format != "" {
		f.dataType += "(" + format + ")"
	}
	if items := s.resolve(schema.get("items")); items != nil && f.dataType == "array" {
		if inner := firstOf(items.str("format"), items.str("type")); inner != "" {
			f.dataType = "array<" + inner + ">"
		}
	}
	for _, v := range schema.list("enum") {
		if v.kind != '0' {
			f.source.Options = append(f.source.Options, v.scalar())
		}
	}
	f.source.OptionCount = len(f.source.Options)
	switch {
	case f.dataType != "":
	case len(f.source.Options) > 0:
		f.dataType = "enum"
	case s.holds(schema):
		f.dataType = "object"
	}
	for key, v := range property.pairs() {
		if word := v.scalar(); strings.HasPrefix(key, "x-") && word != "" {
			if f.source.Meta == nil {
				f.source.Meta = map[string]string{}
			}
			f.source.Meta[key] = word
		}
	}
	return f
}
