package domain

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// Country is a country or territory of ISO 3166-1, and what chapter V of the GDPR makes of it.
type Country struct {
	Code     string // ISO 3166-1 alpha-2
	Adequacy string // one of Adequacies
	// Note says which organisations a partial decision covers, until when a decision holds, or why a workspace changed it.
	Note    string
	Changed bool // the workspace says otherwise than the table that everybody starts with
	Version int  // of the workspace's own word; zero where it has none
	name    bilingual
}

// Adequacies are what a country can be for a transfer: within the EEA (no transfer), adequate (art. 45), adequate for part of
// its organisations, or neither.
var Adequacies = []string{"eea", "adequate", "partial", "none"}

//go:embed country_seed/country.csv
var countrySeed string

type seedCountry struct {
	Country
	note bilingual
}

var seedCountries = sync.OnceValue(func() []seedCountry {
	var list []seedCountry
	for _, r := range mustRecords(countrySeed, "code", "name_fr", "name_en", "adequacy", "note_fr", "note_en") {
		list = append(list, seedCountry{Country{Code: r[0], Adequacy: r[3], name: bilingual{r[1], r[2]}}, bilingual{r[4], r[5]}})
	}
	return list
})

// Name is what the country is called in a language.
func (c Country) Name(lang string) string { return c.name.in(lang) }

// Countries are all countries by their name in a language, with the notes in it.
func Countries(lang string) []Country {
	list := make([]Country, len(seedCountries()))
	for i, c := range seedCountries() {
		list[i] = c.Country
		list[i].Note = c.note.in(lang)
	}
	slices.SortFunc(list, func(a, b Country) int { return strings.Compare(Fold(a.Name(lang)), Fold(b.Name(lang))) })
	return list
}

// KnownCountry tells whether a code is that of a country.
func KnownCountry(code string) bool { return countryOf(code) != nil }

// CountryName is the name of a country by its code; the code where it is none.
func CountryName(lang, code string) string {
	if c := countryOf(code); c != nil {
		return c.Name(lang)
	}
	return code
}

// countryOf is the country of a code; nil for none.
func countryOf(code string) *Country {
	codes, _ := countryIndex()
	return codes[code]
}

var countryIndex = sync.OnceValues(func() (codes, names map[string]*Country) {
	codes, names = map[string]*Country{}, map[string]*Country{}
	list := seedCountries()
	for i := range list {
		c := &list[i].Country
		codes[c.Code] = c
		for _, name := range []string{c.Code, c.name.fr, c.name.en} {
			names[countryKey(name)] = c
		}
	}
	for name, code := range map[string]string{"usa": "US", "etats unis d amerique": "US", "uk": "GB", "grande bretagne": "GB",
		"republique tcheque": "CZ", "czech republic": "CZ", "turkiye": "TR"} {
		names[name] = codes[code]
	}
	return codes, names
})

// countryKey is how the names of countries are compared.
func countryKey(name string) string {
	return strings.NewReplacer("’", " ", "'", " ", "-", " ", ".", "").Replace(Fold(CleanLine(name)))
}

// CountryCode is the code of a country that people wrote by name, in either language, or by code; empty where it is none.
func CountryCode(text string) string {
	_, names := countryIndex()
	if c := names[countryKey(text)]; c != nil {
		return c.Code
	}
	return ""
}

// NewCountry checks what a workspace says of a country.
func NewCountry(c Country) (Country, error) {
	c.Note = CleanLine(c.Note)
	var p Problems
	if !KnownCountry(c.Code) {
		p.Add("country", "error.choice")
	}
	p.OneOf("adequacy", c.Adequacy, Adequacies...)
	p.Line("country_note", c.Note, true, 500)
	return c, p.Err()
}

// Facts are the named values that the history keeps.
func (c Country) Facts() map[string]any {
	return map[string]any{"country": c.Code, "adequacy": c.Adequacy, "country_note": c.Note}
}
