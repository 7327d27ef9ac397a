// Package config reads the environment into one value.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Config is everything that the environment may say.
type Config struct {
	DatabaseURL string     `env:"DATABASE_URL"`                           // an existing PostgreSQL; empty starts a private one
	Addr        string     `env:"UTILE_ADDR" envDefault:"127.0.0.1:8080"` // address to listen on
	Data        string     `env:"UTILE_DATA"`                             // folder of the private PostgreSQL
	BaseURL     string     `env:"UTILE_BASE_URL"`                         // address that people type; links in invitations use it
	LogFormat   string     `env:"UTILE_LOG" envDefault:"text"`            // text or json
	LogLevel    slog.Level `env:"-"`                                      // debug, info, warn or error
	AutoMigrate bool       `env:"-"`                                      // whether serve brings the schema of DATABASE_URL up to date
	ProxyHops   int        `env:"-"`                                      // reverse proxies in front whose X-Forwarded-For is trusted
}

// Load reads the environment and returns every problem at once.
func Load(environ []string) (Config, error) {
	vars := map[string]string{}
	for _, kv := range environ {
		if k, v, ok := strings.Cut(kv, "="); ok {
			vars[k] = v
		}
	}
	c, err := env.ParseAsWithOptions[Config](env.Options{Environment: vars})
	problems := []error{err}
	if c.Data == "" {
		dir, err := dataDir(vars)
		problems = append(problems, err)
		c.Data = dir
	}
	if abs, err := filepath.Abs(c.Data); err == nil {
		c.Data = abs
	}
	host, port, err := net.SplitHostPort(c.Addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		problems = append(problems, fmt.Errorf("UTILE_ADDR=%q: write host:port, such as 127.0.0.1:8080", c.Addr))
	}
	if c.BaseURL == "" {
		if host == "" || host == "127.0.0.1" || host == "0.0.0.0" || host == "::" || host == "::1" {
			host = "localhost"
		}
		c.BaseURL = "http://" + net.JoinHostPort(host, port)
	}
	if c.BaseURL, err = origin(c.BaseURL); err != nil {
		problems = append(problems, err)
	}
	if level := vars["UTILE_LOG_LEVEL"]; level != "" && c.LogLevel.UnmarshalText([]byte(level)) != nil {
		problems = append(problems, fmt.Errorf("UTILE_LOG_LEVEL=%q: write debug, info, warn or error", level))
	}
	if hops := vars["UTILE_PROXY_HOPS"]; hops != "" {
		if c.ProxyHops, err = strconv.Atoi(hops); err != nil || c.ProxyHops < 0 {
			problems = append(problems, fmt.Errorf("UTILE_PROXY_HOPS=%q: write how many reverse proxies are in front, 0 or more", hops))
		}
	}
	switch vars["UTILE_AUTO_MIGRATE"] {
	case "", "yes":
		c.AutoMigrate = true
	case "no":
	default:
		problems = append(problems, fmt.Errorf("UTILE_AUTO_MIGRATE=%q: write yes or no", vars["UTILE_AUTO_MIGRATE"]))
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		problems = append(problems, fmt.Errorf("UTILE_LOG=%q: write text or json", c.LogFormat))
	}
	return c, errors.Join(problems...)
}

// origin is the address that people type as browsers write it where they say where a request comes from: scheme and host in
// lower case, without the usual port. Everything is served from the root of it.
func origin(address string) (string, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return address, fmt.Errorf("UTILE_BASE_URL=%q: write an address such as https://utile.example.org", address)
	case u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return address, fmt.Errorf("UTILE_BASE_URL: write the scheme and the host alone, such as %s://%s: Utile needs a host name of its own", u.Scheme, u.Host)
	}
	usual := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	return u.Scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), usual), nil
}

// dataDir is the user's data folder, by the habits of the system.
func dataDir(vars map[string]string) (string, error) {
	if dir := vars["XDG_DATA_HOME"]; dir != "" {
		return filepath.Join(dir, "utile"), nil
	}
	// The private PostgreSQL of a server run by root works as another user, who may not enter root's home.
	if os.Geteuid() == 0 {
		return "/var/lib/utile", nil
	}
	home := vars["HOME"]
	if home == "" {
		var err error
		if home, err = os.UserHomeDir(); err != nil {
			return "", errors.New("no home folder: set UTILE_DATA to the folder that shall hold Utile's data")
		}
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "utile"), nil
	}
	return filepath.Join(home, ".local", "share", "utile"), nil
}

// Secure tells whether people reach the server over HTTPS, so that cookies must say so.
func (c Config) Secure() bool { return strings.HasPrefix(c.BaseURL, "https://") }

// String prints the configuration with the database password hidden.
func (c Config) String() string {
	database := "private PostgreSQL in " + c.Data
	if c.DatabaseURL != "" {
		database = maskPassword(c.DatabaseURL)
	}
	return fmt.Sprintf("UTILE_ADDR=%s\nUTILE_BASE_URL=%s\nUTILE_DATA=%s\nUTILE_PROXY_HOPS=%d\nDATABASE_URL=%s\n",
		c.Addr, c.BaseURL, c.Data, c.ProxyHops, database)
}

func maskPassword(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil || u.Host == "" && u.User == nil {
		return "(set, hidden)"
	}
	parameters, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "(set, hidden)"
	}
	for name := range parameters { // password and sslpassword
		if strings.Contains(name, "password") {
			parameters.Set(name, "xxxxx")
			u.RawQuery = parameters.Encode()
		}
	}
	return u.Redacted()
}
