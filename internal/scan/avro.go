package scan

import (
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
)

// avro reads schemas of Apache Avro 1.12: a record, or several in an array. Records inside records are told by paths.
var avro = format{
	name: "avro", says: []domain.ScanTarget{domain.ScanDataType, domain.ScanNullable, domain.ScanComment},
	sniff: func(h *head) bool {
		return h.json.isAvro() || h.json != nil && h.json.kind == '[' && slices.ContainsFunc(h.json.items, (*tree).isAvro)
	},
	read: func(r *reading) error {
		return r.whole(func(t *tree) error {
			a := &avroReader{reading: r, named: map[string]*tree{}}
			for _, schema := range t.list() {
				a.learn(schema, "", 0)
			}
			for _, schema := range t.list() {
				if schema.str("type") != "record" {
					continue
				}
				if r.Application == "" {
					r.Application = schema.str("namespace")
				}
				if err := a.record(datasetKeyed{schema: schema.str("namespace"), dataset: schema.str("name")}, "", schema, nil); err != nil {
					return err
				}
			}
			return nil
		})
	},
}

func (t *tree) isAvro() bool {
	return t.str("type") == "record" && t.has("name") && t.is('[', "fields")
}

type avroReader struct {
	*reading
	named map[string]*tree // records and enums, by name with and without namespace
}

// learn finds the types that have names: any place may name one that another declares.
func (a *avroReader) learn(t *tree, namespace string, depth int) {
	if t == nil || depth > maxDepth {
		return
	}
	if t.kind == '{' && t.str("name") != "" && (t.str("type") == "record" || t.str("type") == "enum" || t.str("type") == "fixed") {
		if own := t.str("namespace"); own != "" {
			namespace = own
		}
		a.named[t.str("name")] = t
		a.named[namespace+"."+t.str("name")] = t
	}
	for _, child := range t.items {
		a.learn(child, namespace, depth+1)
	}
}

func (a *avroReader) record(at datasetKeyed, path string, record *tree, within []*tree) error {
	for _, f := range record.list("fields") {
		if err := a.field(at, path, f, append(within, record)); err != nil {
			return err
		}
	}
	return nil
}

// avroType is a type as a field has it, without what is put around it.
type avroType struct {
	name     string
	schema   *tree // of a record or an enum
	nullable bool
}

func (a *avroReader) field(at datasetKeyed, path string, t *tree, within []*tree) error {
	name, is := path+t.str("name"), a.typeOf(t.get("type"), 0)
	if is.schema.str("type") == "record" {
		switch {
		case strings.Count(name, ".") >= maxPath:
			a.note("too_deep", a.place(t.line))
			return nil
		case !slices.Contains(within, is.schema):
			return a.record(at, name+".", is.schema, within)
		}
		a.note("cycle", a.place(t.line))
	}
	f := field{schema: at.schema, dataset: at.dataset, name: name, dataType: is.name, nullable: &is.nullable, text: t.str("doc")}
	f.source.Options = is.schema.texts("symbols")
	f.source.OptionCount = len(f.source.Options)
	return a.add(a.place(t.line), f)
}

// typeOf unwraps unions with null, arrays and maps, as long as one type is left.
func (a *avroReader) typeOf(t *tree, depth int) avroType {
	switch {
	case t == nil || depth > maxDepth:
		return avroType{}
	case t.kind == 's':
		if named := a.named[t.text]; named != nil {
			return avroType{name: t.text, schema: named}
		}
		return avroType{name: t.text}
	case t.kind == '[':
		return a.unionOf(t, depth)
	}
	switch kind := t.str("type"); kind {
	case "array", "map":
		inner := a.typeOf(t.first("items", "values"), depth+1)
		return avroType{name: kind + "<" + inner.name + ">", schema: inner.schema}
	case "record", "enum":
		return avroType{name: firstOf(t.str("name"), kind), schema: t}
	case "":
		return a.typeOf(t.get("type"), depth+1)
	default:
		name := kind
		if logical := t.str("logicalType"); logical != "" {
			name = logical
		}
		if precision := t.number("precision"); precision > 0 {
			name += "(" + strconv.Itoa(precision) + "," + strconv.Itoa(t.number("scale")) + ")"
		}
		return avroType{name: name}
	}
}

func (a *avroReader) unionOf(t *tree, depth int) avroType {
	var parts []avroType
	nullable := false
	for _, item := range t.items {
		if item.kind == 's' && item.text == "null" {
			nullable = true
			continue
		}
		parts = append(parts, a.typeOf(item, depth+1))
	}
	if len(parts) == 1 {
		parts[0].nullable = parts[0].nullable || nullable
		return parts[0]
	}
	names := make([]string, len(parts))
	for n, p := range parts {
		names[n] = p.name
	}
	return avroType{name: strings.Join(names, " | "), nullable: nullable}
}
