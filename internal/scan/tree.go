package scan

import (
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of files that must be in memory as a whole, since what stands at one place is explained at another.
const (
	maxTreeFile = 32 << 20
	maxYAMLFile = 8 << 20
	maxNodes    = 2_000_000
)

// tree is a value of a JSON or YAML file. A nil tree is a value that is not there: asking it gives nothing.
type tree struct {
	kind  byte // '{', '[', 's' for a text, 'b', 'n' for a number, '0' for null
	text  string
	keys  []string // of an object, in the order of the file
	items []*tree  // values of the keys, or items
	line  int
}

func (t *tree) get(path ...string) *tree {
	for _, key := range path {
		if t == nil || t.kind != '{' {
			return nil
		}
		var found *tree
		for n, k := range t.keys {
			if k == key {
				found = t.items[n]
			}
		}
		t = found
	}
	return t
}

// has tells whether an object has all keys.
func (t *tree) has(keys ...string) bool {
	for _, key := range keys {
		if t.get(key) == nil {
			return false
		}
	}
	return t != nil && len(keys) > 0
}

// is tells of what kind the value at a path is.
func (t *tree) is(kind byte, path ...string) bool {
	v := t.get(path...)
	return v != nil && v.kind == kind
}

// item is the first item of an array, nil where there is none.
func (t *tree) item() *tree {
	if t == nil || t.kind != '[' || len(t.items) == 0 {
		return nil
	}
	return t.items[0]
}

// first is the value of the first of several names that a key may have.
func (t *tree) first(keys ...string) *tree {
	for _, key := range keys {
		if v := t.get(key); v != nil && v.kind != '0' {
			return v
		}
	}
	return nil
}

// str is a text, or nothing where there is none.
func (t *tree) str(path ...string) string {
	if v := t.get(path...); v != nil && v.kind == 's' {
		return v.text
	}
	return ""
}

// scalar is a text, number or truth value as text.
func (t *tree) scalar(path ...string) string {
	if v := t.get(path...); v != nil && (v.kind == 's' || v.kind == 'n' || v.kind == 'b') {
		return v.text
	}
	return ""
}

func (t *tree) yes(path ...string) bool {
	v := t.get(path...)
	return v != nil && v.kind == 'b' && v.text == "true"
}

// number is a whole number from 0; others are 0.
func (t *tree) number(path ...string) int {
	v := t.get(path...)
	if v == nil || v.kind != 'n' {
		return 0
	}
	n := 0
	for _, c := range []byte(v.text) {
		if c < '0' || c > '9' || n > 1<<30 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// list are the items of an array; one value alone is a list of itself.
func (t *tree) list(path ...string) []*tree {
	switch v := t.get(path...); {
	case v == nil || v.kind == '0':
		return nil
	case v.kind == '[':
		return v.items
	default:
		return []*tree{v}
	}
}

func (t *tree) texts(path ...string) (texts []string) {
	for _, item := range t.list(path...) {
		if item.kind == 's' {
			texts = append(texts, item.text)
		}
	}
	return texts
}

func (t *tree) pairs(path ...string) iter.Seq2[string, *tree] {
	return func(yield func(string, *tree) bool) {
		v := t.get(path...)
		if v == nil || v.kind != '{' {
			return
		}
		for n, key := range v.keys {
			if !yield(key, v.items[n]) {
				return
			}
		}
	}
}

// maxPath is how many dots the name of a nested field may have: what lies deeper is told and not taken.
const maxPath = 8

// leaves calls f for a field, or for those inside of it where it has "fields", with their names as paths.
func (r *reading) leaves(path string, t *tree, f func(name string, t *tree) error) error {
	name := path + t.str("name")
	nested := t.list("fields")
	if len(nested) == 0 {
		return f(name, t)
	}
	if strings.Count(name, ".") >= maxPath {
		r.note("too_deep", r.place(t.line))
		return nil
	}
	for _, inner := range nested {
		if err := r.leaves(name+".", inner, f); err != nil {
			return err
		}
	}
	return nil
}

// whole reads the file, JSON or YAML, and calls f for every value in it: a file may hold several, one after the other.
func (r *reading) whole(f func(*tree) error) error {
	if r.head.json != nil {
		return r.wholeJSON(f)
	}
	return r.wholeYAML(f)
}

func (r *reading) wholeJSON(f func(*tree) error) error {
	if r.Size > maxTreeFile {
		return fault("scan.error.file_size", "most", maxTreeFile)
	}
	j, nodes := r.json(), 0
	for {
		t, err := j.tree(&nodes)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(t); err != nil {
			return err
		}
	}
}

// tree reads the value that follows; io.EOF where there is none.
func (j *jsonReader) tree(nodes *int) (*tree, error) {
	line := j.startLine()
	j.guard.until = j.InputOffset() + maxRecord
	t, err := j.Token()
	if errors.Is(err, io.EOF) && j.guard.depth == 0 && !j.guard.quoted {
		return nil, io.EOF
	}
	if err != nil {
		return nil, j.fault(err)
	}
	return j.treeOf(t, line, nodes)
}

func (j *jsonReader) treeOf(t json.Token, line int, nodes *int) (*tree, error) {
	if *nodes++; *nodes > maxNodes {
		return nil, &Error{Key: "scan.error.nodes", Args: map[string]any{"most": maxNodes}, Place: j.here()}
	}
	v := scalarOf(t)
	v.line = line
	if _, nested := t.(json.Delim); nested {
		return v, j.children(v, nodes)
	}
	return v, nil
}

// scalarOf is the value of a token, empty where that opens an object or a list.
func scalarOf(t json.Token) *tree {
	switch t := t.(type) {
	case string:
		return &tree{kind: 's', text: t}
	case bool:
		return &tree{kind: 'b', text: strconv.FormatBool(t)}
	case float64:
		return &tree{kind: 'n'}
	case json.Number:
		return &tree{kind: 'n', text: t.String()}
	case json.Delim:
		return &tree{kind: byte(t)}
	}
	return &tree{kind: '0'}
}

func (j *jsonReader) children(v *tree, nodes *int) error {
	for j.More() {
		if v.kind == '{' {
			key, err := j.token()
			if err != nil {
				return err
			}
			name, _ := key.(string)
			v.keys = append(v.keys, name)
		}
		line := j.startLine()
		t, err := j.token()
		if err != nil {
			return err
		}
		child, err := j.treeOf(t, line, nodes)
		if err != nil {
			return err
		}
		v.items = append(v.items, child)
	}
	_, err := j.token()
	return err
}

func (r *reading) wholeYAML(f func(*tree) error) error {
	if r.Size > maxYAMLFile {
		return fault("scan.error.file_size", "most", maxYAMLFile)
	}
	d, nodes := yaml.NewDecoder(r.content()), 0
	for {
		var n yaml.Node
		err := decodeYAML(d, &n)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &Error{Key: "scan.error.yaml", cause: err}
		}
		t, err := r.treeOfYAML(&n, 0, &nodes)
		if err != nil {
			return err
		}
		if err := f(t); err != nil {
			return err
		}
	}
}

// decodeYAML turns what the parser gives up on with a panic into an error.
func decodeYAML(d *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = errors.New("yaml: the parser gave up")
		}
	}()
	return d.Decode(n)
}

// treeOfYAML copies a node. An alias is copied where it stands, and counts as often as it stands somewhere: a file that blows
// itself up with them is over the limit soon.
func (r *reading) treeOfYAML(n *yaml.Node, depth int, nodes *int) (*tree, error) {
	if *nodes++; *nodes > maxNodes {
		return nil, &Error{Key: "scan.error.nodes", Args: map[string]any{"most": maxNodes}, Place: r.place(n.Line)}
	}
	if depth > maxDepth {
		return nil, &Error{Key: "scan.error.deep", Args: map[string]any{"most": maxDepth}, Place: r.place(n.Line)}
	}
	v := &tree{line: n.Line}
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 0 {
			return &tree{kind: '0'}, nil
		}
		return r.treeOfYAML(n.Content[0], depth, nodes)
	case yaml.AliasNode:
		return r.treeOfYAML(n.Alias, depth+1, nodes)
	case yaml.ScalarNode:
		v.kind, v.text = yamlKind(n), n.Value
		if v.kind == 'b' {
			v.text = strings.ToLower(n.Value)
		}
		return v, nil
	case yaml.MappingNode:
		v.kind = '{'
	case yaml.SequenceNode:
		v.kind = '['
	}
	for i := 0; i < len(n.Content); i++ {
		if v.kind == '{' {
			v.keys = append(v.keys, n.Content[i].Value)
			if i++; i == len(n.Content) {
				break
			}
		}
		child, err := r.treeOfYAML(n.Content[i], depth+1, nodes)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, child)
	}
	return v, nil
}

func yamlKind(n *yaml.Node) byte {
	switch n.ShortTag() {
	case "!!bool":
		return 'b'
	case "!!int", "!!float":
		return 'n'
	case "!!null":
		return '0'
	}
	return 's'
}
