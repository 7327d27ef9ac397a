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
	json *tree             // its top, nil where it is no JSON
	keys map[string]string // of the top level of a YAML file, with the rest of their lines
}

// Limits of what is kept of the first bytes: what keys and scalars a value has, some levels down, and the first few items of
// a list.
const (
	peekDepth = 5
	peekKeys  = 500
	peekItems = 3
	peekText  = 500
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
		h.json, _ = peek(d, 0) // what is cut off at the end of the head is no matter
	default:
		h.keys = yamlKeys(trimmed)
	}
	return h
}

// peek reads the next value. It returns what it saw of a value that is cut off, with the error.
func peek(d *json.Decoder, depth int) (*tree, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	v := scalarOf(t)
	if len(v.text) > peekText {
		v.text = ""
	}
	opening, nested := t.(json.Delim)
	if !nested {
		return v, nil
	}
	if depth > maxDepth {
		return v, fault("scan.error.deep", "most", maxDepth)
	}
	most := map[json.Delim]int{jsonObject: peekKeys, jsonArray: peekItems}[opening]
	for d.More() {
		key := ""
		if opening == jsonObject {
			name, err := d.Token()
			if err != nil {
				return v, err
			}
			key, _ = name.(string)
		}
		inner, err := peek(d, depth+1)
		if inner != nil && depth < peekDepth && len(v.items) < most {
			if opening == jsonObject {
				v.keys = append(v.keys, key)
			}
			v.items = append(v.items, inner)
		}
		if err != nil {
			return v, err
		}
	}
	_, err = d.Token()
	return v, err
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
