package i18n

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed locales
var locales embed.FS

// form is a plural category of the Unicode CLDR. French uses one, many and other; English one and other.
type form int

const (
	other form = iota
	one
	many
	formCount
)

var formNames = map[string]form{"other": other, "one": one, "many": many}

// piece is a stretch of fixed text, or the place of an argument when name is set.
type piece struct{ text, name string }

// message is a compiled entry of a catalogue. A plain message has one form made of one piece of fixed text.
type message struct {
	plain bool
	by    string // the argument that chooses the form; empty when the message has only one
	forms [formCount][]piece
}

type catalogue map[string]*message

type catalogueSet struct {
	fr, en   catalogue
	problems error
}

func (s *catalogueSet) of(lang Language) catalogue {
	if lang == English {
		return s.en
	}
	return s.fr
}

var catalogues = sync.OnceValue(func() *catalogueSet {
	fr, errFR := loadCatalogue(locales, French)
	en, errEN := loadCatalogue(locales, English)
	return &catalogueSet{fr: fr, en: en, problems: errors.Join(errFR, errEN)}
})

// Check reports every fault of the catalogues: files that do not parse, entries that are not messages, keys given twice.
// The faulty entries are left out, so a server that ignores the error shows their keys.
func Check() error { return catalogues().problems }

func loadCatalogue(files fs.FS, lang Language) (catalogue, error) {
	dir := path.Join("locales", string(lang))
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, fmt.Errorf("read catalogues: %w", err)
	}
	all := catalogue{}
	var problems []error
	for _, e := range entries {
		if path.Ext(e.Name()) != ".toml" {
			continue
		}
		file := path.Join(dir, e.Name())
		problems = append(problems, all.add(files, file)...)
	}
	return all, errors.Join(problems...)
}

func (c catalogue) add(files fs.FS, file string) (problems []error) {
	raw, err := fs.ReadFile(files, file)
	if err != nil {
		return []error{err}
	}
	var entries map[string]any
	if err := toml.Unmarshal(raw, &entries); err != nil {
		return []error{fmt.Errorf("%s: %w", file, err)}
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		m, err := compile(entries[key])
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %q: %w", file, key, err))
			continue
		}
		if _, taken := c[key]; taken {
			problems = append(problems, fmt.Errorf("%s: %q: given twice", file, key))
			continue
		}
		c[key] = m
	}
	return problems
}

// compile reads one value of a catalogue: a text, or a table of plural forms ("one", "other", "many") in which "by" may
// name the argument that chooses the form; it is "n" otherwise.
func compile(value any) (*message, error) {
	if text, ok := value.(string); ok {
		pieces, err := parse(text)
		if err != nil {
			return nil, err
		}
		m := &message{plain: len(pieces) == 1 && pieces[0].name == ""}
		m.forms[other] = pieces
		return m, nil
	}
	table, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("neither a text nor a table of plural forms (is the key quoted?)")
	}
	m := &message{by: "n"}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		text, ok := table[name].(string)
		if !ok {
			return nil, fmt.Errorf("form %q is not a text", name)
		}
		if name == "by" {
			m.by = text
			continue
		}
		f, ok := formNames[name]
		if !ok {
			return nil, fmt.Errorf("%q is not a plural form", name)
		}
		pieces, err := parse(text)
		if err != nil {
			return nil, err
		}
		m.forms[f] = pieces
	}
	if m.forms[other] == nil || m.forms[one] == nil {
		return nil, errors.New("plural forms need one and other")
	}
	return m, nil
}

// parse cuts a text at its {placeholders}.
func parse(text string) ([]piece, error) {
	var pieces []piece
	for rest := text; ; {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			if rest != "" || pieces == nil {
				pieces = append(pieces, piece{text: rest})
			}
			return pieces, nil
		}
		length := strings.IndexByte(rest[open:], '}')
		if length < 2 {
			return nil, fmt.Errorf("unclosed or empty placeholder in %q", text)
		}
		if open > 0 {
			pieces = append(pieces, piece{text: rest[:open]})
		}
		pieces = append(pieces, piece{name: rest[open+1 : open+length]})
		rest = rest[open+length+1:]
	}
}

// arguments finds the value of a placeholder.
type arguments interface {
	value(name string) (any, bool)
}

type pairs []any

func (p pairs) value(name string) (any, bool) {
	for i := 0; i+1 < len(p); i += 2 {
		if p[i] == name {
			return p[i+1], true
		}
	}
	return nil, false
}

type named map[string]any

func (m named) value(name string) (any, bool) {
	v, ok := m[name]
	return v, ok
}

func (m *message) choose(lang Language, args arguments) []piece {
	if m.by == "" {
		return m.forms[other]
	}
	v, _ := args.value(m.by)
	if pieces := m.forms[pluralForm(lang, v)]; pieces != nil {
		return pieces
	}
	return m.forms[other]
}

func (m *message) write(lang Language, args arguments) string {
	var b strings.Builder
	writePieces(&b, lang, m.choose(lang, args), args)
	return b.String()
}

func (m *message) split(lang Language, at string, args arguments) (before, after string) {
	pieces := m.choose(lang, args)
	cut := slices.IndexFunc(pieces, func(p piece) bool { return p.name == at })
	if cut < 0 {
		return m.write(lang, args), ""
	}
	var b, a strings.Builder
	writePieces(&b, lang, pieces[:cut], args)
	writePieces(&a, lang, pieces[cut+1:], args)
	return b.String(), a.String()
}

func writePieces(b *strings.Builder, lang Language, pieces []piece, args arguments) {
	for _, p := range pieces {
		if p.name == "" {
			b.WriteString(p.text)
			continue
		}
		v, ok := args.value(p.name)
		if !ok {
			b.WriteString(missed("{" + p.name + "}"))
			continue
		}
		b.WriteString(display(lang, v))
	}
}

var pluralTags = map[Language]language.Tag{French: language.French, English: language.English}

const million = 1_000_000

func pluralForm(lang Language, v any) form {
	whole, fraction, digits, ok := operands(v)
	if !ok {
		return other
	}
	if lang == French && digits == 0 && whole >= million && whole%million == 0 {
		return many // "1 000 000 de champs"; the rules in x/text predate it
	}
	switch plural.Cardinal.MatchPlural(pluralTags[lang], whole, digits, digits, fraction, fraction) {
	case plural.One:
		return one
	case plural.Many:
		return many
	case plural.Other, plural.Zero, plural.Two, plural.Few:
		return other
	}
	return other
}

var (
	missesMu sync.Mutex
	misses   = map[string]int{}
)

func missed(key string) string {
	missesMu.Lock()
	misses[key]++
	missesMu.Unlock()
	return "⟦" + key + "⟧"
}

// Missing returns the keys and placeholders that were asked for and not found since the program started, each with the
// number of times.
func Missing() map[string]int {
	missesMu.Lock()
	defer missesMu.Unlock()
	return maps.Clone(misses)
}
