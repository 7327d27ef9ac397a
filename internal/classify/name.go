package classify

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// salesforceSuffixes mark custom fields, person-account fields and relations: they say nothing of the content.
var salesforceSuffixes = []string{"__pc", "__c", "__r", "__s"}

// stopWords carry no meaning in the name of a column.
var stopWords = map[string]bool{
	"de": true, "du": true, "des": true, "d": true, "la": true, "le": true, "les": true, "l": true,
	"of": true, "the": true, "a": true, "au": true, "aux": true, "et": true, "and": true,
}

// words splits a name into its words in lower case without accents: at separators, at changes from small to capital
// letters (PersonEmail, HTTPServer), and between letters and digits.
func words(name string) []string {
	folded := []rune(foldAccents(name))
	var list []string
	start := -1
	flush := func(end int) {
		if start >= 0 {
			list = append(list, strings.ToLower(string(folded[start:end])))
			start = -1
		}
	}
	for i, r := range folded {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			flush(i)
			continue
		}
		if start >= 0 && boundary(folded, i) {
			flush(i)
		}
		if start < 0 {
			start = i
		}
	}
	flush(len(folded))
	return list
}

// boundary says whether a new word begins at i, the rune before which is part of a word.
func boundary(s []rune, i int) bool {
	before, r := s[i-1], s[i]
	switch {
	case unicode.IsDigit(before) != unicode.IsDigit(r):
		return true
	case unicode.IsLower(before) && unicode.IsUpper(r):
		return true
	case unicode.IsUpper(before) && unicode.IsUpper(r) && i+1 < len(s) && unicode.IsLower(s[i+1]):
		return true
	}
	return false
}

func foldAccents(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// tokens returns the words of a name that carry meaning.
func tokens(name string) []string {
	for _, suffix := range salesforceSuffixes {
		if len(name) > len(suffix) && strings.EqualFold(name[len(name)-len(suffix):], suffix) {
			name = name[:len(name)-len(suffix)]
			break
		}
	}
	all := words(name)
	kept := all[:0]
	for _, w := range all {
		if !stopWords[w] {
			kept = append(kept, w)
		}
	}
	return kept
}

// Key is the name by which fields count as having the same name: without case, accents, separators, stop words and
// suffixes of custom fields. "Email__c", "e_mail" and "E-Mail" share one. It is never empty for a name that holds a
// letter or a digit.
func Key(name string) string {
	if key := strings.Join(tokens(name), ""); key != "" {
		return key
	}
	return strings.Join(words(name), "")
}
