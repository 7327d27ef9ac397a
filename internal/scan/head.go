package scan

import (
	"encoding/json"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// HeadSize is how many bytes of a file Recognise looks at.
const HeadSize = 1 << 20

// head is what the first bytes of a file tell about its kind.
type head struct {
	text string            // as UTF-8
	json *peek             // nil where it is no JSON
	keys map[string]string // of the top level of a YAML file, with the rest of their lines
}

// peek is the top of a JSON value: what keys and scalars it has, some levels down.
type peek struct {
	kind  byte // '{', '[', 's' for a text, 'v' for another scalar
	text  string
	keys  map[string]*peek
	items []*peek // the first few of an array
}

const (
	peekDepth = 5
	peekKeys  = 500
	peekItems = 3
)

func newHead(first []byte) *head {
	decoded, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), first)
	if err != nil {
		return &head{}
	}
	h := &head{text: string(decoded)}
	trimmed := strings.TrimLeft(h.text, " \t\r\n")
	switch {
	case trimmed == "":
	case trimmed[0] == '{' || trimmed[0] == '[':
		d := json.NewDecoder(strings.NewReader(trimmed))
		h.json, _ = readPeek(d, 0) // what is cut off at the end of the head is no matter
	default:
		h.keys = yamlKeys(trimmed)
	}
	return h
}

// readPeek reads the next value. It returns what it saw of a value that is cut off, with the error.
func readPeek(d *json.Decoder, depth int) (*peek, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	p := &peek{kind: 'v'}
	switch v := t.(type) {
	case string:
		p.kind = 's'
		if len(v) <= 500 {
			p.text = v
		}
	case json.Delim:
		if depth > maxDepth {
			return p, fault("scan.error.deep", "most", maxDepth)
		}
		if p.kind = byte(v); v == '{' {
			return p, p.readObject(d, depth)
		}
		return p, p.readArray(d, depth)
	}
	return p, nil
}

func (p *peek) readObject(d *json.Decoder, depth int) error {
	p.keys = map[string]*peek{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		value, err := readPeek(d, depth+1)
		if key, ok := t.(string); ok && value != nil && depth < peekDepth && len(p.keys) < peekKeys {
			p.keys[key] = value
		}
		if err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func (p *peek) readArray(d *json.Decoder, depth int) error {
	for d.More() {
		value, err := readPeek(d, depth+1)
		if value != nil && depth < peekDepth && len(p.items) < peekItems {
			p.items = append(p.items, value)
		}
		if err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// at follows keys; nil where there is none of them.
func (p *peek) at(keys ...string) *peek {
	for _, key := range keys {
		if p == nil || p.kind != '{' {
			return nil
		}
		p = p.keys[key]
	}
	return p
}

// has tells whether an object has all keys.
func (p *peek) has(keys ...string) bool {
	for _, key := range keys {
		if p.at(key) == nil {
			return false
		}
	}
	return p != nil && len(keys) > 0
}

// is tells of what kind the value at keys is.
func (p *peek) is(kind byte, keys ...string) bool {
	v := p.at(keys...)
	return v != nil && v.kind == kind
}

// hasKey tells whether a YAML file has a key at its margin, and holds some words.
func (h *head) hasKey(key string, words ...string) bool {
	if _, has := h.keys[key]; !has {
		return false
	}
	for _, w := range words {
		if !strings.Contains(h.text, w) {
			return false
		}
	}
	return true
}

// str is the text at keys.
func (p *peek) str(keys ...string) string {
	if v := p.at(keys...); v != nil {
		return v.text
	}
	return ""
}

// first is the first item of an array, nil where there is none.
func (p *peek) first() *peek {
	if p == nil || len(p.items) == 0 {
		return nil
	}
	return p.items[0]
}

// yamlKeys are the keys at the margin of a text, if it looks like YAML: that it is valid is for the parser to say.
func yamlKeys(text string) map[string]string {
	keys := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "---") || line[0] == ' ' || line[0] == '-' || line[0] == '\t' {
			continue
		}
		key, rest, ok := strings.Cut(line, ":")
		if !ok || rest != "" && rest[0] != ' ' || strings.ContainsAny(key, " ,;|\t") {
			return nil // a table, or a text
		}
		keys[strings.Trim(key, `"'`)] = strings.TrimSpace(rest)
	}
	return keys
}
