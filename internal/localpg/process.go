package localpg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one run of postgres under its supervisor.
type process struct {
	started time.Time
	pipe    io.Closer     // closing it stops postgres
	pid     <-chan int    // of postgres; closed without a value when it did not start
	exited  chan struct{} // closed when the supervisor is gone, and postgres with it

	mu   sync.Mutex
	tail []string // the last lines that postgres wrote
}

// launch starts postgres and returns once it accepts connections.
func (s *Server) launch(ctx context.Context) (*process, error) {
	c := s.cluster
	if err := settle(ctx, c.data, s.log); err != nil {
		return nil, err
	}
	for _, name := range []string{socketName, socketName + ".lock"} { // the folder is private and its server is gone
		if err := os.Remove(filepath.Join(c.socket, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("private PostgreSQL: %w", err)
		}
	}
	p, err := s.spawn()
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	if err := p.awaitReady(ctx, c.data); err != nil {
		p.stop()
		return nil, err
	}
	s.log.Info("private PostgreSQL is ready", "folder", c.data, "version", c.install.Version, "ms", time.Since(p.started).Milliseconds())
	return p, nil
}

// spawn starts this program again as the supervisor, which starts postgres.
func (s *Server) spawn() (*process, error) {
	self, err := selfPath()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, s.cluster.supervisorArgs()...)
	cmd.Args[0] = os.Args[0] // the name under which people know this program
	cmd.Env, cmd.Dir = s.cluster.environment(), "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C in the terminal is for the program, which drains first
	cmd.ExtraFiles = []*os.File{s.lock}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	said, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	pid := make(chan int, 1)
	p := &process{started: time.Now(), pipe: in, pid: pid, exited: make(chan struct{})}
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		p.listen(said, s.log)
	}()
	go func() {
		defer close(p.exited)
		p.follow(out, pid)
		// Sessions that outlive postgres hold its standard error open: they must not hide its death.
		select {
		case <-heard:
		case <-time.After(time.Second):
		}
		_ = cmd.Wait() // the status says less than the last lines
	}()
	return p, nil
}

// follow reads what the supervisor prints, and returns when the supervisor is gone: nobody else holds its output.
func (p *process) follow(out io.Reader, pid chan<- int) {
	defer close(pid)
	r := bufio.NewReader(out)
	line, _ := r.ReadString('\n') // what is not a number is an early end
	if n, err := strconv.Atoi(strings.TrimSpace(line)); err == nil {
		pid <- n
	}
	_, _ = io.Copy(io.Discard, r) // ends with the supervisor
}

func (c cluster) supervisorArgs() []string {
	args := []string{Command}
	if c.owner.demoted {
		args = append(args, "-uid", strconv.Itoa(c.owner.uid), "-gid", strconv.Itoa(c.owner.gid))
	}
	if c.options.Ephemeral {
		args = append(args, "-drop")
	}
	for _, dir := range c.remove {
		args = append(args, "-remove", dir)
	}
	args = append(args, "--", filepath.Join(c.install.Bin, "postgres"))
	return append(args, c.settings()...)
}

// awaitReady waits for the server to accept connections; recovery after a crash may take a while.
func (p *process) awaitReady(ctx context.Context, data string) error {
	var pid int
	select {
	case pid = <-p.pid:
	case <-ctx.Done():
		return fmt.Errorf("private PostgreSQL: %w", ctx.Err())
	}
	for pid != 0 && !isReady(data, pid) {
		select {
		case <-p.exited:
			return fmt.Errorf("private PostgreSQL does not start: %s", p.said())
		case <-ctx.Done():
			return fmt.Errorf("private PostgreSQL is not ready: %w: %s", ctx.Err(), p.said())
		case <-time.After(5 * time.Millisecond):
		}
	}
	if pid == 0 {
		<-p.exited
		return fmt.Errorf("private PostgreSQL does not start: %s", p.said())
	}
	return nil
}

// stop ends postgres and returns when it is gone.
func (p *process) stop() {
	_ = p.pipe.Close() // closed already is as good
	<-p.exited
}

const tailLines = 12

// listen passes on what postgres says, and keeps the end for error messages.
func (p *process) listen(from io.Reader, log *slog.Logger) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		p.mu.Lock()
		p.tail = append(p.tail, line)
		if len(p.tail) > tailLines {
			p.tail = p.tail[1:]
		}
		p.mu.Unlock()
		log.Log(context.Background(), levelOf(line), "postgres", "said", line)
	}
	_, _ = io.Copy(io.Discard, from) // a line beyond the limit must not block postgres
}

func levelOf(line string) slog.Level {
	switch {
	case strings.Contains(line, "terminating connection due to administrator command"): // a session that was ended on purpose
		return slog.LevelDebug
	case strings.HasPrefix(line, "PANIC:"):
		return slog.LevelError
	case strings.HasPrefix(line, "FATAL:"), strings.HasPrefix(line, "WARNING:"):
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.tail, " | ")
}
