// Package i18n holds what the product says, in French and in English: the catalogues, the plural rules and the way each
// language writes numbers and dates. It knows no noun of the product: callers name a key and pass values.
package i18n

import (
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/text/language"
)

// Language is a language that the product speaks, as its BCP 47 tag.
type Language string

// The languages of the product.
const (
	French  Language = "fr"
	English Language = "en"

	// Default is spoken where a person has stated no preference.
	Default = French
)

// Languages returns every language of the product, the default one first.
func Languages() []Language { return []Language{French, English} }

// Known says whether the product speaks a language.
func (l Language) Known() bool { return l == French || l == English }

// Name is what a language calls itself.
func (l Language) Name() string {
	if l == English {
		return "English"
	}
	return "Français"
}

// Other is the language that a switch leads to.
func (l Language) Other() Language {
	if l == English {
		return French
	}
	return English
}

type contextKey int

const (
	langKey contextKey = iota
	zoneKey
)

// WithLang sets the language of everything written under a context. An unknown language becomes the default one.
func WithLang(ctx context.Context, lang Language) context.Context {
	if !lang.Known() {
		lang = Default
	}
	return context.WithValue(ctx, langKey, lang)
}

// Lang is the language of a context.
func Lang(ctx context.Context) Language {
	if lang, ok := ctx.Value(langKey).(Language); ok {
		return lang
	}
	return Default
}

// Apart is a context that knows the language and the zone of another and nothing else of it. Whoever writes hundreds of texts
// in one go under it finds them at once, and not behind all that a request carries.
func Apart(ctx context.Context) context.Context {
	return context.WithValue(context.WithValue(context.Background(), zoneKey, Zone(ctx)), langKey, Lang(ctx))
}

// WithZone sets the time zone in which instants are written under a context.
func WithZone(ctx context.Context, zone *time.Location) context.Context {
	return context.WithValue(ctx, zoneKey, zone)
}

// Zone is the time zone of a context, UTC where none was set.
func Zone(ctx context.Context) *time.Location {
	if zone, ok := ctx.Value(zoneKey).(*time.Location); ok && zone != nil {
		return zone
	}
	return time.UTC
}

var matcher = language.NewMatcher([]language.Tag{language.French, language.English})

// Match chooses the language for an Accept-Language header. A header that is empty, malformed or asks for no language of
// the product gives the default one.
func Match(acceptLanguage string) Language {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return Default
	}
	_, index, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return Default
	}
	return Languages()[index]
}

// T is the message of a key in the language of the context. args are name, value pairs that replace the placeholders of
// the message ({n} takes the value of "n"); whole numbers are written the way the language writes them. The value of "n"
// (or of the argument that the message names) chooses the plural form. A key without a message comes back as ⟦key⟧ and
// is counted, so that it is seen on the page and by the tests.
func T(ctx context.Context, key string, args ...any) string {
	lang := Lang(ctx)
	m, ok := catalogues().of(lang)[key]
	if !ok {
		return missed(key)
	}
	if m.plain {
		return m.forms[other][0].text
	}
	return m.write(lang, pairs(args))
}

// TArgs is T for arguments that are already a map.
func TArgs(ctx context.Context, key string, args map[string]any) string {
	lang := Lang(ctx)
	m, ok := catalogues().of(lang)[key]
	if !ok {
		return missed(key)
	}
	if m.plain {
		return m.forms[other][0].text
	}
	return m.write(lang, named(args))
}

// Split writes a message in two pieces, what comes before and what comes after the placeholder named at, so that a page
// can put an element in its place. The value of the placeholder itself still chooses the plural form.
func Split(ctx context.Context, key, at string, args ...any) (before, after string) {
	lang := Lang(ctx)
	m, ok := catalogues().of(lang)[key]
	if !ok {
		return missed(key), ""
	}
	return m.split(lang, at, pairs(args))
}

// Has says whether a key has a message in the language of the context.
func Has(ctx context.Context, key string) bool {
	_, ok := catalogues().of(Lang(ctx))[key]
	return ok
}

// Keys returns every key of a language, sorted.
func Keys(lang Language) []string {
	return slices.Sorted(maps.Keys(catalogues().of(lang)))
}
