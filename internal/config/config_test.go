package config

import (
	"log/slog"
	"os"
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	c, err := Load([]string{"HOME=/home/anna"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:8080" || c.BaseURL != "http://localhost:8080" || !c.AutoMigrate || c.LogLevel != slog.LevelInfo || c.Secure() || c.Data == "" {
		t.Errorf("without settings: %+v", c)
	}
	c, err = Load([]string{"UTILE_ADDR=0.0.0.0:9000", "UTILE_BASE_URL=https://utile.example.org/", "UTILE_DATA=/srv/utile", "UTILE_LOG=json",
		"UTILE_LOG_LEVEL=debug", "UTILE_AUTO_MIGRATE=no", "UTILE_PROXY_HOPS=2", "DATABASE_URL=postgres://utile:secret@db/utile"})
	if err != nil {
		t.Fatal(err)
	}
	if c.BaseURL != "https://utile.example.org" || !c.Secure() || c.Data != "/srv/utile" || c.LogLevel != slog.LevelDebug || c.AutoMigrate || c.ProxyHops != 2 {
		t.Errorf("with settings: %+v", c)
	}
	if text := c.String(); strings.Contains(text, "secret") || !strings.Contains(text, "UTILE_ADDR=0.0.0.0:9000") {
		t.Errorf("printed as %s", text)
	}
}

func TestLoadNamesEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := Load([]string{"HOME=/home/anna", "UTILE_ADDR=8080", "UTILE_BASE_URL=utile", "UTILE_LOG=loud", "UTILE_AUTO_MIGRATE=perhaps", "UTILE_LOG_LEVEL=trace", "UTILE_PROXY_HOPS=-1"})
	if err == nil {
		t.Fatal("nothing was refused")
	}
	for _, name := range []string{"UTILE_ADDR", "UTILE_BASE_URL", "UTILE_LOG=", "UTILE_AUTO_MIGRATE", "UTILE_LOG_LEVEL=", "UTILE_PROXY_HOPS="} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"HTTPS://Utile.Example.org":     "https://utile.example.org",
		"https://utile.example.org:443": "https://utile.example.org",
		"http://localhost:8080/":        "http://localhost:8080",
		"https://x.org/utile":           "",
		"https://u:p@x.org/":            "",
		"https://x.org/?a=b":            "",
		"https://x.org/#c":              "",
	} {
		c, err := Load([]string{"HOME=/home/anna", "UTILE_BASE_URL=" + typed})
		if (err != nil) != (want == "") || want != "" && c.BaseURL != want || err != nil && strings.Contains(err.Error(), ":p@") {
			t.Errorf("%s became %s, %v", typed, c.BaseURL, err)
		}
	}
	for _, addr := range []string{"127.0.0.1:99999", "127.0.0.1:"} {
		if _, err := Load([]string{"HOME=/home/anna", "UTILE_ADDR=" + addr}); (err == nil) != (addr == "127.0.0.1:") {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestMaskPassword(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"postgres://utile:secret@db:5432/utile":                          "postgres://utile:xxxxx@db:5432/utile",
		"host=db user=utile password=secret":                             "(set, hidden)",
		"postgres://utile@db/utile?p%61ssword=secret&sslpassword=secret": "postgres://utile@db/utile?password=xxxxx&sslpassword=xxxxx",
	} {
		if got := maskPassword(dsn); got != want {
			t.Errorf("%s is shown as %s, want %s", dsn, got, want)
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
