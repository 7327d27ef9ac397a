package localpg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// running is a process of PostgreSQL that works in a data folder.
type running struct {
	pid     int
	command string
}

// settle leaves the folder ready for a new server. The caller holds the lock, so no program serves the folder, yet
// postmaster.pid may name an orphan of a killed program, a process that has nothing to do with us and got a recycled
// number (postgres would refuse to start for as long as it lives), or a dead one that nobody reaps.
func settle(ctx context.Context, data string, log *slog.Logger) error {
	const patience = 20 * time.Second // what a server gets to write its data before it is told to drop everything
	asked := time.Time{}
	for {
		found, err := postgresIn(data)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return removeStale(data, log)
		}
		if i := indexOf(found, postmasterPID(data)); i < 0 {
			// Sessions whose server is gone hold on to its shared memory, and what they do can no longer be committed.
			signalAll(found, syscall.SIGQUIT)
		} else if !strings.Contains(found[i].command, "unix_socket_directories=") {
			return fmt.Errorf("private PostgreSQL: a server that was started by hand (process %d) uses %s: stop it first", found[i].pid, data)
		} else if asked.IsZero() {
			log.Info("stopping the private PostgreSQL that an earlier run left", "pid", found[i].pid)
			asked = time.Now()
			signalAll(found[i:i+1], syscall.SIGINT)
		} else if time.Since(asked) > patience {
			signalAll(found[i:i+1], syscall.SIGQUIT)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("private PostgreSQL: process %d of an earlier run does not stop: %w", found[0].pid, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func removeStale(data string, log *slog.Logger) error {
	pid := postmasterPID(data)
	switch err := os.Remove(filepath.Join(data, pidFile)); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	log.Info("removed the pid file of a server that is gone", "pid", pid)
	return nil
}

const pidFile = "postmaster.pid"

// postmasterPID is the process that postmaster.pid names, or 0.
func postmasterPID(data string) int {
	lines, err := pidFileLines(data)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(lines[0])
	if err != nil {
		return 0
	}
	return max(pid, -pid) // negative for a single-user session
}

// isReady tells whether the server that runs as pid accepts connections, by what it wrote into postmaster.pid.
func isReady(data string, pid int) bool {
	const statusLine = 7
	lines, err := pidFileLines(data)
	return err == nil && len(lines) > statusLine && lines[0] == strconv.Itoa(pid) && lines[statusLine] == "ready"
}

func pidFileLines(data string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(data, pidFile))
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(b), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(l)
	}
	return lines, nil
}

func indexOf(found []running, pid int) int {
	for i, r := range found {
		if r.pid == pid {
			return i
		}
	}
	return -1
}

func signalAll(found []running, sig syscall.Signal) {
	for _, r := range found {
		_ = syscall.Kill(r.pid, sig) // one that is gone by now is what we want
	}
}
