// Package login turns passwords into what may be stored, and checks them.
package login

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"utile/internal/domain"
)

// Limits of a password, in characters. Length is what makes one strong (NIST SP 800-63B, OWASP ASVS 6.2): no rule asks
// for digits or signs.
const (
	MinPassword = 12
	MaxPassword = 200
)

// parameters are the cost of a hash, kept with it so that they can be raised later.
type parameters struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

var current = parameters{memory: 64 * 1024, time: 3, threads: 2}

const (
	saltLength = 16
	keyLength  = 32
)

// hashing bounds how many hashes are computed at once: each takes 64 MiB.
var hashing = make(chan struct{}, 4)

// CheckPolicy refuses a password that is too short, too long or easily guessed; hints are words close to the person,
// such as their address and their name.
func CheckPolicy(password string, hints ...string) error {
	n := utf8.RuneCountInString(password)
	var p domain.Problems
	switch {
	case n < MinPassword:
		p.Add("password", "password.short", "least", MinPassword)
	case n > MaxPassword:
		p.Add("password", "password.long", "most", MaxPassword)
	case !utf8.ValidString(password):
		p.Add("password", "error.characters")
	case guessable(domain.Fold(password), hints):
		p.Add("password", "password.guessable")
	}
	return p.Err()
}

// guessable tells of a password that is little more than a well-known one, a word close to the person, or a repetition.
func guessable(folded string, hints []string) bool {
	rest := folded
	for _, hint := range hints {
		for _, word := range strings.FieldsFunc(domain.Fold(hint), func(r rune) bool { return r == '@' || r == '.' || r == ' ' || r == '-' }) {
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

// common are the words and runs that lists of leaked passwords are made of.
var common = []string{
	"motdepasse", "password", "passwort", "123456789", "1234567890", "12345678", "1234567", "123456", "12345", "1234", "azertyuiop", "azerty",
	"qwertyuiop", "qwerty", "qwertz", "bonjour", "soleil", "welcome", "iloveyou", "jetaime", "doudou", "loulou", "admin", "administrateur",
	"administrator", "changeme", "letmein", "utile", "abcdefghijkl", "abcdef", "secret", "marseille", "chouchou", "monkey", "dragon", "football",
}

// Hash makes of a password what may be stored: argon2id in PHC notation, with a salt of its own.
func Hash(password string) string {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails
	key := argon2.IDKey([]byte(password), salt, current.time, current.memory, current.threads, keyLength)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, current.memory, current.time, current.threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// Check tells whether the password is the one of the hash. An empty hash, of somebody unknown or who has no password,
// takes as long as any other and matches nothing.
func Check(hash, password string) bool {
	p, salt, key, err := parse(hash)
	known := err == nil
	if !known {
		p, salt, key = current, make([]byte, saltLength), make([]byte, keyLength)
	}
	if utf8.RuneCountInString(password) > MaxPassword {
		password = ""
	}
	hashing <- struct{}{}
	defer func() { <-hashing }()
	same := subtle.ConstantTimeCompare(key, argon2.IDKey([]byte(password), salt, p.time, p.memory, p.threads, uint32(len(key)))) == 1
	return same && known
}

// Outdated tells whether a hash was made at a lower cost than today's, so that the next sign-in should replace it.
func Outdated(hash string) bool {
	p, _, _, err := parse(hash)
	return err == nil && p != current
}

func parse(hash string) (p parameters, salt, key []byte, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, errors.New("not an argon2id hash")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return p, nil, nil, err
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return p, nil, nil, err
	}
	if key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return p, nil, nil, err
	}
	if p.memory < 8 || p.memory > 1<<20 || p.time < 1 || p.time > 100 || p.threads < 1 || len(key) < 16 || len(key) > 64 {
		return p, nil, nil, errors.New("parameters of the hash are out of range")
	}
	return p, salt, key, nil
}
