package login

import (
	"context"
	"errors"
	"strings"
	"testing"

	"utile/internal/domain"
)

func TestCheckPolicy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		password string
		key      string
	}{
		{"trois petits chats", ""},
		{"corrigé-à-12h30", ""},
		{"ÀÉÎÕÜÇÀÉÎÕÜÇ", ""}, // twelve characters, however many bytes
		{strings.Repeat("trois petits chats ", 53), ""},
		{"short", "password.short"},
		{"àéîõüçàéîõü", "password.short"},
		{strings.Repeat("trois petits chats ", 54), "password.long"},
		{"motdepasse12345678", "password.guessable"},
		{"aaaaaaaaaaaaaaaa", "password.guessable"},
		{"camille.bernard1", "password.guessable"},
		{"Utile-admin-1234", "password.guessable"},
		{"Maison Lumière 75!", "password.guessable"},
		{"MaisonLumiere75", "password.guessable"},
		{"1qaz2wsx3edc4rfv", "password.guessable"},
		{"Liverpool!2026!!", "password.guessable"},
		{"baseballbaseball", "password.guessable"},
		{"\xff\xfe invalid text", "error.characters"},
	} {
		err := CheckPolicy(c.password, "camille.bernard@example.com", "Camille Bernard", "Maison Lumière")
		problem := ""
		if e, ok := errors.AsType[*domain.Error](err); ok {
			problem = e.Fields["password"].Key
		}
		if problem != c.key {
			t.Errorf("%q: %q, want %q", c.password, problem, c.key)
		}
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := NewForTest()
	hash := mustHash(t, h, "trois petits chats")
	if other := mustHash(t, h, "trois petits chats"); other == hash {
		t.Error("two hashes of one password are equal")
	}
	check := func(hash, password string) bool {
		ok, err := h.Check(ctx, hash, password)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !check(hash, "trois petits chats") {
		t.Error("the right password was refused")
	}
	for _, wrong := range []string{"", "trois petits chat", "Trois petits chats", strings.Repeat("x", 1<<20)} {
		if check(hash, wrong) {
			t.Errorf("accepted %.20q", wrong)
		}
	}
	empty := mustHash(t, h, "")
	if check(empty, strings.Repeat("x", MaxPassword+1)) {
		t.Error("an endless password passed for an empty one")
	}
	for _, broken := range []string{"", "!", "$argon2id$v=19$m=65536,t=3,p=2$$", "$argon2id$v=19$m=999999999,t=3,p=2$AAAA$AAAA", strings.Replace(hash, "argon2id", "argon2i", 1)} {
		if check(broken, "trois petits chats") || check(broken, "") {
			t.Errorf("accepted a password for %q", broken)
		}
	}
}

func mustHash(t *testing.T, h *Hasher, password string) string {
	t.Helper()
	hash, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestCostIsKeptWithTheHashAndRaised(t *testing.T) {
	t.Parallel()
	cheap, dear := NewForTest(), NewForTest()
	dear.cost.time = 2
	hash := mustHash(t, cheap, "trois petits chats")
	if ok, err := dear.Check(t.Context(), hash, "trois petits chats"); !ok || err != nil {
		t.Errorf("a hash of another cost: %v, %v", ok, err)
	}
	if !dear.Outdated(hash) || cheap.Outdated(hash) || dear.Outdated("!") {
		t.Error("wrong about which hash is outdated")
	}
	strong := New()
	if strong.cost != (parameters{64 * 1024, 3, 2}) || !strong.Outdated(hash) {
		t.Errorf("cost of the product: %+v", strong.cost)
	}
	if h := Hash("trois petits chats"); strong.Outdated(h) || !strings.HasPrefix(h, "$argon2id$v=19$m=65536,t=3,p=2$") {
		t.Errorf("hash of the command line: %.40s", h)
	}
}

func TestCrowdWaitsInLine(t *testing.T) {
	t.Parallel()
	h := NewForTest()
	for range cap(h.slots) {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Check(ctx, "", "trois petits chats"); !errors.Is(err, context.Canceled) {
		t.Errorf("no room and nobody waiting: %v", err)
	}
	if _, err := h.Hash(ctx, "trois petits chats"); !errors.Is(err, context.Canceled) {
		t.Errorf("no room and nobody waiting: %v", err)
	}
	<-h.slots
	if _, err := h.Hash(t.Context(), "trois petits chats"); err != nil {
		t.Errorf("room again: %v", err)
	}
}

func BenchmarkHash(b *testing.B) {
	h := New()
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "trois petits chats"); err != nil {
			b.Fatal(err)
		}
	}
}
