package login

import (
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
		{"short", "password.short"},
		{strings.Repeat("àé", 101), "password.long"},
		{"motdepasse12345678", "password.guessable"},
		{"aaaaaaaaaaaaaaaa", "password.guessable"},
		{"camille.bernard1", "password.guessable"},
		{"Utile-admin-1234", "password.guessable"},
		{"\xff\xfe invalid text", "error.characters"},
	} {
		err := CheckPolicy(c.password, "camille.bernard@example.com", "Camille Bernard")
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
	hash := Hash("trois petits chats")
	if other := Hash("trois petits chats"); other == hash {
		t.Error("two hashes of one password are equal")
	}
	if !Check(hash, "trois petits chats") {
		t.Error("the right password was refused")
	}
	for _, wrong := range []string{"", "trois petits chat", "Trois petits chats", strings.Repeat("x", 1<<20)} {
		if Check(hash, wrong) {
			t.Errorf("accepted %.20q", wrong)
		}
	}
	for _, broken := range []string{"", "x", "$argon2id$v=19$m=65536,t=3,p=2$$", "$argon2id$v=19$m=999999999,t=3,p=2$AAAA$AAAA", strings.Replace(hash, "argon2id", "argon2i", 1)} {
		if Check(broken, "trois petits chats") || Check(broken, "") {
			t.Errorf("accepted a password for %q", broken)
		}
	}
	if Outdated(hash) || !Outdated(strings.Replace(hash, "t=3", "t=2", 1)) {
		t.Error("wrong about which hash is outdated")
	}
}
