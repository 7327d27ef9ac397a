package config

import (
	"os"
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	c, err := Load([]string{"HOME=/home/ann", "UTILE_DATA=/srv/utile", "DATABASE_URL=postgres://ann:secret@db/utile"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:8080" || c.BaseURL != "http://localhost:8080" || c.Data != "/srv/utile" {
		t.Errorf("config = %+v", c)
	}
	if strings.Contains(c.String(), "secret") || !strings.Contains(c.String(), "ann:xxxxx@db") {
		t.Errorf("printed: %s", c)
	}
	if c.Secure() {
		t.Error("http counts as secure")
	}
}

func TestLoadSaysEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := Load([]string{"HOME=/home/ann", "UTILE_ADDR=8080", "UTILE_BASE_URL=utile", "UTILE_LOG=xml"})
	for _, want := range []string{"UTILE_ADDR", "UTILE_BASE_URL", "UTILE_LOG"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v says nothing of %s", err, want)
		}
	}
}

func TestDataFolder(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		environ []string
		want    string
	}{
		"named":     {[]string{"HOME=/home/ann", "XDG_DATA_HOME=/data"}, "/data/utile"},
		"of a user": {[]string{"HOME=/home/ann"}, "/home/ann/.local/share/utile"},
	} {
		if os.Geteuid() == 0 && name == "of a user" {
			test.want = "/var/lib/utile"
		}
		c, err := Load(test.environ)
		if err != nil || c.Data != test.want {
			t.Errorf("%s: %q, %v; want %q", name, c.Data, err, test.want)
		}
	}
}
