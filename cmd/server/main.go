// Command server is Utile: the web server and the commands that look after an installation.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"utile/internal/config"
	"utile/internal/domain"
	"utile/internal/i18n"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// Exit statuses.
const (
	statusOK     = 0
	statusFailed = 1
	statusUsage  = 2
)

// program is what every command works with.
type program struct {
	config         config.Config
	log            *slog.Logger
	stdin          io.Reader
	stdout, stderr io.Writer
	// opened are files that can be read once, such as pipes, of which the beginning was looked at.
	opened map[string]io.ReadCloser
}

// command is one subcommand. Flags declares its flags and returns what runs once they are parsed.
type command struct {
	name    string // one word or two
	args    string // what follows the name, for its usage
	summary string // one line
	// unlisted leaves the command out of the usage of the program.
	unlisted bool
	help     string // more, for its own -h
	flags    func(*flag.FlagSet) func(ctx context.Context, p *program, args []string) error
}

// commands in the order of the usage.
func commands() []command {
	return slices.Concat(
		[]command{serveCommand, migrateCommand, checkCommand, versionCommand},
		workspaceCommands, userCommands, []command{exampleCommand, classifyCommand}, importCommands, exportCommands,
	)
}

// usageError is a command line that cannot be understood.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx = i18n.WithLang(ctx, i18n.English)
	switch {
	case len(args) > 1 && args[0] == "help":
		args = append(slices.Clone(args[1:]), "-h")
	case len(args) > 0 && (args[0] == "-version" || args[0] == "--version"):
		args = []string{versionCommand.name}
	}
	if len(args) > 0 && isHelp(args[0]) {
		printUsage(stdout)
		return statusOK
	}
	c, rest, err := find(args)
	if err != nil {
		return fail(ctx, stderr, "", err)
	}
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	action := c.flags(fs)
	positional, err := parse(fs, rest)
	if errors.Is(err, flag.ErrHelp) {
		c.printUsage(stdout, fs)
		return statusOK
	}
	if err != nil {
		return fail(ctx, stderr, c.name, usageError{sentenceCase(err.Error())})
	}
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr}
	if p.config, err = config.Load(environ); err != nil {
		return fail(ctx, stderr, c.name, fmt.Errorf("the configuration cannot be used: %s", strings.ReplaceAll(err.Error(), "\n", "; ")))
	}
	p.log = newLog(stderr, p.config)
	return fail(ctx, stderr, c.name, action(ctx, p, positional))
}

func isHelp(arg string) bool { return slices.Contains([]string{"-h", "-help", "--help", "help"}, arg) }

// find returns the command that the arguments name, two words before one, and the rest of them. No name at all, or a
// flag in its place, serves.
func find(args []string) (command, []string, error) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return serveCommand, args, nil
	}
	list := commands()
	for words := 2; words > 0; words-- {
		if len(args) < words {
			continue
		}
		name := strings.Join(args[:words], " ")
		if i := slices.IndexFunc(list, func(c command) bool { return c.name == name }); i >= 0 {
			return list[i], args[words:], nil
		}
	}
	var alike []string
	for _, c := range list {
		if strings.HasPrefix(c.name, args[0]+" ") {
			alike = append(alike, "server "+c.name)
		}
	}
	if len(alike) > 0 {
		return command{}, nil, usagef("%q needs another word: %s.", "server "+args[0], strings.Join(alike, ", "))
	}
	return command{}, nil, usagef("There is no command %q: server -h lists them.", args[0])
}

// parse lets flags stand before, between and after the arguments; everything behind "--" is an argument.
func parse(fs *flag.FlagSet, args []string) (positional []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		rest := fs.Args()
		if len(rest) == 0 {
			return positional, nil
		}
		if taken := len(args) - len(rest); taken > 0 && args[taken-1] == "--" {
			return append(positional, rest...), nil
		}
		positional, args = append(positional, rest[0]), rest[1:]
	}
}

// fail prints an error as one sentence and returns the exit status that tells of it.
func fail(ctx context.Context, stderr io.Writer, name string, err error) int {
	if err == nil {
		return statusOK
	}
	status, hint := statusFailed, ""
	if usage, ok := errors.AsType[usageError](err); ok {
		status, err = statusUsage, usage
		if name != "" {
			hint = fmt.Sprintf(" See: server %s -h", name)
		}
	}
	fmt.Fprintln(stderr, sentence(ctx, err)+hint)
	return status
}

// sentence says an error in English.
func sentence(ctx context.Context, err error) string {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok {
		return sentenceCase(err.Error())
	}
	if len(e.Fields) == 0 {
		return i18n.T(ctx, e.Key, pairs(e.Args)...)
	}
	var parts []string
	for _, field := range slices.Sorted(maps.Keys(e.Fields)) {
		problem := e.Fields[field]
		parts = append(parts, fmt.Sprintf("%s: %s", field, i18n.T(ctx, problem.Key, pairs(problem.Args)...)))
	}
	return strings.Join(parts, " ")
}

func pairs(args map[string]any) []any {
	var list []any
	for _, name := range slices.Sorted(maps.Keys(args)) {
		list = append(list, name, args[name])
	}
	return list
}

// sentenceCase begins with a capital, unless it begins with the name of a file, and ends with a full stop.
func sentenceCase(s string) string {
	if s == "" {
		return s
	}
	first, _, _ := strings.Cut(s, " ")
	isFile := strings.ContainsAny(strings.TrimRight(first, ".:"), "/.")
	if c := s[0]; c >= 'a' && c <= 'z' && !isFile {
		s = string(c-'a'+'A') + s[1:]
	}
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "!") {
		s += "."
	}
	return s
}

func newLog(w io.Writer, c config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// quiet is a log that leaves out what is as it should be, for commands whose output people and scripts read.
func quiet(log *slog.Logger) *slog.Logger {
	return slog.New(leveled{log.Handler(), slog.LevelWarn})
}

// leveled raises the level of a handler.
type leveled struct {
	slog.Handler
	least slog.Level
}

func (l leveled) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= l.least && l.Handler.Enabled(ctx, level)
}

func printUsage(w io.Writer) {
	fmt.Fprint(w, `Utile takes back control of customer data.

Usage: server [command] [arguments]

Without a command the server starts. Commands:

`)
	for _, c := range commands() {
		if !c.unlisted {
			fmt.Fprintf(w, "  %s\n      %s\n", strings.TrimSpace(c.name+" "+c.args), c.summary)
		}
	}
	fmt.Fprintf(w, "  export REGISTER -workspace SLUG [-format csv|xlsx|json] [-filter …] [-sort …] [-columns …] [-o FILE]\n"+
		"      export a register: %s\n", strings.Join(registerNames(), ", "))
	fmt.Fprint(w, `
server COMMAND -h tells more about one. Exit status: 0 done, 1 failed, 2 the command line was not understood.

Environment:

  DATABASE_URL          a PostgreSQL of your own; without it the server starts a private one
  UTILE_ADDR            address to listen on (127.0.0.1:8080)
  UTILE_BASE_URL        address that people type (http://localhost:8080)
  UTILE_DATA            folder of the private PostgreSQL (your data folder)
  UTILE_AUTO_MIGRATE    no: serve refuses an older schema of DATABASE_URL instead of migrating it
  UTILE_PROXY_HOPS      reverse proxies in front whose X-Forwarded-For is trusted (0)
  UTILE_LOG             text or json
  UTILE_LOG_LEVEL       debug, info, warn or error
  UTILE_PG_BIN          folder of PostgreSQL's programs, for the private one
  GOGC, GOMEMLIMIT      when memory is collected; serve decides where neither is set
`)
}

func (c command) printUsage(w io.Writer, fs *flag.FlagSet) {
	line := strings.TrimSpace("server " + c.name + " " + c.args)
	fmt.Fprintf(w, "%s\n\nUsage: %s\n", sentenceCase(c.summary), line)
	if c.help != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(c.help))
	}
	any := false
	fs.VisitAll(func(*flag.Flag) { any = true })
	if any {
		fmt.Fprint(w, "\nFlags:\n\n")
		fs.SetOutput(w)
		fs.PrintDefaults()
	}
}

// noArgs refuses arguments where a command takes none.
func noArgs(args []string) error {
	if len(args) > 0 {
		return usagef("Unexpected argument %q.", args[0])
	}
	return nil
}

// oneArg returns the only argument; noun names it for the refusal of none or several.
func oneArg(args []string, noun string) (string, error) {
	switch len(args) {
	case 0:
		return "", usagef("The %s is missing.", noun)
	case 1:
		return args[0], nil
	}
	return "", usagef("Unexpected argument %q.", args[1])
}
