package login

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"utile/internal/domain"
)

// Limits of a password. Length is what makes one strong (NIST SP 800-63B, OWASP ASVS 6.2): no rule asks for digits or
// signs. The upper limit only keeps a hash from being asked of a whole book.
const (
	MinPassword = 12   // characters
	MaxPassword = 1024 // bytes
)

// CheckPolicy refuses a password that is too short, too long or easily guessed; hints are words close to the person,
// such as their address, their name and their workspace.
func CheckPolicy(password string, hints ...string) error {
	var p domain.Problems
	switch {
	case !utf8.ValidString(password):
		p.Add("password", "error.characters")
	case utf8.RuneCountInString(password) < MinPassword:
		p.Add("password", "password.short", "least", MinPassword)
	case len(password) > MaxPassword:
		p.Add("password", "password.long", "most", MaxPassword)
	case guessable(domain.Fold(password), hints):
		p.Add("password", "password.guessable")
	}
	return p.Err()
}

// guessable tells of a password that is little more than a well-known one, a word close to the person, or a repetition.
func guessable(folded string, hints []string) bool {
	if wellKnown(folded) {
		return true
	}
	rest := folded
	for _, hint := range hints {
		for _, word := range strings.FieldsFunc(domain.Fold(hint), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if len(word) >= 4 {
				rest = strings.ReplaceAll(rest, word, "")
			}
		}
	}
	for _, word := range common {
		rest = strings.ReplaceAll(rest, word, "")
	}
	seen := map[rune]bool{}
	for _, r := range rest {
		seen[r] = true
	}
	return len(seen) < 5
}

//go:embed common_seed/passwords.txt
var leaked string

var leakedSet = sync.OnceValue(func() map[string]bool {
	set := make(map[string]bool, strings.Count(leaked, "\n"))
	for line := range strings.Lines(leaked) {
		set[strings.TrimSpace(line)] = true
	}
	return set
})

// wellKnown tells of a password on the list of leaked ones, also when digits and signs stand around it or it is written
// twice.
func wellKnown(folded string) bool {
	set := leakedSet()
	core := strings.TrimFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) })
	for _, s := range []string{folded, core} {
		half := s[:len(s)/2]
		if set[s] || len(s) > 0 && half+half == s && set[half] {
			return true
		}
	}
	return false
}

// common are the words and runs that passwords are padded with, longest first where one holds another.
var common = []string{
	"motdepasse", "password", "passwort", "1234567890", "123456789", "12345678", "1234567", "123456", "12345", "1234", "azertyuiop", "azerty",
	"qwertyuiop", "qwerty", "qwertz", "bonjour", "soleil", "welcome", "iloveyou", "jetaime", "doudou", "loulou", "administrateur",
	"administrator", "admin", "changeme", "letmein", "utile", "abcdefghijkl", "abcdef", "secret", "marseille", "chouchou", "monkey", "dragon", "football",
}
