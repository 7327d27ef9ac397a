// Package login turns passwords into what may be stored, and checks them. It knows neither HTTP nor SQL.
package login

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// parameters are the cost of a hash, kept with it so that they can be raised later.
type parameters struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

const (
	saltLength = 16
	keyLength  = 32
)

// Hasher makes and checks hashes at one cost, only so many at once: each takes its memory and keeps a processor busy, so
// a crowd at the door waits in line instead of taking the server down.
type Hasher struct {
	cost  parameters
	slots chan struct{}
}

// New returns the hasher of the product: argon2id with 64 MiB and three passes (RFC 9106, section 4), about 100 ms on two
// idle cores and 250 on busy ones.
func New() *Hasher {
	return &Hasher{parameters{memory: 64 * 1024, time: 3, threads: 2}, make(chan struct{}, 4)}
}

// NewForTest returns a hasher that costs next to nothing. What it makes is not safe to store.
func NewForTest() *Hasher {
	return &Hasher{parameters{memory: 8, time: 1, threads: 1}, make(chan struct{}, 4)}
}

// Hash makes of a password what may be stored, at the cost of New. It is for the command line, where nobody else waits.
func Hash(password string) string {
	hash, _ := New().Hash(context.Background(), password) // fails only where the context ends
	return hash
}

// Hash makes of a password what may be stored: argon2id in PHC notation, with a salt of its own. It fails only where the
// context ends before there is room to compute.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails
	key, err := h.key(ctx, password, salt, h.cost, keyLength)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.cost.memory, h.cost.time, h.cost.threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// Check tells whether the password is the one of the hash. An empty hash, of somebody unknown or who has no password,
// takes as long as any other and matches nothing. It fails only where the context ends first.
func (h *Hasher) Check(ctx context.Context, hash, password string) (bool, error) {
	p, salt, key, err := parse(hash)
	known := err == nil
	if !known {
		p, salt, key = h.cost, make([]byte, saltLength), make([]byte, keyLength)
	}
	if len(password) > MaxPassword {
		password, known = "", false
	}
	got, err := h.key(ctx, password, salt, p, uint32(len(key)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, got) == 1 && known, nil
}

// Outdated tells whether a hash was made at another cost than today's, so that the next sign-in should replace it.
func (h *Hasher) Outdated(hash string) bool {
	p, _, _, err := parse(hash)
	return err == nil && p != h.cost
}

func (h *Hasher) key(ctx context.Context, password string, salt []byte, p parameters, length uint32) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, p.time, p.memory, p.threads, length), nil
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
